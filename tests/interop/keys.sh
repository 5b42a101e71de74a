#!/bin/bash
# tests/interop/keys.sh -- keys in and out: those of dnssec-keygen and Knot sign on here, those exported sign on with
# dnssec-signzone, a backup brings everything back, and two tokens (SoftHSM) make and keep keys.
# shellcheck source=tests/support/interop.sh disable=SC2317
source "$(dirname "$0")/../support/interop.sh" || exit 1

zone=mgmt.example.net

vendor() { # FOLDER POLICY-LINES: the inventory of `init`, with a policy
  mudzone init "$1" >/dev/null 2>&1 || return
  printf '%s\n' "$2" >>"$1/inventory.yaml"
}
policy() { # YAML of the policy `standard`
  printf 'dnssec-policies:\n  - {name: standard, %s}' "$1"
}
at() { # FOLDER COMMAND…: with its inventory
  local folder=$1
  shift
  (cd "$folder" && "$mudzone" "$@")
}
# at_with FOLDER GLOB COMMAND…: the same, with the files in FOLDER that match behind the words.
at_with() {
  local folder=$1 files
  mapfile -t files < <(cd "$folder" && compgen -G "$2" | sort)
  [[ ${#files[@]} -gt 0 ]] && at "$folder" "${@:3}" "${files[@]}"
}
records() { # FILE TYPE: rdata, as BIND writes it
  awk -v type="$2" '$4 == type { $1 = $2 = $3 = $4 = ""; print }' "$1" | tr -d ' ' | sort
}
record_of_files() { # *.key: DNSKEY rdata
  grep -hv '^;' "$@" | sed -E 's/.* DNSKEY //' | tr -d ' ' | sort
}

# ---------------------------------------------------------------- BIND, every algorithm

for algorithm in 8:rsasha256 13:ecdsap256sha256 14:ecdsap384sha384 15:ed25519 16:ed448; do
  number=${algorithm%%:*} name=${algorithm##*:} folder=bind-$number
  vendor "$folder" "$(policy "algorithm: $name")"
  mkdir "$folder/keys"
  keygen() { dnssec-keygen -q -K "$folder/keys" -a "$number" "$@" "$zone" >/dev/null; }
  bits=()
  [[ $number == 8 ]] && bits=(-b 2048)
  ok "$name: dnssec-keygen" keygen "${bits[@]}" -P -30d -A -30d
  ok "$name: dnssec-keygen, KSK" keygen "${bits[@]}" -f KSK -P -60d -A -60d
  ok "$name: keys import" at_with "$folder" 'keys/K*' keys import $zone
  ok "$name: build" at "$folder" build
  built=$folder/out/zones/$zone.zone
  judge_zone "$name" "$built" "$zone"
  ok "$name: the same DNSKEYs" diff <(records "$built" DNSKEY) <(record_of_files "$folder"/keys/*.key)
  ok "$name: keys export" at "$folder" keys export $zone -o exported
  ok "$name: dnssec-signzone takes them" \
    dnssec-signzone -q -S -K "$folder/exported" -o $zone -f "$folder/by-bind.zone" "$folder/zones/$zone.zone"
  ok "$name: and signs with them" \
    diff <(dnssec-signzone -q -S -K "$folder/exported" -o $zone -O full -f - "$folder/zones/$zone.zone" 2>/dev/null |
      awk '$4 == "DNSKEY" { $1 = $2 = $3 = $4 = ""; sub(/;.*/, ""); print }' | tr -d ' ' | sort) \
    <(record_of_files "$folder"/keys/*.key)
done

# A DNSKEY TTL in the key file is remembered; a key once more is said and left.
ok "known keys are left" at_with bind-13 'keys/K*' keys import $zone
ok "two keys" test "$(find bind-13/state/keys -name '*.pem' | wc -l)" = 2

# ---------------------------------------------------------------- what is refused

vendor refusals "$(policy 'algorithm: ecdsap256sha256')"
mkdir refusals/k
(cd refusals/k && dnssec-keygen -q -a 10 -b 2048 $zone && dnssec-keygen -q -a 13 other.example &&
  dnssec-keygen -q -a 13 -f KSK $zone && dnssec-keygen -q -a 13 $zone) >/dev/null
ksk=$(basename "$(grep -l 'DNSKEY 257 3 13' refusals/k/K$zone*.key)" .key)
zsk=$(basename "$(grep -l 'DNSKEY 256 3 13' refusals/k/K$zone*.key)" .key)
no() { refused "$1" "$2" "$3" at refusals keys import $zone "${@:4}"; }
refused "algorithm 10" 1 'algorithm 10.*import-algorithm' at_with refusals "k/K$zone.+010+*.private" keys import $zone
refused "another zone" 1 'import-zone' at_with refusals 'k/Kother*.private' keys import $zone
no "a KSK alone" 1 'import-incomplete' "k/$ksk"
no "a ZSK alone" 1 'import-incomplete' "k/$zsk"
chmod 644 "refusals/k/$zsk.private"
no "a file that others may read" 2 'mode 0644' "k/$ksk" "k/$zsk"
chmod 600 "refusals/k/$zsk.private"
no "not there" 1 'cannot be read' k/Knothing.private
refused "unknown zone" 2 "no zone 'nowhere'" at refusals keys import nowhere "k/$ksk"
ok "nothing was taken in" test -z "$(ls refusals/state/keys 2>/dev/null)"

# ---------------------------------------------------------------- a single key with BIND's state file

vendor state "$(policy 'single-key: true')"
mkdir state/k
(cd state/k && dnssec-keygen -q -k default $zone) >/dev/null
ok "a CSK with its state file" at_with state 'k/K*' keys import $zone
ok "a CSK: build" at state build
judge_zone "a CSK" state/out/zones/$zone.zone $zone

# ---------------------------------------------------------------- Knot

vendor knot "$(policy 'algorithm: ecdsap256sha256')"
mkdir knot/kasp
cat >knot/knot.conf <<END
database:
  storage: "$scratch/knot/kasp"
policy:
  - id: p
zone:
  - domain: $zone
    dnssec-signing: on
    dnssec-policy: p
END
keymgr() { command keymgr -c "$scratch/knot/knot.conf" "$@"; }
ok "keymgr: KSK" keymgr $zone generate algorithm=13 ksk=yes zsk=no
ok "keymgr: ZSK" keymgr $zone generate algorithm=13 ksk=no zsk=yes
keymgr -e $zone list >knot/list
refused "Knot's modes" 2 'mode 0640' at_with knot 'kasp/keys/keys/*.pem' keys import $zone --knot-list list
chmod 600 knot/kasp/keys/keys/*.pem
ok "Knot's keys" at_with knot 'kasp/keys/keys/*.pem' keys import $zone --knot-list list
ok "Knot: build" at knot build
judge_zone "Knot" knot/out/zones/$zone.zone $zone
ok "Knot: the same DNSKEYs" diff <(records knot/out/zones/$zone.zone DNSKEY) \
  <(for id in knot/kasp/keys/keys/*.pem; do keymgr $zone dnskey "$(basename "$id" .pem)"; done | sed 's/.* DNSKEY //' | tr -d ' ' | sort)
refused "a list without the key" 1 'import-listed' at_with knot 'kasp/keys/keys/*.pem' keys import $zone --knot-list /dev/null

# ---------------------------------------------------------------- backup

(umask 077 && echo 'a passphrase of some length' >pass && echo 'another one of some length' >wrong && echo short >short)
backup() { at bind-13 keys backup ../b.backup --passphrase-file "../$1"; }
refused "a short passphrase" 2 'too short' backup short
refused "no terminal" 2 'no terminal' setsid -w "$mudzone" -i bind-13/inventory.yaml keys backup x.backup </dev/null
ok "keys backup" backup pass
refused "an existing file" 2 'is there already' backup pass
cp -R bind-13/state before
restore() { at bind-13 keys restore ../b.backup --passphrase-file "../$1" "${@:2}"; }
refused "a state folder that is not empty" 2 'not empty' restore pass
refused "another passphrase" 3 'backup-passphrase' restore wrong --force
ok "no folder was moved" test "$(ls -d bind-13/state*)" = bind-13/state
head -c 3000 b.backup >cut.backup
refused "a backup cut short" 3 'backup-damaged' at bind-13 keys restore ../cut.backup --passphrase-file ../pass --force
for pem in before/keys/*.pem; do
  ok "no key is in the clear" bash -c '! grep -qaF "$1" "$2"' - "$(sed -n 2p "$pem")" b.backup
done
rm -rf bind-13/state
ok "keys restore" restore pass
same "keys are back" before/keys bind-13/state/keys
same "zones are back" before/zones bind-13/state/zones
cp -R bind-13/out old-out
ok "build after it" at bind-13 build
same "the zone is as it was" old-out/zones/$zone.zone bind-13/out/zones/$zone.zone
ok "the log says it" bash -c "cd bind-13 && '$mudzone' log --verify && '$mudzone' log | grep -q restored"
ok "with --force the old one is kept" restore pass --force
ok "beside it" test -d "$(ls -d bind-13/state.old-*)"

# ---------------------------------------------------------------- two tokens

mkdir tokens
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$scratch/tokens" >softhsm2.conf
export SOFTHSM2_CONF=$scratch/softhsm2.conf
(umask 077 && printf 1234 >pin)
for token in ksks zsks; do
  ok "a token is made" softhsm2-util --init-token --free --label $token --pin 1234 --so-pin 5678
done
stores="key-stores:
  - {name: vault, uri: \"pkcs11:token=ksks?pin-source=$scratch/pin\"}
  - {name: fast, uri: \"pkcs11:token=zsks?pin-source=$scratch/pin\"}"
for name in ecdsap256sha256 ecdsap384sha384 rsasha256; do
  vendor "token-$name" "$stores"$'\n'"$(policy "algorithm: $name, ksk-store: vault, zsk-store: fast")"
  ok "$name on two tokens: build" at "token-$name" build
  judge_zone "$name on two tokens" "token-$name/out/zones/$zone.zone" $zone
  ok "$name: only addresses are in files" test "$(find "token-$name/state/keys" -name '*.uri' | wc -l)" = 2
done
folder=token-ecdsap256sha256
refused "a key on a token stays there" 3 'export-token' at $folder keys export $zone -o exported
ok "a backup of addresses" at $folder keys backup ../t.backup --passphrase-file ../pass
vendor ed "$stores"$'\n'"$(policy 'algorithm: ed25519, ksk-store: vault')"
refused "ed25519 on a token" 1 'key-store-use' at ed build
ok "nothing was made" test ! -e ed/state/keys
# the token goes: said by name; its keys by URI come in elsewhere
uri=$(cat "$(grep -l token=ksks $folder/state/keys/*.uri)")
zuri=$(cat "$(grep -l token=zsks $folder/state/keys/*.uri)")
vendor by-uri "$(policy 'algorithm: ecdsap256sha256')"
refused "keys by URI need a role" 1 'import-role' at by-uri keys import $zone "$uri"
ok "a ZSK on standby" at by-uri keys import $zone "$zuri" --role zsk --standby
softhsm2-util --delete-token --token ksks >/dev/null
refused "a token that is gone" '[13]' 'token "ksks"' at $folder build --now "$(date -d '+25 days' +%s)"
interop_done
