#!/bin/bash
# tests/interop/parent.sh -- `observe` asks real parents (Knot, NSD, BIND): agreement, a liar, a silent one, TSIG, NSEC3 with
# opt-out, an unsigned parent; and the NOTIFY(CDS) that RFC 9859 wants arrives.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

# Name servers found by NS are asked on port 53: addresses of our own in 127/8.
net=127.53.9
if ! python3 -c "import socket; socket.socket().bind(('$net.2', 53))" 2>/dev/null; then
  left_out "parent: port 53 of $net.2 cannot be bound here"
  exit 77
fi

# ------------------------------------------------------------------ zones

child_key() { # WHICH: a key of the child, its DS in WHICH.ds, its CDS in WHICH.cds
  local key
  key=$(dnssec-keygen -q -a 13 -f KSK signed.parent.test)
  cp "$key.key" "$1.dnskey"
  dnssec-dsfromkey -2 "$key.key" >"$1.ds"
  sed 's/ IN DS / IN CDS /' "$1.ds" >"$1.cds"
}
child_key first
child_key second

notify_port=$(free_port)
# RFC 9859 s2.1 as unknown data (RFC 3597): CDS, scheme 1, the port, notice.parent.test
dsync=$(printf 'TYPE66 \\# 25 003b01%04x066e6f7469636506706172656e74047465737400' "$notify_port")

# parent_zone NAME FILE [signzone-option…]: the records on standard input, signed with the keys of NAME into FILE.
parent_zone() {
  local name=$1 file=$2
  shift 2
  cat >"$file.in"
  dnssec-signzone -q -S -K . -O full -o "$name" -f "$file" "$@" "$file.in" >"$file.log" 2>&1 || cat "$file.log"
  # BIND may know DSYNC by name; Knot and NSD do not
  sed -i -E "s/(IN[ \t]+)DSYNC[ \t].*/\1${dsync//\\/\\\\}/; s/\bDSYNC\b/TYPE66/g" "$file"
}
for name in parent.test optout.test; do
  dnssec-keygen -q -a 13 -f KSK "$name" >/dev/null
  dnssec-keygen -q -a 13 "$name" >/dev/null
done
apex() {
  # shellcheck disable=SC2016 # for the zone file
  printf '$TTL 3600\n@ SOA ns1 admin 1 3600 900 1209600 600\n'
  printf '@ NS ns1\n@ NS ns2\nns1 A %s.2\nns2 A %s.3\nnotice A 127.0.0.1\n' $net $net
  printf 'plain NS ns.plain\nns.plain A 192.0.2.1\nsigned NS ns.signed\nns.signed A 192.0.2.1\n'
}
{
  apex
  cat first.ds
  printf '*._dsync %s\n' "$dsync"
} | parent_zone parent.test parent.zone
{ # the same parent, by the same keys, with another DS
  apex
  cat second.ds
} | parent_zone parent.test liar.zone
{ # no wildcard: the target stands beside (RFC 9859 s4.1)
  apex
  printf '_dsync %s\n' "$dsync"
} | parent_zone optout.test optout.zone -3 - -A
# shellcheck disable=SC2016
{ printf '$ORIGIN bare.test.\n'; apex; } >bare.zone
cat Kparent.test.*.key Koptout.test.*.key | grep ' DNSKEY 257' >anchors.zone

# ------------------------------------------------------------------ servers

key_secret=$(head -c 32 /dev/urandom | base64)
install -m 600 /dev/null agent.secret
printf '%s\n' "$key_secret" >agent.secret

zones=(parent.test=parent.zone optout.test=optout.zone bare.test=bare.zone)
mkdir knot nsd named
{
  printf 'server:\n  listen: %s.2@53\n  rundir: "%s"\n  pidfile: "%s/knot/pid"\n' $net "$scratch/knot" "$scratch"
  printf 'database:\n  storage: "%s/knot"\nlog:\n  - target: stderr\n    any: info\nzone:\n' "$scratch"
  for zone in "${zones[@]}"; do
    printf '  - domain: "%s"\n    file: "%s/%s"\n    zonefile-sync: -1\n    journal-content: none\n' "${zone%%=*}" "$scratch" "${zone#*=}"
  done
} >knot/conf
serve knot/log knotd -c knot/conf
{
  printf 'server:\n  ip-address: %s.3\n  port: 53\n  username: ""\n  chroot: ""\n  zonesdir: "%s"\n' $net "$scratch"
  printf '  pidfile: "nsd/pid"\n  database: ""\n  xfrdfile: "nsd/xfrd"\n  zonelistfile: "nsd/list"\n  server-count: 1\n'
  printf 'remote-control:\n  control-enable: no\n'
  for zone in "${zones[@]}"; do printf 'zone:\n  name: "%s"\n  zonefile: "%s"\n' "${zone%%=*}" "${zone#*=}"; done
} >nsd/conf
serve nsd/log nsd -d -c nsd/conf
tsig_port=$(free_port)
{
  printf 'key "agent.key" { algorithm hmac-sha256; secret "%s"; };\n' "$key_secret"
  printf 'options { directory "%s"; pid-file "%s/named/pid"; session-keyfile "%s/named/session.key";\n' "$scratch" "$scratch" "$scratch"
  printf '  managed-keys-directory "%s/named"; listen-on port %s { 127.0.0.1; };\n' "$scratch" "$tsig_port"
  printf '  listen-on-v6 { none; }; recursion no; dnssec-validation no; notify no; };\ncontrols { };\n'
  for zone in "${zones[@]}"; do printf 'zone "%s" { type primary; file "%s"; };\n' "${zone%%=*}" "${zone#*=}"; done
} >named/conf
serve named/log named -g -n 1 -c named/conf
liar_port=$(free_port)
serve_zones_nsd "$liar_port" "parent.test=$scratch/liar.zone"

# Hears NOTIFY(CDS), writes down what it was about, and acknowledges; and a port that swallows everything.
silent_port=$(free_port)
cat >receiver.py <<'END'
import socket, sys
notify, silent = int(sys.argv[1]), int(sys.argv[2])
quiet = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
for s in quiet:
    s.bind(('127.0.0.1', silent))
quiet[1].listen(8)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', notify))
open('receiver.ready', 'w').close()
first = True
while True:
    m, peer = s.recvfrom(4096)
    name, at = [], 12
    while m[at]:
        name.append(m[at + 1:at + 1 + m[at]].decode())
        at += m[at] + 1
    with open('notices', 'a') as log:
        log.write('opcode %d aa %d %s type %d\n' % (m[2] >> 3 & 15, m[2] >> 2 & 1, '.'.join(name), m[at + 1] << 8 | m[at + 2]))
    if first: # lost on the way: it must be said again
        first = False
        continue
    s.sendto(m[:2] + bytes([m[2] | 0x80]) + m[3:], peer)
END
serve receiver.log python3 receiver.py "$notify_port" "$silent_port"
until_true "the receiver" env test -e receiver.ready

serves() { kdig "@$1" -p "$2" +tcp +retry=0 +timeout=5 "$3" SOA | grep -q 'status: NOERROR'; }
for server in "$net.2 53" "$net.3 53" "127.0.0.1 $tsig_port"; do
  for zone in parent.test optout.test bare.test; do
    # shellcheck disable=SC2086 # two words
    until_true "$server with $zone" serves $server "$zone" || tail -n 20 knot/log nsd/log named/log
  done
done

# ------------------------------------------------------------------ inventories

# inventory NAME ZONE…: further keys on standard input.
inventory() {
  local file=$1 zone
  shift
  {
    printf 'version: 1\nmanufacturer: {name: Test, domain: test, documentation: https://test.example/}\n'
    printf 'publication: {zone: %s, base-url: https://mud.%s/, signer: {certificate: c.pem, key: k.pem}}\nzones:\n' "$1" "$1"
    for zone in "$@"; do printf '  - {name: %s, file: %s.zone}\n' "$zone" "$zone"; done
    cat
  } >"$file"
}
parent="{trust-anchor: anchors.zone, resolver: $net.2@53}"
inventory all.yaml signed.parent.test plain.parent.test signed.optout.test <<<"parent: $parent"
inventory bare.yaml signed.bare.test <<<"parent: $parent"
inventory anchorless.yaml signed.parent.test <<<"parent: {resolver: $net.2@53}"
agents() { # LINE…
  printf 'parent: %s\nservice:\n  tsig-keys: [{name: agent.key, secret-file: agent.secret}]\n  parent-agents:\n' "$parent"
  printf '    - %s\n' "$@"
}
good="{name: good, address: $net.2@53}"
agents "$good" "{name: liar, address: 127.0.0.1@$liar_port}" | inventory liar.yaml signed.parent.test
agents "$good" "{name: silent, address: 127.0.0.1@$silent_port}" | inventory silent.yaml signed.parent.test
agents "{name: signs, address: 127.0.0.1@$tsig_port, tsig: agent.key}" | inventory tsig.yaml signed.bare.test signed.parent.test
agents "{name: spelt, address: $net.2@053}" | inventory spelt.yaml signed.parent.test
agents "{name: nobody, address: 127.0.0.1@$(free_port)}" | inventory nobody.yaml signed.parent.test

# ------------------------------------------------------------------ observing

tag=$(awk '{ print $4 }' first.ds)
says() { # INVENTORY JQ-CONDITION [OPTION…]: on the first zone
  local file=$1 condition=$2
  shift 2
  mudzone -i "$file" observe --timeout 1s --json "$@" >result.json
  jq -e ".zones[0] as \$z | $condition" result.json >/dev/null || { jq 'del(.zones[].servers[].ds)' result.json; return 1; }
}
ok "two servers agree" says all.yaml "\$z.agrees and (\$z.servers | length == 4) and (\$z.ds | length == 1) and (\$z.ds[0] | startswith(\"$tag 13 2 \"))"
ok "each proves it" says all.yaml 'all($z.servers[]; .proof == "dnssec" and .says == "ds")' signed.parent.test
ok "no DS, by NSEC" says all.yaml '$z.agrees and ($z.ds | length == 0) and all($z.servers[]; .says == "no-ds" and .proof == "dnssec")' plain.parent.test
ok "no DS, by NSEC3 with opt-out" says all.yaml '$z.agrees and ($z.ds | length == 0) and all($z.servers[]; .proof == "dnssec")' signed.optout.test
ok "a file for each" test -s observations/signed.parent.test.json -a -s observations/signed.optout.test.json
ok "text" grep -q "^signed.parent.test: DS $tag, proven by DNSSEC, at all of them" <(mudzone -i all.yaml observe signed.parent.test)
cp observations/signed.parent.test.json first.json
mudzone -i all.yaml observe -o again signed.parent.test >/dev/null
ok "the same answers in the same order" diff \
  <(jq '[.answers[] | del(.at, .response)], [.chain[] | del(.response)]' first.json) \
  <(jq '[.answers[] | del(.at, .response)], [.chain[] | del(.response)]' again/signed.parent.test.json)

ok "an unsigned parent proves nothing" says bare.yaml '$z.agrees == false and all($z.servers[]; .proof == null and .says == "no-ds")'
ok "no anchor above it" says anchorless.yaml '$z.agrees == false and ($z.verdict | test("not in the observation|not proven"))'
ok "a liar, with the parent's own keys" says liar.yaml '$z.agrees == false and ($z.verdict | test("liar .*another set")) and all($z.servers[]; .proof == "dnssec")'
ok "a silent one" says silent.yaml '$z.agrees == false and ([$z.servers[] | select(.server == "silent") | .why] == ["timeout", "timeout"])'
ok "silence is a warning" test "$(jq '.status, .warnings' result.json | tr '\n' ' ')" = "0 2 "
ok "an address in another spelling" says spelt.yaml '$z.agrees'
ok "TSIG is proof enough" says tsig.yaml '$z.agrees and all($z.servers[]; .proof == "tsig" and .says == "no-ds")' signed.bare.test
ok "TSIG, with a DS" says tsig.yaml '$z.agrees and all($z.servers[]; .proof == "tsig") and ($z.ds | length == 1)' signed.parent.test
head -c 32 /dev/zero | base64 >agent.secret
ok "another secret is not" says tsig.yaml '$z.agrees == false' signed.bare.test
chmod 644 agent.secret
refused "a secret that others can read" 2 'tsig-secret' mudzone -i tsig.yaml observe --timeout 1s
chmod 600 agent.secret
refused "nobody there at all" 3 'observe-nobody' mudzone -i nobody.yaml observe --timeout 1s
refused "no such zone" 2 'no zone of the inventory' mudzone -i all.yaml observe plain.example
refused "no address" 2 'expected ADDRESS' mudzone -i all.yaml observe --resolver localhost

# ------------------------------------------------------------------ NOTIFY(CDS)

built() { # ZONE CDS-FILE: what `build` would have left, as far as it matters here
  mkdir -p out/zones
  {
    printf '%s. 3600 IN SOA ns.%s. a.test. 1 3600 900 1209600 600\n' "$1" "$1"
    cat first.dnskey second.dnskey "$2" | sed "s/^signed\.parent\.test/$1/"
  } | grep -v '^;' >"out/zones/$1.zone"
}
built signed.parent.test first.cds
ok "nothing to tell" says all.yaml '$z.notices == []' --notify signed.parent.test
ok "and nothing was told" test ! -e notices
built signed.parent.test second.cds
ok "another key is wanted" says all.yaml "\$z.notices == [{\"target\": \"notice.parent.test\", \"address\": \"127.0.0.1@$notify_port\", \"acknowledged\": true, \"result\": \"acknowledged\"}]" \
  --notify signed.parent.test
ok "NOTIFY(CDS) arrived, and again when it got lost" diff notices - <<END
opcode 4 aa 1 signed.parent.test type 59
opcode 4 aa 1 signed.parent.test type 59
END
built signed.optout.test second.cds
ok "the target beside" says all.yaml '$z.notices[0].acknowledged' --notify signed.optout.test
ok "of that zone" grep -qx 'opcode 4 aa 1 signed.optout.test type 59' notices
built signed.bare.test second.cds
ok "no target" says bare.yaml '$z.notices == []' --notify signed.bare.test
ok "is a note" jq -e '[.findings[].id] | index("notify-none")' result.json
interop_done
