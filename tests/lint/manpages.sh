#!/bin/bash
# tests/lint/manpages.sh -- the man pages are well-formed mdoc, have their sections, and name the same commands and
# options as --help.
source "$(dirname "$0")/../support/lint.sh" || exit 1

for page in docs/man/mudzone.1 docs/man/mudzone-keys.1 docs/man/mudzone-inventory.5; do
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
options_of() { words "$option" | strip | sort -u; }
same_options() { # PAGE HELP-OPTIONS PAGE-OPTIONS
  local name
  while IFS= read -r name; do
    [[ -z $name ]] || bad "$1" "does not know $name" "some --help names it"
  done < <(comm -23 <(printf '%s\n' "$2") <(printf '%s\n' "$3"))
  while IFS= read -r name; do
    [[ -z $name ]] || bad "$1" "describes $name" "no --help names it"
  done < <(comm -13 <(printf '%s\n' "$2") <(printf '%s\n' "$3"))
}

help_options=$({
  "$mudzone" --help
  for command in "${commands[@]}"; do "$mudzone" "$command" --help; done
} | options_of)
same_options docs/man/mudzone.1 "$help_options" "$(options_of <<<"$page_text")"

# `mudzone keys` has subcommands, and a page of its own; the options of every command are in mudzone.1.
keys_text=$(mandoc -T ascii docs/man/mudzone-keys.1 2>/dev/null | perl -pe 's/.\x08//g')
common_options=$("$mudzone" keys list --help | sed -n '/^options of every command/,$p' | options_of)
without_common() { comm -23 - <(printf '%s\n' "$common_options"); }
mapfile -t subcommands < <("$mudzone" keys --help | sed -nE 's/^  ([a-z-]+)( .*)?$/\1/p' | sort -u)
if [[ ${#subcommands[@]} -lt 3 ]]; then
  bad "mudzone keys --help" "lists no subcommands" "one line each: two blanks, the word, what it does"
fi
for subcommand in "${subcommands[@]}"; do
  grep -qE "^\.Ss $subcommand\b" docs/man/mudzone-keys.1 ||
    bad docs/man/mudzone-keys.1 "has no section \"$subcommand\"" "mudzone keys --help lists it: describe it there (.Ss)"
done
keys_help=$(for subcommand in "${subcommands[@]}"; do "$mudzone" keys "$subcommand" --help; done |
  options_of | without_common)
same_options docs/man/mudzone-keys.1 "$keys_help" "$(options_of <<<"$keys_text" | without_common)"
lint_done
