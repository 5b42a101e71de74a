#include "app/build.h"
#include "app/merge.h"

static int announce(void *ctx, const struct zone *base, struct records *ret)
{
    struct build *b = ctx;
    return mud_announce(b->site.inv, b->docs, b->signer, (const uint8_t(*)[32])b->https_spki,
                        b->https_spki_n, base, ret, b->app->diags);
}

int build_merge(struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        int err = site_merge(b->app, &b->site.zones[i], announce, b, &b->zones[i].merged);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return app_gate(b->app);
}
