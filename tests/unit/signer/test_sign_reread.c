/* The text of every zone at hand, signed, is read back as the snapshot that it was written from,
   and proves an unchanged zone unchanged. */
#include <ftw.h>

#include "tests/unit/signer/sign_testing.h"

static struct keyset keys;
static size_t signed_n;

static void assert_rereads(const struct zone *z, const struct zone *plain,
                           const struct sign_params *params)
{
    AUTO_FREE char *text = zone_text(z);
    AUTO_PTR(zone) struct zone *again = NULL;
    AUTO_PTR(zone) struct zone *parsed = NULL;
    AUTO_PTR(zone) struct zone *next = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_int_equal(zone_reread(NULL, text, strlen(text), &again), ERR_OK);
    assert_int_equal(zone_parse("t", text, strlen(text), NULL, &parsed, d), ERR_OK);
    assert_int_equal(zone_record_n(again), zone_record_n(z));
    assert_int_equal(zone_node_n(again), zone_node_n(z));
    AUTO_FREE char *from_again = zone_text(again);
    AUTO_FREE char *from_parsed = zone_text(parsed);
    assert_string_equal(text, from_again);
    assert_string_equal(text, from_parsed);

    struct sign_params later = *params;
    struct sign_report report;
    later.previous = again;
    later.previous_is_proved = true;
    assert_int_equal(sign_zone(plain, &later, &next, &report, d), ERR_OK);
    assert_false(report.changed);
    assert_int_equal(report.made, 0);
}

static void try_zone(const struct zone *zone)
{
    for (int denial = DENIAL_NSEC; denial <= DENIAL_NSEC3; denial++) {
        AUTO_PTR(zone) struct zone *plain = NULL;
        AUTO_PTR(zone) struct zone *out = NULL;
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct dnssec_policy policy = policy_of(15, false, (enum denial)denial);
        const struct sign_params params = {
            .policy = &policy, ALL_KEYS(&keys), .dnskey_ttl_s = 3600, .now = TEST_NOW};
        struct sign_report report;
        if (sign_strip(zone, &plain, d) != ERR_OK ||
            sign_zone(plain, &params, &out, &report, d) != ERR_OK)
            continue; /* without SOA, or with a name that leaves no room for hashes */
        signed_n++;
        assert_rereads(out, plain, &params);
    }
}

static int visit(const char *path, const struct stat *st, int kind)
{
    AUTO_PTR(zone) struct zone *z = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    if (kind != FTW_F || st->st_size > 500000 || zone_load(path, NULL, &z, d) != ERR_OK)
        return 0;
    print_message("    %s\n", path);
    try_zone(z);
    return 0;
}

static void signed_text_is_read_back(void **state)
{
    (void)state;
    keys = make_keys(15, false);
    AUTO_PTR(zone) struct zone *z = zone_of(TEST_ZONE);
    try_zone(z);
    assert_int_equal(signed_n, 2);
    if (shared_path("data/zones") == NULL)
        LEFT_OUT("the zones of ../shared/data/zones: the folder is not here");
    else
        assert_int_equal(ftw(shared_path("data/zones"), visit, 16), 0);
    assert_true(shared_path("data/zones") == NULL || signed_n > 60);
    keyset_done(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(signed_text_is_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
