/* The feeds, word for word: resolvers load these bytes. */
#include "sample.h"

static const char inventory[] =
    SAMPLE_HEAD "services:\n"
                "  - {name: fw, purpose: media, domains: [{name: b.example.net}, {name: "
                "\"*.b.example.net\"}, {name: a.example.net}, {name: \"*.w.example.net\"}], "
                "endpoints: [{protocol: any}]}\n" SAMPLE_CAM;

static const struct {
    const char *path;
    const char *content;
} cases[] = {
    {".well-known/mudzone/feeds/domains.txt",
     "a.example.net\nb.example.net\n*.b.example.net\n*.w.example.net\n"},
    {".well-known/mudzone/feeds/allow.rpz",
     "; names that devices need: list this response policy zone before deny.rpz\n"
     "$TTL 300\n"
     "@ SOA localhost. nobody.invalid. 2026112101 86400 3600 2592000 300\n"
     "@ NS localhost.\n"
     "a.example.net CNAME rpz-passthru.\n"
     "b.example.net CNAME rpz-passthru.\n"
     "*.b.example.net CNAME rpz-passthru.\n"
     "*.w.example.net CNAME rpz-passthru.\n"},
    {".well-known/mudzone/feeds/deny.rpz",
     "; WARNING: only for a view or tag of IoT devices: anywhere else this zone blocks every name\n"
     "$TTL 300\n"
     "@ SOA localhost. nobody.invalid. 2026112101 86400 3600 2592000 300\n"
     "@ NS localhost.\n"
     "* CNAME .\n"},
};

static void feeds_are_as_designed(void **state)
{
    (void)state;
    AUTO(sample) struct sample s = sample_build(inventory, NULL, SAMPLE_NOW);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].path);
        struct bytes b = find_file(s.out, cases[i].path);
        assert_int_equal(b.len, strlen(cases[i].content));
        assert_memory_equal(b.data, cases[i].content, b.len);
    }
}

/* Under any zone name: the owners are relative. */
static void rpz_zones_load(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    uint8_t origin[256];
    uint8_t owner[256];
    AUTO(sample) struct sample s = sample_build(inventory, NULL, SAMPLE_NOW);
    assert_true(name_from_text("allow.rpz.operator.test", origin));
    assert_true(name_from_text("*.w.example.net.allow.rpz.operator.test", owner));
    const struct zone_load_opts opts = {.origin = origin};
    for (size_t i = 1; i < 3; i++) {
        AUTO_PTR(zone) struct zone *z = NULL;
        struct bytes b = find_file(s.out, cases[i].path);
        assert_int_equal(zone_parse("feed.rpz", (const char *)b.data, b.len, &opts, &z, d), ERR_OK);
        assert_int_equal(zone_soa_serial(z), s.out->serial);
        assert_int_equal(zone_record_n(z), i == 1 ? 6 : 3);
        struct zone_node node;
        assert_int_equal(zone_find(z, owner, &node), i == 1);
    }
    assert_int_equal(diags_n(d), 0);
}

static void list_names_are_what_the_feeds_hold(void **state)
{
    (void)state;
    AUTO(buf) struct buf joined = {0};
    AUTO(sample) struct sample s = sample_build(inventory, NULL, SAMPLE_NOW);
    for (size_t i = 0; i < s.out->list_name_n; i++)
        buf_printf(&joined, "%s\n", s.out->list_names[i]);
    assert_string_equal(buf_str(&joined), cases[0].content);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feeds_are_as_designed),
        cmocka_unit_test(rpz_zones_load),
        cmocka_unit_test(list_names_are_what_the_feeds_hold),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
