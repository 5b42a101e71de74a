/*
 * publish/observe.c -- see observe.h.
 */
#include "publish/observe.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "common/limits.h"
#include "publish/find.h"
#include "publish/rules.h"
#include "zones/zones.h"

#define DNS_PORT 53

void observe_result_done(struct observe_result *r)
{
    for (size_t i = 0; r->answers != NULL && i < r->answer_n; i++) {
        free(r->answers[i].server);
        buf_done(&r->answers[i].message);
    }
    for (size_t i = 0; r->links != NULL && i < r->link_n; i++)
        buf_done(&r->links[i].message);
    free(r->answers);
    free(r->links);
    *r = (struct observe_result){0};
}

struct target { /* whom to ask */
    const char *server;
    const struct ask_address *address; /* NULL: it has none */
    const struct ask_key *key;
};

struct run {
    const struct observe_params *p;
    struct observe_result *ret;
    struct diags *diags;
    struct find_host *hosts; /* the parent's name servers, by name */
    size_t host_n;
    struct target *targets;
    size_t target_n;
    char (*names)[NAME_TEXT_LEN]; /* of hosts */
};

static void run_done(struct run *r)
{
    free(r->hosts);
    free(r->targets);
    free(r->names);
}
DEFINE_AUTO(run)

/* ------------------------------------------------------------------ links */

static int keep_link(struct run *r, struct ask_task *t)
{
    AUTO(reply) struct reply reply = {0};
    struct reply_walk pos = {0};
    struct bytes rdata;
    int err = reply_read(buf_bytes(&t->answer), &reply);
    if (err != ERR_OK || !reply_next(&reply, KNOT_ANSWER, t->name, t->type, &pos, &rdata, NULL))
        return err; /* no such records: a name without a zone cut, or an unsigned zone */
    struct observe_link *l = &r->ret->links[r->ret->link_n++];
    l->name = t->name;
    l->type = t->type;
    l->message = t->answer;
    t->answer = (struct buf){0};
    return ERR_OK;
}

/* DNSKEY and DS of the parent and of every name above it, then the parent's NS. */
static int ask_links(struct run *r)
{
    size_t labels = 1, n = 0;
    for (const uint8_t *name = r->ret->parent; name[0] != 0; name += name[0] + 1)
        labels++;
    AUTO_FREE struct ask_task *tasks = calloc(2 * labels + 1, sizeof *tasks);
    r->ret->links = calloc(2 * labels + 1, sizeof *r->ret->links);
    if (tasks == NULL || r->ret->links == NULL)
        return ERR_NOMEM;
    for (const uint8_t *name = r->ret->parent;; name += name[0] + 1) {
        tasks[n++] = (struct ask_task){.name = name, .type = QT_DNSKEY, .checking_disabled = true};
        if (name[0] == 0)
            break;
        tasks[n++] = (struct ask_task){.name = name, .type = QT_DS, .checking_disabled = true};
    }
    tasks[n++] =
        (struct ask_task){.name = r->ret->parent, .type = QT_NS, .checking_disabled = true};
    int err = find_ask(&r->p->resolvers, tasks, n);
    for (size_t i = 0; i < n; i++) {
        if (err == ERR_OK)
            err = keep_link(r, &tasks[i]);
        ask_task_done(&tasks[i]);
    }
    return err;
}

/* ------------------------------------------------------------------ name servers */

static int by_name(const void *a, const void *b)
{
    const struct find_host *x = a, *y = b;
    return name_compare(x->name, y->name);
}

static const struct observe_link *ns_link(const struct run *r)
{
    for (size_t i = 0; i < r->ret->link_n; i++) {
        if (r->ret->links[i].type == QT_NS)
            return &r->ret->links[i];
    }
    return NULL;
}

static int take_hosts(struct run *r)
{
    AUTO(reply) struct reply reply = {0};
    struct reply_walk pos = {0};
    struct bytes rdata;
    const struct observe_link *l = ns_link(r);
    r->hosts = calloc(LIMIT_OBSERVED_SERVERS, sizeof *r->hosts);
    if (r->hosts == NULL)
        return ERR_NOMEM;
    int err = l == NULL ? ERR_OK : reply_read(buf_bytes(&l->message), &reply);
    while (err == ERR_OK && r->host_n < LIMIT_OBSERVED_SERVERS &&
           reply_next(&reply, KNOT_ANSWER, r->ret->parent, QT_NS, &pos, &rdata, NULL)) {
        if (rdata.len > 255)
            continue;
        struct find_host *h = &r->hosts[r->host_n++];
        memcpy(h->name, rdata.data, rdata.len);
        knot_dname_to_lower(h->name);
    }
    if (r->host_n > 1)
        qsort(r->hosts, r->host_n, sizeof *r->hosts, by_name);
    return err;
}

static int target_servers(struct run *r)
{
    size_t room = LIMIT_OBSERVED_SERVERS * 2 * LIMIT_OBSERVED_ADDRESSES;
    r->targets = calloc(room, sizeof *r->targets);
    r->names = calloc(LIMIT_OBSERVED_SERVERS, sizeof *r->names);
    if (r->targets == NULL || r->names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < r->host_n; i++) {
        const struct find_host *h = &r->hosts[i];
        name_to_text_nodot(h->name, r->names[i]);
        for (size_t k = 0; k < h->address_n; k++)
            r->targets[r->target_n++] = (struct target){r->names[i], &h->addresses[k], NULL};
        if (h->address_n == 0)
            r->targets[r->target_n++] = (struct target){r->names[i], NULL, NULL};
    }
    return ERR_OK;
}

static int target_agents(struct run *r)
{
    r->targets = calloc(r->p->agent_n, sizeof *r->targets);
    if (r->targets == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < r->p->agent_n; i++) {
        const struct observe_agent *a = &r->p->agents[i];
        r->targets[r->target_n++] = (struct target){a->name, &a->address, a->key};
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ the question */

static void set_tasks(const struct run *r, struct ask_task *tasks)
{
    for (size_t i = 0; i < 2 * r->target_n; i++) {
        const struct target *t = &r->targets[i / 2];
        tasks[i] = (struct ask_task){.transport = i % 2 == 0 ? ASK_UDP : ASK_TCP,
                                     .name = r->ret->zone,
                                     .type = QT_DS,
                                     .key = t->key};
        if (t->address != NULL)
            tasks[i].to = *t->address;
    }
}

static int take_answer(struct run *r, const struct target *target, struct ask_task *t)
{
    struct observe_answer *a = &r->ret->answers[r->ret->answer_n];
    *a = (struct observe_answer){.server = strdup(target->server), .transport = t->transport};
    if (a->server == NULL)
        return ERR_NOMEM;
    r->ret->answer_n++;
    a->at = r->p->now;
    if (target->address == NULL) {
        a->failure = "no address was found";
        return ERR_OK;
    }
    ask_address_text(&t->to, a->address);
    a->at += (t->ended_ms - r->p->now_ms) / 1000;
    a->failure = t->outcome == ASK_ANSWERED ? NULL : ask_outcome_text(t->outcome);
    a->no_route = t->outcome == ASK_NO_ROUTE;
    a->message = t->answer;
    t->answer = (struct buf){0};
    if (target->key != NULL) {
        a->tsig = target->key->name;
        memcpy(a->mac, t->mac, t->mac_len);
        a->mac_len = t->mac_len;
    }
    return ERR_OK;
}

/* Those without an address have no question: they are passed over. */
static int ask_targets(struct run *r)
{
    size_t n = 2 * r->target_n, asked = 0;
    AUTO_FREE struct ask_task *tasks = calloc(n + 1, sizeof *tasks);
    AUTO_FREE struct ask_task *sent = calloc(n + 1, sizeof *sent);
    r->ret->answers = calloc(n + 1, sizeof *r->ret->answers);
    if (tasks == NULL || sent == NULL || r->ret->answers == NULL)
        return ERR_NOMEM;
    set_tasks(r, tasks);
    for (size_t i = 0; i < n; i++) {
        if (r->targets[i / 2].address != NULL)
            sent[asked++] = tasks[i];
    }
    int err = ask_all(sent, asked, &r->p->resolvers.limits);
    for (size_t i = 0, k = 0; i < n; i++) {
        struct ask_task *t = r->targets[i / 2].address != NULL ? &sent[k++] : &tasks[i];
        if (err == ERR_OK)
            err = take_answer(r, &r->targets[i / 2], t);
        ask_task_done(t);
    }
    r->ret->at = r->p->now;
    for (size_t i = 0; i < r->ret->answer_n; i++)
        r->ret->at = r->ret->answers[i].at > r->ret->at ? r->ret->answers[i].at : r->ret->at;
    return err;
}

/* ------------------------------------------------------------------ all of it */

static int nobody(struct run *r, const char *what)
{
    char name[NAME_TEXT_LEN];
    name_to_text(r->p->zone, name);
    diag_add(r->diags, &rule_observe_parent, AT_NOWHERE, name, "%s", what);
    return ERR_ABSENT;
}

static int find_targets(struct run *r)
{
    if (r->p->agent_n > 0)
        return target_agents(r);
    if (r->ret->parent == NULL)
        return nobody(r, "no resolver knows the zone above it");
    int err = take_hosts(r);
    if (err == ERR_OK)
        err = find_addresses(&r->p->resolvers, DNS_PORT, r->hosts, r->host_n);
    if (err == ERR_OK)
        err = target_servers(r);
    if (err == ERR_OK && r->target_n == 0)
        err = nobody(r, "the resolver gave no name servers of the parent");
    return err;
}

int observe_zone(const struct observe_params *params, struct observe_result *ret,
                 struct diags *diags)
{
    AUTO(observe_result) struct observe_result result = {0};
    AUTO(run) struct run r = {.p = params, .ret = &result, .diags = diags};
    memcpy(result.zone, params->zone, name_len(params->zone));
    int err = find_parent(&params->resolvers, result.zone, &result.parent);
    if (err == ERR_OK && result.parent != NULL)
        err = ask_links(&r);
    if (err == ERR_OK)
        err = find_targets(&r);
    if (err == ERR_OK)
        err = ask_targets(&r);
    if (err != ERR_OK)
        return err;
    size_t parent_at = result.parent == NULL ? 0 : (size_t)(result.parent - result.zone);
    *ret = result;
    /* names of a result are its own: they moved with it */
    ret->parent = result.parent == NULL ? NULL : ret->zone + parent_at;
    for (size_t i = 0; i < ret->link_n; i++)
        ret->links[i].name = ret->zone + (result.links[i].name - result.zone);
    result = (struct observe_result){0};
    return ERR_OK;
}
