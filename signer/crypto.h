/*
 * signer/crypto.h -- keys and signatures as DNSSEC writes them, nothing about zones.
 *
 * GnuTLS holds private keys. One signature at a time it signs too, reproducibly (RFC 6979 for
 * ECDSA; the others are deterministic by nature), and libcrypto verifies, from the public key field
 * of a DNSKEY: other code than the signer's, so that a systematic fault of one does not hide itself
 * (trust rule 3). In bulk the fastest way of each algorithm signs, with the same octets, and other
 * code checks: docs/decisions/0009-bulk-signing.md.
 * Algorithms: 8 (RSA/SHA-256), 13, 14 (ECDSA), 15, 16 (EdDSA).
 * Errors: ERR_CRYPTO, ERR_NOMEM; ERR_USAGE for an algorithm that is none of these.
 * Threads: an object belongs to one thread at a time; crypto_private_dup makes another one. Several
 * threads may make signers and checkers of one key at once. That the vectors of RFC 6979 came out
 * right is found out once per process, and kept.
 * Ownership: private bytes are wiped when freed.
 * Source: RFC 3110, 5702, 6605, 6979, 7512, 8032, 8080.
 */
#pragma once

#include <stdbool.h>

#include "common/buf.h"
#include "common/own.h"
#include "signer/self_check.h"

#define CRYPTO_SIGNATURE_MAX 512 /* RSA of 4096 bits */
#define CRYPTO_RSA_BITS      2048
#define CRYPTO_BATCH         128 /* signatures that share one inversion; more gains nothing */

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
/* A key on a token, by its PKCS#11 URI (RFC 7512), through GnuTLS and p11-kit; the PIN is in the
   URI (pin-value, pin-source) or the token asks for none. ERR_KEY when there is no such key or the
   token refuses, ERR_CRYPTO when it is of another algorithm, ERR_USAGE for algorithms 15 and 16,
   which tokens do not sign. */
int crypto_private_from_uri(uint8_t algorithm, const char *uri,
                            struct crypto_private **ret) MUST_USE;
/* The URI of a key on a token, borrowed; it may say the PIN. NULL: not on a token. */
const char *crypto_private_uri(const struct crypto_private *p);
/* A new key pair on the token of STORE_URI, sensitive, never extractable, with a random CKA_ID and
   LABEL. Errors as of crypto_private_from_uri. */
int crypto_generate_on_token(uint8_t algorithm, const char *store_uri, const char *label,
                             struct crypto_private **ret) MUST_USE;
/* Another label for both halves of a key on a token. Not all tokens can: ERR_KEY. */
int crypto_token_label(const struct crypto_private *p, const char *label) MUST_USE;
/* Removes both halves of a key from its token. */
int crypto_token_destroy(const struct crypto_private *p) MUST_USE;

/* A private key by its numbers, as BIND's files have them. */
enum crypto_part {
    PART_NUMBER, /* of ECDSA the private number, of EdDSA the seed; all below are RSA's */
    PART_MODULUS,
    PART_PUBLIC_EXPONENT,
    PART_PRIVATE_EXPONENT,
    PART_PRIME1,
    PART_PRIME2,
    PART_EXPONENT1,
    PART_EXPONENT2,
    PART_COEFFICIENT,
    CRYPTO_PART_COUNT
};
struct crypto_parts {
    struct buf part[CRYPTO_PART_COUNT]; /* unsigned, big-endian; those of another kind empty */
};
void crypto_parts_done(struct crypto_parts *parts); /* wipes */
DEFINE_AUTO(crypto_parts)
/* PUBLIC_FIELD is that of the key's DNSKEY; a private half that does not fit it is ERR_CRYPTO. */
int crypto_private_from_parts(uint8_t algorithm, struct bytes public_field,
                              const struct crypto_parts *parts,
                              struct crypto_private **ret) MUST_USE;
/* ERR_KEY for a key on a token. */
int crypto_private_to_parts(const struct crypto_private *p, struct crypto_parts *ret) MUST_USE;

/* RET is wiped by the caller (buf_wipe). ERR_KEY for a key on a token. */
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

/* SubjectPublicKeyInfo, DER, appended: the octets of crypto_private_spki. */
int crypto_public_spki(const struct crypto_public *p, struct buf *ret) MUST_USE;

/* 0 when SIGNATURE is right, else ERR_CRYPTO. */
int crypto_verify(struct crypto_public *p, struct bytes data, struct bytes signature) MUST_USE;

/*
 * Signing and checking in bulk. A signer or checker is one key for one thread; it keeps what it
 * needs of P, which may be freed first. A batch may have any length. Signing allocates nothing per
 * signature itself (GnuTLS, where it signs, does).
 */
struct crypto_work {
    struct bytes data;  /* what is signed; borrowed */
    uint8_t *signature; /* room for, or the octets of, the signature: crypto_signature_len */
};

/* Octets of every signature of this key: 64, 96, 64, 114, or those of the RSA modulus. */
size_t crypto_signature_len(const struct crypto_private *p);
/* The same data gives the same signature: all but ECDSA on a token. */
bool crypto_is_deterministic(const struct crypto_private *p);
/* Signs no faster with two threads: a token. One signer is enough for it. */
bool crypto_is_serial(const struct crypto_private *p);

struct crypto_signer;
void crypto_signer_free(struct crypto_signer *s);
DEFINE_AUTO_PTR(crypto_signer)

int crypto_signer_new(const struct crypto_private *p, struct crypto_signer **ret) MUST_USE;
/* On failure some signatures may have been written; none may be used. */
int crypto_sign_batch(struct crypto_signer *s, const struct crypto_work *work, size_t n) MUST_USE;
/* How it signs, for reports: "libcrypto, P-256 in batches". Static text. */
const char *crypto_signer_way(const struct crypto_signer *s);

struct crypto_checker;
void crypto_checker_free(struct crypto_checker *c);
DEFINE_AUTO_PTR(crypto_checker)

/*
 * PUBLIC_FIELD is the public key field of the DNSKEY about to be published; when it is not that of
 * P, ERR_CRYPTO (not with SELF_CHECK_OFF, which looks at nothing). The checker shares no state with
 * the signer and computes from the data again.
 */
int crypto_checker_new(const struct crypto_private *p, struct bytes public_field,
                       enum self_check mode, struct crypto_checker **ret) MUST_USE;
/* ERR_CRYPTO when a signature is wrong: *RET_BAD is the index of one that is (or of one whose check
   could not be carried out, which comes to the same). */
int crypto_check_batch(struct crypto_checker *c, const struct crypto_work *work, size_t n,
                       size_t *ret_bad) MUST_USE;
