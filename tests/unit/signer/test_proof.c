/* The keyed digest that proves a signed file ours, and the list of those written. */
#include <stdio.h>
#include <unistd.h>

#include "signer/proof.h"
#include "tests/unit/signer/sign_testing.h"

static char *in(const char *dir, const char *name)
{
    static char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void digest_of(const struct proof *p, const char *text, size_t step, char hex[PROOF_HEX_LEN])
{
    AUTO_PTR(proof_digest) struct proof_digest *d = NULL;
    assert_int_equal(proof_begin(p, &d), ERR_OK);
    for (size_t at = 0, len = strlen(text); at < len; at += step)
        assert_int_equal(proof_feed(d, text + at, len - at < step ? len - at : step), ERR_OK);
    assert_int_equal(proof_end(d, hex), ERR_OK);
}

static int open_it(const char *dir, struct proof **ret, struct diags *d)
{
    AUTO_PTR(proof) struct proof *p = NULL;
    int err = proof_open(dir, &p, d);
    if (err == ERR_OK)
        err = proof_make_key(p, d);
    if (err == ERR_OK)
        *ret = TAKE(p);
    return err;
}

static void write_key(const char *dir, const void *key, size_t len, mode_t mode)
{
    assert_int_equal(file_write_atomic(in(dir, "proof.key"), key, len, mode), ERR_OK);
}

/* RFC 4231 s4.2 has a key of 20 octets; HMAC pads keys with zeros, so 32 are the same key. */
static void the_digest_is_hmac_sha256(void **state)
{
    (void)state;
    uint8_t key[32] = {0};
    char hex[PROOF_HEX_LEN];
    char *dir = temp_dir();
    AUTO_PTR(proof) struct proof *p = NULL;
    memset(key, 0x0b, 20);
    write_key(dir, key, sizeof key, 0600);
    assert_int_equal(open_it(dir, &p, NULL), ERR_OK);
    for (size_t step = 1; step < 10; step += 7) {
        digest_of(p, "Hi There", step, hex);
        assert_string_equal(hex,
                            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }
    temp_dir_done(dir);
}

static void what_was_kept_is_known_and_nothing_else(void **state)
{
    (void)state;
    char *dir = temp_dir();
    char one[PROOF_HEX_LEN];
    char two[PROOF_HEX_LEN];
    struct stat st;
    AUTO_PTR(proof) struct proof *p = NULL;
    AUTO_PTR(proof) struct proof *q = NULL;
    assert_int_equal(open_it(dir, &p, NULL), ERR_OK);
    assert_int_equal(stat(in(dir, "proof.key"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 32);
    digest_of(p, "one", 9, one);
    digest_of(p, "two", 9, two);
    assert_string_not_equal(one, two);
    assert_int_equal(proof_keep(p, wire("a.example."), 4294967295u, one), ERR_OK);
    assert_int_equal(proof_save(p), ERR_OK);
    assert_int_equal(open_it(dir, &q, NULL), ERR_OK);
    assert_true(proof_knows(q, one));
    assert_false(proof_knows(q, two));
    assert_false(proof_knows(q, ""));
    assert_false(proof_knows(q, "rubbish"));
    digest_of(q, "one", 9, two);
    assert_string_equal(one, two);
    temp_dir_done(dir);
}

static void without_a_key_nothing_is_known_or_made(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(proof) struct proof *p = NULL;
    assert_int_equal(proof_open(dir, &p, NULL), ERR_OK);
    assert_false(proof_has_key(p));
    assert_int_not_equal(access(in(dir, "proof.key"), F_OK), 0);
    assert_int_equal(rmdir(dir), 0); /* a folder that takes no file, also for root */
    assert_int_equal(proof_make_key(p, NULL), ERR_ABSENT);
    assert_false(proof_has_key(p));
    temp_dir_done(dir);
}

static void another_key_makes_other_digests(void **state)
{
    (void)state;
    char *dirs[2];
    char hex[2][PROOF_HEX_LEN];
    for (size_t i = 0; i < 2; i++) {
        AUTO_PTR(proof) struct proof *p = NULL;
        dirs[i] = temp_dir();
        assert_int_equal(open_it(dirs[i], &p, NULL), ERR_OK);
        digest_of(p, "text", 9, hex[i]);
        temp_dir_done(dirs[i]);
    }
    assert_string_not_equal(hex[0], hex[1]);
}

static void the_last_files_of_each_zone_stay(void **state)
{
    (void)state;
    char *dir = temp_dir();
    char hex[PROOF_HEX_LEN];
    char text[16];
    AUTO_PTR(proof) struct proof *q = NULL;
    for (int run = 0; run < 2; run++) { /* two runs that do not see each other's list */
        AUTO_PTR(proof) struct proof *p = NULL;
        assert_int_equal(open_it(dir, &p, NULL), ERR_OK);
        for (int i = 0; i < PROOF_VERSIONS; i++) {
            (void)snprintf(text, sizeof text, "%d", run * PROOF_VERSIONS + i);
            digest_of(p, text, 9, hex);
            assert_int_equal(proof_keep(p, wire("a."), (uint32_t)i, hex), ERR_OK);
        }
        digest_of(p, "other", 9, hex);
        assert_int_equal(proof_keep(p, wire("b."), 1, hex), ERR_OK);
        assert_int_equal(proof_save(p), ERR_OK);
    }
    assert_int_equal(open_it(dir, &q, NULL), ERR_OK);
    for (int i = 0; i < 2 * PROOF_VERSIONS; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        digest_of(q, text, 9, hex);
        assert_int_equal(proof_knows(q, hex), i >= PROOF_VERSIONS);
    }
    digest_of(q, "other", 9, hex);
    assert_true(proof_knows(q, hex));
    temp_dir_done(dir);
}

static void a_damaged_list_proves_nothing_and_is_no_error(void **state)
{
    (void)state;
    static const char hex[] = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    static const char *const cases[] = {
        "",
        "\n\n",
        "rubbish\n",
        "%s\n",
        "%s a.\n",
        "%s a. x\n",
        "%s a. 1x\n",
        "%s  1\n",
        "%s a. 99999999999\n",
        "0%s a. 1\n",
        "x%s a. 1\n",
        "a. 1 %s\n",
        "%.63s a. 1\n",
        "%.63sg a. 1\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = temp_dir();
        AUTO_PTR(proof) struct proof *p = NULL;
        AUTO(buf) struct buf list = {0};
        TEST_CASE(cases[i]);
        const char *mark = strchr(cases[i], '%');
        size_t before = mark == NULL ? strlen(cases[i]) : (size_t)(mark - cases[i]);
        bool cut = mark != NULL && mark[1] == '.';
        buf_add(&list, cases[i], before);
        if (mark != NULL)
            buf_add(&list, hex, cut ? 63 : 64);
        buf_add_str(&list, mark == NULL ? "" : mark + (cut ? 5 : 2));
        assert_int_equal(file_write_atomic(in(dir, "proofs"), buf_str(&list), list.len, 0600),
                         ERR_OK);
        assert_int_equal(open_it(dir, &p, NULL), ERR_OK);
        assert_false(proof_knows(p, hex));
        /* and is whole again after the next file */
        assert_int_equal(proof_keep(p, wire("a."), 1, hex), ERR_OK);
        assert_int_equal(proof_save(p), ERR_OK);
        AUTO_PTR(proof) struct proof *q = NULL;
        assert_int_equal(open_it(dir, &q, NULL), ERR_OK);
        assert_true(proof_knows(q, hex));
        temp_dir_done(dir);
    }
}

static void an_unsafe_or_broken_key_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;
        mode_t mode;
        int err;
        const char *id;
    } cases[] = {
        {"open to the group", 32, 0640, ERR_CONFIG, "key-file-mode"},
        {"open to all", 32, 0604, ERR_CONFIG, "key-file-mode"},
        {"empty", 0, 0600, ERR_KEY, "key-damaged"},
        {"short", 31, 0600, ERR_KEY, "key-damaged"},
        {"long", 33, 0600, ERR_KEY, "key-damaged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const uint8_t key[64];
        struct proof *p = NULL;
        char *dir = temp_dir();
        AUTO_PTR(diags) struct diags *d = diags_new();
        TEST_CASE(cases[i].name);
        write_key(dir, key, cases[i].len, cases[i].mode);
        assert_int_equal(open_it(dir, &p, d), cases[i].err);
        assert_null(p);
        assert_int_equal(findings_n(d, cases[i].id), 1);
        temp_dir_done(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digest_is_hmac_sha256),
        cmocka_unit_test(what_was_kept_is_known_and_nothing_else),
        cmocka_unit_test(without_a_key_nothing_is_known_or_made),
        cmocka_unit_test(another_key_makes_other_digests),
        cmocka_unit_test(the_last_files_of_each_zone_stay),
        cmocka_unit_test(a_damaged_list_proves_nothing_and_is_no_error),
        cmocka_unit_test(an_unsafe_or_broken_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
