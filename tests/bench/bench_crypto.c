/*
 * tests/bench/bench_crypto.c -- nothing but signing: what a signer could reach at best.
 *
 * usage: bench_crypto ALGORITHM THREADS SECONDS [CHECK]
 * Each thread signs batches with the project's fastest way (signer/crypto.h) for SECONDS; the data
 * is as long as what a usual RRSIG covers and differs for each signature. CHECK (new or full): each
 * batch is checked afterwards, and that is timed apart. One JSON object on standard output.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/err.h"
#include "signer/crypto.h"
#include "signer/signer.h"

#define THREADS_MAX 64
#define DATA_LEN    112 /* an address and its RRSIG's head in the measured zones: 95 to 130 octets */

struct loop {
    struct crypto_signer *signer;
    struct crypto_checker *checker; /* NULL: signatures are not checked */
    pthread_barrier_t *start;
    double seconds;
    uint64_t seed; /* no two threads sign the same */

    int err;
    uint64_t signatures;
    double wall_s;
    double sign_cpu_s;
    double check_cpu_s;
};

struct batch {
    struct crypto_work work[CRYPTO_BATCH];
    uint8_t data[CRYPTO_BATCH][DATA_LEN];
    uint8_t signatures[CRYPTO_BATCH][CRYPTO_SIGNATURE_MAX];
};

static double clock_s(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void batch_init(struct batch *b)
{
    memset(b->data, 0x5a, sizeof(b->data));
    for (size_t i = 0; i < CRYPTO_BATCH; i++) {
        b->work[i].data = (struct bytes){b->data[i], DATA_LEN};
        b->work[i].signature = b->signatures[i];
    }
}

static void batch_renew(struct batch *b, uint64_t *counter)
{
    for (size_t i = 0; i < CRYPTO_BATCH; i++, ++*counter)
        memcpy(b->data[i], counter, sizeof(*counter));
}

static int sign_and_check(struct loop *l, struct batch *b)
{
    double before = clock_s(CLOCK_THREAD_CPUTIME_ID);
    int err = crypto_sign_batch(l->signer, b->work, CRYPTO_BATCH);
    double signed_at = clock_s(CLOCK_THREAD_CPUTIME_ID);
    l->sign_cpu_s += signed_at - before;
    if (err != ERR_OK || l->checker == NULL)
        return err;
    size_t bad;
    err = crypto_check_batch(l->checker, b->work, CRYPTO_BATCH, &bad);
    l->check_cpu_s += clock_s(CLOCK_THREAD_CPUTIME_ID) - signed_at;
    return err;
}

static void *loop_run(void *arg)
{
    struct loop *l = arg;
    AUTO_FREE struct batch *b = malloc(sizeof(*b));
    uint64_t counter = l->seed << 48;
    l->err = b == NULL ? ERR_NOMEM : ERR_OK;
    if (b != NULL)
        batch_init(b);
    (void)pthread_barrier_wait(l->start);
    double start = clock_s(CLOCK_MONOTONIC);
    while (l->err == ERR_OK && l->wall_s < l->seconds) {
        batch_renew(b, &counter);
        l->err = sign_and_check(l, b);
        l->signatures += CRYPTO_BATCH;
        l->wall_s = clock_s(CLOCK_MONOTONIC) - start;
    }
    return NULL;
}

static int loop_open(struct loop *l, const struct crypto_private *key, const char *check)
{
    int err = crypto_signer_new(key, &l->signer);
    if (err != ERR_OK || check == NULL)
        return err;
    enum self_check mode = strcmp(check, "full") == 0 ? SELF_CHECK_FULL : SELF_CHECK_NEW;
    AUTO(buf) struct buf field = {0};
    err = crypto_private_public_field(key, &field);
    return err == ERR_OK ? crypto_checker_new(key, buf_bytes(&field), mode, &l->checker) : err;
}

/* Runs all loops at once; the first error of any. */
static int loops_run(struct loop *loops, size_t n)
{
    pthread_t threads[THREADS_MAX];
    pthread_barrier_t start;
    if (pthread_barrier_init(&start, NULL, (unsigned)n) != 0)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        loops[i].start = &start;
        loops[i].seed = i;
        /* The others would wait for this one for ever. */
        if (pthread_create(&threads[i], NULL, loop_run, &loops[i]) != 0) {
            fputs("bench_crypto: no more threads\n", stderr);
            exit(3);
        }
    }
    int err = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
        if (err == ERR_OK)
            err = loops[i].err;
    }
    (void)pthread_barrier_destroy(&start);
    return err;
}

static void report(const char *algorithm, const struct loop *loops, size_t n)
{
    uint64_t signatures = 0;
    double rate = 0, sign_cpu_s = 0, check_cpu_s = 0;
    for (size_t i = 0; i < n; i++) {
        signatures += loops[i].signatures;
        rate += (double)loops[i].signatures / loops[i].wall_s;
        sign_cpu_s += loops[i].sign_cpu_s;
        check_cpu_s += loops[i].check_cpu_s;
    }
    printf("{\"algorithm\": \"%s\", \"way\": \"%s\", \"threads\": %zu, \"signatures\": %llu, "
           "\"signatures_per_s\": %.1f, \"cpu_s_per_signature\": %.9f, "
           "\"check_cpu_s_per_signature\": %.9f}\n",
           algorithm, crypto_signer_way(loops[0].signer), n, (unsigned long long)signatures, rate,
           sign_cpu_s / (double)signatures, check_cpu_s / (double)signatures);
}

static int bench(const char *algorithm, size_t n, double seconds, const char *check)
{
    static struct loop loops[THREADS_MAX];
    AUTO_PTR(crypto_private) struct crypto_private *key = NULL;
    int err = crypto_generate(algorithm_from_text(algorithm), &key);
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        loops[i].seconds = seconds;
        err = loop_open(&loops[i], key, check);
    }
    if (err == ERR_OK)
        err = loops_run(loops, n);
    if (err == ERR_OK)
        report(algorithm, loops, n);
    for (size_t i = 0; i < n; i++) {
        crypto_signer_free(loops[i].signer);
        crypto_checker_free(loops[i].checker);
    }
    return err;
}

static bool is_check(const char *word)
{
    return strcmp(word, "new") == 0 || strcmp(word, "full") == 0;
}

int main(int argc, char **argv)
{
    unsigned long threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    double seconds = argc > 3 ? strtod(argv[3], NULL) : 0;
    if (argc < 4 || argc > 5 || threads < 1 || threads > THREADS_MAX || !(seconds > 0) ||
        algorithm_from_text(argv[1]) == 0 || (argc == 5 && !is_check(argv[4]))) {
        fputs("usage: bench_crypto ALGORITHM THREADS SECONDS [new | full]\n", stderr);
        return 2;
    }
    int err = bench(argv[1], threads, seconds, argc == 5 ? argv[4] : NULL);
    if (err != ERR_OK)
        fprintf(stderr, "bench_crypto: %s\n", err_text(err));
    return err == ERR_OK ? 0 : 3;
}
