/*
 * mudgen/certs.h -- X.509 certificates from PEM files, and what CMS and TLS both ask of them.
 *
 * Findings are at the file that holds the certificate. Errors: ERR_CONFIG with a finding,
 * ERR_CRYPTO, ERR_NOMEM. Source: RFC 5280, 6698.
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "common/diag.h"
#include "common/own.h"
#include "mudgen/digest.h"

#define CERT_SOON_S (30 * (int64_t)86400) /* less than this left is worth a warning */

struct certs {
    gnutls_x509_crt_t *items;
    unsigned n;
};
void certs_done(struct certs *c);
DEFINE_AUTO(certs)

/* All certificates of a PEM file, in the order of the file, at least one. RULE is what a file
   without any breaks. */
int certs_read(const char *path, const struct diag_rule *rule, struct certs *ret,
               struct diags *diags) MUST_USE;

int cert_sha256(gnutls_x509_crt_t cert, uint8_t ret[SHA256_LEN]) MUST_USE;
int cert_spki_sha256(gnutls_x509_crt_t cert, uint8_t ret[SHA256_LEN]) MUST_USE;

struct cert_time_rules {
    const struct diag_rule *expired;
    const struct diag_rule *not_yet;
    const struct diag_rule *soon;
};
/* False: not valid at NOW, with a finding of severity error. */
bool cert_check_time(gnutls_x509_crt_t cert, int64_t now, const struct cert_time_rules *rules,
                     struct diag_where where, const char *at, struct diags *diags);

/* A warning when the key of CERT is too short to be trusted for years. */
void cert_check_key(gnutls_x509_crt_t cert, struct diag_where where, const char *at,
                    struct diags *diags);

/* digitalSignature, and no extended key usage but emailProtection: may this key sign CMS here? */
bool cert_check_usage(gnutls_x509_crt_t cert, struct diag_where where, const char *at,
                      struct diags *diags);
