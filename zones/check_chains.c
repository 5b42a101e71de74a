/*
 * zones/check_chains.c -- where the CNAMEs of a zone lead within it: loops, targets that do not
 * exist, chains too long to be followed. Listed or not; chains that leave the zone end here.
 *
 * Each CNAME leads to at most one other one, so every chain is walked once: what lies behind a
 * CNAME that was walked already is known.    Source: RFC 1034 s3.6.2, RFC 4592 s3.3.1, RFC 6672.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/grow.h"
#include "common/limits.h"
#include "zones/answer.h"
#include "zones/check.h"
#include "zones/snapshot.h"

#define SHOWN      8 /* names of a loop in its finding; the count says the rest */
#define NO_LINK    SIZE_MAX
#define HOPS_MAX   (LIMIT_CNAME_CHAIN + 1) /* more are not told apart */
#define NOT_WALKED 0

struct link {
    const uint8_t *owner;
    const uint8_t *target;
    size_t next;         /* the CNAME that the target leads to, or NO_LINK */
    size_t walk;         /* the number of the walk that came by first, or NOT_WALKED */
    uint32_t line;       /* of the CNAME */
    uint8_t own_hops;    /* to NEXT: one, and one for each DNAME between */
    uint8_t hops;        /* to the end of the chain; 0: there is none */
    bool is_target;      /* some other one leads here */
    enum answer_end end; /* of the target, when it leads to no CNAME */
};

struct chains {
    const struct check *check;
    struct link *links; /* in canonical order */
    size_t n;
    struct answer_step *step; /* a place to work */
};

/* ------------------------------------------------------------------ links */

/* Has NODE a CNAME that resolvers come to see? */
static bool is_followed(const struct zone_node *node, struct zone_rrset *cname)
{
    const uint32_t hidden = NODE_DELEGATION | NODE_BELOW_CUT | NODE_BELOW_DNAME;
    return (node->flags & hidden) == 0 && zone_node_data(node, KNOT_RRTYPE_CNAME, cname);
}

static size_t link_find(const struct chains *c, const uint8_t *owner)
{
    size_t lo = 0;
    size_t hi = c->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int cmp = name_compare(c->links[mid].owner, owner);
        if (cmp == 0)
            return mid;
        if (cmp < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NO_LINK;
}

/* From the target of LINK to the next CNAME or to the end, through DNAMEs. */
static void link_resolve(struct chains *c, struct link *link)
{
    struct answer_step *s = c->step;
    const struct zone *z = c->check->zone;
    memcpy(s->name, link->target, name_len(link->target));
    name_lower(s->name);
    s->snapshot = z;
    for (link->own_hops = 1; link->own_hops < HOPS_MAX; link->own_hops++) {
        link->end = ANSWER_OUTSIDE;
        if (!name_is_at_or_below(s->name, zone_apex(z)))
            return;
        link->end = answer_step_find(s);
        if (link->end != ANSWER_NODE)
            return;
        link->next = s->is_dname ? NO_LINK : link_find(c, s->node.owner);
        uint8_t next[256];
        if (!s->is_dname || !answer_step_next(s, next, &link->end))
            return;
        memcpy(s->name, next, name_len(next));
    }
    link->end = ANSWER_LONG;
}

static int links_take(struct chains *c)
{
    size_t cap = 0;
    struct zone_cursor at;
    struct zone_node node;
    struct zone_rrset cname;
    zone_first(c->check->zone, &at);
    while (zone_next(&at, &node)) {
        if (!is_followed(&node, &cname))
            continue;
        struct link *links = grow_items(c->links, c->n, &cap, sizeof(*links));
        if (links == NULL)
            return ERR_NOMEM;
        c->links = links;
        c->links[c->n++] = (struct link){.owner = node.owner,
                                         .target = cname.rrs.rdata->data,
                                         .line = cname.line,
                                         .next = NO_LINK};
    }
    return ERR_OK;
}

static void links_resolve(struct chains *c)
{
    for (size_t i = 0; i < c->n; i++) {
        link_resolve(c, &c->links[i]);
        if (c->links[i].next != NO_LINK)
            c->links[c->links[i].next].is_target = true;
    }
}

/* ------------------------------------------------------------------ findings */

static void report_dangling(struct chains *c, const struct link *link)
{
    const char *why = NULL;
    if (link->end == ANSWER_NOTHING)
        why = "which does not exist";
    else if (link->end == ANSWER_EMPTY)
        why = "where only names below it exist";
    else if (link->end == ANSWER_OVERFLOW)
        why = "which a DNAME makes longer than 255 octets";
    if (why == NULL)
        return;
    struct link again = *link; /* for the name that its walk ends at */
    char name[NAME_TEXT_LEN];
    link_resolve(c, &again);
    name_to_text(c->step->name, name);
    check_report(c->check, &rule_zone_cname_dangling, link->owner, KNOT_RRTYPE_CNAME, link->line,
                 "leads%s to %s, %s", link->own_hops > 1 ? " through a DNAME" : "", name, why);
}

static void name_print(const struct link *link, struct buf *out)
{
    char name[NAME_TEXT_LEN];
    name_to_text(link->owner, name);
    buf_add_str(out, name);
}

/* FROM is one of the loop: the finding is at its first name. */
static void report_loop(const struct chains *c, size_t from)
{
    size_t first = from;
    size_t n = 1;
    for (size_t i = c->links[from].next; i != from; i = c->links[i].next, n++)
        first = i < first ? i : first;
    AUTO(buf) struct buf found = {0};
    size_t at = first;
    for (size_t shown = 0; shown < n && shown < SHOWN; shown++, at = c->links[at].next) {
        name_print(&c->links[at], &found);
        buf_add_str(&found, " -> ");
    }
    if (n > SHOWN)
        buf_printf(&found, "… (%zu names) -> ", n);
    name_print(&c->links[first], &found);
    /* not by check_report: the names may be more than it has room for */
    char at_text[RECORD_TEXT_LEN];
    record_to_text(c->links[first].owner, KNOT_RRTYPE_CNAME, at_text);
    diag_add(c->check->diags, &rule_zone_cname_loop,
             AT_LINE(zone_file(c->check->zone), c->links[first].line), at_text, "%s",
             buf_str(&found));
}

static void report_long(const struct chains *c, const struct link *link)
{
    check_report(c->check, &rule_zone_cname_long, link->owner, KNOT_RRTYPE_CNAME, link->line,
                 "a chain of more links than resolvers follow");
    diag_expect(c->check->diags, "at most %u links", LIMIT_CNAME_CHAIN);
}

/* ------------------------------------------------------------------ walks */

static uint8_t hops_add(uint8_t a, uint8_t b)
{
    return a + b > HOPS_MAX ? HOPS_MAX : (uint8_t)(a + b);
}

/*
 * Follows the chain from START until it ends or comes to what was walked before. PATH has room for
 * all links.
 */
static void walk(struct chains *c, size_t start, size_t *path)
{
    size_t n = 0;
    size_t i = start;
    for (; i != NO_LINK && c->links[i].walk == NOT_WALKED; i = c->links[i].next) {
        c->links[i].walk = start + 1;
        path[n++] = i;
    }
    bool endless = i != NO_LINK && c->links[i].hops == 0;
    if (endless && c->links[i].walk == start + 1)
        report_loop(c, i);
    uint8_t behind = i == NO_LINK ? 0 : c->links[i].hops;
    while (!endless && n-- > 0) {
        struct link *link = &c->links[path[n]];
        link->hops = behind = hops_add(behind, link->own_hops);
    }
}

int check_chains(const struct check *check)
{
    struct chains c = {.check = check};
    AUTO_FREE struct answer_step *step = calloc(1, sizeof(*step));
    c.step = step;
    int err = step == NULL ? ERR_NOMEM : links_take(&c);
    AUTO_FREE struct link *links = c.links;
    AUTO_FREE size_t *path = calloc(c.n + 1, sizeof(*path));
    if (err != ERR_OK || path == NULL)
        return ERR_NOMEM;
    links_resolve(&c);
    for (size_t i = 0; i < c.n; i++)
        walk(&c, i, path);
    for (size_t i = 0; i < c.n; i++) {
        report_dangling(&c, &links[i]);
        /* once for a chain: where it begins */
        if (links[i].hops > LIMIT_CNAME_CHAIN && !links[i].is_target)
            report_long(&c, &links[i]);
    }
    return ERR_OK;
}
