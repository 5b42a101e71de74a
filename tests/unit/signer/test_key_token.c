/*
 * Keys that tokens make and keep: two tokens of SoftHSM in a temporary folder. Without Debian's
 * softhsm2 these tests fail; they are not left out.
 */
#include <spawn.h>
#include <sys/wait.h>

#include <gnutls/pkcs11.h>

#include "signer/key_token.h"
#include "tests/unit/signer/state_testing.h"

extern char **environ;

static char *folder;
static char *pin_file;

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

static void make_token(const char *label)
{
    run((const char *[]){"softhsm2-util", "--init-token", "--free", "--label", label, "--pin",
                         "1234", "--so-pin", "5678", NULL});
}

static int setup(void **state)
{
    (void)state;
    char conf[256];
    folder = temp_dir();
    AUTO_FREE char *tokens = in_dir(folder, "tokens");
    AUTO_FREE char *path = in_dir(folder, "softhsm2.conf");
    pin_file = in_dir(folder, "pin");
    assert_int_equal(mkdir(tokens, 0700), 0);
    int len = snprintf(conf, sizeof conf,
                       "directories.tokendir = %s\nobjectstore.backend = file\n"
                       "log.level = ERROR\n",
                       tokens);
    assert_int_equal(file_write_new(path, conf, (size_t)len, 0600), ERR_OK);
    assert_int_equal(file_write_new(pin_file, "1234", 4, 0600), ERR_OK);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
    make_token("ksks");
    make_token("zsks");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    gnutls_pkcs11_deinit(); /* sessions on the tokens, before their files go */
    free(pin_file);
    temp_dir_done(folder);
    return 0;
}

/* The address of a token, with its PIN in a file. */
static const char *store_of(const char *token)
{
    static char uris[4][128];
    static unsigned next;
    char *uri = uris[next++ % 4];
    snprintf(uri, sizeof uris[0], "pkcs11:token=%s?pin-source=%s", token, pin_file);
    return uri;
}

/* ------------------------------------------------------------------ */

static void attributes_are_found_and_decoded(void **state)
{
    (void)state;
    static const char uri[] = "pkcs11:token=two%20words;id=%01?pin-source=/p&module-name=x";
    static const struct {
        const char *name;
        const char *value;
    } cases[] = {{"token", "two words"}, {"id", "\x01"}, {"pin-source", "/p"},
                 {"module-name", "x"},   {"tok", NULL},  {"pin-value", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO(buf) struct buf value = {0};
        bool is_there = token_uri_attribute(uri, cases[i].name, &value);
        assert_int_equal(is_there, cases[i].value != NULL);
        if (is_there)
            assert_string_equal(buf_str(&value), cases[i].value);
    }
    static const char *const bad[] = {"",
                                      "file:token=a",
                                      "pkcs11:token=%",
                                      "pkcs11:token=%1",
                                      "pkcs11:token=%zz",
                                      "pkcs11:token=%00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        TEST_CASE(bad[i]);
        AUTO(buf) struct buf value = {0};
        assert_false(token_uri_attribute(bad[i], "token", &value));
    }
}

static void a_pin_is_not_shown(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"pkcs11:token=a?pin-value=1234", "pkcs11:token=a"},
        {"pkcs11:token=a;pin-value=1234;id=%01", "pkcs11:token=a;id=%01"},
        {"pkcs11:token=a?pin-value=1234&module-name=m", "pkcs11:token=a?module-name=m"},
        {"pkcs11:token=a?pin-source=/p", "pkcs11:token=a?pin-source=/p"},
        {"pkcs11:pin-value=1234;token=a", "pkcs11:token=a"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i][0]);
        AUTO(buf) struct buf shown = {0};
        assert_int_equal(token_uri_public(cases[i][0], &shown), ERR_OK);
        assert_null(strstr(buf_str(&shown), "1234"));
        assert_string_equal(buf_str(&shown), cases[i][1]);
    }
}

static void tokens_make_keys_that_stay_there(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        enum key_role role;
        const char *token;
    } cases[] = {
        {13, KEY_KSK, "ksks"}, {14, KEY_KSK, "ksks"}, {8, KEY_ZSK, "zsks"}, {13, KEY_ZSK, "zsks"}};
    AUTO_FREE char *dir = in_dir(folder, "keys");
    assert_int_equal(file_mkdirs(dir, 0700), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_PTR(key) struct key *k = NULL;
        AUTO_PTR(key) struct key *loaded = NULL;
        AUTO(buf) struct buf pem = {0};
        AUTO(buf) struct buf uri = {0};
        AUTO_FREE char *path = NULL;
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(key_generate_on_token(store_of(cases[i].token), cases[i].algorithm,
                                               cases[i].role, "example.net", &k, d),
                         ERR_OK);
        assert_int_equal(diags_n(d), 0);
        assert_true(key_is_on_token(k));
        assert_int_equal(crypto_private_to_pem(key_private(k), &pem), ERR_KEY);
        assert_int_equal(key_store(k, dir, d), ERR_OK);
        assert_int_equal(
            key_load(dir, key_digest(k), cases[i].algorithm, cases[i].role, &loaded, d), ERR_OK);
        assert_int_equal(key_test_signature(k, loaded), ERR_OK);
        assert_true(asprintf(&path, "%s/%s.uri", dir, key_digest(k)) > 0);
        assert_int_equal(file_read_private(path, 4096, &uri), ERR_OK);
        assert_non_null(strstr(buf_str(&uri), cases[i].token));
        assert_null(strstr(buf_str(&uri), "1234")); /* its file says the PIN */
    }
}

static void keys_bear_the_name_of_their_zone_and_tag(void **state)
{
    (void)state;
    AUTO_PTR(key) struct key *k = NULL;
    char uri[256];
    assert_int_equal(
        key_generate_on_token(store_of("ksks"), 13, KEY_KSK, "example.org ksk", &k, NULL), ERR_OK);
    snprintf(uri, sizeof uri,
             "pkcs11:token=ksks;object=example.org%%20ksk%%20%u;type=private"
             "?pin-value=1234",
             key_tag(k));
    AUTO_PTR(crypto_private) struct crypto_private *named = NULL;
    assert_int_equal(crypto_private_from_uri(13, uri, &named), ERR_OK);
    assert_int_equal(key_destroy_on_token(k), ERR_OK);
    struct crypto_private *gone = NULL;
    assert_int_equal(crypto_private_from_uri(13, uri, &gone), ERR_KEY);
}

static void what_tokens_lack_is_refused_before_anything_is_made(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {15, 16};
    for (size_t i = 0; i < 2; i++) {
        struct key *k = NULL;
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(
            key_generate_on_token(store_of("ksks"), algorithms[i], KEY_KSK, "z", &k, d), ERR_USAGE);
        assert_int_equal(findings_n(d, "token-algorithm"), 1);
        assert_null(k);
    }
}

static void a_missing_token_is_named(void **state)
{
    (void)state;
    struct key *k = NULL;
    struct crypto_private *p = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(key_generate_on_token(store_of("elsewhere"), 13, KEY_ZSK, "z", &k, d),
                     ERR_KEY);
    assert_non_null(strstr(finding_text(d, "token-missing"), "token \"elsewhere\""));
    AUTO_PTR(diags) struct diags *again = diags_new();
    assert_int_equal(
        token_key_open(13, "pkcs11:token=gone;id=%01?pin-value=1234", "f.uri", &p, again), ERR_KEY);
    const char *text = finding_text(again, "token-missing");
    assert_non_null(strstr(text, "f.uri: error: token \"gone\""));
    assert_null(strstr(text, "1234"));
}

static void a_pin_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    struct key *k = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(chmod(pin_file, 0644), 0);
    assert_int_equal(key_generate_on_token(store_of("ksks"), 13, KEY_KSK, "z", &k, d), ERR_CONFIG);
    assert_int_equal(findings_n(d, "key-file-mode"), 1);
    assert_int_equal(chmod(pin_file, 0600), 0);
    assert_int_equal(
        key_generate_on_token("pkcs11:token=ksks?pin-source=pin", 13, KEY_KSK, "z", &k, d),
        ERR_CONFIG);
    assert_int_equal(findings_n(d, "token-pin"), 1);
    assert_int_equal(
        key_generate_on_token("pkcs11:token=ksks?pin-source=/nowhere/pin", 13, KEY_KSK, "z", &k, d),
        ERR_KEY);
    assert_null(k);
}

static void state_makes_keys_on_two_tokens(void **state)
{
    (void)state;
    AUTO_FREE char *dir = in_dir(folder, "state");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    struct life_key ksk = {0};
    struct life_key zsk = {0};
    const uint8_t *zone = wire("example.com.");
    assert_int_equal(
        state_key_make(s, zone, KEY_KSK, 13, store_of("ksks"), TEST_NOW, "a test", &ksk, d),
        ERR_OK);
    assert_int_equal(
        state_key_make(s, zone, KEY_ZSK, 13, store_of("zsks"), TEST_NOW, "a test", &zsk, d),
        ERR_OK);
    AUTO_PTR(key) struct key *a = NULL;
    AUTO_PTR(key) struct key *b = NULL;
    assert_int_equal(state_key_open(s, &ksk, &a, d), ERR_OK);
    assert_int_equal(state_key_open(s, &zsk, &b, d), ERR_OK);
    assert_true(key_is_on_token(a) && key_is_on_token(b));
    struct state_test found = {0};
    assert_int_equal(state_test_all(s, false, &found, d), ERR_OK);
    assert_true(found.key_n == 2 && found.token_key_n == 2);
    assert_int_equal(files_with(dir, "keys", ".uri"), 2);
    assert_int_equal(files_with(dir, "keys", ".pem"), 0);
    state_close(s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_found_and_decoded),
        cmocka_unit_test(a_pin_is_not_shown),
        cmocka_unit_test(tokens_make_keys_that_stay_there),
        cmocka_unit_test(keys_bear_the_name_of_their_zone_and_tag),
        cmocka_unit_test(what_tokens_lack_is_refused_before_anything_is_made),
        cmocka_unit_test(a_missing_token_is_named),
        cmocka_unit_test(a_pin_file_that_others_may_read_is_refused),
        cmocka_unit_test(state_makes_keys_on_two_tokens),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, setup, teardown);
}
