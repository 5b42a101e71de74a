/* signer/key_import_text.h -- lines and values of key files, for their parsers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* The next line of *TEXT without its end and the blanks around it. False: there is none. */
bool text_line(struct bytes *text, struct bytes *ret);
/* The next word of *LINE. */
bool text_word(struct bytes *line, struct bytes *ret);
/* "Name: value" or, with '=', "name=value". False: LINE has no SEPARATOR. */
bool text_split(struct bytes line, char separator, struct bytes *ret_name, struct bytes *ret_value);
bool text_is(struct bytes text, const char *word); /* letters of either case */
bool text_number(struct bytes text, uint64_t max, uint64_t *ret);
/* YYYYMMDDHHMMSS in UTC; more may follow after a blank. */
bool text_bind_time(struct bytes text, int64_t *ret);
/* Base64, appended to RET, in which no copy is left behind when it is wiped. */
bool text_base64(struct bytes text, struct buf *ret);
