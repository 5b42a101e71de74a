#include "signer/crypto_again.h"

#include <stdlib.h>
#include <string.h>

#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#undef ERR_STATE

#include "common/err.h"

#define ED25519_LEN 32 /* of the seed and of the public key */

struct crypto_again {
    size_t signature_len;
    struct crypto_private *gnutls; /* P-384 */
    EVP_MD_CTX *begun;             /* Ed25519: ready to sign; copied for each signature, */
    EVP_MD_CTX *ctx;               /* which costs less than to begin anew */
};

void crypto_again_free(struct crypto_again *a)
{
    if (a == NULL)
        return;
    crypto_private_free(a->gnutls);
    EVP_MD_CTX_free(a->ctx);
    EVP_MD_CTX_free(a->begun); /* and the key, which is wiped */
    free(a);
}

static bool is_public_field(const EVP_PKEY *key, struct bytes field)
{
    uint8_t own[ED25519_LEN];
    size_t len = sizeof own;
    return EVP_PKEY_get_raw_public_key(key, own, &len) == 1 &&
           bytes_equal((struct bytes){own, len}, field);
}

static int ed25519_open(struct crypto_again *a, const struct crypto_private *p, struct bytes field)
{
    uint8_t seed[ED25519_LEN];
    int err = crypto_private_number(p, seed, sizeof seed);
    if (err != ERR_OK)
        return err;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    OPENSSL_cleanse(seed, sizeof seed);
    a->begun = EVP_MD_CTX_new();
    a->ctx = EVP_MD_CTX_new();
    if (key == NULL || a->begun == NULL || a->ctx == NULL ||
        EVP_DigestSignInit(a->begun, NULL, NULL, NULL, key) != 1)
        err = crypto_libcrypto_error();
    else if (!is_public_field(key, field))
        err = ERR_CRYPTO;
    EVP_PKEY_free(key);
    return err;
}

static int again_open(struct crypto_again *a, const struct crypto_private *p, struct bytes field)
{
    if (p->algorithm == ALG_ED25519)
        return ed25519_open(a, p, field);
    if (p->algorithm == ALG_ECDSAP384SHA384)
        return crypto_private_dup(p, &a->gnutls);
    return ERR_USAGE;
}

int crypto_again_new(const struct crypto_private *p, struct bytes public_field,
                     struct crypto_again **ret)
{
    struct crypto_again *a = calloc(1, sizeof *a);
    if (a == NULL)
        return ERR_NOMEM;
    a->signature_len = crypto_signature_len(p);
    int err = again_open(a, p, public_field);
    if (err == ERR_OK)
        *ret = a;
    else
        crypto_again_free(a);
    return err;
}

static bool sign(struct crypto_again *a, struct bytes data, uint8_t *ret, size_t *ret_len)
{
    if (a->gnutls != NULL)
        return crypto_sign(a->gnutls, data, ret, ret_len) == ERR_OK;
    *ret_len = a->signature_len;
    if (EVP_MD_CTX_copy_ex(a->ctx, a->begun) == 1 &&
        EVP_DigestSign(a->ctx, ret, ret_len, data.data, data.len) == 1)
        return true;
    (void)crypto_libcrypto_error();
    return false;
}

bool crypto_again_is_same(struct crypto_again *a, const struct crypto_work *w)
{
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    bool is_same = sign(a, w->data, signature, &len) && len == a->signature_len &&
                   memcmp(signature, w->signature, len) == 0;
    /* of two different signatures with one nonce both are secret: together they give the key away
     */
    OPENSSL_cleanse(signature, sizeof signature);
    return is_same;
}
