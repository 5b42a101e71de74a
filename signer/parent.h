/*
 * signer/parent.h -- PUBLIC: what the parent was seen to say about the zone's DS, and how much of
 * it is proven.
 *
 * The network half asks (publish/observe.h) and leaves whole DNS messages behind; this half trusts
 * none of them: it reads each message, and believes a DS RRset, or its absence, only when the
 * parent's own signatures prove it, over a chain of DNSKEY and DS records from a configured trust
 * anchor, or when a configured agent's TSIG covers the message. What is not proven, silent, lame or
 * unlike the rest leads to one thing: wait.
 * Pure: messages, trust and moments enter as values; no file, no network, no clock.
 *
 * Shapes and units: names are lower-case wire format; *_at Unix seconds, 0 = never.
 * Errors: ERR_STATE (an observation that must not be used: from the future, or older than one used
 * before; with a finding), ERR_NOMEM, ERR_CRYPTO. A bad answer is no error: it is the view's text.
 * Ownership: observations, trust and views own all they point to; a view needs neither after
 * parent_judge.
 * Limits: LIMIT_OBSERVED_* of common/limits.h.
 * Source: RFC 4034, RFC 4035 s5, RFC 5155 s8, RFC 6840 s4, RFC 8945 s4.3 and s5; DESIGN section 2.
 */
#pragma once

#include "common/arena.h"
#include "signer/life.h"

/* ------------------------------------------------------------------ what was brought in */

/* One question to one address: the DS RRset of the zone. */
struct observed_answer {
    const char *server;    /* the name server, or the agent; "" unknown */
    const char *address;   /* "192.0.2.1@53"; "" when the server has none */
    const char *transport; /* "udp", "tcp" */
    const char *failure;   /* why there is no answer: "timeout", ...; NULL: there is one */
    bool no_route;         /* it could not even be asked from there: no IPv6, say */
    int64_t at;
    struct bytes message; /* as it came; empty: none came */
    const char *tsig;     /* name of the key that signed the question; NULL: none did */
    struct bytes request_mac;
};

/* The DNSKEY or DS RRset of a zone on the way down to the parent, or the parent's NS. */
struct observed_link {
    const uint8_t *name;
    uint16_t type;
    struct bytes message;
};

struct observation {
    struct arena *arena;
    struct bytes text; /* the file, whole: evidence for state */
    const uint8_t *zone;
    const uint8_t *parent; /* NULL: not found */
    int64_t at;            /* the last answer came then */
    struct observed_answer *answers;
    size_t answer_n;
    struct observed_link *links;
    size_t link_n;
};
void observation_done(struct observation *o);
DEFINE_AUTO(observation)

/* ------------------------------------------------------------------ whom to believe */

struct parent_agent {
    const char *name;
    const char *address;     /* as in observations */
    const uint8_t *key_name; /* NULL: it signs nothing */
    const char *algorithm;   /* "hmac-sha256" */
    struct bytes secret;
};

struct parent_trust {
    struct zone *anchors;        /* DS and DNSKEY records at any owner; owned */
    struct parent_agent *agents; /* when there are any, exactly these must have answered */
    size_t agent_n;
    struct arena *arena; /* of the agents' text */
    struct buf secrets;  /* wiped */
};
void parent_trust_done(struct parent_trust *t);
DEFINE_AUTO(parent_trust)

/* The root's keys as IANA publishes them: KSK-2017 and KSK-2024. */
int parent_anchors_default(struct zone **ret) MUST_USE;

/* ------------------------------------------------------------------ the verdict */

enum parent_says {
    PARENT_SAYS_NOTHING, /* silent, lame, an error, or not to be read */
    PARENT_SAYS_DS,
    PARENT_SAYS_NO_DS /* a delegation without DS */
};
enum parent_proof { PARENT_UNPROVEN, PARENT_BY_DNSSEC, PARENT_BY_TSIG };

#define PARENT_WHY_LEN 240

struct parent_server { /* one question to one address */
    const char *server;
    const char *address;
    const char *transport;
    int64_t at;
    enum parent_says says;
    enum parent_proof proof;
    bool is_left_out; /* no way to it from there; another address of the same server answered */
    const struct bytes *ds; /* rdata, sorted */
    size_t ds_n;
    uint32_t ttl_s;           /* of the DS, or of their absence */
    int64_t signed_at;        /* the inception of what proves it; by TSIG: `at` */
    char why[PARENT_WHY_LEN]; /* what it said, or why that proves nothing */
};

struct parent_view {
    struct arena *arena;
    int64_t observed_at;
    int64_t signed_at;             /* of all that counts, the first: replayed, it is no later */
    struct parent_server *servers; /* in the observation's order */
    size_t server_n;
    bool agrees;            /* every answer that counts is proven, and all are alike */
    const struct bytes *ds; /* when they agree: rdata, sorted; n 0: none */
    size_t ds_n;
    uint32_t ttl_s;           /* the largest that was seen */
    char why[PARENT_WHY_LEN]; /* the verdict in a sentence, with the server to blame */
};
void parent_view_done(struct parent_view *v);
DEFINE_AUTO(parent_view)

/*
 * Judges O. PREVIOUS_AT: the observation that state used last (0: none); the same one again is
 * fine. Warnings say which server blocks, and why.
 */
int parent_judge(const struct observation *o, const struct parent_trust *trust, int64_t previous_at,
                 int64_t now, struct parent_view *ret, struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ DS and our keys */

struct parent_key {
    const char *digest; /* KEY_DIGEST_LEN with its NUL */
    struct bytes dnskey;
    bool is_published; /* its DNSKEY is in the zone */
};

/* Is DS (rdata) one of DNSKEY? Digest types 1, 2 and 4. */
int parent_ds_is_of(const uint8_t *zone, struct bytes ds, struct bytes dnskey, bool *ret) MUST_USE;

/*
 * Which of KEYS have their DS at the parent, for life_observe; RET lives as long as V.
 * ERR_ABSENT: V does not agree, so nothing was seen. A DS of no key known here is a warning; an
 * error when there are DS and none is of a published key: validators refuse the zone.
 */
int parent_seen(const struct parent_view *v, const uint8_t *zone, const struct parent_key *keys,
                size_t key_n, struct life_parent *ret, struct diags *diags) MUST_USE;
