/*
 * life_simulate: the life of a zone's keys on a virtual clock, which jumps from one moment that
 * matters to the next: a build, its confirmation, the parent's answer, the end of a wait.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "signer/rollover.h"

#define NEVER INT64_MAX

typedef char digest_text[KEY_DIGEST_LEN];

struct ds_set { /* whose DS; in the order of the life's keys */
    digest_text *digests;
    size_t n;
};

struct watched { /* what was last said of a key */
    enum part_state parts[KEY_PART_COUNT];
    enum key_state state;
};

struct run {
    const struct simulation *sim;
    struct life *life;
    struct life_params params;
    struct life_events *events;
    unsigned planned_n;
    int64_t started_at;
    int64_t build_at; /* the next that may move something */
    int64_t confirm_at;
    int64_t parent_at; /* the parent follows */
    struct ds_set asked;
    struct ds_set given;
    struct watched *watched; /* of the first watched_n keys */
    size_t watched_n;
};

static void run_done(struct run *r)
{
    free(r->asked.digests);
    free(r->given.digests);
    free(r->watched);
}
DEFINE_AUTO(run)

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ------------------------------------------------------------------ what is said of keys */

static void look(const struct life_view *v, size_t key, struct watched *ret)
{
    const struct life_key *k = &v->life->keys[key];
    for (unsigned p = 0; p < KEY_PART_COUNT; p++)
        ret->parts[p] = key_part_state(k, (enum key_part)p, &v->waits, v->now);
    ret->state = key_state(k, &v->waits, v->now);
}

static int watch_new_keys(struct run *r)
{
    struct watched *more = reallocarray(r->watched, r->life->key_n + 1, sizeof *more);
    if (more == NULL)
        return ERR_NOMEM;
    r->watched = more;
    for (; r->watched_n < r->life->key_n; r->watched_n++)
        more[r->watched_n] = (struct watched){.state = KEY_GENERATED};
    return ERR_OK;
}

static int say(struct run *r, const struct life_event *e, const char *why)
{
    struct life_event said = *e;
    said.at = r->params.now;
    (void)snprintf(said.why, sizeof said.why, "%s", why);
    return life_events_add(r->events, &said);
}

static const char *why_settled(enum key_part part, bool in)
{
    static const char *const words[][2] = {
        [KEY_PART_DNSKEY] = {"the DNSKEY RRset that has it has expired everywhere",
                             "every cached DNSKEY RRset has it"},
        [KEY_PART_SIGS] = {"its signatures have expired everywhere",
                           "everything in caches has its signatures"},
        [KEY_PART_DS] = {"the DS RRset that has it has expired everywhere",
                         "every cached DS RRset has it"},
    };
    return words[part][in];
}

static const char *why_state(enum key_state state, enum key_role role)
{
    switch (state) {
    case KEY_GENERATED: return "nothing of it is public";
    case KEY_PUBLISHED: return "it is on its way into caches";
    case KEY_READY: return "every cache has its DNSKEY";
    case KEY_ACTIVE: return role == KEY_ZSK ? "it signs the zone's data" : "it is relied on";
    case KEY_RETIRED: return "its successor does its work";
    case KEY_REMOVED: return "nothing of it is left in any cache";
    case KEY_STATE_COUNT: break;
    }
    return "";
}

/* A wait that ended, and what the key is by that, as events. */
static int tell_key(struct run *r, const struct life_view *v, size_t key)
{
    struct watched now;
    struct watched *was = &r->watched[key];
    int err = ERR_OK;
    if (was->state == KEY_REMOVED)
        return ERR_OK;
    look(v, key, &now);
    for (unsigned p = 0; p < KEY_PART_COUNT && err == ERR_OK; p++) {
        bool in = now.parts[p] == PART_EVERYWHERE && was->parts[p] == PART_SPREADING;
        bool out = now.parts[p] == PART_ABSENT && was->parts[p] == PART_FADING;
        struct life_event e = {
            .what = in ? LIFE_EVERYWHERE : LIFE_ABSENT, .key = key, .part = (enum key_part)p};
        if (in || out)
            err = say(r, &e, why_settled((enum key_part)p, in));
    }
    struct life_event e = {.what = LIFE_STATE, .key = key, .state = now.state};
    if (err == ERR_OK && now.state != was->state)
        err = say(r, &e, why_state(now.state, v->life->keys[key].role));
    *was = now;
    return err;
}

static int tell_keys(struct run *r)
{
    struct life_view v;
    int err = watch_new_keys(r);
    life_view(r->life, &r->params, &v);
    for (size_t i = 0; i < r->life->key_n && err == ERR_OK; i++)
        err = tell_key(r, &v, i);
    return err;
}

/* What keys are when the simulation begins is no event. */
static int watch_begin(struct run *r)
{
    struct life_view v;
    int err = watch_new_keys(r);
    life_view(r->life, &r->params, &v);
    for (size_t i = 0; i < r->life->key_n && err == ERR_OK; i++)
        look(&v, i, &r->watched[i]);
    return err;
}

/* ------------------------------------------------------------------ the parent */

static bool wants_ds(const struct life_key *k)
{
    return life_use(k).has_ds;
}

static bool parent_has(const struct life_key *k)
{
    const struct part_times *t = &k->parts[KEY_PART_DS];
    return t->in_seen_at != 0 && t->out_seen_at == 0;
}

static int ds_set_fill(struct ds_set *set, const struct life *l,
                       bool (*belongs)(const struct life_key *k))
{
    digest_text *digests = reallocarray(set->digests, l->key_n + 1, sizeof *digests);
    if (digests == NULL)
        return ERR_NOMEM;
    set->digests = digests;
    set->n = 0;
    for (size_t i = 0; i < l->key_n; i++) {
        if (belongs(&l->keys[i]))
            memcpy(digests[set->n++], l->keys[i].digest, sizeof *digests);
    }
    return ERR_OK;
}

static bool ds_sets_equal(const struct ds_set *a, const struct ds_set *b)
{
    return a->n == b->n &&
           (a->n == 0 || memcmp(a->digests, b->digests, a->n * sizeof *a->digests) == 0);
}

/* The moment at which a parent that would act at AT does. */
static int64_t parent_acts_at(const struct simulated_parent *p, int64_t at)
{
    if (p->fails_from_at == 0 || at < p->fails_from_at)
        return at;
    if (p->fails_until_at == 0)
        return NEVER;
    return at < p->fails_until_at ? p->fails_until_at : at;
}

/* The request is public, or was handed over: the parent's delay begins. */
static int ask_parent(struct run *r)
{
    int err = ds_set_fill(&r->asked, r->life, wants_ds);
    r->parent_at = NEVER;
    if (err == ERR_OK && !ds_sets_equal(&r->asked, &r->given))
        r->parent_at = parent_acts_at(&r->sim->parent, r->params.now + r->sim->parent.delay_s);
    return err;
}

static int parent_follows(struct run *r)
{
    struct ds_set given = r->asked;
    r->asked = r->given;
    r->given = given;
    r->parent_at = NEVER;
    const struct life_parent seen = {.at = r->params.now,
                                     .digests = (const char(*)[KEY_DIGEST_LEN])given.digests,
                                     .digest_n = given.n,
                                     .ttl_s = r->params.policy->parent_ds_ttl_s};
    return life_observe(r->life, &seen, r->events);
}

/* ------------------------------------------------------------------ builds */

static int plan_key(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                    struct life_key *ret)
{
    struct run *r = ctx;
    (void)why;
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .planned = true};
    (void)snprintf(ret->digest, sizeof ret->digest, "planned-%u", ++r->planned_n);
    return ERR_OK;
}

static int build(struct run *r)
{
    const struct life_maker maker = {.make = plan_key, .ctx = r};
    char doubt[LIFE_WHY_LEN];
    size_t before = r->events->n;
    r->build_at = NEVER;
    int err = life_step(r->life, &r->params, &maker, r->events, doubt);
    if (err == ERR_OK)
        err = life_ttl_built(r->life, TTL_DNSKEY, r->params.dnskey_ttl_s);
    if (err == ERR_OK)
        err = life_ttl_built(r->life, TTL_ZONE, r->params.zone_ttl_s);
    if (r->events->n > before) /* a new serial, to be confirmed anew */
        r->confirm_at = r->params.now + r->sim->confirm_after_s;
    return err;
}

static int confirm(struct run *r)
{
    r->confirm_at = NEVER;
    int err = life_confirm(r->life, r->params.now, r->events);
    return err == ERR_OK ? ask_parent(r) : err;
}

/* ------------------------------------------------------------------ the clock */

static void note_earlier(int64_t *next_at, int64_t at, int64_t now)
{
    if (at > now && at < *next_at)
        *next_at = at;
}

/* When a wait or a lifetime ends, by the TTLs that count now, or when one of these counts no more.
 */
static int64_t next_ending(const struct run *r)
{
    const struct dnssec_policy *policy = r->params.policy;
    struct life_view v;
    int64_t next_at = NEVER;
    life_view(r->life, &r->params, &v);
    for (size_t i = 0; i < r->life->key_n; i++) {
        const struct life_key *k = &r->life->keys[i];
        if (r->watched[i].state == KEY_REMOVED)
            continue;
        note_earlier(&next_at, key_due_at(&v, k), v.now);
        for (unsigned p = 0; p < KEY_PART_COUNT; p++)
            note_earlier(
                &next_at,
                part_settles_at(&k->parts[p], interval_part(&v.waits, (enum key_part)p), v.now),
                v.now);
    }
    for (size_t i = 0; i < r->life->ttl_n; i++) {
        const struct ttl_seen *t = &r->life->ttls[i];
        uint32_t delay_s =
            t->kind == TTL_DS ? policy->parent_propagation_delay_s : policy->propagation_delay_s;
        note_earlier(&next_at, t->out_at == 0 ? 0 : t->out_at + delay_s + t->ttl_s, v.now);
    }
    return next_at;
}

/* Something has changed: the next build, in the pipeline's rhythm, may act on it. */
static void want_build(struct run *r)
{
    int64_t every_s = r->sim->build_every_s;
    int64_t past_s = r->params.now - r->started_at;
    r->build_at = r->params.now;
    if (every_s != 0)
        r->build_at += (every_s - past_s % every_s) % every_s;
}

/* All that happens at this moment, in the order in which one makes way for the next. */
static int act(struct run *r)
{
    int err = r->confirm_at <= r->params.now ? confirm(r) : ERR_OK;
    if (err == ERR_OK && r->parent_at <= r->params.now)
        err = parent_follows(r);
    if (err == ERR_OK)
        err = tell_keys(r);
    want_build(r);
    if (err == ERR_OK && r->build_at <= r->params.now)
        err = build(r);
    if (err == ERR_OK && r->confirm_at <= r->params.now)
        err = confirm(r);
    if (err == ERR_OK)
        err = tell_keys(r);
    return err == ERR_OK && r->events->n > LIMIT_SIMULATED_EVENTS ? ERR_LIMIT : err;
}

static int64_t next_moment(const struct run *r)
{
    int64_t next_at = earlier(r->confirm_at, r->parent_at);
    next_at = earlier(next_at, r->build_at);
    return earlier(next_at, next_ending(r));
}

static int begin(struct run *r)
{
    int err = ds_set_fill(&r->given, r->life, parent_has);
    if (err == ERR_OK)
        err = watch_begin(r);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < r->life->key_n; i++)
        r->planned_n += r->life->keys[i].planned; /* of an earlier simulation */
    r->life->valid_until_at = 0;                  /* in a simulation signatures are always fresh */
    r->started_at = r->params.now;
    r->confirm_at = NEVER;
    r->parent_at = NEVER;
    if (life_is_unconfirmed(r->life))
        r->confirm_at = r->params.now + r->sim->confirm_after_s;
    else
        err = ask_parent(r);
    return err;
}

int life_simulate(struct life *l, const struct simulation *s, struct life_events *ret)
{
    AUTO(run) struct run r = {.sim = s, .life = l, .params = s->params, .events = ret};
    if (r.params.now < l->clock_at)
        r.params.now = l->clock_at; /* what happened is not simulated again */
    r.params.accept_clock = false;
    int err = begin(&r);
    while (err == ERR_OK && r.params.now <= s->until_at) {
        err = act(&r);
        int64_t next_at = next_moment(&r);
        if (err != ERR_OK || next_at > s->until_at)
            break;
        r.params.now = next_at;
    }
    return err;
}
