/* Private keys from and to their numbers, on GnuTLS. */
#include <string.h>

#include <gnutls/crypto.h>

#include "common/err.h"
#include "signer/crypto_key.h"

void crypto_parts_done(struct crypto_parts *parts)
{
    for (size_t i = 0; i < CRYPTO_PART_COUNT; i++)
        buf_wipe(&parts->part[i]);
}

static gnutls_datum_t datum_of(const struct crypto_parts *parts, enum crypto_part which)
{
    return crypto_datum(buf_bytes(&parts->part[which]));
}

/* ------------------------------------------------------------------ in */

static int rsa_in(struct crypto_private *p, const struct crypto_parts *parts)
{
    for (size_t i = PART_MODULUS; i < CRYPTO_PART_COUNT; i++) {
        if (parts->part[i].len == 0)
            return ERR_CRYPTO;
    }
    gnutls_datum_t m = datum_of(parts, PART_MODULUS);
    gnutls_datum_t e = datum_of(parts, PART_PUBLIC_EXPONENT);
    gnutls_datum_t d = datum_of(parts, PART_PRIVATE_EXPONENT);
    gnutls_datum_t p1 = datum_of(parts, PART_PRIME1);
    gnutls_datum_t q = datum_of(parts, PART_PRIME2);
    gnutls_datum_t u = datum_of(parts, PART_COEFFICIENT);
    gnutls_datum_t e1 = datum_of(parts, PART_EXPONENT1);
    gnutls_datum_t e2 = datum_of(parts, PART_EXPONENT2);
    int rc = gnutls_x509_privkey_import_rsa_raw2(p->x509, &m, &e, &d, &p1, &q, &u, &e1, &e2);
    return rc == 0 ? ERR_OK : crypto_gnutls_error(rc);
}

static int curve_in(struct crypto_private *p, const struct crypto_method *m, struct bytes field,
                    const struct crypto_parts *parts)
{
    bool is_ecdsa = m->pk == GNUTLS_PK_ECDSA;
    size_t len = parts->part[PART_NUMBER].len;
    /* old versions of BIND leave out the leading zeros of an ECDSA number; a seed is no number */
    if (len == 0 || len > m->part_len || (!is_ecdsa && len != m->part_len) ||
        field.len != m->part_len * (is_ecdsa ? 2 : 1))
        return ERR_CRYPTO;
    gnutls_datum_t k = datum_of(parts, PART_NUMBER);
    gnutls_datum_t x = crypto_datum((struct bytes){field.data, m->part_len});
    gnutls_datum_t y = {0};
    if (is_ecdsa)
        y = crypto_datum((struct bytes){field.data + m->part_len, m->part_len});
    int rc = gnutls_x509_privkey_import_ecc_raw(p->x509, m->curve, &x, is_ecdsa ? &y : NULL, &k);
    return rc == 0 ? ERR_OK : crypto_gnutls_error(rc);
}

/* GnuTLS computes the public half anew, and that is what DNSSEC publishes. */
static int check_pair(const struct crypto_private *p, struct bytes field)
{
    AUTO(buf) struct buf own = {0};
    int rc = gnutls_x509_privkey_verify_params(p->x509);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = crypto_private_public_field(p, &own);
    if (err != ERR_OK)
        return err;
    return bytes_equal(buf_bytes(&own), field) ? ERR_OK : ERR_CRYPTO;
}

int crypto_private_from_parts(uint8_t algorithm, struct bytes public_field,
                              const struct crypto_parts *parts, struct crypto_private **ret)
{
    const struct crypto_method *m = crypto_method_find(algorithm);
    if (m == NULL)
        return ERR_USAGE;
    AUTO_PTR(crypto_private) struct crypto_private *p = crypto_private_blank(algorithm);
    if (p == NULL)
        return ERR_NOMEM;
    int err = m->pk == GNUTLS_PK_RSA ? rsa_in(p, parts) : curve_in(p, m, public_field, parts);
    if (err == ERR_OK)
        err = crypto_private_finish(p);
    if (err == ERR_OK && !crypto_private_is(p, m))
        err = ERR_CRYPTO;
    if (err == ERR_OK)
        err = check_pair(p, public_field);
    if (err == ERR_OK)
        *ret = TAKE(p);
    return err;
}

/* ------------------------------------------------------------------ out */

/* Takes DATUM of GnuTLS over, without the leading zeros that it puts before some numbers. */
static void take(gnutls_datum_t *datum, struct buf *ret)
{
    size_t zeros = 0;
    while (zeros + 1 < datum->size && datum->data[zeros] == 0)
        zeros++;
    buf_reserve(ret, datum->size);
    buf_add(ret, datum->data + zeros, datum->size - zeros);
    gnutls_memset(datum->data, 0, datum->size);
    gnutls_free(datum->data);
}

static int rsa_out(const struct crypto_private *p, struct crypto_parts *ret)
{
    gnutls_datum_t d[CRYPTO_PART_COUNT] = {{0}};
    int rc = gnutls_x509_privkey_export_rsa_raw2(
        p->x509, &d[PART_MODULUS], &d[PART_PUBLIC_EXPONENT], &d[PART_PRIVATE_EXPONENT],
        &d[PART_PRIME1], &d[PART_PRIME2], &d[PART_COEFFICIENT], &d[PART_EXPONENT1],
        &d[PART_EXPONENT2]);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    for (size_t i = PART_MODULUS; i < CRYPTO_PART_COUNT; i++)
        take(&d[i], &ret->part[i]);
    return ERR_OK;
}

static int curve_out(const struct crypto_private *p, const struct crypto_method *m,
                     struct crypto_parts *ret)
{
    uint8_t number[64];
    if (m->part_len > sizeof number)
        return ERR_INTERNAL;
    int err = crypto_private_number(p, number, m->part_len);
    buf_reserve(&ret->part[PART_NUMBER], m->part_len);
    if (err == ERR_OK)
        buf_add(&ret->part[PART_NUMBER], number, m->part_len);
    gnutls_memset(number, 0, sizeof number);
    return err;
}

int crypto_private_to_parts(const struct crypto_private *p, struct crypto_parts *ret)
{
    const struct crypto_method *m = crypto_method_find(p->algorithm);
    if (p->x509 == NULL || m == NULL)
        return ERR_KEY;
    struct crypto_parts parts = {0};
    int err = m->pk == GNUTLS_PK_RSA ? rsa_out(p, &parts) : curve_out(p, m, &parts);
    for (size_t i = 0; i < CRYPTO_PART_COUNT && err == ERR_OK; i++)
        err = buf_ok(&parts.part[i]) ? ERR_OK : ERR_NOMEM;
    if (err == ERR_OK)
        *ret = parts;
    else
        crypto_parts_done(&parts);
    return err;
}
