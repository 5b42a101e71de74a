/*
 * The timing of keys, proved against a model of validators: random policies, pipelines, parents,
 * outages, edits and TTLs, ten years a run on a virtual clock. Whatever caches hold, no validator
 * ever finds the zone bogus; one roll at a time; and once everybody behaves, what was begun ends.
 *
 *     MUDZONE_TEST_SEED=7 MUDZONE_TEST_ROUNDS=2000 test_life_property
 * takes another first seed and that many runs; `cmake --build ... -t life-campaign` does 10,000.
 * A failure prints the seed of its run; MUDZONE_TEST_ROUNDS=1 MUDZONE_TEST_TRACE=1 then show what
 * happened in it.
 *
 * Each of these was broken by hand once, alone, in keytime.c, life.c and rollover*.c; behind it the
 * run, from seed 1, in which the test saw it.
 *
 *   intervals (RFC 7583 s3.2.1, s3.3.1)
 *     Ipub without TTLkey 1, without Dprp 1; Iret without TTLsig 1, without Dprp 1; the wait for a
 *     DS without TTLds 1, without DprpP 8
 *   what they count from
 *     the build instead of its confirmation: in 1, out 1
 *   remembered TTLs
 *     do not count 1; count until they are confirmed gone 1; without their propagation delay 4;
 *     unconfirmed builds change none 1
 *   what may go in
 *     a new algorithm's DNSKEY before its signatures are everywhere 1; signatures swapped before
 *     the new DNSKEY is everywhere 1; DS before the DNSKEY is everywhere 1, before the signatures
 *     are 1
 *
 *   what may go out
 *     an algorithm's signatures with its DNSKEYs 1; signatures without a successor 1; ZSK before
 *     its signatures are absent 1; KSK before its DS is absent 1; an algorithm's DNSKEYs before its
 *     DS is absent 1; DS before the next is asked for 1; the last KSK before the next is published
 *     388; signatures while caches have their DNSKEY and not the next one 925
 *
 *   going insecure
 *     signatures before the DS is gone 1, DNSKEY 1; beginning anew as if there were a DS 2
 *
 *   the parent
 *     a DS that came back 1, or was lost 5, is not heard of; a KSK that is public is thought to
 *     have none 250; what it has unasked is asked for 103; absence counts before the request is
 *     public 3949
 *
 *   rolls and the clock
 *     two at a time 1; lifetimes that never last 1; signatures count of a key that goes
 *     unpublished 235; a clock that stepped back is believed 1, one beyond the last build's end 1
 */
#include "tests/unit/signer/life_world.h"

#define RUNS 400

/* ------------------------------------------------------------------ a world to begin with */

static const uint32_t delays_s[] = {MINUTE, HOUR, 6 * HOUR, DAY};
static const uint32_t ttls_s[] = {5 * MINUTE, HOUR, DAY, 2 * DAY, 7 * DAY};
#define ANY(w, values) one_of((w), (values), sizeof(values) / sizeof *(values))

static void draw_lifetimes(struct world *w)
{
    w->policy.zsk_lifetime_s = ONE_OF(w, 0, 45 * DAY, 90 * DAY, 365 * DAY);
    w->policy.ksk_lifetime_s = ONE_OF(w, 0, 120 * DAY, 365 * DAY, 730 * DAY);
}

static void begin(struct world *w, uint64_t seed)
{
    *w = (struct world){.seed = seed, .now = WORLD_START};
    w->chance.state = seed * UINT64_C(0x2545f4914f6cdd1d);
    w->end_at = WORLD_START + WORLD_YEARS * YEAR;
    w->edited_at = w->has_no_ds_at = w->now;
    w->is_calm = percent(&w->chance, 20);
    w->forgets_keys = percent(&w->chance, 80);
    w->policy = dnssec_policy_standard;
    w->policy.algorithm = (uint8_t)ONE_OF(w, 8, 13, 15);
    w->policy.single_key = percent(&w->chance, 30);
    w->policy.cds = (enum cds_policy)ONE_OF(w, CDS_NONE, CDS_ROLLOVER, CDS_ALWAYS);
    w->policy.propagation_delay_s = ANY(w, delays_s);
    w->policy.parent_propagation_delay_s = ANY(w, delays_s);
    w->policy.parent_ds_ttl_s = ANY(w, ttls_s);
    draw_lifetimes(w);
    w->dnskey_ttl_s = ANY(w, ttls_s);
    w->zone_ttl_s = ANY(w, ttls_s);
    w->ds_ttl_s = ANY(w, ttls_s);
    w->build_every_s = ONE_OF(w, 12 * HOUR, 2 * DAY, 4 * DAY);
    w->registry_every_s = ONE_OF(w, HOUR, DAY, 3 * DAY);
    w->adds_before_it_drops = percent(&w->chance, 30);
    for (size_t i = 0; i < ACTOR_COUNT; i++)
        w->next[i] = NEVER;
    w->next[ACTOR_BUILD] = w->next[ACTOR_REGISTRY] = w->next[ACTOR_OBSERVE] = w->now;
    w->next[ACTOR_UPSET] = w->now + within(w, 60 * DAY);
}

/* ------------------------------------------------------------------ what must hold */

/* Far above what anything takes by any policy here, parents and pipelines that sleep included: six
   waits of eight days at most, and each a build, a confirmation and a visit of the registry. */
#define LONG_S (300 * DAY)

static void check_key_ends(struct world *w, const struct life_key *k, const struct life_view *v)
{
    int64_t due_at = key_due_at(v, k);
    if (k->leave_at != 0 && k->leave_at + LONG_S < w->now &&
        key_state(k, &v->waits, v->now) != KEY_REMOVED)
        world_break(w, "a key that was to leave is still there");
    if (w->edited_at + LONG_S > w->now || k->leave_at != 0)
        return;
    if (k->algorithm != w->policy.algorithm || (k->role == KEY_CSK) != w->policy.single_key)
        world_break(w, "a key stays that the policy does not want");
    if (due_at != 0 && due_at + LONG_S < w->now)
        world_break(w, "a key stays though its lifetime is over");
}

/* What was begun ends, and what the policy asks for is reached. */
static void check_progress(struct world *w)
{
    struct life_params p = world_params(w);
    struct life_view v;
    life_view(&w->life, &p, &v);
    for (size_t i = 0; i < w->life.key_n; i++)
        check_key_ends(w, &w->life.keys[i], &v);
    if (w->policy.is_unsigned || w->edited_at + LONG_S > w->now)
        return;
    if (w->has_no_ds_at != 0 && w->has_no_ds_at + LONG_S < w->now)
        world_break(w, "the policy is to sign, but the parent has no DS");
    if (w->pub.dnskey.n == 0)
        world_break(w, "the policy is to sign, but the public zone has no DNSKEY");
}

static void put_version(char *to, size_t len, const char *what, const struct version *v)
{
    size_t at =
        (size_t)snprintf(to, len, "\n  %-7s build %zu, served %.4f to %.4f, TTL %.4f d:", what,
                         v->made_in, (double)(v->from_at - WORLD_START) / DAY,
                         v->until_at == NEVER ? -1.0 : (double)(v->until_at - WORLD_START) / DAY,
                         (double)v->ttl_s / DAY);
    for (size_t i = 0; i < v->keys.n && at < len; i++)
        at += (size_t)snprintf(to + at, len - at, " %u", v->keys.at[i]);
}

static void check_validators(struct world *w)
{
    char ds[200];
    char dnskey[200];
    char data[200];
    struct bogus b = world_bogus(&w->shown, w->keys);
    if (b.why == NULL)
        return;
    put_version(ds, sizeof ds, b.ds.is_wrong ? "ds(!)" : "ds", &b.ds);
    put_version(dnskey, sizeof dnskey, "dnskey", &b.dnskey);
    put_version(data, sizeof data, "data", &b.data);
    print_error("bogus: %s%s%s%s\n", b.why, ds, dnskey, data);
    world_break(w, "a validator finds the zone bogus");
}

/* ------------------------------------------------------------------ what people do */

static void roll_by_hand(struct world *w, bool compromised)
{
    struct life_params p = world_params(w);
    struct life_view view;
    if (w->life.key_n == 0)
        return;
    struct life_key *k = &w->life.keys[below(&w->chance, w->life.key_n)];
    life_view(&w->life, &p, &view);
    if (k->leave_at != 0 || (!compromised && roll_under_way(&view) != SIZE_MAX))
        return;
    k->leave_at = w->now;
    k->compromised = compromised;
    w->rolls++;
}

static void edit_policy(struct world *w)
{
    w->edited_at = w->now;
    switch (below(&w->chance, 4)) {
    case 0: w->policy.algorithm = (uint8_t)ONE_OF(w, 8, 13, 15); break;
    case 1: w->policy.single_key = !w->policy.single_key; break;
    case 2: w->policy.is_unsigned = !w->policy.is_unsigned; break;
    default: draw_lifetimes(w); break;
    }
}

static void edit_ttls(struct world *w)
{
    switch (below(&w->chance, 3)) {
    case 0: w->dnskey_ttl_s = ANY(w, ttls_s); break;
    case 1: w->zone_ttl_s = ANY(w, ttls_s); break;
    default: w->ds_ttl_s = ANY(w, ttls_s); break;
    }
}

static void disturb(struct world *w)
{
    switch (below(&w->chance, 4)) {
    case 0: w->parent_sleeps_until_at = w->now + within(w, 60 * DAY); break;
    case 1: w->next[ACTOR_BUILD] = w->now + within(w, 80 * DAY); break; /* the pipeline rests */
    case 2: w->next[ACTOR_PARENT_SLIP] = w->now; break;
    default: /* to be set right again by the next upset */
        w->clock_error_s = percent(&w->chance, 50) ? -within(w, 90 * DAY) : within(w, 900 * DAY);
        break;
    }
}

static void act_upset(struct world *w)
{
    bool was_wrong = w->clock_error_s != 0;
    w->clock_error_s = 0;
    if (w->is_calm || w->now > w->end_at - PEACE_YEARS * YEAR + LONG_S)
        check_progress(w);
    w->next[ACTOR_UPSET] = w->now + 1 + within(w, (percent(&w->chance, 40) ? 12 : 120) * DAY);
    if (was_wrong)
        return;
    if (w->now >= w->end_at - YEAR) { /* what comes now could not end in time */
        w->policy.is_unsigned = false;
        w->edited_at = w->now;
        w->next[ACTOR_UPSET] = NEVER;
        if (parent_may_change(w) && percent(&w->chance, 50)) /* it loses the DS, a last time */
            parent_show(w, &(struct key_ids){.n = 0}, true);
        return;
    }
    size_t luck = below(&w->chance, 100);
    if (luck < 30)
        edit_policy(w);
    else if (luck < 55)
        edit_ttls(w);
    else if (luck < 70)
        roll_by_hand(w, false);
    else if (luck < 80)
        roll_by_hand(w, true);
    else if (!is_peace(w))
        disturb(w);
    if (w->clock_error_s != 0)
        w->next[ACTOR_UPSET] = w->now + 1 + within(w, 20 * DAY);
    if (percent(&w->chance, 50))
        w->next[ACTOR_BUILD] = w->now;
}

/* ------------------------------------------------------------------ ten years */

static void act(struct world *w, enum actor actor)
{
    switch (actor) {
    case ACTOR_PARENT_FULL: act_parent_full(w); break;
    case ACTOR_PUBLISH: act_publish(w); break;
    case ACTOR_CONFIRM: act_confirm(w); break;
    case ACTOR_OBSERVE: act_observe(w); break;
    case ACTOR_BUILD: act_build(w); break;
    case ACTOR_REGISTRY: act_registry(w); break;
    case ACTOR_PARENT_SLIP: act_parent_slip(w); break;
    case ACTOR_UPSET: act_upset(w); break;
    case ACTOR_COUNT: break;
    }
}

static enum actor next_actor(const struct world *w)
{
    enum actor first = ACTOR_PARENT_FULL;
    for (unsigned i = 1; i < ACTOR_COUNT; i++) {
        if (w->next[i] < w->next[first])
            first = (enum actor)i;
    }
    return first;
}

static void live(struct world *w)
{
    for (;;) {
        enum actor actor = next_actor(w);
        if (w->next[actor] > w->end_at || w->broken[0] != 0)
            break;
        w->now = w->next[actor];
        act(w, actor);
    }
    if (w->broken[0] != 0)
        return;
    w->now = w->end_at;
    check_validators(w);
    check_progress(w);
}

static uint64_t setting(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : standard;
}

static void no_validator_ever_finds_the_zone_bogus(void **state)
{
    (void)state;
    uint64_t seed = setting("MUDZONE_TEST_SEED", 1);
    uint64_t runs = setting("MUDZONE_TEST_ROUNDS", RUNS);
    size_t rolls = 0;
    size_t builds = 0;
    size_t versions = 0;
    struct world *w = malloc(sizeof *w);
    assert_non_null(w);
    for (uint64_t i = 0; i < runs; i++) {
        begin(w, seed + i);
        w->is_told = getenv("MUDZONE_TEST_TRACE") != NULL;
        live(w);
        rolls += w->rolls;
        builds += w->builds;
        versions += w->shown.ds.n + w->shown.dnskey.n + w->shown.data.n;
        world_done(w);
        if (w->broken[0] != 0) {
            print_error("MUDZONE_TEST_SEED=%llu (run %llu): %s\n", (unsigned long long)w->seed,
                        (unsigned long long)i + 1, w->broken);
            free(w);
            fail();
        }
    }
    free(w);
    print_message("  %llu runs of %d years: %zu builds, %zu keys rolled, %zu versions shown\n",
                  (unsigned long long)runs, WORLD_YEARS, builds, rolls, versions);
    assert_true(rolls > runs); /* the worlds are not all asleep */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_validator_ever_finds_the_zone_bogus),
};
TEST_MAIN(tests)
