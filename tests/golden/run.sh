#!/bin/bash
# tests/golden/run.sh -- runs one golden case: run.sh MUDZONE CASE-FOLDER
#
# CASE-FOLDER holds `cmd` (a shell script in which `mudzone` is the program under test), what it must
# give (`stdout`, `stderr`, `status`; a missing one stands for empty, empty, 0) and its inputs. It runs in a scratch copy
# of the folder. UPDATE_GOLDEN=1 writes what came out into the case: read the diff before committing.
set -u
mudzone=$(realpath "$1")
case_dir=$(realpath "$2")
[[ -f $case_dir/cmd ]] || { echo "run.sh: no case: $2 has no cmd" >&2; exit 2; } # nor is / copied
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mudzone-golden.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

mkdir "$scratch/bin" "$scratch/case" "$scratch/result"
ln -s "$mudzone" "$scratch/bin/mudzone"
cp -R "$case_dir/." "$scratch/case"
rm -f "$scratch/case/"{stdout,stderr,status}
# Git keeps no file modes but x: what looks like a private key gets the mode that mudzone asks for.
find "$scratch/case" -name '*.key' -exec chmod 600 {} +

cd "$scratch/case" || exit 1
PATH="$scratch/bin:$PATH" TZ=UTC NO_COLOR=1 \
  bash -eu ./cmd >"$scratch/result/stdout" 2>"$scratch/result/stderr" </dev/null
echo $? >"$scratch/result/status"
# The scratch folder's name changes from run to run.
sed -i "s|$scratch/case|.|g" "$scratch/result/stdout" "$scratch/result/stderr"

failed=0
for part in stdout stderr status; do
  if [[ ${UPDATE_GOLDEN:-} == 1 ]]; then
    cp "$scratch/result/$part" "$case_dir/$part"
    continue
  fi
  expected=$case_dir/$part
  if [[ ! -e $expected ]]; then
    expected=$scratch/expected
    if [[ $part == status ]]; then echo 0 >"$expected"; else : >"$expected"; fi
  fi
  if ! diff -u --label "expected $part" --label "$part" "$expected" "$scratch/result/$part"; then
    failed=1
  fi
done
exit $failed
