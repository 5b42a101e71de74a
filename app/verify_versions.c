/*
 * app/verify_versions.c -- the folders v/<serial>/: the current one equals what is published under
 * the current names, earlier ones fit in themselves.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/verify_docs.h"
#include "common/limits.h"

#define OUT_VERSIONS OUT_WELL_KNOWN "v/"

/* The serial in "web/.well-known/mudzone/v/<serial>/…"; false: another path. */
static bool version_serial(const char *path, uint32_t *ret)
{
    size_t head = strlen(OUT_VERSIONS);
    if (strncmp(path, OUT_VERSIONS, head) != 0)
        return false;
    uint64_t n = 0;
    const char *p = path + head;
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 10 || p[digits] != '/' || (p[0] == '0' && digits > 1))
        return false;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (uint64_t)(p[i] - '0');
    *ret = (uint32_t)n;
    return n <= UINT32_MAX;
}

static void expect_equal(struct verify_out *v, const char *copy, const char *original)
{
    if (verify_out_file(v, copy) == NULL)
        verify_out_found(v, &rule_version_incomplete, copy, NULL, "not there");
    else if (strcmp(out_sha256(v, copy), out_sha256(v, original)) != 0)
        verify_out_found(v, &rule_version_differs, copy, NULL, "differs from %s", original);
}

static void check_current(struct verify_out *v, const struct out_list *l)
{
    static const char *const suffixes[] = {"json", "p7s"};
    char copy[OUT_PATH_LEN];
    char original[OUT_PATH_LEN];
    (void)snprintf(copy, sizeof(copy), OUT_VERSIONS "%" PRIu32 "/domains.json", l->serial);
    expect_equal(v, copy, OUT_LIST);
    (void)snprintf(copy, sizeof(copy), OUT_VERSIONS "%" PRIu32 "/domains.json.p7s", l->serial);
    expect_equal(v, copy, OUT_LIST ".p7s");
    for (size_t i = 0; i < l->model_n; i++) {
        const char *name = l->models[i].name;
        for (size_t j = 0; j < 2; j++) {
            const char *version_suffix = j == 0 ? "json" : "json.p7s";
            (void)snprintf(copy, sizeof(copy), OUT_VERSIONS "%" PRIu32 "/models/%s.%s", l->serial,
                           name, version_suffix);
            (void)snprintf(original, sizeof(original), "web/%s/%s.%s", name, name, suffixes[j]);
            expect_equal(v, copy, original);
        }
    }
}

/* No file in the folder but the list's, its models', and their signatures. */
static void check_extra(struct verify_out *v, const struct out_list *l)
{
    char head[OUT_PATH_LEN];
    (void)snprintf(head, sizeof(head), OUT_VERSIONS "%" PRIu32 "/", l->serial);
    size_t head_len = strlen(head);
    for (size_t i = 0; i < v->file_n; i++) {
        const char *path = v->files[i].said->path;
        if (strncmp(path, head, head_len) != 0)
            continue;
        const char *name = path + head_len;
        bool known = strcmp(name, "domains.json") == 0 || strcmp(name, "domains.json.p7s") == 0;
        if (!known && strncmp(name, "models/", 7) == 0) {
            char model[OUT_PATH_LEN];
            (void)snprintf(model, sizeof(model), "%s", name + 7);
            model[strcspn(model, ".")] = '\0';
            const char *suffix = name + 7 + strlen(model);
            known = out_list_model(l, model) != NULL &&
                    (strcmp(suffix, ".json") == 0 || strcmp(suffix, ".json.p7s") == 0);
        }
        if (!known)
            verify_out_found(v, &rule_version_inconsistent, path, NULL, "nothing of its list");
    }
}

/* ------------------------------------------------------------------ earlier ones */

static int check_signed_file(struct verify_out *v, const struct out_announcement *a,
                             const char *path)
{
    char p7s[OUT_PATH_LEN + 8];
    (void)snprintf(p7s, sizeof(p7s), "%s.p7s", path);
    if (verify_out_file(v, p7s) == NULL) {
        verify_out_found(v, &rule_version_incomplete, p7s, NULL, "not there");
        return ERR_OK;
    }
    return out_cms_check(v, a, path, p7s, true);
}

static int check_old_models(struct verify_out *v, const struct out_announcement *a,
                            const struct out_list *l)
{
    for (size_t i = 0; i < l->model_n; i++) {
        const struct out_model *m = &l->models[i];
        char path[OUT_PATH_LEN];
        (void)snprintf(path, sizeof(path), OUT_VERSIONS "%" PRIu32 "/models/%s.json", l->serial,
                       m->name);
        if (verify_out_file(v, path) == NULL) {
            verify_out_found(v, &rule_version_incomplete, path, NULL, "not there");
            continue;
        }
        if (strcmp(out_sha256(v, path), m->sha256) != 0) {
            verify_out_found(v, &rule_version_inconsistent, path, NULL, "SHA-256 %s",
                             out_sha256(v, path));
            diag_expect(v->app->diags, "%s, as in the list beside it", m->sha256);
        }
        int err = check_signed_file(v, a, path);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return ERR_OK;
}

static int check_old(struct verify_out *v, const struct out_announcement *a, uint32_t serial)
{
    char path[OUT_PATH_LEN];
    AUTO(buf) struct buf text = {0};
    AUTO(out_list) struct out_list l = {0};
    (void)snprintf(path, sizeof(path), OUT_VERSIONS "%" PRIu32 "/domains.json", serial);
    if (verify_out_file(v, path) == NULL) {
        verify_out_found(v, &rule_version_incomplete, path, NULL, "not there");
        return ERR_OK;
    }
    int err = verify_out_read(v, path, LIMIT_LIST_BYTES, &text);
    if (err == ERR_OK)
        err = out_list_parse(v, path, buf_bytes(&text), &l);
    if (err != ERR_OK)
        return err;
    if (l.serial != serial) {
        verify_out_found(v, &rule_version_inconsistent, path, NULL, "a list of serial %u",
                         l.serial);
        return ERR_OK;
    }
    err = check_signed_file(v, a, path);
    if (err == ERR_NOMEM)
        return err;
    check_extra(v, &l);
    return check_old_models(v, a, &l);
}

/* Files come sorted by path, so those of one version stand together. */
int out_versions_check(struct verify_out *v, const struct out_list *l,
                       const struct out_announcement *a)
{
    uint32_t last = 0;
    bool any = false;
    check_current(v, l);
    check_extra(v, l);
    for (size_t i = 0; i < v->file_n; i++) {
        uint32_t serial = 0;
        if (!version_serial(v->files[i].said->path, &serial) || (any && serial == last))
            continue;
        any = true;
        last = serial;
        v->version_n++;
        if (serial > l->serial)
            verify_out_found(v, &rule_version_newer, v->files[i].said->path, NULL,
                             "the current serial is %u", l->serial);
        int err = serial == l->serial ? ERR_OK : check_old(v, a, serial);
        if (err != ERR_OK && err != ERR_FINDINGS)
            return err;
    }
    return ERR_OK;
}
