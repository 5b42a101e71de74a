#include "common/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)1 << 20)
#define ALIGN     ((size_t)16)

struct block {
    struct block *next;
    size_t used;
    size_t cap;
    _Alignas(16) unsigned char data[];
};

struct arena {
    struct block *top;
    size_t total;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct block *b = a->top; b != NULL;) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
    free(a);
}

/* Blocks double up to BLOCK_MAX, so that small arenas stay small and large ones few. */
static struct block *block_add(struct arena *a, size_t len)
{
    size_t cap = a->top == NULL ? BLOCK_MIN : a->top->cap * 2;
    if (cap > BLOCK_MAX)
        cap = BLOCK_MAX;
    if (cap < len)
        cap = len;
    if (cap > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *b = malloc(sizeof(struct block) + cap);
    if (b == NULL)
        return NULL;
    b->next = a->top;
    b->used = 0;
    b->cap = cap;
    a->top = b;
    a->total += sizeof(struct block) + cap;
    return b;
}

static void *take(struct arena *a, size_t len, size_t align)
{
    struct block *b = a->top;
    size_t at = b == NULL ? 0 : (b->used + align - 1) & ~(align - 1);
    if (b == NULL || at > b->cap || b->cap - at < len) {
        b = block_add(a, len);
        if (b == NULL)
            return NULL;
        at = 0;
    }
    b->used = at + len;
    return b->data + at;
}

void *arena_alloc(struct arena *a, size_t len)
{
    return take(a, len, ALIGN);
}

void *arena_zalloc(struct arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    void *p = take(a, n * size, ALIGN);
    if (p != NULL)
        memset(p, 0, n * size);
    return p;
}

void *arena_bytes(struct arena *a, size_t len)
{
    return take(a, len, 1);
}

void *arena_dup(struct arena *a, const void *data, size_t len)
{
    void *p = take(a, len, 1);
    if (p != NULL && len > 0)
        memcpy(p, data, len);
    return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *p = take(a, len + 1, 1);
    if (p == NULL)
        return NULL;
    memcpy(p, text, len);
    p[len] = 0;
    return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : take(a, (size_t)n + 1, 1);
    if (p == NULL)
        return NULL;
    va_start(ap, fmt);
    (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

size_t arena_used(const struct arena *a)
{
    return a->total;
}
