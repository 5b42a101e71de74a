/* signer/rollover.c: what goes in and out when, for each kind of rollover; each time is asserted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "signer/rollover.h"
#include "tests/unit/signer/sign_testing.h"

#define HOUR 3600
#define DAY  86400

/* ------------------------------------------------------------------ a world that always works */

struct world {
    struct life life;
    struct dnssec_policy policy;
    struct life_params params;
    struct life_events events; /* all that happened */
    unsigned made;
    bool confirms;
    bool has_parent; /* takes CDS over at once */
};

static int make_planned(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                        struct life_key *ret)
{
    struct world *w = ctx;
    assert_non_null(why);
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .planned = true};
    snprintf(ret->digest, sizeof ret->digest, "planned-%u", ++w->made);
    return ERR_OK;
}

static void world_init(struct world *w)
{
    *w = (struct world){.policy = dnssec_policy_standard, .confirms = true, .has_parent = true};
    w->params =
        (struct life_params){.dnskey_ttl_s = 2 * HOUR, .zone_ttl_s = 6 * HOUR, .now = TEST_NOW};
}

static void world_done(struct world *w)
{
    life_done(&w->life);
    life_events_done(&w->events);
}

static void parent_answers(struct world *w)
{
    char digests[8][KEY_DIGEST_LEN];
    size_t n = 0;
    for (size_t i = 0; i < w->life.key_n; i++) {
        if (life_use(&w->life.keys[i]).has_ds)
            memcpy(digests[n++], w->life.keys[i].digest, KEY_DIGEST_LEN);
    }
    const struct life_parent seen = {.at = w->params.now,
                                     .digests = (const char(*)[KEY_DIGEST_LEN])digests,
                                     .digest_n = n,
                                     .ttl_s = DAY};
    assert_int_equal(life_observe(&w->life, &seen, &w->events), ERR_OK);
}

/* A build, and what follows it. */
static void build(struct world *w)
{
    const struct life_maker maker = {make_planned, w};
    char doubt[LIFE_WHY_LEN];
    w->params.policy = &w->policy;
    assert_int_equal(life_step(&w->life, &w->params, &maker, &w->events, doubt), ERR_OK);
    assert_string_equal(doubt, "");
    if (w->confirms)
        assert_int_equal(life_confirm(&w->life, w->params.now, &w->events), ERR_OK);
    if (w->has_parent)
        parent_answers(w);
}

/* Builds at every moment that matters, until nothing is under way or END. */
static void run(struct world *w, int64_t end)
{
    for (unsigned i = 0; i < 10000; i++) {
        build(w);
        int64_t next_at = life_next_at(&w->life, &w->params);
        if (next_at == 0 || next_at > end)
            return;
        w->params.now = next_at > w->params.now ? next_at : w->params.now;
    }
    fail_msg("builds do not end");
}

static void settle(struct world *w)
{
    run(w, w->params.now + 30 * DAY);
}

static struct life_key *staying_key(struct world *w, enum key_role role)
{
    for (size_t i = 0; i < w->life.key_n; i++) {
        if (w->life.keys[i].role == role && w->life.keys[i].leave_at == 0)
            return &w->life.keys[i];
    }
    fail_msg("no %s stays", key_role_text(role));
    return NULL;
}

static enum key_state state_of(struct world *w, size_t key)
{
    struct life_view v;
    w->params.policy = &w->policy;
    life_view(&w->life, &w->params, &v);
    return key_state(&w->life.keys[key], &v.waits, v.now);
}

/* A zone that has been signed, with its DS, for long. */
static void world_signed(struct world *w)
{
    world_init(w);
    settle(w);
    for (size_t i = 0; i < w->life.key_n; i++)
        assert_int_equal(state_of(w, i), KEY_ACTIVE);
}

static const struct part_times *times(const struct world *w, size_t key, enum key_part part)
{
    return &w->life.keys[key].parts[part];
}

/* ------------------------------------------------------------------ cases */

static void a_new_zone_asks_for_its_ds_when_caches_know_keys_and_signatures(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    build(&w);
    assert_int_equal(w.life.key_n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(times(&w, i, KEY_PART_DNSKEY)->in_at, TEST_NOW);
    assert_int_equal(times(&w, 1, KEY_PART_SIGS)->in_at, TEST_NOW);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->in_at, 0);
    settle(&w);
    /* the longer of Ipub (1 h + 2 h) and the signatures' wait (1 h + 6 h) */
    assert_int_equal(times(&w, 0, KEY_PART_DS)->in_at, TEST_NOW + 7 * HOUR);
    assert_int_equal(state_of(&w, 0), KEY_ACTIVE);
    world_done(&w);
}

static void a_zsk_rolls_by_pre_publication(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    int64_t active_at = key_active_at(&w.life.keys[1]);
    run(&w, active_at + 91 * DAY);
    assert_int_equal(w.life.key_n, 3);
    int64_t in_at = active_at + 90 * DAY - 3 * HOUR; /* Tact + Lzsk - Ipub */
    assert_int_equal(w.life.keys[1].leave_at, in_at);
    assert_int_equal(times(&w, 2, KEY_PART_DNSKEY)->in_at, in_at);
    assert_int_equal(times(&w, 2, KEY_PART_SIGS)->in_at, in_at + 3 * HOUR);
    assert_int_equal(times(&w, 1, KEY_PART_SIGS)->out_at, in_at + 3 * HOUR);
    assert_int_equal(times(&w, 1, KEY_PART_DNSKEY)->out_at, in_at + 10 * HOUR); /* + 1 h + 6 h */
    assert_int_equal(state_of(&w, 1), KEY_REMOVED);
    assert_int_equal(state_of(&w, 2), KEY_ACTIVE);
    world_done(&w);
}

static void a_ksk_rolls_by_double_signature(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    int64_t at = w.params.now;
    w.life.keys[0].leave_at = at;
    settle(&w);
    assert_int_equal(times(&w, 2, KEY_PART_DNSKEY)->in_at, at);
    assert_int_equal(times(&w, 2, KEY_PART_DS)->in_at, at + 3 * HOUR);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->out_at, at + 3 * HOUR);
    assert_int_equal(times(&w, 0, KEY_PART_DNSKEY)->out_at, at + 3 * HOUR + 25 * HOUR);
    assert_int_equal(state_of(&w, 0), KEY_REMOVED);
    world_done(&w);
}

static void an_algorithm_rolls_conservatively(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    int64_t at = w.params.now;
    w.policy.algorithm = 15;
    settle(&w);
    assert_int_equal(w.life.key_n, 4);
    /* RFC 6781 s4.1.4: signatures, DNSKEYs, DS, and out in the other order */
    assert_int_equal(times(&w, 3, KEY_PART_SIGS)->in_at, at);
    assert_int_equal(times(&w, 2, KEY_PART_DNSKEY)->in_at, at + 7 * HOUR);
    assert_int_equal(times(&w, 3, KEY_PART_DNSKEY)->in_at, at + 7 * HOUR);
    assert_int_equal(times(&w, 2, KEY_PART_DS)->in_at, at + 10 * HOUR);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->out_at, at + 10 * HOUR);
    assert_int_equal(times(&w, 0, KEY_PART_DNSKEY)->out_at, at + 35 * HOUR);
    assert_int_equal(times(&w, 1, KEY_PART_DNSKEY)->out_at, at + 35 * HOUR);
    assert_int_equal(times(&w, 1, KEY_PART_SIGS)->out_at, at + 38 * HOUR);
    assert_int_equal(state_of(&w, 1), KEY_REMOVED);
    world_done(&w);
}

static void two_keys_become_one_and_two_again(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    w.policy.single_key = true;
    settle(&w);
    assert_int_equal(w.life.key_n, 3);
    assert_int_equal(state_of(&w, 0), KEY_REMOVED);
    assert_int_equal(state_of(&w, 1), KEY_REMOVED);
    assert_int_equal(state_of(&w, 2), KEY_ACTIVE);
    assert_int_equal(w.life.keys[2].role, KEY_CSK);
    assert_true(times(&w, 2, KEY_PART_SIGS)->in_at >=
                times(&w, 2, KEY_PART_DNSKEY)->in_at + 3 * HOUR);
    w.policy.single_key = false;
    settle(&w);
    assert_int_equal(w.life.key_n, 5);
    assert_int_equal(state_of(&w, 2), KEY_REMOVED);
    assert_int_equal(state_of(&w, 3), KEY_ACTIVE);
    assert_int_equal(state_of(&w, 4), KEY_ACTIVE);
    world_done(&w);
}

static void a_single_key_rolls_in_both_its_functions(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    w.policy.single_key = true;
    settle(&w);
    staying_key(&w, KEY_CSK)->leave_at = w.params.now;
    settle(&w);
    assert_int_equal(w.life.key_n, 2);
    assert_int_equal(state_of(&w, 0), KEY_REMOVED);
    assert_int_equal(state_of(&w, 1), KEY_ACTIVE);
    world_done(&w);
}

static void a_zone_goes_insecure_once_no_ds_is_left_and_comes_back(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    int64_t at = w.params.now;
    w.policy.is_unsigned = true;
    w.has_parent = false;
    build(&w);
    assert_true(life_deletes_ds(&w.life, &w.params));
    w.params.now += 30 * DAY;
    w.life.valid_until_at = 0;
    build(&w);
    assert_true(life_is_signed(&w.life)); /* the parent has not moved */
    at = w.params.now;
    w.has_parent = true;
    settle(&w);
    assert_int_equal(times(&w, 0, KEY_PART_DNSKEY)->out_at, at + 25 * HOUR);
    assert_int_equal(times(&w, 1, KEY_PART_SIGS)->out_at, at + 25 * HOUR);
    assert_false(life_is_signed(&w.life));
    w.policy.is_unsigned = false;
    settle(&w);
    assert_int_equal(w.life.key_n, 4);
    assert_int_equal(state_of(&w, 2), KEY_ACTIVE);
    world_done(&w);
}

static void a_ds_that_was_never_asked_for_must_be_seen_to_be_absent_before_unsigning(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    w.has_parent = false;
    build(&w);
    w.policy.is_unsigned = true;
    settle(&w);
    assert_true(life_is_signed(&w.life)); /* somebody may have taken the .ds file to the parent */
    w.has_parent = true;
    settle(&w);
    assert_false(life_is_signed(&w.life));
    world_done(&w);
}

static void nothing_moves_until_the_build_is_confirmed(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    w.confirms = false;
    w.life.keys[1].leave_at = w.params.now;
    settle(&w);
    w.params.now += 20 * DAY;
    build(&w);
    assert_int_equal(times(&w, 2, KEY_PART_SIGS)->in_at, 0);
    assert_true(life_is_unconfirmed(&w.life));
    AUTO(life_blocks) struct life_blocks blocks = {0};
    assert_int_equal(life_explain(&w.life, &w.params, &blocks), ERR_OK);
    bool said = false;
    for (size_t i = 0; i < blocks.n; i++)
        said = said || blocks.items[i].what == WAIT_CONFIRMATION;
    assert_true(said);
    world_done(&w);
}

static void nothing_of_the_old_ksk_goes_until_the_parent_is_seen_to_move(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    w.has_parent = false;
    w.life.keys[0].leave_at = w.params.now;
    settle(&w);
    w.params.now += 100 * DAY;
    build(&w);
    assert_int_equal(times(&w, 0, KEY_PART_DNSKEY)->out_at, 0);
    assert_true(life_shows_cds(&w.life, &w.params));
    AUTO(life_blocks) struct life_blocks blocks = {0};
    assert_int_equal(life_explain(&w.life, &w.params, &blocks), ERR_OK);
    assert_true(blocks.n > 0);
    assert_int_equal(blocks.items[0].what, WAIT_PARENT_OUT);
    world_done(&w);
}

static void one_roll_at_a_time_but_a_compromised_key_does_not_wait(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    w.has_parent = false;
    w.life.keys[0].leave_at = w.params.now; /* the KSK's roll hangs */
    w.params.now += 200 * DAY;              /* the ZSK's lifetime is over */
    settle(&w);
    assert_int_equal(w.life.key_n, 3);
    w.life.keys[1].leave_at = w.params.now;
    w.life.keys[1].compromised = true;
    settle(&w);
    assert_int_equal(w.life.key_n, 4);
    assert_int_equal(state_of(&w, 1), KEY_REMOVED);
    assert_int_equal(state_of(&w, 0), KEY_RETIRED);
    world_done(&w);
}

static void remembered_ttls_outlive_the_configuration(void **unused)
{
    (void)unused;
    struct world w;
    struct life_waits waits;
    world_init(&w);
    w.params.policy = &w.policy;
    assert_int_equal(life_ttl_built(&w.life, TTL_DNSKEY, DAY), ERR_OK);
    assert_int_equal(life_ttl_built(&w.life, TTL_DNSKEY, 60), ERR_OK);
    w.params.dnskey_ttl_s = 60;
    life_waits(&w.life, &w.params, &waits);
    assert_int_equal(waits.ttl_s[TTL_DNSKEY], DAY);
    assert_int_equal(life_confirm(&w.life, TEST_NOW, &w.events), ERR_OK);
    w.params.now = TEST_NOW + DAY + HOUR - 1;
    life_waits(&w.life, &w.params, &waits);
    assert_int_equal(waits.ttl_s[TTL_DNSKEY], DAY);
    w.params.now++;
    life_waits(&w.life, &w.params, &waits);
    assert_int_equal(waits.ttl_s[TTL_DNSKEY], 60);
    world_done(&w);
}

static void a_clock_that_cannot_be_right_moves_nothing(void **unused)
{
    (void)unused;
    struct world w;
    char doubt[LIFE_WHY_LEN];
    world_signed(&w);
    const struct life_maker maker = {make_planned, &w};
    int64_t now = w.params.now;
    w.life.keys[1].leave_at = now;
    w.life.valid_until_at = now + 30 * DAY;
    w.params.now = now - HOUR;
    assert_int_equal(life_step(&w.life, &w.params, &maker, &w.events, doubt), ERR_OK);
    assert_non_null(strstr(doubt, "3600 s behind the last run"));
    w.params.now = now + 31 * DAY;
    assert_int_equal(life_step(&w.life, &w.params, &maker, &w.events, doubt), ERR_OK);
    assert_non_null(strstr(doubt, "jumped ahead"));
    assert_int_equal(w.life.key_n, 2);
    w.params.now = now - 299; /* a clock being kept right */
    assert_int_equal(life_step(&w.life, &w.params, &maker, &w.events, doubt), ERR_OK);
    assert_string_equal(doubt, "");
    assert_int_equal(w.life.key_n, 3);
    assert_int_equal(times(&w, 2, KEY_PART_DNSKEY)->in_at, now);
    w.params.now = now - DAY;
    w.params.accept_clock = true;
    assert_int_equal(life_step(&w.life, &w.params, &maker, &w.events, doubt), ERR_OK);
    assert_string_equal(doubt, "");
    assert_int_equal(times(&w, 2, KEY_PART_DNSKEY)->in_at, now - DAY);
    world_done(&w);
}

static void a_ds_that_vanishes_is_waited_for_again(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    const struct life_parent nothing = {.at = w.params.now, .ttl_s = HOUR};
    assert_int_equal(life_observe(&w.life, &nothing, &w.events), ERR_OK);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->in_seen_at, 0);
    assert_int_equal(state_of(&w, 0), KEY_READY);
    world_done(&w);
}

/* An observation file that lies there since before the DS was given, or was asked away. */
static void an_old_absence_is_no_sign_that_a_ds_went(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    struct life_parent nothing = {
        .at = w.params.now, .ttl_s = HOUR, .proven_at = times(&w, 0, KEY_PART_DS)->in_seen_at - 1};
    assert_int_equal(life_observe(&w.life, &nothing, &w.events), ERR_OK);
    assert_true(times(&w, 0, KEY_PART_DS)->in_seen_at != 0);
    nothing.proven_at = w.params.now;
    w.policy.is_unsigned = true;
    w.has_parent = false;
    w.params.now += HOUR;
    build(&w);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->out_at, w.params.now);
    nothing.at = w.params.now += HOUR;
    assert_int_equal(life_observe(&w.life, &nothing, &w.events), ERR_OK);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->out_seen_at, 0);
    nothing.proven_at = w.life.ds_public_at;
    assert_int_equal(life_observe(&w.life, &nothing, &w.events), ERR_OK);
    assert_int_equal(times(&w, 0, KEY_PART_DS)->out_seen_at, w.params.now);
    world_done(&w);
}

static void a_build_repeated_changes_nothing(void **unused)
{
    (void)unused;
    struct world w;
    world_signed(&w);
    w.life.keys[1].leave_at = w.params.now;
    build(&w);
    size_t n = w.events.n;
    w.confirms = false;
    w.has_parent = false;
    build(&w);
    assert_int_equal(w.events.n, n);
    world_done(&w);
}

/* A run makes a key before it stores that another leaves (trust rule 1): what a run that ended
   between the two leaves behind. */
static void key_of_a_lost_run(struct world *w, enum key_role role)
{
    struct life_key k = {0};
    assert_int_equal(make_planned(w, role, w->policy.algorithm, "", &k), ERR_OK);
    assert_int_equal(life_add(&w->life, &k), ERR_OK);
}

static void a_roll_whose_first_run_was_lost_goes_on_with_the_keys_that_it_made(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        enum key_role made[2];
        size_t made_n;
    } cases[] = {
        {"after the first key", {KEY_KSK}, 1},
        {"after both", {KEY_KSK, KEY_ZSK}, 2},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct world w;
        print_message("%s\n", cases[c].name);
        world_signed(&w);
        w.policy.algorithm = 15;
        for (size_t i = 0; i < cases[c].made_n; i++)
            key_of_a_lost_run(&w, cases[c].made[i]);
        settle(&w);
        assert_int_equal(w.life.key_n, 4);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(state_of(&w, i), i < 2 ? KEY_REMOVED : KEY_ACTIVE);
        world_done(&w);
    }
    struct world w; /* a successor by lifetime */
    world_signed(&w);
    w.params.now += 365 * DAY;
    key_of_a_lost_run(&w, KEY_ZSK);
    int64_t at = w.params.now;
    settle(&w);
    assert_int_equal(times(&w, 2, KEY_PART_DNSKEY)->in_at, at);
    assert_int_equal(w.life.keys[1].leave_at, at);
    world_done(&w);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_zone_asks_for_its_ds_when_caches_know_keys_and_signatures),
    cmocka_unit_test(a_zsk_rolls_by_pre_publication),
    cmocka_unit_test(a_ksk_rolls_by_double_signature),
    cmocka_unit_test(an_algorithm_rolls_conservatively),
    cmocka_unit_test(two_keys_become_one_and_two_again),
    cmocka_unit_test(a_single_key_rolls_in_both_its_functions),
    cmocka_unit_test(a_zone_goes_insecure_once_no_ds_is_left_and_comes_back),
    cmocka_unit_test(a_ds_that_was_never_asked_for_must_be_seen_to_be_absent_before_unsigning),
    cmocka_unit_test(nothing_moves_until_the_build_is_confirmed),
    cmocka_unit_test(nothing_of_the_old_ksk_goes_until_the_parent_is_seen_to_move),
    cmocka_unit_test(one_roll_at_a_time_but_a_compromised_key_does_not_wait),
    cmocka_unit_test(remembered_ttls_outlive_the_configuration),
    cmocka_unit_test(a_clock_that_cannot_be_right_moves_nothing),
    cmocka_unit_test(a_ds_that_vanishes_is_waited_for_again),
    cmocka_unit_test(an_old_absence_is_no_sign_that_a_ds_went),
    cmocka_unit_test(a_build_repeated_changes_nothing),
    cmocka_unit_test(a_roll_whose_first_run_was_lost_goes_on_with_the_keys_that_it_made),
};

TEST_MAIN(tests)
