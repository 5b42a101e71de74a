/* Rules of meaning: each with its id and place, and the values that they let through. */
#include "tests/unit/zones/inventory_case.h"

static void things_named_twice_are_errors(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"zone", "services:\n", "  - {name: mgmt.example.net, file: z}\nservices:\n", ERR_FINDINGS,
         "13:12 duplicate-name"},
        {"zone in other letters", "services:\n",
         "  - {name: MGMT.example.net., file: z}\nservices:\n", ERR_FINDINGS,
         "13:6 duplicate-name"},
        {"model", "", "  - {name: cam-100, model-name: x, systeminfo: x, services: firmware}\n",
         ERR_FINDINGS, "25:12 duplicate-name"},
        {"service of a model", "[firmware]", "[firmware, firmware]", ERR_FINDINGS,
         "24:26 duplicate-name"},
        {"name in a service", "    endpoints:\n",
         "      - name: FW.mgmt.example.net\n    endpoints:\n", ERR_FINDINGS, "18:15 domain-twice"},
        {"name and names below it are two", "    endpoints:\n",
         "      - name: \"*.fw.mgmt.example.net\"\n    endpoints:\n", 0, ""},
        {"policy", "", "ttl-policies: [{name: a}, {name: a}]\n", ERR_FINDINGS,
         "25:17 policy-unused, 25:34 duplicate-name"},
    };
    RUN(cases);
}

static void references_to_nothing_are_errors(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"service", "[firmware]", "[firmware, clock]", ERR_FINDINGS, "24:26 unknown-reference"},
        {"publication zone", "  zone: mgmt.example.net", "  zone: example.net", ERR_FINDINGS,
         "8:9 unknown-reference"},
        {"DNSSEC policy", "file: zones/mgmt.zone", "file: z, dnssec: strong", ERR_FINDINGS,
         "12:47 unknown-reference"},
        {"TTL policy", "file: zones/mgmt.zone", "file: z, ttl: strong", ERR_FINDINGS,
         "12:44 unknown-reference"},
        {"built-in policy", "file: zones/mgmt.zone", "file: z, ttl: strict", 0, ""},
    };
    RUN(cases);
}

static void names_follow_the_rules(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"outside without operated-by", "fw.mgmt.example.net", "pool.ntp.org", ERR_FINDINGS,
         "17:15 third-party-needed"},
        {"outside with it", "name: fw.mgmt.example.net",
         "{name: pool.ntp.org, operated-by: third-party}", 0, ""},
        {"the vendor's own by a third party", "name: fw.mgmt.example.net",
         "{name: fw.example.net, operated-by: third-party}", 0, "17:16 third-party-own"},
        {"the vendor's domain, unmanaged", "fw.mgmt.example.net", "www.example.net", 0, ""},
        {"a domain that only ends alike", "fw.mgmt.example.net", "badexample.net", ERR_FINDINGS,
         "17:15 third-party-needed"},
        {"address", "fw.mgmt.example.net", "192.0.2.1", ERR_FINDINGS, "17:15 bad-name"},
        {"IPv6 address", "fw.mgmt.example.net", "\"2001:db8::1\"", ERR_FINDINGS, "17:15 bad-name"},
        {"empty label", "fw.mgmt.example.net", "fw..example.net", ERR_FINDINGS, "17:15 bad-name"},
        {"leading hyphen", "fw.mgmt.example.net", "-fw.example.net", ERR_FINDINGS,
         "17:15 bad-name"},
        {"root", "fw.mgmt.example.net", "\".\"", ERR_FINDINGS, "17:15 bad-name"},
        {"label of 64", "fw.mgmt.example.net",
         "x123456789012345678901234567890123456789012345678901234567890123.example.net",
         ERR_FINDINGS, "17:15 bad-name"},
        {"star inside", "fw.mgmt.example.net", "fw.*.mgmt.example.net", ERR_FINDINGS,
         "17:15 bad-wildcard"},
        {"star as part of a label", "fw.mgmt.example.net", "\"*fw.example.net\"", ERR_FINDINGS,
         "17:15 bad-wildcard"},
        {"lone star", "fw.mgmt.example.net", "\"*\"", ERR_FINDINGS, "17:15 bad-wildcard"},
        {"star over a top-level domain", "name: fw.mgmt.example.net",
         "{name: \"*.net\", operated-by: third-party}", ERR_FINDINGS, "17:16 bad-wildcard"},
        {"services that disagree", "models:\n",
         "  - {name: b, purpose: other, endpoints: [{protocol: any}],\n"
         "     domains: [{name: FW.mgmt.example.net, operated-by: third-party}]}\nmodels:\n",
         ERR_FINDINGS, "20:6 service-unused, 21:23 third-party-own, 21:23 operator-conflict"},
    };
    RUN(cases);
}

static void names_are_lower_case_a_labels(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited("fw.mgmt.example.net", "\"*.B\u00fccher.MGMT.example.net\"");
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    assert_true(inv->services[0].domains[0].subdomains);
    assert_string_equal(inv->services[0].domains[0].text, "xn--bcher-kva.mgmt.example.net");
}

static void values_follow_the_rules(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"port 0", "443", "0", ERR_FINDINGS, "19:31 port-range"},
        {"port 65536", "443", "65536", ERR_FINDINGS, "19:31 port-range"},
        {"range backwards", "443", "20-10", ERR_FINDINGS, "19:31 port-range"},
        {"range of all", "443", "1-65535", 0, ""},
        {"port with icmp", "tcp, port: 443", "icmp, port: 8", ERR_FINDINGS, "19:32 port-protocol"},
        {"port with any", "tcp, port: 443", "any, port: 8", ERR_FINDINGS, "19:31 port-protocol"},
        {"no such day", "name: fw.mgmt.example.net",
         "{name: fw.mgmt.example.net, since: 2026-02-30}", ERR_FINDINGS, "17:44 bad-date"},
        {"removal before since", "name: fw.mgmt.example.net",
         "{name: fw.mgmt.example.net, since: 2026-02-02, removal-not-before: 2026-02-01}",
         ERR_FINDINGS, "17:16 date-order"},
        {"updated in the future", "    services:", "    updated: 2026-11-22\n    services:", 0,
         "21:5 updated-future"},
        {"duration over 32 bits",
         "  base-url:", "  refresh: 9999999999w\n  base-url:", ERR_FINDINGS, "9:12 bad-duration"},
        {"zone with neither", ", file: zones/mgmt.zone", "", ERR_FINDINGS, "12:6 zone-source"},
        {"zone with both", "file: zones/mgmt.zone", "file: z, primary: {address: 192.0.2.1@53}",
         ERR_FINDINGS, "12:6 zone-source"},
        {"zone by transfer", "file: zones/mgmt.zone", "primary: {address: 192.0.2.1@53}",
         ERR_FINDINGS, "12:40 zone-primary"},
        {"service section", "", "service: {dns: 127.0.0.1@5300}\n", 0, "25:11 service-not-here"},
    };
    RUN(cases);
}

static void base_url_is_https_host_and_slash(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"http", "https://mud", "http://mud", ERR_FINDINGS, "9:13 base-url"},
        {"no path", "mud.mgmt.example.net/", "mud.mgmt.example.net", ERR_FINDINGS, "9:13 base-url"},
        {"path", "mud.mgmt.example.net/", "mud.mgmt.example.net/x/", ERR_FINDINGS, "9:13 base-url"},
        {"query", "mud.mgmt.example.net/", "mud.mgmt.example.net/?a", ERR_FINDINGS,
         "9:13 base-url"},
        {"userinfo", "//mud", "//me@mud", ERR_FINDINGS, "9:13 base-url"},
        {"IPv6 literal", "mud.mgmt.example.net/", "[::1]/", ERR_FINDINGS, "9:13 base-url"},
        {"IPv4 literal", "mud.mgmt.example.net/", "192.0.2.1/", ERR_FINDINGS, "9:13 bad-name"},
        {"port 0", "mud.mgmt.example.net/", "mud.mgmt.example.net:0/", ERR_FINDINGS,
         "9:13 base-url"},
        {"empty host", "mud.mgmt.example.net/", "/", ERR_FINDINGS, "9:13 base-url"},
    };
    RUN(cases);
}

static void base_url_is_normalised(void **state)
{
    (void)state;
    static const struct {
        const char *written, *url;
        uint16_t port;
    } cases[] = {
        {"HTTPS://Mud.Mgmt.Example.Net/", "https://mud.mgmt.example.net/", 443},
        {"https://mud.mgmt.example.net:443/", "https://mud.mgmt.example.net/", 443},
        {"https://mud.mgmt.example.net:8443/", "https://mud.mgmt.example.net:8443/", 8443},
        {"https://b\u00fccher.example.net/", "https://xn--bcher-kva.example.net/", 443},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].written);
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        AUTO_FREE char *text = edited("https://mud.mgmt.example.net/", cases[i].written);
        assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
        assert_string_equal(inv->publication.base_url, cases[i].url);
        assert_int_equal(inv->publication.port, cases[i].port);
    }
}

static void mud_url_has_at_most_253_characters(void **state)
{
    (void)state;
    /* "https://" + host + "/" + 2 names of 7 + "/.json" is host + 29 characters. */
#define L63 "a23456789012345678901234567890123456789012345678901234567890123"
#define L32 "a2345678901234567890123456789012"
    static const struct edit cases[] = {
        {"253", "mud.mgmt.example.net/", L63 "." L63 "." L63 "." L32 "/", 0, ""},
        {"254", "mud.mgmt.example.net/", L63 "." L63 "." L63 ".b" L32 "/", ERR_FINDINGS,
         "21:5 model-url-length"},
    };
    RUN(cases);
}

static void policies_have_bounds(void **state)
{
    (void)state;
#define SIGN(text) "dnssec-policies: [{name: p, " text "}]\n"
    static const struct edit cases[] = {
        {"refresh + jitter is validity", "models:\n",
         SIGN("signature-validity: 30d, signature-refresh: 29d, signature-jitter: 1d") "models:\n",
         ERR_FINDINGS, "20:20 signature-times, 20:20 policy-unused"},
        {"refresh + jitter below validity", "models:\n",
         SIGN("signature-validity: 30d, signature-refresh: 29d, signature-jitter: 23h") "models:\n",
         0, "20:20 policy-unused"},
        {"short key life", "models:\n", SIGN("zsk-lifetime: 30d") "models:\n", 0,
         "20:20 key-lifetime, 20:20 policy-unused"},
        {"single key has no ZSK", "models:\n",
         SIGN("zsk-lifetime: 1d, single-key: true") "models:\n", 0, "20:20 policy-unused"},
        {"min over max", "", "ttl-policies: [{name: p, ranges: [{types: A, min: 2s, max: 1s}]}]\n",
         ERR_FINDINGS, "25:17 policy-unused, 25:36 ttl-range"},
        {"unknown type", "", "ttl-policies: [{name: p, ranges: [{types: [A, ABC]}]}]\n",
         ERR_FINDINGS, "25:17 policy-unused, 25:47 rr-type"},
        {"any among others", "", "ttl-policies: [{name: p, ranges: [{types: [A, any]}]}]\n",
         ERR_FINDINGS, "25:17 policy-unused, 25:47 rr-type"},
        {"waiver without a limit", "",
         "ttl-policies: [{name: p, waivers: [{name: a.b, reason: x, until: 2027-01-01}]}]\n",
         ERR_FINDINGS, "25:17 policy-unused, 25:37 waiver-limit"},
    };
    RUN(cases);
}

static void waivers_belong_to_a_zone_of_their_policy(void **state)
{
    (void)state;
#define WAIVED(name)                                                                               \
    "file: z, ttl: p}\n  - {name: other.net, file: o}\nttl-policies:\n  - name: p\n    waivers:\n" \
    "      - {name: " name ", min: 30s, reason: x, until: 2027-01-01"
    static const struct edit cases[] = {
        {"inside", "file: zones/mgmt.zone", WAIVED("lb.mgmt.example.net"), 0, ""},
        {"nowhere", "file: zones/mgmt.zone", WAIVED("lb.example.org"), 0, "17:10 waiver-outside"},
        {"other policy", "file: zones/mgmt.zone", WAIVED("lb.other.net"), 0,
         "17:10 waiver-outside"},
    };
    RUN(cases);
}

static void policies_of_the_inventory_win(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited(
        "", "ttl-policies:\n  - name: recommended\n    mode: clamp\n"
            "    ranges: [{types: [any], min: 1s}, {types: [A, TYPE65280], max: 2d}]\n"
            "    waivers: [{name: \"*.mgmt.example.net\", max: 9d, reason: r, until: 2027-06-30}]\n"
            "dnssec-policies: [{name: standard, algorithm: ed448, denial: nsec3,\n"
            "  serial: dateserial, cds: always, single-key: true, zonemd: false}]\n");
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    const struct ttl_policy *p = inv->zones[0].ttl;
    assert_int_equal(p->mode, TTL_CLAMP);
    assert_int_equal(p->range_n, 2);
    assert_int_equal(p->ranges[0].type_n, 0);
    assert_int_equal(p->ranges[0].min_s, 1);
    assert_int_equal(p->ranges[0].max_s, 2147483647);
    assert_int_equal(p->ranges[1].types[0], 1);
    assert_int_equal(p->ranges[1].types[1], 65280);
    assert_int_equal(p->negative_max_s, 86400);
    assert_string_equal(p->waivers[0].text, "*.mgmt.example.net");
    assert_true(p->waivers[0].has_max && !p->waivers[0].has_min);
    assert_int_equal(p->waivers[0].until_at, 1814313600);
    const struct dnssec_policy *k = inv->zones[0].dnssec;
    assert_int_equal(k->algorithm, 16);
    assert_int_equal(k->denial, DENIAL_NSEC3);
    assert_int_equal(k->serial, SERIAL_DATE);
    assert_int_equal(k->cds, CDS_ALWAYS);
    assert_true(k->single_key && !k->zonemd);
    assert_int_equal(k->zsk_lifetime_s, 90 * 86400);
}

static void what_nobody_uses_is_noted(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"service and model", "    services: [firmware]\n", "", 0,
         "14:5 service-unused, 21:5 model-without-services"},
        {"policy", "", "dnssec-policies: [{name: mine}]\n", 0, "25:20 policy-unused"},
    };
    RUN(cases);
}

static void zone_of_a_name_is_the_closest(void **state)
{
    (void)state;
    AUTO_FREE char *text =
        edited("services:\n", "  - {name: example.net, file: e}\n"
                              "  - {name: sub.mgmt.example.net, file: s}\nservices:\n");
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    static const struct {
        const char *name;
        int zone; /* -1: none */
    } cases[] = {{"mgmt.example.net", 0},
                 {"a.b.mgmt.example.net", 0},
                 {"example.net", 1},
                 {"xmgmt.example.net", 1},
                 {"x.sub.mgmt.example.net", 2},
                 {"net", -1},
                 {"badexample.net", -1},
                 {".", -1}};
    for (int indexed = 1; indexed >= 0; indexed--) {
        if (!indexed)
            inv->zones_by_name = NULL; /* as in an inventory that a test makes by hand */
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            TEST_CASE(cases[i].name);
            uint8_t name[256];
            assert_true(name_from_text(cases[i].name, name));
            const struct inv_zone *expected = cases[i].zone < 0 ? NULL : &inv->zones[cases[i].zone];
            assert_ptr_equal(inventory_zone_of(inv, name), expected);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_named_twice_are_errors),
        cmocka_unit_test(references_to_nothing_are_errors),
        cmocka_unit_test(names_follow_the_rules),
        cmocka_unit_test(names_are_lower_case_a_labels),
        cmocka_unit_test(values_follow_the_rules),
        cmocka_unit_test(base_url_is_https_host_and_slash),
        cmocka_unit_test(base_url_is_normalised),
        cmocka_unit_test(mud_url_has_at_most_253_characters),
        cmocka_unit_test(policies_have_bounds),
        cmocka_unit_test(waivers_belong_to_a_zone_of_their_policy),
        cmocka_unit_test(policies_of_the_inventory_win),
        cmocka_unit_test(what_nobody_uses_is_noted),
        cmocka_unit_test(zone_of_a_name_is_the_closest),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
