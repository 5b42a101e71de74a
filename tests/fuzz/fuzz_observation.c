/*
 * Fuzz target: observation_parse, and parent_judge over what it gives; behind them jansson,
 * libknot's packet parser, RRSIG, NSEC and NSEC3 proofs, and the TSIG reader.
 */
#include <stdlib.h>

#include "app/observation.h"
#include "common/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The keys of the corpus' parents: tests/data/verify. */
static const char anchors[] =
    "example.net. 60 IN DNSKEY 257 3 13 cpzriuFRkGRRqkNQhlDqMRXoYxOm/GIFWTytrZTR53wkwwhOhReGvXd"
    "C JygKkaR7pHkjvGN72EQeNB6HF8MLSA==\n"
    "example.net. 60 IN DNSKEY 257 3 10 AwEAAcIMoVw/mrIyF4kljS2W3jZ1NIj3x2dzg5uRrlf7Ni//ubV4i7W"
    "s XgRo7iP99SYrKEbYNfGC4IegTphIdgPjoMZ1S8lYBe9FETl73edCE/BD A6EtAuu/nh0YMv6VIQ+RgIdXHGVVcVA"
    "TtcFPZ7A1WMBzGxMxkCXVotvg 2p+sZvqL\n"
    "example.net. 60 IN DNSKEY 257 3 14 uAzXofo5H2cQwwBHBmHvbsAadIOrCGGIFOloqrcXW/WkK2a5yxHJXoR"
    "w MRJczzcgq6kuMu4ddV/aNCPhYwBGU2cB4Kalyvl4R8oFKMV5NMfJchIl MbZjJj3YEd7p2W6W\n";

static void trust_new(struct parent_trust *ret)
{
    static struct parent_agent agent = {"agent",
                                        "127.53.9.7@5353",
                                        (const uint8_t *)"\005agent\003key",
                                        "hmac-sha256",
                                        {(const uint8_t *)"secretsecretsecret", 18}};
    static const uint8_t root[1] = {0};
    const struct zone_load_opts opts = {.origin = root};
    if (zone_parse("anchors", anchors, sizeof anchors - 1, &opts, &ret->anchors, NULL) != ERR_OK)
        abort();
    ret->agents = &agent;
    ret->agent_n = 1;
}

static void judge(const struct observation *o, const struct parent_trust *trust)
{
    AUTO(parent_view) struct parent_view view = {0};
    int err = parent_judge(o, trust, 0, o->at, &view, NULL);
    bool proven = false;
    for (size_t i = 0; i < view.server_n; i++)
        proven = proven || view.servers[i].proof != PARENT_UNPROVEN;
    if ((err != ERR_OK && err != ERR_STATE) || (view.agrees && !proven))
        abort();
}

/* As the servers' own words, and as those of an agent with a TSIG key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct parent_trust trust;
    AUTO(observation) struct observation o = {0};
    if (trust.anchors == NULL)
        trust_new(&trust);
    int err = observation_parse("fuzz.json", (struct bytes){data, len}, &o, NULL);
    if (err != ERR_OK && err != ERR_CONFIG)
        abort();
    if (err != ERR_OK)
        return 0;
    judge(&o, &trust);
    trust.agent_n = 0;
    judge(&o, &trust);
    trust.agent_n = 1;
    return 0;
}
