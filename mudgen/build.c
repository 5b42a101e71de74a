#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/announce.h"
#include "mudgen/digest.h"
#include "mudgen/feeds.h"
#include "mudgen/list.h"
#include "mudgen/model.h"
#include "mudgen/mudgen.h"
#include "mudgen/page.h"
#include "mudgen/rules.h"
#include "mudgen/rules_docs.h"
#include "mudgen/rules_mud.h"
#include "mudgen/signing.h"
#include "mudgen/webtree.h"

struct output { /* what a mud_output stands in */
    struct mud_output pub;
    struct arena *arena;
};

struct build { /* one run */
    const struct inventory *inv;
    const struct mud_previous *previous;
    const struct mud_options *opts;
    struct diags *diags;
    struct arena *a;
    struct mud_output *out;

    struct listing listing;
    struct previous_list before;
    const struct previous_name *removed;
    size_t removed_n;
    const struct mud_previous_model **previous_models; /* by name */
    struct mud_model_out *models;
    bool advice; /* also say what is only worth knowing: `check` does, so that `build` need not
                    again */
    bool fine;   /* no finding of severity error yet */
};

void mud_output_free(struct mud_output *out)
{
    if (out == NULL)
        return;
    struct output *o = (struct output *)out; /* pub is its first member */
    arena_free(o->arena);
    free(o);
}

/* Findings are collected to the end of a stage; anything else stops at once. */
static int collect(struct build *b, int err)
{
    if (err != ERR_FINDINGS)
        return err;
    b->fine = false;
    return ERR_OK;
}

/* The bytes of FROM in the arena. */
static int keep(struct build *b, const struct buf *from, struct bytes *ret)
{
    const uint8_t *data = arena_dup(b->a, buf_str(from), from->len);
    if (!buf_ok(from) || data == NULL)
        return ERR_NOMEM;
    *ret = (struct bytes){data, from->len};
    return ERR_OK;
}

/* ------------------------------------------------------------------ models */

static int previous_by_name(const void *a, const void *b)
{
    const struct mud_previous_model *const *x = a;
    const struct mud_previous_model *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int index_previous(struct build *b)
{
    size_t n = b->previous->model_n;
    b->previous_models = arena_zalloc(b->a, n + 1, sizeof(*b->previous_models));
    if (b->previous_models == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        b->previous_models[i] = &b->previous->models[i];
    qsort(b->previous_models, n, sizeof(*b->previous_models), previous_by_name);
    return ERR_OK;
}

static struct bytes previous_mud(const struct build *b, const char *name)
{
    const struct mud_previous_model key = {.name = name};
    const struct mud_previous_model *const pkey = &key;
    if (b->previous->model_n == 0)
        return (struct bytes){0};
    const struct mud_previous_model *const *found =
        bsearch(&pkey, b->previous_models, b->previous->model_n, sizeof(*b->previous_models),
                previous_by_name);
    return found == NULL ? (struct bytes){0} : (*found)->json;
}

static void check_updated(const struct build *b, const struct inv_model *m, bool same,
                          const char *last)
{
    int64_t last_at = 0;
    char text[TIME_TEXT_LEN];
    time_format_rfc3339(m->updated_at, text);
    if (!same && last[0] != 0 && time_parse_rfc3339(last, &last_at) && m->updated_at <= last_at)
        diag_add(b->diags, &rule_made_updated_stale, m->where, m->name,
                 "the MUD file changes, but `updated` says %s and was published with %s", text,
                 last);
}

/*
 * The MUD file's bytes, and the moment its content last changed: the stated one; else as last
 * published, if nothing but that moment would differ; else NOW.
 */
static int write_model(const struct build *b, const struct inv_model *m, struct buf *ret,
                       int64_t *ret_updated_at)
{
    struct bytes published = previous_mud(b, m->name);
    char last[TIME_TEXT_LEN] = "";
    char text[TIME_TEXT_LEN];
    int64_t updated_at = m->updated_at != 0 ? m->updated_at : b->opts->now;
    bool had = previous_last_update(published, last);
    if (m->updated_at == 0 && had && !time_parse_rfc3339(last, &updated_at))
        updated_at = b->opts->now;
    time_format_rfc3339(updated_at, text);
    int err = model_write(b->inv, m, text, ret);
    if (err != ERR_OK)
        return err;
    bool same = bytes_equal(buf_bytes(ret), published);
    if (m->updated_at != 0)
        check_updated(b, m, same, last);
    if (m->updated_at == 0 && !same && updated_at != b->opts->now) {
        buf_clear(ret);
        updated_at = b->opts->now;
        time_format_rfc3339(updated_at, text);
        err = model_write(b->inv, m, text, ret);
    }
    *ret_updated_at = updated_at;
    return err;
}

static int build_model(struct build *b, struct mud_validator *validator, const struct inv_model *m,
                       struct mud_model_out *ret)
{
    AUTO(buf) struct buf json = {0};
    struct mud_model_out o = {.model = m};
    const char *file = model_path(b->a, "", m->name, ".json");
    o.url = model_path(b->a, b->inv->publication.base_url, m->name, ".json");
    if (file == NULL || o.url == NULL)
        return ERR_NOMEM;
    if (b->advice)
        model_acl_names_check(m, b->diags);
    int err = write_model(b, m, &json, &o.updated_at);
    if (err == ERR_OK)
        err = collect(b, mud_validate(validator, file, buf_bytes(&json), MUD_OURS, b->diags));
    if (err == ERR_OK)
        err = keep(b, &json, &o.json);
    if (err == ERR_OK)
        err = digest_sha256(o.json, o.json_sha256);
    if (err == ERR_OK)
        *ret = o;
    return err;
}

static int build_models(struct build *b)
{
    AUTO_PTR(mud_validator) struct mud_validator *validator = NULL;
    b->models = arena_zalloc(b->a, b->inv->model_n + 1, sizeof(*b->models));
    if (b->models == NULL)
        return ERR_NOMEM;
    int err = index_previous(b);
    if (err == ERR_OK)
        err = mud_validator_new(&validator);
    for (size_t i = 0; err == ERR_OK && i < b->inv->model_n; i++)
        err = build_model(b, validator, &b->inv->models[i], &b->models[i]);
    return err;
}

/* ------------------------------------------------------------------ names */

static void advise(struct build *b)
{
    unsigned hours = b->inv->publication.cache_validity_h;
    if (hours < MUD_CACHE_MIN_H)
        diag_add(b->diags, &rule_mud_cache_short, b->inv->publication.where,
                 "publication.cache-validity", "%u hours", hours);
    model_names_advise(&b->listing, b->diags);
}

static int build_names(struct build *b)
{
    int err = listing_make(b->a, b->inv, &b->listing);
    if (err != ERR_OK)
        return err;
    if (b->advice)
        advise(b);
    return collect(b, announce_names_check(b->inv, &b->listing, b->diags));
}

static int list_names(struct build *b)
{
    const char **names = arena_zalloc(b->a, b->listing.n + 1, sizeof(*names));
    if (names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->listing.n; i++) {
        /* the inventory may go before the output does */
        names[i] = arena_strdup(b->a, b->listing.entries[i].text);
        if (names[i] == NULL)
            return ERR_NOMEM;
    }
    b->out->list_names = names;
    b->out->list_name_n = b->listing.n;
    return ERR_OK;
}

/* ------------------------------------------------------------------ the list */

static struct list_content content(const struct build *b)
{
    return (struct list_content){b->inv,          &b->listing, b->models,
                                 b->inv->model_n, b->removed,  b->removed_n};
}

/* With the old serial and date: equal bytes mean that nothing changed. */
static int build_list(struct build *b)
{
    AUTO(buf) struct buf json = {0};
    const struct list_content c = content(b);
    int err = ERR_OK;
    b->out->serial = b->before.serial;
    b->out->published_at = b->before.published_at;
    if (b->before.present)
        err = list_write(&c, b->out->serial, b->out->published_at, &json);
    if (err != ERR_OK)
        return err;
    b->out->list_changed = !b->before.present || b->previous->overtaken ||
                           b->before.serial < b->previous->serial_floor ||
                           !bytes_equal(buf_bytes(&json), b->previous->list);
    if (b->out->list_changed) {
        buf_clear(&json);
        b->out->published_at = b->opts->now;
        b->out->serial = list_next_serial(&b->before, b->previous->serial_floor, b->opts->now);
        if (b->out->serial == 0) {
            uint32_t floor = b->previous->serial_floor;
            diag_add(b->diags, &rule_list_serial, AT_NOWHERE, "domains.json", "serial %u",
                     floor > b->before.serial ? floor : b->before.serial);
            return ERR_FINDINGS;
        }
        err = list_write(&c, b->out->serial, b->out->published_at, &json);
    }
    if (err == ERR_OK)
        err = keep(b, &json, &b->out->list);
    return err == ERR_OK ? digest_sha256(b->out->list, b->out->list_sha256) : err;
}

/* ------------------------------------------------------------------ signatures and files */

static int build_signatures(struct build *b, const struct cms_signer *signer)
{
    struct signing s;
    int err = signing_init(&s, b->a, signer, b->previous, b->inv->model_n + 1);
    if (err == ERR_OK)
        err = signing_get(&s, b->out->list, b->out->list_sha256, &b->out->list_p7s);
    for (size_t i = 0; err == ERR_OK && i < b->inv->model_n; i++) {
        struct mud_model_out *m = &b->models[i];
        err = signing_get(&s, m->json, m->json_sha256, &m->p7s);
        if (err == ERR_OK)
            err = digest_sha256(m->p7s, m->p7s_sha256);
    }
    b->out->models = b->models;
    b->out->model_n = b->inv->model_n;
    b->out->signatures = s.used;
    b->out->signature_n = s.used_n;
    return err;
}

static int build_feeds(struct build *b, struct webtree_input *in)
{
    AUTO(buf) struct buf domains = {0};
    AUTO(buf) struct buf allow = {0};
    AUTO(buf) struct buf deny = {0};
    AUTO(buf) struct buf page = {0};
    const struct list_content c = content(b);
    int err = feed_domains(&b->listing, &domains);
    if (err == ERR_OK)
        err = feed_allow_rpz(&b->listing, b->out->serial, in->refresh_s, &allow);
    if (err == ERR_OK)
        err = feed_deny_rpz(b->out->serial, in->refresh_s, &deny);
    if (err == ERR_OK)
        err = page_write(&c, b->out->serial, b->out->published_at, &page);
    if (err == ERR_OK)
        err = keep(b, &domains, &in->domains);
    if (err == ERR_OK)
        err = keep(b, &allow, &in->allow_rpz);
    if (err == ERR_OK)
        err = keep(b, &deny, &in->deny_rpz);
    return err == ERR_OK ? keep(b, &page, &in->page) : err;
}

static int build_tree(struct build *b)
{
    struct webtree_input in = {.out = b->out,
                               .previous = b->previous,
                               .refresh_s = b->inv->publication.refresh_s,
                               .now = b->opts->now};
    int err = build_feeds(b, &in);
    if (err == ERR_OK)
        err = webtree_versions(b->a, &in, &b->out->versions, &b->out->version_n);
    if (err == ERR_OK)
        err = webtree_files(b->a, &in, b->out->versions, b->out->version_n, &b->out->files,
                            &b->out->file_n);
    return err;
}

/* ------------------------------------------------------------------ runs */

static int run(struct build *b, const struct cms_signer *signer)
{
    int err = build_names(b);
    if (err == ERR_OK)
        err = previous_list_read(b->a, b->previous->list, &b->before, b->diags);
    if (err == ERR_OK)
        err = collect(b, list_resolve(b->a, b->inv, &b->listing, &b->before, b->opts, &b->removed,
                                      &b->removed_n, b->diags));
    if (err == ERR_OK)
        err = build_models(b);
    if (err == ERR_OK && !b->fine)
        err = ERR_FINDINGS;
    if (err == ERR_OK)
        err = build_list(b);
    if (err == ERR_OK)
        err = list_names(b);
    if (err == ERR_OK)
        err = build_signatures(b, signer);
    return err == ERR_OK ? build_tree(b) : err;
}

static struct mud_output *output_new(void)
{
    struct output *o = calloc(1, sizeof(*o));
    if (o == NULL)
        return NULL;
    o->arena = arena_new();
    if (o->arena == NULL) {
        free(o);
        return NULL;
    }
    return &o->pub;
}

int mud_build(const struct inventory *inv, const struct cms_signer *signer,
              const struct mud_previous *previous, const struct mud_options *opts,
              struct mud_output **ret, struct diags *diags)
{
    AUTO_PTR(mud_output) struct mud_output *out = output_new();
    if (out == NULL)
        return ERR_NOMEM;
    struct build b = {.inv = inv,
                      .previous = previous,
                      .opts = opts,
                      .diags = diags,
                      .a = ((struct output *)out)->arena,
                      .out = out,
                      .fine = true};
    int err = run(&b, signer);
    if (err == ERR_OK)
        *ret = TAKE(out);
    return err;
}

int mud_check(const struct inventory *inv, int64_t now, struct diags *diags)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    const struct mud_previous previous = {0};
    const struct mud_options opts = {.now = now};
    if (a == NULL)
        return ERR_NOMEM;
    struct build b = {.inv = inv,
                      .previous = &previous,
                      .opts = &opts,
                      .diags = diags,
                      .a = a,
                      .advice = true,
                      .fine = true};
    int err = build_names(&b);
    if (err == ERR_OK)
        err = build_models(&b);
    return err == ERR_OK && !b.fine ? ERR_FINDINGS : err;
}

/* ------------------------------------------------------------------ the announcement of a draft */

static int draft_models(struct build *b)
{
    b->models = arena_zalloc(b->a, b->inv->model_n + 1, sizeof(*b->models));
    if (b->models == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->inv->model_n; i++) {
        const struct inv_model *m = &b->inv->models[i];
        b->models[i].model = m;
        b->models[i].url = model_path(b->a, b->inv->publication.base_url, m->name, ".json");
        if (b->models[i].url == NULL)
            return ERR_NOMEM;
    }
    b->out->models = b->models;
    b->out->model_n = b->inv->model_n;
    return ERR_OK;
}

int mud_announce_draft(const struct inventory *inv, const uint8_t *signer_spki,
                       const uint8_t (*https_spki)[32], size_t https_spki_n,
                       const struct zone *zone, struct records *ret, struct diags *diags)
{
    AUTO_PTR(mud_output) struct mud_output *out = output_new();
    if (out == NULL)
        return ERR_NOMEM;
    struct build b = {.inv = inv, .a = ((struct output *)out)->arena, .out = out};
    const struct announce_source from = {.out = out,
                                         .signer_spki = signer_spki,
                                         .https_spki = https_spki,
                                         .https_spki_n = https_spki_n,
                                         .draft = true};
    int err = listing_make(b.a, inv, &b.listing);
    /* names that are too long have been found by mud_check; here they would only be in the way */
    if (err == ERR_OK)
        err = announce_names_check(inv, &b.listing, NULL);
    if (err == ERR_OK)
        err = list_names(&b);
    if (err == ERR_OK)
        err = draft_models(&b);
    return err == ERR_OK ? announce_zone(inv, &from, zone, ret, diags) : err;
}
