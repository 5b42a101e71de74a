/*
 * signer/verify_pool.c -- the walk over all nodes, by several threads.
 *
 * Threads take the zone's segments in turn; each has its own outcome, and the outcomes are joined
 * in node order when all threads are done.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/err.h"
#include "signer/verify.h"

#define THREADS_MAX 64

struct pool {
    struct verification *v;
    int (*each)(struct verify_thread *t, const struct zone_node *n);
    const struct zone_segments *segments;
    struct verify_part *parts; /* of the segments */
    size_t part_n;
    atomic_size_t next; /* segment to be taken */
    atomic_bool failed;
};

struct diags *verify_part_diags(struct verify_part *part)
{
    if (part->diags == NULL && (part->diags = diags_new()) == NULL)
        part->err = ERR_NOMEM;
    return part->diags;
}

void verify_diags_join(struct diags *to, const struct diags *from)
{
    for (size_t i = 0; i < diags_n(from); i++) {
        const struct diag *g = diags_at(from, i);
        diag_add_as(to, g->severity, g->rule, AT_COLUMN(g->file, g->line, g->column), g->at, "%s",
                    g->found);
        if (g->expected != NULL)
            diag_expect(to, "%s", g->expected);
    }
}

static int run_part(const struct pool *pool, struct verify_thread *t, size_t number)
{
    struct zone_node n;
    t->part = &pool->parts[number];
    zone_segment(pool->segments, number, &t->cursor);
    while (zone_next(&t->cursor, &n)) {
        int err = pool->each(t, &n);
        if (err != ERR_OK)
            return err;
    }
    return t->part->err;
}

static int thread_run(struct pool *pool, struct verify_thread *t)
{
    t->checker = verify_checker_new(pool->v->key_n);
    t->sha1 = verify_hasher_new(VERIFY_SHA1);
    if (t->checker == NULL || t->sha1 == NULL)
        return ERR_NOMEM;
    while (!atomic_load(&pool->failed)) {
        size_t number = atomic_fetch_add(&pool->next, 1);
        if (number >= pool->part_n)
            return ERR_OK;
        int err = run_part(pool, t, number);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static void *thread_main(void *arg)
{
    struct pool *pool = arg;
    struct verify_thread t = {.v = pool->v};
    int err = thread_run(pool, &t);
    if (err != ERR_OK) {
        atomic_store(&pool->failed, true);
        if (t.part != NULL) /* else `failed` alone says it */
            t.part->err = err;
    }
    verify_checker_free(t.checker);
    verify_hasher_free(t.sha1);
    buf_done(&t.data);
    return NULL;
}

static size_t thread_count(size_t part_n)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cpus < 1 ? 1 : (size_t)cpus;
    if (n > THREADS_MAX)
        n = THREADS_MAX;
    return n < part_n ? n : part_n;
}

/* This thread works too, so all goes well when no other can be started. */
static void run_all(struct pool *pool)
{
    pthread_t threads[THREADS_MAX];
    size_t started = 0;
    for (size_t n = thread_count(pool->part_n); started + 1 < n; started++) {
        if (pthread_create(&threads[started], NULL, thread_main, pool) != 0)
            break;
    }
    thread_main(pool);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static void join_part(struct verify_part *ret, const struct verify_part *part)
{
    ret->rrsets += part->rrsets;
    ret->signatures += part->signatures;
    ret->denial += part->denial;
    if (part->expires_at != 0 && (ret->expires_at == 0 || part->expires_at < ret->expires_at))
        ret->expires_at = part->expires_at;
    if (ret->odd_ttl_n == 0)
        ret->odd_ttl = part->odd_ttl;
    ret->odd_ttl_n += part->odd_ttl_n;
    for (size_t i = 0; i < VERIFY_STRANGERS && part->strangers[i].n > 0; i++)
        verify_part_meets(ret, &part->strangers[i]);
    ret->stranger_n += part->stranger_n;
    if (ret->err == ERR_OK)
        ret->err = part->err;
    if (part->diags != NULL)
        verify_diags_join(verify_part_diags(ret), part->diags);
}

int verify_pool_run(struct verification *v,
                    int (*each)(struct verify_thread *t, const struct zone_node *n),
                    struct verify_part *ret)
{
    AUTO_PTR(zone_segments) struct zone_segments *segments = NULL;
    int err = zone_segments_new(v->zone, &segments);
    if (err != ERR_OK || zone_segment_n(segments) == 0)
        return err;
    struct pool pool = {
        .v = v, .each = each, .segments = segments, .part_n = zone_segment_n(segments)};
    pool.parts = calloc(pool.part_n, sizeof(*pool.parts));
    if (pool.parts == NULL)
        return ERR_NOMEM;
    run_all(&pool);
    for (size_t i = 0; i < pool.part_n; i++) {
        join_part(ret, &pool.parts[i]);
        diags_free(pool.parts[i].diags);
    }
    free(pool.parts);
    if (ret->err == ERR_OK && atomic_load(&pool.failed))
        ret->err = ERR_NOMEM; /* a thread could not even begin */
    return ret->err;
}
