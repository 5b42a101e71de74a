/*
 * zones/check_servers.c -- name servers and other targets, their addresses, and what is occluded.
 *
 * Two passes over the nodes: the first follows all NS, MX and SRV targets that lie in the zone and
 * notes the nodes that name servers need; the second looks for data at and below delegations that
 * is neither glue nor part of the delegation.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/grow.h"
#include "zones/check.h"
#include "zones/pack.h"
#include "zones/snapshot.h"

struct servers {
    const struct check *c;
    const uint8_t **needed; /* owners at or below cuts that are names of name servers */
    size_t needed_n;
    size_t needed_cap;
};

static void servers_done(struct servers *s)
{
    free(s->needed);
}
DEFINE_AUTO(servers)

static bool has_address(const struct zone_node *node)
{
    return zone_node_has_data(node, KNOT_RRTYPE_A) || zone_node_has_data(node, KNOT_RRTYPE_AAAA);
}

static int need(struct servers *s, const struct zone_node *at)
{
    if ((at->flags & (NODE_DELEGATION | NODE_BELOW_CUT)) == 0)
        return ERR_OK; /* never occluded */
    const uint8_t **needed = grow_items(s->needed, s->needed_n, &s->needed_cap, sizeof(*needed));
    if (needed == NULL)
        return ERR_NOMEM;
    s->needed = needed;
    s->needed[s->needed_n++] = at->owner;
    return ERR_OK;
}

/* Views of one node have one owner, so that addresses tell nodes apart. */
static int address_compare(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (const uint8_t *const *)a;
    uintptr_t y = (uintptr_t) * (const uint8_t *const *)b;
    return x < y ? -1 : x > y;
}

static bool is_needed(const struct servers *s, const struct zone_node *node)
{
    return s->needed_n > 0 && bsearch(&node->owner, s->needed, s->needed_n, sizeof(*s->needed),
                                      address_compare) != NULL;
}

/* ------------------------------------------------------------------ targets */

static void missing_address(const struct check *c, const struct zone_node *node,
                            const struct zone_rrset *ns, const uint8_t *target,
                            const struct zone_node *cut)
{
    char text[NAME_TEXT_LEN];
    name_to_text(target, text);
    if (cut != NULL && cut->owner != node->owner)
        check_report(c, &rule_glue_sibling_missing, node->owner, KNOT_RRTYPE_NS, ns->line,
                     "name server %s is below another delegation and has no address here", text);
    else
        check_report(c, &rule_glue_missing, node->owner, KNOT_RRTYPE_NS, ns->line,
                     "name server %s has no address in the zone", text);
}

static int server_follow(struct servers *s, const struct zone_node *node,
                         const struct zone_rrset *ns, const uint8_t *target)
{
    const struct zone *z = s->c->zone;
    if (!name_is_at_or_below(target, zone_apex(z)))
        return ERR_OK;
    struct zone_node at;
    struct zone_node cut;
    bool exact = zone_find(z, target, &at);
    bool has_cut = zone_cut_above(z, target, &cut);
    bool found = exact || (!has_cut && zone_wildcard_for(z, target, &at));
    if (found && zone_node_has_data(&at, KNOT_RRTYPE_CNAME)) {
        char text[NAME_TEXT_LEN];
        name_to_text(target, text);
        check_report(s->c, &rule_ns_alias, node->owner, KNOT_RRTYPE_NS, ns->line,
                     "name server %s is a CNAME", text);
    } else if (!found || !has_address(&at)) {
        missing_address(s->c, node, ns, target, has_cut ? &cut : NULL);
    }
    return exact ? need(s, &at) : ERR_OK;
}

static void target_follow(const struct servers *s, const struct zone_node *node,
                          const struct zone_rrset *set, const uint8_t *target)
{
    struct zone_node at;
    if (!zone_find(s->c->zone, target, &at) || !zone_node_has_data(&at, KNOT_RRTYPE_CNAME))
        return;
    char text[NAME_TEXT_LEN];
    name_to_text(target, text);
    check_report(s->c, &rule_target_alias, node->owner, set->type, set->line,
                 "target %s is a CNAME", text);
}

static int targets_follow(struct servers *s, const struct zone_node *node)
{
    static const struct {
        uint16_t type;
        size_t offset; /* of the name in the rdata */
    } kinds[] = {{KNOT_RRTYPE_NS, 0}, {KNOT_RRTYPE_MX, 2}, {KNOT_RRTYPE_SRV, 6}};
    int err = ERR_OK;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct zone_rrset set;
        if (!zone_node_data(node, kinds[k].type, &set))
            continue;
        knot_rdata_t *rdata = set.rrs.rdata;
        for (uint16_t i = 0; i < set.rrs.count && err == ERR_OK; i++) {
            const uint8_t *target = rdata->data + kinds[k].offset;
            if (set.type == KNOT_RRTYPE_NS)
                err = server_follow(s, node, &set, target);
            else
                target_follow(s, node, &set, target);
            rdata = knot_rdataset_next(rdata);
        }
    }
    return err;
}

/* ------------------------------------------------------------------ occlusion */

static bool belongs_to_cut(uint16_t type)
{
    return type == KNOT_RRTYPE_NS || type == KNOT_RRTYPE_DS || type == KNOT_RRTYPE_NSEC ||
           type == KNOT_RRTYPE_NSEC3;
}

static bool is_address(uint16_t type)
{
    return type == KNOT_RRTYPE_A || type == KNOT_RRTYPE_AAAA;
}

static void occlusion_check(const struct servers *s, const struct zone_node *node)
{
    bool at_cut = node->flags & NODE_DELEGATION;
    if (!at_cut && !(node->flags & NODE_BELOW_CUT))
        return;
    bool needed = is_needed(s, node);
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        if (set.rrs.count == 0 || (at_cut && belongs_to_cut(set.type)) ||
            (needed && is_address(set.type)))
            continue;
        check_report(s->c, &rule_occluded_delegation, node->owner, set.type, set.line,
                     is_address(set.type)
                         ? "the name is delegated away and no name server needs this address"
                         : "the name is delegated away, so nobody can see this record");
    }
}

int check_servers(const struct check *c)
{
    AUTO(servers) struct servers s = {.c = c};
    struct zone_cursor at;
    struct zone_node node;
    zone_first(c->zone, &at);
    while (zone_next(&at, &node)) {
        int err = node.flags & NODE_BELOW_CUT ? ERR_OK : targets_follow(&s, &node);
        if (err != ERR_OK)
            return err;
    }
    if (s.needed_n > 0)
        qsort(s.needed, s.needed_n, sizeof(*s.needed), address_compare);
    zone_first(c->zone, &at);
    while (zone_next(&at, &node))
        occlusion_check(&s, &node);
    return ERR_OK;
}
