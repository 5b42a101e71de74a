#include "mudgen/yangnames.h"

#include <string.h>

#include "common/nearest.h"

#define NAME_MAX_LEN 64 /* no module has a longer name */

const struct lysc_node *yang_find(const struct ly_ctx *ctx, const struct lysc_node *parent,
                                  const char *key)
{
    const char *colon = strchr(key, ':');
    const struct lys_module *module = parent == NULL ? NULL : parent->module;
    if (colon != NULL) {
        char name[NAME_MAX_LEN];
        size_t len = (size_t)(colon - key);
        if (len >= sizeof(name))
            return NULL;
        memcpy(name, key, len);
        name[len] = 0;
        module = ly_ctx_get_module_implemented(ctx, name);
        key = colon + 1;
    }
    return module == NULL || *key == 0 ? NULL : lys_find_child(parent, module, key, 0, 0, 0);
}

struct nearest {
    const char *name; /* without module */
    const struct lysc_node *node;
    size_t distance;
};

static void consider(struct nearest *n, const struct lysc_node *node)
{
    size_t d = nearest_distance(n->name, node->name);
    if (d < n->distance) {
        n->distance = d;
        n->node = node;
    }
}

const char *yang_nearest(struct arena *a, const struct ly_ctx *ctx, const struct lysc_node *parent,
                         const char *key)
{
    const char *colon = strchr(key, ':');
    struct nearest n = {.name = colon == NULL ? key : colon + 1};
    const struct lysc_node *s = NULL;
    n.distance = strlen(n.name) < 6 ? 2 : 3; /* fewer edits than this */
    if (parent != NULL) {
        while ((s = lys_getnext(s, parent, NULL, 0)) != NULL)
            consider(&n, s);
    } else {
        const struct lys_module *module;
        uint32_t i = 0;
        while ((module = ly_ctx_get_module_iter(ctx, &i)) != NULL) {
            for (s = NULL;
                 module->implemented && (s = lys_getnext(s, NULL, module->compiled, 0)) != NULL;)
                consider(&n, s);
        }
    }
    if (n.node == NULL)
        return NULL;
    if (parent != NULL && parent->module == n.node->module)
        return n.node->name;
    return arena_printf(a, "%s:%s", n.node->module->name, n.node->name);
}

const struct json_node *yang_member(const struct json_node *object, const struct lysc_node *node)
{
    if (object == NULL)
        return NULL;
    size_t len = strlen(node->module->name);
    for (const struct json_node *m = object->child; m != NULL; m = m->next) {
        const char *colon = strchr(m->key, ':');
        const char *name = colon == NULL ? m->key : colon + 1;
        if (strcmp(name, node->name) != 0)
            continue;
        if (colon == NULL ||
            ((size_t)(colon - m->key) == len && memcmp(m->key, node->module->name, len) == 0))
            return m;
    }
    return NULL;
}

const struct json_node *yang_case_member(const struct json_node *object, const struct lysc_node *in)
{
    const struct json_node *m = NULL;
    for (const struct lysc_node *s = lysc_node_child(in); s != NULL && m == NULL; s = s->next) {
        bool inner = s->nodetype == LYS_CHOICE || s->nodetype == LYS_CASE;
        m = inner ? yang_case_member(object, s) : yang_member(object, s);
    }
    return m;
}
