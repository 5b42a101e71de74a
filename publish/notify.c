#include "publish/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "publish/find.h"

#define DSYNC_HEAD 5 /* type, scheme, port */

enum { SCHEME_NOTIFY = 1 };

void notify_targets_done(struct notify_targets *t)
{
    free(t->items);
    *t = (struct notify_targets){0};
}

/* ------------------------------------------------------------------ DSYNC (RFC 9859 s4.1) */

static const uint8_t dsync_label[] = "\006_dsync";
#define DSYNC_LABEL_LEN (sizeof dsync_label - 1)

/* <ZONE without PARENT>._dsync.<PARENT>; false: too long a name. */
static bool child_name(const uint8_t *zone, const uint8_t *parent, uint8_t ret[256])
{
    size_t above = name_len(parent), below = name_len(zone) - above;
    if (below + DSYNC_LABEL_LEN + above > 255)
        return false;
    memcpy(ret, zone, below);
    memcpy(ret + below, dsync_label, DSYNC_LABEL_LEN);
    memcpy(ret + below + DSYNC_LABEL_LEN, parent, above);
    return true;
}

/* RFC 9859 s2.1: type, scheme, port, target */
static bool take_dsync(struct bytes rdata, uint16_t type, struct notify_target *ret)
{
    if (rdata.len <= DSYNC_HEAD || rdata.data[2] != SCHEME_NOTIFY ||
        (rdata.data[0] << 8 | rdata.data[1]) != type)
        return false;
    struct bytes name = {rdata.data + DSYNC_HEAD, rdata.len - DSYNC_HEAD};
    int len = knot_dname_wire_check(name.data, name.data + name.len, NULL);
    if (len <= 1 || (size_t)len != name.len) /* the root as target: none */
        return false;
    *ret = (struct notify_target){.port = (uint16_t)(rdata.data[3] << 8 | rdata.data[4])};
    memcpy(ret->name, name.data, name.len);
    knot_dname_to_lower(ret->name);
    return ret->port != 0;
}

/* RET_FOUND: there is a DSYNC RRset at NAME, whatever it says. */
static int ask_dsync(const struct observe_resolvers *resolvers, const uint8_t *name, uint16_t type,
                     struct notify_targets *ret, bool *ret_found)
{
    /* checking stays enabled: a validating resolver then keeps forged targets away */
    struct ask_task task = {.name = name, .type = QT_DSYNC};
    AUTO(reply) struct reply r = {0};
    struct reply_walk pos = {0};
    struct bytes rdata;
    int err = find_ask(resolvers, &task, 1);
    if (err == ERR_OK)
        err = reply_read(buf_bytes(&task.answer), &r);
    ask_task_done(&task);
    /* any owner: resolvers answer a wildcard in its own name, and follow aliases */
    while (err == ERR_OK && ret->n < NOTIFY_TARGETS_MAX &&
           reply_next(&r, KNOT_ANSWER, NULL, QT_DSYNC, &pos, &rdata, NULL)) {
        *ret_found = true;
        if (take_dsync(rdata, type, &ret->items[ret->n]))
            ret->n++;
    }
    return err;
}

static int resolve(const struct observe_resolvers *resolvers, struct notify_target *t)
{
    AUTO_FREE struct find_host *host = calloc(1, sizeof *host);
    if (host == NULL)
        return ERR_NOMEM;
    memcpy(host->name, t->name, name_len(t->name));
    int err = find_addresses(resolvers, t->port, host, 1);
    if (err != ERR_OK)
        return err;
    memcpy(t->addresses, host->addresses, host->address_n * sizeof *t->addresses);
    t->address_n = host->address_n;
    return ERR_OK;
}
_Static_assert(sizeof(((struct notify_target *)0)->addresses) ==
                   sizeof(((struct find_host *)0)->addresses),
               "all addresses of a host have room");

int notify_find(const struct observe_resolvers *resolvers, const uint8_t *zone,
                const uint8_t *parent, uint16_t type, struct notify_targets *ret)
{
    AUTO(notify_targets) struct notify_targets t = {0};
    uint8_t name[256];
    bool found = false;
    int err = ERR_OK;
    t.items = calloc(NOTIFY_TARGETS_MAX, sizeof *t.items);
    if (t.items == NULL)
        return ERR_NOMEM;
    if (child_name(zone, parent, name))
        err = ask_dsync(resolvers, name, type, &t, &found);
    if (err == ERR_OK && !found && child_name(parent, parent, name))
        err = ask_dsync(resolvers, name, type, &t, &found);
    for (size_t i = 0; i < t.n && err == ERR_OK; i++)
        err = resolve(resolvers, &t.items[i]);
    if (err != ERR_OK)
        return err;
    *ret = t;
    t = (struct notify_targets){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ NOTIFY */

static void judge(const struct ask_task *t, struct notify_outcome *ret)
{
    static const char *const rcodes[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                         "NXDOMAIN", "NOTIMP",  "REFUSED"};
    uint8_t rcode = t->answer.len >= 12 ? t->answer.data[3] & 0x0f : 0;
    ask_address_text(&t->to, ret->address);
    ret->acknowledged = t->outcome == ASK_ANSWERED && rcode == RCODE_OK;
    if (ret->acknowledged)
        (void)snprintf(ret->why, sizeof ret->why, "acknowledged");
    else if (t->outcome != ASK_ANSWERED)
        (void)snprintf(ret->why, sizeof ret->why, "%s", ask_outcome_text(t->outcome));
    else if (rcode < sizeof rcodes / sizeof rcodes[0])
        (void)snprintf(ret->why, sizeof ret->why, "answered %s", rcodes[rcode]);
    else
        (void)snprintf(ret->why, sizeof ret->why, "answered with rcode %u", rcode);
}

int notify_send(const uint8_t *zone, uint16_t type, const struct ask_address *to, size_t n,
                const struct ask_key *key, const struct ask_limits *limits,
                struct notify_outcome *ret)
{
    AUTO_FREE struct ask_task *tasks = calloc(n + 1, sizeof *tasks);
    if (tasks == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        tasks[i] = (struct ask_task){
            .to = to[i], .opcode = ASK_NOTIFY, .name = zone, .type = type, .key = key};
    int err = ask_all(tasks, n, limits);
    for (size_t i = 0; i < n; i++) {
        if (err == ERR_OK)
            judge(&tasks[i], &ret[i]);
        ask_task_done(&tasks[i]);
    }
    return err;
}
