/*
 * app/zone_report.h -- one zone with its keys, as `status` and `explain` show it.
 *
 * Errors: ERR_NOMEM, those of state.
 */
#pragma once

#include "app/needs.h"
#include "app/overview.h"

struct zone_report {
    const struct overview *overview;
    const struct zone_overview *zone;
    struct life_blocks blocks; /* of a zone with keys; else none */
    struct needs needs;
    int64_t next_at; /* the earliest moment at which a build could move a key; 0: none is known */
    char next_why[LIFE_WHY_LEN];
    int64_t observed_at;    /* when the parent was last looked at; 0: never */
    struct buf observation; /* what was made of it: which server said what */
};
void zone_report_done(struct zone_report *r);
DEFINE_AUTO(zone_report)
int zone_report_get(const struct overview *o, const struct zone_overview *z,
                    struct zone_report *ret) MUST_USE;

/* `status`: one block for a pager. */
void zone_report_print(const struct zone_report *r);
json_t *zone_report_json(const struct zone_report *r);

/* The pieces that `explain` shows, too. */
void key_line(const struct zone_overview *z, const struct life_key *k, struct buf *out);
/* What the parent was last seen to say; nothing where it never was looked at. */
void parent_line(const struct zone_report *r, const char *label, struct buf *out);
json_t *block_json(const struct zone_overview *z, const struct life_block *b);
