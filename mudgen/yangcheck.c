#include "mudgen/yangcheck.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "mudgen/rules.h"
#include "mudgen/yangbuild.h"

/* The data node that a message is about: its path is a sentence, `Data location "PATH".` */
static struct lyd_node *node_of(const struct yang_build *b, const struct ly_err_item *e)
{
    struct lyd_node *node = NULL;
    if (e == NULL || e->path == NULL || b->tree == NULL)
        return NULL;
    const char *start = strstr(e->path, "Data location \"");
    if (start == NULL)
        return NULL;
    AUTO_FREE char *path = strdup(start + strlen("Data location \""));
    char *end = path == NULL ? NULL : strrchr(path, '"');
    if (end == NULL)
        return NULL;
    *end = 0;
    return lyd_find_path(b->tree, path, 0, &node) == LY_SUCCESS ? node : NULL;
}

static bool is_reference(const struct lyd_node *node)
{
    return (node->schema->nodetype & LYD_NODE_TERM) != 0 &&
           ((const struct lysc_node_leaf *)node->schema)->type->basetype == LY_TYPE_LEAFREF;
}

/* A message of lyd_validate_all, at the JSON that NODE or its nearest written ancestor came from.
 */
static void report(struct yang_build *b, const struct lyd_node *node, const char *message)
{
    const struct json_node *json = NULL;
    for (const struct lyd_node *n = node; n != NULL && json == NULL; n = lyd_parent(n))
        json = n->priv;
    if (json == NULL)
        return;
    if (is_reference(node)) {
        yang_add(b, &rule_mud_reference, json,
                 arena_printf(b->arena, "%s names nothing", json_excerpt(b->arena, json)));
        return;
    }
    yang_add(b, &rule_mud_condition, json, arena_strdup(b->arena, message));
}

/*
 * A missing node has no place in the data, but all are reported already: what lacks them goes. Only
 * in the module that libyang looks at, as references of later modules may still be wrong.
 */
static bool drop_lacking(struct yang_build *b, const struct ly_err_item *e)
{
    static const char location[] = "Schema location \"/";
    const char *path = e == NULL || e->path == NULL ? NULL : strstr(e->path, location);
    if (path == NULL)
        return false;
    path += sizeof(location) - 1;
    return yang_drop_lacking(b, path, strcspn(path, ":"));
}

/* Conditions and references: libyang stops at the first, so what it names is taken out, and again.
   False: there may be more. */
static bool validate_repeatedly(struct yang_build *b)
{
    size_t bytes = 0; /* of JSON, validated again */
    for (unsigned i = 0; i < LIMIT_MUD_RECHECKS && !b->no_memory; i++, bytes += b->file_len) {
        if (bytes > LIMIT_MUD_RECHECK_BYTES)
            return false;
        ly_err_clean(b->ctx, NULL);
        if (lyd_validate_all(&b->tree, b->ctx, LYD_VALIDATE_NO_STATE, NULL) == LY_SUCCESS)
            return true;
        const struct ly_err_item *e = ly_err_last(b->ctx);
        struct lyd_node *node = node_of(b, e);
        if (node != NULL) {
            report(b, node, e->msg);
            yang_drop(b, node);
        } else if (!drop_lacking(b, e)) {
            return false; /* not explained: then libyang's own words have to do */
        }
    }
    return false;
}

/* All that is wrong; FIRST, if not NULL, is libyang's own word for when nothing is found. */
static int explain(struct ly_ctx *ctx, struct arena *a, const char *file, size_t file_len,
                   const struct json_node *root, const char *first, struct diags *diags)
{
    struct yang_build b = {
        .ctx = ctx, .arena = a, .file = file, .file_len = file_len, .diags = diags};
    yang_build(&b, root);
    bool all = b.found < LIMIT_MUD_EXPLAINED && (b.draft || validate_repeatedly(&b));
    yang_build_done(&b);
    ly_err_clean(ctx, NULL);
    if (b.no_memory)
        return ERR_NOMEM;
    if (b.found == 0 && first != NULL)
        diag_add(diags, &rule_mud_invalid, AT_FILE(file), NULL, "%s", first);
    else if (!all)
        diag_add(diags, &rule_mud_more, AT_FILE(file), NULL, "too many errors to look further");
    return ERR_FINDINGS;
}

static bool has_repeated(const struct json_node *node)
{
    for (const struct json_node *c = node->child; c != NULL; c = c->next) {
        if (c->repeated || has_repeated(c))
            return true;
    }
    return false;
}

int yang_check(struct ly_ctx *ctx, struct arena *a, const char *file, struct bytes text,
               const struct json_node *root, struct diags *diags)
{
    struct lyd_node *tree = NULL;
    ly_err_clean(ctx, NULL);
    LY_ERR rc =
        lyd_parse_data_mem(ctx, (const char *)text.data, LYD_JSON,
                           LYD_PARSE_STRICT | LYD_PARSE_NO_STATE, LYD_VALIDATE_NO_STATE, &tree);
    lyd_free_all(tree);
    if (rc == LY_SUCCESS)
        return ERR_OK;
    const struct ly_err_item *e = ly_err_last(ctx);
    const char *first = arena_strdup(a, e == NULL || e->msg == NULL ? "refused" : e->msg);
    if (rc == LY_EMEM || first == NULL)
        return ERR_NOMEM;
    if (has_repeated(root)) /* reported; what libyang makes of a doubled member is no news */
        return explain(ctx, a, file, text.len, root, NULL, diags);
    return explain(ctx, a, file, text.len, root, first, diags);
}
