/* CMS signatures: which certificates and keys may make them, and which signatures are believed. */
#include <gnutls/pkcs7.h>

#include "sample.h"

#define DAY INT64_C(86400)

static const struct {
    const char *name;
    struct pki_spec spec;
    mode_t key_mode;
    int err;
    const char *finding; /* or NULL */
} load_cases[] = {
    {"good", {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE}, 0600, ERR_OK, NULL},
    {"with emailProtection",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .eku = GNUTLS_KP_EMAIL_PROTECTION},
     0600,
     ERR_OK,
     NULL},
    {"RSA",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .pk = GNUTLS_PK_RSA, .bits = 2048},
     0600,
     ERR_OK,
     NULL},
    {"RSA of 1024 bits",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .pk = GNUTLS_PK_RSA, .bits = 1024},
     0600,
     ERR_OK,
     "certificate-key-weak"},
    {"P-224",
     {.cn = "a",
      .usage = GNUTLS_KEY_DIGITAL_SIGNATURE,
      .bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP224R1)},
     0600,
     ERR_OK,
     "certificate-key-weak"},
    {"P-384",
     {.cn = "a",
      .usage = GNUTLS_KEY_DIGITAL_SIGNATURE,
      .bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1)},
     0600,
     ERR_OK,
     NULL},
    {"Ed25519",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .pk = GNUTLS_PK_EDDSA_ED25519, .bits = 256},
     0600,
     ERR_CONFIG,
     "cms-certificate"},
    {"for servers only",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .eku = GNUTLS_KP_TLS_WWW_SERVER},
     0600,
     ERR_CONFIG,
     "cms-extended-key-usage"},
    {"for key exchange only",
     {.cn = "a", .usage = GNUTLS_KEY_KEY_ENCIPHERMENT},
     0600,
     ERR_CONFIG,
     "cms-key-usage"},
    {"no key usage", {.cn = "a"}, 0600, ERR_CONFIG, "cms-key-usage"},
    {"expired",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .until_at = PKI_NOW - 1},
     0600,
     ERR_CONFIG,
     "cms-certificate-expired"},
    {"from tomorrow",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .from_at = PKI_NOW + DAY},
     0600,
     ERR_CONFIG,
     "cms-certificate-not-yet-valid"},
    {"29 days left",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .until_at = PKI_NOW + 29 * DAY},
     0600,
     ERR_OK,
     "cms-certificate-expires-soon"},
    {"30 days left",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE, .until_at = PKI_NOW + 30 * DAY},
     0600,
     ERR_OK,
     NULL},
    {"key that others can read",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE},
     0644,
     ERR_CONFIG,
     "cms-key-mode"},
    {"key that the group can write",
     {.cn = "a", .usage = GNUTLS_KEY_DIGITAL_SIGNATURE},
     0620,
     ERR_CONFIG,
     "cms-key-mode"},
};

static int load(const char *certificate, const char *key, struct cms_signer **ret, struct diags *d)
{
    const struct inv_signer from = {.certificate = certificate, .key = key};
    return cms_signer_load(&from, PKI_NOW, ret, d);
}

static void certificates_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(load_cases) / sizeof(load_cases[0]); i++) {
        TEST_CASE(load_cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(cms_signer) struct cms_signer *s = NULL;
        struct pki_cert c = pki_make(&load_cases[i].spec, NULL);
        pki_write_chain("c.pem", (const struct pki_cert *const[]){&c}, 1);
        pki_write_key("c.key", &c, load_cases[i].key_mode);
        assert_int_equal(load(pki_path("c.pem"), pki_path("c.key"), &s, d), load_cases[i].err);
        assert_int_equal(diags_n(d), load_cases[i].finding == NULL ? 0 : 1);
        if (load_cases[i].finding != NULL)
            assert_string_equal(diags_at(d, 0)->rule->id, load_cases[i].finding);
        if (load_cases[i].err == ERR_OK) { /* then what it signs is believed */
            AUTO(buf) struct buf p7s = {0};
            const struct bytes data = {(const uint8_t *)"text", 4};
            assert_int_equal(cms_sign(s, data, &p7s), ERR_OK);
            assert_int_equal(
                cms_verify(buf_bytes(&p7s), data, pki_path("c.pem"), NULL, PKI_NOW, "x", d),
                ERR_OK);
        } else {
            assert_null(s);
        }
        pki_free(&c);
    }
}

static const struct {
    const char *name;
    const char *certificate;
    const char *key;
    const char *finding;
} file_cases[] = {
    {"no certificate file", "absent.pem", "signer.key", "cms-certificate"},
    {"a folder", ".", "signer.key", "cms-certificate"},
    {"empty", "empty", "signer.key", "cms-certificate"},
    {"not PEM", "garbage", "signer.key", "cms-certificate"},
    {"damaged PEM", "damaged.pem", "signer.key", "cms-certificate"},
    {"no key file", "signer.pem", "absent.key", "cms-key"},
    {"key is not PEM", "signer.pem", "garbage", "cms-key"},
    {"key is a certificate", "signer.pem", "certificate.key", "cms-key"},
    {"key is encrypted", "signer.pem", "encrypted.key", "cms-key"},
    {"key of another", "signer.pem", "other.key", "cms-key-mismatch"},
    {"intermediate first", "turned.pem", "signer.key", "cms-certificate"},
    {"chain with a gap", "gap.pem", "signer.key", "cms-chain"},
};

static void write_odd_files(void)
{
    struct pki_cert other = pki_make(
        &(struct pki_spec){.cn = "Other", .ca = true, .usage = GNUTLS_KEY_DIGITAL_SIGNATURE}, NULL);
    gnutls_datum_t enc = {0};
    AUTO(buf) struct buf good = {0};
    AUTO(buf) struct buf ca = {0};
    pki_must(file_read(pki_path("signer.pem"), 100000, &good) == 0, "read");
    pki_must(file_read(pki_path("ca.pem"), 100000, &ca) == 0, "read");
    pki_write("empty", "", 0, 0600);
    pki_write("garbage", "\0\xff garbage", 10, 0600);
    pki_write("damaged.pem", buf_str(&good), 200, 0600);
    pki_write("certificate.key", buf_str(&good), good.len, 0600);
    pki_write_key("other.key", &other, 0600);
    pki_must(gnutls_x509_privkey_export2_pkcs8(other.raw, GNUTLS_X509_FMT_PEM, "secret",
                                               GNUTLS_PKCS_PBES2_AES_256, &enc) == 0,
             "encrypt");
    pki_write("encrypted.key", enc.data, enc.size, 0600);
    gnutls_free(enc.data);
    /* the second certificate of the good chain first */
    const char *second = strstr(buf_str(&good) + 10, "-----BEGIN");
    pki_must(second != NULL, "two certificates");
    size_t first_len = (size_t)(second - buf_str(&good));
    AUTO(buf) struct buf turned = {0};
    buf_add_str(&turned, second);
    buf_add(&turned, buf_str(&good), first_len);
    pki_write("turned.pem", buf_str(&turned), turned.len, 0644);
    buf_clear(&turned);
    buf_add(&turned, buf_str(&good), first_len);
    buf_add_str(&turned, buf_str(&ca));
    pki_write("gap.pem", buf_str(&turned), turned.len, 0644);
    pki_free(&other);
}

static void files_are_checked(void **state)
{
    (void)state;
    write_odd_files();
    for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
        TEST_CASE(file_cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct cms_signer *s = NULL;
        assert_int_equal(
            load(pki_path(file_cases[i].certificate), pki_path(file_cases[i].key), &s, d),
            ERR_CONFIG);
        if (count_findings(d, file_cases[i].finding) != 1)
            print_findings(d);
        assert_int_equal(count_findings(d, file_cases[i].finding), 1);
        assert_null(s);
    }
}

static void all_findings_come_at_once_and_say_what_to_do(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct cms_signer *s = NULL;
    struct pki_cert c = pki_make(
        &(struct pki_spec){.cn = "a", .until_at = PKI_NOW - DAY, .eku = GNUTLS_KP_CODE_SIGNING},
        NULL);
    pki_write_chain("c.pem", (const struct pki_cert *const[]){&c}, 1);
    pki_write_key("c.key", &c, 0640);
    assert_int_equal(load(pki_path("c.pem"), pki_path("c.key"), &s, d), ERR_CONFIG);
    assert_int_equal(diags_n(d), 4);
    assert_non_null(strstr(diags_at(d, 3)->found, "0640"));
    assert_non_null(strstr(diags_at(d, 3)->expected, "chmod 600"));
    pki_free(&c);
}

static void pin_of_a_token_is_never_shown(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct cms_signer *s = NULL;
    assert_int_equal(load(pki_path("signer.pem"), "pkcs11:token=none?pin-value=123456", &s, d),
                     ERR_CONFIG);
    assert_int_equal(count_findings(d, "cms-key"), 1);
    for (size_t i = 0; i < diags_n(d); i++) {
        AUTO(buf) struct buf b = {0};
        diag_print(diags_at(d, i), &b);
        assert_null(strstr(buf_str(&b), "123456"));
    }
}

/* ------------------------------------------------------------------ verification */

static const uint8_t text[] = "{\"a\":1}";
static const struct bytes content = {text, sizeof(text) - 1};

static void signatures_are_believed_by_ca_and_by_pin(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(cms_signer) struct cms_signer *s = sample_signer();
    AUTO(buf) struct buf p7s = {0};
    assert_int_equal(cms_sign(s, content, &p7s), ERR_OK);
    const struct bytes sig = buf_bytes(&p7s);
    /* the chain through the intermediate is inside */
    assert_int_equal(cms_verify(sig, content, pki_path("ca.pem"), NULL, PKI_NOW, "f", d), ERR_OK);
    assert_int_equal(cms_verify(sig, content, NULL, cms_signer_spki_sha256(s), PKI_NOW, "f", d),
                     ERR_OK);
    assert_int_equal(diags_n(d), 0);
}

static void repeated_signatures_are_the_same_bytes(void **state)
{
    (void)state;
    AUTO_PTR(cms_signer) struct cms_signer *s = sample_signer();
    AUTO(buf) struct buf a = {0};
    AUTO(buf) struct buf b = {0};
    assert_int_equal(cms_sign(s, content, &a), ERR_OK);
    assert_int_equal(cms_sign(s, content, &b), ERR_OK);
    assert_true(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
}

enum tamper { DATA, SIGNATURE, CUT, EMPTY, ATTACHED, OTHER_CA, OTHER_PIN, LATE, EARLY, BOTH };
static const struct {
    const char *name;
    enum tamper tamper;
    const char *finding;
} verify_cases[] = {
    {"changed content", DATA, "cms-signature"},
    {"changed signature", SIGNATURE, "cms-signature"},
    {"cut signature", CUT, "cms-signature"},
    {"empty signature", EMPTY, "cms-signature"},
    {"content inside", ATTACHED, "cms-signature"},
    {"another CA", OTHER_CA, "cms-trust"},
    {"another pin", OTHER_PIN, "cms-trust"},
    {"certificate expired since", LATE, "cms-certificate-expired"},
    {"certificate not yet valid", EARLY, "cms-certificate-not-yet-valid"},
    {"nothing to trust", BOTH, "cms-trust"},
};

/* The same content signed with the content inside, by the files' key. */
static void sign_attached(struct buf *ret)
{
    AUTO(buf) struct buf pem = {0};
    AUTO(buf) struct buf key_pem = {0};
    gnutls_pkcs7_t p = NULL;
    gnutls_x509_crt_t crt = NULL;
    gnutls_privkey_t key = NULL;
    gnutls_datum_t der = {0};
    pki_must(file_read(pki_path("signer.pem"), 100000, &pem) == 0 &&
                 file_read(pki_path("signer.key"), 100000, &key_pem) == 0,
             "read");
    gnutls_datum_t in = {pem.data, (unsigned)pem.len};
    gnutls_datum_t key_in = {key_pem.data, (unsigned)key_pem.len};
    gnutls_datum_t data = {(unsigned char *)(uintptr_t)content.data, (unsigned)content.len};
    pki_must(gnutls_pkcs7_init(&p) == 0 && gnutls_x509_crt_init(&crt) == 0 &&
                 gnutls_privkey_init(&key) == 0 &&
                 gnutls_x509_crt_import(crt, &in, GNUTLS_X509_FMT_PEM) == 0 &&
                 gnutls_privkey_import_x509_raw(key, &key_in, GNUTLS_X509_FMT_PEM, NULL, 0) == 0 &&
                 gnutls_pkcs7_sign(p, crt, key, &data, NULL, NULL, GNUTLS_DIG_SHA256,
                                   GNUTLS_PKCS7_INCLUDE_CERT | GNUTLS_PKCS7_EMBED_DATA) == 0 &&
                 gnutls_pkcs7_export2(p, GNUTLS_X509_FMT_DER, &der) == 0,
             "attached");
    buf_clear(ret);
    buf_add(ret, der.data, der.size);
    gnutls_free(der.data);
    gnutls_pkcs7_deinit(p);
    gnutls_x509_crt_deinit(crt);
    gnutls_privkey_deinit(key);
}

static void bad_signatures_are_not_believed(void **state)
{
    (void)state;
    AUTO_PTR(cms_signer) struct cms_signer *s = sample_signer();
    struct pki_cert other = pki_make(&(struct pki_spec){.cn = "Other CA", .ca = true}, NULL);
    pki_write_chain("other-ca.pem", (const struct pki_cert *const[]){&other}, 1);
    for (size_t i = 0; i < sizeof(verify_cases) / sizeof(verify_cases[0]); i++) {
        TEST_CASE(verify_cases[i].name);
        enum tamper t = verify_cases[i].tamper;
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO(buf) struct buf p7s = {0};
        assert_int_equal(cms_sign(s, content, &p7s), ERR_OK);
        struct bytes data = content;
        uint8_t pin[32];
        memcpy(pin, cms_signer_spki_sha256(s), 32);
        const char *ca = pki_path(t == OTHER_CA ? "other-ca.pem" : "ca.pem");
        int64_t at = PKI_NOW;
        if (t == DATA)
            data.len--;
        if (t == SIGNATURE)
            p7s.data[p7s.len - 1] ^= 1;
        if (t == CUT)
            p7s.len -= 10;
        if (t == EMPTY)
            p7s.len = 0;
        if (t == ATTACHED)
            sign_attached(&p7s);
        if (t == OTHER_PIN)
            pin[0] ^= 1;
        if (t == LATE)
            at += 2 * PKI_LEAF * DAY;
        if (t == EARLY)
            at -= 2 * 365 * DAY;
        if (t == OTHER_PIN || t == BOTH)
            ca = NULL;
        assert_int_equal(
            cms_verify(buf_bytes(&p7s), data, ca, t == OTHER_PIN ? pin : NULL, at, "file.json", d),
            ERR_FINDINGS);
        if (count_findings(d, verify_cases[i].finding) == 0)
            print_findings(d);
        assert_true(count_findings(d, verify_cases[i].finding) > 0);
        assert_string_equal(diags_at(d, 0)->file, "file.json");
    }
    pki_free(&other);
}

/* ------------------------------------------------------------------ TLS */

static const struct {
    const char *name;
    struct pki_spec spec;
    int err;
    const char *finding;
} tls_cases[] = {
    {"good", {.cn = "w", .host = "mud.example.net"}, ERR_OK, NULL},
    {"wildcard", {.cn = "w", .host = "*.example.net"}, ERR_OK, NULL},
    {"host as common name alone", {.cn = "mud.example.net"}, ERR_CONFIG, "tls-certificate-host"},
    {"another host", {.cn = "w", .host = "www.example.net"}, ERR_CONFIG, "tls-certificate-host"},
    {"expired",
     {.cn = "w", .host = "mud.example.net", .until_at = PKI_NOW - 1},
     ERR_CONFIG,
     "tls-certificate-expired"},
    {"RSA of 1024 bits",
     {.cn = "w", .host = "mud.example.net", .pk = GNUTLS_PK_RSA, .bits = 1024},
     ERR_OK,
     "certificate-key-weak"},
    {"RSA of 2048 bits",
     {.cn = "w", .host = "mud.example.net", .pk = GNUTLS_PK_RSA, .bits = 2048},
     ERR_OK,
     NULL},
    {"next week's",
     {.cn = "w", .host = "mud.example.net", .from_at = PKI_NOW + 7 * DAY},
     ERR_OK,
     "tls-certificate-not-yet-valid"},
    {"ten days left",
     {.cn = "w", .host = "mud.example.net", .until_at = PKI_NOW + 10 * DAY},
     ERR_OK,
     "tls-certificate-expires-soon"},
};

static void web_certificates_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tls_cases) / sizeof(tls_cases[0]); i++) {
        TEST_CASE(tls_cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        uint8_t spki[32] = {0};
        uint8_t expected[32];
        size_t len = sizeof(expected);
        struct pki_cert c = pki_make(&tls_cases[i].spec, NULL);
        pki_write_chain("w.pem", (const struct pki_cert *const[]){&c}, 1);
        assert_int_equal(
            tls_certificate_spki(pki_path("w.pem"), "mud.example.net", PKI_NOW, spki, d),
            tls_cases[i].err);
        assert_int_equal(diags_n(d), tls_cases[i].finding == NULL ? 0 : 1);
        if (tls_cases[i].finding != NULL)
            assert_string_equal(diags_at(d, 0)->rule->id, tls_cases[i].finding);
        /* GnuTLS's key id by SHA-256 is the digest of the SubjectPublicKeyInfo */
        assert_int_equal(gnutls_x509_crt_get_key_id(c.crt, GNUTLS_KEYID_USE_SHA256, expected, &len),
                         0);
        if (tls_cases[i].err == ERR_OK)
            assert_memory_equal(spki, expected, 32);
        pki_free(&c);
    }
}

static void what_is_no_web_certificate_is_said(void **state)
{
    (void)state;
    const char *const names[] = {"absent.pem", "signer.key"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        TEST_CASE(names[i]);
        AUTO_PTR(diags) struct diags *d = diags_new();
        uint8_t spki[32] = {0};
        assert_int_equal(
            tls_certificate_spki(pki_path(names[i]), "mud.example.net", PKI_NOW, spki, d),
            ERR_CONFIG);
        assert_int_equal(diags_n(d), 1);
        assert_string_equal(diags_at(d, 0)->rule->id, "tls-certificate");
        assert_string_equal(diags_at(d, 0)->file, pki_path(names[i]));
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_checked),
        cmocka_unit_test(files_are_checked),
        cmocka_unit_test(all_findings_come_at_once_and_say_what_to_do),
        cmocka_unit_test(pin_of_a_token_is_never_shown),
        cmocka_unit_test(signatures_are_believed_by_ca_and_by_pin),
        cmocka_unit_test(repeated_signatures_are_the_same_bytes),
        cmocka_unit_test(bad_signatures_are_not_believed),
        cmocka_unit_test(web_certificates_are_checked),
        cmocka_unit_test(what_is_no_web_certificate_is_said),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
