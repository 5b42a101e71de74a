/*
 * app/build_signal.c -- signalling records for a zone's first DS (RFC 9615): under the names of the
 * zone's name servers, in the zones that these are in. Laid over those zones before they are
 * signed.
 */
#include "app/build.h"
#include "app/ds_record.h"
#include "app/rules_app.h"

#define TYPE_NS 2

/* Was the parent asked for a DS, and never seen to have any? Later ones it takes from the zone. */
static bool awaits_first_ds(const struct build_zone *z)
{
    bool asked = false;
    for (size_t i = 0; i < z->life.key_n; i++) {
        const struct part_times *ds = &z->life.keys[i].parts[KEY_PART_DS];
        if (ds->in_seen_at != 0)
            return false;
        asked = asked || (ds->in_at != 0 && ds->out_at == 0);
    }
    return asked && z->shows_cds;
}

static size_t managed_index(const struct build *b, const uint8_t *name)
{
    const struct inv_zone *zone = inventory_zone_of(b->site.inv, name);
    for (size_t i = 0; i < b->zone_n && zone != NULL; i++) {
        if (b->site.zones[i].inv == zone)
            return i;
    }
    return SIZE_MAX;
}

/* The waits of the zone that gets the records count with its largest TTL, and its keys have been
   moved already: no record may outlive that. */
static uint32_t signal_ttl(const struct build_zone *z, const struct build_zone *to)
{
    uint32_t ttl_s = z->params.dnskey_ttl_s;
    return ttl_s < to->params.zone_ttl_s ? ttl_s : to->params.zone_ttl_s;
}

static int lay_over(struct build *b, size_t i, const uint8_t *owner, size_t into)
{
    struct build_zone *z = &b->zones[i];
    struct build_zone *to = &b->zones[into];
    struct zone *more = NULL;
    AUTO_PTR(records) struct records *extra = records_new();
    if (extra == NULL)
        return ERR_NOMEM;
    int err = sign_signal(b->site.zones[i].inv->name, z->signed_zone.uses, z->signed_zone.keys.n,
                          signal_ttl(z, to), owner, extra);
    if (err == ERR_OK)
        err = zone_overlay(to->merged, extra, &more, b->app->diags);
    if (err != ERR_OK)
        return err;
    zone_free(to->merged);
    to->merged = more;
    return ERR_OK;
}

enum place { PLACE_INSIDE, PLACE_MANAGED, PLACE_OUTSIDE };

/* Why the records cannot go into zone INTO at OWNER; NULL: they can. */
static const char *why_no_signal(const struct build *b, const uint8_t *zone, const uint8_t *server,
                                 size_t into, uint8_t owner[256])
{
    if (into == SIZE_MAX)
        return "is in no zone of this inventory";
    if (!life_is_signed(&b->zones[into].life))
        return "is in a zone that is not signed, and so proves nothing";
    if (b->zones[into].frozen)
        return "is in a zone that lacks a key, and so is not changed";
    return signal_name(zone, server, owner) ? NULL : "has a name too long for signalling records";
}

static int signal_at(struct build *b, size_t i, const uint8_t *server, enum place *ret)
{
    uint8_t owner[256];
    char text[NAME_TEXT_LEN];
    const struct inv_zone *inv = b->site.zones[i].inv;
    size_t into = managed_index(b, server);
    *ret = into == i ? PLACE_INSIDE : PLACE_OUTSIDE;
    if (into == i)
        return ERR_OK;
    const char *why = why_no_signal(b, inv->name, server, into, owner);
    if (why == NULL) {
        *ret = PLACE_MANAGED;
        return lay_over(b, i, owner, into);
    }
    name_to_text(server, text);
    diag_add(b->app->diags, &rule_signal_outside, AT_NOWHERE, inv->text, "the name server %s %s",
             text, why);
    return ERR_OK;
}

static int signal_zone(struct build *b, size_t i)
{
    const struct inv_zone *inv = b->site.zones[i].inv;
    struct zone_rrset ns;
    bool all_inside = true;
    int err = ERR_OK;
    if (b->zones[i].frozen || !awaits_first_ds(&b->zones[i]) ||
        !zone_rrset(b->zones[i].merged, inv->name, TYPE_NS, &ns))
        return ERR_OK;
    knot_rdata_t *rr = ns.rrs.rdata;
    for (uint16_t n = 0; n < ns.rrs.count && err == ERR_OK; n++, rr = knot_rdataset_next(rr)) {
        enum place place = PLACE_OUTSIDE;
        err = signal_at(b, i, rr->data, &place);
        all_inside = all_inside && place == PLACE_INSIDE;
    }
    if (err == ERR_OK && all_inside)
        diag_add(b->app->diags, &rule_signal_inside, inv->where, inv->text,
                 "all %u name servers are inside the zone, which nobody can validate yet",
                 (unsigned)ns.rrs.count);
    return err;
}

int build_signal(struct build *b)
{
    int err = ERR_OK;
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++)
        err = signal_zone(b, i);
    return err;
}
