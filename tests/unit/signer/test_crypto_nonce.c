/* RFC 6979 s3.2 step by step, against an HMAC-DRBG written with GnuTLS's HMAC. */
#include <string.h>

#include <gnutls/crypto.h>

#include "signer/crypto_nonce.h"
#include "tests/support/testing.h"

static const char order_p256[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char x_a25[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

struct subject {
    uint8_t x[NONCE_OCTETS];
    BIGNUM *order;
    BIGNUM *k;
    struct nonce_key key;
};

static void subject_done(struct subject *s)
{
    nonce_key_wipe(&s->key);
    BN_free(s->order);
    BN_free(s->k);
}
DEFINE_AUTO(subject)

static struct subject subject_new(const char *order)
{
    struct subject s = {.k = BN_new()};
    assert_true(hex_decode(x_a25, s.x, sizeof s.x));
    assert_int_equal(BN_hex2bn(&s.order, order), 64);
    assert_non_null(s.k);
    nonce_key_init(&s.key, s.order, s.x);
    return s;
}

static void made(struct subject *s, const uint8_t *hash, uint8_t ret[NONCE_OCTETS])
{
    assert_true(nonce_make(&s->key, hash, s->k));
    assert_int_equal(BN_bn2binpad(s->k, ret, NONCE_OCTETS), NONCE_OCTETS);
}

/* ------------------------------------------------------------------ the model */

struct model {
    uint8_t k[NONCE_OCTETS];
    uint8_t v[NONCE_OCTETS];
};

static void model_hmac(struct model *m, const uint8_t *data, size_t len, uint8_t *ret)
{
    assert_int_equal(gnutls_hmac_fast(GNUTLS_MAC_SHA256, m->k, sizeof m->k, data, len, ret), 0);
}

static void model_take(struct model *m, uint8_t octet, const uint8_t *x, const uint8_t *hash)
{
    uint8_t data[3 * NONCE_OCTETS + 1];
    size_t len = NONCE_OCTETS + 1;
    memcpy(data, m->v, NONCE_OCTETS);
    data[NONCE_OCTETS] = octet;
    if (x != NULL) {
        memcpy(data + len, x, NONCE_OCTETS);
        memcpy(data + len + NONCE_OCTETS, hash, NONCE_OCTETS);
        len += 2 * NONCE_OCTETS;
    }
    model_hmac(m, data, len, m->k);
    model_hmac(m, m->v, sizeof m->v, m->v);
}

static struct model model_new(const uint8_t *x, const uint8_t *hash)
{
    struct model m = {{0}, {0}};
    memset(m.v, 1, sizeof m.v);
    model_take(&m, 0, x, hash);
    model_take(&m, 1, x, hash);
    return m;
}

static void model_candidate(struct model *m)
{
    model_hmac(m, m->v, sizeof m->v, m->v);
}

/* ------------------------------------------------------------------ tests */

/* A.2.5, with SHA-256. */
static void the_vectors_of_the_rfc_come_out(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        const char *k;
    } vectors[] = {
        {"sample", "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"},
        {"test", "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0"},
    };
    AUTO(subject) struct subject s = subject_new(order_p256);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const char *message = vectors[i].message;
        uint8_t octets[NONCE_OCTETS];
        char have[2 * NONCE_OCTETS + 1];
        TEST_CASE(message);
        nonce_hash((struct bytes){(const uint8_t *)message, strlen(message)}, octets);
        made(&s, octets, octets);
        hex_encode(octets, sizeof octets, have);
        assert_string_equal(have, vectors[i].k);
    }
}

static void refused_candidates_are_followed_by_those_of_the_rfc(void **state)
{
    (void)state;
    AUTO(subject) struct subject s = subject_new(order_p256);
    uint8_t hash[NONCE_OCTETS] = {0};
    for (uint8_t round = 0; round < 50; round++) {
        hash[5] = round;
        struct model m = model_new(s.x, hash);
        struct nonce_drbg d;
        nonce_drbg_init(&s.key, hash, &d);
        for (unsigned i = 0; i < 4; i++) {
            model_candidate(&m);
            nonce_drbg_candidate(&d);
            assert_memory_equal(d.v, m.v, sizeof m.v);
            nonce_drbg_reject(&d);
            model_take(&m, 0, NULL, NULL);
        }
    }
}

/* With an order of 2^255 every other candidate is too large: some nonces take many. */
static void candidates_from_the_order_on_are_passed_over(void **state)
{
    (void)state;
    static const uint8_t order[NONCE_OCTETS] = {0x80};
    char hex[2 * NONCE_OCTETS + 1];
    hex_encode(order, sizeof order, hex);
    AUTO(subject) struct subject s = subject_new(hex);
    uint8_t hash[NONCE_OCTETS] = {0};
    unsigned refused = 0;
    unsigned with_leading_zeros = 0;
    for (unsigned round = 0; round < 1000; round++) {
        uint8_t have[NONCE_OCTETS];
        hash[5] = (uint8_t)round;
        hash[6] = (uint8_t)(round >> 8);
        struct model m = model_new(s.x, hash);
        for (model_candidate(&m); memcmp(m.v, order, sizeof order) >= 0; model_candidate(&m)) {
            model_take(&m, 0, NULL, NULL);
            refused++;
        }
        made(&s, hash, have);
        assert_memory_equal(have, m.v, sizeof m.v);
        with_leading_zeros += have[0] == 0;
    }
    assert_true(refused > 500 && with_leading_zeros > 0);
}

static void hashes_are_those_of_gnutls(void **state)
{
    (void)state;
    uint8_t data[300];
    assert_int_equal(gnutls_rnd(GNUTLS_RND_NONCE, data, sizeof data), 0);
    for (size_t len = 0; len < sizeof data; len++) {
        uint8_t have[NONCE_OCTETS];
        uint8_t want[NONCE_OCTETS];
        nonce_hash((struct bytes){data, len}, have);
        assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, want), 0);
        assert_memory_equal(have, want, sizeof want);
    }
}

static void wiping_leaves_nothing(void **state)
{
    (void)state;
    static const struct nonce_key zero;
    AUTO(subject) struct subject s = subject_new(order_p256);
    nonce_key_wipe(&s.key);
    assert_memory_equal(&s.key, &zero, sizeof zero);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_vectors_of_the_rfc_come_out),
    cmocka_unit_test(refused_candidates_are_followed_by_those_of_the_rfc),
    cmocka_unit_test(candidates_from_the_order_on_are_passed_over),
    cmocka_unit_test(hashes_are_those_of_gnutls),
    cmocka_unit_test(wiping_leaves_nothing),
};
TEST_MAIN(tests)
