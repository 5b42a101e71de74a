/* Checking in bulk: which check, and the samples by public key. */
#include <stdlib.h>

#include <gnutls/crypto.h>

#include "common/err.h"
#include "signer/crypto_again.h"
#include "signer/crypto_assist.h"
#include "signer/crypto_way.h"

/* One signature of each window is verified by public key, and the first of all. P-384 has the
   smaller one, because its second signatures are by the library that made the first. */
#define WINDOW_P256 256
#define WINDOW_P384 64

struct crypto_checker {
    const struct crypto_method *method;
    size_t signature_len;

    /* of each signature: at most one of these, or none (SELF_CHECK_OFF) */
    bool verifies_each;
    struct assist_p256 *p256;
    struct crypto_again *again;

    /* by public key: one of these, whichever library did not sign */
    gnutls_pubkey_t gnutls;
    struct crypto_public *libcrypto;

    /* which of them by public key, where not all */
    size_t window; /* a power of 2; 0: no samples */
    bool is_first;
    size_t at;   /* place in the window */
    size_t pick; /* the place that is looked at */
};

void crypto_checker_free(struct crypto_checker *c)
{
    if (c == NULL)
        return;
    assist_p256_free(c->p256);
    crypto_again_free(c->again);
    crypto_public_free(c->libcrypto);
    if (c->gnutls != NULL)
        gnutls_pubkey_deinit(c->gnutls);
    free(c);
}

/* ------------------------------------------------------------------ by public key */

static struct bytes part(const uint8_t *data, size_t index, size_t len)
{
    return (struct bytes){data + index * len, len};
}

static int gnutls_key(struct crypto_checker *c, struct bytes field)
{
    const struct crypto_method *m = c->method;
    struct bytes a;
    struct bytes b;
    int rc = gnutls_pubkey_init(&c->gnutls);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    if (m->pk == GNUTLS_PK_RSA) {
        if (!crypto_rsa_split(field, &a, &b))
            return ERR_CRYPTO;
        gnutls_datum_t e = crypto_datum(a);
        gnutls_datum_t n = crypto_datum(b);
        rc = gnutls_pubkey_import_rsa_raw(c->gnutls, &n, &e);
    } else {
        bool is_ecdsa = m->pk == GNUTLS_PK_ECDSA;
        if (field.len != m->part_len * (is_ecdsa ? 2 : 1))
            return ERR_CRYPTO;
        gnutls_datum_t x = crypto_datum(part(field.data, 0, m->part_len));
        gnutls_datum_t y =
            is_ecdsa ? crypto_datum(part(field.data, 1, m->part_len)) : (gnutls_datum_t){0};
        rc = gnutls_pubkey_import_ecc_raw(c->gnutls, m->curve, &x, is_ecdsa ? &y : NULL);
    }
    return rc == 0 ? ERR_OK : crypto_gnutls_error(rc);
}

static bool verify_by_gnutls(struct crypto_checker *c, const struct crypto_work *w)
{
    const struct crypto_method *m = c->method;
    gnutls_datum_t data = crypto_datum(w->data);
    if (m->pk != GNUTLS_PK_ECDSA) {
        gnutls_datum_t plain = crypto_datum(part(w->signature, 0, c->signature_len));
        return gnutls_pubkey_verify_data2(c->gnutls, m->sign, 0, &data, &plain) >= 0;
    }
    gnutls_datum_t r = crypto_datum(part(w->signature, 0, m->part_len));
    gnutls_datum_t s = crypto_datum(part(w->signature, 1, m->part_len));
    gnutls_datum_t der = {0};
    if (gnutls_encode_rs_value(&der, &r, &s) != 0)
        return false;
    int rc = gnutls_pubkey_verify_data2(c->gnutls, m->sign, 0, &data, &der);
    gnutls_free(der.data);
    return rc >= 0;
}

static bool verify(struct crypto_checker *c, const struct crypto_work *w)
{
    if (c->gnutls != NULL)
        return verify_by_gnutls(c, w);
    return crypto_verify(c->libcrypto, w->data, part(w->signature, 0, c->signature_len)) == ERR_OK;
}

/* ------------------------------------------------------------------ which check */

/* Is the DNSKEY's key that of the private number? By GnuTLS, which computes it anew. */
static int public_compare(const struct crypto_private *p, struct bytes field)
{
    if (p->x509 == NULL)
        return ERR_OK; /* each signature is verified with it */
    AUTO(buf) struct buf own = {0};
    int rc = gnutls_x509_privkey_verify_params(p->x509);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    int err = crypto_private_public_field(p, &own);
    if (err != ERR_OK)
        return err;
    return bytes_equal(buf_bytes(&own), field) ? ERR_OK : ERR_CRYPTO;
}

/* A token is no library: what it signs, libcrypto verifies. */
static int other_open(struct crypto_checker *c, const struct crypto_way *signed_by,
                      struct bytes field)
{
    if (signed_by == &crypto_way_gnutls)
        return crypto_public_new(c->method->algorithm, field, &c->libcrypto);
    return gnutls_key(c, field);
}

/* What SELF_CHECK_NEW does with each signature of a software key, and how many it verifies
   besides. */
static int new_open(struct crypto_checker *c, const struct crypto_private *p, struct bytes field)
{
    switch (p->algorithm) {
    case ALG_ECDSAP256SHA256: c->window = WINDOW_P256; return assist_p256_new(p, &c->p256);
    case ALG_ECDSAP384SHA384: c->window = WINDOW_P384; return crypto_again_new(p, field, &c->again);
    case ALG_ED25519: return crypto_again_new(p, field, &c->again);
    default: c->verifies_each = true; return ERR_OK; /* nothing that costs less */
    }
}

static bool window_begin(struct crypto_checker *c)
{
    uint8_t pick = 0;
    bool good = c->window == 0 || gnutls_rnd(GNUTLS_RND_NONCE, &pick, sizeof pick) == 0;
    c->at = 0;
    c->pick = pick & (c->window - 1);
    return good;
}

static int checker_open(struct crypto_checker *c, const struct crypto_way *signed_by,
                        const struct crypto_private *p, struct bytes field, enum self_check mode)
{
    int err = public_compare(p, field);
    if (err == ERR_OK)
        err = other_open(c, signed_by, field);
    if (err == ERR_OK && mode == SELF_CHECK_NEW && p->uri == NULL)
        err = new_open(c, p, field);
    else
        c->verifies_each = true;
    if (err == ERR_OK && !window_begin(c))
        err = ERR_CRYPTO;
    return err;
}

int crypto_checker_new_for(const struct crypto_way *way, const struct crypto_private *p,
                           struct bytes public_field, enum self_check mode,
                           struct crypto_checker **ret)
{
    AUTO_PTR(crypto_checker) struct crypto_checker *c = calloc(1, sizeof *c);
    if (c == NULL)
        return ERR_NOMEM;
    c->method = crypto_method_find(p->algorithm);
    c->signature_len = crypto_signature_len(p);
    c->is_first = true;
    int err = mode == SELF_CHECK_OFF ? ERR_OK : checker_open(c, way, p, public_field, mode);
    if (err == ERR_OK)
        *ret = TAKE(c);
    return err;
}

int crypto_checker_new(const struct crypto_private *p, struct bytes public_field,
                       enum self_check mode, struct crypto_checker **ret)
{
    return crypto_checker_new_for(crypto_way_pick(p, crypto_p256_has_passed), p, public_field, mode,
                                  ret);
}

/* ------------------------------------------------------------------ a batch */

/* At most CRYPTO_BATCH. */
static int check_each(struct crypto_checker *c, const struct crypto_work *w, size_t n,
                      size_t *ret_bad)
{
    if (c->p256 != NULL)
        return assist_p256_check(c->p256, w, n, ret_bad);
    for (size_t i = 0; i < n; i++) {
        if ((c->verifies_each && !verify(c, &w[i])) ||
            (c->again != NULL && !crypto_again_is_same(c->again, &w[i]))) {
            *ret_bad = i;
            return ERR_CRYPTO;
        }
    }
    return ERR_OK;
}

/* Random places, so that nothing that comes at regular intervals stays unseen. */
static int check_samples(struct crypto_checker *c, const struct crypto_work *w, size_t n,
                         size_t *ret_bad)
{
    for (size_t i = 0; c->window > 0 && i < n; i++) {
        bool is_picked = c->is_first || c->at == c->pick;
        c->is_first = false;
        if ((is_picked && !verify(c, &w[i])) || (++c->at == c->window && !window_begin(c))) {
            *ret_bad = i;
            return ERR_CRYPTO;
        }
    }
    return ERR_OK;
}

int crypto_check_batch(struct crypto_checker *c, const struct crypto_work *work, size_t n,
                       size_t *ret_bad)
{
    for (size_t at = 0; at < n; at += CRYPTO_BATCH) {
        size_t some = n - at < CRYPTO_BATCH ? n - at : CRYPTO_BATCH;
        size_t bad = 0;
        int err = check_each(c, work + at, some, &bad);
        if (err == ERR_OK)
            err = check_samples(c, work + at, some, &bad);
        if (err != ERR_OK) {
            *ret_bad = at + bad;
            return err;
        }
    }
    return ERR_OK;
}
