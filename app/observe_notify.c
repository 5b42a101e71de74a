/*
 * app/observe_notify.c -- `observe --notify`: NOTIFY(CDS) to the parent whose DS are not those that
 * the built zone asks for (RFC 9859).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/observe.h"
#include "app/rules_app.h"
#include "common/file.h"

enum { TYPE_CDS = 59 };

static int load_zone(struct observe_run *c, const struct observed *o, struct zone **ret)
{
    AUTO_FREE char *stem = zone_file_stem(o->zone->name);
    AUTO(buf) struct buf name = {0};
    if (stem == NULL)
        return ERR_NOMEM;
    buf_printf(&name, "%s/zones/%s.zone", c->out, stem);
    if (!buf_ok(&name))
        return ERR_NOMEM;
    if (access(buf_str(&name), R_OK) != 0) {
        diag_add_as(c->app->diags, SEV_WARNING, &rule_file_unreadable, AT_FILE(buf_str(&name)),
                    o->zone->text, "%s: nothing is known about its CDS", strerror(errno));
        return ERR_ABSENT;
    }
    const struct zone_load_opts opts = {.origin = o->zone->name};
    return zone_open(c->app, buf_str(&name), &opts, ret);
}

/* Does any server of the parent show other DS than the zone asks for? */
static int is_wanted(const struct observed *o, const struct zone *zone, bool *ret)
{
    int err = ERR_OK;
    *ret = false;
    for (size_t i = 0; i < o->view->server_n && err == ERR_OK && !*ret; i++) {
        const struct parent_server *s = &o->view->servers[i];
        if (s->says != PARENT_SAYS_NOTHING)
            err = notify_cds_differs(zone, s->ds, s->ds_n, ret);
    }
    return err;
}

static int note(struct observe_run *c, const struct observed *o, const struct notify_target *t,
                const struct notify_outcome *n, json_t *ret)
{
    char target[NAME_TEXT_LEN];
    name_to_text_nodot(t->name, target);
    app_print(c->app, "%s: NOTIFY(CDS) to %s %s: %s\n", o->zone->text, target, n->address, n->why);
    json_t *j = json_pack("{s:o, s:s, s:b, s:s}", "target", report_text_json(target), "address",
                          n->address, "acknowledged", (int)n->acknowledged, "result", n->why);
    return json_array_append_new(ret, j) == 0 ? ERR_OK : ERR_NOMEM;
}

static int tell(struct observe_run *c, const struct observed *o, const struct notify_target *t,
                json_t *ret)
{
    AUTO_FREE struct notify_outcome *outcomes = calloc(t->address_n + 1, sizeof *outcomes);
    bool acknowledged = false;
    if (outcomes == NULL)
        return ERR_NOMEM;
    int err = notify_send(o->zone->name, TYPE_CDS, t->addresses, t->address_n, NULL, &c->limits,
                          outcomes);
    for (size_t i = 0; i < t->address_n && err == ERR_OK; i++) {
        acknowledged = acknowledged || outcomes[i].acknowledged;
        err = note(c, o, t, &outcomes[i], ret);
    }
    char target[NAME_TEXT_LEN];
    name_to_text(t->name, target);
    if (err == ERR_OK && !acknowledged)
        diag_add(c->app->diags, &rule_notify_failed, AT_NOWHERE, o->zone->text, "%s port %u: %s",
                 target, t->port,
                 t->address_n == 0 ? "no address was found" : outcomes[t->address_n - 1].why);
    return err;
}

int observe_notify(struct observe_run *c, const struct observed *o, json_t *ret)
{
    AUTO_PTR(zone) struct zone *zone = NULL;
    AUTO(notify_targets) struct notify_targets targets = {0};
    bool wanted = false;
    if (o->found->parent == NULL)
        return ERR_OK; /* said, with the observation */
    int err = load_zone(c, o, &zone);
    if (err == ERR_ABSENT)
        return ERR_OK;
    if (err == ERR_OK)
        err = is_wanted(o, zone, &wanted);
    if (err != ERR_OK || !wanted)
        return err;
    err = notify_find(&o->params->resolvers, o->zone->name, o->found->parent, TYPE_CDS, &targets);
    if (err == ERR_OK && targets.n == 0)
        diag_add(c->app->diags, &rule_notify_none, AT_NOWHERE, o->zone->text,
                 "the parent states no target for NOTIFY(CDS)");
    for (size_t i = 0; i < targets.n && err == ERR_OK; i++)
        err = tell(c, o, &targets.items[i], ret);
    return err;
}
