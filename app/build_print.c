/*
 * app/build_print.c -- what a build did, for people and as JSON.
 */
#include <inttypes.h>

#include "app/build.h"
#include "common/timetext.h"

static void print_event(const struct build *b, size_t i, const struct life_event *e)
{
    const struct life_key *k = &b->zones[i].life.keys[e->key];
    app_print(b->app, "zone %s: %s %u %s: %s\n", b->site.zones[i].inv->text, key_role_text(k->role),
              k->tag, life_event_text(e), e->why);
}

/* Said by every build until the parent was seen to have it. */
static void print_ds(const struct build *b, size_t i)
{
    const struct build_zone *z = &b->zones[i];
    const char *zone = b->site.zones[i].inv->text;
    for (size_t k = 0; k < z->life.key_n; k++) {
        const struct life_key *key = &z->life.keys[k];
        const struct part_times *ds = &key->parts[KEY_PART_DS];
        if (key->role == KEY_ZSK || key->leave_at != 0 || ds->in_seen_at != 0)
            continue;
        if (ds->in_at != 0)
            app_print(b->app, "zone %s: give %s/%s to the parent zone\n", zone, b->out, z->ds);
        else
            app_print(b->app, "zone %s: new %s %u: its DS is not for the parent yet (`status`)\n",
                      zone, key_role_text(key->role), key->tag);
    }
}

static void print_zone(const struct build *b, size_t i)
{
    const struct build_zone *z = &b->zones[i];
    const struct sign_report *r = &z->signed_zone.report;
    const char *zone = b->site.zones[i].inv->text;
    char expires[TIME_TEXT_LEN];
    time_format_rfc3339(r->expires_at, expires);
    if (r->expires_at == 0)
        app_print(b->app, "zone %s: serial %" PRIu32 ", unsigned\n", zone, r->serial);
    else
        app_print(b->app,
                  "zone %s: serial %" PRIu32 ", %" PRIu64 " signatures made, %" PRIu64
                  " kept, valid until %s\n",
                  zone, r->serial, r->made, r->reused, expires);
    for (size_t e = 0; e < z->events.n; e++)
        print_event(b, i, &z->events.items[e]);
    print_ds(b, i);
}

void build_print(const struct build *b)
{
    char before[TIME_TEXT_LEN];
    time_format_rfc3339(b->rebuild_before_at, before);
    for (size_t i = 0; i < b->zone_n; i++)
        print_zone(b, i);
    if (build_web_is_frozen(b))
        app_print(b->app, "list: serial %" PRIu32 ", kept as it is\n", b->old.list_serial);
    else
        app_print(b->app, "list: serial %" PRIu32 "%s, %zu names, %zu models\n", b->docs->serial,
                  b->docs->list_changed ? "" : " (unchanged)", b->docs->list_name_n,
                  b->docs->model_n);
    app_print(b->app, "%s %s\n", b->out, b->changed ? "written" : "unchanged");
    if (b->rebuild_before_at != 0)
        app_print(b->app, "rebuild before %s\n", before);
}

static json_t *event_json(const struct build_zone *z, const struct life_event *e)
{
    const struct life_key *k = &z->life.keys[e->key];
    char at[TIME_TEXT_LEN];
    time_format_rfc3339(e->at, at);
    return json_pack("{s:s, s:i, s:s, s:s, s:s}", "at", at, "key-tag", (int)k->tag, "role",
                     key_role_text(k->role), "event", life_event_text(e), "because", e->why);
}

static json_t *time_or_null(int64_t at)
{
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(at, text);
    return at == 0 ? json_null() : json_string(text);
}

static json_t *zone_json(const struct build *b, size_t i)
{
    const struct build_zone *z = &b->zones[i];
    const struct sign_report *r = &z->signed_zone.report;
    json_t *events = json_array();
    for (size_t e = 0; e < z->events.n; e++)
        (void)json_array_append_new(events, event_json(z, &z->events.items[e]));
    return json_pack("{s:s, s:s, s:s, s:I, s:b, s:b, s:b, s:b, s:I, s:I, s:o, s:o}", "name",
                     b->site.zones[i].inv->text, "file", z->file, "ds", z->ds, "serial",
                     (json_int_t)r->serial, "changed", r->changed, "keys-made", z->keys_made,
                     "confirmed", z->confirmed, "frozen", z->frozen, "signatures-made",
                     (json_int_t)r->made, "signatures-kept", (json_int_t)r->reused, "expires",
                     time_or_null(r->expires_at), "key-events", events);
}

json_t *build_json(const struct build *b)
{
    bool frozen = build_web_is_frozen(b);
    json_t *zones = json_array();
    for (size_t i = 0; i < b->zone_n; i++)
        (void)json_array_append_new(zones, zone_json(b, i));
    return json_pack("{s:o, s:b, s:I, s:b, s:I, s:I, s:o, s:o}", "out", report_text_json(b->out),
                     "changed", b->changed, "list-serial",
                     (json_int_t)(frozen ? b->old.list_serial : b->docs->serial), "list-changed",
                     !frozen && b->docs->list_changed, "names", (json_int_t)b->docs->list_name_n,
                     "models", (json_int_t)b->docs->model_n, "zones", zones, "rebuild-before",
                     time_or_null(b->rebuild_before_at));
}
