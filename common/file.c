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

static void unlink_keep_errno(const char *path)
{
    int keep = errno;
    (void)unlink(path);
    errno = keep;
}

#define READ_STEP ((size_t)1 << 16)

static int read_all(int fd, size_t max, struct buf *ret)
{
    size_t before = ret->len;
    for (;;) {
        size_t room = max - (ret->len - before);
        size_t want = room < READ_STEP ? room + 1 : READ_STEP;
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
    /* at once, and one more for what read_all asks at the end: a large file is not moved about */
    if (S_ISREG(st.st_mode))
        buf_reserve(ret, (size_t)st.st_size + READ_STEP);
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
    if (err != ERR_OK)
        unlink_keep_errno(path);
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

/* ------------------------------------------------------------------ streams */

/* Write-back is asked for in such steps: large enough for the disk, small enough to begin early. */
#define BEGIN_STEP ((uint64_t)8 << 20)

void file_stream_done(struct file_stream *s)
{
    int keep = errno;
    if (s->temp != NULL) {
        if (s->fd >= 0)
            (void)close(s->fd);
        (void)unlink(s->temp);
    }
    free(s->temp);
    free(s->path);
    *s = (struct file_stream){0};
    errno = keep;
}

int file_stream_open(const char *path, mode_t mode, struct file_stream *ret)
{
    AUTO_FREE char *dir = folder_of(path);
    AUTO_FREE char *own_path = strdup(path);
    AUTO_FREE char *temp = NULL;
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    if (dir == NULL || own_path == NULL ||
        asprintf(&temp, "%s/.%s.%ld.tmp", dir, base, (long)getpid()) < 0)
        return ERR_NOMEM;
    (void)unlink(temp); /* left by a killed process that had our number */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return ERR_IO;
    /* the umask must not decide about modes that are part of a contract */
    if (fchmod(fd, mode) != 0) {
        close_keep_errno(fd);
        unlink_keep_errno(temp);
        return ERR_IO;
    }
    *ret = (struct file_stream){.fd = fd, .temp = TAKE(temp), .path = TAKE(own_path)};
    return ERR_OK;
}

int file_stream_write(struct file_stream *s, const void *data, size_t len)
{
    int err = write_all(s->fd, data, len);
    if (err != ERR_OK)
        return err;
    s->len += len;
    if (s->len - s->begun >= BEGIN_STEP) {
        /* only a hint: the sync at the end is what counts, and tells of errors */
        (void)sync_file_range(s->fd, (off_t)s->begun, (off_t)(s->len - s->begun),
                              SYNC_FILE_RANGE_WRITE);
        s->begun = s->len;
    }
    return ERR_OK;
}

static int stream_rename(struct file_stream *s)
{
    if (rename(s->temp, s->path) != 0)
        return ERR_IO;
    free(s->temp);
    s->temp = NULL;
    return ERR_OK;
}

int file_stream_close(struct file_stream *s)
{
    int fd = s->fd;
    s->fd = -1;
    return close(fd) == 0 ? ERR_OK : ERR_IO;
}

int file_stream_commit(struct file_stream *s)
{
    AUTO_FREE char *dir = folder_of(s->path);
    if (dir == NULL)
        return ERR_NOMEM;
    int err = fsync(s->fd) == 0 ? ERR_OK : ERR_IO;
    if (err == ERR_OK)
        err = file_stream_close(s);
    if (err == ERR_OK)
        err = stream_rename(s);
    return err == ERR_OK ? file_sync_dir(dir) : err;
}

/* A closed file: errors of its write-back that nobody was told of are told here. */
static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return ERR_IO;
    int err = fsync(fd) == 0 ? ERR_OK : ERR_IO;
    close_keep_errno(fd);
    return err;
}

void file_streams_commit(const char *dir, struct file_stream *const *streams, size_t n,
                         int *ret_errs)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = 0;
    /* where it fails, or another file of the file system did, each is asked on its own */
    bool synced = fd >= 0 && n > 1 && syncfs(fd) == 0;
    for (size_t i = 0; i < n; i++) {
        ret_errs[i] = synced ? ERR_OK : sync_path(streams[i]->temp);
        if (ret_errs[i] == ERR_OK)
            ret_errs[i] = stream_rename(streams[i]);
        failed = ret_errs[i] == ERR_OK ? failed : errno;
    }
    if (fd < 0 || fsync(fd) != 0) {
        failed = errno;
        for (size_t i = 0; i < n; i++)
            ret_errs[i] = ERR_IO;
    }
    if (fd >= 0)
        (void)close(fd);
    errno = failed;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
    AUTO(file_stream) struct file_stream s = {0};
    int err = file_stream_open(path, mode, &s);
    if (err == ERR_OK)
        err = file_stream_write(&s, data, len);
    return err == ERR_OK ? file_stream_commit(&s) : err;
}

/* Not fsynced: what reads a pipe or terminal has its own rules. */
static int write_through(const char *path, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ERR_IO;
    int err = write_all(fd, data, len);
    if (err != ERR_OK)
        close_keep_errno(fd);
    else if (close(fd) != 0)
        err = ERR_IO;
    return err;
}

int file_write_out(const char *path, const void *data, size_t len, mode_t mode)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
        return file_write_atomic(path, data, len, mode);
    if (!S_ISREG(st.st_mode))
        return write_through(path, data, len);
    AUTO_FREE char *real = realpath(path, NULL);
    return real == NULL ? ERR_IO : file_write_atomic(real, data, len, mode);
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
