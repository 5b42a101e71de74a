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
    struct zone_rrset a = set_of(out, "a.example", 1);
    assert_int_equal(a.rrs.count, 2);
    assert_int_equal(a.sig_n, 1);
    assert_int_equal(a.line, 0);
    assert_int_equal(set_of(out, "new.example", 16).ttl, 60);
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

/* BASE and EXTRA through one builder: what zone_overlay must be equal to. */
static struct zone *built_whole(const struct zone *base, const struct records *extra)
{
    struct zone_builder *b = zone_builder_new(zone_apex(base), "t.zone");
    struct zone *z = NULL;
    struct zone_cursor at;
    struct zone_node node;
    zone_first(base, &at);
    while (zone_next(&at, &node)) {
        for (uint32_t i = 0; i < node.rrset_n; i++) {
            struct zone_rrset set = set_at(&node, i);
            assert_int_equal(zone_builder_add_rrset(b, &set, true), ERR_OK);
        }
    }
    for (size_t i = 0; i < records_n(extra); i++) {
        struct record_view r = records_at(extra, i);
        assert_int_equal(zone_builder_add(b, r.owner, r.type, r.ttl, r.rdata.data, r.rdata.len, 0),
                         ERR_OK);
    }
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    return z;
}

static void assert_same_zone(const struct zone *a, const struct zone *b)
{
    AUTO(buf) struct buf text_a = {0};
    AUTO(buf) struct buf text_b = {0};
    struct zone_cursor at_a;
    struct zone_cursor at_b;
    struct zone_node node_a;
    struct zone_node node_b;
    assert_int_equal(zone_write(a, &text_a), ERR_OK);
    assert_int_equal(zone_write(b, &text_b), ERR_OK);
    assert_string_equal(buf_str(&text_a), buf_str(&text_b));
    assert_int_equal(zone_node_n(a), zone_node_n(b));
    assert_int_equal(zone_record_n(a), zone_record_n(b));
    zone_first(a, &at_a);
    zone_first(b, &at_b);
    while (zone_next(&at_a, &node_a)) {
        assert_true(zone_next(&at_b, &node_b));
        assert_int_equal(node_a.flags, node_b.flags);
    }
}

static const char mixed_zone[] =
    ZONE_HEAD "a A 192.0.2.1\na RRSIG A 13 2 3600 20261231000000 20261101000000 1 example. AAAA\n"
              "a NSEC b A RRSIG NSEC\n*.w TXT x\ncut NS ns.cut\nns.cut A 192.0.2.1\n"
              "sub.cut NS ns.cut\nd DNAME e\ne A 192.0.2.1\n"
              "2t7b4g4vsa5smi47k61mv5bv1a22bojr NSEC3 1 0 0 - "
              "2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n";

/* Wherever records come in: at, above and below cuts, DNAMEs and names that are there or not. */
static void an_overlay_is_what_a_whole_build_gives(void **state)
{
    (void)state;
    static const char *const owners[] = {
        "example",         "a.example",
        "b.a.example",     "*.w.example",
        "w.example",       "cut.example",
        "x.cut.example",   "d.example",
        "x.d.example",     "y.x.d.example",
        "zz.example",      "ns.cut.example",
        "outside",         "sub.cut.example",
        "new.d.d.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example"};
    static const struct {
        uint16_t type;
        const char *data;
        size_t len;
    } kinds[] = {{KNOT_RRTYPE_TXT, "\1x", 2},           {KNOT_RRTYPE_A, "\300\0\2\1", 4},
                 {KNOT_RRTYPE_TXT, "\1y", 2},           {KNOT_RRTYPE_NSEC3, "\1\0\0\0\0\4abcd", 10},
                 {KNOT_RRTYPE_NS, "\2ns\7example", 12}, {KNOT_RRTYPE_DNAME, "\1q\7example", 11}};
    AUTO_PTR(zone) struct zone *base = zone_of(mixed_zone, NULL);
    uint32_t seed = 1;
    assert_non_null(base);
    for (unsigned round = 0; round < 2000; round++) {
        AUTO_PTR(records) struct records *r = records_new();
        AUTO_PTR(zone) struct zone *out = NULL;
        /* most rounds without NS and DNAME, for which all is built anew */
        size_t kind_n = round % 4 == 0 ? 6 : 4;
        for (uint32_t n = round % 7; n > 0; n--) {
            seed = seed * 1664525u + 1013904223u;
            size_t o = (seed >> 8) % (sizeof(owners) / sizeof(owners[0]));
            size_t k = (seed >> 16) % kind_n;
            assert_int_equal(records_add(r, wire(owners[o]), kinds[k].type, 60 + round % 2 * 3540,
                                         (const uint8_t *)kinds[k].data, kinds[k].len),
                             ERR_OK);
        }
        AUTO_PTR(zone) struct zone *want = built_whole(base, r);
        assert_int_equal(zone_overlay(base, r, &out, NULL), ERR_OK);
        assert_same_zone(out, want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_overlay_is_what_a_whole_build_gives),
    cmocka_unit_test(list_keeps_what_was_added),
    cmocka_unit_test(records_join_the_zone_and_the_base_stays),
    cmocka_unit_test(bad_records_are_refused),
};

TEST_MAIN(tests)
