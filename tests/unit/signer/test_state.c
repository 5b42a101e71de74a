/* The state folder: lock, schema, keys, zones, documents, events, and what a kill leaves. */
#include <fcntl.h>

#include "tests/unit/signer/state_testing.h"

static uint64_t events; /* that state_events_check counted */

/* ------------------------------------------------------------------ opening */

static void a_new_state_is_private(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mode_t mode;
    } cases[] = {{"", 0700}, {"keys", 0700}, {"zones", 0700}, {"state.db", 0600}, {"lock", 0600}};
    char *base = temp_dir();
    AUTO_FREE char *dir = in_dir(base, "deep/state");
    struct state *s = open_ok(dir, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO_FREE char *path = in_dir(dir, cases[i].name);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, cases[i].mode);
    }
    state_close(s);
    temp_dir_done(base);
}

static void a_second_opener_is_told_who_holds_it(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *second = NULL;
    char pid[32];
    snprintf(pid, sizeof pid, "(pid %ld)", (long)getpid());
    assert_int_equal(state_open(dir, &second, d), ERR_LOCKED);
    assert_null(second);
    assert_non_null(strstr(finding_text(d, "state-locked"), pid));
    AUTO_PTR(diags) struct diags *again = diags_new(); /* being refused takes no pid away */
    assert_int_equal(state_open(dir, &second, again), ERR_LOCKED);
    assert_non_null(strstr(finding_text(again, "state-locked"), pid));
    state_close(s);
    s = open_ok(dir, NULL);
    state_close(s);
    temp_dir_done(dir);
}

static void open_and_hold(const char *dir)
{
    struct state *s = NULL;
    if (state_open(dir, &s, NULL) != ERR_OK)
        _exit(1);
}

static void a_killed_holder_leaves_no_lock(void **state)
{
    (void)state;
    char *dir = temp_dir();
    killed_while(dir, open_and_hold);
    struct state *s = open_ok(dir, NULL);
    state_close(s);
    temp_dir_done(dir);
}

static void open_modes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *sub;
        const char *id;
    } cases[] = {{"state", "", "state-folder"}, {"keys", "keys", "key-folder"}};
    for (size_t i = 0; i < 2; i++) {
        TEST_CASE(cases[i].name);
        char *dir = temp_dir();
        AUTO_PTR(diags) struct diags *d = diags_new();
        state_close(open_ok(dir, NULL));
        AUTO_FREE char *path = in_dir(dir, cases[i].sub);
        assert_int_equal(chmod(path, 0750), 0);
        struct state *s = NULL;
        assert_int_equal(state_open(dir, &s, d), ERR_CONFIG);
        assert_non_null(strstr(finding_text(d, cases[i].id), "chmod 700"));
        temp_dir_done(dir);
    }
}

static void what_is_no_folder_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *path = in_dir(dir, "file");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    assert_int_equal(file_write_atomic(path, "", 0, 0600), ERR_OK);
    assert_int_equal(state_open(path, &s, d), ERR_CONFIG);
    assert_int_equal(state_open("/proc/none/state", &s, d), ERR_IO);
    assert_int_equal(findings_n(d, "state-folder"), 2);
    temp_dir_done(dir);
}

static void a_link_may_lead_to_the_state(void **state)
{
    (void)state;
    char *base = temp_dir();
    AUTO_FREE char *real = in_dir(base, "real");
    AUTO_FREE char *link = in_dir(base, "link");
    AUTO_FREE char *dir = in_dir(link, "state");
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink("real", link), 0);
    AUTO_PTR(diags) struct diags *d = diags_new();
    state_close(open_ok(dir, d));
    state_close(open_ok(dir, d));
    temp_dir_done(base);
}

/* ------------------------------------------------------------------ database */

static void overwrite(const char *dir, const char *name, off_t at, const void *data, size_t len)
{
    AUTO_FREE char *path = in_dir(dir, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, len, at), (ssize_t)len);
    close(fd);
}

static void a_database_that_is_none_of_ours_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    state_close(open_ok(dir, NULL));
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    uint8_t rubbish[256];
    memset(rubbish, 0x5a, sizeof rubbish);
    overwrite(dir, "state.db", 0, rubbish, sizeof rubbish);
    assert_int_equal(state_open(dir, &s, d), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-damaged"), "restore the state folder"));
    temp_dir_done(dir);

    dir = temp_dir();
    AUTO_FREE char *path = in_dir(dir, "state.db");
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(state_open(dir, &s, d), ERR_STATE);
    assert_int_equal(findings_n(d, "state-damaged"), 2);
    temp_dir_done(dir);
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    state_close(open_ok(dir, NULL));
    run_sql(dir, "PRAGMA user_version = 3");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    assert_int_equal(state_open(dir, &s, d), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-too-new"), "schema version 3"));
    temp_dir_done(dir);
}

static void log_events(const char *dir)
{
    struct state *s = NULL;
    if (state_open(dir, &s, NULL) != ERR_OK || state_event(s, 1, "z", "built", "one") != ERR_OK ||
        state_event(s, 2, "z", "built", "two") != ERR_OK)
        _exit(1);
}

/* The check runs when a write-ahead log was left, and then sees a changed event. */
static void after_a_kill_the_event_chain_is_checked(void **state)
{
    (void)state;
    char *dir = temp_dir();
    killed_while(dir, log_events);
    AUTO_FREE char *wal = in_dir(dir, "state.db-wal");
    struct stat st;
    assert_int_equal(stat(wal, &st), 0);
    assert_true(st.st_size > 0);
    struct state *s = open_ok(dir, NULL);
    assert_int_equal(state_events_check(s, &events), ERR_OK);
    state_close(s);
    run_sql(dir, "DROP TRIGGER events_no_update;"
                 "UPDATE events SET why = 'other' WHERE seq = 1");
    AUTO_PTR(diags) struct diags *d = diags_new();
    s = open_ok(dir, d);
    assert_int_equal(state_events_check(s, &events), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-log"), "event 1"));
    state_close(s);
    temp_dir_done(dir);
}

static void change_the_log(const char *dir)
{
    struct state *s = NULL;
    if (state_open(dir, &s, NULL) != ERR_OK || state_event(s, 1, "z", "built", "one") != ERR_OK ||
        sqlite3_exec(s->db, "DROP TRIGGER events_no_update; UPDATE events SET why = 'two'", NULL,
                     NULL, NULL) != SQLITE_OK)
        _exit(1);
}

static void after_a_kill_a_changed_log_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    killed_while(dir, change_the_log);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    assert_int_equal(state_open(dir, &s, d), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-log"), "was changed"));
    temp_dir_done(dir);
}

/* DESIGN 10.7: what was committed is there after a power cut. */
static void commits_are_durable(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    static const struct {
        const char *sql;
        const char *text;
    } cases[] = {{"PRAGMA journal_mode", "wal"}, {"PRAGMA synchronous", "2"}};
    for (size_t i = 0; i < 2; i++) {
        TEST_CASE(cases[i].sql);
        AUTO_STATEMENT sqlite3_stmt *q = NULL;
        assert_int_equal(state_query(s, &q, cases[i].sql, ""), ERR_OK);
        assert_int_equal(state_step(s, q), ERR_OK);
        assert_string_equal((const char *)sqlite3_column_text(q, 0), cases[i].text);
    }
    state_close(s);
    temp_dir_done(dir);
}

static void a_lost_database_beside_keys_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    (void)made_key(s, "example.", KEY_KSK, 15);
    (void)made_key(s, "example.", KEY_ZSK, 15);
    state_close(s);
    AUTO_FREE char *path = in_dir(dir, "state.db");
    assert_int_equal(unlink(path), 0);
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(state_open(dir, &s, d), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-lost"), "2 key files"));
    assert_int_equal(access(path, F_OK), -1);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ zones */

static void assert_zone(struct state *s, const char *content, uint32_t serial)
{
    AUTO(state_zone) struct state_zone z = {0};
    assert_int_equal(state_zone_get(s, wire("example."), &z), ERR_OK);
    assert_string_equal(buf_str(&z.signed_zone), content);
    assert_int_equal(z.serial, serial);
    assert_int_equal(z.has_serial, serial != 0);
}

static int put(struct state *s, uint32_t serial, const char *content)
{
    return state_zone_put(s, wire("example."), serial, text_bytes(content), TEST_NOW);
}

static void a_zone_is_replaced_by_commit_and_kept_by_rollback(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    assert_zone(s, "", 0);
    assert_int_equal(put(s, 1, "one"), ERR_OK);
    assert_zone(s, "one", 1);
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(state_begin(s), ERR_INTERNAL);
    assert_int_equal(put(s, 2, "two"), ERR_OK);
    assert_zone(s, "two", 2);
    assert_int_equal(state_rollback(s), ERR_OK);
    assert_zone(s, "one", 1);
    assert_int_equal(files_with(dir, "zones", ".zone"), 1);
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(put(s, 2, "two"), ERR_OK);
    assert_int_equal(put(s, 1, "one"), ERR_OK); /* and back in one transaction */
    assert_int_equal(put(s, 3, "three"), ERR_OK);
    assert_int_equal(state_commit(s), ERR_OK);
    assert_zone(s, "three", 3);
    assert_int_equal(files_with(dir, "zones", ".zone"), 1);
    assert_int_equal(state_commit(s), ERR_INTERNAL);
    state_close(s);
    s = open_ok(dir, NULL);
    assert_zone(s, "three", 3);
    state_close(s);
    temp_dir_done(dir);
}

static void put_without_commit(const char *dir)
{
    struct state *s = NULL;
    if (state_open(dir, &s, NULL) != ERR_OK || state_begin(s) != ERR_OK ||
        put(s, 2, "two") != ERR_OK || state_doc_put(s, "k", "n", text_bytes("x")) != ERR_OK ||
        state_event(s, 1, "z", "built", "") != ERR_OK)
        _exit(1);
}

static void a_kill_before_commit_undoes_everything(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    assert_int_equal(put(s, 1, "one"), ERR_OK);
    state_close(s);
    killed_while(dir, put_without_commit);
    assert_int_equal(files_with(dir, "zones", ".zone"), 2);
    s = open_ok(dir, NULL);
    AUTO(buf) struct buf doc = {0};
    char head[65];
    assert_zone(s, "one", 1);
    assert_int_equal(files_with(dir, "zones", ".zone"), 1); /* swept */
    assert_int_equal(state_doc_get(s, "k", "n", &doc), ERR_ABSENT);
    assert_int_equal(state_event_head(s, head), ERR_OK);
    assert_string_equal(head, "");
    state_close(s);
    temp_dir_done(dir);
}

static void put_and_commit(const char *dir)
{
    struct state *s = NULL;
    if (state_open(dir, &s, NULL) != ERR_OK || put(s, 2, "two") != ERR_OK)
        _exit(1);
}

static void a_kill_after_commit_keeps_everything(void **state)
{
    (void)state;
    char *dir = temp_dir();
    killed_while(dir, put_and_commit);
    struct state *s = open_ok(dir, NULL);
    assert_zone(s, "two", 2);
    state_close(s);
    temp_dir_done(dir);
}

static void a_damaged_zone_file_counts_as_absent(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    assert_int_equal(put(s, 7, "seven"), ERR_OK);
    AUTO_FREE char *zones = in_dir(dir, "zones");
    DIR *open_dir = opendir(zones);
    const struct dirent *e;
    while ((e = readdir(open_dir)) != NULL) {
        if (e->d_name[0] != '.')
            overwrite(zones, e->d_name, 0, "S", 1);
    }
    closedir(open_dir);
    assert_zone(s, "", 7);
    assert_int_equal(findings_n(d, "state-zone-lost"), 1);
    assert_int_equal(put(s, 7, "seven"), ERR_OK); /* written again although it has its name */
    assert_zone(s, "seven", 7);
    assert_int_equal(file_remove_tree(zones), ERR_OK);
    assert_zone(s, "", 7);
    assert_int_equal(findings_n(d, "state-zone-lost"), 2);
    state_close(s);
    temp_dir_done(dir);
}

/* Names of zones become names of files. */
static void odd_zone_names_are_safe_file_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        ".", "a/b.example.", "..example.", "\\000\\255.example.",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff."
        "aaaaaaaaaabbbbbbbbbbccccccccccd"
        "dddddddddeeeeeeeeeeffffffffff."
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff."};
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    size_t n = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t name[256];
        AUTO(state_zone) struct state_zone z = {0};
        TEST_CASE(names[i]);
        if (!name_from_text(names[i], name))
            continue;
        assert_int_equal(state_zone_put(s, name, 1, text_bytes(names[i]), TEST_NOW), ERR_OK);
        assert_int_equal(state_zone_get(s, name, &z), ERR_OK);
        assert_string_equal(buf_str(&z.signed_zone), names[i]);
        assert_int_equal(files_with(dir, "zones", ".zone"), ++n);
    }
    assert_true(n >= 4);
    state_close(s);
    temp_dir_done(dir);
}

static void confirming_again_keeps_the_first_moment(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    assert_int_equal(state_zone_confirm(s, wire("example."), 1, 100), ERR_ABSENT);
    assert_int_equal(put(s, 1, "one"), ERR_OK);
    static const struct {
        uint32_t serial;
        int64_t now;
        int64_t at;
    } steps[] = {{1, 100, 100}, {1, 200, 100}, {2, 300, 300}};
    for (size_t i = 0; i < 3; i++) {
        AUTO(state_zone) struct state_zone z = {0};
        assert_int_equal(state_zone_confirm(s, wire("example."), steps[i].serial, steps[i].now),
                         ERR_OK);
        assert_int_equal(state_zone_get(s, wire("example."), &z), ERR_OK);
        assert_int_equal(z.confirmed_at, steps[i].at);
        assert_int_equal(z.confirmed_serial, steps[i].serial);
    }
    state_close(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ documents */

struct seen {
    struct state *s;
    char names[64];
    int stop_at;
    int n;
};

static int see(void *ctx, const char *name, struct bytes content)
{
    struct seen *seen = ctx;
    assert_int_equal(content.len, 1);
    size_t used = strlen(seen->names);
    snprintf(seen->names + used, sizeof seen->names - used, "%s", name);
    if (++seen->n == seen->stop_at)
        return 42;
    return state_doc_delete(seen->s, "k", name);
}

static void documents_come_back_in_order(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    AUTO(buf) struct buf b = {0};
    static const char *const names[] = {"c", "a", "b"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(state_doc_put(s, "k", names[i], text_bytes("1")), ERR_OK);
    assert_int_equal(state_doc_put(s, "other", "a", text_bytes("")), ERR_OK);
    assert_int_equal(state_doc_put(s, "k", "a", text_bytes("2")), ERR_OK);
    assert_int_equal(state_doc_get(s, "k", "a", &b), ERR_OK);
    assert_string_equal(buf_str(&b), "2");
    struct seen seen = {.s = s, .stop_at = 2};
    assert_int_equal(state_doc_each(s, "k", see, &seen), 42);
    assert_string_equal(seen.names, "ab");
    assert_int_equal(state_doc_get(s, "k", "a", &b), ERR_ABSENT); /* deleted by EACH */
    assert_int_equal(state_doc_get(s, "k", "b", &b), ERR_OK);
    assert_int_equal(state_doc_get(s, "other", "a", &b), ERR_OK);
    assert_int_equal(state_doc_delete(s, "k", "absent"), ERR_OK);
    state_close(s);
    temp_dir_done(dir);
}

static void a_full_disk_is_a_finding_and_undoes(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    AUTO(buf) struct buf big = {0};
    AUTO(buf) struct buf back = {0};
    buf_reserve(&big, 1 << 20);
    memset(big.data, 'x', 1 << 20);
    big.len = 1 << 20;
    assert_int_equal(state_doc_put(s, "k", "small", text_bytes("1")), ERR_OK);
    /* SQLite's own ceiling gives the code that a full disk gives */
    assert_int_equal(sqlite3_exec(s->db, "PRAGMA max_page_count = 30", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(state_doc_put(s, "k", "big", buf_bytes(&big)), ERR_IO);
    assert_int_equal(findings_n(d, "state-io"), 1);
    assert_int_equal(state_rollback(s), ERR_OK);
    assert_int_equal(state_doc_get(s, "k", "small", &back), ERR_OK);
    assert_int_equal(state_doc_get(s, "k", "big", &back), ERR_ABSENT);
    state_close(s);
    temp_dir_done(dir);
}

/* Somebody looks at the database with another tool, in a transaction. */
static void a_database_that_another_program_writes_is_refused_until_it_is_done(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    AUTO_FREE char *path = in_dir(dir, "state.db");
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(s->db, 0), SQLITE_OK);
    assert_int_equal(state_begin(s), ERR_LOCKED);
    assert_int_equal(state_event(s, 1, "z", "w", ""), ERR_LOCKED);
    assert_int_equal(state_doc_put(s, "k", "n", text_bytes("x")), ERR_LOCKED);
    assert_non_null(strstr(finding_text(d, "state-locked"), "another program"));
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(state_doc_put(s, "k", "n", text_bytes("x")), ERR_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    state_close(s);
    temp_dir_done(dir);
}

/* A page of the file was overwritten: what needs it is refused, and the backup is pointed at. */
static void a_corrupt_page_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    for (int i = 0; i < 200; i++)
        assert_int_equal(state_event(s, i, "z", "w", "a page is soon full"), ERR_OK);
    state_close(s);
    AUTO_FREE char *path = in_dir(dir, "state.db");
    struct stat st;
    uint8_t rubbish[4096];
    memset(rubbish, 0xa5, sizeof rubbish);
    assert_int_equal(stat(path, &st), 0);
    for (off_t at = 4096; at < st.st_size; at += 4096) /* all but the first, which has the schema */
        overwrite(dir, "state.db", at, rubbish, sizeof rubbish);
    AUTO_PTR(diags) struct diags *d = diags_new();
    uint64_t n = 0;
    int err = state_open(dir, &s, d);
    if (err == ERR_OK) {
        err = state_events_check(s, &n);
        state_close(s);
    }
    assert_int_equal(err, ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-damaged"), "keys restore"));
    temp_dir_done(dir);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_state_is_private),
    cmocka_unit_test(a_second_opener_is_told_who_holds_it),
    cmocka_unit_test(a_killed_holder_leaves_no_lock),
    cmocka_unit_test(open_modes_are_refused),
    cmocka_unit_test(what_is_no_folder_is_refused),
    cmocka_unit_test(a_link_may_lead_to_the_state),
    cmocka_unit_test(a_database_that_is_none_of_ours_is_refused),
    cmocka_unit_test(a_newer_schema_is_refused),
    cmocka_unit_test(after_a_kill_the_event_chain_is_checked),
    cmocka_unit_test(after_a_kill_a_changed_log_is_refused),
    cmocka_unit_test(commits_are_durable),
    cmocka_unit_test(a_lost_database_beside_keys_is_refused),
    cmocka_unit_test(a_zone_is_replaced_by_commit_and_kept_by_rollback),
    cmocka_unit_test(a_kill_before_commit_undoes_everything),
    cmocka_unit_test(a_kill_after_commit_keeps_everything),
    cmocka_unit_test(a_damaged_zone_file_counts_as_absent),
    cmocka_unit_test(odd_zone_names_are_safe_file_names),
    cmocka_unit_test(confirming_again_keeps_the_first_moment),
    cmocka_unit_test(documents_come_back_in_order),
    cmocka_unit_test(a_full_disk_is_a_finding_and_undoes),
    cmocka_unit_test(a_database_that_another_program_writes_is_refused_until_it_is_done),
    cmocka_unit_test(a_corrupt_page_is_refused),
};

TEST_MAIN(tests)
