/* Zones that come with a signer's records. */
#include "signer/strip.h"

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/rules_sign.h"
#include "zones/packed.h"

bool is_signer_type(uint16_t type, bool apex)
{
    switch (type) {
    case KNOT_RRTYPE_RRSIG:
    case KNOT_RRTYPE_NSEC:
    case KNOT_RRTYPE_NSEC3: return true;
    case KNOT_RRTYPE_NSEC3PARAM:
    case KNOT_RRTYPE_ZONEMD:
    case KNOT_RRTYPE_DNSKEY:
    case KNOT_RRTYPE_CDS:
    case KNOT_RRTYPE_CDNSKEY: return apex;
    default: return false;
    }
}

bool sign_is_signed(const struct zone *zone)
{
    struct zone_rrset set;
    if (zone_rrset(zone, zone_apex(zone), KNOT_RRTYPE_DNSKEY, &set))
        return true;
    struct zone_cursor c;
    struct zone_node node;
    zone_first(zone, &c);
    while (zone_next(&c, &node)) {
        struct set_walk w;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set)) {
            if (set.sig_n > 0)
                return true;
        }
    }
    return false;
}

/* What was left out, by kind. */
struct strip_counts {
    uint64_t signatures;
    uint64_t denial;
    uint64_t keys; /* DNSKEY, CDS, CDNSKEY */
    uint64_t other;
};

static void count(struct strip_counts *c, const struct zone_rrset *set)
{
    switch (set->type) {
    case KNOT_RRTYPE_NSEC:
    case KNOT_RRTYPE_NSEC3: c->denial += set->rrs.count; break;
    case KNOT_RRTYPE_DNSKEY:
    case KNOT_RRTYPE_CDS:
    case KNOT_RRTYPE_CDNSKEY: c->keys += set->rrs.count; break;
    default: c->other += set->rrs.count; break;
    }
}

static struct strip_counts count_all(const struct zone *zone)
{
    struct strip_counts c = {0};
    struct zone_cursor at;
    struct zone_node node;
    zone_first(zone, &at);
    while (zone_next(&at, &node)) {
        struct set_walk w;
        struct zone_rrset set;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set)) {
            c.signatures += set.sig_n;
            if (is_signer_type(set.type, (node.flags & NODE_APEX) != 0))
                count(&c, &set);
        }
    }
    return c;
}

static int strip_node(struct zone_builder *b, const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset set;
    int err = ERR_OK;
    set_walk_first(node, &w);
    while (err == ERR_OK && set_walk_next(&w, &set)) {
        if (set.rrs.count > 0 && !is_signer_type(set.type, (node->flags & NODE_APEX) != 0))
            err = zone_builder_add_rrset(b, &set, false);
    }
    return err;
}

static void report(const struct zone *zone, const struct strip_counts *c, struct diags *diags)
{
    char name[NAME_TEXT_LEN];
    name_to_text(zone_apex(zone), name);
    const struct {
        uint64_t n;
        const char *what;
    } list[] = {{c->signatures, "RRSIG"},
                {c->denial, "NSEC or NSEC3"},
                {c->keys, "DNSKEY, CDS or CDNSKEY"},
                {c->other, "NSEC3PARAM or ZONEMD"}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (list[i].n > 0)
            diag_add(diags, &rule_sign_stripped, AT_FILE(zone_file(zone)), name,
                     "%llu %s records left out", (unsigned long long)list[i].n, list[i].what);
    }
}

int sign_strip(const struct zone *zone, struct zone **ret, struct diags *diags)
{
    const struct strip_counts c = count_all(zone);
    if (c.signatures + c.denial + c.keys + c.other == 0) {
        *ret = zone_ref(zone);
        return ERR_OK;
    }
    AUTO_PTR(zone_builder)
    struct zone_builder *b = zone_builder_new(zone_apex(zone), zone_file(zone));
    if (b == NULL)
        return ERR_NOMEM;
    struct zone_cursor at;
    struct zone_node node;
    zone_first(zone, &at);
    while (zone_next(&at, &node)) {
        int err = strip_node(b, &node);
        if (err != ERR_OK)
            return err;
    }
    int err = zone_builder_finish(TAKE(b), ret, diags);
    if (err == ERR_OK)
        report(zone, &c, diags);
    return err;
}
