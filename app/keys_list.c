/*
 * app/keys_list.c -- `keys list`: all keys that state knows, one line each.
 */
#include <stdlib.h>

#include "app/key_view.h"
#include "app/keys.h"
#include "app/when.h"
#include "common/timetext.h"

struct keys_list {
    struct app *app;
    bool all; /* --all */
    json_t *keys;
    size_t shown;
};

static void print_key(struct keys_list *l, const struct zone_overview *z, const struct life_key *k)
{
    char since[TIME_TEXT_LEN] = "-";
    const char *algorithm = algorithm_text(k->algorithm);
    int64_t since_at = key_state_since(k, &z->waits, z->params.now);
    if (since_at != 0)
        time_format_rfc3339(since_at, since);
    if (l->shown++ == 0)
        app_print(l->app, "%-4s %5s  %-15s %-9s %-20s %-16s  %s\n", "role", "tag", "algorithm",
                  "state", "since", "digest", "zone");
    app_print(l->app, "%-4s %5u  %-15s %-9s %-20s %.16s  %s%s\n", key_role_text(k->role), k->tag,
              algorithm == NULL ? "?" : algorithm,
              key_state_text(key_state(k, &z->waits, z->params.now)), since, k->digest,
              z->inv->text, k->compromised ? " (compromised)" : "");
}

static int add_key(struct keys_list *l, const struct zone_overview *z, const struct life_key *k)
{
    json_t *key = key_json(z, k);
    if (key == NULL || json_object_set_new(key, "zone", json_string(z->inv->text)) != 0) {
        json_decref(key);
        return ERR_NOMEM;
    }
    return json_array_append_new(l->keys, key) == 0 ? ERR_OK : ERR_NOMEM;
}

static int list_zone(struct keys_list *l, const struct zone_overview *z)
{
    int err = ERR_OK;
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        const struct life_key *k = &z->life.keys[i];
        if (!l->all && key_state(k, &z->waits, z->params.now) == KEY_REMOVED)
            continue;
        print_key(l, z, k);
        err = add_key(l, z, k);
    }
    return err;
}

static int list_zones(struct keys_list *l, const struct overview *o, const struct words *names)
{
    AUTO_FREE bool *picked = NULL;
    int err = overview_pick(o, names, &picked);
    for (size_t i = 0; i < o->zone_n && err == ERR_OK; i++) {
        if (picked[i])
            err = list_zone(l, &o->zones[i]);
    }
    return err;
}

int keys_list(struct app *app, int argc, char **argv)
{
    struct keys_list l = {.app = app};
    const struct option_def options[] = {
        {"all", 0, NULL, "keys that were removed, too", OPTION_FLAG, &l.all},
        {0},
    };
    const struct command_usage usage = {"keys list",
                                        "[ZONE ...]",
                                        "Lists the keys of the zones, in the order they were made.",
                                        options,
                                        0,
                                        SIZE_MAX};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    AUTO(overview) struct overview o = {0};
    l.keys = json_array();
    err = overview_open(app, &o);
    if (err == ERR_OK)
        err = list_zones(&l, &o, &words);
    if (err == ERR_USAGE) {
        json_decref(l.keys);
        return err;
    }
    return report_finish(app, err,
                         json_pack("{s:o, s:o}", "now", when_json(app->now), "keys", l.keys));
}
