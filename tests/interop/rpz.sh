#!/bin/bash
# tests/interop/rpz.sh -- BIND and Unbound load allow.rpz and deny.rpz and let through exactly the listed names.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

bundled_example vendor
ok "build" mudzone -i vendor/inventory.yaml build || interop_done
feeds=$scratch/vendor/out/web/.well-known/mudzone/feeds

# The whole Internet: every name there is has this address. One listed name is an alias of an unlisted one, as CDN
# customers' names are.
address=203.0.113.7
cat >internet.zone <<END
\$ORIGIN .
\$TTL 60
.               SOA   ns.test. hostmaster.test. 1 3600 600 86400 60
                NS    ns.test.
*               A     $address
push.mgmt.lumen.example. CNAME edge.push-contractor.example.
; the names above it, which now exist and stop the wildcard
$(for name in example lumen.example mgmt.lumen.example; do printf '%s. A %s\n*.%s. A %s\n' $name $address $name $address; done)
END
upstream=$(free_port)
serve_zones_nsd "$upstream" .="$scratch/internet.zone"

named_port=$(free_port)
serve_named "$named_port" "forward only; forwarders { 127.0.0.1 port $upstream; }; empty-zones-enable no; qname-minimization off;
  response-policy { zone \"allow.rpz\"; zone \"deny.rpz\"; } qname-wait-recurse no;" "
zone \"allow.rpz\" { type primary; file \"$feeds/allow.rpz\"; };
zone \"deny.rpz\" { type primary; file \"$feeds/deny.rpz\"; };"
unbound_port=$(free_port)
serve_unbound "$unbound_port" "rpz:" "  name: allow.rpz" "  zonefile: \"$feeds/allow.rpz\"" "rpz:" "  name: deny.rpz" \
  "  zonefile: \"$feeds/deny.rpz\"" "forward-zone:" "  name: ." "  forward-addr: 127.0.0.1@$upstream"
until_true "BIND" answers "$named_port" a.test A || cat "named.$named_port/log"
until_true "Unbound" answers "$unbound_port" a.test A || cat "unbound.$unbound_port/log"
ok "BIND loaded both zones" test "$(grep -cE 'zone (allow|deny).rpz/IN: loaded serial' "named.$named_port/log")" = 2

let_through() { ask "$1" "$2" A | grep -qE "[[:space:]]A[[:space:]]+$address\$"; }
blocked() { ask "$1" "$2" A | grep -q 'status: NXDOMAIN;'; }

mapfile -t listed <"$feeds/domains.txt"
ok "names are listed" test "${#listed[@]}" -gt 5
is_listed() { # NAME: itself, or below a listed wildcard
  local entry
  for entry in "${listed[@]}"; do
    [[ $entry == "$1" || ($entry == "*."* && $1 == *"${entry#\*}") ]] && return
  done
  return 1
}

declare -A others=([example.com]=1 [www.lumen.example]=1 [mgmt.lumen.example]=1 [lumen.example]=1 [com]=1)
for entry in "${listed[@]}"; do
  name=${entry#\*.}
  others[$name]=1           # a wildcard's own name is not covered by it
  others[nothing.$name]=1   # neither is what lies below an exact name
  others[x$name]=1
  others[${name#*.}]=1
done
for server in BIND:$named_port Unbound:$unbound_port; do
  port=${server#*:}
  for entry in "${listed[@]}"; do
    ok "${server%:*} lets through $entry" let_through "$port" "${entry/#\*/some.node}"
  done
  for name in "${!others[@]}"; do
    if ! is_listed "$name"; then
      ok "${server%:*} blocks $name" blocked "$port" "$name"
    fi
  done
done
interop_done
