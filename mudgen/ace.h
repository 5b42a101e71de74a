/*
 * mudgen/ace.h -- the access control entries of a device model, before they become JSON.
 *
 * One entry is one permitted conversation; it holds for both IP families and both directions.
 * Pure; memory from the caller's arena. Errors: ERR_NOMEM, ERR_CRYPTO.
 */
#pragma once

#include "common/arena.h"
#include "zones/zones.h"

#define ACE_NAME_MAX   64 /* RFC 8519 s4.1 */
#define ACE_SUFFIX_MAX 5  /* "-from" */

#define RESOLVER_URI "urn:ietf:params:mud:dns" /* RFC 8520 s17.7 */

enum ace_peer { /* who is at the other end */
                ACE_DOMAIN,
                ACE_CONTROLLER,
                ACE_LOCAL,
                ACE_SAME_MANUFACTURER,
                ACE_MY_CONTROLLER
};

struct ace {
    const char *name; /* [a-z0-9-], without the "-from" or "-to" that its direction adds */
    enum ace_peer peer;
    const char *target; /* domain name or controller URI; else "" */
    enum protocol protocol;
    bool has_port;
    uint16_t port_lo;
    uint16_t port_hi;
    bool remote; /* initiated by the other end; false where that makes no difference */
};

/* All entries of a model, the local resolver included, by name, without repetitions. */
int aces_make(struct arena *a, const struct inv_model *model, struct ace **ret,
              size_t *ret_n) MUST_USE;
