/*
 * Looking at a state without its lock: a copy in memory of what was committed last. So a build may
 * run meanwhile, a file system may be read-only, an older version is brought up to date without
 * touching it, and nothing changes under the reader.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

#define COPY_TRIES 10 /* a build that ends while we copy: again */

/* What tells one content of the database file from another. */
struct file_mark {
    off_t size;
    struct timespec changed;
    bool has_log; /* commits that are not in the file itself */
};

static int mark_file(const struct state *s, struct file_mark *ret)
{
    struct stat st;
    AUTO_FREE char *wal = NULL;
    if (asprintf(&wal, "%s-wal", s->db_path) < 0)
        return ERR_NOMEM;
    *ret = (struct file_mark){0};
    ret->has_log = stat(wal, &st) == 0 && st.st_size > 0;
    if (stat(s->db_path, &st) != 0)
        return ERR_ABSENT;
    ret->size = st.st_size;
    ret->changed = st.st_mtim;
    return ERR_OK;
}

static bool is_same(const struct file_mark *a, const struct file_mark *b)
{
    return !a->has_log && !b->has_log && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* ------------------------------------------------------------------ copying */

/* The connection's content, which is closed, into one in memory, which takes its place. */
static int copy_to_memory(struct state *s)
{
    sqlite3 *memory = NULL;
    int rc = sqlite3_open_v2(":memory:", &memory, SQLITE_OPEN_READWRITE, NULL);
    sqlite3_backup *b = rc == SQLITE_OK ? sqlite3_backup_init(memory, "main", s->db, "main") : NULL;
    if (b != NULL) {
        (void)sqlite3_backup_step(b, -1);
        rc = sqlite3_backup_finish(b);
    } else if (rc == SQLITE_OK) {
        rc = sqlite3_errcode(memory);
    }
    if (rc != SQLITE_OK) {
        (void)sqlite3_close(memory);
        return state_failed(s, rc);
    }
    (void)sqlite3_close(s->db);
    s->db = memory;
    (void)sqlite3_extended_result_codes(s->db, 1);
    return ERR_OK;
}

static void disconnect(struct state *s)
{
    (void)sqlite3_close(s->db);
    s->db = NULL;
}

/* SQLite wants to write beside a database with a log, if only to find its way in it. */
static int copy_with_log(struct state *s)
{
    if (access(s->dir, W_OK) != 0) {
        int why = errno;
        AUTO_FREE char *index = NULL;
        if (asprintf(&index, "%s-shm", s->db_path) < 0)
            return ERR_NOMEM;
        if (access(index, F_OK) != 0) {
            diag_add(s->diags, &rule_state_io, AT_FILE(s->db_path), NULL,
                     "a run was cut short here, and the folder cannot be written: %s",
                     strerror(why));
            diag_expect(s->diags, "any command where it can be: that puts the database in order");
            return ERR_IO;
        }
    }
    int err = state_connect(s, SQLITE_OPEN_READONLY, false);
    return err == ERR_OK ? copy_to_memory(s) : err;
}

/* Without a log the file is all there is, as long as it stays as it is: that is looked at after. */
static int copy_file(struct state *s, const struct file_mark *before, bool *ret_done)
{
    struct file_mark after;
    int err = state_connect(s, SQLITE_OPEN_READONLY, true);
    if (err == ERR_OK)
        err = copy_to_memory(s);
    if (err == ERR_OK)
        err = mark_file(s, &after);
    if (err != ERR_OK)
        return err;
    *ret_done = is_same(before, &after);
    if (!*ret_done)
        disconnect(s);
    return ERR_OK;
}

static int copy_database(struct state *s)
{
    for (unsigned i = 0; i < COPY_TRIES; i++) {
        struct file_mark before;
        bool done = false;
        int err = mark_file(s, &before);
        if (err == ERR_OK && before.size == 0 && !before.has_log)
            err = ERR_ABSENT;
        if (err != ERR_OK)
            return err;
        if (before.has_log)
            return copy_with_log(s);
        err = copy_file(s, &before, &done);
        if (err != ERR_OK || done)
            return err;
    }
    diag_add(s->diags, &rule_state_locked, AT_FILE(s->db_path), NULL,
             "the database changed each of %d times that it was read", COPY_TRIES);
    return ERR_LOCKED;
}

/* ------------------------------------------------------------------ opening */

static int peek_database(struct state *s)
{
    int64_t version = 0;
    int err = copy_database(s);
    if (err == ERR_ABSENT) { /* no database: fine unless it was lost */
        int lost = state_refuse_lost(s);
        return lost == ERR_OK ? ERR_ABSENT : lost;
    }
    if (err == ERR_OK)
        err = state_schema_version(s, &version);
    if (err == ERR_OK && version == 0)
        err = ERR_ABSENT; /* its first run was cut short */
    if (err == ERR_OK)
        err = state_schema_migrate(s, version);
    return err == ERR_OK ? state_run(s, "PRAGMA query_only = ON", "") : err;
}

int state_peek(const char *dir, struct state **ret, struct diags *diags)
{
    struct stat st;
    if (stat(dir, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return ERR_ABSENT;
    struct state *s = state_new(dir, diags);
    if (s == NULL)
        return ERR_NOMEM;
    s->peeks = true;
    int err = private_folder(s->dir, 0700, 077, &rule_state_folder, diags);
    if (err == ERR_OK)
        err = peek_database(s);
    if (err != ERR_OK) {
        state_close(s);
        return err;
    }
    *ret = s;
    return ERR_OK;
}
