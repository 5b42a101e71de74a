/*
 * signer/ds.h -- the DS of a key (RFC 4034 s5.1.4, RFC 4509). Pure.
 */
#pragma once

#include "signer/signer.h"

#define DS_RDATA_LEN (4 + 32) /* tag, algorithm, digest type 2, SHA-256 */

/* Of digest type 2, SHA-256. */
int ds_rdata(const uint8_t *zone, struct bytes dnskey, uint8_t ret[DS_RDATA_LEN]) MUST_USE;
