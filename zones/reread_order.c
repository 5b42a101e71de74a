/*
 * zones/reread_order.c -- see zones/reread_order.h.
 */
#include "zones/reread_order.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "common/limits.h"
#include "zones/wire.h"

/* The SOA is written first; NSEC3 owners are hashes, not names, and come after a name that happens
   to be equal. */
static uint32_t type_rank(uint16_t type)
{
    switch (type) {
    case KNOT_RRTYPE_SOA: return 1;
    case KNOT_RRTYPE_NSEC3: return UINT32_MAX;
    default: return 2u + type;
    }
}

void reread_order_begin(struct reread_order *o, const uint8_t *apex)
{
    memset(o, 0, sizeof(*o));
    if (apex == NULL)
        return;
    o->apex = (struct name_key){o->bytes[0], (uint32_t)name_key_make(apex, 0, o->bytes[0])};
    o->owner = o->apex;
}

static bool owner_next(struct reread_order *o, const struct reread_record *r)
{
    bool is_apex = o->apex.data == NULL;
    uint8_t *bytes = o->bytes[o->owner.data == o->bytes[1] ? 2 : 1];
    struct name_key key = {bytes, (uint32_t)name_key_make(r->owner, 0, bytes)};
    if (is_apex) {
        if (r->type != KNOT_RRTYPE_SOA)
            return false;
        memcpy(o->bytes[0], bytes, key.len);
        o->apex = (struct name_key){o->bytes[0], key.len};
    } else if (name_key_compare(o->owner, key) >= 0 || !name_key_is_below(key, o->apex)) {
        return false;
    }
    o->owner = key;
    o->rank = 0;
    return true;
}

/* Canonical order of record data (RFC 4034 s6.3). */
static bool rdata_is_after(const struct reread_order *o, const struct reread_record *r)
{
    size_t common = r->rdata_len < o->rdata_len ? r->rdata_len : o->rdata_len;
    int cmp = common == 0 ? 0 : memcmp(o->rdata, r->rdata, common);
    return cmp < 0 || (cmp == 0 && o->rdata_len < r->rdata_len);
}

bool reread_order_next(struct reread_order *o, const struct reread_record *r)
{
    if (r->owner_is_new && !owner_next(o, r))
        return false;
    bool is_sig = r->type == KNOT_RRTYPE_RRSIG;
    uint32_t rank = type_rank(is_sig ? wire_u16(r->rdata) : r->type);
    if (rank == o->rank && is_sig == o->is_sig) {
        if (r->ttl != o->ttl || !rdata_is_after(o, r) || o->record_n >= LIMIT_RRSET_RECORDS)
            return false;
        o->record_n++;
    } else {
        /* a new RRset, or the signatures of the one before */
        if (rank < o->rank || (rank == o->rank && !is_sig))
            return false;
        o->record_n = 1;
    }
    o->rank = rank;
    o->is_sig = is_sig;
    o->ttl = r->ttl;
    o->rdata = r->rdata;
    o->rdata_len = r->rdata_len;
    return true;
}
