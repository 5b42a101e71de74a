/* The MUD file of a device model: what each line of the inventory becomes. */
#include "sample.h"

#define FW                                                                                         \
    "services:\n"                                                                                  \
    "  - name: fw\n"                                                                               \
    "    purpose: firmware-update\n"                                                               \
    "    domains: [{name: fw.example.net}]\n"                                                      \
    "    endpoints: [{protocol: tcp, port: 443}]\n"

/* The ACE of model 0 whose name begins with PREFIX, in the ACL called ACL; NULL: none. */
static json_t *find_ace(json_t *mud, const char *acl_name, const char *prefix)
{
    size_t i, k;
    json_t *acl, *ace;
    json_t *acls = json_object_get(json_object_get(mud, "ietf-access-control-list:acls"), "acl");
    json_array_foreach(acls, i, acl)
    {
        if (strcmp(json_string_value(json_object_get(acl, "name")), acl_name) != 0)
            continue;
        json_array_foreach(json_object_get(json_object_get(acl, "aces"), "ace"), k, ace)
        {
            const char *name = json_string_value(json_object_get(ace, "name"));
            if (strncmp(name, prefix, strlen(prefix)) == 0)
                return ace;
        }
    }
    return NULL;
}

static void assert_matches(json_t *mud, const char *acl, const char *prefix, const char *expected)
{
    json_t *ace = find_ace(mud, acl, prefix);
    if (ace == NULL)
        fail_msg("no ACE %s in %s", prefix, acl);
    char *text = json_dumps(json_object_get(ace, "matches"), JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
}

static const struct {
    const char *name;
    const char *extra; /* in the model */
    const char *prefix;
    const char *from4;
    const char *to6;
} endpoint_cases[] = {
    {"tcp to a domain", "", "fw-example-net-tcp-443-",
     "{\"ipv4\":{\"protocol\":6,\"ietf-acldns:dst-dnsname\":\"fw.example.net\"},\"tcp\":{"
     "\"ietf-mud:direction-initiated\":\"from-device\",\"destination-port\":{\"operator\":\"eq\","
     "\"port\":443}}}",
     "{\"ipv6\":{\"protocol\":6,\"ietf-acldns:src-dnsname\":\"fw.example.net\"},\"tcp\":{"
     "\"ietf-mud:direction-initiated\":\"from-device\",\"source-port\":{\"operator\":\"eq\","
     "\"port\":443}}}"},
    {"the local resolver is always there", "", "controller-urn-ietf-params-mud-dns-udp-53-",
     "{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:dns\"},\"ipv4\":{\"protocol\":17},"
     "\"udp\":{\"destination-port\":{\"operator\":\"eq\",\"port\":53}}}",
     "{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:dns\"},\"ipv6\":{\"protocol\":17},"
     "\"udp\":{\"source-port\":{\"operator\":\"eq\",\"port\":53}}}"},
    {"over TCP too", "", "controller-urn-ietf-params-mud-dns-tcp-53-",
     "{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:dns\"},\"ipv4\":{\"protocol\":6},"
     "\"tcp\":{\"ietf-mud:direction-initiated\":\"from-device\",\"destination-port\":{"
     "\"operator\":\"eq\",\"port\":53}}}",
     "{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:dns\"},\"ipv6\":{\"protocol\":6},"
     "\"tcp\":{\"ietf-mud:direction-initiated\":\"from-device\",\"source-port\":{"
     "\"operator\":\"eq\",\"port\":53}}}"},
    {"remote side calls: the port is the device's",
     "    local: [{protocol: tcp, port: 8000-8010, initiated-by: remote}]\n",
     "local-networks-tcp-8000-8010-in-",
     "{\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv4\":{\"protocol\":6},\"tcp\":{"
     "\"ietf-mud:direction-initiated\":\"to-device\",\"source-port\":{\"lower-port\":8000,"
     "\"upper-port\":8010}}}",
     "{\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv6\":{\"protocol\":6},\"tcp\":{"
     "\"ietf-mud:direction-initiated\":\"to-device\",\"destination-port\":{\"lower-port\":8000,"
     "\"upper-port\":8010}}}"},
    {"either side: as device", "    local: [{protocol: udp, port: 5353, initiated-by: any}]\n",
     "local-networks-udp-5353-",
     "{\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv4\":{\"protocol\":17},\"udp\":{"
     "\"destination-port\":{\"operator\":\"eq\",\"port\":5353}}}",
     "{\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv6\":{\"protocol\":17},\"udp\":{"
     "\"source-port\":{\"operator\":\"eq\",\"port\":5353}}}"},
    {"either side: as remote", "    local: [{protocol: udp, port: 5353, initiated-by: any}]\n",
     "local-networks-udp-5353-in-",
     "{\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv4\":{\"protocol\":17},\"udp\":{"
     "\"source-port\":{\"operator\":\"eq\",\"port\":5353}}}",
     "{\"ietf-mud:mud\":{\"local-networks\":[null]},\"ipv6\":{\"protocol\":17},\"udp\":{"
     "\"destination-port\":{\"operator\":\"eq\",\"port\":5353}}}"},
    {"every port of udp", "    same-manufacturer: [{protocol: udp}]\n", "same-manufacturer-udp-",
     "{\"ietf-mud:mud\":{\"same-manufacturer\":[null]},\"ipv4\":{\"protocol\":17}}",
     "{\"ietf-mud:mud\":{\"same-manufacturer\":[null]},\"ipv6\":{\"protocol\":17}}"},
    {"every port of tcp says who began", "    same-manufacturer: [{protocol: tcp}]\n",
     "same-manufacturer-tcp-",
     "{\"ietf-mud:mud\":{\"same-manufacturer\":[null]},\"ipv4\":{\"protocol\":6},\"tcp\":{"
     "\"ietf-mud:direction-initiated\":\"from-device\"}}",
     "{\"ietf-mud:mud\":{\"same-manufacturer\":[null]},\"ipv6\":{\"protocol\":6},\"tcp\":{"
     "\"ietf-mud:direction-initiated\":\"from-device\"}}"},
    {"icmp has a number per family", "    my-controller: [{protocol: icmp}]\n",
     "my-controller-icmp-",
     "{\"ietf-mud:mud\":{\"my-controller\":[null]},\"ipv4\":{\"protocol\":1}}",
     "{\"ietf-mud:mud\":{\"my-controller\":[null]},\"ipv6\":{\"protocol\":58}}"},
    {"any protocol", "    my-controller: [{protocol: any}]\n", "my-controller-any-",
     "{\"ietf-mud:mud\":{\"my-controller\":[null]}}",
     "{\"ietf-mud:mud\":{\"my-controller\":[null]}}"},
    {"a controller class",
     "    controllers: [{uri: \"urn:ietf:params:mud:ntp\", protocol: udp, port: 123}]\n",
     "controller-urn-ietf-params-mud-ntp-udp-123-",
     "{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:ntp\"},\"ipv4\":{\"protocol\":17},"
     "\"udp\":{\"destination-port\":{\"operator\":\"eq\",\"port\":123}}}",
     "{\"ietf-mud:mud\":{\"controller\":\"urn:ietf:params:mud:ntp\"},\"ipv6\":{\"protocol\":17},"
     "\"udp\":{\"source-port\":{\"operator\":\"eq\",\"port\":123}}}"},
};

static const char model_block[] = "models:\n"
                                  "  - name: cam\n"
                                  "    model-name: Cam\n"
                                  "    systeminfo: A camera\n"
                                  "    supported: true\n"
                                  "    services: [fw]\n";

static void endpoints_become_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(endpoint_cases) / sizeof(endpoint_cases[0]); i++) {
        TEST_CASE(endpoint_cases[i].name);
        AUTO(buf) struct buf text = {0};
        buf_printf(&text, "%s%s%s%s", SAMPLE_HEAD, FW, model_block, endpoint_cases[i].extra);
        AUTO(sample) struct sample s = sample_build(buf_str(&text), NULL, SAMPLE_NOW);
        json_t *mud = parse_json(s.out->models[0].json);
        assert_matches(mud, "cam-v4-from-0", endpoint_cases[i].prefix, endpoint_cases[i].from4);
        assert_matches(mud, "cam-v6-to-0", endpoint_cases[i].prefix, endpoint_cases[i].to6);
        json_decref(mud);
    }
}

static void root_says_who_and_where(void **state)
{
    (void)state;
    AUTO(sample) struct sample s = sample_build(SAMPLE_HEAD FW SAMPLE_CAM, NULL, SAMPLE_NOW);
    json_t *file = parse_json(s.out->models[0].json);
    json_t *mud = json_object_get(file, "ietf-mud:mud");
    json_object_del(mud, "from-device-policy");
    json_object_del(mud, "to-device-policy");
    char *text = json_dumps(mud, JSON_COMPACT);
    assert_string_equal(
        text, "{\"mud-version\":1,\"mud-url\":\"https://mud.example.net/cam/cam.json\","
              "\"mud-signature\":\"https://mud.example.net/cam/cam.p7s\","
              "\"last-update\":\"2026-11-21T22:26:40Z\",\"cache-validity\":48,"
              "\"is-supported\":true,\"systeminfo\":\"A camera\",\"mfg-name\":\"Example Devices\","
              "\"documentation\":\"https://example.net/network\",\"model-name\":\"Cam\"}");
    free(text);
    json_decref(file);
    assert_string_equal(s.out->models[0].url, "https://mud.example.net/cam/cam.json");
    assert_null(memchr(s.out->models[0].json.data, '\n', s.out->models[0].json.len));
}

static void order_of_input_does_not_show(void **state)
{
    (void)state;
    AUTO(sample)
    struct sample a = sample_build(
        SAMPLE_HEAD
        "services:\n"
        "  - {name: fw, purpose: firmware-update, domains: [{name: b.example.net}, {name: "
        "a.example.net}], endpoints: [{protocol: tcp, port: 443}, {protocol: udp, port: 443}]}\n"
        "  - {name: log, purpose: telemetry, required: false, domains: [{name: a.example.net}], "
        "endpoints: [{protocol: tcp, port: 443}]}\n"
        "models:\n"
        "  - {name: cam, model-name: Cam, systeminfo: s, supported: true, services: [fw, log]}\n"
        "  - {name: bulb, model-name: Bulb, systeminfo: s, supported: true, services: [log]}\n",
        NULL, SAMPLE_NOW);
    AUTO(sample)
    struct sample b = sample_build(
        SAMPLE_HEAD
        "# a comment makes no difference\n"
        "services:\n"
        "  - {name: log, purpose: telemetry, required: false, domains: [{name: A.Example.NET}], "
        "endpoints: [{protocol: tcp, port: 443}]}\n"
        "  - {name: fw, purpose: firmware-update, domains: [{name: a.example.net}, {name: "
        "b.example.net}], endpoints: [{protocol: udp, port: 443}, {protocol: tcp, port: 443}]}\n"
        "models:\n"
        "  - {name: cam, model-name: Cam, systeminfo: s, supported: true, services: [log, fw]}\n"
        "  - {name: bulb, model-name: Bulb, systeminfo: s, supported: true, services: [log]}\n",
        NULL, SAMPLE_NOW);
    assert_true(same_files(a.out, b.out));
}

static void over_fifty_entries_are_split(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, SAMPLE_HEAD "services:\n  - name: fw\n    purpose: media\n    domains:\n");
    for (int i = 0; i < 120; i++)
        buf_printf(&text, "      - {name: n%03d.example.net}\n", i);
    buf_add_str(&text, "    endpoints: [{protocol: tcp, port: 443}]\n" SAMPLE_CAM);
    AUTO(sample) struct sample s = sample_build(buf_str(&text), NULL, SAMPLE_NOW);
    json_t *mud = parse_json(s.out->models[0].json);
    json_t *acls = json_object_get(json_object_get(mud, "ietf-access-control-list:acls"), "acl");
    /* 120 names and two for DNS: 50 + 50 + 22, four times */
    static const char *const names[] = {"cam-v4-from-0", "cam-v4-from-1", "cam-v4-from-2",
                                        "cam-v4-to-0",   "cam-v4-to-1",   "cam-v4-to-2",
                                        "cam-v6-from-0", "cam-v6-from-1", "cam-v6-from-2",
                                        "cam-v6-to-0",   "cam-v6-to-1",   "cam-v6-to-2"};
    const char *before = "";
    assert_int_equal(json_array_size(acls), 12);
    for (size_t i = 0; i < 12; i++) {
        json_t *acl = json_array_get(acls, i);
        json_t *aces = json_object_get(json_object_get(acl, "aces"), "ace");
        assert_string_equal(json_string_value(json_object_get(acl, "name")), names[i]);
        assert_int_equal(json_array_size(aces), i % 3 == 2 ? 22 : 50);
        for (size_t k = 0; k < json_array_size(aces); k++) {
            const char *name = json_string_value(json_object_get(json_array_get(aces, k), "name"));
            assert_true((i % 3 == 0 && k == 0) || strcmp(before, name) < 0);
            before = name;
        }
    }
    json_decref(mud);
}

static void an_entry_keeps_its_name_when_others_come(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(SAMPLE_HEAD FW SAMPLE_CAM, NULL, SAMPLE_NOW);
    AUTO(sample)
    struct sample b =
        sample_build(SAMPLE_HEAD "services:\n"
                                 "  - name: fw\n"
                                 "    purpose: firmware-update\n"
                                 "    domains: [{name: aa.example.net}, {name: fw.example.net}]\n"
                                 "    endpoints: [{protocol: tcp, port: 443}]\n" SAMPLE_CAM,
                     NULL, SAMPLE_NOW);
    json_t *x = parse_json(a.out->models[0].json);
    json_t *y = parse_json(b.out->models[0].json);
    assert_true(json_equal(find_ace(x, "cam-v4-from-0", "fw-example-net"),
                           find_ace(y, "cam-v4-from-0", "fw-example-net")));
    json_decref(x);
    json_decref(y);
}

static void long_model_names_get_shorter_acl_names(void **state)
{
    (void)state;
    static const char name[] = "m23456789-123456789-123456789-123456789-123456789-123456789-xyz";
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf text = {0};
    assert_int_equal(strlen(name), 63);
    buf_printf(&text,
               "%s%smodels:\n  - {name: %s, model-name: M, systeminfo: s, supported: true, "
               "services: [fw]}\n",
               SAMPLE_HEAD, FW, name);
    AUTO(sample) struct sample s = sample_build(buf_str(&text), NULL, SAMPLE_NOW);
    json_t *mud = parse_json(s.out->models[0].json);
    json_t *acls = json_object_get(json_object_get(mud, "ietf-access-control-list:acls"), "acl");
    for (size_t i = 0; i < json_array_size(acls); i++) {
        const char *acl = json_string_value(json_object_get(json_array_get(acls, i), "name"));
        assert_int_equal(strlen(acl), 64);
        assert_memory_equal(acl, name, 40);
    }
    json_decref(mud);
    assert_int_equal(mud_check(s.inv, SAMPLE_NOW, d), ERR_OK);
    assert_int_equal(count_findings(d, "mud-acl-shortened"), 1);
}

static void wildcards_are_left_out_and_reported(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(sample)
    struct sample s = sample_build(
        SAMPLE_HEAD "services:\n"
                    "  - name: fw\n"
                    "    purpose: firmware-update\n"
                    "    domains: [{name: fw.example.net}, {name: \"*.cdn.example.net\"}]\n"
                    "    endpoints: [{protocol: tcp, port: 443}]\n" SAMPLE_CAM,
        NULL, SAMPLE_NOW);
    assert_null(memmem(s.out->models[0].json.data, s.out->models[0].json.len, "cdn", 3));
    assert_non_null(memmem(s.out->list.data, s.out->list.len, "cdn.example.net", 15));
    assert_int_equal(mud_check(s.inv, SAMPLE_NOW, d), ERR_OK);
    assert_int_equal(count_findings(d, "mud-wildcard"), 1);
    assert_int_equal(diags_at(d, 0)->severity, SEV_WARNING);
    assert_string_equal(diags_at(d, 0)->at, "*.cdn.example.net");
    assert_true(diags_at(d, 0)->line > 0);
    assert_int_equal(count_findings(s.diags, "mud-wildcard"), 0); /* check has said it */
}

/* A model of a name with an underscore in a file that asks to be fetched often. */
static void doubtful_values_are_told_once_and_by_check(void **state)
{
    static const char text[] =
        SAMPLE_HEAD "services:\n"
                    "  - {name: fw, purpose: media, domains: [{name: _x.example.net}], endpoints: "
                    "[{protocol: tcp}]}\n" SAMPLE_CAM;
    (void)state;
    AUTO(sample) struct sample s = sample_build(text, NULL, SAMPLE_NOW);
    assert_int_equal(diags_n(s.diags), 0);
    AUTO_PTR(diags) struct diags *d = diags_new();
    s.inv->publication.cache_validity_h = 23;
    assert_int_equal(mud_check(s.inv, SAMPLE_NOW, d), ERR_OK);
    assert_int_equal(diags_n(d), 2);
    assert_string_equal(diags_at(d, 0)->rule->id, "mud-cache-validity-short");
    assert_string_equal(diags_at(d, 0)->file, "inventory.yaml");
    assert_string_equal(diags_at(d, 1)->rule->id, "mud-host-underscore");
    assert_string_equal(diags_at(d, 1)->file, "inventory.yaml");
    assert_true(diags_at(d, 0)->line > 0 && diags_at(d, 1)->line > 0);
}

#define CAM_UPDATED(at)                                                                            \
    "models:\n  - {name: cam, model-name: Cam, systeminfo: A camera, supported: true, services: "  \
    "[fw], updated: " at "}\n"

static void last_update_moves_with_the_content_only(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(SAMPLE_HEAD FW SAMPLE_CAM, NULL, SAMPLE_NOW);
    AUTO(sample)
    struct sample b =
        sample_build("# new comment\n" SAMPLE_HEAD FW SAMPLE_CAM, &a, SAMPLE_NOW + 1000);
    assert_true(bytes_equal(a.out->models[0].json, b.out->models[0].json));
    assert_int_equal(b.out->models[0].updated_at, SAMPLE_NOW);
    AUTO(sample)
    struct sample c = sample_build(
        SAMPLE_HEAD FW "models:\n  - {name: cam, model-name: Cam 2, systeminfo: A camera, "
                       "supported: true, services: [fw]}\n",
        &b, SAMPLE_NOW + 2000);
    assert_int_equal(c.out->models[0].updated_at, SAMPLE_NOW + 2000);
}

static void stated_update_is_used_and_doubted(void **state)
{
    (void)state;
    AUTO(sample)
    struct sample a =
        sample_build(SAMPLE_HEAD FW CAM_UPDATED("2026-11-01T09:00:00Z"), NULL, SAMPLE_NOW);
    assert_non_null(memmem(a.out->models[0].json.data, a.out->models[0].json.len,
                           "\"2026-11-01T09:00:00Z\"", 22));
    assert_int_equal(diags_n(a.diags), 0);
    AUTO(sample)
    struct sample b = sample_build(
        SAMPLE_HEAD "services:\n"
                    "  - {name: fw, purpose: media, domains: [{name: x.example.net}, "
                    "{name: fw.example.net}], endpoints: [{protocol: udp}]}\n" CAM_UPDATED(
                        "2026-11-01T09:00:00Z"),
        &a, SAMPLE_NOW + 1);
    assert_int_equal(count_findings(b.diags, "mud-updated-stale"), 1);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_become_matches),
        cmocka_unit_test(root_says_who_and_where),
        cmocka_unit_test(order_of_input_does_not_show),
        cmocka_unit_test(over_fifty_entries_are_split),
        cmocka_unit_test(an_entry_keeps_its_name_when_others_come),
        cmocka_unit_test(long_model_names_get_shorter_acl_names),
        cmocka_unit_test(wildcards_are_left_out_and_reported),
        cmocka_unit_test(doubtful_values_are_told_once_and_by_check),
        cmocka_unit_test(last_update_moves_with_the_content_only),
        cmocka_unit_test(stated_update_is_used_and_doubted),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
