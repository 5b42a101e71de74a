#!/bin/bash
# tests/interop/judges.sh -- whole builds before other people's tools: the bundled example and the six vendors of ../shared.
# shellcheck source=tests/support/interop.sh
source "$(dirname "$0")/../support/interop.sh" || exit 1

yang=$shared/yang
[[ -d $yang ]] || { yang=$source_dir/mudgen/yang && left_out "the published YANG modules ($shared/yang): MUD files are judged by ours"; }

judge_mud() { # FILE: yanglint with the modules that MUD files may use
  yanglint -p "$yang" -t config "$yang"/{ietf-mud,ietf-acldns,ietf-mud-tls,ietf-mud-transparency}@*.yang "$1"
}

one_line() { [[ $(tr -dc '\n' <"$1" | wc -c) == 0 ]]; } # compact JSON, no newline

judge_signature() { # P7S DOCUMENT CA
  openssl cms -verify -binary -inform DER -in "$1" -content "$2" -CAfile "$3" -out /dev/null
}

manifest_true() { # OUT: the manifest names every file, with its digest and size
  (cd "$1" || exit
    jq -r '.files | to_entries[] | "\(.value.sha256)  \(.key)"' manifest.json | sort -k2 >"$scratch/manifest.sums"
    sha256sum --quiet -c "$scratch/manifest.sums" &&
      diff <(cut -c67- "$scratch/manifest.sums" | sort) <(find . -type f ! -path ./manifest.json | sed 's|^\./||' | sort) &&
      jq -r '.files | to_entries[] | "\(.value.size) \(.key)"' manifest.json | while read -r size path; do
        [[ $(stat -c %s "$path") == "$size" ]] || { echo "$path is not $size bytes"; exit 1; }
      done)
}

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

announced() { # OUT: what the _mudzone records say is true of the files
  local zone=$1/zones/$2.zone web=$1/web name text
  text=$(awk -v n="_mudzone.$2." '$1 == n && $4 == "TXT"' "$zone")
  grep -qF "\"list=sha-256:$(digest_of "$web/.well-known/mudzone/domains.json")\"" <<<"$text" || { echo "list digest: $text"; return 1; }
  while read -r name; do
    text=$(awk -v n="$name._models._mudzone.$2." '$1 == n && $4 == "TXT"' "$zone")
    grep -qF "\"mud=sha-256:$(digest_of "$web/$name/$name.json")\"" <<<"$text" &&
      grep -qF "\"sig=sha-256:$(digest_of "$web/$name/$name.p7s")\"" <<<"$text" || { echo "$name: $text"; return 1; }
  done < <(jq -r '.models[].name' "$web/.well-known/mudzone/domains.json")
}

lists_agree() { # OUT: list = domains.txt = RPZ owners
  local mudzone=$1/web/.well-known/mudzone
  jq -r '.domains[] | if .match == "subdomains" then "*." + .name else .name end' "$mudzone/domains.json" | sort >list
  diff list <(sort "$mudzone/feeds/domains.txt") &&
    diff list <(awk '/CNAME/ { print $1 }' "$mudzone/feeds/allow.rpz" | sort)
}

judge_build() { # NAME FOLDER
  local name=$1 inventory=$2/inventory.yaml out=$2/out file zone publication now
  now=$(date +%s)
  ok "$name: check" mudzone -i "$inventory" check --now "$now"
  ok "$name: build" mudzone -i "$inventory" build --now "$now" || return
  for file in "$out"/zones/*.zone; do
    zone=$(basename "$file" .zone)
    judge_zone "$name: $zone" "$file" "$zone"
    ok "$name: $zone has a DS file" grep -qE ' DS [0-9]+ [0-9]+ 2 [0-9A-F]{64}$' "$out/zones/$zone.ds"
  done
  while IFS= read -r file; do
    ok "$name: JSON: ${file#"$out"/}" jq -e . "$file"
  done < <(find "$out" -name '*.json')
  while IFS= read -r file; do
    ok "$name: yanglint: ${file#"$out"/}" judge_mud "$file"
    ok "$name: one line: ${file#"$out"/}" one_line "$file"
  done < <(jq -r '.models[].name' "$out/web/.well-known/mudzone/domains.json" | sed "s|.*|$out/web/&/&.json|")
  ok "$name: one line: the list" one_line "$out/web/.well-known/mudzone/domains.json"
  while IFS= read -r file; do
    local document=${file%.p7s}
    [[ -e $document ]] || document=$document.json
    ok "$name: openssl cms: ${file#"$out"/}" judge_signature "$file" "$document" "$2/pki/ca.pem"
  done < <(find "$out" -name '*.p7s')
  ok "$name: manifest" manifest_true "$out"
  publication=$(jq -r .announcement "$out/web/.well-known/mudzone/domains.json")
  publication=${publication%.}
  ok "$name: announcement" announced "$out" "${publication#_mudzone.}"
  ok "$name: list, feeds" lists_agree "$out"
  ok "$name: verify" mudzone verify "$out" --now "$now"
  ok "$name: verify with the CA" mudzone verify "$out" --ca "$2/pki/ca.pem" --now "$now"

  cp -R "$out" "$name.first"
  ok "$name: build again" mudzone -i "$inventory" build --now "$now"
  same "$name: same input, state and time, same bytes" "$name.first" "$out"
  echo "# an unrelated comment" >>"$inventory"
  ok "$name: build after a comment" mudzone -i "$inventory" build --now $((now + 3600))
  same "$name: a comment changes no document" "$name.first/web" "$out/web"
  same "$name: a comment changes no zone" "$name.first/zones" "$out/zones"
}

bundled_example lumen
judge_build lumen lumen
for vendor in lifx netatmo philips-hue roku samsung xiaomi-yi; do
  if [[ ! -d $shared/examples/$vendor ]]; then
    left_out "vendor $vendor: no $shared/examples/$vendor"
    continue
  fi
  cp -R "$shared/examples/$vendor" $vendor
  chmod -R u+w $vendor
  host=$(sed -nE 's|^ *base-url: https://([^/]+)/.*|\1|p' $vendor/inventory.yaml)
  "$shared/tools/make_pki.sh" $vendor "$host"
  judge_build $vendor $vendor
done
interop_done
