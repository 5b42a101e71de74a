/*
 * When a part of a key may go in or out. One function per rule; each names what it waits for.
 */
#include <inttypes.h>
#include <stdio.h>

#include "signer/rollover.h"

/* ------------------------------------------------------------------ a look at the keys */

bool key_signs_keys(const struct life_key *k)
{
    return k->role != KEY_ZSK;
}

bool key_signs_data(const struct life_key *k)
{
    return k->role != KEY_KSK;
}

bool part_is_in(const struct life_key *k, enum key_part part)
{
    return k->parts[part].in_at != 0 && k->parts[part].out_at == 0;
}

static enum part_state state_of(const struct life_view *v, const struct life_key *k,
                                enum key_part part)
{
    return key_part_state(k, part, &v->waits, v->now);
}

void life_view(const struct life *l, const struct life_params *p, struct life_view *ret)
{
    struct life_params at = *p;
    at.now = life_now(l, p);
    *ret =
        (struct life_view){.life = l, .params = p, .now = at.now, .is_signed = life_is_signed(l)};
    life_waits(l, &at, &ret->waits);
}

static bool is_everywhere(const struct life_view *v, const struct life_key *k, enum key_part part)
{
    return state_of(v, k, part) == PART_EVERYWHERE;
}

static bool stays(const struct life_key *k)
{
    return k->leave_at == 0;
}

/* ------------------------------------------------------------------ what is waited for */

#define WHY_PART_LEN 48

static void put_key(const struct life_key *k, char ret[WHY_PART_LEN])
{
    if (k->planned)
        (void)snprintf(ret, WHY_PART_LEN, "%s %.20s", key_role_text(k->role), k->digest);
    else
        (void)snprintf(ret, WHY_PART_LEN, "%s %u", key_role_text(k->role), k->tag);
}

/* The arithmetic of a wait, with the formula's section. */
static void put_interval(const struct life_view *v, enum key_part part, char *ret, size_t len)
{
    const struct life_waits *w = &v->waits;
    static const struct {
        const char *delay;
        const char *ttl;
        const char *section;
        enum ttl_kind kind;
    } words[] = {
        [KEY_PART_DNSKEY] = {"propagation-delay", "DNSKEY TTL", "RFC 7583 s3.2.1", TTL_DNSKEY},
        [KEY_PART_SIGS] = {"propagation-delay", "largest TTL", "RFC 7583 s3.2.1", TTL_ZONE},
        [KEY_PART_DS] = {"parent-propagation-delay", "DS TTL", "RFC 7583 s3.3.1", TTL_DS},
    };
    uint32_t delay = part == KEY_PART_DS ? w->parent_propagation_s : w->propagation_s;
    (void)snprintf(ret, len, "%s %" PRIu32 " s + %s %" PRIu32 " s = %" PRIu32 " s, %s",
                   words[part].delay, delay, words[part].ttl, w->ttl_s[words[part].kind],
                   interval_part(w, part), words[part].section);
}

static const char *part_words(enum key_part part)
{
    static const char *const words[] = {"DNSKEY", "signatures", "DS"};
    return words[part];
}

static void wait_for_time(const struct life_view *v, const struct life_key *k, enum key_part part,
                          struct life_block *b)
{
    char key[WHY_PART_LEN];
    char sum[140];
    const struct part_times *t = &k->parts[part];
    put_key(k, key);
    put_interval(v, part, sum, sizeof sum);
    b->what = WAIT_TIME;
    b->until_at = part_settles_at(t, interval_part(&v->waits, part), v->now);
    (void)snprintf(b->why, sizeof b->why, "caches may still %s the %s of %s: %s",
                   t->out_at != 0 ? "hold" : "lack", part_words(part), key, sum);
}

static void wait_to_be_seen(const struct life_view *v, const struct life_key *k, enum key_part part,
                            bool out, struct life_block *b)
{
    char key[WHY_PART_LEN];
    bool unread = out && k->parts[part].out_at != 0 && v->life->ds_public_at == 0;
    put_key(k, key);
    if (part == KEY_PART_DS && !unread) {
        b->what = out ? WAIT_PARENT_OUT : WAIT_PARENT_IN;
        (void)snprintf(b->why, sizeof b->why,
                       out ? "the parent has not been seen to drop the DS of %s everywhere"
                           : "the parent has not been seen to show the DS of %s everywhere",
                       key);
        return;
    }
    b->what = WAIT_CONFIRMATION;
    (void)snprintf(b->why, sizeof b->why, "no build %s the %s of %s has been confirmed public",
                   out ? "without" : "with", part_words(part), key);
}

/* Is PART of K in the state WANTED, EVERYWHERE or ABSENT? Else B says what is missing. */
static bool has_settled(const struct life_view *v, size_t key, enum key_part part,
                        enum part_state wanted, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    const struct part_times *t = &k->parts[part];
    if (state_of(v, k, part) == wanted)
        return true;
    if (b == NULL)
        return false;
    b->key = key;
    b->part = part;
    bool leaving = wanted == PART_ABSENT;
    bool unasked = t->in_at == 0 && t->in_seen_at != 0;
    if (leaving && unasked) {
        wait_to_be_seen(v, k, part, true, b);
    } else if ((leaving ? t->out_at : t->in_at) == 0) {
        char name[WHY_PART_LEN];
        put_key(k, name);
        b->what = WAIT_BUILD; /* its own step comes first, and says what it waits for itself */
        (void)snprintf(b->why, sizeof b->why, "the %s of %s must go %s first", part_words(part),
                       name, leaving ? "out" : "in");
    } else if ((leaving ? t->out_seen_at : t->in_seen_at) == 0) {
        wait_to_be_seen(v, k, part, leaving, b);
    } else {
        wait_for_time(v, k, part, b);
    }
    return false;
}

void part_wait(const struct life_view *v, size_t key, enum key_part part, struct life_block *b)
{
    const struct part_times *t = &v->life->keys[key].parts[part];
    bool out = t->out_at != 0;
    (void)has_settled(v, key, part, out ? PART_ABSENT : PART_EVERYWHERE, b);
}

static void wait_for_successor(const struct life_view *v, size_t key, enum key_part part,
                               struct life_block *b)
{
    char name[WHY_PART_LEN];
    if (b == NULL)
        return;
    put_key(&v->life->keys[key], name);
    b->what = WAIT_BUILD;
    b->key = key;
    b->part = part;
    (void)snprintf(b->why, sizeof b->why, "no other key takes over the %s of %s yet",
                   part_words(part), name);
}

/* ------------------------------------------------------------------ algorithms */

static bool is_of(const struct life_key *k, uint8_t algorithm)
{
    return k->algorithm == algorithm;
}

/* Does a key that stays have ALGORITHM? */
static bool algorithm_stays(const struct life_view *v, uint8_t algorithm)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        if (stays(&v->life->keys[i]) && is_of(&v->life->keys[i], algorithm))
            return true;
    }
    return false;
}

/* All data in all caches has a signature of ALGORITHM; by a swap of two such keys it kept one. */
static bool algorithm_signs(const struct life_view *v, uint8_t algorithm, struct life_block *b)
{
    size_t signer = SIZE_MAX;
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (!is_of(k, algorithm) || !part_is_in(k, KEY_PART_SIGS))
            continue;
        if (!stays(k) && !part_is_in(k, KEY_PART_DNSKEY))
            continue; /* goes before anybody can use its signatures */
        if (is_everywhere(v, k, KEY_PART_SIGS) || is_everywhere(v, k, KEY_PART_DNSKEY))
            return true;
        signer = i;
    }
    if (signer != SIZE_MAX)
        (void)has_settled(v, signer, KEY_PART_SIGS, PART_EVERYWHERE, b);
    return false;
}

/* Its `.ds` file was there from the first build on. Before a zone is unsigned, such a DS is
   reckoned to have been asked for, so that it must be seen to be gone. */
static bool ds_may_be_there(const struct life_view *v, const struct life_key *k)
{
    return v->params->policy->is_unsigned && key_signs_keys(k) && part_is_in(k, KEY_PART_DNSKEY);
}

/* ------------------------------------------------------------------ in */

/*
 * RFC 6781 s4.1.4 and RFC 6840 s5.11: a zone that shows a DNSKEY of an algorithm signs everything
 * with it, in every cache. So a new algorithm's signatures go first.
 */
static bool dnskey_may_go_in(const struct life_view *v, size_t key, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    return !v->is_signed || algorithm_signs(v, k->algorithm, b);
}

/* The key of the same algorithm whose signatures K's replace, as validators see it: one whose
   DNSKEY was never shown proves nothing to anyone. SIZE_MAX: none. */
static size_t predecessor_of(const struct life_view *v, size_t key)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (i != key && is_of(k, v->life->keys[key].algorithm) && part_is_in(k, KEY_PART_SIGS) &&
            part_is_in(k, KEY_PART_DNSKEY))
            return i;
    }
    return SIZE_MAX;
}

/* RFC 7583 s3.2.1: a published key signs once every cache that has a DNSKEY RRset has it. */
static bool sigs_may_go_in(const struct life_view *v, size_t key, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    if (!key_signs_data(k))
        return false;
    if (!v->is_signed)
        return part_is_in(k, KEY_PART_DNSKEY);
    if (predecessor_of(v, key) != SIZE_MAX)
        return has_settled(v, key, KEY_PART_DNSKEY, PART_EVERYWHERE, b);
    return true; /* of a new algorithm: before its DNSKEY */
}

/* Some key of ALGORITHM signs all data in all caches, and is known to them. */
static bool data_is_proved(const struct life_view *v, uint8_t algorithm, struct life_block *b)
{
    size_t signer = SIZE_MAX;
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (!is_of(k, algorithm) || !part_is_in(k, KEY_PART_SIGS))
            continue;
        signer = i;
        if (is_everywhere(v, k, KEY_PART_SIGS) && is_everywhere(v, k, KEY_PART_DNSKEY))
            return true;
    }
    if (signer == SIZE_MAX)
        return false;
    return has_settled(v, signer, KEY_PART_DNSKEY, PART_EVERYWHERE, b) &&
           has_settled(v, signer, KEY_PART_SIGS, PART_EVERYWHERE, b);
}

/* RFC 7583 s3.3.1 (and s3.3.5 for the first): the parent is asked once every validator that gets
   the DS can follow it down to the data. */
static bool ds_may_go_in(const struct life_view *v, size_t key, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    if (!key_signs_keys(k) || v->params->policy->is_unsigned)
        return false;
    return has_settled(v, key, KEY_PART_DNSKEY, PART_EVERYWHERE, b) &&
           data_is_proved(v, k->algorithm, b);
}

bool part_may_go_in(const struct life_view *v, size_t key, enum key_part part, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    if (k->parts[part].in_at != 0)
        return false;
    if (!stays(k))
        return part == KEY_PART_DS && ds_may_be_there(v, k);
    switch (part) {
    case KEY_PART_DNSKEY: return dnskey_may_go_in(v, key, b);
    case KEY_PART_SIGS: return sigs_may_go_in(v, key, b);
    case KEY_PART_DS: return ds_may_go_in(v, key, b);
    case KEY_PART_COUNT: break;
    }
    return false;
}

/* ------------------------------------------------------------------ out */

/* A key that stays, of that algorithm, which signs data. SIZE_MAX: none does yet. */
static size_t successor_in_data(const struct life_view *v, uint8_t algorithm)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (stays(k) && is_of(k, algorithm) && part_is_in(k, KEY_PART_SIGS))
            return i;
    }
    return SIZE_MAX;
}

/* RFC 6781 s4.1.4: signatures of an algorithm outlive all of its DNSKEYs. */
static bool algorithm_is_unpublished(const struct life_view *v, uint8_t algorithm,
                                     struct life_block *b)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        if (is_of(&v->life->keys[i], algorithm) &&
            state_of(v, &v->life->keys[i], KEY_PART_DNSKEY) != PART_ABSENT)
            return has_settled(v, i, KEY_PART_DNSKEY, PART_ABSENT, b);
    }
    return true;
}

/* Nobody has a DS of the zone any more: without one nothing is validated. */
static bool no_ds_is_left(const struct life_view *v, struct life_block *b)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        bool unasked = k->parts[KEY_PART_DS].in_at == 0 && ds_may_be_there(v, k);
        if (unasked || !has_settled(v, i, KEY_PART_DS, PART_ABSENT, b))
            return false;
    }
    return true;
}

static bool sigs_may_go_out(const struct life_view *v, size_t key, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    size_t next = successor_in_data(v, k->algorithm);
    if (next != SIZE_MAX) /* caches can use its signatures, or cannot use K's any more */
        return is_everywhere(v, &v->life->keys[next], KEY_PART_DNSKEY) ||
               has_settled(v, key, KEY_PART_DNSKEY, PART_ABSENT, b);
    if (v->params->policy->is_unsigned)
        return no_ds_is_left(v, b);
    if (!algorithm_stays(v, k->algorithm))
        return algorithm_is_unpublished(v, k->algorithm, b);
    wait_for_successor(v, key, KEY_PART_SIGS, b);
    return false;
}

/* Another key's DS and DNSKEY are in every cache: whoever has only those gets through. */
static bool another_has_ds(const struct life_view *v, size_t key, struct life_block *b)
{
    size_t next = SIZE_MAX;
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (i == key || !key_signs_keys(k) || !part_is_in(k, KEY_PART_DNSKEY))
            continue;
        if (is_everywhere(v, k, KEY_PART_DNSKEY) && is_everywhere(v, k, KEY_PART_DS))
            return true;
        next = stays(k) ? i : next;
    }
    if (next == SIZE_MAX) {
        wait_for_successor(v, key, KEY_PART_DS, b);
        return false;
    }
    return has_settled(v, next, KEY_PART_DNSKEY, PART_EVERYWHERE, b) &&
           has_settled(v, next, KEY_PART_DS, PART_EVERYWHERE, b);
}

/* The DS of K was asked away, and seen to be: whatever comes, nobody needs K. */
static bool ds_went(const struct life_key *k)
{
    return k->parts[KEY_PART_DS].out_at != 0 && k->parts[KEY_PART_DS].out_seen_at != 0;
}

/* No validator has a DS of any key of KEY's algorithm: nobody asks for its signatures. */
static bool algorithm_has_no_ds(const struct life_view *v, size_t key, struct life_block *b)
{
    uint8_t algorithm = v->life->keys[key].algorithm;
    bool all_went = true;
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (!is_of(k, algorithm) || !key_signs_keys(k) ||
            state_of(v, k, KEY_PART_DNSKEY) == PART_ABSENT)
            continue;
        if (!has_settled(v, i, KEY_PART_DS, PART_ABSENT, b))
            return false;
        all_went = all_went && ds_went(k);
    }
    return all_went || another_has_ds(v, key, b);
}

/* RFC 4035 s2.2: while an algorithm is published, one of its keys signs the DNSKEY RRset. */
static bool algorithm_signs_keys(const struct life_view *v, size_t key, struct life_block *b)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (i != key && is_of(k, v->life->keys[key].algorithm) && key_signs_keys(k) &&
            part_is_in(k, KEY_PART_DNSKEY))
            return true;
    }
    wait_for_successor(v, key, KEY_PART_DNSKEY, b);
    return false;
}

static bool key_is_unneeded(const struct life_view *v, size_t key, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    if (key_signs_data(k) && !has_settled(v, key, KEY_PART_SIGS, PART_ABSENT, b))
        return false;
    if (!key_signs_keys(k))
        return true;
    return has_settled(v, key, KEY_PART_DS, PART_ABSENT, b) &&
           (ds_went(k) || another_has_ds(v, key, b)) && algorithm_signs_keys(v, key, b);
}

/* What stays can be published without the keys that go. */
static bool another_signs_keys(const struct life_view *v, size_t key, struct life_block *b)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (stays(k) && key_signs_keys(k) && part_is_in(k, KEY_PART_DNSKEY))
            return true;
    }
    wait_for_successor(v, key, KEY_PART_DNSKEY, b);
    return false;
}

/* RFC 7583 s3.2.1 (dead ZSK), s3.3.1 (dead KSK). */
static bool dnskey_may_go_out(const struct life_view *v, size_t key, struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    if (v->params->policy->is_unsigned)
        return no_ds_is_left(v, b);
    if (!algorithm_stays(v, k->algorithm))
        return algorithm_has_no_ds(v, key, b) && another_signs_keys(v, key, b);
    return key_is_unneeded(v, key, b);
}

/* RFC 7344 s4: with the successor's DS asked for, the parent replaces one by the other. */
static bool ds_may_go_out(const struct life_view *v, size_t key, struct life_block *b)
{
    if (v->params->policy->is_unsigned)
        return true;
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (stays(k) && key_signs_keys(k) && part_is_in(k, KEY_PART_DS))
            return true;
    }
    wait_for_successor(v, key, KEY_PART_DS, b);
    return false;
}

bool part_may_go_out(const struct life_view *v, size_t key, enum key_part part,
                     struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    if (stays(k) || !part_is_in(k, part))
        return false;
    switch (part) {
    case KEY_PART_DNSKEY: return dnskey_may_go_out(v, key, b);
    case KEY_PART_SIGS: return sigs_may_go_out(v, key, b);
    case KEY_PART_DS: return ds_may_go_out(v, key, b);
    case KEY_PART_COUNT: break;
    }
    return false;
}

/* ------------------------------------------------------------------ when a roll begins */

/* Not so a key that a run made before it failed: what it was made for is to begin again. */
static bool is_on_its_way(const struct life_view *v, const struct life_key *k)
{
    if (!stays(k))
        return key_state(k, &v->waits, v->now) != KEY_REMOVED;
    if (!part_is_in(k, KEY_PART_DNSKEY) && !part_is_in(k, KEY_PART_SIGS))
        return false;
    if (!is_everywhere(v, k, KEY_PART_DNSKEY))
        return true;
    return key_signs_data(k) && !is_everywhere(v, k, KEY_PART_SIGS);
}

size_t roll_under_way(const struct life_view *v)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        if (is_on_its_way(v, &v->life->keys[i]))
            return i;
    }
    return SIZE_MAX;
}

/* RFC 7583 s3.2.1: Tpub(N+1) <= Tact(N) + Lzsk - Ipub, so that the successor is ready in time. */
int64_t key_due_at(const struct life_view *v, const struct life_key *k)
{
    const struct dnssec_policy *policy = v->params->policy;
    uint32_t lifetime_s = k->role == KEY_ZSK ? policy->zsk_lifetime_s : policy->ksk_lifetime_s;
    int64_t active_at = key_active_at(k);
    if (lifetime_s == 0 || active_at == 0 || !stays(k))
        return 0;
    return active_at + lifetime_s - interval_publication(&v->waits);
}

bool key_fits_policy(const struct life_key *k, const struct dnssec_policy *policy)
{
    return k->algorithm == policy->algorithm && (k->role == KEY_CSK) == policy->single_key;
}

bool keys_fit_policy(const struct life_view *v)
{
    for (size_t i = 0; i < v->life->key_n; i++) {
        const struct life_key *k = &v->life->keys[i];
        if (stays(k) && !key_fits_policy(k, v->params->policy))
            return false;
    }
    return true;
}
