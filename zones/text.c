/*
 * zones/text.c -- see zones/text.h.
 */
#include "zones/text.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "zones/text_int.h"
#include "zones/text_put.h"

#define HEAD_ROOM (NAME_TEXT_LEN + sizeof("4294967295 IN TYPE65535 ") + 1)

#define TYPE(name) [KNOT_RRTYPE_##name] = {sizeof(#name) - 1, #name}
const struct text_type text_types[TEXT_TYPES] = {
    TYPE(A),          TYPE(NS),    TYPE(CNAME),  TYPE(SOA),        TYPE(PTR),    TYPE(HINFO),
    TYPE(MX),         TYPE(TXT),   TYPE(RP),     TYPE(AFSDB),      TYPE(AAAA),   TYPE(LOC),
    TYPE(SRV),        TYPE(NAPTR), TYPE(KX),     TYPE(CERT),       TYPE(DNAME),  TYPE(APL),
    TYPE(DS),         TYPE(SSHFP), TYPE(RRSIG),  TYPE(NSEC),       TYPE(DNSKEY), TYPE(DHCID),
    TYPE(NSEC3),      TYPE(TLSA),  TYPE(SMIMEA), TYPE(NSEC3PARAM), TYPE(CDS),    TYPE(CDNSKEY),
    TYPE(OPENPGPKEY), TYPE(CSYNC), TYPE(ZONEMD), TYPE(SVCB),       TYPE(HTTPS),  TYPE(SPF),
    TYPE(EUI48),      TYPE(EUI64), TYPE(URI),    TYPE(CAA),
};

bool text_type_is_unreadable(uint16_t type)
{
    return type == KNOT_RRTYPE_NULL || type == KNOT_RRTYPE_SIG || type == KNOT_RRTYPE_OPT ||
           (type >= KNOT_RRTYPE_TKEY && type <= KNOT_RRTYPE_ANY);
}

char *put_type(char *p, uint16_t type)
{
    if (type < TEXT_TYPES && text_types[type].len > 0)
        return put_bytes(p, text_types[type].text, text_types[type].len);
    if (text_type_is_unreadable(type))
        return put_u32(put_bytes(p, "TYPE", 4), type);
    char text[TYPE_TEXT_LEN];
    type_to_text(type, text);
    return put_bytes(p, text, strlen(text));
}

void text_name_set(struct text_name *ret, const uint8_t *name)
{
    char *end = put_name(ret->text, name);
    *end++ = ' ';
    ret->len = (size_t)(end - ret->text);
}

/* "owner TTL IN TYPE " */
static char *put_head(char *p, const struct text_name *owner, uint32_t ttl, uint16_t type)
{
    p = put_bytes(p, owner->text, owner->len);
    p = put_bytes(put_u32(p, ttl), " IN ", 4);
    return put_char(put_type(p, type), ' ');
}

/* Room for MORE bytes behind the text so far; NULL: memory is out. */
static char *room(struct buf *out, size_t more)
{
    buf_reserve(out, more);
    return buf_ok(out) ? (char *)out->data + out->len : NULL;
}

/* The text now ends at P. */
static void room_used(struct buf *out, const char *p)
{
    out->len = (size_t)((const uint8_t *)p - out->data);
    out->data[out->len] = 0;
}

static int line_end(struct buf *out)
{
    buf_add_char(out, '\n');
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

int text_record(const struct text_name *owner, uint32_t ttl, uint16_t type,
                const knot_rdata_t *rdata, struct buf *out)
{
    char *start = room(out, HEAD_ROOM + text_data_room(type, rdata->len));
    if (start == NULL)
        return ERR_NOMEM;
    char *data = put_head(start, owner, ttl, type);
    char *end = text_data_put(data, type, rdata->data, rdata->len);
    if (end != NULL) {
        room_used(out, put_char(end, '\n'));
        return ERR_OK;
    }
    room_used(out, data);
    text_data_knot(type, rdata, out);
    return line_end(out);
}

/* ------------------------------------------------------------------ RRSIG by its fields */

/* Wire form, and generic text of it: for a covered type that has no readable mnemonic. */
static int rrsig_generic(const struct zone_sig *sig, struct buf *out)
{
    AUTO(buf) struct buf rdata = {0};
    const uint8_t fields[18] = {
        (uint8_t)(sig->type_covered >> 8),
        (uint8_t)sig->type_covered,
        sig->algorithm,
        sig->labels,
        (uint8_t)(sig->original_ttl >> 24),
        (uint8_t)(sig->original_ttl >> 16),
        (uint8_t)(sig->original_ttl >> 8),
        (uint8_t)sig->original_ttl,
        (uint8_t)(sig->expiration >> 24),
        (uint8_t)(sig->expiration >> 16),
        (uint8_t)(sig->expiration >> 8),
        (uint8_t)sig->expiration,
        (uint8_t)(sig->inception >> 24),
        (uint8_t)(sig->inception >> 16),
        (uint8_t)(sig->inception >> 8),
        (uint8_t)sig->inception,
        (uint8_t)(sig->key_tag >> 8),
        (uint8_t)sig->key_tag,
    };
    buf_add(&rdata, fields, sizeof(fields));
    buf_add(&rdata, sig->signer, name_len(sig->signer));
    buf_add(&rdata, sig->signature.data, sig->signature.len);
    if (!buf_ok(&rdata))
        return ERR_NOMEM;
    text_data_generic(rdata.data, rdata.len, out);
    return line_end(out);
}

int text_rrsig(const struct text_name *owner, const struct text_name *signer,
               const struct zone_sig *sig, struct buf *out)
{
    char *p = room(out, HEAD_ROOM + NAME_TEXT_LEN + TEXT_ROOM(18 + sig->signature.len));
    if (p == NULL)
        return ERR_NOMEM;
    p = put_head(p, owner, sig->ttl, KNOT_RRTYPE_RRSIG);
    if (text_type_is_unreadable(sig->type_covered) || sig->signature.len == 0) {
        room_used(out, p);
        return rrsig_generic(sig, out);
    }
    p = put_char(put_type(p, sig->type_covered), ' ');
    p = put_field(p, sig->algorithm);
    p = put_field(p, sig->labels);
    p = put_field(p, sig->original_ttl);
    p = put_char(put_time(p, sig->expiration), ' ');
    p = put_char(put_time(p, sig->inception), ' ');
    p = put_field(p, sig->key_tag);
    p = put_bytes(p, signer->text, signer->len);
    p = put_base64(p, sig->signature.data, sig->signature.len);
    room_used(out, put_char(p, '\n'));
    return ERR_OK;
}

int record_write(const uint8_t *owner, uint32_t ttl, uint16_t type, const knot_rdata_t *rdata,
                 struct buf *out)
{
    struct text_name name;
    text_name_set(&name, owner);
    return text_record(&name, ttl, type, rdata, out);
}
