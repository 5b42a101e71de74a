/*
 * mudgen/yangcheck.h -- does a JSON document fit the MUD data models, and if not, why not?
 *
 * The verdict is libyang's, over the text as a whole; only a refused document is taken apart to
 * name all that is wrong (yangbuild.h). Errors: ERR_FINDINGS, ERR_NOMEM.
 */
#pragma once

#include <libyang/libyang.h>

#include "mudgen/jsontree.h"

/* ROOT is the tree of TEXT, which ends in a NUL that does not count. */
int yang_check(struct ly_ctx *ctx, struct arena *a, const char *file, struct bytes text,
               const struct json_node *root, struct diags *diags) MUST_USE;
