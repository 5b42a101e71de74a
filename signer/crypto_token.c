/* Keys on a PKCS#11 token: the part of signer/crypto.h that knows of them, on GnuTLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/pkcs11.h>

#include "common/err.h"
#include "signer/crypto_key.h"

#define TOKEN_ID_LEN 16

/* Those that a token can neither make nor use through GnuTLS 3.7: EdDSA. */
static const struct crypto_method *token_method(uint8_t algorithm)
{
    bool is_eddsa = algorithm == ALG_ED25519 || algorithm == ALG_ED448;
    return is_eddsa ? NULL : crypto_method_find(algorithm);
}

static int token_error(int gnutls)
{
    return gnutls == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_KEY;
}

int crypto_private_from_uri(uint8_t algorithm, const char *uri, struct crypto_private **ret)
{
    const struct crypto_method *m = token_method(algorithm);
    if (m == NULL)
        return ERR_USAGE;
    AUTO_PTR(crypto_private) struct crypto_private *p = calloc(1, sizeof *p);
    if (p == NULL || (p->uri = strdup(uri)) == NULL)
        return ERR_NOMEM;
    p->algorithm = algorithm;
    int rc = gnutls_privkey_init(&p->key);
    if (rc == 0)
        rc = gnutls_privkey_import_url(p->key, uri, 0);
    if (rc != 0)
        return token_error(rc);
    if (!crypto_private_is(p, m))
        return ERR_CRYPTO;
    *ret = TAKE(p);
    return ERR_OK;
}

const char *crypto_private_uri(const struct crypto_private *p)
{
    return p->uri;
}

/* RFC 7512 s2.3: path attributes before "?", where the PIN is. TYPE: "private" or "public". */
static void put_key_uri(const char *store_uri, const uint8_t id[TOKEN_ID_LEN], const char *type,
                        struct buf *ret)
{
    size_t path_len = strcspn(store_uri, "?");
    buf_reserve(ret, strlen(store_uri) + 3 * (size_t)TOKEN_ID_LEN + 32); /* it may say the PIN */
    buf_add(ret, store_uri, path_len);
    buf_add_str(ret, ";id=");
    for (size_t i = 0; i < TOKEN_ID_LEN; i++)
        buf_printf(ret, "%%%02X", id[i]);
    buf_add_str(ret, ";type=");
    buf_add_str(ret, type);
    buf_add_str(ret, store_uri + path_len);
}

int crypto_generate_on_token(uint8_t algorithm, const char *store_uri, const char *label,
                             struct crypto_private **ret)
{
    const struct crypto_method *m = token_method(algorithm);
    if (m == NULL)
        return ERR_USAGE;
    uint8_t id[TOKEN_ID_LEN];
    int rc = gnutls_rnd(GNUTLS_RND_NONCE, id, sizeof id);
    if (rc != 0)
        return crypto_gnutls_error(rc);
    bool is_rsa = m->curve == GNUTLS_ECC_CURVE_INVALID;
    unsigned bits = is_rsa ? CRYPTO_RSA_BITS : GNUTLS_CURVE_TO_BITS((unsigned)m->curve);
    const gnutls_datum_t cid = crypto_datum((struct bytes){id, sizeof id});
    rc = gnutls_pkcs11_privkey_generate3(
        store_uri, m->pk, bits, label, &cid, GNUTLS_X509_FMT_DER, NULL, 0,
        GNUTLS_PKCS11_OBJ_FLAG_LOGIN | GNUTLS_PKCS11_OBJ_FLAG_MARK_SENSITIVE |
            GNUTLS_PKCS11_OBJ_FLAG_MARK_PRIVATE);
    if (rc != 0)
        return token_error(rc);
    struct buf uri = {0};
    put_key_uri(store_uri, id, "private", &uri);
    int err = buf_ok(&uri) ? crypto_private_from_uri(algorithm, buf_str(&uri), ret) : ERR_NOMEM;
    buf_wipe(&uri);
    return err;
}

/* The URI of the other half: "type=private" becomes "type=public". */
static int public_uri(const struct crypto_private *p, struct buf *ret)
{
    static const char mark[] = "type=private";
    const char *at = p->uri == NULL ? NULL : strstr(p->uri, mark);
    if (at == NULL)
        return ERR_KEY;
    buf_reserve(ret, strlen(p->uri) + 1);
    buf_add(ret, p->uri, (size_t)(at - p->uri));
    buf_add_str(ret, "type=public");
    buf_add_str(ret, at + sizeof mark - 1);
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

static int set_label(const char *uri, const char *label)
{
    gnutls_pkcs11_obj_t obj = NULL;
    int rc = gnutls_pkcs11_obj_init(&obj);
    if (rc != 0)
        return token_error(rc);
    rc = gnutls_pkcs11_obj_import_url(obj, uri, GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
    if (rc == 0)
        rc = gnutls_pkcs11_obj_set_info(obj, GNUTLS_PKCS11_OBJ_LABEL, label, strlen(label),
                                        GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
    gnutls_pkcs11_obj_deinit(obj);
    return rc == 0 ? ERR_OK : token_error(rc);
}

int crypto_token_label(const struct crypto_private *p, const char *label)
{
    struct buf other = {0};
    int err = public_uri(p, &other);
    if (err == ERR_OK)
        err = set_label(p->uri, label);
    if (err == ERR_OK)
        err = set_label(buf_str(&other), label);
    buf_wipe(&other);
    return err;
}

static int destroy(const char *uri)
{
    int rc = gnutls_pkcs11_delete_url(uri, GNUTLS_PKCS11_OBJ_FLAG_LOGIN);
    return rc > 0 ? ERR_OK : ERR_KEY; /* the number of objects */
}

int crypto_token_destroy(const struct crypto_private *p)
{
    struct buf other = {0};
    int err = public_uri(p, &other);
    if (err == ERR_OK)
        err = destroy(p->uri);
    if (err == ERR_OK)
        err = destroy(buf_str(&other));
    buf_wipe(&other);
    return err;
}
