#!/bin/bash
# tests/interop/rollover.sh -- whole rollovers on a shortened clock: build, publish, confirm, observe, again and again, with a real
# parent whose registry follows CDS, while a client asks a validating resolver all the way through. No answer may ever be
# SERVFAIL, and once a zone's DS is there every answer is validated.
#
# TTLs are of 1 to 4 s and delays of 2 s, so the waits of RFC 7583 are of 3 to 6 s. Nothing waits for time to pass: the loop goes on as fast as it can until
# `mudzone status` says that all rolls are done. Zones and what they go through, side by side:
#   roll       signed for the first time, ZSK, KSK, then insecure again
#   algorithm  signed for the first time, ECDSA P-256 to Ed25519
#   single     signed for the first time, KSK and ZSK to a single key, and back
# shellcheck source=tests/support/world.sh
# shellcheck disable=SC2317 # called through ok and until_true
source "$(dirname "$0")/../support/world.sh" || exit 1

zones=(roll.parent.test algorithm.parent.test single.parent.test)
declare -A todo=([roll.parent.test]="sign zsk ksk unsign" [algorithm.parent.test]="sign algorithm"
  [single.parent.test]="sign single split")
declare -A policy=()
for zone in "${zones[@]}"; do policy[$zone]=two-keys; done
inventory=vendor/inventory.yaml
out=vendor/out

# ------------------------------------------------------------------ the vendor

write_zones() {
  local zone
  mkdir -p vendor/zones
  for zone in "${zones[@]}"; do
    printf '%s\n' "\$ORIGIN $zone." "\$TTL ${ttl}s" "@ SOA ns1 hostmaster 1 1h 10m 1d $ttl" "@ NS ns1" "@ NS ns2" \
      "ns1 A ${children[0]}" "ns2 A ${children[1]}" "www A 192.0.2.1" "*.wild A 192.0.2.2" >"vendor/zones/$zone.zone"
  done
}

write_policies() { # of the zones as they are in $policy
  local zone times="zsk-lifetime: 0d, propagation-delay: 2s, parent-propagation-delay: 2s, parent-ds-ttl: ${ttl_ds}s, dnskey-ttl: ${ttl_dnskey}s"
  {
    echo "zones:"
    for zone in "${zones[@]}"; do
      echo "  - { name: $zone, file: zones/$zone.zone, dnssec: ${policy[$zone]}, ttl: quick }"
    done
    echo "dnssec-policies:"
    echo "  - { name: two-keys, $times }"
    echo "  - { name: ed25519, algorithm: ed25519, $times }"
    echo "  - { name: one-key, single-key: true, ksk-lifetime: 0d, $times }"
    echo "  - { name: no-dnssec, unsigned: true, $times }"
    echo "  - { name: slow, ${times/dnskey-ttl: ${ttl_dnskey}s/dnskey-ttl: 60s} }"
    echo "ttl-policies:"
    echo "  - { name: quick, mode: report, negative: { min: 1s, max: 1h } }"
  } >vendor/rolls.yaml.new && mv vendor/rolls.yaml.new vendor/rolls.yaml
}

mudzone init -q vendor || exit 1
write_zones
write_policies
printf '%s\n' "include: [rolls.yaml]" "parent: { trust-anchor: ../parent.ds, resolver: \"$resolver@53\" }" >>$inventory

# ------------------------------------------------------------------ one round

run() { # COMMAND ARGUMENT…: mudzone, with what it says kept in COMMAND.log; ends the rounds when it fails
  local command=$1
  shift
  mudzone -i $inventory "$command" "$@" >"$command.log" 2>&1 && return
  echo "mudzone $command $*: status $?"
  cat "$command.log"
  return 1
}

# The servers take the new versions, the second one later; each version is kept for the judges.
publish_all() {
  local address zone
  for address in "${children[@]}"; do
    for zone in "${zones[@]}"; do
      is_published "$address" "$zone" "$out/zones/$zone.zone" && continue
      publish "$address" "$zone" "$out/zones/$zone.zone" || return
      cp "$out/zones/$zone.zone" "stages/$zone.$(serial_in "$out/zones/$zone.zone")"
    done
  done
}

next_round() {
  run build && publish_all && run confirm && registry && run observe "${zones[@]}" && get_status || return
  if [[ $parent_is_behind == 1 ]]; then
    ok "a parent of two minds is noticed" said "says (another set|no DS); expected the same answer" observe.log
  fi
}

said() { grep -qE "$1" "$2" || { cat "$2"; return 1; }; } # TEXT FILE

get_status() {
  mudzone -i $inventory status --json >status.log 2>status.err || [[ $? == 1 ]] # 1: somebody is to act
}

# What status says of ZONE is true for the jq FILTER.
says() { jq -e --arg zone "$1" ".zones[] | select(.name == \$zone) | $2" status.log >/dev/null; } # ZONE FILTER

quiet='(.roll."under-way" | not)'
has_ds='([.keys[] | select(."leaves-since" == null and .role != "zsk") | .parts.ds.state == "everywhere"] | (length > 0 and all))'
is_done() { # ZONE STEP
  case $2 in
    unsign) says "$1" "$quiet and ([.keys[].state == \"removed\"] | all)" ;;
    *) says "$1" "$quiet and $has_ds" ;;
  esac
}

begin() { # ZONE STEP
  case $2 in
    zsk | ksk) run keys roll "$1" "$2" --reason "the test's turn" ;;
    algorithm) policy[$1]=ed25519 && write_policies ;;
    single) policy[$1]=one-key && write_policies ;;
    split) policy[$1]=two-keys && write_policies ;;
    unsign) expect "$1" any && policy[$1]=no-dnssec && write_policies ;;
  esac
}

# A zone whose step is done is seen to be right, and takes the next.
go_on() { # ZONE
  local zone=$1 step=${todo[$1]%% *}
  [[ -n ${todo[$zone]} ]] && is_done "$zone" "$step" || return 0
  echo "$SECONDS s: $zone: $step is done"
  # What came into the cache before the DS did, or before it went, keeps its verdict for its TTL.
  case $step in
    sign) until_true "$zone to be validated" ask_zone "$zone" $rounds ad ;;
    unsign) until_true "$zone not to be validated" ask_zone "$zone" $rounds - ;;
    *) ok "$zone, $step is done: all answers are validated" ask_zone "$zone" $rounds ad ;;
  esac
  expect "$zone" "$([[ $step == unsign ]] && echo - || echo ad)"
  todo[$zone]=${todo[$zone]#"$step"}
  todo[$zone]=${todo[$zone]# }
  begin "$zone" "${todo[$zone]%% *}"
}

# ------------------------------------------------------------------ all of it

mkdir stages
start_parents "${zones[@]}" || exit 1
run build || exit 1
for address in "${children[@]}"; do
  for zone in "${zones[@]}"; do
    put "$address" "$zone" "$out/zones/$zone.zone"
  done
  start "$address" "${zones[@]}"
done
start_resolvers
for zone in "${zones[@]}"; do expect "$zone" any; done
asker "${zones[@]}" &
servers+=($!)

rounds=0
limit=$((SECONDS + 240))
to_do() { printf '%s' "${todo[@]}"; }
while [[ -n $(to_do) && ! -e asked.wrong ]] && ((SECONDS < limit && ++rounds < 20000)) && next_round; do
  for zone in "${zones[@]}"; do go_on "$zone"; done
done
echo "$SECONDS s: $rounds rounds, $(<asked.count) rounds of questions"
ok "all rolls are done" test -z "$(to_do)" || jq -c '.zones[] | {name, verdict, summary, roll, blocks}' status.log
ok "the asker asked all the while" test "$(<asked.count)" -gt $((rounds / 4))
ok "the event log is whole" mudzone -i $inventory log --verify
ok "OUT is right" mudzone verify $out
ok "no answer was wrong" test ! -e asked.wrong || { cat asked.wrong; tail -n 5 unbound-*/log; }
for zone in "${zones[@]}"; do
  keys=$(jq --arg zone "$zone" '[.zones[] | select(.name == $zone) | .keys[] | select(.state == "removed")] | length' status.log)
  ok "$zone: keys were rolled ($keys)" test "$keys" -ge 2
done

# ------------------------------------------------------------------ the judges, over every version that was served

# What they say in the middle of a roll:
# - Signatures by a key whose DNSKEY is not (yet, any more) in the zone, as in an algorithm rollover (RFC 6781 s4.1.4): all accept
#   them, rightly: they ask for a signature of each algorithm of the DNSKEY RRset (RFC 4035 s2.2), and pass over the others.
# - A single key (flags 257) that signs the data, while there is another DNSKEY: ldns accepts that. dnssec-verify does with -z, else
#   it misses a ZSK. kzonecheck 3.2 objects "no valid signature", wrongly: validators use a key of flags 257 like one of 256
#   (RFC 4034 s2.1.1).
one_of_two() { # FILE ZONE
  local tag
  [[ $(awk '$4 == "DNSKEY"' "$1" | wc -l) -gt 1 ]] || return
  while read -r tag; do
    awk -v tag="$tag" '$4 == "RRSIG" && $5 == "A" && $11 == tag { found = 1 } END { exit !found }' "$1" && return
  done < <(awk '$4 == "DNSKEY" && $5 == 257' "$1" | dnssec-dsfromkey -2 -f - "$2" | awk '{ print $4 }')
  return 1
}
judge_stage() { # FILE ZONE
  local name
  name=$(basename "$1")
  ok "$name: mudzone verify" mudzone verify "$1"
  if ! one_of_two "$@"; then
    judge_zone "$name" "$@"
    return
  fi
  ok "$name: dnssec-verify -z" dnssec-verify -q -z -o "$2" "$1"
  ok "$name: ldns-verify-zone -ZZ" ldns-verify-zone -V1 -ZZ "$1"
  ok "$name: kzonecheck has no other objection" objects_only "no valid signature for a record" kzonecheck -d on -o "$2" "$1"
}
objects_only() { # TEXT COMMAND…: it finds nothing, or nothing else
  local text=$1 output
  shift
  output=$("$@" 2>&1) || ! grep '^\[' <<<"$output" | grep -qvF "$text"
}

stages_seen=0
for file in stages/*; do
  zone=$(basename "${file%.*}")
  awk '$4 == "DNSKEY"' "$file" | grep -q . || continue
  stages_seen=$((stages_seen + 1))
  judge_stage "$file" "$zone"
done
ok "many stages were judged ($stages_seen)" test "$stages_seen" -ge 15
# RRSIG TYPE ALGORITHM … KEY-TAG; DNSKEY FLAGS PROTOCOL ALGORITHM
alone() { # FIRST SECOND: some version has signatures of algorithm FIRST, and DNSKEYs of SECOND only
  awk -v first="$1" -v second="$2" '
    FNR == 1 { stages += sigs && keys && !others; sigs = keys = others = 0 }
    $4 == "RRSIG" && $5 == "A" && $6 == first { sigs = 1 }
    $4 == "DNSKEY" && $7 == second { keys = 1 }
    $4 == "DNSKEY" && $7 != second { others = 1 }
    END { stages += sigs && keys && !others; exit stages == 0 }' stages/algorithm.*
}
ok "signatures of the new algorithm came before its keys" alone 15 13
ok "signatures of the old algorithm outlived its keys" alone 13 15

# ------------------------------------------------------------------ the asker notices

# A ZSK roll that everybody believes confirmed, but which is published only at its end: caches know the old DNSKEYs only. They have
# them for a minute, and the clock of the builds is ahead, so that nothing depends on speed.
zone=single.parent.test
dnskeys_last() { [[ $(kdig "@$resolver" +noall +answer +ttl "$zone" DNSKEY | awk 'NR == 1 { print $2 }') -gt 50 ]]; }
rm -f asked.wrong
policy[$zone]=slow
write_policies
ok "DNSKEYs with a long TTL" next_round
until_true "them in the cache" dnskeys_last
ok "a ZSK roll begins" run keys roll "$zone" zsk --reason "to break the chain" --now $((EPOCHSECONDS + 100))
for later in 100 300; do
  now=$((EPOCHSECONDS + later))
  ok "a hidden build" run build --now $now
  ok "... confirmed" run confirm --now $now
done
publish_all
until_true "the asker to notice" test -e asked.wrong
ok "the asker notices signatures of a key that no cache knows" grep -q SERVFAIL asked.wrong
interop_done
