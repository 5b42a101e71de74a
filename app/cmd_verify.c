/*
 * app/cmd_verify.c -- the independent check of an OUT folder or of any signed zone file.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "app/pipeline.h"
#include "app/rules_app.h"
#include "app/verify_out.h"
#include "common/timetext.h"

struct verify_command {
    struct app *app;
    const char *what;   /* OUT or ZONEFILE */
    const char *origin; /* --origin */
    const char *ca;     /* --ca */
};

/* ------------------------------------------------------------------ one zone, in words and JSON */

static void print_zone(const struct app *app, const char *name, const struct verify_report *r)
{
    char until[TIME_TEXT_LEN];
    time_format_rfc3339(r->expires_at, until);
    app_print(app,
              "%s: %" PRIu64 " RRsets, %" PRIu64 " signatures, %s chain of %" PRIu64
              " names%s: valid until %s\n",
              name, r->rrsets, r->signatures, r->nsec3 ? "NSEC3" : "NSEC", r->denial,
              r->zonemd ? ", ZONEMD" : "", until);
}

static json_t *zone_json(const char *name, const struct verify_report *r, bool valid)
{
    char until[TIME_TEXT_LEN];
    time_format_rfc3339(r->expires_at, until);
    return json_pack("{s:s, s:b, s:I, s:I, s:s, s:I, s:b, s:s?}", "name", name, "valid", (int)valid,
                     "rrsets", (json_int_t)r->rrsets, "signatures", (json_int_t)r->signatures,
                     "denial", r->nsec3 ? "nsec3" : "nsec", "denial-names", (json_int_t)r->denial,
                     "zonemd", (int)r->zonemd, "expires", r->expires_at != 0 ? until : NULL);
}

/* ------------------------------------------------------------------ ZONEFILE */

static int check_file(const struct verify_command *c, const struct zone *zone)
{
    struct app *app = c->app;
    struct verify_report report = {0};
    char name[NAME_TEXT_LEN];
    const struct verify_params params = {.now = app->now};
    int semantics = zone_check(zone, app->diags);
    int err = verify_zone(zone, &params, &report, app->diags);
    err = err == ERR_OK || err == ERR_FINDINGS ? semantics : err;
    int gate = app_gate(app);
    err = err == ERR_OK ? gate : err;
    name_to_text_nodot(zone_apex(zone), name);
    if (err == ERR_OK)
        print_zone(app, name, &report);
    else if (err == ERR_FINDINGS)
        app_print(app, "%s: broken\n", name);
    return report_finish(app, err,
                         json_pack("{s:o}", "zone", zone_json(name, &report, err == ERR_OK)));
}

static int verify_file(const struct verify_command *c)
{
    uint8_t origin[256];
    if (c->ca != NULL)
        return usage_error(c->app, "--ca goes with an OUT folder; %s is a file", c->what);
    if (c->origin != NULL && !name_from_text(c->origin, origin))
        return usage_error(c->app, "--origin: '%s' is not a domain name", c->origin);
    const struct zone_load_opts opts = {.origin = c->origin != NULL ? origin : NULL};
    AUTO_PTR(zone) struct zone *zone = NULL;
    int err = zone_open(c->app, c->what, &opts, &zone);
    return err == ERR_OK ? check_file(c, zone) : report_finish(c->app, err, NULL);
}

/* ------------------------------------------------------------------ OUT */

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_out(const struct verify_out *v, const char *rebuild)
{
    for (size_t i = 0; i < v->zone_n; i++)
        print_zone(v->app, v->zones[i].said->name, &v->zones[i].report);
    app_print(
        v->app,
        "%s: %zu files as in the manifest; list %" PRIu32
        " of %zu name%s, %zu model%s, %zu version%s, %zu CMS signature%s; rebuild before %s\n",
        v->out, v->file_n, v->list_serial, v->name_n, plural(v->name_n), v->model_n,
        plural(v->model_n), v->version_n, plural(v->version_n), v->signature_n,
        plural(v->signature_n), rebuild);
}

static json_t *out_json_result(const struct verify_out *v, const char *rebuild, bool valid)
{
    json_t *zones = json_array();
    for (size_t i = 0; i < v->zone_n; i++)
        (void)json_array_append_new(
            zones, zone_json(v->zones[i].said->name, &v->zones[i].report, v->zones[i].good));
    return json_pack("{s:b, s:I, s:o, s:{s:I, s:I, s:I, s:I}, s:I, s:s?}", "valid", (int)valid,
                     "files", (json_int_t)v->file_n, "zones", zones, "list", "serial",
                     (json_int_t)v->list_serial, "names", (json_int_t)v->name_n, "models",
                     (json_int_t)v->model_n, "versions", (json_int_t)v->version_n, "cms-signatures",
                     (json_int_t)v->signature_n, "rebuild-before", rebuild);
}

static int verify_folder(const struct verify_command *c)
{
    if (c->origin != NULL)
        return usage_error(c->app, "--origin goes with a zone file; %s is a folder", c->what);
    AUTO(verify_out) struct verify_out v = {.app = c->app, .out = c->what, .ca = c->ca};
    char rebuild[TIME_TEXT_LEN];
    int err = verify_out_run(&v);
    int gate = app_gate(c->app);
    err = err == ERR_OK ? gate : err;
    time_format_rfc3339(v.manifest.rebuild_before_at, rebuild);
    if (err == ERR_OK)
        print_out(&v, rebuild);
    else if (err == ERR_FINDINGS)
        app_print(c->app, "%s: broken\n", c->what);
    bool known = v.manifest.rebuild_before_at != 0;
    return report_finish(c->app, err, out_json_result(&v, known ? rebuild : NULL, err == ERR_OK));
}

int cmd_verify(struct app *app, int argc, char **argv)
{
    struct verify_command c = {.app = app};
    const struct option_def options[] = {
        {"origin", 0, "NAME", "the zone's name, for a zone file", OPTION_TEXT, &c.origin},
        {"ca", 0, "FILE", "trust CMS signers by these CAs (PEM), not by the SMIMEA record",
         OPTION_TEXT, &c.ca},
        {0},
    };
    const struct command_usage usage = {
        "verify",
        "OUT|ZONEFILE",
        "Checks what was built, or any signed zone, without the code that made it.",
        options,
        1,
        1};
    AUTO(words) struct words words = {0};
    struct stat st;
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    c.what = words.items[0];
    if (stat(c.what, &st) != 0) {
        diag_add(app->diags, &rule_file_unreadable, AT_FILE(c.what), NULL, "%s", strerror(errno));
        return report_finish(app, ERR_CONFIG, NULL);
    }
    return S_ISDIR(st.st_mode) ? verify_folder(&c) : verify_file(&c);
}
