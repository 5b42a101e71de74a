#include "app/ds_record.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define TYPE_DS      43
#define TYPE_CDS     59
#define TYPE_CDNSKEY 60

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

int ds_line(const uint8_t *zone, const struct key *k, enum ds_digest digest, uint32_t ttl_s,
            struct buf *out)
{
    AUTO(buf) struct buf rdata = {0};
    int err = sign_ds_rdata(zone, key_dnskey_rdata(k), digest, &rdata);
    return err == ERR_OK ? add_record(zone, ttl_s, TYPE_DS, buf_bytes(&rdata), out) : err;
}

int cds_line(const uint8_t *owner, const uint8_t *zone, const struct key *k, uint32_t ttl_s,
             struct buf *out)
{
    AUTO(buf) struct buf rdata = {0};
    int err = sign_ds_rdata(zone, key_dnskey_rdata(k), DS_SHA256, &rdata);
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
