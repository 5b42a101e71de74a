/*
 * zones/reread_data.c -- the data of common record types from the text that we write, see
 * zones/reread_take.h. The counterpart of zones/text_data.c.
 *
 * Each reader takes from P and returns where it stopped; take_data wants that to be the newline.
 */
#include <string.h>

#include <libknot/descriptor.h>

#include "zones/rdata.h"
#include "zones/reread_take.h"

/* A name to the place where *OUT points, which moves on. */
static const char *name_take(const char *p, uint8_t **out)
{
    size_t len = 0;
    p = take_name(p, *out, &len);
    *out += len;
    return p;
}

static const char *a_take(const char *p, uint8_t **out)
{
    for (int i = 0; i < 3; i++)
        p = take_char(take_number(p, 8, out), '.');
    return take_number(p, 8, out);
}

/* Up to four hex digits in lower case, without leading zeros. */
static const char *group_take(const char *p, uint16_t *ret)
{
    uint32_t v = 0;
    const char *start = p;
    for (; p - start < 5; p++) {
        if (*p >= '0' && *p <= '9')
            v = v << 4 | (uint32_t)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            v = v << 4 | (uint32_t)(*p - 'a' + 10);
        else
            break;
    }
    size_t n = (size_t)(p - start);
    if (n == 0 || n > 4 || (n > 1 && *start == '0'))
        return NULL;
    *ret = (uint16_t)v;
    return p;
}

/* Hex groups, without embedded IPv4; "::" stands for at least one group. */
static const char *aaaa_take(const char *p, uint8_t **out)
{
    uint16_t group[8];
    unsigned n = 0;
    unsigned gap = 8; /* groups before the "::"; 8: there is none */
    for (;;) {
        if (gap == 8 && n < 8 && p[0] == ':' && p[1] == ':') {
            gap = n;
            p += 2;
            if (*p == '\n')
                break;
        } else if (n > 0) {
            p = take_char(p, ':');
        }
        p = p == NULL || n == 8 ? NULL : group_take(p, &group[n++]);
        if (p == NULL)
            return NULL;
        if (*p == '\n')
            break;
    }
    if (gap == 8 ? n != 8 : n > 7)
        return NULL;
    memset(*out, 0, 16);
    for (unsigned i = 0; i < n; i++)
        wire_put_u16(*out + 2 * (size_t)(i < gap ? i : 8 - n + i), group[i]);
    *out += 16;
    return p;
}

static const char *soa_take(const char *p, uint8_t **out)
{
    p = take_char(name_take(p, out), ' ');
    p = take_char(name_take(p, out), ' ');
    for (int i = 0; i < 4; i++)
        p = take_field(p, 32, out);
    return take_number(p, 32, out);
}

/* N numbers of 16 bits and a name: MX, SRV. */
static const char *fields_name_take(const char *p, unsigned n, uint8_t **out)
{
    for (unsigned i = 0; i < n; i++)
        p = take_field(p, 16, out);
    return name_take(p, out);
}

/* A character-string in quotes; escapes only where our printer puts them. */
static const char *string_take(const char *p, uint8_t **out)
{
    uint8_t *start = (*out)++;
    p = take_char(p, '"');
    while (p != NULL && *p != '"') {
        uint8_t c = (uint8_t)*p++;
        if (c < 0x20 || c > 0x7e)
            return NULL;
        if (c == '\\' && (*p == '"' || *p == '\\')) {
            c = (uint8_t)*p++;
        } else if (c == '\\') {
            uint32_t v = 0;
            for (int i = 0; i < 3; i++, p++) {
                if (*p < '0' || *p > '9')
                    return NULL;
                v = 10 * v + (uint32_t)(*p - '0');
            }
            if (v > 255)
                return NULL;
            c = (uint8_t)v;
        }
        *(*out)++ = c;
    }
    if (*out - start > 256)
        return NULL;
    *start = (uint8_t)(*out - start - 1);
    return take_char(p, '"');
}

static const char *txt_take(const char *p, uint8_t **out)
{
    for (;;) {
        p = string_take(p, out);
        if (p == NULL || *p != ' ')
            return p;
        p++;
    }
}

/* 16 bits and two octets: what DS and DNSKEY begin with. */
static const char *ds_head_take(const char *p, uint8_t **out)
{
    return take_field(take_field(take_field(p, 16, out), 8, out), 8, out);
}

static const char *zonemd_take(const char *p, uint8_t **out)
{
    p = take_field(take_field(take_field(p, 32, out), 8, out), 8, out);
    return take_hex(p, out);
}

static const char *time_take(const char *p, uint8_t **out)
{
    uint32_t at = 0;
    p = take_char(take_time(p, &at), ' ');
    wire_put_u32(*out, at);
    *out += 4;
    return p;
}

/* RFC 4034 s3.2 */
static const char *rrsig_take(const char *p, const struct type_index *types, const char *end,
                              uint8_t **out)
{
    uint16_t covered = 0;
    p = take_char(take_type(p, types, &covered), ' ');
    wire_put_u16(*out, covered);
    *out += 2;
    p = take_field(take_field(p, 8, out), 8, out);
    p = take_field(p, 32, out);
    p = time_take(time_take(p, out), out);
    p = take_field(p, 16, out);
    p = take_char(name_take(p, out), ' ');
    return take_base64(p, end, out);
}

/* The types of a bitmap up to the newline, each with a blank before, in rising order. */
static const char *bitmap_take(const char *p, const struct type_index *types, uint8_t **out)
{
    uint8_t *window = NULL;
    int last = -1;
    while (p != NULL && *p != '\n') {
        uint16_t type = 0;
        p = take_type(take_char(p, ' '), types, &type);
        if (p == NULL || type <= last)
            return NULL;
        if (window == NULL || window[0] != type >> 8) {
            window = *out;
            memset(window, 0, 34);
            window[0] = (uint8_t)(type >> 8);
        }
        size_t octet = (type & 0xffu) / 8;
        window[2 + octet] |= (uint8_t)(0x80 >> type % 8);
        window[1] = (uint8_t)(octet + 1);
        *out = window + 3 + octet;
        last = type;
    }
    return p;
}

/* RFC 4034 s4.1.2: an NSEC has at least one type. */
static const char *nsec_take(const char *p, const struct type_index *types, uint8_t **out)
{
    p = name_take(p, out);
    return p == NULL || *p == '\n' ? NULL : bitmap_take(p, types, out);
}

/* RFC 5155 s4.3 */
static const char *nsec3param_take(const char *p, uint8_t **out)
{
    p = take_field(take_field(take_field(p, 8, out), 8, out), 16, out);
    uint8_t *len = (*out)++;
    *len = 0;
    if (p == NULL || *p == '-')
        return p == NULL ? NULL : p + 1;
    p = take_hex(p, out);
    if (*out - len > 256)
        return NULL;
    *len = (uint8_t)(*out - len - 1);
    return p;
}

/* RFC 5155 s3.3 */
static const char *nsec3_take(const char *p, const struct type_index *types, uint8_t **out)
{
    p = take_char(nsec3param_take(p, out), ' ');
    uint8_t *len = (*out)++;
    p = take_base32hex(p, out);
    if (p == NULL || *out - len > 256)
        return NULL;
    *len = (uint8_t)(*out - len - 1);
    return bitmap_take(p, types, out);
}

static const char *data_take(uint16_t type, const struct type_index *types, const char *p,
                             const char *end, uint8_t **out)
{
    switch (type) {
    case KNOT_RRTYPE_A: return a_take(p, out);
    case KNOT_RRTYPE_AAAA: return aaaa_take(p, out);
    case KNOT_RRTYPE_NS:
    case KNOT_RRTYPE_CNAME:
    case KNOT_RRTYPE_PTR:
    case KNOT_RRTYPE_DNAME: return name_take(p, out);
    case KNOT_RRTYPE_SOA: return soa_take(p, out);
    case KNOT_RRTYPE_MX: return fields_name_take(p, 1, out);
    case KNOT_RRTYPE_SRV: return fields_name_take(p, 3, out);
    case KNOT_RRTYPE_TXT: return txt_take(p, out);
    case KNOT_RRTYPE_DS:
    case KNOT_RRTYPE_CDS: return take_hex(ds_head_take(p, out), out);
    case KNOT_RRTYPE_DNSKEY:
    case KNOT_RRTYPE_CDNSKEY: return take_base64(ds_head_take(p, out), end, out);
    case KNOT_RRTYPE_RRSIG: return rrsig_take(p, types, end, out);
    case KNOT_RRTYPE_NSEC: return nsec_take(p, types, out);
    case KNOT_RRTYPE_NSEC3: return nsec3_take(p, types, out);
    case KNOT_RRTYPE_NSEC3PARAM: return nsec3param_take(p, out);
    case KNOT_RRTYPE_ZONEMD: return zonemd_take(p, out);
    default: return NULL;
    }
}

/* Digests have lengths that their number decides: rdata_check knows them. */
static bool has_digest(uint16_t type)
{
    return type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_ZONEMD;
}

size_t take_data(uint16_t type, const struct type_index *types, const char *p, const char *end,
                 uint8_t *out)
{
    uint8_t *at = out;
    if (data_take(type, types, p, end, &at) != end)
        return 0;
    size_t len = (size_t)(at - out);
    return has_digest(type) && rdata_check(type, out, len) != NULL ? 0 : len;
}
