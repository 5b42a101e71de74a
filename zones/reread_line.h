/*
 * zones/reread_line.h -- private: one line through libzscanner, for what zones/reread_take.h does
 * not read: rare types, generic data, unusual forms of common ones.
 *
 * Threads: one per object. Errors: ERR_FINDINGS when the line is not one absolute record of class
 * IN in canonical form, ERR_NOMEM.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/own.h"

struct reread_line; /* 200 KB */

struct reread_line *reread_line_new(void); /* NULL: memory is out */
void reread_line_free(struct reread_line *l);
DEFINE_AUTO_PTR(reread_line)

struct reread_line_record { /* borrowed until the next call */
    const uint8_t *owner;
    uint16_t type;
    uint32_t ttl;
    const uint8_t *rdata;
    size_t rdata_len;
};

/* TEXT is a line with the newline at its end. After a failure the object is of no more use. */
int reread_line_read(struct reread_line *l, const char *text, size_t len,
                     struct reread_line_record *ret) MUST_USE;
