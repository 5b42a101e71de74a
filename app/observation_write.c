#include "app/observation_write.h"

#include <gnutls/gnutls.h>

#include "common/timetext.h"

static json_t *time_json(int64_t at)
{
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(at, text);
    return json_string(text);
}

static json_t *octets_json(const uint8_t *data, size_t len)
{
    gnutls_datum_t in = {(unsigned char *)(uintptr_t)data, (unsigned)len}, out = {0};
    if (len == 0)
        return json_null();
    if (gnutls_base64_encode2(&in, &out) != 0)
        return NULL;
    json_t *j = json_stringn((const char *)out.data, out.size);
    gnutls_free(out.data);
    return j;
}

static json_t *name_json(const uint8_t *name)
{
    char text[NAME_TEXT_LEN];
    if (name == NULL)
        return json_null();
    name_to_text_nodot(name, text);
    return json_string(text);
}

static json_t *answer_json(const struct observe_answer *a)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:s?, s:b, s:s?, s:o, s:o}", "server", a->server,
                     "address", a->address, "transport", ask_transport_text(a->transport), "at",
                     time_json(a->at), "failure", a->failure, "no-route", (int)a->no_route, "tsig",
                     a->tsig, "request-mac", octets_json(a->mac, a->mac_len), "response",
                     octets_json(a->message.data, a->message.len));
}

static json_t *link_json(const struct observe_link *l)
{
    char type[TYPE_TEXT_LEN];
    type_to_text(l->type, type);
    return json_pack("{s:o, s:s, s:o}", "name", name_json(l->name), "type", type, "response",
                     octets_json(l->message.data, l->message.len));
}

static bool add_to(json_t *list, json_t *item)
{
    return json_array_append_new(list, item) == 0;
}

int observation_text(const struct observe_result *r, struct buf *out)
{
    json_t *answers = json_array(), *links = json_array();
    bool ok = answers != NULL && links != NULL;
    for (size_t i = 0; i < r->answer_n && ok; i++)
        ok = add_to(answers, answer_json(&r->answers[i]));
    for (size_t i = 0; i < r->link_n && ok; i++)
        ok = add_to(links, link_json(&r->links[i]));
    json_t *doc = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "schema", OBSERVATION_SCHEMA, "zone",
                            name_json(r->zone), "parent", name_json(r->parent), "at",
                            time_json(r->at), "answers", answers, "chain", links);
    char *text = ok && doc != NULL ? json_dumps(doc, JSON_INDENT(1)) : NULL;
    json_decref(doc);
    if (text == NULL)
        return ERR_NOMEM;
    buf_add_str(out, text);
    buf_add_char(out, '\n');
    free(text);
    return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}
