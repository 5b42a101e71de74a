#include "signer/rrsig.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/wire.h"

static int signer_key_init(struct signer_key *to, const struct key *k)
{
    to->key = k;
    int err = crypto_private_dup(key_private(k), &to->private);
    if (err == ERR_OK)
        err = crypto_public_new(key_algorithm(k), key_public_field(k), &to->public);
    return err;
}

int signer_new(struct plan *plan, struct signer **ret)
{
    const struct keyset *set = plan->params->keys;
    AUTO_PTR(signer) struct signer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    s->plan = plan;
    s->arena = arena_new();
    s->keys = calloc(set->n, sizeof *s->keys);
    if (s->arena == NULL || s->keys == NULL)
        return ERR_NOMEM;
    s->key_n = set->n;
    for (size_t i = 0; i < set->n; i++) {
        int err = signer_key_init(&s->keys[i], set->keys[i]);
        if (err != ERR_OK)
            return err;
    }
    *ret = TAKE(s);
    return ERR_OK;
}

void signer_free(struct signer *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->key_n; i++) {
        crypto_private_free(s->keys[i].private);
        crypto_public_free(s->keys[i].public);
    }
    free(s->keys);
    arena_free(s->arena);
    buf_done(&s->data);
    free(s);
}

bool key_signs(const struct key *k, uint16_t type)
{
    /* RFC 7344 s4.1: CDS and CDNSKEY by a key that the DS RRset names */
    bool key_set =
        type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY;
    switch (key_role(k)) {
    case KEY_CSK: return true;
    case KEY_KSK: return key_set;
    case KEY_ZSK: return !key_set;
    }
    return false;
}

bool rrsig_is_late(const struct plan *p, const struct plan_node *node, uint16_t type)
{
    return node == &p->nodes[0] && type == KNOT_RRTYPE_ZONEMD;
}

/* ------------------------------------------------------------------ fields */

uint8_t rrsig_labels(const uint8_t *owner)
{
    uint8_t n = 0;
    /* RFC 4034 s3.1.3: neither the root nor a leading asterisk counts */
    const uint8_t *label = owner[0] == 1 && owner[1] == '*' ? owner + 2 : owner;
    for (; *label != 0; label += 1 + *label)
        n++;
    return n;
}

int64_t rrsig_time(uint32_t time, int64_t now)
{
    return now + (int32_t)(time - (uint32_t)now);
}

uint32_t rrsig_jitter(const uint8_t *owner, uint16_t type, const char *key_digest,
                      uint32_t jitter_s)
{
    if (jitter_s == 0)
        return 0;
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a: spread, no secret */
    for (size_t i = 0, n = name_len(owner); i < n; i++)
        h = (h ^ owner[i]) * 0x100000001b3u;
    for (size_t i = 0; key_digest[i] != 0; i++)
        h = (h ^ (uint8_t)key_digest[i]) * 0x100000001b3u;
    h = (h ^ type) * 0x100000001b3u;
    h ^= h >> 32; /* the low bits of FNV depend on little */
    h *= 0x9e3779b97f4a7c15u;
    return (uint32_t)((h >> 32) % jitter_s);
}

static void put_u16(struct buf *b, uint16_t v)
{
    uint8_t octets[2];
    wire_put_u16(octets, v);
    buf_add(b, octets, sizeof octets);
}

static void put_u32(struct buf *b, uint32_t v)
{
    uint8_t octets[4];
    wire_put_u32(octets, v);
    buf_add(b, octets, sizeof octets);
}

static uint32_t expiration(const struct signer *s, const struct plan_node *node, uint16_t type,
                           const struct key *k)
{
    const struct dnssec_policy *policy = s->plan->params->policy;
    uint32_t jitter = rrsig_jitter(node->owner, type, key_digest(k), policy->signature_jitter_s);
    return (uint32_t)(s->plan->params->now + policy->signature_validity_s - jitter);
}

static void put_head(struct signer *s, const struct plan_node *node, const struct zone_rrset *set,
                     const struct key *k, struct buf *b)
{
    put_u16(b, set->type);
    buf_add_char(b, (char)key_algorithm(k));
    buf_add_char(b, (char)rrsig_labels(node->owner));
    put_u32(b, set->ttl);
    put_u32(b, expiration(s, node, set->type, k));
    put_u32(b, (uint32_t)(s->plan->params->now - SIGN_INCEPTION_BACK_S));
    put_u16(b, key_tag(k));
    buf_add(b, s->plan->apex, name_len(s->plan->apex));
}

/* RFC 4034 s3.1.8.1: the rdata without the signature, then each record in canonical form. Owners
   keep their asterisk, so the wildcard form needs no work. */
static void put_records(const struct plan_node *node, const struct zone_rrset *set, struct buf *b)
{
    size_t owner_len = name_len(node->owner);
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        buf_add(b, node->owner, owner_len);
        put_u16(b, set->type);
        put_u16(b, KNOT_CLASS_IN);
        put_u32(b, set->ttl);
        put_u16(b, rr->len);
        buf_add(b, rr->data, rr->len);
        rr = wire_next(rr);
    }
}

int rrsig_data(struct signer *s, const struct plan_node *node, const struct zone_rrset *set,
               struct bytes head)
{
    buf_clear(&s->data);
    buf_add(&s->data, head.data, head.len);
    put_records(node, set, &s->data);
    return buf_ok(&s->data) ? ERR_OK : ERR_NOMEM;
}

/* ------------------------------------------------------------------ signatures */

int rrsig_add(struct signer *s, struct zone_rrset *set, struct bytes rdata)
{
    set->sig_ttl = set->ttl; /* RFC 4034 s3: the TTL of the RRset that it covers */
    return plan_join(s->arena, &set->sigs, rdata);
}

bool rrsig_has(const struct zone_rrset *set, const struct key *k)
{
    const knot_rdata_t *rr = set->sigs.rdata;
    for (uint16_t i = 0; i < set->sigs.count; i++) {
        if (wire_u16(rr->data + 16) == key_tag(k) && rr->data[2] == key_algorithm(k))
            return true;
        rr = wire_next(rr);
    }
    return false;
}

/* Signs, and verifies with the key about to be published before the signature goes in. */
static int make(struct signer *s, const struct plan_node *node, struct zone_rrset *set,
                struct signer_key *k)
{
    AUTO(buf) struct buf rdata = {0};
    put_head(s, node, set, k->key, &rdata);
    if (!buf_ok(&rdata))
        return ERR_NOMEM;
    int err = rrsig_data(s, node, set, buf_bytes(&rdata));
    uint8_t sig[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    if (err == ERR_OK)
        err = crypto_sign(k->private, buf_bytes(&s->data), sig, &len);
    if (err == ERR_OK)
        err = crypto_verify(k->public, buf_bytes(&s->data), (struct bytes){sig, len});
    if (err != ERR_OK)
        return err;
    buf_add(&rdata, sig, len);
    if (!buf_ok(&rdata))
        return ERR_NOMEM;
    s->made++;
    return rrsig_add(s, set, buf_bytes(&rdata));
}

int rrsig_sign_set(struct signer *s, const struct plan_node *node, struct zone_rrset *set)
{
    for (size_t i = 0; i < s->key_n; i++) {
        if (!key_signs(s->keys[i].key, set->type) || rrsig_has(set, s->keys[i].key))
            continue;
        int err = make(s, node, set, &s->keys[i]);
        if (err != ERR_OK) {
            s->failed_node = node;
            s->failed_type = set->type;
            return err;
        }
    }
    return ERR_OK;
}
