#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "common/nearest.h"
#include "common/timetext.h"

#define DEFAULT_INVENTORY "inventory.yaml"

int app_init(struct app *app)
{
    *app = (struct app){.inventory = DEFAULT_INVENTORY, .now = (int64_t)time(NULL)};
    app->diags = diags_new();
    return app->diags == NULL ? ERR_NOMEM : ERR_OK;
}

void app_done(struct app *app)
{
    diags_free(app->diags);
    app->diags = NULL;
}

const char *app_version(void)
{
    return MUDZONE_VERSION;
}

void words_done(struct words *w)
{
    free(w->items);
    *w = (struct words){0};
}

static int words_add(struct words *w, const char *word)
{
    const char **items = realloc(w->items, (w->n + 1) * sizeof(*items));
    if (items == NULL)
        return ERR_NOMEM;
    w->items = items;
    w->items[w->n++] = word;
    return ERR_OK;
}

/* ------------------------------------------------------------------ nearest word */

/* The start of a long word, misspelt, is near to it too: "--accpt" means --accept-new-keys. */
static size_t nearness(const char *word, const char *candidate)
{
    size_t whole = nearest_distance(word, candidate);
    size_t len = strlen(word);
    if (len < 4 || len >= NEAREST_WORD_MAX || strlen(candidate) < len + 3)
        return whole;
    char start[NEAREST_WORD_MAX + 1];
    memcpy(start, candidate, len);
    start[len] = 0;
    size_t part = nearest_distance(word, start);
    return part < whole ? part : whole;
}

const char *nearest_word(const char *word, const char *const *candidates)
{
    const char *near = NULL;
    size_t best = strlen(word) / 3 + 2; /* farther than this is another word, not a slip */
    for (size_t i = 0; candidates[i] != NULL; i++) {
        size_t d = nearness(word, candidates[i]);
        if (d < best) {
            best = d;
            near = candidates[i];
        }
    }
    return near;
}

/* ------------------------------------------------------------------ usage */

int usage_error(const struct app *app, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("mudzone: ", stderr);
    if (app->command != NULL)
        fprintf(stderr, "%s: ", app->command);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return ERR_USAGE;
}

/* Where the common options go. Built anew for each parse: the targets are in APP. */
struct common_options {
    const char *color;
    struct option_def defs[9];
};

static void common_options_init(struct common_options *c, struct app *app)
{
    static const struct option_def blank[9] = {{0}};
    c->color = NULL;
    memcpy(c->defs, blank, sizeof(blank));
    size_t n = 0;
    c->defs[n++] = (struct option_def){
        "inventory",    'i', "FILE", "the inventory (default: " DEFAULT_INVENTORY ")", OPTION_TEXT,
        &app->inventory};
    c->defs[n++] = (struct option_def){
        "json", 0, NULL, "one JSON document on stdout, findings in it", OPTION_FLAG, &app->json};
    c->defs[n++] = (struct option_def){
        "now",       0,        "TIME", "the moment to act at: RFC 3339, a date, or Unix seconds",
        OPTION_TIME, &app->now};
    c->defs[n++] = (struct option_def){"strict",    0,           NULL, "warnings count as errors",
                                       OPTION_FLAG, &app->strict};
    c->defs[n++] = (struct option_def){
        "quiet", 'q', NULL, "no results, notes, logs or progress", OPTION_FLAG, &app->quiet};
    c->defs[n++] =
        (struct option_def){"color", 0, "WHEN", "auto, always or never", OPTION_TEXT, &c->color};
}

static void print_options(const struct option_def *defs)
{
    for (; defs != NULL && defs->name != NULL; defs++) {
        char left[64];
        char letter[8] = "    ";
        if (defs->letter != 0)
            (void)snprintf(letter, sizeof(letter), "-%c, ", defs->letter);
        (void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, defs->name,
                       defs->value == NULL ? "" : " ", defs->value == NULL ? "" : defs->value);
        printf("  %-28s %s\n", left, defs->help);
    }
}

static void print_usage(const struct command_usage *usage, const struct common_options *common)
{
    printf("usage: mudzone %s [OPTION ...]%s%s\n\n%s\n", usage->command,
           usage->words[0] == 0 ? "" : " ", usage->words, usage->about);
    if (usage->options != NULL && usage->options[0].name != NULL) {
        puts("\noptions:");
        print_options(usage->options);
    }
    puts("\noptions of every command:");
    print_options(common->defs);
}

/* ------------------------------------------------------------------ parsing */

#define TABLES 2

struct parser {
    struct app *app;
    const struct option_def *tables[TABLES]; /* may be NULL */
    int argc;
    char **argv;
    int i;
    const void *seen[32]; /* targets of single-valued options met in this call */
    size_t seen_n;
};

static const struct option_def *find_option(const struct parser *p, const char *name, size_t len,
                                            char letter)
{
    for (size_t t = 0; t < TABLES; t++) {
        for (const struct option_def *d = p->tables[t]; d != NULL && d->name != NULL; d++) {
            bool same = name != NULL ? strlen(d->name) == len && memcmp(d->name, name, len) == 0
                                     : d->letter != 0 && d->letter == letter;
            if (same)
                return d;
        }
    }
    return NULL;
}

static int unknown_option(const struct parser *p, const char *word, size_t len)
{
    char given[NEAREST_WORD_MAX];
    (void)snprintf(given, sizeof(given), "%.*s", (int)(len < 60 ? len : 60), word);
    const char *names[64] = {0};
    size_t n = 0;
    for (size_t t = 0; t < TABLES; t++) {
        for (const struct option_def *d = p->tables[t]; d != NULL && d->name != NULL; d++) {
            if (n + 2 < sizeof(names) / sizeof(names[0]))
                names[n++] = d->name;
        }
    }
    const char *near = given[0] == '-' ? nearest_word(given + 2, names) : NULL;
    if (near != NULL)
        return usage_error(p->app, "unknown option '%s'; did you mean '--%s'?", given, near);
    return usage_error(p->app, "unknown option '%s'; --help lists all", given);
}

static bool first_time(struct parser *p, const void *target)
{
    for (size_t i = 0; i < p->seen_n; i++) {
        if (p->seen[i] == target)
            return false;
    }
    if (p->seen_n < sizeof(p->seen) / sizeof(p->seen[0]))
        p->seen[p->seen_n++] = target;
    return true;
}

static int set_value(struct parser *p, const struct option_def *d, const char *value)
{
    if (d->kind == OPTION_LIST) {
        struct words *list = d->target;
        return words_add(list, value);
    }
    if (!first_time(p, d->target))
        return usage_error(p->app, "--%s is given twice", d->name);
    if (d->kind == OPTION_TIME) {
        if (time_parse_any(value, (int64_t *)d->target))
            return ERR_OK;
        return usage_error(p->app,
                           "--%s: '%s' is not a time; expected 2026-11-21T10:00:00Z, a date, or "
                           "Unix seconds",
                           d->name, value);
    }
    if (value[0] == 0)
        return usage_error(p->app, "--%s: an empty value", d->name);
    *(const char **)d->target = value;
    return ERR_OK;
}

/* ATTACHED is the text after "=" or after the letter, or NULL. */
static int take_option(struct parser *p, const struct option_def *d, const char *attached)
{
    switch (d->kind) {
    case OPTION_FLAG:
    case OPTION_UNSET:
        if (attached != NULL)
            return usage_error(p->app, "--%s takes no value", d->name);
        *(bool *)d->target = d->kind == OPTION_FLAG;
        return ERR_OK;
    case OPTION_TEXT:
    case OPTION_LIST:
    case OPTION_TIME: break;
    }
    if (attached != NULL)
        return set_value(p, d, attached);
    if (p->i + 1 >= p->argc)
        return usage_error(p->app, "--%s needs a value: %s", d->name, d->value);
    return set_value(p, d, p->argv[++p->i]);
}

static int parse_long(struct parser *p)
{
    const char *word = p->argv[p->i];
    const char *equals = strchr(word, '=');
    size_t len = equals == NULL ? strlen(word) : (size_t)(equals - word);
    const struct option_def *d = find_option(p, word + 2, len - 2, 0);
    if (d == NULL)
        return unknown_option(p, word, len);
    return take_option(p, d, equals == NULL ? NULL : equals + 1);
}

static int parse_short(struct parser *p)
{
    const char *word = p->argv[p->i];
    const struct option_def *d = find_option(p, NULL, 0, word[1]);
    if (d == NULL)
        return usage_error(p->app, "unknown option '%s'; --help lists all", word);
    const char *attached = word[2] == 0 ? NULL : word + 2;
    if (attached != NULL && attached[0] == '=')
        attached++;
    return take_option(p, d, attached);
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != 0; /* "-" alone is a word: standard output */
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int parse_one(struct parser *p)
{
    return p->argv[p->i][1] == '-' ? parse_long(p) : parse_short(p);
}

static int set_color(struct app *app, const char *text)
{
    static const char *const names[] = {"auto", "always", "never"};
    if (text == NULL)
        return ERR_OK;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            app->color = (enum color)i;
            return ERR_OK;
        }
    }
    return usage_error(app, "--color: '%s'; expected auto, always or never", text);
}

static int check_word_n(const struct app *app, const struct command_usage *usage, size_t n)
{
    if (n < usage->word_min)
        return usage_error(app, "%s is missing", usage->words);
    if (n <= usage->word_max)
        return ERR_OK;
    if (usage->word_max == 0)
        return usage_error(app, "takes options only");
    return usage_error(app, "too many words: takes %s", usage->words);
}

int options_parse(struct app *app, const struct command_usage *usage, int argc, char **argv,
                  struct words *ret_words)
{
    struct common_options common;
    common_options_init(&common, app);
    struct parser p = {
        .app = app, .tables = {usage->options, common.defs}, .argc = argc, .argv = argv};
    bool options_end = false;
    int err = ERR_OK;
    for (p.i = 1; p.i < argc && err == ERR_OK; p.i++) {
        const char *word = argv[p.i];
        if (options_end || !is_option(word)) {
            err = words_add(ret_words, word);
        } else if (strcmp(word, "--") == 0) {
            options_end = true;
        } else if (is_help(word)) {
            print_usage(usage, &common);
            return OPTIONS_HELP;
        } else {
            err = parse_one(&p);
        }
    }
    if (err == ERR_OK)
        err = set_color(app, common.color);
    return err != ERR_OK ? err : check_word_n(app, usage, ret_words->n);
}

int options_parse_common(struct app *app, int argc, char **argv, int *ret_next)
{
    struct common_options common;
    common_options_init(&common, app);
    struct parser p = {.app = app, .tables = {common.defs, NULL}, .argc = argc, .argv = argv};
    for (p.i = 1; p.i < argc && is_option(argv[p.i]); p.i++) {
        if (is_help(argv[p.i]) || strcmp(argv[p.i], "--version") == 0)
            break;
        int err = parse_one(&p);
        if (err != ERR_OK)
            return err;
    }
    *ret_next = p.i;
    return set_color(app, common.color);
}
