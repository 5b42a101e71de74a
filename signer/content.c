/* The apex's content as it will be published: what a signer adds, the serial, the ZONEMD. */
#include <string.h>

#include <libknot/descriptor.h>

#include "common/arena.h"
#include "common/err.h"
#include "signer/ds.h"
#include "signer/job.h"
#include "zones/packed.h"

#define SETS_MAX 512 /* RRsets of an apex: types in use are far fewer */

struct apex {
    struct arena *arena;
    struct zone_rrset sets[SETS_MAX];
    size_t n;
};

static void apex_done(struct apex *a)
{
    arena_free(a->arena);
}
DEFINE_AUTO(apex)

static struct zone_rrset *find(struct apex *a, uint16_t type)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->sets[i].type == type)
            return &a->sets[i];
    }
    return NULL;
}

/* The set of TYPE; a new one goes in its place. NULL: too many. */
static struct zone_rrset *open_set(struct apex *a, uint16_t type, uint32_t ttl)
{
    struct zone_rrset *set = find(a, type);
    if (set != NULL || a->n == SETS_MAX)
        return set;
    size_t at = a->n++;
    for (; at > 0 && a->sets[at - 1].type > type; at--)
        a->sets[at] = a->sets[at - 1];
    a->sets[at] = (struct zone_rrset){.type = type, .ttl = ttl};
    return &a->sets[at];
}

static void *arena_for_knot(void *ctx, size_t len)
{
    return arena_alloc(ctx, len);
}

/* One more record, in canonical order. */
static int add(struct apex *a, uint16_t type, uint32_t ttl, struct bytes rdata)
{
    struct zone_rrset *set = open_set(a, type, ttl);
    if (set == NULL)
        return ERR_LIMIT;
    knot_rdata_t *rr = arena_alloc(a->arena, knot_rdata_size((uint16_t)rdata.len));
    if (rr == NULL)
        return ERR_NOMEM;
    knot_rdata_init(rr, (uint16_t)rdata.len, rdata.data);
    knot_mm_t mm = {.ctx = a->arena, .alloc = arena_for_knot};
    return knot_rdataset_add(&set->rrs, rr, &mm) == 0 ? ERR_OK : ERR_NOMEM;
}

/* ------------------------------------------------------------------ what a signer adds */

static int add_cds(struct apex *a, const struct job *job, const struct key *k)
{
    uint8_t ds[DS_RDATA_LEN];
    uint32_t ttl = job->params->dnskey_ttl_s;
    int err = ds_rdata(zone_apex(job->content), key_dnskey_rdata(k), ds);
    if (err == ERR_OK)
        err = add(a, KNOT_RRTYPE_CDS, ttl, (struct bytes){ds, sizeof ds});
    if (err == ERR_OK)
        err = add(a, KNOT_RRTYPE_CDNSKEY, ttl, key_dnskey_rdata(k));
    return err;
}

/* RFC 8078 s4: "CDS 0 0 0 00" and "CDNSKEY 0 3 0 AA==", to the letter. */
static int add_cds_delete(struct apex *a, uint32_t ttl)
{
    static const uint8_t cds[5] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey[5] = {0, 0, 3, 0, 0};
    int err = add(a, KNOT_RRTYPE_CDS, ttl, (struct bytes){cds, sizeof cds});
    return err == ERR_OK ? add(a, KNOT_RRTYPE_CDNSKEY, ttl, (struct bytes){cdnskey, sizeof cdnskey})
                         : err;
}

/* RFC 7344 s4.1: CDS and CDNSKEY of the keys that the parent shall know. */
static int add_keys(struct apex *a, const struct job *job)
{
    const struct sign_params *params = job->params;
    int err = ERR_OK;
    for (size_t i = 0; i < params->key_n && err == ERR_OK; i++) {
        const struct sign_key *k = &params->keys[i];
        if (k->publishes)
            err = add(a, KNOT_RRTYPE_DNSKEY, params->dnskey_ttl_s, key_dnskey_rdata(k->key));
        if (err == ERR_OK && k->has_ds && params->shows_cds && !params->deletes_ds)
            err = add_cds(a, job, k->key);
    }
    if (err == ERR_OK && params->deletes_ds)
        err = add_cds_delete(a, params->dnskey_ttl_s);
    return err;
}

/* RFC 9276 s3.1: no iterations, no salt. RFC 5155 s4.1.2: flags 0. */
static int add_nsec3param(struct apex *a, uint32_t soa_ttl)
{
    static const uint8_t rdata[5] = {1, 0, 0, 0, 0};
    return add(a, KNOT_RRTYPE_NSEC3PARAM, soa_ttl, (struct bytes){rdata, sizeof rdata});
}

static int add_zonemd(struct apex *a, uint32_t soa_ttl)
{
    uint8_t rdata[6 + ZONEMD_DIGEST_MAX] = {0};
    rdata[4] = ZONEMD_SIMPLE;
    rdata[5] = ZONEMD_SHA384;
    return add(a, KNOT_RRTYPE_ZONEMD, soa_ttl,
               (struct bytes){rdata, 6 + zonemd_len(ZONEMD_SHA384)});
}

/* ------------------------------------------------------------------ serial and digest */

/* A copy of SET's only record, which may be written to. */
static uint8_t *own(struct apex *a, struct zone_rrset *set)
{
    knot_rdata_t *rr = arena_alloc(a->arena, set->rrs.size);
    if (rr == NULL)
        return NULL;
    memcpy(rr, set->rrs.rdata, set->rrs.size);
    set->rrs.rdata = rr;
    return rr->data;
}

/* The five numbers that end an SOA: serial, refresh, retry, expire, minimum. */
static size_t soa_numbers(const struct zone_rrset *soa)
{
    return soa->rrs.rdata->len - 20u;
}

static int set_serial(struct apex *a, uint32_t serial)
{
    struct zone_rrset *soa = find(a, KNOT_RRTYPE_SOA);
    uint8_t *data = soa == NULL ? NULL : own(a, soa);
    if (data == NULL)
        return soa == NULL ? ERR_INTERNAL : ERR_NOMEM;
    wire_put_u32(data + soa_numbers(soa), serial);
    return ERR_OK;
}

/* What a signer adds with the SOA's TTL has it again when that changes. */
static void follow_soa_ttl(struct apex *a)
{
    static const uint16_t types[] = {KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_ZONEMD};
    const struct zone_rrset *soa = find(a, KNOT_RRTYPE_SOA);
    for (size_t i = 0; i < sizeof types / sizeof *types && soa != NULL; i++) {
        struct zone_rrset *set = find(a, types[i]);
        if (set != NULL)
            set->ttl = soa->ttl;
    }
}

static int set_digest(struct apex *a, uint32_t serial, const uint8_t *digest)
{
    struct zone_rrset *zonemd = find(a, KNOT_RRTYPE_ZONEMD);
    if (zonemd == NULL || digest == NULL)
        return ERR_OK;
    uint8_t *data = own(a, zonemd);
    if (data == NULL)
        return ERR_NOMEM;
    wire_put_u32(data, serial);
    memcpy(data + 6, digest, zonemd_len(ZONEMD_SHA384));
    return ERR_OK;
}

/* ------------------------------------------------------------------ all together */

static int open_apex(struct apex *a, const struct zone *zone, struct zone_node *ret)
{
    struct set_walk w;
    a->arena = arena_new();
    if (a->arena == NULL)
        return ERR_NOMEM;
    if (!zone_find(zone, zone_apex(zone), ret))
        return ERR_INTERNAL;
    pack_view(ret->apex, ret->content, NULL, ret);
    set_walk_first(ret, &w);
    while (a->n < SETS_MAX && set_walk_next(&w, &a->sets[a->n]))
        a->n++;
    return a->n < SETS_MAX ? ERR_OK : ERR_LIMIT;
}

static int pack(const struct apex *a, const struct zone_node *node, struct buf *ret)
{
    size_t start = pack_content_open(ret, node->owner, node->flags);
    for (size_t i = 0; i < a->n; i++)
        pack_set(ret, &a->sets[i]);
    pack_content_close(ret, start, (uint32_t)a->n);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int content_apex(const struct job *job, const struct zone *zone, uint32_t serial,
                 const uint8_t *digest, struct buf *ret)
{
    AUTO(apex) struct apex a = {0};
    struct zone_node node;
    int err = open_apex(&a, zone, &node);
    if (err == ERR_OK)
        err = set_serial(&a, serial);
    if (err != ERR_OK)
        return err;
    uint32_t soa_ttl = find(&a, KNOT_RRTYPE_SOA)->ttl;
    err = job->is_unsigned ? ERR_OK : add_keys(&a, job);
    if (err == ERR_OK && !job->is_unsigned && job->params->policy->denial == DENIAL_NSEC3)
        err = add_nsec3param(&a, soa_ttl);
    if (err == ERR_OK && job->params->policy->zonemd)
        err = add_zonemd(&a, soa_ttl);
    if (err == ERR_OK)
        err = set_digest(&a, serial, digest);
    return err == ERR_OK ? pack(&a, &node, ret) : err;
}

int content_shows_keys(const struct job *job, const struct zone *zone, bool *ret)
{
    static const uint16_t types[] = {KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY};
    AUTO(apex) struct apex a = {.arena = arena_new()};
    int err = a.arena == NULL ? ERR_NOMEM : add_keys(&a, job);
    if (err != ERR_OK)
        return err;
    *ret = true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct zone_rrset there;
        const struct zone_rrset *wanted = find(&a, types[i]);
        bool has = zone_rrset(zone, zone->apex, types[i], &there);
        *ret =
            *ret && has == (wanted != NULL) && (!has || knot_rdataset_eq(&wanted->rrs, &there.rrs));
    }
    return ERR_OK;
}

int content_apex_again(const struct zone *zone, uint32_t serial, const uint8_t *digest,
                       struct buf *ret)
{
    AUTO(apex) struct apex a = {0};
    struct zone_node node;
    int err = open_apex(&a, zone, &node);
    if (err == ERR_OK)
        err = set_serial(&a, serial);
    if (err == ERR_OK)
        err = set_digest(&a, serial, digest);
    follow_soa_ttl(&a);
    return err == ERR_OK ? pack(&a, &node, ret) : err;
}

uint32_t content_denial_ttl(const struct zone *zone)
{
    struct zone_rrset soa;
    if (!zone_rrset(zone, zone_apex(zone), KNOT_RRTYPE_SOA, &soa) || soa.rrs.count == 0)
        return 0;
    uint32_t minimum = wire_u32(soa.rrs.rdata->data + soa_numbers(&soa) + 16);
    return minimum < soa.ttl ? minimum : soa.ttl;
}

int job_set_apex(struct job *job, const uint8_t *content)
{
    struct tree names = {0};
    struct tree_edit edit = {.owner = job->zone->apex, .content = content};
    int err = tree_apply(&job->zone->names, job->zone->apex, &edit, 1, &names);
    if (err != ERR_OK)
        return err;
    tree_done(&job->zone->names);
    job->zone->names = names;
    return ERR_OK;
}
