#include "zones/leaf.h"

#include <stdlib.h>
#include <string.h>

#include "zones/pack.h"

struct leaf *leaf_ref(struct leaf *l)
{
    if (l != NULL)
        atomic_fetch_add_explicit(&l->holders, 1, memory_order_relaxed);
    return l;
}

void leaf_free(struct leaf *l)
{
    if (l != NULL && atomic_fetch_sub_explicit(&l->holders, 1, memory_order_acq_rel) == 1)
        free(l);
}

void leaf_maker_done(struct leaf_maker *m)
{
    buf_done(&m->octets);
}

void leaf_maker_clear(struct leaf_maker *m)
{
    buf_clear(&m->octets);
    m->node_n = 0;
    m->record_n = 0;
    m->has_expires = false;
}

static void note(struct leaf_maker *m, size_t start, uint32_t records)
{
    m->offset[m->node_n++] = (uint32_t)start;
    m->record_n += records;
}

void leaf_note_content(struct leaf_maker *m, size_t start)
{
    if (buf_ok(&m->octets))
        note(m, start, pack_content_records(m->octets.data + start));
}

void leaf_add_content(struct leaf_maker *m, const uint8_t *content)
{
    size_t start = m->octets.len;
    buf_add(&m->octets, content, pack_content_len(content));
    leaf_note_content(m, start);
}

void leaf_note_dnssec(struct leaf_maker *m, const struct zone_node *node, size_t start)
{
    if (!buf_ok(&m->octets))
        return;
    const uint8_t *record = m->octets.data + start;
    struct zone_node with;
    uint32_t expires = 0;
    pack_view(node->apex, node->content, record, &with);
    if (pack_dnssec_expires(&with, &expires) &&
        (!m->has_expires || (int32_t)(expires - m->expires) < 0)) {
        m->expires = expires;
        m->has_expires = true;
    }
    note(m, start, pack_dnssec_records(record));
}

void leaf_add_dnssec(struct leaf_maker *m, const struct zone_node *node, const uint8_t *record)
{
    if (record == NULL) {
        note(m, LEAF_NONE, 0);
        return;
    }
    size_t start = m->octets.len;
    buf_add(&m->octets, record, pack_dnssec_len(record));
    leaf_note_dnssec(m, node, start);
}

struct leaf *leaf_make(const struct leaf_maker *m)
{
    if (!buf_ok(&m->octets) || m->octets.len >= LEAF_NONE)
        return NULL;
    struct leaf *l = malloc(sizeof(*l) + m->node_n * sizeof(l->offset[0]) + m->octets.len);
    if (l == NULL)
        return NULL;
    atomic_init(&l->holders, 1);
    l->node_n = m->node_n;
    l->record_n = m->record_n;
    l->expires = m->expires;
    l->has_expires = m->has_expires;
    memcpy(l->offset, m->offset, m->node_n * sizeof(l->offset[0]));
    if (m->octets.len > 0)
        memcpy(leaf_octets(l), m->octets.data, m->octets.len);
    return l;
}
