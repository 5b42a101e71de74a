/*
 * signer/ksr.h -- PUBLIC: an offline KSK: what its signatures are asked for (key signing request,
 * KSR), what it signed (signed key response, SKR), and what a build takes from that.
 *
 * The KSK's private half stays on a machine without network; the signing host knows its DNSKEY.
 * A request plans the zone's rolls until a date, on the signing host, with the ZSKs that they will
 * need made beforehand (spares), and lists each DNSKEY, CDS and CDNSKEY RRset that the zone will
 * show, with the times that its signatures must cover. The response holds those signatures. Both
 * are text files for people to read and machines to refuse:
 *
 *     mudzone-ksr 1                                     (response: mudzone-skr 1)
 *     zone example.
 *     made 2026-11-22T01:00:00Z
 *     from 2026-11-22T01:00:00Z                         planned from here ...
 *     until 2027-11-22T00:00:00Z                        ... until here
 *     request HEX                                       (response only: digest of the request)
 *     set DNSKEY
 *       example. 3600 IN DNSKEY 256 3 13 ...            records, in canonical order
 *     sign 2026-11-22T00:00:00Z 2026-12-22T01:00:00Z    inception, expiration
 *         example. 3600 IN RRSIG DNSKEY ...             (response only)
 *     end
 *     digest HEX                                        SHA-256 of all lines before this one
 *
 * There is one way to write each: a file that another program would have written otherwise is
 * refused, so what is shown is what is signed.
 *
 * Slots. Signatures live for `signature-validity` V and a build wants more than `signature-refresh`
 * R left. Slot k of a set that is needed from B on is for builds from B + k * (V - R) on: inception
 * that less an hour (clocks of validators), expiration that plus V. A build at a moment t of slot k
 * has t < B + (k + 1) * (V - R), so B + k * (V - R) + V - t > R is left: always enough.
 *
 * Margins. The plan is run twice: with builds and confirmations at the earliest moment, and with
 * each build, confirmation and deed of the parent `slack` later than it might be. A set is asked
 * for from its begin in the early run until its end in the late one (when that does not come so
 * far, to the end of the plan): whoever builds and confirms within that time always finds its set.
 * Lateness adds up, and so do the margins of later sets.
 *
 * Units: *_at Unix seconds; *_s seconds. Errors: ERR_FINDINGS (a file refused), ERR_KEY, ERR_STATE,
 * ERR_LIMIT, ERR_NOMEM, ERR_CRYPTO, with a finding. Ownership: a ksr owns all it points to.
 * Source: RFC 4035 s2.2, RFC 7344 s4.1, RFC 8078 s4, RFC 6781 s3.4.3 (keys off-line); DESIGN trust
 * rules 1 and 3. The plan is pure; only the last section touches state.
 */
#pragma once

#include "signer/life.h"

/* ------------------------------------------------------------------ the two files */

#define KSR_DIGEST_LEN 65 /* hex SHA-256 and a NUL */

struct ksr_slot {
    int64_t from_at;         /* inception */
    int64_t until_at;        /* expiration */
    struct zone *signed_set; /* response: the set's records with the signatures; else NULL */
};
struct ksr_set {   /* one RRset at the apex */
    uint16_t type; /* DNSKEY, CDS, CDNSKEY */
    struct zone *records;
    struct ksr_slot *slots;
    size_t slot_n;
    size_t slot_cap;
};
struct ksr {
    bool is_response;
    uint8_t zone[256];
    int64_t made_at;
    int64_t from_at;
    int64_t until_at;
    char request[KSR_DIGEST_LEN]; /* response: the digest of the request; else "" */
    char digest[KSR_DIGEST_LEN];  /* of this file; set by ksr_parse and ksr_write */
    struct ksr_set *sets;
    size_t set_n;
    size_t set_cap;
};
void ksr_done(struct ksr *k);
DEFINE_AUTO(ksr)

/* The RRset of S, without signatures. */
void ksr_set_rrset(const struct ksr_set *s, struct zone_rrset *ret);
/* Its records for people, appended: "zsk 1234, ksk 4321". */
void ksr_set_text(const struct ksr_set *s, struct buf *ret);

/* NAME is what findings call the text. ERR_FINDINGS: not of exactly the form above, or damaged. */
int ksr_parse(const char *name, const char *text, size_t len, struct ksr *ret,
              struct diags *diags) MUST_USE;
/* Appends K's text and sets its digest. */
int ksr_write(struct ksr *k, struct buf *out) MUST_USE;

/* An empty set, or slot, more; borrowed until the next one. NULL: no memory. */
struct ksr_set *ksr_add_set(struct ksr *k, uint16_t type);
struct ksr_slot *ksr_add_slot(struct ksr_set *s, int64_t from_at, int64_t until_at);

/* ------------------------------------------------------------------ the plan (ksr_plan.c,
 * ksr_request.c)
 */

#define KSR_SET_KEYS 16 /* in one DNSKEY RRset; a roll has three or four */

/* A set of keys, and when the zone may show it. */
struct ksr_need {
    uint16_t type; /* DNSKEY: published; CDS: the parent is to know, none: RFC 8078 s4's delete */
    size_t keys[KSR_SET_KEYS]; /* indices in the plan's life, ascending */
    size_t key_n;
    int64_t from_at;
    int64_t until_at;
    bool in_late_run; /* that one came as far as this */
};
struct ksr_plan {
    struct life life; /* with the keys that will be made, `planned`, last */
    struct ksr_need *needs;
    size_t need_n;
    size_t need_cap;
    int64_t until_at;           /* as asked for, or less: a KSK must be made first */
    char stopped[LIFE_WHY_LEN]; /* why it is less; "" */
};
void ksr_plan_done(struct ksr_plan *p);
DEFINE_AUTO(ksr_plan)

/*
 * What a zone of life L will show from P->now until UNTIL_AT. New ZSKs are made when they are
 * needed; of KSKs there are SPARES (its other keys are not looked at), and the plan ends where one
 * more is needed. ERR_KEY: the two runs do not make the same keys, so nothing can be promised.
 */
int ksr_plan(const struct life *l, const struct life *spares, const struct life_params *p,
             int64_t until_at, uint32_t slack_s, struct ksr_plan *ret,
             struct diags *diags) MUST_USE;

/* The request for PLAN. DNSKEYS[i] is the rdata of key i of its life. */
int ksr_request(const uint8_t *zone, const struct ksr_plan *plan, const struct bytes *dnskeys,
                const struct life_params *p, struct ksr *ret) MUST_USE;

/* ------------------------------------------------------------------ the ceremony (ksr_check.c,
 * ksr_sign.c)
 */

struct ksr_limits {
    int64_t from_at;  /* 0: none; no signature may begin before */
    int64_t until_at; /* 0: none; no signature may end later */
    /* Digests of KSKs that are not here and may be published too. Not tags: whoever has the signing
       host finds a key of any tag in seconds. */
    const char *const *other_ksks;
    size_t other_n;
    bool allow_delete; /* of all DS at the parent */
};
/*
 * Would an honest signing host ask for this? All sets belong to the zone; keys are ZSKs or KSKs of
 * KSKS; CDS and CDNSKEY name KSKs of the request; TTLs and times are sane, within LIMITS, and begin
 * within what the request says it is planned for. All that is wrong is said; ERR_FINDINGS.
 */
int ksr_check(const struct ksr *request, const struct keyset *ksks, const struct ksr_limits *limits,
              const char *name, struct diags *diags) MUST_USE;
/*
 * The KSKs of ZONE in the folder DIR, with their private halves: keys as `sign --keys` has them
 * (<digest>.pem and .dnskey), and those of BIND (K<zone>+....private and .key). None is ERR_KEY.
 */
int ceremony_keys(const char *dir, const uint8_t *zone, int64_t now, struct keyset *ret,
                  struct diags *diags) MUST_USE;
/* Signs each set, for each slot, by those of KSKS that are in it (CDS, CDNSKEY: in the request),
   and verifies every signature (trust rule 3). */
int ksr_sign(const struct ksr *request, const struct keyset *ksks, int64_t now, struct ksr *ret,
             struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ on the signing host */

/* A key that state knows of a zone, spares included. */
struct skr_key {
    char digest[KEY_DIGEST_LEN];
    enum key_role role;
    bool is_offline;
    struct buf dnskey;
};
struct skr_keys {
    struct skr_key *items;
    size_t n;
    size_t cap;
};
void skr_keys_done(struct skr_keys *k);
DEFINE_AUTO(skr_keys)

/* Does the response hold what it says? All keys are known, each offline KSK of a DNSKEY RRset
   signed it, and every signature verifies and is of its slot and set. ERR_FINDINGS. */
int skr_check(const struct ksr *skr, const struct skr_keys *known, const char *name,
              struct diags *diags) MUST_USE;

/* So long before what was planned ends, the next response should be under way from where the key
   is: a ceremony has to be called. */
#define SKR_COVERAGE_MARGIN_S (30u * 86400u)

/*
 * What sign_params.given needs at NOW for keys of which KEYS have no private half here: the
 * signatures of the loaded responses over exactly the DNSKEY RRset of KEYS, and over CDS and
 * CDNSKEY of those that have a DS (none: the delete records). RET is NULL when no key is offline,
 * or, with a warning that says what to do, when no response fits. Warns when what is covered ends
 * soon.
 */
int skr_given(struct state *s, const uint8_t *zone, const struct sign_key *keys, size_t n,
              uint32_t dnskey_ttl_s, int64_t now, struct zone **ret, struct diags *diags) MUST_USE;

/* Keeps SKR, which skr_check passed, in TEXT's bytes; drops those whose last signature has ended.
   Within the caller's transaction, or its own. */
int skr_store(struct state *s, const struct ksr *skr, struct bytes text, int64_t now) MUST_USE;
/* Until when the loaded responses were planned to do; 0: none is loaded. */
int skr_covered_until(struct state *s, const uint8_t *zone, int64_t *ret) MUST_USE;

/* ------------------------------------------------------------------ spares (state_spare.c) */

/* A key made now for a roll to come: as state_key_make, but no part of the zone's life until it is
   taken. */
int state_spare_make(struct state *s, const uint8_t *zone, enum key_role role, uint8_t algorithm,
                     const char *store, int64_t now, struct life_key *ret,
                     struct diags *diags) MUST_USE;
/* The spares of the zone in the order they were made. RET: appended. */
int state_spares(struct state *s, const uint8_t *zone, struct life *ret) MUST_USE;
/* The eldest spare of that role and algorithm becomes a key of the zone, durably; ERR_ABSENT: there
   is none. Not within a transaction. */
int state_spare_take(struct state *s, const uint8_t *zone, enum key_role role, uint8_t algorithm,
                     struct life_key *ret) MUST_USE;
/* A key that exists, as a spare. */
int state_spare_add(struct state *s, const uint8_t *zone, const struct key *k, int64_t now,
                    const char *why, struct diags *diags) MUST_USE;

/* What became of a KSK that was brought in. */
enum ksk_place {
    KSK_IN_LIFE,  /* the next build publishes it */
    KSK_IS_SPARE, /* the zone has a KSK that stays; this one follows it when that is rolled */
    KSK_WAS_HERE, /* state had its private half, and asks for it no more: the file may go */
    KSK_IS_KNOWN  /* it was offline before */
};
/* A KSK whose private half stays offline, from its DNSKEY record in TEXT (what NAME is for
   findings). ERR_FINDINGS: not a KSK's record of this zone. */
int state_ksk_offline(struct state *s, const uint8_t *zone, const char *name, struct bytes text,
                      int64_t now, struct life_key *ret, enum ksk_place *ret_place,
                      struct diags *diags) MUST_USE;
/* All keys of the zone, spares included. */
int state_zone_keys(struct state *s, const uint8_t *zone, struct skr_keys *ret) MUST_USE;
