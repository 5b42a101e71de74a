#include "signer/ds.h"

#include <stdlib.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"

#define DS_DIGEST_SHA256 2

int ds_rdata(const uint8_t *zone, struct bytes dnskey, uint8_t ret[DS_RDATA_LEN])
{
    AUTO(buf) struct buf in = {0};
    buf_add(&in, zone, name_len(zone)); /* lower case: canonical */
    buf_add(&in, dnskey.data, dnskey.len);
    if (!buf_ok(&in))
        return ERR_NOMEM;
    uint16_t tag = dnskey_tag(dnskey);
    ret[0] = (uint8_t)(tag >> 8);
    ret[1] = (uint8_t)tag;
    ret[2] = dnskey.data[3];
    ret[3] = DS_DIGEST_SHA256;
    return gnutls_hash_fast(GNUTLS_DIG_SHA256, in.data, in.len, ret + 4) == 0 ? ERR_OK : ERR_CRYPTO;
}

int sign_ds(const uint8_t *zone, const struct sign_key *keys, size_t key_n, uint32_t ttl_s,
            struct buf *out)
{
    for (size_t i = 0; i < key_n; i++) {
        if (!keys[i].has_ds)
            continue;
        uint8_t rdata[DS_RDATA_LEN];
        int err = ds_rdata(zone, key_dnskey_rdata(keys[i].key), rdata);
        if (err != ERR_OK)
            return err;
        AUTO_FREE knot_rdata_t *rr = malloc(knot_rdata_size(sizeof rdata));
        if (rr == NULL)
            return ERR_NOMEM;
        knot_rdata_init(rr, sizeof rdata, rdata);
        err = record_write(zone, ttl_s, KNOT_RRTYPE_DS, rr, out);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
