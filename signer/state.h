/*
 * signer/state.h -- the inside of struct state, for the state_*.c files. No SQL elsewhere.
 *
 * DIR/lock            one OFD lock for all commands, with the holder's pid as text
 * DIR/state.db        SQLite, WAL, synchronous=FULL; schema in state_schema.c
 * DIR/keys/           <digest>.pem
 * DIR/zones/          signed zones as last built; the database holds name, size and SHA-256
 */
#pragma once

#include <sqlite3.h>

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
    bool in_transaction;
    struct file_list superseded; /* removed once the transaction is durable */
    struct file_list fresh;      /* removed when it is undone */
};

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

/* Brings the schema to this version; a newer one is refused. */
int state_schema_open(struct state *s) MUST_USE;
/* Pages, foreign keys and the event chain, after an unclean stop. */
int state_schema_check(struct state *s) MUST_USE;
/* The hash chain of the events is unbroken; else ERR_STATE with a finding. */
int state_events_check(struct state *s) MUST_USE;

/* The zone's row, made when missing. */
int state_zone_id(struct state *s, const uint8_t *zone, bool make, int64_t *ret) MUST_USE;
/* Removes what a killed run left in zones/ and keys/. Never a key. */
void state_sweep(struct state *s);

/* Which files state_key_files counts: all .pem in keys/, or those that no row explains. */
enum key_files { KEY_FILES_ALL, KEY_FILES_FOREIGN };
/* The number of key files; NAME, when not NULL, is one of them. */
size_t state_key_files(struct state *s, enum key_files which, char name[KEY_DIGEST_LEN]);
/* Was the key of this digest made here, for use or by a run that was cut short? */
bool state_made_key(struct state *s, const char *digest);

int file_list_add(struct file_list *l, char *path) MUST_USE; /* consumes PATH, also on failure */
/* Removes those that no row names, and empties the list. */
void state_drop_files(struct state *s, struct file_list *l);
void file_list_done(struct file_list *l);

void sha256_hex(const void *data, size_t len, char ret[65]);
