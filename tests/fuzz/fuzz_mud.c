/*
 * Fuzz target: mud_validate (as ours and as a foreign file) and mud_file_names; behind them
 * json_tree_parse, yang_check, yang_build, rules_check and libyang's JSON parser.
 */
#include <stdlib.h>

#include "common/err.h"
#include "mudgen/mudgen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(struct mud_validator *v, struct bytes text, enum mud_origin origin)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    int err = mud_validate(v, "fuzz.json", text, origin, d);
    /* the verdict and the findings never disagree */
    if ((err == ERR_FINDINGS) != (diags_count(d, SEV_ERROR) > 0) ||
        (err != ERR_OK && err != ERR_FINDINGS))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct mud_validator *v; /* kept: making one takes longer than a thousand inputs */
    AUTO(mud_names) struct mud_names names = {0};
    struct bytes text = {data, len};
    if (v == NULL && mud_validator_new(&v) != ERR_OK)
        abort();
    check(v, text, MUD_FOREIGN);
    check(v, text, MUD_OURS);
    int err = mud_file_names(text, &names);
    if (err != ERR_OK && err != ERR_FINDINGS)
        abort();
    return 0;
}
