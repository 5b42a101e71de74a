/* Reading leaves of the validated tree. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "common/timetext.h"
#include "zones/inventory_int.h"

const struct lyd_node *tree_child(const struct lyd_node *parent, const char *name)
{
    for (const struct lyd_node *c = lyd_child(parent); c != NULL; c = c->next) {
        if (strcmp(c->schema->name, name) == 0)
            return c;
    }
    return NULL;
}

const struct lyd_node *tree_next(const struct lyd_node *node)
{
    const struct lysc_node *schema = node->schema;
    for (node = node->next; node != NULL && node->schema != schema; node = node->next)
        ;
    return node;
}

size_t tree_count(const struct lyd_node *parent, const char *name)
{
    size_t n = 0;
    for (const struct lyd_node *c = tree_child(parent, name); c != NULL; c = tree_next(c))
        n++;
    return n;
}

struct diag_where tree_where(const struct lyd_node *node)
{
    while (node != NULL && node->priv == NULL)
        node = lyd_parent(node);
    return node == NULL ? AT_NOWHERE : *(const struct diag_where *)node->priv;
}

static const struct lyd_node_term *term(const struct lyd_node *parent, const char *name)
{
    return (const struct lyd_node_term *)tree_child(parent, name);
}

static const char *keep(struct inv_ctx *ctx, const char *text)
{
    const char *kept = text == NULL ? NULL : arena_strdup(ctx->arena, text);
    ctx->nomem = ctx->nomem || kept == NULL;
    return kept == NULL ? "" : kept;
}

const char *tree_text(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *leaf = tree_child(parent, name);
    return leaf == NULL ? NULL : keep(ctx, lyd_get_value(leaf));
}

bool tree_bool(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node_term *leaf = term(parent, name);
    return leaf != NULL && leaf->value.boolean;
}

int tree_enum(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node_term *leaf = term(parent, name);
    return leaf == NULL ? 0 : leaf->value.enum_item->value;
}

uint32_t tree_duration(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *leaf = tree_child(parent, name);
    uint32_t seconds = 0;
    if (leaf != NULL && !duration_parse(lyd_get_value(leaf), &seconds))
        FINDING(ctx, &rule_inv_duration, tree_where(leaf), schema_at(ctx, leaf, NULL), "%s",
                lyd_get_value(leaf));
    return seconds;
}

int64_t tree_moment(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *leaf = tree_child(parent, name);
    int64_t at = 0;
    if (leaf == NULL)
        return 0;
    const char *text = lyd_get_value(leaf);
    if (!time_parse_date(text, &at) && !time_parse_rfc3339(text, &at))
        FINDING(ctx, &rule_inv_date, tree_where(leaf), schema_at(ctx, leaf, NULL), "%s", text);
    return at;
}

const char *tree_path(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name,
                      const char *file)
{
    const struct lyd_node *leaf = tree_child(parent, name);
    if (leaf == NULL)
        return NULL;
    const char *text = lyd_get_value(leaf);
    if (strncmp(text, "pkcs11:", 7) == 0)
        return keep(ctx, text);
    const struct diag_where *where = leaf->priv;
    char *path = file_relative_to(where == NULL ? file : where->file, text);
    const char *kept = keep(ctx, path);
    free(path);
    return kept;
}
