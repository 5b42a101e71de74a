/*
 * app/keys.h -- the subcommands of `mudzone keys`; cmd_keys.c has their table.
 *
 * Each is like a command of app/app.h: argv[0] is its word, it parses its own options, and ends
 * with report_finish. The schema name is that of app->command, "keys-<word>", which the table sets.
 */
#pragma once

#include "app/app.h"

/* what there is, what the parent must know */
int keys_list(struct app *app, int argc, char **argv);
int keys_ds(struct app *app, int argc, char **argv);
/* the user's word */
int keys_roll(struct app *app, int argc, char **argv);
int keys_ds_seen(struct app *app, int argc, char **argv);
int keys_ds_gone(struct app *app, int argc, char **argv);
/* in and out */
int keys_import(struct app *app, int argc, char **argv);
int keys_export(struct app *app, int argc, char **argv);
int keys_backup(struct app *app, int argc, char **argv);
int keys_restore(struct app *app, int argc, char **argv);
/* an offline KSK */
int keys_request(struct app *app, int argc, char **argv);
int keys_sign_response(struct app *app, int argc, char **argv);
int keys_load(struct app *app, int argc, char **argv);
int keys_ceremony_key(struct app *app, int argc, char **argv);
/* `keys import ZONE --public FILE`, its options read: a KSK whose private half is elsewhere. */
int keys_import_public(struct app *app, const char *zone, const char *path);
