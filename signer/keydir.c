/*
 * Keys of `mudzone sign --keys DIR`: no database, each key has DIR/<digest>.dnskey beside its .pem,
 * the DNSKEY record with a comment that tells a CSK from a KSK (both have flags 257).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"

#define DNSKEY_FILE_MAX  8192 /* the largest DNSKEY, 4096 bits of RSA, has 1 KB */
#define DNSKEY_TEXT_TTL  3600 /* in the file only: the zone's TTL is the policy's */
#define DNSKEY_FILE_MODE 0644

/* What a .dnskey file says. */
struct key_note {
    uint8_t owner[256];
    unsigned flags;
    unsigned algorithm;
    bool csk;
    struct buf public_text; /* base64 without blanks */
};

static void key_note_done(struct key_note *n)
{
    buf_done(&n->public_text);
}
DEFINE_AUTO(key_note)

static bool parse_number(const char *text, unsigned max, unsigned *ret)
{
    char *end = NULL;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || n > max)
        return false;
    *ret = (unsigned)n;
    return true;
}

/* owner [TTL] IN DNSKEY flags 3 algorithm base64… [; csk] */
static bool parse_note(char *text, struct key_note *ret)
{
    char *comment = strchr(text, ';');
    if (comment != NULL) {
        *comment++ = 0;
        ret->csk = strstr(comment, "csk") != NULL;
    }
    static const char blank[] = " \t\r\n";
    char *rest = NULL;
    char *token = strtok_r(text, blank, &rest);
    if (token == NULL || !name_from_text(token, ret->owner))
        return false;
    do {
        token = strtok_r(NULL, blank, &rest);
    } while (token != NULL && strcmp(token, "DNSKEY") != 0);
    unsigned protocol = 0;
    unsigned *const numbers[] = {&ret->flags, &protocol, &ret->algorithm};
    for (size_t i = 0; i < 3; i++) {
        token = token == NULL ? NULL : strtok_r(NULL, blank, &rest);
        if (token == NULL || !parse_number(token, i == 0 ? 65535 : 255, numbers[i]))
            return false;
    }
    while ((token = strtok_r(NULL, blank, &rest)) != NULL)
        buf_add_str(&ret->public_text, token);
    return protocol == 3 && ret->public_text.len > 0 && buf_ok(&ret->public_text);
}

/* The record of K as one line without its newline. */
static int note_text(const struct key *k, const uint8_t *zone, struct buf *ret)
{
    struct bytes rdata = key_dnskey_rdata(k);
    AUTO_FREE knot_rdata_t *rr = malloc(knot_rdata_size((uint16_t)rdata.len));
    if (rr == NULL)
        return ERR_NOMEM;
    knot_rdata_init(rr, (uint16_t)rdata.len, rdata.data);
    int err = record_write(zone, DNSKEY_TEXT_TTL, KNOT_RRTYPE_DNSKEY, rr, ret);
    while (err == ERR_OK && ret->len > 0 && ret->data[ret->len - 1] == '\n')
        ret->data[--ret->len] = 0;
    return err;
}

static bool note_is_of(const struct key_note *note, const struct key *k)
{
    AUTO(buf) struct buf text = {0};
    AUTO(key_note) struct key_note own = {0};
    return note_text(k, note->owner, &text) == ERR_OK && text.data != NULL &&
           parse_note((char *)text.data, &own) && own.flags == note->flags &&
           own.algorithm == note->algorithm &&
           bytes_equal(buf_bytes(&own.public_text), buf_bytes(&note->public_text));
}

static int note_write(const struct key *k, const char *dir, const uint8_t *zone,
                      struct diags *diags)
{
    AUTO(buf) struct buf text = {0};
    int err = note_text(k, zone, &text);
    if (err != ERR_OK)
        return err;
    buf_printf(&text, " ; %s\n", key_role_text(key_role(k)));
    AUTO_FREE char *path = NULL;
    if (!buf_ok(&text) || asprintf(&path, "%s/%s.dnskey", dir, key_digest(k)) < 0)
        return ERR_NOMEM;
    err = file_write_atomic(path, text.data, text.len, DNSKEY_FILE_MODE);
    if (err == ERR_IO)
        diag_add(diags, &rule_key_write, AT_FILE(path), NULL, "cannot be written: %s",
                 strerror(errno));
    return err;
}

/* ------------------------------------------------------------------ reading the folder */

struct folder {
    const char *dir;
    const uint8_t *zone;
    bool single_key;
    struct diags *diags;
    struct keyset own;
    size_t foreign; /* keys of other zones, or of a form that is not ours */
    size_t lone;    /* .pem without .dnskey */
};

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name);
    size_t m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

static int note_damaged(const struct folder *f, const char *path, const char *what)
{
    diag_add(f->diags, &rule_key_damaged, AT_FILE(path), NULL, "%s", what);
    return ERR_KEY;
}

static enum key_role role_of(const struct folder *f, const struct key_note *note)
{
    if ((note->flags & DNSKEY_FLAG_SEP) == 0)
        return KEY_ZSK;
    return note->csk || f->single_key ? KEY_CSK : KEY_KSK;
}

static int read_note(struct folder *f, const char *name)
{
    AUTO_FREE char *path = file_join(f->dir, name);
    AUTO(buf) struct buf text = {0};
    AUTO(key_note) struct key_note note = {0};
    if (path == NULL)
        return ERR_NOMEM;
    int err = file_read(path, DNSKEY_FILE_MAX, &text);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK || text.len == 0 || !parse_note((char *)text.data, &note))
        return note_damaged(f, path, "not a DNSKEY record");
    if (name_compare(note.owner, f->zone) != 0) {
        f->foreign++;
        return ERR_OK;
    }
    size_t len = strlen(name) - strlen(".dnskey");
    if (len != KEY_DIGEST_LEN - 1)
        return note_damaged(f, path, "the file's name is not the digest of a key");
    char digest[KEY_DIGEST_LEN] = {0};
    memcpy(digest, name, len);
    AUTO_PTR(key) struct key *k = NULL;
    err = key_load(f->dir, digest, (uint8_t)note.algorithm, role_of(f, &note), &k, f->diags);
    if (err != ERR_OK)
        return err;
    if (!note_is_of(&note, k))
        return note_damaged(f, path, "is not the DNSKEY record of the key beside it");
    return keyset_add(&f->own, TAKE(k));
}

static int see_file(struct folder *f, const char *name)
{
    if (has_suffix(name, ".dnskey"))
        return read_note(f, name);
    if (has_suffix(name, ".private")) { /* as BIND and Knot name theirs */
        f->foreign++;
    } else if (has_suffix(name, ".pem")) {
        AUTO_FREE char *path = NULL;
        if (asprintf(&path, "%s/%.*s.dnskey", f->dir, (int)(strlen(name) - 4), name) < 0)
            return ERR_NOMEM;
        if (access(path, F_OK) != 0 && errno == ENOENT)
            f->lone++;
    }
    return ERR_OK;
}

static int key_order(const void *a, const void *b)
{
    const struct key *const *x = a;
    const struct key *const *y = b;
    if (key_role(*x) != key_role(*y))
        return key_role(*x) < key_role(*y) ? -1 : 1;
    return strcmp(key_digest(*x), key_digest(*y));
}

static int see_folder(struct folder *f, DIR *d)
{
    int err = ERR_OK;
    const struct dirent *e;
    while (err == ERR_OK && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.')
            err = see_file(f, e->d_name);
    }
    if (err == ERR_OK && f->own.n > 1)
        qsort(f->own.keys, f->own.n, sizeof *f->own.keys, key_order);
    return err;
}

/* ------------------------------------------------------------------ deciding */

static bool has_role(const struct keyset *set, enum key_role role)
{
    for (size_t i = 0; i < set->n; i++) {
        if (key_role(set->keys[i]) == role)
            return true;
    }
    return false;
}

/* The keys found are what was asked for. */
static int check_found(const struct folder *f, uint8_t algorithm)
{
    for (size_t i = 0; i < f->own.n; i++) {
        const struct key *k = f->own.keys[i];
        if (key_algorithm(k) != algorithm) {
            diag_add(f->diags, &rule_key_set, AT_FILE(f->dir), NULL,
                     "the zone's key %.16s… is %s, asked for is %s", key_digest(k),
                     algorithm_text(key_algorithm(k)), algorithm_text(algorithm));
            diag_expect(f->diags, "--algorithm %s, or another --keys folder",
                        algorithm_text(key_algorithm(k)));
            return ERR_KEY;
        }
        if ((key_role(k) == KEY_CSK) != f->single_key) {
            diag_add(f->diags, &rule_key_set, AT_FILE(f->dir), NULL,
                     "the zone's key %.16s… is a %s, asked for %s", key_digest(k),
                     key_role_text(key_role(k)),
                     f->single_key ? "is a single key" : "are a KSK and a ZSK");
            diag_expect(f->diags, "%s --single-key, or another --keys folder",
                        f->single_key ? "no" : "the option");
            return ERR_KEY;
        }
    }
    return ERR_OK;
}

static int make_missing(struct folder *f, uint8_t algorithm, bool *ret_made)
{
    const enum key_role one[] = {KEY_CSK};
    const enum key_role two[] = {KEY_KSK, KEY_ZSK};
    const enum key_role *need = f->single_key ? one : two;
    size_t before = f->own.n;
    for (size_t i = 0; i < (f->single_key ? 1u : 2u); i++) {
        if (has_role(&f->own, need[i]))
            continue;
        int err = keyset_generate(&f->own, algorithm, need[i], f->diags);
        if (err != ERR_OK)
            return err;
    }
    int err = keyset_store(&f->own, before, f->dir, f->diags);
    for (size_t i = before; i < f->own.n && err == ERR_OK; i++)
        err = note_write(f->own.keys[i], f->dir, f->zone, f->diags);
    *ret_made = err == ERR_OK && f->own.n > before;
    return err;
}

static bool is_complete(const struct folder *f)
{
    return f->single_key ? has_role(&f->own, KEY_CSK)
                         : has_role(&f->own, KEY_KSK) && has_role(&f->own, KEY_ZSK);
}

/* Trust rule 1: a folder that holds anything of keys gets new ones only when told so. */
static int refuse_new(const struct folder *f)
{
    if (f->own.n > 0) {
        diag_add(f->diags, &rule_key_set, AT_FILE(f->dir), NULL, "only a %s of this zone is here",
                 key_role_text(key_role(f->own.keys[0])));
        diag_expect(f->diags, "the other key restored from backup, or --accept-new-keys");
    } else if (f->foreign > 0) {
        diag_add(f->diags, &rule_key_refused, AT_FILE(f->dir), NULL,
                 "%zu keys of other zones or in another form, none of this zone", f->foreign);
    } else {
        diag_add(f->diags, &rule_key_refused, AT_FILE(f->dir), NULL,
                 "%zu key files without a .dnskey that says whose they are", f->lone);
    }
    return ERR_KEY;
}

static int use_folder(struct folder *f, DIR *d, uint8_t algorithm, bool allow_new, bool *ret_made)
{
    int err = see_folder(f, d);
    if (err == ERR_OK)
        err = check_found(f, algorithm);
    if (err != ERR_OK || is_complete(f))
        return err;
    bool empty = f->own.n == 0 && f->foreign == 0 && f->lone == 0;
    return empty || allow_new ? make_missing(f, algorithm, ret_made) : refuse_new(f);
}

/* Of two runs that begin in an empty folder one makes the keys, and the other waits for them. */
static int with_folder_locked(struct folder *f, uint8_t algorithm, bool allow_new, bool *ret_made)
{
    DIR *d = opendir(f->dir);
    if (d == NULL || (flock(dirfd(d), LOCK_EX) != 0 && errno != EOPNOTSUPP && errno != ENOLCK)) {
        diag_add(f->diags, &rule_key_folder, AT_FILE(f->dir), NULL, "cannot be %s: %s",
                 d == NULL ? "read" : "locked", strerror(errno));
        if (d != NULL)
            (void)closedir(d);
        return ERR_IO;
    }
    int err = use_folder(f, d, algorithm, allow_new, ret_made);
    (void)closedir(d); /* and with it the lock */
    return err;
}

int keyset_open_dir(const char *dir, const uint8_t *zone, uint8_t algorithm, bool single_key,
                    bool allow_new, struct keyset *ret, bool *ret_made, struct diags *diags)
{
    struct folder f = {.dir = dir, .zone = zone, .single_key = single_key, .diags = diags};
    bool made = false;
    if (algorithm_text(algorithm) == NULL) {
        diag_add(diags, &rule_policy_algorithm, AT_NOWHERE, NULL, "algorithm %u", algorithm);
        return ERR_USAGE;
    }
    int err = private_folder(dir, 0700, 022, &rule_key_folder, diags);
    if (err == ERR_OK)
        err = with_folder_locked(&f, algorithm, allow_new, &made);
    if (err != ERR_OK) {
        keyset_done(&f.own);
        return err;
    }
    *ret = f.own;
    *ret_made = made;
    return ERR_OK;
}
