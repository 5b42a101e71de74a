/*
 * app/observation_write.h -- from what the network half brought to an observation file.
 */
#pragma once

#include "app/observation.h"
#include "publish/observe.h"

/* The file of R, as text; the same answers give the same text. */
int observation_text(const struct observe_result *r, struct buf *out) MUST_USE;

/* The secret of K in base64, from its private file; to be wiped (buf_wipe). */
int tsig_secret_read(struct app *app, const struct inv_tsig_key *k, struct buf *ret) MUST_USE;
