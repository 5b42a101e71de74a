/* Includes: merged, in a fixed order, each file once; and what cannot be read. */
#include <limits.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/limits.h"
#include "tests/unit/zones/inventory_case.h"

static char folder[PATH_MAX];

static int make_folder(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/mudzone-[x]-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return file_remove_tree(folder);
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_MAX + 256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    assert_int_equal(file_mkdirs(path, 0700), 0);
    *slash = '/';
    assert_int_equal(file_write_atomic(path, text, strlen(text), 0600), 0);
}

/* Loads inventory.yaml; findings are "file:line id", the file without the folder. Malloc'ed. */
static char *load(int expected_err, struct inventory **ret)
{
    char path[PATH_MAX + 256];
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf out = {0};
    snprintf(path, sizeof(path), "%s/inventory.yaml", folder);
    int err = inventory_load(path, NOW, ret, d);
    diags_sort(d);
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        assert_int_equal(strncmp(g->file, folder, strlen(folder)), 0);
        buf_printf(&out, "%s%s:%u %s", i == 0 ? "" : ", ", g->file + strlen(folder) + 1, g->line,
                   g->rule->id);
    }
    if (err != expected_err)
        fail_msg("%d: %s", err, buf_str(&out));
    return strdup(buf_str(&out));
}

static void write_main(const char *more)
{
    AUTO_FREE char *text = edited("", more);
    write_file("inventory.yaml", text);
}

static void lists_of_included_files_are_merged(void **state)
{
    (void)state;
    write_main("include: [teams/*.yaml, clock.json]\n");
    write_file("teams/b.yaml",
               "models: [{name: b, model-name: b, systeminfo: b, services: clock}]\n");
    write_file("teams/a.yaml",
               "version: 1\ninclude: deeper/zones.yaml\n"
               "models: [{name: a, model-name: a, systeminfo: a, services: firmware}]\n");
    write_file("teams/deeper/zones.yaml", "zones: [{name: x.example.net, file: x.zone}]\n");
    write_file("clock.json",
               "{\"services\": [{\"name\": \"clock\", \"purpose\": \"time\", \"domains\": "
               "[{\"name\": \"t.example.net\"}], \"endpoints\": [{\"protocol\": \"udp\"}]}]}");
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    AUTO_FREE char *findings = load(0, &inv);
    assert_string_equal(findings, "");
    assert_int_equal(inv->model_n, 3);
    assert_string_equal(inv->models[1].name, "a"); /* patterns by bytes, each file depth first */
    assert_string_equal(inv->models[2].name, "b");
    assert_int_equal(inv->input_n, 5);
    static const char *const order[] = {"inventory.yaml", "teams/a.yaml", "teams/deeper/zones.yaml",
                                        "teams/b.yaml", "clock.json"};
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(inv->inputs[i].path + strlen(folder) + 1, order[i]);
    assert_string_equal(inv->zones[1].file + strlen(folder) + 1, "teams/deeper/x.zone");
    assert_string_equal(inv->dir, folder);
}

static void bad_includes_have_id_and_place(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *in_main;
        const char *in_other; /* other.yaml; NULL: none */
        int err;
        const char *findings;
    } cases[] = {
        {"absent", "include: absent.yaml\n", NULL, ERR_CONFIG,
         "inventory.yaml:25 inventory-unreadable"},
        {"a folder", "include: .\n", NULL, ERR_CONFIG, "inventory.yaml:25 inventory-unreadable"},
        {"no match", "include: [\"none-*.yaml\"]\n", NULL, ERR_CONFIG,
         "inventory.yaml:25 include-none"},
        {"itself", "include: inventory.yaml\n", NULL, ERR_CONFIG,
         "inventory.yaml:25 include-cycle"},
        {"a cycle of two", "include: other.yaml\n", "include: inventory.yaml\n", ERR_CONFIG,
         "other.yaml:1 include-cycle"},
        {"by another way", "include: [other.yaml, ./other.yaml]\n", "zones: []\n", ERR_CONFIG,
         "inventory.yaml:25 include-twice"},
        {"key of the top again", "include: other.yaml\n", "zones: []\nmanufacturer: {name: x}\n",
         ERR_CONFIG, "other.yaml:2 duplicate-key"},
        {"name again", "include: other.yaml\n",
         "models: [{name: cam-100, model-name: x, systeminfo: x, services: firmware}]\n",
         ERR_FINDINGS, "other.yaml:1 duplicate-name"},
        {"broken", "include: other.yaml\n", "a: [\n", ERR_CONFIG, "other.yaml:2 inventory-syntax"},
        {"empty", "include: other.yaml\n", "", ERR_CONFIG, "other.yaml:0 inventory-empty"},
        {"other version", "include: other.yaml\n", "zones: []\nversion: 2\n", ERR_CONFIG,
         "other.yaml:2 bad-value"},
        {"unknown key", "include: other.yaml\n", "model: []\n", ERR_CONFIG,
         "other.yaml:1 unknown-key"},
        {"part that another file has", "state: x\ninclude: other.yaml\n", "output: o\n", 0, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        write_main(cases[i].in_main);
        if (cases[i].in_other != NULL)
            write_file("other.yaml", cases[i].in_other);
        AUTO_FREE char *findings = load(cases[i].err, &inv);
        assert_string_equal(findings, cases[i].findings);
    }
}

static void paths_are_seen_from_the_file_that_states_them(void **state)
{
    (void)state;
    write_file("inventory.yaml", "version: 1\ninclude: sub/rest.yaml\nstate: st\n");
    AUTO_FREE char *rest = edited("version: 1\n", "output: o\n");
    write_file("sub/rest.yaml", rest);
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    AUTO_FREE char *findings = load(0, &inv);
    assert_non_null(findings);
    assert_string_equal(inv->state_dir + strlen(folder), "/st");
    assert_string_equal(inv->output_dir + strlen(folder), "/sub/o");
    assert_string_equal(inv->publication.signer.key + strlen(folder), "/sub/pki/s.key");
    assert_string_equal(inv->zones[0].file + strlen(folder), "/sub/zones/mgmt.zone");
}

static void pkcs11_uris_are_not_paths(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited("key: pki/s.key", "key: \"pkcs11:token=t;object=k\"");
    write_file("inventory.yaml", text);
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    AUTO_FREE char *findings = load(0, &inv);
    assert_non_null(findings);
    assert_string_equal(inv->publication.signer.key, "pkcs11:token=t;object=k");
}

static void includes_have_a_depth(void **state)
{
    (void)state;
    write_main("include: d1.yaml\n");
    for (unsigned i = 1; i <= LIMIT_INCLUDE_DEPTH + 1; i++) {
        char name[32], text[64];
        snprintf(name, sizeof(name), "d%u.yaml", i);
        snprintf(text, sizeof(text), "include: d%u.yaml\n", i + 1);
        write_file(name, text);
    }
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    AUTO_FREE char *findings = load(ERR_CONFIG, &inv);
    assert_string_equal(findings, "d8.yaml:1 inventory-limit");
}

static void includes_have_a_number(void **state)
{
    (void)state;
    write_main("include: \"many/*\"\n");
    for (unsigned i = 0; i < LIMIT_INVENTORY_FILES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "many/%04u.yaml", i);
        write_file(name, "models: []\n");
    }
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    AUTO_FREE char *findings = load(ERR_CONFIG, &inv);
    assert_string_equal(findings, "inventory.yaml:25 inventory-limit");
}

static void unreadable_inventories_are_refused(void **state)
{
    (void)state;
    struct inventory *inv = NULL;
    assert_int_equal(inventory_load("/nonexistent/inventory.yaml", NOW, &inv, NULL), ERR_CONFIG);
    assert_int_equal(inventory_load(folder, NOW, &inv, NULL), ERR_CONFIG);
    assert_int_equal(inventory_load("/dev/zero", NOW, &inv, NULL), ERR_CONFIG);
    assert_null(inv);
}

static void includes_need_files(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited("", "include: other.yaml\n");
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, d), ERR_CONFIG);
    AUTO_FREE char *findings = findings_text(d);
    assert_string_equal(findings, "25:10 inventory-unreadable");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(lists_of_included_files_are_merged),
        IN_FOLDER(bad_includes_have_id_and_place),
        IN_FOLDER(paths_are_seen_from_the_file_that_states_them),
        IN_FOLDER(pkcs11_uris_are_not_paths),
        IN_FOLDER(includes_have_a_depth),
        IN_FOLDER(includes_have_a_number),
        IN_FOLDER(unreadable_inventories_are_refused),
        cmocka_unit_test(includes_need_files),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
