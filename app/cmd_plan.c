/*
 * app/cmd_plan.c -- what the next build would start or do with keys, before it does: a gate for
 * release pipelines.
 */
#include <stdlib.h>

#include "app/overview.h"
#include "app/plan.h"

struct plan_run {
    struct app *app;
    bool detailed_exitcode;
    bool allow_include;
    struct overview overview;
    json_t *zones;
    size_t pending;
};

static int plan_zone(struct plan_run *r, size_t i)
{
    struct site *site = &r->overview.site;
    struct zone_overview *z = &r->overview.zones[i];
    AUTO(key_plan) struct key_plan plan = {0};
    struct life_params params;
    if (site->zones[i].ready == NULL) /* could not be loaded: what is wrong was said */
        return ERR_OK;
    life_params_of_zone(&site->zones[i], site->zones[i].ready, r->app->now, &params);
    int err = key_plan_get(&z->life, &params, &plan);
    if (err != ERR_OK)
        return err;
    app_print(r->app, "zone %s: %s\n", z->inv->text, plan.what);
    key_plan_print(r->app, &plan);
    r->pending += plan.kind != PLAN_NOTHING;
    return json_array_append_new(r->zones, key_plan_json(&plan, z->inv->text)) == 0 ? ERR_OK
                                                                                    : ERR_NOMEM;
}

static int plan_zones(struct plan_run *r, const struct words *names)
{
    AUTO_FREE bool *picked = NULL;
    int err = overview_pick(&r->overview, names, &picked);
    int checked = ERR_OK;
    if (err == ERR_OK)
        checked = site_check(r->app, &r->overview.site, r->allow_include);
    if (checked != ERR_OK && checked != ERR_CONFIG)
        return checked;
    for (size_t i = 0; i < r->overview.zone_n && err == ERR_OK; i++) {
        if (picked[i])
            err = plan_zone(r, i);
    }
    return err == ERR_OK ? checked : err;
}

int cmd_plan(struct app *app, int argc, char **argv)
{
    struct plan_run r = {.app = app};
    const struct option_def options[] = {
        {"detailed-exitcode", 0, NULL, "exit status 4 when the next build would move a key",
         OPTION_FLAG, &r.detailed_exitcode},
        {"allow-include", 0, NULL, "follow $INCLUDE in zone files", OPTION_FLAG, &r.allow_include},
        {0},
    };
    const struct command_usage usage = {
        "plan",
        "[ZONE ...]",
        "Shows what the next build would start or do with keys, and when.",
        options,
        0,
        SIZE_MAX};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    r.zones = json_array();
    err = overview_open(app, &r.overview);
    if (err == ERR_OK)
        err = plan_zones(&r, &words);
    bool pending = r.pending > 0;
    overview_done(&r.overview);
    if (err == ERR_USAGE) {
        json_decref(r.zones);
        return err;
    }
    if (err == ERR_OK)
        err = app_gate(app);
    if (err == ERR_OK && pending && r.detailed_exitcode)
        err = ERR_PENDING;
    return report_finish(app, err,
                         json_pack("{s:b, s:o}", "pending", (int)pending, "zones", r.zones));
}
