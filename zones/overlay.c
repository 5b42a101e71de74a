/*
 * zones/overlay.c -- records that are made, not read: a list, and its merging into a snapshot
 * before signing.
 */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/builder.h"
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
    const uint8_t *name = arena_dup(r->arena, owner, name_len(owner));
    const uint8_t *data = arena_dup(r->arena, rdata, len);
    if (name == NULL || data == NULL)
        return ERR_NOMEM;
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

static int base_add(struct zone_builder *b, const struct zone *base)
{
    for (size_t i = 0; i < zone_node_n(base); i++) {
        const struct zone_node *node = zone_node_at(base, i);
        for (size_t j = 0; j < node->rrset_n; j++) {
            int err = zone_builder_add_rrset(b, node, &node->rrsets[j], true);
            if (err != ERR_OK)
                return err;
        }
    }
    return ERR_OK;
}

int zone_overlay(const struct zone *base, const struct records *extra, struct zone **ret,
                 struct diags *diags)
{
    AUTO_PTR(zone_builder)
    struct zone_builder *b = zone_builder_new(zone_apex(base), zone_file(base));
    if (b == NULL)
        return ERR_NOMEM;
    zone_builder_allow_duplicates(b);
    int err = base_add(b, base);
    for (size_t i = 0; err == ERR_OK && i < extra->n; i++) {
        const struct record_view *r = &extra->items[i];
        err = zone_builder_add(b, r->owner, r->type, r->ttl, r->rdata.data, r->rdata.len, 0);
    }
    return err != ERR_OK ? err : zone_builder_finish(TAKE(b), ret, diags);
}
