/*
 * common/buf.h -- growable bytes, and borrowed ones.
 *
 * A struct buf owns its bytes and is all-zero when empty. Growing fails softly: the first failure
 * sets `failed`, later calls do nothing, and the caller checks once at the end with buf_ok().
 * The bytes are always followed by a NUL that does not count, so text can be used as a C string.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/own.h"

struct bytes { /* borrowed */
    const uint8_t *data;
    size_t len;
};

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    bool failed;
};

void buf_done(struct buf *b);
DEFINE_AUTO(buf)

/* Like buf_done, but the bytes are wiped first: for secrets. Growing a secret leaves copies behind,
   so reserve first. */
void buf_wipe(struct buf *b);

bool buf_ok(const struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_add_hex(struct buf *b, const void *data, size_t len); /* lower case */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

struct bytes buf_bytes(const struct buf *b);
const char *buf_str(const struct buf *b); /* "" when empty */

bool bytes_equal(struct bytes a, struct bytes b);

/* Lower-case hex of LEN bytes and a NUL into OUT of 2 * LEN + 1. */
void hex_encode(const void *data, size_t len, char *out);

/* LEN bytes from 2 * LEN hex digits of either case; false when TEXT is anything else. */
bool hex_decode(const char *text, uint8_t *out, size_t len) MUST_USE;
