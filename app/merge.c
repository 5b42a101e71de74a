#include "app/merge.h"

#include <string.h>

static int lay_over(struct app *app, const struct site_zone *z, announce_fn announce, void *ctx,
                    struct zone **ret, bool *ret_more)
{
    AUTO_PTR(zone) struct zone *base = NULL;
    int err = sign_strip(z->ready, &base, app->diags);
    AUTO_PTR(records) struct records *extra = records_new();
    if (extra == NULL)
        err = ERR_NOMEM;
    if (err == ERR_OK)
        err = announce(ctx, base, extra);
    *ret_more = err == ERR_OK && records_n(extra) > 0;
    if (*ret_more)
        return zone_overlay(base, extra, ret, app->diags);
    if (err == ERR_OK)
        *ret = TAKE(base);
    return err;
}

/* Of $INCLUDEd records, which stand in no line either. */
static bool is_said(const struct diags *to, const struct diag *g)
{
    for (size_t i = 0; i < diags_n(to); i++) {
        const struct diag *h = diags_at(to, i);
        if (h->rule == g->rule && h->at != NULL && g->at != NULL && strcmp(h->at, g->at) == 0 &&
            strcmp(h->found, g->found) == 0)
            return true;
    }
    return false;
}

/* Findings about records that stand in no line: those that the overlay brought. */
static void take_generated(struct diags *from, struct diags *to)
{
    for (size_t i = 0; i < diags_n(from); i++) {
        const struct diag *g = diags_at(from, i);
        if (g->line > 0 || is_said(to, g))
            continue; /* said before, by the check of the input */
        diag_add_as(to, g->severity, g->rule, AT_FILE(g->file), g->at, "%s", g->found);
        if (g->expected != NULL)
            diag_expect(to, "%s", g->expected);
    }
}

/* The announcement obeys the zone's TTL policy like every other record. */
static int apply_ttl_policy(struct app *app, const struct inv_zone *inv, struct zone **merged)
{
    AUTO_PTR(diags) struct diags *diags = diags_new();
    struct zone *changed = NULL;
    if (diags == NULL)
        return ERR_NOMEM;
    int err =
        ttl_apply(*merged, inv->ttl, inv->dnssec->signature_validity_s, app->now, &changed, diags);
    take_generated(diags, app->diags);
    if (changed != NULL) {
        zone_free(*merged);
        *merged = changed;
    }
    return err == ERR_FINDINGS ? ERR_OK : err; /* the caller asks the gate */
}

int site_merge(struct app *app, const struct site_zone *z, announce_fn announce, void *ctx,
               struct zone **ret)
{
    AUTO_PTR(zone) struct zone *merged = NULL;
    bool more = false;
    int err = lay_over(app, z, announce, ctx, &merged, &more);
    if (err == ERR_OK && more)
        err = apply_ttl_policy(app, z->inv, &merged);
    if (err == ERR_OK)
        *ret = TAKE(merged);
    return err;
}

/* ------------------------------------------------------------------ without a build */

struct draft {
    struct app *app;
    const struct site *site;
};

static int announce_draft(void *ctx, const struct zone *base, struct records *ret)
{
    const struct draft *d = ctx;
    const struct site_certificates *c = &d->site->certificates;
    return mud_announce_draft(d->site->inv, c->has_signer ? c->signer_spki : NULL,
                              (const uint8_t(*)[32])c->https_spki, c->https_spki_n, base, ret,
                              d->app->diags);
}

int site_check_announcement(struct app *app, const struct site *site)
{
    struct draft draft = {app, site};
    for (size_t i = 0; i < site->zone_n; i++) {
        AUTO_PTR(zone) struct zone *merged = NULL;
        if (site->zones[i].ready == NULL)
            continue; /* could not be loaded */
        int err = site_merge(app, &site->zones[i], announce_draft, &draft, &merged);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return ERR_OK;
}
