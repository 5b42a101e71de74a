#include "common/err.h"

const char *err_text(int err)
{
    switch ((enum err)err) {
    case ERR_OK: return "done";
    case ERR_FINDINGS: return "errors were found";
    case ERR_USAGE: return "wrong usage";
    case ERR_CONFIG: return "unreadable or malformed configuration";
    case ERR_NOMEM: return "out of memory";
    case ERR_IO: return "a file could not be read or written";
    case ERR_CRYPTO: return "a cryptographic operation failed";
    case ERR_KEY: return "a key is missing or must not be made";
    case ERR_LOCKED: return "another process holds the lock";
    case ERR_STATE: return "the state refused it";
    case ERR_LIMIT: return "an input is over a limit";
    case ERR_ABSENT: return "not there";
    case ERR_INTERNAL: return "internal error";
    case ERR_PENDING: return "changes are pending";
    }
    return "unknown error";
}

int err_exit_status(int err)
{
    switch ((enum err)err) {
    case ERR_OK: return 0;
    case ERR_FINDINGS:
    case ERR_LIMIT: return 1;
    case ERR_USAGE:
    case ERR_CONFIG: return 2;
    case ERR_NOMEM:
    case ERR_IO:
    case ERR_CRYPTO:
    case ERR_KEY:
    case ERR_LOCKED:
    case ERR_STATE:
    case ERR_ABSENT:
    case ERR_INTERNAL: return 3;
    case ERR_PENDING: return 4;
    }
    return 3;
}
