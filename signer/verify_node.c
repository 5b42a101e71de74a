/*
 * signer/verify_node.c -- what a node of the zone is for `verify`: does it exist, is it
 * authoritative, which types must its denial record name.
 */
#include <string.h>

#include "signer/verify.h"

const char *verify_at(const uint8_t *owner, uint16_t type, char out[VERIFY_AT_LEN])
{
    name_to_text(owner, out);
    if (type != 0) {
        size_t n = strlen(out);
        out[n] = ' ';
        type_to_text(type, out + n + 1);
    }
    return out;
}

size_t verify_name_labels(const uint8_t *name)
{
    size_t n = 0;
    for (; *name != 0; name += 1 + *name)
        n++;
    return n;
}

size_t verify_name_in(struct bytes data)
{
    size_t at = 0;
    while (at < data.len && at < 255) {
        uint8_t label = data.data[at];
        if (label > 63)
            return 0;
        at += 1u + label;
        if (label == 0)
            return at <= 255 ? at : 0;
    }
    return 0;
}

void verify_name_lower(const uint8_t *name, size_t len, uint8_t *out)
{
    /* length octets are at most 63, below 'A' */
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
}

bool verify_node_exists(const struct zone_node *n)
{
    struct set_walk walk;
    struct zone_rrset set;
    set_walk_first(n, &walk);
    while (set_walk_next(&walk, &set)) {
        if (set.rrs.count > 0 && set.type != VT_RRSIG && set.type != VT_NSEC &&
            set.type != VT_NSEC3)
            return true;
    }
    return false;
}

bool verify_node_authoritative(const struct zone_node *n)
{
    /* hashed names hang below the apex, also where a DNAME stands there (RFC 6672 s2.3, s5.3.4) */
    return (n->flags & NODE_NSEC3) != 0 || (n->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) == 0;
}

bool verify_node_in_chain(const struct zone_node *n)
{
    return (n->flags & NODE_NSEC3) == 0 && verify_node_authoritative(n) && verify_node_exists(n);
}

bool verify_next_in_chain(const struct verify_thread *t, struct zone_node *ret)
{
    struct zone_cursor ahead;
    zone_first(t->v->zone, &ahead); /* for its end: that of the zone */
    memcpy(ahead.at, t->cursor.at, sizeof(ahead.at));
    while (zone_next(&ahead, ret)) {
        if (verify_node_in_chain(ret))
            return true;
    }
    return false;
}

bool verify_type_signed(const struct zone_node *n, uint16_t type)
{
    if (type == VT_RRSIG || !verify_node_authoritative(n))
        return false;
    if ((n->flags & NODE_DELEGATION) != 0)
        return type == VT_DS || type == VT_NSEC || type == VT_NSEC3;
    return true;
}

/* ------------------------------------------------------------------ bit maps */

struct bitmap_writer {
    struct buf *out;
    int window;       /* -1: none yet */
    uint8_t bits[32]; /* of the current window */
    size_t len;       /* octets of it in use */
};

static void writer_flush(struct bitmap_writer *w)
{
    if (w->window < 0)
        return;
    buf_add_char(w->out, (char)w->window);
    buf_add_char(w->out, (char)w->len);
    buf_add(w->out, w->bits, w->len);
    memset(w->bits, 0, sizeof(w->bits));
}

/* Types come in ascending order, so windows and octets only grow. */
static void writer_add(struct bitmap_writer *w, uint16_t type)
{
    if (w->window != type >> 8) {
        writer_flush(w);
        w->window = type >> 8;
    }
    size_t octet = (type & 0xffu) / 8;
    w->bits[octet] |= (uint8_t)(0x80 >> (type & 7));
    w->len = octet + 1;
}

static bool named_in_bitmap(const struct zone_node *n, uint16_t type)
{
    if (type == VT_RRSIG || type == VT_NSEC3) /* RFC 5155 s7.1: never NSEC3 itself */
        return false;
    if (type == VT_NSEC) /* beside an NSEC3 chain it counts like other data */
        return true;
    if ((n->flags & NODE_DELEGATION) != 0)
        return type == VT_NS || type == VT_DS; /* RFC 4035 s2.3: not glue at the cut */
    return true;
}

static bool wants_rrsig_bit(const struct zone_node *n, uint16_t for_type)
{
    if (for_type == VT_NSEC) /* the NSEC itself is signed */
        return true;
    struct set_walk walk;
    struct zone_rrset set;
    set_walk_first(n, &walk);
    while (set_walk_next(&walk, &set)) {
        if (set.rrs.count > 0 && set.type != VT_NSEC3 && verify_type_signed(n, set.type))
            return true;
    }
    return false;
}

void verify_bitmap_of(const struct zone_node *n, uint16_t for_type, struct buf *out)
{
    struct bitmap_writer w = {.out = out, .window = -1};
    bool rrsig = wants_rrsig_bit(n, for_type);
    struct set_walk walk;
    struct zone_rrset set;
    set_walk_first(n, &walk);
    while (set_walk_next(&walk, &set)) {
        if (rrsig && set.type > VT_RRSIG) {
            writer_add(&w, VT_RRSIG);
            rrsig = false;
        }
        if (set.rrs.count > 0 && named_in_bitmap(n, set.type))
            writer_add(&w, set.type);
    }
    if (rrsig)
        writer_add(&w, VT_RRSIG);
    writer_flush(&w);
}

/* The next type at or after FROM in the map; -1: none. Takes any map, also a malformed one. */
static int bitmap_next(struct bytes map, int from)
{
    int best = -1;
    for (size_t at = 0; at + 2 <= map.len;) {
        int window = map.data[at];
        size_t len = map.data[at + 1];
        const uint8_t *bits = map.data + at + 2;
        at += 2 + len;
        if (at > map.len)
            break;
        for (size_t bit = 0; bit < len * 8 && bit < 256; bit++) {
            int type = window << 8 | (int)bit;
            if (type >= from && (bits[bit / 8] & (0x80 >> (bit & 7))) != 0 &&
                (best < 0 || type < best))
                best = type;
        }
    }
    return best;
}

static void say_type(struct buf *why, const char *word, int type)
{
    char text[TYPE_TEXT_LEN];
    type_to_text((uint16_t)type, text);
    buf_printf(why, "%s%s %s", why->len > 0 ? ", " : "", word, text);
}

bool verify_bitmap_same(struct bytes found, struct bytes wanted, struct buf *why)
{
    if (bytes_equal(found, wanted))
        return true;
    int f = bitmap_next(found, 0);
    int w = bitmap_next(wanted, 0);
    while (f >= 0 || w >= 0) {
        if (f == w) {
            f = bitmap_next(found, f + 1);
            w = bitmap_next(wanted, w + 1);
        } else if (w < 0 || (f >= 0 && f < w)) {
            say_type(why, "names", f);
            f = bitmap_next(found, f + 1);
        } else {
            say_type(why, "lacks", w);
            w = bitmap_next(wanted, w + 1);
        }
    }
    if (why->len == 0)
        buf_add_str(why, "right types in a form that is not canonical");
    return false;
}
