/*
 * tests/unit/zones/inventory_case.h -- one small good inventory, edits of it, and findings as text.
 */
#pragma once

#include <string.h>

#include "common/err.h"
#include "tests/support/testing.h"
#include "zones/rules_inventory.h"
#include "zones/zones.h"

#define NOW INT64_C(1795255200) /* 2026-11-21T10:00:00Z */

/* Every finding about it would be a mistake. Line numbers stand in the tests: keep the lines. */
static const char good[] = "version: 1\n"                                          /* 1 */
                           "manufacturer:\n"                                       /* 2 */
                           "  name: Example Devices\n"                             /* 3 */
                           "  domain: example.net\n"                               /* 4 */
                           "  contact: noc@example.net\n"                          /* 5 */
                           "  documentation: https://example.net/network\n"        /* 6 */
                           "publication:\n"                                        /* 7 */
                           "  zone: mgmt.example.net\n"                            /* 8 */
                           "  base-url: https://mud.mgmt.example.net/\n"           /* 9 */
                           "  signer: {certificate: pki/s.pem, key: pki/s.key}\n"  /* 10 */
                           "zones:\n"                                              /* 11 */
                           "  - {name: mgmt.example.net, file: zones/mgmt.zone}\n" /* 12 */
                           "services:\n"                                           /* 13 */
                           "  - name: firmware\n"                                  /* 14 */
                           "    purpose: firmware-update\n"                        /* 15 */
                           "    domains:\n"                                        /* 16 */
                           "      - name: fw.mgmt.example.net\n"                   /* 17 */
                           "    endpoints:\n"                                      /* 18 */
                           "      - {protocol: tcp, port: 443}\n"                  /* 19 */
                           "models:\n"                                             /* 20 */
                           "  - name: cam-100\n"                                   /* 21 */
                           "    model-name: SmartCam 100\n"                        /* 22 */
                           "    systeminfo: SmartCam 100 indoor camera\n"          /* 23 */
                           "    services: [firmware]\n";                           /* 24 */

/* GOOD with FROM (which it must hold) replaced by TO; malloc'ed. FROM "": TO is put behind. */
static inline char *edited(const char *from, const char *to)
{
    const char *at = *from == 0 ? good + strlen(good) : strstr(good, from);
    assert_non_null(at);
    char *text = NULL;
    assert_true(asprintf(&text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from)) > 0);
    return text;
}

/* "9:13 base-url, 21:11 bad-value": every finding, notes too, in order of place. Malloc'ed. */
static inline char *findings_text(struct diags *d)
{
    AUTO(buf) struct buf out = {0};
    diags_sort(d);
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        assert_non_null(g->found);
        buf_printf(&out, "%s%u:%u %s", i == 0 ? "" : ", ", g->line, g->column, g->rule->id);
    }
    return strdup(buf_str(&out));
}

static inline int parse(const char *text, size_t len, struct inventory **ret, struct diags *d)
{
    return inventory_parse("i.yaml", text, len, NOW, ret, d);
}

/* An edit of GOOD, and what comes of it. */
struct edit {
    const char *name;
    const char *from;
    const char *to;
    int err;
    const char *findings;
};

static inline void run(const struct edit *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        TEST_CASE(cases[i].name);
        AUTO_PTR(diags) struct diags *d = diags_new();
        AUTO_PTR(inventory) struct inventory *inv = NULL;
        AUTO_FREE char *text = edited(cases[i].from, cases[i].to);
        int err = parse(text, strlen(text), &inv, d);
        AUTO_FREE char *findings = findings_text(d);
        assert_string_equal(findings, cases[i].findings);
        assert_int_equal(err, cases[i].err);
        assert_int_equal(inv == NULL, err != 0);
    }
}
#define RUN(cases) run(cases, sizeof(cases) / sizeof(cases[0]))
