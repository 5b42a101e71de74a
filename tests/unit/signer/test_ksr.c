#include "tests/unit/signer/ksr_testing.h"

/* A request, its response, and what both sides know. */
struct exchange {
    struct offline_zone zone;
    struct ksr_plan plan;
    struct ksr request;
    struct ksr response;
    struct keyset ksks;
    struct skr_keys known;
};

static void exchange_done(struct exchange *x)
{
    skr_keys_done(&x->known);
    keyset_done(&x->ksks);
    ksr_done(&x->response);
    ksr_done(&x->request);
    ksr_plan_done(&x->plan);
    offline_zone_done(&x->zone);
}

static void exchange_of_days(struct exchange *x, int64_t days)
{
    *x = (struct exchange){0};
    offline_zone_new(&x->zone);
    x->plan = plan_ok(&x->zone, TEST_NOW + days * DAY, DAY);
    x->request = request_ok(&x->zone, &x->plan);
    free(ksr_text(&x->request)); /* sets the digest */
    x->ksks = ksk_of(&x->zone);
    x->known = known_of(&x->zone);
    assert_int_equal(ksr_sign(&x->request, &x->ksks, TEST_NOW, &x->response, NULL), ERR_OK);
}

static int parse(const char *text, size_t len, struct ksr *ret, struct diags *d)
{
    return ksr_parse("t.ksr", text, len, ret, d);
}

/* ------------------------------------------------------------------ text */

static void what_is_written_is_read_back(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 120);
    struct ksr *const both[] = {&x.request, &x.response};
    for (size_t i = 0; i < 2; i++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO(ksr) struct ksr k = {0};
        AUTO_FREE char *text = ksr_text(both[i]);
        int err = parse(text, strlen(text), &k, d);
        for (size_t f = 0; f < diags_n(d); f++)
            print_message("    %u: %s\n", diags_at(d, f)->line, diags_at(d, f)->found);
        assert_int_equal(err, ERR_OK);
        assert_string_equal(k.digest, both[i]->digest);
        assert_int_equal(k.set_n, both[i]->set_n);
        assert_int_equal(k.is_response, i == 1);
        AUTO_FREE char *again = ksr_text(&k);
        assert_string_equal(again, text);
    }
    assert_string_equal(x.response.request, x.request.digest);
    exchange_done(&x);
}

static void any_octet_changed_is_refused(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    AUTO_FREE char *text = ksr_text(&x.response);
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        AUTO(ksr) struct ksr k = {0};
        char kept = text[i];
        text[i] = (char)(kept ^ 1);
        assert_int_equal(parse(text, len, &k, NULL), ERR_FINDINGS);
        text[i] = kept;
    }
    exchange_done(&x);
}

static void any_cut_is_refused(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    AUTO_FREE char *text = ksr_text(&x.request);
    for (size_t len = 0; len < strlen(text); len++) {
        AUTO(ksr) struct ksr k = {0};
        AUTO_FREE char *cut = strndup(text, len); /* so that a read beyond is seen */
        assert_int_equal(parse(cut, len, &k, NULL), ERR_FINDINGS);
    }
    exchange_done(&x);
}

static void hostile_text_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        uint32_t line;
        const char *found;
    } cases[] = {
        {"empty", "", 0, "not a request"},
        {"another file", "$ORIGIN example.\n", 1, "not a request"},
        {"a later version", "mudzone-ksr 2\n", 1, "not a request"},
        {"no zone", "mudzone-ksr 1\nzone\n", 2, "expected \"zone\""},
        {"no name", "mudzone-ksr 1\nzone a..b\n", 2, "expected \"zone\""},
        {"no time", "mudzone-ksr 1\nzone e.\nmade today\n", 3, "expected \"made\""},
#define HEAD "mudzone-ksr 1\nzone e.\nmade 2026-11-21T10:00:00Z\n"
        {"backwards", HEAD "from 2026-11-21T10:00:00Z\nuntil 2026-11-20T10:00:00Z\n", 5, "before"},
#undef HEAD
#define HEAD                                                                                       \
    "mudzone-ksr 1\nzone e.\nmade 2026-11-21T10:00:00Z\nfrom 2026-11-21T10:00:00Z\n"               \
    "until 2026-11-22T10:00:00Z\n"
        {"type", HEAD "set SOA\n", 6, "expected \"set\""},
        {"no records", HEAD "set DNSKEY\nend\n", 6, "no record"},
        {"directive", HEAD "set DNSKEY\n  $INCLUDE /etc/passwd\n", 7, "not a record"},
        {"many lines", HEAD "set CDS\n  e. 60 IN CDS ( 1 13 2\n", 7, "not a record"},
        {"other name", HEAD "set CDS\n  f.e. 60 IN CDS 0 0 0 00\n", 7, "another name"},
        {"other type", HEAD "set CDS\n  e. 60 IN TXT \"x\"\n", 7, "another"},
        {"two types", HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\n  e. 60 IN TXT \"x\"\n", 8,
         "another"},
        {"twice", HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\n  e. 60 IN CDS 0 0 0 00\n", 8, ""},
        {"TTLs", HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\n  e. 61 IN CDS 1 13 2 00\n", 8, ""},
        {"no times", HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\nend\n", 7, "without a time"},
        {"times",
         HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\nsign 2026-11-21T10:00:00Z 2026-11-21T10:00:00Z\n",
         8, "expected \"sign\""},
        {"a time that wraps to 2026",
         HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\nsign 2162-12-28T10:00:00Z 2163-01-28T10:00:00Z\n",
         8, "after 2106"},
        {"no end",
         HEAD "set CDS\n  e. 60 IN CDS 0 0 0 00\nsign 2026-11-21T10:00:00Z 2026-11-22T10:00:00Z\n",
         8, "cut off"},
        {"no digest", HEAD "end\n", 6, "expected the digest"},
#undef HEAD
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO(ksr) struct ksr k = {0};
        TEST_CASE(cases[i].name);
        assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &k, d), ERR_FINDINGS);
        assert_int_equal(diags_n(d), 1);
        assert_string_equal(diags_at(d, 0)->rule->id, "ksr-form");
        if (strstr(diags_at(d, 0)->found, cases[i].found) == NULL ||
            diags_at(d, 0)->line != cases[i].line)
            print_message("    %u: %s\n", diags_at(d, 0)->line, diags_at(d, 0)->found);
        assert_int_equal(diags_at(d, 0)->line, cases[i].line);
        assert_non_null(strstr(diags_at(d, 0)->found, cases[i].found));
    }
}

/* ------------------------------------------------------------------ the ceremony */

static int check(const struct exchange *x, const struct ksr_limits *limits, struct diags *d)
{
    return ksr_check(&x->request, &x->ksks, limits, "t.ksr", d);
}

static const struct ksr_limits no_limits;

static void an_honest_request_passes(void **state)
{
    struct exchange x;
    AUTO_PTR(diags) struct diags *d = diags_new();
    (void)state;
    exchange_of_days(&x, 365);
    const struct ksr_limits limits = {.from_at = TEST_NOW - HOUR,
                                      .until_at = TEST_NOW + 365 * DAY + 30 * DAY};
    assert_int_equal(check(&x, &limits, d), ERR_OK);
    assert_int_equal(diags_n(d), 0);
    exchange_done(&x);
}

/* The records of set 0 become the DNSKEYs of the zone and EXTRA. */
static void smuggle(struct exchange *x, struct bytes extra, uint32_t ttl)
{
    struct bytes rdata[3] = {key_dnskey_rdata(x->zone.keys.keys[0]),
                             key_dnskey_rdata(x->zone.keys.keys[1]), extra};
    zone_free(x->request.sets[0].records);
    AUTO_PTR(zone_builder)
    struct zone_builder *b = zone_builder_new(x->request.zone, NULL);
    for (size_t i = 0; i < (extra.len > 0 ? 3u : 2u); i++)
        assert_int_equal(zone_builder_add(b, x->request.zone, KNOT_RRTYPE_DNSKEY, ttl,
                                          rdata[i].data, rdata[i].len, 0),
                         ERR_OK);
    assert_int_equal(zone_builder_finish(TAKE(b), &x->request.sets[0].records, NULL), ERR_OK);
}

static const char *refusal(const struct exchange *x, const struct ksr_limits *limits)
{
    static char out[512];
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(check(x, limits, d), ERR_FINDINGS);
    snprintf(out, sizeof out, "%s", finding_text(d, "ksr-refused"));
    return out;
}

static void keys_that_the_ceremony_does_not_know_are_refused(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    AUTO(keyset) struct keyset thief = make_keys(15, false);
    smuggle(&x, key_dnskey_rdata(thief.keys[0]), HOUR);
    assert_non_null(strstr(refusal(&x, &no_limits), "not among the keys here"));
    assert_non_null(strstr(refusal(&x, &no_limits), key_digest(thief.keys[0])));
    const char *digest = key_digest(thief.keys[0]);
    const struct ksr_limits allowed = {.other_ksks = &digest, .other_n = 1};
    assert_int_equal(check(&x, &allowed, NULL), ERR_OK);
    const char *another = key_digest(thief.keys[1]);
    const struct ksr_limits wrong = {.other_ksks = &another, .other_n = 1};
    assert_non_null(strstr(refusal(&x, &wrong), "nor said to be expected"));

    uint8_t rdata[64];
    struct bytes zsk = key_dnskey_rdata(thief.keys[1]);
    memcpy(rdata, zsk.data, zsk.len);
    rdata[1] = 1; /* a ZSK's key with the flags of a KSK */
    smuggle(&x, (struct bytes){rdata, zsk.len}, HOUR);
    assert_non_null(strstr(refusal(&x, &no_limits), "flags 257"));
    rdata[1] = 0x80; /* revoked */
    smuggle(&x, (struct bytes){rdata, zsk.len}, HOUR);
    assert_non_null(strstr(refusal(&x, &no_limits), "neither 256 nor 257"));
    rdata[1] = 0;
    rdata[3] = 5; /* RSASHA1 */
    smuggle(&x, (struct bytes){rdata, zsk.len}, HOUR);
    assert_non_null(strstr(refusal(&x, &no_limits), "no key that we know"));

    AUTO(keyset) struct keyset p256 = make_keys(13, false);
    smuggle(&x, key_dnskey_rdata(p256.keys[1]), HOUR);
    assert_non_null(strstr(refusal(&x, &no_limits), "whose algorithm no KSK"));
    exchange_done(&x);
}

static void weird_ttls_and_times_beyond_the_limits_are_refused(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    const struct ksr_limits early = {.until_at = TEST_NOW + 20 * DAY};
    assert_non_null(strstr(refusal(&x, &early), "beyond the limit 2026-12-11T10:00:00Z"));
    const struct ksr_limits late = {.from_at = TEST_NOW};
    assert_non_null(strstr(refusal(&x, &late), "begins at 2026-11-21T09:00:00Z"));
    smuggle(&x, (struct bytes){0}, 0);
    assert_non_null(strstr(refusal(&x, &no_limits), "TTL 0"));
    smuggle(&x, (struct bytes){0}, 8 * DAY);
    assert_non_null(strstr(refusal(&x, &no_limits), "TTL 691200"));
    smuggle(&x, (struct bytes){0}, HOUR);
    assert_int_equal(check(&x, &no_limits, NULL), ERR_OK);
    x.request.sets[0].slots[0].until_at = TEST_NOW + 400 * DAY;
    assert_non_null(strstr(refusal(&x, &no_limits), "more than a year"));
    exchange_done(&x);
}

/* What the head says, and is shown first, bounds what is signed. */
static void signatures_begin_within_what_is_planned(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    struct ksr_slot *slot = &x.request.sets[0].slots[0];
    const struct ksr_slot kept = *slot;
    slot->from_at = x.request.until_at;
    slot->until_at = slot->from_at + DAY;
    assert_int_equal(check(&x, &no_limits, NULL), ERR_OK);
    slot->from_at++;
    assert_non_null(strstr(refusal(&x, &no_limits), "begins outside"));
    *slot = kept;
    slot->from_at--;
    assert_non_null(strstr(refusal(&x, &no_limits), "begins outside"));
    *slot = kept;
    assert_int_equal(check(&x, &no_limits, NULL), ERR_OK);
    exchange_done(&x);
}

static void add_cds(struct exchange *x, const char *record)
{
    AUTO_FREE char *text = NULL;
    assert_true(asprintf(&text, "example. 3600 IN %s\n", record) > 0);
    struct ksr_set *s = ksr_add_set(&x->request, KNOT_RRTYPE_CDS);
    s->records = zone_of(text);
    assert_non_null(ksr_add_slot(s, TEST_NOW, TEST_NOW + DAY));
}

static void the_parent_is_told_of_known_keys_only(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    add_cds(&x, "CDS 1 15 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_non_null(strstr(refusal(&x, &no_limits), "not of a KSK of this request"));
    exchange_done(&x);
    exchange_of_days(&x, 20);
    add_cds(&x, "CDS 0 0 0 00");
    assert_non_null(strstr(refusal(&x, &no_limits), "drop all DS"));
    const struct ksr_limits allowed = {.allow_delete = true};
    assert_int_equal(check(&x, &allowed, NULL), ERR_OK);
    exchange_done(&x);
}

static void a_response_is_not_signed_again_and_nothing_is_not_signed(void **state)
{
    struct exchange x;
    const struct ksr nothing = {0};
    (void)state;
    exchange_of_days(&x, 20);
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(ksr_check(&x.response, &x.ksks, &no_limits, "t.skr", d), ERR_FINDINGS);
    assert_int_equal(ksr_check(&nothing, &x.ksks, &no_limits, "t.ksr", d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "ksr-refused"), 2);
    exchange_done(&x);
}

/* ------------------------------------------------------------------ on the signing host */

static void an_honest_response_passes(void **state)
{
    struct exchange x;
    AUTO_PTR(diags) struct diags *d = diags_new();
    (void)state;
    exchange_of_days(&x, 200);
    int err = skr_check(&x.response, &x.known, "t.skr", d);
    for (size_t f = 0; f < diags_n(d); f++)
        print_message("    %s\n", diags_at(d, f)->found);
    assert_int_equal(err, ERR_OK);
    exchange_done(&x);
}

static const char *refused_response(struct exchange *x)
{
    static char out[512];
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(skr_check(&x->response, &x->known, "t.skr", d), ERR_FINDINGS);
    snprintf(out, sizeof out, "%s", finding_text(d, "skr-refused"));
    return out;
}

/* Whoever changes a response can write its digest anew: the signatures decide. */
static void a_response_changed_with_its_digest_is_refused(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 120);
    struct ksr_set *s = &x.response.sets[0];
    assert_true(x.response.set_n > 1 && s->slot_n > 1);

    s->slots[0].until_at++;
    assert_non_null(strstr(refused_response(&x), "not of its set and time"));
    s->slots[0].until_at--;

    struct zone *other = s->slots[0].signed_set;
    s->slots[0].signed_set = s->slots[1].signed_set;
    assert_non_null(strstr(refused_response(&x), "not of its set and time"));
    s->slots[0].signed_set = NULL;
    assert_non_null(strstr(refused_response(&x), "without its signatures"));
    s->slots[0].signed_set = other;
    assert_int_equal(skr_check(&x.response, &x.known, "t.skr", NULL), ERR_OK);

    skr_keys_done(&x.known); /* another zone's keys */
    keyset_done(&x.zone.keys);
    x.zone.keys = make_keys(15, false);
    x.known = known_of(&x.zone);
    assert_non_null(strstr(refused_response(&x), "that no KSK of the zone made"));
    exchange_done(&x);
}

static void a_dnskey_that_the_zone_does_not_have_is_refused(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    AUTO(keyset) struct keyset thief = make_keys(15, false);
    smuggle(&x, key_dnskey_rdata(thief.keys[1]), HOUR);
    ksr_done(&x.response);
    assert_int_equal(ksr_sign(&x.request, &x.ksks, TEST_NOW, &x.response, NULL), ERR_OK);
    assert_non_null(strstr(refused_response(&x), "no key of the zone"));
    exchange_done(&x);
}

static void each_offline_ksk_must_have_signed(void **state)
{
    struct exchange x;
    (void)state;
    exchange_of_days(&x, 20);
    AUTO(keyset) struct keyset second = make_keys(15, false);
    smuggle(&x, key_dnskey_rdata(second.keys[0]), HOUR);
    ksr_done(&x.response);
    assert_int_equal(ksr_sign(&x.request, &x.ksks, TEST_NOW, &x.response, NULL), ERR_OK);
    skr_keys_done(&x.known);
    struct crypto_private *private = NULL;
    struct key *k = NULL;
    assert_int_equal(crypto_private_dup(key_private(second.keys[0]), &private), ERR_OK);
    assert_int_equal(key_from_private(15, KEY_KSK, private, &k), ERR_OK);
    assert_int_equal(keyset_add(&x.zone.keys, k), ERR_OK);
    x.known = known_of(&x.zone);
    /* on this host, it signs for itself */
    assert_int_equal(skr_check(&x.response, &x.known, "t.skr", NULL), ERR_OK);
    x.known.items[x.known.n - 1].is_offline = true;
    assert_non_null(strstr(refused_response(&x), "no signature of KSK"));
    exchange_done(&x);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_written_is_read_back),
    cmocka_unit_test(any_octet_changed_is_refused),
    cmocka_unit_test(any_cut_is_refused),
    cmocka_unit_test(hostile_text_is_refused_with_its_line),
    cmocka_unit_test(an_honest_request_passes),
    cmocka_unit_test(keys_that_the_ceremony_does_not_know_are_refused),
    cmocka_unit_test(weird_ttls_and_times_beyond_the_limits_are_refused),
    cmocka_unit_test(signatures_begin_within_what_is_planned),
    cmocka_unit_test(the_parent_is_told_of_known_keys_only),
    cmocka_unit_test(a_response_is_not_signed_again_and_nothing_is_not_signed),
    cmocka_unit_test(an_honest_response_passes),
    cmocka_unit_test(a_response_changed_with_its_digest_is_refused),
    cmocka_unit_test(a_dnskey_that_the_zone_does_not_have_is_refused),
    cmocka_unit_test(each_offline_ksk_must_have_signed),
};

TEST_MAIN(tests)
