/* The SIMPLE digest of RFC 8976 s3.3.1: every record once, in canonical order and form. */
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/plan.h"
#include "signer/wire.h"

#define FEED_BYTES 65536 /* records are fed to the hash in pieces of about this size */

struct digest {
    gnutls_hash_hd_t hash;
    struct buf pending;
    int err;
};

size_t zonemd_len(enum zonemd_hash hash)
{
    return hash == ZONEMD_SHA384 ? 48 : 64;
}

static int digest_begin(struct digest *d, enum zonemd_hash hash)
{
    *d = (struct digest){0};
    buf_reserve(&d->pending, FEED_BYTES * 2);
    gnutls_digest_algorithm_t algorithm =
        hash == ZONEMD_SHA384 ? GNUTLS_DIG_SHA384 : GNUTLS_DIG_SHA512;
    if (gnutls_hash_init(&d->hash, algorithm) == 0)
        return ERR_OK;
    buf_done(&d->pending);
    return ERR_CRYPTO;
}

static void digest_flush(struct digest *d)
{
    if (!buf_ok(&d->pending))
        d->err = ERR_NOMEM;
    else if (gnutls_hash(d->hash, d->pending.data, d->pending.len) != 0)
        d->err = ERR_CRYPTO;
    buf_clear(&d->pending);
}

static int digest_end(struct digest *d, uint8_t ret[ZONEMD_DIGEST_MAX])
{
    digest_flush(d);
    uint8_t out[ZONEMD_DIGEST_MAX] = {0};
    gnutls_hash_deinit(d->hash, out);
    buf_done(&d->pending);
    if (d->err == ERR_OK)
        memcpy(ret, out, sizeof out);
    return d->err;
}

/* owner | type | class | TTL | length | rdata, for each record. */
static void add_records(struct digest *d, const uint8_t *owner, uint16_t type, uint32_t ttl,
                        const knot_rdataset_t *rrs)
{
    size_t owner_len = name_len(owner);
    const knot_rdata_t *rr = rrs->rdata;
    for (uint16_t i = 0; i < rrs->count; i++) {
        uint8_t fixed[10];
        wire_put_u16(fixed, type);
        wire_put_u16(fixed + 2, KNOT_CLASS_IN);
        wire_put_u32(fixed + 4, ttl);
        wire_put_u16(fixed + 8, rr->len);
        buf_add(&d->pending, owner, owner_len);
        buf_add(&d->pending, fixed, sizeof fixed);
        buf_add(&d->pending, rr->data, rr->len);
        if (d->pending.len >= FEED_BYTES)
            digest_flush(d);
        rr = wire_next(rr);
    }
}

/* RFC 8976 s3.3.1: the apex ZONEMD RRset and its signatures stay out. */
static bool is_left_out(const struct zone_rrset *set, bool apex)
{
    return apex && set->type == KNOT_RRTYPE_ZONEMD;
}

/* RRSIG is a type like others in the order of types; its records are in the order of the type that
   they cover, since that is what their rdata begins with. */
static void add_node(struct digest *d, const uint8_t *owner, const struct zone_rrset *sets,
                     size_t set_n, bool apex)
{
    bool signatures = false;
    for (size_t i = 0; i <= set_n; i++) {
        if (!signatures && (i == set_n || sets[i].type > KNOT_RRTYPE_RRSIG)) {
            for (size_t j = 0; j < set_n; j++) {
                if (!is_left_out(&sets[j], apex))
                    add_records(d, owner, KNOT_RRTYPE_RRSIG, sets[j].sig_ttl, &sets[j].sigs);
            }
            signatures = true;
        }
        if (i < set_n && !is_left_out(&sets[i], apex))
            add_records(d, owner, sets[i].type, sets[i].ttl, &sets[i].rrs);
    }
}

int zonemd_of_plan(const struct plan *p, enum zonemd_hash hash, uint8_t ret[ZONEMD_DIGEST_MAX])
{
    struct digest d;
    int err = digest_begin(&d, hash);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < p->n; i++)
        add_node(&d, p->nodes[i].owner, p->nodes[i].sets, p->nodes[i].set_n, i == 0);
    return digest_end(&d, ret);
}

int zonemd_compute(const struct zone *zone, enum zonemd_hash hash, uint8_t ret[ZONEMD_DIGEST_MAX])
{
    struct digest d;
    int err = digest_begin(&d, hash);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < zone_node_n(zone); i++) {
        const struct zone_node *n = zone_node_at(zone, i);
        add_node(&d, n->owner, n->rrsets, n->rrset_n, name_compare(n->owner, zone_apex(zone)) == 0);
    }
    return digest_end(&d, ret);
}
