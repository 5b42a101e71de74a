/*
 * zones/wire.h -- private to zones/ and signer/: integers and names in wire format, read and
 * written in place, and the records of an RRset one after the other.
 *
 * Pure. Integers are in network order, at any alignment. Not for signer/verify*.c, which stands on
 * code of its own, so that a fault here does not hide itself.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libknot/rdata.h>

static inline uint16_t wire_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_put_u16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void wire_put_u32(uint8_t *p, uint32_t v)
{
    wire_put_u16(p, v >> 16);
    wire_put_u16(p + 2, v);
}

/* Octets of the uncompressed name that DATA begins with; 0: there is none (RFC 1035 s3.1). */
static inline size_t wire_name_len(const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && n < 255) {
        uint8_t label = data[n];
        if (label > 63)
            return 0;
        n += 1u + label;
        if (label == 0)
            return n;
    }
    return 0;
}

/* knot_rdataset_next for what must not change. */
static inline const knot_rdata_t *wire_next(const knot_rdata_t *rr)
{
    return (const knot_rdata_t *)((const uint8_t *)rr + knot_rdata_size(rr->len));
}
