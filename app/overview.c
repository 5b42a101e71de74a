#include "app/overview.h"

#include <stdlib.h>
#include <string.h>

void zone_overview_done(struct zone_overview *z)
{
    life_done(&z->life);
    state_zone_done(&z->built);
    *z = (struct zone_overview){0};
}

void overview_done(struct overview *o)
{
    for (size_t i = 0; i < o->zone_n; i++)
        zone_overview_done(&o->zones[i]);
    free(o->zones);
    manifest_done(&o->manifest);
    state_close(o->state);
    site_done(&o->site);
    *o = (struct overview){0};
}

/* ------------------------------------------------------------------ one zone */

/* The largest that the last builds had; 0: none is remembered. */
static uint32_t remembered(const struct life *l, enum ttl_kind kind)
{
    uint32_t most = 0;
    for (size_t i = 0; i < l->ttl_n; i++) {
        const struct ttl_seen *t = &l->ttls[i];
        if (t->kind == kind && t->out_at == 0 && t->ttl_s > most)
            most = t->ttl_s;
    }
    return most;
}

/* The TTLs that a life counts with where no zone file was read: the last build's, else the
   policy's. */
static void life_params_remembered(const struct life *l, const struct inv_zone *inv, int64_t now,
                                   struct life_params *ret)
{
    uint32_t dnskey_ttl_s = remembered(l, TTL_DNSKEY);
    *ret = (struct life_params){
        .policy = inv->dnssec,
        .dnskey_ttl_s = dnskey_ttl_s != 0 ? dnskey_ttl_s : inv->dnssec->dnskey_ttl_s,
        .zone_ttl_s = remembered(l, TTL_ZONE),
        .now = now,
    };
}

static int read_state(struct state *state, const uint8_t *zone, struct zone_overview *z)
{
    int err = state_life_get(state, zone, &z->life);
    z->has_keys = err == ERR_OK;
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    return state_zone_look(state, zone, &z->built);
}

int zone_overview_get(struct app *app, struct state *state, const struct inv_zone *inv,
                      struct zone_overview *ret)
{
    struct zone_overview z = {.inv = inv};
    int err = state == NULL ? ERR_OK : read_state(state, inv->name, &z);
    if (err != ERR_OK) {
        zone_overview_done(&z);
        return err;
    }
    life_params_remembered(&z.life, inv, app->now, &z.params);
    life_waits(&z.life, &z.params, &z.waits);
    *ret = z;
    return ERR_OK;
}

/* ------------------------------------------------------------------ all of them */

static int read_manifest(struct overview *o)
{
    int err = manifest_read(o->site.inv->output_dir, &o->manifest, o->app->diags);
    if (err == ERR_IO)
        return ERR_CONFIG; /* there, but cannot be read */
    return err == ERR_ABSENT ? ERR_OK : err;
}

static int read_zones(struct overview *o)
{
    const struct inventory *inv = o->site.inv;
    o->zones = calloc(inv->zone_n + 1, sizeof *o->zones);
    if (o->zones == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < inv->zone_n; i++) {
        int err = zone_overview_get(o->app, o->state, &inv->zones[i], &o->zones[i]);
        if (err != ERR_OK)
            return err;
        o->zone_n++;
        o->zones[i].out = manifest_zone(&o->manifest, inv->zones[i].text);
    }
    return ERR_OK;
}

int overview_open(struct app *app, struct overview *ret)
{
    AUTO(overview) struct overview o = {.app = app};
    int err = site_open(app, &o.site);
    if (err == ERR_OK)
        err = read_manifest(&o);
    if (err == ERR_OK)
        err = state_peek(o.site.inv->state_dir, &o.state, app->diags);
    if (err == ERR_OK || err == ERR_ABSENT)
        err = read_zones(&o);
    if (err != ERR_OK)
        return err;
    *ret = o;
    o = (struct overview){0};
    return ERR_OK;
}

int64_t zone_valid_until(const struct zone_overview *z)
{
    bool is_older = z->life.valid_until_at < z->built.built_at;
    return is_older ? 0 : z->life.valid_until_at;
}

/* ------------------------------------------------------------------ zones by name */

const struct inv_zone *site_zone_named(const struct site *site, const char *name)
{
    uint8_t wire[256];
    if (!name_from_text(name, wire))
        return NULL;
    for (size_t i = 0; i < site->inv->zone_n; i++) {
        if (name_compare(site->inv->zones[i].name, wire) == 0)
            return &site->inv->zones[i];
    }
    return NULL;
}

int site_zone_pick(const struct app *app, const struct site *site, const char *name,
                   const struct inv_zone **ret)
{
    const struct inventory *inv = site->inv;
    *ret = site_zone_named(site, name);
    if (*ret != NULL)
        return ERR_OK;
    const char **names = calloc(inv->zone_n + 1, sizeof(*names));
    if (names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < inv->zone_n; i++)
        names[i] = inv->zones[i].text;
    const char *near = nearest_word(name, names);
    int err = near != NULL ? usage_error(app, "no zone '%s' in %s; did you mean '%s'?", name,
                                         app->inventory, near)
                           : usage_error(app, "no zone '%s' in %s", name, app->inventory);
    free(names);
    return err;
}

struct zone_overview *overview_zone(const struct overview *o, const struct inv_zone *inv)
{
    return &o->zones[inv - o->site.inv->zones];
}

int overview_pick(const struct overview *o, const struct words *names, bool **ret)
{
    bool *picked = calloc(o->zone_n + 1, sizeof *picked);
    if (picked == NULL)
        return ERR_NOMEM;
    int err = ERR_OK;
    for (size_t i = 0; i < names->n && err == ERR_OK; i++) {
        const struct inv_zone *inv = NULL;
        err = site_zone_pick(o->app, &o->site, names->items[i], &inv);
        if (err == ERR_OK)
            picked[inv - o->site.inv->zones] = true;
    }
    for (size_t i = 0; i < o->zone_n && names->n == 0; i++)
        picked[i] = true;
    if (err != ERR_OK) {
        free(picked);
        return err;
    }
    *ret = picked;
    return ERR_OK;
}
