/* Keys that a PKCS#11 token makes and keeps: their addresses (RFC 7512), their PIN files. */
#include "signer/key_token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/keystore.h"
#include "signer/rules_files.h"

#define PIN_FILE_MAX 4096 /* PKCS#11 has no limit; tokens take some dozens */

/* ------------------------------------------------------------------ URIs */

/* RFC 3986 s2.1. */
static bool percent_decode(const char *text, size_t len, struct buf *ret)
{
    for (size_t i = 0; i < len; i++) {
        char hex[3] = "";
        uint8_t octet = (uint8_t)text[i];
        if (text[i] == '%') {
            if (len - i < 3)
                return false;
            memcpy(hex, text + i + 1, 2);
            if (!hex_decode(hex, &octet, 1) || octet == 0)
                return false;
            i += 2;
        }
        buf_add(ret, &octet, 1);
    }
    return buf_ok(ret);
}

bool token_uri_attribute(const char *uri, const char *name, struct buf *ret)
{
    if (!token_uri_is(uri))
        return false;
    size_t name_len = strlen(name);
    const char *at = uri + strlen("pkcs11:");
    while (*at != 0) {
        size_t len = strcspn(at, ";?&");
        if (len > name_len && at[name_len] == '=' && strncmp(at, name, name_len) == 0)
            return percent_decode(at + name_len + 1, len - name_len - 1, ret);
        at += len + (at[len] != 0);
    }
    return false;
}

bool token_uri_is(const char *uri)
{
    return strncmp(uri, "pkcs11:", strlen("pkcs11:")) == 0;
}

void token_uri_name(const char *uri, struct buf *ret)
{
    AUTO(buf) struct buf name = {0};
    if (token_uri_attribute(uri, "token", &name))
        buf_printf(ret, "token \"%s\"", buf_str(&name));
    else if (token_uri_attribute(uri, "serial", &name))
        buf_printf(ret, "the token of serial number %s", buf_str(&name));
    else
        buf_add_str(ret, "any token");
}

int token_uri_public(const char *uri, struct buf *ret)
{
    static const char start[] = "pkcs11:";
    const char *at = uri + strlen(start);
    char before = 0; /* what stands between the last attribute shown and this one */
    if (!token_uri_is(uri))
        return ERR_KEY;
    buf_add_str(ret, start);
    while (*at != 0) {
        size_t len = strcspn(at, ";?&");
        char after = at[len];
        if (strncmp(at, "pin-value=", strlen("pin-value=")) != 0) {
            if (before != 0)
                buf_add_char(ret, before);
            buf_add(ret, at, len);
            before = after;
        } else if (before == ';') {
            before = after;
        }
        at += len + (after != 0);
    }
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

int token_check_pin(const char *uri, struct diags *diags)
{
    AUTO(buf) struct buf path = {0};
    if (!token_uri_attribute(uri, "pin-source", &path))
        return ERR_OK; /* in the URI itself, or the token asks for none */
    const char *file = buf_str(&path);
    if (file[0] != '/') {
        diag_add(diags, &rule_token_pin, AT_NOWHERE, NULL, "pin-source is \"%s\"", file);
        return ERR_CONFIG;
    }
    struct buf pin = {0};
    buf_reserve(&pin, (size_t)2 * PIN_FILE_MAX);
    int err = file_read_private(file, PIN_FILE_MAX, &pin);
    buf_wipe(&pin);
    if (err == ERR_CONFIG)
        return key_refuse_mode(file, diags);
    if (err == ERR_IO || err == ERR_LIMIT) {
        diag_add(diags, &rule_token_pin, AT_FILE(file), NULL, "cannot be read: %s",
                 err == ERR_LIMIT ? "too large" : strerror(errno));
        return ERR_KEY;
    }
    return err;
}

/* ------------------------------------------------------------------ opening */

/* One message for what cannot be told apart: GnuTLS says "no such object" for most. */
static void say_missing(const char *uri, const char *file, const char *what, struct diags *diags)
{
    AUTO(buf) struct buf name = {0};
    token_uri_name(uri, &name);
    diag_add(diags, &rule_token_missing, AT_FILE(file), NULL,
             "%s: %s, or its PIN is not the one given", buf_str(&name), what);
}

int token_key_open(uint8_t algorithm, const char *uri, const char *file,
                   struct crypto_private **ret, struct diags *diags)
{
    int err = token_check_pin(uri, diags);
    if (err != ERR_OK)
        return err;
    err = crypto_private_from_uri(algorithm, uri, ret);
    if (err == ERR_USAGE)
        diag_add(diags, &rule_token_algorithm, AT_FILE(file), NULL,
                 "a key of algorithm %u on a token", algorithm);
    else if (err == ERR_KEY)
        say_missing(uri, file, "no token has that key", diags);
    else if (err == ERR_CRYPTO)
        diag_add(diags, &rule_token_missing, AT_FILE(file), NULL,
                 "the key at that address is not of algorithm %u", algorithm);
    return err == ERR_OK || err == ERR_NOMEM ? err : ERR_KEY;
}

/* ------------------------------------------------------------------ making */

bool key_is_on_token(const struct key *k)
{
    return !key_is_public(k) && crypto_private_uri(key_private(k)) != NULL;
}

int key_destroy_on_token(const struct key *k)
{
    return key_is_on_token(k) ? crypto_token_destroy(key_private(k)) : ERR_KEY;
}

/* "example.net zsk 12345": whoever looks into the token sees what is whose. */
static void name_key(const struct key *k, const char *label, struct diags *diags)
{
    AUTO(buf) struct buf text = {0};
    buf_printf(&text, "%s %u", label, key_tag(k));
    if (buf_ok(&text) && crypto_token_label(key_private(k), buf_str(&text)) != ERR_OK)
        diag_add(diags, &rule_token_label, AT_NOWHERE, NULL, "key %.16s… is called \"%s\" there",
                 key_digest(k), label);
}

int key_generate_on_token(const char *store_uri, uint8_t algorithm, enum key_role role,
                          const char *label, struct key **ret, struct diags *diags)
{
    int err = token_check_pin(store_uri, diags);
    if (err != ERR_OK)
        return err;
    struct crypto_private *private = NULL;
    err = crypto_generate_on_token(algorithm, store_uri, label, &private);
    if (err == ERR_USAGE) {
        const char *name = algorithm_text(algorithm);
        diag_add(diags, &rule_token_algorithm, AT_NOWHERE, NULL,
                 "%s: a token cannot make such keys", name == NULL ? "?" : name);
    }
    if (err == ERR_KEY)
        say_missing(store_uri, NULL, "it is not there, makes no such key", diags);
    AUTO_PTR(key) struct key *k = NULL;
    if (err == ERR_OK)
        err = key_from_private(algorithm, role, private, &k);
    if (err != ERR_OK)
        return err;
    name_key(k, label, diags);
    *ret = TAKE(k);
    return ERR_OK;
}
