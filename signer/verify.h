/*
 * signer/verify.h -- what the parts of `verify` share; not public.
 *
 * verify.c prepares a `struct verification` (keys, denial chains), walks all nodes with several
 * threads, and then judges what needs the whole zone (chain ends, DS, CDS, ZONEMD). While threads
 * run the verification is read only, but for two marks: a key's `signs_dnskey`, which only the
 * thread of the apex sets, and an NSEC3 entry's `seen`, which is atomic. Findings of a segment of
 * the nodes go to that part's own list and are joined in node order, so a run always says the same.
 * No code is shared with the signing path; what a zone's names are comes from zones/zones.h, and
 * zones/pack.h reads a node's RRsets in one pass.
 */
#pragma once

#include <stdatomic.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/limits.h"
#include "signer/rules_verify.h"
#include "signer/signer.h"
#include "signer/verify_crypto.h"
#include "zones/zones.h"

enum {
    VT_NS = 2,
    VT_SOA = 6,
    VT_DS = 43,
    VT_RRSIG = 46,
    VT_NSEC = 47,
    VT_DNSKEY = 48,
    VT_NSEC3 = 50,
    VT_NSEC3PARAM = 51,
    VT_CDS = 59,
    VT_CDNSKEY = 60,
    VT_ZONEMD = 63
};

struct verify_key { /* a DNSKEY of the apex */
    struct bytes rdata;
    uint16_t tag;
    uint8_t algorithm;
    bool zone_key;                /* zone key flag and protocol 3: may sign */
    bool revoked;                 /* RFC 5011 */
    bool signs_dnskey;            /* its signature over the DNSKEY RRset is right */
    struct verify_public *public; /* NULL: malformed, or not an algorithm of ours */
};

#define NSEC3_HASH_LEN 20

struct nsec3_entry { /* an NSEC3 record of a chain */
    uint8_t hash[NSEC3_HASH_LEN];
    uint8_t next[NSEC3_HASH_LEN];
    const uint8_t *owner;
    uint32_t line;
    bool opt_out;
    struct bytes bitmap;
    atomic_bool seen; /* a name of the zone has this hash */
};

struct nsec3_chain { /* one that NSEC3PARAM names */
    uint16_t iterations;
    struct bytes salt;
    bool usable;                 /* not over the limit of iterations */
    struct nsec3_entry *entries; /* by hash */
    size_t entry_n;
    size_t entry_cap;
};

struct verification {
    const struct zone *zone;
    const uint8_t *apex;
    const char *file;
    int64_t now;
    uint32_t negative_ttl; /* what NSEC and NSEC3 should have */

    struct verify_key *keys;
    size_t key_n;
    uint8_t algorithms[LIMIT_ZONE_KEYS]; /* that must sign each RRset */
    size_t algorithm_n;

    bool has_nsec;
    struct nsec3_chain *chains;
    size_t chain_n;
};

#define VERIFY_STRANGERS 8 /* told one by one; a roll has one or two */

struct verify_stranger { /* a key that signs and is not published */
    uint16_t tag;
    uint8_t algorithm;
    uint64_t n;              /* its signatures */
    struct zone_rrset first; /* the first RRset that it signs */
};

struct verify_part {     /* the outcome of a segment of the nodes */
    struct diags *diags; /* NULL: nothing found */
    uint64_t rrsets;
    uint64_t signatures;
    uint64_t denial;
    int64_t expires_at;        /* 0: no signature */
    uint64_t odd_ttl_n;        /* NSEC or NSEC3 RRsets with another TTL than RFC 9077 asks for */
    struct zone_rrset odd_ttl; /* the first of them */
    struct verify_stranger strangers[VERIFY_STRANGERS]; /* .n 0: free */
    uint64_t stranger_n;                                /* signatures of more keys than these */
    int err;
};

struct verify_thread {
    struct verification *v;
    struct verify_checker *checker;
    struct verify_hasher *sha1;
    struct buf data;           /* what a signature covers, reused */
    struct zone_cursor cursor; /* past the current node; ends with the segment */
    struct verify_part *part;  /* where the current node's outcome goes */
};

/* ------------------------------------------------------------------ findings */

#define VERIFY_AT_LEN (NAME_TEXT_LEN + TYPE_TEXT_LEN + 1)
/* "owner TYPE"; type 0: the owner alone. */
const char *verify_at(const uint8_t *owner, uint16_t type, char out[VERIFY_AT_LEN]);

#define VERIFY_ADD(v, diags, rule, line, owner, type, ...)                                         \
    do {                                                                                           \
        char at_[VERIFY_AT_LEN];                                                                   \
        diag_add((diags), &(rule), AT_LINE((v)->file, (line)), verify_at((owner), (type), at_),    \
                 __VA_ARGS__);                                                                     \
    } while (0)

/* The list of the current part, made on first use; NULL when out of memory (diag_add takes that,
   and the part's `err` remembers it). */
struct diags *verify_part_diags(struct verify_part *part);
#define VERIFY_FOUND(t, rule, line, owner, type, ...)                                              \
    VERIFY_ADD((t)->v, verify_part_diags((t)->part), rule, line, owner, type, __VA_ARGS__)

/* ------------------------------------------------------------------ names and nodes
 * (verify_node.c) */

size_t verify_name_labels(const uint8_t *name); /* without the root */
/* Length of the name at the start of DATA, 0: none there, or compressed. */
size_t verify_name_in(struct bytes data);
/* Copies a name of LEN octets, lower case. */
void verify_name_lower(const uint8_t *name, size_t len, uint8_t *out);

/* Holds data of its own: an RRset besides RRSIG, NSEC, NSEC3 (RFC 4035 s2.3). */
bool verify_node_exists(const struct zone_node *n);
/* At or above a cut, and not below a DNAME. */
bool verify_node_authoritative(const struct zone_node *n);
/* Does denial of existence go by N: it exists, is authoritative and is not the owner of an NSEC3 as
   such. The apex is the first such node of every zone. */
bool verify_node_in_chain(const struct zone_node *n);
/* The first such node after the current one, also beyond the segment. False: none. */
bool verify_next_in_chain(const struct verify_thread *t, struct zone_node *ret);
/* Is TYPE at N to be signed: authoritative, and at a cut only DS and denial (RFC 4035 s2.2). */
bool verify_type_signed(const struct zone_node *n, uint16_t type);

/*
 * The bit map that NSEC or NSEC3 of node N must hold, in canonical form (RFC 4034 s4.1.2), appended
 * to OUT. FOR_TYPE is VT_NSEC or VT_NSEC3: the latter has no bit for itself, and the RRSIG bit only
 * where something is signed (RFC 5155 s7.1).
 */
void verify_bitmap_of(const struct zone_node *n, uint16_t for_type, struct buf *out);
/* Compares FOUND with WANTED; says what differs in WHY ("extra AAAA", "lacks A"). */
bool verify_bitmap_same(struct bytes found, struct bytes wanted, struct buf *why);

/* ------------------------------------------------------------------ parts */

int verify_keys_load(struct verification *v, struct diags *diags) MUST_USE;
void verify_keys_done(struct verification *v);
/* After the signatures: what the DNSKEY RRset is signed by, DS, CDS and CDNSKEY. */
void verify_keys_judge(const struct verification *v, struct diags *diags);
int verify_ds(const struct verification *v, const struct zone *ds, struct diags *diags) MUST_USE;
bool verify_ds_malformed(struct bytes ds); /* also for DS at delegations */
int verify_cds(const struct verification *v, struct diags *diags) MUST_USE;

int verify_rrset(struct verify_thread *t, const struct zone_node *n,
                 const struct zone_rrset *set) MUST_USE;
/* More signatures by the key in S, whose `first` is the first that PART hears of. */
void verify_part_meets(struct verify_part *part, const struct verify_stranger *s);
/* After the nodes: the keys that sign and are not published, once each. */
void verify_strangers_judge(const struct verification *v, const struct verify_part *all,
                            struct diags *diags);

/* N: the current node, which is in the chain. NEXT: the owner of the one after it, or the apex. */
void verify_nsec(struct verify_thread *t, const struct zone_node *n, const uint8_t *next);
/* The same for a node that is not in the chain. */
void verify_nsec_extra(struct verify_thread *t, const struct zone_node *n);

/* Finds the chains and their records; sets has_nsec. */
int verify_chains_load(struct verification *v, struct diags *diags) MUST_USE;
void verify_chains_done(struct verification *v);
/* The hashes of N, the current node, which is in the chain, and of the empty non-terminals between
   it and NEXT, the one after it (NULL: N is the last). */
int verify_nsec3(struct verify_thread *t, const struct zone_node *n,
                 const struct zone_node *next) MUST_USE;
/* After the names: links, and records of no name. */
void verify_chains_judge(const struct verification *v, struct diags *diags);

int verify_zonemd(const struct verification *v, bool *ret_valid, struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ threads (verify_pool.c) */

/* Calls EACH for every node, in several threads; joins the outcomes into RET in node order. */
int verify_pool_run(struct verification *v,
                    int (*each)(struct verify_thread *t, const struct zone_node *n),
                    struct verify_part *ret) MUST_USE;
/* Adds all findings of FROM to TO. */
void verify_diags_join(struct diags *to, const struct diags *from);
