/* The YANG module, the tree that is built by it, and what the whole must have. */
#include <string.h>

#include "common/err.h"
#include "embedded/yang_mudzone_inventory.h"
#include "zones/inventory_int.h"

/* ------------------------------------------------------------------ opening */

/* inventory_build.c keeps an array by child. */
static bool children_fit(const struct lysc_node *parent)
{
    size_t n = 0;
    for (const struct lysc_node *c = lysc_node_child(parent); c != NULL; c = c->next) {
        if (++n > INV_CHILDREN_MAX || !children_fit(c))
            return false;
    }
    return true;
}

int schema_open(struct inv_ctx *ctx)
{
    ly_log_options(LY_LOSTORE);
    if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &ctx->ly) != LY_SUCCESS)
        return ERR_NOMEM;
    struct lys_module *module = NULL;
    if (lys_parse_mem(ctx->ly, yang_mudzone_inventory, LYS_IN_YANG, &module) != LY_SUCCESS)
        return ERR_INTERNAL;
    ctx->module = module;
    if (!children_fit(module->compiled->data))
        return ERR_INTERNAL;
    if (lyd_new_inner(NULL, ctx->module, "inventory", 0, &ctx->root) != LY_SUCCESS)
        return ERR_NOMEM;
    ctx->entries = name_map_new();
    return ctx->entries == NULL ? ERR_NOMEM : 0;
}

void schema_close(struct inv_ctx *ctx)
{
    name_map_free(ctx->entries);
    ctx->entries = NULL;
    lyd_free_all(ctx->root);
    ctx->root = NULL;
    ly_ctx_destroy(ctx->ly);
    ctx->ly = NULL;
}

/* ------------------------------------------------------------------ names of nodes */

static const char *key_of(const struct lyd_node *node)
{
    if (node->schema->nodetype != LYS_LIST || (node->schema->flags & LYS_KEYLESS) != 0)
        return NULL;
    const struct lyd_node *key = lyd_child(node);
    return key == NULL || key->priv == NULL ? "?" : lyd_get_value(key);
}

const char *schema_at(struct inv_ctx *ctx, const struct lyd_node *node, const char *child)
{
    const char *at = child == NULL ? "" : child;
    for (; node != NULL && node->parent != NULL && at != NULL; node = lyd_parent(node)) {
        const char *dot = *at == 0 ? "" : ".";
        const char *key = key_of(node);
        if (key == NULL)
            at = arena_printf(ctx->arena, "%s%s%s", node->schema->name, dot, at);
        else
            at = arena_printf(ctx->arena, "%s[%s]%s%s", node->schema->name, key, dot, at);
    }
    return at == NULL || *at == 0 ? NULL : at;
}

/* ------------------------------------------------------------------ closing */

static void missing_at_top(struct inv_ctx *ctx, const char *main_file)
{
    size_t i = 0;
    for (const struct lysc_node *c = lysc_node_child(ctx->root->schema); c != NULL; c = c->next) {
        if ((c->flags & LYS_MAND_TRUE) != 0 && ctx->root_seen[i] == NULL) {
            MALFORMED(ctx, &rule_inv_missing_key, AT_FILE(main_file), NULL, "no \"%s\"", c->name);
            diag_expect(ctx->diags, "\"%s\", which every inventory has", c->name);
        }
        i++;
    }
}

/* libyang's last finding. Its path is a sentence: Data location "/a:b/c[d='e']". */
static void report_libyang(struct inv_ctx *ctx, const char *main_file)
{
    const char *path = ly_errpath(ctx->ly);
    const char *start = path == NULL ? NULL : strchr(path, '"');
    const char *end = start == NULL ? NULL : strrchr(start + 1, '"');
    const struct lyd_node *node = NULL;
    struct lyd_node *match = NULL;
    if (end != NULL) {
        const char *inner = arena_strndup(ctx->arena, start + 1, (size_t)(end - start - 1));
        const char *text = arena_strdup(ctx->arena, ly_errmsg(ctx->ly));
        if (inner != NULL && lyd_find_path(ctx->root, inner, 0, &match) == LY_SUCCESS)
            node = match;
        MALFORMED(ctx, &rule_inv_schema, node == NULL ? AT_FILE(main_file) : tree_where(node),
                  inner, "%s", text == NULL ? "" : text);
    } else {
        const char *text = ly_errmsg(ctx->ly);
        MALFORMED(ctx, &rule_inv_schema, AT_FILE(main_file), NULL, "%s", text == NULL ? "" : text);
    }
    ly_err_clean(ctx->ly, NULL);
}

int schema_finish(struct inv_ctx *ctx, const char *main_file)
{
    if (!ctx->incomplete)
        missing_at_top(ctx, main_file);
    if (ctx->malformed)
        return 0;
    /* Adds the defaults. What it could refuse was found before, with better places; so this is a
       second pair of eyes. */
    LY_ERR rc = lyd_validate_all(&ctx->root, ctx->ly, LYD_VALIDATE_PRESENT, NULL);
    if (rc == LY_EMEM)
        return ERR_NOMEM;
    if (rc != LY_SUCCESS)
        report_libyang(ctx, main_file);
    return 0;
}
