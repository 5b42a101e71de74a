/*
 * zones/ttl_clamp.h -- private: a snapshot with other TTLs. Nodes are handed in one by one, set by
 * set; those in which something changed are packed anew, all others stay shared.
 *
 * Signatures are kept as they are, with their original TTL: whoever changes a signed zone signs it
 * again. Errors: ERR_NOMEM.
 */
#pragma once

#include "common/arena.h"
#include "zones/tree.h"

struct clamp {
    struct arena *arena; /* packed records */
    struct buf content;  /* of the node at hand */
    struct buf dnssec;
    size_t start;
    uint32_t set_n;
    struct tree_edit *edits;
    size_t n;
    size_t cap;
};
void clamp_done(struct clamp *c);
DEFINE_AUTO(clamp)

void clamp_node_open(struct clamp *c, const struct zone_node *node);
/* SET of the node as it shall be. All of them, in order. */
void clamp_set(struct clamp *c, const struct zone_rrset *set);
int clamp_node_close(struct clamp *c, const struct zone_node *node, bool changed) MUST_USE;
/* Z with the changed nodes. */
int clamp_finish(const struct clamp *c, const struct zone *z, struct zone **ret) MUST_USE;
