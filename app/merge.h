/*
 * app/merge.h -- the announcement laid over a zone, and the zone's TTL policy over that.
 *
 * Findings about records of the zone's file have been said by site_check; those made here are about
 * the announcement. Errors: those of the stages; ERR_OK may leave findings of severity error.
 */
#pragma once

#include "app/pipeline.h"

/* Puts the announcement that belongs into BASE into RET. */
typedef int (*announce_fn)(void *ctx, const struct zone *base, struct records *ret);

/* RET is NULL on failure. */
int site_merge(struct app *app, const struct site_zone *z, announce_fn announce, void *ctx,
               struct zone **ret) MUST_USE;

/* What `build` would find when it lays the announcement over the zones, without keys and state;
   after site_check_certificates. */
int site_check_announcement(struct app *app, const struct site *site) MUST_USE;
