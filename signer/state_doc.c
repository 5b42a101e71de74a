/* Documents and the event log. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

int state_doc_get(struct state *s, const char *kind, const char *name, struct buf *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT content FROM docs WHERE kind = ? AND name = ?", "tt", kind,
                          name);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err != ERR_OK)
        return err;
    const void *data = sqlite3_column_blob(q, 0);
    int len = sqlite3_column_bytes(q, 0);
    buf_add(ret, data, (size_t)len);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int state_doc_put(struct state *s, const char *kind, const char *name, struct bytes content)
{
    return state_run(s,
                     "INSERT INTO docs (kind, name, content) VALUES (?, ?, ?)"
                     " ON CONFLICT (kind, name) DO UPDATE SET content = excluded.content",
                     "ttb", kind, name, content);
}

int state_doc_delete(struct state *s, const char *kind, const char *name)
{
    return state_run(s, "DELETE FROM docs WHERE kind = ? AND name = ?", "tt", kind, name);
}

/* The names first: EACH may change documents. */
static int doc_names(struct state *s, const char *kind, struct file_list *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT name FROM docs WHERE kind = ? ORDER BY name", "t", kind);
    while (err == ERR_OK) {
        err = state_step(s, q);
        if (err != ERR_OK)
            break;
        const char *name = (const char *)sqlite3_column_text(q, 0);
        char *copy = name == NULL ? NULL : strdup(name);
        err = copy == NULL ? ERR_NOMEM : file_list_add(ret, copy);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

int state_doc_each(struct state *s, const char *kind,
                   int (*each)(void *ctx, const char *name, struct bytes content), void *ctx)
{
    struct file_list names = {0};
    int err = doc_names(s, kind, &names);
    for (size_t i = 0; i < names.n && err == ERR_OK; i++) {
        AUTO(buf) struct buf content = {0};
        err = state_doc_get(s, kind, names.paths[i], &content);
        if (err == ERR_OK)
            err = each(ctx, names.paths[i], buf_bytes(&content));
        else if (err == ERR_ABSENT)
            err = ERR_OK; /* EACH deleted it */
    }
    file_list_done(&names);
    return err;
}

/* ------------------------------------------------------------------ events */

/* SHA-256 over the hash before and the fields, each with its length: no two events read alike. */
static int event_hash(const char *before, int64_t at, const char *zone, const char *what,
                      const char *why, char ret[65])
{
    AUTO(buf) struct buf b = {0};
    buf_printf(&b, "%zu:%s,%lld,", strlen(before), before, (long long)at);
    const char *const fields[] = {zone, what, why};
    for (size_t i = 0; i < 3; i++) {
        buf_printf(&b, "%zu:", strlen(fields[i]));
        buf_add_str(&b, fields[i]);
        buf_add_char(&b, ',');
    }
    if (!buf_ok(&b))
        return ERR_NOMEM;
    sha256_hex(b.data, b.len, ret);
    return ERR_OK;
}

int state_event_head(struct state *s, char ret[65])
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT hash FROM events ORDER BY seq DESC LIMIT 1", "");
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_ABSENT) {
        ret[0] = 0;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    const char *hash = (const char *)sqlite3_column_text(q, 0);
    if (hash == NULL || strlen(hash) != 64) {
        diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), NULL,
                 "the last event has no hash");
        return ERR_STATE;
    }
    memcpy(ret, hash, 65);
    return ERR_OK;
}

int state_event(struct state *s, int64_t now, const char *zone, const char *what, const char *why)
{
    bool own = false;
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    char before[65];
    char hash[65];
    err = state_event_head(s, before);
    if (err == ERR_OK)
        err = event_hash(before, now, zone, what, why, hash);
    if (err == ERR_OK)
        err = state_run(s, "INSERT INTO events (at, zone, what, why, hash) VALUES (?, ?, ?, ?, ?)",
                        "itttt", now, zone, what, why, hash);
    return state_leave(s, own, err);
}

static const char *column(sqlite3_stmt *q, int i)
{
    const char *text = (const char *)sqlite3_column_text(q, i);
    return text == NULL ? "" : text;
}

int state_events_check(struct state *s)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    char before[65] = "";
    int err =
        state_query(s, &q, "SELECT seq, at, zone, what, why, hash FROM events ORDER BY seq", "");
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        char hash[65];
        err = event_hash(before, sqlite3_column_int64(q, 1), column(q, 2), column(q, 3),
                         column(q, 4), hash);
        if (err == ERR_OK && strcmp(hash, column(q, 5)) != 0) {
            diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), NULL,
                     "event %lld does not follow from the one before: the log was changed",
                     (long long)sqlite3_column_int64(q, 0));
            return ERR_STATE;
        }
        memcpy(before, hash, sizeof before);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}
