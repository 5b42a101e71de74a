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

/* Borrowed; NULL: key_is_public. */
const struct crypto_private *key_private(const struct key *k);
struct bytes key_public_field(const struct key *k);

/* Consumes PRIVATE, also on failure. */
int key_from_private(uint8_t algorithm, enum key_role role, struct crypto_private *private,
                     struct key **ret) MUST_USE;

/* A key without its private half, from a DNSKEY record: protocol 3, the zone key flag, the SEP flag
   as ROLE has it, not revoked; else, or when it holds no public key of its algorithm, ERR_KEY. */
int key_from_dnskey(struct bytes rdata, enum key_role role, struct key **ret) MUST_USE;

/* Makes a key pair in memory. The random numbers are GnuTLS's. */
int key_generate(uint8_t algorithm, enum key_role role, struct key **ret) MUST_USE;

/*
 * Makes a key pair on the token of STORE_URI ("pkcs11:token=T?pin-source=FILE"), which never gives
 * its private half away; it is called "LABEL TAG" there (key_token.c). RET is stored by
 * key_store. ERR_USAGE, with a finding, for algorithms that tokens lack (15, 16), before anything
 * is made; ERR_KEY: no such token, or it refuses; ERR_CONFIG: a PIN file that others may read.
 */
int key_generate_on_token(const char *store_uri, uint8_t algorithm, enum key_role role,
                          const char *label, struct key **ret, struct diags *diags) MUST_USE;
/* Takes away a key just made there which is not going to be used (its tag is taken). */
int key_destroy_on_token(const struct key *k) MUST_USE;
bool key_is_on_token(const struct key *k);

/* Trust rule 1: DIR/<digest>.pem, or .uri of a key on a token, written durably, read back, a test
   signature verified. ERR_KEY for a key without a private half. */
int key_store(const struct key *k, const char *dir, struct diags *diags) MUST_USE;
/* A signature by LOADED, verified by what is published for ORIGINAL; ERR_CRYPTO. */
int key_test_signature(const struct key *original, const struct key *loaded) MUST_USE;
int key_load(const char *dir, const char *digest, uint8_t algorithm, enum key_role role,
             struct key **ret, struct diags *diags) MUST_USE;

/* Says why file_read_private refused PATH; ERR_CONFIG. */
int key_refuse_mode(const char *path, struct diags *diags);

/* RFC 4034 appendix B, for all algorithms but 1. */
uint16_t dnskey_tag(struct bytes rdata);

/* Could a validator take one key for the other by tag, today or after revocation (which sets a
   flag and so moves the tag)? */
bool dnskey_tags_collide(struct bytes a, struct bytes b);

/* key_make.c, trust rule 2: a new key whose tags collide with no DNSKEY of TAKEN. STORE NULL: in
   memory only; else the token of that URI, where it gets the name LABEL. */
int key_generate_unlike(const struct bytes *taken, size_t taken_n, uint8_t algorithm,
                        enum key_role role, const char *store, const char *label, struct key **ret,
                        struct diags *diags) MUST_USE;
/* A new key whose tags collide with no key of SET, in memory only, appended to SET. */
int keyset_generate(struct keyset *set, uint8_t algorithm, enum key_role role,
                    struct diags *diags) MUST_USE;
/* key_store for the keys of SET beginning with number FROM. */
int keyset_store(const struct keyset *set, size_t from, const char *dir,
                 struct diags *diags) MUST_USE;

/* DIR exists (made with MODE when missing), is ours, and has none of the mode bits REFUSED. */
int private_folder(const char *dir, mode_t mode, mode_t refused, const struct diag_rule *rule,
                   struct diags *diags) MUST_USE;
