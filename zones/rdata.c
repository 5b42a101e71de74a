/*
 * zones/rdata.c -- see zones/rdata.h.
 *
 * Each type has a layout in a small language:
 *     1 2 4 6 8    so many octets, fixed; X is 16 octets
 *     N n          a domain name; N is lower-cased in canonical form
 *     s h          a length octet and so many octets; h wants at least one
 *     S            character-strings to the end, at least one
 *     b            a type bitmap (RFC 4034 s4.1.2) to the end, may be empty; B wants at least one
 *     * +          the rest; + wants at least one octet
 *     d            the digest of a DS, as long as its type says (RFC 4034 s5.1)
 *     L V G        APL items, SVCB parameters, IPSECKEY gateway and key
 */
#include "zones/rdata.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "zones/snapshot.h"

/* Types that libknot has no name for; RFC 4034 s6.2 lower-cases the names of some. */
enum { TYPE_NSAP_PTR = 23, TYPE_MAX = 258 };

static const char *const layouts[TYPE_MAX] = {
    [KNOT_RRTYPE_A] = "4",
    [KNOT_RRTYPE_NS] = "N",
    [KNOT_RRTYPE_MD] = "N",
    [KNOT_RRTYPE_MF] = "N",
    [KNOT_RRTYPE_CNAME] = "N",
    [KNOT_RRTYPE_SOA] = "NN44444",
    [KNOT_RRTYPE_MB] = "N",
    [KNOT_RRTYPE_MG] = "N",
    [KNOT_RRTYPE_MR] = "N",
    [KNOT_RRTYPE_PTR] = "N",
    [KNOT_RRTYPE_HINFO] = "ss",
    [KNOT_RRTYPE_MINFO] = "NN",
    [KNOT_RRTYPE_MX] = "2N",
    [KNOT_RRTYPE_TXT] = "S",
    [KNOT_RRTYPE_RP] = "NN",
    [KNOT_RRTYPE_AFSDB] = "2N",
    [KNOT_RRTYPE_RT] = "2N",
    [TYPE_NSAP_PTR] = "n",
    [KNOT_RRTYPE_SIG] = "211444"
                        "2N+",
    [KNOT_RRTYPE_KEY] = "211*",
    [KNOT_RRTYPE_PX] = "2NN",
    [KNOT_RRTYPE_AAAA] = "X",
    [KNOT_RRTYPE_LOC] = "X",
    [KNOT_RRTYPE_NXT] = "N*",
    [KNOT_RRTYPE_SRV] = "222N",
    [KNOT_RRTYPE_NAPTR] = "22sssN",
    [KNOT_RRTYPE_KX] = "2N",
    [KNOT_RRTYPE_CERT] = "221+",
    [KNOT_RRTYPE_DNAME] = "N",
    [KNOT_RRTYPE_APL] = "L",
    [KNOT_RRTYPE_DS] = "211d",
    [KNOT_RRTYPE_SSHFP] = "11+",
    [KNOT_RRTYPE_IPSECKEY] = "G",
    [KNOT_RRTYPE_RRSIG] = "211444"
                          "2N+",
    [KNOT_RRTYPE_NSEC] = "nB",
    [KNOT_RRTYPE_DNSKEY] = "211+",
    [KNOT_RRTYPE_DHCID] = "+",
    [KNOT_RRTYPE_NSEC3] = "112shb",
    [KNOT_RRTYPE_NSEC3PARAM] = "112s",
    [KNOT_RRTYPE_TLSA] = "111+",
    [KNOT_RRTYPE_SMIMEA] = "111+",
    [KNOT_RRTYPE_CDS] = "211d",
    [KNOT_RRTYPE_CDNSKEY] = "211+",
    [KNOT_RRTYPE_OPENPGPKEY] = "+",
    [KNOT_RRTYPE_CSYNC] = "42b",
    [KNOT_RRTYPE_ZONEMD] = "4118"
                           "4*", /* RFC 8976 s2.2.4: at least 12 octets of digest */
    [KNOT_RRTYPE_SVCB] = "2nV",
    [KNOT_RRTYPE_HTTPS] = "2nV",
    [KNOT_RRTYPE_SPF] = "S",
    [KNOT_RRTYPE_NID] = "28",
    [KNOT_RRTYPE_L32] = "24",
    [KNOT_RRTYPE_L64] = "28",
    [KNOT_RRTYPE_LP] = "2n",
    [KNOT_RRTYPE_EUI48] = "6",
    [KNOT_RRTYPE_EUI64] = "8",
    [KNOT_RRTYPE_URI] = "22+",
    [KNOT_RRTYPE_CAA] = "1h*",
};

static const char *layout_of(uint16_t type)
{
    return type < TYPE_MAX ? layouts[type] : NULL;
}

bool rdata_is_zone_type(uint16_t type)
{
    /* RFC 6895 s3.1: 128 to 255 are questions and meta types */
    return type != 0 && type != KNOT_RRTYPE_OPT && (type < 128 || type > 255);
}

struct view { /* what is left to read */
    const uint8_t *at;
    size_t len;
};

static bool take(struct view *v, size_t n)
{
    if (v->len < n)
        return false;
    v->at += n;
    v->len -= n;
    return true;
}

/* An uncompressed name of at most 255 octets. */
static bool take_name(struct view *v)
{
    const uint8_t *start = v->at;
    for (;;) {
        if (v->len == 0)
            return false;
        uint8_t label = *v->at;
        if (label > 63 || !take(v, (size_t)label + 1) || v->at - start > 255)
            return false;
        if (label == 0)
            return true;
    }
}

static bool take_string(struct view *v, size_t least)
{
    return v->len > 0 && v->at[0] >= least && take(v, (size_t)v->at[0] + 1);
}

static bool take_strings(struct view *v)
{
    do {
        if (!take_string(v, 0))
            return false;
    } while (v->len > 0);
    return true;
}

/* RFC 4034 s4.1.2: windows in increasing order, 1 to 32 octets each, no trailing zero octet. */
static bool take_bitmap(struct view *v)
{
    int last = -1;
    while (v->len > 0) {
        if (v->len < 3 || v->at[0] <= last || v->at[1] == 0 || v->at[1] > 32)
            return false;
        last = v->at[0];
        size_t n = v->at[1];
        if (!take(v, 2 + n) || v->at[-1] == 0)
            return false;
    }
    return true;
}

/* RFC 3123 s4: family, prefix, negation and length, address without trailing zero octets. */
static bool take_apl(struct view *v)
{
    while (v->len > 0) {
        if (v->len < 4)
            return false;
        unsigned family = (unsigned)v->at[0] << 8 | v->at[1];
        unsigned prefix = v->at[2];
        size_t n = v->at[3] & 0x7f;
        bool fits = (family == 1 && prefix <= 32 && n <= 4) ||
                    (family == 2 && prefix <= 128 && n <= 16) || (family != 1 && family != 2);
        if (!fits || !take(v, 4 + n) || (n > 0 && v->at[-1] == 0))
            return false;
    }
    return true;
}

/* RFC 9460 s2.2: keys in strictly increasing order, each with a 16-bit length. */
static bool take_svc_params(struct view *v)
{
    int last = -1;
    while (v->len > 0) {
        if (v->len < 4)
            return false;
        int key = v->at[0] << 8 | v->at[1];
        size_t n = (size_t)v->at[2] << 8 | v->at[3];
        if (key <= last || !take(v, 4 + n))
            return false;
        last = key;
    }
    return true;
}

/* RFC 4025 s2.1: precedence, gateway type, algorithm; then the gateway; then the key. */
static bool take_ipseckey(struct view *v)
{
    if (v->len < 3)
        return false;
    uint8_t gateway = v->at[1];
    if (!take(v, 3))
        return false;
    switch (gateway) {
    case 0: break;
    case 1: return take(v, 4) && take(v, v->len);
    case 2: return take(v, 16) && take(v, v->len);
    case 3: return take_name(v) && take(v, v->len);
    default: return false;
    }
    return take(v, v->len);
}

/* Digest lengths of RFC 4034 (SHA-1), 4509, 5933 (GOST) and 6605; unknown types: anything. A single
   zero octet under type 0 is the CDS that asks for removal (RFC 8078 s4). */
static bool take_digest(struct view *v)
{
    uint8_t type = v->at[-1];
    size_t want = type == 1 ? 20 : type == 2 || type == 3 ? 32 : type == 4 ? 48 : v->len;
    return v->len > 0 && v->len == want && take(v, v->len);
}

static bool take_field(struct view *v, char field)
{
    switch (field) {
    case '1':
    case '2':
    case '4':
    case '6':
    case '8': return take(v, (size_t)(field - '0'));
    case 'X': return take(v, 16);
    case 'N':
    case 'n': return take_name(v);
    case 's': return take_string(v, 0);
    case 'h': return take_string(v, 1);
    case 'S': return take_strings(v);
    case 'B': return v->len > 0 && take_bitmap(v);
    case 'b': return take_bitmap(v);
    case 'L': return take_apl(v);
    case 'V': return take_svc_params(v);
    case 'G': return take_ipseckey(v);
    case 'd': return take_digest(v);
    case '+': return v->len > 0 && take(v, v->len);
    default: /* '*' */ return take(v, v->len);
    }
}

static const char *field_fault(char field)
{
    switch (field) {
    case 'N':
    case 'n': return "a domain name in it is cut short, compressed or too long";
    case 's':
    case 'h':
    case 'S': return "a character-string in it is missing or cut short";
    case 'b':
    case 'B': return "its type bitmap is malformed";
    case 'L': return "an address prefix in it is malformed";
    case 'V': return "its service parameters are cut short or not in order";
    case 'G': return "its gateway is malformed";
    case 'd': return "its digest does not have the length of its digest type";
    default: return "it is too short";
    }
}

const char *rdata_check(uint16_t type, const uint8_t *data, size_t len)
{
    if (!rdata_is_zone_type(type))
        return "this type is for questions and messages, not for zones";
    if (len > UINT16_MAX)
        return "it is over 65535 octets";
    const char *layout = layout_of(type);
    if (layout == NULL)
        return NULL;
    struct view v = {data, len};
    for (const char *field = layout; *field != 0; field++) {
        if (!take_field(&v, *field))
            return field_fault(*field);
    }
    return v.len == 0 ? NULL : "it is too long";
}

void rdata_canonical(uint16_t type, uint8_t *data, size_t len)
{
    const char *layout = layout_of(type);
    if (layout == NULL || strchr(layout, 'N') == NULL)
        return;
    struct view v = {data, len};
    for (const char *field = layout; *field != 0; field++) {
        uint8_t *start = data + (len - v.len);
        if (!take_field(&v, *field))
            return; /* cannot be: the data was checked */
        if (*field == 'N')
            name_lower(start);
    }
}
