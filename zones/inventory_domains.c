/* Rules over the names that services list: once in a service, and the same operator everywhere. */
#include <string.h>

#include "common/err.h"
#include "zones/answer.h"
#include "zones/inventory_int.h"

struct domains {
    struct inv_ctx *ctx;
    const struct inventory *inv;
    struct name_map *first;   /* of each name and match, in any service */
    struct name_map *in_this; /* of each name and match, by service */
};

static bool is_own(const struct inventory *inv, const struct inv_domain *d)
{
    if (inv->domain != NULL && name_is_at_or_below(d->name, inv->domain))
        return true;
    return inventory_zone_of(inv, d->name) != NULL;
}

static void check_operator(struct domains *c, const struct inv_domain *d, const char *at)
{
    bool own = is_own(c->inv, d);
    if (!own && !d->third_party)
        FINDING(c->ctx, &rule_inv_third_party_needed, d->where, at, "%s%s", domain_star(d),
                d->text);
    if (own && d->third_party)
        FINDING(c->ctx, &rule_inv_third_party_own, d->where, at,
                "%s%s is operated by a third party", domain_star(d), d->text);
}

static int check_domain(struct domains *c, const struct inv_service *s, const struct inv_domain *d)
{
    const char *at = arena_printf(c->ctx->arena, "services[%s].domains", s->name);
    if (d->removal_not_before_at != 0 && d->removal_not_before_at < d->since_at)
        FINDING(c->ctx, &rule_inv_date_order, d->where, at,
                "removal-not-before comes before since");
    if (d->name == NULL)
        return 0; /* said before */
    check_operator(c, d, at);

    const void *old;
    int err = name_map_add(c->in_this, domain_key(d, s), d, &old);
    if (err != 0)
        return err;
    if (old != NULL) {
        const struct inv_domain *first = old;
        FINDING(c->ctx, &rule_inv_domain_twice, d->where, at, "%s%s again, after %s:%u",
                domain_star(d), d->text, first->where.file, first->where.line);
        return 0;
    }
    err = name_map_add(c->first, domain_key(d, NULL), d, &old);
    if (err != 0 || old == NULL)
        return err;
    const struct inv_domain *first = old;
    if (first->third_party != d->third_party)
        FINDING(c->ctx, &rule_inv_operator_conflict, d->where, at,
                "%s%s is operated by the %s here, by the %s at %s:%u", domain_star(d), d->text,
                d->third_party ? "third party" : "vendor",
                first->third_party ? "third party" : "vendor", first->where.file,
                first->where.line);
    return 0;
}

int domains_check(struct inv_ctx *ctx, const struct inventory *inv)
{
    AUTO_PTR(name_map) struct name_map *first = name_map_new();
    AUTO_PTR(name_map) struct name_map *in_this = name_map_new();
    if (first == NULL || in_this == NULL)
        return ERR_NOMEM;
    struct domains c = {ctx, inv, first, in_this};
    for (size_t i = 0; i < inv->service_n; i++) {
        const struct inv_service *s = &inv->services[i];
        for (size_t k = 0; k < s->domain_n; k++) {
            int err = check_domain(&c, s, &s->domains[k]);
            if (err != 0)
                return err;
        }
    }
    return 0;
}
