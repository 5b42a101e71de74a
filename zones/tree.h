/*
 * zones/tree.h -- private to zones/ and signer/: the nodes of one order, in three levels of fixed
 * kind: a tree lists branches, a branch lists pairs of leaves, a leaf holds nodes.
 *
 * Trees share branches, and branches leaves. A change copies the leaves that it touches, their
 * branches, and the list of branches: work that grows with the change and not with the zone (the
 * list has 61 entries at a million names).
 * Errors: ERR_NOMEM, also for a node of 4 GiB. Outputs are untouched on failure.
 */
#pragma once

#include "zones/leaf.h"

#define BRANCH_LEAVES 256u
/* A leaf with so many octets takes no further node: nodes of huge RRsets do not pile up. */
#define LEAF_OCTETS_ENOUGH ((size_t)1 << 20)

struct leaf_pair {
    struct leaf *content;
    struct leaf *dnssec; /* NULL: nothing is signed */
};

struct branch {
    atomic_uint holders;
    uint32_t leaf_n;
    uint64_t node_n;
    uint64_t record_n;
    uint32_t expires;
    bool has_expires;
    struct leaf_pair leaves[];
};

struct tree {
    struct branch **branches;
    uint32_t branch_n;
    uint64_t node_n;
    uint64_t record_n;
};
void tree_done(struct tree *t);
DEFINE_AUTO(tree)

static inline const struct leaf_pair *tree_pair(const struct tree *t, struct zone_spot s)
{
    return &t->branches[s.branch]->leaves[s.leaf];
}

/* ------------------------------------------------------------------ reading */

size_t tree_leaf_n(const struct tree *t);

/* The first node that is not before OWNER; past the last one: the end. True: it is OWNER. */
bool tree_find(const struct tree *t, const uint8_t *owner, struct zone_spot *ret);
struct zone_spot tree_end(const struct tree *t);
static inline bool spot_equal(struct zone_spot a, struct zone_spot b)
{
    return a.branch == b.branch && a.leaf == b.leaf && a.node == b.node;
}
bool spot_before(struct zone_spot a, struct zone_spot b);
void tree_node(const struct tree *t, const uint8_t *apex, struct zone_spot at,
               struct zone_node *ret);
/* The same without signatures and NSEC: nothing is read that a worker may be putting in. */
void tree_content(const struct tree *t, const uint8_t *apex, struct zone_spot at,
                  struct zone_node *ret);
void tree_step(const struct tree *t, struct zone_spot *at);      /* not at the end */
bool tree_step_back(const struct tree *t, struct zone_spot *at); /* false: it is the first */

/* ------------------------------------------------------------------ making */

/* A tree from leaves in order. */
struct tree_maker {
    struct leaf_pair *pairs;
    size_t n;
    size_t cap;
};
void tree_maker_done(struct tree_maker *m);
DEFINE_AUTO(tree_maker)
/* Takes both leaves, also on failure. */
int tree_add_leaf(struct tree_maker *m, struct leaf *content, struct leaf *dnssec) MUST_USE;
int tree_make(struct tree_maker *m, struct tree *ret) MUST_USE;
int tree_share(const struct tree *t, struct tree *ret) MUST_USE; /* the same branches */

/* Nodes in order, one by one, into leaves: the records are packed at the end of `content.octets`
   and `dnssec.octets`, then noted by order_add. */
struct order_maker {
    const uint8_t *apex;
    struct tree_maker leaves;
    struct leaf_maker content;
    struct leaf_maker dnssec;
    bool any_dnssec;
};
void order_maker_done(struct order_maker *m);
DEFINE_AUTO(order_maker)
int order_add(struct order_maker *m, size_t content_start, bool has_dnssec,
              size_t dnssec_start) MUST_USE;
int order_make(struct order_maker *m, struct tree *ret) MUST_USE;

/* A tree with branches of its own and the same contents, nothing signed: its DNSSEC leaves are put
   in one by one, then counted. Nobody else may see it meanwhile. */
int tree_open(const struct tree *t, struct tree *ret) MUST_USE;
void tree_recount(struct tree *t);

/*
 * One node's change. CONTENT NULL keeps the content, which must exist then; other content goes in
 * or takes the place of the old, and drops the old DNSSEC record. DNSSEC, when SETS_DNSSEC, is the
 * new record or NULL for none. REMOVES takes the node out; one that is not there is not missed.
 */
struct tree_edit {
    const uint8_t *owner;
    const uint8_t *content;
    const uint8_t *dnssec;
    bool sets_dnssec;
    bool removes;
};
/* EDITS in canonical order of owners, one for each. */
int tree_apply(const struct tree *t, const uint8_t *apex, const struct tree_edit *edits, size_t n,
               struct tree *ret) MUST_USE;
