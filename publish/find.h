/*
 * publish/find.h -- questions to the resolvers: the parent of a zone, its name servers, their
 * addresses; not public.
 */
#pragma once

#include "common/limits.h"
#include "publish/observe.h"
#include "publish/reply.h"

enum {
    QT_A = 1,
    QT_NS = 2,
    QT_SOA = 6,
    QT_AAAA = 28,
    QT_DS = 43,
    QT_DNSKEY = 48,
    QT_CDS = 59,
    QT_DSYNC = 66
};

enum { RCODE_OK = 0, RCODE_NO_NAME = 3 };

/* Recursive questions, each to the first resolver that answers it (NOERROR or NXDOMAIN). */
int find_ask(const struct observe_resolvers *resolvers, struct ask_task *tasks, size_t n) MUST_USE;

/* The zone that ZONE is delegated from: a tail of ZONE, NULL when it was not found. */
int find_parent(const struct observe_resolvers *resolvers, const uint8_t *zone,
                const uint8_t **ret) MUST_USE;

struct find_host { /* a name with its addresses */
    uint8_t name[256];
    struct ask_address addresses[2 * LIMIT_OBSERVED_ADDRESSES]; /* IPv4 first, each sorted */
    size_t address_n;
};
/* Addresses of HOSTS, whose names are set, with PORT. */
int find_addresses(const struct observe_resolvers *resolvers, uint16_t port,
                   struct find_host *hosts, size_t n) MUST_USE;
