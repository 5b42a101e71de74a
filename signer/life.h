/*
 * signer/life.h -- PUBLIC: the life of a zone's keys: what each is at a moment, what comes next,
 * and why.
 *
 * Pure: no clock, file, database or network. What is known enters as values (`struct life`, read
 * from state; the policy; TTLs; a moment) and leaves as changed values and events.
 *
 * A key has up to three parts that others may have in their caches: its DNSKEY (with, for a KSK or
 * CSK, its signature over the DNSKEY RRset), the signatures that it makes over the zone's data, and
 * its DS at the parent. Each part is absent, spreading, everywhere, or fading. Every rollover
 * (ZSK, KSK, CSK, algorithm, single key to split and back, start of signing, going insecure) is a
 * sequence of parts going in and out; signer/rollover.c says when each may, signer/keytime.c how
 * long each takes. A wait counts from the moment a part was *seen*: a build confirmed public, a DS
 * found at every address of every parent server (trust rule 10).
 *
 * Shapes and units: *_at Unix seconds, 0 = never; *_s seconds.
 * Errors: ERR_NOMEM; those of the `make` callback of life_step.
 * Ownership: a life owns its arrays; keys and events are values.
 * Threads: none of its own; values may be read from several.
 * Source: RFC 7583 s3 (times), RFC 6781 s4.1 (kinds of rollover; s4.1.4 conservative algorithm
 * rollover), RFC 7344, 8078 (CDS, CDNSKEY), RFC 4035 s2.2, RFC 6840 s5.11; trust rules 5, 6, 10.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/own.h"
#include "signer/signer.h"

/* ------------------------------------------------------------------ a key's parts */

enum key_part { KEY_PART_DNSKEY, KEY_PART_SIGS, KEY_PART_DS, KEY_PART_COUNT };
const char *key_part_text(enum key_part part); /* "dnskey", "signatures", "ds" */

/* What happened to a part. A part goes in once and out once. A DS that the parent has though nobody
   asked for it was seen (in_seen_at) and is not in (in_at 0): it is reckoned with, and not relied
   on.
 */
struct part_times {
    int64_t in_at;       /* the build that first had it (DS: since when the parent is asked) */
    int64_t in_seen_at;  /* such a build was confirmed public (DS: seen everywhere) */
    int64_t out_at;      /* the build that first lacked it (DS: asked to be taken away) */
    int64_t out_seen_at; /* confirmed (DS: seen nowhere) */
};

enum part_state {
    PART_ABSENT,     /* in nobody's cache: never in, or out and expired */
    PART_SPREADING,  /* going in; some caches may lack it */
    PART_EVERYWHERE, /* in every cache that has the RRset at all */
    PART_FADING,     /* taken out; some caches may still have it */
    PART_STATE_COUNT
};
const char *part_state_text(enum part_state state); /* "absent", "spreading", ... */

/* What a key is as a whole (RFC 7583 s3.1). */
enum key_state {
    KEY_GENERATED, /* made; nothing of it is public */
    KEY_PUBLISHED, /* something is on its way into caches */
    KEY_READY,     /* could be used: its DNSKEY is everywhere */
    KEY_ACTIVE,    /* its signatures (ZSK) or its DS (KSK, CSK) are relied on */
    KEY_RETIRED,   /* to go; something of it is still public or cached */
    KEY_REMOVED,   /* nothing of it is left anywhere */
    KEY_STATE_COUNT
};
const char *key_state_text(enum key_state state); /* "generated", ... */

struct life_key {
    char digest[KEY_DIGEST_LEN]; /* of a planned key a placeholder, "planned-1" */
    enum key_role role;
    uint8_t algorithm;
    uint16_t tag;
    bool planned;     /* only simulated: no such key was made */
    bool compromised; /* said by `keys roll --compromised` */
    int64_t made_at;
    int64_t leave_at; /* since when it is to go; 0: it is to stay */
    struct part_times parts[KEY_PART_COUNT];
};

/* ------------------------------------------------------------------ TTLs (trust rule 5) */

enum ttl_kind { TTL_DNSKEY, TTL_ZONE, TTL_DS, TTL_KIND_COUNT };
const char *ttl_kind_text(enum ttl_kind kind); /* "dnskey", "zone", "ds" */

/* A TTL that was, or may have been, public. It counts until caches have forgotten what carried it:
   out_at + propagation + itself. */
struct ttl_seen {
    enum ttl_kind kind;
    uint32_t ttl_s;
    int64_t out_at; /* a confirmed build, or an observation, first lacked it; 0: still there */
    bool is_latest; /* of its kind: the last build, or observation, has it */
};

/* ------------------------------------------------------------------ the life of a zone's keys */

struct life {
    struct life_key *keys; /* in the order they were made */
    size_t key_n;
    struct ttl_seen *ttls;
    size_t ttl_n;
    int64_t ds_public_at; /* since when the parent can read what it is asked for now; 0: not yet */
    int64_t clock_at;     /* the latest moment that any run acted at */
    int64_t valid_until_at; /* earliest expiration in the last build; 0: none was built */
};
void life_done(struct life *l);
DEFINE_AUTO(life)
int life_dup(const struct life *from, struct life *ret) MUST_USE;
/* Appends; the key's index is key_n - 1 then. */
int life_add(struct life *l, const struct life_key *key) MUST_USE;
int life_ttl_add(struct life *l, const struct ttl_seen *ttl) MUST_USE;
struct life_key *life_find(struct life *l, const char *digest); /* borrowed; NULL: none */

/* What the zone asks for today. */
struct life_params {
    const struct dnssec_policy *policy; /* policy->is_unsigned: the zone is to be unsigned */
    uint32_t dnskey_ttl_s;              /* in effect, after TTL policy */
    uint32_t zone_ttl_s;                /* the largest of the zone, what signing adds included */
    int64_t now;
    bool accept_clock; /* the user vouches for the clock */
};

/* How long each part takes: configured, measured and remembered, the largest of each. */
struct life_waits {
    uint32_t ttl_s[TTL_KIND_COUNT];
    uint32_t propagation_s;        /* RFC 7583 Dprp */
    uint32_t parent_propagation_s; /* DprpP */
};
void life_waits(const struct life *l, const struct life_params *p, struct life_waits *ret);
/* Does what carried T perhaps still lie in a cache? */
bool life_ttl_counts(const struct ttl_seen *t, const struct dnssec_policy *policy, int64_t now);

/* keytime.c: RFC 7583's intervals, each with its formula. */
uint32_t interval_publication(const struct life_waits *w); /* Ipub = Dprp + TTLkey, s3.2.1 */
uint32_t interval_signatures(const struct life_waits *w);  /* Dsgn + Dprp + TTLsig, s3.2.1 */
uint32_t interval_ds(const struct life_waits *w);          /* DprpP + TTLds, s3.3.1 */
uint32_t interval_part(const struct life_waits *w, enum key_part part);
/* The shortest time from the start of a roll to its end: what a lifetime must exceed. */
uint64_t interval_roll(const struct life_waits *w, enum key_role role);

/* Was it put in, or taken out, and not seen to be yet? */
bool part_is_pending(const struct part_times *t);
enum part_state part_state(const struct part_times *t, uint32_t interval_s, int64_t now);
/* When the part is next everywhere or absent; 0: nothing is under way, or it was not seen yet. */
int64_t part_settles_at(const struct part_times *t, uint32_t interval_s, int64_t now);

enum part_state key_part_state(const struct life_key *k, enum key_part part,
                               const struct life_waits *w, int64_t now);
enum key_state key_state(const struct life_key *k, const struct life_waits *w, int64_t now);
/* Since when a ZSK signs, a KSK or CSK has its DS (without one: is public); 0: not yet. */
int64_t key_active_at(const struct life_key *k);

/* ------------------------------------------------------------------ what happens */

enum life_what {
    LIFE_MADE,       /* a key was generated */
    LIFE_LEAVES,     /* a key is to go; its successor comes */
    LIFE_IN,         /* a part goes in with this build (DS: the parent is asked) */
    LIFE_OUT,        /* a part goes out */
    LIFE_IN_SEEN,    /* confirmed, or DS seen */
    LIFE_OUT_SEEN,   /* likewise */
    LIFE_EVERYWHERE, /* simulate, explain: a wait is over */
    LIFE_ABSENT,
    LIFE_STATE, /* simulate: the key as a whole is something else now */
    LIFE_WHAT_COUNT
};

#define LIFE_WHY_LEN 240
struct life_event {
    int64_t at;
    enum life_what what;
    size_t key;         /* index in the life's keys */
    enum key_part part; /* of IN, OUT and the like */
    enum key_state state;
    char why[LIFE_WHY_LEN];
};
struct life_events {
    struct life_event *items;
    size_t n;
    size_t cap;
};
void life_events_done(struct life_events *e);
DEFINE_AUTO(life_events)
int life_events_add(struct life_events *e, const struct life_event *event) MUST_USE;
/* "dnskey-published", "signatures-begin", "ds-requested", "ds-seen", "ds-everywhere", "retired"
   ...: stable words, as in `simulate --json`. */
const char *life_event_text(const struct life_event *e);

/*
 * One run at p->now: decides which keys leave and which are needed (MAKE makes them: RET has
 * digest, role, algorithm and tag), and which parts go in and out. Changes L; the caller signs with
 * what L then says (life_uses) and stores both together, or neither. Running it again at the same
 * moment does nothing. With a clock that cannot be trusted nothing moves and RET_CLOCK_DOUBT (room
 * for LIFE_WHY_LEN) says why; else it is "".
 */
struct life_maker {
    int (*make)(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                struct life_key *ret);
    void *ctx;
};
int life_step(struct life *l, const struct life_params *p, const struct life_maker *maker,
              struct life_events *ret_events, char ret_clock_doubt[LIFE_WHY_LEN]) MUST_USE;

/* The last build is public at NOW: all that it took in or out is seen. */
int life_confirm(struct life *l, int64_t now, struct life_events *ret_events) MUST_USE;
/* Does L have parts, or asks of the parent (CDS), whose build was not confirmed? */
bool life_is_unconfirmed(const struct life *l);

/* What the parent was seen to say, validated (signer/parent.h): the DS of these keys and no others,
   alike at every address of every server. */
struct life_parent {
    int64_t at;                            /* waits count from here */
    const char (*digests)[KEY_DIGEST_LEN]; /* keys of L whose DS is there */
    size_t digest_n;
    uint32_t ttl_s; /* of the DS RRset; of its absence when there is none */
    /* It was so at this moment at the latest (0: AT): what is older than the public wish that a DS
       go, or than the sight of it, is no sign that it went. */
    int64_t proven_at;
};
int life_observe(struct life *l, const struct life_parent *seen,
                 struct life_events *ret_events) MUST_USE;

/* A TTL of the build that is about to be stored: remembered until life_confirm sees a later build
   without it, and caches have forgotten it then. */
int life_ttl_built(struct life *l, enum ttl_kind kind, uint32_t ttl_s) MUST_USE;

/* ------------------------------------------------------------------ what the zone shows */

/* A key's part in the zone that L asks for now. */
struct life_use {
    bool publishes; /* in the DNSKEY RRset; a KSK or CSK signs that too */
    bool signs;     /* the zone's data */
    bool has_ds;    /* the parent is to have its DS: CDS, CDNSKEY, .ds file */
};
struct life_use life_use(const struct life_key *k);
/* Does the zone show CDS and CDNSKEY now (policy->cds, and is a change of DS under way)? */
bool life_shows_cds(const struct life *l, const struct life_params *p);
/* RFC 8078 s4: is it the record that asks the parent to take all DS away? */
bool life_deletes_ds(const struct life *l, const struct life_params *p);
/* Is the zone signed at all now? */
bool life_is_signed(const struct life *l);

/* ------------------------------------------------------------------ why nothing happens */

enum life_wait_for {
    WAIT_NOTHING, /* no roll is under way: the next event is a lifetime's end, or none */
    WAIT_CONFIRMATION,
    WAIT_TIME,
    WAIT_PARENT_IN,  /* a DS to appear */
    WAIT_PARENT_OUT, /* a DS to go */
    WAIT_BUILD,      /* the next build does it */
    WAIT_CLOCK,
    WAIT_FOR_COUNT
};
const char *life_wait_text(enum life_wait_for w); /* "confirmation", "time", ... */

struct life_block {
    enum life_wait_for what;
    size_t key; /* whose next step waits */
    enum key_part part;
    int64_t until_at;       /* the earliest moment, as far as it is known; 0: not known */
    char why[LIFE_WHY_LEN]; /* with the arithmetic */
};
struct life_blocks {
    struct life_block *items;
    size_t n;
    size_t cap;
};
void life_blocks_done(struct life_blocks *b);
DEFINE_AUTO(life_blocks)
/* What each key that comes or goes waits for; at least one entry (WAIT_NOTHING). */
int life_explain(const struct life *l, const struct life_params *p,
                 struct life_blocks *ret) MUST_USE;
/* Is a key that is to go not gone, or a new one not yet everywhere? The next roll waits. */
bool life_is_rolling(const struct life *l, const struct life_params *p);
/* The earliest moment at which a build could move something; 0: none is known. */
int64_t life_next_at(const struct life *l, const struct life_params *p);
/* Why the clock is doubted, or "". */
void life_clock_doubt(const struct life *l, const struct life_params *p, char ret[LIFE_WHY_LEN]);

/* ------------------------------------------------------------------ simulation (simulate.c) */

/* A parent on the virtual clock. */
struct simulated_parent {
    uint32_t delay_s;       /* from a change of CDS, seen or told, to the new DS at all servers */
    int64_t fails_from_at;  /* it does not answer, or does nothing; 0: never */
    int64_t fails_until_at; /* 0: for ever */
};
struct simulation {
    struct life_params params; /* `now`: the start */
    int64_t until_at;
    uint32_t build_every_s; /* a pipeline's rhythm; 0: a build at each moment that matters */
    uint32_t confirm_after_s;
    struct simulated_parent parent;
};
/* Runs L, which ends up as it would be at until_at. Events in order of time; keys made on the way
   are `planned`. LIMIT_SIMULATED_EVENTS bounds what is kept: ERR_LIMIT. */
int life_simulate(struct life *l, const struct simulation *s, struct life_events *ret) MUST_USE;

/* ------------------------------------------------------------------ in the database (state_life.c)
 */

/* ERR_ABSENT: state knows no key of the zone. */
int state_life_get(struct state *s, const uint8_t *zone, struct life *ret) MUST_USE;
/* All of L but the keys themselves, which state_key_make or state_key_add recorded. Within the
   caller's transaction. */
int state_life_put(struct state *s, const uint8_t *zone, const struct life *l) MUST_USE;

/* Trust rule 1: a new key, its tag unlike those of all keys that the zone ever had, stored durably,
   read back, a test signature verified, then recorded, in a transaction of its own. RET has its
   digest, role, algorithm, tag, made_at. STORE: NULL for a file, else the PKCS#11 URI of the token
   that makes and keeps it. */
int state_key_make(struct state *s, const uint8_t *zone, enum key_role role, uint8_t algorithm,
                   const char *store, int64_t now, const char *why, struct life_key *ret,
                   struct diags *diags) MUST_USE;
/* The same for keys that exist (import): all or none, with the times in AS. ERR_KEY: one is
   recorded already, or its tag is taken. */
int state_keys_add(struct state *s, const uint8_t *zone, const struct key *const *keys,
                   const struct life_key *as, size_t n, int64_t now, const char *why,
                   struct diags *diags) MUST_USE;
int state_key_add(struct state *s, const uint8_t *zone, const struct key *k,
                  const struct life_key *as, int64_t now, const char *why,
                  struct diags *diags) MUST_USE;
/* The key with its private half. ERR_KEY, with a finding: its file is missing, damaged or unsafe,
   or its token is gone. */
int state_key_open(struct state *s, const struct life_key *k, struct key **ret,
                   struct diags *diags) MUST_USE;
/* Is its private half where state says: its file, or what says which token has it, is there; or it
   is offline by design? Opens nothing. */
bool state_key_is_there(struct state *s, const struct life_key *k);
/* Its public half, from the database: what is published needs no more. */
int state_key_public(struct state *s, const struct life_key *k, struct key **ret,
                     struct diags *diags) MUST_USE;

/* Writes EVENTS of L into the event log, each with its key. LIFE_MADE is left out: it is there
   since state_key_make. EVIDENCE, or NULL: what the events of the parent rest on, such as the
   digest of the observation and its verdict. */
int state_life_events(struct state *s, const uint8_t *zone, const struct life *l,
                      const struct life_events *events, const char *evidence) MUST_USE;

/* ------------------------------------------------------------------ what the parent said */

/* An observation as it came, and what signer/parent.h made of it. */
struct state_observation {
    int64_t at;
    struct bytes evidence; /* the file; at most LIMIT_OBSERVED_BYTES */
    const char *verdict;   /* for people: which server said what */
};
/* Keeps O and the few before it. RET_SHA256 is that of the evidence, for the event log. */
int state_observation_put(struct state *s, const uint8_t *zone, const struct state_observation *o,
                          char ret_sha256[65]) MUST_USE;
/* The newest first; O is borrowed for the call. Stops at EACH's first non-zero result and returns
   that. */
int state_observation_each(struct state *s, const uint8_t *zone,
                           int (*each)(void *ctx, const struct state_observation *o),
                           void *ctx) MUST_USE;
