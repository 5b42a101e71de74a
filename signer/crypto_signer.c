/* Signing in bulk: which way, and the plain one. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/crypto_way.h"

struct crypto_signer {
    const struct crypto_way *way;
    void *state;
};

/* ------------------------------------------------------------------ GnuTLS, one at a time */

static int gnutls_open(const struct crypto_private *p, void **ret)
{
    struct crypto_private *copy = NULL;
    int err = crypto_private_dup(p, &copy);
    if (err == ERR_OK)
        *ret = copy;
    return err;
}

static int gnutls_sign(void *state, const struct crypto_work *work, size_t n)
{
    struct crypto_private *p = state;
    size_t expected = crypto_signature_len(p);
    for (size_t i = 0; i < n; i++) {
        uint8_t signature[CRYPTO_SIGNATURE_MAX];
        size_t len = 0;
        int err = crypto_sign(p, work[i].data, signature, &len);
        if (err != ERR_OK)
            return err;
        if (len != expected)
            return ERR_CRYPTO;
        memcpy(work[i].signature, signature, len);
    }
    return ERR_OK;
}

static void gnutls_close(void *state)
{
    crypto_private_free(state);
}

const struct crypto_way crypto_way_gnutls = {.name = "GnuTLS, one at a time",
                                             .open = gnutls_open,
                                             .sign = gnutls_sign,
                                             .close = gnutls_close};

/* ------------------------------------------------------------------ the choice */

/* About the process and its libraries and not about any key. */
static pthread_once_t p256_once = PTHREAD_ONCE_INIT;
static bool p256_passed;

static void p256_try(void)
{
    p256_passed = crypto_way_passes(&crypto_way_p256);
}

bool crypto_p256_has_passed(void)
{
    (void)pthread_once(&p256_once, p256_try);
    return p256_passed;
}

const struct crypto_way *crypto_way_pick(const struct crypto_private *p, bool (*has_passed)(void))
{
    if (p->uri == NULL && p->algorithm == ALG_RSASHA256)
        return &crypto_way_rsa;
    if (p->uri == NULL && p->algorithm == ALG_ECDSAP256SHA256 && has_passed())
        return &crypto_way_p256;
    return &crypto_way_gnutls;
}

int crypto_signer_new_by(const struct crypto_way *way, const struct crypto_private *p,
                         struct crypto_signer **ret)
{
    struct crypto_signer *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    s->way = way;
    int err = way->open(p, &s->state);
    if (err == ERR_OK)
        *ret = s;
    else
        free(s);
    return err;
}

int crypto_signer_new(const struct crypto_private *p, struct crypto_signer **ret)
{
    return crypto_signer_new_by(crypto_way_pick(p, crypto_p256_has_passed), p, ret);
}

void crypto_signer_free(struct crypto_signer *s)
{
    if (s == NULL)
        return;
    s->way->close(s->state);
    free(s);
}

int crypto_sign_batch(struct crypto_signer *s, const struct crypto_work *work, size_t n)
{
    return s->way->sign(s->state, work, n);
}

const char *crypto_signer_way(const struct crypto_signer *s)
{
    return s->way->name;
}
