/*
 * common/utf8.h -- is it UTF-8? For parsers of foreign text, character by character.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed character at P (RFC 3629 s4), of which LEFT bytes are there, at least
   one; 0 when it is none: cut short, overlong, half of a surrogate pair, over U+10FFFF. */
size_t utf8_len(const uint8_t *p, size_t left);
