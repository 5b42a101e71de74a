# shellcheck shell=bash
# tests/support/lint.sh -- sourced by tests/lint/*.sh: where the sources are, and how to complain.
set -uo pipefail
cd "${MUDZONE_SOURCE_DIR:-$(dirname "${BASH_SOURCE[0]}")/../..}" || exit 1
mudzone=${1:-}
lint_failed=0

# bad PLACE WHAT REASON-AND-FIX
bad() {
  printf '%s: %s\n    %s\n' "$1" "$2" "$3"
  lint_failed=1
}

# All our C files, tests included.
c_files() { find common zones mudgen signer publish app tests -name '*.[ch]' | sort; }

# A C file with comments and string contents blanked, lines kept: for looking at code alone.
c_code() {
  perl -0777 -pe '
    s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27)}
     {defined $1 ? $1 =~ s/[^\n]//gr : q("")}gsex' "$1"
}

lint_done() { exit "$lint_failed"; }
