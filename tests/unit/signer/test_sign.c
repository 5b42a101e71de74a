#include <libknot/descriptor.h>

#include "signer/rrsig.h"
#include "tests/unit/signer/sign_testing.h"

static const uint8_t algorithms[] = {8, 13, 14, 15, 16};

static void every_algorithm_key_split_and_denial_verifies(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    for (size_t i = 0; i < sizeof algorithms * 4; i++) {
        uint8_t algorithm = algorithms[i / 4];
        bool single = (i & 1) != 0;
        enum denial denial = (i & 2) != 0 ? DENIAL_NSEC3 : DENIAL_NSEC;
        TEST_CASE(algorithm_text(algorithm));
        AUTO(keyset) struct keyset keys = make_keys(algorithm, single);
        struct dnssec_policy p = policy_of(algorithm, single, denial);
        struct sign_params params = {.policy = &p,
                                     ALL_KEYS(&keys),
                                     .shows_cds = true,
                                     .dnskey_ttl_s = 1800,
                                     .now = TEST_NOW};
        struct sign_report report;
        AUTO_PTR(zone) struct zone *out = sign_ok(z, &params, &report);
        assert_true(report.changed);
        assert_int_equal(report.reused, 0);
        assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_DNSKEY).ttl, 1800);
        assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_CDS).ttl, 1800);
        assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_CDS).rrs.count, 1);
        assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_CDNSKEY).rrs.count, 1);
        assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_ZONEMD).ttl, 3600);
    }
}

static void same_input_keys_and_moment_give_the_same_bytes(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    for (size_t i = 0; i < sizeof algorithms; i++) {
        TEST_CASE(algorithm_text(algorithms[i]));
        AUTO(keyset) struct keyset keys = make_keys(algorithms[i], false);
        struct dnssec_policy p = policy_of(algorithms[i], false, DENIAL_NSEC);
        struct sign_params params = {
            .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
        struct sign_report report;
        AUTO_PTR(zone) struct zone *one = sign_ok(z, &params, &report);
        AUTO_PTR(zone) struct zone *two = sign_ok(z, &params, &report);
        AUTO_FREE char *a = zone_text(one);
        AUTO_FREE char *b = zone_text(two);
        assert_string_equal(a, b);
    }
}

/* The work of many threads is that of one. */
static void threads_do_not_change_the_result(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, TEST_ZONE);
    for (int i = 0; i < 400; i++)
        buf_printf(&text, "n%d.s%d A 192.0.2.%d\n", i, i % 7, i % 250);
    AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text));
    AUTO(keyset) struct keyset keys = make_keys(15, true);
    struct dnssec_policy p = policy_of(15, true, DENIAL_NSEC3);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    params.threads = 5;
    AUTO_PTR(zone) struct zone *many = sign_ok(z, &params, &report);
    params.threads = 1;
    AUTO_PTR(zone) struct zone *alone = sign_ok(z, &params, &report);
    AUTO_FREE char *a = zone_text(many);
    AUTO_FREE char *b = zone_text(alone);
    assert_string_equal(a, b);
}

/* RFC 4035 s2.2: authoritative data is signed, cuts, glue and occluded names are not. */
static void only_own_data_is_signed(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(13, false);
    struct dnssec_policy p = policy_of(13, false, DENIAL_NSEC);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    AUTO_PTR(zone) struct zone *out = sign_ok(z, &params, &report);
    static const struct {
        const char *owner;
        uint16_t type;
        unsigned sigs;
        uint8_t labels;
    } cases[] = {
        {"example.", KNOT_RRTYPE_SOA, 1, 1},      {"example.", KNOT_RRTYPE_ZONEMD, 1, 1},
        {"*.w.example.", KNOT_RRTYPE_TXT, 1, 2},  {"a.b.ent.example.", KNOT_RRTYPE_TXT, 1, 4},
        {"cut.example.", KNOT_RRTYPE_NS, 0, 0},   {"cut.example.", KNOT_RRTYPE_NSEC, 1, 2},
        {"ns.cut.example.", KNOT_RRTYPE_A, 0, 0}, {"safe.example.", KNOT_RRTYPE_NS, 0, 0},
        {"safe.example.", KNOT_RRTYPE_DS, 1, 2},  {"dn.example.", KNOT_RRTYPE_DNAME, 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].owner);
        struct zone_rrset set = rrset_of(out, wire(cases[i].owner), cases[i].type);
        assert_int_equal(set.sig_n, cases[i].sigs);
        if (cases[i].sigs > 0)
            assert_int_equal(sig_of(&set).labels, cases[i].labels);
    }
    struct zone_rrset dnskey = rrset_of(out, zone_apex(out), KNOT_RRTYPE_DNSKEY);
    struct zone_rrset soa = rrset_of(out, zone_apex(out), KNOT_RRTYPE_SOA);
    assert_int_equal(sig_of(&dnskey).key_tag, key_tag(keys.keys[0]));
    assert_int_equal(sig_of(&soa).key_tag, key_tag(keys.keys[1]));
}

static void times_are_an_hour_back_and_jittered_ahead(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    struct dnssec_policy p = policy_of(15, false, DENIAL_NSEC);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    AUTO_PTR(zone) struct zone *out = sign_ok(z, &params, &report);
    uint32_t least = UINT32_MAX;
    uint32_t most = 0;
    struct zone_cursor at;
    struct zone_node node;
    zone_first(out, &at);
    while (zone_next(&at, &node)) {
        for (uint32_t j = 0; j < node.rrset_n; j++) {
            struct zone_rrset set;
            zone_node_set(&node, j, &set);
            if (set.sig_n == 0)
                continue;
            struct zone_sig sig = sig_of(&set);
            assert_int_equal(sig.inception, TEST_NOW - 3600);
            least = sig.expiration < least ? sig.expiration : least;
            most = sig.expiration > most ? sig.expiration : most;
        }
    }
    assert_in_range(least, TEST_NOW + p.signature_validity_s - p.signature_jitter_s + 1, most - 1);
    assert_in_range(most, least + 1, TEST_NOW + p.signature_validity_s);
    assert_int_equal(report.expires_at, least);
    assert_int_equal(report.rebuild_before_at, least - p.signature_refresh_s);
}

/* RFC 4034 s3.1.5: 32-bit times around their end. */
static void signing_works_across_the_end_of_32_bit_time(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(15, true);
    struct dnssec_policy p = policy_of(15, true, DENIAL_NSEC);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = INT64_C(4294967296) - 86400};
    struct sign_report report;
    zone_free(sign_ok(z, &params, &report));
    assert_true(report.expires_at > INT64_C(4294967296));
    assert_int_equal(rrsig_time(5, INT64_C(4294967290)), INT64_C(4294967301));
    assert_int_equal(rrsig_time(4294967290u, INT64_C(4294967301)), INT64_C(4294967290));
}

static void jitter_is_spread_and_stays_below_its_bound(void **state)
{
    (void)state;
    uint32_t seen[4] = {0};
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%d.example.", i);
        uint32_t j = rrsig_jitter(wire(name), KNOT_RRTYPE_A, 7, 4000);
        assert_true(j < 4000);
        assert_int_equal(j, rrsig_jitter(wire(name), KNOT_RRTYPE_A, 7, 4000));
        seen[j / 1000]++;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(seen[i], 180, 320);
    assert_int_equal(rrsig_jitter(wire("a.example."), 1, 7, 0), 0);
}

/* ------------------------------------------------------------------ serial */

static void serial_moves_past_file_previous_and_floor(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum serial_policy policy;
        const char *floor; /* NULL: none */
        uint32_t serial;
    } cases[] = {
        {"first signing by time", SERIAL_UNIXTIME, NULL, (uint32_t)TEST_NOW},
        {"first signing, one more", SERIAL_INCREMENT, NULL, 11},
        {"floor above the file", SERIAL_INCREMENT, "500", 501},
        {"floor below the file", SERIAL_INCREMENT, "5", 11},
        {"floor above the time", SERIAL_UNIXTIME, "2026112101", 2026112102},
        {"floor just behind the circle's end", SERIAL_INCREMENT, "4294967295", 11},
        {"half a circle from the file: what was published wins", SERIAL_INCREMENT, "2147483658",
         2147483659},
    };
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(15, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        struct dnssec_policy p = policy_of(15, true, DENIAL_NSEC);
        p.serial = cases[i].policy;
        struct sign_params params = {
            .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
        params.has_serial_floor = cases[i].floor != NULL;
        if (params.has_serial_floor)
            params.serial_floor = (uint32_t)strtoul(cases[i].floor, NULL, 10);
        struct sign_report report;
        AUTO_PTR(zone) struct zone *out = sign_ok(z, &params, &report);
        assert_int_equal(report.serial, cases[i].serial);
        assert_int_equal(zone_soa_serial(out), cases[i].serial);
    }
}

/* ------------------------------------------------------------------ refusals */

static void input_of_a_signer_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
    } cases[] = {
        {"no SOA", "@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n"},
        {"DNSKEY", TEST_ZONE "@ DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"},
        {"NSEC", TEST_ZONE "www NSEC example. CNAME RRSIG NSEC\n"},
        {"RRSIG", TEST_ZONE "www RRSIG CNAME 15 2 3600 20261221000000 20261121000000 1 example. "
                            "AAAA\n"},
        {"NSEC3PARAM", TEST_ZONE "@ NSEC3PARAM 1 0 0 -\n"},
        {"CDS", TEST_ZONE "@ CDS 0 0 0 00\n"},
    };
    AUTO(keyset) struct keyset keys = make_keys(15, true);
    struct dnssec_policy p = policy_of(15, true, DENIAL_NSEC);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(zone) struct zone *z = zone_of(cases[i].text);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct zone *out = NULL;
        struct sign_report report;
        assert_int_equal(sign_zone(z, &params, &out, &report, d), ERR_FINDINGS);
        assert_null(out);
        assert_true(findings_n(d, "sign-input") >= 1);
    }
}

/* RFC 4035 s2.2. What the policy says of algorithm and kind of keys is for those who choose them.
 */
static void a_zone_without_a_key_for_each_kind_of_records_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool single;
        size_t from; /* the first of the keys given */
        size_t n;
        const char *found;
    } cases[] = {
        {"no KSK", false, 1, 1, "no key of ed25519 that signs the keys"},
        {"no ZSK", false, 0, 1, "no key of ed25519 that signs the zone's data"},
        {"no keys", true, 0, 0, "no key to publish"},
    };
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO(keyset) struct keyset keys = make_keys(15, cases[i].single);
        struct keyset part = {keys.keys + cases[i].from, cases[i].n};
        struct dnssec_policy p = policy_of(13, !cases[i].single, DENIAL_NSEC);
        struct sign_params params = {
            .policy = &p, ALL_KEYS(&part), .dnskey_ttl_s = 3600, .now = TEST_NOW};
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct zone *out = NULL;
        struct sign_report report;
        assert_int_equal(sign_zone(z, &params, &out, &report, d), ERR_KEY);
        assert_int_equal(findings_n(d, "key-set"), 1);
        assert_non_null(strstr(finding_text(d, "key-set"), cases[i].found));
    }
}

/* Trust rule 2: signatures name their key by tag. */
static void keys_with_one_tag_are_refused(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    struct key *three[] = {keys.keys[0], keys.keys[1], keys.keys[1]};
    struct keyset twice = {three, 3};
    struct dnssec_policy p = policy_of(15, false, DENIAL_NSEC);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&twice), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    struct sign_report report;
    assert_int_equal(sign_zone(z, &params, &out, &report, d), ERR_KEY);
    assert_non_null(strstr(finding_text(d, "key-set"), "one tag"));
}

/* A second ZSK, as an import may bring: both sign, and both verify. */
static void every_key_of_a_role_signs(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset a = make_keys(15, false);
    AUTO(keyset) struct keyset b = make_keys(15, false);
    struct key *three[] = {a.keys[0], a.keys[1], b.keys[1]};
    struct keyset keys = {three, 3};
    struct dnssec_policy p = policy_of(15, false, DENIAL_NSEC3);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    AUTO_PTR(zone) struct zone *out = sign_ok(z, &params, &report);
    assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_SOA).sig_n, 2);
    assert_int_equal(rrset_of(out, zone_apex(out), KNOT_RRTYPE_DNSKEY).sig_n, 1);
    params.previous = out;
    AUTO_PTR(zone) struct zone *again = sign_ok(z, &params, &report);
    assert_ptr_equal(again, out);
    assert_false(report.changed);
}

/* Trust rule 3: what the key about to be published does not verify never comes out. */
static void a_signature_that_does_not_verify_stops_the_zone(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    for (size_t i = 0; i < sizeof algorithms; i++) {
        TEST_CASE(algorithm_text(algorithms[i]));
        AUTO(keyset) struct keyset keys = make_keys(algorithms[i], false);
        AUTO(keyset) struct keyset other = make_keys(algorithms[i], false);
        struct dnssec_policy p = policy_of(algorithms[i], false, DENIAL_NSEC);
        struct sign_params params = {
            .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
        /* the DNSKEY of another key beside this private one, as a mixed-up restore would do */
        struct bytes have = key_dnskey_rdata(keys.keys[1]);
        struct bytes wrong = key_dnskey_rdata(other.keys[1]);
        assert_int_equal(have.len, wrong.len);
        memcpy((uint8_t *)(uintptr_t)have.data, wrong.data, wrong.len);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct zone *out = NULL;
        struct sign_report report;
        assert_int_equal(sign_zone(z, &params, &out, &report, d), ERR_CRYPTO);
        assert_null(out);
        assert_true(findings_n(d, "sign-failed") >= 1);
    }
}

/* ------------------------------------------------------------------ stripping, DS */

static void stripping_a_signed_zone_gives_back_the_zone(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    for (int n3 = 0; n3 < 2; n3++) {
        struct dnssec_policy p = policy_of(15, false, n3 == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        p.serial = SERIAL_INCREMENT;
        struct sign_params params = {.policy = &p,
                                     ALL_KEYS(&keys),
                                     .shows_cds = true,
                                     .dnskey_ttl_s = 3600,
                                     .now = TEST_NOW};
        struct sign_report report;
        AUTO_PTR(zone) struct zone *out = sign_ok(z, &params, &report);
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(zone) struct zone *back = NULL;
        assert_true(sign_is_signed(out));
        assert_false(sign_is_signed(z));
        assert_int_equal(sign_strip(out, &back, d), ERR_OK);
        assert_int_equal(findings_n(d, "sign-stripped"), 4);
        assert_false(sign_is_signed(back));
        AUTO_FREE char *a = zone_text(z);
        AUTO_FREE char *b = zone_text(back);
        char *at = strstr(b, " 11 7200");
        assert_non_null(at);
        at[2] = '0'; /* the serial has moved */
        assert_string_equal(a, b);
    }
}

static void nothing_to_strip_gives_the_same_zone(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *back = NULL;
    assert_int_equal(sign_strip(z, &back, d), ERR_OK);
    assert_ptr_equal(back, z);
    assert_int_equal(diags_n(d), 0);
}

static void ds_is_written_for_the_keys_of_the_parent(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(13, false);
    AUTO(buf) struct buf out = {0};
    char start[64];
    assert_int_equal(sign_ds(wire("example."), uses_of(&keys), keys.n, 86400, &out), ERR_OK);
    snprintf(start, sizeof start, "example. 86400 IN DS %u 13 2 ", key_tag(keys.keys[0]));
    assert_memory_equal(out.data, start, strlen(start));
    assert_int_equal(out.len, strlen(start) + 64 + 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_algorithm_key_split_and_denial_verifies),
    cmocka_unit_test(same_input_keys_and_moment_give_the_same_bytes),
    cmocka_unit_test(threads_do_not_change_the_result),
    cmocka_unit_test(only_own_data_is_signed),
    cmocka_unit_test(times_are_an_hour_back_and_jittered_ahead),
    cmocka_unit_test(signing_works_across_the_end_of_32_bit_time),
    cmocka_unit_test(jitter_is_spread_and_stays_below_its_bound),
    cmocka_unit_test(serial_moves_past_file_previous_and_floor),
    cmocka_unit_test(input_of_a_signer_is_refused),
    cmocka_unit_test(a_zone_without_a_key_for_each_kind_of_records_is_refused),
    cmocka_unit_test(keys_with_one_tag_are_refused),
    cmocka_unit_test(every_key_of_a_role_signs),
    cmocka_unit_test(a_signature_that_does_not_verify_stops_the_zone),
    cmocka_unit_test(stripping_a_signed_zone_gives_back_the_zone),
    cmocka_unit_test(nothing_to_strip_gives_the_same_zone),
    cmocka_unit_test(ds_is_written_for_the_keys_of_the_parent),
};

TEST_MAIN(tests)
