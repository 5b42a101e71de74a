/*
 * zones/text_put.h -- private: values as text through a bare pointer.
 *
 * Each put_ function writes at P and returns where the next octet goes; no NUL, no bounds: whoever
 * calls has reserved the room (TEXT_ROOM). Table-driven and inline because libraries cost several
 * times as much, which over the 5 million records of a signed zone with a million names is seconds;
 * tests/unit/zones/test_text.c holds them against libknot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Text of LEN octets of rdata without a type bitmap: at most 4 characters an octet ("\255", or
   "255 "), and a type mnemonic. */
#define TEXT_ROOM(len) (4 * (size_t)(len) + 64)
/* With a type bitmap: 8 times "TYPE65535 " an octet. */
#define TEXT_ROOM_BITMAP(len) (88 * (size_t)(len) + 64)

extern const char text_digit_pairs[201]; /* "000102…99" */
extern const char text_base64_pairs[64][128];
extern const uint8_t text_name_plain[256]; /* 1: printed as it is in a name */
extern const char text_base32hex[33];      /* lower case, as libknot prints it */
extern const char text_hex_upper[17];

static inline bool text_is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char *put_bytes(char *p, const void *data, size_t len)
{
    memcpy(p, data, len);
    return p + len;
}

static inline char *put_2_digits(char *p, uint32_t v)
{
    memcpy(p, text_digit_pairs + 2 * (size_t)v, 2);
    return p + 2;
}

static inline char *put_4_digits(char *p, uint32_t v)
{
    return put_2_digits(put_2_digits(p, v / 100), v % 100);
}

/* V < 10000, without leading zeros. */
static inline char *put_small(char *p, uint32_t v)
{
    if (v >= 1000)
        return put_4_digits(p, v);
    if (v >= 100) {
        *p++ = (char)('0' + v / 100);
        return put_2_digits(p, v % 100);
    }
    if (v >= 10)
        return put_2_digits(p, v);
    *p = (char)('0' + v);
    return p + 1;
}

static inline char *put_u32(char *p, uint32_t v)
{
    if (v < 10000)
        return put_small(p, v);
    if (v < 100000000)
        return put_4_digits(put_small(p, v / 10000), v % 10000);
    p = put_small(p, v / 100000000);
    return put_4_digits(put_4_digits(p, v / 10000 % 10000), v % 10000);
}

static inline char *put_char(char *p, char c)
{
    *p = c;
    return p + 1;
}

/* V and the blank behind a field. */
static inline char *put_field(char *p, uint32_t v)
{
    return put_char(put_u32(p, v), ' ');
}

static inline char *put_hex(char *p, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        *p++ = text_hex_upper[data[i] >> 4];
        *p++ = text_hex_upper[data[i] & 15];
    }
    return p;
}

/* "\007" */
static inline char *put_octet_escaped(char *p, uint8_t c)
{
    p[0] = '\\';
    p[1] = (char)('0' + c / 100);
    return put_2_digits(p + 2, c % 100u);
}

/* YYYYMMDDHHmmSS of seconds since 1970, up to 2106 (RFC 4034 s3.2). */
char *put_time(char *p, uint32_t at);
/* RFC 4648 s4, with padding. */
char *put_base64(char *p, const uint8_t *data, size_t len);
/* RFC 4648 s7 (RFC 5155 s3.3). LEN is a multiple of 5: no padding is needed. */
char *put_base32hex(char *p, const uint8_t *data, size_t len);
/* NAME with the dot at its end, escapes as libknot writes them. NAME is a whole name. */
char *put_name(char *p, const uint8_t *name);
