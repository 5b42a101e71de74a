/* Rules of meaning over the whole inventory that need no zone. Domains have inventory_domains.c. */
#include <string.h>

#include "common/err.h"
#include "zones/inventory_int.h"

#define MUD_URL_MAX 253 /* DESIGN section 9 */

static void check_model(struct inv_ctx *ctx, const struct inventory *inv, const struct inv_model *m)
{
    const char *at = arena_printf(ctx->arena, "models[%s]", m->name);
    if (m->service_n == 0)
        FINDING(ctx, &rule_inv_model_no_services, m->where, at, "no services");
    if (m->updated_at > ctx->now)
        FINDING(ctx, &rule_inv_updated_future, m->where, at, "updated is in the future");
    if (inv->publication.base_url == NULL)
        return;
    size_t len = strlen(inv->publication.base_url) + 2 * strlen(m->name) + strlen("/.json");
    if (len > MUD_URL_MAX)
        FINDING(ctx, &rule_inv_mud_url, m->where, at, "%zu characters: %s%s/%s.json", len,
                inv->publication.base_url, m->name, m->name);
}

static void check_service(struct inv_ctx *ctx, const struct inv_service *s)
{
    if (s->model_n == 0)
        FINDING(ctx, &rule_inv_service_unused, s->where,
                arena_printf(ctx->arena, "services[%s]", s->name), "no model uses it");
}

static void check_publication(struct inv_ctx *ctx, const struct inventory *inv)
{
    const struct inv_zone *zone = inv->publication.zone;
    if (zone != NULL && zone->dnssec != NULL && zone->dnssec->is_unsigned)
        FINDING(ctx, &rule_inv_publication_unsigned, zone->where,
                arena_printf(ctx->arena, "zones[%s].dnssec", zone->text),
                "policy %s is unsigned, and the announcement is in this zone", zone->dnssec->name);
}

int rules_check(struct inv_ctx *ctx, const struct inventory *inv,
                const struct inv_policies *policies)
{
    const struct lyd_node *service = tree_child(ctx->root, "service");
    if (service != NULL)
        FINDING(ctx, &rule_inv_service_later, tree_where(service), "service",
                "settings of the service");
    policies_check(ctx, inv, policies);
    check_publication(ctx, inv);
    for (size_t i = 0; i < inv->service_n; i++)
        check_service(ctx, &inv->services[i]);
    for (size_t i = 0; i < inv->model_n; i++)
        check_model(ctx, inv, &inv->models[i]);
    return domains_check(ctx, inv);
}
