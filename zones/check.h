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

/* A rule met at OWNER's RRset of TYPE, in line LINE (0: not known). In a zone that was read in part
   rules about what is missing say nothing. */
void check_report(const struct check *c, const struct diag_rule *rule, const uint8_t *owner,
                  uint16_t type, uint32_t line, const char *fmt, ...) PRINTF(6, 7);

/* Octets of a message that an RRset takes, and how many are left for it (RFC 1035 s4.2.2). */
#define CHECK_SET_MAX 65000u
uint64_t check_set_size(const struct zone_rrset *set);

/* check_servers.c: name servers, their addresses, and what lies below delegations. */
int check_servers(const struct check *c) MUST_USE;

/* check_chains.c: where CNAMEs lead within the zone. */
int check_chains(const struct check *c) MUST_USE;

/* check_cds.c: CDS and CDNSKEY against each other and against DNSKEY. */
void check_cds(const struct check *c);
