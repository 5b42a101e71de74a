/*
 * app/main.c -- the table of commands, and the exit status.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"

struct command {
    const char *name;
    int (*run)(struct app *app, int argc, char **argv);
    const char *about;
};

static int cmd_help(struct app *app, int argc, char **argv);

static const struct command commands[] = {
    {"init", cmd_init, "write a small working inventory to start from"},
    {"check", cmd_check, "check the inventory, its zones, and MUD files"},
    {"build", cmd_build, "the main job: check, generate, sign, write OUT"},
    {"plan", cmd_plan, "what the next build would do with keys"},
    {"confirm", cmd_confirm, "say that what was built is now public"},
    {"status", cmd_status, "tell of each zone and its keys"},
    {"explain", cmd_explain, "why a zone or key is as it is, and what comes next"},
    {"keys", cmd_keys, "keys: list, DS for the parent, rolls, import, backup"},
    {"simulate", cmd_simulate, "what will happen to keys, on a virtual clock"},
    {"log", cmd_log, "what was done, when, by whom and why; prove it whole"},
    {"observe", cmd_observe, "ask the parents which DS they have"},
    {"sign", cmd_sign, "sign one zone file, without an inventory"},
    {"verify", cmd_verify, "check what was built, or any signed zone"},
    {"help", cmd_help, "show this, or the usage of a command"},
};
#define COMMAND_N (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_N; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int unknown_command(const struct app *app, const char *name)
{
    const char *names[COMMAND_N + 1] = {0};
    for (size_t i = 0; i < COMMAND_N; i++)
        names[i] = commands[i].name;
    const char *near = nearest_word(name, names);
    if (near != NULL)
        return usage_error(app, "unknown command '%s'; did you mean '%s'?", name, near);
    return usage_error(app, "unknown command '%s'; 'mudzone help' lists all", name);
}

static void print_overview(FILE *to)
{
    fputs("usage: mudzone [-i INVENTORY] COMMAND [OPTION ...]\n\n", to);
    for (size_t i = 0; i < COMMAND_N; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].about);
    fputs("\n'mudzone COMMAND --help' shows a command's options, 'mudzone --version' the version;\n"
          "mudzone(1) says everything.\n",
          to);
}

static int run_command(struct app *app, int argc, char **argv)
{
    const struct command *c = find_command(argv[0]);
    if (c == NULL)
        return unknown_command(app, argv[0]);
    app->command = c->name;
    return c->run(app, argc, argv);
}

static int cmd_help(struct app *app, int argc, char **argv)
{
    const struct command_usage usage = {"help", "[COMMAND]", "Shows the usage.", NULL, 0, 1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    if (words.n == 0 || strcmp(words.items[0], "help") == 0) {
        print_overview(stdout);
        return ERR_OK;
    }
    char help[] = "--help";
    char *name = argv[0];
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], words.items[0]) == 0)
            name = argv[i];
    }
    return run_command(app, 2, (char *[]){name, help, NULL});
}

static int start(struct app *app, int argc, char **argv)
{
    int next = 0;
    int err = options_parse_common(app, argc, argv, &next);
    if (err != ERR_OK)
        return err;
    if (next == argc) {
        print_overview(stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[next], "--help") == 0 || strcmp(argv[next], "-h") == 0) {
        print_overview(stdout);
        return ERR_OK;
    }
    if (strcmp(argv[next], "--version") == 0) {
        printf("mudzone %s\n", app_version());
        return ERR_OK;
    }
    return run_command(app, argc - next, argv + next);
}

/* Started without one of these, the first files opened would take its number, and what is printed
   would go into them. Read-only, so that a result without a reader still fails. */
static bool hold_standard_files(void)
{
    int fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = dup(fd);
    return fd >= 0 && close(fd) == 0;
}

/* The option may stand behind the word that was refused. */
static bool wants_json(const struct app *app, int argc, char **argv)
{
    bool json = app->json;
    for (int i = 1; i < argc; i++)
        json = json || strcmp(argv[i], "--json") == 0;
    return json;
}

int main(int argc, char **argv)
{
    if (!hold_standard_files())
        return err_exit_status(ERR_IO);
    umask(022);
    AUTO(app) struct app app = {0};
    int err = app_init(&app);
    if (err == ERR_OK)
        err = start(&app, argc, argv);
    if (err < 0 && !app.reported && wants_json(&app, argc, argv))
        err = report_refusal(&app, err);
    /* a result that did not reach its reader is not a success: disk full behind a redirection */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("mudzone: cannot write to standard output\n", stderr);
        if (err >= 0)
            err = ERR_IO;
    }
    return err > 0 ? 0 : err_exit_status(err);
}
