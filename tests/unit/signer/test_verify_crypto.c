/*
 * The verification path's own cryptography against the examples of the RFCs, and keys that are
 * none.
 */
#include "signer/verify_crypto.h"
#include "tests/support/testing.h"
#include "verify_case.h"

struct example {
    const char *name;
    const char *origin;
    const char *dnskey; /* rdata */
    const char *owner;
    const char *type;
    const char *data;  /* rdata */
    const char *rrsig; /* rdata after the type covered */
    const char *other; /* other rdata of the same type: the signature must not fit */
    int64_t now;
    const char *ds; /* rdata, or NULL */
};

static const struct example examples[] = {
    {"RFC 5702 s6.1 RSA/SHA-256", "example.net.",
     "256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/"
     "DlUmObdk=",
     "www.example.net.", "A", "192.0.2.91",
     "8 3 3600 20300101000000 20000101000000 9033 example.net. "
     "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==",
     "192.0.2.92", 1600000000, NULL},
    {"RFC 5702 s6.2 RSA/SHA-512", "example.net.",
     "256 3 10 "
     "AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/"
     "AyhqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/"
     "D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL",
     "www.example.net.", "A", "192.0.2.91",
     "10 3 3600 20300101000000 20000101000000 3740 example.net. "
     "tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/"
     "zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw=",
     "192.0.2.92", 1600000000, NULL},
    {"RFC 6605 s6.1 P-256", "example.net.",
     "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+"
     "Wi9xMWyQLc8NAA==",
     "www.example.net.", "A", "192.0.2.1",
     "13 3 3600 20100909100439 20100812100439 55648 example.net. "
     "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
     "192.0.2.2", 1282000000,
     "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"},
    {"RFC 6605 s6.2 P-384", "example.net.",
     "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrb"
     "YQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     "www.example.net.", "A", "192.0.2.1",
     "14 3 3600 20100909102025 20100812102025 10771 example.net. "
     "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSS"
     "Pdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm",
     "192.0.2.2", 1282000000,
     "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3"
     "008a946df983d6"},
    {"RFC 8080 s6.1 Ed25519, first example, with its erratum", "example.com.",
     "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", "example.com.", "MX",
     "10 mail.example.com.",
     "15 2 3600 1440021600 1438207200 3613 example.com. "
     "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==",
     "20 mail.example.com.", 1439000000,
     "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b"},
    {"RFC 8080 s6.2 Ed448, first example, with its erratum", "example.com.",
     "257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
     "example.com.", "MX", "10 mail.example.com.",
     "16 2 3600 1440021600 1438207200 9713 example.com. "
     "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/"
     "NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA",
     "20 mail.example.com.", 1439000000,
     "9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7"},
};

static struct verdict judge_example(const struct example *e, const char *data)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "%s 3600 IN SOA ns.example. host.example. 1 2 3 4 5\n%s 3600 IN DNSKEY %s\n"
             "%s 3600 IN %s %s\n%s 3600 IN RRSIG %s %s\n",
             e->origin, e->origin, e->dnskey, e->owner, e->type, data, e->owner, e->type, e->rrsig);
    struct verdict v = judge(e->name, text, e->origin, NULL, e->now, false);
    assert_int_equal(v.loaded, ERR_OK);
    return v;
}

static void signatures_of_the_rfcs_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *e = &examples[i];
        TEST_CASE(e->name);
        struct verdict v = judge_example(e, e->data);
        assert_int_equal(v.report.signatures, 1);
        assert_null(strstr(v.errors, "rrsig-"));
        v = judge_example(e, e->other);
        assert_int_equal(v.report.signatures, 0);
        assert_non_null(strstr(v.errors, "rrsig-invalid"));
    }
}

/* A DS whose key is there, but signs nothing, is told from one whose key is not there. */
static void ds_of_the_rfcs_match_their_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *e = &examples[i];
        if (e->ds == NULL)
            continue;
        TEST_CASE(e->name);
        char text[4096];
        snprintf(text, sizeof(text),
                 "%s 3600 IN SOA ns.example. host.example. 1 2 3 4 5\n%s 3600 IN DNSKEY %s\n"
                 "%s 3600 IN DS %s\n",
                 e->origin, e->origin, e->dnskey, e->origin, e->ds);
        struct diags *d = diags_new();
        int err = ERR_OK;
        struct zone *zone = case_zone("zone", text, e->origin, d, &err);
        assert_non_null(zone);
        struct verify_params params = {.now = e->now, .ds = zone};
        struct verify_report report = {0};
        assert_int_equal(verify_zone(zone, &params, &report, d), ERR_FINDINGS);
        bool seen = false;
        for (size_t j = 0; j < diags_n(d); j++) {
            const struct diag *g = diags_at(d, j);
            if (strcmp(g->rule->id, "ds-no-match") == 0) {
                seen = true;
                assert_non_null(strstr(g->found, "does not sign the DNSKEY RRset"));
            }
        }
        assert_true(seen);
        zone_free(zone);
        diags_free(d);
    }
}

static void keys_that_are_none_are_refused(void **state)
{
    (void)state;
    static uint8_t long_rsa[600] = {1, 3, 0x80};
    static const uint8_t zeros[96] = {0};
    static const uint8_t exponent_only[] = {3, 1, 0, 1};
    static const uint8_t leading_zero[70] = {1, 3, 0};
    static const struct {
        const char *name;
        uint8_t algorithm;
        const uint8_t *key;
        size_t len;
        int err;
    } cases[] = {
        {"unknown algorithm", 250, zeros, 64, ERR_ABSENT},
        {"RSA/MD5", 1, zeros, 64, ERR_ABSENT},
        {"DSA", 3, zeros, 64, ERR_ABSENT},
        {"GOST", 12, zeros, 64, ERR_ABSENT},
        {"P-256: point not on the curve", 13, zeros, 64, ERR_FINDINGS},
        {"P-256: too short", 13, zeros, 63, ERR_FINDINGS},
        {"P-384: point not on the curve", 14, zeros, 96, ERR_FINDINGS},
        {"Ed25519: too long", 15, zeros, 33, ERR_FINDINGS},
        {"Ed448: too short", 16, zeros, 56, ERR_FINDINGS},
        {"RSA: empty", 8, zeros, 0, ERR_FINDINGS},
        {"RSA: no modulus", 8, exponent_only, sizeof(exponent_only), ERR_FINDINGS},
        {"RSA: modulus begins with zero", 8, leading_zero, sizeof(leading_zero), ERR_FINDINGS},
        {"RSA: modulus over 4096 bits", 8, long_rsa, sizeof(long_rsa), ERR_FINDINGS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        struct verify_public *k = NULL;
        struct bytes key = {cases[i].key, cases[i].len};
        assert_int_equal(verify_public_new(cases[i].algorithm, key, &k), cases[i].err);
        assert_null(k);
    }
}

static void hashes_are_those_of_fips_180(void **state)
{
    (void)state;
    static const struct {
        enum verify_hash hash;
        const char *hex; /* of "abc" */
    } cases[] = {
        {VERIFY_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {VERIFY_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {VERIFY_SHA384,
         "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7c"
         "c2358baeca134c825a7"},
        {VERIFY_SHA512,
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc"
         "1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t digest[VERIFY_HASH_MAX];
        char hex[2 * VERIFY_HASH_MAX + 1];
        struct verify_hasher *h = verify_hasher_new(cases[i].hash);
        assert_non_null(h);
        for (int run = 0; run < 2; run++) { /* it can be used again */
            assert_int_equal(verify_hasher_start(h), ERR_OK);
            assert_int_equal(verify_hasher_add(h, "a", 1), ERR_OK);
            assert_int_equal(verify_hasher_add(h, "bc", 2), ERR_OK);
            assert_int_equal(verify_hasher_end(h, digest), ERR_OK);
            hex_encode(digest, verify_hash_len(cases[i].hash), hex);
            assert_string_equal(hex, cases[i].hex);
        }
        verify_hasher_free(h);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_the_rfcs_verify),
        cmocka_unit_test(ds_of_the_rfcs_match_their_keys),
        cmocka_unit_test(keys_that_are_none_are_refused),
        cmocka_unit_test(hashes_are_those_of_fips_180),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
