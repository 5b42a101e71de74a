/*
 * The verification equation of P-256 with Q = d*G put in, CRYPTO_BATCH at a time.
 *
 * Shares nothing with the signer but libcrypto's arithmetic, to which it gives other numbers:
 * hashes are GnuTLS's, what is inverted is s, and to the multiplier, which would be the nonce, a
 * random number is added and the matching point taken off again: a fault that depends on the nonce
 * does not repeat. (h + r d) / s equals the nonce, so it is a secret; r, s and what comes of them
 * alone are public.
 */
#include <stdlib.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#undef ERR_STATE

#include <gnutls/crypto.h>

#include "common/err.h"
#include "signer/crypto_assist.h"

#define PART 32

struct slot { /* of one signature */
    BIGNUM *r;
    BIGNUM *s;       /* Montgomery form; then 1/s */
    BIGNUM *product; /* of all s up to this one */
    BIGNUM *t;       /* h + r d; then the multiplier */
};

struct assist_p256 {
    EC_GROUP *group;
    BN_CTX *ctx;
    BN_MONT_CTX *mont; /* modulo the order */
    BIGNUM *d;         /* Montgomery form */
    BIGNUM *number;
    BIGNUM *blind;
    EC_POINT *unblind; /* -blind * G */
    gnutls_hash_hd_t hash;
    size_t slots_n; /* made when first needed */
    struct slot slots[CRYPTO_BATCH];
    EC_POINT *points[CRYPTO_BATCH];
};

void assist_p256_free(struct assist_p256 *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < CRYPTO_BATCH; i++) {
        EC_POINT_clear_free(a->points[i]);
        BN_free(a->slots[i].r);
        BN_free(a->slots[i].s);
        BN_free(a->slots[i].product);
        BN_clear_free(a->slots[i].t);
    }
    if (a->hash != NULL)
        gnutls_hash_deinit(a->hash, NULL);
    EC_POINT_clear_free(a->unblind);
    BN_clear_free(a->blind);
    BN_clear_free(a->number);
    BN_clear_free(a->d);
    BN_MONT_CTX_free(a->mont);
    BN_CTX_free(a->ctx);
    EC_GROUP_free(a->group);
    free(a);
}

static bool blind_make(struct assist_p256 *a)
{
    return BN_priv_rand_range(a->blind, EC_GROUP_get0_order(a->group)) == 1 &&
           EC_POINT_mul(a->group, a->unblind, a->blind, NULL, NULL, a->ctx) == 1 &&
           EC_POINT_invert(a->group, a->unblind, a->ctx) == 1 &&
           EC_POINT_make_affine(a->group, a->unblind, a->ctx) == 1;
}

static bool parts_make(struct assist_p256 *a)
{
    a->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    a->ctx = BN_CTX_new();
    a->mont = BN_MONT_CTX_new();
    a->d = BN_new();
    a->number = BN_new();
    a->blind = BN_new();
    if (a->group == NULL || a->ctx == NULL || a->mont == NULL || a->d == NULL ||
        a->number == NULL || a->blind == NULL)
        return false;
    a->unblind = EC_POINT_new(a->group);
    return a->unblind != NULL && gnutls_hash_init(&a->hash, GNUTLS_DIG_SHA256) == 0 &&
           BN_MONT_CTX_set(a->mont, EC_GROUP_get0_order(a->group), a->ctx) == 1 && blind_make(a);
}

int assist_p256_new(const struct crypto_private *p, struct assist_p256 **ret)
{
    struct assist_p256 *a = calloc(1, sizeof *a);
    if (a == NULL)
        return ERR_NOMEM;
    uint8_t d[PART];
    int err = crypto_private_number(p, d, sizeof d);
    if (err == ERR_OK && (!parts_make(a) || BN_bin2bn(d, sizeof d, a->d) == NULL ||
                          BN_to_montgomery(a->d, a->d, a->mont, a->ctx) != 1))
        err = crypto_libcrypto_error();
    OPENSSL_cleanse(d, sizeof d);
    if (err == ERR_OK)
        *ret = a;
    else
        assist_p256_free(a);
    return err;
}

static bool slots_reserve(struct assist_p256 *a, size_t n)
{
    for (; a->slots_n < n; a->slots_n++) {
        struct slot *s = &a->slots[a->slots_n];
        EC_POINT **point = &a->points[a->slots_n];
        /* those of an attempt that ran out of memory are still there */
        if ((s->r == NULL && (s->r = BN_new()) == NULL) ||
            (s->s == NULL && (s->s = BN_new()) == NULL) ||
            (s->product == NULL && (s->product = BN_new()) == NULL) ||
            (s->t == NULL && (s->t = BN_new()) == NULL) ||
            (*point == NULL && (*point = EC_POINT_new(a->group)) == NULL))
            return false;
    }
    return true;
}

static bool is_in_range(const BIGNUM *a, const BIGNUM *order)
{
    return !BN_is_zero(a) && BN_cmp(a, order) < 0;
}

/* Less the order where A is not below it. A is public and less than twice the order. */
static bool reduce(BIGNUM *a, const BIGNUM *order)
{
    return BN_cmp(a, order) < 0 || BN_sub(a, a, order) == 1;
}

/* r, s in Montgomery form, and h + r d. */
static bool slot_begin(struct assist_p256 *a, struct slot *s, const struct crypto_work *w,
                       bool *ret_in_range)
{
    const BIGNUM *order = EC_GROUP_get0_order(a->group);
    uint8_t digest[PART];
    if (BN_bin2bn(w->signature, PART, s->r) == NULL ||
        BN_bin2bn(w->signature + PART, PART, s->s) == NULL)
        return false;
    *ret_in_range = is_in_range(s->r, order) && is_in_range(s->s, order);
    if (!*ret_in_range)
        return true;
    if (gnutls_hash(a->hash, w->data.data, w->data.len) != 0)
        return false;
    gnutls_hash_output(a->hash, digest); /* and begins anew */
    return BN_bin2bn(digest, sizeof digest, s->t) != NULL && reduce(s->t, order) &&
           BN_mod_mul_montgomery(a->number, s->r, a->d, a->mont, a->ctx) == 1 &&
           BN_mod_add_quick(s->t, s->t, a->number, order) == 1 &&
           BN_to_montgomery(s->s, s->s, a->mont, a->ctx) == 1;
}

/* Montgomery's trick. All of it is public. */
static bool invert_all(struct assist_p256 *a, size_t n)
{
    struct slot *s = a->slots;
    if (BN_copy(s[0].product, s[0].s) == NULL)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (BN_mod_mul_montgomery(s[i].product, s[i - 1].product, s[i].s, a->mont, a->ctx) != 1)
            return false;
    }
    BIGNUM *rest = a->number; /* 1 / (s0 ... si) */
    if (BN_from_montgomery(rest, s[n - 1].product, a->mont, a->ctx) != 1 ||
        BN_mod_inverse(rest, rest, EC_GROUP_get0_order(a->group), a->ctx) == NULL ||
        BN_to_montgomery(rest, rest, a->mont, a->ctx) != 1)
        return false;
    for (size_t i = n - 1; i > 0; i--) {
        BIGNUM *inverse = s[i].product; /* not needed any more */
        if (BN_mod_mul_montgomery(inverse, rest, s[i - 1].product, a->mont, a->ctx) != 1 ||
            BN_mod_mul_montgomery(rest, rest, s[i].s, a->mont, a->ctx) != 1)
            return false;
        BN_swap(s[i].s, inverse);
    }
    return BN_copy(s[0].s, rest) != NULL;
}

/* (h + r d) / s * G, as (t + blind) G - blind G. */
static bool slot_multiply(struct assist_p256 *a, size_t i)
{
    struct slot *s = &a->slots[i];
    const BIGNUM *order = EC_GROUP_get0_order(a->group);
    EC_POINT *point = a->points[i];
    return BN_mod_mul_montgomery(s->t, s->t, s->s, a->mont, a->ctx) == 1 &&
           BN_mod_add_quick(s->t, s->t, a->blind, order) == 1 &&
           EC_POINT_mul(a->group, point, s->t, NULL, NULL, a->ctx) == 1 &&
           EC_POINT_add(a->group, point, point, a->unblind, a->ctx) == 1;
}

static bool slot_is_right(struct assist_p256 *a, size_t i)
{
    const EC_POINT *point = a->points[i];
    return EC_POINT_is_at_infinity(a->group, point) == 0 &&
           EC_POINT_get_Jprojective_coordinates_GFp(a->group, point, a->number, NULL, NULL,
                                                    a->ctx) == 1 &&
           reduce(a->number, EC_GROUP_get0_order(a->group)) &&
           BN_cmp(a->number, a->slots[i].r) == 0;
}

/* False: the check could not be carried out. */
static bool check_some(struct assist_p256 *a, const struct crypto_work *work, size_t n,
                       size_t *ret_wrong)
{
    if (!slots_reserve(a, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool in_range = false;
        if (!slot_begin(a, &a->slots[i], &work[i], &in_range))
            return false;
        if (!in_range) {
            *ret_wrong = i;
            return true;
        }
    }
    if (!invert_all(a, n))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!slot_multiply(a, i))
            return false;
    }
    if (EC_POINTs_make_affine(a->group, n, a->points, a->ctx) != 1)
        return false;
    for (*ret_wrong = 0; *ret_wrong < n && slot_is_right(a, *ret_wrong);)
        ++*ret_wrong;
    return true;
}

int assist_p256_check(struct assist_p256 *a, const struct crypto_work *work, size_t n,
                      size_t *ret_bad)
{
    size_t wrong = n;
    if (n == 0)
        return ERR_OK;
    bool done = check_some(a, work, n, &wrong);
    for (size_t i = 0; i < a->slots_n; i++)
        BN_clear(a->slots[i].t);
    BN_clear(a->number);
    if (done && wrong == n)
        return ERR_OK;
    *ret_bad = done ? wrong : 0;
    return done ? ERR_CRYPTO : crypto_libcrypto_error();
}
