/*
 * app/keys_backup.c -- the state folder into one encrypted file.
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "app/keys.h"
#include "app/passphrase.h"
#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "signer/key_files.h"

/* state_open would make an empty one, and a backup of nothing looks like one of something. */
static int check_state(struct app *app, const char *dir)
{
    struct stat st;
    AUTO_FREE char *database = file_join(dir, "state.db");
    if (database == NULL)
        return ERR_NOMEM;
    if (stat(database, &st) == 0 && st.st_size > 0)
        return ERR_OK;
    diag_add(app->diags, &rule_backup_nothing, AT_FILE(dir), NULL, "nothing was ever built here");
    return ERR_CONFIG;
}

static int backup(struct app *app, const char *file, const char *passphrase_file,
                  struct backup_report *ret)
{
    AUTO(site) struct site site = {0};
    struct buf passphrase = {0};
    struct state *state = NULL;
    int err = site_open(app, &site);
    if (err == ERR_OK)
        err = check_state(app, site.inv->state_dir);
    if (err == ERR_OK)
        err = passphrase_get(app, passphrase_file, true, &passphrase);
    if (err == ERR_OK)
        err = site_state_open(app, &site, &state);
    if (err == ERR_OK)
        err = backup_write(state, file, buf_bytes(&passphrase), ret, app->diags);
    state_close(state);
    buf_wipe(&passphrase);
    return err;
}

int keys_backup(struct app *app, int argc, char **argv)
{
    const char *passphrase_file = NULL;
    const struct option_def options[] = {
        {"passphrase-file", 0, "FILE",
         "its first line is the passphrase (default: it is asked for)", OPTION_TEXT,
         &passphrase_file},
        {0},
    };
    const struct command_usage usage = {
        "keys backup",
        "FILE",
        "Writes the state folder, keys included, encrypted into FILE, and proves that it restores.",
        options,
        1,
        1};
    AUTO(words) struct words words = {0};
    struct backup_report r = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = backup(app, words.items[0], passphrase_file, &r);
    if (err == ERR_USAGE)
        return err;
    if (err == ERR_OK)
        app_print(app,
                  "%s: %" PRIu64 " files, %" PRIu64 " bytes, restored for trial and compared; "
                  "%zu key%s signed\n",
                  words.items[0], r.file_n, r.content_len, r.key_n, r.key_n == 1 ? "" : "s");
    if (err == ERR_OK && r.token_key_n > 0)
        app_print(app, "%zu of the keys %s on a token: not in the file, but for the address\n",
                  r.token_key_n, r.token_key_n == 1 ? "is" : "are");
    json_t *result =
        err != ERR_OK
            ? NULL
            : json_pack("{s:o, s:I, s:I, s:I, s:I}", "file", report_text_json(words.items[0]),
                        "files", (json_int_t)r.file_n, "bytes", (json_int_t)r.content_len, "keys",
                        (json_int_t)r.key_n, "keys-on-tokens", (json_int_t)r.token_key_n);
    return report_finish(app, err, result);
}
