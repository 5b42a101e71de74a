/*
 * Every stage of every kind of rollover, through all ways of signing: anew, after an unproved and a
 * proved version, by a change; each judged by verify_zone.
 *
 *     MUDZONE_KEY_USES=DIR test_key_uses write_stages
 * writes the zone of every stage, signed at the clock's moment, to DIR/<story>.<stage>.zone for
 * other judges (tests/interop/key_uses.sh).
 */
#include <time.h>

#include <libknot/descriptor.h>

#include "tests/unit/signer/sign_testing.h"

#define KEYS_MAX   4
#define STAGES_MAX 6

/* What each key does, in the order of the story's keys: D published, S signs, P has a DS. */
struct story {
    const char *name;
    struct {
        enum key_role role;
        uint8_t algorithm; /* 0: no more keys */
    } keys[KEYS_MAX];
    const char *stages[STAGES_MAX];
    bool deletes_ds; /* in the last stage */
};

static const struct story stories[] = {
    {"zsk",
     {{KEY_KSK, 13}, {KEY_ZSK, 13}, {KEY_ZSK, 13}},
     {"D-P DS- ---", "D-P DS- D--", "D-P D-- DS-", "D-P --- DS-"},
     false},
    {"ksk",
     {{KEY_KSK, 13}, {KEY_KSK, 13}, {KEY_ZSK, 13}},
     {"D-P --- DS-", "D-P D-- DS-", "D-- D-P DS-", "--- D-P DS-"},
     false},
    {"csk",
     {{KEY_CSK, 13}, {KEY_CSK, 13}},
     {"DSP ---", "DSP D--", "D-P DS-", "D-- DSP", "--- DSP"},
     false},
    {"13-to-15",
     {{KEY_KSK, 13}, {KEY_ZSK, 13}, {KEY_KSK, 15}, {KEY_ZSK, 15}},
     {"D-P DS- --- ---", "D-P DS- --- -S-", "D-P DS- D-- DS-", "D-- DS- D-P DS-", "--- -S- D-P DS-",
      "--- --- D-P DS-"},
     false},
    {"8-to-13",
     {{KEY_KSK, 8}, {KEY_ZSK, 8}, {KEY_KSK, 13}, {KEY_ZSK, 13}},
     {"D-P DS- --- ---", "D-P DS- --- -S-", "D-P DS- D-- DS-", "D-- DS- D-P DS-", "--- -S- D-P DS-",
      "--- --- D-P DS-"},
     false},
    {"csk-13-to-15",
     {{KEY_CSK, 13}, {KEY_CSK, 15}},
     {"DSP ---", "DSP -S-", "DSP DS-", "DS- DSP", "-S- DSP", "--- DSP"},
     false},
    {"split-to-single",
     {{KEY_KSK, 15}, {KEY_ZSK, 15}, {KEY_CSK, 15}},
     {"D-P DS- ---", "D-P DS- D--", "D-P D-- DS-", "D-- D-- DSP", "--- --- DSP"},
     false},
    {"single-to-split",
     {{KEY_CSK, 15}, {KEY_KSK, 15}, {KEY_ZSK, 15}},
     {"DSP --- ---", "DSP D-- D--", "D-P D-- DS-", "D-- D-P DS-", "--- D-P DS-"},
     false},
    {"insecure", {{KEY_KSK, 13}, {KEY_ZSK, 13}}, {"D-P DS-", "D-- DS-"}, true},
};

static struct keyset story_keys(const struct story *s)
{
    struct keyset set = {0};
    for (size_t i = 0; i < KEYS_MAX && s->keys[i].algorithm != 0; i++)
        assert_int_equal(keyset_generate(&set, s->keys[i].algorithm, s->keys[i].role, NULL),
                         ERR_OK);
    return set;
}

static size_t stage_n(const struct story *s)
{
    size_t n = 0;
    while (n < STAGES_MAX && s->stages[n] != NULL)
        n++;
    return n;
}

struct stage {
    struct sign_key uses[KEYS_MAX];
    struct sign_params params;
    struct dnssec_policy policy;
};

static void stage_open(const struct story *s, size_t at, const struct keyset *keys,
                       enum denial denial, int64_t now, struct stage *ret)
{
    const char *text = s->stages[at];
    *ret = (struct stage){.policy = policy_of(13, false, denial)};
    for (size_t i = 0; i < keys->n; i++, text += 4)
        ret->uses[i] =
            (struct sign_key){keys->keys[i], text[0] == 'D', text[1] == 'S', text[2] == 'P'};
    ret->policy.zonemd = denial == DENIAL_NSEC3; /* without it, signing streams */
    ret->params = (struct sign_params){.policy = &ret->policy,
                                       .keys = ret->uses,
                                       .key_n = keys->n,
                                       .shows_cds = true,
                                       .deletes_ds = s->deletes_ds && s->stages[at + 1] == NULL,
                                       .dnskey_ttl_s = 3600,
                                       .now = now,
                                       .threads = 2};
}

/* ------------------------------------------------------------------ what a zone must be */

static bool does_sign(const struct sign_key *k, uint16_t type)
{
    if (type == KNOT_RRTYPE_DNSKEY || type == KNOT_RRTYPE_CDS || type == KNOT_RRTYPE_CDNSKEY)
        return k->publishes && key_role(k->key) != KEY_ZSK;
    return k->signs;
}

static bool sig_by(const struct zone_rrset *set, const struct key *k, struct zone_sig *ret)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        sig_walk_next(set, &pos, ret);
        if (ret->key_tag == key_tag(k) && ret->algorithm == key_algorithm(k))
            return true;
    }
    return false;
}

/* SET has signatures of just those keys that the stage asks for; where OLD has the same records,
   each of them that was there before is the same signature. */
static void check_set(const struct stage *s, const struct zone_rrset *set,
                      const struct zone_rrset *old)
{
    uint32_t wanted = 0;
    for (size_t i = 0; set->sig_n > 0 && i < s->params.key_n; i++) {
        const struct sign_key *k = &s->uses[i];
        struct zone_sig sig;
        struct zone_sig before;
        if (!does_sign(k, set->type))
            continue;
        wanted++;
        assert_true(sig_by(set, k->key, &sig));
        if (old != NULL && knot_rdataset_eq(&set->rrs, &old->rrs) && sig_by(old, k->key, &before))
            assert_true(bytes_equal(sig.signature, before.signature));
    }
    assert_int_equal(set->sig_n, wanted);
}

static size_t strangers_of(const struct stage *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->params.key_n; i++)
        n += s->uses[i].signs && !s->uses[i].publishes;
    return n;
}

static void check_records(const struct stage *s, const struct zone *z, const struct zone *previous)
{
    struct zone_cursor at;
    struct zone_node node;
    zone_first(z, &at);
    while (zone_next(&at, &node)) {
        struct zone_node was;
        struct zone_rrset set;
        struct set_walk w;
        bool has = previous != NULL && zone_find(previous, node.owner, &was);
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set)) {
            struct zone_rrset old;
            bool both = has && zone_node_rrset(&was, set.type, &old);
            check_set(s, &set, both ? &old : NULL);
        }
    }
}

static void check_apex(const struct stage *s, const struct zone *z)
{
    size_t published = 0;
    size_t for_parent = 0;
    for (size_t i = 0; i < s->params.key_n; i++) {
        published += s->uses[i].publishes;
        for_parent += s->uses[i].has_ds;
    }
    struct zone_rrset cds = rrset_of(z, zone_apex(z), KNOT_RRTYPE_CDS);
    struct zone_rrset cdnskey = rrset_of(z, zone_apex(z), KNOT_RRTYPE_CDNSKEY);
    assert_int_equal(rrset_of(z, zone_apex(z), KNOT_RRTYPE_DNSKEY).rrs.count, published);
    assert_int_equal(cds.rrs.count, s->params.deletes_ds ? 1 : for_parent);
    assert_int_equal(cdnskey.rrs.count, s->params.deletes_ds ? 1 : for_parent);
    if (s->params.deletes_ds) {
        assert_int_equal(cds.rrs.rdata->len, 5);
        assert_memory_equal(cds.rrs.rdata->data, "\0\0\0\0\0", 5);
        assert_int_equal(cdnskey.rrs.rdata->len, 5);
        assert_memory_equal(cdnskey.rrs.rdata->data, "\0\0\3\0\0", 5);
    }
}

static void check_valid(const struct stage *s, const struct zone *z)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(zone) struct zone *ds = NULL;
    const struct zone_load_opts opts = {.origin = zone_apex(z), .may_be_empty = true};
    assert_int_equal(sign_ds(zone_apex(z), s->uses, s->params.key_n, 3600, &text), ERR_OK);
    assert_int_equal(zone_parse("ds", buf_str(&text), text.len, &opts, &ds, d), ERR_OK);
    struct verify_params params = {.now = s->params.now, .ds = ds};
    struct verify_report report;
    assert_int_equal(verify_zone(z, &params, &report, d), ERR_OK);
    assert_int_equal(findings_n(d, "rrsig-unpublished"), strangers_of(s));
    assert_int_equal(diags_n(d), strangers_of(s));
}

static void check(const struct stage *s, const struct zone *z, const struct zone *previous)
{
    check_valid(s, z);
    check_apex(s, z);
    check_records(s, z, previous);
}

/* ------------------------------------------------------------------ the ways to a stage */

static struct zone *sign_stage(const struct zone *content, const struct stage *s,
                               struct sign_report *report)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    int err = sign_zone(content, &s->params, &out, report, d);
    if (err != ERR_OK)
        print_message("    %s\n", diags_n(d) > 0 ? diags_at(d, 0)->found : "no finding");
    assert_int_equal(err, ERR_OK);
    return out;
}

#define PIECES_MAX 64
struct pieces { /* what a sink got */
    struct buf text[PIECES_MAX];
    atomic_size_t n; /* every thread says it */
};

static int take_piece(void *ctx, size_t index, size_t count, struct zone_cursor *nodes)
{
    struct pieces *p = ctx;
    assert_true(count <= PIECES_MAX);
    atomic_store(&p->n, count);
    return zone_write_nodes(nodes, &p->text[index]);
}

/* At one moment the same signatures are made again: so signing anew gives what was kept. */
static void anew_gives_the_same(const struct zone *content, const struct stage *s,
                                const struct zone *previous, const char *text)
{
    struct stage anew = *s;
    struct sign_report report;
    struct pieces pieces = {0};
    const struct sign_sink sink = {take_piece, &pieces};
    anew.params.policy = &anew.policy;
    anew.params.keys = anew.uses;
    anew.params.previous = NULL;
    anew.params.has_serial_floor = true;
    anew.params.serial_floor = zone_soa_serial(previous);
    anew.params.sink = &sink;
    AUTO_PTR(zone) struct zone *z = sign_stage(content, &anew, &report);
    AUTO_FREE char *again = zone_text(z);
    AUTO(buf) struct buf streamed = {0};
    for (size_t i = 0; i < atomic_load(&pieces.n); i++) {
        buf_add(&streamed, pieces.text[i].data, pieces.text[i].len);
        buf_done(&pieces.text[i]);
    }
    assert_string_equal(again, text);
    assert_string_equal(buf_str(&streamed), text);
}

static void again_changes_nothing(const struct zone *content, const struct stage *s,
                                  const struct zone *z, bool proved)
{
    struct stage again = *s;
    struct sign_report report;
    again.params.policy = &again.policy;
    again.params.keys = again.uses;
    again.params.previous = z;
    again.params.previous_is_proved = proved;
    AUTO_PTR(zone) struct zone *same = sign_stage(content, &again, &report);
    assert_ptr_equal(same, z);
    assert_false(report.changed);
    assert_int_equal(report.made, 0);
}

static void a_change_is_signed_by_the_same_keys(const struct stage *s, const struct zone *z,
                                                const struct stage *other)
{
    AUTO_PTR(records) struct records *added = records_new();
    AUTO_PTR(zone) struct zone *out = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(zone_diff) struct zone_diff diff = {0};
    struct sign_report report;
    assert_int_equal(
        records_add(added, wire("new.example."), KNOT_RRTYPE_TXT, 60, (const uint8_t *)"\1x", 2),
        ERR_OK);
    assert_int_equal(sign_change(z, NULL, added, &s->params, &out, &diff, &report, d), ERR_OK);
    check(s, out, z);
    if (other == NULL)
        return;
    zone_free(TAKE(out));
    zone_diff_done(&diff);
    diff = (struct zone_diff){0};
    assert_int_equal(sign_change(z, NULL, added, &other->params, &out, &diff, &report, d), ERR_KEY);
    assert_int_equal(findings_n(d, "key-set"), 1);
}

static void play(const struct story *story, enum denial denial, bool proved)
{
    AUTO(keyset) struct keyset keys = story_keys(story);
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    AUTO_PTR(zone) struct zone *previous = NULL;
    struct stage before;
    for (size_t i = 0; i < stage_n(story); i++) {
        struct stage s;
        struct sign_report report;
        stage_open(story, i, &keys, denial, TEST_NOW, &s);
        s.params.previous = previous;
        s.params.previous_is_proved = proved && previous != NULL;
        AUTO_PTR(zone) struct zone *z = sign_stage(content, &s, &report);
        AUTO_FREE char *text = zone_text(z);
        assert_true(report.changed);
        check(&s, z, previous);
        if (previous != NULL)
            anew_gives_the_same(content, &s, previous, text);
        again_changes_nothing(content, &s, z, proved);
        a_change_is_signed_by_the_same_keys(&s, z, i > 0 ? &before : NULL);
        zone_free(previous);
        previous = TAKE(z);
        before = s;
        before.params.policy = &before.policy;
        before.params.keys = before.uses;
        before.params.previous = NULL;
    }
}

static void every_stage_of_every_rollover_is_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        TEST_CASE(stories[i].name);
        for (int way = 0; way < 4; way++)
            play(&stories[i], (way & 1) != 0 ? DENIAL_NSEC3 : DENIAL_NSEC, (way & 2) != 0);
    }
}

/* ------------------------------------------------------------------ what is made, what is kept */

/* From the stage before TO to TO. */
static uint64_t reused_by(const struct story *s, size_t to, const struct keyset *keys, bool proved)
{
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    struct stage stage;
    struct sign_report report;
    stage_open(s, to - 1, keys, DENIAL_NSEC, TEST_NOW, &stage);
    AUTO_PTR(zone) struct zone *old = sign_stage(content, &stage, &report);
    stage_open(s, to, keys, DENIAL_NSEC, TEST_NOW + 3600, &stage);
    stage.params.previous = old;
    stage.params.previous_is_proved = proved;
    AUTO_PTR(zone) struct zone *z = sign_stage(content, &stage, &report);
    check(&stage, z, old);
    return report.reused;
}

static void only_what_no_key_of_the_stage_has_signed_is_made(void **state)
{
    (void)state;
    AUTO(keyset) struct keyset zsk = story_keys(&stories[0]);
    AUTO(keyset) struct keyset two = story_keys(&stories[3]);
    for (int proved = 0; proved < 2; proved++) {
        /* swapped at once: what stays is the KSK's, over DNSKEY, CDS and CDNSKEY */
        assert_int_equal(reused_by(&stories[0], 2, &zsk, proved != 0), 3);
        /* an algorithm comes or goes: all but the SOA by the other one's ZSK, and those three */
        assert_int_equal(reused_by(&stories[3], 1, &two, proved != 0), 18);
        assert_int_equal(reused_by(&stories[3], 5, &two, proved != 0), 18);
    }
}

/* A key that is not published is told from one with its tag, which signed before it. */
static void an_unpublished_key_with_the_tag_of_another_signs_anew(void **state)
{
    (void)state;
    enum { TRIES = 5000 };
    static struct key *by_tag[65536];
    AUTO(keyset) struct keyset own = make_keys(13, false);
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    struct key *ksk = NULL;
    struct key *b = NULL;
    struct key **a = NULL;
    assert_int_equal(key_generate(15, KEY_KSK, &ksk), ERR_OK);
    for (size_t i = 0; i < TRIES && a == NULL; i++) {
        assert_int_equal(key_generate(15, KEY_ZSK, &b), ERR_OK);
        if (key_tag(b) == key_tag(own.keys[0]) || key_tag(b) == key_tag(own.keys[1])) {
            key_free(b);
        } else if (by_tag[key_tag(b)] == NULL) {
            by_tag[key_tag(b)] = b;
        } else {
            a = &by_tag[key_tag(b)];
        }
    }
    assert_non_null(a);
    for (int proved = 0; proved < 2; proved++) {
        struct stage s = {.policy = policy_of(13, false, DENIAL_NSEC),
                          .uses = {{own.keys[0], true, false, true},
                                   {own.keys[1], true, true, false},
                                   {*a, false, true, false}}};
        struct sign_report report;
        s.params = (struct sign_params){
            .policy = &s.policy, .keys = s.uses, .key_n = 3, .dnskey_ttl_s = 3600, .now = TEST_NOW};
        AUTO_PTR(zone) struct zone *first = sign_stage(content, &s, &report);
        uint64_t made = report.made;
        s.uses[2].key = b;
        s.params.previous = first;
        s.params.previous_is_proved = proved != 0;
        AUTO_PTR(zone) struct zone *next = sign_stage(content, &s, &report);
        assert_true(report.made >= made / 2); /* all of one of two algorithms */
        check_valid(&s, next);
        s.uses[2].publishes = true; /* what was not known before shows now */
        s.uses[3] = (struct sign_key){ksk, true, false, false};
        s.params.key_n = 4;
        s.params.previous = next;
        AUTO_PTR(zone) struct zone *soon = sign_stage(content, &s, &report);
        assert_true(report.reused >= made - 6);
        check_valid(&s, soon);
    }
    key_free(ksk);
    key_free(b);
    for (size_t i = 0; i < 65536; i++)
        key_free(by_tag[i]);
}

/* ------------------------------------------------------------------ what is refused */

static void keys_that_leave_an_algorithm_without_signatures_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *stage;
        const char *found; /* NULL: taken */
    } cases[] = {
        {"a DNSKEY before its signatures", "D-P DS- D-- D--",
         "no key of ed25519 that signs the zone"},
        {"a ZSK without its KSK", "D-P DS- --- DS-", "no key of ed25519 that signs the keys"},
        {"nobody signs", "D-P D-- --- ---", "no key of ecdsap256sha256 that signs the zone"},
        {"nothing is published", "--- -S- --- -S-", "no key to publish"},
        {"signatures before the DNSKEY", "D-P DS- --- -S-", NULL},
        {"a DS ahead of its DNSKEY", "D-P DS- --P ---", NULL},
    };
    AUTO(keyset) struct keyset keys = story_keys(&stories[3]);
    AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        struct story story = stories[3];
        struct stage s;
        struct sign_report report;
        AUTO_PTR(zone) struct zone *out = NULL;
        AUTO_PTR(diags) struct diags *d = diags_new();
        story.stages[0] = cases[i].stage;
        stage_open(&story, 0, &keys, DENIAL_NSEC, TEST_NOW, &s);
        int err = sign_zone(content, &s.params, &out, &report, d);
        assert_int_equal(err, cases[i].found == NULL ? ERR_OK : ERR_KEY);
        if (cases[i].found != NULL)
            assert_non_null(strstr(finding_text(d, "key-set"), cases[i].found));
    }
}

/* ------------------------------------------------------------------ for other judges */

static void write_stages(void **state)
{
    (void)state;
    const char *dir = getenv("MUDZONE_KEY_USES");
    for (size_t i = 0; dir != NULL && i < sizeof stories / sizeof *stories; i++) {
        AUTO(keyset) struct keyset keys = story_keys(&stories[i]);
        AUTO_PTR(zone) struct zone *content = zone_of(TEST_ZONE);
        for (size_t at = 0; at < stage_n(&stories[i]); at++) {
            struct stage s;
            struct sign_report report;
            char path[512];
            stage_open(&stories[i], at, &keys, DENIAL_NSEC, (int64_t)time(NULL), &s);
            AUTO_PTR(zone) struct zone *z = sign_stage(content, &s, &report);
            AUTO_FREE char *text = zone_text(z);
            snprintf(path, sizeof path, "%s/%s.%zu.zone", dir, stories[i].name, at);
            assert_int_equal(file_write_atomic(path, text, strlen(text), 0644), ERR_OK);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_stage_of_every_rollover_is_signed),
    cmocka_unit_test(only_what_no_key_of_the_stage_has_signed_is_made),
    cmocka_unit_test(an_unpublished_key_with_the_tag_of_another_signs_anew),
    cmocka_unit_test(keys_that_leave_an_algorithm_without_signatures_are_refused),
    cmocka_unit_test(write_stages),
};

TEST_MAIN(tests)
