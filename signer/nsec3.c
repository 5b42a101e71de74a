/*
 * signer/nsec3.c -- the NSEC3 order of a zone from its names (RFC 5155 s7.1): hash all of them,
 * sort, link each to the next.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/pool.h"
#include "signer/chain.h"
#include "signer/job.h"
#include "signer/rules_sign.h"
#include "zones/packed.h"

struct hashed {
    uint8_t hash[NSEC3_HASH_LEN];
    bool is_empty;       /* an empty non-terminal */
    const uint8_t *name; /* in its content record, or a tail of such a one */
};

/* The hashes of one leaf of names. */
struct share {
    struct hashed *items;
    size_t n;
    size_t cap;
};

#define BUCKETS 256u /* by the hash's first octet, so that each can be sorted on its own */

struct chain {
    struct job *job;
    struct zone_spot *leaves; /* of the names */
    size_t leaf_n;
    struct share *shares; /* leaf_n of them */
    struct hashed *all;
    size_t n;
    size_t bucket[BUCKETS + 1];
    struct leaf **made;
};

static void chain_done(struct chain *c)
{
    for (size_t i = 0; c->shares != NULL && i < c->leaf_n; i++)
        free(c->shares[i].items);
    for (size_t i = 0; c->made != NULL && i < (c->n + ZONE_LEAF_NODES - 1) / ZONE_LEAF_NODES; i++)
        leaf_free(c->made[i]);
    free(c->made);
    free(c->shares);
    free(c->leaves);
    free(c->all);
}
DEFINE_AUTO(chain)

/* What the pool's workers see: theirs, and the chain. */
struct hand {
    struct chain *chain;
    struct leaf_maker maker;
    struct buf rdata;
};

static void hand_done(struct hand *h)
{
    leaf_maker_done(&h->maker);
    buf_done(&h->rdata);
}

/* ------------------------------------------------------------------ hashing */

static int share_add(struct share *s, const uint8_t *name, bool is_empty)
{
    struct hashed *items = grow_items(s->items, s->n, &s->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    s->items = items;
    struct hashed *h = &s->items[s->n];
    h->name = name;
    h->is_empty = is_empty;
    int err = nsec3_hash(name, 0, (struct bytes){0}, h->hash);
    if (err == ERR_OK)
        s->n++;
    return err;
}

static const uint8_t *parent_of(const uint8_t *name)
{
    return name + 1 + name[0];
}

/*
 * The empty non-terminals that OWNER brings: its ancestors below those it shares with BEFORE, the
 * chain's name ahead of it. Canonical order keeps subtrees together, so none comes twice.
 */
static int add_empty(struct share *s, const uint8_t *apex, const uint8_t *owner,
                     const uint8_t *before)
{
    for (const uint8_t *name = parent_of(owner);
         name_compare(name, apex) != 0 && !name_is_at_or_below(before, name);
         name = parent_of(name)) {
        int err = share_add(s, name, true);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static const uint8_t *authoritative_before(const struct zone *z, struct zone_spot at)
{
    struct zone_node node;
    while (tree_step_back(&z->names, &at)) {
        tree_content(&z->names, z->apex, at, &node);
        if (chain_is_authoritative(&node))
            return node.owner;
    }
    return z->apex;
}

static int hash_leaf(struct chain *c, size_t i)
{
    const struct zone *z = c->job->zone;
    struct zone_spot at = c->leaves[i];
    const uint8_t *before = NULL;
    uint32_t n = tree_pair(&z->names, at)->content->node_n;
    int err = ERR_OK;
    for (; at.node < n && err == ERR_OK; at.node++) {
        struct zone_node node;
        tree_content(&z->names, z->apex, at, &node);
        if (!chain_is_authoritative(&node))
            continue;
        if (before == NULL) /* not sooner: a leaf may lie deep in the glue of one cut */
            before = authoritative_before(z, at);
        if ((node.flags & NODE_APEX) == 0)
            err = add_empty(&c->shares[i], z->apex, node.owner, before);
        if (err == ERR_OK)
            err = share_add(&c->shares[i], node.owner, false);
        before = node.owner;
    }
    return err;
}

static int work_hash(void *hand, size_t from, size_t to)
{
    struct chain *c = ((struct hand *)hand)->chain;
    int err = ERR_OK;
    for (size_t i = from; i < to && err == ERR_OK; i++)
        err = hash_leaf(c, i);
    return err;
}

/* ------------------------------------------------------------------ sorting */

/* All shares into one array, dealt out to their buckets. */
static int deal(struct chain *c)
{
    size_t next[BUCKETS] = {0};
    for (size_t i = 0; i < c->leaf_n; i++) {
        for (size_t j = 0; j < c->shares[i].n; j++)
            next[c->shares[i].items[j].hash[0]]++;
        c->n += c->shares[i].n;
    }
    c->all = malloc((c->n + 1) * sizeof *c->all);
    if (c->all == NULL)
        return ERR_NOMEM;
    for (size_t b = 0; b < BUCKETS; b++) {
        c->bucket[b + 1] = c->bucket[b] + next[b];
        next[b] = c->bucket[b];
    }
    for (size_t i = 0; i < c->leaf_n; i++) {
        struct share *s = &c->shares[i];
        for (size_t j = 0; j < s->n; j++)
            c->all[next[s->items[j].hash[0]]++] = s->items[j];
        free(s->items);
        *s = (struct share){0};
    }
    return ERR_OK;
}

static int hash_order(const void *a, const void *b)
{
    const struct hashed *x = a;
    const struct hashed *y = b;
    return memcmp(x->hash, y->hash, NSEC3_HASH_LEN);
}

static int work_sort(void *hand, size_t from, size_t to)
{
    struct chain *c = ((struct hand *)hand)->chain;
    for (size_t b = from; b < to; b++)
        qsort(c->all + c->bucket[b], c->bucket[b + 1] - c->bucket[b], sizeof *c->all, hash_order);
    return ERR_OK;
}

int nsec3_refuse_collision(const struct job *job, const uint8_t *a, const uint8_t *b)
{
    char one[NAME_TEXT_LEN];
    char two[NAME_TEXT_LEN];
    name_to_text(a, one);
    name_to_text(b, two);
    diag_add(job->diags, &rule_sign_nsec3_collision, AT_NOWHERE, one, "the same hash as %s", two);
    return ERR_CRYPTO;
}

static int check_collisions(const struct chain *c)
{
    for (size_t i = 1; i < c->n; i++) {
        if (hash_order(&c->all[i - 1], &c->all[i]) == 0)
            return nsec3_refuse_collision(c->job, c->all[i - 1].name, c->all[i].name);
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ records */

void nsec3_pack(const struct zone_rrset *set, const uint8_t *owner, struct buf *ret)
{
    size_t start = pack_content_open(ret, owner, NODE_NSEC3);
    pack_set(ret, set);
    pack_content_close(ret, start, 1);
}

static int put_node(struct hand *hand, size_t i)
{
    struct chain *c = hand->chain;
    const uint8_t *apex = c->job->zone->apex;
    const struct hashed *h = &c->all[i];
    const struct hashed *next = &c->all[i + 1 == c->n ? 0 : i + 1];
    struct zone_node node;
    struct zone_rrset set;
    uint8_t owner[256];
    nsec3_owner(h->hash, apex, owner);
    if (!h->is_empty)
        pack_view(apex, pack_content_of(h->name), NULL, &node);
    int err =
        chain_nsec3(h->is_empty ? NULL : &node, next->hash, c->job->denial_ttl, &hand->rdata, &set);
    if (err != ERR_OK)
        return err;
    size_t start = hand->maker.octets.len;
    nsec3_pack(&set, owner, &hand->maker.octets);
    leaf_note_content(&hand->maker, start);
    return buf_ok(&hand->maker.octets) ? ERR_OK : ERR_NOMEM;
}

static int work_records(void *hand, size_t from, size_t to)
{
    struct hand *h = hand;
    struct chain *c = h->chain;
    int err = ERR_OK;
    for (size_t leaf = from; leaf < to && err == ERR_OK; leaf++) {
        size_t end = (leaf + 1) * ZONE_LEAF_NODES;
        end = end > c->n ? c->n : end;
        leaf_maker_clear(&h->maker);
        for (size_t i = leaf * ZONE_LEAF_NODES; i < end && err == ERR_OK; i++)
            err = put_node(h, i);
        if (err == ERR_OK)
            c->made[leaf] = leaf_make(&h->maker);
        if (err == ERR_OK && c->made[leaf] == NULL)
            err = ERR_NOMEM;
    }
    return err;
}

/* ------------------------------------------------------------------ all together */

static int run(struct chain *c, size_t range, pool_work *work)
{
    struct hand hands[POOL_THREADS_MAX] = {0};
    void *workers[POOL_THREADS_MAX] = {0};
    size_t n = c->job->worker_n;
    for (size_t i = 0; i < n; i++) {
        hands[i].chain = c;
        workers[i] = &hands[i];
    }
    int err = pool_run(range, 1, workers, n, work);
    for (size_t i = 0; i < n; i++)
        hand_done(&hands[i]);
    return err;
}

static int list_leaves(struct chain *c)
{
    const struct tree *t = &c->job->zone->names;
    size_t n = tree_leaf_n(t);
    c->leaves = malloc((n + 1) * sizeof *c->leaves);
    c->shares = calloc(n + 1, sizeof *c->shares);
    if (c->leaves == NULL || c->shares == NULL)
        return ERR_NOMEM;
    for (uint32_t b = 0; b < t->branch_n; b++) {
        for (uint32_t l = 0; l < t->branches[b]->leaf_n; l++)
            c->leaves[c->leaf_n++] = (struct zone_spot){b, l, 0};
    }
    return ERR_OK;
}

static int link_leaves(struct chain *c)
{
    size_t n = (c->n + ZONE_LEAF_NODES - 1) / ZONE_LEAF_NODES;
    c->made = calloc(n + 1, sizeof(struct leaf *));
    int err = c->made == NULL ? ERR_NOMEM : run(c, n, work_records);
    AUTO(tree_maker) struct tree_maker leaves = {0};
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        err = tree_add_leaf(&leaves, c->made[i], NULL);
        c->made[i] = NULL;
    }
    return err == ERR_OK ? tree_make(&leaves, &c->job->zone->nsec3) : err;
}

int nsec3_build(struct job *job)
{
    AUTO(chain) struct chain c = {.job = job};
    int err = list_leaves(&c);
    if (err == ERR_OK)
        err = run(&c, c.leaf_n, work_hash);
    if (err == ERR_OK)
        err = deal(&c);
    if (err == ERR_OK)
        err = run(&c, BUCKETS, work_sort);
    if (err == ERR_OK)
        err = check_collisions(&c);
    return err == ERR_OK ? link_leaves(&c) : err;
}
