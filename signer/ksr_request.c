/* The request for a plan: its RRsets, and the times that each needs signatures for. Pure. */
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/limits.h"
#include "signer/ds.h"
#include "signer/ksr_int.h"
#include "signer/rrsig.h"

/* The slots of signer/ksr.h; at least one. */
static int add_slots(struct ksr_set *s, const struct ksr_need *need,
                     const struct dnssec_policy *policy)
{
    int64_t step_s = (int64_t)policy->signature_validity_s - policy->signature_refresh_s;
    if (step_s <= 0)
        return ERR_LIMIT;
    for (int64_t at = need->from_at; at == need->from_at || at < need->until_at; at += step_s) {
        if (ksr_add_slot(s, at - SIGN_INCEPTION_BACK_S, at + policy->signature_validity_s) == NULL)
            return ERR_NOMEM;
        if (s->slot_n > LIMIT_KSR_SLOTS)
            return ERR_LIMIT;
    }
    return ERR_OK;
}

static int add_set(struct ksr *k, const struct ksr_need *need, uint16_t type,
                   const struct bytes *rdata, size_t n, const struct life_params *p)
{
    struct ksr_set *s = ksr_add_set(k, type);
    if (s == NULL)
        return ERR_NOMEM;
    int err = ksr_records(k->zone, type, p->dnskey_ttl_s, rdata, n, &s->records);
    return err == ERR_OK ? add_slots(s, need, p->policy) : err;
}

static int add_keys(struct ksr *k, const struct ksr_need *need, uint16_t type,
                    const struct bytes *dnskeys, const struct life_params *p)
{
    struct bytes rdata[KSR_SET_KEYS];
    for (size_t i = 0; i < need->key_n; i++)
        rdata[i] = dnskeys[need->keys[i]];
    return add_set(k, need, type, rdata, need->key_n, p);
}

static int add_cds(struct ksr *k, const struct ksr_need *need, const struct bytes *dnskeys,
                   const struct life_params *p)
{
    uint8_t ds[KSR_SET_KEYS][DS_RDATA_LEN];
    struct bytes rdata[KSR_SET_KEYS];
    int err = ERR_OK;
    for (size_t i = 0; i < need->key_n && err == ERR_OK; i++) {
        err = ds_rdata(k->zone, dnskeys[need->keys[i]], ds[i]);
        rdata[i] = (struct bytes){ds[i], DS_RDATA_LEN};
    }
    return err == ERR_OK ? add_set(k, need, KNOT_RRTYPE_CDS, rdata, need->key_n, p) : err;
}

/* RFC 8078 s4 */
static int add_deletes(struct ksr *k, const struct ksr_need *need, const struct life_params *p)
{
    static const uint8_t cds[5] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey[5] = {0, 0, 3, 0, 0};
    const struct bytes a = {cds, sizeof cds};
    const struct bytes b = {cdnskey, sizeof cdnskey};
    int err = add_set(k, need, KNOT_RRTYPE_CDS, &a, 1, p);
    return err == ERR_OK ? add_set(k, need, KNOT_RRTYPE_CDNSKEY, &b, 1, p) : err;
}

static int add_sets(struct ksr *k, const struct ksr_need *need, const struct bytes *dnskeys,
                    const struct life_params *p)
{
    if (need->type == KNOT_RRTYPE_DNSKEY)
        return add_keys(k, need, KNOT_RRTYPE_DNSKEY, dnskeys, p);
    if (need->key_n == 0)
        return add_deletes(k, need, p);
    int err = add_cds(k, need, dnskeys, p);
    return err == ERR_OK ? add_keys(k, need, KNOT_RRTYPE_CDNSKEY, dnskeys, p) : err;
}

int ksr_request(const uint8_t *zone, const struct ksr_plan *plan, const struct bytes *dnskeys,
                const struct life_params *p, struct ksr *ret)
{
    AUTO(ksr)
    struct ksr k = {.made_at = p->now, .from_at = p->now, .until_at = plan->until_at};
    int err = ERR_OK;
    memcpy(k.zone, zone, name_len(zone));
    for (size_t i = 0; i < plan->need_n && err == ERR_OK; i++)
        err = add_sets(&k, &plan->needs[i], dnskeys, p);
    if (err == ERR_OK && k.set_n > LIMIT_KSR_SETS)
        err = ERR_LIMIT;
    if (err != ERR_OK)
        return err;
    *ret = k;
    k = (struct ksr){0};
    return ERR_OK;
}
