#include "mudgen/webtree.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "embedded/web_schema_json.h"
#include "mudgen/model.h"
#include "mudgen/previous.h"

#define WELL_KNOWN ".well-known/mudzone/"

struct files { /* sized before it is filled */
    struct mud_file *items;
    size_t n;
    bool failed;
};

static void add(struct files *f, const char *path, struct bytes content)
{
    if (path == NULL)
        f->failed = true;
    else
        f->items[f->n++] = (struct mud_file){path, content};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct mud_file *)a)->path, ((const struct mud_file *)b)->path);
}

/* v/<serial>/: the list and the MUD files of this version, never to change again. */
static int version_files(struct arena *a, const struct mud_output *out, const struct mud_file **ret,
                         size_t *ret_n)
{
    struct files f = {.items = arena_zalloc(a, 2 + 2 * out->model_n, sizeof(struct mud_file))};
    char *dir = arena_printf(a, WELL_KNOWN "v/%u/", out->serial);
    if (f.items == NULL || dir == NULL)
        return ERR_NOMEM;
    add(&f, arena_printf(a, "%sdomains.json", dir), out->list);
    add(&f, arena_printf(a, "%sdomains.json.p7s", dir), out->list_p7s);
    for (size_t i = 0; i < out->model_n; i++) {
        const struct mud_model_out *m = &out->models[i];
        add(&f, arena_printf(a, "%smodels/%s.json", dir, m->model->name), m->json);
        add(&f, arena_printf(a, "%smodels/%s.json.p7s", dir, m->model->name), m->p7s);
    }
    if (f.failed)
        return ERR_NOMEM;
    qsort(f.items, f.n, sizeof(*f.items), by_path);
    *ret = f.items;
    *ret_n = f.n;
    return ERR_OK;
}

static struct bytes version_list(const struct mud_version *v)
{
    static const char name[] = "/domains.json";
    for (size_t i = 0; i < v->file_n; i++) {
        size_t len = strlen(v->files[i].path);
        if (len >= sizeof(name) && strcmp(v->files[i].path + len - (sizeof(name) - 1), name) == 0)
            return v->files[i].content;
    }
    return (struct bytes){0};
}

/* Who read V just before it was superseded may come back after its refresh time, with a TXT record
   that is as old as its TTL allows. */
static bool is_needed(const struct mud_version *v, uint32_t refresh_s, int64_t now)
{
    uint32_t own_s = previous_refresh(version_list(v), refresh_s);
    return now < v->superseded_at + own_s + MUD_ANNOUNCE_TTL;
}

int webtree_versions(struct arena *a, const struct webtree_input *in,
                     const struct mud_version **ret, size_t *ret_n)
{
    const struct mud_previous *previous = in->previous;
    struct mud_version *versions = arena_zalloc(a, previous->version_n + 1, sizeof(*versions));
    if (versions == NULL)
        return ERR_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < previous->version_n; i++) {
        struct mud_version v = previous->versions[i];
        if (v.serial == in->out->serial)
            continue; /* still the current one: made below */
        if (v.superseded_at == 0)
            v.superseded_at = in->now;
        if (is_needed(&v, in->refresh_s, in->now))
            versions[n++] = v;
    }
    versions[n].serial = in->out->serial;
    int err = version_files(a, in->out, &versions[n].files, &versions[n].file_n);
    if (err != ERR_OK)
        return err;
    *ret = versions;
    *ret_n = n + 1;
    return ERR_OK;
}

int webtree_files(struct arena *a, const struct webtree_input *in,
                  const struct mud_version *versions, size_t version_n, const struct mud_file **ret,
                  size_t *ret_n)
{
    const struct mud_output *out = in->out;
    const struct bytes schema = {(const uint8_t *)web_schema_json, web_schema_json_len};
    size_t n = 7 + 2 * out->model_n;
    for (size_t i = 0; i < version_n; i++)
        n += versions[i].file_n;
    struct files f = {.items = arena_zalloc(a, n, sizeof(struct mud_file))};
    if (f.items == NULL)
        return ERR_NOMEM;
    add(&f, "index.html", in->page);
    add(&f, WELL_KNOWN "domains.json", out->list);
    add(&f, WELL_KNOWN "domains.json.p7s", out->list_p7s);
    add(&f, WELL_KNOWN "schema.json", schema);
    add(&f, WELL_KNOWN "feeds/domains.txt", in->domains);
    add(&f, WELL_KNOWN "feeds/allow.rpz", in->allow_rpz);
    add(&f, WELL_KNOWN "feeds/deny.rpz", in->deny_rpz);
    for (size_t i = 0; i < out->model_n; i++) {
        const struct mud_model_out *m = &out->models[i];
        add(&f, model_path(a, "", m->model->name, ".json"), m->json);
        add(&f, model_path(a, "", m->model->name, ".p7s"), m->p7s);
    }
    for (size_t i = 0; i < version_n; i++) {
        for (size_t k = 0; k < versions[i].file_n; k++)
            add(&f, versions[i].files[k].path, versions[i].files[k].content);
    }
    if (f.failed)
        return ERR_NOMEM;
    qsort(f.items, f.n, sizeof(*f.items), by_path);
    *ret = f.items;
    *ret_n = f.n;
    return ERR_OK;
}
