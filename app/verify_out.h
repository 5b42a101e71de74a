/*
 * app/verify_out.h -- the independent check of an OUT folder: files against the manifest, zones
 * against their DS, documents against what DNS says about them, and all of them against each other.
 *
 * Reads OUT only; shares no code with what made the documents (the list, feeds and announcement are
 * read here from their published form). MUD files and CMS signatures are judged by mudgen's
 * readers. Errors: ERR_FINDINGS with findings; ERR_CONFIG when there is no manifest to go by;
 * ERR_NOMEM. Source: DESIGN sections 5-9.
 */
#pragma once

#include "app/app.h"
#include "app/manifest.h"
#include "app/rules_verify_out.h"
#include "signer/signer.h"

struct verify_out_zone {
    const struct manifest_zone *said; /* borrowed from the manifest */
    struct zone *zone;                /* NULL: could not be loaded */
    struct verify_report report;
    bool good;
};

struct verify_out_file {
    const struct manifest_file *said;
    bool seen; /* it is there */
};

struct verify_out {
    struct app *app;
    const char *out;
    const char *ca; /* NULL: the SMIMEA pin decides */

    struct manifest manifest;
    struct verify_out_file *files; /* of the manifest, by path */
    size_t file_n;
    struct verify_out_zone *zones; /* as in the manifest */
    size_t zone_n;

    uint32_t list_serial;
    size_t name_n; /* listed */
    size_t model_n;
    size_t version_n;
    size_t signature_n; /* CMS signatures that verified */
};
void verify_out_done(struct verify_out *v);
DEFINE_AUTO(verify_out)

/* APP, OUT and CA are set; the rest is filled in. */
int verify_out_run(struct verify_out *v) MUST_USE;

/* ------------------------------------------------------------------ its steps */

/* verify_tree.c: every file that is there against every file that should be. */
int verify_tree(struct verify_out *v) MUST_USE;
/* verify_zones.c */
int verify_zones(struct verify_out *v) MUST_USE;
/* verify_docs.c, with verify_list.c and verify_announce.c */
int verify_docs(struct verify_out *v) MUST_USE;

/* OUT/PATH whole; a failure is a finding and ERR_FINDINGS, unless memory is out. */
int verify_out_read(struct verify_out *v, const char *path, size_t max, struct buf *ret) MUST_USE;
/* A finding in OUT/PATH (NULL: in no file). AT may be NULL. */
void verify_out_found(struct verify_out *v, const struct diag_rule *rule, const char *path,
                      const char *at, const char *fmt, ...) PRINTF(5, 6);
/* What the manifest says about PATH; NULL: nothing. */
struct verify_out_file *verify_out_file(const struct verify_out *v, const char *path);

/* Growing list of strings, owned. */
struct strings {
    char **items;
    size_t n;
    size_t cap;
};
void strings_done(struct strings *s);
DEFINE_AUTO(strings)
int strings_add(struct strings *s, const char *text) MUST_USE;
/*
 * Sorts both and adds a finding for each string that only one holds, and for each that FOUND holds
 * twice. NOUN says what they are.
 */
void strings_compare(struct verify_out *v, struct strings *wanted, struct strings *found,
                     const struct diag_rule *rule, const char *path, const char *at,
                     const char *noun);
