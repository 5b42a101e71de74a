/* Listed names against the zones: what exists, where chains end, what leaves. */
#include "tests/unit/zones/names_case.h"

static const char zone[] =
    "$TTL 3600\n"
    "@ SOA ns1 h 1 2 3 4 5\n"
    "@ NS ns1\n"
    "@ MX 1 mail\n"
    "ns1 A 192.0.2.1\n"
    "mail A 192.0.2.1\n"
    "mud A 192.0.2.1\n"
    "a A 192.0.2.2\n"
    "h HTTPS 1 . alpn=h2\n"
    "c CNAME a\n"
    "c2 CNAME C\n"
    "loop1 CNAME loop2\n"
    "loop2 CNAME loop1\n"
    "self CNAME self\n"
    "into CNAME loop1\n"
    "dangling CNAME nothing\n"
    "toent CNAME ent\n"
    "totext CNAME text\n"
    "away CNAME x.cdn.example.org.\n"
    "c3 CNAME away\n"
    "toother CNAME www.other.net.\n"
    "badother CNAME gone.other.net.\n"
    "text TXT x\n"
    "text MX 1 mail\n"
    "e.ent A 192.0.2.3\n"
    "*.w A 192.0.2.4\n"
    "x.w TXT beside\n"
    "*.wc CNAME away\n"
    "*.wt TXT x\n"
    "*.both TXT x\n"
    "y.both A 192.0.2.5\n"
    "z.below A 192.0.2.6\n"
    "cut NS ns.cut\n"
    "ns.cut A 192.0.2.7\n"
    "tocut CNAME deep.cut\n"
    "dn DNAME target\n"
    "q.target A 192.0.2.8\n"
    "grow DNAME a23456789012345678901234567890123456789012345678901234567890123"
    ".a23456789012345678901234567890123456789012345678901234567890123"
    ".grow\n";
static const char other[] = "$TTL 3600\n"
                            "@ SOA ns1 h 1 2 3 4 5\n"
                            "@ NS ns1\n"
                            "ns1 A 192.0.2.1\n"
                            "www A 192.0.2.9\n"
                            "back CNAME a.m.example.net.\n";

/* "name-absent x.m.example.net: no such name in the zone; …", without names under no service. */
static char *names_text(const struct zone_set *set, int expected_err)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf out = {0};
    assert_int_equal(names_check(set, d), expected_err);
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        if (g->rule == &rule_name_unlisted)
            continue;
        buf_printf(&out, "%s%s %s %s: %s", out.len == 0 ? "" : "; ", severity_text(g->severity),
                   g->rule->id, g->at, g->found);
    }
    return strdup(buf_str(&out));
}

struct name_case {
    const char *domain;
    int err;
    const char *findings;
};

static void run(const struct name_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        TEST_CASE(cases[i].domain);
        AUTO_FREE char *entry = NULL;
        assert_true(asprintf(&entry, "{name: \"%s\"%s}", cases[i].domain,
                             strstr(cases[i].domain, ".org") ? ", operated-by: third-party" : "") >
                    0);
        AUTO(case_set) struct case_set c = {0};
        case_set_make(&c, "", entry, "s", zone, other);
        AUTO_FREE char *findings = names_text(&c.set, cases[i].err);
        assert_string_equal(findings, cases[i].findings);
    }
}
#define RUN(cases) run(cases, sizeof(cases) / sizeof(cases[0]))

#define M ".m.example.net"

static void listed_names_must_exist(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"a" M, 0, ""},
        {"h" M, 0, ""},
        {"any.name.w" M, 0, ""},
        {"gone" M, ERR_FINDINGS, "error name-absent gone" M ": no such name in the zone"},
        {"deep.gone" M, ERR_FINDINGS, "error name-absent deep.gone" M ": no such name in the zone"},
        {"below.x.w" M, ERR_FINDINGS, "error name-absent below.x.w" M ": no such name in the zone"},
        {"ent" M, ERR_FINDINGS, "error name-absent ent" M ": only names below it exist"},
        {"text" M, ERR_FINDINGS, "error name-without-address text" M ": only MX, TXT"},
        {"x.w" M, ERR_FINDINGS, "error name-without-address x.w" M ": only TXT"},
        {"cut" M, 0, "note name-delegated cut" M ": delegated away at cut" M},
        {"deep.cut" M, 0, "note name-delegated deep.cut" M ": delegated away at cut" M},
    };
    RUN(cases);
}

static void chains_must_end(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"c2" M, 0, ""},
        {"q.dn" M, 0, ""},
        {"toother" M, 0, ""},
        {"back.other.net", 0, ""},
        {"self" M, ERR_FINDINGS,
         "error cname-loop self" M ": self" M ": and back to a name before"},
        {"into" M, ERR_FINDINGS,
         "error cname-loop into" M ": into" M " -> loop1" M " -> loop2" M
         ": and back to a name before"},
        {"dangling" M, ERR_FINDINGS,
         "error cname-dangling dangling" M ": dangling" M " -> nothing" M
         ": no such name in the zone"},
        {"toent" M, ERR_FINDINGS,
         "error cname-dangling toent" M ": toent" M " -> ent" M ": only names below it exist"},
        {"totext" M, ERR_FINDINGS,
         "error name-without-address totext" M ": totext" M " -> text" M " has only MX, TXT"},
        {"badother" M, ERR_FINDINGS,
         "error cname-dangling badother" M ": badother" M
         " -> gone.other.net: no such name in the zone"},
        {"r.dn" M, ERR_FINDINGS,
         "error cname-dangling r.dn" M ": r.dn" M " -> r.target" M ": no such name in the zone"},
        {"tocut" M, 0, "note name-delegated tocut" M ": deep.cut" M " is delegated away at cut" M},
    };
    RUN(cases);
}

static void names_that_grow_over_255_octets_are_refused(void **state)
{
    (void)state;
    AUTO(case_set) struct case_set c = {0};
    case_set_make(&c, "", "{name: x.grow" M "}", "s", zone, other);
    AUTO_FREE char *findings = names_text(&c.set, ERR_FINDINGS);
    assert_non_null(strstr(findings, "error cname-dangling x.grow"));
    assert_non_null(strstr(findings, "over 255 octets"));
}

static void chains_have_at_most_sixteen_links(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text,
                "$TTL 1h\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\nmud A 192.0.2.1\nl0 A "
                "192.0.2.1\n");
    for (int i = 1; i <= 17; i++)
        buf_printf(&text, "l%d CNAME l%d\n", i, i - 1);
    AUTO(case_set) struct case_set sixteen = {0};
    case_set_make(&sixteen, "", "{name: l16" M "}", "s", buf_str(&text), other);
    AUTO_FREE char *none = names_text(&sixteen.set, 0);
    assert_string_equal(none, "");
    AUTO(case_set) struct case_set seventeen = {0};
    case_set_make(&seventeen, "", "{name: l17" M "}", "s", buf_str(&text), other);
    AUTO_FREE char *one = names_text(&seventeen.set, ERR_FINDINGS);
    assert_int_equal(strncmp(one, "error cname-chain-long l17", 26), 0);
}

static void what_leaves_is_noted(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"c3" M, 0, "note name-leaves c3" M ": leaves the managed zones to x.cdn.example.org"},
        {"www.example.net", 0, "note name-unmanaged www.example.net: in no managed zone"},
        {"x.example.org", 0, "note name-third-party x.example.org: operated by a third party"},
    };
    RUN(cases);
}

static void names_below_must_be_possible(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"*.w" M, 0, ""},
        {"*.deep.w" M, 0, ""},
        {"*.below" M, 0, ""},
        {"*.both" M, 0, ""},
        {"*.cut" M, 0, "note name-delegated *.cut" M ": delegated away at cut" M},
        {"*.wc" M, 0, "note name-leaves *.wc" M ": leaves the managed zones to x.cdn.example.org"},
        {"*.a" M, ERR_FINDINGS, "error name-nothing-below *.a" M ": no name below it in the zone"},
        {"*.gone" M, ERR_FINDINGS,
         "error name-nothing-below *.gone" M ": no name below it in the zone"},
        {"*.wt" M, ERR_FINDINGS, "error name-nothing-below *.wt" M ": the wildcard has no address"},
        {"*.cdn.example.org", 0,
         "note name-third-party *.cdn.example.org: operated by a third party"},
    };
    RUN(cases);
}

static void errors_of_unused_services_are_warnings(void **state)
{
    (void)state;
    AUTO(case_set) struct case_set c = {0};
    case_set_make(&c, "", "{name: gone" M "}", "", zone, other);
    AUTO_FREE char *findings = names_text(&c.set, 0);
    assert_string_equal(findings, "warning name-absent gone" M ": no such name in the zone");
}

static void zones_that_did_not_load_are_passed_over(void **state)
{
    (void)state;
    AUTO(case_set) struct case_set c = {0};
    case_set_make(&c, "", "{name: gone" M "}, {name: back.other.net}", "s", NULL, other);
    AUTO_FREE char *findings = names_text(&c.set, 0);
    assert_string_equal(findings, "");
}

static void the_web_host_needs_an_address(void **state)
{
    (void)state;
    static const struct {
        const char *records;
        const char *found; /* NULL: nothing */
    } cases[] = {
        {"", "the host of all MUD URLs is not in the zone"},
        {"mud A 192.0.2.1\n", NULL},
        {"mud AAAA 2001:db8::1\n", NULL},
        {"mud CNAME www\nwww A 192.0.2.1\n", NULL},
        {"mud CNAME www.cdn.test.\n", NULL},
        {"mud CNAME www.other.net.\n", NULL},
        {"mud NS ns.test.\n", NULL},
        {"* A 192.0.2.1\n", NULL},
        {"mud TXT a\n", "the host of all MUD URLs has no address"},
        {"mud HTTPS 1 .\n", "the host of all MUD URLs has no address"},
        {"x.mud A 192.0.2.1\n", "the host of all MUD URLs is not in the zone"},
        {"mud CNAME gone\n", "the host of all MUD URLs is a CNAME that leads nowhere"},
        {"mud CNAME mud\n", "the host of all MUD URLs is a CNAME that leads nowhere"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].records);
        AUTO(buf) struct buf text = {0};
        buf_printf(&text, "$TTL 1h\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n%s",
                   cases[i].records);
        AUTO(case_set) struct case_set c = {0};
        case_set_make(&c, "", "{name: ns1" M "}", "s", buf_str(&text), other);
        AUTO_FREE char *findings = names_text(&c.set, 0);
        AUTO(buf) struct buf expected = {0};
        if (cases[i].found != NULL)
            buf_printf(&expected, "warning web-host-no-address mud" M ": %s", cases[i].found);
        assert_string_equal(findings, buf_str(&expected));
    }
}

static void names_under_no_service_are_noted_by_zone(void **state)
{
    (void)state;
    static const char small[] =
        "$TTL 3600\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n@ MX 1 mail\n"
        "ns1 A 192.0.2.1\nmail A 192.0.2.1\nmud A 192.0.2.1\n"
        "a CNAME b\nb A 192.0.2.1\n_x._tcp A 192.0.2.1\n"
        "u1.w A 192.0.2.1\n*.w A 192.0.2.1\ncut NS g.cut\ng.cut A 192.0.2.1\n"
        "n1 A 192.0.2.1\nn2 AAAA 2001:db8::1\nn3 TXT x\n";
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(case_set) struct case_set c = {0};
    case_set_make(&c, "", "{name: a" M "}, {name: \"*.w" M "\"}", "s", small, other);
    assert_int_equal(names_check(&c.set, d), 0);
    assert_int_equal(diags_n(d), 2);
    assert_string_equal(diags_at(d, 0)->rule->id, "name-unlisted");
    assert_string_equal(diags_at(d, 0)->at, "m.example.net");
    assert_string_equal(diags_at(d, 0)->found, "2 names under no service: n1" M ", n2" M);
    assert_string_equal(diags_at(d, 1)->found,
                        "2 names under no service: back.other.net, www.other.net");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_names_must_exist),
        cmocka_unit_test(chains_must_end),
        cmocka_unit_test(names_that_grow_over_255_octets_are_refused),
        cmocka_unit_test(chains_have_at_most_sixteen_links),
        cmocka_unit_test(what_leaves_is_noted),
        cmocka_unit_test(names_below_must_be_possible),
        cmocka_unit_test(errors_of_unused_services_are_warnings),
        cmocka_unit_test(zones_that_did_not_load_are_passed_over),
        cmocka_unit_test(the_web_host_needs_an_address),
        cmocka_unit_test(names_under_no_service_are_noted_by_zone),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
