/* NSEC3 without iterations, salt and opt-out (RFC 5155, RFC 9276 s3.1). */
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "signer/plan.h"
#include "signer/rules_sign.h"

struct hashed {
    uint8_t hash[NSEC3_HASH_LEN];
    const uint8_t *name;
    const struct plan_node *node; /* NULL: an empty non-terminal */
};

struct chain {
    struct hashed *names;
    size_t n;
    size_t cap;
};

static void chain_done(struct chain *c)
{
    free(c->names);
}
DEFINE_AUTO(chain)

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

static int chain_add(struct chain *c, const uint8_t *name, const struct plan_node *node)
{
    struct hashed *names = grow_items(c->names, c->n, &c->cap, sizeof *names);
    if (names == NULL)
        return ERR_NOMEM;
    c->names = names;
    struct hashed *h = &c->names[c->n];
    h->name = name;
    h->node = node;
    int err = nsec3_hash(name, 0, (struct bytes){0}, h->hash);
    if (err == ERR_OK)
        c->n++;
    return err;
}

static const uint8_t *parent_of(const uint8_t *name)
{
    return name + 1 + name[0];
}

/*
 * The empty non-terminals that NODE brings: its ancestors below those it shares with BEFORE, the
 * chain's name ahead of it. Canonical order keeps subtrees together, so none comes twice.
 */
static int add_empty(struct chain *c, const struct plan *p, const struct plan_node *node,
                     const uint8_t *before)
{
    for (const uint8_t *name = parent_of(node->owner);
         name_compare(name, p->apex) != 0 && !name_is_at_or_below(before, name);
         name = parent_of(name)) {
        int err = chain_add(c, name, NULL);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int collect(struct chain *c, const struct plan *p)
{
    const uint8_t *before = p->apex;
    for (size_t i = 0; i < p->n; i++) {
        const struct plan_node *node = &p->nodes[i];
        if (!plan_is_authoritative(node))
            continue;
        int err = i == 0 ? ERR_OK : add_empty(c, p, node, before);
        if (err == ERR_OK)
            err = chain_add(c, node->owner, node);
        if (err != ERR_OK)
            return err;
        before = node->owner;
    }
    return ERR_OK;
}

static int hash_order(const void *a, const void *b)
{
    const struct hashed *x = a;
    const struct hashed *y = b;
    return memcmp(x->hash, y->hash, NSEC3_HASH_LEN);
}

static int refuse_collision(const struct hashed *a, const struct hashed *b, struct diags *diags)
{
    char one[NAME_TEXT_LEN];
    char two[NAME_TEXT_LEN];
    name_to_text(a->name, one);
    name_to_text(b->name, two);
    diag_add(diags, &rule_sign_nsec3_collision, AT_NOWHERE, one, "the same hash as %s", two);
    return ERR_CRYPTO;
}

/* <base32hex of the hash>.<apex> */
static const uint8_t *owner_of(struct plan *p, const struct hashed *h)
{
    size_t apex_len = name_len(p->apex);
    if (33 + apex_len > 255)
        return NULL;
    uint8_t *owner = arena_bytes(p->arena, 33 + apex_len);
    if (owner == NULL)
        return NULL;
    owner[0] = 32;
    nsec3_label(h->hash, owner + 1);
    memcpy(owner + 33, p->apex, apex_len);
    return owner;
}

static int make_node(struct plan *p, const struct hashed *h, const struct hashed *next,
                     struct buf *rdata, struct plan_node *ret)
{
    static const uint8_t head[6] = {1, 0, 0, 0, 0, NSEC3_HASH_LEN};
    buf_clear(rdata);
    buf_add(rdata, head, sizeof head);
    buf_add(rdata, next->hash, NSEC3_HASH_LEN);
    if (h->node != NULL)
        plan_types(h->node, true, rdata);
    *ret = (struct plan_node){.owner = owner_of(p, h), .flags = NODE_NSEC3};
    if (!buf_ok(rdata) || ret->owner == NULL)
        return ERR_NOMEM;
    return plan_add_rdata(p, ret, KNOT_RRTYPE_NSEC3, p->denial_ttl, buf_bytes(rdata));
}

/* Two sorted arrays into one. A name of the zone may look like a hash: then they share the node. */
static int merge(struct plan *p, const struct plan_node *extra, size_t extra_n)
{
    struct plan_node *all = arena_alloc(p->arena, (p->n + extra_n) * sizeof *all);
    if (all == NULL)
        return ERR_NOMEM;
    size_t i = 0;
    size_t j = 0;
    size_t n = 0;
    while (i < p->n || j < extra_n) {
        int order = i == p->n      ? 1
                    : j == extra_n ? -1
                                   : name_compare(p->nodes[i].owner, extra[j].owner);
        if (order > 0) {
            all[n++] = extra[j++];
            continue;
        }
        all[n++] = p->nodes[i++];
        if (order == 0) {
            const knot_rdata_t *rr = extra[j++].sets[0].rrs.rdata;
            int err = plan_add_rdata(p, &all[n - 1], KNOT_RRTYPE_NSEC3, p->denial_ttl,
                                     (struct bytes){rr->data, rr->len});
            if (err != ERR_OK)
                return err;
        }
    }
    p->nodes = all;
    p->n = n;
    return ERR_OK;
}

int nsec3_add(struct plan *p, struct diags *diags)
{
    AUTO(chain) struct chain c = {0};
    AUTO(buf) struct buf rdata = {0};
    int err = collect(&c, p);
    if (err != ERR_OK)
        return err;
    qsort(c.names, c.n, sizeof *c.names, hash_order);
    for (size_t i = 1; i < c.n; i++) {
        if (hash_order(&c.names[i - 1], &c.names[i]) == 0)
            return refuse_collision(&c.names[i - 1], &c.names[i], diags);
    }
    struct plan_node *nodes = arena_alloc(p->arena, c.n * sizeof *nodes);
    if (nodes == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < c.n && err == ERR_OK; i++)
        err = make_node(p, &c.names[i], &c.names[i + 1 == c.n ? 0 : i + 1], &rdata, &nodes[i]);
    return err == ERR_OK ? merge(p, nodes, c.n) : err;
}
