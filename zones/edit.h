/*
 * zones/edit.h -- private to zones/ and signer/: records taken out of and put into a snapshot, as
 * the new contents of the nodes that they touch.
 *
 * Errors: ERR_FINDINGS with a finding for a record outside the zone or malformed; ERR_LIMIT with
 * one for an RRset that grows too large; ERR_NOMEM.
 */
#pragma once

#include "common/arena.h"
#include "zones/zones.h"

struct zone_edit {
    const uint8_t *owner;
    const uint8_t *content; /* packed; NULL: nothing is left of the name */
};

struct zone_edits {
    struct arena *arena;
    struct zone_edit *items; /* in canonical order, each owner once */
    size_t n;
    size_t cap;
};
void zone_edits_done(struct zone_edits *e);
DEFINE_AUTO(zone_edits)

/*
 * All nodes of the names of Z whose content is another without REMOVED and with ADDED, among them
 * those that come to lie below a delegation or DNAME, or no longer do. Removals come first. A
 * record to remove is known by its owner, type and data; of those to add that are there only the
 * TTL counts, and the lowest is that of the RRset (RFC 2181 s5.2), as when a zone file is read.
 * RRSIG, NSEC and NSEC3 cannot be edited: they are ERR_FINDINGS.
 */
int zone_edits_make(const struct zone *z, const struct records *removed,
                    const struct records *added, struct zone_edits *ret,
                    struct diags *diags) MUST_USE;
