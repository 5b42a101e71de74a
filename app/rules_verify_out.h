/*
 * app/rules_verify_out.h -- the rules of `verify` over a whole OUT folder; those over one zone are
 * the signer's, those over one MUD file or CMS signature mudgen's.
 */
#pragma once

#include "common/diag.h"

#define VERIFY_OUT_RULES(X)                                                                        \
    /* files */                                                                                    \
    X(out_missing, "out-missing", SEV_ERROR, "DESIGN 5", "every file that the manifest names")     \
    X(out_extra, "out-extra", SEV_ERROR, "DESIGN 5", "no file that the manifest does not name")    \
    X(out_not_regular, "out-not-regular", SEV_ERROR, "DESIGN 5", "regular files and folders only") \
    X(out_size, "out-size", SEV_ERROR, "DESIGN 5", "the size that the manifest states")            \
    X(out_digest, "out-digest", SEV_ERROR, "DESIGN 5", "the SHA-256 that the manifest states")     \
    X(out_too_large, "out-too-large", SEV_ERROR, "limits.h", "a folder within the limits")         \
    X(out_unreadable, "out-unreadable", SEV_ERROR, "DESIGN 5", "readable files and folders")       \
    X(out_incomplete, "out-incomplete", SEV_ERROR, "DESIGN 5", "all parts of a build")             \
    X(out_rebuild_due, "out-rebuild-due", SEV_WARNING, "DESIGN 5",                                 \
      "a new build before the manifest's rebuild-before")                                          \
    /* zones */                                                                                    \
    X(out_zone_serial, "out-zone-serial", SEV_ERROR, "DESIGN 5",                                   \
      "the SOA serial that the manifest states")                                                   \
    X(out_zone_expires, "out-zone-expires", SEV_ERROR, "DESIGN 5",                                 \
      "the earliest expiration that the manifest states")                                          \
    X(out_zone_keys, "out-zone-keys", SEV_ERROR, "DESIGN 5",                                       \
      "the DNSKEY records of the keys that the manifest names, and no others")                     \
    X(out_zone_extra, "out-zone-extra", SEV_ERROR, "DESIGN 5",                                     \
      "zone and DS files only of the manifest's zones")                                            \
    X(out_zone_name, "out-zone-name", SEV_ERROR, "DESIGN 5", "the zone that the manifest names")   \
    /* the list */                                                                                 \
    X(list_malformed, "list-malformed", SEV_ERROR, "DESIGN 6",                                     \
      "a domain list: one JSON object without a newline, with the members of schema.json")         \
    X(list_order, "list-order", SEV_ERROR, "DESIGN 6", "entries by name, then match, each once")   \
    X(list_serial_differs, "list-serial-differs", SEV_ERROR, "DESIGN 7",                           \
      "the same serial in list, manifest, TXT record and RPZ zones")                               \
    X(list_zones, "list-zones", SEV_ERROR, "DESIGN 6", "the zones of the manifest")                \
    X(list_feed, "list-feed", SEV_ERROR, "DESIGN 8", "exactly the listed names")                   \
    X(list_deny, "list-deny", SEV_ERROR, "DESIGN 8", "one name, *, with CNAME .")                  \
    X(list_mud, "list-mud", SEV_ERROR, "DESIGN 6",                                                 \
      "the exact names listed for a model in its MUD file, and no others")                         \
    X(list_model, "list-model", SEV_ERROR, "DESIGN 6", "models of the list")                       \
    /* announcement */                                                                             \
    X(announce_missing, "announcement-missing", SEV_ERROR, "DESIGN 7",                             \
      "every record of the announcement in the publication zone")                                  \
    X(announce_many, "announcement-ambiguous", SEV_ERROR, "DESIGN 7",                              \
      "one record that begins with v=mudzone1")                                                    \
    X(announce_field, "announcement-field", SEV_ERROR, "DESIGN 7", "what the documents say")       \
    X(announce_digest, "announcement-digest", SEV_ERROR, "DESIGN 7",                               \
      "the SHA-256 of the published file")                                                         \
    X(announce_uri, "announcement-uri", SEV_ERROR, "DESIGN 7", "the URL of the published file")    \
    X(announce_page, "announcement-page", SEV_ERROR, "DESIGN 7",                                   \
      "each listed name or model on one page, and at most 20 entries a page")                      \
    X(announce_extra, "announcement-extra", SEV_ERROR, "DESIGN 7",                                 \
      "no page or model beyond those announced")                                                   \
    X(announce_pin, "announcement-pin", SEV_ERROR, "DESIGN 7",                                     \
      "SMIMEA 3 1 1 records of 32 octets at _signer._mudzone")                                     \
    X(announce_tlsa, "announcement-tlsa", SEV_NOTE, "DESIGN 7",                                    \
      "a TLSA record for the web host, when a certificate is stated")                              \
    /* documents */                                                                                \
    X(mud_place, "mud-place", SEV_ERROR, "RFC 8520 s3.2", "the URL where the file is published")   \
    X(mud_updated_differs, "mud-updated-differs", SEV_ERROR, "DESIGN 7",                           \
      "last-update as in the TXT record")                                                          \
    X(version_differs, "version-differs", SEV_ERROR, "DESIGN 5",                                   \
      "copies equal to the current documents, byte for byte")                                      \
    X(version_incomplete, "version-incomplete", SEV_ERROR, "DESIGN 5",                             \
      "the list, its MUD files and their signatures in each version's folder")                     \
    X(version_inconsistent, "version-inconsistent", SEV_ERROR, "DESIGN 5",                         \
      "a version whose list fits its folder and its MUD files")                                    \
    X(version_newer, "version-newer", SEV_ERROR, "DESIGN 5", "no version after the current one")   \
    X(version_signer, "version-signer", SEV_WARNING, "DESIGN 7",                                   \
      "a signer that is trusted today; an earlier one is known by its earlier record only")

DIAG_RULES_DECLARE(VERIFY_OUT_RULES)

extern const struct diag_rule *const verify_out_rules[];
