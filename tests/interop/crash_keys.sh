#!/bin/bash
# tests/interop/crash_keys.sh -- a run that makes keys is killed at every call that changes something, or the power is cut
# there: afterwards the state is the old or the new one, never a third; no recorded key lacks its file, and none is made anew.
# strace carries out the kills; power cuts need root, a loop device and mount, and are left out where these are missing.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

now=$(date +%s)
zone=mgmt.example.net
if ! strace -o /dev/null true 2>/dev/null; then
  left_out "strace may not trace here"
  exit 77
fi

# What a run begins with: nothing at all (both keys are made), and a zone whose ZSK is to be replaced (one is made).
mkdir first
ok "an inventory" mudzone init -q first --now "$now"
cp -a first roll
in_roll() { # SECONDS-LATER COMMAND…
  local at=$((now + $1))
  shift
  ok "$*" mudzone -i roll/inventory.yaml "$@" --now "$at"
}
in_roll 0 build
in_roll 60 confirm roll/out
in_roll 90000 build
in_roll 90060 confirm roll/out
in_roll 90120 keys roll $zone zsk --reason "a test"
later=$((now + 90180))

state_calls=write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat
build_under() { # FOLDER INJECTION…
  local folder=$1
  shift
  # in a shell of its own, which alone says that it was killed
  (
    strace -f -qq -y -o "$scratch/trace" -e trace=$state_calls "$@" \
      "$mudzone" -i "$folder/inventory.yaml" build --now "$later" >log 2>&1
    exit $?
  ) 2>/dev/null
}

# points FOLDER: "NAME N" of each call that changes something in the state folder (it is the N-th of its name), from a dry
# run. Of writes that follow each other the first and the last: SQLite syncs after them, and takes all of them or none.
points() {
  rm -rf dry && cp -a "$1" dry
  build_under dry || return 1
  sed -nE 's/^[0-9]+ +([a-z0-9]+)\(/\1 /p' trace |
    awk '{ n[$1]++ } /dry\/state[\/">]/ { print $1, n[$1] }' |
    awk '$1 != "pwrite64" { if (held != "") print held; held = ""; print; run = 0; next } { if (run++) held = $0; else print }
         END { if (held != "") print held }'
}

events() { mudzone -i "$1/inventory.yaml" log --json | jq -c '.events[]'; }
made() { jq -r 'select(.event == "generated") | .key' "$1" | sort; } # EVENTS-FILE
published() { jq -r '.zones[].keys[].digest' "$1/out/manifest.json" | sort; }

# The events of a killed run are those of before, or the same and whole steps after them: a key each, then all that the build
# says of itself.
old_or_new() { # EVENTS-FILE OLD-EVENTS-FILE
  local steps n
  n=$(wc -l <"$2")
  diff <(head -n "$n" "$1") "$2" || return
  steps=$(tail -n +$((n + 1)) "$1" | jq -r .event | tr '\n' ' ')
  [[ $steps =~ ^(generated\ )*$ || $steps =~ ^(generated\ )*.*\ built\ (listed\ )?$ ]] || { echo "events: $steps"; return 1; }
}

keys_have_files() { # EVENTS-FILE FOLDER
  local digest
  while read -r digest; do
    [[ -s $2/state/keys/$digest.pem ]] || { echo "$digest is recorded, its file is missing"; return 1; }
  done < <(made "$1")
}

# Every recorded key is used by the next build, and no more are made than were asked for.
keys_are_used() { # EVENTS-BEFORE EVENTS-AFTER FOLDER
  diff <(made "$1") <(made "$2" | comm -12 - <(made "$1")) &&
    test "$(made "$2" | wc -l)" = "$(made expected.events | wc -l)" &&
    diff <(made "$2") <(published "$3")
}

# judge LABEL FOLDER OLD: after the misfortune.
judge() {
  local label=$1 run=$2 old=$3
  ok "$label: the log is whole" mudzone -i "$run/inventory.yaml" log --verify
  events "$run" >before.events
  ok "$label: the old state or the new one" old_or_new before.events "$old.events"
  ok "$label: recorded keys have files" keys_have_files before.events "$run"
  ok "$label: the next build" mudzone -i "$run/inventory.yaml" build --now "$later" || return
  ok "$label: the next build verifies" mudzone verify "$run/out" --now "$later"
  events "$run" >after.events
  ok "$label: the keys are used" keys_are_used before.events after.events "$run"
}

# ------------------------------------------------------------------ killed

for folder in first roll; do
  points "$folder" >"points.$folder"
  ok "$folder: calls that change the state" test "$(wc -l <"points.$folder")" -gt 20
  events $folder >$folder.events
  events dry >expected.events
  ok "$folder: keys are made" test "$(made expected.events | wc -l)" -gt "$(made $folder.events | wc -l)" || continue
  while read -r name n; do
    rm -rf run && cp -a "$folder" run
    build_under run -e "inject=$name:signal=KILL:when=$n"
    judge "$folder, killed at $name number $n" run "$folder"
  done <"points.$folder"
done

# ------------------------------------------------------------------ the power is cut

cut_done() {
  umount -q "$scratch/disk" "$scratch/after" 2>/dev/null
  interop_end
}
trap cut_done EXIT

new_disk() { # IMAGE FOLDER: the file system, mounted, with a copy of FOLDER on it, all of it safe
  truncate -s 24M "$1" && mkfs.ext4 -q -F "$1" && mount -o loop "$1" disk && cp -a "$2" disk/run && sync -f disk
}

mkdir disk after
if [[ $(id -u) != 0 ]] || ! new_disk try.img first 2>/dev/null; then
  left_out "power cuts: no loop-mounted file system here"
  umount -q disk 2>/dev/null
  interop_done
fi
umount disk

# What the disk holds at the moment of the kill is what had been written to it; the rest was in memory and is lost.
for folder in first roll; do
  rm -rf dry && cp -a "$folder" dry && build_under dry && events dry >expected.events
  while read -r name n; do
    case $name in fsync | fdatasync | rename*) ;; *) continue ;; esac # between two of these nothing new is certain
    label="$folder, power cut at $name number $n"
    rm -f disk.img after.img
    ok "$label: a disk" new_disk disk.img "$folder" || break
    build_under disk/run -e "inject=$name:signal=KILL:when=$n"
    cp disk.img after.img
    umount disk
    ok "$label: the disk can be mounted" mount -o loop after.img after || break
    judge "$label" after/run "$folder"
    umount after
  done <"points.$folder"
done
interop_done
