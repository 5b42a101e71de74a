/* The ceremony: signatures for each set and time of a request. Needs the KSK's private half and
   nothing of the signing host. */
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/ksr_int.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "zones/packed.h"

struct ceremony {
    const struct ksr *request;
    const struct keyset *ksks;
    struct diags *diags;
};

static bool set_has(const struct zone_rrset *set, struct bytes rdata)
{
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        if (bytes_equal(rdata, (struct bytes){rr->data, rr->len}))
            return true;
        rr = wire_next(rr);
    }
    return false;
}

/* RFC 7344 s4.1: CDS and CDNSKEY are signed by keys that the DS RRset, old or new, names: all KSKs
   of the request, since the slot does not say which are there by then. */
static bool key_signs(const struct ceremony *c, const struct zone_rrset *set, const struct key *k)
{
    if (set->type == KNOT_RRTYPE_DNSKEY)
        return set_has(set, key_dnskey_rdata(k));
    for (size_t i = 0; i < c->request->set_n; i++) {
        struct zone_rrset other;
        ksr_set_rrset(&c->request->sets[i], &other);
        if (other.type == KNOT_RRTYPE_DNSKEY && set_has(&other, key_dnskey_rdata(k)))
            return true;
    }
    return false;
}

static int make_signature(const struct ceremony *c, const struct zone_rrset *set,
                          const struct key *k, struct zone_sig *sig,
                          uint8_t octets[CRYPTO_SIGNATURE_MAX])
{
    AUTO_PTR(crypto_private) struct crypto_private *private = NULL;
    AUTO(buf) struct buf data = {0};
    size_t len = 0;
    bool good = false;
    rrsig_data(set, sig, &data);
    int err = buf_ok(&data) ? crypto_private_dup(key_private(k), &private) : ERR_NOMEM;
    if (err == ERR_OK)
        err = crypto_sign(private, buf_bytes(&data), octets, &len);
    if (err != ERR_OK)
        return err;
    sig->signature = (struct bytes){octets, len};
    err = ksr_verify(set, sig, key_dnskey_rdata(k), &good);
    if (err != ERR_OK || good)
        return err;
    diag_add(c->diags, &rule_sign_failed, AT_NOWHERE, NULL,
             "the signature that KSK %u made does not verify; nothing is written", key_tag(k));
    return ERR_CRYPTO;
}

static int add_signature(const struct ceremony *c, const struct zone_rrset *set,
                         const struct ksr_slot *slot, const struct key *k, struct zone_builder *b)
{
    uint8_t octets[CRYPTO_SIGNATURE_MAX];
    struct zone_sig sig = {.ttl = set->ttl,
                           .type_covered = set->type,
                           .algorithm = key_algorithm(k),
                           .labels = sig_labels(set->owner),
                           .original_ttl = set->ttl,
                           .expiration = (uint32_t)slot->until_at,
                           .inception = (uint32_t)slot->from_at,
                           .key_tag = key_tag(k),
                           .signer = set->apex};
    AUTO(buf) struct buf rdata = {0};
    int err = make_signature(c, set, k, &sig, octets);
    if (err != ERR_OK)
        return err;
    zone_sig_rdata(&sig, &rdata);
    if (!buf_ok(&rdata))
        return ERR_NOMEM;
    return zone_builder_add(b, set->owner, KNOT_RRTYPE_RRSIG, set->ttl, rdata.data, rdata.len, 0);
}

static int sign_slot(const struct ceremony *c, const struct ksr_set *s, const struct ksr_slot *slot,
                     struct zone **ret)
{
    struct zone_rrset set;
    ksr_set_rrset(s, &set);
    AUTO_PTR(zone_builder) struct zone_builder *b = zone_builder_new(c->request->zone, NULL);
    int err = b == NULL ? ERR_NOMEM : zone_builder_add_rrset(b, &set, false);
    for (size_t i = 0; i < c->ksks->n && err == ERR_OK; i++) {
        if (key_signs(c, &set, c->ksks->keys[i]))
            err = add_signature(c, &set, slot, c->ksks->keys[i], b);
    }
    return err == ERR_OK ? zone_builder_finish(TAKE(b), ret, NULL) : err;
}

static int sign_set(const struct ceremony *c, const struct ksr_set *s, struct ksr *ret)
{
    struct ksr_set *to = ksr_add_set(ret, s->type);
    if (to == NULL)
        return ERR_NOMEM;
    to->records = zone_ref(s->records);
    int err = ERR_OK;
    for (size_t i = 0; i < s->slot_n && err == ERR_OK; i++) {
        struct ksr_slot *slot = ksr_add_slot(to, s->slots[i].from_at, s->slots[i].until_at);
        err = slot == NULL ? ERR_NOMEM : sign_slot(c, s, slot, &slot->signed_set);
    }
    return err;
}

int ksr_sign(const struct ksr *request, const struct keyset *ksks, int64_t now, struct ksr *ret,
             struct diags *diags)
{
    const struct ceremony c = {request, ksks, diags};
    AUTO(ksr)
    struct ksr k = {.is_response = true,
                    .made_at = now,
                    .from_at = request->from_at,
                    .until_at = request->until_at};
    memcpy(k.zone, request->zone, sizeof k.zone);
    memcpy(k.request, request->digest, sizeof k.request);
    int err = ERR_OK;
    for (size_t i = 0; i < request->set_n && err == ERR_OK; i++)
        err = sign_set(&c, &request->sets[i], &k);
    if (err != ERR_OK)
        return err;
    *ret = k;
    k = (struct ksr){0};
    return ERR_OK;
}
