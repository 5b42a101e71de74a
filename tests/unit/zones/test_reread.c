/*
 * tests/unit/zones/test_reread.c -- what zone_write wrote is read back as zone_parse reads it, and
 * no other text is: it is refused, or means the same to both.
 */
#include "tests/unit/zones/random_rdata.h"
#include "tests/unit/zones/zone_files.h"
#include "tests/unit/zones/zone_testing.h"

static int to_builder(void *ctx, const struct reread_record *r)
{
    struct zone_builder **b = ctx;
    if (*b == NULL)
        *b = zone_builder_new(r->owner, NULL);
    assert_non_null(*b);
    assert_int_equal(r->owner_len, name_len(r->owner));
    return zone_builder_add(*b, r->owner, r->type, r->ttl, r->rdata, r->rdata_len, 0);
}

/* The zone that reread makes of the text; NULL: it is refused. The text is handed over in memory of
   its exact length: AddressSanitizer sees a byte read too far. */
static struct zone *reread_zone(const char *text, size_t len, size_t *ret_line)
{
    AUTO_FREE char *exact = malloc(len == 0 ? 1 : len);
    assert_non_null(exact);
    if (len > 0)
        memcpy(exact, text, len);
    struct zone_builder *b = NULL;
    struct zone *z = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    int err = reread(exact, len, to_builder, &b, ret_line);
    if (err != ERR_OK) {
        assert_int_equal(err, ERR_FINDINGS);
        zone_builder_free(b);
        return NULL;
    }
    assert_int_equal(zone_builder_finish(b, &z, d), ERR_OK);
    assert_int_equal(diags_n(d), 0); /* nothing to repair */
    return z;
}

static void assert_writes(const struct zone *z, const char *text, size_t len)
{
    AUTO(buf) struct buf again = {0};
    assert_int_equal(zone_write(z, &again), ERR_OK);
    assert_int_equal(again.len, len);
    assert_memory_equal(again.data, text, len);
}

static void assert_read_back(const struct zone *z, const char *path)
{
    AUTO(buf) struct buf text = {0};
    size_t line = 0;
    TEST_CASE(path);
    assert_int_equal(zone_write(z, &text), ERR_OK);
    AUTO_PTR(zone) struct zone *again = reread_zone(buf_str(&text), text.len, &line);
    if (again == NULL)
        fail_msg("line %zu is refused", line);
    assert_int_equal(zone_record_n(again), zone_record_n(z));
    assert_writes(again, buf_str(&text), text.len);
}

static void written_zones_are_read_back(void **state)
{
    (void)state;
    zone_files_each(assert_read_back);
}

/* Refused, or the same zone as by zone_parse; true: taken. */
static bool assert_agrees(const char *text, size_t len)
{
    AUTO_PTR(zone) struct zone *ours = reread_zone(text, len, NULL);
    if (ours == NULL)
        return false;
    AUTO_PTR(zone) struct zone *parsed = NULL;
    AUTO(buf) struct buf expected = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    int err = zone_parse("again", text, len, NULL, &parsed, d);
    if (err != ERR_OK)
        print_message("zone_parse refuses what reread takes:\n%.*s\n", (int)len, text);
    findings_print(d);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(zone_write(parsed, &expected), ERR_OK);
    assert_writes(ours, buf_str(&expected), expected.len);
    return true;
}

static struct random_rdata dice = {.seed = 5};

/* Changes an octet, to one that is likely to matter, or takes one out, or puts one in, or doubles
   or drops a line. */
static void mutate(struct buf *text)
{
    static const char likely[] = "0123456789abcdefzABCDEFGZ .\\\"-:=+/()@$;#\n\t\r*_";
    size_t at = random_below(&dice, (uint32_t)text->len);
    uint8_t c = random_below(&dice, 4) == 0 ? (uint8_t)random_below(&dice, 256)
                                            : (uint8_t)likely[random_below(&dice, sizeof(likely))];
    switch (random_below(&dice, 4)) {
    case 0:
        memmove(text->data + at, text->data + at + 1, text->len - at - 1);
        text->len--;
        break;
    case 1:
        buf_add_char(text, 0);
        assert_true(buf_ok(text));
        memmove(text->data + at + 1, text->data + at, text->len - 1 - at);
        text->data[at] = c;
        break;
    default: text->data[at] = c;
    }
}

static size_t mutants_taken;

static void assert_mutants_agree(const struct zone *z, const char *path)
{
    AUTO(buf) struct buf text = {0};
    assert_int_equal(zone_write(z, &text), ERR_OK);
    if (text.len > 20000) /* the time of a zone_parse each */
        return;
    TEST_CASE(path);
    for (int i = 0; i < 300; i++) {
        AUTO(buf) struct buf mutant = {0};
        buf_add(&mutant, text.data, text.len);
        assert_true(buf_ok(&mutant));
        for (uint32_t n = 1 + random_below(&dice, 3); n > 0; n--)
            mutate(&mutant);
        mutants_taken += assert_agrees(buf_str(&mutant), mutant.len);
    }
}

static void damaged_zones_are_refused_or_mean_the_same(void **state)
{
    (void)state;
    zone_files_each(assert_mutants_agree);
    assert_true(mutants_taken > 100);
}

#define SOA_LINE "example. 60 IN SOA ns.example. host.example. 1 2 3 4 5\n"

/* A zone of one record besides the SOA, and what becomes of its line when damaged. */
static void records_of_each_type(void **state)
{
    (void)state;
    static const uint8_t head[] =
        "\2ns\7example\0\4host\7example\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
    for (size_t t = 0; t < RANDOM_RDATA_TYPES; t++) {
        uint16_t type = random_rdata_types[t];
        char name[TYPE_TEXT_LEN];
        size_t taken = 0;
        type_to_text(type, name);
        TEST_CASE(name);
        for (int round = 0; round < 100; round++) {
            random_rdata_make(&dice, type, true);
            struct zone_builder *b = zone_builder_new(wire("example"), NULL);
            AUTO_PTR(zone) struct zone *z = NULL;
            AUTO(buf) struct buf text = {0};
            assert_int_equal(zone_builder_add(b, wire("example"), KNOT_RRTYPE_SOA, 60, head,
                                              sizeof(head) - 1, 0),
                             ERR_OK);
            assert_int_equal(
                zone_builder_add(b, wire("www.example"), type, 60, dice.data, dice.len, 0), ERR_OK);
            assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
            assert_int_equal(zone_write(z, &text), ERR_OK);
            AUTO_PTR(zone) struct zone *again = reread_zone(buf_str(&text), text.len, NULL);
            if (again == NULL)
                fail_msg("refused: %s", buf_str(&text));
            assert_writes(again, buf_str(&text), text.len);
            for (int i = 0; i < 6; i++) {
                AUTO(buf) struct buf mutant = {0};
                buf_add(&mutant, text.data + sizeof(SOA_LINE) - 1, text.len - sizeof(SOA_LINE) + 1);
                mutate(&mutant);
                AUTO(buf) struct buf whole = {0};
                buf_add_str(&whole, SOA_LINE);
                buf_add(&whole, mutant.data, mutant.len);
                taken += assert_agrees(buf_str(&whole), whole.len);
            }
        }
        assert_true(taken > 0);
    }
}

struct form {
    const char *name;
    const char *text;
    size_t line; /* that is refused; 0: taken */
};

static const struct form forms[] = {
    {"the form of zone_write",
     SOA_LINE "example. 60 IN RRSIG SOA 13 1 60 20261231000000 20261101000000 1 example. AAAA\n"
              "example. 60 IN NS ns.example.\na.example. 60 IN A 192.0.2.1\n"
              "a.example. 60 IN A 192.0.2.2\n",
     0},
    {"a rare type", SOA_LINE "a.example. 60 IN CAA 0 issue \"x y\"\nb.example. 60 IN A 192.0.2.1\n",
     0},
    {"rare types between, one owner",
     SOA_LINE "a.example. 60 IN A 192.0.2.1\na.example. 60 IN HINFO \"(\" \";\"\n"
              "a.example. 60 IN AAAA ::ffff:192.0.2.1\na.example. 60 IN CAA 0 issue \"x\"\n",
     0},
    {"generic data", SOA_LINE "a.example. 60 IN TYPE65280 \\# 2 ABCD\n", 0},
    {"a blank too many", SOA_LINE "a.example. 60 IN  A 192.0.2.1\n", 0},
    {"an orphan RRSIG",
     SOA_LINE "a.example. 60 IN RRSIG A 13 2 60 20261231000000 20261101000000 1 example. AAAA\n",
     0},
    {"an owner that is a hash and a name",
     SOA_LINE "aaaa.example. 60 IN CAA 0 issue \"x\"\naaaa.example. 60 IN NSEC3 1 0 0 - aaaaaaaa\n",
     0},
    {"nothing", "", 1},
    {"no newline at the end", SOA_LINE "a.example. 60 IN A 192.0.2.1", 2},
    {"an empty line", SOA_LINE "\na.example. 60 IN A 192.0.2.1\n", 2},
    {"no SOA at the start", "example. 60 IN NS ns.example.\n" SOA_LINE, 1},
    {"a comment", SOA_LINE "; a\n", 2},
    {"a directive", "$TTL 60\n" SOA_LINE, 1},
    {"the owner before", SOA_LINE " 60 IN NS ns.example.\n", 2},
    {"no TTL", SOA_LINE "a.example. IN A 192.0.2.1\n", 2},
    {"a TTL over the limit", SOA_LINE "a.example. 2147483648 IN A 192.0.2.1\n", 2},
    {"another class", SOA_LINE "a.example. 60 CH A 192.0.2.1\n", 2},
    {"a relative owner", SOA_LINE "a 60 IN A 192.0.2.1\n", 2},
    {"the origin as owner", SOA_LINE "@ 60 IN A 192.0.2.1\n", 2},
    {"a relative name", SOA_LINE "a.example. 60 IN CNAME b\n", 2},
    {"the origin as a name", SOA_LINE "a.example. 60 IN CNAME @\n", 2},
    {"the origin as a name of a rare type", SOA_LINE "a.example. 60 IN RP @ .\n", 2},
    {"upper case in an owner", SOA_LINE "A.example. 60 IN A 192.0.2.1\n", 2},
    {"upper case in a name", SOA_LINE "a.example. 60 IN CNAME B.example.\n", 2},
    {"a parenthesis left open", SOA_LINE "a.example. 60 IN ( A 192.0.2.1\n)\n", 2},
    {"a quote left open", SOA_LINE "a.example. 60 IN HINFO \"a\" \"b\nc\"\n", 2},
    {"carriage returns", "example. 60 IN SOA ns.example. host.example. 1 2 3 4 5\r\n", 1},
    {"outside the zone", SOA_LINE "a.example.net. 60 IN A 192.0.2.1\n", 2},
    {"owners out of order", SOA_LINE "b.example. 60 IN A 192.0.2.1\na.example. 60 IN A 192.0.2.1\n",
     3},
    {"types out of order", SOA_LINE "a.example. 60 IN AAAA ::1\na.example. 60 IN A 192.0.2.1\n", 3},
    {"records out of order",
     SOA_LINE "a.example. 60 IN A 192.0.2.2\na.example. 60 IN A 192.0.2.1\n", 3},
    {"a record twice", SOA_LINE "a.example. 60 IN A 192.0.2.1\na.example. 60 IN A 192.0.2.1\n", 3},
    {"two TTLs in an RRset",
     SOA_LINE "a.example. 60 IN A 192.0.2.1\na.example. 61 IN A 192.0.2.2\n", 3},
    {"an RRSIG before its RRset",
     SOA_LINE "a.example. 60 IN RRSIG A 13 2 60 20261231000000 20261101000000 1 example. AAAA\n"
              "a.example. 60 IN A 192.0.2.1\n",
     3},
    {"a digest too short", SOA_LINE "a.example. 60 IN DS 1 13 2 AABB\n", 2},
    {"an NSEC without types", SOA_LINE "a.example. 60 IN NSEC b.example.\n", 2},
    {"a type of questions", SOA_LINE "a.example. 60 IN TYPE255 \\# 0\n", 2},
};

static void forms_taken_and_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t line = 0;
        TEST_CASE(forms[i].name);
        AUTO_PTR(zone)
        struct zone *z = reread_zone(forms[i].text, strlen(forms[i].text), &line);
        assert_int_equal(line, forms[i].line);
        assert_int_equal(z != NULL, forms[i].line == 0);
        if (z != NULL)
            assert_true(assert_agrees(forms[i].text, strlen(forms[i].text)));
    }
}

struct owners {
    size_t record_n;
    size_t owner_n;
};

static int owners_count(void *ctx, const struct reread_record *r)
{
    struct owners *o = ctx;
    o->record_n++;
    o->owner_n += r->owner_is_new;
    return o->record_n == 4 ? ERR_LIMIT : ERR_OK;
}

static void owners_are_told_apart_and_the_callback_may_stop(void **state)
{
    (void)state;
    static const char text[] = SOA_LINE "a.example. 60 IN CAA 0 issue \"x\"\n"
                                        "a.example. 60 IN CAA 0 issue \"y\"\n"
                                        "b.example. 60 IN A 192.0.2.1\n"
                                        "c.example. 60 IN A 192.0.2.1\n";
    struct owners o = {0};
    size_t line = 77;
    assert_int_equal(reread(text, sizeof(text) - 1, owners_count, &o, &line), ERR_LIMIT);
    assert_int_equal(o.record_n, 4);
    assert_int_equal(o.owner_n, 3);
    assert_int_equal(line, 77);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(written_zones_are_read_back),
    cmocka_unit_test(damaged_zones_are_refused_or_mean_the_same),
    cmocka_unit_test(records_of_each_type),
    cmocka_unit_test(forms_taken_and_refused),
    cmocka_unit_test(owners_are_told_apart_and_the_callback_may_stop),
};

TEST_MAIN(tests)
