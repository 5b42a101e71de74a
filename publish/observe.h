/*
 * publish/observe.h -- PUBLIC: asks the parent of a zone, at every address, which DS it has.
 *
 * The network half of observing: no key but TSIG secrets that the caller lends, and no opinion.
 * What came is kept whole; the signing half judges it (signer/parent.h). Side effects: sockets.
 * The parent, its name servers and their addresses come from the resolvers; so does the chain of
 * DNSKEY and DS RRsets up to the root, with checking disabled. Then every address is asked for the
 * zone's DS, over UDP and over TCP. With agents exactly those are asked instead.
 * Shapes and units: names are lower-case wire format; *_at Unix seconds.
 * Errors: ERR_ABSENT (nobody could be asked, with a finding), those of ask_all. Silence is none.
 * Limits: LIMIT_OBSERVED_*.
 * Source: RFC 1035, RFC 4035 s3.1.4.1, RFC 7344 s6; DESIGN section 2.
 */
#pragma once

#include "common/diag.h"
#include "publish/ask.h"

struct observe_agent { /* all borrowed */
    const char *name;
    struct ask_address address;
    const struct ask_key *key; /* or NULL */
};

/* Who is asked to find things. */
struct observe_resolvers {
    const struct ask_address *items; /* in order; the next when one does not answer */
    size_t n;
    struct ask_limits limits;
};

struct observe_params {
    const uint8_t *zone;
    struct observe_resolvers resolvers;
    const struct observe_agent *agents;
    size_t agent_n;
    int64_t now; /* when the limits' clock says now_ms */
    int64_t now_ms;
};

struct observe_answer {
    char *server;                  /* owned; a name without the last dot, or the agent's */
    char address[ASK_ADDRESS_LEN]; /* "": the server has none */
    enum ask_transport transport;
    const char *failure; /* static; NULL: answered */
    bool no_route;
    int64_t at;
    struct buf message;
    const char *tsig; /* borrowed; NULL: not signed */
    uint8_t mac[ASK_MAC_MAX];
    size_t mac_len;
};

struct observe_link {
    const uint8_t *name; /* in the result's zone */
    uint16_t type;
    struct buf message;
};

struct observe_result {
    uint8_t zone[256];
    const uint8_t *parent;          /* in `zone`; NULL: not found */
    int64_t at;                     /* the last answer came then */
    struct observe_answer *answers; /* by server, address, transport */
    size_t answer_n;
    struct observe_link *links; /* from the parent up, then the parent's NS */
    size_t link_n;
};
void observe_result_done(struct observe_result *r);
DEFINE_AUTO(observe_result)

int observe_zone(const struct observe_params *params, struct observe_result *ret,
                 struct diags *diags) MUST_USE;
