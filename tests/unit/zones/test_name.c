/*
 * tests/unit/zones/test_name.c -- names and types as text and wire, and the canonical order.
 */
#include "tests/unit/zones/zone_testing.h"
#include "zones/snapshot.h"

static void text_becomes_lower_case_wire(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wire; /* NULL: not a name */
        const char *back;
    } cases[] = {
        {".", "", "."},
        {"Example", "\7example", "example."},
        {"Www.Example.", "\3www\7example", "www.example."},
        {"*.x", "\1*\1x", "*.x."},
        {"_443._tcp.x", "\4_443\4_tcp\1x", "_443._tcp.x."},
        {"a\\.b.c", "\3a.b\1c", "a\\.b.c."},
        {"a\\032b", "\3a b", "a\\032b."},
        {"\\065", "\1a", "a."},
        {"b\303\274cher.example", "\15xn--bcher-kva\7example", "xn--bcher-kva.example."},
        {"B\303\234CHER.example", "\15xn--bcher-kva\7example", "xn--bcher-kva.example."},
        {"*.b\303\274cher", "\1*\15xn--bcher-kva", "*.xn--bcher-kva."},
        {"_mud.b\303\274cher", "\4_mud\15xn--bcher-kva", "_mud.xn--bcher-kva."},
        {"stra\303\237e", "\15xn--strae-oqa", "xn--strae-oqa."}, /* nontransitional */
        {"", NULL, NULL},
        {"..", NULL, NULL},
        {".a", NULL, NULL},
        {"a..b", NULL, NULL},
        {"a\\25", NULL, NULL},
        {"a\\256", NULL, NULL},
        {"a\\", NULL, NULL},
        {"\377\376", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t out[256] = {0};
        char text[NAME_TEXT_LEN];
        TEST_CASE(cases[i].text);
        assert_int_equal(name_from_text(cases[i].text, out), cases[i].wire != NULL);
        if (cases[i].wire == NULL)
            continue;
        assert_int_equal(name_len(out), strlen(cases[i].wire) + 1);
        assert_memory_equal(out, cases[i].wire, name_len(out));
        name_to_text(out, text);
        assert_string_equal(text, cases[i].back);
    }
}

static void lengths_end_at_63_and_255(void **state)
{
    (void)state;
    char text[400];
    uint8_t out[256];
    memset(text, 'a', sizeof(text));
    text[63] = 0;
    assert_true(name_from_text(text, out));
    text[63] = 'a';
    text[64] = 0;
    assert_false(name_from_text(text, out));
    /* three labels of 63 and one of 61: 3 * 64 + 62 + 1 = 255 octets */
    memset(text, 'a', sizeof(text));
    text[63] = text[127] = text[191] = '.';
    text[253] = 0;
    assert_true(name_from_text(text, out));
    assert_int_equal(name_len(out), 255);
    text[253] = '.';
    text[254] = 0;
    assert_true(name_from_text(text, out));
    text[253] = 'a';
    assert_false(name_from_text(text, out));
}

static void longest_text_fits(void **state)
{
    (void)state;
    uint8_t name[256] = {0};
    char text[NAME_TEXT_LEN];
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t len = i < 3 ? 63 : 61;
        name[at] = len;
        memset(name + at + 1, 1, len);
        at += (size_t)len + 1;
    }
    name_to_text(name, text);
    assert_int_equal(strlen(text), 4 * 250 + 4);
    uint8_t back[256];
    assert_true(name_from_text(text, back));
    assert_memory_equal(back, name, 255);
}

/* Owners are printed by us, names in rdata by libknot: nobody should see a difference. */
static void text_is_that_of_libknot(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t name[] = {2, (uint8_t)c, 'x', 1, 'y', 0};
        char ours[NAME_TEXT_LEN];
        char theirs[NAME_TEXT_LEN];
        name_to_text(name, ours);
        assert_non_null(knot_dname_to_str(theirs, name, sizeof(theirs)));
        assert_string_equal(ours, theirs);
    }
}

/* The example of RFC 4034 s6.1. */
static void order_is_that_of_rfc4034(void **state)
{
    (void)state;
    static const char *const names[] = {
        "example",   "a.example",       "yljkjljk.a.example", "Z.a.example",     "zABC.a.EXAMPLE",
        "z.example", "\\001.z.example", "*.z.example",        "\\200.z.example",
    };
    size_t n = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            int cmp = name_compare(wire(names[i]), wire(names[j]));
            assert_int_equal((cmp > 0) - (cmp < 0), (i > j) - (i < j));
        }
    }
}

/* Octets 0 and 1 in labels neither end a label nor mix with what follows. */
static void order_holds_for_odd_octets(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a",       "a.a",    "\\000.a.a", "\\000\\000.a.a", "\\001.a.a",   "\\002.a.a",
        "b.a",     "a\\000", "a.a\\000",  "a\\000\\000",    "a\\000\\001", "a\\000\\002",
        "a\\000a", "a\\001", "x.a\\001",  "a\\001\\000",    "a\\001\\001", "a\\002",
        "aa",      "a\\255", "b",
    };
    size_t n = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i + 1 < n; i++) {
        TEST_CASE(names[i]);
        assert_true(name_compare(wire(names[i]), wire(names[i + 1])) < 0);
        assert_true(name_compare(wire(names[i + 1]), wire(names[i])) > 0);
    }
}

static void below_is_by_labels(void **state)
{
    (void)state;
    assert_true(name_is_below(wire("a.example"), wire("example")));
    assert_true(name_is_below(wire("a.b.example"), wire("example")));
    assert_true(name_is_below(wire("example"), wire(".")));
    assert_false(name_is_below(wire("example"), wire("example")));
    assert_true(name_is_at_or_below(wire("example"), wire("example")));
    assert_false(name_is_below(wire("notexample"), wire("example")));
    assert_false(name_is_below(wire("a\\.example"), wire("example")));
    assert_false(name_is_at_or_below(wire("example"), wire("a.example")));
}

static void types_have_names_and_numbers(void **state)
{
    (void)state;
    char text[TYPE_TEXT_LEN];
    type_to_text(28, text);
    assert_string_equal(text, "AAAA");
    type_to_text(65280, text);
    assert_string_equal(text, "TYPE65280");
    assert_int_equal(type_from_text("HTTPS"), 65);
    assert_int_equal(type_from_text("https"), 65);
    assert_int_equal(type_from_text("TYPE65280"), 65280);
    assert_int_equal(type_from_text("TYPE65536"), 0);
    assert_int_equal(type_from_text("NOSUCH"), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(text_becomes_lower_case_wire),
    cmocka_unit_test(lengths_end_at_63_and_255),
    cmocka_unit_test(longest_text_fits),
    cmocka_unit_test(text_is_that_of_libknot),
    cmocka_unit_test(order_is_that_of_rfc4034),
    cmocka_unit_test(order_holds_for_odd_octets),
    cmocka_unit_test(below_is_by_labels),
    cmocka_unit_test(types_have_names_and_numbers),
};

TEST_MAIN(tests)
