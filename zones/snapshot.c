/*
 * zones/snapshot.c -- reading a snapshot: lookup by name and by type; zones/cursor.c walks it.
 */
#include "zones/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/rrtype/soa.h>

#include "zones/pack.h"

struct zone *zone_new(const uint8_t *apex, const char *file)
{
    AUTO_PTR(zone) struct zone *z = calloc(1, sizeof(*z));
    if (z == NULL)
        return NULL;
    atomic_init(&z->holders, 1);
    size_t len = name_len(apex);
    z->apex = malloc(len);
    z->file = file == NULL ? NULL : strdup(file);
    if (z->apex == NULL || (file != NULL && z->file == NULL))
        return NULL;
    memcpy(z->apex, apex, len);
    z->apex_labels = name_label_n(apex);
    return TAKE(z);
}

struct zone *zone_ref(const struct zone *z)
{
    /* the count is the one thing of a snapshot that changes; const is about its contents */
    struct zone *held = (struct zone *)(uintptr_t)z;
    atomic_fetch_add_explicit(&held->holders, 1, memory_order_relaxed);
    return held;
}

void zone_free(struct zone *z)
{
    if (z == NULL || atomic_fetch_sub_explicit(&z->holders, 1, memory_order_acq_rel) != 1)
        return;
    tree_done(&z->names);
    tree_done(&z->nsec3);
    free(z->apex);
    free(z->file);
    free(z);
}

const uint8_t *zone_apex(const struct zone *z)
{
    return z->apex;
}

const char *zone_file(const struct zone *z)
{
    return z->file;
}

size_t zone_node_n(const struct zone *z)
{
    return z->names.node_n + z->nsec3.node_n;
}

uint64_t zone_record_n(const struct zone *z)
{
    return z->names.record_n + z->nsec3.record_n;
}

static bool tree_lookup(const struct zone *z, const struct tree *t, const uint8_t *owner,
                        struct zone_node *ret)
{
    struct zone_spot at;
    if (!tree_find(t, owner, &at))
        return false;
    tree_node(t, z->apex, at, ret);
    return true;
}

bool zone_find(const struct zone *z, const uint8_t *owner, struct zone_node *ret)
{
    return tree_lookup(z, &z->names, owner, ret) || tree_lookup(z, &z->nsec3, owner, ret);
}

bool zone_rrset(const struct zone *z, const uint8_t *owner, uint16_t type, struct zone_rrset *ret)
{
    struct zone_node node;
    const struct tree *t = type == KNOT_RRTYPE_NSEC3 ? &z->nsec3 : &z->names;
    return tree_lookup(z, t, owner, &node) && zone_node_rrset(&node, type, ret);
}

bool zone_has_below(const struct zone *z, const uint8_t *owner)
{
    struct zone_spot at;
    if (!name_is_at_or_below(owner, z->apex))
        return false;
    if (tree_find(&z->names, owner, &at))
        tree_step(&z->names, &at);
    if (spot_equal(at, tree_end(&z->names)))
        return false;
    struct zone_node node;
    tree_node(&z->names, z->apex, at, &node);
    return name_is_below(node.owner, owner);
}

static bool name_equal(const uint8_t *a, const uint8_t *b)
{
    size_t len = name_len(a);
    return len == name_len(b) && memcmp(a, b, len) == 0;
}

uint32_t flag_walk_next(struct flag_walk *w, const uint8_t *apex, const uint8_t *owner, bool has_ns,
                        bool has_dname)
{
    uint32_t flags = 0;
    bool is_apex = name_equal(owner, apex);
    if (w->cut != NULL && !name_is_below(owner, w->cut))
        w->cut = NULL; /* passed */
    if (w->dname != NULL && !name_is_below(owner, w->dname))
        w->dname = NULL;
    if (owner[0] == 1 && owner[1] == '*')
        flags |= NODE_WILDCARD;
    if (is_apex)
        flags |= NODE_APEX;
    if (w->cut != NULL)
        flags |= NODE_BELOW_CUT;
    else if (!is_apex && has_ns)
        flags |= NODE_DELEGATION;
    if (w->dname != NULL)
        flags |= NODE_BELOW_DNAME;
    if ((flags & NODE_DELEGATION) != 0)
        w->cut = owner;
    /* a DNAME at or below a cut is not ours to follow */
    else if ((flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) == 0 && has_dname)
        w->dname = owner;
    return flags;
}

uint32_t zone_flags_of(const struct zone *z, const uint8_t *owner, bool has_ns, bool has_dname)
{
    struct flag_walk w = {0};
    const uint8_t *above[256 / 2];
    size_t n = 0;
    for (const uint8_t *name = owner; name_is_below(name, z->apex);) {
        name += name[0] + 1;
        above[n++] = name;
    }
    while (n-- > 0) {
        struct zone_node node;
        if (tree_lookup(z, &z->names, above[n], &node))
            (void)flag_walk_next(&w, z->apex, above[n], (node.flags & NODE_DELEGATION) != 0,
                                 zone_node_has_data(&node, KNOT_RRTYPE_DNAME));
    }
    return flag_walk_next(&w, z->apex, owner, has_ns, has_dname);
}

bool zone_node_data(const struct zone_node *node, uint16_t type, struct zone_rrset *ret)
{
    return zone_node_rrset(node, type, ret) && ret->rrs.count > 0;
}

bool zone_node_has_data(const struct zone_node *node, uint16_t type)
{
    struct zone_rrset set;
    return zone_node_data(node, type, &set);
}

bool zone_node_answers(const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        if (set.rrs.count > 0 && set.type != KNOT_RRTYPE_NSEC3)
            return true;
    }
    return false;
}

static bool name_exists(const struct zone *z, const uint8_t *name)
{
    struct zone_node node;
    return (zone_find(z, name, &node) && zone_node_answers(&node)) || zone_has_below(z, name);
}

bool zone_wildcard_for(const struct zone *z, const uint8_t *name, struct zone_node *ret)
{
    if (!name_is_below(name, z->apex) || name_exists(z, name))
        return false;
    const uint8_t *encloser = name + name[0] + 1;
    while (!name_exists(z, encloser) && name_is_below(encloser, z->apex))
        encloser += encloser[0] + 1;
    uint8_t star[256] = {1, '*'};
    size_t len = name_len(encloser);
    if (len + 2 > 255)
        return false;
    memcpy(star + 2, encloser, len);
    return zone_find(z, star, ret) && zone_node_answers(ret);
}

bool zone_cut_above(const struct zone *z, const uint8_t *name, struct zone_node *ret)
{
    bool found = false;
    for (; name_is_below(name, z->apex); name += name[0] + 1) {
        struct zone_node node;
        if (!zone_find(z, name, &node) || (node.flags & NODE_DELEGATION) == 0)
            continue;
        *ret = node;
        found = true;
    }
    return found;
}

uint32_t zone_soa_serial(const struct zone *z)
{
    struct zone_rrset soa;
    if (!zone_rrset(z, z->apex, KNOT_RRTYPE_SOA, &soa) || soa.rrs.count == 0)
        return 0;
    return knot_soa_serial(soa.rrs.rdata);
}
