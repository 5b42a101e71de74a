/*
 * publish/ask.h -- PUBLIC: DNS questions over UDP and TCP, many at a time.
 *
 * Side effects: sockets. Holds no key but TSIG secrets that the caller lends.
 * Answers are kept as they came, whole messages, and only matched with their questions (RFC 5452
 * s9: address, port, id, question); what they say is for others to judge. A UDP answer that does
 * not match is passed over, and the wait goes on.
 * Units: *_ms milliseconds of the caller's clock, which never goes back.
 * Errors: ERR_NOMEM, ERR_IO (no socket could be made at all), ERR_CONFIG (an unusable TSIG key).
 * That a question got no answer is its outcome, not an error.
 * Source: RFC 1035 s4.2, RFC 1996, RFC 6891, RFC 7766, RFC 8945; DNS Flag Day 2020 (1232 octets).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/buf.h"
#include "common/own.h"

struct ask_address {
    struct sockaddr_storage sock;
    socklen_t len;
};
/* "192.0.2.1@53", "2001:db8::1@53"; without a port PORT. */
bool ask_address_parse(const char *text, uint16_t port, struct ask_address *ret) MUST_USE;
/* An address of 4 or 16 octets. */
bool ask_address_make(struct bytes raw, uint16_t port, struct ask_address *ret) MUST_USE;
#define ASK_ADDRESS_LEN 64
void ask_address_text(const struct ask_address *a, char out[ASK_ADDRESS_LEN]);

enum ask_transport { ASK_UDP, ASK_TCP };
const char *ask_transport_text(enum ask_transport t); /* "udp", "tcp" */

enum ask_opcode { ASK_QUERY = 0, ASK_NOTIFY = 4 };

struct ask_key { /* RFC 8945; all borrowed */
    const char *name;
    const char *algorithm; /* "hmac-sha256" */
    const char *secret;    /* base64 */
};

enum ask_outcome {
    ASK_OPEN, /* not asked yet */
    ASK_ANSWERED,
    ASK_TIMEOUT,
    ASK_NO_ROUTE, /* from here there is no way to such an address */
    ASK_REFUSED,  /* nobody listens there, or the network says so */
    ASK_BROKEN    /* TCP: closed or nonsense before the whole answer was there */
};
const char *ask_outcome_text(enum ask_outcome o); /* "timeout", ... */

#define ASK_MAC_MAX 64

struct ask_task {
    struct ask_address to;
    enum ask_transport transport;
    enum ask_opcode opcode;
    const uint8_t *name; /* borrowed */
    uint16_t type;
    bool recursion;            /* RD */
    bool checking_disabled;    /* CD */
    const struct ask_key *key; /* or NULL */

    /* filled by ask_all */
    enum ask_outcome outcome;
    struct buf answer;
    uint8_t mac[ASK_MAC_MAX]; /* of the question */
    size_t mac_len;
    int64_t ended_ms;
};
void ask_task_done(struct ask_task *t);

struct ask_limits {
    uint32_t timeout_ms; /* of a try; TCP has one try of `tries` times as long */
    unsigned tries;
    int64_t (*clock_ms)(void *ctx);
    void *ctx;
};

#define ASK_AT_ONCE 64 /* sockets that are open at a time */

/* Asks all, side by side; each gets its outcome. */
int ask_all(struct ask_task *tasks, size_t n, const struct ask_limits *limits) MUST_USE;

/* Asks all over UDP, and again over TCP what came truncated: for resolvers. */
int ask_all_whole(struct ask_task *tasks, size_t n, const struct ask_limits *limits) MUST_USE;
