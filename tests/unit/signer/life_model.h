/*
 * tests/unit/signer/life_model.h -- what validators may have in their caches, and whether any of
 * them could find the chain bogus.
 *
 * Knows nothing of rollovers and intervals. DS RRset, DNSKEY RRset and the zone's data each have a
 * track of versions; a version can be in a cache from the moment the first server has it until its
 * TTL after the last server had it. Caches fetch when they like, so any DS version, DNSKEY version
 * and data version whose windows share a moment are together in some cache, and must validate by
 * the strictest reading in use: every algorithm of the DS RRset (RFC 6840 s5.11, as validators that
 * guard against downgrades do it), and every algorithm of the DNSKEY RRset (RFC 4035 s2.2; RFC 6781
 * s4.1.4 says why). Windows are half open, moments are Unix seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/grow.h"
#include "tests/support/testing.h"

#define NEVER INT64_MAX

/* ------------------------------------------------------------------ keys, by number */

struct known_key {
    uint8_t algorithm;
    bool signs_keys; /* KSK, CSK: its signature over a DNSKEY RRset that it is in */
};

#define KEYS_SHOWN_MAX 40

struct key_ids { /* ascending */
    uint16_t at[KEYS_SHOWN_MAX];
    size_t n;
};

static inline void ids_add(struct key_ids *ids, uint16_t id)
{
    size_t i = ids->n++;
    assert_true(ids->n <= KEYS_SHOWN_MAX);
    for (; i > 0 && ids->at[i - 1] > id; i--)
        ids->at[i] = ids->at[i - 1];
    ids->at[i] = id;
}

static inline bool ids_have(const struct key_ids *ids, uint16_t id)
{
    for (size_t i = 0; i < ids->n; i++) {
        if (ids->at[i] == id)
            return true;
    }
    return false;
}

static inline bool ids_equal(const struct key_ids *a, const struct key_ids *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n * sizeof *a->at) == 0;
}

/* ------------------------------------------------------------------ versions */

struct version {
    struct key_ids keys; /* DS: of these; DNSKEY: these; data: signed by these */
    uint32_t ttl_s;
    size_t made_in;   /* the number of the build that first had it */
    int64_t from_at;  /* the first server has it */
    int64_t until_at; /* the last server had it */
    size_t told_in;   /* DS: the number of the build that heard of it; 0: none did */
    bool is_wrong;    /* DS: the parent did what nobody asked for */
};

struct track {
    struct version *items; /* in order of from_at */
    size_t n;
    size_t cap;
};

static inline void track_done(struct track *t)
{
    free(t->items);
    *t = (struct track){0};
}

static inline struct version *track_last(const struct track *t)
{
    return t->n == 0 ? NULL : &t->items[t->n - 1];
}

/* Servers begin to give V from v->from_at on; the same again is no new version. */
static inline void track_show(struct track *t, const struct version *v)
{
    struct version *last = track_last(t);
    if (last != NULL && ids_equal(&last->keys, &v->keys) && last->ttl_s == v->ttl_s &&
        last->is_wrong == v->is_wrong)
        return;
    t->items = grow_items(t->items, t->n, &t->cap, sizeof *t->items);
    assert_non_null(t->items);
    t->items[t->n] = *v;
    t->items[t->n].until_at = NEVER;
    t->items[t->n].told_in = 0;
    t->n++;
}

/* From AT on all servers have the last version. */
static inline void track_settle(struct track *t, int64_t at)
{
    for (size_t i = t->n; i-- > 1 && t->items[i - 1].until_at == NEVER;)
        t->items[i - 1].until_at = at;
}

static inline int64_t version_end(const struct version *v)
{
    return v->until_at == NEVER ? NEVER : v->until_at + v->ttl_s;
}

static inline bool versions_meet(const struct version *a, const struct version *b)
{
    return a->from_at < version_end(b) && b->from_at < version_end(a);
}

/* ------------------------------------------------------------------ the verdict */

struct algorithms {
    bool has[256];
};

static inline struct algorithms algorithms_of(const struct key_ids *ids,
                                              const struct known_key *keys)
{
    struct algorithms a = {{false}};
    for (size_t i = 0; i < ids->n; i++)
        a.has[keys[ids->at[i]].algorithm] = true;
    return a;
}

/* Does a key of ALGORITHM that is in both A and B exist, one that signs keys when so WANTED? */
static inline bool shares_key(const struct key_ids *a, const struct key_ids *b, uint8_t algorithm,
                              bool wants_signs_keys, const struct known_key *keys)
{
    for (size_t i = 0; i < a->n; i++) {
        const struct known_key *k = &keys[a->at[i]];
        if (k->algorithm == algorithm && (k->signs_keys || !wants_signs_keys) &&
            ids_have(b, a->at[i]))
            return true;
    }
    return false;
}

/* NULL: secure, or insecure for want of a DS; else why it is bogus. */
static inline const char *why_bogus(const struct key_ids *ds, const struct key_ids *dnskey,
                                    const struct key_ids *data, const struct known_key *keys)
{
    if (ds->n == 0)
        return NULL;
    for (size_t i = 0; i < ds->n; i++) {
        uint8_t algorithm = keys[ds->at[i]].algorithm;
        if (!shares_key(ds, dnskey, algorithm, true, keys))
            return "an algorithm of the DS RRset has no key that is in DS and DNSKEY RRset";
        if (!shares_key(dnskey, data, algorithm, false, keys))
            return "an algorithm of the DS RRset has no signature over data by a DNSKEY";
    }
    for (size_t i = 0; i < dnskey->n; i++) {
        uint8_t algorithm = keys[dnskey->at[i]].algorithm;
        if (!shares_key(dnskey, dnskey, algorithm, true, keys))
            return "an algorithm of the DNSKEY RRset does not sign it";
        if (!shares_key(dnskey, data, algorithm, false, keys))
            return "an algorithm of the DNSKEY RRset does not sign data";
    }
    return NULL;
}

struct world_shown {
    struct track ds;
    struct track dnskey;
    struct track data;
};

struct bogus {
    const char *why; /* NULL: none */
    struct version ds;
    struct version dnskey;
    struct version data;
};

/* The first pair of zone versions that meets D, was made by builds FROM to UNTIL, and breaks. */
static inline struct bogus first_bogus(const struct world_shown *w, const struct version *d,
                                       const struct known_key *keys, size_t from, size_t until)
{
    size_t start = 0;
    for (size_t i = 0; i < w->dnskey.n; i++) {
        const struct version *k = &w->dnskey.items[i];
        if (k->from_at >= version_end(d))
            break;
        if (!versions_meet(d, k))
            continue;
        while (start < w->data.n && version_end(&w->data.items[start]) <= d->from_at)
            start++;
        for (size_t j = start; j < w->data.n; j++) {
            const struct version *v = &w->data.items[j];
            if (v->from_at >= version_end(d) || v->from_at >= version_end(k))
                break;
            size_t made_in = k->made_in > v->made_in ? k->made_in : v->made_in;
            if (made_in < from || made_in >= until || !versions_meet(d, v) || !versions_meet(k, v))
                continue;
            const char *why = why_bogus(&d->keys, &k->keys, &v->keys, keys);
            if (why != NULL)
                return (struct bogus){why, *d, *k, *v};
        }
    }
    return (struct bogus){0};
}

/*
 * A DS that the parent shows against the zone's word may break the chain by itself; nobody can help
 * that. But where it does not, and the signer was told of it, nothing the signer does later may.
 */
static inline struct bogus bogus_of_ds(const struct world_shown *w, const struct version *d,
                                       const struct known_key *keys)
{
    if (!d->is_wrong)
        return first_bogus(w, d, keys, 0, SIZE_MAX);
    if (d->told_in == 0 || first_bogus(w, d, keys, 0, d->told_in).why != NULL)
        return (struct bogus){0};
    return first_bogus(w, d, keys, d->told_in, SIZE_MAX);
}

/* Does any validator, at any moment, with any caches, find the zone bogus? */
static inline struct bogus world_bogus(const struct world_shown *w, const struct known_key *keys)
{
    for (size_t i = 0; i < w->ds.n; i++) {
        struct bogus b = {0};
        if (w->ds.items[i].keys.n > 0)
            b = bogus_of_ds(w, &w->ds.items[i], keys);
        if (b.why != NULL)
            return b;
    }
    return (struct bogus){0};
}
