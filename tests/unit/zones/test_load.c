/*
 * tests/unit/zones/test_load.c -- zone files into snapshots: what loads, what each kind of bad
 * input is called, and on which line.
 */
#include <sys/stat.h>

#include <libknot/descriptor.h>

#include "common/file.h"
#include "common/limits.h"
#include "tests/unit/zones/zone_testing.h"

/* What loads, by the text of one record in it. */
static void good_files_load(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *owner;
        uint16_t type;
        uint32_t ttl;
        uint32_t line;
    } cases[] = {
        {"plain", ZONE_HEAD "a A 192.0.2.1\n", "a.example", 1, 3600, 5},
        {"no newline at the end", ZONE_HEAD "a A 192.0.2.1", "a.example", 1, 3600, 5},
        {"directive at the end", ZONE_HEAD "a A 192.0.2.1\n$TTL 5", "a.example", 1, 3600, 5},
        {"CR LF", "$TTL 60\r\n@ SOA a b (\r\n1 2 3 4 5 )\r\na A 192.0.2.1\r\n", "a.example", 1, 60,
         4},
        {"byte order mark", "\357\273\277$TTL 60\n@ SOA a b 1 2 3 4 5\n", "example", 6, 60, 2},
        {"several lines", ZONE_HEAD "\n; c\na A (\n 192.0.2.1 )\n\nb TXT (\n a ; c\n\n b )\n",
         "b.example", 16, 3600, 10},
        {"blank owner", ZONE_HEAD "a A 192.0.2.1\n\n; comment\n  ; more\n   TXT a\n", "a.example",
         16, 3600, 9},
        {"directives between", ZONE_HEAD "$TTL 5\n\n$ORIGIN x.example.\n; c\na TXT a\n",
         "a.x.example", 16, 5, 9},
        {"last stated TTL", "@ 77 SOA a b 1 2 3 4 5\na A 192.0.2.1\n", "a.example", 1, 77, 2},
        {"class and TTL in both orders", ZONE_HEAD "a IN 7 A 192.0.2.1\nb 7 IN A 192.0.2.1\n",
         "b.example", 1, 7, 6},
        {"relative origin", ZONE_HEAD "$ORIGIN x\na TXT a\n", "a.x.example", 16, 3600, 6},
        {"relative origin after another",
         ZONE_HEAD "$ORIGIN b.example.\n$TTL 9\n\n$ORIGIN x ; c\n\n; d\n$ORIGIN y\n\na TXT a\n",
         "a.y.x.b.example", 16, 9, 13},
        {"relative origin and a blank owner", ZONE_HEAD "a A 192.0.2.1\n$ORIGIN x\n TXT a\n",
         "a.example", 16, 3600, 7},
        {"generic type", ZONE_HEAD "a TYPE65280 \\# 2 0aFF\n", "a.example", 65280, 3600, 5},
        {"generic data of a known type", ZONE_HEAD "a A \\# 4 c0000201\n", "a.example", 1, 3600, 5},
        {"largest TTL", ZONE_HEAD "a 2147483647 A 192.0.2.1\n", "a.example", 1, 2147483647, 5},
        {"parameter by a name unknown to the scanner", ZONE_HEAD "a HTTPS 1 . dohpath=/q{?dns}\n",
         "a.example", 65, 3600, 5},
        {"mandatory parameter of that kind",
         ZONE_HEAD "dohpath HTTPS 1 dohpath mandatory=\"dohpath\" dohpath=\"/\303\251\" ; c\n",
         "dohpath.example", 65, 3600, 5},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(zone) struct zone *z = zone_of(cases[i].text, d);
        TEST_CASE(cases[i].name);
        findings_print(d);
        assert_non_null(z);
        assert_int_equal(diags_n(d), 0);
        struct zone_rrset set = set_of(z, cases[i].owner, cases[i].type);
        assert_int_equal(set.ttl, cases[i].ttl);
        assert_int_equal(set.line, cases[i].line);
    }
}

static void bad_files_are_refused_with_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        const char *id;
        const char *found; /* how the finding begins */
    } cases[] = {
        {"empty", "", "zone-empty", "t.zone: error: no record"},
        {"comments only", "; a\n\n", "zone-empty", "t.zone: error: no record"},
        {"bad address", ZONE_HEAD "\n\n\ta A 1.2.3\n", "zone-syntax", "t.zone:7: error: "},
        {"unknown mnemonic", ZONE_HEAD "a FOO x\n", "zone-type-unknown",
         "t.zone:5: error: unknown record type FOO in: a FOO x; expected a known record type, or "
         "the "
         "form TYPEnn \\# length hex"},
        {"unknown mnemonic like a number", ZONE_HEAD "a 60 IN DSYNC CDS NOTIFY 5300 x.\n",
         "zone-type-unknown", "t.zone:5: error: unknown record type DSYNC"},
        {"class CH", ZONE_HEAD "a CH A 192.0.2.1\n", "zone-class", "t.zone:5: error: class CH"},
        {"class by number", ZONE_HEAD "a CLASS3 A 192.0.2.1\n", "zone-class",
         "t.zone:5: error: class CLASS3"},
        {"TTL over 31 bits", ZONE_HEAD "a 2147483648 A 192.0.2.1\n", "zone-ttl-range",
         "t.zone:5: error: a.example. A: TTL 2147483648; expected a TTL of at most 2147483647"},
        {"TTL over 32 bits", ZONE_HEAD "a 4294967296 A 192.0.2.1\n", "zone-syntax",
         "t.zone:5: error: "},
        {"data too short for its type", ZONE_HEAD "a AAAA \\# 4 c0000201\n", "zone-rdata",
         "t.zone:5: error: a.example. AAAA: the record data is malformed: it is too short"},
        {"question type", ZONE_HEAD "a TYPE255 \\# 0\n", "zone-rdata",
         "t.zone:5: error: a.example. ANY"},
        {"include", ZONE_HEAD "$INCLUDE other\n", "zone-include-off",
         "t.zone:5: error: $INCLUDE other"},
        {"generate", ZONE_HEAD "$GENERATE 1-2 a A 192.0.2.1\n", "zone-syntax",
         "t.zone:5: error: invalid directive in: $GENERATE 1-2 a A 192.0.2.1; the rest of the file "
         "was not read"},
        {"no origin", ZONE_HEAD "$ORIGIN a..b\n", "zone-syntax",
         "t.zone:5: error: unexpected data in: $ORIGIN a..b"},
        {"error behind a relative origin", ZONE_HEAD "$ORIGIN x\n\na A 192.0.2.1\n\nb A x\n",
         "zone-syntax", "t.zone:9: error: invalid address character in: b A x"},
        {"open parenthesis", ZONE_HEAD "a A (\n\n\n", "zone-syntax", "t.zone:5: error: unclosed"},
        {"open quote", ZONE_HEAD "a TXT \"a\n", "zone-syntax", "t.zone:5: error: "},
        {"UTF-8 owner", ZONE_HEAD "b\303\274cher A 192.0.2.1\n", "zone-syntax",
         "t.zone:5: error: "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        TEST_CASE(cases[i].name);
        assert_null(zone_of(cases[i].text, d));
        findings_print(d);
        assert_int_equal(findings_n(d, cases[i].id, SEV_ERROR), 1);
        assert_int_equal(diags_count(d, SEV_ERROR), 1);
        const char *text = finding_text(d, cases[i].id);
        assert_memory_equal(text, cases[i].found, strlen(cases[i].found));
    }
}

static void all_errors_of_a_file_are_reported(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    assert_null(zone_of(ZONE_HEAD "a A x\n$INCLUDE o\nb AAAA x\nc NS \\# 1 05\nd A 192.0.2.1\n"
                                  "d A 192.0.2.1\n",
                        d));
    static const uint32_t lines[] = {5, 6, 7, 8, 10};
    diags_sort(d);
    assert_int_equal(diags_n(d), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(diags_at(d, i)->line, lines[i]);
    assert_int_equal(findings_n(d, "rr-duplicate", SEV_WARNING), 1);
}

static void nul_octets_are_not_text(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *z = NULL;
    assert_int_equal(zone_parse("t.zone", "a\nb\0c", 5, NULL, &z, d), ERR_FINDINGS);
    assert_string_equal(finding_text(d, "zone-not-text"),
                        "t.zone:2: error: a NUL octet; expected a text file [zone-not-text] "
                        "(RFC 1035 s5.1)");
    assert_null(z);
}

static void apex_comes_from_the_soa_or_the_caller(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    static const char absolute[] =
        "a.Example. 60 IN A 192.0.2.1\nexample. 60 IN SOA a. b. 1 2 3 4 5\n";
    assert_int_equal(zone_parse("x", absolute, strlen(absolute), NULL, &z, d), ERR_OK);
    assert_int_equal(name_compare(zone_apex(z), wire("example")), 0);
    assert_int_equal(zone_node_n(z), 2);
    zone_free(TAKE(z));
    /* relative names are seen from the file's name */
    static const char relative[] = "@ 60 SOA a b 1 2 3 4 5\nw 60 A 192.0.2.1\n";
    assert_int_equal(zone_parse("dir/m.example.zone", relative, strlen(relative), NULL, &z, d), 0);
    assert_true(has_node(z, "w.m.example"));
    zone_free(TAKE(z));
    assert_int_equal(zone_parse("m.example.zone.signed", relative, strlen(relative), NULL, &z, d),
                     0);
    assert_true(has_node(z, "w.m.example"));
    zone_free(TAKE(z));
    assert_int_equal(zone_parse("m.example", relative, strlen(relative), NULL, &z, d), 0);
    assert_true(has_node(z, "w"));
    zone_free(TAKE(z));
    assert_int_equal(diags_n(d), 0);
    static const char none[] = "w 60 A 192.0.2.1\n";
    assert_int_equal(zone_parse("m.zone", none, strlen(none), NULL, &z, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "zone-no-apex", SEV_ERROR), 1);
    assert_null(z);
}

static void missing_ttl_is_a_warning(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = zone_of("@ SOA a b 1 2 3 4 555\na A 192.0.2.1\n", d);
    assert_non_null(z);
    assert_int_equal(findings_n(d, "zone-ttl-missing", SEV_WARNING), 1);
    assert_int_equal(diags_n(d), 1);
    assert_int_equal(set_of(z, "example", 6).ttl, 555); /* the SOA minimum */
    assert_int_equal(set_of(z, "a.example", 1).ttl, 555);
    zone_free(TAKE(z));
    z = zone_of("a A 192.0.2.1\n@ SOA a b 1 2 3 4 555\n", d);
    assert_int_equal(set_of(z, "a.example", 1).ttl, 3600);
}

static void long_text_loads(void **state)
{
    (void)state;
    AUTO(buf) struct buf text = {0};
    AUTO_PTR(diags) struct diags *d = diags_new();
    buf_add_str(&text, ZONE_HEAD "a TXT");
    for (int i = 0; i < 255; i++) {
        buf_add_str(&text, " \"");
        for (int j = 0; j < 255; j++)
            buf_add_char(&text, 'x');
        buf_add_char(&text, '"');
    }
    buf_add_char(&text, '\n');
    AUTO_PTR(zone) struct zone *z = zone_of(buf_str(&text), d);
    assert_non_null(z);
    assert_int_equal(set_of(z, "a.example", 16).rrs.rdata->len, 65280);
    zone_free(TAKE(z));
    buf_clear(&text);
    buf_add_str(&text, ZONE_HEAD "a TXT \"");
    for (int j = 0; j < 70000; j++)
        buf_add_char(&text, 'x');
    buf_add_str(&text, "\"\nb A 192.0.2.1\n");
    z = zone_of(buf_str(&text), d);
    assert_null(z);
    assert_int_equal(findings_n(d, "zone-syntax", SEV_ERROR), 1);
    assert_int_equal(diags_at(d, 0)->line, 5);
}

/* ------------------------------------------------------------------ files */

static char folder[] = "/tmp/mudzone-load-XXXXXX";

static int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int folder_remove(void **state)
{
    (void)state;
    return file_remove_tree(folder);
}

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof(paths[0]), "%s/%s", folder, name);
    return out;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(file_write_atomic(in_folder(name), text, strlen(text), 0644), ERR_OK);
}

static void unreadable_files_have_a_finding(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *z = NULL;
    assert_int_equal(zone_load(in_folder("absent"), NULL, &z, d), ERR_IO);
    assert_non_null(strstr(finding_text(d, "zone-read"), "No such file or directory"));
    assert_int_equal(zone_load(folder, NULL, &z, d), ERR_IO);
    assert_int_equal(findings_n(d, "zone-read", SEV_ERROR), 2);
    assert_null(z);
}

/* A sparse file, so that its size costs nothing. */
static void huge_files_are_refused_unread(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *z = NULL;
    put("huge", "");
    assert_int_equal(truncate(in_folder("huge"), (off_t)LIMIT_ZONE_BYTES + 1), 0);
    assert_int_equal(zone_load(in_folder("huge"), NULL, &z, d), ERR_LIMIT);
    assert_int_equal(findings_n(d, "zone-too-large", SEV_ERROR), 1);
    assert_null(z);
}

/* A snapshot knows the lines of one file only, so findings name none of another. */
static void lines_of_included_files_are_not_named(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    const struct zone_load_opts opts = {.origin = wire("example"), .allow_include = true};
    put("twice.zone", ZONE_HEAD "$INCLUDE twice.inc\na TXT x\na A 192.0.2.1\n");
    put("twice.inc", "a CNAME b\na A 192.0.2.1\n");
    assert_int_equal(zone_load(in_folder("twice.zone"), &opts, &z, d), ERR_OK);
    assert_non_null(strstr(finding_text(d, "rr-duplicate"), "a.example. A: the same record a "
                                                            "second time;"));
    assert_int_equal(zone_check(z, d), ERR_FINDINGS);
    assert_non_null(strstr(finding_text(d, "cname-beside-data"), ": a CNAME has the same owner;"));
}

static void includes_are_read_where_allowed(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    const struct zone_load_opts opts = {.origin = wire("example"), .allow_include = true};
    assert_int_equal(file_mkdirs(in_folder("sub"), 0755), ERR_OK);
    put("z.zone", ZONE_HEAD "$INCLUDE sub/one in.example.\nb A 192.0.2.2\n$INCLUDE sub/two\nc A "
                            "192.0.2.3\n");
    put("sub/one", "a A 192.0.2.9\n$ORIGIN deep.example.\n$TTL 7\n$INCLUDE three\n");
    put("sub/three", "t A 192.0.2.8\n");
    put("sub/two", "a A 192.0.2.9\n");
    int err = zone_load(in_folder("z.zone"), &opts, &z, d);
    findings_print(d);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(diags_n(d), 0);
    assert_true(has_node(z, "a.in.example"));
    /* the origin of an include ends with it (RFC 1035 s5.1), and what it set stays inside */
    assert_true(has_node(z, "b.example"));
    assert_true(has_node(z, "a.example"));
    assert_int_equal(set_of(z, "t.deep.example", 1).ttl, 7);
    assert_int_equal(set_of(z, "c.example", 1).ttl, 3600);
    assert_int_equal(set_of(z, "c.example", 1).line, 8);
    assert_int_equal(set_of(z, "a.example", 1).line, 0); /* a line of another file */
}

static void bad_includes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *include;
        const char *found;
    } cases[] = {
        {"absolute", "/etc/hostname", "the path is absolute"},
        {"parent", "../z.zone", "outside the zone file's folder"},
        {"missing", "nothing", "No such file or directory"},
        {"link out", "link", "outside the zone file's folder"},
        {"itself", "bad.zone", "the file includes itself"},
        {"loop", "loop", "the file includes itself"},
        {"folder", "sub", "Is a directory"},
    };
    assert_int_equal(file_mkdirs(in_folder("in/sub"), 0755), ERR_OK);
    put("z.zone", ZONE_HEAD);
    put("in/loop", "$INCLUDE bad.zone\n");
    assert_int_equal(symlink("/etc/hostname", in_folder("in/link")), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO(buf) struct buf text = {0};
        const struct zone_load_opts opts = {.origin = wire("example"), .allow_include = true};
        struct zone *z = NULL;
        TEST_CASE(cases[i].name);
        buf_printf(&text, "%s$INCLUDE %s\na A x\n", ZONE_HEAD, cases[i].include);
        put("in/bad.zone", buf_str(&text));
        assert_int_equal(zone_load(in_folder("in/bad.zone"), &opts, &z, d), ERR_FINDINGS);
        assert_non_null(strstr(finding_text(d, "zone-include"), cases[i].found));
        assert_int_equal(findings_n(d, "zone-syntax", SEV_ERROR), 1); /* reading goes on */
    }
}

static void included_errors_name_their_file(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *z = NULL;
    const struct zone_load_opts opts = {.origin = wire("example"), .allow_include = true};
    put("e.zone", ZONE_HEAD "$INCLUDE e.inc\n");
    put("e.inc", "\n\na A x\n");
    assert_int_equal(zone_load(in_folder("e.zone"), &opts, &z, d), ERR_FINDINGS);
    assert_string_equal(diags_at(d, 0)->file, in_folder("e.inc"));
    assert_int_equal(diags_at(d, 0)->line, 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(good_files_load),
    cmocka_unit_test(bad_files_are_refused_with_a_line),
    cmocka_unit_test(all_errors_of_a_file_are_reported),
    cmocka_unit_test(nul_octets_are_not_text),
    cmocka_unit_test(apex_comes_from_the_soa_or_the_caller),
    cmocka_unit_test(missing_ttl_is_a_warning),
    cmocka_unit_test(long_text_loads),
    cmocka_unit_test(unreadable_files_have_a_finding),
    cmocka_unit_test(huge_files_are_refused_unread),
    cmocka_unit_test(lines_of_included_files_are_not_named),
    cmocka_unit_test(includes_are_read_where_allowed),
    cmocka_unit_test(bad_includes_are_refused),
    cmocka_unit_test(included_errors_name_their_file),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
