/*
 * app/verify_out.c -- see verify_out.h.
 */
#include "app/verify_out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/rules_app.h"
#include "common/file.h"
#include "common/grow.h"
#include "common/timetext.h"

DIAG_RULES_DEFINE(verify_out_rules, VERIFY_OUT_RULES)

void verify_out_done(struct verify_out *v)
{
    for (size_t i = 0; i < v->zone_n; i++)
        zone_free(v->zones[i].zone);
    free(v->zones);
    free(v->files);
    manifest_done(&v->manifest);
    *v = (struct verify_out){0};
}

/* ------------------------------------------------------------------ findings and files */

void verify_out_found(struct verify_out *v, const struct diag_rule *rule, const char *path,
                      const char *at, const char *fmt, ...)
{
    AUTO_FREE char *file = path != NULL ? file_join(v->out, path) : NULL;
    AUTO_FREE char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        text = NULL;
    va_end(args);
    diag_add(v->app->diags, rule, AT_FILE(file), at, "%s", text != NULL ? text : "(no memory)");
}

int verify_out_read(struct verify_out *v, const char *path, size_t max, struct buf *ret)
{
    AUTO_FREE char *file = file_join(v->out, path);
    if (file == NULL)
        return ERR_NOMEM;
    int err = file_read(file, max, ret);
    if (err == ERR_OK || err == ERR_NOMEM)
        return err;
    if (verify_out_file(v, path) == NULL)
        verify_out_found(v, &rule_out_incomplete, path, NULL, "not there");
    else if (err == ERR_LIMIT)
        verify_out_found(v, &rule_out_too_large, path, NULL, "over %zu bytes", max);
    else if (errno != ENOENT) /* a missing one has its finding already */
        verify_out_found(v, &rule_out_unreadable, path, NULL, "%s", strerror(errno));
    return ERR_FINDINGS;
}

static int by_path(const void *a, const void *b)
{
    const struct verify_out_file *x = a;
    const struct verify_out_file *y = b;
    return strcmp(x->said->path, y->said->path);
}

struct verify_out_file *verify_out_file(const struct verify_out *v, const char *path)
{
    const struct manifest_file said = {.path = path};
    const struct verify_out_file key = {.said = &said};
    return v->file_n == 0 ? NULL : bsearch(&key, v->files, v->file_n, sizeof(*v->files), by_path);
}

static int index_files(struct verify_out *v)
{
    v->files = calloc(v->manifest.file_n + 1, sizeof(*v->files));
    if (v->files == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < v->manifest.file_n; i++)
        v->files[v->file_n++].said = &v->manifest.files[i];
    if (v->file_n > 1)
        qsort(v->files, v->file_n, sizeof(*v->files), by_path);
    return ERR_OK;
}

/* ------------------------------------------------------------------ lists of strings */

void strings_done(struct strings *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->items[i]);
    free(s->items);
    *s = (struct strings){0};
}

int strings_add(struct strings *s, const char *text)
{
    char **items = grow_items(s->items, s->n, &s->cap, sizeof(*items));
    if (items == NULL)
        return ERR_NOMEM;
    s->items = items;
    char *copy = strdup(text);
    if (copy == NULL)
        return ERR_NOMEM;
    s->items[s->n++] = copy;
    return ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static void strings_sort(struct strings *s)
{
    if (s->n > 1)
        qsort(s->items, s->n, sizeof(*s->items), by_text);
}

void strings_compare(struct verify_out *v, struct strings *wanted, struct strings *found,
                     const struct diag_rule *rule, const char *path, const char *at,
                     const char *noun)
{
    strings_sort(wanted);
    strings_sort(found);
    size_t w = 0;
    size_t f = 0;
    while (w < wanted->n || f < found->n) {
        int order = w == wanted->n  ? 1
                    : f == found->n ? -1
                                    : strcmp(wanted->items[w], found->items[f]);
        if (order < 0) {
            verify_out_found(v, rule, path, at, "the %s %s is missing", noun, wanted->items[w]);
        } else if (order > 0) {
            bool twice = f > 0 && strcmp(found->items[f - 1], found->items[f]) == 0;
            verify_out_found(v, rule, path, at, "the %s %s %s", noun, found->items[f],
                             twice ? "comes more than once" : "is too much");
        }
        w += order <= 0;
        f += order >= 0;
    }
}

/* ------------------------------------------------------------------ the run */

static int open_manifest(struct verify_out *v)
{
    int err = manifest_read(v->out, &v->manifest, v->app->diags);
    if (err == ERR_ABSENT) {
        verify_out_found(v, &rule_manifest_absent, "manifest.json", NULL, "not there");
        return ERR_FINDINGS;
    }
    if (err == ERR_IO)
        return ERR_CONFIG; /* cannot be read: nothing is known about it */
    return err == ERR_CONFIG ? ERR_FINDINGS : err;
}

static void judge_age(struct verify_out *v)
{
    char text[TIME_TEXT_LEN];
    if (v->app->now < v->manifest.rebuild_before_at)
        return;
    time_format_rfc3339(v->manifest.rebuild_before_at, text);
    verify_out_found(v, &rule_out_rebuild_due, "manifest.json", "rebuild-before", "%s has passed",
                     text);
}

/* Steps go on after findings of an earlier one, so that all of them show; they stop on real
 * failures. */
int verify_out_run(struct verify_out *v)
{
    int (*const steps[])(struct verify_out *) = {verify_tree, verify_zones, verify_docs};
    int err = open_manifest(v);
    if (err == ERR_OK)
        err = index_files(v);
    if (err != ERR_OK)
        return err;
    judge_age(v);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        err = steps[i](v);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return diags_count(v->app->diags, SEV_ERROR) > 0 ? ERR_FINDINGS : ERR_OK;
}
