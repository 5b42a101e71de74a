/*
 * signer/chain.h -- what is signed, and the records that deny the rest: NSEC and NSEC3. Pure.
 *
 * Writers append to a buffer, whose buf_ok says whether memory sufficed.
 * Source: RFC 4034 s4, RFC 4035 s2.2-2.3, RFC 5155, RFC 9276 s3.1 (no iterations, salt, opt-out).
 */
#pragma once

#include "signer/signer.h"

/* Part of the zone's own data: not glue, not occluded. Such names are in the chain. */
bool chain_is_authoritative(const struct zone_node *node);
/* RFC 4035 s2.2: everything authoritative; at a cut only DS and NSEC. */
bool chain_is_signed(const struct zone_node *node, uint16_t type);

/*
 * The NSEC of NODE, NEXT being the owner that follows in the chain; NODE is seen without its own
 * NSEC and signatures. These three fill RET with a set of one record, whose data lies in ROOM.
 */
int chain_nsec(const struct zone_node *node, const uint8_t *next, uint32_t ttl, struct buf *room,
               struct zone_rrset *ret) MUST_USE;

#define NSEC3_HASH_LEN 20
/* The NSEC3 of NODE (NULL: an empty non-terminal), NEXT being the hash that follows. RET lacks
   owner and apex. */
int chain_nsec3(const struct zone_node *node, const uint8_t next[NSEC3_HASH_LEN], uint32_t ttl,
                struct buf *room, struct zone_rrset *ret) MUST_USE;
/* OLD with another successor; its type bit maps stay. */
int chain_nsec3_relink(const struct zone_rrset *old, const uint8_t next[NSEC3_HASH_LEN],
                       uint32_t ttl, struct buf *room, struct zone_rrset *ret) MUST_USE;

/* RFC 5155 s5; RET is SHA-1. */
int nsec3_hash(const uint8_t *name, uint16_t iterations, struct bytes salt,
               uint8_t ret[NSEC3_HASH_LEN]) MUST_USE;
void nsec3_label(const uint8_t hash[NSEC3_HASH_LEN], uint8_t ret[32]); /* base32hex, lower case */
/* The hash in an owner's first label, which nsec3_label made. */
void nsec3_unlabel(const uint8_t label[32], uint8_t ret[NSEC3_HASH_LEN]);
/* <base32hex of the hash>.<apex> */
void nsec3_owner(const uint8_t hash[NSEC3_HASH_LEN], const uint8_t *apex, uint8_t ret[256]);
