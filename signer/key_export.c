/* Keys as other signers' files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"
#include "common/file.h"
#include "common/timetext.h"
#include "signer/crypto.h"
#include "signer/key_files.h"
#include "signer/keystore.h"
#include "signer/rules_files.h"

#define EXPORT_MODE 0600
#define FILE_N      2
#define TEXT_MAX    16384 /* RSA of 4096 bits has 4 KB of base64 */

/* One of the two files of a key. */
struct out_file {
    const char *suffix;
    struct buf text;
};

struct export_files {
    struct out_file files[FILE_N]; /* the private one last: where it is, the other is too */
};

static void export_files_done(struct export_files *f)
{
    for (size_t i = 0; i < FILE_N; i++)
        buf_wipe(&f->files[i].text);
}
DEFINE_AUTO(export_files)

/* ------------------------------------------------------------------ base64 */

static int add_base64(struct bytes data, struct buf *ret)
{
    union { /* GnuTLS takes, and does not change, pointers to variable octets */
        const uint8_t *in;
        uint8_t *out;
    } u = {.in = data.data};
    const gnutls_datum_t in = {u.out, (unsigned)data.len};
    gnutls_datum_t out = {0};
    if (gnutls_base64_encode2(&in, &out) != 0)
        return ERR_NOMEM;
    buf_add(ret, out.data, out.size);
    gnutls_memset(out.data, 0, out.size);
    gnutls_free(out.data);
    return ERR_OK;
}

/* ------------------------------------------------------------------ the public half */

/* RFC 4034 s2.2. */
static int add_record(const struct key *k, const char *zone_text, struct buf *ret)
{
    struct bytes rdata = key_dnskey_rdata(k);
    unsigned flags = (unsigned)rdata.data[0] << 8 | rdata.data[1];
    buf_printf(ret, "%s%s IN DNSKEY %u 3 %u ", zone_text, strcmp(zone_text, ".") == 0 ? "" : ".",
               flags, key_algorithm(k));
    return add_base64(key_public_field(k), ret);
}

/* ------------------------------------------------------------------ BIND */

/* What BIND's timing metadata calls the moments of LIFE. A KSK "signs" from when it is shown. */
struct bind_times {
    const char *names[9];
    int64_t at[9];
    size_t n;
};

static void add_time(struct bind_times *t, const char *name, int64_t at)
{
    if (at == 0)
        return;
    t->names[t->n] = name;
    t->at[t->n++] = at;
}

static struct bind_times times_of(const struct life_key *k)
{
    const struct part_times *dnskey = &k->parts[KEY_PART_DNSKEY];
    const struct part_times *sigs = &k->parts[k->role == KEY_KSK ? KEY_PART_DNSKEY : KEY_PART_SIGS];
    const struct part_times *ds = &k->parts[KEY_PART_DS];
    struct bind_times t = {.n = 0};
    add_time(&t, "Created", k->made_at);
    add_time(&t, "Publish", dnskey->in_at);
    add_time(&t, "Activate", sigs->in_at);
    add_time(&t, "Inactive", sigs->out_at);
    add_time(&t, "Delete", dnskey->out_at);
    add_time(&t, "SyncPublish", ds->in_at);
    add_time(&t, "SyncDelete", ds->out_at);
    return t;
}

/* YYYYMMDDHHMMSS: the digits of RFC 3339. */
static void bind_time_text(int64_t at, char ret[TIME_TEXT_LEN])
{
    char text[TIME_TEXT_LEN];
    size_t n = 0;
    time_format_rfc3339(at, text);
    for (const char *p = text; *p != 0; p++) {
        if (*p >= '0' && *p <= '9')
            ret[n++] = *p;
    }
    ret[n] = 0;
}

/* PREFIX "; " for comments, which dnssec-signzone and people read. */
static void add_times(const struct bind_times *t, const char *prefix, struct buf *ret)
{
    for (size_t i = 0; i < t->n; i++) {
        char text[TIME_TEXT_LEN];
        bind_time_text(t->at[i], text);
        buf_printf(ret, "%s%s: %s\n", prefix, t->names[i], text);
    }
}

static const char *bind_algorithm(uint8_t algorithm)
{
    switch (algorithm) {
    case ALG_RSASHA256: return "RSASHA256";
    case ALG_ECDSAP256SHA256: return "ECDSAP256SHA256";
    case ALG_ECDSAP384SHA384: return "ECDSAP384SHA384";
    case ALG_ED25519: return "ED25519";
    case ALG_ED448: return "ED448";
    default: return "?";
    }
}

static int add_parts(const struct key *k, struct buf *ret)
{
    static const char *const names[CRYPTO_PART_COUNT] = {
        "PrivateKey", "Modulus",   "PublicExponent", "PrivateExponent", "Prime1",
        "Prime2",     "Exponent1", "Exponent2",      "Coefficient"};
    AUTO(crypto_parts) struct crypto_parts parts = {0};
    int err = crypto_private_to_parts(key_private(k), &parts);
    for (size_t i = 0; i < CRYPTO_PART_COUNT && err == ERR_OK; i++) {
        if (parts.part[i].len == 0)
            continue;
        buf_printf(ret, "%s: ", names[i]);
        err = add_base64(buf_bytes(&parts.part[i]), ret);
        buf_add_char(ret, '\n');
    }
    return err;
}

static int make_bind(const struct key *k, const struct life_key *life, const char *zone_text,
                     struct export_files *ret)
{
    struct bind_times times = times_of(life);
    ret->files[0].suffix = ".key";
    ret->files[1].suffix = ".private";
    struct buf *record = &ret->files[0].text;
    struct buf *private = &ret->files[1].text;
    buf_printf(record, "; This is a %s key, keyid %u, for %s%s\n",
               key_role(k) == KEY_ZSK ? "zone-signing" : "key-signing", key_tag(k), zone_text,
               strcmp(zone_text, ".") == 0 ? "" : ".");
    add_times(&times, "; ", record);
    int err = add_record(k, zone_text, record);
    buf_add_char(record, '\n');
    buf_reserve(private, TEXT_MAX); /* never grown, so no copy is left behind */
    buf_printf(private, "Private-key-format: v1.3\nAlgorithm: %u (%s)\n", key_algorithm(k),
               bind_algorithm(key_algorithm(k)));
    if (err == ERR_OK)
        err = add_parts(k, private);
    add_times(&times, "", private);
    return err;
}

/* "Kexample.net.+013+12345", as BIND looks for it; "/" in a label as it writes it. */
static char *bind_name(const struct key *k, const char *zone_text)
{
    AUTO(buf) struct buf name = {0};
    buf_add_char(&name, 'K');
    for (const char *p = zone_text; *p != 0; p++) {
        if (*p == '/')
            buf_add_str(&name, "%2F");
        else
            buf_add_char(&name, *p);
    }
    buf_printf(&name, "%s+%03u+%05u", strcmp(zone_text, ".") == 0 ? "" : ".", key_algorithm(k),
               key_tag(k));
    return buf_ok(&name) ? strdup(buf_str(&name)) : NULL;
}

/* ------------------------------------------------------------------ PEM */

static int make_pem(const struct key *k, const char *zone_text, struct export_files *ret)
{
    ret->files[0].suffix = ".dnskey"; /* as `sign --keys` wants it */
    ret->files[1].suffix = ".pem";
    int err = add_record(k, zone_text, &ret->files[0].text);
    buf_printf(&ret->files[0].text, " ; %s\n", key_role_text(key_role(k)));
    return err == ERR_OK ? crypto_private_to_pem(key_private(k), &ret->files[1].text) : err;
}

/* ------------------------------------------------------------------ writing */

static char *path_of(const char *dir, const char *name, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", dir, name, suffix) < 0 ? NULL : path;
}

/* What was written before an error goes again: it was never there. */
static void take_back(const char *dir, const char *name, const struct export_files *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO_FREE char *path = path_of(dir, name, f->files[i].suffix);
        if (path != NULL)
            (void)unlink(path);
    }
}

static int write_one(const char *path, const struct buf *text, struct diags *diags)
{
    int err = file_write_new(path, text->data, text->len, EXPORT_MODE);
    if (err != ERR_IO)
        return err;
    bool exists = errno == EEXIST;
    diag_add(diags, exists ? &rule_export_exists : &rule_export_write, AT_FILE(path), NULL, "%s",
             exists ? "is there already" : strerror(errno));
    return exists ? ERR_CONFIG : ERR_IO;
}

static int write_files(const struct export_files *f, const char *dir, const char *name,
                       struct diags *diags)
{
    int err = ERR_OK;
    size_t written = 0;
    while (written < FILE_N && err == ERR_OK) {
        AUTO_FREE char *path = path_of(dir, name, f->files[written].suffix);
        err = path == NULL ? ERR_NOMEM : write_one(path, &f->files[written].text, diags);
        written += err == ERR_OK;
    }
    if (err == ERR_OK && file_sync_dir(dir) != ERR_OK) {
        diag_add(diags, &rule_export_write, AT_FILE(dir), NULL, "cannot be synced: %s",
                 strerror(errno));
        err = ERR_IO;
    }
    if (err != ERR_OK)
        take_back(dir, name, f, written);
    return err;
}

int key_export(const struct key *k, const struct life_key *life, const char *zone_text,
               enum export_format format, const char *dir, char **ret_name, struct diags *diags)
{
    if (key_is_public(k) || key_is_on_token(k)) {
        diag_add(diags, &rule_export_token, AT_NOWHERE, zone_text, "%s %u is %s",
                 key_role_text(key_role(k)), key_tag(k),
                 key_is_public(k) ? "kept elsewhere" : "on a token");
        return ERR_KEY;
    }
    AUTO(export_files) struct export_files f = {0};
    AUTO_FREE char *name = format == EXPORT_BIND ? bind_name(k, zone_text) : strdup(key_digest(k));
    if (name == NULL)
        return ERR_NOMEM;
    int err =
        format == EXPORT_BIND ? make_bind(k, life, zone_text, &f) : make_pem(k, zone_text, &f);
    for (size_t i = 0; i < FILE_N && err == ERR_OK; i++)
        err = buf_ok(&f.files[i].text) ? ERR_OK : ERR_NOMEM;
    if (err == ERR_OK)
        err = write_files(&f, dir, name, diags);
    if (err == ERR_OK)
        *ret_name = TAKE(name);
    return err;
}
