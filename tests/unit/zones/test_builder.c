/*
 * tests/unit/zones/test_builder.c -- records into snapshots: order, grouping, repairs, flags, and
 * hostile rdata.
 */
#include <libknot/descriptor.h>

#include "tests/unit/zones/zone_testing.h"

static void add(struct zone_builder *b, const char *owner, uint16_t type, uint32_t ttl,
                const char *rdata, size_t len, uint32_t line)
{
    assert_int_equal(zone_builder_add(b, wire(owner), type, ttl, (const uint8_t *)rdata, len, line),
                     ERR_OK);
}

static void nodes_and_records_are_in_canonical_order(void **state)
{
    (void)state;
    static const char *const order[] = {
        "example",   "a.example",       "yljkjljk.a.example", "z.a.example",     "zabc.a.example",
        "z.example", "\\001.z.example", "*.z.example",        "\\200.z.example",
    };
    size_t n = sizeof(order) / sizeof(order[0]);
    struct zone_builder *b = zone_builder_new(wire("example"), NULL);
    struct zone *z = NULL;
    for (size_t i = 0; i < n; i++) /* 7 and 9 have no common factor: every name, mixed */
        add(b, order[i * 7 % n], KNOT_RRTYPE_A, 60, "\1\2\3\4", 4, 0);
    add(b, "z.example", KNOT_RRTYPE_A, 60, "\1\2\3\3", 4, 0);
    add(b, "z.example", KNOT_RRTYPE_NS, 60, "", 1, 0);
    add(b, "z.example", KNOT_RRTYPE_A, 60, "\377\2\3\3", 4, 0);
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    assert_int_equal(zone_node_n(z), n);
    assert_int_equal(zone_record_n(z), n + 3);
    for (size_t i = 0; i < n; i++) {
        struct zone_node node = node_at(z, i);
        assert_int_equal(name_compare(node.owner, wire(order[i])), 0);
        assert_ptr_equal(node_of(z, order[i]).content, node.content);
    }
    struct zone_node node = node_of(z, "z.example");
    assert_int_equal(node.rrset_n, 2);
    assert_int_equal(set_at(&node, 1).type, KNOT_RRTYPE_NS);
    struct zone_rrset set = set_at(&node, 0);
    assert_int_equal(set.type, KNOT_RRTYPE_A);
    /* libknot reads what we laid out; octets are unsigned (RFC 4034 s6.3) */
    const knot_rdataset_t *a = &set.rrs;
    assert_int_equal(a->count, 3);
    assert_memory_equal(knot_rdataset_at(a, 0)->data, "\1\2\3\3", 4);
    assert_memory_equal(knot_rdataset_at(a, 1)->data, "\1\2\3\4", 4);
    assert_memory_equal(knot_rdataset_at(a, 2)->data, "\377\2\3\3", 4);
    zone_free(z);
}

static void lookup_between_names(void **state)
{
    (void)state;
    struct zone_builder *b = zone_builder_new(wire("example"), NULL);
    struct zone *z = NULL;
    struct zone_cursor at;
    struct zone_node node;
    struct zone_rrset set;
    add(b, "example", KNOT_RRTYPE_NS, 60, "", 1, 0);
    add(b, "c.b.example", KNOT_RRTYPE_A, 60, "\1\2\3\4", 4, 0);
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    assert_false(zone_seek(z, wire("b.example"), &at));
    assert_true(zone_next(&at, &node));
    assert_int_equal(name_compare(node.owner, wire("c.b.example")), 0);
    assert_true(zone_seek(z, wire("c.b.example"), &at));
    assert_true(zone_next(&at, &node));
    assert_int_equal(name_compare(node.owner, wire("c.b.example")), 0);
    assert_false(zone_seek(z, wire("z.example"), &at));
    assert_false(zone_next(&at, &node));
    assert_false(zone_seek(z, wire("net"), &at));
    assert_false(zone_next(&at, &node));
    assert_false(zone_seek(z, wire("com"), &at));
    assert_true(zone_next(&at, &node));
    assert_int_equal(name_compare(node.owner, wire("example")), 0);
    assert_true(zone_has_below(z, wire("b.example"))); /* an empty non-terminal */
    assert_true(zone_has_below(z, wire("example")));
    assert_false(zone_has_below(z, wire("c.b.example")));
    assert_false(zone_has_below(z, wire("a.example")));
    assert_false(zone_has_below(z, wire("com")));
    assert_false(has_node(z, "b.example"));
    assert_false(zone_rrset(z, wire("example"), KNOT_RRTYPE_A, &set));
    assert_int_equal(zone_soa_serial(z), 0);
    zone_free(z);
}

static void rdata_names_become_lower_case_where_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t type;
        const char *in;
        const char *out;
        size_t len;
    } cases[] = {
        {"NS", KNOT_RRTYPE_NS, "\1A\1B\0", "\1a\1b\0", 5},
        {"MX", KNOT_RRTYPE_MX, "\0A\1B\0", "\0A\1b\0", 5},
        {"SRV", KNOT_RRTYPE_SRV, "ABCDEF\1G\0", "ABCDEF\1g\0", 9},
        {"MB", KNOT_RRTYPE_MB, "\1A\0", "\1a\0", 3},
        {"NAPTR", KNOT_RRTYPE_NAPTR, "ABCD\1A\1B\1C\1D\0", "ABCD\1A\1B\1C\1d\0", 13},
        {"RRSIG", KNOT_RRTYPE_RRSIG, "\0\1AAAAAAAAAAAAAAAA\1B\0C", "\0\1AAAAAAAAAAAAAAAA\1b\0C",
         22},
        /* RFC 6840 s5.1 takes NSEC out of the list; RFC 9460 s2.2 keeps SVCB out */
        {"NSEC", KNOT_RRTYPE_NSEC, "\1A\0\0\1\100", "\1A\0\0\1\100", 6},
        {"SVCB", KNOT_RRTYPE_SVCB, "\0\1\1A\0", "\0\1\1A\0", 5},
        {"TXT", KNOT_RRTYPE_TXT, "\1A", "\1A", 2},
        {"unknown", 65280, "\1A\0", "\1A\0", 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone_builder *b = zone_builder_new(wire("example"), NULL);
        struct zone *z = NULL;
        TEST_CASE(cases[i].name);
        add(b, "EXAMPLE", cases[i].type, 60, cases[i].in, cases[i].len, 0);
        assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
        struct zone_node node = node_at(z, 0);
        struct zone_rrset set = set_at(&node, 0);
        AUTO(buf) struct buf rdata = {0};
        struct zone_sig sig;
        if (set.sig_n > 0) {
            zone_rrset_sig(&set, 0, &sig);
            zone_sig_rdata(&sig, &rdata);
        } else {
            buf_add(&rdata, set.rrs.rdata->data, set.rrs.rdata->len);
        }
        assert_int_equal(rdata.len, cases[i].len);
        assert_memory_equal(rdata.data, cases[i].out, cases[i].len);
        zone_free(z);
    }
}

static void malformed_rdata_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t type;
        const char *data;
        size_t len;
    } cases[] = {
        {"A short", 1, "\1\2\3", 3},
        {"A long", 1, "\1\2\3\4\5", 5},
        {"AAAA short", 28, "\1\2\3\4", 4},
        {"NS empty", 2, "", 0},
        {"NS label past the end", 2, "\5ab", 3},
        {"NS without root", 2, "\2ab", 3},
        {"NS compressed", 2, "\300\14", 2},
        {"NS and more", 2, "\1a\0x", 4},
        {"SOA without numbers", 6, "\0\0", 2},
        {"TXT empty", 16, "", 0},
        {"TXT past the end", 16, "\5ab", 3},
        {"RRSIG short", 46, "\0\1", 2},
        {"RRSIG without signature", 46, "\0\1AAAAAAAAAAAAAAAA\0", 19},
        {"NSEC without bitmap", 47, "\0", 1},
        {"NSEC window too long", 47, "\0\0\41ABCDEFGHABCDEFGHABCDEFGHABCDEFGHA", 36},
        {"NSEC windows out of order", 47, "\0\1\1\200\0\1\200", 7},
        {"NSEC bitmap ends in zero", 47, "\0\0\2\200\0", 5},
        {"NSEC3 hash past the end", 50, "\1\0\0\0\0\24ab", 8},
        {"DS digest too short", 43, "\0\1\15\2abcd", 8},
        {"SVCB keys out of order", 64, "\0\1\0\0\3\0\0\0\1\0\0", 11},
        {"SVCB value past the end", 64, "\0\1\0\0\3\0\4a", 8},
        {"CAA tag past the end", 257, "\0\5ab", 4},
        {"APL prefix", 42, "\0\1\41\0", 4},
        {"IPSECKEY gateway type", 45, "\1\4\2\0", 4},
        {"OPT", 41, "", 0},
        {"ANY", 255, "", 0},
        {"type 0", 0, "", 0},
    };
    struct zone_builder *b = zone_builder_new(wire("example"), NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        assert_int_equal(zone_builder_add(b, wire("example"), cases[i].type, 60,
                                          (const uint8_t *)cases[i].data, cases[i].len, 1),
                         ERR_FINDINGS);
    }
    zone_builder_free(b);
}

static void repairs_are_reported_with_lines(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone_builder *b = zone_builder_new(wire("example"), "t.zone");
    struct zone *z = NULL;
    add(b, "a.example", KNOT_RRTYPE_A, 300, "\1\2\3\4", 4, 7);
    add(b, "A.example", KNOT_RRTYPE_A, 300, "\1\2\3\4", 4, 9);
    add(b, "a.example", KNOT_RRTYPE_A, 60, "\1\2\3\5", 4, 11);
    add(b, "a.test", KNOT_RRTYPE_A, 60, "\1\2\3\5", 4, 13);
    assert_int_equal(zone_builder_finish(b, &z, d), ERR_OK);
    assert_int_equal(diags_n(d), 3);
    assert_string_equal(finding_text(d, "rr-duplicate"),
                        "t.zone:9: warning: a.example. A: the same record as in line 7; expected "
                        "each record once [rr-duplicate] (RFC 2181 s5)");
    assert_string_equal(finding_text(d, "rrset-ttl-unequal"),
                        "t.zone:7: warning: a.example. A: TTL 300, but another record of the set "
                        "has 60; the lowest is used; expected one TTL for all records of an RRset "
                        "[rrset-ttl-unequal] (RFC 2181 s5.2)");
    assert_string_equal(finding_text(d, "rr-outside-zone"),
                        "t.zone:13: warning: a.test. A: the name is outside the zone example.; the "
                        "record is left out; expected names in the zone [rr-outside-zone] "
                        "(RFC 1035 s5.2)");
    struct zone_rrset set = set_of(z, "a.example", KNOT_RRTYPE_A);
    assert_int_equal(set.rrs.count, 2);
    assert_int_equal(set.ttl, 60);
    assert_int_equal(set.line, 7);
    assert_int_equal(zone_node_n(z), 1);
    zone_free(z);
}

static void signatures_sit_with_what_they_cover(void **state)
{
    (void)state;
    static const char sig_a[] = "\0\1\15\2\0\0\0\74AAAABBBB\0\1\7example\0S";
    static const char sig_mx[] = "\0\17\15\2\0\0\0\74AAAABBBB\0\1\7example\0S";
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone_builder *b = zone_builder_new(wire("example"), "t.zone");
    struct zone *z = NULL;
    add(b, "example", KNOT_RRTYPE_RRSIG, 50, sig_a, sizeof(sig_a) - 1, 1);
    add(b, "example", KNOT_RRTYPE_A, 60, "\1\2\3\4", 4, 2);
    add(b, "example", KNOT_RRTYPE_RRSIG, 70, sig_mx, sizeof(sig_mx) - 1, 3);
    assert_int_equal(zone_builder_finish(b, &z, d), ERR_OK);
    assert_int_equal(diags_n(d), 0); /* a signature's TTL is not an unequal TTL */
    struct zone_node node = node_at(z, 0);
    assert_int_equal(node.rrset_n, 2);
    struct zone_rrset a = set_at(&node, 0);
    struct zone_sig sig;
    zone_rrset_sig(&a, 0, &sig);
    assert_int_equal(a.type, KNOT_RRTYPE_A);
    assert_int_equal(a.ttl, 60);
    assert_int_equal(a.sig_n, 1);
    assert_int_equal(sig.ttl, 50);
    assert_int_equal(a.sig_line, 1);
    struct zone_rrset mx = set_at(&node, 1);
    assert_int_equal(mx.type, KNOT_RRTYPE_MX);
    assert_int_equal(mx.rrs.count, 0);
    assert_int_equal(mx.sig_n, 1);
    assert_int_equal(zone_record_n(z), 3);
    zone_free(z);
}

static void flags_say_where_a_node_stands(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        uint32_t flags;
    } cases[] = {
        {"example", NODE_APEX},
        {"a.example", 0},
        {"*.a.example", NODE_WILDCARD},
        {"cut.example", NODE_DELEGATION},
        {"x.cut.example", NODE_BELOW_CUT},
        {"ns.y.cut.example", NODE_BELOW_CUT},
        {"cut-not.example", 0},
        {"d.example", 0},
        {"x.d.example", NODE_BELOW_DNAME},
        {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example", NODE_NSEC3},
    };
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone)
    struct zone *z =
        zone_of(ZONE_HEAD "a A 192.0.2.1\n*.a A 192.0.2.1\ncut NS ns.y.cut\nns.y.cut A 192.0.2.1\n"
                          "x.cut NS z\ncut-not A 192.0.2.1\nd DNAME e\nx.d A 192.0.2.1\n"
                          "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - "
                          "2t7b4g4vsa5smi47k61mv5bv1a22bojr A\n",
                d);
    assert_non_null(z);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].owner);
        assert_int_equal(node_of(z, cases[i].owner).flags, cases[i].flags);
    }
}

static void holders_are_counted(void **state)
{
    (void)state;
    struct zone *z = zone_of(ZONE_HEAD, NULL);
    struct zone *same = zone_ref(z);
    assert_ptr_equal(z, same);
    zone_free(z);
    assert_int_equal(zone_soa_serial(same), 1); /* a use after free under ASan, were it gone */
    zone_free(same);
    zone_free(NULL);
}

static void sets_of_65535_records_are_the_most(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *z = NULL;
    for (uint32_t n = 65535; n <= 65536; n++) {
        struct zone_builder *b = zone_builder_new(wire("example"), "t.zone");
        for (uint32_t i = 0; i < n; i++) {
            uint8_t a[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
            assert_int_equal(zone_builder_add(b, wire("example"), 1, 60, a, 4, 0), ERR_OK);
        }
        int err = zone_builder_finish(b, &z, d);
        assert_int_equal(err, n == 65535 ? ERR_OK : ERR_LIMIT);
        if (err == ERR_OK)
            zone_free(z);
    }
    assert_int_equal(findings_n(d, "rrset-too-large", SEV_ERROR), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nodes_and_records_are_in_canonical_order),
    cmocka_unit_test(lookup_between_names),
    cmocka_unit_test(rdata_names_become_lower_case_where_the_rfc_says),
    cmocka_unit_test(malformed_rdata_is_refused),
    cmocka_unit_test(repairs_are_reported_with_lines),
    cmocka_unit_test(signatures_sit_with_what_they_cover),
    cmocka_unit_test(flags_say_where_a_node_stands),
    cmocka_unit_test(holders_are_counted),
    cmocka_unit_test(sets_of_65535_records_are_the_most),
};

TEST_MAIN(tests)
