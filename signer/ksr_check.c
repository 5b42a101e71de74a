/* Before the ceremony: is the request one that an honest signing host would make? Pure. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/ds.h"
#include "signer/keystore.h"
#include "signer/ksr_int.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "zones/packed.h"

#define KSR_TTL_MAX_S (7u * 86400u) /* DNSKEY RRsets in use have an hour to two days */
#define KSR_SLOT_MAX_S                                                                             \
    (366u * 86400u) /* a signature that is good for years is good for thieves                      \
                     */

struct check {
    const struct ksr *request;
    const struct keyset *ksks;
    const struct ksr_limits *limits;
    const char *name;
    struct diags *diags;
    const struct ksr_set *set; /* that is looked at */
    size_t set_no;
    size_t refused;
};

static void refuse(struct check *c, const char *what)
{
    char at[96];
    char type[TYPE_TEXT_LEN];
    type_to_text(c->set->type, type);
    (void)snprintf(at, sizeof at, "set %zu, %s", c->set_no + 1, type);
    diag_add(c->diags, &rule_ksr_refused, AT_FILE(c->name), at, "%s", what);
    c->refused++;
}

/* ------------------------------------------------------------------ keys */

static unsigned flags_of(struct bytes dnskey)
{
    return dnskey.len < 2 ? 0 : (unsigned)dnskey.data[0] << 8 | dnskey.data[1];
}

static bool is_here(const struct check *c, struct bytes dnskey)
{
    for (size_t i = 0; i < c->ksks->n; i++) {
        if (bytes_equal(key_dnskey_rdata(c->ksks->keys[i]), dnskey))
            return true;
    }
    return false;
}

static bool is_other(const struct check *c, const struct key *k)
{
    for (size_t i = 0; i < c->limits->other_n; i++) {
        if (strcmp(c->limits->other_ksks[i], key_digest(k)) == 0)
            return true;
    }
    return false;
}

static bool is_sound(struct bytes dnskey)
{
    AUTO_PTR(crypto_public) struct crypto_public *public = NULL;
    return dnskey.len > 4 && dnskey.data[2] == 3 && algorithm_text(dnskey.data[3]) != NULL &&
           crypto_public_new(dnskey.data[3], (struct bytes){dnskey.data + 4, dnskey.len - 4},
                             &public) == ERR_OK;
}

static void check_ksk(struct check *c, struct bytes dnskey)
{
    char what[192];
    AUTO_PTR(key) struct key *k = NULL;
    if (is_here(c, dnskey))
        return;
    bool is_key = key_from_dnskey(dnskey, KEY_KSK, &k) == ERR_OK;
    if (is_key && is_other(c, k))
        return;
    (void)snprintf(what, sizeof what,
                   "KSK %u (flags 257), digest %s, is not among the keys here, nor said to be "
                   "expected",
                   dnskey_tag(dnskey), is_key ? key_digest(k) : "?");
    refuse(c, what);
}

static void check_dnskey(struct check *c, struct bytes dnskey)
{
    char what[128];
    unsigned flags = flags_of(dnskey);
    unsigned tag = dnskey_tag(dnskey);
    if (!is_sound(dnskey)) {
        (void)snprintf(what, sizeof what, "DNSKEY %u is no key that we know", tag);
        refuse(c, what);
    } else if (flags != DNSKEY_FLAG_ZONE && flags != (DNSKEY_FLAG_ZONE | DNSKEY_FLAG_SEP)) {
        (void)snprintf(what, sizeof what, "DNSKEY %u has flags %u, neither 256 nor 257", tag,
                       flags);
        refuse(c, what);
    } else if ((flags & DNSKEY_FLAG_SEP) != 0) {
        check_ksk(c, dnskey);
    }
}

/* RFC 4035 s2.2: each algorithm of the set has a key that signs the set. */
static bool algorithm_has_ksk(const struct zone_rrset *set, uint8_t algorithm)
{
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        if (rr->len > 4 && rr->data[3] == algorithm && (rr->data[1] & DNSKEY_FLAG_SEP) != 0)
            return true;
        rr = wire_next(rr);
    }
    return false;
}

static void check_dnskeys(struct check *c, const struct zone_rrset *set)
{
    size_t ours = 0;
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        const struct bytes dnskey = {rr->data, rr->len};
        check_dnskey(c, dnskey);
        if (rr->len > 4 && !algorithm_has_ksk(set, rr->data[3]))
            refuse(c, "a key whose algorithm no KSK of the set has (RFC 4035 s2.2)");
        ours += is_here(c, dnskey);
        rr = wire_next(rr);
    }
    if (ours == 0)
        refuse(c, "no key that is here would sign it");
}

/* ------------------------------------------------------------------ CDS, CDNSKEY */

static bool cds_is_of(const struct check *c, uint16_t type, struct bytes rdata, struct bytes dnskey)
{
    uint8_t ds[DS_RDATA_LEN];
    if ((flags_of(dnskey) & DNSKEY_FLAG_SEP) == 0)
        return false;
    if (type == KNOT_RRTYPE_CDNSKEY)
        return bytes_equal(rdata, dnskey);
    return ds_rdata(c->request->zone, dnskey, ds) == ERR_OK &&
           bytes_equal(rdata, (struct bytes){ds, sizeof ds});
}

/* Is it of a KSK that the request publishes? */
static bool cds_is_known(const struct check *c, uint16_t type, struct bytes rdata)
{
    for (size_t s = 0; s < c->request->set_n; s++) {
        struct zone_rrset set;
        if (c->request->sets[s].type != KNOT_RRTYPE_DNSKEY)
            continue;
        ksr_set_rrset(&c->request->sets[s], &set);
        const knot_rdata_t *rr = set.rrs.rdata;
        for (uint16_t i = 0; i < set.rrs.count; i++) {
            if (cds_is_of(c, type, rdata, (struct bytes){rr->data, rr->len}))
                return true;
            rr = wire_next(rr);
        }
    }
    return false;
}

bool ksr_is_delete(uint16_t type, struct bytes rdata)
{
    static const uint8_t cds[5] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey[5] = {0, 0, 3, 0, 0};
    const struct bytes wanted = {type == KNOT_RRTYPE_CDS ? cds : cdnskey, sizeof cds};
    return bytes_equal(rdata, wanted);
}

static void check_cds(struct check *c, const struct zone_rrset *set)
{
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++) {
        const struct bytes rdata = {rr->data, rr->len};
        bool deletes = ksr_is_delete(set->type, rdata);
        if (deletes && !c->limits->allow_delete)
            refuse(c, "asks the parent to drop all DS (RFC 8078 s4), which was not allowed");
        else if (deletes && set->rrs.count > 1)
            refuse(c, "a delete record beside others");
        else if (!deletes && !cds_is_known(c, set->type, rdata))
            refuse(c, "not of a KSK of this request");
        rr = wire_next(rr);
    }
}

/* ------------------------------------------------------------------ times */

static void check_limit(struct check *c, const char *word, int64_t at, int64_t limit_at)
{
    char text[TIME_TEXT_LEN];
    char limit[TIME_TEXT_LEN];
    char what[128];
    time_format_rfc3339(at, text);
    time_format_rfc3339(limit_at, limit);
    (void)snprintf(what, sizeof what, "a signature that %s %s, beyond the limit %s", word, text,
                   limit);
    refuse(c, what);
}

/* The first fault of each kind is enough. */
static void check_times(struct check *c)
{
    const struct ksr_set *s = c->set;
    const struct ksr_limits *l = c->limits;
    for (size_t i = 0; i < s->slot_n; i++) {
        const struct ksr_slot *slot = &s->slots[i];
        if (slot->until_at - slot->from_at > KSR_SLOT_MAX_S) {
            refuse(c, "a signature for more than a year");
            break;
        }
        if (slot->from_at + SIGN_INCEPTION_BACK_S < c->request->from_at ||
            slot->from_at > c->request->until_at) {
            refuse(c, "a signature that begins outside of what the request is planned for");
            break;
        }
    }
    if (l->from_at != 0 && s->slots[0].from_at < l->from_at)
        check_limit(c, "begins at", s->slots[0].from_at, l->from_at);
    for (size_t i = 0; i < s->slot_n && l->until_at != 0; i++) {
        if (s->slots[i].until_at > l->until_at) {
            check_limit(c, "ends at", s->slots[i].until_at, l->until_at);
            break;
        }
    }
}

static void check_ttl(struct check *c, const struct zone_rrset *set)
{
    char what[96];
    struct zone_rrset first;
    ksr_set_rrset(&c->request->sets[0], &first);
    if (set->ttl == 0 || set->ttl > KSR_TTL_MAX_S) {
        (void)snprintf(what, sizeof what, "TTL %" PRIu32 ", expected 1 to %u", set->ttl,
                       KSR_TTL_MAX_S);
        refuse(c, what);
    } else if (set->ttl != first.ttl) {
        (void)snprintf(what, sizeof what, "TTL %" PRIu32 ", but %" PRIu32 " in the first set",
                       set->ttl, first.ttl);
        refuse(c, what);
    }
}

int ksr_check(const struct ksr *request, const struct keyset *ksks, const struct ksr_limits *limits,
              const char *name, struct diags *diags)
{
    struct check c = {
        .request = request, .ksks = ksks, .limits = limits, .name = name, .diags = diags};
    if (request->is_response || request->set_n == 0) {
        diag_add(diags, &rule_ksr_refused, AT_FILE(name), NULL, "%s",
                 request->is_response ? "is a response already" : "asks for nothing");
        return ERR_FINDINGS;
    }
    for (c.set_no = 0; c.set_no < request->set_n; c.set_no++) {
        struct zone_rrset set;
        c.set = &request->sets[c.set_no];
        ksr_set_rrset(c.set, &set);
        check_ttl(&c, &set);
        if (set.type == KNOT_RRTYPE_DNSKEY)
            check_dnskeys(&c, &set);
        else
            check_cds(&c, &set);
        check_times(&c);
    }
    return c.refused == 0 ? ERR_OK : ERR_FINDINGS;
}
