/*
 * tests/fuzz/fuzz_inventory.c -- inventory_parse (as YAML, and as JSON when it starts with a
 * brace), and over what it lets through names_check and sizes_check without zones.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/err.h"
#include "zones/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NOW INT64_C(1795255200) /* 2026-11-21 */

static void look(const struct inventory *inv, struct diags *diags)
{
    struct zone **zones = calloc(inv->zone_n + 1, sizeof(*zones));
    if (zones == NULL)
        return;
    const struct zone_set set = {inv, zones};
    if (names_check(&set, diags) == ERR_INTERNAL || sizes_check(&set, diags) == ERR_INTERNAL)
        abort();
    for (size_t i = 0; i < inv->zone_n; i++) {
        if (inventory_zone_of(inv, inv->zones[i].name) != &inv->zones[i])
            abort();
    }
    free(zones);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO_PTR(diags) struct diags *diags = diags_new();
    AUTO_PTR(inventory) struct inventory *inv = NULL;
    const char *name = len > 0 && data[0] == '{' ? "fuzz.json" : "fuzz.yaml";
    int err = inventory_parse(name, (const char *)data, len, NOW, &inv, diags);
    if (err == ERR_INTERNAL || (err == 0) != (inv != NULL))
        abort();
    /* A refusal always says why. */
    if ((err == ERR_CONFIG || err == ERR_FINDINGS) != (diags_count(diags, SEV_ERROR) > 0))
        abort();
    if (inv != NULL)
        look(inv, diags);
    return 0;
}
