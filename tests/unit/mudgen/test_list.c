/* The domain list: what is in it, what makes it move, and what may leave it. */
#include "jsonschema.h"
#include "sample.h"

#define DAY INT64_C(86400)
#define SERVICES(d)                                                                                \
    "services:\n  - name: fw\n    purpose: firmware-update\n    domains: [" d "]\n" ENDPOINT
#define ENDPOINT "    endpoints: [{protocol: tcp, port: 443}]\n"
#define ONE      SAMPLE_HEAD SERVICES("{name: a.example.net}") SAMPLE_CAM
#define TWO      SAMPLE_HEAD SERVICES("{name: a.example.net}, {name: b.example.net}") SAMPLE_CAM
#define ACCENT   SAMPLE_HEAD SERVICES("{name: a.example.net}, {name: bé.example.net}") SAMPLE_CAM
#define TWO_UNTIL(day)                                                                             \
    SAMPLE_HEAD SERVICES("{name: a.example.net}, {name: b.example.net, removal-not-before: " day   \
                         "}") SAMPLE_CAM

static void full_list_is_as_designed(void **state)
{
    (void)state;
    AUTO(sample)
    struct sample s = sample_build(
        SAMPLE_HEAD
        "services:\n"
        "  - name: fw\n"
        "    purpose: firmware-update\n"
        "    required: false\n"
        "    domains:\n"
        "      - {name: both.example.net, since: 2025-06-01, removal-not-before: 2027-03-01}\n"
        "      - {name: \"*.both.example.net\", since: 2026-01-01}\n"
        "    endpoints: [{protocol: udp, port: 5000-5010}, {protocol: tcp, port: 443}]\n"
        "  - name: api\n"
        "    purpose: configuration\n"
        "    domains:\n"
        "      - {name: both.example.net, since: 2024-01-01, removal-not-before: "
        "2027-04-01T10:00:00Z}\n"
        "    endpoints: [{protocol: tcp, port: 443}, {protocol: icmp, initiated-by: remote}]\n"
        "  - name: unused\n"
        "    purpose: other\n"
        "    domains: [{name: unused.example.net}]\n"
        "    endpoints: [{protocol: any}]\n"
        "models:\n"
        "  - {name: cam, model-name: Cam, systeminfo: s, supported: true, services: [fw]}\n"
        "  - {name: bulb, model-name: Bulb, systeminfo: s, supported: true, services: [api, fw]}\n",
        NULL, SAMPLE_NOW);
    json_t *list = parse_json(s.out->list);
    char *domains = json_dumps(json_object_get(list, "domains"), JSON_COMPACT);
    assert_string_equal(
        domains,
        "[{\"name\":\"both.example.net\",\"match\":\"exact\",\"purposes\":[\"configuration\","
        "\"firmware-update\"],\"required\":true,\"operated-by\":\"vendor\",\"endpoints\":["
        "{\"protocol\":\"icmp\",\"initiated-by\":\"remote\"},"
        "{\"protocol\":\"tcp\",\"port\":443,\"initiated-by\":\"device\"},"
        "{\"protocol\":\"udp\",\"port\":\"5000-5010\",\"initiated-by\":\"device\"}],"
        "\"services\":[\"api\",\"fw\"],\"models\":[\"bulb\",\"cam\"],\"since\":\"2024-01-01\","
        "\"removal-not-before\":\"2027-04-02\"},"
        "{\"name\":\"both.example.net\",\"match\":\"subdomains\",\"purposes\":["
        "\"firmware-update\"],\"required\":false,\"operated-by\":\"vendor\",\"endpoints\":["
        "{\"protocol\":\"tcp\",\"port\":443,\"initiated-by\":\"device\"},"
        "{\"protocol\":\"udp\",\"port\":\"5000-5010\",\"initiated-by\":\"device\"}],"
        "\"services\":[\"fw\"],\"models\":[\"bulb\",\"cam\"],\"since\":\"2026-01-01\"}]");
    free(domains);
    json_object_del(list, "domains");
    json_object_del(list, "models");
    char *rest = json_dumps(list, JSON_COMPACT);
    assert_string_equal(
        rest, "{\"schema\":\"mudzone-domains-1\",\"serial\":2026112101,\"published\":"
              "\"2026-11-21T22:26:40Z\",\"refresh\":86400,\"manufacturer\":\"Example Devices\","
              "\"announcement\":\"_mudzone.example.net\",\"zones\":[{\"name\":\"example.net\","
              "\"signed\":true}],\"removed\":[]}");
    free(rest);
    json_decref(list);
    assert_null(memchr(s.out->list.data, '\n', s.out->list.len));
}

static void list_fits_its_schema(void **state)
{
    (void)state;
    AUTO(sample) struct sample first = sample_build(TWO_UNTIL("2026-12-25"), NULL, SAMPLE_NOW);
    AUTO(sample)
    struct sample s = sample_build(
        SAMPLE_HEAD "services:\n"
                    "  - {name: fw, purpose: media, domains: [{name: a.example.net, "
                    "removal-not-before: 2028-01-01}, {name: \"*.w.example.net\"}, {name: "
                    "pool.ntp.org, operated-by: third-party}], endpoints: [{protocol: any}, "
                    "{protocol: udp, port: 1-65535, initiated-by: remote}]}\n" SAMPLE_CAM,
        &first, SAMPLE_NOW + 40 * DAY);
    json_t *schema = parse_json(find_file(s.out, ".well-known/mudzone/schema.json"));
    json_t *list = parse_json(s.out->list);
    struct schema_run run = {.root = schema};
    if (!schema_check(&run, schema, list, ""))
        fail_msg("%s", run.fault);
    assert_int_equal(json_array_size(json_object_get(list, "removed")), 1);
    /* and the check can fail */
    json_object_set_new(json_array_get(json_object_get(list, "domains"), 0), "match",
                        json_string("prefix"));
    assert_false(schema_check(&run, schema, list, ""));
    assert_string_equal(run.fault, "/domains/0/match: enum");
    json_decref(list);
    json_decref(schema);
}

static void unchanged_content_keeps_serial_and_bytes(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(TWO, NULL, SAMPLE_NOW);
    AUTO(sample) struct sample b = sample_build("# comment\n" TWO, &a, SAMPLE_NOW + 3 * DAY);
    assert_true(a.out->list_changed);
    assert_false(b.out->list_changed);
    assert_int_equal(b.out->serial, 2026112101);
    assert_int_equal(b.out->published_at, SAMPLE_NOW);
    assert_true(same_files(a.out, b.out));
}

static void serial_is_todays_or_one_more(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    AUTO(sample) struct sample b = sample_build(TWO, &a, SAMPLE_NOW);
    assert_int_equal(b.out->serial, 2026112102); /* the same day */
    AUTO(sample)
    struct sample c =
        sample_build(SAMPLE_HEAD SERVICES("{name: a.example.net}, {name: b.example.net}, {name: "
                                          "c.example.net}") SAMPLE_CAM,
                     &b, SAMPLE_NOW + DAY);
    assert_int_equal(c.out->serial, 2026112201); /* the next day */
    AUTO(sample)
    struct sample d =
        sample_build(SAMPLE_HEAD SERVICES("{name: a.example.net}, {name: b.example.net}, {name: "
                                          "c.example.net}, {name: d.example.net}") SAMPLE_CAM,
                     &c, SAMPLE_NOW - 9 * DAY);
    assert_int_equal(d.out->serial, 2026112202); /* never back, whatever the clock says */
    assert_int_equal(d.out->published_at, SAMPLE_NOW - 9 * DAY);
}

/* The previous list with another serial, as state could hold it. */
static struct bytes with_serial(struct bytes list, json_int_t serial, struct buf *keep)
{
    json_t *j = parse_json(list);
    json_object_set_new(j, "serial", json_integer(serial));
    char *text = json_dumps(j, JSON_COMPACT);
    buf_add_str(keep, text);
    free(text);
    json_decref(j);
    return buf_bytes(keep);
}

static void exhausted_serial_is_an_error(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    a.as_previous.list = with_serial(a.out->list, UINT32_MAX, &keep);
    AUTO(sample)
    struct sample b =
        sample_build_as(TWO, &a, (struct mud_options){.now = SAMPLE_NOW}, ERR_FINDINGS);
    assert_int_equal(count_findings(b.diags, "list-serial-exhausted"), 1);
}

static void since_is_kept_from_first_publication(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    AUTO(sample) struct sample b = sample_build(TWO, &a, SAMPLE_NOW + 5 * DAY);
    json_t *list = parse_json(b.out->list);
    json_t *domains = json_object_get(list, "domains");
    assert_string_equal(json_string_value(json_object_get(json_array_get(domains, 0), "since")),
                        "2026-11-21");
    assert_string_equal(json_string_value(json_object_get(json_array_get(domains, 1), "since")),
                        "2026-11-26");
    json_decref(list);
}

static const struct {
    const char *name;
    const char *before;
    const char *after;
    int64_t days;      /* between the two */
    const char *allow; /* --allow-removal, or NULL */
    int err;
    const char *finding; /* or NULL */
} removal_cases[] = {
    {"never announced", TWO, ONE, 365, NULL, ERR_FINDINGS, "removal-without-notice"},
    {"never announced, allowed", TWO, ONE, 1, "b.example.net", ERR_OK, NULL},
    {"allowed with other case and dot", TWO, ONE, 1, "B.Example.net.", ERR_OK, NULL},
    {"allowed by its U-label", ACCENT, ONE, 1, "bé.example.net", ERR_OK, NULL},
    {"allowed by its A-label", ACCENT, ONE, 1, "xn--b-bga.example.net", ERR_OK, NULL},
    {"allowance that is no name", TWO, TWO, 1, "b..example.net", ERR_OK, "allow-removal-unused"},
    {"another name allowed", TWO, ONE, 1, "*.b.example.net", ERR_FINDINGS,
     "removal-without-notice"},
    {"announced, too early", TWO_UNTIL("2027-01-15"), ONE, 54, NULL, ERR_FINDINGS,
     "removal-without-notice"},
    {"announced, on the day", TWO_UNTIL("2027-01-15"), ONE, 55, NULL, ERR_OK, NULL},
    {"announced, still listed", TWO_UNTIL("2027-01-15"), TWO_UNTIL("2027-01-15"), 100, NULL, ERR_OK,
     NULL},
    {"notice is long enough", TWO, TWO_UNTIL("2026-12-22"), 1, NULL, ERR_OK, NULL},
    {"notice is too short", TWO, TWO_UNTIL("2026-12-21"), 1, NULL, ERR_FINDINGS,
     "removal-notice-too-short"},
    {"date brought forward too far", TWO_UNTIL("2027-03-01"), TWO_UNTIL("2026-12-01"), 1, NULL,
     ERR_FINDINGS, "removal-notice-too-short"},
    {"date brought forward in good time", TWO_UNTIL("2027-03-01"), TWO_UNTIL("2027-01-01"), 1, NULL,
     ERR_OK, NULL},
    {"date put off", TWO_UNTIL("2026-12-25"), TWO_UNTIL("2026-12-26"), 20, NULL, ERR_OK, NULL},
    {"announcement taken back", TWO_UNTIL("2026-12-25"), TWO, 1, NULL, ERR_OK, NULL},
    {"new name that will soon go", ONE, TWO_UNTIL("2026-12-01"), 1, NULL, ERR_OK,
     "removal-notice-short-from-start"},
    {"new name that stays for the notice", ONE, TWO_UNTIL("2026-12-22"), 1, NULL, ERR_OK, NULL},
    {"new name that soon goes, again", TWO_UNTIL("2026-12-01"), TWO_UNTIL("2026-12-01"), 1, NULL,
     ERR_OK, NULL},
    {"allowance without use", TWO, TWO, 1, "b.example.net", ERR_OK, "allow-removal-unused"},
};

static void names_leave_after_notice_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(removal_cases) / sizeof(removal_cases[0]); i++) {
        TEST_CASE(removal_cases[i].name);
        const char *allow[] = {removal_cases[i].allow};
        /* midnight, so that days are whole */
        int64_t start = SAMPLE_NOW - SAMPLE_NOW % DAY;
        AUTO(sample) struct sample a = sample_build(removal_cases[i].before, NULL, start);
        AUTO(sample)
        struct sample b =
            sample_build_as(removal_cases[i].after, &a,
                            (struct mud_options){.now = start + removal_cases[i].days * DAY,
                                                 .allow_removal = allow,
                                                 .allow_removal_n = allow[0] == NULL ? 0 : 1},
                            removal_cases[i].err);
        if (removal_cases[i].finding == NULL)
            assert_int_equal(diags_n(b.diags), 0);
        else
            assert_int_equal(count_findings(b.diags, removal_cases[i].finding), 1);
    }
}

static void short_notice_from_the_start_names_the_day(void **state)
{
    (void)state;
    AUTO(sample) struct sample s = sample_build(TWO_UNTIL("2026-12-01"), NULL, SAMPLE_NOW);
    assert_int_equal(diags_n(s.diags), 1);
    const struct diag *g = diags_at(s.diags, 0);
    assert_int_equal(g->severity, SEV_WARNING);
    assert_string_equal(g->at, "b.example.net");
    assert_string_equal(g->found, "removal-not-before 2026-12-01 is less than removal-notice "
                                  "(30 days) away when the name is first published");
    assert_string_equal(g->expected, "2026-12-22 or later");
}

static json_t *removed_of(const struct sample *s, json_t **list)
{
    *list = parse_json(s->out->list);
    return json_object_get(*list, "removed");
}

static void removed_names_are_told_for_a_year(void **state)
{
    (void)state;
    json_t *list;
    AUTO(sample) struct sample a = sample_build(TWO_UNTIL("2026-12-25"), NULL, SAMPLE_NOW);
    AUTO(sample) struct sample b = sample_build(ONE, &a, SAMPLE_NOW + 60 * DAY);
    char *text = json_dumps(removed_of(&b, &list), JSON_COMPACT);
    assert_string_equal(text, "[{\"name\":\"b.example.net\",\"match\":\"exact\",\"date\":"
                              "\"2027-01-20\"}]");
    free(text);
    json_decref(list);
    AUTO(sample) struct sample c = sample_build(ONE, &b, SAMPLE_NOW + (60 + 364) * DAY);
    assert_false(c.out->list_changed);
    AUTO(sample) struct sample d = sample_build(ONE, &c, SAMPLE_NOW + (60 + 366) * DAY);
    assert_true(d.out->list_changed);
    assert_int_equal(json_array_size(removed_of(&d, &list)), 0);
    json_decref(list);
    AUTO(sample) struct sample back = sample_build(TWO, &b, SAMPLE_NOW + 61 * DAY);
    assert_int_equal(json_array_size(removed_of(&back, &list)), 0);
    json_t *domain = json_array_get(json_object_get(list, "domains"), 1);
    assert_string_equal(json_string_value(json_object_get(domain, "since")), "2027-01-21");
    json_decref(list);
}

static void unreadable_previous_list_stops_the_build(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "{",
        "[]",
        "{}",
        "{\"serial\":1,\"refresh\":1}",
        "{\"serial\":-1,\"refresh\":1,\"published\":"
        "\"2026-11-21T00:00:00Z\",\"domains\":[],\"removed\":[]}",
        "{\"serial\":1,\"refresh\":1,\"published\":"
        "\"2026-11-21T00:00:00Z\",\"domains\":[{}],\"removed\":[]}"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        TEST_CASE(lists[i]);
        AUTO(sample) struct sample none = {0};
        none.as_previous.list = (struct bytes){(const uint8_t *)lists[i], strlen(lists[i])};
        AUTO(sample)
        struct sample s =
            sample_build_as(ONE, &none, (struct mud_options){.now = SAMPLE_NOW}, ERR_STATE);
        assert_int_equal(count_findings(s.diags, "previous-list-unreadable"), 1);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_list_is_as_designed),
        cmocka_unit_test(list_fits_its_schema),
        cmocka_unit_test(unchanged_content_keeps_serial_and_bytes),
        cmocka_unit_test(serial_is_todays_or_one_more),
        cmocka_unit_test(exhausted_serial_is_an_error),
        cmocka_unit_test(since_is_kept_from_first_publication),
        cmocka_unit_test(names_leave_after_notice_only),
        cmocka_unit_test(short_notice_from_the_start_names_the_day),
        cmocka_unit_test(removed_names_are_told_for_a_year),
        cmocka_unit_test(unreadable_previous_list_stops_the_build),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
