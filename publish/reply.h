/*
 * publish/reply.h -- DNS messages that came, read by libknot; not public.
 *
 * Pure. Errors: ERR_NOMEM; a malformed message is an empty one.
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "common/buf.h"
#include "common/own.h"

struct reply {
    knot_pkt_t *pkt; /* NULL: malformed */
    uint8_t *copy;
    uint8_t rcode;
};
void reply_done(struct reply *r);
DEFINE_AUTO(reply)
int reply_read(struct bytes message, struct reply *ret) MUST_USE;

/* Record data of OWNER (lower case; NULL: any) and TYPE in SECTION, number *POS and on; false: no
   more. RET_OWNER (or NULL) gets its owner, which lives as long as R. */
struct reply_walk {
    uint16_t set;
    uint16_t record;
};
bool reply_next(const struct reply *r, knot_section_t section, const uint8_t *owner, uint16_t type,
                struct reply_walk *pos, struct bytes *ret, const uint8_t **ret_owner);
