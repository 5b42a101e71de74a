/*
 * signer/verify_keys.c -- the DNSKEY RRset, and what must agree with it: DS, CDS, CDNSKEY.
 */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/verify.h"

#define DNSKEY_HEAD 4 /* flags, protocol, algorithm */
#define DS_HEAD     4 /* key tag, algorithm, digest type */

enum { FLAG_ZONE = 0x0100, FLAG_REVOKE = 0x0080 };

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* RFC 4034 App. B */
static uint16_t key_tag_of(struct bytes rdata)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < rdata.len; i++)
        sum += (i & 1) != 0 ? rdata.data[i] : (uint32_t)rdata.data[i] << 8;
    sum += sum >> 16;
    return (uint16_t)sum;
}

static uint32_t apex_line(const struct verification *v, uint16_t type)
{
    struct zone_rrset set;
    return zone_rrset(v->zone, v->apex, type, &set) ? set.line : 0;
}

/* ------------------------------------------------------------------ loading */

static void warn_weak(const struct verification *v, const struct verify_key *k, uint32_t line,
                      struct diags *diags)
{
    if (k->algorithm == 5 || k->algorithm == 7)
        VERIFY_ADD(v, diags, rule_dnskey_weak, line, v->apex, VT_DNSKEY,
                   "key %u: algorithm %u signs with SHA-1", k->tag, k->algorithm);
    unsigned bits = verify_public_rsa_bits(k->public);
    if (bits != 0 && bits < 1024)
        VERIFY_ADD(v, diags, rule_dnskey_weak, line, v->apex, VT_DNSKEY,
                   "key %u: RSA modulus of %u bits", k->tag, bits);
}

static int load_key(const struct verification *v, struct bytes rdata, uint32_t line,
                    struct verify_key *k, struct diags *diags)
{
    *k = (struct verify_key){.rdata = rdata, .tag = key_tag_of(rdata)};
    if (rdata.len <= DNSKEY_HEAD || rdata.data[2] != 3) {
        VERIFY_ADD(v, diags, rule_dnskey_invalid, line, v->apex, VT_DNSKEY, "key %u: %s", k->tag,
                   rdata.len <= DNSKEY_HEAD ? "no public key" : "another protocol than 3");
        return ERR_OK;
    }
    uint16_t flags = get16(rdata.data);
    k->algorithm = rdata.data[3];
    k->zone_key = (flags & FLAG_ZONE) != 0;
    k->revoked = (flags & FLAG_REVOKE) != 0;
    struct bytes key = {rdata.data + DNSKEY_HEAD, rdata.len - DNSKEY_HEAD};
    int err = verify_public_new(k->algorithm, key, &k->public);
    if (err == ERR_ABSENT)
        VERIFY_ADD(v, diags, rule_dnskey_unsupported, line, v->apex, VT_DNSKEY,
                   "key %u: algorithm %u; its signatures are not checked", k->tag, k->algorithm);
    else if (err == ERR_FINDINGS)
        VERIFY_ADD(v, diags, rule_dnskey_invalid, line, v->apex, VT_DNSKEY,
                   "key %u: no public key of algorithm %u", k->tag, k->algorithm);
    else if (err != ERR_OK)
        return err;
    else
        warn_weak(v, k, line, diags);
    return ERR_OK;
}

/* RFC 4035 s2.2: each algorithm of the DNSKEY RRset signs; a revoked key stands for none. */
static void require_algorithm(struct verification *v, const struct verify_key *k)
{
    if (!k->zone_key || k->revoked)
        return;
    for (size_t i = 0; i < v->algorithm_n; i++) {
        if (v->algorithms[i] == k->algorithm)
            return;
    }
    v->algorithms[v->algorithm_n++] = k->algorithm;
}

/* RFC 4034 s5.2 allows it, but validators try few keys per signature since CVE-2023-50387. */
static void judge_collisions(const struct verification *v, uint32_t line, struct diags *diags)
{
    for (size_t i = 0; i < v->key_n; i++) {
        const struct verify_key *k = &v->keys[i];
        unsigned before = 0;
        unsigned same = 1;
        for (size_t j = 0; j < v->key_n; j++) {
            if (j != i && v->keys[j].tag == k->tag && v->keys[j].algorithm == k->algorithm) {
                before += j < i;
                same++;
            }
        }
        if (before != 0 || same < 2)
            continue;
        char at[VERIFY_AT_LEN];
        diag_add_as(diags, same > 2 ? SEV_ERROR : SEV_WARNING, &rule_dnskey_tag_collision,
                    AT_LINE(v->file, line), verify_at(v->apex, VT_DNSKEY, at),
                    "%u keys of algorithm %u with tag %u", same, k->algorithm, k->tag);
    }
}

/* Is there a key whose signatures can be checked at all? */
static void judge_usable(const struct verification *v, uint32_t line, struct diags *diags)
{
    for (size_t i = 0; i < v->key_n; i++) {
        const struct verify_key *k = &v->keys[i];
        if (k->zone_key && !k->revoked && k->public != NULL)
            return;
    }
    if (v->algorithm_n == 0)
        VERIFY_ADD(v, diags, rule_dnskey_missing, line, v->apex, VT_DNSKEY, "no zone key");
    else
        VERIFY_ADD(v, diags, rule_dnskey_unverifiable, line, v->apex, VT_DNSKEY,
                   "no zone key that can be used");
}

int verify_keys_load(struct verification *v, struct diags *diags)
{
    struct zone_rrset set;
    if (!zone_rrset(v->zone, v->apex, VT_DNSKEY, &set) || set.rrs.count == 0) {
        VERIFY_ADD(v, diags, rule_dnskey_missing, 0, v->apex, 0,
                   "no DNSKEY: the zone is not signed");
        return ERR_OK;
    }
    if (set.rrs.count > LIMIT_ZONE_KEYS) {
        VERIFY_ADD(v, diags, rule_dnskey_limit, set.line, v->apex, VT_DNSKEY, "%u keys",
                   set.rrs.count);
        return ERR_OK;
    }
    v->keys = calloc(set.rrs.count, sizeof(*v->keys));
    if (v->keys == NULL)
        return ERR_NOMEM;
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        struct verify_key *k = &v->keys[v->key_n++];
        int err = load_key(v, (struct bytes){rd->data, rd->len}, set.line, k, diags);
        if (err != ERR_OK)
            return err;
        require_algorithm(v, k);
    }
    judge_collisions(v, set.line, diags);
    judge_usable(v, set.line, diags);
    return ERR_OK;
}

void verify_keys_done(struct verification *v)
{
    for (size_t i = 0; i < v->key_n; i++)
        verify_public_free(v->keys[i].public);
    free(v->keys);
    v->keys = NULL;
    v->key_n = 0;
}

int verify_key_digest(struct bytes dnskey, char ret[KEY_DIGEST_LEN])
{
    if (dnskey.len <= DNSKEY_HEAD)
        return ERR_ABSENT;
    AUTO_PTR(verify_public) struct verify_public *k = NULL;
    struct bytes key = {dnskey.data + DNSKEY_HEAD, dnskey.len - DNSKEY_HEAD};
    uint8_t sha256[32];
    int err = verify_public_new(dnskey.data[3], key, &k);
    if (err == ERR_OK)
        err = verify_public_sha256(k, sha256);
    if (err == ERR_OK)
        hex_encode(sha256, sizeof(sha256), ret);
    return err == ERR_FINDINGS ? ERR_ABSENT : err;
}

/* ------------------------------------------------------------------ after the signatures */

void verify_keys_judge(const struct verification *v, struct diags *diags)
{
    for (size_t i = 0; i < v->key_n; i++) {
        if (v->keys[i].signs_dnskey && !v->keys[i].revoked)
            return;
    }
    VERIFY_ADD(v, diags, rule_dnskey_not_signed, apex_line(v, VT_DNSKEY), v->apex, VT_DNSKEY,
               "no valid signature by a zone key over the DNSKEY RRset");
}

enum ds_kind { DS_GOOD, DS_MALFORMED, DS_UNSUPPORTED };

/* RFC 4034 s5.1.4 and App. A.2, RFC 4509, 6605: digest types 1, 2, 4; RFC 5933: 3 has 32 octets. */
static enum ds_kind ds_kind(struct bytes ds, enum verify_hash *ret_hash)
{
    if (ds.len <= DS_HEAD || ds.data[3] == 0)
        return DS_MALFORMED;
    size_t len = ds.len - DS_HEAD;
    switch (ds.data[3]) {
    case 1: *ret_hash = VERIFY_SHA1; break;
    case 2: *ret_hash = VERIFY_SHA256; break;
    case 3: return len == 32 ? DS_UNSUPPORTED : DS_MALFORMED;
    case 4: *ret_hash = VERIFY_SHA384; break;
    default: return DS_UNSUPPORTED;
    }
    return len == verify_hash_len(*ret_hash) ? DS_GOOD : DS_MALFORMED;
}

bool verify_ds_malformed(struct bytes ds)
{
    enum verify_hash hash = VERIFY_SHA1;
    return ds_kind(ds, &hash) == DS_MALFORMED;
}

/* RFC 4034 s5.1.4: digest( owner name | DNSKEY rdata ) */
static int ds_matches(const struct verification *v, struct bytes ds, struct bytes dnskey, bool *ret)
{
    enum verify_hash hash = VERIFY_SHA1;
    uint8_t digest[VERIFY_HASH_MAX];
    *ret = false;
    if (dnskey.len <= DNSKEY_HEAD || ds_kind(ds, &hash) != DS_GOOD ||
        get16(ds.data) != key_tag_of(dnskey) || ds.data[2] != dnskey.data[3])
        return ERR_OK;
    AUTO_PTR(verify_hasher) struct verify_hasher *h = verify_hasher_new(hash);
    if (h == NULL)
        return ERR_NOMEM;
    int err = verify_hasher_start(h);
    if (err == ERR_OK)
        err = verify_hasher_add(h, v->apex, name_len(v->apex));
    if (err == ERR_OK)
        err = verify_hasher_add(h, dnskey.data, dnskey.len);
    if (err == ERR_OK)
        err = verify_hasher_end(h, digest);
    if (err == ERR_OK)
        *ret = memcmp(digest, ds.data + DS_HEAD, verify_hash_len(hash)) == 0;
    return err;
}

/* The key that DS stands for; NULL in RET_KEY: none. */
static int ds_find_key(const struct verification *v, struct bytes ds,
                       const struct verify_key **ret_key)
{
    *ret_key = NULL;
    for (size_t i = 0; i < v->key_n; i++) {
        bool same = false;
        int err = v->keys[i].zone_key ? ds_matches(v, ds, v->keys[i].rdata, &same) : ERR_OK;
        if (err != ERR_OK)
            return err;
        if (same) {
            *ret_key = &v->keys[i];
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static int judge_ds(const struct verification *v, struct bytes ds, struct diag_where where,
                    struct diags *diags)
{
    char at[VERIFY_AT_LEN];
    verify_at(v->apex, VT_DS, at);
    enum verify_hash hash = VERIFY_SHA1;
    enum ds_kind kind = ds_kind(ds, &hash);
    if (kind == DS_MALFORMED) {
        diag_add(diags, &rule_ds_malformed, where, at, "%zu octets of rdata", ds.len);
        return ERR_OK;
    }
    unsigned tag = get16(ds.data);
    if (kind == DS_UNSUPPORTED) {
        diag_add(diags, &rule_ds_unsupported, where, at, "digest type %u for key %u", ds.data[3],
                 tag);
        return ERR_OK;
    }
    const struct verify_key *k = NULL;
    int err = ds_find_key(v, ds, &k);
    if (err != ERR_OK)
        return err;
    if (k == NULL)
        diag_add(diags, &rule_ds_no_match, where, at, "key %u: no such DNSKEY", tag);
    else if (!k->signs_dnskey)
        diag_add(diags, &rule_ds_no_match, where, at, "key %u does not sign the DNSKEY RRset", tag);
    return ERR_OK;
}

/* RFC 8078 s4: removal is "CDS 0 0 0 00" and "CDNSKEY 0 3 0 AA==", to the letter. */
static bool is_removal(uint16_t type, struct bytes rdata)
{
    static const uint8_t cds[] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey[] = {0, 0, 3, 0, 0};
    return bytes_equal(rdata, (struct bytes){type == VT_CDS ? cds : cdnskey, sizeof(cds)});
}

/* RFC 8078 s4: does the zone ask for no DS? */
static bool asks_for_none(const struct verification *v)
{
    struct zone_rrset cds;
    return zone_rrset(v->zone, v->apex, VT_CDS, &cds) && cds.rrs.count == 1 &&
           is_removal(VT_CDS, (struct bytes){cds.rrs.rdata->data, cds.rrs.rdata->len});
}

/* A file with other records in it is a mistake; an empty one may be meant. */
static void judge_no_ds(const struct verification *v, const struct zone *ds, struct diags *diags)
{
    char at[VERIFY_AT_LEN];
    bool empty = zone_record_n(ds) == 0;
    if (empty && asks_for_none(v))
        return;
    diag_add_as(diags, empty ? SEV_WARNING : SEV_ERROR, &rule_ds_absent, AT_FILE(zone_file(ds)),
                verify_at(v->apex, VT_DS, at), "none");
}

int verify_ds(const struct verification *v, const struct zone *ds, struct diags *diags)
{
    struct zone_rrset set;
    if (!zone_rrset(ds, v->apex, VT_DS, &set) || set.rrs.count == 0) {
        judge_no_ds(v, ds, diags);
        return ERR_OK;
    }
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        int err =
            judge_ds(v, (struct bytes){rd->data, rd->len}, AT_LINE(zone_file(ds), set.line), diags);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ CDS and CDNSKEY */

/* zone_check() compares the RRsets with each other and with the DNSKEY RRset by key tags; here
   comes what needs digests and signatures. */

static const struct verify_key *find_rdata(const struct verification *v, struct bytes rdata)
{
    for (size_t i = 0; i < v->key_n; i++) {
        if (bytes_equal(v->keys[i].rdata, rdata))
            return &v->keys[i];
    }
    return NULL;
}

static bool has_tag(const struct verification *v, struct bytes ds)
{
    for (size_t i = 0; i < v->key_n; i++) {
        if (v->keys[i].tag == get16(ds.data) && v->keys[i].algorithm == ds.data[2])
            return true;
    }
    return false;
}

/* One record of SET. RET_KEEPS: it stands for a key that signs the DNSKEY RRset, or for none that
   we can tell (removal, or an unknown digest type). */
static int judge_child(const struct verification *v, const struct zone_rrset *set, struct bytes r,
                       bool *ret_keeps, struct diags *diags)
{
    enum verify_hash hash = VERIFY_SHA1;
    const struct verify_key *k = NULL;
    int err = ERR_OK;
    if (r.len <= DS_HEAD || r.data[set->type == VT_CDS ? 2 : 3] == 0) {
        if (!is_removal(set->type, r))
            VERIFY_ADD(v, diags, rule_cds_removal_form, set->line, v->apex, set->type,
                       "algorithm 0 in another form");
        *ret_keeps = true;
        return ERR_OK;
    }
    if (set->type == VT_CDNSKEY) {
        k = find_rdata(v, r);
    } else if (ds_kind(r, &hash) == DS_UNSUPPORTED) {
        *ret_keeps = true;
        return ERR_OK;
    } else {
        err = ds_find_key(v, r, &k);
        if (err == ERR_OK && k == NULL && has_tag(v, r))
            VERIFY_ADD(v, diags, rule_cds_digest, set->line, v->apex, set->type,
                       "key %u: the digest is not that of the DNSKEY", get16(r.data));
    }
    *ret_keeps = *ret_keeps || (k != NULL && k->signs_dnskey);
    return err;
}

/* RFC 7344 s4.1: the delegation must still work when the parent has taken them over. */
static int judge_children(const struct verification *v, const struct zone_rrset *set,
                          struct diags *diags)
{
    bool keeps = false;
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        int err = judge_child(v, set, (struct bytes){rd->data, rd->len}, &keeps, diags);
        if (err != ERR_OK)
            return err;
    }
    if (!keeps)
        VERIFY_ADD(v, diags, rule_cds_breaks_chain, set->line, v->apex, set->type,
                   "none of its keys signs the DNSKEY RRset");
    return ERR_OK;
}

int verify_cds(const struct verification *v, struct diags *diags)
{
    static const uint16_t types[] = {VT_CDS, VT_CDNSKEY};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct zone_rrset set;
        if (!zone_rrset(v->zone, v->apex, types[i], &set) || set.rrs.count == 0)
            continue;
        int err = judge_children(v, &set, diags);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
