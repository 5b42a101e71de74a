#include "common/grow.h"

#include <stdint.h>
#include <stdlib.h>

#define FIRST_CAP 16

void *grow_items(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    if (*cap > SIZE_MAX / 2)
        return NULL;
    size_t more = *cap == 0 ? FIRST_CAP : *cap * 2;
    if (size != 0 && more > SIZE_MAX / size)
        return NULL;
    void *moved = realloc(items, more * size);
    if (moved != NULL)
        *cap = more;
    return moved;
}
