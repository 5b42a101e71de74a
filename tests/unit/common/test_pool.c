#include <stdatomic.h>

#include "common/err.h"
#include "common/pool.h"
#include "tests/support/testing.h"

#define RANGE 10000

static atomic_int times[RANGE];
static size_t fail_from[2];

static int mark(void *worker, size_t from, size_t to)
{
    *(size_t *)worker += to - from;
    for (size_t i = from; i < to; i++)
        atomic_fetch_add(&times[i], 1);
    for (size_t i = 0; i < 2; i++) {
        if (fail_from[i] >= from && fail_from[i] < to)
            return i == 0 ? ERR_CRYPTO : ERR_NOMEM;
    }
    return ERR_OK;
}

static int run(size_t range, size_t chunk, size_t workers, size_t *ret_done)
{
    size_t counts[8] = {0};
    void *list[8];
    for (size_t i = 0; i < 8; i++)
        list[i] = &counts[i];
    for (size_t i = 0; i < RANGE; i++)
        atomic_store(&times[i], 0);
    int err = pool_run(range, chunk, list, workers, mark);
    *ret_done = 0;
    for (size_t i = 0; i < 8; i++)
        *ret_done += counts[i];
    return err;
}

static void everything_is_done_once(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t range;
        size_t chunk;
        size_t workers;
    } cases[] = {
        {"one worker", RANGE, 64, 1}, {"eight workers", RANGE, 64, 8},
        {"nothing to do", 0, 64, 8},  {"less than a chunk", 5, 64, 8},
        {"chunks of one", 100, 1, 8},
    };
    fail_from[0] = fail_from[1] = SIZE_MAX;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TEST_CASE(cases[i].name);
        size_t done = 0;
        assert_int_equal(run(cases[i].range, cases[i].chunk, cases[i].workers, &done), ERR_OK);
        assert_int_equal(done, cases[i].range);
        for (size_t j = 0; j < RANGE; j++)
            assert_int_equal(atomic_load(&times[j]), j < cases[i].range ? 1 : 0);
    }
}

static void the_first_failure_wins_and_stops(void **state)
{
    (void)state;
    fail_from[0] = 1000;
    fail_from[1] = 1001;
    size_t done = 0;
    assert_int_equal(run(RANGE, 1, 1, &done), ERR_CRYPTO);
    assert_int_equal(done, 1001);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(run(RANGE, 1, 8, &done), ERR_CRYPTO);
        for (size_t j = 0; j <= 1000; j++)
            assert_int_equal(atomic_load(&times[j]), 1);
    }
    fail_from[0] = fail_from[1] = SIZE_MAX;
}

static void some_thread_is_there(void **state)
{
    (void)state;
    assert_in_range(pool_threads(), 1, POOL_THREADS_MAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(everything_is_done_once),
    cmocka_unit_test(the_first_failure_wins_and_stops),
    cmocka_unit_test(some_thread_is_there),
};

TEST_MAIN(tests)
