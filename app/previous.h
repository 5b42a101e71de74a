/*
 * app/previous.h -- the previous publication: documents kept in state, as mudgen's immutable value.
 *
 * In state, by kind and name: "list" domains.json; "model" <model>; "signature"
 * <content>.<certificate> (digests in hex); "version" <serial> (a JSON object with its files'
 * digests); "blob" <digest>, the files of all versions, each content once. Errors: ERR_STATE when
 * what is kept does not fit together, ERR_NOMEM, and the state's own. Owns everything that `value`
 * points to.
 */
#pragma once

#include "app/manifest.h"
#include "common/arena.h"
#include "common/own.h"
#include "mudgen/mudgen.h"
#include "signer/signer.h"

struct previous {
    struct arena *arena;
    struct mud_previous value;
};
void previous_done(struct previous *p);
DEFINE_AUTO(previous)

int previous_load(struct state *state, struct previous *ret) MUST_USE;

/*
 * previous_out.c: OLD, the manifest of the OUT that is there, has a word in it too: its list
 * serials are not used again. When state is not what made OUT (an older copy, or lost), that is a
 * warning, the list counts as changed, and the versions that OUT still holds are kept like
 * superseded ones.
 */
int previous_heed_out(struct previous *p, const char *out, const struct manifest *old,
                      struct diags *diags) MUST_USE;

/* OUT becomes the previous publication; inside the caller's transaction. What is already there is
   not written again, what is no longer needed is deleted. */
int previous_store(struct state *state, const struct mud_output *out) MUST_USE;
