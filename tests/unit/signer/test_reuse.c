/* Which signatures of the previous version are kept, and when nothing changes at all. */
#include <libknot/descriptor.h>

#include "tests/unit/signer/sign_testing.h"

/* All cases run twice: with a previous version that a keyed digest proved, and with one whose
   signatures must be verified. */
static bool proved;

static int unproved_group(void **state)
{
    (void)state;
    proved = false;
    return 0;
}

static int proved_group(void **state)
{
    (void)state;
    proved = true;
    return 0;
}

struct fixture {
    struct keyset keys;
    struct dnssec_policy policy;
    struct zone *input;
    struct zone *first;
    struct sign_report report;
};

static struct fixture setup(enum denial denial)
{
    struct fixture f = {.keys = make_keys(15, false), .policy = policy_of(15, false, denial)};
    f.input = zone_of(TEST_ZONE);
    struct sign_params params = {
        .policy = &f.policy, ALL_KEYS(&f.keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    f.first = sign_ok(f.input, &params, &f.report);
    return f;
}

static void teardown(struct fixture *f)
{
    zone_free(f->input);
    zone_free(f->first);
    keyset_done(&f->keys);
}

static struct zone *again(struct fixture *f, const struct zone *input, int64_t now,
                          struct sign_report *report)
{
    struct sign_params params = {.policy = &f->policy,
                                 ALL_KEYS(&f->keys),
                                 .dnskey_ttl_s = 3600,
                                 .now = now,
                                 .previous = f->first,
                                 .previous_is_proved = proved};
    return sign_ok(input, &params, report);
}

static void nothing_new_gives_the_previous_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct fixture f = setup((i & 1) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        int64_t now = (i & 2) == 0 ? TEST_NOW : TEST_NOW + 10 * 86400;
        AUTO_FREE char *a = zone_text(f.first);
        /* as it comes back from the state: parsed from its text */
        AUTO_PTR(zone) struct zone *parsed = zone_of(a);
        zone_free(f.first);
        f.first = zone_ref(parsed);
        struct sign_report r;
        AUTO_PTR(zone) struct zone *out = again(&f, f.input, now, &r);
        AUTO_FREE char *b = zone_text(out);
        assert_false(r.changed);
        assert_int_equal(r.made, 0);
        assert_int_equal(r.reused, f.report.made);
        assert_int_equal(r.serial, f.report.serial);
        assert_int_equal(r.expires_at, f.report.expires_at);
        assert_string_equal(a, b);
        teardown(&f);
    }
}

static void one_new_record_costs_only_what_depends_on_it(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    AUTO_PTR(zone) struct zone *input = zone_of(TEST_ZONE "www2 A 192.0.2.8\n");
    struct sign_report r;
    zone_free(again(&f, input, TEST_NOW + 60, &r));
    assert_true(r.changed);
    /* SOA, ZONEMD, www's NSEC, www2's A and NSEC */
    assert_int_equal(r.made, 5);
    assert_int_equal(r.reused, f.report.made - 3);
    assert_int_equal(r.serial, TEST_NOW + 60);
    teardown(&f);
}

static void signatures_near_their_end_are_made_anew(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    struct sign_report r;
    /* one second before the first is due, and at that second */
    zone_free(again(&f, f.input, f.report.rebuild_before_at - 1, &r));
    assert_false(r.changed);
    zone_free(again(&f, f.input, f.report.rebuild_before_at, &r));
    assert_true(r.changed);
    assert_in_range(r.made, 1, 4); /* the due one, SOA, ZONEMD; two may be due together */
    int64_t late = TEST_NOW + f.policy.signature_validity_s;
    zone_free(again(&f, f.input, late, &r));
    assert_true(r.changed);
    assert_int_equal(r.reused, 0);
    teardown(&f);
}

static void a_file_or_floor_ahead_moves_the_serial(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    AUTO_PTR(zone)
    struct zone *behind = zone_of("@ 3600 SOA ns1 host 11 7200 3600 1209600 300\n"
                                  "@ 3600 NS ns1\n");
    struct sign_report r;
    struct sign_params params = {.policy = &f.policy,
                                 ALL_KEYS(&f.keys),
                                 .dnskey_ttl_s = 3600,
                                 .now = TEST_NOW,
                                 .previous = f.first,
                                 .previous_is_proved = proved};
    params.has_serial_floor = true;
    params.serial_floor = f.report.serial;
    zone_free(sign_ok(f.input, &params, &r));
    assert_false(r.changed);
    params.serial_floor = f.report.serial + 7;
    zone_free(sign_ok(f.input, &params, &r));
    assert_true(r.changed);
    assert_int_equal(r.serial, f.report.serial + 8);
    assert_int_equal(r.made, 2); /* SOA and ZONEMD */
    params.has_serial_floor = false;
    zone_free(sign_ok(behind, &params, &r));
    assert_int_equal(r.serial, f.report.serial + 1); /* never the file's 11 */
    teardown(&f);
}

/* A copy of the previous version with one change in the rdata of one signature. */
static struct zone *with_changed_signature(const struct zone *z, size_t at, uint8_t flip)
{
    AUTO_PTR(zone_builder) struct zone_builder *b = zone_builder_new(zone_apex(z), "t.zone");
    struct zone_cursor c;
    struct zone_node node;
    zone_first(z, &c);
    while (zone_next(&c, &node)) {
        for (uint32_t j = 0; j < node.rrset_n; j++) {
            struct zone_rrset set;
            zone_node_set(&node, j, &set);
            bool change = set.type == KNOT_RRTYPE_DNAME;
            assert_int_equal(zone_builder_add_rrset(b, &set, !change), ERR_OK);
            if (!change)
                continue;
            AUTO(buf) struct buf rdata = {0};
            struct zone_sig sig = sig_of(&set);
            zone_sig_rdata(&sig, &rdata);
            rdata.data[at == SIZE_MAX ? rdata.len - 1 : at] ^= flip;
            assert_int_equal(zone_builder_add(b, node.owner, KNOT_RRTYPE_RRSIG, sig.ttl, rdata.data,
                                              rdata.len, 0),
                             ERR_OK);
        }
    }
    struct zone *out = NULL;
    assert_int_equal(zone_builder_finish(TAKE(b), &out, NULL), ERR_OK);
    return out;
}

static void signatures_that_do_not_fit_are_not_kept(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at;
        uint8_t flip;
    } cases[] = {
        {"algorithm", 2, 1},
        {"labels", 3, 2},
        {"original TTL", 7, 1},
        {"expiration far", 8, 4},
        {"expiration changed", 11, 1},
        {"inception to come", 12, 4},
        {"key tag", 17, 1},
        {"signer", 19, 1},
        {"signature", SIZE_MAX, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        if (proved && (cases[i].at == SIZE_MAX || cases[i].at == 11))
            continue; /* the proof says that there is no such thing */
        struct fixture f = setup(DENIAL_NSEC);
        struct zone *changed = with_changed_signature(f.first, cases[i].at, cases[i].flip);
        zone_free(f.first);
        f.first = changed;
        struct sign_report r;
        zone_free(again(&f, f.input, TEST_NOW + 1, &r));
        assert_true(r.changed);
        assert_int_equal(r.made, 3); /* DNAME, SOA, ZONEMD */
        teardown(&f);
    }
}

/* A validator would refuse them still: the clock has been set back. */
static void signatures_that_begin_later_are_not_kept(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    struct sign_report r;
    zone_free(again(&f, f.input, TEST_NOW - 7200, &r));
    assert_true(r.changed);
    assert_int_equal(r.reused, 0);
    teardown(&f);
}

/* Glue and the NS of a cut have no signature, and without ZONEMD no digest either. */
static void a_change_of_unsigned_data_moves_the_serial(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *more; /* NULL: as before */
    } cases[] = {
        {"the same", "cut NS ns.cut\nns.cut A 192.0.2.2\nns.cut A 192.0.2.3\n", NULL},
        {"glue changed", "cut NS ns.cut\nns.cut A 192.0.2.2\nns.cut A 192.0.2.4\n", NULL},
        {"TTL of glue", "cut NS ns.cut\nns.cut 60 A 192.0.2.2\nns.cut 60 A 192.0.2.3\n", NULL},
        {"glue of another type",
         "cut NS ns.cut\nns.cut A 192.0.2.2\nns.cut A 192.0.2.3\n"
         "ns.cut AAAA 2001:db8::1\n",
         NULL},
        {"another type instead", "cut NS ns.cut\nns.cut AAAA 2001:db8::1\n", NULL},
        {"one glue record less", "cut NS ns.cut\nns.cut A 192.0.2.2\n", NULL},
        {"one type of glue less", "cut NS ns.cut\nns.cut A 192.0.2.2\nns.cut A 192.0.2.3\n",
         "ns.c2 A 192.0.2.5\n"},
        {"no glue", "cut NS ns.cut\n", NULL},
        {"glue of another name", "cut NS ns.cut\nnt.cut A 192.0.2.2\nnt.cut A 192.0.2.3\n", NULL},
        {"another server", "cut NS ns2.cut\nns.cut A 192.0.2.2\nns.cut A 192.0.2.3\n", NULL},
        {"TTL of the cut", "cut 60 NS ns.cut\nns.cut A 192.0.2.2\nns.cut A 192.0.2.3\n", NULL},
    };
    struct fixture f = {.keys = make_keys(15, false), .policy = policy_of(15, false, DENIAL_NSEC)};
    f.policy.zonemd = false;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO(buf) struct buf text = {0};
        buf_printf(&text,
                   "$TTL 3600\n@ SOA ns1.x. host 10 7200 3600 1209600 300\n@ NS ns1.x.\n"
                   "c2 NS ns.c2\n%s%s",
                   cases[i].more == NULL ? "ns.c2 A 192.0.2.5\nns.c2 AAAA 2001:db8::5\n"
                                         : cases[i].more,
                   cases[i].text);
        AUTO_PTR(zone) struct zone *input = zone_of(buf_str(&text));
        struct sign_report r;
        struct zone *out = again(&f, input, TEST_NOW, &r);
        if (i == 0) {
            f.first = out;
            f.report = r;
            continue;
        }
        assert_true(r.changed);
        assert_int_equal(r.serial, f.report.serial + 1);
        assert_int_equal(r.made, 1); /* the SOA's */
        zone_free(out);
    }
    teardown(&f);
}

static void other_keys_are_not_trusted_for_their_signatures(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    keyset_done(&f.keys);
    f.keys = make_keys(15, false);
    struct sign_report r;
    zone_free(again(&f, f.input, TEST_NOW, &r));
    assert_true(r.changed);
    assert_int_equal(r.reused, 0);
    assert_int_equal(r.serial, f.report.serial + 1);
    teardown(&f);
}

static void a_shorter_validity_makes_anew_what_lives_longer(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    f.policy.signature_validity_s = 20 * 86400;
    struct sign_report r;
    zone_free(again(&f, f.input, TEST_NOW, &r));
    assert_int_equal(r.reused, 0);
    teardown(&f);
}

static void another_zone_as_previous_is_a_warning(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    AUTO_PTR(zone)
    struct zone *other = zone_of_at("other.", "@ 3600 SOA a b 4000000000 1 1 1 1\n@ 3600 NS a\n");
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *out = NULL;
    struct sign_report r;
    struct sign_params params = {.policy = &f.policy,
                                 ALL_KEYS(&f.keys),
                                 .dnskey_ttl_s = 3600,
                                 .now = TEST_NOW,
                                 .previous = other,
                                 .previous_is_proved = proved};
    assert_int_equal(sign_zone(f.input, &params, &out, &r, d), ERR_OK);
    assert_int_equal(findings_n(d, "sign-previous"), 1);
    assert_int_equal(r.serial, TEST_NOW);
    teardown(&f);
}

static void a_changed_policy_is_a_change(void **state)
{
    (void)state;
    struct fixture f = setup(DENIAL_NSEC);
    struct sign_report r;
    f.policy.denial = DENIAL_NSEC3;
    zone_free(again(&f, f.input, TEST_NOW, &r));
    assert_true(r.changed);
    f.policy.denial = DENIAL_NSEC;
    f.policy.zonemd = false;
    AUTO_PTR(zone) struct zone *two = again(&f, f.input, TEST_NOW, &r);
    assert_true(r.changed);
    assert_int_equal(r.made, 2); /* SOA, and the apex NSEC without ZONEMD */
    assert_false(has_rrset(two, zone_apex(two), KNOT_RRTYPE_ZONEMD));
    teardown(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_new_gives_the_previous_bytes),
    cmocka_unit_test(one_new_record_costs_only_what_depends_on_it),
    cmocka_unit_test(signatures_near_their_end_are_made_anew),
    cmocka_unit_test(a_file_or_floor_ahead_moves_the_serial),
    cmocka_unit_test(signatures_that_do_not_fit_are_not_kept),
    cmocka_unit_test(signatures_that_begin_later_are_not_kept),
    cmocka_unit_test(a_change_of_unsigned_data_moves_the_serial),
    cmocka_unit_test(other_keys_are_not_trusted_for_their_signatures),
    cmocka_unit_test(a_shorter_validity_makes_anew_what_lives_longer),
    cmocka_unit_test(another_zone_as_previous_is_a_warning),
    cmocka_unit_test(a_changed_policy_is_a_change),
};

int main(void)
{
    int unproved = cmocka_run_group_tests_name("unproved", tests, unproved_group, NULL);
    return unproved + cmocka_run_group_tests_name("proved", tests, proved_group, NULL);
}
