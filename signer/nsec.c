/* NSEC records and the type bit maps that NSEC3 shares with them (RFC 4034 s4, RFC 4035 s2.3). */
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/plan.h"

struct bitmap { /* one window block in the making */
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
static bool is_listed(const struct plan_node *node, uint16_t type)
{
    if ((node->flags & NODE_DELEGATION) == 0)
        return true;
    return type == KNOT_RRTYPE_NS || type == KNOT_RRTYPE_DS;
}

void plan_types(const struct plan_node *node, bool nsec3, struct buf *ret)
{
    struct bitmap m = {.out = ret};
    bool any_signed = !nsec3; /* an NSEC is signed itself; RFC 5155 s7.1: NSEC3 is elsewhere */
    for (uint32_t i = 0; i < node->set_n && !any_signed; i++)
        any_signed = plan_is_signed(node, node->sets[i].type);
    bool done = false;
    for (uint32_t i = 0; i <= node->set_n; i++) {
        bool end = i == node->set_n;
        if (!done && (end || node->sets[i].type > KNOT_RRTYPE_RRSIG)) {
            if (any_signed)
                bitmap_add(&m, KNOT_RRTYPE_RRSIG);
            if (!nsec3)
                bitmap_add(&m, KNOT_RRTYPE_NSEC);
            done = true;
        }
        if (!end && is_listed(node, node->sets[i].type))
            bitmap_add(&m, node->sets[i].type);
    }
    bitmap_flush(&m);
}

static size_t next_in_chain(const struct plan *p, size_t i)
{
    do {
        i = i + 1 == p->n ? 0 : i + 1;
    } while (!plan_is_authoritative(&p->nodes[i]));
    return i;
}

int nsec_add(struct plan *p)
{
    AUTO(buf) struct buf rdata = {0};
    size_t i = 0; /* the apex; the chain ends where it came from */
    do {
        size_t next = next_in_chain(p, i);
        const uint8_t *name = p->nodes[next].owner;
        buf_clear(&rdata);
        buf_add(&rdata, name, name_len(name));
        plan_types(&p->nodes[i], false, &rdata);
        if (!buf_ok(&rdata))
            return ERR_NOMEM;
        int err =
            plan_add_rdata(p, &p->nodes[i], KNOT_RRTYPE_NSEC, p->denial_ttl, buf_bytes(&rdata));
        if (err != ERR_OK)
            return err;
        i = next;
    } while (i != 0);
    return ERR_OK;
}
