/*
 * tests/unit/zones/zone_testing.h -- zones from text and questions about findings, for these tests.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "common/err.h"
#include "tests/support/testing.h"
#include "zones/zones.h"

#define TEST_NOW INT64_C(1795255200) /* 2026-11-21T10:00:00Z */

/* How many findings have the id (of SEVERITY, or SEV_COUNT for any). */
static inline size_t findings_n(const struct diags *d, const char *id, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        n += strcmp(g->rule->id, id) == 0 && (severity == SEV_COUNT || g->severity == severity);
    }
    return n;
}

static inline void findings_print(const struct diags *d)
{
    for (size_t i = 0; i < diags_n(d); i++) {
        AUTO(buf) struct buf line = {0};
        diag_print(diags_at(d, i), &line);
        print_message("    %s\n", buf_str(&line));
    }
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
            snprintf(out, sizeof(out), "%s", buf_str(&line));
    }
    return out;
}

/* Loads TEXT as "t.zone" with the origin "example."; NULL when that fails. */
static inline struct zone *zone_of(const char *text, struct diags *d)
{
    static const uint8_t origin[] = "\7example";
    const struct zone_load_opts opts = {.origin = origin};
    struct zone *z = NULL;
    int err = zone_parse("t.zone", text, strlen(text), &opts, &z, d);
    assert_true((err == ERR_OK) == (z != NULL));
    return z;
}

static inline const uint8_t *wire(const char *text)
{
    static uint8_t names[8][256];
    static unsigned next;
    uint8_t *out = names[next++ % 8];
    assert_true(name_from_text(text, out));
    return out;
}

/* A good zone's start: SOA, NS and its address, TTL 3600. */
#define ZONE_HEAD "$TTL 3600\n@ SOA ns1 host 1 3600 600 86400 600\n@ NS ns1\nns1 A 192.0.2.1\n"
