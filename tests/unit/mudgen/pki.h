/*
 * Certificates for tests, made on the spot in a temporary folder: no key lies in the repository and
 * none expires. The moments are the test's, so that nothing depends on the clock.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/own.h"

#define PKI_NOW  INT64_C(1795300000) /* 2026-11-21T22:26:40Z */
#define PKI_DAY  INT64_C(86400)
#define PKI_LEAF 3650

struct pki_cert {
    gnutls_x509_crt_t crt;
    gnutls_privkey_t key;
    gnutls_x509_privkey_t raw;
};

struct pki_spec {
    const char *cn;
    const char *host; /* subjectAltName, or NULL */
    bool ca;
    unsigned usage;           /* 0: no key usage extension */
    const char *eku;          /* or NULL */
    int64_t from_at;          /* 0: a year ago */
    int64_t until_at;         /* 0: in ten years */
    gnutls_pk_algorithm_t pk; /* 0: ECDSA */
    unsigned bits;            /* 0: P-256 */
};

static char pki_dir[64];

static inline void pki_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test certificates: %s\n", what);
        abort();
    }
}

static inline const char *pki_path(const char *name)
{
    static char paths[16][128];
    static unsigned next;
    char *p = paths[next++ % 16];
    (void)snprintf(p, sizeof(paths[0]), "%s/%s", pki_dir, name);
    return p;
}

static inline int pki_setup(void **state)
{
    (void)state;
    (void)snprintf(pki_dir, sizeof(pki_dir), "/tmp/mudzone-test-XXXXXX");
    return mkdtemp(pki_dir) == NULL ? -1 : 0;
}

static inline int pki_teardown(void **state)
{
    (void)state;
    return file_remove_tree(pki_dir);
}

static inline void pki_write(const char *name, const void *data, size_t len, mode_t mode)
{
    pki_must(file_write_atomic(pki_path(name), data, len, mode) == 0, "write");
}

/* ISSUER NULL: self-signed. */
static inline struct pki_cert pki_make(const struct pki_spec *spec, const struct pki_cert *issuer)
{
    struct pki_cert c = {0};
    static uint8_t serial;
    gnutls_pk_algorithm_t pk = spec->pk == 0 ? GNUTLS_PK_ECDSA : spec->pk;
    unsigned bits = spec->bits == 0 ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1) : spec->bits;
    serial++;
    pki_must(gnutls_x509_privkey_init(&c.raw) == 0 &&
                 gnutls_x509_privkey_generate(c.raw, pk, bits, 0) == 0,
             "generate");
    pki_must(gnutls_privkey_init(&c.key) == 0 && gnutls_privkey_import_x509(c.key, c.raw, 0) == 0,
             "key");
    pki_must(gnutls_x509_crt_init(&c.crt) == 0 && gnutls_x509_crt_set_key(c.crt, c.raw) == 0,
             "crt");
    gnutls_x509_crt_set_version(c.crt, 3);
    gnutls_x509_crt_set_serial(c.crt, &serial, 1);
    gnutls_x509_crt_set_dn_by_oid(c.crt, GNUTLS_OID_X520_COMMON_NAME, 0, spec->cn,
                                  (unsigned)strlen(spec->cn));
    gnutls_x509_crt_set_activation_time(
        c.crt, (time_t)(spec->from_at == 0 ? PKI_NOW - 365 * PKI_DAY : spec->from_at));
    gnutls_x509_crt_set_expiration_time(
        c.crt, (time_t)(spec->until_at == 0 ? PKI_NOW + PKI_LEAF * PKI_DAY : spec->until_at));
    if (spec->ca)
        gnutls_x509_crt_set_basic_constraints(c.crt, 1, -1);
    if (spec->usage != 0)
        gnutls_x509_crt_set_key_usage(c.crt, spec->usage);
    if (spec->eku != NULL)
        gnutls_x509_crt_set_key_purpose_oid(c.crt, spec->eku, 0);
    if (spec->host != NULL)
        gnutls_x509_crt_set_subject_alt_name(c.crt, GNUTLS_SAN_DNSNAME, spec->host,
                                             (unsigned)strlen(spec->host), GNUTLS_FSAN_SET);
    pki_must(gnutls_x509_crt_privkey_sign(
                 c.crt, issuer == NULL ? c.crt : issuer->crt, issuer == NULL ? c.key : issuer->key,
                 pk == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256, 0) == 0,
             "sign");
    return c;
}

static inline void pki_free(struct pki_cert *c)
{
    gnutls_x509_crt_deinit(c->crt);
    gnutls_privkey_deinit(c->key);
    gnutls_x509_privkey_deinit(c->raw);
}

/* The certificates of a chain, leaf first, into one PEM file. */
static inline void pki_write_chain(const char *name, const struct pki_cert *const *chain, size_t n)
{
    struct buf pem = {0};
    for (size_t i = 0; i < n; i++) {
        gnutls_datum_t d = {0};
        pki_must(gnutls_x509_crt_export2(chain[i]->crt, GNUTLS_X509_FMT_PEM, &d) == 0, "export");
        buf_add(&pem, d.data, d.size);
        gnutls_free(d.data);
    }
    pki_write(name, buf_str(&pem), pem.len, 0644);
    buf_done(&pem);
}

static inline void pki_write_key(const char *name, const struct pki_cert *c, mode_t mode)
{
    gnutls_datum_t d = {0};
    pki_must(gnutls_x509_privkey_export2_pkcs8(c->raw, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                               &d) == 0,
             "export key");
    pki_write(name, d.data, d.size, mode);
    gnutls_free(d.data);
}

/* ca.pem, signer.pem (with intermediate), signer.key: all as they should be. */
static inline void pki_write_good(void)
{
    const unsigned ca_usage = GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN;
    struct pki_cert ca =
        pki_make(&(struct pki_spec){.cn = "Test CA", .ca = true, .usage = ca_usage}, NULL);
    struct pki_cert mid =
        pki_make(&(struct pki_spec){.cn = "Intermediate", .ca = true, .usage = ca_usage}, &ca);
    struct pki_cert leaf = pki_make(&(struct pki_spec){.cn = "MUD signer",
                                                       .usage = GNUTLS_KEY_DIGITAL_SIGNATURE,
                                                       .eku = GNUTLS_KP_EMAIL_PROTECTION},
                                    &mid);
    pki_write_chain("ca.pem", (const struct pki_cert *const[]){&ca}, 1);
    pki_write_chain("signer.pem", (const struct pki_cert *const[]){&leaf, &mid}, 2);
    pki_write_key("signer.key", &leaf, 0600);
    pki_free(&leaf);
    pki_free(&mid);
    pki_free(&ca);
}

static inline int pki_setup_good(void **state)
{
    int failed = pki_setup(state);
    if (failed == 0)
        pki_write_good();
    return failed;
}
