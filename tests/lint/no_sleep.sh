#!/bin/bash
# tests/lint/no_sleep.sh -- no test waits for time to pass.
source "$(dirname "$0")/../support/lint.sh" || exit 1

reason="wait for the condition itself (an answer, a file), bounded by a number of tries"
while IFS= read -r file; do
  while IFS= read -r line; do
    bad "$file:${line%%:*}" "calls ${line#*:}" "$reason"
  done < <(c_code "$file" | perl -ne 'print "$.:$1\n" while /\b(sleep|usleep|nanosleep|clock_nanosleep)\s*\(/g')
done < <(find tests -name '*.[ch]')
while IFS= read -r line; do
  bad "${line%:*}" "sleeps" "$reason"
done < <(find tests scripts .ci -type f ! -name '*.[ch]' ! -name no_sleep.sh -exec perl -ne '
  s/^\s*#.*//; print "$ARGV:$.:\n" if /(^|[;&|(]|\bdo\b|\bthen\b)\s*u?sleep\b/; close ARGV if eof' {} +)
lint_done
