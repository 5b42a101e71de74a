/*
 * tests/unit/signer/life_world.h -- ten years of a zone on a virtual clock: a pipeline that builds
 * and confirms as pipelines do, secondaries that lag, a parent of every kind, and people.
 *
 * What depends on luck is drawn to hurt: a build comes at the very second that a wait ends, servers
 * lag as long as they may, a build that nobody confirmed is public all the same. The signer under
 * test is called as the commands call it; what servers show goes to the tracks of life_model.h.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>

#include "common/err.h"
#include "signer/rollover.h"
#include "tests/support/chance.h"
#include "tests/unit/signer/life_model.h"

#define MINUTE         60
#define HOUR           3600
#define DAY            86400
#define YEAR           (365 * DAY)
#define WORLD_START    INT64_C(1790000000)
#define WORLD_YEARS    10
#define PEACE_YEARS    2 /* at the end of a run nothing goes wrong any more */
#define WORLD_KEYS     4000
#define VALIDITY_S     (60 * DAY)
#define LONGEST_WAIT_S (8 * DAY) /* of all that a world may draw: delay and TTL */
#define CLOCK_SLACK    300       /* a clock off by less is not told from a right one */

enum actor {
    ACTOR_PARENT_FULL, /* the last of the parent's addresses follows */
    ACTOR_PUBLISH,
    ACTOR_CONFIRM,
    ACTOR_OBSERVE,
    ACTOR_BUILD,
    ACTOR_REGISTRY,
    ACTOR_PARENT_SLIP, /* the parent does what nobody asked for */
    ACTOR_UPSET,
    ACTOR_COUNT
};

struct build { /* what a build put into the zone */
    struct key_ids dnskey;
    struct key_ids sigs;
    struct key_ids wanted_ds;
    bool shows_cds;
    bool deletes_ds;
    uint32_t dnskey_ttl_s;
    uint32_t zone_ttl_s;
    size_t dnskey_in; /* the number of the first build with this DNSKEY RRset */
    size_t sigs_in;
};

struct world {
    uint64_t seed;
    struct chance chance;
    bool is_calm; /* nobody errs, all are prompt */
    int64_t now;
    int64_t end_at;
    int64_t next[ACTOR_COUNT];

    struct life life;
    struct dnssec_policy policy;
    uint32_t dnskey_ttl_s;
    uint32_t zone_ttl_s;
    struct known_key keys[WORLD_KEYS];
    size_t key_n;
    bool forgets_keys; /* removed ones are dropped from the life */

    uint32_t build_every_s;
    int64_t clock_error_s; /* of the signer's clock */
    struct build last;     /* built */
    struct build pub;      /* public */
    bool has_build;

    uint32_t registry_every_s;
    uint32_t ds_ttl_s;
    bool adds_before_it_drops;
    int64_t parent_sleeps_until_at;
    struct {
        bool is_new;
        size_t version; /* of the DS track */
        int64_t at;
    } seen; /* an observation file */

    struct world_shown shown;
    int64_t edited_at;    /* the policy: the last time */
    int64_t has_no_ds_at; /* since when the parent has none; 0: it has one */
    size_t rolls;
    size_t builds;
    char broken[400]; /* what went wrong; "": nothing */
    bool is_told;     /* every event is printed */
};

static inline void world_done(struct world *w)
{
    life_done(&w->life);
    track_done(&w->shown.ds);
    track_done(&w->shown.dnskey);
    track_done(&w->shown.data);
}

/* The first thing that went wrong. */
static inline void world_break(struct world *w, const char *what)
{
    if (w->broken[0] == 0)
        (void)snprintf(w->broken, sizeof w->broken, "day %.3f: %s",
                       (double)(w->now - WORLD_START) / DAY, what);
}

static inline bool is_peace(const struct world *w)
{
    return w->is_calm || w->now >= w->end_at - PEACE_YEARS * YEAR;
}

static inline int64_t within(struct world *w, int64_t span) /* 0 .. span */
{
    return (int64_t)below(&w->chance, (size_t)span + 1);
}

static inline uint32_t one_of(struct world *w, const uint32_t *values, size_t n)
{
    return values[below(&w->chance, n)];
}
#define ONE_OF(w, ...)                                                                             \
    one_of((w), (const uint32_t[]){__VA_ARGS__},                                                   \
           sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static inline struct life_params world_params(const struct world *w)
{
    return (struct life_params){.policy = &w->policy,
                                .dnskey_ttl_s = w->dnskey_ttl_s,
                                .zone_ttl_s = w->zone_ttl_s,
                                .now = w->now + w->clock_error_s};
}

/* For the one who looks for the cause of a failure: MUDZONE_TEST_TRACE=1. */
static inline void tell(const struct world *w, const char *what, const struct key_ids *ids)
{
    if (!w->is_told)
        return;
    (void)fprintf(stderr, "%10.4f %s", (double)(w->now - WORLD_START) / DAY, what);
    for (size_t i = 0; ids != NULL && i < ids->n; i++)
        (void)fprintf(stderr, " %u", ids->at[i]);
    (void)fputc('\n', stderr);
}

static inline void tell_events(const struct world *w, const struct life_events *events)
{
    for (size_t i = 0; w->is_told && i < events->n; i++) {
        const struct life_event *e = &events->items[i];
        const struct life_key *k = &w->life.keys[e->key];
        (void)fprintf(stderr, "%10.4f   %s %u (algorithm %u): %s: %s\n",
                      (double)(e->at - WORLD_START) / DAY,
                      ((const char *const[]){"ksk", "zsk", "csk"})[k->role], k->tag, k->algorithm,
                      life_event_text(e), e->why);
    }
}

/* ------------------------------------------------------------------ keys */

static inline int world_make_key(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                                 struct life_key *ret)
{
    struct world *w = ctx;
    (void)why;
    assert_true(w->key_n < WORLD_KEYS);
    w->keys[w->key_n] = (struct known_key){.algorithm = algorithm, .signs_keys = role != KEY_ZSK};
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .tag = (uint16_t)w->key_n};
    (void)snprintf(ret->digest, sizeof ret->digest, "key-%zu", w->key_n);
    w->key_n++;
    return ERR_OK;
}

/* Is a key on its way out that has not gone? */
static inline bool world_is_rolling(const struct world *w)
{
    struct life_params p = world_params(w);
    struct life_waits waits;
    life_waits(&w->life, &p, &waits);
    for (size_t i = 0; i < w->life.key_n; i++) {
        const struct life_key *k = &w->life.keys[i];
        if (k->leave_at != 0 && key_state(k, &waits, p.now) != KEY_REMOVED)
            return true;
    }
    return false;
}

static inline void world_forget_keys(struct world *w)
{
    struct life_params p = world_params(w);
    struct life_waits waits;
    size_t n = 0;
    life_waits(&w->life, &p, &waits);
    for (size_t i = 0; i < w->life.key_n; i++) {
        const struct life_key *k = &w->life.keys[i];
        if (k->leave_at == 0 || k->leave_at + YEAR / 2 > w->now ||
            key_state(k, &waits, p.now) != KEY_REMOVED)
            w->life.keys[n++] = *k;
    }
    w->life.key_n = n;
}

/* ------------------------------------------------------------------ the parent */

static inline bool parent_is_full(const struct world *w)
{
    return w->next[ACTOR_PARENT_FULL] == NEVER;
}

/* The parent's first server has the DS of IDS from now on; its other addresses follow, and what
   stands behind those a propagation delay later. */
static inline void parent_show(struct world *w, const struct key_ids *ids, bool is_wrong)
{
    struct version v = {
        .keys = *ids, .ttl_s = w->ds_ttl_s, .from_at = w->now, .is_wrong = is_wrong};
    int64_t lag = 0;
    if (is_wrong && v.ttl_s > w->policy.parent_ds_ttl_s)
        v.ttl_s = w->policy.parent_ds_ttl_s; /* see parent_may_change */
    track_show(&w->shown.ds, &v);
    w->has_no_ds_at = ids->n > 0 ? 0 : w->has_no_ds_at != 0 ? w->has_no_ds_at : w->now;
    tell(w, is_wrong ? "the parent slips: DS" : "the parent follows: DS", ids);
    if (percent(&w->chance, 40))
        lag = within(w, w->policy.parent_propagation_delay_s);
    else if (!is_peace(w) && percent(&w->chance, 15))
        lag = within(w, 30 * DAY); /* mixed answers for weeks */
    w->next[ACTOR_PARENT_FULL] = w->now + lag;
}

static inline void act_parent_full(struct world *w)
{
    w->next[ACTOR_PARENT_FULL] = NEVER;
    track_settle(&w->shown.ds, w->now + w->policy.parent_propagation_delay_s);
    if (percent(&w->chance, 70)) /* looked at in the same second */
        w->next[ACTOR_OBSERVE] = w->now;
    if (!is_peace(w) && percent(&w->chance, 12))
        w->next[ACTOR_PARENT_SLIP] = w->now + within(w, 4 * DAY);
}

/* A TTL above the configured one is known only once it was seen; a parent that takes it back sooner
   cannot be helped against. */
static inline bool parent_may_change(const struct world *w)
{
    const struct version *last = track_last(&w->shown.ds);
    return last == NULL || last->ttl_s <= w->policy.parent_ds_ttl_s || last->told_in != 0;
}

/* What the zone asks for; false: it asks for nothing. Without CDS a person carries the .ds file. */
static inline bool wanted_ds(const struct world *w, struct key_ids *ret)
{
    *ret = (struct key_ids){.n = 0};
    if (w->pub.deletes_ds)
        return true;
    if (w->pub.shows_cds)
        *ret = w->pub.wanted_ds;
    else if (w->policy.cds == CDS_NONE)
        *ret = w->last.wanted_ds;
    else
        return false;
    return true;
}

static inline void act_registry(struct world *w)
{
    struct key_ids wanted;
    const struct version *last = track_last(&w->shown.ds);
    w->next[ACTOR_REGISTRY] = w->now + 1 + within(w, 2 * (int64_t)w->registry_every_s);
    if (w->now < w->parent_sleeps_until_at || !parent_may_change(w) || !wanted_ds(w, &wanted))
        return;
    if (last != NULL && ids_equal(&last->keys, &wanted) && !last->is_wrong)
        return;
    if (last != NULL && last->keys.n > 0 && wanted.n > 0 && w->adds_before_it_drops &&
        !last->is_wrong && last->keys.n == 1 && !ids_have(&wanted, last->keys.at[0]))
        ids_add(&wanted, last->keys.at[0]); /* the old one goes at the next visit */
    parent_show(w, &wanted, false);
}

/* A KSK that is public, whether the parent was asked for its DS or not; false: there is none. */
static inline bool any_public_ksk(struct world *w, struct key_ids *ret)
{
    *ret = (struct key_ids){.n = 0};
    for (size_t i = 0; i < w->pub.dnskey.n && ret->n == 0; i++) {
        uint16_t id = w->pub.dnskey.at[i];
        if (w->keys[id].signs_keys && percent(&w->chance, 50))
            ids_add(ret, id);
    }
    return ret->n > 0;
}

/* Loses the DS, takes one that it was not asked for, or puts back what it had before. */
static inline void act_parent_slip(struct world *w)
{
    const struct track *ds = &w->shown.ds;
    struct key_ids ids = {.n = 0};
    size_t back = 1 + below(&w->chance, 3);
    size_t luck = below(&w->chance, 100);
    w->next[ACTOR_PARENT_SLIP] = NEVER;
    if (is_peace(w) || !parent_may_change(w))
        return;
    if (luck > 30 && !(luck < 60 && any_public_ksk(w, &ids)) && ds->n > back)
        ids = ds->items[ds->n - 1 - back].keys;
    parent_show(w, &ids, true);
    w->next[ACTOR_REGISTRY] = w->now + 1 + within(w, 10 * DAY);
}

static inline void act_observe(struct world *w)
{
    w->next[ACTOR_OBSERVE] = w->now + 1 + within(w, (is_peace(w) ? 2 : 10) * DAY);
    if (w->now < w->parent_sleeps_until_at || !parent_is_full(w) || w->shown.ds.n == 0)
        return;
    w->seen.is_new = true;
    w->seen.version = w->shown.ds.n - 1;
    w->seen.at = w->now;
    if (percent(&w->chance, 50))
        w->next[ACTOR_BUILD] = w->now;
}

/* The next build reads the observation file. */
static inline void hear_parent(struct world *w)
{
    char digests[KEYS_SHOWN_MAX][KEY_DIGEST_LEN];
    struct version *v = &w->shown.ds.items[w->seen.version];
    struct life_parent seen = {.at = w->seen.at, .ttl_s = v->ttl_s};
    AUTO(life_events) struct life_events events = {0};
    for (size_t i = 0; i < v->keys.n; i++) {
        char digest[KEY_DIGEST_LEN];
        (void)snprintf(digest, sizeof digest, "key-%u", v->keys.at[i]);
        if (life_find(&w->life, digest) == NULL)
            return; /* a DS that no key of ours explains: such an observation is not used */
        memcpy(digests[seen.digest_n++], digest, sizeof digest);
    }
    seen.digests = (const char(*)[KEY_DIGEST_LEN])digests;
    assert_int_equal(life_observe(&w->life, &seen, &events), ERR_OK);
    tell_events(w, &events);
    bool is_lost = why_bogus(&v->keys, &w->last.dnskey, &w->last.sigs, w->keys) != NULL;
    if (v->told_in == 0 && !(v->is_wrong && is_lost)) /* else nothing can be kept right any more */
        v->told_in = w->builds;
    w->seen.is_new = false;
}

/* ------------------------------------------------------------------ the pipeline */

static inline struct build build_of(const struct world *w)
{
    struct life_params p = world_params(w);
    struct build b = {.dnskey_ttl_s = w->dnskey_ttl_s,
                      .zone_ttl_s = w->zone_ttl_s,
                      .dnskey_in = w->builds,
                      .sigs_in = w->builds,
                      .shows_cds = life_shows_cds(&w->life, &p),
                      .deletes_ds = life_deletes_ds(&w->life, &p)};
    for (size_t i = 0; i < w->life.key_n; i++) {
        struct life_use use = life_use(&w->life.keys[i]);
        uint16_t id = w->life.keys[i].tag;
        if (use.publishes)
            ids_add(&b.dnskey, id);
        if (use.signs)
            ids_add(&b.sigs, id);
        if (use.has_ds)
            ids_add(&b.wanted_ds, id);
    }
    if (w->has_build && ids_equal(&b.dnskey, &w->last.dnskey))
        b.dnskey_in = w->last.dnskey_in;
    if (w->has_build && ids_equal(&b.sigs, &w->last.sigs))
        b.sigs_in = w->last.sigs_in;
    return b;
}

static inline bool builds_equal(const struct build *a, const struct build *b)
{
    return ids_equal(&a->dnskey, &b->dnskey) && ids_equal(&a->sigs, &b->sigs) &&
           ids_equal(&a->wanted_ds, &b->wanted_ds) && a->shows_cds == b->shows_cds &&
           a->deletes_ds == b->deletes_ds && a->dnskey_ttl_s == b->dnskey_ttl_s &&
           a->zone_ttl_s == b->zone_ttl_s;
}

/* Could the signing engine make this zone (RFC 4035 s2.2)? */
static inline const char *why_unsignable(const struct world *w, const struct build *b)
{
    if (b->dnskey.n == 0 && b->sigs.n > 0)
        return "signatures without any DNSKEY";
    for (size_t i = 0; i < b->dnskey.n; i++) {
        uint8_t algorithm = w->keys[b->dnskey.at[i]].algorithm;
        if (!shares_key(&b->dnskey, &b->dnskey, algorithm, true, w->keys))
            return "an algorithm of the DNSKEY RRset has no key that signs it";
        if (!shares_key(&b->sigs, &b->sigs, algorithm, false, w->keys))
            return "an algorithm of the DNSKEY RRset has no key that signs data";
    }
    return NULL;
}

/* When what was built becomes public, and when somebody says so. */
static inline void draw_fate(struct world *w)
{
    int64_t *public_at = &w->next[ACTOR_PUBLISH];
    int64_t *confirm_at = &w->next[ACTOR_CONFIRM];
    size_t luck = below(&w->chance, 100);
    *public_at = w->now + (percent(&w->chance, 60) ? 0 : within(w, 6 * HOUR));
    *confirm_at = *public_at + (percent(&w->chance, 60) ? 0 : within(w, 12 * HOUR));
    if (is_peace(w) || luck < 60)
        return;
    if (luck < 75)
        *confirm_at = *public_at + within(w, 20 * DAY);
    else if (luck < 88)
        *confirm_at = NEVER; /* public, and nobody says so */
    else
        *public_at = *confirm_at = NEVER; /* thrown away */
}

static inline void act_publish(struct world *w)
{
    const struct build *b = &w->last;
    struct version v = {.from_at = w->now};
    w->next[ACTOR_PUBLISH] = NEVER;
    w->pub = *b;
    tell(w, "public: DNSKEY", &b->dnskey);
    tell(w, "        signed by", &b->sigs);
    v.keys = b->dnskey;
    v.made_in = b->dnskey_in;
    v.ttl_s = b->dnskey_ttl_s;
    track_show(&w->shown.dnskey, &v);
    v.keys = b->sigs;
    v.made_in = b->sigs_in;
    v.ttl_s = b->zone_ttl_s;
    track_show(&w->shown.data, &v);
}

/* The moment at which a wait ends, if one does. */
static inline int64_t next_settling(const struct world *w)
{
    struct life_params p = world_params(w);
    int64_t at = life_next_at(&w->life, &p);
    return at > w->now ? at : NEVER;
}

static inline void plan_build(struct world *w)
{
    int64_t next_at = w->now + 1 + within(w, 2 * (int64_t)w->build_every_s);
    int64_t settles_at = percent(&w->chance, 75) ? next_settling(w) : NEVER;
    w->next[ACTOR_BUILD] = settles_at < next_at ? settles_at : next_at;
}

/* All secondaries have it a propagation delay from now: as late as they may. */
static inline void act_confirm(struct world *w)
{
    struct life_params p = world_params(w);
    AUTO(life_events) struct life_events events = {0};
    if (w->clock_error_s != 0) { /* not with a clock that is wrong */
        w->next[ACTOR_CONFIRM] = w->now + HOUR;
        return;
    }
    w->next[ACTOR_CONFIRM] = NEVER;
    assert_int_equal(life_confirm(&w->life, p.now, &events), ERR_OK);
    tell_events(w, &events);
    track_settle(&w->shown.dnskey, w->now + w->policy.propagation_delay_s);
    track_settle(&w->shown.data, w->now + w->policy.propagation_delay_s);
    plan_build(w);
}

/* With a clock that can be known to be wrong nothing moves. */
static inline void build_in_doubt(struct world *w)
{
    struct life_params p = world_params(w);
    struct life_maker maker = {.make = world_make_key, .ctx = w};
    AUTO(life) struct life before = {0};
    AUTO(life_events) struct life_events events = {0};
    char doubt[LIFE_WHY_LEN];
    bool is_behind = p.now < w->life.clock_at - CLOCK_SLACK;
    bool is_beyond = w->life.valid_until_at != 0 && p.now > w->life.valid_until_at;
    if (!is_behind && !is_beyond)
        return; /* nobody could tell: then no run may happen */
    assert_int_equal(life_dup(&w->life, &before), ERR_OK);
    assert_int_equal(life_step(&w->life, &p, &maker, &events, doubt), ERR_OK);
    if (doubt[0] == 0 || events.n != 0 || w->life.key_n != before.key_n ||
        w->life.clock_at != before.clock_at ||
        (before.key_n > 0 &&
         memcmp(w->life.keys, before.keys, before.key_n * sizeof *before.keys) != 0))
        world_break(w, "something moved though the clock is wrong");
}

/* No key leaves without a reason, and none while another roll is under way. */
static inline void check_leaving(struct world *w, const struct life_key *k, bool was_rolling)
{
    const struct dnssec_policy *policy = &w->policy;
    uint32_t lifetime_s = k->role == KEY_ZSK ? policy->zsk_lifetime_s : policy->ksk_lifetime_s;
    w->rolls++;
    if (policy->is_unsigned)
        return;
    if (was_rolling)
        world_break(w, "a roll began while another is under way");
    if (k->algorithm == policy->algorithm && (k->role == KEY_CSK) == policy->single_key &&
        (lifetime_s == 0 || w->now < k->made_at + lifetime_s - LONGEST_WAIT_S))
        world_break(w, "a key leaves before its time");
}

static inline void check_leavings(struct world *w, const struct life_events *events,
                                  bool was_rolling)
{
    for (size_t i = 0; i < events->n; i++) {
        if (events->items[i].what == LIFE_LEAVES)
            check_leaving(w, &w->life.keys[events->items[i].key], was_rolling);
    }
}

static inline void build_now(struct world *w)
{
    struct life_params p = world_params(w);
    struct life_maker maker = {.make = world_make_key, .ctx = w};
    AUTO(life_events) struct life_events events = {0};
    char doubt[LIFE_WHY_LEN];
    bool was_rolling = world_is_rolling(w);
    p.accept_clock = w->life.valid_until_at != 0 && p.now > w->life.valid_until_at;
    assert_int_equal(life_step(&w->life, &p, &maker, &events, doubt), ERR_OK);
    if (doubt[0] != 0)
        world_break(w, doubt);
    tell_events(w, &events);
    check_leavings(w, &events, was_rolling);
    assert_int_equal(life_ttl_built(&w->life, TTL_DNSKEY, w->dnskey_ttl_s), ERR_OK);
    assert_int_equal(life_ttl_built(&w->life, TTL_ZONE, w->zone_ttl_s), ERR_OK);
    w->life.valid_until_at = w->now + VALIDITY_S;
}

static inline void act_build(struct world *w)
{
    if (w->clock_error_s != 0) {
        build_in_doubt(w);
        plan_build(w);
        return;
    }
    w->builds++;
    if (w->seen.is_new)
        hear_parent(w);
    build_now(w);
    if (w->forgets_keys)
        world_forget_keys(w);
    struct build b = build_of(w);
    const char *why = why_unsignable(w, &b);
    if (w->has_build && w->last.wanted_ds.n > 0 && b.wanted_ds.n == 0 && !w->policy.is_unsigned)
        why = "the parent is asked for no DS, though the policy is to sign";
    if (why != NULL)
        world_break(w, why);
    if (!w->has_build || !builds_equal(&b, &w->last) || percent(&w->chance, 10)) {
        w->last = b;
        w->has_build = true;
        draw_fate(w);
    }
    plan_build(w);
}
