/*
 * app/app.h -- what the commands share: common options, option parsing, the way results and
 * findings reach the user.
 *
 * Only this folder reads argv, the clock and the environment, and only this folder prints.
 * A command is `int cmd_<name>(struct app *, int argc, char **argv)`; argv[0] is the command's
 * name. It returns 0, an enum err, or OPTIONS_HELP as options_parse gave it; main() makes the exit
 * status.
 *
 *     int cmd_check(struct app *app, int argc, char **argv)
 *     {
 *         const char *zone = NULL;
 *         const struct option_def options[] = {
 *             {"zone", 'z', "FILE", "check one zone file, without an inventory", OPTION_TEXT,
 * &zone}, {0},
 *         };
 *         const struct command_usage usage = {"check", "[FILE ...]", "what it does", options};
 *         AUTO(words) struct words files = {0};
 *         int err = options_parse(app, &usage, argc, argv, &files);
 *         if (err != ERR_OK)
 *             return err;
 *         ... work, findings into app->diags, results by app_print or into a json_t object ...
 *         return report_finish(app, err, result);
 *     }
 *
 * Results go to stdout, findings, progress and logs to stderr. With --json stdout is one document:
 * {"schema": "mudzone-<command>-1", "status": 0, "findings": [...], "errors": 0, ..., <result>}.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/diag.h"
#include "common/err.h"
#include "common/own.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct app {
    const char *command;   /* its name: for messages and the schema name */
    const char *inventory; /* -i; default inventory.yaml */
    bool json;
    bool quiet;
    bool strict;
    enum color color;
    int64_t now; /* --now, else the clock at the start */
    struct diags *diags;
    bool reported; /* report_finish has run */
};

int app_init(struct app *app) MUST_USE;
void app_done(struct app *app);
DEFINE_AUTO(app)

const char *app_version(void); /* "0.1.0" */

/* The commands; main.c has the table. */
int cmd_init(struct app *app, int argc, char **argv);
int cmd_check(struct app *app, int argc, char **argv);
int cmd_build(struct app *app, int argc, char **argv);
int cmd_plan(struct app *app, int argc, char **argv);
int cmd_confirm(struct app *app, int argc, char **argv);
int cmd_status(struct app *app, int argc, char **argv);
int cmd_explain(struct app *app, int argc, char **argv);
int cmd_keys(struct app *app, int argc, char **argv);
int cmd_simulate(struct app *app, int argc, char **argv);
int cmd_log(struct app *app, int argc, char **argv);
int cmd_observe(struct app *app, int argc, char **argv);
int cmd_sign(struct app *app, int argc, char **argv);
int cmd_verify(struct app *app, int argc, char **argv);

/* ------------------------------------------------------------------ options (options.c) */

struct words { /* borrowed strings, owned array */
    const char **items;
    size_t n;
};
void words_done(struct words *w);
DEFINE_AUTO(words)

enum option_kind {
    OPTION_FLAG,  /* target: bool *, set true */
    OPTION_UNSET, /* target: bool *, set false: "--no-zonemd" */
    OPTION_TEXT,  /* target: const char **; given twice is an error */
    OPTION_LIST,  /* target: struct words *; repeatable */
    OPTION_TIME   /* target: int64_t *; RFC 3339, a date, or Unix seconds */
};

struct option_def {
    const char *name;  /* without "--"; NULL ends the table */
    char letter;       /* 0: none */
    const char *value; /* "FILE" in the usage; NULL for flags */
    const char *help;
    enum option_kind kind;
    void *target;
};

struct command_usage {
    const char *command;
    const char *words; /* "OUT|ZONEFILE" in the synopsis, "" when it takes none */
    const char *about; /* one sentence */
    const struct option_def *options;
    size_t word_min; /* how many words it takes */
    size_t word_max;
};

#define OPTIONS_HELP 1 /* --help was answered: the command returns this at once */

/*
 * Reads the command's options and the common ones, in any order with the words; `--name value`,
 * `--name=value`, `-x value`, `-xvalue`; `--` ends. Wrong usage is said on stderr (with the nearest
 * option as suggestion) and is ERR_USAGE.
 */
int options_parse(struct app *app, const struct command_usage *usage, int argc, char **argv,
                  struct words *ret_words) MUST_USE;

/* Common options before the command; RET_NEXT is the index of the command word, or of --help or
   --version in its place (argc: none). */
int options_parse_common(struct app *app, int argc, char **argv, int *ret_next) MUST_USE;

/* The nearest of the NULL-terminated CANDIDATES, when near enough to be a slip; else NULL. */
const char *nearest_word(const char *word, const char *const *candidates);

/* "mudzone: sign: ..." on stderr; returns ERR_USAGE. */
int usage_error(const struct app *app, const char *fmt, ...) PRINTF(2, 3);

/* ------------------------------------------------------------------ reports (report.c) */

/* A result for people: one line or more to stdout, nothing with --json. */
void app_print(const struct app *app, const char *fmt, ...) PRINTF(2, 3);

/* One event for the log on stderr, "event=... zone=... key=value"; nothing with --quiet. */
void app_log(const struct app *app, const char *fmt, ...) PRINTF(2, 3);

/* Applies --strict; ERR_FINDINGS when any finding is an error by now, else 0. */
int app_gate(struct app *app) MUST_USE;

/*
 * The end of a command: --strict, findings in order of place, the closing count; with --json the
 * document with RESULT's members after the findings (RESULT is consumed, may be NULL). ERR that
 * left no error finding is said as a sentence. Returns what the command returns: ERR, or
 * ERR_FINDINGS when ERR is 0 and an error was found.
 */
int report_finish(struct app *app, int err, json_t *result);

/* The document of a run whose command line was refused, for --json; what is wrong with it is on
   stderr. Returns ERR. */
int report_refusal(struct app *app, int err);

/* TEXT as JSON, null when NULL or empty; what is not UTF-8 (a file name may be anything) as \xNN.
 */
json_t *report_text_json(const char *text);

/* Foreign text must not be able to speak to the terminal: control characters are shown as \xNN,
   those of two octets in UTF-8 (U+0080 to U+009F) as two. */
void report_add_clean(struct buf *b, const char *text, size_t len);

/* ------------------------------------------------------------------ progress (progress.c) */

/*
 * A bar with the seconds spent, on a terminal, for work over a second; silent elsewhere, with
 * --quiet and --json. A thread of its own draws it, so one long step shows too. Nothing else may be
 * printed between start and done.
 */
struct sign_progress;
struct progress {
    bool running;
    bool stop;
    bool shown;
    const char *what;
    uint64_t done;
    uint64_t total;
    const struct sign_progress *signatures; /* or NULL: what progress_step says */
    int64_t started_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};
void progress_start(struct progress *p, const struct app *app, const char *what);
/* With the rate of SIGNATURES, which other threads count, and the time that is left. */
void progress_start_signing(struct progress *p, const struct app *app, const char *what,
                            const struct sign_progress *signatures);
void progress_step(struct progress *p, uint64_t done, uint64_t total);
void progress_done(struct progress *p); /* clears the line; once for each start */
