#include "zones/ttl_clamp.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "zones/pack.h"
#include "zones/snapshot.h"

void clamp_done(struct clamp *c)
{
    arena_free(c->arena);
    buf_done(&c->content);
    buf_done(&c->dnssec);
    free(c->edits);
}

void clamp_node_open(struct clamp *c, const struct zone_node *node)
{
    buf_clear(&c->content);
    c->start = pack_content_open(&c->content, node->owner, node->flags);
    c->set_n = 0;
}

/* An NSEC that exists is of the DNSSEC record; it is generated, and its TTL is not ours to judge.
 */
static bool is_nsec(const struct zone_rrset *set)
{
    return set->type == KNOT_RRTYPE_NSEC && set->rrs.count > 0;
}

void clamp_set(struct clamp *c, const struct zone_rrset *set)
{
    if (is_nsec(set))
        return;
    pack_set(&c->content, set);
    c->set_n++;
}

/* The signatures of NODE again: in their short form they leave out what CONTENT says anew. */
static void dnssec_pack(const struct zone_node *node, const uint8_t *content, struct buf *out)
{
    struct zone_node fresh;
    struct zone_rrset old;
    struct set_walk was;
    struct set_walk is;
    uint32_t list_n = 0;
    buf_clear(out);
    size_t start = pack_dnssec_open(out);
    bool has_nsec = zone_node_data(node, KNOT_RRTYPE_NSEC, &old);
    if (has_nsec)
        pack_set(out, &old);
    pack_view(node->apex, content, NULL, &fresh);
    set_walk_first(node, &was);
    set_walk_first(&fresh, &is);
    for (; set_walk_next(&was, &old); list_n++) {
        struct zone_rrset now = old;
        if (!is_nsec(&old))
            (void)set_walk_next(&is, &now);
        pack_list_open(out, old.sig_n, old.sig_line);
        const uint8_t *pos = old.sigs;
        for (uint32_t i = 0; i < old.sig_n; i++) {
            struct zone_sig sig;
            sig_walk_next(&old, &pos, &sig);
            pack_sig(out, &now, &sig);
        }
    }
    pack_dnssec_close(out, start, has_nsec, list_n);
}

/* NULL: memory is out. */
static const uint8_t *keep(struct clamp *c, const struct buf *record)
{
    if (!buf_ok(record))
        return NULL;
    uint8_t *copy = arena_bytes(c->arena, record->len); /* even: zones/pack.h */
    if (copy != NULL)
        memcpy(copy, record->data, record->len);
    return copy;
}

int clamp_node_close(struct clamp *c, const struct zone_node *node, bool changed)
{
    if (!changed)
        return ERR_OK;
    if (c->arena == NULL)
        c->arena = arena_new();
    struct tree_edit *edits = grow_items(c->edits, c->n, &c->cap, sizeof(*edits));
    if (c->arena == NULL || edits == NULL) {
        c->edits = edits == NULL ? c->edits : edits;
        return ERR_NOMEM;
    }
    c->edits = edits;
    struct tree_edit e = {.owner = node->owner, .sets_dnssec = true};
    pack_content_close(&c->content, c->start, c->set_n);
    e.content = keep(c, &c->content);
    if (e.content == NULL)
        return ERR_NOMEM;
    if (node->dnssec != NULL) {
        dnssec_pack(node, e.content, &c->dnssec);
        e.dnssec = keep(c, &c->dnssec);
        if (e.dnssec == NULL)
            return ERR_NOMEM;
    }
    c->edits[c->n++] = e;
    return ERR_OK;
}

int clamp_finish(const struct clamp *c, const struct zone *z, struct zone **ret)
{
    AUTO_PTR(zone) struct zone *made = zone_new(z->apex, z->file);
    if (made == NULL)
        return ERR_NOMEM;
    made->is_partial = z->is_partial;
    int err = tree_apply(&z->names, z->apex, c->edits, c->n, &made->names);
    if (err == ERR_OK)
        err = tree_share(&z->nsec3, &made->nsec3);
    if (err == ERR_OK)
        *ret = TAKE(made);
    return err;
}
