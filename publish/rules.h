/*
 * publish/rules.h -- the findings of this folder.
 */
#pragma once

#include "common/diag.h"

#define PUBLISH_RULES(X)                                                                           \
    X(out_not_ours, "out-not-ours", SEV_ERROR, "DESIGN 5",                                         \
      "an absent or empty folder, or one that holds our manifest.json")                            \
    X(out_not_folder, "out-not-folder", SEV_ERROR, "DESIGN 5",                                     \
      "a real folder, neither a file nor a link")                                                  \
    X(out_name, "out-name", SEV_ERROR, "DESIGN 5",                                                 \
      "a folder with a name of its own, because it is replaced as a whole")                        \
    X(out_place, "out-place", SEV_ERROR, "DESIGN 5",                                               \
      "an OUT apart from the state folder, from all that a build reads and from any other OUT, "   \
      "because it is replaced as a whole: move one of the two, or name another folder with "       \
      "`output` or -o")                                                                            \
    X(out_write, "out-write", SEV_ERROR, "DESIGN 5",                                               \
      "a place to write to, with room; OUT was left as it was")                                    \
    X(out_unsynced, "out-unsynced", SEV_ERROR, "DESIGN 5",                                         \
      "a disk that keeps what it is given: OUT holds the new build, but a power cut now might "    \
      "bring back the old one; look at the disk and run this again")                               \
    X(out_check, "out-check", SEV_ERROR, "DESIGN 10.7", "to read back what was written")           \
    X(out_busy, "out-busy", SEV_ERROR, "DESIGN 5", "one run at a time")                            \
    X(out_leftover, "out-leftover", SEV_WARNING, "DESIGN 5",                                       \
      "to remove the old tree; the next run tries again")                                          \
    X(out_recovered, "out-recovered", SEV_NOTE, "DESIGN 5",                                        \
      "runs to end; what an interrupted one left was cleaned up")                                  \
    /* the parent */                                                                               \
    X(observe_parent, "observe-parent", SEV_WARNING, "DESIGN 2",                                   \
      "a resolver that finds the parent zone and its name servers, or `service.parent-agents`")

DIAG_RULES_DECLARE(PUBLISH_RULES)
