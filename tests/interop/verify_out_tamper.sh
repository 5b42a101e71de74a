#!/usr/bin/env bash
# Every kind of file of an OUT, changed in every way that matters: `verify OUT` must end with 1 and name
# the rule. A change by someone who cannot rewrite the manifest shows at once (out-*); then the manifest
# is brought in line (`agree`), so that the checks behind it have to find the change by themselves.
source "$(dirname "$0")/../support/interop.sh"
for tool in jq openssl; do
  command -v $tool >/dev/null || { echo "$tool is not installed"; exit 1; }
done

bundled_example vendor
ok "build" mudzone -i vendor/inventory.yaml build -o good || interop_done
ok "verify" mudzone verify good
ok "verify --ca" mudzone verify good --ca vendor/pki/ca.pem
wk=web/.well-known/mudzone
serial=$(jq -r .serial good/$wk/domains.json)
model=$(jq -r '.models[0].name' good/$wk/domains.json)
zone=zones/mgmt.lumen.example.zone

fresh() {
  rm -rf out
  cp -R good out
}

# agree PATH…: the manifest says what these files hold now; a missing one is dropped from it.
agree() {
  local path
  for path in "$@"; do
    if [[ -e out/$path ]]; then
      jq --arg p "$path" --arg d "$(sha256sum <"out/$path" | cut -d' ' -f1)" --argjson s "$(stat -c %s "out/$path")" \
        '.files[$p] = {sha256: $d, size: $s}' out/manifest.json >m.json
    else
      jq --arg p "$path" 'del(.files[$p])' out/manifest.json >m.json
    fi
    mv m.json out/manifest.json
  done
}

# edit_json PATH JQ-EXPRESSION: compact and without newline, as it was.
edit_json() {
  jq -cj "$2" "out/$1" >edited.json && mv edited.json "out/$1"
}

# found NAME ID: the prepared OUT is refused for that reason.
found() { refused "$1" 1 "\[$2\]" mudzone verify out; }

# --- the manifest against the files: one change to each file, one file at a time
while read -r path; do
  fresh
  printf 'x' >>"out/$path"
  found "$path longer" out-size
  fresh
  printf '\377' | dd of="out/$path" bs=1 seek=0 conv=notrunc status=none
  found "$path: one octet" out-digest
  fresh
  rm "out/$path"
  found "$path removed" out-missing
done < <(cd good && find . -type f ! -name manifest.json -printf '%P\n' | sort)

fresh
echo more >out/web/more.html
found "a file more" out-extra
fresh
echo more >out/zones/other.zone
found "a zone more" out-extra
fresh
ln -s /etc/passwd out/web/link
found "a symbolic link" out-not-regular
fresh
mv out/$wk/schema.json schema.json
ln -s "$PWD/schema.json" out/$wk/schema.json
found "a symbolic link in place of a file" out-not-regular
fresh
mkfifo out/web/pipe
found "a pipe" out-not-regular
fresh
rm out/manifest.json
found "no manifest" manifest-absent
fresh
echo '{}' >out/manifest.json
found "another manifest" manifest-malformed
fresh
jq '.files["../vendor/inventory.yaml"] = .files["web/index.html"]' good/manifest.json >out/manifest.json
found "a manifest that reaches outside" manifest-malformed

# --- parts that must be there
for path in web/index.html $wk/schema.json $wk/feeds/deny.rpz; do
  fresh
  rm "out/$path"
  agree "$path"
  found "$path neither there nor in the manifest" out-incomplete
done

# --- zones
fresh
sed -i '/^mgmt.lumen.example. .* IN NS /d' out/$zone
agree $zone
found "apex NS gone" 'nsec-bitmap|rrsig-orphan'
fresh
cp "out/zones/fleet.lumen.example.ds" "out/zones/mgmt.lumen.example.ds"
sed -i 's/^fleet/mgmt/' out/zones/mgmt.lumen.example.ds
agree zones/mgmt.lumen.example.ds
found "the DS of another zone" ds-no-match
fresh
jq '.zones[0].serial += 1' good/manifest.json >out/manifest.json
found "another serial in the manifest" out-zone-serial
fresh
jq '.zones[0].expires = "2040-01-01T00:00:00Z"' good/manifest.json >out/manifest.json
found "another expiration in the manifest" out-zone-expires
fresh
jq '.zones[0].keys[0].digest |= "f" * 64' good/manifest.json >out/manifest.json
found "another key in the manifest" out-zone-keys
fresh
jq '.zones[0].keys |= .[1:]' good/manifest.json >out/manifest.json
found "a key that the manifest does not name" out-zone-keys
fresh
jq '.zones |= .[1:]' good/manifest.json >out/manifest.json
found "a zone that the manifest does not know" out-zone-extra
refused "expired" 1 '\[rrsig-expired\]' mudzone verify good --now 2029-01-01T00:00:00Z
refused "time to build again is but a warning" 0 '\[out-rebuild-due\]' \
  mudzone verify good --now "$(jq -r '."rebuild-before"' good/manifest.json)"
refused "but with --strict" 1 '\[out-rebuild-due\]' \
  mudzone verify good --strict --now "$(jq -r '."rebuild-before"' good/manifest.json)"

# --- the list
fresh
edit_json $wk/domains.json '.refresh = 1'
agree $wk/domains.json
found "the list says something else: digest in DNS" announcement-digest
found "the list says something else: CMS" cms-signature
found "the list says something else: TXT" announcement-field
found "the list says something else: its version" version-differs
fresh
edit_json $wk/domains.json '.serial += 1'
agree $wk/domains.json
found "another list serial" list-serial-differs
fresh
jq . good/$wk/domains.json >out/$wk/domains.json
agree $wk/domains.json
found "the list with newlines" list-malformed
fresh
edit_json $wk/domains.json '.extra = 1'
agree $wk/domains.json
found "the list with an unknown member" list-malformed
fresh
edit_json $wk/domains.json '.domains |= reverse'
agree $wk/domains.json
found "the list in another order" list-order
fresh
edit_json $wk/domains.json '.domains[0].models = ["nobody"]'
agree $wk/domains.json
found "a model that is not listed" list-model
fresh
edit_json $wk/domains.json '.zones |= .[1:]'
agree $wk/domains.json
found "a zone missing in the list" list-zones
fresh
edit_json $wk/domains.json '.domains |= map(select(.match == "exact"))[1:]'
agree $wk/domains.json
found "a name missing in the list: feeds" list-feed
found "a name missing in the list: pages" announcement-page
found "a name missing in the list: MUD files" list-mud
fresh
edit_json $wk/domains.json '.announcement = "_mudzone.example.org"'
agree $wk/domains.json
found "an announcement elsewhere" announcement-missing
fresh
edit_json $wk/domains.json '.models[0].name = "../../../vendor/x"'
agree $wk/domains.json
found "a model that reaches outside" list-malformed

# --- feeds
fresh
sed -i 1d out/$wk/feeds/domains.txt
agree $wk/feeds/domains.txt
found "a name missing in domains.txt" list-feed
fresh
echo 'ads.example.org CNAME rpz-passthru.' >>out/$wk/feeds/allow.rpz
agree $wk/feeds/allow.rpz
found "a name too many in allow.rpz" list-feed
fresh
sed -i '0,/rpz-passthru/s//rpz-drop/' out/$wk/feeds/allow.rpz
agree $wk/feeds/allow.rpz
found "another action in allow.rpz" list-feed
fresh
sed -i "s/$serial/1/" out/$wk/feeds/allow.rpz
agree $wk/feeds/allow.rpz
found "another serial in allow.rpz" list-serial-differs
fresh
sed -i '/^\*/d' out/$wk/feeds/deny.rpz
agree $wk/feeds/deny.rpz
found "deny.rpz denies nothing" list-deny
fresh
echo 'x CNAME rpz-passthru.' >>out/$wk/feeds/deny.rpz
agree $wk/feeds/deny.rpz
found "deny.rpz lets something through" list-deny

# --- MUD files
mud=web/$model/$model.json
fresh
edit_json "$mud" '."ietf-mud:mud"."mud-url" = "https://elsewhere.example/x.json"'
agree "$mud"
found "mud-url elsewhere" mud-place
found "MUD file changed: list" list-model
found "MUD file changed: DNS" announcement-digest
found "MUD file changed: CMS" cms-signature
found "MUD file changed: its version" version-differs
fresh
edit_json "$mud" '."ietf-mud:mud"."mud-signature" = "https://elsewhere.example/x.p7s"'
agree "$mud"
found "mud-signature elsewhere" mud-place
fresh
edit_json "$mud" '."ietf-mud:mud"."last-update" = "2020-01-01T00:00:00Z"'
agree "$mud"
found "another last-update" mud-updated-differs
fresh
edit_json "$mud" '."ietf-mud:mud"."cache-validity" = 200'
agree "$mud"
found "a value that YANG refuses" mud-value
fresh
sed -i 's/"ietf-acldns:dst-dnsname":"[^"]*"/"ietf-acldns:dst-dnsname":"other.example.org"/' "out/$mud"
agree "$mud"
found "other names in the MUD file" list-mud

# --- signatures
fresh
cp "out/web/$model/$model.p7s" out/$wk/domains.json.p7s
agree $wk/domains.json.p7s
found "the signature of another document" cms-signature
fresh
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout rogue.key -out rogue.pem -days 30 \
  -subj /CN=rogue -addext keyUsage=critical,digitalSignature 2>/dev/null
openssl cms -sign -binary -in out/$wk/domains.json -signer rogue.pem -inkey rogue.key -outform DER -noattr \
  -out out/$wk/domains.json.p7s 2>/dev/null
agree $wk/domains.json.p7s
found "a good signature by somebody else" cms-trust
refused "the same, by the CA file" 1 '\[cms-trust\]' mudzone verify out --ca vendor/pki/ca.pem
ok "somebody else vouched for by a CA file: only the copy differs" bash -c \
  '"$1" verify out --ca rogue.pem 2>&1 | grep -q version-differs' _ "$mudzone"

# --- the announcement; its signatures break too, so the ids are looked for among others
announced() { # NAME ID SED-EXPRESSION
  fresh
  sed -i "$3" out/$zone
  cmp -s good/$zone out/$zone && { echo "FAILED $1: nothing changed"; failures=$((failures + 1)); }
  agree $zone
  found "$1" "$2"
  found "$1: signatures" 'rrsig-invalid|rrsig-orphan|nsec3?-next|nsec3?-missing|zonemd-mismatch'
}
announced "another list digest" announcement-digest 's/"list=sha-256:[0-9a-f]/"list=sha-256:x/'
announced "another serial in TXT" list-serial-differs 's/"serial=[0-9]*"/"serial=1"/'
announced "another refresh in TXT" announcement-field 's/"refresh=[0-9]*"/"refresh=1"/'
announced "no TXT" announcement-missing '/^_mudzone.* IN TXT /d'
announced "two TXT" announcement-ambiguous '/^_mudzone.* IN TXT /{p;s/"serial=[0-9]*"/"serial=2"/}'
announced "no URI" announcement-missing '/^_mudzone.* IN URI /d'
announced "URI elsewhere" announcement-uri '/^_mudzone.* IN URI /s/domains.json/other.json/'
announced "fewer pages said" announcement-extra 's/"domain-pages=[0-9]*"/"domain-pages=0"/'
announced "more pages said" announcement-page 's/"domain-pages=[0-9]*"/"domain-pages=9"/'
announced "a name missing on a page" announcement-page '0,/^_0._domains.*PTR/{/^_0._domains.*PTR/d}'
announced "a model missing on a page" announcement-page '0,/^_0._models.*PTR/{/^_0._models.*PTR/d}'
announced "a model that is not listed" announcement-extra "0,/^$model._models.*URI/{/^$model._models.*URI/{p;s/^$model/ghost/}}"
announced "another MUD digest" announcement-digest 's/"mud=sha-256:[0-9a-f]/"mud=sha-256:x/'
announced "another signature digest" announcement-digest 's/"sig=sha-256:[0-9a-f]/"sig=sha-256:x/'
announced "another MUD URL" announcement-uri "/^$model._models.* IN URI /s/https/http/"
announced "no pin" announcement-missing '/^_signer.* IN SMIMEA /d'
announced "a pin of another kind" announcement-pin '/^_signer.* IN SMIMEA /s/SMIMEA 3 1 1/SMIMEA 2 1 1/'
announced "another pin" cms-trust '/^_signer.* IN SMIMEA /s/SMIMEA 3 1 1 ..../SMIMEA 3 1 1 0000/'
announced "no TLSA" announcement-tlsa '/ IN TLSA /d'

# --- versions
fresh
rm out/$wk/v/$serial/domains.json.p7s
agree $wk/v/$serial/domains.json.p7s
found "a version without signature" version-incomplete
fresh
rm "out/$wk/v/$serial/models/$model.json"
agree "$wk/v/$serial/models/$model.json"
found "a version without a model" version-incomplete
fresh
echo x >out/$wk/v/$serial/notes.txt
agree $wk/v/$serial/notes.txt
found "a version with something else" version-inconsistent
fresh
cp -R out/$wk/v/$serial out/$wk/v/4000000000
for path in domains.json domains.json.p7s $(cd out/$wk/v/$serial && echo models/*); do agree "$wk/v/4000000000/$path"; done
found "a version to come" version-newer
found "a version in the wrong folder" version-inconsistent

# --- a second version: the first is kept, and fits in itself
sed -i 's/^  refresh: .*/  refresh: 12h/' vendor/inventory.yaml
if ok "second build" mudzone -i vendor/inventory.yaml build -o good; then
  old=$serial
  serial=$(jq -r .serial good/$wk/domains.json)
  if [[ $old == "$serial" || ! -d good/$wk/v/$old ]]; then
    echo "FAILED: no second version beside $old"
    failures=$((failures + 1))
  fi
  ok "two versions" mudzone verify good
  fresh
  edit_json "$wk/v/$old/domains.json" '.manufacturer = "x"'
  agree "$wk/v/$old/domains.json"
  found "the earlier list changed" cms-signature
  fresh
  edit_json "$wk/v/$old/models/$model.json" '."ietf-mud:mud"."cache-validity" = 1'
  agree "$wk/v/$old/models/$model.json"
  found "an earlier MUD file changed" version-inconsistent
  fresh
  rm "out/$wk/v/$old/models/$model.json.p7s"
  agree "$wk/v/$old/models/$model.json.p7s"
  found "an earlier signature gone" version-incomplete
fi

interop_done
