/* Keys on a PKCS#11 token: the part of signer/crypto.h that knows of them, on GnuTLS. */
#include <stdlib.h>
#include <string.h>

#include <gnutls/pkcs11.h>

#include "common/err.h"
#include "signer/crypto_key.h"

int crypto_private_from_uri(uint8_t algorithm, const char *uri, struct crypto_private **ret)
{
    const struct crypto_method *m = crypto_method_find(algorithm);
    if (m == NULL || algorithm == ALG_ED25519 || algorithm == ALG_ED448)
        return ERR_USAGE;
    AUTO_PTR(crypto_private) struct crypto_private *p = calloc(1, sizeof *p);
    if (p == NULL || (p->uri = strdup(uri)) == NULL)
        return ERR_NOMEM;
    p->algorithm = algorithm;
    int rc = gnutls_privkey_init(&p->key);
    if (rc == 0)
        rc = gnutls_privkey_import_url(p->key, uri, 0);
    if (rc != 0)
        return rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_KEY;
    if (!crypto_private_is(p, m))
        return ERR_CRYPTO;
    *ret = TAKE(p);
    return ERR_OK;
}
