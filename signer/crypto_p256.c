/*
 * ECDSA on P-256 (RFC 6605) with the nonces of RFC 6979, CRYPTO_BATCH signatures at a time, all by
 * the curve and the big numbers of libcrypto (docs/decisions/0009-bulk-signing.md).
 *
 * A batch shares one inversion of the nonces and one of the Z of their points. Products are those
 * of BN_mod_mul_montgomery: a * b / R with R = 2^256, so that the product of one plain number and
 * one in Montgomery form (a R) is plain.
 */
#include <stdlib.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#undef ERR_STATE

#include "common/err.h"
#include "signer/crypto_nonce.h"
#include "signer/crypto_way.h"

#define PART NONCE_OCTETS

struct slot {        /* of one signature */
    BIGNUM *t;       /* the hash h; then h + r d, and s */
    BIGNUM *k;       /* the nonce; then 1/k in Montgomery form */
    BIGNUM *product; /* of all k up to this one */
};

struct p256 {
    EC_GROUP *group;
    BN_CTX *ctx;
    BN_MONT_CTX *mont; /* modulo the order */
    BIGNUM *d;         /* Montgomery form */
    BIGNUM *blind;     /* another one for each batch */
    BIGNUM *rest;
    BIGNUM *r;
    struct nonce_key nonce;
    size_t slots_n; /* made when first needed: most zones are small */
    struct slot slots[CRYPTO_BATCH];
    EC_POINT *points[CRYPTO_BATCH];
};

/* ------------------------------------------------------------------ the key */

static void p256_close(void *state)
{
    struct p256 *p = state;
    if (p == NULL)
        return;
    for (size_t i = 0; i < CRYPTO_BATCH; i++) {
        EC_POINT_clear_free(p->points[i]);
        BN_clear_free(p->slots[i].t);
        BN_clear_free(p->slots[i].k);
        BN_clear_free(p->slots[i].product);
    }
    nonce_key_wipe(&p->nonce);
    BN_free(p->r);
    BN_clear_free(p->rest);
    BN_clear_free(p->blind);
    BN_clear_free(p->d);
    BN_MONT_CTX_free(p->mont);
    BN_CTX_free(p->ctx); /* wipes */
    EC_GROUP_free(p->group);
    free(p);
}

static const BIGNUM *order_of(const struct p256 *p)
{
    return EC_GROUP_get0_order(p->group);
}

static bool parts_make(struct p256 *p)
{
    p->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    p->ctx = BN_CTX_new();
    p->mont = BN_MONT_CTX_new();
    p->d = BN_new();
    p->blind = BN_new();
    p->rest = BN_new();
    p->r = BN_new();
    if (p->group == NULL || p->ctx == NULL || p->mont == NULL || p->d == NULL || p->blind == NULL ||
        p->rest == NULL || p->r == NULL)
        return false;
    BN_set_flags(p->rest, BN_FLG_CONSTTIME); /* for BN_mod_inverse */
    return BN_MONT_CTX_set(p->mont, order_of(p), p->ctx) == 1;
}

static int key_read(struct p256 *p, const struct crypto_private *key)
{
    uint8_t d[PART];
    int err = crypto_private_number(key, d, sizeof d);
    if (err != ERR_OK)
        return err;
    nonce_key_init(&p->nonce, order_of(p), d);
    bool good = BN_bin2bn(d, sizeof d, p->d) != NULL && !BN_is_zero(p->d) &&
                BN_cmp(p->d, order_of(p)) < 0 && BN_to_montgomery(p->d, p->d, p->mont, p->ctx) == 1;
    OPENSSL_cleanse(d, sizeof d);
    return good ? ERR_OK : crypto_libcrypto_error();
}

static int p256_open(const struct crypto_private *key, void **ret)
{
    struct p256 *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    int err = parts_make(p) ? key_read(p, key) : crypto_libcrypto_error();
    if (err == ERR_OK)
        *ret = p;
    else
        p256_close(p);
    return err;
}

/* ------------------------------------------------------------------ a batch */

static bool slots_reserve(struct p256 *p, size_t n)
{
    for (; p->slots_n < n; p->slots_n++) {
        struct slot *s = &p->slots[p->slots_n];
        EC_POINT **point = &p->points[p->slots_n];
        /* those of an attempt that ran out of memory are still there */
        if ((s->t == NULL && (s->t = BN_new()) == NULL) ||
            (s->k == NULL && (s->k = BN_new()) == NULL) ||
            (s->product == NULL && (s->product = BN_new()) == NULL) ||
            (*point == NULL && (*point = EC_POINT_new(p->group)) == NULL))
            return false;
    }
    return true;
}

/* Less the order where A is not below it. A is public and less than twice the order. */
static bool reduce(const struct p256 *p, BIGNUM *a)
{
    return BN_cmp(a, order_of(p)) < 0 || BN_sub(a, a, order_of(p)) == 1;
}

/* Hash, nonce k, and k*G. */
static bool slot_begin(struct p256 *p, size_t i, struct bytes data)
{
    struct slot *s = &p->slots[i];
    uint8_t hash[PART];
    nonce_hash(data, hash);
    return BN_bin2bn(hash, sizeof hash, s->t) != NULL && reduce(p, s->t) &&
           BN_bn2binpad(s->t, hash, sizeof hash) == PART && /* bits2octets, RFC 6979 s2.3.4 */
           nonce_make(&p->nonce, hash, s->k) &&
           EC_POINT_mul(p->group, p->points[i], s->k, NULL, NULL, p->ctx) == 1;
}

/*
 * Montgomery's trick: one inversion and three multiplications each. product[i] =
 * product[i - 1] * k[i] / R, where product[-1] is a random number, so that what is inverted tells
 * nothing of the nonces. With rest = R / product[i]: rest * product[i - 1] / R = R / k[i], which is
 * the Montgomery form of 1 / k[i], and rest * k[i] / R = R / product[i - 1], the next rest.
 */
static bool invert_all(struct p256 *p, size_t n)
{
    struct slot *s = p->slots;
    for (size_t i = 0; i < n; i++) {
        const BIGNUM *before = i == 0 ? p->blind : s[i - 1].product;
        if (BN_mod_mul_montgomery(s[i].product, before, s[i].k, p->mont, p->ctx) != 1)
            return false;
    }
    if (BN_copy(p->rest, s[n - 1].product) == NULL ||
        BN_mod_inverse(p->rest, p->rest, order_of(p), p->ctx) == NULL ||
        BN_to_montgomery(p->rest, p->rest, p->mont, p->ctx) != 1)
        return false;
    for (size_t i = n; i-- > 0;) {
        const BIGNUM *before = i == 0 ? p->blind : s[i - 1].product;
        BIGNUM *inverse = s[i].product; /* not needed any more */
        if (BN_mod_mul_montgomery(inverse, p->rest, before, p->mont, p->ctx) != 1 ||
            BN_mod_mul_montgomery(p->rest, p->rest, s[i].k, p->mont, p->ctx) != 1)
            return false;
        BN_swap(s[i].k, inverse);
    }
    return true;
}

/* r = x(kG) mod n: after EC_POINTs_make_affine X is x, and below 2n, while
   EC_POINT_get_affine_coordinates would invert Z again. */
static bool r_of(struct p256 *p, const EC_POINT *point)
{
    return EC_POINT_get_Jprojective_coordinates_GFp(p->group, point, p->r, NULL, NULL, p->ctx) ==
               1 &&
           reduce(p, p->r);
}

/* r, and s = (h + r d) / k. One of them 0, once in 2^255, is an error. */
static bool slot_end(struct p256 *p, size_t i, uint8_t *signature)
{
    struct slot *s = &p->slots[i];
    return r_of(p, p->points[i]) && !BN_is_zero(p->r) &&
           BN_mod_mul_montgomery(s->product, p->r, p->d, p->mont, p->ctx) == 1 &&
           BN_mod_add_quick(s->t, s->t, s->product, order_of(p)) == 1 &&
           BN_mod_mul_montgomery(s->t, s->t, s->k, p->mont, p->ctx) == 1 && !BN_is_zero(s->t) &&
           BN_bn2binpad(p->r, signature, PART) == PART &&
           BN_bn2binpad(s->t, signature + PART, PART) == PART;
}

static bool sign_some(struct p256 *p, const struct crypto_work *work, size_t n)
{
    if (!slots_reserve(p, n) || BN_priv_rand_range(p->blind, order_of(p)) != 1)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!slot_begin(p, i, work[i].data))
            return false;
    }
    if (EC_POINTs_make_affine(p->group, n, p->points, p->ctx) != 1 || !invert_all(p, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!slot_end(p, i, work[i].signature))
            return false;
    }
    return true;
}

static void secrets_clear(struct p256 *p, size_t n)
{
    for (size_t i = 0; i < n && i < p->slots_n; i++) {
        BN_clear(p->slots[i].t);
        BN_clear(p->slots[i].k);
        BN_clear(p->slots[i].product);
    }
    BN_clear(p->blind);
    BN_clear(p->rest);
}

static int p256_sign(void *state, const struct crypto_work *work, size_t n)
{
    struct p256 *p = state;
    bool good = true;
    for (size_t at = 0; good && at < n; at += CRYPTO_BATCH) {
        size_t some = n - at < CRYPTO_BATCH ? n - at : CRYPTO_BATCH;
        good = sign_some(p, work + at, some);
        secrets_clear(p, some);
    }
    return good ? ERR_OK : crypto_libcrypto_error();
}

const struct crypto_way crypto_way_p256 = {.name = "libcrypto, P-256 in batches",
                                           .open = p256_open,
                                           .sign = p256_sign,
                                           .close = p256_close};
