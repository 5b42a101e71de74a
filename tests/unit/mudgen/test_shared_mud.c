/*
 * Real MUD files of other makers, against the reviewed table data/shared_mud.txt: "NAME STATUS
 * IDS", where STATUS is accepted or refused and IDS are the findings of severity error with their
 * counts. UPDATE_GOLDEN=1 rewrites the table; then read the difference.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "tests/unit/mudgen/mud_case.h"

static int by_text(const void *a, const void *b)
{
    char *const *x = a;
    char *const *y = b;
    return strcmp(*x, *y);
}

struct files {
    char *names[256];
    size_t n;
};

/* "folder/file" of everything two levels below TOP, sorted. */
static void list_files(const char *top, struct files *ret)
{
    DIR *outer = opendir(top);
    assert_non_null(outer);
    for (struct dirent *o; (o = readdir(outer)) != NULL;) {
        AUTO_FREE char *dir = file_join(top, o->d_name);
        DIR *inner = o->d_name[0] == '.' ? NULL : opendir(dir);
        for (struct dirent *i; inner != NULL && (i = readdir(inner)) != NULL;) {
            if (i->d_name[0] == '.' || ret->n == sizeof(ret->names) / sizeof(ret->names[0]))
                continue;
            ret->names[ret->n++] = file_join(o->d_name, i->d_name);
        }
        if (inner != NULL)
            closedir(inner);
    }
    closedir(outer);
    qsort(ret->names, ret->n, sizeof(ret->names[0]), by_text);
}

/* The errors of one file as "id id*2 id", in the order of the rules. */
static void add_line(const char *path, const char *name, struct buf *out)
{
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(file_read(path, LIMIT_MUD_BYTES, &text), 0);
    int err = mud_validate(validator, name, buf_bytes(&text), MUD_FOREIGN, d);
    assert_true(err == ERR_OK || err == ERR_FINDINGS);
    assert_int_equal(err == ERR_FINDINGS, diags_count(d, SEV_ERROR) > 0);
    buf_printf(out, "%s %s", name, err == ERR_OK ? "accepted" : "refused");
    for (size_t r = 0; mudgen_rules[r] != NULL; r++) {
        size_t n = 0;
        for (size_t i = 0; i < diags_n(d); i++) {
            const struct diag *g = diags_at(d, i);
            assert_string_equal(g->file, name);
            /* every finding but those on the file as a whole has its place in the JSON */
            assert_true(g->line > 0 || g->rule->severity == SEV_NOTE);
            n += g->rule == mudgen_rules[r] && g->severity == SEV_ERROR;
        }
        if (n > 0)
            buf_printf(out, n > 1 ? " %s*%zu" : " %s", mudgen_rules[r]->id, n);
    }
    buf_add_char(out, '\n');
}

static void every_real_file_gets_its_verdict(void **state)
{
    AUTO(buf) struct buf seen = {0};
    AUTO(buf) struct buf wanted = {0};
    struct files files = {.n = 0};
    const char *shared = shared_path("data/mud");
    (void)state;
    if (shared == NULL) {
        LEFT_OUT("real MUD files: %s is not there", "../shared/data/mud");
        return;
    }
    AUTO_FREE char *top = strdup(shared);
    list_files(top, &files);
    for (size_t i = 0; i < files.n; i++) {
        AUTO_FREE char *path = file_join(top, files.names[i]);
        add_line(path, files.names[i], &seen);
        free(files.names[i]);
    }
    const char *table = test_data("shared_mud.txt");
    if (getenv("UPDATE_GOLDEN") != NULL)
        assert_int_equal(file_write_atomic(table, seen.data, seen.len, 0644), 0);
    assert_int_equal(file_read(table, 1 << 20, &wanted), 0);
    assert_int_equal(files.n, 82);
    assert_string_equal(buf_str(&seen), buf_str(&wanted));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_real_file_gets_its_verdict)};
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_validator, free_validator);
}
