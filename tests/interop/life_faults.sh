#!/bin/bash
# tests/interop/life_faults.sh -- what goes wrong in the middle of a rollover: keys and tokens that are gone, a state that is locked,
# full or damaged, two builds at once, clocks that are wrong, builds that nobody confirms. In each case no key moves that must not,
# the zone that is public stays valid, and what to do is said.
# shellcheck source=tests/support/interop.sh disable=SC2317 # called through ok
source "$(dirname "$0")/../support/interop.sh" || exit 1

zone=mgmt.example.net
day=86400
begin=$(($(date +%s) - 60 * day)) # so that judges without a clock of their own agree with the last builds
at() { echo $((begin + $1)); }

in_folder() { # FOLDER SECONDS COMMAND ARGUMENT…: mudzone at that time
  local folder=$1 now
  now=$(at "$2")
  shift 2
  mudzone -i "$folder/inventory.yaml" "$@" --now "$now"
}
keys_of() { in_folder "$1" "$2" keys list --json | jq -c '[.. | objects | select(has("digest")) | [.role, .digest, .parts]]'; } # FOLDER SECONDS
digest_of() { jq -r --arg role "$2" '[.zones[0].keys[] | select(.role == $role).digest][0]' "$1/out/manifest.json"; } # FOLDER ROLE
zone_in() { echo "$1/out/zones/$zone.zone"; }
expires() { awk '$4 == "RRSIG" { print $9 }' "$(zone_in "$1")" | sort | head -n 1; } # FOLDER: the first
change() { echo "new A 192.0.2.99" >>"$1/zones/$zone.zone"; }
is_changed() { grep -q '192\.0\.2\.99$' "$(zone_in "$1")"; }
fresh() { rm -rf "$1" && cp -a mid-roll "$1"; }

# ------------------------------------------------------------------ a ZSK roll, half way

mudzone init -q mid-roll --now "$begin"
printf 'dnssec-policies:\n  - { name: standard, zsk-lifetime: 0d }\n' >>mid-roll/inventory.yaml
ok "the first build" in_folder mid-roll 0 build
ok "... is public" in_folder mid-roll 0 confirm
ok "a day later" in_folder mid-roll $day build
ok "a roll is asked for" in_folder mid-roll $day keys roll $zone zsk --reason "a fault test"
ok "the successor is published" in_folder mid-roll $day build
ok "... and public" in_folder mid-roll $day confirm
ok "there are two ZSKs" test "$(awk '$4 == "DNSKEY" && $5 == 256' "$(zone_in mid-roll)" | wc -l)" = 2
later=$((day + 2 * 3600)) # the successor may sign from then on
keys_of mid-roll $later >mid-roll.keys
fresh expected
ok "without a fault the roll goes on" in_folder expected $later build
ok "... and the successor signs" test "$(keys_of expected $later)" != "$(<mid-roll.keys)"
unmoved() { ok "$2: no key moved" diff <(keys_of "$1" $later) mid-roll.keys; } # FOLDER NAME

# ------------------------------------------------------------------ a key is missing

# The KSK: the contents stay what they were, and are signed anew when it is time.
fresh ksk
mv "ksk/state/keys/$(digest_of ksk ksk).pem" ksk.pem
change ksk
refused "the KSK is missing" 3 'is missing; expected the key file restored from backup' in_folder ksk $later build
refused "... and that is the alarm" 3 'the zone is not changed; expected the missing key back' in_folder ksk $later build
unmoved ksk "the KSK is missing"
same "... the zone is the last good one" "$(zone_in mid-roll)" "$(zone_in ksk)"
sed -i 's/zsk-lifetime: 0d/&, dnskey-ttl: 2h/' ksk/inventory.yaml # the signature over the DNSKEYs covers their TTL
before=$(expires ksk)
refused "... it is refreshed when that is due" 3 'zone-frozen' in_folder ksk $((18 * day)) build
ok "... its signatures last longer" test "$(expires ksk)" '>' "$before"
refused "... its contents are the last good ones" 1 '' is_changed ksk
ok "... and its serial went on" test "$(awk '$4 == "SOA" { print $7 }' "$(zone_in ksk)")" -gt "$(awk '$4 == "SOA" { print $7 }' "$(zone_in mid-roll)")"
ok "... it is valid" mudzone verify "$(zone_in ksk)" --now "$(at $((18 * day)))"
ok "... others agree" ldns-verify-zone -t "$(date -u -d "@$(at $((18 * day)))" +%Y%m%d%H%M%S)" -V1 -ZZ "$(zone_in ksk)"
refused "... status says what to restore" 1 'ACTION: the private key of ksk .* is missing: restore it' in_folder ksk $((18 * day)) status
mv ksk.pem "ksk/state/keys/$(digest_of ksk ksk).pem"
ok "the KSK is back" in_folder ksk $((18 * day + 60)) build
ok "... and the change is in" is_changed ksk

# The ZSK that signs: nothing can be signed anew.
fresh zsk
mv "zsk/state/keys/$(awk '$4 == "RRSIG" && $5 == "A" { print $11; exit }' "$(zone_in zsk)" | xargs -I TAG jq -r \
  '.zones[0].keys[] | select(.tag == TAG).digest' zsk/out/manifest.json).pem" zsk.pem
change zsk
refused "the ZSK is missing" 3 'zone-frozen' in_folder zsk $later build
unmoved zsk "the ZSK is missing"
same "... the zone is the last good one" "$(zone_in mid-roll)" "$(zone_in zsk)"
refused "... and cannot be refreshed: when it ends is said" 3 'no signature can be made anew; the first expires at' \
  in_folder zsk $((18 * day)) build
same "... it is still the last good one" "$(zone_in mid-roll)" "$(zone_in zsk)"

# A key that is needed next, but by nobody yet.
fresh successor
rm "$(find successor/state/keys -newer mid-roll/inventory.yaml -name '*.pem' -print0 | xargs -0 ls -t | head -n 1)"
refused "the successor is missing" 3 'is missing' in_folder successor $later build
unmoved successor "the successor is missing"

# ------------------------------------------------------------------ a backup of the state that the roll has left behind

fresh older
for n in 1 2 3; do
  ok "the roll, day $n" in_folder older $((later + n * day)) build
  ok "... is public" in_folder older $((later + n * day)) confirm
done
ok "the old ZSK is withdrawn" test "$(awk '$4 == "DNSKEY" && $5 == 256' "$(zone_in older)" | wc -l)" = 1
cp -a older/out older.out
rm -rf older/state && cp -a mid-roll/state older/state
refused "the state is older than OUT: the old ZSK does not sign again" 3 'state-older' in_folder older $((later + 3 * day + 60)) build
same "... OUT is as it was" older.out older/out
ok "... unless it is asked for" in_folder older $((later + 3 * day + 60)) build --accept-new-keys

# ... and a key is gone too: what OUT has since is the last good version.
fresh behind
cp -a behind/state behind.state
change behind
in_folder behind $later build >behind.log 2>&1
rm -rf behind/state && mv behind.state behind/state
cp -a behind/out behind.out
rm behind/state/keys/*.pem
refused "the state is older than OUT, and has no keys" 3 'is missing' in_folder behind $((later + 60)) build
same "... OUT is as it was" behind.out behind/out

# ------------------------------------------------------------------ the database

for fault in damaged short empty; do
  fresh $fault
  case $fault in
    damaged) dd if=/dev/urandom of=$fault/state/state.db bs=4096 seek=1 count=4 conv=notrunc status=none ;;
    short) truncate -s 5000 $fault/state/state.db ;;
    empty) : >$fault/state/state.db ;;
  esac
  refused "the database is $fault" 3 'expected .*from backup' in_folder $fault $later build
  same "... OUT is as it was" mid-roll/out $fault/out
  ok "... no key was made" diff <(ls mid-roll/state/keys) <(ls $fault/state/keys)
done

fresh locked
python3 - "$mudzone" "$(at $later)" >locked.log <<'END'
import sqlite3, subprocess, sys
held = sqlite3.connect("locked/state/state.db")
held.execute("BEGIN EXCLUSIVE")
build = [sys.argv[1], "-i", "locked/inventory.yaml", "build", "--now", sys.argv[2]]
ended = subprocess.run(build, capture_output=True, text=True)
print(ended.returncode, ended.stderr)
END
ok "another program has the database: refused, and said" grep -qE 'another program has locked the database' locked.log
ok "... with status 3" grep -q '^3 ' locked.log
same "... OUT is as it was" mid-roll/out locked/out
unmoved locked "another program has the database"
ok "... afterwards the roll goes on" in_folder locked $later build
ok "... as it would have" diff <(keys_of locked $later) <(keys_of expected $later)

full() { # KIB: on a file system of that size
  # shellcheck disable=SC2016 # for the inner shell
  unshare -m bash -c 'mount -t tmpfs -o "size=$1k" none full && cp -a mid-roll/. full && "$2" -i full/inventory.yaml build --now "$3"
    status=$?; rm -rf full.after; mkdir full.after; cp -a full/out full/state full.after; exit $status' - "$1" "$mudzone" "$(at $later)"
}
mkdir full
if unshare -m mount -t tmpfs none full 2>/dev/null; then
  used=$(du -sk --apparent-size mid-roll | cut -f 1)
  for room in 60 100 140 180 220; do
    full $((used + room)) >full.log 2>&1
    status=$?
    cp -a mid-roll/inventory.yaml mid-roll/zones mid-roll/pki full.after 2>/dev/null
    case $status in
      0) ok "room for $room KiB: the roll went on" diff <(keys_of full.after $later) <(keys_of expected $later) ;;
      3) unmoved full.after "room for $room KiB"
        same "... OUT is as it was" mid-roll/out full.after/out
        ok "... what is full is said" grep -qE 'No space left|full' full.log ;;
      *) ok "room for $room KiB: status $status" false ;;
    esac
    ok "room for $room KiB: then the build succeeds" in_folder full.after $later build
    ok "... as it would have" diff <(keys_of full.after $later) <(keys_of expected $later)
  done
else
  left_out "a full disk: no mount namespace may be made here"
fi

# ------------------------------------------------------------------ many builds at once

fresh crowd
crowd=()
for n in 1 2 3 4 5 6; do
  in_folder crowd $later build >"crowd.$n" 2>&1 &
  crowd+=($!)
done
done_n=0
for n in 1 2 3 4 5 6; do
  wait "${crowd[n - 1]}"
  status=$?
  done_n=$((done_n + (status == 0)))
  [[ $status == 0 ]] || ok "build $n of six: status $status and the reason" grep -qE 'another|in use|lock' "crowd.$n"
done
ok "of six builds at once, one or more got through ($done_n)" test $done_n -ge 1
ok "... and the keys moved once" diff <(keys_of crowd $later) <(keys_of expected $later)
ok "... no more keys than before" diff <(ls mid-roll/state/keys) <(ls crowd/state/keys)
ok "... and the log is whole" in_folder crowd $later log --verify

# ------------------------------------------------------------------ the clock

fresh back
change back
ok "the clock is two hours behind: the zone is built" in_folder back $((day - 7200)) build
ok "... with its change" is_changed back
refused "... and said" 0 'the clock is 7200 s behind the last run' in_folder back $((day - 7200)) build
unmoved back "the clock went back"
refused "... status says so" 1 'ACTION: see to the clock' in_folder back $((day - 7200)) status
ok "... when it is right again" in_folder back $later build
ok "... the roll goes on" diff <(keys_of back $later) <(keys_of expected $later)

fresh ahead
for n in 0 60 3600; do # the next build has no better clock
  refused "the clock is 50 days ahead, build after $n s" 0 'the clock jumped ahead, or nothing was built in time' \
    in_folder ahead $((50 * day + n)) build
  unmoved ahead "the clock is 50 days ahead, build after $n s"
done
ok "... the signatures are fresh, should the clock be right" mudzone verify "$(zone_in ahead)" --now "$(at $((51 * day)))"
ok "the clock is vouched for" in_folder ahead $((50 * day + 7200)) build --accept-clock
ok "... then the roll goes on" test "$(keys_of ahead $later)" != "$(<mid-roll.keys)"
refused "... and the log says who vouched" 0 'clock-accepted' in_folder ahead $((50 * day + 7200)) log

fresh wrong # a build that the clock was believed, though it was ahead
ok "the clock is 20 days ahead: nothing tells" in_folder wrong $((20 * day)) build
keys_of wrong $later >wrong.keys
refused "the clock is right again: that is noticed" 0 'the clock is .* s behind the last run' in_folder wrong $later build
ok "... and no key moves" diff <(keys_of wrong $later) wrong.keys
ok "... until it is vouched for" in_folder wrong $later build --accept-clock
refused "... then there is no doubt" 0 '0 errors' in_folder wrong $((later + 60)) build

# ------------------------------------------------------------------ nobody confirms

mudzone init -q unconfirmed --now "$begin"
ok "the first build of another zone" in_folder unconfirmed 0 build
keys_of unconfirmed 0 >unconfirmed.keys
awk '$4 == "DNSKEY"' "$(zone_in unconfirmed)" >unconfirmed.dnskeys
for ((n = 1; n <= 100; n++)); do
  in_folder unconfirmed $((n * day / 4)) build >unconfirmed.log 2>&1 || ok "build $n" cat unconfirmed.log
done
ok "100 builds without a confirmation move no key" diff <(keys_of unconfirmed 0) unconfirmed.keys
same "... and show the same DNSKEYs" <(awk '$4 == "DNSKEY"' "$(zone_in unconfirmed)") unconfirmed.dnskeys
refused "... and no CDS" 1 '' grep -q 'IN CDS' "$(zone_in unconfirmed)"
refused "... status says what to do" 1 'publish and confirm serial .*: key timing stands still' in_folder unconfirmed $((26 * day)) status
ok "confirmed" in_folder unconfirmed $((26 * day)) confirm
ok "the next build" in_folder unconfirmed $((27 * day)) build
ok "... asks for a DS" grep -q 'IN CDS' "$(zone_in unconfirmed)"

# ------------------------------------------------------------------ a policy edit is shown before it acts

fresh edit
ok "the roll ends: the successor signs" in_folder edit $later build
ok "... publicly" in_folder edit $later confirm
ok "... the old key goes" in_folder edit $((3 * day)) build
ok "... publicly" in_folder edit $((3 * day)) confirm
ok "... and is gone" in_folder edit $((5 * day)) build
refused "before the edit nothing is pending" 0 '' in_folder edit $((5 * day)) plan --detailed-exitcode
sed -i 's/name: standard, /name: standard, algorithm: ed25519, /' edit/inventory.yaml
keys_of edit $((5 * day)) >edit.keys
cp -a edit/out edit.out
refused "check says what the edit would start" 0 'algorithm.*ecdsap256sha256.*ed25519' in_folder edit $((5 * day)) check
refused "plan shows it" 4 'ecdsap256sha256.*ed25519' in_folder edit $((5 * day)) plan --detailed-exitcode
ok "... and neither acted" diff <(keys_of edit $((5 * day))) edit.keys
same "... nor wrote" edit.out edit/out
ok "the build acts" in_folder edit $((5 * day)) build
ok "... with signatures of the new algorithm" grep -qE 'IN RRSIG SOA 15 ' "$(zone_in edit)"
refused "... before its DNSKEYs" 1 '' grep -qE 'IN DNSKEY 25[67] 3 15 ' "$(zone_in edit)"

# ------------------------------------------------------------------ the token is gone

mkdir tokens
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$scratch/tokens" >softhsm2.conf
export SOFTHSM2_CONF=$scratch/softhsm2.conf
ok "a token is made" softhsm2-util --init-token --free --label keys --pin 1234 --so-pin 5678
mudzone init -q token --now "$begin"
(umask 077 && printf 1234 >pin)
cat >>token/inventory.yaml <<END
key-stores:
  - { name: hsm, uri: "pkcs11:token=keys?pin-source=$scratch/pin" }
dnssec-policies:
  - { name: standard, zsk-lifetime: 0d, ksk-store: hsm }
END
ok "the first build, with the KSK on a token" in_folder token 0 build
ok "... is public" in_folder token 0 confirm
ok "a KSK roll is asked for" in_folder token $day keys roll $zone ksk --reason "a fault test"
cp -a token token.before
mv tokens tokens.gone && mkdir tokens
change token
refused "the token is gone" 3 'token' in_folder token $((day + 60)) build
ok "... no key moved" diff <(keys_of token $day) <(keys_of token.before $day)
same "... the zone is the last good one" "$(zone_in token.before)" "$(zone_in token)"
refused "... it is refreshed by the ZSK" 3 'zone-frozen' in_folder token $((18 * day)) build
ok "... and is valid" mudzone verify "$(zone_in token)" --now "$(at $((18 * day)))"
refused "... with the old contents" 1 '' is_changed token
rm -rf tokens && mv tokens.gone tokens
ok "the token is back" in_folder token $((18 * day + 60)) build
ok "... the change is in" is_changed token
ok "... and the KSK has a successor" test "$(awk '$4 == "DNSKEY" && $5 == 257' "$(zone_in token)" | wc -l)" = 2
interop_done
