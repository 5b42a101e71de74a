/*
 * signer/sign_keys.c -- the keys of a signing: whether they suffice, and whose signatures are
 * there.
 */
#include <stdio.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "signer/chain.h"
#include "signer/given.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"
#include "signer/sign.h"

/* ------------------------------------------------------------------ what must hold of them */

static int refuse_keys(const struct job *job, const char *found)
{
    char name[NAME_TEXT_LEN];
    name_to_text(zone_apex(job->content), name);
    diag_add(job->diags, &rule_key_set, AT_NOWHERE, name, "%s", found);
    return ERR_KEY;
}

static bool has_signer(const struct job *job, uint8_t algorithm, uint16_t type)
{
    for (size_t i = 0; i < job->key_n; i++) {
        const struct sign_key *k = &job->keys[i].use;
        if (key_algorithm(k->key) == algorithm && sign_key_signs(k, type, true))
            return true;
    }
    return false;
}

/* RFC 4035 s2.2: every RRset by each algorithm of the DNSKEY RRset. */
static int check_algorithm(const struct job *job, uint8_t algorithm)
{
    static const struct {
        uint16_t type;
        const char *what;
    } kinds[] = {{KNOT_RRTYPE_DNSKEY, "the keys"}, {KNOT_RRTYPE_SOA, "the zone's data"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (has_signer(job, algorithm, kinds[i].type))
            continue;
        char found[96];
        (void)snprintf(found, sizeof found, "no key of %s that signs %s", algorithm_text(algorithm),
                       kinds[i].what);
        return refuse_keys(job, found);
    }
    return ERR_OK;
}

static int check_tags(const struct job *job)
{
    for (size_t i = 0; i < job->key_n; i++) {
        for (size_t j = 0; j < i; j++) { /* signatures name their key by tag */
            if (key_tag(job->keys[j].use.key) == key_tag(job->keys[i].use.key))
                return refuse_keys(job, "two keys with one tag");
        }
    }
    return ERR_OK;
}

int sign_take_keys(struct job *job)
{
    bool any = false;
    int err = job_take_keys(job);
    if (err == ERR_LIMIT)
        return refuse_keys(job, "too many keys");
    err = check_tags(job);
    for (size_t i = 0; i < job->key_n && err == ERR_OK; i++) {
        if (!job->keys[i].use.publishes)
            continue;
        any = true;
        err = check_algorithm(job, key_algorithm(job->keys[i].use.key));
    }
    if (err == ERR_OK && !any)
        return refuse_keys(job, "no key to publish");
    return err;
}

/* ------------------------------------------------------------------ what is due */

static bool find_fitting(const struct job *job, const struct zone_rrset *set, const struct key *k,
                         struct zone_sig *ret)
{
    const uint8_t *pos = set->sigs;
    for (uint32_t i = 0; i < set->sig_n; i++) {
        sig_walk_next(set, &pos, ret);
        if (rrsig_fits(set, ret, k, job->params))
            return true;
    }
    return false;
}

/* Has SET a signature by K that may stay? One of a key that cannot make another may, until a better
   one is given. */
static int is_signed_by(const struct job *job, const struct zone_rrset *set,
                        const struct job_key *k, bool *ret)
{
    struct zone_sig sig;
    struct zone_sig given;
    bool better = false;
    *ret = k->is_known && find_fitting(job, set, k->use.key, &sig);
    if (!*ret || !key_is_public(k->use.key) || name_compare(set->owner, set->apex) != 0)
        return ERR_OK;
    int err = given_find(job, k->use.key, set, &given, &better);
    *ret = !better || !given_is_better(job, &given, &sig);
    return err;
}

/* Has SET a signature that fits from each key that signs it, and no other? */
static int set_is_signed(const struct job *job, const struct zone_node *node,
                         const struct zone_rrset *set, bool *ret)
{
    uint32_t wanted = 0;
    for (size_t k = 0; k < job->key_n && chain_is_signed(node, set->type); k++) {
        if (!sign_key_signs(&job->keys[k].use, set->type, (node->flags & NODE_APEX) != 0))
            continue;
        wanted++;
        int err = is_signed_by(job, set, &job->keys[k], ret);
        if (err != ERR_OK || !*ret)
            return err;
    }
    *ret = wanted == set->sig_n;
    return ERR_OK;
}

int sign_is_due(const struct job *job, const struct zone_node *node, bool *ret)
{
    struct set_walk w;
    struct zone_rrset set;
    bool all = true;
    int err = ERR_OK;
    set_walk_first(node, &w);
    while (err == ERR_OK && all && set_walk_next(&w, &set))
        err = set_is_signed(job, node, &set, &all);
    *ret = !all;
    return err;
}
