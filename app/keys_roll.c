/*
 * app/keys_roll.c -- `keys roll`: a key is to go. The next build makes its successor; this only
 * says so in state, and shows what will happen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/key_edit.h"
#include "app/key_view.h"
#include "app/keys.h"
#include "app/plan.h"
#include "app/rules_app.h"
#include "app/when.h"

struct keys_roll {
    struct app *app;
    bool compromised;
    const char *reason;
    struct key_edit edit;
    bool *chosen; /* by index of the life's keys */
    struct life_events events;
    struct key_plan plan;
};

static void keys_roll_done(struct keys_roll *r)
{
    free(r->chosen);
    life_events_done(&r->events);
    key_plan_done(&r->plan);
    key_edit_done(&r->edit);
}
DEFINE_AUTO(keys_roll)

/* ------------------------------------------------------------------ which keys */

static struct life *life_of(struct keys_roll *r)
{
    return &r->edit.zone.life;
}

static size_t choose_role(struct keys_roll *r, bool any, enum key_role role)
{
    const struct life *l = life_of(r);
    size_t n = 0;
    for (size_t i = 0; i < l->key_n; i++) {
        const struct life_key *k = &l->keys[i];
        bool open = k->leave_at == 0 || (r->compromised && key_is_leaving(&r->edit.zone, k));
        r->chosen[i] = open && (any || k->role == role);
        n += r->chosen[i];
    }
    return n;
}

static int choose_key(struct keys_roll *r, const char *word)
{
    const struct zone_overview *z = &r->edit.zone;
    struct life_key *k = NULL;
    int err = zone_key_pick(r->app, z, word, &k);
    if (err != ERR_OK)
        return err;
    if (key_state(k, &z->waits, z->params.now) == KEY_REMOVED)
        return usage_error(r->app, "key '%s' was removed already", word);
    r->chosen[k - z->life.keys] = true;
    return ERR_OK;
}

static int choose(struct keys_roll *r, const struct words *words)
{
    enum key_role role;
    r->chosen = calloc(life_of(r)->key_n + 1, sizeof *r->chosen);
    if (r->chosen == NULL)
        return ERR_NOMEM;
    if (words->n == 1) {
        if (choose_role(r, true, KEY_CSK) == 1)
            return ERR_OK;
        return usage_error(r->app, "%s has several keys; say which: ksk, zsk, csk, or a key",
                           r->edit.zone.inv->text);
    }
    if (strcmp(words->items[1], "algorithm") == 0 || algorithm_from_text(words->items[1]) != 0)
        return usage_error(r->app,
                           "the algorithm is the policy's: edit `algorithm` of policy %s, "
                           "see `mudzone plan`, build",
                           r->edit.zone.inv->dnssec->name);
    if (!key_role_from_text(words->items[1], &role))
        return choose_key(r, words->items[1]);
    if (choose_role(r, false, role) > 0)
        return ERR_OK;
    return usage_error(r->app, "%s has no %s that stays", r->edit.zone.inv->text, words->items[1]);
}

/* ------------------------------------------------------------------ may they go now? */

static int refuse(struct keys_roll *r, const char *found)
{
    diag_add(r->app->diags, &rule_roll_refused, AT_NOWHERE, r->edit.zone.inv->text, "%s", found);
    return ERR_FINDINGS;
}

static int check_policy(struct keys_roll *r)
{
    const struct dnssec_policy *policy = r->edit.zone.inv->dnssec;
    if (!policy->is_unsigned)
        return ERR_OK;
    return refuse(r, "the policy is unsigned: all keys go, and none comes");
}

/* A compromised key does not wait; its steps stay as safe as any other's. */
static int check_roll(struct keys_roll *r)
{
    const struct zone_overview *z = &r->edit.zone;
    char name[KEY_NAME_LEN];
    char found[120];
    for (size_t i = 0; i < z->life.key_n && !r->compromised; i++) {
        const struct life_key *k = &z->life.keys[i];
        if (!key_is_leaving(z, k) && !key_is_coming(z, k))
            continue;
        key_name_text(k, name);
        (void)snprintf(found, sizeof found, "%s %s: a roll, or the start of signing, is under way",
                       name, k->leave_at != 0 ? "is on its way out" : "is on its way in");
        return refuse(r, found);
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ saying so */

static int leave(struct keys_roll *r, size_t i)
{
    struct life_key *k = &life_of(r)->keys[i];
    struct life_event e = {.at = r->app->now, .what = LIFE_LEAVES, .key = i};
    (void)snprintf(e.why, sizeof e.why, "%s%s%.180s",
                   r->compromised ? "compromised, said by the user" : "asked for by the user",
                   r->reason == NULL ? "" : ": ", r->reason == NULL ? "" : r->reason);
    k->compromised = k->compromised || r->compromised;
    if (k->leave_at == 0)
        k->leave_at = r->app->now;
    return life_events_add(&r->events, &e);
}

static int leave_chosen(struct keys_roll *r)
{
    int err = ERR_OK;
    for (size_t i = 0; i < life_of(r)->key_n && err == ERR_OK; i++) {
        if (r->chosen[i])
            err = leave(r, i);
    }
    return err == ERR_OK ? key_edit_store(&r->edit, &r->events, r->reason) : err;
}

/* ------------------------------------------------------------------ what will happen */

/* What validators still trust a key by. */
static enum key_part trusted_part(const struct life_key *k)
{
    return k->role == KEY_ZSK ? KEY_PART_DNSKEY : KEY_PART_DS;
}

/* Who has a ZSK forges data as long as some cache takes its DNSKEY; who has a KSK or CSK forges
   everything as long as some cache takes its DS, or before any DS nothing. */
static int64_t harmless_at(const struct keys_roll *r, size_t key)
{
    const struct life_key *k = &r->edit.zone.life.keys[key];
    enum key_part part = trusted_part(k);
    for (size_t i = 0; i < r->plan.timeline.n; i++) {
        const struct life_event *e = &r->plan.timeline.items[i];
        if (e->what == LIFE_ABSENT && e->key == key && e->part == part)
            return e->at;
    }
    return 0;
}

static void print_danger(const struct keys_roll *r, size_t key)
{
    const struct zone_overview *z = &r->edit.zone;
    const struct life_key *k = &z->life.keys[key];
    int64_t at = harmless_at(r, key);
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN] = "a moment that cannot be told now";
    key_name_text(k, name);
    if (key_part_state(k, trusted_part(k), &z->waits, z->params.now) == PART_ABSENT) {
        app_print(r->app, "%s: no validator trusts it\n", name);
        return;
    }
    if (at != 0)
        when_text(at, r->app->now, when);
    app_print(r->app, "%s: whoever has it can forge %s for validators, until %s at the earliest\n",
              name, k->role == KEY_ZSK ? "the zone's data" : "the zone's keys and all its data",
              when);
}

static void print_result(const struct keys_roll *r)
{
    const struct life *l = &r->edit.zone.life;
    char name[KEY_NAME_LEN];
    for (size_t i = 0; i < l->key_n; i++) {
        key_name_text(&l->keys[i], name);
        if (r->chosen[i])
            app_print(r->app, "%s of %s is to go; the next build makes its successor\n", name,
                      r->edit.zone.inv->text);
    }
    for (size_t i = 0; i < l->key_n && r->compromised; i++) {
        if (r->chosen[i])
            print_danger(r, i);
    }
    if (r->compromised)
        app_print(r->app,
                  "build, publish and confirm now, and have the parent act at once: nothing "
                  "shorter is safe for those who validate\n");
    app_print(r->app, "at the earliest\n");
    key_plan_print(r->app, &r->plan);
}

static json_t *result_json(const struct keys_roll *r)
{
    const struct zone_overview *z = &r->edit.zone;
    json_t *keys = json_array();
    for (size_t i = 0; i < z->life.key_n; i++) {
        json_t *key = r->chosen[i] ? key_json(z, &z->life.keys[i]) : NULL;
        if (key != NULL && r->compromised)
            (void)json_object_set_new(key, "harmless-at-the-earliest",
                                      when_json(harmless_at(r, i)));
        if (key != NULL)
            (void)json_array_append_new(keys, key);
    }
    return json_pack("{s:s, s:o, s:o}", "zone", z->inv->text, "keys", keys, "plan",
                     key_plan_json(&r->plan, z->inv->text));
}

/* ------------------------------------------------------------------ the command */

static int roll(struct keys_roll *r, const struct words *words)
{
    int err = key_edit_open(r->app, words->items[0], &r->edit);
    if (err == ERR_OK)
        err = choose(r, words);
    if (err == ERR_OK)
        err = check_policy(r);
    if (err == ERR_OK)
        err = check_roll(r);
    if (err == ERR_OK)
        err = leave_chosen(r);
    if (err == ERR_OK)
        err = key_plan_get(life_of(r), &r->edit.zone.params, &r->plan);
    return err;
}

int keys_roll(struct app *app, int argc, char **argv)
{
    AUTO(keys_roll) struct keys_roll r = {.app = app};
    const struct option_def options[] = {
        {"compromised", 0, NULL, "somebody else may have the key: do not wait for another roll",
         OPTION_FLAG, &r.compromised},
        {"reason", 0, "TEXT", "why, for the event log", OPTION_TEXT, &r.reason},
        {0},
    };
    const struct command_usage usage = {
        "keys roll",
        "ZONE [ksk|zsk|csk|KEY]",
        "Has a key replaced from the next build on, and shows what will happen.",
        options,
        1,
        2};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = roll(&r, &words);
    if (err == ERR_USAGE)
        return err;
    if (err == ERR_OK)
        print_result(&r);
    return report_finish(app, err, err == ERR_OK ? result_json(&r) : NULL);
}
