/*
 * zones/snapshot.h -- private to zones/ and signer/: what a snapshot is made of, and the sort key
 * of names.
 */
#pragma once

#include <stdatomic.h>

#include "zones/tree.h"
#include "zones/zones.h"

/*
 * A name as bytes whose memcmp order is the canonical order of RFC 4034 s6.1: labels from the
 * right, each ended by a 0 that sorts before every octet; octets 0 and 1 are escaped (1 1 and 1 2).
 * The key of a name is a prefix of the keys of all names below it, and of no others.
 */
#define NAME_KEY_MAX 512
struct name_key {
    const uint8_t *data;
    uint32_t len;
};
/* The key of NAME without its last SKIP labels (those of the apex). */
size_t name_key_make(const uint8_t *name, size_t skip, uint8_t out[NAME_KEY_MAX]);
int name_key_compare(struct name_key a, struct name_key b);
bool name_key_is_below(struct name_key key, struct name_key above); /* strictly */
size_t name_label_n(const uint8_t *name);                           /* without the root label */
void name_lower(uint8_t *name);

/* "owner TYPE": how findings call a record. */
#define RECORD_TEXT_LEN (NAME_TEXT_LEN + TYPE_TEXT_LEN + 1)
void record_to_text(const uint8_t *owner, uint16_t type, char out[RECORD_TEXT_LEN]);

struct zone {
    atomic_size_t holders;
    uint8_t *apex; /* owned */
    size_t apex_labels;
    char *file; /* owned; may be NULL */
    struct tree names;
    struct tree nsec3;
    bool is_partial; /* what could be read of a faulty file */
};

/* An empty zone; FILE may be NULL. NULL: memory is out. */
struct zone *zone_new(const uint8_t *apex, const char *file);

/* The leaf whose first node begins segment I; true: of the NSEC3 order. */
bool zone_segment_leaf(const struct zone_segments *s, size_t i, struct zone_spot *ret);

/* What kind of node each is, told in canonical order: names below a cut or a DNAME follow it
   without a gap. Starts empty; the owners must outlive it. */
struct flag_walk {
    const uint8_t *cut;
    const uint8_t *dname;
};
uint32_t flag_walk_next(struct flag_walk *w, const uint8_t *apex, const uint8_t *owner, bool has_ns,
                        bool has_dname);

/* The same for one node of OWNER in Z, which need not be there. */
uint32_t zone_flags_of(const struct zone *z, const uint8_t *owner, bool has_ns, bool has_dname);

/* The RRset, when it has records and not only signatures. */
bool zone_node_data(const struct zone_node *node, uint16_t type, struct zone_rrset *ret);
bool zone_node_has_data(const struct zone_node *node, uint16_t type);

/* Does NODE answer for something: has it records that are no signatures and no NSEC3? */
bool zone_node_answers(const struct zone_node *node);

/* The wildcard that answers for NAME (RFC 4592 s3.3.1); false: there is none, or NAME exists. */
bool zone_wildcard_for(const struct zone *z, const uint8_t *name, struct zone_node *ret);

/* The delegation at or above NAME, the one next to the apex; false: NAME is in our authority. */
bool zone_cut_above(const struct zone *z, const uint8_t *name, struct zone_node *ret);

static inline size_t even(size_t len)
{
    return len + (len & 1);
}
