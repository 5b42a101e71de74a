/*
 * signer/verify_rrsig.c -- the signatures of one RRset (RFC 4034 s3, RFC 4035 s2.2 and s5.3).
 */
#include <string.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/verify.h"

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
                      const struct zone_sig *s)
{
    size_t owner_len = name_len(n->owner);
    struct zone_sig head = *s; /* its rdata without the signature */
    head.signature.len = 0;

    buf_clear(b);
    zone_sig_rdata(&head, b);
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
                         const struct zone_rrset *set, const struct zone_sig *s)
{
    int64_t begin = serial_moment(t->v, s->inception);
    int64_t end = serial_moment(t->v, s->expiration);
    char text[TIME_TEXT_LEN];
    if ((int32_t)(s->expiration - s->inception) < 0) {
        VERIFY_FOUND(t, rule_rrsig_window, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: expires before it begins", s->key_tag);
    } else if (t->v->now < begin) {
        moment_text(begin, text);
        VERIFY_FOUND(t, rule_rrsig_not_yet, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: not valid before %s", s->key_tag, text);
    } else if (t->v->now > end) {
        moment_text(end, text);
        VERIFY_FOUND(t, rule_rrsig_expired, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: expired at %s", s->key_tag, text);
    }
}

static bool check_fields(struct verify_thread *t, const struct zone_node *n,
                         const struct zone_rrset *set, const struct zone_sig *s)
{
    if (name_compare(s->signer, t->v->apex) != 0) {
        char text[NAME_TEXT_LEN];
        name_to_text(s->signer, text);
        VERIFY_FOUND(t, rule_rrsig_signer, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: signer's name %s", s->key_tag, text);
        return false;
    }
    size_t labels = verify_name_labels(n->owner) - ((n->flags & NODE_WILDCARD) != 0 ? 1 : 0);
    if (s->labels != labels) {
        VERIFY_FOUND(t, rule_rrsig_labels, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: %u labels; the name has %zu", s->key_tag, s->labels, labels);
        return false;
    }
    if (s->original_ttl != set->ttl)
        VERIFY_FOUND(t, rule_rrsig_original_ttl, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: original TTL %u; the RRset has %u", s->key_tag,
                     s->original_ttl, set->ttl);
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
                       const struct zone_rrset *set, const struct zone_sig *s)
{
    if (algorithm_announced(t->v, s->algorithm))
        VERIFY_FOUND(t, rule_rrsig_key, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u, algorithm %u: no such DNSKEY", s->key_tag, s->algorithm);
    else
        VERIFY_FOUND(t, rule_rrsig_key_early, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u, algorithm %u: no DNSKEY of that algorithm", s->key_tag,
                     s->algorithm);
}

static void note_valid(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set, struct verify_key *k, const struct zone_sig *s)
{
    struct verify_part *part = t->part;
    part->signatures++;
    int64_t end = serial_moment(t->v, s->expiration);
    if (part->expires_at == 0 || end < part->expires_at)
        part->expires_at = end;
    if (set->type == VT_DNSKEY && (n->flags & NODE_APEX) != 0) /* keys of other names say nothing */
        k->signs_dnskey = true;
}

/* RFC 4035 s5.3.1: tags don't tell keys apart for sure, so all that fit are tried. */
static int check_value(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set, const struct zone_sig *s)
{
    struct verification *v = t->v;
    bool known = false;
    bool tried = false;
    for (size_t i = 0; i < v->key_n; i++) {
        struct verify_key *k = &v->keys[i];
        if (!k->zone_key || k->tag != s->key_tag || k->algorithm != s->algorithm)
            continue;
        known = true;
        if (k->public == NULL)
            continue; /* said once, at the DNSKEY */
        if (k->revoked && set->type != VT_DNSKEY) {
            VERIFY_FOUND(t, rule_rrsig_revoked, set->sig_line, n->owner, set->type,
                         "RRSIG by the revoked key %u", s->key_tag);
            return ERR_OK;
        }
        tried = true;
        bool valid = false;
        int err = verify_check(t->checker, i, k->public, buf_bytes(&t->data), s->signature, &valid);
        if (err != ERR_OK)
            return err;
        if (valid) {
            note_valid(t, n, set, k, s);
            return ERR_OK;
        }
    }
    if (!known)
        say_no_key(t, n, set, s);
    else if (tried)
        VERIFY_FOUND(t, rule_rrsig_invalid, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u, algorithm %u does not verify", s->key_tag, s->algorithm);
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
    if (set->sig_n == 0) {
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

/* RFC 4034 s3: one finding for all of them. */
static void judge_ttls(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig s;
        sig_walk_next(set, &pos, &s);
        if (s.ttl == set->ttl)
            continue;
        VERIFY_FOUND(t, rule_rrsig_ttl, set->sig_line, n->owner, set->type,
                     "RRSIG with TTL %u; the RRset has %u", s.ttl, set->ttl);
        return;
    }
}

static int check_signature(struct verify_thread *t, const struct zone_node *n,
                           const struct zone_rrset *set, const struct zone_sig *s)
{
    if (s->signature.len == 0) {
        VERIFY_FOUND(t, rule_rrsig_malformed, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: no signature in it", s->key_tag);
        return ERR_OK;
    }
    if (!check_fields(t, n, set, s))
        return ERR_OK;
    int err = build_data(&t->data, n, set, s);
    return err == ERR_OK ? check_value(t, n, set, s) : err;
}

int verify_rrset(struct verify_thread *t, const struct zone_node *n, const struct zone_rrset *set)
{
    if (set->rrs.count == 0 || !verify_type_signed(n, set->type)) {
        if (set->sig_n > 0)
            judge_unwanted(t, n, set);
        return ERR_OK;
    }
    t->part->rrsets++;
    if (set->type == VT_DS)
        judge_ds_set(t, n, set);
    judge_ttls(t, n, set);
    bool seen[256] = {false};
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig s;
        sig_walk_next(set, &pos, &s);
        seen[s.algorithm] = true;
        int err = check_signature(t, n, set, &s);
        if (err != ERR_OK)
            return err;
    }
    judge_algorithms(t, n, set, seen);
    return ERR_OK;
}
