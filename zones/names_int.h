/*
 * zones/names_int.h -- shared by names.c (listed names) and names_unlisted.c (the others).
 */
#pragma once

#include "common/arena.h"
#include "zones/answer.h"

struct names {
    const struct zone_set *set;
    struct diags *diags;
    struct arena *arena;
    struct name_map *known; /* names that are listed, or that those lead on to */
    struct answer *answer;
    bool broken;
};

/* A, AAAA, CNAME, HTTPS, SVCB: what makes a name one that devices use. */
bool node_is_usable(const struct zone_node *node);

/* Marks NAME (or, with SUBDOMAINS, all below it) as known. */
int names_know(struct names *c, const uint8_t *name, bool subdomains) MUST_USE;

/* One note for each zone that has names under no service. */
int names_unlisted(struct names *c) MUST_USE;
