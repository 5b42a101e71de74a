#!/bin/bash
# tests/interop/crash.sh -- a build that is killed at any point, or whose writes fail, leaves OUT whole: the old one or the new one.
# The next build goes on as if nothing had been. strace carries out the misfortunes.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

bundled_example good
now=$(date +%s)
cp -a good first # never built
if ! strace -o /dev/null true 2>/dev/null; then
  left_out "strace may not trace here"
  exit 77
fi
ok "the good build" mudzone -i good/inventory.yaml build --now "$now" || interop_done
# From here on a build has something to do: a new address, a new name.
sed -i 's/192\.0\.2\.20$/192.0.2.29/' {good,first}/zones/mgmt.lumen.example.zone
cp -a good expected
ok "the next build" mudzone -i expected/inventory.yaml build --now $((now + 60))

files() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k2); }
files good/out >old.sums
if diff -q <(files expected/out) old.sums >/dev/null; then
  ok "the next build differs" false
fi

# whole FOLDER: OUT is the old one, or a complete new one.
whole() {
  if [[ -e $1/out ]]; then
    diff -q <(files "$1/out") old.sums >/dev/null || mudzone verify "$1/out" --now $((now + 60))
  else
    [[ $1 == first.* ]] # only a first build may have no OUT
  fi
}

changing=write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat
build_under() { # FOLDER INJECTION…
  local folder=$1
  shift
  strace -f -qq -o "$scratch/trace" -e trace=$changing "$@" "$mudzone" -i "$folder/inventory.yaml" build --now $((now + 60)) >log 2>&1
}

# points FOLDER: "NAME COUNT" of each call that changes something, from a dry run.
points() {
  rm -rf dry && cp -a "$1" dry
  build_under dry || return 1
  sed -nE 's/^[0-9]+ +([a-z0-9]+)\(.*/\1/p' trace | sort | uniq -c | awk '{ print $2, $1 }'
}

# Up to MANY numbers of 1…COUNT, first and last among them.
sample() { # COUNT MANY
  awk -v n="$1" -v m="$2" 'BEGIN { if (m > n) m = n; for (i = 0; i < m; i++) print m == 1 ? 1 : 1 + int(i * (n - 1) / (m - 1)) }' | uniq
}

# One run with the N-th call of NAME failing; the statuses that are fine, as a glob.
old_kept=0
misfortune() { # KIND FOLDER NAME N INJECTION STATUSES
  local label="$1, $2, $3 number $4" run=$2.run
  rm -rf "$run" && cp -a "$2" "$run"
  build_under "$run" -e "inject=$3:$5:when=$4"
  local status=$?
  # shellcheck disable=SC2053
  [[ $status == $6 ]] || { ok "$label: status $status, expected $6" false; tail -n 3 log; }
  ok "$label: OUT is whole" whole "$run" || return
  if diff -q <(files "$run/out") old.sums >/dev/null 2>&1; then
    ok "$label: status $status with the old OUT" test $status != 0
    old_kept=$((old_kept + 1))
  fi
  ok "$label: the next build" mudzone -i "$run/inventory.yaml" build --now $((now + 60)) || return
  ok "$label: the next build verifies" mudzone verify "$run/out" --now $((now + 60))
  ok "$label: the next build is of the changed zone" grep -q '192\.0\.2\.29$' "$run/out/zones/mgmt.lumen.example.zone"
  ok "$label: the next build leaves nothing beside OUT" test -z "$(find "$run" -maxdepth 1 -name '*out*' ! -name out)"
  ok "$label: every key is in the state" keys_kept "$run"
}

keys_kept() {
  local digest
  while read -r digest; do
    [[ -e $1/state/keys/$digest.pem ]] || { echo "$digest is missing"; return 1; }
  done < <(jq -r '.zones[].keys[].digest' "$1/out/manifest.json")
}

for folder in good first; do
  points "$folder" >"points.$folder"
  ok "$folder: calls that change something" test "$(wc -l <"points.$folder")" -gt 3 || cat log
  while read -r name count; do
    many=4
    [[ $name == rename* ]] && many=8
    for n in $(sample "$count" $many); do
      misfortune killed "$folder" "$name" "$n" signal=KILL 137
    done
  done <"points.$folder"
done

# A failing disk. What fails before the switch of OUT ends with 3 and the old OUT; after it, with the new one; and what
# is not needed for the promise (stderr, SQLite's tidying up) may fail without harm.
while read -r name count; do
  case $name in
    fsync | fdatasync) error=EIO ;;
    write | pwrite64 | mkdir) error=ENOSPC ;;
    rename | renameat2) error=EROFS ;;
    *) continue ;;
  esac
  for n in $(sample "$count" 4); do
    misfortune "failing ($error)" good "$name" "$n" error=$error '[03]'
  done
done <points.good
ok "many points left the old OUT ($old_kept)" test "$old_kept" -gt 10

# File systems without RENAME_EXCHANGE: two renames behind a journal. Between them OUT is missing; the next run ends that.
for n in 1 2 3 4; do
  rm -rf good.run && cp -a good good.run
  build_under good.run -e inject=renameat2:error=EINVAL -e inject=rename:signal=KILL:when="$n"
  ok "two-step, killed at rename $n: the next build" mudzone -i good.run/inventory.yaml build --now $((now + 60))
  ok "two-step, killed at rename $n: the next build verifies" mudzone verify good.run/out --now $((now + 60))
  ok "two-step, killed at rename $n: the next build leaves nothing beside OUT" \
    test -z "$(find good.run -maxdepth 1 -name '*out*' ! -name out)"
done

# After the switch OUT is the new one, also when the disk cannot prove it: then that is what is said.
rm -rf good.run && cp -a good good.run
build_under good.run
after=$(sed -nE 's/^[0-9]+ +(fsync|renameat2)\(.*/\1/p' trace | awk '$1 == "fsync" { n++ } $1 == "renameat2" { print n + 1; exit }')
rm -rf good.run && cp -a good good.run
build_under good.run -e inject=fsync:error=EIO:when="$after"
ok "the folder cannot be synced after the switch: status 3" test $? = 3
ok "... OUT is the new one" grep -q '192\.0\.2\.29$' good.run/out/zones/mgmt.lumen.example.zone
ok "... and that is said" grep -q 'was replaced, but .*\[out-unsynced\]' log
ok "... and nothing else" test "$(grep -c 'left as it was' log)" = 0
ok "... the next build" mudzone -i good.run/inventory.yaml build --now $((now + 60))
ok "... leaves nothing beside OUT" test -z "$(find good.run -maxdepth 1 -name '*out*' ! -name out)"

# Two at once: the first is held up in the middle of its work, the second must not wait, and says why.
rm -rf two && cp -a good two
serve log.first strace -f -qq -o two.trace -e trace=renameat2,fsync -e inject=fsync:signal=STOP:when=1 \
  "$mudzone" -i two/inventory.yaml build --now $((now + 60))
until_true "the first build to be held up" grep -q SIGSTOP two.trace
refused "a second build at the same time" 3 '[Ll]ock|another|in use' timeout 30 "$mudzone" -i two/inventory.yaml build --now $((now + 60))
kill -KILL "$(awk '{ print $1; exit }' two.trace)"
wait "${servers[-1]}" 2>/dev/null
ok "after the first was killed, the second builds" mudzone -i two/inventory.yaml build --now $((now + 60))
interop_done
