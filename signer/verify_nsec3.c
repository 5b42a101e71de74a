/*
 * signer/verify_nsec3.c -- the NSEC3 chains that NSEC3PARAM names (RFC 5155, RFC 9276).
 *
 * Before the walk the records of each chain are collected, in order of their hashes. In the walk
 * each name looks for its own hash. Afterwards what no name has is too much, and the links must
 * close.
 */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "signer/verify.h"

#define NSEC3PARAM_HEAD 5  /* algorithm, flags, iterations, salt length */
#define HASH_TEXT_LEN   32 /* 20 octets in base32hex */

enum { HASH_ALGORITHM_SHA1 = 1, FLAG_OPT_OUT = 1 };

/* ------------------------------------------------------------------ base32hex (RFC 4648 s7) */

static void hash_to_text(const uint8_t hash[NSEC3_HASH_LEN], char out[HASH_TEXT_LEN + 1])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    for (size_t i = 0; i < HASH_TEXT_LEN; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)hash[bit / 8] << 8;
        if (bit / 8 + 1 < NSEC3_HASH_LEN)
            pair |= hash[bit / 8 + 1];
        out[i] = digits[pair >> (11 - bit % 8) & 31];
    }
    out[HASH_TEXT_LEN] = '\0';
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

/* LABEL: the 32 octets of a lower-case label. */
static bool hash_from_label(const uint8_t *label, uint8_t out[NSEC3_HASH_LEN])
{
    memset(out, 0, NSEC3_HASH_LEN);
    for (size_t i = 0; i < HASH_TEXT_LEN; i++) {
        int value = digit_value(label[i]);
        if (value < 0)
            return false;
        for (size_t b = 0; b < 5; b++) {
            size_t bit = i * 5 + b;
            if ((value >> (4 - b) & 1) != 0)
                out[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        }
    }
    return true;
}

/* ------------------------------------------------------------------ loading */

struct params { /* what NSEC3 and NSEC3PARAM begin with */
    uint8_t algorithm;
    uint8_t flags;
    uint16_t iterations;
    struct bytes salt;
    struct bytes rest;
};

static bool params_parse(const knot_rdata_t *rd, struct params *p)
{
    if (rd->len < NSEC3PARAM_HEAD || rd->len < NSEC3PARAM_HEAD + (unsigned)rd->data[4])
        return false;
    size_t salt_len = rd->data[4];
    p->algorithm = rd->data[0];
    p->flags = rd->data[1];
    p->iterations = (uint16_t)(rd->data[2] << 8 | rd->data[3]);
    p->salt = (struct bytes){rd->data + NSEC3PARAM_HEAD, salt_len};
    p->rest =
        (struct bytes){rd->data + NSEC3PARAM_HEAD + salt_len, rd->len - NSEC3PARAM_HEAD - salt_len};
    return true;
}

/* Does PARAM name a chain that a validator uses (RFC 5155 s4.1.2: flags 0)? */
static void load_param(struct verification *v, const knot_rdata_t *rd, uint32_t line,
                       struct diags *diags)
{
    struct params p;
    if (!params_parse(rd, &p) || p.rest.len != 0 || p.algorithm != HASH_ALGORITHM_SHA1) {
        VERIFY_ADD(v, diags, rule_nsec3param_invalid, line, v->apex, VT_NSEC3PARAM,
                   "another hash algorithm than 1, or malformed");
        return;
    }
    if (p.flags != 0) {
        VERIFY_ADD(v, diags, rule_nsec3param_invalid, line, v->apex, VT_NSEC3PARAM,
                   "flags %u: validators and servers pass over it", p.flags);
        return;
    }
    bool usable = p.iterations <= LIMIT_NSEC3_ITERATIONS;
    if (!usable)
        VERIFY_ADD(v, diags, rule_nsec3_iterations_limit, line, v->apex, VT_NSEC3PARAM,
                   "%u iterations; the limit is %u", p.iterations, LIMIT_NSEC3_ITERATIONS);
    else if (p.iterations > 0)
        VERIFY_ADD(v, diags, rule_nsec3_iterations, line, v->apex, VT_NSEC3PARAM, "%u iterations",
                   p.iterations);
    if (p.salt.len > 0)
        VERIFY_ADD(v, diags, rule_nsec3_salt, line, v->apex, VT_NSEC3PARAM, "a salt of %zu octets",
                   p.salt.len);
    v->chains[v->chain_n++] =
        (struct nsec3_chain){.iterations = p.iterations, .salt = p.salt, .usable = usable};
}

static int load_params(struct verification *v, struct diags *diags)
{
    struct zone_rrset set;
    if (!zone_rrset(v->zone, v->apex, VT_NSEC3PARAM, &set) || set.rrs.count == 0)
        return ERR_OK;
    v->chains = calloc(set.rrs.count, sizeof(*v->chains));
    if (v->chains == NULL)
        return ERR_NOMEM;
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd))
        load_param(v, rd, set.line, diags);
    /* RFC 5155 s2: the older numbers 3 and 5 tell validators that there is only NSEC */
    for (size_t i = 0; i < v->algorithm_n; i++) {
        if (v->algorithms[i] == 3 || v->algorithms[i] == 5)
            VERIFY_ADD(v, diags, rule_nsec3_algorithm, set.line, v->apex, VT_NSEC3PARAM,
                       "NSEC3 with keys of algorithm %u", v->algorithms[i]);
    }
    return ERR_OK;
}

static int chain_add(struct nsec3_chain *c, const struct nsec3_entry *e)
{
    struct nsec3_entry *entries =
        grow_items(c->entries, c->entry_n, &c->entry_cap, sizeof(*entries));
    if (entries == NULL)
        return ERR_NOMEM;
    c->entries = entries;
    memcpy(&c->entries[c->entry_n++], e, sizeof(*e));
    return ERR_OK;
}

static struct nsec3_chain *chain_find(const struct verification *v, const struct params *p)
{
    for (size_t i = 0; i < v->chain_n; i++) {
        struct nsec3_chain *c = &v->chains[i];
        if (p->algorithm == HASH_ALGORITHM_SHA1 && c->iterations == p->iterations &&
            bytes_equal(c->salt, p->salt))
            return c;
    }
    return NULL;
}

/* What is wrong with an NSEC3 record of one of our chains; NULL: nothing. */
static const char *entry_parse(const struct verification *v, const uint8_t *owner,
                               const struct params *p, struct nsec3_entry *e)
{
    if (owner[0] != HASH_TEXT_LEN || name_compare(owner + 1 + HASH_TEXT_LEN, v->apex) != 0 ||
        !hash_from_label(owner + 1, e->hash))
        return "owner is not a hash below the apex";
    if ((p->flags & ~FLAG_OPT_OUT) != 0)
        return "unknown flags";
    if (p->rest.len < 1 + NSEC3_HASH_LEN || p->rest.data[0] != NSEC3_HASH_LEN)
        return "next hash is not of 20 octets";
    memcpy(e->next, p->rest.data + 1, NSEC3_HASH_LEN);
    e->bitmap = (struct bytes){p->rest.data + 1 + NSEC3_HASH_LEN, p->rest.len - 1 - NSEC3_HASH_LEN};
    e->opt_out = (p->flags & FLAG_OPT_OUT) != 0;
    e->owner = owner;
    return NULL;
}

static int load_set(struct verification *v, const struct zone_rrset *set, uint64_t *other_n,
                    struct diags *diags)
{
    const uint8_t *owner = set->owner;
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd)) {
        struct params p;
        struct nsec3_entry e = {.line = set->line};
        if (!params_parse(rd, &p)) {
            VERIFY_ADD(v, diags, rule_nsec3_malformed, set->line, owner, VT_NSEC3,
                       "%u octets of rdata", rd->len);
            continue;
        }
        struct nsec3_chain *c = chain_find(v, &p);
        if (c == NULL) {
            ++*other_n;
            continue;
        }
        const char *wrong = entry_parse(v, owner, &p, &e);
        if (wrong != NULL)
            VERIFY_ADD(v, diags, rule_nsec3_malformed, set->line, owner, VT_NSEC3, "%s", wrong);
        else if (chain_add(c, &e) != ERR_OK)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

/* The records of that order alone: names are passed over. */
static int load_nsec3(struct verification *v, uint64_t *other_n, struct diags *diags)
{
    struct zone_cursor c;
    struct zone_node n;
    struct zone_rrset set;
    int err = ERR_OK;
    zone_first(v->zone, &c);
    c.at[0] = c.end[0];
    while (err == ERR_OK && zone_next(&c, &n)) {
        if (zone_node_rrset(&n, VT_NSEC3, &set))
            err = load_set(v, &set, other_n, diags);
    }
    return err;
}

static bool has_nsec(const struct zone *z)
{
    struct zone_cursor c;
    struct zone_node n;
    struct zone_rrset set;
    zone_first(z, &c);
    c.at[1] = c.end[1];
    while (zone_next(&c, &n)) {
        if (zone_node_rrset(&n, VT_NSEC, &set) && set.rrs.count > 0)
            return true;
    }
    return false;
}

/* Nodes come in canonical order and base32hex keeps the order of the hashes: entries are sorted. */
static void judge_duplicates(const struct verification *v, struct diags *diags)
{
    for (size_t i = 0; i < v->chain_n; i++) {
        const struct nsec3_chain *c = &v->chains[i];
        for (size_t j = 1; j < c->entry_n; j++) {
            if (memcmp(c->entries[j - 1].hash, c->entries[j].hash, NSEC3_HASH_LEN) == 0)
                VERIFY_ADD(v, diags, rule_nsec3_multiple, c->entries[j].line, c->entries[j].owner,
                           VT_NSEC3, "two NSEC3 records with the same parameters");
        }
    }
}

static void judge_presence(const struct verification *v, uint64_t other_n, struct diags *diags)
{
    struct zone_rrset set;
    bool param = zone_rrset(v->zone, v->apex, VT_NSEC3PARAM, &set) && set.rrs.count > 0;
    if (other_n > 0 && !param && !v->has_nsec)
        VERIFY_ADD(v, diags, rule_nsec3param_missing, 0, v->apex, VT_NSEC3PARAM,
                   "%llu NSEC3 records and no NSEC3PARAM", (unsigned long long)other_n);
    else if (other_n > 0)
        VERIFY_ADD(v, diags, rule_nsec3_other_chain, param ? set.line : 0, v->apex, VT_NSEC3PARAM,
                   "%llu NSEC3 records of a chain without NSEC3PARAM", (unsigned long long)other_n);
    else if (!param && !v->has_nsec)
        VERIFY_ADD(v, diags, rule_denial_missing, 0, v->apex, 0, "neither NSEC nor NSEC3");
}

int verify_chains_load(struct verification *v, struct diags *diags)
{
    int err = load_params(v, diags);
    uint64_t other_n = 0;
    if (err == ERR_OK)
        err = load_nsec3(v, &other_n, diags);
    if (err != ERR_OK)
        return err;
    v->has_nsec = has_nsec(v->zone);
    judge_duplicates(v, diags);
    judge_presence(v, other_n, diags);
    return ERR_OK;
}

void verify_chains_done(struct verification *v)
{
    for (size_t i = 0; i < v->chain_n; i++)
        free(v->chains[i].entries);
    free(v->chains);
    v->chains = NULL;
    v->chain_n = 0;
}

/* ------------------------------------------------------------------ names */

/* RFC 5155 s5: IH(salt, x, 0) = H(x || salt), IH(salt, x, k) = H(IH(salt, x, k-1) || salt) */
static int hash_name(struct verify_hasher *sha1, const struct nsec3_chain *c, const uint8_t *name,
                     uint8_t out[VERIFY_HASH_MAX])
{
    const uint8_t *data = name;
    size_t len = name_len(name);
    for (unsigned i = 0; i <= c->iterations; i++) {
        int err = verify_hasher_start(sha1);
        if (err == ERR_OK)
            err = verify_hasher_add(sha1, data, len);
        if (err == ERR_OK)
            err = verify_hasher_add(sha1, c->salt.data, c->salt.len);
        if (err == ERR_OK)
            err = verify_hasher_end(sha1, out);
        if (err != ERR_OK)
            return err;
        data = out;
        len = NSEC3_HASH_LEN;
    }
    return ERR_OK;
}

/* The entry with HASH, or the one whose span covers it; only the first sets RET_MATCH. */
static struct nsec3_entry *entry_find(const struct nsec3_chain *c, const uint8_t *hash,
                                      bool *ret_match)
{
    size_t lo = 0;
    size_t hi = c->entry_n; /* the first entry after HASH is in [lo, hi] */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (memcmp(c->entries[mid].hash, hash, NSEC3_HASH_LEN) <= 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    struct nsec3_entry *e = &c->entries[lo > 0 ? lo - 1 : c->entry_n - 1];
    *ret_match = lo > 0 && memcmp(e->hash, hash, NSEC3_HASH_LEN) == 0;
    return e;
}

static bool insecure_delegation(const struct zone_node *n)
{
    struct zone_rrset ds;
    return (n->flags & NODE_DELEGATION) != 0 &&
           !(zone_node_rrset(n, VT_DS, &ds) && ds.rrs.count > 0);
}

struct original { /* a name that NSEC3 stands for */
    const uint8_t *name;
    const struct zone_node *node; /* NULL: an empty non-terminal */
};

/* RFC 5155 s7.1: does the empty non-terminal come from nothing but insecure delegations that the
   chain leaves out? One that has an NSEC3 of its own asks for one at each empty non-terminal above
   it. */
static int only_opted_out_below(struct verify_thread *t, const struct nsec3_chain *c,
                                const struct original *o, bool *ret)
{
    struct zone_cursor at;
    struct zone_node n;
    (void)zone_seek(t->v->zone, o->name, &at);
    while (zone_next(&at, &n) && name_is_at_or_below(n.owner, o->name)) {
        if (!verify_node_in_chain(&n))
            continue;
        uint8_t hash[VERIFY_HASH_MAX];
        bool match = !insecure_delegation(&n);
        int err = match ? ERR_OK : hash_name(t->sha1, c, n.owner, hash);
        if (err != ERR_OK)
            return err;
        if (!match)
            entry_find(c, hash, &match);
        if (match) {
            *ret = false;
            return ERR_OK;
        }
    }
    *ret = true;
    return ERR_OK;
}

/* No NSEC3 has the hash of O; COVER's span is over it. */
static int judge_missing(struct verify_thread *t, const struct nsec3_chain *c,
                         const struct nsec3_entry *cover, const uint8_t *hash,
                         const struct original *o)
{
    bool may = o->node != NULL && insecure_delegation(o->node);
    if (o->node == NULL) {
        int err = only_opted_out_below(t, c, o, &may);
        if (err != ERR_OK)
            return err;
    }
    if (may && cover->opt_out)
        return ERR_OK;
    char text[HASH_TEXT_LEN + 1];
    hash_to_text(hash, text);
    const char *kind = o->node == NULL ? "empty non-terminal" : may ? "delegation" : "name";
    struct zone_rrset first = {0};
    if (o->node != NULL)
        zone_node_set(o->node, 0, &first);
    VERIFY_FOUND(t, rule_nsec3_missing, first.line, o->name, 0, "no NSEC3 for this %s (hash %s)%s",
                 kind, text, may ? ", and the span over it is not opt-out" : "");
    return ERR_OK;
}

static int check_name(struct verify_thread *t, struct nsec3_chain *c, const struct original *o)
{
    uint8_t hash[VERIFY_HASH_MAX];
    int err = hash_name(t->sha1, c, o->name, hash);
    if (err != ERR_OK)
        return err;
    bool match = false;
    struct nsec3_entry *e = entry_find(c, hash, &match);
    if (!match)
        return judge_missing(t, c, e, hash, o);
    t->part->denial++;
    atomic_store_explicit(&e->seen, true, memory_order_relaxed);
    AUTO(buf) struct buf why = {0};
    buf_clear(&t->data);
    if (o->node != NULL)
        verify_bitmap_of(o->node, VT_NSEC3, &t->data);
    if (!verify_bitmap_same(e->bitmap, buf_bytes(&t->data), &why)) {
        char name[NAME_TEXT_LEN];
        name_to_text(o->name, name);
        VERIFY_FOUND(t, rule_nsec3_bitmap, e->line, e->owner, VT_NSEC3, "bit map for %s %s", name,
                     buf_str(&why));
    }
    return ERR_OK;
}

static int check_in_chains(struct verify_thread *t, const struct original *o)
{
    for (size_t i = 0; i < t->v->chain_n; i++) {
        struct nsec3_chain *c = &t->v->chains[i];
        int err = c->usable && c->entry_n > 0 ? check_name(t, c, o) : ERR_OK;
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

int verify_nsec3(struct verify_thread *t, const struct zone_node *n, const struct zone_node *next)
{
    int err = check_in_chains(t, &(struct original){n->owner, n});
    if (next == NULL)
        return err;
    /* Ancestors of NEXT that are not N and have not N below them: were one in the chain, or another
       node of it below one, it would stand between N and NEXT. So they are empty non-terminals, and
       each comes up here once. */
    for (const uint8_t *up = next->owner + 1 + next->owner[0];
         err == ERR_OK && !name_is_at_or_below(n->owner, up); up += 1 + *up)
        err = check_in_chains(t, &(struct original){up, NULL});
    return err;
}

/* ------------------------------------------------------------------ after the names */

static void judge_chain(const struct verification *v, const struct nsec3_chain *c,
                        struct diags *diags)
{
    if (c->entry_n == 0)
        VERIFY_ADD(v, diags, rule_nsec3_missing, 0, v->apex, VT_NSEC3PARAM,
                   "no NSEC3 of the chain that NSEC3PARAM names");
    for (size_t i = 0; i < c->entry_n; i++) {
        const struct nsec3_entry *e = &c->entries[i];
        const struct nsec3_entry *next = &c->entries[(i + 1) % c->entry_n];
        if (c->usable && !atomic_load_explicit(&e->seen, memory_order_relaxed))
            VERIFY_ADD(v, diags, rule_nsec3_extra, e->line, e->owner, VT_NSEC3,
                       "an NSEC3 whose hash is that of no name");
        if (memcmp(e->next, next->hash, NSEC3_HASH_LEN) != 0) {
            char found[HASH_TEXT_LEN + 1];
            char wanted[HASH_TEXT_LEN + 1];
            hash_to_text(e->next, found);
            hash_to_text(next->hash, wanted);
            VERIFY_ADD(v, diags, rule_nsec3_next, e->line, e->owner, VT_NSEC3, "next hash %s",
                       found);
            diag_expect(diags, "%s", wanted);
        }
    }
}

void verify_chains_judge(const struct verification *v, struct diags *diags)
{
    for (size_t i = 0; i < v->chain_n; i++)
        judge_chain(v, &v->chains[i], diags);
}
