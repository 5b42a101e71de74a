/*
 * tests/unit/zones/test_tree.c -- trees of packed nodes: lookup, steps, and changes compared with a
 * plain array that is changed alike; trees made before a change stay what they were.
 */
#include <stdlib.h>

#include <libknot/descriptor.h>

#include "tests/unit/zones/zone_testing.h"
#include "zones/pack.h"
#include "zones/tree.h"

#define LEAF_FEW   (ZONE_LEAF_NODES / 4)
#define BRANCH_FEW (BRANCH_LEAVES / 4)
#define OLD_N      5

/* What a name has: 0 nothing; the value is in the data, so that a mix-up shows. */
struct cell {
    uint16_t content;
    uint16_t dnssec;
};

struct model {
    size_t n; /* names that could be */
    struct cell *cells;
};

static const uint8_t apex[] = "\7example";

/* Name I; their canonical order is that of the numbers. */
static const uint8_t *owner_of(size_t i, uint8_t out[32])
{
    char text[32];
    snprintf(text, sizeof(text), "n%06zu.example", i);
    uint8_t name[256];
    assert_true(name_from_text(text, name));
    memcpy(out, name, name_len(name));
    return out;
}

static void set_make(const uint8_t *owner, uint16_t value, struct zone_rrset *ret, uint8_t room[8])
{
    const uint8_t address[4] = {10, 0, (uint8_t)(value >> 8), (uint8_t)value};
    knot_rdata_init((knot_rdata_t *)(void *)room, 4, address);
    *ret = (struct zone_rrset){.type = KNOT_RRTYPE_A,
                               .ttl = 60,
                               .owner = owner,
                               .apex = apex,
                               .rrs = {1, 6, (knot_rdata_t *)(void *)room}};
}

static size_t content_make(const uint8_t *owner, uint16_t value, struct buf *out)
{
    _Alignas(2) uint8_t room[8];
    struct zone_rrset set;
    set_make(owner, value, &set, room);
    size_t start = pack_content_open(out, owner, 0);
    pack_set(out, &set);
    pack_content_close(out, start, 1);
    return start;
}

/* Times around the wrap of serial numbers. */
static uint32_t expiration_of(uint16_t value)
{
    return UINT32_C(0xfffffc00) + value;
}

static size_t dnssec_make(uint16_t value, struct buf *out)
{
    size_t start = pack_dnssec_open(out);
    pack_list_open(out, 2, 0);
    for (uint32_t i = 0; i < 2; i++)
        (void)pack_sig_room(out, 13, value, expiration_of(value) + i, 1, 3);
    pack_dnssec_close(out, start, false, 1);
    return start;
}

static struct tree tree_of(const struct model *m)
{
    AUTO(order_maker) struct order_maker maker = {.apex = apex};
    struct tree t = {0};
    for (size_t i = 0; i < m->n; i++) {
        uint8_t owner[32];
        if (m->cells[i].content == 0)
            continue;
        size_t content =
            content_make(owner_of(i, owner), m->cells[i].content, &maker.content.octets);
        size_t dnssec = maker.dnssec.octets.len;
        if (m->cells[i].dnssec != 0)
            dnssec = dnssec_make(m->cells[i].dnssec, &maker.dnssec.octets);
        assert_int_equal(order_add(&maker, content, m->cells[i].dnssec != 0, dnssec), ERR_OK);
    }
    assert_int_equal(order_make(&maker, &t), ERR_OK);
    return t;
}

/* ------------------------------------------------------------------ is it as the model says? */

static void check_node(const struct zone_node *node, size_t i, const struct cell *cell)
{
    uint8_t owner[32];
    struct zone_rrset a;
    struct zone_sig sig;
    assert_int_equal(name_compare(node->owner, owner_of(i, owner)), 0);
    assert_int_equal(node->rrset_n, 1);
    assert_true(zone_node_rrset(node, KNOT_RRTYPE_A, &a));
    assert_int_equal(a.rrs.count, 1);
    assert_int_equal(a.rrs.rdata->data[2] << 8 | a.rrs.rdata->data[3], cell->content);
    assert_true((node->dnssec != NULL) == (cell->dnssec != 0));
    assert_int_equal(a.sig_n, cell->dnssec != 0 ? 2 : 0);
    if (cell->dnssec == 0)
        return;
    zone_rrset_sig(&a, 1, &sig);
    assert_int_equal(sig.key_tag, cell->dnssec);
    assert_int_equal(sig.expiration, expiration_of(cell->dnssec) + 1);
}

static void check_branch(const struct branch *b, bool is_last)
{
    uint64_t nodes = 0;
    uint64_t records = 0;
    bool any = false;
    uint32_t expires = 0;
    assert_true(b->leaf_n > 0 && b->leaf_n <= BRANCH_LEAVES);
    assert_true(is_last || b->leaf_n >= BRANCH_FEW);
    for (uint32_t i = 0; i < b->leaf_n; i++) {
        const struct leaf *c = b->leaves[i].content;
        const struct leaf *d = b->leaves[i].dnssec;
        assert_true(c->node_n > 0 && c->node_n <= ZONE_LEAF_NODES);
        assert_true((is_last && i + 1 == b->leaf_n) || c->node_n >= LEAF_FEW);
        nodes += c->node_n;
        records += c->record_n + (d == NULL ? 0 : d->record_n);
        if (d == NULL)
            continue;
        assert_int_equal(d->node_n, c->node_n);
        assert_true(d->has_expires);
        if (!any || (int32_t)(d->expires - expires) < 0)
            expires = d->expires;
        any = true;
    }
    assert_int_equal(b->node_n, nodes);
    assert_int_equal(b->record_n, records);
    assert_int_equal(b->has_expires, any);
    assert_int_equal(b->expires, expires);
}

/* The leaf's earliest expiration is that of its nodes. */
static void check_leaf_expires(const struct leaf *d, const uint16_t *least)
{
    assert_int_equal(d->expires, expiration_of(*least));
}

static void check_tree(const struct tree *t, const struct model *m)
{
    struct zone_spot at = {0};
    struct zone_spot end = tree_end(t);
    uint64_t nodes = 0;
    uint64_t records = 0;
    uint16_t least = 0; /* of the leaf */
    for (size_t i = 0; i < m->n; i++) {
        const struct cell *cell = &m->cells[i];
        struct zone_node node;
        if (cell->content == 0)
            continue;
        assert_true(spot_before(at, end));
        tree_node(t, apex, at, &node);
        check_node(&node, i, cell);
        if (cell->dnssec != 0 && (least == 0 || cell->dnssec < least))
            least = cell->dnssec;
        struct zone_spot before = at;
        const struct leaf *dnssec = tree_pair(t, at)->dnssec;
        tree_step(t, &at);
        if (at.leaf != before.leaf || at.branch != before.branch) {
            assert_true((dnssec != NULL) == (least != 0));
            if (least != 0)
                check_leaf_expires(dnssec, &least);
            least = 0;
        }
        struct zone_spot back = at;
        assert_true(tree_step_back(t, &back));
        assert_true(spot_equal(back, before));
        nodes++;
        records += cell->dnssec != 0 ? 3 : 1;
    }
    assert_true(spot_equal(at, end));
    assert_int_equal(t->node_n, nodes);
    assert_int_equal(t->record_n, records);
    for (uint32_t i = 0; i < t->branch_n; i++)
        check_branch(t->branches[i], i + 1 == t->branch_n);
}

/* Lookup of a name that may not be there, against the model. */
static void check_find(const struct tree *t, const struct model *m, size_t i)
{
    uint8_t owner[32];
    struct zone_spot at;
    struct zone_node node;
    bool found = tree_find(t, owner_of(i, owner), &at);
    assert_int_equal(found, m->cells[i].content != 0);
    while (i < m->n && m->cells[i].content == 0)
        i++;
    if (i == m->n) {
        assert_true(spot_equal(at, tree_end(t)));
        return;
    }
    tree_node(t, apex, at, &node);
    check_node(&node, i, &m->cells[i]);
}

/* ------------------------------------------------------------------ random changes */

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static uint16_t random_value(uint32_t *seed)
{
    return (uint16_t)(1 + random_next(seed) % 2000);
}

struct edits {
    struct tree_edit *items;
    size_t n;
    uint8_t (*owners)[32];
    size_t *content; /* offsets in `octets`, + 1; 0: none */
    size_t *dnssec;
    struct buf octets;
};

/* Name I is changed in M, and the edit that says so noted. KIND 0: removed. */
static void edit_one(struct edits *e, struct model *m, size_t i, uint32_t kind, uint32_t *seed)
{
    struct cell *cell = &m->cells[i];
    size_t at = e->n++;
    struct tree_edit edit = {.owner = owner_of(i, e->owners[at])};
    e->content[at] = e->dnssec[at] = 0;
    if (kind == 0) { /* also of what is not there */
        edit.removes = true;
        *cell = (struct cell){0};
    } else {
        if (cell->content == 0 || kind == 1) { /* drops the signatures */
            *cell = (struct cell){random_value(seed), 0};
            e->content[at] = 1 + content_make(edit.owner, cell->content, &e->octets);
        }
        edit.sets_dnssec = kind == 2 || e->content[at] == 0;
        if (edit.sets_dnssec && random_next(seed) % 4 != 0) {
            cell->dnssec = random_value(seed);
            e->dnssec[at] = 1 + dnssec_make(cell->dnssec, &e->octets);
        } else if (edit.sets_dnssec) {
            cell->dnssec = 0;
        }
    }
    e->items[at] = edit;
}

static void edits_make(struct edits *e, size_t room)
{
    *e = (struct edits){.items = calloc(room, sizeof(*e->items)),
                        .owners = calloc(room, sizeof(*e->owners)),
                        .content = calloc(room, sizeof(*e->content)),
                        .dnssec = calloc(room, sizeof(*e->dnssec))};
    assert_true(e->items != NULL && e->owners != NULL && e->content != NULL && e->dnssec != NULL);
}

static void edits_done(struct edits *e)
{
    free(e->items);
    free(e->owners);
    free(e->content);
    free(e->dnssec);
    buf_done(&e->octets);
}
DEFINE_AUTO(edits)

/* Scattered names, or a range: removed, filled, replaced or signed. */
static void random_edits(struct edits *e, struct model *m, uint32_t *seed)
{
    uint32_t shape = random_next(seed) % 4;
    size_t from = random_next(seed) % m->n;
    size_t to = from + 1 + random_next(seed) % m->n / (shape == 0 ? 1 : 8);
    uint32_t kind = random_next(seed) % 4; /* 3: dnssec alone, where there is a node */
    uint32_t rare = shape < 2 ? 1 : 1 + random_next(seed) % 40;
    e->n = 0;
    buf_clear(&e->octets);
    if (shape == 3) {
        from = 0;
        to = m->n;
    }
    for (size_t i = from; i < to && i < m->n; i++) {
        if (random_next(seed) % rare != 0 || (kind == 3 && m->cells[i].content == 0))
            continue;
        edit_one(e, m, i, shape < 2 || kind == 3 ? kind : random_next(seed) % 4, seed);
    }
    for (size_t i = 0; i < e->n; i++) {
        if (e->content[i] > 0)
            e->items[i].content = e->octets.data + e->content[i] - 1;
        if (e->dnssec[i] > 0)
            e->items[i].dnssec = e->octets.data + e->dnssec[i] - 1;
    }
}

static struct model model_copy(const struct model *m)
{
    struct model copy = {m->n, malloc(m->n * sizeof(*m->cells))};
    assert_non_null(copy.cells);
    memcpy(copy.cells, m->cells, m->n * sizeof(*m->cells));
    return copy;
}

struct version {
    struct tree tree;
    struct model model;
};

static void version_done(struct version *v)
{
    tree_done(&v->tree);
    free(v->model.cells);
}

/* ROUNDS changes of a zone of at most NAMES names; the last OLD_N versions are held and looked at
   again before they go. */
static void changes_follow_the_model(size_t names, size_t filled, unsigned rounds, uint32_t seed)
{
    struct model m = {names, calloc(names, sizeof(*m.cells))};
    struct version old[OLD_N] = {0};
    AUTO(edits) struct edits e;
    assert_non_null(m.cells);
    edits_make(&e, names);
    for (size_t i = 0; i < filled; i++)
        m.cells[i] = (struct cell){random_value(&seed), i % 3 == 0 ? random_value(&seed) : 0};
    struct tree t = tree_of(&m);
    check_tree(&t, &m);
    for (unsigned r = 0; r < rounds; r++) {
        struct version *v = &old[r % OLD_N];
        if (v->model.cells != NULL)
            check_tree(&v->tree, &v->model);
        version_done(v);
        *v = (struct version){t, model_copy(&m)};
        random_edits(&e, &m, &seed);
        assert_int_equal(tree_apply(&v->tree, apex, e.items, e.n, &t), ERR_OK);
        check_tree(&t, &m);
        for (int i = 0; i < 20; i++)
            check_find(&t, &m, random_next(&seed) % m.n);
    }
    for (size_t i = 0; i < OLD_N; i++) {
        if (old[i].model.cells != NULL)
            check_tree(&old[i].tree, &old[i].model);
        version_done(&old[i]);
    }
    tree_done(&t);
    free(m.cells);
}

static void small_trees_follow_the_model(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 12; seed++)
        changes_follow_the_model(20u * seed * seed, 10u * seed, 250, seed);
}

/* Enough for several branches, which split and merge. */
static void large_trees_follow_the_model(void **state)
{
    (void)state;
    changes_follow_the_model(60000, 50000, 25, 7);
}

/* ------------------------------------------------------------------ single cases */

static void a_change_shares_what_it_does_not_touch(void **state)
{
    (void)state;
    struct model m = {40000, calloc(40000, sizeof(*m.cells))};
    AUTO(edits) struct edits e;
    assert_non_null(m.cells);
    edits_make(&e, 1);
    uint32_t seed = 3;
    for (size_t i = 0; i < m.n; i++)
        m.cells[i] = (struct cell){1, 1};
    AUTO(tree) struct tree a = tree_of(&m);
    AUTO(tree) struct tree b = {0};
    assert_int_equal(a.branch_n, 3);
    edit_one(&e, &m, 20000, 3, &seed); /* the signatures only */
    e.items[0].dnssec = e.dnssec[0] > 0 ? e.octets.data + e.dnssec[0] - 1 : NULL;
    assert_int_equal(tree_apply(&a, apex, e.items, 1, &b), ERR_OK);
    check_tree(&b, &m);
    struct zone_spot at;
    uint8_t owner[32];
    assert_true(tree_find(&a, owner_of(20000, owner), &at));
    for (uint32_t i = 0; i < a.branch_n; i++) {
        assert_int_equal(a.branches[i] == b.branches[i], i != at.branch);
        for (uint32_t k = 0; i == at.branch && k < a.branches[i]->leaf_n; k++) {
            const struct leaf_pair *x = &a.branches[i]->leaves[k];
            const struct leaf_pair *y = &b.branches[i]->leaves[k];
            assert_ptr_equal(x->content, y->content);
            assert_int_equal(x->dnssec == y->dnssec, k != at.leaf);
        }
    }
    free(m.cells);
}

static void empty_trees_and_back(void **state)
{
    (void)state;
    struct model m = {300, calloc(300, sizeof(*m.cells))};
    AUTO(edits) struct edits e;
    assert_non_null(m.cells);
    edits_make(&e, m.n);
    uint32_t seed = 5;
    struct tree t = tree_of(&m);
    struct zone_spot at = {9, 9, 9};
    assert_false(tree_find(&t, apex, &at));
    assert_true(spot_equal(at, tree_end(&t)));
    assert_false(tree_step_back(&t, &at));
    for (unsigned round = 0; round < 4; round++) { /* filled, emptied, twice */
        struct tree next = {0};
        e.n = 0;
        buf_clear(&e.octets);
        for (size_t i = 0; i < m.n; i++)
            edit_one(&e, &m, i, round % 2 == 0 ? 1 : 0, &seed);
        for (size_t i = 0; i < e.n && round % 2 == 0; i++)
            e.items[i].content = e.octets.data + e.content[i] - 1;
        assert_int_equal(tree_apply(&t, apex, e.items, e.n, &next), ERR_OK);
        check_tree(&next, &m);
        assert_int_equal(next.branch_n, round % 2 == 0 ? 1 : 0);
        tree_done(&t);
        t = next;
    }
    tree_done(&t);
    free(m.cells);
}

static void signatures_need_a_node(void **state)
{
    (void)state;
    struct model m = {10, calloc(10, sizeof(*m.cells))};
    assert_non_null(m.cells);
    m.cells[4] = (struct cell){1, 0};
    AUTO(tree) struct tree t = tree_of(&m);
    for (size_t i = 3; i <= 5; i++) {
        uint8_t owner[32];
        const struct tree_edit edit = {.owner = owner_of(i, owner), .sets_dnssec = true};
        struct tree out = {0};
        assert_int_equal(tree_apply(&t, apex, &edit, 1, &out), i == 4 ? ERR_OK : ERR_INTERNAL);
        tree_done(&out);
    }
    free(m.cells);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(small_trees_follow_the_model),
    cmocka_unit_test(large_trees_follow_the_model),
    cmocka_unit_test(a_change_shares_what_it_does_not_touch),
    cmocka_unit_test(empty_trees_and_back),
    cmocka_unit_test(signatures_need_a_node),
};

TEST_MAIN(tests)
