/*
 * signer/rules_verify.h -- the rules of `verify` over one signed zone (verify.c and its parts).
 */
#pragma once

#include "common/diag.h"

#define VERIFY_RULES(X)                                                                            \
    /* keys */                                                                                     \
    X(verify_no_soa, "verify-no-soa", SEV_ERROR, "RFC 1035 s5.2", "one SOA record at the apex")    \
    X(dnskey_missing, "dnskey-missing", SEV_ERROR, "RFC 4035 s2.1",                                \
      "a signed zone: a DNSKEY RRset with a zone key at the apex")                                 \
    X(dnskey_invalid, "dnskey-invalid", SEV_ERROR, "RFC 4034 s2.1",                                \
      "protocol 3 and a public key of the stated algorithm")                                       \
    X(dnskey_unsupported, "dnskey-unsupported", SEV_WARNING, "RFC 8624 s3.1",                      \
      "an algorithm that can be checked here: 5, 7, 8, 10, 13, 14, 15, 16")                        \
    X(dnskey_unverifiable, "dnskey-unverifiable", SEV_ERROR, "RFC 4035 s2.2",                      \
      "at least one zone key of an algorithm that can be checked here")                            \
    X(dnskey_weak, "dnskey-weak", SEV_WARNING, "RFC 8624 s3.1",                                    \
      "an algorithm and key size recommended for signing")                                         \
    X(dnskey_limit, "dnskey-limit", SEV_ERROR, "limits.h", "at most 64 keys")                      \
    X(dnskey_tag_collision, "dnskey-tag-collision", SEV_WARNING, "RFC 4034 App. B",                \
      "key tags that tell the keys of one algorithm apart")                                        \
    X(dnskey_not_signed, "dnskey-not-signed", SEV_ERROR, "RFC 4035 s2.2",                          \
      "a valid signature by a zone key over the DNSKEY RRset")                                     \
    X(ds_absent, "ds-absent", SEV_ERROR, "RFC 4035 s2.4",                                          \
      "DS records with the zone's name; none at all while a zone goes insecure")                   \
    X(ds_no_match, "ds-no-match", SEV_ERROR, "RFC 4035 s5.2",                                      \
      "a DNSKEY with this tag, algorithm and digest that signs the DNSKEY RRset")                  \
    X(ds_unsupported, "ds-unsupported", SEV_WARNING, "RFC 8624 s3.3",                              \
      "a digest type that can be checked here: 1, 2, 4")                                           \
    X(ds_malformed, "ds-malformed", SEV_ERROR, "RFC 4034 s5.1",                                    \
      "a digest type other than 0 and a digest of that type's length")                             \
    X(cds_digest, "cds-digest", SEV_ERROR, "RFC 7344 s4",                                          \
      "CDS digests of the zone's DNSKEY records")                                                  \
    X(cds_removal_form, "cds-removal-form", SEV_ERROR, "RFC 8078 s4",                              \
      "\"CDS 0 0 0 00\" and \"CDNSKEY 0 3 0 AA==\" to ask for removal")                            \
    X(cds_breaks_chain, "cds-breaks-chain", SEV_ERROR, "RFC 7344 s4.1",                            \
      "at least one CDS and CDNSKEY for a key that signs the DNSKEY RRset")                        \
    /* signatures */                                                                               \
    X(rrset_unsigned, "rrset-unsigned", SEV_ERROR, "RFC 4035 s2.2",                                \
      "a signature over every authoritative RRset")                                                \
    X(rrset_algorithm, "rrset-algorithm", SEV_ERROR, "RFC 4035 s2.2",                              \
      "a signature by each algorithm of the DNSKEY RRset")                                         \
    X(rrsig_not_authoritative, "rrsig-not-authoritative", SEV_ERROR, "RFC 4035 s2.2",              \
      "no signature over delegation NS, glue, or names below a cut or DNAME")                      \
    X(rrsig_orphan, "rrsig-orphan", SEV_ERROR, "RFC 4035 s2.2", "an RRset that the RRSIG covers")  \
    X(rrsig_over_rrsig, "rrsig-over-rrsig", SEV_ERROR, "RFC 4035 s2.2", "RRSIGs not signed")       \
    X(rrsig_malformed, "rrsig-malformed", SEV_ERROR, "RFC 4034 s3.1", "whole RRSIG rdata")         \
    X(rrsig_signer, "rrsig-signer", SEV_ERROR, "RFC 4035 s2.2", "the zone's name as signer")       \
    X(rrsig_labels, "rrsig-labels", SEV_ERROR, "RFC 4034 s3.1.3",                                  \
      "the owner's labels, root and a leading asterisk not counted")                               \
    X(rrsig_original_ttl, "rrsig-original-ttl", SEV_ERROR, "RFC 4035 s2.2", "the RRset's TTL")     \
    X(rrsig_ttl, "rrsig-ttl", SEV_ERROR, "RFC 4034 s3", "the TTL of the RRset that it covers")     \
    X(rrsig_expired, "rrsig-expired", SEV_ERROR, "RFC 4035 s5.3.1", "an expiration to come")       \
    X(rrsig_not_yet, "rrsig-not-yet", SEV_ERROR, "RFC 4035 s5.3.1", "an inception in the past")    \
    X(rrsig_window, "rrsig-window", SEV_ERROR, "RFC 4034 s3.1.5",                                  \
      "an expiration after the inception")                                                         \
    X(rrsig_key, "rrsig-key", SEV_ERROR, "RFC 4035 s5.3.1",                                        \
      "a DNSKEY of the zone with this tag and algorithm and the zone key flag")                    \
    X(rrsig_key_early, "rrsig-key-early", SEV_WARNING, "RFC 6781 s4.1.4",                          \
      "a DNSKEY of this algorithm, unless an algorithm rollover has just begun")                   \
    X(rrsig_unpublished, "rrsig-unpublished", SEV_NOTE, "RFC 6781 s4.1.4",                         \
      "signatures of published keys only, unless keys are being rolled: validators take those")    \
    X(rrsig_revoked, "rrsig-revoked", SEV_ERROR, "RFC 5011 s2.1",                                  \
      "a revoked key to sign nothing but the DNSKEY RRset")                                        \
    X(rrsig_invalid, "rrsig-invalid", SEV_ERROR, "RFC 4035 s5.3.3", "a signature that verifies")   \
    /* denial of existence */                                                                      \
    X(denial_missing, "denial-missing", SEV_ERROR, "RFC 4035 s2.3", "an NSEC or NSEC3 chain")      \
    X(nsec_missing, "nsec-missing", SEV_ERROR, "RFC 4035 s2.3",                                    \
      "an NSEC at every authoritative name and delegation")                                        \
    X(nsec_extra, "nsec-extra", SEV_ERROR, "RFC 4035 s2.3",                                        \
      "NSEC only at authoritative names and delegations that hold other data")                     \
    X(nsec_multiple, "nsec-multiple", SEV_ERROR, "RFC 4034 s4.1.1", "one NSEC per name")           \
    X(nsec_malformed, "nsec-malformed", SEV_ERROR, "RFC 4034 s4.1", "whole NSEC rdata")            \
    X(nsec_next, "nsec-next", SEV_ERROR, "RFC 4034 s4.1.1",                                        \
      "the next name of the zone in canonical order")                                              \
    X(nsec_bitmap, "nsec-bitmap", SEV_ERROR, "RFC 4034 s4.1.2",                                    \
      "exactly the types at the name, in the canonical form")                                      \
    X(nsec_ttl, "nsec-ttl", SEV_WARNING, "RFC 9077 s3",                                            \
      "the lesser of SOA MINIMUM and the SOA's TTL")                                               \
    X(nsec3param_missing, "nsec3param-missing", SEV_ERROR, "RFC 5155 s7.1",                        \
      "an NSEC3PARAM at the apex that names the chain")                                            \
    X(nsec3param_invalid, "nsec3param-invalid", SEV_ERROR, "RFC 5155 s4.1",                        \
      "hash algorithm 1, flags 0, whole rdata")                                                    \
    X(nsec3_iterations, "nsec3-iterations", SEV_WARNING, "RFC 9276 s3.1",                          \
      "0 additional iterations")                                                                   \
    X(nsec3_iterations_limit, "nsec3-iterations-limit", SEV_ERROR, "RFC 9276 s3.2",                \
      "no more iterations than are worked through here")                                           \
    X(nsec3_salt, "nsec3-salt", SEV_WARNING, "RFC 9276 s3.1", "no salt")                           \
    X(nsec3_algorithm, "nsec3-algorithm", SEV_WARNING, "RFC 5155 s2",                              \
      "a key algorithm that says that NSEC3 is understood: 6, 7, or above")                        \
    X(nsec3_other_chain, "nsec3-other-chain", SEV_WARNING, "RFC 5155 s7.1",                        \
      "NSEC3 records only of the chains that NSEC3PARAM names")                                    \
    X(nsec3_malformed, "nsec3-malformed", SEV_ERROR, "RFC 5155 s3.1",                              \
      "a hash and the apex as owner, hash algorithm 1, no unknown flag, whole rdata")              \
    X(nsec3_multiple, "nsec3-multiple", SEV_ERROR, "RFC 5155 s7.1",                                \
      "one NSEC3 per hash and chain")                                                              \
    X(nsec3_missing, "nsec3-missing", SEV_ERROR, "RFC 5155 s7.1",                                  \
      "an NSEC3 for every authoritative name and empty non-terminal, insecure delegations "        \
      "under opt-out aside")                                                                       \
    X(nsec3_extra, "nsec3-extra", SEV_ERROR, "RFC 5155 s7.1", "NSEC3 only for names of the zone")  \
    X(nsec3_next, "nsec3-next", SEV_ERROR, "RFC 5155 s3.1.7", "the next hash of the chain")        \
    X(nsec3_bitmap, "nsec3-bitmap", SEV_ERROR, "RFC 5155 s3.1.8",                                  \
      "exactly the types at the original name, in the canonical form")                             \
    /* ZONEMD */                                                                                   \
    X(zonemd_malformed, "zonemd-malformed", SEV_ERROR, "RFC 8976 s2.2",                            \
      "at least 12 octets of digest, and the digest length of the hash algorithm")                 \
    X(zonemd_serial, "zonemd-serial", SEV_ERROR, "RFC 8976 s4", "the SOA serial")                  \
    X(zonemd_duplicate, "zonemd-duplicate", SEV_ERROR, "RFC 8976 s2",                              \
      "one record per scheme and hash algorithm")                                                  \
    X(zonemd_unsupported, "zonemd-unsupported", SEV_NOTE, "RFC 8976 s4",                           \
      "scheme 1 with hash algorithm 1 or 2; others are not checked")                               \
    X(zonemd_mismatch, "zonemd-mismatch", SEV_ERROR, "RFC 8976 s4", "the digest of the zone")

DIAG_RULES_DECLARE(VERIFY_RULES)
