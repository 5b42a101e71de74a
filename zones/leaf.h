/*
 * zones/leaf.h -- private to zones/ and signer/: up to ZONE_LEAF_NODES packed records in one
 * allocation, counted, so that snapshots share them.
 *
 * A leaf of contents and a leaf of DNSSEC records go together: record I of both is of one node.
 * Immutable once others can see it. Functions return NULL when memory is out.
 */
#pragma once

#include <stdatomic.h>

#include "common/buf.h"
#include "zones/zones.h"

struct leaf {
    atomic_uint holders;
    uint32_t node_n;
    uint32_t record_n; /* records and signatures */
    uint32_t expires;  /* earliest expiration, by RFC 1982 order; DNSSEC leaves only */
    bool has_expires;
    uint32_t offset[]; /* node_n of them, from the start of the octets behind them;
                          LEAF_NONE: no DNSSEC record */
};
#define LEAF_NONE UINT32_MAX

struct leaf *leaf_ref(struct leaf *l); /* NULL stays NULL */
void leaf_free(struct leaf *l);
DEFINE_AUTO_PTR(leaf)

static inline const uint8_t *leaf_at(const struct leaf *l, uint32_t i)
{
    return l->offset[i] == LEAF_NONE ? NULL
                                     : (const uint8_t *)(l->offset + l->node_n) + l->offset[i];
}

/* Leaves on their way: records are appended to `octets` by zones/pack.h, then noted here. */
struct leaf_maker {
    struct buf octets;
    uint32_t offset[2 * ZONE_LEAF_NODES];
    uint32_t node_n;
    uint32_t record_n;
    uint32_t expires;
    bool has_expires;
};
void leaf_maker_done(struct leaf_maker *m);
DEFINE_AUTO(leaf_maker)
void leaf_maker_clear(struct leaf_maker *m); /* keeps the memory */
/* The content record that starts at START of `octets`; and one made elsewhere. */
void leaf_note_content(struct leaf_maker *m, size_t start);
void leaf_add_content(struct leaf_maker *m, const uint8_t *content);
/* The same for a DNSSEC record, NODE being what it belongs to; RECORD NULL: none. */
void leaf_note_dnssec(struct leaf_maker *m, const struct zone_node *node, size_t start);
void leaf_add_dnssec(struct leaf_maker *m, const struct zone_node *node, const uint8_t *record);
/* A leaf of exactly the size of what was noted. The octets keep their offsets. */
struct leaf *leaf_make(const struct leaf_maker *m);
static inline uint8_t *leaf_octets(struct leaf *l)
{
    return (uint8_t *)(l->offset + l->node_n);
}
