/*
 * The life of a zone's keys as rows: keys with the times of their parts, remembered TTLs, the
 * clock. Which keys there are is state_key_make.c's business.
 */
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/life.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

/* As a struct life_key has them: parts in the order of enum key_part, each with its four times. */
#define PART_TIMES                                                                                 \
    "dnskey_in_at, dnskey_in_seen_at, dnskey_out_at, dnskey_out_seen_at,"                          \
    " sigs_in_at, sigs_in_seen_at, sigs_out_at, sigs_out_seen_at,"                                 \
    " ds_in_at, ds_in_seen_at, ds_out_at, ds_out_seen_at"

int state_refuse_row(struct state *s, const char *at, const char *what)
{
    diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), at, "%s", what);
    return ERR_STATE;
}

/* ------------------------------------------------------------------ reading */

static void read_parts(sqlite3_stmt *q, int column, struct part_times parts[KEY_PART_COUNT])
{
    for (size_t i = 0; i < KEY_PART_COUNT; i++) {
        parts[i].in_at = sqlite3_column_int64(q, column++);
        parts[i].in_seen_at = sqlite3_column_int64(q, column++);
        parts[i].out_at = sqlite3_column_int64(q, column++);
        parts[i].out_seen_at = sqlite3_column_int64(q, column++);
    }
}

static int read_key(struct state *s, sqlite3_stmt *q, struct life_key *ret)
{
    const char *digest = (const char *)sqlite3_column_text(q, 0);
    const char *role = (const char *)sqlite3_column_text(q, 1);
    int64_t algorithm = sqlite3_column_int64(q, 2);
    int64_t tag = sqlite3_column_int64(q, 3);
    struct life_key k = {.made_at = sqlite3_column_int64(q, 4),
                         .leave_at = sqlite3_column_int64(q, 5),
                         .compromised = sqlite3_column_int64(q, 6) != 0};
    if (digest == NULL || strlen(digest) != KEY_DIGEST_LEN - 1 || role == NULL ||
        !key_role_from_text(role, &k.role) || algorithm < 0 || algorithm > UINT8_MAX || tag < 0 ||
        tag > UINT16_MAX)
        return state_refuse_row(s, digest, "the row of a key is damaged");
    memcpy(k.digest, digest, KEY_DIGEST_LEN);
    k.algorithm = (uint8_t)algorithm;
    k.tag = (uint16_t)tag;
    read_parts(q, 7, k.parts);
    *ret = k;
    return ERR_OK;
}

static int read_keys(struct state *s, int64_t zone_id, struct life *l)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT digest, role, algorithm, tag, made_at, leave_at, compromised,"
                          " " PART_TIMES " FROM keys WHERE zone = ? AND spare = 0 ORDER BY seq",
                          "i", zone_id);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        struct life_key k;
        err = read_key(s, q, &k);
        if (err == ERR_OK)
            err = life_add(l, &k);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

static bool ttl_kind_from_text(const char *text, enum ttl_kind *ret)
{
    for (unsigned i = 0; i < TTL_KIND_COUNT; i++) {
        *ret = (enum ttl_kind)i;
        if (strcmp(text, ttl_kind_text(*ret)) == 0)
            return true;
    }
    return false;
}

static int read_ttl(struct state *s, sqlite3_stmt *q, struct life *l)
{
    const char *text = (const char *)sqlite3_column_text(q, 0);
    int64_t ttl_s = sqlite3_column_int64(q, 1);
    enum ttl_kind kind = TTL_ZONE;
    if (text == NULL || !ttl_kind_from_text(text, &kind) || ttl_s < 0 || ttl_s > UINT32_MAX)
        return state_refuse_row(s, NULL, "a remembered TTL is damaged");
    const struct ttl_seen t = {.kind = kind,
                               .ttl_s = (uint32_t)ttl_s,
                               .out_at = sqlite3_column_int64(q, 2),
                               .is_latest = sqlite3_column_int64(q, 3) != 0};
    return life_ttl_add(l, &t);
}

static int read_ttls(struct state *s, int64_t zone_id, struct life *l)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT kind, ttl_s, out_at, is_latest FROM ttls WHERE zone = ?"
                          " ORDER BY kind, ttl_s",
                          "i", zone_id);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK)
        err = read_ttl(s, q, l);
    return err == ERR_ABSENT ? ERR_OK : err;
}

static int read_clock(struct state *s, int64_t zone_id, struct life *l)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err =
        state_query(s, &q, "SELECT clock_at, valid_until_at, ds_public_at FROM zones WHERE id = ?",
                    "i", zone_id);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err != ERR_OK)
        return err;
    l->clock_at = sqlite3_column_int64(q, 0);
    l->valid_until_at = sqlite3_column_int64(q, 1);
    l->ds_public_at = sqlite3_column_int64(q, 2);
    return ERR_OK;
}

int state_life_get(struct state *s, const uint8_t *zone, struct life *ret)
{
    int64_t id = 0;
    AUTO(life) struct life l = {0};
    int err = state_zone_id(s, zone, false, &id);
    if (err == ERR_OK)
        err = read_clock(s, id, &l);
    if (err == ERR_OK)
        err = read_keys(s, id, &l);
    if (err == ERR_OK)
        err = read_ttls(s, id, &l);
    if (err == ERR_OK && l.key_n == 0)
        err = ERR_ABSENT;
    if (err != ERR_OK)
        return err;
    *ret = l;
    l = (struct life){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ writing */

static int bind_parts(struct state *s, sqlite3_stmt *q, int from,
                      const struct part_times parts[KEY_PART_COUNT])
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < KEY_PART_COUNT && rc == SQLITE_OK; i++) {
        const int64_t times[] = {parts[i].in_at, parts[i].in_seen_at, parts[i].out_at,
                                 parts[i].out_seen_at};
        for (size_t t = 0; t < 4 && rc == SQLITE_OK; t++)
            rc = sqlite3_bind_int64(q, from++, times[t]);
    }
    return rc == SQLITE_OK ? ERR_OK : state_failed(s, rc);
}

int state_put_key(struct state *s, int64_t zone_id, const struct life_key *k)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    if (k->planned)
        return ERR_INTERNAL; /* a simulated key has no row */
    int err = state_query(s, &q,
                          "UPDATE keys SET leave_at = ?, compromised = ?, (" PART_TIMES ")"
                          " = (?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
                          " WHERE digest = ?3 AND zone = ?4",
                          "iiti", k->leave_at, (int64_t)k->compromised, k->digest, zone_id);
    if (err == ERR_OK)
        err = bind_parts(s, q, 5, k->parts);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err != ERR_ABSENT)
        return err;
    return sqlite3_changes(s->db) == 1 ? ERR_OK : ERR_INTERNAL; /* it was never recorded */
}

static int put_ttls(struct state *s, int64_t zone_id, const struct life *l)
{
    int err = state_run(s, "DELETE FROM ttls WHERE zone = ?", "i", zone_id);
    for (size_t i = 0; i < l->ttl_n && err == ERR_OK; i++) {
        const struct ttl_seen *t = &l->ttls[i];
        err = state_run(s,
                        "INSERT INTO ttls (zone, kind, ttl_s, out_at, is_latest)"
                        " VALUES (?, ?, ?, ?, ?)",
                        "itiii", zone_id, ttl_kind_text(t->kind), (int64_t)t->ttl_s, t->out_at,
                        (int64_t)t->is_latest);
    }
    return err;
}

static int put(struct state *s, const uint8_t *zone, const struct life *l)
{
    int64_t id = 0;
    int err = state_zone_id(s, zone, true, &id);
    if (err == ERR_OK)
        err = state_run(s,
                        "UPDATE zones SET clock_at = ?, valid_until_at = ?, ds_public_at = ?"
                        " WHERE id = ?",
                        "iiii", l->clock_at, l->valid_until_at, l->ds_public_at, id);
    for (size_t i = 0; i < l->key_n && err == ERR_OK; i++)
        err = state_put_key(s, id, &l->keys[i]);
    return err == ERR_OK ? put_ttls(s, id, l) : err;
}

int state_life_put(struct state *s, const uint8_t *zone, const struct life *l)
{
    bool own = false;
    int err = state_enter(s, &own);
    return err == ERR_OK ? state_leave(s, own, put(s, zone, l)) : err;
}

/* ------------------------------------------------------------------ the keys themselves */

/* The DNSKEY that is recorded for the key. */
static int recorded_dnskey(struct state *s, const char *digest, struct buf *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT dnskey FROM keys WHERE digest = ?", "t", digest);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_ABSENT)
        return state_refuse_row(s, digest, "no such key is recorded");
    if (err != ERR_OK)
        return err;
    const void *data = sqlite3_column_blob(q, 0);
    buf_add(ret, data, (size_t)sqlite3_column_bytes(q, 0));
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

static int is_offline(struct state *s, const char *digest, bool *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT store = ? FROM keys WHERE digest = ?", "tt",
                          KEY_STORE_OFFLINE, digest);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_OK)
        *ret = sqlite3_column_int(q, 0) != 0;
    return err == ERR_ABSENT ? ERR_OK : err;
}

static bool has_file(const struct state *s, const char *digest, const char *suffix)
{
    AUTO(buf) struct buf path = {0};
    buf_printf(&path, "%s/%s%s", s->keys_dir, digest, suffix);
    return buf_ok(&path) && access(buf_str(&path), F_OK) == 0;
}

bool state_key_is_there(struct state *s, const struct life_key *k)
{
    bool offline = false;
    if (is_offline(s, k->digest, &offline) == ERR_OK && offline)
        return true;
    return has_file(s, k->digest, ".pem") || has_file(s, k->digest, ".uri");
}

int state_key_open(struct state *s, const struct life_key *k, struct key **ret, struct diags *diags)
{
    AUTO(buf) struct buf dnskey = {0};
    AUTO_PTR(key) struct key *loaded = NULL;
    bool offline = false;
    int offline_err = is_offline(s, k->digest, &offline);
    if (offline_err != ERR_OK)
        return offline_err;
    if (offline) /* nothing is missing: its signatures come as responses (signer/ksr.h) */
        return state_key_public(s, k, ret, diags);
    int err = recorded_dnskey(s, k->digest, &dnskey);
    if (err == ERR_OK)
        err = key_load(s->keys_dir, k->digest, k->algorithm, k->role, &loaded, diags);
    if (err != ERR_OK)
        return err;
    if (!bytes_equal(buf_bytes(&dnskey), key_dnskey_rdata(loaded)))
        return state_refuse_row(s, k->digest,
                                "the DNSKEY recorded for the key is not that of its file");
    *ret = TAKE(loaded);
    return ERR_OK;
}

int state_key_public(struct state *s, const struct life_key *k, struct key **ret,
                     struct diags *diags)
{
    AUTO(buf) struct buf dnskey = {0};
    AUTO_PTR(key) struct key *public = NULL;
    int err = recorded_dnskey(s, k->digest, &dnskey);
    if (err == ERR_OK)
        err = key_from_dnskey(buf_bytes(&dnskey), k->role, &public);
    if (err == ERR_OK && (strcmp(key_digest(public), k->digest) != 0 ||
                          key_algorithm(public) != k->algorithm || key_tag(public) != k->tag))
        err = ERR_KEY;
    if (err == ERR_KEY) {
        diag_add(diags, &rule_state_damaged, AT_FILE(s->db_path), k->digest,
                 "the DNSKEY recorded for the key is of another");
        return ERR_STATE;
    }
    if (err == ERR_OK)
        *ret = TAKE(public);
    return err;
}
