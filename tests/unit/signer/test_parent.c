/* What the parent says: proven, disproven, and everything in between that must not count. */
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/libknot.h>

#include "signer/ds.h"
#include "tests/unit/signer/parent_case.h"

#define SECURE  "secure.example.net."
#define PLAIN   "plain.example.net."
#define BEGIN   INT64_C(1767225600) /* 2026-01-01T00:00:00Z: the signatures' inception */
#define EXPIRED INT64_C(1830297601) /* 2028-01-01T00:00:01Z, a second after the signatures' end */

static void assert_blocked(struct world *w, const char *why)
{
    assert_int_equal(world_judge(w), ERR_OK);
    if (w->view.agrees || strstr(w->view.why, why) == NULL)
        print_message("    verdict: %s\n", w->view.why);
    assert_false(w->view.agrees);
    assert_non_null(strstr(w->view.why, why));
    assert_true(findings_n(w->diags, "parent-unproven") > 0);
    assert_int_equal(w->view.ds_n, 0);
}

/* ------------------------------------------------------------------ proven */

static void a_signed_ds_is_proven(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "nsec.zone", SECURE);
    world_ask(&w, says_ds);
    assert_int_equal(world_judge(&w), ERR_OK);
    assert_true(w.view.agrees);
    assert_int_equal(w.view.ds_n, 1);
    assert_int_equal(w.view.ttl_s, 3600);
    assert_int_equal(w.view.observed_at, TEST_NOW);
    assert_int_equal(w.view.signed_at, BEGIN);
    for (size_t i = 0; i < w.view.server_n; i++)
        assert_int_equal(w.view.servers[i].proof, PARENT_BY_DNSSEC);
    assert_int_equal(diags_n(w.diags), 0);
}

static void absence_is_proven_by_nsec_nsec3_and_opt_out(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *zone;
    } cases[] = {
        {"nsec.zone", PLAIN},           {"nsec.zone", "deep.ent.example.net."},
        {"nsec3.zone", PLAIN},          {"nsec3.zone", "deep.ent.example.net."},
        {"optout.zone", PLAIN},         {"optout.zone", "deep.ent.example.net."},
        {"two-algorithms.zone", PLAIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(world) struct world w;
        TEST_CASE(cases[i].file);
        world_new(&w, cases[i].file, cases[i].zone);
        world_ask(&w, says_none);
        assert_int_equal(world_judge(&w), ERR_OK);
        if (!w.view.agrees)
            print_message("    %s\n", w.view.why);
        assert_true(w.view.agrees);
        assert_int_equal(w.view.ds_n, 0);
        assert_int_equal(w.view.servers[0].says, PARENT_SAYS_NO_DS);
        assert_int_equal(w.view.ttl_s, 600);
    }
}

/* ------------------------------------------------------------------ a chain from the root */

struct ancestor {
    struct keyset keys;
    struct zone *zone;
};

static void ancestor_done(struct ancestor *a)
{
    keyset_done(&a->keys);
    zone_free(a->zone);
}

/* A signed zone NAME with a DS for CHILD, whose KSK has the DNSKEY rdata KSK. */
static void ancestor_new(struct ancestor *a, const char *name, const char *child, struct bytes ksk)
{
    uint8_t ds[DS_RDATA_LEN];
    char hex[2 * 32 + 1], text[512];
    assert_int_equal(ds_rdata(wire(child), ksk, ds), ERR_OK);
    hex_encode(ds + 4, 32, hex);
    snprintf(text, sizeof text,
             "$TTL 3600\n@ SOA ns.invalid. host.invalid. 1 7200 3600 1209600 300\n"
             "@ NS ns.invalid.\n%s NS ns.invalid.\n%s DS %u %u 2 %s\n",
             child, child, ds[0] << 8 | ds[1], ds[2], hex);
    a->keys = make_keys(13, false);
    AUTO_PTR(zone) struct zone *plain = zone_of_at(name, text);
    const struct dnssec_policy policy = policy_of(13, false, DENIAL_NSEC);
    const struct sign_params params = {
        .policy = &policy, ALL_KEYS(&a->keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    a->zone = sign_ok(plain, &params, &report);
}

static struct bytes ksk_of(const struct zone *z)
{
    struct zone_rrset set = rrset_of(z, zone_apex(z), T_DNSKEY);
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        if ((rd->data[1] & 1) != 0)
            return (struct bytes){rd->data, rd->len};
    }
    return (struct bytes){0};
}

struct family {
    struct world w;
    struct ancestor net;
    struct ancestor root;
};

static void family_new(struct family *f, const struct zone *anchor_of)
{
    world_new(&f->w, "nsec.zone", SECURE);
    ancestor_new(&f->net, "net.", "example.net.", ksk_of(f->w.parent));
    ancestor_new(&f->root, ".", "net.", ksk_of(f->net.zone));
    parent_trust_done(&f->w.trust);
    f->w.trust = trust_in(anchor_of == NULL ? f->root.zone : anchor_of);
    add_link(&f->w.o, "example.net.", T_DS, positive(f->net.zone, wire("example.net."), T_DS));
    add_link(&f->w.o, "net.", T_DNSKEY, positive(f->net.zone, wire("net."), T_DNSKEY));
    add_link(&f->w.o, "net.", T_DS, positive(f->root.zone, wire("net."), T_DS));
    add_link(&f->w.o, ".", T_DNSKEY, positive(f->root.zone, wire("."), T_DNSKEY));
    world_ask(&f->w, says_ds);
}

static void family_done(struct family *f)
{
    world_done(&f->w);
    ancestor_done(&f->net);
    ancestor_done(&f->root);
}
DEFINE_AUTO(family)

static void the_chain_begins_at_the_root(void **state)
{
    (void)state;
    AUTO(family) struct family f = {0};
    family_new(&f, NULL);
    assert_int_equal(world_judge(&f.w), ERR_OK);
    if (!f.w.view.agrees)
        print_message("    %s\n", f.w.view.why);
    assert_true(f.w.view.agrees);
}

static void a_broken_chain_proves_nothing(void **state)
{
    (void)state;
    AUTO(family) struct family stranger = {0};
    family_new(&stranger, NULL);
    struct zone *stranger_root = stranger.root.zone;
    static const struct {
        const char *name;
        const char *why;
        size_t without; /* index of a link to take out; 99: none */
        bool stranger;  /* the anchor is that of another root */
        uint16_t spoil; /* this type's links get a changed octet */
    } cases[] = {
        {"another root", "no key that the trust anchor", 99, true, 0},
        {"no DNSKEY of the parent", "not in the observation", 0, false, 0},
        {"no DS of the parent", "no DS below", 2, false, 0},
        {"no DNSKEY of net", "not in the observation", 3, false, 0},
        {"no DS of net", "in the name of net.", 4, false, 0},
        {"no root", "not in the observation", 5, false, 0},
        {"a changed DS", "the DS RRset of net.", 99, false, T_DS},
        {"changed keys", "RRset of .", 99, false, T_DNSKEY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(family) struct family f = {0};
        TEST_CASE(cases[i].name);
        family_new(&f, cases[i].stranger ? stranger_root : NULL);
        for (size_t k = 0; k < f.w.o.link_n; k++) {
            struct observed_link *l = &f.w.o.links[k];
            if (l->type != cases[i].spoil)
                continue;
            uint8_t *copy = arena_dup(f.w.o.arena, l->message.data, l->message.len);
            copy[l->message.len - 1] ^= 1; /* of the last signature */
            l->message.data = copy;
        }
        if (cases[i].without != 99)
            f.w.o.links[cases[i].without].type = 1;
        assert_int_equal(world_judge(&f.w), ERR_OK);
        if (f.w.view.agrees || strstr(f.w.view.why, cases[i].why) == NULL)
            print_message("    verdict: %s\n", f.w.view.why);
        assert_false(f.w.view.agrees);
        assert_non_null(strstr(f.w.view.why, cases[i].why));
    }
}

/* ------------------------------------------------------------------ answers that prove nothing */

static struct buf forged(const struct world *w)
{
    struct buf b = says_ds(w);
    b.data[b.len - 1] ^= 1;
    return b;
}

static struct buf other_digest(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    struct zone_rrset set = rrset_of(w->parent, w->o.zone, T_DS);
    put_set_as(&b, ANSWER, &set, w->o.zone);
    b.data[12 + name_len(w->o.zone) + 4 + name_len(w->o.zone) + 10 + 8] ^= 1;
    return b;
}

static struct buf without_signature(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    struct zone_rrset set = rrset_of(w->parent, w->o.zone, T_DS);
    set.sig_n = 0;
    put_set_as(&b, ANSWER, &set, w->o.zone);
    return b;
}

static struct buf ds_of_another_name(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    put_set(&b, ANSWER, w->parent, wire(SECURE), T_DS);
    return b;
}

/* The neighbour's DS, moved here with its signature. */
static struct buf ds_moved_here(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    struct zone_rrset set = rrset_of(w->parent, wire(SECURE), T_DS);
    put_set_as(&b, ANSWER, &set, w->o.zone);
    return b;
}

static struct buf nothing_with_it(const struct world *w)
{
    return response(w->o.zone, T_DS);
}

static struct buf nsec_of_another_name(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    put_set(&b, AUTHORITY, w->parent, wire("deep.ent.example.net."), T_NSEC);
    return b;
}

static struct buf nsec_moved_here(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    struct zone_rrset set = rrset_of(w->parent, wire("deep.ent.example.net."), T_NSEC);
    put_set_as(&b, AUTHORITY, &set, w->o.zone);
    return b;
}

/* The NSEC of a name that has a DS: its bit says so. */
static struct buf nsec_with_the_bit(const struct world *w)
{
    return negative(w->parent, w->o.zone);
}

static struct buf lame(const struct world *w)
{
    struct buf b = says_ds(w);
    b.data[2] &= (uint8_t)~4u;
    return b;
}

static struct buf refused(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    b.data[3] = 5;
    return b;
}

static struct buf no_such_name(const struct world *w)
{
    struct buf b = says_none(w);
    b.data[3] = 3;
    return b;
}

static struct buf truncated(const struct world *w)
{
    struct buf b = says_ds(w);
    b.data[2] |= 2;
    return b;
}

static struct buf cut_short(const struct world *w)
{
    struct buf b = says_ds(w);
    b.len -= 5;
    return b;
}

static struct buf other_question(const struct world *w)
{
    (void)w;
    return response(wire("www.example.net."), T_DS);
}

static struct buf a_question(const struct world *w)
{
    struct buf b = says_ds(w);
    b.data[2] &= 0x7f;
    return b;
}

static struct buf silence(const struct world *w)
{
    (void)w;
    return (struct buf){0};
}

static void what_is_not_proven_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *zone;
        struct buf (*make)(const struct world *w);
        const char *why;
    } cases[] = {
        {"a changed signature", SECURE, forged, "does not verify"},
        {"a changed DS", SECURE, other_digest, "does not verify"},
        {"no signature", SECURE, without_signature, "no signature came"},
        {"a DS of another name", PLAIN, ds_of_another_name, "no NSEC of the name"},
        {"a DS moved here", PLAIN, ds_moved_here, "does not verify"},
        {"no denial", PLAIN, nothing_with_it, "no NSEC of the name"},
        {"the NSEC of another name", PLAIN, nsec_of_another_name, "no NSEC of the name"},
        {"an NSEC moved here", PLAIN, nsec_moved_here, "one of a wildcard"},
        {"an NSEC with the DS bit", SECURE, nsec_with_the_bit, "there is a DS, but none came"},
        {"an NSEC of the zone itself", "example.net.", nsec_with_the_bit, "the child's own"},
        {"an NSEC of no delegation", "www.example.net.", nsec_with_the_bit, "no delegation"},
        {"lame", SECURE, lame, "lame"},
        {"REFUSED", SECURE, refused, "REFUSED"},
        {"NXDOMAIN", PLAIN, no_such_name, "NXDOMAIN"},
        {"truncated, TCP too", SECURE, truncated, "truncated"},
        {"cut short", SECURE, cut_short, "malformed"},
        {"another question", SECURE, other_question, "another question"},
        {"a question", SECURE, a_question, "not a response"},
        {"silence", SECURE, silence, "silent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(world) struct world w;
        TEST_CASE(cases[i].name);
        world_new(&w, "nsec.zone", cases[i].zone);
        world_ask(&w, cases[i].make);
        assert_blocked(&w, cases[i].why);
    }
}

/* NSEC3 without the opt-out flag over the name says that there is no delegation at all. */
static void a_span_without_opt_out_is_no_proof(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "nsec3.zone", "nowhere.example.net.");
    world_ask(&w, says_none);
    assert_blocked(&w, "no opt-out span");
}

static struct buf many_iterations(const struct world *w)
{
    struct buf b = response(w->o.zone, T_DS);
    struct zone_rrset set;
    struct zone_cursor c;
    struct zone_node node = {0};
    zone_first(w->parent, &c);
    while (zone_next(&c, &node) && (node.flags & NODE_NSEC3) == 0)
        ;
    assert_true(zone_node_rrset(&node, T_NSEC3, &set));
    uint8_t rdata[512];
    memcpy(rdata, set.rrs.rdata->data, set.rrs.rdata->len);
    rdata[3] = 151;
    put_record(&b, AUTHORITY, node.owner, T_NSEC3, 600, (struct bytes){rdata, set.rrs.rdata->len});
    return b;
}

static void too_many_iterations_are_not_worked_through(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "optout.zone", PLAIN);
    world_ask(&w, many_iterations);
    assert_blocked(&w, "151 iterations");
}

/* Found by looking only so far: a flood of records costs no more than any other answer. */
static struct buf behind_a_flood(const struct world *w)
{
    static const uint8_t rdata[] = {1, 0, 0, 0, 0, 20, 1, 2, 3, 4};
    struct buf b = response(w->o.zone, T_DS);
    uint8_t owner[64] = {32};
    memset(owner + 1, '0', 32);
    memcpy(owner + 33, zone_apex(w->parent), name_len(zone_apex(w->parent)));
    for (unsigned i = 0; i < 16; i++)
        put_record(&b, AUTHORITY, owner, T_NSEC3, 60, (struct bytes){rdata, sizeof rdata});
    struct zone_cursor c;
    struct zone_node node;
    zone_first(w->parent, &c);
    while (zone_next(&c, &node)) {
        struct zone_rrset set;
        if ((node.flags & NODE_NSEC3) != 0 && zone_node_rrset(&node, T_NSEC3, &set))
            put_set_as(&b, AUTHORITY, &set, node.owner);
    }
    return b;
}

static void a_flood_of_nsec3_is_not_worked_through(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "nsec3.zone", PLAIN);
    world_ask(&w, behind_a_flood);
    assert_blocked(&w, "no NSEC3 came with it");
}

/* ------------------------------------------------------------------ moments */

static void signatures_must_hold_then_and_now(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "nsec.zone", SECURE);
    world_ask(&w, says_ds);
    assert_int_equal(parent_judge(&w.o, &w.trust, 0, EXPIRED, &w.view, w.diags), ERR_OK);
    assert_false(w.view.agrees);
    assert_non_null(strstr(w.view.why, "which is before now"));

    AUTO(world) struct world early;
    world_new(&early, "nsec.zone", SECURE);
    world_ask(&early, says_ds);
    early.o.at = BEGIN - 1;
    for (size_t i = 0; i < early.o.answer_n; i++)
        early.o.answers[i].at = early.o.at;
    assert_blocked(&early, "after when it was observed");
}

static void observations_of_a_wrong_time_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t previous_at;
        int64_t now;
        int err;
    } cases[] = {
        {"the first", 0, TEST_NOW, ERR_OK},
        {"the same again", TEST_NOW, TEST_NOW + 60, ERR_OK},
        {"older than the last", TEST_NOW + 1, TEST_NOW + 60, ERR_STATE},
        {"clocks apart", 0, TEST_NOW - 300, ERR_OK},
        {"from the future", 0, TEST_NOW - 301, ERR_STATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(world) struct world w;
        TEST_CASE(cases[i].name);
        world_new(&w, "nsec.zone", SECURE);
        world_ask(&w, says_ds);
        assert_int_equal(
            parent_judge(&w.o, &w.trust, cases[i].previous_at, cases[i].now, &w.view, w.diags),
            cases[i].err);
        assert_int_equal(findings_n(w.diags, "observation-time"), cases[i].err == ERR_STATE);
    }
    AUTO(world) struct world w;
    world_new(&w, "nsec.zone", SECURE);
    world_ask(&w, says_ds);
    w.o.answers[2].at = TEST_NOW - 3601;
    assert_int_equal(world_judge(&w), ERR_STATE);
}

/* ------------------------------------------------------------------ several servers */

static void one_unlike_the_others_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct buf (*make)(const struct world *w);
        const char *why;
    } cases[] = {
        {"forged", forged, "ns1.example.net 192.0.2.55@53 udp: the signature"},
        {"without a DS", nothing_with_it, "ns1.example.net 192.0.2.55@53 udp: no NSEC"},
        {"silent", silence, "192.0.2.55@53 udp: silent"},
        {"lame", lame, "192.0.2.55@53 udp: lame"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(world) struct world w;
        TEST_CASE(cases[i].name);
        world_new(&w, "nsec.zone", SECURE);
        world_ask(&w, says_ds);
        add_answer(&w.o, "ns1.example.net", "192.0.2.55@53", "udp", cases[i].make(&w));
        assert_blocked(&w, cases[i].why);
        assert_int_equal(findings_n(w.diags, "parent-unproven"), 1);
    }
}

/* Both sets are signed: one server has the zone as it was. */
static void two_proven_sets_do_not_agree(void **state)
{
    (void)state;
    AUTO(family) struct family f = {0};
    struct ancestor other = {0};
    family_new(&f, NULL);
    /* judged as observations of example.net at net. */
    AUTO(world) struct world w = {.parent = zone_ref(f.net.zone), .diags = diags_new()};
    w.trust = trust_in(f.net.zone);
    w.o = observation_of("example.net.", "net.");
    ancestor_new(&other, "net.", "example.net.", ksk_of(f.root.zone));
    AUTO_PTR(zone)
    struct zone *plain =
        zone_of_at("net.", "$TTL 3600\n@ SOA ns.invalid. host.invalid. 2 7200 3600 1209600 300\n"
                           "@ NS ns.invalid.\nexample NS ns.invalid.\n"
                           "example DS 1 13 2 "
                           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
    const struct dnssec_policy policy = policy_of(13, false, DENIAL_NSEC);
    const struct sign_params params = {
        .policy = &policy, ALL_KEYS(&f.net.keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
    struct sign_report report;
    AUTO_PTR(zone) struct zone *later = sign_ok(plain, &params, &report);
    add_link(&w.o, "net.", T_DNSKEY, positive(w.parent, wire("net."), T_DNSKEY));
    add_link(&w.o, "net.", T_NS, positive(w.parent, wire("net."), T_NS));
    add_answer(&w.o, "ns.invalid", "192.0.2.1@53", "udp", says_ds(&w));
    add_answer(&w.o, "ns.invalid", "192.0.2.2@53", "udp",
               positive(later, wire("example.net."), T_DS));
    assert_blocked(&w, "192.0.2.2@53 udp: DS 1, proven by DNSSEC; but ns.invalid 192.0.2.1@53");
    ancestor_done(&other);
}

static void what_another_answer_makes_up_for_is_left_out(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "nsec.zone", SECURE);
    world_ask(&w, says_ds);
    add_answer(&w.o, "ns1.example.net", "2001:db8::1@53", "udp", silence(&w))->no_route = true;
    add_answer(&w.o, "ns1.example.net", "192.0.2.60@53", "udp", truncated(&w));
    add_answer(&w.o, "ns1.example.net", "192.0.2.60@53", "tcp", says_ds(&w));
    assert_int_equal(world_judge(&w), ERR_OK);
    assert_true(w.view.agrees);
    assert_true(w.view.servers[4].is_left_out);
    assert_true(w.view.servers[5].is_left_out);

    /* but a server of which nothing else is known counts */
    add_answer(&w.o, "ns3.example.net", "2001:db8::3@53", "udp", silence(&w))->no_route = true;
    parent_view_done(&w.view);
    assert_blocked(&w, "ns3.example.net");
}

static void each_name_server_of_the_parent_must_have_been_asked(void **state)
{
    (void)state;
    AUTO(world) struct world w;
    world_new(&w, "nsec.zone", SECURE);
    add_answer(&w.o, "ns1.example.net", "192.0.2.53@53", "udp", says_ds(&w));
    assert_blocked(&w, "a name server that was not asked");

    AUTO(world) struct world unlisted;
    world_new(&unlisted, "nsec.zone", SECURE);
    world_ask(&unlisted, says_ds);
    unlisted.o.link_n = 1;
    assert_blocked(&unlisted, "the list of the parent's name servers");

    AUTO(world) struct world nobody;
    world_new(&nobody, "nsec.zone", SECURE);
    assert_blocked(&nobody, "no server of the parent was asked");
}

/* ------------------------------------------------------------------ TSIG */

#define ZEROS  "00000000000000000000000000000000"
#define SECRET "c2VjcmV0IG9mIHRoZSBhZ2VudCBmb3IgdGVzdHMh"

static const uint8_t request_mac[32] = {1, 2, 3};

/* As libknot signs a response; libknot takes the system's clock. */
static struct buf tsig_signed(struct buf message, const char *secret)
{
    knot_tsig_key_t key = {0};
    uint8_t room[4096], mac[64];
    size_t len = message.len, mac_len = sizeof mac;
    memcpy(room, message.data, len);
    buf_done(&message);
    assert_int_equal(knot_tsig_key_init(&key, "hmac-sha256", "agent.key.", secret), 0);
    assert_int_equal(knot_tsig_sign(room, &len, sizeof room, request_mac, sizeof request_mac, mac,
                                    &mac_len, &key, 0, 0),
                     0);
    knot_tsig_key_deinit(&key);
    struct buf out = {0};
    buf_add(&out, room, len);
    return out;
}

/* RFC 8945 s5.2.2.1 would let a server cut its MAC in half. */
static struct buf tsig_shortened(struct buf m)
{
    enum { TAIL = 6, MAC = 32, HALF = 16, RDATA = 13 + 10 + MAC + TAIL };
    m.data[m.len - TAIL - MAC - 1] = HALF;
    m.data[m.len - RDATA - 1] -= HALF;
    memmove(m.data + m.len - TAIL - HALF, m.data + m.len - TAIL, TAIL);
    m.len -= HALF;
    return m;
}

static void tsig_of_a_named_agent_is_proof(void **state)
{
    (void)state;
    enum {
        RIGHT,
        OTHER_SECRET,
        OTHER_MAC,
        CHANGED,
        UNSIGNED,
        LATE,
        SHORT,
        UNKNOWN_ADDRESS,
        TCP_MISSING,
        ABSENT,
        ABSENT_BY_CHILD,
        ABSENT_BY_NOBODY
    };
    static const struct {
        const char *name;
        int what;
        const char *why; /* NULL: proven */
    } cases[] = {
        {"right", RIGHT, NULL},
        {"another secret", OTHER_SECRET, "another secret"},
        {"the answer to another question", OTHER_MAC, "another secret, or a changed message"},
        {"a changed message", CHANGED, "a changed message"},
        {"not signed", UNSIGNED, "not signed"},
        {"signed at another time", LATE, "not signed at the time"},
        {"half a MAC", SHORT, "another length"},
        {"not an agent", UNKNOWN_ADDRESS, "no trust anchor"},
        {"not over TCP", TCP_MISSING, "was not asked over tcp"},
        {"no DS", ABSENT, NULL},
        {"no DS at the child's own server", ABSENT_BY_CHILD, "a zone above it"},
        {"no DS, and no SOA", ABSENT_BY_NOBODY, "a zone above it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int what = cases[i].what;
        AUTO(world) struct world w;
        TEST_CASE(cases[i].name);
        world_new(&w, "nsec.zone", SECURE);
        zone_free(w.trust.anchors); /* TSIG alone has to do */
        w.trust.anchors = zone_of_at(".", "$TTL 60\nother. DS 1 13 2 " ZEROS ZEROS "\n");
        struct parent_agent agent = {"agent",
                                     "192.0.2.9@53",
                                     wire("agent.key."),
                                     "hmac-sha256",
                                     {(const uint8_t *)"secret of the agent for tests!", 30}};
        w.trust.agents = &agent;
        w.trust.agent_n = 1;
        int64_t now = time(NULL);
        w.o.at = what == LATE ? now - 301 : now;
        for (int t = 0; t < (what == TCP_MISSING ? 1 : 2); t++) {
            struct buf m = what < ABSENT ? says_ds(&w) : response(w.o.zone, T_DS);
            struct zone_rrset soa = rrset_of(w.parent, zone_apex(w.parent), T_SOA);
            if (what == ABSENT || what == ABSENT_BY_CHILD)
                put_set_as(&m, AUTHORITY, &soa, what == ABSENT ? zone_apex(w.parent) : w.o.zone);
            m = what == UNSIGNED ? m : tsig_signed(m, what == OTHER_SECRET ? "AAAA" : SECRET);
            if (what == SHORT)
                m = tsig_shortened(m);
            if (what == CHANGED)
                m.data[12 + name_len(w.o.zone) + 4 + name_len(w.o.zone) + 10 + 8] ^= 1;
            struct observed_answer *a = add_answer(
                &w.o, "agent", what == UNKNOWN_ADDRESS ? "192.0.2.10@53" : "192.0.2.9@53",
                t == 0 ? "udp" : "tcp", m);
            a->tsig = "agent.key";
            a->request_mac = (struct bytes){request_mac, what == OTHER_MAC ? 31 : 32};
        }
        assert_int_equal(parent_judge(&w.o, &w.trust, 0, now, &w.view, w.diags), ERR_OK);
        if (cases[i].why != NULL && strstr(w.view.why, cases[i].why) == NULL)
            print_message("    verdict: %s\n", w.view.why);
        assert_int_equal(w.view.agrees, cases[i].why == NULL);
        if (cases[i].why == NULL) {
            assert_int_equal(w.view.servers[0].proof, PARENT_BY_TSIG);
            assert_int_equal(w.view.ds_n, what == ABSENT ? 0 : 1);
            assert_int_equal(w.view.ttl_s, what == ABSENT ? 600 : 3600);
        } else {
            assert_non_null(strstr(w.view.why, cases[i].why));
        }
    }
}

/* ------------------------------------------------------------------ DS and keys */

static struct parent_view view_of(struct bytes *ds, size_t n)
{
    return (struct parent_view){.arena = arena_new(),
                                .agrees = true,
                                .observed_at = TEST_NOW,
                                .signed_at = TEST_NOW - 3600,
                                .ds = ds,
                                .ds_n = n,
                                .ttl_s = 77};
}

static void ds_are_matched_with_keys_by_digest(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset set = make_keys(13, false);
    AUTO_PTR(diags) struct diags *d = diags_new();
    uint8_t mine[DS_RDATA_LEN], foreign[DS_RDATA_LEN];
    struct parent_key keys[2];
    for (size_t i = 0; i < 2; i++)
        keys[i] = (struct parent_key){key_digest(set.keys[i]), key_dnskey_rdata(set.keys[i]), true};
    assert_int_equal(ds_rdata(wire("example."), keys[0].dnskey, mine), ERR_OK);
    memcpy(foreign, mine, sizeof mine);
    foreign[10] ^= 1; /* the same tag and algorithm: tags prove nothing */
    struct bytes ds[2] = {{mine, sizeof mine}, {foreign, sizeof foreign}};

    AUTO(parent_view) struct parent_view one = view_of(ds, 1);
    struct life_parent seen = {0};
    assert_int_equal(parent_seen(&one, wire("example."), keys, 2, &seen, d), ERR_OK);
    assert_int_equal(seen.digest_n, 1);
    assert_string_equal(seen.digests[0], keys[0].digest);
    assert_int_equal(seen.at, TEST_NOW);
    assert_int_equal(seen.ttl_s, 77);
    assert_int_equal(seen.proven_at, TEST_NOW);
    assert_int_equal(diags_n(d), 0);

    AUTO(parent_view) struct parent_view both = view_of(ds, 2);
    assert_int_equal(parent_seen(&both, wire("example."), keys, 2, &seen, d), ERR_OK);
    assert_int_equal(seen.digest_n, 1);
    assert_int_equal(findings_n(d, "parent-ds-unknown"), 1);
    assert_int_equal(findings_n(d, "parent-ds-no-match"), 0);

    AUTO(parent_view) struct parent_view strange = view_of(ds + 1, 1);
    assert_int_equal(parent_seen(&strange, wire("example."), keys, 2, &seen, d), ERR_OK);
    assert_int_equal(seen.digest_n, 0);
    assert_int_equal(findings_n(d, "parent-ds-no-match"), 1);

    /* an answer kept back, and shown as one of today: it proves what was when it was signed */
    one.signed_at = TEST_NOW - 3 * 86400;
    assert_int_equal(parent_seen(&one, wire("example."), keys, 2, &seen, d), ERR_OK);
    assert_int_equal(seen.at, TEST_NOW);
    assert_int_equal(seen.proven_at, TEST_NOW - 2 * 86400);

    keys[0].is_published = false; /* the DS is of a key that the zone does not show */
    assert_int_equal(parent_seen(&one, wire("example."), keys, 2, &seen, d), ERR_OK);
    assert_int_equal(findings_n(d, "parent-ds-no-match"), 2);

    AUTO(parent_view) struct parent_view none = view_of(NULL, 0);
    assert_int_equal(parent_seen(&none, wire("example."), keys, 2, &seen, d), ERR_OK);
    assert_int_equal(seen.digest_n, 0);
    assert_int_equal(findings_n(d, "parent-ds-no-match"), 2);

    none.agrees = false;
    assert_int_equal(parent_seen(&none, wire("example."), keys, 2, &seen, d), ERR_ABSENT);
}

/* Digests by GnuTLS, while the code asks libcrypto. */
static void digest_types_1_2_and_4_count(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset set = make_keys(15, true);
    struct bytes key = key_dnskey_rdata(set.keys[0]);
    static const struct {
        uint8_t type;
        gnutls_digest_algorithm_t digest;
        bool counts;
    } cases[] = {
        {0, GNUTLS_DIG_SHA256, false}, {1, GNUTLS_DIG_SHA1, true},
        {2, GNUTLS_DIG_SHA256, true},  {3, GNUTLS_DIG_SHA256, false},
        {4, GNUTLS_DIG_SHA384, true},  {4, GNUTLS_DIG_SHA256, false}, /* of another length */
        {2, GNUTLS_DIG_SHA1, false},
    };
    AUTO(buf) struct buf in = {0};
    buf_add(&in, wire("example."), name_len(wire("example.")));
    buf_add(&in, key.data, key.len);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t ds[4 + 64];
        bool is = !cases[i].counts;
        assert_int_equal(ds_rdata(wire("example."), key, ds), ERR_OK); /* tag and algorithm */
        ds[3] = cases[i].type;
        assert_int_equal(gnutls_hash_fast(cases[i].digest, in.data, in.len, ds + 4), 0);
        struct bytes rdata = {ds, 4 + gnutls_hash_get_len(cases[i].digest)};
        assert_int_equal(parent_ds_is_of(wire("example."), rdata, key, &is), ERR_OK);
        assert_int_equal(is, cases[i].counts);
        assert_int_equal(parent_ds_is_of(wire("other."), rdata, key, &is), ERR_OK);
        assert_false(is); /* the owner is in the digest */
        rdata.len = 4 + 16;
        assert_int_equal(parent_ds_is_of(wire("example."), rdata, key, &is), ERR_OK);
        assert_false(is); /* half a digest is none */
    }
}

static void the_built_in_anchors_are_the_roots(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = NULL;
    assert_int_equal(parent_anchors_default(&z), ERR_OK);
    struct zone_rrset set = rrset_of(z, wire("."), T_DS);
    assert_int_equal(set.rrs.count, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_signed_ds_is_proven),
    cmocka_unit_test(absence_is_proven_by_nsec_nsec3_and_opt_out),
    cmocka_unit_test(the_chain_begins_at_the_root),
    cmocka_unit_test(a_broken_chain_proves_nothing),
    cmocka_unit_test(what_is_not_proven_blocks),
    cmocka_unit_test(a_span_without_opt_out_is_no_proof),
    cmocka_unit_test(too_many_iterations_are_not_worked_through),
    cmocka_unit_test(a_flood_of_nsec3_is_not_worked_through),
    cmocka_unit_test(signatures_must_hold_then_and_now),
    cmocka_unit_test(observations_of_a_wrong_time_are_refused),
    cmocka_unit_test(one_unlike_the_others_blocks),
    cmocka_unit_test(two_proven_sets_do_not_agree),
    cmocka_unit_test(what_another_answer_makes_up_for_is_left_out),
    cmocka_unit_test(each_name_server_of_the_parent_must_have_been_asked),
    cmocka_unit_test(tsig_of_a_named_agent_is_proof),
    cmocka_unit_test(ds_are_matched_with_keys_by_digest),
    cmocka_unit_test(digest_types_1_2_and_4_count),
    cmocka_unit_test(the_built_in_anchors_are_the_roots),
};

TEST_MAIN(tests)
