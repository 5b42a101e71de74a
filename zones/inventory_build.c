/*
 * libfyaml nodes of one file into the libyang tree, every error of form with its place.
 *
 * The walk goes along the schema, so its depth is the schema's, whatever the text nests or aliases.
 */
#include <string.h>

#include <libfyaml.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/nearest.h"
#include "zones/inventory_int.h"

#define KEY_SHOWN 100u /* bytes of an unknown key in a finding */

struct build {
    struct inv_ctx *ctx;
    struct yaml_doc *doc;
};

/* A value on its way into the tree. */
struct item {
    const struct lysc_node *schema;
    struct lyd_node *parent;
    struct fy_node *node; /* aliases followed; NULL: no value */
    struct diag_where where;
    bool stated;
    bool usable; /* false: a finding was added already */
    bool again;  /* the tree has it from another file: only looked at */
};

/* The values of a mapping, by position of the child in the schema. */
struct mapping {
    struct item items[INV_CHILDREN_MAX];
};

static int add_children(struct build *b, struct mapping *m, struct lyd_node *self);

/* ------------------------------------------------------------------ findings */

static const char *item_at(struct build *b, const struct item *it)
{
    if (!lysc_is_key(it->schema))
        return schema_at(b->ctx, it->parent, it->schema->name);
    const struct lysc_node *list = it->schema->parent; /* the entry is not made yet */
    const char *name = arena_printf(b->ctx->arena, "%s.%s", list->name, it->schema->name);
    return schema_at(b->ctx, it->parent, name);
}

static void wrong_type(struct build *b, const struct item *it, const char *expected)
{
    MALFORMED(b->ctx, &rule_inv_wrong_type, it->where, item_at(b, it), "%s",
              yaml_kind_text(yaml_kind(it->node)));
    diag_expect(b->ctx->diags, "%s", expected);
}

static const struct lysc_type *type_of(const struct lysc_node *schema)
{
    const struct lysc_type *type = schema->nodetype == LYS_LEAFLIST
                                       ? ((const struct lysc_node_leaflist *)schema)->type
                                       : ((const struct lysc_node_leaf *)schema)->type;
    if (type->basetype == LY_TYPE_LEAFREF)
        type = ((const struct lysc_type_leafref *)type)->realtype;
    return type;
}

/* What a value of the type looks like. Patterns and lengths say it by the error-message of the
   module, which libyang has just left behind. */
static void expect_type(struct inv_ctx *ctx, const struct lysc_node *schema)
{
    const struct lysc_type *type = type_of(schema);
    const struct lysc_type_num *num = (const struct lysc_type_num *)type;
    AUTO(buf) struct buf words = {0};
    if (type->basetype == LY_TYPE_ENUM) {
        const struct lysc_type_enum *e = (const struct lysc_type_enum *)type;
        for (LY_ARRAY_COUNT_TYPE i = 0; i < LY_ARRAY_COUNT(e->enums); i++)
            buf_printf(&words, "%s%s", i == 0 ? "" : ", ", e->enums[i].name);
    } else if (type->basetype == LY_TYPE_BOOL) {
        buf_add_str(&words, "true or false");
    } else if (type->basetype == LY_TYPE_UINT8 && num->range != NULL && num->range->emsg != NULL) {
        buf_add_str(&words, num->range->emsg);
    } else {
        const char *text = ly_errmsg(ctx->ly);
        buf_add_str(&words, text == NULL ? "another value" : text);
    }
    diag_expect(ctx->diags, "%s", buf_str(&words));
}

static void bad_value(struct build *b, const struct item *it, const char *text)
{
    MALFORMED(b->ctx, &rule_inv_bad_value, it->where, item_at(b, it), "\"%.100s\"", text);
    expect_type(b->ctx, it->schema);
    ly_err_clean(b->ctx->ly, NULL);
}

/* The key that was probably meant, or NULL. */
static const char *nearest_key(const struct lysc_node *schema, const char *key)
{
    const char *best = NULL;
    size_t best_distance = strlen(key) / 3 + 2; /* as far as this it may be meant, not at it */
    for (const struct lysc_node *c = lysc_node_child(schema); c != NULL; c = c->next) {
        size_t distance = nearest_distance(key, c->name);
        if (distance < best_distance) {
            best_distance = distance;
            best = c->name;
        }
    }
    return best;
}

static int unknown_key(struct build *b, const struct lyd_node *self, const char *text, size_t len,
                       struct diag_where where)
{
    if (diags_n(b->ctx->diags) >= LIMIT_FINDINGS) {
        MALFORMED(b->ctx, &rule_inv_unknown_key, where, NULL, "unknown key");
        return 0; /* nobody will read it */
    }
    /* aliases can repeat a mapping with a key of megabytes */
    const char *key = arena_strndup(b->ctx->arena, text, len < KEY_SHOWN ? len : KEY_SHOWN);
    if (key == NULL)
        return ERR_NOMEM;
    const char *near = nearest_key(self->schema, key);
    MALFORMED(b->ctx, &rule_inv_unknown_key, where, schema_at(b->ctx, self, NULL),
              "unknown key \"%s\"", key);
    if (near != NULL) {
        diag_expect(b->ctx->diags, "\"%s\", perhaps", near);
        return 0;
    }
    AUTO(buf) struct buf all = {0};
    for (const struct lysc_node *c = lysc_node_child(self->schema); c != NULL; c = c->next)
        buf_printf(&all, "%s%s", all.len == 0 ? "" : ", ", c->name);
    diag_expect(b->ctx->diags, "one of %s", buf_str(&all));
    return 0;
}

static void already_stated(struct build *b, const struct lyd_node *self, const char *key,
                           struct diag_where where, const struct diag_where *first)
{
    MALFORMED(b->ctx, &rule_inv_duplicate_key, where, schema_at(b->ctx, self, NULL),
              "\"%s\" again, after %s:%u", key, first->file, first->line);
}

/* ------------------------------------------------------------------ reading mappings */

static int set_where(struct inv_ctx *ctx, struct lyd_node *node, struct diag_where where)
{
    struct diag_where *place = arena_zalloc(ctx->arena, 1, sizeof(*place));
    if (place == NULL)
        return ERR_NOMEM;
    *place = where;
    node->priv = place;
    return 0;
}

static const struct lysc_node *find_child(const struct lysc_node *parent, const char *name,
                                          size_t len, size_t *ret_index)
{
    *ret_index = 0;
    for (const struct lysc_node *c = lysc_node_child(parent); c != NULL; c = c->next) {
        if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
            return c;
        ++*ret_index;
    }
    return NULL;
}

static bool is_many(const struct lysc_node *schema)
{
    return schema->nodetype == LYS_LIST || schema->nodetype == LYS_LEAFLIST;
}

/* Over all files a key of the top that is no list stands once; every file may say its version. */
static int note_at_top(struct build *b, struct item *it, size_t index, struct diag_where where)
{
    const struct diag_where *first = b->ctx->root_seen[index];
    if (first == NULL) {
        struct diag_where *place = arena_zalloc(b->ctx->arena, 1, sizeof(*place));
        if (place == NULL)
            return ERR_NOMEM;
        *place = where;
        b->ctx->root_seen[index] = place;
        return 0;
    }
    if (is_many(it->schema))
        return 0;
    it->again = strcmp(it->schema->name, "version") == 0;
    it->usable = it->usable && it->again;
    if (!it->again)
        already_stated(b, it->parent, it->schema->name, where, first);
    return 0;
}

static int read_pair(struct build *b, struct fy_node_pair *pair, struct lyd_node *self,
                     struct diag_where above, struct mapping *m)
{
    struct fy_node *key = fy_node_pair_key(pair);
    struct diag_where where = yaml_where(b->doc, key, above);
    if (yaml_kind(key) != YAML_TEXT || fy_node_is_alias(key)) {
        MALFORMED(b->ctx, &rule_inv_wrong_type, where, schema_at(b->ctx, self, NULL),
                  "a key that is not text");
        diag_expect(b->ctx->diags, "a word");
        return 0;
    }
    size_t len = 0, index;
    const char *text = fy_node_get_scalar(key, &len);
    const struct lysc_node *schema = find_child(self->schema, text, len, &index);
    if (schema == NULL)
        return unknown_key(b, self, text, len, where);
    struct item *it = &m->items[index];
    if (it->stated) {
        already_stated(b, self, schema->name, where, &it->where);
        return 0;
    }
    struct fy_node *value = fy_node_pair_value(pair);
    *it = (struct item){.schema = schema, .parent = self, .stated = true};
    it->where = yaml_where(b->doc, value, where);
    if (lysc_is_key(schema))
        return 0; /* entry_key has looked at it */
    it->usable = yaml_follow(b->ctx, b->doc, value, it->where, &it->node);
    if (it->usable && it->node != value)
        it->where = yaml_where(b->doc, it->node, it->where);
    return self == b->ctx->root ? note_at_top(b, it, index, where) : 0;
}

static int read_mapping(struct build *b, struct fy_node *map, struct lyd_node *self,
                        struct diag_where where, struct mapping *m)
{
    memset(m, 0, sizeof(*m));
    void *iter = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(map, &iter)) != NULL) {
        int err = read_pair(b, pair, self, where, m);
        if (err != 0)
            return err;
    }
    return 0;
}

/* ------------------------------------------------------------------ single values */

/* The text of a scalar. RET is NULL after a finding. */
static int take_text(struct build *b, const struct item *it, const char **ret)
{
    *ret = NULL;
    if (yaml_kind(it->node) != YAML_TEXT) {
        wrong_type(b, it, "a value");
        return 0;
    }
    size_t len = 0;
    if (yaml_text_len(it->node) > LIMIT_INVENTORY_VALUE) {
        MALFORMED(b->ctx, &rule_inv_limit, it->where, item_at(b, it), "a value of %zu bytes",
                  yaml_text_len(it->node));
        diag_expect(b->ctx->diags, "at most %u", LIMIT_INVENTORY_VALUE);
        return 0;
    }
    const char *text = yaml_text(b->ctx, it->node, &len);
    if (text == NULL)
        return ERR_NOMEM;
    if (strlen(text) == len) {
        *ret = text;
        return 0;
    }
    MALFORMED(b->ctx, &rule_inv_bad_value, it->where, item_at(b, it), "a NUL character");
    diag_expect(b->ctx->diags, "text");
    return 0;
}

/* Has the list an entry of this name already? Over all files. (libyang would find it too, but it
   takes quadratic time over equal entries.) */
static int is_known_entry(struct build *b, const struct item *it, const struct item *key,
                          const char *text, bool *ret)
{
    struct diag_where *place = arena_zalloc(b->ctx->arena, 1, sizeof(*place));
    if (place == NULL)
        return ERR_NOMEM;
    *place = key->where;
    const struct map_key name = {it->schema, it->parent, text, strlen(text)};
    const void *old = NULL;
    int err = name_map_add(b->ctx->entries, name, place, &old);
    if (err != 0)
        return err;
    *ret = old != NULL;
    if (old != NULL) {
        const struct diag_where *first = old;
        bool is_domain = strcmp(it->schema->name, "domains") == 0;
        FINDING(b->ctx, is_domain ? &rule_inv_domain_twice : &rule_inv_duplicate_name, key->where,
                item_at(b, it), "\"%.100s\" again, after %s:%u", text, first->file, first->line);
    }
    return 0;
}

static int add_leaf(struct build *b, const struct item *it)
{
    const char *text;
    int err = take_text(b, it, &text);
    if (err != 0 || text == NULL)
        return err;
    bool known = false;
    /* Two files may each include a file of the same name, seen from there. */
    if (it->schema->nodetype == LYS_LEAFLIST && it->parent != b->ctx->root)
        err = is_known_entry(b, it, it, text, &known);
    if (err != 0 || known)
        return err;
    struct lyd_node *leaf = NULL;
    LY_ERR rc =
        it->again ? lyd_value_validate(b->ctx->ly, it->schema, text, strlen(text), NULL, NULL, NULL)
                  : lyd_new_term(it->parent, NULL, it->schema->name, text, 0, &leaf);
    if (rc == LY_EMEM)
        return ERR_NOMEM;
    if (rc == LY_SUCCESS)
        return it->again ? 0 : set_where(b->ctx, leaf, it->where);
    bad_value(b, it, text);
    return 0;
}

static int add_container(struct build *b, const struct item *it)
{
    if (yaml_kind(it->node) != YAML_MAP) {
        wrong_type(b, it, yaml_kind_text(YAML_MAP));
        return 0;
    }
    struct lyd_node *self = NULL;
    if (lyd_new_inner(it->parent, NULL, it->schema->name, 0, &self) != LY_SUCCESS)
        return ERR_NOMEM;
    struct mapping m;
    int err = set_where(b->ctx, self, it->where);
    if (err == 0)
        err = read_mapping(b, it->node, self, it->where, &m);
    return err != 0 ? err : add_children(b, &m, self);
}

/* ------------------------------------------------------------------ list entries */

/* The node of a keyed entry is made with its key, so that is looked up before the mapping is read.
   RET_TEXT is NULL after a finding. */
static int entry_key(struct build *b, const struct item *it, struct item *ret,
                     const char **ret_text)
{
    *ret_text = NULL;
    *ret = (struct item){.schema = lysc_node_child(it->schema), .parent = it->parent};
    void *iter = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(it->node, &iter)) != NULL) {
        size_t len = 0;
        struct fy_node *key = fy_node_pair_key(pair);
        const char *text = yaml_kind(key) == YAML_TEXT ? fy_node_get_scalar(key, &len) : NULL;
        if (text == NULL || len != strlen(ret->schema->name) ||
            memcmp(text, ret->schema->name, len) != 0)
            continue;
        ret->stated = true;
        ret->where = yaml_where(b->doc, key, it->where);
        ret->where = yaml_where(b->doc, fy_node_pair_value(pair), ret->where);
        ret->usable = yaml_follow(b->ctx, b->doc, fy_node_pair_value(pair), ret->where, &ret->node);
        return ret->usable ? take_text(b, ret, ret_text) : 0;
    }
    MALFORMED(b->ctx, &rule_inv_missing_key, it->where, item_at(b, it), "no \"%s\"",
              ret->schema->name);
    diag_expect(b->ctx->diags, "\"%s\" in every entry", ret->schema->name);
    return 0;
}

/* An entry whose key is of no use is made all the same, to look at the rest of it: with a stand-in
   that every key's type allows. The tree is malformed then and goes no further. */
static int new_nameless(const struct item *it, struct lyd_node **ret)
{
    return lyd_new_list(it->parent, NULL, it->schema->name, 0, ret, "x") == LY_SUCCESS ? 0
                                                                                       : ERR_NOMEM;
}

/* RET is NULL for an entry that is there already. */
static int new_keyed(struct build *b, const struct item *it, struct lyd_node **ret)
{
    struct item key;
    const char *text;
    bool known = false;
    int err = entry_key(b, it, &key, &text);
    if (err == 0 && text != NULL)
        err = is_known_entry(b, it, &key, text, &known);
    if (err != 0 || known)
        return err;
    if (text == NULL)
        return new_nameless(it, ret);
    LY_ERR rc = lyd_new_list(it->parent, NULL, it->schema->name, 0, ret, text);
    if (rc == LY_SUCCESS)
        return set_where(b->ctx, lyd_child(*ret), key.where);
    if (rc == LY_EMEM)
        return ERR_NOMEM;
    bad_value(b, &key, text);
    return new_nameless(it, ret);
}

static int add_entry(struct build *b, const struct item *it)
{
    if (it->schema->nodetype == LYS_LEAFLIST)
        return add_leaf(b, it);
    if (yaml_kind(it->node) != YAML_MAP) {
        wrong_type(b, it, yaml_kind_text(YAML_MAP));
        return 0;
    }
    struct lyd_node *self = NULL;
    int err = 0;
    if ((it->schema->flags & LYS_KEYLESS) == 0)
        err = new_keyed(b, it, &self);
    else if (lyd_new_list(it->parent, NULL, it->schema->name, 0, &self) != LY_SUCCESS)
        err = ERR_NOMEM;
    if (err != 0 || self == NULL)
        return err;
    struct mapping m;
    err = set_where(b->ctx, self, it->where);
    if (err == 0)
        err = read_mapping(b, it->node, self, it->where, &m);
    return err != 0 ? err : add_children(b, &m, self);
}

static void list_bounds(const struct lysc_node *schema, uint32_t *min, uint32_t *max)
{
    if (schema->nodetype == LYS_LIST) {
        *min = ((const struct lysc_node_list *)schema)->min;
        *max = ((const struct lysc_node_list *)schema)->max;
    } else {
        *min = ((const struct lysc_node_leaflist *)schema)->min;
        *max = ((const struct lysc_node_leaflist *)schema)->max;
    }
}

static int add_many(struct build *b, const struct item *list)
{
    if (yaml_kind(list->node) == YAML_TEXT && list->schema->nodetype == LYS_LEAFLIST)
        return add_leaf(b, list); /* a lone value is a list of one */
    if (yaml_kind(list->node) != YAML_LIST) {
        wrong_type(b, list, yaml_kind_text(YAML_LIST));
        return 0;
    }
    uint32_t min, max, n = 0;
    list_bounds(list->schema, &min, &max);
    void *iter = NULL;
    struct fy_node *node;
    while ((node = fy_node_sequence_iterate(list->node, &iter)) != NULL) {
        struct item it = {.schema = list->schema, .parent = list->parent, .stated = true};
        it.where = yaml_where(b->doc, node, list->where);
        if (max != 0 && n++ >= max) {
            MALFORMED(b->ctx, &rule_inv_entries, it.where, item_at(b, &it), "too many entries");
            diag_expect(b->ctx->diags, "at most %u", max);
            return 0;
        }
        it.usable = yaml_follow(b->ctx, b->doc, node, it.where, &it.node);
        if (it.node != node)
            it.where = yaml_where(b->doc, it.node, it.where);
        int err = it.usable ? add_entry(b, &it) : 0;
        if (err != 0)
            return err;
    }
    if (fy_node_sequence_item_count(list->node) < (int)min) {
        MALFORMED(b->ctx, &rule_inv_entries, list->where, item_at(b, list), "an empty list");
        diag_expect(b->ctx->diags, "at least %u", min);
    }
    return 0;
}

/* ------------------------------------------------------------------ children */

static int add_item(struct build *b, const struct item *it)
{
    if (!it->usable || lysc_is_key(it->schema))
        return 0;
    if (is_many(it->schema))
        return add_many(b, it);
    if (it->schema->nodetype == LYS_CONTAINER)
        return add_container(b, it);
    return add_leaf(b, it);
}

static int add_children(struct build *b, struct mapping *m, struct lyd_node *self)
{
    size_t i = 0;
    for (const struct lysc_node *c = lysc_node_child(self->schema); c != NULL; c = c->next, i++) {
        const struct item *it = &m->items[i];
        if (!it->stated && (c->flags & LYS_MAND_TRUE) != 0 && self != b->ctx->root) {
            MALFORMED(b->ctx, &rule_inv_missing_key, tree_where(self),
                      schema_at(b->ctx, self, NULL), "no \"%s\"", c->name);
            diag_expect(b->ctx->diags, "\"%s\"", c->name);
        }
        int err = it->stated ? add_item(b, it) : 0;
        if (err != 0)
            return err;
    }
    return 0;
}

int schema_add(struct inv_ctx *ctx, struct yaml_doc *d)
{
    struct build b = {ctx, d};
    struct fy_node *node = NULL;
    struct diag_where where = yaml_where(d, yaml_root(d), AT_FILE(d->file));
    if (!yaml_follow(ctx, d, yaml_root(d), where, &node))
        return 0;
    if (yaml_kind(node) != YAML_MAP) {
        if (yaml_kind(node) == YAML_NULL)
            MALFORMED(ctx, &rule_inv_empty, AT_FILE(d->file), NULL, "nothing in the file");
        else
            MALFORMED(ctx, &rule_inv_wrong_type, where, NULL, "%s",
                      yaml_kind_text(yaml_kind(node)));
        diag_expect(ctx->diags, "%s", yaml_kind_text(YAML_MAP));
        ctx->incomplete = true;
        return 0;
    }
    struct mapping m;
    int err = read_mapping(&b, node, ctx->root, where, &m);
    return err != 0 ? err : add_children(&b, &m, ctx->root);
}
