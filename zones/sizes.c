/*
 * Sizes of answers for listed names, by building the messages: what a server of the zone puts into
 * the answer section (the CNAME chain as far as the zone goes), names compressed as libknot does.
 *
 * The signed form has an OPT record, a P-256 signature for each RRset, and for an answer from a
 * wildcard the NSEC or NSEC3 that proves it. A name "*.x" is asked for with the longest first label
 * there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/buf.h"
#include "common/err.h"
#include "zones/answer.h"
#include "zones/pack.h"
#include "zones/rules_inventory.h"
#include "zones/snapshot.h"

#define PLAIN_MAX     512u  /* RFC 1035 s4.2.1 */
#define SIGNED_MAX    1232u /* an IPv6 packet of 1280 bytes */
#define OPT_LEN       11u   /* RFC 6891 s6.1.2, no options */
#define RRSIG_FIXED   18u   /* RFC 4034 s3.1 */
#define SIGNATURE_LEN 64u   /* ECDSA P-256, RFC 6605 s4 */
#define NSEC3_FIXED   26u   /* RFC 5155 s3.2: no salt, a SHA-1 hash */
#define NSEC3_BITMAP  8u    /* types up to RRSIG: that name is not known before it is hashed */
#define MADE_MAX      9000u /* NSEC: a name and a bitmap of at most 256 windows */
#define MESSAGE_MAX   65535u

struct sizer {
    const struct zone_set *set;
    struct diags *diags;
    struct answer *answer;
};

/* ------------------------------------------------------------------ putting records */

static int put(knot_pkt_t *pkt, const uint8_t *owner, uint16_t type, const knot_rdataset_t *rrs)
{
    uint8_t name[256];
    memcpy(name, owner, name_len(owner));
    knot_rrset_t rr;
    knot_rrset_init(&rr, name, type, KNOT_CLASS_IN, 0);
    rr.rrs = *rrs;
    switch (knot_pkt_put(pkt, KNOT_COMPR_HINT_NONE, &rr, KNOT_PF_NOTRUNC)) {
    case KNOT_EOK: return 0;
    case KNOT_ENOMEM: return ERR_NOMEM;
    case KNOT_ESPACE: return ERR_LIMIT;
    default: return ERR_INTERNAL;
    }
}

/* One record of data that we make up. */
static int put_bytes(knot_pkt_t *pkt, const uint8_t *owner, uint16_t type, const uint8_t *data,
                     size_t len)
{
    _Alignas(knot_rdata_t) uint8_t room[sizeof(knot_rdata_t) + MADE_MAX + 1];
    knot_rdata_t *rdata = (knot_rdata_t *)(void *)room;
    if (len > MADE_MAX)
        return ERR_INTERNAL;
    knot_rdata_init(rdata, (uint16_t)len, data);
    const knot_rdataset_t one = {1, (uint32_t)knot_rdata_size((uint16_t)len), rdata};
    return put(pkt, owner, type, &one);
}

static int put_signature(knot_pkt_t *pkt, const uint8_t *owner, const uint8_t *signer)
{
    uint8_t data[RRSIG_FIXED + 255 + SIGNATURE_LEN] = {0};
    size_t len = name_len(signer);
    memcpy(data + RRSIG_FIXED, signer, len);
    return put_bytes(pkt, owner, KNOT_RRTYPE_RRSIG, data, RRSIG_FIXED + len + SIGNATURE_LEN);
}

static int put_signed(knot_pkt_t *pkt, const uint8_t *owner, const struct zone_rrset *set,
                      const uint8_t *signer)
{
    int err = put(pkt, owner, set->type, &set->rrs);
    return err != 0 || signer == NULL ? err : put_signature(pkt, owner, signer);
}

/* ------------------------------------------------------------------ proof of a wildcard answer */

static bool is_authoritative(const struct zone_node *node)
{
    return (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) == 0 && node->rrset_n > 0;
}

/* The bitmap of RFC 4034 s4.1.2, with the types that the signer adds. Returns its length. */
static size_t bitmap_write(const struct zone_node *node, uint8_t *out)
{
    uint8_t bits[32];
    size_t len = 0;
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    bool more = set_walk_next(&w, &set);
    for (unsigned window = 0; window < 256; window++) {
        memset(bits, 0, sizeof(bits));
        size_t used = 0;
        for (; more && set.type >> 8 == window; more = set_walk_next(&w, &set)) {
            unsigned low = set.type & 0xffu;
            bits[low / 8] |= (uint8_t)(0x80u >> low % 8);
            used = low / 8 + 1;
        }
        if (window == 0) {
            bits[5] |= 0x03; /* RRSIG 46, NSEC 47 */
            used = used < 6 ? 6 : used;
        }
        if (used == 0)
            continue;
        out[len++] = (uint8_t)window;
        out[len++] = (uint8_t)used;
        memcpy(out + len, bits, used);
        len += used;
    }
    return len;
}

/* A step in the names, round and round. */
static void step_round(const struct tree *t, struct zone_spot *at, bool forward)
{
    if (!forward) {
        if (!tree_step_back(t, at)) {
            *at = tree_end(t);
            (void)tree_step_back(t, at);
        }
        return;
    }
    tree_step(t, at);
    if (spot_equal(*at, tree_end(t)))
        *at = (struct zone_spot){0};
}

static bool neighbour(const struct zone *z, struct zone_spot *at, bool forward,
                      struct zone_node *ret)
{
    for (uint64_t n = z->names.node_n; n > 0; n--) {
        step_round(&z->names, at, forward);
        tree_node(&z->names, zone_apex(z), *at, ret);
        if (is_authoritative(ret))
            return true;
    }
    return false;
}

/* RFC 4035 s3.1.3.3: the NSEC that covers the name which does not exist. */
static int put_nsec(knot_pkt_t *pkt, const struct answer_step *s)
{
    const struct zone *z = s->snapshot;
    struct zone_spot at;
    struct zone_node before;
    struct zone_node next;
    (void)tree_find(&z->names, s->name, &at);
    if (!neighbour(z, &at, false, &before) || !neighbour(z, &at, true, &next))
        return 0;
    uint8_t data[MADE_MAX];
    size_t len = name_len(next.owner);
    memcpy(data, next.owner, len);
    len += bitmap_write(&before, data + len);
    int err = put_bytes(pkt, before.owner, KNOT_RRTYPE_NSEC, data, len);
    return err != 0 ? err : put_signature(pkt, before.owner, zone_apex(z));
}

/* RFC 5155 s7.2.6: the NSEC3 that covers the hash of the next closer name. */
static int put_nsec3(knot_pkt_t *pkt, const struct answer_step *s)
{
    static const uint8_t data[NSEC3_FIXED + NSEC3_BITMAP] = {
        1, 0, 0, 0, 0, 20, [NSEC3_FIXED + 1] = 6};
    uint8_t owner[256] = {32};
    const uint8_t *apex = zone_apex(s->snapshot);
    size_t len = name_len(apex);
    if (len + 33 > 255)
        return 0; /* a zone that NSEC3 cannot sign */
    memset(owner + 1, 'x', 32);
    memcpy(owner + 33, apex, len);
    int err = put_bytes(pkt, owner, KNOT_RRTYPE_NSEC3, data, sizeof(data));
    return err != 0 ? err : put_signature(pkt, owner, apex);
}

static int put_proof(knot_pkt_t *pkt, const struct answer_step *s)
{
    (void)knot_pkt_begin(pkt, KNOT_AUTHORITY);
    const struct dnssec_policy *policy = s->zone->dnssec;
    return policy != NULL && policy->denial == DENIAL_NSEC3 ? put_nsec3(pkt, s) : put_nsec(pkt, s);
}

/* ------------------------------------------------------------------ whole messages */

/* A link of the chain: a CNAME, or a DNAME with the CNAME made from it (which has no signature). */
static int put_link(knot_pkt_t *pkt, const struct answer_step *s, const uint8_t *next,
                    const uint8_t *signer)
{
    struct zone_rrset set;
    if (!zone_node_rrset(&s->node, s->is_dname ? KNOT_RRTYPE_DNAME : KNOT_RRTYPE_CNAME, &set))
        return ERR_INTERNAL;
    int err = put_signed(pkt, s->is_dname ? set.owner : s->name, &set, signer);
    if (!s->is_dname)
        return err;
    return err != 0 ? err : put_bytes(pkt, s->name, KNOT_RRTYPE_CNAME, next, name_len(next));
}

/* The answer section, as far as the zone of the first name goes; TYPE 0 when the chain ends
 * elsewhere. */
static int put_answer(knot_pkt_t *pkt, const struct answer *a, uint16_t type, bool is_signed)
{
    const struct answer_step *first = &a->steps[0], *proof = NULL;
    const uint8_t *signer = is_signed ? zone_apex(first->snapshot) : NULL;
    int err = 0;
    for (size_t i = 0; err == 0 && i < a->n && a->steps[i].zone == first->zone; i++) {
        const struct answer_step *s = &a->steps[i];
        struct zone_rrset set;
        proof = s->is_wildcard ? s : proof;
        if (i + 1 < a->n)
            err = put_link(pkt, s, a->steps[i + 1].name, signer);
        else if (s->has_node && zone_node_rrset(&s->node, type, &set))
            err = put_signed(pkt, s->name, &set, signer);
    }
    return err == 0 && is_signed && proof != NULL ? put_proof(pkt, proof) : err;
}

/* RET_SIZE is MESSAGE_MAX when it does not fit into any message. */
static int message_size(const struct answer *a, uint16_t type, bool is_signed, size_t *ret_size)
{
    knot_pkt_t *pkt = knot_pkt_new(NULL, MESSAGE_MAX, NULL);
    if (pkt == NULL)
        return ERR_NOMEM;
    uint16_t qtype = type == 0 ? KNOT_RRTYPE_A : type;
    int err = ERR_INTERNAL;
    if (knot_pkt_put_question(pkt, a->steps[0].name, KNOT_CLASS_IN, qtype) == KNOT_EOK &&
        knot_pkt_begin(pkt, KNOT_ANSWER) == KNOT_EOK)
        err = put_answer(pkt, a, type, is_signed);
    *ret_size = err == ERR_LIMIT ? MESSAGE_MAX : pkt->size + (is_signed ? OPT_LEN : 0);
    knot_pkt_free(pkt);
    return err == ERR_LIMIT ? 0 : err;
}

static int check_type(struct sizer *c, const struct inv_domain *d, uint16_t type)
{
    size_t plain, with_dnssec;
    int err = message_size(c->answer, type, false, &plain);
    if (err == 0)
        err = message_size(c->answer, type, true, &with_dnssec);
    if (err != 0)
        return err;
    char at[NAME_TEXT_LEN + TYPE_TEXT_LEN], text[TYPE_TEXT_LEN];
    type_to_text(type == 0 ? KNOT_RRTYPE_A : type, text);
    snprintf(at, sizeof(at), "%s%s %s", domain_star(d), d->text, text);
    const char *how = d->subdomains ? ", asked for with the longest first label" : "";
    if (plain > PLAIN_MAX)
        diag_add(c->diags, &rule_answer_over_512, d->where, at, "an answer of %zu bytes%s", plain,
                 how);
    if (with_dnssec > SIGNED_MAX)
        diag_add(c->diags, &rule_answer_over_1232, d->where, at,
                 "an answer of %zu bytes with P-256 signatures%s", with_dnssec, how);
    return 0;
}

/* What devices ask for; not what name servers and validators do. */
static bool is_asked_for(const struct zone_rrset *set)
{
    switch (set->type) {
    case KNOT_RRTYPE_NS:
    case KNOT_RRTYPE_SOA:
    case KNOT_RRTYPE_CNAME:
    case KNOT_RRTYPE_DNAME:
    case KNOT_RRTYPE_DS:
    case KNOT_RRTYPE_DNSKEY:
    case KNOT_RRTYPE_CDS:
    case KNOT_RRTYPE_CDNSKEY:
    case KNOT_RRTYPE_CSYNC:
    case KNOT_RRTYPE_RRSIG:
    case KNOT_RRTYPE_NSEC:
    case KNOT_RRTYPE_NSEC3:
    case KNOT_RRTYPE_NSEC3PARAM:
    case KNOT_RRTYPE_ZONEMD: return false;
    default: return set->rrs.count > 0;
    }
}

/* The longest name that "*.x" stands for, or the name itself. */
static void longest_name(const struct inv_domain *d, uint8_t out[256])
{
    size_t len = name_len(d->name), label = 0;
    if (d->subdomains && len + 2 <= 255)
        label = 255 - len - 1 < 63 ? 255 - len - 1 : 63;
    if (label > 0) {
        out[0] = (uint8_t)label;
        memset(out + 1, 'x', label);
    }
    memcpy(out + (label > 0 ? label + 1 : 0), d->name, len);
}

static int check_name(struct sizer *c, const struct inv_domain *d)
{
    uint8_t name[256];
    longest_name(d, name);
    answer_follow(c->set, name, c->answer);
    const struct answer *a = c->answer;
    const struct answer_step *first = &a->steps[0], *last = answer_last(a);
    if (first->snapshot == NULL || (a->n == 1 && a->end != ANSWER_NODE))
        return 0;
    if (last->zone != first->zone || a->end != ANSWER_NODE)
        return check_type(c, d, 0);
    int err = 0;
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(&last->node, &w);
    while (err == 0 && set_walk_next(&w, &set)) {
        if (is_asked_for(&set))
            err = check_type(c, d, set.type);
    }
    return err;
}

int sizes_check(const struct zone_set *set, struct diags *diags)
{
    AUTO(listed_names) struct listed_names listed = {0};
    AUTO_PTR(answer) struct answer *answer = answer_new();
    if (answer == NULL)
        return ERR_NOMEM;
    struct sizer c = {set, diags, answer};
    int err = listed_names_take(set->inv, &listed);
    for (size_t i = 0; err == 0 && i < listed.n; i++) {
        if (listed.items[i].is_used)
            err = check_name(&c, listed.items[i].domain);
    }
    return err;
}
