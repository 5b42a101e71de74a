#include "mudgen/cms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <gnutls/abstract.h>
#include <gnutls/pkcs7.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "mudgen/certs.h"
#include "mudgen/rules_docs.h"

struct cms_signer {
    struct certs chain;     /* the signer's certificate, then intermediates */
    gnutls_privkey_t inner; /* the key itself */
    gnutls_privkey_t key;   /* what signs: `inner`, or the wrapper that makes it reproducible */
    gnutls_digest_algorithm_t digest;
    uint8_t cert_sha256[SHA256_LEN];
    uint8_t spki_sha256[SHA256_LEN];
};

void cms_signer_free(struct cms_signer *s)
{
    if (s == NULL)
        return;
    if (s->key != NULL && s->key != s->inner)
        gnutls_privkey_deinit(s->key);
    if (s->inner != NULL)
        gnutls_privkey_deinit(s->inner);
    certs_done(&s->chain);
    free(s);
}

const uint8_t *cms_signer_certificate_sha256(const struct cms_signer *s)
{
    return s->cert_sha256;
}

const uint8_t *cms_signer_spki_sha256(const struct cms_signer *s)
{
    return s->spki_sha256;
}

/* ------------------------------------------------------------------ the key */

static bool is_pkcs11(const char *key)
{
    return strncmp(key, "pkcs11:", 7) == 0;
}

static void key_unreadable(const char *path, int err, int errnum, struct diags *diags)
{
    struct stat st;
    if (err == ERR_CONFIG && stat(path, &st) == 0) {
        diag_add(diags, &rule_cms_key_mode, AT_FILE(path), NULL, "mode %04o, owner %u",
                 (unsigned)st.st_mode & 07777u, (unsigned)st.st_uid);
        diag_expect(diags, "mode 0600, owned by this user or root (chmod 600 %s)", path);
    } else if (err == ERR_LIMIT) {
        diag_add(diags, &rule_cms_key, AT_FILE(path), NULL, "too large: %s, over the limit of %u",
                 file_size_text(path).text, LIMIT_PEM_BYTES);
    } else {
        diag_add(diags, &rule_cms_key, AT_FILE(path), NULL, "cannot be read: %s", strerror(errnum));
    }
}

static int import_file(gnutls_privkey_t key, const char *path, struct diags *diags)
{
    struct buf pem = {0};
    int err = file_read_private(path, LIMIT_PEM_BYTES, &pem);
    int errnum = errno;
    int rc = 0;
    if (err == ERR_OK) {
        gnutls_datum_t data = {pem.data, (unsigned)pem.len};
        /* PLAIN: an encrypted key is refused at once; there is nobody to ask for a password */
        rc = gnutls_privkey_import_x509_raw(key, &data, GNUTLS_X509_FMT_PEM, NULL,
                                            GNUTLS_PKCS_PLAIN);
    }
    buf_wipe(&pem);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK) {
        key_unreadable(path, err, errnum, diags);
        return ERR_CONFIG;
    }
    if (rc < 0) {
        diag_add(diags, &rule_cms_key, AT_FILE(path), NULL, "not a usable private key: %s",
                 gnutls_strerror(rc));
        return ERR_CONFIG;
    }
    return ERR_OK;
}

/* The URI can hold a PIN, so no finding shows it. */
static int import_url(gnutls_privkey_t key, const struct inv_signer *from, struct diags *diags)
{
    int rc = gnutls_privkey_import_url(key, from->key, 0);
    if (rc >= 0)
        return ERR_OK;
    diag_add(diags, &rule_cms_key, from->where, "pkcs11", "the token's key cannot be used: %s",
             gnutls_strerror(rc));
    return ERR_CONFIG;
}

/*
 * GnuTLS signs CMS with random ECDSA nonces and heeds no flag of the key. Behind this wrapper it
 * asks us, and we ask the key again with RFC 6979 nonces: same content, same bytes.
 */
static int repro_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algo, void *inner,
                      unsigned flags, const gnutls_datum_t *data, gnutls_datum_t *signature)
{
    (void)key;
    return gnutls_privkey_sign_data2(inner, algo, flags | GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE, data,
                                     signature);
}

static int repro_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algo, void *inner,
                      unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
    (void)key;
    return gnutls_privkey_sign_hash2(inner, algo, flags | GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE, hash,
                                     signature);
}

static int repro_info(gnutls_privkey_t key, unsigned flags, void *inner)
{
    (void)key;
    unsigned bits = 0;
    int pk = gnutls_privkey_get_pk_algorithm(inner, &bits);
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
        return pk;
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
        return (int)bits;
    if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
        return (int)gnutls_sign_supports_pk_algorithm(GNUTLS_FLAGS_TO_SIGN_ALGO(flags),
                                                      (gnutls_pk_algorithm_t)pk);
    return -1;
}

static int wrap_key(struct cms_signer *s, bool token)
{
    s->key = s->inner;
    if (token || gnutls_privkey_get_pk_algorithm(s->inner, NULL) != GNUTLS_PK_ECDSA)
        return ERR_OK;
    gnutls_privkey_t outer = NULL;
    if (gnutls_privkey_init(&outer) < 0)
        return ERR_NOMEM;
    if (gnutls_privkey_import_ext4(outer, s->inner, repro_data, repro_hash, NULL, NULL, repro_info,
                                   0) < 0) {
        gnutls_privkey_deinit(outer);
        return ERR_CRYPTO;
    }
    s->key = outer;
    return ERR_OK;
}

static int load_key(struct cms_signer *s, const struct inv_signer *from, struct diags *diags)
{
    bool token = is_pkcs11(from->key);
    if (gnutls_privkey_init(&s->inner) < 0)
        return ERR_NOMEM;
    int err = token ? import_url(s->inner, from, diags) : import_file(s->inner, from->key, diags);
    return err == ERR_OK ? wrap_key(s, token) : err;
}

/* ------------------------------------------------------------------ the certificates */

static int key_spki_sha256(gnutls_privkey_t key, uint8_t ret[SHA256_LEN])
{
    gnutls_pubkey_t pub = NULL;
    gnutls_datum_t der = {0};
    if (gnutls_pubkey_init(&pub) < 0)
        return ERR_NOMEM;
    int err = ERR_CRYPTO;
    if (gnutls_pubkey_import_privkey(pub, key, 0, 0) >= 0 &&
        gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &der) >= 0)
        err = digest_sha256((struct bytes){der.data, der.size}, ret);
    gnutls_free(der.data);
    gnutls_pubkey_deinit(pub);
    return err;
}

static int check_match(struct cms_signer *s, const struct inv_signer *from, struct diags *diags)
{
    uint8_t key[SHA256_LEN];
    uint8_t spki[SHA256_LEN];
    int err = key_spki_sha256(s->inner, key);
    if (err != ERR_OK)
        return err;
    if (memcmp(key, s->spki_sha256, SHA256_LEN) == 0)
        return ERR_OK;
    for (unsigned i = 1; i < s->chain.n; i++) {
        if (cert_spki_sha256(s->chain.items[i], spki) == ERR_OK &&
            memcmp(key, spki, SHA256_LEN) == 0) {
            diag_add(diags, &rule_cms_certificate, AT_FILE(from->certificate), NULL,
                     "the signer's certificate is number %u", i + 1);
            return ERR_CONFIG;
        }
    }
    if (is_pkcs11(from->key))
        diag_add(diags, &rule_cms_key_match, AT_FILE(from->certificate), NULL,
                 "not the certificate of the token's key");
    else
        diag_add(diags, &rule_cms_key_match, AT_FILE(from->key), NULL,
                 "not the key of the certificate in %s", from->certificate);
    return ERR_CONFIG;
}

static bool check_chain(const struct cms_signer *s, const char *path, struct diags *diags)
{
    for (unsigned i = 0; i + 1 < s->chain.n; i++) {
        unsigned output = 0;
        gnutls_x509_crt_t issuer = s->chain.items[i + 1];
        int rc = gnutls_x509_crt_verify(
            s->chain.items[i], &issuer, 1,
            GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_ALLOW_ANY_X509_V1_CA_CRT, &output);
        if (rc < 0 || output != 0) {
            diag_add(diags, &rule_cms_chain, AT_FILE(path), NULL,
                     "certificate %u is not issued by certificate %u", i + 1, i + 2);
            return false;
        }
    }
    return true;
}

static bool check_certificates(const struct cms_signer *s, const char *path, int64_t now,
                               struct diags *diags)
{
    static const struct cert_time_rules times = {&rule_cms_expired, &rule_cms_not_yet,
                                                 &rule_cms_expires_soon};
    bool fine = true;
    for (unsigned i = 0; i < s->chain.n; i++) {
        const char *at = i == 0 ? NULL : "intermediate certificate";
        fine = cert_check_time(s->chain.items[i], now, &times, AT_FILE(path), at, diags) && fine;
        cert_check_key(s->chain.items[i], AT_FILE(path), at, diags);
    }
    fine = cert_check_usage(s->chain.items[0], AT_FILE(path), NULL, diags) && fine;
    return check_chain(s, path, diags) && fine;
}

/* What GnuTLS can put into CMS and OpenSSL takes; SHA-256 unless the key asks for more. */
static int choose_digest(struct cms_signer *s, const char *path, struct diags *diags)
{
    unsigned bits = 0;
    int pk = gnutls_x509_crt_get_pk_algorithm(s->chain.items[0], &bits);
    if (pk != GNUTLS_PK_RSA && pk != GNUTLS_PK_ECDSA) {
        diag_add(diags, &rule_cms_certificate, AT_FILE(path), NULL, "a key of type %s",
                 gnutls_pk_get_name((gnutls_pk_algorithm_t)pk));
        diag_expect(diags, "an ECDSA or RSA key, which readers of MUD files can verify");
        return ERR_CONFIG;
    }
    s->digest = pk == GNUTLS_PK_ECDSA && bits > 256 ? GNUTLS_DIG_SHA384 : GNUTLS_DIG_SHA256;
    return ERR_OK;
}

static int load_certificates(struct cms_signer *s, const char *path, int64_t now,
                             struct diags *diags)
{
    int err = certs_read(path, &rule_cms_certificate, &s->chain, diags);
    if (err == ERR_OK)
        err = cert_sha256(s->chain.items[0], s->cert_sha256);
    if (err == ERR_OK)
        err = cert_spki_sha256(s->chain.items[0], s->spki_sha256);
    if (err == ERR_OK)
        err = choose_digest(s, path, diags);
    if (err == ERR_OK && !check_certificates(s, path, now, diags))
        err = ERR_CONFIG;
    return err;
}

int cms_certificate_check(const char *path, int64_t now, uint8_t ret_spki[SHA256_LEN],
                          struct diags *diags)
{
    AUTO_PTR(cms_signer) struct cms_signer *s = calloc(1, sizeof(*s));
    int err = s == NULL ? ERR_NOMEM : load_certificates(s, path, now, diags);
    if (err == ERR_OK)
        memcpy(ret_spki, s->spki_sha256, SHA256_LEN);
    return err;
}

int cms_signer_load(const struct inv_signer *from, int64_t now, struct cms_signer **ret,
                    struct diags *diags)
{
    AUTO_PTR(cms_signer) struct cms_signer *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return ERR_NOMEM;
    int certificates = load_certificates(s, from->certificate, now, diags);
    if (certificates != ERR_OK && certificates != ERR_CONFIG)
        return certificates;
    int key = load_key(s, from, diags); /* also after a bad certificate: show all at once */
    if (key == ERR_OK && s->chain.n > 0)
        key = check_match(s, from, diags);
    if (key != ERR_OK || certificates != ERR_OK)
        return key != ERR_OK ? key : certificates;
    *ret = TAKE(s);
    return ERR_OK;
}

/* ------------------------------------------------------------------ signing */

static int sign(const struct cms_signer *s, gnutls_pkcs7_t p, struct bytes data, struct buf *ret)
{
    /* intermediates go in before the signature: afterwards the same call fails */
    for (unsigned i = 1; i < s->chain.n; i++) {
        if (gnutls_pkcs7_set_crt(p, s->chain.items[i]) < 0)
            return ERR_CRYPTO;
    }
    /* GnuTLS takes non-const bytes and only reads them */
    gnutls_datum_t content = {(unsigned char *)(uintptr_t)data.data, (unsigned)data.len};
    gnutls_datum_t der = {0};
    /* no signed attributes: a signing time would change the bytes and prove nothing */
    if (gnutls_pkcs7_sign(p, s->chain.items[0], s->key, &content, NULL, NULL, s->digest,
                          GNUTLS_PKCS7_INCLUDE_CERT) < 0 ||
        gnutls_pkcs7_export2(p, GNUTLS_X509_FMT_DER, &der) < 0)
        return ERR_CRYPTO;
    buf_add(ret, der.data, der.size);
    gnutls_free(der.data);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int cms_sign(const struct cms_signer *s, struct bytes data, struct buf *ret)
{
    gnutls_pkcs7_t p = NULL;
    if (data.len > UINT32_MAX)
        return ERR_LIMIT;
    if (gnutls_pkcs7_init(&p) < 0)
        return ERR_NOMEM;
    int err = sign(s, p, data, ret);
    gnutls_pkcs7_deinit(p);
    return err;
}

static bool holds_certificate(gnutls_pkcs7_t p, gnutls_x509_crt_t cert)
{
    int n = gnutls_pkcs7_get_crt_count(p);
    for (int i = 0; i < n; i++) {
        gnutls_datum_t der = {0};
        if (gnutls_pkcs7_get_crt_raw2(p, (unsigned)i, &der) < 0)
            return false;
        bool same = gnutls_x509_crt_equals2(cert, &der) != 0;
        gnutls_free(der.data);
        if (same)
            return true;
    }
    return false;
}

bool cms_still_fits(const struct cms_signer *s, struct bytes p7s, struct bytes data)
{
    gnutls_pkcs7_t p = NULL;
    gnutls_datum_t der = {(unsigned char *)(uintptr_t)p7s.data, (unsigned)p7s.len};
    gnutls_datum_t content = {(unsigned char *)(uintptr_t)data.data, (unsigned)data.len};
    if (gnutls_pkcs7_init(&p) < 0)
        return false;
    bool fits = gnutls_pkcs7_import(p, &der, GNUTLS_X509_FMT_DER) >= 0 &&
                gnutls_pkcs7_get_crt_count(p) == (int)s->chain.n &&
                gnutls_pkcs7_verify_direct(p, s->chain.items[0], 0, &content,
                                           GNUTLS_VERIFY_DISABLE_TIME_CHECKS) >= 0;
    for (unsigned i = 0; fits && i < s->chain.n; i++)
        fits = holds_certificate(p, s->chain.items[i]);
    gnutls_pkcs7_deinit(p);
    return fits;
}
