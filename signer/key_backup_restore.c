/* A backup in the place of the state folder: all of it at one moment, the old one kept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/file.h"
#include "common/timetext.h"
#include "signer/key_backup.h"
#include "signer/rules_files.h"

#define ASIDE_TRIES 100

struct restore {
    const struct restore_params *p;
    char *dir;          /* where it goes, without links */
    char *above;        /* its folder */
    char *temp;         /* made there, so that a rename is enough; NULL: it is in place */
    struct state *lock; /* of the old one */
    char *aside;
    struct diags *diags;
};

static void restore_done(struct restore *r)
{
    if (r->temp != NULL && file_remove_tree(r->temp) != ERR_OK)
        diag_add(r->diags, &rule_backup_write, AT_FILE(r->temp), NULL, "cannot be removed: %s",
                 strerror(errno)); /* it holds copies of keys */
    state_close(r->lock);
    free(r->dir);
    free(r->above);
    free(r->temp);
    free(r->aside);
}
DEFINE_AUTO(restore)

static int unwritable(struct restore *r, const char *path)
{
    diag_add(r->diags, &rule_backup_write, AT_FILE(path), NULL, "cannot be written: %s",
             strerror(errno));
    return ERR_IO;
}

/* ------------------------------------------------------------------ the place */

/* A link to the state folder is the user's own affair, and stays. */
static int find_place(struct restore *r)
{
    r->dir = realpath(r->p->dir, NULL);
    if (r->dir == NULL && errno == ENOENT)
        r->dir = strdup(r->p->dir);
    if (r->dir == NULL)
        return errno == ENOMEM ? ERR_NOMEM : unwritable(r, r->p->dir);
    for (size_t len = strlen(r->dir); len > 1 && r->dir[len - 1] == '/'; len--)
        r->dir[len - 1] = 0;
    const char *slash = strrchr(r->dir, '/');
    r->above = slash == NULL ? strdup(".") : strndup(r->dir, (size_t)(slash - r->dir) + 1);
    return r->above == NULL ? ERR_NOMEM : ERR_OK;
}

static bool is_empty(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT;
    size_t n = 0;
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    (void)closedir(d);
    return n == 0;
}

/* A state folder that somebody is using is not moved from under him. */
static int refuse_used(struct restore *r)
{
    if (is_empty(r->dir))
        return ERR_OK;
    if (!r->p->force) {
        diag_add(r->diags, &rule_restore_exists, AT_FILE(r->p->dir), NULL, "is not empty");
        return ERR_CONFIG;
    }
    return state_lock(r->dir, &r->lock, r->diags);
}

/* ------------------------------------------------------------------ unpacked and proved beside it
 */

static int unpack(struct restore *r, struct backup_report *ret)
{
    char *temp = NULL;
    if (asprintf(&temp, "%s.restore.XXXXXX", r->dir) < 0)
        return ERR_NOMEM;
    if (file_mkdirs(r->above, 0755) != ERR_OK || mkdtemp(temp) == NULL) {
        int err = unwritable(r, r->above);
        free(temp);
        return err;
    }
    r->temp = temp;
    int err = backup_unpack(r->p->file, r->p->passphrase, r->temp, ret, r->diags);
    return err == ERR_OK ? backup_prove(r->temp, r->p, ret, r->diags) : err;
}

/* ------------------------------------------------------------------ changing places */

/* "state.old-20261122T010203Z", or with -2 and so on behind it where that is taken. */
static int name_aside(struct restore *r, unsigned try, char **ret)
{
    char at[TIME_TEXT_LEN];
    char digits[TIME_TEXT_LEN];
    char more[16] = "";
    size_t n = 0;
    time_format_rfc3339(r->p->now, at);
    for (const char *p = at; *p != 0; p++) {
        if (*p != '-' && *p != ':')
            digits[n++] = *p;
    }
    digits[n] = 0;
    if (try > 1)
        (void)snprintf(more, sizeof more, "-%u", try);
    return asprintf(ret, "%s.old-%s%s", r->dir, digits, more) < 0 ? ERR_NOMEM : ERR_OK;
}

static int move_aside(struct restore *r, const char *from)
{
    for (unsigned try = 1; try <= ASIDE_TRIES; try++) {
        char *to = NULL;
        int err = name_aside(r, try, &to);
        if (err != ERR_OK)
            return err;
        if (access(to, F_OK) != 0 && rename(from, to) == 0) {
            r->aside = to;
            return ERR_OK;
        }
        bool taken = access(to, F_OK) == 0;
        free(to);
        if (!taken)
            break;
    }
    return unwritable(r, from);
}

/* In one step where the file system can, so that there is always a state folder. */
static int replace(struct restore *r)
{
    if (renameat2(AT_FDCWD, r->temp, AT_FDCWD, r->dir, RENAME_EXCHANGE) == 0) {
        char *old = TAKE(r->temp); /* is the old state now, which is never removed */
        int err = move_aside(r, old);
        if (err == ERR_OK)
            free(old);
        else
            r->aside = old;
        return err;
    }
    int err = move_aside(r, r->dir);
    if (err != ERR_OK || rename(r->temp, r->dir) == 0)
        return err;
    err = unwritable(r, r->dir);
    if (rename(r->aside, r->dir) == 0) { /* as it was */
        free(r->aside);
        r->aside = NULL;
    }
    return err;
}

static int take_place(struct restore *r)
{
    int err = ERR_OK;
    if (r->lock != NULL)
        err = replace(r);
    else if (rename(r->temp, r->dir) != 0) /* an empty folder is replaced, a full one is not */
        err = unwritable(r, r->dir);
    if (err != ERR_OK)
        return err;
    free(TAKE(r->temp));
    return file_sync_dir(r->above) == ERR_OK ? ERR_OK : unwritable(r, r->above);
}

int backup_restore(const struct restore_params *params, struct backup_report *ret, char **ret_aside,
                   struct diags *diags)
{
    AUTO(restore) struct restore r = {.p = params, .diags = diags};
    struct backup_report report = {0};
    int err = find_place(&r);
    if (err == ERR_OK)
        err = refuse_used(&r);
    if (err == ERR_OK)
        err = unpack(&r, &report);
    if (err == ERR_OK)
        err = take_place(&r);
    if (r.aside != NULL)
        diag_add(diags, &rule_restore_aside, AT_FILE(params->dir), NULL, "what was there is now %s",
                 r.aside);
    if (err != ERR_OK)
        return err;
    *ret = report;
    *ret_aside = TAKE(r.aside);
    return ERR_OK;
}
