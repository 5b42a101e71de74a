/*
 * signer/verify_crypto.c -- see verify_crypto.h.
 */
#include "signer/verify_crypto.h"

#include <stdlib.h>
#include <string.h>

/* libcrypto has a type of the same name as one of our error codes */
#define ERR_STATE libcrypto_err_state
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#undef ERR_STATE

#include "common/err.h"

enum family { FAMILY_RSA, FAMILY_ECDSA, FAMILY_EDDSA };

struct method {
    uint8_t algorithm;
    enum family family;
    const char *group; /* curve, or the EVP name of the EdDSA variant */
    const char *hash;  /* NULL: the algorithm hashes by itself */
    size_t key_len;    /* 0: any */
    size_t signature_len;
};

static const struct method methods[] = {
    {5, FAMILY_RSA, NULL, "SHA1", 0, 0},
    {7, FAMILY_RSA, NULL, "SHA1", 0, 0},
    {8, FAMILY_RSA, NULL, "SHA256", 0, 0},
    {10, FAMILY_RSA, NULL, "SHA512", 0, 0},
    {13, FAMILY_ECDSA, "prime256v1", "SHA256", 64, 64},
    {14, FAMILY_ECDSA, "secp384r1", "SHA384", 96, 96},
    {15, FAMILY_EDDSA, "ED25519", NULL, 32, 64},
    {16, FAMILY_EDDSA, "ED448", NULL, 57, 114},
};

struct verify_public {
    const struct method *method;
    EVP_PKEY *pkey;
    EVP_MD *md; /* NULL for EdDSA */
};

static const struct method *method_find(uint8_t algorithm)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i].algorithm == algorithm)
            return &methods[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ public keys */

static EVP_PKEY *pkey_from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

/* RFC 3110 s2: exponent length in one octet, or 0 and two; exponent; modulus without leading zeros.
 */
static bool rsa_split(struct bytes key, struct bytes *ret_e, struct bytes *ret_n)
{
    if (key.len < 3)
        return false;
    size_t at = 1;
    size_t e_len = key.data[0];
    if (e_len == 0) {
        e_len = (size_t)key.data[1] << 8 | key.data[2];
        at = 3;
    }
    if (e_len == 0 || key.len - at <= e_len)
        return false;
    *ret_e = (struct bytes){key.data + at, e_len};
    *ret_n = (struct bytes){key.data + at + e_len, key.len - at - e_len};
    /* RFC 5702 s2: up to 4096 bits; more would be work for an attacker to hand out */
    return ret_n->data[0] != 0 && ret_n->len >= 64 && ret_n->len <= 512 && e_len <= ret_n->len;
}

static EVP_PKEY *rsa_new(struct bytes key)
{
    struct bytes e = {0};
    struct bytes n = {0};
    if (!rsa_split(key, &e, &n))
        return NULL;
    EVP_PKEY *pkey = NULL;
    BIGNUM *be = BN_bin2bn(e.data, (int)e.len, NULL);
    BIGNUM *bn = BN_bin2bn(n.data, (int)n.len, NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (be != NULL && bn != NULL && bld != NULL &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be) == 1)
        pkey = pkey_from_params("RSA", bld);
    OSSL_PARAM_BLD_free(bld);
    BN_free(be);
    BN_free(bn);
    return pkey;
}

static EVP_PKEY *ec_new(const struct method *m, struct bytes key)
{
    uint8_t point[1 + 96] = {4}; /* uncompressed */
    memcpy(point + 1, key.data, key.len);
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (bld != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, m->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + key.len) == 1)
        pkey = pkey_from_params("EC", bld);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

static EVP_PKEY *pkey_new(const struct method *m, struct bytes key)
{
    if (m->key_len != 0 && key.len != m->key_len)
        return NULL;
    switch (m->family) {
    case FAMILY_RSA: return rsa_new(key);
    case FAMILY_ECDSA: return ec_new(m, key);
    case FAMILY_EDDSA:
        return EVP_PKEY_new_raw_public_key_ex(NULL, m->group, NULL, key.data, key.len);
    }
    return NULL;
}

int verify_public_new(uint8_t algorithm, struct bytes key, struct verify_public **ret)
{
    const struct method *m = method_find(algorithm);
    if (m == NULL)
        return ERR_ABSENT;
    AUTO_PTR(verify_public) struct verify_public *k = calloc(1, sizeof(*k));
    if (k == NULL)
        return ERR_NOMEM;
    k->method = m;
    k->pkey = pkey_new(m, key);
    ERR_clear_error();
    if (k->pkey == NULL)
        return ERR_FINDINGS;
    if (m->hash != NULL && (k->md = EVP_MD_fetch(NULL, m->hash, NULL)) == NULL)
        return ERR_CRYPTO;
    *ret = TAKE(k);
    return ERR_OK;
}

void verify_public_free(struct verify_public *k)
{
    if (k == NULL)
        return;
    EVP_PKEY_free(k->pkey);
    EVP_MD_free(k->md);
    free(k);
}

unsigned verify_public_rsa_bits(const struct verify_public *k)
{
    return k->method->family == FAMILY_RSA ? (unsigned)EVP_PKEY_get_bits(k->pkey) : 0;
}

int verify_public_sha256(const struct verify_public *k, uint8_t ret[32])
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(k->pkey, &der);
    bool done = len > 0 && EVP_Digest(der, (size_t)len, ret, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    ERR_clear_error();
    return done ? ERR_OK : ERR_CRYPTO;
}

/* ------------------------------------------------------------------ signatures */

struct verify_checker {
    EVP_MD_CTX *md;
    EVP_MD_CTX *eddsa; /* of its own: one that has served EdDSA refuses to hash */
    size_t key_n;
    EVP_PKEY_CTX *keys[]; /* made on first use and kept: half the cost of a signature */
};

struct verify_checker *verify_checker_new(size_t key_n)
{
    struct verify_checker *c = calloc(1, sizeof(*c) + key_n * sizeof(c->keys[0]));
    if (c == NULL)
        return NULL;
    c->key_n = key_n;
    c->md = EVP_MD_CTX_new();
    c->eddsa = EVP_MD_CTX_new();
    if (c->md == NULL || c->eddsa == NULL) {
        verify_checker_free(c);
        return NULL;
    }
    return c;
}

void verify_checker_free(struct verify_checker *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->key_n; i++)
        EVP_PKEY_CTX_free(c->keys[i]);
    EVP_MD_CTX_free(c->md);
    EVP_MD_CTX_free(c->eddsa);
    free(c);
}

static EVP_PKEY_CTX *key_context(struct verify_checker *c, size_t index,
                                 const struct verify_public *k)
{
    if (c->keys[index] != NULL)
        return c->keys[index];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
    bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1;
    if (ok && k->method->family == FAMILY_RSA)
        ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(ctx, k->md) == 1;
    if (!ok) {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }
    c->keys[index] = ctx;
    return ctx;
}

/* One DER INTEGER from LEN big-endian octets; returns its size. */
static size_t der_integer(const uint8_t *number, size_t len, uint8_t *out)
{
    while (len > 1 && number[0] == 0) {
        number++;
        len--;
    }
    size_t pad = number[0] >> 7; /* else it would read as negative */
    out[0] = 0x02;
    out[1] = (uint8_t)(len + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, number, len);
    return 2 + pad + len;
}

/* RFC 6605 s4: r | s of equal length; libcrypto wants a DER SEQUENCE (always under 128 octets). */
static size_t ecdsa_to_der(struct bytes signature, uint8_t out[2 + 2 * 51])
{
    size_t half = signature.len / 2;
    size_t n = 2;
    n += der_integer(signature.data, half, out + n);
    n += der_integer(signature.data + half, half, out + n);
    out[0] = 0x30;
    out[1] = (uint8_t)(n - 2);
    return n;
}

static int check_eddsa(struct verify_checker *c, const struct verify_public *k, struct bytes data,
                       struct bytes signature, bool *ret_valid)
{
    EVP_MD_CTX_reset(c->eddsa);
    if (EVP_DigestVerifyInit_ex(c->eddsa, NULL, NULL, NULL, NULL, k->pkey, NULL) != 1)
        return ERR_CRYPTO;
    *ret_valid =
        EVP_DigestVerify(c->eddsa, signature.data, signature.len, data.data, data.len) == 1;
    ERR_clear_error();
    return ERR_OK;
}

int verify_check(struct verify_checker *c, size_t index, const struct verify_public *k,
                 struct bytes data, struct bytes signature, bool *ret_valid)
{
    const struct method *m = k->method;
    *ret_valid = false;
    if (m->signature_len != 0 && signature.len != m->signature_len)
        return ERR_OK;
    if (m->family == FAMILY_EDDSA)
        return check_eddsa(c, k, data, signature, ret_valid);

    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    EVP_PKEY_CTX *ctx = key_context(c, index, k);
    if (ctx == NULL || EVP_DigestInit_ex2(c->md, k->md, NULL) != 1 ||
        EVP_DigestUpdate(c->md, data.data, data.len) != 1 ||
        EVP_DigestFinal_ex(c->md, digest, &digest_len) != 1)
        return ERR_CRYPTO;
    uint8_t der[2 + 2 * 51];
    if (m->family == FAMILY_ECDSA)
        signature = (struct bytes){der, ecdsa_to_der(signature, der)};
    *ret_valid = EVP_PKEY_verify(ctx, signature.data, signature.len, digest, digest_len) == 1;
    ERR_clear_error();
    return ERR_OK;
}

/* ------------------------------------------------------------------ hashes */

static const struct {
    const char *name;
    size_t len;
} hashes[VERIFY_HASH_COUNT] = {
    [VERIFY_SHA1] = {"SHA1", 20},
    [VERIFY_SHA256] = {"SHA256", 32},
    [VERIFY_SHA384] = {"SHA384", 48},
    [VERIFY_SHA512] = {"SHA512", 64},
};

struct verify_hasher {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

size_t verify_hash_len(enum verify_hash hash)
{
    return hashes[hash].len;
}

struct verify_hasher *verify_hasher_new(enum verify_hash hash)
{
    AUTO_PTR(verify_hasher) struct verify_hasher *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return NULL;
    h->md = EVP_MD_fetch(NULL, hashes[hash].name, NULL);
    h->ctx = EVP_MD_CTX_new();
    return h->md != NULL && h->ctx != NULL ? TAKE(h) : NULL;
}

void verify_hasher_free(struct verify_hasher *h)
{
    if (h == NULL)
        return;
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
    free(h);
}

int verify_hasher_start(struct verify_hasher *h)
{
    return EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1 ? ERR_OK : ERR_CRYPTO;
}

int verify_hasher_add(struct verify_hasher *h, const void *data, size_t len)
{
    return EVP_DigestUpdate(h->ctx, data, len) == 1 ? ERR_OK : ERR_CRYPTO;
}

int verify_hasher_end(struct verify_hasher *h, uint8_t out[VERIFY_HASH_MAX])
{
    return EVP_DigestFinal_ex(h->ctx, out, NULL) == 1 ? ERR_OK : ERR_CRYPTO;
}
