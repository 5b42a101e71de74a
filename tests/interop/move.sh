#!/bin/bash
# tests/interop/move.sh -- zones move from BIND and from Knot to mudzone and back with their keys: the same DNSKEYs, the same DS, and a
# resolver that has the old signer's records in its cache finds every answer valid.
#   signzone  keys of dnssec-keygen, signed by dnssec-signzone; back the same way
#   named     keys and signatures by named itself (dnssec-policy); back to named
#   knotd     the same by knotd; back to knotd
# shellcheck source=tests/support/world.sh disable=SC2317 # called through ok
source "$(dirname "$0")/../support/world.sh" || exit 1

ttl=60 # long enough for what is in the cache to stay there
zones=(signzone.parent.test named.parent.test knotd.parent.test)
signer=5300 # port of a hidden primary on 127.0.0.1 that signs
inventory=vendor/inventory.yaml
out=vendor/out

zone_file() { # ZONE SERIAL
  printf "$1. $ttl IN %s\n" "SOA ns1.$1. hostmaster.$1. $2 3600 600 86400 $ttl" "NS ns1.$1." "NS ns2.$1."
  printf "%s.$1. $ttl IN A %s\n" ns1 "${children[0]}" ns2 "${children[1]}" www 192.0.2.1 '*.wild' 192.0.2.2
}
next_serial() { echo $(($(serial_at "${children[0]}" "$1.") + 1)); } # ZONE

# ------------------------------------------------------------------ other signers

# sign_signzone ZONE KEY-DIR FILE
sign_signzone() {
  zone_file "$1" "${serial:-1}" >"$1.plain"
  dnssec-signzone -q -O full -S -K "$2" -d "$2" -o "$1" -f "$3.full" "$1.plain" >"$1.log" 2>&1 || { cat "$1.log"; return 1; }
  sed -e 's/[ \t]*;.*//' -e '/^$/d' "$3.full" >"$3"
}

# take_signed ZONE FILE: the whole zone from the hidden primary, once all of it is signed
take_signed() { until_true "the signer of $1" take "$@"; }
take() {
  kdig @127.0.0.1 -p "$signer" +retry=0 +timeout=2 +noall +answer "$1" AXFR | awk '$4 != "SOA" || !soa++' >"$2"
  dnssec-verify -q -o "$1" "$2"
}

# sign_named ZONE KEY-DIR FILE: by a named of its own, that finds the keys there, or makes them
sign_named() {
  local dir=$scratch/$1.named
  rm -rf "$dir" && mkdir -p "$dir" "$2"
  zone_file "$1" "${serial:-1}" >"$dir/zone"
  cat >"$dir/named.conf" <<END
options {
  directory "$dir"; pid-file "$dir/pid"; session-keyfile "$dir/session.key"; managed-keys-directory "$dir";
  listen-on port $signer { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; allow-transfer { any; }; notify no; dnssec-validation no;
};
controls { };
dnssec-policy move {
  keys { ksk key-directory lifetime unlimited algorithm ecdsap256sha256; zsk key-directory lifetime unlimited algorithm ecdsap256sha256; };
  dnskey-ttl $ttl; max-zone-ttl $ttl; parent-ds-ttl $ttl;
};
zone "$1" { type primary; file "$dir/zone"; key-directory "$scratch/$2"; dnssec-policy move; inline-signing yes; };
END
  serve "$dir/log" named -g -n 1 -c "$dir/named.conf"
  take_signed "$1" "$3" || tail -n 20 "$dir/log"
  end_server
}

# sign_knotd ZONE KASP-DIR FILE: by a knotd of its own, with the keys in its KASP database, or new ones
sign_knotd() {
  local dir=$scratch/$2
  mkdir -p "$dir"
  zone_file "$1" "${serial:-1}" >"$dir/zone"
  knotd_configuration "$1" "$dir"
  serve "$dir/log" knotd -c "$dir/knot.conf"
  take_signed "$1" "$3" || tail -n 20 "$dir/log"
  # what an operator says once the parent has the DS
  knotc -c "$dir/knot.conf" zone-ksk-submitted "$1" >/dev/null 2>&1
  end_server
}
knotd_configuration() { # ZONE DIR
  cat >"$2/knot.conf" <<END
server:
  listen: 127.0.0.1@$signer
  rundir: "$2"
  pidfile: "$2/pid"
log:
  - target: stderr
    any: info
database:
  storage: "$2"
acl:
  - id: all
    action: transfer
policy:
  - id: move
    algorithm: ecdsap256sha256
    ksk-lifetime: 0
    zsk-lifetime: 0
    dnskey-ttl: $ttl
    cds-cdnskey-publish: none
zone:
  - domain: "$1."
    file: "$2/zone"
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    acl: all
    dnssec-signing: on
    dnssec-policy: move
END
}
end_server() { # the last one
  kill "${servers[-1]}" && wait "${servers[-1]}" 2>/dev/null
  unset "servers[-1]"
}

# ------------------------------------------------------------------ one version

dnskeys() { awk '$4 == "DNSKEY" { $2 = ""; print tolower($1), $3, $4, $5, $6, $7, $8 $9 $10 $11 }' "$1" | sort; } # FILE
ds_in() { awk '$4 == "DNSKEY"' "$1" | dnssec-dsfromkey -2 -f - "$2" | awk '{ print $4, $5, $6, $7 }' | sort; } # FILE ZONE
number=0

# go_public NAME ZONE FILE: both servers have it, and what is asked is right, by old records in the cache and by new ones.
go_public() {
  local name="$2, $1" zone=$2 file=$3 address
  ok "$name: serial goes forward" test "$(serial_in "$file")" -gt "$(serial_at "${children[0]}" "$zone." || echo 0)"
  judge_zone "$name" "$file" "$zone"
  ok "$name: the DS of before" diff <(ds_in "$file" "$zone") "$zone.ds"
  ok "$name: the DNSKEYs of before" diff <(dnskeys "$file") "$zone.dnskeys"
  for address in "${children[@]}"; do
    publish "$address" "$zone" "$file"
    number=$((number + 1))
    ok "$name: answers when $address has it" ask_zone "$zone" $number ad
  done
}

# ------------------------------------------------------------------ before

for zone in "${zones[@]}"; do
  name=${zone%%.*}
  mkdir "$name.keys"
  if [[ $name == signzone ]]; then
    for role in "-f KSK" ""; do
      # shellcheck disable=SC2086 # words
      dnssec-keygen -q -K "$name.keys" -a ECDSAP256SHA256 -L $ttl $role "$zone" >/dev/null
    done
  fi
  "sign_$name" "$zone" "$name.keys" "$name.zone"
  dnskeys "$name.zone" >"$zone.dnskeys"
  ds_in "$name.zone" "$zone" >"$zone.ds"
  ds_of[$zone]=$(<"$zone.ds")
  for address in "${children[@]}"; do put "$address" "$zone" "$name.zone"; done
done
start_parents "${zones[@]}"
for address in "${children[@]}"; do start "$address" "${zones[@]}"; done
start_resolvers
for zone in "${zones[@]}"; do
  until_true "$zone with AD" ask_zone "$zone" 0 ad
done

# ------------------------------------------------------------------ to us

mudzone init -q vendor
{
  echo "zones:"
  for zone in "${zones[@]}"; do
    echo "  - { name: $zone, file: zones/$zone.zone, dnssec: moved, ttl: quick }"
    zone_file "$zone" 1 >"vendor/zones/$zone.zone"
  done
  echo "dnssec-policies:"
  echo "  - { name: moved, zsk-lifetime: 0d, dnskey-ttl: ${ttl}s, parent-ds-ttl: ${ttl}s, cds: rollover }"
  echo "ttl-policies:"
  echo "  - { name: quick, mode: report, negative: { min: 1s, max: 1h } }"
} >vendor/moved.yaml
echo "include: [moved.yaml]" >>$inventory

ok "keys of dnssec-keygen are imported" mudzone -i $inventory keys import signzone.parent.test signzone.keys/*.private
ok "keys of named are imported" mudzone -i $inventory keys import named.parent.test named.keys/*.private
keymgr -c knotd.keys/knot.conf -e knotd.parent.test list >knotd.list
refused "key files that others may read" 2 "chmod 600" mudzone -i $inventory keys import knotd.parent.test --knot-list knotd.list \
  knotd.keys/keys/keys/*.pem
chmod 600 knotd.keys/keys/keys/*.pem
ok "keys of knotd are imported" mudzone -i $inventory keys import knotd.parent.test --knot-list knotd.list knotd.keys/keys/keys/*.pem
ok "build" mudzone -i $inventory build || interop_done
for zone in "${zones[@]}"; do
  go_public "mudzone" "$zone" "$out/zones/$zone.zone"
done
ok "confirm" mudzone -i $inventory confirm
ok "build again" mudzone -i $inventory build
for zone in "${zones[@]}"; do
  same "$zone: nothing is rolled" "$(dir_of "${children[0]}")/$zone.zone" "$out/zones/$zone.zone"
done
ok "status" mudzone -i $inventory status "${zones[@]}"

# ------------------------------------------------------------------ and back

for zone in "${zones[@]}"; do
  name=${zone%%.*}
  ok "$zone: keys are exported" mudzone -i $inventory keys export "$zone" --format bind -o "$name.back"
  keys=$name.back
  if [[ $name == knotd ]]; then
    keys=knotd.kasp
    mkdir $keys
    knotd_configuration "$zone" "$scratch/$keys"
    for key in "$name.back"/*.private; do
      ok "$zone: keymgr takes $(basename "$key")" keymgr -c "$keys/knot.conf" "$zone" import-bind "${key%.private}"
    done
  fi
  serial=$(next_serial "$zone")
  "sign_$name" "$zone" "$keys" "$name.again"
  go_public "$name again" "$zone" "$name.again"
done

# The resolver is no yes-man, and its old records are in use: with keys that the parent does not know there is no answer.
zone=signzone.parent.test
mkdir other.keys
for role in "-f KSK" ""; do
  # shellcheck disable=SC2086 # words
  dnssec-keygen -q -K other.keys -a ECDSAP256SHA256 -L $ttl $role "$zone" >/dev/null
done
serial=$(next_serial "$zone")
sign_signzone "$zone" other.keys other.zone
publish "${children[0]}" "$zone" other.zone
publish "${children[1]}" "$zone" other.zone
refused "other keys" 1 SERVFAIL ask_zone "$zone" 99 ad
interop_done
