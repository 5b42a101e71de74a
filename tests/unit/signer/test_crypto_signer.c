/* Signing in bulk: the octets are GnuTLS's, whatever the way and the size of the batch. */
#include <pthread.h>

#include "signer/crypto_way.h"
#include "tests/unit/signer/crypto_testing.h"

static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
#define ALGORITHM_N (sizeof algorithms / sizeof *algorithms)

static void assert_batch_is_right(struct crypto_private *p, struct crypto_signer *s, size_t n)
{
    AUTO(batch) struct batch b = batch_new(n, crypto_signature_len(p));
    assert_int_equal(crypto_sign_batch(s, b.work, n), ERR_OK);
    for (size_t i = 0; i < n; i++)
        assert_signed_as_by_gnutls(p, &b.work[i]);
}

static void batches_of_any_size_are_signed_as_by_gnutls(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 17, 127, 128, 129, 300};
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
        AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
        assert_int_equal(crypto_generate(algorithms[a], &p), ERR_OK);
        assert_int_equal(crypto_signer_new(p, &s), ERR_OK);
        print_message("  case: algorithm %u, %s\n", algorithms[a], crypto_signer_way(s));
        assert_true(crypto_is_deterministic(p));
        assert_false(crypto_is_serial(p));
        size_t most = algorithms[a] == 8 ? 4 : sizeof sizes / sizeof *sizes;
        for (size_t i = 0; i < most; i++)
            assert_batch_is_right(p, s, sizes[i]);
        assert_int_equal(crypto_sign_batch(s, NULL, 0), ERR_OK);
    }
}

static void thousands_of_signatures_of_many_keys_are_those_of_gnutls(void **state)
{
    (void)state;
    for (size_t key = 0; key < 30; key++) {
        AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
        AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
        assert_int_equal(crypto_generate(ALG_ECDSAP256SHA256, &p), ERR_OK);
        assert_int_equal(crypto_signer_new_by(&crypto_way_p256, p, &s), ERR_OK);
        assert_batch_is_right(p, s, CRYPTO_BATCH);
    }
}

static void the_signer_outlives_the_key_it_was_made_of(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
        AUTO_PTR(crypto_private) struct crypto_private *copy = NULL;
        struct crypto_private *p = NULL;
        assert_int_equal(crypto_generate(algorithms[a], &p), ERR_OK);
        assert_int_equal(crypto_private_dup(p, &copy), ERR_OK);
        assert_int_equal(crypto_signer_new(p, &s), ERR_OK);
        crypto_private_free(p);
        assert_batch_is_right(copy, s, 3);
    }
}

/* ------------------------------------------------------------------ threads */

struct job {
    const struct crypto_private *private;
    struct batch batch;
    pthread_t thread;
    int err;
};

/* Signer and checker are made in the thread: the first of the process runs the vectors, too. */
static void *job_run(void *argument)
{
    struct job *j = argument;
    AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
    AUTO_PTR(crypto_checker) struct crypto_checker *c = NULL;
    AUTO(buf) struct buf field = {0};
    size_t bad = 0;
    j->err = crypto_signer_new(j->private, &s);
    if (j->err == ERR_OK)
        j->err = crypto_private_public_field(j->private, &field);
    if (j->err == ERR_OK)
        j->err = crypto_checker_new(j->private, buf_bytes(&field), SELF_CHECK_NEW, &c);
    if (j->err == ERR_OK)
        j->err = crypto_sign_batch(s, j->batch.work, j->batch.n);
    if (j->err == ERR_OK)
        j->err = crypto_check_batch(c, j->batch.work, j->batch.n, &bad);
    return NULL;
}

static void threads_with_one_key_sign_the_same(void **state)
{
    (void)state;
    for (size_t a = 0; a < ALGORITHM_N; a++) {
        struct job jobs[4];
        AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
        assert_int_equal(crypto_generate(algorithms[a], &p), ERR_OK);
        for (size_t i = 0; i < 4; i++) {
            jobs[i].private = p;
            jobs[i].batch = batch_new(9, crypto_signature_len(p));
            assert_int_equal(pthread_create(&jobs[i].thread, NULL, job_run, &jobs[i]), 0);
        }
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
            assert_int_equal(jobs[i].err, ERR_OK);
            for (size_t k = 0; k < 9; k++)
                assert_signed_as_by_gnutls(p, &jobs[i].batch.work[k]);
            batch_done(&jobs[i].batch);
        }
    }
}

/* ------------------------------------------------------------------ the choice of a way */

static bool never(void)
{
    return false;
}

static bool always(void)
{
    return true;
}

static bool unasked(void)
{
    fail_msg("the vectors are for P-256");
    return false;
}

static void the_vectors_decide_who_signs_with_p256(void **state)
{
    (void)state;
    AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
    assert_int_equal(crypto_generate(ALG_ECDSAP256SHA256, &p), ERR_OK);
    assert_true(crypto_p256_has_passed());
    assert_ptr_equal(crypto_way_pick(p, always), &crypto_way_p256);
    assert_ptr_equal(crypto_way_pick(p, never), &crypto_way_gnutls);
}

static void other_algorithms_do_not_ask_for_them(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        const struct crypto_way *way;
    } cases[] = {{8, &crypto_way_rsa},
                 {14, &crypto_way_gnutls},
                 {15, &crypto_way_gnutls},
                 {16, &crypto_way_gnutls}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
        assert_int_equal(crypto_generate(cases[i].algorithm, &p), ERR_OK);
        assert_ptr_equal(crypto_way_pick(p, unasked), cases[i].way);
    }
}

/* Vectors failed: the same octets by GnuTLS, and libcrypto checks them. */
static void without_the_vectors_gnutls_signs_and_libcrypto_checks(void **state)
{
    (void)state;
    AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
    AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
    AUTO(buf) struct buf field = {0};
    assert_int_equal(crypto_generate(ALG_ECDSAP256SHA256, &p), ERR_OK);
    assert_int_equal(crypto_private_public_field(p, &field), ERR_OK);
    const struct crypto_way *way = crypto_way_pick(p, never);
    assert_int_equal(crypto_signer_new_by(way, p, &s), ERR_OK);
    assert_batch_is_right(p, s, 3);
    AUTO(batch) struct batch b = batch_new(9, crypto_signature_len(p));
    assert_int_equal(crypto_sign_batch(s, b.work, 9), ERR_OK);
    for (enum self_check mode = SELF_CHECK_NEW; mode < SELF_CHECK_OFF; mode++) {
        AUTO_PTR(crypto_checker) struct crypto_checker *c = NULL;
        size_t bad = 4711;
        assert_int_equal(crypto_checker_new_for(way, p, buf_bytes(&field), mode, &c), ERR_OK);
        assert_int_equal(crypto_check_batch(c, b.work, 9, &bad), ERR_OK);
        b.work[5].signature[40] ^= 2;
        assert_int_equal(crypto_check_batch(c, b.work, 9, &bad), ERR_CRYPTO);
        assert_int_equal(bad, 5);
        b.work[5].signature[40] ^= 2;
    }
}

/* A way that is wrong in one place of a batch, as a library that changed might be. */
static size_t wrong_at;

static int wrong_sign(void *state, const struct crypto_work *work, size_t n)
{
    int err = crypto_way_p256.sign(state, work, n);
    if (wrong_at < n)
        work[wrong_at].signature[63] ^= 1;
    return err;
}

static void the_vectors_notice_one_wrong_bit_at_any_place(void **state)
{
    (void)state;
    struct crypto_way wrong = crypto_way_p256;
    wrong.sign = wrong_sign;
    for (wrong_at = 0; wrong_at < CRYPTO_BATCH + 3; wrong_at++)
        assert_false(crypto_way_passes(&wrong));
    assert_true(crypto_way_passes(&wrong)); /* now beyond the last */
    assert_true(crypto_way_passes(&crypto_way_gnutls));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_with_one_key_sign_the_same), /* first: nothing has been made yet */
    cmocka_unit_test(batches_of_any_size_are_signed_as_by_gnutls),
    cmocka_unit_test(thousands_of_signatures_of_many_keys_are_those_of_gnutls),
    cmocka_unit_test(the_signer_outlives_the_key_it_was_made_of),
    cmocka_unit_test(the_vectors_decide_who_signs_with_p256),
    cmocka_unit_test(other_algorithms_do_not_ask_for_them),
    cmocka_unit_test(without_the_vectors_gnutls_signs_and_libcrypto_checks),
    cmocka_unit_test(the_vectors_notice_one_wrong_bit_at_any_place),
};
TEST_MAIN(tests)
