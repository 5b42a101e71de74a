/* From files to `struct inventory`: the order of the steps, and the life of the result. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "zones/inventory_int.h"

struct owned {            /* what an inventory from here really is */
    struct inventory inv; /* first: inventory_free gets its address */
    struct arena *arena;
};

void inventory_free(struct inventory *inv)
{
    if (inv == NULL)
        return;
    struct owned *o = (struct owned *)inv;
    arena_free(o->arena); /* holds O itself */
}

/* "." for a file in the current folder. */
static const char *folder_of(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL)
        return arena_strdup(arena, ".");
    return arena_strndup(arena, file, slash == file ? 1 : (size_t)(slash - file));
}

/* Where the text comes from: a file, or memory (TEXT not NULL). */
struct input {
    const char *name;
    const char *text;
    size_t len;
};

static int check_meaning(struct inv_ctx *ctx, struct inventory *inv)
{
    struct inv_policies policies = {0};
    int err = values_take(ctx, inv, &policies);
    return err != 0 ? err : rules_check(ctx, inv, &policies);
}

static int read_all(struct inv_ctx *ctx, const struct input *in, struct inventory *inv)
{
    int err = schema_open(ctx);
    if (err == 0)
        err = in->text == NULL ? files_read(ctx, inv->file, inv)
                               : files_read_text(ctx, inv->file, in->text, in->len, inv);
    if (err == 0)
        err = schema_finish(ctx, inv->file);
    if (err == 0 && ctx->malformed)
        err = ERR_CONFIG;
    if (err == 0)
        err = check_meaning(ctx, inv);
    schema_close(ctx);
    if (err == 0 && ctx->broken)
        err = ERR_FINDINGS;
    return err;
}

static int load(const struct input *in, int64_t now, struct inventory **ret, struct diags *diags)
{
    AUTO_PTR(arena) struct arena *arena = arena_new();
    struct owned *o = arena == NULL ? NULL : arena_zalloc(arena, 1, sizeof(*o));
    if (o == NULL)
        return ERR_NOMEM;
    o->inv.file = arena_strdup(arena, in->name);
    o->inv.dir = folder_of(arena, in->name);
    if (o->inv.file == NULL || o->inv.dir == NULL)
        return ERR_NOMEM;
    struct inv_ctx ctx = {.arena = arena, .diags = diags, .now = now};
    int err = read_all(&ctx, in, &o->inv);
    if (err != 0)
        return err;
    o->arena = TAKE(arena);
    *ret = &o->inv;
    return 0;
}

int inventory_load(const char *path, int64_t now, struct inventory **ret, struct diags *diags)
{
    return load(&(struct input){.name = path}, now, ret, diags);
}

int inventory_parse(const char *name, const char *text, size_t len, int64_t now,
                    struct inventory **ret, struct diags *diags)
{
    return load(&(struct input){name, text == NULL ? "" : text, len}, now, ret, diags);
}

/* Is there a zone of exactly this name? */
static const struct inv_zone *zone_named(const struct inventory *inv, const uint8_t *name)
{
    size_t lo = 0, hi = inv->zone_n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = name_compare(inv->zones_by_name[mid]->name, name);
        if (c == 0)
            return inv->zones_by_name[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static const struct inv_zone *zone_by_scan(const struct inventory *inv, const uint8_t *name)
{
    const struct inv_zone *best = NULL;
    for (size_t i = 0; i < inv->zone_n; i++) {
        const struct inv_zone *z = &inv->zones[i];
        if (z->name != NULL && name_is_at_or_below(name, z->name) &&
            (best == NULL || name_is_below(z->name, best->name)))
            best = z;
    }
    return best;
}

const struct inv_zone *inventory_zone_of(const struct inventory *inv, const uint8_t *name)
{
    if (inv->zones_by_name == NULL)
        return zone_by_scan(inv, name);
    for (const uint8_t *label = name;; label += label[0] + 1) {
        const struct inv_zone *z = zone_named(inv, label);
        if (z != NULL || label[0] == 0)
            return z;
    }
}
