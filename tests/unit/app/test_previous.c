/* app/previous.c: what one build stores is what the next one is given. */
#include <string.h>

#include "app/previous.h"
#include "common/err.h"
#include "common/file.h"
#include "tests/support/testing.h"

static char dir[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/mudzone-previous-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return file_remove_tree(dir);
}

static struct bytes text(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static void assert_bytes(struct bytes got, const char *want)
{
    assert_true(bytes_equal(got, text(want)));
}

static void store(const struct mud_output *out)
{
    __attribute__((cleanup(state_auto_close))) struct state *s = NULL;
    assert_int_equal(state_open(dir, &s, NULL), ERR_OK);
    assert_int_equal(state_begin(s), ERR_OK);
    assert_int_equal(previous_store(s, out), ERR_OK);
    assert_int_equal(state_commit(s), ERR_OK);
}

static void load(struct previous *ret)
{
    __attribute__((cleanup(state_auto_close))) struct state *s = NULL;
    assert_int_equal(state_open(dir, &s, NULL), ERR_OK);
    assert_int_equal(previous_load(s, ret), ERR_OK);
}

static void nothing_stored_is_no_publication(void **state)
{
    (void)state;
    AUTO(previous) struct previous p = {0};
    load(&p);
    assert_int_equal(p.value.list.len, 0);
    assert_int_equal(p.value.model_n, 0);
    assert_int_equal(p.value.signature_n, 0);
    assert_int_equal(p.value.version_n, 0);
}

/* Two models, two signatures, two versions that share a file. */
static void store_first(void)
{
    const struct inv_model cam = {.name = "cam"}, bulb = {.name = "bulb"};
    const struct mud_model_out models[] = {{.model = &cam, .json = text("{cam}")},
                                           {.model = &bulb, .json = text("{bulb}")}};
    const struct mud_signature signatures[] = {
        {.content_sha256 = {1}, .certificate_sha256 = {9}, .p7s = text("one")},
        {.content_sha256 = {2}, .certificate_sha256 = {9}, .p7s = text("two")}};
    const struct mud_file old[] = {{"v/9/domains.json", text("old list")},
                                   {"v/9/models/cam.json", text("{cam}")}};
    const struct mud_file new[] = {{"v/10/domains.json", text("list")},
                                   {"v/10/models/cam.json", text("{cam}")},
                                   {"v/10/empty", {NULL, 0}}};
    const struct mud_version versions[] = {
        {.serial = 9, .superseded_at = 1795255200, .files = old, .file_n = 2},
        {.serial = 10, .files = new, .file_n = 3}};
    const struct mud_output out = {.list = text("list"),
                                   .models = models,
                                   .model_n = 2,
                                   .signatures = signatures,
                                   .signature_n = 2,
                                   .versions = versions,
                                   .version_n = 2};
    store(&out);
}

static void what_is_stored_comes_back(void **state)
{
    (void)state;
    store_first();
    AUTO(previous) struct previous p = {0};
    load(&p);
    assert_bytes(p.value.list, "list");
    assert_int_equal(p.value.model_n, 2);
    assert_string_equal(p.value.models[0].name, "bulb");
    assert_bytes(p.value.models[1].json, "{cam}");
    assert_int_equal(p.value.signature_n, 2);
    assert_int_equal(p.value.signatures[1].content_sha256[0], 2);
    assert_int_equal(p.value.signatures[1].certificate_sha256[0], 9);
    assert_bytes(p.value.signatures[1].p7s, "two");
    /* oldest first by number, not by text: 9 before 10 */
    assert_int_equal(p.value.version_n, 2);
    assert_int_equal(p.value.versions[0].serial, 9);
    assert_true(p.value.versions[0].superseded_at == 1795255200);
    assert_int_equal(p.value.versions[1].serial, 10);
    assert_true(p.value.versions[1].superseded_at == 0);
    assert_int_equal(p.value.versions[1].file_n, 3);
    assert_string_equal(p.value.versions[1].files[1].path, "v/10/models/cam.json");
    assert_bytes(p.value.versions[1].files[1].content, "{cam}");
    assert_int_equal(p.value.versions[1].files[2].content.len, 0);
}

static int count(void *n, const char *name, struct bytes content)
{
    (void)name;
    (void)content;
    ++*(size_t *)n;
    return 0;
}

static void what_is_no_longer_used_is_deleted(void **state)
{
    (void)state;
    store_first();
    const struct inv_model cam = {.name = "cam"};
    const struct mud_model_out models[] = {{.model = &cam, .json = text("{cam 2}")}};
    const struct mud_file files[] = {{"v/11/domains.json", text("list 2")}};
    const struct mud_version versions[] = {{.serial = 11, .files = files, .file_n = 1}};
    const struct mud_output out = {.list = text("list 2"),
                                   .models = models,
                                   .model_n = 1,
                                   .versions = versions,
                                   .version_n = 1};
    store(&out);
    AUTO(previous) struct previous p = {0};
    load(&p);
    assert_bytes(p.value.list, "list 2");
    assert_int_equal(p.value.model_n, 1);
    assert_bytes(p.value.models[0].json, "{cam 2}");
    assert_int_equal(p.value.signature_n, 0);
    assert_int_equal(p.value.version_n, 1);
    size_t blobs = 0;
    __attribute__((cleanup(state_auto_close))) struct state *s = NULL;
    assert_int_equal(state_open(dir, &s, NULL), ERR_OK);
    assert_int_equal(state_doc_each(s, "blob", count, &blobs), 0);
    assert_int_equal(blobs, 1);
}

/* A store that does not fit together stops the build instead of publishing half a version. */
static void damaged_docs_are_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *name, *content;
    } cases[] = {{"version", "0000000012", "{\"superseded-at\":0,\"files\":{\"a\":\"nowhere\"}}"},
                 {"version", "0000000012", "not JSON"},
                 {"version", "0000000012", "{\"files\":{}}"},
                 {"signature", "short.name", "x"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].content);
        __attribute__((cleanup(state_auto_close))) struct state *s = NULL;
        AUTO(previous) struct previous p = {0};
        assert_int_equal(state_open(dir, &s, NULL), ERR_OK);
        assert_int_equal(state_doc_put(s, cases[i].kind, cases[i].name, text(cases[i].content)),
                         ERR_OK);
        assert_int_equal(previous_load(s, &p), ERR_STATE);
        assert_int_equal(state_doc_delete(s, cases[i].kind, cases[i].name), ERR_OK);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_stored_is_no_publication, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_stored_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_longer_used_is_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_docs_are_an_error, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
