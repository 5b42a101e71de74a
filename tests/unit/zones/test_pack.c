/*
 * tests/unit/zones/test_pack.c -- nodes as octets: what was written is read again, in whichever
 * form it was packed.
 */
#include <stdlib.h>

#include <libknot/descriptor.h>

#include "tests/unit/zones/zone_testing.h"
#include "zones/pack.h"

static const uint8_t apex[] = "\7example";

/* Records of data given as "length, octets" one after the other. */
struct set_room {
    _Alignas(2) uint8_t octets[64];
};

static struct zone_rrset set_make(const uint8_t *owner, uint16_t type, const char *const *records,
                                  struct set_room *room)
{
    struct zone_rrset set = {.type = type,
                             .ttl = 300u + type,
                             .line = 7,
                             .line_next = 7,
                             .owner = owner,
                             .apex = apex,
                             .rrs = {.rdata = (knot_rdata_t *)(void *)room->octets}};
    for (; *records != NULL; records++) {
        size_t len = strlen(*records);
        knot_rdata_init((knot_rdata_t *)(void *)(room->octets + set.rrs.size), (uint16_t)len,
                        (const uint8_t *)*records);
        set.rrs.size += (uint32_t)knot_rdata_size((uint16_t)len);
        set.rrs.count++;
    }
    assert_true(set.rrs.size <= sizeof(room->octets));
    return set;
}

/* As a signer of our zone makes it: every field follows from the RRset. */
static struct zone_sig sig_make(const struct zone_rrset *set, const char *signature)
{
    return (struct zone_sig){.ttl = set->ttl,
                             .type_covered = set->type,
                             .algorithm = 13,
                             .labels = sig_labels(set->owner),
                             .original_ttl = set->ttl,
                             .expiration = 4000000000u,
                             .inception = 3000000000u,
                             .key_tag = 54321,
                             .signer = apex,
                             .signature = {(const uint8_t *)signature, strlen(signature)}};
}

static void assert_same_sig(const struct zone_sig *a, const struct zone_sig *b)
{
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->type_covered, b->type_covered);
    assert_int_equal(a->algorithm, b->algorithm);
    assert_int_equal(a->labels, b->labels);
    assert_int_equal(a->original_ttl, b->original_ttl);
    assert_int_equal(a->expiration, b->expiration);
    assert_int_equal(a->inception, b->inception);
    assert_int_equal(a->key_tag, b->key_tag);
    assert_int_equal(name_compare(a->signer, b->signer), 0);
    assert_true(bytes_equal(a->signature, b->signature));
}

static void content_is_read_as_written(void **state)
{
    (void)state;
    static const char *const one[] = {"abc", NULL};
    static const char *const more[] = {"", "x", "yz", "yzz", NULL};
    static const char *const none[] = {NULL};
    AUTO(buf) struct buf b = {0};
    struct set_room rooms[3];
    const uint8_t *owner = wire("*.w.example");
    struct zone_rrset sets[3] = {set_make(owner, 1, one, &rooms[0]),
                                 set_make(owner, 16, more, &rooms[1]),
                                 set_make(owner, 65280, none, &rooms[2])};
    sets[1].line_next = 9;
    buf_add(&b, "before", 6); /* the record may start anywhere that is even */
    size_t start = pack_content_open(&b, owner, NODE_WILDCARD | NODE_BELOW_CUT);
    assert_int_equal(start, 6);
    for (size_t i = 0; i < 3; i++)
        pack_set(&b, &sets[i]);
    pack_content_close(&b, start, 3);
    assert_int_equal(pack_content_len(b.data + start), b.len - start);
    assert_int_equal(b.len % 2, 0);
    assert_int_equal(pack_content_records(b.data + start), 5);

    struct zone_node node;
    struct zone_rrset set;
    struct set_walk w;
    pack_view(apex, b.data + start, NULL, &node);
    assert_int_equal(name_compare(node.owner, owner), 0);
    assert_int_equal(node.flags, NODE_WILDCARD | NODE_BELOW_CUT);
    assert_int_equal(node.rrset_n, 3);
    set_walk_first(&node, &w);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(set_walk_next(&w, &set));
        assert_int_equal(set.type, sets[i].type);
        assert_int_equal(set.ttl, sets[i].ttl);
        assert_int_equal(set.line, 7);
        assert_int_equal(set.line_next, sets[i].line_next);
        assert_int_equal(set.sig_n, 0);
        assert_ptr_equal(set.apex, apex);
        assert_true(knot_rdataset_eq(&set.rrs, &sets[i].rrs));
        assert_int_equal((uintptr_t)set.rrs.rdata % 2, 0);
        assert_true(zone_node_rrset(&node, sets[i].type, &set));
        zone_node_set(&node, i, &set);
        assert_int_equal(set.type, sets[i].type);
    }
    assert_false(set_walk_next(&w, &set));
    assert_false(zone_node_rrset(&node, 2, &set));
    assert_false(zone_node_rrset(&node, 65535, &set));
}

static void signatures_take_the_form_that_says_all(void **state)
{
    (void)state;
    static const char *const data[] = {"abcd", NULL};
    static const struct {
        const char *name;
        bool is_short;
        size_t field; /* that is unlike the RRset's; 0: none */
        const char *signature;
    } cases[] = {
        {"as expected", true, 0, "SIGNATURE"},
        {"empty", true, 0, ""},
        {"of even length", true, 0, "SIGN"},
        {"TTL", false, 1, "SIGNATURE"},
        {"type", false, 2, "SIGN"},
        {"labels", false, 3, "SIGNATURE"},
        {"original TTL", false, 4, ""},
        {"signer below", false, 5, "SIGNATURE"},
        {"signer of the same length", false, 6, "SIGNATURE"},
        {"signer above", false, 7, "SIGN"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf) struct buf b = {0};
        struct set_room room;
        TEST_CASE(cases[i].name);
        const uint8_t *owner = wire("*.a.example");
        struct zone_rrset set = set_make(owner, 1, data, &room);
        struct zone_sig in = sig_make(&set, cases[i].signature);
        switch (cases[i].field) {
        case 1: in.ttl++; break;
        case 2: in.type_covered = 2; break;
        case 3: in.labels++; break;
        case 4: in.original_ttl--; break;
        case 5: in.signer = wire("a.example"); break;
        case 6: in.signer = wire("exampld"); break;
        case 7: in.signer = wire("."); break;
        default: break;
        }
        pack_sig(&b, &set, &in);
        struct zone_sig next = sig_make(&set, "NEXT");
        pack_sig(&b, &set, &next);
        assert_int_equal(b.data[0] == 0, cases[i].is_short);
        assert_int_equal(b.len % 2, 0);
        struct zone_sig out;
        set.sigs = b.data;
        set.sig_n = 2;
        const uint8_t *pos = set.sigs;
        sig_walk_next(&set, &pos, &out);
        assert_same_sig(&in, &out);
        sig_walk_next(&set, &pos, &out);
        assert_same_sig(&next, &out);
        assert_ptr_equal(pos, b.data + b.len);
        zone_rrset_sig(&set, 1, &out);
        assert_same_sig(&next, &out);
    }
}

/* A signature made in place is one that came short. */
static void room_for_a_signature(void **state)
{
    (void)state;
    static const char *const data[] = {"abcd", NULL};
    for (size_t len = 0; len < 140; len += 7) {
        AUTO(buf) struct buf b = {0};
        struct set_room room;
        struct zone_rrset set = set_make(wire("a.example"), 1, data, &room);
        struct zone_sig sig;
        size_t at = pack_sig_room(&b, 15, 1, 2, 3, len);
        memset(b.data + at, 'x', len);
        set.sigs = b.data;
        const uint8_t *pos = b.data;
        sig_walk_next(&set, &pos, &sig);
        assert_ptr_equal(pos, b.data + b.len);
        assert_int_equal(sig.algorithm, 15);
        assert_int_equal(sig.key_tag, 1);
        assert_int_equal(sig.expiration, 2);
        assert_int_equal(sig.inception, 3);
        assert_int_equal(sig.labels, 2);
        assert_int_equal(sig.signature.len, len);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(sig.signature.data[i], 'x');
    }
}

/* A node of A, an orphan MX and a TYPE65280, and NSEC between them in the DNSSEC record. */
static void dnssec_record_is_merged_by_type(void **state)
{
    (void)state;
    static const char *const data[] = {"abcd", NULL};
    static const char *const none[] = {NULL};
    static const uint16_t types[] = {1, 15, KNOT_RRTYPE_NSEC, 65280};
    static const uint16_t counts[] = {2, 1, 1, 0};
    static const uint32_t lines[] = {0, 44, 0, 0};
    AUTO(buf) struct buf content = {0};
    AUTO(buf) struct buf dnssec = {0};
    struct set_room rooms[4];
    const uint8_t *owner = wire("a.example");
    struct zone_rrset sets[4];
    for (size_t i = 0; i < 4; i++)
        sets[i] = set_make(owner, types[i], i == 1 ? none : data, &rooms[i]);
    size_t start = pack_content_open(&content, owner, 0);
    for (size_t i = 0; i < 4; i++) {
        if (i != 2)
            pack_set(&content, &sets[i]);
    }
    pack_content_close(&content, start, 3);
    start = pack_dnssec_open(&dnssec);
    pack_set(&dnssec, &sets[2]);
    for (size_t i = 0; i < 4; i++) {
        pack_list_open(&dnssec, counts[i], lines[i]);
        for (uint32_t k = 0; k < counts[i]; k++) {
            struct zone_sig sig = sig_make(&sets[i], "S");
            sig.expiration = 0xfffffff0u + 16 * (uint32_t)i + k; /* past the wrap from 1 on */
            pack_sig(&dnssec, &sets[i], &sig);
        }
    }
    pack_dnssec_close(&dnssec, start, true, 4);
    assert_int_equal(pack_dnssec_len(dnssec.data), dnssec.len);
    assert_int_equal(pack_dnssec_records(dnssec.data), 5);

    struct zone_node node;
    struct zone_rrset set;
    struct set_walk w;
    uint32_t expires = 0;
    pack_view(apex, content.data, dnssec.data, &node);
    assert_int_equal(node.rrset_n, 4);
    assert_true(pack_dnssec_expires(&node, &expires));
    assert_int_equal(expires, 0xfffffff0u);
    set_walk_first(&node, &w);
    for (size_t i = 0; i < 4; i++) {
        assert_true(set_walk_next(&w, &set));
        assert_int_equal(set.type, types[i]);
        assert_int_equal(set.rrs.count, i == 1 ? 0 : 1);
        assert_int_equal(set.sig_n, counts[i]);
        assert_int_equal(set.sig_line, lines[i]);
        struct zone_sig sig;
        for (uint32_t k = 0; k < set.sig_n; k++) {
            zone_rrset_sig(&set, k, &sig);
            assert_int_equal(sig.type_covered, types[i]);
            assert_int_equal(sig.expiration, 0xfffffff0u + 16 * (uint32_t)i + k);
        }
    }
    assert_false(set_walk_next(&w, &set));
    pack_view(apex, content.data, NULL, &node); /* unsigned */
    assert_int_equal(node.rrset_n, 3);
    assert_false(pack_dnssec_expires(&node, &expires));
    assert_false(zone_node_rrset(&node, KNOT_RRTYPE_NSEC, &set));
}

static void equal_contents_differ_in_lines_only(void **state)
{
    (void)state;
    static const char *const data[2][3] = {{"abcd", NULL}, {"abcd", "abce", NULL}};
    static const struct {
        const char *name;
        uint16_t type;
        uint32_t ttl;
        uint32_t line;
        uint32_t flags;
        size_t data;
        bool equal;
    } cases[] = {
        {"the same", 1, 60, 1, 0, 0, true}, {"line", 1, 60, 2, 0, 0, true},
        {"type", 2, 60, 1, 0, 0, false},    {"TTL", 1, 61, 1, 0, 0, false},
        {"flags", 1, 60, 1, 1, 0, false},   {"records", 1, 60, 1, 0, 1, false},
    };
    AUTO(buf) struct buf first = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf) struct buf b = {0};
        struct set_room room;
        const uint8_t *owner = wire("a.example");
        TEST_CASE(cases[i].name);
        struct zone_rrset set = set_make(owner, cases[i].type, data[cases[i].data], &room);
        set.ttl = cases[i].ttl;
        set.line = cases[i].line;
        size_t start = pack_content_open(&b, owner, cases[i].flags);
        pack_set(&b, &set);
        pack_content_close(&b, start, 1);
        if (i == 0)
            buf_add(&first, b.data, b.len);
        assert_int_equal(pack_content_equal(first.data, b.data), cases[i].equal);
    }
}

static void rrsig_rdata_is_checked(void **state)
{
    (void)state;
    static const uint8_t rdata[] = "\0\1\15\2\0\0\0\74AAAABBBB\0\1\7example\0S";
    AUTO(buf) struct buf again = {0};
    struct zone_sig sig;
    assert_true(sig_from_rdata(rdata, sizeof(rdata) - 1, 50, &sig));
    assert_int_equal(sig.ttl, 50);
    assert_int_equal(sig.original_ttl, 60);
    assert_int_equal(sig.expiration, 0x41414141);
    assert_int_equal(sig.inception, 0x42424242);
    assert_int_equal(sig.signature.len, 1);
    zone_sig_rdata(&sig, &again);
    assert_int_equal(again.len, sizeof(rdata) - 1);
    assert_memory_equal(again.data, rdata, again.len);
    for (size_t len = 0; len < sizeof(rdata) - 2; len++) { /* the signature itself may be empty */
        uint8_t *cut = malloc(len + 1);                    /* read past its end under ASan */
        assert_non_null(cut);
        uint8_t *exact = realloc(cut, len == 0 ? 1 : len);
        assert_non_null(exact);
        memcpy(exact, rdata, len);
        assert_false(sig_from_rdata(exact, len, 50, &sig));
        free(exact);
    }
    uint8_t bad[sizeof(rdata)];
    memcpy(bad, rdata, sizeof(rdata));
    bad[18] = 0xc0; /* a pointer */
    assert_false(sig_from_rdata(bad, sizeof(bad) - 1, 50, &sig));
}

static void labels_leave_out_the_asterisk(void **state)
{
    (void)state;
    assert_int_equal(sig_labels(wire(".")), 0);
    assert_int_equal(sig_labels(wire("example")), 1);
    assert_int_equal(sig_labels(wire("*.example")), 1);
    assert_int_equal(sig_labels(wire("a.*.example")), 3);
    assert_int_equal(sig_labels(wire("**.example")), 2);
}

/* More than the format has room for is refused on the way in. */
static void limits_are_the_builders(void **state)
{
    (void)state;
    for (uint32_t more = 0; more < 2; more++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(zone) struct zone *sets = NULL;
        AUTO_PTR(zone) struct zone *sigs = NULL;
        struct zone_builder *b = zone_builder_new(apex, "t.zone");
        struct zone_builder *c = zone_builder_new(apex, "t.zone");
        uint8_t rdata[] = "\0\1\15\2\0\0\0\74AAAABBBB\0\1\7example\0SSS";
        for (uint32_t i = 0; i < PACK_SETS_MAX + more; i++)
            assert_int_equal(
                zone_builder_add(b, apex, (uint16_t)(300 + i), 60, (const uint8_t *)"x", 1, 0),
                ERR_OK);
        for (uint32_t i = 0; i < PACK_LIST_MAX + more; i++) {
            memcpy(rdata + sizeof(rdata) - 4, &i, 3);
            assert_int_equal(
                zone_builder_add(c, apex, KNOT_RRTYPE_RRSIG, 60, rdata, sizeof(rdata) - 1, 0),
                ERR_OK);
        }
        int want = more == 0 ? ERR_OK : ERR_LIMIT;
        assert_int_equal(zone_builder_finish(b, &sets, d), want);
        assert_int_equal(zone_builder_finish(c, &sigs, d), want);
        assert_int_equal(findings_n(d, "rrset-too-large", SEV_ERROR), want == ERR_OK ? 0 : 2);
        if (want != ERR_OK)
            continue;
        assert_int_equal(node_at(sets, 0).rrset_n, PACK_SETS_MAX);
        assert_int_equal(set_of(sigs, "example", 1).sig_n, PACK_LIST_MAX);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(content_is_read_as_written),
    cmocka_unit_test(signatures_take_the_form_that_says_all),
    cmocka_unit_test(room_for_a_signature),
    cmocka_unit_test(dnssec_record_is_merged_by_type),
    cmocka_unit_test(equal_contents_differ_in_lines_only),
    cmocka_unit_test(rrsig_rdata_is_checked),
    cmocka_unit_test(labels_leave_out_the_asterisk),
    cmocka_unit_test(limits_are_the_builders),
};

TEST_MAIN(tests)
