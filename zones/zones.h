/*
 * zones/zones.h -- PUBLIC: what the manufacturer states (the inventory) and what the zones hold
 * (snapshots), with the rules over both.
 *
 * Shapes: domain names are wire format, lower case, without compression; `text` beside a name is
 * its printable A-label form without the trailing dot (wildcard star included). *_s seconds, *_at
 * Unix seconds (0 = not stated). Inventories and snapshots are immutable once returned. Errors:
 * ERR_FINDINGS when a finding of severity error was added, ERR_CONFIG when the inventory cannot be
 * read or is malformed, ERR_IO, ERR_LIMIT, ERR_NOMEM. Outputs are untouched on failure. Ownership:
 * an inventory owns all it points to. Snapshots are counted: zone_ref, zone_free. Thread-safety:
 * reading from many threads is fine; zone_ref and zone_free are atomic. Source: INVENTORY.md; RFC
 * 1034, 1035, 2181, 4034, 4592, 6672.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/rrset.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/own.h"

/* All rules of this folder, NULL-terminated (zones/rules.h lists them). */
extern const struct diag_rule *const zones_rules[];
extern const struct diag_rule *const inventory_rules[];

/* ------------------------------------------------------------------ policies */

enum ttl_mode { TTL_REPORT, TTL_CLAMP, TTL_REFUSE };

#define TTL_TYPES_MAX 32
struct ttl_range { /* first match wins */
    uint16_t types[TTL_TYPES_MAX];
    size_t type_n; /* 0: any */
    uint32_t min_s;
    uint32_t max_s;
};

struct ttl_waiver {
    struct diag_where where;
    const uint8_t *name;
    const char *text;
    uint16_t types[TTL_TYPES_MAX];
    size_t type_n; /* 0: any */
    bool has_min;  /* the limit that replaces the range's */
    bool has_max;
    uint32_t min_s;
    uint32_t max_s;
    const char *reason;
    int64_t until_at; /* the waiver holds up to and with this day (UTC) */
};

struct ttl_policy {
    const char *name;
    enum ttl_mode mode;
    const struct ttl_range *ranges;
    size_t range_n;
    uint32_t negative_min_s; /* SOA MINIMUM */
    uint32_t negative_max_s;
    const struct ttl_waiver *waivers;
    size_t waiver_n;
};

extern const struct ttl_policy ttl_policy_recommended;
extern const struct ttl_policy ttl_policy_strict;
const struct ttl_policy *ttl_policy_builtin(const char *name); /* NULL: no such */

enum denial { DENIAL_NSEC, DENIAL_NSEC3 };
enum serial_policy { SERIAL_UNIXTIME, SERIAL_INCREMENT, SERIAL_DATE };
enum cds_policy { CDS_NONE, CDS_ROLLOVER, CDS_ALWAYS };

struct dnssec_policy {
    struct diag_where where; /* line 0: built in */
    const char *name;
    uint8_t algorithm; /* DNSSEC number: 13, 14, 15, 16, 8 */
    bool single_key;
    bool is_unsigned; /* no DNSSEC: a zone that was signed goes insecure, step by step */
    enum denial denial;
    uint32_t ksk_lifetime_s; /* 0: never rolled automatically */
    uint32_t zsk_lifetime_s;
    uint32_t signature_validity_s;
    uint32_t signature_refresh_s;
    uint32_t signature_jitter_s;
    enum serial_policy serial;
    enum cds_policy cds;
    bool zonemd;
    uint32_t propagation_delay_s;
    uint32_t parent_propagation_delay_s;
    uint32_t parent_ds_ttl_s;
    uint32_t dnskey_ttl_s;
    const char *ksk_store; /* URI of the token that makes and keeps KSKs and CSKs; NULL: files */
    const char *zsk_store;
};
/* As `ksk_store`: the private half is on a machine without network, and signs by request
   (signer/ksr.h). */
#define KEY_STORE_OFFLINE "offline"

extern const struct dnssec_policy dnssec_policy_standard; /* equals the YANG defaults: tested */
extern const struct dnssec_policy dnssec_policy_unsigned;

/* ------------------------------------------------------------------ inventory */

enum purpose {
    PURPOSE_FIRMWARE_UPDATE,
    PURPOSE_CONFIGURATION,
    PURPOSE_TELEMETRY,
    PURPOSE_REMOTE_CONTROL,
    PURPOSE_PUSH_NOTIFICATION,
    PURPOSE_CONNECTIVITY_CHECK,
    PURPOSE_TIME,
    PURPOSE_IDENTITY,
    PURPOSE_MEDIA,
    PURPOSE_ADVERTISING,
    PURPOSE_ANALYTICS,
    PURPOSE_SUPPORT,
    PURPOSE_OTHER,
    PURPOSE_COUNT
};
const char *purpose_text(enum purpose p); /* "firmware-update" */

enum protocol { PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMP, PROTOCOL_ANY };
const char *protocol_text(enum protocol p);

enum initiator { INITIATOR_DEVICE, INITIATOR_REMOTE, INITIATOR_ANY };
const char *initiator_text(enum initiator i);

struct inv_endpoint {
    struct diag_where where;
    enum protocol protocol;
    bool has_port; /* without: every port */
    uint16_t port_lo;
    uint16_t port_hi; /* equals port_lo for one port */
    enum initiator initiator;
};

struct inv_domain {
    struct diag_where where;
    const uint8_t *name; /* without "*." */
    const char *text;    /* without "*." */
    bool subdomains;     /* written as *.name */
    bool third_party;
    int64_t since_at;              /* 0: not stated */
    int64_t removal_not_before_at; /* 0: not stated */
};

struct inv_service {
    struct diag_where where;
    const char *name;
    enum purpose purpose;
    bool required;
    const struct inv_domain *domains;
    size_t domain_n;
    const struct inv_endpoint *endpoints;
    size_t endpoint_n;
    size_t model_n; /* models that use it; 0: its names are not listed */
};

struct inv_controller {
    struct diag_where where;
    const char *uri;
    struct inv_endpoint endpoint;
};

struct inv_model {
    struct diag_where where;
    const char *name; /* [a-z0-9-], 1..63 */
    const char *model_name;
    const char *systeminfo;
    bool supported;
    const char *documentation; /* the manufacturer's when not stated */
    int64_t updated_at;        /* 0: the moment its content last changed */
    const struct inv_service *const *services;
    size_t service_n;
    const struct inv_endpoint *local;
    size_t local_n;
    const struct inv_endpoint *same_manufacturer;
    size_t same_manufacturer_n;
    const struct inv_endpoint *my_controller;
    size_t my_controller_n;
    const struct inv_controller *controllers;
    size_t controller_n;
};

struct inv_zone {
    struct diag_where where;
    const uint8_t *name;
    const char *text;
    const char *file; /* resolved; NULL: taken by transfer (`primary`) */
    const struct dnssec_policy *dnssec;
    const struct ttl_policy *ttl;
};

struct inv_signer {
    struct diag_where where;
    const char *certificate; /* resolved paths; a pkcs11: URI stays as it is */
    const char *key;
};

struct inv_tsig_key { /* RFC 8945 */
    struct diag_where where;
    const uint8_t *name;
    const char *text;
    const char *algorithm;   /* "hmac-sha256" */
    const char *secret_file; /* resolved; base64, 0600 */
};

struct inv_agent { /* who is asked for what the parent says, instead of its name servers */
    struct diag_where where;
    const char *name;
    const char *address;             /* "192.0.2.1@53" */
    const struct inv_tsig_key *tsig; /* or NULL */
};

struct inv_input { /* a file that the inventory was read from, for the manifest */
    const char *path;
    struct bytes content;
};

struct inventory {
    const char *file;
    const char *dir; /* its folder: paths in manifests are relative to it */

    const char *manufacturer;
    const uint8_t *domain;
    const char *contact; /* may be NULL */
    const char *documentation;

    const char *state_dir;
    const char *output_dir;

    struct {
        struct diag_where where;
        const struct inv_zone *zone; /* carries _mudzone */
        const char *base_url;        /* "https://host/" or with a port */
        const char *host_text;       /* of the URL */
        const uint8_t *host;
        uint16_t port; /* 443 unless stated */
        uint32_t refresh_s;
        uint8_t cache_validity_h;
        uint32_t removal_notice_s;
        struct inv_signer signer;
        struct inv_signer tls;            /* certificate NULL: none stated */
        const char *tls_next_certificate; /* or NULL */
    } publication;

    struct {
        const char *trust_anchor; /* resolved zone file of DS and DNSKEY; NULL: the root's */
        const char *resolver;     /* "192.0.2.1@53"; NULL: those of the system */
        const char *observations; /* resolved folder */
        const struct inv_agent *agents;
        size_t agent_n;
    } parent;
    const struct inv_tsig_key *tsig_keys;
    size_t tsig_key_n;

    const struct dnssec_policy *dnssec_policies; /* stated, not the built-in ones */
    size_t dnssec_policy_n;
    const struct inv_zone *zones;
    size_t zone_n;
    const struct inv_zone *const *zones_by_name; /* sorted, for inventory_zone_of; NULL: none */
    const struct inv_service *services;
    size_t service_n;
    const struct inv_model *models;
    size_t model_n;
    const struct inv_input *inputs; /* the inventory and its includes, in reading order */
    size_t input_n;
};

/*
 * Reads PATH and its includes, checks it against the YANG module and all rules of INVENTORY.md that
 * need no zone. All findings of a run are added, not only the first. NOW decides about dates.
 */
int inventory_load(const char *path, int64_t now, struct inventory **ret,
                   struct diags *diags) MUST_USE;

/* The same from memory, without includes: for tests and fuzzing. NAME is what findings call it. */
int inventory_parse(const char *name, const char *text, size_t len, int64_t now,
                    struct inventory **ret, struct diags *diags) MUST_USE;

void inventory_free(struct inventory *inv);
DEFINE_AUTO_PTR(inventory)

/* The managed zone closest above (or at) NAME, or NULL: the name leaves the manufacturer's zones.
 */
const struct inv_zone *inventory_zone_of(const struct inventory *inv, const uint8_t *name);

/* ------------------------------------------------------------------ snapshots */

/*
 * A zone at a moment, immutable and counted. It has two orders of nodes: names, and the NSEC3
 * records, whose owners are hashes and not names of the zone (RFC 5155 s1.3). Nodes are in
 * canonical order (RFC 4034 s6.1), RRsets by type, records in canonical order without duplicates,
 * rdata names lower case where RFC 4034 s6.2 says so (as corrected by RFC 6840 s5.1), else as
 * written. Signatures sit with the RRset that they cover.
 *
 * Snapshots are packed (zones/pack.h) and share what is equal: a signed zone holds the contents of
 * the unsigned one, a new version all of the old one but the few leaves that changed. So nodes,
 * RRsets and signatures are read through views: small values filled by the functions below, good as
 * long as someone holds the snapshot.
 */
struct zone;

struct zone_node { /* a view */
    const uint8_t *owner;
    uint32_t flags;   /* enum zone_node_flags */
    uint32_t rrset_n; /* with the NSEC, and with types of which only signatures came */
    const uint8_t *apex;
    const uint8_t *content; /* packed; zones/pack.h */
    const uint8_t *dnssec;  /* packed; NULL: no signatures and no NSEC */
};

struct zone_rrset { /* a view */
    uint16_t type;
    uint16_t sig_n; /* RRSIGs whose type covered is `type` */
    uint32_t ttl;
    uint32_t line;       /* of the first record in the file; 0: generated or $INCLUDEd */
    uint32_t line_next;  /* of the second one; as `line` when there is none */
    uint32_t sig_line;   /* of the first RRSIG; 0: generated or $INCLUDEd */
    knot_rdataset_t rrs; /* count 0: only signatures came (an orphan RRSIG) */
    const uint8_t *owner;
    const uint8_t *apex;
    const uint8_t *sigs; /* packed; zones/pack.h */
};

struct zone_sig { /* a view of one RRSIG (RFC 4034 s3.1) */
    uint32_t ttl; /* of the RRSIG itself */
    uint16_t type_covered;
    uint8_t algorithm;
    uint8_t labels;
    uint32_t original_ttl;
    uint32_t expiration;
    uint32_t inception;
    uint16_t key_tag;
    const uint8_t *signer;
    struct bytes signature;
};

enum zone_node_flags {
    NODE_APEX = 1,
    NODE_DELEGATION = 2, /* NS below the apex: a zone cut */
    NODE_BELOW_CUT = 4,  /* glue or occluded */
    NODE_BELOW_DNAME = 8,
    NODE_WILDCARD = 16, /* first label is "*" */
    NODE_NSEC3 = 32     /* of the NSEC3 order: holds NSEC3 records and their signatures */
};

struct zone *zone_ref(const struct zone *z); /* the same zone, one more holder */
void zone_free(struct zone *z);
DEFINE_AUTO_PTR(zone)

const uint8_t *zone_apex(const struct zone *z);
const char *zone_file(const struct zone *z);    /* for findings; may be NULL */
size_t zone_node_n(const struct zone *z);       /* of both orders */
uint32_t zone_soa_serial(const struct zone *z); /* 0 without SOA */
uint64_t zone_record_n(const struct zone *z);   /* signatures included */

/* The node of a name; an owner that is a name and a hash too is found as the name. RET of this and
   the next two is not to be read when they are false. */
bool zone_find(const struct zone *z, const uint8_t *owner, struct zone_node *ret);
/* The RRset of a name; NSEC3 is looked up in its own order. */
bool zone_rrset(const struct zone *z, const uint8_t *owner, uint16_t type, struct zone_rrset *ret);
bool zone_node_rrset(const struct zone_node *node, uint16_t type, struct zone_rrset *ret);
/* The RRsets of a node in order of type, each step cheap. */
struct set_walk {
    const struct zone_node *node;
    const uint8_t *content;
    const uint8_t *nsec; /* NULL: none, or passed */
    const uint8_t *lists;
    uint32_t content_n; /* left */
    uint32_t list_n;    /* left */
};
void set_walk_first(const struct zone_node *node, struct set_walk *ret);
bool set_walk_next(struct set_walk *w, struct zone_rrset *ret);
/* RRset I of NODE, I < rrset_n: a walk of I + 1 steps. */
void zone_node_set(const struct zone_node *node, uint32_t i, struct zone_rrset *ret);
/* The signatures of a set, one after the other: *POS begins as set->sigs, I counts sig_n. */
void sig_walk_next(const struct zone_rrset *set, const uint8_t **pos, struct zone_sig *ret);
/* Signature I of SET, I < sig_n: a walk of I + 1 steps. */
void zone_rrset_sig(const struct zone_rrset *set, uint32_t i, struct zone_sig *ret);
/* The rdata of SIG, appended. */
void zone_sig_rdata(const struct zone_sig *sig, struct buf *out);
/* Does a name below OWNER exist? An empty non-terminal has names below and no node. */
bool zone_has_below(const struct zone *z, const uint8_t *owner);

/*
 * A walk over the nodes in canonical order, both orders merged; where a name and a hash are equal,
 * the name comes first. Filled by zone_first, zone_seek or zone_segment; nothing to free.
 */
struct zone_spot {
    uint32_t branch;
    uint32_t leaf;
    uint32_t node;
};
struct zone_cursor {
    const struct zone *zone;
    struct zone_spot
        at[2]; /* in the names, in the NSEC3 order; put to `end`, an order is left out */
    struct zone_spot end[2];
};
void zone_first(const struct zone *z, struct zone_cursor *ret);
/* At OWNER, or at the first node after it; true: OWNER exists. */
bool zone_seek(const struct zone *z, const uint8_t *owner, struct zone_cursor *ret);
bool zone_next(struct zone_cursor *c, struct zone_node *ret); /* false: no more */
/* Does OTHER have all nodes of C, and share them rather than have its own? Cheap for a segment. */
bool zone_cursor_is_shared(const struct zone_cursor *c, const struct zone *other);

/*
 * The zone in pieces of neighbouring nodes, for several threads or for streams: each node is in
 * one segment, segments are in canonical order, and each has at most 2 * ZONE_LEAF_NODES nodes.
 */
#define ZONE_LEAF_NODES 64
struct zone_segments;
int zone_segments_new(const struct zone *z, struct zone_segments **ret) MUST_USE;
void zone_segments_free(struct zone_segments *s);
DEFINE_AUTO_PTR(zone_segments)
size_t zone_segment_n(const struct zone_segments *s);
void zone_segment(const struct zone_segments *s, size_t i, struct zone_cursor *ret);

/* Canonical order of names (RFC 4034 s6.1): <0, 0, >0. Both lower-case wire. */
int name_compare(const uint8_t *a, const uint8_t *b);
bool name_is_below(const uint8_t *name, const uint8_t *above); /* strictly below */
bool name_is_at_or_below(const uint8_t *name, const uint8_t *above);
size_t name_len(const uint8_t *name); /* with the root label */
/* Text to lower-case wire; U-labels become A-labels. False: not a name (or over 255 octets). */
bool name_from_text(const char *text, uint8_t out[256]) MUST_USE;
/* Printable form in OUT, with the trailing dot. Escaped names can need 1,005 bytes. */
#define NAME_TEXT_LEN 1024
void name_to_text(const uint8_t *name, char out[NAME_TEXT_LEN]);
void name_to_text_nodot(const uint8_t *name, char out[NAME_TEXT_LEN]); /* "." stays "." */
/* "A", "TYPE65280"; and back (0: unknown). */
#define TYPE_TEXT_LEN 16
void type_to_text(uint16_t type, char out[TYPE_TEXT_LEN]);
uint16_t type_from_text(const char *text);

/* Records on their way into a snapshot. The only way to make one. */
struct zone_builder;
struct zone_builder *zone_builder_new(const uint8_t *apex, const char *file);
void zone_builder_free(struct zone_builder *b);
DEFINE_AUTO_PTR(zone_builder)
/* Copies; lower-cases the owner and puts the rdata into canonical form. RRSIGs go to the RRset
   that they cover. Malformed rdata (of known types) is ERR_FINDINGS. */
int zone_builder_add(struct zone_builder *b, const uint8_t *owner, uint16_t type, uint32_t ttl,
                     const uint8_t *rdata, size_t len, uint32_t line) MUST_USE;
/* All records of SET, without or with its signatures. */
int zone_builder_add_rrset(struct zone_builder *b, const struct zone_rrset *set,
                           bool with_sigs) MUST_USE;
/*
 * Sorts, groups, takes out duplicates and makes the snapshot; consumes B, also on failure. Adds
 * findings for what it repairs: duplicate records, unequal TTLs in an RRset (the lowest wins,
 * RFC 2181 s5.2), records outside the zone (left out).
 */
int zone_builder_finish(struct zone_builder *b, struct zone **ret, struct diags *diags) MUST_USE;

struct zone_load_opts {
    const uint8_t *origin; /* NULL: the owner of the first SOA; relative names before any $ORIGIN
                              are seen from the file name without .zone or .signed, else the root */
    bool allow_include;    /* $INCLUDE of files in the zone file's folder or below */
    bool keep_partial;     /* with ERR_FINDINGS RET may be what could be read, to check that too:
                              zone_check then says nothing about what is missing */
    bool may_be_empty;     /* with an origin, a file without records is a snapshot without nodes */
};

/*
 * A zone file to a snapshot. Every record type libzscanner knows, RFC 3597 forms, $ORIGIN, $TTL.
 * All syntax errors the scanner can pass over are reported (file:line), then ERR_FINDINGS.
 * A file that cannot be read is ERR_IO, one over a limit ERR_LIMIT, both with a finding.
 */
int zone_load(const char *path, const struct zone_load_opts *opts, struct zone **ret,
              struct diags *diags) MUST_USE;
int zone_parse(const char *name, const char *text, size_t len, const struct zone_load_opts *opts,
               struct zone **ret, struct diags *diags) MUST_USE;

/*
 * The text that zone_write made, back to a snapshot: no sorting, a node at a time, little memory.
 * As zone_parse of the same text but for the lines, which are all 0. ERR_FINDINGS when the text is
 * not of exactly that form, also where zone_parse would take it: read it with that then. NAME is
 * zone_file of the result, or NULL.
 */
int zone_reread(const char *name, const char *text, size_t len, struct zone **ret) MUST_USE;

/* ------------------------------------------------------------------ records to merge */

struct records; /* a growing list of records, in any order */
struct records *records_new(void);
void records_free(struct records *r);
DEFINE_AUTO_PTR(records)
int records_add(struct records *r, const uint8_t *owner, uint16_t type, uint32_t ttl,
                const uint8_t *rdata, size_t len) MUST_USE;
struct record_view {
    const uint8_t *owner;
    uint16_t type;
    uint32_t ttl;
    struct bytes rdata;
};
size_t records_n(const struct records *r);
struct record_view records_at(const struct records *r, size_t i); /* as added */

/* BASE with EXTRA merged in, before signing. A record that is already there counts once. */
int zone_overlay(const struct zone *base, const struct records *extra, struct zone **ret,
                 struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ writing */

/* "owner TTL IN TYPE rdata\n" for one record. */
int record_write(const uint8_t *owner, uint32_t ttl, uint16_t type, const knot_rdata_t *rdata,
                 struct buf *out) MUST_USE;

/* The whole snapshot in the form of DESIGN section 5: canonical order, RRSIGs after their RRset.
   The SOA stands first because the apex is the first node and every reader wants it there. */
int zone_write(const struct zone *z, struct buf *out) MUST_USE;
/* The same for the nodes from C on: the texts of all segments, one after the other, are the zone.
 */
int zone_write_nodes(struct zone_cursor *c, struct buf *out) MUST_USE;

/* Reads such text back and compares it with what it was made from, record by record. One thread's;
   after a failure of no more use. */
struct zone_proofreader;
struct zone_proofreader *zone_proofreader_new(void); /* NULL: memory is out */
void zone_proofreader_free(struct zone_proofreader *p);
DEFINE_AUTO_PTR(zone_proofreader)
/* ERR_FINDINGS: TEXT does not say exactly the records of the nodes from NODES on. */
int zone_proofread(struct zone_proofreader *p, const struct zone_cursor *nodes, const char *text,
                   size_t len) MUST_USE;

/* ------------------------------------------------------------------ rules over snapshots */

/* One SOA at the apex, apex NS, CNAME and DNAME rules, glue, occlusion, wildcards: zone semantics.
 */
int zone_check(const struct zone *z, struct diags *diags) MUST_USE;

/*
 * TTL policy. REPORT and REFUSE add findings and RET is the same zone; CLAMP returns a zone with
 * changed TTLs and a finding for each change. VALIDITY_S 0: not known (no signing).
 * Generated types (RRSIG, NSEC, NSEC3) are left alone. In every mode an expired waiver is an error,
 * a TTL over a third of the validity a warning; a policy named `recommended` in mode REFUSE warns
 * of what the built-in `strict` would refuse.
 */
int ttl_apply(const struct zone *z, const struct ttl_policy *policy, uint32_t validity_s,
              int64_t now, struct zone **ret, struct diags *diags) MUST_USE;

/* The policy's verdict on the records that signing will add at the apex (DNSKEY, CDS, CDNSKEY with
   dnskey-ttl; ZONEMD, NSEC3PARAM with the SOA TTL). RET_DNSKEY_TTL_S is the TTL to use. */
int ttl_apply_generated(const struct zone *z, const struct ttl_policy *policy,
                        const struct dnssec_policy *dnssec, int64_t now, uint32_t *ret_dnskey_ttl_s,
                        struct diags *diags) MUST_USE;

/* A snapshot of each zone of the inventory, in its order; NULL where one could not be loaded. */
struct zone_set {
    const struct inventory *inv;
    struct zone *const *zones;
};

/* Listed names present, CNAME chains, names that leave the managed zones, third-party names. */
int names_check(const struct zone_set *set, struct diags *diags) MUST_USE;

/* Sizes of answers for listed names: plain 512 (RFC 1035 s4.2.1), signed with P-256 1232. */
int sizes_check(const struct zone_set *set, struct diags *diags) MUST_USE;
