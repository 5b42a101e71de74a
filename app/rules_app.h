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
    X(state_behind, "state-behind", SEV_WARNING, "DESIGN 10.4",                                    \
      "the state folder that made OUT; this one does not know what OUT has announced since, so "   \
      "the list gets a new serial, and withdrawn names are not looked for in OUT's list")          \
    X(out_foreign_file, "out-foreign-file", SEV_WARNING, "DESIGN 5",                               \
      "only our files in OUT, which is replaced as a whole: this one is removed")                  \
    X(policy_keys, "policy-keys", SEV_ERROR, "DESIGN 10.1",                                        \
      "a policy that fits the zone's keys; changing them is a rollover, which this version does "  \
      "not do: put the policy back")                                                               \
    X(self_check, "self-check", SEV_ERROR, "DESIGN 10.3",                                          \
      "a zone that passes verification before it is published; the last good version stays")       \
    X(self_check_off, "self-check-off", SEV_WARNING, "DESIGN 10.3",                                \
      "--self-check=new: without it nobody looks at a signature before it is published; `off` "    \
      "is for measuring")                                                                          \
    X(manifest_malformed, "manifest-malformed", SEV_ERROR, "DESIGN 5",                             \
      "the manifest.json that `mudzone build` wrote")                                              \
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
    X(zone_twice, "zone-twice", SEV_ERROR, "DESIGN 4", "each zone once: the files have one name")  \
    X(proof_unkept, "proof-unkept", SEV_NOTE, "DESIGN 10.3",                                       \
      "a folder of keys that can be written to, for the digests of files written; without them "   \
      "--previous verifies every signature that it keeps")

DIAG_RULES_DECLARE(APP_RULES)

extern const struct diag_rule *const app_rules[];
