#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"

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

static int parse_previous(const struct build *b, size_t i, struct zone **ret)
{
    const struct build_zone *z = &b->zones[i];
    const struct zone_load_opts opts = {.origin = b->site.zones[i].inv->name};
    if (z->previous_text.len == 0)
        return ERR_OK;
    int err = zone_parse("the last signed zone", buf_str(&z->previous_text), z->previous_text.len,
                         &opts, ret, b->app->diags);
    return err == ERR_FINDINGS ? ERR_STATE : err;
}

/* ------------------------------------------------------------------ signing */

static int sign_one(struct build *b, size_t i)
{
    const struct site_zone *from = &b->site.zones[i];
    struct build_zone *z = &b->zones[i];
    AUTO_PTR(zone) struct zone *previous = NULL;
    int err = load_previous(b, i);
    if (err == ERR_OK)
        err = parse_previous(b, i, &previous);
    if (err != ERR_OK)
        return err;
    struct sign_job job = {
        .zone = z->merged, .policy = from->inv->dnssec, .dnskey_ttl_s = from->dnskey_ttl_s};
    set_serial_floor(b, i, &job);
    job.previous = is_overtaken(z, &job) ? NULL : previous;
    err = sign_and_verify(b->app, &job, &z->signed_zone);
    const struct sign_report *r = &z->signed_zone.report;
    if (err == ERR_OK && (b->rebuild_before_at == 0 || r->rebuild_before_at < b->rebuild_before_at))
        b->rebuild_before_at = r->rebuild_before_at;
    return err;
}

int build_sign(struct build *b)
{
    struct progress progress;
    progress_start(&progress, b->app, "signing zones");
    int err = ERR_OK;
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++) {
        progress_step(&progress, i, b->zone_n);
        err = sign_one(b, i);
    }
    progress_done(&progress);
    return err;
}
