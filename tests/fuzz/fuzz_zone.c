/*
 * tests/fuzz/fuzz_zone.c -- zone_parse, zone_check, ttl_apply in every mode, zone_write; and what
 * was written must load again to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "zones/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NOW INT64_C(1795255200) /* 2026-11-21 */

static void judge(const struct zone *z, struct diags *diags)
{
    struct ttl_policy policy = ttl_policy_recommended;
    const enum ttl_mode modes[] = {TTL_REPORT, TTL_CLAMP, TTL_REFUSE};
    if (zone_check(z, diags) == ERR_INTERNAL)
        abort();
    for (size_t i = 0; i < 3; i++) {
        AUTO_PTR(zone) struct zone *out = NULL;
        policy.mode = modes[i];
        int err = ttl_apply(z, &policy, 2592000, NOW, &out, diags);
        if ((err == ERR_OK) != (out != NULL))
            abort();
    }
}

static void round_trip(const struct zone *z)
{
    AUTO(buf) struct buf first = {0};
    AUTO(buf) struct buf second = {0};
    AUTO_PTR(zone) struct zone *again = NULL;
    const struct zone_load_opts opts = {.origin = zone_apex(z)};
    if (zone_node_n(z) == 0)
        return; /* all records were outside the zone: nothing is written, and nothing loads */
    if (zone_write(z, &first) != ERR_OK ||
        zone_parse("again", buf_str(&first), first.len, &opts, &again, NULL) != ERR_OK ||
        zone_write(again, &second) != ERR_OK || first.len != second.len ||
        memcmp(first.data, second.data, first.len) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO_PTR(diags) struct diags *diags = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    if (diags == NULL || zone_parse("fuzz.zone", (const char *)data, len, NULL, &z, diags) != 0)
        return 0;
    judge(z, diags);
    round_trip(z);
    return 0;
}
