/*
 * app/cmd_status.c -- each zone and its keys: a verdict, the facts, what comes next.
 */
#include <stdlib.h>

#include "app/rules_app.h"
#include "app/when.h"
#include "app/zone_report.h"

/* A cron job with --quiet then sees nothing but what somebody must do. */
static void report_actions(struct app *app, const struct zone_report *r)
{
    for (size_t i = 0; i < r->needs.n; i++) {
        if (r->needs.items[i].level == NEED_ACTION)
            diag_add(app->diags, &rule_zone_action, AT_NOWHERE, r->zone->inv->text, "%s",
                     r->needs.items[i].text);
    }
}

static int show_zone(struct overview *o, size_t i, json_t *zones)
{
    AUTO(zone_report) struct zone_report r = {0};
    int err = zone_report_get(o, &o->zones[i], &r);
    if (err != ERR_OK)
        return err;
    zone_report_print(&r);
    report_actions(o->app, &r);
    return json_array_append_new(zones, zone_report_json(&r)) == 0 ? ERR_OK : ERR_NOMEM;
}

static int show_zones(struct overview *o, const struct words *names, json_t *zones)
{
    AUTO_FREE bool *picked = NULL;
    int err = overview_pick(o, names, &picked);
    for (size_t i = 0; i < o->zone_n && err == ERR_OK; i++) {
        if (picked[i])
            err = show_zone(o, i, zones);
    }
    return err;
}

int cmd_status(struct app *app, int argc, char **argv)
{
    const struct command_usage usage = {
        "status",
        "[ZONE ...]",
        "Tells of each zone and its keys; exit status 1 when somebody must act.",
        NULL,
        0,
        SIZE_MAX};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    AUTO(overview) struct overview o = {0};
    json_t *zones = json_array();
    err = overview_open(app, &o);
    if (err == ERR_OK)
        err = show_zones(&o, &words, zones);
    if (err == ERR_USAGE) {
        json_decref(zones);
        return err;
    }
    return report_finish(app, err,
                         json_pack("{s:o, s:o}", "now", when_json(app->now), "zones", zones));
}
