/*
 * zones/load.c -- a zone file to a snapshot, through libzscanner in record mode.
 *
 * The scanner's own line counter names the last line of a record; findings name the first, so lines
 * are counted here, over the text that each call consumed. $INCLUDE stops the scanner, which reads
 * nothing by itself; with opts->allow_include a nested source is scanned then.
 * Records of included files get line 0: a snapshot knows one file name only.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libzscanner/scanner.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "zones/builder.h"
#include "zones/rdata.h"
#include "zones/rules_zone.h"
#include "zones/snapshot.h"
#include "zones/source.h"

/* No $TTL and no TTL on the record: handed to the scanner as the default TTL, to be seen again. It
   is over the TTL limit of RFC 2181, so no good record can state it. */
#define TTL_NOT_STATED UINT32_C(0xffffff5a)
#define TTL_MAX        UINT32_C(0x7fffffff) /* RFC 2181 s8 */
#define TTL_FALLBACK   UINT32_C(3600)       /* what Knot DNS and NSD take when nothing is stated */

struct loader {
    struct zone_builder *builder;
    const struct zone_load_opts *opts;
    struct diags *diags;
    char *folder; /* resolved, of the zone file: includes stay in it; NULL: parsed from memory */
    uint32_t include_n;
    uint64_t record_n;
    bool failed; /* a finding of severity error was added */
    bool ttl_known;
    uint32_t ttl_last; /* RFC 1035 s5.1: the last explicitly stated */
};

static int source_scan(struct loader *l, struct source *src);

/* ------------------------------------------------------------------ findings */

static void report_syntax(struct loader *l, const struct source *src)
{
    const zs_scanner_t *s = src->scanner;
    char excerpt[SOURCE_EXCERPT_LEN];
    char word[SOURCE_EXCERPT_LEN];
    struct diag_where where = AT_LINE(src->name, source_error_line(src));
    source_excerpt(src, excerpt);
    source_type_word(src, word);
    const char *end = s->error.fatal ? "; the rest of the file was not read" : "";
    l->failed = true;
    if (word[0] != 0 && source_word_is_class(word)) {
        diag_add(l->diags, &rule_zone_class, where, NULL, "class %s in: %s", word, excerpt);
    } else if (word[0] != 0 && type_from_text(word) == 0) {
        diag_add(l->diags, &rule_zone_type_unknown, where, NULL, "unknown record type %s in: %s",
                 word, excerpt);
    } else if (s->error.code == ZS_UNSUPPORTED_TYPE) {
        diag_add(l->diags, &rule_zone_type_unknown, where, NULL,
                 "record type not known by this name in: %s", excerpt);
    } else {
        diag_add(l->diags, &rule_zone_syntax, where, NULL, "%s in: %s%s",
                 zs_strerror(s->error.code), excerpt, end);
        if (s->error.code == ZS_BAD_ORIGIN || s->error.code == ZS_BAD_INCLUDE_ORIGIN)
            diag_expect(l->diags, "an absolute name, with a dot at the end");
    }
}

static void record_at(const zs_scanner_t *s, char out[RECORD_TEXT_LEN])
{
    record_to_text(s->r_owner, s->r_type, out);
}

/* ------------------------------------------------------------------ records */

/* A record without TTL where no $TTL was seen. */
static uint32_t ttl_missing(struct loader *l, const struct source *src)
{
    const zs_scanner_t *s = src->scanner;
    if (l->ttl_known)
        return l->ttl_last;
    l->ttl_known = true;
    l->ttl_last = TTL_FALLBACK;
    const char *from = "one hour";
    if (s->r_type == KNOT_RRTYPE_SOA && s->r_data_length >= 4) {
        const uint8_t *p = s->r_data + s->r_data_length - 4;
        l->ttl_last = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        from = "the SOA minimum";
    }
    if (l->ttl_last > TTL_MAX)
        l->ttl_last = TTL_FALLBACK;
    char at[RECORD_TEXT_LEN];
    record_at(s, at);
    diag_add(l->diags, &rule_zone_ttl_missing, AT_LINE(src->name, src->record_line), at,
             "no TTL is stated; %s is taken (%" PRIu32 ")", from, l->ttl_last);
    return l->ttl_last;
}

/* False when the record can't be used (reported). */
static bool ttl_of(struct loader *l, const struct source *src, uint32_t *ret)
{
    const zs_scanner_t *s = src->scanner;
    if (s->r_ttl == TTL_NOT_STATED) {
        *ret = ttl_missing(l, src);
        return true;
    }
    if (s->r_ttl <= TTL_MAX) {
        *ret = l->ttl_last = s->r_ttl;
        l->ttl_known = true;
        return true;
    }
    char at[RECORD_TEXT_LEN];
    record_at(s, at);
    diag_add(l->diags, &rule_zone_ttl_range, AT_LINE(src->name, src->record_line), at,
             "TTL %" PRIu32, s->r_ttl);
    l->failed = true;
    return false;
}

static int record_take(struct loader *l, const struct source *src)
{
    const zs_scanner_t *s = src->scanner;
    char at[RECORD_TEXT_LEN];
    struct diag_where where = AT_LINE(src->name, src->record_line);
    uint32_t ttl = 0;
    if (s->r_class != KNOT_CLASS_IN) {
        record_at(s, at);
        diag_add(l->diags, &rule_zone_class, where, at, "class %u", (unsigned)s->r_class);
        l->failed = true;
        return ERR_OK;
    }
    if (!ttl_of(l, src, &ttl))
        return ERR_OK;
    if (s->r_type == KNOT_RRTYPE_SOA && !zone_builder_has_apex(l->builder) &&
        zone_builder_set_apex(l->builder, s->r_owner) != ERR_OK)
        return ERR_NOMEM;
    l->record_n++;
    uint32_t line = src->parent == NULL ? src->record_line : 0;
    int err =
        zone_builder_add(l->builder, s->r_owner, s->r_type, ttl, s->r_data, s->r_data_length, line);
    if (err == ERR_FINDINGS) {
        const char *fault = rdata_check(s->r_type, s->r_data, s->r_data_length);
        record_at(s, at);
        diag_add(l->diags, &rule_zone_rdata, where, at, "the record data is malformed: %s", fault);
        l->failed = true;
        return ERR_OK;
    }
    if (err == ERR_LIMIT)
        diag_add(l->diags, &rule_zone_too_large, where, NULL, "over %llu records",
                 LIMIT_ZONE_RECORDS);
    return err;
}

/* ------------------------------------------------------------------ $INCLUDE */

static void report_include(struct loader *l, const struct source *src, const char *name,
                           const char *fault)
{
    diag_add(l->diags, &rule_zone_include, AT_LINE(src->name, source_error_line(src)), NULL,
             "$INCLUDE %s: %s", name, fault);
    l->failed = true;
}

static bool is_inside(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || strcmp(folder, "/") == 0);
}

/* The resolved path of an included file, malloc'ed; NULL after a finding. */
static char *include_resolve(struct loader *l, const struct source *src, const char *name)
{
    if (l->folder == NULL) {
        report_include(l, src, name, "the zone does not come from a file");
        return NULL;
    }
    if (name[0] == '/') {
        report_include(l, src, name, "the path is absolute");
        return NULL;
    }
    AUTO_FREE char *path = file_relative_to(src->path, name);
    AUTO_FREE char *real = path == NULL ? NULL : realpath(path, NULL);
    if (real == NULL) {
        report_include(l, src, name, strerror(errno));
        return NULL;
    }
    /* resolved first, so that neither ".." nor a link leads out */
    if (!is_inside(real, l->folder)) {
        report_include(l, src, name, "the file is outside the zone file's folder");
        return NULL;
    }
    for (const struct source *up = src; up != NULL; up = up->parent) {
        if (strcmp(up->path, real) == 0) {
            report_include(l, src, name, "the file includes itself");
            return NULL;
        }
    }
    return TAKE(real);
}

static int include_scan(struct loader *l, const struct source *src, const char *name,
                        const char *origin)
{
    if (src->depth >= LIMIT_INCLUDE_DEPTH || l->include_n >= LIMIT_ZONE_INCLUDES) {
        report_include(l, src, name, "too many included files, or too deeply nested");
        return ERR_OK;
    }
    l->include_n++;
    AUTO_FREE char *path = include_resolve(l, src, name);
    if (path == NULL)
        return ERR_OK;
    AUTO(buf) struct buf content = {0};
    int err = file_read(path, LIMIT_ZONE_BYTES, &content);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK) {
        report_include(l, src, name, strerror(errno));
        return ERR_OK;
    }
    /* shown as seen from where the zone file was named */
    AUTO_FREE char *shown = file_relative_to(src->name, name);
    if (shown == NULL)
        return ERR_NOMEM;
    AUTO(source)
    struct source inner = {.name = shown, .path = path, .parent = src, .depth = src->depth + 1};
    err = source_open(&inner, (const char *)content.data, content.len, origin,
                      src->scanner->default_ttl);
    return err != ERR_OK ? err : source_scan(l, &inner);
}

static int include_take(struct loader *l, const struct source *src)
{
    zs_scanner_t *s = src->scanner;
    /* the scanner puts "./" before relative names; the origin is in `buffer`, as text */
    const char *name = s->include_filename;
    if (strncmp(name, "./", 2) == 0)
        name += 2;
    /* set from the first $INCLUDE on, it would turn each later error into the last one */
    s->error.fatal = false;
    if (l->opts->allow_include)
        return include_scan(l, src, name, (const char *)s->buffer);
    diag_add(l->diags, &rule_zone_include_off, AT_LINE(src->name, source_error_line(src)), NULL,
             "$INCLUDE %s", name);
    l->failed = true;
    return ERR_OK;
}

/* ------------------------------------------------------------------ scanning */

static int source_scan(struct loader *l, struct source *src)
{
    if (src->nul_line > 0) {
        diag_add(l->diags, &rule_zone_not_text, AT_LINE(src->name, src->nul_line), NULL,
                 "a NUL octet");
        l->failed = true;
        return ERR_OK;
    }
    for (;;) {
        int err = ERR_OK;
        switch (source_next(src)) {
        case SOURCE_RECORD: err = record_take(l, src); break;
        case SOURCE_INCLUDE: err = include_take(l, src); break;
        case SOURCE_ERROR:
            report_syntax(l, src);
            if (src->scanner->error.fatal)
                return ERR_OK;
            break;
        case SOURCE_END: return ERR_OK;
        }
        if (err != ERR_OK)
            return err;
    }
}

/* What relative names are seen from before any $ORIGIN (see zone_load_opts). */
static void origin_guess(const struct zone_load_opts *opts, const char *name,
                         char out[NAME_TEXT_LEN])
{
    uint8_t wire[256];
    memcpy(out, ".", 2);
    if (opts->origin != NULL) {
        name_to_text(opts->origin, out);
        return;
    }
    const char *slash = strrchr(name, '/');
    AUTO_FREE char *base = strdup(slash == NULL ? name : slash + 1);
    if (base == NULL)
        return;
    bool cut = false;
    for (;;) {
        char *dot = strrchr(base, '.');
        if (dot == NULL || (strcmp(dot, ".zone") != 0 && strcmp(dot, ".signed") != 0))
            break;
        *dot = 0;
        cut = true;
    }
    if (cut && name_from_text(base, wire))
        name_to_text(wire, out);
}

static int loader_finish(struct loader *l, const char *name, struct zone **ret)
{
    struct diag_where where = AT_FILE(name);
    if (l->record_n == 0 && !l->failed && !l->opts->may_be_empty) {
        diag_add(l->diags, &rule_zone_empty, where, NULL, "no record");
        return ERR_FINDINGS;
    }
    if (!zone_builder_has_apex(l->builder)) {
        diag_add(l->diags, &rule_zone_no_apex, where, NULL, "no SOA record, and no origin given");
        return ERR_FINDINGS;
    }
    /* built also after errors, for its findings */
    AUTO_PTR(zone) struct zone *z = NULL;
    int err = zone_builder_finish(TAKE(l->builder), &z, l->diags);
    if (err == ERR_OK && l->failed)
        err = ERR_FINDINGS;
    if (z != NULL)
        z->is_partial = l->failed;
    if (err == ERR_OK || (err == ERR_FINDINGS && l->opts->keep_partial))
        *ret = TAKE(z);
    return err;
}

/* PATH is resolved, or NULL when the text does not come from a file. CONTENT, if given, holds the
   text and is let go before the snapshot is built. */
static int text_load(const char *name, const char *path, const char *text, size_t len,
                     struct buf *content, const struct zone_load_opts *opts, struct zone **ret,
                     struct diags *diags)
{
    static const struct zone_load_opts none = {0};
    struct loader l = {.opts = opts == NULL ? &none : opts, .diags = diags};
    char origin[NAME_TEXT_LEN];
    origin_guess(l.opts, name, origin);
    AUTO_FREE char *folder = path == NULL ? NULL : strdup(path);
    if (path != NULL && folder == NULL)
        return ERR_NOMEM;
    l.folder = folder == NULL ? NULL : dirname(folder);
    l.builder = zone_builder_new(l.opts->origin, name);
    if (l.builder == NULL)
        return ERR_NOMEM;
    AUTO(source) struct source src = {.name = name, .path = path == NULL ? name : path};
    int err = source_open(&src, text, len, origin, TTL_NOT_STATED);
    if (err == ERR_OK)
        err = source_scan(&l, &src);
    source_done(&src);
    if (content != NULL)
        buf_done(content);
    if (err == ERR_OK)
        err = loader_finish(&l, name, ret);
    zone_builder_free(l.builder);
    return err;
}

int zone_parse(const char *name, const char *text, size_t len, const struct zone_load_opts *opts,
               struct zone **ret, struct diags *diags)
{
    return text_load(name, NULL, text, len, NULL, opts, ret, diags);
}

int zone_load(const char *path, const struct zone_load_opts *opts, struct zone **ret,
              struct diags *diags)
{
    AUTO(buf) struct buf content = {0};
    int err = file_read(path, LIMIT_ZONE_BYTES, &content);
    if (err == ERR_LIMIT)
        diag_add(diags, &rule_zone_too_large, AT_FILE(path), NULL, "%s, over the limit of %llu",
                 file_size_text(path).text, LIMIT_ZONE_BYTES);
    else if (err == ERR_IO)
        diag_add(diags, &rule_zone_read, AT_FILE(path), NULL, "%s", strerror(errno));
    if (err != ERR_OK)
        return err;
    AUTO_FREE char *real = realpath(path, NULL); /* NULL for a pipe: then nothing can be included */
    return text_load(path, real, (const char *)content.data, content.len, &content, opts, ret,
                     diags);
}
