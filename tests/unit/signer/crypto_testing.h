/* tests/unit/signer/crypto_testing.h -- messages, signatures and flipped bits for the engine. */
#pragma once

#include <string.h>

#include <gnutls/crypto.h>

#include "common/err.h"
#include "signer/crypto.h"
#include "tests/support/testing.h"

/* N messages of different lengths and the room for their signatures, in one piece each. */
struct batch {
    size_t n;
    size_t signature_len;
    uint8_t *data;
    uint8_t *signatures;
    struct crypto_work *work;
};

#define BATCH_MESSAGE_MAX 300

static inline struct batch batch_new(size_t n, size_t signature_len)
{
    struct batch b = {.n = n, .signature_len = signature_len};
    b.data = malloc(n * BATCH_MESSAGE_MAX);
    b.signatures = calloc(n, signature_len);
    b.work = calloc(n, sizeof *b.work);
    assert_true(b.data != NULL && b.signatures != NULL && b.work != NULL);
    assert_int_equal(gnutls_rnd(GNUTLS_RND_NONCE, b.data, n * BATCH_MESSAGE_MAX), 0);
    for (size_t i = 0; i < n; i++) {
        uint8_t *data = b.data + i * BATCH_MESSAGE_MAX;
        b.work[i] = (struct crypto_work){{data, (size_t)(data[0] + data[1]) % BATCH_MESSAGE_MAX},
                                         b.signatures + i * signature_len};
    }
    return b;
}

static inline void batch_done(struct batch *b)
{
    free(b->data);
    free(b->signatures);
    free(b->work);
}
DEFINE_AUTO(batch)

/* As crypto_sign does it: GnuTLS, reproducibly. */
static inline void assert_signed_as_by_gnutls(struct crypto_private *p, const struct crypto_work *w)
{
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    assert_int_equal(crypto_sign(p, w->data, signature, &len), ERR_OK);
    assert_int_equal(len, crypto_signature_len(p));
    assert_memory_equal(w->signature, signature, len);
}
