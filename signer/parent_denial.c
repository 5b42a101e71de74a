/*
 * signer/parent_denial.c -- the parent's proof that a delegation has no DS: NSEC (RFC 4035 s5.4,
 * RFC 6840 s4.4), NSEC3 of the name, or an opt-out span over it (RFC 5155 s8.6).
 */
#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "signer/chain.h"
#include "signer/parent_int.h"

#define LABEL_LEN 32 /* a SHA-1 in base32hex; its order is that of the hashes */

enum { TYPE_DNAME = 39, FLAG_OPT_OUT = 1, HASH_SHA1 = 1, NSEC3_SPANS_MAX = 16 };

struct denial_run {
    const struct message *m;
    const uint8_t *zone;
    struct trusted_zone *parent;
    const struct proof_times *times;
    struct arena *arena;
    char *why;
};

static void say(struct denial_run *r, const char *text)
{
    (void)snprintf(r->why, PARENT_WHY_LEN, "%s", text);
}

/* ------------------------------------------------------------------ type bit maps */

/* RFC 4034 s4.1.2: window, length, octets. False also for what is malformed. */
static bool has_type(struct bytes map, uint16_t type)
{
    size_t at = 0;
    while (map.len - at >= 2) {
        uint8_t window = map.data[at], len = map.data[at + 1];
        if (len == 0 || len > 32 || map.len - at - 2 < len)
            return false;
        uint8_t octet = (uint8_t)(type & 0xff) / 8;
        if (window == type >> 8)
            return octet < len && (map.data[at + 2 + octet] & (0x80 >> (type & 7))) != 0;
        at += 2u + len;
    }
    return false;
}

/* RFC 6840 s4.4: the parent's side of a delegation (NS, no SOA), and no DS. */
static bool denies_ds(struct denial_run *r, struct bytes map)
{
    if (has_type(map, PT_SOA))
        say(r, "the denial is the child's own, not the parent's");
    else if (!has_type(map, PT_NS))
        say(r, "the denial says that the name is no delegation");
    else if (has_type(map, PT_DS))
        say(r, "the denial says that there is a DS, but none came");
    else
        return true;
    return false;
}

/* ------------------------------------------------------------------ NSEC */

static int by_nsec(struct denial_run *r, const struct message_set *set, bool *ret_proven,
                   struct proof *ret)
{
    struct bytes rd = set->rdata[0];
    int len = rd.len == 0 ? 0 : knot_dname_wire_check(rd.data, rd.data + rd.len, NULL);
    if (set->n != 1 || len <= 0) {
        say(r, "malformed NSEC");
        return ERR_OK;
    }
    if (!denies_ds(r, (struct bytes){rd.data + len, rd.len - (size_t)len}))
        return ERR_OK;
    return proof_of_set(set, r->parent, r->times, ret_proven, ret, r->why);
}

/* ------------------------------------------------------------------ NSEC3 */

struct span { /* one NSEC3 record (RFC 5155 s3.2) */
    struct message_set set;
    char from[LABEL_LEN]; /* labels: lower-case base32hex */
    char to[LABEL_LEN];
    bool opt_out;
    uint16_t iterations;
    struct bytes salt;
    struct bytes map;
};

struct spans {
    struct denial_run *run;
    struct span items[NSEC3_SPANS_MAX];
    size_t n;
    size_t looked_at; /* records: what a flood of them costs is bounded, good or bad */
};

static bool span_read(struct span *s)
{
    struct bytes rd = s->set.rdata[0];
    if (s->set.n != 1 || rd.len < 5 || rd.data[0] != HASH_SHA1 || (rd.data[1] & ~FLAG_OPT_OUT) != 0)
        return false;
    size_t salt_len = rd.data[4];
    size_t hash_at = 5 + salt_len + 1;
    if (rd.len < hash_at + NSEC3_HASH_LEN || rd.data[hash_at - 1] != NSEC3_HASH_LEN)
        return false;
    uint8_t label[LABEL_LEN];
    memcpy(s->from, s->set.owner + 1, LABEL_LEN);
    nsec3_label(rd.data + hash_at, label);
    memcpy(s->to, label, LABEL_LEN);
    s->opt_out = (rd.data[1] & FLAG_OPT_OUT) != 0;
    s->iterations = wire_get16(rd.data + 2);
    s->salt = (struct bytes){rd.data + 5, salt_len};
    size_t map_at = hash_at + NSEC3_HASH_LEN;
    s->map = (struct bytes){rd.data + map_at, rd.len - map_at};
    return true;
}

static int span_take(void *ctx, const uint8_t *owner)
{
    struct spans *all = ctx;
    struct denial_run *r = all->run;
    if (all->looked_at == NSEC3_SPANS_MAX || owner[0] != LABEL_LEN ||
        name_compare(owner + 1 + LABEL_LEN, r->parent->name) != 0)
        return ERR_OK;
    all->looked_at++;
    struct span *s = &all->items[all->n];
    int err = message_set(r->m, KNOT_AUTHORITY, owner, PT_NSEC3, r->arena, &s->set);
    /* RFC 5155 s8.2: of one chain, all with the same parameters */
    if (err == ERR_OK && span_read(s) &&
        (all->n == 0 ||
         (s->iterations == all->items[0].iterations && bytes_equal(s->salt, all->items[0].salt))))
        all->n++;
    return err;
}

static int hash_label(const struct spans *all, const uint8_t *name, char ret[LABEL_LEN])
{
    uint8_t hash[NSEC3_HASH_LEN], label[LABEL_LEN];
    int err = nsec3_hash(name, all->items[0].iterations, all->items[0].salt, hash);
    if (err != ERR_OK)
        return err;
    nsec3_label(hash, label);
    memcpy(ret, label, LABEL_LEN);
    return ERR_OK;
}

static const struct span *span_of(const struct spans *all, const char label[LABEL_LEN])
{
    for (size_t i = 0; i < all->n; i++) {
        if (memcmp(all->items[i].from, label, LABEL_LEN) == 0)
            return &all->items[i];
    }
    return NULL;
}

/* The last span of a chain goes around its end. */
static bool covers(const struct span *s, const char label[LABEL_LEN])
{
    bool after = memcmp(label, s->from, LABEL_LEN) > 0;
    bool before = memcmp(label, s->to, LABEL_LEN) < 0;
    bool wraps = memcmp(s->from, s->to, LABEL_LEN) >= 0;
    return wraps ? after || before : after && before;
}

static const struct span *span_over(const struct spans *all, const char label[LABEL_LEN])
{
    for (size_t i = 0; i < all->n; i++) {
        if (covers(&all->items[i], label))
            return &all->items[i];
    }
    return NULL;
}

static int prove_span(struct spans *all, const struct span *s, bool *ret_proven, struct proof *ret)
{
    struct denial_run *r = all->run;
    return proof_of_set(&s->set, r->parent, r->times, ret_proven, ret, r->why);
}

/* RFC 5155 s8.3: the closest encloser must not itself be a delegation, or lead away. */
static bool may_enclose(const struct span *s)
{
    return !has_type(s->map, TYPE_DNAME) && (!has_type(s->map, PT_NS) || has_type(s->map, PT_SOA));
}

/* RFC 5155 s8.6: no NSEC3 of the name; then the next closer name lies in an opt-out span. */
static int by_opt_out(struct spans *all, bool *ret_proven, struct proof *ret)
{
    struct denial_run *r = all->run;
    const uint8_t *next_closer = r->zone;
    const struct span *encloser = NULL;
    char label[LABEL_LEN];
    say(r, "no NSEC3 matches or covers the name");
    while (encloser == NULL && name_is_below(next_closer, r->parent->name)) {
        const uint8_t *above = next_closer + next_closer[0] + 1;
        int err = hash_label(all, above, label);
        if (err != ERR_OK)
            return err;
        encloser = span_of(all, label);
        if (encloser == NULL)
            next_closer = above;
    }
    if (encloser == NULL || !may_enclose(encloser))
        return ERR_OK;
    int err = hash_label(all, next_closer, label);
    const struct span *over = err == ERR_OK ? span_over(all, label) : NULL;
    if (over == NULL)
        return err;
    if (!over->opt_out) {
        say(r, "the NSEC3 that covers the name is no opt-out span: there is no delegation");
        return ERR_OK;
    }
    struct proof above;
    err = prove_span(all, encloser, ret_proven, &above);
    return err == ERR_OK && *ret_proven ? prove_span(all, over, ret_proven, ret) : err;
}

static int by_nsec3(struct spans *all, bool *ret_proven, struct proof *ret)
{
    struct denial_run *r = all->run;
    char label[LABEL_LEN];
    if (all->items[0].iterations > LIMIT_OBSERVED_ITERATIONS) {
        (void)snprintf(r->why, PARENT_WHY_LEN,
                       "NSEC3 with %u iterations; more than %u prove nothing",
                       all->items[0].iterations, LIMIT_OBSERVED_ITERATIONS);
        return ERR_OK;
    }
    int err = hash_label(all, r->zone, label);
    if (err != ERR_OK)
        return err;
    const struct span *own = span_of(all, label);
    if (own == NULL)
        return by_opt_out(all, ret_proven, ret);
    return denies_ds(r, own->map) ? prove_span(all, own, ret_proven, ret) : ERR_OK;
}

int denial_of_ds(const struct message *m, const uint8_t *zone, struct trusted_zone *parent,
                 const struct proof_times *times, struct arena *arena, bool *ret_proven,
                 struct proof *ret, char why[PARENT_WHY_LEN])
{
    struct denial_run r = {m, zone, parent, times, arena, why};
    struct message_set nsec;
    *ret_proven = false;
    int err = message_set(m, KNOT_AUTHORITY, zone, PT_NSEC, arena, &nsec);
    if (err != ERR_OK)
        return err;
    if (nsec.n > 0)
        return by_nsec(&r, &nsec, ret_proven, ret);
    struct spans *all = arena_zalloc(arena, 1, sizeof *all);
    if (all == NULL)
        return ERR_NOMEM;
    all->run = &r;
    err = message_owners(m, KNOT_AUTHORITY, PT_NSEC3, span_take, all);
    if (err != ERR_OK)
        return err;
    if (all->n == 0) {
        say(&r, "no NSEC of the name and no NSEC3 came with it");
        return ERR_OK;
    }
    return by_nsec3(all, ret_proven, ret);
}
