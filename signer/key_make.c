/* New keys, with tags that no other key of the zone has (trust rule 2). */
#include "common/err.h"
#include "common/limits.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"

#define KEY_TAG_TRIES 64 /* keys collide once in 16,000 times: this many in a row are a fault */

static bool is_taken(const struct bytes *taken, size_t taken_n, const struct key *k)
{
    for (size_t i = 0; i < taken_n; i++) {
        if (dnskey_tags_collide(taken[i], key_dnskey_rdata(k)))
            return true;
    }
    return false;
}

static int generate(uint8_t algorithm, enum key_role role, const char *store, const char *label,
                    struct key **ret, struct diags *diags)
{
    if (store != NULL)
        return key_generate_on_token(store, algorithm, role, label, ret, diags);
    int err = key_generate(algorithm, role, ret);
    if (err != ERR_OK)
        diag_add(diags, &rule_key_make, AT_NOWHERE, algorithm_text(algorithm),
                 "no key could be made: %s", err_text(err));
    return err;
}

int key_generate_unlike(const struct bytes *taken, size_t taken_n, uint8_t algorithm,
                        enum key_role role, const char *store, const char *label, struct key **ret,
                        struct diags *diags)
{
    for (unsigned i = 0; i < KEY_TAG_TRIES; i++) {
        AUTO_PTR(key) struct key *k = NULL;
        int err = generate(algorithm, role, store, label, &k, diags);
        if (err != ERR_OK)
            return err;
        if (!is_taken(taken, taken_n, k)) {
            *ret = TAKE(k);
            return ERR_OK;
        }
        if (store != NULL && key_destroy_on_token(k) != ERR_OK)
            diag_add(diags, &rule_key_unused, AT_NOWHERE, label,
                     "key %.16s…, whose tag %u is taken, stays on the token", key_digest(k),
                     key_tag(k));
    }
    diag_add(diags, &rule_key_make, AT_NOWHERE, algorithm_text(algorithm),
             "%d new keys in a row had a tag that is taken", KEY_TAG_TRIES);
    return ERR_CRYPTO;
}

int keyset_generate(struct keyset *set, uint8_t algorithm, enum key_role role, struct diags *diags)
{
    struct bytes taken[LIMIT_ZONE_KEYS];
    for (size_t i = 0; i < set->n; i++)
        taken[i] = key_dnskey_rdata(set->keys[i]);
    struct key *k = NULL;
    int err = key_generate_unlike(taken, set->n, algorithm, role, NULL, NULL, &k, diags);
    return err == ERR_OK ? keyset_add(set, k) : err;
}
