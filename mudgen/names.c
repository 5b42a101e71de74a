#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/jsontree.h"
#include "mudgen/mudgen.h"

/* Domain names compare without case and without the final dot. Malloc'ed. */
static char *normal_form(const char *text)
{
    size_t len = strlen(text);
    if (len > 1 && text[len - 1] == '.')
        len--;
    char *name = strndup(text, len);
    for (char *p = name; p != NULL && *p != 0; p++)
        *p = (char)tolower((unsigned char)*p);
    return name;
}

static bool is_name_leaf(const char *key)
{
    const char *colon = strchr(key, ':');
    const char *name = colon == NULL ? key : colon + 1;
    return strcmp(name, "src-dnsname") == 0 || strcmp(name, "dst-dnsname") == 0;
}

/* Both leafs have no other meaning anywhere, so their place need not be known. */
static size_t count(const struct json_node *node)
{
    size_t n = node->key != NULL && node->kind == JSON_NODE_STRING && is_name_leaf(node->key);
    for (const struct json_node *c = node->child; c != NULL; c = c->next)
        n += count(c);
    return n;
}

static int collect(const struct json_node *node, struct mud_names *names)
{
    if (node->key != NULL && node->kind == JSON_NODE_STRING && is_name_leaf(node->key)) {
        char *name = normal_form(node->text);
        if (name == NULL)
            return ERR_NOMEM;
        names->names[names->n++] = name;
    }
    for (const struct json_node *c = node->child; c != NULL; c = c->next) {
        int err = collect(c, names);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    char *const *x = a;
    char *const *y = b;
    return strcmp(*x, *y);
}

static void sort_unique(struct mud_names *names)
{
    size_t kept = 0;
    qsort(names->names, names->n, sizeof(*names->names), by_text);
    for (size_t i = 0; i < names->n; i++) {
        if (kept > 0 && strcmp(names->names[kept - 1], names->names[i]) == 0)
            free(names->names[i]);
        else
            names->names[kept++] = names->names[i];
    }
    names->n = kept;
}

int mud_file_names(struct bytes json, struct mud_names *ret)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO(mud_names) struct mud_names names = {0};
    const struct json_node *root = NULL;
    if (a == NULL)
        return ERR_NOMEM;
    int err = json_tree_parse(a, NULL, json, &root, NULL);
    if (err != ERR_OK)
        return err;
    size_t n = count(root);
    if (n > 0) {
        names.names = calloc(n, sizeof(*names.names));
        if (names.names == NULL)
            return ERR_NOMEM;
        err = collect(root, &names);
        if (err != ERR_OK)
            return err;
        sort_unique(&names);
    }
    *ret = names;
    names = (struct mud_names){0};
    return ERR_OK;
}

void mud_names_done(struct mud_names *names)
{
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->n; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct mud_names){0};
}
