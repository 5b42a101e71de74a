#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"

static void close_keep_errno(int fd)
{
    int keep = errno;
    (void)close(fd);
    errno = keep;
}

static int read_all(int fd, size_t max, struct buf *ret)
{
    size_t before = ret->len;
    for (;;) {
        size_t room = max - (ret->len - before);
        size_t want = room < 65536 ? room + 1 : 65536;
        buf_reserve(ret, want);
        if (!buf_ok(ret))
            return ERR_NOMEM;
        ssize_t n = read(fd, ret->data + ret->len, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            break;
        ret->len += (size_t)n;
        ret->data[ret->len] = 0;
        if (ret->len - before > max)
            return ERR_LIMIT;
    }
    return ERR_OK;
}

static int read_fd(int fd, size_t max, bool private, struct buf *ret)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return ERR_IO;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return ERR_IO;
    }
    if (private) {
        bool ours = st.st_uid == geteuid() || st.st_uid == 0;
        if (!S_ISREG(st.st_mode) || !ours || (st.st_mode & 077) != 0) {
            errno = EACCES;
            return ERR_CONFIG;
        }
    }
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max) {
        errno = EFBIG;
        return ERR_LIMIT;
    }
    return read_all(fd, max, ret);
}

static int read_path(const char *path, size_t max, bool private, struct buf *ret)
{
    /* a pipe is no private file: it is to be refused, not waited for */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (private ? O_NONBLOCK : 0));
    if (fd < 0)
        return ERR_IO;
    int err = read_fd(fd, max, private, ret);
    close_keep_errno(fd);
    return err;
}

int file_read(const char *path, size_t max, struct buf *ret)
{
    return read_path(path, max, false, ret);
}

int file_read_private(const char *path, size_t max, struct buf *ret)
{
    return read_path(path, max, true, ret);
}

static int write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        p += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

int file_write_new(const char *path, const void *data, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return ERR_IO;
    int err = write_all(fd, data, len);
    /* the umask must not decide about modes that are part of a contract */
    if (err == ERR_OK && fchmod(fd, mode) != 0)
        err = ERR_IO;
    if (err == ERR_OK && fsync(fd) != 0)
        err = ERR_IO;
    if (close(fd) != 0 && err == ERR_OK)
        err = ERR_IO;
    if (err != ERR_OK) {
        int keep = errno;
        (void)unlink(path);
        errno = keep;
    }
    return err;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int file_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    int err = fsync(fd) == 0 ? ERR_OK : ERR_IO;
    close_keep_errno(fd);
    return err;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
    AUTO_FREE char *dir = folder_of(path);
    AUTO_FREE char *temp = NULL;
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    if (dir == NULL || asprintf(&temp, "%s/.%s.%ld.tmp", dir, base, (long)getpid()) < 0)
        return ERR_NOMEM;
    (void)unlink(temp); /* left by a killed process that had our number */
    int err = file_write_new(temp, data, len, mode);
    if (err != ERR_OK)
        return err;
    if (rename(temp, path) != 0) {
        int keep = errno;
        (void)unlink(temp);
        errno = keep;
        return ERR_IO;
    }
    return file_sync_dir(dir);
}

int file_mkdirs(const char *path, mode_t mode)
{
    AUTO_FREE char *p = strdup(path);
    if (p == NULL)
        return ERR_NOMEM;
    for (char *s = p + 1; *s != 0; s++) {
        if (*s != '/')
            continue;
        *s = 0;
        if (mkdir(p, mode) != 0 && errno != EEXIST)
            return ERR_IO;
        *s = '/';
    }
    if (mkdir(p, mode) != 0 && errno != EEXIST)
        return ERR_IO;
    struct stat st;
    if (stat(p, &st) != 0)
        return ERR_IO;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return ERR_IO;
    }
    return ERR_OK;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int file_remove_tree(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return errno == ENOENT ? ERR_OK : ERR_IO;
    return nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) == 0 ? ERR_OK : ERR_IO;
}

char *file_join(const char *dir, const char *name)
{
    char *p = NULL;
    size_t len = strlen(dir);
    const char *sep = len > 0 && dir[len - 1] == '/' ? "" : "/";
    return asprintf(&p, "%s%s%s", dir, sep, name) < 0 ? NULL : p;
}

char *file_relative_to(const char *from, const char *name)
{
    if (name[0] == '/')
        return strdup(name);
    const char *slash = strrchr(from, '/');
    if (slash == NULL)
        return strdup(name);
    char *p = NULL;
    return asprintf(&p, "%.*s/%s", (int)(slash - from), from, name) < 0 ? NULL : p;
}

struct file_size_text file_size_text(const char *path)
{
    struct file_size_text size = {"more"}; /* a pipe has none */
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        (void)snprintf(size.text, sizeof(size.text), "%jd bytes", (intmax_t)st.st_size);
    return size;
}
