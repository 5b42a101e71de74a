/*
 * app/verify_docs.h -- what the parts of `verify` over the documents of an OUT share; not public.
 */
#pragma once

#include <jansson.h>

#include "app/verify_out.h"
#include "common/arena.h"
#include "mudgen/mudgen.h"

#define OUT_WELL_KNOWN "web/.well-known/mudzone/"
#define OUT_LIST       OUT_WELL_KNOWN "domains.json"
#define URL_WELL_KNOWN ".well-known/mudzone/"
#define OUT_PINS_MAX   8
#define OUT_PATH_LEN   256

struct out_name { /* an entry of the list */
    const char *name;
    bool subdomains;
    const char *text;     /* "x" or "*.x" */
    const json_t *models; /* array of strings */
};

struct out_model {
    const char *name;
    const char *url;
    const char *sha256;
};

struct out_list { /* domains.json; strings live in root and arena */
    json_t *root;
    struct arena *arena;
    uint32_t serial;
    const char *published;
    json_int_t refresh;
    const char *announcement;
    struct out_name *names;
    size_t name_n;
    struct out_model *models;
    size_t model_n;
};
void out_list_done(struct out_list *l);
DEFINE_AUTO(out_list)

/* verify_list.c: TEXT, which is OUT/PATH; what is wrong with it is a finding and ERR_FINDINGS. */
int out_list_parse(struct verify_out *v, const char *path, struct bytes text,
                   struct out_list *ret) MUST_USE;
const struct out_model *out_list_model(const struct out_list *l, const char *name);
/* Feeds, zones and MUD files against the list. */
int out_list_check(struct verify_out *v, const struct out_list *l) MUST_USE;
/* Reads a JSON object; NULL with a finding of RULE otherwise. */
json_t *out_json(struct verify_out *v, const char *path, struct bytes text,
                 const struct diag_rule *rule);

struct out_announced_model {
    char mud_sha256[65]; /* "" where the record lacks it */
    char sig_sha256[65];
    char updated[64];
};

struct out_announcement {    /* what the publication zone says */
    const struct zone *zone; /* NULL: there is none */
    const char *file;        /* its zone file, relative to OUT */
    uint8_t pins[OUT_PINS_MAX][32];
    size_t pin_n;
    char base_url[512];                 /* "" when it could not be made out */
    struct out_announced_model *models; /* as in the list */
};
void out_announcement_done(struct out_announcement *a);
DEFINE_AUTO(out_announcement)

/* verify_announce.c: reads the records and checks them against list and files. */
int out_announcement_check(struct verify_out *v, const struct out_list *l,
                           struct out_announcement *ret) MUST_USE;

/* verify_versions.c: the v/ folders. */
int out_versions_check(struct verify_out *v, const struct out_list *l,
                       const struct out_announcement *a) MUST_USE;

/* verify_docs.c: P7S_PATH over DATA_PATH. OLD: a signer that is no more announced is but a warning.
 */
int out_cms_check(struct verify_out *v, const struct out_announcement *a, const char *data_path,
                  const char *p7s_path, bool old) MUST_USE;
/* Lower-case hex SHA-256 of OUT/PATH by the manifest (which verify_tree has compared); "": no such.
 */
const char *out_sha256(const struct verify_out *v, const char *path);
