/*
 * signer/given.h -- signatures of keys whose private half is elsewhere: an offline KSK's, or those
 * of the last good zone when a key was lost.
 *
 * Such a key's signatures over DNSKEY, CDS and CDNSKEY are looked for in sign_params.given, where
 * they were made over the very records that are to be published. Nothing found there is trusted:
 * each is verified by public key. Source: RFC 4035 s5.3, RFC 7344 s4.1; DESIGN trust rule 3.
 */
#pragma once

#include "signer/job.h"

/* The signature of SET by K that is valid now and lasts longest. RET_FOUND: whether there is one;
   RET lies in the given zone. */
int given_find(const struct job *job, const struct key *k, const struct zone_rrset *set,
               struct zone_sig *ret, bool *ret_found) MUST_USE;

/* Of two signatures that are valid now: does A last longer than B? */
bool given_is_better(const struct job *job, const struct zone_sig *a, const struct zone_sig *b);

/* Has every key without a private half a signature of each key set at the apex of ZONE, which holds
   its contents: given, or in the previous version? Says of which there is none, and why; ERR_KEY.
 */
int given_check(const struct job *job, const struct zone *zone) MUST_USE;
