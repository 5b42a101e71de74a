/*
 * tests/unit/zones/test_shared_zones.c -- every zone file of the shared real-world data loads, or
 * is refused for the reason in tests/data/shared_zones.txt, and what loads can be written and read
 * back.
 */
#include <ftw.h>

#include "common/file.h"
#include "tests/unit/zones/zone_testing.h"

#define COLUMNS 6

struct expectation {
    char *column[COLUMNS]; /* path, origin, load, check, warnings, why */
};

/* The next row of the table at *AT, whose bytes it changes; false at the end. */
static bool row_next(char **at, struct expectation *row)
{
    char *line = NULL;
    do {
        line = strsep(at, "\n");
        if (line == NULL)
            return false;
    } while (line[0] == 0 || line[0] == '#');
    for (size_t i = 0; i < COLUMNS; i++) {
        char *cell = strsep(&line, "|");
        assert_non_null(cell);
        while (*cell == ' ')
            cell++;
        for (size_t n = strlen(cell); n > 0 && cell[n - 1] == ' '; n--)
            cell[n - 1] = 0;
        row->column[i] = cell;
    }
    return true;
}

/* The different ids of the findings of SEVERITY from the FROM-th on, sorted, with commas. */
static void ids_of(const struct diags *d, size_t from, enum severity severity, struct buf *out)
{
    const char *last = "";
    for (;;) {
        const char *next = NULL;
        for (size_t i = from; i < diags_n(d); i++) {
            const struct diag *g = diags_at(d, i);
            if (g->severity == severity && strcmp(g->rule->id, last) > 0 &&
                (next == NULL || strcmp(g->rule->id, next) < 0))
                next = g->rule->id;
        }
        if (next == NULL)
            break;
        buf_printf(out, "%s%s", out->len > 0 ? "," : "", next);
        last = next;
    }
    if (out->len == 0)
        buf_add_char(out, '-');
}

static void assert_ids(const struct diags *d, size_t from, enum severity severity,
                       const char *expected)
{
    AUTO(buf) struct buf ids = {0};
    ids_of(d, from, severity, &ids);
    assert_string_equal(buf_str(&ids), expected);
}

static void assert_written_again(const struct zone *z)
{
    AUTO(buf) struct buf first = {0};
    AUTO(buf) struct buf second = {0};
    AUTO_PTR(zone) struct zone *again = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    const struct zone_load_opts opts = {.origin = zone_apex(z)};
    assert_int_equal(zone_write(z, &first), ERR_OK);
    assert_int_equal(zone_parse("again", buf_str(&first), first.len, &opts, &again, d), ERR_OK);
    assert_int_equal(diags_n(d), 0);
    assert_int_equal(zone_record_n(again), zone_record_n(z));
    assert_int_equal(zone_write(again, &second), ERR_OK);
    assert_string_equal(buf_str(&first), buf_str(&second));
}

static void row_try(const struct expectation *row)
{
    char path[4096];
    uint8_t origin[256];
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    struct zone_load_opts opts = {0};
    snprintf(path, sizeof(path), "data/zones/%s", row->column[0]);
    const char *file = shared_path(path);
    assert_non_null(file);
    if (strcmp(row->column[1], "-") != 0) {
        assert_true(name_from_text(row->column[1], origin));
        opts.origin = origin;
    }
    int err = zone_load(file, &opts, &z, d);
    size_t loaded = diags_n(d);
    assert_ids(d, 0, SEV_ERROR, row->column[2]);
    assert_int_equal(err, strcmp(row->column[2], "-") == 0 ? ERR_OK : ERR_FINDINGS);
    if (err == ERR_OK) {
        err = zone_check(z, d);
        assert_int_equal(err, strcmp(row->column[3], "-") == 0 ? ERR_OK : ERR_FINDINGS);
        assert_ids(d, loaded, SEV_ERROR, row->column[3]);
        assert_written_again(z);
    }
    assert_ids(d, 0, SEV_WARNING, row->column[4]);
}

static size_t file_n;

static int file_count(const char *path, const struct stat *st, int kind)
{
    (void)path;
    (void)st;
    file_n += kind == FTW_F;
    return 0;
}

static void shared_zones_meet_their_table(void **state)
{
    (void)state;
    if (shared_path("data/zones") == NULL) {
        LEFT_OUT("the zones of ../shared/data/zones: the folder is not here");
        skip();
    }
    AUTO(buf) struct buf table = {0};
    assert_int_equal(file_read(test_data("shared_zones.txt"), 1 << 20, &table), ERR_OK);
    assert_int_equal(ftw(shared_path("data/zones"), file_count, 16), 0);
    size_t n = 0;
    char *at = (char *)table.data;
    for (struct expectation row; row_next(&at, &row); n++) {
        TEST_CASE(row.column[0]);
        row_try(&row);
    }
    assert_int_equal(n, file_n); /* no file without a row */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(shared_zones_meet_their_table),
};

TEST_MAIN(tests)
