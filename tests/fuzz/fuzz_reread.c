/*
 * tests/fuzz/fuzz_reread.c -- reread refuses a text, or makes the zone of it that zone_parse makes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "zones/reread.h"
#include "zones/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int to_builder(void *ctx, const struct reread_record *r)
{
    struct zone_builder **b = ctx;
    if (*b == NULL)
        *b = zone_builder_new(r->owner, NULL);
    if (*b == NULL ||
        zone_builder_add(*b, r->owner, r->type, r->ttl, r->rdata, r->rdata_len, 0) != ERR_OK)
        abort();
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO_PTR(zone) struct zone *ours = NULL;
    AUTO_PTR(zone) struct zone *parsed = NULL;
    AUTO(buf) struct buf a = {0};
    AUTO(buf) struct buf b = {0};
    struct zone_builder *builder = NULL;
    size_t line = 0;
    if (reread((const char *)data, len, to_builder, &builder, &line) != ERR_OK) {
        zone_builder_free(builder);
        return 0;
    }
    if (zone_builder_finish(builder, &ours, NULL) != ERR_OK ||
        zone_parse("fuzz.zone", (const char *)data, len, NULL, &parsed, NULL) != ERR_OK ||
        zone_write(ours, &a) != ERR_OK || zone_write(parsed, &b) != ERR_OK || a.len != b.len ||
        memcmp(a.data, b.data, a.len) != 0)
        abort();
    return 0;
}
