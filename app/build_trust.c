#include <inttypes.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"

/* ------------------------------------------------------------------ trust rule 1 */

static int trust_input(struct build *b, const struct site_zone *z)
{
    AUTO(life) struct life life = {0};
    int err = state_life_get(b->state, z->inv->name, &life);
    bool has_keys = err == ERR_OK;
    err = err == ERR_ABSENT ? ERR_OK : err;
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

static bool manifest_has_key(const struct manifest_zone *z, const char *digest)
{
    for (size_t i = 0; i < z->key_n; i++) {
        if (strcmp(z->keys[i].digest, digest) == 0)
            return true;
    }
    return false;
}

/* Digests are unique, in both. */
static bool publishes_same(const struct life *l, const struct manifest_zone *z)
{
    size_t n = 0;
    for (size_t i = 0; i < l->key_n; i++) {
        if (!life_use(&l->keys[i]).publishes)
            continue;
        if (!manifest_has_key(z, l->keys[i].digest))
            return false;
        n++;
    }
    return n == z->key_n;
}

/* A state folder from an older backup does not know what became of its keys since. Signatures of
   one that was withdrawn meanwhile, caches could not check. */
static int trust_age(struct build *b, const struct site_zone *z)
{
    const struct manifest_zone *old = manifest_zone(&b->old, z->inv->text);
    AUTO(life) struct life life = {0};
    AUTO(state_zone) struct state_zone known = {0};
    if (old == NULL || b->accept_new_keys)
        return ERR_OK;
    int err = state_zone_look(b->state, z->inv->name, &known);
    if (err != ERR_OK || !known.has_serial || !serial_is_after(old->serial, known.serial))
        return err;
    err = state_life_get(b->state, z->inv->name, &life);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    if (publishes_same(&life, old))
        return ERR_OK;
    diag_add(b->app->diags, &rule_state_older, AT_FILE(b->out), z->inv->text,
             "has serial %" PRIu32 ", the state folder is of serial %" PRIu32
             ", and they do not publish the same keys",
             old->serial, known.serial);
    return ERR_KEY;
}

int build_trust(struct build *b)
{
    int first = ERR_OK;
    for (size_t i = 0; i < b->site.zone_n; i++) {
        int err = trust_input(b, &b->site.zones[i]);
        if (err == ERR_OK)
            err = trust_out(b, &b->site.zones[i]);
        if (err == ERR_OK)
            err = trust_age(b, &b->site.zones[i]);
        if (err != ERR_OK && err != ERR_KEY)
            return err;
        first = first == ERR_OK ? err : first;
    }
    return first;
}
