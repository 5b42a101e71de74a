/*
 * app/timeline_svg.h -- the life of a zone's keys as a picture: a bar for each key, its phases
 * coloured, its DS below, events numbered and listed. For a change request or a status page: dark
 * on white, readable in black and white, no scripts, nothing loaded from elsewhere.
 *
 * Pure. Errors: ERR_NOMEM. RET gets an SVG document (UTF-8, XML 1.0), appended.
 */
#pragma once

#include "common/buf.h"
#include "common/own.h"
#include "signer/life.h"

struct timeline {
    const char *zone; /* for the title */
    const struct dnssec_policy *policy;
    const char *note;          /* below the title: "simulated by ...", or NULL */
    const struct life *before; /* the keys at from_at, with PARAMS->now at that moment */
    const struct life_params *params;
    const struct life *life;          /* the keys that events speak of; BEFORE's come first */
    const struct life_events *events; /* in order of time */
    int64_t from_at;
    int64_t until_at; /* above from_at */
};

int timeline_svg(const struct timeline *t, struct buf *ret) MUST_USE;
