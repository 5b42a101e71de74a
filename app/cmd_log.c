/*
 * app/cmd_log.c -- the event log: shown, and proved whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/manifest.h"
#include "app/overview.h"
#include "app/rules_app.h"
#include "app/when.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

struct log {
    struct app *app;
    struct site site;
    struct state *state; /* NULL: there is none */
    int64_t since_at;
    const char *last_text;
    uint64_t last_n;
    bool verify;
    const char *manifest_path;
    struct manifest manifest; /* of what is published, when there is one */
    bool has_manifest;
};

static void log_done(struct log *l)
{
    manifest_done(&l->manifest);
    state_close(l->state);
    site_done(&l->site);
}
DEFINE_AUTO(log)

/* ------------------------------------------------------------------ showing */

static void add_word(struct buf *b, const char *text)
{
    if (*text == 0)
        buf_add_char(b, '-');
    report_add_clean(b, text, strlen(text));
    buf_add_str(b, "  ");
}

static int print_event(const struct app *app, const struct state_event *e)
{
    AUTO(buf) struct buf line = {0};
    char at[TIME_TEXT_LEN];
    time_format_rfc3339(e->at, at);
    const char *const words[] = {at, e->zone, e->who, e->what};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        add_word(&line, words[i]);
    report_add_clean(&line, e->why, strlen(e->why));
    if (*e->evidence != 0) {
        buf_add_str(&line, "  [");
        report_add_clean(&line, e->evidence, strlen(e->evidence));
        buf_add_char(&line, ']');
    }
    if (!buf_ok(&line))
        return ERR_NOMEM;
    app_print(app, "%s\n", buf_str(&line));
    return ERR_OK;
}

static json_t *event_json(const struct state_event *e)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "seq", (json_int_t)e->seq,
                     "at", when_json(e->at), "zone", report_text_json(e->zone), "key",
                     report_text_json(e->key), "who", report_text_json(e->who), "event",
                     report_text_json(e->what), "because", report_text_json(e->why), "evidence",
                     report_text_json(e->evidence), "hash", e->hash);
}

struct shown {
    const struct app *app;
    json_t *events;
    size_t n;
};

static int show_event(void *ctx, const struct state_event *e)
{
    struct shown *shown = ctx;
    shown->n++;
    if (!shown->app->json)
        return print_event(shown->app, e);
    return json_array_append_new(shown->events, event_json(e)) == 0 ? ERR_OK : ERR_NOMEM;
}

static int count_event(void *ctx, const struct state_event *e)
{
    struct shown *known = ctx;
    (void)e;
    known->n++;
    return ERR_OK;
}

/* A zone that is neither in the log nor in the inventory is a slip of the pen. */
static int check_zone(const struct log *l, const char *zone, size_t n)
{
    if (zone == NULL || n > 0 || site_zone_named(&l->site, zone) != NULL)
        return ERR_OK;
    return usage_error(l->app, "'%s' is no zone in %s, and the log has none of that name", zone,
                       l->app->inventory);
}

/* WORD as the log writes zones. */
static int zone_word(const struct log *l, const char *word, char ret[NAME_TEXT_LEN])
{
    uint8_t name[256];
    if (!name_from_text(word, name))
        return usage_error(l->app, "'%s' is no name of a zone", word);
    name_to_text_nodot(name, ret);
    return ERR_OK;
}

static int show(const struct log *l, const char *word, json_t *events)
{
    char name[NAME_TEXT_LEN];
    struct shown shown = {.app = l->app, .events = events};
    int err = word == NULL ? ERR_OK : zone_word(l, word, name);
    const struct event_filter filter = {
        .zone = word == NULL ? NULL : name, .since_at = l->since_at, .last_n = l->last_n};
    const struct event_filter any = {.zone = filter.zone, .last_n = 1};
    struct shown known = {.app = l->app};
    if (err == ERR_OK && l->state != NULL)
        err = state_event_each(l->state, &filter, show_event, &shown);
    if (err == ERR_OK && shown.n == 0 && l->state != NULL) /* of another time, perhaps */
        err = state_event_each(l->state, &any, count_event, &known);
    return err == ERR_OK ? check_zone(l, word, shown.n + known.n) : err;
}

/* ------------------------------------------------------------------ proving */

static int read_file(struct log *l, const char *path)
{
    AUTO(buf) struct buf text = {0};
    int err = file_read(path, LIMIT_MANIFEST_BYTES, &text);
    if (err == ERR_IO || err == ERR_LIMIT) {
        diag_add(l->app->diags, &rule_file_unreadable, AT_FILE(path), NULL, "%s",
                 err == ERR_IO ? strerror(errno) : err_text(err));
        return ERR_CONFIG;
    }
    return err == ERR_OK ? manifest_parse(path, buf_bytes(&text), &l->manifest, l->app->diags)
                         : err;
}

/* Before the state is looked at: a build commits its events before it publishes their head. */
static int read_manifest(struct log *l)
{
    int err = l->manifest_path != NULL
                  ? read_file(l, l->manifest_path)
                  : manifest_read(l->site.inv->output_dir, &l->manifest, l->app->diags);
    l->has_manifest = err == ERR_OK;
    if (err == ERR_IO || err == ERR_LIMIT)
        return ERR_CONFIG;
    return err == ERR_ABSENT ? ERR_OK : err;
}

static int refuse_absent(const struct log *l)
{
    if (!l->has_manifest || *l->manifest.event_head == 0)
        return ERR_OK; /* nothing was built, nothing is missing */
    diag_add(l->app->diags, &rule_log_absent, AT_FILE(l->site.inv->state_dir), NULL,
             "there is no state, but what is published was made with a log whose head was %.16s...",
             l->manifest.event_head);
    return ERR_STATE;
}

static void print_proof(const struct log *l, uint64_t n, const char *head, int64_t seq)
{
    app_print(l->app, "%" PRIu64 " events, unbroken; head %s\n", n, *head == 0 ? "-" : head);
    if (l->has_manifest)
        app_print(l->app,
                  "the manifest's head is event %" PRId64
                  " of them: nothing up to it was changed or cut off\n",
                  seq);
    else
        app_print(l->app,
                  "no manifest to compare with: whether the end was cut off is not known\n");
}

static int prove(const struct log *l, json_t **ret)
{
    char head[65] = "";
    uint64_t n = 0;
    int64_t seq = 0;
    if (l->state == NULL) {
        int absent = refuse_absent(l);
        if (absent != ERR_OK)
            return absent;
    } else {
        int err = state_events_check(l->state, &n);
        if (err == ERR_OK)
            err = state_event_head(l->state, head);
        if (err == ERR_OK && l->has_manifest)
            err = state_events_check_head(l->state, l->manifest.event_head, &seq);
        if (err != ERR_OK)
            return err;
    }
    print_proof(l, n, head, seq);
    *ret = json_pack("{s:b, s:I, s:o, s:o, s:o}", "unbroken", 1, "events", (json_int_t)n, "head",
                     report_text_json(head), "manifest-head",
                     report_text_json(l->has_manifest ? l->manifest.event_head : ""),
                     "manifest-head-seq",
                     l->has_manifest ? json_integer((json_int_t)seq) : json_null());
    return ERR_OK;
}

/* ------------------------------------------------------------------ the command */

static int check_options(struct log *l, size_t words)
{
    if (!l->verify && l->manifest_path != NULL)
        return usage_error(l->app, "--manifest goes with --verify");
    if (l->verify && (words > 0 || l->since_at != 0 || l->last_text != NULL))
        return usage_error(l->app, "--verify takes the whole log: no ZONE, --since or -n");
    if (l->last_text == NULL)
        return ERR_OK;
    char *end = NULL;
    errno = 0;
    l->last_n = strtoull(l->last_text, &end, 10);
    if (l->last_text[0] < '0' || l->last_text[0] > '9' || *end != 0 || errno != 0 || l->last_n == 0)
        return usage_error(l->app, "-n '%s': expected a number of at least 1", l->last_text);
    return ERR_OK;
}

static int log_open(struct log *l)
{
    int err = site_open(l->app, &l->site);
    if (err == ERR_OK && l->verify)
        err = read_manifest(l);
    if (err == ERR_OK)
        err = state_peek(l->site.inv->state_dir, &l->state, l->app->diags);
    return err == ERR_ABSENT ? ERR_OK : err;
}

int cmd_log(struct app *app, int argc, char **argv)
{
    AUTO(log) struct log l = {.app = app};
    const struct option_def options[] = {
        {"since", 0, "TIME", "only events from TIME on", OPTION_TIME, &l.since_at},
        {"last", 'n', "N", "only the last N events", OPTION_TEXT, &l.last_text},
        {"verify", 0, NULL, "prove the log unbroken, and the manifest's head part of it",
         OPTION_FLAG, &l.verify},
        {"manifest", 0, "FILE", "compare with this manifest.json (default: that in OUT)",
         OPTION_TEXT, &l.manifest_path},
        {0},
    };
    const struct command_usage usage = {
        "log", "[ZONE]", "Shows the event log: time, zone, who, what, why.", options, 0, 1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err == ERR_OK)
        err = check_options(&l, words.n);
    if (err != ERR_OK)
        return err;
    json_t *proof = NULL;
    json_t *events = json_array();
    err = log_open(&l);
    if (err == ERR_OK)
        err = l.verify ? prove(&l, &proof) : show(&l, words.n == 0 ? NULL : words.items[0], events);
    if (err == ERR_USAGE || l.verify) {
        json_decref(events);
        return err == ERR_USAGE ? err
                                : report_finish(app, err, json_pack("{s:o?}", "proof", proof));
    }
    return report_finish(app, err, json_pack("{s:o}", "events", events));
}
