/*
 * zones/text_int.h -- private to the text_ and reread_ files: record types by name, and record data
 * by our own printers or by libknot's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/rdata.h>

#include "common/buf.h"

struct text_type {
    uint8_t len; /* 0: not in the table */
    char text[11];
};
#define TEXT_TYPES 258
/* The mnemonics that are printed and read without asking libknot: all that zone files are made of.
   Each is what libknot prints and libzscanner reads. */
extern const struct text_type text_types[TEXT_TYPES];

/* Types that libknot has a mnemonic for and zone parsers do not read by it: written as TYPEnn. */
bool text_type_is_unreadable(uint16_t type);

/* TYPE as it stands in a record's line. */
char *put_type(char *p, uint16_t type);

/* Bytes that text_data_put may write for LEN octets. */
size_t text_data_room(uint16_t type, size_t len);

/* The data of a record by our own printer, and where it ends; NULL when TYPE has none, or DATA is
   not shaped as TYPE wants, or holds what must be written in generic form. */
char *text_data_put(char *p, uint16_t type, const uint8_t *data, size_t len);

/* The data of any record, by libknot, or in generic form where libknot fails or its text could not
   be read back. Failure is left in OUT. */
void text_data_knot(uint16_t type, const knot_rdata_t *rdata, struct buf *out);

/* RFC 3597 s5, with the hex in lower case. */
void text_data_generic(const uint8_t *data, size_t len, struct buf *out);
