#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/build.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/limits.h"

/* ------------------------------------------------------------------ inputs */

/* As the manifest names it: seen from the inventory's folder, wherever that lies today. */
static const char *relative_to_dir(const char *dir, const char *path)
{
    size_t len = strlen(dir);
    if (strcmp(dir, ".") == 0)
        return strncmp(path, "./", 2) == 0 ? path + 2 : path;
    if (strncmp(path, dir, len) == 0 && path[len] == '/')
        return path + len + 1;
    return path;
}

static int add_input(struct build *b, struct manifest *m, const char *path, struct bytes content)
{
    struct manifest_file *f = &m->inputs[m->input_n];
    uint8_t digest[32];
    json_t *name = report_text_json(relative_to_dir(b->site.inv->dir, path)); /* -i takes any */
    f->path = name == NULL ? NULL : arena_strdup(m->arena, json_string_value(name));
    json_decref(name);
    if (f->path == NULL)
        return ERR_NOMEM;
    sha256_of(content, digest);
    hex_encode(digest, sizeof(digest), f->sha256);
    m->input_n++;
    return ERR_OK;
}

static int add_input_file(struct build *b, struct manifest *m, const char *path)
{
    AUTO(buf) struct buf content = {0};
    if (path == NULL || strncmp(path, "pkcs11:", 7) == 0)
        return ERR_OK;
    int err = file_read(path, LIMIT_ZONE_BYTES, &content);
    if (err == ERR_IO)
        diag_add(b->app->diags, &rule_file_unreadable, AT_FILE(path), NULL, "%s", strerror(errno));
    if (err != ERR_OK)
        return err == ERR_IO ? ERR_CONFIG : err;
    return add_input(b, m, path, buf_bytes(&content));
}

static int by_path(const void *a, const void *b)
{
    const struct manifest_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static void sort_inputs(struct manifest *m)
{
    if (m->input_n > 1)
        qsort(m->inputs, m->input_n, sizeof(*m->inputs), by_path);
    size_t n = 0; /* one certificate may serve twice */
    for (size_t i = 0; i < m->input_n; i++) {
        if (n == 0 || strcmp(m->inputs[n - 1].path, m->inputs[i].path) != 0)
            m->inputs[n++] = m->inputs[i];
    }
    m->input_n = n;
}

static int add_inputs(struct build *b, struct manifest *m)
{
    const struct inventory *inv = b->site.inv;
    enum { CERTIFICATES = 3 };
    m->inputs =
        arena_zalloc(m->arena, inv->input_n + inv->zone_n + CERTIFICATES, sizeof(*m->inputs));
    int err = m->inputs == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < inv->input_n && err == ERR_OK; i++)
        err = add_input(b, m, inv->inputs[i].path, inv->inputs[i].content);
    for (size_t i = 0; i < inv->zone_n && err == ERR_OK; i++)
        err = add_input_file(b, m, inv->zones[i].file);
    if (err == ERR_OK)
        err = add_input_file(b, m, inv->publication.signer.certificate);
    if (err == ERR_OK)
        err = add_input_file(b, m, inv->publication.tls.certificate);
    if (err == ERR_OK)
        err = add_input_file(b, m, inv->publication.tls_next_certificate);
    if (err == ERR_OK)
        sort_inputs(m);
    return err;
}

static const struct build_zone *publication_zone(const struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        if (b->site.zones[i].inv == b->site.inv->publication.zone)
            return &b->zones[i];
    }
    return NULL;
}

bool build_web_is_frozen(const struct build *b)
{
    const struct build_zone *z = publication_zone(b);
    return z != NULL && z->frozen && b->old.zone_n > 0;
}

/* Without OUT there is nothing to take the documents from that a frozen zone announces. */
static void warn_web(struct build *b)
{
    const struct build_zone *z = publication_zone(b);
    if (z != NULL && z->frozen && !build_web_is_frozen(b) && b->docs->list_changed)
        diag_add(b->alarms, &rule_zone_frozen, AT_FILE(b->out), b->site.inv->publication.zone->text,
                 "OUT is not there to take the last documents from: readers refuse the new ones, "
                 "which the zone does not announce");
}

/* ------------------------------------------------------------------ manifest */

/* Those of the DNSKEY RRset. */
static int add_keys(const struct signed_zone *z, struct arena *arena, struct manifest_zone *ret)
{
    ret->keys = arena_zalloc(arena, z->keys.n + 1, sizeof(*ret->keys));
    if (ret->keys == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < z->keys.n; i++) {
        const struct key *k = z->keys.keys[i];
        if (!z->uses[i].publishes)
            continue;
        struct manifest_key *to = &ret->keys[ret->key_n++];
        (void)snprintf(to->digest, sizeof(to->digest), "%s", key_digest(k));
        to->tag = key_tag(k);
        to->role = key_role_text(key_role(k));
        to->algorithm = algorithm_text(key_algorithm(k));
    }
    return ERR_OK;
}

static int add_zones(struct build *b, struct manifest *m)
{
    m->zones = arena_zalloc(m->arena, b->zone_n + 1, sizeof(*m->zones));
    int err = m->zones == NULL ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++) {
        const struct inv_zone *inv = b->site.zones[i].inv;
        const struct build_zone *z = &b->zones[i];
        struct manifest_zone *to = &m->zones[m->zone_n++];
        *to = (struct manifest_zone){
            .name = inv->text,
            .file = z->file,
            .ds = z->ds,
            .serial = z->signed_zone.report.serial,
            .policy = inv->dnssec->name,
            .expires_at = z->signed_zone.report.expires_at,
        };
        err = add_keys(&z->signed_zone, m->arena, to);
    }
    return err;
}

static int add_files(struct tree *tree, struct manifest *m)
{
    m->files = arena_zalloc(m->arena, tree_n(tree) + 1, sizeof(*m->files));
    if (m->files == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < tree_n(tree); i++) {
        const struct tree_entry *e = tree_at(tree, i);
        struct manifest_file *f = &m->files[m->file_n++];
        f->path = e->path;
        f->size = e->content.len;
        hex_encode(e->sha256, sizeof(e->sha256), f->sha256);
    }
    return ERR_OK;
}

static int make_manifest(struct build *b, struct tree *tree, struct buf *ret)
{
    char head[65] = "";
    AUTO(manifest)
    struct manifest m = {
        .arena = arena_new(),
        .version = app_version(),
        .rebuild_before_at = b->rebuild_before_at,
        .list_serial = build_web_is_frozen(b) ? b->old.list_serial : b->docs->serial,
        .event_head = head,
    };
    int err = m.arena == NULL ? ERR_NOMEM : state_event_head(b->state, head);
    if (err == ERR_OK)
        err = add_zones(b, &m);
    if (err == ERR_OK)
        err = add_inputs(b, &m);
    if (err == ERR_OK)
        err = add_files(tree, &m);
    return err == ERR_OK ? manifest_write(&m, ret) : err;
}

/* ------------------------------------------------------------------ tree */

static int name_zone_files(struct build *b)
{
    for (size_t i = 0; i < b->zone_n; i++) {
        struct build_zone *z = &b->zones[i];
        AUTO_FREE char *stem = zone_file_stem(b->site.zones[i].inv->name);
        if (stem == NULL || asprintf(&z->file, "zones/%s.zone", stem) < 0)
            return ERR_NOMEM;
        if (asprintf(&z->ds, "zones/%s.ds", stem) < 0)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static int add_web(struct build *b, struct tree *tree)
{
    int err = ERR_OK;
    for (size_t i = 0; i < b->docs->file_n && err == ERR_OK; i++) {
        AUTO_FREE char *path = file_join("web", b->docs->files[i].path);
        err = path == NULL ? ERR_NOMEM : tree_add(tree, path, b->docs->files[i].content);
    }
    return err;
}

static int add_old_file(struct build *b, const struct manifest_file *f, struct tree *tree)
{
    AUTO_FREE char *path = file_join(b->out, f->path);
    AUTO(buf) struct buf content = {0};
    uint8_t sha256[32];
    char hex[MANIFEST_HEX_LEN];
    int err = path == NULL ? ERR_NOMEM : file_read(path, LIMIT_ZONE_BYTES, &content);
    if (err == ERR_NOMEM)
        return err;
    sha256_of(buf_bytes(&content), sha256);
    hex_encode(sha256, sizeof(sha256), hex);
    if (err == ERR_OK && strcmp(hex, f->sha256) == 0) {
        uint8_t *kept = arena_dup(b->old.arena, content.data, content.len); /* the tree borrows */
        return kept == NULL ? ERR_NOMEM
                            : tree_add(tree, f->path, (struct bytes){kept, content.len});
    }
    diag_add(b->app->diags, &rule_file_unreadable, AT_FILE(path), NULL,
             "not the file that was published, and it cannot be made anew while the publication "
             "zone lacks a key");
    return ERR_STATE;
}

/* The documents that a frozen publication zone announces. */
static int add_old_web(struct build *b, struct tree *tree)
{
    int err = ERR_OK;
    for (size_t i = 0; i < b->old.file_n && err == ERR_OK; i++) {
        if (strncmp(b->old.files[i].path, "web/", 4) == 0)
            err = add_old_file(b, &b->old.files[i], tree);
    }
    return err;
}

static int fill_tree(struct build *b, struct tree *tree)
{
    int err = name_zone_files(b);
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++) {
        const struct build_zone *z = &b->zones[i];
        err = tree_add(tree, z->file, buf_bytes(&z->signed_zone.text));
        if (err == ERR_OK)
            err = tree_add(tree, z->ds, buf_bytes(&z->signed_zone.ds));
    }
    if (err != ERR_OK)
        return err;
    warn_web(b);
    return build_web_is_frozen(b) ? add_old_web(b, tree) : add_web(b, tree);
}

/* ------------------------------------------------------------------ state */

static int store_zone(struct build *b, size_t i)
{
    const struct inv_zone *inv = b->site.zones[i].inv;
    const struct build_zone *z = &b->zones[i];
    const struct sign_report *r = &z->signed_zone.report;
    int err = build_store_life(b, i);
    if (err != ERR_OK || (!r->changed && z->has_serial && z->serial == r->serial))
        return err; /* nothing to say, so that the event log and the manifest stay */
    err = state_zone_put(b->state, inv->name, r->serial, buf_bytes(&z->signed_zone.text),
                         b->app->now);
    char why[96];
    (void)snprintf(why, sizeof(why),
                   "serial %" PRIu32 ", %" PRIu64 " signatures made, %" PRIu64 " kept", r->serial,
                   r->made, r->reused);
    return err == ERR_OK ? state_event(b->state, b->app->now, inv->text, "built", why) : err;
}

static int store_all(struct build *b)
{
    int err = ERR_OK;
    for (size_t i = 0; i < b->zone_n && err == ERR_OK; i++)
        err = store_zone(b, i);
    if (build_web_is_frozen(b))
        return err;
    if (err == ERR_OK)
        err = previous_store(b->state, b->docs);
    if (err == ERR_OK && b->docs->list_changed) {
        char why[48];
        (void)snprintf(why, sizeof(why), "list serial %" PRIu32, b->docs->serial);
        err = state_event(b->state, b->app->now, "", "listed", why);
    }
    return err;
}

static int prepare(struct build *b, struct tree *tree, struct tree_pending **ret)
{
    struct progress progress;
    progress_start(&progress, b->app, "writing files");
    int err = tree_prepare(tree, b->out, ret, b->app->diags);
    progress_done(&progress);
    return err;
}

/* The sibling of OUT is filled before state is committed, so that what can fail has not failed yet
   when the serials become history; a run killed between commit and exchange is made good by the
   next, which finds OUT different. */
int build_publish(struct build *b)
{
    AUTO_PTR(tree) struct tree *tree = tree_new();
    AUTO_PTR(tree_pending) struct tree_pending *pending = NULL;
    AUTO(buf) struct buf manifest = {0};
    int err = tree == NULL ? ERR_NOMEM : fill_tree(b, tree);
    if (err == ERR_OK)
        err = state_begin(b->state);
    if (err != ERR_OK)
        return err;
    err = store_all(b);
    if (err == ERR_OK)
        err = make_manifest(b, tree, &manifest);
    if (err == ERR_OK)
        err = tree_add(tree, TREE_MANIFEST, buf_bytes(&manifest));
    if (err == ERR_OK)
        err = prepare(b, tree, &pending);
    if (err == ERR_OK)
        err = state_commit(b->state);
    if (err != ERR_OK) {
        state_rollback(b->state);
        return err;
    }
    b->changed = tree_pending_changes(pending);
    return tree_exchange(pending, b->app->diags);
}
