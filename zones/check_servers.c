/*
 * zones/check_servers.c -- name servers and other targets, their addresses, and what is occluded.
 *
 * Two passes over the nodes: the first follows all NS, MX and SRV targets that lie in the zone and
 * marks the nodes that name servers need; the second looks for data at and below delegations that
 * is neither glue nor part of the delegation.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "zones/check.h"
#include "zones/snapshot.h"

struct servers {
    const struct check *c;
    bool *needed; /* by node: it is the name of a name server */
};

static bool has_address(const struct zone_node *node)
{
    return zone_node_data(node, KNOT_RRTYPE_A) != NULL ||
           zone_node_data(node, KNOT_RRTYPE_AAAA) != NULL;
}

static void missing_address(const struct check *c, const struct zone_node *node,
                            const struct zone_rrset *ns, const uint8_t *target,
                            const struct zone_node *cut)
{
    char text[NAME_TEXT_LEN];
    name_to_text(target, text);
    if (cut != NULL && cut != node)
        check_report(c, &rule_glue_sibling_missing, node, KNOT_RRTYPE_NS, ns->line,
                     "name server %s is below another delegation and has no address here", text);
    else
        check_report(c, &rule_glue_missing, node, KNOT_RRTYPE_NS, ns->line,
                     "name server %s has no address in the zone", text);
}

static void server_follow(struct servers *s, const struct zone_node *node,
                          const struct zone_rrset *ns, const uint8_t *target)
{
    const struct zone *z = s->c->zone;
    if (!name_is_at_or_below(target, zone_apex(z)))
        return;
    bool exact = false;
    size_t i = zone_find_index(z, target, &exact);
    const struct zone_node *at = exact ? zone_node_at(z, i) : NULL;
    const struct zone_node *cut = zone_cut_above(z, target);
    if (exact)
        s->needed[i] = true;
    else if (cut == NULL)
        at = zone_wildcard_for(z, target);
    if (at != NULL && zone_node_data(at, KNOT_RRTYPE_CNAME) != NULL) {
        char text[NAME_TEXT_LEN];
        name_to_text(target, text);
        check_report(s->c, &rule_ns_alias, node, KNOT_RRTYPE_NS, ns->line,
                     "name server %s is a CNAME", text);
    } else if (at == NULL || !has_address(at)) {
        missing_address(s->c, node, ns, target, cut);
    }
}

static void target_follow(struct servers *s, const struct zone_node *node,
                          const struct zone_rrset *set, const uint8_t *target)
{
    const struct zone_node *at = zone_find(s->c->zone, target);
    if (at == NULL || zone_node_data(at, KNOT_RRTYPE_CNAME) == NULL)
        return;
    char text[NAME_TEXT_LEN];
    name_to_text(target, text);
    check_report(s->c, &rule_target_alias, node, set->type, set->line, "target %s is a CNAME",
                 text);
}

static void targets_follow(struct servers *s, const struct zone_node *node)
{
    static const struct {
        uint16_t type;
        size_t offset; /* of the name in the rdata */
    } kinds[] = {{KNOT_RRTYPE_NS, 0}, {KNOT_RRTYPE_MX, 2}, {KNOT_RRTYPE_SRV, 6}};
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        const struct zone_rrset *set = zone_node_data(node, kinds[k].type);
        if (set == NULL)
            continue;
        knot_rdata_t *rdata = set->rrs.rdata;
        for (uint16_t i = 0; i < set->rrs.count; i++, rdata = knot_rdataset_next(rdata)) {
            const uint8_t *target = rdata->data + kinds[k].offset;
            if (set->type == KNOT_RRTYPE_NS)
                server_follow(s, node, set, target);
            else
                target_follow(s, node, set, target);
        }
    }
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

static void occlusion_check(const struct servers *s, size_t i)
{
    const struct zone_node *node = zone_node_at(s->c->zone, i);
    bool at_cut = node->flags & NODE_DELEGATION;
    if (!at_cut && !(node->flags & NODE_BELOW_CUT))
        return;
    if (node->flags & NODE_NSEC3)
        return;
    for (size_t j = 0; j < node->rrset_n; j++) {
        const struct zone_rrset *set = &node->rrsets[j];
        if (set->rrs.count == 0 || (at_cut && belongs_to_cut(set->type)) ||
            (s->needed[i] && is_address(set->type)))
            continue;
        check_report(s->c, &rule_occluded_delegation, node, set->type, set->line,
                     is_address(set->type)
                         ? "the name is delegated away and no name server needs this address"
                         : "the name is delegated away, so nobody can see this record");
    }
}

int check_servers(const struct check *c)
{
    size_t n = zone_node_n(c->zone);
    AUTO_FREE bool *needed = calloc(n + 1, sizeof(*needed));
    if (needed == NULL)
        return ERR_NOMEM;
    struct servers s = {c, needed};
    for (size_t i = 0; i < n; i++) {
        if (!(zone_node_at(c->zone, i)->flags & NODE_BELOW_CUT))
            targets_follow(&s, zone_node_at(c->zone, i));
    }
    for (size_t i = 0; i < n; i++)
        occlusion_check(&s, i);
    return ERR_OK;
}
