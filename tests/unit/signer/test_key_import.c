/* Keys of another signer: from its files into state, and from state into such files. */
#include "signer/key_files.h"
#include "signer/key_import.h"
#include "tests/unit/signer/state_testing.h"

#define ZONE "example.net"

static struct import_params params_of(void)
{
    return (struct import_params){
        .zone = wire(ZONE "."), .zone_text = ZONE, .now = TEST_NOW + 1000};
}

static struct key *new_key(uint8_t algorithm, enum key_role role)
{
    struct key *k = NULL;
    assert_int_equal(key_generate(algorithm, role, &k), ERR_OK);
    return k;
}

/* A life in use since TEST_NOW. */
static struct life_key used(const struct key *k)
{
    struct life_key l = {.role = key_role(k), .made_at = TEST_NOW - 5};
    const struct part_times in = {TEST_NOW, TEST_NOW, 0, 0};
    l.parts[KEY_PART_DNSKEY] = in;
    if (l.role != KEY_KSK)
        l.parts[KEY_PART_SIGS] = in;
    if (l.role != KEY_ZSK)
        l.parts[KEY_PART_DS] = in;
    return l;
}

/* Writes K's files, and returns the path that they begin with. */
static char *written(const struct key *k, const char *dir, enum export_format format)
{
    struct life_key life = used(k);
    AUTO_FREE char *name = NULL;
    assert_int_equal(key_export(k, &life, ZONE, format, dir, &name, NULL), ERR_OK);
    return in_dir(dir, name);
}

static void edit_file(const char *path, const char *from, const char *to)
{
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf changed = {0};
    assert_int_equal(file_read(path, 1 << 20, &text), ERR_OK);
    const char *at = strstr(buf_str(&text), from);
    assert_non_null(at);
    buf_add(&changed, text.data, (size_t)(at - buf_str(&text)));
    buf_add_str(&changed, to);
    buf_add_str(&changed, at + strlen(from));
    assert_int_equal(file_write_atomic(path, changed.data, changed.len, 0600), ERR_OK);
}

/* ------------------------------------------------------------------ there and back */

static void keys_of_every_algorithm_go_out_and_come_in(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
    char *dir = temp_dir();
    for (size_t i = 0; i < sizeof algorithms; i++) {
        TEST_CASE(algorithm_text(algorithms[i]));
        AUTO_PTR(key) struct key *k = new_key(algorithms[i], KEY_CSK);
        AUTO_FREE char *base = written(k, dir, EXPORT_BIND);
        AUTO(foreign_keys) struct foreign_keys in = {0};
        struct import_params p = params_of();
        p.single_key = true;
        const char *const words[] = {base};
        assert_int_equal(keys_read_foreign(&p, words, 1, &in, NULL), ERR_OK);
        assert_int_equal(in.n, 1);
        const struct foreign_key *got = &in.items[0];
        assert_string_equal(key_digest(got->key), key_digest(k));
        assert_true(bytes_equal(key_dnskey_rdata(got->key), key_dnskey_rdata(k)));
        assert_int_equal(key_test_signature(k, got->key), ERR_OK);
        assert_int_equal(got->times_from, TIMES_BIND_METADATA);
        assert_int_equal(got->life.made_at, TEST_NOW - 5);
        assert_int_equal(got->life.parts[KEY_PART_DNSKEY].in_at, TEST_NOW);
        assert_int_equal(got->life.parts[KEY_PART_SIGS].in_seen_at, TEST_NOW);
        assert_int_equal(got->life.parts[KEY_PART_DS].in_at, TEST_NOW);
    }
    temp_dir_done(dir);
}

static void pem_files_tell_their_algorithm_but_for_rsa(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {13, 14, 15, 16, 8};
    char *dir = temp_dir();
    for (size_t i = 0; i < sizeof algorithms; i++) {
        TEST_CASE(algorithm_text(algorithms[i]));
        AUTO_PTR(key) struct key *k = new_key(algorithms[i], KEY_ZSK);
        AUTO_FREE char *base = written(k, dir, EXPORT_PEM);
        AUTO_FREE char *pem = NULL;
        assert_true(asprintf(&pem, "%s.pem", base) > 0);
        const char *const words[] = {pem};
        struct import_params p = params_of();
        p.role = "zsk";
        AUTO(foreign_keys) struct foreign_keys in = {0};
        AUTO_PTR(diags) struct diags *d = diags_new();
        bool is_rsa = algorithms[i] == 8;
        assert_int_equal(keys_read_foreign(&p, words, 1, &in, d), is_rsa ? ERR_FINDINGS : ERR_OK);
        if (is_rsa) {
            assert_int_equal(findings_n(d, "import-form"), 1);
            p.algorithm = "rsasha256";
            assert_int_equal(keys_read_foreign(&p, words, 1, &in, d), ERR_OK);
        }
        assert_string_equal(key_digest(in.items[0].key), key_digest(k));
        assert_int_equal(in.items[0].life.parts[KEY_PART_SIGS].in_at, p.now);
    }
    temp_dir_done(dir);
}

static void nothing_is_replaced_by_an_export(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(key) struct key *k = new_key(13, KEY_ZSK);
    struct life_key life = used(k);
    AUTO_FREE char *base = written(k, dir, EXPORT_BIND);
    AUTO_FREE char *key_file = NULL;
    AUTO_FREE char *name = NULL;
    struct stat st;
    assert_true(asprintf(&key_file, "%s.key", base) > 0);
    assert_int_equal(stat(key_file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(key_export(k, &life, ZONE, EXPORT_BIND, dir, &name, d), ERR_CONFIG);
    assert_int_equal(findings_n(d, "export-exists"), 1);
    /* the second file is in the way: the first goes again */
    assert_int_equal(unlink(key_file), 0);
    assert_int_equal(key_export(k, &life, ZONE, EXPORT_BIND, dir, &name, d), ERR_CONFIG);
    assert_int_equal(access(key_file, F_OK), -1);
    assert_null(name);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ what is refused */

static void assert_not_said(const char *secret, const struct diags *d)
{
    for (size_t i = 0; i < diags_n(d); i++) {
        assert_null(strstr(diags_at(d, i)->found, secret));
        const char *expected = diags_at(d, i)->expected;
        assert_true(expected == NULL || strstr(expected, secret) == NULL);
    }
}

/* What stands behind "PrivateKey: " in BASE.private. */
static char *private_number(const char *base)
{
    AUTO(buf) struct buf text = {0};
    AUTO_FREE char *path = NULL;
    static const char mark[] = "PrivateKey: ";
    assert_true(asprintf(&path, "%s.private", base) > 0);
    assert_int_equal(file_read(path, 1 << 20, &text), ERR_OK);
    const char *at = strstr(buf_str(&text), mark);
    assert_non_null(at);
    at += sizeof mark - 1;
    return strndup(at, strcspn(at, "\n"));
}

static void damaged_and_foreign_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *suffix;
        const char *from;
        const char *to;
        int err;
        const char *id;
    } cases[] = {
        {"another zone", ".key", "example.net. IN", "example.org. IN", ERR_FINDINGS, "import-zone"},
        {"revoked", ".key", "DNSKEY 257", "DNSKEY 385", ERR_FINDINGS, "import-flags"},
        {"no zone key", ".key", "DNSKEY 257", "DNSKEY 1", ERR_FINDINGS, "import-flags"},
        {"protocol", ".key", "257 3", "257 2", ERR_FINDINGS, "import-flags"},
        {"algorithm differs", ".private", "Algorithm: 13", "Algorithm: 14", ERR_FINDINGS,
         "import-pair"},
        {"damaged", ".private", "PrivateKey: ", "PrivateKey: A", ERR_FINDINGS, NULL},
        {"another key", ".private", "PrivateKey: ", "PrivateKey: AAAA", ERR_FINDINGS, NULL},
        {"no record", ".key", "DNSKEY", "DNSSEC", ERR_FINDINGS, "import-damaged"},
        {"on a token", ".private", "PrivateKey: ", "Label: ", ERR_FINDINGS, "import-form"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        char *dir = temp_dir();
        AUTO_PTR(key) struct key *k = new_key(13, KEY_KSK);
        AUTO_FREE char *base = written(k, dir, EXPORT_BIND);
        AUTO_FREE char *secret = private_number(base);
        AUTO_FREE char *path = NULL;
        assert_true(asprintf(&path, "%s%s", base, cases[i].suffix) > 0);
        edit_file(path, cases[i].from, cases[i].to);
        const char *const words[] = {base};
        struct import_params p = params_of();
        AUTO(foreign_keys) struct foreign_keys in = {0};
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(keys_read_foreign(&p, words, 1, &in, d), cases[i].err);
        assert_int_equal(in.n, 0);
        assert_int_equal(diags_n(d), 1);
        if (cases[i].id != NULL)
            assert_string_equal(diags_at(d, 0)->rule->id, cases[i].id);
        assert_not_said(secret, d);
        temp_dir_done(dir);
    }
}

static void another_keys_record_is_no_pair(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(key) struct key *a = new_key(13, KEY_ZSK);
    AUTO_PTR(key) struct key *b = new_key(13, KEY_ZSK);
    AUTO_FREE char *base_a = written(a, dir, EXPORT_BIND);
    AUTO_FREE char *base_b = written(b, dir, EXPORT_BIND);
    AUTO_FREE char *from = NULL;
    AUTO_FREE char *to = NULL;
    assert_true(asprintf(&from, "%s.key", base_a) > 0 && asprintf(&to, "%s.key", base_b) > 0);
    assert_int_equal(rename(from, to), 0);
    const char *const words[] = {base_b};
    struct import_params p = params_of();
    AUTO(foreign_keys) struct foreign_keys in = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(keys_read_foreign(&p, words, 1, &in, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "import-pair"), 1);
    temp_dir_done(dir);
}

static void a_private_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const enum export_format formats[] = {EXPORT_BIND, EXPORT_PEM};
    for (size_t i = 0; i < 2; i++) {
        char *dir = temp_dir();
        AUTO_PTR(key) struct key *k = new_key(13, KEY_ZSK);
        AUTO_FREE char *base = written(k, dir, formats[i]);
        AUTO_FREE char *path = NULL;
        assert_true(asprintf(&path, "%s%s", base, i == 0 ? ".private" : ".pem") > 0);
        assert_int_equal(chmod(path, 0640), 0);
        const char *const words[] = {path};
        struct import_params p = params_of();
        p.role = "zsk";
        AUTO(foreign_keys) struct foreign_keys in = {0};
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(keys_read_foreign(&p, words, 1, &in, d), ERR_CONFIG);
        assert_int_equal(findings_n(d, "key-file-mode"), 1);
        temp_dir_done(dir);
    }
}

/* ------------------------------------------------------------------ into state */

/* Reads BASES and takes them in. */
static int take(struct state *s, const struct import_params *p, const char *const *bases, size_t n,
                struct diags *d)
{
    AUTO(foreign_keys) struct foreign_keys in = {0};
    int err = keys_read_foreign(p, bases, n, &in, d);
    return err == ERR_OK ? keys_take_foreign(s, p, &in, d) : err;
}

static void keys_are_taken_in_once(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *state_dir = in_dir(dir, "state");
    struct state *s = open_ok(state_dir, NULL);
    AUTO_PTR(key) struct key *ksk = new_key(13, KEY_KSK);
    AUTO_PTR(key) struct key *zsk = new_key(13, KEY_ZSK);
    AUTO_FREE char *ksk_base = written(ksk, dir, EXPORT_BIND);
    AUTO_FREE char *zsk_base = written(zsk, dir, EXPORT_BIND);
    AUTO_FREE char *zsk_record = NULL;
    assert_true(asprintf(&zsk_record, "%s.key", zsk_base) > 0);
    edit_file(zsk_record, " IN ", " 54321 IN ");
    const char *const words[] = {ksk_base, zsk_base, zsk_record}; /* one key twice */
    struct import_params p = params_of();
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(take(s, &p, words, 3, d), ERR_OK);
    assert_int_equal(diags_n(d), 0);
    AUTO(life) struct life l = {0};
    assert_int_equal(state_life_get(s, p.zone, &l), ERR_OK);
    assert_int_equal(l.key_n, 2);
    struct life_key *k = life_find(&l, key_digest(zsk));
    assert_non_null(k);
    assert_int_equal(k->parts[KEY_PART_SIGS].in_seen_at, TEST_NOW);
    AUTO_PTR(key) struct key *opened = NULL;
    assert_int_equal(state_key_open(s, k, &opened, d), ERR_OK);
    assert_int_equal(key_test_signature(zsk, opened), ERR_OK);
    assert_int_equal(l.ttl_n, 1);
    assert_true(l.ttls[0].kind == TTL_DNSKEY && l.ttls[0].ttl_s == 54321 && l.ttls[0].out_at == 0);
    assert_int_equal(take(s, &p, words, 3, d), ERR_OK);
    assert_int_equal(findings_n(d, "import-known"), 2);
    struct import_params other = p;
    other.zone = wire("example.org.");
    other.zone_text = "example.org";
    edit_file(zsk_record, "example.net.", "example.org.");
    const char *const one[] = {zsk_base};
    assert_int_equal(take(s, &other, one, 1, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "import-zone"), 1);
    state_close(s);
    temp_dir_done(dir);
}

static void a_half_set_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum key_role role;
        bool csk;
        bool lone;
        int err;
    } cases[] = {{KEY_KSK, false, false, ERR_FINDINGS},
                 {KEY_ZSK, false, false, ERR_FINDINGS},
                 {KEY_KSK, true, false, ERR_OK},
                 {KEY_KSK, false, true, ERR_OK},
                 {KEY_ZSK, false, true, ERR_FINDINGS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("  case: %zu\n", i);
        char *dir = temp_dir();
        AUTO_FREE char *state_dir = in_dir(dir, "state");
        struct state *s = open_ok(state_dir, NULL);
        AUTO_PTR(key) struct key *k = new_key(13, cases[i].role);
        AUTO_FREE char *base = written(k, dir, EXPORT_BIND);
        const char *const words[] = {base};
        struct import_params p = params_of();
        p.single_key = cases[i].csk;
        p.single_if_lone = cases[i].lone;
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(take(s, &p, words, 1, d), cases[i].err);
        assert_int_equal(findings_n(d, "import-incomplete"), cases[i].err == ERR_OK ? 0 : 1);
        AUTO(life) struct life l = {0};
        assert_int_equal(state_life_get(s, p.zone, &l),
                         cases[i].err == ERR_OK ? ERR_OK : ERR_ABSENT);
        if (cases[i].err == ERR_OK)
            assert_int_equal(l.keys[0].role, KEY_CSK);
        state_close(s);
        temp_dir_done(dir);
    }
}

/* Two keys whose tags are the same: found by making some hundred of them. */
static void tags_that_are_taken_are_refused(void **state)
{
    (void)state;
    enum { TRIES = 3000 };
    static struct key *keys[TRIES];
    size_t n = 0;
    size_t a = 0;
    bool found = false;
    for (; n < TRIES && !found; n++) {
        keys[n] = new_key(15, KEY_ZSK);
        for (a = 0; a < n && !found; a++)
            found = dnskey_tags_collide(key_dnskey_rdata(keys[a]), key_dnskey_rdata(keys[n]));
    }
    assert_true(found); /* misses once in e^68 */
    const struct key *first = keys[a - 1];
    const struct key *second = keys[n - 1];
    char *dir = temp_dir();
    AUTO_FREE char *state_dir = in_dir(dir, "state");
    AUTO_FREE char *sub = in_dir(dir, "second");
    assert_int_equal(mkdir(sub, 0700), 0);
    struct state *s = open_ok(state_dir, NULL);
    AUTO_PTR(key) struct key *ksk = new_key(15, KEY_KSK);
    AUTO_FREE char *ksk_base = written(ksk, dir, EXPORT_BIND);
    AUTO_FREE char *first_base = written(first, dir, EXPORT_BIND);
    AUTO_FREE char *second_base = written(second, sub, EXPORT_BIND);
    const char *const words[] = {ksk_base, first_base, second_base};
    struct import_params p = params_of();
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(take(s, &p, words, 3, d), ERR_KEY); /* all or nothing */
    AUTO(life) struct life l = {0};
    assert_int_equal(state_life_get(s, p.zone, &l), ERR_ABSENT);
    assert_int_equal(files_with(state_dir, "keys", ".pem"), 0);
    assert_int_equal(take(s, &p, words, 2, d), ERR_OK);
    assert_int_equal(take(s, &p, words + 2, 1, d), ERR_KEY);
    state_close(s);
    temp_dir_done(dir);
    for (size_t i = 0; i < n; i++)
        key_free(keys[i]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_every_algorithm_go_out_and_come_in),
        cmocka_unit_test(pem_files_tell_their_algorithm_but_for_rsa),
        cmocka_unit_test(nothing_is_replaced_by_an_export),
        cmocka_unit_test(damaged_and_foreign_files_are_refused),
        cmocka_unit_test(another_keys_record_is_no_pair),
        cmocka_unit_test(a_private_file_that_others_may_read_is_refused),
        cmocka_unit_test(keys_are_taken_in_once),
        cmocka_unit_test(a_half_set_is_refused),
        cmocka_unit_test(tags_that_are_taken_are_refused),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
