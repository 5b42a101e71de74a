/*
 * mudgen/model.h -- a device model of the inventory to its MUD file (RFC 8520, DESIGN section 9).
 *
 * Accept entries only, what is not said is denied. Per direction and IP family the entries stand in
 * the order of their names, 50 an ACL. An entry's name is made from its content alone, so that it
 * stays when others come and go. Names are host names: the inventory has seen to it. Pure.
 * Errors: ERR_NOMEM, ERR_CRYPTO.
 */
#pragma once

#include "common/arena.h"
#include "common/buf.h"
#include "mudgen/listing.h"
#include "mudgen/mudgen.h"

#define MODEL_ACES_MAX 50 /* osMUD installs wrong rules above */

/* "<base><model>/<model><suffix>", from the arena; SUFFIX is ".json" or ".p7s". BASE may be "". */
char *model_path(struct arena *a, const char *base, const char *model, const char *suffix);

/* MODELS by name; malloc'ed, NULL without memory. */
const struct mud_model_out **models_by_name(const struct mud_model_out *models, size_t n);

int model_write(const struct inventory *inv, const struct inv_model *model, const char *last_update,
                struct buf *out) MUST_USE;

/* Warns of names that MUD files leave out, or that some readers refuse. */
void model_names_advise(const struct listing *listing, struct diags *diags);

/* ACL names of this model that had to be shortened: a note. */
void model_acl_names_check(const struct inv_model *model, struct diags *diags);
