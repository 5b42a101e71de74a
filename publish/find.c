#include "publish/find.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "zones/zones.h"

/* ------------------------------------------------------------------ questions */

static bool is_answer(const struct ask_task *t)
{
    uint8_t rcode = t->answer.len >= 12 ? t->answer.data[3] & 0x0f : 0xff;
    return t->outcome == ASK_ANSWERED && (rcode == RCODE_OK || rcode == RCODE_NO_NAME);
}

/* Those of TASKS that have no answer, once more, to TO. */
static int ask_open(const struct observe_resolvers *resolvers, const struct ask_address *to,
                    struct ask_task *tasks, size_t n)
{
    AUTO_FREE struct ask_task *open = calloc(n, sizeof *open);
    AUTO_FREE size_t *index = calloc(n, sizeof *index);
    size_t open_n = 0;
    if (open == NULL || index == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if (is_answer(&tasks[i]))
            continue;
        buf_clear(&tasks[i].answer);
        tasks[i].to = *to;
        tasks[i].recursion = true;
        index[open_n] = i;
        open[open_n++] = tasks[i];
    }
    int err = ask_all_whole(open, open_n, &resolvers->limits);
    for (size_t i = 0; i < open_n; i++)
        tasks[index[i]] = open[i]; /* with what it owns */
    return err;
}

int find_ask(const struct observe_resolvers *resolvers, struct ask_task *tasks, size_t n)
{
    for (size_t i = 0; i < resolvers->n && n > 0; i++) {
        int err = ask_open(resolvers, &resolvers->items[i], tasks, n);
        if (err != ERR_OK)
            return err;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_answer(&tasks[i]))
            buf_clear(&tasks[i].answer); /* a refusal is no answer */
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ the parent */

/* The zone that NAME is in, by its SOA or that of the denial. */
static int zone_over(const struct observe_resolvers *resolvers, const uint8_t *name,
                     const uint8_t **ret)
{
    struct ask_task task = {.name = name, .type = QT_SOA, .checking_disabled = true};
    AUTO(reply) struct reply r = {0};
    struct reply_walk pos = {0};
    struct bytes rdata;
    const uint8_t *owner = NULL;
    *ret = NULL;
    int err = find_ask(resolvers, &task, 1);
    if (err == ERR_OK)
        err = reply_read(buf_bytes(&task.answer), &r);
    ask_task_done(&task);
    if (err != ERR_OK)
        return err;
    if (reply_next(&r, KNOT_ANSWER, name, QT_SOA, &pos, &rdata, NULL)) {
        *ret = name;
        return ERR_OK;
    }
    pos = (struct reply_walk){0};
    if (!reply_next(&r, KNOT_AUTHORITY, NULL, QT_SOA, &pos, &rdata, &owner))
        return ERR_OK;
    uint8_t lower[256];
    memcpy(lower, owner, name_len(owner));
    knot_dname_to_lower(lower);
    for (const uint8_t *tail = name; tail[0] != 0 && *ret == NULL;) {
        tail += tail[0] + 1;
        if (name_compare(tail, lower) == 0)
            *ret = tail;
    }
    return ERR_OK;
}

int find_parent(const struct observe_resolvers *resolvers, const uint8_t *zone, const uint8_t **ret)
{
    int err = ERR_OK;
    *ret = NULL;
    for (const uint8_t *name = zone; name[0] != 0 && *ret == NULL && err == ERR_OK;) {
        name += name[0] + 1;
        err = zone_over(resolvers, name, ret);
    }
    return err;
}

/* ------------------------------------------------------------------ addresses */

static int by_raw(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

/* Addresses of one family out of R, in the order of their octets: answers rotate. */
static void take_addresses(const struct reply *r, uint16_t type, uint16_t port,
                           struct find_host *host)
{
    uint8_t raw[LIMIT_OBSERVED_ADDRESSES][16] = {{0}};
    size_t n = 0, len = type == QT_A ? 4 : 16;
    struct reply_walk pos = {0};
    struct bytes rdata;
    while (n < LIMIT_OBSERVED_ADDRESSES &&
           reply_next(r, KNOT_ANSWER, host->name, type, &pos, &rdata, NULL)) {
        if (rdata.len == len)
            memcpy(raw[n++], rdata.data, len);
    }
    qsort(raw, n, sizeof raw[0], by_raw);
    for (size_t i = 0; i < n; i++) {
        if (ask_address_make((struct bytes){raw[i], len}, port, &host->addresses[host->address_n]))
            host->address_n++;
    }
}

static int take_answers(const struct ask_task *tasks, uint16_t port, struct find_host *hosts,
                        size_t n)
{
    for (size_t i = 0; i < 2 * n; i++) {
        AUTO(reply) struct reply r = {0};
        int err = reply_read(buf_bytes(&tasks[i].answer), &r);
        if (err != ERR_OK)
            return err;
        take_addresses(&r, tasks[i].type, port, &hosts[i / 2]);
    }
    return ERR_OK;
}

int find_addresses(const struct observe_resolvers *resolvers, uint16_t port,
                   struct find_host *hosts, size_t n)
{
    AUTO_FREE struct ask_task *tasks = calloc(2 * n + 1, sizeof *tasks);
    if (tasks == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < 2 * n; i++)
        tasks[i] = (struct ask_task){.name = hosts[i / 2].name,
                                     .type = i % 2 == 0 ? QT_A : QT_AAAA,
                                     .checking_disabled = true};
    int err = find_ask(resolvers, tasks, 2 * n);
    if (err == ERR_OK)
        err = take_answers(tasks, port, hosts, n);
    for (size_t i = 0; i < 2 * n; i++)
        ask_task_done(&tasks[i]);
    return err;
}
