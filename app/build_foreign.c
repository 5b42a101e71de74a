#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"

#define SHOWN_MAX 20 /* the rest is counted */

static int by_path(const void *a, const void *b)
{
    const struct manifest_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* Sorted by manifest_write already, but a manifest that was read is input. */
static void sort_files(struct manifest *m)
{
    if (m->file_n > 1)
        qsort(m->files, m->file_n, sizeof(*m->files), by_path);
}

static bool is_ours(const struct manifest *m, const char *path)
{
    const struct manifest_file key = {.path = path};
    if (strcmp(path, TREE_MANIFEST) == 0)
        return true;
    return m->file_n > 0 && bsearch(&key, m->files, m->file_n, sizeof(key), by_path) != NULL;
}

static void warn(struct build *b, const char *path, size_t n)
{
    if (n < SHOWN_MAX)
        diag_add(b->app->diags, &rule_out_foreign_file, AT_FILE(path), NULL,
                 "is not of the last build");
}

/* OUT is replaced as a whole. What someone put there goes with it: a warning, not a refusal,
   because refreshing signatures must not wait for a stray file (trust rule 6). */
int build_warn_foreign(struct build *b)
{
    if (b->old.version == NULL)
        return ERR_OK; /* absent or empty */
    sort_files(&b->old);
    AUTO_FREE char *root = strdup(b->out);
    if (root == NULL)
        return ERR_NOMEM;
    size_t len = strlen(root), n = 0;
    while (len > 1 && root[len - 1] == '/')
        root[--len] = 0;
    FTS *fts = fts_open((char *[]){root, NULL}, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
    if (fts == NULL)
        return ERR_NOMEM;
    for (FTSENT *e = fts_read(fts); e != NULL; e = fts_read(fts)) {
        bool folder = e->fts_info == FTS_D || e->fts_info == FTS_DP || e->fts_level == 0;
        if (!folder && !is_ours(&b->old, e->fts_path + len + 1))
            warn(b, e->fts_path, n++);
    }
    (void)fts_close(fts);
    if (n > SHOWN_MAX)
        diag_add(b->app->diags, &rule_out_foreign_file, AT_FILE(b->out), NULL,
                 "%zu more files are not of the last build", n - SHOWN_MAX);
    return ERR_OK;
}
