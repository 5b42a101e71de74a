/*
 * app/cmd_simulate.c -- the coming life of keys on a virtual clock: from what state knows of a
 * zone, or for a policy from nothing. Reads state without its lock; writes nothing but the picture.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/key_view.h"
#include "app/overview.h"
#include "app/plan.h"
#include "app/timeline_svg.h"
#include "app/when.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

#define PARENT_DELAY_S 3600u
#define ZONE_TTL_S     86400u
#define NEW_ZONE       "new-zone"

struct simulate_options {
    const char *policy;
    const char *parent_delay;
    const char *parent_fails;
    const char *build_every;
    const char *confirm_after;
    const char *zone_ttl;
    const char *svg;
    int64_t from_at;
    int64_t until_at; /* 0: not given */
};

struct timeline_run { /* of one zone */
    const char *zone; /* NEW_ZONE: a policy is tried */
    struct simulation sim;
    struct life before;
    struct life life;
    struct life_events events;
};

struct simulate {
    struct app *app;
    struct simulate_options options;
    struct simulation sim; /* without what differs from zone to zone */
    struct site site;
    struct state *state; /* NULL: none */
    struct timeline_run *runs;
    size_t run_n;
    unsigned planned_n; /* keys, of all runs */
};

static void simulate_done(struct simulate *s)
{
    for (size_t i = 0; i < s->run_n; i++) {
        life_done(&s->runs[i].before);
        life_done(&s->runs[i].life);
        life_events_done(&s->runs[i].events);
    }
    free(s->runs);
    state_close(s->state);
    site_done(&s->site);
}
DEFINE_AUTO(simulate)

/* ------------------------------------------------------------------ what the user said */

static int take_duration(const struct app *app, const char *name, const char *text, uint32_t *ret_s)
{
    if (text == NULL || duration_parse(text, ret_s))
        return ERR_OK;
    return usage_error(app, "--%s: '%s' is not a duration; expected 90s, 24h, 30d", name, text);
}

/* FROM..UNTIL, or FROM.. for ever. */
static int take_outage(const struct app *app, const char *text, struct simulated_parent *ret)
{
    char from[40];
    const char *dots = text == NULL ? NULL : strstr(text, "..");
    if (text == NULL)
        return ERR_OK;
    size_t len = dots == NULL ? sizeof from : (size_t)(dots - text);
    if (len < sizeof from) {
        memcpy(from, text, len);
        from[len] = 0;
        bool forever = dots[2] == 0;
        if (time_parse_any(from, &ret->fails_from_at) && ret->fails_from_at > 0 &&
            (forever || (time_parse_any(dots + 2, &ret->fails_until_at) &&
                         ret->fails_until_at > ret->fails_from_at)))
            return ERR_OK;
    }
    return usage_error(app,
                       "--parent-fails: '%s'; expected two times in order, FROM..UNTIL, or FROM.. "
                       "for ever",
                       text);
}

static int take_options(struct simulate *s, const struct words *words)
{
    const struct simulate_options *o = &s->options;
    const struct app *app = s->app;
    s->sim.params.now = o->from_at != 0 ? o->from_at : app->now;
    s->sim.until_at = o->until_at;
    s->sim.parent.delay_s = PARENT_DELAY_S;
    s->sim.params.zone_ttl_s = ZONE_TTL_S;
    if (o->until_at == 0)
        return usage_error(app, "--until TIME is missing");
    if (o->until_at <= s->sim.params.now)
        return usage_error(app, "--until: expected a time after the simulation begins");
    if (o->policy != NULL && words->n > 0)
        return usage_error(app, "ZONE and --policy exclude each other");
    if (o->zone_ttl != NULL && o->policy == NULL)
        return usage_error(app, "--zone-ttl: a zone's own TTLs are known; it goes with --policy");
    int err = take_duration(app, "parent-delay", o->parent_delay, &s->sim.parent.delay_s);
    if (err == ERR_OK)
        err = take_duration(app, "build-every", o->build_every, &s->sim.build_every_s);
    if (err == ERR_OK)
        err = take_duration(app, "confirm-after", o->confirm_after, &s->sim.confirm_after_s);
    if (err == ERR_OK)
        err = take_duration(app, "zone-ttl", o->zone_ttl, &s->sim.params.zone_ttl_s);
    return err == ERR_OK ? take_outage(app, o->parent_fails, &s->sim.parent) : err;
}

/* ------------------------------------------------------------------ one timeline */

static int run_from(struct simulate *s, const char *zone, const struct life_params *params,
                    const uint8_t *name)
{
    struct timeline_run *r = &s->runs[s->run_n++];
    r->zone = zone;
    r->sim = s->sim;
    r->sim.params = *params;
    int err =
        s->state == NULL || name == NULL ? ERR_ABSENT : state_life_get(s->state, name, &r->before);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    if (r->sim.params.now < r->before.clock_at)
        r->sim.params.now = r->before.clock_at;
    err = life_dup(&r->before, &r->life);
    if (err == ERR_OK)
        err = life_simulate(&r->life, &r->sim, &r->events);
    if (err == ERR_LIMIT)
        return usage_error(s->app, "more than %u events: expected a nearer --until",
                           LIMIT_SIMULATED_EVENTS);
    /* each planned key has its own word, in all zones together */
    for (size_t i = r->before.key_n; i < r->life.key_n; i++)
        (void)snprintf(r->life.keys[i].digest, sizeof r->life.keys[i].digest, "planned-%u",
                       ++s->planned_n);
    return err;
}

static const struct dnssec_policy *find_policy(const struct inventory *inv, const char *name)
{
    for (size_t i = 0; inv != NULL && i < inv->dnssec_policy_n; i++) {
        if (strcmp(inv->dnssec_policies[i].name, name) == 0)
            return &inv->dnssec_policies[i];
    }
    if (strcmp(name, dnssec_policy_standard.name) == 0)
        return &dnssec_policy_standard;
    if (strcmp(name, dnssec_policy_unsigned.name) == 0)
        return &dnssec_policy_unsigned;
    return NULL;
}

/* The built-in policies can be tried without an inventory. */
static int run_policy(struct simulate *s)
{
    const char *name = s->options.policy;
    struct life_params params = s->sim.params;
    bool has_inventory = access(s->app->inventory, F_OK) == 0;
    int err =
        !has_inventory && find_policy(NULL, name) != NULL ? ERR_OK : site_open(s->app, &s->site);
    if (err != ERR_OK)
        return err;
    params.policy = find_policy(s->site.inv, name);
    if (params.policy == NULL)
        return usage_error(s->app, "--policy: no policy '%s' in %s", name, s->app->inventory);
    params.dnskey_ttl_s = params.policy->dnskey_ttl_s;
    if (params.zone_ttl_s < params.dnskey_ttl_s)
        params.zone_ttl_s = params.dnskey_ttl_s;
    s->runs = calloc(1, sizeof *s->runs);
    return s->runs == NULL ? ERR_NOMEM : run_from(s, NEW_ZONE, &params, NULL);
}

static int run_zones(struct simulate *s, const char *name)
{
    const struct inv_zone *only = NULL;
    int err = site_open(s->app, &s->site);
    if (err == ERR_OK && name != NULL)
        err = site_zone_pick(s->app, &s->site, name, &only);
    if (err == ERR_OK)
        err = site_check(s->app, &s->site, false);
    if (err == ERR_OK)
        err = app_gate(s->app);
    if (err == ERR_OK)
        err = state_peek(s->site.inv->state_dir, &s->state, s->app->diags);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    s->runs = calloc(s->site.zone_n + 1, sizeof *s->runs);
    err = s->runs == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < s->site.zone_n && err == ERR_OK; i++) {
        struct life_params params;
        const struct site_zone *z = &s->site.zones[i];
        if (only != NULL && z->inv != only)
            continue;
        life_params_of_zone(z, z->ready, s->sim.params.now, &params);
        err = run_from(s, z->inv->text, &params, z->inv->name);
    }
    return err;
}

/* ------------------------------------------------------------------ results */

struct said { /* one event, and whose */
    const struct timeline_run *run;
    const struct life_event *event;
    size_t order;
};

static int by_time(const void *a, const void *b)
{
    const struct said *x = a;
    const struct said *y = b;
    if (x->event->at != y->event->at)
        return x->event->at < y->event->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The events of all zones in order of time. */
static struct said *all_events(const struct simulate *s, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < s->run_n; i++)
        n += s->runs[i].events.n;
    struct said *all = calloc(n + 1, sizeof *all);
    *ret_n = 0;
    for (size_t i = 0; i < s->run_n && all != NULL; i++) {
        for (size_t j = 0; j < s->runs[i].events.n; j++, (*ret_n)++)
            all[*ret_n] = (struct said){&s->runs[i], &s->runs[i].events.items[j], *ret_n};
    }
    if (all != NULL && n > 1)
        qsort(all, n, sizeof *all, by_time);
    return all;
}

static void print_event(const struct simulate *s, const struct said *e)
{
    const struct life_key *k = &e->run->life.keys[e->event->key];
    char at[TIME_TEXT_LEN];
    char key[KEY_NAME_LEN];
    time_format_rfc3339(e->event->at, at);
    key_name_text(k, key);
    app_print(s->app, "%s  %-16s %-27s %s\n", at, key, life_event_text(e->event), e->event->why);
}

/* "policy rolling; the parent acts 2d after it is asked; ..." */
static void add_assumptions(const struct timeline_run *r, struct buf *b)
{
    const struct simulation *sim = &r->sim;
    char span[WHEN_TEXT_LEN];
    span_text(sim->parent.delay_s, span);
    buf_printf(b, "the parent acts %s after it is asked", span);
    if (sim->parent.fails_from_at != 0) {
        char at[TIME_TEXT_LEN];
        time_format_rfc3339(sim->parent.fails_from_at, at);
        buf_printf(b, ", but not from %s", at);
        time_format_rfc3339(sim->parent.fails_until_at, at);
        buf_printf(b, sim->parent.fails_until_at == 0 ? " on" : " until %s", at);
    }
    span_text(sim->build_every_s, span);
    buf_printf(b, sim->build_every_s == 0 ? "; a build whenever one is due" : "; a build every %s",
               span);
    span_text(sim->confirm_after_s, span);
    buf_printf(b, sim->confirm_after_s == 0 ? ", confirmed at once" : ", confirmed %s later", span);
}

static void print_heading(const struct simulate *s, const struct timeline_run *r)
{
    AUTO(buf) struct buf assumptions = {0};
    char from[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    time_format_rfc3339(r->sim.params.now, from);
    time_format_rfc3339(r->sim.until_at, until);
    add_assumptions(r, &assumptions);
    app_print(s->app, "%s, policy %s, from %s (%s) to %s:\n  %s\n", r->zone,
              r->sim.params.policy->name, from,
              r->before.key_n == 0 ? "without keys" : "its keys as they are", until,
              buf_str(&assumptions));
}

static int say_events(const struct simulate *s, json_t *events)
{
    size_t n = 0;
    struct said *all = all_events(s, &n);
    int err = all == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        json_t *e = life_event_json(all[i].event, &all[i].run->life, all[i].run->zone);
        err = json_array_append_new(events, e) == 0 ? ERR_OK : ERR_NOMEM;
    }
    for (size_t r = 0; r < s->run_n && err == ERR_OK; r++) {
        print_heading(s, &s->runs[r]);
        for (size_t i = 0; i < n; i++) {
            if (all[i].run == &s->runs[r])
                print_event(s, &all[i]);
        }
    }
    free(all);
    return err;
}

static int draw(const struct simulate *s)
{
    const struct timeline_run *r = &s->runs[0];
    AUTO(buf) struct buf svg = {0};
    AUTO(buf) struct buf note = {0};
    if (s->options.svg == NULL)
        return ERR_OK;
    buf_printf(&note, "mudzone %s simulate: ", app_version());
    add_assumptions(r, &note);
    const struct timeline t = {.zone = r->zone,
                               .policy = r->sim.params.policy,
                               .note = buf_str(&note),
                               .before = &r->before,
                               .params = &r->sim.params,
                               .life = &r->life,
                               .events = &r->events,
                               .from_at = r->sim.params.now,
                               .until_at = r->sim.until_at};
    int err = timeline_svg(&t, &svg);
    if (err == ERR_OK)
        err = file_write_out(s->options.svg, svg.data, svg.len, 0644);
    if (err == ERR_IO)
        fprintf(stderr, "mudzone: simulate: %s: %s\n", s->options.svg, strerror(errno));
    return err;
}

static json_t *result_json(const struct simulate *s, json_t *events)
{
    int64_t from_at = s->sim.params.now;
    char from[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    time_format_rfc3339(from_at, from);
    time_format_rfc3339(s->sim.until_at, until);
    return json_pack("{s:s, s:s, s:o, s:o}", "from", from, "until", until, "svg",
                     report_text_json(s->options.svg), "events", events);
}

/* ------------------------------------------------------------------ the command */

static int run_all(struct simulate *s, const struct words *words)
{
    int err = s->options.policy != NULL ? run_policy(s)
                                        : run_zones(s, words->n == 0 ? NULL : words->items[0]);
    if (err == ERR_OK && s->options.svg != NULL && s->run_n != 1)
        return usage_error(s->app, "--svg draws one zone: name it");
    return err;
}

int cmd_simulate(struct app *app, int argc, char **argv)
{
    AUTO(simulate) struct simulate s = {.app = app};
    struct simulate_options *o = &s.options;
    const struct option_def options[] = {
        {"until", 0, "TIME", "where the simulation ends", OPTION_TIME, &o->until_at},
        {"from", 0, "TIME", "where it begins (default: --now)", OPTION_TIME, &o->from_at},
        {"policy", 0, "NAME", "a policy, for a zone that begins", OPTION_TEXT, &o->policy},
        {"zone-ttl", 0, "D", "with --policy: the zone's largest TTL (default: 1d)", OPTION_TEXT,
         &o->zone_ttl},
        {"parent-delay", 0, "D", "how long the parent takes to act (default: 1h)", OPTION_TEXT,
         &o->parent_delay},
        {"parent-fails", 0, "SPAN", "FROM..UNTIL: the parent does nothing meanwhile", OPTION_TEXT,
         &o->parent_fails},
        {"build-every", 0, "D", "a pipeline's rhythm (default: when something is due)", OPTION_TEXT,
         &o->build_every},
        {"confirm-after", 0, "D", "from a build to its confirmation (default: 0s)", OPTION_TEXT,
         &o->confirm_after},
        {"svg", 0, "FILE", "draw the timeline of one zone", OPTION_TEXT, &o->svg},
        {0},
    };
    const struct command_usage usage = {
        "simulate", "[ZONE]", "Shows what will happen to keys, on a virtual clock.", options, 0, 1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = take_options(&s, &words);
    if (err == ERR_OK)
        err = run_all(&s, &words);
    if (err == ERR_USAGE)
        return err;
    json_t *events = json_array();
    if (err == ERR_OK)
        err = say_events(&s, events);
    if (err == ERR_OK)
        err = draw(&s);
    return report_finish(app, err, result_json(&s, events));
}
