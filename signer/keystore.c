#include "signer/keystore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "signer/key_token.h"
#include "signer/rules_sign.h"

#define KEY_FILE_MODE 0600

struct key {
    uint8_t algorithm;
    enum key_role role;
    uint16_t tag;
    char digest[KEY_DIGEST_LEN];
    struct buf dnskey; /* flags, protocol, algorithm, public key */
    struct crypto_private *private;
};

const char *key_role_text(enum key_role role)
{
    switch (role) {
    case KEY_KSK: return "ksk";
    case KEY_ZSK: return "zsk";
    case KEY_CSK: return "csk";
    }
    return "?";
}

bool key_role_from_text(const char *text, enum key_role *ret)
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

void key_free(struct key *k)
{
    if (k == NULL)
        return;
    crypto_private_free(k->private);
    buf_done(&k->dnskey);
    free(k);
}

const char *key_digest(const struct key *k)
{
    return k->digest;
}

enum key_role key_role(const struct key *k)
{
    return k->role;
}

uint8_t key_algorithm(const struct key *k)
{
    return k->algorithm;
}

uint16_t key_tag(const struct key *k)
{
    return k->tag;
}

struct bytes key_dnskey_rdata(const struct key *k)
{
    return buf_bytes(&k->dnskey);
}

struct bytes key_public_field(const struct key *k)
{
    return (struct bytes){k->dnskey.data + 4, k->dnskey.len - 4};
}

const struct crypto_private *key_private(const struct key *k)
{
    return k->private;
}

bool key_is_public(const struct key *k)
{
    return k->private == NULL;
}

/* RFC 4034 appendix B, with more flags than RDATA has. */
static uint16_t tag_with(struct bytes rdata, unsigned flags)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < rdata.len; i++) {
        uint32_t octet = rdata.data[i] | (i == 1 ? flags : 0);
        sum += (i & 1) != 0 ? octet : octet << 8;
    }
    sum += (sum >> 16) & 0xffff;
    return (uint16_t)(sum & 0xffff);
}

uint16_t dnskey_tag(struct bytes rdata)
{
    return tag_with(rdata, 0);
}

bool dnskey_tags_collide(struct bytes a, struct bytes b)
{
    uint16_t a_now = tag_with(a, 0);
    uint16_t b_now = tag_with(b, 0);
    uint16_t a_revoked = tag_with(a, DNSKEY_FLAG_REVOKE);
    uint16_t b_revoked = tag_with(b, DNSKEY_FLAG_REVOKE);
    return a_now == b_now || a_now == b_revoked || a_revoked == b_now || a_revoked == b_revoked;
}

static int digest_public(struct key *k, const struct buf *spki)
{
    uint8_t sha[32];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, spki->data, spki->len, sha) != 0)
        return ERR_CRYPTO;
    hex_encode(sha, sizeof sha, k->digest);
    return ERR_OK;
}

static unsigned flags_of(enum key_role role)
{
    return DNSKEY_FLAG_ZONE | (role == KEY_ZSK ? 0 : DNSKEY_FLAG_SEP);
}

static int make_dnskey(struct key *k)
{
    unsigned flags = flags_of(k->role);
    const uint8_t head[4] = {(uint8_t)(flags >> 8), (uint8_t)flags, 3, k->algorithm};
    buf_add(&k->dnskey, head, sizeof head);
    int err = crypto_private_public_field(k->private, &k->dnskey);
    if (err != ERR_OK)
        return err;
    k->tag = dnskey_tag(buf_bytes(&k->dnskey));
    return ERR_OK;
}

int key_from_private(uint8_t algorithm, enum key_role role, struct crypto_private *private,
                     struct key **ret)
{
    AUTO_PTR(key) struct key *k = calloc(1, sizeof *k);
    if (k == NULL) {
        crypto_private_free(private);
        return ERR_NOMEM;
    }
    k->algorithm = algorithm;
    k->role = role;
    k->private = private;
    AUTO(buf) struct buf spki = {0};
    int err = crypto_private_spki(private, &spki);
    if (err == ERR_OK)
        err = digest_public(k, &spki);
    if (err == ERR_OK)
        err = make_dnskey(k);
    if (err == ERR_OK)
        *ret = TAKE(k);
    return err;
}

int key_from_dnskey(struct bytes rdata, enum key_role role, struct key **ret)
{
    unsigned flags = rdata.len > 4 ? (unsigned)rdata.data[0] << 8 | rdata.data[1] : 0;
    if (flags != flags_of(role) || rdata.data[2] != 3)
        return ERR_KEY;
    AUTO_PTR(crypto_public) struct crypto_public *public = NULL;
    AUTO_PTR(key) struct key *k = calloc(1, sizeof *k);
    if (k == NULL)
        return ERR_NOMEM;
    k->algorithm = rdata.data[3];
    k->role = role;
    k->tag = dnskey_tag(rdata);
    buf_add(&k->dnskey, rdata.data, rdata.len);
    if (!buf_ok(&k->dnskey))
        return ERR_NOMEM;
    AUTO(buf) struct buf spki = {0};
    int err = crypto_public_new(k->algorithm, key_public_field(k), &public);
    if (err == ERR_OK)
        err = crypto_public_spki(public, &spki);
    if (err == ERR_OK)
        err = digest_public(k, &spki);
    if (err == ERR_OK)
        *ret = TAKE(k);
    return err == ERR_CRYPTO ? ERR_KEY : err;
}

int key_generate(uint8_t algorithm, enum key_role role, struct key **ret)
{
    struct crypto_private *private = NULL;
    int err = crypto_generate(algorithm, &private);
    return err == ERR_OK ? key_from_private(algorithm, role, private, ret) : err;
}

/* ------------------------------------------------------------------ files */

/* SUFFIX is ".pem", or ".uri" for a key on a token. */
static char *key_path(const char *dir, const char *digest, const char *suffix)
{
    char name[KEY_DIGEST_LEN + 4];
    memcpy(name, digest, KEY_DIGEST_LEN - 1);
    memcpy(name + KEY_DIGEST_LEN - 1, suffix, 5);
    return file_join(dir, name);
}

/* Makes DIR, and its entry in the folder above durable: a synced key file in a folder that a power
   cut takes away is lost all the same. */
static int make_folder(const char *dir, mode_t mode)
{
    AUTO_FREE char *above = NULL;
    if (asprintf(&above, "%s/..", dir) < 0)
        return ERR_NOMEM;
    int err = file_mkdirs(dir, mode);
    return err == ERR_OK ? file_sync_dir(above) : err;
}

int private_folder(const char *dir, mode_t mode, mode_t refused, const struct diag_rule *rule,
                   struct diags *diags)
{
    struct stat st;
    if (stat(dir, &st) != 0 && errno == ENOENT) {
        int err = make_folder(dir, mode);
        if (err == ERR_IO)
            diag_add(diags, rule, AT_FILE(dir), NULL, "cannot be made: %s", strerror(errno));
        if (err != ERR_OK)
            return err;
    }
    if (stat(dir, &st) != 0) {
        diag_add(diags, rule, AT_FILE(dir), NULL, "cannot be used: %s", strerror(errno));
        return ERR_IO;
    }
    if (!S_ISDIR(st.st_mode)) {
        diag_add(diags, rule, AT_FILE(dir), NULL, "not a folder");
        return ERR_CONFIG;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        diag_add(diags, rule, AT_FILE(dir), NULL, "belongs to user %u", (unsigned)st.st_uid);
        diag_expect(diags, "user %u or root", (unsigned)geteuid());
        return ERR_CONFIG;
    }
    if ((st.st_mode & refused) != 0) {
        diag_add(diags, rule, AT_FILE(dir), NULL, "mode %04o", (unsigned)(st.st_mode & 07777));
        diag_expect(diags, "mode %04o: chmod %o %s", (unsigned)mode, (unsigned)mode, dir);
        return ERR_CONFIG;
    }
    return ERR_OK;
}

int key_refuse_mode(const char *path, struct diags *diags)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
        diag_add(diags, &rule_key_file_mode, AT_FILE(path), NULL, "mode %04o",
                 (unsigned)(st.st_mode & 07777));
        diag_expect(diags, "mode 0600: chmod 600 %s", path);
    } else {
        diag_add(diags, &rule_key_file_mode, AT_FILE(path), NULL,
                 "not a regular file of this user or root");
    }
    return ERR_CONFIG;
}

static int read_key(const char *path, const char *digest, struct buf *ret, struct diags *diags)
{
    buf_reserve(ret, (size_t)256 << 10); /* never grown, so no copy is left behind */
    if (!buf_ok(ret))
        return ERR_NOMEM;
    int err = file_read_private(path, (size_t)128 << 10, ret);
    if (err == ERR_CONFIG)
        return key_refuse_mode(path, diags);
    if (err == ERR_IO && (errno == ENOENT || errno == ENOTDIR)) {
        diag_add(diags, &rule_key_missing, AT_FILE(path), NULL, "the file of key %.16s… is missing",
                 digest);
        return ERR_KEY;
    }
    if (err == ERR_LIMIT) {
        diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "too large for a key");
        return ERR_KEY;
    }
    if (err == ERR_IO)
        diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "cannot be read: %s",
                 strerror(errno));
    return err;
}

/* Consumes PRIVATE. */
static int take_private(const char *path, struct crypto_private *private, const char *digest,
                        uint8_t algorithm, enum key_role role, struct key **ret,
                        struct diags *diags)
{
    AUTO_PTR(key) struct key *k = NULL;
    int err = key_from_private(algorithm, role, private, &k);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK) {
        diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "not a key of algorithm %u",
                 algorithm);
        return ERR_KEY;
    }
    if (strcmp(k->digest, digest) != 0) {
        diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "holds another key, %.16s…",
                 k->digest);
        return ERR_KEY;
    }
    *ret = TAKE(k);
    return ERR_OK;
}

static int open_pem(const char *path, struct bytes pem, uint8_t algorithm,
                    struct crypto_private **ret, struct diags *diags)
{
    int err = crypto_private_from_pem(algorithm, pem, ret);
    if (err == ERR_OK || err == ERR_NOMEM)
        return err;
    diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "not a PKCS#8 key of algorithm %u",
             algorithm);
    return ERR_KEY;
}

/* One line, "pkcs11:…" (RFC 7512); it may say the PIN, so the file is as private as a key. */
static int open_uri(const char *path, struct buf *text, uint8_t algorithm,
                    struct crypto_private **ret, struct diags *diags)
{
    char *uri = (char *)text->data;
    uri[strcspn(uri, "\r\n")] = 0;
    if (strncmp(uri, "pkcs11:", 7) != 0) {
        diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "not the URI of a key on a token");
        diag_expect(diags, "a line that begins with pkcs11:");
        return ERR_KEY;
    }
    return token_key_open(algorithm, uri, path, ret, diags);
}

int key_load(const char *dir, const char *digest, uint8_t algorithm, enum key_role role,
             struct key **ret, struct diags *diags)
{
    if (strlen(digest) != KEY_DIGEST_LEN - 1)
        return ERR_KEY;
    AUTO_FREE char *uri = key_path(dir, digest, ".uri");
    AUTO_FREE char *pem = key_path(dir, digest, ".pem");
    if (uri == NULL || pem == NULL)
        return ERR_NOMEM;
    bool on_token = access(uri, F_OK) == 0;
    const char *path = on_token ? uri : pem;
    struct crypto_private *private = NULL;
    struct buf text = {0};
    int err = read_key(path, digest, &text, diags);
    if (err == ERR_OK)
        err = on_token ? open_uri(path, &text, algorithm, &private, diags)
                       : open_pem(path, buf_bytes(&text), algorithm, &private, diags);
    buf_wipe(&text);
    return err == ERR_OK ? take_private(path, private, digest, algorithm, role, ret, diags) : err;
}

int key_test_signature(const struct key *original, const struct key *loaded)
{
    static const uint8_t message[] = "mudzone: test signature of a stored key";
    AUTO_PTR(crypto_public) struct crypto_public *public = NULL;
    uint8_t sig[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    struct bytes data = {message, sizeof message - 1};
    int err = crypto_sign(loaded->private, data, sig, &len);
    if (err == ERR_OK)
        err = crypto_public_new(original->algorithm, key_public_field(original), &public);
    if (err == ERR_OK)
        err = crypto_verify(public, data, (struct bytes){sig, len});
    return err;
}

static int write_pem(const struct key *k, const char *path, struct diags *diags)
{
    struct buf pem = {0};
    int err = crypto_private_to_pem(k->private, &pem);
    if (err == ERR_OK)
        err = file_write_atomic(path, pem.data, pem.len, KEY_FILE_MODE);
    buf_wipe(&pem);
    if (err == ERR_IO)
        diag_add(diags, &rule_key_write, AT_FILE(path), NULL, "cannot be written: %s",
                 strerror(errno));
    return err;
}

/* The address of a key on a token, as private as a key: it may say the PIN. */
static int write_uri(const struct key *k, const char *path, struct diags *diags)
{
    struct buf line = {0};
    const char *uri = crypto_private_uri(k->private);
    buf_reserve(&line, strlen(uri) + 2);
    buf_add_str(&line, uri);
    buf_add_char(&line, '\n');
    int err =
        buf_ok(&line) ? file_write_atomic(path, line.data, line.len, KEY_FILE_MODE) : ERR_NOMEM;
    buf_wipe(&line);
    if (err == ERR_IO)
        diag_add(diags, &rule_key_write, AT_FILE(path), NULL, "cannot be written: %s",
                 strerror(errno));
    return err;
}

int key_store(const struct key *k, const char *dir, struct diags *diags)
{
    if (key_is_public(k))
        return ERR_KEY;
    bool on_token = key_is_on_token(k);
    AUTO_FREE char *path = key_path(dir, k->digest, on_token ? ".uri" : ".pem");
    if (path == NULL)
        return ERR_NOMEM;
    int err = on_token ? write_uri(k, path, diags) : write_pem(k, path, diags);
    if (err != ERR_OK)
        return err;
    AUTO_PTR(key) struct key *loaded = NULL;
    err = key_load(dir, k->digest, k->algorithm, k->role, &loaded, diags);
    if (err != ERR_OK)
        return err;
    err = key_test_signature(k, loaded);
    if (err == ERR_CRYPTO)
        diag_add(diags, &rule_key_write, AT_FILE(path), NULL,
                 "the key read back makes signatures that its public key refuses");
    return err;
}

/* ------------------------------------------------------------------ sets */

void keyset_done(struct keyset *set)
{
    for (size_t i = 0; i < set->n; i++)
        key_free(set->keys[i]);
    free(set->keys);
    *set = (struct keyset){0};
}

int keyset_add(struct keyset *set, struct key *k)
{
    if (set->n >= LIMIT_ZONE_KEYS) {
        key_free(k);
        return ERR_LIMIT;
    }
    struct key **keys = reallocarray(set->keys, set->n + 1, sizeof(struct key *));
    if (keys == NULL) {
        key_free(k);
        return ERR_NOMEM;
    }
    set->keys = keys;
    set->keys[set->n++] = k;
    return ERR_OK;
}

void sign_keys_of(const struct keyset *set, struct sign_key *ret)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct key *k = set->keys[i];
        ret[i] = (struct sign_key){
            .key = k, .publishes = true, .signs = k->role != KEY_KSK, .has_ds = k->role != KEY_ZSK};
    }
}

int keyset_store(const struct keyset *set, size_t from, const char *dir, struct diags *diags)
{
    int err = ERR_OK;
    for (size_t i = from; i < set->n && err == ERR_OK; i++)
        err = key_store(set->keys[i], dir, diags);
    return err;
}
