#!/bin/bash
# tests/interop/keys_ds.sh -- what `keys ds` hands the parent is what BIND's tools make of the same DNSKEY records.
source "$(dirname "$0")/../support/interop.sh" || exit 1

N=2026-11-21T10:00:00Z
LATER=2026-11-21T13:00:00Z
ZONE=mgmt.example.net

build() { # WHEN
  ok "build at $1" mudzone build -q --now "$1"
  ok "confirm at $1" mudzone confirm -q --now "$1"
}

records() { grep -E '^[^;].* IN DS ' "$1" | sed 's/.* DS //' | tr -d ' ' | tr '[:lower:]' '[:upper:]' | sort; }

for algorithm in ecdsap256sha256 ecdsap384sha384 ed25519 rsasha256; do
  rm -rf "$algorithm"
  mkdir "$algorithm"
  cd "$algorithm" || exit 1
  ok "init $algorithm" mudzone init -q . --now $N
  sed -i 's/dnssec: standard/dnssec: ours/' inventory.yaml
  printf 'dnssec-policies:\n  - { name: ours, algorithm: %s }\n' "$algorithm" >>inventory.yaml
  build $N
  build $LATER
  grep -E " IN DNSKEY 257 " out/zones/$ZONE.zone >ksk
  for digest in SHA-256 SHA-384; do
    name=${digest,,}
    ok "$algorithm $digest" mudzone keys ds $ZONE --digest "${name/-/}" --now $LATER
    mudzone keys ds $ZONE --digest "${name/-/}" --now $LATER >ours 2>/dev/null
    dnssec-dsfromkey -a $digest -f ksk $ZONE >theirs 2>/dev/null
    records ours >ours.ds
    records theirs >theirs.ds
    ok "$algorithm: one DS" test "$(wc -l <theirs.ds)" = 1
    same "$algorithm $digest: DS as dnssec-dsfromkey's" ours.ds theirs.ds
  done
  # the zone shows the same CDS and CDNSKEY
  grep -E '^[^;].* IN (CDS|CDNSKEY) ' ours | sort >shown
  grep -E ' IN (CDS|CDNSKEY) ' out/zones/$ZONE.zone | sort >zone
  same "$algorithm: CDS and CDNSKEY as in the zone" shown zone
  cd ..
done
interop_done
