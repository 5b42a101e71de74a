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
