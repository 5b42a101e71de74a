/*
 * signer/ksr_int.h -- what the ksr*.c files share: the words of the text form, and single RRsets.
 */
#pragma once

#include "signer/ksr.h"

#define KSR_MAGIC_REQUEST  "mudzone-ksr 1"
#define KSR_MAGIC_RESPONSE "mudzone-skr 1"
#define KSR_RECORD_INDENT  "  "
#define KSR_SIG_INDENT     "    "

/* DNSKEY, CDS or CDNSKEY. */
bool ksr_type_is_known(uint16_t type);

/* The records of an RRset at the apex of ZONE as a snapshot of their own. */
int ksr_records(const uint8_t *zone, uint16_t type, uint32_t ttl, const struct bytes *rdata,
                size_t n, struct zone **ret) MUST_USE;

/* Verifies SIG of SET by the public key field of DNSKEY rdata; false: it is not that key's. */
int ksr_verify(const struct zone_rrset *set, const struct zone_sig *sig, struct bytes dnskey,
               bool *ret) MUST_USE;

/* Is RDATA of CDS or CDNSKEY the one that asks the parent to drop all DS (RFC 8078 s4)? */
bool ksr_is_delete(uint16_t type, struct bytes rdata);
