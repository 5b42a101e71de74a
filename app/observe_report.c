#include "app/observe.h"
#include "common/timetext.h"

static const char *says_text(const struct parent_server *s)
{
    switch (s->says) {
    case PARENT_SAYS_DS: return "ds";
    case PARENT_SAYS_NO_DS: return "no-ds";
    case PARENT_SAYS_NOTHING: break;
    }
    return "nothing";
}

static const char *proof_text(const struct parent_server *s)
{
    switch (s->proof) {
    case PARENT_BY_DNSSEC: return "dnssec";
    case PARENT_BY_TSIG: return "tsig";
    case PARENT_UNPROVEN: break;
    }
    return NULL;
}

static json_t *ds_json(const struct bytes *ds, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n && list != NULL; i++) {
        AUTO(buf) struct buf text = {0};
        if (ds[i].len > 4)
            buf_printf(&text, "%u %u %u ", (unsigned)(ds[i].data[0] << 8 | ds[i].data[1]),
                       (unsigned)ds[i].data[2], (unsigned)ds[i].data[3]);
        if (ds[i].len > 4)
            buf_add_hex(&text, ds[i].data + 4, ds[i].len - 4);
        if (!buf_ok(&text) || json_array_append_new(list, json_string(buf_str(&text))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *server_json(const struct parent_server *s)
{
    char at[TIME_TEXT_LEN];
    time_format_rfc3339(s->at, at);
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s?, s:b, s:o, s:o}", "server",
                     report_text_json(s->server), "address", s->address, "transport", s->transport,
                     "at", at, "says", says_text(s), "proof", proof_text(s), "left-out",
                     (int)s->is_left_out, "ds", ds_json(s->ds, s->ds_n), "why",
                     report_text_json(s->why));
}

static json_t *servers_json(const struct parent_view *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->server_n && list != NULL; i++) {
        if (json_array_append_new(list, server_json(&v->servers[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int add_zone(struct observe_run *c, const struct observed *o, json_t *notices)
{
    const struct parent_view *v = o->view;
    char at[TIME_TEXT_LEN], parent[NAME_TEXT_LEN] = "";
    time_format_rfc3339(v->observed_at, at);
    if (o->found->parent != NULL)
        name_to_text_nodot(o->found->parent, parent);
    json_t *zone =
        json_pack("{s:s, s:o, s:s, s:o, s:b, s:o, s:o, s:o, s:O}", "name", o->zone->text, "parent",
                  report_text_json(parent), "at", at, "file", report_text_json(o->path), "agrees",
                  (int)v->agrees, "verdict", report_text_json(v->why), "ds",
                  ds_json(v->ds, v->ds_n), "servers", servers_json(v), "notices", notices);
    return json_array_append_new(c->zones, zone) == 0 ? ERR_OK : ERR_NOMEM;
}

static void print_zone(const struct observe_run *c, const struct observed *o)
{
    char parent[NAME_TEXT_LEN] = "";
    if (o->found->parent != NULL)
        name_to_text(o->found->parent, parent);
    app_print(c->app, "%s: %s (parent %s, %zu answers); %s\n", o->zone->text,
              o->view->agrees ? o->view->why : "wait", parent[0] == 0 ? "unknown" : parent,
              o->view->server_n, o->path);
}

int observe_report(struct observe_run *c, const struct observed *o)
{
    json_t *notices = json_array();
    int err = notices == NULL ? ERR_NOMEM : ERR_OK;
    print_zone(c, o);
    if (err == ERR_OK && c->notify)
        err = observe_notify(c, o, notices);
    if (err == ERR_OK)
        err = add_zone(c, o, notices);
    json_decref(notices);
    return err;
}
