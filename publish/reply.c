#include "publish/reply.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "common/limits.h"
#include "zones/zones.h"

void reply_done(struct reply *r)
{
    knot_pkt_free(r->pkt);
    free(r->copy);
    *r = (struct reply){0};
}

int reply_read(struct bytes message, struct reply *ret)
{
    AUTO(reply) struct reply r = {0};
    *ret = (struct reply){0};
    if (message.len < 12 || message.len > LIMIT_DNS_MESSAGE)
        return ERR_OK;
    r.copy = malloc(message.len); /* libknot takes a TSIG off it */
    if (r.copy == NULL)
        return ERR_NOMEM;
    memcpy(r.copy, message.data, message.len);
    r.pkt = knot_pkt_new(r.copy, (uint16_t)message.len, NULL);
    if (r.pkt == NULL)
        return ERR_NOMEM;
    int rc = knot_pkt_parse(r.pkt, 0);
    if (rc != KNOT_EOK)
        return rc == KNOT_ENOMEM ? ERR_NOMEM : ERR_OK;
    r.rcode = (uint8_t)knot_wire_get_rcode(r.pkt->wire);
    *ret = r;
    r = (struct reply){0};
    return ERR_OK;
}

static bool is_of(const knot_rrset_t *rr, const uint8_t *owner, uint16_t type)
{
    uint8_t lower[256];
    if (rr->type != type || rr->rclass != KNOT_CLASS_IN)
        return false;
    if (owner == NULL)
        return true;
    memcpy(lower, rr->owner, name_len(rr->owner));
    knot_dname_to_lower(lower);
    return name_compare(lower, owner) == 0;
}

bool reply_next(const struct reply *r, knot_section_t section, const uint8_t *owner, uint16_t type,
                struct reply_walk *pos, struct bytes *ret, const uint8_t **ret_owner)
{
    if (r->pkt == NULL)
        return false;
    const knot_pktsection_t *s = knot_pkt_section(r->pkt, section);
    for (; pos->set < s->count; pos->set++, pos->record = 0) {
        const knot_rrset_t *rr = knot_pkt_rr(s, pos->set);
        if (!is_of(rr, owner, type) || pos->record >= rr->rrs.count)
            continue;
        const knot_rdata_t *rd = knot_rdataset_at(&rr->rrs, pos->record++);
        *ret = (struct bytes){rd->data, rd->len};
        if (ret_owner != NULL)
            *ret_owner = rr->owner;
        return true;
    }
    return false;
}
