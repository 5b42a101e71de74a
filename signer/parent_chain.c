/*
 * signer/parent_chain.c -- from a trust anchor down to the parent's keys (RFC 4035 s5).
 *
 * The anchor closest above the parent begins; each zone's DNSKEY RRset is believed when a key that
 * the anchor or the DS above names has signed it, and the next DS RRset when such a key has.
 */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "signer/parent_int.h"

enum { DIGEST_SHA1 = 1 };

struct chain_run {
    const struct observation *o;
    const struct proof_times *times;
    struct arena *arena;
    char *why;
    bool failed; /* why is said */
};

static void fail(struct chain_run *r, const uint8_t *name, const char *what, const char *detail)
{
    char text[NAME_TEXT_LEN];
    name_to_text(name, text);
    r->failed = true;
    (void)snprintf(r->why, PARENT_WHY_LEN, "%s of %.80s: %.120s", what, text, detail);
}

/* ------------------------------------------------------------------ links */

static const struct observed_link *find_link(const struct chain_run *r, const uint8_t *name,
                                             uint16_t type)
{
    for (size_t i = 0; i < r->o->link_n; i++) {
        const struct observed_link *l = &r->o->links[i];
        if (l->type == type && name_compare(l->name, name) == 0)
            return l;
    }
    return NULL;
}

/* The RRset that a link brings; n 0: none. The message must outlive RET. */
static int read_link(struct chain_run *r, const struct observed_link *l, struct message *m,
                     struct message_set *ret)
{
    bool good = false;
    *ret = (struct message_set){0};
    int err = message_read(l->message, l->name, l->type, m, &good, r->why);
    if (err != ERR_OK || !good || m->rcode != RCODE_NOERROR || m->is_truncated)
        return err;
    return message_set(m, KNOT_ANSWER, l->name, l->type, r->arena, ret);
}

/* Copies, so that a set outlives its message. */
static int keep(struct chain_run *r, const struct message_set *set, struct bytes **ret)
{
    struct bytes *kept = arena_zalloc(r->arena, set->n, sizeof *kept);
    if (kept == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < set->n; i++) {
        kept[i] = (struct bytes){arena_dup(r->arena, set->rdata[i].data, set->rdata[i].len),
                                 set->rdata[i].len};
        if (kept[i].data == NULL)
            return ERR_NOMEM;
    }
    *ret = kept;
    return ERR_OK;
}

/* ------------------------------------------------------------------ one zone */

/* What names the keys that may sign a DNSKEY RRset: DS from above, or anchors of both types. */
struct entry {
    const struct bytes *ds;
    size_t ds_n;
    const struct bytes *dnskey;
    size_t dnskey_n;
};

/* RFC 4509 s3: SHA-1 counts only where nothing better is there. */
static bool sha1_counts(const struct entry *e)
{
    for (size_t i = 0; i < e->ds_n; i++) {
        if (e->ds[i].len > 4 && e->ds[i].data[3] != DIGEST_SHA1 &&
            proof_digest_is_known(e->ds[i].data[3]))
            return false;
    }
    return true;
}

static int is_named(const struct entry *e, const uint8_t *zone, struct bytes key, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < e->dnskey_n && !*ret; i++)
        *ret = bytes_equal(e->dnskey[i], key);
    bool sha1 = sha1_counts(e);
    for (size_t i = 0; i < e->ds_n && !*ret; i++) {
        if (e->ds[i].len > 4 && e->ds[i].data[3] == DIGEST_SHA1 && !sha1)
            continue;
        int err = parent_ds_is_of(zone, e->ds[i], key, ret);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int pick_named(struct chain_run *r, const struct entry *e, const uint8_t *zone,
                      const struct message_set *set, struct trusted_zone *ret)
{
    struct bytes *named = arena_zalloc(r->arena, set->n, sizeof *named);
    size_t n = 0;
    if (named == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < set->n; i++) {
        bool is = false;
        int err = is_named(e, zone, set->rdata[i], &is);
        if (err != ERR_OK)
            return err;
        if (is)
            named[n++] = set->rdata[i];
    }
    return trusted_zone_new(zone, named, n, r->arena, ret);
}

/* The DNSKEY RRset of ZONE, believed for E. */
static int enter(struct chain_run *r, const uint8_t *zone, const struct entry *e,
                 struct trusted_zone *ret)
{
    AUTO(message) struct message m = {0};
    AUTO(trusted_zone) struct trusted_zone named = {0};
    struct message_set set = {0};
    const struct observed_link *l = find_link(r, zone, PT_DNSKEY);
    int err = l == NULL ? ERR_OK : read_link(r, l, &m, &set);
    if (err == ERR_OK && set.n == 0) {
        fail(r, zone, "the DNSKEY RRset", "not in the observation");
        return ERR_OK;
    }
    if (err == ERR_OK)
        err = pick_named(r, e, zone, &set, &named);
    if (err == ERR_OK && named.n == 0) {
        fail(r, zone, "the DNSKEY RRset", "it has no key that the trust anchor or DS names");
        return ERR_OK;
    }
    bool proven = false;
    struct proof proof;
    char why[PARENT_WHY_LEN] = "";
    if (err == ERR_OK)
        err = proof_of_set(&set, &named, r->times, &proven, &proof, why);
    if (err == ERR_OK && !proven)
        fail(r, zone, "the DNSKEY RRset", why);
    struct bytes *keys = NULL;
    if (err == ERR_OK && proven)
        err = keep(r, &set, &keys);
    return err == ERR_OK && proven ? trusted_zone_new(zone, keys, set.n, r->arena, ret) : err;
}

/* ------------------------------------------------------------------ downwards */

/* The highest zone below AT, on the way to the parent, that a DS came for. */
static const struct observed_link *next_below(const struct chain_run *r, const uint8_t *at)
{
    const struct observed_link *best = NULL;
    for (size_t i = 0; i < r->o->link_n; i++) {
        const struct observed_link *l = &r->o->links[i];
        if (l->type == PT_DS && name_is_below(l->name, at) &&
            name_is_at_or_below(r->o->parent, l->name) &&
            (best == NULL || name_is_below(best->name, l->name)))
            best = l;
    }
    return best;
}

/* One zone further down: Z is replaced by it. */
static int descend(struct chain_run *r, struct trusted_zone *z)
{
    AUTO(message) struct message m = {0};
    struct message_set set = {0};
    const struct observed_link *l = next_below(r, z->name);
    int err = l == NULL ? ERR_OK : read_link(r, l, &m, &set);
    if (err != ERR_OK)
        return err;
    if (set.n == 0) {
        fail(r, r->o->parent, "the chain to the keys",
             "no DS below the last trusted zone: the parent is not signed, or it was not asked");
        return ERR_OK;
    }
    bool proven = false;
    struct proof proof;
    char why[PARENT_WHY_LEN] = "";
    err = proof_of_set(&set, z, r->times, &proven, &proof, why);
    if (err == ERR_OK && !proven)
        fail(r, l->name, "the DS RRset", why);
    if (err != ERR_OK || !proven)
        return err;
    struct trusted_zone below = {0};
    err = enter(r, l->name, &(struct entry){.ds = set.rdata, .ds_n = set.n}, &below);
    if (err == ERR_OK && !r->failed) {
        trusted_zone_done(z);
        *z = below;
    }
    return err;
}

/* ------------------------------------------------------------------ anchors */

static int set_rdata(struct chain_run *r, const struct zone_node *node, uint16_t type,
                     const struct bytes **ret, size_t *ret_n)
{
    struct zone_rrset set;
    *ret_n = 0;
    if (!zone_node_rrset(node, type, &set))
        return ERR_OK;
    struct bytes *items = arena_zalloc(r->arena, set.rrs.count, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd))
        items[i] = (struct bytes){rd->data, rd->len};
    *ret = items;
    *ret_n = set.rrs.count;
    return ERR_OK;
}

static bool has_anchor(const struct zone_node *node)
{
    struct zone_rrset set;
    return zone_node_rrset(node, PT_DS, &set) || zone_node_rrset(node, PT_DNSKEY, &set);
}

/* At the parent or above; the closest. */
static bool find_anchor(const struct zone *anchors, const uint8_t *parent, struct zone_node *ret)
{
    for (const uint8_t *name = parent;; name += name[0] + 1) {
        if (zone_find(anchors, name, ret) && has_anchor(ret))
            return true;
        if (name[0] == 0)
            return false;
    }
}

static int begin(struct chain_run *r, const struct zone_node *anchor, struct trusted_zone *ret)
{
    struct entry e = {0};
    const uint8_t *name = arena_dup(r->arena, anchor->owner, name_len(anchor->owner));
    int err = name == NULL ? ERR_NOMEM : set_rdata(r, anchor, PT_DS, &e.ds, &e.ds_n);
    if (err == ERR_OK)
        err = set_rdata(r, anchor, PT_DNSKEY, &e.dnskey, &e.dnskey_n);
    return err == ERR_OK ? enter(r, name, &e, ret) : err;
}

int chain_of_parent(const struct observation *o, const struct zone *anchors,
                    const struct proof_times *times, struct arena *arena, struct trusted_zone *ret,
                    bool *ret_proven, char why[PARENT_WHY_LEN])
{
    struct chain_run r = {.o = o, .times = times, .arena = arena, .why = why};
    AUTO(trusted_zone) struct trusted_zone z = {0};
    struct zone_node anchor;
    *ret_proven = false;
    if (o->parent == NULL) {
        (void)snprintf(why, PARENT_WHY_LEN, "the parent zone was not found");
        return ERR_OK;
    }
    if (!find_anchor(anchors, o->parent, &anchor)) {
        fail(&r, o->parent, "the keys", "no trust anchor at or above it");
        return ERR_OK;
    }
    int err = begin(&r, &anchor, &z);
    while (err == ERR_OK && !r.failed && name_compare(z.name, o->parent) != 0)
        err = descend(&r, &z);
    if (err != ERR_OK || r.failed)
        return err;
    *ret = z;
    z = (struct trusted_zone){0};
    *ret_proven = true;
    return ERR_OK;
}
