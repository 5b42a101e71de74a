/*
 * Keys that are new to the state: generated here or brought from elsewhere. Their files come first,
 * so that a row always has its file (trust rule 1); what a killed run leaves explains itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "signer/key_token.h"
#include "signer/keystore.h"
#include "signer/ksr.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

/* DNSKEYs of a zone, owned. */
struct dnskeys {
    struct buf *bufs;
    struct bytes *items; /* the same, borrowed */
    size_t n;
    size_t cap;
};

static void dnskeys_done(struct dnskeys *d)
{
    for (size_t i = 0; i < d->n; i++)
        buf_done(&d->bufs[i]);
    free(d->bufs);
    free(d->items);
}
DEFINE_AUTO(dnskeys)

static int dnskeys_add(struct dnskeys *d, struct bytes rdata)
{
    struct buf *bufs = grow_items(d->bufs, d->n, &d->cap, sizeof *bufs);
    if (bufs == NULL)
        return ERR_NOMEM;
    d->bufs = bufs;
    struct bytes *items = reallocarray(d->items, d->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    d->items = items;
    struct buf copy = {0};
    buf_add(&copy, rdata.data, rdata.len);
    if (!buf_ok(&copy))
        return ERR_NOMEM;
    d->bufs[d->n] = copy;
    d->items[d->n++] = buf_bytes(&copy);
    return ERR_OK;
}

/* Of all keys that the zone ever had (trust rule 2): a removed one may still be in a cache, and a
   restored backup may bring it back. */
static int known_dnskeys(struct state *s, const char *zone, struct dnskeys *ret)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT dnskey FROM keys JOIN zones ON zones.id = keys.zone"
                          " WHERE zones.name = ?",
                          "t", zone);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        const void *data = sqlite3_column_blob(q, 0);
        err = dnskeys_add(ret, (struct bytes){data, (size_t)sqlite3_column_bytes(q, 0)});
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* ------------------------------------------------------------------ recording */

/* Keys that come in together, or not at all. */
struct addition {
    const char *zone_text;
    const uint8_t *zone;
    const struct key *const *keys;
    const struct life_key *as; /* times of each */
    size_t n;
    int64_t now;
    bool spare;
    const char *what; /* the event */
    const char *why;
};

/* A token's URI without its PIN, which is in the .uri file only. "": the key is in a file. */
static int store_text(const struct key *k, struct buf *ret)
{
    if (key_is_public(k)) {
        buf_add_str(ret, KEY_STORE_OFFLINE);
        return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
    }
    const char *uri = crypto_private_uri(key_private(k));
    if (uri == NULL)
        return ERR_OK;
    AUTO(buf) struct buf shown = {0};
    int err = token_uri_public(uri, &shown);
    if (err == ERR_OK) /* how to get at it stands in the .uri file */
        buf_add(ret, shown.data, strcspn(buf_str(&shown), "?"));
    return err == ERR_OK && !buf_ok(ret) ? ERR_NOMEM : err;
}

static int log_key(struct state *s, const struct addition *a, const struct key *k)
{
    AUTO(buf) struct buf why = {0};
    buf_printf(&why, "%s %u: %s, %s", key_role_text(key_role(k)), key_tag(k),
               algorithm_text(key_algorithm(k)), a->why);
    if (!buf_ok(&why))
        return ERR_NOMEM;
    return state_event_add(s, &(struct state_event){.at = a->now,
                                                    .zone = a->zone_text,
                                                    .key = key_digest(k),
                                                    .what = a->what,
                                                    .why = buf_str(&why)});
}

static int record_key(struct state *s, const struct addition *a, size_t i, int64_t zone_id)
{
    const struct key *k = a->keys[i];
    struct life_key times = a->as[i];
    AUTO(buf) struct buf store = {0};
    int err = store_text(k, &store);
    if (err == ERR_OK)
        err = state_run(s,
                        "INSERT INTO keys (digest, zone, role, algorithm, tag, dnskey, made_at,"
                        " store, spare, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
                        " (SELECT coalesce(max(seq), 0) + 1 FROM keys))",
                        "titiibiti", key_digest(k), zone_id, key_role_text(key_role(k)),
                        (int64_t)key_algorithm(k), (int64_t)key_tag(k), key_dnskey_rdata(k),
                        times.made_at, buf_str(&store), (int64_t)a->spare);
    memcpy(times.digest, key_digest(k), KEY_DIGEST_LEN);
    if (err == ERR_OK)
        err = state_put_key(s, zone_id, &times);
    if (err == ERR_OK)
        err = state_doc_delete(s, STATE_KEY_UNUSED, key_digest(k));
    return err == ERR_OK ? log_key(s, a, k) : err;
}

static int record_keys(struct state *s, const struct addition *a)
{
    bool own = false;
    int64_t id = 0;
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    err = state_zone_id(s, a->zone, true, &id);
    for (size_t i = 0; i < a->n && err == ERR_OK; i++)
        err = record_key(s, a, i, id);
    return state_leave(s, own, err);
}

/* Before the files: what a killed run leaves of them is known to be unused. */
static int announce_keys(struct state *s, const struct addition *a)
{
    bool own = false;
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    const struct bytes zone = {(const uint8_t *)a->zone_text, strlen(a->zone_text)};
    for (size_t i = 0; i < a->n && err == ERR_OK; i++) {
        if (!key_is_public(a->keys[i])) /* an offline key has no file */
            err = state_doc_put(s, STATE_KEY_UNUSED, key_digest(a->keys[i]), zone);
    }
    return state_leave(s, own, err);
}

static int add_keys(struct state *s, const struct addition *a, struct diags *diags)
{
    int err = announce_keys(s, a);
    for (size_t i = 0; i < a->n && err == ERR_OK; i++) {
        if (!key_is_public(a->keys[i]))
            err = key_store(a->keys[i], s->keys_dir, diags);
    }
    return err == ERR_OK ? record_keys(s, a) : err;
}

/* ------------------------------------------------------------------ new keys */

/* Trust rule 1: key files that the database does not know say that it is older than they are; the
   zone may have been signed with them. */
static int refuse_foreign(struct state *s, const char *zone_text, struct diags *diags)
{
    char digest[KEY_DIGEST_LEN];
    size_t n = state_key_files(s, KEY_FILES_FOREIGN, digest);
    if (n == 0)
        return ERR_OK;
    diag_add(diags, &rule_key_foreign, AT_FILE(s->keys_dir), zone_text,
             "no keys are made: %zu key files that state.db does not know, %.16s… among them", n,
             digest);
    return ERR_KEY;
}

static int generate(struct state *s, const char *zone_text, enum key_role role, uint8_t algorithm,
                    const char *store, struct key **ret, struct diags *diags)
{
    AUTO(dnskeys) struct dnskeys taken = {0};
    AUTO(buf) struct buf label = {0};
    buf_printf(&label, "%s %s", zone_text, key_role_text(role));
    int err = buf_ok(&label) ? known_dnskeys(s, zone_text, &taken) : ERR_NOMEM;
    if (err != ERR_OK)
        return err;
    return key_generate_unlike(taken.items, taken.n, algorithm, role, store, buf_str(&label), ret,
                               diags);
}

static void note_made(const struct state *s, const char *zone_text, const struct key *k,
                      bool on_token, struct diags *diags)
{
    diag_add(diags, &rule_key_made, AT_NOWHERE, zone_text, "new %s, tag %u: %s/%s.%s",
             key_role_text(key_role(k)), key_tag(k), s->keys_dir, key_digest(k),
             on_token ? "uri" : "pem");
    if (on_token)
        diag_expect(diags, "the token itself in your backup: the file only says where the key is");
}

static int refuse_offline(const char *zone_text, enum key_role role, const char *store,
                          struct diags *diags)
{
    if (store == NULL || strcmp(store, KEY_STORE_OFFLINE) != 0)
        return ERR_OK;
    diag_add(diags, &rule_key_offline, AT_NOWHERE, zone_text,
             "a new %s is needed, and its private half is to be kept offline", key_role_text(role));
    return ERR_KEY;
}

/* What is asked of a new key. */
struct wanted {
    enum key_role role;
    uint8_t algorithm;
    const char *store;
    int64_t now;
    bool spare;
    const char *why;
};

static int make_and_add(struct state *s, const uint8_t *zone, const struct wanted *w,
                        struct life_key *ret, struct diags *diags)
{
    if (s->in_transaction || s->peeks) /* a rollback would forget a key that the caller has used */
        return ERR_INTERNAL;
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    AUTO_PTR(key) struct key *k = NULL;
    int err = refuse_offline(name, w->role, w->store, diags);
    if (err == ERR_OK)
        err = refuse_foreign(s, name, diags);
    if (err == ERR_OK)
        err = generate(s, name, w->role, w->algorithm, w->store, &k, diags);
    if (err != ERR_OK)
        return err;
    struct life_key made = {
        .role = w->role, .algorithm = w->algorithm, .tag = key_tag(k), .made_at = w->now};
    memcpy(made.digest, key_digest(k), KEY_DIGEST_LEN);
    const struct key *const keys[] = {k};
    const struct addition a = {.zone_text = name,
                               .zone = zone,
                               .keys = keys,
                               .as = &made,
                               .n = 1,
                               .now = w->now,
                               .spare = w->spare,
                               .what = w->spare ? "spare-generated" : "generated",
                               .why = w->why};
    err = add_keys(s, &a, diags);
    if (err != ERR_OK)
        return err;
    note_made(s, name, k, w->store != NULL, diags);
    *ret = made;
    return ERR_OK;
}

int state_key_make(struct state *s, const uint8_t *zone, enum key_role role, uint8_t algorithm,
                   const char *store, int64_t now, const char *why, struct life_key *ret,
                   struct diags *diags)
{
    const struct wanted w = {role, algorithm, store, now, false, why};
    return make_and_add(s, zone, &w, ret, diags);
}

int state_spare_make(struct state *s, const uint8_t *zone, enum key_role role, uint8_t algorithm,
                     const char *store, int64_t now, struct life_key *ret, struct diags *diags)
{
    const struct wanted w = {role, algorithm, store, now, true, "for a roll to come"};
    return make_and_add(s, zone, &w, ret, diags);
}

/* ------------------------------------------------------------------ keys from elsewhere */

static int refuse_known(struct state *s, const struct addition *a, const struct key *k,
                        struct diags *diags)
{
    if (!state_knows_key(s, key_digest(k)))
        return ERR_OK;
    diag_add(diags, &rule_key_known, AT_FILE(s->db_path), a->zone_text,
             "key %.16s… (%s, tag %u) is recorded already", key_digest(k),
             key_role_text(key_role(k)), key_tag(k));
    return ERR_KEY;
}

static int refuse_tag(const struct addition *a, const struct key *k, const struct dnskeys *known,
                      struct diags *diags)
{
    for (size_t i = 0; i < known->n; i++) {
        if (!dnskey_tags_collide(known->items[i], key_dnskey_rdata(k)))
            continue;
        diag_add(diags, &rule_key_tag, AT_NOWHERE, a->zone_text,
                 "%s %.16s… has tag %u, as another key of the zone has, now or when revoked",
                 key_role_text(key_role(k)), key_digest(k), key_tag(k));
        return ERR_KEY;
    }
    return ERR_OK;
}

static int check_keys(struct state *s, const struct addition *a, struct diags *diags)
{
    AUTO(dnskeys) struct dnskeys known = {0};
    int err = known_dnskeys(s, a->zone_text, &known);
    for (size_t i = 0; i < a->n && err == ERR_OK; i++) {
        err = refuse_known(s, a, a->keys[i], diags);
        if (err == ERR_OK)
            err = refuse_tag(a, a->keys[i], &known, diags);
        if (err == ERR_OK) /* and among themselves */
            err = dnskeys_add(&known, key_dnskey_rdata(a->keys[i]));
    }
    return err;
}

static int add_foreign(struct state *s, struct addition *a, struct diags *diags)
{
    char name[NAME_TEXT_LEN];
    if (s->in_transaction || s->peeks)
        return ERR_INTERNAL;
    name_to_text_nodot(a->zone, name);
    a->zone_text = name;
    a->what = "imported";
    int err = check_keys(s, a, diags);
    return err == ERR_OK ? add_keys(s, a, diags) : err;
}

int state_spare_add(struct state *s, const uint8_t *zone, const struct key *k, int64_t now,
                    const char *why, struct diags *diags)
{
    const struct life_key as = {.made_at = now};
    struct addition a = {
        .zone = zone, .keys = &k, .as = &as, .n = 1, .now = now, .spare = true, .why = why};
    return add_foreign(s, &a, diags);
}

int state_keys_add(struct state *s, const uint8_t *zone, const struct key *const *keys,
                   const struct life_key *as, size_t n, int64_t now, const char *why,
                   struct diags *diags)
{
    struct addition a = {.zone = zone, .keys = keys, .as = as, .n = n, .now = now, .why = why};
    return add_foreign(s, &a, diags);
}

int state_key_add(struct state *s, const uint8_t *zone, const struct key *k,
                  const struct life_key *as, int64_t now, const char *why, struct diags *diags)
{
    return state_keys_add(s, zone, &k, as, 1, now, why, diags);
}
