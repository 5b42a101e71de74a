/* The domain names of a MUD file, for comparing them with the published list. */
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "mudgen/mudgen.h"
#include "tests/support/testing.h"

static const struct {
    const char *name;
    const char *text;
    int err;
    const char *names; /* one a line */
} cases[] = {
    {"none", "{}", ERR_OK, ""},
    {"no JSON", "{", ERR_FINDINGS, ""},
    {"nothing", "", ERR_FINDINGS, ""},
    {"sorted and once",
     "{\"ietf-access-control-list:acls\":{\"acl\":[{\"aces\":{\"ace\":["
     "{\"matches\":{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"b.example\"}}},"
     "{\"matches\":{\"ipv6\":{\"ietf-acldns:src-dnsname\":\"a.example\"}}},"
     "{\"matches\":{\"ipv4\":{\"ietf-acldns:dst-dnsname\":\"B.Example.\"}}}]}}]}}",
     ERR_OK, "a.example\nb.example\n"},
    {"drafts too", "{\"acl\":[{\"src-dnsname\":\"x.example\"},{\"dst-dnsname\":7}]}", ERR_OK,
     "x.example\n"},
};

static void names_are_sorted_and_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(mud_names) struct mud_names names = {0};
        AUTO(buf) struct buf seen = {0};
        TEST_CASE(cases[i].name);
        struct bytes text = {(const uint8_t *)cases[i].text, strlen(cases[i].text)};
        assert_int_equal(mud_file_names(text, &names), cases[i].err);
        for (size_t k = 0; k < names.n; k++)
            buf_printf(&seen, "%s\n", names.names[k]);
        assert_string_equal(buf_str(&seen), cases[i].names);
    }
}

static void names_of_our_file(void **state)
{
    AUTO(mud_names) struct mud_names names = {0};
    AUTO(buf) struct buf valid = {0};
    (void)state;
    assert_int_equal(file_read(test_data("mud/valid.json"), 1 << 20, &valid), 0);
    assert_int_equal(mud_file_names(buf_bytes(&valid), &names), ERR_OK);
    assert_int_equal(names.n, 1);
    assert_string_equal(names.names[0], "fw.example.net");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_and_unique),
        cmocka_unit_test(names_of_our_file),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
