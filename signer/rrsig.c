#include "signer/rrsig.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "zones/packed.h"

bool sign_key_signs(const struct sign_key *k, uint16_t type, bool is_apex)
{
    /* RFC 7344 s4.1: CDS and CDNSKEY by a key that the DS RRset names. Elsewhere they are data,
       such as the signals of RFC 9615 s4.1 for another zone. */
    bool key_set = is_apex && (type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS ||
                               type == KNOT_RRTYPE_CDNSKEY);
    return key_set ? k->publishes && key_role(k->key) != KEY_ZSK : k->signs;
}

int64_t rrsig_time(uint32_t time, int64_t now)
{
    return now + (int32_t)(time - (uint32_t)now);
}

/* FNV-1a: spread, no secret */
static uint64_t mix(uint64_t h, uint8_t octet)
{
    return (h ^ octet) * 0x100000001b3u;
}

uint64_t rrsig_seed(const struct key *k)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const char *c = key_digest(k); *c != 0; c++)
        h = mix(h, (uint8_t)*c);
    return h;
}

uint32_t rrsig_jitter(const uint8_t *owner, uint16_t type, uint64_t seed, uint32_t jitter_s)
{
    if (jitter_s == 0)
        return 0;
    uint64_t h = seed;
    for (size_t i = 0, n = name_len(owner); i < n; i++)
        h = mix(h, owner[i]);
    h = (h ^ type) * 0x100000001b3u;
    h ^= h >> 32; /* the low bits of FNV depend on little */
    h *= 0x9e3779b97f4a7c15u;
    return (uint32_t)((h >> 32) % jitter_s);
}

void rrsig_new(const struct zone_rrset *set, const struct key *k, uint64_t seed,
               const struct sign_params *params, struct zone_sig *ret)
{
    const struct dnssec_policy *policy = params->policy;
    uint32_t jitter = rrsig_jitter(set->owner, set->type, seed, policy->signature_jitter_s);
    *ret = (struct zone_sig){.ttl = set->ttl,
                             .type_covered = set->type,
                             .algorithm = key_algorithm(k),
                             .labels = sig_labels(set->owner),
                             .original_ttl = set->ttl,
                             .expiration =
                                 (uint32_t)(params->now + policy->signature_validity_s - jitter),
                             .inception = (uint32_t)(params->now - SIGN_INCEPTION_BACK_S),
                             .key_tag = key_tag(k),
                             .signer = set->apex};
}

void rrsig_data(const struct zone_rrset *set, const struct zone_sig *sig, struct buf *out)
{
    size_t owner_len = name_len(set->owner);
    buf_reserve(out, SIG_HEAD_MAX + set->rrs.count * (owner_len + 10) + set->rrs.size);
    if (!buf_ok(out))
        return;
    uint8_t *p = out->data + out->len;
    p += sig_head_put(sig, p);

    /* each record in canonical form; owners keep their asterisk, so the wildcard form needs no
       work */
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        memcpy(p, set->owner, owner_len);
        p += owner_len;
        wire_put_u16(p, set->type);
        wire_put_u16(p + 2, KNOT_CLASS_IN);
        wire_put_u32(p + 4, sig->original_ttl);
        wire_put_u16(p + 8, rr->len);
        memcpy(p + 10, rr->data, rr->len);
        p += 10 + rr->len;
        rr = wire_next(rr);
    }
    out->len = (size_t)(p - out->data);
}

/* A lifetime longer than the policy's would outlive what the policy promises of a stolen key. */
static bool times_fit(const struct sign_params *params, const struct key *k,
                      const struct zone_sig *sig)
{
    int64_t inception = rrsig_time(sig->inception, params->now);
    int64_t left = rrsig_time(sig->expiration, params->now) - params->now;
    if (key_is_public(k))
        return inception <= params->now && left > 0;
    return inception <= params->now && left > params->policy->signature_refresh_s &&
           left <= params->policy->signature_validity_s;
}

bool rrsig_fits(const struct zone_rrset *set, const struct zone_sig *sig, const struct key *k,
                const struct sign_params *params)
{
    return sig->key_tag == key_tag(k) && sig->algorithm == key_algorithm(k) &&
           sig->type_covered == set->type && sig->ttl == set->ttl &&
           sig->original_ttl == set->ttl && sig->labels == sig_labels(set->owner) &&
           times_fit(params, k, sig) && name_compare(sig->signer, set->apex) == 0;
}

int rrsig_compare(const struct zone_sig *a, const struct zone_sig *b)
{
    /* what comes before these fields in the rdata is the same for all of an RRset's that we make */
    if (a->algorithm != b->algorithm)
        return a->algorithm < b->algorithm ? -1 : 1;
    if (a->expiration != b->expiration)
        return a->expiration < b->expiration ? -1 : 1;
    if (a->inception != b->inception)
        return a->inception < b->inception ? -1 : 1;
    return a->key_tag < b->key_tag ? -1 : a->key_tag > b->key_tag;
}
