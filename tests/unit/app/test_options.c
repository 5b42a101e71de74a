/* app/options.c: option parsing, suggestions, usage errors. */
#include <string.h>

#include "app/app.h"
#include "tests/support/testing.h"

struct fixture {
    struct app app;
    bool flag;
    bool on;
    const char *text;
    struct words list;
    int64_t at;
    struct words words;
};

static int run(struct fixture *f, size_t word_max, char *const *given)
{
    const struct option_def options[] = {
        {"flag", 'f', NULL, "a flag", OPTION_FLAG, &f->flag},
        {"no-on", 0, NULL, "unset", OPTION_UNSET, &f->on},
        {"text", 't', "TEXT", "a text", OPTION_TEXT, &f->text},
        {"item", 0, "ITEM", "a list", OPTION_LIST, &f->list},
        {"at", 0, "TIME", "a time", OPTION_TIME, &f->at},
        {0},
    };
    const struct command_usage usage = {"try", "[WORD ...]", "Tries.", options, 0, word_max};
    char *argv[16] = {(char[]){"try"}};
    int argc = 1;
    while (given[argc - 1] != NULL) {
        argv[argc] = given[argc - 1];
        argc++;
    }
    assert_int_equal(app_init(&f->app), ERR_OK);
    f->app.command = "try";
    f->on = true;
    return options_parse(&f->app, &usage, argc, argv, &f->words);
}

static void done(struct fixture *f)
{
    app_done(&f->app);
    words_done(&f->list);
    words_done(&f->words);
}

#define ARGS(...)                                                                                  \
    (char *const[])                                                                                \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
/* argv is not const, so literals need storage */
#define S(text) ((char[]){text})

static void options_and_words_come_in_any_order(void **state)
{
    (void)state;
    struct fixture f = {0};
    assert_int_equal(run(&f, 9,
                         ARGS(S("one"), S("--flag"), S("two"), S("-t"), S("x"), S("--json"),
                              S("--no-on"), S("three"))),
                     ERR_OK);
    assert_true(f.flag);
    assert_false(f.on);
    assert_true(f.app.json);
    assert_string_equal(f.text, "x");
    assert_int_equal(f.words.n, 3);
    assert_string_equal(f.words.items[0], "one");
    assert_string_equal(f.words.items[2], "three");
    done(&f);
}

static void values_can_be_attached(void **state)
{
    (void)state;
    static const char *const forms[] = {"--text=a=b", "-ta=b", "-t=a=b"};
    for (size_t i = 0; i < 3; i++) {
        TEST_CASE(forms[i]);
        struct fixture f = {0};
        char word[32];
        (void)snprintf(word, sizeof(word), "%s", forms[i]);
        assert_int_equal(run(&f, 0, ARGS(word)), ERR_OK);
        assert_string_equal(f.text, "a=b");
        done(&f);
    }
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct fixture f = {0};
    assert_int_equal(run(&f, 9, ARGS(S("--"), S("--flag"), S("-t"))), ERR_OK);
    assert_false(f.flag);
    assert_int_equal(f.words.n, 2);
    assert_string_equal(f.words.items[0], "--flag");
    done(&f);
}

static void a_single_dash_is_a_word(void **state)
{
    (void)state;
    struct fixture f = {0};
    assert_int_equal(run(&f, 9, ARGS(S("-t"), S("-"), S("-"))), ERR_OK);
    assert_string_equal(f.text, "-");
    assert_int_equal(f.words.n, 1);
    done(&f);
}

static void lists_repeat_and_others_do_not(void **state)
{
    (void)state;
    struct fixture f = {0};
    assert_int_equal(run(&f, 0, ARGS(S("--item"), S("a"), S("--item=b"))), ERR_OK);
    assert_int_equal(f.list.n, 2);
    assert_string_equal(f.list.items[1], "b");
    done(&f);
    struct fixture g = {0};
    assert_int_equal(run(&g, 0, ARGS(S("--text=a"), S("-tb"))), ERR_USAGE);
    done(&g);
}

static void times_are_read_in_all_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at;
    } cases[] = {{"2026-11-21T10:00:00Z", 1795255200},
                 {"2026-11-21T12:00:00+02:00", 1795255200},
                 {"2026-11-21", 1795219200},
                 {"1795255200", 1795255200}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].text);
        struct fixture f = {0};
        char word[64];
        (void)snprintf(word, sizeof(word), "--now=%s", cases[i].text);
        assert_int_equal(run(&f, 0, ARGS(word)), ERR_OK);
        assert_true(f.app.now == cases[i].at);
        done(&f);
    }
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "--nothing", "-x",    "--flag=yes",  "--text",  "--text=",   "--now=soon",
        "--color=x", "--fla", "--",          "extra",   "--json=no", "--no-on=1",
        "--at=2026", "-i",    "--inventory", "---flag", "--=x",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i]);
        struct fixture f = {0};
        char word[32];
        (void)snprintf(word, sizeof(word), "%s", cases[i]);
        int want =
            strcmp(cases[i], "--") == 0 || strcmp(cases[i], "--at=2026") == 0 ? ERR_OK : ERR_USAGE;
        assert_int_equal(run(&f, 0, ARGS(word)), want);
        done(&f);
    }
}

static void help_ends_the_parsing(void **state)
{
    (void)state;
    struct fixture f = {0};
    assert_int_equal(run(&f, 0, ARGS(S("--help"), S("--nothing"))), OPTIONS_HELP);
    done(&f);
}

static void missing_and_excess_words_are_refused(void **state)
{
    (void)state;
    AUTO(app) struct app app = {0};
    AUTO(words) struct words none = {0};
    AUTO(words) struct words two = {0};
    assert_int_equal(app_init(&app), ERR_OK);
    const struct command_usage usage = {"try", "ZONEFILE", "Tries.", NULL, 1, 1};
    char *argv[] = {S("try"), S("a"), S("b"), NULL};
    assert_int_equal(options_parse(&app, &usage, 1, argv, &none), ERR_USAGE);
    assert_int_equal(options_parse(&app, &usage, 3, argv, &two), ERR_USAGE);
}

static void common_options_stand_before_the_command(void **state)
{
    (void)state;
    AUTO(app) struct app app = {0};
    assert_int_equal(app_init(&app), ERR_OK);
    char *argv[] = {S("mudzone"), S("-i"),    S("x.yaml"), S("--quiet"), S("--color"),
                    S("never"),   S("build"), S("--flag"), NULL};
    int next = 0;
    assert_int_equal(options_parse_common(&app, 8, argv, &next), ERR_OK);
    assert_int_equal(next, 6);
    assert_string_equal(app.inventory, "x.yaml");
    assert_true(app.quiet);
    assert_int_equal(app.color, COLOR_NEVER);
}

static void the_nearest_word_is_suggested(void **state)
{
    (void)state;
    static const char *const words[] = {"init", "check", "build", "confirm", "sign", NULL};
    static const struct {
        const char *word, *near;
    } cases[] = {{"biuld", "build"}, {"chek", "check"}, {"sing", "sign"},
                 {"serve", NULL},    {"", NULL},        {"confrim", "confirm"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].word);
        const char *near = nearest_word(cases[i].word, words);
        if (cases[i].near == NULL)
            assert_null(near);
        else
            assert_string_equal(near, cases[i].near);
    }
    char longest[200];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    assert_null(nearest_word(longest, words));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_come_in_any_order),
        cmocka_unit_test(values_can_be_attached),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(a_single_dash_is_a_word),
        cmocka_unit_test(lists_repeat_and_others_do_not),
        cmocka_unit_test(times_are_read_in_all_forms),
        cmocka_unit_test(wrong_usage_is_refused),
        cmocka_unit_test(help_ends_the_parsing),
        cmocka_unit_test(missing_and_excess_words_are_refused),
        cmocka_unit_test(common_options_stand_before_the_command),
        cmocka_unit_test(the_nearest_word_is_suggested),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
