/*
 * zones/ttl.c -- TTL policy over a snapshot. Pure: the zone that went in is as it was.
 *
 * The first range that names a record's type decides; a waiver for the owner and type replaces its
 * limits. A violation is a warning in mode report, an error in mode refuse, and in mode clamp a
 * note that says what the TTL became. Whatever the mode, an expired waiver is an error (somebody
 * must decide again) and a TTL over a third of the signature validity a warning: caches could hold
 * a set longer than its signatures are kept fresh.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libknot/rrtype/soa.h>

#include "common/err.h"
#include "zones/pack.h"
#include "zones/rules_zone.h"
#include "zones/snapshot.h"
#include "zones/ttl_clamp.h"

#define MINUTE UINT32_C(60)
#define HOUR   UINT32_C(3600)
#define DAY    UINT32_C(86400)

/* ------------------------------------------------------------------ built-in policies */

static const struct ttl_range recommended_ranges[] = {
    {{KNOT_RRTYPE_SOA}, 1, 5 * MINUTE, DAY},
    {{KNOT_RRTYPE_NS, KNOT_RRTYPE_DS, KNOT_RRTYPE_DNSKEY}, 3, 5 * MINUTE, 2 * DAY},
    {{0}, 0, MINUTE, DAY},
};

static const struct ttl_range strict_ranges[] = {
    {{KNOT_RRTYPE_SOA}, 1, 5 * MINUTE, HOUR},
    {{KNOT_RRTYPE_NS, KNOT_RRTYPE_DS, KNOT_RRTYPE_DNSKEY}, 3, HOUR, 2 * DAY},
    {{KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_CNAME, KNOT_RRTYPE_DNAME, KNOT_RRTYPE_HTTPS,
      KNOT_RRTYPE_SVCB, KNOT_RRTYPE_SRV},
     7,
     5 * MINUTE,
     DAY},
    {{0}, 0, 5 * MINUTE, DAY},
};

const struct ttl_policy ttl_policy_recommended = {
    .name = "recommended",
    .mode = TTL_REFUSE,
    .ranges = recommended_ranges,
    .range_n = sizeof(recommended_ranges) / sizeof(recommended_ranges[0]),
    .negative_min_s = MINUTE,
    .negative_max_s = DAY,
};

const struct ttl_policy ttl_policy_strict = {
    .name = "strict",
    .mode = TTL_REFUSE,
    .ranges = strict_ranges,
    .range_n = sizeof(strict_ranges) / sizeof(strict_ranges[0]),
    .negative_min_s = 5 * MINUTE,
    .negative_max_s = HOUR,
};

const struct ttl_policy *ttl_policy_builtin(const char *name)
{
    if (strcmp(name, ttl_policy_recommended.name) == 0)
        return &ttl_policy_recommended;
    return strcmp(name, ttl_policy_strict.name) == 0 ? &ttl_policy_strict : NULL;
}

/* ------------------------------------------------------------------ limits */

struct limits {
    uint32_t min_s;
    uint32_t max_s;
    bool waived;
};

struct run {
    const struct zone *zone;
    const struct ttl_policy *policy;
    int64_t now;
    uint32_t validity_s;
    bool *used; /* by waiver */
    struct diags *diags;
    bool failed;
    bool changed;
};

static bool types_have(const uint16_t *types, size_t n, uint16_t type)
{
    for (size_t i = 0; i < n; i++) {
        if (types[i] == type)
            return true;
    }
    return n == 0; /* any */
}

/* False: the policy says nothing about TYPE. */
static bool range_find(const struct ttl_policy *policy, uint16_t type, struct limits *ret)
{
    for (size_t i = 0; i < policy->range_n; i++) {
        const struct ttl_range *r = &policy->ranges[i];
        if (types_have(r->types, r->type_n, type)) {
            *ret = (struct limits){r->min_s, r->max_s, false};
            return true;
        }
    }
    return false;
}

/* The day that a waiver names still counts. */
static bool waiver_expired(const struct ttl_waiver *w, int64_t now)
{
    int64_t day = w->until_at / (int64_t)DAY;
    return now >= (day + 1) * (int64_t)DAY;
}

static void waiver_apply(const struct ttl_waiver *w, struct limits *limits)
{
    limits->waived = true;
    if (w->has_min)
        limits->min_s = w->min_s;
    if (w->has_max)
        limits->max_s = w->max_s;
    /* a waiver that states one limit beyond the other one moves both */
    if (limits->min_s > limits->max_s && w->has_min)
        limits->max_s = limits->min_s;
    else if (limits->min_s > limits->max_s)
        limits->min_s = limits->max_s;
}

static bool limits_find(const struct run *run, const uint8_t *owner, uint16_t type,
                        struct limits *ret)
{
    if (!range_find(run->policy, type, ret))
        *ret = (struct limits){0, UINT32_MAX, false};
    size_t len = name_len(owner);
    for (size_t i = 0; i < run->policy->waiver_n; i++) {
        const struct ttl_waiver *w = &run->policy->waivers[i];
        if (!types_have(w->types, w->type_n, type) || name_len(w->name) != len ||
            memcmp(w->name, owner, len) != 0)
            continue;
        run->used[i] = true;
        if (waiver_expired(w, run->now))
            continue;
        waiver_apply(w, ret);
        break;
    }
    return ret->min_s > 0 || ret->max_s < UINT32_MAX;
}

static uint32_t clamp(uint32_t ttl, uint32_t min_s, uint32_t max_s)
{
    return ttl < min_s ? min_s : ttl > max_s ? max_s : ttl;
}

/* ------------------------------------------------------------------ findings */

static enum severity mode_severity(enum ttl_mode mode)
{
    switch (mode) {
    case TTL_REPORT: return SEV_WARNING;
    case TTL_CLAMP: return SEV_NOTE;
    case TTL_REFUSE: break;
    }
    return SEV_ERROR;
}

struct place {
    const uint8_t *owner;
    uint16_t type;
    struct diag_where where;
};

static void place_text(const struct place *p, char out[RECORD_TEXT_LEN])
{
    record_to_text(p->owner, p->type, out);
}

/* WHAT is "TTL" or "SOA minimum". NOTE says why nothing was changed in mode clamp. */
static void report_range(struct run *run, const struct place *p, const struct diag_rule *low,
                         const struct diag_rule *high, const char *what, uint32_t value,
                         struct limits limits, bool can_clamp)
{
    char at[RECORD_TEXT_LEN];
    place_text(p, at);
    enum ttl_mode mode = run->policy->mode;
    const struct diag_rule *rule = value < limits.min_s ? low : high;
    if (mode == TTL_CLAMP && can_clamp) {
        diag_add_as(run->diags, SEV_NOTE, rule, p->where, at, "%s %" PRIu32 " -> %" PRIu32, what,
                    value, clamp(value, limits.min_s, limits.max_s));
    } else {
        enum severity severity = mode == TTL_CLAMP ? SEV_WARNING : mode_severity(mode);
        diag_add_as(run->diags, severity, rule, p->where, at, "%s %" PRIu32, what, value);
        run->failed = run->failed || severity == SEV_ERROR;
    }
    const char *origin = limits.waived ? "its waiver" : run->policy->name;
    if (rule == low)
        diag_expect(run->diags, "at least %" PRIu32 " (%s)", limits.min_s, origin);
    else
        diag_expect(run->diags, "at most %" PRIu32 " (%s)", limits.max_s, origin);
}

/* Is this the default policy, whose users are told what the next better one would say? */
static bool wants_strict_advice(const struct ttl_policy *policy)
{
    return policy->mode == TTL_REFUSE && strcmp(policy->name, ttl_policy_recommended.name) == 0;
}

static void advise_strict(const struct run *run, const struct place *p, const char *what,
                          uint32_t value, uint32_t min_s, uint32_t max_s)
{
    if (value >= min_s && value <= max_s)
        return;
    char at[RECORD_TEXT_LEN];
    place_text(p, at);
    diag_add(run->diags, &rule_ttl_strict, p->where, at, "%s %" PRIu32, what, value);
    if (value < min_s)
        diag_expect(run->diags, "at least %" PRIu32 " under the policy `strict`", min_s);
    else
        diag_expect(run->diags, "at most %" PRIu32 " under the policy `strict`", max_s);
}

/* ------------------------------------------------------------------ verdicts */

/* RFC 6781 s4.4.2: caches must be able to fetch fresh signatures well before old ones end. */
static void check_validity(const struct run *run, const struct place *p, uint32_t ttl)
{
    if (run->validity_s == 0 || ttl <= run->validity_s / 3)
        return;
    char at[RECORD_TEXT_LEN];
    place_text(p, at);
    diag_add(run->diags, &rule_ttl_validity, p->where, at,
             "TTL %" PRIu32 " with signatures valid for %" PRIu32 " s", ttl, run->validity_s);
    diag_expect(run->diags, "at most %" PRIu32, run->validity_s / 3);
}

/* The TTL that the set gets. CAN_CLAMP false: another record's TTL decides, so it can't be changed.
 */
static uint32_t verdict(struct run *run, const struct place *p, uint32_t ttl, bool can_clamp)
{
    struct limits limits;
    struct limits strict;
    uint32_t result = ttl;
    if (limits_find(run, p->owner, p->type, &limits) &&
        (ttl < limits.min_s || ttl > limits.max_s)) {
        report_range(run, p, &rule_ttl_low, &rule_ttl_high, "TTL", ttl, limits, can_clamp);
        if (run->policy->mode == TTL_CLAMP && can_clamp)
            result = clamp(ttl, limits.min_s, limits.max_s);
    } else if (!limits.waived && wants_strict_advice(run->policy) &&
               range_find(&ttl_policy_strict, p->type, &strict)) {
        advise_strict(run, p, "TTL", ttl, strict.min_s, strict.max_s);
    }
    check_validity(run, p, result);
    run->changed = run->changed || result != ttl;
    return result;
}

/* RFC 2308 s4: the last field of the SOA bounds how long answers of "no such name" are kept. */
static uint32_t negative_verdict(struct run *run, const struct place *p, uint32_t minimum)
{
    struct limits limits = {run->policy->negative_min_s, run->policy->negative_max_s, false};
    if (minimum >= limits.min_s && minimum <= limits.max_s) {
        if (wants_strict_advice(run->policy))
            advise_strict(run, p, "SOA minimum", minimum, ttl_policy_strict.negative_min_s,
                          ttl_policy_strict.negative_max_s);
        return minimum;
    }
    report_range(run, p, &rule_ttl_negative_low, &rule_ttl_negative_high, "SOA minimum", minimum,
                 limits, true);
    if (run->policy->mode != TTL_CLAMP)
        return minimum;
    run->changed = true;
    return clamp(minimum, limits.min_s, limits.max_s);
}

/* ------------------------------------------------------------------ waivers as a whole */

static bool is_apex_generated(const struct zone *z, const struct ttl_waiver *w)
{
    static const uint16_t types[] = {KNOT_RRTYPE_DNSKEY, KNOT_RRTYPE_CDS, KNOT_RRTYPE_CDNSKEY,
                                     KNOT_RRTYPE_ZONEMD, KNOT_RRTYPE_NSEC3PARAM};
    if (name_compare(w->name, zone_apex(z)) != 0)
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types_have(w->types, w->type_n, types[i]))
            return true;
    }
    return false;
}

/* A policy may serve many zones: each speaks only about the waivers for its own names. */
static void check_waivers(struct run *run)
{
    for (size_t i = 0; i < run->policy->waiver_n; i++) {
        const struct ttl_waiver *w = &run->policy->waivers[i];
        struct zone_node cut;
        if (!name_is_at_or_below(w->name, zone_apex(run->zone)))
            continue;
        if (waiver_expired(w, run->now)) {
            int64_t days = run->now / (int64_t)DAY - w->until_at / (int64_t)DAY;
            diag_add(run->diags, &rule_ttl_waiver_expired, w->where, w->text,
                     "the waiver ended %" PRId64 " day%s ago (reason: %s)", days,
                     days == 1 ? "" : "s", w->reason == NULL ? "none" : w->reason);
            run->failed = true;
        } else if (!run->used[i] && !run->zone->is_partial &&
                   !zone_cut_above(run->zone, w->name, &cut) && !is_apex_generated(run->zone, w)) {
            diag_add(run->diags, &rule_ttl_waiver_unused, w->where, w->text,
                     "the waiver is for no record of the zone");
        }
    }
}

/* ------------------------------------------------------------------ applying */

#define SOA_ROOM 600 /* two names of 255 octets and five numbers */

/* A SOA with MINIMUM in the place of its own (RFC 1035 s3.3.13: the last field), made in ROOM. */
static void soa_change(struct zone_rrset *set, uint32_t minimum, knot_rdata_t *room)
{
    const knot_rdata_t *soa = set->rrs.rdata;
    if (set->rrs.count != 1 || soa->len > SOA_ROOM)
        return; /* several SOAs: zone_check refuses them */
    knot_rdata_init(room, soa->len, soa->data);
    uint8_t *end = room->data + soa->len;
    for (int i = 1; i <= 4; i++, minimum >>= 8)
        end[-i] = (uint8_t)minimum;
    set->rrs.rdata = room;
}

static bool is_judged(const struct zone_rrset *set)
{
    return set->rrs.count > 0 && set->type != KNOT_RRTYPE_RRSIG && set->type != KNOT_RRTYPE_NSEC &&
           set->type != KNOT_RRTYPE_NSEC3;
}

/* Judges one set and hands it on as it shall be. */
static void set_apply(struct run *run, struct clamp *clamped, const struct zone_node *node,
                      const struct zone_rrset *set)
{
    _Alignas(knot_rdata_t) uint8_t room[sizeof(knot_rdata_t) + SOA_ROOM];
    struct zone_rrset now = *set;
    if (is_judged(set)) {
        struct place p = {node->owner, set->type, AT_LINE(zone_file(run->zone), set->line)};
        now.ttl = verdict(run, &p, set->ttl, true);
        if (set->type == KNOT_RRTYPE_SOA && (node->flags & NODE_APEX))
            soa_change(&now, negative_verdict(run, &p, knot_soa_minimum(set->rrs.rdata)),
                       (knot_rdata_t *)(void *)room);
    }
    if (clamped != NULL)
        clamp_set(clamped, &now);
}

/* CLAMPED NULL: nothing is changed. */
static int zone_apply(struct run *run, struct clamp *clamped)
{
    struct zone_cursor at;
    struct zone_node node;
    int err = ERR_OK;
    bool changed = false;
    zone_first(run->zone, &at);
    while (err == ERR_OK && zone_next(&at, &node)) {
        struct set_walk w;
        struct zone_rrset set;
        if ((node.flags & NODE_NSEC3) != 0)
            continue; /* generated */
        run->changed = false;
        if (clamped != NULL)
            clamp_node_open(clamped, &node);
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set))
            set_apply(run, clamped, &node, &set);
        if (clamped != NULL)
            err = clamp_node_close(clamped, &node, run->changed);
        changed = changed || run->changed;
    }
    run->changed = changed;
    return err;
}

int ttl_apply(const struct zone *z, const struct ttl_policy *policy, uint32_t validity_s,
              int64_t now, struct zone **ret, struct diags *diags)
{
    AUTO_FREE bool *used = calloc(policy->waiver_n + 1, sizeof(*used));
    AUTO(clamp) struct clamp clamped = {0};
    if (used == NULL)
        return ERR_NOMEM;
    struct run run = {.zone = z,
                      .policy = policy,
                      .now = now,
                      .validity_s = validity_s,
                      .used = used,
                      .diags = diags};
    int err = zone_apply(&run, policy->mode == TTL_CLAMP ? &clamped : NULL);
    if (err != ERR_OK)
        return err;
    check_waivers(&run);
    if (run.failed)
        return ERR_FINDINGS;
    if (run.changed)
        return clamp_finish(&clamped, z, ret);
    *ret = zone_ref(z);
    return ERR_OK;
}

/* ------------------------------------------------------------------ generated records */

struct generated {
    uint16_t type;
    bool made;
};

/* The range that DNSKEY, CDS and CDNSKEY can share, else that of DNSKEY alone. */
static void key_limits(const struct run *run, const struct generated *kinds, size_t n,
                       struct limits *ret)
{
    const uint8_t *apex = zone_apex(run->zone);
    struct limits all = {0, UINT32_MAX, false};
    struct limits first = all;
    for (size_t i = 0; i < n; i++) {
        struct limits l;
        if (!kinds[i].made)
            continue;
        (void)limits_find(run, apex, kinds[i].type, &l); /* no limits are limits, too */
        first = i == 0 ? l : first;
        all.min_s = l.min_s > all.min_s ? l.min_s : all.min_s;
        all.max_s = l.max_s < all.max_s ? l.max_s : all.max_s;
    }
    *ret = all.min_s <= all.max_s ? all : first;
}

int ttl_apply_generated(const struct zone *z, const struct ttl_policy *policy,
                        const struct dnssec_policy *dnssec, int64_t now, uint32_t *ret_dnskey_ttl_s,
                        struct diags *diags)
{
    AUTO_FREE bool *used = calloc(policy->waiver_n + 1, sizeof(*used));
    if (used == NULL)
        return ERR_NOMEM;
    const struct generated keys[] = {{KNOT_RRTYPE_DNSKEY, true},
                                     {KNOT_RRTYPE_CDS, dnssec->cds != CDS_NONE},
                                     {KNOT_RRTYPE_CDNSKEY, dnssec->cds != CDS_NONE}};
    const struct generated others[] = {{KNOT_RRTYPE_ZONEMD, dnssec->zonemd},
                                       {KNOT_RRTYPE_NSEC3PARAM, dnssec->denial == DENIAL_NSEC3}};
    struct run run = {.zone = z,
                      .policy = policy,
                      .now = now,
                      .validity_s = dnssec->signature_validity_s,
                      .used = used,
                      .diags = diags};
    uint32_t ttl = dnssec->dnskey_ttl_s;
    struct diag_where stated = dnssec->where.file != NULL ? dnssec->where : AT_FILE(zone_file(z));
    struct place p = {zone_apex(z), KNOT_RRTYPE_DNSKEY, stated};
    if (policy->mode == TTL_CLAMP) {
        struct limits limits;
        key_limits(&run, keys, 3, &limits);
        if (ttl < limits.min_s || ttl > limits.max_s)
            report_range(&run, &p, &rule_ttl_low, &rule_ttl_high, "dnskey-ttl", ttl, limits, true);
        ttl = clamp(ttl, limits.min_s, limits.max_s);
    }
    for (size_t i = 0; i < 3; i++) {
        p.type = keys[i].type;
        if (keys[i].made)
            (void)verdict(&run, &p, ttl, false);
    }
    struct zone_rrset soa;
    bool has_soa = zone_rrset(z, zone_apex(z), KNOT_RRTYPE_SOA, &soa);
    for (size_t i = 0; i < 2 && has_soa; i++) {
        p = (struct place){zone_apex(z), others[i].type, AT_LINE(zone_file(z), soa.line)};
        if (others[i].made)
            (void)verdict(&run, &p, soa.ttl, false);
    }
    if (run.failed)
        return ERR_FINDINGS;
    *ret_dnskey_ttl_s = ttl;
    return ERR_OK;
}
