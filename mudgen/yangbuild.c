#include "mudgen/yangbuild.h"

#include <string.h>

#include "common/limits.h"
#include "mudgen/rules.h"
#include "mudgen/schema.h"
#include "mudgen/yangnames.h"

/* RFC 8519 names its root "acls"; its drafts, and the files written after them, had this. */
#define DRAFT_ROOT "ietf-access-control-list:access-lists"

void yang_add(struct yang_build *b, const struct diag_rule *rule, const struct json_node *node,
              const char *found)
{
    const char *at = json_pointer(b->arena, node);
    if (at == NULL || found == NULL)
        b->no_memory = true;
    b->found++;
    if (at != NULL && *at == 0) /* the document itself */
        at = NULL;
    diag_add(b->diags, rule, json_where(b->file, node), at, "%s", found == NULL ? "" : found);
}

/* What has to go so that validation does not miss a mandatory child of NODE: a container without
   presence would be made anew. */
static struct lyd_node *entry_of(struct lyd_node *node)
{
    while (node->schema->nodetype == LYS_CONTAINER && !(node->schema->flags & LYS_PRESENCE) &&
           node->parent != NULL)
        node = lyd_parent(node);
    return node;
}

/* NODE will be found incomplete by validation. */
static void set_lacking(struct lyd_node *node)
{
    struct json_node *json = entry_of(node)->priv;
    if (json != NULL)
        json->mark = true;
}

static void remove_node(struct yang_build *b, struct lyd_node *node)
{
    if (b->tree == node)
        b->tree = node->next;
    lyd_free_tree(node);
}

static bool remove_lacking(struct yang_build *b, struct lyd_node *node)
{
    struct lyd_node *child, *next;
    const struct json_node *json = node->priv;
    bool removed = false;
    if (json != NULL && json->mark) {
        remove_node(b, node);
        return true;
    }
    LY_LIST_FOR_SAFE(lyd_child(node), next, child)
    {
        removed |= remove_lacking(b, child);
    }
    return removed;
}

bool yang_drop_lacking(struct yang_build *b, const char *module, size_t module_len)
{
    struct lyd_node *top, *next;
    bool removed = false;
    LY_LIST_FOR_SAFE(b->tree, next, top)
    {
        const char *name = top->schema->module->name;
        if (strlen(name) == module_len && memcmp(name, module, module_len) == 0)
            removed |= remove_lacking(b, top);
    }
    return removed;
}

/* Removes the data nodes of DATA that lie in case IN. */
static void remove_case(struct yang_build *b, struct lyd_node *data, const struct lysc_node *in)
{
    struct lyd_node *child, *next;
    LY_LIST_FOR_SAFE(lyd_child(data), next, child)
    {
        const struct lysc_node *s = child->schema->parent;
        while (s != NULL && s != in && (s->nodetype & (LYS_CASE | LYS_CHOICE)))
            s = s->parent;
        if (s == in)
            remove_node(b, child);
    }
}

void yang_drop(struct yang_build *b, struct lyd_node *node)
{
    const struct lysc_node *s = node->schema;
    struct lyd_node *parent = lyd_parent(node);
    if (parent != NULL && lysc_is_key(s))
        remove_node(b, parent);
    else if (parent == NULL || !(s->flags & LYS_MAND_TRUE))
        remove_node(b, node);
    else if (s->parent->nodetype == LYS_CASE)
        remove_case(b, parent, s->parent);
    else
        remove_node(b, entry_of(parent));
}

void yang_build_done(struct yang_build *b)
{
    lyd_free_all(b->tree);
    b->tree = NULL;
}

/* ------------------------------------------------------------------ values */

static bool is_enough(const struct yang_build *b)
{
    return b->no_memory || b->found >= LIMIT_MUD_EXPLAINED;
}

static bool is_scalar(const struct json_node *node)
{
    return node->kind != JSON_NODE_OBJECT && node->kind != JSON_NODE_ARRAY;
}

static void add_shape(struct yang_build *b, const struct json_node *node, const char *expected)
{
    const char *what = json_excerpt(b->arena, node);
    yang_add(b, &rule_mud_node_shape, node, what);
    diag_expect(b->diags, "%s", expected);
}

static void add_value(struct yang_build *b, const struct json_node *node,
                      const struct lysc_node *leaf)
{
    AUTO(buf) struct buf expected = {0};
    schema_describe_type(leaf, &expected);
    yang_add(b, &rule_mud_value, node, json_excerpt(b->arena, node));
    if (buf_ok(&expected))
        diag_expect(b->diags, "%s", buf_str(&expected));
}

/* The last child of PARENT that is a NODE. */
static struct lyd_node *last_child(struct lyd_node *parent, const struct lysc_node *node)
{
    struct lyd_node *first = lyd_child(parent);
    if (first == NULL)
        return NULL;
    struct lyd_node *c = first->prev;
    for (; c != first && c->schema != node; c = c->prev)
        ;
    return c->schema == node ? c : NULL;
}

/*
 * Has libyang read TEXT, JSON for one node of one schema node, below PARENT: so that each value is
 * judged by the very code that judges whole files. NULL when it refuses.
 */
static struct lyd_node *parse_piece(struct yang_build *b, struct lyd_node *parent,
                                    const struct lysc_node *schema, const struct buf *text)
{
    struct ly_in *in = NULL;
    if (!buf_ok(text) || ly_in_new_memory(buf_str(text), &in) != LY_SUCCESS) {
        b->no_memory = true;
        return NULL;
    }
    LY_ERR rc =
        lyd_parse_data(b->ctx, parent, in, LYD_JSON, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, NULL);
    ly_in_free(in, 0);
    ly_err_clean(b->ctx, NULL);
    return rc == LY_SUCCESS ? last_child(parent, schema) : NULL;
}

static void refuse_value(struct yang_build *b, struct lyd_node *parent,
                         const struct lysc_node *schema, const struct json_node *value)
{
    add_value(b, value, schema);
    if (schema->flags & LYS_MAND_TRUE)
        set_lacking(parent);
}

static void build_term(struct yang_build *b, struct lyd_node *parent,
                       const struct lysc_node *schema, const struct json_node *value)
{
    AUTO(buf) struct buf text = {0};
    bool list = schema->nodetype == LYS_LEAFLIST;
    bool empty = ((const struct lysc_node_leaf *)schema)->type->basetype == LY_TYPE_EMPTY;
    if (!is_scalar(value) && !(empty && !list && value->kind == JSON_NODE_ARRAY)) {
        refuse_value(b, parent, schema, value);
        return;
    }
    buf_printf(&text, "{\"%s:%s\":%s", schema->module->name, schema->name, list ? "[" : "");
    buf_add(&text, value->raw.data, value->raw.len);
    buf_add_str(&text, list ? "]}" : "}");
    struct lyd_node *node = parse_piece(b, parent, schema, &text);
    if (node == NULL) {
        refuse_value(b, parent, schema, value);
        return;
    }
    node->priv = (void *)(uintptr_t)value;
    struct lyd_node *same = NULL;
    if (lyd_find_sibling_first(lyd_child(parent), node, &same) == LY_SUCCESS && same != node) {
        yang_add(b, &rule_mud_node_twice, value,
                 arena_printf(b->arena, "%s a second time", json_excerpt(b->arena, value)));
        remove_node(b, node);
    }
}

/* ------------------------------------------------------------------ what has to be there */

static void add_missing(struct yang_build *b, const struct json_node *holder, const char *path,
                        const struct lysc_node *node, struct lyd_node *data)
{
    yang_add(b, &rule_mud_node_missing, holder,
             arena_printf(b->arena, "no %s%s", path, node->name));
    /* half a case would only break conditions that nobody needs to hear of */
    if (node->parent->nodetype == LYS_CASE)
        remove_case(b, data, node->parent);
    else
        set_lacking(data);
}

static void check_complete(struct yang_build *b, const struct json_node *holder,
                           const struct json_node *object, const char *path,
                           const struct lysc_node *parent, struct lyd_node *data);

static void check_choice(struct yang_build *b, const struct json_node *holder,
                         const struct json_node *object, const struct lysc_node *choice,
                         struct lyd_node *data)
{
    const struct lysc_node *active = NULL;
    const struct json_node *first = NULL;
    for (const struct lysc_node *c = lysc_node_child(choice); c != NULL; c = c->next) {
        const struct json_node *m = yang_case_member(object, c);
        if (m == NULL)
            continue;
        if (active == NULL) {
            active = c;
            first = m;
            continue;
        }
        yang_add(b, &rule_mud_node_cases, m,
                 arena_printf(b->arena, "%s beside %s", m->key, first->key));
        remove_case(b, data, c);
    }
    if (active != NULL)
        check_complete(b, holder, object, "", active, data);
}

/* Reports mandatory nodes that OBJECT lacks; NULL is a container that is not even written. */
static void check_complete(struct yang_build *b, const struct json_node *holder,
                           const struct json_node *object, const char *path,
                           const struct lysc_node *parent, struct lyd_node *data)
{
    for (const struct lysc_node *s = lysc_node_child(parent); s != NULL; s = s->next) {
        if (s->flags & LYS_CONFIG_R || lysc_is_key(s))
            continue;
        if (s->nodetype == LYS_CHOICE) {
            if (object != NULL)
                check_choice(b, holder, object, s, data);
        } else if (!(s->flags & LYS_MAND_TRUE) || yang_member(object, s) != NULL) {
            continue;
        } else if (s->nodetype == LYS_CONTAINER) {
            const char *below = arena_printf(b->arena, "%s%s/", path, s->name);
            check_complete(b, holder, NULL, below == NULL ? "" : below, s, data);
        } else {
            add_missing(b, holder, path, s, data);
        }
    }
}

/* ------------------------------------------------------------------ inner nodes */

static void build_member(struct yang_build *b, struct lyd_node *parent,
                         const struct lysc_node *schema, const struct json_node *member);

static void add_unknown(struct yang_build *b, const struct lysc_node *parent,
                        const struct json_node *member)
{
    if (parent == NULL && strcmp(member->key, DRAFT_ROOT) == 0) {
        yang_add(b, &rule_mud_draft, member,
                 "access lists in the form of a draft, not looked into");
        return;
    }
    const char *nearest = yang_nearest(b->arena, b->ctx, parent, member->key);
    const char *in = parent == NULL ? "at the top" : parent->name;
    yang_add(b, &rule_mud_node_unknown, member,
             arena_printf(b->arena, "unknown node %s%s", parent == NULL ? "" : "in ", in));
    if (nearest != NULL)
        diag_expect(b->diags, "perhaps %s", nearest);
}

static void build_members(struct yang_build *b, struct lyd_node *parent,
                          const struct lysc_node *schema, const struct json_node *object)
{
    for (const struct json_node *m = object->child; m != NULL && !is_enough(b); m = m->next) {
        if (m->repeated)
            continue;
        const struct lysc_node *s = yang_find(b->ctx, schema, m->key);
        if (s == NULL)
            add_unknown(b, schema, m);
        else if (s->flags & LYS_CONFIG_R)
            yang_add(b, &rule_mud_node_state, m, "a counter or state");
        else if (!lysc_is_key(s)) /* keys came with their entry */
            build_member(b, parent, s, m);
    }
    if (parent != NULL)
        check_complete(b, object, object, "", schema, parent);
}

static void build_container(struct yang_build *b, struct lyd_node *parent,
                            const struct lysc_node *schema, const struct json_node *object)
{
    struct lyd_node *node = NULL;
    if (object->kind != JSON_NODE_OBJECT) {
        add_shape(b, object, "an object");
        if (parent != NULL && (schema->flags & LYS_MAND_TRUE))
            set_lacking(parent);
        return;
    }
    if (lyd_new_inner(parent, schema->module, schema->name, 0, &node) != LY_SUCCESS ||
        (parent == NULL && lyd_insert_sibling(b->tree, node, &b->tree) != LY_SUCCESS)) {
        b->no_memory = true;
        return;
    }
    node->priv = (void *)(uintptr_t)object;
    build_members(b, node, schema, object);
}

/* The keys of an entry as JSON, into TEXT; false when one is missing (reported). */
static bool entry_keys(struct yang_build *b, const struct lysc_node *schema,
                       const struct json_node *entry, struct buf *text)
{
    const char *comma = "";
    bool complete = true;
    buf_printf(text, "{\"%s:%s\":[{", schema->module->name, schema->name);
    for (const struct lysc_node *k = lysc_node_child(schema); k != NULL && lysc_is_key(k);
         k = k->next) {
        const struct json_node *m = yang_member(entry, k);
        if (m == NULL) {
            yang_add(b, &rule_mud_node_missing, entry,
                     arena_printf(b->arena, "no %s, the key of the entry", k->name));
            complete = false;
        } else if (!is_scalar(m)) {
            add_value(b, m, k);
            complete = false;
        } else {
            buf_printf(text, "%s\"%s\":", comma, k->name);
            buf_add(text, m->raw.data, m->raw.len);
            comma = ",";
        }
    }
    buf_add_str(text, "}]}");
    return complete;
}

static void build_entry(struct yang_build *b, struct lyd_node *parent,
                        const struct lysc_node *schema, const struct json_node *entry)
{
    AUTO(buf) struct buf text = {0};
    struct lyd_node *same = NULL;
    if (entry->kind != JSON_NODE_OBJECT) {
        add_shape(b, entry, "an object");
        return;
    }
    if (!entry_keys(b, schema, entry, &text))
        return;
    const struct lysc_node *key = lysc_node_child(schema);
    const struct json_node *key_member = yang_member(entry, key);
    struct lyd_node *node = parse_piece(b, parent, schema, &text);
    if (node == NULL) {
        add_value(b, key_member, key);
        return;
    }
    node->priv = (void *)(uintptr_t)entry;
    lyd_child(node)->priv = (void *)(uintptr_t)key_member;
    if (lyd_find_sibling_first(lyd_child(parent), node, &same) == LY_SUCCESS && same != node) {
        yang_add(b, &rule_mud_node_twice, key_member,
                 arena_printf(b->arena, "%s %s a second time", schema->name,
                              json_excerpt(b->arena, key_member)));
        remove_node(b, node);
        return;
    }
    build_members(b, node, schema, entry);
}

static void build_member(struct yang_build *b, struct lyd_node *parent,
                         const struct lysc_node *schema, const struct json_node *member)
{
    /* they name lists in the old form: a flood of findings that all say the same */
    if (b->draft && strstr(schema->name, "-device-policy") != NULL)
        return;
    switch (schema->nodetype) {
    case LYS_CONTAINER: build_container(b, parent, schema, member); return;
    case LYS_LEAF: build_term(b, parent, schema, member); return;
    case LYS_LIST:
    case LYS_LEAFLIST:
        if (member->kind != JSON_NODE_ARRAY) {
            add_shape(b, member, "an array");
            return;
        }
        for (const struct json_node *c = member->child; c != NULL && !is_enough(b); c = c->next) {
            if (schema->nodetype == LYS_LIST)
                build_entry(b, parent, schema, c);
            else
                build_term(b, parent, schema, c);
        }
        return;
    default: return; /* our modules have no other kinds of data */
    }
}

void yang_build(struct yang_build *b, const struct json_node *root)
{
    b->draft = json_member(root, DRAFT_ROOT) != NULL;
    build_members(b, NULL, NULL, root);
}
