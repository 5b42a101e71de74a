/*
 * zones/builder_finish.c -- the records of a builder into a snapshot.
 *
 * The runs of records are sorted by the key of their owner, runs of equal owners become one node,
 * the records are dealt out to their nodes, and each node's few records are sorted by type and
 * data. So sorting costs one memcmp sort over names, and the order never depends on a hash.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "zones/builder.h"
#include "zones/rules_zone.h"
#include "zones/snapshot.h"

/* ------------------------------------------------------------------ sorting names */

struct run_key {
    uint64_t head; /* first octets of the key, so that most comparisons need no memory access */
    struct name_key key;
    uint32_t run;
};

static uint64_t key_head(struct name_key key)
{
    uint64_t head = 0;
    for (uint32_t i = 0; i < 8; i++)
        head = head << 8 | (i < key.len ? key.data[i] : 0u);
    return head;
}

static int run_key_compare(const void *a, const void *b)
{
    const struct run_key *x = a;
    const struct run_key *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    int cmp = name_key_compare(x->key, y->key);
    if (cmp != 0)
        return cmp;
    return x->run < y->run ? -1 : x->run > y->run;
}

#define RUN_OUTSIDE UINT32_MAX

/* Keys of the runs inside the zone, sorted; *RET_N of them. */
static struct run_key *runs_sorted(struct zone_builder *b, size_t apex_labels, size_t *ret_n)
{
    struct run_key *keys = malloc((b->run_n + 1) * sizeof(*keys));
    if (keys == NULL)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < b->run_n; i++) {
        if (!name_is_at_or_below(b->runs[i], b->apex))
            continue;
        uint8_t bytes[NAME_KEY_MAX];
        size_t len = name_key_make(b->runs[i], apex_labels, bytes);
        uint8_t *copy = arena_bytes(b->arena, even(len));
        if (copy == NULL) {
            free(keys);
            return NULL;
        }
        memcpy(copy, bytes, len);
        struct name_key key = {copy, (uint32_t)len};
        keys[n++] = (struct run_key){key_head(key), key, (uint32_t)i};
    }
    qsort(keys, n, sizeof(*keys), run_key_compare);
    *ret_n = n;
    return keys;
}

/* One node for each different key; NODE_OF says where the records of a run go. */
static int nodes_make(struct zone_builder *b, struct zone *z, uint32_t *node_of)
{
    size_t n = 0;
    AUTO_FREE struct run_key *keys = runs_sorted(b, z->apex_labels, &n);
    if (keys == NULL)
        return ERR_NOMEM;
    size_t different = 0;
    for (size_t i = 0; i < n; i++)
        different += i == 0 || name_key_compare(keys[i - 1].key, keys[i].key) != 0;
    z->nodes = arena_zalloc(b->arena, different + 1, sizeof(*z->nodes));
    z->keys = arena_zalloc(b->arena, different + 1, sizeof(*z->keys));
    if (z->nodes == NULL || z->keys == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->run_n; i++)
        node_of[i] = RUN_OUTSIDE;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || name_key_compare(keys[i - 1].key, keys[i].key) != 0) {
            z->nodes[z->node_n].owner = b->runs[keys[i].run];
            z->keys[z->node_n++] = keys[i].key;
        }
        node_of[keys[i].run] = (uint32_t)(z->node_n - 1);
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ findings */

static void entry_at(const uint8_t *owner, const struct entry *e, char out[RECORD_TEXT_LEN])
{
    record_to_text(owner, e->sig ? (uint16_t)KNOT_RRTYPE_RRSIG : e->type, out);
}

static void report_outside(const struct zone_builder *b, const struct entry *e, struct diags *diags)
{
    char at[RECORD_TEXT_LEN];
    char apex[NAME_TEXT_LEN];
    entry_at(b->runs[e->run], e, at);
    name_to_text(b->apex, apex);
    diag_add(diags, &rule_rr_outside_zone, AT_LINE(b->file, e->line), at,
             "the name is outside the zone %s; the record is left out", apex);
}

/* ------------------------------------------------------------------ sorting records */

/* Deals the records out to their nodes in place of sorting: START[i] is where node i begins. */
static int entries_deal(struct zone_builder *b, const struct zone *z, const uint32_t *node_of,
                        size_t *start, struct diags *diags)
{
    size_t outside = 0;
    for (size_t i = 0; i < b->entry_n; i++) {
        struct entry *e = &b->entries[i];
        if (node_of[e->run] == RUN_OUTSIDE) {
            report_outside(b, e, diags);
            outside++;
        } else {
            start[node_of[e->run] + 1]++;
        }
    }
    for (size_t i = 0; i < z->node_n; i++)
        start[i + 1] += start[i];
    size_t n = b->entry_n - outside;
    struct entry *dealt = malloc((n + 1) * sizeof(*dealt));
    AUTO_FREE size_t *next = malloc((z->node_n + 1) * sizeof(*next));
    if (dealt == NULL || next == NULL) {
        free(dealt);
        return ERR_NOMEM;
    }
    memcpy(next, start, z->node_n * sizeof(*next));
    for (size_t i = 0; i < b->entry_n; i++) {
        uint32_t node = node_of[b->entries[i].run];
        if (node != RUN_OUTSIDE)
            dealt[next[node]++] = b->entries[i];
    }
    free(b->entries);
    b->entries = dealt;
    b->entry_n = n;
    return ERR_OK;
}

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

/* ------------------------------------------------------------------ RRsets */

static bool rdataset_make(struct arena *arena, const struct entry *e, size_t n,
                          knot_rdataset_t *ret)
{
    size_t size = 0;
    for (size_t i = 0; i < n; i++)
        size += knot_rdata_size(e[i].rdata->len);
    ret->count = (uint16_t)n;
    ret->size = (uint32_t)size;
    if (n == 1) { /* it lies in the arena already */
        ret->rdata = (knot_rdata_t *)(uintptr_t)e[0].rdata;
        return true;
    }
    uint8_t *at = arena_bytes(arena, size);
    ret->rdata = (knot_rdata_t *)(void *)at;
    for (size_t i = 0; at != NULL && i < n; i++) {
        memcpy(at, e[i].rdata, knot_rdata_size(e[i].rdata->len));
        at += knot_rdata_size(e[i].rdata->len);
    }
    return at != NULL;
}

static void report_ttl(const struct zone_builder *b, const uint8_t *owner, const struct entry *e,
                       uint32_t lowest, struct diags *diags)
{
    char at[RECORD_TEXT_LEN];
    entry_at(owner, e, at);
    diag_add(diags, &rule_rrset_ttl_unequal, AT_LINE(b->file, e->line), at,
             "TTL %" PRIu32 ", but another record of the set has %" PRIu32 "; the lowest is used",
             e->ttl, lowest);
}

/* The N records of E, all of one type (or all signatures of one), into SET. */
static int rrset_fill(struct zone_builder *b, const uint8_t *owner, const struct entry *e, size_t n,
                      struct zone_rrset *set, struct diags *diags)
{
    uint32_t ttl = e[0].ttl;
    uint32_t line = e[0].line;
    uint32_t line_next = n > 1 ? UINT32_MAX : line;
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        ttl = e[i].ttl < ttl ? e[i].ttl : ttl;
        line_next = i > 0 && e[i].line < line_next ? e[i].line : line_next;
        if (e[i].line < line) {
            line_next = line;
            line = e[i].line;
        }
        bytes += knot_rdata_size(e[i].rdata->len);
    }
    if (n > LIMIT_RRSET_RECORDS || bytes > UINT32_MAX) {
        char at[RECORD_TEXT_LEN];
        entry_at(owner, e, at);
        diag_add(diags, &rule_rrset_too_large, AT_LINE(b->file, line), at, "%zu records", n);
        return ERR_LIMIT;
    }
    set->type = e[0].type;
    if (e[0].sig) {
        set->sig_ttl = ttl;
        set->sig_line = line;
        return rdataset_make(b->arena, e, n, &set->sigs) ? ERR_OK : ERR_NOMEM;
    }
    /* RRSIGs are not asked: their TTL follows what they cover (RFC 4034 s3) */
    for (size_t i = 0; i < n; i++) {
        if (e[i].ttl != ttl)
            report_ttl(b, owner, &e[i], ttl, diags);
    }
    set->ttl = ttl;
    set->line = line;
    set->line_next = line_next;
    return rdataset_make(b->arena, e, n, &set->rrs) ? ERR_OK : ERR_NOMEM;
}

static size_t group_end(const struct entry *e, size_t n, size_t i)
{
    size_t end = i + 1;
    while (end < n && e[end].type == e[i].type && e[end].sig == e[i].sig)
        end++;
    return end;
}

static int node_fill(struct zone_builder *b, struct zone_node *node, struct entry *e, size_t n,
                     struct diags *diags)
{
    qsort(e, n, sizeof(*e), entry_compare);
    n = entries_unique(b, node->owner, e, n, diags);
    size_t types = 0;
    for (size_t i = 0; i < n; i++)
        types += i == 0 || e[i - 1].type != e[i].type;
    struct zone_rrset *sets = arena_zalloc(b->arena, types, sizeof(*sets));
    if (sets == NULL)
        return ERR_NOMEM;
    size_t at = 0;
    for (size_t i = 0; i < n;) {
        size_t end = group_end(e, n, i);
        if (i > 0 && e[i].type != e[i - 1].type)
            at++;
        int err = rrset_fill(b, node->owner, e + i, end - i, &sets[at], diags);
        if (err != ERR_OK)
            return err;
        i = end;
    }
    node->rrsets = sets;
    node->rrset_n = (uint32_t)types;
    return ERR_OK;
}

/* ------------------------------------------------------------------ what kind of node */

/* Names below a cut or a DNAME follow it without a gap, so one walk with two marks is enough. */
static void nodes_flag(struct zone *z)
{
    const struct name_key *cut = NULL;
    const struct name_key *dname = NULL;
    for (size_t i = 0; i < z->node_n; i++) {
        struct zone_node *node = &z->nodes[i];
        struct name_key key = z->keys[i];
        if (node->rrset_n == 1 && node->rrsets[0].type == KNOT_RRTYPE_NSEC3)
            node->flags |= NODE_NSEC3;
        if (node->owner[0] == 1 && node->owner[1] == '*')
            node->flags |= NODE_WILDCARD;
        if (key.len == 0)
            node->flags |= NODE_APEX;
        if (cut != NULL && name_key_is_below(key, *cut))
            node->flags |= NODE_BELOW_CUT;
        else if (key.len > 0 && zone_node_data(node, KNOT_RRTYPE_NS) != NULL)
            node->flags |= NODE_DELEGATION;
        if (dname != NULL && name_key_is_below(key, *dname))
            node->flags |= NODE_BELOW_DNAME;
        if (node->flags & NODE_DELEGATION)
            cut = &z->keys[i];
        /* a DNAME at or below a cut is not ours to follow */
        else if (!(node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) &&
                 zone_node_data(node, KNOT_RRTYPE_DNAME) != NULL)
            dname = &z->keys[i];
    }
}

/* ------------------------------------------------------------------ the end */

static int zone_fill(struct zone_builder *b, struct zone *z, struct diags *diags)
{
    AUTO_FREE uint32_t *node_of = malloc((b->run_n + 1) * sizeof(*node_of));
    if (node_of == NULL)
        return ERR_NOMEM;
    int err = nodes_make(b, z, node_of);
    if (err != ERR_OK)
        return err;
    AUTO_FREE size_t *start = calloc(z->node_n + 2, sizeof(*start));
    if (start == NULL)
        return ERR_NOMEM;
    err = entries_deal(b, z, node_of, start, diags);
    for (size_t i = 0; err == ERR_OK && i < z->node_n; i++) {
        err = node_fill(b, &z->nodes[i], b->entries + start[i], start[i + 1] - start[i], diags);
        for (size_t j = 0; err == ERR_OK && j < z->nodes[i].rrset_n; j++)
            z->record_n +=
                (uint64_t)z->nodes[i].rrsets[j].rrs.count + z->nodes[i].rrsets[j].sigs.count;
    }
    if (err == ERR_OK)
        nodes_flag(z);
    return err;
}

int zone_builder_finish(struct zone_builder *builder, struct zone **ret, struct diags *diags)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = builder;
    if (b->apex == NULL)
        return ERR_INTERNAL;
    struct zone *z = calloc(1, sizeof(*z));
    if (z == NULL)
        return ERR_NOMEM;
    atomic_init(&z->holders, 1);
    z->apex = b->apex;
    z->apex_labels = name_label_n(b->apex);
    z->file = b->file;
    int err = zone_fill(b, z, diags);
    if (err != ERR_OK) {
        free(z);
        return err;
    }
    z->arena = TAKE(b->arena);
    *ret = z;
    return ERR_OK;
}
