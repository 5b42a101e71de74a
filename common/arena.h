/*
 * common/arena.h -- many small allocations with one lifetime, freed at once.
 *
 * Memory is aligned to 16 bytes unless asked otherwise and not zeroed unless said. Functions
 * return NULL when memory is out; nothing else fails. Not thread-safe.
 */
#pragma once

#include <stddef.h>

#include "common/own.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
DEFINE_AUTO_PTR(arena)

void *arena_alloc(struct arena *a, size_t len);
void *arena_zalloc(struct arena *a, size_t n, size_t size);     /* n * size zero bytes, checked */
void *arena_bytes(struct arena *a, size_t len);                 /* alignment 1: names, rdata */
void *arena_dup(struct arena *a, const void *data, size_t len); /* alignment 1 */
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

size_t arena_used(const struct arena *a); /* bytes taken from the system */
