/* Trust rules 1 and 2, on key files and on `sign --keys` folders. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>

#include <gnutls/x509.h>

#include "signer/keystore.h"
#include "tests/unit/signer/sign_testing.h"

/* What `sign --keys DIR` does for one zone. */
static int keyset_open_dir(const char *dir, const uint8_t *zone, uint8_t algorithm, bool single_key,
                           bool allow_new, struct keyset *ret, bool *ret_made, struct diags *d)
{
    AUTO_PTR(key_folder) struct key_folder *folder = NULL;
    int err = key_folder_open(dir, &folder, d);
    return err == ERR_OK
               ? key_folder_keys(folder, zone, algorithm, single_key, allow_new, ret, ret_made, d)
               : err;
}

static char *path_of(const char *dir, const char *digest, const char *suffix)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s%s", dir, digest, suffix) > 0);
    return path;
}

/* What makes files durable, as it happens: F a file is synced, R something renamed, D a folder
   synced. These stand before libc's own. */
static char order[64];

static void note_call(char what)
{
    size_t n = strlen(order);
    if (n + 1 < sizeof order)
        order[n] = what;
}

int fsync(int fd)
{
    struct stat st;
    note_call(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'D' : 'F');
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    note_call('R');
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* Trust rules 1 and 7: no power cut takes a key away that was used. */
static void a_key_is_durable_in_the_right_order(void **state)
{
    (void)state;
    char *base = temp_dir();
    AUTO_FREE char *dir = path_of(base, "keys", "");
    AUTO_PTR(key) struct key *k = NULL;
    AUTO(keyset) struct keyset set = {0};
    bool made = false;
    assert_int_equal(key_generate(15, KEY_CSK, &k), ERR_OK);
    memset(order, 0, sizeof order);
    assert_int_equal(key_store(k, base, NULL), ERR_OK);
    assert_string_equal(order, "FRD");
    memset(order, 0, sizeof order);
    assert_int_equal(keyset_open_dir(dir, wire("example."), 15, true, false, &set, &made, NULL),
                     ERR_OK);
    assert_string_equal(order, "D" /* of the new folder */ "FRD" /* .pem */ "FRD" /* .dnskey */);
    temp_dir_done(base);
}

static void a_stored_key_comes_back(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
    char *dir = temp_dir();
    for (size_t i = 0; i < sizeof algorithms; i++) {
        TEST_CASE(algorithm_text(algorithms[i]));
        AUTO_PTR(key) struct key *k = NULL;
        AUTO_PTR(key) struct key *back = NULL;
        assert_int_equal(key_generate(algorithms[i], KEY_ZSK, &k), ERR_OK);
        assert_int_equal(key_store(k, dir, NULL), ERR_OK);
        AUTO_FREE char *path = path_of(dir, key_digest(k), ".pem");
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(key_load(dir, key_digest(k), algorithms[i], KEY_ZSK, &back, NULL), ERR_OK);
        assert_true(bytes_equal(key_dnskey_rdata(k), key_dnskey_rdata(back)));
        assert_string_equal(key_digest(k), key_digest(back));
        assert_int_equal(key_tag(k), key_tag(back));
    }
    temp_dir_done(dir);
}

/* Trust rule 1: a file whose key signs, but not for the DNSKEY that would be published. */
static void a_key_that_fails_its_test_signature_is_not_used(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(key) struct key *k = NULL;
    AUTO_PTR(key) struct key *other = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(key_generate(15, KEY_CSK, &k), ERR_OK);
    assert_int_equal(key_generate(15, KEY_CSK, &other), ERR_OK);
    struct bytes have = key_dnskey_rdata(k);
    struct bytes wrong = key_dnskey_rdata(other);
    memcpy((uint8_t *)(uintptr_t)have.data, wrong.data, wrong.len);
    assert_int_equal(key_store(k, dir, d), ERR_CRYPTO);
    assert_non_null(strstr(finding_text(d, "key-write"), "read back"));
    temp_dir_done(dir);
}

/* The digest is that of the SubjectPublicKeyInfo, as openssl pkey -pubout -outform DER gives it. */
static void the_digest_is_over_the_public_key_info(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIDgyMjYwMzg0NjI4MDgwMTIyNjQ1MTkwMjA0MTQyMjYy\n"
                              "-----END PRIVATE KEY-----\n";
    struct crypto_private *p = NULL;
    AUTO_PTR(key) struct key *k = NULL;
    assert_int_equal(
        crypto_private_from_pem(15, (struct bytes){(const uint8_t *)pem, strlen(pem)}, &p), ERR_OK);
    assert_int_equal(key_from_private(15, KEY_KSK, p, &k), ERR_OK);
    assert_string_equal(key_digest(k),
                        "25862b96b39bea4b80097a44733b250391faf4a16f49cb81d41a982c8d283d24");
}

static void damaged_and_missing_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *content; /* NULL: no file */
        mode_t mode;
        int err;
        const char *id;
        const char *says;
    } cases[] = {
        {"missing", NULL, 0600, ERR_KEY, "key-missing", "restored from backup"},
        {"empty", "", 0600, ERR_KEY, "key-damaged", "PKCS#8"},
        {"not a key", "rubbish\n", 0600, ERR_KEY, "key-damaged", "PKCS#8"},
        {"another key",
         "-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEIDgyMjYwMzg0NjI4MDgwMTIyNjQ1MTkwMjA0MTQyMjYy\n"
         "-----END PRIVATE KEY-----\n",
         0600, ERR_KEY, "key-damaged", "another key"},
        {"readable by the group", "x", 0640, ERR_CONFIG, "key-file-mode", "chmod 600"},
        {"readable by all", "x", 0604, ERR_CONFIG, "key-file-mode", "mode 0604"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        char *dir = temp_dir();
        AUTO_PTR(key) struct key *k = NULL;
        AUTO_PTR(key) struct key *back = NULL;
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(key_generate(15, KEY_KSK, &k), ERR_OK);
        AUTO_FREE char *path = path_of(dir, key_digest(k), ".pem");
        if (cases[i].content != NULL)
            assert_int_equal(
                file_write_atomic(path, cases[i].content, strlen(cases[i].content), cases[i].mode),
                ERR_OK);
        assert_int_equal(key_load(dir, key_digest(k), 15, KEY_KSK, &back, d), cases[i].err);
        assert_null(back);
        assert_non_null(strstr(finding_text(d, cases[i].id), cases[i].says));
        temp_dir_done(dir);
    }
}

static void a_folder_that_cannot_be_written_is_a_finding(void **state)
{
    (void)state;
    AUTO_PTR(key) struct key *k = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(key_generate(15, KEY_KSK, &k), ERR_OK);
    assert_int_equal(key_store(k, "/proc/no-such-folder", d), ERR_IO);
    assert_int_equal(findings_n(d, "key-write"), 1);
}

/* Two keys whose tags are equal, or become so when one is revoked, are never used together. */
static void tags_collide_with_revocation_in_mind(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t high; /* octet 4 counts 256 times, octet 5 once */
        uint8_t low;
        bool collide;
    } cases[] = {
        {"the same tag", 10, 10, true},
        {"one apart", 10, 11, false},
        {"127 apart", 10, 137, false},
        {"128 above: its tag once we are revoked", 10, 138, true},
        {"128 below: ours once it is revoked", 9, 138, true},
        {"129 apart", 10, 139, false},
    };
    const uint8_t a[8] = {1, 1, 3, 15, 10, 10, 7, 7};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        const uint8_t b[8] = {1, 1, 3, 15, cases[i].high, cases[i].low, 7, 7};
        struct bytes x = {a, sizeof a};
        struct bytes y = {b, sizeof b};
        assert_int_equal(dnskey_tags_collide(x, y), cases[i].collide);
        assert_int_equal(dnskey_tags_collide(y, x), cases[i].collide);
    }
}

/* Two libraries, two ways from the key to its digest. */
static void verification_finds_the_same_digest(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
    char digest[KEY_DIGEST_LEN] = "";
    for (size_t i = 0; i < sizeof algorithms; i++) {
        AUTO(keyset) struct keyset set = make_keys(algorithms[i], true);
        print_message("  algorithm %u\n", algorithms[i]);
        assert_int_equal(verify_key_digest(key_dnskey_rdata(set.keys[0]), digest), ERR_OK);
        assert_string_equal(digest, key_digest(set.keys[0]));
    }
    const uint8_t unknown[] = {1, 1, 3, 200, 1, 2, 3, 4};
    const uint8_t off_curve[4 + 64] = {1, 1, 3, 13, 1};
    assert_int_equal(verify_key_digest((struct bytes){unknown, sizeof unknown}, digest),
                     ERR_ABSENT);
    assert_int_equal(verify_key_digest((struct bytes){off_curve, sizeof off_curve}, digest),
                     ERR_ABSENT);
    assert_int_equal(verify_key_digest((struct bytes){unknown, 4}, digest), ERR_ABSENT);
}

static void a_key_that_cannot_be_made_is_a_finding(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset set = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(keyset_generate(&set, 5, KEY_KSK, d), ERR_USAGE);
    assert_int_equal(findings_n(d, "key-make"), 1);
    assert_int_equal(set.n, 0);
}

static const char pem_one[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIDgyMjYwMzg0NjI4MDgwMTIyNjQ1MTkwMjA0MTQyMjYy\n"
                              "-----END PRIVATE KEY-----\n";
static unsigned repeat; /* so many of the keys made next are pem_one */

/* Stands before that of GnuTLS. */
int gnutls_x509_privkey_generate(gnutls_x509_privkey_t key, gnutls_pk_algorithm_t algo,
                                 unsigned bits, unsigned flags)
{
    if (repeat > 0) {
        repeat--;
        gnutls_datum_t in = {(unsigned char *)(uintptr_t)pem_one, sizeof pem_one - 1};
        return gnutls_x509_privkey_import2(key, &in, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
    }
    return gnutls_x509_privkey_generate2(key, algo, bits, flags, NULL, 0);
}

/* Trust rule 2 */
static void a_new_key_with_a_tag_that_is_taken_is_made_anew(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset set = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    repeat = 4; /* one stays, three collide */
    assert_int_equal(keyset_generate(&set, 15, KEY_KSK, d), ERR_OK);
    assert_int_equal(repeat, 3);
    assert_int_equal(keyset_generate(&set, 15, KEY_KSK, d), ERR_OK);
    assert_int_equal(repeat, 0);
    assert_int_equal(set.n, 2);
    assert_string_not_equal(key_digest(set.keys[0]), key_digest(set.keys[1]));
    repeat = 1000;
    assert_int_equal(keyset_generate(&set, 15, KEY_KSK, d), ERR_CRYPTO);
    repeat = 0;
    assert_non_null(strstr(finding_text(d, "key-make"), "in a row"));
    assert_int_equal(set.n, 2);
}

/* ------------------------------------------------------------------ sign --keys DIR */

static size_t files_in(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    const struct dirent *e;
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void a_folder_gets_keys_once(void **state)
{
    (void)state;
    for (int single = 0; single < 2; single++) {
        char *base = temp_dir();
        AUTO_FREE char *dir = path_of(base, "keys", "");
        AUTO(keyset) struct keyset one = {0};
        AUTO(keyset) struct keyset two = {0};
        bool made = false;
        assert_int_equal(
            keyset_open_dir(dir, wire("a.example."), 13, single, false, &one, &made, NULL), ERR_OK);
        assert_true(made);
        assert_int_equal(one.n, single ? 1 : 2);
        assert_int_equal(files_in(dir), one.n * 2);
        assert_int_equal(
            keyset_open_dir(dir, wire("a.example."), 13, single, false, &two, &made, NULL), ERR_OK);
        assert_false(made);
        assert_int_equal(two.n, one.n);
        for (size_t i = 0; i < one.n; i++) {
            assert_string_equal(key_digest(one.keys[i]), key_digest(two.keys[i]));
            assert_int_equal(key_role(one.keys[i]), key_role(two.keys[i]));
        }
        temp_dir_done(base);
    }
}

static void *open_in_thread(void *arg)
{
    struct keyset *set = calloc(1, sizeof *set);
    bool made = false;
    uint8_t zone[256];
    if (set == NULL || !name_from_text("a.example.", zone) ||
        keyset_open_dir(arg, zone, 8, false, false, set, &made, NULL) != ERR_OK)
        return NULL;
    return set;
}

/* RSA takes long to make: without the lock all four would find the folder empty. */
static void keys_are_made_by_one_of_many_at_once(void **state)
{
    (void)state;
    char *dir = temp_dir();
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_in_thread, dir), 0);
    for (size_t i = 0; i < 4; i++) {
        void *set = NULL;
        assert_int_equal(pthread_join(threads[i], &set), 0);
        assert_non_null(set);
        assert_int_equal(((struct keyset *)set)->n, 2);
        keyset_done(set);
        free(set);
    }
    assert_int_equal(files_in(dir), 4);
    temp_dir_done(dir);
}

static int open_it(const char *dir, const char *zone, uint8_t algorithm, bool single,
                   bool allow_new, struct diags *d)
{
    AUTO(keyset) struct keyset set = {0};
    bool made = false;
    return keyset_open_dir(dir, wire(zone), algorithm, single, allow_new, &set, &made, d);
}

static void a_folder_with_other_keys_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *zone;
        uint8_t algorithm;
        bool single;
        bool allow_new;
        int err;
        const char *id;
    } cases[] = {
        {"its own", "a.example.", 13, false, false, ERR_OK, NULL},
        {"another zone", "b.example.", 13, false, false, ERR_KEY, "key-refused"},
        {"another zone, new keys accepted", "b.example.", 13, false, true, ERR_OK, NULL},
        {"another algorithm", "a.example.", 15, false, false, ERR_KEY, "key-set"},
        {"a single key", "a.example.", 13, true, false, ERR_KEY, "key-set"},
        {"no algorithm of ours", "a.example.", 5, false, false, ERR_USAGE, "policy-algorithm"},
    };
    char *dir = temp_dir();
    assert_int_equal(open_it(dir, "a.example.", 13, false, false, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(
            open_it(dir, cases[i].zone, cases[i].algorithm, cases[i].single, cases[i].allow_new, d),
            cases[i].err);
        if (cases[i].id != NULL)
            assert_int_equal(findings_n(d, cases[i].id), 1);
    }
    temp_dir_done(dir);
}

/* A known key is never made anew: a lost .pem stops, and so does a lost .dnskey. */
static void a_folder_with_a_lost_file_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *suffix;
        const char *id;
    } cases[] = {{"pem", ".pem", "key-missing"}, {"dnskey", ".dnskey", "key-set"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        char *dir = temp_dir();
        AUTO(keyset) struct keyset set = {0};
        AUTO_PTR(diags) struct diags *d = diags_new();
        bool made = false;
        assert_int_equal(
            keyset_open_dir(dir, wire("a.example."), 15, false, false, &set, &made, NULL), ERR_OK);
        AUTO_FREE char *path = path_of(dir, key_digest(set.keys[1]), cases[i].suffix);
        assert_int_equal(unlink(path), 0);
        size_t before = files_in(dir);
        assert_int_equal(open_it(dir, "a.example.", 15, false, false, d), ERR_KEY);
        assert_int_equal(findings_n(d, cases[i].id), 1);
        assert_int_equal(files_in(dir), before);
        temp_dir_done(dir);
    }
}

static void a_foreign_or_false_note_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *file;
        const char *content;
        const char *id;
    } cases[] = {
        {"rubbish", "x.dnskey", "rubbish", "key-damaged"},
        {"empty", "x.dnskey", "", "key-damaged"},
        {"numbers", "x.dnskey", "a.example. IN DNSKEY 257 3 -13 AAAA", "key-damaged"},
        {"not a digest", "x.dnskey", "a.example. IN DNSKEY 257 3 15 AAAA", "key-damaged"},
        {"keys of another signer", "Ka.example.+013+00001.private", "", "key-refused"},
        {"a key without a note", "x.pem", "", "key-refused"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        char *dir = temp_dir();
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_FREE char *path = path_of(dir, cases[i].file, "");
        assert_int_equal(file_write_atomic(path, cases[i].content, strlen(cases[i].content), 0600),
                         ERR_OK);
        assert_int_equal(open_it(dir, "a.example.", 15, false, false, d), ERR_KEY);
        assert_int_equal(findings_n(d, cases[i].id), 1);
        assert_int_equal(files_in(dir), 1);
        temp_dir_done(dir);
    }
}

/* The .dnskey says another public key than the .pem beside it holds. */
static void a_note_of_another_key_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO(keyset) struct keyset set = {0};
    AUTO(buf) struct buf note = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    bool made = false;
    assert_int_equal(keyset_open_dir(dir, wire("a.example."), 15, true, false, &set, &made, NULL),
                     ERR_OK);
    AUTO_FREE char *path = path_of(dir, key_digest(set.keys[0]), ".dnskey");
    assert_int_equal(file_read(path, 4096, &note), ERR_OK);
    char *base64 = strstr((char *)note.data, " 3 15 ");
    assert_non_null(base64);
    base64[6] = base64[6] == 'A' ? 'B' : 'A';
    assert_int_equal(file_write_atomic(path, note.data, note.len, 0644), ERR_OK);
    assert_int_equal(open_it(dir, "a.example.", 15, true, false, d), ERR_KEY);
    assert_non_null(strstr(finding_text(d, "key-damaged"), "not the DNSKEY record"));
    temp_dir_done(dir);
}

static void a_folder_that_others_can_change_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(open_it(dir, "a.example.", 15, false, false, d), ERR_CONFIG);
    assert_non_null(strstr(finding_text(d, "key-folder"), "chmod 700"));
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(open_it(dir, "a.example.", 15, false, false, NULL), ERR_OK);
    temp_dir_done(dir);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_key_is_durable_in_the_right_order),
    cmocka_unit_test(a_stored_key_comes_back),
    cmocka_unit_test(the_digest_is_over_the_public_key_info),
    cmocka_unit_test(damaged_and_missing_files_are_refused),
    cmocka_unit_test(a_folder_that_cannot_be_written_is_a_finding),
    cmocka_unit_test(tags_collide_with_revocation_in_mind),
    cmocka_unit_test(verification_finds_the_same_digest),
    cmocka_unit_test(a_key_that_cannot_be_made_is_a_finding),
    cmocka_unit_test(a_key_that_fails_its_test_signature_is_not_used),
    cmocka_unit_test(a_new_key_with_a_tag_that_is_taken_is_made_anew),
    cmocka_unit_test(a_folder_gets_keys_once),
    cmocka_unit_test(keys_are_made_by_one_of_many_at_once),
    cmocka_unit_test(a_folder_with_other_keys_is_refused),
    cmocka_unit_test(a_folder_with_a_lost_file_is_refused),
    cmocka_unit_test(a_foreign_or_false_note_is_refused),
    cmocka_unit_test(a_note_of_another_key_is_refused),
    cmocka_unit_test(a_folder_that_others_can_change_is_refused),
};

TEST_MAIN(tests)
