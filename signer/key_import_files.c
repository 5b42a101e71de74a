/* One key of BIND from its files: they must belong together, and to the zone. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "signer/key_import_run.h"
#include "signer/rules_files.h"

/* The files of one key of BIND. */
struct bind_files {
    char *private_path;
    char *key_path;
    char *state_path;
    struct bind_private private;
    struct dnskey_record record;
};

static void bind_files_done(struct bind_files *b)
{
    free(b->private_path);
    free(b->key_path);
    free(b->state_path);
    bind_private_done(&b->private);
    dnskey_record_done(&b->record);
}
DEFINE_AUTO(bind_files)

/* The length of WORD without the suffix of one of a key's files. */
static size_t base_len(const char *word)
{
    static const char *const suffixes[] = {".private", ".key", ".state"};
    size_t len = strlen(word);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(suffixes[i]);
        if (len > n && strcmp(word + len - n, suffixes[i]) == 0)
            return len - n;
    }
    return len;
}

static char *with_suffix(const char *word, const char *suffix)
{
    AUTO(buf) struct buf path = {0};
    buf_add(&path, word, base_len(word));
    buf_add_str(&path, suffix);
    return buf_ok(&path) ? strdup(buf_str(&path)) : NULL;
}

static int read_bind_private(struct import *in, struct bind_files *b)
{
    const char *why = "";
    struct buf text = {0};
    int err = import_read_private(in, b->private_path, &text);
    if (err == ERR_OK)
        err = bind_private_parse(buf_bytes(&text), &b->private, &why);
    buf_wipe(&text);
    return err == ERR_FINDINGS && why[0] != 0
               ? import_refuse(in, &rule_import_damaged, b->private_path, why)
               : err;
}

static int read_bind_record(struct import *in, struct bind_files *b)
{
    const char *why = "";
    AUTO(buf) struct buf text = {0};
    int err = import_read_public(in, b->key_path, &text);
    if (err != ERR_OK)
        return err;
    err = dnskey_record_parse(buf_bytes(&text), &b->record, &why);
    return err == ERR_FINDINGS ? import_refuse(in, &rule_import_damaged, b->key_path, why) : err;
}

static int read_bind_state(struct import *in, struct bind_files *b)
{
    const char *why = "";
    AUTO(buf) struct buf text = {0};
    if (access(b->state_path, F_OK) != 0)
        return ERR_OK; /* only dnssec-policy writes one */
    int err = import_read_public(in, b->state_path, &text);
    if (err != ERR_OK)
        return err;
    err = bind_state_parse(buf_bytes(&text), &b->private.story, &why);
    return err == ERR_FINDINGS ? import_refuse(in, &rule_import_damaged, b->state_path, why) : err;
}

/* RFC 4034 s2.1: what the record says of itself. */
static int check_record(struct import *in, const struct bind_files *b)
{
    const uint8_t *rdata = b->record.rdata.data; /* the parser gives four octets and more */
    unsigned flags = (unsigned)rdata[0] << 8 | rdata[1];
    if (name_compare(b->record.owner, in->p->zone) != 0)
        return import_refuse(in, &rule_import_zone, b->key_path, "a key of another zone");
    if ((flags & DNSKEY_FLAG_REVOKE) != 0)
        return import_refuse(in, &rule_import_flags, b->key_path, "the key is revoked");
    if ((flags & (unsigned)~DNSKEY_FLAG_SEP) != DNSKEY_FLAG_ZONE || rdata[2] != 3) {
        diag_add(in->diags, &rule_import_flags, AT_FILE(b->key_path), in->p->zone_text,
                 "flags %u, protocol %u", flags, rdata[2]);
        return ERR_FINDINGS;
    }
    if (b->private.algorithm != rdata[3]) {
        diag_add(in->diags, &rule_import_pair, AT_FILE(b->private_path), in->p->zone_text,
                 "algorithm %u, but the record beside it has %u", b->private.algorithm, rdata[3]);
        return ERR_FINDINGS;
    }
    if (algorithm_text(rdata[3]) == NULL) {
        diag_add(in->diags, &rule_import_algorithm, AT_FILE(b->key_path), in->p->zone_text,
                 "algorithm %u", rdata[3]);
        return ERR_FINDINGS;
    }
    return ERR_OK;
}

static int bind_role(struct import *in, const struct bind_files *b, enum key_role *ret)
{
    const struct key_story *story = &b->private.story;
    bool is_sep = (b->record.rdata.data[1] & DNSKEY_FLAG_SEP) != 0;
    bool is_both = story->has_role && story->is_ksk && story->is_zsk;
    if (!is_sep && (is_both || in->single_key))
        return import_refuse(in, &rule_import_role, b->key_path,
                             "flags 256, but said to sign the DNSKEY records too");
    *ret = !is_sep ? KEY_ZSK : is_both || in->single_key ? KEY_CSK : KEY_KSK;
    if (in->p->role == NULL || strcmp(in->p->role, key_role_text(*ret)) == 0)
        return ERR_OK;
    diag_add(in->diags, &rule_import_role, AT_FILE(b->key_path), in->p->zone_text,
             "asked for as a %s; its files say %s", in->p->role, key_role_text(*ret));
    return ERR_FINDINGS;
}

static int make_bind_key(struct import *in, const struct bind_files *b)
{
    struct bytes rdata = buf_bytes(&b->record.rdata);
    struct finding_key f = {.file = b->private_path,
                            .story = b->private.story,
                            .algorithm = rdata.data[3],
                            .has_ttl = b->record.has_ttl,
                            .ttl_s = b->record.ttl_s};
    int err = bind_role(in, b, &f.role);
    if (err != ERR_OK)
        return err;
    struct crypto_private *private = NULL;
    err = crypto_private_from_parts(f.algorithm, (struct bytes){rdata.data + 4, rdata.len - 4},
                                    &b->private.parts, &private);
    if (err == ERR_CRYPTO)
        return import_refuse(in, &rule_import_pair, b->private_path,
                             "not the private half of the DNSKEY record beside it");
    return err == ERR_OK ? import_add(in, &f, private) : err;
}

static bool was_read(const struct import *in, const char *file)
{
    for (size_t i = 0; i < in->keys.n; i++) {
        if (strcmp(in->keys.items[i].file, file) == 0)
            return true;
    }
    return false;
}

int import_bind(struct import *in, const char *word)
{
    AUTO(bind_files)
    struct bind_files b = {.private_path = with_suffix(word, ".private"),
                           .key_path = with_suffix(word, ".key"),
                           .state_path = with_suffix(word, ".state")};
    if (b.private_path == NULL || b.key_path == NULL || b.state_path == NULL)
        return ERR_NOMEM;
    if (was_read(in, b.private_path))
        return ERR_OK; /* K* names all files of a key */
    int err = read_bind_private(in, &b);
    if (err == ERR_OK && b.private.is_on_token) {
        (void)import_refuse(in, &rule_import_form, b.private_path, "the key is on a token");
        diag_expect(in->diags, "its pkcs11: URI instead of the file, and --role");
        return ERR_FINDINGS;
    }
    if (err == ERR_OK)
        err = read_bind_record(in, &b);
    if (err == ERR_OK)
        err = check_record(in, &b);
    if (err == ERR_OK)
        err = read_bind_state(in, &b);
    return err == ERR_OK ? make_bind_key(in, &b) : err;
}

bool import_is_bind(const char *word, int *ret_err)
{
    size_t len = strlen(word);
    size_t base = base_len(word);
    const char *suffix = word + base;
    if (base < len && strcmp(suffix, ".key") != 0)
        return true;
    AUTO_FREE char *private = with_suffix(word, ".private");
    if (private == NULL)
        *ret_err = ERR_NOMEM;
    return private != NULL && access(private, F_OK) == 0;
}
