#!/bin/bash
# tests/interop/sign_many.sh -- `mudzone sign` on many zones, with any number of threads, killed, on disks that are full
# or closed, and with previous versions that are proved, unknown or damaged.
# shellcheck source=tests/support/interop.sh disable=SC2317
source "$(dirname "$0")/../support/interop.sh" || exit 1

now=$(($(date +%s) - 7200)) # later runs must not be in the future
zones=12
origin=rich.example
cp "$source_dir/tests/interop/rich.example.zone" plain.zone

# A zone with as many names as there are numbers.
numbered_zone() { # ORIGIN NAMES
  printf '$ORIGIN %s.\n$TTL 3600\n@ SOA ns1 host 1 7200 3600 1209600 600\n@ NS ns1\nns1 A 192.0.2.1\n' "$1"
  awk -v n="$2" -v o="$1" 'BEGIN { for (i = 0; i < n; i++) printf "h%d.%s. 3600 IN A 192.0.2.%d\n", i, o, i % 250 + 1 }'
}

mkdir many
for ((i = 0; i < zones; i++)); do
  numbered_zone "z$i.example" $((i * 7 + 1)) >"many/z$i"
done
numbered_zone large.example 30000 >many/large # over the size that gets all threads

# ---------------------------------------------------------------- threads

for denial in nsec nsec3; do
  options=(--keys keys-threads --now "$now" -q)
  [[ $denial == nsec3 ]] && options+=(--nsec3)
  for threads in 1 2 5; do
    ok "$denial, $threads threads: sign" mudzone sign plain.zone --origin $origin "${options[@]}" --threads $threads \
      -o "$denial.$threads"
    [[ $threads == 2 ]] && continue
    ok "$denial, $threads threads, large: sign" mudzone sign many/large --no-zonemd --keys keys-large --now "$now" -q \
      --threads $threads -o "large.$denial.$threads"
  done
  judge_zone "$denial" "$denial.1" $origin
  same "$denial: 2 threads, the same bytes" "$denial.1" "$denial.2"
  same "$denial: 5 threads, the same bytes" "$denial.1" "$denial.5"
  same "$denial: large, 5 threads, the same bytes" "large.$denial.1" "large.$denial.5"
  for check in new full off; do
    ok "$denial, self-check $check" mudzone sign plain.zone --origin $origin "${options[@]}" --self-check=$check \
      -o "$denial.$check"
    same "$denial, self-check $check: the same bytes" "$denial.1" "$denial.$check"
    mudzone sign plain.zone --origin $origin "${options[@]}" --self-check=$check >"$denial.piped" 2>/dev/null
    same "$denial, self-check $check, to a pipe: the same bytes" "$denial.1" "$denial.piped"
  done
done
for bad in -1 x 1x 65 1.5 99999999999999999999; do
  refused "--threads $bad" 2 "--threads: '$bad'" mudzone sign plain.zone --threads "$bad"
done
refused "--self-check=none" 2 "--self-check: 'none'" mudzone sign plain.zone --self-check=none

# ---------------------------------------------------------------- many zones in one call

ok "many: sign" mudzone sign many/* --keys keys --now "$now" -q -o out
ok "many: a file for each, and no other" test "$(find out -type f | wc -l)" = $((zones + 1))
ok "many: two keys for each" test "$(find keys -name '*.pem' | wc -l)" = $((2 * (zones + 1)))
for zone in z0 z5 z11 large; do
  judge_zone "many: $zone" out/$zone.example.zone $zone.example
  ok "many: $zone as alone: sign" mudzone sign many/$zone --keys keys --now "$now" -q -o alone
  same "many: $zone as alone" out/$zone.example.zone alone
done

# One broken zone and one that is there twice stop no other.
cp -R out before
numbered_zone z3.example 40 >many/twice
echo 'x.example. A not-an-address' >many/broken
mudzone sign many/* --keys keys --now $((now + 60)) --json -o out >many.json 2>many.err
status=$?
ok "many with broken ones: the worst status" test $status = 2
entry() { jq -r --arg f "many/$1" ".zones[] | select(.source == \$f) | .$2" many.json; }
ok "many with broken ones: says which is broken" test "$(entry broken status)" = 1
ok "many with broken ones: of two of one name one is refused" \
  test "$(($(entry z3 status) + $(entry twice status)))" = 2
ok "many with broken ones: the others are signed" test "$(jq '[.zones[] | select(.status == 0)] | length' many.json)" = $((zones + 1))
ok "many with broken ones: nothing else in the folder" test "$(find out -type f | wc -l)" = $((zones + 1))
judge_zone "many with broken ones" out/z4.example.zone z4.example
rm many/twice many/broken

# ---------------------------------------------------------------- the previous version

rm -rf out
ok "previous, many: first" mudzone sign many/* --keys keys --now "$now" -q -o out
cp -R out first
ok "previous, many: again" mudzone sign many/* --keys keys --now $((now + 7200)) --previous out --json -o out
same "previous, many: nothing changed" first out

again() { # OUT-FILE PREVIOUS ZONE: JSON to again.json, and to standard output when that failed
  mudzone sign "$3" --origin $origin --keys keys-previous --now $((now + 7200)) --previous "$2" --json -o "$1" >again.json && return
  local status=$?
  cat again.json
  return $status
}
made() { jq '."signatures-made"' again.json; }
says_unproved() { jq -e '.findings[] | select(.id == "previous-unproved")' again.json; }

ok "previous: first" mudzone sign plain.zone --origin $origin --keys keys-previous --now "$now" -q -o signed
ok "previous, proved: sign" again kept signed plain.zone
ok "previous, proved: nothing is made" test "$(made)" = 0
refused "previous, proved: no word on it" '[14]' '^$' says_unproved
same "previous, proved: the same file" signed kept
{ cat plain.zone && echo "new A 192.0.2.99"; } >grown.plain
ok "previous, proved, one record more: sign" again grown signed grown.plain
# SOA, ZONEMD, the record, its NSEC and that of its neighbour
ok "previous, proved, one record more: few are made" test "$(made)" -le 5
judge_zone "previous, proved, one record more" grown $origin

mv keys-previous/proofs proofs.away
ok "previous, unknown: sign" again unknown signed plain.zone
ok "previous, unknown: says so" says_unproved
ok "previous, unknown: signatures that verify are kept" test "$(made)" = 0
same "previous, unknown: the same file" signed unknown
mv proofs.away keys-previous/proofs

# One octet of a signature, by its place in the line, damaged: never taken over, whatever the list says.
perl -pe 'if (/ RRSIG A / && !$done++) { s/(\S{20})\S(\S+)\n/$1 . "A" . $2 . "\n"/e }' signed >damaged
ok "previous, damaged: another file" bash -c '! cmp -s signed damaged'
ok "previous, damaged: sign" again repaired damaged plain.zone
ok "previous, damaged: says that it is not known" says_unproved
ok "previous, damaged: something is made anew" test "$(made)" -ge 1
judge_zone "previous, damaged" repaired $origin
# The same with an address that nobody signed: it must not come back in.
sed 's/192\.0\.2\.1$/203.0.113.66/' signed >forged
ok "previous, forged: sign" again unforged forged plain.zone
ok "previous, forged: nothing of it is published" bash -c '! grep -q 203.0.113.66 unforged'
judge_zone "previous, forged" unforged $origin

echo rubbish >keys-previous/proofs
ok "previous, list damaged: sign" again unknown signed plain.zone
same "previous, list damaged: the same file" signed unknown
head -c 31 /dev/urandom >keys-previous/proof.key
refused "proof.key cut short" 3 'key-damaged' again unknown signed plain.zone
head -c 32 /dev/urandom >keys-previous/proof.key && chmod 644 keys-previous/proof.key
refused "proof.key that others can read" 2 'key-file-mode' again unknown signed plain.zone
chmod 600 keys-previous/proof.key
ok "another proof.key: sign" again unknown signed plain.zone
ok "another proof.key: nothing is proved" says_unproved

# The keys are lost, only what proves files is left: no new ones unasked (trust rule 1).
mkdir bare-keys && chmod 700 bare-keys && cp -p keys-previous/proof* bare-keys/
refused "keys lost, proofs left" 3 'zone-signed-input' \
  mudzone sign plain.zone --origin $origin --keys bare-keys --previous signed -o lost

# ---------------------------------------------------------------- killed, closed, full

cp out/large.example.zone large.old
cp large.old target
sed 's/192\.0\.2\.7$/203.0.113.7/' many/large >large.changed
killed=0
for after in 0.05 0.15 0.3 0.5 0.8; do
  { timeout -s KILL $after "$mudzone" sign large.changed --keys keys --now $((now + 60)) -q -o target && break; } 2>/dev/null
  killed=$((killed + 1))
  ok "killed after $after s: the old file is whole" cmp large.old target
done
ok "killed: $killed times in the middle" test $killed -ge 1
rm -f .target.*.tmp
ok "after that: sign" mudzone sign large.changed --keys keys --now $((now + 60)) -q -o target
ok "after that: the new file" bash -c '! cmp -s large.old target'

as_user=()
if [[ $(id -u) == 0 ]]; then
  as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  cp "$mudzone" ./for-all && chmod 755 for-all "$scratch"
else
  ln -s "$mudzone" for-all
fi
mkdir closed && cp target closed/zone && chmod 755 closed
cp -R keys-threads keys-user && [[ $(id -u) == 0 ]] && chown -R 65534:65534 keys-user
chmod 555 closed
refused "folder that cannot be written to" 3 'closed/zone: error: Permission denied' \
  "${as_user[@]}" ./for-all sign plain.zone --origin $origin --keys keys-user -o closed/zone
same "folder that cannot be written to: the old file" target closed/zone
rm keys-user/proof* && chmod 555 keys-user
ok "keys that cannot be written to: sign" "${as_user[@]}" ./for-all sign plain.zone --origin $origin --keys keys-user \
  --now "$now" -o /dev/null
"${as_user[@]}" ./for-all sign plain.zone --origin $origin --keys keys-user --now "$now" 2>noproof.err >noproof.zone
ok "keys that cannot be written to: a note" grep -q 'note: .*proof-unkept' noproof.err
same "keys that cannot be written to: the same zone" nsec.1 noproof.zone

if unshare -m true 2>/dev/null && unshare -m mount -t tmpfs none /mnt 2>/dev/null; then
  # shellcheck disable=SC2016
  unshare -m bash -c 'mkdir -p small && mount -t tmpfs -o "size=$3" none small && cp large.old small/zone &&
    { "$1" sign large.changed --keys keys --now "$2" -o small/zone; echo "status $?"
      cmp large.old small/zone && echo same; ls -A small; }' - "$mudzone" $((now + 60)) $(($(stat -c %s large.old) * 3 / 2)) >small.log 2>&1
  ok "full disk: exit status 3" grep -x 'status 3' small.log || cat small.log
  ok "full disk: says so" grep 'small/zone: error: No space left' small.log
  ok "full disk: the old file is whole" grep -x same small.log
  ok "full disk: nothing beside it" bash -c '! grep -q "\.tmp" small.log'
else
  left_out "full disk: no right to mount a small file system"
fi

# ---------------------------------------------------------------- progress on a terminal

# `full`, so that the work takes long enough for a bar on any machine: some 80,000 verifications by public key.
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
  script -qec "'$mudzone' sign large.changed --keys keys --threads 1 --self-check=full --now $((now + 60)) -o target" \
    /dev/null </dev/null >terminal.log 2>&1
  ok "progress: rate and time left" grep -qE \
    'signing \[[#.]{30}\] [0-9]+% [0-9]{1,3}(,[0-9]{3})*/[0-9]{1,3}(,[0-9]{3})* signatures, [0-9,]+/s, [0-9]+ s left' terminal.log
else
  left_out "progress on a terminal: no pseudo-terminal can be had"
fi
mudzone sign large.changed --keys keys --threads 1 --now $((now + 60)) -o target 2>quiet.log
ok "progress: none where there is no terminal" bash -c '! grep -q "signing \[" quiet.log'

interop_done
