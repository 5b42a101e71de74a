/* Names of the zones that devices could use and no service lists: one note for each zone. */
#include <string.h>

#include <libknot/libknot.h>

#include "common/buf.h"
#include "zones/names_int.h"
#include "zones/rules_inventory.h"

#define SHOWN 5 /* names in a note; the count says the rest */

/* Targets of NS and MX are there for the zone's own sake. */
static int know_targets(struct names *c, const struct zone_node *node, uint16_t type, size_t offset)
{
    struct zone_rrset set;
    if (!zone_node_rrset(node, type, &set))
        return 0;
    knot_rdata_t *rr = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rr = knot_rdataset_next(rr)) {
        uint8_t target[256];
        const uint8_t *name = rr->data + offset;
        memcpy(target, name, name_len(name));
        knot_dname_to_lower(target);
        int err = names_know(c, target, false);
        if (err != 0)
            return err;
    }
    return 0;
}

static int know_servers(struct names *c, const struct zone *z)
{
    struct zone_cursor at;
    struct zone_node node;
    zone_first(z, &at);
    while (zone_next(&at, &node)) {
        int err = know_targets(c, &node, KNOT_RRTYPE_NS, 0);
        if (err == 0)
            err = know_targets(c, &node, KNOT_RRTYPE_MX, 2);
        if (err != 0)
            return err;
    }
    return 0;
}

static bool is_known(const struct names *c, const uint8_t *name)
{
    struct map_key key = {.bytes = name, .len = name_len(name)};
    if (name_map_get(c->known, key) != NULL)
        return true;
    key.part = c; /* below a listed "*." */
    while (name[0] != 0) {
        name += name[0] + 1;
        key.bytes = name;
        key.len = name_len(name);
        if (name_map_get(c->known, key) != NULL)
            return true;
    }
    return false;
}

/* _443._tcp and the like are read with the name below them. */
static bool has_underscore(const uint8_t *name)
{
    for (; name[0] != 0; name += name[0] + 1) {
        if (name[1] == '_')
            return true;
    }
    return false;
}

static bool is_unlisted(const struct names *c, const struct zone_node *node)
{
    const uint32_t hidden =
        NODE_APEX | NODE_DELEGATION | NODE_BELOW_CUT | NODE_BELOW_DNAME | NODE_NSEC3;
    return (node->flags & hidden) == 0 && node_is_usable(node) && !has_underscore(node->owner) &&
           !is_known(c, node->owner);
}

static void note_zone(struct names *c, const struct inv_zone *zone, const struct zone *z)
{
    size_t n = 0;
    AUTO(buf) struct buf shown = {0};
    struct zone_cursor at;
    struct zone_node node;
    zone_first(z, &at);
    while (zone_next(&at, &node)) {
        if (!is_unlisted(c, &node) || ++n > SHOWN)
            continue;
        char text[NAME_TEXT_LEN];
        name_to_text_nodot(node.owner, text);
        buf_printf(&shown, "%s%s", n == 1 ? "" : ", ", text);
    }
    if (n > 0)
        diag_add(c->diags, &rule_name_unlisted, zone->where, zone->text,
                 "%zu name%s under no service: %s%s", n, n == 1 ? "" : "s", buf_str(&shown),
                 n > SHOWN ? ", …" : "");
}

int names_unlisted(struct names *c)
{
    const struct inventory *inv = c->set->inv;
    int err = inv->publication.host == NULL ? 0 : names_know(c, inv->publication.host, false);
    for (size_t i = 0; err == 0 && i < inv->zone_n; i++) {
        if (c->set->zones[i] != NULL)
            err = know_servers(c, c->set->zones[i]);
    }
    for (size_t i = 0; err == 0 && i < inv->zone_n; i++) {
        if (c->set->zones[i] != NULL)
            note_zone(c, &inv->zones[i], c->set->zones[i]);
    }
    return err;
}
