#include "app/signing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/rules_app.h"
#include "common/pool.h"

/* ------------------------------------------------------------------ options */

static bool parse_threads(const char *text, size_t *ret)
{
    char *end = NULL;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || n > POOL_THREADS_MAX)
        return false;
    *ret = n == 0 ? pool_threads() : n;
    return true;
}

static int parse_self_check(struct app *app, struct signing_options *o)
{
    static const char *const names[] = {
        [SELF_CHECK_NEW] = "new", [SELF_CHECK_FULL] = "full", [SELF_CHECK_OFF] = "off"};
    if (o->self_check_text == NULL)
        return ERR_OK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(o->self_check_text, names[i]) == 0) {
            o->self_check = (enum self_check)i;
            return ERR_OK;
        }
    }
    return usage_error(app, "--self-check: '%s'; expected new, full or off", o->self_check_text);
}

int signing_options_parse(struct app *app, struct signing_options *o)
{
    if (!parse_threads(o->threads_text == NULL ? "0" : o->threads_text, &o->threads))
        return usage_error(app, "--threads: '%s'; expected 0 (one for each processor) to %d",
                           o->threads_text, POOL_THREADS_MAX);
    int err = parse_self_check(app, o);
    if (err == ERR_OK && o->self_check == SELF_CHECK_OFF)
        diag_add(app->diags, &rule_self_check_off, AT_NOWHERE, NULL, "--self-check=off");
    return err;
}

/* ------------------------------------------------------------------ one zone */

void signed_zone_done(struct signed_zone *z)
{
    free(z->uses);
    keyset_done(&z->keys);
    buf_done(&z->text);
    buf_done(&z->ds);
    *z = (struct signed_zone){0};
}

int signed_zone_use_all(struct signed_zone *z)
{
    z->uses = calloc(z->keys.n + 1, sizeof *z->uses);
    if (z->uses == NULL)
        return ERR_NOMEM;
    sign_keys_of(&z->keys, z->uses);
    return ERR_OK;
}

/* The .ds file as verify_zone takes it: read back from the bytes that will be published. */
static int parse_ds(const struct signed_zone *z, const uint8_t *apex, struct zone **ret)
{
    const struct zone_load_opts opts = {.origin = apex, .may_be_empty = true};
    return zone_parse("DS records", buf_str(&z->ds), z->ds.len, &opts, ret, NULL);
}

/* Trust rule 3: from the bytes that will be published, not from what the signer holds in memory. */
static int verify_out(struct app *app, const struct zone_out *out, const struct signed_zone *z)
{
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(zone) struct zone *again = NULL;
    AUTO_PTR(zone) struct zone *ds = NULL;
    int err = zone_out_text(out, &text);
    if (err == ERR_OK)
        err = zone_reread(NULL, buf_str(&text), text.len, &again);
    if (err == ERR_OK)
        err = parse_ds(z, zone_apex(again), &ds);
    const struct verify_params params = {.now = app->now, .ds = ds};
    struct verify_report report;
    return err == ERR_OK ? verify_zone(again, &params, &report, app->diags) : err;
}

/* A fault of ours or of the machine, not of the input: exit status 3. */
static int say_failed_check(struct app *app, const struct zone *zone, int err)
{
    char name[NAME_TEXT_LEN];
    name_to_text(zone_apex(zone), name);
    diag_add(app->diags, &rule_self_check, AT_NOWHERE, name, "the signed zone fails: %s",
             err_text(err));
    return err == ERR_FINDINGS ? ERR_CRYPTO : err;
}

static int sign_into(struct app *app, const struct sign_job *job, struct zone_out *out,
                     struct signed_zone *ret)
{
    struct sign_sink sink = zone_out_sink(out);
    const struct sign_params params = {
        .policy = job->policy,
        .keys = ret->uses,
        .key_n = ret->keys.n,
        .shows_cds = job->shows_cds,
        .deletes_ds = job->deletes_ds,
        .given = job->given,
        .dnskey_ttl_s = job->dnskey_ttl_s,
        .now = app->now,
        .previous = job->previous,
        .previous_is_proved = job->previous_is_proved,
        .has_serial_floor = job->has_serial_floor,
        .serial_floor = job->serial_floor,
        .self_check = job->self_check,
        .threads = job->threads,
        .progress = job->progress,
        .sink = &sink,
    };
    AUTO_PTR(zone) struct zone *signed_zone = NULL;
    if (job->self_check != SELF_CHECK_OFF)
        zone_out_set_proofreading(out, job->previous_is_proved ? job->previous : NULL);
    if (job->self_check == SELF_CHECK_FULL)
        zone_out_set_holding(out);
    int err = job->is_unsigned
                  ? sign_unsigned(job->zone, &params, &signed_zone, &ret->report, app->diags)
                  : sign_zone(job->zone, &params, &signed_zone, &ret->report, app->diags);
    if (zone_out_has_misprint(out))
        return say_failed_check(app, job->zone, err);
    return err == ERR_OK ? zone_out_end(out, ret->proof) : err;
}

int sign_checked(struct app *app, const struct sign_job *job, struct zone_out *out,
                 struct signed_zone *ret)
{
    int err = sign_into(app, job, out, ret);
    if (err == ERR_OK)
        err = sign_ds(zone_apex(job->zone), ret->uses, ret->keys.n, job->policy->parent_ds_ttl_s,
                      &ret->ds);
    if (err != ERR_OK || job->self_check != SELF_CHECK_FULL || job->is_unsigned)
        return err;
    err = verify_out(app, out, ret);
    return err == ERR_OK ? err : say_failed_check(app, job->zone, err);
}

/* ------------------------------------------------------------------ many zones */

int signing_app(const struct app *app, struct app *ret)
{
    *ret = *app;
    ret->diags = diags_new();
    return ret->diags == NULL ? ERR_NOMEM : ERR_OK;
}

void signing_app_done(struct app *app, struct app *own)
{
    diags_move(app->diags, own->diags);
    diags_free(own->diags);
    own->diags = NULL;
}

static bool is_large(const struct signing_work *w, size_t i)
{
    return w->n == 1 || w->is_large(w->ctx, i);
}

static int work_small(void *worker, size_t from, size_t to)
{
    const struct signing_work *w = worker;
    for (size_t i = from; i < to; i++) {
        if (!is_large(w, i))
            w->work(w->ctx, i, 1);
    }
    return ERR_OK;
}

int signing_run(const struct signing_work *work)
{
    void *workers[POOL_THREADS_MAX];
    for (size_t i = 0; i < work->threads; i++)
        workers[i] = (void *)(uintptr_t)work; /* read only */
    int err = pool_run(work->n, 1, workers, work->threads, work_small);
    for (size_t i = 0; i < work->n && err == ERR_OK; i++) {
        if (is_large(work, i))
            work->work(work->ctx, i, work->threads);
    }
    return err;
}
