/* The verifying half of signer/crypto.h, on libcrypto. */
#include <stdlib.h>

#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include "common/err.h"
#include "signer/crypto_key.h"

struct crypto_public {
    uint8_t algorithm;
    EVP_PKEY *key;
    EVP_PKEY_CTX *verify; /* RSA and ECDSA: kept, a new one per signature costs a third more */
    EVP_MD_CTX *digest;
};

void crypto_public_free(struct crypto_public *p)
{
    if (p == NULL)
        return;
    EVP_MD_CTX_free(p->digest);
    EVP_PKEY_CTX_free(p->verify);
    EVP_PKEY_free(p->key);
    free(p);
}

static EVP_PKEY *key_from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* A point that is not on the curve is refused by libcrypto. */
static EVP_PKEY *ecdsa_key(const char *group, size_t part_len, struct bytes field)
{
    uint8_t point[1 + 2 * 48] = {4}; /* uncompressed */
    if (field.len != 2 * part_len || field.len >= sizeof point + 1)
        return NULL;
    for (size_t i = 0; i < field.len; i++)
        point[1 + i] = field.data[i];
    char name[16];
    size_t n = 0;
    for (; group[n] != 0 && n < sizeof name - 1; n++)
        name[n] = group[n];
    name[n] = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + field.len),
        OSSL_PARAM_construct_end()};
    return key_from_params("EC", params);
}

int crypto_libcrypto_error(void)
{
    bool no_memory = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
    ERR_clear_error();
    return no_memory ? ERR_NOMEM : ERR_CRYPTO;
}

/* Length of the exponent in one octet, or 0 and two more. */
bool crypto_rsa_split(struct bytes field, struct bytes *e, struct bytes *n)
{
    size_t at = 1;
    size_t len = field.len > 0 ? field.data[0] : 0;
    if (len == 0 && field.len >= 3) {
        len = (size_t)field.data[1] << 8 | field.data[2];
        at = 3;
    }
    if (len == 0 || field.len < at + len + 1)
        return false;
    *e = (struct bytes){field.data + at, len};
    *n = (struct bytes){field.data + at + len, field.len - at - len};
    return n->len <= CRYPTO_SIGNATURE_MAX && len <= 8;
}

static EVP_PKEY *rsa_key(struct bytes field)
{
    struct bytes e;
    struct bytes n;
    if (!crypto_rsa_split(field, &e, &n))
        return NULL;
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = NULL;
    BIGNUM *bn_n = BN_bin2bn(n.data, (int)n.len, NULL);
    BIGNUM *bn_e = BN_bin2bn(e.data, (int)e.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (bn_n != NULL && bn_e != NULL && build != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn_n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, bn_e))
        params = OSSL_PARAM_BLD_to_param(build);
    if (params != NULL)
        key = key_from_params("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(bn_n);
    BN_free(bn_e);
    return key;
}

static EVP_PKEY *key_of(uint8_t algorithm, struct bytes field)
{
    switch (algorithm) {
    case ALG_RSASHA256: return rsa_key(field);
    case ALG_ECDSAP256SHA256: return ecdsa_key("P-256", 32, field);
    case ALG_ECDSAP384SHA384: return ecdsa_key("P-384", 48, field);
    case ALG_ED25519:
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, field.data, field.len);
    case ALG_ED448: return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, NULL, field.data, field.len);
    default: return NULL;
    }
}

static bool is_eddsa(uint8_t algorithm)
{
    return algorithm == ALG_ED25519 || algorithm == ALG_ED448;
}

static const EVP_MD *digest_of(uint8_t algorithm)
{
    return algorithm == ALG_ECDSAP384SHA384 ? EVP_sha384() : EVP_sha256();
}

static bool verify_prepare(struct crypto_public *p)
{
    p->digest = EVP_MD_CTX_new();
    if (p->digest == NULL)
        return false;
    if (is_eddsa(p->algorithm))
        return true;
    p->verify = EVP_PKEY_CTX_new(p->key, NULL);
    if (p->verify == NULL || EVP_PKEY_verify_init(p->verify) <= 0)
        return false;
    if (p->algorithm == ALG_RSASHA256 &&
        EVP_PKEY_CTX_set_rsa_padding(p->verify, RSA_PKCS1_PADDING) <= 0)
        return false;
    return EVP_PKEY_CTX_set_signature_md(p->verify, digest_of(p->algorithm)) > 0;
}

int crypto_public_new(uint8_t algorithm, struct bytes field, struct crypto_public **ret)
{
    AUTO_PTR(crypto_public) struct crypto_public *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    p->algorithm = algorithm;
    p->key = key_of(algorithm, field);
    if (p->key == NULL || !verify_prepare(p)) {
        ERR_clear_error();
        return ERR_CRYPTO;
    }
    *ret = TAKE(p);
    return ERR_OK;
}

int crypto_public_spki(const struct crypto_public *p, struct buf *ret)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(p->key, &der);
    if (len <= 0)
        return crypto_libcrypto_error();
    buf_add(ret, der, (size_t)len);
    OPENSSL_free(der);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

static bool verify_digest(struct crypto_public *p, struct bytes data, struct bytes sig)
{
    uint8_t md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return EVP_DigestInit_ex(p->digest, digest_of(p->algorithm), NULL) &&
           EVP_DigestUpdate(p->digest, data.data, data.len) &&
           EVP_DigestFinal_ex(p->digest, md, &len) &&
           EVP_PKEY_verify(p->verify, sig.data, sig.len, md, len) == 1;
}

static bool verify_ecdsa(struct crypto_public *p, struct bytes data, struct bytes sig)
{
    size_t part = p->algorithm == ALG_ECDSAP256SHA256 ? 32 : 48;
    if (sig.len != 2 * part)
        return false;
    ECDSA_SIG *rs = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig.data, (int)part, NULL);
    BIGNUM *s = BN_bin2bn(sig.data + part, (int)part, NULL);
    if (rs == NULL || r == NULL || s == NULL || !ECDSA_SIG_set0(rs, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(rs);
        return false;
    }
    unsigned char *der = NULL;
    int len = i2d_ECDSA_SIG(rs, &der);
    bool good = len > 0 && verify_digest(p, data, (struct bytes){der, (size_t)len});
    OPENSSL_free(der);
    ECDSA_SIG_free(rs);
    return good;
}

static bool verify_eddsa(struct crypto_public *p, struct bytes data, struct bytes sig)
{
    EVP_MD_CTX_reset(p->digest);
    return EVP_DigestVerifyInit(p->digest, NULL, NULL, NULL, p->key) == 1 &&
           EVP_DigestVerify(p->digest, sig.data, sig.len, data.data, data.len) == 1;
}

int crypto_verify(struct crypto_public *p, struct bytes data, struct bytes signature)
{
    bool good;
    if (is_eddsa(p->algorithm))
        good = verify_eddsa(p, data, signature);
    else if (p->algorithm == ALG_RSASHA256)
        good = verify_digest(p, data, signature);
    else
        good = verify_ecdsa(p, data, signature);
    if (good)
        return ERR_OK;
    ERR_clear_error(); /* a queue of libcrypto's that nobody reads */
    return ERR_CRYPTO;
}
