/*
 * signer/diff.h -- the exact difference of two snapshots at some owners.
 */
#pragma once

#include "signer/job.h"

/* Records of OLD that NEW lacks, and of NEW that OLD lacks, at OWNERS, in both orders; a record
   with another TTL is another record. */
int diff_at(const struct zone *old, const struct zone *new, const struct owners *owners,
            struct zone_diff *ret) MUST_USE;
