/*
 * app/verify_announce.c -- what the publication zone says about the documents (DESIGN section 7),
 * against the documents.
 */
#include <stdlib.h>
#include <string.h>

#include "app/verify_docs.h"
#include "common/timetext.h"

enum { TYPE_PTR = 12, TYPE_TXT = 16, TYPE_TLSA = 52, TYPE_SMIMEA = 53, TYPE_URI = 256 };

#define PAGES_MAX 1000000

struct context {
    struct verify_out *v;
    const struct out_list *l;
    struct out_announcement *a;
};

void out_announcement_done(struct out_announcement *a)
{
    free(a->models);
    *a = (struct out_announcement){0};
}

static void found(const struct context *c, const struct diag_rule *rule, const char *at,
                  const char *what)
{
    verify_out_found(c->v, rule, c->a->file, at, "%s", what);
}

static bool find_set(const struct context *c, const char *name, uint16_t type,
                     struct zone_rrset *ret)
{
    uint8_t wire[256];
    return name_from_text(name, wire) && zone_rrset(c->a->zone, wire, type, ret) &&
           ret->rrs.count > 0;
}

/* ------------------------------------------------------------------ TXT and URI */

/* The character-string at *AT of TXT rdata; moves on. */
static bool next_string(const knot_rdata_t *rd, size_t *at, struct bytes *ret)
{
    if (*at >= rd->len || *at + 1 + rd->data[*at] > rd->len)
        return false;
    *ret = (struct bytes){rd->data + *at + 1, rd->data[*at]};
    *at += 1u + rd->data[*at];
    return true;
}

static bool is_ours(const knot_rdata_t *rd)
{
    static const char mark[] = "v=mudzone1";
    size_t at = 0;
    struct bytes first = {0};
    return next_string(rd, &at, &first) && first.len == strlen(mark) &&
           memcmp(first.data, mark, first.len) == 0;
}

/* DESIGN 7: more than one record that starts so makes the name invalid. */
static const knot_rdata_t *find_txt(const struct context *c, const char *name)
{
    struct zone_rrset set;
    bool any = find_set(c, name, TYPE_TXT, &set);
    const knot_rdata_t *ours = NULL;
    knot_rdata_t *rd = any ? set.rrs.rdata : NULL;
    for (uint16_t i = 0; any && i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        if (!is_ours(rd))
            continue;
        if (ours != NULL) {
            found(c, &rule_announce_many, name, "more than one TXT record");
            return NULL;
        }
        ours = rd;
    }
    if (ours == NULL)
        found(c, &rule_announce_missing, name, "no TXT record that begins with v=mudzone1");
    return ours;
}

/* The value of KEY, "" when there is none. */
static void txt_value(const knot_rdata_t *rd, const char *key, char out[256])
{
    size_t at = 0;
    size_t key_len = strlen(key);
    struct bytes s = {0};
    out[0] = '\0';
    while (next_string(rd, &at, &s)) {
        if (s.len > key_len && memcmp(s.data, key, key_len) == 0 && s.data[key_len] == '=') {
            size_t n = s.len - key_len - 1;
            memcpy(out, s.data + key_len + 1, n);
            out[n] = '\0';
            return;
        }
    }
}

static void judge_value(const struct context *c, const char *name, const knot_rdata_t *rd,
                        const char *key, const char *wanted, const struct diag_rule *rule)
{
    char value[256];
    txt_value(rd, key, value);
    if (strcmp(value, wanted) == 0)
        return;
    verify_out_found(c->v, rule, c->a->file, name, "%s=%s", key, value);
    diag_expect(c->v->app->diags, "%s=%s", key, wanted);
}

/* The one URI at NAME; "" with a finding when there is none, or more. */
static void read_uri(const struct context *c, const char *name, char out[512])
{
    struct zone_rrset set;
    out[0] = '\0';
    if (!find_set(c, name, TYPE_URI, &set) || set.rrs.count != 1 || set.rrs.rdata->len <= 4 ||
        set.rrs.rdata->len - 4 >= 512) {
        found(c, &rule_announce_missing, name, "not one URI record");
        return;
    }
    size_t n = set.rrs.rdata->len - 4u; /* priority, weight */
    memcpy(out, set.rrs.rdata->data + 4, n);
    out[n] = '\0';
}

/* ------------------------------------------------------------------ _mudzone */

static void judge_list_uri(const struct context *c)
{
    static const char tail[] = URL_WELL_KNOWN "domains.json";
    char uri[512];
    read_uri(c, c->l->announcement, uri);
    size_t len = strlen(uri);
    size_t tail_len = strlen(tail);
    if (len == 0)
        return;
    if (strncmp(uri, "https://", 8) != 0 || len <= 8 + tail_len ||
        strcmp(uri + len - tail_len, tail) != 0 || uri[len - tail_len - 1] != '/') {
        verify_out_found(c->v, &rule_announce_uri, c->a->file, c->l->announcement, "%s", uri);
        diag_expect(c->v->app->diags, "https://<web host>/%s", tail);
        return;
    }
    memcpy(c->a->base_url, uri, len - tail_len);
    c->a->base_url[len - tail_len] = '\0';
}

static void judge_list_txt(const struct context *c, size_t *ret_domain_pages,
                           size_t *ret_model_pages)
{
    const char *name = c->l->announcement;
    char text[256];
    *ret_domain_pages = 0;
    *ret_model_pages = 0;
    const knot_rdata_t *rd = find_txt(c, name);
    if (rd == NULL)
        return;
    (void)snprintf(text, sizeof(text), "%u", c->l->serial);
    judge_value(c, name, rd, "serial", text, &rule_list_serial_differs);
    judge_value(c, name, rd, "updated", c->l->published, &rule_announce_field);
    (void)snprintf(text, sizeof(text), "%lld", (long long)c->l->refresh);
    judge_value(c, name, rd, "refresh", text, &rule_announce_field);
    (void)snprintf(text, sizeof(text), "sha-256:%s", out_sha256(c->v, OUT_LIST));
    judge_value(c, name, rd, "list", text, &rule_announce_digest);
    txt_value(rd, "domain-pages", text);
    *ret_domain_pages = strtoul(text, NULL, 10);
    txt_value(rd, "model-pages", text);
    *ret_model_pages = strtoul(text, NULL, 10);
}

/* ------------------------------------------------------------------ pages */

static int read_page(const struct context *c, const char *page, struct strings *ret)
{
    struct zone_rrset set;
    if (!find_set(c, page, TYPE_PTR, &set)) {
        found(c, &rule_announce_page, page, "no PTR record");
        return ERR_OK;
    }
    if (set.rrs.count > MUD_PAGE_ENTRIES)
        verify_out_found(c->v, &rule_announce_page, c->a->file, page, "%u entries", set.rrs.count);
    knot_rdata_t *rd = set.rrs.rdata;
    int err = ERR_OK;
    for (uint16_t i = 0; i < set.rrs.count && err == ERR_OK; i++, rd = knot_rdataset_next(rd)) {
        char text[NAME_TEXT_LEN];
        name_to_text_nodot(rd->data, text);
        err = strings_add(ret, text);
    }
    return err;
}

/* KIND: "domains" or "models". All pages together must hold WANTED. */
static int judge_pages(const struct context *c, const char *kind, size_t page_n,
                       struct strings *wanted)
{
    AUTO(strings) struct strings listed = {0};
    char name[NAME_TEXT_LEN];
    int err = ERR_OK;
    (void)snprintf(name, sizeof(name), "_%s.%s", kind, c->l->announcement);
    if (page_n > PAGES_MAX) {
        found(c, &rule_announce_page, name, "more pages than a zone can hold");
        return ERR_OK;
    }
    for (size_t i = 0; i < page_n && err == ERR_OK; i++) {
        char page[NAME_TEXT_LEN + 32];
        (void)snprintf(page, sizeof(page), "_%zu.%s", i, name);
        err = read_page(c, page, &listed);
    }
    if (err == ERR_OK)
        strings_compare(c->v, wanted, &listed, &rule_announce_page, c->a->file, name, "name");
    return err;
}

static int judge_domain_pages(const struct context *c, size_t page_n)
{
    AUTO(strings) struct strings wanted = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < c->l->name_n && err == ERR_OK; i++) {
        uint8_t wire[256];
        char text[NAME_TEXT_LEN];
        if (!name_from_text(c->l->names[i].text, wire))
            continue;
        name_to_text_nodot(wire, text);
        err = strings_add(&wanted, text);
    }
    return err == ERR_OK ? judge_pages(c, "domains", page_n, &wanted) : err;
}

static void model_name(const struct context *c, const char *model, char out[NAME_TEXT_LEN])
{
    (void)snprintf(out, NAME_TEXT_LEN, "%s._models.%s", model, c->l->announcement);
}

static int judge_model_pages(const struct context *c, size_t page_n)
{
    AUTO(strings) struct strings wanted = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < c->l->model_n && err == ERR_OK; i++) {
        char text[NAME_TEXT_LEN];
        model_name(c, c->l->models[i].name, text);
        err = strings_add(&wanted, text);
    }
    return err == ERR_OK ? judge_pages(c, "models", page_n, &wanted) : err;
}

/* Is LABEL "_0" … one below PAGE_N? */
static bool is_page_label(const char *label, size_t page_n)
{
    char *end = NULL;
    char text[32];
    if (label[0] != '_')
        return false;
    size_t number = strtoul(label + 1, &end, 10);
    (void)snprintf(text, sizeof(text), "_%zu", number);
    return *end == '\0' && strcmp(text, label) == 0 && number < page_n;
}

/* Nothing may stand below KIND but its pages, and models below "models". */
static void judge_extra(const struct context *c, const char *kind, size_t page_n)
{
    char above_text[NAME_TEXT_LEN];
    uint8_t above[256];
    (void)snprintf(above_text, sizeof(above_text), "_%s.%s", kind, c->l->announcement);
    if (!name_from_text(above_text, above))
        return;
    struct zone_cursor at;
    struct zone_node n;
    (void)zone_seek(c->a->zone, above, &at);
    while (zone_next(&at, &n) && name_is_at_or_below(n.owner, above)) {
        char text[NAME_TEXT_LEN];
        name_to_text_nodot(n.owner, text);
        char *dot = strchr(text, '.');
        bool direct = dot != NULL && strcmp(dot + 1, above_text) == 0;
        if (direct)
            *dot = '\0';
        bool wanted = direct && (is_page_label(text, page_n) ||
                                 (strcmp(kind, "models") == 0 && out_list_model(c->l, text)));
        if (direct)
            *dot = '.';
        if (!wanted)
            found(c, &rule_announce_extra, text, "not announced by the TXT record or the list");
    }
}

/* ------------------------------------------------------------------ models */

static void copy_digest(const knot_rdata_t *rd, const char *key, char out[65])
{
    char value[256];
    txt_value(rd, key, value);
    out[0] = '\0';
    if (strncmp(value, "sha-256:", 8) == 0 && strlen(value) == 8 + 64)
        memcpy(out, value + 8, 65);
}

static void judge_digest(const struct context *c, const char *name, const char *key,
                         const char *digest, const char *path)
{
    const char *wanted = out_sha256(c->v, path);
    if (strcmp(digest, wanted) == 0)
        return;
    verify_out_found(c->v, &rule_announce_digest, c->a->file, name, "%s=sha-256:%s", key, digest);
    diag_expect(c->v->app->diags, "%s, of %s", wanted, path);
}

static void judge_model(const struct context *c, const struct out_model *m,
                        struct out_announced_model *ret)
{
    char name[NAME_TEXT_LEN];
    char path[OUT_PATH_LEN];
    char uri[512];
    char value[256];
    model_name(c, m->name, name);
    const knot_rdata_t *rd = find_txt(c, name);
    if (rd != NULL) {
        copy_digest(rd, "mud", ret->mud_sha256);
        copy_digest(rd, "sig", ret->sig_sha256);
        txt_value(rd, "updated", value);
        (void)snprintf(ret->updated, sizeof(ret->updated), "%.*s", (int)sizeof(ret->updated) - 1,
                       value);
        (void)snprintf(path, sizeof(path), "web/%s/%s.json", m->name, m->name);
        judge_digest(c, name, "mud", ret->mud_sha256, path);
        (void)snprintf(path, sizeof(path), "web/%s/%s.p7s", m->name, m->name);
        judge_digest(c, name, "sig", ret->sig_sha256, path);
    }
    read_uri(c, name, uri);
    if (uri[0] != '\0' && strcmp(uri, m->url) != 0) {
        verify_out_found(c->v, &rule_announce_uri, c->a->file, name, "%s", uri);
        diag_expect(c->v->app->diags, "%s, as in the list", m->url);
    }
}

/* ------------------------------------------------------------------ pins */

static void read_pins(const struct context *c)
{
    static const uint8_t head[] = {3, 1, 1};
    char name[NAME_TEXT_LEN];
    (void)snprintf(name, sizeof(name), "_signer.%s", c->l->announcement);
    struct zone_rrset set;
    if (!find_set(c, name, TYPE_SMIMEA, &set)) {
        found(c, &rule_announce_missing, name, "no SMIMEA record");
        return;
    }
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        if (rd->len != sizeof(head) + 32 || memcmp(rd->data, head, sizeof(head)) != 0 ||
            c->a->pin_n == OUT_PINS_MAX)
            found(c, &rule_announce_pin, name, "a record of another kind, or too many");
        else
            memcpy(c->a->pins[c->a->pin_n++], rd->data + sizeof(head), 32);
    }
}

static const struct verify_out_zone *zone_above(const struct verify_out *v, const uint8_t *name)
{
    const struct verify_out_zone *best = NULL;
    for (size_t i = 0; i < v->zone_n; i++) {
        const struct verify_out_zone *z = &v->zones[i];
        if (z->zone != NULL && name_is_at_or_below(name, zone_apex(z->zone)) &&
            (best == NULL || name_len(zone_apex(z->zone)) > name_len(zone_apex(best->zone))))
            best = z;
    }
    return best;
}

/* A TLSA record is expected when the web host is in a managed zone; a certificate need not be
 * stated. */
static void judge_tlsa(const struct context *c)
{
    char host[512];
    char name[600];
    uint8_t wire[256];
    if (c->a->base_url[0] == '\0')
        return;
    (void)snprintf(host, sizeof(host), "%s", c->a->base_url + strlen("https://"));
    host[strcspn(host, "/")] = '\0';
    char *colon = strchr(host, ':');
    const char *port = colon != NULL ? colon + 1 : "443";
    if (colon != NULL)
        *colon = '\0';
    (void)snprintf(name, sizeof(name), "_%.8s._tcp.%s", port, host);
    if (!name_from_text(name, wire))
        return;
    const struct verify_out_zone *z = zone_above(c->v, wire);
    struct zone_rrset set;
    if (z != NULL && !(zone_rrset(z->zone, wire, TYPE_TLSA, &set) && set.rrs.count > 0))
        verify_out_found(c->v, &rule_announce_tlsa, z->said->file, name, "none");
}

/* ------------------------------------------------------------------ the whole */

static bool find_zone(struct verify_out *v, const struct out_list *l, struct out_announcement *a)
{
    static const char head[] = "_mudzone.";
    size_t head_len = strlen(head);
    for (size_t i = 0; i < v->zone_n && strncmp(l->announcement, head, head_len) == 0; i++) {
        if (strcmp(v->zones[i].said->name, l->announcement + head_len) != 0)
            continue;
        a->zone = v->zones[i].zone;
        a->file = v->zones[i].said->file;
        return a->zone != NULL;
    }
    verify_out_found(v, &rule_announce_missing, OUT_LIST, "announcement",
                     "%s: no zone of the manifest holds it", l->announcement);
    return false;
}

int out_announcement_check(struct verify_out *v, const struct out_list *l,
                           struct out_announcement *ret)
{
    struct context c = {v, l, ret};
    size_t domain_pages = 0;
    size_t model_pages = 0;
    ret->models = calloc(l->model_n + 1, sizeof(*ret->models));
    if (ret->models == NULL)
        return ERR_NOMEM;
    if (!find_zone(v, l, ret))
        return ERR_OK;
    judge_list_uri(&c);
    judge_list_txt(&c, &domain_pages, &model_pages);
    read_pins(&c);
    judge_tlsa(&c);
    for (size_t i = 0; i < l->model_n; i++)
        judge_model(&c, &l->models[i], &ret->models[i]);
    judge_extra(&c, "domains", domain_pages);
    judge_extra(&c, "models", model_pages);
    int err = judge_domain_pages(&c, domain_pages);
    return err == ERR_OK ? judge_model_pages(&c, model_pages) : err;
}
