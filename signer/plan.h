/*
 * signer/plan.h -- a zone while it is being signed: the one mutable value of this folder.
 *
 * Nodes in canonical order, the apex first; RRsets by type. It begins as the unsigned zone with the
 * records that a signer adds at the apex; the denial chain, the signatures and ZONEMD follow. It
 * borrows from the zone it was made of and from its own arena, and lives within sign_zone only.
 * Errors: ERR_NOMEM; nsec3_add may also give ERR_CRYPTO with a finding.
 * Source: RFC 4035 s2; RFC 7344; RFC 8976; RFC 9077.
 */
#pragma once

#include "common/arena.h"
#include "signer/signer.h"

struct plan_node {
    const uint8_t *owner;
    uint32_t flags; /* enum zone_node_flags */
    uint32_t set_n;
    uint32_t set_cap;
    struct zone_rrset *sets;
};

struct plan {
    struct arena *arena;
    const uint8_t *apex;
    const struct sign_params *params;
    uint32_t soa_ttl;
    uint32_t denial_ttl; /* RFC 9077 s3: the lesser of SOA MINIMUM and the SOA's TTL */
    struct plan_node *nodes;
    size_t n;
};

/* ZONE must have passed the checks of sign_zone. */
int plan_build(const struct zone *zone, const struct sign_params *params, uint32_t serial,
               struct plan *ret) MUST_USE;
void plan_done(struct plan *p);
DEFINE_AUTO(plan)

struct zone_rrset *plan_find(struct plan_node *node, uint16_t type); /* NULL: none */
struct zone_rrset *plan_apex_set(struct plan *p, uint16_t type);
/* A new RRset of one record, in its place. */
int plan_add_rdata(struct plan *p, struct plan_node *node, uint16_t type, uint32_t ttl,
                   struct bytes rdata) MUST_USE;
/* One more record of an RRset whose records live in ARENA, in canonical order. */
int plan_join(struct arena *arena, knot_rdataset_t *rrs, struct bytes rdata) MUST_USE;
void plan_set_serial(struct plan *p, uint32_t serial);

/* Part of the zone's own data: not glue, not occluded. Such names are in the chain. */
bool plan_is_authoritative(const struct plan_node *node);
/* RFC 4035 s2.2: everything authoritative; at a cut only DS and NSEC. */
bool plan_is_signed(const struct plan_node *node, uint16_t type);

/* Does the plan say the same as ZONE, signatures included? */
bool plan_equals(const struct plan *p, const struct zone *zone);
int plan_finish(const struct plan *p, const char *file, struct zone **ret,
                struct diags *diags) MUST_USE;

/* The type bit maps of NODE for its NSEC or NSEC3 (RFC 4034 s4.1.2), appended to RET. */
void plan_types(const struct plan_node *node, bool nsec3, struct buf *ret);

int nsec_add(struct plan *p) MUST_USE;                       /* nsec.c */
int nsec3_add(struct plan *p, struct diags *diags) MUST_USE; /* nsec3.c */

/* RFC 5155 s5; RET is SHA-1. */
#define NSEC3_HASH_LEN 20
int nsec3_hash(const uint8_t *name, uint16_t iterations, struct bytes salt,
               uint8_t ret[NSEC3_HASH_LEN]) MUST_USE;
void nsec3_label(const uint8_t hash[NSEC3_HASH_LEN], uint8_t ret[32]); /* base32hex, lower case */

/* ------------------------------------------------------------------ ZONEMD (zonemd.c) */

enum zonemd_hash { ZONEMD_SHA384 = 1, ZONEMD_SHA512 = 2 };
#define ZONEMD_DIGEST_MAX 64
size_t zonemd_len(enum zonemd_hash hash);

/* The SIMPLE digest of the plan as it stands, and of a whole zone. */
int zonemd_of_plan(const struct plan *p, enum zonemd_hash hash,
                   uint8_t ret[ZONEMD_DIGEST_MAX]) MUST_USE;
int zonemd_compute(const struct zone *zone, enum zonemd_hash hash,
                   uint8_t ret[ZONEMD_DIGEST_MAX]) MUST_USE;
