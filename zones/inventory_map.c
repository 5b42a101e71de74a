#include "zones/inventory_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/err.h"

struct slot {
    struct map_key key;
    const void *value; /* NULL: empty */
};

struct name_map {
    struct slot *slots;
    size_t cap; /* a power of two */
    size_t n;
    uint64_t seed; /* names come from outside: nobody may choose collisions */
};

struct name_map *name_map_new(void)
{
    struct name_map *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    /* Without entropy the map is still right, only guessable. */
    if (getrandom(&m->seed, sizeof(m->seed), GRND_NONBLOCK) != sizeof(m->seed))
        m->seed = (uintptr_t)m;
    return m;
}

void name_map_free(struct name_map *m)
{
    if (m == NULL)
        return;
    free(m->slots);
    free(m);
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

static uint64_t hash(const struct name_map *m, const struct map_key *key)
{
    uint64_t h = mix(m->seed ^ (uintptr_t)key->scope) ^ (uintptr_t)key->part;
    const uint8_t *p = key->bytes;
    for (size_t i = 0; i < key->len; i++)
        h = mix(h + p[i] + 0x9e3779b97f4a7c15u);
    return mix(h);
}

static bool same(const struct map_key *a, const struct map_key *b)
{
    return a->scope == b->scope && a->part == b->part && a->len == b->len &&
           memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The slot of KEY, or the empty one where it belongs. */
static struct slot *slot_of(const struct name_map *m, const struct map_key *key)
{
    size_t i = (size_t)hash(m, key) & (m->cap - 1);
    while (m->slots[i].value != NULL && !same(&m->slots[i].key, key))
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

static int grow(struct name_map *m)
{
    struct name_map bigger = {.cap = m->cap == 0 ? 64 : m->cap * 2, .seed = m->seed};
    bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].value != NULL)
            *slot_of(&bigger, &m->slots[i].key) = m->slots[i];
    }
    free(m->slots);
    m->slots = bigger.slots;
    m->cap = bigger.cap;
    return 0;
}

int name_map_add(struct name_map *m, struct map_key key, const void *value, const void **ret_old)
{
    if (m->n * 4 >= m->cap * 3) {
        int err = grow(m);
        if (err != 0)
            return err;
    }
    struct slot *slot = slot_of(m, &key);
    *ret_old = slot->value;
    if (slot->value == NULL) {
        *slot = (struct slot){key, value};
        m->n++;
    }
    return 0;
}

const void *name_map_get(const struct name_map *m, struct map_key key)
{
    return m->cap == 0 ? NULL : slot_of(m, &key)->value;
}
