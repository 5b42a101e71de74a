#include <stdlib.h>
#include <string.h>

#include "mudgen/rules.h"
#include "mudgen/rules_mud.h"

#define ACL_MODULE "ietf-access-control-list"
#define ACE_MAX    50 /* DESIGN section 9: osMUD installs wrong rules above */

/* The ACL names of one policy, sorted: a hostile file may have very many. */
struct policy {
    const char **names;
    size_t n;
};

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static void policy_read(struct rules_run *run, const struct json_node *mud, const char *name,
                        struct policy *ret)
{
    const struct json_node *holder = rules_member(mud, "ietf-mud", name);
    const struct json_node *lists = rules_member(holder, "ietf-mud", "access-lists");
    const struct json_node *list = rules_member(lists, "ietf-mud", "access-list");
    if (list == NULL || list->kind != JSON_NODE_ARRAY || list->child_n == 0)
        return;
    ret->names = arena_zalloc(run->arena, list->child_n, sizeof(*ret->names));
    if (ret->names == NULL) {
        run->no_memory = true;
        return;
    }
    for (const struct json_node *c = list->child; c != NULL; c = c->next) {
        const char *text = rules_text(c, "ietf-mud", "name");
        if (text != NULL)
            ret->names[ret->n++] = text;
    }
    qsort(ret->names, ret->n, sizeof(*ret->names), by_text);
}

static bool policy_has(const struct policy *p, const char *name)
{
    return p->n > 0 && bsearch(&name, p->names, p->n, sizeof(*p->names), by_text) != NULL;
}

/* ------------------------------------------------------------------ one ACL */

static bool is_plain(const char *name)
{
    return *name != 0 && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0;
}

static void check_type(struct rules_run *run, const struct json_node *acl, const char *type)
{
    const struct json_node *m = rules_member(acl, ACL_MODULE, "type");
    if (m == NULL)
        rule_add_strict(run, &rule_mud_acl_type, acl, "no type");
    else if (type != NULL && strcmp(type, "ipv4-acl-type") != 0 &&
             strcmp(type, "ipv6-acl-type") != 0)
        rule_add_strict(run, &rule_mud_acl_type, m, json_excerpt(run->arena, m));
}

/* "<model>-v4-from-0" says what the type and the policies say. */
static bool name_fits(const char *name, const struct ace_context *context)
{
    const char *number = strrchr(name, '-');
    bool v6 = context->acl_type != NULL && strcmp(context->acl_type, "ipv6-acl-type") == 0;
    const char *tail = v6 ? (context->to_device ? "-v6-to" : "-v6-from")
                          : (context->to_device ? "-v4-to" : "-v4-from");
    size_t len = strlen(tail);
    if (number == NULL || number[1] == 0 || number[1 + strspn(number + 1, "0123456789")] != 0)
        return false;
    if (context->from_device == context->to_device)
        return false;
    size_t before = (size_t)(number - name);
    return before > len && strncmp(number - len, tail, len) == 0;
}

static void check_name(struct rules_run *run, const struct json_node *acl,
                       const struct ace_context *context)
{
    const struct json_node *m = rules_member(acl, ACL_MODULE, "name");
    if (m == NULL || m->kind != JSON_NODE_STRING)
        return;
    if (!is_plain(m->text))
        rule_add_strict(run, &rule_mud_names_plain, m, json_excerpt(run->arena, m));
    if (!context->from_device && !context->to_device)
        rule_add_strict(run, &rule_mud_acl_unused, m, json_excerpt(run->arena, m));
    else if (run->origin == MUD_OURS && !name_fits(m->text, context))
        rule_add_strict(run, &rule_mud_acl_place, m, json_excerpt(run->arena, m));
}

/* One finding for all names of a list: a file has hundreds, made by one tool in one style. */
static void check_ace_names(struct rules_run *run, const struct json_node *aces)
{
    const struct json_node *first = NULL;
    size_t n = 0;
    for (const struct json_node *c = aces->child; c != NULL; c = c->next) {
        const struct json_node *m = rules_member(c, ACL_MODULE, "name");
        if (m == NULL || m->kind != JSON_NODE_STRING || is_plain(m->text))
            continue;
        if (n++ == 0)
            first = m;
    }
    if (n == 1)
        rule_add_strict(run, &rule_mud_names_plain, first, json_excerpt(run->arena, first));
    else if (n > 1)
        rule_add_strict(run, &rule_mud_names_plain, first,
                        arena_printf(run->arena, "%s and %zu more in this list",
                                     json_excerpt(run->arena, first), n - 1));
}

static void check_aces(struct rules_run *run, const struct json_node *acl,
                       struct ace_context *context, struct dns_cover *dns)
{
    const struct json_node *holder = rules_member(acl, ACL_MODULE, "aces");
    const struct json_node *aces = rules_member(holder, ACL_MODULE, "ace");
    if (aces == NULL || aces->kind != JSON_NODE_ARRAY)
        return;
    if (aces->child_n > ACE_MAX)
        rule_add_strict(run, &rule_mud_acl_long, aces,
                        arena_printf(run->arena, "%u entries", aces->child_n));
    check_ace_names(run, aces);
    for (const struct json_node *c = aces->child; c != NULL; c = c->next) {
        rules_ace(run, context, c);
        rules_dns_note(dns, context, c);
    }
    if (context->undirected_n > 0)
        rule_add_strict(run, &rule_mud_initiated, context->undirected,
                        arena_printf(run->arena, "%zu TCP %s without it in this list",
                                     context->undirected_n,
                                     context->undirected_n == 1 ? "entry" : "entries"));
}

static void check_acl(struct rules_run *run, const struct json_node *acl, const struct policy *from,
                      const struct policy *to, struct dns_cover *dns)
{
    struct ace_context context = {0};
    const char *name = rules_text(acl, ACL_MODULE, "name");
    const char *type = rules_text(acl, ACL_MODULE, "type");
    const char *colon = type == NULL ? NULL : strchr(type, ':');
    if (acl->kind != JSON_NODE_OBJECT)
        return;
    context.acl_type = colon == NULL ? type : colon + 1;
    context.from_device = name != NULL && policy_has(from, name);
    context.to_device = name != NULL && policy_has(to, name);
    check_type(run, acl, context.acl_type);
    check_name(run, acl, &context);
    check_aces(run, acl, &context, dns);
}

void rules_acls(struct rules_run *run, const struct json_node *root, const struct json_node *mud)
{
    const struct json_node *acls = json_member(root, ACL_MODULE ":acls");
    const struct json_node *acl = rules_member(acls, ACL_MODULE, "acl");
    const struct json_node *points = rules_member(acls, ACL_MODULE, "attachment-points");
    struct policy from = {0}, to = {0};
    struct dns_cover dns = {0};
    if (points != NULL)
        rule_add_strict(run, &rule_mud_interfaces, points, "attachment points");
    policy_read(run, mud, "from-device-policy", &from);
    policy_read(run, mud, "to-device-policy", &to);
    if (acl != NULL && acl->kind == JSON_NODE_ARRAY) {
        for (const struct json_node *c = acl->child; c != NULL; c = c->next)
            check_acl(run, c, &from, &to, &dns);
    }
    if (run->origin == MUD_OURS && mud != NULL)
        rules_dns_check(run, &dns, mud);
}
