#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/grow.h"

static void what_was_added_stays(void **state)
{
    (void)state;
    int *items = NULL;
    size_t cap = 0;
    for (size_t n = 0; n < 1000; n++) {
        items = grow_items(items, n, &cap, sizeof(*items));
        assert_non_null(items);
        assert_true(cap > n);
        items[n] = (int)n;
    }
    for (size_t n = 0; n < 1000; n++)
        assert_int_equal(items[n], n);
    free(items);
}

static void nothing_moves_while_there_is_room(void **state)
{
    (void)state;
    char room[4];
    size_t cap = 4;
    assert_ptr_equal(grow_items(room, 3, &cap, 1), room);
    assert_int_equal(cap, 4);
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    size_t cap = 0;
    assert_null(grow_items(NULL, 0, &cap, SIZE_MAX / 2));
    assert_int_equal(cap, 0);
    cap = SIZE_MAX / 2 + 1;
    assert_null(grow_items(NULL, cap, &cap, 1));
    assert_int_equal(cap, SIZE_MAX / 2 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_stays),
        cmocka_unit_test(nothing_moves_while_there_is_room),
        cmocka_unit_test(a_size_that_overflows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
