/*
 * tests/unit/signer/parent_case.h -- parents' answers made from signed zones, and observations made
 * from answers.
 */
#pragma once

#include "signer/parent.h"
#include "tests/unit/signer/sign_testing.h"

#define ROOM_ANSWERS 16

enum { T_NS = 2, T_SOA = 6, T_RRSIG = 46, T_DS = 43, T_NSEC = 47, T_DNSKEY = 48, T_NSEC3 = 50 };
enum { ANSWER = 6, AUTHORITY = 8 }; /* where the header counts the section */

/* ------------------------------------------------------------------ messages */

static inline void put16(struct buf *b, unsigned n)
{
    buf_add_char(b, (char)(n >> 8));
    buf_add_char(b, (char)n);
}

static inline void put32(struct buf *b, uint32_t n)
{
    put16(b, n >> 16);
    put16(b, n & 0xffff);
}

/* An authoritative response without records. */
static inline struct buf response(const uint8_t *name, uint16_t type)
{
    struct buf b = {0};
    static const uint8_t head[] = {0x12, 0x34, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    buf_add(&b, head, sizeof head);
    buf_add(&b, name, name_len(name));
    put16(&b, type);
    put16(&b, 1);
    return b;
}

static inline void put_record(struct buf *b, unsigned section, const uint8_t *owner, uint16_t type,
                              uint32_t ttl, struct bytes rdata)
{
    buf_add(b, owner, name_len(owner));
    put16(b, type);
    put16(b, 1);
    put32(b, ttl);
    put16(b, (unsigned)rdata.len);
    buf_add(b, rdata.data, rdata.len);
    b->data[section + 1]++;
}

/* SET under the name OWNER, with its signatures. */
static inline void put_set_as(struct buf *b, unsigned section, const struct zone_rrset *set,
                              const uint8_t *owner)
{
    knot_rdata_t *rd = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rd = knot_rdataset_next(rd))
        put_record(b, section, owner, set->type, set->ttl, (struct bytes){rd->data, rd->len});
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig sig;
        AUTO(buf) struct buf rdata = {0};
        zone_rrset_sig(set, i, &sig);
        zone_sig_rdata(&sig, &rdata);
        put_record(b, section, owner, T_RRSIG, set->ttl, buf_bytes(&rdata));
    }
}

static inline void put_set(struct buf *b, unsigned section, const struct zone *z,
                           const uint8_t *owner, uint16_t type)
{
    struct zone_rrset set = rrset_of(z, owner, type);
    put_set_as(b, section, &set, owner);
}

/* The RRset of NAME and TYPE in Z, as an answer. */
static inline struct buf positive(const struct zone *z, const uint8_t *name, uint16_t type)
{
    struct buf b = response(name, type);
    put_set(&b, ANSWER, z, name, type);
    return b;
}

/* No DS at NAME: the SOA, and NAME's NSEC or all NSEC3 of the zone. */
static inline struct buf negative(const struct zone *z, const uint8_t *name)
{
    struct buf b = response(name, T_DS);
    struct zone_cursor c;
    struct zone_node node;
    put_set(&b, AUTHORITY, z, zone_apex(z), T_SOA);
    if (has_rrset(z, name, T_NSEC)) {
        put_set(&b, AUTHORITY, z, name, T_NSEC);
        return b;
    }
    zone_first(z, &c);
    while (zone_next(&c, &node)) {
        struct zone_rrset set;
        if ((node.flags & NODE_NSEC3) != 0 && zone_node_rrset(&node, T_NSEC3, &set))
            put_set_as(&b, AUTHORITY, &set, node.owner);
    }
    return b;
}

/* ------------------------------------------------------------------ observations */

static inline struct bytes kept(struct observation *o, const void *data, size_t len)
{
    return (struct bytes){arena_dup(o->arena, data, len), len};
}

static inline struct observation observation_of(const char *zone, const char *parent)
{
    struct observation o = {.arena = arena_new(), .at = TEST_NOW};
    o.zone = kept(&o, wire(zone), name_len(wire(zone))).data;
    o.parent = kept(&o, wire(parent), name_len(wire(parent))).data;
    o.answers = arena_zalloc(o.arena, ROOM_ANSWERS, sizeof *o.answers);
    o.links = arena_zalloc(o.arena, ROOM_ANSWERS, sizeof *o.links);
    return o;
}

/* MESSAGE is consumed. */
static inline struct observed_answer *add_answer(struct observation *o, const char *server,
                                                 const char *address, const char *transport,
                                                 struct buf message)
{
    struct observed_answer *a = &o->answers[o->answer_n++];
    *a = (struct observed_answer){
        .server = server, .address = address, .transport = transport, .at = o->at};
    a->message = message.len > 0 ? kept(o, message.data, message.len) : (struct bytes){0};
    buf_done(&message);
    return a;
}

static inline void add_link(struct observation *o, const char *name, uint16_t type,
                            struct buf message)
{
    struct observed_link *l = &o->links[o->link_n++];
    l->name = kept(o, wire(name), name_len(wire(name))).data;
    l->type = type;
    l->message = kept(o, message.data, message.len);
    buf_done(&message);
}

/* ------------------------------------------------------------------ a parent */

/* example.net as another signer made it, itself the trust anchor: no chain above it. */
static inline struct zone *data_zone(const char *name)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    const struct zone_load_opts opts = {.origin = wire("example.net.")};
    char path[64];
    struct zone *z = NULL;
    snprintf(path, sizeof path, "verify/%s", name);
    assert_int_equal(zone_load(test_data(path), &opts, &z, d), ERR_OK);
    return z;
}

/* Trust in the records of Z's DNSKEY RRset. */
static inline struct parent_trust trust_in(const struct zone *z)
{
    struct parent_trust t = {0};
    struct zone_builder *b = zone_builder_new((const uint8_t *)"", "anchors");
    struct zone_rrset set = rrset_of(z, zone_apex(z), T_DNSKEY);
    assert_int_equal(zone_builder_add_rrset(b, &set, false), ERR_OK);
    assert_int_equal(zone_builder_finish(b, &t.anchors, NULL), ERR_OK);
    return t;
}

struct world { /* a parent, what it was asked, and what came of it */
    struct zone *parent;
    struct parent_trust trust;
    struct observation o;
    struct parent_view view;
    struct diags *diags;
};

/* The DNSKEY and NS of the parent are there; no answers yet. */
static inline void world_new(struct world *w, const char *file, const char *zone)
{
    *w = (struct world){.parent = data_zone(file), .diags = diags_new()};
    w->trust = trust_in(w->parent);
    w->o = observation_of(zone, "example.net.");
    add_link(&w->o, "example.net.", T_DNSKEY, positive(w->parent, wire("example.net."), T_DNSKEY));
    add_link(&w->o, "example.net.", T_NS, positive(w->parent, wire("example.net."), T_NS));
}

static inline void world_done(struct world *w)
{
    zone_free(w->parent);
    parent_trust_done(&w->trust);
    observation_done(&w->o);
    parent_view_done(&w->view);
    diags_free(w->diags);
}
DEFINE_AUTO(world)

static inline int world_judge(struct world *w)
{
    return parent_judge(&w->o, &w->trust, 0, TEST_NOW, &w->view, w->diags);
}

/* The same answer from both servers of example.net, over both transports. MAKE makes one. */
static inline void world_ask(struct world *w, struct buf (*make)(const struct world *w))
{
    static const char *const servers[][2] = {{"ns1.example.net", "192.0.2.53@53"},
                                             {"ns2.example.org", "192.0.2.54@53"}};
    for (size_t i = 0; i < 4; i++)
        add_answer(&w->o, servers[i / 2][0], servers[i / 2][1], i % 2 == 0 ? "udp" : "tcp",
                   make(w));
}

static inline struct buf says_ds(const struct world *w)
{
    return positive(w->parent, w->o.zone, T_DS);
}

static inline struct buf says_none(const struct world *w)
{
    return negative(w->parent, w->o.zone);
}
