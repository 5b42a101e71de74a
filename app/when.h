/*
 * app/when.h -- moments and durations as people and JSON get them.
 *
 * Pure. Moments are Unix seconds, 0 = never.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#define WHEN_TEXT_LEN 64

/* "3d 4h", "4h 10m", "45s": the two largest units, rounded down. */
void span_text(int64_t seconds, char out[WHEN_TEXT_LEN]);
/* "2026-11-24T12:00:00Z (in 3d 4h)", "... (3d 4h ago)", "... (now)"; "never" for 0. */
void when_text(int64_t at, int64_t now, char out[WHEN_TEXT_LEN]);
/* RFC 3339, or null for 0. */
json_t *when_json(int64_t at);
