/*
 * publish/place.c -- where OUT lies. It is replaced as a whole, so nothing that a run reads, and no
 * key, may lie in it; and it may not lie in what another program keeps.
 *
 * Paths are compared after links are followed, as far as they lead to something.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "publish/publish.h"
#include "publish/rules.h"
#include "publish/target.h"

#define LINKS_MAX 40 /* as the kernel follows */

/* ------------------------------------------------------------------ absolute paths */

/* Puts one part behind PATH (absolute, no final slash; "" is the root). Takes PATH. */
static char *path_step(char *path, const char *part, size_t len)
{
    char *longer = NULL;
    if (len == 0 || (len == 1 && part[0] == '.'))
        return path;
    if (len == 2 && memcmp(part, "..", 2) == 0) {
        char *slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = 0;
        return path;
    }
    if (asprintf(&longer, "%s/%.*s", path, (int)len, part) < 0)
        longer = NULL;
    free(path);
    return longer;
}

/* PATH with links followed as far as it exists, and the rest as it would be made. Malloc'ed; NULL
   when out of memory. */
static char *resolve(const char *path)
{
    char *at = path[0] == '/' ? strdup("") : realpath(".", NULL);
    if (at != NULL && strcmp(at, "/") == 0)
        at[0] = 0;
    while (at != NULL && *path != 0) {
        size_t len = strcspn(path, "/");
        at = path_step(at, path, len);
        path += len + (path[len] == '/');
        char *real = at == NULL || at[0] == 0 ? NULL : realpath(at, NULL);
        if (real != NULL) {
            free(at);
            at = real;
            if (strcmp(at, "/") == 0)
                at[0] = 0;
        }
    }
    return at;
}

/* The name itself: links in its folders are followed, one that it is itself is not. */
static char *resolve_folder(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    AUTO_FREE char *plain = strndup(path, len);
    if (plain == NULL)
        return NULL;
    char *slash = strrchr(plain, '/');
    const char *name = slash == NULL ? plain : slash + 1;
    if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || name[0] == 0)
        return resolve(plain);
    AUTO_FREE char *folder = slash == NULL ? strdup(".") : strndup(plain, (size_t)(slash - plain));
    char *at = folder == NULL ? NULL : resolve(folder[0] == 0 ? "/" : folder);
    return at == NULL ? NULL : path_step(at, name, strlen(name));
}

/* Is PATH the folder, or in it? */
static bool is_in(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == 0 || path[len] == '/');
}

/* ------------------------------------------------------------------ what must not be in OUT */

static int check_in(const struct target *t, const char *out, const struct tree_keep *keep,
                    const char *path, struct diags *diags)
{
    const char *const folders[] = {t->out, t->fresh, t->old}; /* all are replaced or removed */
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        AUTO_FREE char *folder = resolve_folder(folders[i]);
        if (folder == NULL)
            return ERR_NOMEM;
        if (strcmp(path, folder) == 0)
            diag_add(diags, &rule_out_place, AT_FILE(out), NULL, "%s is %s", folder, keep->what);
        else if (is_in(path, folder))
            diag_add(diags, &rule_out_place, AT_FILE(out), NULL, "%s %s lies in %s", keep->what,
                     path, folder);
        else if (keep->is_folder && is_in(folder, path))
            diag_add(diags, &rule_out_place, AT_FILE(out), NULL, "%s lies in %s %s", folder,
                     keep->what, path);
        else
            continue;
        return ERR_CONFIG;
    }
    return ERR_OK;
}

/* Each link on the way counts: removed with OUT, it would lead nowhere. */
static int check_keep(const struct target *t, const char *out, const struct tree_keep *keep,
                      struct diags *diags)
{
    AUTO_FREE char *path = resolve_folder(keep->path);
    for (int links = 0; path != NULL && links < LINKS_MAX; links++) {
        int err = check_in(t, out, keep, path, diags);
        if (err != ERR_OK)
            return err;
        char to[4096];
        ssize_t n = readlink(path, to, sizeof(to) - 1);
        if (n < 0)
            return ERR_OK; /* the thing itself */
        to[n] = 0;
        AUTO_FREE char *next = file_relative_to(path, to);
        free(path);
        path = next == NULL ? NULL : resolve_folder(next);
    }
    return path == NULL ? ERR_NOMEM : ERR_OK;
}

/* ------------------------------------------------------------------ OUT in an OUT */

static int check_outer(const char *out, struct diags *diags)
{
    AUTO_FREE char *path = resolve_folder(out);
    if (path == NULL)
        return ERR_NOMEM;
    for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
        *slash = 0;
        if (!target_is_ours(path[0] == 0 ? "/" : path))
            continue;
        diag_add(diags, &rule_out_place, AT_FILE(out), NULL,
                 "lies in %s, which mudzone wrote as a whole and will write again", path);
        return ERR_CONFIG;
    }
    return ERR_OK;
}

int tree_check_place(const char *out, const struct tree_keep *keep, size_t keep_n,
                     struct diags *diags)
{
    AUTO(target) struct target t = {0};
    int first = target_init(&t, out, diags);
    if (first != ERR_OK)
        return first;
    for (size_t i = 0; i < keep_n; i++) {
        int err = check_keep(&t, out, &keep[i], diags);
        if (err == ERR_NOMEM)
            return err;
        first = first == ERR_OK ? err : first;
    }
    int outer = check_outer(out, diags);
    return first == ERR_OK ? outer : first;
}
