/*
 * tests/unit/zones/test_cursor.c -- walks over both orders of a snapshot, whole and in segments.
 */
#include <stdlib.h>

#include <libknot/descriptor.h>

#include "tests/unit/zones/zone_testing.h"
#include "zones/snapshot.h"

static const uint8_t apex[] = "\7example";

#define NSEC3_DATA "\1\0\0\0\0\4abcd"

struct want {
    char name[40];
    bool nsec3;
};

static int want_compare(const void *a, const void *b)
{
    const struct want *x = a;
    const struct want *y = b;
    int cmp = strcmp(x->name, y->name); /* as canonical order: one label of one length */
    return cmp != 0 ? cmp : (int)x->nsec3 - (int)y->nsec3;
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* NAMES names and HASHES hashes of a range of RANGE, so that some are both. *RET_N of them. */
static struct zone *zone_make(size_t names, size_t hashes, uint32_t range, uint32_t seed,
                              struct want **ret, size_t *ret_n)
{
    struct zone_builder *b = zone_builder_new(apex, NULL);
    struct want *all = calloc(names + hashes + 1, sizeof(*all));
    struct zone *z = NULL;
    assert_true(b != NULL && all != NULL);
    for (size_t i = 0; i < names + hashes; i++) {
        struct want *w = &all[i];
        w->nsec3 = i >= names;
        snprintf(w->name, sizeof(w->name), "n%07u.example", random_next(&seed) % range);
        int err = w->nsec3
                      ? zone_builder_add(b, wire(w->name), KNOT_RRTYPE_NSEC3, 60,
                                         (const uint8_t *)NSEC3_DATA, 10, 0)
                      : zone_builder_add(b, wire(w->name), 1, 60, (const uint8_t *)"abcd", 4, 0);
        assert_int_equal(err, ERR_OK);
    }
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    qsort(all, names + hashes, sizeof(*all), want_compare);
    size_t n = 0;
    for (size_t i = 0; i < names + hashes; i++) {
        if (n == 0 || want_compare(&all[n - 1], &all[i]) != 0)
            all[n++] = all[i];
    }
    *ret = all;
    *ret_n = n;
    assert_int_equal(zone_node_n(z), n);
    assert_int_equal(zone_record_n(z), n);
    return z;
}

static void check_walk(struct zone_cursor *c, const struct want *want, size_t n)
{
    struct zone_node node;
    for (size_t i = 0; i < n; i++) {
        assert_true(zone_next(c, &node));
        assert_int_equal(name_compare(node.owner, wire(want[i].name)), 0);
        assert_int_equal((node.flags & NODE_NSEC3) != 0, want[i].nsec3);
    }
}

static const struct {
    size_t names;
    size_t hashes;
    uint32_t range;
} sizes[] = {{0, 0, 1},
             {1, 0, 9},
             {0, 1, 9},
             {1, 1, 1},
             {64, 64, 100},
             {65, 1, 100},
             {0, 500, 9000},
             {500, 0, 9000},
             {3000, 10, 900},
             {10, 3000, 9000},
             {20000, 20000, 60000}};
#define SIZE_N (sizeof(sizes) / sizeof(sizes[0]))

static void both_orders_are_merged(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZE_N; s++) {
        struct want *want;
        size_t n;
        struct zone_cursor c;
        struct zone_node node;
        AUTO_PTR(zone)
        struct zone *z =
            zone_make(sizes[s].names, sizes[s].hashes, sizes[s].range, (uint32_t)s, &want, &n);
        zone_first(z, &c);
        check_walk(&c, want, n);
        assert_false(zone_next(&c, &node));
        assert_false(zone_next(&c, &node));
        free(want);
    }
}

static void seek_finds_the_first_that_is_not_before(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZE_N; s++) {
        struct want *want;
        size_t n;
        struct zone_cursor c;
        struct zone_node node;
        AUTO_PTR(zone)
        struct zone *z =
            zone_make(sizes[s].names, sizes[s].hashes, sizes[s].range, (uint32_t)s, &want, &n);
        for (uint32_t i = 0; i <= sizes[s].range; i += 1 + sizes[s].range / 1000) {
            char name[40];
            size_t at = 0;
            snprintf(name, sizeof(name), "n%07u.example", i);
            while (at < n && strcmp(want[at].name, name) < 0)
                at++;
            bool exists = at < n && strcmp(want[at].name, name) == 0;
            assert_int_equal(zone_seek(z, wire(name), &c), exists);
            check_walk(&c, want + at, n - at < 5 ? n - at : 5);
            assert_int_equal(zone_find(z, wire(name), &node), exists);
            if (exists) /* the name before the hash */
                assert_int_equal((node.flags & NODE_NSEC3) != 0, want[at].nsec3);
        }
        free(want);
    }
}

static void segments_hold_each_node_once_in_order(void **state)
{
    (void)state;
    for (size_t s = 0; s < SIZE_N; s++) {
        struct want *want;
        size_t n;
        size_t at = 0;
        AUTO_PTR(zone_segments) struct zone_segments *segments = NULL;
        AUTO_PTR(zone)
        struct zone *z =
            zone_make(sizes[s].names, sizes[s].hashes, sizes[s].range, (uint32_t)s, &want, &n);
        assert_int_equal(zone_segments_new(z, &segments), ERR_OK);
        for (size_t i = 0; i < zone_segment_n(segments); i++) {
            struct zone_cursor c;
            struct zone_cursor copy;
            struct zone_node node;
            size_t held = 0;
            zone_segment(segments, i, &c);
            for (copy = c; zone_next(&copy, &node);)
                held++;
            assert_true(held <= 2 * ZONE_LEAF_NODES && at + held <= n);
            check_walk(&c, want + at, held);
            at += held;
        }
        assert_int_equal(at, n);
        free(want);
    }
}

static void a_name_and_a_hash_are_two_nodes(void **state)
{
    (void)state;
    static const char sig[] = "\0\62\15\2\0\0\0\74AAAABBBB\0\1\7example\0S"; /* of NSEC3 */
    struct zone_builder *b = zone_builder_new(apex, NULL);
    AUTO_PTR(zone) struct zone *z = NULL;
    const uint8_t *both = wire("a.example");
    assert_int_equal(zone_builder_add(b, both, 1, 60, (const uint8_t *)"abcd", 4, 0), ERR_OK);
    assert_int_equal(
        zone_builder_add(b, both, KNOT_RRTYPE_NSEC3, 60, (const uint8_t *)NSEC3_DATA, 10, 0),
        ERR_OK);
    assert_int_equal(
        zone_builder_add(b, both, KNOT_RRTYPE_RRSIG, 60, (const uint8_t *)sig, sizeof(sig) - 1, 0),
        ERR_OK);
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    assert_int_equal(zone_node_n(z), 2);
    struct zone_node name = node_at(z, 0);
    struct zone_node hash = node_at(z, 1);
    struct zone_rrset set;
    assert_int_equal(name.flags, 0);
    assert_int_equal(name.rrset_n, 1);
    assert_int_equal(hash.flags, NODE_NSEC3);
    assert_int_equal(hash.rrset_n, 1);
    assert_int_equal(set_of(z, "a.example", 1).sig_n, 0);
    assert_int_equal(set_of(z, "a.example", KNOT_RRTYPE_NSEC3).sig_n, 1);
    assert_false(zone_node_rrset(&name, KNOT_RRTYPE_NSEC3, &set));
    assert_true(zone_node_answers(&name));
    assert_false(zone_node_answers(&hash));
}

static void what_a_change_leaves_alone_is_shared(void **state)
{
    (void)state;
    struct want *want = NULL;
    size_t n = 0;
    AUTO_PTR(zone) struct zone *z = zone_make(2000, 300, 100000, 5, &want, &n);
    free(want);
    AUTO_PTR(zone) struct zone *other = NULL;
    AUTO_PTR(records) struct records *one = records_new();
    AUTO_PTR(zone_segments) struct zone_segments *segments = NULL;
    uint8_t owner[256];
    assert_true(name_from_text("n0050000.example", owner));
    assert_int_equal(records_add(one, owner, KNOT_RRTYPE_TXT, 60, (const uint8_t *)"\1x", 2),
                     ERR_OK);
    assert_int_equal(zone_overlay(z, one, &other, NULL), ERR_OK);
    assert_int_equal(zone_segments_new(other, &segments), ERR_OK);
    size_t shared = 0;
    for (size_t i = 0; i < zone_segment_n(segments); i++) {
        struct zone_cursor c;
        struct zone_node node;
        zone_segment(segments, i, &c);
        assert_true(zone_cursor_is_shared(&c, other));
        bool is_shared = zone_cursor_is_shared(&c, z);
        shared += is_shared ? 1 : 0;
        while (zone_next(&c, &node)) /* the new record is in none that is shared */
            assert_false(is_shared && name_compare(node.owner, owner) == 0);
    }
    assert_in_range(shared, zone_segment_n(segments) / 2, zone_segment_n(segments) - 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_a_change_leaves_alone_is_shared),
    cmocka_unit_test(both_orders_are_merged),
    cmocka_unit_test(seek_finds_the_first_that_is_not_before),
    cmocka_unit_test(segments_hold_each_node_once_in_order),
    cmocka_unit_test(a_name_and_a_hash_are_two_nodes),
};

TEST_MAIN(tests)
