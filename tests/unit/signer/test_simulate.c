/* The virtual clock: what happens on it, when, and how parent and pipeline delay it. */
#include "common/err.h"
#include "common/limits.h"
#include "signer/life.h"
#include "tests/support/testing.h"

#define HOUR  3600
#define DAY   86400
#define START INT64_C(1790000000)

struct result {
    struct life life;
    struct life_events events;
};

static void result_done(struct result *r)
{
    life_done(&r->life);
    life_events_done(&r->events);
}

static struct simulation simulation_of(const struct dnssec_policy *policy)
{
    return (struct simulation){
        .params = {.policy = policy, .dnskey_ttl_s = HOUR, .zone_ttl_s = DAY, .now = START},
        .until_at = START + 365 * DAY};
}

/* When WHAT happened to PART for the N-th time, from the start on; -1: never. */
static int64_t when(const struct result *r, enum life_what what, enum key_part part, size_t n)
{
    for (size_t i = 0; i < r->events.n; i++) {
        const struct life_event *e = &r->events.items[i];
        if (e->what == what && e->part == part && n-- == 0)
            return e->at - START;
    }
    return -1;
}

static struct result run(const struct simulation *s)
{
    struct result r = {0};
    assert_int_equal(life_simulate(&r.life, s, &r.events), ERR_OK);
    for (size_t i = 1; i < r.events.n; i++)
        assert_true(r.events.items[i - 1].at <= r.events.items[i].at);
    for (size_t i = 0; i < r.life.key_n; i++)
        assert_true(r.life.keys[i].planned);
    return r;
}

/* RFC 7583: Ipub = Dprp + TTLkey, Dprp + TTLsig, DprpP + TTLds; all counted from what was seen. */
static void a_new_zone_waits_as_the_formulas_say(void **state)
{
    (void)state;
    struct simulation s = simulation_of(&dnssec_policy_standard);
    s.parent.delay_s = 5 * HOUR;
    struct result r = run(&s);
    assert_int_equal(when(&r, LIFE_EVERYWHERE, KEY_PART_DNSKEY, 0), 2 * HOUR);
    assert_int_equal(when(&r, LIFE_EVERYWHERE, KEY_PART_SIGS, 0), HOUR + DAY);
    assert_int_equal(when(&r, LIFE_IN, KEY_PART_DS, 0), HOUR + DAY);
    assert_int_equal(when(&r, LIFE_IN_SEEN, KEY_PART_DS, 0), HOUR + DAY + 5 * HOUR);
    assert_int_equal(when(&r, LIFE_EVERYWHERE, KEY_PART_DS, 0), 2 * DAY + 7 * HOUR);
    result_done(&r);
}

static void confirmation_and_the_rhythm_of_builds_delay(void **state)
{
    (void)state;
    struct simulation s = simulation_of(&dnssec_policy_standard);
    s.confirm_after_s = 10 * HOUR;
    s.build_every_s = 7 * DAY;
    struct result r = run(&s);
    assert_int_equal(when(&r, LIFE_IN_SEEN, KEY_PART_DNSKEY, 0), 10 * HOUR);
    assert_int_equal(when(&r, LIFE_EVERYWHERE, KEY_PART_SIGS, 0), DAY + 11 * HOUR);
    assert_int_equal(when(&r, LIFE_IN, KEY_PART_DS, 0), 7 * DAY);
    assert_int_equal(when(&r, LIFE_IN_SEEN, KEY_PART_DS, 0), 7 * DAY + 10 * HOUR);
    for (size_t i = 0; i < r.events.n; i++) {
        const struct life_event *e = &r.events.items[i];
        if (e->what == LIFE_IN || e->what == LIFE_OUT || e->what == LIFE_MADE)
            assert_int_equal((e->at - START) % (7 * DAY), 0);
    }
    result_done(&r);
}

static void a_parent_that_fails_is_waited_for(void **state)
{
    (void)state;
    struct simulation s = simulation_of(&dnssec_policy_standard);
    s.parent =
        (struct simulated_parent){.fails_from_at = START, .fails_until_at = START + 30 * DAY};
    struct result r = run(&s);
    assert_int_equal(when(&r, LIFE_IN, KEY_PART_DS, 0), HOUR + DAY);
    assert_int_equal(when(&r, LIFE_IN_SEEN, KEY_PART_DS, 0), 30 * DAY);
    result_done(&r);

    s.parent.fails_until_at = 0;
    r = run(&s);
    assert_int_equal(when(&r, LIFE_IN_SEEN, KEY_PART_DS, 0), -1);
    assert_true(when(&r, LIFE_LEAVES, KEY_PART_DNSKEY, 0) > 0); /* a ZSK rolls without the parent */
    result_done(&r);
}

/* A zone in use goes on from where it is: to another algorithm, then out of DNSSEC. */
static void a_life_goes_on_where_it_was(void **state)
{
    (void)state;
    struct dnssec_policy next = dnssec_policy_standard;
    next.algorithm = 15;
    struct simulation s = simulation_of(&dnssec_policy_standard);
    s.until_at = START + 20 * DAY;
    struct result r = run(&s);
    assert_int_equal(r.life.key_n, 2);
    s.params.policy = &next;
    s.params.now = START + 20 * DAY;
    s.until_at = START + 60 * DAY;
    assert_int_equal(life_simulate(&r.life, &s, &r.events), ERR_OK);
    assert_int_equal(r.life.key_n, 4);
    for (size_t i = 0; i < r.life.key_n; i++) {
        struct life_use use = life_use(&r.life.keys[i]);
        assert_int_equal(use.publishes, r.life.keys[i].algorithm == 15);
        assert_int_equal(use.signs, i == 3);
        assert_int_equal(use.has_ds, i == 2);
    }
    s.params.policy = &dnssec_policy_unsigned;
    s.params.now = START + 60 * DAY;
    s.until_at = START + 80 * DAY;
    assert_int_equal(life_simulate(&r.life, &s, &r.events), ERR_OK);
    assert_int_equal(r.life.key_n, 4);
    assert_false(life_is_signed(&r.life));
    result_done(&r);
}

/* What already happened is not simulated again: a start before it is moved. */
static void it_does_not_begin_before_the_last_run(void **state)
{
    (void)state;
    struct simulation s = simulation_of(&dnssec_policy_standard);
    struct result r = {.life = {.clock_at = START + 9 * DAY}};
    assert_int_equal(life_simulate(&r.life, &s, &r.events), ERR_OK);
    assert_int_equal(when(&r, LIFE_MADE, KEY_PART_DNSKEY, 0), 9 * DAY);
    result_done(&r);
}

static void events_are_limited(void **state)
{
    (void)state;
    struct dnssec_policy hasty = dnssec_policy_standard;
    struct result r = {0};
    hasty.zsk_lifetime_s = 4 * HOUR;
    struct simulation s = simulation_of(&hasty);
    s.params.zone_ttl_s = 60;
    s.params.dnskey_ttl_s = 60;
    s.until_at = START + INT64_C(20000) * DAY;
    assert_int_equal(life_simulate(&r.life, &s, &r.events), ERR_LIMIT);
    assert_true(r.events.n > LIMIT_SIMULATED_EVENTS);
    result_done(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_new_zone_waits_as_the_formulas_say),
    cmocka_unit_test(confirmation_and_the_rhythm_of_builds_delay),
    cmocka_unit_test(a_parent_that_fails_is_waited_for),
    cmocka_unit_test(a_life_goes_on_where_it_was),
    cmocka_unit_test(it_does_not_begin_before_the_last_run),
    cmocka_unit_test(events_are_limited),
};
TEST_MAIN(tests)
