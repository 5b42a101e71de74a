/*
 * mudgen/digest.h -- SHA-256, which documents, signatures and pins are told apart by.
 *
 * Errors: ERR_CRYPTO when the library refuses.
 */
#pragma once

#include <stdint.h>

#include "common/buf.h"
#include "common/own.h"

#define SHA256_LEN     32
#define SHA256_HEX_LEN 65 /* with a NUL */

int digest_sha256(struct bytes data, uint8_t ret[SHA256_LEN]) MUST_USE;

/* The hash of an inline script or style as Content-Security-Policy wants it: 'sha256-<base64>'. */
int digest_csp(struct bytes data, struct buf *out) MUST_USE;
