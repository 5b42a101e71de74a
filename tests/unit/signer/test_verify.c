/*
 * What verify_zone() says about zones of other signers, whole and broken.
 *
 * Each case takes a signed zone of tests/data/verify, changes lines of it, and states exactly which
 * errors must come. Where the change breaks a signature as well, rrsig-invalid stands in the list.
 */
#include "tests/support/testing.h"
#include "verify_case.h"

#define NOW     1780000000 /* 2026-05-28, inside all windows */
#define EXPIRED 1840000000 /* 2028-04-22, after all of them */
#define EARLY   1760000000 /* 2025-10-09, before */

enum { EDIT_MAX = 6 };

struct edit {
    enum { EDIT_NONE, DROP, ADD, CHANGE } kind;
    const char *line; /* DROP, CHANGE: the line begins so; ADD: the new line */
    const char *from; /* DROP, CHANGE: and holds this; NULL: whatever */
    const char *to;   /* CHANGE: instead of the first such place */
};

struct edit_case {
    const char *name;
    const char *file;
    struct edit edits[EDIT_MAX];
    int64_t now;        /* 0: NOW */
    const char *errors; /* sorted ids; "": accepted */
    const char *others; /* warnings and notes that must be among those found; NULL: any */
};

/* ------------------------------------------------------------------ editing */

static const char *place(const char *line, size_t len, const struct edit *e)
{
    if (e->kind == ADD || strncmp(line, e->line, strlen(e->line)) != 0)
        return NULL;
    const char *at = e->from != NULL ? memmem(line, len, e->from, strlen(e->from)) : line;
    return at;
}

static char *apply(const char *text, const struct edit *e)
{
    struct buf out = {0};
    bool hit = e->kind == ADD;
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        const char *at = place(line, len, e);
        hit = hit || at != NULL;
        if (at == NULL) {
            buf_add(&out, line, len);
            buf_add_char(&out, '\n');
        } else if (e->kind == CHANGE) {
            size_t head = (size_t)(at - line);
            buf_add(&out, line, head);
            buf_add_str(&out, e->to);
            buf_add(&out, at + strlen(e->from), len - head - strlen(e->from));
            buf_add_char(&out, '\n');
        }
        line += len + (line[len] == '\n');
    }
    if (e->kind == ADD)
        buf_printf(&out, "%s\n", e->line);
    assert_true(hit); /* else the case tests nothing */
    return (char *)out.data;
}

static char *edited(const struct edit_case *c)
{
    char path[256];
    snprintf(path, sizeof(path), "verify/%s", c->file);
    char *text = read_text(test_data(path));
    assert_non_null(text);
    for (size_t i = 0; i < EDIT_MAX && c->edits[i].kind != EDIT_NONE; i++) {
        char *next = apply(text, &c->edits[i]);
        free(text);
        text = next;
    }
    return text;
}

static void run_case(const struct edit_case *c)
{
    TEST_CASE(c->name);
    char *text = edited(c);
    struct verdict v = judge(c->file, text, "example.net.", NULL, c->now ? c->now : NOW, false);
    free(text);
    assert_int_equal(v.loaded, ERR_OK);
    assert_string_equal(v.errors, c->errors);
    assert_int_equal(v.err, c->errors[0] != '\0' ? ERR_FINDINGS : ERR_OK);
    if (c->others != NULL)
        assert_non_null(strstr(v.others, c->others));
}

static void run_cases(const struct edit_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        run_case(&cases[i]);
}
#define RUN(cases) run_cases((cases), sizeof(cases) / sizeof((cases)[0]))

/* ------------------------------------------------------------------ whole zones */

static void zones_of_other_signers_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uint64_t rrsets, signatures, denial;
        bool zonemd, nsec3;
        int64_t expires_at;
    } cases[] = {
        {"nsec.zone", 27, 28, 11, false, false, 1830297600},
        {"nsec3.zone", 32, 32, 15, false, true, 1830297600},
        {"optout.zone", 29, 30, 12, false, true, 1830297600},
        {"two-algorithms.zone", 27, 56, 11, false, false, 1830297600},
        {"zonemd.zone", 28, 28, 11, true, false, 1830297600},
        {"knot.zone", 32, 32, 12, true, true, 1819411200},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].file);
        char path[256];
        snprintf(path, sizeof(path), "verify/%s", cases[i].file);
        char *text = read_text(test_data(path));
        assert_non_null(text);
        struct verdict v = judge(cases[i].file, text, "example.net.", NULL, NOW, true);
        free(text);
        assert_string_equal(v.errors, "");
        assert_int_equal(v.err, ERR_OK);
        assert_int_equal(v.report.rrsets, cases[i].rrsets);
        assert_int_equal(v.report.signatures, cases[i].signatures);
        assert_int_equal(v.report.denial, cases[i].denial);
        assert_int_equal(v.report.zonemd, cases[i].zonemd);
        assert_int_equal(v.report.nsec3, cases[i].nsec3);
        assert_int_equal(v.report.expires_at, cases[i].expires_at);
    }
}

/* ------------------------------------------------------------------ keys */

static void faults_of_keys_are_found(void **state)
{
    (void)state;
    static const struct edit_case cases[] = {
        {"an unsigned zone: one word, not a thousand",
         "nsec.zone",
         {{DROP, "example.net. 3600 IN DNSKEY", NULL, NULL}},
         0,
         "dnskey-missing",
         NULL},
        {"the KSK taken out: its signature, and the set is another",
         "nsec.zone",
         {{DROP, "example.net. 3600 IN DNSKEY 257", NULL, NULL}},
         0,
         "dnskey-not-signed rrsig-invalid rrsig-key",
         NULL},
        {"the ZSK without the zone key flag: no signature of its stands",
         "nsec.zone",
         {{CHANGE, "example.net. 3600 IN DNSKEY 256", "256", "0"}},
         0,
         "dnskey-not-signed rrsig-invalid rrsig-key",
         NULL},
        {"protocol 2",
         "nsec.zone",
         {{CHANGE, "example.net. 3600 IN DNSKEY 257 3", "257 3", "257 2"}},
         0,
         "dnskey-invalid dnskey-not-signed rrsig-invalid rrsig-key",
         NULL},
        {"a point that is not on the curve",
         "nsec.zone",
         {{ADD,
           "example.net. 3600 IN DNSKEY 256 3 13 "
           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
           "=",
           NULL, NULL}},
         0,
         "dnskey-invalid dnskey-not-signed rrsig-invalid",
         NULL},
        {"a key of an algorithm nobody signs with",
         "nsec.zone",
         {{ADD, "example.net. 3600 IN DNSKEY 256 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
           NULL, NULL}},
         0,
         "dnskey-not-signed rrset-algorithm rrsig-invalid",
         NULL},
        {"a key of an unknown algorithm asks for signatures all the same",
         "nsec.zone",
         {{ADD, "example.net. 3600 IN DNSKEY 256 3 250 AAAA", NULL, NULL}},
         0,
         "dnskey-not-signed rrset-algorithm rrsig-invalid",
         "dnskey-unsupported"},
        {"a revoked key beside the others",
         "revoked.zone",
         {{EDIT_NONE, NULL, NULL, NULL}},
         0,
         "",
         NULL},
        {"the ZSK revoked after it has signed: its tag is another now",
         "nsec.zone",
         {{CHANGE, "example.net. 3600 IN DNSKEY 256", "256", "384"},
          {CHANGE, "mail.example.net. 3600 IN RRSIG A", "31577", "31705"}},
         0,
         "dnskey-not-signed rrsig-invalid rrsig-key rrsig-revoked",
         NULL},
    };
    RUN(cases);
}

static void ds_must_lead_to_a_signing_key(void **state)
{
    (void)state;
    char *zone = read_text(test_data("verify/nsec.zone"));
    char *ds = read_text(test_data("verify/nsec.ds"));
    assert_non_null(zone);
    assert_non_null(ds);
    struct verdict v = judge("nsec.zone", zone, "example.net.", ds, NOW, false);
    assert_string_equal(v.errors, "");

    static const struct {
        const char *name, *ds, *errors, *others;
    } cases[] = {
        {"another digest",
         "example.net. 3600 IN DS 51384 13 2 "
         "DF53BA13EC6252A84BFFE4AC6547910A1018071B99A4987C2184C98F337F62D7",
         "ds-no-match", ""},
        {"another tag",
         "example.net. 3600 IN DS 51385 13 2 "
         "DF53BA13EC6252A84BFFE4AC6547910A1018071B99A4987C2184C98F337F62D6",
         "ds-no-match", ""},
        {"another algorithm",
         "example.net. 3600 IN DS 51384 8 2 "
         "DF53BA13EC6252A84BFFE4AC6547910A1018071B99A4987C2184C98F337F62D6",
         "ds-no-match", ""},
        {"digest type 0", "example.net. 3600 IN DS 51384 13 0 DF53", "ds-malformed", ""},
        {"a digest type from elsewhere", "example.net. 3600 IN DS 51384 13 200 DF53", "",
         "ds-unsupported"},
        {"none", "example.net. 3600 IN TXT x", "ds-absent", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        v = judge("nsec.zone", zone, "example.net.", cases[i].ds, NOW, false);
        assert_string_equal(v.errors, cases[i].errors);
        assert_string_equal(v.others, cases[i].others);
    }
    free(zone);
    free(ds);
}

/* ------------------------------------------------------------------ signatures */

static void faults_of_signatures_are_found(void **state)
{
    (void)state;
    static const struct edit_case cases[] = {
        {"all expired",
         "nsec.zone",
         {{EDIT_NONE, NULL, NULL, NULL}},
         EXPIRED,
         "rrsig-expired",
         NULL},
        {"none valid yet",
         "nsec.zone",
         {{EDIT_NONE, NULL, NULL, NULL}},
         EARLY,
         "rrsig-not-yet",
         NULL},
        {"other data under the signature",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 3600 IN A", "192.0.2.25", "192.0.2.26"}},
         0,
         "rrsig-invalid",
         NULL},
        {"no signature",
         "nsec.zone",
         {{DROP, "mail.example.net. 3600 IN RRSIG A", NULL, NULL}},
         0,
         "rrset-unsigned",
         NULL},
        {"no signature over the DNSKEY RRset",
         "nsec.zone",
         {{DROP, "example.net. 3600 IN RRSIG DNSKEY", NULL, NULL}},
         0,
         "dnskey-not-signed rrset-unsigned",
         NULL},
        {"one algorithm of two missing",
         "two-algorithms.zone",
         {{DROP, "mail.example.net. 3600 IN RRSIG A 15", NULL, NULL}},
         0,
         "rrset-algorithm",
         NULL},
        {"a signature over glue",
         "nsec.zone",
         {{ADD,
           "ns.plain.example.net. 3600 IN RRSIG A 13 4 3600 20280101000000 20260101000000 31577 "
           "example.net. AAAA",
           NULL, NULL}},
         0,
         "rrsig-not-authoritative",
         NULL},
        {"a signature over a delegation's NS",
         "nsec.zone",
         {{ADD,
           "plain.example.net. 3600 IN RRSIG NS 13 3 3600 20280101000000 20260101000000 31577 "
           "example.net. AAAA",
           NULL, NULL}},
         0,
         "rrsig-not-authoritative",
         NULL},
        {"a signature over nothing",
         "nsec.zone",
         {{ADD,
           "mail.example.net. 3600 IN RRSIG AAAA 13 3 3600 20280101000000 20260101000000 31577 "
           "example.net. AAAA",
           NULL, NULL}},
         0,
         "rrsig-orphan",
         NULL},
        {"a signature over signatures",
         "nsec.zone",
         {{ADD,
           "mail.example.net. 3600 IN RRSIG RRSIG 13 3 3600 20280101000000 20260101000000 31577 "
           "example.net. AAAA",
           NULL, NULL}},
         0,
         "rrsig-over-rrsig",
         NULL},
        {"another TTL on the RRset than was signed",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 3600 IN A", "3600", "1800"}},
         0,
         "rrsig-original-ttl rrsig-ttl",
         NULL},
        {"another TTL on the RRSIG",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 3600 IN RRSIG A", "3600 IN", "1800 IN"}},
         0,
         "rrsig-ttl",
         NULL},
        {"labels counted wrong",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 3600 IN RRSIG A 13 3", "13 3", "13 2"}},
         0,
         "rrsig-labels",
         NULL},
        {"the asterisk counted as a label",
         "nsec.zone",
         {{CHANGE, "*.cdn.example.net. 3600 IN RRSIG A 13 3", "13 3", "13 4"}},
         0,
         "rrsig-labels",
         NULL},
        {"another signer",
         "nsec.zone",
         {{CHANGE, "www.example.net. 3600 IN RRSIG A", "31577 example.net.", "31577 net."}},
         0,
         "rrsig-signer",
         NULL},
        {"no such key",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 3600 IN RRSIG A", "31577", "31578"}},
         0,
         "rrsig-key",
         NULL},
        {"a signature ahead of its algorithm's keys, beside a good one",
         "nsec.zone",
         {{ADD,
           "mail.example.net. 3600 IN RRSIG A 15 3 3600 20280101000000 20260101000000 1 "
           "example.net. AAAA",
           NULL, NULL}},
         0,
         "",
         "rrsig-unpublished"},
        {"a signature cut short",
         "nsec.zone",
         {{DROP, "mail.example.net. 3600 IN RRSIG A", NULL, NULL},
          {ADD,
           "mail.example.net. 3600 IN RRSIG A 13 3 3600 20280101000000 20260101000000 31577 "
           "example.net. AAAA",
           NULL, NULL}},
         0,
         "rrsig-invalid",
         NULL},
        {"a window that ends before it begins",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 3600 IN RRSIG A", "20280101000000 20260101000000",
           "20260101000000 20280101000000"}},
         0,
         "rrsig-invalid rrsig-window",
         NULL},
        {"RSA: another octet",
         "nsec3.zone",
         {{CHANGE, "mail.example.net. 3600 IN A", "192.0.2.25", "192.0.2.26"}},
         0,
         "rrsig-invalid",
         NULL},
        {"Ed448: another octet",
         "zonemd.zone",
         {{CHANGE, "mail.example.net. 3600 IN A", "192.0.2.25", "192.0.2.26"}},
         0,
         "rrsig-invalid zonemd-mismatch",
         NULL},
        {"both algorithms: another octet",
         "two-algorithms.zone",
         {{CHANGE, "mail.example.net. 3600 IN A", "192.0.2.25", "192.0.2.26"}},
         0,
         "rrsig-invalid",
         NULL},
    };
    RUN(cases);
}

/* ------------------------------------------------------------------ denial */

static void faults_of_the_nsec_chain_are_found(void **state)
{
    (void)state;
    static const struct edit_case cases[] = {
        {"a link taken out",
         "nsec.zone",
         {{DROP, "mail.example.net. 600 IN NSEC", NULL, NULL},
          {DROP, "mail.example.net. 600 IN RRSIG NSEC", NULL, NULL}},
         0,
         "nsec-missing",
         NULL},
        {"the chain taken out",
         "nsec.zone",
         {{DROP, "", " IN NSEC ", NULL}, {DROP, "", " IN RRSIG NSEC ", NULL}},
         0,
         "denial-missing",
         NULL},
        {"a name that the chain passes over",
         "nsec.zone",
         {{ADD, "new.example.net. 3600 IN A 192.0.2.1", NULL, NULL}},
         0,
         "nsec-missing nsec-next rrset-unsigned",
         NULL},
        {"an NSEC at glue",
         "nsec.zone",
         {{ADD, "ns.plain.example.net. 600 IN NSEC secure.example.net. A RRSIG NSEC", NULL, NULL}},
         0,
         "nsec-extra",
         NULL},
        {"an NSEC at an empty non-terminal",
         "nsec.zone",
         {{ADD, "b.c.example.net. 600 IN NSEC a.b.c.example.net. RRSIG NSEC", NULL, NULL}},
         0,
         "nsec-extra rrset-unsigned",
         NULL},
        {"an NSEC below a DNAME",
         "nsec.zone",
         {{ADD, "x.old.example.net. 600 IN NSEC plain.example.net. RRSIG NSEC", NULL, NULL}},
         0,
         "nsec-extra",
         NULL},
        {"another next name",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 600 IN NSEC", "ns1", "ns2"}},
         0,
         "nsec-next rrsig-invalid",
         NULL},
        {"the next name in capitals is the same name, but signed as written",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 600 IN NSEC", "ns1", "NS1"}},
         0,
         "rrsig-invalid",
         NULL},
        {"a chain that does not come home",
         "nsec.zone",
         {{CHANGE, "www.example.net. 600 IN NSEC", "NSEC example.net.", "NSEC zzz.example.net."}},
         0,
         "nsec-next rrsig-invalid",
         NULL},
        {"a type too many in the bit map",
         "nsec.zone",
         {{CHANGE, "mail.example.net. 600 IN NSEC", " A RRSIG", " A AAAA RRSIG"}},
         0,
         "nsec-bitmap rrsig-invalid",
         NULL},
        {"a type that the bit map lacks",
         "nsec.zone",
         {{ADD, "mail.example.net. 3600 IN AAAA 2001:db8::1", NULL, NULL}},
         0,
         "nsec-bitmap rrset-unsigned",
         NULL},
        {"two NSEC records",
         "nsec.zone",
         {{ADD, "mail.example.net. 600 IN NSEC example.net. A RRSIG NSEC", NULL, NULL}},
         0,
         "nsec-multiple nsec-next rrsig-invalid",
         NULL},
        {"glue needs neither signature nor NSEC",
         "nsec.zone",
         {{ADD, "ns.plain.example.net. 3600 IN AAAA 2001:db8::1", NULL, NULL},
          {ADD, "x.ns.plain.example.net. 3600 IN TXT \"occluded\"", NULL, NULL},
          {ADD, "x.old.example.net. 3600 IN TXT \"occluded too\"", NULL, NULL}},
         0,
         "",
         NULL},
    };
    RUN(cases);
}

static void faults_of_the_nsec3_chain_are_found(void **state)
{
    (void)state;
    static const struct edit_case cases[] = {
        {"a name that has no NSEC3",
         "nsec3.zone",
         {{ADD, "new.example.net. 3600 IN A 192.0.2.1", NULL, NULL}},
         0,
         "nsec3-missing rrset-unsigned",
         NULL},
        {"an insecure delegation that has no NSEC3, without opt-out",
         "nsec3.zone",
         {{ADD, "sub.example.net. 3600 IN NS ns.example.org.", NULL, NULL}},
         0,
         "nsec3-missing",
         NULL},
        {"the same with opt-out",
         "optout.zone",
         {{ADD, "sub.example.net. 3600 IN NS ns.example.org.", NULL, NULL},
          {ADD, "x.y.sub2.example.net. 3600 IN NS ns.example.org.", NULL, NULL}},
         0,
         "",
         NULL},
        {"a secure delegation needs one, with opt-out too",
         "optout.zone",
         {{ADD, "sub.example.net. 3600 IN NS ns.example.org.", NULL, NULL},
          {ADD,
           "sub.example.net. 3600 IN DS 1 13 2 "
           "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A",
           NULL, NULL}},
         0,
         "nsec3-missing rrset-unsigned",
         NULL},
        {"and so does an empty non-terminal over a name, with opt-out too",
         "optout.zone",
         {{ADD, "x.y.example.net. 3600 IN A 192.0.2.1", NULL, NULL}},
         0,
         "nsec3-missing rrset-unsigned",
         NULL},
        {"a name gone, its NSEC3 left behind",
         "nsec3.zone",
         {{DROP, "mail.example.net.", NULL, NULL}},
         0,
         "nsec3-extra",
         NULL},
        {"an empty non-terminal gone",
         "nsec3.zone",
         {{DROP, "a.b.c.example.net.", NULL, NULL}},
         0,
         "nsec3-extra",
         NULL},
        {"no NSEC3PARAM",
         "nsec3.zone",
         {{DROP, "example.net. 0 IN NSEC3PARAM", NULL, NULL},
          {DROP, "example.net. 0 IN RRSIG NSEC3PARAM", NULL, NULL}},
         0,
         "nsec3param-missing",
         NULL},
        {"NSEC3PARAM of another chain",
         "nsec3.zone",
         {{CHANGE, "example.net. 0 IN NSEC3PARAM 1 0 0", "1 0 0", "1 0 1"}},
         0,
         "nsec3-missing rrsig-invalid",
         "nsec3-other-chain"},
        {"NSEC3PARAM with flags",
         "nsec3.zone",
         {{CHANGE, "example.net. 0 IN NSEC3PARAM 1 0 0", "1 0 0", "1 1 0"}},
         0,
         "nsec3param-invalid rrsig-invalid",
         NULL},
        {"NSEC3PARAM of an unknown hash",
         "nsec3.zone",
         {{CHANGE, "example.net. 0 IN NSEC3PARAM 1 0 0", "1 0 0", "2 0 0"}},
         0,
         "nsec3param-invalid rrsig-invalid",
         NULL},
        {"more iterations than we work through",
         "nsec3.zone",
         {{CHANGE, "example.net. 0 IN NSEC3PARAM 1 0 0", "1 0 0", "1 0 501"}},
         0,
         "nsec3-iterations-limit nsec3-missing rrsig-invalid",
         NULL},
    };
    RUN(cases);
}

/* Records of the chain are told by their hashes, so these edits find their lines by what they hold.
 */
static char *edit_nsec3(const char *file, bool (*keep)(const char *line, size_t n, struct buf *out))
{
    char path[256];
    snprintf(path, sizeof(path), "verify/%s", file);
    char *text = read_text(test_data(path));
    assert_non_null(text);
    struct buf out = {0};
    size_t n = 0;
    for (char *at = text, *line = strsep(&at, "\n"); line != NULL; line = strsep(&at, "\n")) {
        bool nsec3 = strstr(line, " IN NSEC3 ") != NULL;
        if (nsec3 ? keep(line, n, &out) : true)
            buf_printf(&out, "%s\n", line);
        n += nsec3;
    }
    free(text);
    return (char *)out.data;
}

static bool drop_third(const char *line, size_t n, struct buf *out)
{
    (void)line;
    (void)out;
    return n != 2;
}

static bool opt_out_unknown_flag(const char *line, size_t n, struct buf *out)
{
    if (n != 2)
        return true;
    const char *at = strstr(line, "NSEC3 1 ");
    assert_non_null(at);
    buf_add(out, line, (size_t)(at - line));
    buf_printf(out, "NSEC3 1 2%s\n", at + 9);
    return false;
}

static bool extra_type(const char *line, size_t n, struct buf *out)
{
    const char *at = strstr(line, " RRSIG");
    if (n < 1 || at == NULL)
        return true;
    buf_add(out, line, (size_t)(at - line));
    buf_add_str(out, " LOC RRSIG\n");
    return false;
}

static bool drop_all(const char *line, size_t n, struct buf *out)
{
    (void)n;
    (void)out;
    (void)line;
    return false;
}

static void faults_of_nsec3_records_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool (*keep)(const char *line, size_t n, struct buf *out);
        const char *errors;
    } cases[] = {
        {"a record taken out, its signature left", drop_third,
         "nsec3-missing nsec3-next rrsig-orphan"},
        {"an unknown flag", opt_out_unknown_flag,
         "nsec3-malformed nsec3-missing nsec3-next rrsig-invalid"},
        {"bit maps with a type too many", extra_type, "nsec3-bitmap rrsig-invalid"},
        {"no record of the chain", drop_all, "nsec3-missing rrsig-orphan"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TEST_CASE(cases[i].name);
        char *text = edit_nsec3("nsec3.zone", cases[i].keep);
        struct verdict v = judge("nsec3.zone", text, "example.net.", NULL, NOW, false);
        free(text);
        assert_string_equal(v.errors, cases[i].errors);
    }
}

/* ------------------------------------------------------------------ ZONEMD */

static void faults_of_zonemd_are_found(void **state)
{
    (void)state;
    static const struct edit_case cases[] = {
        {"a record that no signature covers is digested",
         "zonemd.zone",
         {{CHANGE, "ns.plain.example.net. 3600 IN A", "192.0.2.91", "192.0.2.92"}},
         0,
         "zonemd-mismatch",
         NULL},
        {"a serial that moved on",
         "zonemd.zone",
         {{CHANGE, "example.net. 3600 IN SOA", "2026010101", "2026010102"}},
         0,
         "rrsig-invalid zonemd-serial",
         NULL},
        {"an unknown scheme is but noted",
         "zonemd.zone",
         {{ADD, "example.net. 3600 IN ZONEMD 2026010101 240 1 0123456789ABCDEF0123456789ABCDEF",
           NULL, NULL}},
         0,
         "rrsig-invalid",
         "zonemd-unsupported"},
        {"a second digest of the same kind",
         "zonemd.zone",
         {{ADD,
           "example.net. 3600 IN ZONEMD 2026010101 1 1 "
           "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456"
           "7"
           "89ABCDEF",
           NULL, NULL}},
         0,
         "rrsig-invalid zonemd-duplicate zonemd-mismatch",
         NULL},
        {"a digest of another length",
         "zonemd.zone",
         {{ADD, "example.net. 3600 IN ZONEMD 2026010101 1 1 0123456789ABCDEF0123456789ABCDEF", NULL,
           NULL}},
         0,
         "rrsig-invalid zonemd-duplicate zonemd-malformed",
         NULL},
    };
    RUN(cases);
}

/* ------------------------------------------------------------------ the rest */

static void a_cds_must_not_break_the_chain(void **state)
{
    (void)state;
    static const struct edit_case cases[] = {
        {"a CDS of no key",
         "nsec.zone",
         {{ADD,
           "example.net. 3600 IN CDS 1 13 2 "
           "DF53BA13EC6252A84BFFE4AC6547910A1018071B99A4987C2184C98F337F62D6",
           NULL, NULL}},
         0,
         "cds-breaks-chain nsec-bitmap rrset-unsigned",
         NULL},
        {"a CDS of the KSK with another digest",
         "nsec.zone",
         {{ADD,
           "example.net. 3600 IN CDS 51384 13 2 "
           "DF53BA13EC6252A84BFFE4AC6547910A1018071B99A4987C2184C98F337F62D7",
           NULL, NULL}},
         0,
         "cds-breaks-chain cds-digest nsec-bitmap rrset-unsigned",
         NULL},
        {"a request for removal in another form",
         "nsec.zone",
         {{ADD, "example.net. 3600 IN CDNSKEY 0 3 0 BA==", NULL, NULL}},
         0,
         "cds-removal-form nsec-bitmap rrset-unsigned",
         NULL},
        {"a request for removal breaks it on purpose",
         "nsec.zone",
         {{ADD, "example.net. 3600 IN CDS 0 0 0 00", NULL, NULL},
          {ADD, "example.net. 3600 IN CDNSKEY 0 3 0 AA==", NULL, NULL}},
         0,
         "nsec-bitmap rrset-unsigned",
         NULL},
    };
    RUN(cases);
}

static void a_zone_without_soa_is_refused(void **state)
{
    (void)state;
    struct verdict v =
        judge("x", "example.net. 60 IN NS ns.example.org.\n", "example.net.", NULL, NOW, false);
    assert_int_equal(v.loaded, ERR_OK);
    assert_string_equal(v.errors, "verify-no-soa");
    assert_int_equal(v.err, ERR_FINDINGS);
}

static void findings_come_in_the_same_order_each_time(void **state)
{
    (void)state;
    char *text = read_text(test_data("verify/two-algorithms.zone"));
    assert_non_null(text);
    struct buf first = {0};
    for (int run = 0; run < 5; run++) {
        struct diags *d = diags_new();
        struct buf all = {0};
        int err = ERR_OK;
        struct zone *zone = case_zone("zone", text, "example.net.", d, &err);
        assert_non_null(zone);
        struct verify_params params = {.now = EXPIRED};
        struct verify_report report = {0};
        assert_int_equal(verify_zone(zone, &params, &report, d), ERR_FINDINGS);
        for (size_t i = 0; i < diags_n(d); i++) {
            diag_print(diags_at(d, i), &all);
            buf_add_char(&all, '\n');
        }
        assert_true(diags_n(d) > 50);
        if (run == 0)
            buf_add(&first, all.data, all.len);
        assert_string_equal(buf_str(&first), buf_str(&all));
        buf_done(&all);
        zone_free(zone);
        diags_free(d);
    }
    buf_done(&first);
    free(text);
}

static void no_list_of_findings_is_needed(void **state)
{
    (void)state;
    char *text = read_text(test_data("verify/nsec.zone"));
    int err = ERR_OK;
    struct zone *zone = case_zone("zone", text, "example.net.", NULL, &err);
    struct verify_params params = {.now = EXPIRED};
    struct verify_report report = {0};
    assert_int_equal(verify_zone(zone, &params, &report, NULL), ERR_FINDINGS);
    params.now = NOW;
    assert_int_equal(verify_zone(zone, &params, &report, NULL), ERR_OK);
    zone_free(zone);
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_of_other_signers_are_accepted),
        cmocka_unit_test(faults_of_keys_are_found),
        cmocka_unit_test(ds_must_lead_to_a_signing_key),
        cmocka_unit_test(faults_of_signatures_are_found),
        cmocka_unit_test(faults_of_the_nsec_chain_are_found),
        cmocka_unit_test(faults_of_the_nsec3_chain_are_found),
        cmocka_unit_test(faults_of_nsec3_records_are_found),
        cmocka_unit_test(faults_of_zonemd_are_found),
        cmocka_unit_test(a_cds_must_not_break_the_chain),
        cmocka_unit_test(a_zone_without_soa_is_refused),
        cmocka_unit_test(findings_come_in_the_same_order_each_time),
        cmocka_unit_test(no_list_of_findings_is_needed),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
