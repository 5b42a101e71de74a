/*
 * app/passphrase.h -- a passphrase from a file, or from whoever sits at the terminal.
 *
 * Errors: ERR_CONFIG (a file that others may read, that is not there or malformed; too short),
 * ERR_USAGE (no file and no terminal, or given up), said; ERR_NOMEM. RET is wiped by the caller
 * (buf_wipe).
 */
#pragma once

#include "app/app.h"

/* FILE: its first line; NULL: asked for, unseen. IS_NEW: asked for twice, and not too short. */
int passphrase_get(struct app *app, const char *file, bool is_new, struct buf *ret) MUST_USE;
