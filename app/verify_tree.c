/*
 * app/verify_tree.c -- the files of OUT against its manifest: none missing, none more, the same
 * bytes.
 */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "app/verify_out.h"
#include "common/file.h"
#include "common/limits.h"
#include "publish/publish.h"

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int judge_content(struct verify_out *v, const char *path, const struct manifest_file *said)
{
    AUTO(buf) struct buf content = {0};
    int err = verify_out_read(v, path, LIMIT_ZONE_BYTES, &content);
    if (err != ERR_OK)
        return err == ERR_NOMEM ? err : ERR_OK;
    uint8_t digest[32];
    char hex[MANIFEST_HEX_LEN];
    sha256_of(buf_bytes(&content), digest);
    hex_encode(digest, sizeof(digest), hex);
    if (content.len != said->size) {
        verify_out_found(v, &rule_out_size, path, NULL, "%zu bytes", content.len);
        diag_expect(v->app->diags, "%llu, as in the manifest", (unsigned long long)said->size);
    } else if (strcmp(hex, said->sha256) != 0) {
        verify_out_found(v, &rule_out_digest, path, NULL, "SHA-256 %s", hex);
        diag_expect(v->app->diags, "%s, as in the manifest", said->sha256);
    }
    return ERR_OK;
}

static int judge_file(struct verify_out *v, const char *path)
{
    if (strcmp(path, TREE_MANIFEST) == 0)
        return ERR_OK;
    struct verify_out_file *f = verify_out_file(v, path);
    if (f == NULL) {
        verify_out_found(v, &rule_out_extra, path, NULL, "not in the manifest");
        return ERR_OK;
    }
    f->seen = true;
    return judge_content(v, path, f->said);
}

static int judge_entry(struct verify_out *v, const FTSENT *e)
{
    const char *path = e->fts_path + strlen(v->out);
    path += strspn(path, "/");
    struct verify_out_file *f = NULL;
    switch (e->fts_info) {
    case FTS_D:
    case FTS_DP: return ERR_OK;
    case FTS_F: return judge_file(v, path);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        verify_out_found(v, &rule_out_unreadable, path, NULL, "%s", strerror(e->fts_errno));
        return ERR_OK;
    default:
        verify_out_found(v, &rule_out_not_regular, path, NULL, "a %s",
                         e->fts_info == FTS_SL || e->fts_info == FTS_SLNONE ? "symbolic link"
                                                                            : "special file");
        f = verify_out_file(v, path);
        if (f != NULL)
            f->seen = true;
        return ERR_OK;
    }
}

static void judge_missing(struct verify_out *v)
{
    for (size_t i = 0; i < v->file_n; i++) {
        if (!v->files[i].seen)
            verify_out_found(v, &rule_out_missing, v->files[i].said->path, NULL,
                             "in the manifest, but not there");
    }
}

static int walk(struct verify_out *v, FTS *tree)
{
    size_t n = 0;
    FTSENT *e = NULL;
    while ((e = fts_read(tree)) != NULL) {
        if (++n > LIMIT_OUT_FILES) {
            verify_out_found(v, &rule_out_too_large, "", NULL, "more than %u files",
                             LIMIT_OUT_FILES);
            return ERR_FINDINGS;
        }
        int err = judge_entry(v, e);
        if (err != ERR_OK)
            return err;
    }
    judge_missing(v);
    return ERR_OK;
}

int verify_tree(struct verify_out *v)
{
    AUTO_FREE char *root = strdup(v->out);
    if (root == NULL)
        return ERR_NOMEM;
    char *const roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (tree == NULL)
        return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
    int err = walk(v, tree);
    fts_close(tree);
    return err;
}
