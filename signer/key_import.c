/* Keys of other signers: files and addresses of keys, read one after the other into a set. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "common/grow.h"
#include "signer/key_import_run.h"
#include "signer/key_token.h"
#include "signer/keystore.h"
#include "signer/rules_files.h"

void foreign_keys_done(struct foreign_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        free(keys->items[i].file);
        key_free(keys->items[i].key);
    }
    free(keys->items);
    *keys = (struct foreign_keys){0};
}

static void import_done(struct import *in)
{
    buf_done(&in->knot_list);
    foreign_keys_done(&in->keys);
}
DEFINE_AUTO(import)

int import_refuse(struct import *in, const struct diag_rule *rule, const char *file,
                  const char *what)
{
    diag_add(in->diags, rule, AT_FILE(file), in->p->zone_text, "%s", what);
    return ERR_FINDINGS;
}

/* ------------------------------------------------------------------ files */

int import_read_public(struct import *in, const char *path, struct buf *ret)
{
    int err = file_read(path, KEY_TEXT_MAX, ret);
    if (err == ERR_LIMIT)
        return import_refuse(in, &rule_import_damaged, path, "too large for such a file");
    if (err == ERR_IO) {
        diag_add(in->diags, &rule_import_form, AT_FILE(path), in->p->zone_text,
                 "cannot be read: %s", strerror(errno));
        return ERR_FINDINGS;
    }
    return err;
}

int import_read_private(struct import *in, const char *path, struct buf *ret)
{
    buf_reserve(ret, 2 * KEY_TEXT_MAX); /* never grown, so no copy is left behind */
    int err = buf_ok(ret) ? file_read_private(path, KEY_TEXT_MAX, ret) : ERR_NOMEM;
    if (err == ERR_CONFIG)
        return key_refuse_mode(path, in->diags);
    if (err == ERR_LIMIT)
        return import_refuse(in, &rule_import_damaged, path, "too large for a private key");
    if (err == ERR_IO) {
        diag_add(in->diags, &rule_import_form, AT_FILE(path), in->p->zone_text,
                 "cannot be read: %s", strerror(errno));
        return ERR_FINDINGS;
    }
    return err;
}

/* ------------------------------------------------------------------ one key more */

static const char *same_key(const struct import *in, const char *digest)
{
    for (size_t i = 0; i < in->keys.n; i++) {
        if (strcmp(key_digest(in->keys.items[i].key), digest) == 0)
            return in->keys.items[i].file;
    }
    return NULL;
}

static void describe(const struct import *in, const struct finding_key *f, struct foreign_key *k)
{
    const struct story_params sp = {
        .now = in->p->now, .standby = in->p->standby, .no_ds = in->p->no_ds};
    k->life = (struct life_key){.role = f->role, .algorithm = f->algorithm, .tag = key_tag(k->key)};
    memcpy(k->life.digest, key_digest(k->key), KEY_DIGEST_LEN);
    k->has_ttl = f->has_ttl;
    k->ttl_s = f->ttl_s;
    story_to_life(&f->story, f->role, &sp, k);
}

/* Consumes KEY. */
static int add_key(struct import *in, const struct finding_key *f, struct key *key)
{
    AUTO_PTR(key) struct key *k = key;
    const char *other = same_key(in, key_digest(k));
    if (other != NULL) {
        diag_add(in->diags, &rule_import_known, AT_FILE(f->file), in->p->zone_text,
                 "the key of %s once more", other);
        return ERR_OK;
    }
    struct foreign_key *items =
        grow_items(in->keys.items, in->keys.n, &in->keys.cap, sizeof *items);
    char *file = strdup(f->file);
    if (items != NULL)
        in->keys.items = items;
    if (items == NULL || file == NULL) {
        free(file);
        return ERR_NOMEM;
    }
    struct foreign_key *to = &items[in->keys.n++];
    *to = (struct foreign_key){.file = file, .key = TAKE(k)};
    describe(in, f, to);
    return ERR_OK;
}

int import_add(struct import *in, const struct finding_key *f, struct crypto_private *private)
{
    struct key *k = NULL;
    int err = key_from_private(f->algorithm, f->role, private, &k);
    return err == ERR_OK ? add_key(in, f, k) : err;
}

/* ------------------------------------------------------------------ all words */

static int read_word(struct import *in, const char *word)
{
    int err = ERR_OK;
    if (token_uri_is(word))
        return import_token(in, word);
    bool bind = import_is_bind(word, &err);
    if (err != ERR_OK)
        return err;
    return bind ? import_bind(in, word) : import_pem(in, word);
}

static int read_words(struct import *in, const char *const *words, size_t n)
{
    int first = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        int err = read_word(in, words[i]);
        if (err == ERR_NOMEM)
            return err;
        first = first == ERR_OK ? err : first;
    }
    return first;
}

static bool has_zsk(const struct foreign_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (keys->items[i].life.role != KEY_KSK)
            return true;
    }
    return false;
}

int keys_read_foreign(const struct import_params *params, const char *const *words, size_t word_n,
                      struct foreign_keys *ret, struct diags *diags)
{
    AUTO(import) struct import in = {.p = params, .single_key = params->single_key, .diags = diags};
    int err = params->knot_list == NULL ? ERR_OK
                                        : import_read_public(&in, params->knot_list, &in.knot_list);
    if (err == ERR_OK)
        err = read_words(&in, words, word_n);
    if (err == ERR_OK && params->single_if_lone && !in.single_key && !has_zsk(&in.keys)) {
        foreign_keys_done(&in.keys);
        in.single_key = true;
        err = read_words(&in, words, word_n);
    }
    if (err != ERR_OK)
        return err;
    *ret = in.keys;
    in.keys = (struct foreign_keys){0};
    return ERR_OK;
}
