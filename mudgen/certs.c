#include "mudgen/certs.h"

#include <errno.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"
#include "mudgen/rules_docs.h"

#define RSA_BITS_MIN 2048
#define EC_BITS_MIN  256

void certs_done(struct certs *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < c->n; i++)
        gnutls_x509_crt_deinit(c->items[i]);
    gnutls_free(c->items);
    *c = (struct certs){0};
}

int certs_read(const char *path, const struct diag_rule *rule, struct certs *ret,
               struct diags *diags)
{
    AUTO(buf) struct buf pem = {0};
    int err = file_read(path, LIMIT_PEM_BYTES, &pem);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK) {
        if (err == ERR_LIMIT)
            diag_add(diags, rule, AT_FILE(path), NULL, "too large: %s, over the limit of %u",
                     file_size_text(path).text, LIMIT_PEM_BYTES);
        else
            diag_add(diags, rule, AT_FILE(path), NULL, "cannot be read: %s", strerror(errno));
        return ERR_CONFIG;
    }
    struct certs c = {0};
    gnutls_datum_t data = {pem.data, (unsigned)pem.len};
    int rc = gnutls_x509_crt_list_import2(&c.items, &c.n, &data, GNUTLS_X509_FMT_PEM, 0);
    if (rc < 0 || c.n == 0) {
        diag_add(diags, rule, AT_FILE(path), NULL, "no certificate in it: %s",
                 pem.len == 0 ? "the file is empty" : gnutls_strerror(rc));
        return ERR_CONFIG;
    }
    if (c.n > LIMIT_CERTIFICATES) {
        diag_add(diags, rule, AT_FILE(path), NULL, "%u certificates", c.n);
        diag_expect(diags, "at most %u", LIMIT_CERTIFICATES);
        certs_done(&c);
        return ERR_CONFIG;
    }
    *ret = c;
    return ERR_OK;
}

int cert_sha256(gnutls_x509_crt_t cert, uint8_t ret[SHA256_LEN])
{
    gnutls_datum_t der = {0};
    if (gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) < 0)
        return ERR_CRYPTO;
    int err = digest_sha256((struct bytes){der.data, der.size}, ret);
    gnutls_free(der.data);
    return err;
}

int cert_spki_sha256(gnutls_x509_crt_t cert, uint8_t ret[SHA256_LEN])
{
    gnutls_pubkey_t key = NULL;
    gnutls_datum_t der = {0};
    if (gnutls_pubkey_init(&key) < 0)
        return ERR_NOMEM;
    int err = ERR_CRYPTO;
    if (gnutls_pubkey_import_x509(key, cert, 0) >= 0 &&
        gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) >= 0)
        err = digest_sha256((struct bytes){der.data, der.size}, ret);
    gnutls_free(der.data);
    gnutls_pubkey_deinit(key);
    return err;
}

bool cert_check_time(gnutls_x509_crt_t cert, int64_t now, const struct cert_time_rules *rules,
                     struct diag_where where, const char *at, struct diags *diags)
{
    int64_t begin = gnutls_x509_crt_get_activation_time(cert);
    int64_t end = gnutls_x509_crt_get_expiration_time(cert);
    char text[TIME_TEXT_LEN];
    if (end < now) {
        time_format_rfc3339(end, text);
        diag_add(diags, rules->expired, where, at, "expired on %s", text);
        return rules->expired->severity != SEV_ERROR;
    }
    if (begin > now) {
        time_format_rfc3339(begin, text);
        diag_add(diags, rules->not_yet, where, at, "valid from %s", text);
        return rules->not_yet->severity != SEV_ERROR;
    }
    if (rules->soon != NULL && end - now < CERT_SOON_S) {
        time_format_rfc3339(end, text);
        diag_add(diags, rules->soon, where, at, "expires on %s, %d days from now", text,
                 (int)((end - now) / 86400));
    }
    return true;
}

void cert_check_key(gnutls_x509_crt_t cert, struct diag_where where, const char *at,
                    struct diags *diags)
{
    unsigned bits = 0;
    int pk = gnutls_x509_crt_get_pk_algorithm(cert, &bits);
    bool is_rsa = pk == GNUTLS_PK_RSA || pk == GNUTLS_PK_RSA_PSS;
    bool is_weak = (is_rsa && bits < RSA_BITS_MIN) || (pk == GNUTLS_PK_ECDSA && bits < EC_BITS_MIN);
    if (is_weak)
        diag_add(diags, &rule_cert_weak_key, where, at, "an %s key of %u bits",
                 is_rsa ? "RSA" : "ECDSA", bits);
}

static bool has_purpose(gnutls_x509_crt_t cert, const char *oid, bool *ret_any)
{
    *ret_any = false;
    for (unsigned i = 0;; i++) {
        char text[128];
        size_t size = sizeof(text);
        int rc = gnutls_x509_crt_get_key_purpose_oid(cert, i, text, &size, NULL);
        if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return false;
        *ret_any = true;
        if (rc < 0 && rc != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
        if (rc >= 0 && strcmp(text, oid) == 0)
            return true;
    }
}

bool cert_check_usage(gnutls_x509_crt_t cert, struct diag_where where, const char *at,
                      struct diags *diags)
{
    bool fine = true;
    bool any = false;
    unsigned usage = 0;
    int rc = gnutls_x509_crt_get_key_usage(cert, &usage, NULL);
    if (rc < 0 || (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0) {
        diag_add(diags, &rule_cms_key_usage, where, at, "%s",
                 rc < 0 ? "no key usage extension" : "key usage without digitalSignature");
        fine = false;
    }
    if (!has_purpose(cert, GNUTLS_KP_EMAIL_PROTECTION, &any) && any) {
        diag_add(diags, &rule_cms_purpose, where, at,
                 "an extended key usage without emailProtection");
        fine = false;
    }
    return fine;
}
