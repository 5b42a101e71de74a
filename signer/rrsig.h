/*
 * signer/rrsig.h -- one RRSIG: its data, its times, making and checking it.
 *
 * A signer is one thread's: it has own copies of the private keys, public keys made from the
 * DNSKEYs about to be published, and the arena that its signatures live in.
 * Errors: ERR_CRYPTO when a primitive or a self-check failed, ERR_NOMEM.
 * Source: RFC 4034 s3, RFC 4035 s2.2, RFC 1982; DESIGN trust rule 3.
 */
#pragma once

#include "signer/crypto.h"
#include "signer/plan.h"

#define SIGN_INCEPTION_BACK_S 3600 /* clocks of validators run behind */
#define RRSIG_FIXED_LEN       18   /* the fields before the signer's name */

struct signer_key {
    const struct key *key;
    struct crypto_private *private;
    struct crypto_public *public;
};

struct signer {
    struct plan *plan;
    struct signer_key *keys;
    size_t key_n;
    struct arena *arena;
    struct buf data;
    uint64_t made;
    uint64_t reused;
    uint64_t wanted;
    /* where it failed, for the finding */
    const struct plan_node *failed_node;
    uint16_t failed_type;
};

int signer_new(struct plan *plan, struct signer **ret) MUST_USE;
void signer_free(struct signer *s);
DEFINE_AUTO_PTR(signer)

/* Does KEY sign RRsets of TYPE: a KSK the key sets, a ZSK the rest, a CSK everything? */
bool key_signs(const struct key *k, uint16_t type);

/* The apex ZONEMD is signed last: its digest covers all other signatures. */
bool rrsig_is_late(const struct plan *p, const struct plan_node *node, uint16_t type);

/* Makes what is missing of SET's signatures. */
int rrsig_sign_set(struct signer *s, const struct plan_node *node, struct zone_rrset *set) MUST_USE;
int rrsig_add(struct signer *s, struct zone_rrset *set, struct bytes rdata) MUST_USE;
bool rrsig_has(const struct zone_rrset *set, const struct key *k);

/* HEAD (an RRSIG's rdata up to and with the signer's name) and the canonical RRset: what is signed.
 */
int rrsig_data(struct signer *s, const struct plan_node *node, const struct zone_rrset *set,
               struct bytes head) MUST_USE;

uint8_t rrsig_labels(const uint8_t *owner);
/* The moment of a 32-bit time, the one nearest to NOW (RFC 4034 s3.1.5). */
int64_t rrsig_time(uint32_t time, int64_t now);
/* Deterministic, below the policy's jitter. */
uint32_t rrsig_jitter(const uint8_t *owner, uint16_t type, const char *key_digest,
                      uint32_t jitter_s);

/* Keeps PREVIOUS's signatures over SET that still fit (reuse.c). */
int reuse_set(struct signer *s, const struct zone *previous, const struct plan_node *node,
              struct zone_rrset *set) MUST_USE;
