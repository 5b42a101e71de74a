#!/bin/bash
# tests/lint/rfc_ledger.sh -- every RFC named in code has its line in docs/standards.md.
source "$(dirname "$0")/../support/lint.sh" || exit 1

known=$(grep -oE 'RFC [0-9]+' docs/standards.md | sort -u)
while IFS=: read -r file line rfc; do
  if ! grep -qx "$rfc" <<<"$known"; then
    bad "$file:$line" "cites $rfc" "docs/standards.md does not know it: add what it asks of us, where it is done, and the test"
  fi
done < <(find common zones mudgen signer publish app \( -name '*.[ch]' -o -name '*.yang' \) -exec perl -ne '
  while (/\bRFCs? ?(\d{3,5})/g) { print "$ARGV:$.:RFC $1\n" } close ARGV if eof' {} +)

# And the files and tests that the ledger names exist.
while IFS= read -r path; do
  [[ -e $path ]] || bad "docs/standards.md" "names $path" "no such file: the ledger must be kept true"
done < <({
  grep -oE '`(common|zones|mudgen|signer|publish|app|tests|docs)/[A-Za-z0-9_./@-]+`' docs/standards.md | tr -d '`'
  awk -F'|' '/^\| / { print $6 }' docs/standards.md | grep -oE '(^|[ ,])(common|zones|mudgen|signer|publish|app)/[a-z0-9_]+' |
    sed -E 's|^[ ,]*([a-z]+)/(.*)|tests/unit/\1/test_\2.c|'
} | sort -u)
lint_done
