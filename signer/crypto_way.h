/*
 * signer/crypto_way.h -- the ways of signing in bulk, and the choice among them.
 *
 * GnuTLS, one signature at a time, signs with any key. Two ways of libcrypto are faster: RSA, and
 * P-256 in batches. That one is put together of parts of libcrypto, and so it is used only where
 * the vectors of RFC 6979 come out right in this process.
 */
#pragma once

#include "signer/crypto_key.h"

struct crypto_way {
    const char *name;
    int (*open)(const struct crypto_private *p, void **ret);
    int (*sign)(void *state, const struct crypto_work *work, size_t n);
    void (*close)(void *state);
};

extern const struct crypto_way crypto_way_p256;
extern const struct crypto_way crypto_way_rsa;
extern const struct crypto_way crypto_way_gnutls; /* also for keys on a token */

/* RFC 6979 A.2.5 signed by WAY, singly and in batches. */
bool crypto_way_passes(const struct crypto_way *way);

/* What crypto_way_passes said of crypto_way_p256 when it was first asked for in this process. */
bool crypto_p256_has_passed(void);

/* The way for P; HAS_PASSED is asked when there is a P-256 key to sign with. */
const struct crypto_way *crypto_way_pick(const struct crypto_private *p, bool (*has_passed)(void));

/* crypto_signer_new by the way given, and crypto_checker_new for signatures made by it. */
int crypto_signer_new_by(const struct crypto_way *way, const struct crypto_private *p,
                         struct crypto_signer **ret) MUST_USE;
int crypto_checker_new_for(const struct crypto_way *way, const struct crypto_private *p,
                           struct bytes public_field, enum self_check mode,
                           struct crypto_checker **ret) MUST_USE;
