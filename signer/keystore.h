/*
 * signer/keystore.h -- what the rest of this folder may know of a key.
 *
 * Errors as in signer/signer.h. A key is immutable once made.
 * Source: RFC 4034 s2 and appendix B; RFC 5011 s2.1; DESIGN trust rules 1 and 2.
 */
#pragma once

#include <sys/types.h>

#include "signer/crypto.h"
#include "signer/signer.h"

#define DNSKEY_FLAG_ZONE   0x0100
#define DNSKEY_FLAG_REVOKE 0x0080
#define DNSKEY_FLAG_SEP    0x0001

const struct crypto_private *key_private(const struct key *k); /* borrowed */
struct bytes key_public_field(const struct key *k);

/* Consumes PRIVATE, also on failure. */
int key_from_private(uint8_t algorithm, enum key_role role, struct crypto_private *private,
                     struct key **ret) MUST_USE;

/* Makes a key pair in memory. The random numbers are GnuTLS's. */
int key_generate(uint8_t algorithm, enum key_role role, struct key **ret) MUST_USE;

/* Trust rule 1: DIR/<digest>.pem written durably, read back, a test signature verified. */
int key_store(const struct key *k, const char *dir, struct diags *diags) MUST_USE;
int key_load(const char *dir, const char *digest, uint8_t algorithm, enum key_role role,
             struct key **ret, struct diags *diags) MUST_USE;

/* Says why file_read_private refused PATH; ERR_CONFIG. */
int key_refuse_mode(const char *path, struct diags *diags);

/* RFC 4034 appendix B, for all algorithms but 1. */
uint16_t dnskey_tag(struct bytes rdata);

/* Could a validator take one key for the other by tag, today or after revocation (which sets a
   flag and so moves the tag)? */
bool dnskey_tags_collide(struct bytes a, struct bytes b);

/* A new key whose tags collide with no key of SET, in memory only, appended to SET. */
int keyset_generate(struct keyset *set, uint8_t algorithm, enum key_role role,
                    struct diags *diags) MUST_USE;
/* key_store for the keys of SET beginning with number FROM. */
int keyset_store(const struct keyset *set, size_t from, const char *dir,
                 struct diags *diags) MUST_USE;
int keyset_add(struct keyset *set, struct key *k) MUST_USE; /* consumes K, also on failure */

/* DIR exists (made with MODE when missing), is ours, and has none of the mode bits REFUSED. */
int private_folder(const char *dir, mode_t mode, mode_t refused, const struct diag_rule *rule,
                   struct diags *diags) MUST_USE;
