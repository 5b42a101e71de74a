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
#include "common/grow.h"
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

/* A .dnskey file that was read. */
struct noted {
    struct key_note note;
    char *file; /* its name */
};

struct key_folder {
    char *dir;
    DIR *handle;         /* holds the lock */
    struct noted *notes; /* by owner */
    size_t note_n;
    size_t note_cap;
    size_t other_n; /* keys of a form that is not ours */
    size_t lone_n;  /* .pem without .dnskey */
};

void key_folder_free(struct key_folder *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->note_n; i++) {
        key_note_done(&f->notes[i].note);
        free(f->notes[i].file);
    }
    free(f->notes);
    if (f->handle != NULL)
        (void)closedir(f->handle); /* and with it the lock */
    free(f->dir);
    free(f);
}

bool key_folder_is_empty(const struct key_folder *f)
{
    return f->note_n == 0 && f->other_n == 0 && f->lone_n == 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name);
    size_t m = strlen(suffix);
    return n > m && strcmp(name + n - m, suffix) == 0;
}

static int note_damaged(const char *path, const char *what, struct diags *diags)
{
    diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "%s", what);
    return ERR_KEY;
}

static int read_note(struct key_folder *f, const char *name, struct diags *diags)
{
    AUTO_FREE char *path = file_join(f->dir, name);
    AUTO(buf) struct buf text = {0};
    struct noted *notes = grow_items(f->notes, f->note_n, &f->note_cap, sizeof *notes);
    if (path == NULL || notes == NULL)
        return ERR_NOMEM;
    f->notes = notes;
    struct noted *to = &f->notes[f->note_n++];
    *to = (struct noted){.file = strdup(name)};
    if (to->file == NULL)
        return ERR_NOMEM;
    int err = file_read(path, DNSKEY_FILE_MAX, &text);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK || text.len == 0 || !parse_note((char *)text.data, &to->note))
        return note_damaged(path, "not a DNSKEY record", diags);
    return ERR_OK;
}

static int see_file(struct key_folder *f, const char *name, struct diags *diags)
{
    if (has_suffix(name, ".dnskey"))
        return read_note(f, name, diags);
    if (has_suffix(name, ".private")) { /* as BIND and Knot name theirs */
        f->other_n++;
    } else if (has_suffix(name, ".pem")) {
        AUTO_FREE char *note = NULL;
        if (asprintf(&note, "%.*s.dnskey", (int)(strlen(name) - 4), name) < 0)
            return ERR_NOMEM;
        if (faccessat(dirfd(f->handle), note, F_OK, 0) != 0 && errno == ENOENT)
            f->lone_n++;
    }
    return ERR_OK;
}

static int note_order(const void *a, const void *b)
{
    const struct noted *x = a;
    const struct noted *y = b;
    int order = name_compare(x->note.owner, y->note.owner);
    return order != 0 ? order : strcmp(x->file, y->file);
}

static int see_folder(struct key_folder *f, struct diags *diags)
{
    int err = ERR_OK;
    const struct dirent *e;
    while (err == ERR_OK && (e = readdir(f->handle)) != NULL) {
        if (e->d_name[0] != '.')
            err = see_file(f, e->d_name, diags);
    }
    if (err == ERR_OK && f->note_n > 1)
        qsort(f->notes, f->note_n, sizeof *f->notes, note_order);
    return err;
}

/* Of two runs that begin in an empty folder one makes the keys, and the other waits for them. */
static int lock_folder(struct key_folder *f, struct diags *diags)
{
    f->handle = opendir(f->dir);
    if (f->handle != NULL &&
        (flock(dirfd(f->handle), LOCK_EX) == 0 || errno == EOPNOTSUPP || errno == ENOLCK))
        return ERR_OK;
    diag_add(diags, &rule_key_folder, AT_FILE(f->dir), NULL, "cannot be %s: %s",
             f->handle == NULL ? "read" : "locked", strerror(errno));
    return ERR_IO;
}

int key_folder_open(const char *dir, struct key_folder **ret, struct diags *diags)
{
    AUTO_PTR(key_folder) struct key_folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return ERR_NOMEM;
    f->dir = strdup(dir);
    if (f->dir == NULL)
        return ERR_NOMEM;
    int err = private_folder(dir, 0700, 022, &rule_key_folder, diags);
    if (err == ERR_OK)
        err = lock_folder(f, diags);
    if (err == ERR_OK)
        err = see_folder(f, diags);
    if (err == ERR_OK)
        *ret = TAKE(f);
    return err;
}

/* ------------------------------------------------------------------ the keys of one zone */

/* What a zone asks of the folder. */
struct query {
    const struct key_folder *folder;
    const uint8_t *zone;
    bool single_key;
    struct diags *diags;
    struct keyset own;
};

static enum key_role role_of(const struct query *q, const struct key_note *note)
{
    if ((note->flags & DNSKEY_FLAG_SEP) == 0)
        return KEY_ZSK;
    return note->csk || q->single_key ? KEY_CSK : KEY_KSK;
}

static int load_noted(struct query *q, const struct noted *n)
{
    size_t len = strlen(n->file) - strlen(".dnskey");
    AUTO_FREE char *path = file_join(q->folder->dir, n->file);
    if (path == NULL)
        return ERR_NOMEM;
    if (len != KEY_DIGEST_LEN - 1)
        return note_damaged(path, "the file's name is not the digest of a key", q->diags);
    char digest[KEY_DIGEST_LEN] = {0};
    memcpy(digest, n->file, len);
    AUTO_PTR(key) struct key *k = NULL;
    int err = key_load(q->folder->dir, digest, (uint8_t)n->note.algorithm, role_of(q, &n->note), &k,
                       q->diags);
    if (err != ERR_OK)
        return err;
    if (!note_is_of(&n->note, k))
        return note_damaged(path, "is not the DNSKEY record of the key beside it", q->diags);
    return keyset_add(&q->own, TAKE(k));
}

static int key_order(const void *a, const void *b)
{
    const struct key *const *x = a;
    const struct key *const *y = b;
    if (key_role(*x) != key_role(*y))
        return key_role(*x) < key_role(*y) ? -1 : 1;
    return strcmp(key_digest(*x), key_digest(*y));
}

/* The first note whose owner is not before ZONE. */
static size_t notes_from(const struct key_folder *f, const uint8_t *zone)
{
    size_t low = 0;
    size_t high = f->note_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (name_compare(f->notes[middle].note.owner, zone) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int load_own(struct query *q)
{
    const struct key_folder *f = q->folder;
    int err = ERR_OK;
    for (size_t i = notes_from(f, q->zone); i < f->note_n && err == ERR_OK; i++) {
        if (name_compare(f->notes[i].note.owner, q->zone) != 0)
            break;
        err = load_noted(q, &f->notes[i]);
    }
    if (err == ERR_OK && q->own.n > 1)
        qsort(q->own.keys, q->own.n, sizeof *q->own.keys, key_order);
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
static int check_found(const struct query *q, uint8_t algorithm)
{
    for (size_t i = 0; i < q->own.n; i++) {
        const struct key *k = q->own.keys[i];
        if (key_algorithm(k) != algorithm) {
            diag_add(q->diags, &rule_key_set, AT_FILE(q->folder->dir), NULL,
                     "the zone's key %.16s… is %s, asked for is %s", key_digest(k),
                     algorithm_text(key_algorithm(k)), algorithm_text(algorithm));
            diag_expect(q->diags, "--algorithm %s, or another --keys folder",
                        algorithm_text(key_algorithm(k)));
            return ERR_KEY;
        }
        if ((key_role(k) == KEY_CSK) != q->single_key) {
            diag_add(q->diags, &rule_key_set, AT_FILE(q->folder->dir), NULL,
                     "the zone's key %.16s… is a %s, asked for %s", key_digest(k),
                     key_role_text(key_role(k)),
                     q->single_key ? "is a single key" : "are a KSK and a ZSK");
            diag_expect(q->diags, "%s --single-key, or another --keys folder",
                        q->single_key ? "no" : "the option");
            return ERR_KEY;
        }
    }
    return ERR_OK;
}

static int make_missing(struct query *q, uint8_t algorithm, bool *ret_made)
{
    const enum key_role one[] = {KEY_CSK};
    const enum key_role two[] = {KEY_KSK, KEY_ZSK};
    const enum key_role *need = q->single_key ? one : two;
    size_t before = q->own.n;
    for (size_t i = 0; i < (q->single_key ? 1u : 2u); i++) {
        if (has_role(&q->own, need[i]))
            continue;
        int err = keyset_generate(&q->own, algorithm, need[i], q->diags);
        if (err != ERR_OK)
            return err;
    }
    int err = keyset_store(&q->own, before, q->folder->dir, q->diags);
    for (size_t i = before; i < q->own.n && err == ERR_OK; i++)
        err = note_write(q->own.keys[i], q->folder->dir, q->zone, q->diags);
    *ret_made = err == ERR_OK && q->own.n > before;
    return err;
}

static bool is_complete(const struct query *q)
{
    return q->single_key ? has_role(&q->own, KEY_CSK)
                         : has_role(&q->own, KEY_KSK) && has_role(&q->own, KEY_ZSK);
}

/* Trust rule 1: a folder that holds anything of keys gets new ones only when told so. */
static int refuse_new(const struct query *q)
{
    const struct key_folder *f = q->folder;
    size_t foreign = f->note_n + f->other_n - q->own.n;
    if (q->own.n > 0) {
        diag_add(q->diags, &rule_key_set, AT_FILE(f->dir), NULL, "only a %s of this zone is here",
                 key_role_text(key_role(q->own.keys[0])));
        diag_expect(q->diags, "the other key restored from backup, or --accept-new-keys");
    } else if (foreign > 0) {
        diag_add(q->diags, &rule_key_refused, AT_FILE(f->dir), NULL,
                 "%zu keys of other zones or in another form, none of this zone", foreign);
    } else {
        diag_add(q->diags, &rule_key_refused, AT_FILE(f->dir), NULL,
                 "%zu key files without a .dnskey that says whose they are", f->lone_n);
    }
    return ERR_KEY;
}

int key_folder_keys(const struct key_folder *folder, const uint8_t *zone, uint8_t algorithm,
                    bool single_key, bool allow_new, struct keyset *ret, bool *ret_made,
                    struct diags *diags)
{
    struct query q = {.folder = folder, .zone = zone, .single_key = single_key, .diags = diags};
    bool made = false;
    if (algorithm_text(algorithm) == NULL) {
        diag_add(diags, &rule_policy_algorithm, AT_NOWHERE, NULL, "algorithm %u", algorithm);
        return ERR_USAGE;
    }
    int err = load_own(&q);
    if (err == ERR_OK)
        err = check_found(&q, algorithm);
    if (err == ERR_OK && !is_complete(&q))
        err = allow_new || key_folder_is_empty(folder) ? make_missing(&q, algorithm, &made)
                                                       : refuse_new(&q);
    if (err != ERR_OK) {
        keyset_done(&q.own);
        return err;
    }
    *ret = q.own;
    *ret_made = made;
    return ERR_OK;
}

/* ------------------------------------------------------------------ a ceremony's folder */

int key_folder_read(const struct key_folder *folder, const uint8_t *zone, struct keyset *ret,
                    struct diags *diags)
{
    struct query q = {.folder = folder, .zone = zone, .diags = diags};
    int err = load_own(&q);
    if (err != ERR_OK) {
        keyset_done(&q.own);
        return err;
    }
    *ret = q.own;
    return ERR_OK;
}

int key_folder_make(const struct key_folder *folder, const uint8_t *zone, uint8_t algorithm,
                    enum key_role role, struct keyset *ret, struct diags *diags)
{
    struct query q = {.folder = folder, .zone = zone, .diags = diags};
    int err = load_own(&q); /* those that the new one's tag must be unlike */
    size_t before = q.own.n;
    if (err == ERR_OK)
        err = keyset_generate(&q.own, algorithm, role, diags);
    if (err == ERR_OK)
        err = keyset_store(&q.own, before, folder->dir, diags);
    if (err == ERR_OK)
        err = note_write(q.own.keys[before], folder->dir, zone, diags);
    if (err != ERR_OK) {
        keyset_done(&q.own);
        return err;
    }
    *ret = q.own;
    return ERR_OK;
}
