/*
 * tests/support/testing.h -- what every unit test needs: cmocka, and where the data is.
 *
 * TEST_MAIN(tests) runs a CMUnitTest array; the program's first argument filters by name (glob):
 *     build/dev/tests/test_ttl 'clamp_*'
 * TEST_CASE(name) names the row of a table; it is printed when an assertion after it fails.
 * Data of the project is test_data("file"); real-world data outside it is shared_path(…), and where
 * that is missing LEFT_OUT(…) says what was not tried, in the words that scripts/check collects.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TEST_MAIN(tests)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        if (argc > 1) {                                                                            \
            cmocka_set_test_filter(argv[1]);                                                       \
        }                                                                                          \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#define TEST_CASE(name) print_message("  case: %s\n", (name))
#define LEFT_OUT(...)   (printf("left out: "), printf(__VA_ARGS__), printf("\n"))

static inline const char *test_path_(const char *variable, const char *standard, const char *name)
{
    static char path[4096];
    const char *dir = getenv(variable);
    if (snprintf(path, sizeof path, "%s/%s", dir != NULL ? dir : standard, name) >=
        (int)sizeof path) {
        fprintf(stderr, "%s is too long a path\n", name);
        exit(1);
    }
    return path;
}

/* Both return one static buffer: use or copy before the next call. */
static inline const char *test_data(const char *name)
{
    return test_path_("MUDZONE_TEST_DATA", MUDZONE_SOURCE_DIR "/tests/data", name);
}

/* NULL where the folder is missing: say so by LEFT_OUT. */
static inline const char *shared_path(const char *name)
{
    const char *path = test_path_("MUDZONE_SHARED", MUDZONE_SOURCE_DIR "/../shared", name);
    return access(path, R_OK) == 0 ? path : NULL;
}
