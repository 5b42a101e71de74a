/*
 * signer/verify_crypto.h -- public-key verification and hashes for `verify`, by libcrypto.
 *
 * The signing path uses other code on purpose: a fault in one library shows in the other.
 * Pure. A public key may be read by many threads; a checker belongs to one.
 * Errors: ERR_ABSENT (algorithm not known here), ERR_FINDINGS (malformed key), ERR_CRYPTO,
 * ERR_NOMEM. Source: RFC 3110, 4034, 5702, 6605, 8080.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/own.h"

struct verify_public; /* the public key of a DNSKEY */

/* KEY: the public key field of DNSKEY rdata. */
int verify_public_new(uint8_t algorithm, struct bytes key, struct verify_public **ret) MUST_USE;
void verify_public_free(struct verify_public *k);
DEFINE_AUTO_PTR(verify_public)
unsigned verify_public_rsa_bits(const struct verify_public *k); /* 0: not RSA */
/* SHA-256 of the SubjectPublicKeyInfo in DER. */
int verify_public_sha256(const struct verify_public *k, uint8_t ret[32]) MUST_USE;

struct verify_checker; /* the contexts of one thread, one for each of KEY_N keys */
struct verify_checker *verify_checker_new(size_t key_n);
void verify_checker_free(struct verify_checker *c);
DEFINE_AUTO_PTR(verify_checker)

/* Is SIGNATURE (in DNS form) one by key number INDEX over DATA? */
int verify_check(struct verify_checker *c, size_t index, const struct verify_public *k,
                 struct bytes data, struct bytes signature, bool *ret_valid) MUST_USE;

enum verify_hash { VERIFY_SHA1, VERIFY_SHA256, VERIFY_SHA384, VERIFY_SHA512, VERIFY_HASH_COUNT };
#define VERIFY_HASH_MAX 64
size_t verify_hash_len(enum verify_hash hash);

struct verify_hasher; /* one digest at a time */
struct verify_hasher *verify_hasher_new(enum verify_hash hash);
void verify_hasher_free(struct verify_hasher *h);
DEFINE_AUTO_PTR(verify_hasher)
int verify_hasher_start(struct verify_hasher *h) MUST_USE;
int verify_hasher_add(struct verify_hasher *h, const void *data, size_t len) MUST_USE;
int verify_hasher_end(struct verify_hasher *h, uint8_t out[VERIFY_HASH_MAX]) MUST_USE;
