/* The state folder into one encrypted file, which is tried before it counts. */
#include "signer/key_backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#include "common/err.h"
#include "common/file.h"
#include "common/grow.h"
#include "common/limits.h"
#include "signer/rules_files.h"

#define COPY_LEN ((size_t)64 << 10)
/* Within the state folder: what is in it lies where the keys lie anyway, not beside the backup. */
#define PROOF_PREFIX ".proof."

/* A file of the state, and its name in the backup. */
struct source {
    char *path;
    char *name;
};

struct backup {
    struct state *state;
    const char *file;
    struct bytes passphrase;
    struct source *sources; /* by name */
    size_t source_n;
    size_t source_cap;
    char *proof;    /* our folder, removed at the end */
    char *database; /* the copy in it */
    char *restored; /* the folder that the backup is restored to */
    struct backup_report report;
    struct diags *diags;
};

static void backup_done(struct backup *b)
{
    if (b->proof != NULL && file_remove_tree(b->proof) != ERR_OK)
        diag_add(b->diags, &rule_backup_write, AT_FILE(b->proof), NULL, "cannot be removed: %s",
                 strerror(errno)); /* it holds copies of keys */
    for (size_t i = 0; i < b->source_n; i++) {
        free(b->sources[i].path);
        free(b->sources[i].name);
    }
    free(b->sources);
    free(b->proof);
    free(b->database);
    free(b->restored);
}
DEFINE_AUTO(backup)

static int unreadable(struct backup *b, const char *path)
{
    diag_add(b->diags, &rule_backup_read, AT_FILE(path), NULL, "cannot be read: %s",
             strerror(errno));
    return ERR_IO;
}

static int unwritable(struct backup *b, const char *path)
{
    diag_add(b->diags, &rule_backup_write, AT_FILE(path), NULL, "cannot be written: %s",
             strerror(errno));
    return ERR_IO;
}

/* ------------------------------------------------------------------ what goes in */

static int add_source(struct backup *b, const char *path, const char *folder, const char *file)
{
    struct source *sources = grow_items(b->sources, b->source_n, &b->source_cap, sizeof *sources);
    if (sources == NULL)
        return ERR_NOMEM;
    b->sources = sources;
    struct source *to = &sources[b->source_n++];
    *to = (struct source){.path = strdup(path),
                          .name = folder == NULL ? strdup(file) : file_join(folder, file)};
    if (to->path == NULL || to->name == NULL)
        return ERR_NOMEM;
    if (strlen(to->name) <= LIMIT_BACKUP_NAME)
        return ERR_OK;
    diag_add(b->diags, &rule_backup_read, AT_FILE(path), NULL, "the name is too long");
    return ERR_LIMIT;
}

/* Regular files; what begins with a dot is on its way to another name. */
static int add_folder(struct backup *b, const char *folder)
{
    AUTO_FREE char *dir = file_join(b->state->dir, folder);
    DIR *d = dir == NULL ? NULL : opendir(dir);
    if (d == NULL)
        return dir == NULL ? ERR_NOMEM : unreadable(b, dir);
    int err = ERR_OK;
    const struct dirent *e;
    while (err == ERR_OK && (e = readdir(d)) != NULL) {
        struct stat st;
        AUTO_FREE char *path = file_join(dir, e->d_name);
        if (path == NULL)
            err = ERR_NOMEM;
        else if (e->d_name[0] != '.' && lstat(path, &st) == 0 && S_ISREG(st.st_mode))
            err = add_source(b, path, folder, e->d_name);
    }
    (void)closedir(d);
    return err;
}

static int by_name(const void *a, const void *b)
{
    const struct source *x = a;
    const struct source *y = b;
    return strcmp(x->name, y->name);
}

static int collect(struct backup *b)
{
    int err = state_copy_database(b->state, b->database);
    if (err == ERR_OK)
        err = add_source(b, b->database, NULL, "state.db");
    for (size_t i = 0; backup_folders[i] != NULL && err == ERR_OK; i++)
        err = add_folder(b, backup_folders[i]);
    if (err == ERR_OK)
        qsort(b->sources, b->source_n, sizeof *b->sources, by_name);
    return err;
}

/* ------------------------------------------------------------------ writing */

static int put_number(struct sealed_writer *w, uint64_t n, size_t len)
{
    uint8_t octets[8];
    for (size_t i = 0; i < len; i++)
        octets[i] = (uint8_t)(n >> (8 * (len - 1 - i)));
    return sealed_write(w, octets, len);
}

/* LEN octets of FD: the file must not grow or shrink meanwhile. */
static int put_content(struct backup *b, struct sealed_writer *w, int fd, const char *path,
                       uint64_t len)
{
    uint8_t *some = malloc(COPY_LEN);
    int err = some == NULL ? ERR_NOMEM : ERR_OK;
    while (err == ERR_OK && len > 0) {
        ssize_t got = read(fd, some, COPY_LEN);
        if (got <= 0 || (uint64_t)got > len) {
            errno = got < 0 ? errno : EBUSY;
            err = unreadable(b, path);
        } else if ((err = sealed_write(w, some, (size_t)got)) != ERR_OK) {
            err = err == ERR_IO ? unwritable(b, b->file) : err;
        }
        len -= got > 0 && (uint64_t)got <= len ? (uint64_t)got : 0;
    }
    if (some != NULL)
        gnutls_memset(some, 0, COPY_LEN);
    free(some);
    return err;
}

static int put_source(struct backup *b, struct sealed_writer *w, const struct source *s)
{
    struct stat st;
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int err = unreadable(b, s->path);
        if (fd >= 0)
            (void)close(fd);
        return err;
    }
    uint64_t len = (uint64_t)st.st_size;
    int err = put_number(w, BACKUP_FILE, 1);
    if (err == ERR_OK)
        err = put_number(w, strlen(s->name), 2);
    if (err == ERR_OK)
        err = sealed_write(w, s->name, strlen(s->name));
    if (err == ERR_OK)
        err = put_number(w, len, 8);
    if (err == ERR_IO)
        err = unwritable(b, b->file);
    if (err == ERR_OK)
        err = put_content(b, w, fd, s->path, len);
    (void)close(fd);
    return err;
}

static int write_all(struct backup *b, struct sealed_writer *w, const char **ret_temp)
{
    for (size_t i = 0; i < b->source_n; i++) {
        int err = put_source(b, w, &b->sources[i]);
        if (err != ERR_OK)
            return err;
    }
    int err = put_number(w, BACKUP_END, 1);
    if (err == ERR_OK)
        err = sealed_finish(w, ret_temp);
    return err == ERR_IO ? unwritable(b, b->file) : err;
}

/* ------------------------------------------------------------------ proof */

static int differs(struct backup *b, const char *name)
{
    diag_add(b->diags, &rule_backup_unproved, AT_FILE(b->file), NULL,
             "%s was restored with other octets", name);
    return ERR_STATE;
}

static int compare(struct backup *b, const struct source *s)
{
    AUTO_FREE char *path = file_join(b->restored, s->name);
    if (path == NULL)
        return ERR_NOMEM;
    FILE *x = fopen(s->path, "rbe");
    FILE *y = fopen(path, "rbe");
    uint8_t *some = calloc(2, COPY_LEN);
    int err = some == NULL ? ERR_NOMEM : x == NULL || y == NULL ? unreadable(b, s->path) : ERR_OK;
    size_t n = 1;
    while (err == ERR_OK && n > 0) {
        n = fread(some, 1, COPY_LEN, x);
        size_t m = fread(some + COPY_LEN, 1, COPY_LEN, y);
        if (ferror(x) || ferror(y))
            err = unreadable(b, s->path);
        else if (n != m || memcmp(some, some + COPY_LEN, n) != 0)
            err = differs(b, s->name);
    }
    if (some != NULL)
        gnutls_memset(some, 0, 2 * COPY_LEN);
    free(some);
    if (x != NULL)
        (void)fclose(x);
    if (y != NULL)
        (void)fclose(y);
    return err;
}

/* From the file as it lies on the disk. */
static int prove(struct backup *b, const char *temp)
{
    if (mkdir(b->restored, 0700) != 0)
        return unwritable(b, b->restored);
    int err = backup_unpack(temp, b->passphrase, b->restored, &b->report, b->diags);
    if (err == ERR_OK && b->report.file_n != b->source_n)
        err = differs(b, "the list of files");
    for (size_t i = 0; i < b->source_n && err == ERR_OK; i++)
        err = compare(b, &b->sources[i]);
    if (err == ERR_OK)
        err = backup_prove(b->restored, NULL, &b->report, b->diags);
    if (err != ERR_OK && err != ERR_NOMEM)
        diag_add(b->diags, &rule_backup_unproved, AT_FILE(b->file), NULL,
                 "the copy restored for trial is no state that works: nothing was written");
    return err;
}

/* ------------------------------------------------------------------ all of it */

/* Of a run that was killed; the lock says that it is none that goes on. */
static void sweep_proofs(const struct state *s)
{
    DIR *d = opendir(s->dir);
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (strncmp(e->d_name, PROOF_PREFIX, strlen(PROOF_PREFIX)) != 0)
            continue;
        AUTO_FREE char *path = file_join(s->dir, e->d_name);
        if (path != NULL)
            (void)!file_remove_tree(path);
    }
    if (d != NULL)
        (void)closedir(d);
}

static int make_proof_folder(struct backup *b)
{
    sweep_proofs(b->state);
    char *path = file_join(b->state->dir, PROOF_PREFIX "XXXXXX");
    if (path == NULL)
        return ERR_NOMEM;
    if (mkdtemp(path) == NULL) {
        int err = unwritable(b, b->state->dir);
        free(path);
        return err;
    }
    b->proof = path;
    b->database = file_join(path, "state.db");
    b->restored = file_join(path, "restored");
    return b->database == NULL || b->restored == NULL ? ERR_NOMEM : ERR_OK;
}

static int refuse_existing(struct backup *b)
{
    struct stat st;
    if (lstat(b->file, &st) != 0)
        return ERR_OK;
    diag_add(b->diags, &rule_export_exists, AT_FILE(b->file), NULL, "is there already");
    return ERR_CONFIG;
}

static int seal(struct backup *b)
{
    AUTO_PTR(sealed_writer) struct sealed_writer *w = NULL;
    const char *temp = NULL;
    int err = sealed_create(b->file, b->passphrase, SEALED_COST, &w);
    if (err == ERR_IO)
        return unwritable(b, b->file);
    if (err == ERR_OK)
        err = write_all(b, w, &temp);
    if (err == ERR_OK)
        err = prove(b, temp);
    if (err == ERR_OK)
        err = refuse_existing(b);
    if (err == ERR_OK && (err = sealed_commit(w)) == ERR_IO)
        err = unwritable(b, b->file);
    return err;
}

int backup_write(struct state *s, const char *file, struct bytes passphrase,
                 struct backup_report *ret, struct diags *diags)
{
    AUTO(backup)
    struct backup b = {.state = s, .file = file, .passphrase = passphrase, .diags = diags};
    int err = refuse_existing(&b);
    if (err == ERR_OK)
        err = make_proof_folder(&b);
    if (err == ERR_OK)
        err = collect(&b);
    if (err == ERR_OK)
        err = seal(&b);
    if (err == ERR_OK)
        *ret = b.report;
    return err;
}
