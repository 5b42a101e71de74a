/*
 * app/build_sign.c -- the zones of an inventory, signed side by side.
 *
 * State is read before and written after, by one thread; in between each zone has what it needs.
 */
#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"
#include "common/timetext.h"

/* One zone on its way. */
struct build_task {
    struct build *build;
    size_t i;
    struct app app;       /* with findings of its own */
    struct diags *alarms; /* of a frozen zone: they must not stop the build */
    int err;
};

/* ------------------------------------------------------------------ what earlier builds fixed */

static int load_previous(struct build *b, size_t i)
{
    struct build_zone *z = &b->zones[i];
    AUTO(state_zone) struct state_zone s = {0};
    int err = state_zone_get(b->state, b->site.zones[i].inv->name, &s);
    if (err != ERR_OK)
        return err;
    z->confirmed = s.confirmed_at != 0;
    z->has_serial = s.has_serial;
    z->serial = s.serial;
    z->previous_text = s.signed_zone;
    s.signed_zone = (struct buf){0};
    return ERR_OK;
}

/* Trust rule 4: the largest serial that state or OUT know. */
static void set_serial_floor(const struct build *b, size_t i, struct sign_job *job)
{
    const struct build_zone *z = &b->zones[i];
    const struct manifest_zone *old = manifest_zone(&b->old, b->site.zones[i].inv->text);
    job->has_serial_floor = z->has_serial || old != NULL;
    job->serial_floor = z->has_serial ? z->serial : 0;
    if (old != NULL && (!z->has_serial || serial_is_after(old->serial, z->serial)))
        job->serial_floor = old->serial;
}

/* A previous zone that OUT is already past (state came back from an older copy) must not come out
   again under its old serial: all is signed anew, above OUT's. */
static bool is_overtaken(const struct build_zone *z, const struct sign_job *job)
{
    return job->has_serial_floor && z->has_serial && serial_is_after(job->serial_floor, z->serial);
}

/* A text of an older version's form is read as any zone file. */
int build_read_last(const struct build *b, size_t i, const struct buf *text, struct zone **ret,
                    struct diags *diags)
{
    static const char name[] = "the last signed zone";
    const struct zone_load_opts opts = {.origin = b->site.zones[i].inv->name};
    int err = zone_reread(name, buf_str(text), text->len, ret);
    if (err == ERR_FINDINGS)
        err = zone_parse(name, buf_str(text), text->len, &opts, ret, diags);
    return err == ERR_FINDINGS ? ERR_STATE : err;
}

static int parse_previous(struct build_task *t, struct zone **ret)
{
    struct build_zone *z = &t->build->zones[t->i];
    if (z->previous_text.len == 0)
        return ERR_OK;
    int err = build_read_last(t->build, t->i, &z->previous_text, ret, t->app.diags);
    buf_done(&z->previous_text);
    return err;
}

/* ------------------------------------------------------------------ signing */

static struct sign_job job_of(const struct build_task *t, size_t threads,
                              const struct zone *previous)
{
    struct build *b = t->build;
    const struct build_zone *z = &b->zones[t->i];
    struct sign_job job = {.zone = z->merged,
                           .policy = b->site.zones[t->i].inv->dnssec,
                           .is_unsigned = !life_is_signed(&z->life),
                           .shows_cds = z->shows_cds,
                           .deletes_ds = z->deletes_ds,
                           .given = z->given,
                           .dnskey_ttl_s = b->site.zones[t->i].dnskey_ttl_s,
                           .self_check = b->signing.self_check,
                           .threads = threads,
                           .progress = &b->progress};
    set_serial_floor(b, t->i, &job);
    job.previous = is_overtaken(z, &job) ? NULL : previous;
    job.previous_is_proved = job.previous != NULL;
    return job;
}

static int sign_one(struct build_task *t, size_t threads)
{
    struct signed_zone *to = &t->build->zones[t->i].signed_zone;
    AUTO_PTR(zone) struct zone *previous = NULL;
    AUTO_PTR(zone_out) struct zone_out *out = NULL;
    int err = parse_previous(t, &previous);
    if (err == ERR_OK)
        err = zone_out_buf(&to->text, &out);
    if (err != ERR_OK)
        return err;
    const struct sign_job job = job_of(t, threads, previous);
    return sign_checked(&t->app, &job, out, to);
}

/* ------------------------------------------------------------------ a zone whose key is missing */

static int64_t first_expiration(const struct zone *z, int64_t now)
{
    struct zone_cursor at;
    struct zone_node node;
    int64_t first_at = INT64_MAX;
    zone_first(z, &at);
    while (zone_next(&at, &node)) {
        struct set_walk w;
        struct zone_rrset set;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set)) {
            const uint8_t *pos = set.sigs;
            for (uint32_t i = 0; i < set.sig_n; i++) {
                struct zone_sig sig;
                sig_walk_next(&set, &pos, &sig);
                /* RFC 4034 s3.1.5 */
                int64_t expires_at = now + (int32_t)(sig.expiration - (uint32_t)now);
                first_at = expires_at < first_at ? expires_at : first_at;
            }
        }
    }
    return first_at == INT64_MAX ? 0 : first_at;
}

/* The last good version, byte for byte. */
static int keep(struct build_task *t, const struct zone *previous)
{
    struct build_zone *z = &t->build->zones[t->i];
    const struct inv_zone *inv = t->build->site.zones[t->i].inv;
    struct sign_report *r = &z->signed_zone.report;
    char until[TIME_TEXT_LEN];
    buf_clear(&z->signed_zone.text);
    buf_clear(&z->signed_zone.ds);
    *r = (struct sign_report){.serial = zone_soa_serial(previous),
                              .expires_at = first_expiration(previous, t->app.now)};
    r->rebuild_before_at = r->expires_at - inv->dnssec->signature_refresh_s;
    time_format_rfc3339(r->expires_at, until);
    diag_add(t->alarms, &rule_zone_unrefreshed, AT_NOWHERE, inv->text,
             "no signature can be made anew; the first expires at %s", until);
    int err = zone_write(previous, &z->signed_zone.text);
    return err == ERR_OK ? sign_ds(inv->name, z->signed_zone.uses, z->signed_zone.keys.n,
                                   inv->dnssec->parent_ds_ttl_s, &z->signed_zone.ds)
                         : err;
}

#define TYPE_DNSKEY 48
#define TYPE_CDS    59

/* What today's policy would show instead, a missing KSK could not sign. RFC 8078 s4: algorithm 0
   asks for no DS. */
static void keep_apex(struct sign_job *job, const struct zone *previous)
{
    struct zone_rrset dnskey;
    struct zone_rrset cds;
    if (zone_rrset(previous, zone_apex(previous), TYPE_DNSKEY, &dnskey))
        job->dnskey_ttl_s = dnskey.ttl;
    bool any = zone_rrset(previous, zone_apex(previous), TYPE_CDS, &cds) && cds.rrs.count > 0;
    job->deletes_ds = any && cds.rrs.rdata->len > 2 && cds.rrs.rdata->data[2] == 0;
    job->shows_cds = any && !job->deletes_ds;
}

/* Trust rule 6: the last good contents, signed again by the keys that are there; what the missing
   one signed is taken from them. */
static int refresh(struct build_task *t, size_t threads)
{
    struct signed_zone *to = &t->build->zones[t->i].signed_zone;
    struct app app = t->app;
    AUTO_PTR(zone) struct zone *previous = NULL;
    AUTO_PTR(zone) struct zone *content = NULL;
    AUTO_PTR(zone_out) struct zone_out *out = NULL;
    app.diags = t->alarms;
    int err = parse_previous(t, &previous);
    if (err == ERR_OK && previous == NULL)
        return ERR_KEY; /* there is no last good version */
    if (err == ERR_OK)
        err = sign_strip(previous, &content, NULL);
    if (err == ERR_OK)
        err = zone_out_buf(&to->text, &out);
    if (err != ERR_OK)
        return err;
    struct sign_job job = job_of(t, threads, previous);
    job.zone = content;
    job.given = previous;
    keep_apex(&job, previous);
    err = sign_checked(&app, &job, out, to);
    if (err == ERR_KEY && is_overtaken(&t->build->zones[t->i], &job))
        return err; /* OUT has a later version, and keeps it (trust rule 4) */
    return err == ERR_KEY ? keep(t, previous) : err;
}

static bool zone_is_large(const void *ctx, size_t i)
{
    const struct build_task *tasks = ctx;
    return zone_node_n(tasks[i].build->zones[i].merged) > SIGNING_LARGE_NODES;
}

static void work(void *ctx, size_t i, size_t threads)
{
    struct build_task *t = (struct build_task *)ctx + i;
    t->err = t->build->zones[t->i].frozen ? refresh(t, threads) : sign_one(t, threads);
}

static int sign_all(struct build *b, struct build_task *tasks)
{
    struct progress progress;
    const struct signing_work all = {.n = b->zone_n,
                                     .threads = b->signing.threads,
                                     .is_large = zone_is_large,
                                     .work = work,
                                     .ctx = tasks};
    progress_start_signing(&progress, b->app, "signing zones", &b->progress);
    int err = signing_run(&all);
    progress_done(&progress);
    return err;
}

/* The first zone's error stops the build. */
static int gather(struct build *b, struct build_task *tasks)
{
    int first = ERR_OK;
    for (size_t i = 0; i < b->zone_n; i++) {
        const struct sign_report *r = &b->zones[i].signed_zone.report;
        signing_app_done(b->app, &tasks[i].app);
        diags_move(b->alarms, tasks[i].alarms);
        diags_free(tasks[i].alarms);
        first = first == ERR_OK ? tasks[i].err : first;
        if (r->expires_at != 0 &&
            (b->rebuild_before_at == 0 || r->rebuild_before_at < b->rebuild_before_at))
            b->rebuild_before_at = r->rebuild_before_at;
    }
    return first;
}

int build_sign(struct build *b)
{
    AUTO_FREE struct build_task *tasks = calloc(b->zone_n + 1, sizeof(*tasks));
    int err = tasks == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++) {
        tasks[i] = (struct build_task){.build = b, .i = i, .alarms = diags_new()};
        err = tasks[i].alarms == NULL ? ERR_NOMEM : signing_app(b->app, &tasks[i].app);
        if (err == ERR_OK)
            err = load_previous(b, i);
    }
    if (err == ERR_OK)
        err = sign_all(b, tasks);
    int first = tasks == NULL ? ERR_OK : gather(b, tasks);
    return err == ERR_OK ? first : err;
}
