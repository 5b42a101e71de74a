/*
 * tests/unit/zones/test_text.c -- our printers write what libknot writes: for random data of each
 * type, for every record of the shared zone files, and for names, types and times one by one.
 */
#include <time.h>

#include <libknot/rdataset.h>

#include "tests/unit/zones/random_rdata.h"
#include "tests/unit/zones/zone_files.h"
#include "tests/unit/zones/zone_testing.h"
#include "zones/rdata.h"
#include "zones/text.h"
#include "zones/text_int.h"
#include "zones/text_put.h"
#include "zones/wire.h"

#define ROUNDS 3000

static knot_rdata_t *rdata_of(const uint8_t *data, size_t len)
{
    knot_rdata_t *rdata = malloc(knot_rdata_size((uint16_t)len));
    assert_non_null(rdata);
    knot_rdata_init(rdata, (uint16_t)len, data);
    return rdata;
}

/* The data by our printer equals that by libknot; false when ours does not print it. The room is
   taken from malloc and no larger than promised: AddressSanitizer sees a byte too much. */
static bool assert_as_libknot(uint16_t type, const uint8_t *data, size_t len)
{
    AUTO_FREE knot_rdata_t *rdata = rdata_of(data, len);
    AUTO_FREE char *ours = malloc(text_data_room(type, len));
    assert_non_null(ours);
    const char *end = text_data_put(ours, type, rdata->data, len);
    if (end == NULL || rdata_check(type, data, len) != NULL)
        return false;
    size_t n = (size_t)(end - ours);
    assert_true(n <= text_data_room(type, len));
    AUTO(buf) struct buf theirs = {0};
    text_data_knot(type, rdata, &theirs);
    assert_true(buf_ok(&theirs));
    if (n != theirs.len || memcmp(ours, theirs.data, n) != 0)
        fail_msg("ours is %.*s\n    libknot's %s", (int)n, ours, buf_str(&theirs));
    return true;
}

static void random_data_is_printed_as_by_libknot(void **state)
{
    (void)state;
    static struct random_rdata r = {.seed = 1};
    for (size_t i = 0; i < RANDOM_RDATA_TYPES; i++) {
        uint16_t type = random_rdata_types[i];
        char name[TYPE_TEXT_LEN];
        type_to_text(type, name);
        TEST_CASE(name);
        size_t own = 0;
        for (int round = 0; round < ROUNDS; round++) {
            random_rdata_make(&r, type, false);
            assert_null(rdata_check(type, r.data, r.len));
            own += assert_as_libknot(type, r.data, r.len);
        }
        assert_true(own > ROUNDS / 2); /* the others are those that nobody reads back by name */
    }
}

/* Cut short, made longer, changed: printed as libknot would or left to it, never out of bounds. */
static void damaged_data_is_safe(void **state)
{
    (void)state;
    static struct random_rdata r = {.seed = 2};
    struct text_name owner;
    text_name_set(&owner, wire("example"));
    for (size_t round = 0; round < 30 * ROUNDS; round++) {
        uint16_t type = random_rdata_types[round % RANDOM_RDATA_TYPES];
        random_rdata_make(&r, type, false);
        if (r.len > 0 && round % 3 != 0)
            r.data[random_below(&r, (uint32_t)r.len)] = (uint8_t)random_below(&r, 256);
        if (round % 3 == 1)
            r.len = random_below(&r, (uint32_t)r.len + 1);
        else if (round % 3 == 2)
            random_octets(&r, random_below(&r, 4));
        (void)assert_as_libknot(type, r.data, r.len);
        AUTO(buf) struct buf line = {0};
        AUTO_FREE knot_rdata_t *rdata = rdata_of(r.data, r.len);
        assert_int_equal(text_record(&owner, 1, type, rdata, &line), ERR_OK);
        assert_int_equal(strlen(buf_str(&line)), line.len);
        assert_int_equal(line.data[line.len - 1], '\n');
        assert_int_equal(strcspn(buf_str(&line), "\n"), line.len - 1);
    }
}

static void addresses_are_printed_as_by_libknot(void **state)
{
    (void)state;
    for (unsigned zeros = 0; zeros < 256; zeros++) { /* every set of zero groups */
        uint8_t data[16];
        for (unsigned i = 0; i < 8; i++)
            wire_put_u16(data + 2 * i, zeros >> i & 1 ? 0 : 0x10u << i);
        bool own = assert_as_libknot(KNOT_RRTYPE_AAAA, data, sizeof(data));
        assert_int_equal(own, (zeros & 15) != 15);
    }
}

static void names_are_printed_as_elsewhere(void **state)
{
    (void)state;
    static struct random_rdata r = {.seed = 3};
    for (int round = 0; round < ROUNDS; round++) {
        char expected[NAME_TEXT_LEN];
        struct text_name name;
        r.len = 0;
        random_name(&r, false);
        name_to_text(r.data, expected);
        text_name_set(&name, r.data);
        assert_int_equal(name.len, strlen(expected) + 1);
        assert_memory_equal(name.text, expected, name.len - 1);
        assert_int_equal(name.text[name.len - 1], ' ');
    }
}

static void types_are_printed_as_elsewhere(void **state)
{
    (void)state;
    for (uint32_t type = 0; type <= UINT16_MAX; type++) {
        char ours[TYPE_TEXT_LEN] = {0};
        char expected[TYPE_TEXT_LEN];
        *put_type(ours, (uint16_t)type) = 0;
        if (text_type_is_unreadable((uint16_t)type))
            snprintf(expected, sizeof(expected), "TYPE%u", (unsigned)type);
        else
            type_to_text((uint16_t)type, expected);
        assert_string_equal(ours, expected);
    }
}

static void times_are_those_of_the_calendar(void **state)
{
    (void)state;
    for (uint64_t at = 1; at <= UINT32_MAX; at += 86400 / 2 - 1) {
        char ours[15] = {0};
        char expected[16];
        time_t t = (time_t)at;
        struct tm tm;
        assert_non_null(gmtime_r(&t, &tm));
        assert_int_equal(strftime(expected, sizeof(expected), "%Y%m%d%H%M%S", &tm), 14);
        put_time(ours, (uint32_t)at);
        assert_string_equal(ours, expected);
    }
    char last[15] = {0};
    put_time(last, UINT32_MAX);
    assert_string_equal(last, "21060207062815");
}

/* An RRSIG by its fields is the line that its rdata makes. */
static void signatures_by_their_fields(void **state)
{
    (void)state;
    static struct random_rdata r = {.seed = 4};
    struct text_name owner;
    text_name_set(&owner, wire("www.example"));
    for (int round = 0; round < ROUNDS; round++) {
        random_rdata_make(&r, KNOT_RRTYPE_RRSIG, false);
        if (round % 8 == 0)
            r.data[1] = KNOT_RRTYPE_NULL; /* has no mnemonic that could be read back */
        size_t signer_len = name_len(r.data + 18);
        const struct zone_sig sig = {
            .ttl = random_below(&r, 1u << 24),
            .type_covered = wire_u16(r.data),
            .algorithm = r.data[2],
            .labels = r.data[3],
            .original_ttl = wire_u32(r.data + 4),
            .expiration = wire_u32(r.data + 8),
            .inception = wire_u32(r.data + 12),
            .key_tag = wire_u16(r.data + 16),
            .signer = r.data + 18,
            .signature = {r.data + 18 + signer_len, r.len - 18 - signer_len},
        };
        struct text_name signer;
        text_name_set(&signer, sig.signer);
        AUTO(buf) struct buf ours = {0};
        AUTO(buf) struct buf expected = {0};
        AUTO_FREE knot_rdata_t *rdata = rdata_of(r.data, r.len);
        assert_int_equal(text_rrsig(&owner, &signer, &sig, &ours), ERR_OK);
        assert_int_equal(
            record_write(wire("www.example"), sig.ttl, KNOT_RRTYPE_RRSIG, rdata, &expected),
            ERR_OK);
        assert_string_equal(buf_str(&ours), buf_str(&expected));
    }
}

static void numbers_of_every_length(void **state)
{
    (void)state;
    static const uint32_t edges[] = {0,        9,         10,        99,         100,
                                     999,      1000,      9999,      10000,      99999,
                                     100000,   999999,    1000000,   9999999,    10000000,
                                     99999999, 100000000, 999999999, 1000000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        char ours[12];
        char expected[12];
        *put_u32(ours, edges[i]) = 0;
        snprintf(expected, sizeof(expected), "%u", (unsigned)edges[i]);
        assert_string_equal(ours, expected);
    }
}

/* Each line of a written zone, its data once more by libknot. */
static void assert_zone_as_libknot(const struct zone *z, const char *path)
{
    AUTO(buf) struct buf text = {0};
    TEST_CASE(path);
    assert_int_equal(zone_write(z, &text), ERR_OK);
    AUTO_PTR(records) struct records *all = zone_files_records(&text);
    for (size_t i = 0; i < records_n(all); i++) {
        struct record_view v = records_at(all, i);
        (void)assert_as_libknot(v.type, v.rdata.data, v.rdata.len);
    }
}

static void shared_zones_are_printed_as_by_libknot(void **state)
{
    (void)state;
    zone_files_each(assert_zone_as_libknot);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_data_is_printed_as_by_libknot),
    cmocka_unit_test(damaged_data_is_safe),
    cmocka_unit_test(addresses_are_printed_as_by_libknot),
    cmocka_unit_test(names_are_printed_as_elsewhere),
    cmocka_unit_test(types_are_printed_as_elsewhere),
    cmocka_unit_test(times_are_those_of_the_calendar),
    cmocka_unit_test(signatures_by_their_fields),
    cmocka_unit_test(numbers_of_every_length),
    cmocka_unit_test(shared_zones_are_printed_as_by_libknot),
};

TEST_MAIN(tests)
