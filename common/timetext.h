/*
 * common/timetext.h -- moments and durations as text (RFC 3339; `90s`, `24h`, `30d`).
 *
 * Moments are Unix seconds in int64_t. Years 1970 to 9999. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/own.h"

#define TIME_TEXT_LEN 21 /* "2026-11-21T10:00:00Z" and a NUL */

/* RFC 3339 with Z or an offset (fractions are cut), `YYYY-MM-DD` (midnight UTC), or Unix seconds
   where allowed. */
bool time_parse_rfc3339(const char *text, int64_t *ret) MUST_USE;
bool time_parse_date(const char *text, int64_t *ret) MUST_USE;
bool time_parse_any(const char *text, int64_t *ret) MUST_USE; /* all three */

void time_format_rfc3339(int64_t at, char out[TIME_TEXT_LEN]);
void time_format_date(int64_t at, char out[TIME_TEXT_LEN]); /* YYYY-MM-DD */

/* YYYYMMDD as a number, UTC. */
uint32_t time_date_number(int64_t at);

/* A whole number with s, m, h, d or w; result at most UINT32_MAX seconds. */
bool duration_parse(const char *text, uint32_t *ret_s) MUST_USE;
