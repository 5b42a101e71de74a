/* Loaded responses: kept as documents of state, and what a build takes from them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/ds.h"
#include "signer/keystore.h"
#include "signer/ksr_int.h"
#include "signer/rules_sign.h"
#include "signer/state.h"
#include "zones/packed.h"

#define SKR_DOC "skr" /* name: "<zone> <digest>" */

/* ------------------------------------------------------------------ documents */

struct docs_of_zone {
    struct state *state;
    char prefix[NAME_TEXT_LEN + 1]; /* the zone and a blank, which no name has */
    int (*each)(void *ctx, const char *name, const struct ksr *skr);
    void *ctx;
};

static int parse_doc(void *ctx, const char *name, struct bytes content)
{
    struct docs_of_zone *d = ctx;
    AUTO(ksr) struct ksr skr = {0};
    if (strncmp(name, d->prefix, strlen(d->prefix)) != 0)
        return ERR_OK;
    int err = ksr_parse(d->state->db_path, (const char *)content.data, content.len, &skr, NULL);
    if (err == ERR_FINDINGS)
        return state_refuse_row(d->state, name, "a loaded response is not as it was stored");
    return err == ERR_OK ? d->each(d->ctx, name, &skr) : err;
}

static int each_response(struct state *s, const uint8_t *zone,
                         int (*each)(void *ctx, const char *name, const struct ksr *skr), void *ctx)
{
    struct docs_of_zone d = {.state = s, .each = each, .ctx = ctx};
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    (void)snprintf(d.prefix, sizeof d.prefix, "%s ", name);
    return state_doc_each(s, SKR_DOC, parse_doc, &d);
}

/* ------------------------------------------------------------------ storing */

struct pruning {
    struct state *state;
    int64_t now;
};

static int drop_ended(void *ctx, const char *name, const struct ksr *skr)
{
    const struct pruning *p = ctx;
    for (size_t i = 0; i < skr->set_n; i++) {
        const struct ksr_set *s = &skr->sets[i];
        for (size_t j = 0; j < s->slot_n; j++) {
            if (s->slots[j].until_at > p->now)
                return ERR_OK;
        }
    }
    return state_doc_delete(p->state, SKR_DOC, name);
}

static int store(struct state *s, const struct ksr *skr, struct bytes text, int64_t now)
{
    char zone[NAME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    AUTO(buf) struct buf name = {0};
    AUTO(buf) struct buf why = {0};
    name_to_text_nodot(skr->zone, zone);
    time_format_rfc3339(skr->until_at, until);
    buf_printf(&name, "%s %s", zone, skr->digest);
    buf_printf(&why, "signatures of the offline KSK until %s, response %.16s…", until, skr->digest);
    if (!buf_ok(&name) || !buf_ok(&why))
        return ERR_NOMEM;
    struct pruning p = {s, now};
    int err = each_response(s, skr->zone, drop_ended, &p);
    if (err == ERR_OK)
        err = state_doc_put(s, SKR_DOC, buf_str(&name), text);
    if (err != ERR_OK)
        return err;
    return state_event_add(s, &(struct state_event){.at = now,
                                                    .zone = zone,
                                                    .what = "response-loaded",
                                                    .why = buf_str(&why),
                                                    .evidence = skr->digest});
}

int skr_store(struct state *s, const struct ksr *skr, struct bytes text, int64_t now)
{
    bool own = false;
    int err = state_enter(s, &own);
    return err == ERR_OK ? state_leave(s, own, store(s, skr, text, now)) : err;
}

static int later(void *ctx, const char *name, const struct ksr *skr)
{
    int64_t *until_at = ctx;
    (void)name;
    *until_at = skr->until_at > *until_at ? skr->until_at : *until_at;
    return ERR_OK;
}

int skr_covered_until(struct state *s, const uint8_t *zone, int64_t *ret)
{
    int64_t until_at = 0;
    int err = each_response(s, zone, later, &until_at);
    if (err == ERR_OK)
        *ret = until_at;
    return err;
}

/* ------------------------------------------------------------------ what a build takes */

/* The RRsets that a build may publish. */
struct wanted {
    struct zone *dnskey;
    struct zone *cds;
    struct zone *cdnskey;
};

static void wanted_done(struct wanted *w)
{
    zone_free(w->dnskey);
    zone_free(w->cds);
    zone_free(w->cdnskey);
}
DEFINE_AUTO(wanted)

struct choice {
    const struct wanted *wanted;
    int64_t now;
    struct ksr_slot keys; /* the best for the DNSKEY RRset; its zone counted */
    struct ksr_slot cds;
    struct ksr_slot cdnskey;
    int64_t until_at; /* what all responses cover */
};

static void choice_done(struct choice *c)
{
    zone_free(c->keys.signed_set);
    zone_free(c->cds.signed_set);
    zone_free(c->cdnskey.signed_set);
}
DEFINE_AUTO(choice)

#define PARTS_MAX 64

struct rdatas {
    struct bytes items[PARTS_MAX];
    size_t n;
};

static int add_rdata(struct rdatas *r, struct bytes rdata)
{
    if (r->n == PARTS_MAX)
        return ERR_LIMIT;
    r->items[r->n++] = rdata;
    return ERR_OK;
}

static int want_cds(const uint8_t *zone, const struct rdatas *sep, uint32_t ttl_s,
                    struct wanted *ret)
{
    static const uint8_t no_cds[5] = {0, 0, 0, 0, 0};
    static const uint8_t no_cdnskey[5] = {0, 0, 3, 0, 0};
    const struct bytes deletes[] = {{no_cds, sizeof no_cds}, {no_cdnskey, sizeof no_cdnskey}};
    uint8_t ds[PARTS_MAX][DS_RDATA_LEN];
    struct bytes cds[PARTS_MAX];
    int err = ERR_OK;
    for (size_t i = 0; i < sep->n && err == ERR_OK; i++) {
        err = ds_rdata(zone, sep->items[i], ds[i]);
        cds[i] = (struct bytes){ds[i], DS_RDATA_LEN};
    }
    bool any = sep->n > 0;
    if (err == ERR_OK)
        err = ksr_records(zone, KNOT_RRTYPE_CDS, ttl_s, any ? cds : &deletes[0], any ? sep->n : 1,
                          &ret->cds);
    if (err == ERR_OK)
        err = ksr_records(zone, KNOT_RRTYPE_CDNSKEY, ttl_s, any ? sep->items : &deletes[1],
                          any ? sep->n : 1, &ret->cdnskey);
    return err;
}

static int want(const uint8_t *zone, const struct sign_key *keys, size_t n, uint32_t ttl_s,
                struct wanted *ret)
{
    struct rdatas published = {0};
    struct rdatas sep = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        struct bytes rdata = key_dnskey_rdata(keys[i].key);
        if (keys[i].publishes)
            err = add_rdata(&published, rdata);
        if (keys[i].has_ds && err == ERR_OK)
            err = add_rdata(&sep, rdata);
    }
    if (err == ERR_OK)
        err = ksr_records(zone, KNOT_RRTYPE_DNSKEY, ttl_s, published.items, published.n,
                          &ret->dnskey);
    return err == ERR_OK ? want_cds(zone, &sep, ttl_s, ret) : err;
}

static bool is_same_set(const struct ksr_set *s, const struct zone *wanted)
{
    struct zone_rrset a;
    struct zone_rrset b;
    ksr_set_rrset(s, &a);
    return zone_rrset(wanted, zone_apex(wanted), s->type, &b) && a.ttl == b.ttl &&
           a.rrs.count == b.rrs.count && a.rrs.size == b.rrs.size &&
           memcmp(a.rrs.rdata, b.rrs.rdata, a.rrs.size) == 0;
}

/* The signature that lasts longest of those that are valid by now. */
static void take_best(const struct ksr_set *s, int64_t now, struct ksr_slot *best)
{
    for (size_t i = 0; i < s->slot_n; i++) {
        const struct ksr_slot *slot = &s->slots[i];
        if (slot->from_at > now || slot->until_at <= now || slot->until_at <= best->until_at)
            continue;
        zone_free(best->signed_set);
        *best = *slot;
        best->signed_set = zone_ref(slot->signed_set);
    }
}

static int choose(void *ctx, const char *name, const struct ksr *skr)
{
    struct choice *c = ctx;
    (void)name;
    c->until_at = skr->until_at > c->until_at ? skr->until_at : c->until_at;
    for (size_t i = 0; i < skr->set_n; i++) {
        const struct ksr_set *s = &skr->sets[i];
        if (s->type == KNOT_RRTYPE_DNSKEY && is_same_set(s, c->wanted->dnskey))
            take_best(s, c->now, &c->keys);
        else if (s->type == KNOT_RRTYPE_CDS && is_same_set(s, c->wanted->cds))
            take_best(s, c->now, &c->cds);
        else if (s->type == KNOT_RRTYPE_CDNSKEY && is_same_set(s, c->wanted->cdnskey))
            take_best(s, c->now, &c->cdnskey);
    }
    return ERR_OK;
}

static int add_chosen(struct zone_builder *b, const struct ksr_slot *slot, uint16_t type)
{
    struct zone_rrset set;
    if (slot->signed_set == NULL ||
        !zone_rrset(slot->signed_set, zone_apex(slot->signed_set), type, &set))
        return ERR_OK;
    return zone_builder_add_rrset(b, &set, true);
}

static int merge(const uint8_t *zone, const struct choice *c, struct zone **ret)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = zone_builder_new(zone, NULL);
    int err = b == NULL ? ERR_NOMEM : add_chosen(b, &c->keys, KNOT_RRTYPE_DNSKEY);
    if (err == ERR_OK)
        err = add_chosen(b, &c->cds, KNOT_RRTYPE_CDS);
    if (err == ERR_OK)
        err = add_chosen(b, &c->cdnskey, KNOT_RRTYPE_CDNSKEY);
    return err == ERR_OK ? zone_builder_finish(TAKE(b), ret, NULL) : err;
}

/* ------------------------------------------------------------------ warnings */

static void warn_none(const uint8_t *zone, const struct choice *c, struct diags *diags)
{
    char name[NAME_TEXT_LEN];
    char until[TIME_TEXT_LEN] = "";
    AUTO(buf) struct buf keys = {0};
    const struct ksr_set set = {.type = KNOT_RRTYPE_DNSKEY, .records = c->wanted->dnskey};
    name_to_text_nodot(zone, name);
    ksr_set_text(&set, &keys);
    if (c->until_at != 0)
        time_format_rfc3339(c->until_at, until);
    diag_add(diags, &rule_skr_none, AT_NOWHERE, name,
             "no loaded response signs the DNSKEY RRset of %s for now%s%s", buf_str(&keys),
             until[0] == 0 ? "" : "; what was loaded was planned until ", until);
}

/* Slots overlap: one that is chosen in its last quarter has none after it. */
static bool is_ending(const struct ksr_slot *slot, int64_t now)
{
    return slot->until_at - now < (slot->until_at - slot->from_at) / 4;
}

static void warn_coverage(const uint8_t *zone, const struct choice *c, struct diags *diags)
{
    char name[NAME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    bool set_ends = is_ending(&c->keys, c->now);
    if (!set_ends && c->until_at > c->now + SKR_COVERAGE_MARGIN_S)
        return;
    name_to_text_nodot(zone, name);
    time_format_rfc3339(set_ends ? c->keys.until_at : c->until_at, until);
    diag_add(diags, &rule_skr_coverage, AT_NOWHERE, name, "%s %s",
             set_ends ? "the last signature that is at hand of the DNSKEY RRset ends at"
                      : "the offline KSK has signed what is planned until",
             until);
}

static bool any_offline(const struct sign_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i].publishes && key_role(keys[i].key) != KEY_ZSK && key_is_public(keys[i].key))
            return true;
    }
    return false;
}

int skr_given(struct state *s, const uint8_t *zone, const struct sign_key *keys, size_t n,
              uint32_t dnskey_ttl_s, int64_t now, struct zone **ret, struct diags *diags)
{
    AUTO(wanted) struct wanted wanted = {0};
    AUTO(choice) struct choice c = {.wanted = &wanted, .now = now};
    *ret = NULL;
    if (!any_offline(keys, n))
        return ERR_OK;
    int err = want(zone, keys, n, dnskey_ttl_s, &wanted);
    if (err == ERR_OK)
        err = each_response(s, zone, choose, &c);
    if (err != ERR_OK)
        return err;
    if (c.keys.signed_set == NULL) {
        warn_none(zone, &c, diags);
        return ERR_OK;
    }
    warn_coverage(zone, &c, diags);
    return merge(zone, &c, ret);
}
