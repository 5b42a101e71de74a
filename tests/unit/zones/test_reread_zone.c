/*
 * tests/unit/zones/test_reread_zone.c -- our text becomes the snapshot that zone_parse makes of it,
 * and proofreading finds every difference between text and nodes.
 */
#include "common/err.h"
#include "tests/unit/zones/random_rdata.h"
#include "tests/unit/zones/zone_files.h"
#include "tests/unit/zones/zone_testing.h"

static void assert_same_set(const struct zone_rrset *a, const struct zone_rrset *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->sig_n, b->sig_n);
    assert_true(knot_rdataset_eq(&a->rrs, &b->rrs));
    for (uint32_t i = 0; i < a->sig_n; i++) {
        AUTO(buf) struct buf x = {0};
        AUTO(buf) struct buf y = {0};
        struct zone_sig s;
        struct zone_sig t;
        zone_rrset_sig(a, i, &s);
        zone_rrset_sig(b, i, &t);
        assert_int_equal(s.ttl, t.ttl);
        zone_sig_rdata(&s, &x);
        zone_sig_rdata(&t, &y);
        assert_true(bytes_equal(buf_bytes(&x), buf_bytes(&y)));
    }
}

static void assert_same_zone(const struct zone *a, const struct zone *b)
{
    struct zone_cursor c;
    struct zone_cursor d;
    struct zone_node m;
    struct zone_node n;
    assert_int_equal(name_compare(zone_apex(a), zone_apex(b)), 0);
    assert_int_equal(zone_record_n(a), zone_record_n(b));
    assert_int_equal(zone_node_n(a), zone_node_n(b));
    zone_first(a, &c);
    zone_first(b, &d);
    while (zone_next(&c, &m)) {
        assert_true(zone_next(&d, &n));
        assert_int_equal(name_compare(m.owner, n.owner), 0);
        assert_int_equal(m.flags, n.flags);
        assert_int_equal(m.rrset_n, n.rrset_n);
        for (uint32_t i = 0; i < m.rrset_n; i++) {
            struct zone_rrset x;
            struct zone_rrset y;
            zone_node_set(&m, i, &x);
            zone_node_set(&n, i, &y);
            assert_same_set(&x, &y);
        }
    }
    assert_false(zone_next(&d, &n));
}

static void assert_rereads(const struct zone *z, const char *path)
{
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(zone) struct zone *again = NULL;
    TEST_CASE(path);
    assert_int_equal(zone_write(z, &text), ERR_OK);
    assert_int_equal(zone_reread("again", buf_str(&text), text.len, &again), ERR_OK);
    assert_string_equal(zone_file(again), "again");
    assert_same_zone(z, again);
}

static void written_zones_become_the_same_snapshot(void **state)
{
    (void)state;
    zone_files_each(assert_rereads);
}

static struct random_rdata dice = {.seed = 11};

/* The whole, each segment, and each segment's text against the next one's nodes. */
static void assert_proofreads(const struct zone *z, const char *path)
{
    AUTO_PTR(zone_proofreader) struct zone_proofreader *p = zone_proofreader_new();
    AUTO_PTR(zone_segments) struct zone_segments *segments = NULL;
    AUTO(buf) struct buf before = {0};
    TEST_CASE(path);
    assert_non_null(p);
    assert_int_equal(zone_segments_new(z, &segments), ERR_OK);
    for (size_t i = 0; i < zone_segment_n(segments); i++) {
        AUTO(buf) struct buf text = {0};
        struct zone_cursor nodes;
        struct zone_cursor walk;
        zone_segment(segments, i, &nodes);
        walk = nodes;
        assert_int_equal(zone_write_nodes(&walk, &text), ERR_OK);
        assert_int_equal(zone_proofread(p, &nodes, buf_str(&text), text.len), ERR_OK);
        if (i > 0) {
            AUTO_PTR(zone_proofreader) struct zone_proofreader *q = zone_proofreader_new();
            assert_int_equal(zone_proofread(q, &nodes, buf_str(&before), before.len), ERR_FINDINGS);
        }
        buf_clear(&before);
        buf_add(&before, text.data, text.len);
    }
}

static void text_of_the_same_nodes_passes_and_of_others_does_not(void **state)
{
    (void)state;
    zone_files_each(assert_proofreads);
}

static size_t mutants_refused;

/* An octet changed: refused, or the text says the same all the same (upper case in a mnemonic is
   refused too; hex digits of either case are not). */
static void assert_proofreading_sees(const struct zone *z, const char *path)
{
    AUTO(buf) struct buf text = {0};
    struct zone_cursor nodes;
    TEST_CASE(path);
    zone_first(z, &nodes);
    assert_int_equal(zone_write(z, &text), ERR_OK);
    if (text.len > 20000)
        return;
    for (int i = 0; i < 100; i++) {
        AUTO_PTR(zone_proofreader) struct zone_proofreader *p = zone_proofreader_new();
        AUTO_PTR(zone) struct zone *again = NULL;
        size_t at = random_below(&dice, (uint32_t)text.len);
        uint8_t keep = text.data[at];
        text.data[at] = (uint8_t)(keep ^ (1u << random_below(&dice, 7)));
        int err = zone_proofread(p, &nodes, buf_str(&text), text.len);
        if (err == ERR_OK) {
            AUTO_PTR(diags) struct diags *d = diags_new();
            assert_int_equal(zone_parse("mutant", buf_str(&text), text.len, NULL, &again, d),
                             ERR_OK);
            assert_same_zone(z, again);
        }
        mutants_refused += err != ERR_OK;
        text.data[at] = keep;
    }
    /* a line less, a line more */
    AUTO_PTR(zone_proofreader) struct zone_proofreader *p = zone_proofreader_new();
    AUTO_PTR(zone_proofreader) struct zone_proofreader *q = zone_proofreader_new();
    size_t cut = text.len - 1;
    while (cut > 0 && text.data[cut - 1] != '\n')
        cut--;
    assert_int_equal(zone_proofread(p, &nodes, buf_str(&text), cut), ERR_FINDINGS);
    buf_add_str(&text, "~~~~~~~~");
    assert_int_equal(zone_proofread(q, &nodes, buf_str(&text), text.len), ERR_FINDINGS);
}

static void every_changed_octet_is_seen(void **state)
{
    (void)state;
    zone_files_each(assert_proofreading_sees);
    assert_true(mutants_refused > 200);
}

#define SOA "example. 60 IN SOA ns.example. host.example. 1 2 3 4 5\n"

static void other_text_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "\n",
        "example. 60 IN NS ns.example.\n",
        SOA "b.example. 60 IN A 192.0.2.1\na.example. 60 IN A 192.0.2.1\n",
        SOA "other. 60 IN A 192.0.2.1\n",
        SOA "a.example. 60 IN A 192.0.2.1",
        SOA "A.example. 60 IN A 192.0.2.1\n",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone *z = NULL;
        TEST_CASE(cases[i]);
        assert_int_equal(zone_reread(NULL, cases[i], strlen(cases[i]), &z), ERR_FINDINGS);
        assert_null(z);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_zones_become_the_same_snapshot),
        cmocka_unit_test(text_of_the_same_nodes_passes_and_of_others_does_not),
        cmocka_unit_test(every_changed_octet_is_seen),
        cmocka_unit_test(other_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
