/*
 * zones/builder.c -- taking records on their way into a snapshot; builder_finish.c makes it.
 *
 * Records come in any order. Each run of records with the same owner stores the owner once.
 */
#include "zones/builder.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/pack.h"
#include "zones/rdata.h"
#include "zones/snapshot.h"
#include "zones/wire.h"

static uint8_t *name_keep(struct arena *arena, const uint8_t *name)
{
    size_t len = name_len(name);
    uint8_t *copy = arena_bytes(arena, even(len));
    if (copy == NULL)
        return NULL;
    memcpy(copy, name, len);
    name_lower(copy);
    return copy;
}

static char *text_keep(struct arena *arena, const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = arena_bytes(arena, even(len));
    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

struct zone_builder *zone_builder_new(const uint8_t *apex, const char *file)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    b->arena = arena_new();
    if (b->arena == NULL || (apex != NULL && zone_builder_set_apex(b, apex) != ERR_OK))
        return NULL;
    if (file != NULL) {
        b->file = text_keep(b->arena, file);
        if (b->file == NULL)
            return NULL;
    }
    return TAKE(b);
}

void zone_builder_free(struct zone_builder *b)
{
    if (b == NULL)
        return;
    arena_free(b->arena);
    free(b->runs);
    free(b->entries);
    free(b);
}

int zone_builder_set_apex(struct zone_builder *b, const uint8_t *apex)
{
    uint8_t *copy = name_keep(b->arena, apex);
    if (copy == NULL)
        return ERR_NOMEM;
    b->apex = copy;
    return ERR_OK;
}

bool zone_builder_has_apex(const struct zone_builder *b)
{
    return b->apex != NULL;
}

void zone_builder_allow_duplicates(struct zone_builder *b)
{
    b->duplicates_allowed = true;
}

void zone_builder_set_around(struct zone_builder *b, const struct zone *z)
{
    b->around = z;
}

/* Equal but for case? KEPT is lower case already. */
static bool owner_equal(const struct run *run, const uint8_t *owner, size_t len)
{
    const uint8_t *kept = run->owner;
    if (run->owner_len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        /* length octets are at most 63 and so never taken for letters */
        uint8_t c = owner[i] >= 'A' && owner[i] <= 'Z' ? (uint8_t)(owner[i] + 32) : owner[i];
        if (kept[i] != c)
            return false;
    }
    return true;
}

static int run_open(struct zone_builder *b, const uint8_t *owner)
{
    size_t len = name_len(owner);
    if (b->run_n > 0 && owner_equal(&b->runs[b->run_n - 1], owner, len))
        return ERR_OK;
    struct run *runs = grow_items(b->runs, b->run_n, &b->run_cap, sizeof(*runs));
    if (runs == NULL)
        return ERR_NOMEM;
    b->runs = runs;
    const uint8_t *copy = name_keep(b->arena, owner);
    if (copy == NULL)
        return ERR_NOMEM;
    b->runs[b->run_n++] = (struct run){copy, (uint32_t)b->entry_n, (uint32_t)len};
    return ERR_OK;
}

static knot_rdata_t *rdata_keep(struct arena *arena, const uint8_t *data, size_t len)
{
    knot_rdata_t *rdata = arena_bytes(arena, knot_rdata_size((uint16_t)len));
    if (rdata != NULL)
        knot_rdata_init(rdata, (uint16_t)len, data);
    return rdata;
}

static int entry_add(struct zone_builder *b, const uint8_t *owner, const struct entry *entry)
{
    if (b->entry_n >= LIMIT_ZONE_RECORDS || b->run_n >= UINT32_MAX)
        return ERR_LIMIT;
    struct entry *entries = grow_items(b->entries, b->entry_n, &b->entry_cap, sizeof(*entries));
    if (entries == NULL)
        return ERR_NOMEM;
    b->entries = entries;
    int err = run_open(b, owner);
    if (err != ERR_OK)
        return err;
    b->entries[b->entry_n++] = *entry;
    return ERR_OK;
}

int zone_builder_add(struct zone_builder *b, const uint8_t *owner, uint16_t type, uint32_t ttl,
                     const uint8_t *rdata, size_t len, uint32_t line)
{
    if (rdata_check(type, rdata, len) != NULL)
        return ERR_FINDINGS;
    knot_rdata_t *copy = rdata_keep(b->arena, rdata, len);
    if (copy == NULL)
        return ERR_NOMEM;
    rdata_canonical(type, copy->data, len);
    struct entry entry = {.rdata = copy, .ttl = ttl, .line = line, .type = type};
    if (type == KNOT_RRTYPE_RRSIG) {
        entry.sig = true;
        entry.type = (uint16_t)(copy->data[0] << 8 | copy->data[1]);
    }
    return entry_add(b, owner, &entry);
}

static int rdataset_add(struct zone_builder *b, const uint8_t *owner, const knot_rdataset_t *set,
                        struct entry entry)
{
    const knot_rdata_t *rdata = set->rdata;
    for (uint16_t i = 0; i < set->count; i++) {
        entry.rdata = rdata_keep(b->arena, rdata->data, rdata->len);
        if (entry.rdata == NULL)
            return ERR_NOMEM;
        int err = entry_add(b, owner, &entry);
        if (err != ERR_OK)
            return err;
        rdata = wire_next(rdata);
    }
    return ERR_OK;
}

static int sig_add(struct zone_builder *b, const struct zone_rrset *set, const struct zone_sig *sig)
{
    AUTO(buf) struct buf rdata = {0};
    zone_sig_rdata(sig, &rdata);
    if (!buf_ok(&rdata))
        return ERR_NOMEM;
    struct entry entry = {.ttl = sig->ttl, .line = set->sig_line, .type = set->type, .sig = true};
    entry.rdata = rdata_keep(b->arena, rdata.data, rdata.len);
    return entry.rdata == NULL ? ERR_NOMEM : entry_add(b, set->owner, &entry);
}

int zone_builder_add_rrset(struct zone_builder *b, const struct zone_rrset *set, bool with_sigs)
{
    struct entry entry = {.ttl = set->ttl, .line = set->line, .type = set->type};
    int err = rdataset_add(b, set->owner, &set->rrs, entry);
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; with_sigs && i < set->sig_n && err == ERR_OK; i++) {
        struct zone_sig sig;
        sig_walk_next(set, &pos, &sig);
        err = sig_add(b, set, &sig);
    }
    return err;
}
