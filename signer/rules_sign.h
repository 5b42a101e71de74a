/*
 * signer/rules_sign.h -- findings of policy, keys, state and signing. Those of verification are in
 * signer/rules_verify.h; signer/rules.c defines them all.
 */
#pragma once

#include "common/diag.h"

/* clang-format off */
#define SIGN_RULES(X)                                                                              \
    X(policy_refresh_error, "policy-refresh", SEV_ERROR, "DESIGN 10.5",                            \
      "signature-refresh of at least the largest TTL + propagation-delay")                         \
    X(policy_refresh_expire, "policy-refresh-expire", SEV_WARNING, "DESIGN 10.5",                  \
      "signature-refresh of at least SOA expire + the largest TTL + propagation-delay")            \
    X(policy_validity, "policy-validity", SEV_ERROR, "DESIGN 10.5",                                \
      "signature-validity above signature-refresh + signature-jitter, below 2^31 s (RFC 4034 s3.1.5)") \
    X(policy_lifetime, "policy-lifetime", SEV_ERROR, "RFC 7583 s3.2.1",                            \
      "key lifetimes longer than a rollover takes")                                                \
    X(policy_algorithm, "policy-algorithm", SEV_ERROR, "INVENTORY",                                \
      "ecdsap256sha256, ecdsap384sha384, ed25519, ed448 or rsasha256")                             \
    X(key_missing, "key-missing", SEV_ERROR, "DESIGN 10.1",                                        \
      "the key file restored from backup: a known key is never made anew")                         \
    X(key_damaged, "key-damaged", SEV_ERROR, "DESIGN 10.1",                                        \
      "the key file as it was written: restore it from backup")                                    \
    X(key_file_mode, "key-file-mode", SEV_ERROR, "DESIGN 5",                                       \
      "a regular file of the user or root, closed to group and others")                            \
    X(key_folder, "key-folder", SEV_ERROR, "DESIGN 5",                                             \
      "a folder that only its owner can change")                                                   \
    X(key_write, "key-write", SEV_ERROR, "DESIGN 10.1",                                            \
      "a key file durably written, read back and tested")                                          \
    X(key_make, "key-make", SEV_ERROR, "DESIGN 10.2",                                              \
      "a new key whose tag is unlike all others of the zone")                                      \
    X(key_refused, "key-refused", SEV_ERROR, "DESIGN 10.1",                                        \
      "the zone's own keys (`keys import`, of a later version), or --accept-new-keys")             \
    X(key_known, "key-known", SEV_ERROR, "DESIGN 10.1",                                            \
      "a key that the state folder does not have")                                                 \
    X(key_tag, "key-tag", SEV_ERROR, "DESIGN 10.2",                                                \
      "a key whose tag is unlike all others of the zone")                                          \
    X(key_set, "key-set", SEV_ERROR, "RFC 4035 s2.1",                                              \
      "for each algorithm of the published keys, one that signs the keys and one for the data")    \
    X(key_signature, "key-signature", SEV_ERROR, "DESIGN 10.1",                                    \
      "the key restored from backup, or its signature from where the key is")                      \
    X(key_made, "key-made", SEV_NOTE, "DESIGN 10.1", "a copy in your backup")                      \
    X(key_offline, "key-offline", SEV_ERROR, "DESIGN 10.1",                                        \
      "a KSK made where it will stay (`keys ceremony-key`), and its DNSKEY brought in here: "      \
      "`keys import ZONE --public FILE`")                                                          \
    X(ksr_form, "ksr-form", SEV_ERROR, "DESIGN 10.3",                                              \
      "a request or response exactly as mudzone wrote it: fetch it again")                         \
    X(ksr_refused, "ksr-refused", SEV_ERROR, "DESIGN 10.3",                                        \
      "a request that only asks for what the zone's own keys must sign")                           \
    X(ksr_plan, "ksr-plan", SEV_ERROR, "RFC 6781 s4.1", "rolls that can be planned ahead")         \
    X(ksr_stops, "ksr-stops", SEV_WARNING, "RFC 6781 s4.1",                                        \
      "a KSK made and brought in before its time comes")                                           \
    X(skr_refused, "skr-refused", SEV_ERROR, "DESIGN 10.3",                                        \
      "the response to this zone's own request, with signatures that verify")                      \
    X(skr_none, "skr-none", SEV_WARNING, "DESIGN 10.3",                                            \
      "a response for it: `keys request`, `keys sign-response` where the KSK is, `keys load`")     \
    X(skr_coverage, "skr-coverage", SEV_WARNING, "DESIGN 10.3",                                    \
      "30 days ahead: `keys request`, `keys sign-response` where the KSK is, `keys load`")         \
    X(key_unused, "key-unused", SEV_NOTE, "DESIGN 10.1",                                        \
      "only keys that state.db has in use: this file may be removed when no backup of state.db "   \
      "and no published zone needs it")                                                            \
    X(key_foreign, "key-foreign", SEV_ERROR, "DESIGN 10.1",                                        \
      "the newest state.db, restored from backup, or keys/ without files of other states")         \
    X(state_folder, "state-folder", SEV_ERROR, "DESIGN 5",                                         \
      "a folder of the user's own, mode 0700")                                                     \
    X(state_locked, "state-locked", SEV_ERROR, "DESIGN 5", "one command at a time")                \
    X(state_damaged, "state-damaged", SEV_ERROR, "DESIGN 10.9",                                    \
      "a sound database: restore the state folder from backup (`keys restore`)")                   \
    X(state_log, "state-log", SEV_ERROR, "DESIGN 5",                                               \
      "every event as it was written: restore the state folder from backup")                       \
    X(state_lost, "state-lost", SEV_ERROR, "DESIGN 10.1",                                          \
      "the database restored from backup; to begin anew, move the key files away")                 \
    X(state_too_new, "state-too-new", SEV_ERROR, "DESIGN 5",                                       \
      "a state written by this version of mudzone or an older one")                                \
    X(state_io, "state-io", SEV_ERROR, "DESIGN 5", "a state folder that can be written")           \
    X(state_zone_lost, "state-zone-lost", SEV_WARNING, "DESIGN 5",                                 \
      "the signed zone as it was kept; without it every signature is made anew")                   \
    X(sign_input, "sign-input", SEV_ERROR, "DESIGN 10.1",                                          \
      "a zone with one SOA and no records that a signer makes")                                    \
    X(sign_stripped, "sign-stripped", SEV_NOTE, "DESIGN 4",                                        \
      "a zone without records that the signer makes")                                              \
    X(sign_previous, "sign-previous", SEV_WARNING, "DESIGN 4",                                     \
      "the last signed version of this zone")                                                      \
    X(sign_failed, "sign-failed", SEV_ERROR, "DESIGN 10.3",                                        \
      "a signature that the published DNSKEY verifies")                                            \
    X(sign_nsec3_collision, "sign-nsec3-collision", SEV_ERROR, "RFC 5155 s7.1",                    \
      "a different NSEC3 hash for every name")
/* clang-format on */

DIAG_RULES_DECLARE(SIGN_RULES)
