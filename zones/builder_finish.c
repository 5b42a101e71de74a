/*
 * zones/builder_finish.c -- the records of a builder into a snapshot.
 *
 * The runs of records are sorted by the key of their owner, runs of equal owners become one node,
 * and each node's few records are sorted by type and data. So names are sorted once each, and the
 * order never depends on a hash.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/builder.h"
#include "zones/name_sort.h"
#include "zones/rules_zone.h"
#include "zones/snapshot.h"

/* ------------------------------------------------------------------ findings */

static void entry_at(const uint8_t *owner, const struct entry *e, char out[RECORD_TEXT_LEN])
{
    record_to_text(owner, e->sig ? (uint16_t)KNOT_RRTYPE_RRSIG : e->type, out);
}

static void report_outside(const struct zone_builder *b, const uint8_t *owner,
                           const struct entry *e, struct diags *diags)
{
    char at[RECORD_TEXT_LEN];
    char apex[NAME_TEXT_LEN];
    entry_at(owner, e, at);
    name_to_text(b->apex, apex);
    diag_add(diags, &rule_rr_outside_zone, AT_LINE(b->file, e->line), at,
             "the name is outside the zone %s; the record is left out", apex);
}

/* ------------------------------------------------------------------ sorting names */

static size_t run_end(const struct zone_builder *b, size_t run)
{
    return run + 1 < b->run_n ? b->runs[run + 1].entry : b->entry_n;
}

/* The runs inside the zone, not yet sorted; *RET_N of them. Their keys lie in ARENA. */
static int runs_take(const struct zone_builder *b, struct arena *arena, struct name_item *items,
                     size_t *ret_n, struct diags *diags)
{
    size_t apex_labels = name_label_n(b->apex);
    size_t n = 0;
    for (size_t i = 0; i < b->run_n; i++) {
        const struct run *run = &b->runs[i];
        if (!name_is_at_or_below(run->owner, b->apex)) {
            for (size_t e = run->entry; e < run_end(b, i); e++)
                report_outside(b, run->owner, &b->entries[e], diags);
            continue;
        }
        uint8_t bytes[NAME_KEY_MAX];
        size_t len = name_key_make(run->owner, apex_labels, bytes);
        uint8_t *copy = arena_bytes(arena, len);
        if (copy == NULL)
            return ERR_NOMEM;
        memcpy(copy, bytes, len);
        items[n++] = name_item_make((struct name_key){copy, (uint32_t)len}, (uint32_t)i);
    }
    *ret_n = n;
    return ERR_OK;
}

/* The numbers of the runs inside the zone, in canonical order of owners; NULL: memory is out. The
   keys are let go: the packed zone comes next. */
static uint32_t *runs_sorted(const struct zone_builder *b, size_t *ret_n, struct diags *diags)
{
    AUTO_PTR(arena) struct arena *keys = arena_new();
    AUTO_FREE struct name_item *items = malloc((b->run_n + 1) * sizeof(*items));
    AUTO_FREE uint32_t *order = malloc((b->run_n + 1) * sizeof(*order));
    if (keys == NULL || items == NULL || order == NULL ||
        runs_take(b, keys, items, ret_n, diags) != ERR_OK)
        return NULL;
    name_items_sort(items, *ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        order[i] = items[i].index;
    return TAKE(order);
}

/* ------------------------------------------------------------------ sorting records */

/* By type, data before signatures, then canonical order of the data (RFC 4034 s6.3). */
static int entry_compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    if (x->sig != y->sig)
        return x->sig ? 1 : -1;
    int cmp = knot_rdata_cmp(x->rdata, y->rdata);
    if (cmp != 0)
        return cmp;
    return x->line < y->line ? -1 : x->line > y->line;
}

#define FEW_ENTRIES 24 /* sorted by insertion: nearly all nodes have no more */

static void entries_sort(struct entry *entries, size_t n)
{
    if (n > FEW_ENTRIES) {
        qsort(entries, n, sizeof(*entries), entry_compare);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct entry e = entries[i];
        size_t at = i;
        for (; at > 0 && entry_compare(&e, &entries[at - 1]) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = e;
    }
}

/* Takes out equal neighbours of a sorted slice; the first in the file stays. */
static size_t entries_unique(const struct zone_builder *b, const uint8_t *owner, struct entry *e,
                             size_t n, struct diags *diags)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct entry *last = kept == 0 ? NULL : &e[kept - 1];
        if (last == NULL || last->type != e[i].type || last->sig != e[i].sig ||
            knot_rdata_cmp(last->rdata, e[i].rdata) != 0) {
            e[kept++] = e[i];
            continue;
        }
        if (e[i].ttl < last->ttl)
            last->ttl = e[i].ttl;
        if (b->duplicates_allowed)
            continue;
        char at[RECORD_TEXT_LEN];
        entry_at(owner, &e[i], at);
        if (last->line > 0)
            diag_add(diags, &rule_rr_duplicate, AT_LINE(b->file, e[i].line), at,
                     "the same record as in line %" PRIu32, last->line);
        else /* one of them comes from an included file */
            diag_add(diags, &rule_rr_duplicate, AT_LINE(b->file, e[i].line), at,
                     "the same record a second time");
    }
    return kept;
}

/* ------------------------------------------------------------------ the end */

/* Runs in canonical order, and the entries of the node at hand when they come from several. */
struct nodes {
    uint32_t *order;
    size_t n;
    struct entry *joined;
    size_t cap;
};

static void nodes_done(struct nodes *nodes)
{
    free(nodes->order);
    free(nodes->joined);
}
DEFINE_AUTO(nodes)

/* In a file that is not sorted each node's data lies somewhere else: it is asked for ahead. Inlined
   by force: gcc 12 takes a function of nothing but prefetches for one without effect. */
static inline __attribute__((always_inline)) void
nodes_prefetch(const struct zone_builder *b, const struct nodes *nodes, size_t i)
{
    if (i + 32 >= nodes->n)
        return;
    __builtin_prefetch(&b->runs[nodes->order[i + 32]]);
    const struct run *next = &b->runs[nodes->order[i + 20]];
    __builtin_prefetch(next->owner);
    __builtin_prefetch(next->owner + next->owner_len - 1);
    __builtin_prefetch(&b->entries[next->entry]);
    __builtin_prefetch(b->entries[b->runs[nodes->order[i + 10]].entry].rdata);
}

/* How many runs from I on are of one node. */
static size_t runs_of_node(const struct zone_builder *b, const struct nodes *nodes, size_t i)
{
    const struct run *first = &b->runs[nodes->order[i]];
    size_t n = 1;
    for (; i + n < nodes->n; n++) {
        const struct run *run = &b->runs[nodes->order[i + n]];
        if (run->owner_len != first->owner_len ||
            memcmp(run->owner, first->owner, first->owner_len) != 0)
            break;
    }
    return n;
}

/* The entries of RUNS runs from I on, in one piece; *RET_N of them. NULL: memory is out. */
static struct entry *entries_join(const struct zone_builder *b, struct nodes *nodes, size_t i,
                                  size_t runs, size_t *ret_n)
{
    size_t first = nodes->order[i];
    *ret_n = run_end(b, first) - b->runs[first].entry;
    if (runs == 1)
        return b->entries + b->runs[first].entry;
    size_t n = 0;
    for (size_t r = 0; r < runs; r++) {
        uint32_t run = nodes->order[i + r];
        for (size_t e = b->runs[run].entry; e < run_end(b, run); e++) {
            struct entry *joined = grow_items(nodes->joined, n, &nodes->cap, sizeof(*joined));
            if (joined == NULL)
                return NULL;
            nodes->joined = joined;
            nodes->joined[n++] = b->entries[e];
        }
    }
    *ret_n = n;
    return nodes->joined;
}

static int zone_fill(struct zone_builder *b, struct zone *z, struct diags *diags)
{
    AUTO(nodes) struct nodes nodes = {0};
    AUTO(emitter) struct emitter e;
    emitter_init(&e, b, diags);
    nodes.order = runs_sorted(b, &nodes.n, diags);
    int err = nodes.order == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < nodes.n;) {
        nodes_prefetch(b, &nodes, i);
        const uint8_t *owner = b->runs[nodes.order[i]].owner;
        size_t runs = runs_of_node(b, &nodes, i);
        size_t n = 0;
        struct entry *entries = entries_join(b, &nodes, i, runs, &n);
        if (entries == NULL)
            return ERR_NOMEM;
        entries_sort(entries, n);
        n = entries_unique(b, owner, entries, n, diags);
        err = emit_node(&e, owner, entries, n);
        i += runs;
    }
    return err == ERR_OK ? emit_end(&e, z) : err;
}

int zone_builder_finish(struct zone_builder *builder, struct zone **ret, struct diags *diags)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = builder;
    if (b->apex == NULL)
        return ERR_INTERNAL;
    AUTO_PTR(zone) struct zone *z = zone_new(b->apex, b->file);
    if (z == NULL)
        return ERR_NOMEM;
    int err = zone_fill(b, z, diags);
    if (err == ERR_OK)
        *ret = TAKE(z);
    return err;
}
