/*
 * publish/target.h -- OUT and the names beside it.
 *
 * Owns all its strings. Errors as in publish/publish.h.
 */
#pragma once

#include <stdbool.h>

#include "common/diag.h"
#include "common/own.h"

struct target {
    char *out;     /* without trailing slashes */
    char *parent;  /* its folder */
    char *fresh;   /* parent/.<name>.mudzone-new: being filled, or the old tree being removed */
    char *old;     /* parent/.<name>.mudzone-old: two-step only */
    char *journal; /* parent/.<name>.mudzone-journal: the two-step has begun */
};

int target_init(struct target *t, const char *out, struct diags *diags) MUST_USE;
void target_done(struct target *t);
DEFINE_AUTO(target)

bool path_exists(const char *path); /* links are not followed */

bool target_is_ours(const char *out); /* holds our manifest */

/* ERR_LOCKED when another run holds PATH; else RET_FD is the locked folder, to be closed. */
int target_lock_dir(const char *path, int *ret_fd, struct diags *diags) MUST_USE;

/* A finding "WHAT PATH: <errno>" of rule out-write; returns ERR_IO (or ERR_NOMEM when ERR says so).
 */
int target_write_failed(int err, const char *what, const char *path, struct diags *diags);
