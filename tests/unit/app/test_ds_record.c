/* app/ds_record.c: names and records for the parent; digests are compared in tests/interop. */
#include <string.h>

#include "app/ds_record.h"
#include "common/err.h"
#include "tests/support/testing.h"

static void a_signalling_name_joins_zone_and_server(void **state)
{
    uint8_t zone[256], server[256], name[256];
    char text[NAME_TEXT_LEN];
    (void)state;
    assert_true(name_from_text("mgmt.example.net", zone));
    assert_true(name_from_text("ns1.provider.test", server));
    assert_true(signal_name(zone, server, name));
    name_to_text(name, text);
    assert_string_equal(text, "_dsboot.mgmt.example.net._signal.ns1.provider.test.");
}

/* A name of LEN octets, the root label included: 3 or more. */
static void make_name(size_t len, uint8_t out[256])
{
    size_t at = 0;
    while (len - at > 1) {
        size_t label = len - at - 2 < 63 ? len - at - 2 : 63;
        if (len - at - 2 - label == 1) /* no label of length 0 is left over */
            label--;
        out[at] = (uint8_t)label;
        memset(out + at + 1, 'a', label);
        at += label + 1;
    }
    out[at] = 0;
}

static void a_signalling_name_of_255_octets_is_the_longest(void **state)
{
    uint8_t zone[256], server[256], name[256];
    (void)state;
    make_name(120, server);
    make_name(255 - 16 - 120 + 1, zone); /* two labels of 8 octets, one root label for two */
    assert_true(signal_name(zone, server, name));
    assert_int_equal(name_len(name), 255);
    make_name(255 - 16 - 120 + 2, zone);
    assert_false(signal_name(zone, server, name));
}

static void the_delete_records_are_those_of_rfc_8078(void **state)
{
    AUTO(buf) struct buf out = {0};
    uint8_t zone[256];
    (void)state;
    assert_true(name_from_text("example.net", zone));
    assert_int_equal(cds_delete_lines(zone, 3600, &out), ERR_OK);
    assert_string_equal(buf_str(&out), "example.net. 3600 IN CDS 0 0 0 00\n"
                                       "example.net. 3600 IN CDNSKEY 0 3 0 AA==\n");
}

static void digests_go_by_their_names(void **state)
{
    enum ds_digest digest = DS_SHA256;
    (void)state;
    assert_true(ds_digest_from_text("sha384", &digest));
    assert_int_equal(digest, 4);
    assert_true(ds_digest_from_text("sha256", &digest));
    assert_int_equal(digest, 2);
    assert_false(ds_digest_from_text("sha1", &digest));
    assert_false(ds_digest_from_text("", &digest));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_signalling_name_joins_zone_and_server),
    cmocka_unit_test(a_signalling_name_of_255_octets_is_the_longest),
    cmocka_unit_test(the_delete_records_are_those_of_rfc_8078),
    cmocka_unit_test(digests_go_by_their_names),
};
TEST_MAIN(tests)
