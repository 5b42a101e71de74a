/*
 * mudgen/jsontree.h -- foreign JSON text to a tree that remembers where everything stood.
 *
 * jansson keeps no positions, turns numbers into binary ones and lets the last of two equal members
 * win; findings need the place, YANG needs numbers as written, and doubled members are an error.
 * Pure. RFC 8259, strict: UTF-8 without overlong forms, no byte order mark, no NUL in strings, no
 * lone surrogates. Bounded by LIMIT_JSON_DEPTH and LIMIT_MUD_BYTES, _NODES and _ENTRIES.
 * Owns: nothing; the tree lives in the caller's arena and borrows the text for `raw`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/diag.h"

enum json_kind {
    JSON_NODE_NULL,
    JSON_NODE_BOOLEAN,
    JSON_NODE_NUMBER,
    JSON_NODE_STRING,
    JSON_NODE_ARRAY,
    JSON_NODE_OBJECT
};

struct json_node {
    enum json_kind kind;
    bool truth;       /* of a boolean */
    bool repeated;    /* a member whose name stood in the same object before */
    bool mark;        /* for the tree's user; false at first */
    const char *key;  /* of a member, decoded; else NULL */
    const char *text; /* of a string, decoded */
    struct bytes raw; /* the value as written */
    uint32_t line;    /* of the member's name, or of the value; 1-based */
    uint32_t column;  /* in characters, 1-based */
    uint32_t index;   /* place among the parent's children */
    uint32_t child_n;
    const struct json_node *parent;
    struct json_node *child; /* the first */
    struct json_node *next;
};

/*
 * ERR_FINDINGS when TEXT is not JSON or over a limit, with a finding that names FILE and the place;
 * members that repeat a name are findings too, but the tree is made. ERR_NOMEM.
 */
int json_tree_parse(struct arena *a, const char *file, struct bytes text,
                    const struct json_node **ret, struct diags *diags) MUST_USE;

/* The first member of that name; NULL when NODE is NULL or no object, or has none. */
const struct json_node *json_member(const struct json_node *node, const char *key);

/* JSON pointer (RFC 6901) with control characters escaped and keys cut after 100 bytes; "" is the
   whole document. NULL: no memory. */
const char *json_pointer(struct arena *a, const struct json_node *node);

/* The value as written, cut after some 60 characters, fit for a finding. NULL: no memory. */
const char *json_excerpt(struct arena *a, const struct json_node *node);

struct diag_where json_where(const char *file, const struct json_node *node);
