/*
 * app/sign_task.c -- one zone of `mudzone sign`: load, check, previous version, keys, sign.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/pipeline.h"
#include "app/rules_app.h"
#include "app/sign_run.h"
#include "common/limits.h"

static void task_drop_zones(struct sign_task *t)
{
    zone_free(t->zone);
    zone_free(t->old);
    t->zone = NULL;
    t->old = NULL;
}

void sign_task_done(struct sign_task *t)
{
    task_drop_zones(t);
    zone_out_free(t->out);
    free(t->out_path);
    signed_zone_done(&t->result);
    diags_free(t->app.diags);
}

/* ------------------------------------------------------------------ the zone */

static int load(struct sign_task *t, const char *path, const uint8_t *origin, struct zone **ret)
{
    const struct zone_load_opts opts = {.origin = origin, .allow_include = t->run->allow_include};
    return zone_open(&t->app, path, &opts, ret);
}

static int apply_ttl_policy(struct sign_task *t)
{
    const struct sign_run *run = t->run;
    t->dnskey_ttl_s = run->policy.dnskey_ttl_s;
    if (run->ttl == NULL)
        return ERR_OK;
    struct zone *changed = NULL;
    struct diags *diags = t->app.diags;
    int64_t now = t->app.now;
    int err = ttl_apply(t->zone, run->ttl, run->policy.signature_validity_s, now, &changed, diags);
    if (changed != NULL) {
        zone_free(t->zone);
        t->zone = changed;
    }
    int generated =
        ttl_apply_generated(t->zone, run->ttl, &run->policy, now, &t->dnskey_ttl_s, diags);
    return err == ERR_OK ? generated : err;
}

static int load_zone(struct sign_task *t)
{
    int err = load(t, t->file, t->run->has_origin ? t->run->origin : NULL, &t->zone);
    if (err != ERR_OK)
        return err;
    const uint8_t *apex = zone_apex(t->zone);
    memcpy(t->apex, apex, name_len(apex));
    err = zone_check(t->zone, t->app.diags);
    int ttl = apply_ttl_policy(t);
    if (err == ERR_OK)
        err = ttl;
    return err == ERR_OK ? app_gate(&t->app) : err;
}

/* ------------------------------------------------------------------ where it goes */

/* DIR/<zone>.zone */
static char *path_in(const char *dir, const uint8_t *apex)
{
    AUTO_FREE char *stem = zone_file_stem(apex);
    char *path = NULL;
    return stem == NULL || asprintf(&path, "%s/%s.zone", dir, stem) < 0 ? NULL : path;
}

bool sign_is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int choose_place(struct sign_task *t)
{
    struct sign_run *run = t->run;
    if (run->out == NULL)
        return ERR_OK;
    t->out_path = run->is_folder ? path_in(run->out, t->apex) : strdup(run->out);
    if (t->out_path == NULL)
        return ERR_NOMEM;
    if (sign_is_same_file(t->file, t->out_path)) {
        diag_add(t->app.diags, &rule_file_exists, AT_FILE(t->out_path), NULL,
                 "is the zone file that it would be made from");
        return ERR_CONFIG;
    }
    return sign_run_takes_place(run, t) ? ERR_OK : ERR_CONFIG;
}

/* Before anything is signed: a place that cannot be written to costs no minutes. */
static int open_place(struct sign_task *t)
{
    int err = t->out_path == NULL ? zone_out_stdout(&t->out)
              : t->run->is_folder ? zone_out_entry(t->out_path, &t->out)
                                  : zone_out_file(t->out_path, &t->out);
    if (err == ERR_IO)
        diag_add(t->app.diags, &rule_file_unwritable, AT_FILE(t->out_path), NULL, "%s",
                 strerror(errno));
    struct proof_digest *digest = NULL;
    if (err == ERR_OK)
        err = sign_run_digest(t->run, &t->app, &digest);
    if (err == ERR_OK)
        zone_out_set_digest(t->out, digest);
    return err;
}

/* ------------------------------------------------------------------ the previous version */

static int is_proved(const struct sign_task *t, const struct buf *text, bool *ret)
{
    AUTO_PTR(proof_digest) struct proof_digest *digest = NULL;
    char hex[PROOF_HEX_LEN];
    if (!t->run->proved_before)
        return ERR_OK;
    int err = proof_begin(t->run->proof, &digest);
    if (err == ERR_OK)
        err = proof_feed(digest, buf_str(text), text->len);
    if (err == ERR_OK)
        err = proof_end(digest, hex);
    if (err == ERR_OK)
        *ret = proof_knows(t->run->proof, hex);
    return err;
}

/* A file that we wrote. RET stays NULL when it is not: it is any zone file then. */
static int load_proved(struct sign_task *t, const char *path, struct zone **ret)
{
    AUTO(buf) struct buf text = {0};
    int err = file_read(path, (size_t)LIMIT_ZONE_BYTES, &text);
    if (err == ERR_OK)
        err = is_proved(t, &text, &t->old_is_proved);
    if (err == ERR_OK && t->old_is_proved)
        err = zone_reread(path, buf_str(&text), text.len, ret);
    if (*ret == NULL)
        t->old_is_proved = false;
    return err == ERR_NOMEM || err == ERR_CRYPTO ? err : ERR_OK;
}

static int load_unproved(struct sign_task *t, const char *path, struct zone **ret)
{
    int err = load(t, path, t->apex, ret);
    if (err == ERR_OK)
        diag_add(t->app.diags, &rule_previous_unproved, AT_FILE(path), NULL, "is not known to %s",
                 t->run->keys);
    return err;
}

static int load_old(struct sign_task *t, const char *path)
{
    AUTO_PTR(zone) struct zone *old = NULL;
    int err = load_proved(t, path, &old);
    if (err == ERR_OK && old == NULL)
        err = load_unproved(t, path, &old);
    if (err != ERR_OK)
        return err;
    if (name_compare(zone_apex(old), t->apex) == 0 && sign_is_signed(old))
        t->old = TAKE(old);
    else
        diag_add(t->app.diags, &rule_previous_unusable, AT_FILE(path), NULL,
                 "is not signed, or another zone");
    return ERR_OK;
}

static int load_previous(struct sign_task *t)
{
    const struct sign_run *run = t->run;
    if (run->previous == NULL)
        return ERR_OK;
    if (!run->is_folder)
        return load_old(t, run->previous);
    AUTO_FREE char *path = path_in(run->previous, t->apex);
    struct stat st;
    if (path == NULL)
        return ERR_NOMEM;
    if (stat(path, &st) != 0 && errno == ENOENT)
        return ERR_OK; /* a zone that is new here */
    return load_old(t, path);
}

/* ------------------------------------------------------------------ keys */

/* Trust rule 1, where there is no state: a zone that was signed before gets no new keys unasked. */
static int refuse_lost_keys(struct sign_task *t)
{
    const struct sign_run *run = t->run;
    bool input = sign_is_signed(t->zone);
    diag_add(t->app.diags, &rule_zone_signed_input, AT_FILE(input ? t->file : zone_file(t->old)),
             NULL, "the file holds DNSKEY or RRSIG records, and %s no keys", run->keys);
    diag_expect(t->app.diags, "--keys with the folder of the zone's keys, or --accept-new-keys "
                              "(validators then refuse the zone until the parent has the new DS)");
    return ERR_KEY;
}

/* The same before the folder of keys would be made, so that a refusal leaves nothing behind. */
static int open_folder(struct sign_task *t, const struct key_folder **ret)
{
    const struct sign_run *run = t->run;
    bool absent = access(run->keys, F_OK) != 0 && errno == ENOENT;
    if (absent && !run->accept_new_keys && sign_is_signed(t->zone))
        return refuse_lost_keys(t);
    return sign_run_open(t->run, &t->app, ret);
}

static int take_keys(struct sign_task *t, const struct key_folder *folder)
{
    const struct sign_run *run = t->run;
    bool was_signed = sign_is_signed(t->zone) || t->old != NULL;
    if (was_signed && !run->accept_new_keys && key_folder_is_empty(folder))
        return refuse_lost_keys(t);
    int err = key_folder_keys(folder, t->apex, run->policy.algorithm, run->policy.single_key,
                              run->accept_new_keys, &t->result.keys, &t->keys_made, t->app.diags);
    return err == ERR_OK ? signed_zone_use_all(&t->result) : err;
}

static int strip(struct sign_task *t)
{
    struct zone *stripped = NULL;
    int err = sign_strip(t->zone, &stripped, t->app.diags);
    if (err != ERR_OK)
        return err;
    zone_free(t->zone);
    t->zone = stripped;
    return ERR_OK;
}

/* ------------------------------------------------------------------ all together */

static int prepare(struct sign_task *t)
{
    const struct key_folder *folder = NULL;
    int err = load_zone(t);
    if (err == ERR_OK)
        err = choose_place(t);
    if (err == ERR_OK)
        err = open_folder(t, &folder);
    if (err == ERR_OK)
        err = load_previous(t);
    if (err == ERR_OK)
        err = take_keys(t, folder);
    sign_run_keys_done(t->run);
    if (err == ERR_OK)
        err = strip(t);
    if (err == ERR_OK)
        err = app_gate(&t->app); /* --strict: before a pipe gets anything */
    return err == ERR_OK ? open_place(t) : err;
}

/* policy_check is left out on purpose: it asks how far ahead of expiry a *service* signs again, and
   here that is the caller's business. */
static int sign(struct sign_task *t, size_t threads)
{
    struct sign_run *run = t->run;
    const struct sign_job job = {
        .zone = t->zone,
        .policy = &run->policy,
        .shows_cds = run->policy.cds == CDS_ALWAYS,
        .dnskey_ttl_s = t->dnskey_ttl_s,
        .previous = t->old,
        .previous_is_proved = t->old_is_proved,
        .has_serial_floor = t->old != NULL,
        .serial_floor = t->old == NULL ? 0 : zone_soa_serial(t->old),
        .self_check = run->signing.self_check,
        .threads = threads,
        .progress = &run->progress,
    };
    int err = sign_checked(&t->app, &job, t->out, &t->result);
    if (err == ERR_IO && zone_out_err(t->out) == ERR_IO)
        diag_add(t->app.diags, &rule_file_unwritable, AT_FILE(t->out_path), NULL, "%s",
                 strerror(errno));
    if (err == ERR_OK)
        err = app_gate(&t->app);
    return err;
}

void sign_task_work(struct sign_task *t, size_t threads)
{
    t->err = prepare(t);
    if (t->err == ERR_OK)
        t->err = sign(t, threads);
    task_drop_zones(t);
    if (t->err == ERR_OK && t->run->is_folder)
        t->err = file_stream_close(zone_out_stream(t->out)); /* to be committed with the others */
}
