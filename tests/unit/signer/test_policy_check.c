#include "tests/unit/signer/sign_testing.h"

static void bounds_are_checked_with_their_arithmetic(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t validity_s;
        uint32_t refresh_s;
        uint32_t jitter_s;
        uint32_t max_ttl_s;
        uint32_t expire_s;
        const char *id; /* NULL: no finding */
        int err;
        const char *says;
    } cases[] = {
        {"standard policy, usual zone", 2592000, 1382400, 43200, 86400, 1209600, NULL, ERR_OK, ""},
        {"refresh exactly what is needed", 2592000, 90000, 0, 86400, 0, NULL, ERR_OK, ""},
        {"refresh below TTL + propagation", 2592000, 89999, 0, 86400, 0, "policy-refresh",
         ERR_FINDINGS, "largest TTL 86400 s + propagation-delay 3600 s = 90000 s"},
        {"refresh below expire + TTL + propagation", 2592000, 1209600, 0, 86400, 1209600,
         "policy-refresh-expire", ERR_OK,
         "SOA expire 1209600 s + largest TTL 86400 s + propagation-delay 3600 s = 1299600 s"},
        {"sum over 32 bits", 2592000, 1382400, 0, UINT32_MAX, UINT32_MAX, "policy-refresh",
         ERR_FINDINGS, "= 4294970895 s"},
        {"refresh + jitter fill the validity", 1425600, 1382400, 43200, 3600, 3600,
         "policy-validity", ERR_FINDINGS, "1382400 s + signature-jitter 43200 s = 1425600 s"},
        {"validity over half the circle", 0x80000000u, 1382400, 0, 3600, 3600, "policy-validity",
         ERR_FINDINGS, "2147483648 s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        struct dnssec_policy p = dnssec_policy_standard;
        p.signature_validity_s = cases[i].validity_s;
        p.signature_refresh_s = cases[i].refresh_s;
        p.signature_jitter_s = cases[i].jitter_s;
        p.propagation_delay_s = 3600;
        assert_int_equal(policy_check(&p, "example", cases[i].max_ttl_s, cases[i].expire_s, d),
                         cases[i].err);
        assert_int_equal(diags_n(d), cases[i].id == NULL ? 0 : 1);
        if (cases[i].id != NULL)
            assert_non_null(strstr(finding_text(d, cases[i].id), cases[i].says));
    }
}

static void an_unknown_algorithm_is_refused(void **state)
{
    (void)state;
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct dnssec_policy p = dnssec_policy_standard;
    p.algorithm = 5;
    assert_int_equal(policy_check(&p, "example", 3600, 3600, d), ERR_FINDINGS);
    assert_int_equal(findings_n(d, "policy-algorithm"), 1);
}

static void algorithms_have_names(void **state)
{
    (void)state;
    static const uint8_t numbers[] = {8, 13, 14, 15, 16};
    for (size_t i = 0; i < sizeof numbers; i++)
        assert_int_equal(algorithm_from_text(algorithm_text(numbers[i])), numbers[i]);
    assert_int_equal(algorithm_from_text("ecdsap256sha256"), 13);
    assert_int_equal(algorithm_from_text("rsasha1"), 0);
    assert_null(algorithm_text(5));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bounds_are_checked_with_their_arithmetic),
    cmocka_unit_test(an_unknown_algorithm_is_refused),
    cmocka_unit_test(algorithms_have_names),
};

TEST_MAIN(tests)
