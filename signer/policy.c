/* Names of algorithms, and the bounds of a policy (DESIGN trust rule 5). Pure. */
#include <inttypes.h>
#include <string.h>

#include "common/err.h"
#include "signer/crypto.h"
#include "signer/life.h"
#include "signer/rules_sign.h"
#include "signer/signer.h"

static const struct {
    uint8_t number;
    const char *text;
} algorithms[] = {
    {ALG_RSASHA256, "rsasha256"},
    {ALG_ECDSAP256SHA256, "ecdsap256sha256"},
    {ALG_ECDSAP384SHA384, "ecdsap384sha384"},
    {ALG_ED25519, "ed25519"},
    {ALG_ED448, "ed448"},
};

uint8_t algorithm_from_text(const char *text)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (strcmp(algorithms[i].text, text) == 0)
            return algorithms[i].number;
    }
    return 0;
}

const char *algorithm_text(uint8_t algorithm)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (algorithms[i].number == algorithm)
            return algorithms[i].text;
    }
    return NULL;
}

/* A validator's clock and a cache may be this far apart from ours: expirations are 32-bit serial
   numbers (RFC 4034 s3.1.5), so a window must stay below half their circle. */
#define VALIDITY_MAX_S ((uint32_t)INT32_MAX - 86400)

static bool check_validity(const struct dnssec_policy *p, const char *zone, struct diags *diags)
{
    uint64_t need = (uint64_t)p->signature_refresh_s + p->signature_jitter_s;
    if (p->signature_validity_s > VALIDITY_MAX_S) {
        diag_add(diags, &rule_policy_validity, p->where, zone, "signature-validity %" PRIu32 " s",
                 p->signature_validity_s);
        diag_expect(diags, "at most %" PRIu32 " s", VALIDITY_MAX_S);
        return false;
    }
    if (p->signature_validity_s <= need) {
        diag_add(diags, &rule_policy_validity, p->where, zone,
                 "signature-validity %" PRIu32 " s, signature-refresh %" PRIu32
                 " s + signature-jitter %" PRIu32 " s = %" PRIu64 " s",
                 p->signature_validity_s, p->signature_refresh_s, p->signature_jitter_s, need);
        diag_expect(diags,
                    "a signature-validity above %" PRIu64
                    " s, or a new signature would be due at once",
                    need);
        return false;
    }
    return true;
}

/*
 * A signature taken out at its refresh time may sit in caches for the largest TTL after the last
 * secondary has moved on; a secondary that lost its primary serves it until the SOA expires.
 */
static bool check_refresh(const struct dnssec_policy *p, const char *zone, uint32_t max_ttl_s,
                          uint32_t soa_expire_s, struct diags *diags)
{
    uint64_t need = (uint64_t)max_ttl_s + p->propagation_delay_s;
    uint64_t wish = need + soa_expire_s;
    if (p->signature_refresh_s < need) {
        diag_add(diags, &rule_policy_refresh_error, p->where, zone,
                 "signature-refresh %" PRIu32 " s, largest TTL %" PRIu32
                 " s + propagation-delay %" PRIu32 " s = %" PRIu64 " s",
                 p->signature_refresh_s, max_ttl_s, p->propagation_delay_s, need);
        diag_expect(diags, "a signature-refresh of at least %" PRIu64 " s", need);
        return false;
    }
    if (p->signature_refresh_s < wish) {
        diag_add(diags, &rule_policy_refresh_expire, p->where, zone,
                 "signature-refresh %" PRIu32 " s, SOA expire %" PRIu32 " s + largest TTL %" PRIu32
                 " s + propagation-delay %" PRIu32 " s = %" PRIu64
                 " s: a secondary cut off from its primary could serve expired signatures",
                 p->signature_refresh_s, soa_expire_s, max_ttl_s, p->propagation_delay_s, wish);
        diag_expect(diags,
                    "a signature-refresh of at least %" PRIu64
                    " s, or an SOA expire of at most %" PRIu64 " s",
                    wish, p->signature_refresh_s - need);
    }
    return true;
}

/* RFC 7583 s3.2.1 and s3.3.1, with nothing but the policy's own times: no TTL is remembered yet. */
static bool check_lifetime(const struct dnssec_policy *p, const char *zone, enum key_role role,
                           uint32_t lifetime_s, uint32_t max_ttl_s, struct diags *diags)
{
    const struct life_waits w = {
        .ttl_s =
            {[TTL_DNSKEY] = p->dnskey_ttl_s, [TTL_ZONE] = max_ttl_s, [TTL_DS] = p->parent_ds_ttl_s},
        .propagation_s = p->propagation_delay_s,
        .parent_propagation_s = p->parent_propagation_delay_s};
    uint64_t roll = interval_roll(&w, role);
    if (lifetime_s == 0 || lifetime_s > roll)
        return true;
    diag_add(diags, &rule_policy_lifetime, p->where, zone,
             "%s lifetime %" PRIu32 " s; its roll alone takes 2 x (propagation-delay %" PRIu32
             " s + dnskey-ttl %" PRIu32 " s)%s%s = %" PRIu64 " s",
             key_role_text(role), lifetime_s, p->propagation_delay_s, p->dnskey_ttl_s,
             role == KEY_KSK ? "" : " + (propagation-delay + largest TTL)",
             role == KEY_ZSK ? "" : " + (parent-propagation-delay + parent-ds-ttl)", roll);
    diag_expect(diags, "a lifetime of more than %" PRIu64 " s, or 0d", roll);
    return false;
}

static bool check_lifetimes(const struct dnssec_policy *p, const char *zone, uint32_t max_ttl_s,
                            struct diags *diags)
{
    if (p->single_key)
        return check_lifetime(p, zone, KEY_CSK, p->ksk_lifetime_s, max_ttl_s, diags);
    bool ksk = check_lifetime(p, zone, KEY_KSK, p->ksk_lifetime_s, max_ttl_s, diags);
    bool zsk = check_lifetime(p, zone, KEY_ZSK, p->zsk_lifetime_s, max_ttl_s, diags);
    return ksk && zsk;
}

int policy_check(const struct dnssec_policy *policy, const char *zone_text, uint32_t max_ttl_s,
                 uint32_t soa_expire_s, struct diags *diags)
{
    if (policy->is_unsigned)
        return ERR_OK;
    bool known = algorithm_text(policy->algorithm) != NULL;
    if (!known)
        diag_add(diags, &rule_policy_algorithm, policy->where, zone_text, "algorithm %u",
                 policy->algorithm);
    bool validity = check_validity(policy, zone_text, diags);
    bool refresh = check_refresh(policy, zone_text, max_ttl_s, soa_expire_s, diags);
    bool lifetimes = check_lifetimes(policy, zone_text, max_ttl_s, diags);
    return known && validity && refresh && lifetimes ? ERR_OK : ERR_FINDINGS;
}
