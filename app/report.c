#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"

void app_print(const struct app *app, const char *fmt, ...)
{
    if (app->json || app->quiet)
        return;
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}

void app_log(const struct app *app, const char *fmt, ...)
{
    if (app->quiet)
        return;
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

int app_gate(struct app *app)
{
    if (app->strict)
        diags_promote_warnings(app->diags);
    return diags_count(app->diags, SEV_ERROR) > 0 ? ERR_FINDINGS : ERR_OK;
}

/* ------------------------------------------------------------------ text */

static bool use_color(const struct app *app)
{
    switch (app->color) {
    case COLOR_ALWAYS: return true;
    case COLOR_NEVER: return false;
    case COLOR_AUTO: break;
    }
    const char *term = getenv("TERM");
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;
    return isatty(STDERR_FILENO) == 1 && getenv("NO_COLOR") == NULL && !dumb;
}

static const char *severity_color(enum severity severity)
{
    switch (severity) {
    case SEV_ERROR: return "\033[1;31m";
    case SEV_WARNING: return "\033[1;33m";
    case SEV_NOTE: return "\033[1;36m";
    case SEV_COUNT: break;
    }
    return "";
}

void report_add_clean(struct buf *b, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned char next = i + 1 < len ? (unsigned char)text[i + 1] : 0;
        if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            buf_printf(b, "\\x%02x\\x%02x", c, next);
            i++;
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(b, "\\x%02x", c);
        } else {
            buf_add_char(b, (char)c);
        }
    }
}

static void print_finding(const struct diag *g, bool color)
{
    AUTO(buf) struct buf line = {0};
    AUTO(buf) struct buf out = {0}; /* stderr has no buffer: one write a finding */
    diag_print(g, &line);
    const char *text = buf_str(&line);
    const char *severity = severity_text(g->severity);
    const char *at = color ? strstr(text, severity) : NULL;
    if (at == NULL) {
        report_add_clean(&out, text, line.len);
    } else {
        size_t before = (size_t)(at - text), len = strlen(severity);
        report_add_clean(&out, text, before);
        buf_printf(&out, "%s%s\033[0m", severity_color(g->severity), severity);
        report_add_clean(&out, at + len, line.len - before - len);
    }
    buf_add_char(&out, '\n');
    fputs(buf_str(&out), stderr);
}

static void print_count(size_t n, const char *noun, bool last)
{
    fprintf(stderr, "%zu %s%s%s", n, noun, n == 1 ? "" : "s", last ? "" : ", ");
}

static void print_findings(const struct app *app)
{
    bool color = use_color(app);
    const struct diags *d = app->diags;
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        if (!app->quiet || g->severity != SEV_NOTE)
            print_finding(g, color);
    }
    if (diags_dropped(d) > 0)
        fprintf(stderr, "... and %zu more findings\n", diags_dropped(d));
    size_t errors = diags_count(d, SEV_ERROR), warnings = diags_count(d, SEV_WARNING);
    size_t notes = diags_count(d, SEV_NOTE);
    if (app->quiet || errors + warnings + notes == 0)
        return;
    print_count(errors, "error", false);
    print_count(warnings, "warning", false);
    print_count(notes, "note", true);
    fputc('\n', stderr);
}

/* ------------------------------------------------------------------ JSON */

json_t *report_text_json(const char *text)
{
    if (text == NULL || text[0] == 0)
        return json_null();
    json_t *j = json_string(text);
    if (j != NULL)
        return j;
    /* not UTF-8: say so in ASCII instead of dropping the finding */
    AUTO(buf) struct buf clean = {0};
    for (const char *p = text; *p != 0; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x80)
            buf_add_char(&clean, (char)c);
        else
            buf_printf(&clean, "\\x%02x", c);
    }
    return json_string(buf_str(&clean));
}

static json_t *number_or_null(uint32_t n)
{
    return n == 0 ? json_null() : json_integer(n);
}

/* Places that are not known are null. */
static json_t *finding_json(const struct diag *g)
{
    const char *expected = g->expected == NULL ? g->rule->expected : g->expected;
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "id", g->rule->id, "severity",
                     severity_text(g->severity), "file", report_text_json(g->file), "line",
                     number_or_null(g->line), "column", number_or_null(g->column), "at",
                     report_text_json(g->at), "found", report_text_json(g->found), "expected",
                     report_text_json(expected), "source", g->rule->source);
}

static json_t *findings_json(const struct diags *d)
{
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < diags_n(d); i++) {
        if (json_array_append_new(list, finding_json(diags_at(d, i))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int print_document(const struct app *app, int err, json_t *result)
{
    const struct diags *d = app->diags;
    char schema[64];
    (void)snprintf(schema, sizeof(schema), "mudzone-%s-1",
                   app->command == NULL ? "usage" : app->command);
    json_t *doc = json_pack(
        "{s:s, s:i, s:o?, s:o, s:I, s:I, s:I, s:I}", "schema", schema, "status",
        err_exit_status(err), "error", err == ERR_OK ? json_null() : json_string(err_text(err)),
        "findings", findings_json(d), "errors", (json_int_t)diags_count(d, SEV_ERROR), "warnings",
        (json_int_t)diags_count(d, SEV_WARNING), "notes", (json_int_t)diags_count(d, SEV_NOTE),
        "findings-left-out", (json_int_t)diags_dropped(d));
    int failed = doc == NULL || (result != NULL && json_object_update(doc, result) != 0);
    if (!failed)
        failed = json_dumpf(doc, stdout, JSON_INDENT(2)) != 0 || fputc('\n', stdout) == EOF;
    json_decref(doc);
    return failed ? ERR_IO : ERR_OK;
}

/* ------------------------------------------------------------------ the end of a command */

int report_refusal(struct app *app, int err)
{
    (void)print_document(app, err, NULL); /* a failed write shows when stdout is flushed */
    app->reported = true;
    return err;
}

int report_finish(struct app *app, int err, json_t *result)
{
    int gate = app_gate(app);
    /* the sentence stands in for the finding that a stage could not give */
    bool said = diags_count(app->diags, SEV_ERROR) > 0;
    if (err == ERR_OK)
        err = gate;
    diags_sort(app->diags);
    if (app->json) {
        int failed = print_document(app, err, result);
        if (err == ERR_OK)
            err = failed;
    } else {
        print_findings(app);
    }
    if (err != ERR_OK && !said)
        fprintf(stderr, "mudzone: %s: %s\n", app->command, err_text(err));
    json_decref(result);
    app->reported = true;
    return err;
}
