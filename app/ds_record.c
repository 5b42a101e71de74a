#include "app/ds_record.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"

#define TYPE_DS      43
#define TYPE_CDS     59
#define TYPE_CDNSKEY 60
#define DIGEST_MAX   48

static int add_record(const uint8_t *owner, uint32_t ttl_s, uint16_t type, struct bytes rdata,
                      struct buf *out)
{
    AUTO_FREE knot_rdata_t *rr = malloc(knot_rdata_size((uint16_t)rdata.len));
    if (rr == NULL)
        return ERR_NOMEM;
    knot_rdata_init(rr, (uint16_t)rdata.len, rdata.data);
    return record_write(owner, ttl_s, type, rr, out);
}

bool ds_digest_from_text(const char *text, enum ds_digest *ret)
{
    if (strcmp(text, "sha256") != 0 && strcmp(text, "sha384") != 0)
        return false;
    *ret = strcmp(text, "sha256") == 0 ? DS_SHA256 : DS_SHA384;
    return true;
}

/* RFC 4034 s5.1.4: the digest of the owner's canonical name and the DNSKEY rdata. */
static int ds_rdata_of(const uint8_t *zone, const struct key *k, enum ds_digest digest,
                       struct buf *ret)
{
    struct bytes dnskey = key_dnskey_rdata(k);
    gnutls_digest_algorithm_t hash = digest == DS_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA384;
    AUTO(buf) struct buf in = {0};
    uint8_t sum[DIGEST_MAX];
    buf_add(&in, zone, name_len(zone));
    buf_add(&in, dnskey.data, dnskey.len);
    if (!buf_ok(&in))
        return ERR_NOMEM;
    if (gnutls_hash_fast(hash, in.data, in.len, sum) != 0)
        return ERR_CRYPTO;
    uint16_t tag = key_tag(k);
    const uint8_t head[] = {(uint8_t)(tag >> 8), (uint8_t)tag, key_algorithm(k), (uint8_t)digest};
    buf_add(ret, head, sizeof head);
    buf_add(ret, sum, gnutls_hash_get_len(hash));
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int ds_line(const uint8_t *zone, const struct key *k, enum ds_digest digest, uint32_t ttl_s,
            struct buf *out)
{
    AUTO(buf) struct buf rdata = {0};
    int err = ds_rdata_of(zone, k, digest, &rdata);
    return err == ERR_OK ? add_record(zone, ttl_s, TYPE_DS, buf_bytes(&rdata), out) : err;
}

int cds_line(const uint8_t *owner, const uint8_t *zone, const struct key *k, uint32_t ttl_s,
             struct buf *out)
{
    AUTO(buf) struct buf rdata = {0};
    int err = ds_rdata_of(zone, k, DS_SHA256, &rdata);
    return err == ERR_OK ? add_record(owner, ttl_s, TYPE_CDS, buf_bytes(&rdata), out) : err;
}

int cdnskey_line(const uint8_t *owner, const struct key *k, uint32_t ttl_s, struct buf *out)
{
    return add_record(owner, ttl_s, TYPE_CDNSKEY, key_dnskey_rdata(k), out);
}

/* RFC 8078 s4: these octets and no others. */
int cds_delete_lines(const uint8_t *owner, uint32_t ttl_s, struct buf *out)
{
    static const uint8_t cds[] = {0, 0, 0, 0, 0};
    static const uint8_t cdnskey[] = {0, 0, 3, 0, 0};
    int err = add_record(owner, ttl_s, TYPE_CDS, (struct bytes){cds, sizeof cds}, out);
    if (err != ERR_OK)
        return err;
    return add_record(owner, ttl_s, TYPE_CDNSKEY, (struct bytes){cdnskey, sizeof cdnskey}, out);
}

bool signal_name(const uint8_t *zone, const uint8_t *server, uint8_t ret[256])
{
    static const char dsboot[] = "\x07_dsboot";
    static const char signal[] = "\x07_signal";
    const struct bytes parts[] = {
        {(const uint8_t *)dsboot, sizeof dsboot - 1},
        {zone, name_len(zone) - 1}, /* without the root label */
        {(const uint8_t *)signal, sizeof signal - 1},
        {server, name_len(server)},
    };
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (len + parts[i].len > 255)
            return false;
        memcpy(ret + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return true;
}
