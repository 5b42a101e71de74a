/*
 * mudgen/schema.h -- the data models of MUD files, compiled into the program, as libyang sees them.
 *
 * Reads no files and no search path. Errors: ERR_NOMEM, ERR_INTERNAL (a module of ours is broken).
 */
#pragma once

#include <libyang/libyang.h>

#include "common/own.h"

struct mud_validator { /* mudgen.h */
    struct ly_ctx *ctx;
};

int schema_load(struct ly_ctx **ret) MUST_USE;

/* For people: what a value of this leaf or leaf-list looks like. */
struct buf;
void schema_describe_type(const struct lysc_node *leaf, struct buf *out);
