#!/bin/bash
# tests/interop/algorithms.sh -- `mudzone sign` in all its kinds before the judges, and other signers' zones before
# `mudzone verify`, whole and tampered with.
# shellcheck source=tests/support/interop.sh disable=SC2317,SC2086
source "$(dirname "$0")/../support/interop.sh" || exit 1

now=$(date +%s)
day=86400
origin=rich.example
cp "$source_dir/tests/interop/rich.example.zone" plain.zone

# ---------------------------------------------------------------- our signer, their judges

sign() { # OUT-FILE KEYS OPTION…
  local out=$1 keys=$2
  shift 2
  mudzone sign plain.zone --origin $origin --keys "$keys" --now "$now" -o "$out" "$@"
}

for algorithm in ecdsap256sha256 ecdsap384sha384 ed25519 ed448 rsasha256; do
  for denial in nsec nsec3; do
    for keys in split single; do
      name=$algorithm-$denial-$keys
      options=(--algorithm "$algorithm")
      [[ $denial == nsec3 ]] && options+=(--nsec3)
      [[ $keys == single ]] && options+=(--single-key)
      ok "$name: sign" sign "$name.zone" "keys-$algorithm-$keys" "${options[@]}" || continue
      judge_zone "$name" "$name.zone" $origin
      ok "$name: verify" mudzone verify "$name.zone" --origin $origin --now "$now"
      ok "$name: has ZONEMD" grep -q ' ZONEMD ' "$name.zone"
      ok "$name: sign again" sign "$name.again" "keys-$algorithm-$keys" "${options[@]}"
      same "$name: same input, same bytes" "$name.zone" "$name.again"
    done
  done
done

base=ecdsap256sha256-nsec
sign_base() { # OUT-FILE NOW ZONE OPTION…
  local out=$1 at=$2 zone=$3
  shift 3
  mudzone sign "$zone" --origin $origin --keys keys-ecdsap256sha256-split --now "$at" -o "$out" "$@"
}

ok "no ZONEMD when not wanted: sign" sign_base bare.zone "$now" plain.zone --no-zonemd
ok "no ZONEMD when not wanted" bash -c "! grep -q ' ZONEMD ' bare.zone"
judge_zone "without ZONEMD" bare.zone $origin

# An unchanged zone a day later: nothing moves. A changed one: the serial does, and what still fits is kept.
ok "previous, unchanged: sign" sign_base later.zone $((now + day)) plain.zone --previous $base-split.zone
same "previous, unchanged: the same zone" $base-split.zone later.zone
{ cat plain.zone && echo "new A 192.0.2.99"; } >grown.plain
ok "previous, one record more: sign" sign_base grown.zone $((now + 120)) grown.plain --previous $base-split.zone
judge_zone "previous, one record more" grown.zone $origin
ok "previous, one record more: verify" mudzone verify grown.zone --origin $origin --now $((now + 120))
serial() { awk '$4 == "SOA" { print $7; exit }' "$1"; }
ok "previous, one record more: the serial moves forward" test "$(serial grown.zone)" -gt "$(serial $base-split.zone)"
signatures() { awk '$4 == "RRSIG"' "$1" | sort; }
kept=$(comm -12 <(signatures $base-split.zone) <(signatures grown.zone) | wc -l)
all=$(signatures $base-split.zone | wc -l)
# SOA, ZONEMD, and the NSEC of the neighbour are new.
ok "previous, one record more: $kept of $all signatures kept" test "$kept" -ge $((all - 4))

# ---------------------------------------------------------------- their signers, our verify

bind_zone() { # OUT-FILE OPTION…
  local out=$1 dir=bind.$1
  shift
  mkdir "$dir" && cp plain.zone "$dir/z" || return 1
  ( cd "$dir" &&
    dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $origin &&
    dnssec-keygen -q -a ECDSAP256SHA256 $origin &&
    dnssec-signzone -q -S -K . -o $origin -O full -f z.signed "$@" z ) >"$dir/log" 2>&1 ||
    { cat "$dir/log"; return 1; }
  full_form "$dir/z.signed" >"$out"
}

knot_zone() { # OUT-FILE POLICY-LINE…
  local out=$1 dir=knot-signer.$1
  shift
  mkdir -p "$dir/out" && cp plain.zone "$dir/z" || return 1
  {
    printf 'policy:\n  - id: p\n    algorithm: ed25519\n'
    printf '    %s\n' "$@"
    printf 'zone:\n  - domain: %s\n    file: %s\n    dnssec-signing: on\n    dnssec-policy: p\n' $origin "$scratch/$dir/z"
    printf '    zonemd-generate: zonemd-sha384\ndatabase:\n  storage: %s\n' "$scratch/$dir"
  } >"$dir/conf"
  kzonesign -c "$dir/conf" -o "$dir/out" $origin >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
  full_form "$dir/out/z" >"$out"
}

ldns_zone() { # OUT-FILE OPTION…
  local out=$1 dir=ldns.$1 ksk zsk
  shift
  mkdir "$dir" && cp plain.zone "$dir/z" || return 1
  ( cd "$dir" &&
    ksk=$(ldns-keygen -k -a ECDSAP256SHA256 -r /dev/urandom $origin) &&
    zsk=$(ldns-keygen -a ECDSAP256SHA256 -r /dev/urandom $origin) &&
    ldns-signzone -o $origin -f z.signed "$@" z "$zsk" "$ksk" ) >"$dir/log" 2>&1 || { cat "$dir/log"; return 1; }
  full_form "$dir/z.signed" >"$out"
}

# One record per line, all five columns, so that tampering can be done by column.
full_form() {
  named-compilezone -q -i none -k ignore -n ignore -m ignore -r ignore -S ignore -F text -s full -o - $origin "$1" |
    tr '\t' ' ' | tr -s ' '
}

theirs=()
make_theirs() { # NAME FUNCTION OPTION…
  local name=$1 function=$2
  shift 2
  ok "$name: signs" "$function" "$name.zone" "$@" && theirs+=("$name")
}
make_theirs bind-nsec bind_zone
make_theirs bind-nsec3 bind_zone -3 -
make_theirs bind-optout bind_zone -3 - -A
make_theirs knot-nsec knot_zone 'nsec3: off'
make_theirs knot-nsec3 knot_zone 'nsec3: on' 'nsec3-iterations: 0' 'nsec3-salt-length: 8'
make_theirs knot-optout knot_zone 'nsec3: on' 'nsec3-opt-out: on' 'single-type-signing: on'
make_theirs ldns-nsec ldns_zone
make_theirs ldns-nsec3 ldns_zone -n -t 1 -s beef
make_theirs ldns-optout ldns_zone -n -p -t 0
make_theirs ldns-zonemd ldns_zone -z simple:sha384

for name in "${theirs[@]}"; do
  ok "$name: verify" mudzone verify "$name.zone" --origin $origin
done

# tamper NAME KIND SCRIPT: a changed copy of NAME.zone (perl over columns @F) must be refused. A script that changes
# nothing is a mistake of this test.
tamper() {
  local name=$1 kind=$2 script=$3
  perl -lane "$script" "$name.zone" >tampered.zone
  if cmp -s "$name.zone" tampered.zone; then
    ok "$name, $kind: the tampering changes something" false
    return
  fi
  refused "$name, $kind: refused" 1 'error' mudzone verify tampered.zone --origin $origin
}

for name in "${theirs[@]}" $base-split ecdsap256sha256-nsec3-split; do
  [[ -e $name.zone ]] || continue
  chain=NSEC
  grep -q ' NSEC3 ' "$name.zone" && chain=NSEC3
  tamper "$name" "an address changed" 's/192\.0\.2\.4$/192.0.2.44/; print'
  tamper "$name" "a record added" 'print; print "zzz.rich.example. 3600 IN A 192.0.2.77" if $F[3] eq "SOA"'
  tamper "$name" "a record taken out" 'print unless $F[3] eq "LOC"'
  tamper "$name" "a signature taken out" 'print unless "@F[3,4]" eq "RRSIG MX"'
  tamper "$name" "a signature changed" 'if ("@F[3,4]" eq "RRSIG MX") { $F[12] =~ tr/A-Za-z/B-ZAb-za/; $_ = "@F" } print'
  tamper "$name" "a denial record taken out" "print unless \$F[0] !~ /^rich/ && !\$n && \$F[3] eq '$chain' && ++\$n"
  tamper "$name" "a denial record's types changed" "s/ MX / / if \$F[3] eq '$chain'; print"
  tamper "$name" "the DNSKEY taken out" 'print unless $F[3] eq "DNSKEY" && $F[4] == 256 || "@F[3,4]" eq "DNSKEY 257"'
  tamper "$name" "a secure delegation stripped" 'print unless $F[3] eq "DS" || "@F[3,4]" eq "RRSIG DS"'
  # Glue is not signed: only ZONEMD covers it.
  if grep -q ' ZONEMD ' "$name.zone"; then
    tamper "$name" "glue changed" 's/192\.0\.2\.6$/192.0.2.66/; print'
  fi
  refused "$name, after its signatures' end: refused" 1 'expire' \
    mudzone verify "$name.zone" --origin $origin --now $((now + 400 * day))
  refused "$name, before its signatures' start: refused" 1 'error' \
    mudzone verify "$name.zone" --origin $origin --now $((now - 400 * day))
done

interop_done
