#include "app/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/key_view.h"
#include "app/rules_app.h"
#include "app/when.h"

static const char *plan_kind_text(enum plan_kind kind)
{
    static const char *const words[] = {"nothing", "step", "start", "roll", "policy"};
    return kind < PLAN_KIND_COUNT ? words[kind] : "?";
}

void key_plan_done(struct key_plan *p)
{
    life_done(&p->before);
    life_done(&p->after);
    life_events_done(&p->now);
    life_events_done(&p->timeline);
    *p = (struct key_plan){0};
}

/* ------------------------------------------------------------------ the next build */

struct placeholders {
    unsigned n;
};

static int make_placeholder(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                            struct life_key *ret)
{
    struct placeholders *made = ctx;
    (void)why;
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .planned = true};
    (void)snprintf(ret->digest, sizeof ret->digest, "planned-%u", ++made->n);
    return ERR_OK;
}

static int step(const struct life *l, const struct life_params *params, struct key_plan *plan)
{
    struct placeholders made = {0};
    const struct life_maker maker = {make_placeholder, &made};
    AUTO(life) struct life next = {0};
    int err = life_dup(l, &next);
    return err == ERR_OK ? life_step(&next, params, &maker, &plan->now, plan->clock) : err;
}

/* ------------------------------------------------------------------ what follows */

/*
 * Far enough for any roll to end: each of its stages waits for one of the three intervals, and
 * there are fewer than a dozen (RFC 7583 s3; RFC 6781 s4.1.4 for algorithms).
 */
static int64_t horizon(const struct life *l, const struct life_params *params)
{
    struct life_waits w;
    life_waits(l, params, &w);
    return params->now + 4 * (int64_t)(interval_roll(&w, KEY_CSK) + interval_roll(&w, KEY_KSK)) + 1;
}

static bool is_removal(const struct life_event *e)
{
    return e->what == LIFE_STATE && e->state == KEY_REMOVED;
}

/* Does the key go today, with the next build, or for the policy? Later rolls, of keys whose
   lifetimes end meanwhile, are not part of the plan. */
static bool is_to_go(const struct key_plan *p, size_t key)
{
    bool goes = p->kind == PLAN_POLICY || p->before.keys[key].leave_at != 0;
    for (size_t i = 0; i < p->now.n; i++)
        goes = goes || (p->now.items[i].what == LIFE_LEAVES && p->now.items[i].key == key);
    return goes;
}

/* A roll is over when all keys that go have gone. */
static void find_end(struct key_plan *p)
{
    for (size_t k = 0; k < p->before.key_n; k++) {
        bool leaves = is_to_go(p, k);
        for (size_t i = 0; i < p->timeline.n && leaves; i++) {
            const struct life_event *e = &p->timeline.items[i];
            if (is_removal(e) && e->key == k && e->at > p->over_at)
                p->over_at = e->at;
        }
    }
}

/* Where no key goes, a zone starts: that ends when its DS is in all caches. */
static void find_start_end(struct key_plan *p)
{
    for (size_t i = 0; i < p->timeline.n; i++) {
        const struct life_event *e = &p->timeline.items[i];
        if (e->what == LIFE_EVERYWHERE && e->part == KEY_PART_DS && p->over_at == 0)
            p->over_at = e->at;
    }
}

static void cut_after_end(struct key_plan *p)
{
    size_t n = 0;
    while (n < p->timeline.n && p->timeline.items[n].at <= p->over_at)
        n++;
    p->timeline.n = n;
}

static int follow(const struct life_params *params, struct key_plan *p)
{
    const struct simulation s = {.params = *params, .until_at = horizon(&p->before, params)};
    int err = life_dup(&p->before, &p->after);
    if (err == ERR_OK)
        err = life_simulate(&p->after, &s, &p->timeline);
    if (err != ERR_OK)
        return err;
    find_end(p);
    if (p->over_at == 0)
        find_start_end(p);
    if (p->over_at == 0 && p->kind != PLAN_NOTHING)
        p->over_at = params->now;
    cut_after_end(p);
    return ERR_OK;
}

/* ------------------------------------------------------------------ what it is called */

static const struct life_key *misfit(const struct life *l, const struct dnssec_policy *policy)
{
    for (size_t i = 0; i < l->key_n; i++) {
        const struct life_key *k = &l->keys[i];
        bool fits = !policy->is_unsigned && k->algorithm == policy->algorithm &&
                    (k->role == KEY_CSK) == policy->single_key;
        if (k->leave_at == 0 && !fits)
            return k;
    }
    return NULL;
}

static const char *algorithm_name(uint8_t algorithm)
{
    const char *text = algorithm_text(algorithm);
    return text == NULL ? "?" : text;
}

static void name_policy_change(const struct life_key *k, const struct dnssec_policy *policy,
                               char ret[LIFE_WHY_LEN])
{
    if (policy->is_unsigned)
        (void)snprintf(ret, LIFE_WHY_LEN,
                       "go insecure: the parent's DS first, then the signatures (policy %s)",
                       policy->name);
    else if (k->algorithm != policy->algorithm)
        (void)snprintf(ret, LIFE_WHY_LEN, "begin an algorithm rollover %s -> %s (policy %s)",
                       algorithm_name(k->algorithm), algorithm_name(policy->algorithm),
                       policy->name);
    else
        (void)snprintf(ret, LIFE_WHY_LEN, "begin a change from %s (policy %s)",
                       policy->single_key ? "KSK and ZSK to a single key"
                                          : "a single key to KSK and ZSK",
                       policy->name);
}

static const struct life_event *first(const struct life_events *e, enum life_what what)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->items[i].what == what)
            return &e->items[i];
    }
    return NULL;
}

static const struct life_key *key_without_successor(const struct life *l)
{
    for (size_t i = 0; i < l->key_n; i++) {
        if (l->keys[i].leave_at != 0)
            return &l->keys[i];
    }
    return NULL;
}

static void name_roll(const struct key_plan *p, char ret[LIFE_WHY_LEN])
{
    const struct life_event *leaves = first(&p->now, LIFE_LEAVES);
    const struct life_key *k =
        leaves != NULL ? &p->before.keys[leaves->key] : key_without_successor(&p->before);
    char name[KEY_NAME_LEN] = "";
    if (k != NULL)
        key_name_text(k, name);
    (void)snprintf(ret, LIFE_WHY_LEN, "begin a roll of %s", name);
}

static void name_plan(struct key_plan *p, const struct dnssec_policy *policy)
{
    const struct life_key *k = misfit(&p->before, policy);
    char what[LIFE_WHY_LEN] = "move no key";
    bool makes = first(&p->now, LIFE_MADE) != NULL;
    bool leaves = first(&p->now, LIFE_LEAVES) != NULL;
    if (k != NULL) {
        p->kind = PLAN_POLICY;
        p->waits = !leaves;
        name_policy_change(k, policy, what);
    } else if (p->before.key_n == 0 && makes) {
        p->kind = PLAN_START;
        (void)snprintf(what, sizeof what, "make the zone's first keys, of %s (policy %s)",
                       algorithm_name(policy->algorithm), policy->name);
    } else if (leaves || makes) {
        p->kind = PLAN_ROLL;
        name_roll(p, what);
    } else if (p->now.n > 0) {
        p->kind = PLAN_STEP;
        (void)snprintf(what, sizeof what, "take the next step of the roll under way");
    }
    (void)snprintf(p->what, sizeof p->what, "%s would %.190s",
                   p->waits ? "once the roll under way is over, a build" : "the next build", what);
}

int key_plan_get(const struct life *l, const struct life_params *params, struct key_plan *ret)
{
    AUTO(key_plan) struct key_plan p = {0};
    int err = life_dup(l, &p.before);
    if (err == ERR_OK)
        err = step(l, params, &p);
    if (err != ERR_OK)
        return err;
    name_plan(&p, params->policy);
    err = follow(params, &p);
    if (err != ERR_OK)
        return err;
    *ret = p;
    p = (struct key_plan){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ text */

/* What happens to the zone and at the parent; that caches follow is in the moments. */
static bool is_worth_a_line(const struct life_event *e)
{
    switch (e->what) {
    case LIFE_MADE:
    case LIFE_LEAVES:
    case LIFE_IN:
    case LIFE_OUT: return true;
    case LIFE_STATE: return e->state == KEY_REMOVED;
    case LIFE_IN_SEEN:
    case LIFE_OUT_SEEN: return e->part == KEY_PART_DS;
    case LIFE_EVERYWHERE:
    case LIFE_ABSENT:
    case LIFE_WHAT_COUNT: break;
    }
    return false;
}

void key_plan_print(const struct app *app, const struct key_plan *p)
{
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    if (p->clock[0] != 0)
        app_print(app, "  nothing moves: %s\n", p->clock);
    for (size_t i = 0; i < p->timeline.n; i++) {
        const struct life_event *e = &p->timeline.items[i];
        if (!is_worth_a_line(e))
            continue;
        key_name_text(&p->after.keys[e->key], name);
        when_text(e->at, app->now, when);
        app_print(app, "  %s  %s %s%s%s\n", when, name, life_event_text(e),
                  e->why[0] == 0 ? "" : ": ", e->why);
    }
    if (p->over_at != 0) {
        when_text(p->over_at, app->now, when);
        app_print(app, "  over at the earliest %s\n", when);
    }
}

/* ------------------------------------------------------------------ JSON */

json_t *life_event_json(const struct life_event *e, const struct life *l, const char *zone)
{
    const struct life_key *k = &l->keys[e->key];
    json_t *event =
        json_pack("{s:o, s:s, s:o, s:s, s:s, s:s}", "at", when_json(e->at), "zone", zone, "key-tag",
                  k->planned ? json_string(k->digest) : json_integer(k->tag), "role",
                  key_role_text(k->role), "event", life_event_text(e), "because", e->why);
    if (k->planned && json_object_set_new(event, "planned", json_true()) != 0) {
        json_decref(event);
        return NULL;
    }
    return event;
}

json_t *key_plan_json(const struct key_plan *p, const char *zone)
{
    json_t *events = json_array();
    for (size_t i = 0; i < p->timeline.n; i++)
        (void)json_array_append_new(events,
                                    life_event_json(&p->timeline.items[i], &p->after, zone));
    return json_pack("{s:s, s:s, s:b, s:b, s:s, s:o, s:o, s:o}", "zone", zone, "plan",
                     plan_kind_text(p->kind), "pending", (int)(p->kind != PLAN_NOTHING), "waits",
                     (int)p->waits, "what", p->what, "clock", report_text_json(p->clock),
                     "over-at-the-earliest", when_json(p->over_at), "events", events);
}

/* ------------------------------------------------------------------ check */

void life_params_of_zone(const struct site_zone *z, const struct zone *zone, int64_t now,
                         struct life_params *ret)
{
    uint32_t max_ttl_s = 0;
    uint32_t soa_expire_s = 0;
    if (zone != NULL)
        zone_times(zone, &max_ttl_s, &soa_expire_s);
    *ret = (struct life_params){
        .policy = z->inv->dnssec,
        .dnskey_ttl_s = z->dnskey_ttl_s,
        .zone_ttl_s = max_ttl_s > z->dnskey_ttl_s ? max_ttl_s : z->dnskey_ttl_s,
        .now = now,
    };
}

static int note_zone(struct app *app, struct state *state, const struct site_zone *z)
{
    AUTO(life) struct life life = {0};
    AUTO(key_plan) struct key_plan plan = {0};
    struct life_params params;
    char when[WHEN_TEXT_LEN];
    int err = state_life_get(state, z->inv->name, &life);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    life_params_of_zone(z, z->ready, app->now, &params);
    err = key_plan_get(&life, &params, &plan);
    if (err != ERR_OK || plan.kind == PLAN_NOTHING)
        return err;
    when_text(plan.over_at, app->now, when);
    diag_add(app->diags, plan.kind == PLAN_POLICY ? &rule_policy_change : &rule_key_plan,
             plan.kind == PLAN_POLICY ? z->inv->dnssec->where : AT_NOWHERE, z->inv->text, "%s%s%s",
             plan.what, plan.over_at == 0 ? "" : ", over at the earliest ",
             plan.over_at == 0 ? "" : when);
    return ERR_OK;
}

int plan_keys(struct app *app, const struct site *site)
{
    struct state *state __attribute__((cleanup(state_auto_close))) = NULL;
    const char *dir = site->inv->state_dir;
    if (access(dir, R_OK | X_OK) != 0)
        return ERR_OK; /* `check` also runs where the signing host's files are not */
    int err = state_peek(dir, &state, app->diags);
    for (size_t i = 0; i < site->zone_n && err == ERR_OK; i++) {
        if (site->zones[i].ready != NULL)
            err = note_zone(app, state, &site->zones[i]);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}
