#include "mudgen/previous.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/json.h"
#include "mudgen/listing.h"
#include "mudgen/rules_docs.h"

static int compare(const void *a, const void *b)
{
    const struct previous_name *x = a;
    const struct previous_name *y = b;
    return listing_compare(x->name, x->subdomains, y->name, y->subdomains);
}

static bool read_date(const json_t *object, const char *key, int64_t *ret)
{
    const char *text = doc_json_text(object, key);
    *ret = 0;
    return text == NULL || time_parse_date(text, ret);
}

static int read_name(struct arena *a, const json_t *from, struct previous_name *ret)
{
    const char *name = doc_json_text(from, "name");
    const char *match = doc_json_text(from, "match");
    if (name == NULL || match == NULL)
        return ERR_STATE;
    *ret = (struct previous_name){.name = arena_strdup(a, name),
                                  .subdomains = strcmp(match, "subdomains") == 0};
    if (ret->name == NULL)
        return ERR_NOMEM;
    bool dates = read_date(from, "since", &ret->since_at) &&
                 read_date(from, "removal-not-before", &ret->removal_not_before_at) &&
                 read_date(from, "date", &ret->removed_at);
    return dates ? ERR_OK : ERR_STATE;
}

static int read_names(struct arena *a, const json_t *array, const struct previous_name **ret,
                      size_t *ret_n)
{
    if (!json_is_array(array))
        return ERR_STATE;
    size_t n = json_array_size(array);
    struct previous_name *names = arena_zalloc(a, n + 1, sizeof(*names));
    if (names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        int err = read_name(a, json_array_get(array, i), &names[i]);
        if (err != ERR_OK)
            return err;
    }
    qsort(names, n, sizeof(*names), compare);
    *ret = names;
    *ret_n = n;
    return ERR_OK;
}

static int read_list(struct arena *a, struct bytes list, struct previous_list *ret)
{
    AUTO_JSON json_t *j = NULL;
    int err = doc_json_read(list, &j);
    if (err != ERR_OK)
        return err;
    struct previous_list p = {.present = true};
    const char *published = doc_json_text(j, "published");
    if (!doc_json_u32(j, "serial", &p.serial) || !doc_json_u32(j, "refresh", &p.refresh_s) ||
        published == NULL || !time_parse_rfc3339(published, &p.published_at))
        return ERR_STATE;
    err = read_names(a, json_object_get(j, "domains"), &p.names, &p.name_n);
    if (err == ERR_OK)
        err = read_names(a, json_object_get(j, "removed"), &p.removed, &p.removed_n);
    if (err == ERR_OK)
        *ret = p;
    return err;
}

int previous_list_read(struct arena *a, struct bytes list, struct previous_list *ret,
                       struct diags *diags)
{
    if (list.len == 0) {
        *ret = (struct previous_list){0};
        return ERR_OK;
    }
    int err = read_list(a, list, ret);
    if (err == ERR_STATE)
        diag_add(diags, &rule_list_previous, AT_NOWHERE, "domains.json",
                 "the previously published list in the state folder cannot be read");
    return err;
}

const struct previous_name *previous_find(const struct previous_name *names, size_t n,
                                          const char *name, bool subdomains)
{
    struct previous_name key = {.name = name, .subdomains = subdomains};
    return n == 0 ? NULL : bsearch(&key, names, n, sizeof(*names), compare);
}

bool previous_last_update(struct bytes mud, char ret[TIME_TEXT_LEN])
{
    AUTO_JSON json_t *j = NULL;
    if (mud.len == 0 || doc_json_read(mud, &j) != ERR_OK)
        return false;
    const char *text = doc_json_text(json_object_get(j, "ietf-mud:mud"), "last-update");
    if (text == NULL || strlen(text) >= TIME_TEXT_LEN)
        return false;
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

uint32_t previous_refresh(struct bytes list, uint32_t fallback_s)
{
    AUTO_JSON json_t *j = NULL;
    uint32_t refresh_s = fallback_s;
    if (list.len == 0 || doc_json_read(list, &j) != ERR_OK ||
        !doc_json_u32(j, "refresh", &refresh_s))
        return fallback_s;
    return refresh_s;
}
