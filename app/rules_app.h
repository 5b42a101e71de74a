/*
 * app/rules_app.h -- the findings that no single module can make.
 */
#pragma once

#include "common/diag.h"

#define APP_RULES(X)                                                                               \
    X(zone_signed_input, "zone-signed-input", SEV_ERROR, "DESIGN 10.1",                            \
      "an unsigned zone, because keys are made without asking only for a zone that was never "     \
      "signed; bring its keys in (`keys import`, of a later version), or say --accept-new-keys "   \
      "(validators then refuse the zone until the parent has the new DS)")                         \
    X(zone_signed_left_out, "zone-signed-left-out", SEV_WARNING, "DESIGN 10.1",                    \
      "an unsigned zone; the DNSSEC records of the file are left out and made anew")               \
    X(out_unknown_keys, "out-unknown-keys", SEV_ERROR, "DESIGN 10.1",                              \
      "keys that the state folder knows; bring back the state folder that made this OUT (or its "  \
      "keys: `keys import`, of a later version), or say --accept-new-keys (validators then "       \
      "refuse the zone until the parent has the new DS)")                                          \
    X(state_older, "state-older", SEV_ERROR, "DESIGN 10.10",                                       \
      "the state folder that made this OUT, or a newer backup of it: what caches hold of the "     \
      "keys, this one does not know; or --accept-new-keys (validators may then refuse the zone "   \
      "until its DNSKEY TTL and its largest TTL have passed)")                                     \
    X(state_behind, "state-behind", SEV_WARNING, "DESIGN 10.4",                                    \
      "the state folder that made OUT; this one does not know what OUT has announced since, so "   \
      "the list gets a new serial, and withdrawn names are not looked for in OUT's list")          \
    X(out_foreign_file, "out-foreign-file", SEV_WARNING, "DESIGN 5",                               \
      "only our files in OUT, which is replaced as a whole: this one is removed")                  \
    X(key_clock, "key-clock", SEV_WARNING, "DESIGN 10.10",                                         \
      "a clock that is right; no key is moved on until it is. When it is right now: "              \
      "`build --accept-clock`")                                                                    \
    X(ds_lost, "ds-lost", SEV_WARNING, "DESIGN 10.9",                                              \
      "the DS that the parent had and nobody asked to take away: give it again (`keys ds`), and "  \
      "ask why")                                                                                   \
    X(zone_frozen, "zone-frozen", SEV_ERROR, "DESIGN 10.6",                                        \
      "the missing key back in its place; until then the last good version of the zone is "        \
      "published, its signatures made anew as far as the other keys go")                           \
    X(zone_unrefreshed, "zone-unrefreshed", SEV_ERROR, "DESIGN 10.6",                              \
      "the missing key back in its place before the signatures of the last good version expire")   \
    X(signal_inside, "signal-inside", SEV_WARNING, "RFC 9615 s4.4",                                \
      "a name server outside the zone, for the signalling records of its first DS; else the DS "   \
      "is "                                                                                        \
      "given to the parent by hand (`keys ds`)")                                                   \
    X(signal_outside, "signal-outside", SEV_NOTE, "RFC 9615 s4.1",                                 \
      "the signalling records in the name server's own zone (`keys ds` prints them), or the "      \
      "first "                                                                                     \
      "DS given to the parent by hand")                                                            \
    X(self_check, "self-check", SEV_ERROR, "DESIGN 10.3",                                          \
      "a zone that passes verification before it is published; the last good version stays")       \
    X(self_check_off, "self-check-off", SEV_WARNING, "DESIGN 10.3",                                \
      "--self-check=new: without it nobody looks at a signature before it is published; `off` "    \
      "is for measuring")                                                                          \
    X(zone_action, "zone-action", SEV_ERROR, "DESIGN 10.9",                                        \
      "a zone that needs nobody; `explain` says more")                                             \
    X(key_plan, "key-plan", SEV_NOTE, "DESIGN 10.9", "`plan` shows the steps and their times")     \
    X(policy_change, "policy-change", SEV_NOTE, "DESIGN 10.9",                                     \
      "keys that fit the policy, or a rollover that is meant; `plan` shows its steps, and "        \
      "putting "                                                                                   \
      "the policy back before the next build ends it before it begins")                            \
    X(roll_refused, "roll-refused", SEV_ERROR, "DESIGN 10.10",                                     \
      "one roll at a time in a zone whose keys stay otherwise; `explain` says what it waits for")  \
    X(manifest_malformed, "manifest-malformed", SEV_ERROR, "DESIGN 5",                             \
      "the manifest.json that `mudzone build` wrote")                                              \
    X(log_absent, "log-absent", SEV_ERROR, "DESIGN 5",                                             \
      "the state folder that made this OUT, with its log")                                         \
    X(manifest_absent, "manifest-absent", SEV_ERROR, "DESIGN 5",                                   \
      "a folder that `mudzone build` wrote")                                                       \
    X(confirm_unknown_serial, "confirm-unknown-serial", SEV_ERROR, "DESIGN 10.10",                 \
      "the serial of the last build that the state folder knows")                                  \
    X(file_unreadable, "file-unreadable", SEV_ERROR, "DESIGN 4", "a readable file")                \
    X(file_too_large, "file-too-large", SEV_ERROR, "DESIGN 4", "a file of a usual size")           \
    X(file_exists, "file-exists", SEV_ERROR, "DESIGN 4",                                           \
      "a place where it would not replace anything")                                               \
    X(file_unwritable, "file-unwritable", SEV_ERROR, "DESIGN 4", "a place to write to, with room") \
    X(certificate_absent, "certificate-absent", SEV_WARNING, "INVENTORY",                          \
      "the certificate that `mudzone build` will need")                                            \
    X(previous_unusable, "previous-unusable", SEV_WARNING, "DESIGN 4",                             \
      "a signed version of the same zone; all signatures are made anew")                           \
    X(previous_unproved, "previous-unproved", SEV_NOTE, "DESIGN 10.3",                             \
      "a file that this folder of keys knows as written here, and unchanged since; each of its "   \
      "signatures is verified before it is kept")                                                  \
    X(request_ksk, "request-ksk", SEV_ERROR, "DESIGN 10.1",                                        \
      "a KSK made where it will stay (`keys ceremony-key`), and brought in: `keys import ZONE "    \
      "--public FILE`")                                                                            \
    X(request_digest, "request-digest", SEV_ERROR, "DESIGN 10.3",                                  \
      "the request whose digest was said: compare what both sides show")                           \
    X(passphrase, "passphrase-file", SEV_ERROR, "DESIGN 5",                                        \
      "a file of mode 0600 whose first line is the passphrase, 12 to 1024 characters")             \
    X(backup_nothing, "backup-nothing", SEV_ERROR, "DESIGN 5", "a state folder with a database")   \
    X(zone_twice, "zone-twice", SEV_ERROR, "DESIGN 4", "each zone once: the files have one name")  \
    X(proof_unkept, "proof-unkept", SEV_NOTE, "DESIGN 10.3",                                       \
      "a folder of keys that can be written to, for the digests of files written; without them "   \
      "--previous verifies every signature that it keeps")                                         \
    X(observation_malformed, "observation-malformed", SEV_WARNING, "DESIGN 2",                     \
      "the file that `mudzone observe` wrote; it was not used: run it again")                      \
    X(trust_anchor, "trust-anchor", SEV_ERROR, "INVENTORY",                                        \
      "a zone file with DS or DNSKEY records of the parent, or of a zone above it")                \
    X(tsig_secret, "tsig-secret", SEV_ERROR, "INVENTORY",                                          \
      "a file of mode 0600 that holds the secret in base64")                                       \
    X(observe_write, "observe-write", SEV_ERROR, "DESIGN 2",                                       \
      "a folder for observations that can be written to")                                          \
    X(observe_nobody, "observe-nobody", SEV_ERROR, "DESIGN 2",                                     \
      "an answer from at least one name server of one parent; is there a network?")                \
    X(notify_none, "notify-none", SEV_NOTE, "RFC 9859 s4.1",                                       \
      "a DSYNC record for CDS, scheme 1, where the parent takes notices; it will have to look at " \
      "the zone by itself")                                                                        \
    X(notify_failed, "notify-failed", SEV_WARNING, "RFC 9859 s4.2",                                \
      "a target that acknowledges the notice; the parent will have to look at the zone by itself")

DIAG_RULES_DECLARE(APP_RULES)

extern const struct diag_rule *const app_rules[];
