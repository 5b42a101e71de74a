#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "publish/publish.h"
#include "publish/rules.h"
#include "publish/target.h"

struct tree_pending {
    struct target target;
    bool changes;   /* the sibling is filled */
    bool exchanged; /* the sibling's name now holds the old tree, or nothing */
    int lock;       /* the locked sibling, -1: none */
};

void tree_pending_free(struct tree_pending *p)
{
    if (p == NULL)
        return;
    int left = p->changes && !p->exchanged ? file_remove_tree(p->target.fresh) : ERR_OK;
    (void)left; /* the next run removes it */
    if (p->lock >= 0)
        (void)close(p->lock);
    target_done(&p->target);
    free(p);
}

bool tree_pending_changes(const struct tree_pending *p)
{
    return p->changes;
}

/* ------------------------------------------------------------------ comparing */

static const struct tree_entry *tree_find(struct tree *t, const char *path)
{
    size_t lo = 0, hi = tree_n(t);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct tree_entry *e = tree_at(t, mid);
        int c = strcmp(path, e->path);
        if (c == 0)
            return e;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

/* Is PATH the folder of some entry? */
static bool tree_has_folder(struct tree *t, const char *path)
{
    AUTO_FREE char *prefix = NULL;
    int len = asprintf(&prefix, "%s/", path);
    if (len < 0)
        return false;
    size_t lo = 0, hi = tree_n(t);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(tree_at(t, mid)->path, prefix) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < tree_n(t) && strncmp(tree_at(t, lo)->path, prefix, (size_t)len) == 0;
}

static bool same_content(const char *path, const struct stat *st, struct bytes content)
{
    if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size != content.len)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    uint8_t chunk[65536];
    size_t at = 0;
    while (at < content.len) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || (size_t)n > content.len - at ||
            memcmp(chunk, content.data + at, (size_t)n) != 0)
            break;
        at += (size_t)n;
    }
    (void)close(fd);
    return at == content.len;
}

static bool entry_fits(struct tree *t, const FTSENT *e, size_t root_len, size_t *files)
{
    const char *path = strlen(e->fts_path) > root_len ? e->fts_path + root_len + 1 : "";
    switch (e->fts_info) {
    case FTS_D: return path[0] == 0 || tree_has_folder(t, path);
    case FTS_DP: return true;
    case FTS_F: break;
    default: return false; /* links, devices, what cannot be read */
    }
    const struct tree_entry *want = tree_find(t, path);
    if (want == NULL || !same_content(e->fts_accpath, e->fts_statp, want->content))
        return false;
    (*files)++;
    return true;
}

/* Does DIR hold exactly this tree? */
static bool tree_equals(struct tree *t, const char *dir)
{
    AUTO_FREE char *root = strdup(dir);
    if (root == NULL)
        return false;
    FTS *fts = fts_open((char *[]){root, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (fts == NULL)
        return false;
    size_t files = 0;
    bool same = true;
    for (FTSENT *e = fts_read(fts); e != NULL && same; e = same ? fts_read(fts) : NULL)
        same = entry_fits(t, e, strlen(root), &files);
    (void)fts_close(fts);
    return same && files == tree_n(t);
}

/* ------------------------------------------------------------------ filling */

/* Modes are a part of the contract: the umask must not decide. */
static int make_folder(const char *path)
{
    if (mkdir(path, 0755) != 0)
        return errno == EEXIST ? ERR_OK : ERR_IO;
    return chmod(path, 0755) == 0 ? ERR_OK : ERR_IO;
}

static int make_folders(const char *root, const char *path)
{
    AUTO_FREE char *dir = file_join(root, path);
    if (dir == NULL)
        return ERR_NOMEM;
    for (char *s = strchr(dir + strlen(root) + 1, '/'); s != NULL; s = strchr(s + 1, '/')) {
        *s = 0;
        int err = make_folder(dir);
        if (err != ERR_OK)
            return err;
        *s = '/';
    }
    return ERR_OK;
}

static int write_all(int fd, struct bytes content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.data, content.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        content.data += n;
        content.len -= (size_t)n;
    }
    return ERR_OK;
}

/* Not synced one by one: a tree of a hundred thousand files would wait a minute (see sync_all). */
static int write_file(const char *path, struct bytes content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return ERR_IO;
    int err = write_all(fd, content);
    if (err == ERR_OK && fchmod(fd, 0644) != 0)
        err = ERR_IO;
    int keep = errno;
    if (close(fd) != 0 && err == ERR_OK)
        return ERR_IO;
    errno = keep;
    return err;
}

static int fill(struct tree *t, const char *root, struct diags *diags)
{
    for (size_t i = 0; i < tree_n(t); i++) {
        const struct tree_entry *e = tree_at(t, i);
        AUTO_FREE char *path = file_join(root, e->path);
        int err = path == NULL ? ERR_NOMEM : make_folders(root, e->path);
        if (err == ERR_OK)
            err = write_file(path, e->content);
        if (err != ERR_OK)
            return target_write_failed(err, "cannot be written", path, diags);
    }
    return ERR_OK;
}

/* All files and folders of the sibling at once; syncfs reports write-back errors since Linux 5.8.
 */
static int sync_all(const struct tree_pending *p, struct diags *diags)
{
    if (syncfs(p->lock) != 0)
        return target_write_failed(ERR_IO, "cannot be synced", p->target.fresh, diags);
    return ERR_OK;
}

static int read_back(struct tree *t, const char *root, struct diags *diags)
{
    if (tree_equals(t, root))
        return ERR_OK;
    diag_add(diags, &rule_out_check, AT_FILE(root), NULL, "other bytes came back");
    return ERR_IO;
}

static int make_sibling(struct tree_pending *p, struct diags *diags)
{
    const char *fresh = p->target.fresh;
    if (mkdir(fresh, 0755) != 0 || chmod(fresh, 0755) != 0)
        return target_write_failed(ERR_IO, "cannot be made", fresh, diags);
    p->changes = true;
    return target_lock_dir(fresh, &p->lock, diags);
}

static int check_paths(struct tree *t)
{
    for (size_t i = 1; i < tree_n(t); i++) {
        if (strcmp(tree_at(t, i - 1)->path, tree_at(t, i)->path) == 0)
            return ERR_INTERNAL;
    }
    return ERR_OK;
}

int tree_prepare(struct tree *t, const char *out, struct tree_pending **ret, struct diags *diags)
{
    int err = check_paths(t);
    if (err == ERR_OK)
        err = tree_check_target(out, diags);
    if (err != ERR_OK)
        return err;
    AUTO_PTR(tree_pending) struct tree_pending *p = calloc(1, sizeof(*p));
    if (p == NULL)
        return ERR_NOMEM;
    p->lock = -1;
    err = target_init(&p->target, out, diags);
    if (err == ERR_OK && !tree_equals(t, p->target.out)) {
        err = make_sibling(p, diags);
        if (err == ERR_OK)
            err = fill(t, p->target.fresh, diags);
        if (err == ERR_OK)
            err = sync_all(p, diags);
        if (err == ERR_OK)
            err = read_back(t, p->target.fresh, diags);
    }
    if (err == ERR_OK)
        *ret = TAKE(p);
    return err;
}

/* ------------------------------------------------------------------ exchanging */

/* For file systems without RENAME_EXCHANGE. From the journal on, the next run can complete it. Only
   that it exists counts, so it needs no temporary, which a killed run would leave. */
static int exchange_in_two_steps(const struct target *t)
{
    static const char text[] = "old tree is being moved aside\n";
    int err = file_write_new(t->journal, text, sizeof(text) - 1, 0644);
    if (err == ERR_OK)
        err = file_sync_dir(t->parent);
    if (err == ERR_OK && rename(t->out, t->old) != 0)
        err = ERR_IO;
    int keep = errno;
    bool back = true;
    if (err == ERR_OK && rename(t->fresh, t->out) != 0) {
        keep = errno;
        err = ERR_IO;
        back = rename(t->old, t->out) == 0; /* else the next run needs the journal */
    }
    if (err != ERR_OK && back)
        (void)unlink(t->journal);
    errno = keep;
    return err;
}

static bool is_unsupported(int error)
{
    return error == EINVAL || error == ENOSYS || error == ENOTSUP;
}

static int put_in_place(const struct target *t)
{
    if (!path_exists(t->out))
        return rename(t->fresh, t->out) == 0 ? ERR_OK : ERR_IO;
    if (renameat2(AT_FDCWD, t->fresh, AT_FDCWD, t->out, RENAME_EXCHANGE) == 0)
        return ERR_OK;
    return is_unsupported(errno) ? exchange_in_two_steps(t) : ERR_IO;
}

int tree_exchange(struct tree_pending *p, struct diags *diags)
{
    const struct target *t = &p->target;
    if (!p->changes || p->exchanged)
        return ERR_OK;
    int err = put_in_place(t);
    if (err != ERR_OK)
        return target_write_failed(err, "cannot be replaced", t->out, diags);
    p->exchanged = true;
    if (file_sync_dir(t->parent) != ERR_OK) {
        /* the old tree and the journal stay: the next run removes them */
        diag_add(diags, &rule_out_unsynced, AT_FILE(t->out), NULL,
                 "was replaced, but %s cannot be synced: %s", t->parent, strerror(errno));
        return ERR_IO;
    }
    (void)unlink(t->journal); /* of the two-step; what stays is cleaned up by the next run */
    if (file_remove_tree(t->fresh) != ERR_OK || file_remove_tree(t->old) != ERR_OK)
        diag_add(diags, &rule_out_leftover, AT_FILE(t->fresh), NULL, "%s", strerror(errno));
    return ERR_OK;
}
