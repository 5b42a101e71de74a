#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/previous.h"
#include "app/rules_app.h"
#include "common/err.h"
#include "common/file.h"
#include "publish/publish.h"

#define WEB        "web/"
#define LIST_PATH  WEB ".well-known/mudzone/domains.json"
#define VERSIONS   WEB ".well-known/mudzone/v/"
#define SERIAL_MAX 10 /* digits */

struct version_file {
    uint32_t serial;
    const struct manifest_file *file;
};

struct version_files { /* by serial, then path */
    struct version_file *items;
    size_t n;
};

/* The serial in the path of a version's file, 0: it is none. */
static uint32_t serial_of(const char *path)
{
    size_t len = sizeof(VERSIONS) - 1;
    if (strncmp(path, VERSIONS, len) != 0)
        return 0;
    size_t digits = strspn(path + len, "0123456789");
    if (digits == 0 || digits > SERIAL_MAX || path[len + digits] != '/')
        return 0;
    unsigned long long serial = strtoull(path + len, NULL, 10);
    return serial > UINT32_MAX ? 0 : (uint32_t)serial;
}

static int by_serial(const void *a, const void *b)
{
    const struct version_file *x = a, *y = b;
    if (x->serial != y->serial)
        return x->serial < y->serial ? -1 : 1;
    return strcmp(x->file->path, y->file->path);
}

static int list_files(const struct manifest *old, struct arena *arena, struct version_files *ret)
{
    ret->items = arena_zalloc(arena, old->file_n + 1, sizeof(*ret->items));
    if (ret->items == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < old->file_n; i++) {
        uint32_t serial = serial_of(old->files[i].path);
        if (serial != 0)
            ret->items[ret->n++] = (struct version_file){serial, &old->files[i]};
    }
    if (ret->n > 1)
        qsort(ret->items, ret->n, sizeof(*ret->items), by_serial);
    return ERR_OK;
}

/* ------------------------------------------------------------------ is state what made OUT? */

static const char *list_digest(const struct manifest *old)
{
    for (size_t i = 0; i < old->file_n; i++) {
        if (strcmp(old->files[i].path, LIST_PATH) == 0)
            return old->files[i].sha256;
    }
    return "";
}

static uint32_t newest_serial(const struct mud_previous *p)
{
    return p->version_n == 0 ? 0 : p->versions[p->version_n - 1].serial;
}

/* An older copy of state, brought back, may also have gone another way to the same serial. */
static bool is_overtaken(const struct mud_previous *p, const struct manifest *old, uint32_t floor)
{
    uint8_t digest[32];
    char hex[MANIFEST_HEX_LEN];
    if (floor != newest_serial(p))
        return floor > newest_serial(p);
    sha256_of(p->list, digest);
    hex_encode(digest, sizeof(digest), hex);
    return floor != 0 && strcmp(hex, list_digest(old)) != 0;
}

/* ------------------------------------------------------------------ OUT's versions */

/* False in RET_SOUND: not as the manifest says, so not worth keeping. */
static int read_file(const char *out, const struct manifest_file *f, struct arena *arena,
                     struct mud_file *ret, bool *ret_sound)
{
    AUTO_FREE char *path = file_join(out, f->path);
    AUTO(buf) struct buf content = {0};
    uint8_t digest[32];
    char hex[MANIFEST_HEX_LEN];
    if (path == NULL)
        return ERR_NOMEM;
    int err = file_read(path, (size_t)f->size, &content);
    if (err != ERR_OK)
        *ret_sound = false;
    if (err != ERR_OK)
        return err == ERR_NOMEM ? err : ERR_OK;
    sha256_of(buf_bytes(&content), digest);
    hex_encode(digest, sizeof(digest), hex);
    *ret_sound = *ret_sound && strcmp(hex, f->sha256) == 0;
    ret->path = arena_strdup(arena, f->path + sizeof(WEB) - 1);
    const void *own = arena_dup(arena, buf_str(&content), content.len);
    ret->content = (struct bytes){own, content.len};
    return ret->path == NULL || own == NULL ? ERR_NOMEM : ERR_OK;
}

static int read_version(const char *out, const struct version_file *from, size_t n,
                        struct arena *arena, struct mud_version *ret, bool *ret_sound)
{
    struct mud_file *files = arena_zalloc(arena, n, sizeof(*files));
    int err = files == NULL ? ERR_NOMEM : ERR_OK;
    *ret_sound = true;
    for (size_t i = 0; i < n && err == ERR_OK && *ret_sound; i++)
        err = read_file(out, from[i].file, arena, &files[i], ret_sound);
    *ret = (struct mud_version){.serial = from[0].serial, .files = files, .file_n = n};
    return err;
}

static int version_by_serial(const void *a, const void *b)
{
    const struct mud_version *x = a, *y = b;
    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

/* What was published under a serial stays that: OUT's version takes the place of state's. */
static void put_version(struct mud_version *versions, size_t *n, const struct mud_version *v)
{
    for (size_t i = 0; i < *n; i++) {
        if (versions[i].serial != v->serial)
            continue;
        int64_t superseded_at = versions[i].superseded_at;
        versions[i] = *v;
        versions[i].superseded_at = superseded_at;
        return;
    }
    versions[(*n)++] = *v;
}

static int take_versions(struct previous *p, const char *out, const struct version_files *files)
{
    size_t n = p->value.version_n;
    struct mud_version *versions = arena_zalloc(p->arena, n + files->n + 1, sizeof(*versions));
    if (versions == NULL)
        return ERR_NOMEM;
    if (n > 0)
        memcpy(versions, p->value.versions, n * sizeof(*versions));
    for (size_t i = 0, end; i < files->n; i = end) {
        struct mud_version v;
        bool sound = false;
        for (end = i + 1; end < files->n && files->items[end].serial == files->items[i].serial;)
            end++;
        int err = read_version(out, &files->items[i], end - i, p->arena, &v, &sound);
        if (err != ERR_OK)
            return err;
        if (sound)
            put_version(versions, &n, &v);
    }
    if (n > 1)
        qsort(versions, n, sizeof(*versions), version_by_serial);
    p->value.versions = versions;
    p->value.version_n = n;
    return ERR_OK;
}

int previous_heed_out(struct previous *p, const char *out, const struct manifest *old,
                      struct diags *diags)
{
    struct version_files files = {0};
    if (old->version == NULL)
        return ERR_OK; /* no OUT of ours */
    int err = list_files(old, p->arena, &files);
    if (err != ERR_OK)
        return err;
    uint32_t floor = files.n == 0 ? 0 : files.items[files.n - 1].serial;
    if (floor < old->list_serial)
        floor = old->list_serial;
    p->value.serial_floor = floor;
    p->value.overtaken = is_overtaken(&p->value, old, floor);
    if (!p->value.overtaken)
        return ERR_OK;
    diag_add(diags, &rule_state_behind, AT_FILE(out), "domains.json",
             "has list serial %u, the state folder's last is %u%s", floor, newest_serial(&p->value),
             floor == newest_serial(&p->value) ? ", of another list" : "");
    return take_versions(p, out, &files);
}
