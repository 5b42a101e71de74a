/* The life of keys in the database: rows, new keys, keys from elsewhere, and version 1's. */
#include <fcntl.h>

#include <gnutls/x509.h>

#include "tests/unit/signer/state_testing.h"

/* ------------------------------------------------------------------ generating, on demand */

static const char pem_one[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIDgyMjYwMzg0NjI4MDgwMTIyNjQ1MTkwMjA0MTQyMjYy\n"
                              "-----END PRIVATE KEY-----\n";
static unsigned repeat; /* so many of the keys made next are pem_one */

/* Stands before that of GnuTLS. */
int gnutls_x509_privkey_generate(gnutls_x509_privkey_t key, gnutls_pk_algorithm_t algo,
                                 unsigned bits, unsigned flags)
{
    if (repeat > 0) {
        repeat--;
        gnutls_datum_t in = {(unsigned char *)(uintptr_t)pem_one, sizeof pem_one - 1};
        return gnutls_x509_privkey_import2(key, &in, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
    }
    return gnutls_x509_privkey_generate2(key, algo, bits, flags, NULL, 0);
}

static struct key *new_key(enum key_role role)
{
    struct key *k = NULL;
    assert_int_equal(key_generate(15, role, &k), ERR_OK);
    return k;
}

/* ------------------------------------------------------------------ rows */

static void assert_parts_equal(const struct life_key *a, const struct life_key *b)
{
    for (size_t i = 0; i < KEY_PART_COUNT; i++) {
        TEST_CASE(key_part_text((enum key_part)i));
        assert_int_equal(a->parts[i].in_at, b->parts[i].in_at);
        assert_int_equal(a->parts[i].in_seen_at, b->parts[i].in_seen_at);
        assert_int_equal(a->parts[i].out_at, b->parts[i].out_at);
        assert_int_equal(a->parts[i].out_seen_at, b->parts[i].out_seen_at);
    }
}

static void assert_keys_equal(const struct life_key *a, const struct life_key *b)
{
    assert_string_equal(a->digest, b->digest);
    assert_int_equal(a->role, b->role);
    assert_int_equal(a->algorithm, b->algorithm);
    assert_int_equal(a->tag, b->tag);
    assert_int_equal(a->planned, b->planned);
    assert_int_equal(a->compromised, b->compromised);
    assert_int_equal(a->made_at, b->made_at);
    assert_int_equal(a->leave_at, b->leave_at);
    assert_parts_equal(a, b);
}

static void assert_lives_equal(const struct life *a, const struct life *b)
{
    assert_int_equal(a->clock_at, b->clock_at);
    assert_int_equal(a->valid_until_at, b->valid_until_at);
    assert_int_equal(a->key_n, b->key_n);
    assert_int_equal(a->ttl_n, b->ttl_n);
    for (size_t i = 0; i < a->key_n; i++)
        assert_keys_equal(&a->keys[i], &b->keys[i]);
    for (size_t i = 0; i < a->ttl_n; i++) {
        assert_int_equal(a->ttls[i].kind, b->ttls[i].kind);
        assert_int_equal(a->ttls[i].ttl_s, b->ttls[i].ttl_s);
        assert_int_equal(a->ttls[i].out_at, b->ttls[i].out_at);
        assert_int_equal(a->ttls[i].is_latest, b->ttls[i].is_latest);
    }
}

/* No two times in it are the same: none can take the place of another. */
static void fill(struct life *l)
{
    int64_t at = TEST_NOW;
    for (size_t i = 0; i < l->key_n; i++) {
        struct life_key *k = &l->keys[i];
        k->leave_at = ++at;
        k->compromised = i % 2 == 1;
        for (size_t p = 0; p < KEY_PART_COUNT; p++)
            k->parts[p] = (struct part_times){at + 1, at + 2, at + 3, at + 4}, at += 4;
    }
    l->clock_at = ++at;
    l->valid_until_at = ++at;
    static const struct ttl_seen ttls[] = {{TTL_DNSKEY, 300, 17, false},
                                           {TTL_DNSKEY, 3600, 0, true},
                                           {TTL_DS, UINT32_MAX, 0, true},
                                           {TTL_ZONE, 0, 19, false},
                                           {TTL_ZONE, 300, 0, true}};
    for (size_t i = 0; i < sizeof ttls / sizeof *ttls; i++)
        assert_int_equal(life_ttl_add(l, &ttls[i]), ERR_OK);
}

static void a_life_comes_back_as_it_was_put(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    AUTO(life) struct life l = {0};
    AUTO(life) struct life back = {0};
    AUTO(life) struct life other = {0};
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_ABSENT);
    static const enum key_role roles[] = {KEY_ZSK, KEY_KSK, KEY_CSK};
    for (size_t i = 0; i < 3; i++) /* at the same second, and come back in that order */
        (void)made_key(s, "example.", roles[i], 15);
    (void)made_key(s, "other.", KEY_CSK, 13);
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_OK);
    assert_int_equal(l.key_n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(l.keys[i].role, roles[i]);
    fill(&l);
    assert_int_equal(state_life_put(s, wire("example."), &l), ERR_OK);
    state_close(s);
    s = open_ok(dir, NULL);
    assert_int_equal(state_life_get(s, wire("example."), &back), ERR_OK);
    assert_lives_equal(&back, &l);
    assert_int_equal(state_life_get(s, wire("other."), &other), ERR_OK);
    assert_int_equal(other.key_n, 1);
    assert_int_equal(other.ttl_n, 0);
    assert_int_equal(other.keys[0].parts[KEY_PART_DS].out_seen_at, 0);
    back.ttl_n = 1; /* what is no longer remembered goes */
    assert_int_equal(state_life_put(s, wire("example."), &back), ERR_OK);
    life_done(&l);
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_OK);
    assert_lives_equal(&back, &l);
    state_close(s);
    temp_dir_done(dir);
}

static void a_life_is_put_with_the_transaction_or_not_at_all(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    (void)made_key(s, "example.", KEY_CSK, 15);
    AUTO(life) struct life before = {0};
    AUTO(life) struct life l = {0};
    AUTO(life) struct life after = {0};
    assert_int_equal(state_life_get(s, wire("example."), &before), ERR_OK);
    assert_int_equal(life_dup(&before, &l), ERR_OK);
    fill(&l);
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(state_life_put(s, wire("example."), &l), ERR_OK);
    assert_int_equal(state_rollback(s), ERR_OK);
    assert_int_equal(state_life_get(s, wire("example."), &after), ERR_OK);
    assert_lives_equal(&after, &before);
    state_close(s);
    temp_dir_done(dir);
}

/* A key that is only planned, was never recorded, or is another zone's. */
static void keys_without_a_row_are_not_put(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    struct life_key own = made_key(s, "example.", KEY_CSK, 15);
    struct life_key others = made_key(s, "other.", KEY_CSK, 15);
    struct life_key planned = own;
    struct life_key unknown = own;
    planned.planned = true;
    memset(unknown.digest, 'a', KEY_DIGEST_LEN - 1);
    const struct life_key *const keys[] = {&planned, &unknown, &others};
    for (size_t i = 0; i < 3; i++) {
        AUTO(life) struct life l = {.clock_at = 5};
        AUTO(life) struct life after = {0};
        assert_int_equal(life_add(&l, keys[i]), ERR_OK);
        assert_int_equal(state_life_put(s, wire("example."), &l), ERR_INTERNAL);
        assert_int_equal(state_life_get(s, wire("example."), &after), ERR_OK);
        assert_int_equal(after.clock_at, 0);
    }
    state_close(s);
    temp_dir_done(dir);
}

static void damaged_rows_are_findings(void **state)
{
    (void)state;
    static const char *const sql[] = {"UPDATE keys SET algorithm = 256", "UPDATE keys SET tag = -1",
                                      "UPDATE keys SET digest = 'short'",
                                      "INSERT INTO ttls VALUES (1, 'zone', 4294967296, 0, 0)"};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        TEST_CASE(sql[i]);
        char *dir = temp_dir();
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO(life) struct life l = {0};
        struct state *s = open_ok(dir, d);
        (void)made_key(s, "example.", KEY_CSK, 15);
        assert_int_equal(sqlite3_exec(s->db, sql[i], NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(state_life_get(s, wire("example."), &l), ERR_STATE);
        assert_int_equal(findings_n(d, "state-damaged"), 1);
        assert_int_equal(l.key_n, 0);
        state_close(s);
        temp_dir_done(dir);
    }
}

/* ------------------------------------------------------------------ new keys */

static void assert_opens(struct state *s, const struct life_key *k)
{
    AUTO_PTR(key) struct key *whole = NULL;
    AUTO_PTR(key) struct key *public = NULL;
    assert_int_equal(state_key_open(s, k, &whole, NULL), ERR_OK);
    assert_int_equal(state_key_public(s, k, &public, NULL), ERR_OK);
    assert_false(key_is_public(whole));
    assert_true(key_is_public(public));
    assert_string_equal(key_digest(whole), k->digest);
    assert_string_equal(key_digest(public), k->digest);
    assert_int_equal(key_role(public), k->role);
    assert_true(bytes_equal(key_dnskey_rdata(whole), key_dnskey_rdata(public)));
}

static void a_key_is_made_recorded_and_opened_again(void **state)
{
    (void)state;
    static const enum key_role roles[] = {KEY_KSK, KEY_ZSK, KEY_CSK};
    static const uint8_t algorithms[] = {13, 15, 8};
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    for (size_t i = 0; i < 3; i++) {
        struct life_key k = {0};
        TEST_CASE(key_role_text(roles[i]));
        assert_int_equal(state_key_make(s, wire("example."), roles[i], algorithms[i], NULL,
                                        TEST_NOW, "a test", &k, d),
                         ERR_OK);
        assert_int_equal(k.role, roles[i]);
        assert_int_equal(k.algorithm, algorithms[i]);
        assert_int_equal(k.made_at, TEST_NOW);
        assert_int_equal(k.leave_at, 0);
        assert_int_equal(k.parts[KEY_PART_DNSKEY].in_at, 0);
        assert_true(state_knows_key(s, k.digest));
        assert_true(state_key_is_there(s, &k));
        assert_opens(s, &k);
    }
    assert_int_equal(findings_n(d, "key-made"), 3);
    assert_int_equal(files_with(dir, "keys", ".pem"), 3);
    state_note_unused_keys(s, d);
    assert_int_equal(findings_n(d, "key-unused"), 0);
    assert_false(state_knows_key(s, "00"));
    state_close(s);
    temp_dir_done(dir);
}

/* Trust rule 2, and a key that was removed long ago counts too. */
static void a_tag_that_the_zone_ever_had_is_not_used_again(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    repeat = 1;
    struct life_key first = made_key(s, "example.", KEY_ZSK, 15);
    AUTO(life) struct life l = {0};
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_OK);
    for (size_t i = 0; i < KEY_PART_COUNT; i++)
        l.keys[0].parts[i] = (struct part_times){1, 2, 3, 4};
    assert_int_equal(state_life_put(s, wire("example."), &l), ERR_OK);
    repeat = 3; /* three collide */
    struct life_key second = made_key(s, "example.", KEY_ZSK, 15);
    assert_int_equal(repeat, 0);
    assert_int_not_equal(first.tag, second.tag);
    repeat = 1000;
    struct life_key none = {0};
    assert_int_equal(
        state_key_make(s, wire("example."), KEY_ZSK, 15, NULL, TEST_NOW, "a test", &none, d),
        ERR_CRYPTO);
    repeat = 0;
    assert_non_null(strstr(finding_text(d, "key-make"), "in a row"));
    assert_int_equal(files_with(dir, "keys", ".pem"), 2);
    state_close(s);
    temp_dir_done(dir);
}

static void keys_are_not_made_inside_a_transaction(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    struct life_key k;
    AUTO_PTR(key) struct key *own = new_key(KEY_CSK);
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(
        state_key_make(s, wire("example."), KEY_CSK, 15, NULL, TEST_NOW, "a test", &k, NULL),
        ERR_INTERNAL);
    assert_int_equal(
        state_key_add(s, wire("example."), own, &(struct life_key){0}, TEST_NOW, "a test", NULL),
        ERR_INTERNAL);
    assert_int_equal(files_with(dir, "keys", ".pem"), 0);
    state_close(s);
    temp_dir_done(dir);
}

/* Restored from before the first build: the zone seems never signed, but its keys are there. */
static void an_older_database_beside_newer_keys_makes_none(void **state)
{
    (void)state;
    static const char *const suffixes[] = {".pem", ".uri"}; /* in a file, on a token */
    for (size_t i = 0; i < 2; i++) {
        TEST_CASE(suffixes[i]);
        char *dir = temp_dir();
        struct state *s = open_ok(dir, NULL);
        struct life_key k = made_key(s, "example.", KEY_CSK, 15);
        state_close(s);
        AUTO(buf) struct buf from = {0};
        AUTO(buf) struct buf to = {0};
        buf_printf(&from, "%s/keys/%s.pem", dir, k.digest);
        buf_printf(&to, "%s/keys/%s%s", dir, k.digest, suffixes[i]);
        assert_int_equal(rename(buf_str(&from), buf_str(&to)), 0);
        run_sql(dir, "DELETE FROM keys; DELETE FROM zones");
        AUTO_PTR(diags) struct diags *d = diags_new();
        s = open_ok(dir, d);
        assert_int_equal(
            state_key_make(s, wire("example."), KEY_CSK, 15, NULL, TEST_NOW, "a test", &k, d),
            ERR_KEY);
        assert_non_null(strstr(finding_text(d, "key-foreign"), "1 key files"));
        assert_int_equal(files_with(dir, "keys", suffixes[i]), 1);
        state_close(s);
        temp_dir_done(dir);
    }
}

/* Makes a key, and dies where it would have been recorded. */
static void make_a_key_without_record(const char *dir)
{
    struct state *s = NULL;
    struct life_key k;
    if (state_open(dir, &s, NULL) != ERR_OK ||
        sqlite3_exec(s->db,
                     "CREATE TEMP TRIGGER t BEFORE INSERT ON keys"
                     " BEGIN SELECT RAISE(ABORT, 'no'); END",
                     NULL, NULL, NULL) != SQLITE_OK ||
        state_key_make(s, wire("example."), KEY_CSK, 15, NULL, TEST_NOW, "a test", &k, NULL) ==
            ERR_OK)
        _exit(1);
}

static void a_key_of_a_run_cut_short_is_no_obstacle(void **state)
{
    (void)state;
    char *dir = temp_dir();
    killed_while(dir, make_a_key_without_record);
    assert_int_equal(files_with(dir, "keys", ".pem"), 1);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    AUTO(life) struct life none = {0};
    assert_int_equal(state_life_get(s, wire("example."), &none), ERR_ABSENT);
    (void)made_key(s, "example.", KEY_CSK, 15);
    (void)made_key(s, "other.", KEY_CSK, 15);
    assert_int_equal(files_with(dir, "keys", ".pem"), 3);
    /* the file that nobody needs is named, with its origin; the others are not */
    state_note_unused_keys(s, d);
    assert_int_equal(findings_n(d, "key-unused"), 1);
    assert_non_null(strstr(finding_text(d, "key-unused"), "cut short"));
    AUTO_PTR(diags) struct diags *after = diags_new();
    run_sql(dir, "DELETE FROM docs WHERE kind = 'key-unused'");
    state_note_unused_keys(s, after);
    assert_int_equal(findings_n(after, "key-unused"), 1);
    assert_non_null(strstr(finding_text(after, "key-unused"), "does not know"));
    state_close(s);
    temp_dir_done(dir);
}

/* Trust rule 1: a known key is never made anew; what needs only its public half goes on. */
static void a_known_key_whose_file_is_missing_stops_who_needs_it(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    struct life_key k = made_key(s, "example.", KEY_KSK, 15);
    AUTO_PTR(key) struct key *got = NULL;
    AUTO_FREE char *keys = in_dir(dir, "keys");
    assert_int_equal(file_remove_tree(keys), ERR_OK);
    assert_int_equal(state_key_open(s, &k, &got, d), ERR_KEY);
    assert_int_equal(findings_n(d, "key-missing"), 1);
    assert_null(got);
    assert_false(state_key_is_there(s, &k));
    assert_int_equal(state_key_public(s, &k, &got, d), ERR_OK);
    assert_string_equal(key_digest(got), k.digest);
    state_close(s);
    temp_dir_done(dir);
}

static void a_key_that_is_not_as_recorded_is_refused(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    struct life_key k = made_key(s, "example.", KEY_ZSK, 15);
    struct life_key other = made_key(s, "example.", KEY_ZSK, 15);
    AUTO_PTR(key) struct key *got = NULL;
    struct life_key changed = k;
    changed.role = KEY_CSK; /* other flags */
    assert_int_equal(state_key_open(s, &changed, &got, d), ERR_STATE);
    assert_int_equal(state_key_public(s, &changed, &got, d), ERR_STATE);
    assert_int_equal(findings_n(d, "state-damaged"), 2);
    AUTO(buf) struct buf sql = {0};
    buf_printf(&sql,
               "UPDATE keys SET dnskey = (SELECT dnskey FROM keys WHERE digest = '%s')"
               " WHERE digest = '%s'",
               other.digest, k.digest);
    assert_int_equal(sqlite3_exec(s->db, buf_str(&sql), NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(state_key_open(s, &k, &got, d), ERR_STATE);
    assert_int_equal(state_key_public(s, &k, &got, d), ERR_STATE);
    assert_int_equal(findings_n(d, "state-damaged"), 4);
    memset(changed.digest, 'a', KEY_DIGEST_LEN - 1);
    assert_int_equal(state_key_public(s, &changed, &got, d), ERR_STATE);
    assert_null(got);
    state_close(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ keys from elsewhere */

static void keys_from_elsewhere_come_with_their_times(void **state)
{
    (void)state;
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    AUTO_PTR(key) struct key *ksk = new_key(KEY_KSK);
    AUTO_PTR(key) struct key *zsk = new_key(KEY_ZSK);
    const struct key *const keys[] = {ksk, zsk};
    const struct life_key as[] = {
        {.made_at = 3, .leave_at = 4, .parts = {{5, 6, 0, 0}, {0}, {7, 8, 0, 0}}},
        {.made_at = 9, .compromised = true, .parts = {{1, 2, 3, 4}, {5, 6, 7, 8}, {0}}}};
    assert_int_equal(state_keys_add(s, wire("example."), keys, as, 2, TEST_NOW, "BIND", NULL),
                     ERR_OK);
    AUTO(life) struct life l = {0};
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_OK);
    assert_int_equal(l.key_n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(l.keys[i].digest, key_digest(keys[i]));
        assert_int_equal(l.keys[i].tag, key_tag(keys[i]));
        assert_int_equal(l.keys[i].made_at, as[i].made_at);
        assert_int_equal(l.keys[i].leave_at, as[i].leave_at);
        assert_int_equal(l.keys[i].compromised, as[i].compromised);
        assert_parts_equal(&l.keys[i], &as[i]);
        assert_opens(s, &l.keys[i]);
    }
    state_close(s);
    temp_dir_done(dir);
}

static void all_keys_come_in_or_none(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = open_ok(dir, d);
    AUTO_PTR(key) struct key *good = new_key(KEY_ZSK);
    AUTO_PTR(key) struct key *known = new_key(KEY_ZSK);
    repeat = 3;
    AUTO_PTR(key) struct key *one = new_key(KEY_ZSK);
    AUTO_PTR(key) struct key *same = new_key(KEY_ZSK);
    AUTO_PTR(key) struct key *taken = new_key(KEY_ZSK);
    const struct life_key as[3] = {{.made_at = 1}, {.made_at = 1}, {.made_at = 1}};
    assert_int_equal(state_key_add(s, wire("other."), known, &as[0], TEST_NOW, "a test", d),
                     ERR_OK);
    const struct {
        const char *name;
        const struct key *keys[3];
        size_t n;
        const char *id;
    } cases[] = {{"known, of another zone", {good, known}, 2, "key-known"},
                 {"the same tag twice", {good, one, same}, 3, "key-tag"}};
    for (size_t i = 0; i < 2; i++) {
        TEST_CASE(cases[i].name);
        AUTO(life) struct life l = {0};
        assert_int_equal(state_keys_add(s, wire("example."), cases[i].keys, as, cases[i].n,
                                        TEST_NOW, "a test", d),
                         ERR_KEY);
        assert_int_equal(findings_n(d, cases[i].id), 1);
        assert_int_equal(state_life_get(s, wire("example."), &l), ERR_ABSENT);
        assert_int_equal(files_with(dir, "keys", ".pem"), 1);
    }
    assert_int_equal(state_key_add(s, wire("third."), taken, &as[0], TEST_NOW, "a test", d),
                     ERR_OK); /* tags are a zone's own affair */
    state_close(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ observations */

struct seen {
    size_t n;
    int64_t at[8];
    size_t len[8];
};

static int see(void *ctx, const struct state_observation *o)
{
    struct seen *seen = ctx;
    seen->at[seen->n] = o->at;
    seen->len[seen->n++] = o->evidence.len;
    assert_string_equal(o->verdict, "agreed");
    return seen->n == 8 ? 42 : 0;
}

static void put_observation(struct state *s, const char *zone, int64_t at, const char *text,
                            const char *verdict)
{
    char sha[65];
    char expected[65];
    const struct state_observation o = {at, text_bytes(text), verdict};
    assert_int_equal(state_observation_put(s, wire(zone), &o, sha), ERR_OK);
    sha256_hex(text, strlen(text), expected);
    assert_string_equal(sha, expected);
}

static void the_latest_observations_are_kept(void **state)
{
    (void)state;
    static const char text[] = "0123456789";
    char *dir = temp_dir();
    struct state *s = open_ok(dir, NULL);
    for (int i = 0; i < 10; i++)
        put_observation(s, "example.", 100 + i, text + 9 - i, "agreed");
    put_observation(s, "example.", 108, text + 1, "agreed"); /* judged again */
    put_observation(s, "other.", 1, "x", "agreed");
    struct seen seen = {0};
    assert_int_equal(state_observation_each(s, wire("example."), see, &seen), ERR_OK);
    assert_int_equal(seen.n, 4);
    static const int64_t at[] = {108, 109, 107, 106};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen.at[i], at[i]);
        assert_int_equal(seen.len[i], at[i] - 99);
    }
    char sha[65];
    AUTO(buf) struct buf big = {0};
    buf_reserve(&big, (16u << 20) + 1);
    const struct state_observation o = {110, {big.data, (16u << 20) + 1}, "agreed"};
    assert_int_equal(state_observation_put(s, wire("example."), &o, sha), ERR_LIMIT);
    state_close(s);
    temp_dir_done(dir);
}

/* ------------------------------------------------------------------ version 1 */

/* Three zones: built and confirmed, built, and one whose first build came no further than keys. */
struct v1 {
    char *dir;
    struct key *keys[4];
    char head[65];
};

static void v1_make(struct v1 *v)
{
    v->dir = temp_dir();
    v->head[0] = 0;
    sqlite3 *db = v1_database(v->dir);
    assert_int_equal(
        sqlite3_exec(
            db,
            "INSERT INTO zones (id, name, serial, built_at, confirmed_at, confirmed_serial)"
            " VALUES (1, 'example', 7, 2000, 2500, 7), (2, 'built', 1, 2000, 0, NULL),"
            " (3, 'new', NULL, 0, 0, NULL);"
            "INSERT INTO docs VALUES ('list', 'list', x'00')",
            NULL, NULL, NULL),
        SQLITE_OK);
    static const enum key_role roles[] = {KEY_ZSK, KEY_KSK, KEY_CSK, KEY_CSK};
    static const int zones[] = {1, 1, 2, 3};
    for (size_t i = 0; i < 4; i++) {
        v->keys[i] = new_key(roles[i]);
        v1_key(db, v->dir, zones[i], v->keys[i], 1000 + (int64_t)i / 2);
    }
    v1_event(db, v->head, 1000, "example", "key-made", key_digest(v->keys[0]));
    v1_event(db, v->head, 2000, "example", "built", "serial 7");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void v1_done(struct v1 *v)
{
    for (size_t i = 0; i < 4; i++)
        key_free(v->keys[i]);
    temp_dir_done(v->dir);
}

static const struct life_key *find(struct life *l, const struct key *k)
{
    const struct life_key *found = life_find(l, key_digest(k));
    assert_non_null(found);
    assert_int_equal(found->role, key_role(k));
    assert_int_equal(found->tag, key_tag(k));
    assert_int_equal(found->leave_at, 0);
    assert_false(found->compromised);
    return found;
}

static void assert_v1_lives(struct state *s, const struct v1 *v)
{
    AUTO(life) struct life l = {0};
    AUTO(life) struct life built = {0};
    AUTO(life) struct life fresh = {0};
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_OK);
    assert_int_equal(l.key_n, 2);
    assert_int_equal(l.keys[0].role, KEY_KSK); /* as build made them */
    assert_int_equal(l.clock_at, 2500);
    assert_int_equal(l.valid_until_at, 0);
    assert_int_equal(l.ttl_n, 0);
    assert_parts_equal(find(&l, v->keys[0]),
                       &(struct life_key){.parts = {{1000, 2500, 0, 0}, {1000, 2500, 0, 0}, {0}}});
    assert_parts_equal(find(&l, v->keys[1]),
                       &(struct life_key){.parts = {{1000, 2500, 0, 0}, {0}, {2500, 0, 0, 0}}});
    assert_int_equal(state_life_get(s, wire("built."), &built), ERR_OK);
    assert_int_equal(built.clock_at, 2000);
    assert_parts_equal(
        find(&built, v->keys[2]),
        &(struct life_key){.parts = {{1001, 0, 0, 0}, {1001, 0, 0, 0}, {2000, 0, 0, 0}}});
    assert_int_equal(state_life_get(s, wire("new."), &fresh), ERR_OK);
    assert_parts_equal(find(&fresh, v->keys[3]), &(struct life_key){0});
}

static void a_state_of_version_1_is_brought_up_to_date(void **state)
{
    (void)state;
    struct v1 v;
    uint64_t n = 0;
    int64_t seq = 0;
    char head[65];
    v1_make(&v);
    AUTO_PTR(diags) struct diags *d = diags_new();
    for (int i = 0; i < 2; i++) { /* and stays so */
        struct state *s = open_ok(v.dir, d);
        assert_v1_lives(s, &v);
        assert_int_equal(state_events_check(s, &n), ERR_OK);
        assert_int_equal(n, 2);
        assert_int_equal(state_event_head(s, head), ERR_OK);
        assert_string_equal(head, v.head);
        state_close(s);
    }
    struct state *s = open_ok(v.dir, d);
    AUTO(buf) struct buf doc = {0};
    assert_int_equal(state_doc_get(s, "list", "list", &doc), ERR_OK);
    (void)made_key(s, "example.", KEY_ZSK, 15);
    AUTO(life) struct life l = {0};
    assert_int_equal(state_life_get(s, wire("example."), &l), ERR_OK);
    assert_int_equal(l.key_n, 3);
    assert_string_not_equal(l.keys[2].digest, key_digest(v.keys[0]));
    assert_opens(s, &l.keys[0]);
    assert_int_equal(state_events_check(s, &n), ERR_OK); /* goes on from version 1's */
    assert_int_equal(n, 3);
    assert_int_equal(state_events_check_head(s, v.head, &seq), ERR_OK);
    assert_int_equal(seq, 2);
    assert_int_equal(diags_count(d, SEV_ERROR), 0);
    state_close(s);
    v1_done(&v);
}

static void a_state_of_version_1_is_looked_at_without_changing_it(void **state)
{
    (void)state;
    struct v1 v;
    v1_make(&v);
    AUTO_FREE char *path = in_dir(v.dir, "state.db");
    AUTO(buf) struct buf before = {0};
    AUTO(buf) struct buf after = {0};
    assert_int_equal(file_read(path, 1 << 20, &before), ERR_OK);
    struct state *s = NULL;
    assert_int_equal(state_peek(v.dir, &s, NULL), ERR_OK);
    assert_v1_lives(s, &v);
    state_close(s);
    assert_int_equal(file_read(path, 1 << 20, &after), ERR_OK);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    v1_done(&v);
}

/* What gets in the way leaves version 1 as it was. */
static void bringing_up_to_date_is_all_or_nothing(void **state)
{
    (void)state;
    struct v1 v;
    v1_make(&v);
    run_sql(v.dir, "CREATE TABLE observations (a)"); /* the last but few of the steps */
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct state *s = NULL;
    assert_int_equal(state_open(v.dir, &s, d), ERR_STATE);
    assert_non_null(strstr(finding_text(d, "state-damaged"), "observations"));
    run_sql(v.dir, "DROP TABLE observations");
    s = open_ok(v.dir, d);
    assert_v1_lives(s, &v);
    state_close(s);
    v1_done(&v);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_life_comes_back_as_it_was_put),
    cmocka_unit_test(a_life_is_put_with_the_transaction_or_not_at_all),
    cmocka_unit_test(keys_without_a_row_are_not_put),
    cmocka_unit_test(damaged_rows_are_findings),
    cmocka_unit_test(a_key_is_made_recorded_and_opened_again),
    cmocka_unit_test(a_tag_that_the_zone_ever_had_is_not_used_again),
    cmocka_unit_test(keys_are_not_made_inside_a_transaction),
    cmocka_unit_test(an_older_database_beside_newer_keys_makes_none),
    cmocka_unit_test(a_key_of_a_run_cut_short_is_no_obstacle),
    cmocka_unit_test(a_known_key_whose_file_is_missing_stops_who_needs_it),
    cmocka_unit_test(a_key_that_is_not_as_recorded_is_refused),
    cmocka_unit_test(keys_from_elsewhere_come_with_their_times),
    cmocka_unit_test(all_keys_come_in_or_none),
    cmocka_unit_test(the_latest_observations_are_kept),
    cmocka_unit_test(a_state_of_version_1_is_brought_up_to_date),
    cmocka_unit_test(a_state_of_version_1_is_looked_at_without_changing_it),
    cmocka_unit_test(bringing_up_to_date_is_all_or_nothing),
};

TEST_MAIN(tests)
