#!/bin/bash
# tests/lint/doc_links.sh -- relative links in our documents lead somewhere.
source "$(dirname "$0")/../support/lint.sh" || exit 1

anchors_of() { # GitHub's way: lower case, blanks to dashes, punctuation dropped
  grep -E '^#+ ' "$1" | sed -E 's/^#+ +//' | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

while IFS= read -r file; do
  while IFS=$'\t' read -r line target; do
    path=${target%%#*}
    anchor=""
    [[ $target == *'#'* ]] && anchor=${target#*#}
    full=$file
    [[ -n $path ]] && full=$(dirname "$file")/$path
    if [[ ! -e $full ]]; then
      bad "$file:$line" "links to $target" "no such file: correct the link or add the document"
    elif [[ -n $anchor && -f $full ]] && ! anchors_of "$full" | grep -qxF "$anchor"; then
      bad "$file:$line" "links to $target" "no heading makes the anchor #$anchor"
    fi
  done < <(perl -ne '
    $code = !$code if /^\s*```/; next if $code;
    while (/\]\(([^)\s]+)\)/g) { print "$.\t$1\n" unless $1 =~ m{^(https?|mailto):} }' "$file")
done < <(find . -path ./build -prune -o -path ./.git -prune -o -path ./quickstart-out -prune -o -name '*.md' -print | sort)
lint_done
