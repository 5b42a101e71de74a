/* Keys of other signers into state: all that are new, or none. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/key_import.h"
#include "signer/rules_files.h"

static bool is_new(const struct foreign_key *k)
{
    return !k->is_known && !k->is_over;
}

/* ------------------------------------------------------------------ which are new */

static int look_up(struct state *s, const struct import_params *p, struct life *known,
                   struct foreign_key *k, struct diags *diags)
{
    const char *role = key_role_text(k->life.role);
    if (k->is_over) {
        diag_add(diags, &rule_import_over, AT_FILE(k->file), p->zone_text,
                 "%s %u has left the zone: not taken in", role, k->life.tag);
        return ERR_OK;
    }
    k->is_known = life_find(known, k->life.digest) != NULL;
    if (k->is_known) {
        diag_add(diags, &rule_import_known, AT_FILE(k->file), p->zone_text,
                 "%s %u is known already, and left as it is", role, k->life.tag);
        return ERR_OK;
    }
    if (!state_knows_key(s, k->life.digest))
        return ERR_OK;
    diag_add(diags, &rule_import_zone, AT_FILE(k->file), p->zone_text,
             "%s %u is a key of another zone in this state folder", role, k->life.tag);
    return ERR_FINDINGS;
}

static int look_up_all(struct state *s, const struct import_params *p, struct life *known,
                       struct foreign_keys *keys, struct diags *diags)
{
    int first = ERR_OK;
    for (size_t i = 0; i < keys->n; i++) {
        int err = look_up(s, p, known, &keys->items[i], diags);
        first = first == ERR_OK ? err : first;
    }
    return first;
}

/* ------------------------------------------------------------------ are they all? */

static bool is_in(const struct life_key *k, enum key_part part)
{
    return k->parts[part].in_at != 0 && k->parts[part].out_at == 0;
}

/* What signs the zone when KNOWN and KEYS are all there is. */
struct signs {
    bool keys;      /* somebody signs the DNSKEY RRset */
    bool data;      /* somebody signs the rest */
    bool is_signed; /* by keys of KEYS: the zone is signed elsewhere today */
};

static void count(const struct life_key *k, struct signs *ret)
{
    ret->keys = ret->keys || (k->role != KEY_ZSK && is_in(k, KEY_PART_DNSKEY));
    ret->data = ret->data || is_in(k, KEY_PART_SIGS);
}

/* Trust rule 1: what is missing would be made anew, and validators refuse what it signs until their
   caches know it. */
static int check_complete(const struct import_params *p, const struct life *known,
                          const struct foreign_keys *keys, struct diags *diags)
{
    struct signs has = {0};
    for (size_t i = 0; i < known->key_n; i++)
        count(&known->keys[i], &has);
    for (size_t i = 0; i < keys->n; i++) {
        const struct foreign_key *k = &keys->items[i];
        if (!is_new(k))
            continue;
        count(&k->life, &has);
        has.is_signed = has.is_signed || is_in(&k->life, KEY_PART_DNSKEY);
    }
    if (!has.is_signed || (has.keys && has.data))
        return ERR_OK;
    if (has.keys)
        diag_add(diags, &rule_import_incomplete, AT_NOWHERE, p->zone_text,
                 "a KSK, and none that signs the zone's data");
    else
        diag_add(diags, &rule_import_incomplete, AT_NOWHERE, p->zone_text,
                 "a ZSK, and none that signs the DNSKEY records");
    if (has.keys)
        diag_expect(diags, "its ZSK too, or --csk if this one signs the data");
    return ERR_FINDINGS;
}

/* ------------------------------------------------------------------ taking */

/* The keys that are new, as state_keys_add wants them. */
struct batch {
    const struct key **keys;
    struct life_key *as;
    size_t n;
};

static void batch_done(struct batch *b)
{
    free(b->keys);
    free(b->as);
}
DEFINE_AUTO(batch)

static int batch_of(const struct foreign_keys *keys, struct batch *ret)
{
    ret->keys = calloc(keys->n + 1, sizeof *ret->keys);
    ret->as = calloc(keys->n + 1, sizeof *ret->as);
    if (ret->keys == NULL || ret->as == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < keys->n; i++) {
        if (!is_new(&keys->items[i]))
            continue;
        ret->keys[ret->n] = keys->items[i].key;
        ret->as[ret->n++] = keys->items[i].life;
    }
    return ERR_OK;
}

/* Trust rule 5: caches hold the old signer's DNSKEY RRset for its TTL. Before the keys: without
   them it is a longer wait at worst, while keys without it could move too early. */
static int remember_ttls(struct state *s, const struct import_params *p,
                         const struct foreign_keys *keys, struct life *known)
{
    int err = ERR_OK;
    for (size_t i = 0; i < keys->n && err == ERR_OK; i++) {
        if (is_new(&keys->items[i]) && keys->items[i].has_ttl)
            err = life_ttl_built(known, TTL_DNSKEY, keys->items[i].ttl_s);
    }
    return err == ERR_OK ? state_life_put(s, p->zone, known) : err;
}

int keys_take_foreign(struct state *s, const struct import_params *params,
                      struct foreign_keys *keys, struct diags *diags)
{
    AUTO(life) struct life known = {0};
    AUTO(batch) struct batch new = {0};
    int err = state_life_get(s, params->zone, &known);
    if (err == ERR_ABSENT)
        err = ERR_OK;
    if (err == ERR_OK)
        err = look_up_all(s, params, &known, keys, diags);
    if (err == ERR_OK)
        err = check_complete(params, &known, keys, diags);
    if (err == ERR_OK)
        err = batch_of(keys, &new);
    if (err != ERR_OK || new.n == 0)
        return err;
    err = remember_ttls(s, params, keys, &known);
    return err == ERR_OK ? state_keys_add(s, params->zone, new.keys, new.as, new.n, params->now,
                                          "brought from another signer", diags)
                         : err;
}
