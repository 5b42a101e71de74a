#include "app/previous.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/err.h"
#include "common/grow.h"
#include "publish/publish.h"

#define KIND_LIST      "list"
#define KIND_MODEL     "model"
#define KIND_SIGNATURE "signature"
#define KIND_VERSION   "version"
#define KIND_BLOB      "blob"
#define LIST_NAME      "domains.json"

#define HEX_LEN       65
#define SIGNATURE_LEN (2 * HEX_LEN)

void previous_done(struct previous *p)
{
    arena_free(p->arena);
    *p = (struct previous){0};
}

/* ------------------------------------------------------------------ docs of a kind */

struct doc {
    const char *name;
    struct bytes content;
};

struct docs {
    struct arena *arena;
    struct doc *items; /* in order of name, as state gives them */
    size_t n;
    size_t cap;
};

static void docs_done(struct docs *d)
{
    free(d->items);
    *d = (struct docs){0};
}
DEFINE_AUTO(docs)

static int docs_add(void *ctx, const char *name, struct bytes content)
{
    struct docs *d = ctx;
    struct doc *items = grow_items(d->items, d->n, &d->cap, sizeof(*items));
    if (items == NULL)
        return ERR_NOMEM;
    d->items = items;
    char *own_name = arena_strdup(d->arena, name);
    void *own = content.len == 0 ? NULL : arena_dup(d->arena, content.data, content.len);
    if (own_name == NULL || (content.len > 0 && own == NULL))
        return ERR_NOMEM;
    d->items[d->n++] = (struct doc){own_name, {own, content.len}};
    return ERR_OK;
}

static int docs_load(struct state *state, const char *kind, struct arena *arena, struct docs *ret)
{
    ret->arena = arena;
    return state_doc_each(state, kind, docs_add, ret);
}

static int by_name(const void *a, const void *b)
{
    const struct doc *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static const struct doc *docs_find(const struct docs *d, const char *name)
{
    const struct doc key = {.name = name};
    return d->n == 0 ? NULL : bsearch(&key, d->items, d->n, sizeof(key), by_name);
}

/* ------------------------------------------------------------------ loading */

static int load_models(struct state *state, struct previous *p)
{
    AUTO(docs) struct docs docs = {0};
    int err = docs_load(state, KIND_MODEL, p->arena, &docs);
    if (err != ERR_OK || docs.n == 0)
        return err;
    struct mud_previous_model *models = arena_zalloc(p->arena, docs.n, sizeof(*models));
    if (models == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < docs.n; i++)
        models[i] = (struct mud_previous_model){docs.items[i].name, docs.items[i].content};
    p->value.models = models;
    p->value.model_n = docs.n;
    return ERR_OK;
}

static int load_signatures(struct state *state, struct previous *p)
{
    AUTO(docs) struct docs docs = {0};
    int err = docs_load(state, KIND_SIGNATURE, p->arena, &docs);
    if (err != ERR_OK || docs.n == 0)
        return err;
    struct mud_signature *signatures = arena_zalloc(p->arena, docs.n, sizeof(*signatures));
    if (signatures == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < docs.n; i++) {
        struct mud_signature *s = &signatures[i];
        const char *name = docs.items[i].name;
        char content[HEX_LEN], certificate[HEX_LEN];
        if (sscanf(name, "%64[0-9a-f].%64[0-9a-f]", content, certificate) != 2 ||
            !hex_decode(content, s->content_sha256, 32) ||
            !hex_decode(certificate, s->certificate_sha256, 32))
            return ERR_STATE;
        s->p7s = docs.items[i].content;
    }
    p->value.signatures = signatures;
    p->value.signature_n = docs.n;
    return ERR_OK;
}

static int load_version_files(json_t *map, const struct docs *blobs, struct arena *arena,
                              struct mud_version *ret)
{
    size_t n = json_object_size(map), i = 0;
    struct mud_file *files = n == 0 ? NULL : arena_zalloc(arena, n, sizeof(*files));
    if (files == NULL)
        return n == 0 ? ERR_STATE : ERR_NOMEM;
    const char *path;
    json_t *digest;
    json_object_foreach(map, path, digest)
    {
        const char *hex = json_string_value(digest);
        const struct doc *blob = hex == NULL ? NULL : docs_find(blobs, hex);
        if (blob == NULL)
            return ERR_STATE;
        files[i].path = arena_strdup(arena, path);
        if (files[i].path == NULL)
            return ERR_NOMEM;
        files[i++].content = blob->content;
    }
    ret->files = files;
    ret->file_n = n;
    return ERR_OK;
}

static int load_version(const struct doc *doc, const struct docs *blobs, struct arena *arena,
                        struct mud_version *ret)
{
    json_t *j = json_loadb((const char *)doc->content.data, doc->content.len, 0, NULL);
    const json_t *superseded = json_object_get(j, "superseded-at");
    int err = json_is_integer(superseded) ? ERR_OK : ERR_STATE;
    if (err == ERR_OK) {
        ret->serial = (uint32_t)strtoul(doc->name, NULL, 10);
        ret->superseded_at = json_integer_value(superseded);
        err = load_version_files(json_object_get(j, "files"), blobs, arena, ret);
    }
    json_decref(j);
    return err;
}

static int load_versions(struct state *state, struct previous *p)
{
    AUTO(docs) struct docs docs = {0};
    AUTO(docs) struct docs blobs = {0};
    int err = docs_load(state, KIND_VERSION, p->arena, &docs);
    if (err == ERR_OK)
        err = docs_load(state, KIND_BLOB, p->arena, &blobs);
    if (err != ERR_OK || docs.n == 0)
        return err;
    struct mud_version *versions = arena_zalloc(p->arena, docs.n, sizeof(*versions));
    if (versions == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < docs.n && err == ERR_OK; i++)
        err = load_version(&docs.items[i], &blobs, p->arena, &versions[i]);
    p->value.versions = versions;
    p->value.version_n = docs.n;
    return err;
}

static int load_list(struct state *state, struct previous *p)
{
    AUTO(buf) struct buf list = {0};
    int err = state_doc_get(state, KIND_LIST, LIST_NAME, &list);
    if (err == ERR_ABSENT || (err == ERR_OK && list.len == 0))
        return ERR_OK;
    if (err != ERR_OK)
        return err;
    const uint8_t *own = arena_dup(p->arena, list.data, list.len);
    p->value.list = (struct bytes){own, list.len};
    return own == NULL ? ERR_NOMEM : ERR_OK;
}

int previous_load(struct state *state, struct previous *ret)
{
    AUTO(previous) struct previous p = {.arena = arena_new()};
    if (p.arena == NULL)
        return ERR_NOMEM;
    int err = load_list(state, &p);
    if (err == ERR_OK)
        err = load_models(state, &p);
    if (err == ERR_OK)
        err = load_signatures(state, &p);
    if (err == ERR_OK)
        err = load_versions(state, &p);
    if (err != ERR_OK)
        return err;
    *ret = p;
    p = (struct previous){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ storing */

/* Makes the docs of KIND exactly WANTED (sorted in place). */
static int replace_docs(struct state *state, const char *kind, struct docs *wanted)
{
    AUTO_PTR(arena) struct arena *arena = arena_new();
    AUTO(docs) struct docs have = {0};
    int err = arena == NULL ? ERR_NOMEM : docs_load(state, kind, arena, &have);
    if (wanted->n > 1)
        qsort(wanted->items, wanted->n, sizeof(*wanted->items), by_name);
    for (size_t i = 0; i < wanted->n && err == ERR_OK; i++) {
        const struct doc *w = &wanted->items[i];
        const struct doc *old = docs_find(&have, w->name);
        if (old == NULL || !bytes_equal(old->content, w->content))
            err = state_doc_put(state, kind, w->name, w->content);
    }
    for (size_t i = 0; i < have.n && err == ERR_OK; i++) {
        if (docs_find(wanted, have.items[i].name) == NULL)
            err = state_doc_delete(state, kind, have.items[i].name);
    }
    return err;
}

static int store_list(struct state *state, const struct mud_output *out, struct arena *arena)
{
    AUTO(docs) struct docs docs = {.arena = arena};
    int err = docs_add(&docs, LIST_NAME, out->list);
    return err == ERR_OK ? replace_docs(state, KIND_LIST, &docs) : err;
}

static int store_models(struct state *state, const struct mud_output *out, struct arena *arena)
{
    AUTO(docs) struct docs docs = {.arena = arena};
    int err = ERR_OK;
    for (size_t i = 0; i < out->model_n && err == ERR_OK; i++)
        err = docs_add(&docs, out->models[i].model->name, out->models[i].json);
    return err == ERR_OK ? replace_docs(state, KIND_MODEL, &docs) : err;
}

static int store_signatures(struct state *state, const struct mud_output *out, struct arena *arena)
{
    AUTO(docs) struct docs docs = {.arena = arena};
    int err = ERR_OK;
    for (size_t i = 0; i < out->signature_n && err == ERR_OK; i++) {
        const struct mud_signature *s = &out->signatures[i];
        char name[SIGNATURE_LEN];
        hex_encode(s->content_sha256, 32, name);
        name[HEX_LEN - 1] = '.';
        hex_encode(s->certificate_sha256, 32, name + HEX_LEN);
        err = docs_add(&docs, name, s->p7s);
    }
    return err == ERR_OK ? replace_docs(state, KIND_SIGNATURE, &docs) : err;
}

static int add_version(const struct mud_version *v, struct docs *versions, struct docs *blobs)
{
    json_t *files = json_object();
    int err = files == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < v->file_n && err == ERR_OK; i++) {
        uint8_t digest[32];
        char hex[HEX_LEN];
        sha256_of(v->files[i].content, digest);
        hex_encode(digest, 32, hex);
        if (json_object_set_new(files, v->files[i].path, json_string(hex)) != 0)
            err = ERR_NOMEM;
        else
            err = docs_add(blobs, hex, v->files[i].content);
    }
    json_t *doc =
        json_pack("{s:I, s:o}", "superseded-at", (json_int_t)v->superseded_at, "files", files);
    char *text = doc == NULL || err != ERR_OK ? NULL : json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    char name[16];
    (void)snprintf(name, sizeof(name), "%010" PRIu32, v->serial);
    if (text == NULL)
        return ERR_NOMEM;
    err = docs_add(versions, name, (struct bytes){(const uint8_t *)text, strlen(text)});
    free(text);
    return err;
}

static void drop_repeated(struct docs *d)
{
    if (d->n > 1)
        qsort(d->items, d->n, sizeof(*d->items), by_name);
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (n == 0 || strcmp(d->items[n - 1].name, d->items[i].name) != 0)
            d->items[n++] = d->items[i];
    }
    d->n = n;
}

static int store_versions(struct state *state, const struct mud_output *out, struct arena *arena)
{
    AUTO(docs) struct docs versions = {.arena = arena};
    AUTO(docs) struct docs blobs = {.arena = arena};
    int err = ERR_OK;
    for (size_t i = 0; i < out->version_n && err == ERR_OK; i++)
        err = add_version(&out->versions[i], &versions, &blobs);
    drop_repeated(&blobs);
    if (err == ERR_OK)
        err = replace_docs(state, KIND_VERSION, &versions);
    return err == ERR_OK ? replace_docs(state, KIND_BLOB, &blobs) : err;
}

int previous_store(struct state *state, const struct mud_output *out)
{
    AUTO_PTR(arena) struct arena *arena = arena_new();
    int err = arena == NULL ? ERR_NOMEM : store_list(state, out, arena);
    if (err == ERR_OK)
        err = store_models(state, out, arena);
    if (err == ERR_OK)
        err = store_signatures(state, out, arena);
    return err == ERR_OK ? store_versions(state, out, arena) : err;
}
