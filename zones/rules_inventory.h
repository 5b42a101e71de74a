/*
 * zones/rules_inventory.h -- the rules over the inventory, and over names and answer sizes.
 *
 * Rules of reading and form (the first two groups) make an inventory malformed (ERR_CONFIG); the
 * others say something about its meaning (ERR_FINDINGS). Ids are contract: never reused for
 * something else.
 */
#pragma once

#include "common/diag.h"

#define INVENTORY_RULES(X)                                                                         \
    /* reading */                                                                                  \
    X(inv_unreadable, "inventory-unreadable", SEV_ERROR, "INVENTORY", "a readable file")           \
    X(inv_limit, "inventory-limit", SEV_ERROR, "DESIGN 10.8", "")                                  \
    X(inv_encoding, "inventory-encoding", SEV_ERROR, "YAML 1.2 s5.1",                              \
      "UTF-8 text without control characters")                                                     \
    X(inv_syntax, "inventory-syntax", SEV_ERROR, "YAML 1.2", "YAML 1.2, or JSON")                  \
    X(inv_empty, "inventory-empty", SEV_ERROR, "INVENTORY", "keys and values")                     \
    X(inv_documents, "inventory-documents", SEV_ERROR, "INVENTORY", "one YAML document")           \
    X(inv_alias, "inventory-alias", SEV_ERROR, "YAML 1.2 s7.1",                                    \
      "an alias of an anchor that stands before it")                                               \
    X(inv_tag, "inventory-tag", SEV_ERROR, "INVENTORY", "values without tags of their own")        \
    X(inv_include_none, "include-none", SEV_ERROR, "INVENTORY", "at least one file")               \
    X(inv_include_cycle, "include-cycle", SEV_ERROR, "INVENTORY",                                  \
      "includes that do not lead back to themselves")                                              \
    X(inv_include_twice, "include-twice", SEV_ERROR, "INVENTORY", "each file included once")       \
    /* form */                                                                                     \
    X(inv_unknown_key, "unknown-key", SEV_ERROR, "INVENTORY", "a known key")                       \
    X(inv_duplicate_key, "duplicate-key", SEV_ERROR, "YAML 1.2 s3.2.1.3", "each key at most once") \
    X(inv_missing_key, "missing-key", SEV_ERROR, "INVENTORY", "")                                  \
    X(inv_wrong_type, "wrong-type", SEV_ERROR, "INVENTORY", "")                                    \
    X(inv_bad_value, "bad-value", SEV_ERROR, "INVENTORY", "")                                      \
    X(inv_entries, "entry-count", SEV_ERROR, "INVENTORY", "")                                      \
    X(inv_schema, "inventory-schema", SEV_ERROR, "INVENTORY",                                      \
      "what the YANG module mudzone-inventory allows")                                             \
    /* meaning: names and references */                                                            \
    X(inv_duplicate_name, "duplicate-name", SEV_ERROR, "INVENTORY", "each name once")              \
    X(inv_unknown_reference, "unknown-reference", SEV_ERROR, "INVENTORY",                          \
      "the name of something that the inventory states")                                           \
    X(inv_bad_name, "bad-name", SEV_ERROR, "RFC 1123 s2.1",                                        \
      "a domain name: labels of letters, digits, - and _, of 1 to 63 characters")                  \
    X(inv_bad_wildcard, "bad-wildcard", SEV_ERROR, "RFC 4592 s2.1.1",                              \
      "a star only as the whole first label, above a name of at least two labels")                 \
    X(inv_domain_twice, "domain-twice", SEV_ERROR, "INVENTORY", "a name once in a service")        \
    X(inv_operator_conflict, "operator-conflict", SEV_ERROR, "DESIGN 6",                           \
      "the same operated-by in every service that lists the name")                                 \
    X(inv_third_party_needed, "third-party-needed", SEV_ERROR, "INVENTORY",                        \
      "operated-by: third-party for a name outside manufacturer.domain and all managed zones")     \
    X(inv_third_party_own, "third-party-own", SEV_WARNING, "INVENTORY",                            \
      "operated-by: vendor for a name of the vendor's own")                                        \
    /* meaning: values */                                                                          \
    X(inv_port, "port-range", SEV_ERROR, "INVENTORY", "a port, or LOW-HIGH, from 1 to 65535")      \
    X(inv_port_protocol, "port-protocol", SEV_ERROR, "INVENTORY", "a port only with tcp or udp")   \
    X(inv_address, "bad-address", SEV_ERROR, "INVENTORY",                                          \
      "an address of IPv4 or IPv6, and a port from 1 to 65535")                                    \
    X(inv_store_uri, "key-store-uri", SEV_ERROR, "RFC 7512",                                       \
      "the address of a token, not of a key: pkcs11:token=T?pin-source=/FILE")                     \
    X(inv_store_name, "key-store-name", SEV_ERROR, "INVENTORY",                                    \
      "a name other than \"files\" and \"offline\", which policies have of their own")             \
    X(inv_store_use, "key-store-use", SEV_ERROR, "RFC 7512",                                       \
      "on a token ecdsap256sha256, ecdsap384sha384 or rsasha256; offline a KSK beside a ZSK")      \
    X(inv_date, "bad-date", SEV_ERROR, "RFC 3339 s5.6", "a day and time that exist, from 1970 on") \
    X(inv_date_order, "date-order", SEV_ERROR, "INVENTORY", "a removal that is not before since")  \
    X(inv_updated_future, "updated-future", SEV_WARNING, "RFC 8520 s3.4",                          \
      "a last update that has been")                                                               \
    X(inv_duration, "bad-duration", SEV_ERROR, "INVENTORY", "at most 4294967295 seconds")          \
    X(inv_zone_source, "zone-source", SEV_ERROR, "INVENTORY", "either file or primary")            \
    X(inv_zone_primary, "zone-primary", SEV_ERROR, "INVENTORY",                                    \
      "file: this version reads zones from files only")                                            \
    X(inv_base_url, "base-url", SEV_ERROR, "INVENTORY",                                            \
      "https://HOST/ with an optional port, the path / and nothing after it")                      \
    X(inv_publication_unsigned, "publication-unsigned", SEV_ERROR, "DESIGN 7",                     \
      "a signed publication zone: readers trust the announcement because they validate it")        \
    X(inv_mud_url, "model-url-length", SEV_ERROR, "DESIGN 9",                                      \
      "a MUD URL of at most 253 characters")                                                       \
    X(inv_rr_type, "rr-type", SEV_ERROR, "INVENTORY",                                              \
      "a known record type, TYPEnnn, or any alone")                                                \
    X(inv_ttl_range, "ttl-range", SEV_ERROR, "RFC 2181 s8",                                        \
      "min not above max, and max at most 2147483647s")                                            \
    X(inv_waiver_limit, "waiver-limit", SEV_ERROR, "INVENTORY", "min or max in a waiver")          \
    X(inv_waiver_outside, "waiver-outside", SEV_WARNING, "INVENTORY",                              \
      "the name of something in a zone that uses this policy")                                     \
    X(inv_signature_times, "signature-times", SEV_ERROR, "DESIGN 10.5",                            \
      "signature-refresh + signature-jitter below signature-validity")                             \
    X(inv_key_lifetime, "key-lifetime", SEV_WARNING, "RFC 6781 s4.1",                              \
      "a key lifetime above signature-validity + dnskey-ttl + propagation-delay, or 0d")           \
    /* meaning: worth knowing */                                                                   \
    X(inv_service_unused, "service-unused", SEV_NOTE, "INVENTORY",                                 \
      "a model that uses it: its names are not listed")                                            \
    X(inv_model_no_services, "model-without-services", SEV_NOTE, "INVENTORY",                      \
      "services, unless the model needs no name at all")                                           \
    X(inv_policy_unused, "policy-unused", SEV_NOTE, "INVENTORY", "a zone that uses it")            \
    X(inv_service_later, "service-not-here", SEV_NOTE, "INVENTORY",                                \
      "nothing: its form is checked, but this version has no service; tsig-keys and "              \
      "parent-agents are for `mudzone observe`")                                                   \
    /* listed names in the zones */                                                                \
    X(name_absent, "name-absent", SEV_ERROR, "INVENTORY",                                          \
      "A, AAAA, CNAME, HTTPS, SVCB or a covering wildcard")                                        \
    X(name_no_address, "name-without-address", SEV_ERROR, "INVENTORY",                             \
      "A, AAAA, CNAME, HTTPS or SVCB")                                                             \
    X(name_wildcard_absent, "name-nothing-below", SEV_ERROR, "INVENTORY",                          \
      "a wildcard, a delegation or names below it")                                                \
    X(name_delegated, "name-delegated", SEV_NOTE, "RFC 1034 s4.2",                                 \
      "the zone that it is delegated to to hold it")                                               \
    X(name_cname_loop, "cname-loop", SEV_ERROR, "RFC 1034 s3.6.2", "a CNAME chain that ends")      \
    X(name_cname_long, "cname-chain-long", SEV_ERROR, "RFC 1034 s3.6.2", "")                       \
    X(name_cname_dangling, "cname-dangling", SEV_ERROR, "INVENTORY",                               \
      "a CNAME chain that ends at a name with data")                                               \
    X(name_leaves, "name-leaves", SEV_NOTE, "INVENTORY", "")                                       \
    X(name_unmanaged, "name-unmanaged", SEV_NOTE, "INVENTORY",                                     \
      "a managed zone: whether this name exists is not checked")                                   \
    X(name_third_party, "name-third-party", SEV_NOTE, "INVENTORY", "")                             \
    X(name_unlisted, "name-unlisted", SEV_NOTE, "INVENTORY",                                       \
      "a service that lists them, if devices use them")                                            \
    X(web_host_no_address, "web-host-no-address", SEV_WARNING, "INVENTORY",                        \
      "A or AAAA records for the host of publication.base-url, where MUD files are fetched")       \
    /* sizes of answers */                                                                         \
    X(answer_over_512, "answer-over-512", SEV_WARNING, "RFC 1035 s4.2.1",                          \
      "at most 512 bytes, for devices without EDNS")                                               \
    X(answer_over_1232, "answer-over-1232", SEV_WARNING, "DNS Flag Day 2020",                      \
      "at most 1232 bytes, so that it is not fragmented")

extern const struct diag_rule *const inventory_rules[]; /* NULL-terminated; in rules.c */
DIAG_RULES_DECLARE(INVENTORY_RULES)
