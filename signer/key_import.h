/*
 * signer/key_import.h -- other signers' key files, as bytes: their parsers, and what their times
 * mean. Pure.
 *
 * Parsers take any bytes and give what is well-formed, or ERR_FINDINGS with RET_WHY (static text).
 * Private bytes are wiped with what holds them. Source: see signer/key_files.h.
 */
#pragma once

#include "signer/crypto.h"
#include "signer/key_files.h"

#define KEY_TEXT_MAX 65536u /* a .private of 4096 bits of RSA has 4 KB; a list 200 bytes a key */

/* What a signer says of a key's life; 0: nothing. Moments may be in the future: plans. */
struct key_story {
    enum times_from from;
    int64_t created_at;
    int64_t publish_at; /* the DNSKEY in the zone, and gone */
    int64_t delete_at;
    int64_t activate_at; /* the signatures (of a KSK: over the DNSKEY RRset), and their end */
    int64_t inactive_at;
    int64_t ds_asked_at; /* CDS; the DS seen at the parent; the same for its end */
    int64_t ds_seen_at;
    int64_t ds_unasked_at;
    int64_t ds_gone_at;
    bool ds_is_said; /* no moment of a DS then means that there is none */
    bool has_role;
    bool is_ksk;
    bool is_zsk;
};

/* K*.private (v1.2, v1.3). */
struct bind_private {
    unsigned algorithm;
    struct crypto_parts parts;
    struct key_story story;
    bool is_on_token; /* there is its address, which may say the PIN, and no key */
};
void bind_private_done(struct bind_private *p);
DEFINE_AUTO(bind_private)
int bind_private_parse(struct bytes text, struct bind_private *ret, const char **ret_why) MUST_USE;

/* One DNSKEY record with its comments: K*.key. */
struct dnskey_record {
    uint8_t owner[256];
    bool has_ttl;
    uint32_t ttl_s;
    struct buf rdata;
};
void dnskey_record_done(struct dnskey_record *r);
DEFINE_AUTO(dnskey_record)
int dnskey_record_parse(struct bytes text, struct dnskey_record *ret,
                        const char **ret_why) MUST_USE;

/* K*.state: what is so, where .private says what was planned. Changes STORY. */
int bind_state_parse(struct bytes text, struct key_story *story, const char **ret_why) MUST_USE;

/* The line of the key ID in what `keymgr -e ZONE list` printed. ERR_ABSENT: none. */
struct knot_key {
    unsigned algorithm;
    unsigned tag;
    bool is_public; /* without a private half */
    struct key_story story;
};
int knot_list_find(struct bytes text, const char *id, struct knot_key *ret,
                   const char **ret_why) MUST_USE;

/*
 * What of STORY is true at NOW, as the life of a key of ROLE: what the old signer shows counts as
 * seen since. Without any time the key is in use since NOW, or (STANDBY) not at all.
 */
struct story_params {
    int64_t now;
    bool standby;
    bool no_ds;
};
void story_to_life(const struct key_story *story, enum key_role role, const struct story_params *p,
                   struct foreign_key *ret);
