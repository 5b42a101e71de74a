/*
 * publish/ask.c -- see ask.h: one poll(2) loop over up to ASK_AT_ONCE exchanges.
 */
#include "publish/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/limits.h"
#include "publish/ask_int.h"

#define FLAG_TC 0x02

struct exchange { /* a task on its way */
    struct ask_task *task;
    struct ask_query query;
    int fd; /* -1: free */
    unsigned tries_left;
    int64_t deadline_ms;
    size_t sent;   /* TCP: of the length and the query */
    struct buf in; /* TCP: the length and the answer */
};

struct asking {
    const struct ask_limits *limits;
    struct exchange all[ASK_AT_ONCE];
    struct ask_task *tasks;
    size_t task_n;
    size_t next; /* the task to begin next */
    size_t open;
};

const char *ask_transport_text(enum ask_transport t)
{
    return t == ASK_UDP ? "udp" : "tcp";
}

const char *ask_outcome_text(enum ask_outcome o)
{
    switch (o) {
    case ASK_OPEN: return "not asked";
    case ASK_ANSWERED: return "answered";
    case ASK_TIMEOUT: return "timeout";
    case ASK_NO_ROUTE: return "no route to it from here";
    case ASK_REFUSED: return "connection refused";
    case ASK_BROKEN: return "connection closed before the answer";
    }
    return "";
}

void ask_task_done(struct ask_task *t)
{
    buf_done(&t->answer);
    *t = (struct ask_task){0};
}

/* ------------------------------------------------------------------ the end of an exchange */

static void finish(struct asking *a, struct exchange *x, enum ask_outcome outcome)
{
    x->task->outcome = outcome;
    x->task->ended_ms = a->limits->clock_ms(a->limits->ctx);
    if (x->fd >= 0)
        (void)close(x->fd);
    buf_done(&x->in);
    *x = (struct exchange){.fd = -1};
    a->open--;
}

static void finish_by_errno(struct asking *a, struct exchange *x, int code)
{
    bool no_route =
        code == ENETUNREACH || code == EADDRNOTAVAIL || code == EAFNOSUPPORT || code == ENETDOWN;
    finish(a, x, no_route ? ASK_NO_ROUTE : code == ETIMEDOUT ? ASK_TIMEOUT : ASK_REFUSED);
}

static int finish_answered(struct asking *a, struct exchange *x, const uint8_t *data, size_t len)
{
    buf_add(&x->task->answer, data, len);
    bool kept = buf_ok(&x->task->answer);
    finish(a, x, ASK_ANSWERED);
    return kept ? ERR_OK : ERR_NOMEM;
}

/* ------------------------------------------------------------------ UDP */

static bool is_later(int code)
{
    return code == EAGAIN || code == EWOULDBLOCK || code == EINTR || code == EINPROGRESS;
}

static void udp_send(struct asking *a, struct exchange *x)
{
    x->tries_left--;
    x->deadline_ms = a->limits->clock_ms(a->limits->ctx) + a->limits->timeout_ms;
    /* a full socket buffer counts as lost on the way */
    if (send(x->fd, x->query.wire, x->query.len, MSG_NOSIGNAL) < 0 && !is_later(errno) &&
        errno != ENOBUFS)
        finish_by_errno(a, x, errno);
}

static int udp_receive(struct asking *a, struct exchange *x)
{
    static const unsigned batch = 8; /* then others have their turn: a flood holds up nobody */
    AUTO_FREE uint8_t *room = malloc(LIMIT_DNS_MESSAGE);
    if (room == NULL)
        return ERR_NOMEM;
    for (unsigned i = 0; i < batch; i++) {
        ssize_t n = recv(x->fd, room, LIMIT_DNS_MESSAGE, 0);
        if (n < 0) {
            if (!is_later(errno))
                finish_by_errno(a, x, errno);
            return ERR_OK;
        }
        if (ask_query_matches(&x->query, (struct bytes){room, (size_t)n}))
            return finish_answered(a, x, room, (size_t)n);
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ TCP (RFC 7766) */

static void tcp_send(struct asking *a, struct exchange *x)
{
    uint8_t out[2 + ASK_QUERY_MAX];
    out[0] = (uint8_t)(x->query.len >> 8);
    out[1] = (uint8_t)x->query.len;
    memcpy(out + 2, x->query.wire, x->query.len);
    size_t len = x->query.len + 2;
    while (x->sent < len) {
        ssize_t n = send(x->fd, out + x->sent, len - x->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (!is_later(errno))
                finish_by_errno(a, x, errno);
            return;
        }
        x->sent += (size_t)n;
    }
}

static int tcp_take(struct asking *a, struct exchange *x)
{
    if (x->in.len < 2)
        return ERR_OK;
    size_t len = (size_t)x->in.data[0] << 8 | x->in.data[1];
    if (x->in.len < len + 2)
        return ERR_OK;
    struct bytes message = {x->in.data + 2, len};
    if (ask_query_matches(&x->query, message))
        return finish_answered(a, x, message.data, message.len);
    finish(a, x, ASK_BROKEN);
    return ERR_OK;
}

static int tcp_receive(struct asking *a, struct exchange *x)
{
    uint8_t room[4096];
    ssize_t n = recv(x->fd, room, sizeof room, 0);
    if (n < 0) {
        if (!is_later(errno))
            finish_by_errno(a, x, errno);
        return ERR_OK;
    }
    if (n == 0) {
        finish(a, x, ASK_BROKEN);
        return ERR_OK;
    }
    buf_add(&x->in, room, (size_t)n); /* never more than a message and one read */
    return buf_ok(&x->in) ? tcp_take(a, x) : ERR_NOMEM;
}

static bool tcp_is_sending(const struct exchange *x)
{
    return x->task->transport == ASK_TCP && x->sent < x->query.len + 2;
}

/* ------------------------------------------------------------------ the loop */

static int begin(struct asking *a, struct exchange *x, struct ask_task *t)
{
    *x = (struct exchange){.task = t, .fd = -1};
    int err = ask_query_make(t, &x->query);
    if (err != ERR_OK)
        return err;
    bool tcp = t->transport == ASK_TCP;
    a->open++;
    x->tries_left = tcp ? 1 : a->limits->tries;
    x->deadline_ms = a->limits->clock_ms(a->limits->ctx) +
                     (int64_t)a->limits->timeout_ms * (tcp ? a->limits->tries : 1);
    x->fd = socket(t->to.sock.ss_family,
                   (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0 && errno != EAFNOSUPPORT) {
        a->open--;
        return ERR_IO;
    }
    /* the kernel picks a random port (RFC 5452 s9.2), and a connected socket hears only its peer */
    if (x->fd < 0 ||
        (connect(x->fd, (const struct sockaddr *)&t->to.sock, t->to.len) != 0 && !is_later(errno)))
        finish_by_errno(a, x, errno);
    else if (!tcp)
        udp_send(a, x);
    return ERR_OK;
}

static int begin_some(struct asking *a)
{
    for (size_t i = 0; i < ASK_AT_ONCE && a->next < a->task_n; i++) {
        while (a->all[i].fd < 0 && a->next < a->task_n) {
            int err = begin(a, &a->all[i], &a->tasks[a->next++]);
            if (err != ERR_OK)
                return err;
        }
    }
    return ERR_OK;
}

static void end_late(struct asking *a, int64_t now_ms)
{
    for (size_t i = 0; i < ASK_AT_ONCE; i++) {
        struct exchange *x = &a->all[i];
        if (x->fd < 0 || now_ms < x->deadline_ms)
            continue;
        if (x->task->transport == ASK_UDP && x->tries_left > 0)
            udp_send(a, x);
        else
            finish(a, x, ASK_TIMEOUT);
    }
}

static int64_t next_deadline(const struct asking *a)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < ASK_AT_ONCE; i++) {
        if (a->all[i].fd >= 0 && a->all[i].deadline_ms < first)
            first = a->all[i].deadline_ms;
    }
    return first;
}

static int handle(struct asking *a, struct exchange *x, short events)
{
    if (events == 0 || x->fd < 0)
        return ERR_OK;
    if (tcp_is_sending(x)) {
        tcp_send(a, x);
        return ERR_OK;
    }
    return x->task->transport == ASK_TCP ? tcp_receive(a, x) : udp_receive(a, x);
}

static int wait_once(struct asking *a)
{
    struct pollfd fds[ASK_AT_ONCE];
    for (size_t i = 0; i < ASK_AT_ONCE; i++) {
        const struct exchange *x = &a->all[i];
        bool sends = x->fd >= 0 && tcp_is_sending(x);
        fds[i] = (struct pollfd){.fd = x->fd, .events = sends ? POLLOUT : POLLIN};
    }
    int64_t left = next_deadline(a) - a->limits->clock_ms(a->limits->ctx);
    int ready = poll(fds, ASK_AT_ONCE, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
    if (ready < 0 && errno != EINTR)
        return ERR_IO;
    for (size_t i = 0; i < ASK_AT_ONCE && ready > 0; i++) {
        int err = handle(a, &a->all[i], fds[i].revents);
        if (err != ERR_OK)
            return err;
    }
    end_late(a, a->limits->clock_ms(a->limits->ctx));
    return ERR_OK;
}

int ask_all(struct ask_task *tasks, size_t n, const struct ask_limits *limits)
{
    AUTO_FREE struct asking *a = calloc(1, sizeof *a);
    if (a == NULL)
        return ERR_NOMEM;
    a->limits = limits;
    a->tasks = tasks;
    a->task_n = n;
    for (size_t i = 0; i < ASK_AT_ONCE; i++)
        a->all[i].fd = -1;
    int err = begin_some(a);
    while (err == ERR_OK && a->open > 0) {
        err = wait_once(a);
        if (err == ERR_OK)
            err = begin_some(a);
    }
    for (size_t i = 0; i < ASK_AT_ONCE; i++) {
        if (a->all[i].fd >= 0)
            finish(a, &a->all[i], ASK_TIMEOUT); /* after a failure */
    }
    return err;
}

/* ------------------------------------------------------------------ resolvers */

static bool is_truncated(const struct ask_task *t)
{
    return t->outcome == ASK_ANSWERED && t->answer.len > 2 && (t->answer.data[2] & FLAG_TC) != 0;
}

int ask_all_whole(struct ask_task *tasks, size_t n, const struct ask_limits *limits)
{
    for (size_t i = 0; i < n; i++)
        tasks[i].transport = ASK_UDP;
    int err = ask_all(tasks, n, limits);
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        if (!is_truncated(&tasks[i]))
            continue;
        buf_clear(&tasks[i].answer);
        tasks[i].transport = ASK_TCP;
        err = ask_all(&tasks[i], 1, limits);
    }
    return err;
}
