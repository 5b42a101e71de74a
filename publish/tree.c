#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"
#include "common/grow.h"
#include "publish/publish.h"

struct tree {
    struct tree_entry *entries; /* paths are ours */
    size_t n;
    size_t cap;
    bool sorted;
};

struct tree *tree_new(void)
{
    return calloc(1, sizeof(struct tree));
}

void tree_free(struct tree *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++)
        free((void *)(uintptr_t)t->entries[i].path);
    free(t->entries);
    free(t);
}

static bool is_clean_part(const char *part, size_t len)
{
    static const char well_known[] = ".well-known";
    if (len == 0)
        return false;
    if (part[0] != '.')
        return true;
    return len == sizeof(well_known) - 1 && memcmp(part, well_known, len) == 0;
}

static bool is_clean_path(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");
        if (!is_clean_part(path, len))
            return false;
        if (path[len] == 0)
            return true;
        path += len + 1;
    }
}

static int grow(struct tree *t)
{
    struct tree_entry *entries = grow_items(t->entries, t->n, &t->cap, sizeof(*entries));
    if (entries == NULL)
        return ERR_NOMEM;
    t->entries = entries;
    return ERR_OK;
}

int tree_add(struct tree *t, const char *path, struct bytes content)
{
    if (!is_clean_path(path))
        return ERR_INTERNAL;
    int err = grow(t);
    if (err != ERR_OK)
        return err;
    char *copy = strdup(path);
    if (copy == NULL)
        return ERR_NOMEM;
    struct tree_entry *e = &t->entries[t->n++];
    *e = (struct tree_entry){.path = copy, .content = content};
    sha256_of(content, e->sha256);
    t->sorted = false;
    return ERR_OK;
}

size_t tree_n(const struct tree *t)
{
    return t->n;
}

static int by_path(const void *a, const void *b)
{
    const struct tree_entry *x = a, *y = b;
    return strcmp(x->path, y->path);
}

const struct tree_entry *tree_at(struct tree *t, size_t i)
{
    if (!t->sorted && t->n > 1)
        qsort(t->entries, t->n, sizeof(*t->entries), by_path);
    t->sorted = true;
    return &t->entries[i];
}

void sha256_of(struct bytes data, uint8_t ret[32])
{
    /* Fails only when the library refuses SHA-256 altogether; zeros then match no content. */
    memset(ret, 0, 32);
    (void)gnutls_hash_fast(GNUTLS_DIG_SHA256, data.len == 0 ? "" : (const void *)data.data,
                           data.len, ret);
}
