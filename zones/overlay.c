/*
 * zones/overlay.c -- records that are made, not read: a list, and its merging into a snapshot
 * before signing.
 *
 * The nodes that get records are built anew and put into the tree of the base, which shares the
 * rest. Only where a delegation or a DNAME comes in is everything built again.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/builder.h"
#include "zones/pack.h"
#include "zones/zones.h"

struct records {
    struct arena *arena;
    struct record_view *items;
    size_t n;
    size_t cap;
};

struct records *records_new(void)
{
    struct records *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    r->arena = arena_new();
    if (r->arena == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void records_free(struct records *r)
{
    if (r == NULL)
        return;
    arena_free(r->arena);
    free(r->items);
    free(r);
}

static bool records_grow(struct records *r)
{
    struct record_view *items = grow_items(r->items, r->n, &r->cap, sizeof(*items));
    if (items == NULL)
        return false;
    r->items = items;
    return true;
}

int records_add(struct records *r, const uint8_t *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, size_t len)
{
    if (len > LIMIT_RRSET_RDATA)
        return ERR_LIMIT;
    if (!records_grow(r))
        return ERR_NOMEM;
    uint8_t *name = arena_dup(r->arena, owner, name_len(owner));
    const uint8_t *data = arena_dup(r->arena, rdata, len);
    if (name == NULL || data == NULL)
        return ERR_NOMEM;
    name_lower(name);
    r->items[r->n++] = (struct record_view){name, type, ttl, {data, len}};
    return ERR_OK;
}

size_t records_n(const struct records *r)
{
    return r->n;
}

struct record_view records_at(const struct records *r, size_t i)
{
    return r->items[i];
}

/* ------------------------------------------------------------------ merging */

static int node_add(struct zone_builder *b, const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset set;
    int err = ERR_OK;
    set_walk_first(node, &w);
    while (err == ERR_OK && set_walk_next(&w, &set))
        err = zone_builder_add_rrset(b, &set, true);
    return err;
}

static int base_add(struct zone_builder *b, const struct zone *base)
{
    struct zone_cursor at;
    struct zone_node node;
    int err = ERR_OK;
    zone_first(base, &at);
    while (err == ERR_OK && zone_next(&at, &node))
        err = node_add(b, &node);
    return err;
}

static int owner_compare(const void *a, const void *b)
{
    const uint8_t *const *x = a;
    const uint8_t *const *y = b;
    return name_compare(*x, *y);
}

/* What BASE has at the owners of EXTRA. */
static int base_add_touched(struct zone_builder *b, const struct zone *base,
                            const struct records *extra)
{
    AUTO_FREE const uint8_t **owners = malloc((extra->n + 1) * sizeof(*owners));
    if (owners == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < extra->n; i++)
        owners[i] = extra->items[i].owner;
    qsort(owners, extra->n, sizeof(*owners), owner_compare);
    int err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < extra->n; i++) {
        struct zone_cursor at;
        struct zone_node node;
        if ((i > 0 && name_compare(owners[i - 1], owners[i]) == 0) ||
            !zone_seek(base, owners[i], &at))
            continue;
        while (err == ERR_OK && zone_next(&at, &node) && name_compare(node.owner, owners[i]) == 0)
            err = node_add(b, &node);
    }
    return err;
}

/* Would EXTRA change what kind of node others are, as a new cut or DNAME does to all below it? */
static bool changes_others(const struct zone *base, const struct records *extra)
{
    for (size_t i = 0; i < extra->n; i++) {
        const struct record_view *r = &extra->items[i];
        struct zone_rrset set;
        if ((r->type == KNOT_RRTYPE_NS || r->type == KNOT_RRTYPE_DNAME) &&
            !(zone_rrset(base, r->owner, r->type, &set) && set.rrs.count > 0))
            return true;
    }
    return false;
}

/* T with all nodes of TOUCHED in the place of its own. */
static int tree_merge(const struct tree *t, const uint8_t *apex, const struct tree *touched,
                      struct tree *ret)
{
    AUTO_FREE struct tree_edit *edits = calloc(touched->node_n + 1, sizeof(*edits));
    if (edits == NULL)
        return ERR_NOMEM;
    size_t n = 0;
    struct zone_spot end = tree_end(touched);
    for (struct zone_spot at = {0}; spot_before(at, end); tree_step(touched, &at)) {
        struct zone_node node;
        tree_node(touched, apex, at, &node);
        edits[n++] = (struct tree_edit){.owner = node.owner,
                                        .content = node.content,
                                        .dnssec = node.dnssec,
                                        .sets_dnssec = true};
    }
    return tree_apply(t, apex, edits, n, ret);
}

static int zone_merge(const struct zone *base, const struct zone *touched, struct zone **ret)
{
    AUTO_PTR(zone) struct zone *z = zone_new(base->apex, base->file);
    if (z == NULL)
        return ERR_NOMEM;
    z->is_partial = base->is_partial;
    int err = tree_merge(&base->names, base->apex, &touched->names, &z->names);
    if (err == ERR_OK)
        err = tree_merge(&base->nsec3, base->apex, &touched->nsec3, &z->nsec3);
    if (err == ERR_OK)
        *ret = TAKE(z);
    return err;
}

int zone_overlay(const struct zone *base, const struct records *extra, struct zone **ret,
                 struct diags *diags)
{
    AUTO_PTR(zone_builder)
    struct zone_builder *b = zone_builder_new(zone_apex(base), zone_file(base));
    AUTO_PTR(zone) struct zone *made = NULL;
    if (b == NULL)
        return ERR_NOMEM;
    bool whole = changes_others(base, extra);
    zone_builder_allow_duplicates(b);
    if (!whole)
        zone_builder_set_around(b, base);
    int err = whole ? base_add(b, base) : base_add_touched(b, base, extra);
    for (size_t i = 0; err == ERR_OK && i < extra->n; i++) {
        const struct record_view *r = &extra->items[i];
        err = zone_builder_add(b, r->owner, r->type, r->ttl, r->rdata.data, r->rdata.len, 0);
    }
    if (err == ERR_OK)
        err = zone_builder_finish(TAKE(b), &made, diags);
    if (err == ERR_OK && !whole)
        return zone_merge(base, made, ret);
    if (err != ERR_OK)
        return err;
    made->is_partial = base->is_partial;
    *ret = TAKE(made);
    return ERR_OK;
}
