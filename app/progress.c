#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "signer/signer.h"

#define FIRST_MS 1000 /* shorter work shows nothing */
#define NEXT_MS  250
#define WIDTH    30
#define BLOCK    6

static int64_t clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One step has no known end: a block wanders instead of growing. */
static void fill_bar(const struct progress *p, int64_t spent_ms, char bar[WIDTH + 1])
{
    memset(bar, '.', WIDTH);
    bar[WIDTH] = 0;
    if (p->total > 1)
        memset(bar, '#', (size_t)(p->done >= p->total ? WIDTH : p->done * WIDTH / p->total));
    else
        memset(bar + spent_ms / NEXT_MS % (WIDTH - BLOCK + 1), '#', BLOCK);
}

/* "1,080,000" */
static const char *grouped(uint64_t n, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    char *o = out;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *o++ = ',';
        *o++ = digits[i];
    }
    *o = 0;
    return out;
}

/* What was counted before the first drawing may have been quick (kept, not made): the rate is that
   of the whole time all the same, which is steady and honest about the end. */
static void draw_rate(const struct progress *p, int64_t spent_ms)
{
    char done[32], total[32], rate[32];
    uint64_t per_s = spent_ms > 0 ? p->done * 1000 / (uint64_t)spent_ms : 0;
    fprintf(stderr, "%" PRIu64 "%% %s/%s signatures, %s/s", p->done * 100 / p->total,
            grouped(p->done, done), grouped(p->total, total), grouped(per_s, rate));
    if (per_s > 0 && p->done < p->total)
        fprintf(stderr, ", %" PRIu64 " s left", (p->total - p->done + per_s - 1) / per_s);
}

static void count_signatures(struct progress *p)
{
    if (p->signatures == NULL)
        return;
    uint64_t total = atomic_load_explicit(&p->signatures->total, memory_order_relaxed);
    uint64_t done = atomic_load_explicit(&p->signatures->done, memory_order_relaxed);
    p->total = total;
    p->done = done > total ? total : done;
}

static void draw(const struct progress *p)
{
    char bar[WIDTH + 1];
    int64_t spent_ms = clock_ms() - p->started_ms;
    fill_bar(p, spent_ms, bar);
    fprintf(stderr, "\r\033[K%s [%s] ", p->what, bar);
    if (p->signatures != NULL && p->total > 0) {
        draw_rate(p, spent_ms);
        return;
    }
    if (p->total > 1)
        fprintf(stderr, "%" PRIu64 "/%" PRIu64 ", ", p->done, p->total);
    fprintf(stderr, "%" PRId64 " s", spent_ms / 1000);
}

static void wait_until(struct progress *p, int64_t at_ms)
{
    const struct timespec at = {.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    (void)pthread_cond_timedwait(&p->wake, &p->lock, &at);
}

static void *draw_until_done(void *arg)
{
    struct progress *p = arg;
    int64_t next_ms = p->started_ms + FIRST_MS;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        wait_until(p, next_ms);
        if (p->stop || clock_ms() < next_ms)
            continue;
        count_signatures(p);
        draw(p);
        p->shown = true;
        next_ms = clock_ms() + NEXT_MS;
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* A bar that cannot be had is no reason to fail: the work goes on without. */
void progress_start_signing(struct progress *p, const struct app *app, const char *what,
                            const struct sign_progress *signatures)
{
    *p = (struct progress){.what = what, .signatures = signatures, .started_ms = clock_ms()};
    if (app->quiet || app->json || isatty(STDERR_FILENO) != 1)
        return;
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    bool ready = pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->wake, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    p->running = ready && pthread_create(&p->thread, NULL, draw_until_done, p) == 0;
}

void progress_start(struct progress *p, const struct app *app, const char *what)
{
    progress_start_signing(p, app, what, NULL);
}

void progress_step(struct progress *p, uint64_t done, uint64_t total)
{
    if (!p->running)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->done = done;
    p->total = total;
    (void)pthread_mutex_unlock(&p->lock);
}

void progress_done(struct progress *p)
{
    if (!p->running)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_signal(&p->wake);
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
    (void)pthread_cond_destroy(&p->wake);
    (void)pthread_mutex_destroy(&p->lock);
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->running = false;
}
