/* What the data models refuse, and what is no MUD file at all: ids and places of the findings. */
#include "tests/unit/mudgen/mud_case.h"

#define ACLS "/ietf-access-control-list:acls"
#define ACE0 ACLS "/acl/0/aces/ace/0"

static const struct mud_case edits[] = {
    {"nothing changed, foreign", "{", "{", "", FOREIGN},
    {"nothing changed, ours", "{", "{", "", OURS},
    {"number over its range", "\"cache-validity\": 48", "\"cache-validity\": 169",
     "error mud-value /ietf-mud:mud/cache-validity\n", FOREIGN},
    {"number as a string", "\"cache-validity\": 48", "\"cache-validity\": \"48\"",
     "error mud-value /ietf-mud:mud/cache-validity\n", FOREIGN},
    {"string where a boolean belongs", "\"is-supported\": true", "\"is-supported\": \"true\"",
     "error mud-value /ietf-mud:mud/is-supported\n", FOREIGN},
    {"object where a leaf belongs", "\"is-supported\": true", "\"is-supported\": {}",
     "error mud-value /ietf-mud:mud/is-supported\n", FOREIGN},
    {"date without offset", "10:00:00Z", "10:00:00", "error mud-value /ietf-mud:mud/last-update\n",
     FOREIGN},
    {"month 13", "2026-11-21T", "2026-13-21T", "error mud-last-update /ietf-mud:mud/last-update\n",
     FOREIGN},
    {"wildcard name", "\"fw.example.net\"", "\"*.example.net\"",
     "error mud-value " ACLS "/acl/0/aces/ace/2/matches/ipv4/ietf-acldns:dst-dnsname\n", FOREIGN},
    {"unknown enumeration", "\"operator\": \"eq\"", "\"operator\": \"is\"",
     "error mud-value " ACE0 "/matches/tcp/destination-port/operator\n", FOREIGN},
    {"unknown identity", "\"forwarding\": \"accept\"", "\"forwarding\": \"permit\"",
     "error mud-value " ACE0 "/actions/forwarding\nwarning mud-action " ACE0
     "/actions/forwarding\n",
     FOREIGN},
    {"unknown node", "\"systeminfo\"", "\"system-info\"",
     "error mud-unknown-node /ietf-mud:mud/system-info\n", FOREIGN},
    {"module's name forgotten", "\"ietf-acldns:dst-dnsname\"", "\"dst-dnsname\"",
     "error mud-unknown-node " ACLS "/acl/0/aces/ace/2/matches/ipv4/dst-dnsname\n", FOREIGN},
    {"module's name forgotten at the top", "\"ietf-mud:mud\"", "\"mud\"",
     "error mud-container-missing -\nerror mud-unknown-node /mud\n"
     "warning mud-acl-unused " ACLS "/acl/0/name\n"
     "warning mud-acl-unused " ACLS "/acl/1/name\n"
     "warning mud-acl-unused " ACLS "/acl/2/name\n"
     "warning mud-acl-unused " ACLS "/acl/3/name\n",
     FOREIGN},
    {"mandatory leaf missing", "\"mud-version\": 1,", "", "error mud-missing-node /ietf-mud:mud\n",
     FOREIGN},
    {"mandatory leaf in a missing container",
     "\"actions\": {\n                \"forwarding\": \"accept\"\n              }",
     "\"actions\": {}", "error mud-missing-node " ACE0 "/actions\n", FOREIGN},
    {"mandatory leaf of a case", "\"port\": 53\n", "\"operator\": \"eq\"\n",
     "error mud-missing-node " ACE0 "/matches/tcp/destination-port\n"
     "error mud-json-duplicate " ACE0 "/matches/tcp/destination-port/operator\n",
     FOREIGN},
    {"two cases", "\"operator\": \"eq\",",
     "\"operator\": \"eq\", \"lower-port\": 1, \"upper-port\": 2,",
     "error mud-both-cases " ACE0 "/matches/tcp/destination-port/operator\n", FOREIGN},
    {"range upside down", "\"operator\": \"eq\",\n                    \"port\": 53",
     "\"lower-port\": 9, \"upper-port\": 8",
     "error mud-condition " ACE0 "/matches/tcp/destination-port/lower-port\n", FOREIGN},
    {"list entry without key", "\"name\": \"dns-tcp-from\",", "",
     "error mud-missing-node " ACE0 "\n", FOREIGN},
    {"key of another entry", "\"name\": \"dns-udp-from\"", "\"name\": \"dns-tcp-from\"",
     "error mud-duplicate-entry " ACLS "/acl/0/aces/ace/1/name\n", FOREIGN},
    {"key that is too long", "\"name\": \"dns-tcp-from\"",
     "\"name\": \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\"",
     "error mud-value " ACE0 "/name\n", FOREIGN},
    {"list that is an object", "\"ace\": [\n", "\"ace\": {}, \"x\": [\n",
     "error mud-wrong-shape " ACLS "/acl/0/aces/ace\n"
     "error mud-unknown-node " ACLS "/acl/0/aces/x\n",
     FOREIGN},
    {"container with mandatory nodes that is a list",
     "\"actions\": {\n                \"forwarding\": \"accept\"\n              }",
     "\"actions\": []", "error mud-wrong-shape " ACE0 "/actions\n", FOREIGN},
    {"container that is a list", "\"systeminfo\"", "\"to-device-policy\": [], \"systeminfo\"",
     "error mud-wrong-shape /ietf-mud:mud/to-device-policy\n"
     "error mud-json-duplicate /ietf-mud:mud/to-device-policy\n"
     "warning mud-acl-unused " ACLS "/acl/1/name\n"
     "warning mud-acl-unused " ACLS "/acl/3/name\n",
     FOREIGN},
    {"policy names nothing", "\"name\": \"cam-v6-from-0\"", "\"name\": \"cam-v6-from-1\"",
     "error mud-reference "
     "/ietf-mud:mud/from-device-policy/access-lists/access-list/1/name\n"
     "warning mud-acl-unused " ACLS "/acl/2/name\n",
     FOREIGN},
    {"counter in the file", "\"actions\": {", "\"statistics\": {}, \"actions\": {",
     "error mud-state-node " ACE0 "/statistics\n", FOREIGN},
    {"member twice", "\"mud-version\": 1", "\"mud-version\": 1, \"mud-version\": 1",
     "error mud-json-duplicate /ietf-mud:mud/mud-version\n", FOREIGN},
    {"name of a draft", "\"ietf-access-control-list:acls\"",
     "\"ietf-access-control-list:access-lists\"",
     "error mud-draft-format /ietf-access-control-list:access-lists\n", FOREIGN},
    {"syntax", "\"mud-version\": 1,", "\"mud-version\": 1", "error mud-json-syntax -\n", FOREIGN},
};

/* One file, many errors: all are found, each once. */
static void every_error_is_found(void **state)
{
    static const char text[] =
        "{\"ietf-mud:mud\":{\"mud-version\":300,\"mud-url\":7,\"last-update\":\"soon\","
        "\"colour\":\"red\",\"is-supported\":1,"
        "\"from-device-policy\":{\"access-lists\":{\"access-list\":[{\"name\":\"a\"},"
        "{\"name\":\"b\"},{\"name\":\"c\"}]}}},"
        "\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"a\",\"aces\":{\"ace\":["
        "{\"name\":\"x\",\"matches\":{\"tcp\":{\"source-port\":{\"lower-port\":2,\"upper-port\":1},"
        "\"destination-port\":{\"lower-port\":2,\"upper-port\":1}}},"
        "\"actions\":{\"forwarding\":\"accept\"}},"
        "{\"name\":\"y\",\"matches\":{\"udp\":{\"source-port\":{\"lower-port\":4}}}},"
        "{\"name\":\"z\",\"matches\":{\"udp\":{\"source-port\":{\"lower-port\":6,\"upper-port\":5}}"
        "},"
        "\"actions\":{\"forwarding\":\"accept\"}}]}}]}}";
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf seen = {0};
    struct bytes bytes = {(const uint8_t *)text, sizeof(text) - 1};
    assert_int_equal(mud_validate(validator, "f", bytes, MUD_FOREIGN, d), ERR_FINDINGS);
    list_findings(d, &seen);
    static const char *const wanted[] = {
        "error mud-value /ietf-mud:mud/mud-version\n",
        "error mud-value /ietf-mud:mud/mud-url\n",
        "error mud-value /ietf-mud:mud/last-update\n",
        "error mud-unknown-node /ietf-mud:mud/colour\n",
        "error mud-value /ietf-mud:mud/is-supported\n",
        "error mud-reference /ietf-mud:mud/from-device-policy/access-lists/access-list/1/name\n",
        "error mud-reference /ietf-mud:mud/from-device-policy/access-lists/access-list/2/name\n",
        "error mud-condition " ACE0 "/matches/tcp/source-port/lower-port\n",
        "error mud-condition " ACE0 "/matches/tcp/destination-port/lower-port\n",
        "error mud-missing-node " ACLS "/acl/0/aces/ace/1/matches/udp/source-port\n",
        "error mud-missing-node " ACLS "/acl/0/aces/ace/1\n",
        "error mud-condition " ACLS "/acl/0/aces/ace/2/matches/udp/source-port/lower-port\n",
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const char *first = strstr(buf_str(&seen), wanted[i]);
        if (first == NULL || strstr(first + 1, wanted[i]) != NULL)
            fail_msg("not once: %sin\n%s", wanted[i], buf_str(&seen));
    }
    if (diags_count(d, SEV_ERROR) != sizeof(wanted) / sizeof(wanted[0]) + 1)
        fail_msg("more than wanted:\n%s", buf_str(&seen));
    assert_non_null(strstr(buf_str(&seen), "error mud-version /ietf-mud:mud/mud-version\n"));
}

static void edits_of_a_valid_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
        check_case(&edits[i]);
}

static const struct {
    const char *name;
    const char *text;
    const char *expected;
} not_mud[] = {
    {"nothing", "", "error mud-empty -\n"},
    {"blanks", " \n\t", "error mud-empty -\n"},
    {"a string", "\"{}\"", "error mud-not-object -\n"},
    {"an array", "[]", "error mud-not-object -\n"},
    {"an empty object", "{}", "error mud-container-missing -\n"},
    {"bad UTF-8", "{\"a\":\"\xff\"}", "error mud-json-syntax -\n"},
    {"byte order mark", "\xef\xbb\xbf{}", "error mud-json-syntax -\n"},
    {"interfaces", "{\"ietf-interfaces:interfaces\":{}}",
     "error mud-container-missing -\nerror mud-other-module /ietf-interfaces:interfaces\n"},
    {"mud that is a number", "{\"ietf-mud:mud\":1}", "error mud-wrong-shape /ietf-mud:mud\n"},
    {"unknown module", "{\"x:y\":1}",
     "error mud-container-missing -\nerror mud-unknown-node /x:y\n"
     "error mud-extension-undeclared /x:y\n"},
    {"metadata", "{\"@ietf-mud:mud\":{\"a:b\":1}}",
     "error mud-container-missing -\nerror mud-unknown-node /@ietf-mud:mud\n"
     "error mud-extension-undeclared /@ietf-mud:mud/a:b\n"},
};

static void what_is_no_mud_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(not_mud) / sizeof(not_mud[0]); i++) {
        struct bytes text = {(const uint8_t *)not_mud[i].text, strlen(not_mud[i].text)};
        check_text(not_mud[i].name, text, MUD_FOREIGN, not_mud[i].expected);
    }
}

static void nesting_and_size_have_limits(void **state)
{
    AUTO(buf) struct buf deep = {0};
    AUTO(buf) struct buf wide = {0};
    AUTO(buf) struct buf many = {0};
    (void)state;
    for (size_t i = 0; i < 100000; i++)
        buf_add_char(&deep, '[');
    check_text("deep", buf_bytes(&deep), MUD_FOREIGN, "error mud-json-syntax -\n");
    for (size_t arrays = 0; arrays < 201; arrays++) {
        buf_add_str(&wide, arrays == 0 ? "[[0" : ",[0");
        for (size_t i = 1; i < 2000; i++)
            buf_add_str(&wide, ",0");
        buf_add_char(&wide, ']');
    }
    check_text("wide", buf_bytes(&wide), MUD_FOREIGN, "error mud-too-large -\n");
    buf_add_str(&many, "[0");
    for (size_t i = 1; i < 2000; i++)
        buf_add_str(&many, ",0");
    buf_add_str(&many, "]");
    check_text("just enough", buf_bytes(&many), MUD_FOREIGN, "error mud-not-object -\n");
    many.len--;
    buf_add_str(&many, ",0]");
    check_text("many", buf_bytes(&many), MUD_FOREIGN, "error mud-too-large -\n");
    for (size_t i = 0; i < 4u << 20; i++)
        buf_add_char(&wide, ' ');
    check_text("long", buf_bytes(&wide), MUD_FOREIGN, "error mud-too-large -\n");
}

/* Enough broken conditions that looking for all would take too long: an end, and a word about it.
 */
static void a_flood_of_errors_ends(void **state)
{
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    (void)state;
    buf_add_str(&text,
                "{\"ietf-access-control-list:acls\":{\"acl\":[{\"name\":\"a\",\"aces\":{\"ace\":[");
    for (unsigned i = 0; i < 300; i++)
        buf_printf(&text,
                   "%s{\"name\":\"n%u\",\"matches\":{\"tcp\":{\"source-port\":"
                   "{\"lower-port\":2,\"upper-port\":1}}},\"actions\":{\"forwarding\":\"accept\"}}",
                   i == 0 ? "" : ",", i);
    buf_add_str(&text, "]}}]}}");
    assert_int_equal(mud_validate(validator, "f", buf_bytes(&text), MUD_FOREIGN, d), ERR_FINDINGS);
    size_t conditions = 0, more = 0;
    for (size_t i = 0; i < diags_n(d); i++) {
        conditions += strcmp(diags_at(d, i)->rule->id, "mud-condition") == 0;
        more += strcmp(diags_at(d, i)->rule->id, "mud-more-errors") == 0;
    }
    assert_int_equal(conditions, 100);
    assert_int_equal(more, 1);
}

static void findings_say_what_where_and_why(void **state)
{
    static const char text[] = "{\n  \"ietf-mud:mud\": {\n    \"cache-validity\": 200,"
                               " \"mfg-nam\": \"x\"\n  }\n}\n";
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf all = {0};
    (void)state;
    struct bytes bytes = {(const uint8_t *)text, sizeof(text) - 1};
    assert_int_equal(mud_validate(validator, "f.json", bytes, MUD_FOREIGN, d), ERR_FINDINGS);
    for (size_t i = 0; i < diags_n(d); i++) {
        diag_print(diags_at(d, i), &all);
        buf_add_char(&all, '\n');
    }
    assert_non_null(strstr(buf_str(&all), "f.json:3:5: error: /ietf-mud:mud/cache-validity: 200; "
                                          "expected a number 1..168 [mud-value] (RFC 7950 s9)\n"));
    assert_non_null(strstr(buf_str(&all), "f.json:3:28: error: /ietf-mud:mud/mfg-nam: unknown node "
                                          "in mud; expected perhaps mfg-name "
                                          "[mud-unknown-node] (RFC 7951 s4)\n"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_of_a_valid_file),  cmocka_unit_test(every_error_is_found),
        cmocka_unit_test(what_is_no_mud_file),    cmocka_unit_test(nesting_and_size_have_limits),
        cmocka_unit_test(a_flood_of_errors_ends), cmocka_unit_test(findings_say_what_where_and_why),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_validator, free_validator);
}
