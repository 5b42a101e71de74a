/*
 * mudgen/list.h -- the JSON domain list (DESIGN section 6) and what it owes to the previous one.
 *
 * The document, keys in this order, nothing else in it:
 *   schema         LIST_SCHEMA
 *   serial         number         published  RFC 3339, UTC       refresh  seconds
 *   manufacturer   text           announcement  name of the `_mudzone` TXT record
 *   zones    [{name, signed}]                    models  [{name, mud-url, sha-256}]
 *   domains  [{name, match, purposes, required, operated-by, endpoints, services, models, since,
 *              removal-not-before}]              endpoints  [{protocol, port, initiated-by}]
 *   removed  [{name, match, date}]
 * `port` is a number, or text "lo-hi"; without it every port. Dates are YYYY-MM-DD; a stated moment
 * of removal is rounded up to its next day, so that a promise never gets shorter.
 * `removal-not-before` and `port` are left out when there is none.
 *
 * Pure; memory from the caller's arena. Errors: ERR_FINDINGS, ERR_NOMEM.
 */
#pragma once

#include "common/arena.h"
#include "mudgen/listing.h"
#include "mudgen/mudgen.h"
#include "mudgen/previous.h"

#define LIST_SCHEMA "mudzone-domains-1"

/*
 * Fills in what the previous list knows: `since` of entries that state none, and RET_REMOVED, the
 * names withdrawn in the last year, sorted as in the list. A name withdrawn before its announced
 * removal, or a removal announced too shortly before, is a finding.
 */
int list_resolve(struct arena *a, const struct inventory *inv, struct listing *listing,
                 const struct previous_list *previous, const struct mud_options *opts,
                 const struct previous_name **ret_removed, size_t *ret_removed_n,
                 struct diags *diags) MUST_USE;

struct list_content { /* all that is in a list but serial and published */
    const struct inventory *inv;
    const struct listing *listing;
    const struct mud_model_out *models; /* json_sha256 and url filled in */
    size_t model_n;
    const struct previous_name *removed;
    size_t removed_n;
};

int list_write(const struct list_content *c, uint32_t serial, int64_t published_at,
               struct buf *out) MUST_USE;

/* The serial after those of PREVIOUS and FLOOR: max(both + 1, YYYYMMDD01). 0: it cannot move on. */
uint32_t list_next_serial(const struct previous_list *previous, uint32_t floor, int64_t now);

/* Midnight of the day, and of the day after a moment that is not midnight. */
int64_t list_day(int64_t at);
int64_t list_day_up(int64_t at);

/* "443", "5000-5010"; "" for every port. */
#define PORT_TEXT_LEN 12
void list_port_text(const struct inv_endpoint *e, char out[PORT_TEXT_LEN]);
