#!/bin/bash
# tests/interop/badinput.sh -- what goes wrong in practice: bad files, bad certificates, no room, no right to write, two at
# once. Exit status and message are asserted, and a failed build leaves OUT byte for byte.
# shellcheck source=tests/support/interop.sh disable=SC2317
source "$(dirname "$0")/../support/interop.sh" || exit 1

year=31557600
mgmt=zones/mgmt.lumen.example.zone
bundled_example good
now=$(date +%s)
ok "the good build" mudzone -i good/inventory.yaml build --now "$now" || interop_done

fingerprint() { # FOLDER [OUT]: everything in OUT, and the names beside it (the state may be made)
  (cd "$1/$(dirname "${2:-out}")" && find . -maxdepth 1 ! -name state && [[ -e $(basename "${2:-out}") ]] && find "$(basename "${2:-out}")" -printf '%p %y %s %m\n' -type f -exec sha256sum {} + | sort)
}

# bad NAME STATUS PATTERN [CHANGE…]: a copy of the good vendor, changed by a command run inside it, must not build.
options=()
bad() {
  local name=$1 status=$2 pattern=$3
  shift 3
  rm -rf vendor && cp -a good vendor
  (cd vendor && "$@") || { ok "$name: the change itself" false; return; }
  fingerprint vendor >before
  refused "$name" "$status" "$pattern" timeout 60 "$mudzone" -i vendor/inventory.yaml build --now "$now" "${options[@]}"
  fingerprint vendor >after
  same "$name: OUT is as it was" before after
}
append() { printf '%b' "$2" >>"$1"; }
replace() { printf '%b' "$2" >"$1"; }
edit() { sed -i "$2" "$1" && ! cmp -s "$1" "../good/$1"; }

# ---------------------------------------------------------------- inventory
refused "no such inventory" 2 'nowhere\.yaml' mudzone -i nowhere.yaml build
refused "the inventory is a folder" 2 'good' mudzone -i good build
refused "no such command" 2 'did you mean .*build' mudzone biuld
refused "no such option" 2 'did you mean .*--json' mudzone check --jsno
bad "empty inventory" 2 'inventory\.yaml.*error' replace inventory.yaml ''
bad "binary inventory" 2 'inventory\.yaml:1' replace inventory.yaml '\000\001\377\376binary'
bad "bad UTF-8" 2 'inventory\.yaml:[0-9]+' append inventory.yaml '# \377\376\nmanufacturer2: "\377"\n'
bad "a tab where YAML has none" 2 'inventory\.yaml:[0-9]+' append inventory.yaml 'x:\n\ty: 1\n'
bad "a list where a mapping belongs" '[12]' 'inventory\.yaml.*error' replace inventory.yaml '- a\n- b\n'
bad "unknown key, nearest suggested" '[12]' 'inventory\.yaml:[0-9]+.*error:.*refresh' edit inventory.yaml 's/^  refresh: 24h/  refersh: 24h/'
bad "wrong type" '[12]' 'inventory\.yaml:[0-9]+:[0-9]+.*error:.*cache-validity' edit inventory.yaml 's/cache-validity: 48/cache-validity: soon/'
bad "number out of range" '[12]' 'inventory\.yaml:[0-9]+:[0-9]+.*error:.*cache-validity' edit inventory.yaml 's/cache-validity: 48/cache-validity: 169/'
bad "model named twice" 1 'products/cameras\.yaml:[0-9]+.*cam-100' edit products/cameras.yaml 's/name: cam-90$/name: cam-100/'
bad "reference to nothing" 1 'products/cameras\.yaml:[0-9]+.*vidoe' edit products/cameras.yaml 's/clock, video\]/clock, vidoe]/'
bad "include loop" '[12]' 'products/cameras\.yaml:[0-9]+.*include' append products/cameras.yaml 'include: [../inventory.yaml]\n'
bad "include of nothing" '[12]' 'inventory\.yaml:[0-9]+.*nothing\.yaml' edit inventory.yaml 's|products/hub.json|products/nothing.yaml|'
bomb() {
  local level text='a0: &a0 [x, x, x, x, x, x, x, x, x]\n'
  for level in 1 2 3 4 5 6 7 8 9; do
    text+="a$level: &a$level [$(printf "*a$((level - 1)), %.0s" 1 2 3 4 5 6 7 8)*a$((level - 1))]\n"
  done
  append inventory.yaml "$text"
}
bad "YAML bomb" '[12]' 'inventory\.yaml:[0-9]+.*error' bomb
bad "nesting without end" '[12]' 'inventory\.yaml:[0-9]+.*error' append inventory.yaml "deep: $(printf '[%.0s' {1..5000})\n"
huge() { head -c 17000000 /dev/zero | tr '\0' '#' >>inventory.yaml; }
bad "huge inventory" '[12]' 'inventory\.yaml.*(over|limit|large|more than)' huge

# ---------------------------------------------------------------- zones
bad "no such zone file" '[12]' 'mgmt\.lumen\.example\.zone' rm $mgmt
bad "empty zone file" 1 'mgmt\.lumen\.example\.zone.*(SOA|no record)' replace $mgmt ''
bad "binary zone file" 1 'mgmt\.lumen\.example\.zone:[0-9]+' cp /bin/true $mgmt
bad "a text of 70,000 bytes" 1 'mgmt\.lumen\.example\.zone:[0-9]+' append $mgmt "big TXT \"$(head -c 70000 /dev/zero | tr '\0' x)\"\n"
bad "an include in the zone" 1 'mgmt\.lumen\.example\.zone:[0-9]+.*INCLUDE' append $mgmt '$INCLUDE other.zone\n'
bad "CNAME loop" 1 '[a-z]:[0-9]+.*error: push\.mgmt.*cname-loop' edit $mgmt 's/^push-in .*/push-in CNAME push/'
bad "data beside CNAME" 1 'mgmt\.lumen\.example\.zone:[0-9]+.*CNAME' append $mgmt 'push A 192.0.2.9\n'
bad "listed name missing" 1 'fw\.mgmt\.lumen\.example' edit $mgmt '/^fw /,/HTTPS/d'
bad "TTL outside a refusing policy" 1 'mgmt\.lumen\.example\.zone:[0-9]+.*TTL 5' append $mgmt 'quick 5 A 192.0.2.9\n'
bad "expired waiver" 1 'inventory\.yaml:[0-9]+.*waiver' edit inventory.yaml 's/until: 2036-12-31/until: 2020-12-31/'
signed_before() {
  rm -r state out
  append $mgmt '@ DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n'
}
bad "a zone signed elsewhere: no keys are made for it" 3 'accept-new-keys' signed_before

rm -rf vendor && cp -a good vendor
sed -i 's/$/\r/' vendor/$mgmt
ok "a zone file with CR LF builds" mudzone -i vendor/inventory.yaml build --now "$now"
same "a zone file with CR LF: the same zones" good/out/zones vendor/out/zones

# ---------------------------------------------------------------- certificates and keys
bad "no signer certificate" 2 'signer\.pem' rm pki/signer.pem
bad "no signer key" 2 'signer\.key' rm pki/signer.key
bad "signer key readable by others" 2 'signer\.key.*(0600|others|private)' chmod 644 pki/signer.key
bad "key of another certificate" 2 'signer\.(key|pem).*(match|belong)' cp pki/https.key pki/signer.key
bad "a certificate that is none" 2 'signer\.pem' replace pki/signer.pem 'no certificate\n'
wrong_usage() {
  openssl req -x509 -key pki/signer.key -days 100 -subj /CN=x -out pki/signer.pem -addext keyUsage=critical,keyEncipherment
}
bad "certificate that may not sign" 2 'signer\.pem.*digitalSignature' wrong_usage
wrong_purpose() {
  openssl req -x509 -key pki/signer.key -days 100 -subj /CN=x -out pki/signer.pem -addext keyUsage=critical,digitalSignature \
    -addext extendedKeyUsage=codeSigning
}
bad "certificate for something else" 2 'signer\.pem.*(emailProtection|EKU|purpose)' wrong_purpose
bad "HTTPS certificate of another host" '[12]' 'https\.pem.*error: .*tls-certificate-host' cp pki/signer.pem pki/https.pem
options=(--now $((now + 3 * year)))
now_kept=$now now=$((now + 3 * year)) options=()
bad "expired certificate" 2 '(signer|https)\.pem.*expired' true
now=$now_kept

zone_key() { find state/keys -name '*.pem' | sort | head -n 1; }
lose_key() { rm "$(zone_key)"; }
open_key() { chmod 644 "$(zone_key)"; }
bad "a zone's key is gone: never made anew" 3 'key' lose_key
bad "a zone's key readable by others" '[23]' '(0600|others|private)' open_key
spoil_key() { head -c 20 "$(zone_key)" >k && cat k >"$(zone_key)" && rm k; }
bad "a zone's key cut short" '[23]' 'key' spoil_key
bad "the state is lost, OUT has its keys" 3 'accept-new-keys' rm -r state
spoil_state() { head -c 100000 /dev/urandom >state/state.db && rm -f state/state.db-*; }
bad "a broken database" 3 'state' spoil_state

# ---------------------------------------------------------------- OUT
foreign() { rm -r out && mkdir out && echo precious >out/thesis.txt; }
bad "OUT is someone's folder" '[23]' 'out.*manifest' foreign
out_file() { rm -r out && echo precious >out; }
bad "OUT is a file" '[23]' 'out' out_file

# As a user who may write the state but not the folder that holds OUT.
rm -rf vendor && cp -a good vendor && mkdir vendor/published && mv vendor/out vendor/published/out
sed -i 's|^output: out|output: published/out|' vendor/inventory.yaml
sed -i 's/192\.0\.2\.20$/192.0.2.29/' vendor/$mgmt
if [[ $(id -u) == 0 ]]; then
  as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chown -R 65534:65534 vendor && chown -R 0:0 vendor/published
  chmod 755 "$scratch"
  cp "$mudzone" for-all # the build tree may be out of that user's reach
else
  as_user=()
  ln -s "$mudzone" for-all
  chmod 555 vendor/published
fi
fingerprint vendor published/out >before
refused "OUT cannot be written" 3 'published.*(Permission denied|Read-only)' \
  "${as_user[@]}" ./for-all -i vendor/inventory.yaml build --now $((now + 60))
fingerprint vendor published/out >after
same "OUT cannot be written: OUT is as it was" before after
chmod 755 vendor/published

# A file system without room. Needs a mount of our own.
small_disk() { # SIZE: builds a changed vendor on a file system of that size, and compares OUT there
  # shellcheck disable=SC2016
  unshare -m bash -c 'mount -t tmpfs -o "size=$1" none small && cp -a vendor/. small && cd small &&
    { dd if=/dev/zero of=filler bs=4096 2>/dev/null; dd if=/dev/null of=filler bs=1 seek=$(( $(stat -c %s filler) - $2 )) 2>/dev/null
      find out -type f -exec sha256sum {} + | sort >"$3/before"; ls -A | grep -v "^filler" >>"$3/before"
      "$4" build --now "$5"; echo "status $?"
      find out -type f -exec sha256sum {} + | sort >"$3/after"; ls -A | grep -v "^filler" >>"$3/after"; }' \
    - "$1" "$2" "$scratch" "$mudzone" $((now + 60))
}
rm -rf vendor small && cp -a good vendor && mkdir small
sed -i 's/192\.0\.2\.20$/192.0.2.29/' vendor/$mgmt
if unshare -m true 2>/dev/null && unshare -m mount -t tmpfs none small 2>/dev/null; then
  for room in 4096 65536 131072; do
    small_disk 4m $room >small.log 2>&1
    ok "full disk, $room bytes left: exit status 3" grep -x 'status 3' small.log || cat small.log
    ok "full disk, $room bytes left: says so" grep -E 'error: .*(No space left|disk is full|disk I/O)' small.log
    same "full disk, $room bytes left: OUT is as it was" before after
  done
else
  left_out "full disk: no right to mount a small file system"
fi

interop_done
