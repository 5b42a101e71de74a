/* The announcement: records, pages, and what a zone may already hold. */
#include <libknot/descriptor.h>
#include <libknot/packet/pkt.h>

#include "sample.h"

#define ZONE_HEAD                                                                                  \
    "$ORIGIN example.net.\n$TTL 3600\n"                                                            \
    "@ SOA ns hostmaster 1 7200 3600 1209600 3600\n@ NS ns\nns A 192.0.2.1\nmud A 192.0.2.2\n"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char small[] =
    SAMPLE_HEAD "services:\n"
                "  - {name: fw, purpose: media, domains: [{name: a.example.net}, {name: "
                "\"*.w.example.net\"}], endpoints: [{protocol: any}]}\n" SAMPLE_CAM;

static struct zone *make_zone(const char *text)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *z = NULL;
    int err =
        zone_parse("example.net.zone", text, strlen(text), &(struct zone_load_opts){0}, &z, d);
    if (err != ERR_OK)
        print_findings(d);
    assert_int_equal(err, ERR_OK);
    return z;
}

/* The records as a zone file has them, in canonical order, without those of ZONE_HEAD. */
static void write_records(const struct records *r, struct buf *out)
{
    uint8_t apex[256];
    struct zone *z = NULL;
    assert_true(name_from_text("example.net", apex));
    struct zone_builder *b = zone_builder_new(apex, NULL);
    assert_non_null(b);
    for (size_t i = 0; i < records_n(r); i++) {
        struct record_view v = records_at(r, i);
        assert_int_equal(zone_builder_add(b, v.owner, v.type, v.ttl, v.rdata.data, v.rdata.len, 0),
                         ERR_OK);
    }
    assert_int_equal(zone_builder_finish(b, &z, NULL), ERR_OK);
    assert_int_equal(zone_write(z, out), ERR_OK);
    zone_free(z);
}

static void records_are_as_designed(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = make_zone(ZONE_HEAD);
    AUTO_PTR(records) struct records *r = records_new();
    AUTO(sample) struct sample s = sample_build(small, NULL, SAMPLE_NOW);
    AUTO(buf) struct buf seen = {0};
    AUTO(buf) struct buf expected = {0};
    uint8_t spki[2][32];
    char list[65], mud[65], sig[65], pin[65];
    memset(spki[0], 0xaa, 32);
    memset(spki[1], 0xbb, 32);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, (const uint8_t(*)[32])spki, 2, z, r, d),
                     ERR_OK);
    assert_int_equal(diags_n(d), 0);
    write_records(r, &seen);
    hex_encode(s.out->list_sha256, 32, list);
    hex_encode(s.out->models[0].json_sha256, 32, mud);
    hex_encode(s.out->models[0].p7s_sha256, 32, sig);
    hex_encode(cms_signer_spki_sha256(s.signer), 32, pin);
    for (char *p = pin; *p != 0; p++)
        *p = (char)(*p >= 'a' ? *p - 32 : *p);
    buf_printf(&expected,
               "_mudzone.example.net. 3600 IN TXT \"v=mudzone1\" \"serial=2026112101\" "
               "\"updated=2026-11-21T22:26:40Z\" \"refresh=86400\" \"list=sha-256:%s\" "
               "\"domain-pages=1\" \"model-pages=1\"\n"
               "_mudzone.example.net. 3600 IN URI 10 1 "
               "\"https://mud.example.net/.well-known/mudzone/domains.json\"\n"
               "_0._domains._mudzone.example.net. 3600 IN PTR *.w.example.net.\n"
               "_0._domains._mudzone.example.net. 3600 IN PTR a.example.net.\n"
               "_0._models._mudzone.example.net. 3600 IN PTR cam._models._mudzone.example.net.\n"
               "cam._models._mudzone.example.net. 3600 IN TXT \"v=mudzone1\" \"mud=sha-256:%s\" "
               "\"sig=sha-256:%s\" \"updated=2026-11-21T22:26:40Z\"\n"
               "cam._models._mudzone.example.net. 3600 IN URI 10 1 "
               "\"https://mud.example.net/cam/cam.json\"\n"
               "_signer._mudzone.example.net. 3600 IN SMIMEA 3 1 1 %s\n"
               "_443._tcp.mud.example.net. 3600 IN TLSA 3 1 1 "
               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
               "_443._tcp.mud.example.net. 3600 IN TLSA 3 1 1 "
               "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\n",
               list, mud, sig, pin);
    assert_string_equal(buf_str(&seen), buf_str(&expected));
}

static void equal_certificates_are_announced_once(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = make_zone(ZONE_HEAD);
    AUTO_PTR(records) struct records *one = records_new();
    AUTO_PTR(records) struct records *two = records_new();
    AUTO(sample) struct sample s = sample_build(small, NULL, SAMPLE_NOW);
    uint8_t spki[2][32] = {{0}, {0}};
    const uint8_t(*both)[32] = (const uint8_t(*)[32])spki;
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, both, 1, z, one, NULL), ERR_OK);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, both, 2, z, two, NULL), ERR_OK);
    assert_int_equal(records_n(one), records_n(two));
}

/* ------------------------------------------------------------------ zones */

#define TWO_ZONES(base)                                                                            \
    "version: 1\nmanufacturer: {name: E, domain: example.net, documentation: "                     \
    "https://example.net}\n"                                                                       \
    "publication:\n  zone: example.net\n  base-url: " base "\n"                                    \
    "  signer: {certificate: signer.pem, key: signer.key}\n"                                       \
    "zones:\n  - {name: example.net, file: a.zone}\n  - {name: web.example.net, file: b.zone}\n"   \
    "services:\n  - {name: fw, purpose: media, domains: [{name: a.example.net}], endpoints: "      \
    "[{protocol: any}]}\n" SAMPLE_CAM

static const char web_zone[] = "$ORIGIN web.example.net.\n$TTL 3600\n"
                               "@ SOA ns hostmaster 1 7200 3600 1209600 3600\n@ NS ns\nns A "
                               "192.0.2.1\nmud A 192.0.2.2\n";

static size_t count_type(const struct records *r, uint16_t type, const char *owner)
{
    size_t n = 0;
    uint8_t wire[256];
    assert_true(name_from_text(owner, wire));
    for (size_t i = 0; i < records_n(r); i++) {
        struct record_view v = records_at(r, i);
        n += v.type == type && name_compare(v.owner, wire) == 0 ? 1u : 0u;
    }
    return n;
}

static void each_zone_gets_its_own_part(void **state)
{
    (void)state;
    const uint8_t spki[1][32] = {{1}};
    AUTO_PTR(zone)
    struct zone *main_zone = make_zone(ZONE_HEAD "web NS ns.web\nns.web A 192.0.2.1\n");
    AUTO_PTR(zone) struct zone *sub_zone = make_zone(web_zone);
    AUTO_PTR(records) struct records *in_main = records_new();
    AUTO_PTR(records) struct records *in_sub = records_new();
    AUTO(sample)
    struct sample s =
        sample_build(TWO_ZONES("https://mud.web.example.net:8443/"), NULL, SAMPLE_NOW);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, spki, 1, main_zone, in_main, NULL),
                     ERR_OK);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, spki, 1, sub_zone, in_sub, NULL), ERR_OK);
    assert_int_equal(count_type(in_main, KNOT_RRTYPE_TXT, "_mudzone.example.net"), 1);
    assert_int_equal(count_type(in_main, KNOT_RRTYPE_TLSA, "_8443._tcp.mud.web.example.net"), 0);
    assert_int_equal(records_n(in_sub), 1);
    assert_int_equal(count_type(in_sub, KNOT_RRTYPE_TLSA, "_8443._tcp.mud.web.example.net"), 1);
}

static const struct {
    const char *name;
    const char *lines; /* added to the zone */
    int err;
    const char *finding;
    size_t tlsa; /* records made */
} place_cases[] = {
    {"host delegated away", "mud NS ns.elsewhere.test.\n", ERR_OK, "announcement-tlsa-left-out", 0},
    {"TLSA name is an alias", "_443._tcp.mud CNAME tlsa.elsewhere.test.\n", ERR_OK,
     "announcement-tlsa-left-out", 0},
    {"same TLSA",
     "_443._tcp.mud TLSA 3 1 1 00000000000000000000000000000000000000000000000000000000"
     "00000000\n",
     ERR_OK, NULL, 1},
    {"another TLSA",
     "_443._tcp.mud TLSA 3 1 1 11000000000000000000000000000000000000000000000000000"
     "00000000000\n",
     ERR_FINDINGS, "announcement-conflict", 0},
    {"another usage",
     "_443._tcp.mud TLSA 2 1 1 00000000000000000000000000000000000000000000000000000"
     "00000000000\n",
     ERR_FINDINGS, "announcement-conflict", 0},
    {"own TXT at _mudzone", "_mudzone TXT \"v=mudzone1\" \"serial=1\"\n", ERR_FINDINGS,
     "announcement-conflict", 0},
    {"own record below _mudzone", "x._models._mudzone A 192.0.2.1\n", ERR_FINDINGS,
     "announcement-conflict", 0},
    {"another SMIMEA",
     "_signer._mudzone SMIMEA 3 1 1 "
     "0000000000000000000000000000000000000000000000000000000000000000\n",
     ERR_FINDINGS, "announcement-conflict", 0},
    {"_mudzone delegated", "_mudzone NS ns.elsewhere.test.\n", ERR_FINDINGS, "announcement-place",
     0},
    {"_mudzone is an alias", "_mudzone CNAME elsewhere.test.\n", ERR_FINDINGS, "announcement-place",
     0},
    {"names like it are others' business", "_mudzone2 TXT \"x\"\nx.mud TXT \"y\"\n", ERR_OK, NULL,
     1},
};

/* A draft of the announcement has the same owners and types, and meets the same obstacles. */
static void check_draft(const struct sample *s, const uint8_t (*spki)[32], const struct zone *z,
                        int err, const struct records *made)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(records) struct records *r = records_new();
    assert_int_equal(
        mud_announce_draft(s->inv, cms_signer_spki_sha256(s->signer), spki, 1, z, r, d), err);
    assert_int_equal(diags_count(d, SEV_ERROR) > 0, err != ERR_OK);
    if (err != ERR_OK)
        return;
    size_t first = records_n(made) / 2; /* the caller has them twice */
    assert_int_equal(records_n(r), first);
    for (size_t i = 0; i < first; i++) {
        struct record_view a = records_at(r, i), b = records_at(made, i);
        assert_int_equal(name_compare(a.owner, b.owner), 0);
        assert_int_equal(a.type, b.type);
        assert_int_equal(a.ttl, b.ttl);
        assert_true(a.type == KNOT_RRTYPE_TXT || bytes_equal(a.rdata, b.rdata));
    }
}

static void what_the_zone_holds_is_respected(void **state)
{
    (void)state;
    const uint8_t spki[1][32] = {{0}};
    AUTO(sample) struct sample s = sample_build(small, NULL, SAMPLE_NOW);
    for (size_t i = 0; i < sizeof(place_cases) / sizeof(place_cases[0]); i++) {
        TEST_CASE(place_cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(records) struct records *r = records_new();
        AUTO(buf) struct buf text = {0};
        buf_printf(&text, "%s%s",
                   "$ORIGIN example.net.\n$TTL 3600\n@ SOA ns hostmaster 1 7200 3600 1209600 3600\n"
                   "@ NS ns\nns A 192.0.2.1\n",
                   place_cases[i].lines);
        AUTO_PTR(zone) struct zone *z = make_zone(buf_str(&text));
        assert_int_equal(mud_announce(s.inv, s.out, s.signer, spki, 1, z, r, d),
                         place_cases[i].err);
        assert_int_equal(mud_announce(s.inv, s.out, s.signer, spki, 1, z, r, NULL),
                         place_cases[i].err); /* the verdict does not need findings */
        assert_int_equal(diags_n(d) > 0, place_cases[i].finding != NULL);
        if (place_cases[i].finding != NULL)
            assert_true(count_findings(d, place_cases[i].finding) > 0);
        if (place_cases[i].err != ERR_OK)
            assert_int_equal(records_n(r), 0);
        assert_int_equal(count_type(r, KNOT_RRTYPE_TLSA, "_443._tcp.mud.example.net"),
                         2 * place_cases[i].tlsa);
        if (strstr(place_cases[i].lines, "TXT \"v=mudzone1\"") == NULL) /* see the next test */
            check_draft(&s, spki, z, place_cases[i].err, r);
    }
}

/* What a draft cannot know, it does not judge. */
static void a_draft_takes_what_may_be_an_earlier_announcement(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool signer; /* is its key known? */
        int err;
    } cases[] = {
        {"_mudzone TXT \"v=mudzone1\" \"serial=1\"", true, ERR_OK},
        {"_mudzone TXT \"v=mudzone2\" \"serial=1\"", true, ERR_FINDINGS},
        {"_x._mudzone TXT \"v=mudzone1\"", true, ERR_FINDINGS}, /* nothing of ours is there */
        {"_signer._mudzone SMIMEA 3 1 1 " ZEROS, true, ERR_FINDINGS},
        {"_signer._mudzone SMIMEA 3 1 1 " ZEROS, false, ERR_OK},
        {"_signer._mudzone TXT \"x\"", false, ERR_FINDINGS},
    };
    AUTO(sample) struct sample s = sample_build(small, NULL, SAMPLE_NOW);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].line);
        AUTO_PTR(records) struct records *r = records_new();
        AUTO(buf) struct buf text = {0};
        buf_printf(&text, "%s%s\n", ZONE_HEAD, cases[i].line);
        AUTO_PTR(zone) struct zone *z = make_zone(buf_str(&text));
        const uint8_t *signer = cases[i].signer ? cms_signer_spki_sha256(s.signer) : NULL;
        assert_int_equal(mud_announce_draft(s.inv, signer, NULL, 0, z, r, NULL), cases[i].err);
        assert_int_equal(count_type(r, KNOT_RRTYPE_SMIMEA, "_signer._mudzone.example.net"),
                         cases[i].signer && cases[i].err == ERR_OK);
    }
}

static void a_zone_that_holds_the_same_announcement_is_fine(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = make_zone(ZONE_HEAD);
    AUTO_PTR(zone) struct zone *merged = NULL;
    AUTO_PTR(records) struct records *r = records_new();
    AUTO_PTR(records) struct records *again = records_new();
    const uint8_t spki[1][32] = {{0}};
    AUTO(sample) struct sample s = sample_build(small, NULL, SAMPLE_NOW);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, spki, 1, z, r, d), ERR_OK);
    assert_int_equal(zone_overlay(z, r, &merged, d), ERR_OK);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, spki, 1, merged, again, d), ERR_OK);
    assert_int_equal(diags_n(d), 0);
    assert_int_equal(records_n(r), records_n(again));
}

/* ------------------------------------------------------------------ pages */

/* The signed answer to a PTR query for OWNER, made by libknot: no larger than one UDP packet. */
static size_t answer_size(const struct records *r, const uint8_t *owner, size_t *ret_entries)
{
    uint8_t apex[256];
    uint8_t rrsig[18 + 255 + 64] = {0};
    knot_rrset_t set, sig;
    knot_pkt_t *pkt = knot_pkt_new(NULL, 65535, NULL);
    assert_non_null(pkt);
    knot_dname_t *name = knot_dname_copy(owner, NULL);
    assert_true(name_from_text("example.net", apex));
    memcpy(rrsig + 18, apex, name_len(apex));
    assert_int_equal(knot_pkt_put_question(pkt, name, KNOT_CLASS_IN, KNOT_RRTYPE_PTR), 0);
    knot_pkt_begin(pkt, KNOT_ANSWER);
    knot_rrset_init(&set, name, KNOT_RRTYPE_PTR, KNOT_CLASS_IN, 3600);
    knot_rrset_init(&sig, name, KNOT_RRTYPE_RRSIG, KNOT_CLASS_IN, 3600);
    for (size_t i = 0; i < records_n(r); i++) {
        struct record_view v = records_at(r, i);
        if (v.type == KNOT_RRTYPE_PTR && name_compare(v.owner, owner) == 0)
            assert_int_equal(knot_rrset_add_rdata(&set, v.rdata.data, (uint16_t)v.rdata.len, NULL),
                             0);
    }
    *ret_entries = set.rrs.count;
    assert_int_equal(knot_rrset_add_rdata(&sig, rrsig, (uint16_t)(18 + name_len(apex) + 64), NULL),
                     0);
    assert_int_equal(knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, &set, 0), 0);
    assert_int_equal(knot_pkt_put(pkt, KNOT_COMPR_HINT_QNAME, &sig, 0), 0);
    size_t size = pkt->size + 11; /* OPT */
    knot_rdataset_clear(&set.rrs, NULL);
    knot_rdataset_clear(&sig.rrs, NULL);
    knot_dname_free(name, NULL);
    knot_pkt_free(pkt);
    return size;
}

/* All pages of KIND: their answers fit, and all entries are on one of them. */
static size_t check_pages(const struct records *r, const char *kind, size_t total)
{
    size_t pages = 0;
    size_t seen = 0;
    while (seen < total) {
        AUTO(buf) struct buf text = {0};
        uint8_t owner[256];
        size_t entries = 0;
        buf_printf(&text, "_%zu.%s._mudzone.example.net", pages, kind);
        assert_true(name_from_text(buf_str(&text), owner));
        size_t size = answer_size(r, owner, &entries);
        assert_true(entries > 0 && entries <= MUD_PAGE_ENTRIES);
        assert_true(size <= MUD_ANSWER_MAX);
        seen += entries;
        pages++;
    }
    assert_int_equal(seen, total);
    return pages;
}

static void a_thousand_models_are_paged(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *z = make_zone(ZONE_HEAD);
    AUTO_PTR(records) struct records *r = records_new();
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, SAMPLE_HEAD "services:\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(
            &text,
            "  - {name: s%d, purpose: media, domains: [{name: n%04d.example.net}], endpoints: "
            "[{protocol: any}]}\n",
            i, i);
    buf_add_str(&text, "models:\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(&text,
                   "  - {name: m-%04d, model-name: M, systeminfo: s, supported: true, services: "
                   "[s%d]}\n",
                   999 - i, i);
    AUTO(sample) struct sample s = sample_build(buf_str(&text), NULL, SAMPLE_NOW);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, NULL, 0, z, r, NULL), ERR_OK);
    assert_int_equal(check_pages(r, "_models", 1000), 50);
    assert_int_equal(check_pages(r, "_domains", 1000), 50);
    assert_int_equal(count_type(r, KNOT_RRTYPE_PTR, "_49._models._mudzone.example.net"), 20);
    assert_int_equal(count_type(r, KNOT_RRTYPE_TXT, "m-0999._models._mudzone.example.net"), 1);
}

static void long_names_close_a_page_early(void **state)
{
    (void)state;
    static const char label[] = "123456789-123456789-123456789-123456789-123456789-123456789-xyz";
    AUTO_PTR(zone) struct zone *z = make_zone(ZONE_HEAD);
    AUTO_PTR(records) struct records *r = records_new();
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, SAMPLE_HEAD "services:\n  - name: fw\n    purpose: media\n    domains:\n");
    for (int i = 0; i < 30; i++)
        buf_printf(&text, "      - {name: %02d.%s.%s.%s.example.net}\n", i, label, label, label);
    buf_add_str(&text, "    endpoints: [{protocol: any}]\n" SAMPLE_CAM);
    AUTO(sample) struct sample s = sample_build(buf_str(&text), NULL, SAMPLE_NOW);
    assert_int_equal(mud_announce(s.inv, s.out, s.signer, NULL, 0, z, r, NULL), ERR_OK);
    /* 12 + 38 + 105 + 11, then 12 + 208 a name: four fit */
    assert_int_equal(check_pages(r, "_domains", 30), 8);
    assert_int_equal(count_type(r, KNOT_RRTYPE_PTR, "_0._domains._mudzone.example.net"), 4);
}

static void names_too_long_to_announce_are_found(void **state)
{
    (void)state;
    static const char label[] = "123456789-123456789-123456789-123456789-123456789-123456789-xyz";
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf zone = {0};
    buf_printf(&zone, "%s.%s.%s.example.net", label, label, label);
    buf_printf(
        &text,
        "version: 1\nmanufacturer: {name: E, domain: example.net, documentation: "
        "https://example.net}\n"
        "publication:\n  zone: %s\n  base-url: https://mud.example.net/\n"
        "  signer: {certificate: signer.pem, key: signer.key}\n"
        "zones:\n  - {name: %s, file: a.zone}\n"
        "services:\n  - {name: fw, purpose: media, domains: [{name: a.example.net}], "
        "endpoints: [{protocol: any}]}\n"
        "models:\n  - {name: %.40s, model-name: C, systeminfo: s, supported: true, services: "
        "[fw]}\n",
        buf_str(&zone), buf_str(&zone), label);
    AUTO_PTR(inventory) struct inventory *inv = sample_inventory(buf_str(&text));
    assert_int_equal(mud_check(inv, SAMPLE_NOW, d), ERR_FINDINGS);
    assert_int_equal(count_findings(d, "announcement-name-too-long"), 1);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_as_designed),
        cmocka_unit_test(equal_certificates_are_announced_once),
        cmocka_unit_test(each_zone_gets_its_own_part),
        cmocka_unit_test(what_the_zone_holds_is_respected),
        cmocka_unit_test(a_draft_takes_what_may_be_an_earlier_announcement),
        cmocka_unit_test(a_zone_that_holds_the_same_announcement_is_fine),
        cmocka_unit_test(a_thousand_models_are_paged),
        cmocka_unit_test(long_names_close_a_page_early),
        cmocka_unit_test(names_too_long_to_announce_are_found),
    };
    return cmocka_run_group_tests(tests, pki_setup_good, pki_teardown);
}
