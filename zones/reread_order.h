/*
 * zones/reread_order.h -- private: do records come in the order of our zone files (zones/reread.h)?
 *
 * Pure. Everything handed over is borrowed for the call, but for the rdata: that of the record
 * before must still be there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/reread.h"
#include "zones/snapshot.h"

struct reread_order {
    uint8_t bytes[3][NAME_KEY_MAX];
    struct name_key apex;
    struct name_key owner; /* in bytes[1] or bytes[2] */
    uint32_t rank;         /* of the RRset before, in its owner's order */
    bool is_sig;
    uint32_t record_n; /* of that RRset, or of its RRSIGs */
    uint32_t ttl;
    const uint8_t *rdata;
    size_t rdata_len;
};

/* APEX NULL: the SOA comes first. Else something after the apex of that zone. */
void reread_order_begin(struct reread_order *o, const uint8_t *apex);

/* False: R is not what may follow. */
bool reread_order_next(struct reread_order *o, const struct reread_record *r);
