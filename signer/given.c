#include "signer/given.h"

#include <stdio.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "signer/rules_sign.h"

/* The nearest that a signature came to be of use: what to say when none is. */
enum closeness { NO_SIGNATURE, NOT_VALID_NOW, NOT_OF_THIS_SET, USABLE };

struct search {
    const struct job *job;
    const struct key *key;
    const struct zone_rrset *set; /* as it is to be published */
    struct crypto_public *public;
    struct buf data;
    enum closeness closest;
    struct zone_sig found; /* the closest */
};

static void search_done(struct search *s)
{
    crypto_public_free(s->public);
    buf_done(&s->data);
}
DEFINE_AUTO(search)

static int verify(struct search *s, const struct zone_sig *sig, bool *ret)
{
    buf_clear(&s->data);
    rrsig_data(s->set, sig, &s->data);
    int err = buf_ok(&s->data) ? ERR_OK : ERR_NOMEM;
    if (err == ERR_OK && s->public == NULL)
        err = crypto_public_new(key_algorithm(s->key), key_public_field(s->key), &s->public);
    if (err == ERR_OK)
        *ret = crypto_verify(s->public, buf_bytes(&s->data), sig->signature) == ERR_OK;
    return err;
}

static int judge(struct search *s, const struct zone_sig *sig, enum closeness *ret)
{
    int64_t now = s->job->params->now;
    bool good = false;
    *ret = NOT_VALID_NOW;
    if (rrsig_time(sig->inception, now) > now || rrsig_time(sig->expiration, now) <= now)
        return ERR_OK;
    int err = rrsig_fits(s->set, sig, s->key, s->job->params) ? verify(s, sig, &good) : ERR_OK;
    *ret = good ? USABLE : NOT_OF_THIS_SET;
    return err;
}

bool given_is_better(const struct job *job, const struct zone_sig *a, const struct zone_sig *b)
{
    int64_t now = job->params->now;
    return rrsig_time(a->expiration, now) > rrsig_time(b->expiration, now);
}

/* The key's signatures over the type of the set, at the apex of ZONE. */
static int look_in(struct search *s, const struct zone *zone)
{
    struct zone_rrset there;
    int err = ERR_OK;
    if (zone == NULL || !zone_rrset(zone, s->set->owner, s->set->type, &there))
        return ERR_OK;
    const uint8_t *pos = there.sigs;
    for (uint32_t i = 0; i < there.sig_n && err == ERR_OK; i++) {
        struct zone_sig sig;
        enum closeness how = NO_SIGNATURE;
        sig_walk_next(&there, &pos, &sig);
        if (sig.key_tag != key_tag(s->key) || sig.algorithm != key_algorithm(s->key))
            continue;
        err = judge(s, &sig, &how);
        if (err == ERR_OK &&
            (how > s->closest || (how == s->closest && given_is_better(s->job, &sig, &s->found)))) {
            s->closest = how;
            s->found = sig;
        }
    }
    return err;
}

int given_find(const struct job *job, const struct key *k, const struct zone_rrset *set,
               struct zone_sig *ret, bool *ret_found)
{
    AUTO(search) struct search s = {.job = job, .key = k, .set = set};
    int err = look_in(&s, job->params->given);
    if (err != ERR_OK)
        return err;
    *ret_found = s.closest == USABLE;
    if (*ret_found)
        *ret = s.found;
    return ERR_OK;
}

/* ------------------------------------------------------------------ what is missing */

static void found_text(const struct search *s, char *ret, size_t size)
{
    char from[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    int64_t now = s->job->params->now;
    time_format_rfc3339(rrsig_time(s->found.inception, now), from);
    time_format_rfc3339(rrsig_time(s->found.expiration, now), until);
    switch (s->closest) {
    case NO_SIGNATURE: (void)snprintf(ret, size, "no signature of it is at hand"); break;
    case NOT_VALID_NOW:
        (void)snprintf(ret, size, "the one at hand is valid from %s until %s", from, until);
        break;
    case NOT_OF_THIS_SET:
    case USABLE:
        (void)snprintf(ret, size, "the one at hand, valid until %s, does not verify over it",
                       until);
        break;
    }
}

static int refuse(const struct search *s)
{
    char at[RECORD_TEXT_LEN];
    char found[192];
    record_to_text(s->set->owner, s->set->type, at);
    found_text(s, found, sizeof found);
    diag_add(s->job->diags, &rule_key_signature, AT_NOWHERE, at,
             "%s %u (%.16s…), whose private half is not here, must sign this: %s",
             key_role_text(key_role(s->key)), key_tag(s->key), key_digest(s->key), found);
    return ERR_KEY;
}

static int check_set(const struct job *job, const struct key *k, const struct zone_rrset *set)
{
    AUTO(search) struct search s = {.job = job, .key = k, .set = set};
    int err = look_in(&s, job->params->given);
    if (err == ERR_OK && s.closest != USABLE)
        err = look_in(&s, job->previous);
    if (err != ERR_OK)
        return err;
    return s.closest == USABLE ? ERR_OK : refuse(&s);
}

int given_check(const struct job *job, const struct zone *zone)
{
    static const uint16_t types[] = {KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY};
    int err = ERR_OK;
    for (size_t i = 0; i < job->key_n && err == ERR_OK; i++) {
        const struct sign_key *k = &job->keys[i].use;
        for (size_t t = 0; t < sizeof types / sizeof *types && err == ERR_OK; t++) {
            struct zone_rrset set;
            if (key_is_public(k->key) && sign_key_signs(k, types[t], true) &&
                zone_rrset(zone, zone->apex, types[t], &set))
                err = check_set(job, k->key, &set);
        }
    }
    return err;
}
