/*
 * tests/unit/signer/change_case.h -- a zone's unsigned content as a sorted list, and random changes
 * of it, from a seed.
 *
 * Names are drawn so that what is hard happens often: names below others, below cuts and DNAMEs;
 * empty non-terminals that come and go; wildcards; names directly before and after the first name
 * of a leaf; names that are the hash of another.
 */
#pragma once

#include "common/arena.h"
#include "common/grow.h"
#include "tests/support/chance.h"
#include "tests/unit/signer/sign_testing.h"

/* ------------------------------------------------------------------ content */

enum {
    CT_A = 1,
    CT_NS = 2,
    CT_CNAME = 5,
    CT_SOA = 6,
    CT_MX = 15,
    CT_TXT = 16,
    CT_AAAA = 28,
    CT_DNAME = 39,
    CT_DS = 43,
    CT_CAA = 257,
    CT_ODD = 65280 /* the last window of a bit map */
};

#define CASE_APEX "example."
#define ITEM_MAX  300

struct item { /* a record; never changes */
    uint8_t owner[256];
    uint16_t type;
    uint32_t ttl;
    size_t len;
    uint8_t rdata[ITEM_MAX];
};

struct content {         /* sorted by owner, type, rdata; one TTL an RRset */
    struct arena *arena; /* borrowed: holds the items */
    const struct item **items;
    size_t n;
    size_t cap;
};

static inline void content_done(struct content *c)
{
    free(c->items);
    *c = (struct content){0};
}

DEFINE_AUTO(content)

static inline struct content content_copy(const struct content *c)
{
    struct content copy = {.arena = c->arena, .n = c->n, .cap = c->n + 1};
    copy.items = malloc(copy.cap * sizeof(const struct item *));
    assert_non_null(copy.items);
    memcpy(copy.items, c->items, c->n * sizeof(const struct item *));
    return copy;
}

static inline int item_compare(const struct item *a, const struct item *b)
{
    int cmp = name_compare(a->owner, b->owner);
    if (cmp != 0)
        return cmp;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    size_t len = a->len < b->len ? a->len : b->len;
    cmp = memcmp(a->rdata, b->rdata, len);
    return cmp != 0 ? cmp : (a->len > b->len) - (a->len < b->len);
}

/* The first place that is not before IT. */
static inline size_t content_seek(const struct content *c, const struct item *it)
{
    size_t lo = 0;
    for (size_t hi = c->n; lo < hi;) {
        size_t mid = lo + (hi - lo) / 2;
        if (item_compare(c->items[mid], it) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static inline bool item_same_set(const struct item *a, const struct item *b)
{
    return a->type == b->type && name_compare(a->owner, b->owner) == 0;
}

static inline void content_drop(struct content *c, size_t i)
{
    memmove(&c->items[i], &c->items[i + 1], (c->n - i - 1) * sizeof(const struct item *));
    c->n--;
}

static inline void content_put(struct content *c, const struct item *it)
{
    size_t at = content_seek(c, it);
    if (at < c->n && item_compare(c->items[at], it) == 0)
        return;
    struct item *kept = arena_alloc(c->arena, sizeof(*kept));
    const struct item **items = grow_items(c->items, c->n, &c->cap, sizeof(const struct item *));
    assert_non_null(kept);
    assert_non_null(items);
    c->items = items;
    *kept = *it;
    if (at < c->n && item_same_set(c->items[at], it))
        kept->ttl = c->items[at]->ttl;
    else if (at > 0 && item_same_set(c->items[at - 1], it))
        kept->ttl = c->items[at - 1]->ttl;
    memmove(&c->items[at + 1], &c->items[at], (c->n - at) * sizeof(const struct item *));
    c->items[at] = kept;
    c->n++;
}

static inline struct zone *content_zone(const struct content *c)
{
    struct zone_builder *b = zone_builder_new(wire(CASE_APEX), NULL);
    struct zone *z = NULL;
    assert_non_null(b);
    for (size_t i = 0; i < c->n; i++) {
        const struct item *it = c->items[i];
        assert_int_equal(zone_builder_add(b, it->owner, it->type, it->ttl, it->rdata, it->len, 0),
                         ERR_OK);
    }
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    return z;
}

/* ------------------------------------------------------------------ random names and data */

struct maker { /* makes a change */
    struct chance *chance;
    struct content *content;
    const struct zone *signed_zone; /* whose leaves and hashes names are drawn from; or NULL */
};

/* LABEL in front of PARENT; PARENT itself where that is too long. */
static inline void name_prefix(const char *label, size_t len, const uint8_t *parent,
                               uint8_t out[256])
{
    uint8_t name[320];
    size_t rest = name_len(parent);
    name[0] = (uint8_t)len;
    memcpy(name + 1, label, len);
    memcpy(name + 1 + len, parent, rest);
    bool fits = 1 + len + rest <= 255;
    memcpy(out, fits ? name : parent, fits ? 1 + len + rest : rest);
}

static inline void random_child(struct chance *c, const uint8_t *parent, uint8_t out[256])
{
    static const char *const labels[] = {"a", "b", "c", "ns", "www", "*", "_x", "cut"};
    char number[16];
    if (percent(c, 60)) {
        const char *label = labels[below(c, sizeof(labels) / sizeof(labels[0]))];
        name_prefix(label, strlen(label), parent, out);
    } else if (percent(c, 90)) {
        int len = snprintf(number, sizeof(number), "n%zu", below(c, 1000));
        name_prefix(number, (size_t)len, parent, out);
    } else {
        size_t len = 1 + below(c, 3);
        for (size_t i = 0; i < len; i++)
            number[i] = percent(c, 50) ? '\0' : '\xff';
        name_prefix(number, len, parent, out);
    }
}

static inline const struct item *random_item(const struct maker *m)
{
    return m->content->items[below(m->chance, m->content->n)];
}

/* Directly before or after the first name of a leaf, or that name. */
static inline bool border_name(const struct maker *m, uint8_t out[256])
{
    struct zone_segments *segments = NULL;
    struct zone_cursor cursor;
    struct zone_node n;
    assert_int_equal(zone_segments_new(m->signed_zone, &segments), ERR_OK);
    zone_segment(segments, below(m->chance, zone_segment_n(segments)), &cursor);
    zone_segments_free(segments);
    if (!zone_next(&cursor, &n) || (n.flags & (NODE_NSEC3 | NODE_APEX)) != 0)
        return false;
    size_t len = n.owner[0];
    char label[64];
    memcpy(label, n.owner + 1, len);
    switch (below(m->chance, 3)) {
    case 0: break;
    case 1: name_prefix("\0", 1, n.owner, out); return true; /* RFC 4471 s3.1.2 */
    default:
        if (label[len - 1] == '\0' || len > 62)
            return false;
        label[len - 1]--;
        label[len++] = '\xff';
    }
    name_prefix(label, len, n.owner + 1 + n.owner[0], out);
    return true;
}

/* The owner of an NSEC3: a name and a hash in one. */
static inline bool hash_name(const struct maker *m, uint8_t out[256])
{
    struct zone_cursor cursor;
    struct zone_node n;
    size_t skip = below(m->chance, zone_node_n(m->signed_zone));
    zone_first(m->signed_zone, &cursor);
    for (size_t i = 0; zone_next(&cursor, &n); i++) {
        if (i >= skip && (n.flags & NODE_NSEC3) != 0) {
            memcpy(out, n.owner, name_len(n.owner));
            return true;
        }
    }
    return false;
}

static inline void random_owner(const struct maker *m, uint8_t out[256])
{
    struct chance *c = m->chance;
    size_t kind = below(c, 100);
    uint8_t middle[256];
    if (m->signed_zone != NULL && kind < 10 && border_name(m, out))
        return;
    if (m->signed_zone != NULL && kind >= 10 && kind < 13 && hash_name(m, out))
        return;
    if (kind < 35) {
        const struct item *it = random_item(m);
        memcpy(out, it->owner, name_len(it->owner));
    } else if (kind < 60) {
        random_child(c, random_item(m)->owner, out);
    } else if (kind < 75) {
        random_child(c, random_item(m)->owner, middle);
        random_child(c, middle, out);
    } else {
        random_child(c, wire(CASE_APEX), out);
    }
}

static inline size_t put_name(struct chance *c, uint8_t *out)
{
    static const char *const names[] = {"ns.example.", "a.example.", "mx.other.test.",
                                        "www.b.example.", "other.test."};
    const uint8_t *name = wire(names[below(c, sizeof(names) / sizeof(names[0]))]);
    size_t len = name_len(name);
    memcpy(out, name, len);
    return len;
}

static inline void random_rdata(struct chance *c, struct item *it)
{
    uint8_t *p = it->rdata;
    memset(p, 0, sizeof(it->rdata));
    switch (it->type) {
    case CT_A:
        memcpy(p, "\xc0\x00\x02", 3);
        p[3] = (uint8_t)below(c, 12);
        it->len = 4;
        break;
    case CT_AAAA:
        p[15] = (uint8_t)below(c, 5);
        it->len = 16;
        break;
    case CT_NS:
    case CT_CNAME:
    case CT_DNAME: it->len = put_name(c, p); break;
    case CT_MX:
        p[1] = (uint8_t)below(c, 3);
        it->len = 2 + put_name(c, p + 2);
        break;
    case CT_DS:
        p[1] = (uint8_t)below(c, 3);
        p[2] = 13;
        p[3] = 2;
        memset(p + 4, (int)below(c, 200), 32);
        it->len = 36;
        break;
    case CT_CAA:
        memcpy(p, "\0\5issue;", 8);
        it->len = 8;
        break;
    default: /* TXT, and a type of no known form */
        p[0] = (uint8_t)(percent(c, 5) ? 200 + below(c, 50) : below(c, 20));
        memset(p + 1, 'a' + (int)below(c, 4), p[0]);
        it->len = 1u + p[0];
    }
}

/* ------------------------------------------------------------------ random changes */

static inline void add_record(const struct maker *m, const uint8_t *owner, uint16_t type)
{
    static const uint32_t ttls[] = {3600, 300, 86400, 60, 0};
    struct item it = {.type = type, .ttl = ttls[below(m->chance, 5)]};
    memcpy(it.owner, owner, name_len(owner));
    random_rdata(m->chance, &it);
    content_put(m->content, &it);
}

/* Takes out what KEEP is false for; the apex SOA and the last apex NS stay. */
static inline void content_filter(struct content *c,
                                  bool (*keep)(const struct item *, const void *), const void *what)
{
    const uint8_t *apex = wire(CASE_APEX);
    size_t n = 0;
    size_t apex_ns = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct item *it = c->items[i];
        bool at_apex = name_compare(it->owner, apex) == 0;
        bool last_ns = at_apex && it->type == CT_NS && apex_ns == 0 &&
                       (i + 1 == c->n || !item_same_set(it, c->items[i + 1]));
        if ((at_apex && it->type == CT_SOA) || last_ns || keep(it, what)) {
            apex_ns += at_apex && it->type == CT_NS;
            c->items[n++] = it;
        }
    }
    c->n = n;
}

static inline bool is_other_record(const struct item *it, const void *what)
{
    return it != what;
}

static inline bool is_other_set(const struct item *it, const void *what)
{
    return !item_same_set(it, what);
}

static inline bool is_other_name(const struct item *it, const void *what)
{
    return name_compare(it->owner, what) != 0;
}

static inline bool is_outside(const struct item *it, const void *what)
{
    return !name_is_at_or_below(it->owner, what);
}

static inline bool is_lucky(const struct item *it, const void *what)
{
    (void)it;
    return percent((struct chance *)(uintptr_t)what, 60);
}

static inline void remove_something(const struct maker *m)
{
    const struct item *it = random_item(m);
    const uint8_t *parent = it->owner + 1 + it->owner[0];
    size_t kind = below(m->chance, 10);
    if (kind < 3)
        content_filter(m->content, is_other_record, it);
    else if (kind < 5)
        content_filter(m->content, is_other_set, it);
    else if (kind == 5 && name_is_below(parent, wire(CASE_APEX)))
        content_filter(m->content, is_outside, parent);
    else
        content_filter(m->content, is_other_name, it->owner);
}

static inline void add_plain(const struct maker *m)
{
    static const uint16_t types[] = {CT_A, CT_A, CT_AAAA, CT_TXT, CT_TXT, CT_MX, CT_CAA, CT_ODD};
    uint8_t owner[256];
    random_owner(m, owner);
    for (size_t i = 1 + below(m->chance, 3); i > 0; i--)
        add_record(m, owner, types[below(m->chance, sizeof(types) / sizeof(types[0]))]);
}

static inline void add_alone(const struct maker *m) /* a CNAME, mostly with nothing beside it */
{
    uint8_t owner[256];
    random_owner(m, owner);
    if (name_compare(owner, wire(CASE_APEX)) == 0)
        return;
    if (percent(m->chance, 90))
        content_filter(m->content, is_other_name, owner);
    add_record(m, owner, CT_CNAME);
}

static inline void add_cut(const struct maker *m)
{
    uint8_t owner[256];
    uint8_t glue[256];
    random_owner(m, owner);
    if (percent(m->chance, 15)) { /* DS that comes to a cut, or stands without one */
        add_record(m, owner, CT_DS);
        return;
    }
    if (percent(m->chance, 50))
        content_filter(m->content, is_other_name, owner);
    add_record(m, owner, CT_NS);
    if (percent(m->chance, 40))
        add_record(m, owner, CT_DS);
    if (percent(m->chance, 50)) {
        random_child(m->chance, owner, glue);
        add_record(m, glue, CT_A);
    }
}

static inline void add_dname(const struct maker *m)
{
    uint8_t owner[256];
    random_owner(m, owner);
    if (name_compare(owner, wire(CASE_APEX)) == 0 && percent(m->chance, 80))
        return;
    add_record(m, owner, CT_DNAME);
}

/* Another TTL for an RRset. */
static inline void change_ttl(const struct maker *m)
{
    struct content *c = m->content;
    const struct item *one = random_item(m);
    uint32_t ttl = one->ttl == 1800 ? 900 : 1800;
    if (one->type == CT_SOA)
        return;
    for (size_t i = 0; i < c->n; i++) {
        if (!item_same_set(c->items[i], one))
            continue;
        struct item *changed = arena_alloc(c->arena, sizeof(*changed));
        assert_non_null(changed);
        *changed = *c->items[i];
        changed->ttl = ttl;
        c->items[i] = changed;
    }
}

/* Another SOA MINIMUM, which the TTL of the whole chain follows (RFC 9077 s3). */
static inline void change_soa(const struct maker *m)
{
    struct content *c = m->content;
    for (size_t i = 0; i < c->n; i++) {
        if (c->items[i]->type != CT_SOA)
            continue;
        struct item *soa = arena_alloc(c->arena, sizeof(*soa));
        assert_non_null(soa);
        *soa = *c->items[i];
        soa->rdata[soa->len - 1] = (uint8_t)(soa->rdata[soa->len - 1] + 1 + below(m->chance, 50));
        c->items[i] = soa;
        return;
    }
}

/* One step; SIZE records are what the zone tends to. */
static inline void change_step(const struct maker *m, size_t size)
{
    size_t kind = below(m->chance, 1000);
    bool full = m->content->n >= size + below(m->chance, size / 2 + 2);
    if (kind < 4)
        change_soa(m);
    else if (kind < 20)
        content_filter(m->content, is_lucky, m->chance);
    else if (kind < 70)
        change_ttl(m);
    else if (full || kind < 300)
        remove_something(m);
    else if (kind < 450)
        add_cut(m);
    else if (kind < 520)
        add_dname(m);
    else if (kind < 600)
        add_alone(m);
    else
        add_plain(m);
}
