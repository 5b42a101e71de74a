#include "app/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "app/rules_app.h"
#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

void manifest_done(struct manifest *m)
{
    arena_free(m->arena);
    *m = (struct manifest){0};
}

const struct manifest_zone *manifest_zone(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->zone_n; i++) {
        if (strcmp(m->zones[i].name, name) == 0)
            return &m->zones[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ writing */

static json_t *time_json(int64_t at)
{
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(at, text);
    return json_string(text);
}

/* A zone without signatures has none that expires. */
static json_t *expires_json(const struct manifest_zone *z)
{
    return z->expires_at == 0 ? json_null() : time_json(z->expires_at);
}

static json_t *keys_json(const struct manifest_zone *z)
{
    json_t *list = json_array();
    for (size_t i = 0; i < z->key_n; i++) {
        const struct manifest_key *k = &z->keys[i];
        json_t *key = json_pack("{s:s, s:i, s:s, s:s}", "digest", k->digest, "tag", (int)k->tag,
                                "role", k->role, "algorithm", k->algorithm);
        (void)json_array_append_new(list, key);
    }
    return list;
}

static json_t *zones_json(const struct manifest *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->zone_n; i++) {
        const struct manifest_zone *z = &m->zones[i];
        json_t *zone = json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:o}", "name", z->name, "file",
                                 z->file, "ds", z->ds, "serial", (json_int_t)z->serial, "policy",
                                 z->policy, "expires", expires_json(z), "keys", keys_json(z));
        (void)json_array_append_new(list, zone);
    }
    return list;
}

static json_t *inputs_json(const struct manifest *m)
{
    json_t *map = json_object();
    for (size_t i = 0; i < m->input_n; i++)
        (void)json_object_set_new(map, m->inputs[i].path, json_string(m->inputs[i].sha256));
    return map;
}

static json_t *files_json(const struct manifest *m)
{
    json_t *map = json_object();
    for (size_t i = 0; i < m->file_n; i++) {
        json_t *file = json_pack("{s:s, s:I}", "sha256", m->files[i].sha256, "size",
                                 (json_int_t)m->files[i].size);
        (void)json_object_set_new(map, m->files[i].path, file);
    }
    return map;
}

static int append_to_buf(const char *text, size_t len, void *ctx)
{
    buf_add(ctx, text, len);
    return buf_ok(ctx) ? 0 : -1;
}

/* Elements that ran out of memory are missing, so the counts tell. */
static bool is_whole(const json_t *doc, const struct manifest *m)
{
    return json_array_size(json_object_get(doc, "zones")) == m->zone_n &&
           json_object_size(json_object_get(doc, "inputs")) == m->input_n &&
           json_object_size(json_object_get(doc, "files")) == m->file_n;
}

int manifest_write(const struct manifest *m, struct buf *out)
{
    json_t *doc =
        json_pack("{s:s, s:s, s:o, s:I, s:s, s:o, s:o, s:o}", "schema", MANIFEST_SCHEMA, "version",
                  m->version, "rebuild-before", time_json(m->rebuild_before_at), "list-serial",
                  (json_int_t)m->list_serial, "event-log-head", m->event_head, "zones",
                  zones_json(m), "inputs", inputs_json(m), "files", files_json(m));
    int err = doc != NULL && is_whole(doc, m) ? ERR_OK : ERR_NOMEM;
    if (err == ERR_OK && json_dump_callback(doc, append_to_buf, out, JSON_INDENT(2)) != 0)
        err = ERR_NOMEM;
    json_decref(doc);
    buf_add_char(out, '\n');
    return err == ERR_OK && !buf_ok(out) ? ERR_NOMEM : err;
}

/* ------------------------------------------------------------------ reading */

struct reader {
    struct manifest *m;
    const char *problem; /* the first thing that is not as it should be */
    bool no_memory;
};

static const char *bad(struct reader *r, const char *problem)
{
    if (r->problem == NULL)
        r->problem = problem;
    return "";
}

static const char *read_text(struct reader *r, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL)
        return bad(r, key);
    const char *copy = arena_strdup(r->m->arena, text);
    if (copy != NULL)
        return copy;
    r->no_memory = true;
    return "";
}

static void read_hex(struct reader *r, const char *text, char out[MANIFEST_HEX_LEN])
{
    uint8_t raw[32];
    if (text == NULL || !hex_decode(text, raw, sizeof(raw)) || strlen(text) != 64)
        (void)bad(r, "a SHA-256 in hex");
    else
        memcpy(out, text, MANIFEST_HEX_LEN);
}

static uint64_t read_number(struct reader *r, const json_t *object, const char *key, uint64_t max)
{
    const json_t *j = json_object_get(object, key);
    if (!json_is_integer(j) || json_integer_value(j) < 0 || (uint64_t)json_integer_value(j) > max) {
        (void)bad(r, key);
        return 0;
    }
    return (uint64_t)json_integer_value(j);
}

static int64_t read_time(struct reader *r, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    int64_t at = 0;
    if (text == NULL || !time_parse_rfc3339(text, &at))
        (void)bad(r, key);
    return at;
}

/* Callers join these to OUT: a path that climbs out of it is an attack, not a file of ours. */
static bool is_inside(const char *path)
{
    if (path[0] == 0 || path[0] == '/')
        return false;
    for (const char *p = path; p != NULL; p = strchr(p, '/')) {
        if (*p == '/')
            p++;
        size_t len = strcspn(p, "/");
        if (len == 0 || (len <= 2 && strncmp(p, "..", len) == 0))
            return false;
    }
    return true;
}

static const char *read_path(struct reader *r, const json_t *object, const char *key)
{
    const char *path = read_text(r, object, key);
    return is_inside(path) ? path : bad(r, key);
}

static void *read_room(struct reader *r, size_t n, size_t size)
{
    void *room = n == 0 ? NULL : arena_zalloc(r->m->arena, n, size);
    if (n > 0 && room == NULL)
        r->no_memory = true;
    return room;
}

static void read_keys(struct reader *r, const json_t *list, struct manifest_zone *z)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        (void)bad(r, "keys");
    z->keys = read_room(r, n, sizeof(*z->keys));
    for (size_t i = 0; z->keys != NULL && i < n; i++) {
        const json_t *from = json_array_get(list, i);
        struct manifest_key *k = &z->keys[i];
        read_hex(r, json_string_value(json_object_get(from, "digest")), k->digest);
        k->tag = (uint16_t)read_number(r, from, "tag", UINT16_MAX);
        k->role = read_text(r, from, "role");
        k->algorithm = read_text(r, from, "algorithm");
        z->key_n++;
    }
}

static void read_zones(struct reader *r, const json_t *list)
{
    size_t n = json_array_size(list);
    if (!json_is_array(list))
        (void)bad(r, "zones");
    r->m->zones = read_room(r, n, sizeof(*r->m->zones));
    for (size_t i = 0; r->m->zones != NULL && i < n; i++) {
        const json_t *from = json_array_get(list, i);
        struct manifest_zone *z = &r->m->zones[i];
        z->name = read_text(r, from, "name");
        z->file = read_path(r, from, "file");
        z->ds = read_path(r, from, "ds");
        z->serial = (uint32_t)read_number(r, from, "serial", UINT32_MAX);
        z->policy = read_text(r, from, "policy");
        if (!json_is_null(json_object_get(from, "expires")))
            z->expires_at = read_time(r, from, "expires");
        read_keys(r, json_object_get(from, "keys"), z);
        r->m->zone_n++;
    }
}

static void read_inputs(struct reader *r, json_t *map)
{
    size_t n = json_object_size(map);
    if (!json_is_object(map))
        (void)bad(r, "inputs");
    r->m->inputs = read_room(r, n, sizeof(*r->m->inputs));
    const char *path;
    json_t *digest;
    if (r->m->inputs == NULL)
        return;
    json_object_foreach(map, path, digest)
    {
        struct manifest_file *f = &r->m->inputs[r->m->input_n++];
        f->path = arena_strdup(r->m->arena, path);
        r->no_memory = r->no_memory || f->path == NULL;
        read_hex(r, json_string_value(digest), f->sha256);
    }
}

static void read_files(struct reader *r, json_t *map)
{
    size_t n = json_object_size(map);
    if (!json_is_object(map))
        (void)bad(r, "files");
    r->m->files = read_room(r, n, sizeof(*r->m->files));
    const char *path;
    json_t *from;
    if (r->m->files == NULL)
        return;
    json_object_foreach(map, path, from)
    {
        struct manifest_file *f = &r->m->files[r->m->file_n++];
        f->path = arena_strdup(r->m->arena, path);
        r->no_memory = r->no_memory || f->path == NULL;
        if (!is_inside(path))
            (void)bad(r, "a path inside OUT");
        read_hex(r, json_string_value(json_object_get(from, "sha256")), f->sha256);
        f->size = read_number(r, from, "size", INT64_MAX);
    }
}

static void read_all(struct reader *r, const json_t *doc)
{
    const char *schema = json_string_value(json_object_get(doc, "schema"));
    if (schema == NULL || strcmp(schema, MANIFEST_SCHEMA) != 0) {
        (void)bad(r, "schema");
        return;
    }
    struct manifest *m = r->m;
    m->version = read_text(r, doc, "version");
    m->rebuild_before_at = read_time(r, doc, "rebuild-before");
    m->list_serial = (uint32_t)read_number(r, doc, "list-serial", UINT32_MAX);
    m->event_head = read_text(r, doc, "event-log-head");
    read_zones(r, json_object_get(doc, "zones"));
    read_inputs(r, json_object_get(doc, "inputs"));
    read_files(r, json_object_get(doc, "files"));
}

int manifest_parse(const char *name, struct bytes text, struct manifest *ret, struct diags *diags)
{
    json_error_t error;
    json_t *doc = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (doc == NULL) {
        diag_add(diags, &rule_manifest_malformed, AT_COLUMN(name, error.line, error.column), NULL,
                 "%s", error.text);
        return ERR_CONFIG;
    }
    AUTO(manifest) struct manifest m = {.arena = arena_new()};
    struct reader r = {.m = &m, .no_memory = m.arena == NULL};
    if (!r.no_memory)
        read_all(&r, doc);
    json_decref(doc);
    if (r.no_memory)
        return ERR_NOMEM;
    if (r.problem != NULL) {
        diag_add(diags, &rule_manifest_malformed, AT_FILE(name), r.problem, "missing or unfit");
        return ERR_CONFIG;
    }
    *ret = m;
    m = (struct manifest){0};
    return ERR_OK;
}

int manifest_read(const char *out, struct manifest *ret, struct diags *diags)
{
    AUTO_FREE char *path = file_join(out, "manifest.json");
    AUTO(buf) struct buf text = {0};
    if (path == NULL)
        return ERR_NOMEM;
    int err = file_read(path, LIMIT_MANIFEST_BYTES, &text);
    if (err == ERR_IO && (errno == ENOENT || errno == ENOTDIR))
        return ERR_ABSENT;
    if (err == ERR_IO) {
        diag_add(diags, &rule_file_unreadable, AT_FILE(path), NULL, "%s", strerror(errno));
    } else if (err == ERR_LIMIT) {
        diag_add(diags, &rule_file_too_large, AT_FILE(path), NULL, "%s", file_size_text(path).text);
        diag_expect(diags, "at most %u bytes", LIMIT_MANIFEST_BYTES);
    }
    if (err != ERR_OK)
        return err;
    return manifest_parse(path, buf_bytes(&text), ret, diags);
}
