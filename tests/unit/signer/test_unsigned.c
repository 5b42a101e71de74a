/* A zone published without DNSSEC: its serial moves as a signed one's does, nothing else is added.
 */
#include <libknot/descriptor.h>

#include "tests/unit/signer/sign_testing.h"

static struct zone *unsigned_ok(const struct zone *content, const struct sign_params *params,
                                struct sign_report *report)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    assert_int_equal(sign_unsigned(content, params, &out, report, d), ERR_OK);
    assert_int_equal(diags_n(d), 0);
    assert_int_equal(report->expires_at, 0);
    assert_int_equal(report->rebuild_before_at, 0);
    assert_int_equal(report->serial, zone_soa_serial(out));
    return out;
}

/* All that verify_zone says of an unsigned zone, whose ZONEMD it checks. */
static void check_digest(const struct zone *z, bool wanted)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct verify_params params = {.now = TEST_NOW};
    struct verify_report report;
    assert_int_equal(verify_zone(z, &params, &report, d), ERR_FINDINGS);
    assert_int_equal(diags_n(d), 1);
    assert_int_equal(findings_n(d, "dnskey-missing"), 1);
    assert_int_equal(report.zonemd, wanted);
}

static void the_content_comes_out_with_serial_and_digest(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    for (int zonemd = 0; zonemd < 2; zonemd++) {
        struct dnssec_policy policy = policy_of(13, false, DENIAL_NSEC3);
        policy.zonemd = zonemd != 0;
        policy.serial = SERIAL_INCREMENT;
        struct sign_params params = {
            .policy = &policy, .now = TEST_NOW, .has_serial_floor = true, .serial_floor = 41};
        struct sign_report report;
        AUTO_PTR(zone) struct zone *z = unsigned_ok(content, &params, &report);
        assert_int_equal(report.serial, 42);
        assert_true(report.changed);
        assert_false(sign_is_signed(z));
        assert_false(has_rrset(z, zone_apex(z), KNOT_RRTYPE_NSEC3PARAM));
        assert_int_equal(zone_record_n(z), zone_record_n(content) + (zonemd != 0 ? 1 : 0));
        check_digest(z, zonemd != 0);

        params.previous = z;
        params.serial_floor = 42;
        AUTO_PTR(zone) struct zone *same = unsigned_ok(content, &params, &report);
        assert_ptr_equal(same, z);
        assert_false(report.changed);
        AUTO_PTR(zone) struct zone *more = zone_of(TEST_ZONE "new A 192.0.2.9\n");
        AUTO_PTR(zone) struct zone *next = unsigned_ok(more, &params, &report);
        assert_int_equal(report.serial, 43);
        check_digest(next, zonemd != 0);
        params.serial_floor = 50; /* somebody knows a later one */
        zone_free(unsigned_ok(content, &params, &report));
        assert_int_equal(report.serial, 51);
    }
}

static int count(void *ctx, size_t index, size_t n, struct zone_cursor *nodes)
{
    struct buf *text = ctx;
    assert_int_equal(index, 0);
    assert_int_equal(n, 1);
    return zone_write_nodes(nodes, text);
}

static void a_signed_zone_becomes_unsigned_and_signed_again(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    struct dnssec_policy policy = policy_of(15, false, DENIAL_NSEC);
    AUTO(buf) struct buf text = {0};
    const struct sign_sink sink = {count, &text};
    struct sign_params params = {
        .policy = &policy, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    AUTO_PTR(zone) struct zone *first = sign_ok(content, &params, &report);
    params.previous = first;
    params.previous_is_proved = true;
    params.sink = &sink;
    AUTO_PTR(zone) struct zone *bare = unsigned_ok(content, &params, &report);
    AUTO_FREE char *whole = zone_text(bare);
    assert_true(serial_is_after(zone_soa_serial(bare), zone_soa_serial(first)));
    assert_false(sign_is_signed(bare));
    assert_string_equal(buf_str(&text), whole);
    params.previous = bare;
    params.sink = NULL;
    AUTO_PTR(zone) struct zone *again = sign_ok(content, &params, &report);
    assert_true(serial_is_after(zone_soa_serial(again), zone_soa_serial(bare)));
}

static void a_signers_records_in_the_content_are_refused(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE "@ CDS 0 0 0 00\n");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct dnssec_policy policy = policy_of(15, false, DENIAL_NSEC);
    struct sign_params params = {.policy = &policy, .now = TEST_NOW};
    struct zone *out = NULL;
    struct sign_report report;
    assert_int_equal(sign_unsigned(content, &params, &out, &report, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "sign-input"), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_content_comes_out_with_serial_and_digest),
    cmocka_unit_test(a_signed_zone_becomes_unsigned_and_signed_again),
    cmocka_unit_test(a_signers_records_in_the_content_are_refused),
};

TEST_MAIN(tests)
