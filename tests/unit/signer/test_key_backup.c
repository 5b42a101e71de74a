/* Backups of the state folder, and what a restore makes of them. */
#include "signer/key_backup.h"
#include "tests/unit/signer/state_testing.h"

#define ZONE "example.net"

static struct bytes passphrase(void)
{
    static const char text[] = "twelve and more";
    return (struct bytes){(const uint8_t *)text, sizeof text - 1};
}

/* A state with two keys and a zone. */
static struct state *filled(const char *dir)
{
    struct state *s = open_ok(dir, NULL);
    (void)made_key(s, ZONE ".", KEY_KSK, 13);
    (void)made_key(s, ZONE ".", KEY_ZSK, 13);
    const struct bytes zone = {(const uint8_t *)"zone", 4};
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(state_zone_put(s, wire(ZONE "."), 7, zone, TEST_NOW), ERR_OK);
    assert_int_equal(state_commit(s), ERR_OK);
    return s;
}

static size_t files_in(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static int restore(const char *file, const char *dir, bool force, char **ret_aside, struct diags *d)
{
    struct backup_report r = {0};
    const struct restore_params p = {.file = file,
                                     .passphrase = passphrase(),
                                     .dir = dir,
                                     .force = force,
                                     .now = TEST_NOW,
                                     .who = "root (0): a test"};
    return backup_restore(&p, &r, ret_aside, d);
}

/* In DIR: "state", and "backup" of it. Both are closed. */
static void back_up(const char *dir)
{
    AUTO_FREE char *state_dir = in_dir(dir, "state");
    AUTO_FREE char *file = in_dir(dir, "backup");
    struct backup_report r = {0};
    struct state *s = filled(state_dir);
    size_t before = files_in(state_dir);
    assert_int_equal(backup_write(s, file, passphrase(), &r, NULL), ERR_OK);
    assert_int_equal(r.file_n, 4);
    assert_int_equal(r.key_n, 2);
    assert_int_equal(r.token_key_n, 0);
    assert_int_equal(files_in(state_dir), before); /* the copies for trial are gone */
    assert_int_equal(files_in(dir), 2);
    state_close(s);
}

static void a_restored_state_is_the_state(void **state)
{
    (void)state;
    char *dir = temp_dir();
    back_up(dir);
    AUTO_FREE char *file = in_dir(dir, "backup");
    AUTO_FREE char *there = in_dir(dir, "deep/er/state");
    char *aside = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(restore(file, there, false, &aside, d), ERR_OK);
    assert_null(aside);
    assert_int_equal(diags_n(d), 0);
    struct stat st;
    assert_int_equal(stat(there, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    struct state *s = open_ok(there, NULL);
    AUTO(life) struct life l = {0};
    AUTO(state_zone) struct state_zone z = {0};
    assert_int_equal(state_life_get(s, wire(ZONE "."), &l), ERR_OK);
    assert_int_equal(l.key_n, 2);
    for (size_t i = 0; i < l.key_n; i++) {
        AUTO_PTR(key) struct key *k = NULL;
        assert_int_equal(state_key_open(s, &l.keys[i], &k, NULL), ERR_OK);
    }
    assert_int_equal(state_zone_get(s, wire(ZONE "."), &z), ERR_OK);
    assert_true(z.serial == 7 && z.signed_zone.len == 4);
    uint64_t n = 0;
    assert_int_equal(state_events_check(s, &n), ERR_OK);
    assert_true(n >= 3); /* the last says that it was restored */
    state_close(s);
    temp_dir_done(dir);
}

static void an_old_state_is_kept_aside(void **state)
{
    (void)state;
    char *dir = temp_dir();
    back_up(dir);
    AUTO_FREE char *file = in_dir(dir, "backup");
    AUTO_FREE char *there = in_dir(dir, "state");
    AUTO_FREE char *mark = in_dir(there, "mark");
    char *aside = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(file_write_new(mark, "old", 3, 0600), ERR_OK);
    assert_int_equal(restore(file, there, false, &aside, d), ERR_CONFIG);
    assert_int_equal(findings_n(d, "restore-exists"), 1);
    assert_int_equal(restore(file, there, true, &aside, d), ERR_OK);
    assert_non_null(aside);
    assert_int_equal(access(mark, F_OK), -1);
    AUTO_FREE char *kept = in_dir(aside, "mark");
    assert_int_equal(access(kept, F_OK), 0);
    AUTO_FREE char *first = TAKE(aside); /* twice in a second */
    assert_int_equal(restore(file, there, true, &aside, d), ERR_OK);
    assert_string_not_equal(first, aside);
    free(aside);
    assert_int_equal(files_in(dir), 4); /* backup, state, two old ones */
    temp_dir_done(dir);
}

static void a_state_in_use_stays(void **state)
{
    (void)state;
    char *dir = temp_dir();
    back_up(dir);
    AUTO_FREE char *file = in_dir(dir, "backup");
    AUTO_FREE char *there = in_dir(dir, "state");
    struct state *s = open_ok(there, NULL);
    char *aside = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(restore(file, there, true, &aside, d), ERR_LOCKED);
    assert_int_equal(findings_n(d, "state-locked"), 1);
    state_close(s);
    assert_int_equal(files_in(dir), 2);
    temp_dir_done(dir);
}

static void a_backup_that_is_none_changes_nothing(void **state)
{
    (void)state;
    char *dir = temp_dir();
    back_up(dir);
    AUTO_FREE char *file = in_dir(dir, "backup");
    AUTO_FREE char *there = in_dir(dir, "state");
    AUTO(buf) struct buf whole = {0};
    assert_int_equal(file_read(file, 4 << 20, &whole), ERR_OK);
    static const struct {
        const char *name;
        size_t cut;
        size_t change;
        int err;
        const char *id;
    } cases[] = {{"cut", 1000, 0, ERR_STATE, "backup-damaged"},
                 {"changed", 0, 500, ERR_STATE, "backup-damaged"},
                 {"empty", 1, 0, ERR_STATE, "backup-damaged"},
                 {"HMAC changed", 0, 70, ERR_CRYPTO, "backup-passphrase"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        char *aside = NULL;
        AUTO_PTR(diags) struct diags *d = diags_new();
        size_t len = cases[i].cut != 0 ? cases[i].cut : whole.len;
        whole.data[cases[i].change] ^= cases[i].change != 0;
        assert_int_equal(file_write_atomic(file, whole.data, len, 0600), ERR_OK);
        whole.data[cases[i].change] ^= cases[i].change != 0;
        assert_int_equal(restore(file, there, true, &aside, d), cases[i].err);
        assert_string_equal(diags_at(d, 0)->rule->id, cases[i].id);
        assert_int_equal(diags_n(d), 1);
        assert_int_equal(files_in(dir), 2);
    }
    temp_dir_done(dir);
}

static void a_state_that_does_not_work_is_not_backed_up(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *state_dir = in_dir(dir, "state");
    AUTO_FREE char *file = in_dir(dir, "backup");
    struct backup_report r = {0};
    struct state *s = filled(state_dir);
    AUTO(life) struct life l = {0};
    assert_int_equal(state_life_get(s, wire(ZONE "."), &l), ERR_OK);
    AUTO_FREE char *pem = NULL;
    assert_true(asprintf(&pem, "%s/keys/%s.pem", state_dir, l.keys[0].digest) > 0);
    assert_int_equal(unlink(pem), 0);
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(backup_write(s, file, passphrase(), &r, d), ERR_KEY);
    assert_int_equal(findings_n(d, "key-missing"), 1);
    assert_int_equal(findings_n(d, "backup-unproved"), 1);
    assert_int_equal(files_in(dir), 1); /* no file, not even a temporary one */
    state_close(s);
    temp_dir_done(dir);
}

static void a_backup_replaces_nothing(void **state)
{
    (void)state;
    char *dir = temp_dir();
    back_up(dir);
    AUTO_FREE char *state_dir = in_dir(dir, "state");
    AUTO_FREE char *file = in_dir(dir, "backup");
    struct backup_report r = {0};
    struct state *s = open_ok(state_dir, NULL);
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(backup_write(s, file, passphrase(), &r, d), ERR_CONFIG);
    assert_int_equal(findings_n(d, "export-exists"), 1);
    state_close(s);
    temp_dir_done(dir);
}

static void only_names_of_a_state_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_good;
    } cases[] = {{"state.db", true},       {"keys/a.pem", true},
                 {"zones/x", true},        {"", false},
                 {"lock", false},          {"/etc/passwd", false},
                 {"keys", false},          {"keys/", false},
                 {"keys/..", false},       {"keys/.hidden", false},
                 {"keys/a/b", false},      {"../state.db", false},
                 {"zones/../keys", false}, {"state.db/x", false},
                 {"keysx/a", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        assert_int_equal(backup_name_is_good(cases[i].name), cases[i].is_good);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_state_is_the_state),
        cmocka_unit_test(an_old_state_is_kept_aside),
        cmocka_unit_test(a_state_in_use_stays),
        cmocka_unit_test(a_backup_that_is_none_changes_nothing),
        cmocka_unit_test(a_state_that_does_not_work_is_not_backed_up),
        cmocka_unit_test(a_backup_replaces_nothing),
        cmocka_unit_test(only_names_of_a_state_are_written),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
