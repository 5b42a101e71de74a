/*
 * app/verify_zones.c -- the zones of OUT: each one's signatures and chain, its DS file, its serial,
 * its keys.
 */
#include <stdlib.h>
#include <string.h>

#include "app/verify_out.h"
#include "common/file.h"
#include "common/timetext.h"

static int load(struct verify_out *v, const char *path, const uint8_t *origin, bool may_be_empty,
                struct zone **ret)
{
    AUTO_FREE char *file = file_join(v->out, path);
    if (file == NULL)
        return ERR_NOMEM;
    struct verify_out_file *f = verify_out_file(v, path);
    if (f == NULL) {
        verify_out_found(v, &rule_out_incomplete, path, NULL, "not in the manifest");
        return ERR_FINDINGS;
    }
    if (!f->seen) /* has its finding */
        return ERR_FINDINGS;
    const struct zone_load_opts opts = {.origin = origin, .may_be_empty = may_be_empty};
    return zone_load(file, &opts, ret, v->app->diags);
}

static void judge_said(struct verify_out *v, const struct verify_out_zone *z)
{
    uint32_t serial = zone_soa_serial(z->zone);
    if (serial != z->said->serial) {
        verify_out_found(v, &rule_out_zone_serial, z->said->file, z->said->name, "SOA serial %u",
                         serial);
        diag_expect(v->app->diags, "%u, as in the manifest", z->said->serial);
    }
    if (z->report.expires_at != 0 && z->report.expires_at != z->said->expires_at) {
        char found[TIME_TEXT_LEN];
        char said[TIME_TEXT_LEN];
        time_format_rfc3339(z->report.expires_at, found);
        time_format_rfc3339(z->said->expires_at, said);
        verify_out_found(v, &rule_out_zone_expires, z->said->file, z->said->name,
                         "first signature expires at %s", found);
        diag_expect(v->app->diags, "%s, as in the manifest", said);
    }
}

enum { TYPE_DNSKEY = 48 };

/* The manifest says by which keys: a build refuses an OUT of keys that it does not know by that. */
static int judge_keys(struct verify_out *v, const struct verify_out_zone *z)
{
    AUTO(strings) struct strings wanted = {0};
    AUTO(strings) struct strings found = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < z->said->key_n && err == ERR_OK; i++)
        err = strings_add(&wanted, z->said->keys[i].digest);
    struct zone_rrset set;
    bool any = zone_rrset(z->zone, zone_apex(z->zone), TYPE_DNSKEY, &set);
    knot_rdata_t *rd = any ? set.rrs.rdata : NULL;
    for (uint16_t i = 0; any && i < set.rrs.count && err == ERR_OK; i++) {
        char digest[KEY_DIGEST_LEN] = "of an unknown algorithm";
        err = verify_key_digest((struct bytes){rd->data, rd->len}, digest);
        if (err == ERR_OK || err == ERR_ABSENT)
            err = strings_add(&found, digest);
        rd = knot_rdataset_next(rd);
    }
    if (err == ERR_OK)
        strings_compare(v, &wanted, &found, &rule_out_zone_keys, z->said->file, z->said->name,
                        "key");
    return err;
}

/* By the manifest, and nothing that is published says else: no key, no signature, no DS. */
static bool is_unsigned_on_purpose(const struct verify_out_zone *z, const struct zone *ds)
{
    return z->said->expires_at == 0 && z->said->key_n == 0 && !sign_is_signed(z->zone) &&
           ds != NULL && zone_record_n(ds) == 0;
}

static int judge_zone(struct verify_out *v, struct verify_out_zone *z)
{
    uint8_t name[256];
    if (!name_from_text(z->said->name, name)) {
        verify_out_found(v, &rule_out_zone_name, "manifest.json", z->said->name, "not a name");
        return ERR_FINDINGS;
    }
    AUTO_PTR(zone) struct zone *ds = NULL;
    int err = load(v, z->said->file, name, false, &z->zone);
    int ds_err = load(v, z->said->ds, name, true, &ds);
    if (err != ERR_OK)
        return err;
    if (ds_err != ERR_OK && ds_err != ERR_FINDINGS)
        return ds_err;
    const struct verify_params params = {.now = v->app->now, .ds = ds};
    bool is_unsigned = is_unsigned_on_purpose(z, ds);
    if (!is_unsigned)
        err = verify_zone(z->zone, &params, &z->report, v->app->diags);
    if (err != ERR_OK && err != ERR_FINDINGS)
        return err;
    judge_said(v, z);
    z->good = err == ERR_OK && ds != NULL;
    return judge_keys(v, z);
}

static bool is_of_a_zone(const struct verify_out *v, const char *path)
{
    for (size_t i = 0; i < v->manifest.zone_n; i++) {
        if (strcmp(path, v->manifest.zones[i].file) == 0 ||
            strcmp(path, v->manifest.zones[i].ds) == 0)
            return true;
    }
    return false;
}

static void judge_extra(struct verify_out *v)
{
    for (size_t i = 0; i < v->file_n; i++) {
        const char *path = v->files[i].said->path;
        if (strncmp(path, "zones/", 6) == 0 && !is_of_a_zone(v, path))
            verify_out_found(v, &rule_out_zone_extra, path, NULL, "of no zone in the manifest");
    }
}

int verify_zones(struct verify_out *v)
{
    v->zones = calloc(v->manifest.zone_n + 1, sizeof(*v->zones));
    if (v->zones == NULL)
        return ERR_NOMEM;
    struct progress p;
    progress_start(&p, v->app, "verifying zones");
    int err = ERR_OK;
    for (size_t i = 0; i < v->manifest.zone_n; i++) {
        struct verify_out_zone *z = &v->zones[v->zone_n++];
        z->said = &v->manifest.zones[i];
        err = judge_zone(v, z);
        if (err != ERR_OK && err != ERR_FINDINGS)
            break;
        err = ERR_OK;
        progress_step(&p, v->zone_n, v->manifest.zone_n);
    }
    progress_done(&p);
    judge_extra(v);
    return err;
}
