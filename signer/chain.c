#include "signer/chain.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/descriptor.h>

#include "common/err.h"
#include "zones/packed.h"

bool chain_is_authoritative(const struct zone_node *node)
{
    return (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) == 0;
}

bool chain_is_signed(const struct zone_node *node, uint16_t type)
{
    if ((node->flags & NODE_NSEC3) != 0)
        return true;
    if (!chain_is_authoritative(node))
        return false;
    if ((node->flags & NODE_DELEGATION) != 0)
        return type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_NSEC;
    return true;
}

/* ------------------------------------------------------------------ type bit maps */

struct bitmap { /* one window block in the making (RFC 4034 s4.1.2) */
    struct buf *out;
    unsigned window;
    unsigned len; /* octets in use; 0: none yet */
    uint8_t bits[32];
};

static void bitmap_flush(struct bitmap *m)
{
    if (m->len == 0)
        return;
    buf_add_char(m->out, (char)m->window);
    buf_add_char(m->out, (char)m->len);
    buf_add(m->out, m->bits, m->len);
    m->len = 0;
    memset(m->bits, 0, sizeof m->bits);
}

/* Types come in ascending order. */
static void bitmap_add(struct bitmap *m, uint16_t type)
{
    unsigned window = type >> 8;
    if (window != m->window) {
        bitmap_flush(m);
        m->window = window;
    }
    unsigned low = type & 0xff;
    m->bits[low / 8] |= (uint8_t)(0x80u >> (low % 8));
    m->len = low / 8 + 1;
}

/* RFC 4035 s2.3: at a cut the parent speaks for NS and DS only. */
static bool is_listed(const struct zone_node *node, uint16_t type)
{
    if ((node->flags & NODE_DELEGATION) == 0)
        return true;
    return type == KNOT_RRTYPE_NS || type == KNOT_RRTYPE_DS;
}

/* NODE's content alone: what a signer made before is not looked at. */
static struct zone_node content_of(const struct zone_node *node)
{
    struct zone_node content;
    pack_view(node->apex, node->content, NULL, &content);
    return content;
}

static bool is_any_signed(const struct zone_node *content)
{
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(content, &w);
    while (set_walk_next(&w, &set)) {
        if (chain_is_signed(content, set.type))
            return true;
    }
    return false;
}

static void add_types(const struct zone_node *node, bool nsec3, struct buf *ret)
{
    struct zone_node content = content_of(node);
    struct bitmap m = {.out = ret};
    /* an NSEC is signed itself; an NSEC3 is elsewhere (RFC 5155 s7.1) */
    bool any_signed = !nsec3 || is_any_signed(&content);
    bool done = false;
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(&content, &w);
    for (bool more = true; more;) {
        more = set_walk_next(&w, &set);
        if (!done && (!more || set.type > KNOT_RRTYPE_RRSIG)) {
            if (any_signed)
                bitmap_add(&m, KNOT_RRTYPE_RRSIG);
            if (!nsec3)
                bitmap_add(&m, KNOT_RRTYPE_NSEC);
            done = true;
        }
        if (more && is_listed(&content, set.type))
            bitmap_add(&m, set.type);
    }
    bitmap_flush(&m);
}

/* ------------------------------------------------------------------ records */

/* A record in ROOM begins with its length, as knot_rdata_t does; set_close fills that in. */
static void set_open(struct buf *room)
{
    static const uint8_t len[2];
    buf_clear(room);
    buf_add(room, len, sizeof len);
}

static int set_close(struct buf *room, uint16_t type, uint32_t ttl, struct zone_rrset *ret)
{
    uint16_t len = (uint16_t)(room->len - 2);
    buf_add(room, "", len & 1);
    if (!buf_ok(room))
        return ERR_NOMEM;
    memcpy(room->data, &len, sizeof len);
    knot_rdata_t *rdata = (knot_rdata_t *)(void *)room->data;
    *ret = (struct zone_rrset){
        .type = type, .ttl = ttl, .rrs = {1, (uint32_t)knot_rdata_size(len), rdata}};
    return ERR_OK;
}

int chain_nsec(const struct zone_node *node, const uint8_t *next, uint32_t ttl, struct buf *room,
               struct zone_rrset *ret)
{
    set_open(room);
    buf_add(room, next, name_len(next));
    add_types(node, false, room);
    int err = set_close(room, KNOT_RRTYPE_NSEC, ttl, ret);
    if (err != ERR_OK)
        return err;
    ret->owner = node->owner;
    ret->apex = node->apex;
    return ERR_OK;
}

/* SHA-1, flags 0, no iterations, no salt; then the length of the hash. */
static const uint8_t nsec3_head[6] = {1, 0, 0, 0, 0, NSEC3_HASH_LEN};

int chain_nsec3(const struct zone_node *node, const uint8_t next[NSEC3_HASH_LEN], uint32_t ttl,
                struct buf *room, struct zone_rrset *ret)
{
    set_open(room);
    buf_add(room, nsec3_head, sizeof nsec3_head);
    buf_add(room, next, NSEC3_HASH_LEN);
    if (node != NULL)
        add_types(node, true, room);
    return set_close(room, KNOT_RRTYPE_NSEC3, ttl, ret);
}

int chain_nsec3_relink(const struct zone_rrset *old, const uint8_t next[NSEC3_HASH_LEN],
                       uint32_t ttl, struct buf *room, struct zone_rrset *ret)
{
    size_t head = sizeof nsec3_head + NSEC3_HASH_LEN;
    const knot_rdata_t *rdata = old->rrs.rdata;
    set_open(room);
    buf_add(room, nsec3_head, sizeof nsec3_head);
    buf_add(room, next, NSEC3_HASH_LEN);
    buf_add(room, rdata->data + head, rdata->len - head);
    return set_close(room, KNOT_RRTYPE_NSEC3, ttl, ret);
}

/* ------------------------------------------------------------------ hashes */

int nsec3_hash(const uint8_t *name, uint16_t iterations, struct bytes salt,
               uint8_t ret[NSEC3_HASH_LEN])
{
    uint8_t in[256 + 255];
    size_t len = name_len(name);
    if (salt.len > 255)
        return ERR_LIMIT;
    memcpy(in, name, len);
    for (unsigned i = 0; i <= iterations; i++) {
        if (salt.len > 0)
            memcpy(in + len, salt.data, salt.len);
        if (gnutls_hash_fast(GNUTLS_DIG_SHA1, in, len + salt.len, ret) != 0)
            return ERR_CRYPTO;
        len = NSEC3_HASH_LEN;
        memcpy(in, ret, len);
    }
    return ERR_OK;
}

void nsec3_label(const uint8_t hash[NSEC3_HASH_LEN], uint8_t ret[32])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
    for (size_t i = 0; i < 32; i++) {
        size_t bit = i * 5;
        unsigned two = (unsigned)hash[bit / 8] << 8;
        if (bit / 8 + 1 < NSEC3_HASH_LEN)
            two |= hash[bit / 8 + 1];
        ret[i] = (uint8_t)digits[(two >> (11 - bit % 8)) & 31];
    }
}

void nsec3_unlabel(const uint8_t label[32], uint8_t ret[NSEC3_HASH_LEN])
{
    memset(ret, 0, NSEC3_HASH_LEN);
    for (size_t i = 0; i < 32; i++) {
        unsigned digit = (unsigned)(label[i] <= '9' ? label[i] - '0' : label[i] - 'a' + 10);
        size_t bit = i * 5;
        unsigned two = (digit & 31) << (11 - bit % 8);
        ret[bit / 8] |= (uint8_t)(two >> 8);
        if (bit / 8 + 1 < NSEC3_HASH_LEN)
            ret[bit / 8 + 1] |= (uint8_t)two;
    }
}

void nsec3_owner(const uint8_t hash[NSEC3_HASH_LEN], const uint8_t *apex, uint8_t ret[256])
{
    ret[0] = 32;
    nsec3_label(hash, ret + 1);
    memcpy(ret + 33, apex, name_len(apex));
}
