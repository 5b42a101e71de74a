/* `key-stores`, and what policies may ask of them. */
#include "tests/unit/zones/inventory_case.h"

#define STORES                                                                                     \
    "key-stores: [{name: a, uri: \"pkcs11:token=A?pin-source=/etc/pin-a\"},\n"                     \
    "  {name: b, uri: \"pkcs11:serial=01;model=X?pin-value=12%2034\"}]\n"
#define POLICY(text) "dnssec-policies: [{name: standard, " text "}]\n"

static void policies_get_the_address_of_their_store(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited("", STORES POLICY("ksk-store: a, zsk-store: b"));
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    const struct dnssec_policy *p = inv->zones[0].dnssec;
    assert_string_equal(p->ksk_store, "pkcs11:token=A?pin-source=/etc/pin-a");
    assert_string_equal(p->zsk_store, "pkcs11:serial=01;model=X?pin-value=12%2034");
}

static void without_a_word_keys_are_in_files(void **state)
{
    (void)state;
    static const char *const cases[] = {"", STORES, POLICY("single-key: true"),
                                        POLICY("ksk-store: files, zsk-store: files")};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i]);
        AUTO_FREE char *text = edited("", cases[i]);
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
        assert_null(inv->zones[0].dnssec->ksk_store);
        assert_null(inv->zones[0].dnssec->zsk_store);
    }
}

static void a_ksk_may_be_offline(void **state)
{
    (void)state;
    AUTO_FREE char *text = edited("", POLICY("ksk-store: offline"));
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    assert_int_equal(parse(text, strlen(text), &inv, NULL), 0);
    assert_string_equal(inv->zones[0].dnssec->ksk_store, KEY_STORE_OFFLINE);
    assert_null(inv->zones[0].dnssec->zsk_store);
}

static void what_a_store_cannot_do_is_refused(void **state)
{
    (void)state;
    static const struct edit cases[] = {
        {"unknown store", "", STORES POLICY("zsk-store: c"), ERR_FINDINGS,
         "27:47 unknown-reference"},
        {"ed25519 on a token", "", STORES POLICY("ksk-store: a, algorithm: ed25519"), ERR_FINDINGS,
         "27:20 key-store-use"},
        {"ed448 on a token", "", STORES POLICY("zsk-store: a, algorithm: ed448"), ERR_FINDINGS,
         "27:20 key-store-use"},
        {"a single key has no ZSK", "",
         STORES POLICY("zsk-store: a, algorithm: ed448, single-key: true"), 0, ""},
        {"offline ZSK", "", POLICY("zsk-store: offline"), ERR_FINDINGS, "25:20 key-store-use"},
        {"offline single key", "", POLICY("ksk-store: offline, single-key: true"), ERR_FINDINGS,
         "25:20 key-store-use"},
        {"a key's address", "", "key-stores: [{name: a, uri: \"pkcs11:token=A;object=k\"}]\n",
         ERR_FINDINGS, "25:29 key-store-uri"},
        {"no token", "", "key-stores: [{name: a, uri: \"pkcs11:model=A\"}]\n", ERR_FINDINGS,
         "25:29 key-store-uri"},
        {"relative PIN file", "",
         "key-stores: [{name: a, uri: \"pkcs11:token=A?pin-source=pin\"}]\n", ERR_FINDINGS,
         "25:29 key-store-uri"},
        {"no URI of a token", "", "key-stores: [{name: a, uri: \"file:///x\"}]\n", ERR_CONFIG,
         "25:29 bad-value"},
        {"a name of its own", "", "key-stores: [{name: offline, uri: \"pkcs11:token=A\"}]\n",
         ERR_FINDINGS, "25:15 key-store-name"},
    };
    RUN(cases);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_get_the_address_of_their_store),
        cmocka_unit_test(without_a_word_keys_are_in_files),
        cmocka_unit_test(a_ksk_may_be_offline),
        cmocka_unit_test(what_a_store_cannot_do_is_refused),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
