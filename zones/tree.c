#include "zones/tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "zones/pack.h"

static void pair_free(struct leaf_pair p)
{
    leaf_free(p.content);
    leaf_free(p.dnssec);
}

static void branch_free(struct branch *b)
{
    if (b == NULL || atomic_fetch_sub_explicit(&b->holders, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < b->leaf_n; i++)
        pair_free(b->leaves[i]);
    free(b);
}

void tree_done(struct tree *t)
{
    for (uint32_t i = 0; i < t->branch_n; i++)
        branch_free(t->branches[i]);
    free(t->branches);
    *t = (struct tree){0};
}

/* ------------------------------------------------------------------ reading */

static const uint8_t *leaf_owner(const struct leaf_pair *p, uint32_t node)
{
    return pack_owner(leaf_at(p->content, node));
}

size_t tree_leaf_n(const struct tree *t)
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->branch_n; i++)
        n += t->branches[i]->leaf_n;
    return n;
}

struct zone_spot tree_end(const struct tree *t)
{
    return (struct zone_spot){t->branch_n, 0, 0};
}

/* The last branch that does not begin after OWNER, or the first. */
static uint32_t branch_of(const struct tree *t, const uint8_t *owner)
{
    uint32_t lo = 0;
    uint32_t hi = t->branch_n;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (name_compare(leaf_owner(&t->branches[mid]->leaves[0], 0), owner) <= 0)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static uint32_t leaf_of(const struct branch *b, const uint8_t *owner)
{
    uint32_t lo = 0;
    uint32_t hi = b->leaf_n;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (name_compare(leaf_owner(&b->leaves[mid], 0), owner) <= 0)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* From just behind a leaf's last node to the next leaf's first. */
static void spot_settle(const struct tree *t, struct zone_spot *s)
{
    if (s->node < tree_pair(t, *s)->content->node_n)
        return;
    s->node = 0;
    if (++s->leaf < t->branches[s->branch]->leaf_n)
        return;
    s->leaf = 0;
    s->branch++;
}

bool tree_find(const struct tree *t, const uint8_t *owner, struct zone_spot *ret)
{
    *ret = (struct zone_spot){0};
    if (t->branch_n == 0)
        return false;
    ret->branch = branch_of(t, owner);
    ret->leaf = leaf_of(t->branches[ret->branch], owner);
    const struct leaf_pair *p = tree_pair(t, *ret);
    uint32_t lo = 0;
    uint32_t hi = p->content->node_n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int cmp = name_compare(leaf_owner(p, mid), owner);
        if (cmp == 0) {
            ret->node = mid;
            return true;
        }
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    ret->node = lo;
    spot_settle(t, ret);
    return false;
}

bool spot_before(struct zone_spot a, struct zone_spot b)
{
    if (a.branch != b.branch)
        return a.branch < b.branch;
    return a.leaf != b.leaf ? a.leaf < b.leaf : a.node < b.node;
}

void tree_node(const struct tree *t, const uint8_t *apex, struct zone_spot at,
               struct zone_node *ret)
{
    const struct leaf_pair *p = tree_pair(t, at);
    pack_view(apex, leaf_at(p->content, at.node),
              p->dnssec == NULL ? NULL : leaf_at(p->dnssec, at.node), ret);
}

void tree_content(const struct tree *t, const uint8_t *apex, struct zone_spot at,
                  struct zone_node *ret)
{
    pack_view(apex, leaf_at(tree_pair(t, at)->content, at.node), NULL, ret);
}

void tree_step(const struct tree *t, struct zone_spot *at)
{
    at->node++;
    spot_settle(t, at);
}

bool tree_step_back(const struct tree *t, struct zone_spot *at)
{
    if (at->node > 0) {
        at->node--;
        return true;
    }
    if (at->leaf > 0) {
        at->leaf--;
    } else if (at->branch > 0) {
        at->branch--;
        at->leaf = t->branches[at->branch]->leaf_n - 1;
    } else {
        return false;
    }
    at->node = tree_pair(t, *at)->content->node_n - 1;
    return true;
}

/* ------------------------------------------------------------------ making */

void tree_maker_done(struct tree_maker *m)
{
    for (size_t i = 0; i < m->n; i++)
        pair_free(m->pairs[i]);
    free(m->pairs);
    *m = (struct tree_maker){0};
}

int tree_add_leaf(struct tree_maker *m, struct leaf *content, struct leaf *dnssec)
{
    struct leaf_pair *pairs = grow_items(m->pairs, m->n, &m->cap, sizeof(*pairs));
    if (pairs == NULL || content == NULL) {
        m->pairs = pairs == NULL ? m->pairs : pairs;
        pair_free((struct leaf_pair){content, dnssec});
        return ERR_NOMEM;
    }
    m->pairs = pairs;
    m->pairs[m->n++] = (struct leaf_pair){content, dnssec};
    return ERR_OK;
}

static void branch_note(struct branch *b, const struct leaf_pair *p)
{
    b->node_n += p->content->node_n;
    b->record_n += p->content->record_n;
    if (p->dnssec == NULL)
        return;
    b->record_n += p->dnssec->record_n;
    if (p->dnssec->has_expires &&
        (!b->has_expires || (int32_t)(p->dnssec->expires - b->expires) < 0)) {
        b->expires = p->dnssec->expires;
        b->has_expires = true;
    }
}

/* Takes the pairs. */
static struct branch *branch_make(const struct leaf_pair *pairs, uint32_t n)
{
    struct branch *b = calloc(1, sizeof(*b) + n * sizeof(b->leaves[0]));
    if (b == NULL)
        return NULL;
    atomic_init(&b->holders, 1);
    b->leaf_n = n;
    memcpy(b->leaves, pairs, n * sizeof(*pairs));
    for (uint32_t i = 0; i < n; i++)
        branch_note(b, &pairs[i]);
    return b;
}

static int tree_add_branch(struct tree *t, size_t *cap, struct branch *b)
{
    struct branch **branches = grow_items(t->branches, t->branch_n, cap, sizeof(struct branch *));
    if (branches == NULL || b == NULL) {
        t->branches = branches == NULL ? t->branches : branches;
        branch_free(b);
        return ERR_NOMEM;
    }
    t->branches = branches;
    t->branches[t->branch_n++] = b;
    t->node_n += b->node_n;
    t->record_n += b->record_n;
    return ERR_OK;
}

/* All pairs of M into branches at the end of T; evenly, so that none is nearly empty. */
static int pairs_to_branches(struct tree_maker *m, struct tree *t, size_t *cap)
{
    size_t count = (m->n + BRANCH_LEAVES - 1) / BRANCH_LEAVES;
    size_t done = 0;
    int err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        size_t n = (m->n - done) / (count - i);
        struct branch *b = branch_make(m->pairs + done, (uint32_t)n);
        if (b != NULL)
            done += n;
        err = tree_add_branch(t, cap, b);
    }
    for (size_t i = done; i < m->n; i++)
        pair_free(m->pairs[i]);
    m->n = 0;
    return err;
}

int tree_make(struct tree_maker *m, struct tree *ret)
{
    AUTO(tree) struct tree t = {0};
    size_t cap = 0;
    int err = pairs_to_branches(m, &t, &cap);
    if (err != ERR_OK)
        return err;
    *ret = t;
    t = (struct tree){0};
    return ERR_OK;
}

static struct branch *branch_ref(struct branch *b)
{
    atomic_fetch_add_explicit(&b->holders, 1, memory_order_relaxed);
    return b;
}

int tree_share(const struct tree *t, struct tree *ret)
{
    struct branch **branches = malloc((t->branch_n + 1u) * sizeof(struct branch *));
    if (branches == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < t->branch_n; i++)
        branches[i] = branch_ref(t->branches[i]);
    *ret = *t;
    ret->branches = branches;
    return ERR_OK;
}

int tree_open(const struct tree *t, struct tree *ret)
{
    AUTO(tree_maker) struct tree_maker m = {0};
    int err = ERR_OK;
    for (uint32_t i = 0; i < t->branch_n; i++) {
        const struct branch *b = t->branches[i];
        for (uint32_t j = 0; j < b->leaf_n && err == ERR_OK; j++)
            err = tree_add_leaf(&m, leaf_ref(b->leaves[j].content), NULL);
    }
    return err == ERR_OK ? tree_make(&m, ret) : err;
}

void tree_recount(struct tree *t)
{
    t->record_n = 0;
    for (uint32_t i = 0; i < t->branch_n; i++) {
        struct branch *b = t->branches[i];
        b->node_n = b->record_n = 0;
        b->has_expires = false;
        for (uint32_t j = 0; j < b->leaf_n; j++)
            branch_note(b, &b->leaves[j]);
        t->record_n += b->record_n;
    }
}

/* ------------------------------------------------------------------ nodes in order */

void order_maker_done(struct order_maker *m)
{
    tree_maker_done(&m->leaves);
    leaf_maker_done(&m->content);
    leaf_maker_done(&m->dnssec);
}

/* A leaf pair of what the makers hold; with SAME, the content is that leaf. */
static int order_flush(struct order_maker *m, struct leaf *same)
{
    if (m->content.node_n == 0)
        return ERR_OK;
    struct leaf *content = same != NULL ? leaf_ref(same) : leaf_make(&m->content);
    struct leaf *dnssec = m->any_dnssec ? leaf_make(&m->dnssec) : NULL;
    if (content == NULL || (m->any_dnssec && dnssec == NULL)) {
        leaf_free(content);
        leaf_free(dnssec);
        return ERR_NOMEM;
    }
    leaf_maker_clear(&m->content);
    leaf_maker_clear(&m->dnssec);
    m->any_dnssec = false;
    return tree_add_leaf(&m->leaves, content, dnssec);
}

int order_add(struct order_maker *m, size_t content_start, bool has_dnssec, size_t dnssec_start)
{
    if (!buf_ok(&m->content.octets) || !buf_ok(&m->dnssec.octets))
        return ERR_NOMEM;
    struct zone_node node;
    pack_view(m->apex, m->content.octets.data + content_start, NULL, &node);
    leaf_note_content(&m->content, content_start);
    if (has_dnssec)
        leaf_note_dnssec(&m->dnssec, &node, dnssec_start);
    else
        leaf_add_dnssec(&m->dnssec, &node, NULL);
    m->any_dnssec = m->any_dnssec || has_dnssec;
    bool is_full =
        m->content.node_n == ZONE_LEAF_NODES || m->content.octets.len >= LEAF_OCTETS_ENOUGH;
    return is_full ? order_flush(m, NULL) : ERR_OK;
}

int order_make(struct order_maker *m, struct tree *ret)
{
    int err = order_flush(m, NULL);
    return err == ERR_OK ? tree_make(&m->leaves, ret) : err;
}

/* ------------------------------------------------------------------ changing */

#define LEAF_FEW   (ZONE_LEAF_NODES / 4) /* fewer than that take in the next leaf */
#define BRANCH_FEW (BRANCH_LEAVES / 4)

struct change {
    const struct tree_edit *edits; /* those not yet done */
    size_t n;
    struct order_maker made; /* leaves of the branches being made anew */
    bool keeps_content;      /* the leaf at hand: its nodes must stay together */
};

static int change_add(struct change *c, const uint8_t *content, const uint8_t *dnssec)
{
    struct order_maker *m = &c->made;
    struct zone_node node;
    leaf_add_content(&m->content, content);
    pack_view(m->apex, content, NULL, &node);
    leaf_add_dnssec(&m->dnssec, &node, dnssec);
    m->any_dnssec = m->any_dnssec || dnssec != NULL;
    return buf_ok(&m->content.octets) && buf_ok(&m->dnssec.octets) ? ERR_OK : ERR_NOMEM;
}

/* Makers with too many nodes for a leaf give up the first half of them. */
static int change_split(struct change *c)
{
    struct order_maker *m = &c->made;
    uint32_t n = m->content.node_n;
    if (n <= ZONE_LEAF_NODES)
        return ERR_OK;
    AUTO(leaf_maker) struct leaf_maker content = m->content;
    AUTO(leaf_maker) struct leaf_maker dnssec = m->dnssec;
    m->content = (struct leaf_maker){0};
    m->dnssec = (struct leaf_maker){0};
    m->any_dnssec = false;
    int err = ERR_OK;
    for (uint32_t i = 0; i < n && err == ERR_OK; i++) {
        const uint8_t *record =
            dnssec.offset[i] == LEAF_NONE ? NULL : dnssec.octets.data + dnssec.offset[i];
        err = change_add(c, content.octets.data + content.offset[i], record);
        if (err == ERR_OK && i + 1 == n / 2)
            err = order_flush(m, NULL);
    }
    return err;
}

static int change_node(struct change *c, const uint8_t *content, const uint8_t *dnssec)
{
    int err = change_add(c, content, dnssec);
    if (err == ERR_OK && c->made.content.node_n == 2 * ZONE_LEAF_NODES)
        err = change_split(c);
    if (err == ERR_OK && !c->keeps_content && c->made.content.octets.len >= LEAF_OCTETS_ENOUGH)
        err = order_flush(&c->made, NULL);
    return err;
}

/* Does the first edit fall before OWNER (NULL: the end of the zone)? */
static bool edit_is_before(const struct change *c, const uint8_t *owner)
{
    return c->n > 0 && (owner == NULL || name_compare(c->edits[0].owner, owner) < 0);
}

static struct tree_edit edit_take(struct change *c)
{
    c->n--;
    return *c->edits++;
}

/* Nodes that the tree does not have yet, up to OWNER. */
static int insert_before(struct change *c, const uint8_t *owner)
{
    int err = ERR_OK;
    while (err == ERR_OK && edit_is_before(c, owner)) {
        struct tree_edit e = edit_take(c);
        if (!e.removes && e.content == NULL)
            return ERR_INTERNAL;
        if (!e.removes)
            err = change_node(c, e.content, e.sets_dnssec ? e.dnssec : NULL);
    }
    return err;
}

static int change_one(struct change *c, const uint8_t *content, const uint8_t *dnssec)
{
    int err = insert_before(c, pack_owner(content));
    if (err != ERR_OK)
        return err;
    if (c->n == 0 || name_compare(c->edits[0].owner, pack_owner(content)) != 0)
        return change_node(c, content, dnssec);
    struct tree_edit e = edit_take(c);
    if (e.removes)
        return ERR_OK;
    const uint8_t *old = e.content == NULL ? dnssec : NULL;
    return change_node(c, e.content == NULL ? content : e.content, e.sets_dnssec ? e.dnssec : old);
}

/* Do the edits before UNTIL only set DNSSEC records of nodes that are there? */
static bool keeps_content(const struct change *c, const uint8_t *until)
{
    for (size_t i = 0; i < c->n; i++) {
        if (until != NULL && name_compare(c->edits[i].owner, until) >= 0)
            return true;
        if (c->edits[i].removes || c->edits[i].content != NULL)
            return false;
    }
    return true;
}

/* One leaf with the edits that fall into it; UNTIL is the next leaf's first owner. */
static int change_leaf(struct change *c, const struct leaf_pair *p, const uint8_t *until)
{
    bool alone = c->made.content.node_n == 0;
    if (alone && !edit_is_before(c, until))
        return tree_add_leaf(&c->made.leaves, leaf_ref(p->content), leaf_ref(p->dnssec));
    c->keeps_content = alone && keeps_content(c, until);
    int err = ERR_OK;
    for (uint32_t i = 0; i < p->content->node_n && err == ERR_OK; i++)
        err =
            change_one(c, leaf_at(p->content, i), p->dnssec == NULL ? NULL : leaf_at(p->dnssec, i));
    if (err == ERR_OK)
        err = insert_before(c, until);
    if (err != ERR_OK)
        return err;
    if (c->keeps_content)
        return order_flush(&c->made, p->content);
    err = change_split(c);
    return err != ERR_OK || c->made.content.node_n < LEAF_FEW ? err : order_flush(&c->made, NULL);
}

static const uint8_t *owner_after(const struct tree *t, uint32_t branch, uint32_t leaf)
{
    if (leaf + 1 < t->branches[branch]->leaf_n)
        return leaf_owner(&t->branches[branch]->leaves[leaf + 1], 0);
    return branch + 1 < t->branch_n ? leaf_owner(&t->branches[branch + 1]->leaves[0], 0) : NULL;
}

static int change_branch(struct change *c, const struct tree *t, uint32_t i)
{
    const struct branch *b = t->branches[i];
    int err = ERR_OK;
    for (uint32_t j = 0; j < b->leaf_n && err == ERR_OK; j++)
        err = change_leaf(c, &b->leaves[j], owner_after(t, i, j));
    return err;
}

static int apply_all(struct change *c, const struct tree *t, struct tree *ret, size_t *cap)
{
    int err = ERR_OK;
    for (uint32_t i = 0; i < t->branch_n && err == ERR_OK; i++) {
        const uint8_t *until =
            i + 1 < t->branch_n ? leaf_owner(&t->branches[i + 1]->leaves[0], 0) : NULL;
        bool open = c->made.leaves.n > 0 || c->made.content.node_n > 0;
        if (!open && !edit_is_before(c, until)) {
            err = tree_add_branch(ret, cap, branch_ref(t->branches[i]));
            continue;
        }
        err = change_branch(c, t, i);
        bool last = i + 1 == t->branch_n;
        if (err == ERR_OK && !last && (c->made.content.node_n > 0 || c->made.leaves.n < BRANCH_FEW))
            continue; /* too few for a branch: the next one joins */
        if (err == ERR_OK)
            err = order_flush(&c->made, NULL);
        if (err == ERR_OK)
            err = pairs_to_branches(&c->made.leaves, ret, cap);
    }
    if (err == ERR_OK) /* a tree that was empty */
        err = insert_before(c, NULL);
    if (err == ERR_OK)
        err = change_split(c);
    if (err == ERR_OK)
        err = order_flush(&c->made, NULL);
    return err == ERR_OK ? pairs_to_branches(&c->made.leaves, ret, cap) : err;
}

static void change_done(struct change *c)
{
    order_maker_done(&c->made);
}
DEFINE_AUTO(change)

int tree_apply(const struct tree *t, const uint8_t *apex, const struct tree_edit *edits, size_t n,
               struct tree *ret)
{
    AUTO(change) struct change c = {.edits = edits, .n = n, .made = {.apex = apex}};
    AUTO(tree) struct tree made = {0};
    size_t cap = 0;
    int err = apply_all(&c, t, &made, &cap);
    if (err != ERR_OK)
        return err;
    *ret = made;
    made = (struct tree){0};
    return ERR_OK;
}
