#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#undef ERR_STATE

#include "common/err.h"
#include "common/file.h"
#include "common/grow.h"
#include "signer/crypto_key.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"

#define PROOF_LEN      32                 /* of key and digest */
#define PROOF_LIST_MAX ((size_t)64 << 20) /* bytes: 500,000 files */
#define PROOF_MODE     0600

/* A line of the list. */
struct proven {
    uint8_t digest[PROOF_LEN];
    char *zone; /* in text */
    uint32_t serial;
    size_t age; /* place in the list; later ones are newer */
};

struct proven_list {
    struct proven *items;
    size_t n;
    size_t cap;
};

static void proven_list_done(struct proven_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i].zone);
    free(l->items);
}
DEFINE_AUTO(proven_list)

struct proof {
    uint8_t key[PROOF_LEN];
    bool has_key;
    char *key_path;
    char *list_path;
    struct proven_list known; /* when it was opened */
    struct proven_list fresh; /* written since */
};

void proof_free(struct proof *p)
{
    if (p == NULL)
        return;
    gnutls_memset(p->key, 0, sizeof p->key);
    free(p->key_path);
    free(p->list_path);
    proven_list_done(&p->known);
    proven_list_done(&p->fresh);
    free(p);
}

/* ------------------------------------------------------------------ the key */

static int make_key(const char *path)
{
    uint8_t key[PROOF_LEN];
    if (gnutls_rnd(GNUTLS_RND_KEY, key, sizeof key) != 0)
        return ERR_CRYPTO;
    int err = file_write_atomic(path, key, sizeof key, PROOF_MODE);
    gnutls_memset(key, 0, sizeof key);
    return err == ERR_IO ? ERR_ABSENT : err;
}

static int read_key(const char *path, uint8_t key[PROOF_LEN], struct diags *diags)
{
    struct buf text = {0};
    buf_reserve(&text, 2 * PROOF_LEN + 1); /* never grown, so no copy is left behind */
    int err = file_read_private(path, PROOF_LEN, &text);
    if (err == ERR_CONFIG)
        err = key_refuse_mode(path, diags);
    if ((err == ERR_OK && text.len != PROOF_LEN) || err == ERR_LIMIT) {
        diag_add(diags, &rule_key_damaged, AT_FILE(path), NULL, "not %d octets", PROOF_LEN);
        err = ERR_KEY;
    }
    if (err == ERR_OK)
        memcpy(key, text.data, PROOF_LEN);
    buf_wipe(&text);
    return err;
}

/* Is it there? */
static int open_key(struct proof *p, struct diags *diags)
{
    int err = read_key(p->key_path, p->key, diags);
    p->has_key = err == ERR_OK;
    if (err != ERR_IO)
        return err;
    if (errno == ENOENT)
        return ERR_OK;
    diag_add(diags, &rule_key_damaged, AT_FILE(p->key_path), NULL, "cannot be read: %s",
             strerror(errno));
    return err;
}

bool proof_has_key(const struct proof *p)
{
    return p->has_key;
}

/* What two runs make at one moment, one of them keeps: the file is what counts. */
int proof_make_key(struct proof *p, struct diags *diags)
{
    int err = p->has_key ? ERR_OK : make_key(p->key_path);
    return err == ERR_OK && !p->has_key ? open_key(p, diags) : err;
}

/* ------------------------------------------------------------------ the list */

static int list_add(struct proven_list *l, const char *hex, const char *zone, uint32_t serial)
{
    struct proven *items = grow_items(l->items, l->n, &l->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    l->items = items;
    struct proven *to = &l->items[l->n];
    *to = (struct proven){.serial = serial, .age = l->n};
    if (!hex_decode(hex, to->digest, PROOF_LEN))
        return ERR_OK; /* no line of ours */
    to->zone = strdup(zone);
    if (to->zone == NULL)
        return ERR_NOMEM;
    l->n++;
    return ERR_OK;
}

/* "digest zone serial"; any other line says nothing. */
static int line_take(struct proven_list *l, char *line)
{
    char *rest = line;
    const char *hex = strsep(&rest, " ");
    const char *zone = strsep(&rest, " ");
    char *end = NULL;
    if (zone == NULL || zone[0] == 0 || rest == NULL || *rest < '0' || *rest > '9')
        return ERR_OK;
    unsigned long long serial = strtoull(rest, &end, 10);
    return *end != 0 || serial > UINT32_MAX ? ERR_OK : list_add(l, hex, zone, (uint32_t)serial);
}

/* What cannot be read proves nothing. */
static int list_read(const char *path, struct proven_list *l)
{
    AUTO(buf) struct buf text = {0};
    int err = file_read_private(path, PROOF_LIST_MAX, &text);
    if (err != ERR_OK)
        return err == ERR_NOMEM ? err : ERR_OK;
    if (text.data == NULL)
        return ERR_OK;
    char *rest = NULL;
    for (char *line = strtok_r((char *)text.data, "\n", &rest); line != NULL && err == ERR_OK;
         line = strtok_r(NULL, "\n", &rest))
        err = line_take(l, line);
    return err;
}

static int by_zone_and_age(const void *a, const void *b)
{
    const struct proven *x = a;
    const struct proven *y = b;
    int order = strcmp(x->zone, y->zone);
    return order != 0 ? order : x->age < y->age ? -1 : x->age > y->age;
}

/* The last files of each zone. Sorts L. */
static void list_print(struct proven_list *l, struct buf *out)
{
    if (l->n > 1)
        qsort(l->items, l->n, sizeof *l->items, by_zone_and_age);
    for (size_t i = 0; i < l->n; i++) {
        const struct proven *p = &l->items[i];
        bool newer =
            i + PROOF_VERSIONS < l->n && strcmp(l->items[i + PROOF_VERSIONS].zone, p->zone) == 0;
        if (newer) /* so many that this one is let go */
            continue;
        buf_add_hex(out, p->digest, PROOF_LEN);
        buf_printf(out, " %s %" PRIu32 "\n", p->zone, p->serial);
    }
}

/* ------------------------------------------------------------------ together */

int proof_open(const char *dir, struct proof **ret, struct diags *diags)
{
    AUTO_PTR(proof) struct proof *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    p->key_path = file_join(dir, "proof.key");
    p->list_path = file_join(dir, "proofs");
    if (p->key_path == NULL || p->list_path == NULL)
        return ERR_NOMEM;
    int err = open_key(p, diags);
    if (err == ERR_OK)
        err = list_read(p->list_path, &p->known);
    if (err == ERR_OK)
        *ret = TAKE(p);
    return err;
}

static bool list_has(const struct proven_list *l, const uint8_t digest[PROOF_LEN])
{
    for (size_t i = 0; i < l->n; i++) {
        if (memcmp(l->items[i].digest, digest, PROOF_LEN) == 0)
            return true;
    }
    return false;
}

bool proof_knows(const struct proof *p, const char *hex)
{
    uint8_t digest[PROOF_LEN];
    return hex_decode(hex, digest, PROOF_LEN) && list_has(&p->known, digest);
}

int proof_keep(struct proof *p, const uint8_t *zone, uint32_t serial, const char *hex)
{
    char name[NAME_TEXT_LEN];
    name_to_text(zone, name);
    return list_add(&p->fresh, hex, name, serial);
}

int proof_save(struct proof *p)
{
    AUTO(proven_list) struct proven_list all = {0};
    AUTO(buf) struct buf text = {0};
    int err = list_read(p->list_path, &all);
    bool news = false;
    for (size_t i = 0; i < p->fresh.n && err == ERR_OK; i++) {
        const struct proven *f = &p->fresh.items[i];
        char hex[PROOF_HEX_LEN];
        if (list_has(&all, f->digest))
            continue;
        hex_encode(f->digest, PROOF_LEN, hex);
        err = list_add(&all, hex, f->zone, f->serial);
        news = true;
    }
    if (err != ERR_OK || !news)
        return err;
    list_print(&all, &text);
    return buf_ok(&text) ? file_write_atomic(p->list_path, text.data, text.len, PROOF_MODE)
                         : ERR_NOMEM;
}

/* ------------------------------------------------------------------ digests */

/* libcrypto's HMAC, which takes half the time of GnuTLS's here. */
struct proof_digest {
    EVP_MAC_CTX *hmac;
};

void proof_digest_free(struct proof_digest *d)
{
    if (d != NULL)
        EVP_MAC_CTX_free(d->hmac);
    free(d);
}

int proof_begin(const struct proof *p, struct proof_digest **ret)
{
    AUTO_PTR(proof_digest) struct proof_digest *d = calloc(1, sizeof *d);
    if (d == NULL)
        return ERR_NOMEM;
    char hash[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    d->hmac = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    if (d->hmac == NULL || EVP_MAC_init(d->hmac, p->key, sizeof p->key, params) != 1)
        return crypto_libcrypto_error();
    *ret = TAKE(d);
    return ERR_OK;
}

int proof_feed(struct proof_digest *d, const void *data, size_t len)
{
    return EVP_MAC_update(d->hmac, data, len) == 1 ? ERR_OK : crypto_libcrypto_error();
}

int proof_end(struct proof_digest *d, char ret[PROOF_HEX_LEN])
{
    uint8_t digest[PROOF_LEN];
    size_t len = 0;
    if (EVP_MAC_final(d->hmac, digest, &len, sizeof digest) != 1 || len != sizeof digest)
        return crypto_libcrypto_error();
    hex_encode(digest, sizeof digest, ret);
    return ERR_OK;
}
