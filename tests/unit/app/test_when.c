#include "app/when.h"
#include "tests/support/testing.h"

static void a_span_is_its_two_largest_units(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0s"},          {59, "59s"},           {60, "1m"},       {61, "1m 1s"},
        {3599, "59m 59s"},  {3600, "1h"},          {3660, "1h 1m"},  {3601, "1h"},
        {86400, "1d"},      {86399, "23h 59m"},    {90000, "1d 1h"}, {86460, "1d"},
        {31536000, "365d"}, {864000000, "10000d"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[WHEN_TEXT_LEN];
        span_text(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_moment_is_absolute_and_relative(void **state)
{
    const int64_t now = 1795255200; /* 2026-11-21T10:00:00Z */
    char text[WHEN_TEXT_LEN];
    (void)state;
    when_text(now + 2 * 86400 + 3600, now, text);
    assert_string_equal(text, "2026-11-23T11:00:00Z (in 2d 1h)");
    when_text(now - 90, now, text);
    assert_string_equal(text, "2026-11-21T09:58:30Z (1m 30s ago)");
    when_text(now, now, text);
    assert_string_equal(text, "2026-11-21T10:00:00Z (now)");
    when_text(0, now, text);
    assert_string_equal(text, "never");
}

static void in_json_never_is_null(void **state)
{
    (void)state;
    json_t *never = when_json(0);
    json_t *then = when_json(1795255200);
    assert_true(json_is_null(never));
    assert_string_equal(json_string_value(then), "2026-11-21T10:00:00Z");
    json_decref(never);
    json_decref(then);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_span_is_its_two_largest_units),
    cmocka_unit_test(a_moment_is_absolute_and_relative),
    cmocka_unit_test(in_json_never_is_null),
};
TEST_MAIN(tests)
