/*
 * tests/unit/zones/zone_files.h -- the zone files at hand: those of the examples, and those of the
 * shared real-world data that load.
 */
#pragma once

#include <ftw.h>
#include <stdlib.h>

#include "tests/unit/zones/zone_testing.h"
#include "zones/reread.h"

static void (*zone_files_fn)(const struct zone *z, const char *path);
static size_t zone_files_n;

static inline int zone_files_visit(const char *path, const struct stat *st, int kind)
{
    (void)st;
    /* the shared data's other types of file have other endings than these */
    const char *dot = strrchr(path, '.');
    if (kind != FTW_F || (strstr(path, "/data/zones/") == NULL && strcmp(dot, ".zone") != 0))
        return 0;
    AUTO_PTR(diags) struct diags *d = diags_new();
    AUTO_PTR(zone) struct zone *z = NULL;
    if (zone_load(path, NULL, &z, d) == ERR_OK) {
        zone_files_fn(z, path);
        zone_files_n++;
    }
    return 0;
}

/* Every zone that loads without being told its origin. */
static inline void zone_files_each(void (*fn)(const struct zone *z, const char *path))
{
    zone_files_fn = fn;
    zone_files_n = 0;
    assert_int_equal(ftw(MUDZONE_SOURCE_DIR "/examples", zone_files_visit, 16), 0);
    assert_true(zone_files_n > 0);
    if (shared_path("data/zones") == NULL) {
        LEFT_OUT("the zones of ../shared/data/zones: the folder is not here");
        return;
    }
    zone_files_n = 0;
    assert_int_equal(ftw(shared_path("data/zones"), zone_files_visit, 16), 0);
    assert_true(zone_files_n > 40);
}

static inline int zone_files_add(void *ctx, const struct reread_record *r)
{
    return records_add(ctx, r->owner, r->type, r->ttl, r->rdata, r->rdata_len);
}

/* The records of written text. */
static inline struct records *zone_files_records(const struct buf *text)
{
    struct records *all = records_new();
    assert_non_null(all);
    size_t line = 0;
    int err = reread((const char *)text->data, text->len, zone_files_add, all, &line);
    if (err != ERR_OK)
        print_message("    line %zu\n", line);
    assert_int_equal(err, ERR_OK);
    return all;
}
