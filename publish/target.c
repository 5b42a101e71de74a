#include "publish/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "publish/publish.h"
#include "publish/rules.h"

void target_done(struct target *t)
{
    free(t->out);
    free(t->parent);
    free(t->fresh);
    free(t->old);
    free(t->journal);
    *t = (struct target){0};
}

static char *sibling(const char *parent, const char *name, const char *suffix)
{
    char *p = NULL;
    const char *sep = parent[strlen(parent) - 1] == '/' ? "" : "/";
    return asprintf(&p, "%s%s.%s.mudzone-%s", parent, sep, name, suffix) < 0 ? NULL : p;
}

static char *without_trailing_slashes(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return strndup(path, len);
}

int target_init(struct target *t, const char *out, struct diags *diags)
{
    *t = (struct target){0};
    t->out = without_trailing_slashes(out);
    if (t->out == NULL)
        return ERR_NOMEM;
    const char *slash = strrchr(t->out, '/');
    const char *name = slash == NULL ? t->out : slash + 1;
    if (name[0] == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        diag_add(diags, &rule_out_name, AT_FILE(out), NULL, "cannot be replaced");
        return ERR_CONFIG;
    }
    if (slash == NULL)
        t->parent = strdup(".");
    else
        t->parent = slash == t->out ? strdup("/") : strndup(t->out, (size_t)(slash - t->out));
    if (t->parent == NULL)
        return ERR_NOMEM;
    t->fresh = sibling(t->parent, name, "new");
    t->old = sibling(t->parent, name, "old");
    t->journal = sibling(t->parent, name, "journal");
    return t->fresh == NULL || t->old == NULL || t->journal == NULL ? ERR_NOMEM : ERR_OK;
}

bool path_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int target_write_failed(int err, const char *what, const char *path, struct diags *diags)
{
    if (err == ERR_NOMEM)
        return err;
    diag_add(diags, &rule_out_write, AT_FILE(path), NULL, "%s: %s", what, strerror(errno));
    return ERR_IO;
}

int target_lock_dir(const char *path, int *ret_fd, struct diags *diags)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return target_write_failed(ERR_IO, "cannot be opened", path, diags);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        diag_add(diags, &rule_out_busy, AT_FILE(path), NULL,
                 "another mudzone is writing here; try again when it has ended");
        return ERR_LOCKED;
    }
    *ret_fd = fd;
    return ERR_OK;
}

/* ------------------------------------------------------------------ what a killed run left */

/* The sibling is complete once a journal exists; before that it is worth nothing. */
static int finish_two_step(const struct target *t, struct diags *diags)
{
    if (!path_exists(t->journal) || path_exists(t->out))
        return ERR_OK;
    const char *from = path_exists(t->fresh) ? t->fresh : t->old;
    if (path_exists(from) && rename(from, t->out) != 0)
        return target_write_failed(ERR_IO, "cannot be put in place", t->out, diags);
    return file_sync_dir(t->parent);
}

static int remove_leftovers(const struct target *t, struct diags *diags)
{
    int err = file_remove_tree(t->fresh);
    if (err == ERR_OK)
        err = file_remove_tree(t->old);
    if (err == ERR_OK && unlink(t->journal) != 0 && errno != ENOENT)
        err = ERR_IO;
    return err == ERR_OK ? ERR_OK
                         : target_write_failed(err, "a killed run's files cannot be removed",
                                               t->fresh, diags);
}

static int recover(const struct target *t, struct diags *diags)
{
    bool fresh = path_exists(t->fresh);
    if (!fresh && !path_exists(t->old) && !path_exists(t->journal))
        return ERR_OK;
    int fd = -1;
    int err = fresh ? target_lock_dir(t->fresh, &fd, diags) : ERR_OK;
    if (err == ERR_OK)
        err = finish_two_step(t, diags);
    if (err == ERR_OK)
        err = remove_leftovers(t, diags);
    if (fd >= 0)
        (void)close(fd);
    if (err == ERR_OK)
        diag_add(diags, &rule_out_recovered, AT_FILE(t->out), NULL,
                 "an earlier run was interrupted here");
    return err;
}

/* ------------------------------------------------------------------ is it ours */

static int is_empty_dir(const char *path, bool *ret)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return ERR_IO;
    *ret = true;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            *ret = false;
    }
    (void)closedir(dir);
    return ERR_OK;
}

bool target_is_ours(const char *out)
{
    static const char mark[] = "\"" TREE_MANIFEST_SCHEMA "\"";
    AUTO_FREE char *path = file_join(out, TREE_MANIFEST);
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    char head[256];
    ssize_t n = read(fd, head, sizeof(head));
    (void)close(fd);
    return n > 0 && memmem(head, (size_t)n, mark, sizeof(mark) - 1) != NULL;
}

static int check_existing(const char *out, const struct stat *st, struct diags *diags)
{
    if (!S_ISDIR(st->st_mode)) {
        diag_add(diags, &rule_out_not_folder, AT_FILE(out), NULL, "is not a folder");
        return ERR_CONFIG;
    }
    bool empty = false;
    if (is_empty_dir(out, &empty) != ERR_OK || access(out, W_OK) != 0)
        return target_write_failed(ERR_IO, "cannot be replaced", out, diags);
    if (!empty && !target_is_ours(out)) {
        diag_add(diags, &rule_out_not_ours, AT_FILE(out), NULL,
                 "holds files but no manifest of ours: it would be replaced as a whole");
        return ERR_CONFIG;
    }
    return ERR_OK;
}

static int check_parent(const struct target *t, struct diags *diags)
{
    int err = file_mkdirs(t->parent, 0755);
    if (err != ERR_OK)
        return target_write_failed(err, "cannot be made", t->parent, diags);
    if (access(t->parent, W_OK | X_OK) != 0)
        return target_write_failed(ERR_IO, "cannot be written to", t->parent, diags);
    return ERR_OK;
}

int tree_check_target(const char *out, struct diags *diags)
{
    AUTO(target) struct target t = {0};
    int err = target_init(&t, out, diags);
    if (err == ERR_OK)
        err = check_parent(&t, diags);
    if (err == ERR_OK)
        err = recover(&t, diags);
    if (err != ERR_OK)
        return err;
    struct stat st;
    if (lstat(t.out, &st) == 0)
        return check_existing(t.out, &st, diags);
    return errno == ENOENT ? ERR_OK : target_write_failed(ERR_IO, "cannot be seen", t.out, diags);
}
