/*
 * zones/write.c -- a snapshot as zone file text (DESIGN section 5).
 *
 * The lines themselves are made by zones/text.h.
 */
#include <libknot/descriptor.h>

#include "common/err.h"
#include "zones/pack.h"
#include "zones/text.h"
#include "zones/wire.h"
#include "zones/zones.h"

/* What is printed once for all lines of a zone or a node. */
struct pen {
    struct text_name owner;
    struct text_name apex;
    struct buf *out;
};

static int sigs_write(const struct pen *pen, const struct zone_rrset *set)
{
    const uint8_t *pos = set->sigs;
    int err = ERR_OK;
    for (uint32_t i = 0; i < set->sig_n && err == ERR_OK; i++) {
        struct zone_sig sig;
        struct text_name foreign;
        const struct text_name *signer = &pen->apex;
        sig_walk_next(set, &pos, &sig);
        if (sig.signer != set->apex) {
            text_name_set(&foreign, sig.signer);
            signer = &foreign;
        }
        err = text_rrsig(&pen->owner, signer, &sig, pen->out);
    }
    return err;
}

static int rrset_write(const struct pen *pen, const struct zone_rrset *set)
{
    const knot_rdata_t *rdata = set->rrs.rdata;
    int err = ERR_OK;
    for (uint16_t i = 0; i < set->rrs.count && err == ERR_OK; i++) {
        err = text_record(&pen->owner, set->ttl, set->type, rdata, pen->out);
        rdata = wire_next(rdata);
    }
    return err == ERR_OK ? sigs_write(pen, set) : err;
}

static int node_write(struct pen *pen, const struct zone_node *node)
{
    struct set_walk w;
    struct zone_rrset set;
    int err = ERR_OK;
    text_name_set(&pen->owner, node->owner);
    bool has_soa = zone_node_rrset(node, KNOT_RRTYPE_SOA, &set);
    if (has_soa)
        err = rrset_write(pen, &set);
    set_walk_first(node, &w);
    while (err == ERR_OK && set_walk_next(&w, &set)) {
        if (!has_soa || set.type != KNOT_RRTYPE_SOA)
            err = rrset_write(pen, &set);
    }
    return err;
}

int zone_write_nodes(struct zone_cursor *c, struct buf *out)
{
    struct pen pen = {.out = out};
    struct zone_node node;
    int err = ERR_OK;
    text_name_set(&pen.apex, zone_apex(c->zone));
    while (err == ERR_OK && zone_next(c, &node))
        err = node_write(&pen, &node);
    return err;
}

int zone_write(const struct zone *z, struct buf *out)
{
    struct zone_cursor c;
    zone_first(z, &c);
    return zone_write_nodes(&c, out);
}
