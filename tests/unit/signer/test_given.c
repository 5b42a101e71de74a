/* Keys whose private half is elsewhere: an offline KSK with signatures given, a lost KSK or ZSK. */
#include <libknot/descriptor.h>

#include "tests/unit/signer/sign_testing.h"

#define DAY 86400

/* A zone with a KSK and a ZSK, signed where both are (`first`); and the KSK as it is known
 * elsewhere. */
struct fixture {
    struct keyset keys;
    struct key *public[2]; /* of each */
    struct zone *content;
    struct zone *changed; /* another A at ns1 */
    struct zone *first;
    struct dnssec_policy policy;
    struct sign_key uses[3];
    struct sign_params params;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sign_report report;
    assert_non_null(f);
    f->keys = make_keys(13, false);
    f->content = zone_of(TEST_ZONE);
    f->changed = zone_of(TEST_ZONE "ns1 A 192.0.2.3\n");
    f->policy = policy_of(13, false, DENIAL_NSEC);
    sign_keys_of(&f->keys, f->uses);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(key_from_dnskey(key_dnskey_rdata(f->keys.keys[i]),
                                         key_role(f->keys.keys[i]), &f->public[i]),
                         ERR_OK);
    f->params = (struct sign_params){.policy = &f->policy,
                                     .keys = f->uses,
                                     .key_n = 2,
                                     .shows_cds = true,
                                     .dnskey_ttl_s = 3600,
                                     .now = TEST_NOW};
    f->first = sign_ok(f->content, &f->params, &report);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    keyset_done(&f->keys);
    for (size_t i = 0; i < 2; i++)
        key_free(f->public[i]);
    zone_free(f->content);
    zone_free(f->changed);
    zone_free(f->first);
    free(f);
    return 0;
}

enum { KSK, ZSK };

/* From here on key WHICH has no private half. */
static void lose(struct fixture *f, int which)
{
    f->uses[which].key = f->public[which];
}

/* The finding "key-signature", which must be the only one. */
static const char *refused(const struct fixture *f, const struct zone *content)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    struct sign_report report;
    assert_int_equal(sign_zone(content, &f->params, &out, &report, d), ERR_KEY);
    assert_null(out);
    assert_int_equal(diags_n(d), 1);
    return finding_text(d, "key-signature");
}

static struct zone_sig apex_sig(const struct zone *z, uint16_t type)
{
    struct zone_rrset set = rrset_of(z, zone_apex(z), type);
    return sig_of(&set);
}

/* The apex's signature over TYPE is the same in both. */
static void same_sig(const struct zone *a, const struct zone *b, uint16_t type)
{
    assert_true(bytes_equal(apex_sig(a, type).signature, apex_sig(b, type).signature));
}

/* Z with the first signature over TYPE at the apex changed by a bit. */
static struct zone *tampered(const struct zone *z, const char *type)
{
    char start[64];
    AUTO_FREE char *text = zone_text(z);
    snprintf(start, sizeof start, "IN RRSIG %s ", type);
    char *at = strstr(text, start);
    assert_non_null(at);
    at = strchr(at, '\n') - 8;
    *at = *at == 'A' ? 'B' : 'A';
    return zone_of(text);
}

/* ------------------------------------------------------------------ an offline KSK */

static void given_signatures_stand_for_a_key_that_is_elsewhere(void **state)
{
    struct fixture *f = *state;
    struct sign_report report;
    lose(f, KSK);
    f->params.given = f->first;
    AUTO_PTR(zone) struct zone *z = sign_ok(f->changed, &f->params, &report);
    same_sig(z, f->first, KNOT_RRTYPE_DNSKEY);
    same_sig(z, f->first, KNOT_RRTYPE_CDS);
    same_sig(z, f->first, KNOT_RRTYPE_CDNSKEY);
    for (int proved = 0; proved < 2; proved++) {
        f->params.previous = z;
        f->params.previous_is_proved = proved != 0;
        AUTO_PTR(zone) struct zone *again = sign_ok(f->changed, &f->params, &report);
        assert_ptr_equal(again, z);
        AUTO_PTR(zone) struct zone *next = sign_ok(f->content, &f->params, &report);
        same_sig(next, f->first, KNOT_RRTYPE_DNSKEY);
    }
}

/* RFC 7344 s4.1 speaks of the apex. Elsewhere, as under a name server that signals for other zones
   (RFC 9615 s4.1), CDS and CDNSKEY are data like any other, and need no KSK. */
static void key_records_below_the_apex_are_signed_as_data(void **state)
{
    struct fixture *f = *state;
    struct sign_report report;
    AUTO_PTR(zone)
    struct zone *signals = zone_of(TEST_ZONE "_dsboot.other.test._signal.ns1 CDS 0 0 0 00\n"
                                             "_dsboot.other.test._signal.ns1 CDNSKEY 0 3 0 AA==\n");
    lose(f, KSK);
    f->params.given = f->first;
    AUTO_PTR(zone) struct zone *z = sign_ok(signals, &f->params, &report);
    for (int proved = 0; proved < 2; proved++) {
        f->params.previous = z;
        f->params.previous_is_proved = proved != 0;
        AUTO_PTR(zone) struct zone *again = sign_ok(signals, &f->params, &report);
        assert_ptr_equal(again, z);
    }
    struct zone_rrset set =
        rrset_of(z, wire("_dsboot.other.test._signal.ns1.example."), KNOT_RRTYPE_CDS);
    assert_int_equal(set.sig_n, 1);
    assert_int_equal(sig_of(&set).key_tag, key_tag(f->keys.keys[ZSK]));
}

static void signatures_that_cannot_be_used_are_refused_with_the_reason(void **state)
{
    struct fixture *f = *state;
    AUTO_PTR(zone) struct zone *wrong = tampered(f->first, "DNSKEY");
    AUTO_PTR(zone) struct zone *wrong_cds = tampered(f->first, "CDS");
    AUTO_PTR(zone) struct zone *other = NULL;
    AUTO(keyset) struct keyset more = make_keys(13, false);
    struct sign_report report;
    f->params.shows_cds = false;
    other = sign_ok(f->content, &f->params, &report); /* without CDS and CDNSKEY */
    f->params.shows_cds = true;
    const struct {
        const char *name;
        const struct zone *given;
        int64_t now;
        bool more; /* another ZSK in the DNSKEY RRset */
        const char *at;
        const char *found;
    } cases[] = {
        {"none", NULL, TEST_NOW, false, "DNSKEY", "no signature of it is at hand"},
        {"not valid any more", f->first, TEST_NOW + 31 * DAY, false, "DNSKEY",
         "the one at hand is valid from 2026-11-21T09:00:00Z until 2026-12-2"},
        {"not valid yet", f->first, TEST_NOW - 2 * 3600, false, "DNSKEY",
         "the one at hand is valid from 2026-11-21T09:00:00Z until 2026-12-2"},
        {"of another DNSKEY set", f->first, TEST_NOW, true, "DNSKEY", "does not verify over it"},
        {"tampered with", wrong, TEST_NOW, false, "DNSKEY", "does not verify over it"},
        {"tampered with, of CDS", wrong_cds, TEST_NOW, false, "CDS", "does not verify over it"},
        {"none of CDS", other, TEST_NOW, false, "CDS", "no signature of it is at hand"},
    };
    lose(f, KSK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        char start[64];
        f->params.given = cases[i].given;
        f->params.now = cases[i].now;
        f->uses[2] = (struct sign_key){more.keys[1], true, false, false};
        f->params.key_n = cases[i].more ? 3 : 2;
        const char *found = refused(f, f->content);
        snprintf(start, sizeof start, "example. %s: ksk %u", cases[i].at, key_tag(f->public[KSK]));
        assert_non_null(strstr(found, start));
        assert_non_null(strstr(found, cases[i].found));
        assert_non_null(strstr(found, "restored from backup"));
    }
}

static void the_one_that_lasts_longest_is_taken(void **state)
{
    struct fixture *f = *state;
    struct sign_report report;
    f->params.now = TEST_NOW + 2 * DAY;
    AUTO_PTR(zone) struct zone *later = sign_ok(f->content, &f->params, &report);
    lose(f, KSK);
    f->params.given = f->first;
    AUTO_PTR(zone) struct zone *z = sign_ok(f->content, &f->params, &report);
    for (int proved = 0; proved < 2; proved++) {
        f->params.previous = z;
        f->params.previous_is_proved = proved != 0;
        f->params.given = later;
        AUTO_PTR(zone) struct zone *next = sign_ok(f->content, &f->params, &report);
        assert_true(report.changed);
        same_sig(next, later, KNOT_RRTYPE_DNSKEY);
        f->params.previous = next;
        f->params.given = f->first; /* does not go back */
        AUTO_PTR(zone) struct zone *same = sign_ok(f->content, &f->params, &report);
        assert_ptr_equal(same, next);
    }
}

static void given_signatures_work_with_a_change(void **state)
{
    struct fixture *f = *state;
    AUTO_PTR(records) struct records *added = records_new();
    AUTO_PTR(zone) struct zone *out = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(zone_diff) struct zone_diff diff = {0};
    struct sign_report report;
    lose(f, KSK);
    assert_int_equal(
        records_add(added, wire("new.example."), KNOT_RRTYPE_TXT, 60, (const uint8_t *)"\1x", 2),
        ERR_OK);
    assert_int_equal(sign_change(f->first, NULL, added, &f->params, &out, &diff, &report, d),
                     ERR_OK);
    struct verify_params v = {.now = TEST_NOW};
    struct verify_report r;
    assert_int_equal(verify_zone(out, &v, &r, d), ERR_OK);
    same_sig(out, f->first, KNOT_RRTYPE_DNSKEY);
    f->params.now = TEST_NOW + 31 * DAY;
    zone_free(TAKE(out));
    zone_diff_done(&diff);
    diff = (struct zone_diff){0};
    assert_int_equal(sign_change(f->first, NULL, added, &f->params, &out, &diff, &report, d),
                     ERR_KEY);
    assert_int_equal(findings_n(d, "key-signature"), 1);
}

/* ------------------------------------------------------------------ a lost key */

/* Without the KSK: what it signed stays until it ends, all else is refreshed. */
static void a_lost_ksk_stops_nothing_until_its_signature_ends(void **state)
{
    struct fixture *f = *state;
    struct sign_report report;
    static const uint16_t types[] = {KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY};
    int64_t end = INT64_MAX;
    for (size_t i = 0; i < 3; i++) {
        int64_t at = apex_sig(f->first, types[i]).expiration;
        end = at < end ? at : end;
    }
    lose(f, KSK);
    for (int proved = 0; proved < 2; proved++) {
        f->params.previous = f->first;
        f->params.previous_is_proved = proved != 0;
        f->params.now = end - 1;
        AUTO_PTR(zone) struct zone *z = sign_ok(f->content, &f->params, &report);
        same_sig(z, f->first, KNOT_RRTYPE_DNSKEY);
        assert_int_equal(report.expires_at, end);
        assert_true(report.made > 10);
        f->params.now = end;
        assert_non_null(strstr(refused(f, f->content), "valid from"));
    }
}

static void without_the_zsk_only_what_is_signed_stays(void **state)
{
    struct fixture *f = *state;
    struct sign_report report;
    lose(f, ZSK);
    assert_non_null(strstr(refused(f, f->content), "whose private half is not here"));
    for (int proved = 0; proved < 2; proved++) {
        f->params.now = TEST_NOW;
        f->params.previous = f->first;
        f->params.previous_is_proved = proved != 0;
        AUTO_PTR(zone) struct zone *same = sign_ok(f->content, &f->params, &report);
        assert_ptr_equal(same, f->first);
        char start[64];
        snprintf(start, sizeof start, "example.: zsk %u", key_tag(f->public[ZSK]));
        assert_non_null(strstr(refused(f, f->changed), start));
        f->params.now = TEST_NOW + 31 * DAY;
        assert_non_null(strstr(refused(f, f->content), start));
    }
}

/* As in a rollover: the old ZSK is gone, the new one is there. */
static void a_lost_zsk_that_signs_no_more_is_not_missed(void **state)
{
    struct fixture *f = *state;
    struct sign_report report;
    AUTO(keyset) struct keyset more = make_keys(13, false);
    lose(f, ZSK);
    f->uses[ZSK].signs = false;
    f->uses[2] = (struct sign_key){more.keys[1], true, true, false};
    f->params.key_n = 3;
    f->params.previous = f->first;
    zone_free(sign_ok(f->changed, &f->params, &report));
}

/* ------------------------------------------------------------------ keys from DNSKEY records */

static void a_public_key_is_the_same_key(void **state)
{
    (void)state;
    static const uint8_t algorithms[] = {8, 13, 14, 15, 16};
    for (size_t i = 0; i < sizeof algorithms; i++) {
        AUTO(keyset) struct keyset set = make_keys(algorithms[i], false);
        for (size_t j = 0; j < set.n; j++) {
            AUTO_PTR(key) struct key *k = NULL;
            struct bytes rdata = key_dnskey_rdata(set.keys[j]);
            assert_int_equal(key_from_dnskey(rdata, key_role(set.keys[j]), &k), ERR_OK);
            assert_string_equal(key_digest(k), key_digest(set.keys[j]));
            assert_int_equal(key_tag(k), key_tag(set.keys[j]));
            assert_int_equal(key_algorithm(k), algorithms[i]);
            assert_true(bytes_equal(key_dnskey_rdata(k), rdata));
            assert_true(key_is_public(k));
            assert_false(key_is_public(set.keys[j]));
            assert_int_equal(key_store(k, "/nonexistent", NULL), ERR_KEY);
        }
    }
}

static void other_dnskey_records_are_refused(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset set = make_keys(13, true);
    struct bytes good = key_dnskey_rdata(set.keys[0]);
    static const struct {
        const char *name;
        size_t at;
        uint8_t octet;
        size_t len; /* 0: all */
    } cases[] = {
        {"not a zone key", 0, 0, 0},
        {"a ZSK's flags", 1, 0, 0},
        {"revoked", 1, 0x81, 0},
        {"another protocol", 2, 2, 0},
        {"an algorithm of DSA", 3, 3, 0},
        {"another algorithm", 3, 14, 0},
        {"cut short", 0, 1, 40},
        {"no key", 0, 1, 4},
        {"nothing", 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        uint8_t octets[128];
        struct key *k = NULL;
        memcpy(octets, good.data, good.len);
        octets[cases[i].at] = cases[i].octet;
        size_t len = cases[i].len != 0 ? cases[i].len : good.len;
        len = i + 1 == sizeof cases / sizeof *cases ? 0 : len;
        assert_int_equal(key_from_dnskey((struct bytes){octets, len}, KEY_CSK, &k), ERR_KEY);
        assert_null(k);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    CASE(given_signatures_stand_for_a_key_that_is_elsewhere),
    CASE(key_records_below_the_apex_are_signed_as_data),
    CASE(signatures_that_cannot_be_used_are_refused_with_the_reason),
    CASE(the_one_that_lasts_longest_is_taken),
    CASE(given_signatures_work_with_a_change),
    CASE(a_lost_ksk_stops_nothing_until_its_signature_ends),
    CASE(without_the_zsk_only_what_is_signed_stays),
    CASE(a_lost_zsk_that_signs_no_more_is_not_missed),
    cmocka_unit_test(a_public_key_is_the_same_key),
    cmocka_unit_test(other_dnskey_records_are_refused),
};

TEST_MAIN(tests)
