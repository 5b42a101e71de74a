/* One key from a PEM file, or on a token: neither says what it is for. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/key_import_run.h"
#include "signer/key_token.h"
#include "signer/rules_files.h"

static bool role_named(const char *text, enum key_role *ret)
{
    static const enum key_role roles[] = {KEY_KSK, KEY_ZSK, KEY_CSK};
    for (size_t i = 0; text != NULL && i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(text, key_role_text(roles[i])) == 0) {
            *ret = roles[i];
            return true;
        }
    }
    return false;
}

static int take_role(struct import *in, struct finding_key *f)
{
    if (f->story.has_role) {
        f->role = !f->story.is_ksk ? KEY_ZSK : f->story.is_zsk ? KEY_CSK : KEY_KSK;
        return ERR_OK;
    }
    if (!role_named(in->p->role, &f->role)) {
        (void)import_refuse(in, &rule_import_role, f->file, "nothing says what the key is for");
        diag_expect(in->diags, "--role ksk, zsk or csk, or --knot-list");
        return ERR_FINDINGS;
    }
    return ERR_OK;
}

/* What tells one from the other is in the key, but for RSA: 5, 7, 8 and 10 have the same. */
static const uint8_t told_by_key[] = {ALG_ECDSAP256SHA256, ALG_ECDSAP384SHA384, ALG_ED25519,
                                      ALG_ED448};

typedef int open_private(const void *from, uint8_t algorithm, struct crypto_private **ret);

static int open_pem(const void *from, uint8_t algorithm, struct crypto_private **ret)
{
    const struct buf *pem = from;
    return crypto_private_from_pem(algorithm, buf_bytes(pem), ret);
}

static int open_token(const void *from, uint8_t algorithm, struct crypto_private **ret)
{
    return crypto_private_from_uri(algorithm, from, ret);
}

/* f->algorithm is what is said of it, or 0. ERR_CRYPTO: not a key of that, or of any. */
static int open_as_told(struct finding_key *f, open_private *open, const void *from,
                        struct crypto_private **ret)
{
    if (f->algorithm != 0)
        return open(from, f->algorithm, ret);
    int err = ERR_CRYPTO;
    for (size_t i = 0; i < sizeof told_by_key && (err == ERR_CRYPTO || err == ERR_USAGE); i++) {
        err = open(from, told_by_key[i], ret);
        f->algorithm = told_by_key[i];
    }
    return err == ERR_USAGE ? ERR_CRYPTO : err;
}

static int take_algorithm(struct import *in, struct finding_key *f)
{
    if (f->algorithm != 0 && algorithm_text(f->algorithm) == NULL) {
        diag_add(in->diags, &rule_import_algorithm, AT_FILE(f->file), in->p->zone_text,
                 "algorithm %u", f->algorithm);
        return ERR_FINDINGS;
    }
    if (f->algorithm == 0 && in->p->algorithm != NULL)
        f->algorithm = algorithm_from_text(in->p->algorithm);
    return ERR_OK;
}

/* Consumes PRIVATE. */
static int take_opened(struct import *in, const struct finding_key *f, int err, bool was_told,
                       struct crypto_private *private)
{
    if (err == ERR_OK)
        return import_add(in, f, private);
    if (err != ERR_CRYPTO)
        return err;
    if (was_told)
        diag_add(in->diags, &rule_import_damaged, AT_FILE(f->file), in->p->zone_text,
                 "not a key of %s", algorithm_text(f->algorithm));
    else
        diag_add(in->diags, &rule_import_form, AT_FILE(f->file), in->p->zone_text,
                 "not a key whose algorithm shows");
    if (!was_told)
        diag_expect(in->diags, "a PKCS#8 key without a password; of an RSA key, "
                               "--algorithm rsasha256 if that is what its zone says");
    return ERR_FINDINGS;
}

/* <ID>.pem of Knot: its line says what it is for. */
static int take_knot(struct import *in, struct finding_key *f, unsigned *ret_tag)
{
    const char *why = "";
    const char *slash = strrchr(f->file, '/');
    AUTO_FREE char *id = strdup(slash == NULL ? f->file : slash + 1);
    if (id == NULL)
        return ERR_NOMEM;
    id[strcspn(id, ".")] = 0;
    struct knot_key k = {0};
    int err = knot_list_find(buf_bytes(&in->knot_list), id, &k, &why);
    if (err == ERR_ABSENT)
        return import_refuse(in, &rule_import_listed, f->file, "the list has no key of that name");
    if (err != ERR_OK)
        return import_refuse(in, &rule_import_listed, in->p->knot_list, why);
    f->story = k.story;
    f->algorithm = (uint8_t)k.algorithm;
    *ret_tag = k.tag;
    return ERR_OK;
}

static int check_knot(struct import *in, const struct finding_key *f, unsigned tag)
{
    const struct foreign_key *k = &in->keys.items[in->keys.n - 1];
    if (key_tag(k->key) == tag)
        return ERR_OK;
    diag_add(in->diags, &rule_import_listed, AT_FILE(f->file), in->p->zone_text,
             "the list says tag %u, but the key has %u", tag, key_tag(k->key));
    return ERR_FINDINGS;
}

int import_pem(struct import *in, const char *word)
{
    struct finding_key f = {.file = word};
    unsigned tag = 0;
    size_t before = in->keys.n;
    int err = in->p->knot_list != NULL ? take_knot(in, &f, &tag) : ERR_OK;
    if (err == ERR_OK)
        err = take_role(in, &f);
    if (err == ERR_OK)
        err = take_algorithm(in, &f);
    if (err != ERR_OK)
        return err;
    bool was_told = f.algorithm != 0;
    struct buf pem = {0};
    struct crypto_private *private = NULL;
    err = import_read_private(in, word, &pem);
    if (err == ERR_OK) {
        err = open_as_told(&f, open_pem, &pem, &private);
        err = take_opened(in, &f, err, was_told, private);
    }
    buf_wipe(&pem);
    if (err == ERR_OK && in->p->knot_list != NULL && in->keys.n > before)
        err = check_knot(in, &f, tag);
    return err;
}

int import_token(struct import *in, const char *uri)
{
    AUTO(buf) struct buf shown = {0};
    int err = token_uri_public(uri, &shown); /* the PIN is for nobody's eyes */
    struct finding_key f = {.file = buf_str(&shown)};
    if (err == ERR_OK)
        err = token_check_pin(uri, in->diags);
    if (err == ERR_OK)
        err = take_role(in, &f);
    if (err == ERR_OK)
        err = take_algorithm(in, &f);
    if (err != ERR_OK)
        return err;
    bool was_told = f.algorithm != 0;
    struct crypto_private *private = NULL;
    err = was_told ? token_key_open(f.algorithm, uri, f.file, &private, in->diags)
                   : open_as_told(&f, open_token, uri, &private);
    if (err == ERR_KEY && !was_told)
        (void)!token_key_open(ALG_ECDSAP256SHA256, uri, f.file, &private, in->diags);
    return take_opened(in, &f, err, was_told, private);
}
