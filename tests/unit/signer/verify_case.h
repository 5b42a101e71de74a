/*
 * tests/unit/signer/verify_case.h -- zone text to the rules that `verify` finds broken.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/signer.h"

#define CASE_IDS_MAX 64

struct verdict {
    int loaded; /* result of zone_parse */
    int err;    /* of verify_zone */
    struct verify_report report;
    char errors[1024]; /* ids of severity error, sorted, each once, with blanks between */
    char others[1024]; /* the same of warnings and notes */
};

static inline int by_string_(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static inline void verdict_ids_(const struct diags *d, bool errors, char *out, size_t size)
{
    const char *ids[CASE_IDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < diags_n(d); i++) {
        const struct diag *g = diags_at(d, i);
        bool known = (g->severity == SEV_ERROR) != errors;
        for (size_t j = 0; j < n && !known; j++)
            known = strcmp(ids[j], g->rule->id) == 0;
        if (!known && n < CASE_IDS_MAX)
            ids[n++] = g->rule->id;
    }
    if (n > 1)
        qsort(ids, n, sizeof(ids[0]), by_string_);
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%s", i > 0 ? " " : "", ids[i]);
    }
}

static inline struct zone *case_zone(const char *name, const char *text, const char *origin,
                                     struct diags *d, int *ret_err)
{
    uint8_t wire[256];
    struct zone *zone = NULL;
    struct zone_load_opts opts = {0};
    if (origin != NULL && name_from_text(origin, wire))
        opts.origin = wire;
    *ret_err = zone_parse(name, text, strlen(text), &opts, &zone, d);
    return zone;
}

/* SEMANTICS: zone_check() too, as the command does it for a zone file. */
static inline struct verdict judge(const char *name, const char *text, const char *origin,
                                   const char *ds_text, int64_t now, bool semantics)
{
    struct verdict v = {.err = ERR_INTERNAL};
    struct diags *load = diags_new();
    struct diags *d = diags_new();
    int ds_err = ERR_OK;
    struct zone *zone = case_zone(name, text, origin, load, &v.loaded);
    struct zone *ds = ds_text != NULL ? case_zone("ds", ds_text, "example.net.", d, &ds_err) : NULL;
    if (zone != NULL) {
        struct verify_params params = {.now = now, .ds = ds};
        v.err = verify_zone(zone, &params, &v.report, d);
        int err = semantics ? zone_check(zone, d) : ERR_OK;
        v.err = v.err == ERR_OK ? err : v.err;
    }
    verdict_ids_(d, true, v.errors, sizeof(v.errors));
    verdict_ids_(d, false, v.others, sizeof(v.others));
    zone_free(zone);
    zone_free(ds);
    diags_free(load);
    diags_free(d);
    return v;
}

static inline char *read_text(const char *path)
{
    struct buf b = {0};
    if (file_read(path, 64u << 20, &b) != ERR_OK) {
        buf_done(&b);
        return NULL;
    }
    buf_reserve(&b, 1);
    b.data[b.len] = '\0';
    return (char *)b.data;
}
