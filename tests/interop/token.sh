#!/bin/bash
# tests/interop/token.sh -- keys on a PKCS#11 token (SoftHSM): `mudzone sign` signs with them, the judges agree, and what a
# token lacks is said.
# shellcheck source=tests/support/interop.sh disable=SC2317
source "$(dirname "$0")/../support/interop.sh" || exit 1

now=$(date +%s)
origin=rich.example
cp "$source_dir/tests/interop/rich.example.zone" plain.zone
mkdir tokens
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$scratch/tokens" >softhsm2.conf
export SOFTHSM2_CONF=$scratch/softhsm2.conf
ok "a token is made" softhsm2-util --init-token --free --label zones --pin 1234 --so-pin 5678

sign() { # KEYS OUT-FILE OPTION…
  local keys=$1 out=$2
  shift 2
  mudzone sign plain.zone --origin $origin --keys "$keys" --now "$now" -o "$out" "$@"
}

# The keys that DIR has move to the token: only their addresses stay.
to_token() { # DIR
  local pem digest id
  for pem in "$1"/*.pem; do
    digest=$(basename "$pem" .pem)
    id=${digest:0:8}
    softhsm2-util --import "$pem" --token zones --label "key$id" --id "$id" --pin 1234 || return
    (umask 077 && echo "pkcs11:token=zones;object=key$id;type=private?pin-value=1234" >"$1/$digest.uri")
    rm "$pem"
  done
}

for algorithm in ecdsap256sha256 ecdsap384sha384 rsasha256; do
  keys=keys-$algorithm
  ok "$algorithm: keys are made" sign "$keys" soft.zone --algorithm $algorithm
  ok "$algorithm: keys move to the token" to_token "$keys"
  ok "$algorithm: sign" sign "$keys" $algorithm.zone --algorithm $algorithm || continue
  judge_zone "$algorithm" $algorithm.zone $origin
  ok "$algorithm: the same keys" diff <(awk '$4 == "DNSKEY"' soft.zone) <(awk '$4 == "DNSKEY"' $algorithm.zone)
  # signatures of a token differ each time they are made: a version that need not change must not
  ok "$algorithm: previous" sign "$keys" again.zone --algorithm $algorithm --previous $algorithm.zone
  same "$algorithm: previous, unchanged: the same zone" $algorithm.zone again.zone
done

keys=keys-ecdsap256sha256
uri=$(ls $keys/*.uri | head -n 1)
cp "$uri" kept.uri
refuse() { refused "$1" 3 "$2" sign $keys refused.zone --algorithm ecdsap256sha256; }
sed 's/object=key[0-9a-f]*/object=gone/' kept.uri >"$uri"
refuse "a key that the token lacks" 'no token has that key'
sed 's/1234/4321/' kept.uri >"$uri"
refuse "a wrong PIN" 'no token has that key, or its PIN'
echo "file:///etc/passwd" >"$uri"
refuse "no URI of a token" 'not the URI of a key on a token'
chmod 644 "$uri"
refused "a file that others may read" 2 'mode 0644' sign $keys refused.zone --algorithm ecdsap256sha256
ok "nothing was written" test ! -e refused.zone
interop_done
