/*
 * signer/unsigned.c -- a zone that is published without DNSSEC: its serial, its digest, nothing
 * else.
 */
#include "common/err.h"
#include "signer/sign.h"
#include "zones/packed.h"

/* RFC 8976 s1.1: the digest is of use in a zone that is not signed, too. */
static int set_digest(struct job *job, uint32_t serial)
{
    AUTO(buf) struct buf apex = {0};
    uint8_t digest[ZONEMD_DIGEST_MAX];
    if (!job->params->policy->zonemd)
        return ERR_OK;
    int err = zonemd_compute(job->zone, ZONEMD_SHA384, digest);
    if (err == ERR_OK)
        err = content_apex_again(job->zone, serial, digest, &apex);
    return err == ERR_OK ? job_set_apex(job, apex.data) : err;
}

static int make(struct job *job, uint32_t serial)
{
    int err = sign_open_contents(job, serial, NULL);
    if (err == ERR_OK)
        err = set_digest(job, serial);
    if (err == ERR_OK)
        tree_recount(&job->zone->names);
    return err;
}

static int make_zone(struct job *job, bool *ret_same)
{
    if (sign_may_stay(job)) {
        int err = make(job, zone_soa_serial(job->previous));
        *ret_same = err == ERR_OK && sign_zones_equal(job->zone, job->previous);
        if (err != ERR_OK || *ret_same)
            return err;
    }
    return make(job, sign_serial(job));
}

int sign_unsigned(const struct zone *zone, const struct sign_params *params, struct zone **ret,
                  struct sign_report *ret_report, struct diags *diags)
{
    AUTO(job)
    struct job job = {.content = zone, .params = params, .diags = diags, .is_unsigned = true};
    bool same = false;
    int err = sign_check_zone(&job);
    if (err != ERR_OK)
        return err;
    sign_check_previous(&job);
    err = make_zone(&job, &same);
    if (err == ERR_OK && same) {
        zone_free(job.zone);
        job.zone = zone_ref(job.previous);
    }
    if (err == ERR_OK)
        err = full_write(&job);
    if (err != ERR_OK)
        return err;
    *ret_report = (struct sign_report){.serial = zone_soa_serial(job.zone), .changed = !same};
    *ret = TAKE(job.zone);
    return ERR_OK;
}
