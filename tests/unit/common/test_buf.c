#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"

static void text_is_always_terminated(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    assert_string_equal(buf_str(&b), "");
    buf_add_str(&b, "abc");
    buf_add_char(&b, '-');
    buf_printf(&b, "%d", 42);
    assert_true(buf_ok(&b));
    assert_string_equal(buf_str(&b), "abc-42");
    assert_int_equal(b.len, 6);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    for (int i = 0; i < 10000; i++)
        buf_add(&b, "0123456789", 10);
    assert_int_equal(b.len, 100000);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.data[i], '0' + (int)(i % 10));
    assert_int_equal(b.data[b.len], 0);
}

static void clear_keeps_memory_and_forgets_content(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    buf_add_str(&b, "abc");
    size_t cap = b.cap;
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.cap, cap);
    assert_string_equal(buf_str(&b), "");
}

static void an_impossible_size_fails_softly(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    buf_add_str(&b, "abc");
    buf_reserve(&b, SIZE_MAX - 1);
    assert_false(buf_ok(&b));
    buf_add_str(&b, "def");
    assert_string_equal(buf_str(&b), "abc");
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    uint8_t in[256], back[256];
    char text[513];
    for (int i = 0; i < 256; i++)
        in[i] = (uint8_t)i;
    hex_encode(in, sizeof(in), text);
    assert_int_equal(strlen(text), 512);
    assert_true(hex_decode(text, back, sizeof(back)));
    assert_memory_equal(in, back, sizeof(in));
    assert_true(hex_decode("0aFf", back, 2));
    assert_int_equal(back[1], 0xff);
}

static void hex_of_another_length_or_alphabet_is_refused(void **state)
{
    (void)state;
    uint8_t out[2];
    assert_false(hex_decode("0a", out, 2));
    assert_false(hex_decode("0a0b0", out, 2));
    assert_false(hex_decode("0a0g", out, 2));
    assert_false(hex_decode("0a 0", out, 2));
}

static void added_hex_is_lower_case(void **state)
{
    (void)state;
    AUTO(buf) struct buf b = {0};
    buf_add_hex(&b, "\xab\xcd", 2);
    assert_string_equal(buf_str(&b), "abcd");
    assert_int_equal(b.len, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_always_terminated),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(clear_keeps_memory_and_forgets_content),
        cmocka_unit_test(an_impossible_size_fails_softly),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(hex_of_another_length_or_alphabet_is_refused),
        cmocka_unit_test(added_hex_is_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
