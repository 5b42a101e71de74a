/*
 * zones/builder.h -- private: what the loader needs of the builder beyond zones/zones.h, and what
 * builder.c (taking records), builder_finish.c (sorting) and builder_emit.c (packing) share.
 */
#pragma once

#include "common/arena.h"
#include "zones/snapshot.h"

struct entry {
    const knot_rdata_t *rdata; /* in the arena */
    uint32_t ttl;
    uint32_t line;
    uint16_t type; /* of a signature: the type that it covers */
    bool sig;
};

/* Records that came one after the other and have the same owner. */
struct run {
    const uint8_t *owner;
    uint32_t entry; /* the first one; they go on to that of the next run */
    uint32_t owner_len;
};

struct zone_builder {
    struct arena *arena;
    const uint8_t *apex;
    const char *file;
    struct run *runs;
    size_t run_n;
    size_t run_cap;
    struct entry *entries;
    size_t entry_n;
    size_t entry_cap;
    bool duplicates_allowed;
    const struct zone *around; /* NULL: all names are here */
};

/* zone_builder_new takes a NULL apex; it must be set before zone_builder_finish. */
int zone_builder_set_apex(struct zone_builder *b, const uint8_t *apex) MUST_USE;
bool zone_builder_has_apex(const struct zone_builder *b);

/* Duplicates are merged without a finding: for overlays, where saying a thing twice is meant. */
void zone_builder_allow_duplicates(struct zone_builder *b);

/* The nodes will go into Z, which must live as long as B: what lies above them is found there. */
void zone_builder_set_around(struct zone_builder *b, const struct zone *z);

/* ------------------------------------------------------------------ builder_emit.c */

/* Sorted entries, node by node in canonical order, into the packed orders of a zone. */
struct emitter {
    const struct zone_builder *builder;
    struct diags *diags;
    struct order_maker names;
    struct order_maker nsec3;
    struct flag_walk flags;
    struct buf rdata; /* of one RRset */
};
void emitter_init(struct emitter *e, const struct zone_builder *b, struct diags *diags);
void emitter_done(struct emitter *e);
DEFINE_AUTO(emitter)
/* ENTRIES by type, data before signatures, in canonical order, without duplicates. */
int emit_node(struct emitter *e, const uint8_t *owner, const struct entry *entries,
              size_t n) MUST_USE;
int emit_end(struct emitter *e, struct zone *z) MUST_USE;
