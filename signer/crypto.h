/*
 * signer/crypto.h -- keys and signatures as DNSSEC writes them, nothing about zones.
 *
 * GnuTLS holds private keys and signs, reproducibly (RFC 6979 for ECDSA; the others are
 * deterministic by nature). libcrypto verifies, from the public key field of a DNSKEY: other code
 * than the signer's, so that a systematic fault of one does not hide itself (trust rule 3).
 * Algorithms: 8 (RSA/SHA-256), 13, 14 (ECDSA), 15, 16 (EdDSA).
 * Errors: ERR_CRYPTO, ERR_NOMEM; ERR_USAGE for an algorithm that is none of these.
 * Threads: an object belongs to one thread at a time; crypto_private_dup makes another one.
 * Ownership: private bytes are wiped when freed.
 * Source: RFC 3110, 5702, 6605, 6979, 8080.
 */
#pragma once

#include <stdbool.h>

#include "common/buf.h"
#include "common/own.h"

#define CRYPTO_SIGNATURE_MAX 512 /* RSA of 4096 bits */
#define CRYPTO_RSA_BITS      2048

enum dnssec_algorithm {
    ALG_RSASHA256 = 8,
    ALG_ECDSAP256SHA256 = 13,
    ALG_ECDSAP384SHA384 = 14,
    ALG_ED25519 = 15,
    ALG_ED448 = 16
};

struct crypto_private;
void crypto_private_free(struct crypto_private *p);
DEFINE_AUTO_PTR(crypto_private)

int crypto_generate(uint8_t algorithm, struct crypto_private **ret) MUST_USE;
int crypto_private_dup(const struct crypto_private *p, struct crypto_private **ret) MUST_USE;

/* PKCS#8 PEM without a password; a key of another algorithm is ERR_CRYPTO. */
int crypto_private_from_pem(uint8_t algorithm, struct bytes pem,
                            struct crypto_private **ret) MUST_USE;
/* RET is wiped by the caller (buf_wipe). */
int crypto_private_to_pem(const struct crypto_private *p, struct buf *ret) MUST_USE;

/* SubjectPublicKeyInfo, DER; the public key field of a DNSKEY. Both are appended. */
int crypto_private_spki(const struct crypto_private *p, struct buf *ret) MUST_USE;
int crypto_private_public_field(const struct crypto_private *p, struct buf *ret) MUST_USE;

/* The signature field of an RRSIG over DATA. */
int crypto_sign(struct crypto_private *p, struct bytes data, uint8_t ret[CRYPTO_SIGNATURE_MAX],
                size_t *ret_len) MUST_USE;

struct crypto_public;
void crypto_public_free(struct crypto_public *p);
DEFINE_AUTO_PTR(crypto_public)

int crypto_public_new(uint8_t algorithm, struct bytes field, struct crypto_public **ret) MUST_USE;

/* 0 when SIGNATURE is right, else ERR_CRYPTO. */
int crypto_verify(struct crypto_public *p, struct bytes data, struct bytes signature) MUST_USE;
