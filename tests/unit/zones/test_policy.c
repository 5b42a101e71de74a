/* Built-in policies equal what INVENTORY.md writes out; words equal those of the YANG module. */
#include "tests/unit/zones/inventory_case.h"

static void standard_policy_equals_the_defaults_of_the_schema(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited("", "dnssec-policies: [{name: standard}]\n");
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    const struct dnssec_policy *a = inv->zones[0].dnssec, *b = &dnssec_policy_standard;
    assert_ptr_not_equal(a, b);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->algorithm, b->algorithm);
    assert_int_equal(a->single_key, b->single_key);
    assert_int_equal(a->denial, b->denial);
    assert_int_equal(a->ksk_lifetime_s, b->ksk_lifetime_s);
    assert_int_equal(a->zsk_lifetime_s, b->zsk_lifetime_s);
    assert_int_equal(a->signature_validity_s, b->signature_validity_s);
    assert_int_equal(a->signature_refresh_s, b->signature_refresh_s);
    assert_int_equal(a->signature_jitter_s, b->signature_jitter_s);
    assert_int_equal(a->serial, b->serial);
    assert_int_equal(a->cds, b->cds);
    assert_int_equal(a->zonemd, b->zonemd);
    assert_int_equal(a->propagation_delay_s, b->propagation_delay_s);
    assert_int_equal(a->parent_propagation_delay_s, b->parent_propagation_delay_s);
    assert_int_equal(a->parent_ds_ttl_s, b->parent_ds_ttl_s);
    assert_int_equal(a->dnskey_ttl_s, b->dnskey_ttl_s);
}

/* NAME written out in an inventory, as INVENTORY.md does, against the built-in. */
static void compare_ttl(const char *name, const char *written)
{
    AUTO_FREE char *with_policy = NULL;
    AUTO_FREE char *text = NULL;
    assert_true(asprintf(&with_policy, "file: z, ttl: %s}\nttl-policies:\n  - {name: %s, %s", name,
                         name, written) > 0);
    text = edited("file: zones/mgmt.zone", with_policy);
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    const struct ttl_policy *a = inv->zones[0].ttl, *b = ttl_policy_builtin(name);
    assert_ptr_not_equal(a, b);
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->negative_min_s, b->negative_min_s);
    assert_int_equal(a->negative_max_s, b->negative_max_s);
    assert_int_equal(a->waiver_n, b->waiver_n);
    assert_int_equal(a->range_n, b->range_n);
    for (size_t i = 0; i < a->range_n; i++) {
        assert_int_equal(a->ranges[i].min_s, b->ranges[i].min_s);
        assert_int_equal(a->ranges[i].max_s, b->ranges[i].max_s);
        assert_int_equal(a->ranges[i].type_n, b->ranges[i].type_n);
        for (size_t k = 0; k < a->ranges[i].type_n; k++)
            assert_int_equal(a->ranges[i].types[k], b->ranges[i].types[k]);
    }
}

static void ttl_policies_equal_the_documented_ones(void **state)
{
    (void)state;
    compare_ttl("recommended",
                "mode: refuse, ranges: [{types: [SOA], min: 300s, max: 1d},\n"
                "   {types: [NS, DS, DNSKEY], min: 300s, max: 2d},\n"
                "   {types: [any], min: 60s, max: 1d}], negative: {min: 60s, max: 1d}");
    compare_ttl("strict",
                "ranges: [{types: SOA, min: 300s, max: 1h},\n"
                "   {types: [NS, DS, DNSKEY], min: 1h, max: 2d},\n"
                "   {types: [A, AAAA, CNAME, DNAME, HTTPS, SVCB, SRV], min: 300s, max: 1d},\n"
                "   {types: any, min: 300s, max: 1d}], negative: {min: 300s, max: 1h}");
}

static void purposes_have_the_words_of_the_schema(void **state)
{
    (void)state;
    for (int p = 0; p < PURPOSE_COUNT; p++) {
        TEST_CASE(purpose_text((enum purpose)p));
        AUTO_FREE char *text = edited("firmware-update", purpose_text((enum purpose)p));
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
        assert_int_equal(inv->services[0].purpose, p);
    }
    assert_string_equal(purpose_text(PURPOSE_COUNT), "?");
}

static void protocols_and_initiators_have_the_words_of_the_schema(void **state)
{
    (void)state;
    for (int p = PROTOCOL_TCP; p <= PROTOCOL_ANY; p++) {
        for (int i = INITIATOR_DEVICE; i <= INITIATOR_ANY; i++) {
            AUTO_FREE char *local = NULL;
            assert_true(asprintf(&local, "    local: [{protocol: %s, initiated-by: %s}]\n",
                                 protocol_text((enum protocol)p),
                                 initiator_text((enum initiator)i)) > 0);
            TEST_CASE(local);
            AUTO_FREE char *text = edited("", local);
            AUTO_PTR(inventory) struct inventory *inv = NULL;
            assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
            assert_int_equal(inv->models[0].local[0].protocol, p);
            assert_int_equal(inv->models[0].local[0].initiator, i);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_policy_equals_the_defaults_of_the_schema),
        cmocka_unit_test(ttl_policies_equal_the_documented_ones),
        cmocka_unit_test(purposes_have_the_words_of_the_schema),
        cmocka_unit_test(protocols_and_initiators_have_the_words_of_the_schema),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
