/*
 * app/cmd_build.c -- the main job, once: check, generate, sign, verify, write OUT.
 */
#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"

static void build_zones_done(struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        struct build_zone *z = &b->zones[i];
        signed_zone_done(&z->signed_zone);
        buf_done(&z->previous_text);
        buf_done(&z->observation);
        life_events_done(&z->events);
        life_done(&z->life);
        zone_free(z->given);
        zone_free(z->merged);
        free(z->file);
        free(z->ds);
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
    diags_free(b->alarms);
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
    b->zones = calloc(b->site.zone_n + 1, sizeof(*b->zones));
    if (b->zones == NULL)
        return ERR_NOMEM;
    b->zone_n = b->site.zone_n;
    int err = site_state_open(b->app, &b->site, &b->state);
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
    static int (*const steps[])(struct build *) = {build_inventory, build_check_place,  build_check,
                                                   build_open,      build_warn_foreign, build_trust,
                                                   build_documents, build_merge,        build_keys,
                                                   build_signal,    build_sign};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int err = steps[i](b);
        if (err != ERR_OK)
            return err;
    }
    int err = app_gate(b->app); /* --strict: before anything is published */
    return err == ERR_OK ? build_publish(b) : err;
}

int cmd_build(struct app *app, int argc, char **argv)
{
    AUTO(build) struct build b = {.app = app};
    const struct option_def options[] = {
        {"output", 'o', "OUT", "the folder to write (default: the inventory's `output`)",
         OPTION_TEXT, &b.out},
        {"accept-new-keys", 0, NULL, "make keys for a zone that was signed with others",
         OPTION_FLAG, &b.accept_new_keys},
        {"accept-clock", 0, NULL, "the clock is right: move keys on, though it went back or ahead",
         OPTION_FLAG, &b.accept_clock},
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
    b.alarms = diags_new();
    err = b.alarms == NULL ? ERR_NOMEM : build_run(&b);
    diags_move(app->diags, b.alarms);
    bool published = err == ERR_OK;
    if (published)
        build_print(&b);
    return report_finish(app, published ? b.alarm : err,
                         published && app->json ? build_json(&b) : NULL);
}
