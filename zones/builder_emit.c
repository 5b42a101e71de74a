/*
 * zones/builder_emit.c -- the sorted records of a node into packed records.
 *
 * NSEC3 records go into an order of their own, with their signatures; NSEC records and all other
 * signatures into the DNSSEC record of the node.
 */
#include <inttypes.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "zones/builder.h"
#include "zones/pack.h"
#include "zones/rules_zone.h"

void emitter_init(struct emitter *e, const struct zone_builder *b, struct diags *diags)
{
    *e = (struct emitter){.builder = b, .diags = diags};
    e->names.apex = b->apex;
    e->nsec3.apex = b->apex;
}

void emitter_done(struct emitter *e)
{
    order_maker_done(&e->names);
    order_maker_done(&e->nsec3);
    buf_done(&e->rdata);
}

int emit_end(struct emitter *e, struct zone *z)
{
    int err = order_make(&e->names, &z->names);
    return err == ERR_OK ? order_make(&e->nsec3, &z->nsec3) : err;
}

/* The entries of one type at a node. */
struct group {
    uint16_t type;
    const struct entry *data;
    size_t data_n;
    const struct entry *sigs;
    size_t sig_n;
};

static struct group group_next(const struct entry **at, const struct entry *end)
{
    struct group g = {.type = (*at)->type, .data = *at};
    while (*at < end && (*at)->type == g.type && !(*at)->sig)
        (*at)++;
    g.data_n = (size_t)(*at - g.data);
    g.sigs = *at;
    while (*at < end && (*at)->type == g.type)
        (*at)++;
    g.sig_n = (size_t)(*at - g.sigs);
    return g;
}

/* ------------------------------------------------------------------ one RRset */

static void report_ttl(const struct emitter *e, const uint8_t *owner, const struct entry *entry,
                       uint32_t lowest)
{
    char at[RECORD_TEXT_LEN];
    record_to_text(owner, entry->type, at);
    diag_add(e->diags, &rule_rrset_ttl_unequal, AT_LINE(e->builder->file, entry->line), at,
             "TTL %" PRIu32 ", but another record of the set has %" PRIu32 "; the lowest is used",
             entry->ttl, lowest);
}

static int report_large(const struct emitter *e, const uint8_t *owner, const struct entry *entry,
                        uint32_t line, size_t n)
{
    char at[RECORD_TEXT_LEN];
    record_to_text(owner, entry->sig ? (uint16_t)KNOT_RRTYPE_RRSIG : entry->type, at);
    diag_add(e->diags, &rule_rrset_too_large, AT_LINE(e->builder->file, line), at, "%zu records",
             n);
    return ERR_LIMIT;
}

/* The lowest TTL, the first and the second line of N entries. */
static void span_of(const struct entry *entries, size_t n, uint32_t *ttl, uint32_t *line,
                    uint32_t *line_next)
{
    *ttl = entries[0].ttl;
    *line = entries[0].line;
    *line_next = n > 1 ? UINT32_MAX : *line;
    for (size_t i = 1; i < n; i++) {
        *ttl = entries[i].ttl < *ttl ? entries[i].ttl : *ttl;
        if (entries[i].line < *line) {
            *line_next = *line;
            *line = entries[i].line;
        } else if (entries[i].line < *line_next) {
            *line_next = entries[i].line;
        }
    }
}

/* SET of the group's data; several records lie in e->rdata until the next call. */
static int set_fill(struct emitter *e, const uint8_t *owner, const struct group *g,
                    struct zone_rrset *set)
{
    *set = (struct zone_rrset){.type = g->type, .owner = owner, .apex = e->builder->apex};
    if (g->data_n == 0)
        return ERR_OK;
    span_of(g->data, g->data_n, &set->ttl, &set->line, &set->line_next);
    size_t bytes = 0;
    for (size_t i = 0; i < g->data_n; i++)
        bytes += knot_rdata_size(g->data[i].rdata->len);
    if (g->data_n > LIMIT_RRSET_RECORDS || bytes > UINT32_MAX)
        return report_large(e, owner, g->data, set->line, g->data_n);
    /* RRSIGs are not asked: their TTL follows what they cover (RFC 4034 s3) */
    for (size_t i = 0; i < g->data_n; i++) {
        if (g->data[i].ttl != set->ttl)
            report_ttl(e, owner, &g->data[i], set->ttl);
    }
    if (g->data_n == 1) {
        set->rrs = (knot_rdataset_t){1, (uint32_t)bytes, (knot_rdata_t *)(uintptr_t)g->data->rdata};
        return ERR_OK;
    }
    buf_clear(&e->rdata);
    for (size_t i = 0; i < g->data_n; i++)
        buf_add(&e->rdata, g->data[i].rdata, knot_rdata_size(g->data[i].rdata->len));
    if (!buf_ok(&e->rdata))
        return ERR_NOMEM;
    set->rrs = (knot_rdataset_t){(uint16_t)g->data_n, (uint32_t)bytes,
                                 (knot_rdata_t *)(void *)e->rdata.data};
    return ERR_OK;
}

/* The list of the group's signatures; SET is the RRset that they cover. */
static int list_pack(struct emitter *e, const uint8_t *owner, const struct group *g,
                     const struct zone_rrset *set, struct buf *out)
{
    uint32_t ttl = 0;
    uint32_t line = 0;
    uint32_t line_next = 0;
    if (g->sig_n > 0)
        span_of(g->sigs, g->sig_n, &ttl, &line, &line_next);
    if (g->sig_n > PACK_LIST_MAX)
        return report_large(e, owner, g->sigs, line, g->sig_n);
    pack_list_open(out, (uint32_t)g->sig_n, line);
    for (size_t i = 0; i < g->sig_n; i++) {
        struct zone_sig sig;
        const knot_rdata_t *rdata = g->sigs[i].rdata;
        if (!sig_from_rdata(rdata->data, rdata->len, ttl, &sig))
            return ERR_INTERNAL; /* zone_builder_add lets no such data in */
        pack_sig(out, set, &sig);
    }
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

/* ------------------------------------------------------------------ one node */

static bool is_nsec3(const struct group *g)
{
    return g->type == KNOT_RRTYPE_NSEC3;
}

/* An NSEC that exists is of the DNSSEC record; its signatures alone are an orphan like others. */
static bool is_nsec(const struct group *g)
{
    return g->type == KNOT_RRTYPE_NSEC && g->data_n > 0;
}

/* The sets of the names (or, with NSEC3, of that order) that are content. */
static int content_pack(struct emitter *e, const uint8_t *owner, const struct entry *entries,
                        size_t n, bool nsec3, struct buf *out, uint32_t *ret_n)
{
    int err = ERR_OK;
    for (const struct entry *at = entries; at < entries + n && err == ERR_OK;) {
        struct group g = group_next(&at, entries + n);
        struct zone_rrset set;
        if (is_nsec3(&g) != nsec3 || is_nsec(&g))
            continue;
        err = set_fill(e, owner, &g, &set);
        if (err == ERR_OK)
            pack_set(out, &set);
        ++*ret_n;
    }
    return *ret_n <= PACK_SETS_MAX ? err : report_large(e, owner, entries, entries[0].line, n);
}

static int dnssec_pack(struct emitter *e, const uint8_t *owner, const struct entry *entries,
                       size_t n, bool nsec3, struct buf *out)
{
    size_t start = pack_dnssec_open(out);
    struct zone_rrset set;
    bool has_nsec = false;
    int err = ERR_OK;
    for (const struct entry *at = entries; at < entries + n && err == ERR_OK && !nsec3;) {
        struct group g = group_next(&at, entries + n);
        if (!is_nsec(&g))
            continue;
        has_nsec = true;
        err = set_fill(e, owner, &g, &set);
        if (err == ERR_OK)
            pack_set(out, &set);
    }
    uint32_t lists = 0;
    for (const struct entry *at = entries; at < entries + n && err == ERR_OK;) {
        struct group g = group_next(&at, entries + n);
        if (is_nsec3(&g) != nsec3)
            continue;
        lists++;
        /* TTLs of data were spoken of above: only the type and TTL are needed */
        set = (struct zone_rrset){.type = g.type, .owner = owner, .apex = e->builder->apex};
        if (g.data_n > 0) {
            uint32_t unused;
            span_of(g.data, g.data_n, &set.ttl, &unused, &unused);
            set.rrs.count = 1;
        }
        err = list_pack(e, owner, &g, &set, out);
    }
    pack_dnssec_close(out, start, has_nsec, lists);
    return err;
}

/* What the node has in one of the two orders. */
struct share {
    bool any;
    bool dnssec;
};

static void shares_of(const struct entry *entries, size_t n, struct share *names,
                      struct share *nsec3, bool *ret_ns, bool *ret_dname)
{
    for (const struct entry *at = entries; at < entries + n;) {
        struct group g = group_next(&at, entries + n);
        struct share *s = is_nsec3(&g) ? nsec3 : names;
        s->any = true;
        s->dnssec = s->dnssec || g.sig_n > 0 || is_nsec(&g);
        *ret_ns = *ret_ns || (g.type == KNOT_RRTYPE_NS && g.data_n > 0);
        *ret_dname = *ret_dname || (g.type == KNOT_RRTYPE_DNAME && g.data_n > 0);
    }
}

static int share_emit(struct emitter *e, struct order_maker *to, const struct share *s, bool nsec3,
                      uint32_t flags, const uint8_t *owner, const struct entry *entries, size_t n)
{
    if (!s->any)
        return ERR_OK;
    uint32_t sets = 0;
    size_t content = pack_content_open(&to->content.octets, owner, flags);
    size_t dnssec = to->dnssec.octets.len;
    int err = content_pack(e, owner, entries, n, nsec3, &to->content.octets, &sets);
    pack_content_close(&to->content.octets, content, sets);
    if (err == ERR_OK && s->dnssec)
        err = dnssec_pack(e, owner, entries, n, nsec3, &to->dnssec.octets);
    return err == ERR_OK ? order_add(to, content, s->dnssec, dnssec) : err;
}

int emit_node(struct emitter *e, const uint8_t *owner, const struct entry *entries, size_t n)
{
    struct share names = {0};
    struct share nsec3 = {0};
    bool has_ns = false;
    bool has_dname = false;
    shares_of(entries, n, &names, &nsec3, &has_ns, &has_dname);
    const struct zone *around = e->builder->around;
    uint32_t flags = around != NULL
                         ? zone_flags_of(around, owner, has_ns, has_dname)
                         : flag_walk_next(&e->flags, e->builder->apex, owner, has_ns, has_dname);
    int err = share_emit(e, &e->names, &names, false, flags, owner, entries, n);
    if (err == ERR_OK)
        err = share_emit(e, &e->nsec3, &nsec3, true, NODE_NSEC3, owner, entries, n);
    return err;
}
