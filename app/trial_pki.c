#include "app/trial_pki.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "common/err.h"

#define TWO_YEARS_S (2 * 365 * 86400L)
#define SERIAL_LEN  16

static int add_datum(struct buf *b, const gnutls_datum_t *d)
{
    buf_add(b, d->data, d->size);
    return buf_ok(b) ? ERR_OK : ERR_NOMEM;
}

static bool set_names(gnutls_x509_crt_t crt, enum trial_use use, const char *name)
{
    if (gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                      (unsigned)strlen(name)) < 0)
        return false;
    if (use == TRIAL_CMS)
        return gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_EMAIL_PROTECTION, 0) >= 0;
    static const char local[] = "localhost";
    return gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0) >= 0 &&
           gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
                                                (unsigned)strlen(name), GNUTLS_FSAN_SET) >= 0 &&
           gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, local, sizeof(local) - 1,
                                                GNUTLS_FSAN_APPEND) >= 0;
}

static bool set_frame(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, int64_t now)
{
    unsigned char serial[SERIAL_LEN], id[64];
    size_t id_len = sizeof(id);
    if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)) < 0)
        return false;
    serial[0] &= 0x7f; /* RFC 5280 s4.1.2.2: positive, also as DER INTEGER */
    serial[0] |= 0x40;
    return gnutls_x509_crt_set_version(crt, 3) >= 0 &&
           gnutls_x509_crt_set_serial(crt, serial, sizeof(serial)) >= 0 &&
           gnutls_x509_crt_set_activation_time(crt, (time_t)(now - 3600)) >= 0 &&
           gnutls_x509_crt_set_expiration_time(crt, (time_t)(now + TWO_YEARS_S)) >= 0 &&
           gnutls_x509_crt_set_basic_constraints(crt, 0, -1) >= 0 &&
           gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE) >= 0 &&
           gnutls_x509_crt_set_key(crt, key) >= 0 &&
           gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &id_len) >= 0 &&
           gnutls_x509_crt_set_subject_key_id(crt, id, id_len) >= 0;
}

static int export_both(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key,
                       struct buf *ret_certificate, struct buf *ret_key)
{
    gnutls_datum_t pem = {0};
    if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) < 0)
        return ERR_CRYPTO;
    int err = add_datum(ret_certificate, &pem);
    gnutls_free(pem.data);
    if (err != ERR_OK)
        return err;
    gnutls_datum_t secret = {0};
    if (gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                          &secret) < 0)
        return ERR_CRYPTO;
    buf_reserve(ret_key, secret.size); /* growing would leave copies behind */
    err = add_datum(ret_key, &secret);
    gnutls_memset(secret.data, 0, secret.size);
    gnutls_free(secret.data);
    return err;
}

static int make(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, enum trial_use use,
                const char *name, int64_t now)
{
    if (gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) < 0)
        return ERR_CRYPTO;
    if (!set_frame(crt, key, now) || !set_names(crt, use, name))
        return ERR_CRYPTO;
    return gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) < 0 ? ERR_CRYPTO : ERR_OK;
}

int trial_certificate(enum trial_use use, const char *name, int64_t now,
                      struct buf *ret_certificate, struct buf *ret_key)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_privkey_t key = NULL;
    int err = ERR_NOMEM;
    if (gnutls_x509_crt_init(&crt) < 0)
        return err;
    if (gnutls_x509_privkey_init(&key) >= 0) {
        err = make(crt, key, use, name, now);
        if (err == ERR_OK)
            err = export_both(crt, key, ret_certificate, ret_key);
        gnutls_x509_privkey_deinit(key);
    }
    gnutls_x509_crt_deinit(crt);
    return err;
}
