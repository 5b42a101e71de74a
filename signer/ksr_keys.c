/* The offline KSK itself: its private half at the ceremony, its DNSKEY on the signing host. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "common/grow.h"
#include "signer/key_files.h"
#include "signer/key_import.h"
#include "signer/keystore.h"
#include "signer/ksr.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

/* ------------------------------------------------------------------ the ceremony's folder */

/* Consumes K. The same key may be there in both forms. */
static int add_ksk(struct keyset *set, struct key *k)
{
    bool known = key_role(k) == KEY_ZSK;
    for (size_t i = 0; i < set->n; i++)
        known = known || strcmp(key_digest(set->keys[i]), key_digest(k)) == 0;
    if (!known)
        return keyset_add(set, k);
    key_free(k);
    return ERR_OK;
}

/* Consumes the keys of FROM. */
static int add_ksks(struct keyset *set, struct keyset *from)
{
    int err = ERR_OK;
    for (size_t i = 0; i < from->n && err == ERR_OK; i++)
        err = add_ksk(set, TAKE(from->keys[i]));
    return err;
}

static int own_keys(const char *dir, const uint8_t *zone, struct keyset *ret, struct diags *diags)
{
    AUTO_PTR(key_folder) struct key_folder *folder = NULL;
    AUTO(keyset) struct keyset found = {0};
    int err = key_folder_open(dir, &folder, diags);
    if (err == ERR_OK)
        err = key_folder_read(folder, zone, &found, diags);
    return err == ERR_OK ? add_ksks(ret, &found) : err;
}

struct paths {
    char **items;
    size_t n;
    size_t cap;
};

static void paths_done(struct paths *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i]);
    free(p->items);
}
DEFINE_AUTO(paths)

static int add_path(struct paths *p, const char *dir, const char *name)
{
    char **items = grow_items(p->items, p->n, &p->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    p->items = items;
    p->items[p->n] = file_join(dir, name);
    return p->items[p->n++] == NULL ? ERR_NOMEM : ERR_OK;
}

/* K<zone>+<algorithm>+<tag>.private */
static int bind_files(const char *dir, const char *zone_text, struct paths *ret)
{
    char prefix[NAME_TEXT_LEN + 4];
    static const char suffix[] = ".private";
    DIR *d = opendir(dir);
    const struct dirent *e;
    int err = d == NULL ? ERR_IO : ERR_OK;
    (void)snprintf(prefix, sizeof prefix, "K%s.+", strcmp(zone_text, ".") == 0 ? "" : zone_text);
    while (err == ERR_OK && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        if (strncmp(e->d_name, prefix, strlen(prefix)) == 0 && len > sizeof suffix &&
            strcmp(e->d_name + len - (sizeof suffix - 1), suffix) == 0)
            err = add_path(ret, dir, e->d_name);
    }
    if (d != NULL)
        (void)closedir(d);
    return err;
}

static int bind_keys(const char *dir, const uint8_t *zone, int64_t now, struct keyset *ret,
                     struct diags *diags)
{
    char text[NAME_TEXT_LEN];
    AUTO(paths) struct paths paths = {0};
    AUTO(foreign_keys) struct foreign_keys found = {0};
    name_to_text_nodot(zone, text);
    const struct import_params params = {
        .zone = zone, .zone_text = text, .now = now, .standby = true};
    int err = bind_files(dir, text, &paths);
    if (err == ERR_OK && paths.n > 0)
        err = keys_read_foreign(&params, (const char *const *)paths.items, paths.n, &found, diags);
    for (size_t i = 0; i < found.n && err == ERR_OK; i++)
        err = add_ksk(ret, TAKE(found.items[i].key));
    return err;
}

int ceremony_keys(const char *dir, const uint8_t *zone, int64_t now, struct keyset *ret,
                  struct diags *diags)
{
    char text[NAME_TEXT_LEN];
    AUTO(keyset) struct keyset set = {0};
    int err = own_keys(dir, zone, &set, diags);
    if (err == ERR_OK)
        err = bind_keys(dir, zone, now, &set, diags);
    if (err != ERR_OK)
        return err;
    if (set.n == 0) {
        name_to_text_nodot(zone, text);
        diag_add(diags, &rule_key_missing, AT_FILE(dir), text, "no KSK of the zone is here");
        diag_expect(diags, "<digest>.pem with its .dnskey, or K%s.+….private with its .key", text);
        return ERR_KEY;
    }
    *ret = set;
    set = (struct keyset){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ on the signing host */

static int refuse_record(const char *name, const char *what, struct diags *diags)
{
    diag_add(diags, &rule_key_refused, AT_FILE(name), NULL, "%s", what);
    diag_expect(diags, "one DNSKEY record of the zone, with flags 257");
    return ERR_FINDINGS;
}

static int read_ksk(const uint8_t *zone, const char *name, struct bytes text, struct key **ret,
                    struct diags *diags)
{
    AUTO(dnskey_record) struct dnskey_record record = {0};
    const char *why = "";
    int err = dnskey_record_parse(text, &record, &why);
    if (err == ERR_FINDINGS)
        return refuse_record(name, why, diags);
    if (err != ERR_OK)
        return err;
    if (name_compare(record.owner, zone) != 0)
        return refuse_record(name, "a record of another zone", diags);
    err = key_from_dnskey(buf_bytes(&record.rdata), KEY_KSK, ret);
    return err == ERR_KEY ? refuse_record(name, "not the DNSKEY of a KSK", diags) : err;
}

/* The private half was here: state asks for it no more. */
static int put_offline(struct state *s, const char *zone_text, const struct key *k, int64_t now)
{
    char why[96];
    bool own = false;
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    (void)snprintf(why, sizeof why, "ksk %u: its private half is kept offline", key_tag(k));
    err = state_run(s, "UPDATE keys SET store = ? WHERE digest = ?", "tt", KEY_STORE_OFFLINE,
                    key_digest(k));
    if (err == ERR_OK)
        err = state_event_add(
            s,
            &(struct state_event){
                .at = now, .zone = zone_text, .key = key_digest(k), .what = "offline", .why = why});
    return state_leave(s, own, err);
}

/* ERR_ABSENT: state does not know the key. RET_OFFLINE: it is offline already. */
static int find_key(struct state *s, const uint8_t *zone, const struct key *k, bool *ret_offline)
{
    AUTO(skr_keys) struct skr_keys known = {0};
    int err = state_zone_keys(s, zone, &known);
    for (size_t i = 0; i < known.n && err == ERR_OK; i++) {
        if (strcmp(known.items[i].digest, key_digest(k)) != 0)
            continue;
        *ret_offline = known.items[i].is_offline;
        return known.items[i].role == KEY_KSK ? ERR_OK : ERR_KEY;
    }
    return err == ERR_OK ? ERR_ABSENT : err;
}

static bool has_staying_ksk(const struct life *l)
{
    for (size_t i = 0; i < l->key_n; i++) {
        if (l->keys[i].role != KEY_ZSK && l->keys[i].leave_at == 0)
            return true;
    }
    return false;
}

/* The zone has one KSK that stays at a time: the next one waits for its turn. */
static int add_offline(struct state *s, const uint8_t *zone, const struct key *k,
                       const struct life_key *as, enum ksk_place *ret_place, struct diags *diags)
{
    static const char why[] = "its private half is kept offline";
    AUTO(life) struct life l = {0};
    int err = state_life_get(s, zone, &l);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    bool spare = has_staying_ksk(&l);
    *ret_place = spare ? KSK_IS_SPARE : KSK_IN_LIFE;
    return spare ? state_spare_add(s, zone, k, as->made_at, why, diags)
                 : state_key_add(s, zone, k, as, as->made_at, why, diags);
}

int state_ksk_offline(struct state *s, const uint8_t *zone, const char *name, struct bytes text,
                      int64_t now, struct life_key *ret, enum ksk_place *ret_place,
                      struct diags *diags)
{
    enum ksk_place place = KSK_IS_KNOWN;
    AUTO_PTR(key) struct key *k = NULL;
    char zone_text[NAME_TEXT_LEN];
    bool offline = false;
    name_to_text_nodot(zone, zone_text);
    int err = read_ksk(zone, name, text, &k, diags);
    if (err != ERR_OK)
        return err;
    struct life_key life = {
        .role = KEY_KSK, .algorithm = key_algorithm(k), .tag = key_tag(k), .made_at = now};
    memcpy(life.digest, key_digest(k), KEY_DIGEST_LEN);
    err = find_key(s, zone, k, &offline);
    if (err == ERR_KEY)
        return refuse_record(name, "the key of a CSK, which signs the zone's data too", diags);
    if (err == ERR_OK && !offline) {
        place = KSK_WAS_HERE;
        err = put_offline(s, zone_text, k, now);
    } else if (err == ERR_ABSENT) {
        err = add_offline(s, zone, k, &life, &place, diags);
    }
    if (err != ERR_OK)
        return err;
    *ret = life;
    *ret_place = place;
    return ERR_OK;
}
