/*
 * signer/rules_parent.h -- findings about what the parent was seen to say.
 */
#pragma once

#include "common/diag.h"

#define PARENT_RULES(X)                                                                            \
    X(observation_time, "observation-time", SEV_WARNING, "DESIGN 2",                               \
      "an observation that is newer than the last one used, and not from the future: it was not "  \
      "used; look at the clocks of both machines, and run `mudzone observe` again")                \
    X(parent_unproven, "parent-unproven", SEV_WARNING, "DESIGN 2",                                 \
      "the same answer, and a proven one, from every address of all the parent's name servers; "   \
      "until then nothing that waits for the parent moves on")                                     \
    X(parent_ds_unknown, "parent-ds-unknown", SEV_WARNING, "RFC 6781 s4.3.3",                      \
      "only DS of this zone's keys: have this one taken away, unless another signer needs it")     \
    X(parent_ds_no_match, "parent-ds-no-match", SEV_ERROR, "RFC 4035 s5.2",                        \
      "a DS of a key that is published; validators refuse the whole zone now: give the parent "    \
      "the DS that `mudzone keys ds` prints, or restore the keys")

DIAG_RULES_DECLARE(PARENT_RULES)
