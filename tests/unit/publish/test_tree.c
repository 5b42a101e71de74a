/* publish/tree.c, target.c, exchange.c: OUT is replaced as a whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/file.h"
#include "publish/publish.h"
#include "publish/rules.h"

#define MANIFEST "{\n  \"schema\": \"mudzone-manifest-1\"\n}\n"

static char scratch[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(scratch, sizeof(scratch), "/tmp/mudzone-tree-XXXXXX");
    return mkdtemp(scratch) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return file_remove_tree(scratch);
}

static const char *in_scratch(const char *name)
{
    static char path[4][256];
    static size_t next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof(path[next]), "%s/%s", scratch, name);
    return path[next];
}

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static struct tree *sample_tree(const char *content)
{
    struct tree *t = tree_new();
    assert_non_null(t);
    assert_int_equal(tree_add(t, TREE_MANIFEST, text_bytes(MANIFEST)), ERR_OK);
    assert_int_equal(tree_add(t, "zones/b.zone", text_bytes(content)), ERR_OK);
    assert_int_equal(tree_add(t, "web/.well-known/a.json", text_bytes("{}")), ERR_OK);
    return t;
}

static void put(const char *name, const char *content)
{
    assert_int_equal(file_write_atomic(in_scratch(name), content, strlen(content), 0644), ERR_OK);
}

static void assert_content(const char *name, const char *content)
{
    AUTO(buf) struct buf b = {0};
    assert_int_equal(file_read(in_scratch(name), 4096, &b), ERR_OK);
    assert_string_equal(buf_str(&b), content);
}

static void assert_absent(const char *name)
{
    assert_int_equal(access(in_scratch(name), F_OK), -1);
}

static bool has_finding(const struct diags *d, const struct diag_rule *rule)
{
    for (size_t i = 0; i < diags_n(d); i++) {
        if (diags_at(d, i)->rule == rule)
            return true;
    }
    return false;
}

static int publish(struct tree *t, const char *out, bool *changed, struct diags *d)
{
    AUTO_PTR(tree_pending) struct tree_pending *p = NULL;
    int err = tree_prepare(t, out, &p, d);
    if (err == ERR_OK) {
        *changed = tree_pending_changes(p);
        err = tree_exchange(p, d);
    }
    return err;
}

static void publish_sample(const char *content)
{
    AUTO_PTR(tree) struct tree *t = sample_tree(content);
    bool changed = false;
    assert_int_equal(publish(t, in_scratch("out"), &changed, NULL), ERR_OK);
    assert_true(changed);
}

static void paths_must_be_clean(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "/a",   "a/",   "a//b",          "../a", "a/../b",
                                      "./a",  ".git", "a/.b", "a/./b",         ".",    "..",
                                      "a/..", "/",    "//",   ".well-knownx/a"};
    AUTO_PTR(tree) struct tree *t = tree_new();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (tree_add(t, bad[i], text_bytes("")) != ERR_INTERNAL)
            fail_msg("'%s' was taken", bad[i]);
    }
    assert_int_equal(tree_n(t), 0);
}

static void a_repeated_path_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(tree) struct tree *t = sample_tree("x");
    assert_int_equal(tree_add(t, "zones/b.zone", text_bytes("y")), ERR_OK);
    bool changed = false;
    assert_int_equal(publish(t, in_scratch("out"), &changed, NULL), ERR_INTERNAL);
    assert_absent("out");
}

static void entries_come_sorted_with_their_digest(void **state)
{
    (void)state;
    AUTO_PTR(tree) struct tree *t = tree_new();
    assert_int_equal(tree_add(t, "b", text_bytes("abc")), ERR_OK);
    assert_int_equal(tree_add(t, "a", text_bytes("")), ERR_OK);
    assert_string_equal(tree_at(t, 0)->path, "a");
    char hex[65];
    hex_encode(tree_at(t, 1)->sha256, 32, hex);
    /* FIPS 180-2 appendix B.1 */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hex_encode(tree_at(t, 0)->sha256, 32, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_new_out_appears_with_modes(void **state)
{
    (void)state;
    mode_t before = umask(077);
    publish_sample("one");
    umask(before);
    assert_content("out/zones/b.zone", "one");
    assert_content("out/web/.well-known/a.json", "{}");
    struct stat st;
    assert_int_equal(stat(in_scratch("out/zones/b.zone"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(stat(in_scratch("out"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
    assert_int_equal(stat(in_scratch("out/web/.well-known"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
    assert_absent(".out.mudzone-new");
}

static void an_old_out_is_replaced_as_a_whole(void **state)
{
    (void)state;
    publish_sample("one");
    put("out/zones/stale.zone", "stale");
    publish_sample("two");
    assert_content("out/zones/b.zone", "two");
    assert_absent("out/zones/stale.zone");
    assert_absent(".out.mudzone-new");
    assert_absent(".out.mudzone-old");
}

static void an_equal_out_is_not_touched(void **state)
{
    (void)state;
    publish_sample("one");
    struct stat before, after;
    assert_int_equal(stat(in_scratch("out"), &before), 0);
    AUTO_PTR(tree) struct tree *t = sample_tree("one");
    bool changed = true;
    assert_int_equal(publish(t, in_scratch("out"), &changed, NULL), ERR_OK);
    assert_false(changed);
    assert_int_equal(stat(in_scratch("out"), &after), 0);
    assert_true(before.st_ino == after.st_ino);
}

static void an_extra_folder_or_link_makes_out_unequal(void **state)
{
    (void)state;
    bool changed = false;
    AUTO_PTR(tree) struct tree *t = sample_tree("one");
    publish_sample("one");
    assert_int_equal(mkdir(in_scratch("out/empty"), 0755), 0);
    assert_int_equal(publish(t, in_scratch("out"), &changed, NULL), ERR_OK);
    assert_true(changed);
    assert_absent("out/empty");
    assert_int_equal(unlink(in_scratch("out/zones/b.zone")), 0);
    put("elsewhere", "one");
    assert_int_equal(symlink(in_scratch("elsewhere"), in_scratch("out/zones/b.zone")), 0);
    assert_int_equal(publish(t, in_scratch("out"), &changed, NULL), ERR_OK);
    assert_true(changed);
    struct stat st;
    assert_int_equal(lstat(in_scratch("out/zones/b.zone"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void an_empty_out_is_taken(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
    publish_sample("one");
    assert_content("out/zones/b.zone", "one");
}

static void assert_refused(const char *out, int want, const struct diag_rule *rule)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(tree) struct tree *t = sample_tree("one");
    bool changed = false;
    assert_int_equal(tree_check_target(out, d), want);
    assert_true(has_finding(d, rule));
    assert_int_equal(publish(t, out, &changed, d), want);
}

static void a_foreign_out_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
    put("out/holiday.txt", "sand");
    assert_refused(in_scratch("out"), ERR_CONFIG, &rule_out_not_ours);
    put("out/manifest.json", "{\"schema\": \"someone-elses\"}");
    assert_refused(in_scratch("out"), ERR_CONFIG, &rule_out_not_ours);
    assert_content("out/holiday.txt", "sand");
    assert_absent(".out.mudzone-new");
}

static void a_file_or_link_is_no_out(void **state)
{
    (void)state;
    put("out", "a file");
    assert_refused(in_scratch("out"), ERR_CONFIG, &rule_out_not_folder);
    assert_content("out", "a file");
    assert_int_equal(mkdir(in_scratch("real"), 0755), 0);
    assert_int_equal(symlink("real", in_scratch("link")), 0);
    assert_refused(in_scratch("link"), ERR_CONFIG, &rule_out_not_folder);
    assert_refused(in_scratch("link/"), ERR_CONFIG, &rule_out_not_folder);
}

static void a_folder_without_a_name_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {".", "..", "/", "///", "a/..", "./"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_refused(bad[i], ERR_CONFIG, &rule_out_name);
}

static void missing_parents_are_made(void **state)
{
    (void)state;
    AUTO_PTR(tree) struct tree *t = sample_tree("one");
    bool changed = false;
    assert_int_equal(publish(t, in_scratch("a/b/out/"), &changed, NULL), ERR_OK);
    assert_content("a/b/out/zones/b.zone", "one");
}

static void a_place_that_takes_no_folder_is_an_error(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(tree) struct tree *t = sample_tree("one");
    bool changed = false;
    /* /proc refuses mkdir even to root */
    assert_int_equal(publish(t, "/proc/mudzone-out", &changed, d), ERR_IO);
    assert_true(has_finding(d, &rule_out_write));
}

static void a_full_disk_leaves_out_as_it_was(void **state)
{
    (void)state;
    publish_sample("one");
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf big = {0};
    for (size_t i = 0; i < 9000; i++)
        buf_add_char(&big, 'x');
    AUTO_PTR(tree) struct tree *t = sample_tree(buf_str(&big));
    /* a write over the file size limit fails like one on a full disk: part way, with an error */
    struct rlimit saved, small = {4096, 4096};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
    small.rlim_max = saved.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    AUTO_PTR(tree_pending) struct tree_pending *p = NULL;
    int err = tree_prepare(t, in_scratch("out"), &p, d);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(err, ERR_IO);
    assert_null(p);
    assert_true(has_finding(d, &rule_out_write));
    assert_content("out/zones/b.zone", "one");
    assert_absent(".out.mudzone-new");
}

static void what_is_not_exchanged_is_removed(void **state)
{
    (void)state;
    publish_sample("one");
    AUTO_PTR(tree) struct tree *t = sample_tree("two");
    struct tree_pending *p = NULL;
    assert_int_equal(tree_prepare(t, in_scratch("out"), &p, NULL), ERR_OK);
    assert_content(".out.mudzone-new/zones/b.zone", "two");
    assert_content("out/zones/b.zone", "one");
    tree_pending_free(p);
    assert_absent(".out.mudzone-new");
    assert_content("out/zones/b.zone", "one");
}

static void a_second_run_at_once_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(tree) struct tree *t = sample_tree("one");
    AUTO_PTR(tree_pending) struct tree_pending *p = NULL;
    assert_int_equal(tree_prepare(t, in_scratch("out"), &p, NULL), ERR_OK);
    assert_int_equal(tree_check_target(in_scratch("out"), d), ERR_LOCKED);
    assert_true(has_finding(d, &rule_out_busy));
    assert_int_equal(tree_exchange(p, d), ERR_OK);
    assert_content("out/zones/b.zone", "one");
}

static void a_killed_runs_sibling_is_removed(void **state)
{
    (void)state;
    publish_sample("one");
    assert_int_equal(mkdir(in_scratch(".out.mudzone-new"), 0755), 0);
    put(".out.mudzone-new/half", "ha");
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(tree_check_target(in_scratch("out"), d), ERR_OK);
    assert_true(has_finding(d, &rule_out_recovered));
    assert_absent(".out.mudzone-new");
    assert_content("out/zones/b.zone", "one");
}

/* The two-step of file systems without RENAME_EXCHANGE, cut at each of its points. */
static void a_cut_two_step_is_completed(void **state)
{
    (void)state;
    publish_sample("one");
    assert_int_equal(mkdir(in_scratch(".out.mudzone-new"), 0755), 0);
    put(".out.mudzone-new/manifest.json", MANIFEST);
    put(".out.mudzone-journal", "begun");
    /* before the first rename: OUT stays */
    assert_int_equal(tree_check_target(in_scratch("out"), NULL), ERR_OK);
    assert_content("out/zones/b.zone", "one");
    assert_absent(".out.mudzone-journal");
    /* between the renames: the new tree takes the place */
    assert_int_equal(rename(in_scratch("out"), in_scratch(".out.mudzone-old")), 0);
    assert_int_equal(mkdir(in_scratch(".out.mudzone-new"), 0755), 0);
    put(".out.mudzone-new/manifest.json", MANIFEST);
    put(".out.mudzone-new/new", "new");
    put(".out.mudzone-journal", "begun");
    assert_int_equal(tree_check_target(in_scratch("out"), NULL), ERR_OK);
    assert_content("out/new", "new");
    assert_absent(".out.mudzone-old");
    assert_absent(".out.mudzone-journal");
    /* between them, the new tree lost: the old one comes back */
    assert_int_equal(rename(in_scratch("out"), in_scratch(".out.mudzone-old")), 0);
    put(".out.mudzone-journal", "begun");
    assert_int_equal(tree_check_target(in_scratch("out"), NULL), ERR_OK);
    assert_content("out/new", "new");
}

/* ------------------------------------------------------------------ where OUT lies */

static void assert_place(const char *out, const char *keep, bool is_folder, int want)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_FREE char *out_path = strdup(in_scratch(out));
    const struct tree_keep k = {"the thing", in_scratch(keep), is_folder};
    int err = tree_check_place(out_path, &k, 1, d);
    if (err != want)
        fail_msg("%s with %s: %d", out, keep, err);
    assert_int_equal(has_finding(d, &rule_out_place), want == ERR_CONFIG);
}

static void out_lies_apart_from_what_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *out;
        const char *keep;
        bool is_folder;
        bool refused;
    } cases[] = {
        {"out", "out", true, true},
        {"out", "state", true, false},
        {"out", "out/state", true, true},
        {"out/", "out//./state/", true, true},
        {"state/out", "state", true, true},
        {"zones/out", "zones/a.zone", false, false},
        {"out", "out2", true, false},
        {"out2", "out", true, false},
        {"out", "absent/../out/state", true, true},
        {"absent/../out", "out/state", true, true},
        {"out", ".out.mudzone-new/x", false, true}, /* removed as a killed run's */
        {"out", ".out.mudzone-old", true, true},
        {"out", "into-out", true, true}, /* a link to out/x */
        {"by-link/out", "out/state", true, true},
        {"out", "by-link/out/state", true, true},
        {"out", "twice", false, true}, /* a link to a link in OUT that leads out of it */
        {"out", "loop", false, false}, /* leads nowhere */
    };
    assert_int_equal(mkdir(in_scratch("out"), 0755), 0);
    assert_int_equal(symlink("out/x", in_scratch("into-out")), 0);
    assert_int_equal(symlink(".", in_scratch("by-link")), 0);
    assert_int_equal(symlink("out/away", in_scratch("twice")), 0);
    assert_int_equal(symlink("../key.pem", in_scratch("out/away")), 0);
    assert_int_equal(symlink("loop", in_scratch("loop")), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_place(cases[i].out, cases[i].keep, cases[i].is_folder,
                     cases[i].refused ? ERR_CONFIG : ERR_OK);
    assert_absent("absent");
}

static void an_out_in_an_out_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    publish_sample("one");
    assert_int_equal(tree_check_place(in_scratch("out"), NULL, 0, d), ERR_OK);
    assert_int_equal(tree_check_place(in_scratch("out/zones/deep/inner"), NULL, 0, d), ERR_CONFIG);
    assert_true(has_finding(d, &rule_out_place));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_must_be_clean, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_path_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_come_sorted_with_their_digest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_out_appears_with_modes, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_out_is_replaced_as_a_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(an_equal_out_is_not_touched, setup, teardown),
        cmocka_unit_test_setup_teardown(an_extra_folder_or_link_makes_out_unequal, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_out_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_foreign_out_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_or_link_is_no_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_without_a_name_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_parents_are_made, setup, teardown),
        cmocka_unit_test_setup_teardown(a_place_that_takes_no_folder_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_out_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_exchanged_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_run_at_once_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_runs_sibling_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_two_step_is_completed, setup, teardown),
        cmocka_unit_test_setup_teardown(out_lies_apart_from_what_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(an_out_in_an_out_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
