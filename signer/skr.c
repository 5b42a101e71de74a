/*
 * Responses on the signing host: is what came back what was asked for, kept in state, and what a
 * build takes from it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/ds.h"
#include "signer/keystore.h"
#include "signer/ksr_int.h"
#include "signer/rules_sign.h"
#include "signer/state.h"
#include "zones/packed.h"

/* ------------------------------------------------------------------ a response is checked */

struct skr_check {
    const struct ksr *skr;
    const struct skr_keys *known;
    const char *name;
    struct diags *diags;
    size_t set_no;
};

static int refuse(const struct skr_check *c, const char *what)
{
    char at[96];
    char type[TYPE_TEXT_LEN];
    type_to_text(c->skr->sets[c->set_no].type, type);
    (void)snprintf(at, sizeof at, "set %zu, %s", c->set_no + 1, type);
    diag_add(c->diags, &rule_skr_refused, AT_FILE(c->name), at, "%s", what);
    return ERR_FINDINGS;
}

static const struct skr_key *known_key(const struct skr_check *c, struct bytes dnskey)
{
    for (size_t i = 0; i < c->known->n; i++) {
        if (bytes_equal(buf_bytes(&c->known->items[i].dnskey), dnskey))
            return &c->known->items[i];
    }
    return NULL;
}

static bool sig_is_of_slot(const struct skr_check *c, const struct zone_rrset *set,
                           const struct ksr_slot *slot, const struct zone_sig *sig)
{
    return sig->type_covered == set->type && sig->labels == sig_labels(set->owner) &&
           sig->ttl == set->ttl && sig->original_ttl == set->ttl &&
           sig->inception == (uint32_t)slot->from_at &&
           sig->expiration == (uint32_t)slot->until_at &&
           name_compare(sig->signer, c->skr->zone) == 0;
}

/* The known KSK or CSK that made SIG; NULL: none did. */
static int signer_of(const struct skr_check *c, const struct zone_rrset *set,
                     const struct zone_sig *sig, const struct skr_key **ret)
{
    int err = ERR_OK;
    *ret = NULL;
    for (size_t i = 0; i < c->known->n && err == ERR_OK && *ret == NULL; i++) {
        const struct skr_key *k = &c->known->items[i];
        bool good = false;
        if (k->role == KEY_ZSK)
            continue;
        err = ksr_verify(set, sig, buf_bytes(&k->dnskey), &good);
        if (good)
            *ret = k;
    }
    return err;
}

#define SIGNERS_MAX 8
struct signers {
    const struct skr_key *keys[SIGNERS_MAX];
    size_t n;
};

static bool has_signed(const struct signers *s, const struct skr_key *k)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->keys[i] == k)
            return true;
    }
    return false;
}

static int check_sigs(const struct skr_check *c, const struct zone_rrset *set,
                      const struct ksr_slot *slot, struct signers *ret)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig sig;
        const struct skr_key *k = NULL;
        char what[96];
        sig_walk_next(set, &pos, &sig);
        if (!sig_is_of_slot(c, set, slot, &sig))
            return refuse(c, "a signature that is not of its set and time");
        int err = signer_of(c, set, &sig, &k);
        if (err != ERR_OK)
            return err;
        (void)snprintf(what, sizeof what, "a signature of tag %u that no KSK of the zone made",
                       sig.key_tag);
        if (k == NULL)
            return refuse(c, what);
        if (ret->n == SIGNERS_MAX)
            return refuse(c, "more signatures than keys");
        ret->keys[ret->n++] = k;
    }
    return ERR_OK;
}

/* Every DNSKEY is a key of the zone's, and those offline have signed. */
static int check_dnskeys(const struct skr_check *c, const struct zone_rrset *set,
                         const struct signers *signers)
{
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        const struct bytes rdata = {rr->data, rr->len};
        const struct skr_key *k = known_key(c, rdata);
        char what[96];
        (void)snprintf(what, sizeof what, "DNSKEY %u, which is no key of the zone",
                       dnskey_tag(rdata));
        if (k == NULL)
            return refuse(c, what);
        (void)snprintf(what, sizeof what, "no signature of KSK %u", dnskey_tag(rdata));
        if (k->is_offline && k->role != KEY_ZSK && !has_signed(signers, k))
            return refuse(c, what);
        rr = wire_next(rr);
    }
    return ERR_OK;
}

static bool is_of_known_ksk(const struct skr_check *c, uint16_t type, struct bytes rdata)
{
    for (size_t i = 0; i < c->known->n; i++) {
        const struct skr_key *k = &c->known->items[i];
        uint8_t ds[DS_RDATA_LEN];
        struct bytes dnskey = buf_bytes(&k->dnskey);
        if (k->role == KEY_ZSK)
            continue;
        if (type == KNOT_RRTYPE_CDNSKEY ? bytes_equal(rdata, dnskey)
                                        : ds_rdata(c->skr->zone, dnskey, ds) == ERR_OK &&
                                              bytes_equal(rdata, (struct bytes){ds, sizeof ds}))
            return true;
    }
    return false;
}

static int check_cds(const struct skr_check *c, const struct zone_rrset *set)
{
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        const struct bytes rdata = {rr->data, rr->len};
        if (!ksr_is_delete(set->type, rdata) && !is_of_known_ksk(c, set->type, rdata))
            return refuse(c, "not of a KSK of the zone");
        rr = wire_next(rr);
    }
    return ERR_OK;
}

static int check_slot(const struct skr_check *c, const struct ksr_set *s,
                      const struct ksr_slot *slot)
{
    struct zone_rrset set;
    struct signers signers = {0};
    if (slot->signed_set == NULL ||
        !zone_rrset(slot->signed_set, zone_apex(slot->signed_set), s->type, &set))
        return refuse(c, "a time without its signatures");
    int err = check_sigs(c, &set, slot, &signers);
    if (err != ERR_OK)
        return err;
    return s->type == KNOT_RRTYPE_DNSKEY ? check_dnskeys(c, &set, &signers) : check_cds(c, &set);
}

int skr_check(const struct ksr *skr, const struct skr_keys *known, const char *name,
              struct diags *diags)
{
    struct skr_check c = {.skr = skr, .known = known, .name = name, .diags = diags};
    int err = ERR_OK;
    if (!skr->is_response || skr->set_n == 0) {
        diag_add(diags, &rule_skr_refused, AT_FILE(name), NULL, "%s",
                 skr->is_response ? "holds nothing" : "is a request, not the response to it");
        return ERR_FINDINGS;
    }
    for (c.set_no = 0; c.set_no < skr->set_n && err == ERR_OK; c.set_no++) {
        const struct ksr_set *s = &skr->sets[c.set_no];
        for (size_t i = 0; i < s->slot_n && err == ERR_OK; i++)
            err = check_slot(&c, s, &s->slots[i]);
    }
    return err;
}
