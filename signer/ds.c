#include "signer/ds.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"

#define DIGEST_MAX 48

int sign_ds_rdata(const uint8_t *zone, struct bytes dnskey, enum ds_digest digest, struct buf *ret)
{
    gnutls_digest_algorithm_t hash = digest == DS_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA384;
    AUTO(buf) struct buf in = {0};
    uint8_t sum[DIGEST_MAX];
    buf_add(&in, zone, name_len(zone)); /* lower case: canonical */
    buf_add(&in, dnskey.data, dnskey.len);
    if (!buf_ok(&in))
        return ERR_NOMEM;
    if (gnutls_hash_fast(hash, in.data, in.len, sum) != 0)
        return ERR_CRYPTO;
    uint16_t tag = dnskey_tag(dnskey);
    const uint8_t head[] = {(uint8_t)(tag >> 8), (uint8_t)tag, dnskey.data[3], (uint8_t)digest};
    buf_add(ret, head, sizeof head);
    buf_add(ret, sum, gnutls_hash_get_len(hash));
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int ds_rdata(const uint8_t *zone, struct bytes dnskey, uint8_t ret[DS_RDATA_LEN])
{
    AUTO(buf) struct buf rdata = {0};
    int err = sign_ds_rdata(zone, dnskey, DS_SHA256, &rdata);
    if (err == ERR_OK)
        memcpy(ret, rdata.data, DS_RDATA_LEN);
    return err;
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
