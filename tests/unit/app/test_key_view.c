#include <string.h>

#include "app/key_view.h"
#include "tests/support/testing.h"

/* Ipub 2 h, Iret of signatures 25 h, of DS 25 h. */
static const struct life_waits waits = {
    .ttl_s = {3600, 86400, 86400}, .propagation_s = 3600, .parent_propagation_s = 3600};
#define T    1000000
#define HOUR 3600

static struct life_key zsk_in_use(void)
{
    struct life_key k = {.role = KEY_ZSK, .made_at = T};
    k.parts[KEY_PART_DNSKEY] = (struct part_times){.in_at = T + 10, .in_seen_at = T + 20};
    k.parts[KEY_PART_SIGS] =
        (struct part_times){.in_at = T + 3 * HOUR, .in_seen_at = T + 3 * HOUR + 20};
    return k;
}

static void a_key_is_what_it_is_since_the_moment_it_became_so(void **state)
{
    const struct life_key k = zsk_in_use();
    static const struct {
        int64_t now;
        enum key_state is;
        int64_t since_at;
    } cases[] = {
        {T, KEY_GENERATED, T},
        {T + 9, KEY_GENERATED, T},
        {T + 10, KEY_PUBLISHED, T + 10},
        {T + 2 * HOUR, KEY_PUBLISHED, T + 10},
        {T + 2 * HOUR + 20, KEY_READY, T + 2 * HOUR + 20}, /* DNSKEY seen + Ipub */
        {T + 3 * HOUR, KEY_ACTIVE, T + 3 * HOUR},
        {T + 500 * HOUR, KEY_ACTIVE, T + 3 * HOUR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* what a run at that moment would know */
        struct life_key then = k;
        for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
            struct part_times *t = &then.parts[p];
            if (t->in_at > cases[i].now)
                *t = (struct part_times){0};
        }
        assert_int_equal(key_state(&then, &waits, cases[i].now), cases[i].is);
        assert_int_equal(key_state_since(&then, &waits, cases[i].now), cases[i].since_at);
    }
}

static void a_part_that_came_back_is_there_since_it_came_back(void **state)
{
    struct life_key k = zsk_in_use();
    struct part_times *t = &k.parts[KEY_PART_SIGS];
    (void)state;
    t->out_at = T + 100 * HOUR;
    assert_int_equal(key_part_since(&k, KEY_PART_SIGS, &waits, T + 101 * HOUR), T + 100 * HOUR);
    t->out_seen_at = T + 101 * HOUR;
    assert_int_equal(key_part_since(&k, KEY_PART_SIGS, &waits, T + 120 * HOUR), T + 100 * HOUR);
    assert_int_equal(key_part_since(&k, KEY_PART_SIGS, &waits, T + 126 * HOUR), T + 126 * HOUR);
    assert_int_equal(key_part_since(&k, KEY_PART_SIGS, &waits, T + 900 * HOUR), T + 126 * HOUR);
    assert_int_equal(key_part_since(&k, KEY_PART_DS, &waits, T + 900 * HOUR), 0);
}

static void what_the_parent_is_to_do_follows_from_what_was_asked_and_seen(void **state)
{
    static const struct {
        struct part_times ds;
        enum ds_want want;
    } cases[] = {
        {{0, 0, 0, 0}, DS_NONE},   {{1, 0, 0, 0}, DS_ADD},    {{1, 2, 0, 0}, DS_STAYS},
        {{1, 2, 3, 0}, DS_MAY_GO}, {{1, 0, 3, 0}, DS_MAY_GO}, {{1, 2, 3, 4}, DS_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct life_key k = {.role = KEY_KSK};
        k.parts[KEY_PART_DS] = cases[i].ds;
        assert_int_equal(key_ds_want(&k), cases[i].want);
    }
}

static struct life_key *find(const char *word, size_t *ret_n)
{
    static struct life_key keys[] = {
        {.digest = "abcdef0123456789", .tag = 123},
        {.digest = "abcdee0123456789", .tag = 456},
        {.digest = "123456ffffffffff", .tag = 123},
    };
    const struct zone_overview z = {.life = {.keys = keys, .key_n = 3}};
    return zone_key_find(&z, word, ret_n);
}

static void a_word_means_a_tag_or_the_start_of_a_digest(void **state)
{
    static const struct {
        const char *word;
        size_t n;
        uint16_t tag;
    } cases[] = {
        {"456", 1, 456},     {"123", 2, 123},    {"7", 0, 0}, {"abcdef", 1, 123}, {"abcde", 0, 0},
        {"abcdee0", 1, 456}, {"123456", 1, 123}, {"", 0, 0},  {"abcdeg", 0, 0},   {"00456", 1, 456},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = 99;
        const struct life_key *k = find(cases[i].word, &n);
        assert_int_equal(n, cases[i].n);
        assert_int_equal(k == NULL ? 0 : k->tag, cases[i].tag);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_key_is_what_it_is_since_the_moment_it_became_so),
    cmocka_unit_test(a_part_that_came_back_is_there_since_it_came_back),
    cmocka_unit_test(what_the_parent_is_to_do_follows_from_what_was_asked_and_seen),
    cmocka_unit_test(a_word_means_a_tag_or_the_start_of_a_digest),
};
TEST_MAIN(tests)
