/*
 * app/ds_record.h -- what a parent gets of a key: DS, CDS, CDNSKEY, as lines of a zone file.
 *
 * Pure. Errors: ERR_NOMEM, ERR_CRYPTO.
 * Source: RFC 4034 s5.1, RFC 4509, RFC 6605 s2 (SHA-384), RFC 7344 s3, RFC 8078 s4, RFC 9615 s3.2.
 */
#pragma once

#include "common/buf.h"
#include "common/own.h"
#include "signer/signer.h"
#include "zones/zones.h"

/* "sha256", "sha384" */
bool ds_digest_from_text(const char *text, enum ds_digest *ret) MUST_USE;

/* One line each, appended. OWNER is where the record stands; the digest is over ZONE. */
int ds_line(const uint8_t *zone, const struct key *k, enum ds_digest digest, uint32_t ttl_s,
            struct buf *out) MUST_USE;
/* The same as the zone shows it, with SHA-256. */
int cds_line(const uint8_t *owner, const uint8_t *zone, const struct key *k, uint32_t ttl_s,
             struct buf *out) MUST_USE;
int cdnskey_line(const uint8_t *owner, const struct key *k, uint32_t ttl_s,
                 struct buf *out) MUST_USE;
/* The records that ask for no DS at all. */
int cds_delete_lines(const uint8_t *owner, uint32_t ttl_s, struct buf *out) MUST_USE;

/* _dsboot.<zone>._signal.<server>; false: longer than a name can be. */
bool signal_name(const uint8_t *zone, const uint8_t *server, uint8_t ret[256]);
