/* app/passphrase.c at a pseudo-terminal: nothing is shown, and the terminal is as before, however
   it ends. */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>

#include "app/passphrase.h"
#include "common/err.h"
#include "tests/support/testing.h"

#define SECRET  "correct horse battery"
#define WAIT_MS 30000

/* What the child ends with. */
enum { GOT_SECRET = 0, GOT_ANOTHER = 10, GAVE_UP = 11, FAILED = 12 };

/* One prompt with whoever types. */
struct prompt {
    pid_t pid;
    int terminal;
    char shown[1024]; /* by the child and the terminal's echo */
    size_t shown_len;
};

static void ask_and_exit(bool is_new)
{
    struct app app = {0};
    struct buf got = {0};
    if (app_init(&app) != ERR_OK)
        _exit(FAILED);
    app.command = "try";
    int err = passphrase_get(&app, NULL, is_new, &got);
    if (err == ERR_OK)
        _exit(strcmp(buf_str(&got), SECRET) == 0 ? GOT_SECRET : GOT_ANOTHER);
    _exit(err == ERR_USAGE ? GAVE_UP : FAILED);
}

/* False: it ended. */
static bool see_more(struct prompt *p)
{
    struct pollfd fd = {.fd = p->terminal, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
    ssize_t n = read(p->terminal, p->shown + p->shown_len, sizeof p->shown - 1 - p->shown_len);
    if (n <= 0)
        return false;
    p->shown_len += (size_t)n;
    p->shown[p->shown_len] = 0;
    return true;
}

static void see(struct prompt *p, const char *text)
{
    while (strstr(p->shown, text) == NULL)
        assert_true(see_more(p));
}

static bool echoes(const struct prompt *p)
{
    struct termios now;
    assert_int_equal(tcgetattr(p->terminal, &now), 0);
    return (now.c_lflag & (tcflag_t)(ECHO | ICANON | ISIG)) == (tcflag_t)(ECHO | ICANON | ISIG);
}

static void type(const struct prompt *p, const char *keys)
{
    assert_int_equal(write(p->terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* The child's status; the terminal has its echo again, and showed nothing that was typed. */
static int ended(struct prompt *p)
{
    int status = 0;
    bool echo = false;
    while (see_more(p)) {
    }
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    echo = echoes(p);
    (void)close(p->terminal);
    assert_true(echo);
    assert_null(strstr(p->shown, "horse"));
    return status;
}

static void begin(struct prompt *p, bool is_new)
{
    *p = (struct prompt){0};
    p->pid = forkpty(&p->terminal, NULL, NULL, NULL);
    if (p->pid == 0)
        ask_and_exit(is_new);
    assert_true(p->pid > 0);
    see(p, "passphrase: ");
    assert_false(echoes(p));
}

static bool can_have_terminal(void)
{
    int master = -1;
    int slave = -1;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0) {
        LEFT_OUT("passphrases at a terminal: no pseudo-terminal can be had");
        return false;
    }
    (void)close(master);
    (void)close(slave);
    return true;
}

static void what_is_typed_is_taken_and_not_shown(void **state)
{
    static const struct {
        const char *name;
        bool is_new;
        const char *first;
        const char *second;
        int status;
        const char *says;
    } cases[] = {
        {"once", false, SECRET "\n", NULL, GOT_SECRET, ""},
        {"with an error rubbed out", false, "correct horse batterx\x7fy\r", NULL, GOT_SECRET, ""},
        {"more rubbed out than typed", false, "a\x7f\x7f\b" SECRET "\n", NULL, GOT_SECRET, ""},
        {"twice", true, SECRET "\n", SECRET "\n", GOT_SECRET, ""},
        {"unlike", true, SECRET "\n", "correct horse batterz\n", GAVE_UP, "not the same"},
        {"short", true, "horse\n", "horse\n", GAVE_UP, "12 characters"},
        {"^C", false, "horse\x03", NULL, GAVE_UP, "no passphrase was given"},
        {"^C at the second", true, SECRET "\n", "horse\x03", GAVE_UP, "no passphrase was given"},
        {"^D", false, "\x04", NULL, GAVE_UP, "no passphrase was given"},
        {"keys that stop or end other programs", false, "\x1a\x1c" SECRET "\n", NULL, GOT_ANOTHER,
         ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases && can_have_terminal(); i++) {
        struct prompt p;
        TEST_CASE(cases[i].name);
        begin(&p, cases[i].is_new);
        type(&p, cases[i].first);
        if (cases[i].second != NULL) {
            see(&p, "once more: ");
            type(&p, cases[i].second);
        }
        int status = ended(&p);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), cases[i].status);
        assert_non_null(strstr(p.shown, cases[i].says));
    }
}

static void a_signal_leaves_the_terminal_as_it_was(void **state)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals && can_have_terminal(); i++) {
        struct prompt p;
        TEST_CASE(strsignal(signals[i]));
        begin(&p, true);
        type(&p, "horse");
        assert_int_equal(kill(p.pid, signals[i]), 0);
        int status = ended(&p);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_typed_is_taken_and_not_shown),
    cmocka_unit_test(a_signal_leaves_the_terminal_as_it_was),
};
TEST_MAIN(tests)
