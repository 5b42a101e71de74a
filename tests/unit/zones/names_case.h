/*
 * tests/unit/zones/names_case.h -- an inventory of two zones in memory, to ask names of.
 */
#pragma once

#include <string.h>

#include "common/err.h"
#include "tests/support/testing.h"
#include "zones/rules_inventory.h"
#include "zones/zones.h"

#define NOW INT64_C(1795255200) /* 2026-11-21T10:00:00Z */

/* %s: more keys of the first zone, the domains of the service, the services of the model */
static const char inventory_form[] =
    "version: 1\n"
    "manufacturer: {name: E, domain: example.net, documentation: \"https://example.net/\"}\n"
    "publication: {zone: m.example.net, base-url: \"https://mud.m.example.net/\",\n"
    "  signer: {certificate: c, key: k}}\n"
    "dnssec-policies: [{name: n3, denial: nsec3}]\n"
    "zones: [{name: m.example.net, file: m%s}, {name: other.net, file: o}]\n"
    "services:\n"
    "  - name: s\n"
    "    purpose: other\n"
    "    endpoints: [{protocol: any}]\n"
    "    domains: [%s]\n"
    "models: [{name: x, model-name: x, systeminfo: x, services: [%s]}]\n";

struct case_set {
    struct inventory *inv;
    struct zone *zones[2];
    struct zone_set set;
};

static inline void case_set_done(struct case_set *c)
{
    inventory_free(c->inv);
    zone_free(c->zones[0]);
    zone_free(c->zones[1]);
}
DEFINE_AUTO(case_set)

static inline struct zone *case_zone(const char *name, const char *text)
{
    uint8_t origin[256];
    assert_true(name_from_text(name, origin));
    const struct zone_load_opts opts = {.origin = origin};
    struct zone *z = NULL;
    assert_int_equal(zone_parse(name, text, strlen(text), &opts, &z, NULL), 0);
    return z;
}

static inline void case_set_make(struct case_set *c, const char *zone_keys, const char *domains,
                                 const char *services, const char *zone, const char *other)
{
    AUTO_FREE char *text = NULL;
    assert_true(asprintf(&text, inventory_form, zone_keys, domains, services) > 0);
    assert_int_equal(inventory_parse("i.yaml", text, strlen(text), NOW, &c->inv, NULL), 0);
    c->zones[0] = zone == NULL ? NULL : case_zone("m.example.net", zone);
    c->zones[1] = other == NULL ? NULL : case_zone("other.net", other);
    c->set = (struct zone_set){c->inv, c->zones};
}
