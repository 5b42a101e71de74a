/*
 * app/trial_pki.h -- self-signed certificates to try mudzone with (`init`).
 *
 * Pure: a key and a certificate come back as PEM text, nothing is written. P-256, valid for two
 * years from an hour before NOW. Errors: ERR_CRYPTO, ERR_NOMEM.
 */
#pragma once

#include <stdint.h>

#include "common/buf.h"
#include "common/own.h"

enum trial_use {
    TRIAL_CMS, /* digitalSignature, emailProtection: signs MUD files and the list */
    TRIAL_TLS  /* digitalSignature, serverAuth, with NAME and localhost as DNS names */
};

/* RET_KEY is a secret: start with an empty one, and buf_wipe it. */
int trial_certificate(enum trial_use use, const char *name, int64_t now,
                      struct buf *ret_certificate, struct buf *ret_key) MUST_USE;
