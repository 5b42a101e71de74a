/* The parsers of other signers' key files, and what their times mean. */
#include "signer/key_import.h"
#include "tests/unit/signer/sign_testing.h"

#define NUMBER "KjqbmYXcyry8G49PMpxCjrjiAVpe57vMEIMCW85sSU0="
#define FIELD                                                                                      \
    "ydQVSYCcB0r+YWNVUxM5W7hU4RuWtd4P53VBqPOwOqsc12hWNqdxy622 J3CbkB7z6uuas6ZVBLU1O/GikaM7WA=="
#define HEAD "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n"

/* 2026-11-22T01:07:44Z */
#define STAMP    "20261122010744"
#define STAMP_AT INT64_C(1795309664)
#define DAY      INT64_C(86400)

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* ------------------------------------------------------------------ K*.private */

static void a_private_file_has_numbers_and_times(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "PrivateKey: " NUMBER "\nCreated: " STAMP "\nPublish: " STAMP
             "\r\nInactive: 20261123010744\nSyncPublish: " STAMP "\nSomethingNew: 17\n\n";
    AUTO(bind_private) struct bind_private p = {0};
    const char *why = NULL;
    assert_int_equal(bind_private_parse(bytes_of(text), &p, &why), ERR_OK);
    assert_int_equal(p.algorithm, 13);
    assert_int_equal(p.parts.part[PART_NUMBER].len, 32);
    assert_int_equal(p.parts.part[PART_NUMBER].data[0], 0x2a);
    assert_int_equal(p.story.from, TIMES_BIND_METADATA);
    assert_int_equal(p.story.created_at, STAMP_AT);
    assert_int_equal(p.story.publish_at, STAMP_AT);
    assert_int_equal(p.story.activate_at, 0);
    assert_int_equal(p.story.inactive_at, STAMP_AT + DAY);
    assert_int_equal(p.story.ds_asked_at, STAMP_AT);
}

static void an_old_private_file_has_no_times(void **state)
{
    (void)state;
    static const char text[] =
        "Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: " NUMBER "\n";
    AUTO(bind_private) struct bind_private p = {0};
    const char *why = NULL;
    assert_int_equal(bind_private_parse(bytes_of(text), &p, &why), ERR_OK);
    assert_int_equal(p.story.from, TIMES_NONE);
}

static void a_file_of_a_token_has_no_key(void **state)
{
    (void)state;
    static const char text[] = HEAD "Engine: cGtjczExAA==\nLabel: cGtjczExOm9iamVjdD1r\n";
    AUTO(bind_private) struct bind_private p = {0};
    const char *why = NULL;
    assert_int_equal(bind_private_parse(bytes_of(text), &p, &why), ERR_OK);
    assert_true(p.is_on_token);
    assert_int_equal(p.parts.part[PART_NUMBER].len, 0);
}

static void a_private_file_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "\n",
        "Private-key-format: v1.3",
        "Private-key-format: v2.0\nAlgorithm: 13\nPrivateKey: " NUMBER "\n",
        "Algorithm: 13\nPrivateKey: " NUMBER "\n",
        HEAD,
        HEAD "PrivateKey: \n",
        HEAD "PrivateKey: =\n",
        HEAD "PrivateKey: " NUMBER "\nPrivateKey: " NUMBER "\n",
        HEAD "PrivateKey: " NUMBER "\nPublish: tomorrow\n",
        HEAD "PrivateKey: " NUMBER "\nPublish: 20261322010744\n",
        HEAD "PrivateKey: " NUMBER "\nPublish: 2026112201074\n",
        HEAD "PrivateKey: " NUMBER "\nno colon here\n",
        HEAD "Algorithm: 13\nPrivateKey: " NUMBER "\n",
        "Private-key-format: v1.3\nAlgorithm: 256\nPrivateKey: " NUMBER "\n",
        "Private-key-format: v1.3\nAlgorithm: x\nPrivateKey: " NUMBER "\n",
        "Private-key-format: v1.3\nPrivateKey: " NUMBER "\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i]);
        struct bind_private p = {0};
        const char *why = NULL;
        assert_int_equal(bind_private_parse(bytes_of(cases[i]), &p, &why), ERR_FINDINGS);
        assert_non_null(why);
        assert_int_equal(p.parts.part[PART_NUMBER].len, 0); /* untouched on failure */
    }
}

/* ------------------------------------------------------------------ K*.key */

static void a_record_is_read_in_all_its_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_ttl;
    } cases[] = {
        {"example.net. IN DNSKEY 257 3 13 " FIELD "\n", false},
        {"; comment\n\nEXAMPLE.net. 7200 IN DNSKEY 257 3 13 " FIELD, true},
        {"example.net.\tIN 7200 DNSKEY 257 3 13 " FIELD " ;{id = 1 (ksk), size = 256b}\r\n", true},
        {"example.net. DNSKEY 257 3 13 " FIELD "\n; end\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].text);
        AUTO(dnskey_record) struct dnskey_record r = {0};
        const char *why = NULL;
        assert_int_equal(dnskey_record_parse(bytes_of(cases[i].text), &r, &why), ERR_OK);
        assert_int_equal(name_compare(r.owner, wire("example.net.")), 0);
        assert_int_equal(r.rdata.len, 4 + 64);
        assert_int_equal(dnskey_tag(buf_bytes(&r.rdata)), 41143);
        assert_int_equal(r.has_ttl, cases[i].has_ttl);
        assert_int_equal(r.ttl_s, cases[i].has_ttl ? 7200 : 0);
    }
}

static void a_record_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "; only a comment\n",
        "example.net. IN DNSKEY",
        "example.net. IN DNSKEY 257 3",
        "example.net. IN DNSKEY 257 3 13\n",
        "example.net. IN DNSKEY 65536 3 13 " FIELD "\n",
        "example.net. IN DNSKEY 257 3 256 " FIELD "\n",
        "example.net. IN DNSKEY 257 3 -1 " FIELD "\n",
        "example.net. IN DNSKEY 257 3 13 ?!\n",
        "example.net. IN DS 257 3 13 " FIELD "\n",
        "example.net. 2147483648 IN DNSKEY 257 3 13 " FIELD "\n",
        "ex..ample. IN DNSKEY 257 3 13 " FIELD "\n",
        "example.net. IN DNSKEY 257 3 13 AA==\nexample.net. IN DNSKEY 257 3 13 AA==\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i]);
        struct dnskey_record r = {0};
        const char *why = NULL;
        assert_int_equal(dnskey_record_parse(bytes_of(cases[i]), &r, &why), ERR_FINDINGS);
        assert_non_null(why);
        assert_null(r.rdata.data);
    }
}

/* ------------------------------------------------------------------ K*.state */

static struct key_story state_of(const char *text)
{
    struct key_story s = {.from = TIMES_BIND_METADATA,
                          .publish_at = STAMP_AT - 9 * DAY,
                          .activate_at = STAMP_AT - 8 * DAY,
                          .delete_at = STAMP_AT + 90 * DAY};
    const char *why = NULL;
    assert_int_equal(bind_state_parse(bytes_of(text), &s, &why), ERR_OK);
    return s;
}

static void a_state_says_what_is_so(void **state)
{
    (void)state;
    struct key_story s = state_of("; This is the state\nAlgorithm: 13\nKSK: yes\nZSK: yes\n"
                                  "GoalState: omnipresent\nDNSKEYState: omnipresent\n"
                                  "DNSKEYChange: " STAMP " (Sun Nov 22)\n"
                                  "DSState: rumoured\nDSChange: " STAMP "\n");
    assert_int_equal(s.from, TIMES_BIND_STATE);
    assert_true(s.has_role && s.is_ksk && s.is_zsk && s.ds_is_said);
    assert_int_equal(s.publish_at, STAMP_AT - 9 * DAY); /* known to be there since before */
    assert_int_equal(s.delete_at, 0);                   /* a plan is no fact */
    assert_int_equal(s.ds_asked_at, STAMP_AT);
    assert_int_equal(s.ds_seen_at, 0);
}

static void a_hidden_record_is_not_there(void **state)
{
    (void)state;
    struct key_story s = state_of("DNSKEYState: hidden\nDNSKEYChange: " STAMP "\n"
                                  "ZRRSIGState: unretentive\nZRRSIGChange: " STAMP "\n"
                                  "DSState: hidden\n");
    assert_int_equal(s.publish_at, 0);
    assert_int_equal(s.activate_at, STAMP_AT - 8 * DAY);
    assert_int_equal(s.inactive_at, STAMP_AT);
    assert_true(s.ds_is_said);
}

static void a_state_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"x\n", "DNSKEYState: there\n", "DNSKEYChange: then\n",
                                        "Published: 1\n", "DSState:\n"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i]);
        struct key_story s = {.publish_at = 1};
        const char *why = NULL;
        assert_int_equal(bind_state_parse(bytes_of(cases[i]), &s, &why), ERR_FINDINGS);
        assert_non_null(why);
        assert_true(s.publish_at == 1 && s.from == TIMES_NONE);
    }
}

/* ------------------------------------------------------------------ keymgr */

#define LINE(id, roles, rest)                                                                      \
    id " " roles " tag=59730 algorithm=13 size=256  public-only=no  pre-active=0 " rest "\n"

static void a_list_has_a_line_for_each_key(void **state)
{
    (void)state;
    static const char list[] =
        LINE("aa", "ksk=yes zsk=no ",
             "publish=100 ready=200 active=300 retire-active=400 retire=0 post-active=0 revoke=0 "
             "remove=0")
            LINE("bb", "ksk=no  zsk=yes",
                 "publish=2026-11-22T01:07:44Z ready=0 active=1795309664 retire=0 post-active=0 "
                 "revoke=0 remove=0");
    struct knot_key k = {0};
    const char *why = NULL;
    assert_int_equal(knot_list_find(bytes_of(list), "aa", &k, &why), ERR_OK);
    assert_true(k.algorithm == 13 && k.tag == 59730 && k.story.is_ksk && !k.story.is_zsk);
    assert_int_equal(k.story.publish_at, 100);
    assert_int_equal(k.story.ds_asked_at, 200);
    assert_int_equal(k.story.ds_seen_at, 300);
    assert_int_equal(k.story.ds_unasked_at, 400);
    assert_int_equal(k.story.ds_gone_at, 0);
    assert_int_equal(knot_list_find(bytes_of(list), "bb", &k, &why), ERR_OK);
    assert_int_equal(k.story.publish_at, STAMP_AT);
    assert_int_equal(k.story.activate_at, STAMP_AT);
    assert_false(k.story.ds_is_said);
    assert_int_equal(knot_list_find(bytes_of(list), "cc", &k, &why), ERR_ABSENT);
}

static void a_line_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "aa 59730 KSK ECDSAP256SHA256 publish=1\n",
        "aa\n",
        "aa ksk=yes\n",
        "aa ksk=maybe algorithm=13\n",
        "aa ksk=yes algorithm=256\n",
        "aa ksk=yes algorithm=13 publish=+1d\n",
        "aa ksk=yes algorithm=13 publish=1 revoke=5\n",
        "aa ksk=no zsk=no algorithm=13\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i]);
        struct knot_key k = {0};
        const char *why = NULL;
        assert_int_equal(knot_list_find(bytes_of(cases[i]), "aa", &k, &why), ERR_FINDINGS);
        assert_non_null(why);
    }
}

/* ------------------------------------------------------------------ what times mean */

#define NOW STAMP_AT

static struct foreign_key told(struct key_story story, enum key_role role, bool standby, bool no_ds)
{
    const struct story_params p = {.now = NOW, .standby = standby, .no_ds = no_ds};
    struct foreign_key k = {0};
    story_to_life(&story, role, &p, &k);
    return k;
}

static void assert_part(const struct foreign_key *k, enum key_part part, int64_t in,
                        int64_t in_seen, int64_t out, int64_t out_seen)
{
    const struct part_times *t = &k->life.parts[part];
    assert_int_equal(t->in_at, in);
    assert_int_equal(t->in_seen_at, in_seen);
    assert_int_equal(t->out_at, out);
    assert_int_equal(t->out_seen_at, out_seen);
}

static void a_key_without_times_is_in_use_since_now(void **state)
{
    (void)state;
    struct foreign_key k = told((struct key_story){0}, KEY_CSK, false, false);
    for (unsigned part = 0; part < KEY_PART_COUNT; part++)
        assert_part(&k, (enum key_part)part, NOW, NOW, 0, 0);
    assert_true(k.ds_assumed && !k.is_over);
    k = told((struct key_story){0}, KEY_CSK, true, false);
    for (unsigned part = 0; part < KEY_PART_COUNT; part++)
        assert_part(&k, (enum key_part)part, 0, 0, 0, 0);
    assert_false(k.ds_assumed);
}

static void what_is_planned_is_not_so_yet(void **state)
{
    (void)state;
    const struct key_story s = {.from = TIMES_BIND_METADATA,
                                .created_at = NOW - 10,
                                .publish_at = NOW - 5,
                                .activate_at = NOW + 5,
                                .inactive_at = NOW + 50,
                                .delete_at = NOW + 60};
    struct foreign_key k = told(s, KEY_ZSK, false, false);
    assert_part(&k, KEY_PART_DNSKEY, NOW - 5, NOW - 5, 0, 0);
    assert_part(&k, KEY_PART_SIGS, 0, 0, 0, 0);
    assert_int_equal(k.life.leave_at, 0);
    assert_int_equal(k.life.made_at, NOW - 10);
    k = told(s, KEY_KSK, false, false); /* a standby KSK has no DS */
    assert_part(&k, KEY_PART_DS, 0, 0, 0, 0);
    assert_false(k.ds_assumed);
}

static void a_retired_key_is_leaving(void **state)
{
    (void)state;
    const struct key_story s = {.from = TIMES_BIND_METADATA,
                                .publish_at = NOW - 90,
                                .activate_at = NOW - 80,
                                .inactive_at = NOW - 10,
                                .delete_at = NOW + 10};
    struct foreign_key k = told(s, KEY_ZSK, false, false);
    assert_part(&k, KEY_PART_DNSKEY, NOW - 90, NOW - 90, 0, 0);
    assert_part(&k, KEY_PART_SIGS, NOW - 80, NOW - 80, NOW - 10, NOW - 10);
    assert_int_equal(k.life.leave_at, NOW - 10);
    assert_false(k.is_over);
    k = told(s, KEY_KSK, false, false); /* nobody says that its DS is gone */
    assert_part(&k, KEY_PART_DS, NOW, NOW, 0, 0);
    assert_true(k.ds_assumed);
}

static void a_deleted_key_is_over(void **state)
{
    (void)state;
    struct key_story s = {.from = TIMES_BIND_METADATA,
                          .publish_at = NOW - 90,
                          .activate_at = NOW - 80,
                          .inactive_at = NOW - 10,
                          .delete_at = NOW - 1};
    assert_true(told(s, KEY_ZSK, false, false).is_over);
    assert_true(told(s, KEY_KSK, false, false).is_over);
    s.inactive_at = 0; /* its signatures outlive it: an algorithm that leaves */
    assert_false(told(s, KEY_ZSK, false, false).is_over);
}

static void a_ds_is_as_its_times_say(void **state)
{
    (void)state;
    struct key_story s = {.from = TIMES_BIND_METADATA,
                          .publish_at = NOW - 90,
                          .activate_at = NOW - 90,
                          .ds_asked_at = NOW - 50,
                          .ds_seen_at = NOW - 40};
    struct foreign_key k = told(s, KEY_KSK, false, false);
    assert_part(&k, KEY_PART_DS, NOW - 50, NOW - 40, 0, 0);
    assert_false(k.ds_assumed);
    k = told(s, KEY_KSK, false, true);
    assert_part(&k, KEY_PART_DS, 0, 0, 0, 0);
    s.ds_seen_at = 0; /* BIND's metadata: nobody wrote down that it came */
    k = told(s, KEY_KSK, false, false);
    assert_part(&k, KEY_PART_DS, NOW - 50, NOW, 0, 0);
    assert_true(k.ds_assumed);
    s.ds_is_said = true; /* a state file, Knot: then it has not come */
    k = told(s, KEY_KSK, false, false);
    assert_part(&k, KEY_PART_DS, NOW - 50, 0, 0, 0);
    s.ds_asked_at = 0;
    k = told(s, KEY_KSK, false, false);
    assert_part(&k, KEY_PART_DS, 0, 0, 0, 0);
    k = told(s, KEY_ZSK, false, false);
    assert_part(&k, KEY_PART_DS, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_file_has_numbers_and_times),
        cmocka_unit_test(an_old_private_file_has_no_times),
        cmocka_unit_test(a_file_of_a_token_has_no_key),
        cmocka_unit_test(a_private_file_that_is_none_is_refused),
        cmocka_unit_test(a_record_is_read_in_all_its_forms),
        cmocka_unit_test(a_record_that_is_none_is_refused),
        cmocka_unit_test(a_state_says_what_is_so),
        cmocka_unit_test(a_hidden_record_is_not_there),
        cmocka_unit_test(a_state_that_is_none_is_refused),
        cmocka_unit_test(a_list_has_a_line_for_each_key),
        cmocka_unit_test(a_line_that_is_none_is_refused),
        cmocka_unit_test(a_key_without_times_is_in_use_since_now),
        cmocka_unit_test(what_is_planned_is_not_so_yet),
        cmocka_unit_test(a_retired_key_is_leaving),
        cmocka_unit_test(a_deleted_key_is_over),
        cmocka_unit_test(a_ds_is_as_its_times_say),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
