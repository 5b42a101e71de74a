/*
 * signer/crypto_again.h -- a second signature, to compare the octets of the first with.
 *
 * For signatures that GnuTLS made. Those of Ed25519 are made again by libcrypto, from the seed, for
 * less than verification costs; they are deterministic (RFC 8032 s5.1.6), so that any fault shows.
 * Those of P-384 are made again by GnuTLS from a key object of its own: faults that do not repeat
 * show, and for the others a sample has to be verified by public key.
 * docs/decisions/0009-bulk-signing.md.
 */
#pragma once

#include "signer/crypto_key.h"

struct crypto_again;
void crypto_again_free(struct crypto_again *a);

/* PUBLIC_FIELD of the DNSKEY: ERR_CRYPTO when libcrypto, where it signs, computes another one.
   ERR_USAGE for algorithms other than 14 and 15. */
int crypto_again_new(const struct crypto_private *p, struct bytes public_field,
                     struct crypto_again **ret) MUST_USE;

/* False also when the second signature could not be made. */
bool crypto_again_is_same(struct crypto_again *a, const struct crypto_work *w);
