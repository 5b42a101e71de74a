/*
 * zones/snapshot.h -- private: how a snapshot is laid out, and the sort key of names.
 *
 * All of a zone lives in one arena, which the builder hands over. Every allocation in it has an
 * even length, so that knot_rdata_t (alignment 2) can be taken byte-tight.
 */
#pragma once

#include <stdatomic.h>

#include "common/arena.h"
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
    struct arena *arena;
    const uint8_t *apex;
    size_t apex_labels;
    const char *file;
    struct zone_node *nodes;
    struct name_key *keys; /* of the nodes, relative to the apex */
    size_t node_n;
    uint64_t record_n;
    bool is_partial; /* what could be read of a faulty file */
};

/* The RRset, when it has records and not only signatures; else NULL. */
const struct zone_rrset *zone_node_data(const struct zone_node *node, uint16_t type);

/* Does NODE (NULL: no) answer for something: has it records that are no signatures and no NSEC3? */
bool zone_node_answers(const struct zone_node *node);

/* The wildcard that answers for NAME (RFC 4592 s3.3.1); NULL: there is none, or NAME exists. */
const struct zone_node *zone_wildcard_for(const struct zone *z, const uint8_t *name);

/* The delegation at or above NAME, the one next to the apex; NULL: NAME is in our authority. */
const struct zone_node *zone_cut_above(const struct zone *z, const uint8_t *name);

static inline size_t even(size_t len)
{
    return len + (len & 1);
}
