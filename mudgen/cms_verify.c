/* The reader's side of cms.c, and nothing of its signing code: what is checked here is what others
 * see. */
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/pkcs7.h>

#include "common/err.h"
#include "common/limits.h"
#include "mudgen/certs.h"
#include "mudgen/mudgen.h"
#include "mudgen/rules_docs.h"

struct verification {
    struct diag_where where;
    const char *at;
    struct diags *diags;
};

static int fail(const struct verification *v, const struct diag_rule *rule, const char *found)
{
    diag_add(v->diags, rule, v->where, v->at, "%s", found);
    return ERR_FINDINGS;
}

/* All certificates in P. Their order means nothing (RFC 5652 s10.2.3). */
static int embedded_certificates(gnutls_pkcs7_t p, struct certs *ret)
{
    int n = gnutls_pkcs7_get_crt_count(p);
    if (n <= 0 || n > (int)LIMIT_CERTIFICATES)
        return ERR_FINDINGS;
    ret->items = gnutls_calloc((size_t)n, sizeof(gnutls_x509_crt_t));
    if (ret->items == NULL)
        return ERR_NOMEM;
    for (int i = 0; i < n; i++) {
        gnutls_datum_t der = {0};
        if (gnutls_pkcs7_get_crt_raw2(p, (unsigned)i, &der) < 0)
            return ERR_FINDINGS;
        int rc = gnutls_x509_crt_init(&ret->items[i]);
        if (rc >= 0) {
            ret->n++;
            rc = gnutls_x509_crt_import(ret->items[i], &der, GNUTLS_X509_FMT_DER);
        }
        gnutls_free(der.data);
        if (rc < 0)
            return rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_FINDINGS;
    }
    return ERR_OK;
}

/* The signer is who the signature verifies with, whatever name it states. Moves it to the front. */
static bool find_signer(gnutls_pkcs7_t p, struct certs *c, const gnutls_datum_t *data)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (gnutls_pkcs7_verify_direct(p, c->items[i], 0, data, GNUTLS_VERIFY_DISABLE_TIME_CHECKS) <
            0)
            continue;
        gnutls_x509_crt_t signer = c->items[i];
        c->items[i] = c->items[0];
        c->items[0] = signer;
        return true;
    }
    return false;
}

/* Puts each certificate's issuer behind it; returns the length of the chain from the signer. */
static unsigned order_chain(struct certs *c)
{
    unsigned len = 1;
    while (len < c->n) {
        unsigned i = len;
        while (i < c->n && gnutls_x509_crt_check_issuer(c->items[len - 1], c->items[i]) == 0)
            i++;
        if (i == c->n)
            break;
        gnutls_x509_crt_t issuer = c->items[i];
        c->items[i] = c->items[len];
        c->items[len++] = issuer;
    }
    return len;
}

/* GnuTLS would take the system's clock, so the moments are checked here, at NOW. */
static bool chain_times(const struct verification *v, const struct certs *c, unsigned len,
                        gnutls_x509_trust_list_t anchors, int64_t now)
{
    static const struct cert_time_rules times = {&rule_cms_expired, &rule_cms_not_yet, NULL};
    bool fine = true;
    for (unsigned i = 0; i < len; i++)
        fine = cert_check_time(c->items[i], now, &times, v->where, v->at, v->diags) && fine;
    gnutls_x509_crt_t anchor = NULL;
    if (gnutls_x509_trust_list_get_issuer(anchors, c->items[len - 1], &anchor,
                                          GNUTLS_TL_GET_COPY) >= 0) {
        fine = cert_check_time(anchor, now, &times, v->where, v->at, v->diags) && fine;
        gnutls_x509_crt_deinit(anchor);
    }
    return fine;
}

static int check_chain(const struct verification *v, struct certs *c, const struct certs *ca,
                       int64_t now)
{
    gnutls_x509_trust_list_t anchors = NULL;
    if (gnutls_x509_trust_list_init(&anchors, 0) < 0)
        return ERR_NOMEM;
    unsigned len = order_chain(c);
    unsigned status = 0;
    int result = ERR_OK;
    int added = gnutls_x509_trust_list_add_cas(anchors, ca->items, ca->n, 0);
    int rc = gnutls_x509_trust_list_verify_crt(anchors, c->items, len,
                                               GNUTLS_VERIFY_DISABLE_TIME_CHECKS |
                                                   GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS,
                                               &status, NULL);
    if (added <= 0 || rc < 0 || status != 0)
        result = fail(v, &rule_cms_trust, "no chain from the signer's certificate to the CA file");
    else if (!chain_times(v, c, len, anchors, now))
        result = ERR_FINDINGS;
    if (!cert_check_usage(c->items[0], v->where, v->at, v->diags))
        result = ERR_FINDINGS;
    gnutls_x509_trust_list_deinit(anchors, 0); /* the CAs belong to the caller */
    return result;
}

/* RFC 8162 s2, RFC 7671 s5.1: usage 3 names the key; names and dates of the certificate do not
 * count. */
static int check_pin(const struct verification *v, gnutls_x509_crt_t signer, const uint8_t *pin)
{
    uint8_t spki[SHA256_LEN];
    int err = cert_spki_sha256(signer, spki);
    if (err != ERR_OK)
        return err;
    if (memcmp(spki, pin, SHA256_LEN) == 0)
        return ERR_OK;
    char found[SHA256_HEX_LEN];
    char expected[SHA256_HEX_LEN];
    hex_encode(spki, SHA256_LEN, found);
    hex_encode(pin, SHA256_LEN, expected);
    diag_add(v->diags, &rule_cms_trust, v->where, v->at, "signed by the key %s", found);
    diag_expect(v->diags, "the key %s of the SMIMEA record", expected);
    return ERR_FINDINGS;
}

static int verify(const struct verification *v, gnutls_pkcs7_t p, struct bytes p7s,
                  struct bytes data, const struct certs *ca, const uint8_t *pin, int64_t now)
{
    gnutls_datum_t der = {(unsigned char *)(uintptr_t)p7s.data, (unsigned)p7s.len};
    gnutls_datum_t content = {(unsigned char *)(uintptr_t)data.data, (unsigned)data.len};
    gnutls_datum_t inside = {0};
    AUTO(certs) struct certs certs = {0};
    if (p7s.len > UINT32_MAX || data.len > UINT32_MAX ||
        gnutls_pkcs7_import(p, &der, GNUTLS_X509_FMT_DER) < 0)
        return fail(v, &rule_cms_signature, "not a CMS signature in DER");
    if (gnutls_pkcs7_get_signature_count(p) != 1)
        return fail(v, &rule_cms_signature, "not exactly one signature");
    if (gnutls_pkcs7_get_embedded_data(p, 0, &inside) >= 0) {
        gnutls_free(inside.data);
        return fail(v, &rule_cms_signature, "the content is inside, so not a detached signature");
    }
    int err = embedded_certificates(p, &certs);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK)
        return fail(v, &rule_cms_signature, "the signer's certificate is not in it");
    if (!find_signer(p, &certs, &content))
        return fail(v, &rule_cms_signature, "the signature does not match the file");
    return ca != NULL ? check_chain(v, &certs, ca, now) : check_pin(v, certs.items[0], pin);
}

int cms_verify(struct bytes p7s, struct bytes data, const char *ca_path, const uint8_t *pin,
               int64_t now, const char *at, struct diags *diags)
{
    const struct verification v = {AT_FILE(at), NULL, diags};
    AUTO(certs) struct certs ca = {0};
    if (ca_path == NULL && pin == NULL)
        return fail(&v, &rule_cms_trust, "neither a CA file nor an SMIMEA record to trust");
    if (ca_path != NULL) {
        int err = certs_read(ca_path, &rule_cms_trust, &ca, diags);
        if (err != ERR_OK)
            return err;
    }
    gnutls_pkcs7_t p = NULL;
    if (gnutls_pkcs7_init(&p) < 0)
        return ERR_NOMEM;
    int err = verify(&v, p, p7s, data, ca_path == NULL ? NULL : &ca, pin, now);
    gnutls_pkcs7_deinit(p);
    return err;
}
