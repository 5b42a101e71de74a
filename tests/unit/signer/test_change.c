/*
 * sign_change() against sign_zone(): thousands of random changes, and after each the incremental
 * result must be what signing the whole content anew gives, with the exact difference to what was
 * before. A failure prints the seed of its run and the number of the change.
 *
 *     MUDZONE_TEST_SEED=7 MUDZONE_TEST_ROUNDS=100000 test_change
 * takes another seed and that many changes a run.
 */
#include <ctype.h>

#include <libknot/rdata.h>

#include "tests/unit/signer/change_case.h"

struct run {
    const char *name;
    enum denial denial;
    bool zonemd;
    uint8_t algorithm;
    bool single_key;
    uint8_t second; /* an algorithm that comes and goes; 0: none */
    size_t size;    /* records that the zone tends to */
    size_t changes; /* without MUDZONE_TEST_ROUNDS */
    size_t each;    /* changes between two full comparisons */
};

static const struct run runs[] = {
    {"NSEC, a few records", DENIAL_NSEC, false, 13, false, 0, 8, 300, 1},
    {"NSEC3, a few records", DENIAL_NSEC3, false, 13, false, 0, 8, 300, 1},
    {"NSEC, one key", DENIAL_NSEC, false, 15, true, 0, 60, 160, 4},
    {"NSEC3, one key", DENIAL_NSEC3, false, 15, true, 0, 60, 160, 4},
    {"NSEC and ZONEMD", DENIAL_NSEC, true, 13, false, 0, 40, 160, 4},
    {"NSEC3 and ZONEMD", DENIAL_NSEC3, true, 13, false, 0, 40, 160, 4},
    {"NSEC, several leaves", DENIAL_NSEC, false, 13, false, 0, 500, 200, 20},
    {"NSEC3, several leaves", DENIAL_NSEC3, false, 13, false, 0, 500, 200, 20},
    {"NSEC, two algorithms", DENIAL_NSEC, false, 13, false, 15, 30, 200, 4},
    {"NSEC3, two algorithms, one key each", DENIAL_NSEC3, true, 15, true, 13, 30, 200, 4},
};

#define HELD_MAX 6 /* old snapshots that somebody still reads */

/* What the keys of the first and those of the second algorithm do, step by step; over and over. */
enum part { NOTHING, SIGNS, ALL };
static const enum part steps[][2] = {{ALL, NOTHING}, {ALL, SIGNS}, {ALL, ALL}, {SIGNS, ALL},
                                     {NOTHING, ALL}, {SIGNS, ALL}, {ALL, ALL}, {ALL, SIGNS}};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

struct campaign {
    const struct run *run;
    uint64_t seed;
    size_t number; /* of the change */
    struct chance chance;
    struct arena *arena;
    struct content content;
    struct keyset keys;
    struct keyset second; /* of another algorithm; none */
    size_t step;          /* in its rollover */
    struct sign_key uses[4];
    struct dnssec_policy policy;
    int64_t now;
    struct zone *zone; /* signed */
    char *text;        /* of it */
    struct zone *held[HELD_MAX];
    char *held_text[HELD_MAX];
};

static void broken(const struct campaign *c, const char *what, int line)
{
    print_error("%s: MUDZONE_TEST_SEED=%llu, change %zu, line %d: %s\n", c->run->name,
                (unsigned long long)c->seed, c->number, line, what);
    fail();
}
#define CHECK(c, what) ((what) ? (void)0 : broken((c), #what, __LINE__))

/* ------------------------------------------------------------------ text, record by record */

struct lines { /* sorted */
    char *text;
    const char **at;
    size_t n;
};

static void lines_done(struct lines *l)
{
    free(l->text);
    free(l->at);
}
DEFINE_AUTO(lines)

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static struct lines lines_of(const char *text)
{
    struct lines l = {.text = strdup(text)};
    size_t n = 0;
    assert_non_null(l.text);
    for (const char *p = text; *p != '\0'; p++)
        n += *p == '\n';
    l.at = calloc(n + 1, sizeof(*l.at));
    assert_non_null(l.at);
    char *rest = l.text;
    while (l.n < n)
        l.at[l.n++] = strsep(&rest, "\n");
    if (n > 1)
        qsort(l.at, n, sizeof(*l.at), by_text);
    return l;
}

/* Those of A that are not in B must be all of WANTED. */
static bool lines_differ_by(const struct lines *a, const struct lines *b,
                            const struct lines *wanted)
{
    size_t j = 0;
    size_t k = 0;
    for (size_t i = 0; i < a->n; i++) {
        while (j < b->n && strcmp(b->at[j], a->at[i]) < 0)
            j++;
        if (j < b->n && strcmp(b->at[j], a->at[i]) == 0)
            continue;
        if (k == wanted->n || strcmp(wanted->at[k++], a->at[i]) != 0) {
            print_error("in or not in the difference: %s\n", a->at[i]);
            return false;
        }
    }
    for (; k < wanted->n; k++)
        print_error("in the difference, but not different: %s\n", wanted->at[k]);
    return k == wanted->n;
}

/* What no two signings share is left out: times and octets of signatures, the serial, the digest
   over all that. WORD counts from the owner. */
static bool is_volatile(const char *type, size_t word)
{
    if (strcmp(type, "RRSIG") == 0)
        return word == 8 || word == 9 || word == 12;
    if (strcmp(type, "SOA") == 0)
        return word == 6;
    return strcmp(type, "ZONEMD") == 0 && (word == 4 || word == 7);
}

static char *lasting_text(const char *text)
{
    struct buf out = {0};
    AUTO_FREE char *copy = strdup(text);
    assert_non_null(copy);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n")) != NULL;) {
        char type[TYPE_TEXT_LEN] = "";
        size_t n = 0;
        for (char *word; (word = strsep(&line, " ")) != NULL; n++) {
            if (n == 3)
                snprintf(type, sizeof(type), "%s", word);
            buf_printf(&out, "%s ", is_volatile(type, n) ? "-" : word);
        }
        buf_add_char(&out, '\n');
    }
    assert_true(buf_ok(&out));
    return (char *)out.data;
}

static void print_first_difference(const char *a, const char *b)
{
    size_t start = 0;
    size_t i = 0;
    for (; a[i] != '\0' && a[i] == b[i]; i++) {
        if (a[i] == '\n')
            start = i + 1;
    }
    print_error("changed: %.*s\nanew:    %.*s\n", (int)strcspn(a + start, "\n"), a + start,
                (int)strcspn(b + start, "\n"), b + start);
}

/* ------------------------------------------------------------------ one change */

static void use_keys(struct campaign *c)
{
    size_t n = c->keys.n;
    sign_keys_of(&c->keys, c->uses);
    sign_keys_of(&c->second, c->uses + n);
    for (size_t i = 0; i < n + c->second.n; i++) {
        enum part part = steps[c->step][i < n ? 0 : 1];
        c->uses[i].publishes = part == ALL;
        c->uses[i].signs = c->uses[i].signs && part != NOTHING;
    }
}

static struct sign_params params_of(struct campaign *c)
{
    use_keys(c);
    return (struct sign_params){.policy = &c->policy,
                                .keys = c->uses,
                                .key_n = c->keys.n + c->second.n,
                                .dnskey_ttl_s = 3600,
                                .now = c->now,
                                .threads = 1 + below(&c->chance, 3)};
}

/* Names now and then in upper case: that makes no other record. */
static void records_put(struct campaign *c, struct records *r, const struct item *it)
{
    struct item copy = *it;
    bool has_name = it->type == CT_NS || it->type == CT_CNAME || it->type == CT_MX;
    for (size_t i = 0; percent(&c->chance, 5) && i < name_len(it->owner); i++)
        copy.owner[i] = (uint8_t)toupper(it->owner[i]);
    for (size_t i = 0; has_name && percent(&c->chance, 20) && i < it->len; i++)
        copy.rdata[i] = (uint8_t)toupper(it->rdata[i]);
    assert_int_equal(records_add(r, copy.owner, copy.type, copy.ttl, copy.rdata, copy.len), ERR_OK);
}

/* The SOA as it is in the signed zone, whose serial is its own. */
static void records_put_soa(struct records *r, const struct zone *signed_zone)
{
    struct zone_rrset soa;
    assert_true(zone_rrset(signed_zone, zone_apex(signed_zone), CT_SOA, &soa));
    assert_int_equal(
        records_add(r, soa.owner, CT_SOA, soa.ttl, soa.rrs.rdata->data, soa.rrs.rdata->len),
        ERR_OK);
}

static void put_removed(struct campaign *c, struct records *r, const struct item *it)
{
    if (it->type == CT_SOA)
        records_put_soa(r, c->zone);
    else
        records_put(c, r, it);
}

/* OLD and NEW as a change, with what counts for nothing here and there. */
static void change_lists(struct campaign *c, const struct content *old, const struct content *new,
                         struct records *removed, struct records *added)
{
    for (size_t i = 0, j = 0; i < old->n || j < new->n;) {
        int cmp = i == old->n ? 1 : j == new->n ? -1 : item_compare(old->items[i], new->items[j]);
        bool same = cmp == 0 && old->items[i]->ttl == new->items[j]->ttl;
        /* a lower TTL needs no removal (RFC 2181 s5.2) */
        bool lowers = cmp == 0 && old->items[i]->ttl > new->items[j]->ttl;
        if (cmp < 0 || (cmp == 0 && !same && !(lowers && percent(&c->chance, 50))))
            put_removed(c, removed, old->items[i]);
        if (cmp > 0 || (cmp == 0 && !same))
            records_put(c, added, new->items[j]);
        if (same && percent(&c->chance, 2) && old->items[i]->type != CT_SOA)
            records_put(c, added, old->items[i]);
        i += cmp <= 0;
        j += cmp >= 0;
    }
    if (percent(&c->chance, 30)) {
        struct item absent = {.type = CT_ODD, .ttl = 60, .len = 2, .rdata = {255, 255}};
        const struct item *beside = old->items[below(&c->chance, old->n)];
        random_child(&c->chance, beside->owner, absent.owner);
        records_put(c, removed, &absent);
        memcpy(absent.owner, beside->owner, sizeof(absent.owner));
        records_put(c, removed, &absent);
    }
}

static void check_valid(struct campaign *c, const struct zone *zone,
                        const struct sign_report *report)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    const struct verify_params params = {.now = c->now};
    struct verify_report r = {0};
    int err = verify_zone(zone, &params, &r, d);
    for (size_t i = 0; i < diags_n(d) && err != ERR_OK; i++) {
        AUTO(buf) struct buf line = {0};
        diag_print(diags_at(d, i), &line);
        print_error("    %s\n", buf_str(&line));
    }
    CHECK(c, err == ERR_OK);
    CHECK(c, r.zonemd == c->run->zonemd);
    CHECK(c, r.nsec3 == (c->run->denial == DENIAL_NSEC3));
    CHECK(c, r.expires_at == report->expires_at);
}

/* The whole content signed anew says the same. */
static void check_full(struct campaign *c, const struct zone *changed, const char *text,
                       const struct sign_report *report)
{
    check_valid(c, changed, report);
    AUTO_PTR(zone) struct zone *content = content_zone(&c->content);
    AUTO_PTR(zone) struct zone *anew = NULL;
    struct sign_report r;
    struct sign_params params = params_of(c);
    params.self_check = SELF_CHECK_OFF;
    CHECK(c, sign_zone(content, &params, &anew, &r, NULL) == ERR_OK);
    AUTO_FREE char *full = zone_text(anew);
    AUTO_FREE char *a = lasting_text(text);
    AUTO_FREE char *b = lasting_text(full);
    if (strcmp(a, b) != 0)
        print_first_difference(a, b);
    CHECK(c, strcmp(a, b) == 0);
    CHECK(c, zone_node_n(changed) == zone_node_n(anew));
    CHECK(c, zone_record_n(changed) == zone_record_n(anew));
}

/* One record a line; in canonical order of owners. */
static struct lines diff_lines(const struct campaign *c, const struct records *r)
{
    AUTO(buf) struct buf out = {0};
    for (size_t i = 0; i < records_n(r); i++) {
        struct record_view v = records_at(r, i);
        knot_rdata_t *rdata = malloc(knot_rdata_size((uint16_t)v.rdata.len));
        assert_non_null(rdata);
        knot_rdata_init(rdata, (uint16_t)v.rdata.len, v.rdata.data);
        CHECK(c, record_write(v.owner, v.ttl, v.type, rdata, &out) == ERR_OK);
        CHECK(c, i == 0 || name_compare(records_at(r, i - 1).owner, v.owner) <= 0);
        free(rdata);
    }
    return lines_of(buf_str(&out));
}

/* Old less removed and with added is new; new less added and with removed is old. */
static void check_diff(const struct campaign *c, const char *text, const struct zone_diff *diff)
{
    AUTO(lines) struct lines before = lines_of(c->text);
    AUTO(lines) struct lines after = lines_of(text);
    AUTO(lines) struct lines removed = diff_lines(c, diff->removed);
    AUTO(lines) struct lines added = diff_lines(c, diff->added);
    CHECK(c, lines_differ_by(&before, &after, &removed));
    CHECK(c, lines_differ_by(&after, &before, &added));
}

static void check_report(const struct campaign *c, const struct zone *zone, const char *text,
                         const struct sign_report *r)
{
    bool changed = strcmp(text, c->text) != 0;
    CHECK(c, r->changed == changed);
    CHECK(c, r->serial == zone_soa_serial(zone));
    CHECK(c, changed ? serial_is_after(r->serial, zone_soa_serial(c->zone)) : zone == c->zone);
    CHECK(c, changed || r->made == 0);
    CHECK(c, r->rebuild_before_at > c->now); /* nothing that is due is left */
}

/* The TTL that the chain has (RFC 9077 s3). */
static uint32_t denial_ttl(const struct content *c)
{
    size_t i = 0;
    while (c->items[i]->type != CT_SOA)
        i++;
    const uint8_t *minimum = c->items[i]->rdata + c->items[i]->len - 4;
    return (uint32_t)minimum[0] << 24 | (uint32_t)minimum[1] << 16 | (uint32_t)minimum[2] << 8 |
           minimum[3];
}

/* Another TTL of the whole chain is no small change: it is refused, and done by sign_zone. */
static struct zone *sign_again(struct campaign *c, struct sign_params *params,
                               struct sign_report *report)
{
    AUTO_PTR(zone) struct zone *content = content_zone(&c->content);
    struct zone *zone = NULL;
    params->previous = c->zone;
    params->previous_is_proved = true;
    CHECK(c, sign_zone(content, params, &zone, report, NULL) == ERR_OK);
    return zone;
}

static struct zone *change_once(struct campaign *c, const struct content *before,
                                struct sign_report *report)
{
    AUTO_PTR(records) struct records *removed = records_new();
    AUTO_PTR(records) struct records *added = records_new();
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(zone_diff) struct zone_diff diff = {0};
    struct zone *zone = NULL;
    assert_true(removed != NULL && added != NULL && d != NULL);
    change_lists(c, before, &c->content, removed, added);
    struct sign_params params = params_of(c);
    int err = sign_change(c->zone, removed, added, &params, &zone, &diff, report, d);
    if (denial_ttl(before) != denial_ttl(&c->content)) {
        CHECK(c, err == ERR_KEY && zone == NULL && diff.added == NULL);
        return sign_again(c, &params, report);
    }
    for (size_t i = 0; i < diags_n(d); i++)
        print_error("    %s\n", diags_at(d, i)->found);
    CHECK(c, err == ERR_OK && diags_n(d) == 0);
    AUTO_FREE char *text = zone_text(zone);
    check_diff(c, text, &diff);
    check_report(c, zone, text, report);
    return zone;
}

/* ------------------------------------------------------------------ one run */

/* Keeps a snapshot in place of another, which must read as it did. */
static void hold(struct campaign *c, size_t i, struct zone *zone, char *text)
{
    if (c->held[i] != NULL) {
        AUTO_FREE char *now = zone_text(c->held[i]);
        CHECK(c, strcmp(now, c->held_text[i]) == 0);
    }
    zone_free(c->held[i]);
    free(c->held_text[i]);
    c->held[i] = zone;
    c->held_text[i] = text;
}

/* Mostly minutes; now and then so long that signatures are due. */
static void pass_time(struct campaign *c)
{
    c->now +=
        (int64_t)(percent(&c->chance, 90) ? below(&c->chance, 600) : below(&c->chance, 4 * 86400));
}

/* One step of the rollover, by sign_zone; sign_change refuses it. */
static struct zone *roll(struct campaign *c, struct sign_report *report)
{
    c->step = (c->step + 1) % STEPS;
    struct sign_params params = params_of(c);
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(zone_diff) struct zone_diff diff = {0};
    struct zone *zone = NULL;
    CHECK(c, sign_change(c->zone, NULL, NULL, &params, &zone, &diff, report, d) == ERR_KEY);
    AUTO_PTR(zone) struct zone *content = content_zone(&c->content);
    params.previous = c->zone;
    params.previous_is_proved = percent(&c->chance, 50);
    CHECK(c, sign_zone(content, &params, &zone, report, NULL) == ERR_OK);
    CHECK(c, report->changed && serial_is_after(report->serial, zone_soa_serial(c->zone)));
    return zone;
}

static void step(struct campaign *c)
{
    AUTO(content) struct content before = content_copy(&c->content);
    const struct maker m = {&c->chance, &c->content, c->zone};
    struct sign_report report;
    c->number++;
    pass_time(c);
    bool rolls = c->second.n > 0 && percent(&c->chance, 10);
    for (size_t n = percent(&c->chance, 5) || rolls ? 0 : 1 + below(&c->chance, 4); n > 0; n--)
        change_step(&m, c->run->size);
    struct zone *zone = rolls ? roll(c, &report) : change_once(c, &before, &report);
    char *text = zone_text(zone);
    if (c->number % c->run->each == 0 || rolls)
        check_full(c, zone, text, &report);
    hold(c, below(&c->chance, HELD_MAX), c->zone, c->text);
    c->zone = zone;
    c->text = text;
}

static void begin(struct campaign *c)
{
    static const char soa[] = "\2ns\7example\0\4host\7example\0\0\0\0\12\0\0\34\40\0\0\16\20"
                              "\0\22\165\0\0\0\1\54";
    struct item it = {.type = CT_SOA, .ttl = 3600, .len = sizeof(soa) - 1};
    const struct maker m = {&c->chance, &c->content, NULL};
    memcpy(it.owner, wire(CASE_APEX), 9);
    memcpy(it.rdata, soa, it.len);
    content_put(&c->content, &it);
    add_record(&m, it.owner, CT_NS);
    for (size_t i = 0; c->content.n < c->run->size && i < 100 * c->run->size; i++)
        change_step(&m, c->run->size);
    AUTO_PTR(zone) struct zone *content = content_zone(&c->content);
    struct sign_report report;
    struct sign_params params = params_of(c);
    CHECK(c, sign_zone(content, &params, &c->zone, &report, NULL) == ERR_OK);
    check_valid(c, c->zone, &report);
    c->text = zone_text(c->zone);
}

static void campaign_done(struct campaign *c)
{
    for (size_t i = 0; i < HELD_MAX; i++)
        hold(c, i, NULL, NULL);
    zone_free(c->zone);
    free(c->text);
    content_done(&c->content);
    keyset_done(&c->keys);
    keyset_done(&c->second);
    arena_free(c->arena);
}

static uint64_t setting(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : standard;
}

static bool have_tags_in_common(const struct keyset *a, const struct keyset *b)
{
    bool any = false;
    for (size_t i = 0; i < a->n * b->n; i++)
        any = any || key_tag(a->keys[i / b->n]) == key_tag(b->keys[i % b->n]);
    return any;
}

static struct keyset keys_beside(const struct keyset *have, uint8_t algorithm, bool single)
{
    struct keyset set = make_keys(algorithm, single);
    while (have_tags_in_common(have, &set)) {
        keyset_done(&set);
        set = make_keys(algorithm, single);
    }
    return set;
}

static void changes_give_what_full_signing_gives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        TEST_CASE(runs[i].name);
        struct campaign c = {.run = &runs[i], .seed = setting("MUDZONE_TEST_SEED", 1)};
        c.chance.state = c.seed << 8 | i;
        c.arena = arena_new();
        c.content.arena = c.arena;
        c.keys = make_keys(runs[i].algorithm, runs[i].single_key);
        if (runs[i].second != 0)
            c.second = keys_beside(&c.keys, runs[i].second, runs[i].single_key);
        c.policy = policy_of(runs[i].algorithm, runs[i].single_key, runs[i].denial);
        c.policy.zonemd = runs[i].zonemd;
        c.now = TEST_NOW;
        begin(&c);
        for (size_t n = setting("MUDZONE_TEST_ROUNDS", runs[i].changes); n > 0; n--)
            step(&c);
        campaign_done(&c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(changes_give_what_full_signing_gives),
};
TEST_MAIN(tests)
