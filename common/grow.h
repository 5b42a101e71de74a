/*
 * common/grow.h -- room for one more in an array that doubles.
 *
 *     struct item *items = grow_items(list->items, list->n, &list->cap, sizeof(*items));
 *     if (items == NULL)
 *         return ERR_NOMEM;
 *     list->items = items;
 */
#pragma once

#include <stddef.h>

#include "common/own.h"

/* ITEMS, of *CAP elements of SIZE octets, moved where more than N have room. NULL when memory is
   out: then ITEMS and *CAP are as they were. */
void *grow_items(void *items, size_t n, size_t *cap, size_t size) MUST_USE;
