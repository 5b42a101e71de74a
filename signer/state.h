/*
 * signer/state.h -- the inside of struct state, for the state_*.c files. No SQL elsewhere.
 *
 * What others see is signer/signer.h and the end of signer/life.h: a handle, transactions, and
 * functions that take and give values of this folder; no name, type or error of SQLite is in them.
 * Another database stands behind them by giving its own state.c (opening, transactions, statements
 * and their columns) and state_schema.c; the statements of the other files are plain SQL but for
 * upsert (ON CONFLICT), STRICT and UPDATE ... FROM, and expect of it what SQLite gives:
 * serializable transactions, durable at commit, one writer at a time. state_peek.c, and the copy
 * for a backup, are of SQLite's own: there a snapshot of a database server is the like.
 *
 * DIR/lock            one OFD lock for all commands, with the holder's pid as text
 * DIR/state.db        SQLite, WAL, synchronous=FULL; schema in state_schema.c
 * DIR/keys/           <digest>.pem, or <digest>.uri for a key on a token
 * DIR/zones/          signed zones as last built; the database holds name, size and SHA-256
 */
#pragma once

#include <sqlite3.h>

#include "signer/life.h"
#include "signer/signer.h"

struct file_list { /* owned paths */
    char **paths;
    size_t n;
};

struct state {
    char *dir;
    char *db_path;
    char *keys_dir;
    char *zones_dir;
    int lock_fd;
    sqlite3 *db;
    struct diags *diags; /* borrowed from state_open; may be NULL */
    bool peeks;          /* opened to look only */
    bool in_transaction;
    char *who;                   /* of events; NULL: nobody said */
    struct file_list superseded; /* removed once the transaction is durable */
    struct file_list fresh;      /* removed when it is undone */
};

/* All but lock and database; NULL: out of memory. */
struct state *state_new(const char *dir, struct diags *diags);
/* The database opened with FLAGS of SQLite. IS_STILL: as a file that nobody changes meanwhile. */
int state_connect(struct state *s, int flags, bool is_still) MUST_USE;
/* ERR_STATE when there are key files, and so was a database. */
int state_refuse_lost(struct state *s) MUST_USE;

/* The lock of the folder DIR and nothing else, whatever is in it. */
int state_lock(const char *dir, struct state **ret, struct diags *diags) MUST_USE;

/* state_copy.c: a consistent copy of the database as the new file PATH, 0600. */
int state_copy_database(struct state *s, const char *path) MUST_USE;
/* The database is sound, and a signature of every key with a private half verifies. A key whose
   token is not there is an error, or (TOKENS_MAY_MISS) a note. */
struct state_test {
    size_t key_n;
    size_t token_key_n;
};
int state_test_all(struct state *s, bool tokens_may_miss, struct state_test *ret,
                   struct diags *diags) MUST_USE;

/* The error code for RC of SQLite, with a finding. */
int state_failed(struct state *s, int rc) MUST_USE;

/* Prepares SQL and binds: i int64, t text, b struct bytes, n NULL. RET is NULL on failure. */
int state_query(struct state *s, sqlite3_stmt **ret, const char *sql, const char *types,
                ...) MUST_USE;
/* One row: ERR_OK, none: ERR_ABSENT. */
int state_step(struct state *s, sqlite3_stmt *q) MUST_USE;
/* A statement without rows, prepared, bound, run and finished. */
int state_run(struct state *s, const char *sql, const char *types, ...) MUST_USE;

static inline void statement_auto_done(sqlite3_stmt **q)
{
    (void)sqlite3_finalize(*q);
}
#define AUTO_STATEMENT __attribute__((cleanup(statement_auto_done)))

/* Runs the statements of a function in a transaction: its own, or the caller's that is open. */
int state_enter(struct state *s, bool *ret_own) MUST_USE;
int state_leave(struct state *s, bool own, int err) MUST_USE;

#define STATE_SCHEMA 2 /* the version of the tables that this program reads and writes */

/* Brings the schema to this version; a newer one is refused. */
int state_schema_open(struct state *s) MUST_USE;
/* The version that is there, 0: no tables yet; a newer one is refused. Only looks. */
int state_schema_version(struct state *s, int64_t *ret) MUST_USE;
/* From version FROM to this one, in one transaction. */
int state_schema_migrate(struct state *s, int64_t from) MUST_USE;
/* Pages, foreign keys and the event chain, after an unclean stop. */
int state_schema_check(struct state *s) MUST_USE;

/* The zone's row, made when missing. */
int state_zone_id(struct state *s, const uint8_t *zone, bool make, int64_t *ret) MUST_USE;
/* Removes what a killed run left in zones/ and keys/. Never a key. */
void state_sweep(struct state *s);

/* The kind of documents named by the digests of keys in the making. What a killed run leaves of
   them explains its key files: they were never used. */
#define STATE_KEY_UNUSED "key-unused"

/* Which files state_key_files counts: all .pem and .uri in keys/, or those that no row explains. */
enum key_files { KEY_FILES_ALL, KEY_FILES_FOREIGN };
/* The number of key files; NAME, when not NULL, is one of them. */
size_t state_key_files(struct state *s, enum key_files which, char name[KEY_DIGEST_LEN]);
/* Was the key of this digest made here, for use or by a run that was cut short? */
bool state_made_key(struct state *s, const char *digest);

/* Says that a row is not as it was written; ERR_STATE. AT: what it is of, or NULL. */
int state_refuse_row(struct state *s, const char *at, const char *what);
/* What changes in the life of a recorded key. */
int state_put_key(struct state *s, int64_t zone_id, const struct life_key *k) MUST_USE;

int file_list_add(struct file_list *l, char *path) MUST_USE; /* consumes PATH, also on failure */
/* Removes those that no row names, and empties the list. */
void state_drop_files(struct state *s, struct file_list *l);
void file_list_done(struct file_list *l);

void sha256_hex(const void *data, size_t len, char ret[65]);
