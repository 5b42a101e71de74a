/* `parent`, and the agents and TSIG keys of `service`. */
#include "tests/unit/zones/inventory_case.h"

#define KEYS   "service:\n  tsig-keys: [{name: Agent.Key., secret-file: s}]\n"
#define AGENTS KEYS "  parent-agents:\n"

static void forms_and_references_are_checked(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"all of it", "", "parent: {trust-anchor: a.zone, resolver: '::1@53', observations: o}\n",
         0, ""},
        {"no port", "", "parent: {resolver: 192.0.2.1}\n", ERR_CONFIG, "25:20 bad-value"},
        {"port 0", "", "parent: {resolver: 192.0.2.1@0}\n", ERR_FINDINGS, "25:20 bad-address"},
        {"port 65536", "", "parent: {resolver: 192.0.2.1@65536}\n", ERR_FINDINGS,
         "25:20 bad-address"},
        {"no such address", "", "parent: {resolver: 192.0.2.256@53}\n", ERR_FINDINGS,
         "25:20 bad-address"},
        {"no name", "", "parent: {resolver: localhost@53}\n", ERR_CONFIG, "25:20 bad-value"},
        {"an agent", "", AGENTS "    - {name: a, address: 192.0.2.1@53, tsig: agent.key}\n", 0,
         "26:3 service-not-here"},
        {"an agent without a key", "", AGENTS "    - {name: a, address: 192.0.2.1@53}\n", 0,
         "26:3 service-not-here"},
        {"no such key", "", AGENTS "    - {name: a, address: 192.0.2.1@53, tsig: other}\n",
         ERR_FINDINGS, "26:3 service-not-here, 28:46 unknown-reference"},
        {"an agent's address", "", AGENTS "    - {name: a, address: 192.0.2.1@0}\n", ERR_FINDINGS,
         "26:3 service-not-here, 28:26 bad-address"},
        {"an agent without an address", "", AGENTS "    - {name: a}\n", ERR_CONFIG,
         "28:8 missing-key"},
        {"two of a name", "",
         AGENTS "    - {name: a, address: 192.0.2.1@53}\n    - {name: a, address: 192.0.2.2@53}\n",
         ERR_FINDINGS, "26:3 service-not-here, 29:14 duplicate-name"},
        {"no agents", "", KEYS "  parent-agents: []\n", 0, "26:3 service-not-here"},
    };
    RUN(cases);
}

static struct inventory *load(const char *more)
{
    AUTO_FREE char *text = edited("", more);
    struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    return inv;
}

static void values_are_kept(void **state)
{
    (void)state;
    AUTO_PTR(inventory) struct inventory *none = load("");
    assert_null(none->parent.trust_anchor);
    assert_null(none->parent.resolver);
    assert_string_equal(none->parent.observations, "observations");
    assert_int_equal(none->parent.agent_n, 0);
    assert_int_equal(none->tsig_key_n, 0);

    AUTO_PTR(inventory)
    struct inventory *inv = load(
        "parent: {trust-anchor: a.zone, resolver: 192.0.2.9@5300, observations: /seen}\n" AGENTS
        "    - {name: a, address: 192.0.2.1@53, tsig: agent.key}\n"
        "    - {name: b, address: '2001:db8::1@53'}\n");
    assert_string_equal(inv->parent.trust_anchor, "a.zone");
    assert_string_equal(inv->parent.resolver, "192.0.2.9@5300");
    assert_string_equal(inv->parent.observations, "/seen");
    assert_int_equal(inv->tsig_key_n, 1);
    assert_string_equal(inv->tsig_keys[0].algorithm, "hmac-sha256");
    assert_string_equal(inv->tsig_keys[0].secret_file, "s");
    assert_int_equal(inv->parent.agent_n, 2);
    assert_ptr_equal(inv->parent.agents[0].tsig, &inv->tsig_keys[0]);
    assert_string_equal(inv->parent.agents[1].address, "2001:db8::1@53");
    assert_null(inv->parent.agents[1].tsig);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(forms_and_references_are_checked),
    cmocka_unit_test(values_are_kept),
};

TEST_MAIN(tests)
