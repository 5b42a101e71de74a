#include "app/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/rules_app.h"
#include "publish/publish.h"

#define TYPE_SOA 6

void site_done(struct site *site)
{
    for (size_t i = 0; i < site->zone_n; i++)
        zone_free(site->zones[i].ready);
    free(site->zones);
    inventory_free(site->inv);
    *site = (struct site){0};
}

/* A stage that found errors does not end the run: the next ones find theirs. Others do. */
static bool is_fatal(int err)
{
    return err != ERR_OK && err != ERR_FINDINGS;
}

/* ------------------------------------------------------------------ one zone */

void zone_times(const struct zone *z, uint32_t *ret_max_ttl_s, uint32_t *ret_soa_expire_s)
{
    uint32_t max = 0;
    struct zone_rrset set;
    struct zone_cursor c;
    struct zone_node node;
    zone_first(z, &c);
    while (zone_next(&c, &node)) {
        struct set_walk w;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set))
            max = set.ttl > max ? set.ttl : max;
    }
    *ret_max_ttl_s = max;
    *ret_soa_expire_s = 0;
    /* RFC 1035 s3.3.13: two names, then five numbers; the fourth is expire */
    if (!zone_rrset(z, zone_apex(z), TYPE_SOA, &set) || set.rrs.count == 0 ||
        set.rrs.rdata->len < 20)
        return;
    const uint8_t *p = set.rrs.rdata->data + set.rrs.rdata->len - 8;
    *ret_soa_expire_s = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int zone_open(struct app *app, const char *path, const struct zone_load_opts *opts,
              struct zone **ret)
{
    int err = zone_load(path, opts, ret, app->diags);
    return err == ERR_IO ? ERR_CONFIG : err;
}

static int zone_load_one(struct app *app, const struct inv_zone *inv, bool allow_include,
                         struct zone **ret)
{
    if (inv->file == NULL)
        return ERR_INTERNAL; /* an inventory with `primary` does not load in this version */
    const struct zone_load_opts opts = {
        .origin = inv->name, .allow_include = allow_include, .keep_partial = true};
    size_t before = diags_count(app->diags, SEV_ERROR);
    int err = zone_open(app, inv->file, &opts, ret);
    bool said = diags_count(app->diags, SEV_ERROR) > before;
    return said && err == ERR_LIMIT ? ERR_FINDINGS : err;
}

static int zone_check_policies(struct app *app, struct site_zone *z, const struct zone *loaded)
{
    const struct inv_zone *inv = z->inv;
    int err = zone_check(loaded, app->diags);
    if (is_fatal(err))
        return err;
    err = ttl_apply(loaded, inv->ttl, inv->dnssec->signature_validity_s, app->now, &z->ready,
                    app->diags);
    if (is_fatal(err))
        return err;
    const struct zone *ready = z->ready == NULL ? loaded : z->ready;
    struct dnssec_policy dnssec = *inv->dnssec;
    if (dnssec.where.file == NULL)
        dnssec.where = inv->where; /* built in: the zone is who asked for it */
    err = ttl_apply_generated(ready, inv->ttl, &dnssec, app->now, &z->dnskey_ttl_s, app->diags);
    if (is_fatal(err))
        return err;
    uint32_t max_ttl_s = 0, soa_expire_s = 0;
    zone_times(ready, &max_ttl_s, &soa_expire_s);
    if (z->dnskey_ttl_s > max_ttl_s)
        max_ttl_s = z->dnskey_ttl_s;
    return policy_check(&dnssec, inv->text, max_ttl_s, soa_expire_s, app->diags);
}

/* What could be read of a faulty file has findings, too. It goes no further: names and sizes would
   be judged without the records that are missing. */
static int site_check_partial(struct app *app, struct site_zone *z, const struct zone *loaded)
{
    int err = zone_check_policies(app, z, loaded);
    zone_free(z->ready);
    z->ready = NULL;
    return is_fatal(err) ? err : ERR_FINDINGS;
}

static int site_check_zone(struct app *app, struct site_zone *z, bool allow_include)
{
    AUTO_PTR(zone) struct zone *loaded = NULL;
    int err = zone_load_one(app, z->inv, allow_include, &loaded);
    if (loaded != NULL && err == ERR_FINDINGS)
        return site_check_partial(app, z, loaded);
    if (err != ERR_OK)
        return err;
    z->was_signed = sign_is_signed(loaded);
    err = zone_check_policies(app, z, loaded);
    /* a zone whose TTLs are refused is still looked at by the checks of names and sizes */
    if (z->ready == NULL)
        z->ready = TAKE(loaded);
    return err;
}

/* ------------------------------------------------------------------ the inventory's zones together
 */

int site_open(struct app *app, struct site *site)
{
    return inventory_load(app->inventory, app->now, &site->inv, app->diags);
}

static int check_together(struct app *app, struct site *site)
{
    struct zone **zones = calloc(site->zone_n + 1, sizeof(*zones));
    if (zones == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < site->zone_n; i++)
        zones[i] = site->zones[i].ready;
    const struct zone_set set = {site->inv, zones};
    int err = names_check(&set, app->diags);
    if (!is_fatal(err))
        err = sizes_check(&set, app->diags);
    free(zones);
    if (!is_fatal(err))
        err = mud_check(site->inv, app->now, app->diags);
    return is_fatal(err) ? err : ERR_OK;
}

int site_check(struct app *app, struct site *site, bool allow_include)
{
    site->zones = calloc(site->inv->zone_n + 1, sizeof(*site->zones));
    if (site->zones == NULL)
        return ERR_NOMEM;
    site->zone_n = site->inv->zone_n;
    struct progress progress;
    progress_start(&progress, app, "checking zones");
    int err = ERR_OK;
    bool unreadable = false;
    for (size_t i = 0; i < site->zone_n && !is_fatal(err); i++) {
        progress_step(&progress, i, site->zone_n);
        site->zones[i].inv = &site->inv->zones[i];
        err = site_check_zone(app, &site->zones[i], allow_include);
        if (err == ERR_CONFIG) { /* the other zones are looked at all the same */
            unreadable = true;
            err = ERR_OK;
        }
    }
    progress_done(&progress);
    err = is_fatal(err) ? err : check_together(app, site);
    return err == ERR_OK && unreadable ? ERR_CONFIG : err;
}

/* ------------------------------------------------------------------ certificates */

/* Absent is a warning here: `check` also runs where the signing host's files are not. */
static bool is_there(struct app *app, struct diag_where where, const char *path)
{
    if (access(path, F_OK) == 0)
        return true;
    diag_add(app->diags, &rule_certificate_absent, where, NULL, "%s: %s", path, strerror(errno));
    return false;
}

static int check_signer(struct app *app, struct site *site)
{
    const struct inv_signer *signer = &site->inv->publication.signer;
    struct site_certificates *c = &site->certificates;
    if (!is_there(app, signer->where, signer->certificate))
        return ERR_OK;
    int err = cms_certificate_check(signer->certificate, app->now, c->signer_spki, app->diags);
    c->has_signer = err == ERR_OK;
    return err;
}

static int check_tls(struct app *app, struct site *site, const char *path, bool *all)
{
    struct site_certificates *c = &site->certificates;
    if (path == NULL)
        return ERR_OK;
    int err = ERR_ABSENT;
    if (is_there(app, site->inv->publication.tls.where, path))
        err = tls_certificate_spki(path, site->inv->publication.host_text, app->now,
                                   c->https_spki[c->https_spki_n], app->diags);
    if (err == ERR_OK)
        c->https_spki_n++;
    else
        *all = false;
    return err == ERR_ABSENT ? ERR_OK : err;
}

int site_check_certificates(struct app *app, struct site *site)
{
    bool all = true;
    int err = check_signer(app, site);
    int tls = check_tls(app, site, site->inv->publication.tls.certificate, &all);
    int next = check_tls(app, site, site->inv->publication.tls_next_certificate, &all);
    if (!all)
        site->certificates.https_spki_n = 0;
    err = err == ERR_OK ? tls : err;
    return err == ERR_OK ? next : err;
}

/* ------------------------------------------------------------------ file names */

#define STEM_MAX 200 /* a file name has 255 bytes, with suffix and a temporary's decoration */

static void add_label(struct buf *b, const uint8_t *label, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < len; i++) {
        if (label[i] != 0 && strchr(plain, label[i]) != NULL)
            buf_add_char(b, (char)label[i]);
        else
            buf_printf(b, "%%%02X", label[i]);
    }
}

char *zone_file_stem(const uint8_t *name)
{
    AUTO(buf) struct buf b = {0};
    if (name[0] == 0)
        buf_add_str(&b, "%2E");
    for (const uint8_t *p = name; *p != 0; p += *p + 1) {
        if (b.len > 0)
            buf_add_char(&b, '.');
        add_label(&b, p + 1, *p);
    }
    if (b.len > STEM_MAX) {
        uint8_t digest[32];
        sha256_of((struct bytes){name, name_len(name)}, digest);
        b.len = STEM_MAX;
        buf_add_char(&b, '~');
        buf_add_hex(&b, digest, 8);
    }
    return buf_ok(&b) ? strdup(buf_str(&b)) : NULL;
}
