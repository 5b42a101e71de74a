#include "common/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct pool {
    size_t range;
    size_t chunk;
    pool_work *work;
    atomic_size_t next;
    atomic_bool stop;
    pthread_mutex_t lock; /* of the two below */
    size_t failed_at;
    int err;
};

struct thread {
    struct pool *pool;
    void *worker;
    pthread_t id;
};

size_t pool_threads(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    if (n < 1)
        return 1;
    return n > POOL_THREADS_MAX ? POOL_THREADS_MAX : (size_t)n;
}

static void note_failure(struct pool *p, size_t at, int err)
{
    atomic_store(&p->stop, true);
    (void)pthread_mutex_lock(&p->lock);
    if (at < p->failed_at) {
        p->failed_at = at;
        p->err = err;
    }
    (void)pthread_mutex_unlock(&p->lock);
}

static void *run(void *arg)
{
    struct thread *t = arg;
    struct pool *p = t->pool;
    while (!atomic_load(&p->stop)) {
        size_t from = atomic_fetch_add(&p->next, p->chunk);
        if (from >= p->range)
            break;
        size_t to = p->range - from > p->chunk ? from + p->chunk : p->range;
        int err = p->work(t->worker, from, to);
        if (err != ERR_OK)
            note_failure(p, from, err);
    }
    return NULL;
}

int pool_run(size_t range, size_t chunk, void *const *workers, size_t worker_n, pool_work *work)
{
    struct pool p = {.range = range,
                     .chunk = chunk,
                     .work = work,
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .failed_at = SIZE_MAX};
    struct thread threads[POOL_THREADS_MAX];
    size_t chunks = (range + chunk - 1) / chunk;
    size_t want = worker_n < chunks ? worker_n : chunks;
    size_t started = 1;
    threads[0] = (struct thread){.pool = &p, .worker = workers[0]};
    for (; started < want && started < POOL_THREADS_MAX; started++) {
        threads[started] = (struct thread){.pool = &p, .worker = workers[started]};
        if (pthread_create(&threads[started].id, NULL, run, &threads[started]) != 0)
            break; /* fewer hands, the same work */
    }
    (void)run(&threads[0]);
    for (size_t i = 1; i < started; i++)
        (void)pthread_join(threads[i].id, NULL);
    (void)pthread_mutex_destroy(&p.lock);
    return p.err;
}
