/*
 * zones/write.c -- a snapshot as zone file text (DESIGN section 5).
 *
 * Record data is printed by libknot. What it cannot print faithfully is written in the form of
 * RFC 3597, so that every written zone can be read back.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libknot/libknot.h>
#include <libknot/rrset-dump.h>

#include "common/err.h"
#include "common/limits.h"
#include "zones/zones.h"

#define TEXT_FIRST ((size_t)1024)
/* every octet as \DDD, blanks and quotes between character-strings, and room to spare */
#define TEXT_LAST ((size_t)LIMIT_RRSET_RDATA * 8 + 4096)

/* Runs of digits and the form YYYYMMDDHHmmSS in RRSIGs, which every zone parser reads. */
static knot_dump_style_t style(void)
{
    knot_dump_style_t s = KNOT_DUMP_STYLE_DEFAULT;
    s.wrap = false;
    s.human_timestamp = true;
    s.ascii_to_idn = NULL;
    s.color = NULL;
    /* RRSIG times are 32 bits; seen from the middle of the range each is what it says, 1970 to 2106
     */
    s.now = UINT64_C(1) << 31;
    return s;
}

/* Types that libknot has a mnemonic for and zone parsers do not read by it. */
static bool is_unreadable_type(uint16_t type)
{
    return type == KNOT_RRTYPE_NULL || type == KNOT_RRTYPE_SIG || type == KNOT_RRTYPE_OPT ||
           (type >= KNOT_RRTYPE_TKEY && type <= KNOT_RRTYPE_ANY);
}

static bool bitmap_is_unreadable(const uint8_t *bitmap, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2 + (size_t)bitmap[i + 1]) {
        for (unsigned bit = 0; bitmap[i] == 0 && bit < 8u * bitmap[i + 1]; bit++) {
            if ((bitmap[i + 2 + bit / 8] & (0x80 >> bit % 8)) && is_unreadable_type((uint16_t)bit))
                return true;
        }
    }
    return false;
}

/* RFC 8659 s4.1: letters and digits; others are printed as they are, and break the line. */
static bool caa_is_unreadable(const uint8_t *data)
{
    for (size_t i = 2; i < 2 + (size_t)data[1]; i++) {
        if (!isalnum(data[i]))
            return true;
    }
    return false;
}

/* Does the data name such a type, or hold something else that libknot's text gets wrong? */
static bool data_is_unreadable(uint16_t type, const knot_rdata_t *rdata)
{
    const uint8_t *data = rdata->data;
    size_t skip = 0;
    switch (type) {
    case KNOT_RRTYPE_RRSIG: return is_unreadable_type((uint16_t)(data[0] << 8 | data[1]));
    case KNOT_RRTYPE_NSEC: skip = name_len(data); break;
    case KNOT_RRTYPE_NSEC3:
        skip = 5 + (size_t)data[4];
        skip += 1 + (size_t)data[skip];
        break;
    case KNOT_RRTYPE_CSYNC: skip = 6; break;
    case KNOT_RRTYPE_CAA: return caa_is_unreadable(data);
    default: return false;
    }
    return bitmap_is_unreadable(data + skip, rdata->len - skip);
}

static void generic_write(const knot_rdata_t *rdata, struct buf *out)
{
    buf_printf(out, "\\# %u", (unsigned)rdata->len);
    if (rdata->len > 0) {
        buf_add_char(out, ' ');
        buf_add_hex(out, rdata->data, rdata->len);
    }
}

static void data_write(const uint8_t *owner, uint16_t type, const knot_rdata_t *rdata,
                       struct buf *out)
{
    knot_rrset_t rr = {
        .owner = (knot_dname_t *)(uintptr_t)owner,
        .type = type,
        .rclass = KNOT_CLASS_IN,
        .rrs = {1, (uint32_t)knot_rdata_size(rdata->len), (knot_rdata_t *)(uintptr_t)rdata},
    };
    if (data_is_unreadable(type, rdata)) {
        generic_write(rdata, out);
        return;
    }
    knot_dump_style_t how = style();
    int n = KNOT_ESPACE;
    for (size_t room = TEXT_FIRST; n == KNOT_ESPACE && room < 2 * TEXT_LAST; room *= 4) {
        buf_reserve(out, room);
        if (!buf_ok(out))
            return;
        n = knot_rrset_txt_dump_data(&rr, 0, (char *)out->data + out->len, room, &how);
    }
    if (n < 0) {
        generic_write(rdata, out);
        return;
    }
    out->len += (size_t)n;
    /* libknot leaves a blank behind URI and CAA */
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->len--;
    out->data[out->len] = 0;
}

int record_write(const uint8_t *owner, uint32_t ttl, uint16_t type, const knot_rdata_t *rdata,
                 struct buf *out)
{
    char name[NAME_TEXT_LEN];
    char type_text[TYPE_TEXT_LEN];
    name_to_text(owner, name);
    if (is_unreadable_type(type))
        (void)snprintf(type_text, sizeof(type_text), "TYPE%u", (unsigned)type);
    else
        type_to_text(type, type_text);
    buf_printf(out, "%s %" PRIu32 " IN %s ", name, ttl, type_text);
    if (buf_ok(out))
        data_write(owner, type, rdata, out);
    buf_add_char(out, '\n');
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

static int set_write(const uint8_t *owner, uint32_t ttl, uint16_t type, const knot_rdataset_t *set,
                     struct buf *out)
{
    knot_rdata_t *rdata = set->rdata;
    for (uint16_t i = 0; i < set->count; i++, rdata = knot_rdataset_next(rdata)) {
        int err = record_write(owner, ttl, type, rdata, out);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int rrset_write(const uint8_t *owner, const struct zone_rrset *set, struct buf *out)
{
    int err = set_write(owner, set->ttl, set->type, &set->rrs, out);
    if (err != ERR_OK)
        return err;
    return set_write(owner, set->sig_ttl, KNOT_RRTYPE_RRSIG, &set->sigs, out);
}

static int node_write(const struct zone_node *node, struct buf *out)
{
    const struct zone_rrset *soa = zone_node_rrset(node, KNOT_RRTYPE_SOA);
    int err = soa == NULL ? ERR_OK : rrset_write(node->owner, soa, out);
    for (size_t i = 0; err == ERR_OK && i < node->rrset_n; i++) {
        if (&node->rrsets[i] != soa)
            err = rrset_write(node->owner, &node->rrsets[i], out);
    }
    return err;
}

int zone_write(const struct zone *z, struct buf *out)
{
    for (size_t i = 0; i < zone_node_n(z); i++) {
        int err = node_write(zone_node_at(z, i), out);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
