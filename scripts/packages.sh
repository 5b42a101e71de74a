# shellcheck shell=bash disable=SC2034
# scripts/packages.sh -- what must be installed, and putting it there. Sourced by quickstart and check.
#
# A line: what is looked for, and the Debian package that has it. cmd: a program; lib: a pkg-config
# module; file: a path (a glob).

build_needs='
cmd:cc                  gcc
cmd:cmake               cmake
cmd:ninja               ninja-build
cmd:pkg-config          pkg-config
lib:libknot             libknot-dev
lib:gnutls              libgnutls28-dev
lib:libyang             libyang2-dev
lib:libfyaml            libfyaml-dev
lib:jansson             libjansson-dev
lib:sqlite3             libsqlite3-dev
lib:libidn2             libidn2-dev
lib:libcrypto           libssl-dev
cmd:openssl             openssl
'

# The judges (name servers, signers, validators) and what the tests themselves need.
test_needs='
cmd:gcc                 gcc
cmd:clang               clang
file:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-14-dev
cmd:clang-format        clang-format
lib:cmocka              libcmocka-dev
cmd:kzonecheck          knot-dnssecutils
cmd:kzonesign           knot-dnssecutils
cmd:knotd               knot
cmd:keymgr              knot
cmd:knotc               knot
cmd:kdig                knot-dnsutils
cmd:nsd                 nsd
cmd:nsd-control         nsd
cmd:named               bind9
cmd:dnssec-verify       bind9-utils
cmd:dnssec-signzone     bind9-utils
cmd:dnssec-keygen       bind9-utils
cmd:dnssec-dsfromkey    bind9-utils
cmd:unbound             unbound
cmd:ldns-verify-zone    ldnsutils
cmd:ldns-signzone       ldnsutils
cmd:yanglint            libyang2-tools
cmd:jq                  jq
cmd:curl                curl
cmd:strace              strace
cmd:mandoc              mandoc
cmd:unshare             util-linux
cmd:perl                perl-base
cmd:python3             python3
cmd:softhsm2-util       softhsm2
'

# need_met CHECK: is it there? The name servers live in sbin, which a user's PATH may lack.
need_met() {
  case $1 in
    cmd:*) PATH="$PATH:/usr/sbin:/sbin" command -v "${1#cmd:}" >/dev/null ;;
    lib:*) pkg-config --exists "${1#lib:}" 2>/dev/null ;;
    file:*) compgen -G "${1#file:}" >/dev/null ;;
  esac
}

# needs_missing NEEDS: "what package" lines for what is not there.
needs_missing() {
  local check package
  while read -r check package; do
    if [[ -n $check ]] && ! need_met "$check"; then
      echo "$check $package"
    fi
  done <<<"$1"
}

# needs_install NEEDS: installs what is missing; on failure says what is, and returns 1.
needs_install() {
  local missing packages as_root=()
  missing=$(needs_missing "$1")
  if [[ -z $missing ]]; then
    return 0
  fi
  mapfile -t packages < <(awk '{ print $2 }' <<<"$missing" | sort -u)
  if [[ $(id -u) != 0 ]]; then
    as_root=(sudo)
  fi
  if ! command -v apt-get >/dev/null; then
    echo "error: no apt-get here; please install what Debian calls: ${packages[*]}" >&2
    return 1
  fi
  if [[ ${#as_root[@]} != 0 ]] && ! command -v sudo >/dev/null; then
    echo "error: not root and no sudo; please run: apt-get install ${packages[*]}" >&2
    return 1
  fi
  echo "installing: ${packages[*]}"
  local log
  log=$(mktemp "${TMPDIR:-/tmp}/mudzone-packages.XXXXXX") || return 1
  # Debian starts name servers on installation; we want the programs only.
  export DEBIAN_FRONTEND=noninteractive
  local hold=/usr/sbin/policy-rc.d held=0
  if [[ ! -e $hold ]] && printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$hold" >/dev/null 2>&1; then
    "${as_root[@]}" chmod 755 "$hold"
    held=1
  fi
  { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}"; } </dev/null >"$log" 2>&1
  if [[ $held == 1 ]]; then
    "${as_root[@]}" rm -f "$hold"
  fi
  missing=$(needs_missing "$1")
  if [[ -n $missing ]]; then
    echo "error: still missing (looked for, Debian package):" >&2
    printf '%s\n' "$missing" >&2
    echo "What apt-get said is in $log; its last lines:" >&2
    tail -n 5 "$log" >&2
    echo "Is the network there? Otherwise install the packages by hand and run this again." >&2
    return 1
  fi
  rm -f "$log"
}
