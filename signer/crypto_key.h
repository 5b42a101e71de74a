/*
 * signer/crypto_key.h -- inside of a private key, for the files of the crypto engine only.
 *
 * Errors, threads and ownership as in signer/crypto.h.
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "signer/crypto.h"

struct crypto_private {
    uint8_t algorithm;
    gnutls_x509_privkey_t x509; /* borrowed by `key`; NULL when the key is on a token */
    gnutls_privkey_t key;
    unsigned bits; /* of an RSA modulus; of no meaning else */
    char *uri;     /* of a key on a token, may hold the PIN; else NULL */
};

struct crypto_method {
    uint8_t algorithm;
    gnutls_pk_algorithm_t pk;
    gnutls_sign_algorithm_t sign;
    gnutls_ecc_curve_t curve; /* GNUTLS_ECC_CURVE_INVALID: RSA */
    size_t part_len;          /* of r, s and coordinates (ECDSA), of the public key (EdDSA) */
};

const struct crypto_method *crypto_method_find(uint8_t algorithm); /* NULL: none of ours */

/* An empty one with room for the numbers of a software key, and the rest once `x509` is filled. */
struct crypto_private *crypto_private_blank(uint8_t algorithm);
int crypto_private_finish(struct crypto_private *p) MUST_USE;

/* Is P of that method? Fills in `bits`. */
bool crypto_private_is(struct crypto_private *p, const struct crypto_method *m);

/* ERR_NOMEM or ERR_CRYPTO for a code of GnuTLS. */
int crypto_gnutls_error(int gnutls);

/* The same for the error queue of libcrypto, which is emptied: nobody reads it. */
int crypto_libcrypto_error(void);

/* RFC 3110 s2: exponent and modulus of an RSA public key field. */
bool crypto_rsa_split(struct bytes field, struct bytes *ret_e, struct bytes *ret_n);

/* The interfaces of GnuTLS take bytes that they do not change as pointers to variable ones. */
gnutls_datum_t crypto_datum(struct bytes b);

/* The private number of an ECDSA key, or the seed of an EdDSA key, in LEN octets; the caller wipes
   them. ERR_CRYPTO for a key on a token. */
int crypto_private_number(const struct crypto_private *p, uint8_t *ret, size_t len) MUST_USE;
