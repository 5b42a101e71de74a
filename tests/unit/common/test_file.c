#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/file.h"

static char dir[] = "/tmp/mudzone-file-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return file_remove_tree(dir);
}

static char *in_dir(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static int entries(void)
{
    DIR *d = opendir(dir);
    int n = 0;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    assert_int_equal(file_write_atomic(in_dir("a"), "hello", 5, 0600), 0);
    assert_int_equal(file_read(in_dir("a"), 5, &b), 0);
    assert_string_equal(buf_str(&b), "hello");
    struct stat st;
    assert_int_equal(stat(in_dir("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_over_the_ceiling_is_refused(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    assert_int_equal(file_write_atomic(in_dir("a"), "hello", 5, 0600), 0);
    assert_int_equal(file_read(in_dir("a"), 4, &b), ERR_LIMIT);
    assert_int_equal(file_read("/dev/zero", 1000, &b), ERR_LIMIT);
}

static void absent_files_and_folders_are_io_errors(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    assert_int_equal(file_read(in_dir("absent"), 10, &b), ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_read(dir, 10, &b), ERR_IO);
    assert_int_equal(errno, EISDIR);
}

static void a_private_file_must_be_private(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    assert_int_equal(file_write_atomic(in_dir("key"), "k", 1, 0600), 0);
    assert_int_equal(file_read_private(in_dir("key"), 10, &b), 0);
    const mode_t loose[] = {0640, 0604, 0620, 0602, 0644, 0666};
    for (size_t i = 0; i < sizeof(loose) / sizeof(loose[0]); i++) {
        assert_int_equal(chmod(in_dir("key"), loose[i]), 0);
        assert_int_equal(file_read_private(in_dir("key"), 10, &b), ERR_CONFIG);
    }
    assert_int_equal(b.len, 1);
    assert_int_equal(mkfifo(in_dir("pipe"), 0600), 0);
    assert_int_equal(file_read_private(in_dir("pipe"), 10, &b), ERR_CONFIG);
}

static void an_atomic_write_replaces_and_leaves_nothing_beside(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    assert_int_equal(file_write_atomic(in_dir("a"), "one", 3, 0644), 0);
    int before = entries();
    assert_int_equal(file_write_atomic(in_dir("a"), "two", 3, 0644), 0);
    assert_int_equal(entries(), before);
    assert_int_equal(file_read(in_dir("a"), 10, &b), 0);
    assert_string_equal(buf_str(&b), "two");
    assert_int_equal(file_write_atomic(in_dir("no/such/folder"), "x", 1, 0644), ERR_IO);
    assert_int_equal(entries(), before);
}

static void a_new_file_must_be_new(void **state)
{
    (void)state;
    assert_int_equal(file_write_new(in_dir("new"), "x", 1, 0600), 0);
    assert_int_equal(file_write_new(in_dir("new"), "y", 1, 0600), ERR_IO);
    assert_int_equal(errno, EEXIST);
}

static void folders_are_made_and_removed_as_trees(void **state)
{
    (void)state;
    assert_int_equal(file_mkdirs(in_dir("x/y/z"), 0700), 0);
    assert_int_equal(file_mkdirs(in_dir("x/y/z"), 0700), 0);
    assert_int_equal(file_write_new(in_dir("x/y/z/f"), "x", 1, 0600), 0);
    assert_int_equal(file_mkdirs(in_dir("x/y/z/f"), 0700), ERR_IO);
    assert_int_equal(symlink("/etc", in_dir("x/link")), 0);
    assert_int_equal(file_remove_tree(in_dir("x")), 0);
    assert_int_not_equal(access(in_dir("x"), F_OK), 0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
    assert_int_equal(file_remove_tree(in_dir("x")), 0);
}

static void relative_names_are_seen_from_the_file_that_states_them(void **state)
{
    (void)state;
    struct {
        const char *from, *name, *want;
    } cases[] = {
        {"inventory.yaml", "zones/a.zone", "zones/a.zone"},
        {"/etc/mz/inventory.yaml", "zones/a.zone", "/etc/mz/zones/a.zone"},
        {"dir/inventory.yaml", "/abs", "/abs"},
        {"dir/inventory.yaml", "../up", "dir/../up"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_FREE char *got = file_relative_to(cases[i].from, cases[i].name);
        assert_string_equal(got, cases[i].want);
    }
    AUTO_FREE char *joined = file_join("a/", "b");
    assert_string_equal(joined, "a/b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_file_over_the_ceiling_is_refused),
        cmocka_unit_test(absent_files_and_folders_are_io_errors),
        cmocka_unit_test(a_private_file_must_be_private),
        cmocka_unit_test(an_atomic_write_replaces_and_leaves_nothing_beside),
        cmocka_unit_test(a_new_file_must_be_new),
        cmocka_unit_test(folders_are_made_and_removed_as_trees),
        cmocka_unit_test(relative_names_are_seen_from_the_file_that_states_them),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
