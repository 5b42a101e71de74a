/*
 * signer/parent_int.h -- what the parts of signer/parent.h share; not public.
 *
 * parent_message.c reads DNS messages, parent_proof.c checks RRSIGs, parent_chain.c goes from the
 * trust anchors down to the parent's keys, parent_denial.c proves that there is no DS,
 * parent_tsig.c checks an agent's TSIG, parent.c judges them all, parent_keys.c compares with ours.
 *
 * "No" has two voices here: an error code is a fault of this machine (memory, the crypto library);
 * what is wrong with a message is its `why`, and false.
 */
#pragma once

#include <libknot/packet/pkt.h>

#include "common/limits.h"
#include "signer/parent.h"
#include "signer/verify_crypto.h"

enum {
    PT_NS = 2,
    PT_SOA = 6,
    PT_DS = 43,
    PT_RRSIG = 46,
    PT_NSEC = 47,
    PT_DNSKEY = 48,
    PT_NSEC3 = 50
};

enum { RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

uint16_t wire_get16(const uint8_t *p);
uint32_t wire_get32(const uint8_t *p);

/* ------------------------------------------------------------------ messages (parent_message.c) */

struct message { /* a response, taken apart */
    knot_pkt_t *pkt;
    uint8_t *copy; /* libknot takes the TSIG off it */
    uint8_t rcode;
    bool is_authoritative;
    bool is_truncated;
};
void message_done(struct message *m);
DEFINE_AUTO(message)

/* False, with WHY: not a whole response to this question. */
int message_read(struct bytes text, const uint8_t *name, uint16_t type, struct message *ret,
                 bool *ret_good, char why[PARENT_WHY_LEN]) MUST_USE;

struct message_set { /* an RRset in canonical form, and where its signatures are */
    const struct message *message;
    knot_section_t section;
    const uint8_t *owner;
    uint16_t type;
    uint32_t ttl;        /* the smallest in the message */
    struct bytes *rdata; /* canonical order, no duplicates */
    size_t n;
};
/* Of OWNER and TYPE in SECTION; n 0: none there. In ARENA. */
int message_set(const struct message *m, knot_section_t section, const uint8_t *owner,
                uint16_t type, struct arena *arena, struct message_set *ret) MUST_USE;
/* Calls EACH for the lower-case owner of every record of TYPE, until it returns non-zero. */
int message_owners(const struct message *m, knot_section_t section, uint16_t type,
                   int (*each)(void *ctx, const uint8_t *owner), void *ctx) MUST_USE;

/* ------------------------------------------------------------------ signatures (parent_proof.c) */

/* The moments at which a signature must hold: when it was seen, and when it is used. */
struct proof_times {
    int64_t seen_at;
    int64_t now;
};

struct trusted_key {
    struct bytes rdata;
    uint16_t tag;
    uint8_t algorithm;
    struct verify_public *public; /* NULL: not of an algorithm that we know */
};
struct trusted_zone { /* the DNSKEY RRset of a zone, as far as it may sign */
    const uint8_t *name;
    struct trusted_key *keys; /* in the arena, but for `public` */
    size_t n;
    struct verify_checker *checker;
};
void trusted_zone_done(struct trusted_zone *z);
DEFINE_AUTO(trusted_zone)

/* KEYS: DNSKEY rdata; what is revoked or no zone key is left out. */
int trusted_zone_new(const uint8_t *name, const struct bytes *keys, size_t n, struct arena *arena,
                     struct trusted_zone *ret) MUST_USE;

struct proof {         /* what the signature that proves says */
    uint32_t ttl_s;    /* the original TTL */
    int64_t signed_at; /* its inception */
};
/* Is SET signed by a key of ZONE at both moments? */
int proof_of_set(const struct message_set *set, struct trusted_zone *zone,
                 const struct proof_times *times, bool *ret_proven, struct proof *ret,
                 char why[PARENT_WHY_LEN]) MUST_USE;

uint16_t proof_key_tag(struct bytes dnskey); /* RFC 4034 App. B */
bool proof_digest_is_known(uint8_t digest_type);

/* ------------------------------------------------------------------ the chain (parent_chain.c) */

/* The parent's keys, proven from TRUST by O's links; false with WHY. */
int chain_of_parent(const struct observation *o, const struct zone *anchors,
                    const struct proof_times *times, struct arena *arena, struct trusted_zone *ret,
                    bool *ret_proven, char why[PARENT_WHY_LEN]) MUST_USE;

/* ------------------------------------------------------------------ absence (parent_denial.c) */

/* Does M, from the parent, prove that ZONE is a delegation without DS? */
int denial_of_ds(const struct message *m, const uint8_t *zone, struct trusted_zone *parent,
                 const struct proof_times *times, struct arena *arena, bool *ret_proven,
                 struct proof *ret, char why[PARENT_WHY_LEN]) MUST_USE;

/* ------------------------------------------------------------------ TSIG (parent_tsig.c) */

/* Did AGENT sign MESSAGE, the answer to the question whose MAC was REQUEST_MAC, at about AT? */
int tsig_is_right(const struct parent_agent *agent, struct bytes message, struct bytes request_mac,
                  int64_t at, bool *ret_right, char why[PARENT_WHY_LEN]) MUST_USE;
