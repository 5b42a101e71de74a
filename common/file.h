/*
 * common/file.h -- bounded reads and atomic, durable writes.
 *
 * Errors: ERR_IO with errno kept, ERR_LIMIT when a file is over the ceiling, ERR_CONFIG for unsafe
 * modes. Nothing here prints or adds findings: callers know what the file was for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"

/* The whole regular file (or a pipe) of at most MAX bytes, appended to RET. */
int file_read(const char *path, size_t max, struct buf *ret) MUST_USE;

/* The same, only when the file is a regular one, owned by us or root, and neither group nor others
   can read or write it; else ERR_CONFIG. The check is made on the open file. */
int file_read_private(const char *path, size_t max, struct buf *ret) MUST_USE;

/* Whole or not at all, through power cuts too: temporary file in the same folder, fsync, rename,
   fsync of the folder. The temporary name starts with "." and ends in ".tmp". */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode) MUST_USE;

/* For a place that a user names: a regular file is replaced like that, behind a link too; to a pipe
   or device it is written. For root a rename would replace even /dev/null. */
int file_write_out(const char *path, const void *data, size_t len, mode_t mode) MUST_USE;

/*
 * The same for content that comes piece by piece. All-zero, it is closed. The file appears with
 * file_stream_commit; what was not committed is removed by file_stream_done, and with a killed
 * process a temporary file stays behind that nobody takes for the real one. Write-back is begun
 * while the pieces come, so that the sync at the end is short. One stream a path and process.
 * After a failure only file_stream_done may follow.
 */
struct file_stream {
    char *temp; /* owned; NULL: not open, or committed */
    char *path; /* owned */
    int fd;     /* -1: closed, to be committed with others */
    uint64_t len;
    uint64_t begun; /* write-back was asked for up to here */
};
int file_stream_open(const char *path, mode_t mode, struct file_stream *ret) MUST_USE;
int file_stream_write(struct file_stream *s, const void *data, size_t len) MUST_USE;
int file_stream_commit(struct file_stream *s) MUST_USE;
void file_stream_done(struct file_stream *s);
DEFINE_AUTO(file_stream)

/*
 * Many files of the folder DIR with one sync: each stream is closed as soon as it is complete, then
 * all are made durable together and renamed. RET_ERRS[i] is what became of stream i (errno is that
 * of the last failure); each is whole or not there.
 */
int file_stream_close(struct file_stream *s) MUST_USE;
void file_streams_commit(const char *dir, struct file_stream *const *streams, size_t n,
                         int *ret_errs);

/* A new file that must not exist yet, fsynced; the caller syncs the folder. */
int file_write_new(const char *path, const void *data, size_t len, mode_t mode) MUST_USE;

int file_sync_dir(const char *path) MUST_USE;

/* Makes all missing folders of PATH. Existing ones are left as they are. */
int file_mkdirs(const char *path, mode_t mode) MUST_USE;

/* Removes a folder and all below it, never following links. An absent one is fine. */
int file_remove_tree(const char *path) MUST_USE;

/* NAME seen from the file FROM: absolute names stay, others are put behind FROM's folder.
   Malloc'ed; NULL when out of memory. */
char *file_relative_to(const char *from, const char *name);

/* DIR "/" NAME, malloc'ed. */
char *file_join(const char *dir, const char *name);

/* "31457280 bytes" of the file PATH, or "more" where it cannot say: for findings about a ceiling.
 */
struct file_size_text {
    char text[32];
};
struct file_size_text file_size_text(const char *path);
