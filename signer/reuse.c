/*
 * Which signatures of the previous version still fit: same RRset, same key, right fields, far
 * enough from their end, and good by the public key. All others are made anew.
 */
#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "signer/wire.h"

static bool fields_fit(const struct signer *s, const struct plan_node *node,
                       const struct zone_rrset *set, const struct key *k, const knot_rdata_t *rr)
{
    const uint8_t *d = rr->data;
    size_t signer_len = name_len(s->plan->apex);
    if (rr->len <= RRSIG_FIXED_LEN + signer_len)
        return false;
    return wire_u16(d) == set->type && d[2] == key_algorithm(k) &&
           d[3] == rrsig_labels(node->owner) && wire_u32(d + 4) == set->ttl &&
           wire_u16(d + 16) == key_tag(k) &&
           bytes_equal((struct bytes){d + RRSIG_FIXED_LEN, signer_len},
                       (struct bytes){s->plan->apex, signer_len});
}

/* A lifetime longer than the policy's would outlive what the policy promises of a stolen key. */
static bool times_fit(const struct sign_params *params, const knot_rdata_t *rr)
{
    int64_t expires = rrsig_time(wire_u32(rr->data + 8), params->now);
    int64_t inception = rrsig_time(wire_u32(rr->data + 12), params->now);
    int64_t left = expires - params->now;
    return inception <= params->now && left > params->policy->signature_refresh_s &&
           left <= params->policy->signature_validity_s;
}

static int try_one(struct signer *s, const struct plan_node *node, struct zone_rrset *set,
                   struct signer_key *k, const knot_rdata_t *rr, bool *ret_kept)
{
    if (!fields_fit(s, node, set, k->key, rr) || !times_fit(s->plan->params, rr))
        return ERR_OK;
    size_t head = RRSIG_FIXED_LEN + name_len(s->plan->apex);
    int err = rrsig_data(s, node, set, (struct bytes){rr->data, head});
    if (err != ERR_OK)
        return err;
    struct bytes signature = {rr->data + head, rr->len - head};
    if (crypto_verify(k->public, buf_bytes(&s->data), signature) != ERR_OK)
        return ERR_OK;
    *ret_kept = true;
    s->reused++;
    return rrsig_add(s, set, (struct bytes){rr->data, rr->len});
}

static int reuse_key(struct signer *s, const struct plan_node *node, struct zone_rrset *set,
                     const struct zone_rrset *old, struct signer_key *k)
{
    bool kept = false;
    int err = ERR_OK;
    const knot_rdata_t *rr = old->sigs.rdata;
    for (uint16_t i = 0; i < old->sigs.count && !kept && err == ERR_OK; i++) {
        err = try_one(s, node, set, k, rr, &kept);
        rr = wire_next(rr);
    }
    return err;
}

int reuse_set(struct signer *s, const struct zone *previous, const struct plan_node *node,
              struct zone_rrset *set)
{
    const struct zone_rrset *old = zone_rrset(previous, node->owner, set->type);
    /* of the TTL the signature speaks itself */
    bool same = old != NULL && knot_rdataset_eq(&old->rrs, &set->rrs);
    for (size_t i = 0; i < s->key_n; i++) {
        if (!key_signs(s->keys[i].key, set->type))
            continue;
        s->wanted++;
        int err = same ? reuse_key(s, node, set, old, &s->keys[i]) : ERR_OK;
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
