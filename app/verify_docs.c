/*
 * app/verify_docs.c -- the documents of OUT: signatures, MUD files, and the order of the other
 * checks.
 */
#include "app/verify_docs.h"

#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

const char *out_sha256(const struct verify_out *v, const char *path)
{
    const struct verify_out_file *f = verify_out_file(v, path);
    return f != NULL ? f->said->sha256 : "";
}

/* ------------------------------------------------------------------ CMS */

static bool has_rule(const struct diags *d, const char *id)
{
    for (size_t i = 0; i < diags_n(d); i++) {
        if (strcmp(diags_at(d, i)->rule->id, id) == 0)
            return true;
    }
    return false;
}

static void join(struct verify_out *v, const struct diags *from)
{
    for (size_t i = 0; i < diags_n(from); i++) {
        const struct diag *g = diags_at(from, i);
        diag_add_as(v->app->diags, g->severity, g->rule, AT_COLUMN(g->file, g->line, g->column),
                    g->at, "%s", g->found);
        if (g->expected != NULL)
            diag_expect(v->app->diags, "%s", g->expected);
    }
}

/* One try: by the CA file, or by one pin. */
static int try_cms(struct verify_out *v, struct bytes p7s, struct bytes data, const uint8_t *pin,
                   const char *at, struct diags **ret)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    if (d == NULL)
        return ERR_NOMEM;
    int err = cms_verify(p7s, data, v->ca, v->ca != NULL ? NULL : pin, v->app->now, at, d);
    diags_free(*ret);
    *ret = TAKE(d);
    return err;
}

static int verify_cms(struct verify_out *v, const struct out_announcement *a, struct bytes p7s,
                      struct bytes data, const char *at, struct diags **ret)
{
    if (v->ca != NULL)
        return try_cms(v, p7s, data, NULL, at, ret);
    int err = ERR_FINDINGS;
    for (size_t i = 0; i < a->pin_n; i++) {
        err = try_cms(v, p7s, data, a->pins[i], at, ret);
        if (err != ERR_FINDINGS)
            break;
    }
    return err;
}

int out_cms_check(struct verify_out *v, const struct out_announcement *a, const char *data_path,
                  const char *p7s_path, bool old)
{
    AUTO(buf) struct buf data = {0};
    AUTO(buf) struct buf p7s = {0};
    AUTO_PTR(diags) struct diags *d = NULL;
    if (v->ca == NULL && a->pin_n == 0) /* nothing to trust: has its finding */
        return ERR_OK;
    int err = verify_out_read(v, data_path, LIMIT_LIST_BYTES, &data);
    if (err == ERR_OK)
        err = verify_out_read(v, p7s_path, LIMIT_PEM_BYTES, &p7s);
    if (err != ERR_OK)
        return err;
    err = verify_cms(v, a, buf_bytes(&p7s), buf_bytes(&data), p7s_path, &d);
    if (err == ERR_OK)
        v->signature_n++;
    if (err == ERR_FINDINGS && old && !has_rule(d, "cms-signature"))
        verify_out_found(v, &rule_version_signer, p7s_path, NULL,
                         "a good signature by a signer that is not trusted now");
    else
        join(v, d);
    return err;
}

/* ------------------------------------------------------------------ MUD files */

static void judge_text(struct verify_out *v, const char *path, const char *member,
                       const json_t *mud, const char *wanted)
{
    const char *text = json_string_value(json_object_get(mud, member));
    if (text != NULL && strcmp(text, wanted) == 0)
        return;
    verify_out_found(v, &rule_mud_place, path, member, "%s", text != NULL ? text : "missing");
    diag_expect(v->app->diags, "%s", wanted);
}

static void judge_updated(struct verify_out *v, const char *path, const json_t *mud,
                          const char *announced)
{
    const char *text = json_string_value(json_object_get(mud, "last-update"));
    int64_t a = 0;
    int64_t b = 0;
    if (text != NULL && time_parse_rfc3339(text, &a) && time_parse_rfc3339(announced, &b) && a == b)
        return;
    verify_out_found(v, &rule_mud_updated_differs, path, "last-update", "%s",
                     text != NULL ? text : "missing");
    diag_expect(v->app->diags, "%s, as in DNS", announced);
}

static void judge_place(struct verify_out *v, const struct out_announcement *a,
                        const struct out_model *m, const struct out_announced_model *said,
                        const char *path, const json_t *mud)
{
    char url[1024];
    judge_text(v, path, "mud-url", mud, m->url);
    if (a->base_url[0] != '\0') {
        (void)snprintf(url, sizeof(url), "%s%s/%s.json", a->base_url, m->name, m->name);
        if (strcmp(url, m->url) != 0) {
            verify_out_found(v, &rule_mud_place, OUT_LIST, m->name, "%s", m->url);
            diag_expect(v->app->diags, "%s", url);
        }
        (void)snprintf(url, sizeof(url), "%s%s/%s.p7s", a->base_url, m->name, m->name);
        judge_text(v, path, "mud-signature", mud, url);
    }
    if (said->updated[0] != '\0')
        judge_updated(v, path, mud, said->updated);
}

static int check_model(struct verify_out *v, struct mud_validator *validator,
                       const struct out_announcement *a, const struct out_model *m,
                       const struct out_announced_model *said)
{
    char path[OUT_PATH_LEN];
    char p7s[OUT_PATH_LEN];
    AUTO(buf) struct buf text = {0};
    AUTO_FREE char *file = NULL;
    (void)snprintf(path, sizeof(path), "web/%s/%s.json", m->name, m->name);
    file = file_join(v->out, path);
    if (file == NULL)
        return ERR_NOMEM;
    (void)snprintf(p7s, sizeof(p7s), "web/%s/%s.p7s", m->name, m->name);
    if (strcmp(out_sha256(v, path), m->sha256) != 0) {
        verify_out_found(v, &rule_list_model, OUT_LIST, m->name, "SHA-256 %s", m->sha256);
        diag_expect(v->app->diags, "%s, of %s", out_sha256(v, path), path);
    }
    int err = verify_out_read(v, path, LIMIT_MUD_BYTES, &text);
    if (err == ERR_OK)
        err = mud_validate(validator, file, buf_bytes(&text), MUD_OURS, v->app->diags);
    if (err == ERR_OK || err == ERR_FINDINGS) {
        json_t *root = text.len > 0 ? out_json(v, path, buf_bytes(&text), &rule_mud_place) : NULL;
        if (root != NULL)
            judge_place(v, a, m, said, path, json_object_get(root, "ietf-mud:mud"));
        json_decref(root);
        err = out_cms_check(v, a, path, p7s, false);
    }
    return err;
}

static int check_models(struct verify_out *v, const struct out_list *l,
                        const struct out_announcement *a)
{
    AUTO_PTR(mud_validator) struct mud_validator *validator = NULL;
    int err = mud_validator_new(&validator);
    for (size_t i = 0; i < l->model_n && err == ERR_OK; i++) {
        err = check_model(v, validator, a, &l->models[i], &a->models[i]);
        if (err == ERR_FINDINGS)
            err = ERR_OK;
    }
    return err;
}

/* ------------------------------------------------------------------ the whole */

static void judge_present(struct verify_out *v)
{
    static const char *const parts[] = {
        "web/index.html",
        OUT_LIST,
        OUT_LIST ".p7s",
        OUT_WELL_KNOWN "schema.json",
        OUT_WELL_KNOWN "feeds/allow.rpz",
        OUT_WELL_KNOWN "feeds/deny.rpz",
        OUT_WELL_KNOWN "feeds/domains.txt",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (verify_out_file(v, parts[i]) == NULL)
            verify_out_found(v, &rule_out_incomplete, parts[i], NULL, "not in the manifest");
    }
}

static int check_all(struct verify_out *v, const struct out_list *l, struct out_announcement *a)
{
    int err = out_announcement_check(v, l, a);
    if (err == ERR_OK)
        err = out_cms_check(v, a, OUT_LIST, OUT_LIST ".p7s", false);
    if (err == ERR_OK || err == ERR_FINDINGS)
        err = check_models(v, l, a);
    if (err == ERR_OK)
        err = out_list_check(v, l);
    return err == ERR_OK ? out_versions_check(v, l, a) : err;
}

int verify_docs(struct verify_out *v)
{
    AUTO(buf) struct buf text = {0};
    AUTO(out_list) struct out_list l = {0};
    AUTO(out_announcement) struct out_announcement a = {0};
    judge_present(v);
    int err = verify_out_read(v, OUT_LIST, LIMIT_LIST_BYTES, &text);
    if (err == ERR_OK)
        err = out_list_parse(v, OUT_LIST, buf_bytes(&text), &l);
    if (err != ERR_OK)
        return err;
    v->list_serial = l.serial;
    v->name_n = l.name_n;
    v->model_n = l.model_n;
    return check_all(v, &l, &a);
}
