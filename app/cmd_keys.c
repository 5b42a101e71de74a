/*
 * app/cmd_keys.c -- the table of `mudzone keys SUBCOMMAND`.
 */
#include <stdio.h>
#include <string.h>

#include "app/keys.h"

struct subcommand {
    const char *word;
    const char *name; /* in messages and the schema name */
    int (*run)(struct app *app, int argc, char **argv);
    const char *about;
};

static const struct subcommand subcommands[] = {
    {"list", "keys-list", keys_list, "list the keys of the zones"},
    {"ds", "keys-ds", keys_ds, "show what to hand the parent"},
    {"roll", "keys-roll", keys_roll, "have a key replaced"},
    {"ds-seen", "keys-ds-seen", keys_ds_seen, "say that the parent shows a DS"},
    {"ds-gone", "keys-ds-gone", keys_ds_gone, "say that the parent shows a DS no more"},
    {"import", "keys-import", keys_import, "take keys of another signer over"},
    {"export", "keys-export", keys_export, "write keys as files for another signer"},
    {"backup", "keys-backup", keys_backup, "write the state folder into one encrypted file"},
    {"restore", "keys-restore", keys_restore, "make the state folder from a backup"},
    {"request", "keys-request", keys_request, "ask an offline KSK for signatures"},
    {"load", "keys-load", keys_load, "take in the signatures of an offline KSK"},
    {"sign-response", "keys-sign-response", keys_sign_response,
     "sign a request, where the KSK is kept"},
    {"ceremony-key", "keys-ceremony-key", keys_ceremony_key, "make a KSK to be kept offline"},
};
#define SUBCOMMAND_N (sizeof subcommands / sizeof *subcommands)

static void print_subcommands(FILE *to)
{
    fputs("usage: mudzone keys SUBCOMMAND [OPTION ...]\n\n", to);
    for (size_t i = 0; i < SUBCOMMAND_N; i++)
        fprintf(to, "  %-13s %s\n", subcommands[i].word, subcommands[i].about);
    fputs(
        "\n'mudzone keys SUBCOMMAND --help' shows its options; mudzone-keys(1) says everything.\n",
        to);
}

static int unknown_subcommand(const struct app *app, const char *word)
{
    const char *words[SUBCOMMAND_N + 1] = {0};
    for (size_t i = 0; i < SUBCOMMAND_N; i++)
        words[i] = subcommands[i].word;
    const char *near = nearest_word(word, words);
    if (near != NULL)
        return usage_error(app, "unknown subcommand '%s'; did you mean '%s'?", word, near);
    return usage_error(app, "unknown subcommand '%s'; 'mudzone keys --help' lists all", word);
}

int cmd_keys(struct app *app, int argc, char **argv)
{
    int next = 0;
    int err = options_parse_common(app, argc, argv, &next);
    if (err != ERR_OK)
        return err;
    if (next == argc) {
        print_subcommands(stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[next], "--help") == 0 || strcmp(argv[next], "-h") == 0) {
        print_subcommands(stdout);
        return OPTIONS_HELP;
    }
    for (size_t i = 0; i < SUBCOMMAND_N; i++) {
        if (strcmp(subcommands[i].word, argv[next]) != 0)
            continue;
        app->command = subcommands[i].name;
        return subcommands[i].run(app, argc - next, argv + next);
    }
    return unknown_subcommand(app, argv[next]);
}
