#include "signer/serial.h"
#include "tests/unit/signer/sign_testing.h"

static void order_is_that_of_rfc1982(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t a;
        uint32_t b;
        bool after;
    } cases[] = {
        {"next", 2, 1, true},
        {"same", 5, 5, false},
        {"before", 1, 2, false},
        {"around the end", 0, UINT32_MAX, true},
        {"largest step", 0x7fffffff, 0, true},
        {"half the circle is undefined", 0x80000000u, 0, false},
        {"half the circle, other way", 0, 0x80000000u, false},
        {"more than half is behind", 0x80000001u, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        assert_int_equal(serial_is_after(cases[i].a, cases[i].b), cases[i].after);
    }
    assert_int_equal(serial_later(3, UINT32_MAX), 3);
    assert_int_equal(serial_later(UINT32_MAX, 3), 3);
}

static void next_follows_the_policy_when_that_is_forward(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t base;
        enum serial_policy policy;
        uint32_t next;
    } cases[] = {
        {"unixtime", 10, SERIAL_UNIXTIME, 1795255200},
        {"unixtime at the same second", 1795255200, SERIAL_UNIXTIME, 1795255201},
        {"unixtime behind a date", 2026112101, SERIAL_UNIXTIME, 2026112102},
        {"date", 2026112004, SERIAL_DATE, 2026112101},
        {"date, again that day", 2026112101, SERIAL_DATE, 2026112102},
        {"date, many that day", 2026112199, SERIAL_DATE, 2026112200},
        {"increment", 41, SERIAL_INCREMENT, 42},
        {"increment around the end", UINT32_MAX, SERIAL_INCREMENT, 0},
        {"policy half a circle away", 1795255200u + 0x80000000u, SERIAL_UNIXTIME,
         1795255201u + 0x80000000u},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        assert_int_equal(serial_next(cases[i].base, cases[i].policy, TEST_NOW), cases[i].next);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(order_is_that_of_rfc1982),
    cmocka_unit_test(next_follows_the_policy_when_that_is_forward),
};

TEST_MAIN(tests)
