/* RSA/SHA-256 (RFC 5702) by libcrypto: more than twice as fast as GnuTLS, the same octets. */
#include <stdlib.h>

#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include "common/err.h"
#include "signer/crypto_way.h"

struct rsa {
    EVP_PKEY_CTX *ctx;
    size_t signature_len;
};

static void rsa_close(void *state)
{
    struct rsa *r = state;
    if (r != NULL)
        EVP_PKEY_CTX_free(r->ctx);
    free(r);
}

static EVP_PKEY *key_of(const struct crypto_private *p)
{
    gnutls_datum_t der = {0};
    if (gnutls_x509_privkey_export2(p->x509, GNUTLS_X509_FMT_DER, &der) != 0)
        return NULL;
    const unsigned char *at = der.data;
    EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
    OPENSSL_cleanse(der.data, der.size);
    gnutls_free(der.data);
    return key;
}

static int rsa_open(const struct crypto_private *p, void **ret)
{
    struct rsa *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->signature_len = crypto_signature_len(p);
    EVP_PKEY *key = key_of(p);
    r->ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_free(key); /* the context holds it */
    if (r->ctx != NULL && EVP_PKEY_sign_init(r->ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(r->ctx, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(r->ctx, EVP_sha256()) == 1) {
        *ret = r;
        return ERR_OK;
    }
    rsa_close(r);
    return crypto_libcrypto_error();
}

static int rsa_sign(void *state, const struct crypto_work *work, size_t n)
{
    struct rsa *r = state;
    for (size_t i = 0; i < n; i++) {
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned digest_len = 0;
        size_t len = r->signature_len;
        if (EVP_Digest(work[i].data.data, work[i].data.len, digest, &digest_len, EVP_sha256(),
                       NULL) != 1 ||
            EVP_PKEY_sign(r->ctx, work[i].signature, &len, digest, digest_len) != 1 ||
            len != r->signature_len)
            return crypto_libcrypto_error();
    }
    return ERR_OK;
}

const struct crypto_way crypto_way_rsa = {
    .name = "libcrypto, RSA", .open = rsa_open, .sign = rsa_sign, .close = rsa_close};
