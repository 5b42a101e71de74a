/*
 * tests/unit/signer/state_testing.h -- state folders for tests: opened, changed behind their back,
 * left by a process that was killed.
 */
#pragma once

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "signer/life.h"
#include "signer/state.h"
#include "tests/unit/signer/sign_testing.h"

static inline struct state *open_ok(const char *dir, struct diags *d)
{
    struct state *s = NULL;
    int err = state_open(dir, &s, d);
    for (size_t i = 0; i < diags_n(d) && err != ERR_OK; i++)
        print_message("    %s\n", diags_at(d, i)->found);
    assert_int_equal(err, ERR_OK);
    return s;
}

static inline char *in_dir(const char *dir, const char *name)
{
    char *path = file_join(dir, name);
    assert_non_null(path);
    return path;
}

static inline size_t files_with(const char *dir, const char *sub, const char *suffix)
{
    AUTO_FREE char *path = in_dir(dir, sub);
    size_t n = 0;
    DIR *d = opendir(path);
    assert_non_null(d);
    const struct dirent *e;
    while ((e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        size_t end = strlen(suffix);
        n += len > end && strcmp(e->d_name + len - end, suffix) == 0;
    }
    closedir(d);
    return n;
}

static inline struct bytes text_bytes(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* What a process that dies without a word leaves in DIR. */
static inline void killed_while(const char *dir, void (*work)(const char *dir))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        work(dir);
        raise(SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static inline void run_sql(const char *dir, const char *sql)
{
    AUTO_FREE char *path = in_dir(dir, "state.db");
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* The key that state_key_make makes. */
static inline struct life_key made_key(struct state *s, const char *zone, enum key_role role,
                                       uint8_t algorithm)
{
    struct life_key k = {0};
    assert_int_equal(
        state_key_make(s, wire(zone), role, algorithm, NULL, TEST_NOW, "a test", &k, NULL), ERR_OK);
    return k;
}

/* ------------------------------------------------------------------ a state of version 1 */

#define V1_TABLES                                                                                  \
    "CREATE TABLE zones (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, serial INTEGER,"       \
    " signed_file TEXT UNIQUE, signed_size INTEGER, signed_sha256 TEXT,"                           \
    " built_at INTEGER NOT NULL DEFAULT 0, confirmed_at INTEGER NOT NULL DEFAULT 0,"               \
    " confirmed_serial INTEGER) STRICT;"                                                           \
    "CREATE TABLE keys (digest TEXT PRIMARY KEY, zone INTEGER NOT NULL REFERENCES zones (id),"     \
    " role TEXT NOT NULL CHECK (role IN ('ksk', 'zsk', 'csk')), algorithm INTEGER NOT NULL,"       \
    " tag INTEGER NOT NULL, dnskey BLOB NOT NULL, made_at INTEGER NOT NULL) STRICT, WITHOUT "      \
    "ROWID;"                                                                                       \
    "CREATE TABLE docs (kind TEXT NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL,"            \
    " PRIMARY KEY (kind, name)) STRICT;"                                                           \
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, zone TEXT NOT NULL,"       \
    " what TEXT NOT NULL, why TEXT NOT NULL, hash TEXT NOT NULL) STRICT;"

/* Adds an event as version 1 did: SHA-256 over the hash before and four columns. BEFORE becomes its
   hash. */
static inline void v1_event(sqlite3 *db, char before[65], int64_t at, const char *zone,
                            const char *what, const char *why)
{
    AUTO(buf) struct buf b = {0};
    buf_printf(&b, "%zu:%s,%lld,%zu:%s,%zu:%s,%zu:%s,", strlen(before), before, (long long)at,
               strlen(zone), zone, strlen(what), what, strlen(why), why);
    sha256_hex(b.data, b.len, before);
    char *sql = sqlite3_mprintf("INSERT INTO events (at, zone, what, why, hash)"
                                " VALUES (%lld, %Q, %Q, %Q, %Q)",
                                (long long)at, zone, what, why, before);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
}

/* A row of version 1's keys for K, whose file is written too. */
static inline void v1_key(sqlite3 *db, const char *dir, int zone, const struct key *k,
                          int64_t made_at)
{
    AUTO(buf) struct buf hex = {0};
    AUTO_FREE char *keys = in_dir(dir, "keys");
    struct bytes dnskey = key_dnskey_rdata(k);
    buf_add_hex(&hex, dnskey.data, dnskey.len);
    char *sql = sqlite3_mprintf("INSERT INTO keys VALUES (%Q, %d, %Q, %d, %d, x'%s', %lld)",
                                key_digest(k), zone, key_role_text(key_role(k)), key_algorithm(k),
                                key_tag(k), buf_str(&hex), (long long)made_at);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    assert_int_equal(key_store(k, keys, NULL), ERR_OK);
}

/* An empty database of version 1 in DIR, still open. */
static inline sqlite3 *v1_database(const char *dir)
{
    AUTO_FREE char *path = in_dir(dir, "state.db");
    AUTO_FREE char *keys = in_dir(dir, "keys");
    sqlite3 *db = NULL;
    assert_int_equal(chmod(dir, 0700), 0);
    assert_int_equal(mkdir(keys, 0700), 0);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA journal_mode = WAL;" V1_TABLES
                                  "PRAGMA application_id = 1297764174; PRAGMA user_version = 1;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    return db;
}
