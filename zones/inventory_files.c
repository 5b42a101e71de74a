/* The files of an inventory: read whole, include by include, each once. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "zones/inventory_int.h"

struct inv_file {
    const char *path; /* as findings call it */
    const char *real; /* to tell files apart */
    bool is_open;     /* its includes are being read */
    struct diag_where included_at;
};

struct files {
    struct inv_ctx *ctx;
    struct inv_file *sources;
    struct inv_input *inputs;
    size_t n;
    bool allow_include;
};

static int read_file(struct files *f, const char *path, struct diag_where from, unsigned depth);

/* ------------------------------------------------------------------ one file */

static void unreadable(struct files *f, const char *path, struct diag_where from, const char *why)
{
    struct diag_where where = from.file == NULL ? AT_FILE(path) : from;
    f->ctx->incomplete = true;
    MALFORMED(f->ctx, &rule_inv_unreadable, where, from.file == NULL ? NULL : "include", "%s: %s",
              path, why);
}

static bool is_repeated(struct files *f, const char *path, const char *real, struct diag_where from)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct inv_file *s = &f->sources[i];
        if (strcmp(s->real, real) != 0)
            continue;
        if (s->is_open)
            MALFORMED(f->ctx, &rule_inv_include_cycle, from, "include",
                      "%s is being read already: it leads to this include", path);
        else
            MALFORMED(f->ctx, &rule_inv_include_twice, from, "include",
                      "%s was included before, at %s:%u", path, s->included_at.file,
                      s->included_at.line);
        return true;
    }
    return false;
}

static bool is_over_limit(struct files *f, struct diag_where from, unsigned depth)
{
    if (depth > LIMIT_INCLUDE_DEPTH) {
        MALFORMED(f->ctx, &rule_inv_limit, from, "include", "includes of includes, %u deep", depth);
        diag_expect(f->ctx->diags, "at most %u", LIMIT_INCLUDE_DEPTH);
        return true;
    }
    if (f->n >= LIMIT_INVENTORY_FILES) {
        MALFORMED(f->ctx, &rule_inv_limit, from, "include", "too many files");
        diag_expect(f->ctx->diags, "at most %u", LIMIT_INVENTORY_FILES);
        return true;
    }
    return false;
}

/* Bytes of PATH into the arena. RET is empty and RET_OK false after a finding. */
static int read_bytes(struct files *f, const char *path, struct diag_where from, struct bytes *ret,
                      bool *ret_ok)
{
    AUTO(buf) struct buf content = {0};
    int err = file_read(path, LIMIT_INVENTORY_BYTES, &content);
    *ret_ok = err == 0;
    f->ctx->incomplete = f->ctx->incomplete || err != 0;
    if (err == ERR_LIMIT) {
        MALFORMED(f->ctx, &rule_inv_limit, from.file == NULL ? AT_FILE(path) : from, NULL,
                  "%s is too large: %s", path, file_size_text(path).text);
        diag_expect(f->ctx->diags, "at most %u bytes", LIMIT_INVENTORY_BYTES);
        return 0;
    }
    if (err == ERR_IO) {
        unreadable(f, path, from, strerror(errno));
        return 0;
    }
    if (err != 0)
        return err;
    ret->data = arena_dup(f->ctx->arena, content.data, content.len);
    ret->len = content.len;
    return ret->data == NULL ? ERR_NOMEM : 0;
}

static int grow(struct files *f)
{
    if ((f->n & (f->n - 1)) != 0)
        return 0; /* room doubles at powers of two */
    size_t cap = f->n == 0 ? 1 : f->n * 2;
    struct inv_file *sources = realloc(f->sources, cap * sizeof(*sources));
    if (sources == NULL)
        return ERR_NOMEM;
    f->sources = sources;
    struct inv_input *inputs = arena_zalloc(f->ctx->arena, cap, sizeof(*inputs));
    if (inputs == NULL)
        return ERR_NOMEM;
    if (f->n > 0)
        memcpy(inputs, f->inputs, f->n * sizeof(*inputs));
    f->inputs = inputs;
    return 0;
}

static int add_text(struct files *f, const char *path, struct bytes content)
{
    AUTO(yaml_doc) struct yaml_doc doc = {0};
    int err = yaml_open(f->ctx, path, (const char *)content.data, content.len, &doc);
    f->ctx->incomplete = f->ctx->incomplete || doc.doc == NULL;
    return err != 0 || doc.doc == NULL ? err : schema_add(f->ctx, &doc);
}

/* ------------------------------------------------------------------ includes */

static bool has_pattern(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

/* The folder of FILE is meant as it is written, whatever characters it has. */
static int full_pattern(const char *file, const char *name, struct buf *out)
{
    const char *slash = name[0] == '/' ? NULL : strrchr(file, '/');
    for (const char *p = file; slash != NULL && p <= slash; p++) {
        if (strchr("*?[]\\", *p) != NULL)
            buf_add_char(out, '\\');
        buf_add_char(out, *p);
    }
    buf_add_str(out, name);
    return buf_ok(out) ? 0 : ERR_NOMEM;
}

/* glob sorts by locale; the order of reading must not depend on it. */
static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static int read_pattern(struct files *f, const char *name, struct diag_where from, unsigned depth)
{
    AUTO(buf) struct buf pattern = {0};
    int err = full_pattern(from.file, name, &pattern);
    if (err != 0)
        return err;
    glob_t g = {0};
    int rc = glob(buf_str(&pattern), GLOB_NOSORT, NULL, &g);
    if (rc == GLOB_NOSPACE)
        err = ERR_NOMEM;
    else if (rc != 0)
        MALFORMED(f->ctx, &rule_inv_include_none, from, "include", "no file matches %s", name);
    if (rc == 0)
        qsort(g.gl_pathv, g.gl_pathc, sizeof(*g.gl_pathv), by_bytes);
    for (size_t i = 0; rc == 0 && err == 0 && i < g.gl_pathc; i++)
        err = read_file(f, g.gl_pathv[i], from, depth);
    globfree(&g);
    return err;
}

static int read_include(struct files *f, const char *name, struct diag_where from, unsigned depth)
{
    if (!f->allow_include) {
        MALFORMED(f->ctx, &rule_inv_unreadable, from, "include", "%s", name);
        diag_expect(f->ctx->diags, "no includes in an inventory that is not read from a file");
        return 0;
    }
    if (has_pattern(name))
        return read_pattern(f, name, from, depth);
    char *path = file_relative_to(from.file, name);
    int err = path == NULL ? ERR_NOMEM : read_file(f, path, from, depth);
    free(path);
    return err;
}

/* What the file PATH (the pointer tells it apart) wants to include. */
static int read_includes(struct files *f, const char *path, unsigned depth)
{
    const struct lyd_node *n = tree_child(f->ctx->root, "include");
    for (; n != NULL; n = tree_next(n)) {
        struct diag_where from = tree_where(n);
        if (from.file != path)
            continue;
        int err = read_include(f, lyd_get_value(n), from, depth + 1);
        if (err != 0)
            return err;
    }
    return 0;
}

static int read_source(struct files *f, const char *path, const char *real, struct diag_where from,
                       unsigned depth)
{
    struct bytes content = {0};
    bool ok = false;
    int err = read_bytes(f, path, from, &content, &ok);
    if (err != 0 || !ok)
        return err;
    err = grow(f);
    if (err != 0)
        return err;
    size_t self = f->n++;
    f->sources[self] = (struct inv_file){path, real, true, from};
    f->inputs[self] = (struct inv_input){path, content};
    err = add_text(f, path, content);
    if (err == 0)
        err = read_includes(f, path, depth);
    f->sources[self].is_open = false;
    return err;
}

static int read_file(struct files *f, const char *path, struct diag_where from, unsigned depth)
{
    if (is_over_limit(f, from, depth))
        return 0;
    char real[PATH_MAX];
    if (realpath(path, real) == NULL) {
        unreadable(f, path, from, strerror(errno));
        return 0;
    }
    if (is_repeated(f, path, real, from))
        return 0;
    const char *kept = arena_strdup(f->ctx->arena, path);
    const char *kept_real = arena_strdup(f->ctx->arena, real);
    if (kept == NULL || kept_real == NULL)
        return ERR_NOMEM;
    return read_source(f, kept, kept_real, from, depth);
}

/* ------------------------------------------------------------------ entry points */

int files_read(struct inv_ctx *ctx, const char *path, struct inventory *ret)
{
    struct files f = {.ctx = ctx, .allow_include = true};
    int err = read_file(&f, path, AT_NOWHERE, 0);
    free(f.sources);
    ret->inputs = f.inputs;
    ret->input_n = f.n;
    return err;
}

int files_read_text(struct inv_ctx *ctx, const char *name, const char *text, size_t len,
                    struct inventory *ret)
{
    struct files f = {.ctx = ctx};
    struct inv_input *input = arena_zalloc(ctx->arena, 1, sizeof(*input));
    const void *copy = arena_dup(ctx->arena, text, len);
    if (input == NULL || copy == NULL)
        return ERR_NOMEM;
    *input = (struct inv_input){name, {copy, len}};
    ret->inputs = input;
    ret->input_n = 1;
    int err = add_text(&f, name, input->content);
    return err != 0 ? err : read_includes(&f, name, 0);
}
