/*
 * common/pool.h -- a range of work over all cores.
 *
 * Workers take chunks of the range in order, each with state of its own. What they compute must not
 * depend on who computes it. When a chunk fails no new ones begin; those that had begun before it
 * are finished, so the error returned is that of the first chunk that fails, on every run.
 */
#pragma once

#include <stddef.h>

#include "common/own.h"

#define POOL_THREADS_MAX 64

/* [from, to) of the range. */
typedef int pool_work(void *worker, size_t from, size_t to);

size_t pool_threads(void); /* processors that we may use, at most POOL_THREADS_MAX */

/* One thread per worker, fewer when the system has none left; the caller's is one of them. */
int pool_run(size_t range, size_t chunk, void *const *workers, size_t worker_n,
             pool_work *work) MUST_USE;
