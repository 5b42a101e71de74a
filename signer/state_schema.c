/* The tables of state.db, their version, and the check after an unclean stop. */
#include <string.h>

#include "common/err.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

#define SCHEMA_VERSION     1
#define SCHEMA_APPLICATION 0x4d5a4f4e /* "MZON" in the file's header: not some other database */

static const char schema_1[] = "CREATE TABLE zones ("
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

static int create(struct state *s)
{
    int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, schema_1, NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        char *sql = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                                    SCHEMA_APPLICATION, SCHEMA_VERSION);
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

int state_schema_open(struct state *s)
{
    int64_t version = 0;
    int64_t application = 0;
    int64_t tables = 0;
    /* read before the first pragma that writes: a foreign file stays untouched */
    int err = pragma_number(s, "PRAGMA user_version", &version);
    if (err == ERR_OK)
        err = pragma_number(s, "PRAGMA application_id", &application);
    if (err == ERR_OK)
        err = pragma_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err != ERR_OK)
        return err;
    if (tables > 0 && application != SCHEMA_APPLICATION)
        return refuse_foreign(s);
    if (version > SCHEMA_VERSION) {
        diag_add(s->diags, &rule_state_too_new, AT_FILE(s->db_path), NULL,
                 "schema version %lld; this mudzone knows up to %d", (long long)version,
                 SCHEMA_VERSION);
        return ERR_STATE;
    }
    err = pragmas(s);
    if (err == ERR_OK && version == 0)
        err = create(s);
    return err;
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
    return state_events_check(s);
}
