/*
 * signer/sign.c -- the order of signing: checks, serial, contents, chain, signatures, digest.
 *
 * There are two ways to the result. Signing anew builds everything, with what fits of a previous
 * version. Signing after starts from the previous version and works on the difference; it needs to
 * know that all of it is sound, and so a proof (sign_params.previous_is_proved).
 */
#include "signer/sign.h"

#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/chain.h"
#include "signer/given.h"
#include "signer/job.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "signer/serial.h"
#include "signer/strip.h"
#include "zones/packed.h"

/* ------------------------------------------------------------------ what must hold before */

int sign_refuse(const struct job *job, struct diag_where where, const uint8_t *owner, uint16_t type,
                const char *found)
{
    char at[RECORD_TEXT_LEN];
    record_to_text(owner, type, at);
    diag_add(job->diags, &rule_sign_input, where, at, "%s", found);
    return ERR_FINDINGS;
}

static int refuse_input(const struct job *job, const uint8_t *owner, uint16_t type, uint32_t line,
                        const char *found)
{
    return sign_refuse(job, AT_LINE(zone_file(job->content), line), owner, type, found);
}

static int check_records(const struct job *job)
{
    int err = ERR_OK;
    struct zone_cursor at;
    struct zone_node node;
    zone_first(job->content, &at);
    while (zone_next(&at, &node)) {
        struct set_walk w;
        struct zone_rrset set;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set)) {
            if (set.sig_n > 0)
                err = refuse_input(job, node.owner, set.type, set.sig_line, "is signed");
            else if (is_signer_type(set.type, (node.flags & NODE_APEX) != 0))
                err = refuse_input(job, node.owner, set.type, set.line, "only a signer makes it");
        }
    }
    return err;
}

int sign_check_zone(const struct job *job)
{
    const uint8_t *apex = zone_apex(job->content);
    struct zone_rrset soa;
    bool has_soa = zone_rrset(job->content, apex, KNOT_RRTYPE_SOA, &soa);
    if (!has_soa || soa.rrs.count != 1 || soa.rrs.rdata->len < 22)
        return refuse_input(job, apex, KNOT_RRTYPE_SOA, has_soa ? soa.line : 0, "not exactly one");
    if (!job->is_unsigned && job->params->policy->denial == DENIAL_NSEC3 &&
        33 + name_len(apex) > 255)
        return refuse_input(job, apex, KNOT_RRTYPE_NSEC3, 0,
                            "the zone's name leaves no room for a hash before it");
    return check_records(job);
}

void sign_check_previous(struct job *job)
{
    const struct zone *previous = job->params->previous;
    if (previous == NULL)
        return;
    char name[NAME_TEXT_LEN];
    struct zone_rrset soa;
    const uint8_t *apex = zone_apex(previous);
    name_to_text(apex, name);
    if (name_compare(apex, zone_apex(job->content)) != 0)
        diag_add(job->diags, &rule_sign_previous, AT_FILE(zone_file(previous)), name,
                 "another zone; nothing of it is used");
    else if (!zone_rrset(previous, apex, KNOT_RRTYPE_SOA, &soa) || soa.rrs.count == 0)
        diag_add(job->diags, &rule_sign_previous, AT_FILE(zone_file(previous)), name,
                 "has no SOA; nothing of it is used");
    else
        job->previous = previous;
}

/* ------------------------------------------------------------------ serial */

/* The largest that was published, as far as anyone knows; the file's when nothing was. */
static uint32_t serial_published(const struct job *job)
{
    uint32_t file = zone_soa_serial(job->content);
    uint32_t previous = job->previous == NULL ? file : zone_soa_serial(job->previous);
    uint32_t floor = job->params->has_serial_floor ? job->params->serial_floor : previous;
    return job->previous == NULL ? floor : serial_later(floor, previous);
}

/* The largest that anyone knows (trust rule 4). What was published comes first: a file's serial
   half the circle away is neither before nor after it (RFC 1982 s3.2), and must not win. */
static uint32_t serial_base(const struct job *job)
{
    return serial_later(serial_published(job), zone_soa_serial(job->content));
}

uint32_t sign_serial(const struct job *job)
{
    return serial_next(serial_base(job), serial_published(job), job->params->policy->serial,
                       job->params->now);
}

bool sign_may_stay(const struct job *job)
{
    return job->previous != NULL && serial_base(job) == zone_soa_serial(job->previous);
}

/* ------------------------------------------------------------------ what is due */

static int find_due(const struct job *job, struct update *u)
{
    struct zone_cursor at;
    struct zone_node node;
    int err = ERR_OK;
    zone_first(job->previous, &at);
    while (err == ERR_OK && zone_next(&at, &node)) {
        bool due = false;
        err = sign_is_due(job, &node, &due);
        if (err == ERR_OK && due)
            err = owners_add(&u->due, node.owner);
    }
    return err;
}

/* ------------------------------------------------------------------ after the previous version */

static bool same_set(const struct zone *a, const struct zone *b, uint16_t type)
{
    struct zone_rrset x;
    struct zone_rrset y;
    bool in_a = zone_rrset(a, a->apex, type, &x);
    bool in_b = zone_rrset(b, b->apex, type, &y);
    if (!in_a || !in_b)
        return in_a == in_b;
    return x.ttl == y.ttl && knot_rdataset_eq(&x.rrs, &y.rrs);
}

bool sign_is_kin(const struct zone *a, const struct zone *b, enum denial denial)
{
    bool nsec3 = denial == DENIAL_NSEC3;
    return same_set(a, b, KNOT_RRTYPE_DNSKEY) && same_set(a, b, KNOT_RRTYPE_NSEC3PARAM) &&
           content_denial_ttl(a) == content_denial_ttl(b) && (b->nsec3.node_n > 0) == nsec3;
}

/* The digest in P's ZONEMD of the kind that we make; NULL: none. */
static const uint8_t *digest_of(const struct zone *p)
{
    struct zone_rrset set;
    if (!zone_rrset(p, p->apex, KNOT_RRTYPE_ZONEMD, &set) || set.rrs.count != 1 ||
        set.rrs.rdata->len != 6 + zonemd_len(ZONEMD_SHA384))
        return NULL;
    return set.rrs.rdata->data + 6;
}

int sign_open_contents(struct job *job, uint32_t serial, const uint8_t *digest)
{
    AUTO(buf) struct buf apex = {0};
    zone_free(job->zone);
    job->zone = zone_new(job->content->apex, job->content->file);
    if (job->zone == NULL)
        return ERR_NOMEM;
    int err = tree_open(&job->content->names, &job->zone->names);
    if (err == ERR_OK)
        err = content_apex(job, job->content, serial, digest, &apex);
    if (err == ERR_OK)
        err = job_set_apex(job, apex.data);
    return err == ERR_OK ? given_check(job, job->zone) : err;
}

/* The names of CONTENTS that the previous version lacks or has otherwise, and those it has more.
 */
static int compare_contents(const struct job *job, const struct zone *contents, struct update *u)
{
    const struct tree *new = &contents->names;
    const struct tree *old = &job->previous->names;
    struct zone_spot n = {0};
    struct zone_spot o = {0};
    int err = ERR_OK;
    while (err == ERR_OK && (spot_before(n, tree_end(new)) || spot_before(o, tree_end(old)))) {
        struct zone_node a;
        struct zone_node b;
        bool has_a = spot_before(n, tree_end(new));
        bool has_b = spot_before(o, tree_end(old));
        if (has_a)
            tree_content(new, contents->apex, n, &a);
        if (has_b)
            tree_content(old, job->previous->apex, o, &b);
        int order = !has_a ? 1 : !has_b ? -1 : name_compare(a.owner, b.owner);
        if (order > 0)
            err = update_edit(u, b.owner, NULL);
        else if (order < 0 || !pack_content_equal(a.content, b.content))
            err = update_edit(u, a.owner, a.content);
        if (order <= 0)
            tree_step(new, &n);
        if (order >= 0)
            tree_step(old, &o);
    }
    return err;
}

/* The apex goes first: its content is another whenever anything is. */
static int edit_apex(struct update *u, const struct zone *z, const uint8_t *content)
{
    bool is_there = u->name_n > 0 && name_compare(u->names[0].owner, z->apex) == 0;
    if (!is_there) {
        int err = update_edit(u, z->apex, NULL);
        if (err != ERR_OK)
            return err;
        memmove(u->names + 1, u->names, (u->name_n - 1) * sizeof *u->names);
    }
    u->names[0] = (struct tree_edit){.owner = z->apex, .content = content};
    return ERR_OK;
}

int sign_update(struct job *job, struct update *u, const uint8_t *apex, struct owners *ret_touched)
{
    job->zonemd_is_late = job->params->policy->zonemd;
    int err = edit_apex(u, job->previous, apex);
    if (err == ERR_OK)
        err = update_sign(job, u, ret_touched);
    return err == ERR_OK ? update_apex(job, NULL) : err;
}

static int sign_after(struct job *job, bool *ret_same)
{
    AUTO(update) struct update u = {0};
    AUTO(buf) struct buf apex = {0};
    AUTO_PTR(zone) struct zone *contents = TAKE(job->zone); /* the update's edits lie in it */
    int err = compare_contents(job, contents, &u);
    if (err == ERR_OK)
        err = find_due(job, &u);
    if (err != ERR_OK)
        return err;
    if (u.name_n == 0 && u.due.n == 0 && sign_may_stay(job)) {
        job->zone = zone_ref(job->previous);
        *ret_same = true;
        return ERR_OK;
    }
    job->serial = sign_serial(job);
    err = content_apex(job, job->content, job->serial, NULL, &apex);
    return err == ERR_OK ? sign_update(job, &u, apex.data, NULL) : err;
}

/* ------------------------------------------------------------------ anew */

static uint64_t count_made(const struct job *job)
{
    uint64_t made = 0;
    for (size_t i = 0; i < job->worker_n; i++)
        made += job->workers[i]->made;
    return made;
}

static bool sigs_equal(const struct zone_rrset *a, const struct zone_rrset *b)
{
    const uint8_t *x = a->sigs;
    const uint8_t *y = b->sigs;
    for (uint32_t i = 0; i < a->sig_n; i++) {
        struct zone_sig s;
        struct zone_sig t;
        sig_walk_next(a, &x, &s);
        sig_walk_next(b, &y, &t);
        if (s.ttl != t.ttl || s.original_ttl != t.original_ttl || rrsig_compare(&s, &t) != 0 ||
            s.labels != t.labels || name_compare(s.signer, t.signer) != 0 ||
            !bytes_equal(s.signature, t.signature))
            return false;
    }
    return true;
}

static bool nodes_equal(const struct zone_node *a, const struct zone_node *b)
{
    struct set_walk v;
    struct set_walk w;
    struct zone_rrset x;
    struct zone_rrset y;
    if (a->rrset_n != b->rrset_n || name_compare(a->owner, b->owner) != 0)
        return false;
    set_walk_first(a, &v);
    set_walk_first(b, &w);
    while (set_walk_next(&v, &x) && set_walk_next(&w, &y)) {
        if (x.type != y.type || x.ttl != y.ttl || x.sig_n != y.sig_n ||
            !knot_rdataset_eq(&x.rrs, &y.rrs) || !sigs_equal(&x, &y))
            return false;
    }
    return true;
}

bool sign_zones_equal(const struct zone *a, const struct zone *b)
{
    struct zone_cursor x;
    struct zone_cursor y;
    struct zone_node m;
    struct zone_node n;
    if (zone_node_n(a) != zone_node_n(b) || zone_record_n(a) != zone_record_n(b))
        return false;
    zone_first(a, &x);
    zone_first(b, &y);
    while (zone_next(&x, &m)) {
        if (!zone_next(&y, &n) || !nodes_equal(&m, &n))
            return false;
    }
    return true;
}

/* Everything was kept, so perhaps nothing changed: with the previous serial, is it the previous
   version? */
static int try_previous(struct job *job, bool *ret_same)
{
    if (!sign_may_stay(job) || count_made(job) > 0)
        return ERR_OK;
    int err = update_apex(job, job->previous);
    if (err != ERR_OK)
        return err;
    *ret_same = count_made(job) == 0 && sign_zones_equal(job->zone, job->previous);
    for (size_t i = 0; i < job->worker_n; i++)
        job->workers[i]->made = 0; /* they were a guess */
    if (*ret_same) {
        zone_free(job->zone);
        job->zone = zone_ref(job->previous);
    }
    return ERR_OK;
}

static int sign_anew(struct job *job, bool *ret_same, bool *ret_written)
{
    job->serial = sign_may_stay(job) ? zone_soa_serial(job->previous) : sign_serial(job);
    job->soa_is_late = job->previous != NULL;
    job->zonemd_is_late = job->params->policy->zonemd;
    int err = sign_open_contents(job, job->serial, NULL);
    if (err == ERR_OK)
        err = job_hire(job, tree_leaf_n(&job->zone->names));
    if (err == ERR_OK && job->params->policy->denial == DENIAL_NSEC3)
        err = nsec3_build(job);
    if (err == ERR_OK)
        err = full_sign(job, ret_written);
    if (err == ERR_OK && job->previous != NULL)
        err = try_previous(job, ret_same);
    if (err != ERR_OK || *ret_same)
        return err;
    job->serial = job->previous != NULL ? sign_serial(job) : job->serial;
    job->soa_is_late = job->previous != NULL;
    job->zonemd_is_late = job->params->policy->zonemd;
    return update_apex(job, NULL);
}

/* ------------------------------------------------------------------ all together */

static uint64_t count_signatures(const struct zone *z)
{
    uint64_t n = 0;
    struct zone_cursor at;
    struct zone_node node;
    zone_first(z, &at);
    while (zone_next(&at, &node)) {
        struct set_walk w;
        struct zone_rrset set;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set))
            n += set.sig_n;
    }
    return n;
}

void sign_fill_report(const struct job *job, bool changed, struct sign_report *ret)
{
    const struct tree *trees[] = {&job->zone->names, &job->zone->nsec3};
    *ret = (struct sign_report){.serial = zone_soa_serial(job->zone), .changed = changed};
    ret->expires_at = INT64_MAX;
    for (size_t t = 0; t < 2; t++) {
        for (uint32_t i = 0; i < trees[t]->branch_n; i++) {
            const struct branch *b = trees[t]->branches[i];
            int64_t at = rrsig_time(b->expires, job->params->now);
            if (b->has_expires && at < ret->expires_at)
                ret->expires_at = at;
        }
    }
    ret->made = count_made(job);
    ret->rebuild_before_at = ret->expires_at - job->params->policy->signature_refresh_s;
}

int sign_zone(const struct zone *zone, const struct sign_params *params, struct zone **ret,
              struct sign_report *ret_report, struct diags *diags)
{
    AUTO(job) struct job job = {.content = zone, .params = params, .diags = diags};
    bool same = false;
    bool written = false;
    int err = sign_check_zone(&job);
    if (err == ERR_OK)
        err = sign_take_keys(&job);
    if (err != ERR_OK)
        return err;
    sign_check_previous(&job);
    err = job_know_keys(&job);
    if (err != ERR_OK)
        return err;
    job.denial_ttl = content_denial_ttl(zone);
    bool after = job.previous != NULL && params->previous_is_proved;
    if (after) {
        err = sign_open_contents(&job, zone_soa_serial(job.previous), digest_of(job.previous));
        after = err == ERR_OK && sign_is_kin(job.zone, job.previous, params->policy->denial);
    }
    if (err == ERR_OK)
        err = after ? sign_after(&job, &same) : sign_anew(&job, &same, &written);
    if (err == ERR_OK && !written)
        err = full_write(&job);
    if (err != ERR_OK)
        return err;
    sign_fill_report(&job, !same, ret_report);
    if (params->previous != NULL)
        ret_report->reused = count_signatures(job.zone) - ret_report->made;
    *ret = TAKE(job.zone);
    return ERR_OK;
}
