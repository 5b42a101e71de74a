/*
 * zones/name_sort.h -- private: many names into canonical order, by their keys (zones/snapshot.h).
 *
 * A radix sort over octets: the time is bounded by the octets of all keys, whatever they are, and
 * octets that all names share cost one look each. In place; the stack needs at most 1 MiB (2 KiB
 * for each octet of the longest key).
 */
#pragma once

#include "zones/snapshot.h"

struct name_item {
    uint64_t head; /* eight octets of the key, so that sorting seldom looks at the key itself */
    const uint8_t *key;
    uint32_t len;
    uint32_t index; /* the caller's; of equal names the lowest comes first */
};

struct name_item name_item_make(struct name_key key, uint32_t index);
/* ITEMS as name_item_make made them. Their heads are of no meaning afterwards. */
void name_items_sort(struct name_item *items, size_t n);
