/*
 * zones/reread_zone.c -- the text of a zone that we wrote, to a snapshot.
 *
 * The records come in the order that a snapshot wants, so each node is packed as soon as its last
 * record was read. Only the SOA stands elsewhere: first in the text, by its type in the node.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/builder.h"
#include "zones/reread.h"
#include "zones/wire.h"

/* The records of one node, on their way into the snapshot. */
struct gathering {
    struct zone_builder *builder; /* holds the apex and the file's name */
    struct emitter emitter;
    uint8_t owner[256];
    uint8_t cut[256]; /* what the emitter looks back at */
    uint8_t dname[256];
    struct entry *entries; /* their rdata pointers are set when the node is complete */
    size_t n;
    size_t cap;
    struct buf rdata; /* of all entries, one after the other, as knot_rdata_t */
    uint64_t record_n;
};

static void gathering_done(struct gathering *g)
{
    emitter_done(&g->emitter);
    zone_builder_free(g->builder);
    free(g->entries);
    buf_done(&g->rdata);
}
DEFINE_AUTO(gathering)

/* ------------------------------------------------------------------ one node */

static void entries_point(struct gathering *g)
{
    const uint8_t *at = g->rdata.data;
    for (size_t i = 0; i < g->n; i++) {
        g->entries[i].rdata = (const knot_rdata_t *)(const void *)at;
        at += knot_rdata_size(g->entries[i].rdata->len);
    }
}

static void reverse(struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct entry e = entries[i];
        entries[i] = entries[n - 1 - i];
        entries[n - 1 - i] = e;
    }
}

/* The SOA and its signatures, which came first, to their place by type. */
static void soa_put(struct gathering *g)
{
    size_t soa = 0;
    while (soa < g->n && g->entries[soa].type == KNOT_RRTYPE_SOA)
        soa++;
    size_t to = soa;
    while (to < g->n && g->entries[to].type < KNOT_RRTYPE_SOA)
        to++;
    reverse(g->entries, soa);
    reverse(g->entries + soa, to - soa);
    reverse(g->entries, to);
}

/* The emitter remembers the owners of cuts and DNAMEs; ours are overwritten. */
static void owners_keep(struct gathering *g)
{
    struct flag_walk *flags = &g->emitter.flags;
    if (flags->cut == g->owner) {
        memcpy(g->cut, g->owner, sizeof(g->cut));
        flags->cut = g->cut;
    }
    if (flags->dname == g->owner) {
        memcpy(g->dname, g->owner, sizeof(g->dname));
        flags->dname = g->dname;
    }
}

static int node_emit(struct gathering *g)
{
    if (g->n == 0)
        return ERR_OK;
    if (!buf_ok(&g->rdata))
        return ERR_NOMEM;
    entries_point(g);
    if (g->entries[0].type == KNOT_RRTYPE_SOA)
        soa_put(g);
    int err = emit_node(&g->emitter, g->owner, g->entries, g->n);
    owners_keep(g);
    g->n = 0;
    buf_clear(&g->rdata);
    return err;
}

/* ------------------------------------------------------------------ records */

static int entry_add(struct gathering *g, const struct reread_record *r)
{
    if (++g->record_n > LIMIT_ZONE_RECORDS)
        return ERR_LIMIT;
    struct entry *entries = grow_items(g->entries, g->n, &g->cap, sizeof(*entries));
    if (entries == NULL)
        return ERR_NOMEM;
    g->entries = entries;
    bool sig = r->type == KNOT_RRTYPE_RRSIG;
    g->entries[g->n++] =
        (struct entry){.ttl = r->ttl, .type = sig ? wire_u16(r->rdata) : r->type, .sig = sig};
    size_t size = knot_rdata_size((uint16_t)r->rdata_len);
    buf_reserve(&g->rdata, size);
    if (!buf_ok(&g->rdata))
        return ERR_NOMEM;
    knot_rdata_init((knot_rdata_t *)(void *)(g->rdata.data + g->rdata.len), (uint16_t)r->rdata_len,
                    r->rdata);
    g->rdata.len += size;
    return ERR_OK;
}

static int record_take(void *ctx, const struct reread_record *r)
{
    struct gathering *g = ctx;
    int err = ERR_OK;
    if (r->owner_is_new) {
        bool first = !zone_builder_has_apex(g->builder);
        err = first ? zone_builder_set_apex(g->builder, r->owner) : node_emit(g);
        if (first)
            emitter_init(&g->emitter, g->builder, NULL);
        memcpy(g->owner, r->owner, r->owner_len);
    }
    return err == ERR_OK ? entry_add(g, r) : err;
}

int zone_reread(const char *name, const char *text, size_t len, struct zone **ret)
{
    AUTO(gathering) struct gathering g = {.builder = zone_builder_new(NULL, name)};
    if (g.builder == NULL)
        return ERR_NOMEM;
    int err = reread(text, len, record_take, &g, NULL);
    if (err == ERR_OK)
        err = node_emit(&g);
    if (err != ERR_OK)
        return err;
    AUTO_PTR(zone) struct zone *z = zone_new(g.builder->apex, name);
    if (z == NULL)
        return ERR_NOMEM;
    err = emit_end(&g.emitter, z);
    if (err == ERR_OK)
        *ret = TAKE(z);
    return err;
}
