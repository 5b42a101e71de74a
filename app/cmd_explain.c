/*
 * app/cmd_explain.c -- why a zone or a key is as it is: because of what, what blocks the next step,
 * and the arithmetic of the waits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/key_view.h"
#include "app/when.h"
#include "app/zone_report.h"

#define ZONE_EVENTS 10 /* of a zone the last few; of a key all: mudzone log has the rest */

struct explain {
    struct app *app;
    struct overview *overview;
    struct zone_report report;
    const struct life_key *key; /* NULL: the whole zone */
    json_t *events;
};

static void explain_done(struct explain *e)
{
    zone_report_done(&e->report);
    json_decref(e->events);
}
DEFINE_AUTO(explain)

/* ------------------------------------------------------------------ zone or key */

static int find_key(struct explain *e, const char *word, const struct zone_overview **ret_zone)
{
    struct overview *o = e->overview;
    const struct zone_overview *owner = NULL;
    AUTO(buf) struct buf owners = {0};
    size_t found = 0;
    for (size_t i = 0; i < o->zone_n; i++) {
        size_t n = 0;
        if (zone_key_find(&o->zones[i], word, &n) == NULL)
            continue;
        owner = &o->zones[i];
        buf_printf(&owners, "%s%s", found++ == 0 ? "" : ", ", owner->inv->text);
    }
    if (found == 0)
        return usage_error(e->app,
                           "'%s' is no zone in %s, and no key of any (its tag, or 6 or more "
                           "digits of its digest)",
                           word, e->app->inventory);
    if (found > 1)
        return usage_error(e->app, "'%s' could be a key of %s; give digits of its digest", word,
                           buf_str(&owners));
    struct life_key *k = NULL;
    int err = zone_key_pick(e->app, owner, word, &k);
    e->key = k;
    *ret_zone = owner;
    return err;
}

static int find(struct explain *e, const char *word)
{
    const struct inv_zone *inv = site_zone_named(&e->overview->site, word);
    const struct zone_overview *z = inv == NULL ? NULL : overview_zone(e->overview, inv);
    int err = z != NULL ? ERR_OK : find_key(e, word, &z);
    return err == ERR_OK ? zone_report_get(e->overview, z, &e->report) : err;
}

/* ------------------------------------------------------------------ because of what */

static int take_event(void *ctx, const struct state_event *event)
{
    json_t *list = ctx;
    json_t *one = json_pack("{s:o, s:o, s:o, s:s, s:o, s:o}", "at", when_json(event->at), "key",
                            report_text_json(event->key), "who", report_text_json(event->who),
                            "event", event->what, "because", report_text_json(event->why),
                            "evidence", report_text_json(event->evidence));
    return json_array_append_new(list, one) == 0 ? ERR_OK : ERR_NOMEM;
}

static int read_events(struct explain *e)
{
    const struct event_filter filter = {.zone = e->report.zone->inv->text,
                                        .key = e->key == NULL ? NULL : e->key->digest,
                                        .last_n = e->key == NULL ? ZONE_EVENTS : 0};
    if (e->overview->state == NULL)
        return ERR_OK;
    return state_event_each(e->overview->state, &filter, take_event, e->events);
}

static const char *text_of(const json_t *event, const char *member)
{
    const char *text = json_string_value(json_object_get(event, member));
    return text == NULL ? "" : text;
}

/* Reasons and evidence may hold what others wrote. */
static void add_event(const json_t *event, struct buf *out)
{
    const char *why = text_of(event, "because");
    const char *evidence = text_of(event, "evidence");
    buf_printf(out, "  %s %s: ", text_of(event, "at"), text_of(event, "event"));
    report_add_clean(out, why, strlen(why));
    if (*text_of(event, "who") != 0)
        buf_printf(out, " (by %s)", text_of(event, "who"));
    buf_add_char(out, '\n');
    if (*evidence == 0)
        return;
    buf_add_str(out, "    evidence: ");
    report_add_clean(out, evidence, strlen(evidence));
    buf_add_char(out, '\n');
}

static int print_events(const struct explain *e)
{
    AUTO(buf) struct buf out = {0};
    size_t i;
    json_t *event;
    if (json_array_size(e->events) == 0)
        return ERR_OK;
    buf_add_str(&out, e->key == NULL ? "last events\n" : "because of\n");
    json_array_foreach(e->events, i, event)
    {
        add_event(event, &out);
    }
    if (!buf_ok(&out))
        return ERR_NOMEM;
    app_print(e->app, "%s", buf_str(&out));
    return ERR_OK;
}

/* ------------------------------------------------------------------ what blocks */

static bool is_about(const struct explain *e, const struct life_block *b)
{
    const struct life *l = &e->report.zone->life;
    return e->key == NULL || b->what == WAIT_NOTHING || b->what == WAIT_CLOCK ||
           &l->keys[b->key] == e->key;
}

static void print_block(const struct explain *e, const struct life_block *b)
{
    const struct zone_overview *z = e->report.zone;
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    if (b->what == WAIT_NOTHING || b->what == WAIT_CLOCK) {
        app_print(e->app, "  %s\n", b->why);
    } else {
        key_name_text(&z->life.keys[b->key], name);
        app_print(e->app, "  %s, %s, waits for %s: %s\n", name, key_part_text(b->part),
                  life_wait_text(b->what), b->why);
    }
    if (b->until_at == 0)
        return;
    when_text(b->until_at, z->params.now, when);
    app_print(e->app, "    not before %s\n", when);
}

static void print_blocks(const struct explain *e)
{
    bool any = false;
    for (size_t i = 0; i < e->report.blocks.n; i++) {
        if (!is_about(e, &e->report.blocks.items[i]))
            continue;
        if (!any)
            app_print(e->app, "next steps\n");
        any = true;
        print_block(e, &e->report.blocks.items[i]);
    }
}

static json_t *blocks_json(const struct explain *e)
{
    json_t *list = json_array();
    for (size_t i = 0; i < e->report.blocks.n; i++) {
        if (is_about(e, &e->report.blocks.items[i]))
            (void)json_array_append_new(list,
                                        block_json(e->report.zone, &e->report.blocks.items[i]));
    }
    return list;
}

/* ------------------------------------------------------------------ the arithmetic */

struct formula {
    enum key_part part;
    const char *text;
    const char *delay;
    const char *ttl;
    enum ttl_kind kind;
    const char *source;
};

/* The three of keytime.c. */
static const struct formula formulas[] = {
    {KEY_PART_DNSKEY, "Ipub = Dprp + TTLkey", "propagation-delay", "DNSKEY TTL", TTL_DNSKEY,
     "RFC 7583 s3.2.1"},
    {KEY_PART_SIGS, "Iret = Dprp + TTLsig", "propagation-delay", "largest TTL of the zone",
     TTL_ZONE, "RFC 7583 s3.2.1"},
    {KEY_PART_DS, "Iret = DprpP + TTLds", "parent-propagation-delay", "DS TTL", TTL_DS,
     "RFC 7583 s3.3.1"},
};
#define FORMULA_N (sizeof formulas / sizeof *formulas)

static uint32_t delay_of(const struct life_waits *w, enum key_part part)
{
    return part == KEY_PART_DS ? w->parent_propagation_s : w->propagation_s;
}

static void print_formulas(const struct explain *e)
{
    const struct life_waits *w = &e->report.zone->waits;
    app_print(e->app, "waits, with the largest of configured and remembered TTLs\n");
    for (size_t i = 0; i < FORMULA_N; i++) {
        const struct formula *f = &formulas[i];
        char span[WHEN_TEXT_LEN];
        span_text(interval_part(w, f->part), span);
        app_print(e->app,
                  "  %-10s %s: %s %" PRIu32 " s + %s %" PRIu32 " s = %" PRIu32 " s (%s), %s\n",
                  key_part_text(f->part), f->text, f->delay, delay_of(w, f->part), f->ttl,
                  w->ttl_s[f->kind], interval_part(w, f->part), span, f->source);
    }
}

static json_t *formulas_json(const struct explain *e)
{
    const struct life_waits *w = &e->report.zone->waits;
    json_t *list = json_array();
    for (size_t i = 0; i < FORMULA_N; i++) {
        const struct formula *f = &formulas[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "part", key_part_text(f->part),
                            "formula", f->text, "delay-seconds", (json_int_t)delay_of(w, f->part),
                            "ttl-seconds", (json_int_t)w->ttl_s[f->kind], "seconds",
                            (json_int_t)interval_part(w, f->part), "source", f->source));
    }
    return list;
}

/* ------------------------------------------------------------------ keys */

static void print_moment(const struct explain *e, const char *what, int64_t at)
{
    char when[WHEN_TEXT_LEN];
    when_text(at, e->app->now, when);
    if (at != 0)
        app_print(e->app, "    %-22s %s\n", what, when);
}

static void print_part(const struct explain *e, enum key_part part)
{
    static const char *const words[KEY_PART_COUNT][4] = {
        {"in a build since", "confirmed public", "left out since", "absence confirmed"},
        {"in a build since", "confirmed public", "left out since", "absence confirmed"},
        {"asked for since", "seen at the parent", "asked away since", "seen gone"},
    };
    const struct zone_overview *z = e->report.zone;
    const struct part_times *t = &e->key->parts[part];
    char when[WHEN_TEXT_LEN];
    int64_t since_at = key_part_since(e->key, part, &z->waits, z->params.now);
    when_text(since_at, z->params.now, when);
    app_print(e->app, "  %s %s%s%s\n", key_part_text(part),
              part_state_text(key_part_state(e->key, part, &z->waits, z->params.now)),
              since_at == 0 ? "" : " since ", since_at == 0 ? "" : when);
    print_moment(e, words[part][0], t->in_at);
    print_moment(e, words[part][1], t->in_seen_at);
    print_moment(e, words[part][2], t->out_at);
    print_moment(e, words[part][3], t->out_seen_at);
    print_moment(e, t->out_at != 0 ? "in no cache from" : "in all caches from",
                 part_settles_at(t, interval_part(&z->waits, part), z->params.now));
}

static void print_key(const struct explain *e)
{
    const struct zone_overview *z = e->report.zone;
    AUTO(buf) struct buf line = {0};
    key_line(z, e->key, &line);
    app_print(e->app, "%s\n  of %s, digest %s\n", buf_str(&line), z->inv->text, e->key->digest);
    print_moment(e, "made", e->key->made_at);
    print_moment(e, "to go since", e->key->leave_at);
    for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
        if (key_has_part(e->key, (enum key_part)p))
            print_part(e, (enum key_part)p);
    }
    buf_clear(&line);
    if (e->key->role != KEY_ZSK)
        parent_line(&e->report, "parent", &line);
    app_print(e->app, "%s", buf_str(&line));
}

static json_t *result_json(const struct explain *e)
{
    const struct zone_overview *z = e->report.zone;
    json_t *zone = zone_report_json(&e->report);
    json_t *result =
        json_pack("{s:o, s:o, s:o, s:o, s:O, s:o}", "now", when_json(e->app->now), "zone", zone,
                  "key", e->key == NULL ? json_null() : key_json(z, e->key), "blocks",
                  blocks_json(e), "events", e->events, "waits", formulas_json(e));
    return result;
}

static int print_result(const struct explain *e)
{
    if (e->key == NULL)
        zone_report_print(&e->report);
    else
        print_key(e);
    print_blocks(e);
    print_formulas(e);
    return print_events(e);
}

int cmd_explain(struct app *app, int argc, char **argv)
{
    const struct command_usage usage = {
        "explain",
        "ZONE|KEY",
        "Says why a zone or key is as it is, what blocks the next step, and until when.",
        NULL,
        1,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    AUTO(overview) struct overview o = {0};
    AUTO(explain) struct explain e = {.app = app, .overview = &o, .events = json_array()};
    err = overview_open(app, &o);
    if (err == ERR_OK)
        err = find(&e, words.items[0]);
    if (err == ERR_USAGE)
        return err;
    if (err == ERR_OK)
        err = read_events(&e);
    if (err == ERR_OK)
        err = print_result(&e);
    return report_finish(app, err, err == ERR_OK ? result_json(&e) : NULL);
}
