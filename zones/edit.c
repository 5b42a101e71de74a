#include "zones/edit.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/pack.h"
#include "zones/rdata.h"
#include "zones/rules_zone.h"
#include "zones/snapshot.h"
#include "zones/wire.h"

/* A record of the change. */
struct item {
    const uint8_t *owner;
    const knot_rdata_t *rdata;
    uint32_t ttl;
    uint16_t type;
    bool adds;
};

/* An RRset of a node in the making. */
struct set {
    uint16_t type;
    uint32_t ttl;
    uint32_t line;
    const knot_rdata_t **rdata; /* in canonical order */
    size_t n;
    size_t cap;
};

struct maker {
    const struct zone *zone;
    struct zone_edits *edits;
    struct diags *diags;
    struct item *items;
    size_t item_n;
    struct set *sets; /* of the node at hand */
    size_t set_n;
    size_t set_cap;
    struct buf packed;
    struct buf rdata;
};

void zone_edits_done(struct zone_edits *e)
{
    arena_free(e->arena);
    free(e->items);
    *e = (struct zone_edits){0};
}

static void sets_clear(struct maker *m)
{
    for (size_t i = 0; i < m->set_n; i++)
        free(m->sets[i].rdata);
    m->set_n = 0;
}

static void maker_done(struct maker *m)
{
    sets_clear(m);
    free(m->sets);
    free(m->items);
    buf_done(&m->packed);
    buf_done(&m->rdata);
}
DEFINE_AUTO(maker)

/* ------------------------------------------------------------------ the change, in order */

static int refuse(const struct maker *m, const struct diag_rule *rule, const uint8_t *owner,
                  uint16_t type, const char *found)
{
    char at[RECORD_TEXT_LEN];
    record_to_text(owner, type, at);
    diag_add(m->diags, rule, AT_FILE(zone_file(m->zone)), at, "%s", found);
    return ERR_FINDINGS;
}

static int item_take(struct maker *m, struct record_view r, bool adds)
{
    struct arena *arena = m->edits->arena;
    const char *fault = rdata_check(r.type, r.rdata.data, r.rdata.len);
    if (r.type == KNOT_RRTYPE_RRSIG || r.type == KNOT_RRTYPE_NSEC || r.type == KNOT_RRTYPE_NSEC3)
        fault = "only a signer makes it";
    if (fault != NULL)
        return refuse(m, &rule_zone_rdata, r.owner, r.type, fault);
    if (!name_is_at_or_below(r.owner, m->zone->apex))
        return refuse(m, &rule_rr_outside_zone, r.owner, r.type, "the name is outside the zone");
    uint8_t *owner = arena_dup(arena, r.owner, name_len(r.owner));
    knot_rdata_t *rdata = arena_alloc(arena, knot_rdata_size((uint16_t)r.rdata.len));
    if (owner == NULL || rdata == NULL)
        return ERR_NOMEM;
    knot_rdata_init(rdata, (uint16_t)r.rdata.len, r.rdata.data);
    rdata_canonical(r.type, rdata->data, rdata->len);
    name_lower(owner);
    m->items[m->item_n++] = (struct item){owner, rdata, r.ttl, r.type, adds};
    return ERR_OK;
}

/* By owner, removals first. */
static int item_order(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    int order = name_compare(x->owner, y->owner);
    return order != 0 ? order : (x->adds ? 1 : 0) - (y->adds ? 1 : 0);
}

static int take_all(struct maker *m, const struct records *removed, const struct records *added)
{
    size_t gone = removed == NULL ? 0 : records_n(removed);
    size_t come = added == NULL ? 0 : records_n(added);
    m->items = calloc(gone + come + 1, sizeof(*m->items));
    if (m->items == NULL)
        return ERR_NOMEM;
    int err = ERR_OK;
    for (size_t i = 0; i < gone && err == ERR_OK; i++)
        err = item_take(m, records_at(removed, i), false);
    for (size_t i = 0; i < come && err == ERR_OK; i++)
        err = item_take(m, records_at(added, i), true);
    if (err == ERR_OK)
        qsort(m->items, m->item_n, sizeof(*m->items), item_order);
    return err;
}

/* ------------------------------------------------------------------ one node */

/* The set of TYPE, made in its place when there is none. */
static struct set *set_open(struct maker *m, uint16_t type)
{
    size_t at = 0;
    while (at < m->set_n && m->sets[at].type < type)
        at++;
    if (at < m->set_n && m->sets[at].type == type)
        return &m->sets[at];
    struct set *sets = grow_items(m->sets, m->set_n, &m->set_cap, sizeof(*sets));
    if (sets == NULL)
        return NULL;
    m->sets = sets;
    memmove(sets + at + 1, sets + at, (m->set_n - at) * sizeof(*sets));
    sets[at] = (struct set){.type = type};
    m->set_n++;
    return &m->sets[at];
}

static int set_insert(struct set *s, size_t at, const knot_rdata_t *rdata)
{
    const knot_rdata_t **list = grow_items(s->rdata, s->n, &s->cap, sizeof(*list));
    if (list == NULL)
        return ERR_NOMEM;
    s->rdata = list;
    memmove(list + at + 1, list + at, (s->n - at) * sizeof(*list));
    list[at] = rdata;
    s->n++;
    return ERR_OK;
}

/* Where RDATA is in S, or belongs. */
static size_t set_place(const struct set *s, const knot_rdata_t *rdata, bool *ret_there)
{
    size_t lo = 0;
    for (size_t hi = s->n; lo < hi;) {
        size_t mid = lo + (hi - lo) / 2;
        if (knot_rdata_cmp(s->rdata[mid], rdata) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_there = lo < s->n && knot_rdata_cmp(s->rdata[lo], rdata) == 0;
    return lo;
}

static int node_open(struct maker *m, const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset from;
    sets_clear(m);
    set_walk_first(node, &w);
    while (set_walk_next(&w, &from)) {
        struct set *s = set_open(m, from.type);
        if (s == NULL)
            return ERR_NOMEM;
        s->ttl = from.ttl;
        s->line = from.line;
        const knot_rdata_t *rdata = from.rrs.rdata;
        for (uint16_t i = 0; i < from.rrs.count; i++) {
            int err = set_insert(s, s->n, rdata);
            if (err != ERR_OK)
                return err;
            rdata = wire_next(rdata);
        }
    }
    return ERR_OK;
}

static int node_change(struct maker *m, const struct item *item)
{
    bool there = false;
    struct set *s = set_open(m, item->type);
    if (s == NULL)
        return ERR_NOMEM;
    size_t at = set_place(s, item->rdata, &there);
    if (!item->adds) {
        if (there)
            memmove(s->rdata + at, s->rdata + at + 1, (--s->n - at) * sizeof(*s->rdata));
        return ERR_OK;
    }
    s->ttl = s->n == 0 || item->ttl < s->ttl ? item->ttl : s->ttl;
    if (there)
        return ERR_OK;
    if (s->n == LIMIT_RRSET_RECORDS) {
        (void)refuse(m, &rule_rrset_too_large, item->owner, item->type, "one record too many");
        return ERR_LIMIT;
    }
    return set_insert(s, at, item->rdata);
}

/* The node at hand as a content record in the arena; NULL in RET: nothing is left. */
static int node_close(struct maker *m, const uint8_t *owner, const uint8_t **ret)
{
    uint32_t n = 0;
    buf_clear(&m->packed);
    size_t start = pack_content_open(&m->packed, owner, 0);
    for (size_t i = 0; i < m->set_n; i++) {
        const struct set *s = &m->sets[i];
        if (s->n == 0)
            continue;
        buf_clear(&m->rdata);
        for (size_t j = 0; j < s->n; j++)
            buf_add(&m->rdata, s->rdata[j], knot_rdata_size(s->rdata[j]->len));
        if (!buf_ok(&m->rdata))
            return ERR_NOMEM;
        struct zone_rrset set = {
            .type = s->type,
            .ttl = s->ttl,
            .line = s->line,
            .line_next = s->line,
            .rrs = {(uint16_t)s->n, (uint32_t)m->rdata.len, (knot_rdata_t *)(void *)m->rdata.data}};
        pack_set(&m->packed, &set);
        n++;
    }
    if (n > PACK_SETS_MAX) {
        (void)refuse(m, &rule_rrset_too_large, owner, m->sets[0].type, "too many types");
        return ERR_LIMIT;
    }
    pack_content_close(&m->packed, start, n);
    if (!buf_ok(&m->packed))
        return ERR_NOMEM;
    *ret = NULL;
    if (n == 0)
        return ERR_OK;
    uint8_t *kept = arena_alloc(m->edits->arena, m->packed.len);
    if (kept == NULL)
        return ERR_NOMEM;
    memcpy(kept, m->packed.data, m->packed.len);
    *ret = kept;
    return ERR_OK;
}

/* What the zone has at NAME as it stands; false: nothing. */
static bool node_of(const struct zone *z, const uint8_t *name, struct zone_node *ret)
{
    struct zone_spot at;
    if (!tree_find(&z->names, name, &at))
        return false;
    tree_content(&z->names, z->apex, at, ret);
    return true;
}

static int edit_add(struct zone_edits *e, const uint8_t *owner, const uint8_t *content)
{
    struct zone_edit *items = grow_items(e->items, e->n, &e->cap, sizeof(*items));
    if (items == NULL)
        return ERR_NOMEM;
    e->items = items;
    e->items[e->n++] = (struct zone_edit){owner, content};
    return ERR_OK;
}

/* The N changes of one owner. */
static int owner_edit(struct maker *m, const struct item *items, size_t n)
{
    struct zone_node old;
    const uint8_t *owner = items[0].owner;
    const uint8_t *content = NULL;
    bool has_old = node_of(m->zone, owner, &old);
    sets_clear(m);
    int err = has_old ? node_open(m, &old) : ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++)
        err = node_change(m, &items[i]);
    if (err == ERR_OK)
        err = node_close(m, owner, &content);
    if (err != ERR_OK || (!has_old && content == NULL))
        return err;
    return edit_add(m->edits, owner, content);
}

/* ------------------------------------------------------------------ cuts and DNAMEs */

static int edit_order(const void *a, const void *b)
{
    const struct zone_edit *x = a;
    const struct zone_edit *y = b;
    return name_compare(x->owner, y->owner);
}

/* What will be at NAME, the first N edits being in order. */
static bool node_will_be(const struct maker *m, size_t n, const uint8_t *name,
                         struct zone_node *ret)
{
    struct zone_edit wanted = {.owner = name};
    const struct zone_edit *e =
        n == 0 ? NULL : bsearch(&wanted, m->edits->items, n, sizeof(wanted), edit_order);
    if (e == NULL)
        return node_of(m->zone, name, ret);
    if (e->content != NULL)
        pack_view(m->zone->apex, e->content, NULL, ret);
    return e->content != NULL;
}

static uint32_t flags_will_be(const struct maker *m, size_t n, const uint8_t *name)
{
    const uint8_t *above[128];
    size_t depth = 0;
    struct flag_walk w = {0};
    uint32_t flags = 0;
    for (const uint8_t *at = name; name_is_below(at, m->zone->apex); at += 1 + at[0])
        above[depth++] = at;
    above[depth] = m->zone->apex;
    for (size_t i = depth + 1; i-- > 0;) {
        struct zone_node node;
        bool is = node_will_be(m, n, above[i], &node);
        flags = flag_walk_next(&w, m->zone->apex, above[i],
                               is && zone_node_has_data(&node, KNOT_RRTYPE_NS),
                               is && zone_node_has_data(&node, KNOT_RRTYPE_DNAME));
    }
    return flags;
}

static void set_flags(const uint8_t *content, uint32_t flags)
{
    /* still ours alone, in the arena */
    pack_set_flags((uint8_t *)(uintptr_t)content, flags);
}

static bool turns(const struct zone_node *was, const struct zone_node *is, uint16_t type)
{
    return (was != NULL && zone_node_has_data(was, type)) !=
           (is != NULL && zone_node_has_data(is, type));
}

/* Nodes below OWNER that the change itself does not touch and whose flags become others. */
static int reflag_below(struct maker *m, size_t n, const uint8_t *owner)
{
    const struct zone *z = m->zone;
    struct zone_spot at;
    if (tree_find(&z->names, owner, &at))
        tree_step(&z->names, &at);
    for (; spot_before(at, tree_end(&z->names)); tree_step(&z->names, &at)) {
        struct zone_node node;
        tree_content(&z->names, z->apex, at, &node);
        if (!name_is_below(node.owner, owner))
            break;
        struct zone_edit wanted = {.owner = node.owner};
        if (bsearch(&wanted, m->edits->items, n, sizeof(wanted), edit_order) != NULL)
            continue;
        uint32_t flags = flags_will_be(m, n, node.owner);
        if (flags == node.flags)
            continue;
        size_t len = pack_content_len(node.content);
        uint8_t *content = arena_alloc(m->edits->arena, len);
        if (content == NULL)
            return ERR_NOMEM;
        memcpy(content, node.content, len);
        set_flags(content, flags);
        int err = edit_add(m->edits, node.owner, content);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int flag_all(struct maker *m)
{
    size_t n = m->edits->n; /* what follows is appended behind these */
    int err = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        const struct zone_edit *e = &m->edits->items[i];
        if (e->content != NULL)
            set_flags(e->content, flags_will_be(m, n, e->owner));
    }
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        const struct zone_edit e = m->edits->items[i];
        struct zone_node was;
        struct zone_node is;
        bool has = node_of(m->zone, e.owner, &was);
        if (e.content != NULL)
            pack_view(m->zone->apex, e.content, NULL, &is);
        const struct zone_node *old = has ? &was : NULL;
        const struct zone_node *new = e.content != NULL ? &is : NULL;
        if (turns(old, new, KNOT_RRTYPE_NS) || turns(old, new, KNOT_RRTYPE_DNAME))
            err = reflag_below(m, n, e.owner);
    }
    return err;
}

/* Sorted; below two owners that turn, a name may have been taken twice. */
static void edits_sort(struct zone_edits *e)
{
    if (e->n == 0)
        return;
    qsort(e->items, e->n, sizeof(*e->items), edit_order);
    size_t kept = 1;
    for (size_t i = 1; i < e->n; i++) {
        if (edit_order(&e->items[i], &e->items[kept - 1]) != 0)
            e->items[kept++] = e->items[i];
    }
    e->n = kept;
}

int zone_edits_make(const struct zone *z, const struct records *removed,
                    const struct records *added, struct zone_edits *ret, struct diags *diags)
{
    AUTO(zone_edits) struct zone_edits edits = {.arena = arena_new()};
    if (edits.arena == NULL)
        return ERR_NOMEM;
    AUTO(maker) struct maker m = {.zone = z, .edits = &edits, .diags = diags};
    int err = take_all(&m, removed, added);
    for (size_t i = 0; i < m.item_n && err == ERR_OK;) {
        size_t end = i + 1;
        while (end < m.item_n && name_compare(m.items[end].owner, m.items[i].owner) == 0)
            end++;
        err = owner_edit(&m, m.items + i, end - i);
        i = end;
    }
    if (err == ERR_OK)
        err = flag_all(&m);
    if (err != ERR_OK)
        return err;
    edits_sort(&edits);
    *ret = edits;
    edits = (struct zone_edits){0};
    return ERR_OK;
}
