/* The records that tell a parent of a zone's first DS, at another name than the zone's own. */
#include <stdlib.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/ds.h"
#include "signer/signer.h"

/* RFC 9615 s4.1: copies of the CDS and CDNSKEY that stand at the apex. */
int sign_signal(const uint8_t *zone, const struct sign_key *keys, size_t key_n, uint32_t ttl_s,
                const uint8_t *owner, struct records *ret)
{
    int err = ERR_OK;
    for (size_t i = 0; i < key_n && err == ERR_OK; i++) {
        struct bytes dnskey = key_dnskey_rdata(keys[i].key);
        uint8_t ds[DS_RDATA_LEN];
        if (!keys[i].has_ds)
            continue;
        err = ds_rdata(zone, dnskey, ds);
        if (err == ERR_OK)
            err = records_add(ret, owner, KNOT_RRTYPE_CDS, ttl_s, ds, sizeof ds);
        if (err == ERR_OK)
            err = records_add(ret, owner, KNOT_RRTYPE_CDNSKEY, ttl_s, dnskey.data,
                              (uint16_t)dnskey.len);
    }
    return err;
}
