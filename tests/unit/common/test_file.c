#include <dirent.h>
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
#include <sys/resource.h>
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

static void what_a_user_names_is_replaced_behind_links_and_never_a_device(void **state)
{
    (void)state;
    AUTO(buf) struct buf content = {0};
    struct stat st;
    char pipe_path[256];
    char link_path[256];
    (void)snprintf(pipe_path, sizeof pipe_path, "%s/device", dir);
    (void)snprintf(link_path, sizeof link_path, "%s/link", dir);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(file_write_out(pipe_path, "drawn", 5, 0644), ERR_OK);
    char got[8] = {0};
    assert_int_equal(read(reader, got, sizeof got), 5);
    assert_memory_equal(got, "drawn", 5);
    assert_true(lstat(pipe_path, &st) == 0 && S_ISFIFO(st.st_mode));
    (void)close(reader);
    assert_int_equal(unlink(pipe_path), 0);

    assert_int_equal(symlink("real", link_path), 0);
    assert_int_equal(file_write_out(in_dir("real"), "old", 3, 0644), ERR_OK);
    assert_int_equal(file_write_out(link_path, "new", 3, 0644), ERR_OK);
    assert_true(lstat(link_path, &st) == 0 && S_ISLNK(st.st_mode));
    assert_int_equal(file_read(in_dir("real"), 100, &content), ERR_OK);
    assert_string_equal(buf_str(&content), "new");
    assert_int_equal(file_write_out(dir, "x", 1, 0644), ERR_IO);
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(unlink(in_dir("real")), 0);
}

static void a_stream_appears_whole_or_not_at_all(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    AUTO(file_stream) struct file_stream s = {0};
    assert_int_equal(file_write_atomic(in_dir("s"), "old", 3, 0600), 0);
    int before = entries();
    assert_int_equal(file_stream_open(in_dir("s"), 0640, &s), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(file_stream_write(&s, "piece", 5), 0);
    assert_int_equal(file_read(in_dir("s"), 100, &b), 0);
    assert_string_equal(buf_str(&b), "old");
    assert_int_equal(file_stream_commit(&s), 0);
    buf_clear(&b);
    assert_int_equal(file_read(in_dir("s"), 100, &b), 0);
    assert_string_equal(buf_str(&b), "piecepiecepiece");
    assert_int_equal(entries(), before);
    struct stat st;
    assert_int_equal(stat(in_dir("s"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void a_stream_that_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    struct file_stream s = {0};
    assert_int_equal(file_write_atomic(in_dir("s"), "old", 3, 0600), 0);
    int before = entries();
    assert_int_equal(file_stream_open(in_dir("s"), 0600, &s), 0);
    assert_int_equal(file_stream_write(&s, "new", 3), 0);
    assert_int_equal(entries(), before + 1);
    file_stream_done(&s);
    file_stream_done(&s);
    assert_int_equal(entries(), before);
    assert_int_equal(file_read(in_dir("s"), 100, &b), 0);
    assert_string_equal(buf_str(&b), "old");
    assert_int_equal(file_stream_open(in_dir("no/such/folder"), 0600, &s), ERR_IO);
    assert_null(s.temp);
}

/* Past the step at which write-back begins. */
static void a_long_stream_is_written_back_on_the_way(void **state)
{
    (void)state;
    enum { PIECE = 3 << 20 };
    AUTO_FREE char *piece = malloc(PIECE);
    AUTO(file_stream) struct file_stream s = {0};
    struct stat st;
    assert_non_null(piece);
    memset(piece, 'x', PIECE);
    assert_int_equal(file_stream_open(in_dir("long"), 0600, &s), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(file_stream_write(&s, piece, PIECE), 0);
    assert_true(s.begun > 0 && s.begun <= s.len);
    assert_int_equal(file_stream_commit(&s), 0);
    assert_int_equal(stat(in_dir("long"), &st), 0);
    assert_int_equal(st.st_size, 4 * PIECE);
    assert_int_equal(unlink(in_dir("long")), 0);
}

static void many_streams_are_committed_each_for_itself(void **state)
{
    (void)state;
    struct file_stream streams[3] = {{0}};
    struct file_stream *const list[] = {&streams[0], &streams[1], &streams[2]};
    int errs[3];
    char name[16];
    int before = entries();
    for (int i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "m%d", i);
        assert_int_equal(file_stream_open(in_dir(name), 0600, &streams[i]), 0);
        assert_int_equal(file_stream_write(&streams[i], name, 2), 0);
        assert_int_equal(file_stream_close(&streams[i]), 0);
    }
    /* a folder stands where the second should go */
    assert_int_equal(mkdir(in_dir("m1"), 0700), 0);
    file_streams_commit(dir, list, 3, errs);
    assert_int_equal(errs[0], 0);
    assert_int_equal(errs[1], ERR_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(errs[2], 0);
    for (int i = 0; i < 3; i++)
        file_stream_done(&streams[i]);
    assert_int_equal(entries(), before + 3);
    for (int i = 0; i < 3; i += 2) {
        AUTO(buf) struct buf b = {0};
        (void)snprintf(name, sizeof(name), "m%d", i);
        assert_int_equal(file_read(in_dir(name), 10, &b), 0);
        assert_string_equal(buf_str(&b), name);
    }
}

static void a_full_disk_ends_a_stream(void **state)
{
    (void)state;
    AUTO(file_stream) struct file_stream s = {0};
    struct rlimit was;
    /* a limit on file sizes stands in for the disk: writing fails in the same place */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(file_stream_open(in_dir("full"), 0600, &s), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, was.rlim_max}), 0);
    char text[200] = {0};
    int err = file_stream_write(&s, text, sizeof(text));
    int why = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(err, ERR_IO);
    assert_int_equal(why, EFBIG);
    file_stream_done(&s);
    assert_int_not_equal(access(in_dir("full"), F_OK), 0);
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
        cmocka_unit_test(what_a_user_names_is_replaced_behind_links_and_never_a_device),
        cmocka_unit_test(a_stream_appears_whole_or_not_at_all),
        cmocka_unit_test(a_stream_that_is_given_up_leaves_nothing),
        cmocka_unit_test(a_long_stream_is_written_back_on_the_way),
        cmocka_unit_test(many_streams_are_committed_each_for_itself),
        cmocka_unit_test(a_full_disk_ends_a_stream),
        cmocka_unit_test(a_new_file_must_be_new),
        cmocka_unit_test(folders_are_made_and_removed_as_trees),
        cmocka_unit_test(relative_names_are_seen_from_the_file_that_states_them),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
