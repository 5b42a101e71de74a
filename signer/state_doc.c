/* Documents: bytes by kind and name. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
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
