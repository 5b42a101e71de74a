/*
 * signer/sign.h -- what sign_zone and sign_change have in common.
 */
#pragma once

#include "signer/job.h"

/* What must hold of job->content (unsigned) and of the keys. */
int sign_check(struct job *job) MUST_USE;
int sign_check_keys(const struct job *job) MUST_USE;

/* Says that a record of the input cannot be signed; ERR_FINDINGS. */
int sign_refuse(const struct job *job, struct diag_where where, const uint8_t *owner, uint16_t type,
                const char *found);

/* The serial after everything that is known of the zone. */
uint32_t sign_serial(const struct job *job);

/* Do two versions have the same keys, kind of chain, and TTL of denial; is B's chain of that kind?
 */
bool sign_is_kin(const struct zone *a, const struct zone *b, enum denial denial);

/* Must a signature of NODE be made again? */
bool sign_is_due(const struct job *job, const struct zone_node *node);

/* From job->previous to job->zone by U and APEX, the new content of the apex. */
int sign_update(struct job *job, struct update *u, const uint8_t *apex,
                struct owners *ret_touched) MUST_USE;

void sign_fill_report(const struct job *job, bool changed, struct sign_report *ret);
