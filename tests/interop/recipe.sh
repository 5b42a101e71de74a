#!/bin/bash
# tests/interop/recipe.sh -- the operator's recipe in README.md, run as it stands there, against a zone served by NSD, a validating
# Unbound and an HTTPS server on loopback; then the RPZ pair loaded with the README's own configuration.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

bundled_example vendor
ok "build" mudzone -i vendor/inventory.yaml build || interop_done
out=$scratch/vendor/out
mgmt=mgmt.lumen.example

block() { # MARKER: the fenced block that follows the comment in README.md
  awk -v marker="<!-- recipe: $1" '
    index($0, marker) == 1 { found = 1; next }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside { print }' "$source_dir/README.md"
}
mkdir operator
block "the test" >operator/recipe
ok "the recipe is there" test "$(wc -l <operator/recipe)" -gt 20

# The world outside: name server, validating resolver, web host.
server=$(free_port)
serve_zones_nsd "$server" $mgmt="$out/zones/$mgmt.zone"
port=$(free_port)
serve_unbound "$port" "  trust-anchor-file: \"$out/zones/$mgmt.ds\"" "stub-zone:" "  name: $mgmt" "  stub-addr: 127.0.0.1@$server"
until_true "Unbound" answers "$port" $mgmt SOA
web_port=$(free_port)
cp -R "$out/web" web
serve_web() { cd web && exec openssl s_server -quiet -accept "127.0.0.1:$web_port" -cert ../vendor/pki/https.pem -key ../vendor/pki/https.key -WWW; }
serve web.log serve_web
curl_options="--cacert $scratch/vendor/pki/ca.pem --connect-to mud.$mgmt:443:127.0.0.1:$web_port"
# shellcheck disable=SC2086
until_true "the web host" curl -fsS $curl_options -o /dev/null "https://mud.$mgmt/index.html"

recipe() { # in a folder of its own
  (cd "$scratch/operator" && rm -f ./*.rpz* ./*.json* && RESOLVER="@127.0.0.1 -p $port" CURL_OPTIONS=$curl_options bash ./recipe)
}
ok "the recipe" recipe
ok "the list is what was built" cmp operator/domains.json "$out/web/.well-known/mudzone/domains.json"

# Each proof in it is one: with something forged, it must stop.
serial=$(jq -r .serial "$out/web/.well-known/mudzone/domains.json")
immutable=web/.well-known/mudzone/v/$serial
forge() { # NAME FILE SED-EXPRESSION
  cp "$2" kept
  sed -i "$3" "$2"
  ok "forged: $1: changes the file" bash -c "! cmp -s kept '$2'"
  ok "forged: $1: refused" bash -c '! "$@"' - recipe
  cp kept "$2"
}
export -f recipe
export port curl_options scratch
forge "a name in the list" "$immutable/domains.json" 's/fw\.mgmt/fx.mgmt/'
forge "a name in the RPZ" web/.well-known/mudzone/feeds/allow.rpz 's/^fw\.mgmt/fx.mgmt/'
cp "$immutable/domains.json.p7s" kept
"$source_dir/scripts/trial-certificates" stranger mud.$mgmt
openssl cms -sign -binary -in "$immutable/domains.json" -signer stranger/pki/signer.pem -inkey stranger/pki/signer.key \
  -outform DER -out "$immutable/domains.json.p7s"
ok "forged: signed by a stranger: refused" bash -c '! "$@"' - recipe
cp kept "$immutable/domains.json.p7s"
ok "the recipe, everything back in place" recipe

# The README's RPZ configuration, in the folder that the recipe filled.
upstream=$(free_port)
printf '%s\n' '$ORIGIN .' '$TTL 60' '. SOA ns.test. h.test. 1 3600 600 86400 60' '. NS ns.test.' '* A 203.0.113.7' >internet.zone
serve_zones_nsd "$upstream" .="$scratch/internet.zone"
passes() { ask "$1" "$2" A | grep -q '203\.0\.113\.7$'; }
blocks() { ask "$1" "$2" A | grep -q 'status: NXDOMAIN;'; }

resolver=$(free_port)
mkdir unbound
{
  block unbound
  printf 'server:\n  interface: 127.0.0.1@%s\n  port: %s\n  username: ""\n  chroot: ""\n  directory: "%s/operator"\n' "$resolver" "$resolver" "$scratch"
  printf '  pidfile: "%s/unbound/pid"\n  use-syslog: no\n  do-daemonize: no\n  do-not-query-localhost: no\n' "$scratch"
  printf 'forward-zone:\n  name: .\n  forward-addr: 127.0.0.1@%s\nremote-control:\n  control-enable: no\n' "$upstream"
} >unbound/conf
serve unbound/log unbound -d -c unbound/conf
until_true "Unbound with RPZ" answers "$resolver" x.test A || cat unbound/log

named_port=$(free_port)
mkdir "named.$named_port"
cp operator/*.rpz "named.$named_port"
serve_named "$named_port" "forward only; forwarders { 127.0.0.1 port $upstream; }; empty-zones-enable no;
  $(block bind | grep response-policy)" "$(block bind | grep -v response-policy)"
until_true "BIND with RPZ" answers "$named_port" x.test A || cat "named.$named_port/log"

for listed in fw.$mgmt node.fw-cdn.$mgmt pool.ntp.org; do
  ok "Unbound lets through $listed" passes "$resolver" $listed
  ok "BIND lets through $listed" passes "$named_port" $listed
done
for other in example.com fx.$mgmt ntp.org; do
  ok "Unbound blocks $other" blocks "$resolver" $other
  ok "BIND blocks $other" blocks "$named_port" $other
done
interop_done
