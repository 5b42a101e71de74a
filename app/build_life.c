/*
 * app/build_life.c -- the keys of each zone at this build: what the parent was seen to say, which
 * keys are made, which parts of them go in and out.
 *
 * All of it stays in memory until build_publish stores it together with the zones; only new keys
 * are stored before they are used (trust rule 1). A zone whose keys are not all there is not
 * changed: its last good version is refreshed as far as the keys that are left allow (trust rules 1
 * and 6).
 */
#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/observation.h"
#include "app/plan.h"
#include "app/rules_app.h"
#include "signer/ksr.h"

/* ------------------------------------------------------------------ what is known */

#define TYPE_DNSKEY 48

/* A zone built by a version that remembered no TTLs: those of its last build (trust rule 5). */
static int remember_last_build(struct build *b, size_t i)
{
    struct life *l = &b->zones[i].life;
    AUTO(state_zone) struct state_zone last = {0};
    AUTO_PTR(zone) struct zone *zone = NULL;
    struct zone_rrset dnskey = {0};
    uint32_t max_ttl_s = 0;
    uint32_t soa_expire_s = 0;
    int err = state_zone_get(b->state, b->site.zones[i].inv->name, &last);
    if (err != ERR_OK || last.signed_zone.len == 0)
        return err;
    err = build_read_last(b, i, &last.signed_zone, &zone, b->alarms);
    if (err != ERR_OK)
        return err;
    zone_times(zone, &max_ttl_s, &soa_expire_s);
    (void)zone_rrset(zone, zone_apex(zone), TYPE_DNSKEY, &dnskey);
    err = life_ttl_built(l, TTL_ZONE, max_ttl_s);
    return err == ERR_OK ? life_ttl_built(l, TTL_DNSKEY, dnskey.ttl) : err;
}

static int open_life(struct build *b, size_t i)
{
    struct life *l = &b->zones[i].life;
    int err = state_life_get(b->state, b->site.zones[i].inv->name, l);
    if (err == ERR_OK && l->ttl_n == 0)
        err = remember_last_build(b, i);
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* ------------------------------------------------------------------ the parent */

static int keys_for_parent(struct build *b, const struct life *l, struct keyset *publics,
                           struct parent_key *keys)
{
    int err = ERR_OK;
    size_t n = 0;
    for (size_t k = 0; k < l->key_n && err == ERR_OK; k++) {
        struct key *key = NULL;
        err = state_key_public(b->state, &l->keys[k], &key, b->alarms);
        if (err == ERR_OK)
            err = keyset_add(publics, key);
        if (err == ERR_OK)
            keys[n++] = (struct parent_key){.digest = l->keys[k].digest,
                                            .dnskey = key_dnskey_rdata(key),
                                            .is_published = life_use(&l->keys[k]).publishes};
    }
    return err;
}

/* Nobody asked for it, and while it lasts the zone is not secure. */
static void warn_lost_ds(struct build *b, size_t i)
{
    const struct build_zone *z = &b->zones[i];
    for (size_t e = 0; e < z->events.n; e++) {
        const struct life_event *event = &z->events.items[e];
        const struct life_key *k = &z->life.keys[event->key];
        if (event->what == LIFE_OUT_SEEN && event->part == KEY_PART_DS &&
            k->parts[KEY_PART_DS].in_at != 0 && k->parts[KEY_PART_DS].out_at == 0)
            diag_add(b->alarms, &rule_ds_lost, AT_NOWHERE, b->site.zones[i].inv->text,
                     "the DS of %s %u is no longer there", key_role_text(k->role), k->tag);
    }
}

/* Trust rule 10. The moment counts from which we know, not the one that the file claims. */
static int heed_parent(struct build *b, size_t i, const struct parent_view *view)
{
    struct build_zone *z = &b->zones[i];
    const uint8_t *name = b->site.zones[i].inv->name;
    AUTO(keyset) struct keyset publics = {0};
    AUTO_FREE struct parent_key *keys = calloc(z->life.key_n + 1, sizeof(*keys));
    struct life_parent seen = {0};
    int err = keys == NULL ? ERR_NOMEM : keys_for_parent(b, &z->life, &publics, keys);
    if (err == ERR_OK)
        err = parent_seen(view, name, keys, z->life.key_n, &seen, b->alarms);
    if (err != ERR_OK)
        return err == ERR_ABSENT ? ERR_OK : err;
    seen.at = b->app->now;
    err = life_observe(&z->life, &seen, &z->events);
    warn_lost_ds(b, i);
    return err;
}

static int take_latest(void *ctx, const struct state_observation *o)
{
    int64_t *latest_at = ctx;
    *latest_at = o->at > *latest_at ? o->at : *latest_at;
    return ERR_OK;
}

/* An observation that cannot be used is no reason to let a zone's signatures run out: what is
   wrong with it is said, and nothing is seen. */
static int observe(struct build *b, size_t i)
{
    struct build_zone *z = &b->zones[i];
    const struct inv_zone *inv = b->site.zones[i].inv;
    struct app app = *b->app;
    AUTO(parent_view) struct parent_view view = {0};
    int64_t before_at = 0;
    app.diags = b->alarms;
    int err = state_observation_each(b->state, inv->name, take_latest, &before_at);
    if (err == ERR_OK)
        err = observation_view(&app, b->site.inv, inv, before_at, &view, &z->observation);
    if (err != ERR_OK)
        return err == ERR_NOMEM ? err : ERR_OK;
    z->observed_at = view.observed_at;
    (void)snprintf(z->observation_verdict, sizeof(z->observation_verdict), "%s", view.why);
    return heed_parent(b, i, &view);
}

/* ------------------------------------------------------------------ making keys */

struct maker {
    struct build *build;
    size_t i;
};

static int make_key(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                    struct life_key *ret)
{
    const struct maker *m = ctx;
    struct build *b = m->build;
    const struct inv_zone *inv = b->site.zones[m->i].inv;
    const char *store = role == KEY_ZSK ? inv->dnssec->zsk_store : inv->dnssec->ksk_store;
    bool offline = store != NULL && strcmp(store, KEY_STORE_OFFLINE) == 0;
    int err = role == KEY_ZSK || offline
                  ? state_spare_take(b->state, inv->name, role, algorithm, ret)
                  : ERR_ABSENT;
    if (err != ERR_ABSENT)
        return err;
    b->zones[m->i].keys_made = true;
    return state_key_make(b->state, inv->name, role, algorithm, store, b->app->now, why, ret,
                          b->alarms);
}

/* What is seen by a doubtful clock would be counted from a wrong moment. */
static bool is_clock_doubted(const struct build *b, size_t i)
{
    char doubt[LIFE_WHY_LEN];
    life_clock_doubt(&b->zones[i].life, &b->zones[i].params, doubt);
    return doubt[0] != 0;
}

/* A key that cannot be made now (a token that is gone, a KSK that is offline) holds up a roll, not
   the zone. */
static int step(struct build *b, size_t i)
{
    struct build_zone *z = &b->zones[i];
    struct maker m = {b, i};
    const struct life_maker maker = {make_key, &m};
    char doubt[LIFE_WHY_LEN];
    size_t seen_n = z->events.n; /* what was seen at the parent stays so */
    AUTO(life) struct life next = {0};
    int err = life_dup(&z->life, &next);
    if (err == ERR_OK)
        err = life_step(&next, &z->params, &maker, &z->events, doubt);
    if (err == ERR_KEY && life_is_signed(&z->life)) {
        b->alarm = err;
        z->events.n = seen_n;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    life_done(&z->life);
    z->life = next;
    next = (struct life){0};
    if (doubt[0] != 0)
        diag_add(b->app->diags, &rule_key_clock, AT_NOWHERE, b->site.zones[i].inv->text, "%s",
                 doubt);
    return ERR_OK;
}

/* ------------------------------------------------------------------ the keys in use */

static bool is_in_use(struct life_use use)
{
    return use.publishes || use.signs || use.has_ds;
}

/* A new zone's KSK before its DS is asked for: the .ds file says what will be. */
static bool is_coming(const struct life *l, const struct life_key *k)
{
    for (size_t i = 0; i < l->key_n; i++) {
        if (l->keys[i].parts[KEY_PART_DS].in_at != 0)
            return false;
    }
    return k->role != KEY_ZSK && k->leave_at == 0;
}

/* RET_MISSING: why its private half is not to be had (ERR_KEY; ERR_CONFIG: its file is open to
   others); then its public half does. */
static int open_key(struct build *b, const struct life_key *k, struct key **ret, int *ret_missing,
                    struct diags *diags)
{
    int err = state_key_open(b->state, k, ret, diags);
    if (err != ERR_KEY && err != ERR_CONFIG)
        return err;
    *ret_missing = err;
    return state_key_public(b->state, k, ret, diags);
}

/* Opens what L has in use. Offline keys are public by design, and miss nothing. */
static int open_keys(struct build *b, size_t i, const struct life *l, int *ret_missing,
                     struct diags *diags)
{
    struct signed_zone *z = &b->zones[i].signed_zone;
    int err = ERR_OK;
    keyset_done(&z->keys);
    free(z->uses);
    z->uses = calloc(l->key_n + 1, sizeof(*z->uses));
    if (z->uses == NULL)
        return ERR_NOMEM;
    for (size_t k = 0; k < l->key_n && err == ERR_OK; k++) {
        struct life_use use = life_use(&l->keys[k]);
        struct key *key = NULL;
        if (!is_in_use(use))
            continue;
        err = open_key(b, &l->keys[k], &key, ret_missing, diags);
        if (err == ERR_OK)
            err = keyset_add(&z->keys, key);
        if (err == ERR_OK)
            z->uses[z->keys.n - 1] =
                (struct sign_key){.key = key,
                                  .publishes = use.publishes,
                                  .signs = use.signs,
                                  .has_ds = use.has_ds || is_coming(l, &l->keys[k])};
    }
    return err;
}

/* ------------------------------------------------------------------ a key is missing */

/* Back to the keys of the last build, as state has them. What is wrong with them was said. */
static int go_back(struct build *b, size_t i)
{
    struct life *l = &b->zones[i].life;
    int missing = ERR_OK;
    life_events_done(&b->zones[i].events);
    life_done(l);
    int err = open_life(b, i);
    return err == ERR_OK ? open_keys(b, i, l, &missing, NULL) : err;
}

/* The zone stays what it was: state's life, the last signed contents. */
static int freeze(struct build *b, size_t i, int why)
{
    struct build_zone *z = &b->zones[i];
    const struct inv_zone *inv = b->site.zones[i].inv;
    int err = go_back(b, i);
    if (err != ERR_OK)
        return err;
    z->frozen = true;
    b->alarm = why;
    diag_add(b->alarms, &rule_zone_frozen, AT_NOWHERE, inv->text,
             "a key is missing: the zone is not changed");
    return ERR_OK;
}

/* ------------------------------------------------------------------ an offline KSK */

static int given(struct build *b, size_t i, struct diags *diags)
{
    struct build_zone *z = &b->zones[i];
    return skr_given(b->state, b->site.zones[i].inv->name, z->signed_zone.uses,
                     z->signed_zone.keys.n, z->params.dnskey_ttl_s, b->app->now, &z->given, diags);
}

static bool lacks_response(const struct build_zone *z)
{
    for (size_t i = 0; i < z->signed_zone.keys.n; i++) {
        if (key_is_public(z->signed_zone.keys.keys[i]) && z->signed_zone.uses[i].publishes)
            return z->given == NULL;
    }
    return false;
}

/* What no response covers is not begun: the zone's data goes out with the keys of the last build.
   When these are not covered either, the last good version stays. */
static int take_response(struct build *b, size_t i)
{
    struct build_zone *z = &b->zones[i];
    int err = given(b, i, b->alarms);
    if (err != ERR_OK || !lacks_response(z))
        return err;
    b->alarm = ERR_KEY;
    err = go_back(b, i);
    if (err == ERR_OK && !life_is_signed(&z->life))
        return ERR_KEY; /* there is no last build with keys: never unsigned instead */
    if (err == ERR_OK)
        err = given(b, i, NULL);
    return err == ERR_OK && lacks_response(z) ? freeze(b, i, ERR_KEY) : err;
}

static int use_keys(struct build *b, size_t i)
{
    struct build_zone *z = &b->zones[i];
    int missing = ERR_OK;
    int err = open_keys(b, i, &z->life, &missing, b->alarms);
    if (err == ERR_OK)
        err = missing != ERR_OK ? freeze(b, i, missing) : take_response(b, i);
    z->shows_cds = life_shows_cds(&z->life, &z->params);
    z->deletes_ds = life_deletes_ds(&z->life, &z->params);
    return err;
}

/* ------------------------------------------------------------------ all zones */

/* For the log: somebody said that a clock is right which state had reason to doubt. */
static void note_accepted_clock(struct build *b, size_t i)
{
    struct life_params params = b->zones[i].params;
    params.accept_clock = false;
    if (b->accept_clock)
        life_clock_doubt(&b->zones[i].life, &params, b->zones[i].accepted_doubt);
}

static int zone_keys(struct build *b, size_t i)
{
    struct life_params *params = &b->zones[i].params;
    life_params_of_zone(&b->site.zones[i], b->zones[i].merged, b->app->now, params);
    params->accept_clock = b->accept_clock;
    int err = open_life(b, i);
    note_accepted_clock(b, i);
    if (err == ERR_OK && b->zones[i].life.key_n > 0 && !is_clock_doubted(b, i))
        err = observe(b, i);
    if (err == ERR_OK)
        err = step(b, i);
    return err == ERR_OK ? use_keys(b, i) : err;
}

int build_keys(struct build *b)
{
    int err = ERR_OK;
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++)
        err = zone_keys(b, i);
    return err;
}

/* ------------------------------------------------------------------ storing */

/* RET: what the events of the parent rest on. */
static int store_observation(struct build *b, size_t i, struct buf *ret)
{
    const struct build_zone *z = &b->zones[i];
    const struct state_observation o = {.at = z->observed_at,
                                        .evidence = buf_bytes(&z->observation),
                                        .verdict = z->observation_verdict};
    char sha256[65];
    if (z->observed_at == 0)
        return ERR_OK;
    int err = state_observation_put(b->state, b->site.zones[i].inv->name, &o, sha256);
    if (err == ERR_OK)
        buf_printf(ret, "observation sha256:%s: %s", sha256, z->observation_verdict);
    return err == ERR_OK && !buf_ok(ret) ? ERR_NOMEM : err;
}

/* While the clock is in doubt, the end of the last build that was not stays known: else the next
   build would have nothing to doubt it by. */
static void set_valid_until(struct build_zone *z)
{
    char doubt[LIFE_WHY_LEN];
    life_clock_doubt(&z->life, &z->params, doubt);
    if (doubt[0] == 0)
        z->life.valid_until_at = z->signed_zone.report.expires_at;
}

int build_store_life(struct build *b, size_t i)
{
    struct build_zone *z = &b->zones[i];
    const struct inv_zone *inv = b->site.zones[i].inv;
    AUTO(buf) struct buf evidence = {0};
    int err = store_observation(b, i, &evidence);
    if (err == ERR_OK && z->accepted_doubt[0] != 0)
        err = state_event(b->state, b->app->now, inv->text, "clock-accepted", z->accepted_doubt);
    if (err != ERR_OK || z->life.key_n == 0)
        return err;
    set_valid_until(z);
    if (!z->frozen)
        err = life_ttl_built(&z->life, TTL_DNSKEY, z->params.dnskey_ttl_s);
    if (err == ERR_OK && !z->frozen)
        err = life_ttl_built(&z->life, TTL_ZONE, z->params.zone_ttl_s);
    if (err == ERR_OK)
        err = state_life_put(b->state, inv->name, &z->life);
    return err == ERR_OK
               ? state_life_events(b->state, inv->name, &z->life, &z->events, buf_str(&evidence))
               : err;
}
