#!/bin/bash
# tests/lint/symbols.sh -- no two modules define the same global name: static libraries would link in silence, and one would
# call the other's function.
source "$(dirname "$0")/../support/lint.sh" || exit 1

build=$(dirname "$mudzone")
libraries=()
for module in common zones mudgen signer publish app; do
  library=$build/$module/libmz_$module.a
  [[ -e $library ]] && libraries+=("$library")
done
if [[ ${#libraries[@]} -lt 6 ]]; then
  bad "$build" "has ${#libraries[@]} of 6 module libraries" "run this on a build's mudzone"
fi
while read -r name libs; do
  bad "$name" "is defined in $libs" "rename one after its module, or make it static"
done < <(for library in "${libraries[@]}"; do
  nm --defined-only --extern-only "$library" 2>/dev/null | awk -v l="$(basename "$library")" 'NF == 3 && $3 !~ /^(__odr_asan|_?__asan|__start_|__stop_)/ { print $3, l }'
done | sort | awk '{ if ($1 == last) print $1, lib " and " $2; last = $1; lib = $2 }')
lint_done
