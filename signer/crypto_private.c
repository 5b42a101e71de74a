/* The signing half of signer/crypto.h, on GnuTLS. */
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "common/err.h"
#include "signer/crypto_key.h"

static const struct crypto_method methods[] = {
    {ALG_RSASHA256, GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256, GNUTLS_ECC_CURVE_INVALID, 0},
    {ALG_ECDSAP256SHA256, GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_ECC_CURVE_SECP256R1,
     32},
    {ALG_ECDSAP384SHA384, GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA384, GNUTLS_ECC_CURVE_SECP384R1,
     48},
    {ALG_ED25519, GNUTLS_PK_EDDSA_ED25519, GNUTLS_SIGN_EDDSA_ED25519, GNUTLS_ECC_CURVE_ED25519, 32},
    {ALG_ED448, GNUTLS_PK_EDDSA_ED448, GNUTLS_SIGN_EDDSA_ED448, GNUTLS_ECC_CURVE_ED448, 57},
};

const struct crypto_method *crypto_method_find(uint8_t algorithm)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (methods[i].algorithm == algorithm)
            return &methods[i];
    }
    return NULL;
}

int crypto_gnutls_error(int gnutls)
{
    return gnutls == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_CRYPTO;
}

void crypto_private_free(struct crypto_private *p)
{
    if (p == NULL)
        return;
    if (p->key != NULL)
        gnutls_privkey_deinit(p->key);
    if (p->x509 != NULL)
        gnutls_x509_privkey_deinit(p->x509); /* wipes */
    if (p->uri != NULL)
        gnutls_memset(p->uri, 0, strlen(p->uri));
    free(p->uri);
    free(p);
}

struct crypto_private *crypto_private_blank(uint8_t algorithm)
{
    struct crypto_private *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->algorithm = algorithm;
    if (gnutls_x509_privkey_init(&p->x509) != 0 || gnutls_privkey_init(&p->key) != 0) {
        crypto_private_free(p);
        return NULL;
    }
    return p;
}

int crypto_private_finish(struct crypto_private *p)
{
    int rc = gnutls_privkey_import_x509(p->key, p->x509, 0);
    if (rc == 0)
        rc = gnutls_privkey_get_pk_algorithm(p->key, &p->bits);
    return rc >= 0 ? ERR_OK : crypto_gnutls_error(rc);
}

int crypto_generate(uint8_t algorithm, struct crypto_private **ret)
{
    const struct crypto_method *m = crypto_method_find(algorithm);
    if (m == NULL)
        return ERR_USAGE;
    AUTO_PTR(crypto_private) struct crypto_private *p = crypto_private_blank(algorithm);
    if (p == NULL)
        return ERR_NOMEM;
    unsigned bits = m->curve == GNUTLS_ECC_CURVE_INVALID ? CRYPTO_RSA_BITS
                                                         : GNUTLS_CURVE_TO_BITS((unsigned)m->curve);
    int rc = gnutls_x509_privkey_generate(p->x509, m->pk, bits, 0);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = crypto_private_finish(p);
    if (err == ERR_OK)
        *ret = TAKE(p);
    return err;
}

int crypto_private_dup(const struct crypto_private *p, struct crypto_private **ret)
{
    if (p->uri != NULL)
        return crypto_private_from_uri(p->algorithm, p->uri, ret);
    AUTO_PTR(crypto_private) struct crypto_private *copy = crypto_private_blank(p->algorithm);
    if (copy == NULL)
        return ERR_NOMEM;
    int rc = gnutls_x509_privkey_cpy(copy->x509, p->x509);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = crypto_private_finish(copy);
    if (err == ERR_OK)
        *ret = TAKE(copy);
    return err;
}

static int public_of(const struct crypto_private *p, gnutls_pubkey_t *ret)
{
    int rc = gnutls_pubkey_init(ret);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    rc = gnutls_pubkey_import_privkey(*ret, p->key, 0, 0);
    if (rc == 0)
        return ERR_OK;
    gnutls_pubkey_deinit(*ret);
    return crypto_gnutls_error(rc);
}

/* Asked of the public key, because a private one on a token tells neither bits nor curve. */
bool crypto_private_is(struct crypto_private *p, const struct crypto_method *m)
{
    gnutls_pubkey_t pub = NULL;
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    if (public_of(p, &pub) != ERR_OK)
        return false;
    bool is = gnutls_pubkey_get_pk_algorithm(pub, &p->bits) == (int)m->pk;
    if (is && m->pk == GNUTLS_PK_RSA)
        is = p->bits >= 1024 && p->bits <= CRYPTO_SIGNATURE_MAX * 8;
    else if (is)
        is = gnutls_pubkey_export_ecc_raw2(pub, &curve, NULL, NULL, 0) == 0 && curve == m->curve;
    gnutls_pubkey_deinit(pub);
    return is;
}

gnutls_datum_t crypto_datum(struct bytes b)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } u = {.in = b.data};
    return (gnutls_datum_t){u.out, (unsigned)b.len};
}

int crypto_private_from_pem(uint8_t algorithm, struct bytes pem, struct crypto_private **ret)
{
    const struct crypto_method *m = crypto_method_find(algorithm);
    if (m == NULL)
        return ERR_USAGE;
    AUTO_PTR(crypto_private) struct crypto_private *p = crypto_private_blank(algorithm);
    if (p == NULL)
        return ERR_NOMEM;
    gnutls_datum_t in = crypto_datum(pem);
    int rc =
        gnutls_x509_privkey_import2(p->x509, &in, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = crypto_private_finish(p);
    if (err != ERR_OK)
        return err;
    if (!crypto_private_is(p, m))
        return ERR_CRYPTO;
    *ret = TAKE(p);
    return ERR_OK;
}

int crypto_private_to_pem(const struct crypto_private *p, struct buf *ret)
{
    if (p->x509 == NULL)
        return ERR_KEY;
    gnutls_datum_t pem = {0};
    int rc = gnutls_x509_privkey_export2_pkcs8(p->x509, GNUTLS_X509_FMT_PEM, NULL,
                                               GNUTLS_PKCS_PLAIN, &pem);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    buf_reserve(ret, pem.size);
    buf_add(ret, pem.data, pem.size);
    gnutls_memset(pem.data, 0, pem.size);
    gnutls_free(pem.data);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int crypto_private_spki(const struct crypto_private *p, struct buf *ret)
{
    gnutls_pubkey_t pub = NULL;
    int err = public_of(p, &pub);
    if (err != ERR_OK)
        return err;
    gnutls_datum_t der = {0};
    int rc = gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &der);
    gnutls_pubkey_deinit(pub);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    buf_add(ret, der.data, der.size);
    gnutls_free(der.data);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

/* An unsigned number in exactly LEN octets: GnuTLS gives leading zeros or leaves them out. */
static bool put_number(const gnutls_datum_t *n, size_t len, uint8_t *out)
{
    const uint8_t *p = n->data;
    size_t have = n->size;
    while (have > len && *p == 0) {
        p++;
        have--;
    }
    if (have > len)
        return false;
    memset(out, 0, len - have);
    memcpy(out + (len - have), p, have);
    return true;
}

int crypto_private_number(const struct crypto_private *p, uint8_t *ret, size_t len)
{
    if (p->x509 == NULL)
        return ERR_KEY;
    gnutls_datum_t k = {0};
    int rc = gnutls_x509_privkey_export_ecc_raw(p->x509, NULL, NULL, NULL, &k);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    bool fits = put_number(&k, len, ret);
    gnutls_memset(k.data, 0, k.size);
    gnutls_free(k.data);
    return fits ? ERR_OK : ERR_CRYPTO;
}

static int add_number(const gnutls_datum_t *n, size_t len, struct buf *ret)
{
    uint8_t part[CRYPTO_SIGNATURE_MAX];
    if (len > sizeof part || !put_number(n, len, part))
        return ERR_CRYPTO;
    buf_add(ret, part, len);
    return ERR_OK;
}

static int rsa_field(gnutls_pubkey_t pub, struct buf *ret)
{
    gnutls_datum_t n = {0};
    gnutls_datum_t e = {0};
    int rc = gnutls_pubkey_export_rsa_raw2(pub, &n, &e, GNUTLS_EXPORT_FLAG_NO_LZ);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = ERR_CRYPTO;
    if (e.size > 0 && e.size < 256) { /* RFC 3110 s2: one octet of length will do */
        buf_add_char(ret, (char)e.size);
        buf_add(ret, e.data, e.size);
        buf_add(ret, n.data, n.size);
        err = ERR_OK;
    }
    gnutls_free(n.data);
    gnutls_free(e.data);
    return err;
}

static int curve_field(gnutls_pubkey_t pub, const struct crypto_method *m, struct buf *ret)
{
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    gnutls_datum_t x = {0};
    gnutls_datum_t y = {0};
    int rc = gnutls_pubkey_export_ecc_raw2(pub, &curve, &x, &y, 0);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = ERR_OK;
    if (m->pk == GNUTLS_PK_ECDSA) { /* RFC 6605 s4: x | y */
        err = add_number(&x, m->part_len, ret);
        if (err == ERR_OK)
            err = add_number(&y, m->part_len, ret);
    } else if (x.size == m->part_len) { /* RFC 8080 s3: the octets of RFC 8032 */
        buf_add(ret, x.data, x.size);
    } else {
        err = ERR_CRYPTO;
    }
    gnutls_free(x.data);
    gnutls_free(y.data);
    return err;
}

int crypto_private_public_field(const struct crypto_private *p, struct buf *ret)
{
    const struct crypto_method *m = crypto_method_find(p->algorithm);
    gnutls_pubkey_t pub = NULL;
    int err = public_of(p, &pub);
    if (err != ERR_OK)
        return err;
    err = m->pk == GNUTLS_PK_RSA ? rsa_field(pub, ret) : curve_field(pub, m, ret);
    gnutls_pubkey_deinit(pub);
    if (err == ERR_OK && !buf_ok(ret))
        err = ERR_NOMEM;
    return err;
}

size_t crypto_signature_len(const struct crypto_private *p)
{
    const struct crypto_method *m = crypto_method_find(p->algorithm);
    return m->pk == GNUTLS_PK_RSA ? (p->bits + 7) / 8 : 2 * m->part_len;
}

bool crypto_is_serial(const struct crypto_private *p)
{
    return p->uri != NULL;
}

bool crypto_is_deterministic(const struct crypto_private *p)
{
    return p->uri == NULL || p->algorithm == ALG_RSASHA256;
}

/* RFC 6605 s4: r | s, each as long as the order of the curve. */
static int ecdsa_signature(const gnutls_datum_t *der, size_t part_len, uint8_t *ret,
                           size_t *ret_len)
{
    gnutls_datum_t r = {0};
    gnutls_datum_t s = {0};
    int rc = gnutls_decode_rs_value(der, &r, &s);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    bool fits = put_number(&r, part_len, ret) && put_number(&s, part_len, ret + part_len);
    gnutls_free(r.data);
    gnutls_free(s.data);
    if (!fits)
        return ERR_CRYPTO;
    *ret_len = 2 * part_len;
    return ERR_OK;
}

int crypto_sign(struct crypto_private *p, struct bytes data, uint8_t ret[CRYPTO_SIGNATURE_MAX],
                size_t *ret_len)
{
    const struct crypto_method *m = crypto_method_find(p->algorithm);
    /* RFC 6979: the same data and key give the same signature */
    bool is_rfc6979 = m->pk == GNUTLS_PK_ECDSA && p->uri == NULL;
    unsigned flags = is_rfc6979 ? GNUTLS_PRIVKEY_FLAG_REPRODUCIBLE : 0;
    gnutls_datum_t in = crypto_datum(data);
    gnutls_datum_t sig = {0};
    int rc = gnutls_privkey_sign_data2(p->key, m->sign, flags, &in, &sig);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = ERR_OK;
    if (m->pk == GNUTLS_PK_ECDSA) {
        err = ecdsa_signature(&sig, m->part_len, ret, ret_len);
    } else if (sig.size <= CRYPTO_SIGNATURE_MAX) {
        memcpy(ret, sig.data, sig.size);
        *ret_len = sig.size;
    } else {
        err = ERR_CRYPTO;
    }
    gnutls_free(sig.data);
    return err;
}
