/*
 * zones/check.h -- private: the parts of zone_check (zones/check.c) and what they share.
 */
#pragma once

#include "zones/rules_zone.h"
#include "zones/zones.h"

struct check {
    const struct zone *zone;
    struct diags *diags;
};

/* A rule met at NODE's RRset of TYPE, in line LINE (0: not known). */
void check_report(const struct check *c, const struct diag_rule *rule, const struct zone_node *node,
                  uint16_t type, uint32_t line, const char *fmt, ...) PRINTF(6, 7);

/* The RRset, when it has records and not only signatures. */
const struct zone_rrset *check_set(const struct zone_node *node, uint16_t type);

/* check_servers.c: name servers, their addresses, and what lies below delegations. */
int check_servers(const struct check *c) MUST_USE;

/* check_cds.c: CDS and CDNSKEY against each other and against DNSKEY. */
void check_cds(const struct check *c);
