/*
 * signer/verify_zonemd.c -- ZONEMD: the digest over the whole zone (RFC 8976), scheme SIMPLE.
 */
#include <string.h>

#include "common/err.h"
#include "signer/verify.h"

#define ZONEMD_HEAD       6 /* serial, scheme, hash algorithm */
#define ZONEMD_DIGEST_MIN 12

enum { SCHEME_SIMPLE = 1, HASH_SHA384 = 1, HASH_SHA512 = 2 };

struct digester {
    const struct verification *v;
    struct verify_hasher *hasher;
    struct buf wire; /* records of one node, reused */
};

static void add_record(struct buf *b, const uint8_t *owner, size_t owner_len, uint16_t type,
                       uint32_t ttl, const knot_rdata_t *rd)
{
    uint8_t fixed[10] = {(uint8_t)(type >> 8),
                         (uint8_t)type,
                         0,
                         1,
                         (uint8_t)(ttl >> 24),
                         (uint8_t)(ttl >> 16),
                         (uint8_t)(ttl >> 8),
                         (uint8_t)ttl,
                         (uint8_t)(rd->len >> 8),
                         (uint8_t)rd->len};
    buf_add(b, owner, owner_len);
    buf_add(b, fixed, sizeof(fixed));
    buf_add(b, rd->data, rd->len);
}

static void add_records(struct buf *b, const struct zone_node *n, uint16_t type, uint32_t ttl,
                        const knot_rdataset_t *rrs)
{
    size_t owner_len = name_len(n->owner);
    knot_rdata_t *rd = rrs->rdata;
    for (uint16_t i = 0; i < rrs->count; i++, rd = knot_rdataset_next(rd))
        add_record(b, n->owner, owner_len, type, ttl, rd);
}

/* All RRSIGs of a name are one RRset here; their rdata begins with the type covered, and so the
   order of the covered types is the canonical order of the rdata (RFC 8976 s3.3.1). */
static void add_signatures(struct buf *b, const struct zone_node *n, bool apex)
{
    for (uint32_t i = 0; i < n->rrset_n; i++) {
        const struct zone_rrset *set = &n->rrsets[i];
        if (!(apex && set->type == VT_ZONEMD)) /* RFC 8976 s3.3.1 */
            add_records(b, n, VT_RRSIG, set->sig_ttl, &set->sigs);
    }
}

/* RFC 8976 s3.3: every record of the zone, glue and occluded ones too, but the apex ZONEMD. */
static int add_node(struct digester *d, const struct zone_node *n)
{
    bool apex = name_compare(n->owner, d->v->apex) == 0;
    bool signatures_done = false;
    buf_clear(&d->wire);
    for (uint32_t i = 0; i < n->rrset_n; i++) {
        const struct zone_rrset *set = &n->rrsets[i];
        if (!signatures_done && set->type > VT_RRSIG) {
            add_signatures(&d->wire, n, apex);
            signatures_done = true;
        }
        if (!(apex && set->type == VT_ZONEMD))
            add_records(&d->wire, n, set->type, set->ttl, &set->rrs);
    }
    if (!signatures_done)
        add_signatures(&d->wire, n, apex);
    if (!buf_ok(&d->wire))
        return ERR_NOMEM;
    return verify_hasher_add(d->hasher, d->wire.data, d->wire.len);
}

static int zone_digest(const struct verification *v, enum verify_hash hash,
                       uint8_t out[VERIFY_HASH_MAX])
{
    struct digester d = {.v = v, .hasher = verify_hasher_new(hash)};
    if (d.hasher == NULL)
        return ERR_NOMEM;
    int err = verify_hasher_start(d.hasher);
    for (size_t i = 0; err == ERR_OK && i < zone_node_n(v->zone); i++)
        err = add_node(&d, zone_node_at(v->zone, i));
    if (err == ERR_OK)
        err = verify_hasher_end(d.hasher, out);
    verify_hasher_free(d.hasher);
    buf_done(&d.wire);
    return err;
}

static int judge_digest(const struct verification *v, const knot_rdata_t *rd, uint32_t line,
                        bool *ret_valid, struct diags *diags)
{
    enum verify_hash hash = rd->data[5] == HASH_SHA384 ? VERIFY_SHA384 : VERIFY_SHA512;
    size_t len = rd->len - (size_t)ZONEMD_HEAD;
    if (len != verify_hash_len(hash)) {
        VERIFY_ADD(v, diags, rule_zonemd_malformed, line, v->apex, VT_ZONEMD,
                   "hash algorithm %u with a digest of %zu octets", rd->data[5], len);
        return ERR_OK;
    }
    uint8_t digest[VERIFY_HASH_MAX];
    int err = zone_digest(v, hash, digest);
    if (err != ERR_OK)
        return err;
    if (memcmp(digest, rd->data + ZONEMD_HEAD, len) == 0) {
        *ret_valid = true;
        return ERR_OK;
    }
    char found[2 * VERIFY_HASH_MAX + 1];
    char wanted[2 * VERIFY_HASH_MAX + 1];
    hex_encode(rd->data + ZONEMD_HEAD, len, found);
    hex_encode(digest, len, wanted);
    VERIFY_ADD(v, diags, rule_zonemd_mismatch, line, v->apex, VT_ZONEMD, "digest %s", found);
    diag_expect(diags, "%s", wanted);
    return ERR_OK;
}

/* One record. SEEN marks scheme and hash algorithm. */
static int judge_record(const struct verification *v, const knot_rdata_t *rd, uint32_t line,
                        bool seen[SCHEME_SIMPLE + 1][HASH_SHA512 + 1], bool *ret_valid,
                        struct diags *diags)
{
    const uint8_t *p = rd->data;
    if (rd->len < ZONEMD_HEAD + ZONEMD_DIGEST_MIN) {
        VERIFY_ADD(v, diags, rule_zonemd_malformed, line, v->apex, VT_ZONEMD, "%u octets of rdata",
                   rd->len);
        return ERR_OK;
    }
    uint32_t serial =
        (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    if (serial != zone_soa_serial(v->zone)) {
        VERIFY_ADD(v, diags, rule_zonemd_serial, line, v->apex, VT_ZONEMD, "serial %u", serial);
        diag_expect(diags, "%u, as in the SOA", zone_soa_serial(v->zone));
        return ERR_OK;
    }
    if (p[4] != SCHEME_SIMPLE || (p[5] != HASH_SHA384 && p[5] != HASH_SHA512)) {
        VERIFY_ADD(v, diags, rule_zonemd_unsupported, line, v->apex, VT_ZONEMD,
                   "scheme %u, hash algorithm %u: not checked", p[4], p[5]);
        return ERR_OK;
    }
    if (seen[p[4]][p[5]])
        VERIFY_ADD(v, diags, rule_zonemd_duplicate, line, v->apex, VT_ZONEMD,
                   "more than one record of scheme %u, hash algorithm %u", p[4], p[5]);
    seen[p[4]][p[5]] = true;
    return judge_digest(v, rd, line, ret_valid, diags);
}

int verify_zonemd(const struct verification *v, bool *ret_valid, struct diags *diags)
{
    *ret_valid = false;
    const struct zone_rrset *set = zone_rrset(v->zone, v->apex, VT_ZONEMD);
    if (set == NULL)
        return ERR_OK;
    bool seen[SCHEME_SIMPLE + 1][HASH_SHA512 + 1] = {{false}};
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        int err = judge_record(v, rd, set->line, seen, ret_valid, diags);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
