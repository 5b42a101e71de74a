#include "mudgen/feeds.h"

#include "common/err.h"

#define RPZ_TTL_S    300
#define RPZ_RETRY_S  3600
#define RPZ_EXPIRE_S 2592000 /* 30 days: devices work on while the list cannot be fetched */

static int done(const struct buf *out)
{
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

int feed_domains(const struct listing *l, struct buf *out)
{
    for (size_t i = 0; i < l->n; i++)
        buf_printf(out, "%s\n", l->entries[i].text);
    return done(out);
}

/* RPZ zones need SOA and NS like any zone; nobody ever asks for them. */
static void zone_head(uint32_t serial, uint32_t refresh_s, struct buf *out)
{
    buf_printf(out, "$TTL %d\n@ SOA localhost. nobody.invalid. %u %u %d %d %d\n@ NS localhost.\n",
               RPZ_TTL_S, serial, refresh_s, RPZ_RETRY_S, RPZ_EXPIRE_S, RPZ_TTL_S);
}

int feed_allow_rpz(const struct listing *l, uint32_t serial, uint32_t refresh_s, struct buf *out)
{
    buf_add_str(out, "; names that devices need: list this response policy zone before deny.rpz\n");
    zone_head(serial, refresh_s, out);
    for (size_t i = 0; i < l->n; i++)
        buf_printf(out, "%s CNAME rpz-passthru.\n", l->entries[i].text);
    return done(out);
}

int feed_deny_rpz(uint32_t serial, uint32_t refresh_s, struct buf *out)
{
    buf_add_str(out, "; WARNING: " FEED_DENY_WARNING "\n");
    zone_head(serial, refresh_s, out);
    buf_add_str(out, "* CNAME .\n");
    return done(out);
}
