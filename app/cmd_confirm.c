/*
 * app/cmd_confirm.c -- "this build is now public": key timing counts from here (trust rule 10).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app/manifest.h"
#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/timetext.h"
#include "signer/life.h"

struct confirm {
    struct app *app;
    const char *out;
    struct site site;
    struct state *state;
    struct manifest manifest;
    json_t *zones; /* borrowed by the result */
};

static void confirm_done(struct confirm *c)
{
    manifest_done(&c->manifest);
    state_close(c->state);
    site_done(&c->site);
}
DEFINE_AUTO(confirm)

static int confirm_open(struct confirm *c)
{
    struct app *app = c->app;
    int err = site_open(app, &c->site);
    if (err != ERR_OK)
        return err;
    if (c->out == NULL)
        c->out = c->site.inv->output_dir;
    err = manifest_read(c->out, &c->manifest, app->diags);
    if (err == ERR_ABSENT)
        diag_add(app->diags, &rule_manifest_absent, AT_FILE(c->out), NULL, "%s",
                 access(c->out, F_OK) == 0 ? "no manifest.json" : strerror(errno));
    if (err == ERR_ABSENT || err == ERR_IO)
        err = ERR_CONFIG; /* an input that is not there, or cannot be read */
    return err == ERR_OK ? site_state_open(app, &c->site, &c->state) : err;
}

/* Only what the last build made can be confirmed: key timing rests on it. */
static int check_serial(struct confirm *c, const struct manifest_zone *z,
                        const struct state_zone *known)
{
    if (known->has_serial && known->serial == z->serial)
        return ERR_OK;
    if (known->has_serial)
        diag_add(c->app->diags, &rule_confirm_unknown_serial, AT_FILE(c->out), z->name,
                 "serial %" PRIu32 ", but the last build made %" PRIu32, z->serial, known->serial);
    else
        diag_add(c->app->diags, &rule_confirm_unknown_serial, AT_FILE(c->out), z->name,
                 "serial %" PRIu32 ", but the state folder knows no build of this zone", z->serial);
    return ERR_STATE;
}

static int note_zone(struct confirm *c, const struct manifest_zone *z, int64_t at, bool again)
{
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(at, text);
    json_t *zone = json_pack("{s:s, s:I, s:s, s:b}", "name", z->name, "serial",
                             (json_int_t)z->serial, "confirmed", text, "already", again);
    return json_array_append_new(c->zones, zone) == 0 ? ERR_OK : ERR_NOMEM;
}

/* Trust rule 10: the waits of what this build put in and took out begin. */
static int confirm_keys(struct confirm *c, const uint8_t *zone)
{
    AUTO(life) struct life life = {0};
    AUTO(life_events) struct life_events events = {0};
    const struct life_params params = {.now = c->app->now};
    char doubt[LIFE_WHY_LEN];
    int err = state_life_get(c->state, zone, &life);
    if (err != ERR_OK)
        return err == ERR_ABSENT ? ERR_OK : err;
    life_clock_doubt(&life, &params, doubt);
    if (doubt[0] != 0) {
        char name[NAME_TEXT_LEN];
        name_to_text_nodot(zone, name);
        diag_add_as(c->app->diags, SEV_ERROR, &rule_key_clock, AT_NOWHERE, name, "%s", doubt);
        return ERR_STATE;
    }
    err = life_confirm(&life, c->app->now, &events);
    if (err == ERR_OK)
        err = state_life_put(c->state, zone, &life);
    return err == ERR_OK ? state_life_events(c->state, zone, &life, &events, NULL) : err;
}

static int confirm_zone(struct confirm *c, const struct manifest_zone *z)
{
    uint8_t name[256];
    AUTO(state_zone) struct state_zone known = {0};
    if (!name_from_text(z->name, name)) {
        diag_add(c->app->diags, &rule_manifest_malformed, AT_FILE(c->out), z->name,
                 "not a domain name");
        return ERR_CONFIG;
    }
    int err = state_zone_get(c->state, name, &known);
    if (err == ERR_OK)
        err = check_serial(c, z, &known);
    if (err != ERR_OK)
        return err;
    bool again = known.confirmed_at != 0 && known.confirmed_serial == z->serial;
    if (!again)
        err = state_zone_confirm(c->state, name, z->serial, c->app->now);
    /* a build that changes nothing of the zone may still be the first to be confirmed with it */
    if (err == ERR_OK)
        err = confirm_keys(c, name);
    if (err == ERR_OK)
        err = note_zone(c, z, again ? known.confirmed_at : c->app->now, again);
    return err;
}

/* All zones or none: OUT is published as a whole. */
static int confirm_all(struct confirm *c)
{
    int first = state_begin(c->state);
    if (first != ERR_OK)
        return first;
    for (size_t i = 0; i < c->manifest.zone_n; i++) {
        int err = confirm_zone(c, &c->manifest.zones[i]);
        first = first == ERR_OK ? err : first;
    }
    if (first == ERR_OK)
        first = state_commit(c->state);
    if (first == ERR_OK)
        return ERR_OK;
    state_rollback(c->state);
    (void)json_array_clear(c->zones);
    return first;
}

/* Only what is committed is said: an error at a later zone takes back the earlier ones. */
static void print_zones(const struct confirm *c)
{
    size_t i;
    json_t *z;
    json_array_foreach(c->zones, i, z)
    {
        bool again = json_is_true(json_object_get(z, "already"));
        app_print(c->app, "zone %s: serial %" PRIu32 " %s %s\n",
                  json_string_value(json_object_get(z, "name")),
                  (uint32_t)json_integer_value(json_object_get(z, "serial")),
                  again ? "was confirmed already, at" : "is public since",
                  json_string_value(json_object_get(z, "confirmed")));
    }
}

int cmd_confirm(struct app *app, int argc, char **argv)
{
    const struct command_usage usage = {
        "confirm",
        "[OUT]",
        "Records that what OUT holds is now public (default: the inventory's `output`).",
        NULL,
        0,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    AUTO(confirm) struct confirm c = {.app = app, .zones = json_array()};
    c.out = words.n == 0 ? NULL : words.items[0];
    err = confirm_open(&c);
    if (err == ERR_OK)
        err = confirm_all(&c);
    print_zones(&c);
    return report_finish(app, err,
                         json_pack("{s:o, s:o}", "out", report_text_json(c.out), "zones", c.zones));
}
