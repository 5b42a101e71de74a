/* The order of signing: checks, contents, chain, signatures kept and made, digest, snapshot. */
#include <stdio.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/keystore.h"
#include "signer/pool.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "signer/serial.h"
#include "signer/strip.h"
#include "signer/wire.h"

#define POOL_CHUNK                                                                                 \
    64 /* nodes taken at a time: enough to forget the lock, small enough to share                  \
        */

struct job {
    const struct zone *zone;
    const struct sign_params *params;
    const struct zone *previous; /* NULL when it is not of this zone */
    struct plan plan;
    struct signer *signers[POOL_THREADS_MAX];
    size_t signer_n;
    struct diags *diags;
    uint32_t serial;
};

static void job_done(struct job *job)
{
    for (size_t i = 0; i < job->signer_n; i++)
        signer_free(job->signers[i]);
    plan_done(&job->plan);
}
DEFINE_AUTO(job)

/* ------------------------------------------------------------------ what must hold before */

static int refuse_input(const struct job *job, const uint8_t *owner, uint16_t type, uint32_t line,
                        const char *found)
{
    char name[NAME_TEXT_LEN];
    char type_text[TYPE_TEXT_LEN];
    char at[NAME_TEXT_LEN + TYPE_TEXT_LEN + 1];
    name_to_text(owner, name);
    type_to_text(type, type_text);
    (void)snprintf(at, sizeof at, "%s %s", name, type_text);
    diag_add(job->diags, &rule_sign_input, AT_LINE(zone_file(job->zone), line), at, "%s", found);
    return ERR_FINDINGS;
}

static int check_records(const struct job *job)
{
    int err = ERR_OK;
    for (size_t i = 0; i < zone_node_n(job->zone); i++) {
        const struct zone_node *node = zone_node_at(job->zone, i);
        bool apex = is_apex(job->zone, node);
        for (uint32_t j = 0; j < node->rrset_n; j++) {
            const struct zone_rrset *set = &node->rrsets[j];
            if (set->sigs.count > 0)
                err = refuse_input(job, node->owner, set->type, set->sig_line, "is signed");
            else if (is_signer_type(set->type, apex))
                err =
                    refuse_input(job, node->owner, set->type, set->line, "only a signer makes it");
        }
    }
    return err;
}

static int check_zone(const struct job *job)
{
    const uint8_t *apex = zone_apex(job->zone);
    const struct zone_rrset *soa = zone_rrset(job->zone, apex, KNOT_RRTYPE_SOA);
    if (soa == NULL || soa->rrs.count != 1 || soa->rrs.rdata->len < 22)
        return refuse_input(job, apex, KNOT_RRTYPE_SOA, soa == NULL ? 0 : soa->line,
                            "not exactly one");
    if (job->params->policy->denial == DENIAL_NSEC3 && 33 + name_len(apex) > 255)
        return refuse_input(job, apex, KNOT_RRTYPE_NSEC3, 0,
                            "the zone's name leaves no room for a hash before it");
    return check_records(job);
}

static int refuse_keys(const struct job *job, const char *found)
{
    char name[NAME_TEXT_LEN];
    name_to_text(zone_apex(job->zone), name);
    diag_add(job->diags, &rule_key_set, AT_NOWHERE, name, "%s", found);
    return ERR_KEY;
}

/* One algorithm, and a key for each kind of RRset (RFC 4035 s2.2). */
static int check_keys(const struct job *job)
{
    const struct keyset *set = job->params->keys;
    const struct dnssec_policy *policy = job->params->policy;
    bool key_set = false;
    bool data = false;
    for (size_t i = 0; i < set->n; i++) {
        const struct key *k = set->keys[i];
        if (key_algorithm(k) != policy->algorithm)
            return refuse_keys(job, "a key is of another algorithm than the policy's; changing the "
                                    "algorithm needs a rollover");
        if ((key_role(k) == KEY_CSK) != policy->single_key)
            return refuse_keys(job, policy->single_key
                                        ? "a KSK or ZSK where the policy has a single key"
                                        : "a single key where the policy has KSK and ZSK");
        for (size_t j = 0; j < i; j++) {
            if (key_tag(set->keys[j]) == key_tag(k)) /* signatures name their key by tag */
                return refuse_keys(job, "two keys with one tag");
        }
        key_set = key_set || key_signs(k, KNOT_RRTYPE_DNSKEY);
        data = data || key_signs(k, KNOT_RRTYPE_SOA);
    }
    if (!key_set)
        return refuse_keys(job, "no key that signs the keys");
    return data ? ERR_OK : refuse_keys(job, "no key that signs the zone's data");
}

static void check_previous(struct job *job)
{
    const struct zone *previous = job->params->previous;
    if (previous == NULL)
        return;
    char name[NAME_TEXT_LEN];
    const uint8_t *apex = zone_apex(previous);
    name_to_text(apex, name);
    if (name_compare(apex, zone_apex(job->zone)) != 0)
        diag_add(job->diags, &rule_sign_previous, AT_FILE(zone_file(previous)), name,
                 "another zone; nothing of it is used");
    else if (zone_rrset(previous, apex, KNOT_RRTYPE_SOA) == NULL)
        diag_add(job->diags, &rule_sign_previous, AT_FILE(zone_file(previous)), name,
                 "has no SOA; nothing of it is used");
    else
        job->previous = previous;
}

/* ------------------------------------------------------------------ serial */

/* The largest that was published, as far as anyone knows; the file's when nothing was. */
static uint32_t serial_published(const struct job *job)
{
    uint32_t file = zone_soa_serial(job->zone);
    uint32_t previous = job->previous == NULL ? file : zone_soa_serial(job->previous);
    uint32_t floor = job->params->has_serial_floor ? job->params->serial_floor : previous;
    return job->previous == NULL ? floor : serial_later(floor, previous);
}

/* The largest that anyone knows (trust rule 4). What was published comes first: a file's serial
   half the circle away is neither before nor after it (RFC 1982 s3.2), and must not win. */
static uint32_t serial_base(const struct job *job)
{
    return serial_later(serial_published(job), zone_soa_serial(job->zone));
}

static uint32_t serial_new(const struct job *job)
{
    return serial_next(serial_base(job), serial_published(job), job->params->policy->serial,
                       job->params->now);
}

/* PREVIOUS may stay as it is only while nothing is ahead of it. */
static bool may_stay(const struct job *job)
{
    return job->previous != NULL && serial_base(job) == zone_soa_serial(job->previous);
}

/* ------------------------------------------------------------------ signatures */

static int each_set(struct signer *s, const struct zone *previous, size_t from, size_t to)
{
    const struct plan *p = s->plan;
    int err = ERR_OK;
    for (size_t i = from; i < to; i++) {
        struct plan_node *node = &p->nodes[i];
        for (uint32_t j = 0; j < node->set_n && err == ERR_OK; j++) {
            struct zone_rrset *set = &node->sets[j];
            if (!plan_is_signed(node, set->type) || rrsig_is_late(p, node, set->type))
                continue;
            err =
                previous != NULL ? reuse_set(s, previous, node, set) : rrsig_sign_set(s, node, set);
        }
    }
    return err;
}

static int work_sign(void *worker, size_t from, size_t to)
{
    return each_set(worker, NULL, from, to);
}

static int work_reuse(void *worker, size_t from, size_t to)
{
    struct signer *s = worker;
    return each_set(s, s->plan->params->previous, from, to);
}

static int run_all(struct job *job, pool_work *work)
{
    void *workers[POOL_THREADS_MAX];
    for (size_t i = 0; i < job->signer_n; i++)
        workers[i] = job->signers[i];
    return pool_run(job->plan.n, POOL_CHUNK, workers, job->signer_n, work);
}

static int make_signers(struct job *job)
{
    size_t chunks = (job->plan.n + POOL_CHUNK - 1) / POOL_CHUNK;
    size_t n = pool_threads() < chunks ? pool_threads() : chunks;
    for (; job->signer_n < n; job->signer_n++) {
        int err = signer_new(&job->plan, &job->signers[job->signer_n]);
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
    for (size_t i = 0; i < job->signer_n; i++) {
        const struct signer *s = job->signers[i];
        if (s->failed_node == NULL)
            continue;
        char name[NAME_TEXT_LEN];
        char type[TYPE_TEXT_LEN];
        char at[NAME_TEXT_LEN + TYPE_TEXT_LEN + 1];
        name_to_text(s->failed_node->owner, name);
        type_to_text(s->failed_type, type);
        (void)snprintf(at, sizeof at, "%s %s", name, type);
        diag_add(job->diags, &rule_sign_failed, AT_NOWHERE, at,
                 "the new signature could not be made or did not verify; nothing is published");
    }
}

static int sign_all(struct job *job)
{
    int err = run_all(job, work_sign);
    if (err == ERR_CRYPTO)
        say_failure(job);
    return err;
}

/* ------------------------------------------------------------------ ZONEMD */

static int set_zonemd(struct job *job)
{
    struct zone_rrset *set = plan_apex_set(&job->plan, KNOT_RRTYPE_ZONEMD);
    uint8_t digest[ZONEMD_DIGEST_MAX];
    int err = zonemd_of_plan(&job->plan, ZONEMD_SHA384, digest);
    if (err != ERR_OK)
        return err;
    uint8_t *d = set->rrs.rdata->data;
    wire_put_u32(d, job->serial);
    memcpy(d + 6, digest, zonemd_len(ZONEMD_SHA384));
    return ERR_OK;
}

static int sign_zonemd(struct job *job)
{
    struct zone_rrset *set = plan_apex_set(&job->plan, KNOT_RRTYPE_ZONEMD);
    if (set == NULL)
        return ERR_OK;
    int err = set_zonemd(job);
    if (err == ERR_OK)
        err = rrsig_sign_set(job->signers[0], &job->plan.nodes[0], set);
    if (err == ERR_CRYPTO)
        say_failure(job);
    return err;
}

/* ------------------------------------------------------------------ previous version */

static bool all_reused(const struct job *job)
{
    uint64_t wanted = 0;
    uint64_t reused = 0;
    for (size_t i = 0; i < job->signer_n; i++) {
        wanted += job->signers[i]->wanted;
        reused += job->signers[i]->reused;
    }
    return wanted == reused;
}

/* With the previous serial and every signature kept: is it the previous version? */
static int compare_previous(struct job *job, bool *ret_same)
{
    struct zone_rrset *zonemd = plan_apex_set(&job->plan, KNOT_RRTYPE_ZONEMD);
    if (!may_stay(job) || !all_reused(job))
        return ERR_OK;
    if (zonemd != NULL) {
        int err = set_zonemd(job);
        if (err == ERR_OK)
            err = reuse_set(job->signers[0], job->previous, &job->plan.nodes[0], zonemd);
        if (err != ERR_OK)
            return err;
    }
    *ret_same = all_reused(job) && plan_equals(&job->plan, job->previous);
    return ERR_OK;
}

/* What was kept on the guess that nothing changed and covers the serial. */
static void drop_guess(struct job *job)
{
    static const uint16_t types[] = {KNOT_RRTYPE_SOA, KNOT_RRTYPE_ZONEMD};
    for (size_t i = 0; i < 2; i++) {
        struct zone_rrset *set = plan_apex_set(&job->plan, types[i]);
        if (set == NULL)
            continue;
        job->signers[0]->reused -= set->sigs.count; /* sums count, not whose they are */
        set->sigs = (knot_rdataset_t){0};
        set->sig_ttl = 0;
    }
}

static int keep_fitting(struct job *job, bool *ret_same)
{
    if (job->previous == NULL)
        return ERR_OK;
    int err = run_all(job, work_reuse);
    if (err == ERR_OK)
        err = compare_previous(job, ret_same);
    return err;
}

/* ------------------------------------------------------------------ all together */

static int prepare(struct job *job)
{
    check_previous(job);
    job->serial = may_stay(job) ? zone_soa_serial(job->previous) : serial_new(job);
    int err = plan_build(job->zone, job->params, job->serial, &job->plan);
    if (err != ERR_OK)
        return err;
    err = job->params->policy->denial == DENIAL_NSEC3 ? nsec3_add(&job->plan, job->diags)
                                                      : nsec_add(&job->plan);
    return err == ERR_OK ? make_signers(job) : err;
}

static int sign_changed(struct job *job, struct zone **ret)
{
    drop_guess(job);
    job->serial = serial_new(job);
    plan_set_serial(&job->plan, job->serial);
    int err = sign_all(job);
    if (err == ERR_OK)
        err = sign_zonemd(job);
    return err == ERR_OK ? plan_finish(&job->plan, zone_file(job->zone), ret, job->diags) : err;
}

static int64_t earliest(const knot_rdataset_t *sigs, int64_t now, int64_t at)
{
    const knot_rdata_t *rr = sigs->rdata;
    for (uint16_t i = 0; i < sigs->count; i++) {
        int64_t one = rrsig_time(wire_u32(rr->data + 8), now);
        at = one < at ? one : at;
        rr = wire_next(rr);
    }
    return at;
}

static void fill_report(const struct job *job, bool changed, struct sign_report *ret)
{
    *ret = (struct sign_report){.serial = job->serial, .changed = changed};
    ret->expires_at = INT64_MAX;
    for (size_t i = 0; i < job->plan.n; i++) {
        const struct plan_node *node = &job->plan.nodes[i];
        for (uint32_t j = 0; j < node->set_n; j++)
            ret->expires_at = earliest(&node->sets[j].sigs, job->params->now, ret->expires_at);
    }
    for (size_t i = 0; i < job->signer_n; i++) {
        ret->made += job->signers[i]->made;
        ret->reused += job->signers[i]->reused;
    }
    ret->rebuild_before_at = ret->expires_at - job->params->policy->signature_refresh_s;
}

int sign_zone(const struct zone *zone, const struct sign_params *params, struct zone **ret,
              struct sign_report *ret_report, struct diags *diags)
{
    AUTO(job) struct job job = {.zone = zone, .params = params, .diags = diags};
    bool same = false;
    int err = check_zone(&job);
    if (err == ERR_OK)
        err = check_keys(&job);
    if (err == ERR_OK)
        err = prepare(&job);
    if (err == ERR_OK)
        err = keep_fitting(&job, &same);
    AUTO_PTR(zone) struct zone *made = NULL;
    if (err == ERR_OK && same)
        made = zone_ref(job.previous);
    else if (err == ERR_OK)
        err = sign_changed(&job, &made);
    if (err != ERR_OK)
        return err;
    fill_report(&job, !same, ret_report);
    *ret = TAKE(made);
    return ERR_OK;
}
