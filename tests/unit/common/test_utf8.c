#include <string.h>

#include "common/utf8.h"
#include "tests/support/testing.h"

/* The edges of RFC 3629 s4's grammar. */
static const struct {
    const char *name;
    const char *bytes;
    size_t len;
} cases[] = {
    {"ASCII", "a", 1},
    {"last ASCII", "\x7f", 1},
    {"tail alone", "\x80", 0},
    {"overlong of two", "\xc1\xbf", 0},
    {"first of two", "\xc2\x80", 2},
    {"last of two", "\xdf\xbf", 2},
    {"two with a bad tail", "\xc2\x7f", 0},
    {"two with a bad tail above", "\xc2\xc0", 0},
    {"overlong of three", "\xe0\x9f\xbf", 0},
    {"first of three", "\xe0\xa0\x80", 3},
    {"before the surrogates", "\xed\x9f\xbf", 3},
    {"first surrogate", "\xed\xa0\x80", 0},
    {"behind the surrogates", "\xee\x80\x80", 3},
    {"last of three", "\xef\xbf\xbf", 3},
    {"three with a bad last tail", "\xef\xbf\x41", 0},
    {"overlong of four", "\xf0\x8f\xbf\xbf", 0},
    {"first of four", "\xf0\x90\x80\x80", 4},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf", 4},
    {"over U+10FFFF", "\xf4\x90\x80\x80", 0},
    {"no such first byte", "\xf5\x80\x80\x80", 0},
    {"0xff", "\xff", 0},
};

static void characters_are_told_from_other_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        const uint8_t *p = (const uint8_t *)cases[i].bytes;
        assert_int_equal(utf8_len(p, strlen(cases[i].bytes)), cases[i].len);
    }
}

static void a_character_cut_short_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t left = 1; left < cases[i].len; left++)
            assert_int_equal(utf8_len((const uint8_t *)cases[i].bytes, left), 0);
    }
    assert_int_equal(utf8_len((const uint8_t *)"", 1), 1); /* NUL is a character, too */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_told_from_other_bytes),
        cmocka_unit_test(a_character_cut_short_is_none),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
