/*
 * signer/full.c -- signing all leaves of a zone, and handing them out in order while that goes on.
 *
 * A segment of the zone (zones/cursor.c) begins where a leaf of either order begins, so a worker
 * that takes segment I signs that leaf; when the leaves of all segments up to I are done,
 * everything in segment I is signed and checked, and may go to the sink.
 */
#include <pthread.h>
#include <stdlib.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/chain.h"
#include "signer/job.h"
#include "signer/rrsig.h"
#include "zones/packed.h"

struct full {
    struct job *job;
    struct zone_segments *segments;
    size_t n;
    bool streams;
    bool *done; /* by segment; this and the rest under the lock */
    size_t done_to;
    size_t taken; /* segments given to the sink */
    pthread_mutex_t lock;
};

/* ------------------------------------------------------------------ one leaf */

const uint8_t *next_in_chain(const struct zone *z, struct zone_spot at)
{
    struct zone_node node;
    struct zone_spot end = tree_end(&z->names);
    for (tree_step(&z->names, &at); spot_before(at, end); tree_step(&z->names, &at)) {
        tree_content(&z->names, z->apex, at, &node);
        if (chain_is_authoritative(&node))
            return node.owner;
    }
    return z->apex;
}

/* A walk over the previous version beside ours, in the same order of names. */
struct beside {
    const struct tree *tree; /* NULL: there is none */
    struct zone_spot at;
    const uint8_t *apex;
};

static struct beside beside_from(const struct job *job, bool nsec3, const uint8_t *owner)
{
    struct beside b = {0};
    if (job->previous == NULL)
        return b;
    b.tree = nsec3 ? &job->previous->nsec3 : &job->previous->names;
    b.apex = job->previous->apex;
    (void)tree_find(b.tree, owner, &b.at);
    return b;
}

/* The node of OWNER there; owners come in order. */
static bool beside_at(struct beside *b, const uint8_t *owner, struct zone_node *ret)
{
    if (b->tree == NULL)
        return false;
    struct zone_spot end = tree_end(b->tree);
    while (spot_before(b->at, end)) {
        tree_node(b->tree, b->apex, b->at, ret);
        int order = name_compare(ret->owner, owner);
        if (order >= 0)
            return order == 0;
        tree_step(b->tree, &b->at);
    }
    return false;
}

static int sign_leaf(struct worker *w, bool nsec3, struct zone_spot at)
{
    struct job *job = w->job;
    struct tree *t = nsec3 ? &job->zone->nsec3 : &job->zone->names;
    bool nsec = !nsec3 && job->params->policy->denial == DENIAL_NSEC;
    struct leaf_pair *pair = &t->branches[at.branch]->leaves[at.leaf];
    struct zone_node node;
    tree_content(t, job->zone->apex, at, &node);
    struct beside beside = beside_from(job, nsec3, node.owner);
    int err = ERR_OK;
    sheet_clear(w);
    for (; at.node < pair->content->node_n && err == ERR_OK; at.node++) {
        struct zone_node old;
        tree_content(t, job->zone->apex, at, &node);
        bool has_old = beside_at(&beside, node.owner, &old);
        const uint8_t *next =
            nsec && chain_is_authoritative(&node) ? next_in_chain(job->zone, at) : NULL;
        err = sheet_add(w, &node, next, has_old ? &old : NULL);
    }
    AUTO_PTR(leaf) struct leaf *leaf = err == ERR_OK ? leaf_make(&w->sheet) : NULL;
    if (leaf == NULL)
        return err != ERR_OK ? err : ERR_NOMEM;
    err = sheet_sign(w, leaf_octets(leaf));
    if (err == ERR_OK)
        pair->dnssec = TAKE(leaf);
    return err;
}

/* ------------------------------------------------------------------ segments in order */

static void note_done(struct full *f, size_t i)
{
    (void)pthread_mutex_lock(&f->lock);
    f->done[i] = true;
    while (f->done_to < f->n && f->done[f->done_to])
        f->done_to++;
    (void)pthread_mutex_unlock(&f->lock);
}

/* The next segment for the sink, when it is complete. */
static bool take_segment(struct full *f, size_t *ret)
{
    (void)pthread_mutex_lock(&f->lock);
    bool any = f->streams && f->taken < f->done_to;
    if (any)
        *ret = f->taken++;
    (void)pthread_mutex_unlock(&f->lock);
    return any;
}

static int give(const struct full *f, size_t i)
{
    const struct sign_sink *sink = f->job->params->sink;
    struct zone_cursor nodes;
    zone_segment(f->segments, i, &nodes);
    return sink->take(sink->ctx, i, f->n, &nodes);
}

static int work_full(struct worker *w, void *full, size_t i)
{
    struct full *f = full;
    struct zone_spot at;
    bool nsec3 = zone_segment_leaf(f->segments, i, &at);
    int err = sign_leaf(w, nsec3, at);
    if (err != ERR_OK)
        return err;
    note_done(f, i);
    size_t ready;
    while (err == ERR_OK && take_segment(f, &ready))
        err = give(f, ready);
    return err;
}

static int work_give(void *full, size_t from, size_t to)
{
    int err = ERR_OK;
    for (size_t i = from; i < to && err == ERR_OK; i++)
        err = give(full, i);
    return err;
}

/* ------------------------------------------------------------------ progress */

/* So many keys sign the apex's RRset of TYPE. */
static uint64_t signers_of(const struct job *job, uint16_t type)
{
    uint64_t n = 0;
    for (size_t i = 0; i < job->key_n; i++)
        n += sign_key_signs(&job->keys[i].use, type, true) ? 1 : 0;
    return n;
}

static uint64_t signatures_of(const struct job *job, const struct zone_node *node, uint64_t data)
{
    struct set_walk w;
    struct zone_rrset set;
    bool nsec = job->params->policy->denial == DENIAL_NSEC && chain_is_authoritative(node) &&
                (node->flags & NODE_NSEC3) == 0;
    uint64_t n = nsec ? data : 0;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        if (chain_is_signed(node, set.type))
            n += (node->flags & NODE_APEX) != 0 ? signers_of(job, set.type) : data;
    }
    return n;
}

/* Who watches is told how many signatures the zone will have, kept ones among them. */
static void announce_total(const struct job *job)
{
    struct sign_progress *progress = job->params->progress;
    struct zone_cursor at;
    struct zone_node node;
    uint64_t n = 0;
    if (progress == NULL)
        return;
    uint64_t data = signers_of(job, KNOT_RRTYPE_A);
    zone_first(job->zone, &at);
    while (zone_next(&at, &node))
        n += signatures_of(job, &node, data);
    atomic_fetch_add_explicit(&progress->total, n, memory_order_relaxed);
}

/* ------------------------------------------------------------------ all together */

static void full_done(struct full *f)
{
    zone_segments_free(f->segments);
    free(f->done);
    (void)pthread_mutex_destroy(&f->lock);
}
DEFINE_AUTO(full)

static int full_open(struct full *f, struct job *job)
{
    f->job = job;
    int err = zone_segments_new(job->zone, &f->segments);
    if (err != ERR_OK)
        return err;
    f->n = zone_segment_n(f->segments);
    f->done = calloc(f->n + 1, sizeof *f->done);
    return f->done == NULL ? ERR_NOMEM : ERR_OK;
}

int full_sign(struct job *job, bool *ret_streamed)
{
    AUTO(full) struct full f = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int err = full_open(&f, job);
    if (err != ERR_OK)
        return err;
    f.streams = job->params->sink != NULL && !job->soa_is_late && !job->params->policy->zonemd;
    announce_total(job);
    err = job_run(job, f.n, work_full, &f);
    tree_recount(&job->zone->names);
    tree_recount(&job->zone->nsec3);
    *ret_streamed = f.streams;
    return err;
}

int full_write(struct job *job)
{
    if (job->params->sink == NULL)
        return ERR_OK;
    AUTO(full) struct full f = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int err = full_open(&f, job);
    void *workers[POOL_THREADS_MAX];
    for (size_t i = 0; i < POOL_THREADS_MAX; i++)
        workers[i] = &f; /* nothing is signed, and perhaps nobody was hired */
    return err == ERR_OK ? pool_run(f.n, 1, workers, job_threads(job, f.n), work_give) : err;
}
