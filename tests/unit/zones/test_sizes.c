/* Sizes of answers, against sums done by hand. */
#include "tests/unit/zones/names_case.h"

#define HEAD "$TTL 3600\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n"

/* a.m.example.net has 17 octets; a question 4 more, the header 12. */
#define QUESTION (12 + 17 + 4)
#define RR       12                  /* owner as a pointer, type, class, TTL, length */
#define RRSIG    (RR + 18 + 15 + 64) /* the signer is m.example.net */
#define OPT      11

/* "answer-over-512 a.m.example.net A 513; …" */
static char *sizes_text(const char *zone_keys, const char *domain, const char *zone)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO(buf) struct buf out = {0};
    AUTO(case_set) struct case_set c = {0};
    case_set_make(&c, zone_keys, domain, "s", zone, NULL);
    assert_int_equal(sizes_check(&c.set, d), 0);
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        unsigned size = 0;
        assert_int_equal(g->severity, SEV_WARNING);
        assert_int_equal(sscanf(g->found, "an answer of %u bytes", &size), 1);
        buf_printf(&out, "%s%s %s %u", out.len == 0 ? "" : "; ", g->rule->id, g->at, size);
    }
    return strdup(buf_str(&out));
}

static void add_addresses(struct buf *zone, const char *owner, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        buf_printf(zone, "%s A 192.0.2.%u\n", owner, i + 1);
}

static void expect(const char *name, const char *domain, const char *zone, const char *fmt, ...)
    PRINTF(4, 5);
static void expect(const char *name, const char *domain, const char *zone, const char *fmt, ...)
{
    TEST_CASE(name);
    char expected[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(expected, sizeof(expected), fmt, ap);
    va_end(ap);
    AUTO_FREE char *findings = sizes_text("", domain, zone);
    assert_string_equal(findings, expected);
}

static void plain_answers_are_measured_to_the_byte(void **state)
{
    (void)state;
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD);
    add_addresses(&zone, "a", 29);
    expect("29 addresses", "{name: a.m.example.net}", buf_str(&zone), "%s", "");
    buf_add_str(&zone, "a A 192.0.2.30\n");
    expect("30 addresses", "{name: a.m.example.net}", buf_str(&zone),
           "answer-over-512 a.m.example.net A %d", QUESTION + 30 * (RR + 4));
}

static void signed_answers_are_measured_to_the_byte(void **state)
{
    (void)state;
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD);
    add_addresses(&zone, "a", 67);
    expect("67 addresses", "{name: a.m.example.net}", buf_str(&zone),
           "answer-over-512 a.m.example.net A %d", QUESTION + 67 * (RR + 4));
    buf_add_str(&zone, "a A 192.0.2.68\n");
    expect("68 addresses", "{name: a.m.example.net}", buf_str(&zone),
           "answer-over-512 a.m.example.net A %d; answer-over-1232 a.m.example.net A %d",
           QUESTION + 68 * (RR + 4), QUESTION + 68 * (RR + 4) + RRSIG + OPT);
}

static void every_type_is_measured(void **state)
{
    (void)state;
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD "a A 192.0.2.1\na TXT \"");
    for (int i = 0; i < 250; i++)
        buf_add_char(&zone, 'x');
    buf_add_str(&zone, "\" \"");
    for (int i = 0; i < 250; i++)
        buf_add_char(&zone, 'y');
    buf_add_str(&zone, "\"\n");
    expect("TXT", "{name: a.m.example.net}", buf_str(&zone),
           "answer-over-512 a.m.example.net TXT %d", QUESTION + RR + 2 * 251);
}

/* The target is written as its first label and a pointer; the records point at it. */
static void chains_are_measured_as_far_as_the_zone_goes(void **state)
{
    (void)state;
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD "a CNAME b\n");
    add_addresses(&zone, "b", 30);
    expect("chain", "{name: a.m.example.net}", buf_str(&zone),
           "answer-over-512 a.m.example.net A %d", QUESTION + (RR + 4) + 30 * (RR + 4));
    buf_clear(&zone);
    buf_add_str(&zone, HEAD "a CNAME www.other.net.\n");
    expect("chain that leaves", "{name: a.m.example.net}", buf_str(&zone), "%s", "");
}

/* Answers from *.w are asked for with a label of 63, and prove that the name itself is absent. */
static void wildcard_answers_carry_their_proof(void **state)
{
    (void)state;
    const int question = 12 + (1 + 63) + 17 + 4; /* of x….a.m.example.net */
    /* The NSEC before it is at *.a.m.example.net, the next name is ns1.m.example.net. */
    const int nsec = (2 + 2) + 10 + 19 + (2 + 6); /* owner: star and pointer; then the bitmap */
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD);
    add_addresses(&zone, "*.a", 60);
    expect("NSEC", "{name: \"*.a.m.example.net\"}", buf_str(&zone),
           "answer-over-512 *.a.m.example.net A %d; answer-over-1232 *.a.m.example.net A %d",
           question + 60 * (RR + 4), question + 60 * (RR + 4) + RRSIG + nsec + RRSIG + OPT);
    const int nsec3 = (33 + 2) + 10 + 26 + 8;
    AUTO_FREE char *findings =
        sizes_text(", dnssec: n3", "{name: \"*.a.m.example.net\"}", buf_str(&zone));
    char expected[256];
    snprintf(expected, sizeof(expected),
             "answer-over-512 *.a.m.example.net A %d; answer-over-1232 *.a.m.example.net A %d",
             question + 60 * (RR + 4), question + 60 * (RR + 4) + RRSIG + nsec3 + RRSIG + OPT);
    assert_string_equal(findings, expected);
}

/* RFC 6672 s3.1: the DNAME, and the CNAME made from it without a signature. */
static void dname_answers_carry_both_records(void **state)
{
    (void)state;
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD "a DNAME b\n");
    add_addresses(&zone, "x.b", 29);
    const int question = QUESTION + 2; /* x.a.m.example.net */
    const int dname = RR + 17;         /* never compressed, RFC 6672 s2.5 */
    const int cname = RR + 2 + 2 + 2;  /* x, b, a pointer */
    expect("DNAME", "{name: x.a.m.example.net}", buf_str(&zone),
           "answer-over-512 x.a.m.example.net A %d", question + dname + cname + 29 * (RR + 4));
}

static void answers_that_fit_into_no_message_are_named(void **state)
{
    (void)state;
    AUTO(buf) struct buf zone = {0};
    buf_add_str(&zone, HEAD);
    for (int i = 0; i < 300; i++) {
        buf_printf(&zone, "a TXT \"%03d\" ", i);
        buf_printf(&zone, "\"%0250d\"\n", 0);
    }
    AUTO_FREE char *findings = sizes_text("", "{name: a.m.example.net}", buf_str(&zone));
    assert_string_equal(findings, "answer-over-512 a.m.example.net TXT 65535; "
                                  "answer-over-1232 a.m.example.net TXT 65535");
}

static void names_that_are_not_there_have_no_size(void **state)
{
    (void)state;
    expect("absent", "{name: gone.m.example.net}, {name: www.example.net}", HEAD, "%s", "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_answers_are_measured_to_the_byte),
        cmocka_unit_test(signed_answers_are_measured_to_the_byte),
        cmocka_unit_test(every_type_is_measured),
        cmocka_unit_test(chains_are_measured_as_far_as_the_zone_goes),
        cmocka_unit_test(wildcard_answers_carry_their_proof),
        cmocka_unit_test(dname_answers_carry_both_records),
        cmocka_unit_test(answers_that_fit_into_no_message_are_named),
        cmocka_unit_test(names_that_are_not_there_have_no_size),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
