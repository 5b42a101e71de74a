#include "mudgen/rules_mud.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "common/timetext.h"
#include "mudgen/rules.h"

#define URL_MAX        253 /* RFC 8520 s10: what the DHCPv4 option holds */
#define SYSTEMINFO_MAX 60  /* RFC 8520 s3.7 */

/* ------------------------------------------------------------------ helpers */

static void add_as(struct rules_run *run, enum severity severity, const struct diag_rule *rule,
                   const struct json_node *node, const char *found)
{
    const char *at = json_pointer(run->arena, node);
    if (at == NULL || found == NULL) {
        run->no_memory = true;
        return;
    }
    diag_add_as(run->diags, severity, rule, json_where(run->file, node), *at == 0 ? NULL : at, "%s",
                found);
}

void rule_add(struct rules_run *run, const struct diag_rule *rule, const struct json_node *node,
              const char *found)
{
    add_as(run, rule->severity, rule, node, found);
}

void rule_add_strict(struct rules_run *run, const struct diag_rule *rule,
                     const struct json_node *node, const char *found)
{
    add_as(run, run->origin == MUD_OURS ? SEV_ERROR : rule->severity, rule, node, found);
}

const struct json_node *rules_member(const struct json_node *object, const char *module,
                                     const char *name)
{
    size_t len = strlen(module);
    if (object == NULL || object->kind != JSON_NODE_OBJECT)
        return NULL;
    for (const struct json_node *m = object->child; m != NULL; m = m->next) {
        bool prefixed = strncmp(m->key, module, len) == 0 && m->key[len] == ':';
        if (strcmp(prefixed ? m->key + len + 1 : m->key, name) == 0)
            return m;
    }
    return NULL;
}

const char *rules_text(const struct json_node *object, const char *module, const char *name)
{
    const struct json_node *m = rules_member(object, module, name);
    return m == NULL || m->kind != JSON_NODE_STRING ? NULL : m->text;
}

static bool has_scheme(const char *uri)
{
    size_t len = strspn(uri, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    return *uri >= 'a' && *uri <= 'z' && uri[len] == ':';
}

void rules_uri(struct rules_run *run, const struct json_node *node)
{
    if (node != NULL && node->kind == JSON_NODE_STRING && !has_scheme(node->text))
        rule_add_strict(run, &rule_mud_uri_relative, node, json_excerpt(run->arena, node));
}

/* ------------------------------------------------------------------ the mud container */

static const struct json_node *mud_leaf(const struct json_node *mud, const char *name)
{
    return rules_member(mud, "ietf-mud", name);
}

static void check_version(struct rules_run *run, const struct json_node *mud)
{
    const struct json_node *m = mud_leaf(mud, "mud-version");
    if (m != NULL && m->kind == JSON_NODE_NUMBER && (m->raw.len != 1 || m->raw.data[0] != '1'))
        rule_add(run, &rule_mud_version, m, json_excerpt(run->arena, m));
}

static void check_url(struct rules_run *run, const struct json_node *mud)
{
    static const char https[] = "https://";
    const struct json_node *m = mud_leaf(mud, "mud-url");
    if (m == NULL || m->kind != JSON_NODE_STRING)
        return;
    if (strncasecmp(m->text, https, sizeof(https) - 1) != 0)
        rule_add(run, &rule_mud_url_scheme, m, json_excerpt(run->arena, m));
    else if (strcspn(m->text + sizeof(https) - 1, "/?#:@") == 0)
        rule_add(run, &rule_mud_url_host, m, json_excerpt(run->arena, m));
    else
        rules_uri(run, m);
    if (strlen(m->text) > URL_MAX)
        rule_add_strict(run, &rule_mud_url_length, m,
                        arena_printf(run->arena, "%zu octets", strlen(m->text)));
}

/* The pattern of the data model lets month 13 pass; what does not fit the pattern is not news. */
static void check_last_update(struct rules_run *run, const struct json_node *mud)
{
    const struct json_node *m = mud_leaf(mud, "last-update");
    int64_t at;
    if (m == NULL || m->kind != JSON_NODE_STRING)
        return;
    size_t len = strlen(m->text);
    bool offset = len > 19 && (m->text[len - 1] == 'Z' || strchr("+-", m->text[len - 6]) != NULL);
    if (offset && m->text[10] == 'T' && !time_parse_rfc3339(m->text, &at))
        rule_add(run, &rule_mud_last_update, m, json_excerpt(run->arena, m));
}

static void check_signature(struct rules_run *run, const struct json_node *mud)
{
    const struct json_node *m = mud_leaf(mud, "mud-signature");
    if (m == NULL)
        rule_add_strict(run, &rule_mud_signature_missing, mud, "no mud-signature");
    rules_uri(run, m);
}

static void check_cache(struct rules_run *run, const struct json_node *mud)
{
    const struct json_node *m = mud_leaf(mud, "cache-validity");
    if (m == NULL || m->kind != JSON_NODE_NUMBER || run->origin == MUD_OURS)
        return; /* of our own `check` speaks once, where the inventory states it */
    long hours = strtol((const char *)m->raw.data, NULL, 10); /* ends at what follows the number */
    if (hours >= 1 && hours < MUD_CACHE_MIN_H)
        rule_add(run, &rule_mud_cache_short, m, arena_printf(run->arena, "%ld hours", hours));
}

static void check_systeminfo(struct rules_run *run, const struct json_node *mud)
{
    const struct json_node *m = mud_leaf(mud, "systeminfo");
    size_t characters = 0;
    if (m == NULL || m->kind != JSON_NODE_STRING)
        return;
    for (const char *p = m->text; *p != 0; p++)
        characters += ((unsigned char)*p & 0xc0u) != 0x80u;
    if (characters > SYSTEMINFO_MAX)
        rule_add_strict(run, &rule_mud_systeminfo_long, m,
                        arena_printf(run->arena, "%zu characters", characters));
}

static void check_written(struct rules_run *run, const struct json_node *mud, const char *name,
                          const struct diag_rule *rule)
{
    const struct json_node *m = mud_leaf(mud, name);
    if (m == NULL)
        rule_add_strict(run, rule, mud, arena_printf(run->arena, "no %s", name));
    else if (m->kind == JSON_NODE_STRING && *m->text == 0)
        rule_add_strict(run, rule, m, "an empty string");
}

static void check_revisions(struct rules_run *run, const struct json_node *mud)
{
    static const char *const names[] = {"firmware-rev", "software-rev"};
    for (size_t i = 0; i < 2; i++) {
        const struct json_node *m = mud_leaf(mud, names[i]);
        if (m != NULL)
            rule_add(run, &rule_mud_revision, m, json_excerpt(run->arena, m));
    }
}

static void check_container(struct rules_run *run, const struct json_node *mud)
{
    check_version(run, mud);
    check_url(run, mud);
    check_last_update(run, mud);
    check_signature(run, mud);
    check_cache(run, mud);
    check_systeminfo(run, mud);
    check_written(run, mud, "mfg-name", &rule_mud_mfg_name);
    check_written(run, mud, "model-name", &rule_mud_model_name);
    check_written(run, mud, "documentation", &rule_mud_documentation);
    const struct json_node *documentation = mud_leaf(mud, "documentation");
    if (documentation != NULL && documentation->text != NULL && *documentation->text != 0)
        rules_uri(run, documentation);
    check_revisions(run, mud);
}

/* ------------------------------------------------------------------ extensions */

struct extensions {
    struct rules_run *run;
    const char **declared; /* sorted: a hostile file may have very many */
    size_t declared_n;
    const char **reported; /* modules, so that each is named once */
    size_t reported_n;
};
#define EXTENSIONS_MAX 32u /* modules reported in one file */

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static void read_declared(struct extensions *e, const struct json_node *mud)
{
    const struct json_node *array = rules_member(mud, "ietf-mud", "extensions");
    if (array == NULL || array->kind != JSON_NODE_ARRAY)
        return;
    e->declared = arena_zalloc(e->run->arena, (size_t)array->child_n + 1, sizeof(*e->declared));
    if (e->declared == NULL) {
        e->run->no_memory = true;
        return;
    }
    for (const struct json_node *d = array->child; d != NULL; d = d->next) {
        if (d->kind == JSON_NODE_STRING)
            e->declared[e->declared_n++] = d->text;
    }
    qsort(e->declared, e->declared_n, sizeof(*e->declared), by_text);
}

static bool has_declared(const struct extensions *e, const char *name)
{
    return e->declared_n > 0 &&
           bsearch(&name, e->declared, e->declared_n, sizeof(*e->declared), by_text) != NULL;
}

/* RFC 8520 names extensions freely; all registered ones are their module's name or its end. */
static bool is_declared(const struct extensions *e, const char *module)
{
    return has_declared(e, module) ||
           (strncmp(module, "ietf-mud-", 9) == 0 &&
            (has_declared(e, module + 9) || has_declared(e, module + 5)));
}

static bool is_core(const char *module)
{
    static const char *const core[] = {"ietf-mud", "ietf-acldns", "ietf-access-control-list",
                                       "ietf-interfaces"};
    for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
        if (strcmp(module, core[i]) == 0)
            return true;
    }
    return false;
}

static void check_extension(struct extensions *e, const struct json_node *member)
{
    const char *colon = strchr(member->key, ':');
    if (colon == NULL || colon == member->key || e->reported_n == EXTENSIONS_MAX)
        return;
    const char *module = arena_strndup(e->run->arena, member->key, (size_t)(colon - member->key));
    if (module == NULL) {
        e->run->no_memory = true;
        return;
    }
    if (*module == '@') /* metadata of a node (RFC 7952), not a node */
        return;
    for (size_t i = 0; i < e->reported_n; i++) {
        if (strcmp(e->reported[i], module) == 0)
            return;
    }
    if (is_core(module) || is_declared(e, module))
        return;
    e->reported[e->reported_n++] = module;
    rule_add(e->run, &rule_mud_extension, member,
             arena_printf(e->run->arena, "a node of %s, not declared", module));
}

static void check_extensions(struct extensions *e, const struct json_node *node)
{
    for (const struct json_node *c = node->child; c != NULL; c = c->next) {
        if (c->key != NULL)
            check_extension(e, c);
        check_extensions(e, c);
    }
}

/* ------------------------------------------------------------------ all of it */

int mud_rules_check(struct rules_run *run, const struct json_node *root)
{
    const char *reported[EXTENSIONS_MAX];
    const struct json_node *mud = json_member(root, "ietf-mud:mud");
    for (const struct json_node *m = root->child; m != NULL; m = m->next) {
        if (strncmp(m->key, "ietf-interfaces:", 16) == 0)
            rule_add(run, &rule_mud_other_node, m, "data about interfaces");
    }
    if (mud == NULL)
        rule_add(run, &rule_mud_no_container, root, "no ietf-mud:mud");
    else if (mud->kind == JSON_NODE_OBJECT)
        check_container(run, mud);
    struct extensions e = {.run = run, .reported = reported};
    read_declared(&e, mud);
    check_extensions(&e, root);
    rules_acls(run, root, mud);
    return run->no_memory ? ERR_NOMEM : ERR_OK;
}
