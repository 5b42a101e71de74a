/*
 * zones/reread_take.h -- private: fields of a line that we wrote, as wire data.
 *
 * Each take_ function reads at P and returns where it stopped, or NULL where the text is not
 * exactly what our printers write. A line always ends in a newline, which no field contains: that
 * is what keeps all of them inside the text. NULL in gives NULL out, so calls can follow one
 * another and the last result tells. Room for the result is the caller's business
 * (REREAD_LINE_MAX).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zones/wire.h"

/* Longer lines go to libzscanner. No octet of text makes more than 34 octets of rdata (a type
   bitmap window from one character), and all windows together are under 9,000. */
#define REREAD_LINE_MAX ((size_t)32768)

static inline const char *take_char(const char *p, char c)
{
    return p != NULL && *p == c ? p + 1 : NULL;
}

/* Up to MAX; no leading zeros. */
static inline const char *take_u32(const char *p, uint32_t max, uint32_t *ret)
{
    if (p == NULL || *p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
        return NULL;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        v = 10 * v + (uint64_t)(*p - '0');
        if (v > max)
            return NULL;
    }
    *ret = (uint32_t)v;
    return p;
}

/* A number of so many bits into *OUT, which moves on. */
static inline const char *take_number(const char *p, unsigned bits, uint8_t **out)
{
    uint32_t v = 0;
    p = take_u32(p, UINT32_MAX >> (32 - bits), &v);
    for (; bits > 0; bits -= 8)
        *(*out)++ = (uint8_t)(v >> (bits - 8));
    return p;
}

/* The same with the blank behind it. */
static inline const char *take_field(const char *p, unsigned bits, uint8_t **out)
{
    return take_char(take_number(p, bits, out), ' ');
}

/* An absolute name without upper-case letters into OUT of 256 octets, of which the first *RET_LEN
 * are used. */
const char *take_name(const char *p, uint8_t *out, size_t *ret_len);

/* The mnemonics of text_types, by a hash of their text. */
struct type_index {
    uint16_t slots[256]; /* 0: free */
};
void type_index_make(struct type_index *ret);

/* A type mnemonic that stands in the index; ends before a blank or a newline. */
const char *take_type(const char *p, const struct type_index *types, uint16_t *ret);

/* Octets in hex of either case, in base64, in base32hex (a multiple of 5); at least one. *OUT moves
   on. */
const char *take_hex(const char *p, uint8_t **out);
const char *take_base64(const char *p, const char *end, uint8_t **out);
const char *take_base32hex(const char *p, uint8_t **out);

/* YYYYMMDDHHmmSS */
const char *take_time(const char *p, uint32_t *ret);

/*
 * The data of a record of TYPE, from P up to the newline at END, into OUT. Octets, or 0 when TYPE
 * has no reader of its own or the text is in any way unusual. The data is in canonical form but for
 * the case of names.
 */
size_t take_data(uint16_t type, const struct type_index *types, const char *p, const char *end,
                 uint8_t *out);
