/*
 * tests/unit/zones/test_check.c -- zone semantics, a case per rule and per thing that is fine.
 */
#include <libknot/descriptor.h>

#include "common/limits.h"
#include "tests/unit/zones/zone_testing.h"

#define DS " DS 12345 13 2 70959CF5D6A0A3F53BD0AE42DF4DA6ADE84DA066AE1F95F6B6B610DA53F6E86A\n"
#define KEY1                                                                                       \
    "257 3 13 "                                                                                    \
    "1J1lDp/FQFgAGv7EFeDTAru7rUIcUCc7bkYj8OlczfdQjo9IfS5MFg6MqIrE/KPC18CDX1KiDzaCFaMGDlavjQ=="
#define KEY2                                                                                       \
    "257 3 13 "                                                                                    \
    "2J1lDp/FQFgAGv7EFeDTAru7rUIcUCc7bkYj8OlczfdQjo9IfS5MFg6MqIrE/KPC18CDX1KiDzaCFaMGDlavjQ=="
/* the tags of both, as dnssec-dsfromkey gives them */
#define CDS1 "25753 13 2 70959CF5D6A0A3F53BD0AE42DF4DA6ADE84DA066AE1F95F6B6B610DA53F6E86A"
#define CDS2 "26777 13 2 70959CF5D6A0A3F53BD0AE42DF4DA6ADE84DA066AE1F95F6B6B610DA53F6E86A"

struct row {
    const char *name;
    const char *text; /* behind ZONE_HEAD unless it begins with $TTL */
    const char *id;   /* NULL: nothing to find */
    enum severity severity;
    size_t n;
};

static const struct row rows[] = {
    {"good zone", "", NULL, 0, 0},
    {"no SOA", "$TTL 60\n@ NS a.test.\n", "soa-missing", SEV_ERROR, 1},
    {"two SOAs", "@ SOA ns1 host 2 3600 600 86400 600\n", "soa-multiple", SEV_ERROR, 1},
    {"SOA elsewhere", "a SOA ns1 host 1 3600 600 86400 600\n", "soa-below-apex", SEV_ERROR, 1},
    {"no NS", "$TTL 60\n@ SOA ns1 host 1 3600 600 86400 600\n", "ns-apex-missing", SEV_ERROR, 1},
    {"CNAME alone", "a CNAME ns1\n", NULL, 0, 0},
    {"CNAME with NSEC", "a CNAME ns1\na NSEC b CNAME RRSIG NSEC\n", NULL, 0, 0},
    {"CNAME and A", "a CNAME ns1\na A 192.0.2.1\n", "cname-beside-data", SEV_ERROR, 1},
    {"CNAME at the apex", "@ CNAME ns1\n", "cname-beside-data", SEV_ERROR, 2},
    {"two CNAMEs", "a CNAME ns1\na CNAME b\n", "cname-multiple", SEV_ERROR, 1},
    {"CNAMEs in a circle", "a CNAME b\nb CNAME a\n", "zone-cname-loop", SEV_WARNING, 1},
    {"CNAME to itself", "c CNAME c\n", "zone-cname-loop", SEV_WARNING, 1},
    {"two circles", "a CNAME b\nb CNAME a\nc CNAME C\n", "zone-cname-loop", SEV_WARNING, 2},
    {"ways into a circle", "a CNAME c\nb CNAME c\nc CNAME d\nd CNAME c\nx CNAME a\n",
     "zone-cname-loop", SEV_WARNING, 1},
    {"circle by a wildcard", "*.w CNAME a.w\n", "zone-cname-loop", SEV_WARNING, 1},
    {"circle by a DNAME", "d DNAME e\nx.e CNAME x.d\n", "zone-cname-loop", SEV_WARNING, 1},
    {"no circle: the name exists", "*.w CNAME a.w\na.w A 192.0.2.1\n", "zone-cname-loop", 0, 0},
    {"no circle: delegated", "a CNAME b.s\ns NS ns.test.\nb.s CNAME a\n", "zone-cname-loop", 0, 0},
    {"CNAME to nothing", "h CNAME nowhere\n", "zone-cname-dangling", SEV_WARNING, 1},
    {"two ways to nothing", "a CNAME h\nh CNAME nowhere\n", "zone-cname-dangling", SEV_WARNING, 1},
    {"CNAME to an empty name", "h CNAME e\nx.e TXT a\n", "zone-cname-dangling", SEV_WARNING, 1},
    {"CNAME outside", "h CNAME nowhere.test.\n", NULL, 0, 0},
    {"CNAME to a wildcard", "h CNAME x.w\n*.w A 192.0.2.1\n", "zone-cname-dangling", SEV_WARNING,
     0},
    {"CNAME beside a wildcard", "h CNAME x.y.w\n*.w A 192.0.2.1\ny.w TXT a\n",
     "zone-cname-dangling", SEV_WARNING, 1},
    {"CNAME to a delegation", "h CNAME x.s\ns NS ns.test.\n", NULL, 0, 0},
    {"CNAME below a DNAME", "h CNAME x.d\nd DNAME test.\n", NULL, 0, 0},
    {"CNAME below a DNAME to nothing", "h CNAME x.d\nd DNAME e\ne TXT a\n", "zone-cname-dangling",
     SEV_WARNING, 1},
    {"CNAME below a delegation", "s NS ns.test.\nh.s CNAME nowhere\n", "zone-cname-dangling",
     SEV_WARNING, 0},
    {"DNAMEs in a circle", "h CNAME x.d\nd DNAME e\ne DNAME d\n", "zone-cname-long", SEV_WARNING,
     1},
    {"two DNAMEs", "a DNAME b.test.\na DNAME c.test.\n", "dname-multiple", SEV_ERROR, 1},
    {"DNAME and A", "a DNAME b.test.\na A 192.0.2.1\n", NULL, 0, 0},
    {"name below a DNAME", "a DNAME b.test.\nx.a A 192.0.2.1\n", "occluded-dname", SEV_ERROR, 1},
    {"DNAME at the apex", "@ DNAME b.test.\n", "occluded-dname", SEV_ERROR, 1},
    {"DNAME at a wildcard", "*.a DNAME b.test.\n", "dname-wildcard", SEV_WARNING, 1},
    {"NS at a wildcard", "*.a NS ns.test.\n", "ns-wildcard", SEV_ERROR, 1},
    {"wildcard", "*.a A 192.0.2.1\n", "wildcard", SEV_NOTE, 1},

    {"apex server without address", "@ NS ns2\n", "glue-missing", SEV_ERROR, 1},
    {"apex server with AAAA", "@ NS ns2\nns2 AAAA 2001:db8::1\n", NULL, 0, 0},
    {"apex server outside", "@ NS ns.test.\n", NULL, 0, 0},
    {"apex server by a wildcard", "@ NS x.w\n*.w A 192.0.2.1\n", "glue-missing", SEV_ERROR, 0},
    {"wildcard stopped by a name", "@ NS x.y.w\n*.w A 192.0.2.1\ny.w TXT a\n", "glue-missing",
     SEV_ERROR, 1},
    {"apex server is a CNAME", "@ NS c\nc CNAME ns1\n", "ns-alias", SEV_ERROR, 1},
    {"delegation with glue", "sub NS ns.sub\nns.sub A 192.0.2.1\n", NULL, 0, 0},
    {"delegation without glue", "sub NS ns.sub\n", "glue-missing", SEV_ERROR, 1},
    {"glue at the cut itself", "sub NS sub\nsub A 192.0.2.1\n", NULL, 0, 0},
    {"server in our authority", "sub NS ns1\n", NULL, 0, 0},
    {"server in our authority, no address", "sub NS ns9\n", "glue-missing", SEV_ERROR, 1},
    {"server is our CNAME", "sub NS c\nc CNAME ns1\n", "ns-alias", SEV_ERROR, 1},
    {"sibling glue", "sub NS ns.bro\nbro NS ns.bro\nns.bro A 192.0.2.1\n", NULL, 0, 0},
    {"sibling glue missing", "sub NS ns.bro\nbro NS ns.test.\n", "glue-sibling-missing",
     SEV_WARNING, 1},
    {"MX to a CNAME", "@ MX 10 c\nc CNAME ns1\n", "target-alias", SEV_WARNING, 1},
    {"SRV to a CNAME", "_s._tcp SRV 0 0 1 c\nc CNAME ns1\n", "target-alias", SEV_WARNING, 1},
    {"MX to an address", "@ MX 10 ns1\n", NULL, 0, 0},

    {"DS with NS", "sub NS ns.test.\nsub" DS, NULL, 0, 0},
    {"DS at the apex", "@" DS, "ds-apex", SEV_ERROR, 1},
    {"DS without NS", "sub" DS, "ds-without-ns", SEV_ERROR, 1},
    {"data at a delegation", "sub NS ns.test.\nsub TXT a\n", "occluded-delegation", SEV_WARNING, 1},
    {"data below a delegation", "sub NS ns.test.\nx.sub TXT a\n", "occluded-delegation",
     SEV_WARNING, 1},
    {"address that no server needs", "sub NS ns.test.\nx.sub A 192.0.2.1\n", "occluded-delegation",
     SEV_WARNING, 1},
    {"data beside glue", "sub NS ns.sub\nns.sub A 192.0.2.1\nns.sub TXT a\n", "occluded-delegation",
     SEV_WARNING, 1},
    {"delegation below a delegation", "sub NS ns.test.\nx.sub NS ns.test.\n", "occluded-delegation",
     SEV_WARNING, 1},

    {"DNSKEY below the apex", "a DNSKEY " KEY1 "\n", "dnskey-place", SEV_WARNING, 1},
    {"CDS below the apex", "a CDS " CDS1 "\n", "cds-place", SEV_ERROR, 1},
    {"CDS and CDNSKEY", "@ DNSKEY " KEY1 "\n@ CDS " CDS1 "\n@ CDNSKEY " KEY1 "\n", NULL, 0, 0},
    {"CDS alone", "@ DNSKEY " KEY1 "\n@ CDS " CDS1 "\n", "cds-alone", SEV_WARNING, 1},
    {"CDS for another key", "@ CDS " CDS2 "\n@ CDNSKEY " KEY1 "\n", "cds-mismatch", SEV_ERROR, 1},
    {"one CDNSKEY more", "@ CDS " CDS1 "\n@ CDNSKEY " KEY1 "\n@ CDNSKEY " KEY2 "\n", "cds-mismatch",
     SEV_ERROR, 1},
    {"no key of the zone", "@ DNSKEY " KEY1 "\n@ CDS " CDS2 "\n@ CDNSKEY " KEY2 "\n", "cds-no-key",
     SEV_ERROR, 2},
    {"one key of two",
     "@ DNSKEY " KEY1 "\n@ CDS " CDS1 "\n@ CDS " CDS2 "\n@ CDNSKEY " KEY1 "\n@ CDNSKEY " KEY2 "\n",
     "cds-key-absent", SEV_WARNING, 2},
    {"removal", "@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n", NULL, 0, 0},
    {"removal by CDS alone", "@ CDS 0 0 0 00\n", NULL, 0, 0},
    {"removal in another form", "@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 BA==\n", "cds-delete", SEV_ERROR,
     1},
    {"removal beside a key", "@ CDS 0 0 0 00\n@ CDNSKEY " KEY1 "\n", "cds-delete", SEV_ERROR, 1},
    {"removal and a key", "@ CDS 0 0 0 00\n@ CDS " CDS1 "\n", "cds-delete", SEV_ERROR, 1},
};

static void each_rule_finds_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO(buf) struct buf text = {0};
        TEST_CASE(r->name);
        buf_printf(&text, "%s%s", strncmp(r->text, "$TTL", 4) == 0 ? "" : ZONE_HEAD, r->text);
        AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text), d);
        assert_non_null(z);
        assert_int_equal(diags_n(d), 0);
        int err = zone_check(z, d);
        findings_print(d);
        if (r->id == NULL)
            assert_int_equal(diags_n(d), 0);
        else
            assert_int_equal(findings_n(d, r->id, r->severity), r->n);
        /* and no other rule calls it an error */
        assert_int_equal(diags_count(d, SEV_ERROR), r->severity == SEV_ERROR ? r->n : 0);
        assert_int_equal(err, diags_count(d, SEV_ERROR) > 0 ? ERR_FINDINGS : ERR_OK);
    }
}

static void findings_name_line_owner_and_type(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = zone_of(ZONE_HEAD "a CNAME ns1\na TXT x\nsub NS ns.sub\n", d);
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    assert_string_equal(finding_text(d, "cname-beside-data"),
                        "t.zone:6: error: a.example. TXT: a CNAME in line 5 has the same owner; "
                        "expected no other data beside a CNAME [cname-beside-data] "
                        "(RFC 1034 s3.6.2)");
    assert_string_equal(finding_text(d, "glue-missing"),
                        "t.zone:7: error: sub.example. NS: name server ns.sub.example. has no "
                        "address in the zone; expected an A or AAAA record for each name server in "
                        "the zone [glue-missing] (RFC 1034 s4.2.1)");
}

static void an_empty_apex_lacks_both(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = zone_of("$TTL 60\na A 192.0.2.1\n", d);
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "soa-missing", SEV_ERROR), 1);
    assert_int_equal(findings_n(d, "ns-apex-missing", SEV_ERROR), 1);
}

static void a_circle_is_shown_from_its_first_name(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone)
    struct zone *z = zone_of(ZONE_HEAD "z CNAME c\nc CNAME b\nb CNAME d\nd CNAME c\n", d);
    assert_int_equal(zone_check(z, d), ERR_OK);
    assert_string_equal(
        finding_text(d, "zone-cname-loop"),
        "t.zone:7: warning: b.example. CNAME: b.example. -> d.example. -> c.example. "
        "-> b.example.; expected CNAMEs that end at a name with data "
        "[zone-cname-loop] (RFC 1034 s3.6.2)");
}

static void a_dangling_cname_names_where_it_ends(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone)
    struct zone *z = zone_of(ZONE_HEAD "h CNAME X.d\nd DNAME e\ne TXT a\ni CNAME No.where\n", d);
    assert_int_equal(zone_check(z, d), ERR_OK);
    assert_int_equal(diags_n(d), 2);
    assert_string_equal(diags_at(d, 0)->at, "h.example. CNAME");
    assert_string_equal(diags_at(d, 0)->found,
                        "leads through a DNAME to x.e.example., which does not exist");
    assert_string_equal(diags_at(d, 1)->found, "leads to no.where.example., which does not exist");
}

/* c0 -> c1 -> … -> LAST of N links, with another way in, and what zone_check says. */
static void chain_check(size_t n, const char *last, struct diags *d)
{
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, ZONE_HEAD);
    for (size_t i = 0; i + 1 < n; i++)
        buf_printf(&text, "c%zu CNAME c%zu\n", i, i + 1);
    buf_printf(&text, "c%zu CNAME %s\n", n - 1, last);
    AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text), d);
    (void)!zone_check(z, d);
}

static void long_chains_are_told_once_at_their_beginning(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    chain_check(LIMIT_CNAME_CHAIN, "ns1", d);
    assert_int_equal(diags_n(d), 0);
    chain_check(LIMIT_CNAME_CHAIN + 1, "ns1", d);
    assert_int_equal(diags_n(d), 1);
    assert_string_equal(diags_at(d, 0)->at, "c0.example. CNAME");
    assert_string_equal(diags_at(d, 0)->rule->id, "zone-cname-long");
}

/* Walked from each name to its end, this would be 20 thousand million steps. */
static void chains_take_linear_time(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    chain_check(200000, "ns1", d);
    assert_int_equal(diags_n(d), 1);
    chain_check(200000, "c0", d);
    assert_int_equal(findings_n(d, "zone-cname-loop", SEV_WARNING), 1);
    assert_int_equal(diags_n(d), 2);
}

static void the_second_of_two_is_to_blame(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone)
    struct zone *z = zone_of(ZONE_HEAD "a CNAME z.test.\nb TXT a\na CNAME a.test.\n"
                                       "d DNAME z.test.\nd DNAME a.test.\n"
                                       "@ SOA ns1 host 2 3600 600 86400 600\n",
                             d);
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    assert_int_equal(strncmp(finding_text(d, "cname-multiple"), "t.zone:7:", 9), 0);
    assert_int_equal(strncmp(finding_text(d, "dname-multiple"), "t.zone:9:", 9), 0);
    assert_int_equal(strncmp(finding_text(d, "soa-multiple"), "t.zone:10:", 10), 0);
}

/* What is missing may stand in the line that could not be read. */
static void zones_read_in_part_are_checked_for_what_they_have(void **state)
{
    (void)state;
    static const char text[] = "$TTL 3600\n@ NS ns1\nbad A 1.2.3\ns NS ns.s\nt" DS
                               "a CNAME bad\nc CNAME c\nx CNAME y.test.\nx TXT a\n";
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    struct zone_load_opts opts = {.origin = (const uint8_t *)"\7example"};
    assert_int_equal(zone_parse("t.zone", text, strlen(text), &opts, &z, d), ERR_FINDINGS);
    assert_null(z);
    opts.keep_partial = true;
    assert_int_equal(zone_parse("t.zone", text, strlen(text), &opts, &z, NULL), ERR_FINDINGS);
    assert_non_null(z);
    assert_int_equal(diags_n(d), 1);
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    findings_print(d);
    assert_int_equal(diags_n(d), 3);
    assert_int_equal(findings_n(d, "zone-cname-loop", SEV_WARNING), 1);
    assert_int_equal(findings_n(d, "cname-beside-data", SEV_ERROR), 1);
}

static void nothing_is_needed_to_ask(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *bad = zone_of("$TTL 60\n@ NS a.test.\n", NULL);
    AUTO_PTR(zone) struct zone *good = zone_of(ZONE_HEAD, NULL);
    assert_int_equal(zone_check(bad, NULL), ERR_FINDINGS);
    assert_int_equal(zone_check(good, NULL), ERR_OK);
}

static void sets_over_a_message_are_refused(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, ZONE_HEAD);
    for (int i = 0; i < 5000; i++)
        buf_printf(&text, "a A 10.0.%d.%d\n", i / 256, i % 256);
    AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text), d);
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "rrset-too-large", SEV_ERROR), 1);
}

/* Each CDS would be compared with each key: not for sets that nobody can serve. */
static void key_announcements_over_a_message_are_not_compared(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, ZONE_HEAD "@ CDNSKEY " KEY1 "\n");
    for (int i = 0; i < 4000; i++)
        buf_printf(&text, "@ CDS %d 13 200 00\n", i);
    AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text), d);
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "rrset-too-large", SEV_ERROR), 1);
    assert_int_equal(diags_n(d), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(key_announcements_over_a_message_are_not_compared),
    cmocka_unit_test(each_rule_finds_what_it_says),
    cmocka_unit_test(findings_name_line_owner_and_type),
    cmocka_unit_test(an_empty_apex_lacks_both),
    cmocka_unit_test(a_circle_is_shown_from_its_first_name),
    cmocka_unit_test(a_dangling_cname_names_where_it_ends),
    cmocka_unit_test(long_chains_are_told_once_at_their_beginning),
    cmocka_unit_test(chains_take_linear_time),
    cmocka_unit_test(the_second_of_two_is_to_blame),
    cmocka_unit_test(zones_read_in_part_are_checked_for_what_they_have),
    cmocka_unit_test(nothing_is_needed_to_ask),
    cmocka_unit_test(sets_over_a_message_are_refused),
};

TEST_MAIN(tests)
