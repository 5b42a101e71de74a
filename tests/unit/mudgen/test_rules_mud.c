/* What YANG cannot say: each rule broken by one edit, in a foreign file and in one of ours. */
#include "tests/unit/mudgen/mud_case.h"

#define ACLS  "/ietf-access-control-list:acls"
#define ACE0  ACLS "/acl/0/aces/ace/0"
#define FW    ACLS "/acl/0/aces/ace/2" /* the entry with a domain name */
#define NAME0 ACLS "/acl/0/name"

#define LONG_URL                                                                                   \
    "https://mud.example.net/"                                                                     \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"  \
    "2345678901234567890123456789012345678901234567890"

static const struct mud_case edits[] = {
    /* the mud container */
    {"version 2", "\"mud-version\": 1", "\"mud-version\": 2",
     "error mud-version /ietf-mud:mud/mud-version\n", FOREIGN},
    {"http", "\"https://mud.example.net/cam/cam.json\"", "\"http://mud.example.net/cam/cam.json\"",
     "error mud-url-scheme /ietf-mud:mud/mud-url\n", FOREIGN},
    {"no URL at all", "\"https://mud.example.net/cam/cam.json\"", "\"\"",
     "error mud-url-scheme /ietf-mud:mud/mud-url\n", FOREIGN},
    {"no host", "\"https://mud.example.net/cam/cam.json\"", "\"https:///cam.json\"",
     "error mud-url-host /ietf-mud:mud/mud-url\n", FOREIGN},
    {"long URL", "\"https://mud.example.net/cam/cam.json\"", "\"" LONG_URL "\"",
     "warning mud-url-length /ietf-mud:mud/mud-url\n", FOREIGN},
    {"long URL, ours", "\"https://mud.example.net/cam/cam.json\"", "\"" LONG_URL "\"",
     "error mud-url-length /ietf-mud:mud/mud-url\n", OURS},
    {"scheme in capitals", "\"https://mud.example.net/cam/cam.json\"",
     "\"HTTPS://mud.example.net/cam/cam.json\"", "warning mud-uri-relative /ietf-mud:mud/mud-url\n",
     FOREIGN},
    {"relative signature", "\"https://mud.example.net/cam/cam.p7s\"", "\"/cam/cam.p7s\"",
     "warning mud-uri-relative /ietf-mud:mud/mud-signature\n", FOREIGN},
    {"relative signature, ours", "\"https://mud.example.net/cam/cam.p7s\"", "\"/cam/cam.p7s\"",
     "error mud-uri-relative /ietf-mud:mud/mud-signature\n", OURS},
    {"no signature", "\"mud-signature\": \"https://mud.example.net/cam/cam.p7s\",", "",
     "warning mud-signature-missing /ietf-mud:mud\n", FOREIGN},
    {"no signature, ours", "\"mud-signature\": \"https://mud.example.net/cam/cam.p7s\",", "",
     "error mud-signature-missing /ietf-mud:mud\n", OURS},
    {"day 31 of November", "2026-11-21", "2026-11-31",
     "error mud-last-update /ietf-mud:mud/last-update\n", FOREIGN},
    {"leap second and offset", "10:00:00Z", "23:59:60.5+14:00", "", OURS},
    {"asked for too often", "\"cache-validity\": 48", "\"cache-validity\": 23",
     "warning mud-cache-validity-short /ietf-mud:mud/cache-validity\n", FOREIGN},
    {"asked for too often, ours", "\"cache-validity\": 48", "\"cache-validity\": 23", "", OURS},
    {"just often enough", "\"cache-validity\": 48", "\"cache-validity\": 24", "", OURS},
    {"61 characters", "Example camera",
     "0123456789012345678901234567890123456789012345678901234567890",
     "warning mud-systeminfo-long /ietf-mud:mud/systeminfo\n", FOREIGN},
    {"61 characters, ours", "Example camera",
     "0123456789012345678901234567890123456789012345678901234567890",
     "error mud-systeminfo-long /ietf-mud:mud/systeminfo\n", OURS},
    {"60 characters in more octets", "Example camera",
     "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", "", OURS},
    {"no mfg-name", "\"mfg-name\": \"Example\",", "",
     "warning mud-mfg-name-missing /ietf-mud:mud\n", FOREIGN},
    {"empty model-name, ours", "\"Camera\"", "\"\"",
     "error mud-model-name-missing /ietf-mud:mud/model-name\n", OURS},
    {"no documentation", "\"documentation\": \"https://example.net/cam\",", "",
     "warning mud-documentation-missing /ietf-mud:mud\n", FOREIGN},
    {"revision", "\"mud-version\"", "\"firmware-rev\": \"1\", \"mud-version\"",
     "note mud-revision-stated /ietf-mud:mud/firmware-rev\n", OURS},
    /* extensions */
    {"extension not declared", "\"mud-version\"",
     "\"ietf-mud-transparency:transparency\": {}, \"mud-version\"",
     "error mud-extension-undeclared /ietf-mud:mud/ietf-mud-transparency:transparency\n", FOREIGN},
    {"extension declared", "\"mud-version\"",
     "\"extensions\": [\"transparency\"], \"ietf-mud-transparency:transparency\": {}, "
     "\"mud-version\"",
     "", OURS},
    {"extension declared by its module", "\"mud-version\"",
     "\"extensions\": [\"ietf-mud-tls\"], \"ietf-mud-tls:is-tls-dtls-profile-supported\": true, "
     "\"mud-version\"",
     "", OURS},
    {"another extension declared", "\"mud-version\"",
     "\"extensions\": [\"transparency\"], \"ietf-mud-tls:is-tls-dtls-profile-supported\": true, "
     "\"mud-version\"",
     "error mud-extension-undeclared "
     "/ietf-mud:mud/ietf-mud-tls:is-tls-dtls-profile-supported\n",
     FOREIGN},
    /* access lists */
    {"list that no policy names", "\"acl\": [",
     "\"acl\": [{\"name\": \"x\", \"type\": \"ipv4-acl-type\"},",
     "warning mud-acl-unused " NAME0 "\n", FOREIGN},
    {"list that no policy names, ours", "\"acl\": [",
     "\"acl\": [{\"name\": \"x\", \"type\": \"ipv4-acl-type\"},",
     "error mud-acl-unused " NAME0 "\n", OURS},
    {"no type", "\"type\": \"ipv4-acl-type\",", "",
     /* the data model's `when` looks at the types of all lists: another IPv4 list is enough for it
      */
     "warning mud-acl-type " ACLS "/acl/0\n", FOREIGN},
    {"type with module", "\"type\": \"ipv4-acl-type\"",
     "\"type\": \"ietf-access-control-list:ipv4-acl-type\"", "", OURS},
    {"type that needs Ethernet", "\"type\": \"ipv4-acl-type\"",
     "\"type\": \"mixed-eth-ipv4-acl-type\"", "warning mud-acl-type " ACLS "/acl/0/type\n",
     FOREIGN},
    {"matches of the other family", "\"ipv4\": {\n                  \"protocol\": 6\n",
     "\"ipv6\": {\n                  \"protocol\": 6\n",
     "warning mud-acl-family " ACE0 "/matches/ipv6\n", FOREIGN},
    {"name with capitals", "\"dns-tcp-from\"", "\"DNS tcp\"",
     "warning mud-names-plain " ACE0 "/name\n", FOREIGN},
    {"name with capitals, ours", "\"dns-tcp-from\"", "\"DNS tcp\"",
     "error mud-names-plain " ACE0 "/name\n", OURS},
    {"interface", "\"matches\": {", "\"matches\": {\"egress-interface\": \"eth0\",",
     "error mud-reference " ACE0 "/matches/egress-interface\n"
     "warning mud-interfaces " ACE0 "/matches/egress-interface\n",
     FOREIGN},
    {"attachment points", "\"acl\": [", "\"attachment-points\": {}, \"acl\": [",
     "warning mud-interfaces " ACLS "/attachment-points\n", FOREIGN},
    /* entries */
    {"name of the wrong end", "\"ietf-acldns:dst-dnsname\"", "\"ietf-acldns:src-dnsname\"",
     "error mud-dnsname-direction " FW "/matches/ipv4/ietf-acldns:src-dnsname\n", FOREIGN},
    {"name of the other wrong end", "\"ietf-acldns:src-dnsname\"", "\"ietf-acldns:dst-dnsname\"",
     "error mud-dnsname-direction " ACLS "/acl/1/aces/ace/2/matches/ipv4/ietf-acldns:dst-dnsname\n",
     FOREIGN},
    {"underscore", "\"fw.example.net\"", "\"_fw.example.net\"",
     "warning mud-dnsname-underscore " FW "/matches/ipv4/ietf-acldns:dst-dnsname\n", FOREIGN},
    {"underscore, ours", "\"fw.example.net\"", "\"_fw.example.net\"", "", OURS},
    {"address as a name", "\"fw.example.net\"", "\"192.0.2.1\"",
     "warning mud-ip-address " FW "/matches/ipv4/ietf-acldns:dst-dnsname\n", FOREIGN},
    {"address as a name, ours", "\"fw.example.net\"", "\"192.0.2.1\"",
     "error mud-ip-address " FW "/matches/ipv4/ietf-acldns:dst-dnsname\n", OURS},
    {"prefix", "\"protocol\": 6", "\"destination-ipv4-network\": \"192.0.2.0/24\", \"protocol\": 6",
     "warning mud-ip-address " ACE0 "/matches/ipv4/destination-ipv4-network\n", FOREIGN},
    {"reject", "\"forwarding\": \"accept\"", "\"forwarding\": \"reject\"",
     "warning mud-action " ACE0 "/actions/forwarding\n", FOREIGN},
    {"drop", "\"forwarding\": \"accept\"", "\"forwarding\": \"drop\"", "", FOREIGN},
    {"drop, ours", "\"forwarding\": \"accept\"", "\"forwarding\": \"drop\"",
     "error mud-action " ACE0 "/actions/forwarding\n", OURS},
    {"logging", "\"forwarding\": \"accept\"",
     "\"logging\": \"log-none\", \"forwarding\": \"accept\"",
     "warning mud-leaf-unusual " ACE0 "/actions/logging\n", FOREIGN},
    {"class of service", "\"protocol\": 6", "\"dscp\": 8, \"protocol\": 6",
     "warning mud-leaf-unusual " ACE0 "/matches/ipv4/dscp\n", FOREIGN},
    {"relative controller", "\"urn:ietf:params:mud:dns\"", "\"dns\"",
     "warning mud-uri-relative " ACE0 "/matches/ietf-mud:mud/controller\n", FOREIGN},
    {"no direction of a name's TCP",
     "\"ietf-acldns:dst-dnsname\": \"fw.example.net\"\n                },\n"
     "                \"tcp\": {\n"
     "                  \"ietf-mud:direction-initiated\": \"from-device\",",
     "\"ietf-acldns:dst-dnsname\": \"fw.example.net\"\n                },\n"
     "                \"tcp\": {",
     "warning mud-direction-initiated " FW "/matches/tcp\n", FOREIGN},
    /* only of ours */
    {"list name without family", "\"name\": \"cam-v4-from-0\",\n        \"type\"",
     "\"name\": \"cam-x-from-0\",\n        \"type\"",
     "error mud-local-dns /ietf-mud:mud\nerror mud-local-dns /ietf-mud:mud\n"
     "error mud-reference "
     "/ietf-mud:mud/from-device-policy/access-lists/access-list/0/name\n"
     "error mud-acl-unused " NAME0 "\n",
     OURS},
    {"type against the name", "\"type\": \"ipv4-acl-type\"", "\"type\": \"ipv6-acl-type\"",
     "error mud-local-dns /ietf-mud:mud\nerror mud-local-dns /ietf-mud:mud\n"
     "error mud-acl-name " NAME0 "\n"
     "error mud-acl-family " ACE0 "/matches/ipv4\n"
     "error mud-acl-family " ACLS "/acl/0/aces/ace/1/matches/ipv4\n"
     "error mud-acl-family " FW "/matches/ipv4\n",
     OURS},
    {"resolver on another port", "\"port\": 53", "\"port\": 54",
     "error mud-local-dns /ietf-mud:mud\n", OURS},
    {"resolver on another port, foreign", "\"port\": 53", "\"port\": 54", "", FOREIGN},
};

static void each_rule_by_one_edit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
        check_case(&edits[i]);
}

/* The rule counts per list, so that a file of a tool with another style gets one finding. */
static void names_of_a_list_are_one_finding(void **state)
{
    static const char text[] =
        "{\"ietf-mud:mud\":1,\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"a\","
        "\"type\":\"ipv4-acl-type\",\"aces\":{\"ace\":[{\"name\":\"A\"},{\"name\":\"b\"},"
        "{\"name\":\"C\"}]}}]}}";
    AUTO_PTR(diags) struct diags *d = diags_new();
    size_t n = 0;
    (void)state;
    struct bytes bytes = {(const uint8_t *)text, sizeof(text) - 1};
    assert_int_equal(mud_validate(validator, "f", bytes, MUD_FOREIGN, d), ERR_FINDINGS);
    for (size_t i = 0; i < diags_n(d); i++) {
        if (strcmp(diags_at(d, i)->rule->id, "mud-names-plain") != 0)
            continue;
        assert_string_equal(diags_at(d, i)->found, "\"A\" and 1 more in this list");
        n++;
    }
    assert_int_equal(n, 1);
}

static void fifty_entries_are_enough(void **state)
{
    (void)state;
    for (unsigned aces = 50; aces <= 51; aces++) {
        AUTO(buf) struct buf text = {0};
        AUTO_PTR(diags) struct diags *d = diags_new();
        size_t n = 0;
        buf_add_str(&text, "{\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"a\","
                           "\"aces\":{\"ace\":[");
        for (unsigned i = 0; i < aces; i++)
            buf_printf(&text, "%s{\"name\":\"%u\",\"actions\":{\"forwarding\":\"accept\"}}",
                       i == 0 ? "" : ",", i);
        buf_add_str(&text, "]}}]}}");
        assert_int_equal(mud_validate(validator, "f", buf_bytes(&text), MUD_FOREIGN, d),
                         ERR_FINDINGS);
        for (size_t i = 0; i < diags_n(d); i++)
            n += strcmp(diags_at(d, i)->rule->id, "mud-acl-long") == 0;
        assert_int_equal(n, aces > 50);
    }
}

/* Rules are told apart by their ids, and every id says where it comes from. */
static void ids_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; mudgen_rules[i] != NULL; i++) {
        assert_true(strlen(mudgen_rules[i]->id) > 0 && strlen(mudgen_rules[i]->source) > 0);
        assert_true(strlen(mudgen_rules[i]->expected) > 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(mudgen_rules[i]->id, mudgen_rules[j]->id);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_by_one_edit),
        cmocka_unit_test(names_of_a_list_are_one_finding),
        cmocka_unit_test(fifty_entries_are_enough),
        cmocka_unit_test(ids_are_unique),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_validator, free_validator);
}
