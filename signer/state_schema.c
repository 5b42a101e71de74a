/* The tables of state.db, their version, and the check after an unclean stop. */
#include <string.h>

#include "common/err.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

#define SCHEMA_APPLICATION 0x4d5a4f4e /* "MZON" in the file's header: not some other database */

/* clang-format off */
static const char schema_1[] =
    "CREATE TABLE zones ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " serial INTEGER,"
    " signed_file TEXT UNIQUE," /* in zones/; looked up by name */
    " signed_size INTEGER,"
    " signed_sha256 TEXT,"
    " built_at INTEGER NOT NULL DEFAULT 0,"
    " confirmed_at INTEGER NOT NULL DEFAULT 0,"
    " confirmed_serial INTEGER"
    ") STRICT;"
    "CREATE TABLE keys ("
    " digest TEXT PRIMARY KEY,"
    " zone INTEGER NOT NULL REFERENCES zones (id),"
    " role TEXT NOT NULL CHECK (role IN ('ksk', 'zsk', 'csk')),"
    " algorithm INTEGER NOT NULL,"
    " tag INTEGER NOT NULL,"
    " dnskey BLOB NOT NULL,"
    " made_at INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE docs ("
    " kind TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " content BLOB NOT NULL,"
    " PRIMARY KEY (kind, name)"
    ") STRICT;"
    "CREATE TABLE events ("
    " seq INTEGER PRIMARY KEY,"
    " at INTEGER NOT NULL,"
    " zone TEXT NOT NULL,"
    " what TEXT NOT NULL,"
    " why TEXT NOT NULL,"
    " hash TEXT NOT NULL"
    ") STRICT;";

#define ADD(table, column) "ALTER TABLE " table " ADD COLUMN " column ";"
#define ADD_TIME(table, column) ADD(table, column " INTEGER NOT NULL DEFAULT 0")
#define ADD_TEXT(table, column) ADD(table, column " TEXT NOT NULL DEFAULT ''")
#define ADD_PART(part)                                                                             \
    ADD_TIME("keys", part "_in_at")                                                                \
    ADD_TIME("keys", part "_in_seen_at")                                                           \
    ADD_TIME("keys", part "_out_at")                                                               \
    ADD_TIME("keys", part "_out_seen_at")

/*
 * The life of keys. Version 1 never rolled: every key of a zone that it built has been in use since
 * it was made. `confirmed_at` is of the latest build, so waits that count from it are too long
 * rather than too short. Each build handed out the DS, in OUT and as CDS, so the parent has been
 * asked for it and may have it, though nobody has looked: asked since the confirmation (else the
 * build), not seen.
 */
static const char schema_2[] =
    ADD_TIME("keys", "seq")   /* in the order they were made */
    ADD_TEXT("keys", "store") /* '': a file; "offline"; else the token's URI without its PIN */
    ADD("keys", "spare INTEGER NOT NULL DEFAULT 0 CHECK (spare IN (0, 1))") /* for rolls to come */
    ADD_TIME("keys", "leave_at")
    ADD("keys", "compromised INTEGER NOT NULL DEFAULT 0 CHECK (compromised IN (0, 1))")
    ADD_PART("dnskey")
    ADD_PART("sigs")
    ADD_PART("ds")
    "UPDATE keys SET seq = o.n FROM (SELECT digest,"
    " row_number() OVER (ORDER BY made_at, role, digest) AS n FROM keys) AS o"
    " WHERE o.digest = keys.digest;"
    "CREATE UNIQUE INDEX keys_by_seq ON keys (seq);"
    "CREATE INDEX keys_by_zone ON keys (zone, seq);"
    "UPDATE keys SET dnskey_in_at = min(keys.made_at, z.built_at),"
    " dnskey_in_seen_at = z.confirmed_at"
    " FROM zones AS z WHERE z.id = keys.zone AND z.built_at > 0;"
    "UPDATE keys SET sigs_in_at = dnskey_in_at, sigs_in_seen_at = dnskey_in_seen_at"
    " WHERE role IN ('zsk', 'csk');"
    "UPDATE keys SET ds_in_at = iif(z.confirmed_at > 0, z.confirmed_at, z.built_at)"
    " FROM zones AS z WHERE z.id = keys.zone AND keys.role IN ('ksk', 'csk');"
    ADD_TIME("zones", "clock_at")
    ADD_TIME("zones", "valid_until_at")
    ADD_TIME("zones", "ds_public_at")
    "UPDATE zones SET clock_at = max(built_at, confirmed_at);"
    "CREATE TABLE ttls ("
    " zone INTEGER NOT NULL REFERENCES zones (id),"
    " kind TEXT NOT NULL CHECK (kind IN ('dnskey', 'zone', 'ds')),"
    " ttl_s INTEGER NOT NULL,"
    " out_at INTEGER NOT NULL," /* 0: still there */
    " is_latest INTEGER NOT NULL CHECK (is_latest IN (0, 1)),"
    " PRIMARY KEY (zone, kind, ttl_s)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE observations (" /* what the parent said; the latest few of each zone */
    " id INTEGER PRIMARY KEY,"
    " zone INTEGER NOT NULL REFERENCES zones (id),"
    " at INTEGER NOT NULL,"
    " evidence BLOB NOT NULL," /* the observation file as it came */
    " verdict TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX observations_by_zone ON observations (zone, id);"
    /* what the hash covers (state_event.c): version 1's rows keep their own form */
    ADD("events", "form INTEGER NOT NULL DEFAULT 1")
    ADD_TEXT("events", "key")
    ADD_TEXT("events", "who")
    ADD_TEXT("events", "evidence")
    "CREATE INDEX events_by_hash ON events (hash);"
    "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN"
    " SELECT RAISE(ABORT, 'the event log is only added to'); END;"
    "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN"
    " SELECT RAISE(ABORT, 'the event log is only added to'); END;";
/* clang-format on */

/* From each version to the next: a new database goes through all of them. */
static const char *const steps[STATE_SCHEMA] = {schema_1, schema_2};

static int pragma_number(struct state *s, const char *sql, int64_t *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, sql, "");
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_OK)
        *ret = sqlite3_column_int64(q, 0);
    return err == ERR_ABSENT ? ERR_STATE : err;
}

static int pragmas(struct state *s)
{
    static const char *const list[] = {
        "PRAGMA journal_mode = WAL",   "PRAGMA synchronous = FULL",   "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON",
    };
    int err = ERR_OK;
    for (size_t i = 0; i < sizeof list / sizeof *list && err == ERR_OK; i++)
        err = state_run(s, list[i], "");
    return err;
}

int state_schema_migrate(struct state *s, int64_t from)
{
    if (from == STATE_SCHEMA)
        return ERR_OK;
    int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int64_t i = from; i < STATE_SCHEMA && rc == SQLITE_OK; i++)
        rc = sqlite3_exec(s->db, steps[i], NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        char *sql = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                                    SCHEMA_APPLICATION, STATE_SCHEMA);
        rc = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(s->db, sql, NULL, NULL, NULL);
        sqlite3_free(sql);
    }
    if (rc == SQLITE_OK)
        return ERR_OK;
    int err = state_failed(s, rc);
    (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

static int refuse_foreign(struct state *s)
{
    diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), NULL, "not a database of mudzone");
    return ERR_STATE;
}

int state_schema_version(struct state *s, int64_t *ret)
{
    int64_t version = 0;
    int64_t application = 0;
    int64_t tables = 0;
    int err = pragma_number(s, "PRAGMA user_version", &version);
    if (err == ERR_OK)
        err = pragma_number(s, "PRAGMA application_id", &application);
    if (err == ERR_OK)
        err = pragma_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err != ERR_OK)
        return err;
    if (version < 0 || (tables > 0 && application != SCHEMA_APPLICATION))
        return refuse_foreign(s);
    if (version > STATE_SCHEMA) {
        diag_add(s->diags, &rule_state_too_new, AT_FILE(s->db_path), NULL,
                 "schema version %lld; this mudzone knows up to %d", (long long)version,
                 STATE_SCHEMA);
        return ERR_STATE;
    }
    *ret = version;
    return ERR_OK;
}

int state_schema_open(struct state *s)
{
    int64_t version = 0;
    /* looked at before the first pragma that writes: a foreign file stays untouched */
    int err = state_schema_version(s, &version);
    if (err == ERR_OK)
        err = pragmas(s);
    return err == ERR_OK ? state_schema_migrate(s, version) : err;
}

int state_schema_check(struct state *s)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "PRAGMA quick_check(1)", "");
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err != ERR_OK)
        return err == ERR_ABSENT ? ERR_STATE : err;
    const char *text = (const char *)sqlite3_column_text(q, 0);
    if (text == NULL || strcmp(text, "ok") != 0) {
        diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), NULL, "%s",
                 text == NULL ? "the check gave nothing" : text);
        return ERR_STATE;
    }
    uint64_t n = 0;
    return state_events_check(s, &n);
}
