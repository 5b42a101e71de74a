/* app/pipeline.c: file names of zones, times of a zone. */
#include <string.h>

#include "app/pipeline.h"
#include "tests/support/testing.h"

static void zone_file_names_are_safe_and_distinct(void **state)
{
    (void)state;
    static const struct {
        const char *name, *stem;
    } cases[] = {
        {"mgmt.example.net", "mgmt.example.net"},
        {"MGMT.Example.NET.", "mgmt.example.net"},
        {".", "%2E"},
        {"a\\/b.example", "a%2Fb.example"},
        {"a\\.b.example", "a%2Eb.example"},
        {"\\.\\./x.example", "%2E%2E%2Fx.example"},
        {"*.example", "%2A.example"},
        {"_x-1.example", "_x-1.example"},
        {"\\000\\255.example", "%00%FF.example"},
        {"a\\0372Fb.example", "a%252fb.example"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        uint8_t name[256];
        assert_true(name_from_text(cases[i].name, name));
        AUTO_FREE char *stem = zone_file_stem(name);
        assert_non_null(stem);
        assert_string_equal(stem, cases[i].stem);
    }
}

static void long_zone_names_stay_below_a_file_names_limit(void **state)
{
    (void)state;
    uint8_t one[256], two[256];
    /* 4 labels of 60 octets that only a file name can't hold; they differ in the last one */
    uint8_t *p = one;
    for (int i = 0; i < 4; i++) {
        *p++ = 60;
        memset(p, '/', 60);
        p += 60;
    }
    *p = 0;
    memcpy(two, one, sizeof(one));
    p[-1] = '!';
    AUTO_FREE char *a = zone_file_stem(one);
    AUTO_FREE char *b = zone_file_stem(two);
    assert_non_null(a);
    assert_non_null(b);
    assert_true(strlen(a) < 240);
    assert_string_not_equal(a, b);
    assert_null(strchr(a, '/'));
}

static void the_largest_ttl_and_the_soa_expire_are_found(void **state)
{
    (void)state;
    static const char text[] = "@ 3600 SOA ns1 host 1 2 3 604800 5\n@ 7200 NS ns1\n"
                               "ns1 86400 A 192.0.2.1\nns1 60 AAAA 2001:db8::1\n";
    uint8_t origin[256];
    assert_true(name_from_text("zone.example", origin));
    const struct zone_load_opts opts = {.origin = origin};
    AUTO_PTR(zone) struct zone *zone = NULL;
    assert_int_equal(zone_parse("z", text, strlen(text), &opts, &zone, NULL), ERR_OK);
    uint32_t max_ttl_s = 0, expire_s = 0;
    zone_times(zone, &max_ttl_s, &expire_s);
    assert_int_equal(max_ttl_s, 86400);
    assert_int_equal(expire_s, 604800);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zone_file_names_are_safe_and_distinct),
        cmocka_unit_test(long_zone_names_stay_below_a_file_names_limit),
        cmocka_unit_test(the_largest_ttl_and_the_soa_expire_are_found),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
