/*
 * signer/parent_message.c -- DNS messages taken apart by libknot, and RRsets put into canonical
 * form.
 *
 * DS, DNSKEY, NSEC and NSEC3 hold no names that canonical form changes (RFC 4034 s6.2, RFC 6840
 * s5.1), so their data is used as it came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "signer/parent_int.h"

#define HEADER_LEN 12

uint16_t wire_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t wire_get32(const uint8_t *p)
{
    return (uint32_t)wire_get16(p) << 16 | wire_get16(p + 2);
}

void message_done(struct message *m)
{
    knot_pkt_free(m->pkt);
    free(m->copy);
    *m = (struct message){0};
}

static bool is_name(const uint8_t *a, const uint8_t *lower)
{
    uint8_t copy[256];
    size_t len = name_len(a);
    if (len > sizeof copy)
        return false;
    memcpy(copy, a, len);
    knot_dname_to_lower(copy);
    return name_compare(copy, lower) == 0;
}

static bool refuse(char why[PARENT_WHY_LEN], const char *text)
{
    (void)snprintf(why, PARENT_WHY_LEN, "%s", text);
    return false;
}

static bool is_answer_to(const knot_pkt_t *pkt, const uint8_t *name, uint16_t type,
                         char why[PARENT_WHY_LEN])
{
    if (knot_wire_get_qr(pkt->wire) == 0 || knot_wire_get_opcode(pkt->wire) != 0)
        return refuse(why, "not a response to a question");
    if (knot_wire_get_qdcount(pkt->wire) != 1 || knot_pkt_qtype(pkt) != type ||
        knot_pkt_qclass(pkt) != KNOT_CLASS_IN || !is_name(knot_pkt_qname(pkt), name))
        return refuse(why, "an answer to another question");
    return true;
}

int message_read(struct bytes text, const uint8_t *name, uint16_t type, struct message *ret,
                 bool *ret_good, char why[PARENT_WHY_LEN])
{
    AUTO(message) struct message m = {0};
    *ret_good = false;
    if (text.len < HEADER_LEN || text.len > LIMIT_DNS_MESSAGE) {
        refuse(why, "not a DNS message");
        return ERR_OK;
    }
    m.copy = malloc(text.len);
    if (m.copy == NULL)
        return ERR_NOMEM;
    memcpy(m.copy, text.data, text.len);
    m.pkt = knot_pkt_new(m.copy, (uint16_t)text.len, NULL);
    if (m.pkt == NULL)
        return ERR_NOMEM;
    int rc = knot_pkt_parse(m.pkt, 0);
    if (rc == KNOT_ENOMEM)
        return ERR_NOMEM;
    if (rc != KNOT_EOK) {
        refuse(why, "a malformed DNS message");
        return ERR_OK;
    }
    if (!is_answer_to(m.pkt, name, type, why))
        return ERR_OK;
    m.rcode = (uint8_t)knot_wire_get_rcode(m.pkt->wire);
    m.is_authoritative = knot_wire_get_aa(m.pkt->wire) != 0;
    m.is_truncated = knot_wire_get_tc(m.pkt->wire) != 0;
    *ret = m;
    m = (struct message){0};
    *ret_good = true;
    return ERR_OK;
}

/* RFC 4034 s6.3: octets from the left, the shorter first */
static int by_rdata(const void *a, const void *b)
{
    const struct bytes *x = a, *y = b;
    int c = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

static size_t drop_duplicates(struct bytes *items, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || by_rdata(&items[kept - 1], &items[i]) != 0)
            items[kept++] = items[i];
    }
    return kept;
}

static bool is_of(const knot_rrset_t *rr, const uint8_t *owner, uint16_t type)
{
    return rr->type == type && rr->rclass == KNOT_CLASS_IN && is_name(rr->owner, owner);
}

static size_t count_records(const struct message *m, knot_section_t section, const uint8_t *owner,
                            uint16_t type)
{
    size_t n = 0;
    const knot_pktsection_t *s = knot_pkt_section(m->pkt, section);
    for (uint16_t i = 0; i < s->count; i++) {
        const knot_rrset_t *rr = knot_pkt_rr(s, i);
        n += is_of(rr, owner, type) ? rr->rrs.count : 0;
    }
    return n;
}

int message_set(const struct message *m, knot_section_t section, const uint8_t *owner,
                uint16_t type, struct arena *arena, struct message_set *ret)
{
    struct message_set set = {.message = m, .section = section, .type = type, .ttl = UINT32_MAX};
    set.n = count_records(m, section, owner, type);
    set.owner = arena_dup(arena, owner, name_len(owner));
    set.rdata = arena_zalloc(arena, set.n, sizeof *set.rdata);
    if (set.owner == NULL || set.rdata == NULL)
        return ERR_NOMEM;
    size_t at = 0;
    const knot_pktsection_t *s = knot_pkt_section(m->pkt, section);
    for (uint16_t i = 0; i < s->count; i++) {
        const knot_rrset_t *rr = knot_pkt_rr(s, i);
        if (!is_of(rr, owner, type))
            continue;
        set.ttl = rr->ttl < set.ttl ? rr->ttl : set.ttl;
        knot_rdata_t *rd = rr->rrs.rdata;
        for (uint16_t j = 0; j < rr->rrs.count; j++, rd = knot_rdataset_next(rd))
            set.rdata[at++] = (struct bytes){rd->data, rd->len};
    }
    if (set.n > 1)
        qsort(set.rdata, set.n, sizeof *set.rdata, by_rdata);
    set.n = drop_duplicates(set.rdata, set.n);
    *ret = set;
    return ERR_OK;
}

int message_owners(const struct message *m, knot_section_t section, uint16_t type,
                   int (*each)(void *ctx, const uint8_t *owner), void *ctx)
{
    const knot_pktsection_t *s = knot_pkt_section(m->pkt, section);
    for (uint16_t i = 0; i < s->count; i++) {
        const knot_rrset_t *rr = knot_pkt_rr(s, i);
        uint8_t owner[256];
        if (rr->type != type || rr->rclass != KNOT_CLASS_IN)
            continue;
        memcpy(owner, rr->owner, name_len(rr->owner));
        knot_dname_to_lower(owner);
        int err = each(ctx, owner);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
