#include "zones/pack.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "zones/snapshot.h"
#include "zones/wire.h"

#define PACK_SHORT 0
#define PACK_WHOLE 1
#define TOP_BIT    0x8000u

#define CONTENT_HEAD 8u
#define SET_HEAD     12u
#define SET_MORE     8u /* the second line and the length of several records */
#define DNSSEC_HEAD  6u
#define SHORT_HEAD   14u
#define WHOLE_HEAD   8u

#define RRSIG_FIXED 18u /* octets before the signer's name (RFC 4034 s3.1) */

static uint16_t get16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static uint32_t get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static void add16(struct buf *b, uint32_t v)
{
    uint16_t half = (uint16_t)v;
    buf_add(b, &half, sizeof(half));
}

static void add32(struct buf *b, uint32_t v)
{
    buf_add(b, &v, sizeof(v));
}

static void add_even(struct buf *b, const void *data, size_t len)
{
    static const uint8_t zero = 0;
    buf_add(b, data, len);
    if ((len & 1) != 0)
        buf_add(b, &zero, 1);
}

/* ------------------------------------------------------------------ writing */

size_t pack_content_open(struct buf *b, const uint8_t *owner, uint32_t flags)
{
    size_t start = b->len;
    size_t len = name_len(owner);
    uint8_t head[CONTENT_HEAD] = {0, 0, (uint8_t)flags, (uint8_t)len};
    buf_add(b, head, sizeof(head));
    add_even(b, owner, len);
    return start;
}

void pack_set(struct buf *b, const struct zone_rrset *set)
{
    uint8_t head[SET_HEAD + SET_MORE];
    memcpy(head, &set->type, 2);
    memcpy(head + 2, &set->rrs.count, 2);
    memcpy(head + 4, &set->ttl, 4);
    memcpy(head + 8, &set->line, 4);
    memcpy(head + SET_HEAD, &set->line_next, 4);
    memcpy(head + SET_HEAD + 4, &set->rrs.size, 4);
    buf_add(b, head, set->rrs.count > 1 ? SET_HEAD + SET_MORE : SET_HEAD);
    if (set->rrs.count > 0)
        buf_add(b, set->rrs.rdata, set->rrs.size);
}

void pack_content_close(struct buf *b, size_t start, uint32_t set_n)
{
    if (!buf_ok(b))
        return;
    uint16_t n = (uint16_t)set_n;
    uint32_t len = (uint32_t)(b->len - start);
    memcpy(b->data + start, &n, sizeof(n));
    memcpy(b->data + start + 4, &len, sizeof(len));
}

void pack_set_flags(uint8_t *content, uint32_t flags)
{
    content[2] = (uint8_t)flags;
}

size_t pack_dnssec_open(struct buf *b)
{
    static const uint8_t head[DNSSEC_HEAD];
    size_t start = b->len;
    buf_add(b, head, sizeof(head));
    return start;
}

void pack_list_open(struct buf *b, uint32_t sig_n, uint32_t line)
{
    add16(b, sig_n | (line > 0 ? TOP_BIT : 0));
    if (line > 0)
        add32(b, line);
}

size_t pack_sig_room(struct buf *b, uint8_t algorithm, uint16_t key_tag, uint32_t expiration,
                     uint32_t inception, size_t len)
{
    static const uint8_t zeros[64];
    uint8_t head[2] = {PACK_SHORT, algorithm};
    buf_add(b, head, sizeof(head));
    add16(b, key_tag);
    add32(b, expiration);
    add32(b, inception);
    add16(b, (uint32_t)len);
    size_t at = b->len;
    for (size_t left = even(len); left > 0;) {
        size_t step = left < sizeof(zeros) ? left : sizeof(zeros);
        buf_add(b, zeros, step);
        left -= step;
    }
    return at;
}

static bool is_short(const struct zone_rrset *set, const struct zone_sig *sig)
{
    size_t apex_len = name_len(set->apex);
    return set->rrs.count > 0 && sig->ttl == set->ttl && sig->original_ttl == set->ttl &&
           sig->type_covered == set->type && sig->labels == sig_labels(set->owner) &&
           name_len(sig->signer) == apex_len && memcmp(sig->signer, set->apex, apex_len) == 0;
}

void pack_sig(struct buf *b, const struct zone_rrset *set, const struct zone_sig *sig)
{
    if (is_short(set, sig)) {
        size_t at = pack_sig_room(b, sig->algorithm, sig->key_tag, sig->expiration, sig->inception,
                                  sig->signature.len);
        if (buf_ok(b) && sig->signature.len > 0)
            memcpy(b->data + at, sig->signature.data, sig->signature.len);
        return;
    }
    uint8_t head[2] = {PACK_WHOLE, 0};
    size_t signer_len = name_len(sig->signer);
    buf_add(b, head, sizeof(head));
    add16(b, (uint32_t)(RRSIG_FIXED + signer_len + sig->signature.len));
    add32(b, sig->ttl);
    size_t before = b->len;
    zone_sig_rdata(sig, b);
    if (((b->len - before) & 1) != 0)
        buf_add(b, "", 1);
}

void pack_dnssec_close(struct buf *b, size_t start, bool has_nsec, uint32_t list_n)
{
    if (!buf_ok(b))
        return;
    uint16_t n = (uint16_t)(list_n | (has_nsec ? TOP_BIT : 0));
    uint32_t len = (uint32_t)(b->len - start);
    memcpy(b->data + start, &n, sizeof(n));
    memcpy(b->data + start + 2, &len, sizeof(len));
}

/* ------------------------------------------------------------------ RRSIG rdata */

uint8_t sig_labels(const uint8_t *owner)
{
    uint8_t n = 0;
    const uint8_t *label = owner[0] == 1 && owner[1] == '*' ? owner + 2 : owner;
    for (; *label != 0; label += 1 + *label)
        n++;
    return n;
}

static bool name_fits(const uint8_t *name, size_t room)
{
    size_t at = 0;
    while (at < room && name[at] != 0) {
        if (name[at] > 63)
            return false;
        at += 1 + (size_t)name[at];
    }
    return at < room && at < 255;
}

bool sig_from_rdata(const uint8_t *rdata, size_t len, uint32_t ttl, struct zone_sig *ret)
{
    if (len <= RRSIG_FIXED || !name_fits(rdata + RRSIG_FIXED, len - RRSIG_FIXED))
        return false;
    size_t head = RRSIG_FIXED + name_len(rdata + RRSIG_FIXED);
    *ret = (struct zone_sig){.ttl = ttl,
                             .type_covered = wire_u16(rdata),
                             .algorithm = rdata[2],
                             .labels = rdata[3],
                             .original_ttl = wire_u32(rdata + 4),
                             .expiration = wire_u32(rdata + 8),
                             .inception = wire_u32(rdata + 12),
                             .key_tag = wire_u16(rdata + 16),
                             .signer = rdata + RRSIG_FIXED,
                             .signature = {rdata + head, len - head}};
    return true;
}

size_t sig_head_put(const struct zone_sig *sig, uint8_t *to)
{
    size_t signer_len = name_len(sig->signer);
    wire_put_u16(to, sig->type_covered);
    to[2] = sig->algorithm;
    to[3] = sig->labels;
    wire_put_u32(to + 4, sig->original_ttl);
    wire_put_u32(to + 8, sig->expiration);
    wire_put_u32(to + 12, sig->inception);
    wire_put_u16(to + 16, sig->key_tag);
    memcpy(to + RRSIG_FIXED, sig->signer, signer_len);
    return RRSIG_FIXED + signer_len;
}

void zone_sig_rdata(const struct zone_sig *sig, struct buf *out)
{
    uint8_t head[SIG_HEAD_MAX];
    buf_add(out, head, sig_head_put(sig, head));
    buf_add(out, sig->signature.data, sig->signature.len);
}

/* ------------------------------------------------------------------ reading */

/* Fills all of SET but the signatures; returns what follows. */
static const uint8_t *set_read(const struct zone_node *node, const uint8_t *p,
                               struct zone_rrset *set)
{
    uint16_t count = get16(p + 2);
    *set = (struct zone_rrset){.type = get16(p),
                               .ttl = get32(p + 4),
                               .line = get32(p + 8),
                               .line_next = get32(p + 8),
                               .owner = node->owner,
                               .apex = node->apex};
    p += SET_HEAD;
    if (count == 0)
        return p;
    uint32_t size = 0;
    if (count > 1) {
        set->line_next = get32(p);
        size = get32(p + 4);
        p += SET_MORE;
    } else {
        size = (uint32_t)knot_rdata_size(get16(p));
    }
    set->rrs = (knot_rdataset_t){count, size, (knot_rdata_t *)(uintptr_t)p};
    return p + size;
}

static const uint8_t *sig_skip(const uint8_t *p)
{
    return p[0] == PACK_SHORT ? p + SHORT_HEAD + even(get16(p + 12))
                              : p + WHOLE_HEAD + even(get16(p + 2));
}

/* Fills the signatures of SET; returns what follows. */
static const uint8_t *list_read(const uint8_t *p, struct zone_rrset *set)
{
    uint16_t head = get16(p);
    p += 2;
    set->sig_n = (uint16_t)(head & ~TOP_BIT);
    if ((head & TOP_BIT) != 0) {
        set->sig_line = get32(p);
        p += 4;
    }
    set->sigs = p;
    for (uint32_t i = 0; i < set->sig_n; i++)
        p = sig_skip(p);
    return p;
}

void pack_view(const uint8_t *apex, const uint8_t *content, const uint8_t *dnssec,
               struct zone_node *ret)
{
    *ret = (struct zone_node){.owner = pack_owner(content),
                              .flags = content[2],
                              .rrset_n = get16(content),
                              .apex = apex,
                              .content = content,
                              .dnssec = dnssec};
    if (dnssec != NULL && (get16(dnssec) & TOP_BIT) != 0)
        ret->rrset_n++;
}

size_t pack_content_len(const uint8_t *content)
{
    return get32(content + 4);
}

size_t pack_dnssec_len(const uint8_t *dnssec)
{
    return get32(dnssec + 2);
}

bool pack_content_equal(const uint8_t *a, const uint8_t *b)
{
    if (get16(a) != get16(b) || a[2] != b[2])
        return false;
    struct zone_node x;
    struct zone_node y;
    pack_view(NULL, a, NULL, &x);
    pack_view(NULL, b, NULL, &y);
    const uint8_t *p = a + CONTENT_HEAD + even(a[3]);
    const uint8_t *q = b + CONTENT_HEAD + even(b[3]);
    for (uint32_t i = 0; i < x.rrset_n; i++) {
        struct zone_rrset s;
        struct zone_rrset t;
        p = set_read(&x, p, &s);
        q = set_read(&y, q, &t);
        if (s.type != t.type || s.ttl != t.ttl || !knot_rdataset_eq(&s.rrs, &t.rrs))
            return false;
    }
    return true;
}

void set_walk_first(const struct zone_node *node, struct set_walk *ret)
{
    *ret = (struct set_walk){.node = node,
                             .content = node->content + CONTENT_HEAD + even(node->content[3]),
                             .content_n = get16(node->content)};
    if (node->dnssec == NULL)
        return;
    uint16_t head = get16(node->dnssec);
    ret->lists = node->dnssec + DNSSEC_HEAD;
    ret->list_n = head & ~TOP_BIT;
    if ((head & TOP_BIT) != 0) {
        struct zone_rrset nsec;
        ret->nsec = ret->lists;
        ret->lists = set_read(node, ret->nsec, &nsec);
    }
}

bool set_walk_next(struct set_walk *w, struct zone_rrset *ret)
{
    if (w->content_n > 0 && (w->nsec == NULL || get16(w->content) < get16(w->nsec))) {
        w->content = set_read(w->node, w->content, ret);
        w->content_n--;
    } else if (w->nsec != NULL) {
        (void)set_read(w->node, w->nsec, ret);
        w->nsec = NULL;
    } else {
        return false;
    }
    if (w->list_n > 0) {
        w->lists = list_read(w->lists, ret);
        w->list_n--;
    }
    return true;
}

void sig_walk_next(const struct zone_rrset *set, const uint8_t **pos, struct zone_sig *ret)
{
    const uint8_t *p = *pos;
    *pos = sig_skip(p);
    if (p[0] != PACK_SHORT) {
        /* its form was checked when it was packed */
        (void)!sig_from_rdata(p + WHOLE_HEAD, get16(p + 2), get32(p + 4), ret);
        return;
    }
    *ret = (struct zone_sig){.ttl = set->ttl,
                             .type_covered = set->type,
                             .algorithm = p[1],
                             .labels = sig_labels(set->owner),
                             .original_ttl = set->ttl,
                             .expiration = get32(p + 4),
                             .inception = get32(p + 8),
                             .key_tag = get16(p + 2),
                             .signer = set->apex,
                             .signature = {p + SHORT_HEAD, get16(p + 12)}};
}

void zone_node_set(const struct zone_node *node, uint32_t i, struct zone_rrset *ret)
{
    struct set_walk w;
    set_walk_first(node, &w);
    for (uint32_t at = 0; at <= i && set_walk_next(&w, ret); at++)
        ;
}

bool zone_node_rrset(const struct zone_node *node, uint16_t type, struct zone_rrset *ret)
{
    struct set_walk w;
    set_walk_first(node, &w);
    while (set_walk_next(&w, ret)) {
        if (ret->type >= type)
            return ret->type == type;
    }
    return false;
}

void zone_rrset_sig(const struct zone_rrset *set, uint32_t i, struct zone_sig *ret)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t at = 0; at <= i; at++)
        sig_walk_next(set, &pos, ret);
}

/* ------------------------------------------------------------------ totals */

uint32_t pack_content_records(const uint8_t *content)
{
    struct zone_node node;
    struct zone_rrset set;
    struct set_walk w;
    uint32_t n = 0;
    pack_view(NULL, content, NULL, &node);
    set_walk_first(&node, &w);
    while (set_walk_next(&w, &set))
        n += set.rrs.count;
    return n;
}

uint32_t pack_dnssec_records(const uint8_t *dnssec)
{
    static const struct zone_node none;
    uint16_t head = get16(dnssec);
    const uint8_t *p = dnssec + DNSSEC_HEAD;
    struct zone_rrset set;
    uint32_t n = 0;
    if ((head & TOP_BIT) != 0) {
        p = set_read(&none, p, &set);
        n += set.rrs.count;
    }
    for (uint32_t i = head & ~TOP_BIT; i > 0; i--) {
        p = list_read(p, &set);
        n += set.sig_n;
    }
    return n;
}

bool pack_dnssec_expires(const struct zone_node *node, uint32_t *ret)
{
    struct set_walk w;
    struct zone_rrset set;
    bool any = false;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        const uint8_t *pos = set.sigs;
        for (uint32_t i = 0; i < set.sig_n; i++) {
            struct zone_sig sig;
            sig_walk_next(&set, &pos, &sig);
            if (!any || (int32_t)(sig.expiration - *ret) < 0)
                *ret = sig.expiration;
            any = true;
        }
    }
    return any;
}
