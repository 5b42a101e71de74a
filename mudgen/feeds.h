/*
 * mudgen/feeds.h -- the list as resolvers and firewalls load it (DESIGN section 8).
 *
 * Two RPZ zones, never one: a zone with both fails open, because allowed names make empty
 * non-terminals that stop the wildcard. Owners are relative, so that a resolver can load them under
 * any zone name. Pure. Errors: ERR_NOMEM.
 */
#pragma once

#include "common/buf.h"
#include "mudgen/listing.h"

/* One name a line, `*.x` for every name below x. */
int feed_domains(const struct listing *l, struct buf *out) MUST_USE;

int feed_allow_rpz(const struct listing *l, uint32_t serial, uint32_t refresh_s,
                   struct buf *out) MUST_USE;
int feed_deny_rpz(uint32_t serial, uint32_t refresh_s, struct buf *out) MUST_USE;

#define FEED_DENY_WARNING                                                                          \
    "only for a view or tag of IoT devices: anywhere else this zone blocks every name"
