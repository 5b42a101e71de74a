/*
 * app/observation.c -- reading observations; see observation.h.
 */
#include "app/observation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

char *observation_path(const char *dir, const struct inv_zone *zone)
{
    AUTO_FREE char *stem = zone_file_stem(zone->name);
    AUTO(buf) struct buf name = {0};
    if (stem == NULL)
        return NULL;
    buf_printf(&name, "%s.json", stem);
    return buf_ok(&name) ? file_join(dir, buf_str(&name)) : NULL;
}

struct reader {
    const char *name;
    struct arena *arena;
    struct diags *diags;
    struct observation *o;
};

static int malformed(const struct reader *r, const char *where, const char *what)
{
    diag_add(r->diags, &rule_observation_malformed, AT_FILE(r->name), where, "%s", what);
    return ERR_CONFIG;
}

/* ------------------------------------------------------------------ values */

/* A member that is text; NULL when it is absent or null and MAY_LACK. */
static int take_text(const struct reader *r, json_t *object, const char *key, bool may_lack,
                     const char **ret)
{
    json_t *value = json_object_get(object, key);
    *ret = NULL;
    if (may_lack && (value == NULL || json_is_null(value)))
        return ERR_OK;
    if (!json_is_string(value))
        return malformed(r, key, "no text");
    *ret = arena_strdup(r->arena, json_string_value(value));
    return *ret == NULL ? ERR_NOMEM : ERR_OK;
}

static int take_name(const struct reader *r, json_t *object, const char *key, bool may_lack,
                     const uint8_t **ret)
{
    uint8_t name[256];
    const char *text = NULL;
    int err = take_text(r, object, key, may_lack, &text);
    *ret = NULL;
    if (err != ERR_OK || text == NULL)
        return err;
    if (!name_from_text(text, name))
        return malformed(r, key, "not a domain name");
    *ret = arena_dup(r->arena, name, name_len(name));
    return *ret == NULL ? ERR_NOMEM : ERR_OK;
}

static int take_time(const struct reader *r, json_t *object, const char *key, int64_t *ret)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || !time_parse_rfc3339(text, ret))
        return malformed(r, key, "not a time");
    return ERR_OK;
}

/* base64; absent or null: no octets */
static int take_octets(const struct reader *r, json_t *object, const char *key, size_t max,
                       struct bytes *ret)
{
    json_t *value = json_object_get(object, key);
    *ret = (struct bytes){0};
    if (value == NULL || json_is_null(value))
        return ERR_OK;
    if (!json_is_string(value))
        return malformed(r, key, "no base64 text");
    const char *text = json_string_value(value);
    const gnutls_datum_t in = {(unsigned char *)(uintptr_t)text,
                               (unsigned)json_string_length(value)};
    gnutls_datum_t out = {0};
    int rc = in.size == 0 ? 0 : gnutls_base64_decode2(&in, &out);
    if (rc == GNUTLS_E_MEMORY_ERROR)
        return ERR_NOMEM;
    int err = rc != 0 || out.size > max ? malformed(r, key, "no base64, or too long") : ERR_OK;
    if (err == ERR_OK && out.size > 0) {
        *ret = (struct bytes){arena_dup(r->arena, out.data, out.size), out.size};
        err = ret->data == NULL ? ERR_NOMEM : ERR_OK;
    }
    gnutls_free(out.data);
    return err;
}

/* ------------------------------------------------------------------ entries */

static int take_answer(const struct reader *r, json_t *j, struct observed_answer *a)
{
    int err = take_text(r, j, "server", false, &a->server);
    if (err == ERR_OK)
        err = take_text(r, j, "address", false, &a->address);
    if (err == ERR_OK)
        err = take_text(r, j, "transport", false, &a->transport);
    if (err == ERR_OK)
        err = take_text(r, j, "failure", true, &a->failure);
    if (err == ERR_OK)
        err = take_text(r, j, "tsig", true, &a->tsig);
    if (err == ERR_OK)
        err = take_time(r, j, "at", &a->at);
    if (err == ERR_OK)
        err = take_octets(r, j, "response", LIMIT_DNS_MESSAGE, &a->message);
    if (err == ERR_OK)
        err = take_octets(r, j, "request-mac", LIMIT_DNS_MESSAGE, &a->request_mac);
    a->no_route = json_is_true(json_object_get(j, "no-route"));
    return err;
}

static int take_link(const struct reader *r, json_t *j, struct observed_link *l)
{
    const char *type = NULL;
    int err = take_name(r, j, "name", false, &l->name);
    if (err == ERR_OK)
        err = take_text(r, j, "type", false, &type);
    if (err == ERR_OK && (l->type = type_from_text(type)) == 0)
        err = malformed(r, "type", "not a record type");
    return err == ERR_OK ? take_octets(r, j, "response", LIMIT_DNS_MESSAGE, &l->message) : err;
}

static int take_list(const struct reader *r, json_t *doc, const char *key, size_t max, json_t **ret,
                     size_t *ret_n)
{
    *ret = json_object_get(doc, key);
    *ret_n = json_array_size(*ret);
    if (!json_is_array(*ret))
        return malformed(r, key, "no list");
    return *ret_n > max ? malformed(r, key, "too long a list") : ERR_OK;
}

static int take_lists(const struct reader *r, json_t *doc)
{
    struct observation *o = r->o;
    json_t *answers = NULL, *links = NULL;
    int err = take_list(r, doc, "answers", LIMIT_OBSERVED_ANSWERS, &answers, &o->answer_n);
    if (err == ERR_OK)
        err = take_list(r, doc, "chain", LIMIT_OBSERVED_LINKS, &links, &o->link_n);
    if (err != ERR_OK)
        return err;
    o->answers = arena_zalloc(r->arena, o->answer_n, sizeof *o->answers);
    o->links = arena_zalloc(r->arena, o->link_n, sizeof *o->links);
    if (o->answers == NULL || o->links == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < o->answer_n && err == ERR_OK; i++)
        err = take_answer(r, json_array_get(answers, i), &o->answers[i]);
    for (size_t i = 0; i < o->link_n && err == ERR_OK; i++)
        err = take_link(r, json_array_get(links, i), &o->links[i]);
    return err;
}

static int take_document(const struct reader *r, json_t *doc)
{
    const char *schema = json_string_value(json_object_get(doc, "schema"));
    if (schema == NULL || strcmp(schema, OBSERVATION_SCHEMA) != 0)
        return malformed(r, "schema", "not \"" OBSERVATION_SCHEMA "\"");
    int err = take_name(r, doc, "zone", false, &r->o->zone);
    if (err == ERR_OK)
        err = take_name(r, doc, "parent", true, &r->o->parent);
    if (err == ERR_OK)
        err = take_time(r, doc, "at", &r->o->at);
    if (err == ERR_OK && r->o->parent != NULL && !name_is_below(r->o->zone, r->o->parent))
        err = malformed(r, "parent", "not above the zone");
    return err == ERR_OK ? take_lists(r, doc) : err;
}

int observation_parse(const char *name, struct bytes text, struct observation *ret,
                      struct diags *diags)
{
    AUTO(observation) struct observation o = {.arena = arena_new()};
    struct reader r = {name, o.arena, diags, &o};
    if (o.arena == NULL)
        return ERR_NOMEM;
    json_error_t error;
    json_t *doc = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (doc == NULL)
        return malformed(&r, NULL, error.text);
    int err = take_document(&r, doc);
    json_decref(doc);
    o.text = (struct bytes){arena_dup(o.arena, text.data, text.len), text.len};
    if (err == ERR_OK && o.text.data == NULL)
        err = ERR_NOMEM;
    if (err != ERR_OK)
        return err;
    *ret = o;
    o = (struct observation){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ files */

int observation_read(struct app *app, const struct inventory *inv, const struct inv_zone *zone,
                     struct observation *ret)
{
    AUTO_FREE char *path = observation_path(inv->parent.observations, zone);
    AUTO(buf) struct buf text = {0};
    AUTO(observation) struct observation o = {0};
    if (path == NULL)
        return ERR_NOMEM;
    int err = file_read(path, LIMIT_OBSERVED_BYTES, &text);
    if (err == ERR_IO && errno == ENOENT)
        return ERR_ABSENT;
    if (err == ERR_IO)
        diag_add_as(app->diags, SEV_WARNING, &rule_file_unreadable, AT_FILE(path), NULL, "%s",
                    strerror(errno));
    if (err == ERR_LIMIT)
        diag_add(app->diags, &rule_observation_malformed, AT_FILE(path), NULL, "%s",
                 file_size_text(path).text);
    if (err == ERR_OK)
        err = observation_parse(path, buf_bytes(&text), &o, app->diags);
    if (err == ERR_OK && name_compare(o.zone, zone->name) != 0) {
        diag_add(app->diags, &rule_observation_malformed, AT_FILE(path), zone->text,
                 "an observation of another zone");
        err = ERR_CONFIG;
    }
    if (err != ERR_OK)
        return err;
    *ret = o;
    o = (struct observation){0};
    return ERR_OK;
}

int observation_view(struct app *app, const struct inventory *inv, const struct inv_zone *zone,
                     int64_t previous_at, struct parent_view *ret, struct buf *ret_text)
{
    AUTO(observation) struct observation o = {0};
    AUTO(parent_trust) struct parent_trust trust = {0};
    int err = observation_read(app, inv, zone, &o);
    if (err == ERR_OK)
        err = observation_trust(app, inv, &trust);
    if (err == ERR_OK)
        err = parent_judge(&o, &trust, previous_at, app->now, ret, app->diags);
    if (err == ERR_OK && ret_text != NULL) {
        buf_add(ret_text, o.text.data, o.text.len);
        err = buf_ok(ret_text) ? ERR_OK : ERR_NOMEM;
    }
    return err;
}
