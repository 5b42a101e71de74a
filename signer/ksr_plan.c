/*
 * What an offline KSK will have to sign: the zone's rolls run ahead twice, as early and as late as
 * they may come, and every RRset noted that either run shows. Pure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "common/timetext.h"
#include "signer/ksr.h"
#include "signer/rules_sign.h"

void ksr_plan_done(struct ksr_plan *p)
{
    life_done(&p->life);
    free(p->needs);
    *p = (struct ksr_plan){0};
}

/* ------------------------------------------------------------------ needs */

static bool same_keys(const struct ksr_need *a, const struct ksr_need *b)
{
    return a->type == b->type && a->key_n == b->key_n &&
           memcmp(a->keys, b->keys, a->key_n * sizeof *a->keys) == 0;
}

/* The same set again, in the other run or once more, makes its time longer. */
static int add_need(struct ksr_plan *p, const struct ksr_need *need)
{
    for (size_t i = 0; i < p->need_n; i++) {
        struct ksr_need *known = &p->needs[i];
        if (!same_keys(known, need))
            continue;
        known->from_at = need->from_at < known->from_at ? need->from_at : known->from_at;
        known->until_at = need->until_at > known->until_at ? need->until_at : known->until_at;
        known->in_late_run = known->in_late_run || need->in_late_run;
        return ERR_OK;
    }
    struct ksr_need *needs = grow_items(p->needs, p->need_n, &p->need_cap, sizeof *needs);
    if (needs == NULL)
        return ERR_NOMEM;
    p->needs = needs;
    p->needs[p->need_n++] = *need;
    return ERR_OK;
}

static int order_of_needs(const void *a, const void *b)
{
    const struct ksr_need *x = a;
    const struct ksr_need *y = b;
    if (x->from_at != y->from_at)
        return x->from_at < y->from_at ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    int order = memcmp(x->keys, y->keys, sizeof x->keys);
    return order != 0 ? order : (x->key_n > y->key_n) - (x->key_n < y->key_n);
}

/* ------------------------------------------------------------------ a run */

enum shown { SHOWN_KEYS, SHOWN_CDS, SHOWN_COUNT };

struct run {
    struct ksr_plan *plan;
    struct life life;
    struct life_params params; /* `now` is the run's own */
    uint32_t late_s;
    int64_t until_at;
    struct ksr_need open[SHOWN_COUNT]; /* what is shown now; type 0: nothing */
    const struct life *spares;
    size_t planned_n;
    int64_t stopped_at; /* 0: not stopped */
};

static void run_done(struct run *r)
{
    life_done(&r->life);
}
DEFINE_AUTO(run)

static int add_key(struct ksr_need *need, size_t key)
{
    if (need->key_n == KSR_SET_KEYS)
        return ERR_LIMIT;
    need->keys[need->key_n++] = key;
    return ERR_OK;
}

static int keys_shown(const struct run *r, struct ksr_need *ret)
{
    int err = ERR_OK;
    for (size_t i = 0; i < r->life.key_n && err == ERR_OK; i++) {
        if (life_use(&r->life.keys[i]).publishes)
            err = add_key(ret, i);
    }
    ret->type = ret->key_n > 0 ? KNOT_RRTYPE_DNSKEY : 0;
    return err;
}

static int cds_shown(const struct run *r, struct ksr_need *ret)
{
    int err = ERR_OK;
    if (life_deletes_ds(&r->life, &r->params)) {
        ret->type = KNOT_RRTYPE_CDS;
        return ERR_OK;
    }
    if (!life_shows_cds(&r->life, &r->params))
        return ERR_OK;
    ret->type = KNOT_RRTYPE_CDS;
    for (size_t i = 0; i < r->life.key_n && err == ERR_OK; i++) {
        if (life_use(&r->life.keys[i]).has_ds)
            err = add_key(ret, i);
    }
    return err;
}

static int close_need(struct run *r, struct ksr_need *open, int64_t at)
{
    if (open->type == 0)
        return ERR_OK;
    open->until_at = at;
    open->in_late_run = r->late_s > 0;
    return add_need(r->plan, open);
}

static int note(struct run *r)
{
    struct ksr_need shown[SHOWN_COUNT] = {0};
    int64_t at = r->params.now;
    int err = keys_shown(r, &shown[SHOWN_KEYS]);
    if (err == ERR_OK)
        err = cds_shown(r, &shown[SHOWN_CDS]);
    for (size_t i = 0; i < SHOWN_COUNT && err == ERR_OK; i++) {
        if (same_keys(&shown[i], &r->open[i]))
            continue;
        err = close_need(r, &r->open[i], at);
        r->open[i] = shown[i];
        r->open[i].from_at = at;
    }
    return err;
}

/* Is there one more? The spares of an algorithm are taken in their order (state_spare_take). */
static bool has_spare(const struct run *r, uint8_t algorithm)
{
    const char *store = r->params.policy->ksk_store;
    size_t left = 0;
    if (store == NULL || strcmp(store, KEY_STORE_OFFLINE) != 0)
        return false;
    for (size_t i = 0; i < r->spares->key_n; i++)
        left += r->spares->keys[i].role == KEY_KSK && r->spares->keys[i].algorithm == algorithm;
    for (size_t i = 0; i < r->life.key_n; i++) {
        const struct life_key *k = &r->life.keys[i];
        left -= k->planned && k->role == KEY_KSK && k->algorithm == algorithm;
    }
    return left > 0;
}

static int plan_key(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                    struct life_key *ret)
{
    struct run *r = ctx;
    (void)why;
    if (role == KEY_CSK || (role == KEY_KSK && !has_spare(r, algorithm))) {
        r->stopped_at = r->params.now;
        return ERR_ABSENT; /* no error of ours: the plan ends here */
    }
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .planned = true};
    (void)snprintf(ret->digest, sizeof ret->digest, "planned-%zu", ++r->planned_n);
    return ERR_OK;
}

/* ------------------------------------------------------------------ what others do meanwhile */

static bool parent_is_asked(const struct life *l)
{
    for (size_t i = 0; i < l->key_n; i++) {
        if (part_is_pending(&l->keys[i].parts[KEY_PART_DS]))
            return true;
    }
    return false;
}

/* The parent does as it was asked. */
static int observe(struct run *r, struct life_events *events)
{
    AUTO_FREE char(*digests)[KEY_DIGEST_LEN] = calloc(r->life.key_n + 1, sizeof *digests);
    size_t n = 0;
    if (digests == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < r->life.key_n; i++) {
        if (life_use(&r->life.keys[i]).has_ds)
            memcpy(digests[n++], r->life.keys[i].digest, KEY_DIGEST_LEN);
    }
    const struct life_parent seen = {.at = r->params.now,
                                     .digests = (const char(*)[KEY_DIGEST_LEN])digests,
                                     .digest_n = n,
                                     .ttl_s = r->params.policy->parent_ds_ttl_s};
    return life_observe(&r->life, &seen, events);
}

/* A confirmation, and where it was asked the parent's answer, each as late as the run has it. */
static int see(struct run *r)
{
    AUTO(life_events) struct life_events events = {0};
    int err = ERR_OK;
    if (life_is_unconfirmed(&r->life)) {
        r->params.now += r->late_s;
        err = life_confirm(&r->life, r->params.now, &events);
    }
    if (err == ERR_OK && parent_is_asked(&r->life)) {
        r->params.now += r->late_s;
        err = observe(r, &events);
    }
    return err;
}

/* ------------------------------------------------------------------ the runs */

static int build(struct run *r)
{
    const struct life_maker maker = {plan_key, r};
    AUTO(life_events) struct life_events events = {0};
    char doubt[LIFE_WHY_LEN];
    int err = life_step(&r->life, &r->params, &maker, &events, doubt);
    return err == ERR_OK ? note(r) : err;
}

static int close_all(struct run *r)
{
    int64_t end_at = r->stopped_at != 0 ? r->stopped_at : r->until_at;
    int err = ERR_OK;
    for (size_t i = 0; i < SHOWN_COUNT && err == ERR_OK; i++)
        err = close_need(r, &r->open[i], end_at);
    return err;
}

static int run(struct run *r)
{
    int err = note(r); /* what is public now stays until the first build */
    if (err == ERR_OK && r->late_s == 0)
        err = see(r);
    for (unsigned i = 0; err == ERR_OK; i++) {
        if (i == LIMIT_KSR_STEPS)
            return ERR_LIMIT;
        r->params.now += r->late_s;
        if (r->params.now > r->until_at)
            break;
        err = build(r);
        if (err == ERR_OK)
            err = see(r);
        if (err != ERR_OK)
            break;
        int64_t next_at = life_next_at(&r->life, &r->params);
        if (next_at == 0)
            break;
        r->params.now = next_at > r->params.now ? next_at : r->params.now;
    }
    if (err == ERR_ABSENT && r->stopped_at != 0)
        err = ERR_OK;
    return err == ERR_OK ? close_all(r) : err;
}

/* What both runs begin with. */
struct start {
    const struct life *life;
    const struct life *spares;
    const struct life_params *params;
};

static int run_new(const struct start *from, uint32_t late_s, int64_t until_at,
                   struct ksr_plan *plan, struct run *ret)
{
    *ret = (struct run){.plan = plan,
                        .spares = from->spares,
                        .params = *from->params,
                        .late_s = late_s,
                        .until_at = until_at};
    int err = life_dup(from->life, &ret->life);
    ret->life.valid_until_at = 0; /* each build of the plan would renew it */
    return err;
}

/* The keys that both runs make are made in the same order: only then does "the third new key" name
   one key. */
static bool agree(const struct life *a, const struct life *b)
{
    size_t n = a->key_n < b->key_n ? a->key_n : b->key_n;
    for (size_t i = 0; i < n; i++) {
        if (a->keys[i].role != b->keys[i].role || a->keys[i].algorithm != b->keys[i].algorithm)
            return false;
    }
    return true;
}

/* Who is late may come to them at any time until the end. */
static void extend_needs(struct ksr_plan *plan)
{
    for (size_t i = 0; i < plan->need_n; i++) {
        if (!plan->needs[i].in_late_run)
            plan->needs[i].until_at = plan->until_at;
    }
}

static int run_both(const struct start *from, int64_t until_at, uint32_t slack_s,
                    struct ksr_plan *plan, struct diags *diags)
{
    AUTO(run) struct run early = {0};
    AUTO(run) struct run late = {0};
    int err = run_new(from, 0, until_at, plan, &early);
    if (err == ERR_OK)
        err = run(&early);
    plan->until_at = early.stopped_at != 0 ? early.stopped_at : until_at;
    if (err == ERR_OK)
        err = run_new(from, slack_s, plan->until_at, plan, &late);
    if (err == ERR_OK)
        err = run(&late);
    if (err != ERR_OK)
        return err;
    if (!agree(&early.life, &late.life)) {
        diag_add(diags, &rule_ksr_plan, AT_NOWHERE, NULL,
                 "in time and %u s late at each step, the rolls come in another order", slack_s);
        diag_expect(diags, "a nearer date, or a shorter --slack");
        return ERR_KEY;
    }
    if (slack_s > 0)
        extend_needs(plan);
    struct run *longer = early.life.key_n >= late.life.key_n ? &early : &late;
    plan->life = longer->life;
    longer->life = (struct life){0};
    return ERR_OK;
}

int ksr_plan(const struct life *l, const struct life *spares, const struct life_params *p,
             int64_t until_at, uint32_t slack_s, struct ksr_plan *ret, struct diags *diags)
{
    const struct start from = {l, spares, p};
    AUTO(ksr_plan) struct ksr_plan plan = {0};
    char doubt[LIFE_WHY_LEN];
    life_clock_doubt(l, p, doubt);
    if (doubt[0] != 0) {
        diag_add(diags, &rule_ksr_plan, AT_NOWHERE, NULL, "%s", doubt);
        return ERR_KEY;
    }
    int err = run_both(&from, until_at, slack_s, &plan, diags);
    /* before the caller makes keys for it; a need is two sets at most, CDS and CDNSKEY */
    if (err == ERR_OK && plan.need_n > LIMIT_KSR_SETS / 2)
        err = ERR_LIMIT;
    if (err == ERR_LIMIT)
        diag_add(diags, &rule_ksr_plan, AT_NOWHERE, NULL,
                 "too many builds or keys until then; a nearer date will do");
    if (err != ERR_OK)
        return err;
    if (plan.until_at < until_at) {
        char then[TIME_TEXT_LEN];
        time_format_rfc3339(plan.until_at, then);
        (void)snprintf(plan.stopped, sizeof plan.stopped, "a new KSK is needed at %s", then);
        diag_add(diags, &rule_ksr_stops, AT_NOWHERE, NULL, "the plan ends early: %s", plan.stopped);
    }
    qsort(plan.needs, plan.need_n, sizeof *plan.needs, order_of_needs);
    *ret = plan;
    plan = (struct ksr_plan){0};
    return ERR_OK;
}
