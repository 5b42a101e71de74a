/*
 * zones/proofread.c -- the text of some nodes, read back and compared with the nodes.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "zones/pack.h"
#include "zones/reread.h"
#include "zones/wire.h"
#include "zones/zones.h"

struct zone_proofreader {
    struct rereader *reader;
    struct buf rdata; /* of a signature */
};

struct zone_proofreader *zone_proofreader_new(void)
{
    AUTO_PTR(zone_proofreader) struct zone_proofreader *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return NULL;
    p->reader = rereader_new();
    return p->reader == NULL ? NULL : TAKE(p);
}

void zone_proofreader_free(struct zone_proofreader *p)
{
    if (p == NULL)
        return;
    rereader_free(p->reader);
    buf_done(&p->rdata);
    free(p);
}

/* ------------------------------------------------------------------ the records that must come */

/* A walk over the records of nodes in the order of the text. */
struct manuscript {
    struct zone_cursor nodes;
    struct zone_node node;
    bool node_is_new;
    struct set_walk sets;
    bool soa_is_passed; /* it stands first in the text */
    struct zone_rrset set;
    const knot_rdata_t *rdata;
    uint32_t record_n; /* left of the set */
    const uint8_t *sig;
    uint32_t sig_n;
    struct buf *sig_rdata;
};

static void set_begin(struct manuscript *m)
{
    m->rdata = m->set.rrs.rdata;
    m->record_n = m->set.rrs.count;
    m->sig = m->set.sigs;
    m->sig_n = m->set.sig_n;
}

/* The next RRset; false: there is none. */
static bool set_next(struct manuscript *m)
{
    while (set_walk_next(&m->sets, &m->set)) {
        if (m->soa_is_passed && m->set.type == KNOT_RRTYPE_SOA)
            continue;
        set_begin(m);
        return true;
    }
    if (!zone_next(&m->nodes, &m->node))
        return false;
    m->node_is_new = true;
    set_walk_first(&m->node, &m->sets);
    m->soa_is_passed = zone_node_rrset(&m->node, KNOT_RRTYPE_SOA, &m->set);
    if (!m->soa_is_passed)
        return set_next(m);
    set_begin(m);
    return true;
}

static bool owner_equals(struct manuscript *m, const struct reread_record *r)
{
    bool is_new = m->node_is_new || r->owner_is_new;
    m->node_is_new = false;
    return !is_new || name_compare(r->owner, m->node.owner) == 0;
}

static bool record_equals(struct manuscript *m, const struct reread_record *r, uint16_t type,
                          uint32_t ttl, const uint8_t *rdata, size_t len)
{
    return r->type == type && r->ttl == ttl && r->rdata_len == len &&
           (len == 0 || memcmp(r->rdata, rdata, len) == 0) && owner_equals(m, r);
}

static bool data_equals(struct manuscript *m, const struct reread_record *r)
{
    const knot_rdata_t *rdata = m->rdata;
    m->record_n--;
    m->rdata = wire_next(rdata);
    return record_equals(m, r, m->set.type, m->set.ttl, rdata->data, rdata->len);
}

static bool sig_equals(struct manuscript *m, const struct reread_record *r)
{
    struct zone_sig sig;
    m->sig_n--;
    sig_walk_next(&m->set, &m->sig, &sig);
    buf_clear(m->sig_rdata);
    zone_sig_rdata(&sig, m->sig_rdata);
    return buf_ok(m->sig_rdata) &&
           record_equals(m, r, KNOT_RRTYPE_RRSIG, sig.ttl, m->sig_rdata->data, m->sig_rdata->len);
}

static int record_compare(void *ctx, const struct reread_record *r)
{
    struct manuscript *m = ctx;
    while (m->record_n == 0 && m->sig_n == 0) {
        if (!set_next(m))
            return ERR_FINDINGS; /* more than was meant */
    }
    bool equal = m->record_n > 0 ? data_equals(m, r) : sig_equals(m, r);
    return equal ? ERR_OK : ERR_FINDINGS;
}

int zone_proofread(struct zone_proofreader *p, const struct zone_cursor *nodes, const char *text,
                   size_t len)
{
    struct manuscript m = {.nodes = *nodes, .sig_rdata = &p->rdata};
    const uint8_t *apex = zone_apex(nodes->zone);
    bool starts = zone_next(&m.nodes, &m.node) && name_compare(m.node.owner, apex) == 0;
    m.nodes = *nodes;
    int err = rereader_run(p->reader, starts ? NULL : apex, text, len, record_compare, &m, NULL);
    if (err != ERR_OK)
        return err;
    while (m.record_n == 0 && m.sig_n == 0) {
        if (!set_next(&m))
            return ERR_OK;
    }
    return ERR_FINDINGS; /* less than was meant */
}
