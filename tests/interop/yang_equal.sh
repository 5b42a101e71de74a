#!/bin/bash
# Are our compact YANG modules the published data models?
#
# For every module, what libyang compiles is compared (`yanglint -f info`): data nodes with types,
# ranges, patterns, defaults, when and must. Typedefs and groupings are compiled through a probe
# module with one node for each; features and identities are compared as printed. What people read
# (description, reference, organization, contact, presence text, error messages) is left out.
# Then each MUD file under ../shared/data/mud must get the same verdict from both.
# Exit status: 0 equal, 1 different, 77 something needed is missing.
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
ours=$root/mudgen/yang
published=${MUDZONE_SHARED:-$root/../shared}/yang
files=$published/../data/mud

command -v yanglint >/dev/null || { echo "yanglint is not installed"; exit 1; }
[ -d "$published" ] || { echo "left out: no published modules at $published"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

modules="ietf-mud@2019-01-28 ietf-acldns@2019-01-28 ietf-access-control-list@2019-03-04
  ietf-packet-fields@2019-03-04 ietf-ethertypes@2019-03-04 ietf-interfaces@2018-02-20
  ietf-inet-types@2013-07-15 ietf-yang-types@2013-07-15 iana-tls-profile@2025-04-18
  ietf-mud-tls@2025-04-18 ietf-mud-transparency@2023-10-10"
mud_modules="ietf-mud@2019-01-28 ietf-acldns@2019-01-28 ietf-mud-tls@2025-04-18
  ietf-mud-transparency@2023-10-10"

# Drops the statements that only people read, and indentation.
normalise() {
    awk '
        # a text statement ends at the first ";" or "{" outside quotes
        function ends(line,   i, c) {
            for (i = 1; i <= length(line); i++) {
                c = substr(line, i, 1)
                if (c == "\\" && quoted) { i++; continue }
                if (c == "\"") quoted = !quoted
                else if (c == ";" && !quoted) return 1
            }
            return 0
        }
        skipping { if (ends($0)) skipping = 0; next }
        /^[ \t]*(description|reference|organization|contact|error-message|presence)([ \t]|$)/ {
            if ($1 == "presence") print "presence"
            quoted = 0
            skipping = !ends($0)
            next
        }
        { gsub(/^[ \t]+|[ \t]+$/, "") }
        $0 != "" { print }
    '
}

# libyang carries its own ietf-inet-types and ietf-yang-types, and takes them whatever the path says:
# under another name it has to read the files.
own_name() { # NAME@REVISION
    local name=${1%@*}
    case $name in ietf-inet-types | ietf-yang-types) name=own-${name#ietf-} ;; esac
    echo "$name"
}
prepare() { # FROM TO
    local m
    mkdir -p "$2"
    for m in $modules; do
        sed -e 's/ietf-\(inet\|yang\)-types/own-\1-types/g' "$1/$m.yang" \
            >"$2/$(own_name "$m").yang" || return 1
    done
}

# The names that statement $2 defines at the top level of module file $1.
defined() {
    yanglint -D -p "$(dirname "$1")" -f yang "$1" 2>/dev/null | normalise |
        awk -v what="$2" '
            depth == 1 && $1 == what { name = $2; sub(/;$/, "", name); print name }
            { depth += gsub(/\{/, "{") - gsub(/\}/, "}") }
        ' | sort
}

# A module with a leaf for each typedef and a container for each grouping that the published
# module defines.
probe() { # MODULE-NAME -> text
    local reference=$tmp/published/$1.yang name
    echo "module probe { yang-version 1.1; namespace \"urn:probe\"; prefix p; import $1 { prefix m; }"
    echo "container probe { config false;" # so that leafrefs may point to state data
    for name in $(defined "$reference" typedef); do echo "leaf t-$name { type m:$name; }"; done
    for name in $(defined "$reference" grouping); do echo "container g-$name { uses m:$name; }"; done
    echo "} }"
}

info() { # FOLDER MODULE-NAME
    local dir=$1 name=$2
    # together with all others, because augments show only in the module they add to
    yanglint -D -p "$dir" -f info "$dir/$name.yang" "$dir"/i*.yang 2>&1 | normalise
    mkdir -p "$dir/probe"
    probe "$name" >"$dir/probe/probe.yang"
    yanglint -D -p "$dir" -f info "$dir/probe/probe.yang" 2>&1 | normalise
    # features and identities: each with all its statements on one line, in any order
    yanglint -D -p "$dir" -f yang "$dir/$name.yang" 2>&1 | normalise | awk '
        depth == 1 { item = ""; keep = $1 == "feature" || $1 == "identity" || $1 == "yang-version" }
        { opened = gsub(/\{/, "{"); closed = gsub(/\}/, "}") }
        keep && $1 == "base" { n = split($2, part, ":"); item = item " base " part[n]; depth += opened - closed; next }
        keep { item = item " " $0 }
        { depth += opened - closed }
        keep && depth == 1 { gsub(/ \{ *\}/, ";", item); print item }
    ' | sort
}

compare() { # OURS MODULE…: prints differences, returns whether equal
    local name m status=0
    rm -rf "$tmp/ours" "$tmp/published"
    prepare "$1" "$tmp/ours" && prepare "$published" "$tmp/published" || return 2
    shift
    for m in "$@"; do
        name=$(own_name "$m")
        info "$tmp/published" "$name" >"$tmp/published.info"
        info "$tmp/ours" "$name" >"$tmp/ours.info"
        if [ ! -s "$tmp/published.info" ] || grep -q '^libyang err' "$tmp/published.info"; then
            echo "$m: the published module does not load"
            status=1
        elif ! diff -u "$tmp/published.info" "$tmp/ours.info" >"$tmp/diff"; then
            echo "$m: differs"
            cat "$tmp/diff"
            status=1
        fi
    done
    return $status
}

# One line per file: accepted or refused.
verdicts() { # FOLDER
    local m f paths=()
    for m in $mud_modules; do paths+=("$1/$m.yang"); done
    find "$files" -type f | sort | while read -r f; do
        cp "$f" "$tmp/file.json" && chmod u+w "$tmp/file.json" # whatever it is called
        if yanglint -D -p "$1" -t config "${paths[@]}" "$tmp/file.json" >/dev/null 2>&1; then
            echo "accepted ${f#"$files"/}"
        else
            echo "refused ${f#"$files"/}"
        fi
    done
}

# A comparison that cannot fail proves nothing: change one fact at a time and see it noticed.
self_test() {
    local change module from status=0
    while IFS='|' read -r module from change; do
        cp -r "$ours" "$tmp/changed"
        chmod -R u+w "$tmp/changed"
        sed -i "s/$from/$change/" "$tmp/changed/$module.yang"
        if cmp -s "$ours/$module.yang" "$tmp/changed/$module.yang"; then
            echo "self-test: nothing to change in $module: $from"
            status=1
        elif compare "$tmp/changed" "$module" >/dev/null; then
            echo "self-test: not noticed in $module: $from -> $change"
            status=1
        fi
        rm -rf "$tmp/changed"
    done <<'CHANGES'
ietf-mud@2019-01-28|1\.\.168|1..169
ietf-mud@2019-01-28|default "48"|default "24"
ietf-acldns@2019-01-28|dst-dnsname|to-dnsname
ietf-access-control-list@2019-03-04|acl:ipv4-acl-type')|acl:ipv6-acl-type')
ietf-access-control-list@2019-03-04|identity reject { base forwarding-action; }|identity reject;
ietf-access-control-list@2019-03-04|"match-on-eth and match-on-ipv4"|"match-on-eth"
ietf-packet-fields@2019-03-04|\. <= \.\.|. < ..
ietf-packet-fields@2019-03-04|5\.\.60|5..15
ietf-ethertypes@2019-03-04|value 2054|value 2055
ietf-interfaces@2018-02-20|feature pre-provisioning;|
ietf-inet-types@2013-07-15|1\.\.253|1..254
ietf-inet-types@2013-07-15|3\[0-2\]|3[0-3]
ietf-yang-types@2013-07-15|{1,127}|{1,128}
iana-tls-profile@2025-04-18|dtls13 { value 2|dtls13 { value 3
ietf-mud-tls@2025-04-18|"false"|"true"
ietf-mud-transparency@2023-10-10|coaps { base local-type; }|coaps;
CHANGES
    return $status
}

failed=0
# shellcheck disable=SC2086 # a list of words
compare "$ours" $modules || failed=1
self_test || failed=1
if [ -d "$files" ]; then
    verdicts "$published" >"$tmp/published.verdicts"
    verdicts "$ours" >"$tmp/ours.verdicts"
    diff -u "$tmp/published.verdicts" "$tmp/ours.verdicts" || failed=1
    grep -q '^accepted' "$tmp/published.verdicts" || { echo "no file is accepted"; failed=1; }
    count=$(wc -l <"$tmp/ours.verdicts")
else
    echo "left out: verdicts, no MUD files at $files"
    count=0
fi
[ $failed = 0 ] && echo "equal: $(wc -w <<<"$modules") modules; same verdict for $count files"
exit $failed
