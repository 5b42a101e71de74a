/*
 * signer/parent_proof.c -- is an RRset signed by a trusted zone? (RFC 4035 s5.3)
 *
 * Work is bounded against messages made to be slow (many signatures, many keys of one tag): at most
 * LIMIT_OBSERVED_TRIES verifications for one RRset.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/parent_int.h"

#define DNSKEY_HEAD 4
#define RRSIG_HEAD  18 /* up to the signer's name */

enum { FLAG_ZONE = 0x0100, FLAG_REVOKE = 0x0080 };

/* ------------------------------------------------------------------ keys */

uint16_t proof_key_tag(struct bytes dnskey)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < dnskey.len; i++)
        sum += (i & 1) != 0 ? dnskey.data[i] : (uint32_t)dnskey.data[i] << 8;
    sum += sum >> 16;
    return (uint16_t)sum;
}

void trusted_zone_done(struct trusted_zone *z)
{
    for (size_t i = 0; z->keys != NULL && i < z->n; i++)
        verify_public_free(z->keys[i].public);
    verify_checker_free(z->checker);
    *z = (struct trusted_zone){0};
}

/* RFC 4034 s2.1, RFC 5011 s2.1: a zone key, protocol 3, not revoked */
static bool may_sign(struct bytes dnskey)
{
    return dnskey.len > DNSKEY_HEAD && (wire_get16(dnskey.data) & FLAG_ZONE) != 0 &&
           (wire_get16(dnskey.data) & FLAG_REVOKE) == 0 && dnskey.data[2] == 3;
}

int trusted_zone_new(const uint8_t *name, const struct bytes *keys, size_t n, struct arena *arena,
                     struct trusted_zone *ret)
{
    AUTO(trusted_zone) struct trusted_zone z = {.name = name};
    n = n > LIMIT_ZONE_KEYS ? LIMIT_ZONE_KEYS : n;
    z.keys = arena_zalloc(arena, n, sizeof *z.keys);
    z.checker = verify_checker_new(n);
    if (z.keys == NULL || z.checker == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!may_sign(keys[i]))
            continue;
        struct trusted_key *k = &z.keys[z.n++];
        *k = (struct trusted_key){keys[i], proof_key_tag(keys[i]), keys[i].data[3], NULL};
        struct bytes field = {keys[i].data + DNSKEY_HEAD, keys[i].len - DNSKEY_HEAD};
        int err = verify_public_new(k->algorithm, field, &k->public);
        if (err != ERR_OK && err != ERR_ABSENT && err != ERR_FINDINGS)
            return err;
    }
    *ret = z;
    z = (struct trusted_zone){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ signatures */

struct signature { /* RRSIG rdata (RFC 4034 s3.1) */
    uint8_t algorithm;
    uint8_t labels;
    uint32_t original_ttl;
    uint32_t expiration;
    uint32_t inception;
    uint16_t tag;
    uint8_t signer[256]; /* lower case */
    struct bytes head;   /* all before the signer's name */
    struct bytes value;
};

static bool signature_read(struct bytes rdata, struct signature *ret)
{
    if (rdata.len <= RRSIG_HEAD)
        return false;
    int len = knot_dname_wire_check(rdata.data + RRSIG_HEAD, rdata.data + rdata.len, NULL);
    if (len <= 0 || rdata.len <= RRSIG_HEAD + (size_t)len)
        return false;
    const uint8_t *d = rdata.data;
    *ret = (struct signature){
        .algorithm = d[2],
        .labels = d[3],
        .original_ttl = wire_get32(d + 4),
        .expiration = wire_get32(d + 8),
        .inception = wire_get32(d + 12),
        .tag = wire_get16(d + 16),
        .head = {d, RRSIG_HEAD},
        .value = {d + RRSIG_HEAD + len, rdata.len - RRSIG_HEAD - (size_t)len},
    };
    memcpy(ret->signer, d + RRSIG_HEAD, (size_t)len);
    knot_dname_to_lower(ret->signer);
    return true;
}

/* RFC 4034 s3.1.5: the moment near NOW that a 32-bit time stands for. */
static int64_t serial_moment(int64_t now, uint32_t serial)
{
    return now + (int32_t)(serial - (uint32_t)now);
}

static bool holds_at(const struct signature *s, int64_t at, const char *when, uint16_t tag,
                     char why[PARENT_WHY_LEN])
{
    int64_t begin = serial_moment(at, s->inception), end = serial_moment(at, s->expiration);
    if (at >= begin && at <= end)
        return true;
    char text[TIME_TEXT_LEN];
    int64_t moment = at < begin ? begin : end;
    time_format_rfc3339(moment < 0 ? 0 : moment, text);
    (void)snprintf(why, PARENT_WHY_LEN, "the signature by key %u %s %s, which is %s %s", tag,
                   at < begin ? "begins at" : "expired at", text, at < begin ? "after" : "before",
                   when);
    return false;
}

static size_t name_labels(const uint8_t *name)
{
    size_t n = 0;
    for (; name[0] != 0; name += name[0] + 1)
        n++;
    return n;
}

/* All but the value itself: says in WHY what does not fit. */
static bool fits(const struct signature *s, const struct message_set *set, const uint8_t *signer,
                 const struct proof_times *times, char why[PARENT_WHY_LEN])
{
    char name[NAME_TEXT_LEN];
    if (name_compare(s->signer, signer) != 0) {
        name_to_text(s->signer, name);
        (void)snprintf(why, PARENT_WHY_LEN, "signed in the name of %.160s", name);
        return false;
    }
    /* none of what is proven here may come from a wildcard (RFC 4035 s5.3.4) */
    if (s->labels != name_labels(set->owner)) {
        (void)snprintf(why, PARENT_WHY_LEN, "the signature by key %u is one of a wildcard", s->tag);
        return false;
    }
    return holds_at(s, times->seen_at, "when it was observed", s->tag, why) &&
           holds_at(s, times->now, "now", s->tag, why);
}

static void add16(struct buf *b, uint16_t n)
{
    buf_add_char(b, (char)(n >> 8));
    buf_add_char(b, (char)(n & 0xff));
}

static void add32(struct buf *b, uint32_t n)
{
    add16(b, (uint16_t)(n >> 16));
    add16(b, (uint16_t)n);
}

/* RFC 4034 s3.1.8.1 */
static int signed_data(const struct message_set *set, const struct signature *s, struct buf *out)
{
    buf_clear(out);
    buf_add(out, s->head.data, s->head.len);
    buf_add(out, s->signer, name_len(s->signer));
    for (size_t i = 0; i < set->n; i++) {
        buf_add(out, set->owner, name_len(set->owner));
        add16(out, set->type);
        add16(out, KNOT_CLASS_IN);
        add32(out, s->original_ttl);
        add16(out, (uint16_t)set->rdata[i].len);
        buf_add(out, set->rdata[i].data, set->rdata[i].len);
    }
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

struct proof_run {
    const struct message_set *set;
    struct trusted_zone *zone;
    struct buf *data;
    unsigned tries;
    bool proven;
    char *why;
};

static int try_keys(struct proof_run *r, const struct signature *s)
{
    bool known = false;
    for (size_t i = 0; i < r->zone->n && !r->proven; i++) {
        const struct trusted_key *k = &r->zone->keys[i];
        if (k->tag != s->tag || k->algorithm != s->algorithm || k->public == NULL)
            continue;
        if (r->tries++ >= LIMIT_OBSERVED_TRIES) {
            (void)snprintf(r->why, PARENT_WHY_LEN, "more signatures than are tried (%u)",
                           LIMIT_OBSERVED_TRIES);
            return ERR_OK;
        }
        int err = known ? ERR_OK : signed_data(r->set, s, r->data);
        known = true;
        if (err == ERR_OK)
            err = verify_check(r->zone->checker, i, k->public, buf_bytes(r->data), s->value,
                               &r->proven);
        if (err != ERR_OK)
            return err;
    }
    if (!r->proven)
        (void)snprintf(r->why, PARENT_WHY_LEN,
                       known ? "the signature by key %u does not verify"
                             : "signed by key %u, which the zone's DNSKEY RRset does not have",
                       s->tag);
    return ERR_OK;
}

int proof_of_set(const struct message_set *set, struct trusted_zone *zone,
                 const struct proof_times *times, bool *ret_proven, struct proof *ret,
                 char why[PARENT_WHY_LEN])
{
    *ret_proven = false;
    (void)snprintf(why, PARENT_WHY_LEN, "no signature came with it");
    AUTO(buf) struct buf data = {0};
    AUTO_PTR(arena) struct arena *arena = arena_new();
    struct message_set sigs;
    if (arena == NULL)
        return ERR_NOMEM;
    int err = message_set(set->message, set->section, set->owner, PT_RRSIG, arena, &sigs);
    if (err != ERR_OK)
        return err;
    struct proof_run run = {.set = set, .zone = zone, .data = &data, .why = why};
    for (size_t i = 0; i < sigs.n && err == ERR_OK && !run.proven; i++) {
        struct signature s;
        if (sigs.rdata[i].len < 2 || wire_get16(sigs.rdata[i].data) != set->type ||
            !signature_read(sigs.rdata[i], &s) || !fits(&s, set, zone->name, times, why))
            continue;
        err = try_keys(&run, &s);
        if (err == ERR_OK && run.proven)
            *ret = (struct proof){s.original_ttl, serial_moment(times->seen_at, s.inception)};
    }
    *ret_proven = err == ERR_OK && run.proven;
    return err;
}
