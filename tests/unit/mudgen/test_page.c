/* The page for people: escaped, self-contained, the same bytes for the same list. */
#include <gnutls/crypto.h>

#include "sample.h"

static const char *page_of(const struct sample *s, struct buf *keep)
{
    struct bytes b = find_file(s->out, "index.html");
    buf_clear(keep);
    buf_add(keep, b.data, b.len);
    return buf_str(keep);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = strstr(text, what); p != NULL; p = strstr(p + 1, what))
        n++;
    return n;
}

#define HOSTILE "</title><script>alert('1')</script>&\\\""

static const char hostile[] =
    "version: 1\n"
    "manufacturer:\n"
    "  name: \"" HOSTILE "\"\n"
    "  domain: example.net\n"
    "  contact: \"<b>noc</b>@example.net\"\n"
    "  documentation: https://example.net/network?a=1&b=2\n"
    "publication:\n"
    "  zone: example.net\n"
    "  base-url: https://mud.example.net/\n"
    "  signer: {certificate: signer.pem, key: signer.key}\n"
    "zones:\n"
    "  - {name: example.net, file: example.net.zone}\n"
    "services:\n"
    "  - {name: fw, purpose: media, domains: [{name: a.example.net}], endpoints: [{protocol: "
    "any}]}\n"
    "models:\n"
    "  - {name: cam, model-name: \"<img src=x onerror=alert(1)>\", systeminfo: s, supported: true, "
    "services: [fw]}\n";

static void hostile_texts_are_escaped(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO(sample) struct sample s = sample_build(hostile, NULL, SAMPLE_NOW);
    const char *page = page_of(&s, &keep);
    assert_int_equal(count(page, "<script"), 1); /* ours */
    assert_int_equal(count(page, "</title>"), 1);
    assert_int_equal(count(page, "<img"), 0);
    assert_int_equal(count(page, "<b>"), 0);
    assert_int_equal(
        count(page, "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"), 2);
    assert_non_null(strstr(page, "href=\"https://example.net/network?a=1&amp;b=2\""));
}

static void odd_addresses_become_no_links(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO_PTR(cms_signer) struct cms_signer *signer = sample_signer();
    AUTO_PTR(inventory) struct inventory *from = sample_inventory(hostile);
    AUTO_PTR(mud_output) struct mud_output *out = NULL;
    struct inventory inv = *from;
    const struct mud_previous none = {0};
    const struct mud_options opts = {.now = SAMPLE_NOW};
    inv.documentation = "javascript:alert(1)";
    inv.contact = "javascript:alert(2)";
    assert_int_equal(mud_build(&inv, signer, &none, &opts, &out, NULL), ERR_OK);
    struct bytes b = find_file(out, "index.html");
    buf_add(&keep, b.data, b.len);
    assert_int_equal(count(buf_str(&keep), "href=\"javascript"), 0);
}

static void nothing_is_loaded_from_elsewhere(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO(sample) struct sample s = sample_build(hostile, NULL, SAMPLE_NOW);
    const char *page = page_of(&s, &keep);
    static const char *const loaders[] = {" src=",   "<link",  "@import", "url(",
                                          "<iframe", "fetch(", "XMLHttp", "eval("};
    for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
        TEST_CASE(loaders[i]);
        assert_int_equal(count(page, loaders[i]), i == 0 ? count(page, "img src=x") : 0);
    }
    assert_non_null(strstr(page, "default-src 'none'"));
}

/* The policy lets in exactly the inline text between OPEN and CLOSE. */
static void assert_allowed(const char *page, const char *open, const char *close)
{
    const char *begin = strstr(page, open) + strlen(open);
    const char *end = strstr(begin, close);
    uint8_t digest[32];
    gnutls_datum_t in = {digest, sizeof(digest)};
    gnutls_datum_t base64 = {0};
    AUTO(buf) struct buf source = {0};
    assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, begin, (size_t)(end - begin), digest), 0);
    assert_int_equal(gnutls_base64_encode2(&in, &base64), 0);
    buf_printf(&source, "'sha256-%.*s'", (int)base64.size, (const char *)base64.data);
    gnutls_free(base64.data);
    assert_non_null(strstr(page, buf_str(&source)));
}

static void own_script_and_style_are_allowed_by_digest(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO(sample) struct sample s = sample_build(hostile, NULL, SAMPLE_NOW);
    const char *page = page_of(&s, &keep);
    assert_allowed(page, "<script>", "</script>");
    assert_allowed(page, "<style>", "</style>");
}

static void page_says_what_the_list_says(void **state)
{
    (void)state;
    AUTO(buf) struct buf keep = {0};
    AUTO(sample)
    struct sample s = sample_build(
        SAMPLE_HEAD "services:\n"
                    "  - {name: fw, purpose: media, required: false, domains: [{name: "
                    "a.example.net, removal-not-before: 2027-05-01}, {name: \"*.w.example.net\"}, "
                    "{name: pool.ntp.org, operated-by: third-party}], endpoints: [{protocol: udp, "
                    "port: 100-200, initiated-by: remote}]}\n" SAMPLE_CAM,
        NULL, SAMPLE_NOW);
    const char *page = page_of(&s, &keep);
    static const char *const said[] = {
        "<code>a.example.net</code>",
        "<code>*.w.example.net</code>",
        "<code>pool.ntp.org</code>",
        "third party",
        "optional",
        "udp 100-200 (inbound)",
        "goes on or after 2027-05-01",
        "<dd>2026112101</dd>",
        "<dd>24 hours</dd>",
        "href=\"cam/cam.json\"",
        "href=\"cam/cam.p7s\"",
        "href=\".well-known/mudzone/feeds/deny.rpz\"",
        "only for a view or tag of IoT devices",
        "kdig +dnssec TXT _mudzone.example.net",
        "https://mud.example.net/.well-known/mudzone/v/SERIAL/domains.json",
    };
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        TEST_CASE(said[i]);
        assert_non_null(strstr(page, said[i]));
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts_are_escaped),
        cmocka_unit_test(odd_addresses_become_no_links),
        cmocka_unit_test(nothing_is_loaded_from_elsewhere),
        cmocka_unit_test(own_script_and_style_are_allowed_by_digest),
        cmocka_unit_test(page_says_what_the_list_says),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
