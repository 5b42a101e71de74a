/*
 * app/cmd_build.c -- the main job, once: check, generate, sign, verify, write OUT.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"
#include "common/timetext.h"

static void build_zones_done(struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        signed_zone_done(&b->zones[i].signed_zone);
        buf_done(&b->zones[i].previous_text);
        zone_free(b->zones[i].merged);
        free(b->zones[i].file);
        free(b->zones[i].ds);
    }
    free(b->zones);
}

void build_done(struct build *b)
{
    build_zones_done(b);
    mud_output_free(b->docs);
    previous_done(&b->previous);
    cms_signer_free(b->signer);
    manifest_done(&b->old);
    state_close(b->state);
    site_done(&b->site);
    words_done(&b->allow_removal);
    *b = (struct build){0};
}

/* ------------------------------------------------------------------ the steps before signing */

static int load_certificate(struct build *b, const char *path)
{
    if (path == NULL)
        return ERR_OK;
    const char *host = b->site.inv->publication.host_text;
    int err = tls_certificate_spki(path, host, b->app->now, b->https_spki[b->https_spki_n],
                                   b->app->diags);
    if (err == ERR_OK)
        b->https_spki_n++;
    return err;
}

static int load_certificates(struct build *b)
{
    const struct inventory *inv = b->site.inv;
    int err = cms_signer_load(&inv->publication.signer, b->app->now, &b->signer, b->app->diags);
    int tls = load_certificate(b, inv->publication.tls.certificate);
    int next = load_certificate(b, inv->publication.tls_next_certificate);
    err = err == ERR_OK ? tls : err;
    return err == ERR_OK ? next : err;
}

static int build_inventory(struct build *b)
{
    int err = site_open(b->app, &b->site);
    if (err == ERR_OK && b->out == NULL)
        b->out = b->site.inv->output_dir;
    return err;
}

/* All that is read only. Nothing is changed when it finds errors. */
static int build_check(struct build *b)
{
    int err = site_check(b->app, &b->site, b->allow_include);
    int certificates = err == ERR_OK || err == ERR_CONFIG ? load_certificates(b) : ERR_OK;
    err = err == ERR_OK ? certificates : err;
    int gate = app_gate(b->app);
    return err == ERR_OK ? gate : err;
}

static int build_open(struct build *b)
{
    const struct inventory *inv = b->site.inv;
    b->zones = calloc(b->site.zone_n + 1, sizeof(*b->zones));
    if (b->zones == NULL)
        return ERR_NOMEM;
    b->zone_n = b->site.zone_n;
    int err = state_open(inv->state_dir, &b->state, b->app->diags);
    if (err != ERR_OK)
        return err;
    state_note_unused_keys(b->state, b->app->diags);
    err = tree_check_target(b->out, b->app->diags);
    if (err != ERR_OK)
        return err;
    err = manifest_read(b->out, &b->old, b->app->diags);
    if (err == ERR_IO)
        return ERR_CONFIG; /* there, but cannot be read */
    return err == ERR_ABSENT ? ERR_OK : err;
}

static int build_documents(struct build *b)
{
    int err = previous_load(b->state, &b->previous);
    if (err == ERR_OK)
        err = previous_heed_out(&b->previous, b->out, &b->old, b->app->diags);
    const struct mud_options opts = {
        .now = b->app->now,
        .allow_removal = b->allow_removal.items,
        .allow_removal_n = b->allow_removal.n,
    };
    struct progress progress;
    progress_start(&progress, b->app, "making documents");
    if (err == ERR_OK)
        err = mud_build(b->site.inv, b->signer, &b->previous.value, &opts, &b->docs, b->app->diags);
    progress_done(&progress);
    return err == ERR_OK ? app_gate(b->app) : err;
}

static int build_run(struct build *b)
{
    static int (*const steps[])(struct build *) = {
        build_inventory, build_check_place, build_check, build_open, build_warn_foreign,
        build_trust,     build_documents,   build_merge, build_keys, build_sign};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int err = steps[i](b);
        if (err != ERR_OK)
            return err;
    }
    int err = app_gate(b->app); /* --strict: before anything is published */
    return err == ERR_OK ? build_publish(b) : err;
}

/* ------------------------------------------------------------------ what was built */

static void print_zone(const struct build *b, size_t i)
{
    const struct sign_report *r = &b->zones[i].signed_zone.report;
    char expires[TIME_TEXT_LEN];
    time_format_rfc3339(r->expires_at, expires);
    app_print(b->app,
              "zone %s: serial %" PRIu32 ", %" PRIu64 " signatures made, %" PRIu64
              " kept, valid until %s\n",
              b->site.zones[i].inv->text, r->serial, r->made, r->reused, expires);
    /* by every run until then: the one that made the keys may have failed after that */
    if (!b->zones[i].confirmed)
        app_print(b->app, "zone %s: new keys; give %s/%s to the parent zone\n",
                  b->site.zones[i].inv->text, b->out, b->zones[i].ds);
}

static void print_result(const struct build *b)
{
    char before[TIME_TEXT_LEN];
    time_format_rfc3339(b->rebuild_before_at, before);
    for (size_t i = 0; i < b->zone_n; i++)
        print_zone(b, i);
    app_print(b->app, "list: serial %" PRIu32 "%s, %zu names, %zu models\n", b->docs->serial,
              b->docs->list_changed ? "" : " (unchanged)", b->docs->list_name_n, b->docs->model_n);
    app_print(b->app, "%s %s\n", b->out, b->changed ? "written" : "unchanged");
    app_print(b->app, "rebuild before %s\n", before);
}

static json_t *zone_json(const struct build *b, size_t i)
{
    const struct sign_report *r = &b->zones[i].signed_zone.report;
    char expires[TIME_TEXT_LEN];
    time_format_rfc3339(r->expires_at, expires);
    return json_pack("{s:s, s:s, s:s, s:I, s:b, s:b, s:b, s:I, s:I, s:s}", "name",
                     b->site.zones[i].inv->text, "file", b->zones[i].file, "ds", b->zones[i].ds,
                     "serial", (json_int_t)r->serial, "changed", r->changed, "keys-made",
                     b->zones[i].keys_made, "confirmed", b->zones[i].confirmed, "signatures-made",
                     (json_int_t)r->made, "signatures-kept", (json_int_t)r->reused, "expires",
                     expires);
}

static json_t *result_json(const struct build *b)
{
    char before[TIME_TEXT_LEN];
    time_format_rfc3339(b->rebuild_before_at, before);
    json_t *zones = json_array();
    for (size_t i = 0; i < b->zone_n; i++)
        (void)json_array_append_new(zones, zone_json(b, i));
    return json_pack("{s:o, s:b, s:I, s:b, s:I, s:I, s:o, s:s}", "out", report_text_json(b->out),
                     "changed", b->changed, "list-serial", (json_int_t)b->docs->serial,
                     "list-changed", b->docs->list_changed, "names",
                     (json_int_t)b->docs->list_name_n, "models", (json_int_t)b->docs->model_n,
                     "zones", zones, "rebuild-before", before);
}

int cmd_build(struct app *app, int argc, char **argv)
{
    AUTO(build) struct build b = {.app = app};
    const struct option_def options[] = {
        {"output", 'o', "OUT", "the folder to write (default: the inventory's `output`)",
         OPTION_TEXT, &b.out},
        {"accept-new-keys", 0, NULL, "make keys for a zone that was signed with others",
         OPTION_FLAG, &b.accept_new_keys},
        {"allow-removal", 0, "NAME", "withdraw NAME before its notice has passed; repeatable",
         OPTION_LIST, &b.allow_removal},
        {"allow-include", 0, NULL, "follow $INCLUDE in zone files", OPTION_FLAG, &b.allow_include},
        SIGNING_OPTIONS(&b.signing),
        {0},
    };
    const struct command_usage usage = {
        "build", "", "Checks, generates, signs, verifies, and writes OUT as a whole.",
        options, 0,  0};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = signing_options_parse(app, &b.signing);
    if (err != ERR_OK)
        return err;
    err = build_run(&b);
    if (err == ERR_OK)
        print_result(&b);
    return report_finish(app, err, err == ERR_OK && app->json ? result_json(&b) : NULL);
}
