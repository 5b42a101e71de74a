/*
 * app/observation.h -- observations of the parent between the two halves: files of JSON, written by
 * `observe`, read by the signing half.
 *
 * OBSERVATIONS/<zone>.json, schema "mudzone-observation-1". Reading takes any file and trusts
 * nothing but its form; what it says is judged by signer/parent.h.
 * Errors: ERR_ABSENT (no file), ERR_CONFIG (not such a file, with a finding), ERR_IO, ERR_LIMIT,
 * ERR_NOMEM.
 */
#pragma once

#include "app/app.h"
#include "signer/parent.h"
#include "zones/zones.h"

#define OBSERVATION_SCHEMA "mudzone-observation-1"

/* DIR/<zone>.json, malloc'ed; NULL: memory is out. */
char *observation_path(const char *dir, const struct inv_zone *zone);

/* The observation of ZONE in the inventory's folder. ERR_ABSENT: there is none. */
int observation_read(struct app *app, const struct inventory *inv, const struct inv_zone *zone,
                     struct observation *ret) MUST_USE;
/* The same from memory; NAME is what findings call it. */
int observation_parse(const char *name, struct bytes text, struct observation *ret,
                      struct diags *diags) MUST_USE;

/* The trust anchors and agents of the inventory, with the secrets of their TSIG keys (0600). */
int observation_trust(struct app *app, const struct inventory *inv,
                      struct parent_trust *ret) MUST_USE;

/*
 * All of it: read, and judged at app->now. ERR_ABSENT: there is no observation, and nothing was
 * said. RET_TEXT (or NULL) gets the file, for state.
 */
int observation_view(struct app *app, const struct inventory *inv, const struct inv_zone *zone,
                     int64_t previous_at, struct parent_view *ret, struct buf *ret_text) MUST_USE;
