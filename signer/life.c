/* The values of signer/life.h: keys, remembered TTLs, events, and the words for them. */
#include "signer/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"

/* ------------------------------------------------------------------ words */

const char *key_part_text(enum key_part part)
{
    static const char *const words[] = {"dnskey", "signatures", "ds"};
    return part < KEY_PART_COUNT ? words[part] : "?";
}

const char *part_state_text(enum part_state state)
{
    static const char *const words[] = {"absent", "spreading", "everywhere", "fading"};
    return state < PART_STATE_COUNT ? words[state] : "?";
}

const char *key_state_text(enum key_state state)
{
    static const char *const words[] = {"generated", "published", "ready",
                                        "active",    "retired",   "removed"};
    return state < KEY_STATE_COUNT ? words[state] : "?";
}

const char *ttl_kind_text(enum ttl_kind kind)
{
    static const char *const words[] = {"dnskey", "zone", "ds"};
    return kind < TTL_KIND_COUNT ? words[kind] : "?";
}

const char *life_wait_text(enum life_wait_for w)
{
    static const char *const words[] = {"nothing",         "confirmation", "time", "parent-adds-ds",
                                        "parent-drops-ds", "build",        "clock"};
    return w < WAIT_FOR_COUNT ? words[w] : "?";
}

const char *life_event_text(const struct life_event *e)
{
    static const char *const parts[][KEY_PART_COUNT] = {
        [LIFE_IN] = {"dnskey-published", "signatures-begin", "ds-requested"},
        [LIFE_OUT] = {"dnskey-withdrawn", "signatures-end", "ds-removal-requested"},
        [LIFE_IN_SEEN] = {"dnskey-confirmed", "signatures-confirmed", "ds-seen"},
        [LIFE_OUT_SEEN] = {"dnskey-withdrawal-confirmed", "signatures-end-confirmed", "ds-gone"},
        [LIFE_EVERYWHERE] = {"dnskey-everywhere", "signatures-everywhere", "ds-everywhere"},
        [LIFE_ABSENT] = {"dnskey-expired", "signatures-expired", "ds-expired"},
    };
    switch (e->what) {
    case LIFE_MADE: return "generated";
    case LIFE_LEAVES: return "roll-begins";
    case LIFE_STATE: return key_state_text(e->state);
    case LIFE_IN:
    case LIFE_OUT:
    case LIFE_IN_SEEN:
    case LIFE_OUT_SEEN:
    case LIFE_EVERYWHERE:
    case LIFE_ABSENT: return e->part < KEY_PART_COUNT ? parts[e->what][e->part] : "?";
    case LIFE_WHAT_COUNT: break;
    }
    return "?";
}

/* ------------------------------------------------------------------ a life and its keys */

void life_done(struct life *l)
{
    free(l->keys);
    free(l->ttls);
    *l = (struct life){0};
}

static void *copy(const void *items, size_t n, size_t size)
{
    void *to = calloc(n + 1, size);
    if (to != NULL && n > 0)
        memcpy(to, items, n * size);
    return to;
}

int life_dup(const struct life *from, struct life *ret)
{
    struct life l = *from;
    l.keys = copy(from->keys, from->key_n, sizeof *l.keys);
    l.ttls = copy(from->ttls, from->ttl_n, sizeof *l.ttls);
    if (l.keys == NULL || l.ttls == NULL) {
        life_done(&l);
        return ERR_NOMEM;
    }
    *ret = l;
    return ERR_OK;
}

int life_add(struct life *l, const struct life_key *key)
{
    struct life_key *keys = reallocarray(l->keys, l->key_n + 1, sizeof *keys);
    if (keys == NULL)
        return ERR_NOMEM;
    l->keys = keys;
    l->keys[l->key_n++] = *key;
    return ERR_OK;
}

struct life_key *life_find(struct life *l, const char *digest)
{
    for (size_t i = 0; i < l->key_n; i++) {
        if (strcmp(l->keys[i].digest, digest) == 0)
            return &l->keys[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ events and blocks */

void life_events_done(struct life_events *e)
{
    free(e->items);
    *e = (struct life_events){0};
}

int life_events_add(struct life_events *e, const struct life_event *event)
{
    struct life_event *items = grow_items(e->items, e->n, &e->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    e->items = items;
    e->items[e->n++] = *event;
    return ERR_OK;
}

void life_blocks_done(struct life_blocks *b)
{
    free(b->items);
    *b = (struct life_blocks){0};
}

/* ------------------------------------------------------------------ remembered TTLs */

static uint32_t propagation_of(const struct dnssec_policy *policy, enum ttl_kind kind)
{
    return kind == TTL_DS ? policy->parent_propagation_delay_s : policy->propagation_delay_s;
}

/* Trust rule 5: does a cache, or a name server that lags, still have what carried T? */
bool life_ttl_counts(const struct ttl_seen *t, const struct dnssec_policy *policy, int64_t now)
{
    return t->out_at == 0 || now < t->out_at + propagation_of(policy, t->kind) + t->ttl_s;
}

void life_waits(const struct life *l, const struct life_params *p, struct life_waits *ret)
{
    *ret = (struct life_waits){.propagation_s = p->policy->propagation_delay_s,
                               .parent_propagation_s = p->policy->parent_propagation_delay_s};
    ret->ttl_s[TTL_DNSKEY] = p->dnskey_ttl_s;
    ret->ttl_s[TTL_ZONE] = p->zone_ttl_s;
    ret->ttl_s[TTL_DS] = p->policy->parent_ds_ttl_s;
    for (size_t i = 0; i < l->ttl_n; i++) {
        const struct ttl_seen *t = &l->ttls[i];
        if (t->ttl_s > ret->ttl_s[t->kind] && life_ttl_counts(t, p->policy, p->now))
            ret->ttl_s[t->kind] = t->ttl_s;
    }
}

int life_ttl_add(struct life *l, const struct ttl_seen *ttl)
{
    struct ttl_seen *ttls = reallocarray(l->ttls, l->ttl_n + 1, sizeof *ttls);
    if (ttls == NULL)
        return ERR_NOMEM;
    l->ttls = ttls;
    l->ttls[l->ttl_n++] = *ttl;
    return ERR_OK;
}

int life_ttl_built(struct life *l, enum ttl_kind kind, uint32_t ttl_s)
{
    const struct ttl_seen built = {.kind = kind, .ttl_s = ttl_s, .is_latest = true};
    struct ttl_seen *latest = NULL;
    for (size_t i = 0; i < l->ttl_n; i++) {
        struct ttl_seen *t = &l->ttls[i];
        t->is_latest = t->is_latest && t->kind != kind;
        latest = t->kind == kind && t->ttl_s == ttl_s ? t : latest;
    }
    if (latest == NULL)
        return life_ttl_add(l, &built);
    *latest = built;
    return ERR_OK;
}

/* The latest is what the world has now. Those before it, which may have been public unconfirmed,
   counted until now. */
static void ttls_seen(struct life *l, enum ttl_kind kind, int64_t now)
{
    for (size_t i = 0; i < l->ttl_n; i++) {
        struct ttl_seen *t = &l->ttls[i];
        if (t->kind == kind && !t->is_latest && t->out_at == 0)
            t->out_at = now;
    }
}

/* ------------------------------------------------------------------ what was seen */

static int say_seen(struct life_events *events, size_t key, enum key_part part, enum life_what what,
                    int64_t at, const char *why)
{
    struct life_event e = {.at = at, .what = what, .key = key, .part = part};
    (void)snprintf(e.why, sizeof e.why, "%s", why);
    return life_events_add(events, &e);
}

bool part_is_pending(const struct part_times *t)
{
    return (t->in_at != 0 && t->out_at == 0 && t->in_seen_at == 0) ||
           (t->out_at != 0 && t->out_seen_at == 0);
}

bool life_is_unconfirmed(const struct life *l)
{
    for (size_t i = 0; i < l->key_n; i++) {
        const struct part_times *parts = l->keys[i].parts;
        if (part_is_pending(&parts[KEY_PART_DNSKEY]) || part_is_pending(&parts[KEY_PART_SIGS]) ||
            (l->ds_public_at == 0 && part_is_pending(&parts[KEY_PART_DS])))
            return true;
    }
    return false;
}

static int confirm_part(struct life *l, size_t key, enum key_part part, int64_t at,
                        struct life_events *events)
{
    static const char why[] = "the build that has it was confirmed public";
    struct part_times *t = &l->keys[key].parts[part];
    int err = ERR_OK;
    if (t->in_at != 0 && t->out_at == 0 && t->in_seen_at == 0) {
        t->in_seen_at = at;
        err = say_seen(events, key, part, LIFE_IN_SEEN, at, why);
    }
    if (err == ERR_OK && t->out_at != 0 && t->out_seen_at == 0) {
        t->out_seen_at = at;
        err = say_seen(events, key, part, LIFE_OUT_SEEN, at,
                       "the build without it was confirmed public");
    }
    return err;
}

/* With a clock behind the last run's, the wait counts from the later moment: never shorter. */
int life_confirm(struct life *l, int64_t now, struct life_events *ret_events)
{
    int64_t at = now > l->clock_at ? now : l->clock_at;
    int err = ERR_OK;
    l->clock_at = at;
    l->ds_public_at = l->ds_public_at == 0 ? at : l->ds_public_at;
    ttls_seen(l, TTL_DNSKEY, at);
    ttls_seen(l, TTL_ZONE, at);
    for (size_t i = 0; i < l->key_n; i++) {
        for (unsigned p = 0; p < KEY_PART_DS && err == ERR_OK; p++)
            err = confirm_part(l, i, (enum key_part)p, at, ret_events);
    }
    return err;
}

static bool is_there(const struct life_parent *seen, const struct life_key *k)
{
    for (size_t i = 0; i < seen->digest_n; i++) {
        if (strcmp(seen->digests[i], k->digest) == 0)
            return true;
    }
    return false;
}

static int observe_there(struct life *l, size_t key, int64_t at, struct life_events *events)
{
    struct part_times *t = &l->keys[key].parts[KEY_PART_DS];
    if (t->out_seen_at != 0) { /* it came back: nothing may rest on its absence */
        t->out_seen_at = 0;
        t->in_seen_at = t->in_seen_at == 0 ? at : t->in_seen_at;
        return say_seen(events, key, KEY_PART_DS, LIFE_IN_SEEN, at,
                        "the parent has it again, though it had gone");
    }
    if (t->in_seen_at != 0 || t->out_at != 0)
        return ERR_OK;
    t->in_seen_at = at; /* not asked for: in_at stays 0, and CDS keep asking for what is right */
    return say_seen(events, key, KEY_PART_DS, LIFE_IN_SEEN, at,
                    t->in_at != 0 ? "at every address of every server of the parent"
                                  : "the parent has it, though it was not asked for");
}

static int observe_absent(struct life *l, size_t key, int64_t at, int64_t proven_at,
                          struct life_events *events)
{
    struct part_times *t = &l->keys[key].parts[KEY_PART_DS];
    if (proven_at < t->in_seen_at)
        return ERR_OK; /* an older answer: the parent had it since */
    if (t->out_at != 0 && t->out_seen_at == 0) {
        if (l->ds_public_at == 0 || proven_at < l->ds_public_at)
            return ERR_OK; /* the CDS that are public still ask for it */
        t->out_seen_at = at;
        return say_seen(events, key, KEY_PART_DS, LIFE_OUT_SEEN, at,
                        "at no address of any server of the parent");
    }
    if (t->out_at == 0 && t->in_seen_at != 0) { /* waits for it again, and counts anew */
        t->in_seen_at = 0;
        t->out_seen_at = t->in_at == 0 ? at : 0;
        return say_seen(events, key, KEY_PART_DS, LIFE_OUT_SEEN, at,
                        "the parent lost it, though nobody asked for that");
    }
    return ERR_OK;
}

int life_observe(struct life *l, const struct life_parent *seen, struct life_events *ret_events)
{
    int64_t at = seen->at > l->clock_at ? seen->at : l->clock_at;
    int64_t proven_at = seen->proven_at == 0 ? seen->at : seen->proven_at;
    int err = life_ttl_built(l, TTL_DS, seen->ttl_s);
    if (err != ERR_OK)
        return err;
    ttls_seen(l, TTL_DS, at);
    for (size_t i = 0; i < l->key_n && err == ERR_OK; i++) {
        if (l->keys[i].role != KEY_ZSK)
            err = is_there(seen, &l->keys[i]) ? observe_there(l, i, at, ret_events)
                                              : observe_absent(l, i, at, proven_at, ret_events);
    }
    return err;
}

/* ------------------------------------------------------------------ what the zone shows */

struct life_use life_use(const struct life_key *k)
{
    const struct part_times *t = k->parts;
    return (struct life_use){
        .publishes = t[KEY_PART_DNSKEY].in_at != 0 && t[KEY_PART_DNSKEY].out_at == 0,
        .signs = t[KEY_PART_SIGS].in_at != 0 && t[KEY_PART_SIGS].out_at == 0,
        .has_ds = t[KEY_PART_DS].in_at != 0 && t[KEY_PART_DS].out_at == 0,
    };
}

bool life_is_signed(const struct life *l)
{
    for (size_t i = 0; i < l->key_n; i++) {
        struct life_use use = life_use(&l->keys[i]);
        if (use.publishes || use.signs)
            return true;
    }
    return false;
}

/* Is some DS asked for or asked away, and caches do not all agree yet? */
static bool ds_changes(const struct life *l, const struct life_params *p)
{
    struct life_waits w;
    life_waits(l, p, &w);
    for (size_t i = 0; i < l->key_n; i++) {
        enum part_state s = key_part_state(&l->keys[i], KEY_PART_DS, &w, p->now);
        if (s == PART_SPREADING || s == PART_FADING)
            return true;
    }
    return false;
}

bool life_shows_cds(const struct life *l, const struct life_params *p)
{
    if (p->policy->cds == CDS_NONE || life_deletes_ds(l, p))
        return false;
    bool any = false;
    for (size_t i = 0; i < l->key_n; i++)
        any = any || life_use(&l->keys[i]).has_ds;
    return any && (p->policy->cds == CDS_ALWAYS || ds_changes(l, p));
}

bool life_deletes_ds(const struct life *l, const struct life_params *p)
{
    return p->policy->is_unsigned && p->policy->cds != CDS_NONE && ds_changes(l, p);
}
