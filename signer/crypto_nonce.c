#include "signer/crypto_nonce.h"

#include <string.h>

#include <openssl/crypto.h>

void nonce_hash(struct bytes data, uint8_t ret[NONCE_OCTETS])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, data.data, data.len);
    SHA256_Final(ret, &c);
}

/* ------------------------------------------------------------------ HMAC, RFC 2104 */

static void hmac_key(struct hmac *h, const uint8_t key[NONCE_OCTETS])
{
    uint8_t block[SHA256_CBLOCK];
    memset(block, 0x36, sizeof block);
    for (size_t i = 0; i < NONCE_OCTETS; i++)
        block[i] ^= key[i];
    SHA256_Init(&h->inner);
    SHA256_Update(&h->inner, block, sizeof block);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&h->outer);
    SHA256_Update(&h->outer, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
}

/* Ends INNER, which went on from H->inner, and wipes it. RET may be what was taken in. */
static void hmac_end(const struct hmac *h, SHA256_CTX *inner, uint8_t ret[NONCE_OCTETS])
{
    SHA256_CTX outer = h->outer;
    SHA256_Final(ret, inner);
    SHA256_Update(&outer, ret, NONCE_OCTETS);
    SHA256_Final(ret, &outer);
    OPENSSL_cleanse(&outer, sizeof outer);
    OPENSSL_cleanse(inner, sizeof *inner);
}

static void hmac_of(const struct hmac *h, const uint8_t v[NONCE_OCTETS], uint8_t ret[NONCE_OCTETS])
{
    SHA256_CTX inner = h->inner;
    SHA256_Update(&inner, v, NONCE_OCTETS);
    hmac_end(h, &inner, ret);
}

/* ------------------------------------------------------------------ RFC 6979 s3.2 */

void nonce_key_init(struct nonce_key *ret, const BIGNUM *order, const uint8_t x[NONCE_OCTETS])
{
    static const uint8_t zero[NONCE_OCTETS];
    uint8_t v[NONCE_OCTETS + 1];
    memset(v, 1, NONCE_OCTETS); /* b, c: V is ones, K zeros */
    v[NONCE_OCTETS] = 0;
    ret->order = order;
    hmac_key(&ret->first, zero);
    SHA256_Update(&ret->first.inner, v, sizeof v);
    SHA256_Update(&ret->first.inner, x, NONCE_OCTETS);
    memcpy(ret->x, x, NONCE_OCTETS);
}

void nonce_key_wipe(struct nonce_key *k)
{
    OPENSSL_cleanse(k, sizeof *k);
}

/* With the new K: V = HMAC_K(V). */
static void drbg_step(struct nonce_drbg *d, uint8_t k[NONCE_OCTETS])
{
    hmac_key(&d->k, k);
    hmac_of(&d->k, d->v, d->v);
    OPENSSL_cleanse(k, NONCE_OCTETS);
}

void nonce_drbg_init(const struct nonce_key *key, const uint8_t hash[NONCE_OCTETS],
                     struct nonce_drbg *ret)
{
    uint8_t k[NONCE_OCTETS];
    SHA256_CTX inner = key->first.inner;
    memset(ret->v, 1, NONCE_OCTETS);
    SHA256_Update(&inner, hash, NONCE_OCTETS); /* d */
    hmac_end(&key->first, &inner, k);
    drbg_step(ret, k); /* e */

    inner = ret->k.inner; /* f */
    SHA256_Update(&inner, ret->v, NONCE_OCTETS);
    SHA256_Update(&inner, "\1", 1);
    SHA256_Update(&inner, key->x, NONCE_OCTETS);
    SHA256_Update(&inner, hash, NONCE_OCTETS);
    hmac_end(&ret->k, &inner, k);
    drbg_step(ret, k); /* g */
}

void nonce_drbg_candidate(struct nonce_drbg *d)
{
    hmac_of(&d->k, d->v, d->v);
}

void nonce_drbg_reject(struct nonce_drbg *d)
{
    uint8_t k[NONCE_OCTETS];
    SHA256_CTX inner = d->k.inner;
    SHA256_Update(&inner, d->v, NONCE_OCTETS);
    SHA256_Update(&inner, "\0", 1);
    hmac_end(&d->k, &inner, k);
    drbg_step(d, k);
}

/* BN_bin2bn passes over leading octets that are zero, which one nonce in 256 has: with a one in
   front, which is cut off again, it always reads as many. */
static bool number_of(const uint8_t octets[NONCE_OCTETS], BIGNUM *ret)
{
    uint8_t longer[1 + NONCE_OCTETS] = {1};
    memcpy(longer + 1, octets, NONCE_OCTETS);
    bool good = BN_bin2bn(longer, sizeof longer, ret) != NULL;
    OPENSSL_cleanse(longer, sizeof longer);
    return good && BN_mask_bits(ret, 8 * NONCE_OCTETS) == 1;
}

bool nonce_make(const struct nonce_key *key, const uint8_t hash[NONCE_OCTETS], BIGNUM *ret)
{
    struct nonce_drbg d;
    nonce_drbg_init(key, hash, &d);
    nonce_drbg_candidate(&d);
    bool good = number_of(d.v, ret); /* as many bits as the order: nothing to shift (s2.3.2) */
    while (good && (BN_is_zero(ret) || BN_cmp(ret, key->order) >= 0)) {
        nonce_drbg_reject(&d);
        nonce_drbg_candidate(&d);
        good = number_of(d.v, ret);
    }
    OPENSSL_cleanse(&d, sizeof d);
    return good;
}
