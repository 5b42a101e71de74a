/*
 * zones/check.c -- zone semantics: what a name server or validator would refuse or get wrong in a
 * zone whose every record is well-formed.
 */
#include "zones/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "zones/pack.h"
#include "zones/snapshot.h"

/* What such a rule misses may stand in a line that could not be read. */
static bool is_about_lack(const struct diag_rule *rule)
{
    const struct diag_rule *const rules[] = {
        &rule_soa_missing,         &rule_ns_apex_missing,      &rule_ds_without_ns,
        &rule_glue_missing,        &rule_glue_sibling_missing, &rule_occluded_delegation,
        &rule_zone_cname_dangling, &rule_cds_mismatch,         &rule_cds_alone,
        &rule_cds_no_key,          &rule_cds_key_absent};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rule == rules[i])
            return true;
    }
    return false;
}

void check_report(const struct check *c, const struct diag_rule *rule, const uint8_t *owner,
                  uint16_t type, uint32_t line, const char *fmt, ...)
{
    char at[RECORD_TEXT_LEN];
    char found[NAME_TEXT_LEN + 256];
    if (c->zone->is_partial && is_about_lack(rule))
        return;
    record_to_text(owner, type, at);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(found, sizeof(found), fmt, ap);
    va_end(ap);
    diag_add(c->diags, rule, AT_LINE(zone_file(c->zone), line), at, "%s", found);
}

/* ------------------------------------------------------------------ apex */

static void check_apex(const struct check *c)
{
    const uint8_t *owner = zone_apex(c->zone);
    struct zone_node apex;
    struct zone_rrset soa;
    struct zone_rrset ds;
    bool exists = zone_find(c->zone, owner, &apex);
    if (!exists || !zone_node_data(&apex, KNOT_RRTYPE_SOA, &soa))
        check_report(c, &rule_soa_missing, owner, KNOT_RRTYPE_SOA, 0, "no SOA at the apex");
    else if (soa.rrs.count > 1)
        check_report(c, &rule_soa_multiple, owner, KNOT_RRTYPE_SOA, soa.line_next,
                     "%u different SOA records", (unsigned)soa.rrs.count);
    if (!exists || !zone_node_has_data(&apex, KNOT_RRTYPE_NS))
        check_report(c, &rule_ns_apex_missing, owner, KNOT_RRTYPE_NS, 0, "no NS at the apex");
    if (exists && zone_node_data(&apex, KNOT_RRTYPE_DS, &ds))
        check_report(c, &rule_ds_apex, owner, KNOT_RRTYPE_DS, ds.line,
                     "a DS record at the apex; it belongs into the parent zone");
}

/* ------------------------------------------------------------------ one node */

/* RFC 2181 s10.1, RFC 4035 s2.5: security records may stand beside a CNAME. */
static bool may_be_beside_cname(uint16_t type)
{
    return type == KNOT_RRTYPE_CNAME || type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_RRSIG ||
           type == KNOT_RRTYPE_KEY || type == KNOT_RRTYPE_SIG || type == KNOT_RRTYPE_NXT;
}

static void check_beside_cname(const struct check *c, const struct zone_node *node,
                               const struct zone_rrset *cname)
{
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        if (set.rrs.count == 0 || may_be_beside_cname(set.type))
            continue;
        if (cname->line > 0)
            check_report(c, &rule_cname_beside_data, node->owner, set.type, set.line,
                         "a CNAME in line %u has the same owner", (unsigned)cname->line);
        else /* from an included file */
            check_report(c, &rule_cname_beside_data, node->owner, set.type, set.line,
                         "a CNAME has the same owner");
    }
}

static void check_alias(const struct check *c, const struct zone_node *node)
{
    struct zone_rrset cname;
    struct zone_rrset dname;
    if (zone_node_data(node, KNOT_RRTYPE_DNAME, &dname)) {
        if (dname.rrs.count > 1)
            check_report(c, &rule_dname_multiple, node->owner, KNOT_RRTYPE_DNAME, dname.line_next,
                         "%u DNAME records", (unsigned)dname.rrs.count);
        if (node->flags & NODE_WILDCARD)
            check_report(c, &rule_dname_wildcard, node->owner, KNOT_RRTYPE_DNAME, dname.line,
                         "a DNAME at a wildcard: servers disagree about its meaning");
    }
    if (!zone_node_data(node, KNOT_RRTYPE_CNAME, &cname))
        return;
    if (cname.rrs.count > 1)
        check_report(c, &rule_cname_multiple, node->owner, KNOT_RRTYPE_CNAME, cname.line_next,
                     "%u CNAME records", (unsigned)cname.rrs.count);
    check_beside_cname(c, node, &cname);
}

/* Records that may stand at one kind of node only. */
static void check_place(const struct check *c, const struct zone_node *node)
{
    struct zone_rrset set;
    if (node->flags & NODE_APEX)
        return;
    if (zone_node_data(node, KNOT_RRTYPE_SOA, &set))
        check_report(c, &rule_soa_below_apex, node->owner, KNOT_RRTYPE_SOA, set.line,
                     "an SOA below the apex");
    bool has_ns = zone_node_data(node, KNOT_RRTYPE_NS, &set);
    if (has_ns && (node->flags & NODE_WILDCARD))
        check_report(c, &rule_ns_wildcard, node->owner, KNOT_RRTYPE_NS, set.line,
                     "NS at a wildcard");
    if (!has_ns && !(node->flags & NODE_BELOW_CUT) && zone_node_data(node, KNOT_RRTYPE_DS, &set))
        check_report(c, &rule_ds_without_ns, node->owner, KNOT_RRTYPE_DS, set.line,
                     "a DS without NS at the same name");
    static const struct {
        uint16_t type;
        const struct diag_rule *rule;
    } apex_only[] = {{KNOT_RRTYPE_DNSKEY, &rule_dnskey_place},
                     {KNOT_RRTYPE_CDS, &rule_cds_place},
                     {KNOT_RRTYPE_CDNSKEY, &rule_cds_place}};
    for (size_t i = 0; i < sizeof apex_only / sizeof *apex_only; i++) {
        if (zone_node_data(node, apex_only[i].type, &set))
            check_report(c, apex_only[i].rule, node->owner, set.type, set.line, "not at the apex");
    }
}

uint64_t check_set_size(const struct zone_rrset *set)
{
    /* an owner of 2 octets by compression, type, class, TTL; knot counts the length itself */
    return (uint64_t)set->rrs.size + (uint64_t)set->rrs.count * 10;
}

static void check_sizes(const struct check *c, const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        uint64_t size = check_set_size(&set);
        if (size > CHECK_SET_MAX)
            check_report(c, &rule_rrset_too_large, node->owner, set.type, set.line,
                         "%u records, about %llu octets", (unsigned)set.rrs.count,
                         (unsigned long long)size);
    }
}

static void check_wildcard(const struct check *c, const struct zone_node *node)
{
    if (!(node->flags & NODE_WILDCARD) || (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)))
        return;
    struct zone_rrset first;
    zone_node_set(node, 0, &first);
    check_report(c, &rule_wildcard, node->owner, first.type, first.line,
                 "a wildcard: names that it covers exist without being listed");
}

static void check_below_dname(const struct check *c, const struct zone_node *node)
{
    if (!(node->flags & NODE_BELOW_DNAME) || (node->flags & NODE_NSEC3))
        return;
    struct zone_rrset first;
    zone_node_set(node, 0, &first);
    check_report(c, &rule_occluded_dname, node->owner, first.type,
                 first.rrs.count > 0 ? first.line : first.sig_line,
                 "the name is below a DNAME, so nobody can see it");
}

/* ------------------------------------------------------------------ all */

int zone_check(const struct zone *z, struct diags *diags)
{
    /* counted here, because DIAGS may be NULL and may hold older findings */
    AUTO_PTR(diags) struct diags *own = diags == NULL ? diags_new() : NULL;
    struct check c = {z, diags == NULL ? own : diags};
    if (c.diags == NULL)
        return ERR_NOMEM;
    size_t before = diags_count(c.diags, SEV_ERROR);
    check_apex(&c);
    struct zone_cursor at;
    struct zone_node node;
    zone_first(z, &at);
    while (zone_next(&at, &node)) {
        check_alias(&c, &node);
        check_place(&c, &node);
        check_sizes(&c, &node);
        check_wildcard(&c, &node);
        check_below_dname(&c, &node);
    }
    int err = check_servers(&c);
    if (err == ERR_OK)
        err = check_chains(&c);
    if (err != ERR_OK)
        return err;
    check_cds(&c);
    return diags_count(c.diags, SEV_ERROR) > before ? ERR_FINDINGS : ERR_OK;
}
