#include "signer/plan.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/ds.h"
#include "signer/wire.h"

#define APEX_EXTRA    8 /* DNSKEY, CDS, CDNSKEY, NSEC, NSEC3PARAM, ZONEMD, and room */
#define ZONEMD_SIMPLE 1

void plan_done(struct plan *p)
{
    arena_free(p->arena);
    *p = (struct plan){0};
}

struct zone_rrset *plan_find(struct plan_node *node, uint16_t type)
{
    for (uint32_t i = 0; i < node->set_n; i++) {
        if (node->sets[i].type == type)
            return &node->sets[i];
    }
    return NULL;
}

struct zone_rrset *plan_apex_set(struct plan *p, uint16_t type)
{
    return plan_find(&p->nodes[0], type);
}

bool plan_is_authoritative(const struct plan_node *node)
{
    return (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) == 0;
}

bool plan_is_signed(const struct plan_node *node, uint16_t type)
{
    if (type == KNOT_RRTYPE_NSEC3)
        return true; /* a cut may have a name that looks like a hash */
    if (!plan_is_authoritative(node))
        return false;
    if ((node->flags & NODE_DELEGATION) != 0)
        return type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_NSEC;
    return true;
}

/* ------------------------------------------------------------------ building */

/* The five numbers that end an SOA: serial, refresh, retry, expire, minimum. */
static uint8_t *soa_numbers(const struct zone_rrset *soa)
{
    return soa->rrs.rdata->data + soa->rrs.rdata->len - 20;
}

void plan_set_serial(struct plan *p, uint32_t serial)
{
    wire_put_u32(soa_numbers(plan_apex_set(p, KNOT_RRTYPE_SOA)), serial);
}

static int copy_node(struct plan *p, const struct zone_node *from, uint32_t extra,
                     struct plan_node *to)
{
    uint32_t cap = from->rrset_n + extra;
    to->owner = from->owner;
    to->flags = from->flags;
    to->set_n = from->rrset_n;
    to->set_cap = cap;
    to->sets = arena_alloc(p->arena, cap * sizeof *to->sets);
    if (to->sets == NULL)
        return ERR_NOMEM;
    if (from->rrset_n > 0)
        memcpy(to->sets, from->rrsets, from->rrset_n * sizeof *to->sets);
    return ERR_OK;
}

static struct zone_rrset *open_set(struct plan *p, struct plan_node *node, uint16_t type)
{
    if (node->set_n == node->set_cap) {
        uint32_t cap = node->set_cap + 4;
        struct zone_rrset *sets = arena_alloc(p->arena, cap * sizeof *sets);
        if (sets == NULL)
            return NULL;
        if (node->set_n > 0)
            memcpy(sets, node->sets, node->set_n * sizeof *sets);
        node->sets = sets;
        node->set_cap = cap;
    }
    uint32_t at = node->set_n;
    while (at > 0 && node->sets[at - 1].type > type)
        at--;
    memmove(&node->sets[at + 1], &node->sets[at], (node->set_n - at) * sizeof *node->sets);
    node->set_n++;
    node->sets[at] = (struct zone_rrset){.type = type};
    return &node->sets[at];
}

static knot_rdata_t *new_rdata(struct arena *arena, struct bytes rdata)
{
    knot_rdata_t *rr = arena_alloc(arena, knot_rdata_size((uint16_t)rdata.len));
    if (rr != NULL)
        knot_rdata_init(rr, (uint16_t)rdata.len, rdata.data);
    return rr;
}

static void *arena_for_knot(void *ctx, size_t len)
{
    return arena_alloc(ctx, len);
}

int plan_join(struct arena *arena, knot_rdataset_t *rrs, struct bytes rdata)
{
    knot_rdata_t *rr = new_rdata(arena, rdata);
    if (rr == NULL)
        return ERR_NOMEM;
    if (rrs->count == 0) {
        *rrs = (knot_rdataset_t){1, (uint32_t)knot_rdata_size(rr->len), rr};
        return ERR_OK;
    }
    knot_mm_t mm = {.ctx = arena, .alloc = arena_for_knot};
    return knot_rdataset_add(rrs, rr, &mm) == 0 ? ERR_OK : ERR_NOMEM;
}

int plan_add_rdata(struct plan *p, struct plan_node *node, uint16_t type, uint32_t ttl,
                   struct bytes rdata)
{
    struct zone_rrset *set = open_set(p, node, type);
    if (set == NULL)
        return ERR_NOMEM;
    set->ttl = ttl;
    return plan_join(p->arena, &set->rrs, rdata);
}

/* One more record of TYPE at the apex. */
static int apex_join(struct plan *p, uint16_t type, uint32_t ttl, struct bytes rdata)
{
    struct zone_rrset *set = plan_apex_set(p, type);
    if (set == NULL)
        return plan_add_rdata(p, &p->nodes[0], type, ttl, rdata);
    return plan_join(p->arena, &set->rrs, rdata);
}

static int add_cds(struct plan *p, const struct key *k)
{
    uint8_t ds[DS_RDATA_LEN];
    int err = ds_rdata(p->apex, key_dnskey_rdata(k), ds);
    if (err == ERR_OK)
        err = apex_join(p, KNOT_RRTYPE_CDS, p->params->dnskey_ttl_s, (struct bytes){ds, sizeof ds});
    if (err == ERR_OK)
        err = apex_join(p, KNOT_RRTYPE_CDNSKEY, p->params->dnskey_ttl_s, key_dnskey_rdata(k));
    return err;
}

/* RFC 7344 s4.1: CDS and CDNSKEY of the keys that the parent shall know. Under `rollover` they are
   published while one goes on, and a build begins none. */
static int add_keys(struct plan *p)
{
    const struct keyset *set = p->params->keys;
    for (size_t i = 0; i < set->n; i++) {
        const struct key *k = set->keys[i];
        int err = apex_join(p, KNOT_RRTYPE_DNSKEY, p->params->dnskey_ttl_s, key_dnskey_rdata(k));
        if (err == ERR_OK && p->params->policy->cds == CDS_ALWAYS && key_role(k) != KEY_ZSK)
            err = add_cds(p, k);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* The ZONEMD's place and length; its serial and digest come last (RFC 8976 s3.1). */
static int add_zonemd(struct plan *p)
{
    uint8_t rdata[6 + ZONEMD_DIGEST_MAX] = {0};
    rdata[4] = ZONEMD_SIMPLE;
    rdata[5] = ZONEMD_SHA384;
    return plan_add_rdata(p, &p->nodes[0], KNOT_RRTYPE_ZONEMD, p->soa_ttl,
                          (struct bytes){rdata, 6 + zonemd_len(ZONEMD_SHA384)});
}

/* RFC 9276 s3.1: no iterations, no salt. RFC 5155 s4.1.2: flags 0. */
static int add_nsec3param(struct plan *p)
{
    static const uint8_t rdata[5] = {1, 0, 0, 0, 0};
    return plan_add_rdata(p, &p->nodes[0], KNOT_RRTYPE_NSEC3PARAM, p->soa_ttl,
                          (struct bytes){rdata, sizeof rdata});
}

/* The SOA becomes the plan's own, since its serial changes. */
static int own_soa(struct plan *p, uint32_t serial)
{
    struct zone_rrset *soa = plan_apex_set(p, KNOT_RRTYPE_SOA);
    knot_rdata_t *rr =
        new_rdata(p->arena, (struct bytes){soa->rrs.rdata->data, soa->rrs.rdata->len});
    if (rr == NULL)
        return ERR_NOMEM;
    soa->rrs.rdata = rr;
    p->soa_ttl = soa->ttl;
    uint32_t minimum = wire_u32(soa_numbers(soa) + 16);
    p->denial_ttl = minimum < soa->ttl ? minimum : soa->ttl;
    plan_set_serial(p, serial);
    return ERR_OK;
}

static int copy_zone(struct plan *p, const struct zone *zone)
{
    p->n = zone_node_n(zone);
    p->nodes = arena_alloc(p->arena, p->n * sizeof *p->nodes);
    if (p->nodes == NULL)
        return ERR_NOMEM;
    int err = ERR_OK;
    for (size_t i = 0; i < p->n && err == ERR_OK; i++)
        err = copy_node(p, zone_node_at(zone, i), i == 0 ? APEX_EXTRA : 1, &p->nodes[i]);
    return err;
}

int plan_build(const struct zone *zone, const struct sign_params *params, uint32_t serial,
               struct plan *ret)
{
    AUTO(plan) struct plan p = {.arena = arena_new(), .apex = zone_apex(zone), .params = params};
    if (p.arena == NULL)
        return ERR_NOMEM;
    int err = copy_zone(&p, zone);
    if (err == ERR_OK)
        err = own_soa(&p, serial);
    if (err == ERR_OK)
        err = add_keys(&p);
    if (err == ERR_OK && params->policy->denial == DENIAL_NSEC3)
        err = add_nsec3param(&p);
    if (err == ERR_OK && params->policy->zonemd)
        err = add_zonemd(&p);
    if (err != ERR_OK)
        return err;
    *ret = p;
    p.arena = NULL;
    return ERR_OK;
}

/* ------------------------------------------------------------------ results */

static bool set_equals(const struct zone_rrset *a, const struct zone_rrset *b)
{
    return a->type == b->type && a->ttl == b->ttl && knot_rdataset_eq(&a->rrs, &b->rrs) &&
           (a->sigs.count == 0 || a->sig_ttl == b->sig_ttl) && knot_rdataset_eq(&a->sigs, &b->sigs);
}

bool plan_equals(const struct plan *p, const struct zone *zone)
{
    if (p->n != zone_node_n(zone))
        return false;
    for (size_t i = 0; i < p->n; i++) {
        const struct plan_node *a = &p->nodes[i];
        const struct zone_node *b = zone_node_at(zone, i);
        if (a->set_n != b->rrset_n || name_compare(a->owner, b->owner) != 0)
            return false;
        for (uint32_t j = 0; j < a->set_n; j++) {
            if (!set_equals(&a->sets[j], &b->rrsets[j]))
                return false;
        }
    }
    return true;
}

int plan_finish(const struct plan *p, const char *file, struct zone **ret, struct diags *diags)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = zone_builder_new(p->apex, file);
    if (b == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < p->n; i++) {
        const struct plan_node *n = &p->nodes[i];
        struct zone_node node = {n->owner, n->flags, n->set_n, n->sets};
        for (uint32_t j = 0; j < n->set_n; j++) {
            int err = zone_builder_add_rrset(b, &node, &n->sets[j], true);
            if (err != ERR_OK)
                return err;
        }
    }
    return zone_builder_finish(TAKE(b), ret, diags);
}
