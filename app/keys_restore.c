/*
 * app/keys_restore.c -- the state folder from a backup.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "app/keys.h"
#include "app/passphrase.h"
#include "app/pipeline.h"
#include "signer/key_files.h"

struct keys_restore {
    struct app *app;
    const char *passphrase_file;
    bool force;
    struct site site;
    struct backup_report report;
    char *aside;
};

static void keys_restore_done(struct keys_restore *r)
{
    site_done(&r->site);
    free(r->aside);
}
DEFINE_AUTO(keys_restore)

static int restore(struct keys_restore *r, const char *file)
{
    char who[APP_WHO_LEN];
    struct buf passphrase = {0};
    int err = site_open(r->app, &r->site);
    if (err == ERR_OK)
        err = passphrase_get(r->app, r->passphrase_file, false, &passphrase);
    app_who(r->app, who);
    const struct restore_params params = {.file = file,
                                          .passphrase = buf_bytes(&passphrase),
                                          .dir = err == ERR_OK ? r->site.inv->state_dir : NULL,
                                          .force = r->force,
                                          .now = r->app->now,
                                          .who = who};
    if (err == ERR_OK)
        err = backup_restore(&params, &r->report, &r->aside, r->app->diags);
    buf_wipe(&passphrase);
    return err;
}

static void print_result(const struct keys_restore *r)
{
    app_print(r->app, "%s: %" PRIu64 " files, %" PRIu64 " bytes; %zu key%s signed\n",
              r->site.inv->state_dir, r->report.file_n, r->report.content_len, r->report.key_n,
              r->report.key_n == 1 ? "" : "s");
    app_print(r->app, "what was built after the backup, the next build takes from what is public: "
                      "keep the newest OUT beside it\n");
}

int keys_restore(struct app *app, int argc, char **argv)
{
    AUTO(keys_restore) struct keys_restore r = {.app = app};
    const struct option_def options[] = {
        {"passphrase-file", 0, "FILE",
         "its first line is the passphrase (default: it is asked for)", OPTION_TEXT,
         &r.passphrase_file},
        {"force", 0, NULL, "move a state folder with content aside", OPTION_FLAG, &r.force},
        {0},
    };
    const struct command_usage usage = {
        "keys restore",
        "FILE",
        "Makes the state folder from a backup, once that has proved itself.",
        options,
        1,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = restore(&r, words.items[0]);
    if (err == ERR_USAGE)
        return err;
    json_t *result = NULL;
    if (err == ERR_OK) {
        print_result(&r);
        result = json_pack("{s:o, s:I, s:I, s:I, s:o}", "state",
                           report_text_json(r.site.inv->state_dir), "files",
                           (json_int_t)r.report.file_n, "bytes", (json_int_t)r.report.content_len,
                           "keys", (json_int_t)r.report.key_n, "aside", report_text_json(r.aside));
    }
    return report_finish(app, err, result);
}
