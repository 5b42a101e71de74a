/*
 * app/cmd_check.c -- everything that can be known without keys or network.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/merge.h"
#include "app/pipeline.h"
#include "app/plan.h"
#include "app/rules_all.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/limits.h"

struct check {
    struct app *app;
    const char *zone;   /* --zone */
    const char *origin; /* --origin */
    bool mud;
    bool list_rules;
    bool allow_include;
};

/* ------------------------------------------------------------------ --list-rules */

static void print_rule(const struct app *app, const struct diag_rule *rule)
{
    app_print(app, "%-30s %-8s %-24s %s\n", rule->id, severity_text(rule->severity), rule->source,
              rule->expected);
}

static json_t *rule_json(const struct diag_rule *rule)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "id", rule->id, "severity",
                     severity_text(rule->severity), "source", rule->source, "expected",
                     rule->expected);
}

static int list_rules(struct app *app)
{
    size_t n = 0;
    const struct diag_rule **rules = rules_all_sorted(&n);
    if (rules == NULL)
        return report_finish(app, ERR_NOMEM, NULL);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        if (app->json)
            (void)json_array_append_new(list, rule_json(rules[i]));
        else
            print_rule(app, rules[i]);
    }
    free(rules);
    return report_finish(app, ERR_OK, json_pack("{s:o}", "rules", list));
}

/* ------------------------------------------------------------------ --mud */

static int check_mud_file(struct check *c, struct mud_validator *v, const char *path,
                          json_t *verdicts)
{
    AUTO(buf) struct buf text = {0};
    struct diags *diags = c->app->diags;
    size_t errors = diags_count(diags, SEV_ERROR);
    int err = file_read(path, LIMIT_MUD_BYTES, &text);
    if (err == ERR_IO) {
        diag_add(diags, &rule_file_unreadable, AT_FILE(path), NULL, "%s", strerror(errno));
        err = ERR_CONFIG;
    } else if (err == ERR_LIMIT) {
        diag_add(diags, &rule_file_too_large, AT_FILE(path), NULL, "%s", file_size_text(path).text);
        diag_expect(diags, "at most %u bytes", LIMIT_MUD_BYTES);
        err = ERR_FINDINGS;
    } else if (err == ERR_OK) {
        err = mud_validate(v, path, buf_bytes(&text), MUD_FOREIGN, diags);
    }
    bool valid = err == ERR_OK && diags_count(diags, SEV_ERROR) == errors;
    app_print(c->app, "%s: %s\n", path, valid ? "valid" : "not valid");
    (void)json_array_append_new(
        verdicts, json_pack("{s:o, s:b}", "file", report_text_json(path), "valid", valid));
    return err;
}

/* A file that cannot be read weighs more than one that is not valid; what ends the run, most. */
static int worse(int a, int b)
{
    if (a == ERR_OK || (a == ERR_FINDINGS && b != ERR_OK) || (a == ERR_CONFIG && b < ERR_CONFIG))
        return b;
    return a;
}

static int check_mud(struct check *c, const struct words *files)
{
    AUTO_PTR(mud_validator) struct mud_validator *v = NULL;
    json_t *verdicts = json_array();
    int err = mud_validator_new(&v);
    for (size_t i = 0; i < files->n && v != NULL; i++)
        err = worse(err, check_mud_file(c, v, files->items[i], verdicts));
    return report_finish(c->app, err, json_pack("{s:o}", "files", verdicts));
}

/* ------------------------------------------------------------------ --zone */

/* Without an inventory nobody chose a TTL policy: the recommended one advises. */
static int check_zone_ttls(struct check *c, const struct zone *zone)
{
    struct ttl_policy policy = ttl_policy_recommended;
    policy.mode = TTL_REPORT;
    AUTO_PTR(zone) struct zone *same = NULL;
    return ttl_apply(zone, &policy, 0, c->app->now, &same, c->app->diags);
}

static int check_zone(struct check *c)
{
    uint8_t origin[256];
    struct app *app = c->app;
    if (c->origin != NULL && !name_from_text(c->origin, origin))
        return usage_error(app, "--origin: '%s' is not a domain name", c->origin);
    const struct zone_load_opts opts = {.origin = c->origin == NULL ? NULL : origin,
                                        .allow_include = c->allow_include,
                                        .keep_partial = true};
    AUTO_PTR(zone) struct zone *zone = NULL;
    int loaded = zone_open(app, c->zone, &opts, &zone);
    /* what could be read of a faulty file has findings, too */
    int checked = zone == NULL ? ERR_OK : zone_check(zone, app->diags);
    int ttls = zone == NULL ? ERR_OK : check_zone_ttls(c, zone);
    int err = loaded == ERR_OK ? checked : loaded;
    err = err == ERR_OK ? ttls : err;
    char name[NAME_TEXT_LEN] = "";
    json_t *result = NULL;
    if (loaded == ERR_OK) {
        name_to_text_nodot(zone_apex(zone), name);
        app_print(app, "zone %s: %" PRIu64 " records, serial %" PRIu32 "\n", name,
                  zone_record_n(zone), zone_soa_serial(zone));
        result =
            json_pack("{s:s, s:I, s:I}", "zone", name, "records", (json_int_t)zone_record_n(zone),
                      "serial", (json_int_t)zone_soa_serial(zone));
    }
    return report_finish(app, err, result);
}

/* ------------------------------------------------------------------ the inventory */

static int check_inventory(struct check *c)
{
    struct app *app = c->app;
    AUTO(site) struct site site = {0};
    int err = site_open(app, &site);
    if (err == ERR_OK)
        err = site_check(app, &site, c->allow_include);
    int plans = err == ERR_OK ? plan_keys(app, &site) : ERR_OK;
    bool checked = site.zones != NULL && (err == ERR_OK || err == ERR_CONFIG);
    int certificates = checked ? site_check_certificates(app, &site) : ERR_OK;
    int announcement = checked ? site_check_announcement(app, &site) : ERR_OK;
    err = err == ERR_OK ? certificates : err;
    err = err == ERR_OK ? announcement : err;
    err = err == ERR_OK ? plans : err;
    json_t *result = NULL;
    if (site.inv != NULL) {
        const struct inventory *inv = site.inv;
        app_print(app, "%s: %zu zone%s, %zu service%s, %zu model%s\n", app->inventory, inv->zone_n,
                  inv->zone_n == 1 ? "" : "s", inv->service_n, inv->service_n == 1 ? "" : "s",
                  inv->model_n, inv->model_n == 1 ? "" : "s");
        result = json_pack("{s:o, s:I, s:I, s:I}", "inventory", report_text_json(app->inventory),
                           "zones", (json_int_t)inv->zone_n, "services", (json_int_t)inv->service_n,
                           "models", (json_int_t)inv->model_n);
    }
    return report_finish(app, err, result);
}

/* ------------------------------------------------------------------ the command */

static int check_usage(const struct check *c, size_t files)
{
    if ((c->zone != NULL) + c->mud + c->list_rules > 1)
        return usage_error(c->app, "--zone, --mud and --list-rules exclude each other");
    if (c->origin != NULL && c->zone == NULL)
        return usage_error(c->app, "--origin goes with --zone");
    if (c->mud && files == 0)
        return usage_error(c->app, "--mud needs files");
    if (!c->mud && files > 0)
        return usage_error(c->app, "takes files only after --mud; for a zone: --zone FILE");
    return ERR_OK;
}

int cmd_check(struct app *app, int argc, char **argv)
{
    struct check c = {.app = app};
    const struct option_def options[] = {
        {"zone", 0, "FILE", "check one zone file, without an inventory", OPTION_TEXT, &c.zone},
        {"origin", 0, "NAME", "the zone's name, where the file does not say", OPTION_TEXT,
         &c.origin},
        {"allow-include", 0, NULL, "follow $INCLUDE in zone files", OPTION_FLAG, &c.allow_include},
        {"mud", 0, NULL, "check the MUD files named, whoever made them", OPTION_FLAG, &c.mud},
        {"list-rules", 0, NULL, "list what mudzone can find, with sources", OPTION_FLAG,
         &c.list_rules},
        {0},
    };
    const struct command_usage usage = {
        "check",
        "[--mud FILE ...]",
        "Checks the inventory and its zones; or one zone file; or MUD files.",
        options,
        0,
        SIZE_MAX};
    AUTO(words) struct words files = {0};
    int err = options_parse(app, &usage, argc, argv, &files);
    if (err == ERR_OK)
        err = check_usage(&c, files.n);
    if (err != ERR_OK)
        return err;
    if (c.list_rules)
        return list_rules(app);
    if (c.mud)
        return check_mud(&c, &files);
    return c.zone != NULL ? check_zone(&c) : check_inventory(&c);
}
