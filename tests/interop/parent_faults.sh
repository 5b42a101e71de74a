#!/bin/bash
# tests/interop/parent_faults.sh -- what a build makes of a parent that disagrees with itself, is silent, lame or lies, and of
# observations that are forged or old: it waits, keeps the zone fresh, and says which server is to blame. DNSSEC of the parent proves
# what it says; the resolver on the way is trusted with nothing.
# shellcheck source=tests/support/world.sh disable=SC2317 # called through ok
source "$(dirname "$0")/../support/world.sh" || exit 1

zone=waits.parent.test
inventory=vendor/inventory.yaml
out=vendor/out
observation=vendor/observations/$zone.json
vendor() { mudzone -i $inventory "$@"; }

mudzone init -q vendor
printf '%s\n' "\$ORIGIN $zone." "\$TTL ${ttl}s" "@ SOA ns1 hostmaster 1 1h 10m 1d $ttl" "@ NS ns1" "@ NS ns2" "ns1 A ${children[0]}" \
  "ns2 A ${children[1]}" "www A 192.0.2.1" "*.wild A 192.0.2.2" >vendor/zones/$zone.zone
cat >vendor/waits.yaml <<END
zones:
  - { name: $zone, file: zones/$zone.zone, dnssec: quick, ttl: quick }
dnssec-policies:
  - { name: quick, zsk-lifetime: 0d, propagation-delay: 0s, parent-propagation-delay: 0s, parent-ds-ttl: ${ttl_ds}s, dnskey-ttl: ${ttl_dnskey}s }
ttl-policies:
  - { name: quick, mode: report, negative: { min: 1s, max: 1h } }
END
printf '%s\n' "include: [waits.yaml]" "parent: { trust-anchor: ../parent.ds, resolver: \"$resolver@53\" }" >>$inventory

# ------------------------------------------------------------------ until the parent is asked

start_parents $zone
start_resolvers
ok "build" vendor build || interop_done
for address in "${children[@]}"; do put "$address" $zone $out/zones/$zone.zone && start "$address" $zone; done
ok "confirm" vendor confirm
ok "there is a secure delegation to nothing yet" vendor observe $zone
asks_for_ds() { vendor build -q && grep -q 'IN CDS' "$out/zones/$zone.zone"; }
until_true "CDS" asks_for_ds
for address in "${children[@]}"; do publish "$address" $zone $out/zones/$zone.zone; done
vendor confirm -q
kept=$(jq -r '.zones[] | .keys[] | select(.role == "ksk") | .digest' $out/manifest.json | head -n 1)

ds_state() { # the jq FILTER on the KSK's DS
  vendor status --json 2>/dev/null | jq -r --arg zone $zone '.zones[] | select(.name == $zone) | .keys[] | select(.role == "ksk") | .parts.ds' | jq -r "$1"
}
waits() { # NAME PATTERN: after this observation the build still waits for the parent, and says why
  local name=$1 pattern=$2
  refused "$name: observe says so" 0 "$pattern" vendor observe $zone
  build_waits "$@"
}
build_waits() { # NAME PATTERN: the same of an observation that lies there
  refused "$1: build says so" 0 "$2" vendor build
  ok "$1: the DS counts as not seen" test "$(ds_state '."in-seen"')" = null
  ok "$1: the zone is as it was" is_published "${children[0]}" $zone $out/zones/$zone.zone
}

refused "nothing yet: observe says so" 0 "no DS, proven by DNSSEC" vendor observe $zone
build_waits "nothing yet" "give .*$zone.ds to the parent zone"

# ------------------------------------------------------------------ a parent of two minds, silent, lame

registry # the first server only
waits "one server has the DS" "${parents[1]}.*no DS, proven by DNSSEC; but .*another set"
ok "... explain names the server" grep -q "${parents[1]}" <(vendor explain $zone)

stop "${parents[1]}"
waits "the other is silent" "${parents[1]}.*(timeout|refused|nobody)"

mkdir -p "$(dir_of "${parents[1]}")" && rm -f "$(dir_of "${parents[1]}")"/*.zone
printf '%s\n' "lame.test. 60 IN SOA ns.lame.test. h.lame.test. 1 3600 600 86400 60" "lame.test. 60 IN NS ns.lame.test." \
  "ns.lame.test. 60 IN A ${parents[1]}" >lame.zone
put "${parents[1]}" lame.test lame.zone && start "${parents[1]}" lame.test
waits "the other is lame" "${parents[1]}.*(REFUSED|lame|not authoritative)"
stop "${parents[1]}"

# ------------------------------------------------------------------ lies

# The same DS, but signed by somebody else.
mkdir forger
{ dnssec-keygen -q -K forger -a ECDSAP256SHA256 -L 3600 -f KSK parent.test &&
  dnssec-keygen -q -K forger -a ECDSAP256SHA256 -L 3600 parent.test; } >/dev/null
cp parent.zone parent.honest
mv parent.keys parent.real && cp -r forger parent.keys && parent_sign
rm -rf parent.keys && mv parent.real parent.keys
cp parent.zone parent.forged && cp parent.honest parent.zone
put "${parents[1]}" parent.test parent.forged && start "${parents[1]}" parent.test
waits "the other's DS is signed by a stranger" "${parents[1]}.*(not proven|unproven|signature|proves nothing)"

# An observation that somebody changed on its way to the signing side: nobody is believed who cannot prove it.
stop "${parents[1]}"
put "${parents[1]}" parent.test parent.zone && start "${parents[1]}" parent.test
parent_is_behind=0
ok "the parent is well: observe" vendor observe $zone
cp $observation honest.json
jq -c '.answers[].response |= .[0:80] + "AAAA" + .[84:]' honest.json >$observation # within the digest
build_waits "another DS in all answers" "(not proven|unproven|signature|proves nothing)"
jq -c '.answers |= map(select(.address | startswith("'"${parents[0]}"'")))' honest.json >$observation
build_waits "an observation without the second server" "has a name server that was not asked"
head -c 200 honest.json >$observation
build_waits "half an observation" "observation-malformed"

# ------------------------------------------------------------------ and then the truth

cp honest.json $observation
ok "the whole observation: build" vendor build
ok "... the DS is seen" test "$(ds_state '."in-seen"')" != null
ok "... and nobody lost the key" test "$kept" = "$(jq -r '.zones[] | .keys[] | select(.role == "ksk") | .digest' $out/manifest.json | head -n 1)"
is_everywhere() { vendor build -q && [[ $(ds_state .state) == everywhere ]]; }
until_true "the DS everywhere" is_everywhere
ok "validated" ask_zone $zone 1 ad

# A registry that takes the DS away by hand: an old observation does not hide it.
ds_of[$zone]=""
parent_serial=$((parent_serial + 1))
parent_sign
for address in "${parents[@]}"; do publish "$address" parent.test parent.zone; done
refused "the DS went by itself: observe" 0 "no DS, proven by DNSSEC" vendor observe $zone
refused "... build says so" 0 "ds-gone: the parent lost it, though nobody asked for that" vendor build
refused "... and status asks for it" 1 "ACTION: give the parent the DS" vendor status $zone
cp honest.json $observation
refused "an older observation than the last one is not used" 0 "older|earlier" vendor build
interop_done
