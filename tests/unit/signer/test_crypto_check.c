/* The self-check notices every single wrong bit: in a signature, a key, or what was signed. */
#include "tests/unit/signer/crypto_testing.h"

static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
#define ALGORITHM_N (sizeof algorithms / sizeof *algorithms)
#define N           (CRYPTO_BATCH + 10) /* more than one batch */

struct subject {
    struct crypto_private *private;
    struct buf field;
    struct crypto_checker *checker;
    struct batch batch;
};

static void subject_done(struct subject *s)
{
    crypto_checker_free(s->checker);
    crypto_private_free(s->private);
    buf_done(&s->field);
    batch_done(&s->batch);
}
DEFINE_AUTO(subject)

static struct subject subject_new(uint8_t algorithm, enum self_check mode, size_t n)
{
    struct subject s = {0};
    AUTO_PTR(crypto_signer) struct crypto_signer *signer = NULL;
    assert_int_equal(crypto_generate(algorithm, &s.private), ERR_OK);
    assert_int_equal(crypto_private_public_field(s.private, &s.field), ERR_OK);
    assert_int_equal(crypto_signer_new(s.private, &signer), ERR_OK);
    s.batch = batch_new(n, crypto_signature_len(s.private));
    assert_int_equal(crypto_sign_batch(signer, s.batch.work, n), ERR_OK);
    assert_int_equal(crypto_checker_new(s.private, buf_bytes(&s.field), mode, &s.checker), ERR_OK);
    return s;
}

static void assert_good(struct subject *s, size_t from, size_t n)
{
    size_t bad = 4711;
    assert_int_equal(crypto_check_batch(s->checker, s->batch.work + from, n, &bad), ERR_OK);
    assert_int_equal(bad, 4711);
}

static void assert_bad_at(struct subject *s, size_t from, size_t n, size_t at)
{
    size_t bad = 4711;
    assert_int_equal(crypto_check_batch(s->checker, s->batch.work + from, n, &bad), ERR_CRYPTO);
    assert_int_equal(bad, at);
}

static void right_signatures_pass_in_batches_of_any_size(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        for (enum self_check mode = SELF_CHECK_NEW; mode <= SELF_CHECK_OFF; mode++) {
            AUTO(subject) struct subject s = subject_new(algorithms[a], mode, N);
            assert_good(&s, 0, 0);
            assert_good(&s, 0, 1);
            assert_good(&s, 1, 2);
            assert_good(&s, 0, N);
        }
    }
}

static void one_wrong_signature_is_found_at_its_place(void **state)
{
    (void)state;
    static const size_t places[] = {0, 1, 64, CRYPTO_BATCH - 1, CRYPTO_BATCH, N - 1};
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        for (enum self_check mode = SELF_CHECK_NEW; mode < SELF_CHECK_OFF; mode++) {
            AUTO(subject) struct subject s = subject_new(algorithms[a], mode, N);
            for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                s.batch.work[places[i]].signature[places[i] % 60] ^= 0x10;
                assert_bad_at(&s, 0, N, places[i]);
                s.batch.work[places[i]].signature[places[i] % 60] ^= 0x10;
            }
            assert_good(&s, 0, N);
        }
    }
}

static void every_bit_of_a_signature_counts(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        AUTO(subject) struct subject s = subject_new(algorithms[a], SELF_CHECK_NEW, 2);
        uint8_t *signature = s.batch.work[1].signature;
        assert_good(&s, 0, 2); /* the first of all is looked at more closely; not so these */
        for (size_t bit = 0; bit < 8 * crypto_signature_len(s.private); bit++) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_bad_at(&s, 0, 2, 1);
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_good(&s, 0, 2);
    }
}

static void every_bit_of_the_data_counts(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        AUTO(subject) struct subject s = subject_new(algorithms[a], SELF_CHECK_NEW, 2);
        uint8_t *data = s.batch.data + BATCH_MESSAGE_MAX;
        size_t bits = 8 * s.batch.work[1].data.len;
        for (size_t bit = 0; bit < bits; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_bad_at(&s, 0, 2, 1);
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_good(&s, 0, 2);
    }
}

static void every_bit_of_the_public_field_counts(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        AUTO(subject) struct subject s = subject_new(algorithms[a], SELF_CHECK_NEW, 1);
        size_t step = algorithms[a] == 8 ? 61 : 1;
        for (size_t bit = 0; bit < 8 * s.field.len; bit += step) {
            struct crypto_checker *none = NULL;
            s.field.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(
                crypto_checker_new(s.private, buf_bytes(&s.field), SELF_CHECK_NEW, &none),
                ERR_CRYPTO);
            assert_null(none);
            s.field.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void signatures_of_another_key_fail(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        AUTO(subject) struct subject s = subject_new(algorithms[a], SELF_CHECK_NEW, 3);
        AUTO(subject) struct subject other = subject_new(algorithms[a], SELF_CHECK_NEW, 3);
        size_t bad = 4711;
        assert_int_equal(crypto_check_batch(s.checker, other.batch.work, 3, &bad), ERR_CRYPTO);
        assert_int_equal(bad, 0);
        assert_good(&s, 0, 3);
    }
}

/* r and s outside 1 … n-1 are no signatures (FIPS 186-4 s6.4.2), even where the sums come out. */
static void zeros_and_numbers_from_the_order_on_are_refused(void **state)
{
    (void)state;
    static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    AUTO(subject) struct subject s = subject_new(ALG_ECDSAP256SHA256, SELF_CHECK_NEW, 3);
    uint8_t *signature = s.batch.work[1].signature;
    uint8_t good[64];
    memcpy(good, signature, sizeof good);
    for (size_t part = 0; part < 2; part++) {
        memset(signature + 32 * part, 0, 32);
        assert_bad_at(&s, 0, 3, 1);
        assert_true(hex_decode(order, signature + 32 * part, 32));
        assert_bad_at(&s, 0, 3, 1);
        memset(signature + 32 * part, 0xff, 32);
        assert_bad_at(&s, 0, 3, 1);
        memcpy(signature, good, sizeof good);
    }
    memset(signature, 0, sizeof good);
    assert_bad_at(&s, 0, 3, 1);
}

static void off_looks_at_nothing(void **state)
{
    (void)state;
    AUTO(subject) struct subject s = subject_new(ALG_ECDSAP256SHA256, SELF_CHECK_OFF, 2);
    s.batch.work[0].signature[0] ^= 1;
    assert_good(&s, 0, 2);
}

/* The key-assisted equation is for (d, Q) that belong together; here they do not. */
static void a_key_whose_public_part_is_another_is_refused(void **state)
{
    (void)state;
    AUTO(subject) struct subject s = subject_new(ALG_ECDSAP256SHA256, SELF_CHECK_NEW, 1);
    AUTO(subject) struct subject other = subject_new(ALG_ECDSAP256SHA256, SELF_CHECK_NEW, 1);
    struct crypto_checker *none = NULL;
    assert_int_equal(crypto_checker_new(s.private, buf_bytes(&other.field), SELF_CHECK_NEW, &none),
                     ERR_CRYPTO);
    assert_null(none);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(right_signatures_pass_in_batches_of_any_size),
    cmocka_unit_test(one_wrong_signature_is_found_at_its_place),
    cmocka_unit_test(every_bit_of_a_signature_counts),
    cmocka_unit_test(every_bit_of_the_data_counts),
    cmocka_unit_test(every_bit_of_the_public_field_counts),
    cmocka_unit_test(signatures_of_another_key_fail),
    cmocka_unit_test(zeros_and_numbers_from_the_order_on_are_refused),
    cmocka_unit_test(off_looks_at_nothing),
    cmocka_unit_test(a_key_whose_public_part_is_another_is_refused),
};
TEST_MAIN(tests)
