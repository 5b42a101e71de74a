/*
 * tests/unit/zones/test_overlay.c -- made records merged into a snapshot.
 */
#include <libknot/descriptor.h>

#include "tests/unit/zones/zone_testing.h"

static void list_keeps_what_was_added(void **state)
{
    (void)state;
    AUTO_PTR(records) struct records *r = records_new();
    for (uint32_t i = 0; i < 100; i++) {
        uint8_t data[2] = {1, (uint8_t)i};
        assert_int_equal(records_add(r, wire("_mudzone.example"), KNOT_RRTYPE_TXT, i, data, 2),
                         ERR_OK);
    }
    assert_int_equal(records_n(r), 100);
    struct record_view v = records_at(r, 42);
    assert_int_equal(v.type, KNOT_RRTYPE_TXT);
    assert_int_equal(v.ttl, 42);
    assert_int_equal(v.rdata.len, 2);
    assert_int_equal(v.rdata.data[1], 42);
    assert_int_equal(name_compare(v.owner, wire("_mudzone.example")), 0);
    static const uint8_t big[70000];
    assert_int_equal(records_add(r, wire("a"), 16, 1, big, sizeof(big)), ERR_LIMIT);
    records_free(NULL);
}

static void records_join_the_zone_and_the_base_stays(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(records) struct records *r = records_new();
    AUTO_PTR(zone) struct zone *out = NULL;
    AUTO_PTR(zone)
    struct zone *base =
        zone_of(ZONE_HEAD
                "a A 192.0.2.1\na RRSIG A 13 2 60 20261231000000 20261101000000 1 example. AAAA\n",
                d);
    uint64_t before = zone_record_n(base);
    assert_int_equal(records_add(r, wire("a.example"), 1, 3600, (const uint8_t *)"\300\0\2\1", 4),
                     0);
    assert_int_equal(records_add(r, wire("A.example"), 1, 3600, (const uint8_t *)"\300\0\2\2", 4),
                     0);
    assert_int_equal(records_add(r, wire("new.example"), 16, 60, (const uint8_t *)"\1x", 2), 0);
    assert_int_equal(zone_overlay(base, r, &out, d), ERR_OK);
    assert_int_equal(diags_n(d), 0); /* the record that was there counts once, without a word */
    assert_int_equal(zone_record_n(base), before);
    assert_int_equal(zone_record_n(out), before + 2);
    const struct zone_rrset *a = zone_rrset(out, wire("a.example"), 1);
    assert_int_equal(a->rrs.count, 2);
    assert_int_equal(a->sigs.count, 1);
    assert_int_equal(a->line, 0);
    assert_int_equal(zone_rrset(out, wire("new.example"), 16)->ttl, 60);
    assert_string_equal(zone_file(out), "t.zone");
}

static void bad_records_are_refused(void **state)
{
    (void)state;
    AUTO_PTR(records) struct records *r = records_new();
    AUTO_PTR(zone) struct zone *base = zone_of(ZONE_HEAD, NULL);
    struct zone *out = NULL;
    assert_int_equal(records_add(r, wire("a.example"), 1, 60, (const uint8_t *)"\1", 1), ERR_OK);
    assert_int_equal(zone_overlay(base, r, &out, NULL), ERR_FINDINGS);
    assert_null(out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(list_keeps_what_was_added),
    cmocka_unit_test(records_join_the_zone_and_the_base_stays),
    cmocka_unit_test(bad_records_are_refused),
};

TEST_MAIN(tests)
