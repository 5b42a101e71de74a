#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"

static void every_code_has_a_sentence_and_an_exit_status(void **state)
{
    (void)state;
    for (int e = ERR_PENDING; e <= 0; e++) {
        assert_string_not_equal(err_text(e), "unknown error");
        assert_in_range(err_exit_status(e), e == 0 ? 0 : 1, e == 0 ? 0 : 4);
    }
    assert_string_equal(err_text(-999), "unknown error");
    assert_int_equal(err_exit_status(-999), 3);
}

static void the_exit_status_is_that_of_the_contract(void **state)
{
    (void)state;
    assert_int_equal(err_exit_status(ERR_FINDINGS), 1);
    assert_int_equal(err_exit_status(ERR_USAGE), 2);
    assert_int_equal(err_exit_status(ERR_CONFIG), 2);
    assert_int_equal(err_exit_status(ERR_LOCKED), 3);
    assert_int_equal(err_exit_status(ERR_KEY), 3);
    assert_int_equal(err_exit_status(ERR_IO), 3);
    assert_int_equal(err_exit_status(ERR_PENDING), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_sentence_and_an_exit_status),
        cmocka_unit_test(the_exit_status_is_that_of_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
