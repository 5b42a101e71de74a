/*
 * app/cmd_init.c -- a small working inventory to start from.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/rules_app.h"
#include "app/trial_pki.h"
#include "common/file.h"
#include "embedded/init_inventory.h"
#include "embedded/init_zone.h"

#define SIGNER_NAME "Trial MUD signer"
#define WEB_HOST    "mud.mgmt.example.net"

struct init_file {
    const char *path;
    struct bytes content;
    mode_t mode;
};

enum { FILE_N = 6 };

struct init {
    struct app *app;
    const char *dir;
    struct buf signer, signer_key, https, https_key;
    struct init_file files[FILE_N];
};

static void init_done(struct init *i)
{
    buf_done(&i->signer);
    buf_done(&i->https);
    buf_wipe(&i->signer_key);
    buf_wipe(&i->https_key);
}
DEFINE_AUTO(init)

static int make_files(struct init *i)
{
    int64_t now = i->app->now;
    int err = trial_certificate(TRIAL_CMS, SIGNER_NAME, now, &i->signer, &i->signer_key);
    if (err == ERR_OK)
        err = trial_certificate(TRIAL_TLS, WEB_HOST, now, &i->https, &i->https_key);
    const struct bytes inventory = {(const uint8_t *)init_inventory, init_inventory_len};
    const struct bytes zone = {(const uint8_t *)init_zone, init_zone_len};
    const struct init_file files[FILE_N] = {
        {"pki/mud-signer.key", buf_bytes(&i->signer_key), 0600},
        {"pki/mud-signer.pem", buf_bytes(&i->signer), 0644},
        {"pki/https.key", buf_bytes(&i->https_key), 0600},
        {"pki/https.pem", buf_bytes(&i->https), 0644},
        {"zones/mgmt.example.net.zone", zone, 0644},
        {"inventory.yaml", inventory, 0644}, /* last: where it is, the rest is too */
    };
    memcpy(i->files, files, sizeof(files));
    return err;
}

static char *place(const struct init *i, const char *path)
{
    return strcmp(i->dir, ".") == 0 ? strdup(path) : file_join(i->dir, path);
}

/* Nothing is replaced: all places are looked at before the first file is written. */
static int check_places(struct init *i)
{
    int err = ERR_OK;
    for (size_t k = 0; k < FILE_N; k++) {
        AUTO_FREE char *path = place(i, i->files[k].path);
        struct stat st;
        if (path == NULL)
            return ERR_NOMEM;
        if (lstat(path, &st) != 0)
            continue;
        diag_add(i->app->diags, &rule_file_exists, AT_FILE(path), NULL, "is there already");
        err = ERR_CONFIG;
    }
    return err;
}

static int write_failed(struct init *i, int err, const char *path)
{
    if (err == ERR_IO)
        diag_add(i->app->diags, &rule_file_unwritable, AT_FILE(path), NULL, "%s", strerror(errno));
    return err;
}

static int make_folders(struct init *i)
{
    static const char *const folders[] = {"pki", "zones"};
    for (size_t k = 0; k < sizeof(folders) / sizeof(folders[0]); k++) {
        AUTO_FREE char *path = place(i, folders[k]);
        int err = path == NULL ? ERR_NOMEM : file_mkdirs(path, 0755);
        if (err != ERR_OK)
            return write_failed(i, err, path);
    }
    return ERR_OK;
}

static int write_files(struct init *i)
{
    int err = make_folders(i);
    for (size_t k = 0; k < FILE_N && err == ERR_OK; k++) {
        const struct init_file *f = &i->files[k];
        AUTO_FREE char *path = place(i, f->path);
        if (path == NULL)
            return ERR_NOMEM;
        err = file_write_new(path, f->content.data, f->content.len, f->mode);
        if (err != ERR_OK)
            return write_failed(i, err, path);
        app_print(i->app, "%s\n", path);
    }
    return err;
}

static void print_next(const struct init *i)
{
    bool here = strcmp(i->dir, ".") == 0;
    app_print(i->app, "\nThe certificates are self-signed, for trying. Next:\n");
    if (!here)
        app_print(i->app, "  cd %s\n", i->dir);
    app_print(i->app, "  mudzone build         # writes out/: zones to serve, web/ to publish\n"
                      "  mudzone verify out    # checks it independently\n");
}

static json_t *result(const struct init *i)
{
    json_t *files = json_array();
    for (size_t k = 0; k < FILE_N; k++)
        (void)json_array_append_new(files, json_string(i->files[k].path));
    return json_pack("{s:o, s:o}", "dir", report_text_json(i->dir), "files", files);
}

int cmd_init(struct app *app, int argc, char **argv)
{
    const struct command_usage usage = {
        "init",
        "[DIR]",
        "Writes a commented inventory, a zone and self-signed certificates into DIR (default: .).",
        NULL,
        0,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    AUTO(init) struct init i = {.app = app, .dir = words.n == 0 ? "." : words.items[0]};
    err = make_files(&i);
    if (err == ERR_OK)
        err = check_places(&i);
    if (err == ERR_OK)
        err = write_files(&i);
    if (err == ERR_OK)
        print_next(&i);
    return report_finish(app, err, err == ERR_OK && app->json ? result(&i) : NULL);
}
