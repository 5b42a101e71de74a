/*
 * signer/sealed.h -- a file whose octets only a passphrase opens, and whose every change shows.
 *
 * Form, version 1; numbers are big-endian:
 *
 *    0  16  "mudzone-backup" 0x0A, version (1)
 *   16   1  log2 of scrypt's N; r = 8, p = 1 (RFC 7914)
 *   17   3  zero
 *   20   4  octets of content in a piece
 *   24  32  salt, random: no two files have a key in common
 *   56   8  the first of SHA-256 over 0..55: tells damage from a wrong passphrase
 *   64  32  HMAC-SHA256 over 0..63
 *   96      pieces: content encrypted with AES-256-GCM, and its tag of 16 octets
 *
 * scrypt gives 64 octets: the key of the pieces and the key of the HMAC. The nonce of a piece is 1
 * for the last and 0 for others (1 octet), zeros (3), its number from 0 (8); the HMAC is what GCM
 * authenticates besides. So pieces cannot be taken out, put in, moved, or left off at the end.
 * All pieces but the last are full; the last may be empty.
 *
 * Errors: ERR_CRYPTO (wrong passphrase, or a primitive failed), ERR_STATE (not such a file,
 * damaged, cut short, of a later version), ERR_IO with errno, ERR_LIMIT, ERR_NOMEM. Nothing here
 * adds findings. Keys and content are wiped when freed. Source: RFC 7914, RFC 2104, NIST SP
 * 800-38D.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define SEALED_COST     17 /* 128 MiB and half a second for each guess */
#define SEALED_COST_MIN 10

struct sealed_writer;
/* PATH appears with sealed_commit; until then the file has another name. */
int sealed_create(const char *path, struct bytes passphrase, unsigned cost,
                  struct sealed_writer **ret) MUST_USE;
int sealed_write(struct sealed_writer *w, const void *data, size_t len) MUST_USE;
/* The last piece; the file is complete and durable, and has its temporary name RET_TEMP
   (borrowed). */
int sealed_finish(struct sealed_writer *w, const char **ret_temp) MUST_USE;
int sealed_commit(struct sealed_writer *w) MUST_USE;
void sealed_writer_free(struct sealed_writer *w); /* what was not committed is removed */
DEFINE_AUTO_PTR(sealed_writer)

struct sealed_reader;
int sealed_open(const char *path, struct bytes passphrase, struct sealed_reader **ret) MUST_USE;
/* LEN octets, all authentic; ERR_STATE when fewer are left. */
int sealed_read(struct sealed_reader *r, void *ret, size_t len) MUST_USE;
bool sealed_is_at_end(const struct sealed_reader *r);
void sealed_reader_free(struct sealed_reader *r);
DEFINE_AUTO_PTR(sealed_reader)
