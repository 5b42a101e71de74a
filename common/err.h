/*
 * common/err.h -- error codes of the whole project and their sentences.
 *
 * Functions that can fail return 0 or one of these; what the user must act on goes into a finding
 * (common/diag.h) as well. app/ maps the code to an exit status by err_exit_status.
 */
#pragma once

enum err {
    ERR_OK = 0,
    ERR_FINDINGS = -1, /* findings of severity error in inventory or zones, or a gate refused */
    ERR_USAGE = -2,    /* wrong command line */
    ERR_CONFIG = -3,   /* unreadable or malformed configuration, unsafe file modes */
    ERR_NOMEM = -4,
    ERR_IO = -5,      /* a file or folder could not be read, written, synced or renamed */
    ERR_CRYPTO = -6,  /* a primitive failed, or a self-check did */
    ERR_KEY = -7,     /* a key is missing, unknown, or must not be made */
    ERR_LOCKED = -8,  /* another process holds the state */
    ERR_STATE = -9,   /* the database is corrupt, too new, or refused a statement */
    ERR_LIMIT = -10,  /* an input is over a ceiling of common/limits.h */
    ERR_ABSENT = -11, /* what was asked for does not exist; often not a failure */
    ERR_INTERNAL = -12,
    ERR_PENDING = -13 /* `plan --detailed-exitcode`: the next build would change something */
};

/* A sentence without a full stop; never NULL. */
const char *err_text(int err);

/* Exit status of the process: 0 to 4 (DESIGN section 4). */
int err_exit_status(int err);
