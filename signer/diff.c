#include "signer/diff.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "zones/packed.h"

/* A record of a node; its data lies in the snapshot or, of an RRSIG, in `octets`. */
struct item {
    uint16_t type;
    uint32_t ttl;
    const uint8_t *data; /* NULL: at `at` in the octets */
    size_t at;
    size_t len;
};

struct listing {
    struct item *items;
    size_t n;
    size_t cap;
    struct buf octets;
};

static void listing_done(struct listing *l)
{
    free(l->items);
    buf_done(&l->octets);
}
DEFINE_AUTO(listing)

void zone_diff_done(struct zone_diff *d)
{
    records_free(d->removed);
    records_free(d->added);
    *d = (struct zone_diff){0};
}

static int item_add(struct listing *l, struct item item)
{
    struct item *items = grow_items(l->items, l->n, &l->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    l->items = items;
    l->items[l->n++] = item;
    return ERR_OK;
}

static int list_set(struct listing *l, const struct zone_rrset *set)
{
    int err = ERR_OK;
    const knot_rdata_t *rr = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count && err == ERR_OK; i++) {
        err = item_add(l, (struct item){set->type, set->ttl, rr->data, 0, rr->len});
        rr = wire_next(rr);
    }
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n && err == ERR_OK; i++) {
        struct zone_sig sig;
        sig_walk_next(set, &pos, &sig);
        size_t at = l->octets.len;
        zone_sig_rdata(&sig, &l->octets);
        err = item_add(l, (struct item){KNOT_RRTYPE_RRSIG, sig.ttl, NULL, at, l->octets.len - at});
    }
    return err;
}

static int item_order(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    if (order != 0)
        return order;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return x->ttl < y->ttl ? -1 : x->ttl > y->ttl;
}

/* All records of OWNER in one order of Z, sorted. */
static int list_node(const struct zone *z, const struct tree *t, const uint8_t *owner,
                     struct listing *l)
{
    struct zone_spot at;
    struct zone_node node;
    struct zone_rrset set;
    struct set_walk w;
    int err = ERR_OK;
    l->n = 0;
    buf_clear(&l->octets);
    if (!tree_find(t, owner, &at))
        return ERR_OK;
    tree_node(t, z->apex, at, &node);
    set_walk_first(&node, &w);
    while (err == ERR_OK && set_walk_next(&w, &set))
        err = list_set(l, &set);
    if (err != ERR_OK || !buf_ok(&l->octets))
        return err != ERR_OK ? err : ERR_NOMEM;
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].data == NULL)
            l->items[i].data = l->octets.data + l->items[i].at;
    }
    if (l->n > 1)
        qsort(l->items, l->n, sizeof *l->items, item_order);
    return ERR_OK;
}

static int put(struct records *to, const uint8_t *owner, const struct item *item)
{
    return records_add(to, owner, item->type, item->ttl, item->data, item->len);
}

static int diff_lists(const struct listing *old, const struct listing *new, const uint8_t *owner,
                      struct zone_diff *ret)
{
    size_t i = 0;
    size_t j = 0;
    int err = ERR_OK;
    while (err == ERR_OK && (i < old->n || j < new->n)) {
        int order = i == old->n ? 1 : j == new->n ? -1 : item_order(&old->items[i], &new->items[j]);
        if (order < 0)
            err = put(ret->removed, owner, &old->items[i]);
        else if (order > 0)
            err = put(ret->added, owner, &new->items[j]);
        i += order <= 0;
        j += order >= 0;
    }
    return err;
}

int diff_at(const struct zone *old, const struct zone *new, const struct owners *owners,
            struct zone_diff *ret)
{
    AUTO(zone_diff) struct zone_diff d = {records_new(), records_new()};
    AUTO(listing) struct listing a = {0};
    AUTO(listing) struct listing b = {0};
    int err = d.removed == NULL || d.added == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < owners->n; i++) {
        const uint8_t *owner = owners->items[i];
        for (int order = 0; order < 2 && err == ERR_OK; order++) {
            err = list_node(old, order == 0 ? &old->names : &old->nsec3, owner, &a);
            if (err == ERR_OK)
                err = list_node(new, order == 0 ? &new->names : &new->nsec3, owner, &b);
            if (err == ERR_OK)
                err = diff_lists(&a, &b, owner, &d);
        }
    }
    if (err != ERR_OK)
        return err;
    *ret = d;
    d = (struct zone_diff){0};
    return ERR_OK;
}
