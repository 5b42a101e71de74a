#include "signer/job.h"

#include <stdlib.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "zones/packed.h"

static void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->key_n; i++) {
        crypto_signer_free(w->keys[i].signer);
        crypto_checker_free(w->keys[i].checker);
        crypto_public_free(w->keys[i].public);
    }
    free(w->keys);
    leaf_maker_done(&w->sheet);
    free(w->slots);
    free(w->work);
    buf_done(&w->data);
    buf_done(&w->nsec);
    free(w);
}

bool job_knows_key(const struct job *job, const struct key *k)
{
    struct zone_rrset set;
    const struct zone *z = job->previous;
    if (z == NULL || !zone_rrset(z, z->apex, KNOT_RRTYPE_DNSKEY, &set))
        return false;
    const knot_rdata_t *rr = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++) {
        if (bytes_equal(key_dnskey_rdata(k), (struct bytes){rr->data, rr->len}))
            return true;
        rr = wire_next(rr);
    }
    return false;
}

static int worker_key_init(const struct job *job, struct worker_key *to, const struct key *k)
{
    enum self_check check = job->params->self_check;
    to->key = k;
    to->seed = rrsig_seed(k);
    to->is_proved = job->params->previous_is_proved && job_knows_key(job, k);
    int err = crypto_signer_new(key_private(k), &to->signer);
    if (err == ERR_OK && check != SELF_CHECK_OFF)
        err = crypto_checker_new(key_private(k), key_public_field(k), check, &to->checker);
    return err;
}

static int worker_new(struct job *job, struct worker **ret)
{
    const struct keyset *set = job->params->keys;
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NOMEM;
    w->job = job;
    w->keys = calloc(set->n + 1, sizeof *w->keys);
    int err = w->keys == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < set->n && err == ERR_OK; i++) {
        w->key_n++;
        err = worker_key_init(job, &w->keys[i], set->keys[i]);
    }
    if (err != ERR_OK) {
        worker_free(w);
        return err;
    }
    *ret = w;
    return ERR_OK;
}

void job_done(struct job *job)
{
    for (size_t i = 0; i < job->worker_n; i++)
        worker_free(job->workers[i]);
    free(job->workers);
    zone_free(job->zone);
}

/* A token signs no faster with two threads. */
static bool is_serial(const struct job *job)
{
    for (size_t i = 0; i < job->params->keys->n; i++) {
        if (crypto_is_serial(key_private(job->params->keys->keys[i])))
            return true;
    }
    return false;
}

size_t job_threads(const struct job *job, size_t most)
{
    size_t n = job->params->threads > 0 ? job->params->threads : pool_threads();
    n = n > POOL_THREADS_MAX ? POOL_THREADS_MAX : n;
    return n > most && most > 0 ? most : n;
}

int job_hire(struct job *job, size_t most)
{
    size_t n = is_serial(job) ? 1 : job_threads(job, most);
    if (job->workers == NULL)
        job->workers = calloc(POOL_THREADS_MAX, sizeof(struct worker *));
    if (job->workers == NULL)
        return ERR_NOMEM;
    for (; job->worker_n < n; job->worker_n++) {
        int err = worker_new(job, &job->workers[job->worker_n]);
        if (err == ERR_CRYPTO)
            diag_add(job->diags, &rule_sign_failed, AT_NOWHERE, NULL,
                     "the zone's keys cannot be used");
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static void say_failure(const struct job *job)
{
    for (size_t i = 0; i < job->worker_n; i++) {
        struct worker *w = job->workers[i];
        if (!w->failed)
            continue;
        char at[RECORD_TEXT_LEN];
        record_to_text(w->failed_owner, w->failed_type, at);
        diag_add(job->diags, &rule_sign_failed, AT_NOWHERE, at,
                 "the new signature could not be made or did not verify; nothing is published");
        w->failed = false;
    }
}

/* What the pool's workers see: theirs, and what all do. */
struct hand {
    struct worker *worker;
    job_work *work;
    void *ctx;
};

static int work_hand(void *hand, size_t from, size_t to)
{
    const struct hand *h = hand;
    int err = ERR_OK;
    for (size_t i = from; i < to && err == ERR_OK; i++)
        err = h->work(h->worker, h->ctx, i);
    return err;
}

int job_run(struct job *job, size_t range, job_work *work, void *ctx)
{
    struct hand hands[POOL_THREADS_MAX];
    void *workers[POOL_THREADS_MAX] = {0};
    for (size_t i = 0; i < job->worker_n; i++) {
        hands[i] = (struct hand){job->workers[i], work, ctx};
        workers[i] = &hands[i];
    }
    int err = pool_run(range, 1, workers, job->worker_n, work_hand);
    if (err == ERR_CRYPTO)
        say_failure(job);
    return err;
}
