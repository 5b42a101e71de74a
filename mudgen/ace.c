#include "mudgen/ace.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/digest.h"

struct aces { /* sized before it is filled */
    struct ace *items;
    size_t n;
};

static const char *peer_text(enum ace_peer peer)
{
    switch (peer) {
    case ACE_DOMAIN: return "";
    case ACE_CONTROLLER: return "controller-";
    case ACE_LOCAL: return "local-networks";
    case ACE_SAME_MANUFACTURER: return "same-manufacturer";
    case ACE_MY_CONTROLLER: return "my-controller";
    }
    return "";
}

/* What tells entries apart, at the end of the name: "-tcp-443-in-1a2b3c4d". */
static int tail(const struct ace *e, char out[ACE_NAME_MAX])
{
    AUTO(buf) struct buf content = {0};
    uint8_t digest[SHA256_LEN];
    char ports[16] = "";
    if (e->has_port && e->port_lo == e->port_hi)
        (void)snprintf(ports, sizeof(ports), "-%u", e->port_lo);
    else if (e->has_port)
        (void)snprintf(ports, sizeof(ports), "-%u-%u", e->port_lo, e->port_hi);
    /* different targets can have the same slug ("a-b.c", "a.b-c"): the digest keeps them apart */
    buf_printf(&content, "%d %s %s%s %d", (int)e->peer, e->target, protocol_text(e->protocol),
               ports, (int)e->remote);
    if (!buf_ok(&content))
        return ERR_NOMEM;
    int err = digest_sha256(buf_bytes(&content), digest);
    if (err != ERR_OK)
        return err;
    (void)snprintf(out, ACE_NAME_MAX, "-%s%s%s-%02x%02x%02x%02x", protocol_text(e->protocol), ports,
                   e->remote ? "-in" : "", digest[0], digest[1], digest[2], digest[3]);
    return ERR_OK;
}

static int set_name(struct arena *a, struct ace *e)
{
    char end[ACE_NAME_MAX];
    char slug[ACE_NAME_MAX];
    int err = tail(e, end);
    if (err != ERR_OK)
        return err;
    size_t room = ACE_NAME_MAX - ACE_SUFFIX_MAX - strlen(end);
    (void)snprintf(slug, sizeof(slug), "%s%s", peer_text(e->peer), e->target);
    if (strlen(slug) > room)
        slug[room] = 0;
    for (char *p = slug; *p != 0; p++) {
        int c = tolower((unsigned char)*p);
        *p = (char)((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-');
    }
    e->name = arena_printf(a, "%s%s", slug, end);
    return e->name == NULL ? ERR_NOMEM : ERR_OK;
}

static int add(struct arena *a, struct aces *list, enum ace_peer peer, const char *target,
               const struct inv_endpoint *from, bool remote)
{
    /* only TCP knows who began; elsewhere the side shows in the port, if there is one */
    bool matters = from->protocol == PROTOCOL_TCP || from->has_port;
    struct ace e = {.peer = peer,
                    .target = target,
                    .protocol = from->protocol,
                    .has_port = from->has_port,
                    .port_lo = from->port_lo,
                    .port_hi = from->port_hi,
                    .remote = remote && matters};
    int err = set_name(a, &e);
    if (err == ERR_OK)
        list->items[list->n++] = e;
    return err;
}

/* initiated-by: any is two conversations, as every TCP entry must say who began. */
static int add_endpoint(struct arena *a, struct aces *list, enum ace_peer peer, const char *target,
                        const struct inv_endpoint *from)
{
    int err = ERR_OK;
    if (from->initiator != INITIATOR_REMOTE)
        err = add(a, list, peer, target, from, false);
    if (err == ERR_OK && from->initiator != INITIATOR_DEVICE)
        err = add(a, list, peer, target, from, true);
    return err;
}

static int add_endpoints(struct arena *a, struct aces *list, enum ace_peer peer, const char *target,
                         const struct inv_endpoint *endpoints, size_t n)
{
    int err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < n; i++)
        err = add_endpoint(a, list, peer, target, &endpoints[i]);
    return err;
}

static int add_services(struct arena *a, struct aces *list, const struct inv_model *m)
{
    int err = ERR_OK;
    for (size_t i = 0; i < m->service_n; i++) {
        const struct inv_service *s = m->services[i];
        for (size_t j = 0; err == ERR_OK && j < s->domain_n; j++) {
            if (!s->domains[j].subdomains) /* MUD cannot say wildcards */
                err = add_endpoints(a, list, ACE_DOMAIN, s->domains[j].text, s->endpoints,
                                    s->endpoint_n);
        }
    }
    return err;
}

static int add_resolver(struct arena *a, struct aces *list)
{
    static const struct inv_endpoint dns[] = {
        {.protocol = PROTOCOL_UDP, .has_port = true, .port_lo = 53, .port_hi = 53},
        {.protocol = PROTOCOL_TCP, .has_port = true, .port_lo = 53, .port_hi = 53}};
    return add_endpoints(a, list, ACE_CONTROLLER, RESOLVER_URI, dns, 2);
}

static size_t count(const struct inv_model *m)
{
    size_t n = 2 + m->local_n + m->same_manufacturer_n + m->my_controller_n + m->controller_n;
    for (size_t i = 0; i < m->service_n; i++)
        n += m->services[i]->domain_n * m->services[i]->endpoint_n;
    return 2 * n; /* initiated-by: any */
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ace *)a)->name, ((const struct ace *)b)->name);
}

static bool is_same(const struct ace *x, const struct ace *y)
{
    return x->peer == y->peer && strcmp(x->target, y->target) == 0 && x->protocol == y->protocol &&
           x->has_port == y->has_port && x->port_lo == y->port_lo && x->port_hi == y->port_hi &&
           x->remote == y->remote;
}

static void sort_unique(struct aces *list)
{
    qsort(list->items, list->n, sizeof(*list->items), by_name);
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (kept == 0 || !is_same(&list->items[kept - 1], &list->items[i]))
            list->items[kept++] = list->items[i];
    }
    list->n = kept;
}

int aces_make(struct arena *a, const struct inv_model *model, struct ace **ret, size_t *ret_n)
{
    struct aces list = {arena_zalloc(a, count(model), sizeof(struct ace)), 0};
    if (list.items == NULL)
        return ERR_NOMEM;
    int err = add_resolver(a, &list);
    if (err == ERR_OK)
        err = add_services(a, &list, model);
    if (err == ERR_OK)
        err = add_endpoints(a, &list, ACE_LOCAL, "", model->local, model->local_n);
    if (err == ERR_OK)
        err = add_endpoints(a, &list, ACE_SAME_MANUFACTURER, "", model->same_manufacturer,
                            model->same_manufacturer_n);
    if (err == ERR_OK)
        err = add_endpoints(a, &list, ACE_MY_CONTROLLER, "", model->my_controller,
                            model->my_controller_n);
    for (size_t i = 0; err == ERR_OK && i < model->controller_n; i++)
        err = add_endpoint(a, &list, ACE_CONTROLLER, model->controllers[i].uri,
                           &model->controllers[i].endpoint);
    if (err != ERR_OK)
        return err;
    sort_unique(&list);
    *ret = list.items;
    *ret_n = list.n;
    return ERR_OK;
}
