#!/bin/bash
# tests/interop/key_uses.sh -- every stage of every kind of rollover before the judges. The zones are those of the unit test
# test_key_uses, which says what each stage is.
#
# What the judges of Debian 12 make of them:
# - RRSIGs of a key that is not in the DNSKEY RRset (first and last step of an algorithm rollover) trouble none of them:
#   BIND 9.18, ldns 1.8 and Knot 3.2 accept such zones, and so does `mudzone verify`, with a note.
# - dnssec-verify wants -z where a single key signs beside a key of the other kind.
# - kzonecheck 3.2 finds "no valid signature" where only some of the single keys sign data, also in zones of dnssec-signzone:
#   there it is not asked.
# shellcheck source=tests/support/interop.sh disable=SC2317
source "$(dirname "$0")/../support/interop.sh" || exit 1

origin=example
stages=$(dirname "$mudzone")/tests/test_key_uses
ok "the stages are written" env MUDZONE_KEY_USES="$scratch" "$stages" write_stages

judge_stage() { # NAME FILE
  local name=$1 file=$2 flags=()
  case $name in
    csk* | single* | split*) flags=(-z) ;;
  esac
  ok "$name: dnssec-verify ${flags[*]}" dnssec-verify -q "${flags[@]}" -o $origin "$file"
  ok "$name: ldns-verify-zone" ldns-verify-zone -V1 "$file"
  case $name in
    csk.[123] | csk-13-to-15.[23] | single-to-split.1 | split-to-single.[23]) ;;
    *) ok "$name: kzonecheck" kzonecheck -d on -o $origin "$file" ;;
  esac
}

for file in *.zone; do
  name=${file%.zone}
  judge_stage "$name" "$file"
  ok "$name: verify" mudzone verify "$file" --origin $origin
done
ok "an algorithm comes: its key is noted as unpublished" \
  grep -q 'rrsig-unpublished' <(mudzone verify 13-to-15.1.zone --origin $origin 2>&1)
ok "an algorithm has gone: so is the other" \
  grep -q 'rrsig-unpublished' <(mudzone verify 13-to-15.4.zone --origin $origin 2>&1)
interop_done
