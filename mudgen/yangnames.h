/*
 * mudgen/yangnames.h -- member names of JSON and nodes of the schema (RFC 7951 s4).
 *
 * A name carries its module ("ietf-mud:mud") at the top and where the module changes. Pure.
 */
#pragma once

#include <libyang/libyang.h>

#include "mudgen/jsontree.h"

/* The node below PARENT (NULL: top level) that KEY names, or NULL. */
const struct lysc_node *yang_find(const struct ly_ctx *ctx, const struct lysc_node *parent,
                                  const char *key);

/* What KEY should have been, with its module if that is needed; NULL when nothing is near. */
const char *yang_nearest(struct arena *a, const struct ly_ctx *ctx, const struct lysc_node *parent,
                         const char *key);

/* The member of OBJECT (may be NULL) that is NODE. */
const struct json_node *yang_member(const struct json_node *object, const struct lysc_node *node);

/* The first member of OBJECT that lies in CASE, through inner choices too. */
const struct json_node *yang_case_member(const struct json_node *object,
                                         const struct lysc_node *in);
