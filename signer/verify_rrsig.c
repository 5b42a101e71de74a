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

static void note_end(struct verify_thread *t, const struct zone_sig *s)
{
    struct verify_part *part = t->part;
    int64_t end = serial_moment(t->v, s->expiration);
    if (part->expires_at == 0 || end < part->expires_at)
        part->expires_at = end;
}

/* What is known of an RRset while its signatures are looked at. */
#define STRANGERS_MAX 16 /* more signatures of unknown keys over one RRset are none of a roll's */
enum { SIG_SEEN = 1, SIG_GOOD = 2 /* it verifies, or cannot be checked here */ };
struct tally {
    uint8_t by[256]; /* algorithm */
    size_t stranger_n;
    struct zone_sig strangers[STRANGERS_MAX];
};

/*
 * RFC 4035 s2.2 asks for a signature by each algorithm of the DNSKEY RRset, and RFC 6840 s5.11
 * forbids validators to ask for more: then signatures of keys that are not published, as there are
 * while an algorithm comes or goes (RFC 6781 s4.1.4), do no harm.
 */
static void judge_strangers(struct verify_thread *t, const struct zone_node *n,
                            const struct zone_rrset *set, const struct tally *tally)
{
    const struct verification *v = t->v;
    bool satisfied = v->algorithm_n > 0;
    for (size_t i = 0; i < v->algorithm_n; i++)
        satisfied = satisfied && (tally->by[v->algorithms[i]] & SIG_GOOD) != 0;
    for (size_t i = 0; i < tally->stranger_n; i++) {
        const struct zone_sig *s = &tally->strangers[i];
        if (!satisfied) {
            say_no_key(t, n, set, s);
            continue;
        }
        note_end(t, s);
        verify_part_meets(t->part, &(struct verify_stranger){s->key_tag, s->algorithm, 1, *set});
    }
}

void verify_part_meets(struct verify_part *part, const struct verify_stranger *s)
{
    for (size_t i = 0; i < VERIFY_STRANGERS; i++) {
        struct verify_stranger *to = &part->strangers[i];
        if (to->n == 0)
            *to = (struct verify_stranger){s->tag, s->algorithm, 0, s->first};
        if (to->tag == s->tag && to->algorithm == s->algorithm) {
            to->n += s->n;
            return;
        }
    }
    part->stranger_n += s->n;
}

void verify_strangers_judge(const struct verification *v, const struct verify_part *all,
                            struct diags *diags)
{
    for (size_t i = 0; i < VERIFY_STRANGERS && all->strangers[i].n > 0; i++) {
        const struct verify_stranger *s = &all->strangers[i];
        VERIFY_ADD(v, diags, rule_rrsig_unpublished, s->first.sig_line, s->first.owner,
                   s->first.type, "key %u, algorithm %u, is not in the DNSKEY RRset; %llu RRSIGs",
                   s->tag, s->algorithm, (unsigned long long)s->n);
    }
    if (all->stranger_n > 0)
        VERIFY_ADD(v, diags, rule_rrsig_unpublished, 0, v->apex, 0,
                   "more keys that are not in the DNSKEY RRset; %llu RRSIGs",
                   (unsigned long long)all->stranger_n);
}

static void note_valid(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set, struct verify_key *k, const struct zone_sig *s)
{
    t->part->signatures++;
    note_end(t, s);
    if (set->type == VT_DNSKEY && (n->flags & NODE_APEX) != 0) /* keys of other names say nothing */
        k->signs_dnskey = true;
}

/* RFC 4035 s5.3.1: tags don't tell keys apart for sure, so all that fit are tried. */
static int check_value(struct verify_thread *t, const struct zone_node *n,
                       const struct zone_rrset *set, const struct zone_sig *s, struct tally *tally)
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
            tally->by[s->algorithm] |= SIG_GOOD;
            return ERR_OK;
        }
    }
    if (!known && tally->stranger_n < STRANGERS_MAX)
        tally->strangers[tally->stranger_n++] = *s;
    else if (!known)
        say_no_key(t, n, set, s);
    else if (!tried)
        tally->by[s->algorithm] |= SIG_GOOD; /* as far as can be said here */
    else
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
                             const struct zone_rrset *set, const struct tally *tally)
{
    const struct verification *v = t->v;
    if (set->sig_n == 0) {
        VERIFY_FOUND(t, rule_rrset_unsigned, set->line, n->owner, set->type, "no RRSIG");
        return;
    }
    for (size_t i = 0; i < v->algorithm_n; i++) {
        if (tally->by[v->algorithms[i]] == 0)
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
                           const struct zone_rrset *set, const struct zone_sig *s,
                           struct tally *tally)
{
    if (s->signature.len == 0) {
        VERIFY_FOUND(t, rule_rrsig_malformed, set->sig_line, n->owner, set->type,
                     "RRSIG by key %u: no signature in it", s->key_tag);
        return ERR_OK;
    }
    if (!check_fields(t, n, set, s))
        return ERR_OK;
    int err = build_data(&t->data, n, set, s);
    return err == ERR_OK ? check_value(t, n, set, s, tally) : err;
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
    struct tally tally; /* not all of it: it is made for every RRset */
    memset(tally.by, 0, sizeof(tally.by));
    tally.stranger_n = 0;
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig s;
        sig_walk_next(set, &pos, &s);
        tally.by[s.algorithm] |= SIG_SEEN;
        int err = check_signature(t, n, set, &s, &tally);
        if (err != ERR_OK)
            return err;
    }
    judge_strangers(t, n, set, &tally);
    judge_algorithms(t, n, set, &tally);
    return ERR_OK;
}
