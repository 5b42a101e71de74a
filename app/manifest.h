/*
 * app/manifest.h -- OUT/manifest.json: what was built, from what, and until when it holds.
 *
 * Deterministic: no clock in it, so a build that changes nothing leaves it as it is. Reading takes
 * any file and trusts nothing but what it checks: shapes, digests in hex, serials in 32 bits, paths
 * clean. Errors: ERR_ABSENT (no file), ERR_CONFIG (not a manifest of ours, with a finding), ERR_IO,
 * ERR_LIMIT, ERR_NOMEM. A read manifest owns all its strings through its arena; for writing,
 * strings are borrowed and the arena may be NULL. Source: DESIGN section 5.
 */
#pragma once

#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/diag.h"
#include "common/own.h"

#define MANIFEST_SCHEMA  "mudzone-manifest-1"
#define MANIFEST_HEX_LEN 65 /* a SHA-256 in lower-case hex and a NUL */

struct manifest_file {
    const char *path; /* relative to OUT; for inputs, to the inventory's folder */
    char sha256[MANIFEST_HEX_LEN];
    uint64_t size; /* inputs: not said, 0 */
};

struct manifest_key {
    char digest[MANIFEST_HEX_LEN];
    uint16_t tag;
    const char *role;
    const char *algorithm;
};

struct manifest_zone {
    const char *name; /* A-labels, no trailing dot */
    const char *file; /* "zones/<zone>.zone" */
    const char *ds;   /* "zones/<zone>.ds" */
    uint32_t serial;
    const char *policy;
    int64_t expires_at; /* the earliest of its signatures; 0: it is not signed */
    struct manifest_key *keys;
    size_t key_n;
};

struct manifest {
    struct arena *arena;
    const char *version; /* of mudzone */
    int64_t rebuild_before_at;
    uint32_t list_serial;
    const char *event_head;
    struct manifest_zone *zones;
    size_t zone_n;
    struct manifest_file *inputs;
    size_t input_n;
    struct manifest_file *files; /* all of OUT but the manifest itself */
    size_t file_n;
};
void manifest_done(struct manifest *m);
DEFINE_AUTO(manifest)

int manifest_write(const struct manifest *m, struct buf *out) MUST_USE;

/* OUT/manifest.json. */
int manifest_read(const char *out, struct manifest *ret, struct diags *diags) MUST_USE;
int manifest_parse(const char *name, struct bytes text, struct manifest *ret,
                   struct diags *diags) MUST_USE;

const struct manifest_zone *manifest_zone(const struct manifest *m, const char *name); /* or NULL */
