/* Zones of unusual shapes and sizes through all ways of signing: anew, after an unproved and a
   proved version, and by a change. */
#include <libknot/descriptor.h>

#include "common/limits.h"
#include "tests/unit/signer/sign_testing.h"

static struct sign_params params_of(const struct dnssec_policy *policy, const struct keyset *keys)
{
    return (struct sign_params){
        .policy = policy, ALL_KEYS(keys), .dnskey_ttl_s = 3600, .now = TEST_NOW, .threads = 2};
}

static void add_text(struct records *r, const char *owner, const char *text)
{
    uint8_t rdata[256] = {(uint8_t)strlen(text)};
    memcpy(rdata + 1, text, strlen(text));
    assert_int_equal(records_add(r, wire(owner), KNOT_RRTYPE_TXT, 3600, rdata, 1 + strlen(text)),
                     ERR_OK);
}

static struct zone *change_ok(const struct zone *from, const struct records *removed,
                              const struct records *added, const struct sign_params *params)
{
    struct zone *out = NULL;
    AUTO(zone_diff) struct zone_diff diff = {0};
    struct sign_report r;
    struct verify_report v;
    const struct verify_params check = {.now = params->now};
    assert_int_equal(sign_change(from, removed, added, params, &out, &diff, &r, NULL), ERR_OK);
    assert_int_equal(verify_zone(out, &check, &v, NULL), ERR_OK);
    return out;
}

/* ------------------------------------------------------------------ shapes */

#define HEAD                                                                                       \
    "$TTL 3600\n"                                                                                  \
    "@ SOA ns.test. host.test. 10 7200 3600 1209600 300\n"                                         \
    "@ NS ns.test.\n"
#define LABEL_63 "x23456789012345678901234567890123456789012345678901234567890123"
#define DS       " DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"

static const struct shape {
    const char *name;
    const char *origin;
    const char *text;
} shapes[] = {
    {"one name", "example.", HEAD},
    {"DNAME at the apex", "example.", HEAD "@ DNAME other.test.\n"},
    {"records below a DNAME at the apex", "example.",
     HEAD "@ DNAME other.test.\na.b TXT \"x\"\nc NS ns.c\nns.c A 192.0.2.1\n"},
    {"wildcard at the apex", "example.", HEAD "* TXT \"x\"\n*.* TXT \"y\"\n"},
    {"delegation below a delegation", "example.",
     HEAD "a NS ns.b.a\na" DS "b.a NS ns.b.a\nb.a" DS "ns.b.a A 192.0.2.1\nz.z.a TXT \"x\"\n"},
    {"DNAME below a cut", "example.",
     HEAD "a NS ns.a\nd.a DNAME other.test.\nx.d.a TXT \"x\"\nns.a A 192.0.2.1\n"},
    {"a cut below a DNAME", "example.",
     HEAD "d DNAME other.test.\nc.d NS ns.c.d\nns.c.d A 192.0.2.1\nc.d" DS},
    {"DNAME and NS at one name", "example.",
     HEAD "d DNAME other.test.\nd NS ns.d\nns.d A 192.0.2.1\n"},
    {"deep empty non-terminals", "example.",
     HEAD "a.b.c.d.e.f TXT \"x\"\nz.c.d.e.f TXT \"y\"\nq.f NS ns.q.f\nns.q.f A 192.0.2.1\n"},
    {"an empty non-terminal over a cut and its glue", "example.",
     HEAD "c.e NS x.y.c.e\nx.y.c.e A 192.0.2.1\n"},
    {"the root", ".", HEAD "com NS ns.com\nns.com A 192.0.2.1\ncom" DS "*.arpa TXT \"x\"\n"},
    {"names of 255 octets", "example.",
     HEAD LABEL_63 "." LABEL_63 "." LABEL_63
                   ".y234567890123456789012345678901234567890123456789012 "
                   "TXT \"x\"\n"},
    {"keys below the apex", "example.",
     HEAD "sub CDS 0 0 0 00\nsub DNSKEY 257 3 13 AAAA\nsub ZONEMD 10 1 1 "
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567"
          "89abcdef\n"},
};

/* Adds names at and around those that are there, and takes them out again. */
static void grow_and_shrink(const struct zone *content, const struct zone *first,
                            struct sign_params *params)
{
    static const char *const places[] = {"a", "a.b", "x.c.e", "m.f", "q.x.d.e.f", "*", "com"};
    bool root = zone_apex(content)[0] == 0;
    AUTO_PTR(zone) struct zone *zone = zone_ref(first);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char name[64];
        AUTO_PTR(records) struct records *change = records_new();
        AUTO_PTR(records) struct records *cut = records_new();
        snprintf(name, sizeof name, "%s.%s", places[i], root ? "" : "example.");
        add_text(change, name, "new");
        assert_int_equal(
            records_add(cut, wire(name), KNOT_RRTYPE_NS, 3600, (const uint8_t *)"\2ns\4test", 9),
            ERR_OK);
        params->now += 10;
        AUTO_PTR(zone) struct zone *more = change_ok(zone, NULL, change, params);
        AUTO_PTR(zone) struct zone *delegated = change_ok(more, change, cut, params);
        zone_free(zone);
        zone = change_ok(delegated, cut, NULL, params);
        assert_int_equal(zone_node_n(zone), zone_node_n(first));
        assert_int_equal(zone_record_n(zone), zone_record_n(first));
    }
    AUTO_FREE char *text = zone_text(zone);
    AUTO_PTR(zone) struct zone *parsed = zone_of_at(root ? "." : "example.", text);
    struct sign_report r;
    params->previous = parsed;
    for (int proved = 0; proved < 2; proved++) {
        params->previous_is_proved = proved == 1;
        zone_free(sign_ok(content, params, &r));
        assert_false(r.changed);
        assert_int_equal(r.made, 0);
    }
}

static void unusual_zones_are_signed_in_every_way(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    for (size_t i = 0; i < 4 * (sizeof shapes / sizeof *shapes); i++) {
        const struct shape *s = &shapes[i / 4];
        struct dnssec_policy policy =
            policy_of(15, false, (i & 1) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        policy.zonemd = (i & 2) != 0;
        TEST_CASE(s->name);
        AUTO_PTR(zone) struct zone *content = zone_of_at(s->origin, s->text);
        struct sign_params params = params_of(&policy, &keys);
        struct sign_report r;
        AUTO_PTR(zone) struct zone *first = sign_ok(content, &params, &r);
        grow_and_shrink(content, first, &params);
    }
}

/* ------------------------------------------------------------------ sizes */

static struct zone *zone_of_names(size_t n)
{
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, HEAD);
    for (size_t i = 1; i < n; i++)
        buf_printf(&text, "n%03zu TXT \"x\"\n", i);
    return zone_of(buf_str(&text));
}

static void zones_that_end_at_the_border_of_a_leaf(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    for (size_t i = 0; i < 12; i++) {
        size_t n = (i / 4 + 1) * ZONE_LEAF_NODES - 1 + (i / 2) % 2 * 2 - (i / 2) % 2;
        struct dnssec_policy policy =
            policy_of(15, false, (i & 1) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        AUTO_PTR(zone) struct zone *content = zone_of_names(n);
        struct sign_params params = params_of(&policy, &keys);
        struct sign_report r;
        AUTO_PTR(zone) struct zone *zone = sign_ok(content, &params, &r);
        for (int j = 0; j < 3; j++) { /* over the border, behind the last and before the first */
            AUTO_PTR(records) struct records *added = records_new();
            add_text(added, j == 1 ? "0.example." : j == 0 ? "z.example." : "zz.example.", "new");
            struct zone *next = change_ok(zone, NULL, added, &params);
            zone_free(zone);
            zone = next;
        }
        assert_int_equal(zone_node_n(zone), (n + 3) * ((i & 1) + 1));
    }
}

static void put_address(struct records *r, uint32_t i)
{
    const uint8_t rdata[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    assert_int_equal(records_add(r, wire("big.example."), KNOT_RRTYPE_A, 300, rdata, 4), ERR_OK);
}

static void the_largest_rrset_is_signed_and_grows_no_further(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, true);
    struct dnssec_policy policy = policy_of(15, true, DENIAL_NSEC);
    struct sign_params params = params_of(&policy, &keys);
    AUTO_PTR(zone) struct zone *content = zone_of(HEAD "a TXT \"x\"\nc TXT \"x\"\n");
    AUTO_PTR(records) struct records *all = records_new();
    AUTO_PTR(records) struct records *one = records_new();
    struct sign_report r;
    for (uint32_t i = LIMIT_RRSET_RECORDS; i-- > 0;)
        put_address(all, i);
    put_address(one, LIMIT_RRSET_RECORDS);
    AUTO_PTR(zone) struct zone *first = sign_ok(content, &params, &r);
    AUTO_PTR(zone) struct zone *large = change_ok(first, NULL, all, &params);
    assert_int_equal(rrset_of(large, wire("big.example."), KNOT_RRTYPE_A).rrs.count,
                     LIMIT_RRSET_RECORDS);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    struct zone_diff diff = {0};
    assert_int_equal(sign_change(large, NULL, one, &params, &out, &diff, &r, d), ERR_LIMIT);
    assert_int_equal(findings_n(d, "rrset-too-large"), 1);
    assert_null(out);
    AUTO_PTR(zone) struct zone *small = change_ok(large, all, NULL, &params);
    assert_int_equal(zone_record_n(small), zone_record_n(first));
}

/* One type more than a node's lists of signatures have room for, the NSEC's among them. */
static void the_most_types_at_one_name(void **state)
{
    (void)state;
    enum { MOST = 32766, FIRST_TYPE = 1000 };
    AUTO(keyset) struct keyset keys = make_keys(15, true);
    struct dnssec_policy policy = policy_of(15, true, DENIAL_NSEC);
    struct sign_params params = params_of(&policy, &keys);
    params.self_check = SELF_CHECK_OFF;
    AUTO_PTR(zone) struct zone *content = zone_of(HEAD);
    AUTO_PTR(records) struct records *added = records_new();
    AUTO_PTR(records) struct records *one = records_new();
    const uint8_t *owner = wire("many.example.");
    struct sign_report r;
    for (uint16_t i = 0; i < MOST; i++)
        assert_int_equal(
            records_add(added, owner, (uint16_t)(FIRST_TYPE + i), 60, (const uint8_t *)"", 1),
            ERR_OK);
    assert_int_equal(records_add(one, owner, FIRST_TYPE + MOST, 60, (const uint8_t *)"", 1),
                     ERR_OK);
    AUTO_PTR(zone) struct zone *overlaid = NULL;
    AUTO_PTR(zone) struct zone *zone = NULL;
    struct zone *out = NULL;
    struct zone_diff diff = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(zone_overlay(content, added, &overlaid, NULL), ERR_OK);
    assert_int_equal(zone_overlay(overlaid, one, &out, d), ERR_LIMIT);
    assert_int_equal(sign_zone(overlaid, &params, &zone, &r, NULL), ERR_OK);
    struct zone_node node;
    assert_true(zone_find(zone, owner, &node));
    assert_int_equal(node.rrset_n, MOST + 1);
    assert_int_equal(rrset_of(zone, owner, FIRST_TYPE + MOST - 1).sig_n, 1);
    assert_int_equal(sign_change(zone, NULL, one, &params, &out, &diff, &r, d), ERR_LIMIT);
    assert_int_equal(findings_n(d, "rrset-too-large"), 2);
}

/* ------------------------------------------------------------------ what signing is told */

static int count_nodes(void *ctx, size_t index, size_t count, struct zone_cursor *nodes)
{
    atomic_size_t *n = ctx;
    struct zone_node node;
    assert_true(index < count);
    while (zone_next(nodes, &node))
        atomic_fetch_add(n, 1);
    return ERR_OK;
}

static void the_sink_gets_every_node_whatever_happens(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    for (int i = 0; i < 16; i++) {
        struct dnssec_policy policy =
            policy_of(15, false, (i & 1) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        policy.zonemd = (i & 2) != 0;
        AUTO_PTR(zone) struct zone *content = zone_of_names(140);
        atomic_size_t n = 0;
        const struct sign_sink sink = {.take = count_nodes, .ctx = &n};
        struct sign_params params = params_of(&policy, &keys);
        struct sign_report r;
        params.sink = &sink;
        AUTO_PTR(zone) struct zone *first = sign_ok(content, &params, &r);
        assert_int_equal(n, zone_node_n(first));
        params.previous = first;
        params.previous_is_proved = (i & 4) != 0;
        params.now += (i & 8) != 0 ? policy.signature_validity_s : 10;
        atomic_store(&n, 0);
        AUTO_PTR(zone) struct zone *second = sign_ok(content, &params, &r);
        assert_int_equal(n, zone_node_n(second));
        assert_int_equal(r.changed, (i & 8) != 0);
    }
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(13, false);
    AUTO_PTR(zone) struct zone *content = zone_of_names(500);
    for (int i = 0; i < 4; i++) {
        struct dnssec_policy policy =
            policy_of(13, false, (i & 1) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        policy.zonemd = (i & 2) != 0;
        AUTO_FREE char *texts[3] = {NULL, NULL, NULL};
        for (size_t threads = 1; threads <= 3; threads++) {
            struct sign_params params = params_of(&policy, &keys);
            struct sign_report r;
            params.threads = threads;
            AUTO_PTR(zone) struct zone *zone = sign_ok(content, &params, &r);
            texts[threads - 1] = zone_text(zone);
        }
        assert_string_equal(texts[0], texts[1]);
        assert_string_equal(texts[0], texts[2]);
        free(texts[1]);
        free(texts[2]);
    }
}

/* What has the SOA's TTL follows it, though the TTL of denial is the same. */
static void a_change_of_the_soa_ttl_reaches_what_follows_it(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    struct dnssec_policy policy = policy_of(15, false, DENIAL_NSEC3);
    policy.zonemd = true;
    struct sign_params params = params_of(&policy, &keys);
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    struct sign_report r;
    AUTO_PTR(zone) struct zone *first = sign_ok(content, &params, &r);
    const uint8_t *apex = wire("example.");
    struct zone_rrset soa = rrset_of(first, apex, KNOT_RRTYPE_SOA);
    AUTO_PTR(records) struct records *removed = records_new();
    AUTO_PTR(records) struct records *added = records_new();
    const knot_rdata_t *rr = soa.rrs.rdata;
    assert_int_equal(records_add(removed, apex, soa.type, soa.ttl, rr->data, rr->len), ERR_OK);
    assert_int_equal(records_add(added, apex, soa.type, 7200, rr->data, rr->len), ERR_OK);
    AUTO_PTR(zone) struct zone *second = change_ok(first, removed, added, &params);
    assert_int_equal(rrset_of(second, apex, KNOT_RRTYPE_SOA).ttl, 7200);
    assert_int_equal(rrset_of(second, apex, KNOT_RRTYPE_NSEC3PARAM).ttl, 7200);
    assert_int_equal(rrset_of(second, apex, KNOT_RRTYPE_ZONEMD).ttl, 7200);
}

/* A new key with the tag of the one that it replaces: nothing of that is kept. */
static void another_key_with_the_same_tag_signs_anew(void **state)
{
    (void)state;
    enum { TRIES = 5000 };
    static struct keyset by_tag[65536];
    struct keyset *a = NULL;
    struct keyset b = {0};
    for (size_t i = 0; i < TRIES && a == NULL; i++) {
        b = make_keys(15, true);
        a = &by_tag[key_tag(b.keys[0])];
        if (a->n == 0) {
            *a = b;
            a = NULL;
        }
    }
    assert_non_null(a);
    struct dnssec_policy policy = policy_of(15, true, DENIAL_NSEC);
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    struct sign_params params = params_of(&policy, a);
    struct sign_report r;
    AUTO_PTR(zone) struct zone *first = sign_ok(content, &params, &r);
    params.keys = uses_of(&b);
    params.previous = first;
    params.previous_is_proved = true;
    zone_free(sign_ok(content, &params, &r));
    assert_int_equal(r.reused, 0);
    keyset_done(&b);
    for (size_t i = 0; i < 65536; i++)
        keyset_done(&by_tag[i]);
}

/* Proved or not, what a previous version of other settings leaves is a zone as these want it. */
static void a_previous_version_of_other_settings(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    for (int i = 0; i < 128; i++) {
        struct dnssec_policy old = policy_of(15, false, (i & 1) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        struct dnssec_policy new = policy_of(15, false, (i & 2) == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
        old.zonemd = (i & 4) != 0;
        new.zonemd = (i & 8) != 0;
        new.signature_validity_s -= (i & 16) != 0 ? 2 * 86400 : 0;
        new.signature_jitter_s = (i & 16) != 0 ? 0 : new.signature_jitter_s;
        AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
        AUTO_PTR(zone)
        struct zone *other = zone_of(
            "$TTL 3600\n@ SOA ns1 host 10 7200 3600 1209600 600\n@ NS ns1\nns1 A 192.0.2.1\n");
        struct sign_params params = params_of(&old, &keys);
        struct sign_report r;
        AUTO_PTR(zone) struct zone *first = sign_ok((i & 32) != 0 ? other : content, &params, &r);
        params.previous = first;
        params.previous_is_proved = (i & 64) != 0;
        params.policy = &new;
        params.now -= (i & 16) != 0 ? 7200 : -10; /* the clock was put back */
        AUTO_PTR(zone) struct zone *after = sign_ok(content, &params, &r);
        assert_true(r.rebuild_before_at > params.now);
        assert_true(!r.changed || serial_is_after(r.serial, zone_soa_serial(first)));
        params.previous = NULL;
        AUTO_PTR(zone) struct zone *anew = sign_ok(content, &params, &r);
        assert_int_equal(zone_node_n(after), zone_node_n(anew));
        assert_int_equal(zone_record_n(after), zone_record_n(anew));
        struct zone_cursor x;
        struct zone_cursor y;
        struct zone_node m;
        struct zone_node n;
        zone_first(after, &x);
        zone_first(anew, &y);
        while (zone_next(&x, &m) && zone_next(&y, &n)) {
            assert_int_equal(name_compare(m.owner, n.owner), 0);
            assert_int_equal(m.rrset_n, n.rrset_n);
            assert_int_equal(m.flags, n.flags);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(unusual_zones_are_signed_in_every_way),
    cmocka_unit_test(zones_that_end_at_the_border_of_a_leaf),
    cmocka_unit_test(the_largest_rrset_is_signed_and_grows_no_further),
    cmocka_unit_test(the_most_types_at_one_name),
    cmocka_unit_test(the_sink_gets_every_node_whatever_happens),
    cmocka_unit_test(the_number_of_threads_changes_nothing),
    cmocka_unit_test(a_change_of_the_soa_ttl_reaches_what_follows_it),
    cmocka_unit_test(another_key_with_the_same_tag_signs_anew),
    cmocka_unit_test(a_previous_version_of_other_settings),
};
TEST_MAIN(tests)
