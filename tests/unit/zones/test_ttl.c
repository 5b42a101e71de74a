/*
 * tests/unit/zones/test_ttl.c -- TTL policy: ranges, modes, waivers, the SOA minimum, signature
 * validity, advice, and records that signing adds.
 */
#include <libknot/descriptor.h>
#include <libknot/rrtype/soa.h>

#include "tests/unit/zones/zone_testing.h"

#define DAY INT64_C(86400)

static void builtin_policies_are_those_of_the_inventory_page(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        uint16_t type;
        uint32_t min_s;
        uint32_t max_s;
    } cases[] = {
        {"recommended", KNOT_RRTYPE_SOA, 300, 86400},
        {"recommended", KNOT_RRTYPE_NS, 300, 172800},
        {"recommended", KNOT_RRTYPE_DS, 300, 172800},
        {"recommended", KNOT_RRTYPE_DNSKEY, 300, 172800},
        {"recommended", KNOT_RRTYPE_A, 60, 86400},
        {"recommended", KNOT_RRTYPE_TXT, 60, 86400},
        {"strict", KNOT_RRTYPE_SOA, 300, 3600},
        {"strict", KNOT_RRTYPE_NS, 3600, 172800},
        {"strict", KNOT_RRTYPE_DS, 3600, 172800},
        {"strict", KNOT_RRTYPE_DNSKEY, 3600, 172800},
        {"strict", KNOT_RRTYPE_A, 300, 86400},
        {"strict", KNOT_RRTYPE_AAAA, 300, 86400},
        {"strict", KNOT_RRTYPE_HTTPS, 300, 86400},
        {"strict", KNOT_RRTYPE_TXT, 300, 86400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ttl_policy *p = ttl_policy_builtin(cases[i].policy);
        assert_non_null(p);
        assert_string_equal(p->name, cases[i].policy);
        assert_int_equal(p->mode, TTL_REFUSE);
        const struct ttl_range *hit = NULL;
        for (size_t j = 0; j < p->range_n && hit == NULL; j++) {
            for (size_t k = 0; k < p->ranges[j].type_n; k++)
                hit = p->ranges[j].types[k] == cases[i].type ? &p->ranges[j] : hit;
            hit = p->ranges[j].type_n == 0 ? &p->ranges[j] : hit;
        }
        assert_non_null(hit);
        assert_int_equal(hit->min_s, cases[i].min_s);
        assert_int_equal(hit->max_s, cases[i].max_s);
    }
    assert_int_equal(ttl_policy_recommended.negative_min_s, 60);
    assert_int_equal(ttl_policy_recommended.negative_max_s, 86400);
    assert_int_equal(ttl_policy_strict.negative_min_s, 300);
    assert_int_equal(ttl_policy_strict.negative_max_s, 3600);
    assert_null(ttl_policy_builtin("other"));
}

static struct ttl_policy recommended(enum ttl_mode mode)
{
    struct ttl_policy p = ttl_policy_recommended;
    p.mode = mode;
    return p;
}

static int apply(const char *text, const struct ttl_policy *policy, struct zone **ret,
                 struct diags *d)
{
    AUTO_PTR(zone) struct zone *z = zone_of(text, d);
    assert_non_null(z);
    return ttl_apply(z, policy, 30 * (uint32_t)DAY, TEST_NOW, ret, d);
}

static void refuse_is_an_error_with_line_and_limit(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    struct ttl_policy p = recommended(TTL_REFUSE);
    assert_int_equal(apply(ZONE_HEAD "a 59 A 192.0.2.1\nb 86401 TXT x\nc 60 A 192.0.2.1\n"
                                     "d 86400 A 192.0.2.1\nsub 172801 NS ns1\n",
                           &p, &out, d),
                     ERR_FINDINGS);
    assert_null(out);
    assert_string_equal(finding_text(d, "ttl-low"),
                        "t.zone:5: error: a.example. A: TTL 59; expected at least 60 (recommended) "
                        "[ttl-low] (INVENTORY ttl-policies)");
    assert_string_equal(finding_text(d, "ttl-high"),
                        "t.zone:6: error: b.example. TXT: TTL 86401; expected at most 86400 "
                        "(recommended) [ttl-high] (INVENTORY ttl-policies)");
    assert_int_equal(findings_n(d, "ttl-low", SEV_ERROR), 1);
    assert_int_equal(findings_n(d, "ttl-high", SEV_ERROR), 2); /* the delegation, too */
}

static void report_is_a_warning_and_the_same_zone(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = zone_of(ZONE_HEAD "a 59 A 192.0.2.1\n", d);
    AUTO_PTR(zone) struct zone *out = NULL;
    struct ttl_policy p = recommended(TTL_REPORT);
    assert_int_equal(ttl_apply(z, &p, 0, TEST_NOW, &out, d), ERR_OK);
    assert_ptr_equal(z, out);
    assert_int_equal(findings_n(d, "ttl-low", SEV_WARNING), 1);
    assert_int_equal(diags_n(d), 1);
}

static void clamp_changes_and_says_so(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *out = NULL;
    struct ttl_policy p = recommended(TTL_CLAMP);
    assert_int_equal(apply("$TTL 3600\n@ 60 SOA ns1 host 1 3600 600 86400 999999\n@ NS ns1\n"
                           "ns1 5 A 192.0.2.1\nns1 999999 AAAA 2001:db8::1\na A 192.0.2.1\n"
                           "ns1 5 RRSIG A 13 2 5 20261231000000 20261101000000 1 example. AAAA\n",
                           &p, &out, d),
                     ERR_OK);
    assert_int_equal(diags_n(d), 4);
    assert_int_equal(diags_count(d, SEV_NOTE), 4);
    struct zone_rrset soa = set_of(out, "example", KNOT_RRTYPE_SOA);
    assert_int_equal(soa.ttl, 300);
    assert_int_equal(soa.line, 2);
    assert_int_equal(knot_soa_minimum(soa.rrs.rdata), 86400);
    assert_int_equal(knot_soa_expire(soa.rrs.rdata), 86400);
    assert_int_equal(zone_soa_serial(out), 1);
    struct zone_rrset a = set_of(out, "ns1.example", KNOT_RRTYPE_A);
    assert_int_equal(a.ttl, 60);
    assert_int_equal(a.sig_n, 1);
    assert_int_equal(set_of(out, "ns1.example", KNOT_RRTYPE_AAAA).ttl, 86400);
    assert_int_equal(set_of(out, "a.example", KNOT_RRTYPE_A).ttl, 3600);
    /* a signature stays what it was: its short form must not take on the new TTL */
    struct zone_sig sig;
    zone_rrset_sig(&a, 0, &sig);
    assert_int_equal(sig.ttl, 5);
    assert_int_equal(sig.original_ttl, 5);
    assert_string_equal(finding_text(d, "ttl-low"),
                        "t.zone:2: note: example. SOA: TTL 60 -> 300; expected at least 300 "
                        "(recommended) [ttl-low] (INVENTORY ttl-policies)");
    assert_string_equal(finding_text(d, "ttl-negative-high"),
                        "t.zone:2: note: example. SOA: SOA minimum 999999 -> 86400; expected at "
                        "most 86400 (recommended) [ttl-negative-high] (RFC 2308 s5)");
    /* a second time there is nothing left to change */
    AUTO_PTR(zone) struct zone *again = NULL;
    assert_int_equal(ttl_apply(out, &p, 0, TEST_NOW, &again, d), ERR_OK);
    assert_ptr_equal(again, out);
    assert_int_equal(diags_n(d), 4);
}

static void soa_minimum_has_its_own_range(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    struct ttl_policy p = recommended(TTL_REFUSE);
    assert_int_equal(
        apply("$TTL 3600\n@ SOA ns1 host 1 3600 600 86400 59\n@ NS ns1.test.\n", &p, &out, d),
        ERR_FINDINGS);
    assert_int_equal(findings_n(d, "ttl-negative-low", SEV_ERROR), 1);
    assert_int_equal(diags_n(d), 1);
}

static void recommended_advises_what_strict_would_refuse(void **state)
{
    (void)state;
    static const char zone[] =
        "$TTL 3600\n@ 7200 SOA ns1 host 1 3600 600 86400 7200\n@ 600 NS ns1\n"
        "ns1 60 A 192.0.2.1\nok A 192.0.2.1\n";
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *out = NULL;
    assert_int_equal(apply(zone, &ttl_policy_recommended, &out, d), ERR_OK);
    assert_int_equal(findings_n(d, "ttl-strict", SEV_WARNING), 4);
    assert_int_equal(diags_n(d), 4);
    zone_free(TAKE(out));
    struct ttl_policy other = ttl_policy_recommended;
    other.name = "house";
    AUTO_PTR(diags) struct diags *none = diags_new();
    assert_int_equal(apply(zone, &other, &out, none), ERR_OK);
    assert_int_equal(diags_n(none), 0);
    zone_free(TAKE(out));
    assert_int_equal(apply(zone, &ttl_policy_strict, &out, none), ERR_FINDINGS);
    assert_int_equal(diags_count(none, SEV_ERROR), 4);
}

static void ttl_over_a_third_of_the_validity_is_a_warning(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = zone_of(ZONE_HEAD "a 3601 A 192.0.2.1\n", d);
    AUTO_PTR(zone) struct zone *out = NULL;
    assert_int_equal(ttl_apply(z, &ttl_policy_recommended, 3 * 3600, TEST_NOW, &out, d), ERR_OK);
    assert_int_equal(findings_n(d, "ttl-validity", SEV_WARNING), 1);
    assert_int_equal(diags_at(d, 0)->line, 5);
    assert_int_equal(diags_n(d), 1);
}

/* ------------------------------------------------------------------ waivers */

struct waiver_case {
    const char *name;
    struct ttl_waiver waiver;
    uint32_t ttl; /* of a.example. A */
    int err;
    const char *id; /* the only finding, or NULL */
};

static const uint8_t name_a[] = "\1a\7example";
static const uint8_t name_z[] = "\1z\7example";
static const uint8_t name_cut[] = "\1x\3sub\7example";
static const uint8_t name_far[] = "\1a\4test";
static const uint8_t name_apex[] = "\7example";

/* 2026-11-21 is the day of TEST_NOW. */
#define TODAY     (TEST_NOW / DAY * DAY)
#define YESTERDAY (TODAY - DAY)
/* A waiver for NAME and one TYPE (0: any), until UNTIL, with a minimum or a maximum (0: not
 * stated). */
#define WAIVER(owner, t, min, max, until)                                                          \
    {                                                                                              \
        .where = {"inv.yaml", 7, 3}, .name = (owner), .text = "a.example", .types = {(t)},         \
        .type_n = (t) != 0, .has_min = (min) != 0, .has_max = (max) != 0, .min_s = (min),          \
        .max_s = (max), .reason = "test", .until_at = (until)                                      \
    }

static const struct waiver_case waiver_cases[] = {
    {"lower minimum", WAIVER(name_a, 1, 30, 0, TODAY + 9 * DAY), 30, 0, NULL},
    {"below the lower minimum", WAIVER(name_a, 1, 30, 0, TODAY), 29, ERR_FINDINGS, "ttl-low"},
    {"last day", WAIVER(name_a, 1, 30, 0, TODAY), 30, 0, NULL},
    {"expired", WAIVER(name_a, 1, 30, 0, YESTERDAY), 3600, ERR_FINDINGS, "ttl-waiver-expired"},
    {"any type", WAIVER(name_a, 0, 30, 0, TODAY), 30, 0, NULL},
    {"another type", WAIVER(name_a, 28, 30, 0, TODAY), 3600, 0, "ttl-waiver-unused"},
    {"higher maximum", WAIVER(name_a, 1, 0, 100000, TODAY), 100000, 0, NULL},
    {"stricter minimum", WAIVER(name_a, 1, 7200, 0, TODAY), 3600, ERR_FINDINGS, "ttl-low"},
    {"minimum above the maximum", WAIVER(name_a, 1, 100000, 0, TODAY), 100000, 0, NULL},
    {"of no record", WAIVER(name_z, 1, 30, 0, TODAY), 3600, 0, "ttl-waiver-unused"},
    {"of a delegated name", WAIVER(name_cut, 1, 30, 0, TODAY), 3600, 0, NULL},
    {"of another zone", WAIVER(name_far, 1, 30, 0, YESTERDAY), 3600, 0, NULL},
    {"of a generated record", WAIVER(name_apex, 48, 30, 0, TODAY), 3600, 0, NULL},
};

static void waivers_replace_limits_for_a_time(void **state)
{
    (void)state;
    const enum ttl_mode modes[] = {TTL_REFUSE, TTL_CLAMP, TTL_REPORT};
    for (size_t i = 0; i < sizeof(waiver_cases) / sizeof(waiver_cases[0]); i++) {
        const struct waiver_case *c = &waiver_cases[i];
        for (size_t m = 0; m < 3; m++) {
            AUTO_PTR(diags) struct diags *d = diags_new();
            AUTO_PTR(zone) struct zone *out = NULL;
            AUTO(buf) struct buf text = {0};
            struct ttl_policy p = recommended(modes[m]);
            p.name = "house"; /* no advice */
            p.waivers = &c->waiver;
            p.waiver_n = 1;
            TEST_CASE(c->name);
            buf_printf(&text, ZONE_HEAD "sub NS ns1\na %u A 192.0.2.1\n", (unsigned)c->ttl);
            int err = apply(buf_str(&text), &p, &out, d);
            findings_print(d);
            bool range = c->id != NULL && strcmp(c->id, "ttl-low") == 0;
            /* only a range is a matter of the mode: an expired waiver is an error in each */
            assert_int_equal(err, range && modes[m] != TTL_REFUSE ? ERR_OK : c->err);
            assert_int_equal(diags_n(d), c->id != NULL);
            if (c->id != NULL)
                assert_int_equal(findings_n(d, c->id, SEV_COUNT), 1);
        }
    }
}

static void waiver_findings_name_the_waiver(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    struct ttl_policy p = recommended(TTL_REFUSE);
    p.waivers = &waiver_cases[3].waiver;
    p.waiver_n = 1;
    assert_int_equal(apply(ZONE_HEAD "a A 192.0.2.1\n", &p, &out, d), ERR_FINDINGS);
    assert_string_equal(
        finding_text(d, "ttl-waiver-expired"),
        "inv.yaml:7:3: error: a.example: the waiver ended 1 day ago (reason: test); "
        "expected a waiver that still holds [ttl-waiver-expired] "
        "(INVENTORY ttl-policies)");
    /* it holds for the whole of its last day, so the count starts at the end of that */
    struct ttl_waiver late = waiver_cases[3].waiver;
    late.until_at += DAY - 1;
    p.waivers = &late;
    AUTO_PTR(diags) struct diags *d2 = diags_new();
    assert_int_equal(apply(ZONE_HEAD "a A 192.0.2.1\n", &p, &out, d2), ERR_FINDINGS);
    assert_non_null(strstr(finding_text(d2, "ttl-waiver-expired"), "ended 1 day ago"));
}

/* ------------------------------------------------------------------ generated records */

static void generated_records_obey_the_policy(void **state)
{
    (void)state;
    struct dnssec_policy dnssec = {.where = {"inv.yaml", 9, 1},
                                   .denial = DENIAL_NSEC3,
                                   .cds = CDS_ROLLOVER,
                                   .zonemd = true,
                                   .signature_validity_s = 30 * 86400,
                                   .dnskey_ttl_s = 3600};
    AUTO_PTR(zone) struct zone *z = zone_of(ZONE_HEAD, NULL);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct ttl_policy p = recommended(TTL_REFUSE);
    uint32_t ttl = 1;
    assert_int_equal(ttl_apply_generated(z, &p, &dnssec, TEST_NOW, &ttl, d), ERR_OK);
    assert_int_equal(ttl, 3600);
    assert_int_equal(diags_n(d), 0);
    /* 200 s: too low for DNSKEY (300), fine for CDS and CDNSKEY (60), but strict wants 300 there */
    dnssec.dnskey_ttl_s = 200;
    ttl = 1;
    assert_int_equal(ttl_apply_generated(z, &p, &dnssec, TEST_NOW, &ttl, d), ERR_FINDINGS);
    assert_int_equal(ttl, 1);
    assert_string_equal(finding_text(d, "ttl-low"),
                        "inv.yaml:9:1: error: example. DNSKEY: TTL 200; expected at least 300 "
                        "(recommended) [ttl-low] (INVENTORY ttl-policies)");
    assert_int_equal(findings_n(d, "ttl-strict", SEV_WARNING), 2);
    p.mode = TTL_CLAMP;
    AUTO_PTR(diags) struct diags *clamped = diags_new();
    assert_int_equal(ttl_apply_generated(z, &p, &dnssec, TEST_NOW, &ttl, clamped), ERR_OK);
    assert_int_equal(ttl, 300);
    assert_int_equal(findings_n(clamped, "ttl-low", SEV_NOTE), 1);
    assert_int_equal(diags_n(clamped), 1);
    dnssec.dnskey_ttl_s = 172800; /* the CDS, under `any`, ends at a day */
    assert_int_equal(ttl_apply_generated(z, &p, &dnssec, TEST_NOW, &ttl, clamped), ERR_OK);
    assert_int_equal(ttl, 86400);
    dnssec.cds = CDS_NONE;
    assert_int_equal(ttl_apply_generated(z, &p, &dnssec, TEST_NOW, &ttl, clamped), ERR_OK);
    assert_int_equal(ttl, 172800);
}

static void zonemd_and_nsec3param_follow_the_soa(void **state)
{
    (void)state;
    const struct dnssec_policy dnssec = {
        .denial = DENIAL_NSEC3, .zonemd = true, .dnskey_ttl_s = 3600};
    const struct ttl_range any = {{0}, 0, 600, 86400};
    const struct ttl_policy p = {.name = "house", .mode = TTL_REFUSE, .ranges = &any, .range_n = 1};
    AUTO_PTR(zone)
    struct zone *z = zone_of("@ 300 SOA ns1 host 1 3600 600 86400 600\n@ NS a.test.\n", NULL);
    AUTO_PTR(diags) struct diags *d = diags_new();
    uint32_t ttl = 0;
    assert_int_equal(ttl_apply_generated(z, &p, &dnssec, TEST_NOW, &ttl, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "ttl-low", SEV_ERROR), 2);
    assert_string_equal(diags_at(d, 0)->at, "example. ZONEMD");
    assert_int_equal(diags_at(d, 0)->line, 1);
    assert_string_equal(diags_at(d, 1)->at, "example. NSEC3PARAM");
}

/* The record of signatures is packed anew with the content: NSEC, orphans and other RRsets stay. */
static void clamp_keeps_signatures_and_nsec(void **state)
{
    (void)state;
    static const char sig[] = "13 2 5 20261231000000 20261101000000 1 example. AAAA\n";
    AUTO(buf) struct buf in = {0};
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(zone) struct zone *out = NULL;
    struct ttl_policy p = recommended(TTL_CLAMP);
    buf_add_str(&in, ZONE_HEAD "a 5 A 192.0.2.1\na 3600 TXT x\na 300 NSEC b A TXT RRSIG NSEC\n");
    buf_printf(&in, "a 5 RRSIG A %sa 300 RRSIG NSEC %sa 5 RRSIG MX %s", sig, sig, sig);
    assert_int_equal(apply(buf_str(&in), &p, &out, NULL), ERR_OK);
    assert_int_equal(zone_write(out, &text), ERR_OK);
    const char *a = strstr(buf_str(&text), "a.example. 60 IN A ");
    assert_non_null(a);
    assert_string_equal(
        a, "a.example. 60 IN A 192.0.2.1\n"
           "a.example. 5 IN RRSIG A 13 2 5 20261231000000 20261101000000 1 example. AAAA\n"
           "a.example. 5 IN RRSIG MX 13 2 5 20261231000000 20261101000000 1 example. AAAA\n"
           "a.example. 3600 IN TXT \"x\"\n"
           "a.example. 300 IN NSEC b.example. A TXT RRSIG NSEC\n"
           "a.example. 300 IN RRSIG NSEC 13 2 5 20261231000000 20261101000000 1 example. AAAA\n"
           "ns1.example. 3600 IN A 192.0.2.1\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(clamp_keeps_signatures_and_nsec),
    cmocka_unit_test(builtin_policies_are_those_of_the_inventory_page),
    cmocka_unit_test(refuse_is_an_error_with_line_and_limit),
    cmocka_unit_test(report_is_a_warning_and_the_same_zone),
    cmocka_unit_test(clamp_changes_and_says_so),
    cmocka_unit_test(soa_minimum_has_its_own_range),
    cmocka_unit_test(recommended_advises_what_strict_would_refuse),
    cmocka_unit_test(ttl_over_a_third_of_the_validity_is_a_warning),
    cmocka_unit_test(waivers_replace_limits_for_a_time),
    cmocka_unit_test(waiver_findings_name_the_waiver),
    cmocka_unit_test(generated_records_obey_the_policy),
    cmocka_unit_test(zonemd_and_nsec3param_follow_the_soa),
};

TEST_MAIN(tests)
