#include "mudgen/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"

int digest_sha256(struct bytes data, uint8_t ret[SHA256_LEN])
{
    uint8_t out[SHA256_LEN];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data.data, data.len, out) != 0)
        return ERR_CRYPTO;
    for (size_t i = 0; i < SHA256_LEN; i++)
        ret[i] = out[i];
    return ERR_OK;
}

int digest_csp(struct bytes data, struct buf *out)
{
    uint8_t digest[SHA256_LEN];
    int err = digest_sha256(data, digest);
    if (err != ERR_OK)
        return err;
    gnutls_datum_t in = {digest, SHA256_LEN};
    gnutls_datum_t text = {0};
    if (gnutls_base64_encode2(&in, &text) != 0)
        return ERR_NOMEM;
    buf_add_str(out, "'sha256-");
    buf_add(out, text.data, text.size);
    buf_add_char(out, '\'');
    gnutls_free(text.data);
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}
