/* JSON to a tree with places: what is read, what is refused and where. */
#include <string.h>

#include <jansson.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "mudgen/jsontree.h"
#include "tests/support/testing.h"

static int parse(struct arena *a, const char *text, size_t len, const struct json_node **ret,
                 struct diags *d)
{
    return json_tree_parse(a, "f", (struct bytes){(const uint8_t *)text, len}, ret, d);
}

static const struct {
    const char *name;
    const char *text;
    unsigned line; /* of the error; 0: accepted */
    unsigned column;
    const char *found;
} cases[] = {
    {"null", "null", 0, 0, NULL},
    {"numbers", "[0,-1,1.5,1e9,-0.1E-2]", 0, 0, NULL},
    {"escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", 0, 0, NULL},
    {"empty inner nodes", "{\"a\":{},\"b\":[]}", 0, 0, NULL},
    {"blanks everywhere", " { \"a\" : [ 1 , 2 ] } ", 0, 0, NULL},
    {"four octets", "\"\xf0\x9f\x98\x80\"", 0, 0, NULL},
    {"cut short", "{\"a\":", 1, 6, "the text ends early"},
    {"open array", "[1,", 1, 4, "the text ends early"},
    {"open string", "[\n \"abc", 2, 2, "a string without end"},
    {"comma at the end", "[1,]", 1, 4, "\"]\""},
    {"comma at the end of an object", "{\"a\":1,}", 1, 8, "\"}\""},
    {"no comma", "{\"a\":1 \"b\":2}", 1, 8, "\"\"\""},
    {"no colon", "{\"a\" 1}", 1, 6, "\"1\""},
    {"name without quotes", "{a:1}", 1, 2, "\"a\""},
    {"single quotes", "{'a':1}", 1, 2, "\"'\""},
    {"comment", "{} // x", 1, 4, "\"/\""},
    {"second value", "{}{}", 1, 3, "\"{\""},
    {"leading zero", "[01]", 1, 2, "a number that starts with 0"},
    {"plus", "[+1]", 1, 2, "\"+\""},
    {"bare dot", "[1.]", 1, 4, "\"]\""},
    {"bare exponent", "[1e]", 1, 4, "\"]\""},
    {"minus alone", "[-]", 1, 3, "\"]\""},
    {"misspelt word", "[True]", 1, 2, "\"T\""},
    {"half a word", "[tru]", 1, 2, "\"t\""},
    {"newline in a string", "[\"a\nb\"]", 1, 4, "byte 0x0a"},
    {"unknown escape", "[\"\\x\"]", 1, 3, "an unknown escape"},
    {"short escape", "[\"\\u12\"]", 1, 3, "a malformed \\u escape"},
    {"NUL", "[\"\\u0000\"]", 1, 3, "\\u0000"},
    {"high surrogate alone", "[\"\\ud83d\"]", 1, 3, "half of a surrogate pair"},
    {"low surrogate alone", "[\"\\ude00\"]", 1, 3, "half of a surrogate pair"},
    {"two high surrogates", "[\"\\ud83d\\ud83d\"]", 1, 3, "half of a surrogate pair"},
    {"stray octet", "[\"a\x80\"]", 1, 4, "byte 0x80"},
    {"overlong", "[\"\xc0\xaf\"]", 1, 3, "byte 0xc0"},
    {"overlong of three", "[\"\xe0\x80\xaf\"]", 1, 3, "byte 0xe0"},
    {"surrogate in UTF-8", "[\"\xed\xa0\x80\"]", 1, 3, "byte 0xed"},
    {"beyond Unicode", "[\"\xf4\x90\x80\x80\"]", 1, 3, "byte 0xf4"},
    {"cut character", "[\"\xe2\x82", 1, 3, "byte 0xe2"},
    {"columns count characters", "[\"\xc3\xa9\xc3\xa9\", x]", 1, 8, "\"x\""},
};

static void syntax_and_its_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_PTR(arena) struct arena *a = arena_new();
        AUTO_PTR(diags) struct diags *d = diags_new();
        const struct json_node *root = NULL;
        int err = parse(a, cases[i].text, strlen(cases[i].text), &root, d);
        if ((err == ERR_OK) != (cases[i].line == 0))
            fail_msg("%s: %s", cases[i].name, err_text(err));
        if (cases[i].line == 0) {
            assert_int_equal(diags_n(d), 0);
            continue;
        }
        assert_int_equal(diags_n(d), 1);
        const struct diag *g = diags_at(d, 0);
        if (g->line != cases[i].line || g->column != cases[i].column ||
            strcmp(g->found, cases[i].found) != 0)
            fail_msg("%s: %u:%u: %s", cases[i].name, g->line, g->column, g->found);
    }
}

/* A second opinion: jansson accepts the same texts. */
static void jansson_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *j = json_loadb(cases[i].text, strlen(cases[i].text), JSON_DECODE_ANY, NULL);
        if ((j != NULL) != (cases[i].line == 0))
            fail_msg("%s", cases[i].name);
        json_decref(j);
    }
}

static void members_have_places_and_pointers(void **state)
{
    static const char text[] =
        "{\n  \"a/b~c\": [10,\n    {\"d\": \"\\u00e9\\n\"}],\n \"a/b~c\": 2}";
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO_PTR(diags) struct diags *d = diags_new();
    const struct json_node *root = NULL;
    (void)state;
    assert_int_equal(parse(a, text, strlen(text), &root, d), ERR_OK);
    const struct json_node *list = json_member(root, "a/b~c");
    assert_int_equal(list->kind, JSON_NODE_ARRAY);
    assert_false(list->repeated);
    const struct json_node *member = json_member(list->child->next, "d");
    assert_string_equal(member->text, "\xc3\xa9\n");
    assert_string_equal(json_pointer(a, member), "/a~1b~0c/1/d");
    assert_string_equal(json_excerpt(a, member), "\"\\u00e9\\n\"");
    assert_int_equal(member->line, 3);
    assert_int_equal(member->column, 6);
    assert_int_equal(list->child->raw.len, 2);
    assert_string_equal(json_pointer(a, root), "");
    assert_null(json_member(list, "d"));
    assert_null(json_member(NULL, "d"));
    /* the second member of that name is the one that is wrong */
    assert_int_equal(diags_n(d), 1);
    assert_string_equal(diags_at(d, 0)->rule->id, "mud-json-duplicate");
    assert_int_equal(diags_at(d, 0)->line, 4);
}

static void excerpts_are_short_and_whole(void **state)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO(buf) struct buf text = {0};
    const struct json_node *root = NULL;
    (void)state;
    buf_add_str(&text, "\"");
    for (size_t i = 0; i < 50; i++)
        buf_add_str(&text, "\xe2\x82\xac");
    buf_add_str(&text, "\"");
    assert_int_equal(parse(a, buf_str(&text), text.len, &root, NULL), ERR_OK);
    const char *excerpt = json_excerpt(a, root);
    assert_int_equal(strlen(excerpt), 1 + 19 * 3 + strlen("…"));
    assert_int_equal(parse(a, "[\n]", 3, &root, NULL), ERR_OK);
    assert_string_equal(json_excerpt(a, root), "an array");
}

/* One line of 4 MiB, many members: neither places nor doubled names may cost quadratic time. */
static void a_long_line_is_no_trouble(void **state)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO(buf) struct buf text = {0};
    const struct json_node *root = NULL;
    (void)state;
    buf_add_str(&text, "{\"0\":0");
    for (unsigned i = 1; i < 300000; i++)
        buf_printf(&text, ",\"%u\":0", i);
    buf_add_str(&text, "}");
    assert_int_equal(parse(a, buf_str(&text), text.len, &root, NULL), ERR_OK);
    assert_int_equal(root->child_n, 300000);
    const struct json_node *last = json_member(root, "299999");
    assert_int_equal(last->column, text.len - strlen("\"299999\":0}") + 1);
}

/* Findings below a key of megabytes neither have a copy of it each nor go on for ever. */
static void huge_keys_and_many_doubled_names_are_cut(void **state)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf text = {0};
    const struct json_node *root = NULL;
    (void)state;
    buf_add_str(&text, "{\"");
    for (size_t i = 0; i < 100000; i++)
        buf_add_str(&text, "\xe2\x82\xac");
    buf_add_str(&text, "\":{\"a\":0");
    for (size_t i = 0; i < 200000; i++)
        buf_add_str(&text, ",\"a\":0");
    buf_add_str(&text, "}}");
    assert_int_equal(parse(a, buf_str(&text), text.len, &root, d), ERR_FINDINGS);
    assert_int_equal(diags_n(d), LIMIT_MUD_EXPLAINED + 1);
    assert_string_equal(diags_at(d, 0)->rule->id, "mud-json-duplicate");
    assert_int_equal(strlen(diags_at(d, 0)->at), 1 + 33 * 3 + strlen("…") + strlen("/a"));
    assert_string_equal(diags_at(d, LIMIT_MUD_EXPLAINED)->rule->id, "mud-more-errors");
    assert_true(arena_used(a) < ((size_t)200 << 20));
}

/* Every prefix of a good text ends in an error, never beyond its end (seen by AddressSanitizer). */
static void every_prefix_is_refused(void **state)
{
    AUTO(buf) struct buf valid = {0};
    (void)state;
    assert_int_equal(file_read(test_data("mud/valid.json"), 1 << 20, &valid), 0);
    size_t whole = valid.len - 1; /* without the newline */
    for (size_t len = 0; len < whole; len++) {
        AUTO_PTR(arena) struct arena *a = arena_new();
        const struct json_node *root = NULL;
        char *exact = malloc(len + (len == 0));
        memcpy(exact, valid.data, len);
        assert_int_equal(parse(a, exact, len, &root, NULL), ERR_FINDINGS);
        free(exact);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(syntax_and_its_places),
        cmocka_unit_test(jansson_agrees),
        cmocka_unit_test(members_have_places_and_pointers),
        cmocka_unit_test(excerpts_are_short_and_whole),
        cmocka_unit_test(a_long_line_is_no_trouble),
        cmocka_unit_test(huge_keys_and_many_doubled_names_are_cut),
        cmocka_unit_test(every_prefix_is_refused),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
