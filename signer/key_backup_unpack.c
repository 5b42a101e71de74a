/* A backup into a folder, and the proof that it is a state that works. */
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
#include "common/limits.h"
#include "signer/key_backup.h"
#include "signer/rules_files.h"

#define COPY_LEN ((size_t)64 << 10)

const char *const backup_folders[] = {"keys", "zones", NULL};

int backup_say(const char *file, int err, struct diags *diags)
{
    switch (err) {
    case ERR_CRYPTO:
        diag_add(diags, &rule_backup_passphrase, AT_FILE(file), NULL,
                 "the passphrase does not open it");
        break;
    case ERR_STATE:
        diag_add(diags, &rule_backup_damaged, AT_FILE(file), NULL,
                 "not a backup of mudzone, damaged, or cut short");
        break;
    case ERR_LIMIT:
        diag_add(diags, &rule_backup_damaged, AT_FILE(file), NULL,
                 "asks for more memory than a backup of mudzone does");
        break;
    case ERR_IO:
        diag_add(diags, &rule_backup_read, AT_FILE(file), NULL, "cannot be read: %s",
                 strerror(errno));
        break;
    default: break;
    }
    return err == ERR_LIMIT ? ERR_STATE : err;
}

static bool is_plain(const char *name)
{
    return name[0] != 0 && name[0] != '.' && strchr(name, '/') == NULL;
}

bool backup_name_is_good(const char *name)
{
    if (strcmp(name, "state.db") == 0)
        return true;
    for (size_t i = 0; backup_folders[i] != NULL; i++) {
        size_t len = strlen(backup_folders[i]);
        if (strncmp(name, backup_folders[i], len) == 0 && name[len] == '/')
            return is_plain(name + len + 1);
    }
    return false;
}

/* ------------------------------------------------------------------ unpacking */

struct unpack {
    struct sealed_reader *from;
    const char *file;
    const char *dir;
    struct backup_report report;
    struct diags *diags;
};

static int unwritable(struct unpack *u, const char *path)
{
    diag_add(u->diags, &rule_backup_write, AT_FILE(path), NULL, "cannot be written: %s",
             strerror(errno));
    return ERR_IO;
}

static int read_number(struct unpack *u, size_t len, uint64_t *ret)
{
    uint8_t octets[8];
    uint64_t n = 0;
    int err = sealed_read(u->from, octets, len);
    for (size_t i = 0; i < len && err == ERR_OK; i++)
        n = n << 8 | octets[i];
    *ret = n;
    return err == ERR_OK ? ERR_OK : backup_say(u->file, err, u->diags);
}

static int damaged(struct unpack *u)
{
    return backup_say(u->file, ERR_STATE, u->diags);
}

/* The whole content, wiped after: keys are among it. */
static int copy_content(struct unpack *u, int fd, const char *path, uint64_t len)
{
    uint8_t *some = malloc(COPY_LEN);
    int err = some == NULL ? ERR_NOMEM : ERR_OK;
    while (len > 0 && err == ERR_OK) {
        size_t n = len < COPY_LEN ? (size_t)len : COPY_LEN;
        err = sealed_read(u->from, some, n);
        if (err != ERR_OK)
            err = backup_say(u->file, err, u->diags);
        for (size_t at = 0; at < n && err == ERR_OK;) {
            ssize_t wrote = write(fd, some + at, n - at);
            if (wrote < 0)
                err = unwritable(u, path);
            else
                at += (size_t)wrote;
        }
        len -= n;
    }
    if (some != NULL)
        gnutls_memset(some, 0, COPY_LEN);
    free(some);
    if (err == ERR_OK && fsync(fd) != 0)
        err = unwritable(u, path);
    return err;
}

static int unpack_content(struct unpack *u, const char *name)
{
    uint64_t len = 0;
    AUTO_FREE char *path = file_join(u->dir, name);
    int err = path == NULL ? ERR_NOMEM : read_number(u, 8, &len);
    if (err != ERR_OK)
        return err;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == EEXIST ? damaged(u) : unwritable(u, path);
    err = copy_content(u, fd, path, len);
    if (close(fd) != 0 && err == ERR_OK)
        err = unwritable(u, path);
    u->report.file_n++;
    u->report.content_len += len;
    return err;
}

static int unpack_file(struct unpack *u)
{
    char name[LIMIT_BACKUP_NAME + 1] = "";
    uint64_t len = 0;
    int err = read_number(u, 2, &len);
    if (err != ERR_OK)
        return err;
    if (len == 0 || len > LIMIT_BACKUP_NAME)
        return damaged(u);
    err = sealed_read(u->from, name, (size_t)len);
    if (err != ERR_OK)
        return backup_say(u->file, err, u->diags);
    if (strlen(name) != len || !backup_name_is_good(name))
        return damaged(u);
    return unpack_content(u, name);
}

static int unpack_all(struct unpack *u)
{
    for (;;) {
        uint64_t kind = 0;
        int err = read_number(u, 1, &kind);
        if (err != ERR_OK)
            return err;
        if (kind == BACKUP_END)
            return sealed_is_at_end(u->from) ? ERR_OK : damaged(u);
        if (kind != BACKUP_FILE)
            return damaged(u);
        err = unpack_file(u);
        if (err != ERR_OK)
            return err;
    }
}

/* EACH is called for DIR and the folders in it. */
static int each_folder(struct unpack *u, int (*each)(const char *path))
{
    int err = ERR_OK;
    for (size_t i = 0; backup_folders[i] != NULL && err == ERR_OK; i++) {
        AUTO_FREE char *path = file_join(u->dir, backup_folders[i]);
        err = path == NULL ? ERR_NOMEM : each(path);
        if (err == ERR_IO)
            return unwritable(u, path);
    }
    return err;
}

static int make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 ? ERR_OK : ERR_IO;
}

int backup_unpack(const char *file, struct bytes passphrase, const char *dir,
                  struct backup_report *ret, struct diags *diags)
{
    AUTO_PTR(sealed_reader) struct sealed_reader *from = NULL;
    int err = sealed_open(file, passphrase, &from);
    if (err != ERR_OK)
        return backup_say(file, err, diags);
    struct unpack u = {.from = from, .file = file, .dir = dir, .diags = diags};
    err = each_folder(&u, make_folder);
    if (err == ERR_OK)
        err = unpack_all(&u);
    if (err == ERR_OK)
        err = each_folder(&u, file_sync_dir);
    if (err == ERR_OK && file_sync_dir(dir) != ERR_OK)
        err = unwritable(&u, dir);
    if (err == ERR_OK)
        *ret = u.report;
    return err;
}

/* ------------------------------------------------------------------ proof */

/* What a restored state says of itself: from when on it may be behind what is public. */
static int log_restore(struct state *s, const struct restore_params *restored)
{
    int err = state_set_who(s, restored->who);
    if (err != ERR_OK)
        return err;
    return state_event(s, restored->now, "", "restored",
                       "the state folder was restored from a backup");
}

int backup_prove(const char *dir, const struct restore_params *restored, struct backup_report *ret,
                 struct diags *diags)
{
    struct state *s = NULL;
    struct state_test found = {0};
    int err = state_open(dir, &s, diags);
    if (err == ERR_OK)
        err = state_test_all(s, restored != NULL, &found, diags);
    if (err == ERR_OK && restored != NULL)
        err = log_restore(s, restored);
    state_close(s);
    if (err != ERR_OK)
        return err;
    ret->key_n = found.key_n;
    ret->token_key_n = found.token_key_n;
    return ERR_OK;
}
