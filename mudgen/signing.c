#include "mudgen/signing.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/cms.h"
#include "mudgen/digest.h"

static int by_content(const void *a, const void *b)
{
    const struct mud_signature *const *x = a;
    const struct mud_signature *const *y = b;
    int c = memcmp((*x)->content_sha256, (*y)->content_sha256, SHA256_LEN);
    return c != 0 ? c : memcmp((*x)->certificate_sha256, (*y)->certificate_sha256, SHA256_LEN);
}

int signing_init(struct signing *s, struct arena *a, const struct cms_signer *signer,
                 const struct mud_previous *previous, size_t document_n)
{
    size_t n = previous->signature_n;
    *s = (struct signing){.arena = a, .signer = signer, .previous_n = n};
    s->previous = arena_zalloc(a, n + 1, sizeof(*s->previous));
    s->used = arena_zalloc(a, document_n + 1, sizeof(*s->used));
    if (s->previous == NULL || s->used == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        s->previous[i] = &previous->signatures[i];
    qsort(s->previous, n, sizeof(*s->previous), by_content);
    return ERR_OK;
}

static const struct mud_signature *find(const struct signing *s, const struct mud_signature *key)
{
    if (s->previous_n == 0)
        return NULL;
    const struct mud_signature *const *found =
        bsearch(&key, s->previous, s->previous_n, sizeof(*s->previous), by_content);
    return found == NULL ? NULL : *found;
}

static int make(const struct signing *s, struct bytes content, struct bytes *ret)
{
    AUTO(buf) struct buf p7s = {0};
    int err = cms_sign(s->signer, content, &p7s);
    if (err != ERR_OK)
        return err;
    /* read back as others will: a signature that does not verify is never published */
    if (!cms_still_fits(s->signer, buf_bytes(&p7s), content))
        return ERR_CRYPTO;
    const uint8_t *kept = arena_dup(s->arena, p7s.data, p7s.len);
    if (kept == NULL)
        return ERR_NOMEM;
    *ret = (struct bytes){kept, p7s.len};
    return ERR_OK;
}

int signing_get(struct signing *s, struct bytes content, const uint8_t digest[32],
                struct bytes *ret)
{
    struct mud_signature sig = {0};
    memcpy(sig.content_sha256, digest, SHA256_LEN);
    memcpy(sig.certificate_sha256, cms_signer_certificate_sha256(s->signer), SHA256_LEN);
    const struct mud_signature *old = find(s, &sig);
    int err = ERR_OK;
    if (old != NULL && cms_still_fits(s->signer, old->p7s, content))
        sig.p7s = old->p7s;
    else
        err = make(s, content, &sig.p7s);
    if (err != ERR_OK)
        return err;
    s->used[s->used_n++] = sig;
    *ret = sig.p7s;
    return ERR_OK;
}
