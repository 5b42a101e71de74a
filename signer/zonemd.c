/* The SIMPLE digest of RFC 8976 s3.3.1: every record once, in canonical order and form. */
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "signer/job.h"
#include "zones/packed.h"

#define FEED_BYTES 65536 /* records are fed to the hash in pieces of about this size */

struct digest {
    gnutls_hash_hd_t hash;
    struct buf pending;
    struct buf sig;          /* an RRSIG's rdata */
    struct zone_rrset *sets; /* of one owner */
    size_t set_n;
    size_t set_cap;
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
    buf_done(&d->sig);
    free(d->sets);
    if (d->err == ERR_OK)
        memcpy(ret, out, sizeof out);
    return d->err;
}

/* owner | type | class | TTL | length | rdata */
static void add_record(struct digest *d, const uint8_t *owner, uint16_t type, uint32_t ttl,
                       const uint8_t *rdata, uint16_t len)
{
    uint8_t fixed[10];
    wire_put_u16(fixed, type);
    wire_put_u16(fixed + 2, KNOT_CLASS_IN);
    wire_put_u32(fixed + 4, ttl);
    wire_put_u16(fixed + 8, len);
    buf_add(&d->pending, owner, name_len(owner));
    buf_add(&d->pending, fixed, sizeof fixed);
    buf_add(&d->pending, rdata, len);
    if (d->pending.len >= FEED_BYTES)
        digest_flush(d);
}

static void add_data(struct digest *d, const struct zone_rrset *set)
{
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        add_record(d, set->owner, set->type, set->ttl, rr->data, rr->len);
        rr = wire_next(rr);
    }
}

static void add_signatures(struct digest *d, const struct zone_rrset *set)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig sig;
        sig_walk_next(set, &pos, &sig);
        buf_clear(&d->sig);
        zone_sig_rdata(&sig, &d->sig);
        if (!buf_ok(&d->sig)) {
            d->err = ERR_NOMEM; /* said at once: the next buf_clear forgets it */
            return;
        }
        add_record(d, set->owner, KNOT_RRTYPE_RRSIG, sig.ttl, d->sig.data, (uint16_t)d->sig.len);
    }
}

/* In order of type; an owner that is a hash too has two nodes. */
static void take_sets(struct digest *d, const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        struct zone_rrset *sets = grow_items(d->sets, d->set_n, &d->set_cap, sizeof *sets);
        if (sets == NULL) {
            d->err = ERR_NOMEM;
            return;
        }
        d->sets = sets;
        /* RFC 8976 s3.3.1: the apex ZONEMD RRset and its signatures stay out */
        if ((node->flags & NODE_APEX) != 0 && set.type == KNOT_RRTYPE_ZONEMD)
            continue;
        size_t at = d->set_n++;
        for (; at > 0 && d->sets[at - 1].type > set.type; at--)
            d->sets[at] = d->sets[at - 1];
        d->sets[at] = set;
    }
}

/* RRSIG is a type like others in the order of types; its records are in the order of the type that
   they cover, since that is what their rdata begins with. */
static void add_sets(struct digest *d)
{
    bool signatures = false;
    for (size_t i = 0; i <= d->set_n; i++) {
        if (!signatures && (i == d->set_n || d->sets[i].type > KNOT_RRTYPE_RRSIG)) {
            for (size_t j = 0; j < d->set_n; j++)
                add_signatures(d, &d->sets[j]);
            signatures = true;
        }
        if (i < d->set_n)
            add_data(d, &d->sets[i]);
    }
    d->set_n = 0;
}

int zonemd_compute(const struct zone *zone, enum zonemd_hash hash, uint8_t ret[ZONEMD_DIGEST_MAX])
{
    struct digest d;
    int err = digest_begin(&d, hash);
    if (err != ERR_OK)
        return err;
    struct zone_cursor c;
    struct zone_node node;
    const uint8_t *owner = NULL;
    zone_first(zone, &c);
    while (d.err == ERR_OK && zone_next(&c, &node)) {
        if (owner != NULL && name_compare(owner, node.owner) != 0)
            add_sets(&d);
        owner = node.owner;
        take_sets(&d, &node);
    }
    add_sets(&d);
    return digest_end(&d, ret);
}
