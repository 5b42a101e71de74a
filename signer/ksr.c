/* Requests and responses as values, and written as text. */
#include "signer/ksr.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/timetext.h"
#include "signer/ksr_int.h"
#include "signer/state.h"

/* ------------------------------------------------------------------ values */

static void set_done(struct ksr_set *s)
{
    for (size_t i = 0; i < s->slot_n; i++)
        zone_free(s->slots[i].signed_set);
    free(s->slots);
    zone_free(s->records);
}

void ksr_done(struct ksr *k)
{
    for (size_t i = 0; i < k->set_n; i++)
        set_done(&k->sets[i]);
    free(k->sets);
    *k = (struct ksr){0};
}

void ksr_set_rrset(const struct ksr_set *s, struct zone_rrset *ret)
{
    if (!zone_rrset(s->records, zone_apex(s->records), s->type, ret))
        *ret = (struct zone_rrset){.type = s->type};
}

struct ksr_set *ksr_add_set(struct ksr *k, uint16_t type)
{
    struct ksr_set *sets = grow_items(k->sets, k->set_n, &k->set_cap, sizeof *sets);
    if (sets == NULL)
        return NULL;
    k->sets = sets;
    sets[k->set_n] = (struct ksr_set){.type = type};
    return &sets[k->set_n++];
}

struct ksr_slot *ksr_add_slot(struct ksr_set *s, int64_t from_at, int64_t until_at)
{
    struct ksr_slot *slots = grow_items(s->slots, s->slot_n, &s->slot_cap, sizeof *slots);
    if (slots == NULL)
        return NULL;
    s->slots = slots;
    slots[s->slot_n] = (struct ksr_slot){.from_at = from_at, .until_at = until_at};
    return &slots[s->slot_n++];
}

bool ksr_type_is_known(uint16_t type)
{
    return type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY;
}

/* ------------------------------------------------------------------ text */

static void put_time(struct buf *out, const char *word, int64_t at)
{
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(at, text);
    buf_printf(out, "%s %s\n", word, text);
}

static int put_record(const uint8_t *owner, uint32_t ttl, uint16_t type, const knot_rdata_t *rr,
                      const char *indent, struct buf *out)
{
    buf_add_str(out, indent);
    return record_write(owner, ttl, type, rr, out);
}

static int put_records(const struct ksr_set *s, struct buf *out)
{
    struct zone_rrset set;
    ksr_set_rrset(s, &set);
    knot_rdata_t *rr = set.rrs.rdata;
    int err = ERR_OK;
    for (uint16_t i = 0; i < set.rrs.count && err == ERR_OK; i++) {
        err = put_record(set.owner, set.ttl, set.type, rr, KSR_RECORD_INDENT, out);
        rr = knot_rdataset_next(rr);
    }
    return err;
}

static int put_sig(const struct zone_rrset *set, const struct zone_sig *sig, struct buf *out)
{
    AUTO(buf) struct buf rdata = {0};
    zone_sig_rdata(sig, &rdata);
    AUTO_FREE knot_rdata_t *rr = malloc(knot_rdata_size((uint16_t)rdata.len));
    if (!buf_ok(&rdata) || rr == NULL)
        return ERR_NOMEM;
    knot_rdata_init(rr, (uint16_t)rdata.len, rdata.data);
    return put_record(set->owner, sig->ttl, KNOT_RRTYPE_RRSIG, rr, KSR_SIG_INDENT, out);
}

static int put_slot(const struct ksr_set *s, const struct ksr_slot *slot, struct buf *out)
{
    char from[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    struct zone_rrset set;
    int err = ERR_OK;
    time_format_rfc3339(slot->from_at, from);
    time_format_rfc3339(slot->until_at, until);
    buf_printf(out, "sign %s %s\n", from, until);
    if (slot->signed_set == NULL ||
        !zone_rrset(slot->signed_set, zone_apex(slot->signed_set), s->type, &set))
        return ERR_OK;
    const uint8_t *pos = set.sigs;
    for (uint32_t i = 0; i < set.sig_n && err == ERR_OK; i++) {
        struct zone_sig sig;
        sig_walk_next(&set, &pos, &sig);
        err = put_sig(&set, &sig, out);
    }
    return err;
}

static int put_set(const struct ksr_set *s, struct buf *out)
{
    char type[TYPE_TEXT_LEN];
    type_to_text(s->type, type);
    buf_printf(out, "set %s\n", type);
    int err = put_records(s, out);
    for (size_t i = 0; i < s->slot_n && err == ERR_OK; i++)
        err = put_slot(s, &s->slots[i], out);
    return err;
}

static void put_head(const struct ksr *k, struct buf *out)
{
    char name[NAME_TEXT_LEN];
    name_to_text(k->zone, name);
    buf_printf(out, "%s\nzone %s\n", k->is_response ? KSR_MAGIC_RESPONSE : KSR_MAGIC_REQUEST, name);
    put_time(out, "made", k->made_at);
    put_time(out, "from", k->from_at);
    put_time(out, "until", k->until_at);
    if (k->is_response)
        buf_printf(out, "request %s\n", k->request);
}

int ksr_write(struct ksr *k, struct buf *out)
{
    size_t start = out->len;
    int err = ERR_OK;
    put_head(k, out);
    for (size_t i = 0; i < k->set_n && err == ERR_OK; i++)
        err = put_set(&k->sets[i], out);
    if (err != ERR_OK)
        return err;
    buf_add_str(out, "end\n");
    if (!buf_ok(out))
        return ERR_NOMEM;
    sha256_hex(out->data + start, out->len - start, k->digest);
    buf_printf(out, "digest %s\n", k->digest);
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}
