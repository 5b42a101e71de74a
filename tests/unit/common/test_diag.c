#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/limits.h"

#define TEST_RULES(X)                                                                              \
    X(ttl_low, "ttl-low", SEV_ERROR, "RFC 2181 s8", "a TTL inside the policy's range")             \
    X(wildcard, "wildcard", SEV_NOTE, "RFC 4592", "")                                              \
    X(doubtful, "doubtful", SEV_WARNING, "DESIGN 4", "certainty")
DIAG_RULES_DECLARE(TEST_RULES)
extern const struct diag_rule *const test_rules[];
DIAG_RULES_DEFINE(test_rules, TEST_RULES)

static void expect_line(const struct diags *d, size_t i, const char *line)
{
    AUTO(buf) struct buf b = {0};
    diag_print(diags_at(d, i), &b);
    assert_string_equal(buf_str(&b), line);
}

static void the_printed_form_is_stable(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    diag_add(d, &rule_ttl_low, AT_LINE("dev.zone", 14), "cam.example. AAAA", "TTL %d", 30);
    diag_expect(d, "at least %d", 300);
    diag_add(d, &rule_ttl_low, AT_COLUMN("a.yaml", 3, 9), NULL, "TTL 1");
    diag_add(d, &rule_wildcard, AT_NOWHERE, "*.example.", "a wildcard");
    expect_line(d, 0,
                "dev.zone:14: error: cam.example. AAAA: TTL 30; expected at least 300 [ttl-low] "
                "(RFC 2181 s8)");
    expect_line(d, 1,
                "a.yaml:3:9: error: TTL 1; expected a TTL inside the policy's range [ttl-low] "
                "(RFC 2181 s8)");
    expect_line(d, 2, "note: *.example.: a wildcard [wildcard] (RFC 4592)");
}

static void findings_sort_by_place_and_keep_their_order_there(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    diag_add(d, &rule_wildcard, AT_NOWHERE, NULL, "last");
    diag_add(d, &rule_wildcard, AT_LINE("b", 1), NULL, "fourth");
    diag_add(d, &rule_wildcard, AT_LINE("a", 9), NULL, "second");
    diag_add(d, &rule_wildcard, AT_LINE("a", 9), NULL, "third");
    diag_add(d, &rule_wildcard, AT_LINE("a", 2), NULL, "first");
    diags_sort(d);
    const char *order[] = {"first", "second", "third", "fourth", "last"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(diags_at(d, i)->found, order[i]);
}

static void strict_makes_errors_of_warnings(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    diag_add(d, &rule_doubtful, AT_NOWHERE, NULL, "x");
    diag_add(d, &rule_wildcard, AT_NOWHERE, NULL, "y");
    diags_promote_warnings(d);
    assert_int_equal(diags_count(d, SEV_ERROR), 1);
    assert_int_equal(diags_count(d, SEV_WARNING), 0);
    assert_int_equal(diags_count(d, SEV_NOTE), 1);
    assert_int_equal(diags_at(d, 0)->severity, SEV_ERROR);
}

static void a_policy_may_decide_the_severity(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    diag_add_as(d, SEV_WARNING, &rule_ttl_low, AT_NOWHERE, NULL, "x");
    assert_int_equal(diags_count(d, SEV_WARNING), 1);
    assert_int_equal(diags_count(d, SEV_ERROR), 0);
}

static void over_the_limit_findings_are_counted_and_not_kept(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    for (unsigned i = 0; i < LIMIT_FINDINGS + 5; i++) {
        diag_add(d, &rule_ttl_low, AT_NOWHERE, NULL, "%u", i);
        diag_expect(d, "%u", i);
    }
    assert_int_equal(diags_n(d), LIMIT_FINDINGS);
    assert_int_equal(diags_count(d, SEV_ERROR), LIMIT_FINDINGS + 5);
    assert_int_equal(diags_dropped(d), 5);
    assert_string_equal(diags_at(d, LIMIT_FINDINGS - 1)->expected, "9999");
}

static void findings_move_with_their_counts(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *all = diags_new();
    for (unsigned part = 0; part < 3; part++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        diag_add(d, &rule_ttl_low, AT_NOWHERE, NULL, "%u", part);
        diag_add_as(d, SEV_WARNING, &rule_ttl_low, AT_NOWHERE, NULL, "more");
        diags_move(all, d);
        assert_int_equal(diags_n(d), 0);
        assert_int_equal(diags_count(d, SEV_ERROR), 0);
        diag_expect(all, "of no finding that was just added");
    }
    diags_move(all, NULL);
    diags_move(NULL, all);
    assert_int_equal(diags_n(all), 6);
    assert_int_equal(diags_count(all, SEV_ERROR), 3);
    assert_int_equal(diags_count(all, SEV_WARNING), 3);
    assert_string_equal(diags_at(all, 4)->found, "2");
    assert_null(diags_at(all, 5)->expected);
}

static void no_collector_is_fine(void **state)
{
    (void)state;
    diag_add(NULL, &rule_ttl_low, AT_NOWHERE, NULL, "x");
    diag_expect(NULL, "y");
    diags_sort(NULL);
    diags_promote_warnings(NULL);
    assert_int_equal(diags_n(NULL), 0);
}

static void a_rule_list_ends_with_null(void **state)
{
    (void)state;
    assert_string_equal(test_rules[0]->id, "ttl-low");
    assert_string_equal(test_rules[2]->id, "doubtful");
    assert_null(test_rules[3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_printed_form_is_stable),
        cmocka_unit_test(findings_sort_by_place_and_keep_their_order_there),
        cmocka_unit_test(strict_makes_errors_of_warnings),
        cmocka_unit_test(a_policy_may_decide_the_severity),
        cmocka_unit_test(over_the_limit_findings_are_counted_and_not_kept),
        cmocka_unit_test(findings_move_with_their_counts),
        cmocka_unit_test(no_collector_is_fine),
        cmocka_unit_test(a_rule_list_ends_with_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
