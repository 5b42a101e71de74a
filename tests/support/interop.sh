# shellcheck shell=bash
# tests/support/interop.sh -- sourced by tests/interop/*.sh: a scratch folder, checks that count, servers
# on loopback that are waited for by their answers and ended with the script.
set -uo pipefail
export LC_ALL=C.UTF-8 TZ=UTC PATH="$PATH:/usr/sbin:/sbin"
mudzone=$(realpath "${1:?usage: $0 MUDZONE}")
source_dir=$(cd "${MUDZONE_SOURCE_DIR:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
# shellcheck disable=SC2034 # for the scripts
shared=${MUDZONE_SHARED:-$source_dir/../shared}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mudzone-interop.XXXXXX")
servers=()
checks=0 failures=0

interop_end() {
  local pid
  for pid in "${servers[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  rm -rf "$scratch"
}
trap interop_end EXIT
trap 'exit 130' INT TERM
cd "$scratch" || exit 1

mudzone() { "$mudzone" "$@"; }

left_out() { echo "left out: $*"; }

# ok NAME COMMAND…: the command succeeds; its output is shown when it doesn't.
ok() {
  local name=$1 output status
  shift
  checks=$((checks + 1))
  output=$("$@" 2>&1) && return 0
  status=$?
  failures=$((failures + 1))
  printf 'FAILED %s (status %d): %s\n' "$name" "$status" "$*"
  tail -n 25 <<<"$output"
  return 1
}

# refused NAME STATUS PATTERN COMMAND…: the command ends with STATUS (a glob) and says something that matches PATTERN.
refused() {
  local name=$1 expected=$2 pattern=$3 output status
  shift 3
  checks=$((checks + 1))
  output=$("$@" 2>&1)
  status=$?
  # shellcheck disable=SC2053 # a glob
  if [[ $status == $expected ]] && grep -qE -- "$pattern" <<<"$output"; then
    return 0
  fi
  failures=$((failures + 1))
  printf 'FAILED %s: status %d, expected %s and /%s/: %s\n' "$name" "$status" "$expected" "$pattern" "$*"
  tail -n 25 <<<"$output"
  return 1
}

# same NAME A B: two files or folders hold the same.
same() { ok "$1" diff -r "$2" "$3"; }

interop_done() {
  echo "$checks checks, $failures failed"
  [[ $failures == 0 && $checks != 0 ]]
  exit
}

# A port on loopback that nobody has, for UDP and TCP.
free_port() {
  local port hex
  while :; do
    port=$((20000 + RANDOM % 12000))
    hex=$(printf ':%04X ' "$port")
    if ! cat /proc/net/{tcp,udp}{,6} 2>/dev/null | grep -q "$hex"; then
      echo "$port"
      return
    fi
  done
}

# serve LOG COMMAND…: in the background, ended with the script.
serve() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null &
  servers+=($!)
}

# until_true WHAT COMMAND…: asks again until the command succeeds, at most some thousand times and 30 seconds.
until_true() {
  local what=$1 tries end=$((SECONDS + 30))
  shift
  for ((tries = 0; tries < 5000 && SECONDS < end; tries++)); do
    "$@" >/dev/null 2>&1 && return 0
  done
  echo "FAILED waiting for $what"
  failures=$((failures + 1))
  return 1
}

# ask PORT KDIG-ARGUMENT…: one question to 127.0.0.1, no retries.
ask() {
  local port=$1
  shift
  kdig @127.0.0.1 -p "$port" +retry=0 +timeout=5 "$@"
}

answers() { # PORT NAME TYPE: some answer came (TCP: nobody there yet is known at once)
  ask "$1" +tcp "$2" "$3" | grep -qE 'status: (NOERROR|NXDOMAIN)'
}

# serve_zones_nsd PORT NAME=FILE…: an authoritative server.
serve_zones_nsd() {
  local port=$1 dir=$scratch/nsd.$1 zone
  shift
  mkdir -p "$dir"
  {
    printf 'server:\n  ip-address: 127.0.0.1\n  port: %s\n  username: ""\n  chroot: ""\n' "$port"
    printf '  zonesdir: "%s"\n  pidfile: "%s/pid"\n  database: ""\n  xfrdfile: "%s/xfrd"\n' "$dir" "$dir" "$dir"
    printf '  zonelistfile: "%s/list"\n  server-count: 1\n  hide-version: yes\nremote-control:\n  control-enable: no\n' "$dir"
    for zone in "$@"; do
      printf 'zone:\n  name: "%s"\n  zonefile: "%s"\n' "${zone%%=*}" "${zone#*=}"
    done
  } >"$dir/nsd.conf"
  serve "$dir/log" nsd -d -c "$dir/nsd.conf"
  for zone in "$@"; do
    until_true "NSD with ${zone%%=*}" answers "$port" "${zone%%=*}" SOA || cat "$dir/log"
  done
}

# serve_zones_knot PORT NAME=FILE…: another one.
serve_zones_knot() {
  local port=$1 dir=$scratch/knot.$1 zone
  shift
  mkdir -p "$dir"
  {
    printf 'server:\n  listen: 127.0.0.1@%s\n  rundir: "%s"\n  pidfile: "%s/pid"\n' "$port" "$dir" "$dir"
    printf 'database:\n  storage: "%s"\nlog:\n  - target: stderr\n    any: info\nzone:\n' "$dir"
    for zone in "$@"; do
      printf '  - domain: "%s"\n    file: "%s"\n    zonefile-sync: -1\n    journal-content: none\n' "${zone%%=*}" "${zone#*=}"
    done
  } >"$dir/knot.conf"
  serve "$dir/log" knotd -c "$dir/knot.conf"
  for zone in "$@"; do
    until_true "Knot with ${zone%%=*}" answers "$port" "${zone%%=*}" SOA || cat "$dir/log"
  done
}

# serve_unbound PORT CONFIGURATION-LINES…: a resolver; lines go below the common `server:` part.
serve_unbound() {
  local port=$1 dir=$scratch/unbound.$1
  shift
  mkdir -p "$dir"
  {
    printf 'server:\n  interface: 127.0.0.1@%s\n  port: %s\n  username: ""\n  chroot: ""\n' "$port" "$port"
    printf '  directory: "%s"\n  pidfile: "%s/pid"\n  use-syslog: no\n  logfile: ""\n  verbosity: 1\n' "$dir" "$dir"
    printf '  do-daemonize: no\n  do-not-query-localhost: no\n  num-threads: 1\n  do-ip6: no\n  val-log-level: 2\n'
    printf '  module-config: "respip validator iterator"\n  local-zone: "example." nodefault\n'
    printf '%s\n' "$@"
    printf 'remote-control:\n  control-enable: no\n'
  } >"$dir/unbound.conf"
  serve "$dir/log" unbound -d -c "$dir/unbound.conf"
}

# bundled_example FOLDER: a copy of the example vendor with certificates, ready to be built.
bundled_example() {
  cp -R "$source_dir/examples/lumen" "$1"
  rm -rf "${1:?}"/{pki,state,out,secrets}
  "$source_dir/scripts/trial-certificates" "$1" mud.mgmt.lumen.example
}

# judge_zone NAME FILE ORIGIN [no-ldns]: BIND, ldns and Knot accept the signed zone. ldns checks ZONEMD too, where there is one.
judge_zone() {
  local name=$1 file=$2 origin=$3 zonemd=() single=()
  if awk '$4 == "ZONEMD"' "$file" | grep -q .; then
    zonemd=(-ZZ)
  fi
  # A single key has the flags of a KSK, and BIND wants to be told that it may sign everything.
  if ! awk '$4 == "DNSKEY" && $5 == 256' "$file" | grep -q .; then
    single=(-z)
  fi
  ok "$name: dnssec-verify ${single[*]}" dnssec-verify -q "${single[@]}" -o "$origin" "$file"
  [[ ${4:-} == no-ldns ]] || ok "$name: ldns-verify-zone ${zonemd[*]}" ldns-verify-zone -V1 "${zonemd[@]}" "$file"
  ok "$name: kzonecheck" kzonecheck -d on -o "$origin" "$file"
}

# serve_named PORT OPTIONS-LINE ZONES-TEXT: BIND as a resolver.
serve_named() {
  local port=$1 dir=$scratch/named.$1
  mkdir -p "$dir"
  cat >"$dir/named.conf" <<END
options {
  directory "$dir"; pid-file "$dir/pid"; session-keyfile "$dir/session.key"; managed-keys-directory "$dir";
  listen-on port $port { 127.0.0.1; }; listen-on-v6 { none; };
  recursion yes; allow-query { 127.0.0.1; }; dnssec-validation no; notify no;
  $2
};
controls { };
$3
END
  serve "$dir/log" named -g -n 1 -c "$dir/named.conf"
}
