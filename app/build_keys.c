#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"

/* ------------------------------------------------------------------ trust rule 1 */

static bool state_has_keys(struct build *b, const struct site_zone *z, int *ret_err)
{
    AUTO(keyset) struct keyset keys = {0};
    *ret_err = state_keys(b->state, z->inv->name, &keys, b->app->diags);
    bool has = *ret_err == ERR_OK && keys.n > 0;
    if (*ret_err == ERR_ABSENT)
        *ret_err = ERR_OK;
    return has;
}

static int trust_input(struct build *b, const struct site_zone *z)
{
    int err = ERR_OK;
    bool has_keys = state_has_keys(b, z, &err);
    if (err != ERR_OK || !z->was_signed)
        return err;
    if (has_keys || b->accept_new_keys) {
        diag_add(b->app->diags, &rule_zone_signed_left_out, AT_FILE(z->inv->file), z->inv->text,
                 "the file holds DNSKEY or RRSIG records");
        return ERR_OK;
    }
    diag_add(b->app->diags, &rule_zone_signed_input, AT_FILE(z->inv->file), z->inv->text,
             "the file holds DNSKEY or RRSIG records, and the state folder has no key of the zone");
    return ERR_KEY;
}

static int trust_out(struct build *b, const struct site_zone *z)
{
    const struct manifest_zone *old = manifest_zone(&b->old, z->inv->text);
    if (old == NULL || b->accept_new_keys)
        return ERR_OK;
    for (size_t i = 0; i < old->key_n; i++) {
        const struct manifest_key *k = &old->keys[i];
        if (state_knows_key(b->state, k->digest))
            continue;
        diag_add(b->app->diags, &rule_out_unknown_keys, AT_FILE(b->out), z->inv->text,
                 "is signed with key %.16s... (%s, tag %u), which the state folder does not know",
                 k->digest, k->role, k->tag);
        return ERR_KEY;
    }
    return ERR_OK;
}

int build_trust(struct build *b)
{
    int first = ERR_OK;
    for (size_t i = 0; i < b->site.zone_n; i++) {
        int err = trust_input(b, &b->site.zones[i]);
        if (err == ERR_OK)
            err = trust_out(b, &b->site.zones[i]);
        if (err != ERR_OK && err != ERR_KEY)
            return err;
        first = first == ERR_OK ? err : first;
    }
    return first;
}

/* ------------------------------------------------------------------ keys */

static int open_keys(struct build *b, size_t i)
{
    const struct inv_zone *inv = b->site.zones[i].inv;
    struct build_zone *z = &b->zones[i];
    int err = state_keys(b->state, inv->name, &z->signed_zone.keys, b->app->diags);
    if (err != ERR_ABSENT)
        return err;
    err = state_make_keys(b->state, inv->name, inv->dnssec, b->app->now, &z->signed_zone.keys,
                          b->app->diags);
    z->keys_made = err == ERR_OK;
    return err;
}

/* A policy that the keys do not fit asks for a rollover, which is never a side effect of a build.
 */
static int check_policy_keys(struct build *b, size_t i)
{
    const struct inv_zone *inv = b->site.zones[i].inv;
    const struct dnssec_policy *policy = inv->dnssec;
    const struct keyset *keys = &b->zones[i].signed_zone.keys;
    for (size_t k = 0; k < keys->n; k++) {
        const struct key *key = keys->keys[k];
        bool single = key_role(key) == KEY_CSK;
        if (key_algorithm(key) == policy->algorithm && single == policy->single_key)
            continue;
        diag_add(b->app->diags, &rule_policy_keys, policy->where, inv->text,
                 "policy %s asks for %s with %s, but the zone has a %s of %s", policy->name,
                 algorithm_text(policy->algorithm), policy->single_key ? "one key" : "KSK and ZSK",
                 key_role_text(key_role(key)), algorithm_text(key_algorithm(key)));
        return ERR_FINDINGS;
    }
    return ERR_OK;
}

int build_keys(struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        int err = open_keys(b, i);
        if (err == ERR_OK)
            err = check_policy_keys(b, i);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}
