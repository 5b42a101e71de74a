#include "app/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "app/rules_app.h"
#include "common/file.h"
#include "signer/key_files.h"

#define KEY_CANCEL 0x03 /* Ctrl-C: signals are off while nothing is shown */
#define KEY_END    0x04

/* ------------------------------------------------------------------ a file */

static int refuse_file(struct app *app, const char *file, const char *what)
{
    diag_add(app->diags, &rule_passphrase, AT_FILE(file), NULL, "%s", what);
    return ERR_CONFIG;
}

static int from_file(struct app *app, const char *file, struct buf *ret)
{
    buf_reserve(ret, (size_t)2 * PASSPHRASE_MAX); /* never grown, so no copy is left behind */
    int err = buf_ok(ret) ? file_read_private(file, PASSPHRASE_MAX + 2, ret) : ERR_NOMEM;
    if (err == ERR_CONFIG)
        return refuse_file(app, file, "others may read it, or it is no regular file");
    if (err == ERR_LIMIT)
        return refuse_file(app, file, "too long for a passphrase");
    if (err == ERR_IO)
        return refuse_file(app, file, strerror(errno));
    if (err != ERR_OK)
        return err;
    ret->len = strcspn(buf_str(ret), "\r\n");
    return ret->len == 0 ? refuse_file(app, file, "its first line is empty") : ERR_OK;
}

/* ------------------------------------------------------------------ the terminal */

static void say(int tty, const char *text)
{
    if (write(tty, text, strlen(text)) < 0)
        errno = 0; /* a prompt that is not seen is no reason to stop */
}

/* One line, without its end. False: given up. */
static bool read_keys(int tty, struct buf *ret)
{
    for (;;) {
        char c = KEY_CANCEL;
        ssize_t n = read(tty, &c, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || c == KEY_CANCEL || c == KEY_END)
            return false;
        if (c == '\n' || c == '\r')
            return true;
        if ((c == '\b' || c == 0x7f) && ret->len > 0)
            ret->len--;
        else if (c != '\b' && c != 0x7f && ret->len < PASSPHRASE_MAX)
            buf_add(ret, &c, 1);
    }
}

/* The terminal while it hides what is typed, for the handler. */
static struct {
    int tty;
    struct termios shown;
} hiding;

/* A terminal left without echo is of no use to the next who types at it. */
static void show_and_end(int number)
{
    (void)tcsetattr(hiding.tty, TCSAFLUSH, &hiding.shown);
    (void)raise(number); /* on return, when what it does by default is set again */
}

static const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
#define ENDING_N (sizeof endings / sizeof *endings)

static void catch_endings(struct sigaction before[ENDING_N])
{
    const struct sigaction ours = {.sa_handler = show_and_end, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < ENDING_N; i++) {
        (void)sigaction(endings[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            (void)sigaction(endings[i], &ours, NULL);
    }
}

static void release_endings(const struct sigaction before[ENDING_N])
{
    for (size_t i = 0; i < ENDING_N; i++)
        (void)sigaction(endings[i], &before[i], NULL);
}

static int ask(const struct app *app, int tty, const char *prompt, struct buf *ret)
{
    struct sigaction before[ENDING_N];
    struct termios shown;
    if (tcgetattr(tty, &shown) != 0)
        return usage_error(app, "the terminal cannot hide a passphrase: %s", strerror(errno));
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    hidden.c_cc[VMIN] = 1;
    hidden.c_cc[VTIME] = 0;
    buf_reserve(ret, PASSPHRASE_MAX);
    if (!buf_ok(ret))
        return ERR_NOMEM;
    hiding.tty = tty;
    hiding.shown = shown;
    catch_endings(before);
    bool hides = tcsetattr(tty, TCSAFLUSH, &hidden) == 0;
    int why = errno;
    say(tty, prompt); /* now: what is typed before is not taken */
    bool given = hides && read_keys(tty, ret);
    (void)tcsetattr(tty, TCSAFLUSH, &shown);
    release_endings(before);
    say(tty, "\n");
    if (!hides)
        return usage_error(app, "the terminal cannot hide a passphrase: %s", strerror(why));
    return given ? ERR_OK : usage_error(app, "no passphrase was given");
}

static int from_terminal(const struct app *app, bool is_new, struct buf *ret)
{
    struct buf again = {0};
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return usage_error(app, "there is no terminal to ask at: --passphrase-file is needed");
    int err = ask(app, tty, "passphrase: ", ret);
    if (err == ERR_OK && is_new)
        err = ask(app, tty, "once more: ", &again);
    if (err == ERR_OK && is_new && !bytes_equal(buf_bytes(ret), buf_bytes(&again)))
        err = usage_error(app, "the two were not the same");
    buf_wipe(&again);
    (void)close(tty);
    return err;
}

int passphrase_get(struct app *app, const char *file, bool is_new, struct buf *ret)
{
    int err = file != NULL ? from_file(app, file, ret) : from_terminal(app, is_new, ret);
    if (err != ERR_OK || !is_new || ret->len >= PASSPHRASE_MIN)
        return err;
    if (file == NULL)
        return usage_error(app, "a passphrase has %d characters or more", PASSPHRASE_MIN);
    return refuse_file(app, file, "too short for a passphrase");
}
