#include "app/key_edit.h"

#include <unistd.h>

void key_edit_done(struct key_edit *e)
{
    zone_overview_done(&e->zone);
    state_close(e->state);
    site_done(&e->site);
    *e = (struct key_edit){0};
}

static int open_state(struct key_edit *e, const struct inv_zone *inv)
{
    const char *dir = e->site.inv->state_dir;
    if (access(dir, F_OK) != 0) /* opening would make it */
        return usage_error(e->app, "%s has no keys yet: there is no state in %s", inv->text, dir);
    int err = site_state_open(e->app, &e->site, &e->state);
    if (err == ERR_OK)
        err = zone_overview_get(e->app, e->state, inv, &e->zone);
    if (err == ERR_OK && !e->zone.has_keys)
        return usage_error(e->app, "%s has no keys yet", inv->text);
    return err;
}

int key_edit_open(struct app *app, const char *zone, struct key_edit *ret)
{
    AUTO(key_edit) struct key_edit e = {.app = app};
    const struct inv_zone *inv = NULL;
    int err = site_open(app, &e.site);
    if (err == ERR_OK)
        err = site_zone_pick(app, &e.site, zone, &inv);
    if (err == ERR_OK)
        err = open_state(&e, inv);
    if (err != ERR_OK)
        return err;
    *ret = e;
    e = (struct key_edit){0};
    return ERR_OK;
}

int key_edit_store(struct key_edit *e, const struct life_events *events, const char *evidence)
{
    const struct inv_zone *inv = e->zone.inv;
    int err = state_begin(e->state);
    if (err != ERR_OK)
        return err;
    err = state_life_put(e->state, inv->name, &e->zone.life);
    if (err == ERR_OK)
        err = state_life_events(e->state, inv->name, &e->zone.life, events, evidence);
    if (err == ERR_OK)
        return state_commit(e->state);
    state_rollback(e->state);
    return err;
}
