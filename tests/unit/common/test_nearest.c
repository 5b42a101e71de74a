#include <string.h>

#include "common/nearest.h"
#include "tests/support/testing.h"

static const struct {
    const char *name;
    const char *a;
    const char *b;
    size_t edits;
} cases[] = {
    {"the same", "zones", "zones", 0},
    {"case and underscores do not count", "Base_URL", "base-url", 0},
    {"one more", "zoones", "zones", 1},
    {"one less", "zons", "zones", 1},
    {"another", "zanes", "zones", 1},
    {"neighbours swapped", "oznes", "zones", 1},
    {"swapped late", "zonse", "zones", 1},
    {"far", "kitten", "sitting", 3},
    {"to nothing", "abc", "", 3},
    {"from nothing", "", "abc", 3},
    {"nothing", "", "", 0},
};

static void edits_are_counted_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].edits);
        assert_int_equal(nearest_distance(cases[i].b, cases[i].a), cases[i].edits);
    }
}

static void long_words_are_near_to_nothing(void **state)
{
    (void)state;
    char word[NEAREST_WORD_MAX + 2];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = 0;
    assert_true(nearest_distance(word, "a") == SIZE_MAX);
    assert_true(nearest_distance("a", word) == SIZE_MAX);
    assert_int_equal(nearest_distance(word + 1, "a"), NEAREST_WORD_MAX - 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_are_counted_both_ways),
        cmocka_unit_test(long_words_are_near_to_nothing),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
