/*
 * app/keys_export.c -- keys of a zone as files for another signer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/key_edit.h"
#include "app/key_view.h"
#include "app/keys.h"
#include "app/rules_app.h"
#include "signer/key_files.h"

struct keys_export {
    struct app *app;
    const char *format_text;
    const char *dir;
    enum export_format format;
    struct key_edit edit; /* for the lock: no build rolls a key meanwhile */
    bool *chosen;         /* of the zone's keys */
    json_t *files;
};

static void keys_export_done(struct keys_export *e)
{
    key_edit_done(&e->edit);
    free(e->chosen);
    json_decref(e->files);
}
DEFINE_AUTO(keys_export)

static int check_options(struct keys_export *e)
{
    if (e->dir == NULL)
        return usage_error(e->app, "-o DIR is missing: a folder for the files");
    if (e->format_text == NULL || strcmp(e->format_text, "bind") == 0)
        e->format = EXPORT_BIND;
    else if (strcmp(e->format_text, "pem") == 0)
        e->format = EXPORT_PEM;
    else
        return usage_error(e->app, "--format: '%s'; expected bind or pem", e->format_text);
    return ERR_OK;
}

/* Made here it is closed to others; one that is there is the user's own affair, its files are 0600.
 */
static int make_dir(struct keys_export *e)
{
    if (mkdir(e->dir, 0700) == 0 || errno == EEXIST)
        return ERR_OK;
    diag_add(e->app->diags, &rule_file_unwritable, AT_FILE(e->dir), NULL, "cannot be made: %s",
             strerror(errno));
    return ERR_IO;
}

static int choose(struct keys_export *e, const struct words *words)
{
    const struct zone_overview *z = &e->edit.zone;
    e->chosen = calloc(z->life.key_n + 1, sizeof *e->chosen);
    if (e->chosen == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < z->life.key_n && words->n == 1; i++)
        e->chosen[i] = key_state(&z->life.keys[i], &z->waits, e->app->now) != KEY_REMOVED;
    for (size_t i = 1; i < words->n; i++) {
        struct life_key *k = NULL;
        int err = zone_key_pick(e->app, z, words->items[i], &k);
        if (err != ERR_OK)
            return err;
        e->chosen[k - z->life.keys] = true;
    }
    return ERR_OK;
}

static int export_one(struct keys_export *e, const struct life_key *life)
{
    AUTO_PTR(key) struct key *k = NULL;
    AUTO_FREE char *name = NULL;
    char text[KEY_NAME_LEN];
    int err = state_key_open(e->edit.state, life, &k, e->app->diags);
    if (err == ERR_OK)
        err = key_export(k, life, e->edit.zone.inv->text, e->format, e->dir, &name, e->app->diags);
    if (err != ERR_OK)
        return err;
    key_name_text(life, text);
    app_print(e->app, "%s %s: %s/%s%s\n", e->edit.zone.inv->text, text, e->dir, name,
              e->format == EXPORT_BIND ? ".key, .private" : ".dnskey, .pem");
    json_t *file =
        json_pack("{s:s, s:i, s:s, s:o}", "role", key_role_text(life->role), "key-tag",
                  (int)life->tag, "digest", life->digest, "name", report_text_json(name));
    return json_array_append_new(e->files, file) == 0 ? ERR_OK : ERR_NOMEM;
}

static int log_export(struct keys_export *e, size_t n)
{
    AUTO(buf) struct buf why = {0};
    buf_printf(&why, "%zu private key%s written to %s", n, n == 1 ? "" : "s", e->dir);
    return buf_ok(&why) ? state_event(e->edit.state, e->app->now, e->edit.zone.inv->text,
                                      "exported", buf_str(&why))
                        : ERR_NOMEM;
}

static int export_all(struct keys_export *e, const struct words *words)
{
    int err = check_options(e);
    if (err == ERR_OK)
        err = key_edit_open(e->app, words->items[0], &e->edit);
    if (err == ERR_OK)
        err = choose(e, words);
    if (err == ERR_OK)
        err = make_dir(e);
    const struct life *l = &e->edit.zone.life;
    int failed = ERR_OK; /* the others are written all the same */
    for (size_t i = 0; i < l->key_n && err == ERR_OK; i++) {
        int one = e->chosen[i] ? export_one(e, &l->keys[i]) : ERR_OK;
        failed = failed == ERR_OK ? one : failed;
    }
    size_t n = json_array_size(e->files);
    if (err == ERR_OK && n > 0)
        err = log_export(e, n);
    return err == ERR_OK ? failed : err;
}

int keys_export(struct app *app, int argc, char **argv)
{
    AUTO(keys_export) struct keys_export e = {.app = app, .files = json_array()};
    const struct option_def options[] = {
        {"format", 0, "FORM", "bind (K*.key and K*.private; the default) or pem", OPTION_TEXT,
         &e.format_text},
        {"output", 'o', "DIR", "the folder for the files; nothing in it is replaced", OPTION_TEXT,
         &e.dir},
        {0},
    };
    const struct command_usage usage = {"keys export",
                                        "ZONE [KEY ...]",
                                        "Writes private keys of a zone as files for another signer "
                                        "(default: all but removed ones).",
                                        options,
                                        1,
                                        SIZE_MAX};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = export_all(&e, &words);
    if (err == ERR_USAGE)
        return err;
    return report_finish(
        app, err, json_pack("{s:o, s:O}", "folder", report_text_json(e.dir), "keys", e.files));
}
