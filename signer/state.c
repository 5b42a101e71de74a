#include "signer/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"

#define INSPECTION_WAIT_MS 2000 /* somebody looks at the database with another tool */

/* ------------------------------------------------------------------ SQLite */

int state_failed(struct state *s, int rc)
{
    /* a copy that fails (sqlite3_backup) leaves its code at the other database, or at none */
    bool tells = s->db != NULL && (sqlite3_errcode(s->db) & 0xff) == (rc & 0xff);
    const char *text = tells ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);
    switch (rc & 0xff) {
    case SQLITE_NOMEM: return ERR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        diag_add(s->diags, &rule_state_locked, AT_FILE(s->db_path), NULL,
                 "another program has locked the database");
        return ERR_LOCKED;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        diag_add(s->diags, &rule_state_io, AT_FILE(s->db_path), NULL, "%s", text);
        return ERR_IO;
    default:
        diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), NULL, "%s", text);
        return ERR_STATE;
    }
}

static int bind_all(sqlite3_stmt *q, const char *types, va_list args)
{
    int rc = SQLITE_OK;
    for (int i = 1; *types != 0 && rc == SQLITE_OK; i++, types++) {
        switch (*types) {
        case 'i': rc = sqlite3_bind_int64(q, i, va_arg(args, int64_t)); break;
        case 't':
            rc = sqlite3_bind_text(q, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'b': {
            struct bytes b = va_arg(args, struct bytes);
            rc = b.len == 0 ? sqlite3_bind_zeroblob(q, i, 0)
                            : sqlite3_bind_blob64(q, i, b.data, b.len, SQLITE_TRANSIENT);
            break;
        }
        default: rc = sqlite3_bind_null(q, i); break;
        }
    }
    return rc;
}

static int query(struct state *s, sqlite3_stmt **ret, const char *sql, const char *types,
                 va_list args)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (rc == SQLITE_OK)
        rc = bind_all(q, types, args);
    if (rc != SQLITE_OK) {
        int err = state_failed(s, rc);
        (void)sqlite3_finalize(q);
        return err;
    }
    *ret = q;
    return ERR_OK;
}

int state_query(struct state *s, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    int err = query(s, ret, sql, types, args);
    va_end(args);
    return err;
}

int state_step(struct state *s, sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        return ERR_OK;
    return rc == SQLITE_DONE ? ERR_ABSENT : state_failed(s, rc);
}

int state_run(struct state *s, const char *sql, const char *types, ...)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    va_list args;
    va_start(args, types);
    int err = query(s, &q, sql, types, args);
    va_end(args);
    while (err == ERR_OK)
        err = state_step(s, q);
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* ------------------------------------------------------------------ lock */

static void say_locked(struct state *s, int fd)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = 0;
    pid[strspn(pid, "0123456789")] = 0;
    if (pid[0] != 0)
        diag_add(s->diags, &rule_state_locked, AT_FILE(s->dir), NULL,
                 "another mudzone (pid %s) is using this state", pid);
    else
        diag_add(s->diags, &rule_state_locked, AT_FILE(s->dir), NULL,
                 "another mudzone is using this state");
}

static int take_lock(struct state *s)
{
    AUTO_FREE char *path = file_join(s->dir, "lock");
    if (path == NULL)
        return ERR_NOMEM;
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    /* an open-file-description lock: it holds between threads too, and dies with us */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (s->lock_fd >= 0 && fcntl(s->lock_fd, F_OFD_SETLK, &lock) == 0) {
        char pid[32];
        int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
        /* for the message only: a lock without a pid is as good */
        if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)len, 0) != len)
            errno = 0;
        return ERR_OK;
    }
    int err = ERR_IO;
    if (s->lock_fd >= 0 && (errno == EAGAIN || errno == EACCES)) {
        say_locked(s, s->lock_fd);
        err = ERR_LOCKED;
    } else {
        diag_add(s->diags, &rule_state_io, AT_FILE(path), NULL, "cannot be locked: %s",
                 strerror(errno));
    }
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    s->lock_fd = -1; /* not ours: the holder's pid in it must stay */
    return err;
}

static void drop_lock(struct state *s)
{
    if (s->lock_fd < 0)
        return;
    if (ftruncate(s->lock_fd, 0) != 0)
        errno = 0;
    (void)close(s->lock_fd);
}

/* ------------------------------------------------------------------ opening */

static off_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* Key files without a database: it was lost, and with it what the keys are for (trust rule 1). */
int state_refuse_lost(struct state *s)
{
    size_t n = state_key_files(s, KEY_FILES_ALL, NULL);
    if (n == 0)
        return ERR_OK;
    diag_add(s->diags, &rule_state_lost, AT_FILE(s->db_path), NULL,
             "the database is missing, but %s holds %zu key files", s->keys_dir, n);
    return ERR_STATE;
}

static int make_database(struct state *s)
{
    int err = state_refuse_lost(s);
    if (err != ERR_OK || access(s->db_path, F_OK) == 0)
        return err;
    err = file_write_new(s->db_path, "", 0, 0600); /* SQLite would use the umask */
    if (err != ERR_OK)
        diag_add(s->diags, &rule_state_io, AT_FILE(s->db_path), NULL, "cannot be made: %s",
                 strerror(errno));
    return err;
}

/* As a URI that promises SQLite that nobody writes: no lock, no file beside it. */
static char *still_uri(const char *path)
{
    AUTO(buf) struct buf b = {0};
    buf_add_str(&b, "file:");
    for (; *path != 0; path++) {
        if (strchr("%?#", *path) != NULL)
            buf_printf(&b, "%%%02x", (unsigned)(unsigned char)*path);
        else
            buf_add_char(&b, *path);
    }
    buf_add_str(&b, "?immutable=1");
    return buf_ok(&b) ? strdup(buf_str(&b)) : NULL;
}

/* SQLite is told not to follow links, and then refuses one anywhere in the path. Those that lead to
   DIR are the user's own affair. */
int state_connect(struct state *s, int flags, bool is_still)
{
    AUTO_FREE char *dir = realpath(s->dir, NULL);
    AUTO_FREE char *path = dir == NULL ? NULL : file_join(dir, "state.db");
    AUTO_FREE char *uri = path == NULL || !is_still ? NULL : still_uri(path);
    if (path == NULL || (is_still && uri == NULL))
        return ERR_NOMEM; /* DIR is there and ours */
    flags |= SQLITE_OPEN_NOFOLLOW | (is_still ? SQLITE_OPEN_URI : 0);
    int rc = sqlite3_open_v2(is_still ? uri : path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return state_failed(s, rc);
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, INSPECTION_WAIT_MS);
    return ERR_OK;
}

static int open_database(struct state *s)
{
    AUTO_FREE char *wal = NULL;
    if (asprintf(&wal, "%s-wal", s->db_path) < 0)
        return ERR_NOMEM;
    bool unclean = size_of(wal) > 0;
    if (size_of(s->db_path) == 0) {
        int err = make_database(s);
        if (err != ERR_OK)
            return err;
    }
    int err = state_connect(s, SQLITE_OPEN_READWRITE, false);
    if (err == ERR_OK)
        err = state_schema_open(s);
    if (err == ERR_OK && unclean)
        err = state_schema_check(s);
    return err;
}

static int open_parts(struct state *s)
{
    int err = private_folder(s->dir, 0700, 077, &rule_state_folder, s->diags);
    if (err == ERR_OK)
        err = take_lock(s);
    if (err == ERR_OK)
        err = private_folder(s->keys_dir, 0700, 077, &rule_key_folder, s->diags);
    if (err == ERR_OK)
        err = private_folder(s->zones_dir, 0700, 077, &rule_state_folder, s->diags);
    if (err == ERR_OK)
        err = open_database(s);
    return err;
}

struct state *state_new(const char *dir, struct diags *diags)
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->lock_fd = -1;
    s->diags = diags;
    s->dir = strdup(dir);
    s->db_path = file_join(dir, "state.db");
    s->keys_dir = file_join(dir, "keys");
    s->zones_dir = file_join(dir, "zones");
    if (s->dir != NULL && s->db_path != NULL && s->keys_dir != NULL && s->zones_dir != NULL)
        return s;
    state_close(s);
    return NULL;
}

int state_lock(const char *dir, struct state **ret, struct diags *diags)
{
    struct state *s = state_new(dir, diags);
    int err = s == NULL ? ERR_NOMEM : take_lock(s);
    if (err == ERR_OK)
        *ret = s;
    else
        state_close(s);
    return err;
}

int state_open(const char *dir, struct state **ret, struct diags *diags)
{
    struct state *s = state_new(dir, diags);
    if (s == NULL)
        return ERR_NOMEM;
    int err = open_parts(s);
    if (err != ERR_OK) {
        state_close(s);
        return err;
    }
    state_sweep(s);
    *ret = s;
    return ERR_OK;
}

void state_close(struct state *s)
{
    if (s == NULL)
        return;
    if (s->in_transaction)
        (void)!state_rollback(s);
    (void)sqlite3_close(s->db);
    drop_lock(s);
    file_list_done(&s->superseded);
    file_list_done(&s->fresh);
    free(s->dir);
    free(s->db_path);
    free(s->keys_dir);
    free(s->zones_dir);
    free(s->who);
    free(s);
}

/* ------------------------------------------------------------------ transactions */

int state_begin(struct state *s)
{
    if (s->in_transaction || s->peeks)
        return ERR_INTERNAL;
    int err = state_run(s, "BEGIN IMMEDIATE", "");
    s->in_transaction = err == ERR_OK;
    return err;
}

int state_commit(struct state *s)
{
    if (!s->in_transaction)
        return ERR_INTERNAL;
    int err = state_run(s, "COMMIT", "");
    if (err != ERR_OK)
        return err; /* still open: the caller rolls back or closes */
    s->in_transaction = false;
    state_drop_files(s, &s->superseded);
    file_list_done(&s->fresh);
    return ERR_OK;
}

int state_rollback(struct state *s)
{
    if (!s->in_transaction)
        return ERR_OK;
    s->in_transaction = false;
    /* a full disk may have undone it already */
    int err = sqlite3_get_autocommit(s->db) ? ERR_OK : state_run(s, "ROLLBACK", "");
    state_drop_files(s, &s->fresh);
    file_list_done(&s->superseded);
    return err;
}

int state_enter(struct state *s, bool *ret_own)
{
    *ret_own = !s->in_transaction;
    return *ret_own ? state_begin(s) : ERR_OK;
}

int state_leave(struct state *s, bool own, int err)
{
    if (!own)
        return err;
    if (err == ERR_OK)
        err = state_commit(s);
    if (err != ERR_OK)
        (void)!state_rollback(s);
    return err;
}
