/* The signing host of an offline KSK, in a real state folder: spares, loaded responses, builds. */
#include "tests/unit/signer/ksr_testing.h"
#include "tests/unit/signer/state_testing.h"

struct host {
    char *dir;
    struct state *state;
    struct diags *diags;
    struct keyset ksk; /* at the ceremony */
    struct dnssec_policy policy;
    struct life life;
};

static char *dnskey_text(const struct key *k)
{
    struct bytes rdata = key_dnskey_rdata(k);
    AUTO(buf) struct buf out = {0};
    AUTO_FREE knot_rdata_t *rr = malloc(knot_rdata_size((uint16_t)rdata.len));
    knot_rdata_init(rr, (uint16_t)rdata.len, rdata.data);
    assert_int_equal(record_write(wire("example."), 3600, KNOT_RRTYPE_DNSKEY, rr, &out), ERR_OK);
    return strdup(buf_str(&out));
}

static int make_offline(struct host *h, const struct key *k, enum ksk_place *place)
{
    AUTO_FREE char *text = dnskey_text(k);
    struct life_key made;
    return state_ksk_offline(h->state, wire("example."), "ksk.dnskey", text_bytes(text), TEST_NOW,
                             &made, place, h->diags);
}

static int make_key(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                    struct life_key *ret)
{
    struct host *h = ctx;
    int err = state_spare_take(h->state, wire("example."), role, algorithm, ret);
    if (err != ERR_ABSENT)
        return err;
    return state_key_make(h->state, wire("example."), role, algorithm,
                          role == KEY_KSK ? h->policy.ksk_store : NULL, TEST_NOW, why, ret,
                          h->diags);
}

static void host_new(struct host *h)
{
    enum ksk_place place = KSK_IS_KNOWN;
    *h = (struct host){
        .dir = temp_dir(), .diags = diags_new(), .policy = policy_of(15, false, DENIAL_NSEC)};
    h->policy.ksk_store = KEY_STORE_OFFLINE;
    h->state = open_ok(h->dir, h->diags);
    assert_int_equal(keyset_generate(&h->ksk, 15, KEY_KSK, NULL), ERR_OK);
    assert_int_equal(make_offline(h, h->ksk.keys[0], &place), ERR_OK);
    assert_int_equal(place, KSK_IN_LIFE);
}

static void host_done(struct host *h)
{
    life_done(&h->life);
    keyset_done(&h->ksk);
    state_close(h->state);
    diags_free(h->diags);
    temp_dir_done(h->dir);
}

static struct life_params params_at(const struct host *h, int64_t now)
{
    return (struct life_params){
        .policy = &h->policy, .dnskey_ttl_s = HOUR, .zone_ttl_s = DAY, .now = now};
}

static struct life_key *spare_of(struct life *spares, enum key_role role, size_t n)
{
    for (size_t i = 0; i < spares->key_n; i++) {
        if (spares->keys[i].role == role && n-- == 0)
            return &spares->keys[i];
    }
    return NULL;
}

/* What `keys request`, `keys sign-response` and `keys load` do, until UNTIL_AT. */
static void ceremony(struct host *h, int64_t now, int64_t until_at)
{
    const struct life_params p = params_at(h, now);
    AUTO(ksr_plan) struct ksr_plan plan = {0};
    size_t of_role[2] = {0};
    AUTO(ksr) struct ksr request = {0};
    AUTO(ksr) struct ksr response = {0};
    AUTO(life) struct life spares = {0};
    AUTO(skr_keys) struct skr_keys known = {0};
    AUTO(buf) struct buf text = {0};
    struct bytes dnskeys[LIMIT_ZONE_KEYS] = {0};
    assert_int_equal(state_spares(h->state, wire("example."), &spares), ERR_OK);
    assert_int_equal(ksr_plan(&h->life, &spares, &p, until_at, DAY, &plan, h->diags), ERR_OK);
    assert_int_equal(plan.until_at, until_at);
    for (size_t i = 0; i < plan.life.key_n; i++) {
        struct life_key *k = &plan.life.keys[i];
        struct life_key made;
        if (!k->planned)
            continue;
        struct life_key *spare = spare_of(&spares, k->role, of_role[k->role]);
        if (spare == NULL) {
            assert_int_equal(state_spare_make(h->state, wire("example."), k->role, k->algorithm,
                                              NULL, now, &made, h->diags),
                             ERR_OK);
            assert_int_equal(life_add(&spares, &made), ERR_OK);
            spare = &spares.keys[spares.key_n - 1];
        }
        of_role[k->role]++;
        memcpy(k->digest, spare->digest, KEY_DIGEST_LEN);
    }
    assert_int_equal(state_zone_keys(h->state, wire("example."), &known), ERR_OK);
    for (size_t i = 0; i < plan.life.key_n; i++) {
        for (size_t j = 0; j < known.n; j++) {
            if (strcmp(known.items[j].digest, plan.life.keys[i].digest) == 0)
                dnskeys[i] = buf_bytes(&known.items[j].dnskey);
        }
        assert_non_null(dnskeys[i].data);
    }
    assert_int_equal(ksr_request(wire("example."), &plan, dnskeys, &p, &request), ERR_OK);
    free(ksr_text(&request)); /* sets the digest */
    assert_int_equal(ksr_sign(&request, &h->ksk, now, &response, h->diags), ERR_OK);
    assert_int_equal(ksr_write(&response, &text), ERR_OK);
    assert_int_equal(skr_check(&response, &known, "t.skr", h->diags), ERR_OK);
    assert_int_equal(skr_store(h->state, &response, buf_bytes(&text), now), ERR_OK);
}

/* A build at NOW, verified as anyone would; RET may be NULL. */
static int build(struct host *h, int64_t now, struct zone *previous, struct zone **ret)
{
    struct life_params p = params_at(h, now);
    const struct life_maker maker = {make_key, h};
    AUTO(life_events) struct life_events events = {0};
    AUTO(keyset) struct keyset keys = {0};
    AUTO_PTR(zone) struct zone *given = NULL;
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    struct sign_key uses[LIMIT_ZONE_KEYS];
    char doubt[LIFE_WHY_LEN];
    int err = life_step(&h->life, &p, &maker, &events, doubt);
    if (err != ERR_OK)
        return err;
    assert_string_equal(doubt, "");
    for (size_t i = 0; i < h->life.key_n; i++) {
        struct life_use use = life_use(&h->life.keys[i]);
        struct key *k = NULL;
        if (!use.publishes && !use.signs)
            continue;
        assert_int_equal(state_key_open(h->state, &h->life.keys[i], &k, h->diags), ERR_OK);
        assert_int_equal(keyset_add(&keys, k), ERR_OK);
        uses[keys.n - 1] = (struct sign_key){k, use.publishes, use.signs, use.has_ds};
    }
    err = skr_given(h->state, wire("example."), uses, keys.n, HOUR, now, &given, h->diags);
    assert_int_equal(err, ERR_OK);
    const struct sign_params sp = {.policy = &h->policy,
                                   .keys = uses,
                                   .key_n = keys.n,
                                   .shows_cds = life_shows_cds(&h->life, &p),
                                   .deletes_ds = life_deletes_ds(&h->life, &p),
                                   .given = given,
                                   .previous = previous,
                                   .dnskey_ttl_s = HOUR,
                                   .now = now};
    struct sign_report report;
    struct zone *out = NULL;
    err = sign_zone(content, &sp, &out, &report, h->diags);
    if (err != ERR_OK)
        return err;
    const struct verify_params v = {.now = now};
    struct verify_report verified;
    err = verify_zone(out, &v, &verified, h->diags);
    assert_true(report.expires_at - now > h->policy.signature_refresh_s);
    if (ret != NULL)
        *ret = out;
    else
        zone_free(out);
    return err;
}

static void print_findings(const struct host *h)
{
    for (size_t i = 0; i < diags_n(h->diags); i++)
        print_message("    %s: %s\n", diags_at(h->diags, i)->rule->id,
                      diags_at(h->diags, i)->found);
}

/* The parent takes over what CDS asks for. */
static void obey(struct host *h, int64_t now, const struct zone *zone)
{
    char digests[LIMIT_ZONE_KEYS][KEY_DIGEST_LEN];
    AUTO(life_events) struct life_events events = {0};
    size_t n = 0;
    bool news = false;
    for (size_t i = 0; i < h->life.key_n; i++) {
        const struct part_times *t = &h->life.keys[i].parts[KEY_PART_DS];
        news = news || (t->in_at != 0 && t->in_seen_at == 0) ||
               (t->out_at != 0 && t->out_seen_at == 0);
        if (life_use(&h->life.keys[i]).has_ds)
            memcpy(digests[n++], h->life.keys[i].digest, KEY_DIGEST_LEN);
    }
    if (!news)
        return;
    assert_true(has_rrset(zone, wire("example."), KNOT_RRTYPE_CDS));
    const struct life_parent seen = {
        .at = now, .digests = (const char(*)[KEY_DIGEST_LEN])digests, .digest_n = n, .ttl_s = DAY};
    assert_int_equal(life_observe(&h->life, &seen, &events), ERR_OK);
}

/* Builds and confirms for DAYS_N days, one a day; the DS is taken over when it is asked for. */
static void live(struct host *h, int64_t from_at, int64_t days_n)
{
    struct zone *previous = NULL;
    for (int64_t day = 0; day < days_n; day++) {
        int64_t now = from_at + day * DAY;
        struct zone *built = NULL;
        AUTO(life_events) struct life_events events = {0};
        int err = build(h, now, previous, &built);
        if (err != ERR_OK)
            print_findings(h);
        assert_int_equal(err, ERR_OK);
        zone_free(previous);
        previous = built;
        assert_int_equal(life_confirm(&h->life, now + 60, &events), ERR_OK);
        obey(h, now + 120, previous);
        h->life.valid_until_at = now + 20 * DAY;
    }
    zone_free(previous);
}

/* ------------------------------------------------------------------ tests */

static void a_zone_lives_through_its_rolls_on_signatures_made_beforehand(void **state)
{
    struct host h;
    (void)state;
    host_new(&h);
    h.policy.zsk_lifetime_s = 30 * DAY;
    assert_int_equal(state_life_get(h.state, wire("example."), &h.life), ERR_OK);
    assert_int_equal(h.life.key_n, 1);
    ceremony(&h, TEST_NOW, TEST_NOW + 150 * DAY);
    live(&h, TEST_NOW, 120);
    assert_true(h.life.key_n >= 5); /* the KSK and a ZSK for each month */
    assert_int_equal(findings_n(h.diags, "skr-none"), 0);
    assert_true(findings_n(h.diags, "skr-coverage") == 0);

    /* the next ceremony goes on from there, with the spares that are left */
    ceremony(&h, TEST_NOW + 120 * DAY, TEST_NOW + 300 * DAY);
    live(&h, TEST_NOW + 120 * DAY, 130);
    assert_int_equal(findings_n(h.diags, "skr-none"), 0);
    int64_t until_at = 0;
    assert_int_equal(skr_covered_until(h.state, wire("example."), &until_at), ERR_OK);
    assert_int_equal(until_at, TEST_NOW + 300 * DAY);
    host_done(&h);
}

static void an_offline_ksk_follows_an_offline_ksk(void **state)
{
    struct host h;
    enum ksk_place place;
    (void)state;
    host_new(&h);
    assert_int_equal(state_life_get(h.state, wire("example."), &h.life), ERR_OK);
    ceremony(&h, TEST_NOW, TEST_NOW + 80 * DAY);
    live(&h, TEST_NOW, 10);
    assert_int_equal(keyset_generate(&h.ksk, 15, KEY_KSK, NULL), ERR_OK);
    assert_int_equal(make_offline(&h, h.ksk.keys[1], &place), ERR_OK);
    assert_int_equal(place, KSK_IS_SPARE);
    live(&h, TEST_NOW + 10 * DAY, 5);
    assert_null(life_find(&h.life, key_digest(h.ksk.keys[1]))); /* nothing happens unasked */

    life_find(&h.life, key_digest(h.ksk.keys[0]))->leave_at = TEST_NOW + 15 * DAY;
    ceremony(&h, TEST_NOW + 15 * DAY, TEST_NOW + 80 * DAY);
    live(&h, TEST_NOW + 15 * DAY, 30);
    const struct life_key *old = life_find(&h.life, key_digest(h.ksk.keys[0]));
    const struct life_key *new = life_find(&h.life, key_digest(h.ksk.keys[1]));
    assert_non_null(new);
    assert_false(life_use(old).publishes);
    assert_true(life_use(new).publishes && life_use(new).has_ds);
    assert_int_equal(findings_n(h.diags, "skr-none"), 0);
    host_done(&h);
}

static void the_end_of_what_is_covered_is_said_in_time(void **state)
{
    struct host h;
    (void)state;
    host_new(&h);
    assert_int_equal(state_life_get(h.state, wire("example."), &h.life), ERR_OK);
    ceremony(&h, TEST_NOW, TEST_NOW + 60 * DAY);
    assert_int_equal(build(&h, TEST_NOW + 29 * DAY, NULL, NULL), ERR_OK);
    assert_int_equal(findings_n(h.diags, "skr-coverage"), 0);
    assert_int_equal(build(&h, TEST_NOW + 31 * DAY, NULL, NULL), ERR_OK);
    assert_int_equal(findings_n(h.diags, "skr-coverage"), 1);
    assert_non_null(strstr(finding_text(h.diags, "skr-coverage"), "until 2027-01-20T10:00:00Z"));
    /* long after: nothing fits, and nothing is published */
    assert_int_equal(build(&h, TEST_NOW + 200 * DAY, NULL, NULL), ERR_KEY);
    assert_int_equal(findings_n(h.diags, "skr-none"), 1);
    assert_true(findings_n(h.diags, "key-signature") > 0);
    host_done(&h);
}

static void without_a_response_nothing_is_signed(void **state)
{
    struct host h;
    (void)state;
    host_new(&h);
    assert_int_equal(state_life_get(h.state, wire("example."), &h.life), ERR_OK);
    assert_int_equal(build(&h, TEST_NOW, NULL, NULL), ERR_KEY);
    assert_non_null(strstr(finding_text(h.diags, "skr-none"), "no loaded response signs"));
    host_done(&h);
}

static void an_offline_key_is_never_made_here(void **state)
{
    struct host h;
    struct life_key k;
    (void)state;
    host_new(&h);
    assert_int_equal(state_key_make(h.state, wire("example."), KEY_KSK, 15, KEY_STORE_OFFLINE,
                                    TEST_NOW, "a test", &k, h.diags),
                     ERR_KEY);
    assert_non_null(strstr(finding_text(h.diags, "key-offline"), "keys import ZONE --public FILE"));
    assert_int_equal(files_with(h.dir, "keys", ".pem"), 0);
    host_done(&h);
}

static void spares_are_no_part_of_the_zone_until_they_are_taken_in_their_order(void **state)
{
    struct host h;
    struct life_key made[2];
    struct life_key taken;
    AUTO(life) struct life life = {0};
    AUTO(life) struct life spares = {0};
    const uint8_t *zone = wire("example.");
    (void)state;
    host_new(&h);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            state_spare_make(h.state, zone, KEY_ZSK, 15, NULL, TEST_NOW, &made[i], h.diags),
            ERR_OK);
    assert_int_equal(files_with(h.dir, "keys", ".pem"), 2);
    assert_int_equal(state_life_get(h.state, zone, &life), ERR_OK);
    assert_int_equal(life.key_n, 1); /* the KSK */
    assert_int_equal(state_spares(h.state, zone, &spares), ERR_OK);
    assert_int_equal(spares.key_n, 2);
    assert_int_equal(state_spare_take(h.state, zone, KEY_ZSK, 13, &taken), ERR_ABSENT);
    assert_int_equal(state_spare_take(h.state, zone, KEY_KSK, 15, &taken), ERR_ABSENT);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(state_spare_take(h.state, zone, KEY_ZSK, 15, &taken), ERR_OK);
        assert_string_equal(taken.digest, made[i].digest);
        assert_int_equal(taken.tag, made[i].tag);
    }
    assert_int_equal(state_spare_take(h.state, zone, KEY_ZSK, 15, &taken), ERR_ABSENT);
    life_done(&life);
    assert_int_equal(state_life_get(h.state, zone, &life), ERR_OK);
    assert_int_equal(life.key_n, 3);
    assert_string_equal(life.keys[2].digest, made[1].digest);
    host_done(&h);
}

static void a_ksk_that_was_here_goes_offline(void **state)
{
    struct host h;
    struct life_key made;
    struct key *k = NULL;
    AUTO_PTR(key) struct key *private = NULL;
    AUTO_PTR(key) struct key *public = NULL;
    enum ksk_place place = KSK_IS_KNOWN;
    (void)state;
    host_new(&h);
    assert_int_equal(state_key_make(h.state, wire("example."), KEY_KSK, 15, NULL, TEST_NOW,
                                    "a test", &made, h.diags),
                     ERR_OK);
    assert_int_equal(state_key_open(h.state, &made, &private, h.diags), ERR_OK);
    assert_false(key_is_public(private));
    k = private;
    assert_int_equal(make_offline(&h, k, &place), ERR_OK);
    assert_int_equal(place, KSK_WAS_HERE);
    assert_int_equal(state_key_open(h.state, &made, &public, h.diags), ERR_OK);
    assert_true(key_is_public(public));
    /* once more changes nothing */
    assert_int_equal(make_offline(&h, k, &place), ERR_OK);
    assert_int_equal(place, KSK_IS_KNOWN);
    host_done(&h);
}

static void only_a_ksk_of_the_zone_goes_offline(void **state)
{
    struct host h;
    struct life_key made;
    enum ksk_place place;
    (void)state;
    host_new(&h);
    AUTO(keyset) struct keyset keys = make_keys(15, false);
    assert_int_equal(make_offline(&h, keys.keys[1], &place), ERR_FINDINGS); /* a ZSK */
    static const char *const texts[] = {"", "nothing\n", "other. 3600 IN DNSKEY 257 3 15 AAAA\n",
                                        "example. 3600 IN DNSKEY 257 3 15 AAAA\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(state_ksk_offline(h.state, wire("example."), "f", text_bytes(texts[i]),
                                           TEST_NOW, &made, &place, h.diags),
                         ERR_FINDINGS);
    assert_int_equal(findings_n(h.diags, "key-refused"), 5);
    host_done(&h);
}

static int response_n(struct host *h)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    assert_int_equal(state_query(h->state, &q, "SELECT count(*) FROM docs WHERE kind = 'skr'", ""),
                     ERR_OK);
    assert_int_equal(state_step(h->state, q), ERR_OK);
    return sqlite3_column_int(q, 0);
}

static void responses_that_have_ended_are_dropped(void **state)
{
    struct host h;
    (void)state;
    host_new(&h);
    assert_int_equal(state_life_get(h.state, wire("example."), &h.life), ERR_OK);
    ceremony(&h, TEST_NOW, TEST_NOW + 10 * DAY);
    ceremony(&h, TEST_NOW + 400 * DAY, TEST_NOW + 410 * DAY);
    int64_t until_at = 0;
    assert_int_equal(skr_covered_until(h.state, wire("example."), &until_at), ERR_OK);
    assert_int_equal(until_at, TEST_NOW + 410 * DAY);
    assert_int_equal(response_n(&h), 1);
    host_done(&h);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_zone_lives_through_its_rolls_on_signatures_made_beforehand),
    cmocka_unit_test(an_offline_ksk_follows_an_offline_ksk),
    cmocka_unit_test(the_end_of_what_is_covered_is_said_in_time),
    cmocka_unit_test(without_a_response_nothing_is_signed),
    cmocka_unit_test(an_offline_key_is_never_made_here),
    cmocka_unit_test(spares_are_no_part_of_the_zone_until_they_are_taken_in_their_order),
    cmocka_unit_test(a_ksk_that_was_here_goes_offline),
    cmocka_unit_test(only_a_ksk_of_the_zone_goes_offline),
    cmocka_unit_test(responses_that_have_ended_are_dropped),
};

TEST_MAIN(tests)
