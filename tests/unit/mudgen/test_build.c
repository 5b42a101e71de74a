/* A build after another: what stays, what moves, which versions are kept, which signatures are
 * reused. */
#include "sample.h"

#define DAY INT64_C(86400)
#define SERVICE(domains)                                                                           \
    SAMPLE_HEAD "services:\n  - {name: fw, purpose: media, domains: [" domains                     \
                "], endpoints: [{protocol: any}]}\n" SAMPLE_CAM
#define ONE SERVICE("{name: a.example.net}")
#define TWO SERVICE("{name: a.example.net}, {name: b.example.net}")

static void tree_is_as_designed(void **state)
{
    (void)state;
    static const char *const paths[] = {
        ".well-known/mudzone/domains.json",
        ".well-known/mudzone/domains.json.p7s",
        ".well-known/mudzone/feeds/allow.rpz",
        ".well-known/mudzone/feeds/deny.rpz",
        ".well-known/mudzone/feeds/domains.txt",
        ".well-known/mudzone/schema.json",
        ".well-known/mudzone/v/2026112101/domains.json",
        ".well-known/mudzone/v/2026112101/domains.json.p7s",
        ".well-known/mudzone/v/2026112101/models/cam.json",
        ".well-known/mudzone/v/2026112101/models/cam.json.p7s",
        "cam/cam.json",
        "cam/cam.p7s",
        "index.html",
    };
    AUTO(sample) struct sample s = sample_build(ONE, NULL, SAMPLE_NOW);
    assert_int_equal(s.out->file_n, sizeof(paths) / sizeof(paths[0]));
    for (size_t i = 0; i < s.out->file_n; i++)
        assert_string_equal(s.out->files[i].path, paths[i]);
}

static void copies_of_a_document_are_equal(void **state)
{
    (void)state;
    AUTO(sample) struct sample s = sample_build(ONE, NULL, SAMPLE_NOW);
    static const char *const same[][2] = {
        {".well-known/mudzone/domains.json", ".well-known/mudzone/v/2026112101/domains.json"},
        {".well-known/mudzone/domains.json.p7s",
         ".well-known/mudzone/v/2026112101/domains.json.p7s"},
        {"cam/cam.json", ".well-known/mudzone/v/2026112101/models/cam.json"},
        {"cam/cam.p7s", ".well-known/mudzone/v/2026112101/models/cam.json.p7s"}};
    for (size_t i = 0; i < 4; i++) {
        assert_true(bytes_equal(find_file(s.out, same[i][0]), find_file(s.out, same[i][1])));
    }
}

static void every_document_is_signed(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(sample) struct sample s = sample_build(TWO, NULL, SAMPLE_NOW);
    assert_int_equal(
        cms_verify(s.out->list_p7s, s.out->list, pki_path("ca.pem"), NULL, SAMPLE_NOW, "list", d),
        ERR_OK);
    assert_int_equal(cms_verify(s.out->models[0].p7s, s.out->models[0].json, pki_path("ca.pem"),
                                NULL, SAMPLE_NOW, "cam", d),
                     ERR_OK);
    assert_int_equal(s.out->signature_n, 2);
}

static void superseded_versions_stay_for_a_while(void **state)
{
    (void)state;
    const int64_t kept_s = 86400 + 3600; /* refresh and TXT TTL */
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    AUTO(sample) struct sample b = sample_build(TWO, &a, SAMPLE_NOW + 1000);
    assert_int_equal(b.out->version_n, 2);
    assert_int_equal(b.out->versions[0].serial, 2026112101);
    assert_int_equal(b.out->versions[0].superseded_at, SAMPLE_NOW + 1000);
    assert_int_equal(b.out->versions[1].superseded_at, 0);
    assert_true(bytes_equal(find_file(b.out, ".well-known/mudzone/v/2026112101/domains.json"),
                            a.out->list));
    AUTO(sample) struct sample c = sample_build(TWO, &b, SAMPLE_NOW + 1000 + kept_s - 1);
    assert_true(same_files(b.out, c.out));
    AUTO(sample) struct sample d = sample_build(TWO, &c, SAMPLE_NOW + 1000 + kept_s);
    assert_int_equal(d.out->version_n, 1);
    assert_false(has_file(d.out, ".well-known/mudzone/v/2026112101/domains.json"));
    assert_true(has_file(d.out, ".well-known/mudzone/v/2026112102/domains.json"));
    assert_int_equal(d.out->serial, b.out->serial);
}

/* A version goes when its own readers have had time to look again: by the refresh that it states.
 */
static void a_version_is_kept_by_its_own_refresh(void **state)
{
    (void)state;
#define REFRESH(r, domains)                                                                        \
    "version: 1\nmanufacturer: {name: E, domain: example.net, documentation: "                     \
    "https://example.net}\n"                                                                       \
    "publication:\n  zone: example.net\n  base-url: https://mud.example.net/\n  refresh: " r "\n"  \
    "  signer: {certificate: signer.pem, key: signer.key}\n"                                       \
    "zones:\n  - {name: example.net, file: example.net.zone}\n"                                    \
    "services:\n  - {name: fw, purpose: media, domains: [" domains "], endpoints: [{protocol: "    \
    "any}]}\n" SAMPLE_CAM
    AUTO(sample)
    struct sample a = sample_build(REFRESH("7d", "{name: a.example.net}"), NULL, SAMPLE_NOW);
    AUTO(sample)
    struct sample b = sample_build(REFRESH("1h", "{name: a.example.net}"), &a, SAMPLE_NOW + 1);
    AUTO(sample)
    struct sample c =
        sample_build(REFRESH("1h", "{name: a.example.net}"), &b, SAMPLE_NOW + 6 * DAY);
    assert_int_equal(c.out->version_n, 2);
    AUTO(sample)
    struct sample d =
        sample_build(REFRESH("1h", "{name: a.example.net}"), &c, SAMPLE_NOW + 8 * DAY);
    assert_int_equal(d.out->version_n, 1);
}

/* DESIGN 10.4: what is in use elsewhere counts, however old the previous list is. */
static void the_serial_goes_on_from_the_greatest_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t floor;
        bool overtaken;
        bool changed;
        uint32_t serial;
    } cases[] = {
        {"older than the previous list", 2026112100, false, false, 2026112101},
        {"the previous list's own", 2026112101, false, false, 2026112101},
        {"of that serial, but another list", 2026112101, true, true, 2026112102},
        {"newer", 2026112107, true, true, 2026112108},
        {"of a later day", 2026113003, false, true, 2026113004},
    };
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        a.as_previous.serial_floor = cases[i].floor;
        a.as_previous.overtaken = cases[i].overtaken;
        AUTO(sample) struct sample b = sample_build(ONE, &a, SAMPLE_NOW + 5);
        assert_int_equal(b.out->list_changed, cases[i].changed);
        assert_int_equal(b.out->serial, cases[i].serial);
    }
    a.as_previous.serial_floor = UINT32_MAX;
    AUTO(sample)
    struct sample c =
        sample_build_as(ONE, &a, (struct mud_options){.now = SAMPLE_NOW + 5}, ERR_FINDINGS);
    assert_null(c.out); /* it cannot move on */
}

static struct bytes flipped(struct bytes from, struct buf *keep)
{
    buf_add(keep, from.data, from.len);
    keep->data[keep->len - 1] ^= 1;
    return buf_bytes(keep);
}

static void fitting_signatures_are_reused_and_others_are_not(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    AUTO(sample) struct sample b = sample_build(ONE, &a, SAMPLE_NOW + 5);
    assert_ptr_equal(b.out->list_p7s.data, a.out->list_p7s.data); /* borrowed, not made again */
    struct mud_signature damaged[2] = {a.out->signatures[0], a.out->signatures[1]};
    damaged[0].p7s = flipped(damaged[0].p7s, &keep);
    a.as_previous.signatures = damaged;
    AUTO(sample) struct sample c = sample_build(ONE, &a, SAMPLE_NOW + 5);
    assert_false(bytes_equal(c.out->signatures[0].p7s, damaged[0].p7s));
    assert_true(bytes_equal(c.out->list_p7s, b.out->list_p7s)); /* deterministic signing */
}

static void a_new_certificate_signs_anew_without_moving_the_list(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(ONE, NULL, SAMPLE_NOW);
    pki_write_good(); /* other keys */
    AUTO(sample) struct sample b = sample_build(ONE, &a, SAMPLE_NOW + 5);
    assert_false(b.out->list_changed);
    assert_false(bytes_equal(a.out->list_p7s, b.out->list_p7s));
    assert_true(bytes_equal(find_file(b.out, ".well-known/mudzone/v/2026112101/domains.json.p7s"),
                            b.out->list_p7s));
    assert_int_equal(b.out->signature_n, 2);
}

static void a_failed_build_gives_nothing(void **state)
{
    (void)state;
    AUTO(sample) struct sample a = sample_build(TWO, NULL, SAMPLE_NOW);
    AUTO(sample)
    struct sample b =
        sample_build_as(ONE, &a, (struct mud_options){.now = SAMPLE_NOW + 5}, ERR_FINDINGS);
    assert_null(b.out);
    const struct mud_options opts = {.now = SAMPLE_NOW + 5};
    assert_int_equal(mud_build(b.inv, b.signer, &a.as_previous, &opts, &b.out, NULL), ERR_FINDINGS);
}

static void a_manufacturer_without_models_has_an_empty_list(void **state)
{
    (void)state;
    AUTO(sample)
    struct sample s = sample_build(SAMPLE_HEAD "services: []\nmodels: []\n", NULL, SAMPLE_NOW);
    assert_int_equal(s.out->list_name_n, 0);
    assert_int_equal(s.out->model_n, 0);
    assert_non_null(memmem(s.out->list.data, s.out->list.len, "\"domains\":[]", 12));
    assert_int_equal(find_file(s.out, ".well-known/mudzone/feeds/domains.txt").len, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_is_as_designed),
        cmocka_unit_test(copies_of_a_document_are_equal),
        cmocka_unit_test(every_document_is_signed),
        cmocka_unit_test(superseded_versions_stay_for_a_while),
        cmocka_unit_test(a_version_is_kept_by_its_own_refresh),
        cmocka_unit_test(the_serial_goes_on_from_the_greatest_known),
        cmocka_unit_test(fitting_signatures_are_reused_and_others_are_not),
        cmocka_unit_test(a_new_certificate_signs_anew_without_moving_the_list),
        cmocka_unit_test(a_failed_build_gives_nothing),
        cmocka_unit_test(a_manufacturer_without_models_has_an_empty_list),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
