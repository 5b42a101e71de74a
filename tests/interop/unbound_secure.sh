#!/bin/bash
# tests/interop/unbound_secure.sh -- a validating resolver calls our answers secure: positive, wildcard, no such name and
# no such type, with NSEC and NSEC3, served by NSD and by Knot.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

bundled_example vendor
ok "build" mudzone -i vendor/inventory.yaml build || interop_done
zones=$scratch/vendor/out/zones
mgmt=mgmt.lumen.example fleet=fleet.lumen.example rich=rich.example
for denial in nsec nsec3; do
  options=()
  [[ $denial == nsec3 ]] && options=(--nsec3)
  ok "sign $rich with $denial" mudzone sign "$source_dir/tests/interop/rich.example.zone" --origin $rich \
    --keys keys "${options[@]}" -o "$rich.$denial"
done
# The key that signs the keys is the anchor; the example's zones have their .ds files for that.
awk '$4 == "DNSKEY" && $5 == 257' $rich.nsec >$rich.anchor

secure() { # PORT NAME TYPE STATUS: validated, with this status
  local answer
  answer=$(ask "$1" +dnssec +multiline "$2" "$3")
  grep -q "status: $4;" <<<"$answer" && grep -q 'Flags:.* ad' <<<"$answer" && return
  printf '%s\n' "$answer"
  return 1
}
holds() { ask "$1" +short "$2" "$3" | grep -qF -- "$4"; } # PORT NAME TYPE TEXT

resolver() { # SERVER-PORT: starts Unbound over it, sets $port
  local zone
  port=$(free_port)
  serve_unbound "$port" "  trust-anchor-file: \"$zones/$mgmt.ds\"" "  trust-anchor-file: \"$zones/$fleet.ds\"" \
    "  trust-anchor-file: \"$scratch/$rich.anchor\"" \
    "$(for zone in $mgmt $fleet $rich; do printf 'stub-zone:\n  name: "%s"\n  stub-addr: 127.0.0.1@%s\n' $zone "$1"; done)"
  until_true "Unbound" answers "$port" $mgmt SOA || cat "$scratch/unbound.$port/log"
}

ask_all() { # SERVER
  ok "$1: positive, NSEC" secure "$port" fw.$mgmt A NOERROR
  ok "$1: the address is right" holds "$port" fw.$mgmt A 192.0.2.20
  ok "$1: wildcard, NSEC" secure "$port" node7.fw-cdn.$mgmt A NOERROR
  ok "$1: the wildcard's address is right" holds "$port" node7.fw-cdn.$mgmt A 192.0.2.21
  ok "$1: no such name, NSEC" secure "$port" nothing.$mgmt A NXDOMAIN
  ok "$1: no such type, NSEC" secure "$port" fw.$mgmt MX NOERROR
  ok "$1: empty non-terminal, NSEC" secure "$port" eu.$mgmt A NOERROR
  ok "$1: announcement, NSEC" secure "$port" _mudzone.$mgmt TXT NOERROR
  ok "$1: the announcement is there" holds "$port" _mudzone.$mgmt TXT v=mudzone1
  ok "$1: positive, NSEC3" secure "$port" telemetry.$fleet A NOERROR
  ok "$1: no such name, NSEC3" secure "$port" nothing.$fleet A NXDOMAIN
  ok "$1: no such type, NSEC3" secure "$port" telemetry.$fleet MX NOERROR
  ok "$1: CNAME into the other zone" secure "$port" fw.$fleet A NOERROR
}

ask_rich() { # NAME-OF-RUN
  ok "$1: positive" secure "$port" a.b.c.deep.$rich A NOERROR
  ok "$1: wildcard" secure "$port" x.y.wild.$rich A NOERROR
  ok "$1: wildcard, no such type" secure "$port" x.wild.$rich AAAA NOERROR
  ok "$1: the wildcard itself" secure "$port" "*.wild.$rich" TXT NOERROR
  ok "$1: no such name" secure "$port" no.$rich A NXDOMAIN
  ok "$1: no such name below a name" secure "$port" no.svc.$rich A NXDOMAIN
  ok "$1: empty non-terminal" secure "$port" c.deep.$rich A NOERROR
  ok "$1: alias" secure "$port" alias.$rich AAAA NOERROR
  ok "$1: DS of a signed delegation" secure "$port" secure.$rich DS NOERROR
  ok "$1: no DS of an unsigned delegation" secure "$port" insecure.$rich DS NOERROR
  ok "$1: HTTPS" secure "$port" svc.$rich TYPE65 NOERROR
  ok "$1: apex, no such type" secure "$port" $rich PTR NOERROR
}

server=$(free_port)
serve_zones_nsd "$server" $mgmt="$zones/$mgmt.zone" $fleet="$zones/$fleet.zone" $rich="$scratch/$rich.nsec"
resolver "$server"
ask_all "NSD"
ask_rich "NSD, NSEC"

server=$(free_port)
serve_zones_knot "$server" $mgmt="$zones/$mgmt.zone" $fleet="$zones/$fleet.zone" $rich="$scratch/$rich.nsec3"
resolver "$server"
ask_all "Knot"
ask_rich "Knot, NSEC3"

# The resolver is no yes-man: with one record changed it must refuse to answer.
sed 's/192\.0\.2\.20$/192.0.2.66/' "$zones/$mgmt.zone" >forged.zone
server=$(free_port)
serve_zones_nsd "$server" $mgmt="$scratch/forged.zone" $fleet="$zones/$fleet.zone" $rich="$scratch/$rich.nsec"
resolver "$server"
bogus() { ask "$port" +dnssec "$1" "$2" | grep -q "status: SERVFAIL;"; }
ok "forged: refused" bogus fw.$mgmt A
interop_done
