/* Single RRsets of requests and responses: made, shown, their signatures checked. */
#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/ksr_int.h"
#include "signer/rrsig.h"
#include "zones/packed.h"

int ksr_records(const uint8_t *zone, uint16_t type, uint32_t ttl, const struct bytes *rdata,
                size_t n, struct zone **ret)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = zone_builder_new(zone, NULL);
    int err = b == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++)
        err = zone_builder_add(b, zone, type, ttl, rdata[i].data, rdata[i].len, 0);
    return err == ERR_OK ? zone_builder_finish(TAKE(b), ret, NULL) : err;
}

static void dnskey_text(struct bytes rdata, struct buf *ret)
{
    if (rdata.len < 4)
        return;
    unsigned flags = (unsigned)rdata.data[0] << 8 | rdata.data[1];
    buf_printf(ret, "%s %u", (flags & DNSKEY_FLAG_SEP) != 0 ? "ksk" : "zsk", dnskey_tag(rdata));
}

void ksr_set_text(const struct ksr_set *s, struct buf *ret)
{
    struct zone_rrset set;
    ksr_set_rrset(s, &set);
    const knot_rdata_t *rr = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++) {
        const struct bytes rdata = {rr->data, rr->len};
        buf_add_str(ret, i == 0 ? "" : ", ");
        if (rr->len > 3 && s->type == KNOT_RRTYPE_CDS && rr->data[2] == 0)
            buf_add_str(ret, "the parent shall drop all DS");
        else if (rr->len > 3 && s->type == KNOT_RRTYPE_CDNSKEY && rr->data[3] == 0)
            buf_add_str(ret, "the parent shall drop all DS");
        else if (rr->len > 1 && s->type == KNOT_RRTYPE_CDS)
            buf_printf(ret, "DS of %u", (unsigned)rr->data[0] << 8 | rr->data[1]);
        else
            dnskey_text(rdata, ret);
        rr = wire_next(rr);
    }
}

int ksr_verify(const struct zone_rrset *set, const struct zone_sig *sig, struct bytes dnskey,
               bool *ret)
{
    AUTO_PTR(crypto_public) struct crypto_public *public = NULL;
    AUTO(buf) struct buf data = {0};
    *ret = false;
    if (dnskey.len <= 4 || dnskey.data[3] != sig->algorithm || dnskey_tag(dnskey) != sig->key_tag)
        return ERR_OK;
    int err =
        crypto_public_new(dnskey.data[3], (struct bytes){dnskey.data + 4, dnskey.len - 4}, &public);
    if (err != ERR_OK)
        return err == ERR_NOMEM ? err : ERR_OK;
    rrsig_data(set, sig, &data);
    if (!buf_ok(&data))
        return ERR_NOMEM;
    *ret = crypto_verify(public, buf_bytes(&data), sig->signature) == ERR_OK;
    return ERR_OK;
}
