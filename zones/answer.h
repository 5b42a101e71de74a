/*
 * zones/answer.h -- how the managed zones answer a name: wildcards, CNAME and DNAME followed.
 *
 * Over loaded snapshots, across all managed zones: what a device gets whose resolver asks them.
 * Pure. Ownership: names and nodes in steps are held in the struct or views of the snapshots, which
 * must be held as long.
 * Limits: LIMIT_CNAME_CHAIN links.    Source: RFC 1034 s4.3.2, RFC 4592, RFC 6672.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"
#include "zones/inventory_map.h"
#include "zones/zones.h"

enum answer_end {
    ANSWER_NODE,      /* the last name has data */
    ANSWER_EMPTY,     /* it has none, but names below it do */
    ANSWER_NOTHING,   /* it does not exist, and no wildcard covers it */
    ANSWER_DELEGATED, /* it is at or below a zone cut, and no managed zone holds it */
    ANSWER_OUTSIDE,   /* it is in no managed zone */
    ANSWER_UNLOADED,  /* its zone could not be loaded: nothing is known */
    ANSWER_LOOP,      /* the chain comes back to a name of its own */
    ANSWER_LONG,      /* the chain has more links than anyone follows */
    ANSWER_OVERFLOW   /* a DNAME makes a name of over 255 octets */
};

struct answer_step {
    uint8_t name[256];           /* what is asked for here */
    const struct inv_zone *zone; /* NULL: in no managed zone */
    const struct zone *snapshot; /* of that zone; NULL: not loaded */
    bool has_node;               /* else NODE says nothing */
    struct zone_node node;       /* that answers: NAME's own, a wildcard, a DNAME, a cut */
    bool is_wildcard;            /* NODE is one, and NAME is not it */
    bool is_dname;
};

struct answer {
    enum answer_end end;
    size_t n; /* steps; the last one is where END is about */
    struct answer_step steps[LIMIT_CNAME_CHAIN + 1];
};

struct answer *answer_new(void); /* over 4 KiB: on the heap */
void answer_free(struct answer *a);
DEFINE_AUTO_PTR(answer)

/*
 * One link of a chain. What answers S->name in S->snapshot, which S holds before (its zone is not
 * asked for): HAS_NODE, NODE, IS_WILDCARD and IS_DNAME are set; ANSWER_NODE when there is data.
 */
enum answer_end answer_step_find(struct answer_step *s);
/* Does the answer of S lead on? The next name goes to OUT; *RET_END says why not. */
bool answer_step_next(const struct answer_step *s, uint8_t out[256], enum answer_end *ret_end);

void answer_follow(const struct zone_set *set, const uint8_t *name, struct answer *ret);
const struct answer_step *answer_last(const struct answer *a);

/* A name that services list, once for all services that list it. */
struct listed_name {
    const struct inv_domain *domain; /* its first, of a service that a model uses if there is one */
    bool is_used;                    /* some model uses it */
};

struct listed_names {
    struct listed_name *items;
    size_t n;
};
void listed_names_done(struct listed_names *l);
DEFINE_AUTO(listed_names)
int listed_names_take(const struct inventory *inv, struct listed_names *ret) MUST_USE;

/* "*.": every name below; "": the name itself. */
const char *domain_star(const struct inv_domain *d);
/* Tells names apart by name and match, within SCOPE. */
struct map_key domain_key(const struct inv_domain *d, const void *scope);
