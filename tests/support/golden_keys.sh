# tests/support/golden_keys.sh -- for golden cases about keys, which are new in every run: zones on their way, and what is
# random masked. Sourced by a case's cmd.

N=2026-11-21T10:00:00Z # the first build
ZONE=mgmt.example.net

later() { date -u -d "$N $1" +%Y-%m-%dT%H:%M:%SZ; } # "+3 hours"

published() { # WHEN: built and public at once
  mudzone build -q --now "$(later "$1")" 2>/dev/null
  mudzone confirm -q --now "$(later "$1")"
}

tag_of() { # ROLE: of the first such key
  mudzone keys list --json --now $N | jq -r --arg role "$1" '[.keys[] | select(.role == $role)][0]."key-tag"'
}

asked() { # signed, public, and the parent is asked for the DS: at +3 hours
  mudzone init -q . --now $N
  published ""
  published "+3 hours"
}

in_use() { # with its DS everywhere since +29 hours
  asked
  mudzone keys ds-seen -q $ZONE "$(tag_of ksk)" --reason "seen with kdig" --now "$(later "+4 hours")"
  published "+30 hours"
}

# Tags, digests, keys, users, and expirations, which go with the signatures.
mask() {
  sed -E '
    s/\b(ksk|zsk|csk) +[0-9]+\b/\1 TAG/g
    s/("key-tag": )[0-9]+/\1"TAG"/
    s/\b[0-9a-f]{64}\b/DIGEST/g
    s/\b[0-9a-f]{16}\b/DIGEST/g
    s/ (DS|CDS) [0-9]+ 13 ([24]) [0-9A-F]+/ \1 TAG 13 \2 DIGEST/
    s/ CDNSKEY 257 3 13 [A-Za-z0-9+\/=]+/ CDNSKEY 257 3 13 KEY/
    s/[A-Za-z0-9_.-]+ \([0-9]+\): /USER: /
    s/valid until [^ ]+, [0-9]+ s ago/valid until TIME/
    s/(valid until|expired|and end|  before|of replacement) [0-9T:Z-]+ \([^)]*\)/\1 TIME/
    s/("(signatures-until|rebuild-before)": )"[^"]*"/\1"TIME"/'
}
