/*
 * signer/proof.h -- part of signer/signer.h: is a signed zone file one that was written here, and
 * unbroken?
 *
 * A keyed digest (HMAC-SHA256, RFC 2104) of each file written is kept in the folder of keys. Who
 * cannot read that folder cannot make a file that passes; so a file that passes needs no new
 * verification of its signatures. DIR/proof.key holds 32 random octets (0600); DIR/proofs a line
 * "digest zone serial" for each of the last PROOF_VERSIONS files of a zone. A list that is missing
 * or damaged proves nothing, which only costs work. Errors: ERR_CONFIG (unsafe mode), ERR_KEY (the
 * key file is not one), ERR_IO, ERR_NOMEM, ERR_CRYPTO. Threads: proof_begin and proof_knows may be
 * called from many threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/diag.h"
#include "common/own.h"

#define PROOF_HEX_LEN  65 /* with the NUL */
#define PROOF_VERSIONS 32

struct proof; /* the folder's key, and its list as it was when opened */

/* DIR must be there. Without a key in it nothing is known. */
int proof_open(const char *dir, struct proof **ret, struct diags *diags) MUST_USE;
/* Makes the key, durably, when missing. ERR_ABSENT, with errno and no finding, when it cannot be:
   nothing can be proved then. */
int proof_make_key(struct proof *p, struct diags *diags) MUST_USE;
bool proof_has_key(const struct proof *p);
void proof_free(struct proof *p); /* wipes the key */
DEFINE_AUTO_PTR(proof)

/* The digest of one file, fed in order; there must be a key. */
struct proof_digest;
int proof_begin(const struct proof *p, struct proof_digest **ret) MUST_USE;
int proof_feed(struct proof_digest *d, const void *data, size_t len) MUST_USE;
int proof_end(struct proof_digest *d, char ret[PROOF_HEX_LEN]) MUST_USE;
void proof_digest_free(struct proof_digest *d);
DEFINE_AUTO_PTR(proof_digest)

/* Is a file of this digest on the list? */
bool proof_knows(const struct proof *p, const char *hex);

/* A file was written; and the list with all those, to the folder. What others put there meanwhile
   stays. */
int proof_keep(struct proof *p, const uint8_t *zone, uint32_t serial, const char *hex) MUST_USE;
int proof_save(struct proof *p) MUST_USE;
