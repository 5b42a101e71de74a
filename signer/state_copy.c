/* The database as one file, and a test of all that a state holds: for backups. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/keystore.h"
#include "signer/rules_files.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

/* ------------------------------------------------------------------ copy */

/* What is in the log too: SQLite reads both. */
static int copy_pages(struct state *s, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", s->db, "main");
    if (b == NULL)
        return sqlite3_errcode(to);
    (void)sqlite3_backup_step(b, -1);
    return sqlite3_backup_finish(b);
}

int state_copy_database(struct state *s, const char *path)
{
    int err = file_write_new(path, "", 0, 0600); /* SQLite would use the umask */
    if (err != ERR_OK) {
        diag_add(s->diags, &rule_state_io, AT_FILE(path), NULL, "cannot be made: %s",
                 strerror(errno));
        return err;
    }
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)
        rc = copy_pages(s, to);
    if (rc != SQLITE_OK) {
        diag_add(s->diags, &rule_state_io, AT_FILE(path), NULL, "cannot be copied: %s",
                 sqlite3_errstr(rc));
        err = ERR_IO;
    }
    (void)sqlite3_close(to);
    return err;
}

/* ------------------------------------------------------------------ test */

struct tester {
    struct state *s;
    bool tokens_may_miss;
    struct state_test found;
    struct diags *diags;
};

static bool has_address(const struct state *s, const struct life_key *k)
{
    AUTO(buf) struct buf path = {0};
    buf_printf(&path, "%s/%s.uri", s->keys_dir, k->digest);
    return buf_ok(&path) && access(buf_str(&path), F_OK) == 0;
}

/* A key on a token leaves its address in a file: without the token there is nothing to try. */
static int open_key(struct tester *t, const char *zone, const struct life_key *k, struct key **ret)
{
    AUTO_PTR(diags) struct diags *own = diags_new();
    if (own == NULL)
        return ERR_NOMEM;
    int err = state_key_open(t->s, k, ret, own);
    if (err == ERR_KEY && t->tokens_may_miss && has_address(t->s, k)) {
        diag_add(t->diags, &rule_backup_token, AT_NOWHERE, zone,
                 "%s %u is on a token that is not here: not tried", key_role_text(k->role), k->tag);
        return ERR_OK;
    }
    diags_move(t->diags, own);
    return err;
}

static int test_key(struct tester *t, const char *zone, const struct life_key *k)
{
    AUTO_PTR(key) struct key *key = NULL;
    int err = open_key(t, zone, k, &key);
    if (err != ERR_OK || key == NULL || key_is_public(key))
        return err;
    err = key_test_signature(key, key);
    if (err != ERR_OK) {
        diag_add(t->diags, &rule_backup_unproved, AT_NOWHERE, zone,
                 "%s %u makes no signature that its public key accepts", key_role_text(k->role),
                 k->tag);
        return err;
    }
    t->found.key_n++;
    t->found.token_key_n += key_is_on_token(key);
    return ERR_OK;
}

static int test_row(struct tester *t, sqlite3_stmt *q)
{
    struct life_key k = {.algorithm = (uint8_t)sqlite3_column_int(q, 3),
                         .tag = (uint16_t)sqlite3_column_int(q, 4)};
    const char *zone = (const char *)sqlite3_column_text(q, 0);
    const char *digest = (const char *)sqlite3_column_text(q, 1);
    const char *role = (const char *)sqlite3_column_text(q, 2);
    if (zone == NULL || digest == NULL || strlen(digest) != KEY_DIGEST_LEN - 1 || role == NULL ||
        !key_role_from_text(role, &k.role))
        return state_refuse_row(t->s, digest, "the row of a key is damaged");
    memcpy(k.digest, digest, KEY_DIGEST_LEN);
    return test_key(t, zone, &k);
}

static int test_keys(struct tester *t)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(t->s, &q,
                          "SELECT zones.name, digest, role, algorithm, tag FROM keys"
                          " JOIN zones ON zones.id = keys.zone ORDER BY zones.name, digest",
                          "");
    int failed = ERR_OK; /* every missing key is named, not only the first */
    while (err == ERR_OK && (err = state_step(t->s, q)) == ERR_OK) {
        int one = test_row(t, q);
        failed = failed == ERR_OK ? one : failed;
    }
    if (err != ERR_ABSENT)
        return err;
    return failed;
}

int state_test_all(struct state *s, bool tokens_may_miss, struct state_test *ret,
                   struct diags *diags)
{
    struct tester t = {.s = s, .tokens_may_miss = tokens_may_miss, .diags = diags};
    int err = state_schema_check(s);
    if (err == ERR_OK)
        err = test_keys(&t);
    if (err == ERR_OK)
        *ret = t.found;
    return err;
}
