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
        uint32_t next = serial_next(cases[i].base, cases[i].base, cases[i].policy, TEST_NOW);
        assert_int_equal(next, cases[i].next);
    }
}

/* A file's serial that is after the published one can have the policy's after it and behind that.
 */
static void next_is_after_what_was_published_too(void **state)
{
    (void)state;
    static const enum serial_policy policies[] = {SERIAL_UNIXTIME, SERIAL_INCREMENT, SERIAL_DATE};
    static const uint32_t published[] = {0,           1,           1795255200u, 2026112101u,
                                         0x7fffffffu, 0x80000000u, 3000000001u, UINT32_MAX};
    static const uint32_t ahead[] = {0, 1, 1294967296u, 0x7ffffffeu, 0x7fffffffu};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        for (size_t j = 0; j < sizeof ahead / sizeof *ahead; j++) {
            for (size_t k = 0; k < sizeof policies / sizeof *policies; k++) {
                uint32_t base = published[i] + ahead[j];
                uint32_t next = serial_next(base, published[i], policies[k], TEST_NOW);
                assert_true(serial_is_after(next, published[i]));
            }
        }
    }
    assert_int_equal(serial_next(1, 3000000001u, SERIAL_UNIXTIME, TEST_NOW), 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(order_is_that_of_rfc1982),
    cmocka_unit_test(next_follows_the_policy_when_that_is_forward),
    cmocka_unit_test(next_is_after_what_was_published_too),
};

TEST_MAIN(tests)
