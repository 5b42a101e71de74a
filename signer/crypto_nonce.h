/*
 * signer/crypto_nonce.h -- the nonces of deterministic ECDSA for P-256 with SHA-256.
 *
 * RFC 6979 s3.2, on libcrypto's SHA-256 and big numbers. What depends only on the key is computed
 * once. Everything here is secret; nonce_key_wipe when done. Nothing branches on a secret, with two
 * exceptions: a candidate not below the order is passed over (s3.2 step h.3), which happens once in
 * 2^32 and tells nothing about the nonce that is used; and the numbers of libcrypto drop leading
 * words that are zero, once in 2^64.
 */
#pragma once

#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_*: without allocation, and present through 3.x */
#define ERR_STATE                   openssl_err_state /* a type there, an error code here */
#include <openssl/bn.h>
#include <openssl/sha.h>
#undef ERR_STATE

#include "common/buf.h"

#define NONCE_OCTETS 32 /* of the order, of the hash, and so of everything else */

/* SHA-256 of DATA. */
void nonce_hash(struct bytes data, uint8_t ret[NONCE_OCTETS]);

struct hmac {
    SHA256_CTX inner; /* after the key block; what is authenticated goes on from here */
    SHA256_CTX outer;
};

struct nonce_key {
    struct hmac first;   /* K of step c, with V | 0x00 | x of step d taken in */
    const BIGNUM *order; /* borrowed, 256 bits long */
    uint8_t x[NONCE_OCTETS];
};

void nonce_key_init(struct nonce_key *ret, const BIGNUM *order, const uint8_t x[NONCE_OCTETS]);
void nonce_key_wipe(struct nonce_key *k);

/* The nonce for HASH, which is reduced modulo the order. False: out of memory. */
bool nonce_make(const struct nonce_key *key, const uint8_t hash[NONCE_OCTETS], BIGNUM *ret);

/* The HMAC-DRBG below it, step by step, so that tests can see every candidate. */
struct nonce_drbg {
    struct hmac k;
    uint8_t v[NONCE_OCTETS];
};
void nonce_drbg_init(const struct nonce_key *key, const uint8_t hash[NONCE_OCTETS],
                     struct nonce_drbg *ret);    /* steps b to g */
void nonce_drbg_candidate(struct nonce_drbg *d); /* step h.2: in `v` */
void nonce_drbg_reject(struct nonce_drbg *d);    /* step h.3 */
