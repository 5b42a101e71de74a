/* Where keys are made and kept: `key-stores`, and what policies say of them. */
#include <string.h>

#include "zones/inventory_int.h"

#define STORE_FILES  "files"
#define ALG_ED25519  15
#define ALG_ED448    16
#define PKCS11_START "pkcs11:"

/* The value of the attribute NAME of URI (RFC 7512 s2.3), as it stands; NULL: there is none. */
static const char *attribute(const char *uri, const char *name, size_t *ret_len)
{
    size_t name_len = strlen(name);
    const char *at = uri + strlen(PKCS11_START);
    while (*at != 0) {
        size_t len = strcspn(at, ";?&");
        if (len > name_len && at[name_len] == '=' && strncmp(at, name, name_len) == 0) {
            *ret_len = len - name_len - 1;
            return at + name_len + 1;
        }
        at += len + (at[len] != 0);
    }
    return NULL;
}

/* What is wrong with URI as the address of a token; NULL: nothing. */
static const char *why_not(const char *uri)
{
    size_t len = 0;
    if (attribute(uri, "token", &len) == NULL && attribute(uri, "serial", &len) == NULL)
        return "names no token";
    if (attribute(uri, "object", &len) != NULL || attribute(uri, "id", &len) != NULL)
        return "names one key";
    const char *pin = attribute(uri, "pin-source", &len);
    if (pin != NULL && strncmp(pin, "/", 1) != 0 && strncmp(pin, "%2F", 3) != 0)
        return "pin-source is no absolute path";
    return NULL;
}

static void store_read(struct inv_ctx *ctx, const struct lyd_node *store)
{
    const char *name = tree_text(ctx, store, "name");
    const char *uri = tree_text(ctx, store, "uri");
    const struct lyd_node *leaf = tree_child(store, "uri");
    if (name != NULL && (strcmp(name, STORE_FILES) == 0 || strcmp(name, KEY_STORE_OFFLINE) == 0))
        FINDING(ctx, &rule_inv_store_name, tree_where(store), schema_at(ctx, store, NULL), "%s",
                name);
    const char *why = uri == NULL || leaf == NULL ? NULL : why_not(uri);
    if (why != NULL) /* not the URI itself: it may say a PIN */
        FINDING(ctx, &rule_inv_store_uri, tree_where(leaf), schema_at(ctx, leaf, NULL), "%s", why);
}

void stores_read(struct inv_ctx *ctx)
{
    for (const struct lyd_node *n = tree_child(ctx->root, "key-stores"); n != NULL;
         n = tree_next(n))
        store_read(ctx, n);
}

const char *store_take(struct inv_ctx *ctx, const struct lyd_node *policy, const char *name)
{
    const struct lyd_node *leaf = tree_child(policy, name);
    const char *wanted = lyd_get_value(leaf);
    if (strcmp(wanted, STORE_FILES) == 0)
        return NULL;
    if (strcmp(wanted, KEY_STORE_OFFLINE) == 0)
        return KEY_STORE_OFFLINE;
    for (const struct lyd_node *n = tree_child(ctx->root, "key-stores"); n != NULL;
         n = tree_next(n)) {
        if (strcmp(lyd_get_value(tree_child(n, "name")), wanted) == 0)
            return tree_text(ctx, n, "uri");
    }
    FINDING(ctx, &rule_inv_unknown_reference, tree_where(leaf), schema_at(ctx, leaf, NULL),
            "no key store \"%s\"", wanted);
    diag_expect(ctx->diags, "one of key-stores, \"files\", or (a KSK's) \"offline\"");
    return NULL;
}

static bool is_token(const char *store)
{
    return store != NULL && strcmp(store, KEY_STORE_OFFLINE) != 0;
}

static bool is_offline(const char *store)
{
    return store != NULL && strcmp(store, KEY_STORE_OFFLINE) == 0;
}

void stores_check(struct inv_ctx *ctx, const struct dnssec_policy *p, const char *at)
{
    bool is_eddsa = p->algorithm == ALG_ED25519 || p->algorithm == ALG_ED448;
    if (is_eddsa && (is_token(p->ksk_store) || (!p->single_key && is_token(p->zsk_store))))
        FINDING(ctx, &rule_inv_store_use, p->where, at, "%s on a token",
                p->algorithm == ALG_ED25519 ? "ed25519" : "ed448");
    if (is_offline(p->zsk_store))
        FINDING(ctx, &rule_inv_store_use, p->where, at, "zsk-store: offline");
    if (is_offline(p->ksk_store) && p->single_key)
        FINDING(ctx, &rule_inv_store_use, p->where, at, "ksk-store: offline, with a single key");
}
