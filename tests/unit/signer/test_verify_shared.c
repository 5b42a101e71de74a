/*
 * What verify says about the signed zones of ../shared/data/zones, by tests/data/shared_verify.txt;
 * left out where that folder is missing. Each zone is judged as the command does it: zone_check
 * too.
 */
#include <fts.h>

#include "tests/support/testing.h"
#include "verify_case.h"

struct row {
    char path[256];
    long long now;
    char origin[64];
    char verdict[16];
    char ids[256];
};

/* "a | b | c": the next field without the blanks around it, into OUT. */
static void field(char **at, char *out, size_t size)
{
    const char *text = strsep(at, "|");
    if (text == NULL)
        text = "";
    text += strspn(text, " ");
    snprintf(out, size, "%s", text);
    for (size_t n = strlen(out); n > 0 && out[n - 1] == ' '; n--)
        out[n - 1] = '\0';
}

static bool parse_row(char *line, struct row *r)
{
    if (line[0] == '#' || line[0] == '\0')
        return false;
    char *at = line;
    char now[32];
    field(&at, r->path, sizeof(r->path));
    field(&at, now, sizeof(now));
    r->now = strtoll(now, NULL, 10);
    field(&at, r->origin, sizeof(r->origin));
    field(&at, r->verdict, sizeof(r->verdict));
    field(&at, r->ids, sizeof(r->ids));
    return true;
}

static bool holds_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

static void check_ids(const struct row *r, const struct verdict *v)
{
    char wanted[256];
    if (r->ids[0] == '=') { /* nothing else may be wrong */
        assert_string_equal(v->errors, r->ids + 1);
        return;
    }
    snprintf(wanted, sizeof(wanted), "%s", r->ids);
    for (char *save = NULL, *id = strtok_r(wanted, " ", &save); id != NULL;
         id = strtok_r(NULL, " ", &save)) {
        if (!holds_word(v->errors, id))
            fail_msg("%s: no %s among: %s", r->path, id, v->errors);
    }
}

static void check_row(const struct row *r)
{
    char name[512];
    TEST_CASE(r->path);
    snprintf(name, sizeof(name), "data/zones/%s", r->path);
    const char *path = shared_path(name);
    char *text = path != NULL ? read_text(path) : NULL;
    if (text == NULL)
        fail_msg("%s: cannot be read", r->path);
    const char *origin = strcmp(r->origin, "-") == 0 ? NULL : r->origin;
    struct verdict v = judge(r->path, text, origin, NULL, r->now, true);
    free(text);
    assert_int_equal(v.loaded, ERR_OK);
    if (strcmp(r->verdict, "valid") == 0) {
        assert_string_equal(v.errors, "");
        assert_int_equal(v.err, ERR_OK);
        return;
    }
    assert_string_equal(r->verdict, "broken");
    assert_int_equal(v.err, ERR_FINDINGS);
    check_ids(r, &v);
}

static void shared_zones_get_the_verdict_of_the_table(void **state)
{
    (void)state;
    if (shared_path("data/zones") == NULL) {
        LEFT_OUT("verdicts over the signed zones of ../shared/data/zones");
        skip();
    }
    char *table = read_text(test_data("shared_verify.txt"));
    assert_non_null(table);
    size_t n = 0;
    for (char *at = table, *line = strsep(&at, "\n"); line != NULL; line = strsep(&at, "\n")) {
        struct row r = {0};
        if (!parse_row(line, &r))
            continue;
        check_row(&r);
        n++;
    }
    assert_true(n > 30);
    free(table);
}

/* No signed zone may be forgotten. */
static void every_signed_shared_zone_is_in_the_table(void **state)
{
    (void)state;
    const char *zones = shared_path("data/zones");
    if (zones == NULL) {
        LEFT_OUT("the list of signed zones in ../shared/data/zones");
        skip();
    }
    char root[4096];
    snprintf(root, sizeof(root), "%s", zones);
    char *table = read_text(test_data("shared_verify.txt"));
    assert_non_null(table);
    FTS *tree = fts_open((char *const[]){root, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    assert_non_null(tree);
    for (FTSENT *e = fts_read(tree); e != NULL; e = fts_read(tree)) {
        char *text = e->fts_info == FTS_F ? read_text(e->fts_path) : NULL;
        if (text != NULL && (strstr(text, "RRSIG") != NULL || strstr(text, "DNSKEY") != NULL) &&
            strstr(table, e->fts_path + strlen(root) + 1) == NULL)
            fail_msg("%s: not in shared_verify.txt", e->fts_path);
        free(text);
    }
    fts_close(tree);
    free(table);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_zones_get_the_verdict_of_the_table),
        cmocka_unit_test(every_signed_shared_zone_is_in_the_table),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
