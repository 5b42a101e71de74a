/* What the last build of a zone fixed. Signed zones can outgrow a database row: they are files. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

#define FILE_STEM_MAX 180 /* of 255: room for serial, digest and the temporary name's parts */

void sha256_hex(const void *data, size_t len, char ret[65])
{
    uint8_t sha[32] = {0};
    (void)gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, sha);
    hex_encode(sha, sizeof sha, ret);
}

/* ------------------------------------------------------------------ lists of files */

int file_list_add(struct file_list *l, char *path)
{
    char **paths = reallocarray(l->paths, l->n + 1, sizeof(char *));
    if (paths == NULL) {
        free(path);
        return ERR_NOMEM;
    }
    l->paths = paths;
    l->paths[l->n++] = path;
    return ERR_OK;
}

void file_list_done(struct file_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->paths[i]);
    free(l->paths);
    *l = (struct file_list){0};
}

/* ------------------------------------------------------------------ rows */

int state_zone_id(struct state *s, const uint8_t *zone, bool make, int64_t *ret)
{
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    if (make) {
        int err =
            state_run(s, "INSERT INTO zones (name) VALUES (?) ON CONFLICT DO NOTHING", "t", name);
        if (err != ERR_OK)
            return err;
    }
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT id FROM zones WHERE name = ?", "t", name);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_OK)
        *ret = sqlite3_column_int64(q, 0);
    return err;
}

/* A name for people, safe as a file's: what is not plain becomes %XX, what is too long a digest. */
static void add_stem(const char *name, struct buf *b)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    if (strlen(name) > FILE_STEM_MAX / 3) {
        char hex[65];
        sha256_hex(name, strlen(name), hex);
        buf_add(b, hex, 64);
        return;
    }
    for (const char *c = name; *c != 0; c++) {
        if (strchr(plain, *c) != NULL && !(c == name && *c == '.'))
            buf_add_char(b, *c);
        else
            buf_printf(b, "%%%02X", (unsigned char)*c);
    }
}

/* The content's digest in the name: the file of an open transaction is never the one it replaces.
 */
static char *file_name(const uint8_t *zone, uint32_t serial, const char *sha)
{
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    AUTO(buf) struct buf b = {0};
    add_stem(name, &b);
    buf_printf(&b, ".%" PRIu32 "-%.16s.zone", serial, sha);
    return buf_ok(&b) ? strdup(buf_str(&b)) : NULL;
}

/* ------------------------------------------------------------------ reading */

void state_zone_done(struct state_zone *z)
{
    buf_done(&z->signed_zone);
    *z = (struct state_zone){0};
}

/* A damaged or lost file is only a loss of work: all is signed again. */
static int read_signed(struct state *s, sqlite3_stmt *q, struct buf *ret)
{
    const char *name = (const char *)sqlite3_column_text(q, 0);
    const char *sha = (const char *)sqlite3_column_text(q, 1);
    if (name == NULL || sha == NULL)
        return ERR_OK;
    AUTO_FREE char *path = file_join(s->zones_dir, name);
    if (path == NULL)
        return ERR_NOMEM;
    AUTO(buf) struct buf content = {0};
    int err = file_read(path, (size_t)LIMIT_ZONE_BYTES, &content);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK) {
        diag_add(s->diags, &rule_state_zone_lost, AT_FILE(path), NULL, "cannot be read: %s",
                 err == ERR_LIMIT ? err_text(err) : strerror(errno));
        return ERR_OK;
    }
    char hex[65];
    sha256_hex(content.data, content.len, hex);
    if (strcmp(hex, sha) != 0) {
        diag_add(s->diags, &rule_state_zone_lost, AT_FILE(path), NULL,
                 "not the bytes that were written: SHA-256 %.16s…", hex);
        diag_expect(s->diags, "SHA-256 %.16s…; every signature is made anew", sha);
        return ERR_OK;
    }
    *ret = content;
    content = (struct buf){0};
    return ERR_OK;
}

static int get(struct state *s, const uint8_t *zone, bool with_text, struct state_zone *ret)
{
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT signed_file, signed_sha256, serial, built_at, confirmed_at,"
                          " confirmed_serial FROM zones WHERE name = ?",
                          "t", name);
    if (err == ERR_OK)
        err = state_step(s, q);
    struct state_zone z = {0};
    if (err == ERR_OK) {
        z.has_serial = sqlite3_column_type(q, 2) == SQLITE_INTEGER;
        z.serial = (uint32_t)sqlite3_column_int64(q, 2);
        z.built_at = sqlite3_column_int64(q, 3);
        z.confirmed_at = sqlite3_column_int64(q, 4);
        z.confirmed_serial = (uint32_t)sqlite3_column_int64(q, 5);
        if (with_text)
            err = read_signed(s, q, &z.signed_zone);
    }
    if (err != ERR_OK && err != ERR_ABSENT) {
        state_zone_done(&z);
        return err;
    }
    *ret = z;
    return ERR_OK;
}

int state_zone_get(struct state *s, const uint8_t *zone, struct state_zone *ret)
{
    return get(s, zone, true, ret);
}

int state_zone_look(struct state *s, const uint8_t *zone, struct state_zone *ret)
{
    return get(s, zone, false, ret);
}

/* ------------------------------------------------------------------ writing */

static int write_signed(struct state *s, const char *name, struct bytes content)
{
    AUTO_FREE char *path = file_join(s->zones_dir, name);
    if (path == NULL)
        return ERR_NOMEM;
    int err = file_write_atomic(path, content.data, content.len, 0600);
    if (err == ERR_OK)
        return file_list_add(&s->fresh, TAKE(path));
    if (err == ERR_IO)
        diag_add(s->diags, &rule_state_io, AT_FILE(path), NULL, "cannot be written: %s",
                 strerror(errno));
    return err;
}

static bool file_is_sound(const struct state *s, const char *name, const char *sha)
{
    AUTO_FREE char *path = file_join(s->zones_dir, name);
    AUTO(buf) struct buf content = {0};
    char hex[65];
    if (path == NULL || file_read(path, (size_t)LIMIT_ZONE_BYTES, &content) != ERR_OK)
        return false;
    sha256_hex(content.data, content.len, hex);
    return strcmp(hex, sha) == 0;
}

/* The file of the row, to be removed when NAME takes its place. RET_SAME: it has that name. */
static int supersede(struct state *s, int64_t id, const char *name, bool *ret_same)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(
        s, &q, "SELECT signed_file FROM zones WHERE id = ? AND signed_file NOT NULL", "i", id);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err != ERR_OK)
        return err == ERR_ABSENT ? ERR_OK : err;
    const char *old = (const char *)sqlite3_column_text(q, 0);
    *ret_same = old != NULL && strcmp(old, name) == 0;
    if (*ret_same || old == NULL)
        return ERR_OK;
    char *path = file_join(s->zones_dir, old);
    return path == NULL ? ERR_NOMEM : file_list_add(&s->superseded, path);
}

static int put(struct state *s, const uint8_t *zone, uint32_t serial, struct bytes content,
               int64_t now)
{
    char sha[65];
    int64_t id = 0;
    bool same = false;
    sha256_hex(content.data, content.len, sha);
    AUTO_FREE char *name = file_name(zone, serial, sha);
    if (name == NULL)
        return ERR_NOMEM;
    int err = state_zone_id(s, zone, true, &id);
    if (err == ERR_OK)
        err = supersede(s, id, name, &same);
    if (err == ERR_OK && !(same && file_is_sound(s, name, sha)))
        err = write_signed(s, name, content);
    if (err != ERR_OK)
        return err;
    return state_run(s,
                     "UPDATE zones SET serial = ?, signed_file = ?, signed_size = ?,"
                     " signed_sha256 = ?, built_at = ? WHERE id = ?",
                     "ititii", (int64_t)serial, name, (int64_t)content.len, sha, now, id);
}

int state_zone_put(struct state *s, const uint8_t *zone, uint32_t serial, struct bytes signed_zone,
                   int64_t now)
{
    bool own = false;
    int err = state_enter(s, &own);
    return err == ERR_OK ? state_leave(s, own, put(s, zone, serial, signed_zone, now)) : err;
}

static int is_confirmed(struct state *s, int64_t id, uint32_t serial, bool *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT 1 FROM zones WHERE id = ? AND confirmed_at > 0"
                          " AND confirmed_serial = ?",
                          "ii", id, (int64_t)serial);
    if (err == ERR_OK)
        err = state_step(s, q);
    *ret = err == ERR_OK;
    return err == ERR_ABSENT ? ERR_OK : err;
}

static int confirm(struct state *s, const uint8_t *zone, uint32_t serial, int64_t now)
{
    int64_t id = 0;
    bool again = false;
    int err = state_zone_id(s, zone, false, &id);
    if (err == ERR_OK)
        err = is_confirmed(s, id, serial, &again);
    if (err != ERR_OK || again)
        return err; /* timing counts from the first time */
    err = state_run(s, "UPDATE zones SET confirmed_at = ?, confirmed_serial = ? WHERE id = ?",
                    "iii", now, (int64_t)serial, id);
    if (err != ERR_OK)
        return err;
    char name[NAME_TEXT_LEN];
    char why[64];
    name_to_text_nodot(zone, name);
    (void)snprintf(why, sizeof why, "serial %" PRIu32 " is public", serial);
    return state_event(s, now, name, "confirmed", why);
}

int state_zone_confirm(struct state *s, const uint8_t *zone, uint32_t serial, int64_t now)
{
    bool own = false;
    int err = state_enter(s, &own);
    return err == ERR_OK ? state_leave(s, own, confirm(s, zone, serial, now)) : err;
}

/* ------------------------------------------------------------------ sweeping */

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name);
    size_t m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

static bool is_temporary(const char *name)
{
    return name[0] == '.' && has_suffix(name, ".tmp");
}

static bool is_current(struct state *s, const char *name)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT 1 FROM zones WHERE signed_file = ?", "t", name);
    if (err == ERR_OK)
        err = state_step(s, q);
    return err != ERR_ABSENT; /* when in doubt it stays */
}

void state_drop_files(struct state *s, struct file_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *slash = strrchr(l->paths[i], '/');
        if (!is_current(s, slash == NULL ? l->paths[i] : slash + 1))
            (void)unlink(l->paths[i]); /* what stays is swept at the next opening */
    }
    file_list_done(l);
}

static void sweep_folder(struct state *s, const char *dir, bool zones)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        bool old_zone = zones && has_suffix(e->d_name, ".zone") && !is_current(s, e->d_name);
        if (old_zone || is_temporary(e->d_name))
            (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d != NULL)
        (void)closedir(d);
}

void state_sweep(struct state *s)
{
    sweep_folder(s, s->zones_dir, true);
    sweep_folder(s, s->keys_dir, false);
}
