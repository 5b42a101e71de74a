/*
 * publish/notify_cds.c -- do CDS and CDNSKEY ask the parent for something that it does not have?
 */
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"
#include "publish/notify.h"

#define DS_HEAD 4 /* tag, algorithm, digest type */

enum { TYPE_DNSKEY = 48, TYPE_CDS = 59, TYPE_CDNSKEY = 60 };

struct wish { /* what the zone shows */
    const uint8_t *apex;
    struct bytes *keys; /* DNSKEY rdata */
    size_t key_n;
    bool *wanted; /* of each key */
    bool unknown; /* a CDS of no DNSKEY in the zone */
};

static void wish_done(struct wish *w)
{
    free(w->keys);
    free(w->wanted);
}
DEFINE_AUTO(wish)

static gnutls_digest_algorithm_t digest_of(uint8_t type)
{
    switch (type) {
    case 1: return GNUTLS_DIG_SHA1;
    case 2: return GNUTLS_DIG_SHA256;
    case 4: return GNUTLS_DIG_SHA384;
    default: return GNUTLS_DIG_UNKNOWN;
    }
}

/* Is DS one of KEY (RFC 4034 s5.1.4)? */
static int is_of(const uint8_t *apex, struct bytes ds, struct bytes key, bool *ret)
{
    *ret = false;
    gnutls_digest_algorithm_t alg = ds.len > DS_HEAD ? digest_of(ds.data[3]) : GNUTLS_DIG_UNKNOWN;
    if (alg == GNUTLS_DIG_UNKNOWN || key.len < 4 || ds.data[2] != key.data[3] ||
        ds.len - DS_HEAD != gnutls_hash_get_len(alg))
        return ERR_OK;
    AUTO(buf) struct buf in = {0};
    uint8_t digest[64];
    buf_add(&in, apex, name_len(apex));
    buf_add(&in, key.data, key.len);
    if (!buf_ok(&in))
        return ERR_NOMEM;
    if (gnutls_hash_fast(alg, in.data, in.len, digest) != 0)
        return ERR_CRYPTO;
    *ret = memcmp(digest, ds.data + DS_HEAD, ds.len - DS_HEAD) == 0;
    return ERR_OK;
}

/* Marks the keys that DS stands for; RET_NONE: there is none. */
static int mark(const struct wish *w, struct bytes ds, bool *marks, bool *ret_none)
{
    *ret_none = true;
    for (size_t i = 0; i < w->key_n; i++) {
        bool is = false;
        int err = is_of(w->apex, ds, w->keys[i], &is);
        if (err != ERR_OK)
            return err;
        marks[i] = marks[i] || is;
        *ret_none = *ret_none && !is;
    }
    return ERR_OK;
}

static bool is_removal(uint16_t type, struct bytes r) /* RFC 8078 s4 */
{
    return r.len >= 4 && (type == TYPE_CDS ? r.data[2] : r.data[3]) == 0;
}

static int take_set(struct wish *w, const struct zone_rrset *set)
{
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        struct bytes r = {rd->data, rd->len};
        bool none = true;
        int err = ERR_OK;
        if (is_removal(set->type, r))
            continue;
        if (set->type == TYPE_CDS)
            err = mark(w, r, w->wanted, &none);
        for (size_t k = 0; k < w->key_n && set->type == TYPE_CDNSKEY; k++) {
            bool is = bytes_equal(w->keys[k], r);
            w->wanted[k] = w->wanted[k] || is;
            none = none && !is;
        }
        if (err != ERR_OK)
            return err;
        w->unknown = w->unknown || none;
    }
    return ERR_OK;
}

static int take_keys(const struct zone *zone, struct wish *w)
{
    struct zone_rrset set;
    bool has = zone_rrset(zone, w->apex, TYPE_DNSKEY, &set);
    size_t n = has ? set.rrs.count : 0;
    w->keys = calloc(n + 1, sizeof *w->keys);
    w->wanted = calloc(n + 1, sizeof *w->wanted);
    if (w->keys == NULL || w->wanted == NULL)
        return ERR_NOMEM;
    knot_rdata_t *rd = has ? set.rrs.rdata : NULL;
    for (; w->key_n < n; w->key_n++, rd = knot_rdataset_next(rd))
        w->keys[w->key_n] = (struct bytes){rd->data, rd->len};
    return ERR_OK;
}

static int compare(const struct wish *w, const struct bytes *ds, size_t n, bool *ret)
{
    AUTO_FREE bool *has = calloc(w->key_n + 1, sizeof *has);
    bool differs = w->unknown;
    if (has == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        bool none = true;
        int err = mark(w, ds[i], has, &none);
        if (err != ERR_OK)
            return err;
        differs = differs || none;
    }
    for (size_t i = 0; i < w->key_n; i++)
        differs = differs || has[i] != w->wanted[i];
    *ret = differs;
    return ERR_OK;
}

int notify_cds_differs(const struct zone *zone, const struct bytes *ds, size_t n, bool *ret)
{
    AUTO(wish) struct wish w = {.apex = zone_apex(zone)};
    struct zone_rrset cds, cdnskey;
    bool has_cds = zone_rrset(zone, w.apex, TYPE_CDS, &cds) && cds.rrs.count > 0;
    bool has_cdnskey = zone_rrset(zone, w.apex, TYPE_CDNSKEY, &cdnskey) && cdnskey.rrs.count > 0;
    *ret = false;
    if (!has_cds && !has_cdnskey)
        return ERR_OK;
    int err = take_keys(zone, &w);
    if (err == ERR_OK && has_cds)
        err = take_set(&w, &cds);
    if (err == ERR_OK && has_cdnskey)
        err = take_set(&w, &cdnskey);
    return err == ERR_OK ? compare(&w, ds, n, ret) : err;
}
