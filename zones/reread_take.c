/*
 * zones/reread_take.c -- see zones/reread_take.h.
 */
#include "zones/reread_take.h"

#include <string.h>

#include "zones/text_int.h"
#include "zones/text_put.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The octet behind "\" or "\DDD"; only octets that must be escaped are. */
static const char *take_escaped(const char *p, uint8_t *ret)
{
    if (*p != '\\')
        return NULL;
    p++;
    if (!is_digit(p[0])) {
        *ret = (uint8_t)*p;
        /* "\#" opens generic data; blanks and beyond are written in digits */
        return *p > ' ' && *p < 0x7f && *p != '#' && !text_name_plain[*ret] ? p + 1 : NULL;
    }
    if (!is_digit(p[1]) || !is_digit(p[2]))
        return NULL;
    int v = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
    if (v > 255 || text_name_plain[v])
        return NULL;
    *ret = (uint8_t)v;
    return p + 3;
}

/* The octets of a label up to its dot; *LEN octets of OUT are used so far. */
static const char *take_label(const char *p, uint8_t *out, size_t *len)
{
    size_t start = (*len)++;
    size_t n = *len;
    for (; *p != '.'; n++) {
        uint8_t c = (uint8_t)*p;
        if (n >= 254) /* the root label still has to fit into 255 (RFC 1035 s2.3.4) */
            return NULL;
        if (text_name_plain[c] && !(c >= 'A' && c <= 'Z')) {
            out[n] = c;
            p++;
            continue;
        }
        p = take_escaped(p, &out[n]);
        if (p == NULL)
            return NULL;
    }
    size_t label = n - start - 1;
    if (label == 0 || label > 63)
        return NULL;
    out[start] = (uint8_t)label;
    *len = n;
    return p + 1;
}

const char *take_name(const char *p, uint8_t *out, size_t *ret_len)
{
    size_t len = 0;
    if (p != NULL && *p == '.') {
        p++;
    } else {
        do {
            p = p == NULL ? NULL : take_label(p, out, &len);
            if (p == NULL)
                return NULL;
        } while (*p != ' ' && *p != '\n');
    }
    out[len] = 0;
    *ret_len = len + 1;
    return p;
}

/* ------------------------------------------------------------------ types */

/* The last eight characters are enough to tell mnemonics apart in the table. */
static uint8_t type_hash(uint64_t text)
{
    return (uint8_t)(text * UINT64_C(0x9e3779b97f4a7c15) >> 56);
}

void type_index_make(struct type_index *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (uint16_t type = 0; type < TEXT_TYPES; type++) {
        uint64_t text = 0;
        for (size_t i = 0; i < text_types[type].len; i++)
            text = text << 8 | (uint8_t)text_types[type].text[i];
        uint8_t slot = type_hash(text);
        while (text != 0 && ret->slots[slot] != 0)
            slot++;
        if (text != 0)
            ret->slots[slot] = type;
    }
}

const char *take_type(const char *p, const struct type_index *types, uint16_t *ret)
{
    uint64_t text = 0;
    size_t len = 0;
    if (p == NULL)
        return NULL;
    for (; text_is_alnum((uint8_t)p[len]) && len <= 10; len++)
        text = text << 8 | (uint8_t)p[len];
    if (p[len] != ' ' && p[len] != '\n')
        return NULL;
    for (uint8_t slot = type_hash(text); types->slots[slot] != 0; slot++) {
        const struct text_type *type = &text_types[types->slots[slot]];
        if (type->len == len && memcmp(type->text, p, len) == 0) {
            *ret = types->slots[slot];
            return p + len;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------ octets */

/* Values of characters, plus one: 0 is no such character. */
#define V(c, v) [c] = (v) + 1
static const uint8_t hex_value[256] = {
    V('0', 0),  V('1', 1),  V('2', 2),  V('3', 3),  V('4', 4),  V('5', 5),  V('6', 6),  V('7', 7),
    V('8', 8),  V('9', 9),  V('A', 10), V('B', 11), V('C', 12), V('D', 13), V('E', 14), V('F', 15),
    V('a', 10), V('b', 11), V('c', 12), V('d', 13), V('e', 14), V('f', 15),
};

static const uint8_t base64_value[256] = {
    V('A', 0),  V('B', 1),  V('C', 2),  V('D', 3),  V('E', 4),  V('F', 5),  V('G', 6),  V('H', 7),
    V('I', 8),  V('J', 9),  V('K', 10), V('L', 11), V('M', 12), V('N', 13), V('O', 14), V('P', 15),
    V('Q', 16), V('R', 17), V('S', 18), V('T', 19), V('U', 20), V('V', 21), V('W', 22), V('X', 23),
    V('Y', 24), V('Z', 25), V('a', 26), V('b', 27), V('c', 28), V('d', 29), V('e', 30), V('f', 31),
    V('g', 32), V('h', 33), V('i', 34), V('j', 35), V('k', 36), V('l', 37), V('m', 38), V('n', 39),
    V('o', 40), V('p', 41), V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47),
    V('w', 48), V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53), V('2', 54), V('3', 55),
    V('4', 56), V('5', 57), V('6', 58), V('7', 59), V('8', 60), V('9', 61), V('+', 62), V('/', 63),
};
#undef V

const char *take_hex(const char *p, uint8_t **out)
{
    uint8_t *o = *out;
    if (p == NULL)
        return NULL;
    for (;; p += 2) {
        uint8_t high = hex_value[(uint8_t)p[0]];
        if (high == 0)
            break;
        uint8_t low = hex_value[(uint8_t)p[1]];
        if (low == 0)
            return NULL;
        *o++ = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    if (o == *out)
        return NULL;
    *out = o;
    return p;
}

/* Four characters; false when one is none of the alphabet. */
static inline bool base64_4(const char *p, uint32_t *ret)
{
    uint32_t a = base64_value[(uint8_t)p[0]];
    uint32_t b = base64_value[(uint8_t)p[1]];
    uint32_t c = base64_value[(uint8_t)p[2]];
    uint32_t d = base64_value[(uint8_t)p[3]];
    *ret = ((a - 1) << 18) + ((b - 1) << 12) + ((c - 1) << 6) + (d - 1);
    return a != 0 && b != 0 && c != 0 && d != 0;
}

/* The last four, "xx==", "xxx=" or whole; bits that belong to no octet must be zero. */
static const char *base64_last(const char *p, uint8_t **out)
{
    const char quad[4] = {p[0], p[1], p[2] == '=' && p[3] == '=' ? 'A' : p[2],
                          p[3] == '=' ? 'A' : p[3]};
    size_t n = p[3] != '=' ? 3 : p[2] != '=' ? 2 : 1;
    uint32_t v = 0;
    if (!base64_4(quad, &v) || (v & (0xffffffu >> (8 * n)) & 0xffffffu) != 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        *(*out)++ = (uint8_t)(v >> (16 - 8 * i));
    return p + 4;
}

const char *take_base64(const char *p, const char *end, uint8_t **out)
{
    if (p == NULL || end - p < 4 || (end - p) % 4 != 0)
        return NULL;
    uint8_t *o = *out;
    for (; end - p > 4; p += 4, o += 3) {
        uint32_t v = 0;
        if (!base64_4(p, &v))
            return NULL;
        o[0] = (uint8_t)(v >> 16);
        o[1] = (uint8_t)(v >> 8);
        o[2] = (uint8_t)v;
    }
    *out = o;
    return base64_last(p, out);
}

const char *take_base32hex(const char *p, uint8_t **out)
{
    uint64_t bits = 0;
    unsigned bit_n = 0;
    uint8_t *start = *out;
    if (p == NULL)
        return NULL;
    for (;; p++) {
        char c = *p;
        if (is_digit(c))
            bits = bits << 5 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'v')
            bits = bits << 5 | (uint64_t)(c - 'a' + 10);
        else
            break;
        bit_n += 5;
        if (bit_n >= 8) {
            bit_n -= 8;
            *(*out)++ = (uint8_t)(bits >> bit_n);
        }
    }
    return *out == start || bit_n != 0 || (*out - start) % 5 != 0 ? NULL : p;
}

/* ------------------------------------------------------------------ time */

/* N digits; false when there are fewer. */
static bool digits(const char *p, size_t n, uint32_t *ret)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return false;
        v = 10 * v + (uint32_t)(p[i] - '0');
    }
    *ret = v;
    return true;
}

const char *take_time(const char *p, uint32_t *ret)
{
    static const uint16_t before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    uint32_t year = 0;
    uint32_t month = 0;
    uint32_t day = 0;
    uint32_t hour = 0;
    uint32_t minute = 0;
    uint32_t s = 0;
    if (p == NULL || !digits(p, 4, &year) || !digits(p + 4, 2, &month) || !digits(p + 6, 2, &day) ||
        !digits(p + 8, 2, &hour) || !digits(p + 10, 2, &minute) || !digits(p + 12, 2, &s))
        return NULL;
    if (year < 1970 || year > 2106 || month < 1 || month > 12 || day < 1 || hour > 23 ||
        minute > 59 || s > 59)
        return NULL;
    bool leap = year % 4 == 0 && year != 2100;
    if (day > before[month] - before[month - 1] + (uint32_t)(leap && month == 2))
        return NULL;
    uint64_t days = UINT64_C(365) * (year - 1970) + (year - 1969) / 4 - (year > 2100) +
                    before[month - 1] + (leap && month > 2) + (day - 1);
    uint64_t at = ((days * 24 + hour) * 60 + minute) * 60 + s;
    if (at > UINT32_MAX)
        return NULL;
    *ret = (uint32_t)at;
    return p + 14;
}
