/*
 * zones/check_cds.c -- CDS and CDNSKEY of a zone that brings its own: they must say the same thing
 * (RFC 7344 s4), name a key of the zone, and a request for removal stands alone (RFC 8078 s4).
 *
 * Keys are matched by tag and algorithm; digests are compared where crypto is at hand (verify).
 */
#include <string.h>

#include <libknot/descriptor.h>

#include "zones/check.h"
#include "zones/snapshot.h"

/* RFC 4034 App. B. The exception for algorithm 1 is left out: RSA/MD5 must not be used. */
static uint16_t key_tag(const knot_rdata_t *key)
{
    uint32_t sum = 0;
    for (uint16_t i = 0; i < key->len; i++)
        sum += i & 1 ? key->data[i] : (uint32_t)key->data[i] << 8;
    return (uint16_t)(sum + (sum >> 16));
}

static bool ds_is_for(const knot_rdata_t *ds, const knot_rdata_t *key)
{
    unsigned tag = (unsigned)ds->data[0] << 8 | ds->data[1];
    return tag == key_tag(key) && ds->data[2] == key->data[3];
}

static bool is_same_key(const knot_rdata_t *a, const knot_rdata_t *b)
{
    return knot_rdata_cmp(a, b) == 0;
}

/* RFC 8078 s4: algorithm 0 asks for removal. */
static bool is_delete(const struct zone_rrset *set, const knot_rdata_t *rdata)
{
    return rdata->data[set->type == KNOT_RRTYPE_CDS ? 2 : 3] == 0;
}

typedef bool key_match(const knot_rdata_t *a, const knot_rdata_t *b);

/* How many records of SET match one of KEYS. SWAP: the keys are the left side of MATCH. */
static size_t matching_n(const struct zone_rrset *set, const struct zone_rrset *keys,
                         key_match *match, bool swap)
{
    size_t n = 0;
    knot_rdata_t *a = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, a = knot_rdataset_next(a)) {
        knot_rdata_t *b = keys->rrs.rdata;
        bool hit = false;
        for (uint16_t j = 0; j < keys->rrs.count && !hit; j++, b = knot_rdataset_next(b))
            hit = swap ? match(b, a) : match(a, b);
        n += hit;
    }
    return n;
}

/* RFC 8078 s4 (with erratum 5049): `CDS 0 0 0 00`, `CDNSKEY 0 3 0 AA==`, and nothing else. */
static bool is_delete_well_formed(const struct zone_rrset *set)
{
    static const uint8_t cds[5] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey[5] = {0, 0, 3, 0, 0};
    const uint8_t *want = set->type == KNOT_RRTYPE_CDS ? cds : cdnskey;
    return set->rrs.count == 1 && set->rrs.rdata->len == 5 &&
           memcmp(set->rrs.rdata->data, want, 5) == 0;
}

static bool asks_removal(const struct zone_rrset *set)
{
    knot_rdata_t *rdata = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rdata = knot_rdataset_next(rdata)) {
        if (is_delete(set, rdata))
            return true;
    }
    return false;
}

/* True when there is a request for removal, which ends the matter. */
static bool check_removal(const struct check *c, const uint8_t *apex, const struct zone_rrset *cds,
                          const struct zone_rrset *cdnskey)
{
    const struct zone_rrset *sets[] = {cds, cdnskey};
    bool any = false;
    bool mixed = false;
    for (size_t i = 0; i < 2; i++) {
        if (sets[i] == NULL)
            continue;
        bool removal = asks_removal(sets[i]);
        any = any || removal;
        mixed = mixed || !removal || !is_delete_well_formed(sets[i]);
    }
    const struct zone_rrset *where = cds != NULL ? cds : cdnskey;
    if (any && mixed)
        check_report(
            c, &rule_cds_delete, apex, where->type, where->line,
            "removal of the DS is asked for, but not in its one form or with keys beside it");
    return any;
}

static void check_against_keys(const struct check *c, const uint8_t *apex,
                               const struct zone_rrset *set, const struct zone_rrset *dnskey)
{
    size_t n =
        matching_n(set, dnskey, set->type == KNOT_RRTYPE_CDS ? ds_is_for : is_same_key, false);
    if (n == 0)
        check_report(c, &rule_cds_no_key, apex, set->type, set->line,
                     "none of the %u records names a DNSKEY of the zone", (unsigned)set->rrs.count);
    else if (n < set->rrs.count)
        check_report(c, &rule_cds_key_absent, apex, set->type, set->line,
                     "%u of %u records name no DNSKEY of the zone", (unsigned)(set->rrs.count - n),
                     (unsigned)set->rrs.count);
}

static bool is_too_large(const struct zone_rrset *set)
{
    return set != NULL && check_set_size(set) > CHECK_SET_MAX;
}

/* NULL: no such records. */
static const struct zone_rrset *set_at(const struct zone_node *node, uint16_t type,
                                       struct zone_rrset *room)
{
    return zone_node_data(node, type, room) ? room : NULL;
}

void check_cds(const struct check *c)
{
    struct zone_node node;
    struct zone_rrset room[3];
    const uint8_t *apex = zone_apex(c->zone);
    if (!zone_find(c->zone, apex, &node))
        return;
    const struct zone_rrset *cds = set_at(&node, KNOT_RRTYPE_CDS, &room[0]);
    const struct zone_rrset *cdnskey = set_at(&node, KNOT_RRTYPE_CDNSKEY, &room[1]);
    const struct zone_rrset *dnskey = set_at(&node, KNOT_RRTYPE_DNSKEY, &room[2]);
    const struct zone_rrset *only = cds != NULL ? cds : cdnskey;
    /* each is compared with each: sets that no zone can serve are not worth that */
    if (only == NULL || is_too_large(cds) || is_too_large(cdnskey) || is_too_large(dnskey) ||
        check_removal(c, apex, cds, cdnskey))
        return;
    if (cds == NULL || cdnskey == NULL)
        check_report(c, &rule_cds_alone, apex, only->type, only->line, "%s",
                     cds == NULL ? "CDNSKEY without CDS" : "CDS without CDNSKEY");
    else if (matching_n(cds, cdnskey, ds_is_for, false) < cds->rrs.count ||
             matching_n(cdnskey, cds, ds_is_for, true) < cdnskey->rrs.count)
        check_report(c, &rule_cds_mismatch, apex, KNOT_RRTYPE_CDS, cds->line,
                     "a CDS without its CDNSKEY, or a CDNSKEY without CDS");
    if (dnskey != NULL && cds != NULL)
        check_against_keys(c, apex, cds, dnskey);
    if (dnskey != NULL && cdnskey != NULL)
        check_against_keys(c, apex, cdnskey, dnskey);
}
