#!/bin/bash
# tests/lint/check_deps.sh -- includes against the table of docs/CONVENTIONS.md 2.1.
source "$(dirname "$0")/../support/lint.sh" || exit 1

declare -A folders=(
  [common]="" [zones]="common" [mudgen]="common zones" [signer]="common zones"
  [publish]="common zones" [app]="common zones mudgen signer publish")
declare -A libraries=(
  [common]="jansson"
  [zones]="libknot libzscanner libfyaml libyang jansson idn2"
  [mudgen]="libknot libyang gnutls jansson"
  [signer]="libknot gnutls openssl sqlite3"
  [publish]="libknot libdnssec gnutls microhttpd uv"
  [app]="jansson uv gnutls")
third_party=" libknot libzscanner libdnssec libfyaml libyang jansson idn2 gnutls openssl sqlite3 microhttpd uv cmocka "

has() { [[ " $1 " == *" $2 "* ]]; }

check_file() { # FILE MODULE MORE-LIBRARIES
  local file=$1 module=$2 line mark path top
  while IFS=: read -r line mark path; do
    top=${path%%/*}
    if [[ $mark == '"' ]]; then
      case $top in
        "$module" | embedded) ;;
        "$path") [[ $file == tests/* ]] || bad "$file:$line" "includes $path" "write it from the root: \"$module/$path\"" ;;
        tests) [[ $file == tests/* ]] || bad "$file:$line" "includes $path" "tests are not part of the product" ;;
        common)
          has "${folders[$module]}" common || bad "$file:$line" "includes $path" "$module may not include common"
          ;;
        *)
          if ! has "${folders[$module]}" "$top"; then
            bad "$file:$line" "includes $path" "$module may include: ${folders[$module]:-nothing}; move what is shared, or join it in app/"
          elif [[ $path != "$top/$top.h" && $module:$path != signer:zones/packed.h &&
               $path != signer/life.h && $path != signer/parent.h && $path != signer/key_files.h && $path != signer/ksr.h &&
               $path != publish/ask.h && $path != publish/observe.h && $path != publish/notify.h ]]; then
            bad "$file:$line" "includes $path" "other folders see only $top/$top.h: add to that header what is needed"
          fi
          ;;
      esac
    else
      top=${top%.h}
      if has "$third_party" "$top" && ! has "${libraries[$module]} $3" "$top"; then
        bad "$file:$line" "includes <$path>" "$module may use: ${libraries[$module]}; ask the module that may, or change the table with a reason"
      fi
    fi
  done < <(perl -ne 'print "$.:$1:$2\n" if /^\s*#\s*include\s*([<"])([^>"]+)[>"]/' "$file")
}

for module in "${!folders[@]}"; do
  for file in "$module"/*.[ch]; do
    [[ -e $file ]] && check_file "$file" "$module" ""
  done
  for file in tests/unit/"$module"/*.[ch]; do
    [[ -e $file ]] && check_file "$file" "$module" "cmocka"
  done
done
lint_done
