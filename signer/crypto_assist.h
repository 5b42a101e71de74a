/*
 * signer/crypto_assist.h -- a check of new P-256 signatures that uses the private key to save work.
 *
 * x((h + r d) / s * G) mod n = r, by the arithmetic of libcrypto. It proves as much as verification
 * by public key does, once that key has been compared with the private one (crypto_checker_new
 * does). docs/decisions/0009-bulk-signing.md says what it can't see. Results as crypto_check_batch;
 * N at most CRYPTO_BATCH.
 */
#pragma once

#include "signer/crypto_key.h"

struct assist_p256;
void assist_p256_free(struct assist_p256 *a);
int assist_p256_new(const struct crypto_private *p, struct assist_p256 **ret) MUST_USE;
int assist_p256_check(struct assist_p256 *a, const struct crypto_work *work, size_t n,
                      size_t *ret_bad) MUST_USE;
