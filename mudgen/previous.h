/*
 * mudgen/previous.h -- what the documents published last fixed: serial, dates, names, removals.
 *
 * Pure; all memory comes from the caller's arena. Errors: ERR_NOMEM, ERR_STATE with a finding when
 * the bytes are not a list that this program wrote.
 */
#pragma once

#include "common/arena.h"
#include "common/buf.h"
#include "common/diag.h"
#include "common/timetext.h"

struct previous_name {
    const char *name; /* without "*." */
    bool subdomains;
    int64_t since_at;
    int64_t removal_not_before_at; /* 0: none was announced */
    int64_t removed_at;            /* of withdrawn names */
};

struct previous_list {
    bool present;
    uint32_t serial;
    uint32_t refresh_s;
    int64_t published_at;
    const struct previous_name *names; /* sorted as in the list */
    size_t name_n;
    const struct previous_name *removed; /* likewise */
    size_t removed_n;
};

/* Empty LIST: nothing was published yet, RET->present is false. */
int previous_list_read(struct arena *a, struct bytes list, struct previous_list *ret,
                       struct diags *diags) MUST_USE;

const struct previous_name *previous_find(const struct previous_name *names, size_t n,
                                          const char *name, bool subdomains);

/* The last-update of a MUD file as published, as it was written; false when it has none. */
bool previous_last_update(struct bytes mud, char ret[TIME_TEXT_LEN]) MUST_USE;

/* The refresh interval of a list as published; FALLBACK when it has none. */
uint32_t previous_refresh(struct bytes list, uint32_t fallback_s);
