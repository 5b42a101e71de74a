/*
 * common/nearest.h -- what a misspelt word was probably meant to be.
 *
 * Pure. An edit is an inserted, dropped or other character, or two neighbours swapped; case does
 * not count, nor does "_" for "-".
 */
#pragma once

#include <stddef.h>

/* Words longer than this are near to nothing. */
#define NEAREST_WORD_MAX 64

/* Edits from A to B; SIZE_MAX when one of them is too long. */
size_t nearest_distance(const char *a, const char *b);
