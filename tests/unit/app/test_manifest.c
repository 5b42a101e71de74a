/* app/manifest.c: what is written is read back; what is not ours is refused. */
#include <string.h>

#include "app/manifest.h"
#include "app/rules_app.h"
#include "common/err.h"
#include "common/file.h"
#include "tests/support/testing.h"

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void write_sample(struct buf *out)
{
    struct manifest_key keys[] = {
        {.digest = HEX, .tag = 65535, .role = "ksk", .algorithm = "ed25519"}};
    struct manifest_zone zones[] = {{.name = "iot.example",
                                     .file = "zones/iot.example.zone",
                                     .ds = "zones/iot.example.ds",
                                     .serial = 4294967295u,
                                     .policy = "standard",
                                     .expires_at = 1795255200,
                                     .keys = keys,
                                     .key_n = 1}};
    struct manifest_file inputs[] = {{.path = "inventory.yaml", .sha256 = HEX}};
    struct manifest_file files[] = {{.path = "web/index.html", .sha256 = HEX, .size = 3},
                                    {.path = "zones/iot.example.zone", .sha256 = HEX, .size = 0}};
    const struct manifest m = {.version = "0.1.0",
                               .rebuild_before_at = 1795000000,
                               .list_serial = 2026112101,
                               .event_head = HEX,
                               .zones = zones,
                               .zone_n = 1,
                               .inputs = inputs,
                               .input_n = 1,
                               .files = files,
                               .file_n = 2};
    assert_int_equal(manifest_write(&m, out), ERR_OK);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    AUTO(manifest) struct manifest m = {0};
    write_sample(&text);
    assert_int_equal(manifest_parse("m", buf_bytes(&text), &m, NULL), ERR_OK);
    assert_true(m.rebuild_before_at == 1795000000);
    assert_int_equal(m.list_serial, 2026112101);
    assert_string_equal(m.event_head, HEX);
    assert_string_equal(m.inputs[0].path, "inventory.yaml");
    assert_int_equal(m.file_n, 2);
    assert_string_equal(m.files[0].path, "web/index.html");
    assert_string_equal(m.files[0].sha256, HEX);
    assert_int_equal(m.files[0].size, 3);
    const struct manifest_zone *z = manifest_zone(&m, "iot.example");
    assert_non_null(z);
    assert_true(z->serial == 4294967295u);
    assert_true(z->expires_at == 1795255200);
    assert_int_equal(z->key_n, 1);
    assert_string_equal(z->keys[0].digest, HEX);
    assert_int_equal(z->keys[0].tag, 65535);
    assert_string_equal(z->keys[0].algorithm, "ed25519");
    assert_null(manifest_zone(&m, "other.example"));
}

static void the_same_content_gives_the_same_bytes(void **state)
{
    (void)state;
    AUTO(buf) struct buf one = {0};
    AUTO(buf) struct buf two = {0};
    write_sample(&one);
    write_sample(&two);
    assert_true(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
    /* publish/target.c knows OUT as ours by its head */
    assert_non_null(memmem(one.data, 256, "\"mudzone-manifest-1\"", 20));
}

/* The sample with one text replaced. */
static int parse_changed(const char *from, const char *to, struct diags *diags)
{
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf changed = {0};
    AUTO(manifest) struct manifest m = {0};
    write_sample(&text);
    const char *at = strstr(buf_str(&text), from);
    assert_non_null(at);
    buf_add(&changed, text.data, (size_t)(at - buf_str(&text)));
    buf_add_str(&changed, to);
    buf_add_str(&changed, at + strlen(from));
    return manifest_parse("m", buf_bytes(&changed), &m, diags);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *to;
    } cases[] = {
        {"not JSON", "{", "["},
        {"another schema", "mudzone-manifest-1", "mudzone-manifest-9"},
        {"serial over 32 bits", "4294967295", "4294967296"},
        {"negative serial", "4294967295", "-1"},
        {"serial as text", "4294967295", "\"1\""},
        {"digest too short", "\"digest\": \"ba78", "\"digest\": \"ba7"},
        {"digest not hex", "\"digest\": \"ba78", "\"digest\": \"xa78"},
        {"tag over 16 bits", "65535", "65536"},
        {"a time that is none", "2026-11-21T10:00:00Z", "tomorrow"},
        {"a file outside OUT", "web/index.html", "../index.html"},
        {"a file outside OUT, hidden", "web/index.html", "web/../../index.html"},
        {"an absolute file", "web/index.html", "/etc/passwd"},
        {"a zone file outside OUT", "\"file\": \"zones/", "\"file\": \"../"},
        {"no name", "\"name\"", "\"nom\""},
        {"keys no list", "\"keys\": [", "\"key\": ["},
        {"negative size", "\"size\": 3", "\"size\": -3"},
        {"a member twice", "\"version\"", "\"schema\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        assert_int_equal(parse_changed(cases[i].from, cases[i].to, d), ERR_CONFIG);
        assert_int_equal(diags_n(d), 1);
        assert_ptr_equal(diags_at(d, 0)->rule, &rule_manifest_malformed);
    }
}

static void an_absent_one_is_no_error_of_its_own(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(manifest) struct manifest m = {0};
    assert_int_equal(manifest_read("/nonexistent/out", &m, d), ERR_ABSENT);
    assert_int_equal(diags_n(d), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_same_content_gives_the_same_bytes),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(an_absent_one_is_no_error_of_its_own),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
