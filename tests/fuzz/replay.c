/*
 * tests/fuzz/replay.c -- runs a fuzz target over the files of its corpus folder, once each.
 *
 * Stands in for libFuzzer's main in ordinary builds, so that every input that once broke something
 * is tried by plain ctest. Usage: fuzz_<name> FOLDER-OR-FILE… ; an empty corpus is a failure.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

#define REPLAY_FILE_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_file(const char *path)
{
    AUTO(buf) struct buf input = {0};

    if (file_read(path, REPLAY_FILE_MAX, &input) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    /* A copy of the exact size, so that AddressSanitizer sees a read past the end. */
    uint8_t *exact = malloc(input.len > 0 ? input.len : 1);
    if (exact == NULL) {
        return -1;
    }
    if (input.len > 0) {
        memcpy(exact, input.data, input.len);
    }
    LLVMFuzzerTestOneInput(exact, input.len);
    free(exact);
    return 0;
}

/* Number of files replayed, or -1. */
static long replay_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    long done = 0;

    if (n < 0) {
        return errno == ENOTDIR ? (replay_file(path) == 0 ? 1 : -1) : -1;
    }
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.' && done >= 0) {
            AUTO_FREE char *file = file_join(path, entries[i]->d_name);
            done = file != NULL && replay_file(file) == 0 ? done + 1 : -1;
        }
        free(entries[i]);
    }
    free(entries);
    return done;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        long n = replay_folder(argv[i]);
        if (n <= 0) {
            fprintf(stderr, "%s: no corpus could be read\n", argv[i]);
            return 1;
        }
        printf("%s: %ld inputs\n", argv[i], n);
    }
    return argc > 1 ? 0 : 2;
}
