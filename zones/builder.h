/*
 * zones/builder.h -- private: what the loader needs of the builder beyond zones/zones.h, and what
 * builder.c (taking records) and builder_finish.c (making the snapshot) share.
 */
#pragma once

#include "common/arena.h"
#include "zones/zones.h"

struct entry {
    const knot_rdata_t *rdata; /* in the arena */
    uint32_t run;              /* later: the node */
    uint32_t ttl;
    uint32_t line;
    uint16_t type; /* of a signature: the type that it covers */
    bool sig;
};

struct zone_builder {
    struct arena *arena;
    const uint8_t *apex;
    const char *file;
    const uint8_t **runs; /* owners */
    size_t run_n;
    size_t run_cap;
    struct entry *entries;
    size_t entry_n;
    size_t entry_cap;
    bool duplicates_allowed;
};

/* zone_builder_new takes a NULL apex; it must be set before zone_builder_finish. */
int zone_builder_set_apex(struct zone_builder *b, const uint8_t *apex) MUST_USE;
bool zone_builder_has_apex(const struct zone_builder *b);

/* Duplicates are merged without a finding: for overlays, where saying a thing twice is meant. */
void zone_builder_allow_duplicates(struct zone_builder *b);
