/*
 * mudgen/yangbuild.h -- a JSON tree to libyang data nodes, with every error on the way.
 *
 * libyang stops at the first error and knows only its line; this walk beside the schema finds all
 * unknown nodes, wrong values, missing and doubled nodes, each at its place in the JSON. What is
 * wrong is left out of the data; the rest is for lyd_validate_all (yangcheck.c).
 * Source: RFC 7951 (JSON form), RFC 7950.
 */
#pragma once

#include <libyang/libyang.h>

#include "mudgen/jsontree.h"

struct yang_build {
    struct ly_ctx *ctx;
    struct arena *arena;
    const char *file;
    size_t file_len;
    struct diags *diags;
    struct lyd_node *tree; /* lyd_node.priv is the struct json_node it was made from */
    size_t found;          /* findings added; LIMIT_MUD_EXPLAINED of them are enough */
    bool draft; /* access lists in a form older than RFC 8519: reported once, not looked into */
    bool no_memory;
};

void yang_build(struct yang_build *b, const struct json_node *root);
void yang_build_done(struct yang_build *b);

/* Takes NODE out of the data, with whatever would be incomplete without it: the entry of a key, the
   case or the entry of a mandatory node. */
void yang_drop(struct yang_build *b, struct lyd_node *node);

/* Takes out what was reported to miss a mandatory node, below top-level nodes of MODULE. False:
   there is no such thing. */
bool yang_drop_lacking(struct yang_build *b, const char *module, size_t module_len);

/* A finding at NODE; FOUND NULL means that memory ran out. */
void yang_add(struct yang_build *b, const struct diag_rule *rule, const struct json_node *node,
              const char *found);
