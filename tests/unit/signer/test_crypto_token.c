/*
 * Keys on a PKCS#11 token: SoftHSM in a temporary folder, which p11-kit finds by itself where
 * Debian's softhsm2 is installed. Without it these tests fail; they are not left out.
 */
#include <ftw.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gnutls/pkcs11.h>

#include "tests/unit/signer/crypto_testing.h"

extern char **environ;

static char folder[] = "/tmp/mudzone-token.XXXXXX";

static void run(const char *const *argv)
{
    pid_t pid = 0;
    int status = -1;
    union { /* posix_spawnp takes, and does not change, pointers to variable characters */
        const char *const *in;
        char *const *out;
    } args = {.in = argv};
    if (posix_spawnp(&pid, argv[0], NULL, NULL, args.out, environ) != 0)
        fail_msg("%s is missing: install Debian's softhsm2", argv[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    char path[128];
    char conf[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tokens", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(conf, sizeof conf,
             "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", path);
    snprintf(path, sizeof path, "%s/softhsm2.conf", folder);
    write_file(path, conf, strlen(conf));
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
    run((const char *[]){"softhsm2-util", "--init-token", "--free", "--label", "test", "--pin",
                         "1234", "--so-pin", "5678", NULL});
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    gnutls_pkcs11_deinit(); /* sessions on the token, before its files go */
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A software key and the same one on the token, under the label NAME. */
static struct crypto_private *import(uint8_t algorithm, const char *name)
{
    char path[128];
    char id[8];
    static unsigned imported;
    AUTO(buf) struct buf pem = {0};
    struct crypto_private *p = NULL;
    assert_int_equal(crypto_generate(algorithm, &p), ERR_OK);
    assert_int_equal(crypto_private_to_pem(p, &pem), ERR_OK);
    snprintf(path, sizeof path, "%s/%s.pem", folder, name);
    snprintf(id, sizeof id, "%02x", ++imported);
    write_file(path, pem.data, pem.len);
    run((const char *[]){"softhsm2-util", "--import", path, "--token", "test", "--label", name,
                         "--id", id, "--pin", "1234", NULL});
    return p;
}

static const char *uri_of(const char *name)
{
    static char uri[128];
    snprintf(uri, sizeof uri, "pkcs11:token=test;object=%s;type=private?pin-value=1234", name);
    return uri;
}

/* Signing and checking as with any key, with two signers of one token. */
static void try_key(const struct crypto_private *token)
{
    AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
    AUTO_PTR(crypto_signer) struct crypto_signer *second = NULL;
    AUTO(buf) struct buf field = {0};
    AUTO(batch) struct batch b = batch_new(20, crypto_signature_len(token));
    size_t bad = 4711;
    assert_int_equal(crypto_signer_new(token, &s), ERR_OK);
    assert_int_equal(crypto_signer_new(token, &second), ERR_OK);
    assert_string_equal(crypto_signer_way(s), "GnuTLS, one at a time");
    assert_int_equal(crypto_sign_batch(s, b.work, 10), ERR_OK);
    assert_int_equal(crypto_sign_batch(second, b.work + 10, 10), ERR_OK);
    assert_int_equal(crypto_private_public_field(token, &field), ERR_OK);
    for (enum self_check mode = SELF_CHECK_NEW; mode < SELF_CHECK_OFF; mode++) {
        AUTO_PTR(crypto_checker) struct crypto_checker *c = NULL;
        assert_int_equal(crypto_checker_new(token, buf_bytes(&field), mode, &c), ERR_OK);
        assert_int_equal(crypto_check_batch(c, b.work, 20, &bad), ERR_OK);
        b.work[13].signature[40] ^= 2;
        assert_int_equal(crypto_check_batch(c, b.work, 20, &bad), ERR_CRYPTO);
        assert_int_equal(bad, 13);
        b.work[13].signature[40] ^= 2;
    }
}

static void keys_on_a_token_sign_and_are_checked(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        const char *name;
        bool is_deterministic;
    } cases[] = {{13, "p256", false}, {14, "p384", false}, {8, "rsa", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(crypto_private)
        struct crypto_private *soft = import(cases[i].algorithm, cases[i].name);
        AUTO_PTR(crypto_private) struct crypto_private *token = NULL;
        AUTO(buf) struct buf soft_field = {0};
        AUTO(buf) struct buf token_field = {0};
        AUTO(buf) struct buf pem = {0};
        assert_int_equal(crypto_private_from_uri(cases[i].algorithm, uri_of(cases[i].name), &token),
                         ERR_OK);
        assert_true(crypto_is_serial(token));
        assert_int_equal(crypto_is_deterministic(token), cases[i].is_deterministic);
        assert_int_equal(crypto_signature_len(token), crypto_signature_len(soft));
        assert_int_equal(crypto_private_public_field(soft, &soft_field), ERR_OK);
        assert_int_equal(crypto_private_public_field(token, &token_field), ERR_OK);
        assert_true(bytes_equal(buf_bytes(&soft_field), buf_bytes(&token_field)));
        assert_int_equal(crypto_private_to_pem(token, &pem), ERR_KEY);
        try_key(token);
    }
}

static void what_a_token_can_not_do_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(crypto_private) struct crypto_private *soft = import(13, "other");
    assert_non_null(soft);
    struct crypto_private *none = NULL;
    static const struct {
        const char *name;
        const char *uri;
        uint8_t algorithm;
        int want;
    } cases[] = {
        {"Ed25519", "pkcs11:token=test;object=other?pin-value=1234", 15, ERR_USAGE},
        {"Ed448", "pkcs11:token=test;object=other?pin-value=1234", 16, ERR_USAGE},
        {"unknown algorithm", "pkcs11:token=test;object=other?pin-value=1234", 5, ERR_USAGE},
        {"another algorithm", "pkcs11:token=test;object=other?pin-value=1234", 8, ERR_CRYPTO},
        {"another curve", "pkcs11:token=test;object=other?pin-value=1234", 14, ERR_CRYPTO},
        {"no such key", "pkcs11:token=test;object=nobody?pin-value=1234", 13, ERR_KEY},
        {"no such token", "pkcs11:token=nowhere;object=other?pin-value=1234", 13, ERR_KEY},
        {"no URI", "/etc/passwd", 13, ERR_KEY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        assert_int_equal(crypto_private_from_uri(cases[i].algorithm, cases[i].uri, &none),
                         cases[i].want);
        assert_null(none);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_on_a_token_sign_and_are_checked),
        cmocka_unit_test(what_a_token_can_not_do_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
