/* Zones that come with a signer's records. */
#include "signer/strip.h"

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/rules_sign.h"

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

bool is_apex(const struct zone *zone, const struct zone_node *node)
{
    return name_compare(node->owner, zone_apex(zone)) == 0;
}

bool sign_is_signed(const struct zone *zone)
{
    if (zone_rrset(zone, zone_apex(zone), KNOT_RRTYPE_DNSKEY) != NULL)
        return true;
    for (size_t i = 0; i < zone_node_n(zone); i++) {
        const struct zone_node *node = zone_node_at(zone, i);
        for (uint32_t j = 0; j < node->rrset_n; j++) {
            if (node->rrsets[j].sigs.count > 0)
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
    for (size_t i = 0; i < zone_node_n(zone); i++) {
        const struct zone_node *node = zone_node_at(zone, i);
        bool apex = is_apex(zone, node);
        for (uint32_t j = 0; j < node->rrset_n; j++) {
            const struct zone_rrset *set = &node->rrsets[j];
            c.signatures += set->sigs.count;
            if (is_signer_type(set->type, apex))
                count(&c, set);
        }
    }
    return c;
}

static int strip_node(struct zone_builder *b, const struct zone_node *node, bool apex)
{
    for (uint32_t i = 0; i < node->rrset_n; i++) {
        const struct zone_rrset *set = &node->rrsets[i];
        if (set->rrs.count == 0 || is_signer_type(set->type, apex))
            continue;
        int err = zone_builder_add_rrset(b, node, set, false);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
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
    for (size_t i = 0; i < zone_node_n(zone); i++) {
        const struct zone_node *node = zone_node_at(zone, i);
        int err = strip_node(b, node, is_apex(zone, node));
        if (err != ERR_OK)
            return err;
    }
    int err = zone_builder_finish(TAKE(b), ret, diags);
    if (err == ERR_OK)
        report(zone, &c, diags);
    return err;
}
