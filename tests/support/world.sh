# shellcheck shell=bash
# tests/support/world.sh -- sourced by tests/interop/*.sh in place of interop.sh: a small DNS of its own, from a root down to
# zones below parent.test, with a registry, and a validating resolver that is asked all the time.
#
#   .                  not signed                         127.0.0.6 (NSD)
#   parent.test.       signed by BIND, the trust anchor   127.0.0.2 (Knot) and 127.0.0.3 (NSD): it gets each change later
#   NAME.parent.test.  the zones under test               127.0.0.4 (Knot) and 127.0.0.5 (NSD), likewise
#   Unbound            validator, with a cache            127.0.0.1
#   Unbound            validator behind a mere cache      127.0.0.7: what it gets may be old, and it keeps nothing itself
#   Unbound            that cache                         127.0.0.8
#
# Servers found by delegation are asked on port 53: the script moves into a network namespace of its own first.
if [[ -z ${MUDZONE_OWN_NETWORK:-} ]]; then
  for own in -n -rn; do
    # shellcheck disable=SC2093 # the loop goes on where there is no such namespace
    unshare $own true 2>/dev/null && MUDZONE_OWN_NETWORK=1 exec unshare $own "$0" "$@"
  done
  echo "left out: no network namespace may be made here, and the servers need port 53"
  exit 77
fi
# shellcheck source=tests/support/interop.sh
source "$(dirname "${BASH_SOURCE[0]}")/interop.sh" || exit 1
unset MUDZONE_OWN_NETWORK
python3 - <<'END' || exit 1
import fcntl, socket, struct
with socket.socket() as s:  # SIOCSIFFLAGS: the loopback interface is up
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))
END

root=127.0.0.6
# shellcheck disable=SC2034 # for the scripts
ttl=4    # of everything in the zones below parent.test but
# shellcheck disable=SC2034
ttl_dnskey=1
ttl_ds=2
parents=(127.0.0.2 127.0.0.3)
children=(127.0.0.4 127.0.0.5)
resolver=127.0.0.1
behind_cache=127.0.0.7
cache=127.0.0.8

# ------------------------------------------------------------------ authoritative servers

declare -A make_of=([127.0.0.2]=knot [127.0.0.3]=nsd [127.0.0.4]=knot [127.0.0.5]=nsd [127.0.0.6]=nsd)
declare -A pid_of=()
stop() { kill "${pid_of[$1]}" && wait "${pid_of[$1]}" 2>/dev/null; } # ADDRESS
dir_of() { echo "$scratch/server-${1##*.}"; } # ADDRESS; its zones lie there, each a file named after it

configure_knot() { # DIR ADDRESS ZONE…
  local dir=$1 zone
  printf 'server:\n  listen: %s@53\n  rundir: "%s"\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n' "$2" "$dir"
  printf 'database:\n  storage: "%s"\nlog:\n  - target: stderr\n    any: info\n' "$dir"
  printf 'template:\n  - id: default\n    storage: "%s"\n    zonefile-sync: -1\n    journal-content: none\nzone:\n' "$dir"
  for zone in "${@:3}"; do
    printf '  - domain: "%s."\n    file: "%s.zone"\n' "$zone" "$zone"
  done
}

configure_nsd() { # DIR ADDRESS ZONE…
  local dir=$1 zone
  printf 'server:\n  ip-address: %s\n  username: ""\n  chroot: ""\n  zonesdir: "%s"\n  pidfile: "%s/pid"\n' "$2" "$dir" "$dir"
  printf '  database: ""\n  xfrdfile: "%s/xfrd"\n  zonelistfile: "%s/list"\n  server-count: 1\n' "$dir" "$dir"
  printf 'remote-control:\n  control-enable: yes\n  control-interface: "%s/nsd.sock"\n' "$dir"
  for zone in "${@:3}"; do
    printf 'zone:\n  name: "%s."\n  zonefile: "%s.zone"\n' "$zone" "$zone"
  done
}

# put ADDRESS ZONE FILE: the server has the file, and isn't told yet. The root's ZONE is "".
put() { mkdir -p "$(dir_of "$1")" && cp "$3" "$(dir_of "$1")/$2.zone"; }

# start ADDRESS ZONE…: a server with the zones put there; it answers when this returns.
start() {
  local dir make=${make_of[$1]} zone
  dir=$(dir_of "$1")
  "configure_$make" "$dir" "$@" >"$dir/$make.conf"
  case $make in
    knot) serve "$dir/log" knotd -c "$dir/knot.conf" ;;
    nsd) serve "$dir/log" nsd -d -c "$dir/nsd.conf" ;;
  esac
  pid_of[$1]=${servers[-1]}
  for zone in "${@:2}"; do
    until_true "$make at $1 with $zone" serial_at "$1" "$zone." || tail -n 5 "$dir/log"
  done
}

serial_in() { awk '$4 == "SOA" { print $7; exit }' "$1"; } # FILE, one record a line
serial_at() {                                              # ADDRESS ZONE
  local serial
  serial=$(kdig "@$1" +tcp +retry=0 +timeout=2 +short "$2" SOA | awk '{ print $3 }')
  [[ $serial == [0-9]* ]] && echo "$serial"
}
has_serial() { [[ $(serial_at "$1" "$2.") == "$3" ]]; } # ADDRESS ZONE SERIAL

# publish ADDRESS ZONE FILE: the server answers with that version when this returns.
publish() {
  local dir
  dir=$(dir_of "$1")
  put "$@" || return
  case ${make_of[$1]} in
    knot) knotc -c "$dir/knot.conf" zone-reload "$2." ;;
    nsd) nsd-control -c "$dir/nsd.conf" reload "$2" ;;
  esac >/dev/null
  until_true "$1 with the new $2" has_serial "$1" "$2" "$(serial_in "$3")" || tail -n 5 "$dir/log"
}
is_published() { cmp -s "$(dir_of "$1")/$2.zone" "$3"; } # ADDRESS ZONE FILE

# ------------------------------------------------------------------ the parent

zones_below=()      # the zones below parent.test
declare -A ds_of=() # their DS rdata, one a line, sorted
parent_serial=1
parent_is_behind=0 # its second server

parent_plain() {
  local zone ds
  printf 'parent.test. %s IN SOA ns1.parent.test. h.parent.test. %s 3600 600 86400 %s\n' $ttl_ds "$parent_serial" $ttl_ds
  for ds in 1 2; do
    printf 'parent.test. 3600 IN NS ns%s.parent.test.\nns%s.parent.test. 3600 IN A %s\n' $ds $ds "${parents[ds - 1]}"
  done
  for zone in "${zones_below[@]}"; do
    printf "$zone. $ttl_ds IN NS ns%s.$zone.\nns%s.$zone. $ttl_ds IN A %s\n" 1 1 "${children[0]}" 2 2 "${children[1]}"
    while read -r ds; do
      [[ -z $ds ]] || echo "$zone. $ttl_ds IN DS $ds"
    done <<<"${ds_of[$zone]:-}"
  done
}

parent_sign() { # writes parent.zone
  parent_plain >parent.plain
  if ! dnssec-signzone -q -O full -S -K parent.keys -d parent.keys -o parent.test -f parent.full parent.plain >parent.log 2>&1; then
    cat parent.log
    return 1
  fi
  sed -e 's/[ \t]*;.*//' -e '/^$/d' parent.full >parent.zone
}

# start_parents ZONE…: the root, and parent.test with delegations to these zones; its trust anchor is in parent.ds.
start_parents() {
  local address
  zones_below=("$@")
  mkdir -p parent.keys
  { dnssec-keygen -q -K parent.keys -a ECDSAP256SHA256 -L 3600 -f KSK parent.test &&
    dnssec-keygen -q -K parent.keys -a ECDSAP256SHA256 -L 3600 parent.test && parent_sign; } >/dev/null || return
  awk '$4 == "DNSKEY"' parent.zone | dnssec-dsfromkey -2 -f - parent.test >parent.ds || return
  printf '%s 3600 IN %s\n' . "SOA a.root.test. h.test. 1 3600 600 86400 60" . "NS a.root.test." a.root.test. "A $root" \
    parent.test. "NS ns1.parent.test." parent.test. "NS ns2.parent.test." \
    ns1.parent.test. "A ${parents[0]}" ns2.parent.test. "A ${parents[1]}" >root.zone
  put $root "" root.zone && start $root ""
  for address in "${parents[@]}"; do
    put "$address" parent.test parent.zone && start "$address" parent.test
  done
}

# start_unbound ADDRESS CONFIGURATION-LINE…
start_unbound() {
  local dir=$scratch/unbound-${1##*.}
  mkdir -p "$dir"
  {
    printf 'server:\n  interface: %s\n  port: 53\n  username: ""\n  chroot: ""\n  directory: "%s"\n  pidfile: "%s/pid"\n' "$1" "$dir" "$dir"
    printf '  use-syslog: no\n  logfile: ""\n  verbosity: 1\n  val-log-level: 2\n  do-daemonize: no\n  num-threads: 1\n  do-ip6: no\n'
    printf '  do-not-query-localhost: no\n  local-zone: "test." nodefault\n  root-hints: "%s/hints"\n' "$scratch"
    printf '%s\n' "${@:2}"
    printf 'remote-control:\n  control-enable: no\n'
  } >"$dir/unbound.conf"
  serve "$dir/log" unbound -d -c "$dir/unbound.conf"
}

# Validators that are strict: signatures of all algorithms of the DS; every question goes on to the servers, none is answered from
# NSEC; and no failure is tried again.
start_resolvers() {
  local strict
  strict=$(printf '  %s\n' 'module-config: "validator iterator"' "trust-anchor-file: \"$scratch/parent.ds\"" \
    "harden-algo-downgrade: yes" "aggressive-nsec: no" "val-max-restart: 0")
  printf '. 3600000 NS a.root.test.\na.root.test. 3600000 A %s\n' $root >hints
  start_unbound $resolver "$strict"
  start_unbound $cache '  module-config: "iterator"'
  start_unbound $behind_cache "$strict" "  cache-max-ttl: 0" "forward-zone:" '  name: "."' "  forward-addr: $cache"
  until_true "the resolver" is_secure $resolver parent.test SOA || cat unbound-*/log
  until_true "the resolver behind a cache" is_secure $behind_cache parent.test SOA || cat unbound-*/log
}

# registry: what a registry does now and then: it looks for CDS, and takes its zones' DS from them (RFC 7344, RFC 8078 s4).
# The second server follows a round later.
registry() {
  local zone cds changed=0
  if [[ $parent_is_behind == 1 ]]; then
    publish "${parents[1]}" parent.test parent.zone
    parent_is_behind=0
  fi
  for zone in "${zones_below[@]}"; do
    cds=$(kdig "@${children[0]}" +retry=0 +timeout=2 +short "$zone." CDS | sort)
    [[ $cds == [0-9]* ]] || continue
    [[ $cds != "0 0 0 "* ]] || cds=""
    [[ $cds != "${ds_of[$zone]:-}" ]] || continue
    ds_of[$zone]=$cds
    changed=1
  done
  [[ $changed == 1 ]] || return 0
  parent_serial=$((parent_serial + 1))
  parent_sign && publish "${parents[0]}" parent.test parent.zone
  parent_is_behind=1
}

# ------------------------------------------------------------------ questions

# statuses ADDRESS KDIG-ARGUMENT…: one "STATUS ad" or "STATUS -" a question; "none" for no answer.
statuses() {
  kdig "@$1" +dnssec +retry=0 +timeout=10 "${@:2}" 2>&1 | awk '
    /^;; ->>HEADER<<-/ { sub(/.*status: /, ""); sub(/;.*/, ""); status = $0 }
    /^;; Flags: / { sub(/; QUERY.*/, ""); print status, ($0 ~ / ad( |$)/ ? "ad" : "-") }
    /^;; ERROR: / { print "none -" }'
}
is_secure() { [[ $(statuses "$1" +tcp "$2" "$3") == *" ad" ]]; } # ADDRESS NAME TYPE

# What a client asks ZONE, NUMBER making names that no cache has: existing and wildcard names, no such name, no such type, the apex.
questions() { printf '%s ' "www.$1" A "r$2.wild.$1" A "no$2.$1" A "www.$1" MX "$1" DNSKEY "$1" SOA; } # ZONE NUMBER
right_answers="NOERROR NOERROR NXDOMAIN NOERROR NOERROR NOERROR"
words_of() { awk -v n="$1" '{ printf "%s%s", sep, $n; sep = " " }'; } # NUMBER

# ask_zone ZONE NUMBER EXPECTED: are all answers right? EXPECTED: ad (all are validated), - (none is), any. New names show that caches
# know the key that signs; www behind the cache, that the key of an old signature is still there.
ask_zone() {
  local address answers flags
  for address in $resolver $behind_cache; do
    # shellcheck disable=SC2046 # words
    answers=$(statuses "$address" $(questions "$1" "$2"))
    flags=$(words_of 2 <<<"$answers")
    if [[ $(words_of 1 <<<"$answers") == "$right_answers" ]]; then
      case $3 in
        any) continue ;;
        ad) [[ $flags != *-* ]] && continue ;;
        -) [[ $flags != *ad* ]] && continue ;;
      esac
    fi
    printf '%s, question round %s to %s, expected %s and %s:\n%s\n' "$1" "$2" "$address" "$3" "$right_answers" "$answers"
    return 1
  done
}

# The asker: goes on until the end of the script. expect.ZONE holds what is expected; the first wrong answer is kept.
asker() { # ZONE…
  local number zone
  for ((number = 1; ; number++)); do
    for zone in "$@"; do
      ask_zone "$zone" "$number" "$(<"expect.$zone")" >asked.answer || {
        date +%T.%N >>asked.answer
        mv asked.answer asked.wrong
        return 1
      }
    done
    echo "$number" >asked.count
  done
}
expect() { echo "$2" >"expect.$1.new" && mv "expect.$1.new" "expect.$1"; } # ZONE EXPECTED
