#!/bin/bash
# tests/interop/offline_ksk.sh -- a KSK that never is on the signing host: made and used in a folder of its own ("the ceremony"),
# asked for signatures beforehand, through the first DS, several ZSK rolls and a KSK roll. Every zone that is built is judged by
# others. Tampered requests and responses are refused, and a build without a fitting signature leaves the last good zone as it is.
#
# BIND's and ldns' judges look at the real clock: the year that is lived through lies behind us, and signatures last longer than
# it, with a slot of 20 days each.
# shellcheck source=tests/support/interop.sh
# shellcheck disable=SC2317 # called through ok
source "$(dirname "$0")/../support/interop.sh" || exit 1

day=86400
start=$((($(date +%s) / day - 200) * day)) # midnight
zone=off.test
at() { echo $((start + $1 * day)); } # DAYS

mudzone init -q vendor --now "$start" || exit 1
mkdir ceremony stages
inventory=vendor/inventory.yaml
write_policies() { # SINGLE-KEY
  cat >vendor/offline.yaml <<END
zones: [{ name: $zone, file: zones/$zone.zone, dnssec: ceremony }]
dnssec-policies:
  - { name: ceremony, ksk-store: offline, single-key: $1, algorithm: ecdsap256sha256, ksk-lifetime: 0d, zsk-lifetime: 30d,
      signature-validity: 320d, signature-refresh: 300d, signature-jitter: 1h }
END
}
write_policies false
printf '%s\n' "\$ORIGIN $zone." "\$TTL 1h" "@ SOA ns1 hostmaster 1 1h 10m 1d 300" "@ NS ns1" "ns1 A 192.0.2.1" "*.w TXT \"x\"" \
  >vendor/zones/$zone.zone
echo "include: [offline.yaml]" >>$inventory
built=vendor/out/zones/$zone.zone

host() { mudzone -i $inventory --now "$1" "${@:2}"; }              # MOMENT COMMAND…: on the signing host
away() { (cd ceremony && mudzone --now "$1" keys "${@:2}"); }       # MOMENT SUBCOMMAND…: where the KSK is, without an inventory
digest_of() { awk '$1 == "digest" { print $2 }' "$1"; }

# ------------------------------------------------------------------ the key

ok "a KSK is made" away "$start" ceremony-key $zone --keys keys
ksk=$(basename ceremony/keys/*.dnskey .dnskey)
refused "without the KSK nothing is built" 3 'key-offline' host "$start" build
ok "nothing was made" test ! -e vendor/out
ok "its public half is brought in" host "$start" keys import $zone --public "ceremony/keys/$ksk.dnskey"
ok "twice does no harm" host "$start" keys import $zone --public "ceremony/keys/$ksk.dnskey"
refused "a private key is no public one" 1 'key-refused' host "$start" keys import $zone --public "ceremony/keys/$ksk.pem"
refused "without a response nothing is built" 3 'skr-none' host "$start" build
ok "still nothing" test ! -e vendor/out
sed -i 's/single-key: false/single-key: true/' vendor/offline.yaml
refused "a single key is not kept offline" 1 'key-store-use' host "$start" check
write_policies false

# ------------------------------------------------------------------ the first ceremony

ok "request" host "$start" keys request $zone --until "$(at 120)" -o one.ksr
cp one.ksr again.ksr
ok "the same request again" host "$start" keys request $zone --until "$(at 120)" -o one.ksr
same "is the same" one.ksr again.ksr
ok "a dry run" away "$start" sign-response ../one.ksr --keys keys --dry-run
ok "signs nothing" test ! -e ceremony/$zone.skr

tamper() { # FILE SED-EXPRESSION NEW-FILE: with its digest made anew, as whoever tampers would
  sed -E "$2" "$1" | sed '/^digest /d' >"$3"
  echo "digest $(sha256sum <"$3" | cut -d' ' -f1)" >>"$3"
  ok "$3: is changed" bash -c "! cmp -s $1 $3"
}
refuse_request() { # NAME PATTERN FILE OPTION…
  refused "$1" 1 "$2" away "$start" sign-response "../$3" --keys keys "${@:4}"
  ok "$1: nothing is written" test ! -e ceremony/$zone.skr
}
sed 's/^until 20/until 21/' one.ksr >broken.ksr
refuse_request "a request damaged on the way" 'digest is another' broken.ksr
head -n 20 one.ksr >cut.ksr
refuse_request "a request cut off" 'cut off|without a time' cut.ksr
tamper one.ksr 's/DNSKEY 256 3 13/DNSKEY 257 3 13/' flags.ksr
refuse_request "a ZSK with the flags of a KSK" 'not among the keys here|not as mudzone writes it' flags.ksr # its place in the order changes too, or not
tamper one.ksr 's/^(  off.test. +)3600/\10/' ttl.ksr
refuse_request "TTL 0" 'TTL 0' ttl.ksr
tamper one.ksr 's/off\.test/on.test/' zone.ksr
refused "another zone's request" 3 'no KSK of the zone is here' away "$start" sign-response ../zone.ksr --keys keys
tamper one.ksr '/^  off.test. .*CDS/s/ 13 2 ..../ 13 2 FFFF/' cds.ksr
refuse_request "CDS of another key" 'not of a KSK' cds.ksr
refuse_request "times beyond the limit" 'beyond the limit' one.ksr --until "$(at 300)"
refuse_request "another digest than was said" 'request-digest' one.ksr --digest "$(digest_of cds.ksr)"
refused "no such folder" 2 'No such file' away "$start" sign-response ../one.ksr --keys nowhere

ok "the ceremony" away "$start" sign-response ../one.ksr --keys keys --until "$(at 500)" --digest "$(digest_of one.ksr)" -o one.skr

cp ceremony/one.skr .
before=$(mudzone -i $inventory log --json --now "$start" | jq '.events | length')
refuse_response() { refused "$1" 1 "$2" host "$start" keys load "$3"; } # NAME PATTERN FILE
sed 's/^until 20/until 21/' one.skr >broken.skr
refuse_response "a response damaged on the way" 'digest is another' broken.skr
tamper one.skr '/RRSIG/s/[A-Za-z0-9+\/]{4}==$/AAAA==/' signature.skr
refuse_response "a signature that does not verify" 'no KSK of the zone made' signature.skr
tamper one.skr 's/^(sign [^ ]*:0)0Z /\17Z /' times.skr
refuse_response "times that are not the signature's" 'not of its set and time' times.skr
refuse_response "a request" 'not the response' one.ksr
ok "all or nothing: state is as it was" test "$before" = "$(mudzone -i $inventory log --json --now "$start" | jq '.events | length')"
ok "the response is taken in" host "$start" keys load one.skr

# ------------------------------------------------------------------ months go by

judge() { # NAME: what was built, if it is new
  cmp -s $built stages/last && return
  cp $built stages/last
  ok "$1: verify" mudzone verify $built --now "$now"
  ok "$1: dnssec-verify" dnssec-verify -q -o $zone $built
  ok "$1: kzonecheck" kzonecheck -d on -o $zone $built
}
tags() { awk '$4 == "DNSKEY"' $built | sort | sha256sum; }
sets=0
last_tags=
live() { # FROM UNTIL: days; a build and its confirmation every second one
  local d
  for ((d = $1; d < $2; d += 2)); do
    now=$(at "$d")
    ok "day $d: build" host "$now" build || return
    ok "day $d: confirm" host "$((now + 60))" confirm
    judge "day $d"
    if [[ $(tags) != "$last_tags" ]]; then
      last_tags=$(tags)
      sets=$((sets + 1))
    fi
    # the parent follows CDS; the first one too
    for key in $(mudzone -i $inventory --now "$now" keys list $zone --json |
      jq -r '.keys[] | select(.role == "ksk") | .digest'); do
      seen "$key" "$((now + 120))"
    done
  done
}
shown_ds() { # DIGEST: is it the key of a CDS that the zone shows?
  local hash
  hash=$(dnssec-dsfromkey -2 -f <(awk '$4 == "DNSKEY"' "$(ls ceremony/keys/"$1".dnskey)") $zone 2>/dev/null | awk '{ print tolower($7 $8) }')
  [[ -n $hash ]] && awk '$4 == "CDS"' $built | tr 'A-Z' 'a-z' | tr -d ' ' | grep -q "$hash"
}
seen() { # DIGEST MOMENT
  awk '$4 == "CDS"' $built | grep -q . || return 0
  if shown_ds "$1"; then
    host "$2" keys ds-seen $zone "$1" --reason "the registry's web page" >/dev/null 2>&1 # or it was seen before
  else
    host "$2" keys ds-gone $zone "$1" --reason "the registry's web page" >/dev/null 2>&1
  fi
  return 0
}

live 0 100
ok "the KSK's private half never was on the signing host" test ! -e "vendor/state/keys/$ksk.pem"
ok "CDS was shown, and is not any more" bash -c "! awk '\$4 == \"CDS\"' $built | grep -q ."
ok "three ZSK rolls went by: $sets sets" test "$sets" -ge 7
ok "the DS is in place" bash -c "mudzone=$mudzone; \$mudzone -i $inventory --now $now keys list $zone --json |
  jq -e '.keys[] | select(.role == \"ksk\") | .state == \"active\"'"

# ------------------------------------------------------------------ another KSK, and the end of what is covered

ok "a second KSK" away "$(at 100)" ceremony-key $zone --keys keys
next=$(basename "$(ls -t ceremony/keys/*.dnskey | head -n 1)" .dnskey)
ok "waits for its turn" host "$(at 100)" keys import $zone --public "ceremony/keys/$next.dnskey"
ok "the KSK is to go" host "$(at 100)" keys roll $zone ksk --reason "tried"
cp $built kept.zone
refused "not yet signed: the last good zone stays" 3 'skr-none' host "$(at 100)" build
ok "it is as it was" cmp $built kept.zone
ok "the next request" host "$(at 100)" keys request $zone --until "$(at 190)" -o two.ksr
ok "the next ceremony" away "$(at 100)" sign-response ../two.ksr --keys keys -o two.skr
ok "is taken in" host "$(at 100)" keys load ceremony/two.skr
live 100 150
ok "the second KSK has taken over" bash -c "awk '\$4 == \"DNSKEY\" && \$5 == 257' $built | wc -l | grep -qx 1"
refused "status asks for the next ceremony" 1 'offline KSK has signed what is planned until' host "$(at 162)" status $zone
ok "not long before" bash -c "! $mudzone -i $inventory --now $(at 150) status $zone | grep -q 'what is planned until'"
ok "the end of what is covered is said in time" bash -c "$mudzone -i $inventory --now $(at 162) build 2>&1 | grep -q skr-coverage"
cp $built kept.zone
refused "nothing fits any more" 3 'skr-none' host "$(at 600)" build --accept-clock
ok "the last good zone stays" cmp $built kept.zone
interop_done
