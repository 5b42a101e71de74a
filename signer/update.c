/*
 * signer/update.c -- from a signed version to the next one: only what the change touches.
 *
 * Four things are touched: names whose records change, their predecessors in the NSEC chain where a
 * name comes or goes, the NSEC3 records of names (and empty non-terminals) that come, go or change
 * their types with those before them, and what is due. Each touched node gets a new DNSSEC record,
 * with those of its old signatures that still fit; everything else is shared with the old version.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/grow.h"
#include "signer/chain.h"
#include "signer/job.h"
#include "zones/packed.h"

/* ------------------------------------------------------------------ lists of owners */

void owners_done(struct owners *o)
{
    free(o->items);
    *o = (struct owners){0};
}

int owners_add(struct owners *o, const uint8_t *owner)
{
    const uint8_t **items = grow_items(o->items, o->n, &o->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    o->items = items;
    o->items[o->n++] = owner;
    return ERR_OK;
}

static int owner_order(const void *a, const void *b)
{
    const uint8_t *const *x = a;
    const uint8_t *const *y = b;
    return name_compare(*x, *y);
}

void owners_sort(struct owners *o)
{
    if (o->n == 0)
        return;
    qsort(o->items, o->n, sizeof *o->items, owner_order);
    size_t kept = 1;
    for (size_t i = 1; i < o->n; i++) {
        if (name_compare(o->items[i], o->items[kept - 1]) != 0)
            o->items[kept++] = o->items[i];
    }
    o->n = kept;
}

/* ------------------------------------------------------------------ the change */

void update_done(struct update *u)
{
    free(u->names);
    owners_done(&u->due);
    buf_done(&u->touched);
}

int update_edit(struct update *u, const uint8_t *owner, const uint8_t *content)
{
    struct tree_edit *names = grow_items(u->names, u->name_n, &u->name_cap, sizeof *names);
    if (names == NULL)
        return ERR_NOMEM;
    u->names = names;
    u->names[u->name_n++] =
        (struct tree_edit){.owner = owner, .content = content, .removes = content == NULL};
    return ERR_OK;
}

/* What an update keeps while it runs. */
struct run {
    struct job *job;
    struct update *update;
    struct owners dirty[2]; /* to get new DNSSEC records: names, NSEC3 owners */
    struct owners gone;     /* NSEC3 owners taken out */
    struct arena *kept;     /* names whose leaves are replaced meanwhile */
};

static void run_done(struct run *r)
{
    owners_done(&r->dirty[0]);
    owners_done(&r->dirty[1]);
    owners_done(&r->gone);
    arena_free(r->kept);
}
DEFINE_AUTO(run)

/* NULL: memory is out. */
static const uint8_t *keep_name(struct run *r, const uint8_t *name)
{
    if (r->kept == NULL)
        r->kept = arena_new();
    return r->kept == NULL ? NULL : arena_dup(r->kept, name, name_len(name));
}

static int apply(struct zone *z, struct tree *t, const struct tree_edit *edits, size_t n)
{
    struct tree made = {0};
    int err = tree_apply(t, z->apex, edits, n, &made);
    if (err != ERR_OK)
        return err;
    tree_done(t);
    *t = made;
    return ERR_OK;
}

/* ------------------------------------------------------------------ who is in the chain */

static bool is_in_nsec(const struct zone *z, const uint8_t *name)
{
    struct zone_spot at;
    struct zone_node node;
    if (!tree_find(&z->names, name, &at))
        return false;
    tree_content(&z->names, z->apex, at, &node);
    return chain_is_authoritative(&node);
}

/* As in NSEC, and the empty non-terminals: of the names below one, a cut comes before its glue. */
static bool is_in_nsec3(const struct zone *z, const uint8_t *name)
{
    struct zone_spot at;
    struct zone_node node;
    bool exact = tree_find(&z->names, name, &at);
    if (spot_equal(at, tree_end(&z->names)))
        return false;
    tree_content(&z->names, z->apex, at, &node);
    return chain_is_authoritative(&node) && (exact || name_is_below(node.owner, name));
}

/* The names before each that comes or goes get another next name. LAST is the place of the NAME
   before: what is in front of that was seen then. */
static int dirty_before(struct run *r, const uint8_t *name, struct zone_spot *last)
{
    const struct zone *z = r->job->zone;
    struct zone_spot at;
    struct zone_spot seen = *last;
    (void)tree_find(&z->names, name, &at);
    *last = at;
    while (spot_before(seen, at) && tree_step_back(&z->names, &at)) {
        struct zone_node node;
        tree_content(&z->names, z->apex, at, &node);
        if (!chain_is_authoritative(&node))
            continue;
        const uint8_t *owner = keep_name(r, node.owner);
        return owner == NULL ? ERR_NOMEM : owners_add(&r->dirty[0], owner);
    }
    return ERR_OK;
}

static int find_dirty_names(struct run *r)
{
    const struct job *job = r->job;
    bool nsec = job->params->policy->denial == DENIAL_NSEC;
    struct zone_spot last = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < r->update->name_n && err == ERR_OK; i++) {
        const struct tree_edit *e = &r->update->names[i];
        if (!e->removes)
            err = owners_add(&r->dirty[0], pack_owner(e->content));
        if (err == ERR_OK && nsec &&
            is_in_nsec(job->previous, e->owner) != is_in_nsec(job->zone, e->owner))
            err = dirty_before(r, e->owner, &last);
    }
    return err;
}

/* ------------------------------------------------------------------ NSEC3 */

/* A name whose NSEC3 comes, goes or changes, with the record's owner. */
struct hashed_name {
    const uint8_t *name;
    const uint8_t *owner;
    bool was;
    bool is;
};

struct hashed_names {
    struct hashed_name *items;
    size_t n;
    size_t cap;
};

static void hashed_names_done(struct hashed_names *h)
{
    free(h->items);
}
DEFINE_AUTO(hashed_names)

static int hashed_name_add(struct run *r, struct hashed_names *h, const uint8_t *name)
{
    const struct job *job = r->job;
    struct hashed_name item = {
        .name = name, .was = is_in_nsec3(job->previous, name), .is = is_in_nsec3(job->zone, name)};
    if (!item.was && !item.is)
        return ERR_OK;
    uint8_t hash[NSEC3_HASH_LEN];
    uint8_t owner[256];
    int err = nsec3_hash(name, 0, (struct bytes){0}, hash);
    if (err != ERR_OK)
        return err;
    nsec3_owner(hash, job->zone->apex, owner);
    item.owner = keep_name(r, owner);
    struct hashed_name *items = grow_items(h->items, h->n, &h->cap, sizeof *items);
    if (item.owner == NULL || items == NULL) {
        h->items = items == NULL ? h->items : items;
        return ERR_NOMEM;
    }
    h->items = items;
    h->items[h->n++] = item;
    return ERR_OK;
}

/* The changed names, and what is above those that came or went: it may have become, or ceased to
   be, an empty non-terminal. */
static int find_hashed_names(struct run *r, struct hashed_names *ret)
{
    const struct job *job = r->job;
    AUTO(owners) struct owners names = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < r->update->name_n && err == ERR_OK; i++) {
        const uint8_t *name = r->update->names[i].owner;
        err = owners_add(&names, name);
        if (is_in_nsec(job->previous, name) == is_in_nsec(job->zone, name))
            continue;
        for (name += 1 + name[0]; err == ERR_OK && name_is_below(name, job->zone->apex);
             name += 1 + name[0])
            err = owners_add(&names, name);
    }
    owners_sort(&names);
    for (size_t i = 0; i < names.n && err == ERR_OK; i++)
        err = hashed_name_add(r, ret, names.items[i]);
    return err;
}

static int hashed_order(const void *a, const void *b)
{
    const struct hashed_name *x = a;
    const struct hashed_name *y = b;
    int order = name_compare(x->owner, y->owner);
    return order != 0 ? order : (x->is ? 1 : 0) - (y->is ? 1 : 0);
}

/* The NSEC3 of H, its successor being the hash NEXT. */
static int pack_nsec3(const struct run *r, const struct hashed_name *h,
                      const uint8_t next[NSEC3_HASH_LEN], struct buf *out)
{
    const struct zone *z = r->job->zone;
    AUTO(buf) struct buf room = {0};
    struct zone_spot at;
    struct zone_node node;
    struct zone_rrset set;
    bool exact = tree_find(&z->names, h->name, &at);
    if (exact)
        tree_content(&z->names, z->apex, at, &node);
    int err = chain_nsec3(exact ? &node : NULL, next, r->job->denial_ttl, &room, &set);
    if (err == ERR_OK)
        nsec3_pack(&set, h->owner, out);
    return err;
}

/* Takes out the hashes that go and puts in those that come or change; links follow later. */
static int change_hashes(struct run *r, const struct hashed_names *h)
{
    struct zone *z = r->job->zone;
    struct tree_edit *edits = calloc(h->n + 1, sizeof *edits);
    AUTO(buf) struct buf octets = {0};
    AUTO_FREE size_t *starts = calloc(h->n + 1, sizeof *starts);
    int err = edits == NULL || starts == NULL ? ERR_NOMEM : ERR_OK;
    size_t n = 0;
    for (size_t i = 0; i < h->n && err == ERR_OK; i++) {
        const struct hashed_name *one = &h->items[i];
        if (i + 1 < h->n && name_compare(one->owner, h->items[i + 1].owner) == 0) {
            if (one->is)
                err = nsec3_refuse_collision(r->job, one->name, h->items[i + 1].name);
            continue; /* one name goes, and another of its hash comes */
        }
        struct zone_spot at;
        if (one->is && !one->was && tree_find(&r->job->previous->nsec3, one->owner, &at) &&
            (i == 0 || name_compare(one->owner, h->items[i - 1].owner) != 0))
            err = nsec3_refuse_collision(r->job, one->name, one->owner);
        uint8_t self[NSEC3_HASH_LEN];
        nsec3_unlabel(one->owner + 1, self);
        starts[n] = octets.len;
        if (err == ERR_OK && one->is)
            err = pack_nsec3(r, one, self, &octets);
        edits[n++] = (struct tree_edit){.owner = one->owner, .removes = !one->is};
    }
    if (err == ERR_OK && !buf_ok(&octets))
        err = ERR_NOMEM;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        if (!edits[i].removes)
            edits[i].content = octets.data + starts[i];
    }
    if (err == ERR_OK)
        err = apply(z, &z->nsec3, edits, n);
    free(edits);
    return err;
}

/* The node at or before the place of OWNER, in a circle; and the one after it. */
static int dirty_around(struct run *r, const struct hashed_name *h)
{
    const struct tree *t = &r->job->zone->nsec3;
    struct zone_spot at;
    struct zone_node node;
    int err = ERR_OK;
    bool exact = tree_find(t, h->owner, &at);
    if (exact)
        err = owners_add(&r->dirty[1], h->owner);
    if (err != ERR_OK || h->was == h->is)
        return err;
    if (!tree_step_back(t, &at)) { /* the last comes before the first */
        at = tree_end(t);
        if (!tree_step_back(t, &at))
            return ERR_OK;
    }
    tree_content(t, r->job->zone->apex, at, &node);
    const uint8_t *owner = keep_name(r, node.owner);
    return owner == NULL ? ERR_NOMEM : owners_add(&r->dirty[1], owner);
}

/* Every dirty NSEC3 points to the one after it. */
static int link_hashes(struct run *r)
{
    struct zone *z = r->job->zone;
    const struct owners *dirty = &r->dirty[1];
    struct tree_edit *edits = calloc(dirty->n + 1, sizeof *edits);
    AUTO_FREE size_t *starts = calloc(dirty->n + 1, sizeof *starts);
    AUTO(buf) struct buf octets = {0};
    AUTO(buf) struct buf room = {0};
    int err = edits == NULL || starts == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < dirty->n && err == ERR_OK; i++) {
        struct zone_spot at;
        struct zone_node node;
        struct zone_rrset set;
        uint8_t hash[NSEC3_HASH_LEN];
        if (!tree_find(&z->nsec3, dirty->items[i], &at)) {
            err = ERR_INTERNAL;
            break;
        }
        tree_content(&z->nsec3, z->apex, at, &node);
        zone_node_set(&node, 0, &set);
        tree_step(&z->nsec3, &at);
        if (spot_equal(at, tree_end(&z->nsec3)))
            at = (struct zone_spot){0};
        tree_content(&z->nsec3, z->apex, at, &node);
        nsec3_unlabel(node.owner + 1, hash);
        starts[i] = octets.len;
        err = chain_nsec3_relink(&set, hash, r->job->denial_ttl, &room, &set);
        if (err == ERR_OK)
            nsec3_pack(&set, dirty->items[i], &octets);
        edits[i].owner = dirty->items[i];
    }
    if (err == ERR_OK && !buf_ok(&octets))
        err = ERR_NOMEM;
    for (size_t i = 0; i < dirty->n && err == ERR_OK; i++)
        edits[i].content = octets.data + starts[i];
    if (err == ERR_OK)
        err = apply(z, &z->nsec3, edits, dirty->n);
    free(edits);
    return err;
}

static int update_nsec3(struct run *r)
{
    AUTO(hashed_names) struct hashed_names h = {0};
    int err = find_hashed_names(r, &h);
    if (err != ERR_OK)
        return err;
    if (h.n > 0)
        qsort(h.items, h.n, sizeof *h.items, hashed_order);
    err = change_hashes(r, &h);
    for (size_t i = 0; i < h.n && err == ERR_OK; i++) {
        err = dirty_around(r, &h.items[i]);
        if (err == ERR_OK && !h.items[i].is)
            err = owners_add(&r->gone, h.items[i].owner);
    }
    owners_sort(&r->dirty[1]);
    return err == ERR_OK ? link_hashes(r) : err;
}

/* ------------------------------------------------------------------ signatures */

/* Owners whose signatures are due go to the order that they are of. */
static int add_due(struct run *r)
{
    const struct owners *due = &r->update->due;
    int err = ERR_OK;
    for (size_t i = 0; i < due->n && err == ERR_OK; i++) {
        struct zone_spot at;
        if (tree_find(&r->job->zone->names, due->items[i], &at))
            err = owners_add(&r->dirty[0], due->items[i]);
        if (err == ERR_OK && tree_find(&r->job->zone->nsec3, due->items[i], &at))
            err = owners_add(&r->dirty[1], due->items[i]);
    }
    return err;
}

/* The dirty nodes of an order, signed in sheets of neighbours. */
struct sheets {
    struct run *run;
    bool nsec3;
    const struct owners *owners;
    const struct zone *old; /* where fitting signatures may be */
    struct tree_edit *edits;
    struct buf *octets; /* of each sheet */
};

static size_t sheet_count(const struct owners *o)
{
    return (o->n + ZONE_LEAF_NODES - 1) / ZONE_LEAF_NODES;
}

static int add_one(struct worker *w, const struct sheets *s, const uint8_t *owner)
{
    const struct job *job = w->job;
    const struct zone *z = job->zone;
    const struct tree *t = s->nsec3 ? &z->nsec3 : &z->names;
    struct zone_spot at;
    struct zone_spot old_at;
    struct zone_node node;
    struct zone_node old;
    if (!tree_find(t, owner, &at))
        return ERR_INTERNAL;
    tree_content(t, z->apex, at, &node);
    const struct tree *old_tree = s->nsec3 ? &s->old->nsec3 : &s->old->names;
    bool has_old = tree_find(old_tree, owner, &old_at);
    if (has_old)
        tree_node(old_tree, s->old->apex, old_at, &old);
    bool nsec =
        !s->nsec3 && job->params->policy->denial == DENIAL_NSEC && chain_is_authoritative(&node);
    return sheet_add(w, &node, nsec ? next_in_chain(z, at) : NULL, has_old ? &old : NULL);
}

static int work_sheet(struct worker *w, void *sheets, size_t sheet)
{
    struct sheets *s = sheets;
    size_t from = sheet * ZONE_LEAF_NODES;
    size_t to = from + ZONE_LEAF_NODES > s->owners->n ? s->owners->n : from + ZONE_LEAF_NODES;
    int err = ERR_OK;
    sheet_clear(w);
    for (size_t i = from; i < to && err == ERR_OK; i++)
        err = add_one(w, s, s->owners->items[i]);
    if (err == ERR_OK)
        err = sheet_sign(w, w->sheet.octets.data);
    if (err != ERR_OK)
        return err;
    struct buf *octets = &s->octets[sheet];
    buf_add(octets, w->sheet.octets.data, w->sheet.octets.len);
    if (!buf_ok(octets))
        return ERR_NOMEM;
    for (size_t i = from; i < to; i++) {
        uint32_t offset = w->sheet.offset[i - from];
        s->edits[i] =
            (struct tree_edit){.owner = s->owners->items[i],
                               .sets_dnssec = true,
                               .dnssec = offset == LEAF_NONE ? NULL : octets->data + offset};
    }
    return ERR_OK;
}

static int run_sheets(struct sheets *s)
{
    struct job *job = s->run->job;
    size_t n = sheet_count(s->owners);
    int err = job_hire(job, n);
    return err == ERR_OK ? job_run(job, n, work_sheet, s) : err;
}

/* New DNSSEC records for the dirty nodes of one order. */
static int sign_order(struct run *r, bool nsec3, const struct zone *old)
{
    struct zone *z = r->job->zone;
    struct sheets s = {.run = r, .nsec3 = nsec3, .owners = &r->dirty[nsec3 ? 1 : 0], .old = old};
    size_t sheets = sheet_count(s.owners);
    if (sheets == 0)
        return ERR_OK;
    s.edits = calloc(s.owners->n, sizeof *s.edits);
    s.octets = calloc(sheets, sizeof *s.octets);
    int err = s.edits == NULL || s.octets == NULL ? ERR_NOMEM : run_sheets(&s);
    if (err == ERR_OK)
        err = apply(z, nsec3 ? &z->nsec3 : &z->names, s.edits, s.owners->n);
    for (size_t i = 0; s.octets != NULL && i < sheets; i++)
        buf_done(&s.octets[i]);
    free(s.octets);
    free(s.edits);
    return err;
}

/* ------------------------------------------------------------------ all together */

static void note_touched(const struct owners *from, struct update *u)
{
    for (size_t i = 0; i < from->n; i++)
        buf_add(&u->touched, from->items[i], name_len(from->items[i]));
}

/* The names are copied: what some of them lie in goes with the run. */
static int list_touched(const struct run *r, struct update *u, struct owners *ret)
{
    note_touched(&r->dirty[0], u);
    note_touched(&r->dirty[1], u);
    note_touched(&r->gone, u);
    for (size_t i = 0; i < u->name_n; i++)
        buf_add(&u->touched, u->names[i].owner, name_len(u->names[i].owner));
    if (!buf_ok(&u->touched))
        return ERR_NOMEM;
    int err = ERR_OK;
    const uint8_t *end = u->touched.data + u->touched.len;
    for (const uint8_t *at = u->touched.data; at < end && err == ERR_OK; at += name_len(at))
        err = owners_add(ret, at);
    owners_sort(ret);
    return err;
}

int update_sign(struct job *job, struct update *u, struct owners *ret_touched)
{
    AUTO(run) struct run r = {.job = job, .update = u};
    struct zone *z = job->zone = zone_new(job->previous->apex, job->previous->file);
    if (z == NULL)
        return ERR_NOMEM;
    int err = tree_apply(&job->previous->names, z->apex, u->names, u->name_n, &z->names);
    if (err == ERR_OK)
        err = tree_share(&job->previous->nsec3, &z->nsec3);
    if (err == ERR_OK)
        err = find_dirty_names(&r);
    if (err == ERR_OK && job->params->policy->denial == DENIAL_NSEC3)
        err = update_nsec3(&r);
    if (err == ERR_OK)
        err = add_due(&r);
    if (err != ERR_OK)
        return err;
    owners_sort(&r.dirty[0]);
    owners_sort(&r.dirty[1]);
    err = sign_order(&r, false, job->previous);
    if (err == ERR_OK)
        err = sign_order(&r, true, job->previous);
    return err == ERR_OK && ret_touched != NULL ? list_touched(&r, u, ret_touched) : err;
}

/*
 * The apex once more. What is signed stays: the signatures of the version in the making are looked
 * at first, those of OLD (the previous version, or NULL) for the sets that were late.
 */
static int sign_apex(struct job *job, const uint8_t *digest, const struct zone *old)
{
    AUTO(buf) struct buf content = {0};
    AUTO(run) struct run r = {.job = job};
    AUTO_PTR(zone) struct zone *before = zone_new(job->zone->apex, NULL);
    if (before == NULL)
        return ERR_NOMEM;
    int err = tree_share(&job->zone->names, &before->names);
    if (err == ERR_OK)
        err = content_apex_again(job->zone, job->serial, digest, &content);
    if (err == ERR_OK)
        err = job_set_apex(job, content.data);
    if (err == ERR_OK)
        err = owners_add(&r.dirty[0], before->apex);
    job->is_again = old == NULL;
    if (err == ERR_OK)
        err = sign_order(&r, false, old == NULL ? before : old);
    job->is_again = false;
    return err;
}

int update_apex(struct job *job, const struct zone *old)
{
    uint8_t digest[ZONEMD_DIGEST_MAX];
    int err = ERR_OK;
    bool soa = job->soa_is_late;
    bool zonemd = job->zonemd_is_late;
    job->soa_is_late = false;
    if (soa)
        err = sign_apex(job, NULL, old);
    job->zonemd_is_late = false;
    if (err != ERR_OK || !zonemd)
        return err;
    err = zonemd_compute(job->zone, ZONEMD_SHA384, digest);
    return err == ERR_OK ? sign_apex(job, digest, old) : err;
}
