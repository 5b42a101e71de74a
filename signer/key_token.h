/*
 * signer/key_token.h -- addresses of keys on PKCS#11 tokens, and what stands in them.
 *
 * "pkcs11:token=zones;id=%01?pin-source=/etc/mudzone/pin": attributes between ";" (of the object),
 * and behind "?" between "&" (how to get at it). A PIN is a secret: it is in no finding.
 * Errors: ERR_KEY, with a finding that names the token; ERR_CONFIG: a PIN file that others may
 * read; ERR_NOMEM. Source: RFC 7512 s2; DESIGN 5.
 */
#pragma once

#include "common/diag.h"
#include "signer/crypto.h"

bool token_uri_is(const char *uri); /* begins with "pkcs11:" */

/* The decoded value of the attribute NAME, appended. False: there is none, or it is malformed. */
bool token_uri_attribute(const char *uri, const char *name, struct buf *ret);

/* `token "zones"`, for messages; appended. */
void token_uri_name(const char *uri, struct buf *ret);

/* URI without the PIN, if one is in it; appended. ERR_KEY: not such a URI. */
int token_uri_public(const char *uri, struct buf *ret) MUST_USE;

/* The PIN file that URI names, if any, is closed to others. */
int token_check_pin(const char *uri, struct diags *diags) MUST_USE;

/* crypto_private_from_uri with findings. FILE is where URI stands, or NULL. */
int token_key_open(uint8_t algorithm, const char *uri, const char *file,
                   struct crypto_private **ret, struct diags *diags) MUST_USE;
