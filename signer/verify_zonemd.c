/*
 * signer/verify_zonemd.c -- ZONEMD: the digest over the whole zone (RFC 8976), scheme SIMPLE.
 */
#include <string.h>

#include "common/err.h"
#include "signer/verify.h"

#define ZONEMD_HEAD       6 /* serial, scheme, hash algorithm */
#define ZONEMD_DIGEST_MIN 12
#define RRSIG_FIXED       18 /* octets of RRSIG rdata before the signer's name (RFC 4034 s3.1) */

enum { SCHEME_SIMPLE = 1, HASH_SHA384 = 1, HASH_SHA512 = 2 };

struct digester {
    const struct verification *v;
    struct verify_hasher *hasher;
    struct buf wire; /* records of one owner, reused */
};

/* An owner that is a name and a hash has two nodes: their RRsets, by type. */
struct owner_walk {
    struct set_walk walk[2];
    struct zone_rrset set[2];
    bool has[2];
};

static void owner_walk_first(const struct zone_node *nodes, size_t n, struct owner_walk *ret)
{
    *ret = (struct owner_walk){0};
    for (size_t i = 0; i < n; i++) {
        set_walk_first(&nodes[i], &ret->walk[i]);
        ret->has[i] = set_walk_next(&ret->walk[i], &ret->set[i]);
    }
}

static bool owner_walk_next(struct owner_walk *w, struct zone_rrset *ret)
{
    if (!w->has[0] && !w->has[1])
        return false;
    int i = w->has[0] && (!w->has[1] || w->set[0].type <= w->set[1].type) ? 0 : 1;
    *ret = w->set[i];
    w->has[i] = set_walk_next(&w->walk[i], &w->set[i]);
    return true;
}

/* Owner, type, class, TTL, length; the rdata follows (RFC 1035 s3.2.1). */
static void add_head(struct buf *b, const uint8_t *owner, uint16_t type, uint32_t ttl, size_t len)
{
    uint8_t fixed[10] = {(uint8_t)(type >> 8),
                         (uint8_t)type,
                         0,
                         1,
                         (uint8_t)(ttl >> 24),
                         (uint8_t)(ttl >> 16),
                         (uint8_t)(ttl >> 8),
                         (uint8_t)ttl,
                         (uint8_t)(len >> 8),
                         (uint8_t)len};
    buf_add(b, owner, name_len(owner));
    buf_add(b, fixed, sizeof(fixed));
}

static void add_records(struct buf *b, const struct zone_rrset *set)
{
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        add_head(b, set->owner, set->type, set->ttl, rd->len);
        buf_add(b, rd->data, rd->len);
    }
}

/* RFC 8976 s3.3.1: the apex ZONEMD and its signatures are left out. */
static bool is_left_out(const struct verification *v, const struct zone_rrset *set)
{
    return set->type == VT_ZONEMD && name_compare(set->owner, v->apex) == 0;
}

/* All RRSIGs of a name are one RRset here; their rdata begins with the type covered, and so the
   order of the covered types is the canonical order of the rdata (RFC 8976 s3.3.1). */
static void add_signatures(struct digester *d, const struct zone_node *nodes, size_t n)
{
    struct owner_walk walk;
    struct zone_rrset set;
    owner_walk_first(nodes, n, &walk);
    while (owner_walk_next(&walk, &set)) {
        const uint8_t *pos = set.sigs;
        if (is_left_out(d->v, &set))
            continue;
        for (uint32_t i = 0; i < set.sig_n; i++) {
            struct zone_sig sig;
            sig_walk_next(&set, &pos, &sig);
            add_head(&d->wire, set.owner, VT_RRSIG, sig.ttl,
                     RRSIG_FIXED + name_len(sig.signer) + sig.signature.len);
            zone_sig_rdata(&sig, &d->wire);
        }
    }
}

/* RFC 8976 s3.3: every record of the zone, glue and occluded ones too, but the apex ZONEMD. */
static int add_owner(struct digester *d, const struct zone_node *nodes, size_t n)
{
    struct owner_walk walk;
    struct zone_rrset set;
    bool signatures_done = false;
    buf_clear(&d->wire);
    owner_walk_first(nodes, n, &walk);
    while (owner_walk_next(&walk, &set)) {
        if (!signatures_done && set.type > VT_RRSIG) {
            add_signatures(d, nodes, n);
            signatures_done = true;
        }
        if (!is_left_out(d->v, &set))
            add_records(&d->wire, &set);
    }
    if (!signatures_done)
        add_signatures(d, nodes, n);
    if (!buf_ok(&d->wire))
        return ERR_NOMEM;
    return verify_hasher_add(d->hasher, d->wire.data, d->wire.len);
}

static int add_zone(struct digester *d)
{
    struct zone_cursor c;
    struct zone_node nodes[2];
    zone_first(d->v->zone, &c);
    int err = ERR_OK;
    for (bool more = zone_next(&c, &nodes[0]); more && err == ERR_OK;) {
        more = zone_next(&c, &nodes[1]);
        bool both = more && name_compare(nodes[0].owner, nodes[1].owner) == 0;
        err = add_owner(d, nodes, both ? 2 : 1);
        if (both)
            more = zone_next(&c, &nodes[0]);
        else
            nodes[0] = nodes[1];
    }
    return err;
}

static int zone_digest(const struct verification *v, enum verify_hash hash,
                       uint8_t out[VERIFY_HASH_MAX])
{
    struct digester d = {.v = v, .hasher = verify_hasher_new(hash)};
    if (d.hasher == NULL)
        return ERR_NOMEM;
    int err = verify_hasher_start(d.hasher);
    if (err == ERR_OK)
        err = add_zone(&d);
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
    struct zone_rrset set;
    if (!zone_rrset(v->zone, v->apex, VT_ZONEMD, &set))
        return ERR_OK;
    bool seen[SCHEME_SIMPLE + 1][HASH_SHA512 + 1] = {{false}};
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        int err = judge_record(v, rd, set.line, seen, ret_valid, diags);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
