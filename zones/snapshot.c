/*
 * zones/snapshot.c -- reading a snapshot: lookup by name, by position, by type.
 */
#include "zones/snapshot.h"

#include <stdlib.h>
#include <string.h>

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

uint32_t zone_soa_serial(const struct zone *z)
{
    const struct zone_rrset *soa = zone_rrset(z, z->apex, KNOT_RRTYPE_SOA);
    return soa == NULL || soa->rrs.count == 0 ? 0 : knot_soa_serial(soa->rrs.rdata);
}
