/*
 * zones/text_knot.c -- the data of any record through libknot, see zones/text_int.h.
 */
#include <libknot/libknot.h>
#include <libknot/rrset-dump.h>

#include "common/limits.h"
#include "zones/rdata.h"
#include "zones/text_int.h"
#include "zones/text_put.h"
#include "zones/wire.h"
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

static bool bitmap_is_unreadable(const uint8_t *bitmap, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2 + (size_t)bitmap[i + 1]) {
        for (unsigned bit = 0; bitmap[i] == 0 && bit < 8u * bitmap[i + 1]; bit++) {
            if ((bitmap[i + 2 + bit / 8] & (0x80 >> bit % 8)) &&
                text_type_is_unreadable((uint16_t)bit))
                return true;
        }
    }
    return false;
}

/* RFC 8659 s4.1: letters and digits; others are printed as they are, and break the line. */
static bool caa_is_unreadable(const uint8_t *data)
{
    for (size_t i = 2; i < 2 + (size_t)data[1]; i++) {
        if (!text_is_alnum(data[i]))
            return true;
    }
    return false;
}

/* Does the data, well-formed, name a type without readable mnemonic, or hold something else that
 * libknot's text gets wrong? */
static bool data_is_unreadable(uint16_t type, const knot_rdata_t *rdata)
{
    const uint8_t *data = rdata->data;
    size_t skip = 0;
    switch (type) {
    case KNOT_RRTYPE_RRSIG: return text_type_is_unreadable(wire_u16(data));
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

void text_data_generic(const uint8_t *data, size_t len, struct buf *out)
{
    buf_printf(out, "\\# %zu", len);
    if (len > 0) {
        buf_add_char(out, ' ');
        buf_add_hex(out, data, len);
    }
}

/* Characters written behind OUT's end; negative when libknot cannot print the data. */
static int knot_write(uint16_t type, const knot_rdata_t *rdata, struct buf *out)
{
    static const uint8_t root[] = {0}; /* the data does not depend on the owner */
    const knot_rrset_t rr = {
        .owner = (knot_dname_t *)(uintptr_t)root,
        .type = type,
        .rclass = KNOT_CLASS_IN,
        .rrs = {1, (uint32_t)knot_rdata_size(rdata->len), (knot_rdata_t *)(uintptr_t)rdata},
    };
    knot_dump_style_t how = style();
    int n = KNOT_ESPACE;
    for (size_t room = TEXT_FIRST; n == KNOT_ESPACE && room < 2 * TEXT_LAST; room *= 4) {
        buf_reserve(out, room);
        if (!buf_ok(out))
            return 0;
        n = knot_rrset_txt_dump_data(&rr, 0, (char *)out->data + out->len, room, &how);
    }
    return n;
}

void text_data_knot(uint16_t type, const knot_rdata_t *rdata, struct buf *out)
{
    /* libknot follows names and lengths in the data: only what was checked may reach it */
    int n = -1;
    if (rdata_check(type, rdata->data, rdata->len) == NULL && !data_is_unreadable(type, rdata))
        n = knot_write(type, rdata, out);
    if (n < 0)
        text_data_generic(rdata->data, rdata->len, out);
    if (n < 0 || !buf_ok(out))
        return;
    out->len += (size_t)n;
    /* libknot leaves a blank behind URI and CAA; before empty data ours goes too */
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->len--;
    out->data[out->len] = 0;
}
