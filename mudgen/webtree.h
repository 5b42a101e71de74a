/*
 * mudgen/webtree.h -- the web tree of DESIGN section 5: which document is published under which
 * paths, and how long superseded versions stay.
 *
 * Pure; memory from the caller's arena, contents are borrowed. Errors: ERR_NOMEM.
 */
#pragma once

#include "common/arena.h"
#include "mudgen/mudgen.h"

struct webtree_input {
    const struct mud_output *out; /* serial, list, models with their signatures */
    const struct mud_previous *previous;
    uint32_t refresh_s;
    int64_t now;
    struct bytes page;
    struct bytes domains;
    struct bytes allow_rpz;
    struct bytes deny_rpz;
};

/* Versions to be stored: those still to be kept, then the current one. */
int webtree_versions(struct arena *a, const struct webtree_input *in,
                     const struct mud_version **ret, size_t *ret_n) MUST_USE;

/* Every file of web/, sorted by path. */
int webtree_files(struct arena *a, const struct webtree_input *in,
                  const struct mud_version *versions, size_t version_n, const struct mud_file **ret,
                  size_t *ret_n) MUST_USE;
