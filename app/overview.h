/*
 * app/overview.h -- what is known of the zones and their keys, for the commands that tell about it.
 *
 * Reads the inventory, the state folder without its lock (a build may be running: what it has
 * committed is seen), and the manifest in OUT. Writes nothing, asks nobody, and reads no zone file:
 * TTLs are those that state remembers of the builds.
 * Errors: those of inventory_load, state_peek, state_life_get, manifest_parse. A state folder or an
 * OUT that is not there is none: nothing was built yet.
 * Ownership: an overview owns all that it points to; `app` is borrowed.
 */
#pragma once

#include "app/app.h"
#include "app/manifest.h"
#include "app/pipeline.h"
#include "signer/life.h"

struct zone_overview {
    const struct inv_zone *inv;
    bool has_keys;    /* state knows keys of it */
    struct life life; /* of no keys when it has none */
    struct life_params params;
    struct life_waits waits;
    struct state_zone built;         /* without the signed zone itself */
    const struct manifest_zone *out; /* NULL: OUT does not have it */
};

struct overview {
    struct app *app;
    struct site site;
    struct state *state; /* NULL: none yet */
    struct manifest manifest;
    struct zone_overview *zones; /* in the inventory's order */
    size_t zone_n;
};
void overview_done(struct overview *o);
DEFINE_AUTO(overview)

int overview_open(struct app *app, struct overview *ret) MUST_USE;

/* The same for a command that is going to change state: SITE is opened, STATE holds the lock. */
int zone_overview_get(struct app *app, struct state *state, const struct inv_zone *inv,
                      struct zone_overview *ret) MUST_USE;
void zone_overview_done(struct zone_overview *z);
DEFINE_AUTO(zone_overview)

/* When the first signature of the last build ends; 0: not known, since nothing was built, or the
   clock was in doubt at the last build. */
int64_t zone_valid_until(const struct zone_overview *z);

/* The zone of that name in the inventory; NULL: none, and no word on stderr. */
const struct inv_zone *site_zone_named(const struct site *site, const char *name);
/* The same; an unknown one is ERR_USAGE, said with the nearest name. */
int site_zone_pick(const struct app *app, const struct site *site, const char *name,
                   const struct inv_zone **ret) MUST_USE;
struct zone_overview *overview_zone(const struct overview *o, const struct inv_zone *inv);

/* Which zones the user named: true at the inventory's index. Without words, all. */
int overview_pick(const struct overview *o, const struct words *names, bool **ret) MUST_USE;
