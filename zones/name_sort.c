#include "zones/name_sort.h"

#include <string.h>

#define FEW   24 /* sorted by insertion */
#define HEAD  8u
#define ENDED UINT32_MAX /* for a depth: the keys are equal, and the heads are the indexes */

/* The octets of the key from DEPTH on. Behind its end stand zeros, which is where a name sorts
   before those below it: their keys go on with an octet that is not 0. */
static uint64_t head_at(const struct name_item *item, uint32_t depth)
{
    uint64_t head = 0;
    uint32_t n = item->len > depth ? item->len - depth : 0;
    for (uint32_t i = 0; i < HEAD; i++)
        head = head << 8 | (i < n ? item->key[depth + i] : 0u);
    return head;
}

struct name_item name_item_make(struct name_key key, uint32_t index)
{
    struct name_item item = {.key = key.data, .len = key.len, .index = index};
    item.head = head_at(&item, 0);
    return item;
}

/* The keys are equal before DEPTH. */
static bool is_before(const struct name_item *a, const struct name_item *b, uint32_t depth)
{
    if (a->head != b->head)
        return a->head < b->head;
    uint32_t from = depth + HEAD;
    uint32_t least = a->len < b->len ? a->len : b->len;
    int cmp = from < least ? memcmp(a->key + from, b->key + from, least - from) : 0;
    if (cmp != 0)
        return cmp < 0;
    return a->len != b->len ? a->len < b->len : a->index < b->index;
}

static void few_sort(struct name_item *items, size_t n, uint32_t depth)
{
    for (size_t i = 1; i < n; i++) {
        struct name_item item = items[i];
        size_t at = i;
        for (; at > 0 && is_before(&item, &items[at - 1], depth); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

static uint8_t octet(const struct name_item *item, unsigned byte)
{
    return (uint8_t)(item->head >> (8 * (HEAD - 1 - byte)));
}

/* The next octets of keys that are equal up to and with their heads. */
static uint32_t heads_next(struct name_item *items, size_t n, uint32_t depth)
{
    bool ended = items[0].head == 0;
    depth = ended ? ENDED : depth + HEAD;
    for (size_t i = 0; i < n; i++)
        items[i].head = ended ? items[i].index : head_at(&items[i], depth);
    return depth;
}

/* Where each octet's items begin, one more for the end; false: all have the same. */
static bool buckets_count(const struct name_item *items, size_t n, unsigned byte,
                          uint32_t start[257])
{
    memset(start, 0, 257 * sizeof(start[0]));
    for (size_t i = 0; i < n; i++)
        start[octet(&items[i], byte) + 1]++;
    if (start[octet(&items[0], byte) + 1] == n)
        return false;
    for (unsigned b = 0; b < 256; b++)
        start[b + 1] += start[b];
    return true;
}

/* Each item into its bucket, in place: what stands in the way goes on to its own. */
static void buckets_fill(struct name_item *items, unsigned byte, const uint32_t start[257])
{
    uint32_t next[256];
    memcpy(next, start, sizeof(next));
    for (unsigned b = 0; b < 256; b++) {
        while (next[b] < start[b + 1]) {
            struct name_item item = items[next[b]];
            for (uint8_t to; (to = octet(&item, byte)) != b;) {
                struct name_item other = items[next[to]];
                items[next[to]++] = item;
                item = other;
            }
            items[next[b]++] = item;
        }
    }
}

/* Keys that are equal before DEPTH, and then in BYTE octets of their heads. */
static void sort_from(struct name_item *items, size_t n, uint32_t depth, unsigned byte)
{
    uint32_t start[257];
    for (;; byte++) {
        if (n <= FEW) {
            few_sort(items, n, depth);
            return;
        }
        if (byte == HEAD) {
            depth = heads_next(items, n, depth);
            byte = 0;
        }
        if (buckets_count(items, n, byte, start))
            break;
    }
    buckets_fill(items, byte, start);
    for (unsigned b = 0; b < 256; b++) {
        if (start[b + 1] - start[b] > 1)
            sort_from(items + start[b], start[b + 1] - start[b], depth, byte + 1);
    }
}

void name_items_sort(struct name_item *items, size_t n)
{
    size_t sorted = 1; /* many zone files are in order already */
    while (sorted < n && is_before(&items[sorted - 1], &items[sorted], 0))
        sorted++;
    if (sorted < n)
        sort_from(items, n, 0, 0);
}
