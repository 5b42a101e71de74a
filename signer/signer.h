/*
 * signer/signer.h -- PUBLIC: keys and their state, a signed snapshot from a snapshot, keys and a
 * moment, and the independent check of a signed snapshot.
 *
 * This folder and no other touches private keys. They live in key files (PKCS#8 PEM, 0600) and are
 * wiped when freed.
 * Errors: ERR_KEY (missing, unknown, or must not be made), ERR_LOCKED, ERR_STATE, ERR_CRYPTO,
 * ERR_IO, ERR_CONFIG (unsafe file mode), ERR_FINDINGS, ERR_NOMEM; with a finding that says what to
 * do. Units: *_at Unix seconds, 0 = never; *_s seconds. Source: DESIGN section 10; RFC 4034, 4035,
 * 5155, 6605, 6840, 6979, 8080, 8976, 9077, 9276; RFC 1995.
 */
#pragma once

#include <stdatomic.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/own.h"
#include "signer/proof.h"
#include "signer/self_check.h"
#include "zones/zones.h"

extern const struct diag_rule *const signer_rules[];

/* ------------------------------------------------------------------ policy (policy.c) */

/* "ecdsap256sha256" <-> 13; 0 and NULL: not one of ours. */
uint8_t algorithm_from_text(const char *text);
const char *algorithm_text(uint8_t algorithm);

/*
 * Bounds of a policy for a zone (trust rule 5): refresh below max TTL + propagation is an error,
 * below SOA expire + max TTL + propagation a warning with the arithmetic; refresh + jitter must
 * leave room in the validity. MAX_TTL_S and SOA_EXPIRE_S are the zone's own.
 */
int policy_check(const struct dnssec_policy *policy, const char *zone_text, uint32_t max_ttl_s,
                 uint32_t soa_expire_s, struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ keys (keystore.c) */

#define KEY_DIGEST_LEN                                                                             \
    65 /* hex SHA-256 of the public key (SubjectPublicKeyInfo, DER) and a NUL                      \
        */

enum key_role { KEY_KSK, KEY_ZSK, KEY_CSK };
const char *key_role_text(enum key_role role);
bool key_role_from_text(const char *text, enum key_role *ret) MUST_USE; /* false: no role */

struct key; /* a key pair with its DNSKEY; private bytes never leave it */
void key_free(struct key *k);
DEFINE_AUTO_PTR(key)
const char *key_digest(const struct key *k);
enum key_role key_role(const struct key *k);
bool key_is_public(const struct key *k); /* its private half is not here: it makes no signature */
uint8_t key_algorithm(const struct key *k);
uint16_t key_tag(const struct key *k); /* for display: keys are told apart by digest */
struct bytes key_dnskey_rdata(const struct key *k);

struct keyset { /* the keys of a zone; owns them */
    struct key **keys;
    size_t n;
};
void keyset_done(struct keyset *set);
DEFINE_AUTO(keyset)
int keyset_add(struct keyset *set, struct key *k) MUST_USE; /* consumes K, also on failure */

/*
 * `sign --keys DIR`: without a database each key has DIR/<digest>.dnskey beside its .pem: the
 * DNSKEY record in presentation form, which says owner, role and algorithm. The folder, made when
 * missing, is read once for any number of zones, and locked until key_folder_free: runs that open
 * it at the same moment wait for each other, so that one of them makes keys.
 */
struct key_folder;
int key_folder_open(const char *dir, struct key_folder **ret, struct diags *diags) MUST_USE;
void key_folder_free(struct key_folder *f);
DEFINE_AUTO_PTR(key_folder)
bool key_folder_is_empty(const struct key_folder *f); /* of keys, when it was opened */

/*
 * The keys of ZONE. A folder that was empty when opened gets new ones (RET_MADE true); one with
 * keys of other zones only is ERR_KEY unless ALLOW_NEW. Different zones may be asked for at the
 * same time from several threads.
 */
int key_folder_keys(const struct key_folder *folder, const uint8_t *zone, uint8_t algorithm,
                    bool single_key, bool allow_new, struct keyset *ret, bool *ret_made,
                    struct diags *diags) MUST_USE;

/* The keys of ZONE that are there, in order of role, and nothing made; none is no error. */
int key_folder_read(const struct key_folder *folder, const uint8_t *zone, struct keyset *ret,
                    struct diags *diags) MUST_USE;
/* One more key of ZONE, its tag unlike theirs; RET: all of them, the new one last. */
int key_folder_make(const struct key_folder *folder, const uint8_t *zone, uint8_t algorithm,
                    enum key_role role, struct keyset *ret, struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ state (state.c) */

struct state; /* DIR/state.db, DIR/keys and DIR/zones; holds the lock while open */

/*
 * Makes DIR (0700) when missing. A lock held by another process is ERR_LOCKED at once. A damaged or
 * too new database is ERR_STATE, key files without a database too. DIAGS is kept: all later calls
 * add their findings there (disk full, damage), so it must live until state_close.
 */
int state_open(const char *dir, struct state **ret, struct diags *diags) MUST_USE;
/*
 * The same to look only: no lock, nothing is changed; what a build commits meanwhile is not seen by
 * a question that has begun. Functions that write are ERR_INTERNAL. A folder or database that is
 * not there is ERR_ABSENT, without a finding. A state of an older version is looked at as if it had
 * been brought up to date.
 */
int state_peek(const char *dir, struct state **ret, struct diags *diags) MUST_USE;
void state_close(struct state *s);
static inline void state_auto_close(struct state **s)
{
    state_close(*s);
}

/* Everything between begin and commit is one durable transaction; closing without commit undoes it.
 */
int state_begin(struct state *s) MUST_USE;
int state_commit(struct state *s) MUST_USE;
int state_rollback(struct state *s);

bool state_knows_key(struct state *s, const char *digest);

/* A note for each key file that no zone uses: a run was cut short while it made keys, or the
   file is of another state. */
void state_note_unused_keys(struct state *s, struct diags *diags);

/* What the last build of a zone fixed. */
struct state_zone {
    uint32_t serial;
    bool has_serial;
    struct buf signed_zone; /* the last signed zone file, empty: none */
    int64_t built_at;
    int64_t confirmed_at; /* 0: never */
    uint32_t confirmed_serial;
};
void state_zone_done(struct state_zone *z);
DEFINE_AUTO(state_zone)
/* An absent zone gives zeros. A kept zone file that is lost or damaged is a warning, and
   `signed_zone` is empty: all is signed again. */
int state_zone_get(struct state *s, const uint8_t *zone, struct state_zone *ret) MUST_USE;
/* The same without the signed zone, which may be large: `signed_zone` is empty. */
int state_zone_look(struct state *s, const uint8_t *zone, struct state_zone *ret) MUST_USE;
int state_zone_put(struct state *s, const uint8_t *zone, uint32_t serial, struct bytes signed_zone,
                   int64_t now) MUST_USE;

/* `confirm` (trust rule 10): the serial of this build is public at NOW. Confirming it again keeps
   the first moment. A zone that state does not know is ERR_ABSENT. */
int state_zone_confirm(struct state *s, const uint8_t *zone, uint32_t serial, int64_t now) MUST_USE;

/* Bytes that other stages need back next time (documents, CMS signatures, versions), by kind and
 * name. */
int state_doc_get(struct state *s, const char *kind, const char *name,
                  struct buf *ret) MUST_USE; /* ERR_ABSENT */
int state_doc_put(struct state *s, const char *kind, const char *name,
                  struct bytes content) MUST_USE;
int state_doc_delete(struct state *s, const char *kind, const char *name) MUST_USE;
/* Calls EACH in order of name; stops at its first non-zero result and returns that. */
int state_doc_each(struct state *s, const char *kind,
                   int (*each)(void *ctx, const char *name, struct bytes content),
                   void *ctx) MUST_USE;

/*
 * The event log: only added to, each entry with a hash over itself and the one before. What a
 * manifest keeps as the head of the log proves later that nothing up to it was changed or cut off.
 */
struct state_event {
    int64_t seq; /* 1, 2, ... */
    int64_t at;
    const char *zone; /* without the last dot; "": of no zone or of all */
    const char *key;  /* digest; "": of no key, or written by version 1, which names it in `why` */
    const char *who;  /* as state_set_who said; "": version 1 */
    const char *what; /* a stable word: "built", "generated", "ds-seen" */
    const char *why;  /* for people */
    const char *evidence; /* what it rests on: the observation, the user's reason; or "" */
    const char *hash;
};
/* Who acts from here on, in all events: user name, number and command, "root (0): build". */
int state_set_who(struct state *s, const char *who) MUST_USE;
/* Adds E; seq, who and hash are filled in, and NULL texts are "". */
int state_event_add(struct state *s, const struct state_event *e) MUST_USE;
/* The same without key and evidence. */
int state_event(struct state *s, int64_t now, const char *zone, const char *what,
                const char *why) MUST_USE;
/* The hash of the last entry, "" when there is none. */
int state_event_head(struct state *s, char ret[65]) MUST_USE;

struct event_filter {
    const char *zone; /* or NULL */
    const char *key;  /* digest; or NULL */
    int64_t since_at;
    uint64_t last_n; /* the last so many of those that fit; 0: all */
};
/* In the order they were written; E is borrowed for the call. Stops at EACH's first non-zero result
   and returns that. */
int state_event_each(struct state *s, const struct event_filter *f,
                     int (*each)(void *ctx, const struct state_event *e), void *ctx) MUST_USE;

/* Is the chain unbroken? ERR_STATE, with a finding that says where it breaks. */
int state_events_check(struct state *s, uint64_t *ret_n) MUST_USE;
/* Is HEAD, as it was kept elsewhere, an entry of this log? Together with state_events_check that
   proves that nothing up to it was changed or cut off. ERR_STATE, with a finding: it is not. */
int state_events_check_head(struct state *s, const char *head, int64_t *ret_seq) MUST_USE;

/* ------------------------------------------------------------------ signing (sign.c) */

/* Signatures, counted while they are made or kept; for a progress bar in another thread. Several
   zones may share one. */
struct sign_progress {
    atomic_uint_least64_t done;
    atomic_uint_least64_t total; /* 0: not known yet */
};

/*
 * Takes the signed zone piece by piece, while the rest is being signed where that is possible: the
 * nodes of piece INDEX of COUNT, every signature in them checked. Called from several threads, each
 * INDEX once, in no order. A result other than 0 ends the signing with that error.
 */
struct sign_sink {
    int (*take)(void *ctx, size_t index, size_t count, struct zone_cursor *nodes);
    void *ctx;
};

/*
 * A key's part in the zone. Each part stands alone: a key may be published before it signs, sign
 * before it is published (RFC 6781 s4.1.4), or be there for the parent to know only.
 */
struct sign_key {
    const struct key *key;
    bool publishes; /* in the DNSKEY RRset; a KSK or CSK signs DNSKEY, CDS and CDNSKEY then */
    bool signs;     /* the zone's data */
    bool has_ds;    /* the parent is to have its DS: the .ds file; CDS and CDNSKEY when shown */
};

/* The parts of keys that always were and will be: all in the zone, each doing what its role says.
   RET has room for SET->n. */
void sign_keys_of(const struct keyset *set, struct sign_key *ret);

struct sign_params {
    const struct dnssec_policy *policy; /* its algorithm, single_key and cds are not looked at */
    const struct sign_key *keys;
    size_t key_n;
    bool shows_cds;           /* CDS and CDNSKEY of the keys that have a DS */
    bool deletes_ds;          /* those that ask for none instead (RFC 8078 s4) */
    const struct zone *given; /* signed records of the apex made elsewhere, where such of keys
                                 without a private half are found; or NULL */
    uint32_t dnskey_ttl_s;    /* after TTL policy */
    int64_t now;
    const struct zone *previous; /* signed snapshot whose fitting signatures are kept, or NULL */
    bool previous_is_proved;     /* a keyed digest says that it is what was signed here: its
                                    signatures are kept unverified, its chain as it is */
    bool has_serial_floor;       /* the largest serial that state or OUT know */
    uint32_t serial_floor;
    enum self_check self_check;
    size_t threads;                 /* 0: one for each processor */
    struct sign_progress *progress; /* or NULL */
    const struct sign_sink *sink;   /* or NULL */
};

struct sign_report {
    uint32_t serial;
    bool changed;              /* false: the result is PREVIOUS, byte for byte */
    uint64_t made;             /* signatures made */
    uint64_t reused;           /* sign_zone only: the others, when there was a previous version */
    int64_t expires_at;        /* earliest RRSIG expiration */
    int64_t rebuild_before_at; /* expires_at - signature-refresh */
};

/*
 * ZONE (unsigned content; DNSSEC records in it are an error or were stripped by sign_strip) to a
 * signed snapshot, which shares ZONE's contents. Every new signature is checked before it goes in
 * (trust rule 3). The serial moves by trust rule 4 when anything changed. With a proved PREVIOUS of
 * the same keys and kind of chain, work beyond comparing the two grows with their difference.
 */
int sign_zone(const struct zone *zone, const struct sign_params *params, struct zone **ret,
              struct sign_report *ret_report, struct diags *diags) MUST_USE;

/*
 * ZONE as it is published without DNSSEC: with the serial that sign_zone would give it, and ZONEMD
 * when the policy says so. Of PARAMS, the keys and what belongs to them are not looked at. PREVIOUS
 * may be a signed version, whose serial then counts. In the report expires_at and rebuild_before_at
 * are 0.
 */
int sign_unsigned(const struct zone *zone, const struct sign_params *params, struct zone **ret,
                  struct sign_report *ret_report, struct diags *diags) MUST_USE;

/* What was taken out and put in from one snapshot to the next, for IXFR (RFC 1995): signatures,
   chain and both SOAs included, each record once, in canonical order of owners. */
struct zone_diff {
    struct records *removed;
    struct records *added;
};
void zone_diff_done(struct zone_diff *d);
DEFINE_AUTO(zone_diff)

/*
 * SIGNED with REMOVED taken out and ADDED put in, signed, and the exact difference between the two.
 * Work grows with the change: the RRsets at the names touched, their neighbours in the chain, the
 * SOA, names below a delegation or DNAME that comes or goes, and signatures that are due; with
 * ZONEMD (params->policy->zonemd) the whole zone is read once, as RFC 8976 s3.3.1 wants it.
 * SIGNED must come from sign_zone or sign_change with the same keys and policy (another DNSKEY set,
 * kind of chain, ZONEMD or none, or another TTL of denial is ERR_KEY: sign_zone is the call then);
 * params->previous is not looked at. Signatures of names that the change leaves alone are looked at
 * only where they come near their end: a clock set back or a policy with a shorter validity is for
 * sign_zone. SIGNED stays as it is and readable. The change may hold no signer's records. A record
 * to remove that is not there, or to add that is, counts for nothing; a change that leaves the apex
 * without SOA is ERR_FINDINGS. The SOA's serial moves by trust rule 4. When nothing changes and
 * nothing is due, the result is SIGNED.
 */
int sign_change(const struct zone *signed_zone, const struct records *removed,
                const struct records *added, const struct sign_params *params, struct zone **ret,
                struct zone_diff *ret_diff, struct sign_report *ret_report,
                struct diags *diags) MUST_USE;

/* Is A after B? Serials exactly half the circle apart are neither (RFC 1982 s3.2): false. */
bool serial_is_after(uint32_t a, uint32_t b);

/* Does ZONE hold DNSKEY or RRSIG: was it signed by someone (trust rule 1)? */
bool sign_is_signed(const struct zone *zone);
/* ZONE without what a signer makes: RRSIG, NSEC, NSEC3, NSEC3PARAM, ZONEMD, DNSKEY, CDS, CDNSKEY at
 * the apex. */
int sign_strip(const struct zone *zone, struct zone **ret, struct diags *diags) MUST_USE;

enum ds_digest { DS_SHA256 = 2, DS_SHA384 = 4 }; /* the digest types' numbers */
/* The DS of a DNSKEY of ZONE (RFC 4034 s5.1, RFC 4509, RFC 6605 s2), appended. */
int sign_ds_rdata(const uint8_t *zone, struct bytes dnskey, enum ds_digest digest,
                  struct buf *ret) MUST_USE;
/* DS records (SHA-256) for the keys that have one, one per line (DESIGN section 5). */
int sign_ds(const uint8_t *zone, const struct sign_key *keys, size_t key_n, uint32_t ttl_s,
            struct buf *out) MUST_USE;

/* RFC 9615 s4.1: the CDS and CDNSKEY of those keys at OWNER, a signalling name. */
int sign_signal(const uint8_t *zone, const struct sign_key *keys, size_t key_n, uint32_t ttl_s,
                const uint8_t *owner, struct records *ret) MUST_USE;

/* ------------------------------------------------------------------ verification (verify.c) */

struct verify_params {
    int64_t now;
    const struct zone *ds; /* records of a .ds file as a snapshot, or NULL: not checked */
};

struct verify_report {
    uint64_t rrsets;     /* authoritative RRsets checked */
    uint64_t signatures; /* RRSIGs verified */
    uint64_t denial;     /* NSEC or NSEC3 records checked */
    bool zonemd;         /* a ZONEMD was there and matches */
    int64_t expires_at;  /* earliest expiration, keys that are not published included */
    bool nsec3;          /* the chain is of NSEC3 records */
};

/* key_digest of DNSKEY rdata as published. ERR_ABSENT: no key of an algorithm that we know. */
int verify_key_digest(struct bytes dnskey, char ret[KEY_DIGEST_LEN]) MUST_USE;

/*
 * Everything a validator or secondary could refuse: every RRSIG, every authoritative RRset signed,
 * the full NSEC or NSEC3 chain (none missing, none too many, bitmaps exact), DS, ZONEMD. Written
 * without the signing path's code. Takes any signer's zone.
 */
int verify_zone(const struct zone *zone, const struct verify_params *params,
                struct verify_report *ret_report, struct diags *diags) MUST_USE;
