/*
 * mudgen/listing.h -- the names that devices use, gathered from all services of all models: one
 * entry per name and match (DESIGN section 6). List, feeds, page and announcement are written from
 * it.
 *
 * Pure. The order of services, models and names in the inventory never shows: everything here is
 * sorted bytewise and unique.
 * Ownership: all memory comes from the caller's arena; texts are borrowed from the inventory.
 * Errors: ERR_NOMEM.
 */
#pragma once

#include "common/arena.h"
#include "common/diag.h"
#include "zones/zones.h"

struct texts { /* sorted, unique */
    const char *const *items;
    size_t n;
};

struct listing_entry {
    struct diag_where where; /* the first place that states it */
    const char *name;        /* without "*." */
    const char *text;        /* "x" or "*.x" */
    const uint8_t *wire;     /* of `name` */
    bool subdomains;
    bool required;
    bool third_party;
    uint32_t purposes;                    /* bit 1 << enum purpose */
    const struct inv_endpoint *endpoints; /* sorted, unique */
    size_t endpoint_n;
    struct texts services;
    struct texts models;
    int64_t since_at;              /* earliest; 0: not stated */
    int64_t removal_not_before_at; /* latest; 0: none */
};

struct listing {
    struct listing_entry *entries; /* by name, then exact before subdomains */
    size_t n;
};

/* Services agree on who operates a name: an inventory where they don't is not loaded. */
int listing_make(struct arena *a, const struct inventory *inv, struct listing *ret) MUST_USE;

/* Order of the list: by name, then match ("exact" < "subdomains"). */
int listing_compare(const char *name_a, bool subdomains_a, const char *name_b, bool subdomains_b);

/* Order of endpoints: protocol, port, initiator, by their texts. */
int endpoint_compare(const struct inv_endpoint *a, const struct inv_endpoint *b);

/* Sorts TEXTS and takes out repetitions; returns how many are left. */
size_t texts_sort_unique(const char **texts, size_t n);
