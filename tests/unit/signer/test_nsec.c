/* The denial chains, read back from signed zones (verify_zone judges them in test_sign). */
#include <libknot/descriptor.h>

#include "signer/chain.h"
#include "signer/job.h"
#include "tests/unit/signer/sign_testing.h"
#include "zones/packed.h"

static struct zone *sign_text(const char *text, enum denial denial)
{
    AUTO(keyset) struct keyset keys = make_keys(13, true);
    struct dnssec_policy p = policy_of(13, true, denial);
    struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    AUTO_PTR(zone) struct zone *z = zone_of(text);
    return sign_ok(z, &params, &report);
}

static void text_of(const struct zone *z, const char *owner, uint16_t type, struct buf *ret)
{
    struct zone_rrset set = rrset_of(z, wire(owner), type);
    assert_int_equal(set.rrs.count, 1);
    assert_int_equal(record_write(wire(owner), set.ttl, type, set.rrs.rdata, ret), ERR_OK);
}

static void nsec_chain_holds_every_own_name_and_no_other(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "example. 300 IN NSEC cut.example. NS SOA RRSIG NSEC DNSKEY ZONEMD\n",
        "*.w.example. 300 IN NSEC www.example. TXT RRSIG NSEC\n",
        "a.b.ent.example. 300 IN NSEC ns1.example. TXT RRSIG NSEC\n",
        "cut.example. 300 IN NSEC dn.example. NS RRSIG NSEC\n",
        "dn.example. 300 IN NSEC a.b.ent.example. DNAME RRSIG NSEC\n",
        "safe.example. 300 IN NSEC *.w.example. NS DS RRSIG NSEC\n",
        "www.example. 300 IN NSEC example. CNAME RRSIG NSEC\n",
    };
    AUTO_PTR(zone) struct zone *z = sign_text(TEST_ZONE, DENIAL_NSEC);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        TEST_CASE(lines[i]);
        AUTO(buf) struct buf b = {0};
        char owner[64];
        assert_int_equal(sscanf(lines[i], "%63s", owner), 1);
        text_of(z, owner, KNOT_RRTYPE_NSEC, &b);
        assert_string_equal(buf_str(&b), lines[i]);
    }
    struct zone_node node;
    assert_false(has_rrset(z, wire("ns.cut.example."), KNOT_RRTYPE_NSEC));
    assert_false(zone_find(z, wire("b.ent.example."), &node));
}

/* RFC 9077 s3 */
static void denial_ttl_is_the_lesser_of_minimum_and_soa_ttl(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *soa;
        uint32_t ttl;
    } cases[] = {
        {"minimum is less", "@ 3600 SOA ns1 host 10 7200 3600 1209600 300\n", 300},
        {"soa ttl is less", "@ 120 SOA ns1 host 10 7200 3600 1209600 300\n", 120},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int n3 = 0; n3 < 2; n3++) {
            TEST_CASE(cases[i].name);
            char text[256];
            snprintf(text, sizeof text, "%s@ 3600 NS ns1\nns1 3600 A 192.0.2.1\n", cases[i].soa);
            AUTO_PTR(zone)
            struct zone *z = sign_text(text, n3 == 0 ? DENIAL_NSEC : DENIAL_NSEC3);
            size_t n = 0;
            struct zone_cursor at;
            struct zone_node node;
            zone_first(z, &at);
            while (zone_next(&at, &node)) {
                struct zone_rrset set;
                uint16_t type = n3 == 0 ? KNOT_RRTYPE_NSEC : KNOT_RRTYPE_NSEC3;
                if (!zone_node_rrset(&node, type, &set))
                    continue;
                assert_int_equal(set.ttl, cases[i].ttl);
                assert_int_equal(sig_of(&set).ttl, cases[i].ttl);
                n++;
            }
            assert_int_equal(n, 2);
        }
    }
}

static bool nsec3_of(const struct zone *z, const char *name, struct zone_rrset *ret)
{
    uint8_t hash[NSEC3_HASH_LEN];
    char label[33] = {0};
    char owner[64];
    assert_int_equal(nsec3_hash(wire(name), 0, (struct bytes){0}, hash), ERR_OK);
    nsec3_label(hash, (uint8_t *)label);
    snprintf(owner, sizeof owner, "%s.example.", label);
    return zone_rrset(z, wire(owner), KNOT_RRTYPE_NSEC3, ret);
}

/* The types of an NSEC3 as text, e.g. "NS DS RRSIG". */
static void types_text(const struct zone_rrset *set, char ret[256])
{
    const knot_rdata_t *rr = set->rrs.rdata;
    ret[0] = 0;
    for (size_t at = 6 + NSEC3_HASH_LEN; at < rr->len; at += 2u + rr->data[at + 1]) {
        for (unsigned bit = 0; bit < rr->data[at + 1] * 8u; bit++) {
            if ((rr->data[at + 2 + bit / 8] & (0x80 >> (bit % 8))) == 0)
                continue;
            char type[TYPE_TEXT_LEN];
            type_to_text((uint16_t)((unsigned)rr->data[at] << 8 | bit), type);
            snprintf(ret + strlen(ret), 256 - strlen(ret), "%s%s", ret[0] == 0 ? "" : " ", type);
        }
    }
}

static void nsec3_chain_holds_empty_names_and_insecure_cuts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *types; /* NULL: not in the chain */
    } cases[] = {
        {"example.", "NS SOA RRSIG DNSKEY NSEC3PARAM ZONEMD"},
        {"ns1.example.", "A RRSIG"},
        {"w.example.", ""},
        {"*.w.example.", "TXT RRSIG"},
        {"ent.example.", ""},
        {"b.ent.example.", ""},
        {"a.b.ent.example.", "TXT RRSIG"},
        {"cut.example.", "NS"},
        {"ns.cut.example.", NULL},
        {"safe.example.", "NS DS RRSIG"},
        {"dn.example.", "DNAME RRSIG"},
        {"www.example.", "CNAME RRSIG"},
        {"absent.example.", NULL},
    };
    AUTO_PTR(zone) struct zone *z = sign_text(TEST_ZONE, DENIAL_NSEC3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        struct zone_rrset set;
        bool found = nsec3_of(z, cases[i].name, &set);
        assert_int_equal(found, cases[i].types != NULL);
        if (!found)
            continue;
        char types[256];
        types_text(&set, types);
        assert_string_equal(types, cases[i].types);
        /* RFC 9276 s3.1: SHA-1, no flags, no iterations, no salt */
        static const uint8_t head[6] = {1, 0, 0, 0, 0, NSEC3_HASH_LEN};
        assert_memory_equal(set.rrs.rdata->data, head, sizeof head);
    }
}

/* RFC 4035 s2.3: what else stands at a cut is the child's. */
static void at_a_cut_only_ns_and_ds_are_listed(void **state)
{
    (void)state;
    static const char text[] = TEST_ZONE "self NS self\nself A 192.0.2.9\nself AAAA 2001:db8::9\n";
    AUTO_PTR(zone) struct zone *z = sign_text(text, DENIAL_NSEC);
    AUTO(buf) struct buf b = {0};
    text_of(z, "self.example.", KNOT_RRTYPE_NSEC, &b);
    assert_string_equal(buf_str(&b), "self.example. 300 IN NSEC *.w.example. NS RRSIG NSEC\n");
    AUTO_PTR(zone) struct zone *z3 = sign_text(text, DENIAL_NSEC3);
    char types[256];
    struct zone_rrset nsec3;
    assert_true(nsec3_of(z3, "self.example.", &nsec3));
    types_text(&nsec3, types);
    assert_string_equal(types, "NS");
}

/* Hashes stand below a DNAME at the apex, and are signed all the same. */
static void a_dname_at_the_apex_leaves_one_name(void **state)
{
    (void)state;
    static const char text[] = "@ 3600 SOA ns.x. host.x. 10 7200 3600 1209600 300\n"
                               "@ 3600 NS ns.x.\n@ 3600 DNAME other.test.\n";
    AUTO_PTR(zone) struct zone *z = sign_text(text, DENIAL_NSEC);
    AUTO(buf) struct buf b = {0};
    text_of(z, "example.", KNOT_RRTYPE_NSEC, &b);
    assert_string_equal(buf_str(&b),
                        "example. 300 IN NSEC example. NS SOA DNAME RRSIG NSEC DNSKEY ZONEMD\n");
    AUTO_PTR(zone) struct zone *z3 = sign_text(text, DENIAL_NSEC3);
    assert_int_equal(zone_node_n(z3), 2);
    struct zone_rrset set;
    assert_true(nsec3_of(z3, "example.", &set));
    assert_int_equal(set.sig_n, 1);
}

/* A cut named like the hash of the apex: its node holds the apex's NSEC3, which is ours. */
static void a_cut_may_be_named_like_a_hash(void **state)
{
    (void)state;
    uint8_t hash[NSEC3_HASH_LEN];
    char label[33] = {0};
    char owner[64];
    char text[1024];
    assert_int_equal(nsec3_hash(wire("example."), 0, (struct bytes){0}, hash), ERR_OK);
    nsec3_label(hash, (uint8_t *)label);
    snprintf(owner, sizeof owner, "%s.example.", label);
    snprintf(text, sizeof text, TEST_ZONE "%s NS ns1\n", label);
    AUTO_PTR(zone) struct zone *z = sign_text(text, DENIAL_NSEC3);
    struct zone_rrset nsec3;
    assert_true(nsec3_of(z, "example.", &nsec3));
    assert_int_equal(nsec3.sig_n, 1);
    assert_int_equal(rrset_of(z, wire(owner), KNOT_RRTYPE_NS).sig_n, 0);
    char types[256];
    assert_true(nsec3_of(z, owner, &nsec3));
    types_text(&nsec3, types);
    assert_string_equal(types, "NS");
}

/* No two names with one SHA-1 are at hand: the names have one twice. */
static void one_hash_of_two_names_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    AUTO(keyset) struct keyset keys = make_keys(13, true);
    struct dnssec_policy p = policy_of(13, true, DENIAL_NSEC3);
    const struct sign_params params = {
        .policy = &p, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(job) struct job job = {.content = z, .params = &params, .diags = d};
    job.zone = zone_new(zone_apex(z), NULL);
    AUTO(order_maker) struct order_maker twice = {.apex = zone_apex(z)};
    static const char *const names[] = {"example.", "www.example.", "www.example."};
    for (size_t i = 0; i < 3; i++) {
        struct zone_node node;
        assert_true(zone_find(z, wire(names[i]), &node));
        size_t start = twice.content.octets.len;
        buf_add(&twice.content.octets, node.content, pack_content_len(node.content));
        assert_int_equal(order_add(&twice, start, false, 0), ERR_OK);
    }
    assert_int_equal(order_make(&twice, &job.zone->names), ERR_OK);
    assert_int_equal(job_hire(&job, 1), ERR_OK);
    assert_int_equal(nsec3_build(&job), ERR_CRYPTO);
    assert_non_null(strstr(finding_text(d, "sign-nsec3-collision"), "the same hash as"));
}

static void types_beyond_the_first_window_are_listed(void **state)
{
    (void)state;
    AUTO_PTR(zone)
    struct zone *z = sign_text(
        TEST_ZONE "big A 192.0.2.9\nbig CAA 0 issue \"x\"\nbig TYPE65280 \\# 1 00\n", DENIAL_NSEC);
    AUTO(buf) struct buf b = {0};
    text_of(z, "big.example.", KNOT_RRTYPE_NSEC, &b);
    assert_string_equal(buf_str(&b),
                        "big.example. 300 IN NSEC cut.example. A RRSIG NSEC CAA TYPE65280\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nsec_chain_holds_every_own_name_and_no_other),
    cmocka_unit_test(denial_ttl_is_the_lesser_of_minimum_and_soa_ttl),
    cmocka_unit_test(nsec3_chain_holds_empty_names_and_insecure_cuts),
    cmocka_unit_test(at_a_cut_only_ns_and_ds_are_listed),
    cmocka_unit_test(a_dname_at_the_apex_leaves_one_name),
    cmocka_unit_test(a_cut_may_be_named_like_a_hash),
    cmocka_unit_test(one_hash_of_two_names_is_refused),
    cmocka_unit_test(types_beyond_the_first_window_are_listed),
};

TEST_MAIN(tests)
