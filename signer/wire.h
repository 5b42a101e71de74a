/*
 * signer/wire.h -- numbers in network order, and the records of an RRset one after the other. Pure.
 *
 * For the signing half only: verify*.c stands on code of its own, so that a fault here does not
 * hide itself.
 */
#pragma once

#include <stdint.h>

#include "zones/zones.h"

static inline uint16_t wire_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_u32(const uint8_t *p)
{
    return (uint32_t)wire_u16(p) << 16 | wire_u16(p + 2);
}

static inline void wire_put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void wire_put_u32(uint8_t *p, uint32_t v)
{
    wire_put_u16(p, (uint16_t)(v >> 16));
    wire_put_u16(p + 2, (uint16_t)v);
}

/* knot_rdataset_next for what must not change. */
static inline const knot_rdata_t *wire_next(const knot_rdata_t *rr)
{
    return (const knot_rdata_t *)((const uint8_t *)rr + knot_rdata_size(rr->len));
}
