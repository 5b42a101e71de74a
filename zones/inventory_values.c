/* The validated tree to `struct inventory`. References are resolved here, so unknown ones are
 * found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "zones/inventory_int.h"

struct values {
    struct inv_ctx *ctx;
    struct inventory *inv;
    struct inv_policies *policies;
    struct inv_service *services; /* inv->services, while counted in */
    struct name_map *service_names;
};

/* ------------------------------------------------------------------ endpoints */

static void port_take(struct inv_ctx *ctx, const struct lyd_node *leaf, struct inv_endpoint *e)
{
    char *end;
    const char *text = lyd_get_value(leaf);
    unsigned long lo = strtoul(text, &end, 10);
    unsigned long hi = *end == '-' ? strtoul(end + 1, NULL, 10) : lo;
    if (lo < 1 || lo > hi || hi > 65535)
        FINDING(ctx, &rule_inv_port, tree_where(leaf), schema_at(ctx, leaf, NULL), "%s", text);
    else if (e->protocol != PROTOCOL_TCP && e->protocol != PROTOCOL_UDP)
        FINDING(ctx, &rule_inv_port_protocol, tree_where(leaf), schema_at(ctx, leaf, NULL),
                "port %s with %s", text, protocol_text(e->protocol));
    e->has_port = true;
    e->port_lo = (uint16_t)lo;
    e->port_hi = (uint16_t)hi;
}

static void endpoint_take(struct inv_ctx *ctx, const struct lyd_node *n, struct inv_endpoint *e)
{
    e->where = tree_where(n);
    e->protocol = (enum protocol)tree_enum(n, "protocol");
    e->initiator = (enum initiator)tree_enum(n, "initiated-by");
    const struct lyd_node *port = tree_child(n, "port");
    if (port != NULL)
        port_take(ctx, port, e);
}

static int endpoints_take(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name,
                          const struct inv_endpoint **ret, size_t *ret_n)
{
    size_t n = tree_count(parent, name);
    struct inv_endpoint *e = arena_zalloc(ctx->arena, n, sizeof(*e));
    if (e == NULL)
        return ERR_NOMEM;
    *ret = e;
    *ret_n = n;
    for (const struct lyd_node *c = tree_child(parent, name); c != NULL; c = tree_next(c))
        endpoint_take(ctx, c, e++);
    return 0;
}

/* ------------------------------------------------------------------ services */

static void domain_take(struct inv_ctx *ctx, const struct lyd_node *n, struct inv_domain *d)
{
    const struct lyd_node *leaf = tree_child(n, "name");
    const char *text = lyd_get_value(leaf);
    struct inv_name name;
    d->where = tree_where(leaf);
    d->subdomains = strncmp(text, "*.", 2) == 0;
    d->third_party = tree_enum(n, "operated-by") == 1;
    d->since_at = tree_moment(ctx, n, "since");
    d->removal_not_before_at = tree_moment(ctx, n, "removal-not-before");
    const char *below = d->subdomains ? text + 2 : text;
    if (strchr(below, '*') != NULL) {
        FINDING(ctx, &rule_inv_bad_wildcard, d->where, schema_at(ctx, leaf, NULL), "\"%.100s\"",
                text);
        return;
    }
    if (!inv_name_take(ctx, below, leaf, &name))
        return;
    d->name = name.wire;
    d->text = name.text;
    bool is_top_level = name.wire[name.wire[0] + 1] == 0;
    if (d->subdomains && is_top_level)
        FINDING(ctx, &rule_inv_bad_wildcard, d->where, schema_at(ctx, leaf, NULL), "\"%.100s\"",
                text);
}

static int service_take(struct values *v, const struct lyd_node *n, struct inv_service *s)
{
    struct inv_ctx *ctx = v->ctx;
    s->where = tree_where(n);
    s->name = tree_text(ctx, n, "name");
    s->purpose = (enum purpose)tree_enum(n, "purpose");
    s->required = tree_bool(n, "required");
    s->domain_n = tree_count(n, "domains");
    struct inv_domain *d = arena_zalloc(ctx->arena, s->domain_n, sizeof(*d));
    if (s->name == NULL || d == NULL)
        return ERR_NOMEM;
    s->domains = d;
    for (const struct lyd_node *c = tree_child(n, "domains"); c != NULL; c = tree_next(c))
        domain_take(ctx, c, d++);
    const void *old;
    const struct map_key key = {.bytes = s->name, .len = strlen(s->name)};
    int err = name_map_add(v->service_names, key, s, &old);
    if (err != 0)
        return err;
    return endpoints_take(ctx, n, "endpoints", &s->endpoints, &s->endpoint_n);
}

static int services_take(struct values *v)
{
    struct inv_ctx *ctx = v->ctx;
    v->inv->service_n = tree_count(ctx->root, "services");
    v->services = arena_zalloc(ctx->arena, v->inv->service_n, sizeof(*v->services));
    if (v->services == NULL)
        return ERR_NOMEM;
    v->inv->services = v->services;
    struct inv_service *s = v->services;
    for (const struct lyd_node *n = tree_child(ctx->root, "services"); n != NULL;
         n = tree_next(n)) {
        int err = service_take(v, n, s++);
        if (err != 0)
            return err;
    }
    return 0;
}

/* ------------------------------------------------------------------ models */

static int model_services_take(struct values *v, const struct lyd_node *n, struct inv_model *m)
{
    const struct inv_service **list =
        arena_zalloc(v->ctx->arena, tree_count(n, "services"), sizeof(*list));
    if (list == NULL)
        return ERR_NOMEM;
    m->services = list;
    for (const struct lyd_node *c = tree_child(n, "services"); c != NULL; c = tree_next(c)) {
        const char *name = lyd_get_value(c);
        const struct map_key key = {.bytes = name, .len = strlen(name)};
        const struct inv_service *s = name_map_get(v->service_names, key);
        if (s == NULL) {
            FINDING(v->ctx, &rule_inv_unknown_reference, tree_where(c), schema_at(v->ctx, c, NULL),
                    "no service \"%.100s\"", name);
            continue;
        }
        v->services[s - v->services].model_n++;
        list[m->service_n++] = s;
    }
    return 0;
}

static int controllers_take(struct inv_ctx *ctx, const struct lyd_node *n, struct inv_model *m)
{
    m->controller_n = tree_count(n, "controllers");
    struct inv_controller *c = arena_zalloc(ctx->arena, m->controller_n, sizeof(*c));
    if (c == NULL)
        return ERR_NOMEM;
    m->controllers = c;
    for (const struct lyd_node *i = tree_child(n, "controllers"); i != NULL;
         i = tree_next(i), c++) {
        c->where = tree_where(i);
        c->uri = tree_text(ctx, i, "uri");
        endpoint_take(ctx, i, &c->endpoint);
    }
    return 0;
}

static int model_take(struct values *v, const struct lyd_node *n, struct inv_model *m)
{
    struct inv_ctx *ctx = v->ctx;
    m->where = tree_where(n);
    m->name = tree_text(ctx, n, "name");
    m->model_name = tree_text(ctx, n, "model-name");
    m->systeminfo = tree_text(ctx, n, "systeminfo");
    m->supported = tree_bool(n, "supported");
    m->documentation = tree_text(ctx, n, "documentation");
    if (m->documentation == NULL)
        m->documentation = v->inv->documentation;
    m->updated_at = tree_moment(ctx, n, "updated");
    int err = model_services_take(v, n, m);
    if (err == 0)
        err = endpoints_take(ctx, n, "local", &m->local, &m->local_n);
    if (err == 0)
        err = endpoints_take(ctx, n, "same-manufacturer", &m->same_manufacturer,
                             &m->same_manufacturer_n);
    if (err == 0)
        err = endpoints_take(ctx, n, "my-controller", &m->my_controller, &m->my_controller_n);
    return err != 0 ? err : controllers_take(ctx, n, m);
}

static int models_take(struct values *v)
{
    v->inv->model_n = tree_count(v->ctx->root, "models");
    struct inv_model *m = arena_zalloc(v->ctx->arena, v->inv->model_n, sizeof(*m));
    if (m == NULL)
        return ERR_NOMEM;
    v->inv->models = m;
    for (const struct lyd_node *n = tree_child(v->ctx->root, "models"); n; n = tree_next(n)) {
        int err = model_take(v, n, m++);
        if (err != 0)
            return err;
    }
    return 0;
}

/* ------------------------------------------------------------------ zones */

static void zone_take(struct values *v, const struct lyd_node *n, struct inv_zone *z)
{
    struct inv_ctx *ctx = v->ctx;
    const struct lyd_node *leaf = tree_child(n, "name");
    const struct lyd_node *primary = tree_child(n, "primary");
    struct inv_name name;
    z->where = tree_where(n);
    if (inv_name_take(ctx, lyd_get_value(leaf), leaf, &name)) {
        z->name = name.wire;
        z->text = name.text;
    }
    z->file = tree_path(ctx, n, "file", v->inv->file);
    z->dnssec = policies_dnssec(ctx, v->policies, n);
    z->ttl = policies_ttl(ctx, v->policies, n);
    if ((z->file == NULL) == (primary == NULL))
        FINDING(ctx, &rule_inv_zone_source, z->where, schema_at(ctx, n, NULL),
                z->file == NULL ? "neither file nor primary" : "both file and primary");
    else if (primary != NULL)
        FINDING(ctx, &rule_inv_zone_primary, tree_where(primary), schema_at(ctx, primary, NULL),
                "a zone to be taken by transfer");
}

static int by_zone_name(const void *a, const void *b)
{
    const struct inv_zone *const *za = a, *const *zb = b;
    int c = name_compare((*za)->name, (*zb)->name);
    return c != 0 ? c : (*za > *zb) - (*za < *zb);
}

/* Sorted pointers for inventory_zone_of; only when every zone has a name. */
static int zones_index(struct values *v)
{
    struct inventory *inv = v->inv;
    const struct inv_zone **sorted = arena_zalloc(v->ctx->arena, inv->zone_n, sizeof(*sorted));
    if (sorted == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < inv->zone_n; i++) {
        if (inv->zones[i].name == NULL)
            return 0;
        sorted[i] = &inv->zones[i];
    }
    if (inv->zone_n > 0)
        qsort(sorted, inv->zone_n, sizeof(*sorted), by_zone_name);
    for (size_t i = 1; i < inv->zone_n; i++) {
        if (name_compare(sorted[i - 1]->name, sorted[i]->name) == 0)
            FINDING(v->ctx, &rule_inv_duplicate_name, sorted[i]->where, "zones",
                    "\"%s\" again, after %s:%u", sorted[i]->text, sorted[i - 1]->where.file,
                    sorted[i - 1]->where.line);
    }
    inv->zones_by_name = sorted;
    return 0;
}

static int zones_take(struct values *v)
{
    v->inv->zone_n = tree_count(v->ctx->root, "zones");
    struct inv_zone *z = arena_zalloc(v->ctx->arena, v->inv->zone_n, sizeof(*z));
    if (z == NULL)
        return ERR_NOMEM;
    v->inv->zones = z;
    for (const struct lyd_node *n = tree_child(v->ctx->root, "zones"); n != NULL; n = tree_next(n))
        zone_take(v, n, z++);
    return zones_index(v);
}

/* ------------------------------------------------------------------ manufacturer, publication */

static void base_url_take(struct inv_ctx *ctx, const struct lyd_node *n, struct inventory *inv)
{
    char host[2048];
    uint16_t port;
    struct inv_name name;
    const struct lyd_node *leaf = tree_child(n, "base-url");
    const char *url = lyd_get_value(leaf), *at = "publication.base-url";
    if (!base_url_split(url, host, sizeof(host), &port)) {
        FINDING(ctx, &rule_inv_base_url, tree_where(leaf), at, "%.200s", url);
        return;
    }
    if (!inv_name_take(ctx, host, leaf, &name))
        return;
    inv->publication.host = name.wire;
    inv->publication.host_text = name.text;
    inv->publication.port = port;
    inv->publication.base_url =
        port == 443 ? arena_printf(ctx->arena, "https://%s/", name.text)
                    : arena_printf(ctx->arena, "https://%s:%u/", name.text, (unsigned)port);
}

static void signer_take(struct values *v, const struct lyd_node *n, struct inv_signer *s)
{
    s->where = tree_where(n);
    s->certificate = tree_path(v->ctx, n, "certificate", v->inv->file);
    s->key = tree_path(v->ctx, n, "key", v->inv->file);
}

static void publication_zone_take(struct values *v, const struct lyd_node *n)
{
    const struct lyd_node *leaf = tree_child(n, "zone");
    struct inv_name name;
    if (!inv_name_take(v->ctx, lyd_get_value(leaf), leaf, &name))
        return;
    const struct inv_zone *zone = inventory_zone_of(v->inv, name.wire);
    if (zone != NULL && name_compare(zone->name, name.wire) == 0)
        v->inv->publication.zone = zone;
    else
        FINDING(v->ctx, &rule_inv_unknown_reference, tree_where(leaf), "publication.zone",
                "no zone \"%s\"", name.text);
}

static void publication_take(struct values *v)
{
    struct inv_ctx *ctx = v->ctx;
    struct inventory *inv = v->inv;
    const struct lyd_node *n = tree_child(ctx->root, "publication");
    inv->publication.where = tree_where(n);
    publication_zone_take(v, n);
    base_url_take(ctx, n, inv);
    inv->publication.refresh_s = tree_duration(ctx, n, "refresh");
    const struct lyd_node_term *hours =
        (const struct lyd_node_term *)tree_child(n, "cache-validity");
    inv->publication.cache_validity_h = hours->value.uint8;
    inv->publication.removal_notice_s = tree_duration(ctx, n, "removal-notice");
    signer_take(v, tree_child(n, "signer"), &inv->publication.signer);
    const struct lyd_node *tls = tree_child(n, "tls");
    if (tls == NULL)
        return;
    signer_take(v, tls, &inv->publication.tls);
    inv->publication.tls_next_certificate = tree_path(ctx, tls, "next-certificate", inv->file);
}

static void manufacturer_take(struct values *v)
{
    struct inv_ctx *ctx = v->ctx;
    struct inventory *inv = v->inv;
    const struct lyd_node *n = tree_child(ctx->root, "manufacturer");
    const struct lyd_node *leaf = tree_child(n, "domain");
    struct inv_name name;
    inv->manufacturer = tree_text(ctx, n, "name");
    inv->contact = tree_text(ctx, n, "contact");
    inv->documentation = tree_text(ctx, n, "documentation");
    if (inv_name_take(ctx, lyd_get_value(leaf), leaf, &name))
        inv->domain = name.wire;
}

/* ------------------------------------------------------------------ all */

int values_take(struct inv_ctx *ctx, struct inventory *inv, struct inv_policies *policies)
{
    AUTO_PTR(name_map) struct name_map *names = name_map_new();
    if (names == NULL)
        return ERR_NOMEM;
    struct values v = {.ctx = ctx, .inv = inv, .policies = policies, .service_names = names};
    manufacturer_take(&v);
    inv->state_dir = tree_path(ctx, ctx->root, "state", inv->file);
    inv->output_dir = tree_path(ctx, ctx->root, "output", inv->file);
    int err = policies_take(ctx, policies);
    inv->dnssec_policies = policies->dnssec;
    inv->dnssec_policy_n = policies->dnssec_n;
    if (err == 0)
        err = zones_take(&v);
    if (err != 0)
        return err;
    publication_take(&v);
    err = parent_take(ctx, inv);
    if (err == 0)
        err = services_take(&v);
    if (err == 0)
        err = models_take(&v);
    return err == 0 && ctx->nomem ? ERR_NOMEM : err;
}
