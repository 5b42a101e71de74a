/*
 * zones/snapshot.c -- reading a snapshot: lookup by name, by position, by type.
 */
#include "zones/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/rrtype/soa.h>

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
    arena_free(z->arena);
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
    return z->node_n;
}

const struct zone_node *zone_node_at(const struct zone *z, size_t i)
{
    return &z->nodes[i];
}

uint64_t zone_record_n(const struct zone *z)
{
    return z->record_n;
}

/* The first node whose key is not before KEY. */
static size_t key_index(const struct zone *z, struct name_key key)
{
    size_t lo = 0;
    size_t hi = z->node_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (name_key_compare(z->keys[mid], key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t zone_find_index(const struct zone *z, const uint8_t *owner, bool *ret_exact)
{
    size_t i = 0;
    bool exact = false;
    if (name_is_at_or_below(owner, z->apex)) {
        uint8_t bytes[NAME_KEY_MAX];
        struct name_key key = {bytes, (uint32_t)name_key_make(owner, z->apex_labels, bytes)};
        i = key_index(z, key);
        exact = i < z->node_n && name_key_compare(z->keys[i], key) == 0;
    } else if (name_compare(owner, z->apex) > 0) {
        i = z->node_n;
    }
    if (ret_exact != NULL)
        *ret_exact = exact;
    return i;
}

const struct zone_node *zone_find(const struct zone *z, const uint8_t *owner)
{
    bool exact = false;
    size_t i = zone_find_index(z, owner, &exact);
    return exact ? &z->nodes[i] : NULL;
}

const struct zone_rrset *zone_node_rrset(const struct zone_node *node, uint16_t type)
{
    for (size_t i = 0; i < node->rrset_n; i++) {
        if (node->rrsets[i].type == type)
            return &node->rrsets[i];
    }
    return NULL;
}

const struct zone_rrset *zone_rrset(const struct zone *z, const uint8_t *owner, uint16_t type)
{
    const struct zone_node *node = zone_find(z, owner);
    return node == NULL ? NULL : zone_node_rrset(node, type);
}

bool zone_has_below(const struct zone *z, const uint8_t *owner)
{
    if (!name_is_at_or_below(owner, z->apex))
        return false;
    uint8_t bytes[NAME_KEY_MAX];
    struct name_key key = {bytes, (uint32_t)name_key_make(owner, z->apex_labels, bytes)};
    size_t i = key_index(z, key);
    if (i < z->node_n && name_key_compare(z->keys[i], key) == 0)
        i++;
    return i < z->node_n && name_key_is_below(z->keys[i], key);
}

const struct zone_rrset *zone_node_data(const struct zone_node *node, uint16_t type)
{
    const struct zone_rrset *set = zone_node_rrset(node, type);
    return set != NULL && set->rrs.count > 0 ? set : NULL;
}

bool zone_node_answers(const struct zone_node *node)
{
    for (uint32_t i = 0; node != NULL && i < node->rrset_n; i++) {
        if (node->rrsets[i].rrs.count > 0 && node->rrsets[i].type != KNOT_RRTYPE_NSEC3)
            return true;
    }
    return false;
}

static bool name_exists(const struct zone *z, const uint8_t *name)
{
    return zone_node_answers(zone_find(z, name)) || zone_has_below(z, name);
}

const struct zone_node *zone_wildcard_for(const struct zone *z, const uint8_t *name)
{
    if (!name_is_below(name, z->apex) || name_exists(z, name))
        return NULL;
    const uint8_t *encloser = name + name[0] + 1;
    while (!name_exists(z, encloser) && name_is_below(encloser, z->apex))
        encloser += encloser[0] + 1;
    uint8_t star[256] = {1, '*'};
    size_t len = name_len(encloser);
    if (len + 2 > 255)
        return NULL;
    memcpy(star + 2, encloser, len);
    const struct zone_node *node = zone_find(z, star);
    return zone_node_answers(node) ? node : NULL;
}

const struct zone_node *zone_cut_above(const struct zone *z, const uint8_t *name)
{
    const struct zone_node *top = NULL;
    for (; name_is_below(name, z->apex); name += name[0] + 1) {
        const struct zone_node *node = zone_find(z, name);
        if (node != NULL && (node->flags & NODE_DELEGATION) != 0)
            top = node;
    }
    return top;
}

uint32_t zone_soa_serial(const struct zone *z)
{
    const struct zone_rrset *soa = zone_rrset(z, z->apex, KNOT_RRTYPE_SOA);
    return soa == NULL || soa->rrs.count == 0 ? 0 : knot_soa_serial(soa->rrs.rdata);
}
