/* Spares: keys made for rolls to come, so that an offline KSK can sign them beforehand. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "signer/ksr.h"
#include "signer/state.h"

void skr_keys_done(struct skr_keys *k)
{
    for (size_t i = 0; i < k->n; i++)
        buf_done(&k->items[i].dnskey);
    free(k->items);
    *k = (struct skr_keys){0};
}

static int add_zone_key(struct state *s, sqlite3_stmt *q, struct skr_keys *ret)
{
    const char *digest = (const char *)sqlite3_column_text(q, 0);
    const char *role = (const char *)sqlite3_column_text(q, 1);
    struct skr_key *items = grow_items(ret->items, ret->n, &ret->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    ret->items = items;
    struct skr_key *to = &items[ret->n];
    *to = (struct skr_key){.is_offline = sqlite3_column_int(q, 2) != 0};
    if (digest == NULL || strlen(digest) != KEY_DIGEST_LEN - 1 || role == NULL ||
        !key_role_from_text(role, &to->role))
        return state_refuse_row(s, digest, "the row of a key is damaged");
    memcpy(to->digest, digest, KEY_DIGEST_LEN);
    ret->n++;
    buf_add(&to->dnskey, sqlite3_column_blob(q, 3), (size_t)sqlite3_column_bytes(q, 3));
    return buf_ok(&to->dnskey) ? ERR_OK : ERR_NOMEM;
}

int state_zone_keys(struct state *s, const uint8_t *zone, struct skr_keys *ret)
{
    int64_t id = 0;
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_zone_id(s, zone, false, &id);
    if (err == ERR_OK)
        err = state_query(s, &q,
                          "SELECT digest, role, store = ?, dnskey FROM keys WHERE zone = ?"
                          " ORDER BY seq",
                          "ti", KEY_STORE_OFFLINE, id);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK)
        err = add_zone_key(s, q, ret);
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* A row of SPARE_COLUMNS. */
#define SPARE_COLUMNS "digest, role, algorithm, tag, made_at"
static int read_spare(struct state *s, sqlite3_stmt *q, struct life_key *ret)
{
    const char *digest = (const char *)sqlite3_column_text(q, 0);
    const char *role = (const char *)sqlite3_column_text(q, 1);
    struct life_key k = {.algorithm = (uint8_t)sqlite3_column_int(q, 2),
                         .tag = (uint16_t)sqlite3_column_int(q, 3),
                         .made_at = sqlite3_column_int64(q, 4)};
    if (digest == NULL || strlen(digest) != KEY_DIGEST_LEN - 1 || role == NULL ||
        !key_role_from_text(role, &k.role))
        return state_refuse_row(s, digest, "the row of a key is damaged");
    memcpy(k.digest, digest, KEY_DIGEST_LEN);
    *ret = k;
    return ERR_OK;
}

int state_spares(struct state *s, const uint8_t *zone, struct life *ret)
{
    int64_t id = 0;
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_zone_id(s, zone, false, &id);
    if (err == ERR_OK)
        err = state_query(s, &q,
                          "SELECT " SPARE_COLUMNS " FROM keys WHERE zone = ? AND spare = 1"
                          " ORDER BY seq",
                          "i", id);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        struct life_key k;
        err = read_spare(s, q, &k);
        if (err == ERR_OK)
            err = life_add(ret, &k);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

static int find_spare(struct state *s, int64_t zone_id, enum key_role role, uint8_t algorithm,
                      struct life_key *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT " SPARE_COLUMNS " FROM keys WHERE zone = ? AND spare = 1"
                          " AND role = ? AND algorithm = ? ORDER BY seq LIMIT 1",
                          "iti", zone_id, key_role_text(role), (int64_t)algorithm);
    if (err == ERR_OK)
        err = state_step(s, q);
    return err == ERR_OK ? read_spare(s, q, ret) : err;
}

int state_spare_take(struct state *s, const uint8_t *zone, enum key_role role, uint8_t algorithm,
                     struct life_key *ret)
{
    if (s->in_transaction || s->peeks) /* a rollback would forget what the caller has used */
        return ERR_INTERNAL;
    int64_t id = 0;
    struct life_key k;
    int err = state_zone_id(s, zone, false, &id);
    if (err == ERR_OK)
        err = find_spare(s, id, role, algorithm, &k);
    if (err == ERR_OK) /* the last of the zone's keys from now on */
        err = state_run(s,
                        "UPDATE keys SET spare = 0, seq = (SELECT max(seq) + 1 FROM keys)"
                        " WHERE digest = ?",
                        "t", k.digest);
    if (err == ERR_OK)
        *ret = k;
    return err;
}
