/*
 * app/keys_seen.c -- `keys ds-seen`, `keys ds-gone`: the user's word on what the parent shows,
 * where nothing observes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/key_edit.h"
#include "app/key_view.h"
#include "app/keys.h"
#include "app/rules_app.h"
#include "app/zone_report.h"

struct word_on_ds {
    bool seen; /* else gone */
    const char *reason;
    struct life_key *key;
};

/* What would be recorded in vain, or counted from a wrong moment. */
static int refuse(struct key_edit *e, const struct word_on_ds *w)
{
    char doubt[LIFE_WHY_LEN];
    const struct part_times *t = &w->key->parts[KEY_PART_DS];
    life_clock_doubt(&e->zone.life, &e->zone.params, doubt);
    if (doubt[0] != 0) {
        diag_add_as(e->app->diags, SEV_ERROR, &rule_key_clock, AT_NOWHERE, e->zone.inv->text, "%s",
                    doubt);
        return ERR_STATE;
    }
    if (!w->seen && t->out_at != 0 && t->out_seen_at == 0 && e->zone.life.ds_public_at == 0)
        return usage_error(e->app,
                           "the build that no longer asks for this DS is not confirmed yet: "
                           "what is public still does");
    return ERR_OK;
}

/* What is not spoken of stays as it is: all DS that are at the parent, or may be. */
static bool is_at_parent(const struct life_key *k)
{
    const struct part_times *t = &k->parts[KEY_PART_DS];
    return t->out_seen_at == 0 && (t->in_seen_at != 0 || t->out_at != 0);
}

static int observe_by_word(struct key_edit *e, const struct word_on_ds *w,
                           struct life_events *events)
{
    struct life *l = &e->zone.life;
    AUTO_FREE char(*digests)[KEY_DIGEST_LEN] = calloc(l->key_n + 1, KEY_DIGEST_LEN);
    /* the user names no TTL: the largest that counts */
    struct life_parent parent = {.at = e->app->now, .ttl_s = e->zone.waits.ttl_s[TTL_DS]};
    if (digests == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < l->key_n; i++) {
        const struct life_key *k = &l->keys[i];
        if (k == w->key ? w->seen : is_at_parent(k))
            memcpy(digests[parent.digest_n++], k->digest, KEY_DIGEST_LEN);
    }
    parent.digests = (const char(*)[KEY_DIGEST_LEN])digests;
    int err = life_observe(l, &parent, events);
    for (size_t i = 0; i < events->n; i++)
        (void)snprintf(events->items[i].why, sizeof events->items[i].why, "said by hand: %.200s",
                       w->reason);
    return err;
}

static int show(struct key_edit *e, const struct word_on_ds *w, bool changed)
{
    AUTO(buf) struct buf line = {0};
    struct zone_overview *z = &e->zone;
    life_waits(&z->life, &z->params, &z->waits);
    key_line(z, w->key, &line);
    if (!buf_ok(&line))
        return ERR_NOMEM;
    app_print(e->app, "%s%s\n", changed ? "" : "already known: ", buf_str(&line));
    return report_finish(e->app, ERR_OK,
                         json_pack("{s:s, s:b, s:o}", "zone", z->inv->text, "changed", (int)changed,
                                   "key", key_json(z, w->key)));
}

static int record(struct app *app, const struct words *words, struct word_on_ds *w)
{
    AUTO(key_edit) struct key_edit e = {0};
    AUTO(life_events) struct life_events events = {0};
    int err = key_edit_open(app, words->items[0], &e);
    if (err == ERR_OK)
        err = zone_key_pick(app, &e.zone, words->items[1], &w->key);
    if (err == ERR_OK && w->key->role == KEY_ZSK)
        err = usage_error(app, "a ZSK has no DS at the parent");
    if (err == ERR_OK)
        err = refuse(&e, w);
    if (err == ERR_USAGE)
        return err;
    if (err == ERR_OK)
        err = observe_by_word(&e, w, &events);
    if (err == ERR_OK && events.n > 0)
        err = key_edit_store(&e, &events, w->reason);
    return err == ERR_OK ? show(&e, w, events.n > 0) : report_finish(app, err, NULL);
}

static int run(struct app *app, int argc, char **argv, struct command_usage *usage, bool seen)
{
    struct word_on_ds w = {.seen = seen};
    const struct option_def options[] = {
        {"reason", 0, "TEXT", "how you know, for the event log", OPTION_TEXT, &w.reason},
        {0},
    };
    usage->options = options;
    AUTO(words) struct words words = {0};
    int err = options_parse(app, usage, argc, argv, &words);
    if (err == ERR_OK && w.reason == NULL)
        err = usage_error(app, "--reason is missing: how you know goes into the event log");
    return err == ERR_OK ? record(app, &words, &w) : err;
}

int keys_ds_seen(struct app *app, int argc, char **argv)
{
    struct command_usage usage = {
        "keys ds-seen",
        "ZONE KEY",
        "Records your word that every server of the parent shows the DS of KEY.",
        NULL,
        2,
        2};
    return run(app, argc, argv, &usage, true);
}

int keys_ds_gone(struct app *app, int argc, char **argv)
{
    struct command_usage usage = {
        "keys ds-gone",
        "ZONE KEY",
        "Records your word that no server of the parent shows the DS of KEY any more.",
        NULL,
        2,
        2};
    return run(app, argc, argv, &usage, false);
}
