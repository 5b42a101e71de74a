/*
 * tests/unit/zones/test_write.c -- the text form of snapshots, and that every written zone loads
 * again to the same snapshot.
 */
#include <libknot/descriptor.h>

#include "tests/unit/zones/zone_testing.h"

static void form_is_that_of_the_design(void **state)
{
    (void)state;
    static const char in[] =
        "$TTL 3600\n@ NS NS1\n@ SOA ns1 host 1 3600 600 86400 600\n"
        "www.Example. 300 A 192.0.2.2\nwww 300 A 192.0.2.1\n"
        "www RRSIG A 13 2 300 20261231000000 20261101000000 12345 example. AAAA\n"
        "a URI 10 1 \"https://a/\"\na CAA 0 issue \"ca\"\na TXT \"x;y\" \"\\\"\" \\200\n"
        "a HTTPS 1 Svc.Example. alpn=h2\na TYPE65280 \\# 2 abcd\na TYPE65281 \\# 0\n";
    static const char out[] =
        "example. 3600 IN SOA ns1.example. host.example. 1 3600 600 86400 600\n"
        "example. 3600 IN NS ns1.example.\n"
        "a.example. 3600 IN TXT \"x;y\" \"\\\"\" \"\\200\"\n"
        "a.example. 3600 IN HTTPS 1 Svc.Example. alpn=h2\n"
        "a.example. 3600 IN URI 10 1 \"https://a/\"\n"
        "a.example. 3600 IN CAA 0 issue \"ca\"\n"
        "a.example. 3600 IN TYPE65280 \\# 2 ABCD\n"
        "a.example. 3600 IN TYPE65281 \\# 0\n"
        "www.example. 300 IN A 192.0.2.1\n"
        "www.example. 300 IN A 192.0.2.2\n"
        "www.example. 3600 IN RRSIG A 13 2 300 20261231000000 20261101000000 12345 example. AAAA\n";
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(zone) struct zone *z = zone_of(in, NULL);
    assert_non_null(z);
    assert_int_equal(zone_write(z, &text), ERR_OK);
    assert_string_equal(buf_str(&text), out);
}

static void assert_same_set(struct zone_rrset a, struct zone_rrset b)
{
    assert_int_equal(a.type, b.type);
    assert_int_equal(a.ttl, b.ttl);
    assert_true(knot_rdataset_eq(&a.rrs, &b.rrs));
    assert_int_equal(a.sig_n, b.sig_n);
    for (uint32_t i = 0; i < a.sig_n; i++) {
        AUTO(buf) struct buf rdata_a = {0};
        AUTO(buf) struct buf rdata_b = {0};
        struct zone_sig sig_a;
        struct zone_sig sig_b;
        zone_rrset_sig(&a, i, &sig_a);
        zone_rrset_sig(&b, i, &sig_b);
        assert_int_equal(sig_a.ttl, sig_b.ttl);
        zone_sig_rdata(&sig_a, &rdata_a);
        zone_sig_rdata(&sig_b, &rdata_b);
        assert_int_equal(rdata_a.len, rdata_b.len);
        assert_memory_equal(rdata_a.data, rdata_b.data, rdata_a.len);
    }
}

static void assert_same_again(const struct zone *z)
{
    AUTO(buf) struct buf first = {0};
    AUTO(buf) struct buf second = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *again = NULL;
    const struct zone_load_opts opts = {.origin = zone_apex(z)};
    assert_int_equal(zone_write(z, &first), ERR_OK);
    int err = zone_parse("again", buf_str(&first), first.len, &opts, &again, d);
    findings_print(d);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(zone_node_n(z), zone_node_n(again));
    assert_int_equal(zone_record_n(z), zone_record_n(again));
    struct zone_cursor at;
    struct zone_cursor at_again;
    struct zone_node a;
    struct zone_node b;
    zone_first(z, &at);
    zone_first(again, &at_again);
    while (zone_next(&at, &a)) {
        assert_true(zone_next(&at_again, &b));
        assert_int_equal(name_compare(a.owner, b.owner), 0);
        assert_int_equal(a.rrset_n, b.rrset_n);
        assert_int_equal(a.flags, b.flags);
        for (uint32_t j = 0; j < a.rrset_n; j++)
            assert_same_set(set_at(&a, j), set_at(&b, j));
    }
    assert_int_equal(zone_write(again, &second), ERR_OK);
    assert_string_equal(buf_str(&first), buf_str(&second));
}

/* Mnemonics that libknot prints and scanners do not read are written as numbers. */
static void unreadable_mnemonics_are_not_written(void **state)
{
    (void)state;
    static const char *const records[] = {
        "a TYPE10 \\# 1 00\n",
        "a TYPE24 \\# 20 0001080100000000000000000000000000000001\n",
        "a NSEC b A TYPE10 TYPE24 TYPE41 TYPE249 TYPE255\n",
        "a CSYNC 1 1 A TYPE10\n",
        "2t7b4g4vsa5smi47k61mv5bv1a22bojr NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr TYPE251\n",
        "a RRSIG TYPE10 13 2 300 20261231000000 20261101000000 12345 example. AAAA\n",
        "a APL\n",
    };
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        AUTO(buf) struct buf text = {0};
        TEST_CASE(records[i]);
        buf_printf(&text, ZONE_HEAD "%s", records[i]);
        AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text), NULL);
        assert_non_null(z);
        assert_int_equal(zone_node_n(z), 3);
        assert_same_again(z);
    }
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Rdata that is half likely: lengths, labels, bits small enough to be right now and then. */
static size_t random_rdata(uint32_t *seed, uint8_t *out, size_t max)
{
    size_t len = random_next(seed) % max;
    for (size_t i = 0; i < len; i++) {
        uint32_t r = random_next(seed);
        out[i] = (uint8_t)(r % 3 == 0 ? r >> 8 & 3 : r % 3 == 1 ? r >> 8 & 15 : r >> 8);
    }
    if (len > 0 && random_next(seed) % 2)
        out[len - 1] = 0;
    return len;
}

/* Whatever rdata the builder lets in, of whatever type, is written so that it loads again. */
static void any_accepted_rdata_survives(void **state)
{
    (void)state;
    uint32_t seed = 1;
    size_t accepted = 0;
    for (unsigned type = 1; type <= 270; type++) {
        struct zone_builder *b = zone_builder_new(wire("example"), NULL);
        struct zone *z = NULL;
        for (int i = 0; i < 400; i++) {
            uint8_t data[80];
            size_t len = random_rdata(&seed, data, i % 2 ? sizeof(data) : 12);
            int err = zone_builder_add(b, wire("example"), (uint16_t)type, 60, data, len, 0);
            assert_true(err == ERR_OK || err == ERR_FINDINGS);
            accepted += err == ERR_OK;
        }
        assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
        if (zone_record_n(z) > 0)
            assert_same_again(z);
        zone_free(z);
    }
    assert_true(accepted > 10000);
}

/* A record of the largest size, every octet of it escaped. */
static void largest_record_is_written(void **state)
{
    (void)state;
    static uint8_t data[65536 - 256];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = i % 256 == 0 ? 255 : 200;
    struct zone_builder *b = zone_builder_new(wire("example"), NULL);
    struct zone *z = NULL;
    assert_int_equal(
        zone_builder_add(b, wire("example"), KNOT_RRTYPE_TXT, 60, data, sizeof(data), 0), ERR_OK);
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    assert_same_again(z);
    zone_free(z);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(form_is_that_of_the_design),
    cmocka_unit_test(unreadable_mnemonics_are_not_written),
    cmocka_unit_test(any_accepted_rdata_survives),
    cmocka_unit_test(largest_record_is_written),
};

TEST_MAIN(tests)
