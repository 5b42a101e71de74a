/* Facts from the RFCs, computed by the code that signs. */
#include <libknot/descriptor.h>

#include "signer/chain.h"
#include "signer/crypto.h"
#include "signer/ds.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "tests/unit/signer/sign_testing.h"
#include "zones/packed.h"

/* Private keys of RFC 6979 A.2.5 and A.2.6, RFC 6605 s6 and RFC 8080 s6, as PKCS#8. */
static const char p256_rfc6979[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX\n"
    "Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth\n"
    "+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ\n"
    "-----END PRIVATE KEY-----\n";
static const char p384_rfc6979[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBrnT2tLhuMHAWxmHW2\n"
    "ZZ9N4jw7Znvyl7qapHdAeHE32JbVck5McKgl+HLJ6mDS7fWhZANiAATsOk5BW04Z\n"
    "pFaGGAKfQn+l2pqLxK6S4C4GquUoazAMZN748OqQVYZgZKJUUVSAvBOAFdm3LX1X\n"
    "JE6o75rAxiGJZwilk2f537n1TKhLPxydsSiLIxw64NT+c0T9JTMmRyA=\n"
    "-----END PRIVATE KEY-----\n";
static const char p256_rfc6605[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGU6SnQ/Ou+xC5Rum\n"
    "uIUIuJZteXT2z0O/ok1s38Et6mShRANCAAQaiMiGFdQ3+7i/nhlCoZKfKFYnBq5s\n"
    "K9OZ57G/ttHp51uStKpCkXrhxhtwHvA1w/574wCcuv5aL3ExbJAtzw0A\n"
    "-----END PRIVATE KEY-----\n";
static const char p384_rfc6605[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBZRGBYcJxghhQ9aB4u\n"
    "aI9jYMkmTTa+CuZN+K3GCpwvi/BbsE6ttrBWZV7R31X3hJGhZANiAATEpho2FZ0Y\n"
    "58n6c+svz9quTB/YRjcwMn5ISsqK8FVK6bXD96Cxe9IAO00mHJ6blEI6mBDorxfU\n"
    "NFISStthD44H6/z+5fjk0HBjyunrkXoaW6vwj+aVU2AXpb+pMjfubjQ=\n"
    "-----END PRIVATE KEY-----\n";
static const char ed25519_1[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VwBCIEIDgyMjYwMzg0NjI4MDgwMTIyNjQ1MTkwMjA0MTQyMjYy\n"
                                "-----END PRIVATE KEY-----\n";
static const char ed25519_2[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VwBCIEIA0khd6NLNH/hJVs4/RPzrMcPIS6ZOeXIZJsdC2DeVom\n"
                                "-----END PRIVATE KEY-----\n";
static const char ed448_1[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MEcCAQAwBQYDK2VxBDsEOcWfuQoJuOt8boLZGOQdCcenqxU16dd62HoLLdKkbTbDmJ2laTMdGf3O\n"
    "RIgPcfMFmww3Lf1NxYWFgA==\n"
    "-----END PRIVATE KEY-----\n";
static const char ed448_2[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MEcCAQAwBQYDK2VxBDsEOVhMpA94bdzB5FPIh+LlTi8/CS8LUQUqogaDOnxe9vjK6f7uYI8bgdQ1\n"
    "ejZzztgZWXc+IXUk5DnTgA==\n"
    "-----END PRIVATE KEY-----\n";

static struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void assert_hex(const void *data, size_t len, const char *hex)
{
    char have[2 * CRYPTO_SIGNATURE_MAX + 1];
    hex_encode(data, len, have);
    assert_string_equal(have, hex);
}

/* ------------------------------------------------------------------ RFC 6979 */

static void ecdsa_nonces_are_those_of_rfc6979(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        const char *key;
        const char *message;
        const char *signature;
    } cases[] = {
        {13, p256_rfc6979, "sample",
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {13, p256_rfc6979, "test",
         "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
         "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
        {14, p384_rfc6979, "sample",
         "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
         "81a648152e44acf96e36dd1e80fabe46"
         "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
         "a329c145786e679e7b82c71a38628ac8"},
        {14, p384_rfc6979, "test",
         "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb"
         "0542a7f0812998da8f1dd3ca3cf023db"
         "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e0"
         "6a739f040649a667bf3b828246baa5a5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].message);
        AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
        uint8_t sig[CRYPTO_SIGNATURE_MAX];
        size_t len = 0;
        assert_int_equal(crypto_private_from_pem(cases[i].algorithm, text_bytes(cases[i].key), &p),
                         ERR_OK);
        assert_int_equal(crypto_sign(p, text_bytes(cases[i].message), sig, &len), ERR_OK);
        assert_hex(sig, len, cases[i].signature);
    }
}

/* ------------------------------------------------------------------ RFC 6605, RFC 8080 */

struct example {
    const char *name;
    uint8_t algorithm;
    const char *private;
    const char *zone;
    const char *owner;
    uint16_t type;
    uint16_t tag;
    const char *ds; /* SHA-256, NULL: the RFC has another digest */
    bool deterministic;
    const char *text;
};

/* RFC 8080 s6 as corrected by its erratum 4935: labels 2, and so other signatures. */
static const struct example examples[] = {
    {"rfc6605 s6.1", 13, p256_rfc6605, "example.net.", "www.example.net.", KNOT_RRTYPE_A, 55648,
     "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17", false,
     "example.net. 3600 IN DNSKEY 257 3 13 "
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==\n"
     "www.example.net. 3600 IN A 192.0.2.1\n"
     "www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 55648 "
     "example.net. qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7Zwm"
     "wWep666VCw==\n"},
    {"rfc6605 s6.2", 14, p384_rfc6605, "example.net.", "www.example.net.", KNOT_RRTYPE_A, 10771,
     NULL, false,
     "example.net. 3600 IN DNSKEY 257 3 14 "
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8"
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40\n"
     "www.example.net. 3600 IN A 192.0.2.1\n"
     "www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 10771 "
     "example.net. /L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbav"
     "RKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm\n"},
    {"rfc8080 s6.1, first", 15, ed25519_1, "example.com.", "example.com.", KNOT_RRTYPE_MX, 3613,
     "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b", true,
     "example.com. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"
     "example.com. 3600 IN MX 10 mail.example.com.\n"
     "example.com. 3600 IN RRSIG MX 15 2 3600 20150819220000 20150729220000 3613 example.com. "
     "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==\n"},
    {"rfc8080 s6.1, second", 15, ed25519_2, "example.com.", "example.com.", KNOT_RRTYPE_MX, 35217,
     "401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c", true,
     "example.com. 3600 IN DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=\n"
     "example.com. 3600 IN MX 10 mail.example.com.\n"
     "example.com. 3600 IN RRSIG MX 15 2 3600 20150819220000 20150729220000 35217 example.com. "
     "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==\n"},
    {"rfc8080 s6.2, first", 16, ed448_1, "example.com.", "example.com.", KNOT_RRTYPE_MX, 9713,
     "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7", true,
     "example.com. 3600 IN DNSKEY 257 3 16 "
     "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA\n"
     "example.com. 3600 IN MX 10 mail.example.com.\n"
     "example.com. 3600 IN RRSIG MX 16 2 3600 20150819220000 20150729220000 9713 example.com. "
     "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NBtOXf"
     "t0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA\n"},
    {"rfc8080 s6.2, second", 16, ed448_2, "example.com.", "example.com.", KNOT_RRTYPE_MX, 38353,
     "645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4", true,
     "example.com. 3600 IN DNSKEY 257 3 16 "
     "kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA\n"
     "example.com. 3600 IN MX 10 mail.example.com.\n"
     "example.com. 3600 IN RRSIG MX 16 2 3600 20150819220000 20150729220000 38353 example.com. "
     "E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/9l4m0AsQ4f7qI1gVnM"
     "L8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3kUZmQ0YQUA\n"},
};

/* The key's DNSKEY is the RFC's, and so are its tag and DS. */
static void check_key(const struct example *e, const struct zone *z, const struct key *k)
{
    struct zone_rrset set = rrset_of(z, wire(e->zone), KNOT_RRTYPE_DNSKEY);
    struct bytes have = key_dnskey_rdata(k);
    assert_int_equal(have.len, set.rrs.rdata->len);
    assert_memory_equal(have.data, set.rrs.rdata->data, have.len);
    assert_int_equal(key_tag(k), e->tag);
    uint8_t ds[DS_RDATA_LEN];
    assert_int_equal(ds_rdata(wire(e->zone), have, ds), ERR_OK);
    if (e->ds != NULL)
        assert_hex(ds + 4, 32, e->ds);
}

static void check_signature(const struct example *e, const struct zone *z, const struct key *k)
{
    struct zone_rrset set = rrset_of(z, wire(e->owner), e->type);
    struct zone_sig rrsig = sig_of(&set);
    struct bytes sig = rrsig.signature;
    AUTO(buf) struct buf data = {0};
    assert_int_equal(rrsig.labels, sig_labels(wire(e->owner)));
    rrsig_data(&set, &rrsig, &data);
    assert_true(buf_ok(&data));
    AUTO_PTR(crypto_public) struct crypto_public *public = NULL;
    assert_int_equal(crypto_public_new(e->algorithm, key_public_field(k), &public), ERR_OK);
    assert_int_equal(crypto_verify(public, buf_bytes(&data), sig), ERR_OK);
    if (e->deterministic) {
        AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
        uint8_t mine[CRYPTO_SIGNATURE_MAX];
        size_t len = 0;
        assert_int_equal(crypto_private_dup(key_private(k), &p), ERR_OK);
        assert_int_equal(crypto_sign(p, buf_bytes(&data), mine, &len), ERR_OK);
        assert_int_equal(len, sig.len);
        assert_memory_equal(mine, sig.data, len);
    }
    data.data[data.len - 1] ^= 1;
    assert_int_equal(crypto_verify(public, buf_bytes(&data), sig), ERR_CRYPTO);
}

static void keys_and_signatures_are_those_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        TEST_CASE(e->name);
        struct crypto_private *p = NULL;
        AUTO_PTR(key) struct key *k = NULL;
        AUTO_PTR(zone) struct zone *z = zone_of_at(e->zone, e->text);
        assert_int_equal(crypto_private_from_pem(e->algorithm, text_bytes(e->private), &p), ERR_OK);
        assert_int_equal(key_from_private(e->algorithm, KEY_KSK, p, &k), ERR_OK);
        check_key(e, z, k);
        check_signature(e, z, k);
    }
}

/* ------------------------------------------------------------------ RFC 4034, RFC 4509 */

static void key_tag_and_ds_are_those_of_rfc4034_and_rfc4509(void **state)
{
    (void)state;
    static const char text[] =
        "dskey.example.com. 86400 IN DNSKEY 256 3 5 "
        "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMm"
        "mAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/"
        "rljwvFw==\n";
    AUTO_PTR(zone) struct zone *z = zone_of_at("dskey.example.com.", text);
    struct zone_rrset set = rrset_of(z, wire("dskey.example.com."), KNOT_RRTYPE_DNSKEY);
    struct bytes dnskey = {set.rrs.rdata->data, set.rrs.rdata->len};
    uint8_t ds[DS_RDATA_LEN];
    assert_int_equal(dnskey_tag(dnskey), 60485);
    assert_int_equal(ds_rdata(wire("dskey.example.com."), dnskey, ds), ERR_OK);
    assert_hex(ds, sizeof ds,
               "ec450502d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a");
}

/* ------------------------------------------------------------------ RFC 5155 */

static void hashes_are_those_of_rfc5155(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *label;
    } cases[] = {
        {"example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
        {"a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
        {"ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"},
        {"ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
        {"ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r"},
        {"w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
        {"*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
        {"x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"},
        {"y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"},
        {"x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"},
        {"xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"},
        {"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi"},
    };
    static const uint8_t salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        uint8_t hash[NSEC3_HASH_LEN];
        char label[33] = {0};
        assert_int_equal(
            nsec3_hash(wire(cases[i].name), 12, (struct bytes){salt, sizeof salt}, hash), ERR_OK);
        nsec3_label(hash, (uint8_t *)label);
        assert_string_equal(label, cases[i].label);
    }
}

static void points_off_the_curve_are_refused(void **state)
{
    (void)state;
    uint8_t field[64];
    struct crypto_public *public = NULL;
    memset(field, 0x11, sizeof field);
    assert_int_equal(crypto_public_new(13, (struct bytes){field, 64}, &public), ERR_CRYPTO);
    assert_int_equal(crypto_public_new(13, (struct bytes){field, 63}, &public), ERR_CRYPTO);
    assert_int_equal(crypto_public_new(8, (struct bytes){field, 3}, &public), ERR_CRYPTO);
    assert_int_equal(crypto_public_new(15, (struct bytes){field, 31}, &public), ERR_CRYPTO);
    assert_int_equal(crypto_public_new(99, (struct bytes){field, 32}, &public), ERR_CRYPTO);
}

static void a_key_of_another_algorithm_is_refused(void **state)
{
    (void)state;
    struct crypto_private *p = NULL;
    assert_int_equal(crypto_private_from_pem(14, text_bytes(p256_rfc6605), &p), ERR_CRYPTO);
    assert_int_equal(crypto_private_from_pem(8, text_bytes(p256_rfc6605), &p), ERR_CRYPTO);
    assert_int_equal(crypto_private_from_pem(16, text_bytes(ed25519_1), &p), ERR_CRYPTO);
    assert_int_equal(crypto_private_from_pem(13, text_bytes("rubbish"), &p), ERR_CRYPTO);
    assert_int_equal(crypto_private_from_pem(3, text_bytes(p256_rfc6605), &p), ERR_USAGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ecdsa_nonces_are_those_of_rfc6979),
    cmocka_unit_test(keys_and_signatures_are_those_of_the_rfcs),
    cmocka_unit_test(key_tag_and_ds_are_those_of_rfc4034_and_rfc4509),
    cmocka_unit_test(hashes_are_those_of_rfc5155),
    cmocka_unit_test(points_off_the_curve_are_refused),
    cmocka_unit_test(a_key_of_another_algorithm_is_refused),
};

TEST_MAIN(tests)
