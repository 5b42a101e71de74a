/*
 * signer/rrsig.h -- one RRSIG: what is signed, by which key, from when until when. Pure.
 *
 * Source: RFC 4034 s3, RFC 4035 s2.2, RFC 1982.
 */
#pragma once

#include "signer/signer.h"

#define SIGN_INCEPTION_BACK_S 3600 /* clocks of validators run behind */

/* Does K sign an RRset of TYPE, which stands at the apex or elsewhere? */
bool sign_key_signs(const struct sign_key *k, uint16_t type, bool is_apex);

/* What makes the jitter of one key another than that of the next; made once for many. */
uint64_t rrsig_seed(const struct key *k);

/* The signature that K shall make of SET; all fields but the signature itself. */
void rrsig_new(const struct zone_rrset *set, const struct key *k, uint64_t seed,
               const struct sign_params *params, struct zone_sig *ret);

/* What SIG of SET signs (RFC 4034 s3.1.8.1), appended. */
void rrsig_data(const struct zone_rrset *set, const struct zone_sig *sig, struct buf *out);

/* May SIG stay as KEY's signature of SET? Nothing is said of the signature itself. That of a key
   without a private half stays as long as it is valid: there is no other. */
bool rrsig_fits(const struct zone_rrset *set, const struct zone_sig *sig, const struct key *k,
                const struct sign_params *params);

/* The order of RRSIGs in an RRset, which is that of their rdata. */
int rrsig_compare(const struct zone_sig *a, const struct zone_sig *b);

/* Seconds taken off the validity, spread evenly over [0, jitter_s) by owner, type and key. */
uint32_t rrsig_jitter(const uint8_t *owner, uint16_t type, uint64_t seed, uint32_t jitter_s);

/* A 32-bit time of an RRSIG as seconds, next to NOW (RFC 4034 s3.1.5). */
int64_t rrsig_time(uint32_t time, int64_t now);
