/*
 * mudgen/signing.h -- CMS signatures for documents, made once and reused while they fit.
 *
 * A signature is found again by the digests of content and certificate, and verified before it is
 * used again. Memory from the caller's arena; reused signatures are borrowed from the previous
 * ones. Errors: ERR_NOMEM, ERR_CRYPTO.
 */
#pragma once

#include "common/arena.h"
#include "mudgen/mudgen.h"

struct signing {
    struct arena *arena;
    const struct cms_signer *signer;
    const struct mud_signature **previous; /* sorted by content */
    size_t previous_n;
    struct mud_signature *used; /* room for all documents */
    size_t used_n;
};

int signing_init(struct signing *s, struct arena *a, const struct cms_signer *signer,
                 const struct mud_previous *previous, size_t document_n) MUST_USE;

/* The signature of CONTENT, whose SHA-256 is DIGEST. */
int signing_get(struct signing *s, struct bytes content, const uint8_t digest[32],
                struct bytes *ret) MUST_USE;
