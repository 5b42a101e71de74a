/*
 * zones/inventory_nearest.h -- what a misspelt word was probably meant to be.
 *
 * Pure. Distance: insertions, deletions, substitutions and swaps of neighbours, one each.
 */
#pragma once

#include <stddef.h>

/* Words longer than this are never suggested for, nor suggested. */
#define NEAREST_WORD_MAX 40

/* The closest of the N words, or NULL when none is close enough to be meant. */
const char *inventory_nearest(const char *word, const char *const *words, size_t n);
