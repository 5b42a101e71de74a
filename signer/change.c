/*
 * signer/change.c -- records taken out of and put into a signed zone.
 *
 * The change becomes new contents of nodes (zones/edit.c); the rest is an update like that between
 * two versions of a zone file (signer/update.c).
 */
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/diff.h"
#include "signer/given.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "signer/sign.h"
#include "signer/strip.h"
#include "zones/packed.h"

static int refuse(const struct job *job, const uint8_t *owner, uint16_t type, const char *found)
{
    return sign_refuse(job, AT_FILE(zone_file(job->previous)), owner, type, found);
}

static int check_records(const struct job *job, const struct records *list)
{
    for (size_t i = 0; list != NULL && i < records_n(list); i++) {
        struct record_view r = records_at(list, i);
        bool apex = name_compare(r.owner, job->previous->apex) == 0;
        if (is_signer_type(r.type, apex))
            return refuse(job, r.owner, r.type, "only a signer makes it");
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ what is due */

static bool is_near(const struct job *job, bool has_expires, uint32_t expires)
{
    return has_expires && rrsig_time(expires, job->params->now) - job->params->now <=
                              job->params->policy->signature_refresh_s;
}

static int due_of_leaf(const struct job *job, const struct tree *t, struct zone_spot at,
                       struct update *u)
{
    int err = ERR_OK;
    uint32_t n = tree_pair(t, at)->content->node_n;
    for (; at.node < n && err == ERR_OK; at.node++) {
        struct zone_node node;
        bool due = false;
        tree_node(t, job->previous->apex, at, &node);
        err = sign_is_due(job, &node, &due);
        if (err == ERR_OK && due)
            err = owners_add(&u->due, node.owner);
    }
    return err;
}

/* Only where a signature comes near its end are the nodes looked at. */
static int find_due(const struct job *job, const struct tree *t, struct update *u)
{
    int err = ERR_OK;
    for (uint32_t i = 0; i < t->branch_n; i++) {
        const struct branch *b = t->branches[i];
        if (!is_near(job, b->has_expires, b->expires))
            continue;
        for (uint32_t j = 0; j < b->leaf_n && err == ERR_OK; j++) {
            const struct leaf *leaf = b->leaves[j].dnssec;
            if (leaf != NULL && is_near(job, leaf->has_expires, leaf->expires))
                err = due_of_leaf(job, t, (struct zone_spot){i, j, 0}, u);
        }
    }
    return err;
}

/* ------------------------------------------------------------------ the change */

/* Edits that say what is there already are no change. */
static int take_edits(const struct job *job, const struct zone_edits *edits, struct update *u)
{
    int err = ERR_OK;
    for (size_t i = 0; i < edits->n && err == ERR_OK; i++) {
        const struct zone_edit *e = &edits->items[i];
        struct zone_spot at;
        struct zone_node old;
        const struct tree *names = &job->previous->names;
        bool there = tree_find(names, e->owner, &at);
        if (there)
            tree_content(names, job->previous->apex, at, &old);
        if (e->content != NULL && there && pack_content_equal(old.content, e->content))
            continue;
        err = update_edit(u, e->owner, e->content);
    }
    return err;
}

/* A zone of the apex's new content alone, so that it can be asked like any other. */
static int apex_alone(const struct job *job, const struct update *u, struct zone **ret)
{
    const uint8_t *apex = job->previous->apex;
    bool edited = u->name_n > 0 && name_compare(u->names[0].owner, apex) == 0;
    if (!edited) {
        *ret = zone_ref(job->previous);
        return ERR_OK;
    }
    struct zone_rrset soa;
    AUTO_PTR(zone) struct zone *z = zone_new(apex, zone_file(job->previous));
    if (z == NULL)
        return ERR_NOMEM;
    if (u->names[0].content == NULL)
        return refuse(job, apex, KNOT_RRTYPE_SOA, "not exactly one");
    int err = tree_apply(&(struct tree){0}, apex, &u->names[0], 1, &z->names);
    if (err != ERR_OK)
        return err;
    if (!zone_rrset(z, apex, KNOT_RRTYPE_SOA, &soa) || soa.rrs.count != 1)
        return refuse(job, apex, KNOT_RRTYPE_SOA, "not exactly one");
    *ret = TAKE(z);
    return ERR_OK;
}

static bool has_sig_of(const struct zone_rrset *set, const struct key *k)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        struct zone_sig sig;
        sig_walk_next(set, &pos, &sig);
        if (sig.key_tag == key_tag(k) && sig.algorithm == key_algorithm(k))
            return true;
    }
    return false;
}

/* Do the same keys sign data as those that signed the SOA? */
static bool has_signers(const struct job *job)
{
    struct zone_rrset soa;
    uint32_t n = 0;
    bool all = zone_rrset(job->previous, job->previous->apex, KNOT_RRTYPE_SOA, &soa);
    for (size_t i = 0; i < job->key_n && all; i++) {
        const struct job_key *k = &job->keys[i];
        if (!k->use.signs)
            continue;
        all = k->is_known && has_sig_of(&soa, k->use.key);
        n++;
    }
    return all && n == soa.sig_n;
}

static int check_kin(const struct job *job)
{
    const struct dnssec_policy *policy = job->params->policy;
    const struct zone *p = job->previous;
    struct zone_rrset set;
    bool zonemd = zone_rrset(p, p->apex, KNOT_RRTYPE_ZONEMD, &set);
    bool same_keys = false;
    int err = content_shows_keys(job, p, &same_keys);
    if (err != ERR_OK)
        return err;
    if (same_keys && has_signers(job) && zonemd == policy->zonemd &&
        (policy->denial == DENIAL_NSEC3) == (p->nsec3.node_n > 0) &&
        content_denial_ttl(job->content) == job->denial_ttl)
        return ERR_OK;
    char name[NAME_TEXT_LEN];
    name_to_text(p->apex, name);
    diag_add(job->diags, &rule_key_set, AT_NOWHERE, name,
             "the signed zone has other keys, another kind of chain or another TTL of denial than "
             "its policy and SOA now want; it must be signed as a whole");
    return ERR_KEY;
}

/* ------------------------------------------------------------------ all together */

static int sign_edited(struct job *job, struct update *u, struct zone_diff *ret_diff)
{
    AUTO(buf) struct buf apex = {0};
    AUTO(owners) struct owners touched = {0};
    job->serial = sign_serial(job);
    int err = content_apex_again(job->content, job->serial, NULL, &apex);
    if (err == ERR_OK)
        err = sign_update(job, u, apex.data, &touched);
    return err == ERR_OK ? diff_at(job->previous, job->zone, &touched, ret_diff) : err;
}

static int no_diff(struct zone_diff *ret)
{
    struct zone_diff d = {records_new(), records_new()};
    if (d.removed == NULL || d.added == NULL) {
        zone_diff_done(&d);
        return ERR_NOMEM;
    }
    *ret = d;
    return ERR_OK;
}

static int open_update(struct job *job, const struct zone_edits *edits, struct update *u,
                       struct zone **ret_apex)
{
    int err = take_edits(job, edits, u);
    if (err == ERR_OK)
        err = find_due(job, &job->previous->names, u);
    if (err == ERR_OK)
        err = find_due(job, &job->previous->nsec3, u);
    return err == ERR_OK ? apex_alone(job, u, ret_apex) : err;
}

int sign_change(const struct zone *signed_zone, const struct records *removed,
                const struct records *added, const struct sign_params *params, struct zone **ret,
                struct zone_diff *ret_diff, struct sign_report *ret_report, struct diags *diags)
{
    AUTO(zone_edits) struct zone_edits edits = {0};
    AUTO(update) struct update u = {0};
    AUTO_PTR(zone) struct zone *apex = NULL;
    struct sign_params own = *params;
    own.previous = signed_zone;
    own.previous_is_proved = true; /* it never left this process */
    AUTO(job) struct job job = {.params = &own, .previous = signed_zone, .diags = diags};
    job.denial_ttl = content_denial_ttl(signed_zone);
    job.content = signed_zone;
    int err = check_records(&job, removed);
    if (err == ERR_OK)
        err = check_records(&job, added);
    if (err == ERR_OK)
        err = sign_take_keys(&job);
    if (err == ERR_OK)
        err = job_know_keys(&job);
    if (err == ERR_OK)
        err = zone_edits_make(signed_zone, removed, added, &edits, diags);
    if (err == ERR_OK)
        err = open_update(&job, &edits, &u, &apex);
    job.content = apex;
    if (err == ERR_OK)
        err = check_kin(&job);
    if (err == ERR_OK)
        err = given_check(&job, signed_zone);
    bool changed = u.name_n > 0 || u.due.n > 0;
    AUTO(zone_diff) struct zone_diff diff = {0};
    if (err == ERR_OK && changed)
        err = sign_edited(&job, &u, &diff);
    else if (err == ERR_OK)
        err = no_diff(&diff);
    if (err != ERR_OK)
        return err;
    if (!changed)
        job.zone = zone_ref(signed_zone);
    sign_fill_report(&job, changed, ret_report);
    *ret = TAKE(job.zone);
    *ret_diff = diff;
    diff = (struct zone_diff){0};
    return ERR_OK;
}
