#include "tests/support/chance.h"
#include "tests/unit/signer/ksr_testing.h"

#define YEAR (365 * DAY)

/* "ksk zsk1 zsk2": by index, for a look at a set. */
static bool need_is(const struct ksr_need *n, uint16_t type, size_t key_n, const size_t *keys)
{
    return n->type == type && n->key_n == key_n && memcmp(n->keys, keys, key_n * sizeof *keys) == 0;
}

static void a_year_of_zsk_rolls_is_planned_set_by_set(void **state)
{
    struct offline_zone z;
    (void)state;
    offline_zone_new(&z);
    AUTO(ksr_plan) struct ksr_plan plan = plan_ok(&z, TEST_NOW + YEAR, 3 * DAY);
    /* key 0 is the KSK; {1}, {1,2}, {2}, {2,3}, ... */
    static const size_t first[] = {0, 1};
    static const size_t second[] = {0, 1, 2};
    static const size_t third[] = {0, 2};
    assert_true(plan.need_n >= 9); /* 365 / 90: four rolls */
    assert_true(need_is(&plan.needs[0], KNOT_RRTYPE_DNSKEY, 2, first));
    assert_true(need_is(&plan.needs[1], KNOT_RRTYPE_DNSKEY, 3, second));
    assert_true(need_is(&plan.needs[2], KNOT_RRTYPE_DNSKEY, 2, third));
    assert_int_equal(plan.until_at, TEST_NOW + YEAR);
    assert_string_equal(plan.stopped, "");
    assert_int_equal(plan.needs[0].from_at, TEST_NOW);
    for (size_t i = 1; i < plan.need_n; i++) {
        /* the DS is in place: no CDS; each set begins before the last one must be over */
        assert_int_equal(plan.needs[i].type, KNOT_RRTYPE_DNSKEY);
        assert_true(plan.needs[i].from_at <= plan.needs[i - 1].until_at);
    }
    assert_int_equal(plan.needs[plan.need_n - 1].until_at, TEST_NOW + YEAR);
    offline_zone_done(&z);
}

static int make_zsk(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                    struct life_key *ret)
{
    size_t *made = ctx;
    (void)why;
    assert_int_equal(role, KEY_ZSK); /* a KSK would have ended the plan */
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .planned = true};
    (void)snprintf(ret->digest, sizeof ret->digest, "real-%zu", ++*made);
    return ERR_OK;
}

static bool shows(const struct life *l, const struct ksr_need *n)
{
    size_t at = 0;
    for (size_t i = 0; i < l->key_n; i++) {
        if (!life_use(&l->keys[i]).publishes)
            continue;
        if (at == n->key_n || n->keys[at++] != i)
            return false;
    }
    return at == n->key_n;
}

static bool is_covered(const struct ksr_plan *plan, const struct life *l, int64_t now)
{
    for (size_t i = 0; i < plan->need_n; i++) {
        const struct ksr_need *n = &plan->needs[i];
        if (n->type == KNOT_RRTYPE_DNSKEY && n->from_at <= now && now <= n->until_at && shows(l, n))
            return true;
    }
    return false;
}

/* Builds and confirmations as late as chance has them, up to the slack, and builds that only renew
   signatures in between. */
static void live(const struct offline_zone *z, const struct ksr_plan *plan, int64_t until_at,
                 uint32_t slack_s, struct chance *c)
{
    AUTO(life) struct life l = {0};
    AUTO(life_events) struct life_events events = {0};
    struct life_params p = z->params;
    size_t made = 0;
    const struct life_maker maker = {make_zsk, &made};
    char doubt[LIFE_WHY_LEN];
    assert_int_equal(life_dup(&z->life, &l), ERR_OK);
    for (;;) {
        p.now += (int64_t)below(c, slack_s + 1);
        if (p.now > until_at)
            return;
        assert_int_equal(life_step(&l, &p, &maker, &events, doubt), ERR_OK);
        if (!is_covered(plan, &l, p.now))
            print_message("    not covered at +%lld s\n", (long long)(p.now - TEST_NOW));
        assert_true(is_covered(plan, &l, p.now));
        if (life_is_unconfirmed(&l)) {
            p.now += (int64_t)below(c, slack_s + 1);
            assert_int_equal(life_confirm(&l, p.now, &events), ERR_OK);
        }
        int64_t next_at = life_next_at(&l, &p);
        assert_true(next_at != 0);
        int64_t renew_at = p.now + 5 * DAY;
        p.now = next_at < p.now ? p.now : next_at < renew_at ? next_at : renew_at;
    }
}

static void whoever_is_late_by_no_more_than_the_slack_finds_the_set(void **state)
{
    struct offline_zone z;
    (void)state;
    offline_zone_new(&z);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct chance c = {seed};
        uint32_t slack_s = (uint32_t)below(&c, 8 * DAY);
        z.policy.zsk_lifetime_s = 20 * DAY + (uint32_t)below(&c, 100 * DAY);
        AUTO(ksr_plan) struct ksr_plan plan = plan_ok(&z, TEST_NOW + 2 * YEAR, slack_s);
        live(&z, &plan, TEST_NOW + 2 * YEAR, slack_s, &c);
    }
    offline_zone_done(&z);
}

/* signer/ksr.h: more than signature-refresh is left at any moment of a need. */
static void some_slot_always_has_more_left_than_the_refresh(void **state)
{
    struct offline_zone z;
    (void)state;
    offline_zone_new(&z);
    AUTO(ksr_plan) struct ksr_plan plan = plan_ok(&z, TEST_NOW + YEAR, 3 * DAY);
    AUTO(ksr) struct ksr k = request_ok(&z, &plan);
    assert_int_equal(k.set_n, plan.need_n);
    for (size_t i = 0; i < k.set_n; i++) {
        const struct ksr_set *s = &k.sets[i];
        for (int64_t t = plan.needs[i].from_at; t < plan.needs[i].until_at; t += HOUR / 2) {
            bool good = false;
            for (size_t j = 0; j < s->slot_n; j++)
                good = good || (s->slots[j].from_at <= t - HOUR &&
                                s->slots[j].until_at > t + z.policy.signature_refresh_s);
            assert_true(good);
        }
        for (size_t j = 0; j < s->slot_n; j++)
            assert_int_equal(s->slots[j].until_at - s->slots[j].from_at,
                             z.policy.signature_validity_s + HOUR);
    }
    offline_zone_done(&z);
}

static void a_new_zone_asks_for_cds_once_its_dnskey_is_everywhere(void **state)
{
    struct offline_zone z;
    (void)state;
    offline_zone_new(&z);
    z.life.key_n = 1; /* the KSK was brought in; nothing is public */
    memset(z.life.keys[0].parts, 0, sizeof z.life.keys[0].parts);
    AUTO(ksr_plan) struct ksr_plan plan = plan_ok(&z, TEST_NOW + 60 * DAY, DAY);
    static const size_t keys[] = {0, 1};
    static const size_t ds[] = {0};
    assert_int_equal(plan.life.key_n, 2);
    assert_true(plan.life.keys[1].planned);
    assert_int_equal(plan.need_n, 2);
    assert_true(need_is(&plan.needs[0], KNOT_RRTYPE_DNSKEY, 2, keys));
    assert_true(need_is(&plan.needs[1], KNOT_RRTYPE_CDS, 1, ds));
    assert_int_equal(plan.needs[0].from_at, TEST_NOW);
    /* largest wait before: Dprp + TTLsig, from a build and confirmation at once */
    assert_int_equal(plan.needs[1].from_at, TEST_NOW + HOUR + DAY);
    keyset_done(&z.keys);
    z.keys = make_keys(15, false);
    AUTO(ksr) struct ksr k = request_ok(&z, &plan);
    assert_int_equal(k.set_n, 3);
    assert_int_equal(k.sets[1].type, KNOT_RRTYPE_CDS);
    assert_int_equal(k.sets[2].type, KNOT_RRTYPE_CDNSKEY);
    offline_zone_done(&z);
}

static void going_insecure_asks_for_the_delete_records(void **state)
{
    struct offline_zone z;
    (void)state;
    offline_zone_new(&z);
    z.policy.is_unsigned = true;
    AUTO(ksr_plan) struct ksr_plan plan = plan_ok(&z, TEST_NOW + 60 * DAY, DAY);
    AUTO(ksr) struct ksr k = request_ok(&z, &plan);
    AUTO(buf) struct buf text = {0};
    size_t cds = 0;
    for (size_t i = 0; i < k.set_n; i++) {
        if (k.sets[i].type != KNOT_RRTYPE_CDS)
            continue;
        cds++;
        ksr_set_text(&k.sets[i], &text);
    }
    assert_int_equal(cds, 1);
    assert_string_equal(buf_str(&text), "the parent shall drop all DS");
    offline_zone_done(&z);
}

static void a_plan_ends_where_a_ksk_must_be_made(void **state)
{
    struct offline_zone z;
    (void)state;
    offline_zone_new(&z);
    z.policy.ksk_lifetime_s = 200 * DAY;
    AUTO(ksr_plan) struct ksr_plan plan = plan_ok(&z, TEST_NOW + YEAR, DAY);
    assert_true(plan.until_at < TEST_NOW + 190 * DAY);
    assert_true(plan.until_at > TEST_NOW + 150 * DAY);
    assert_non_null(strstr(plan.stopped, "a new KSK is needed at 2027-"));
    for (size_t i = 0; i < plan.need_n; i++)
        assert_true(plan.needs[i].from_at <= plan.until_at);
    offline_zone_done(&z);
}

static void a_clock_that_is_behind_plans_nothing(void **state)
{
    struct offline_zone z;
    struct ksr_plan plan = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    (void)state;
    offline_zone_new(&z);
    z.life.clock_at = TEST_NOW + DAY;
    assert_int_equal(ksr_plan(&z.life, &z.life, &z.params, TEST_NOW + YEAR, DAY, &plan, d),
                     ERR_KEY);
    assert_int_equal(findings_n(d, "ksr-plan"), 1);
    offline_zone_done(&z);
}

static void more_than_a_request_can_hold_is_refused_before_keys_are_made(void **state)
{
    struct offline_zone z;
    struct ksr_plan plan = {0};
    const struct life no_spares = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    (void)state;
    offline_zone_new(&z);
    z.policy.zsk_lifetime_s = 20 * DAY;
    assert_int_equal(ksr_plan(&z.life, &no_spares, &z.params, TEST_NOW + 40 * YEAR, HOUR, &plan, d),
                     ERR_LIMIT);
    assert_non_null(strstr(finding_text(d, "ksr-plan"), "a nearer date will do"));
    assert_int_equal(plan.need_n, 0);
    offline_zone_done(&z);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_year_of_zsk_rolls_is_planned_set_by_set),
    cmocka_unit_test(whoever_is_late_by_no_more_than_the_slack_finds_the_set),
    cmocka_unit_test(some_slot_always_has_more_left_than_the_refresh),
    cmocka_unit_test(a_new_zone_asks_for_cds_once_its_dnskey_is_everywhere),
    cmocka_unit_test(going_insecure_asks_for_the_delete_records),
    cmocka_unit_test(a_plan_ends_where_a_ksk_must_be_made),
    cmocka_unit_test(a_clock_that_is_behind_plans_nothing),
    cmocka_unit_test(more_than_a_request_can_hold_is_refused_before_keys_are_made),
};

TEST_MAIN(tests)
