/* Observation files: what is written is read, and what is not one is refused by its place. */
#include <string.h>

#include "app/observation_write.h"
#include "tests/support/testing.h"

#define GOOD                                                                                       \
    "{\"schema\": \"mudzone-observation-1\", \"zone\": \"a.example\", \"parent\": \"example\","    \
    " \"at\": \"2026-11-21T10:00:00Z\", \"answers\": [{\"server\": \"ns\", \"address\":"           \
    " \"192.0.2.1@53\", \"transport\": \"udp\", \"at\": \"2026-11-21T10:00:00Z\","                 \
    " \"response\": \"AAEC\"}], \"chain\": [{\"name\": \"example\", \"type\": \"DNSKEY\","         \
    " \"response\": \"AwQ=\"}]}"

static int parse(const char *text, struct observation *ret, struct diags *d)
{
    return observation_parse("o.json", (struct bytes){(const uint8_t *)text, strlen(text)}, ret, d);
}

static void an_observation_is_read(void **state)
{
    (void)state;
    AUTO(observation) struct observation o = {0};
    assert_int_equal(parse(GOOD, &o, NULL), ERR_OK);
    assert_int_equal(o.at, INT64_C(1795255200));
    assert_int_equal(o.answer_n, 1);
    assert_string_equal(o.answers[0].server, "ns");
    assert_int_equal(o.answers[0].message.len, 3);
    assert_memory_equal(o.answers[0].message.data, "\0\1\2", 3);
    assert_null(o.answers[0].failure);
    assert_int_equal(o.link_n, 1);
    assert_int_equal(o.links[0].type, 48);
    assert_memory_equal(o.links[0].message.data, "\3\4", 2);
    assert_int_equal(o.text.len, sizeof GOOD - 1);
}

/* GOOD with one place changed. */
static void what_is_none_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *what;
        const char *with;
        const char *at;
    } cases[] = {
        {"no JSON", "{\"schema\"", "{schema", ""},
        {"another schema", "observation-1", "observation-2", "schema"},
        {"a key twice", "\"chain\"", "\"answers\"", ""},
        {"no zone", "\"zone\"", "\"Zone\"", "zone"},
        {"no name", "a.example", "a..example", "zone"},
        {"the parent beside", "\"parent\": \"example\"", "\"parent\": \"net\"", "parent"},
        {"the parent itself", "\"parent\": \"example\"", "\"parent\": \"a.example\"", "parent"},
        {"no time", "2026-11-21T10", "2026-11-31T10", "at"},
        {"no list", "\"chain\": [", "\"chain\": {}, \"x\": [", "chain"},
        {"no base64", "AAEC", "A!EC", "response"},
        {"a number", "\"AAEC\"", "17", "response"},
        {"no transport", "\"transport\"", "\"port\"", "transport"},
        {"no type", "DNSKEY", "DNSKEYS", "type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        AUTO(observation) struct observation o = {0};
        AUTO(buf) struct buf text = {0};
        AUTO_PTR(diags) struct diags *d = diags_new();
        TEST_CASE(cases[i].name);
        const char *at = strstr(GOOD, cases[i].what);
        assert_non_null(at);
        buf_add(&text, GOOD, (size_t)(at - GOOD));
        buf_add_str(&text, cases[i].with);
        buf_add_str(&text, at + strlen(cases[i].what));
        assert_int_equal(parse(buf_str(&text), &o, d), ERR_CONFIG);
        assert_int_equal(diags_n(d), 1);
        assert_string_equal(diags_at(d, 0)->rule->id, "observation-malformed");
        assert_string_equal(diags_at(d, 0)->at == NULL ? "" : diags_at(d, 0)->at, cases[i].at);
    }
}

static void long_lists_are_refused(void **state)
{
    (void)state;
    AUTO(observation) struct observation o = {0};
    AUTO(buf) struct buf text = {0};
    const char *at = strstr(GOOD, "\"chain\": [") + strlen("\"chain\": [");
    buf_add(&text, GOOD, (size_t)(at - GOOD));
    for (int i = 0; i < 300; i++)
        buf_add_str(&text, "{},");
    buf_add_str(&text, at);
    assert_int_equal(parse(buf_str(&text), &o, NULL), ERR_CONFIG);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    char ns1[] = "ns1.example", ns2[] = "ns2.example";
    const uint8_t mac[2] = {9, 8};
    struct observe_answer answers[2] = {{.server = ns1,
                                         .address = "192.0.2.1@53",
                                         .transport = ASK_TCP,
                                         .at = 1795255200,
                                         .tsig = "key",
                                         .mac_len = 2},
                                        {.server = ns2,
                                         .address = "",
                                         .failure = "no address was found",
                                         .no_route = true,
                                         .at = 1795255199}};
    memcpy(answers[0].mac, mac, sizeof mac);
    buf_add(&answers[0].message, "\1\2\3\4", 4);
    struct observe_result r = {.at = 1795255200, .answers = answers, .answer_n = 2};
    assert_true(name_from_text("a.example.", r.zone));
    r.parent = r.zone + 2;
    struct observe_link link = {.name = r.parent, .type = 43};
    buf_add(&link.message, "\5", 1);
    r.links = &link;
    r.link_n = 1;

    AUTO(buf) struct buf text = {0}, again = {0};
    AUTO(observation) struct observation o = {0};
    assert_int_equal(observation_text(&r, &text), ERR_OK);
    assert_int_equal(observation_text(&r, &again), ERR_OK);
    assert_true(bytes_equal(buf_bytes(&text), buf_bytes(&again)));
    assert_int_equal(observation_parse("o", buf_bytes(&text), &o, NULL), ERR_OK);
    assert_int_equal(name_compare(o.zone, r.zone), 0);
    assert_int_equal(name_compare(o.parent, r.parent), 0);
    assert_int_equal(o.answer_n, 2);
    assert_string_equal(o.answers[0].transport, "tcp");
    assert_string_equal(o.answers[0].tsig, "key");
    assert_int_equal(o.answers[0].request_mac.len, 2);
    assert_int_equal(o.answers[0].message.len, 4);
    assert_string_equal(o.answers[1].failure, "no address was found");
    assert_true(o.answers[1].no_route);
    assert_int_equal(o.answers[1].message.len, 0);
    assert_int_equal(o.links[0].type, 43);
    buf_done(&answers[0].message);
    buf_done(&link.message);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_observation_is_read),
    cmocka_unit_test(what_is_none_is_refused),
    cmocka_unit_test(long_lists_are_refused),
    cmocka_unit_test(what_is_written_is_read_again),
};

TEST_MAIN(tests)
