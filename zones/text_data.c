/*
 * zones/text_data.c -- the data of common record types as text, see zones/text_int.h.
 *
 * Each printer takes the rdata of its type and gives up (NULL) on anything it does not expect; the
 * caller then starts over with libknot. So a printer only has to be right where it says something.
 */
#include <libknot/descriptor.h>

#include "zones/text_int.h"
#include "zones/text_put.h"
#include "zones/wire.h"

/* ------------------------------------------------------------------ parts */

/* The name at the start of DATA and, when ALL, nothing behind it. RET_LEN may be NULL. */
static char *name_put(char *p, const uint8_t *data, size_t len, size_t *ret_len)
{
    size_t n = wire_name_len(data, len);
    if (n == 0 || (ret_len == NULL && n != len))
        return NULL;
    if (ret_len != NULL)
        *ret_len = n;
    return put_name(p, data);
}

/* A name to the end of the data behind N fields of 16 bits. */
static char *fields_name_put(char *p, const uint8_t *data, size_t len, size_t n)
{
    if (len < 2 * n)
        return NULL;
    for (size_t i = 0; i < n; i++)
        p = put_field(p, wire_u16(data + 2 * i));
    return name_put(p, data + 2 * n, len - 2 * n, NULL);
}

/* A character-string in quotes (RFC 1035 s5.1). */
static char *string_put(char *p, const uint8_t *data, size_t len)
{
    *p++ = '"';
    for (const uint8_t *end = data + len; data < end; data++) {
        if (*data < 0x20 || *data > 0x7e) {
            p = put_octet_escaped(p, *data);
            continue;
        }
        if (*data == '"' || *data == '\\')
            *p++ = '\\';
        *p++ = (char)*data;
    }
    return put_char(p, '"');
}

/* One window of a type bitmap: TYPES has N octets. NULL: a type without a readable mnemonic. */
static char *window_put(char *p, uint8_t window, const uint8_t *types, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (uint8_t bits = types[i]; bits != 0;) {
            unsigned bit = (unsigned)__builtin_clz(bits) - 24;
            bits &= (uint8_t)(0x7f >> bit);
            uint16_t type = (uint16_t)((unsigned)window << 8 | (unsigned)(8 * i + bit));
            if (text_type_is_unreadable(type))
                return NULL;
            p = put_type(put_char(p, ' '), type);
        }
    }
    return p;
}

/* The types of a bitmap (RFC 4034 s4.1.2), a blank before each. */
static char *bitmap_put(char *p, const uint8_t *data, size_t len)
{
    while (len > 0 && p != NULL) {
        if (len < 3 || data[1] == 0 || data[1] > 32 || len < 2u + data[1])
            return NULL;
        size_t n = data[1];
        p = window_put(p, data[0], data + 2, n);
        data += 2 + n;
        len -= 2 + n;
    }
    return p;
}

/* ------------------------------------------------------------------ by type */

static char *a_put(char *p, const uint8_t *data, size_t len)
{
    if (len != 4)
        return NULL;
    p = put_char(put_small(p, data[0]), '.');
    p = put_char(put_small(p, data[1]), '.');
    p = put_char(put_small(p, data[2]), '.');
    return put_small(p, data[3]);
}

/* The longest run of two or more zero groups; FROM 8: none. Of equals libknot takes the first that
   has neighbours on both sides, others the first of all. Every reader takes both; what counts is
   that an address has one text. */
static void zeros_find(const uint16_t group[8], unsigned *ret_from, unsigned *ret_n)
{
    unsigned best = 0;
    *ret_from = 8;
    *ret_n = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned from = i;
        while (i < 8 && group[i] == 0)
            i++;
        unsigned weight = 2 * (i - from) + (from > 0 && i < 8);
        if (i - from > 1 && weight > best) {
            best = weight;
            *ret_from = from;
            *ret_n = i - from;
        }
    }
}

static char *group_put(char *p, uint16_t group)
{
    static const char digits[] = "0123456789abcdef";
    for (int shift = group > 0xfff  ? 12
                     : group > 0xff ? 8
                     : group > 0xf  ? 4
                                    : 0;
         shift >= 0; shift -= 4)
        *p++ = digits[group >> shift & 15];
    return p;
}

static char *aaaa_put(char *p, const uint8_t *data, size_t len)
{
    uint16_t group[8];
    unsigned zeros = 0;
    unsigned zero_n = 0;
    if (len != 16)
        return NULL;
    for (unsigned i = 0; i < 8; i++)
        group[i] = wire_u16(data + 2 * (size_t)i);
    /* addresses that hold an IPv4 one have forms of their own, and are rare */
    if ((group[0] | group[1] | group[2] | group[3]) == 0)
        return NULL;
    zeros_find(group, &zeros, &zero_n);
    for (unsigned i = 0; i < 8; i++) {
        if (i == zeros) {
            *p++ = ':';
            i += zero_n - 1;
            if (i == 7)
                *p++ = ':';
            continue;
        }
        if (i > 0)
            *p++ = ':';
        p = group_put(p, group[i]);
    }
    return p;
}

static char *soa_put(char *p, const uint8_t *data, size_t len)
{
    for (int i = 0; i < 2; i++) {
        size_t n = 0;
        p = name_put(p, data, len, &n);
        if (p == NULL)
            return NULL;
        *p++ = ' ';
        data += n;
        len -= n;
    }
    if (len != 20)
        return NULL;
    for (size_t i = 0; i < 16; i += 4)
        p = put_field(p, wire_u32(data + i));
    return put_u32(p, wire_u32(data + 16));
}

static char *txt_put(char *p, const uint8_t *data, size_t len)
{
    if (len == 0)
        return NULL;
    for (;;) {
        size_t n = data[0];
        if (len < 1 + n)
            return NULL;
        p = string_put(p, data + 1, n);
        data += 1 + n;
        len -= 1 + n;
        if (len == 0)
            return p;
        *p++ = ' ';
    }
}

/* DS and CDS (RFC 4034 s5.3): key tag, algorithm, digest type, digest. */
static char *ds_put(char *p, const uint8_t *data, size_t len)
{
    if (len < 5)
        return NULL;
    p = put_field(p, wire_u16(data));
    p = put_field(p, data[2]);
    p = put_field(p, data[3]);
    return put_hex(p, data + 4, len - 4);
}

/* DNSKEY and CDNSKEY (RFC 4034 s2.2). */
static char *dnskey_put(char *p, const uint8_t *data, size_t len)
{
    if (len < 5)
        return NULL;
    p = put_field(p, wire_u16(data));
    p = put_field(p, data[2]);
    p = put_field(p, data[3]);
    return put_base64(p, data + 4, len - 4);
}

/* RFC 4034 s3.2 */
static char *rrsig_put(char *p, const uint8_t *data, size_t len)
{
    if (len < 18 || text_type_is_unreadable(wire_u16(data)))
        return NULL;
    p = put_char(put_type(p, wire_u16(data)), ' ');
    p = put_field(p, data[2]);
    p = put_field(p, data[3]);
    p = put_field(p, wire_u32(data + 4));
    p = put_char(put_time(p, wire_u32(data + 8)), ' ');
    p = put_char(put_time(p, wire_u32(data + 12)), ' ');
    p = put_field(p, wire_u16(data + 16));
    size_t n = 0;
    p = name_put(p, data + 18, len - 18, &n);
    if (p == NULL || len == 18 + n)
        return NULL;
    return put_base64(put_char(p, ' '), data + 18 + n, len - 18 - n);
}

static char *nsec_put(char *p, const uint8_t *data, size_t len)
{
    size_t n = 0;
    p = name_put(p, data, len, &n);
    return p == NULL ? NULL : bitmap_put(p, data + n, len - n);
}

/* What NSEC3 and NSEC3PARAM begin with (RFC 5155 s3.3, s4.3); RET_LEN octets of data. */
static char *nsec3_head_put(char *p, const uint8_t *data, size_t len, size_t *ret_len)
{
    if (len < 5 || len < 5u + data[4])
        return NULL;
    p = put_field(p, data[0]);
    p = put_field(p, data[1]);
    p = put_field(p, wire_u16(data + 2));
    *ret_len = 5u + data[4];
    return data[4] == 0 ? put_char(p, '-') : put_hex(p, data + 5, data[4]);
}

static char *nsec3param_put(char *p, const uint8_t *data, size_t len)
{
    size_t n = 0;
    p = nsec3_head_put(p, data, len, &n);
    return n == len ? p : NULL;
}

static char *nsec3_put(char *p, const uint8_t *data, size_t len)
{
    size_t n = 0;
    p = nsec3_head_put(p, data, len, &n);
    /* SHA-1 is a multiple of five; libknot pads what is not */
    if (p == NULL || len < n + 1 || data[n] == 0 || data[n] % 5 != 0 || len < n + 1 + data[n])
        return NULL;
    size_t hash_len = data[n];
    p = put_base32hex(put_char(p, ' '), data + n + 1, hash_len);
    n += 1 + hash_len;
    return bitmap_put(p, data + n, len - n);
}

/* TLSA and SMIMEA with three fields (RFC 6698 s2.2), SSHFP with two, then hex. */
static char *fields_hex_put(char *p, const uint8_t *data, size_t len, size_t n)
{
    if (len <= n)
        return NULL;
    for (size_t i = 0; i < n; i++)
        p = put_field(p, data[i]);
    return put_hex(p, data + n, len - n);
}

/* RFC 8976 s2.3 */
static char *zonemd_put(char *p, const uint8_t *data, size_t len)
{
    if (len < 7)
        return NULL;
    p = put_field(p, wire_u32(data));
    return fields_hex_put(p, data + 4, len - 4, 2);
}

/* RFC 8659 s4.1: other tags than of letters and digits could not be read back. */
static char *caa_put(char *p, const uint8_t *data, size_t len)
{
    if (len < 3 || data[1] == 0 || len < 2u + data[1])
        return NULL;
    p = put_field(p, data[0]);
    for (size_t i = 2; i < 2u + data[1]; i++) {
        if (!text_is_alnum(data[i]))
            return NULL;
        *p++ = (char)data[i];
    }
    *p++ = ' ';
    return string_put(p, data + 2 + data[1], len - 2 - data[1]);
}

/* ------------------------------------------------------------------ choice */

size_t text_data_room(uint16_t type, size_t len)
{
    return type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3 ? TEXT_ROOM_BITMAP(len)
                                                                 : TEXT_ROOM(len);
}

char *text_data_put(char *p, uint16_t type, const uint8_t *data, size_t len)
{
    switch (type) {
    case KNOT_RRTYPE_A: return a_put(p, data, len);
    case KNOT_RRTYPE_AAAA: return aaaa_put(p, data, len);
    case KNOT_RRTYPE_NS:
    case KNOT_RRTYPE_CNAME:
    case KNOT_RRTYPE_PTR:
    case KNOT_RRTYPE_DNAME: return name_put(p, data, len, NULL);
    case KNOT_RRTYPE_SOA: return soa_put(p, data, len);
    case KNOT_RRTYPE_MX: return fields_name_put(p, data, len, 1);
    case KNOT_RRTYPE_SRV: return fields_name_put(p, data, len, 3);
    case KNOT_RRTYPE_TXT:
    case KNOT_RRTYPE_SPF: return txt_put(p, data, len);
    case KNOT_RRTYPE_DS:
    case KNOT_RRTYPE_CDS: return ds_put(p, data, len);
    case KNOT_RRTYPE_DNSKEY:
    case KNOT_RRTYPE_CDNSKEY: return dnskey_put(p, data, len);
    case KNOT_RRTYPE_RRSIG: return rrsig_put(p, data, len);
    case KNOT_RRTYPE_NSEC: return nsec_put(p, data, len);
    case KNOT_RRTYPE_NSEC3: return nsec3_put(p, data, len);
    case KNOT_RRTYPE_NSEC3PARAM: return nsec3param_put(p, data, len);
    case KNOT_RRTYPE_TLSA:
    case KNOT_RRTYPE_SMIMEA: return fields_hex_put(p, data, len, 3);
    case KNOT_RRTYPE_SSHFP: return fields_hex_put(p, data, len, 2);
    case KNOT_RRTYPE_ZONEMD: return zonemd_put(p, data, len);
    case KNOT_RRTYPE_CAA: return caa_put(p, data, len);
    default: return NULL;
    }
}
