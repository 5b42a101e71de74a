/*
 * signer/verify.c -- the independent check of a signed zone: what it consists of, and in which
 * order.
 */
#include "signer/verify.h"

#include <string.h>

#include "common/err.h"

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* RFC 9077 s3: what a negative answer may be kept for. */
static bool load_soa(struct verification *v, struct diags *diags)
{
    struct zone_rrset soa;
    if (!zone_rrset(v->zone, v->apex, VT_SOA, &soa) || soa.rrs.count == 0 ||
        soa.rrs.rdata->len < 22) {
        VERIFY_ADD(v, diags, rule_verify_no_soa, 0, v->apex, VT_SOA, "none");
        return false;
    }
    uint32_t minimum = get32(soa.rrs.rdata->data + soa.rrs.rdata->len - 4);
    v->negative_ttl = minimum < soa.ttl ? minimum : soa.ttl;
    return true;
}

static void note_denial_ttl(struct verify_thread *t, const struct zone_rrset *set)
{
    struct verify_part *part = t->part;
    if (set->rrs.count == 0 || (set->type != VT_NSEC && set->type != VT_NSEC3) ||
        set->ttl == t->v->negative_ttl)
        return;
    if (part->odd_ttl_n++ == 0)
        part->odd_ttl = *set;
}

static int check_denial(struct verify_thread *t, const struct zone_node *n)
{
    const struct verification *v = t->v;
    if (!v->has_nsec && v->chain_n == 0)
        return ERR_OK;
    if (!verify_node_in_chain(n)) {
        if (v->has_nsec)
            verify_nsec_extra(t, n);
        return ERR_OK;
    }
    struct zone_node next;
    bool last = !verify_next_in_chain(t, &next);
    if (v->has_nsec)
        verify_nsec(t, n, last ? v->apex : next.owner);
    return v->chain_n > 0 ? verify_nsec3(t, n, last ? NULL : &next) : ERR_OK;
}

static int check_node(struct verify_thread *t, const struct zone_node *n)
{
    struct set_walk walk;
    struct zone_rrset set;
    set_walk_first(n, &walk);
    while (set_walk_next(&walk, &set)) {
        int err = verify_rrset(t, n, &set);
        if (err != ERR_OK)
            return err;
        note_denial_ttl(t, &set);
    }
    return check_denial(t, n);
}

static void judge_denial_ttl(const struct verification *v, const struct verify_part *all,
                             struct diags *diags)
{
    if (all->odd_ttl_n == 0)
        return;
    VERIFY_ADD(v, diags, rule_nsec_ttl, all->odd_ttl.line, all->odd_ttl.owner, all->odd_ttl.type,
               "TTL %u; so or otherwise odd at %llu names in all", all->odd_ttl.ttl,
               (unsigned long long)all->odd_ttl_n);
    diag_expect(diags, "%u, the lesser of SOA MINIMUM and the SOA's TTL", v->negative_ttl);
}

static int check_signed(struct verification *v, const struct verify_params *params,
                        struct verify_report *report, struct diags *diags)
{
    struct verify_part all = {0};
    int err = verify_chains_load(v, diags);
    if (err == ERR_OK)
        err = verify_pool_run(v, check_node, &all);
    verify_diags_join(diags, all.diags);
    diags_free(all.diags);
    if (err != ERR_OK)
        return err;
    report->rrsets = all.rrsets;
    report->signatures = all.signatures;
    report->denial = all.denial;
    report->nsec3 = v->chain_n > 0;
    report->expires_at = all.expires_at;
    judge_denial_ttl(v, &all, diags);
    verify_strangers_judge(v, &all, diags);
    verify_chains_judge(v, diags);
    verify_keys_judge(v, diags);
    if (params->ds != NULL)
        err = verify_ds(v, params->ds, diags);
    return err != ERR_OK ? err : verify_cds(v, diags);
}

static int check_all(struct verification *v, const struct verify_params *params,
                     struct verify_report *report, struct diags *diags)
{
    if (!load_soa(v, diags))
        return ERR_OK;
    int err = verify_keys_load(v, diags);
    /* without a key every further word would be the same one */
    if (err == ERR_OK && v->key_n > 0)
        err = check_signed(v, params, report, diags);
    return err != ERR_OK ? err : verify_zonemd(v, &report->zonemd, diags);
}

int verify_zone(const struct zone *zone, const struct verify_params *params,
                struct verify_report *ret_report, struct diags *diags)
{
    struct verification v = {
        .zone = zone, .apex = zone_apex(zone), .file = zone_file(zone), .now = params->now};
    struct verify_report report = {0};
    /* an own list: the caller's may be NULL, and may hold errors from before */
    AUTO_PTR(diags) struct diags *found = diags_new();
    if (found == NULL)
        return ERR_NOMEM;
    int err = check_all(&v, params, &report, found);
    verify_chains_done(&v);
    verify_keys_done(&v);
    verify_diags_join(diags, found);
    if (err != ERR_OK)
        return err;
    *ret_report = report;
    return diags_count(found, SEV_ERROR) > 0 ? ERR_FINDINGS : ERR_OK;
}
