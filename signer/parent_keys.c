/*
 * signer/parent_keys.c -- the DS that the parent has, and our keys (RFC 4034 s5.1.4).
 */
#include <string.h>

#include "common/err.h"
#include "signer/parent_int.h"
#include "signer/rules_parent.h"

#define DS_HEAD 4 /* tag, algorithm, digest type */

/* How long before they are made signers let signatures begin: an hour or so, a day at most. */
#define BACKDATED_MAX_S (24 * 60 * 60)

/* RFC 8624 s3.3 */
static bool digest_find(uint8_t type, enum verify_hash *ret)
{
    switch (type) {
    case 1: *ret = VERIFY_SHA1; return true;
    case 2: *ret = VERIFY_SHA256; return true;
    case 4: *ret = VERIFY_SHA384; return true;
    default: return false;
    }
}

bool proof_digest_is_known(uint8_t digest_type)
{
    enum verify_hash hash;
    return digest_find(digest_type, &hash);
}

int parent_ds_is_of(const uint8_t *zone, struct bytes ds, struct bytes dnskey, bool *ret)
{
    enum verify_hash hash;
    uint8_t digest[VERIFY_HASH_MAX];
    *ret = false;
    if (ds.len <= DS_HEAD || dnskey.len <= 4 || !digest_find(ds.data[3], &hash) ||
        ds.len != DS_HEAD + verify_hash_len(hash) || ds.data[2] != dnskey.data[3] ||
        wire_get16(ds.data) != proof_key_tag(dnskey))
        return ERR_OK;
    AUTO_PTR(verify_hasher) struct verify_hasher *h = verify_hasher_new(hash);
    if (h == NULL)
        return ERR_NOMEM;
    int err = verify_hasher_start(h);
    if (err == ERR_OK)
        err = verify_hasher_add(h, zone, name_len(zone));
    if (err == ERR_OK)
        err = verify_hasher_add(h, dnskey.data, dnskey.len);
    if (err == ERR_OK)
        err = verify_hasher_end(h, digest);
    *ret = err == ERR_OK && memcmp(digest, ds.data + DS_HEAD, ds.len - DS_HEAD) == 0;
    return err;
}

struct seen_run {
    const struct parent_view *v;
    const uint8_t *zone;
    const struct parent_key *keys;
    size_t key_n;
    bool *has_ds; /* of each key */
    bool published;
    struct diags *diags;
};

static int match_ds(struct seen_run *r, struct bytes ds)
{
    bool known = false;
    for (size_t i = 0; i < r->key_n; i++) {
        bool is = false;
        int err = parent_ds_is_of(r->zone, ds, r->keys[i].dnskey, &is);
        if (err != ERR_OK)
            return err;
        known = known || is;
        r->has_ds[i] = r->has_ds[i] || is;
        r->published = r->published || (is && r->keys[i].is_published);
    }
    char name[NAME_TEXT_LEN];
    name_to_text(r->zone, name);
    if (!known)
        diag_add(r->diags, &rule_parent_ds_unknown, AT_NOWHERE, name,
                 "the parent has a DS with key tag %u, algorithm %u, digest type %u, of no key "
                 "known here",
                 ds.len > DS_HEAD ? wire_get16(ds.data) : 0, ds.len > DS_HEAD ? ds.data[2] : 0,
                 ds.len > DS_HEAD ? ds.data[3] : 0);
    return ERR_OK;
}

/* The file says when the parent was asked; the parent's own signature says when that was so. An
   answer that is kept back and shown later proves nothing about the time after it was signed. */
static int64_t proven_at(const struct parent_view *v)
{
    int64_t signed_at = v->signed_at + BACKDATED_MAX_S;
    return signed_at < v->observed_at ? signed_at : v->observed_at;
}

static int list_digests(const struct seen_run *r, struct life_parent *ret)
{
    char(*digests)[KEY_DIGEST_LEN] = arena_zalloc(r->v->arena, r->key_n, sizeof *digests);
    size_t n = 0;
    if (digests == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < r->key_n; i++) {
        if (r->has_ds[i])
            memcpy(digests[n++], r->keys[i].digest, KEY_DIGEST_LEN);
    }
    *ret = (struct life_parent){.at = r->v->observed_at,
                                .digests = (const char(*)[KEY_DIGEST_LEN])digests,
                                .digest_n = n,
                                .ttl_s = r->v->ttl_s,
                                .proven_at = proven_at(r->v)};
    return ERR_OK;
}

int parent_seen(const struct parent_view *v, const uint8_t *zone, const struct parent_key *keys,
                size_t key_n, struct life_parent *ret, struct diags *diags)
{
    if (!v->agrees)
        return ERR_ABSENT;
    struct seen_run r = {.v = v, .zone = zone, .keys = keys, .key_n = key_n, .diags = diags};
    r.has_ds = arena_zalloc(v->arena, key_n, sizeof *r.has_ds);
    if (r.has_ds == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < v->ds_n; i++) {
        int err = match_ds(&r, v->ds[i]);
        if (err != ERR_OK)
            return err;
    }
    char name[NAME_TEXT_LEN];
    name_to_text(zone, name);
    if (v->ds_n > 0 && !r.published)
        diag_add(diags, &rule_parent_ds_no_match, AT_NOWHERE, name,
                 "none of the parent's %zu DS is of a published key", v->ds_n);
    return list_digests(&r, ret);
}
