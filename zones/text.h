/*
 * zones/text.h -- private: one record as a line of zone file text, at full speed.
 *
 * The bytes are those of record_write (zones/zones.h): "owner TTL IN TYPE rdata\n", rdata as
 * libknot prints it, and in the form of RFC 3597 where that could not be read back. The types that
 * a large zone is made of have printers of their own, many times faster than libknot's; all others,
 * and rdata that is not shaped as its type wants, go through libknot. Which way a record took
 * cannot be seen in the output.
 *
 * Pure: writes to OUT only; keep one buffer for many records. Any bytes are safe as rdata.
 * Errors: ERR_NOMEM. Threads: no shared state.
 * Source: RFC 1035 s5.1, RFC 3597 s5, RFC 4034 s2.2 s3.2 s4.2 s5.3, RFC 5155 s3.3.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libknot/rdata.h>

#include "common/buf.h"
#include "common/own.h"
#include "zones/zones.h"

/* A name as it stands in a line, the dot at its end and a blank behind it included: printed once,
   used for every record of the node, or for every RRSIG of the zone. No NUL behind it. */
struct text_name {
    size_t len;
    char text[NAME_TEXT_LEN];
};

/* NAME is a checked name of at most 255 octets. */
void text_name_set(struct text_name *ret, const uint8_t *name);

int text_record(const struct text_name *owner, uint32_t ttl, uint16_t type,
                const knot_rdata_t *rdata, struct buf *out) MUST_USE;

/* The RRSIG that SIG's fields make; SIGNER is sig->signer in text. */
int text_rrsig(const struct text_name *owner, const struct text_name *signer,
               const struct zone_sig *sig, struct buf *out) MUST_USE;
