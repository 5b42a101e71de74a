/*
 * signer/verify_rrsig.c -- the signatures of one RRset (RFC 4034 s3, RFC 4035 s2.2 and s5.3).
 */
#include <string.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/verify.h"

#define RRSIG_HEAD 18 /* type covered to key tag, before the signer's name */

struct signature {
    uint8_t algorithm;
    uint8_t labels;
    uint32_t original_ttl;
    uint32_t expiration;
    uint32_t inception;
    uint16_t tag;
    struct bytes head; /* the rdata without the signature */
    struct bytes signer;
    struct bytes value;
};

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool signature_parse(const knot_rdata_t *rd, struct signature *s)
{
    const uint8_t *p = rd->data;
    if (rd->len <= RRSIG_HEAD)
        return false;
    size_t name = verify_name_in((struct bytes){p + RRSIG_HEAD, rd->len - (size_t)RRSIG_HEAD});
    size_t head = RRSIG_HEAD + name;
    if (name == 0 || head >= rd->len)
        return false;
    *s = (struct signature){.algorithm = p[2],
                            .labels = p[3],
                            .original_ttl = get32(p + 4),
                            .expiration = get32(p + 8),
                            .inception = get32(p + 12),
                            .tag = (uint16_t)(p[16] << 8 | p[17]),
                            .head = {p, head},
                            .signer = {p + RRSIG_HEAD, name},
                            .value = {p + head, rd->len - head}};
    return true;
}

/* ------------------------------------------------------------------ what is signed */

static void add16(struct buf *b, uint16_t n)
{
    buf_add_char(b, (char)(n >> 8));
    buf_add_char(b, (char)(n & 0xff));
}

static void add32(struct buf *b, uint32_t n)
{
    add16(b, (uint16_t)(n >> 16));
    add16(b, (uint16_t)(n & 0xffff));
}

/* RFC 4034 s3.1.8.1; the snapshot holds owner, rdata and their order in canonical form. */
static int build_data(struct buf *b, const struct zone_node *n, const struct zone_rrset *set,
                      const struct signature *s)
{
    uint8_t signer[255];
    verify_name_lower(s->signer.data, s->signer.len, signer);
    size_t owner_len = name_len(n->owner);

    buf_clear(b);
    buf_add(b, s->head.data, RRSIG_HEAD);
    buf_add(b, signer, s->signer.len);
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        buf_add(b, n->owner, owner_len);
        add16(b, set->type);
        add16(b, 1);
        add32(b, s->original_ttl);
        add16(b, rd->len);
        buf_add(b, rd->data, rd->len);
    }
    return buf_ok(b) ? ERR_OK : ERR_NOMEM;
}

/* ------------------------------------------------------------------ one signature */

/* RFC 4034 s3.1.5: the moment near NOW that a 32-bit time stands for. */
static int64_t serial_moment(const struct verification *v, uint32_t serial)
{
    return v->now + (int32_t)(serial - (uint32_t)v->now);
}

static void moment_text(int64_t at, char out[TIME_TEXT_LEN])
{
    time_format_rfc3339(at < 0 ? 0 : at, out);
}

static void check_window(struct verify_thread *t, const struct zone_node *n,
                         const struct zone_rrset *set, const struct signature *s)
{
    int64_t begin = serial_moment(t->v, s->inception);
    int64_t end = serial_moment(t->v, s->expiration);
    char text[TIME_TEXT_LEN];
    if ((int32_t)(s->expiration - s->inception) < 0) {
        VERIFY_FOUND(t, rule_rrsig_window, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: expires before it begins", s->tag);
    } else if (t->v->now < begin) {
        moment_text(begin, text);
        VERIFY_FOUND(t, rule_rrsig_not_yet, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: not valid before %s", s->tag, text);
    } else if (t->v->now > end) {
        moment_text(end, text);
        VERIFY_FOUND(t, rule_rrsig_expired, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: expired at %s", s->tag, text);
    }
}

static bool check_fields(struct verify_thread *t, const struct zone_node *n,
                         const struct zone_rrset *set, const struct signature *s)
{
    uint8_t signer[255];
    verify_name_lower(s->signer.data, s->signer.len, signer);
    if (s->signer.len != name_len(t->v->apex) || memcmp(signer, t->v->apex, s->signer.len) != 0) {
        char text[NAME_TEXT_LEN];
        name_to_text(signer, text);
        VERIFY_FOUND(t, rule_rrsig_signer, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: signer's name %s", s->tag, text);
        return false;
    }
    size_t labels = verify_name_labels(n->owner) - ((n->flags & NODE_WILDCARD) != 0 ? 1 : 0);
    if (s->labels != labels) {
        VERIFY_FOUND(t, rule_rrsig_labels, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: %u labels; the name has %zu", s->tag, s->labels, labels);
        return false;
    }
    if (s->original_ttl != set->ttl)
        VERIFY_FOUND(t, rule_rrsig_original_ttl, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: original TTL %u; the RRset has %u", s->tag, s->original_ttl,
                     set->ttl);
    check_window(t, n, set, s);
    return true;
}

static bool algorithm_announced(const struct verification *v, uint8_t algorithm)
{
    for (size_t i = 0; i < v->key_n; i++) {
        if (v->keys[i].zone_key && v->keys[i].algorithm == algorithm)
            return true;
    }
    return false;
}

static void say_no_key(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set, const struct signature *s)
{
    if (algorithm_announced(t->v, s->algorithm))
        VERIFY_FOUND(t, rule_rrsig_key, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u, algorithm %u: no such DNSKEY", s->tag, s->algorithm);
    else
        VERIFY_FOUND(t, rule_rrsig_key_early, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u, algorithm %u: no DNSKEY of that algorithm", s->tag,
                     s->algorithm);
}

static void note_valid(struct verify_thread *t, const struct zone_rrset *set, struct verify_key *k,
                       const struct signature *s)
{
    struct verify_part *part = t->part;
    part->signatures++;
    int64_t end = serial_moment(t->v, s->expiration);
    if (part->expires_at == 0 || end < part->expires_at)
        part->expires_at = end;
    if (set->type == VT_DNSKEY)
        k->signs_dnskey = true;
}

/* RFC 4035 s5.3.1: tags don't tell keys apart for sure, so all that fit are tried. */
static int check_value(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set, const struct signature *s)
{
    struct verification *v = t->v;
    bool known = false;
    bool tried = false;
    for (size_t i = 0; i < v->key_n; i++) {
        struct verify_key *k = &v->keys[i];
        if (!k->zone_key || k->tag != s->tag || k->algorithm != s->algorithm)
            continue;
        known = true;
        if (k->public == NULL)
            continue; /* said once, at the DNSKEY */
        if (k->revoked && set->type != VT_DNSKEY) {
            VERIFY_FOUND(t, rule_rrsig_revoked, set->sig_line, n->owner, set->type,
                         "RRSIG by the revoked key %u", s->tag);
            return ERR_OK;
        }
        tried = true;
        bool valid = false;
        int err = verify_check(t->checker, i, k->public, buf_bytes(&t->data), s->value, &valid);
        if (err != ERR_OK)
            return err;
        if (valid) {
            note_valid(t, set, k, s);
            return ERR_OK;
        }
    }
    if (!known)
        say_no_key(t, n, set, s);
    else if (tried)
        VERIFY_FOUND(t, rule_rrsig_invalid, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u, algorithm %u does not verify", s->tag, s->algorithm);
    return ERR_OK;
}

/* ------------------------------------------------------------------ the RRset */

/* Signatures where none belong: one finding for all of them. */
static void judge_unwanted(struct verify_thread *t, const struct zone_node *n,
                           const struct zone_rrset *set)
{
    if (set->type == VT_RRSIG)
        VERIFY_FOUND(t, rule_rrsig_over_rrsig, set->sig_line, n->owner, set->type,
                     "an RRSIG that covers RRSIG");
    else if (set->rrs.count == 0)
        VERIFY_FOUND(t, rule_rrsig_orphan, set->sig_line, n->owner, set->type,
                     "an RRSIG over a type that the name does not have");
    else
        VERIFY_FOUND(t, rule_rrsig_not_authoritative, set->sig_line, n->owner, set->type,
                     "an RRSIG over data that the zone does not answer for");
}

/* RFC 4035 s2.2: by each algorithm of the DNSKEY RRset. A bad signature has its own finding. */
static void judge_algorithms(struct verify_thread *t, const struct zone_node *n,
                             const struct zone_rrset *set, const bool seen[256])
{
    const struct verification *v = t->v;
    if (set->sigs.count == 0) {
        VERIFY_FOUND(t, rule_rrset_unsigned, set->line, n->owner, set->type, "no RRSIG");
        return;
    }
    for (size_t i = 0; i < v->algorithm_n; i++) {
        if (!seen[v->algorithms[i]])
            VERIFY_FOUND(t, rule_rrset_algorithm, set->sig_line, n->owner, set->type,
                         "no RRSIG of algorithm %u", v->algorithms[i]);
    }
}

static void judge_ds_set(struct verify_thread *t, const struct zone_node *n,
                         const struct zone_rrset *set)
{
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        if (verify_ds_malformed((struct bytes){rd->data, rd->len}))
            VERIFY_FOUND(t, rule_ds_malformed, set->line, n->owner, set->type,
                         "digest type %u with a digest of %d octets", rd->len > 3 ? rd->data[3] : 0,
                         rd->len > 4 ? rd->len - 4 : 0);
    }
}

int verify_rrset(struct verify_thread *t, const struct zone_node *n, const struct zone_rrset *set)
{
    if (set->rrs.count == 0 || !verify_type_signed(n, set->type)) {
        if (set->sigs.count > 0)
            judge_unwanted(t, n, set);
        return ERR_OK;
    }
    t->part->rrsets++;
    if (set->type == VT_DS)
        judge_ds_set(t, n, set);
    if (set->sigs.count > 0 && set->sig_ttl != set->ttl)
        VERIFY_FOUND(t, rule_rrsig_ttl, set->sig_line, n->owner, set->type,
                     "RRSIG with TTL %u; the RRset has %u", set->sig_ttl, set->ttl);
    bool seen[256] = {false};
    knot_rdata_t *rd = set->sigs.rdata;
    for (uint16_t i = 0; i < set->sigs.count; i++, rd = knot_rdataset_next(rd)) {
        struct signature s;
        if (!signature_parse(rd, &s)) {
            VERIFY_FOUND(t, rule_rrsig_malformed, set->sig_line, n->owner, set->type,
                         "%u octets of RRSIG rdata", rd->len);
            continue;
        }
        seen[s.algorithm] = true;
        if (!check_fields(t, n, set, &s))
            continue;
        int err = build_data(&t->data, n, set, &s);
        if (err == ERR_OK)
            err = check_value(t, n, set, &s);
        if (err != ERR_OK)
            return err;
    }
    judge_algorithms(t, n, set, seen);
    return ERR_OK;
}
