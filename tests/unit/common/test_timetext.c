#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/timetext.h"

static void moments_are_read(void **state)
{
    (void)state;
    struct {
        const char *text;
        int64_t at;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-21T10:00:00Z", 1795255200},
        {"2026-11-21T12:00:00+02:00", 1795255200},
        {"2026-11-21T10:00:00.999Z", 1795255200},
        {"2026-11-21t10:00:00z", 1795255200},
        {"2026-11-21", 1795219200},
        {"2024-02-29", 1709164800},
        {"1795255200", 1795255200},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t at = -1;
        assert_true(time_parse_any(cases[i].text, &at));
        assert_int_equal(at, cases[i].at);
    }
}

static void what_is_no_moment_is_refused(void **state)
{
    (void)state;
    const char *cases[] = {
        "",
        "x",
        "2026",
        "-1",
        "2026-13-01",
        "2026-02-29",
        "2026-00-10",
        "2026-1-1",
        "2026-11-21T10:00:00",
        "2026-11-21T24:00:00Z",
        "2026-11-21T10:60:00Z",
        "2026-11-21T10:00:00+2",
        "2026-11-21T10:00:00Zx",
        "2026-11-21T10:00:00.Z",
        "1969-12-31",
        "1970-01-01T00:00:00+01:00",
        "99999999999999",
        "2026-11-21 10:00:00Z",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t at = 77;
        /* "2026" is Unix seconds for time_parse_any, so RFC 3339 and dates are asked directly */
        assert_false(time_parse_rfc3339(cases[i], &at));
        assert_false(time_parse_date(cases[i], &at));
        assert_int_equal(at, 77);
    }
}

static void moments_are_written(void **state)
{
    (void)state;
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(1795255200, text);
    assert_string_equal(text, "2026-11-21T10:00:00Z");
    time_format_date(1795255200, text);
    assert_string_equal(text, "2026-11-21");
    time_format_rfc3339(-5, text);
    assert_string_equal(text, "?");
    assert_int_equal(time_date_number(1795255200), 20261121);
}

static void durations_need_a_unit(void **state)
{
    (void)state;
    struct {
        const char *text;
        bool ok;
        uint32_t s;
    } cases[] = {
        {"90s", true, 90},      {"5m", true, 300},         {"24h", true, 86400},
        {"30d", true, 2592000}, {"2w", true, 1209600},     {"0d", true, 0},
        {"30", false, 0},       {"d", false, 0},           {"", false, 0},
        {"-1d", false, 0},      {"1.5h", false, 0},        {"1h30m", false, 0},
        {"1y", false, 0},       {"9999999999w", false, 0}, {"49710d", true, 4294944000u},
        {"49711d", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t s = 7;
        assert_int_equal(duration_parse(cases[i].text, &s), cases[i].ok);
        assert_int_equal(s, cases[i].ok ? cases[i].s : 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(moments_are_written),
        cmocka_unit_test(durations_need_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
