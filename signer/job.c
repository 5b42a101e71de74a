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

/* ------------------------------------------------------------------ keys */

int job_take_keys(struct job *job)
{
    const struct sign_params *params = job->params;
    for (size_t i = 0; i < params->key_n; i++) {
        const struct sign_key *k = &params->keys[i];
        if (!k->publishes && !k->signs)
            continue;
        if (job->key_n == LIMIT_ZONE_KEYS)
            return ERR_LIMIT;
        job->keys[job->key_n++] = (struct job_key){.use = *k};
    }
    return ERR_OK;
}

static bool is_published(const struct zone *z, const struct key *k)
{
    struct zone_rrset set;
    if (!zone_rrset(z, z->apex, KNOT_RRTYPE_DNSKEY, &set))
        return false;
    const knot_rdata_t *rr = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++) {
        if (bytes_equal(key_dnskey_rdata(k), (struct bytes){rr->data, rr->len}))
            return true;
        rr = wire_next(rr);
    }
    return false;
}

static int knows_signature(const struct key *k, const struct zone_rrset *set,
                           const struct zone_sig *sig, bool *ret)
{
    AUTO(buf) struct buf data = {0};
    AUTO_PTR(crypto_public) struct crypto_public *public = NULL;
    rrsig_data(set, sig, &data);
    int err = buf_ok(&data) ? crypto_public_new(key_algorithm(k), key_public_field(k), &public)
                            : ERR_NOMEM;
    if (err == ERR_OK)
        *ret = crypto_verify(public, buf_bytes(&data), sig->signature) == ERR_OK;
    return err;
}

/* An RRset that every key signs which signs data at all. */
static int signs_soa(const struct zone *z, const struct key *k, bool *ret)
{
    struct zone_rrset soa;
    int err = ERR_OK;
    if (!zone_rrset(z, z->apex, KNOT_RRTYPE_SOA, &soa))
        return ERR_OK;
    const uint8_t *pos = soa.sigs;
    for (uint32_t i = 0; i < soa.sig_n && err == ERR_OK && !*ret; i++) {
        struct zone_sig sig;
        sig_walk_next(&soa, &pos, &sig);
        if (sig.key_tag == key_tag(k) && sig.algorithm == key_algorithm(k))
            err = knows_signature(k, &soa, &sig, ret);
    }
    return err;
}

int job_know_keys(struct job *job)
{
    int err = ERR_OK;
    for (size_t i = 0; i < job->key_n && err == ERR_OK && job->previous != NULL; i++) {
        struct job_key *k = &job->keys[i];
        k->is_known = is_published(job->previous, k->use.key);
        if (!k->is_known && k->use.signs)
            err = signs_soa(job->previous, k->use.key, &k->is_known);
    }
    return err;
}

/* ------------------------------------------------------------------ workers */

static int worker_key_init(const struct job *job, struct worker_key *to, const struct job_key *of)
{
    enum self_check check = job->params->self_check;
    const struct key *k = of->use.key;
    to->of = of;
    to->seed = rrsig_seed(k);
    to->is_proved = job->params->previous_is_proved && of->is_known;
    if (key_is_public(k))
        return ERR_OK;
    int err = crypto_signer_new(key_private(k), &to->signer);
    if (err == ERR_OK && check != SELF_CHECK_OFF)
        err = crypto_checker_new(key_private(k), key_public_field(k), check, &to->checker);
    return err;
}

static int worker_new(struct job *job, struct worker **ret)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NOMEM;
    w->job = job;
    w->keys = calloc(job->key_n + 1, sizeof *w->keys);
    int err = w->keys == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < job->key_n && err == ERR_OK; i++) {
        w->key_n++;
        err = worker_key_init(job, &w->keys[i], &job->keys[i]);
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
    for (size_t i = 0; i < job->key_n; i++) {
        const struct key *k = job->keys[i].use.key;
        if (!key_is_public(k) && crypto_is_serial(key_private(k)))
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

/* Who it was that needed it first depends on the threads: only the key is told. */
static void say_missed(const struct job *job)
{
    for (size_t i = 0; i < job->worker_n; i++) {
        const struct key *k = job->workers[i]->missed;
        if (k == NULL)
            continue;
        char name[NAME_TEXT_LEN];
        name_to_text(job->zone->apex, name);
        diag_add(job->diags, &rule_key_signature, AT_NOWHERE, name,
                 "%s %u (%.16s…), whose private half is not here, must sign records of the zone "
                 "that changed or whose signatures end",
                 key_role_text(key_role(k)), key_tag(k), key_digest(k));
        return;
    }
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
    if (err == ERR_KEY)
        say_missed(job);
    return err;
}
