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

/* The node of NAME, which must be there; and node I in order. */
static inline struct zone_node node_of(const struct zone *z, const char *name)
{
    struct zone_node node = {0};
    assert_true(zone_find(z, wire(name), &node));
    return node;
}

static inline struct zone_node node_at(const struct zone *z, size_t i)
{
    struct zone_cursor c;
    struct zone_node node = {0};
    zone_first(z, &c);
    for (size_t at = 0; at <= i; at++)
        assert_true(zone_next(&c, &node));
    return node;
}

static inline bool has_node(const struct zone *z, const char *name)
{
    struct zone_node node;
    return zone_find(z, wire(name), &node);
}

/* The RRset, which must be there; and set I of a node. */
static inline struct zone_rrset set_of(const struct zone *z, const char *name, uint16_t type)
{
    struct zone_rrset set = {0};
    assert_true(zone_rrset(z, wire(name), type, &set));
    return set;
}

static inline struct zone_rrset set_at(const struct zone_node *node, uint32_t i)
{
    struct zone_rrset set = {0};
    assert_true(i < node->rrset_n);
    zone_node_set(node, i, &set);
    return set;
}

/* A good zone's start: SOA, NS and its address, TTL 3600. */
#define ZONE_HEAD "$TTL 3600\n@ SOA ns1 host 1 3600 600 86400 600\n@ NS ns1\nns1 A 192.0.2.1\n"
