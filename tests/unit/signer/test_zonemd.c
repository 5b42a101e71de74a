/* RFC 8976 appendix A. A.1 is carried here; the larger zones are in the shared data. */
#include <libknot/descriptor.h>

#include "signer/job.h"
#include "tests/unit/signer/sign_testing.h"

/* A.1: glue, occlusion and case aside, the smallest zone there is. */
static const char rfc8976_a1[] =
    "example. 86400 IN SOA ns1 admin 2018031900 1800 900 604800 86400\n"
    "example. 86400 IN NS ns1\n"
    "example. 86400 IN NS ns2\n"
    "example. 86400 IN ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3"
    "a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c\n"
    "ns1 3600 IN A 203.0.113.63\n"
    "ns2 3600 IN AAAA 2001:db8::63\n";

/* Every SIMPLE record at the apex says what is computed. */
static size_t check_records(const struct zone *z)
{
    size_t n = 0;
    struct zone_rrset set = rrset_of(z, zone_apex(z), KNOT_RRTYPE_ZONEMD);
    for (uint16_t i = 0; i < set.rrs.count; i++) {
        const knot_rdata_t *rr = knot_rdataset_at(&set.rrs, i);
        uint8_t hash = rr->data[5];
        if (rr->data[4] != 1 || (hash != ZONEMD_SHA384 && hash != ZONEMD_SHA512))
            continue;
        uint8_t digest[ZONEMD_DIGEST_MAX];
        assert_int_equal(rr->len, 6 + zonemd_len(hash));
        assert_int_equal(zonemd_compute(z, hash, digest), ERR_OK);
        assert_memory_equal(digest, rr->data + 6, zonemd_len(hash));
        n++;
    }
    return n;
}

static void digest_of_the_simple_example_is_that_of_rfc8976_a1(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = zone_of(rfc8976_a1);
    assert_int_equal(check_records(z), 1);
}

static void a_changed_record_changes_the_digest(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *a = zone_of(TEST_ZONE);
    AUTO_PTR(zone) struct zone *b = zone_of(TEST_ZONE "x A 192.0.2.77\n");
    AUTO_PTR(zone)
    struct zone *c = zone_of(TEST_ZONE "@ ZONEMD 10 1 1 "
                                       "000000000000000000000000000000000000000000"
                                       "000000000000000000000000000000000000000000"
                                       "000000000000\n");
    uint8_t one[ZONEMD_DIGEST_MAX];
    uint8_t two[ZONEMD_DIGEST_MAX];
    assert_int_equal(zonemd_compute(a, ZONEMD_SHA384, one), ERR_OK);
    assert_int_equal(zonemd_compute(b, ZONEMD_SHA384, two), ERR_OK);
    assert_memory_not_equal(one, two, 48);
    assert_int_equal(zonemd_compute(c, ZONEMD_SHA384, two), ERR_OK); /* its own record is out */
    assert_memory_equal(one, two, 48);
}

static void digests_of_the_shared_examples_are_those_of_rfc8976(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *origin;
        size_t digests;
    } cases[] = {
        {"data/zones/zonemd/rfc8976_a1.zone", "example.", 1},
        {"data/zones/zonemd/rfc8976_a2.zone", "example.", 1},
        {"data/zones/zonemd/rfc8976_a3.zone", "example.", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = shared_path(cases[i].file);
        if (path == NULL) {
            LEFT_OUT("%s: no shared data", cases[i].file);
            continue;
        }
        TEST_CASE(cases[i].file);
        const struct zone_load_opts opts = {.origin = wire(cases[i].origin)};
        AUTO_PTR(zone) struct zone *z = NULL;
        assert_int_equal(zone_load(path, &opts, &z, NULL), ERR_OK);
        assert_int_equal(check_records(z), cases[i].digests);
    }
}

static void assert_digest(const struct zone *z, const char *expected)
{
    uint8_t digest[ZONEMD_DIGEST_MAX];
    char hex[97];
    assert_int_equal(zonemd_compute(z, ZONEMD_SHA384, digest), ERR_OK);
    hex_encode(digest, 48, hex);
    assert_string_equal(hex, expected);
}

/* The shared copy of A.4 is the zone of the RFC's last drafts, signed earlier, without its ZONEMD;
   the digest is that of draft-ietf-dnsop-dns-zone-digest-12 A.4. */
static void digest_of_a_signed_zone_is_that_of_the_draft(void **state)
{
    (void)state;
    const char *path = shared_path("data/zones/zonemd/rfc8976_a4.zone");
    if (path == NULL) {
        LEFT_OUT("rfc8976_a4.zone: no shared data");
        return;
    }
    const struct zone_load_opts opts = {.origin = wire("uri.arpa.")};
    AUTO_PTR(zone) struct zone *z = NULL;
    assert_int_equal(zone_load(path, &opts, &z, NULL), ERR_OK);
    assert_digest(z, "1291b78ddf7669b1a39d014d87626b709b55774c5d7d58fadc556439889a10ea"
                     "f6f11d615900a4f996bd46279514e473");
}

static void replace(const char *text, const char *from, const char *to, struct buf *ret)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    buf_add(ret, text, (size_t)(at - text));
    buf_add_str(ret, to);
    buf_add_str(ret, at + strlen(from));
}

/* The shared copy of A.5 has the addresses that b.root-servers.net got in 2023. */
static void digest_of_root_servers_net_is_that_of_rfc8976_a5(void **state)
{
    (void)state;
    const char *path = shared_path("data/zones/zonemd/rfc8976_a5.zone");
    if (path == NULL) {
        LEFT_OUT("rfc8976_a5.zone: no shared data");
        return;
    }
    AUTO(buf) struct buf today = {0};
    AUTO(buf) struct buf half = {0};
    AUTO(buf) struct buf then = {0};
    assert_int_equal(file_read(path, 1 << 20, &today), ERR_OK);
    replace(buf_str(&today), "170.247.170.2", "199.9.14.201", &half);
    replace(buf_str(&half), "2801:1b8:10::b", "2001:500:200::b", &then);
    AUTO_PTR(zone) struct zone *z = zone_of_at("root-servers.net.", buf_str(&then));
    AUTO_PTR(zone) struct zone *changed = zone_of_at("root-servers.net.", buf_str(&today));
    assert_int_equal(check_records(z), 1);
    assert_digest(changed, "5a9521d88984ee123d9626191e2a327a43a16fd4339dd4ecc13d8672d5bae527"
                           "d066d33645e35778677800005247d199");
}

/* RFC 8976 s3.3.1: only the apex's own stays out. */
static void a_zonemd_below_the_apex_counts(void **state)
{
    (void)state;
    AUTO_PTR(zone)
    struct zone *a = zone_of(TEST_ZONE "sub ZONEMD 1 1 241 000102030405060708090a0b\n");
    AUTO_PTR(zone)
    struct zone *b = zone_of(TEST_ZONE "sub ZONEMD 1 1 241 000102030405060708090a0c\n");
    uint8_t one[ZONEMD_DIGEST_MAX];
    uint8_t two[ZONEMD_DIGEST_MAX];
    assert_int_equal(zonemd_compute(a, ZONEMD_SHA384, one), ERR_OK);
    assert_int_equal(zonemd_compute(b, ZONEMD_SHA384, two), ERR_OK);
    assert_memory_not_equal(one, two, zonemd_len(ZONEMD_SHA384));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(digest_of_the_simple_example_is_that_of_rfc8976_a1),
    cmocka_unit_test(a_changed_record_changes_the_digest),
    cmocka_unit_test(a_zonemd_below_the_apex_counts),
    cmocka_unit_test(digest_of_a_signed_zone_is_that_of_the_draft),
    cmocka_unit_test(digest_of_root_servers_net_is_that_of_rfc8976_a5),
    cmocka_unit_test(digests_of_the_shared_examples_are_those_of_rfc8976),
};

TEST_MAIN(tests)
