/* Which keys a zone has. Their files come first: a row always has its file (trust rule 1). */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

/* Documents named by the digests of keys in the making. What a killed run leaves of them explains
   its key files: they were never used. */
#define KIND_UNUSED "key-unused"

static bool role_from_text(const char *text, enum key_role *ret)
{
    static const enum key_role roles[] = {KEY_KSK, KEY_ZSK, KEY_CSK};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(text, key_role_text(roles[i])) == 0) {
            *ret = roles[i];
            return true;
        }
    }
    return false;
}

static int refuse_row(struct state *s, const char *digest, const char *what)
{
    diag_add(s->diags, &rule_state_damaged, AT_FILE(s->db_path), digest, "%s", what);
    return ERR_STATE;
}

static int load_row(struct state *s, sqlite3_stmt *q, struct keyset *set, struct diags *diags)
{
    const char *digest = (const char *)sqlite3_column_text(q, 0);
    const char *role_text = (const char *)sqlite3_column_text(q, 1);
    int64_t algorithm = sqlite3_column_int64(q, 2);
    enum key_role role = KEY_KSK;
    if (digest == NULL || role_text == NULL || !role_from_text(role_text, &role) || algorithm < 0 ||
        algorithm > 255)
        return refuse_row(s, digest, "the row of a key is damaged");
    AUTO_PTR(key) struct key *k = NULL;
    int err = key_load(s->keys_dir, digest, (uint8_t)algorithm, role, &k, diags);
    if (err != ERR_OK)
        return err;
    const void *dnskey = sqlite3_column_blob(q, 3);
    struct bytes recorded = {dnskey, (size_t)sqlite3_column_bytes(q, 3)};
    if (!bytes_equal(recorded, key_dnskey_rdata(k)))
        return refuse_row(s, digest, "the DNSKEY recorded for the key is not that of its file");
    return keyset_add(set, TAKE(k));
}

int state_keys(struct state *s, const uint8_t *zone, struct keyset *ret, struct diags *diags)
{
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q,
                          "SELECT digest, role, algorithm, dnskey FROM keys"
                          " JOIN zones ON zones.id = keys.zone WHERE zones.name = ?"
                          " ORDER BY role, digest",
                          "t", name);
    AUTO(keyset) struct keyset set = {0};
    size_t rows = 0;
    int failed = ERR_OK; /* every missing file is named, not only the first */
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        int one = load_row(s, q, &set, diags);
        failed = failed == ERR_OK ? one : failed;
        rows++;
    }
    if (err != ERR_ABSENT)
        return err;
    if (rows == 0)
        return ERR_ABSENT;
    if (failed != ERR_OK)
        return failed;
    *ret = set;
    set = (struct keyset){0};
    return ERR_OK;
}

bool state_made_key(struct state *s, const char *digest)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    return state_knows_key(s, digest) ||
           (state_query(s, &q, "SELECT 1 FROM docs WHERE kind = ? AND name = ?", "tt", KIND_UNUSED,
                        digest) == ERR_OK &&
            state_step(s, q) == ERR_OK);
}

bool state_knows_key(struct state *s, const char *digest)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    return state_query(s, &q, "SELECT 1 FROM keys WHERE digest = ?", "t", digest) == ERR_OK &&
           state_step(s, q) == ERR_OK;
}

static void note_unused(struct state *s, const char *name, struct diags *diags)
{
    AUTO_FREE char *path = file_join(s->keys_dir, name);
    char digest[KEY_DIGEST_LEN] = "";
    size_t len = strlen(name);
    bool named = len == KEY_DIGEST_LEN - 1 + 4;
    if (named)
        memcpy(digest, name, KEY_DIGEST_LEN - 1);
    if (named && state_knows_key(s, digest))
        return;
    bool ours = named && state_made_key(s, digest);
    diag_add(diags, &rule_key_unused, AT_FILE(path == NULL ? name : path), NULL, "%s",
             ours ? "a private key that a run made and, cut short, never used"
                  : "a private key that state.db does not know");
}

void state_note_unused_keys(struct state *s, struct diags *diags)
{
    DIR *d = opendir(s->keys_dir);
    if (d == NULL)
        return; /* what needs the folder says so */
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        size_t len = strlen(e->d_name);
        if (e->d_name[0] != '.' && len > 4 && strcmp(e->d_name + len - 4, ".pem") == 0)
            note_unused(s, e->d_name, diags);
    }
    (void)closedir(d);
}

static int record_key(struct state *s, int64_t zone_id, const char *zone, const struct key *k,
                      int64_t now)
{
    const char *role = key_role_text(key_role(k));
    int err = state_run(s,
                        "INSERT INTO keys (digest, zone, role, algorithm, tag, dnskey, made_at)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?)",
                        "titiibi", key_digest(k), zone_id, role, (int64_t)key_algorithm(k),
                        (int64_t)key_tag(k), key_dnskey_rdata(k), now);
    if (err == ERR_OK)
        err = state_doc_delete(s, KIND_UNUSED, key_digest(k));
    if (err != ERR_OK)
        return err;
    AUTO(buf) struct buf why = {0};
    buf_printf(&why, "%s %s tag %u %s: the zone had no keys", role,
               algorithm_text(key_algorithm(k)), key_tag(k), key_digest(k));
    return buf_ok(&why) ? state_event(s, now, zone, "key-made", buf_str(&why)) : ERR_NOMEM;
}

static int record_keys(struct state *s, const uint8_t *zone, const char *zone_text,
                       const struct keyset *set, int64_t now)
{
    bool own = false;
    int64_t id = 0;
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    err = state_zone_id(s, zone, true, &id);
    for (size_t i = 0; i < set->n && err == ERR_OK; i++)
        err = record_key(s, id, zone_text, set->keys[i], now);
    return state_leave(s, own, err);
}

static int refuse_second(struct state *s, const uint8_t *zone, const char *zone_text,
                         struct diags *diags)
{
    AUTO(keyset) struct keyset have = {0};
    int err = state_keys(s, zone, &have, diags);
    if (err == ERR_ABSENT)
        return ERR_OK;
    if (err == ERR_OK) {
        diag_add(diags, &rule_key_refused, AT_FILE(s->dir), zone_text, "the zone has keys already");
        err = ERR_KEY;
    }
    return err;
}

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

/* What a zone that was never signed needs: KSK and ZSK, or one CSK. */
static int generate(struct keyset *set, const struct dnssec_policy *policy, struct diags *diags)
{
    if (policy->single_key)
        return keyset_generate(set, policy->algorithm, KEY_CSK, diags);
    int err = keyset_generate(set, policy->algorithm, KEY_KSK, diags);
    return err == ERR_OK ? keyset_generate(set, policy->algorithm, KEY_ZSK, diags) : err;
}

static int record_unused(struct state *s, const struct keyset *set, const char *zone_text)
{
    bool own = false;
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    const struct bytes zone = {(const uint8_t *)zone_text, strlen(zone_text)};
    for (size_t i = 0; i < set->n && err == ERR_OK; i++)
        err = state_doc_put(s, KIND_UNUSED, key_digest(set->keys[i]), zone);
    return state_leave(s, own, err);
}

int state_make_keys(struct state *s, const uint8_t *zone, const struct dnssec_policy *policy,
                    int64_t now, struct keyset *ret, struct diags *diags)
{
    if (s->in_transaction) /* a rollback would forget keys that the caller has used */
        return ERR_INTERNAL;
    char name[NAME_TEXT_LEN];
    name_to_text_nodot(zone, name);
    int err = refuse_second(s, zone, name, diags);
    if (err != ERR_OK)
        return err;
    err = refuse_foreign(s, name, diags);
    AUTO(keyset) struct keyset set = {0};
    if (err == ERR_OK)
        err = generate(&set, policy, diags);
    if (err == ERR_OK)
        err = record_unused(s, &set, name);
    if (err == ERR_OK)
        err = keyset_store(&set, 0, s->keys_dir, diags);
    if (err == ERR_OK)
        err = record_keys(s, zone, name, &set, now);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < set.n; i++)
        diag_add(diags, &rule_key_made, AT_NOWHERE, name, "new %s, tag %u: %s/%s.pem",
                 key_role_text(key_role(set.keys[i])), key_tag(set.keys[i]), s->keys_dir,
                 key_digest(set.keys[i]));
    *ret = set;
    set = (struct keyset){0};
    return ERR_OK;
}
