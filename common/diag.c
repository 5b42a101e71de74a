#include "common/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/grow.h"
#include "common/limits.h"

struct diags {
    struct diag *items;
    size_t n;
    size_t cap;
    size_t counts[SEV_COUNT];
    size_t dropped;
    bool last_kept; /* the finding that diag_expect would speak of */
};

struct diags *diags_new(void)
{
    return calloc(1, sizeof(struct diags));
}

static void diag_done(struct diag *g)
{
    free(g->file);
    free(g->at);
    free(g->found);
    free(g->expected);
}

void diags_free(struct diags *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->n; i++)
        diag_done(&d->items[i]);
    free(d->items);
    free(d);
}

static char *dup_or_null(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static bool grow(struct diags *d)
{
    struct diag *items = grow_items(d->items, d->n, &d->cap, sizeof(*items));
    if (items == NULL)
        return false;
    d->items = items;
    return true;
}

PRINTF(6, 0)
static void add(struct diags *d, enum severity severity, const struct diag_rule *rule,
                struct diag_where where, const char *at, const char *fmt, va_list ap)
{
    if (d == NULL)
        return;
    d->counts[severity]++;
    d->last_kept = false;
    if (d->n >= LIMIT_FINDINGS || !grow(d)) {
        d->dropped++;
        return;
    }
    char *found = NULL;
    if (vasprintf(&found, fmt, ap) < 0)
        found = NULL;
    d->items[d->n++] = (struct diag){
        .rule = rule,
        .severity = severity,
        .file = dup_or_null(where.file),
        .line = where.line,
        .column = where.column,
        .at = dup_or_null(at),
        .found = found,
    };
    d->last_kept = true;
}

void diag_add(struct diags *d, const struct diag_rule *rule, struct diag_where where,
              const char *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, rule->severity, rule, where, at, fmt, ap);
    va_end(ap);
}

void diag_add_as(struct diags *d, enum severity severity, const struct diag_rule *rule,
                 struct diag_where where, const char *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, severity, rule, where, at, fmt, ap);
    va_end(ap);
}

void diag_expect(struct diags *d, const char *fmt, ...)
{
    if (d == NULL || !d->last_kept)
        return;
    struct diag *g = &d->items[d->n - 1];
    char *expected = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&expected, fmt, ap) < 0)
        expected = NULL;
    va_end(ap);
    free(g->expected);
    g->expected = expected;
}

void diags_move(struct diags *d, struct diags *from)
{
    if (d == NULL || from == NULL)
        return;
    for (size_t i = 0; i < from->n; i++) {
        if (d->n < LIMIT_FINDINGS && grow(d)) {
            d->items[d->n++] = from->items[i];
        } else {
            diag_done(&from->items[i]);
            d->dropped++;
        }
    }
    for (int i = 0; i < SEV_COUNT; i++) {
        d->counts[i] += from->counts[i];
        from->counts[i] = 0;
    }
    d->dropped += from->dropped;
    d->last_kept = false;
    from->n = 0;
    from->dropped = 0;
    from->last_kept = false;
}

size_t diags_n(const struct diags *d)
{
    return d == NULL ? 0 : d->n;
}

size_t diags_count(const struct diags *d, enum severity severity)
{
    return d == NULL ? 0 : d->counts[severity];
}

size_t diags_dropped(const struct diags *d)
{
    return d == NULL ? 0 : d->dropped;
}

const struct diag *diags_at(const struct diags *d, size_t i)
{
    return &d->items[i];
}

static int by_place(const struct diag *a, const struct diag *b)
{
    if ((a->file == NULL) != (b->file == NULL))
        return a->file == NULL ? 1 : -1;
    int c = a->file == NULL ? 0 : strcmp(a->file, b->file);
    if (c != 0)
        return c;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return 0;
}

/* Merge sort, because the order of findings at one place is part of the contract. */
static void merge_sort(struct diag *items, struct diag *spare, size_t n)
{
    if (n < 2)
        return;
    size_t half = n / 2;
    merge_sort(items, spare, half);
    merge_sort(items + half, spare, n - half);
    size_t i = 0, j = half, k = 0;
    while (i < half && j < n)
        spare[k++] = by_place(&items[i], &items[j]) <= 0 ? items[i++] : items[j++];
    while (i < half)
        spare[k++] = items[i++];
    while (j < n)
        spare[k++] = items[j++];
    memcpy(items, spare, n * sizeof(*items));
}

void diags_sort(struct diags *d)
{
    if (d == NULL || d->n < 2)
        return;
    struct diag *spare = malloc(d->n * sizeof(*spare));
    if (spare == NULL)
        return; /* unsorted findings are better than none */
    merge_sort(d->items, spare, d->n);
    free(spare);
    d->last_kept = false;
}

void diags_promote_warnings(struct diags *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->n; i++) {
        if (d->items[i].severity == SEV_WARNING)
            d->items[i].severity = SEV_ERROR;
    }
    d->counts[SEV_ERROR] += d->counts[SEV_WARNING];
    d->counts[SEV_WARNING] = 0;
}

const char *severity_text(enum severity severity)
{
    switch (severity) {
    case SEV_NOTE: return "note";
    case SEV_WARNING: return "warning";
    case SEV_ERROR: return "error";
    case SEV_COUNT: break;
    }
    return "?";
}

void diag_print(const struct diag *g, struct buf *out)
{
    if (g->file != NULL) {
        buf_add_str(out, g->file);
        if (g->line > 0)
            buf_printf(out, ":%u", g->line);
        if (g->line > 0 && g->column > 0)
            buf_printf(out, ":%u", g->column);
        buf_add_str(out, ": ");
    }
    buf_printf(out, "%s: ", severity_text(g->severity));
    if (g->at != NULL)
        buf_printf(out, "%s: ", g->at);
    buf_add_str(out, g->found == NULL ? "(out of memory)" : g->found);
    const char *expected = g->expected == NULL ? g->rule->expected : g->expected;
    if (expected != NULL && expected[0] != 0)
        buf_printf(out, "; expected %s", expected);
    buf_printf(out, " [%s] (%s)", g->rule->id, g->rule->source);
}
