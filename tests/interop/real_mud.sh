#!/bin/bash
# tests/interop/real_mud.sh -- `mudzone check --mud` gives every MUD file of ../shared/data/mud a verdict, with findings that
# name the place, and agrees with yanglint about what is no MUD file at all.
# shellcheck source=tests/support/interop.sh disable=SC2317
source "$(dirname "$0")/../support/interop.sh" || exit 1

files=$shared/data/mud
if [[ ! -d $files ]]; then
  left_out "all of it: no $files"
  exit 77
fi

yang_takes() {
  yanglint -p "$shared/yang" -t config "$shared/yang"/{ietf-mud,ietf-acldns,ietf-mud-tls,ietf-mud-transparency}@*.yang "$1"
}

judge() { # FILE: 0 or 1, errors name a line or a JSON path, and nothing that YANG refuses is accepted
  local status
  mudzone check --mud "$1" >out.txt 2>err.txt
  status=$?
  if [[ $status == 1 ]]; then
    grep -qE '(:[0-9]+: error:|: error: /)' err.txt || { cat err.txt; return 1; }
  elif [[ $status == 0 ]]; then
    yang_takes "$1" >/dev/null 2>&1 || { echo "accepted, but YANG refuses it"; return 1; }
  else
    cat err.txt
    return 1
  fi
}

n=0
accepted=0
while IFS= read -r file; do
  ok "${file#"$files"/}" judge "$file"
  n=$((n + 1))
  mudzone check --mud "$file" -q >/dev/null 2>&1 && accepted=$((accepted + 1))
done < <(find "$files" -type f | sort) # one is a signature: refused like any other
ok "all 82 files were there ($n)" test "$n" = 82
ok "some are accepted ($accepted)" test "$accepted" -gt 10
ok "some are refused" test "$accepted" -lt "$n"
refused "all at once" 1 'error' bash -c 'find "$1" -type f -exec "$2" check --mud {} +' - "$files" "$mudzone"
interop_done
