/*
 * zones/rules_zone.h -- the rules over zone files and snapshots (see common/diag.h).
 */
#pragma once

#include "common/diag.h"

#define ZONE_RULES(X)                                                                              \
    X(zone_read, "zone-read", SEV_ERROR, "DESIGN 4", "a readable zone file")                       \
    X(zone_empty, "zone-empty", SEV_ERROR, "RFC 1035 s5.2", "a zone file with records")            \
    X(zone_not_text, "zone-not-text", SEV_ERROR, "RFC 1035 s5.1", "a text file")                   \
    X(zone_too_large, "zone-too-large", SEV_ERROR, "common/limits.h", "a zone within the limits")  \
    X(zone_syntax, "zone-syntax", SEV_ERROR, "RFC 1035 s5.1", "master file syntax")                \
    X(zone_type_unknown, "zone-type-unknown", SEV_ERROR, "RFC 3597 s5",                            \
      "a known record type, or the form TYPEnn \\# length hex")                                    \
    X(zone_rdata, "zone-rdata", SEV_ERROR, "RFC 1035 s3.3",                                        \
      "record data in the layout of its type")                                                     \
    X(zone_class, "zone-class", SEV_ERROR, "RFC 1035 s5.2", "class IN")                            \
    X(zone_ttl_range, "zone-ttl-range", SEV_ERROR, "RFC 2181 s8", "a TTL of at most 2147483647")   \
    X(zone_ttl_missing, "zone-ttl-missing", SEV_WARNING, "RFC 2308 s4",                            \
      "a $TTL directive or a TTL on the first record")                                             \
    X(zone_include_off, "zone-include-off", SEV_ERROR, "RFC 1035 s5.1",                            \
      "a zone in one file: $INCLUDE is not allowed here")                                          \
    X(zone_include, "zone-include", SEV_ERROR, "RFC 1035 s5.1",                                    \
      "a readable file in the zone file's folder or below, included once at a time")               \
    X(zone_no_apex, "zone-no-apex", SEV_ERROR, "RFC 1035 s5.2",                                    \
      "an SOA record, which names the zone")                                                       \
    X(rr_duplicate, "rr-duplicate", SEV_WARNING, "RFC 2181 s5", "each record once")                \
    X(rrset_ttl_unequal, "rrset-ttl-unequal", SEV_WARNING, "RFC 2181 s5.2",                        \
      "one TTL for all records of an RRset")                                                       \
    X(rrset_too_large, "rrset-too-large", SEV_ERROR, "RFC 1035 s4.2.2",                            \
      "an RRset that fits into a message of 65535 octets")                                         \
    X(rr_outside_zone, "rr-outside-zone", SEV_WARNING, "RFC 1035 s5.2", "names in the zone")       \
    /* semantics */                                                                                \
    X(soa_missing, "soa-missing", SEV_ERROR, "RFC 1035 s5.2", "exactly one SOA, at the apex")      \
    X(soa_multiple, "soa-multiple", SEV_ERROR, "RFC 1035 s5.2", "exactly one SOA, at the apex")    \
    X(soa_below_apex, "soa-below-apex", SEV_ERROR, "RFC 1035 s5.2",                                \
      "exactly one SOA, at the apex")                                                              \
    X(ns_apex_missing, "ns-apex-missing", SEV_ERROR, "RFC 1034 s4.2.1", "NS records at the apex")  \
    X(ns_wildcard, "ns-wildcard", SEV_ERROR, "RFC 4592 s4.2", "no delegation at a wildcard")       \
    X(ns_alias, "ns-alias", SEV_ERROR, "RFC 2181 s10.3",                                           \
      "a name server name that is not an alias")                                                   \
    X(glue_missing, "glue-missing", SEV_ERROR, "RFC 1034 s4.2.1",                                  \
      "an A or AAAA record for each name server in the zone")                                      \
    X(glue_sibling_missing, "glue-sibling-missing", SEV_WARNING, "RFC 9471 s2.2",                  \
      "glue for a name server below another delegation of this zone")                              \
    X(target_alias, "target-alias", SEV_WARNING, "RFC 2181 s10.3",                                 \
      "a target that is not an alias")                                                             \
    X(cname_beside_data, "cname-beside-data", SEV_ERROR, "RFC 1034 s3.6.2",                        \
      "no other data beside a CNAME")                                                              \
    X(cname_multiple, "cname-multiple", SEV_ERROR, "RFC 2181 s10.1", "one CNAME at a name")        \
    X(zone_cname_loop, "zone-cname-loop", SEV_WARNING, "RFC 1034 s3.6.2",                          \
      "CNAMEs that end at a name with data")                                                       \
    X(zone_cname_dangling, "zone-cname-dangling", SEV_WARNING, "RFC 1034 s3.6.2",                  \
      "a CNAME to a name that the zone holds, delegates or covers by a wildcard")                  \
    X(zone_cname_long, "zone-cname-long", SEV_WARNING, "RFC 1034 s5.2.2",                          \
      "a chain that every resolver follows to its end")                                            \
    X(dname_multiple, "dname-multiple", SEV_ERROR, "RFC 6672 s2.4", "one DNAME at a name")         \
    X(dname_wildcard, "dname-wildcard", SEV_WARNING, "RFC 4592 s4.4", "no DNAME at a wildcard")    \
    X(occluded_dname, "occluded-dname", SEV_ERROR, "RFC 6672 s2.4", "no names below a DNAME")      \
    X(occluded_delegation, "occluded-delegation", SEV_WARNING, "RFC 1034 s4.2.1",                  \
      "below a delegation nothing but glue, and at it nothing but NS and DS")                      \
    X(ds_apex, "ds-apex", SEV_ERROR, "RFC 4035 s2.4", "no DS at the apex")                         \
    X(ds_without_ns, "ds-without-ns", SEV_ERROR, "RFC 4035 s2.4", "DS only beside NS")             \
    X(wildcard, "wildcard", SEV_NOTE, "RFC 4592", "")                                              \
    X(dnskey_place, "dnskey-place", SEV_WARNING, "RFC 4034 s2.1.1", "DNSKEY only at the apex")     \
    X(cds_place, "cds-place", SEV_ERROR, "RFC 7344 s4.1", "CDS and CDNSKEY only at the apex")      \
    X(cds_mismatch, "cds-mismatch", SEV_ERROR, "RFC 7344 s4",                                      \
      "CDS and CDNSKEY records for the same keys")                                                 \
    X(cds_alone, "cds-alone", SEV_WARNING, "RFC 7344 s4", "both CDS and CDNSKEY")                  \
    X(cds_delete, "cds-delete", SEV_ERROR, "RFC 8078 s4",                                          \
      "`CDS 0 0 0 00` and `CDNSKEY 0 3 0 AA==` alone")                                             \
    X(cds_no_key, "cds-no-key", SEV_ERROR, "RFC 7344 s4.1",                                        \
      "at least one announced key that is in the DNSKEY RRset")                                    \
    X(cds_key_absent, "cds-key-absent", SEV_WARNING, "RFC 7344 s4.1",                              \
      "announced keys that are in the DNSKEY RRset")                                               \
    /* TTL policy */                                                                               \
    X(ttl_low, "ttl-low", SEV_ERROR, "INVENTORY ttl-policies", "a TTL within the policy's range")  \
    X(ttl_high, "ttl-high", SEV_ERROR, "INVENTORY ttl-policies",                                   \
      "a TTL within the policy's range")                                                           \
    X(ttl_negative_low, "ttl-negative-low", SEV_ERROR, "RFC 2308 s4",                              \
      "an SOA minimum within the policy's range")                                                  \
    X(ttl_negative_high, "ttl-negative-high", SEV_ERROR, "RFC 2308 s5",                            \
      "an SOA minimum within the policy's range")                                                  \
    X(ttl_strict, "ttl-strict", SEV_WARNING, "INVENTORY ttl-policies",                             \
      "a TTL that the built-in policy `strict` allows too")                                        \
    X(ttl_validity, "ttl-validity", SEV_WARNING, "RFC 6781 s4.4.2",                                \
      "a TTL of at most a third of the signature validity")                                        \
    X(ttl_waiver_expired, "ttl-waiver-expired", SEV_ERROR, "INVENTORY ttl-policies",               \
      "a waiver that still holds")                                                                 \
    X(ttl_waiver_unused, "ttl-waiver-unused", SEV_NOTE, "INVENTORY ttl-policies",                  \
      "a waiver for records that exist")

DIAG_RULES_DECLARE(ZONE_RULES)
