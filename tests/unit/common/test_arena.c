#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/arena.h"

static void allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    AUTO_PTR(arena) struct arena *a = arena_new();
    unsigned char *before = NULL;
    for (size_t len = 1; len < 3000; len += 7) {
        unsigned char *p = arena_alloc(a, len);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, (int)(len & 0xff), len);
        if (before != NULL)
            assert_int_equal(before[0], (len - 7) & 0xff);
        before = p;
    }
}

static void one_allocation_may_be_larger_than_a_block(void **state)
{
    (void)state;
    AUTO_PTR(arena) struct arena *a = arena_new();
    char *small = arena_strdup(a, "small");
    char *large = arena_bytes(a, (size_t)5 << 20);
    assert_non_null(large);
    memset(large, 1, (size_t)5 << 20);
    assert_string_equal(small, "small");
    assert_true(arena_used(a) >= (size_t)5 << 20);
}

static void zalloc_is_zero_and_checks_its_product(void **state)
{
    (void)state;
    AUTO_PTR(arena) struct arena *a = arena_new();
    int *p = arena_zalloc(a, 100, sizeof(int));
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_null(arena_zalloc(a, SIZE_MAX / 2, 4));
}

static void text_is_copied_and_formatted(void **state)
{
    (void)state;
    AUTO_PTR(arena) struct arena *a = arena_new();
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(a, "%s-%d", "x", 7), "x-7");
    assert_memory_equal(arena_dup(a, "\0\1\2", 3), "\0\1\2", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_and_apart),
        cmocka_unit_test(one_allocation_may_be_larger_than_a_block),
        cmocka_unit_test(zalloc_is_zero_and_checks_its_product),
        cmocka_unit_test(text_is_copied_and_formatted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
