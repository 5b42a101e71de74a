/* How the parent is observed: `parent`, and the agents and TSIG keys of `service`. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "zones/inventory_int.h"

/* The schema knows the form; whether it is an address, and a port, is decided here. */
static bool is_address(const char *text)
{
    char host[INET6_ADDRSTRLEN + 1];
    uint8_t raw[16];
    const char *at = strchr(text, '@');
    size_t len = at == NULL ? 0 : (size_t)(at - text);
    if (len == 0 || len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = 0;
    char *end = NULL;
    unsigned long port = strtoul(at + 1, &end, 10);
    return *end == 0 && port >= 1 && port <= 65535 &&
           (inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1);
}

static const char *address_take(struct inv_ctx *ctx, const struct lyd_node *n, const char *name)
{
    const struct lyd_node *leaf = tree_child(n, name);
    if (leaf == NULL)
        return NULL;
    if (!is_address(lyd_get_value(leaf)))
        FINDING(ctx, &rule_inv_address, tree_where(leaf), schema_at(ctx, leaf, NULL), "%.100s",
                lyd_get_value(leaf));
    return tree_text(ctx, n, name);
}

static int tsig_keys_take(struct inv_ctx *ctx, const struct lyd_node *service,
                          struct inventory *inv)
{
    inv->tsig_key_n = tree_count(service, "tsig-keys");
    struct inv_tsig_key *k = arena_zalloc(ctx->arena, inv->tsig_key_n, sizeof *k);
    if (k == NULL)
        return ERR_NOMEM;
    inv->tsig_keys = k;
    for (const struct lyd_node *n = tree_child(service, "tsig-keys"); n != NULL;
         n = tree_next(n), k++) {
        struct inv_name name;
        const struct lyd_node *leaf = tree_child(n, "name");
        k->where = tree_where(n);
        if (inv_owner_take(ctx, leaf, &name)) {
            k->name = name.wire;
            k->text = name.text;
        }
        k->algorithm = tree_text(ctx, n, "algorithm");
        k->secret_file = tree_path(ctx, n, "secret-file", inv->file);
    }
    return ERR_OK;
}

static const struct inv_tsig_key *tsig_key_find(struct inv_ctx *ctx, const struct inventory *inv,
                                                const struct lyd_node *agent)
{
    struct inv_name name;
    const struct lyd_node *leaf = tree_child(agent, "tsig");
    if (leaf == NULL || !inv_owner_take(ctx, leaf, &name))
        return NULL;
    for (size_t i = 0; i < inv->tsig_key_n; i++) {
        const struct inv_tsig_key *k = &inv->tsig_keys[i];
        if (k->name != NULL && name_compare(k->name, name.wire) == 0)
            return k;
    }
    FINDING(ctx, &rule_inv_unknown_reference, tree_where(leaf), schema_at(ctx, leaf, NULL),
            "no TSIG key \"%s\"", name.text);
    return NULL;
}

static int agents_take(struct inv_ctx *ctx, const struct lyd_node *service, struct inventory *inv)
{
    inv->parent.agent_n = tree_count(service, "parent-agents");
    struct inv_agent *a = arena_zalloc(ctx->arena, inv->parent.agent_n, sizeof *a);
    if (a == NULL)
        return ERR_NOMEM;
    inv->parent.agents = a;
    for (const struct lyd_node *n = tree_child(service, "parent-agents"); n != NULL;
         n = tree_next(n), a++) {
        a->where = tree_where(n);
        a->name = tree_text(ctx, n, "name");
        a->address = address_take(ctx, n, "address");
        a->tsig = tsig_key_find(ctx, inv, n);
    }
    return ERR_OK;
}

int parent_take(struct inv_ctx *ctx, struct inventory *inv)
{
    const struct lyd_node *n = tree_child(ctx->root, "parent");
    const struct lyd_node *service = tree_child(ctx->root, "service");
    inv->parent.trust_anchor = tree_path(ctx, n, "trust-anchor", inv->file);
    inv->parent.resolver = address_take(ctx, n, "resolver");
    inv->parent.observations = tree_path(ctx, n, "observations", inv->file);
    if (service == NULL)
        return ERR_OK;
    int err = tsig_keys_take(ctx, service, inv);
    return err == ERR_OK ? agents_take(ctx, service, inv) : err;
}
