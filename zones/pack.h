/*
 * zones/pack.h -- private to zones/ and signer/: a node as octets, in two records.
 *
 * The content record holds what the zone says at a name: the owner and its RRsets. The DNSSEC
 * record beside it holds what a signer adds to that: the NSEC and the signatures, inline. Kept
 * apart, a signed zone shares the content of the unsigned one, and an NSEC that moves leaves the
 * content alone. In the NSEC3 order the NSEC3 records are content.
 *
 * All records start at even addresses and have an even length, so that rdata can be read in place
 * as knot_rdata_t (alignment 2). Numbers are in host order: packed octets never leave the process.
 *
 *   content   u16 sets | u8 flags | u8 length of owner | u32 length of record | owner | sets
 *   set       u16 type | u16 records | u32 TTL | u32 line
 *             | with more than one record: u32 second line, u32 length of data | rdata
 *   DNSSEC    u16 lists of signatures, top bit: has NSEC | u32 length of record | NSEC as a set
 *             | a list for each RRset of the node, NSEC included, in order of type
 *   list      u16 signatures, top bit: has a line | u32 line | signatures
 *   signature u8 PACK_SHORT | u8 algorithm | u16 key tag | u32 expiration | u32 inception
 *             | u16 length | signature: what is missing follows from the RRset and the zone
 *          or u8 PACK_WHOLE | u8 0 | u16 length | u32 TTL | rdata: any other RRSIG
 *
 * Writers append to a buffer, whose buf_ok says whether memory sufficed. Limits: 32767 RRsets a
 * node, the NSEC among them, and 32767 signatures an RRset (checked by the builder and
 * zones/edit.c).
 */
#pragma once

#include "common/buf.h"
#include "zones/zones.h"

#define PACK_LIST_MAX 32767u
#define PACK_SETS_MAX (PACK_LIST_MAX - 1) /* of a content record: an NSEC may come beside them */

/* ------------------------------------------------------------------ writing */

/* Each returns where the record starts, for its close. */
size_t pack_content_open(struct buf *b, const uint8_t *owner, uint32_t flags);
void pack_set(struct buf *b, const struct zone_rrset *set); /* type, TTL, lines, records */
void pack_content_close(struct buf *b, size_t start, uint32_t set_n);

/* Other flags for a content record that nobody else sees yet. */
void pack_set_flags(uint8_t *content, uint32_t flags);

size_t pack_dnssec_open(struct buf *b);
/* An NSEC follows the head at once, by pack_set; the lists come after it. */
void pack_list_open(struct buf *b, uint32_t sig_n, uint32_t line);
/* Room for a signature; the offset of its LEN octets in B. */
size_t pack_sig_room(struct buf *b, uint8_t algorithm, uint16_t key_tag, uint32_t expiration,
                     uint32_t inception, size_t len);
/* An RRSIG of SET as it came, in the short form where that says all. */
void pack_sig(struct buf *b, const struct zone_rrset *set, const struct zone_sig *sig);
void pack_dnssec_close(struct buf *b, size_t start, bool has_nsec, uint32_t list_n);

/* The fields of RRSIG rdata. False: not well-formed. */
bool sig_from_rdata(const uint8_t *rdata, size_t len, uint32_t ttl, struct zone_sig *ret) MUST_USE;
/* All of SIG's rdata before the signature; its length. TO has room for SIG_HEAD_MAX. */
#define SIG_HEAD_MAX (18 + 255)
size_t sig_head_put(const struct zone_sig *sig, uint8_t *to);
/* RFC 4034 s3.1.3: labels of the owner, without the root and a leading asterisk. */
uint8_t sig_labels(const uint8_t *owner);

/* ------------------------------------------------------------------ reading */

/* DNSSEC may be NULL. */
void pack_view(const uint8_t *apex, const uint8_t *content, const uint8_t *dnssec,
               struct zone_node *ret);
static inline const uint8_t *pack_owner(const uint8_t *content)
{
    return content + 8;
}
/* The record that an owner got from pack_owner lies in. */
static inline const uint8_t *pack_content_of(const uint8_t *owner)
{
    return owner - 8;
}
size_t pack_content_len(const uint8_t *content);
size_t pack_dnssec_len(const uint8_t *dnssec);
/* The same sets and flags, lines aside? */
bool pack_content_equal(const uint8_t *a, const uint8_t *b);

/* Records and signatures of a content or DNSSEC record: what zone_record_n counts. */
uint32_t pack_content_records(const uint8_t *content);
uint32_t pack_dnssec_records(const uint8_t *dnssec);
/* The earliest expiration in a DNSSEC record, by RFC 1982 order; false: no signature. */
bool pack_dnssec_expires(const struct zone_node *node, uint32_t *ret);
