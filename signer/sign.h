/*
 * signer/sign.h -- what sign_zone and sign_change have in common.
 */
#pragma once

#include "signer/job.h"

/* What must hold of job->content, which is not signed. */
int sign_check_zone(const struct job *job) MUST_USE;
/* Takes the keys from the parameters. RFC 4035 s2.2: one for each kind of RRset and each algorithm
   of the DNSKEY RRset, or ERR_KEY. */
int sign_take_keys(struct job *job) MUST_USE;
/* Sets job->previous when the parameters have one of this zone. */
void sign_check_previous(struct job *job);

/* Says that a record of the input cannot be signed; ERR_FINDINGS. */
int sign_refuse(const struct job *job, struct diag_where where, const uint8_t *owner, uint16_t type,
                const char *found);

/* The serial after everything that is known of the zone. */
uint32_t sign_serial(const struct job *job);
/* May the previous version stay as it is? Only while no serial is ahead of its own. */
bool sign_may_stay(const struct job *job);

/* The contents of job->zone: those of job->content, at the apex what a signer adds. DIGEST as in
   content_apex. */
int sign_open_contents(struct job *job, uint32_t serial, const uint8_t *digest) MUST_USE;
/* The same records, signatures included? */
bool sign_zones_equal(const struct zone *a, const struct zone *b);

/* Do two versions have the same keys, kind of chain, and TTL of denial; is B's chain of that kind?
 */
bool sign_is_kin(const struct zone *a, const struct zone *b, enum denial denial);

/* Must a signature of NODE be made again? */
int sign_is_due(const struct job *job, const struct zone_node *node, bool *ret) MUST_USE;

/* From job->previous to job->zone by U and APEX, the new content of the apex. */
int sign_update(struct job *job, struct update *u, const uint8_t *apex,
                struct owners *ret_touched) MUST_USE;

void sign_fill_report(const struct job *job, bool changed, struct sign_report *ret);
