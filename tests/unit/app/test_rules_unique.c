/* Every rule of every module: ids are stable names, so none may stand for two things. */
#include <string.h>

#include "app/rules_all.h"
#include "tests/support/testing.h"

static void ids_are_unique_and_kebab_case(void **state)
{
    (void)state;
    size_t n = 0;
    const struct diag_rule **rules = rules_all_sorted(&n);
    assert_non_null(rules);
    assert_true(n > 50);
    for (size_t i = 0; i < n; i++) {
        const char *id = rules[i]->id;
        if (i > 0 && strcmp(rules[i - 1]->id, id) == 0)
            fail_msg("two rules are called %s", id);
        if (strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(id) || id[0] == '-')
            fail_msg("%s is not kebab-case", id);
    }
    free(rules);
}

static void every_rule_says_its_source_and_what_it_expects(void **state)
{
    (void)state;
    size_t n = 0;
    const struct diag_rule **rules = rules_all_sorted(&n);
    assert_non_null(rules);
    for (size_t i = 0; i < n; i++) {
        if (rules[i]->source == NULL || rules[i]->source[0] == 0)
            fail_msg("%s has no source", rules[i]->id);
        if (rules[i]->expected == NULL) /* "": each finding says what it expected */
            fail_msg("%s says nothing of what it expects", rules[i]->id);
        assert_true(rules[i]->severity < SEV_COUNT);
    }
    free(rules);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_unique_and_kebab_case),
        cmocka_unit_test(every_rule_says_its_source_and_what_it_expects),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
