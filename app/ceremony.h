/*
 * app/ceremony.h -- what the commands of an offline KSK share: their files, and how they show what
 * is in them. Source: signer/ksr.h.
 */
#pragma once

#include "app/app.h"
#include "signer/ksr.h"

/* The digest in groups of eight, for two people to compare by eye. */
#define CEREMONY_DIGEST_LEN (64 + 7 + 1)
void ceremony_digest_text(const char *digest, char ret[CEREMONY_DIGEST_LEN]);

/* A request or response of PATH; ERR_CONFIG when it cannot be read. */
int ceremony_read(struct app *app, const char *path, struct buf *ret_text,
                  struct ksr *ret) MUST_USE;

/* K as text into PATH (NULL: "<zone>.<suffix>" in the current folder), whole or not at all, mode
   0644. RET_PATH: where, malloc'ed. */
int ceremony_write(struct app *app, struct ksr *k, const char *path, const char *suffix,
                   char **ret_path) MUST_USE;

/* One line for each set: its keys and times. */
void ceremony_print_sets(const struct app *app, const struct ksr *k);
/* The same as an array, for --json. */
json_t *ceremony_sets_json(const struct ksr *k);
