/*
 * app/needs.h -- what a zone waits for, and what somebody must do: the verdict of `status`.
 *
 * Pure, but for a look at whether key files are there. Ids are stable (docs/json.md).
 * Errors: ERR_NOMEM, those of state. Ownership: `needs` owns its array.
 */
#pragma once

#include <jansson.h>

#include "app/overview.h"

enum need_level { NEED_NOTHING, NEED_WAIT, NEED_ACTION };
const char *need_level_text(enum need_level level); /* "ok", "waits", "action" */

struct need {
    enum need_level level;
    const char *id;
    char text[LIFE_WHY_LEN + 160];
};

struct needs { /* the most urgent first */
    struct need *items;
    size_t n;
    size_t cap;
};
void needs_done(struct needs *n);
DEFINE_AUTO(needs)

/*
 * An unconfirmed build: somebody forgot to confirm or publish it, and neither keys nor, in public,
 * signatures move on. A pipeline confirms in minutes; a day leaves room for one that waits for
 * people, and is far from signature-refresh.
 */
#define NEED_CONFIRM_S 86400u
/* How often a parent looks for CDS is its own affair (RFC 7344 s6.1); one that has not acted after
   a week does not look, or refuses. */
#define NEED_PARENT_S (7 * 86400u)

/* BLOCKS is what life_explain says, NEXT_AT what life_next_at does. */
int needs_get(struct state *state, const struct zone_overview *z, const struct life_blocks *blocks,
              int64_t next_at, struct needs *ret) MUST_USE;
enum need_level needs_level(const struct needs *n);
json_t *needs_json(const struct needs *n);
