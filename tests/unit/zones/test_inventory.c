/* Reading and form: what is wrong, with its id and place; and what good inventories become. */
#include <glob.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/limits.h"
#include "tests/unit/zones/inventory_case.h"

/* ------------------------------------------------------------------ form */

static void errors_of_form_have_id_and_place(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"good", "", "", 0, ""},
        {"unknown key", "  contact:", "  contcat:", ERR_CONFIG, "5:3 unknown-key"},
        {"unknown key at the top", "zones:", "zonse:", ERR_CONFIG, "11:1 unknown-key"},
        {"unknown key in a flow mapping", "port:", "prot:", ERR_CONFIG, "19:25 unknown-key"},
        {"merge key", "", "<<: {a: b}\n", ERR_CONFIG, "25:1 unknown-key"},
        {"key twice", "  name: Example Devices\n", "  name: A\n  name: B\n", ERR_CONFIG,
         "4:3 duplicate-key"},
        {"top key twice", "", "state: a\nstate: b\n", ERR_CONFIG, "26:1 duplicate-key"},
        {"key that is a list", "", "? [a]\n: b\n", ERR_CONFIG, "25:4 wrong-type"},
        {"missing key", "  domain: example.net\n", "", ERR_CONFIG, "3:3 missing-key"},
        {"missing key in a list entry", "    purpose: firmware-update\n", "", ERR_CONFIG,
         "14:5 missing-key"},
        {"missing name of an entry", "name: cam-100\n    ", "", ERR_CONFIG, "21:5 missing-key"},
        {"missing key of a part that is missing",
         "  signer: {certificate: pki/s.pem, key: pki/s.key}\n", "", ERR_CONFIG, "8:3 missing-key"},
        {"missing at the top", "version: 1\n", "", ERR_CONFIG, "0:0 missing-key"},
        {"list where a value is wanted", "domain: example.net", "domain: [example.net]", ERR_CONFIG,
         "4:12 wrong-type"},
        {"value where a mapping is wanted", "signer: {certificate: pki/s.pem, key: pki/s.key}",
         "signer: pki", ERR_CONFIG, "10:11 wrong-type"},
        {"mapping where a list is wanted", "      - {protocol: tcp, port: 443}\n",
         "      protocol: tcp\n", ERR_CONFIG, "19:7 wrong-type"},
        {"value where an entry is wanted", "- name: fw.mgmt.example.net", "- fw.mgmt.example.net",
         ERR_CONFIG, "17:9 wrong-type"},
        {"nothing where a value is wanted", "contact: noc@example.net", "contact:", ERR_CONFIG,
         "5:3 wrong-type"},
        {"null where a list is wanted", "services: [firmware]", "services: ~", ERR_CONFIG,
         "24:15 wrong-type"},
        {"number out of range", "  base-url:", "  cache-validity: 169\n  base-url:", ERR_CONFIG,
         "9:19 bad-value"},
        {"number of a wrong kind", "version: 1", "version: one", ERR_CONFIG, "1:10 bad-value"},
        {"other version", "version: 1", "version: 2", ERR_CONFIG, "1:10 bad-value"},
        {"enumeration", "firmware-update", "firmware", ERR_CONFIG, "15:14 bad-value"},
        {"boolean", "    services:", "    supported: yes\n    services:", ERR_CONFIG,
         "24:16 bad-value"},
        {"duration without a unit", "  base-url:", "  refresh: 24\n  base-url:", ERR_CONFIG,
         "9:12 bad-value"},
        {"refresh of none", "  base-url:", "  refresh: 0h\n  base-url:", ERR_CONFIG,
         "9:12 bad-value"},
        {"model name with capitals", "cam-100", "Cam-100", ERR_CONFIG, "21:11 bad-value"},
        {"model name of 64", "cam-100",
         "0123456789012345678901234567890123456789012345678901234567890123", ERR_CONFIG,
         "21:11 bad-value"},
        {"systeminfo of 61", "SmartCam 100 indoor camera",
         "1234567890123456789012345678901234567890123456789012345678901", ERR_CONFIG,
         "23:17 bad-value"},
        {"mfg-name of 65", "Example Devices",
         "12345678901234567890123456789012345678901234567890123456789012345", ERR_CONFIG,
         "3:9 bad-value"},
        {"name of two lines", "Example Devices", "\"a\\nb\"", ERR_CONFIG, "3:9 bad-value"},
        {"NUL in a value", "Example Devices", "\"a\\0b\"", ERR_CONFIG, "3:9 bad-value"},
        {"no entries where one is needed", "    endpoints:\n      - {protocol: tcp, port: 443}\n",
         "    endpoints: []\n", ERR_CONFIG, "18:5 entry-count"},
        {"service started by anyone", "port: 443", "initiated-by: any", ERR_CONFIG,
         "19:39 bad-value"},
        {"date with slashes", "name: fw.mgmt.example.net",
         "{name: fw.mgmt.example.net, since: 2026/01/01}", ERR_CONFIG, "17:44 bad-value"},
    };
    RUN(cases);
}

static void findings_of_one_run_come_together(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"four at once", "    systeminfo: SmartCam 100 indoor camera\n",
         "    suported: yes\n    supported: yes\n    documentation: ftp://x\n    updated: today\n",
         ERR_CONFIG,
         "21:5 missing-key, 23:5 unknown-key, 24:16 bad-value, 25:20 bad-value, 26:14 bad-value"},
        {"an entry with a bad name is looked at all the same",
         "cam-100\n    model-name: SmartCam 100\n", "Cam\n    modelname: x\n", ERR_CONFIG,
         "21:5 missing-key, 21:11 bad-value, 22:5 unknown-key"},
    };
    RUN(cases);
}

static void nearest_key_is_suggested(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *words;
    } cases[] = {
        {"  contact:", "  contcat:", "\"contact\", perhaps"},
        {"  base-url:", "  base_url:", "\"base-url\", perhaps"},
        {"  contact:", "  xyzzy:", "one of name, domain, contact, documentation"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].to);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct inventory *inv = NULL;
        AUTO_FREE char *text = edited(cases[i].from, cases[i].to);
        assert_int_equal(parse(text, strlen(text), &inv, d), ERR_CONFIG);
        diags_sort(d);
        const struct diag *g = diags_at(d, diags_n(d) - 1);
        if (strcmp(g->rule->id, "unknown-key") != 0)
            g = diags_at(d, 0);
        assert_string_equal(g->expected, cases[i].words);
    }
}

/* ------------------------------------------------------------------ text */

static void bad_text_has_id_and_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        size_t len;
        const char *findings;
    } cases[] = {
#define TEXT(t) t, sizeof(t) - 1
        {"empty", TEXT(""), "0:0 inventory-empty"},
        {"comments only", TEXT("# nothing\n\n"), "0:0 inventory-empty"},
        {"null", TEXT("~\n"), "0:0 inventory-empty"},
        {"a scalar", TEXT("hello\n"), "1:1 wrong-type"},
        {"a list", TEXT("- a\n"), "1:3 wrong-type"},
        {"NUL", TEXT("version: 1\nx: \0\n"), "2:4 inventory-encoding"},
        {"bad UTF-8", TEXT("# \xc3\xa4\nx: \xff\n"), "2:4 inventory-encoding"},
        {"overlong UTF-8", TEXT("x\xc0\xaf"), "1:2 inventory-encoding"},
        {"surrogate", TEXT("\xed\xa0\x80"), "1:1 inventory-encoding"},
        {"cut UTF-8", TEXT("a: \xe2\x82"), "1:4 inventory-encoding"},
        {"binary",
         TEXT("\x7f"
              "ELF\2\1\1"),
         "1:1 inventory-encoding"},
        {"unclosed list", TEXT("version: [1\nzones: x\n"), "3:1 inventory-syntax"},
        {"tab", TEXT("zones:\n\t- x\n"), "2:1 inventory-syntax"},
        {"second document", TEXT("version: 1\n---\nversion: 1\n"), "3:1 inventory-documents"},
        {"broken second document", TEXT("version: 1\n---\n{\n"), "4:1 inventory-syntax"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct inventory *inv = NULL;
        assert_int_equal(parse(cases[i].text, cases[i].len, &inv, d), ERR_CONFIG);
        AUTO_FREE char *findings = findings_text(d);
        assert_string_equal(findings, cases[i].findings);
    }
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    char text[2000];
    memset(text, '[', sizeof(text));
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct inventory *inv = NULL;
    assert_int_equal(parse(text, sizeof(text), &inv, d), ERR_CONFIG);
    assert_string_equal(diags_at(d, 0)->rule->id, "inventory-syntax");
}

static void tags_are_refused_unless_they_change_nothing(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"core tag", "Example Devices", "!!str 100", 0, ""},
        {"own tag", "Example Devices", "!env NAME", ERR_CONFIG, "3:14 inventory-tag"},
        {"binary", "Example Devices", "!!binary aGk=", ERR_CONFIG, "3:18 inventory-tag"},
    };
    RUN(cases);
}

/* ------------------------------------------------------------------ aliases */

static void aliases_are_followed(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"a value", "      - {protocol: tcp, port: 443}\n",
         "      - &web {protocol: tcp, port: 443}\n      - *web\n", 0, ""},
        {"of nothing", "port: 443", "port: *port", ERR_CONFIG, "19:31 inventory-alias"},
        {"of nothing, as a name", "  - name: firmware", "  - name: *port", ERR_CONFIG,
         "14:11 inventory-alias"},
        {"wrong value behind it", "      - {protocol: tcp, port: 443}\n",
         "      - {protocol: &p tpc}\n      - {protocol: *p}\n", ERR_CONFIG,
         "19:23 bad-value, 19:23 bad-value"},
        {"of itself", "    services: [firmware]", "    services: &s [*s]", ERR_CONFIG,
         "24:19 wrong-type"},
    };
    RUN(cases);
}

static void alias_bomb_ends_soon(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, "include: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int level = 1; level < 9; level++) {
        buf_printf(&text, "k%d: &l%d [", level, level);
        for (int i = 0; i < 10; i++)
            buf_printf(&text, "%s*l%d", i == 0 ? "" : ", ", level - 1);
        buf_add_str(&text, "]\n");
    }
    buf_add_str(&text, "services: *l8\nmodels: *l8\n");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct inventory *inv = NULL;
    assert_int_equal(parse(buf_str(&text), text.len, &inv, d), ERR_CONFIG);
}

struct bomb {
    const char *name;
    unsigned plain;    /* domains in one list … */
    unsigned aliased;  /* … and as many more with an alias each; … */
    unsigned services; /* … all these share the list */
    const char *rule;  /* that stops it, or NULL */
};

static void bomb_write(const struct bomb *bomb, struct buf *out)
{
    const char *services = strstr(good, "  - name: firmware\n");
    assert_non_null(services);
    buf_add(out, good, (size_t)(services - good));
    buf_add_str(out, "  - name: s0\n    purpose: other\n    endpoints: &e [{protocol: any}]\n"
                     "    domains: &d\n      - {name: a.example.net, since: &s 2026-01-01}\n");
    for (unsigned i = 0; i < bomb->plain; i++)
        buf_printf(out, "      - {name: p%u.example.net}\n", i);
    for (unsigned i = 0; i < bomb->aliased; i++)
        buf_printf(out, "      - {name: q%u.example.net, since: *s}\n", i);
    for (unsigned i = 1; i < bomb->services; i++)
        buf_printf(out, "  - {name: s%u, purpose: other, endpoints: *e, domains: *d}\n", i);
    buf_add_str(out, services);
}

/* Under keys that the schema knows, all that aliases stand for is read: up to the limits. */
static void alias_bombs_under_known_keys_end_at_the_limits(void **state)
{
    (void)state;
    static const struct bomb cases[] = {
        {"within the limits", 50, 20, 20, NULL},
        {"sixteen million values", 9000, 0, 450, "inventory-limit"},
        {"ten thousand aliases", 2, 100, 100, "inventory-alias"},
        {"both", 9000, 900, 450, "inventory-alias"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        AUTO(buf) struct buf text = {0};
        bomb_write(&cases[i], &text);
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        bool fine = cases[i].rule == NULL;
        assert_int_equal(parse(buf_str(&text), text.len, &inv, d), fine ? 0 : ERR_CONFIG);
        assert_int_equal(diags_count(d, SEV_ERROR), fine ? 0 : 1);
        for (size_t k = 0; k < diags_n(d); k++)
            assert_true(diags_at(d, k)->severity != SEV_ERROR ||
                        strcmp(diags_at(d, k)->rule->id, cases[i].rule) == 0);
    }
}

static struct buf long_text_many_times(const char *before, const char *between)
{
    struct buf text = {0};
    buf_add_str(&text, before);
    for (size_t i = 0; i < 4000000; i++)
        buf_add_char(&text, 'k');
    for (size_t i = 0; i < LIMIT_YAML_ALIASES - 1; i++)
        buf_add_str(&text, between);
    return text;
}

/* A thousand copies of four megabytes would be more than the limit on memory that is set here. */
static void long_values_are_not_copied_for_each_alias(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *before;
        const char *between; /* and behind */
        const char *rule;
    } cases[] = {
        {"value", "include:\n  - &a ", "\n  - *a", "inventory-limit"},
        {"entry's name", "services:\n  - name: &a ", "\n  - name: *a", "inventory-limit"},
        {"key", "models:\n  - &a\n    ? ", "\n  - *a", "missing-key"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        AUTO(buf) struct buf text = long_text_many_times(cases[i].before, cases[i].between);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct inventory *inv = NULL;
        struct rusage before, after;
        getrusage(RUSAGE_SELF, &before);
        assert_int_equal(parse(buf_str(&text), text.len, &inv, d), ERR_CONFIG);
        getrusage(RUSAGE_SELF, &after);
        assert_true(after.ru_maxrss - before.ru_maxrss < 1024 * 1024); /* KiB */
        assert_string_equal(diags_at(d, 0)->rule->id, cases[i].rule);
    }
}

static void too_many_aliases_are_refused_once(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, good);
    buf_add_str(&text, "  - {name: m, model-name: &n N, systeminfo: x, services: firmware}\n");
    for (unsigned i = 0; i < LIMIT_YAML_ALIASES + 10; i++)
        buf_printf(&text, "  - {name: m%u, model-name: *n, systeminfo: x, services: firmware}\n",
                   i);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct inventory *inv = NULL;
    assert_int_equal(parse(buf_str(&text), text.len, &inv, d), ERR_CONFIG);
    size_t n = 0;
    for (size_t i = 0; i < diags_n(d); i++)
        n += strcmp(diags_at(d, i)->rule->id, "inventory-alias") == 0;
    assert_int_equal(n, 1);
}

/* ------------------------------------------------------------------ values */

static void good_inventory_becomes_values(void **state)
{
    (void)state;
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(good, strlen(good), &inv, NULL), 0);
    assert_string_equal(inv->manufacturer, "Example Devices");
    assert_string_equal(inv->contact, "noc@example.net");
    assert_string_equal(inv->dir, ".");
    assert_string_equal(inv->state_dir, "state");
    assert_string_equal(inv->output_dir, "out");
    assert_ptr_equal(inv->publication.zone, &inv->zones[0]);
    assert_string_equal(inv->publication.base_url, "https://mud.mgmt.example.net/");
    assert_string_equal(inv->publication.host_text, "mud.mgmt.example.net");
    assert_int_equal(inv->publication.port, 443);
    assert_int_equal(inv->publication.refresh_s, 86400);
    assert_int_equal(inv->publication.cache_validity_h, 48);
    assert_int_equal(inv->publication.removal_notice_s, 30 * 86400);
    assert_string_equal(inv->publication.signer.certificate, "pki/s.pem");
    assert_null(inv->publication.tls.certificate);
    assert_null(inv->publication.tls_next_certificate);
    assert_string_equal(inv->zones[0].file, "zones/mgmt.zone");
    assert_ptr_equal(inv->zones[0].dnssec, &dnssec_policy_standard);
    assert_ptr_equal(inv->zones[0].ttl, &ttl_policy_recommended);
    const struct inv_service *s = &inv->services[0];
    assert_int_equal(s->purpose, PURPOSE_FIRMWARE_UPDATE);
    assert_true(s->required);
    assert_int_equal(s->model_n, 1);
    assert_string_equal(s->domains[0].text, "fw.mgmt.example.net");
    assert_false(s->domains[0].third_party || s->domains[0].subdomains);
    assert_int_equal(s->domains[0].where.line, 17);
    assert_int_equal(s->endpoints[0].protocol, PROTOCOL_TCP);
    assert_int_equal(s->endpoints[0].port_hi, 443);
    assert_int_equal(s->endpoints[0].initiator, INITIATOR_DEVICE);
    const struct inv_model *m = &inv->models[0];
    assert_string_equal(m->documentation, "https://example.net/network");
    assert_true(m->supported);
    assert_int_equal(m->updated_at, 0);
    assert_ptr_equal(m->services[0], s);
    assert_int_equal(inv->input_n, 1);
    assert_int_equal(inv->inputs[0].content.len, strlen(good));
}

static void every_stated_value_arrives(void **state)
{
    (void)state;
    AUTO_FREE char *text =
        edited("    services: [firmware]\n",
               "    services: firmware\n" /* a lone value is a list of one */
               "    supported: false\n    documentation: https://example.net/cam\n"
               "    updated: 2026-11-01T11:00:00+02:00\n"
               "    local: [{protocol: udp, port: 5000-5010, initiated-by: any}]\n"
               "    same-manufacturer: [{protocol: icmp, initiated-by: remote}]\n"
               "    my-controller: [{protocol: any}]\n"
               "    controllers: [{uri: \"urn:ietf:params:mud:dns\", protocol: udp, port: 53}]\n"
               "state: /var/lib/x\n");
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(inventory_parse("a/b.yaml", text, strlen(text), NOW, &inv, NULL), 0);
    const struct inv_model *m = &inv->models[0];
    assert_string_equal(inv->dir, "a");
    assert_string_equal(inv->state_dir, "/var/lib/x");
    assert_string_equal(inv->output_dir, "a/out");
    assert_string_equal(inv->zones[0].file, "a/zones/mgmt.zone");
    assert_false(m->supported);
    assert_int_equal(m->updated_at, 1793523600);
    assert_int_equal(m->local[0].port_lo, 5000);
    assert_int_equal(m->local[0].port_hi, 5010);
    assert_int_equal(m->local[0].initiator, INITIATOR_ANY);
    assert_int_equal(m->same_manufacturer[0].protocol, PROTOCOL_ICMP);
    assert_int_equal(m->same_manufacturer[0].initiator, INITIATOR_REMOTE);
    assert_int_equal(m->my_controller[0].protocol, PROTOCOL_ANY);
    assert_false(m->my_controller[0].has_port);
    assert_string_equal(m->controllers[0].uri, "urn:ietf:params:mud:dns");
    assert_int_equal(m->controllers[0].endpoint.port_lo, 53);
}

static void json_is_read_too(void **state)
{
    (void)state;
    static const char json[] =
        "{\"version\": 1, \"manufacturer\": {\"name\": \"E\", \"domain\": \"example.net\",\n"
        " \"documentation\": \"https://example.net/\"}, \"publication\": {\"zone\": "
        "\"example.net\",\n"
        " \"base-url\": \"https://mud.example.net/\", \"signer\": {\"certificate\": \"c\", "
        "\"key\": \"k\"}},\n"
        " \"zones\": [{\"name\": \"example.net\", \"file\": \"z\"}]}";
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(inventory_parse("i.json", json, strlen(json), NOW, &inv, NULL), 0);
    AUTO_PTR(inventory) struct inventory *as_yaml = NULL;
    assert_int_equal(inventory_parse("i.yaml", json, strlen(json), NOW, &as_yaml, NULL), 0);
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct inventory *none = NULL;
    static const char comma[] = "{\"version\": 1,}";
    assert_int_equal(inventory_parse("i.json", comma, strlen(comma), NOW, &none, d), ERR_CONFIG);
    AUTO_FREE char *findings = findings_text(d);
    assert_string_equal(findings, "1:14 inventory-syntax");
}

static void ten_thousand_models_load(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, good);
    for (int i = 0; i < 10000; i++)
        buf_printf(&text,
                   "  - name: m%d\n    model-name: M %d\n    systeminfo: thing\n"
                   "    services: [firmware]\n",
                   i, i);
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(buf_str(&text), text.len, &inv, NULL), 0);
    assert_int_equal(inv->model_n, 10001);
    assert_int_equal(inv->services[0].model_n, 10001);
}

static void shared_examples_load(void **state)
{
    (void)state;
    const char *pattern = shared_path("examples");
    if (pattern == NULL) {
        LEFT_OUT("the inventories of the shared examples");
        skip();
    }
    char path[4200];
    snprintf(path, sizeof(path), "%s/*/inventory.yaml", pattern);
    glob_t g = {0};
    assert_int_equal(glob(path, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        TEST_CASE(g.gl_pathv[i]);
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        assert_int_equal(inventory_load(g.gl_pathv[i], NOW, &inv, d), 0);
        assert_true(inv->model_n > 0 && inv->service_n > 0 && inv->zone_n > 0);
    }
    globfree(&g);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_of_form_have_id_and_place),
        cmocka_unit_test(findings_of_one_run_come_together),
        cmocka_unit_test(nearest_key_is_suggested),
        cmocka_unit_test(bad_text_has_id_and_place),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(tags_are_refused_unless_they_change_nothing),
        cmocka_unit_test(aliases_are_followed),
        cmocka_unit_test(alias_bomb_ends_soon),
        cmocka_unit_test(alias_bombs_under_known_keys_end_at_the_limits),
        cmocka_unit_test(long_values_are_not_copied_for_each_alias),
        cmocka_unit_test(too_many_aliases_are_refused_once),
        cmocka_unit_test(good_inventory_becomes_values),
        cmocka_unit_test(every_stated_value_arrives),
        cmocka_unit_test(json_is_read_too),
        cmocka_unit_test(ten_thousand_models_load),
        cmocka_unit_test(shared_examples_load),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
