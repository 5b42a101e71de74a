/*
 * publish/notify.h -- PUBLIC: NOTIFY messages, and where a parent wants them for CDS.
 *
 * Side effects: sockets (publish/ask.h). Errors: those of ask_all; that nobody answers is none.
 * Source: RFC 1996; RFC 9859 s3 (DSYNC), s4.1 (finding the endpoint), s4.2 (sending).
 */
#pragma once

#include "publish/observe.h"
#include "zones/zones.h"

/* ------------------------------------------------------------------ where to */

#define NOTIFY_TARGETS_MAX 8 /* of one DSYNC RRset that are told */

struct notify_target {
    uint8_t name[256];
    uint16_t port;
    struct ask_address addresses[16];
    size_t address_n;
};

struct notify_targets {
    struct notify_target *items;
    size_t n;
};
void notify_targets_done(struct notify_targets *t);
DEFINE_AUTO(notify_targets)

/* The DSYNC targets of scheme 1 (NOTIFY) for TYPE, with their addresses; n 0: the parent states
   none. ZONE lies below PARENT. */
int notify_find(const struct observe_resolvers *resolvers, const uint8_t *zone,
                const uint8_t *parent, uint16_t type, struct notify_targets *ret) MUST_USE;

/* ------------------------------------------------------------------ sending */

struct notify_outcome {
    char address[ASK_ADDRESS_LEN];
    bool acknowledged; /* a response without error came */
    char why[64];      /* "acknowledged", "timeout", "answered REFUSED" */
};

/* NOTIFY(TYPE) of ZONE to each of N addresses over UDP, repeated as LIMITS say; RET has room for
   N. */
int notify_send(const uint8_t *zone, uint16_t type, const struct ask_address *to, size_t n,
                const struct ask_key *key, const struct ask_limits *limits,
                struct notify_outcome *ret) MUST_USE;

/* ------------------------------------------------------------------ whether */

/*
 * Does ZONE (signed) show CDS or CDNSKEY that stand for other keys than DS (rdata, N of them) does?
 * Compared by key and not by record: a parent may make digests of its own (RFC 7344 s5). False when
 * it shows neither.
 */
int notify_cds_differs(const struct zone *zone, const struct bytes *ds, size_t n,
                       bool *ret) MUST_USE;
