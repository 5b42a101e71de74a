/*
 * tests/unit/zones/random_rdata.h -- well-formed rdata of the types with printers of their own,
 * from a seed: names with every octet, of every length; numbers, bitmaps, strings, addresses.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libknot/descriptor.h>

#define RANDOM_RDATA_MAX ((size_t)16384)

struct random_rdata {
    uint32_t seed;
    size_t len;
    uint8_t data[RANDOM_RDATA_MAX];
};

/* 0 to N - 1 */
static inline uint32_t random_below(struct random_rdata *r, uint32_t n)
{
    r->seed = r->seed * 1664525u + 1013904223u;
    return (r->seed >> 8) % n;
}

static inline void random_octets(struct random_rdata *r, size_t n)
{
    uint32_t zeros = random_below(r, 3);
    while (n-- > 0)
        r->data[r->len++] = zeros == 0 ? 0 : (uint8_t)random_below(r, 256);
}

/* Half of the labels are of letters, the others of any octets; now and then 255 octets in all. */
static inline void random_name(struct random_rdata *r, bool lower)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_*/";
    size_t most = random_below(r, 8) == 0 ? 254 : random_below(r, 60);
    size_t used = 0;
    while (most > used + 1 && random_below(r, 12) != 0) {
        uint32_t n = 1 + random_below(r, 63);
        if (used + 1 + n > most)
            n = (uint32_t)(most - used - 1);
        r->data[r->len++] = (uint8_t)n;
        bool plain = random_below(r, 2);
        for (uint32_t i = 0; i < n; i++) {
            uint8_t c = plain ? (uint8_t)letters[random_below(r, sizeof(letters) - 1)]
                              : (uint8_t)random_below(r, 256);
            r->data[r->len++] = lower && c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        }
        used += 1 + n;
    }
    r->data[r->len++] = 0;
}

static inline void random_strings(struct random_rdata *r)
{
    do {
        uint32_t n = random_below(r, random_below(r, 4) == 0 ? 256 : 20);
        r->data[r->len++] = (uint8_t)n;
        random_octets(r, n);
    } while (random_below(r, 3) == 0);
}

static inline void random_bitmap(struct random_rdata *r, bool may_be_empty)
{
    uint32_t window = random_below(r, 8) == 0 ? random_below(r, 200) : 0;
    if (may_be_empty && random_below(r, 8) == 0)
        return;
    do {
        uint32_t n = 1 + random_below(r, 32);
        r->data[r->len++] = (uint8_t)window;
        r->data[r->len++] = (uint8_t)n;
        for (uint32_t i = 0; i + 1 < n; i++)
            r->data[r->len++] = (uint8_t)(random_below(r, 256) & random_below(r, 256));
        r->data[r->len++] = (uint8_t)(1 + random_below(r, 255));
        /* types that are never printed by name would hide all others */
        if (window == 0) {
            uint8_t *map = r->data + r->len - n;
            static const uint8_t hidden[] = {10, 24, 41, 249, 250, 251, 252, 253, 254, 255};
            for (size_t i = 0; random_below(r, 8) != 0 && i < sizeof(hidden); i++) {
                if (hidden[i] / 8u + 1 < n)
                    map[hidden[i] / 8] &= (uint8_t) ~(0x80 >> hidden[i] % 8);
            }
            if (n == 32)
                map[31] = 0x80;
            if (n == 2 || n == 4 || n == 6)
                map[n - 1] = 1;
        }
        window += 1 + random_below(r, 60);
    } while (window < 256 && random_below(r, 3) == 0);
}

static inline void random_digest(struct random_rdata *r)
{
    static const uint8_t lens[] = {20, 32, 32, 48};
    uint32_t kind = random_below(r, 4);
    random_octets(r, 3);
    r->data[r->len++] = (uint8_t)(1 + kind);
    random_octets(r, lens[kind]);
}

/* Into R->data; LOWER: names as canonical form wants them. */
static inline void random_rdata_make(struct random_rdata *r, uint16_t type, bool lower)
{
    r->len = 0;
    switch (type) {
    case KNOT_RRTYPE_A: random_octets(r, 4); break;
    case KNOT_RRTYPE_AAAA:
        random_octets(r, 16);
        for (uint32_t n = random_below(r, 9); n > 0; n--)
            memset(r->data + 2 * random_below(r, 8), 0, 1 + random_below(r, 2));
        break;
    case KNOT_RRTYPE_SOA:
        random_name(r, lower);
        random_name(r, lower);
        random_octets(r, 20);
        break;
    case KNOT_RRTYPE_MX:
        random_octets(r, 2);
        random_name(r, lower);
        break;
    case KNOT_RRTYPE_SRV:
        random_octets(r, 6);
        random_name(r, lower);
        break;
    case KNOT_RRTYPE_TXT:
    case KNOT_RRTYPE_SPF: random_strings(r); break;
    case KNOT_RRTYPE_DS:
    case KNOT_RRTYPE_CDS: random_digest(r); break;
    case KNOT_RRTYPE_DNSKEY:
    case KNOT_RRTYPE_CDNSKEY: random_octets(r, 5 + random_below(r, 300)); break;
    case KNOT_RRTYPE_RRSIG:
        r->data[r->len++] = 0;
        r->data[r->len++] = (uint8_t)random_below(r, 66);
        random_octets(r, 16);
        random_name(r, lower);
        random_octets(r, 1 + random_below(r, 300));
        break;
    case KNOT_RRTYPE_NSEC:
        random_name(r, lower);
        random_bitmap(r, false);
        break;
    case KNOT_RRTYPE_NSEC3:
    case KNOT_RRTYPE_NSEC3PARAM: {
        random_octets(r, 4);
        uint32_t salt = random_below(r, 4) == 0 ? 0 : random_below(r, 256);
        r->data[r->len++] = (uint8_t)salt;
        random_octets(r, salt);
        if (type == KNOT_RRTYPE_NSEC3PARAM)
            break;
        uint32_t hash = random_below(r, 2) ? 20 : 1 + random_below(r, 255);
        r->data[r->len++] = (uint8_t)hash;
        random_octets(r, hash);
        random_bitmap(r, true);
        break;
    }
    case KNOT_RRTYPE_TLSA:
    case KNOT_RRTYPE_SMIMEA:
    case KNOT_RRTYPE_SSHFP: random_octets(r, 4 + random_below(r, 70)); break;
    case KNOT_RRTYPE_ZONEMD: random_octets(r, 6 + 12 + random_below(r, 60)); break;
    case KNOT_RRTYPE_CAA: {
        uint32_t tag = 1 + random_below(r, 15);
        random_octets(r, 1);
        r->data[r->len++] = (uint8_t)tag;
        for (uint32_t i = 0; i < tag; i++)
            r->data[r->len++] = (uint8_t) "aZ09z"[random_below(r, 5)];
        random_octets(r, random_below(r, 200));
        break;
    }
    default: random_name(r, lower); /* NS, CNAME, PTR, DNAME */
    }
}

static const uint16_t random_rdata_types[] = {
    KNOT_RRTYPE_A,      KNOT_RRTYPE_AAAA,   KNOT_RRTYPE_NS,         KNOT_RRTYPE_CNAME,
    KNOT_RRTYPE_PTR,    KNOT_RRTYPE_DNAME,  KNOT_RRTYPE_SOA,        KNOT_RRTYPE_MX,
    KNOT_RRTYPE_SRV,    KNOT_RRTYPE_TXT,    KNOT_RRTYPE_SPF,        KNOT_RRTYPE_DS,
    KNOT_RRTYPE_CDS,    KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDNSKEY,    KNOT_RRTYPE_RRSIG,
    KNOT_RRTYPE_NSEC,   KNOT_RRTYPE_NSEC3,  KNOT_RRTYPE_NSEC3PARAM, KNOT_RRTYPE_TLSA,
    KNOT_RRTYPE_SMIMEA, KNOT_RRTYPE_SSHFP,  KNOT_RRTYPE_ZONEMD,     KNOT_RRTYPE_CAA,
};
#define RANDOM_RDATA_TYPES (sizeof(random_rdata_types) / sizeof(random_rdata_types[0]))
