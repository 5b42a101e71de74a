/* Inventories from text, builds of them, and looking at what came out. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/diag.h"
#include "common/err.h"
#include "mudgen/mudgen.h"
#include "pki.h"
#include "tests/support/testing.h"

#define SAMPLE_NOW PKI_NOW

#define SAMPLE_HEAD                                                                                \
    "version: 1\n"                                                                                 \
    "manufacturer:\n"                                                                              \
    "  name: Example Devices\n"                                                                    \
    "  domain: example.net\n"                                                                      \
    "  documentation: https://example.net/network\n"                                               \
    "publication:\n"                                                                               \
    "  zone: example.net\n"                                                                        \
    "  base-url: https://mud.example.net/\n"                                                       \
    "  signer: {certificate: signer.pem, key: signer.key}\n"                                       \
    "zones:\n"                                                                                     \
    "  - {name: example.net, file: example.net.zone}\n"

#define SAMPLE_CAM                                                                                 \
    "models:\n"                                                                                    \
    "  - {name: cam, model-name: Cam, systeminfo: A camera, supported: true, services: [fw]}\n"

static inline void print_findings(const struct diags *d)
{
    for (size_t i = 0; i < diags_n(d); i++) {
        struct buf b = {0};
        diag_print(diags_at(d, i), &b);
        fprintf(stderr, "    %s\n", buf_str(&b));
        buf_done(&b);
    }
}

static inline struct inventory *sample_inventory(const char *text)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct inventory *inv = NULL;
    int err = inventory_parse("inventory.yaml", text, strlen(text), SAMPLE_NOW, &inv, d);
    if (err != ERR_OK)
        print_findings(d);
    assert_int_equal(err, ERR_OK);
    return inv;
}

/* How many findings of rule ID there are. */
static inline size_t count_findings(const struct diags *d, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < diags_n(d); i++)
        n += strcmp(diags_at(d, i)->rule->id, id) == 0 ? 1u : 0u;
    return n;
}

static inline struct cms_signer *sample_signer(void)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    const struct inv_signer from = {.certificate = pki_path("signer.pem"),
                                    .key = pki_path("signer.key")};
    struct cms_signer *s = NULL;
    int err = cms_signer_load(&from, SAMPLE_NOW, &s, d);
    if (err != ERR_OK)
        print_findings(d);
    assert_int_equal(err, ERR_OK);
    return s;
}

/* A built publication with all it borrows from. */
struct sample {
    struct inventory *inv;
    struct cms_signer *signer;
    struct mud_output *out;
    struct diags *diags;
    struct mud_previous_model *models;
    struct mud_previous as_previous; /* what state would give back next time */
};

static inline void sample_done(struct sample *s)
{
    free(s->models);
    mud_output_free(s->out);
    cms_signer_free(s->signer);
    inventory_free(s->inv);
    diags_free(s->diags);
    *s = (struct sample){0};
}
DEFINE_AUTO(sample)

/* The outcome of building TEXT after PREVIOUS (or NULL) is checked against EXPECTED. */
static inline struct sample sample_build_as(const char *text, const struct sample *previous,
                                            struct mud_options opts, int expected)
{
    struct sample s = {
        .inv = sample_inventory(text), .signer = sample_signer(), .diags = diags_new()};
    const struct mud_previous none = {0};
    int err = mud_build(s.inv, s.signer, previous == NULL ? &none : &previous->as_previous, &opts,
                        &s.out, s.diags);
    if (err != expected)
        print_findings(s.diags);
    assert_int_equal(err, expected);
    if (err != ERR_OK)
        return s;
    s.models = calloc(s.out->model_n + 1, sizeof(*s.models));
    assert_non_null(s.models);
    for (size_t i = 0; i < s.out->model_n; i++)
        s.models[i] =
            (struct mud_previous_model){s.out->models[i].model->name, s.out->models[i].json};
    s.as_previous = (struct mud_previous){.list = s.out->list,
                                          .models = s.models,
                                          .model_n = s.out->model_n,
                                          .signatures = s.out->signatures,
                                          .signature_n = s.out->signature_n,
                                          .versions = s.out->versions,
                                          .version_n = s.out->version_n};
    return s;
}

static inline struct sample sample_build(const char *text, const struct sample *previous,
                                         int64_t now)
{
    return sample_build_as(text, previous, (struct mud_options){.now = now}, ERR_OK);
}

static inline json_t *parse_json(struct bytes b)
{
    json_t *j = json_loadb((const char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    return j;
}

static inline struct bytes find_file(const struct mud_output *out, const char *path)
{
    for (size_t i = 0; i < out->file_n; i++) {
        if (strcmp(out->files[i].path, path) == 0)
            return out->files[i].content;
    }
    fail_msg("no file %s", path);
    return (struct bytes){0};
}

static inline bool has_file(const struct mud_output *out, const char *path)
{
    for (size_t i = 0; i < out->file_n; i++) {
        if (strcmp(out->files[i].path, path) == 0)
            return true;
    }
    return false;
}

static inline bool same_files(const struct mud_output *a, const struct mud_output *b)
{
    if (a->file_n != b->file_n)
        return false;
    for (size_t i = 0; i < a->file_n; i++) {
        if (strcmp(a->files[i].path, b->files[i].path) != 0 ||
            !bytes_equal(a->files[i].content, b->files[i].content)) {
            fprintf(stderr, "    differs: %s\n", a->files[i].path);
            return false;
        }
    }
    return true;
}
