/*
 * signer/job.h -- a zone while it is being signed, and the workers that sign it.
 *
 * A job lives within one call of sign_zone or sign_change. `zone` is the snapshot in the making:
 * nobody else sees it, its contents are complete before the first signature, and its DNSSEC leaves
 * are put in as they are done. Errors: ERR_NOMEM; ERR_CRYPTO when a primitive or a self-check
 * failed, with the place in the worker.
 */
#pragma once

#include "common/limits.h"
#include "common/pool.h"
#include "signer/crypto.h"
#include "signer/signer.h"
#include "zones/packed.h"

/* A key that is published or signs. */
struct job_key {
    struct sign_key use;
    bool is_known; /* signatures of its tag and algorithm in the previous version are its own */
};

struct worker_key {
    const struct job_key *of;
    uint64_t seed;                  /* of its signatures' jitter */
    bool is_proved;                 /* previous_is_proved, and the key is known there */
    struct crypto_signer *signer;   /* NULL: there is no private half */
    struct crypto_checker *checker; /* NULL: SELF_CHECK_OFF, or nothing to check */
    struct crypto_public *public;   /* made when an unproved signature is first looked at */
};

/* A signature to make, in the sheet on a worker's desk. */
struct slot {
    uint32_t node; /* of the sheet */
    uint32_t key;
    size_t at; /* of the signature, in the octets of the DNSSEC records */
    size_t data_at;
    size_t data_len;
};

/* One thread's: keys of its own, and one sheet of nodes at a time (signer/sheet.c). */
struct worker {
    struct job *job;
    struct worker_key *keys;
    size_t key_n;
    struct leaf_maker sheet; /* DNSSEC records */
    const uint8_t *contents[2 * ZONE_LEAF_NODES];
    struct slot *slots;
    size_t slot_n;
    size_t slot_cap;
    struct crypto_work *work; /* slot_cap of them */
    struct buf data;          /* what is signed */
    struct buf nsec;          /* an NSEC's rdata */
    uint64_t made;
    uint64_t kept;             /* since the progress was told */
    uint8_t failed_owner[256]; /* where it failed, for the finding */
    uint16_t failed_type;
    bool failed;
    const struct key *missed; /* a key without a private half, whose signature was needed */
};

struct job {
    const struct zone *content; /* unsigned, or with sign_change the old snapshot */
    const struct sign_params *params;
    const struct zone *previous; /* signed, of this zone, with an SOA; or NULL */
    struct zone *zone;
    struct diags *diags;
    struct job_key keys[LIMIT_ZONE_KEYS];
    size_t key_n;
    uint32_t serial;
    bool is_unsigned;    /* no DNSSEC records at all */
    uint32_t denial_ttl; /* RFC 9077 s3: the lesser of SOA MINIMUM and the SOA's TTL */
    bool soa_is_late;    /* left unsigned until it is known whether anything changed */
    bool zonemd_is_late; /* left unsigned until the digest is known */
    bool is_again;       /* a node that was signed in this job: what fits is good */
    struct worker **workers;
    size_t worker_n;
};
void job_done(struct job *job);
DEFINE_AUTO(job)

/* Takes the keys that have a part in the zone from the parameters; ERR_LIMIT: too many. */
int job_take_keys(struct job *job) MUST_USE;
/*
 * Finds out which keys are known in job->previous: those in its DNSKEY RRset, and those whose
 * signature over its SOA verifies. Tags are unique among the keys of one version, and all its
 * signatures of a tag and algorithm are of one key: so one tells them all, where the version is
 * ours.
 */
int job_know_keys(struct job *job) MUST_USE;
/* So many threads, or as many as there are processors or the parameters say, at least one. */
size_t job_threads(const struct job *job, size_t most);
/* A worker for each; one where a key signs no faster with two. */
int job_hire(struct job *job, size_t most) MUST_USE;
/* Calls WORK for each I of [0, range), from all workers; says where signing failed. */
typedef int job_work(struct worker *w, void *ctx, size_t i);
int job_run(struct job *job, size_t range, job_work *work, void *ctx) MUST_USE;

/* ------------------------------------------------------------------ sheet.c */

void sheet_clear(struct worker *w);
/*
 * Adds the DNSSEC record of a node: NODE as it will be published, NEXT the owner for its NSEC
 * (NULL: it has none), OLD what may hold fitting signatures (NULL: nothing does). Signatures that
 * must be made are left open.
 */
int sheet_add(struct worker *w, const struct zone_node *node, const uint8_t *next,
              const struct zone_node *old) MUST_USE;
/* Makes the open signatures, in the sheet's records at OCTETS, and checks them over the records as
   they stand there. */
int sheet_sign(struct worker *w, uint8_t *octets) MUST_USE;

/* Does the apex SOA or ZONEMD wait until the rest is signed? */
bool job_is_late(const struct job *job, const struct zone_node *node, uint16_t type);

/* ------------------------------------------------------------------ content.c */

/* The apex's content record with what a signer adds: SERIAL in the SOA, DNSKEY, CDS and CDNSKEY,
   NSEC3PARAM, ZONEMD with DIGEST (NULL: zeros). ZONE is not signed. Of an unsigned job's, SERIAL
   and ZONEMD. */
int content_apex(const struct job *job, const struct zone *zone, uint32_t serial,
                 const uint8_t *digest, struct buf *ret) MUST_USE;
/* The apex of a signed zone with another serial and ZONEMD digest. */
int content_apex_again(const struct zone *zone, uint32_t serial, const uint8_t *digest,
                       struct buf *ret) MUST_USE;
/* Are DNSKEY, CDS and CDNSKEY of ZONE those that the parameters ask for? */
int content_shows_keys(const struct job *job, const struct zone *zone, bool *ret) MUST_USE;
/* job->zone's apex becomes CONTENT, its signatures gone. */
int job_set_apex(struct job *job, const uint8_t *content) MUST_USE;
/* RFC 9077 s3, of a zone with an SOA. */
uint32_t content_denial_ttl(const struct zone *zone);

/* ------------------------------------------------------------------ nsec3.c */

/* Fills job->zone's NSEC3 order from its names; contents only. */
int nsec3_build(struct job *job) MUST_USE;
/* The content record of the node OWNER that holds SET. */
void nsec3_pack(const struct zone_rrset *set, const uint8_t *owner, struct buf *ret);
/* Says that the names A and B have one hash; ERR_CRYPTO. */
int nsec3_refuse_collision(const struct job *job, const uint8_t *a, const uint8_t *b);

/* ------------------------------------------------------------------ full.c and update.c */

/* Signs every leaf of job->zone, whose contents are complete. Streams to the sink when nothing is
   left for later; RET_STREAMED says whether it did. */
int full_sign(struct job *job, bool *ret_streamed) MUST_USE;
/* The authoritative owner after AT in the names of Z; the apex after the last. */
const uint8_t *next_in_chain(const struct zone *z, struct zone_spot at);
/* Everything to the sink, when there is one. */
int full_write(struct job *job) MUST_USE;

/* Owners in canonical order, once owners_sort was called. */
struct owners {
    const uint8_t **items;
    size_t n;
    size_t cap;
};
void owners_done(struct owners *o);
DEFINE_AUTO(owners)
int owners_add(struct owners *o, const uint8_t *owner) MUST_USE;
void owners_sort(struct owners *o); /* and takes out what is there twice */

/* A change on its way from job->previous to job->zone. */
struct update {
    struct tree_edit *names; /* content to put in or take out, in order of owners */
    size_t name_n;
    size_t name_cap;
    struct owners due;  /* in either order: their signatures must be looked at again */
    struct buf touched; /* the names in update_sign's RET_TOUCHED */
};
void update_done(struct update *u);
DEFINE_AUTO(update)
/* CONTENT NULL: the name goes. What is pointed to must live as long as U. */
int update_edit(struct update *u, const uint8_t *owner, const uint8_t *content) MUST_USE;

/* Makes job->zone from job->previous and U, signed but for what is late. RET_TOUCHED, when not
   NULL, gets all owners whose records may differ, in either order; they live as long as U. */
int update_sign(struct job *job, struct update *u, struct owners *ret_touched) MUST_USE;
/* The apex once more, after all else: the SOA with job->serial when that is late, the ZONEMD when
   that is. OLD, when not NULL, may have signatures that fit. */
int update_apex(struct job *job, const struct zone *old) MUST_USE;

/* ------------------------------------------------------------------ ZONEMD (zonemd.c) */

enum zonemd_hash { ZONEMD_SHA384 = 1, ZONEMD_SHA512 = 2 };
#define ZONEMD_SIMPLE     1
#define ZONEMD_DIGEST_MAX 64
size_t zonemd_len(enum zonemd_hash hash);
/* The SIMPLE digest of a whole zone. */
int zonemd_compute(const struct zone *zone, enum zonemd_hash hash,
                   uint8_t ret[ZONEMD_DIGEST_MAX]) MUST_USE;
