/*
 * signer/key_import_run.h -- a run of keys_read_foreign, for the files that read one kind of key
 * each. Errors as in signer/key_files.h, with a finding.
 */
#pragma once

#include "signer/key_import.h"
#include "signer/keystore.h"

struct import {
    const struct import_params *p;
    bool single_key;
    struct buf knot_list;
    struct foreign_keys keys; /* read so far */
    struct diags *diags;
};

/* A finding about FILE; ERR_FINDINGS. */
int import_refuse(struct import *in, const struct diag_rule *rule, const char *file,
                  const char *what);

int import_read_public(struct import *in, const char *path, struct buf *ret) MUST_USE;
/* RET is wiped by the caller. */
int import_read_private(struct import *in, const char *path, struct buf *ret) MUST_USE;

/* What is known of a key before it is one of the set. */
struct finding_key {
    const char *file;
    struct key_story story;
    enum key_role role;
    uint8_t algorithm;
    bool has_ttl;
    uint32_t ttl_s;
};
/* Adds the key, or says that it was there. Consumes PRIVATE. */
int import_add(struct import *in, const struct finding_key *f,
               struct crypto_private *private) MUST_USE;

/* key_import_files.c: WORD names files of BIND; all of them together are one key. */
bool import_is_bind(const char *word, int *ret_err);
int import_bind(struct import *in, const char *word) MUST_USE;
/* key_import_pem.c */
int import_pem(struct import *in, const char *word) MUST_USE;
int import_token(struct import *in, const char *uri) MUST_USE;
