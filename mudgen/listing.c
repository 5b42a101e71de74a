#include "mudgen/listing.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

struct use { /* a model uses a service */
    const struct inv_service *service;
    const char *model;
};

struct mention { /* a used service lists a name */
    const struct inv_domain *domain;
    const struct inv_service *service;
    const struct use *uses; /* of that service */
    size_t use_n;
};

int listing_compare(const char *name_a, bool subdomains_a, const char *name_b, bool subdomains_b)
{
    int c = strcmp(name_a, name_b);
    return c != 0 ? c : (int)subdomains_a - (int)subdomains_b;
}

int endpoint_compare(const struct inv_endpoint *a, const struct inv_endpoint *b)
{
    int c = strcmp(protocol_text(a->protocol), protocol_text(b->protocol));
    if (c == 0)
        c = (int)a->has_port - (int)b->has_port; /* "every port" first */
    if (c == 0 && a->has_port)
        c = (int)a->port_lo - (int)b->port_lo;
    if (c == 0 && a->has_port)
        c = (int)a->port_hi - (int)b->port_hi;
    return c != 0 ? c : strcmp(initiator_text(a->initiator), initiator_text(b->initiator));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t texts_sort_unique(const char **texts, size_t n)
{
    if (n == 0)
        return 0;
    qsort(texts, n, sizeof(*texts), by_text);
    size_t kept = 1;
    for (size_t i = 1; i < n; i++) {
        if (strcmp(texts[kept - 1], texts[i]) != 0)
            texts[kept++] = texts[i];
    }
    return kept;
}

static int by_endpoint(const void *a, const void *b)
{
    return endpoint_compare(a, b);
}

static size_t endpoints_sort_unique(struct inv_endpoint *items, size_t n)
{
    if (n == 0)
        return 0;
    qsort(items, n, sizeof(*items), by_endpoint);
    size_t kept = 1;
    for (size_t i = 1; i < n; i++) {
        if (endpoint_compare(&items[kept - 1], &items[i]) != 0)
            items[kept++] = items[i];
    }
    return kept;
}

static int by_service(const void *a, const void *b)
{
    const struct use *x = a;
    const struct use *y = b;
    int c = strcmp(x->service->name, y->service->name);
    return c != 0 ? c : strcmp(x->model, y->model);
}

static struct use *collect_uses(struct arena *a, const struct inventory *inv, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < inv->model_n; i++)
        n += inv->models[i].service_n;
    struct use *uses = arena_zalloc(a, n + 1, sizeof(*uses));
    if (uses == NULL)
        return NULL;
    size_t k = 0;
    for (size_t i = 0; i < inv->model_n; i++) {
        const struct inv_model *m = &inv->models[i];
        for (size_t j = 0; j < m->service_n; j++)
            uses[k++] = (struct use){m->services[j], m->name};
    }
    qsort(uses, n, sizeof(*uses), by_service);
    *ret_n = n;
    return uses;
}

static size_t same_service(const struct use *uses, size_t n)
{
    size_t k = 1;
    while (k < n && strcmp(uses[k].service->name, uses[0].service->name) == 0)
        k++;
    return k;
}

/* By name and match, then by service: the first mention of a name is the same for any input order.
 */
static int by_name(const void *a, const void *b)
{
    const struct mention *x = a;
    const struct mention *y = b;
    int c = listing_compare(x->domain->text, x->domain->subdomains, y->domain->text,
                            y->domain->subdomains);
    return c != 0 ? c : strcmp(x->service->name, y->service->name);
}

static struct mention *collect_mentions(struct arena *a, const struct use *uses, size_t use_n,
                                        size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < use_n; i += same_service(uses + i, use_n - i))
        n += uses[i].service->domain_n;
    struct mention *mentions = arena_zalloc(a, n + 1, sizeof(*mentions));
    if (mentions == NULL)
        return NULL;
    size_t k = 0;
    for (size_t i = 0; i < use_n;) {
        size_t same = same_service(uses + i, use_n - i);
        const struct inv_service *s = uses[i].service;
        for (size_t j = 0; j < s->domain_n; j++)
            mentions[k++] = (struct mention){&s->domains[j], s, uses + i, same};
        i += same;
    }
    qsort(mentions, n, sizeof(*mentions), by_name);
    *ret_n = n;
    return mentions;
}

/* Unions over the mentions of one name: services, models, endpoints. */
static int gather(struct arena *a, const struct mention *m, size_t n, struct listing_entry *e)
{
    size_t model_n = 0;
    size_t endpoint_n = 0;
    for (size_t i = 0; i < n; i++) {
        model_n += m[i].use_n;
        endpoint_n += m[i].service->endpoint_n;
    }
    const char **services = arena_zalloc(a, n, sizeof(*services));
    const char **models = arena_zalloc(a, model_n, sizeof(*models));
    struct inv_endpoint *endpoints = arena_zalloc(a, endpoint_n + 1, sizeof(*endpoints));
    if (services == NULL || models == NULL || endpoints == NULL)
        return ERR_NOMEM;
    model_n = endpoint_n = 0;
    for (size_t i = 0; i < n; i++) {
        services[i] = m[i].service->name;
        for (size_t j = 0; j < m[i].use_n; j++)
            models[model_n++] = m[i].uses[j].model;
        for (size_t j = 0; j < m[i].service->endpoint_n; j++)
            endpoints[endpoint_n++] = m[i].service->endpoints[j];
    }
    e->services = (struct texts){services, texts_sort_unique(services, n)};
    e->models = (struct texts){models, texts_sort_unique(models, model_n)};
    e->endpoints = endpoints;
    e->endpoint_n = endpoints_sort_unique(endpoints, endpoint_n);
    return ERR_OK;
}

static void merge(const struct mention *m, struct listing_entry *e)
{
    const struct inv_domain *d = m->domain;
    e->purposes |= 1u << m->service->purpose;
    e->required = e->required || m->service->required;
    if (d->since_at != 0 && (e->since_at == 0 || d->since_at < e->since_at))
        e->since_at = d->since_at;
    if (d->removal_not_before_at > e->removal_not_before_at)
        e->removal_not_before_at = d->removal_not_before_at;
}

static int make_entry(struct arena *a, const struct mention *m, size_t n, struct listing_entry *e)
{
    const struct inv_domain *first = m[0].domain;
    *e = (struct listing_entry){
        .where = first->where,
        .name = first->text,
        .text = first->subdomains ? arena_printf(a, "*.%s", first->text) : first->text,
        .wire = first->name,
        .subdomains = first->subdomains,
        .third_party = first->third_party,
    };
    if (e->text == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        merge(&m[i], e);
    return gather(a, m, n, e);
}

int listing_make(struct arena *a, const struct inventory *inv, struct listing *ret)
{
    size_t use_n = 0;
    size_t mention_n = 0;
    struct use *uses = collect_uses(a, inv, &use_n);
    struct mention *mentions = uses == NULL ? NULL : collect_mentions(a, uses, use_n, &mention_n);
    struct listing_entry *entries = arena_zalloc(a, mention_n + 1, sizeof(*entries));
    if (mentions == NULL || entries == NULL)
        return ERR_NOMEM;
    size_t entry_n = 0;
    for (size_t i = 0; i < mention_n;) {
        const struct inv_domain *d = mentions[i].domain;
        size_t n = 1;
        while (i + n < mention_n &&
               listing_compare(d->text, d->subdomains, mentions[i + n].domain->text,
                               mentions[i + n].domain->subdomains) == 0)
            n++;
        int err = make_entry(a, mentions + i, n, &entries[entry_n++]);
        if (err != ERR_OK)
            return err;
        i += n;
    }
    *ret = (struct listing){entries, entry_n};
    return ERR_OK;
}
