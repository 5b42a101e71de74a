/*
 * app/verify_list.c -- the domain list as published: its own form, and the feeds, zones and MUD
 * files that must say the same.
 */
#include <string.h>

#include "app/verify_docs.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

#define OUT_FEEDS OUT_WELL_KNOWN "feeds/"

enum { TYPE_CNAME = 5 };

void out_list_done(struct out_list *l)
{
    json_decref(l->root);
    arena_free(l->arena);
    *l = (struct out_list){0};
}

const struct out_model *out_list_model(const struct out_list *l, const char *name)
{
    for (size_t i = 0; i < l->model_n; i++) {
        if (strcmp(l->models[i].name, name) == 0)
            return &l->models[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ reading */

json_t *out_json(struct verify_out *v, const char *path, struct bytes text,
                 const struct diag_rule *rule)
{
    json_error_t error;
    if (memchr(text.data, '\n', text.len) != NULL)
        verify_out_found(v, rule, path, NULL, "a newline in it");
    json_t *root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        verify_out_found(v, rule, path, NULL, "%s", error.text);
    else if (!json_is_object(root)) {
        verify_out_found(v, rule, path, NULL, "not an object");
        json_decref(root);
        return NULL;
    }
    return root;
}

struct member {
    const char *name;
    json_type type;
    bool optional;
};

/* Booleans have two types in jansson; JSON_TRUE stands for both. */
static bool has_type(const json_t *value, json_type type)
{
    return type == JSON_TRUE ? json_is_boolean(value) : json_typeof(value) == type;
}

static const struct member *member_find(const struct member *members, const char *name)
{
    for (; members->name != NULL; members++) {
        if (strcmp(members->name, name) == 0)
            return members;
    }
    return NULL;
}

/* Does OBJECT hold exactly these members, with these types? */
static bool check_members(struct verify_out *v, const char *path, const char *at, json_t *object,
                          const struct member *members)
{
    bool good = true;
    for (const struct member *m = members; m->name != NULL; m++) {
        const json_t *value = json_object_get(object, m->name);
        if (value == NULL ? m->optional : has_type(value, m->type))
            continue;
        verify_out_found(v, &rule_list_malformed, path, at, "%s %s",
                         value == NULL ? "lacks" : "another type of", m->name);
        good = false;
    }
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        if (member_find(members, key) != NULL)
            continue;
        verify_out_found(v, &rule_list_malformed, path, at, "unknown member %s", key);
        good = false;
    }
    return good;
}

static const struct member list_members[] = {
    {"schema", JSON_STRING, false},
    {"serial", JSON_INTEGER, false},
    {"published", JSON_STRING, false},
    {"refresh", JSON_INTEGER, false},
    {"manufacturer", JSON_STRING, false},
    {"announcement", JSON_STRING, false},
    {"zones", JSON_ARRAY, false},
    {"models", JSON_ARRAY, false},
    {"domains", JSON_ARRAY, false},
    {"removed", JSON_ARRAY, false},
    {NULL, JSON_NULL, false},
};

static const struct member model_members[] = {
    {"name", JSON_STRING, false},
    {"mud-url", JSON_STRING, false},
    {"sha-256", JSON_STRING, false},
    {NULL, JSON_NULL, false},
};

static const struct member name_members[] = {
    {"name", JSON_STRING, false},
    {"match", JSON_STRING, false},
    {"purposes", JSON_ARRAY, false},
    {"required", JSON_TRUE, false},
    {"operated-by", JSON_STRING, false},
    {"endpoints", JSON_ARRAY, false},
    {"services", JSON_ARRAY, false},
    {"models", JSON_ARRAY, false},
    {"since", JSON_STRING, false},
    {"removal-not-before", JSON_STRING, true},
    {NULL, JSON_NULL, false},
};

static const struct member zone_members[] = {
    {"name", JSON_STRING, false},
    {"signed", JSON_TRUE, false},
    {NULL, JSON_NULL, false},
};

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* Also a part of paths and names: [a-z0-9-], 1..63. */
static bool is_model_name(const char *name)
{
    size_t n = strlen(name);
    return n >= 1 && n <= 63 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static int parse_models(struct verify_out *v, const char *path, struct out_list *l)
{
    const json_t *array = json_object_get(l->root, "models");
    bool good = true;
    l->models = arena_zalloc(l->arena, json_array_size(array) + 1, sizeof(*l->models));
    if (l->models == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *object = json_array_get(array, i);
        if (!json_is_object(object) || !check_members(v, path, "models", object, model_members)) {
            good = false;
            continue;
        }
        struct out_model *m = &l->models[l->model_n++];
        *m = (struct out_model){text_of(object, "name"), text_of(object, "mud-url"),
                                text_of(object, "sha-256")};
        if (!is_model_name(m->name)) {
            verify_out_found(v, &rule_list_malformed, path, "models", "model name %s", m->name);
            good = false;
        }
        if (l->model_n > 1 && strcmp(m[-1].name, m->name) >= 0)
            verify_out_found(v, &rule_list_order, path, "models", "%s after %s", m->name,
                             m[-1].name);
    }
    return good ? ERR_OK : ERR_FINDINGS;
}

static int parse_name(struct verify_out *v, const char *path, struct out_list *l,
                      const json_t *object)
{
    struct out_name *n = &l->names[l->name_n];
    const char *match = text_of(object, "match");
    uint8_t wire[256];
    n->name = text_of(object, "name");
    n->subdomains = strcmp(match, "subdomains") == 0;
    n->models = json_object_get(object, "models");
    if ((!n->subdomains && strcmp(match, "exact") != 0) || !name_from_text(n->name, wire)) {
        verify_out_found(v, &rule_list_malformed, path, n->name, "no domain name, or match \"%s\"",
                         match);
        return ERR_FINDINGS;
    }
    n->text = n->subdomains ? arena_printf(l->arena, "*.%s", n->name) : n->name;
    if (n->text == NULL)
        return ERR_NOMEM;
    l->name_n++;
    if (l->name_n > 1) {
        const struct out_name *before = n - 1;
        int order = strcmp(before->name, n->name);
        if (order > 0 || (order == 0 && before->subdomains >= n->subdomains))
            verify_out_found(v, &rule_list_order, path, "domains", "%s after %s", n->text,
                             before->text);
    }
    return ERR_OK;
}

static int parse_names(struct verify_out *v, const char *path, struct out_list *l)
{
    const json_t *array = json_object_get(l->root, "domains");
    bool good = true;
    l->names = arena_zalloc(l->arena, json_array_size(array) + 1, sizeof(*l->names));
    if (l->names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *object = json_array_get(array, i);
        if (!json_is_object(object) || !check_members(v, path, "domains", object, name_members)) {
            good = false;
            continue;
        }
        int err = parse_name(v, path, l, object);
        if (err == ERR_NOMEM)
            return err;
        good = good && err == ERR_OK;
    }
    return good ? ERR_OK : ERR_FINDINGS;
}

static int parse_head(struct verify_out *v, const char *path, struct out_list *l)
{
    if (!check_members(v, path, NULL, l->root, list_members))
        return ERR_FINDINGS;
    json_int_t serial = json_integer_value(json_object_get(l->root, "serial"));
    int64_t published_at = 0;
    l->published = text_of(l->root, "published");
    l->refresh = json_integer_value(json_object_get(l->root, "refresh"));
    l->announcement = text_of(l->root, "announcement");
    if (strcmp(text_of(l->root, "schema"), "mudzone-domains-1") != 0 || serial < 1 ||
        serial > UINT32_MAX || !time_parse_rfc3339(l->published, &published_at)) {
        verify_out_found(v, &rule_list_malformed, path, NULL, "schema, serial or published");
        return ERR_FINDINGS;
    }
    l->serial = (uint32_t)serial;
    return ERR_OK;
}

int out_list_parse(struct verify_out *v, const char *path, struct bytes text, struct out_list *ret)
{
    ret->arena = arena_new();
    if (ret->arena == NULL)
        return ERR_NOMEM;
    ret->root = out_json(v, path, text, &rule_list_malformed);
    if (ret->root == NULL)
        return ERR_FINDINGS;
    int err = parse_head(v, path, ret);
    if (err != ERR_OK)
        return err;
    err = parse_models(v, path, ret);
    int names_err = err == ERR_NOMEM ? err : parse_names(v, path, ret);
    return err != ERR_OK ? err : names_err;
}

/* ------------------------------------------------------------------ feeds */

static int listed_texts(const struct out_list *l, struct strings *ret)
{
    int err = ERR_OK;
    for (size_t i = 0; i < l->name_n && err == ERR_OK; i++)
        err = strings_add(ret, l->names[i].text);
    return err;
}

static int split_lines(struct buf *text, struct strings *ret)
{
    char *at = (char *)text->data;
    int err = ERR_OK;
    while (err == ERR_OK && at != NULL && *at != '\0') {
        char *line = strsep(&at, "\n");
        err = strings_add(ret, line);
    }
    return err;
}

static int check_domains_txt(struct verify_out *v, const struct out_list *l)
{
    static const char path[] = OUT_FEEDS "domains.txt";
    AUTO(buf) struct buf text = {0};
    AUTO(strings) struct strings wanted = {0};
    AUTO(strings) struct strings found = {0};
    int err = verify_out_read(v, path, LIMIT_LIST_BYTES, &text);
    if (err == ERR_OK)
        err = split_lines(&text, &found);
    if (err == ERR_OK)
        err = listed_texts(l, &wanted);
    if (err == ERR_OK)
        strings_compare(v, &wanted, &found, &rule_list_feed, path, NULL, "name");
    return err;
}

static void check_serial(struct verify_out *v, const struct out_list *l, const char *path,
                         const char *at, uint32_t serial)
{
    if (serial == l->serial)
        return;
    verify_out_found(v, &rule_list_serial_differs, path, at, "serial %u", serial);
    diag_expect(v->app->diags, "%u, as in domains.json", l->serial);
}

/* The names of an RPZ zone below the root as origin are the triggers themselves. */
static int rpz_load(struct verify_out *v, const char *path, struct zone **ret)
{
    static const uint8_t root[] = {0};
    AUTO(buf) struct buf text = {0};
    int err = verify_out_read(v, path, LIMIT_LIST_BYTES, &text);
    AUTO_FREE char *file = file_join(v->out, path);
    if (err != ERR_OK || file == NULL)
        return err != ERR_OK ? err : ERR_NOMEM;
    const struct zone_load_opts opts = {.origin = root};
    return zone_parse(file, buf_str(&text), text.len, &opts, ret, v->app->diags);
}

/* Is CNAME to TARGET all that N holds? */
static bool only_cname(const struct zone_node *n, const char *target)
{
    char text[NAME_TEXT_LEN];
    struct zone_rrset set;
    if (n->rrset_n != 1 || !zone_node_rrset(n, TYPE_CNAME, &set) || set.rrs.count != 1)
        return false;
    name_to_text(set.rrs.rdata->data, text);
    return strcmp(text, target) == 0;
}

/* The triggers of Z; one with another action than TARGET is a finding. */
static int rpz_names(struct verify_out *v, const char *path, const struct zone *z,
                     const char *target, const struct diag_rule *rule, struct strings *ret)
{
    struct zone_cursor c;
    struct zone_node n;
    zone_first(z, &c);
    while (zone_next(&c, &n)) {
        char text[NAME_TEXT_LEN];
        if (n.owner[0] == 0)
            continue;
        name_to_text_nodot(n.owner, text);
        if (!only_cname(&n, target)) {
            verify_out_found(v, rule, path, text, "other data than CNAME %s", target);
            diag_expect(v->app->diags, "CNAME %s alone", target);
        }
        int err = strings_add(ret, text);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static int check_rpz(struct verify_out *v, const struct out_list *l, const char *path,
                     const char *target, const struct diag_rule *rule, struct strings *wanted)
{
    AUTO_PTR(zone) struct zone *z = NULL;
    AUTO(strings) struct strings found = {0};
    int err = rpz_load(v, path, &z);
    if (err == ERR_OK)
        err = rpz_names(v, path, z, target, rule, &found);
    if (err != ERR_OK)
        return err;
    strings_compare(v, wanted, &found, rule, path, NULL, "name");
    check_serial(v, l, path, "SOA", zone_soa_serial(z));
    return ERR_OK;
}

static int check_allow(struct verify_out *v, const struct out_list *l)
{
    AUTO(strings) struct strings wanted = {0};
    int err = listed_texts(l, &wanted);
    return err != ERR_OK
               ? err
               : check_rpz(v, l, OUT_FEEDS "allow.rpz", "rpz-passthru.", &rule_list_feed, &wanted);
}

static int check_deny(struct verify_out *v, const struct out_list *l)
{
    AUTO(strings) struct strings wanted = {0};
    int err = strings_add(&wanted, "*");
    return err != ERR_OK ? err
                         : check_rpz(v, l, OUT_FEEDS "deny.rpz", ".", &rule_list_deny, &wanted);
}

/* ------------------------------------------------------------------ zones and MUD files */

static int check_zones(struct verify_out *v, const struct out_list *l)
{
    AUTO(strings) struct strings wanted = {0};
    AUTO(strings) struct strings found = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < v->manifest.zone_n && err == ERR_OK; i++)
        err = strings_add(&wanted, v->manifest.zones[i].name);
    const json_t *array = json_object_get(l->root, "zones");
    for (size_t i = 0; i < json_array_size(array) && err == ERR_OK; i++) {
        json_t *object = json_array_get(array, i);
        if (json_is_object(object) && check_members(v, OUT_LIST, "zones", object, zone_members))
            err = strings_add(&found, text_of(object, "name"));
    }
    if (err == ERR_OK)
        strings_compare(v, &wanted, &found, &rule_list_zones, OUT_LIST, "zones", "zone");
    return err;
}

static bool names_model(const struct out_name *n, const char *model)
{
    for (size_t i = 0; i < json_array_size(n->models); i++) {
        const char *text = json_string_value(json_array_get(n->models, i));
        if (text != NULL && strcmp(text, model) == 0)
            return true;
    }
    return false;
}

/* MUD has no words for wildcards, so those stay out of the comparison. */
static int check_mud_names(struct verify_out *v, const struct out_list *l,
                           const struct out_model *m)
{
    char path[OUT_PATH_LEN];
    AUTO(buf) struct buf json = {0};
    AUTO(mud_names) struct mud_names names = {0};
    AUTO(strings) struct strings wanted = {0};
    AUTO(strings) struct strings found = {0};
    (void)snprintf(path, sizeof(path), "web/%s/%s.json", m->name, m->name);
    int err = verify_out_read(v, path, LIMIT_MUD_BYTES, &json);
    if (err == ERR_OK)
        err = mud_file_names(buf_bytes(&json), &names);
    for (size_t i = 0; i < names.n && err == ERR_OK; i++)
        err = strings_add(&found, names.names[i]);
    for (size_t i = 0; i < l->name_n && err == ERR_OK; i++) {
        if (!l->names[i].subdomains && names_model(&l->names[i], m->name))
            err = strings_add(&wanted, l->names[i].name);
    }
    if (err == ERR_OK)
        strings_compare(v, &wanted, &found, &rule_list_mud, path, NULL, "name");
    return err;
}

static void check_name_models(struct verify_out *v, const struct out_list *l)
{
    for (size_t i = 0; i < l->name_n; i++) {
        const struct out_name *n = &l->names[i];
        for (size_t j = 0; j < json_array_size(n->models); j++) {
            const char *model = json_string_value(json_array_get(n->models, j));
            if (model == NULL || out_list_model(l, model) == NULL)
                verify_out_found(v, &rule_list_model, OUT_LIST, n->text, "model %s",
                                 model != NULL ? model : "that is no string");
        }
        if (json_array_size(n->models) == 0)
            verify_out_found(v, &rule_list_model, OUT_LIST, n->text, "no model uses it");
    }
}

int out_list_check(struct verify_out *v, const struct out_list *l)
{
    int (*const checks[])(struct verify_out *, const struct out_list *) = {
        check_zones, check_domains_txt, check_allow, check_deny};
    check_serial(v, l, "manifest.json", "list-serial", v->manifest.list_serial);
    check_name_models(v, l);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        int err = checks[i](v, l);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    for (size_t i = 0; i < l->model_n; i++) {
        int err = check_mud_names(v, l, &l->models[i]);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return ERR_OK;
}
