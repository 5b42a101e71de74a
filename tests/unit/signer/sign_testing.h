/*
 * tests/unit/signer/sign_testing.h -- zones, keys, policies and folders for the tests of signing.
 */
#pragma once

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/keystore.h"
#include "tests/support/testing.h"

#define TEST_NOW INT64_C(1795255200) /* 2026-11-21T10:00:00Z */

static inline size_t findings_n(const struct diags *d, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < diags_n(d); i++)
        n += strcmp(diags_at(d, i)->rule->id, id) == 0;
    return n;
}

/* The first finding with the id as one printed line, or "". */
static inline const char *finding_text(const struct diags *d, const char *id)
{
    static char out[2048];
    out[0] = 0;
    for (size_t i = 0; i < diags_n(d) && out[0] == 0; i++) {
        AUTO(buf) struct buf line = {0};
        diag_print(diags_at(d, i), &line);
        if (strcmp(diags_at(d, i)->rule->id, id) == 0)
            snprintf(out, sizeof out, "%s", buf_str(&line));
    }
    return out;
}

static inline const uint8_t *wire(const char *text)
{
    static uint8_t names[4][256];
    static unsigned next;
    uint8_t *name = names[next++ % 4];
    assert_true(name_from_text(text, name));
    return name;
}

static inline struct zone *zone_of_at(const char *origin, const char *text)
{
    const struct zone_load_opts opts = {.origin = wire(origin)};
    struct zone *z = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new();
    int err = zone_parse("t.zone", text, strlen(text), &opts, &z, d);
    for (size_t i = 0; i < diags_n(d) && err != ERR_OK; i++)
        print_message("    %s\n", diags_at(d, i)->found);
    assert_int_equal(err, ERR_OK);
    return z;
}

/* In "example.". */
static inline struct zone *zone_of(const char *text)
{
    return zone_of_at("example.", text);
}

#define TEST_ZONE                                                                                  \
    "$TTL 3600\n"                                                                                  \
    "@ SOA ns1 host 10 7200 3600 1209600 300\n"                                                    \
    "@ NS ns1\n"                                                                                   \
    "ns1 A 192.0.2.1\n"                                                                            \
    "*.w TXT \"wild\"\n"                                                                           \
    "a.b.ent TXT \"deep\"\n"                                                                       \
    "cut NS ns.cut\n"                                                                              \
    "ns.cut A 192.0.2.2\n"                                                                         \
    "safe NS ns1\n"                                                                                \
    "safe DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"        \
    "dn DNAME other.test.\n"                                                                       \
    "www CNAME ns1\n"

static inline char *zone_text(const struct zone *z)
{
    AUTO(buf) struct buf b = {0};
    assert_int_equal(zone_write(z, &b), ERR_OK);
    return strdup(buf_str(&b));
}

/* The RRset, which must be there. */
static inline struct zone_rrset rrset_of(const struct zone *z, const uint8_t *owner, uint16_t type)
{
    struct zone_rrset set;
    assert_true(zone_rrset(z, owner, type, &set));
    return set;
}

static inline bool has_rrset(const struct zone *z, const uint8_t *owner, uint16_t type)
{
    struct zone_rrset set;
    return zone_rrset(z, owner, type, &set);
}

/* The only signature of SET. */
static inline struct zone_sig sig_of(const struct zone_rrset *set)
{
    struct zone_sig sig;
    assert_int_equal(set->sig_n, 1);
    zone_rrset_sig(set, 0, &sig);
    return sig;
}

/* A fresh private folder; free the path, and remove the tree, by temp_dir_done. */
static inline char *temp_dir(void)
{
    char name[] = "/tmp/mudzone-test-XXXXXX";
    assert_non_null(mkdtemp(name));
    return strdup(name);
}

static inline void temp_dir_done(char *dir)
{
    assert_int_equal(file_remove_tree(dir), ERR_OK);
    free(dir);
}

static inline struct keyset make_keys(uint8_t algorithm, bool single)
{
    struct keyset set = {0};
    assert_int_equal(keyset_generate(&set, algorithm, single ? KEY_CSK : KEY_KSK, NULL), ERR_OK);
    if (!single)
        assert_int_equal(keyset_generate(&set, algorithm, KEY_ZSK, NULL), ERR_OK);
    return set;
}

/* The parts of keys that do what their roles say; for a while: some dozens of calls. */
static inline const struct sign_key *uses_of(const struct keyset *set)
{
    static struct sign_key uses[64][8];
    static unsigned next;
    struct sign_key *ret = uses[next++ % 64];
    assert_true(set->n <= 8);
    sign_keys_of(set, ret);
    return ret;
}

#define ALL_KEYS(set) .keys = uses_of(set), .key_n = (set)->n

static inline struct dnssec_policy policy_of(uint8_t algorithm, bool single, enum denial denial)
{
    struct dnssec_policy p = dnssec_policy_standard;
    p.algorithm = algorithm;
    p.single_key = single;
    p.denial = denial;
    return p;
}

/* Signs and checks with the independent verifier. */
static inline struct zone *sign_ok(const struct zone *zone, const struct sign_params *params,
                                   struct sign_report *report)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct zone *out = NULL;
    int err = sign_zone(zone, params, &out, report, d);
    if (err == ERR_OK) {
        struct verify_params v = {.now = params->now};
        struct verify_report r;
        err = verify_zone(out, &v, &r, d);
    }
    for (size_t i = 0; i < diags_n(d) && err != ERR_OK; i++) {
        AUTO(buf) struct buf line = {0};
        diag_print(diags_at(d, i), &line);
        print_message("    %s\n", buf_str(&line));
    }
    assert_int_equal(err, ERR_OK);
    return out;
}
