#!/bin/bash
# tests/lint/format.sh -- the C sources are as .clang-format has them.
source "$(dirname "$0")/../support/lint.sh" || exit 1

if ! command -v clang-format >/dev/null; then
  bad clang-format "missing" "apt-get install clang-format"
  lint_done
fi
while IFS= read -r file; do
  bad "$file" "is not formatted" "run: clang-format -i $file"
done < <(c_files | xargs clang-format --dry-run 2>&1 | sed -nE 's/^([a-z_0-9/]+\.[ch]):[0-9]+:.*/\1/p' | sort -u)
lint_done
