/*
 * zones/cursor.c -- walking a snapshot in canonical order, whole or in segments.
 */
#include <stdlib.h>

#include "common/err.h"
#include "zones/pack.h"
#include "zones/snapshot.h"

#define NAMES 0
#define NSEC3 1

static const struct tree *order(const struct zone *z, int i)
{
    return i == NAMES ? &z->names : &z->nsec3;
}

void zone_first(const struct zone *z, struct zone_cursor *ret)
{
    *ret = (struct zone_cursor){.zone = z};
    for (int i = 0; i < 2; i++)
        ret->end[i] = tree_end(order(z, i));
}

bool zone_seek(const struct zone *z, const uint8_t *owner, struct zone_cursor *ret)
{
    bool found = false;
    zone_first(z, ret);
    for (int i = 0; i < 2; i++)
        found = tree_find(order(z, i), owner, &ret->at[i]) || found;
    return found;
}

static const uint8_t *owner_at(const struct zone_cursor *c, int i)
{
    const struct leaf_pair *p = tree_pair(order(c->zone, i), c->at[i]);
    return pack_owner(leaf_at(p->content, c->at[i].node));
}

bool zone_next(struct zone_cursor *c, struct zone_node *ret)
{
    bool names = spot_before(c->at[NAMES], c->end[NAMES]);
    bool nsec3 = spot_before(c->at[NSEC3], c->end[NSEC3]);
    if (!names && !nsec3)
        return false;
    int i = names ? NAMES : NSEC3; /* equal: the name first */
    if (names && nsec3 && name_compare(owner_at(c, NSEC3), owner_at(c, NAMES)) < 0)
        i = NSEC3;
    tree_node(order(c->zone, i), c->zone->apex, c->at[i], ret);
    tree_step(order(c->zone, i), &c->at[i]);
    return true;
}

static bool is_leaf_shared(const struct zone_cursor *c, int i, const struct zone *other)
{
    const struct leaf_pair *here = tree_pair(order(c->zone, i), c->at[i]);
    struct zone_spot at;
    if (!tree_find(order(other, i), owner_at(c, i), &at))
        return false;
    const struct leaf_pair *there = tree_pair(order(other, i), at);
    return here->content == there->content && here->dnssec == there->dnssec;
}

bool zone_cursor_is_shared(const struct zone_cursor *c, const struct zone *other)
{
    struct zone_cursor at = *c;
    for (int i = 0; i < 2; i++) {
        const struct tree *t = order(c->zone, i);
        while (spot_before(at.at[i], at.end[i])) {
            if (!is_leaf_shared(&at, i, other))
                return false;
            at.at[i].node = tree_pair(t, at.at[i])->content->node_n - 1;
            tree_step(t, &at.at[i]);
        }
    }
    return true;
}

/* ------------------------------------------------------------------ segments */

/* Where a leaf of either order begins, a segment begins. */
struct zone_segments {
    const struct zone *zone;
    size_t n;
    struct segment {
        const uint8_t *owner;
        struct zone_spot leaf;
        int order;
    } starts[];
};

static bool leaf_step(const struct tree *t, struct zone_spot *at)
{
    if (at->branch >= t->branch_n)
        return false;
    if (++at->leaf == t->branches[at->branch]->leaf_n) {
        at->leaf = 0;
        at->branch++;
    }
    return at->branch < t->branch_n;
}

int zone_segments_new(const struct zone *z, struct zone_segments **ret)
{
    size_t room = tree_leaf_n(&z->names) + tree_leaf_n(&z->nsec3);
    struct zone_segments *s = calloc(1, sizeof(*s) + room * sizeof(s->starts[0]));
    if (s == NULL)
        return ERR_NOMEM;
    struct zone_cursor c;
    zone_first(z, &c);
    s->zone = z;
    bool names = z->names.branch_n > 0;
    bool nsec3 = z->nsec3.branch_n > 0;
    while (names || nsec3) {
        bool first =
            names && (!nsec3 || name_compare(owner_at(&c, NAMES), owner_at(&c, NSEC3)) <= 0);
        int i = first ? NAMES : NSEC3;
        s->starts[s->n++] = (struct segment){owner_at(&c, i), c.at[i], i};
        bool more = leaf_step(order(z, i), &c.at[i]);
        names = first ? more : names;
        nsec3 = first ? nsec3 : more;
    }
    *ret = s;
    return ERR_OK;
}

void zone_segments_free(struct zone_segments *s)
{
    free(s);
}

size_t zone_segment_n(const struct zone_segments *s)
{
    return s->n;
}

void zone_segment(const struct zone_segments *s, size_t i, struct zone_cursor *ret)
{
    struct zone_cursor next;
    (void)zone_seek(s->zone, s->starts[i].owner, ret);
    if (i + 1 == s->n)
        return;
    (void)zone_seek(s->zone, s->starts[i + 1].owner, &next);
    ret->end[NAMES] = next.at[NAMES];
    ret->end[NSEC3] = next.at[NSEC3];
}

bool zone_segment_leaf(const struct zone_segments *s, size_t i, struct zone_spot *ret)
{
    *ret = s->starts[i].leaf;
    return s->starts[i].order == NSEC3;
}
