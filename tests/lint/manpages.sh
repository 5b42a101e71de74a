#!/bin/bash
# tests/lint/manpages.sh -- the man pages are well-formed mdoc, have their sections, and name the same commands and
# options as --help.
source "$(dirname "$0")/../support/lint.sh" || exit 1

for page in docs/man/mudzone.1 docs/man/mudzone-inventory.5; do
  if [[ ! -e $page ]]; then
    bad "$page" "missing" "every command and option has its place there"
    continue
  fi
  while IFS= read -r line; do
    bad "$page" "${line#mandoc: }" "mandoc -T lint must be content"
  done < <(mandoc -T lint -W warning "$page")
done
for section in SYNOPSIS DESCRIPTION 'EXIT STATUS' FILES EXAMPLES STANDARDS; do
  grep -qx "\.Sh $section" docs/man/mudzone.1 2>/dev/null ||
    bad docs/man/mudzone.1 "has no section $section" "readers look for it"
done

page_text=$(mandoc -T ascii docs/man/mudzone.1 2>/dev/null | perl -pe 's/.\x08//g') # without overstriking
words() { grep -oE -- "$1" | sort -u; }
option='(^|[^a-zA-Z0-9-])--[a-z][a-z-]*[a-z]'

# Commands: the lines of `mudzone --help` that start with two blanks and a lower-case word.
mapfile -t commands < <("$mudzone" --help | sed -nE 's/^  ([a-z]+)( .*)?$/\1/p' | sort -u)
if [[ ${#commands[@]} -lt 3 ]]; then
  bad "mudzone --help" "lists no commands" "one line each: two blanks, the command, what it does"
fi
for command in "${commands[@]}"; do
  grep -qE "^\.(It|Ss) (Cm |Nm )*\"?$command\b" docs/man/mudzone.1 ||
    bad docs/man/mudzone.1 "has no entry for \"$command\"" "mudzone --help lists it: describe it there (.It Cm or .Ss)"
done

strip() { sed -E 's/^[^-]*--/--/'; }
help_options=$({
  "$mudzone" --help
  for command in "${commands[@]}"; do "$mudzone" "$command" --help; done
} | words "$option" | strip | sort -u)
page_options=$(words "$option" <<<"$page_text" | strip | sort -u)
while IFS= read -r name; do
  [[ -z $name ]] || bad docs/man/mudzone.1 "does not know $name" "some --help names it"
done < <(comm -23 <(printf '%s\n' "$help_options") <(printf '%s\n' "$page_options"))
while IFS= read -r name; do
  [[ -z $name ]] || bad docs/man/mudzone.1 "describes $name" "no --help names it"
done < <(comm -13 <(printf '%s\n' "$help_options") <(printf '%s\n' "$page_options"))
lint_done
