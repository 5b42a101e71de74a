/*
 * zones/reread.h -- private: zone files that we wrote ourselves, read back at full speed.
 *
 * Takes the output form of zone_write and nothing else: a record a line, "owner TTL IN TYPE rdata"
 * with absolute lower-case names; the SOA first; owners in canonical order (RFC 4034 s6.1), all at
 * or below the SOA's; RRsets of an owner by type (SOA before, NSEC3 after all others), at most
 * LIMIT_RRSET_RECORDS records each, in canonical order, without duplicates and with one TTL, their
 * RRSIGs behind them. So the records come as a snapshot wants them, and need no sorting. What is
 * accepted is what zone_parse makes of the same text; anything else is refused, also where
 * zone_parse would take it: read it with that then.
 * Common types are read by code of our own, the lines of all others by libzscanner.
 *
 * Pure, safe on any bytes. Errors: ERR_FINDINGS for text that is not of this form (RET_LINE,
 * counted from 1, is the line), ERR_NOMEM, or what FN returned, which ends the reading. Threads: no
 * shared state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/own.h"

/* Borrowed until FN returns; the owner's bytes stay until the record with the next new owner. */
struct reread_record {
    const uint8_t *owner;
    size_t owner_len;
    bool owner_is_new; /* not that of the record before */
    uint16_t type;
    uint32_t ttl;
    const uint8_t *rdata; /* in canonical form */
    size_t rdata_len;
};

int reread(const char *text, size_t len, int (*fn)(void *ctx, const struct reread_record *record),
           void *ctx, size_t *ret_line) MUST_USE;

/* The same for many pieces of text, with memory that is made once. After a failure that is not FN's
   the reader is of no more use. */
struct rereader;                     /* 130 KB, and 200 KB more once a line needs libzscanner */
struct rereader *rereader_new(void); /* NULL: memory is out */
void rereader_free(struct rereader *r);
DEFINE_AUTO_PTR(rereader)

/* APEX NULL: the text of a zone from its SOA on. Else a later piece of the text of that zone. */
int rereader_run(struct rereader *r, const uint8_t *apex, const char *text, size_t len,
                 int (*fn)(void *ctx, const struct reread_record *record), void *ctx,
                 size_t *ret_line) MUST_USE;
