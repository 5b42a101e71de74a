/*
 * signer/rollover.h -- when a part of a key may go in or out: the rules that life_step acts on and
 * life_explain speaks of. Pure.
 *
 * The rules keep two things true, whatever caches hold: every DS that a validator may have finds a
 * DNSKEY RRset signed by its key, and all data is signed by each algorithm that such a DS names.
 * Source: RFC 6781 s4.1, RFC 7583 s3.2.1, s3.3.1, RFC 4035 s2.2, RFC 6840 s5.11.
 */
#pragma once

#include "signer/life.h"

/* A zone's keys as they are at one moment. */
struct life_view {
    const struct life *life;
    const struct life_params *params;
    struct life_waits waits;
    int64_t now;
    bool is_signed; /* when the view was made. A zone that is not signed has no DS, in no cache:
                       nothing can break, and everything goes in at once */
};
void life_view(const struct life *l, const struct life_params *p, struct life_view *ret);

bool key_signs_keys(const struct life_key *k); /* KSK, CSK */
bool key_signs_data(const struct life_key *k); /* ZSK, CSK */
/* Was put in and not taken out again. */
bool part_is_in(const struct life_key *k, enum key_part part);

/*
 * May PART of key KEY go in (out) now? When not, and there is something that it waits for, B says
 * what; a part that has no business to move leaves B->what at WAIT_NOTHING. B may be NULL.
 */
bool part_may_go_in(const struct life_view *v, size_t key, enum key_part part,
                    struct life_block *b);
bool part_may_go_out(const struct life_view *v, size_t key, enum key_part part,
                     struct life_block *b);

/* What PART, on its way in or out, waits for before it is everywhere or absent. */
void part_wait(const struct life_view *v, size_t key, enum key_part part, struct life_block *b);

/* A roll is under way: a key that is to go is not gone, or a new one is on its way in. Its index,
   or SIZE_MAX. */
size_t roll_under_way(const struct life_view *v);

/* When the lifetime of a key asks for its successor; 0: never, or not in use yet. */
int64_t key_due_at(const struct life_view *v, const struct life_key *k);
/* Is K of the policy's algorithm and single-key? */
bool key_fits_policy(const struct life_key *k, const struct dnssec_policy *policy);
/* Do all keys that stay? */
bool keys_fit_policy(const struct life_view *v);

/* The moment to act at: life_params.now, or a little later when the clock stepped back a little. */
int64_t life_now(const struct life *l, const struct life_params *p);
