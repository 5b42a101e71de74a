#include "app/rules_all.h"

#include <stdlib.h>
#include <string.h>

#include "app/rules_app.h"
#include "app/rules_verify_out.h"
#include "mudgen/mudgen.h"
#include "publish/publish.h"
#include "signer/signer.h"
#include "zones/zones.h"

static const struct diag_rule *const *const arrays[] = {
    zones_rules,   inventory_rules, mudgen_rules,     signer_rules,
    publish_rules, app_rules,       verify_out_rules,
};
#define ARRAY_N (sizeof(arrays) / sizeof(arrays[0]))

static int by_id(const void *a, const void *b)
{
    const struct diag_rule *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

const struct diag_rule **rules_all_sorted(size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_N; i++) {
        for (size_t j = 0; arrays[i][j] != NULL; j++)
            n++;
    }
    const struct diag_rule **all = calloc(n + 1, sizeof(*all));
    if (all == NULL)
        return NULL;
    *ret_n = n;
    size_t k = 0;
    for (size_t i = 0; i < ARRAY_N; i++) {
        for (size_t j = 0; arrays[i][j] != NULL; j++)
            all[k++] = arrays[i][j];
    }
    qsort(all, n, sizeof(*all), by_id);
    return all;
}
