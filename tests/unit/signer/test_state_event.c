/* The event log: what is kept, who is named, and that no change goes unseen. */
#include "tests/unit/signer/state_testing.h"

static void log_event(struct state *s, int64_t at, const char *zone, const char *what)
{
    assert_int_equal(state_event(s, at, zone, what, "because"), ERR_OK);
}

/* N events "e1", "e2", ...; the heads after each, when HEADS is not NULL. */
static void log_some(struct state *s, int n, char (*heads)[65])
{
    for (int i = 1; i <= n; i++) {
        char what[16];
        snprintf(what, sizeof what, "e%d", i);
        log_event(s, 100 + i, "example", what);
        if (heads != NULL)
            assert_int_equal(state_event_head(s, heads[i - 1]), ERR_OK);
    }
}

static uint64_t assert_unbroken(struct state *s)
{
    uint64_t n = 0;
    assert_int_equal(state_events_check(s, &n), ERR_OK);
    return n;
}

/* ------------------------------------------------------------------ what is kept */

struct seen {
    struct buf text;
    int stop_at;
    int n;
};

static int see(void *ctx, const struct state_event *e)
{
    struct seen *seen = ctx;
    buf_printf(&seen->text, "%lld %lld %s|%s|%s|%s|%s|%s\n", (long long)e->seq, (long long)e->at,
               e->zone, e->key, e->who, e->what, e->why, e->evidence);
    assert_int_equal(strlen(e->hash), 64);
    return ++seen->n == seen->stop_at ? 42 : 0;
}

static void assert_seen(struct state *s, const struct event_filter *f, const char *expected)
{
    struct seen seen = {.n = 0};
    assert_int_equal(state_event_each(s, f, see, &seen), ERR_OK);
    assert_string_equal(buf_str(&seen.text), expected);
    buf_done(&seen.text);
}

static void an_event_says_who_what_why_and_on_what_evidence(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    log_event(s, 1, "example", "built");
    assert_int_equal(state_set_who(s, "root (0): build"), ERR_OK);
    assert_int_equal(state_event_add(s, &(struct state_event){.at = 2,
                                                              .zone = "example",
                                                              .key = "abc",
                                                              .what = "ds-seen",
                                                              .why = "everywhere",
                                                              .evidence = "sha256 00"}),
                     ERR_OK);
    assert_int_equal(state_set_who(s, "keeper (7): keys roll"), ERR_OK);
    assert_int_equal(state_event_add(s, &(struct state_event){.at = 3}), ERR_OK);
    state_close(s);
    s = open_ok(dir, NULL);
    assert_seen(s, &(struct event_filter){0},
                "1 1 example|||built|because|\n"
                "2 2 example|abc|root (0): build|ds-seen|everywhere|sha256 00\n"
                "3 3 ||keeper (7): keys roll|||\n");
    assert_int_equal(assert_unbroken(s), 3);
    state_close(s);
    temp_dir_done(dir);
}

static void events_are_chosen_by_zone_key_time_and_number(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    static const struct state_event events[] = {
        {.at = 5, .zone = "a", .key = "k1", .what = "w1"},
        {.at = 3, .zone = "b", .key = "k2", .what = "w2"}, /* a clock that went back */
        {.at = 7, .zone = "a", .key = "k2", .what = "w3"},
        {.at = 8, .zone = "a", .what = "w4", .why = "k1"}, /* not version 1: its key is no text */
    };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(state_event_add(s, &events[i]), ERR_OK);
    static const struct {
        struct event_filter f;
        const char *expected;
    } cases[] = {
        {{.zone = "a"}, "1 5 a|k1||w1||\n3 7 a|k2||w3||\n4 8 a|||w4|k1|\n"},
        {{.zone = "a", .last_n = 2}, "3 7 a|k2||w3||\n4 8 a|||w4|k1|\n"},
        {{.key = "k2"}, "2 3 b|k2||w2||\n3 7 a|k2||w3||\n"},
        {{.key = "k1"}, "1 5 a|k1||w1||\n"},
        {{.since_at = 5, .last_n = 10}, "1 5 a|k1||w1||\n3 7 a|k2||w3||\n4 8 a|||w4|k1|\n"},
        {{.zone = "b", .since_at = 4}, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_seen(s, &cases[i].f, cases[i].expected);
    struct seen seen = {.stop_at = 2};
    assert_int_equal(state_event_each(s, &(struct event_filter){0}, see, &seen), 42);
    assert_int_equal(seen.n, 2);
    buf_done(&seen.text);
    state_close(s);
    temp_dir_done(dir);
}

static void events_of_a_life_name_their_keys(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    AUTO(life) struct life l = {0};
    struct life_key k = {.role = KEY_KSK, .tag = 7, .digest = "d7"};
    assert_int_equal(life_add(&l, &k), ERR_OK);
    struct life_event items[] = {
        {.at = 1, .what = LIFE_MADE, .why = "new"},
        {.at = 2, .what = LIFE_IN, .part = KEY_PART_DNSKEY, .why = "first"},
        {.at = 3, .what = LIFE_IN_SEEN, .part = KEY_PART_DS, .why = "seen"},
        {.at = 4, .what = LIFE_IN_SEEN, .part = KEY_PART_SIGS, .why = "confirmed"},
    };
    struct life_events events = {.items = items, .n = 4};
    assert_int_equal(state_life_events(s, wire("example."), &l, &events, "sha256 00"), ERR_OK);
    assert_seen(s, &(struct event_filter){.key = "d7"},
                "1 2 example|d7||dnskey-published|ksk 7: first|\n"
                "2 3 example|d7||ds-seen|ksk 7: seen|sha256 00\n"
                "3 4 example|d7||signatures-confirmed|ksk 7: confirmed|\n");
    items[1].key = 1; /* none of L's: nothing of it is written */
    assert_int_equal(state_life_events(s, wire("example."), &l, &events, NULL), ERR_INTERNAL);
    assert_int_equal(assert_unbroken(s), 3);
    state_close(s);
    temp_dir_done(dir);
}

static void each_event_changes_the_head(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    char one[65];
    char two[65];
    assert_int_equal(state_event_head(s, one), ERR_OK);
    assert_string_equal(one, "");
    assert_int_equal(assert_unbroken(s), 0);
    log_event(s, 1, "z", "same");
    assert_int_equal(state_event_head(s, one), ERR_OK);
    assert_int_equal(strlen(one), 64);
    log_event(s, 1, "z", "same");
    assert_int_equal(state_event_head(s, two), ERR_OK);
    assert_string_not_equal(one, two);
    assert_int_equal(assert_unbroken(s), 2);
    state_close(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ changes */

static void a_logged_event_cannot_be_changed_by_accident(void **state)
{
    (void)state;
    static const char *const sql[] = {"UPDATE events SET why = 'other'", "DELETE FROM events"};
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    log_some(s, 2, NULL);
    for (size_t i = 0; i < 2; i++) {
        TEST_CASE(sql[i]);
        assert_int_equal(sqlite3_exec(s->db, sql[i], NULL, NULL, NULL), SQLITE_CONSTRAINT_TRIGGER);
    }
    assert_int_equal(assert_unbroken(s), 2);
    state_close(s);
    temp_dir_done(dir);
}

#define UNGUARD "DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; "

/* Every column of any event, and events taken out, put in and exchanged. */
static void every_change_breaks_the_chain(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        const char *found; /* the event at which it shows */
    } cases[] = {
        {"UPDATE events SET at = at + 1 WHERE seq = 2", "event 2 "},
        {"UPDATE events SET zone = 'other' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET key = 'k' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET who = 'nobody' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET what = 'w' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET why = 'w' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET evidence = 'e' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET what = what || why, why = '' WHERE seq = 2", "event 2 "},
        {"UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 2",
         "event 2 "},
        {"UPDATE events SET form = 3 WHERE seq = 2", "event 2 "},
        {"UPDATE events SET form = 1 WHERE seq = 2", "event 2 "},
        {"UPDATE events SET seq = 9 WHERE seq = 3", "event 9 "},
        {"DELETE FROM events WHERE seq = 1", "event 2 "},
        {"DELETE FROM events WHERE seq = 2", "event 3 "},
        {"DELETE FROM events WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3", "event 2 "},
        {"INSERT INTO events (seq, at, zone, what, why, form, hash)"
         " VALUES (4, 1, '', '', '', 2, 'x')",
         "event 4 "},
        {"UPDATE events SET seq = 9 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3;"
         "UPDATE events SET seq = 3 WHERE seq = 9",
         "event 2 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].sql);
        char *dir = temp_dir();
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct state *s = open_ok(dir, d);
        uint64_t n = 0;
        log_some(s, 3, NULL);
        assert_int_equal(sqlite3_exec(s->db, UNGUARD, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_exec(s->db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(state_events_check(s, &n), ERR_STATE);
        assert_int_equal(findings_n(d, "state-log"), 1);
        assert_non_null(strstr(finding_text(d, "state-log"), cases[i].found));
        state_close(s);
        temp_dir_done(dir);
    }
}

/* What the chain alone cannot show: its end cut off, or all of it written anew. */
static void a_head_kept_elsewhere_proves_that_nothing_is_missing(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    char heads[3][65];
    int64_t seq = -1;
    log_some(s, 3, heads);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(state_events_check_head(s, heads[i], &seq), ERR_OK);
        assert_int_equal(seq, i + 1);
    }
    assert_int_equal(state_events_check_head(s, "", &seq), ERR_OK); /* of an empty log */
    assert_int_equal(seq, 0);
    assert_int_equal(diags_n(d), 0);
    assert_int_equal(
        sqlite3_exec(s->db, UNGUARD "DELETE FROM events WHERE seq = 3", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(assert_unbroken(s), 2);
    assert_int_equal(state_events_check_head(s, heads[1], &seq), ERR_OK);
    assert_int_equal(state_events_check_head(s, heads[2], &seq), ERR_STATE);
    assert_int_equal(sqlite3_exec(s->db, "DELETE FROM events", NULL, NULL, NULL), SQLITE_OK);
    log_event(s, 101, "example", "e1 or so");
    assert_int_equal(assert_unbroken(s), 1);
    assert_int_equal(state_events_check_head(s, heads[0], &seq), ERR_STATE);
    assert_int_equal(findings_n(d, "state-log"), 2);
    assert_non_null(strstr(finding_text(d, "state-log"), "cut off"));
    state_close(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ version 1's part */

/* Two events of version 1, then ours. */
static char *mixed_log(char v1_head[65])
{
    char *dir = temp_dir();
    v1_head[0] = 0;
    sqlite3 *db = v1_database(dir);
    v1_event(db, v1_head, 1, "example", "built", "one");
    v1_event(db, v1_head, 2, "example", "built", "with digest d7 in it");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    struct state *s = open_ok(dir, NULL);
    log_event(s, 3, "example", "built");
    state_close(s);
    return dir;
}

static void a_log_goes_on_from_version_1(void **state)
{
    (void)state;
    char head[65];
    int64_t seq = 0;
    char *dir = mixed_log(head);
    struct state *s = open_ok(dir, NULL);
    assert_int_equal(assert_unbroken(s), 3);
    assert_int_equal(state_events_check_head(s, head, &seq), ERR_OK);
    assert_int_equal(seq, 2);
    assert_seen(s, &(struct event_filter){.key = "d7"},
                "2 2 example|||built|with digest d7 in it|\n");
    state_close(s);
    temp_dir_done(dir);
}

static void version_1s_part_is_guarded_as_well(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        const char *found;
    } cases[] = {
        {"UPDATE events SET why = 'other' WHERE seq = 1", "event 1 "},
        {"UPDATE events SET who = 'me' WHERE seq = 1", "event 1 is not of a form"},
        {"UPDATE events SET key = 'k' WHERE seq = 2", "event 2 is not of a form"},
        {"UPDATE events SET evidence = 'e' WHERE seq = 2", "event 2 is not of a form"},
        {"UPDATE events SET form = 2 WHERE seq = 2", "event 2 "},
        {"UPDATE events SET form = 1 WHERE seq = 3", "event 3 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].sql);
        char head[65];
        char *dir = mixed_log(head);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct state *s = open_ok(dir, d);
        uint64_t n = 0;
        assert_int_equal(sqlite3_exec(s->db, UNGUARD, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_exec(s->db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(state_events_check(s, &n), ERR_STATE);
        assert_non_null(strstr(finding_text(d, "state-log"), cases[i].found));
        state_close(s);
        temp_dir_done(dir);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_event_says_who_what_why_and_on_what_evidence),
    cmocka_unit_test(events_are_chosen_by_zone_key_time_and_number),
    cmocka_unit_test(events_of_a_life_name_their_keys),
    cmocka_unit_test(each_event_changes_the_head),
    cmocka_unit_test(a_logged_event_cannot_be_changed_by_accident),
    cmocka_unit_test(every_change_breaks_the_chain),
    cmocka_unit_test(a_head_kept_elsewhere_proves_that_nothing_is_missing),
    cmocka_unit_test(a_log_goes_on_from_version_1),
    cmocka_unit_test(version_1s_part_is_guarded_as_well),
};

TEST_MAIN(tests)
