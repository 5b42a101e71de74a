#include "app/build.h"

static int announce(struct build *b, const struct zone *base, struct records *ret)
{
    return mud_announce(b->site.inv, b->docs, b->signer, (const uint8_t(*)[32])b->https_spki,
                        b->https_spki_n, base, ret, b->app->diags);
}

static int merge_announcement(struct build *b, size_t i, struct zone **ret)
{
    const struct site_zone *z = &b->site.zones[i];
    AUTO_PTR(zone) struct zone *base = NULL;
    int err = ERR_OK;
    if (z->was_signed)
        err = sign_strip(z->ready, &base, b->app->diags);
    else
        base = zone_ref(z->ready);
    AUTO_PTR(records) struct records *extra = records_new();
    if (extra == NULL)
        err = ERR_NOMEM;
    if (err == ERR_OK)
        err = announce(b, base, extra);
    if (err == ERR_OK && records_n(extra) > 0)
        return zone_overlay(base, extra, ret, b->app->diags);
    if (err == ERR_OK)
        *ret = TAKE(base);
    return err;
}

/* Findings about records that stand in no line: those that the overlay brought. */
static void take_generated(struct diags *from, struct diags *to)
{
    for (size_t i = 0; i < diags_n(from); i++) {
        const struct diag *g = diags_at(from, i);
        if (g->line > 0)
            continue; /* said before, by the check of the input */
        diag_add_as(to, g->severity, g->rule, AT_FILE(g->file), g->at, "%s", g->found);
        if (g->expected != NULL)
            diag_expect(to, "%s", g->expected);
    }
}

/* The announcement obeys the zone's TTL policy like every other record. */
static int apply_ttl_policy(struct build *b, size_t i, struct zone **merged)
{
    const struct inv_zone *inv = b->site.zones[i].inv;
    AUTO_PTR(diags) struct diags *diags = diags_new();
    struct zone *changed = NULL;
    if (diags == NULL)
        return ERR_NOMEM;
    int err = ttl_apply(*merged, inv->ttl, inv->dnssec->signature_validity_s, b->app->now, &changed,
                        diags);
    take_generated(diags, b->app->diags);
    if (changed != NULL) {
        zone_free(*merged);
        *merged = changed;
    }
    return err == ERR_FINDINGS ? ERR_OK : err; /* build_merge asks the gate */
}

static int merge_one(struct build *b, size_t i)
{
    int err = merge_announcement(b, i, &b->zones[i].merged);
    return err == ERR_OK ? apply_ttl_policy(b, i, &b->zones[i].merged) : err;
}

int build_merge(struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        int err = merge_one(b, i);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return app_gate(b->app);
}
