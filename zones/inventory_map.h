/*
 * zones/inventory_map.h -- a hash map from names to places and things, for duplicates and
 * references.
 *
 * Keys are bytes within a scope (a pair of pointers, compared only) and are borrowed, as are
 * values. Lookups are O(1), so that an inventory of any shape is checked in linear time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/own.h"

struct name_map;

struct map_key {
    const void *scope;
    const void *part; /* of the scope; may be NULL */
    const void *bytes;
    size_t len;
};

struct name_map *name_map_new(void);
void name_map_free(struct name_map *m);
DEFINE_AUTO_PTR(name_map)

/* Adds KEY unless it is there. RET_OLD is the value that was there before, or NULL. 0 or ERR_NOMEM.
   VALUE is not NULL. */
int name_map_add(struct name_map *m, struct map_key key, const void *value,
                 const void **ret_old) MUST_USE;
const void *name_map_get(const struct name_map *m, struct map_key key); /* or NULL */
