#include "app/timeline_svg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/key_view.h"
#include "common/err.h"
#include "common/timetext.h"

#define DAY 86400

/* ------------------------------------------------------------------ layout, in pixels */

#define WIDTH       1200
#define LEFT        190 /* the keys' names */
#define RIGHT       40
#define PLOT        (WIDTH - LEFT - RIGHT)
#define HEAD        112 /* title and legend */
#define AXIS        26
#define ROW         48
#define BAR_TOP     20 /* in a row: the numbers above, the DS below */
#define BAR         14
#define DS_TOP      37
#define DS          5
#define LINE        17  /* of the list */
#define CHAR        6.2 /* the width of a character of the list, at most */
#define TICKS_MAX   13
#define LISTED_MAX  90  /* more: only the milestones are numbered */
#define NUMBER_CHAR 6.4 /* of a number on a bar */

struct step { /* what happens to a key at one moment, numbered */
    int64_t at;
    size_t key;
    unsigned number;
    struct buf text;
};

struct drawing {
    const struct timeline *t;
    struct buf *out;
    size_t *rows; /* of a key; SIZE_MAX: not shown */
    size_t row_n;
    struct step *steps; /* in order of time, and of keys within a moment */
    size_t step_n;
};

static void drawing_done(struct drawing *d)
{
    for (size_t i = 0; i < d->step_n; i++)
        buf_done(&d->steps[i].text);
    free(d->steps);
    free(d->rows);
}
DEFINE_AUTO(drawing)

static double x_of(const struct drawing *d, int64_t at)
{
    const struct timeline *t = d->t;
    int64_t in = at < t->from_at ? t->from_at : at > t->until_at ? t->until_at : at;
    return LEFT + (double)(in - t->from_at) / (double)(t->until_at - t->from_at) * PLOT;
}

static int y_of(size_t row)
{
    return HEAD + AXIS + (int)row * ROW;
}

static void add_escaped(struct buf *b, const char *text)
{
    for (const char *p = text; *p != 0; p++) {
        switch (*p) {
        case '&': buf_add_str(b, "&amp;"); break;
        case '<': buf_add_str(b, "&lt;"); break;
        case '>': buf_add_str(b, "&gt;"); break;
        case '"': buf_add_str(b, "&quot;"); break;
        default: buf_add_char(b, (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e ? '?' : *p);
        }
    }
}

static void put_text(struct buf *b, double x, double y, const char *class, const char *text)
{
    buf_printf(b, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    add_escaped(b, text);
    buf_add_str(b, "</text>\n");
}

static void put_box(struct buf *b, double x, double y, double width, double height,
                    const char *class)
{
    buf_printf(b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n", x,
               y, width, height, class);
}

/* ------------------------------------------------------------------ head */

static const char style[] =
    "<style>\n"
    "text{font-family:'DejaVu Sans',Verdana,Helvetica,Arial,sans-serif;fill:#1a1a1a;"
    "font-size:11px}\n"
    ".title{font-size:20px;font-weight:bold}\n"
    ".note,.small{fill:#444}\n.small{font-size:10px}\n"
    ".key{font-size:13px;font-weight:bold}\n"
    ".tick{text-anchor:middle;fill:#444}\n.number{font-size:10px;text-anchor:middle}\n"
    ".list{font-size:10.5px}\n"
    ".grid{stroke:#d8d8d8}\n.row{stroke:#ececec}\n.frame{stroke:#888}\n.mark{stroke:#1a1a1a}\n"
    ".page{fill:#fff}\n.published{fill:#c6dbef;stroke:#4a7fb0}\n.ready{fill:#7fb3dd;stroke:#4a7fb0}"
    "\n"
    ".active{fill:#0b4f8a;stroke:#0b4f8a}\n.retired{fill:url(#old);stroke:#a0722a}\n"
    ".generated{fill:#fff;stroke:#999;stroke-dasharray:3 2}\n"
    ".ds-asked{fill:url(#wait);stroke:#2f7d4f}\n.ds-there{fill:#2f7d4f;stroke:#2f7d4f}\n"
    "</style>\n"
    "<defs>\n"
    "<pattern id=\"old\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fbe3bd\"/>"
    "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#a0722a\" stroke-width=\"2\"/></pattern>\n"
    "<pattern id=\"wait\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">"
    "<rect width=\"4\" height=\"4\" fill=\"#fff\"/>"
    "<rect width=\"2\" height=\"4\" fill=\"#8cc7a1\"/></pattern>\n"
    "</defs>\n";

static void put_policy(const struct dnssec_policy *p, struct buf *b)
{
    const char *algorithm = algorithm_text(p->algorithm);
    buf_printf(b, "policy %s: ", p->name);
    if (p->is_unsigned) {
        buf_add_str(b, "unsigned");
        return;
    }
    buf_printf(b, "%s, %s", algorithm == NULL ? "?" : algorithm,
               p->single_key ? "one key" : "KSK and ZSK");
    if (p->ksk_lifetime_s != 0)
        buf_printf(b, ", %s-lifetime %" PRIu32 " d", p->single_key ? "csk" : "ksk",
                   p->ksk_lifetime_s / DAY);
    if (!p->single_key && p->zsk_lifetime_s != 0)
        buf_printf(b, ", zsk-lifetime %" PRIu32 " d", p->zsk_lifetime_s / DAY);
}

static void put_legend(struct buf *b)
{
    static const struct {
        const char *class;
        const char *text;
        double width;
        bool is_ds;
    } items[] = {
        {"generated", "generated", 92, false},
        {"published", "published: spreading", 150, false},
        {"ready", "ready: in all caches", 148, false},
        {"active", "active: relied on", 132, false},
        {"retired", "retired: still cached", 150, false},
        {"ds-asked", "DS asked for or fading", 162, true},
        {"ds-there", "DS at the parent", 0, true},
    };
    double x = LEFT;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        double height = items[i].is_ds ? DS : 11;
        put_box(b, x, 90 - height / 2, 18, height, items[i].class);
        put_text(b, x + 23, 94, "small", items[i].text);
        x += items[i].width;
    }
}

static void put_head(const struct drawing *d, int height)
{
    AUTO(buf) struct buf text = {0};
    char from[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    time_format_date(d->t->from_at, from);
    time_format_date(d->t->until_at, until);
    buf_printf(&text, "Keys of %s, %s to %s", d->t->zone, from, until);
    buf_printf(d->out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
               "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
               WIDTH, height, WIDTH, height);
    add_escaped(d->out, buf_str(&text));
    buf_add_str(d->out, "</title>\n");
    buf_add_str(d->out, style);
    put_box(d->out, 0, 0, WIDTH, height, "page");
    put_text(d->out, 20, 32, "title", buf_str(&text));
    buf_clear(&text);
    put_policy(d->t->policy, &text);
    put_text(d->out, 20, 53, "note", buf_str(&text));
    if (d->t->note != NULL)
        put_text(d->out, 20, 70, "note", d->t->note);
    put_legend(d->out);
}

/* ------------------------------------------------------------------ axis */

struct tick_step { /* a number of days or of months */
    int days;
    int months;
};

static const struct tick_step tick_steps[] = {{1, 0}, {2, 0}, {7, 0},  {14, 0}, {0, 1},  {0, 2},
                                              {0, 3}, {0, 6}, {0, 12}, {0, 24}, {0, 60}, {0, 120}};

static struct tick_step tick_step_for(int64_t span_s)
{
    size_t n = sizeof tick_steps / sizeof *tick_steps;
    for (size_t i = 0; i < n; i++) {
        int64_t step_s = ((int64_t)tick_steps[i].days + (int64_t)tick_steps[i].months * 30) * DAY;
        if (span_s / step_s < TICKS_MAX)
            return tick_steps[i];
    }
    return tick_steps[n - 1];
}

/* The first tick at or after AT is found from the one before it: the start of the day, week
   (Monday), month or year. */
static int64_t tick_first(int64_t at, struct tick_step step)
{
    struct tm tm;
    time_t day = (time_t)(at - at % DAY);
    if (step.months == 0)
        return step.days < 7 ? day : day - ((day / DAY + 3) % 7) * DAY;
    if (gmtime_r(&day, &tm) == NULL)
        return at;
    tm.tm_mday = 1;
    tm.tm_mon -= step.months <= 12 ? tm.tm_mon % step.months : tm.tm_mon;
    return timegm(&tm);
}

static int64_t tick_next(int64_t at, struct tick_step step)
{
    struct tm tm;
    time_t now = (time_t)at;
    if (step.months == 0)
        return at + (int64_t)step.days * DAY;
    if (gmtime_r(&now, &tm) == NULL)
        return INT64_MAX;
    tm.tm_mon += step.months;
    return timegm(&tm);
}

static void put_axis(const struct drawing *d)
{
    struct tick_step step = tick_step_for(d->t->until_at - d->t->from_at);
    int top = HEAD + AXIS;
    int bottom = y_of(d->row_n);
    char date[TIME_TEXT_LEN];
    for (int64_t at = tick_first(d->t->from_at, step); at <= d->t->until_at;
         at = tick_next(at, step)) {
        if (at < d->t->from_at)
            continue;
        double x = x_of(d, at);
        time_format_date(at, date);
        if (step.months != 0)
            date[step.months >= 12 ? 4 : 7] = 0; /* the year, or year and month */
        buf_printf(d->out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>\n",
                   x, top, x, bottom);
        if (x > LEFT + 16 || step.months != 0)
            put_text(d->out, x, top - 8, "tick", date);
    }
    buf_printf(d->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"frame\"/>\n", LEFT,
               top, LEFT + PLOT, top);
}

/* ------------------------------------------------------------------ bars */

static const struct life_key *key_before(const struct timeline *t, size_t key)
{
    return key < t->before->key_n ? &t->before->keys[key] : NULL;
}

static void put_span(const struct drawing *d, size_t key, int64_t from_at, int64_t until_at,
                     const char *class, bool is_ds)
{
    double x = x_of(d, from_at);
    double width = x_of(d, until_at) - x;
    int y = y_of(d->rows[key]) + (is_ds ? DS_TOP : BAR_TOP);
    put_box(d->out, x, y, width < 1 ? 1 : width, is_ds ? DS : BAR, class);
}

static void put_phases(const struct drawing *d, size_t key)
{
    const struct timeline *t = d->t;
    const struct life_key *before = key_before(t, key);
    struct life_waits w;
    life_waits(t->before, t->params, &w);
    bool shown = before != NULL;
    enum key_state state = shown ? key_state(before, &w, t->params->now) : KEY_GENERATED;
    int64_t since = t->from_at;
    for (size_t i = 0; i < t->events->n; i++) {
        const struct life_event *e = &t->events->items[i];
        if (e->key != key || (e->what != LIFE_STATE && e->what != LIFE_MADE))
            continue;
        if (shown && state != KEY_REMOVED && e->at > since)
            put_span(d, key, since, e->at, key_state_text(state), false);
        shown = true;
        since = e->at;
        state = e->what == LIFE_MADE ? KEY_GENERATED : e->state;
    }
    if (shown && state != KEY_REMOVED)
        put_span(d, key, since, t->until_at, key_state_text(state), false);
}

enum ds_phase { DS_NONE_SHOWN, DS_ASKED, DS_THERE };

/* What an event makes of the DS at the parent. */
static enum ds_phase ds_phase_after(const struct life_event *e, enum ds_phase before)
{
    switch (e->what) {
    case LIFE_IN: return before == DS_THERE ? DS_THERE : DS_ASKED;
    case LIFE_IN_SEEN: return DS_THERE;
    case LIFE_OUT_SEEN: return DS_ASKED; /* fading */
    case LIFE_ABSENT: return DS_NONE_SHOWN;
    case LIFE_MADE:
    case LIFE_LEAVES:
    case LIFE_OUT:
    case LIFE_EVERYWHERE:
    case LIFE_STATE:
    case LIFE_WHAT_COUNT: break;
    }
    return before;
}

static enum ds_phase ds_phase_before(const struct timeline *t, size_t key)
{
    const struct life_key *k = key_before(t, key);
    struct life_waits w;
    if (k == NULL)
        return DS_NONE_SHOWN;
    life_waits(t->before, t->params, &w);
    if (key_part_state(k, KEY_PART_DS, &w, t->params->now) == PART_ABSENT)
        return DS_NONE_SHOWN;
    const struct part_times *p = &k->parts[KEY_PART_DS];
    return p->in_seen_at != 0 && p->out_seen_at == 0 ? DS_THERE : DS_ASKED;
}

static void put_ds(const struct drawing *d, size_t key)
{
    static const char *const classes[] = {NULL, "ds-asked", "ds-there"};
    const struct timeline *t = d->t;
    enum ds_phase phase = ds_phase_before(t, key);
    int64_t since = t->from_at;
    for (size_t i = 0; i < t->events->n; i++) {
        const struct life_event *e = &t->events->items[i];
        if (e->key != key || e->what == LIFE_STATE || e->part != KEY_PART_DS)
            continue;
        enum ds_phase next = ds_phase_after(e, phase);
        if (next == phase)
            continue;
        if (phase != DS_NONE_SHOWN)
            put_span(d, key, since, e->at, classes[phase], true);
        since = e->at;
        phase = next;
    }
    if (phase != DS_NONE_SHOWN)
        put_span(d, key, since, t->until_at, classes[phase], true);
}

static void put_name(const struct drawing *d, size_t key)
{
    const struct life_key *k = &d->t->life->keys[key];
    int y = y_of(d->rows[key]);
    char name[KEY_NAME_LEN];
    char date[TIME_TEXT_LEN];
    AUTO(buf) struct buf about = {0};
    key_name_text(k, name);
    put_text(d->out, 20, y + 24, "key", name);
    time_format_date(k->made_at, date);
    const char *algorithm = algorithm_text(k->algorithm);
    buf_printf(&about, "%s, %s", algorithm == NULL ? "?" : algorithm, date);
    put_text(d->out, 20, y + 38, "small", buf_str(&about));
}

static void put_rows(const struct drawing *d)
{
    for (size_t key = 0; key < d->t->life->key_n; key++) {
        if (d->rows[key] == SIZE_MAX)
            continue;
        int below = y_of(d->rows[key] + 1);
        buf_printf(d->out, "<line x1=\"20\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"row\"/>\n", below,
                   LEFT + PLOT, below);
        put_name(d, key);
        put_phases(d, key);
        put_ds(d, key);
    }
}

/* ------------------------------------------------------------------ numbers on the bars */

static const struct step *step_after(const struct drawing *d, const struct step *s)
{
    for (const struct step *n = s + 1; n < d->steps + d->step_n; n++) {
        if (n->key == s->key)
            return n;
    }
    return NULL;
}

static const struct step *step_first(const struct drawing *d, size_t key)
{
    for (size_t i = 0; i < d->step_n; i++) {
        if (d->steps[i].key == key)
            return &d->steps[i];
    }
    return NULL;
}

/* "5,7,9": the numbers of steps that share a mark; of many, the first and the last. */
#define MARK_NUMBERS 5
static void number_text(const struct drawing *d, const struct step *first, const struct step *last,
                        size_t n, struct buf *ret)
{
    buf_clear(ret);
    buf_printf(ret, "%u", first->number);
    for (const struct step *s = first; s != last && n <= MARK_NUMBERS;) {
        s = step_after(d, s);
        buf_printf(ret, ",%u", s->number);
    }
    if (n > MARK_NUMBERS)
        buf_printf(ret, " ... %u", last->number);
}

static void put_mark(const struct drawing *d, const struct step *first, const char *text)
{
    double x = x_of(d, first->at);
    int y = y_of(d->rows[first->key]) + BAR_TOP;
    buf_printf(d->out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"mark\"/>\n", x,
               y - 4, x, y + BAR);
    put_text(d->out, x, y - 6, "number", text);
}

/* Steps of a key whose numbers would run into each other share a mark. */
static void put_numbers(const struct drawing *d, size_t key)
{
    AUTO(buf) struct buf text = {0};
    const struct step *s = step_first(d, key);
    while (s != NULL) {
        size_t n = 1;
        const struct step *last = s;
        const struct step *next = step_after(d, s);
        number_text(d, s, last, n, &text);
        while (next != NULL &&
               x_of(d, next->at) - x_of(d, s->at) < ((double)text.len / 2 + 3) * NUMBER_CHAR) {
            last = next;
            next = step_after(d, last);
            number_text(d, s, last, ++n, &text);
        }
        put_mark(d, s, buf_str(&text));
        s = next;
    }
}

/* ------------------------------------------------------------------ the list */

/* The sentence of an event in the list; NULL: it is not listed. MILESTONES: only when a key begins
   its work, and when it is taken out of the zone. */
static const char *step_text(const struct life_event *e, bool milestones)
{
    static const char *const in[] = {"DNSKEY published", "signs the zone", "parent asked for DS"};
    static const char *const out[] = {"DNSKEY withdrawn", "signs no more",
                                      "parent asked to drop DS"};
    bool is_ds = e->part == KEY_PART_DS;
    switch (e->what) {
    case LIFE_LEAVES: return milestones ? NULL : "is to go";
    case LIFE_IN: return milestones && e->part == KEY_PART_DNSKEY ? NULL : in[e->part];
    case LIFE_OUT: return milestones && e->part != KEY_PART_DNSKEY ? NULL : out[e->part];
    case LIFE_IN_SEEN: return !milestones && is_ds ? "DS seen at parent" : NULL;
    case LIFE_OUT_SEEN: return !milestones && is_ds ? "DS seen gone" : NULL;
    case LIFE_STATE: return !milestones && e->state == KEY_REMOVED ? "nothing of it is left" : NULL;
    case LIFE_MADE:
    case LIFE_EVERYWHERE:
    case LIFE_ABSENT:
    case LIFE_WHAT_COUNT: break;
    }
    return NULL;
}

static struct step *step_at(struct drawing *d, int64_t at, size_t key)
{
    for (size_t i = d->step_n; i-- > 0 && d->steps[i].at == at;) {
        if (d->steps[i].key == key)
            return &d->steps[i];
    }
    d->steps[d->step_n] = (struct step){.at = at, .key = key};
    return &d->steps[d->step_n++];
}

static int by_time_and_key(const void *a, const void *b)
{
    const struct step *x = a;
    const struct step *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static void collect_steps(struct drawing *d, bool milestones)
{
    const struct life_events *events = d->t->events;
    for (size_t i = 0; i < d->step_n; i++)
        buf_done(&d->steps[i].text);
    d->step_n = 0;
    for (size_t i = 0; i < events->n; i++) {
        const struct life_event *e = &events->items[i];
        const char *text = step_text(e, milestones);
        if (text == NULL || d->rows[e->key] == SIZE_MAX)
            continue;
        struct step *s = step_at(d, e->at, e->key);
        if (s->text.len > 0)
            buf_add_str(&s->text, ", ");
        buf_add_str(&s->text, text);
    }
    if (d->step_n > 1)
        qsort(d->steps, d->step_n, sizeof *d->steps, by_time_and_key);
    for (size_t i = 0; i < d->step_n; i++)
        d->steps[i].number = (unsigned)i + 1;
}

static size_t list_lines(const struct drawing *d)
{
    return d->step_n > 12 ? (d->step_n + 1) / 2 : d->step_n;
}

static void put_step(const struct drawing *d, const struct step *s, double x, double y)
{
    const struct life_key *k = &d->t->life->keys[s->key];
    char at[TIME_TEXT_LEN];
    AUTO(buf) struct buf text = {0};
    time_format_rfc3339(s->at, at);
    at[10] = ' ';
    at[16] = 0;
    buf_printf(&text, "%u", s->number);
    put_text(d->out, x, y, "list", buf_str(&text));
    put_text(d->out, x + 4.5 * CHAR, y, "list", at);
    buf_clear(&text);
    if (k->planned)
        buf_printf(&text, "%s %.20s: ", key_role_text(k->role), k->digest);
    else
        buf_printf(&text, "%s %u: ", key_role_text(k->role), k->tag);
    buf_add_str(&text, buf_str(&s->text));
    put_text(d->out, x + 23 * CHAR, y, "list", buf_str(&text));
}

static void put_list(const struct drawing *d)
{
    int top = y_of(d->row_n) + 34;
    size_t lines = list_lines(d);
    if (d->step_n == 0)
        return;
    put_text(d->out, 20, top - 2, "note", "Steps (UTC)");
    for (size_t i = 0; i < d->step_n; i++)
        put_step(d, &d->steps[i], i < lines ? 20 : WIDTH / 2 + 10,
                 top + (int)(i % lines + 1) * LINE);
}

/* ------------------------------------------------------------------ all together */

/* Keys that are gone before the picture begins have no row. */
static int place_rows(struct drawing *d)
{
    const struct timeline *t = d->t;
    struct life_waits w;
    life_waits(t->before, t->params, &w);
    d->rows = calloc(t->life->key_n + 1, sizeof *d->rows);
    d->steps = calloc(t->events->n + 1, sizeof *d->steps);
    if (d->rows == NULL || d->steps == NULL)
        return ERR_NOMEM;
    for (size_t key = 0; key < t->life->key_n; key++) {
        const struct life_key *k = key_before(t, key);
        bool shown = k == NULL || key_state(k, &w, t->params->now) != KEY_REMOVED;
        d->rows[key] = shown ? d->row_n++ : SIZE_MAX;
    }
    return ERR_OK;
}

int timeline_svg(const struct timeline *t, struct buf *ret)
{
    AUTO(drawing) struct drawing d = {.t = t, .out = ret};
    int err = place_rows(&d);
    if (err != ERR_OK)
        return err;
    collect_steps(&d, false);
    if (d.step_n > LISTED_MAX)
        collect_steps(&d, true);
    put_head(&d, y_of(d.row_n) + 50 + (int)list_lines(&d) * LINE);
    put_axis(&d);
    put_rows(&d);
    for (size_t key = 0; key < t->life->key_n; key++)
        put_numbers(&d, key);
    put_list(&d);
    buf_add_str(ret, "</svg>\n");
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}
