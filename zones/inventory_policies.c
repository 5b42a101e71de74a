/* DNSSEC and TTL policies: from the tree, by name, and their bounds that need no zone. */
#include <string.h>

#include "common/err.h"
#include "zones/inventory_int.h"

#define TTL_MAX 2147483647u /* RFC 2181 s8 */

/* ------------------------------------------------------------------ DNSSEC */

static void take_dnssec(struct inv_ctx *ctx, const struct lyd_node *n, struct dnssec_policy *p)
{
    p->where = tree_where(n);
    p->name = tree_text(ctx, n, "name");
    p->algorithm = (uint8_t)tree_enum(n, "algorithm");
    p->single_key = tree_bool(n, "single-key");
    p->is_unsigned = tree_bool(n, "unsigned");
    p->ksk_store = store_take(ctx, n, "ksk-store");
    p->zsk_store = store_take(ctx, n, "zsk-store");
    p->denial = (enum denial)tree_enum(n, "denial");
    p->ksk_lifetime_s = tree_duration(ctx, n, "ksk-lifetime");
    p->zsk_lifetime_s = tree_duration(ctx, n, "zsk-lifetime");
    p->signature_validity_s = tree_duration(ctx, n, "signature-validity");
    p->signature_refresh_s = tree_duration(ctx, n, "signature-refresh");
    p->signature_jitter_s = tree_duration(ctx, n, "signature-jitter");
    p->serial = (enum serial_policy)tree_enum(n, "serial");
    p->cds = (enum cds_policy)tree_enum(n, "cds");
    p->zonemd = tree_bool(n, "zonemd");
    p->propagation_delay_s = tree_duration(ctx, n, "propagation-delay");
    p->parent_propagation_delay_s = tree_duration(ctx, n, "parent-propagation-delay");
    p->parent_ds_ttl_s = tree_duration(ctx, n, "parent-ds-ttl");
    p->dnskey_ttl_s = tree_duration(ctx, n, "dnskey-ttl");
}

/* ------------------------------------------------------------------ TTL */

static bool take_type(struct inv_ctx *ctx, const struct lyd_node *leaf, bool alone, uint16_t *ret)
{
    const char *text = lyd_get_value(leaf);
    *ret = 0;
    if (strcmp(text, "any") == 0 && alone)
        return true;
    *ret = strcmp(text, "any") == 0 ? 0 : type_from_text(text);
    if (*ret != 0)
        return true;
    FINDING(ctx, &rule_inv_rr_type, tree_where(leaf), schema_at(ctx, leaf, NULL), "%s", text);
    return false;
}

/* "any", alone, is no type at all; so is a missing list. */
static void take_types(struct inv_ctx *ctx, const struct lyd_node *n, uint16_t *types,
                       size_t *ret_n)
{
    size_t stated = tree_count(n, "types");
    *ret_n = 0;
    for (const struct lyd_node *t = tree_child(n, "types"); t != NULL; t = tree_next(t)) {
        uint16_t type;
        if (take_type(ctx, t, stated == 1, &type) && type != 0 && *ret_n < TTL_TYPES_MAX)
            types[(*ret_n)++] = type;
    }
}

static void check_range(struct inv_ctx *ctx, const struct lyd_node *n, uint32_t min, uint32_t max)
{
    if (min > max || max > TTL_MAX)
        FINDING(ctx, &rule_inv_ttl_range, tree_where(n), schema_at(ctx, n, NULL),
                "min %us, max %us", min, max);
}

static void take_waiver(struct inv_ctx *ctx, const struct lyd_node *n, struct ttl_waiver *w)
{
    struct inv_name name;
    const struct lyd_node *leaf = tree_child(n, "name");
    w->where = tree_where(n);
    if (inv_owner_take(ctx, leaf, &name)) {
        w->name = name.wire;
        w->text = name.text;
    }
    take_types(ctx, n, w->types, &w->type_n);
    w->has_min = tree_child(n, "min") != NULL;
    w->has_max = tree_child(n, "max") != NULL;
    w->min_s = tree_duration(ctx, n, "min");
    w->max_s = tree_duration(ctx, n, "max");
    w->reason = tree_text(ctx, n, "reason");
    w->until_at = tree_moment(ctx, n, "until");
    if (!w->has_min && !w->has_max)
        FINDING(ctx, &rule_inv_waiver_limit, w->where, schema_at(ctx, n, NULL),
                "neither min nor max");
    check_range(ctx, n, w->min_s, w->has_max ? w->max_s : TTL_MAX);
}

static int take_ttl(struct inv_ctx *ctx, const struct lyd_node *n, struct ttl_policy *p)
{
    p->name = tree_text(ctx, n, "name");
    p->mode = (enum ttl_mode)tree_enum(n, "mode");
    const struct lyd_node *negative = tree_child(n, "negative");
    p->negative_min_s = tree_duration(ctx, negative, "min");
    p->negative_max_s = tree_duration(ctx, negative, "max");
    check_range(ctx, negative, p->negative_min_s, p->negative_max_s);

    p->range_n = tree_count(n, "ranges");
    p->waiver_n = tree_count(n, "waivers");
    struct ttl_range *range = arena_zalloc(ctx->arena, p->range_n, sizeof(*range));
    struct ttl_waiver *waiver = arena_zalloc(ctx->arena, p->waiver_n, sizeof(*waiver));
    if (range == NULL || waiver == NULL)
        return ERR_NOMEM;
    p->ranges = range;
    p->waivers = waiver;
    for (const struct lyd_node *r = tree_child(n, "ranges"); r != NULL; r = tree_next(r), range++) {
        take_types(ctx, r, range->types, &range->type_n);
        range->min_s = tree_duration(ctx, r, "min");
        range->max_s = tree_duration(ctx, r, "max");
        check_range(ctx, r, range->min_s, range->max_s);
    }
    for (const struct lyd_node *w = tree_child(n, "waivers"); w != NULL; w = tree_next(w))
        take_waiver(ctx, w, waiver++);
    return 0;
}

/* ------------------------------------------------------------------ all of them */

int policies_take(struct inv_ctx *ctx, struct inv_policies *ret)
{
    struct inv_policies p = {.dnssec_n = tree_count(ctx->root, "dnssec-policies"),
                             .ttl_n = tree_count(ctx->root, "ttl-policies")};
    p.dnssec = arena_zalloc(ctx->arena, p.dnssec_n, sizeof(*p.dnssec));
    p.ttl = arena_zalloc(ctx->arena, p.ttl_n, sizeof(*p.ttl));
    p.dnssec_used = arena_zalloc(ctx->arena, p.dnssec_n, sizeof(bool));
    p.ttl_used = arena_zalloc(ctx->arena, p.ttl_n, sizeof(bool));
    p.ttl_where = arena_zalloc(ctx->arena, p.ttl_n, sizeof(*p.ttl_where));
    if (p.dnssec == NULL || p.ttl == NULL || p.dnssec_used == NULL || p.ttl_used == NULL ||
        p.ttl_where == NULL)
        return ERR_NOMEM;
    size_t i = 0;
    const struct lyd_node *n;
    stores_read(ctx);
    for (n = tree_child(ctx->root, "dnssec-policies"); n != NULL; n = tree_next(n))
        take_dnssec(ctx, n, &p.dnssec[i++]);
    i = 0;
    for (n = tree_child(ctx->root, "ttl-policies"); n != NULL; n = tree_next(n)) {
        p.ttl_where[i] = tree_where(n);
        int err = take_ttl(ctx, n, &p.ttl[i++]);
        if (err != 0)
            return err;
    }
    *ret = p;
    return 0;
}

static void unknown_policy(struct inv_ctx *ctx, const struct lyd_node *leaf, const char *builtin)
{
    FINDING(ctx, &rule_inv_unknown_reference, tree_where(leaf), schema_at(ctx, leaf, NULL),
            "no policy \"%s\"", lyd_get_value(leaf));
    diag_expect(ctx->diags, "a policy of the inventory, or the built-in %s", builtin);
}

const struct dnssec_policy *policies_dnssec(struct inv_ctx *ctx, struct inv_policies *p,
                                            const struct lyd_node *zone)
{
    const struct lyd_node *leaf = tree_child(zone, "dnssec");
    const char *name = lyd_get_value(leaf);
    for (size_t i = 0; i < p->dnssec_n; i++) {
        if (strcmp(p->dnssec[i].name, name) == 0) {
            p->dnssec_used[i] = true;
            return &p->dnssec[i];
        }
    }
    if (strcmp(name, dnssec_policy_standard.name) == 0)
        return &dnssec_policy_standard;
    if (strcmp(name, dnssec_policy_unsigned.name) == 0)
        return &dnssec_policy_unsigned;
    unknown_policy(ctx, leaf, "\"standard\" or \"unsigned\"");
    return NULL;
}

const struct ttl_policy *policies_ttl(struct inv_ctx *ctx, struct inv_policies *p,
                                      const struct lyd_node *zone)
{
    const struct lyd_node *leaf = tree_child(zone, "ttl");
    const char *name = lyd_get_value(leaf);
    for (size_t i = 0; i < p->ttl_n; i++) {
        if (strcmp(p->ttl[i].name, name) == 0) {
            p->ttl_used[i] = true;
            return &p->ttl[i];
        }
    }
    const struct ttl_policy *builtin = ttl_policy_builtin(name);
    if (builtin == NULL)
        unknown_policy(ctx, leaf, "\"recommended\" or \"strict\"");
    return builtin;
}

/* ------------------------------------------------------------------ rules */

static void check_dnssec(struct inv_ctx *ctx, const struct dnssec_policy *p)
{
    const char *at = arena_printf(ctx->arena, "dnssec-policies[%s]", p->name);
    uint64_t taken = (uint64_t)p->signature_refresh_s + p->signature_jitter_s;
    if (taken >= p->signature_validity_s)
        FINDING(ctx, &rule_inv_signature_times, p->where, at, "%us + %us is not below %us",
                p->signature_refresh_s, p->signature_jitter_s, p->signature_validity_s);
    uint64_t least = (uint64_t)p->signature_validity_s + p->dnskey_ttl_s + p->propagation_delay_s;
    if (p->ksk_lifetime_s != 0 && p->ksk_lifetime_s <= least)
        FINDING(ctx, &rule_inv_key_lifetime, p->where, at, "ksk-lifetime %us, not above %llus",
                p->ksk_lifetime_s, (unsigned long long)least);
    if (!p->single_key && p->zsk_lifetime_s != 0 && p->zsk_lifetime_s <= least)
        FINDING(ctx, &rule_inv_key_lifetime, p->where, at, "zsk-lifetime %us, not above %llus",
                p->zsk_lifetime_s, (unsigned long long)least);
    if (p->dnskey_ttl_s > TTL_MAX)
        FINDING(ctx, &rule_inv_ttl_range, p->where, at, "dnskey-ttl %us", p->dnskey_ttl_s);
    stores_check(ctx, p, at);
}

static void check_waivers(struct inv_ctx *ctx, const struct inventory *inv,
                          const struct ttl_policy *p)
{
    for (size_t i = 0; i < p->waiver_n; i++) {
        const struct ttl_waiver *w = &p->waivers[i];
        const struct inv_zone *zone = w->name == NULL ? NULL : inventory_zone_of(inv, w->name);
        if (w->name != NULL && (zone == NULL || zone->ttl != p))
            FINDING(ctx, &rule_inv_waiver_outside, w->where,
                    arena_printf(ctx->arena, "ttl-policies[%s].waivers", p->name),
                    "%s is in no zone of this policy", w->text);
    }
}

void policies_check(struct inv_ctx *ctx, const struct inventory *inv, const struct inv_policies *p)
{
    for (size_t i = 0; i < p->dnssec_n; i++) {
        check_dnssec(ctx, &p->dnssec[i]);
        if (!p->dnssec_used[i])
            FINDING(ctx, &rule_inv_policy_unused, p->dnssec[i].where, p->dnssec[i].name,
                    "no zone uses this DNSSEC policy");
    }
    for (size_t i = 0; i < p->ttl_n; i++) {
        if (!p->ttl_used[i])
            FINDING(ctx, &rule_inv_policy_unused, p->ttl_where[i], p->ttl[i].name,
                    "no zone uses this TTL policy");
        else
            check_waivers(ctx, inv, &p->ttl[i]);
    }
}
