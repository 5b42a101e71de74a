/* Looking at a state without its lock. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "tests/unit/signer/state_testing.h"

static struct state *peek_ok(const char *dir, struct diags *d)
{
    struct state *s = NULL;
    int err = state_peek(dir, &s, d);
    for (size_t i = 0; i < diags_n(d) && err != ERR_OK; i++)
        print_message("    %s\n", diags_at(d, i)->found);
    assert_int_equal(err, ERR_OK);
    return s;
}

static void assert_doc(struct state *s, const char *expected)
{
    AUTO(buf) struct buf b = {0};
    assert_int_equal(state_doc_get(s, "k", "n", &b), ERR_OK);
    assert_string_equal(buf_str(&b), expected);
}

static void put_doc(struct state *s, const char *text)
{
    assert_int_equal(state_doc_put(s, "k", "n", text_bytes(text)), ERR_OK);
}

/* A state with a document. */
static char *small_state(void)
{
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    put_doc(s, "one");
    state_close(s);
    return dir;
}

static void what_is_not_there_is_absent_and_not_made(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *none = in_dir(dir, "none");
    AUTO_FREE char *below = in_dir(dir, "state.db/below");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    assert_int_equal(state_peek(none, &s, d), ERR_ABSENT);
    assert_int_equal(access(none, F_OK), -1);
    assert_int_equal(chmod(dir, 0700), 0);
    assert_int_equal(state_peek(dir, &s, d), ERR_ABSENT);
    assert_int_equal(files_with(dir, "", ""), 2); /* "." and ".." */
    AUTO_FREE char *path = in_dir(dir, "state.db");
    assert_int_equal(file_write_atomic(path, "", 0, 0600), ERR_OK); /* a first run was cut short */
    assert_int_equal(state_peek(dir, &s, d), ERR_ABSENT);
    assert_int_equal(state_peek(below, &s, d), ERR_ABSENT);
    assert_int_equal(diags_n(d), 0);
    assert_null(s);
    temp_dir_done(dir);
}

static void a_lost_database_is_said(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    (void)made_key(s, "example.", KEY_CSK, 15);
    state_close(s);
    AUTO_FREE char *path = in_dir(dir, "state.db");
    assert_int_equal(unlink(path), 0);
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(state_peek(dir, &s, d), ERR_STATE);
    assert_int_equal(findings_n(d, "state-lost"), 1);
    temp_dir_done(dir);
}

static void nothing_is_left_or_changed_by_looking(void **state)
{
    (void)state;
    char *dir = small_state();
    size_t files = files_with(dir, "", "");
    AUTO_FREE char *path = in_dir(dir, "state.db");
    AUTO(buf) struct buf before = {0};
    AUTO(buf) struct buf after = {0};
    assert_int_equal(file_read(path, 1 << 20, &before), ERR_OK);
    struct state *s = peek_ok(dir, NULL);
    assert_doc(s, "one");
    assert_int_equal(state_begin(s), ERR_INTERNAL);
    assert_int_equal(state_event(s, 1, "z", "w", ""), ERR_INTERNAL);
    assert_int_not_equal(state_doc_put(s, "k", "n", text_bytes("two")), ERR_OK);
    assert_int_not_equal(state_doc_delete(s, "k", "n"), ERR_OK);
    assert_doc(s, "one");
    assert_int_equal(files_with(dir, "", ""), files);
    state_close(s);
    assert_int_equal(files_with(dir, "", ""), files);
    assert_int_equal(file_read(path, 1 << 20, &after), ERR_OK);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    temp_dir_done(dir);
}

static void a_build_under_way_is_no_obstacle_and_not_seen(void **state)
{
    (void)state;
    char *dir = small_state();
    struct state *build = open_ok(dir, NULL);
    assert_int_equal(state_begin(build), ERR_OK);
    put_doc(build, "two");
    struct state *before = peek_ok(dir, NULL);
    assert_doc(before, "one");
    assert_int_equal(state_commit(build), ERR_OK);
    struct state *after = peek_ok(dir, NULL); /* from the log: the file is still the old one */
    assert_doc(after, "two");
    assert_doc(before, "one");
    put_doc(build, "three"); /* the lookers hold nothing up */
    state_close(build);
    assert_doc(before, "one");
    state_close(before);
    state_close(after);
    struct state *last = peek_ok(dir, NULL);
    assert_doc(last, "three");
    state_close(last);
    state_close(open_ok(dir, NULL));
    temp_dir_done(dir);
}

static void commit_and_die(const char *dir)
{
    struct state *s = NULL;
    if (state_open(dir, &s, NULL) != ERR_OK ||
        state_doc_put(s, "k", "n", text_bytes("two")) != ERR_OK || state_begin(s) != ERR_OK ||
        state_doc_put(s, "k", "n", text_bytes("three")) != ERR_OK)
        _exit(1);
}

static void after_a_kill_what_was_committed_is_seen(void **state)
{
    (void)state;
    char *dir = small_state();
    killed_while(dir, commit_and_die);
    struct state *s = peek_ok(dir, NULL);
    assert_doc(s, "two");
    state_close(s);
    s = open_ok(dir, NULL);
    assert_doc(s, "two");
    state_close(s);
    temp_dir_done(dir);
}

static void odd_folder_names_are_found(void **state)
{
    (void)state;
    static const char *const names[] = {"a b", "50%41", "what?immutable=0", "x#y", "\xc3\xa9"};
    char *base = temp_dir();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TEST_CASE(names[i]);
        AUTO_FREE char *dir = in_dir(base, names[i]);
        struct state *s = open_ok(dir, NULL);
        put_doc(s, names[i]);
        state_close(s);
        s = peek_ok(dir, NULL);
        assert_doc(s, names[i]);
        state_close(s);
    }
    temp_dir_done(base);
}

static void unsafe_damaged_and_newer_states_are_refused(void **state)
{
    (void)state;
    char *dir = small_state();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    assert_int_equal(chmod(dir, 0750), 0);
    assert_int_equal(state_peek(dir, &s, d), ERR_CONFIG);
    assert_int_equal(findings_n(d, "state-folder"), 1);
    assert_int_equal(chmod(dir, 0700), 0);
    run_sql(dir, "PRAGMA user_version = 99");
    assert_int_equal(state_peek(dir, &s, d), ERR_STATE);
    assert_int_equal(findings_n(d, "state-too-new"), 1);
    AUTO_FREE char *path = in_dir(dir, "state.db");
    assert_int_equal(file_write_atomic(path, "rubbish of some length", 22, 0600), ERR_OK);
    assert_int_equal(state_peek(dir, &s, d), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-damaged"), "backup"));
    assert_non_null(strstr(finding_text(d, "state-damaged"), "not a database"));
    assert_null(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ a read-only file system */

/* DIR seen read-only, in a namespace of this process's own; false: not allowed here. */
static bool make_read_only(const char *dir)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(dir, dir, NULL, MS_BIND, NULL) == 0 &&
           mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0;
}

#define NOT_ALLOWED 99

/* 0: it was seen, or refused with a word on where to put it in order. */
static int look_read_only(const char *dir, bool refused)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf b = {0};
    struct state *s = NULL;
    if (!make_read_only(dir))
        return NOT_ALLOWED;
    int err = state_peek(dir, &s, d);
    if (refused)
        return err == ERR_IO && strstr(finding_text(d, "state-io"), "cut short") != NULL ? 0 : 1;
    if (err != ERR_OK || state_doc_get(s, "k", "n", &b) != ERR_OK)
        return 2;
    state_close(s);
    return 0;
}

static void a_read_only_file_system_is_enough(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool killed;  /* a log was left */
        bool refused; /* and what SQLite needs to read it was not */
    } cases[] = {{"closed", false, false}, {"cut short", true, true}};
    for (size_t i = 0; i < 2; i++) {
        TEST_CASE(cases[i].name);
        char *dir = small_state();
        if (cases[i].killed) {
            killed_while(dir, commit_and_die);
            AUTO_FREE char *index = in_dir(dir, "state.db-shm");
            assert_int_equal(unlink(index), 0);
        }
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            _exit(look_read_only(dir, cases[i].refused));
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == NOT_ALLOWED)
            LEFT_OUT("a read-only state: mounting is not allowed here");
        else
            assert_int_equal(WEXITSTATUS(status), 0);
        temp_dir_done(dir);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_not_there_is_absent_and_not_made),
    cmocka_unit_test(a_lost_database_is_said),
    cmocka_unit_test(nothing_is_left_or_changed_by_looking),
    cmocka_unit_test(a_build_under_way_is_no_obstacle_and_not_seen),
    cmocka_unit_test(after_a_kill_what_was_committed_is_seen),
    cmocka_unit_test(odd_folder_names_are_found),
    cmocka_unit_test(unsafe_damaged_and_newer_states_are_refused),
    cmocka_unit_test(a_read_only_file_system_is_enough),
};

TEST_MAIN(tests)
