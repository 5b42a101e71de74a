#include <string.h>

#include "common/err.h"
#include "common/limits.h"
#include "mudgen/jsontree.h"
#include "mudgen/mudgen.h"
#include "mudgen/rules.h"
#include "mudgen/rules_mud.h"
#include "mudgen/schema.h"
#include "mudgen/yangcheck.h"

/* A string whose text is JSON again: written twice by a careless tool, seen in the wild. */
static bool holds_json(const struct json_node *root)
{
    return root->kind == JSON_NODE_STRING && root->text[strspn(root->text, " \t\r\n")] == '{';
}

static int check_object(struct mud_validator *v, struct arena *a, const char *file,
                        struct bytes text, const struct json_node *root, enum mud_origin origin,
                        struct diags *diags)
{
    if (root->kind != JSON_NODE_OBJECT) {
        diag_add(diags, &rule_mud_not_object, json_where(file, root), NULL, "%s%s",
                 json_excerpt(a, root) == NULL ? "" : json_excerpt(a, root),
                 holds_json(root) ? ", a string that holds the JSON text" : "");
        return ERR_FINDINGS;
    }
    int err = yang_check(v->ctx, a, file, text, root, diags);
    if (err != ERR_OK && err != ERR_FINDINGS)
        return err;
    struct rules_run run = {.arena = a, .file = file, .origin = origin, .diags = diags};
    int rules_err = mud_rules_check(&run, root);
    return rules_err != ERR_OK ? rules_err : err;
}

int mud_validate(struct mud_validator *v, const char *file, struct bytes json,
                 enum mud_origin origin, struct diags *diags)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO_PTR(diags) struct diags *own = NULL;
    const struct json_node *root = NULL;
    if (a == NULL)
        return ERR_NOMEM;
    if (diags == NULL && (diags = own = diags_new()) == NULL) /* errors are counted there */
        return ERR_NOMEM;
    size_t errors = diags_count(diags, SEV_ERROR);
    /* libyang reads up to a NUL, which the caller's bytes need not end with */
    if (json.len > 0 && json.len <= LIMIT_MUD_BYTES) {
        json.data = (const uint8_t *)arena_strndup(a, (const char *)json.data, json.len);
        if (json.data == NULL)
            return ERR_NOMEM;
    }
    int err = json_tree_parse(a, file, json, &root, diags);
    if (err == ERR_OK)
        err = check_object(v, a, file, json, root, origin, diags);
    if (err != ERR_OK)
        return err;
    return diags_count(diags, SEV_ERROR) > errors ? ERR_FINDINGS : ERR_OK;
}
